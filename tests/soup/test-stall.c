/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* The HTTP thread is held up for longer than clients may be silent: whoever knocked meanwhile has done nothing wrong. */
#include "config.h"

#include <string.h>
#include <unistd.h>

#include "kr-test-soup.h"

#define TIMEOUT (3 * G_USEC_PER_SEC)
#define HANDSHAKE "{\"protocol\":\"json\",\"version\":1}\x1e"
#define CALL "{\"type\":1,\"invocationId\":\"1\",\"target\":\"Echo\",\"arguments\":[\"hi\"]}\x1e"
#define ANSWER "{\"type\":3,\"invocationId\":\"1\",\"result\":\"hi\"}\x1e"

static void
echo (KrHubInvocation *invocation, gpointer data)
{
  kr_hub_invocation_return_string (invocation, kr_hub_invocation_get_string (invocation, 0));
}

static KrTestSoup *
start_site (void)
{
  KrTestSoup *self = kr_test_soup_new (NULL, 0);

  kr_hub_server_add_method (self->hub, "Echo", "(s)", "s", echo, NULL, NULL);
  g_object_set (self->endpoint, "disconnect-timeout", (gint64) TIMEOUT, "close-timeout", (gint64) G_USEC_PER_SEC, NULL);
  kr_test_soup_start (self);
  return self;
}

static gboolean
is_empty (gpointer data)
{
  return kr_hub_soup_endpoint_get_n_connections (((KrTestSoup *) data)->endpoint) == 0;
}

static void
stop_site (KrTestSoup *self)
{
  kr_hub_server_shutdown (self->hub);
  kr_test_wait ("the end of all connections", is_empty, self);
  kr_test_soup_free (self);
}

/* --- what holds up the HTTP thread --- */

typedef struct
{
  GMutex lock;
  GCond changed;
  gboolean holds;
  gboolean released;
} Stall;

static gboolean
hold_up (gpointer data)
{
  Stall *self = data;

  g_mutex_lock (&self->lock);
  self->holds = TRUE;
  g_cond_signal (&self->changed);
  while (!self->released)
    g_cond_wait (&self->changed, &self->lock);
  g_mutex_unlock (&self->lock);
  return G_SOURCE_REMOVE;
}

static void
stall_begin (Stall *self, KrTestSoup *site)
{
  *self = (Stall) { .holds = FALSE };
  g_mutex_init (&self->lock);
  g_cond_init (&self->changed);
  g_main_context_invoke_full (site->context, G_PRIORITY_DEFAULT, hold_up, self, NULL);
  g_mutex_lock (&self->lock);
  while (!self->holds)
    g_cond_wait (&self->changed, &self->lock);
  g_mutex_unlock (&self->lock);
}

/* The thread may still hold the lock when we come back: what it needs stays until the site has ended. */
static void
stall_end (Stall *self)
{
  g_mutex_lock (&self->lock);
  self->released = TRUE;
  g_cond_signal (&self->changed);
  g_mutex_unlock (&self->lock);
}

static void
stall_clear (Stall *self)
{
  g_mutex_clear (&self->lock);
  g_cond_clear (&self->changed);
}

/* The hub's thread goes on. */
static void
let_pass (gint64 time)
{
  for (gint64 end = g_get_monotonic_time () + time; g_get_monotonic_time () < end; g_usleep (1000))
    g_main_context_iteration (NULL, FALSE);
}

static int
begin_poll (KrTestSoup *site, const char *token)
{
  g_autofree char *head = g_strdup_printf ("GET /hub?id=%s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", token);
  int fd = kr_test_soup_connect (site);

  kr_test_soup_write (fd, head, strlen (head));
  return fd;
}

static void
end_poll (int fd, const char *body)
{
  g_autofree char *answer = kr_test_soup_read (fd, NULL);

  close (fd);
  g_assert_true (g_str_has_prefix (answer, "HTTP/1.1 200 "));
  g_assert_cmpstr (strstr (answer, "\r\n\r\n") + 4, ==, body);
}

/* --- */

static void
test_token (void)
{
  KrTestSoup *site = start_site ();
  g_autofree char *token = kr_test_soup_negotiate (site);
  Stall stall;
  int fd;

  stall_begin (&stall, site);
  fd = begin_poll (site, token);
  let_pass (TIMEOUT + 3 * G_USEC_PER_SEC / 2);
  stall_end (&stall);
  end_poll (fd, "");
  stop_site (site);
  stall_clear (&stall);
}

static void
post (KrTestSoup *site, const char *token, const char *body)
{
  g_autofree char *path = g_strdup_printf ("/hub?id=%s", token);
  g_autofree char *answer = kr_test_soup_request (site, "POST", path, NULL, body);

  g_assert_true (g_str_has_prefix (answer, "HTTP/1.1 200 "));
}

static gboolean
is_open (gpointer data)
{
  return kr_hub_server_get_n_connections (((KrTestSoup *) data)->hub) == 1;
}

static void
test_poll (void)
{
  KrTestSoup *site = start_site ();
  g_autofree char *token = kr_test_soup_negotiate (site);
  Stall stall;
  int fd;

  end_poll (begin_poll (site, token), "");
  post (site, token, HANDSHAKE);
  end_poll (begin_poll (site, token), "{}\x1e");
  stall_begin (&stall, site);
  fd = begin_poll (site, token);
  let_pass (TIMEOUT + 3 * G_USEC_PER_SEC / 2);
  stall_end (&stall);
  post (site, token, CALL);
  end_poll (fd, ANSWER);
  g_assert_true (is_open (site));
  /* It does not poll any more, and nobody but itself is to blame. */
  kr_test_wait ("the end of a silent client", is_empty, site);
  g_assert_false (is_open (site));
  stop_site (site);
  stall_clear (&stall);
}

/* Nobody is there to be asked. */
static void
test_no_thread (void)
{
  KrTestSoup *site = kr_test_soup_new (NULL, 0);
  g_autofree char *token = NULL;
  Stall stall;

  g_object_set (site->endpoint, "disconnect-timeout", (gint64) G_USEC_PER_SEC / 10, "poll-timeout",
                (gint64) G_USEC_PER_SEC / 5, NULL);
  kr_test_soup_start (site);
  token = kr_test_soup_negotiate (site);
  end_poll (begin_poll (site, token), "");
  stall_begin (&stall, site);
  kr_test_wait ("the end all the same", is_empty, site);
  stall_end (&stall);
  stop_site (site);
  stall_clear (&stall);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/stall/token", test_token);
  g_test_add_func ("/stall/poll", test_poll);
  g_test_add_func ("/stall/no-thread", test_no_thread);
  return g_test_run ();
}
