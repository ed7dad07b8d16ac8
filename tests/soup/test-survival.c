/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* What bad clients do: half frames, floods, silence; others must not notice, and nothing must be left behind. */
#include "config.h"

#include <malloc.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "kr-test-soup.h"

#define HANDSHAKE "{\"protocol\":\"json\",\"version\":1}\x1e"
#define M "\0\0\0\0"
#define MAX_OUTBOX (256 * 1024)

typedef struct
{
  KrTestSoup *soup;
  int good;          /* a well-behaved connection, which must go on working */
  guint n_connected;
  guint n_disconnected;
} Site;

static void
echo (KrHubInvocation *invocation, gpointer data)
{
  kr_hub_invocation_return_string (invocation, kr_hub_invocation_get_string (invocation, 0));
}

static void
on_connected (KrHubServer *hub, KrHubConnection *connection, gpointer data)
{
  ((Site *) data)->n_connected++;
}

static void
on_disconnected (KrHubServer *hub, KrHubConnection *connection, const GError *error, gpointer data)
{
  ((Site *) data)->n_disconnected++;
}

static void
write_text (int fd, const char *text)
{
  gsize len = strlen (text);
  g_autofree guint8 *frame = g_malloc0 (len + 8);
  gsize head = len < 126 ? 6 : 8;

  g_assert_cmpuint (len, <, 65536);
  frame[0] = 0x81;
  frame[1] = 0x80 | (len < 126 ? len : 126);
  if (len >= 126)
    {
      frame[2] = len >> 8;
      frame[3] = len;
    }
  memcpy (frame + head, text, len);
  kr_test_soup_write (fd, frame, head + len);
}

static int
connect_client (Site *site)
{
  int fd = kr_test_soup_upgrade (site->soup, "");
  g_autofree char *answer = NULL;

  write_text (fd, HANDSHAKE);
  answer = kr_test_soup_read (fd, "{}\x1e");
  g_assert_nonnull (strstr (answer, "{}\x1e"));
  return fd;
}

static void
assert_good (Site *site)
{
  g_autofree char *answer = NULL;

  write_text (site->good, "{\"type\":1,\"invocationId\":\"7\",\"target\":\"Echo\",\"arguments\":[\"still here\"]}\x1e");
  answer = kr_test_soup_read (site->good, "still here\"}\x1e");
  g_assert_nonnull (strstr (answer, "\"result\":\"still here\""));
}

static Site *
site_new (gconstpointer threads)
{
  Site *self = g_new0 (Site, 1);

  self->soup = kr_test_soup_new (NULL, 0);
  g_object_set (self->soup->endpoint, "close-timeout", (gint64) G_USEC_PER_SEC, "io-threads", GPOINTER_TO_UINT (threads), NULL);
  g_object_set (self->soup->hub, "max-outbox-size", (guint64) MAX_OUTBOX, NULL);
  kr_hub_server_add_method (self->soup->hub, "Echo", "(s)", "s", echo, NULL, NULL);
  g_signal_connect (self->soup->hub, "connected", G_CALLBACK (on_connected), self);
  g_signal_connect (self->soup->hub, "disconnected", G_CALLBACK (on_disconnected), self);
  return self;
}

static Site *
site_start (Site *self)
{
  kr_test_soup_start (self->soup);
  self->good = connect_client (self);
  return self;
}

static gboolean
only_good_is_left (gpointer data)
{
  Site *self = data;

  return kr_hub_server_get_n_connections (self->soup->hub) == 1 &&
         kr_hub_soup_endpoint_get_n_connections (self->soup->endpoint) == 1;
}

static gboolean
nobody_is_left (gpointer data)
{
  Site *self = data;

  return kr_hub_server_get_n_connections (self->soup->hub) == 0 &&
         kr_hub_soup_endpoint_get_n_connections (self->soup->endpoint) == 0;
}

static void
site_stop (Site *self)
{
  assert_good (self);
  close (self->good);
  kr_test_wait ("the end of all connections", nobody_is_left, self);
  g_assert_cmpuint (self->n_disconnected, ==, self->n_connected);
  kr_test_soup_free (self->soup);
  g_free (self);
}

/* Closing sends a reset and throws away what is under way. */
static void
reset (int fd)
{
  const struct linger linger = { 1, 0 };

  setsockopt (fd, SOL_SOCKET, SO_LINGER, &linger, sizeof linger);
  close (fd);
}

/* --- frames that stop anywhere --- */

static void
test_half_frames (gconstpointer threads)
{
  static const char frame[] = "\x81\xfe\x00\x88" M "{\"type\":1,\"target\":\"Echo\",\"arguments\":[\"";
  Site *site = site_start (site_new (threads));

  for (gsize len = 1; len < sizeof frame; len++)
    for (guint how = 0; how < 3; how++)
      {
        int fd = connect_client (site);

        kr_test_soup_write (fd, frame, len);
        if (how == 0)
          close (fd);
        else if (how == 1)
          reset (fd);
        else
          {
            shutdown (fd, SHUT_WR);
            g_free (kr_test_soup_read (fd, NULL));
            close (fd);
          }
      }
  kr_test_wait ("the end of the bad ones", only_good_is_left, site);
  g_assert_cmpuint (site->n_disconnected, ==, 3 * (sizeof frame - 1));
  site_stop (site);
}

/* A frame that promises 2^62 bytes: they are taken as they come, up to the hub's limit on a message. */
static void
test_oversized_frame (gconstpointer threads)
{
  Site *site = site_start (site_new (threads));
  int fd = connect_client (site);
  g_autofree char *much = g_strnfill (40000, 'x');
  g_autofree char *rest = NULL;

  kr_test_soup_write (fd, "\x81\xff\x40\0\0\0\0\0\0\0" M, 14);
  kr_test_soup_write (fd, much, 40000);
  rest = kr_test_soup_read (fd, "\x88\x02\x03\xe8");
  g_assert_nonnull (strstr (rest, "{\"type\":7"));
  close (fd);
  kr_test_wait ("the end of the bad one", only_good_is_left, site);
  site_stop (site);
}

/* --- floods --- */

static void
raise_descriptor_limit (void)
{
  struct rlimit limit;

  getrlimit (RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  setrlimit (RLIMIT_NOFILE, &limit);
}

static gboolean
can_open (guint n)
{
  struct rlimit limit;

  getrlimit (RLIMIT_NOFILE, &limit);
  return limit.rlim_cur >= n;
}

static void
test_half_heads (gconstpointer threads)
{
  guint n = g_test_thorough () ? 4000 : 400;
  g_autofree int *fds = g_new (int, n);
  Site *site;

  if (!can_open (2 * n + 100))
    {
      g_test_skip ("too few descriptors");
      return;
    }
  site = site_start (site_new (threads));
  for (guint i = 0; i < n; i++)
    {
      fds[i] = kr_test_soup_connect (site->soup);
      kr_test_soup_write (fds[i], "GET /hub HTTP/1.1\r\nHost: localhost\r\nX-Never: end", 48);
    }
  for (guint i = 0; i < 20; i++)
    assert_good (site);
  for (guint i = 0; i < n; i++)
    close (fds[i]);
  site_stop (site);
}

static void
test_unused_negotiations (gconstpointer threads)
{
  guint n = g_test_thorough () ? 10000 : 2000;
  Site *site = site_new (threads);
  int fd;

  g_object_set (site->soup->endpoint, "max-negotiated", 500, "disconnect-timeout", (gint64) 3 * G_USEC_PER_SEC, NULL);
  site_start (site);
  fd = kr_test_soup_connect (site->soup);
  for (guint i = 0; i < n; i++)
    {
      static const char request[] =
        "POST /hub/negotiate?negotiateVersion=1 HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n";
      g_autofree char *answer = NULL;

      kr_test_soup_write (fd, request, strlen (request));
      answer = kr_test_soup_read (fd, "\"]}]}");
      g_assert_true (g_str_has_prefix (answer, "HTTP/1.1 200 "));
    }
  g_assert_cmpuint (kr_hub_soup_endpoint_get_n_negotiated (site->soup->endpoint), <=, 500);
  close (fd);
  assert_good (site);
  {
    gint64 deadline = g_get_monotonic_time () + KR_TEST_DEADLINE * G_USEC_PER_SEC;

    while (kr_hub_soup_endpoint_get_n_negotiated (site->soup->endpoint) > 0)
      {
        g_main_context_iteration (NULL, FALSE);
        g_usleep (1000);
        g_assert_cmpint (g_get_monotonic_time (), <, deadline);
      }
  }
  site_stop (site);
}

static gsize
memory_in_use (void)
{
#if defined (__GLIBC__) && __GLIBC_PREREQ (2, 33) && !defined (__SANITIZE_ADDRESS__) && !defined (__SANITIZE_THREAD__)
  return mallinfo2 ().uordblks;
#else
  return 0;
#endif
}

/* --- a client that never reads --- */

/* What the bad one makes us hold is its outbox, up to the limit, and little else. */
static void
test_never_reads (gconstpointer threads)
{
  Site *site = site_start (site_new (threads));
  int fd = connect_client (site);
  g_autoptr (KrHubClients) all = kr_hub_clients_new_all (site->soup->hub);
  g_autofree char *text = g_strnfill (10000, 'x');
  GVariant *arguments = g_variant_ref_sink (g_variant_new ("(s)", text));
  gsize before = 0, most = 0;
  guint rounds = 0;

  /* The good one reads; the other's socket fills up, then its outbox, and that is its end. */
  while (site->n_disconnected == 0)
    {
      g_autofree char *taken = NULL;

      g_assert_cmpuint (rounds++, <, 5000);
      kr_hub_clients_send (all, "Flood", arguments, NULL);
      taken = kr_test_soup_read (site->good, "\"]}\x1e");
      g_assert_nonnull (strstr (taken, "Flood"));
      g_clear_pointer (&taken, g_free);
      if (rounds == 5)
        before = memory_in_use (); /* nobody is behind yet, and every buffer was used */
      most = MAX (most, memory_in_use ());
    }
  kr_test_wait ("the end of the bad one", only_good_is_left, site);
  g_test_message ("%u rounds, %" G_GSIZE_FORMAT " bytes more at most", rounds, most - before);
  /* Threads have letters under way as well. */
  if (threads == NULL)
    g_assert_cmpuint (most, <=, before + MAX_OUTBOX + 64 * 1024);
  g_variant_unref (arguments);
  close (fd);
  site_stop (site);
}

/* One that does not even read its answers, and asks on. */
static void
test_asks_and_never_reads (gconstpointer threads)
{
  Site *site = site_start (site_new (threads));
  int fd = connect_client (site);
  g_autofree char *text = g_strnfill (20000, 'y');
  g_autofree char *call =
    g_strdup_printf ("{\"type\":1,\"invocationId\":\"1\",\"target\":\"Echo\",\"arguments\":[\"%s\"]}\x1e", text);
  gint64 deadline = g_get_monotonic_time () + KR_TEST_DEADLINE * G_USEC_PER_SEC;

  while (site->n_disconnected == 0)
    {
      write_text (fd, call);
      g_main_context_iteration (NULL, FALSE);
      g_assert_cmpint (g_get_monotonic_time (), <, deadline);
    }
  kr_test_wait ("the end of the bad one", only_good_is_left, site);
  close (fd);
  site_stop (site);
}

/* --- nothing is left behind --- */

static void
come_and_go (Site *site, guint n, gboolean politely)
{
  g_autofree int *fds = g_new (int, n);

  for (guint i = 0; i < n; i++)
    fds[i] = connect_client (site);
  g_assert_cmpuint (kr_hub_server_get_n_connections (site->soup->hub), ==, n);
  for (guint i = 0; i < n; i++)
    {
      if (politely)
        kr_test_soup_write (fds[i], "\x88\x80" M, 6);
      close (fds[i]);
    }
  kr_test_wait ("the end of all connections", nobody_is_left, site);
  while (g_main_context_iteration (NULL, FALSE))
    ;
}

static void
test_rounds (gconstpointer threads)
{
  guint n = g_test_thorough () ? 8000 : 300;
  guint rounds = g_test_thorough () ? 10 : 4;
  Site *site;
  guint descriptors;
  gsize before, after;

  if (!can_open (2 * n + 100))
    {
      g_test_skip ("too few descriptors");
      return;
    }
  site = site_new (threads);
  kr_test_soup_start (site->soup);
  come_and_go (site, n, FALSE); /* whatever is kept for later is there afterwards */
  come_and_go (site, n, TRUE);
  descriptors = kr_test_soup_count_descriptors ();
  before = memory_in_use ();
  for (guint i = 0; i < rounds; i++)
    come_and_go (site, n, i % 2 == 0);
  after = memory_in_use ();
  g_test_message ("%u rounds of %u: %" G_GSIZE_FORMAT " bytes before, %" G_GSIZE_FORMAT " after, %u descriptors", rounds, n,
                  before, after, kr_test_soup_count_descriptors ());
  g_assert_cmpuint (kr_test_soup_count_descriptors (), <=, descriptors);
  /* A connection that stayed would cost 2 KiB, libsoup keeps some 30 bytes of each; each thread may keep 8 chunks of its
   * post for later. */
  g_assert_cmpuint (after, <=, before + 64 * 1024 + rounds * n * 64 + GPOINTER_TO_UINT (threads) * 8 * 32 * 1024);
  g_assert_cmpuint (site->n_disconnected, ==, (rounds + 2) * n);
  kr_test_soup_free (site->soup);
  g_free (site);
}

/* Browsers keep connections open between two requests, and close them whenever they like. */
static void
visit_and_go (Site *site, guint n)
{
  static const char request[] = "GET /hub HTTP/1.1\r\nHost: localhost\r\n\r\n";

  for (guint i = 0; i < n; i++)
    {
      int fd = kr_test_soup_connect (site->soup);
      g_autofree char *answer = NULL;

      kr_test_soup_write (fd, request, strlen (request));
      answer = kr_test_soup_read (fd, "Connection ID required");
      g_assert_true (g_str_has_prefix (answer, "HTTP/1.1 400 "));
      close (fd);
    }
  {
    gint64 deadline = g_get_monotonic_time () + KR_TEST_DEADLINE * G_USEC_PER_SEC;

    while (kr_hub_soup_front_door_get_n_connections (site->soup->door) > 0)
      {
        g_usleep (1000);
        g_assert_cmpint (g_get_monotonic_time (), <, deadline);
      }
  }
}

static void
test_keep_alive (gconstpointer threads)
{
  guint n = g_test_thorough () ? 5000 : 300;
  Site *site = site_new (threads);
  guint descriptors;
  gsize before;

  kr_test_soup_start (site->soup);
  visit_and_go (site, n);
  descriptors = kr_test_soup_count_descriptors ();
  before = memory_in_use ();
  for (guint i = 0; i < 4; i++)
    visit_and_go (site, n);
  g_test_message ("4 times %u: %" G_GSIZE_FORMAT " bytes before, %" G_GSIZE_FORMAT " after, %u descriptors", n, before,
                  memory_in_use (), kr_test_soup_count_descriptors ());
  g_assert_cmpuint (kr_test_soup_count_descriptors (), <=, descriptors);
  /* libsoup 3.2.3 itself loses some 90 bytes each time; a connection that stayed would be 2 KiB. */
  g_assert_cmpuint (memory_in_use (), <=, before + 4 * n * 200 + 64 * 1024);
  kr_test_soup_free (site->soup);
  g_free (site);
}

/* --- a method that holds up everybody --- */

#define N_PATIENT 40

typedef struct
{
  Site *site;
  int fds[N_PATIENT];
} Patients;

/* Everybody is heard of, but nobody listens for longer than anybody may be silent. */
static void
hold_up (KrHubInvocation *invocation, gpointer data)
{
  Patients *self = data;

  for (guint i = 0; i < N_PATIENT; i++)
    write_text (self->fds[i], "{\"type\":6}\x1e");
  g_usleep (3 * G_USEC_PER_SEC);
  kr_hub_invocation_return_void (invocation);
}

static void
test_held_up (gconstpointer threads)
{
  Patients patients = { site_new (threads) };
  g_autofree char *answer = NULL;

  g_object_set (patients.site->soup->hub, "client-timeout", (gint64) 2 * G_USEC_PER_SEC, "keep-alive-interval", (gint64) 0, NULL);
  kr_hub_server_add_method (patients.site->soup->hub, "HoldUp", "()", NULL, hold_up, &patients, NULL);
  site_start (patients.site);
  for (guint i = 0; i < N_PATIENT; i++)
    {
      patients.fds[i] = connect_client (patients.site);
      write_text (patients.fds[i], "{\"type\":6}\x1e");
    }
  write_text (patients.site->good, "{\"type\":1,\"invocationId\":\"1\",\"target\":\"HoldUp\",\"arguments\":[]}\x1e");
  answer = kr_test_soup_read (patients.site->good, "\x1e");
  g_assert_nonnull (strstr (answer, "\"invocationId\":\"1\""));
  for (guint i = 0; i < N_PATIENT; i++)
    {
      g_autofree char *echoed = NULL;

      write_text (patients.fds[i], "{\"type\":1,\"invocationId\":\"2\",\"target\":\"Echo\",\"arguments\":[\"\"]}\x1e");
      echoed = kr_test_soup_read (patients.fds[i], "\x1e");
      g_assert_cmpstr (strstr (echoed, "{\"type\":3"), !=, NULL);
    }
  g_assert_cmpuint (patients.site->n_disconnected, ==, 0);
  for (guint i = 0; i < N_PATIENT; i++)
    close (patients.fds[i]);
  site_stop (patients.site);
}

static const struct
{
  const char *name;
  void (*func) (gconstpointer threads);
} tests[] = {
  { "half-frames", test_half_frames },
  { "oversized-frame", test_oversized_frame },
  { "half-heads", test_half_heads },
  { "unused-negotiations", test_unused_negotiations },
  { "never-reads", test_never_reads },
  { "asks-and-never-reads", test_asks_and_never_reads },
  { "rounds", test_rounds },
  { "keep-alive", test_keep_alive },
  { "held-up", test_held_up },
};

/* With the sockets in the hub's thread, and in two of their own. */
int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  raise_descriptor_limit ();
  for (guint i = 0; i < 2 * G_N_ELEMENTS (tests); i++)
    {
      gboolean threads = i % 2 == 1;
      g_autofree char *path = g_strdup_printf ("/survival/%s%s", tests[i / 2].name, threads ? "/threads" : "/one-thread");

      g_test_add_data_func (path, GUINT_TO_POINTER (threads ? 2 : 0), tests[i / 2].func);
    }
  return g_test_run ();
}
