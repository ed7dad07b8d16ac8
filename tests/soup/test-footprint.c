/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* What a connection that says nothing costs, and a body of nobody, in bytes of the heap: ceilings. */
#include "config.h"

#include <malloc.h>
#include <string.h>
#include <unistd.h>

#include "kr-test-soup.h"

#define WARM_UP 100
#define CONNECTIONS 1000

/* Counted: 1,650 bytes, hash tables included that are up to twice too large; and 350. */
#define MAX_OPEN 1700
#define MAX_WAITING 420

#define HALF_A_HEAD "GET /hub HTTP/1.1\r\nHost: localhost\r\n"
#define HANDSHAKE "{\"protocol\":\"json\",\"version\":1}\x1e"

static gssize
memory_in_use (void)
{
#if defined (__GLIBC__) && __GLIBC_PREREQ (2, 33) && !defined (__SANITIZE_ADDRESS__) && !defined (__SANITIZE_THREAD__)
  return mallinfo2 ().uordblks;
#else
  return -1;
#endif
}

typedef int (*OpenFunc) (KrTestSoup *site);

static int
open_websocket (KrTestSoup *site)
{
  static const char frame[] = "\x81\xa0\0\0\0\0" HANDSHAKE; /* its mask leaves what it masks as it is */
  int fd = kr_test_soup_upgrade (site, "");
  g_autofree char *answer = NULL;

  G_STATIC_ASSERT (sizeof HANDSHAKE - 1 == 0x20);
  kr_test_soup_write (fd, frame, sizeof frame - 1);
  answer = kr_test_soup_read (fd, "{}\x1e");
  g_assert_nonnull (strstr (answer, "{}\x1e"));
  return fd;
}

static int
open_half (KrTestSoup *site)
{
  int fd = kr_test_soup_connect (site);

  kr_test_soup_write (fd, HALF_A_HEAD, strlen (HALF_A_HEAD));
  return fd;
}

static gboolean
has_connections (gpointer data)
{
  return kr_hub_soup_front_door_get_n_connections (((KrTestSoup *) data)->door) == WARM_UP + CONNECTIONS;
}

/* The HTTP thread does not wake this one. */
static void
wait_until_counted (KrTestSoup *site)
{
  gint64 deadline = g_get_monotonic_time () + KR_TEST_DEADLINE * G_USEC_PER_SEC;

  while (!has_connections (site))
    {
      g_main_context_iteration (NULL, FALSE);
      g_usleep (500);
      g_assert_cmpint (g_get_monotonic_time (), <, deadline);
    }
}

static void
check (OpenFunc open, gssize ceiling)
{
  g_autoptr (KrTestSoup) site = kr_test_soup_new (NULL, 0);
  int fds[WARM_UP + CONNECTIONS];
  gssize before = 0, each;

  kr_test_soup_start (site);
  for (guint i = 0; i < G_N_ELEMENTS (fds); i++)
    {
      if (i == WARM_UP)
        before = memory_in_use ();
      fds[i] = open (site);
    }
  wait_until_counted (site);
  each = (memory_in_use () - before) / CONNECTIONS;
  g_test_message ("%" G_GSSIZE_FORMAT " bytes for each connection", each);
  if (before < 0)
    g_test_skip ("the heap's size is not known here");
  else
    {
      g_assert_cmpint (each, >, 0);
      g_assert_cmpint (each, <=, ceiling);
    }
  for (guint i = 0; i < G_N_ELEMENTS (fds); i++)
    close (fds[i]);
}

static void
test_open (void)
{
  check (open_websocket, MAX_OPEN);
}

/* --- bodies --- */

#define BODY 1000000

static gssize
memory_in_all (void)
{
#if defined (__GLIBC__) && __GLIBC_PREREQ (2, 33) && !defined (__SANITIZE_ADDRESS__) && !defined (__SANITIZE_THREAD__)
  struct mallinfo2 info = mallinfo2 ();

  return info.uordblks + info.hblkhd;
#else
  return -1;
#endif
}

static guint
look (KrHubSoupEndpoint *endpoint, SoupServerMessage *message, gpointer in_use)
{
  *(gssize *) in_use = memory_in_all ();
  return SOUP_STATUS_UNAUTHORIZED;
}

/* How much more there is when the body of a request to the connection of @token is all there. */
static gssize
memory_for_body (const char *token, gssize *in_use, KrTestSoup *site)
{
  g_autofree char *body = g_strnfill (BODY, 'x');
  g_autofree char *request = g_strdup_printf ("POST /hub?id=%s HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n%s", token,
                                              BODY, body);
  g_autofree char *answer = NULL;
  int fd = kr_test_soup_connect (site);
  gssize before = memory_in_all ();

  kr_test_soup_write (fd, request, strlen (request));
  answer = kr_test_soup_read (fd, "\r\n\r\n");
  close (fd);
  g_assert_true (g_str_has_prefix (answer, "HTTP/1.1 401 "));
  return *in_use - before;
}

/* Whoever has no connection cannot make us keep what he sends until the program has said whether it knows him. */
static void
test_strangers (void)
{
  KrTestSoup *site = kr_test_soup_new (NULL, KR_TEST_SOUP_SAME_THREAD);
  g_autofree char *token = NULL;
  gssize in_use = 0, of_stranger;

  kr_test_soup_start (site);
  token = kr_test_soup_negotiate (site);
  g_signal_connect (site->endpoint, "authorize", G_CALLBACK (look), &in_use);
  memory_for_body ("unknown", &in_use, site); /* what is there once */
  of_stranger = memory_for_body ("unknown", &in_use, site);
  if (in_use < 0)
    g_test_skip ("the heap's size is not known here");
  else
    {
      g_assert_cmpint (of_stranger, <, BODY / 4);
      g_assert_cmpint (memory_for_body (token, &in_use, site), >=, BODY);
    }
  kr_test_soup_free (site);
}

static void
test_waiting (void)
{
  check (open_half, MAX_WAITING);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/footprint/open", test_open);
  g_test_add_func ("/footprint/waiting", test_waiting);
  g_test_add_func ("/footprint/strangers", test_strangers);
  return g_test_run ();
}
