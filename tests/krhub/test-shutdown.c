/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* The end of a hub's connections: shutdown, its grace, and every timeout. */
#include "config.h"

#include <string.h>

#include "kr-test-peer.h"
#include "kr-test.h"

#define SECOND G_USEC_PER_SEC
#define CLOSE_RECONNECT "{\"type\":7,\"allowReconnect\":true};"

typedef struct
{
  KrHubServer *server;
} Fixture;

static void
set_up (Fixture *f, gconstpointer data)
{
  g_autoptr (KrHubClock) clock = kr_hub_clock_new_virtual (SECOND);

  f->server = kr_hub_server_new (clock);
}

static void
tear_down (Fixture *f, gconstpointer data)
{
  while (g_main_context_iteration (NULL, FALSE))
    ;
  g_assert_finalize_object (f->server);
}

static void
assert_reason (KrTestPeer *peer, KrHubCloseReason reason)
{
  g_assert_cmpint (kr_hub_connection_get_close_reason (peer->connection), ==, reason);
}

/* --- shutdown --- */

static void
test_open (Fixture *f, gconstpointer data)
{
  g_autoptr (KrTestPeer) peer = kr_test_peer_new (f->server, NULL);
  g_autofree char *text = NULL;

  kr_hub_server_shutdown (f->server);
  g_assert_cmpuint (kr_hub_server_get_n_connections (f->server), ==, 0);
  text = kr_test_peer_take (peer);
  g_assert_cmpstr (text, ==, CLOSE_RECONNECT);
  g_assert_true (peer->closed);
  assert_reason (peer, KR_HUB_CLOSE_REASON_SHUTDOWN);
}

/* Whatever it has said of its handshake, nobody waits for the rest. */
static void
test_handshake_not_done (Fixture *f, gconstpointer data)
{
  static const char *const said[] = { NULL, "{\"protocol\":\"json\",", "{\"protocol\":\"json\",\"version\":1}" };

  for (guint i = 0; i < G_N_ELEMENTS (said) * 2; i++)
    {
      g_autoptr (KrTestPeer) peer = kr_test_peer_new_silent (f->server, NULL, i & 1);

      if (said[i / 2] != NULL)
        kr_test_peer_send (peer, said[i / 2]);
      kr_hub_server_shutdown (f->server);
      kr_test_peer_settle (peer);
      g_assert_true (peer->closed);
      g_assert_cmpstr (peer->received->str, ==, "");
      assert_reason (peer, KR_HUB_CLOSE_REASON_SHUTDOWN);
      g_object_set (f->server, "accepting", TRUE, NULL);
    }
}

static void
test_lost (Fixture *f, gconstpointer data)
{
  g_autoptr (KrTestPeer) peer = kr_test_peer_new_silent (f->server, NULL, TRUE);

  kr_test_peer_send (peer, "{\"protocol\":\"json\",\"version\":2};");
  kr_test_peer_lose (peer);
  kr_hub_server_shutdown (f->server);
  assert_reason (peer, KR_HUB_CLOSE_REASON_SHUTDOWN);
}

/* As from an endpoint, whose requests cross from another thread. */
static void
test_late (Fixture *f, gconstpointer data)
{
  g_autoptr (KrTestPeer) peer = NULL;
  gboolean accepting;

  kr_hub_server_shutdown (f->server);
  g_object_get (f->server, "accepting", &accepting, NULL);
  g_assert_false (accepting);
  peer = kr_test_peer_new_silent (f->server, NULL, FALSE);
  g_assert_false (peer->closed);
  kr_test_peer_settle (peer);
  kr_test_peer_settle (peer);
  g_assert_true (peer->closed);
  assert_reason (peer, KR_HUB_CLOSE_REASON_SHUTDOWN);
}

static void
test_again (Fixture *f, gconstpointer data)
{
  KrTestPeer *peer;

  kr_hub_server_shutdown (f->server);
  g_object_set (f->server, "accepting", TRUE, NULL);
  peer = kr_test_peer_new (f->server, NULL);
  kr_test_peer_settle (peer);
  g_assert_true (kr_hub_connection_is_open (peer->connection));
  kr_test_peer_free (peer);
}

static void
test_grace (Fixture *f, gconstpointer reads)
{
  g_autoptr (KrTestPeer) peer = kr_test_peer_new (f->server, NULL);
  g_autoptr (KrTestPeer) other = kr_test_peer_new (f->server, NULL);
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;

  kr_test_peer_set_stalled (peer, TRUE);
  kr_hub_connection_send (peer->connection, "Last", NULL, NULL);
  kr_hub_server_shutdown_async (f->server, 3 * SECOND, NULL, kr_test_store_result, &result);
  kr_test_peer_settle (other);
  g_assert_true (other->closed);
  g_assert_false (peer->closed);
  kr_hub_clock_advance (peer->clock, 2 * SECOND);
  kr_test_peer_settle (other);
  g_assert_null (result);
  if (reads)
    {
      g_autofree char *text = NULL;

      kr_test_peer_set_stalled (peer, FALSE);
      text = kr_test_peer_take (peer);
      g_assert_cmpstr (text, ==, "{\"type\":1,\"target\":\"Last\",\"arguments\":[]};" CLOSE_RECONNECT);
    }
  else
    kr_hub_clock_advance (peer->clock, SECOND);
  kr_test_peer_settle (peer);
  g_assert_nonnull (result);
  g_assert_true (kr_hub_server_shutdown_finish (f->server, result, &error));
  g_assert_no_error (error);
  g_assert_true (peer->closed);
  assert_reason (peer, KR_HUB_CLOSE_REASON_SHUTDOWN);
}

/* Whoever waits no longer hears that at once; the hub is shut down all the same, and another one waits on. */
static void
test_cancelled (Fixture *f, gconstpointer data)
{
  g_autoptr (KrTestPeer) peer = kr_test_peer_new (f->server, NULL);
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GAsyncResult) cancelled = NULL;
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;

  kr_test_peer_set_stalled (peer, TRUE);
  kr_hub_connection_send (peer->connection, "Last", NULL, NULL);
  kr_hub_server_shutdown_async (f->server, G_MAXINT64, cancellable, kr_test_store_result, &cancelled);
  kr_hub_server_shutdown_async (f->server, G_MAXINT64, NULL, kr_test_store_result, &result);
  kr_test_peer_settle (peer);
  g_assert_null (cancelled);
  g_cancellable_cancel (cancellable);
  kr_test_peer_settle (peer);
  g_assert_nonnull (cancelled);
  g_assert_false (kr_hub_server_shutdown_finish (f->server, cancelled, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_assert_false (peer->closed);
  g_assert_null (result);
  kr_test_peer_set_stalled (peer, FALSE);
  kr_test_peer_settle (peer);
  kr_test_wait_result ("shutdown", &result);
  g_assert_true (kr_hub_server_shutdown_finish (f->server, result, NULL));
  g_assert_true (peer->closed);
}

static void
test_nobody (Fixture *f, gconstpointer data)
{
  g_autoptr (GAsyncResult) result = NULL;

  kr_hub_server_shutdown_async (f->server, 3600 * (gint64) SECOND, NULL, kr_test_store_result, &result);
  kr_test_wait_result ("shutdown", &result);
  g_assert_true (kr_hub_server_shutdown_finish (f->server, result, NULL));
}

static void
test_status (Fixture *f, gconstpointer data)
{
  static const char *const attributes[] = { "signalr.connection.status=app_shutdown", NULL };
  g_autoptr (KrTestPeer) peer = kr_test_peer_new (f->server, NULL);
  g_autoptr (KrHubMetrics) metrics = NULL;

  kr_hub_server_shutdown (f->server);
  metrics = kr_hub_server_read_metrics (f->server);
  g_assert_cmpuint (kr_hub_metrics_sum (metrics, "signalr.server.connection.duration", attributes), ==, 1);
}

/* --- timeouts: ASP.NET Core's default, another value, and never --- */

typedef struct
{
  const char *property;
  gint64 seconds;              /* by default */
  KrHubCloseReason reason;     /* NONE: a ping */
} Timeout;

static const Timeout timeouts[] = {
  { "handshake-timeout", 15, KR_HUB_CLOSE_REASON_HANDSHAKE_TIMEOUT },
  { "keep-alive-interval", 15, KR_HUB_CLOSE_REASON_NONE },
  { "client-timeout", 30, KR_HUB_CLOSE_REASON_TIMEOUT },
  { "send-timeout", 10, KR_HUB_CLOSE_REASON_SEND_TIMEOUT },
  { "reconnect-window", 15, KR_HUB_CLOSE_REASON_RECONNECT_TIMEOUT },
};

/* What the handshake's answer has begun is over, and an event is not read. */
static void
wait_for_nobody (Fixture *f, KrTestPeer *peer)
{
  gint64 value;

  g_object_get (f->server, "send-timeout", &value, NULL);
  kr_hub_clock_advance (peer->clock, MIN (value, (gint64) 3600 * SECOND));
  kr_test_peer_set_stalled (peer, TRUE);
  kr_hub_connection_send (peer->connection, "E", NULL, NULL);
}

/* A client for which that time begins now. */
static KrTestPeer *
begin (Fixture *f, const Timeout *timeout)
{
  KrTestPeer *peer;
  g_autofree char *text = NULL;

  if (timeout->reason == KR_HUB_CLOSE_REASON_HANDSHAKE_TIMEOUT)
    return kr_test_peer_new_silent (f->server, NULL, FALSE);
  if (timeout->reason != KR_HUB_CLOSE_REASON_RECONNECT_TIMEOUT)
    {
      peer = kr_test_peer_new (f->server, NULL);
      /* Only who has sent a ping is watched. */
      if (timeout->reason != KR_HUB_CLOSE_REASON_SEND_TIMEOUT)
        kr_test_peer_send (peer, "{\"type\":6};");
      else
        wait_for_nobody (f, peer);
      return peer;
    }
  peer = kr_test_peer_new_silent (f->server, NULL, TRUE);
  kr_test_peer_send (peer, "{\"protocol\":\"json\",\"version\":2};");
  text = kr_test_peer_take (peer);
  kr_test_peer_lose (peer);
  return peer;
}

static gboolean
has_happened (KrTestPeer *peer, const Timeout *timeout)
{
  if (timeout->reason == KR_HUB_CLOSE_REASON_NONE)
    return strstr (peer->received->str, "{\"type\":6};") != NULL;
  return kr_hub_connection_get_close_reason (peer->connection) == timeout->reason;
}

static void
check_timeout (Fixture *f, const Timeout *timeout, gint64 seconds)
{
  KrTestPeer *peer = begin (f, timeout);

  kr_hub_clock_advance (peer->clock, seconds * SECOND - 100000);
  g_assert_false (has_happened (peer, timeout));
  kr_hub_clock_advance (peer->clock, 200000);
  g_assert_true (has_happened (peer, timeout));
  kr_test_peer_free (peer);
}

static void
check_never (Fixture *f, const Timeout *timeout, gint64 value)
{
  KrTestPeer *peer;

  g_object_set (f->server, timeout->property, value, NULL);
  peer = begin (f, timeout);
  kr_hub_clock_advance (peer->clock, (gint64) 3600 * SECOND);
  g_assert_false (has_happened (peer, timeout));
  if (peer->closed)
    kr_hub_connection_abort (peer->connection);
  kr_test_peer_free (peer);
}

static void
test_timeout (Fixture *f, gconstpointer data)
{
  const Timeout *timeout = data;
  gint64 value;

  g_object_get (f->server, timeout->property, &value, NULL);
  g_assert_cmpint (value, ==, timeout->seconds * SECOND);
  check_timeout (f, timeout, timeout->seconds);
  g_object_set (f->server, timeout->property, (gint64) 5 * SECOND, NULL);
  check_timeout (f, timeout, 5);
  check_never (f, timeout, G_MAXINT64);
  if (timeout->reason != KR_HUB_CLOSE_REASON_RECONNECT_TIMEOUT)
    check_never (f, timeout, 0);
}

/* Who takes a little now and then is slow, but there. */
static void
test_slow_reader (Fixture *f, gconstpointer data)
{
  g_autoptr (KrTestPeer) peer = kr_test_peer_new (f->server, NULL);

  for (guint i = 0; i < 20; i++)
    {
      kr_test_peer_set_stalled (peer, TRUE);
      kr_hub_connection_send (peer->connection, "E", NULL, NULL);
      kr_hub_clock_advance (peer->clock, 8 * SECOND);
      kr_test_peer_set_stalled (peer, FALSE);
      kr_test_peer_settle (peer);
    }
  g_assert_true (kr_hub_connection_is_open (peer->connection));
}

/* A stateful one keeps its connection and may come back. */
static void
test_send_timeout_stateful (Fixture *f, gconstpointer data)
{
  g_autoptr (KrTestPeer) peer = kr_test_peer_new_silent (f->server, NULL, TRUE);

  kr_test_peer_send (peer, "{\"protocol\":\"json\",\"version\":2};");
  kr_test_peer_set_stalled (peer, TRUE);
  kr_hub_connection_send (peer->connection, "E", NULL, NULL);
  kr_hub_clock_advance (peer->clock, 21 * SECOND);
  g_assert_true (peer->closed);
  g_assert_true (kr_hub_connection_is_open (peer->connection));
  g_string_truncate (peer->received, 0);
  kr_test_peer_reattach (peer);
  kr_test_peer_settle (peer);
  g_assert_cmpstr (peer->received->str, ==, "{\"type\":9,\"sequenceId\":1};{\"type\":1,\"target\":\"E\",\"arguments\":[]};");
}

#define ADD(name, func, data) g_test_add (name, Fixture, data, set_up, func, tear_down)

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  ADD ("/shutdown/open", test_open, NULL);
  ADD ("/shutdown/handshake-not-done", test_handshake_not_done, NULL);
  ADD ("/shutdown/lost", test_lost, NULL);
  ADD ("/shutdown/late", test_late, NULL);
  ADD ("/shutdown/again", test_again, NULL);
  ADD ("/shutdown/grace", test_grace, GINT_TO_POINTER (TRUE));
  ADD ("/shutdown/grace-over", test_grace, GINT_TO_POINTER (FALSE));
  ADD ("/shutdown/cancelled", test_cancelled, NULL);
  ADD ("/shutdown/nobody", test_nobody, NULL);
  ADD ("/shutdown/status", test_status, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (timeouts); i++)
    {
      g_autofree char *name = g_strdup_printf ("/timeout/%s", timeouts[i].property);

      ADD (name, test_timeout, &timeouts[i]);
    }
  ADD ("/timeout/slow-reader", test_slow_reader, NULL);
  ADD ("/timeout/send-stateful", test_send_timeout_stateful, NULL);
  return g_test_run ();
}
