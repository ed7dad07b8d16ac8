/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* Messages that are larger than what may wait for a peer: who reads gets them, and who does not costs one of them. */
#include "config.h"

#include <string.h>

#include "kr-test-peer.h"
#include "kr-test.h"

#define SECOND ((gint64) G_USEC_PER_SEC)
#define LIMIT (64 * 1024)
#define LARGE (5 * LIMIT)

typedef struct
{
  KrHubServer *server;
  KrHubClients *all;
} Fixture;

static void
big (KrHubInvocation *invocation, gpointer data)
{
  g_autofree char *text = g_strnfill (LARGE, 'x');

  kr_hub_invocation_return_string (invocation, text);
}

static void
set_up (Fixture *f, gconstpointer policy)
{
  g_autoptr (KrHubClock) clock = kr_hub_clock_new_virtual (SECOND);

  f->server = kr_hub_server_new (clock);
  g_object_set (f->server, "max-outbox-size", (guint64) LIMIT, "outbox-policy", GPOINTER_TO_UINT (policy),
                "keep-alive-interval", (gint64) 0, "send-timeout", (gint64) 0, "reconnect-window", 1000 * SECOND, NULL);
  kr_hub_server_add_method (f->server, "Big", "()", "s", big, NULL, NULL);
  f->all = kr_hub_clients_new_all (f->server);
}

static void
tear_down (Fixture *f, gconstpointer data)
{
  kr_hub_clients_unref (f->all);
  kr_hub_server_shutdown (f->server);
  while (g_main_context_iteration (NULL, FALSE))
    ;
  g_assert_finalize_object (f->server);
}

/* To this one alone, or by a broadcast. */
static void
send_event (Fixture *f, KrTestPeer *peer, gboolean shared, const char *target, gsize size)
{
  g_autofree char *text = g_strnfill (size, 'y');

  if (shared)
    kr_hub_clients_send (f->all, target, g_variant_new ("(s)", text), NULL);
  else
    kr_hub_connection_send (peer->connection, target, g_variant_new ("(s)", text), NULL);
}

static guint
count (const char *text, const char *what)
{
  guint n = 0;

  for (const char *p = strstr (text, what); p != NULL; p = strstr (p + 1, what))
    n++;
  return n;
}

static void
assert_heard (KrTestPeer *peer, const char *what, guint n)
{
  g_autofree char *text = kr_test_peer_take (peer);

  g_assert_cmpuint (count (text, what), ==, n);
}

static KrTestPeer *
connect_peer (Fixture *f, gboolean stateful)
{
  KrTestPeer *peer = kr_test_peer_new_silent (f->server, NULL, stateful);

  kr_test_peer_send (peer, stateful ? "{\"protocol\":\"json\",\"version\":2};" : "{\"protocol\":\"json\",\"version\":1};");
  assert_heard (peer, "{};", 1);
  return peer;
}

/* With small ones before and behind it. */
static void
test_event (Fixture *f, gconstpointer data)
{
  for (guint i = 0; i < 4; i++)
    {
      g_autoptr (KrTestPeer) peer = connect_peer (f, i & 1);

      for (guint round = 0; round < 3; round++)
        {
          g_autofree char *text = NULL;

          send_event (f, peer, i & 2, "Small", 100);
          send_event (f, peer, i & 2, "Large", LARGE);
          send_event (f, peer, i & 2, "Small", LIMIT / 2);
          text = kr_test_peer_take (peer);
          g_assert_cmpuint (count (text, "\"Small\""), ==, 2);
          g_assert_cmpuint (count (text, "\"Large\""), ==, 1);
          if (i & 1)
            {
              g_autofree char *ack = g_strdup_printf ("{\"type\":8,\"sequenceId\":%u};", 3 * round + 3);

              kr_test_peer_send (peer, ack);
            }
        }
      g_assert_true (kr_hub_connection_is_open (peer->connection));
    }
}

/* A client may ask for many of them in one piece. */
static void
test_answers (Fixture *f, gconstpointer data)
{
  g_autoptr (KrTestPeer) peer = connect_peer (f, FALSE);
  g_autoptr (GString) calls = g_string_new (NULL);
  gsize most = 0;

  for (guint i = 0; i < 20; i++)
    g_string_append_printf (calls, "{\"type\":1,\"invocationId\":\"%u\",\"target\":\"Big\",\"arguments\":[]};", i);
  kr_test_peer_set_stalled (peer, TRUE);
  kr_test_peer_send (peer, calls->str);
  most = kr_hub_connection_get_outbox_size (peer->connection);
  g_assert_cmpuint (most, >, LARGE);
  g_assert_cmpuint (most, <, LARGE + LIMIT);
  kr_test_peer_set_stalled (peer, FALSE);
  for (guint i = 0; i < 100; i++)
    kr_test_peer_settle (peer);
  assert_heard (peer, "{\"type\":3,", 20);
  g_assert_true (kr_hub_connection_is_open (peer->connection));
}

/* Who does not read holds one of them, and what may always wait. */
static void
test_not_read (Fixture *f, gconstpointer data)
{
  for (guint i = 0; i < 8; i++)
    {
      g_autoptr (KrTestPeer) peer = connect_peer (f, i & 1);
      gsize most = 0;
      guint n;

      kr_test_peer_set_stalled (peer, TRUE);
      send_event (f, peer, i & 2, "Small", LIMIT / 2);
      send_event (f, peer, i & 2, "Large", LARGE);
      for (n = 0; n < 1000 && kr_hub_connection_is_open (peer->connection); n++)
        {
          most = MAX (most, kr_hub_connection_get_outbox_size (peer->connection));
          send_event (f, peer, i & 2, "More", i & 4 ? LARGE : 1000);
        }
      if (i & 4)
        g_assert_cmpuint (n, ==, 1);
      else
        g_assert_cmpuint (n, >, 10);
      g_assert_cmpuint (most, <, LIMIT + LARGE + 1000);
      g_assert_cmpint (kr_hub_connection_get_close_reason (peer->connection), ==, KR_HUB_CLOSE_REASON_OUTBOX_FULL);
    }
}

/* Once it has been read, the limit is what it was. */
static void
test_afterwards (Fixture *f, gconstpointer data)
{
  g_autoptr (KrTestPeer) peer = connect_peer (f, FALSE);
  guint n;

  send_event (f, peer, FALSE, "Large", LARGE);
  assert_heard (peer, "\"Large\"", 1);
  kr_test_peer_set_stalled (peer, TRUE);
  for (n = 0; n < 1000 && kr_hub_connection_is_open (peer->connection); n++)
    send_event (f, peer, FALSE, "More", 1000);
  g_assert_cmpuint (n, <=, LIMIT / 1000 + 1);
}

/* A connection that lost its transport gets it from the buffer, whole. */
static void
test_replayed (Fixture *f, gconstpointer data)
{
  g_autoptr (KrTestPeer) peer = connect_peer (f, TRUE);
  g_autofree char *text = NULL;

  kr_test_peer_lose (peer);
  send_event (f, peer, FALSE, "Small", 100);
  send_event (f, peer, FALSE, "Large", LARGE);
  send_event (f, peer, FALSE, "Small", LIMIT / 2);
  g_assert_true (kr_hub_connection_is_open (peer->connection));
  kr_test_peer_reattach (peer);
  kr_test_peer_send (peer, "{\"type\":9,\"sequenceId\":1};");
  text = kr_test_peer_take (peer);
  g_assert_cmpuint (count (text, "\"Small\""), ==, 2);
  g_assert_cmpuint (count (text, "\"Large\""), ==, 1);
  /* It waits until it is acknowledged. */
  send_event (f, peer, FALSE, "Large", LARGE);
  g_assert_false (kr_hub_connection_is_open (peer->connection));
  g_assert_cmpint (kr_hub_connection_get_close_reason (peer->connection), ==, KR_HUB_CLOSE_REASON_OUTBOX_FULL);
}

/* Where events may be dropped, that one may, too, and then no more may wait than ever. */
static void
test_dropped (Fixture *f, gconstpointer data)
{
  for (guint i = 0; i < 2; i++)
    {
      g_autoptr (KrTestPeer) peer = connect_peer (f, i);
      g_autofree char *text = NULL;
      gsize size;

      kr_test_peer_set_stalled (peer, TRUE);
      send_event (f, peer, FALSE, "Same", 20 * 1024);
      send_event (f, peer, FALSE, "Same", LARGE);
      g_assert_cmpuint (kr_hub_connection_get_outbox_size (peer->connection), >, LARGE);
      for (guint k = 0; k < 200; k++)
        send_event (f, peer, FALSE, "Same", 1000);
      g_assert_true (kr_hub_connection_is_open (peer->connection));
      size = kr_hub_connection_get_outbox_size (peer->connection);
      g_assert_cmpuint (size, <, LIMIT + 20 * 1024);
      kr_test_peer_set_stalled (peer, FALSE);
      text = kr_test_peer_take (peer);
      g_assert_cmpuint (count (text, "\"Same\""), >=, 2);
      g_assert_cmpuint (strlen (text), <, LIMIT + 20 * 1024);
    }
}

static void
hear (KrHubConnection *connection, const guint8 *data, gsize len, gpointer unused)
{
  g_autofree char *much = g_strnfill (LARGE, 'z');

  kr_hub_connection_write (connection, much, LARGE);
}

static void
test_raw (Fixture *f, gconstpointer data)
{
  g_autoptr (KrTestPeer) peer = NULL;
  g_autofree char *text = NULL;

  kr_hub_server_set_raw_handler (f->server, hear, NULL, NULL);
  peer = kr_test_peer_new_silent (f->server, NULL, FALSE);
  kr_test_peer_send (peer, "more");
  text = kr_test_peer_take (peer);
  g_assert_cmpuint (strlen (text), ==, LARGE);
  g_assert_true (kr_hub_connection_is_open (peer->connection));
}

/* --- an item of a stream --- */

static void
stream_big (KrHubInvocation *invocation, gpointer data)
{
  g_autoptr (KrHubStream) stream = g_object_ref (kr_hub_invocation_open_stream (invocation));
  g_autofree char *text = g_strnfill (LARGE, 's');

  g_assert_true (kr_hub_stream_write (stream, g_variant_new_string (text), NULL));
  kr_hub_stream_complete (stream);
}

static void
test_stream (Fixture *f, gconstpointer data)
{
  g_autoptr (KrTestPeer) peer = NULL;
  g_autofree char *text = NULL;

  kr_hub_server_add_stream_method (f->server, "Stream", "()", "s", stream_big, NULL, NULL);
  peer = connect_peer (f, FALSE);
  kr_test_peer_send (peer, "{\"type\":4,\"invocationId\":\"1\",\"target\":\"Stream\",\"arguments\":[]};");
  text = kr_test_peer_take (peer);
  g_assert_cmpuint (strlen (text), >, LARGE);
  g_assert_true (g_str_has_suffix (text, "{\"type\":3,\"invocationId\":\"1\"};"));
}

#define ADD(name, func, policy) g_test_add ("/large/" name, Fixture, GUINT_TO_POINTER (policy), set_up, func, tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("event", test_event, KR_HUB_OUTBOX_DISCONNECT);
  ADD ("event/wait", test_event, KR_HUB_OUTBOX_WAIT);
  ADD ("event/drop-oldest", test_event, KR_HUB_OUTBOX_DROP_OLDEST);
  ADD ("answers", test_answers, KR_HUB_OUTBOX_DISCONNECT);
  ADD ("answers/wait", test_answers, KR_HUB_OUTBOX_WAIT);
  ADD ("answers/latest-wins", test_answers, KR_HUB_OUTBOX_LATEST_WINS);
  ADD ("not-read", test_not_read, KR_HUB_OUTBOX_DISCONNECT);
  ADD ("afterwards", test_afterwards, KR_HUB_OUTBOX_DISCONNECT);
  ADD ("replayed", test_replayed, KR_HUB_OUTBOX_DISCONNECT);
  ADD ("dropped/drop-oldest", test_dropped, KR_HUB_OUTBOX_DROP_OLDEST);
  ADD ("dropped/latest-wins", test_dropped, KR_HUB_OUTBOX_LATEST_WINS);
  ADD ("raw", test_raw, KR_HUB_OUTBOX_DISCONNECT);
  ADD ("stream", test_stream, KR_HUB_OUTBOX_DISCONNECT);
  return g_test_run ();
}
