/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* The front door: deadlines for TLS, request heads and idle connections; limits; keep-alive. */
#include "config.h"

#include <string.h>
#include <unistd.h>

#include "kr-hub-soup-lobby-private.h"
#include "kr-test-soup.h"

#define REQUEST "POST /hub/negotiate HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n"

static void
impatient (KrHubSoupFrontDoor *door)
{
  g_object_set (door, "tls-timeout", (gint64) 150000, "head-timeout", (gint64) 150000, "idle-timeout", (gint64) 300000, NULL);
}

static void
small (KrHubSoupFrontDoor *door)
{
  g_object_set (door, "max-connections", 3, "max-connections-per-address", 2, NULL);
}

static KrTestSoup *
start (KrTestSoupFlags flags, void (*prepare) (KrHubSoupFrontDoor *))
{
  KrTestSoup *self = kr_test_soup_new (NULL, flags);

  self->prepare_door = prepare;
  kr_test_soup_start (self);
  return self;
}

static gboolean
is_empty (gpointer data)
{
  return kr_hub_soup_front_door_get_n_connections (((KrTestSoup *) data)->door) == 0;
}

/* The counting happens in the other thread, which does not wake this one. */
static void
wait_until_empty (KrTestSoup *site)
{
  gint64 deadline = g_get_monotonic_time () + KR_TEST_DEADLINE * G_USEC_PER_SEC;

  while (!is_empty (site))
    {
      g_main_context_iteration (NULL, FALSE);
      g_usleep (500);
      g_assert_cmpint (g_get_monotonic_time (), <, deadline);
    }
}

static void
assert_closed (int fd)
{
  g_autofree char *rest = kr_test_soup_read (fd, NULL);

  g_assert_cmpstr (rest, ==, "");
  close (fd);
}

static void
assert_served (int fd)
{
  g_autofree char *answer = NULL;

  kr_test_soup_write (fd, REQUEST, strlen (REQUEST));
  answer = kr_test_soup_read (fd, "\"]}]}");
  g_assert_true (g_str_has_prefix (answer, "HTTP/1.1 200 "));
}

static void
test_keep_alive (void)
{
  KrTestSoup *site = start (0, NULL);
  int fd = kr_test_soup_connect (site);

  for (guint i = 0; i < 5; i++)
    assert_served (fd);
  g_assert_cmpuint (kr_hub_soup_front_door_get_n_connections (site->door), ==, 1);
  close (fd);
  wait_until_empty (site);
  kr_test_soup_free (site);
}

static void
test_uris (void)
{
  KrTestSoup *site = kr_test_soup_new (NULL, KR_TEST_SOUP_SAME_THREAD | KR_TEST_SOUP_TLS);
  g_autoslist (GUri) uris = NULL;

  kr_test_soup_start (site);
  uris = soup_server_get_uris (site->server);
  g_assert_cmpuint (g_slist_length (uris), ==, 1);
  g_assert_cmpstr (g_uri_get_scheme (uris->data), ==, "https");
  g_assert_cmpint (g_uri_get_port (uris->data), ==, site->port);
  kr_test_soup_free (site);
}

static void
test_half_head (void)
{
  KrTestSoup *site = start (0, impatient);
  int silent = kr_test_soup_connect (site);
  int half = kr_test_soup_connect (site);

  kr_test_soup_write (half, "GET /hub HTTP/1.1\r\nHost:", 24);
  assert_closed (silent);
  assert_closed (half);
  wait_until_empty (site);
  kr_test_soup_free (site);
}

/* A head that is not whole is kept until it is, whatever pieces it comes in. */
static void
test_pieces (void)
{
  KrTestSoup *site = start (0, NULL);
  int fd = kr_test_soup_connect (site);
  g_autofree char *answer = NULL;

  for (const char *at = REQUEST; *at != '\0'; at++)
    {
      kr_test_soup_write (fd, at, 1);
      g_main_context_iteration (NULL, FALSE);
    }
  answer = kr_test_soup_read (fd, "\"]}]}");
  g_assert_true (g_str_has_prefix (answer, "HTTP/1.1 200 "));
  assert_served (fd);
  close (fd);
  wait_until_empty (site);
  kr_test_soup_free (site);
}

/* What is said behind a request goes with the connection when that leaves libsoup. */
static void
test_eager (gconstpointer data)
{
  static const char upgrade[] = "GET /hub HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
                                "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
  static const char handshake[] = "{\"protocol\":\"json\",\"version\":1}\x1e";
  const char header[] = { '\x81', (char) (0x80 | (sizeof handshake - 1)), 0, 0, 0, 0 };
  KrTestSoup *site = start (GPOINTER_TO_UINT (data), NULL);
  g_autoptr (GByteArray) all = g_byte_array_new ();
  int fd = kr_test_soup_connect (site);
  g_autofree char *answer = NULL;

  g_byte_array_append (all, (const guint8 *) upgrade, strlen (upgrade));
  g_byte_array_append (all, (const guint8 *) header, sizeof header);
  g_byte_array_append (all, (const guint8 *) handshake, strlen (handshake));
  kr_test_soup_write (fd, all->data, all->len);
  answer = kr_test_soup_read (fd, "{}\x1e");
  g_assert_true (g_str_has_prefix (answer, "HTTP/1.1 101 "));
  close (fd);
  if (site->door != NULL)
    wait_until_empty (site);
  kr_test_soup_free (site);
}

static void
test_whole_heads (void)
{
  static const struct
  {
    const char *text;
    gsize from;
    gboolean whole;
  } rows[] = {
    { "", 0, FALSE },
    { "GET / HTTP/1.1\r\n", 0, FALSE },
    { "GET / HTTP/1.1\r\n\r", 0, FALSE },
    { "GET / HTTP/1.1\r\n\r\n", 0, TRUE },
    { "GET / HTTP/1.1\r\n\r\n", 17, TRUE }, /* the last byte came alone */
    { "GET / HTTP/1.1\r\n\r\n", 16, TRUE },
    { "GET / HTTP/1.1\n\n", 0, TRUE },
    { "GET / HTTP/1.1\n\n", 15, TRUE },
    { "GET / HTTP/1.1\r\nHost: a\r\n\r\nbody", 0, TRUE },
    { "GET / HTTP/1.1\r\nHost: a\r\r\n", 0, FALSE },
    { "\n", 0, FALSE },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_test_message ("row %u", i);
      g_assert_cmpint (kr_hub_soup_lobby_is_whole ((const guint8 *) rows[i].text, strlen (rows[i].text), rows[i].from), ==,
                       rows[i].whole);
    }
}

/* Bytes that trickle in do not move the deadline. */
static void
test_trickle (void)
{
  KrTestSoup *site = start (0, impatient);
  int fd = kr_test_soup_connect (site);
  gint64 begin = g_get_monotonic_time ();

  while (!is_empty (site) || g_get_monotonic_time () - begin < 100000)
    {
      kr_test_soup_write (fd, "x", 1);
      g_usleep (5000);
      g_assert_cmpint (g_get_monotonic_time () - begin, <, KR_TEST_DEADLINE * G_USEC_PER_SEC);
    }
  close (fd);
  kr_test_soup_free (site);
}

static void
small_bodies (KrHubSoupFrontDoor *door)
{
  g_object_set (door, "body-timeout", (gint64) 150000, "max-body-size", (guint64) 100000, NULL);
}

/* A body that does not come, or trickles, has its deadline as well. */
static void
test_half_body (void)
{
  static const char *const heads[] = {
    "POST /hub/negotiate HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\n",
    "POST /hub?id=x HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n",
    "POST /elsewhere HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\nx",
  };
  KrTestSoup *site = start (0, small_bodies);

  for (guint i = 0; i < G_N_ELEMENTS (heads); i++)
    {
      int fd = kr_test_soup_connect (site);

      kr_test_soup_write (fd, heads[i], strlen (heads[i]));
      assert_closed (fd);
    }
  wait_until_empty (site);
  kr_test_soup_free (site);
}

static void
patient_with_bodies (KrHubSoupFrontDoor *door)
{
  g_object_set (door, "head-timeout", (gint64) 150000, "body-timeout", (gint64) G_USEC_PER_SEC, NULL);
}

/* One that keeps coming may take as long as it needs. */
static void
test_slow_body (void)
{
  static const char head[] = "POST /hub/negotiate HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3000\r\n\r\n";
  KrTestSoup *site = start (0, patient_with_bodies);
  int fd = kr_test_soup_connect (site);
  g_autofree char *answer = NULL;

  kr_test_soup_write (fd, head, strlen (head));
  for (guint i = 0; i < 30; i++)
    {
      char text[100] = { 0 };

      kr_test_soup_write (fd, text, sizeof text);
      g_usleep (50000);
    }
  answer = kr_test_soup_read (fd, "\"]}]}");
  g_assert_true (g_str_has_prefix (answer, "HTTP/1.1 200 "));
  close (fd);
  wait_until_empty (site);
  kr_test_soup_free (site);
}

/* Announced or not, and also where nobody waits for it. */
static void
test_large_body (void)
{
  KrTestSoup *site = start (0, small_bodies);
  g_autofree char *much = g_strnfill (200000, 'x');
  g_autofree char *chunked = g_strdup_printf ("POST /elsewhere HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
                                              "30d40\r\n%s\r\n0\r\n\r\n", much);
  g_autofree char *answer = kr_test_soup_request (site, "POST", "/elsewhere", NULL, much);
  int fd = kr_test_soup_connect (site);

  g_assert_true (g_str_has_prefix (answer, "HTTP/1.1 413 "));
  kr_test_soup_write (fd, chunked, strlen (chunked));
  assert_closed (fd);
  g_free (answer);
  much[100000] = '\0';
  answer = kr_test_soup_request (site, "POST", "/elsewhere", NULL, much);
  g_assert_true (g_str_has_prefix (answer, "HTTP/1.1 404 "));
  wait_until_empty (site);
  kr_test_soup_free (site);
}

static void
test_idle (void)
{
  KrTestSoup *site = start (0, impatient);
  int fd = kr_test_soup_connect (site);

  assert_served (fd);
  assert_closed (fd);
  wait_until_empty (site);
  kr_test_soup_free (site);
}

/* What was upgraded has the hub's timers, not these. */
static void
test_upgraded (void)
{
  KrTestSoup *site = start (0, impatient);
  int fd = kr_test_soup_upgrade (site, "");
  gint64 begin = g_get_monotonic_time ();
  g_autofree char *pong = NULL;

  while (g_get_monotonic_time () - begin < 600000)
    {
      g_main_context_iteration (NULL, FALSE);
      g_usleep (1000);
    }
  kr_test_soup_write (fd, "\x89\x84\0\0\0\0ping", 10);
  pong = kr_test_soup_read (fd, "ping");
  g_assert_cmpstr (pong, ==, "\x8a\x04ping");
  g_assert_cmpuint (kr_hub_soup_front_door_get_n_connections (site->door), ==, 1);
  close (fd);
  wait_until_empty (site);
  kr_test_soup_free (site);
}

static void
test_limits (void)
{
  KrTestSoup *site = start (0, small);
  int one = kr_test_soup_connect (site);
  int two, three;

  assert_served (one);
  two = kr_test_soup_upgrade (site, "");
  three = kr_test_soup_connect (site);
  assert_closed (three);
  close (one);
  close (two);
  wait_until_empty (site);
  one = kr_test_soup_connect (site);
  assert_served (one);
  close (one);
  wait_until_empty (site);
  kr_test_soup_free (site);
}

static void
test_no_handshake (void)
{
  KrTestSoup *site = start (KR_TEST_SOUP_TLS, impatient);
  int silent = kr_test_soup_connect (site);
  int wrong = kr_test_soup_connect (site);

  kr_test_soup_write (wrong, REQUEST, strlen (REQUEST));
  g_free (kr_test_soup_read (wrong, NULL)); /* an alert, perhaps */
  close (wrong);
  g_free (kr_test_soup_read (silent, NULL));
  close (silent);
  wait_until_empty (site);
  kr_test_soup_free (site);
}

static void
test_tls (void)
{
  KrTestSoup *site = start (KR_TEST_SOUP_TLS, NULL);
  g_autofree char *uri = g_strdup_printf ("https://127.0.0.1:%d/hub/negotiate", site->port);
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (SoupMessage) message = soup_message_new (SOUP_METHOD_POST, uri);
  g_autoptr (GBytes) body = NULL;
  g_autoptr (GError) error = NULL;

  soup_session_send_and_read_async (site->session, message, G_PRIORITY_DEFAULT, NULL, kr_test_store_result, &result);
  kr_test_wait_result ("the answer", &result);
  body = soup_session_send_and_read_finish (site->session, result, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (soup_message_get_status (message), ==, 200);
  g_assert_cmpuint (kr_hub_soup_front_door_get_n_connections (site->door), ==, 1);
  kr_test_soup_free (site);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/front-door/keep-alive", test_keep_alive);
  g_test_add_func ("/front-door/uris", test_uris);
  g_test_add_func ("/front-door/half-head", test_half_head);
  g_test_add_func ("/front-door/pieces", test_pieces);
  g_test_add_data_func ("/front-door/eager", GUINT_TO_POINTER (0), test_eager);
  g_test_add_data_func ("/front-door/eager/same-thread", GUINT_TO_POINTER (KR_TEST_SOUP_SAME_THREAD), test_eager);
  g_test_add_data_func ("/front-door/eager/no-door", GUINT_TO_POINTER (KR_TEST_SOUP_NO_DOOR), test_eager);
  g_test_add_func ("/front-door/whole-heads", test_whole_heads);
  g_test_add_func ("/front-door/trickle", test_trickle);
  g_test_add_func ("/front-door/half-body", test_half_body);
  g_test_add_func ("/front-door/slow-body", test_slow_body);
  g_test_add_func ("/front-door/large-body", test_large_body);
  g_test_add_func ("/front-door/idle", test_idle);
  g_test_add_func ("/front-door/upgraded", test_upgraded);
  g_test_add_func ("/front-door/limits", test_limits);
  g_test_add_func ("/front-door/no-handshake", test_no_handshake);
  g_test_add_func ("/front-door/tls", test_tls);
  return g_test_run ();
}
