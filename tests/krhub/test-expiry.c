/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* Connections that end when their client's credentials do. */
#include "config.h"

#include <string.h>

#include "kr-test-peer.h"
#include "kr-test.h"

#define SECOND ((gint64) G_USEC_PER_SEC)
#define CLOSE_RECONNECT "{\"type\":7,\"allowReconnect\":true};"

typedef struct
{
  KrHubClock *clock;
  KrHubServer *server;
} Fixture;

static void
keep (KrHubInvocation *invocation, gpointer data)
{
  g_ptr_array_add (data, kr_hub_invocation_ref (invocation));
}

static void
set_up (Fixture *f, gconstpointer data)
{
  f->clock = kr_hub_clock_new_virtual (SECOND);
  f->server = kr_hub_server_new (f->clock);
  g_object_set (f->server, "client-timeout", (gint64) 0, "send-timeout", (gint64) 0, "handshake-timeout", 1000 * SECOND, NULL);
}

static void
tear_down (Fixture *f, gconstpointer data)
{
  kr_hub_server_shutdown (f->server);
  while (g_main_context_iteration (NULL, FALSE))
    ;
  g_assert_finalize_object (f->server);
  g_assert_cmpuint (kr_hub_clock_get_n_timers (f->clock), ==, 0);
  g_assert_finalize_object (f->clock);
}

static void
pass (Fixture *f, KrTestPeer *peer, gint64 time)
{
  kr_hub_clock_advance (f->clock, time);
  kr_test_peer_settle (peer);
}

/* Forgets the pings. */
static void
assert_still_there (KrTestPeer *peer)
{
  g_autofree char *text = kr_test_peer_take (peer);

  g_assert_null (strstr (text, "\"type\":7"));
  g_assert_false (peer->closed);
}

static void
assert_expired (KrTestPeer *peer, const char *said)
{
  g_autofree char *text = kr_test_peer_take (peer);

  g_assert_true (g_str_has_suffix (text, said));
  g_assert_true (peer->closed);
  g_assert_cmpint (kr_hub_connection_get_close_reason (peer->connection), ==, KR_HUB_CLOSE_REASON_EXPIRED);
}

static gint64
in (Fixture *f, gint64 time)
{
  return kr_hub_clock_get_real_time (f->clock) + time;
}

static void
test_expires (Fixture *f, gconstpointer data)
{
  g_autoptr (KrTestPeer) peer = kr_test_peer_new (f->server, NULL);

  kr_hub_connection_set_expiry (peer->connection, in (f, 100 * SECOND));
  pass (f, peer, 99 * SECOND);
  assert_still_there (peer);
  pass (f, peer, SECOND);
  assert_expired (peer, CLOSE_RECONNECT);
  /* It is over: no word about it counts any more. */
  kr_hub_connection_set_expiry (peer->connection, in (f, SECOND));
}

static void
test_last_word (Fixture *f, gconstpointer data)
{
  g_autoptr (KrTestPeer) peer = kr_test_peer_new (f->server, NULL);

  kr_hub_connection_set_expiry (peer->connection, in (f, 10 * SECOND));
  pass (f, peer, 9 * SECOND);
  kr_hub_connection_set_expiry (peer->connection, in (f, 10 * SECOND));
  pass (f, peer, 9 * SECOND);
  assert_still_there (peer);
  kr_hub_connection_set_expiry (peer->connection, G_MAXINT64);
  pass (f, peer, 1000 * SECOND);
  assert_still_there (peer);
  kr_hub_connection_set_expiry (peer->connection, in (f, 1000 * SECOND));
  kr_hub_connection_set_expiry (peer->connection, in (f, SECOND));
  pass (f, peer, SECOND);
  assert_expired (peer, CLOSE_RECONNECT);
}

static void
test_handshake (Fixture *f, gconstpointer data)
{
  g_autoptr (KrTestPeer) peer = kr_test_peer_new_silent (f->server, NULL, FALSE);

  kr_hub_connection_set_expiry (peer->connection, in (f, 5 * SECOND));
  kr_test_peer_send (peer, "{\"protocol\":\"json\",");
  pass (f, peer, 6 * SECOND);
  assert_expired (peer, "{\"error\":\"Handshake was canceled.\"};");
}

/* Whoever was let in learns why it has to go. */
static void
test_expired_before (Fixture *f, gconstpointer data)
{
  g_autoptr (KrTestPeer) peer = kr_test_peer_new_silent (f->server, NULL, FALSE);
  g_autofree char *text = NULL;

  kr_hub_connection_set_expiry (peer->connection, in (f, -5 * SECOND));
  kr_test_peer_send (peer, "{\"protocol\":\"json\",\"version\":1};");
  pass (f, peer, SECOND / 2);
  text = kr_test_peer_take (peer);
  g_assert_cmpstr (text, ==, "{};");
  pass (f, peer, SECOND / 2);
  assert_expired (peer, CLOSE_RECONNECT);
}

/* Timers stand still while the machine sleeps; what expires does not wait. */
static void
test_sleep (Fixture *f, gconstpointer data)
{
  g_autoptr (KrTestPeer) peer = kr_test_peer_new (f->server, NULL);

  kr_hub_connection_set_expiry (peer->connection, in (f, 3600 * SECOND));
  pass (f, peer, 60 * SECOND);
  kr_hub_clock_jump (f->clock, 1800 * SECOND);
  pass (f, peer, 60 * SECOND);
  assert_still_there (peer);
  kr_hub_clock_jump (f->clock, 1800 * SECOND);
  pass (f, peer, 30 * SECOND);
  assert_expired (peer, CLOSE_RECONNECT);
}

static void
test_running_call (Fixture *f, gconstpointer data)
{
  g_autoptr (GPtrArray) kept = g_ptr_array_new_with_free_func ((GDestroyNotify) kr_hub_invocation_unref);
  g_autoptr (KrTestPeer) peer = NULL;

  kr_hub_server_add_method (f->server, "Keep", "()", "s", keep, kept, NULL);
  peer = kr_test_peer_new (f->server, NULL);
  kr_hub_connection_set_expiry (peer->connection, in (f, 2 * SECOND));
  kr_test_peer_send (peer, "{\"type\":1,\"invocationId\":\"1\",\"target\":\"Keep\",\"arguments\":[]};");
  g_assert_cmpuint (kept->len, ==, 1);
  pass (f, peer, 2 * SECOND);
  assert_expired (peer, CLOSE_RECONNECT);
  g_assert_true (g_cancellable_is_cancelled (kr_hub_invocation_get_cancellable (kept->pdata[0])));
}

/* Also while it waits for its client. */
static void
test_lost (Fixture *f, gconstpointer data)
{
  g_autoptr (KrTestPeer) peer = kr_test_peer_new_silent (f->server, NULL, TRUE);

  kr_test_peer_send (peer, "{\"protocol\":\"json\",\"version\":2};");
  kr_hub_connection_set_expiry (peer->connection, in (f, 5 * SECOND));
  kr_test_peer_lose (peer);
  kr_hub_clock_advance (f->clock, 4 * SECOND);
  g_assert_true (kr_hub_connection_is_open (peer->connection));
  kr_hub_clock_advance (f->clock, SECOND);
  g_assert_cmpint (kr_hub_connection_get_close_reason (peer->connection), ==, KR_HUB_CLOSE_REASON_EXPIRED);
  g_assert_cmpuint (kr_hub_server_get_n_connections (f->server), ==, 0);
}

static void
hear (KrHubConnection *connection, const guint8 *data, gsize len, gpointer unused)
{
  kr_hub_connection_write (connection, data, len);
}

static void
test_raw (Fixture *f, gconstpointer data)
{
  g_autoptr (KrTestPeer) peer = NULL;

  kr_hub_server_set_raw_handler (f->server, hear, NULL, NULL);
  peer = kr_test_peer_new_silent (f->server, NULL, FALSE);
  g_assert_true (kr_hub_connection_is_raw (peer->connection));
  kr_hub_connection_set_expiry (peer->connection, in (f, 2 * SECOND));
  pass (f, peer, 2 * SECOND);
  assert_expired (peer, "");
}

static void
test_metrics (Fixture *f, gconstpointer data)
{
  static const char *const attributes[] = { "krhub.close.reason=expired", NULL };
  static const char *const normal[] = { "signalr.connection.status=normal_closure", NULL };
  g_autoptr (KrTestPeer) peer = kr_test_peer_new (f->server, NULL);
  g_autoptr (KrHubMetrics) metrics = NULL;

  kr_hub_connection_set_expiry (peer->connection, in (f, 2 * SECOND));
  pass (f, peer, 2 * SECOND);
  metrics = kr_hub_server_read_metrics (f->server);
  g_assert_cmpuint (kr_hub_metrics_sum (metrics, "krhub.server.closed_connections", attributes), ==, 1);
  g_assert_cmpuint (kr_hub_metrics_sum (metrics, "signalr.server.connection.duration", normal), ==, 1);
}

static void
add (const char *path, void (*test) (Fixture *, gconstpointer))
{
  g_test_add (path, Fixture, NULL, set_up, test, tear_down);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  add ("/expiry/expires", test_expires);
  add ("/expiry/last-word", test_last_word);
  add ("/expiry/handshake", test_handshake);
  add ("/expiry/expired-before", test_expired_before);
  add ("/expiry/sleep", test_sleep);
  add ("/expiry/running-call", test_running_call);
  add ("/expiry/lost", test_lost);
  add ("/expiry/raw", test_raw);
  add ("/expiry/metrics", test_metrics);
  return g_test_run ();
}
