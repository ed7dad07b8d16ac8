/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* What a hub counts, and how it is read. */
#include "config.h"

#include <string.h>

#include "kr-test-peer.h"
#include "kr-test.h"

#define SECOND G_USEC_PER_SEC

typedef struct
{
  KrHubServer *server;
  KrHubInvocation *kept;
} Fixture;

static void
echo (KrHubInvocation *invocation, gpointer data)
{
  kr_hub_invocation_return_string (invocation, kr_hub_invocation_get_string (invocation, 0));
}

static void
fail (KrHubInvocation *invocation, gpointer data)
{
  kr_hub_invocation_return_error_literal (invocation, "No");
}

static void
keep (KrHubInvocation *invocation, gpointer data)
{
  ((Fixture *) data)->kept = kr_hub_invocation_ref (invocation);
}

static void
count (KrHubInvocation *invocation, gpointer data)
{
  g_autoptr (KrHubStream) stream = kr_hub_invocation_open_stream (invocation);

  kr_hub_stream_write_string (stream, "one", NULL);
  kr_hub_stream_complete (stream);
}

static void
set_up (Fixture *f, gconstpointer data)
{
  g_autoptr (KrHubClock) clock = kr_hub_clock_new_virtual (SECOND);

  f->server = kr_hub_server_new (clock);
  kr_hub_server_add_method (f->server, "Echo", "(s)", "s", echo, f, NULL);
  kr_hub_server_add_method (f->server, "Fail", "()", NULL, fail, f, NULL);
  kr_hub_server_add_method (f->server, "Keep", "()", NULL, keep, f, NULL);
  kr_hub_server_add_stream_method (f->server, "Count", "()", "s", count, f, NULL);
}

static void
tear_down (Fixture *f, gconstpointer data)
{
  g_clear_pointer (&f->kept, kr_hub_invocation_unref);
  g_assert_finalize_object (f->server);
}

/* @attributes: name=value pairs with a comma between them; all metrics of that name if there are none. */
static guint64
sum (Fixture *f, const char *name, const char *attributes)
{
  g_autoptr (KrHubMetrics) metrics = kr_hub_server_read_metrics (f->server);
  g_auto (GStrv) wanted = g_strsplit (attributes, ",", -1);

  return kr_hub_metrics_sum (metrics, name, (const char *const *) wanted);
}

static void
test_invocations (Fixture *f, gconstpointer data)
{
  g_autoptr (KrTestPeer) peer = kr_test_peer_new (f->server, NULL);

  kr_test_peer_send (peer, "{\"type\":1,\"invocationId\":\"1\",\"target\":\"echo\",\"arguments\":[\"x\"]};"
                           "{\"type\":1,\"target\":\"Echo\",\"arguments\":[\"x\"]};"
                           "{\"type\":1,\"invocationId\":\"2\",\"target\":\"Echo\",\"arguments\":[1]};"
                           "{\"type\":1,\"invocationId\":\"3\",\"target\":\"Fail\",\"arguments\":[]};"
                           "{\"type\":1,\"invocationId\":\"4\",\"target\":\"Made up\",\"arguments\":[]};"
                           "{\"type\":4,\"invocationId\":\"5\",\"target\":\"Count\",\"arguments\":[]};"
                           "{\"type\":4,\"invocationId\":\"6\",\"target\":\"Echo\",\"arguments\":[\"x\"]};");
  g_assert_cmpuint (sum (f, "krhub.server.invocations", "rpc.method=Echo,krhub.outcome=ok"), ==, 2);
  g_assert_cmpuint (sum (f, "krhub.server.invocations", "rpc.method=Echo,krhub.outcome=refused"), ==, 2);
  g_assert_cmpuint (sum (f, "krhub.server.invocations", "rpc.method=Echo,krhub.outcome=error"), ==, 0);
  g_assert_cmpuint (sum (f, "krhub.server.invocations", "rpc.method=Fail,krhub.outcome=error"), ==, 1);
  g_assert_cmpuint (sum (f, "krhub.server.invocations", "rpc.method=Count,krhub.outcome=ok"), ==, 1);
  g_assert_cmpuint (sum (f, "krhub.server.invocations", "rpc.method=,krhub.outcome=refused"), ==, 1);
  g_assert_cmpuint (sum (f, "krhub.server.invocations", ""), ==, 7);
}

static void
test_cancelled (Fixture *f, gconstpointer data)
{
  KrTestPeer *peer = kr_test_peer_new (f->server, NULL);

  kr_test_peer_send (peer, "{\"type\":1,\"invocationId\":\"1\",\"target\":\"Keep\",\"arguments\":[]};");
  g_assert_cmpuint (sum (f, "krhub.server.active_invocations", ""), ==, 1);
  g_assert_cmpuint (sum (f, "krhub.server.active_invocations", "rpc.method=Keep"), ==, 0);
  kr_test_peer_free (peer);
  g_assert_cmpuint (sum (f, "krhub.server.invocations", "rpc.method=Keep,krhub.outcome=cancelled"), ==, 1);
  /* The answer that comes too late is not counted once more. */
  kr_hub_invocation_return_void (f->kept);
  g_assert_cmpuint (sum (f, "krhub.server.invocations", "rpc.method=Keep"), ==, 1);
}

static void
test_connections (Fixture *f, gconstpointer data)
{
  KrTestPeer *peers[3];
  g_autoptr (KrHubMetrics) metrics = NULL;
  g_autoptr (GPtrArray) durations = NULL;

  for (guint i = 0; i < 3; i++)
    peers[i] = i < 2 ? kr_test_peer_new (f->server, i == 0 ? "anna" : NULL) : kr_test_peer_new_silent (f->server, NULL, FALSE);
  kr_hub_server_add_to_group (f->server, kr_hub_connection_get_id (peers[0]->connection), "group");
  g_assert_cmpuint (sum (f, "signalr.server.active_connections", "signalr.transport=memory"), ==, 3);
  g_assert_cmpuint (sum (f, "krhub.server.pending_handshakes", ""), ==, 1);
  g_assert_cmpuint (sum (f, "krhub.server.groups", ""), ==, 1);
  g_assert_cmpuint (sum (f, "krhub.server.users", ""), ==, 1);
  kr_hub_clock_advance (peers[0]->clock, 3 * SECOND);
  kr_test_peer_lose (peers[0]);
  kr_test_peer_send (peers[1], "{\"type\":1,\"target\":7};");
  kr_hub_clock_advance (peers[2]->clock, 15 * SECOND);
  for (guint i = 0; i < 3; i++)
    kr_test_peer_free (peers[i]);

  g_assert_cmpuint (sum (f, "signalr.server.active_connections", "signalr.transport=memory"), ==, 0);
  g_assert_cmpuint (sum (f, "krhub.server.closed_connections", "krhub.close.reason=lost"), ==, 1);
  g_assert_cmpuint (sum (f, "krhub.server.closed_connections", "krhub.close.reason=protocol"), ==, 1);
  g_assert_cmpuint (sum (f, "krhub.server.closed_connections", "krhub.close.reason=handshake_timeout"), ==, 1);
  metrics = kr_hub_server_read_metrics (f->server);
  durations = kr_hub_metrics_list (metrics, "signalr.server.connection.duration");
  g_assert_cmpuint (durations->len, ==, 3);
  for (guint i = 0; i < durations->len; i++)
    {
      KrHubMetric *metric = durations->pdata[i];
      gboolean normal = g_str_equal (kr_hub_metric_get_attribute (metric, "signalr.connection.status"), "normal_closure");
      gboolean timeout = g_str_equal (kr_hub_metric_get_attribute (metric, "signalr.connection.status"), "timeout");
      gsize n_buckets, n_bounds;
      const guint64 *buckets = kr_hub_metric_get_buckets (metric, &n_buckets);
      const gdouble *bounds = kr_hub_metric_get_bounds (metric, &n_bounds);

      g_assert_cmpuint (n_bounds + 1, ==, n_buckets);
      g_assert_cmpuint (kr_hub_metric_get_value (metric), ==, normal ? 2 : timeout ? 1 : 0);
      /* 3 s and a little: up to 5; and 15 and a little, up to 30. */
      g_assert_cmpfloat (bounds[8], ==, 5);
      g_assert_cmpuint (buckets[8], ==, normal ? 2 : 0);
      g_assert_cmpuint (buckets[10], ==, timeout ? 1 : 0);
      if (normal)
        g_assert_cmpfloat_with_epsilon (kr_hub_metric_get_sum (metric), 6, 0.1);
    }
}

static void
test_traffic (Fixture *f, gconstpointer data)
{
  const char *call = "{\"type\":1,\"invocationId\":\"1\",\"target\":\"Echo\",\"arguments\":[\"x\"]};";
  const char *answer = "{\"type\":3,\"invocationId\":\"1\",\"result\":\"x\"};";
  const char *event = "{\"type\":1,\"target\":\"Event\",\"arguments\":[]};";
  g_autoptr (KrTestPeer) peer = kr_test_peer_new (f->server, NULL);
  g_autoptr (KrHubClients) everybody = kr_hub_clients_new_all (f->server);
  guint64 in = sum (f, "krhub.server.io", "network.io.direction=receive");
  guint64 out = sum (f, "krhub.server.io", "network.io.direction=transmit");

  kr_test_peer_send (peer, call);
  kr_test_peer_send (peer, "{\"type\":6};");
  kr_hub_clients_send (everybody, "Event", NULL, NULL);
  kr_hub_connection_send (peer->connection, "Event", NULL, NULL);
  kr_test_peer_settle (peer);
  g_assert_cmpuint (sum (f, "krhub.server.io", "network.io.direction=receive") - in, ==, strlen (call) + 11);
  g_assert_cmpuint (sum (f, "krhub.server.io", "network.io.direction=transmit") - out, ==,
                    strlen (answer) + 2 * strlen (event));
  g_assert_cmpuint (sum (f, "krhub.server.messages", "network.io.direction=receive,krhub.message.type=invocation"), ==, 1);
  g_assert_cmpuint (sum (f, "krhub.server.messages", "network.io.direction=receive,krhub.message.type=ping"), ==, 1);
  g_assert_cmpuint (sum (f, "krhub.server.messages", "network.io.direction=transmit,krhub.message.type=completion"), ==, 1);
  g_assert_cmpuint (sum (f, "krhub.server.messages", "network.io.direction=transmit,krhub.message.type=invocation"), ==, 2);
  kr_test_peer_set_stalled (peer, TRUE);
  kr_hub_connection_send (peer->connection, "Event", NULL, NULL);
  g_assert_cmpuint (sum (f, "krhub.server.outbox.usage", ""), ==, strlen (event));
}

static void
test_rate_limit (Fixture *f, gconstpointer data)
{
  g_autoptr (KrTestPeer) peer = NULL;

  g_object_set (f->server, "invocation-rate", 1, "invocation-burst", 1, NULL);
  peer = kr_test_peer_new (f->server, NULL);
  kr_test_peer_send (peer, "{\"type\":1,\"target\":\"Echo\",\"arguments\":[\"x\"]};"
                           "{\"type\":1,\"target\":\"Echo\",\"arguments\":[\"x\"]};"
                           "{\"type\":1,\"target\":\"Other\",\"arguments\":[\"x\"]};");
  g_assert_cmpuint (sum (f, "krhub.server.rate_limited_invocations", ""), ==, 2);
  g_assert_cmpuint (sum (f, "krhub.server.invocations", "rpc.method=Echo,krhub.outcome=refused"), ==, 1);
}

static void
test_reconnects (Fixture *f, gconstpointer data)
{
  g_autoptr (KrTestPeer) peer = kr_test_peer_new_silent (f->server, NULL, TRUE);

  kr_test_peer_send (peer, "{\"protocol\":\"json\",\"version\":2};");
  kr_hub_connection_send (peer->connection, "Event", NULL, NULL);
  kr_test_peer_settle (peer);
  kr_test_peer_lose (peer);
  kr_test_peer_reattach (peer);
  kr_test_peer_settle (peer);
  g_assert_cmpuint (sum (f, "krhub.server.lost_transports", "signalr.transport=memory"), ==, 1);
  g_assert_cmpuint (sum (f, "krhub.server.reconnects", "signalr.transport=memory"), ==, 1);
  g_assert_cmpuint (sum (f, "krhub.server.replayed_messages", "signalr.transport=memory"), ==, 1);
  g_assert_cmpuint (sum (f, "signalr.server.active_connections", "signalr.transport=memory"), ==, 1);
}

/* --- the text --- */

static void
test_text (Fixture *f, gconstpointer data)
{
  g_autoptr (KrTestPeer) peer = NULL;
  g_autoptr (KrHubServer) other = kr_hub_server_new (kr_hub_server_get_clock (f->server));
  g_autoptr (KrHubMetrics) metrics = NULL, second = NULL, both = NULL;
  g_autofree char *text = NULL, *two = NULL;
  g_auto (GStrv) lines = NULL;

  g_object_set (f->server, "name", "one \"quoted\"", NULL);
  g_object_set (other, "name", "two", NULL);
  peer = kr_test_peer_new (f->server, NULL);
  kr_hub_clock_advance (peer->clock, SECOND / 2);
  kr_test_peer_lose (peer);
  metrics = kr_hub_server_read_metrics (f->server);
  text = kr_hub_metrics_to_text (metrics);
  g_assert_true (g_str_has_suffix (text, "\n# EOF\n"));
  g_assert_nonnull (strstr (text, "# TYPE signalr_server_active_connections gauge\n"));
  g_assert_nonnull (strstr (text, "# UNIT signalr_server_connection_duration_seconds seconds\n"));
  g_assert_nonnull (strstr (text, "\nsignalr_server_active_connections{rpc_service=\"one \\\"quoted\\\"\","
                                  "signalr_transport=\"memory\"} 0\n"));
  g_assert_nonnull (strstr (text, "\nkrhub_server_io_bytes_total{"));
  g_assert_nonnull (strstr (text, "\nkrhub_server_closed_connections_total{rpc_service=\"one \\\"quoted\\\"\","
                                  "signalr_transport=\"memory\",krhub_close_reason=\"lost\"} 1\n"));
  g_assert_nonnull (strstr (text, "signalr_connection_status=\"normal_closure\",le=\"0.5\"} 0\n"));
  g_assert_nonnull (strstr (text, "signalr_connection_status=\"normal_closure\",le=\"1.0\"} 1\n"));
  g_assert_nonnull (strstr (text, "signalr_connection_status=\"normal_closure\",le=\"+Inf\"} 1\n"));

  /* Of two hubs each family is named once. */
  second = kr_hub_server_read_metrics (other);
  both = kr_hub_metrics_merge (metrics, second);
  two = kr_hub_metrics_to_text (both);
  lines = g_strsplit (two, "\n", -1);
  for (guint i = 0; lines[i] != NULL; i++)
    for (guint k = 0; g_str_has_prefix (lines[i], "# TYPE") && k < i; k++)
      g_assert_cmpstr (lines[i], !=, lines[k]);
  g_assert_nonnull (strstr (two, "krhub_server_groups{rpc_service=\"two\"} 0\n"));
}

/* --- a program's own --- */

static void
test_own (Fixture *f, gconstpointer data)
{
  static const char *const attributes[] = { "place=a=b", "no value", NULL };
  static const char *const wanted[] = { "place=a=b", NULL };
  const gdouble bounds[] = { 0.5, 1 };
  const guint64 buckets[] = { 1, 0, 2 };
  g_autoptr (KrHubMetric) visits = kr_hub_metric_new ("example.visits", KR_HUB_METRIC_COUNTER, "{visit}", "Visits.", attributes, 7);
  g_autoptr (KrHubMetric) time = kr_hub_metric_new_histogram ("example.time", "s", "Time.", NULL, bounds, 2, buckets, 4.5);
  g_autoptr (KrHubMetric) same = kr_hub_metric_new ("krhub.server.groups", KR_HUB_METRIC_GAUGE, "{group}", "Else.", NULL, 5);
  KrHubMetric *list[] = { visits, time, visits, same };
  g_autoptr (KrHubMetrics) own = kr_hub_metrics_new (list, G_N_ELEMENTS (list));
  g_autoptr (KrHubMetrics) of_hub = kr_hub_server_read_metrics (f->server);
  g_autoptr (KrHubMetrics) both = kr_hub_metrics_merge (of_hub, own);
  g_autofree char *text = kr_hub_metrics_to_text (both);
  gsize n;

  g_assert_cmpstr (kr_hub_metric_get_name (visits), ==, "example.visits");
  g_assert_cmpstr (kr_hub_metric_get_unit (visits), ==, "{visit}");
  g_assert_cmpint (kr_hub_metric_get_kind (time), ==, KR_HUB_METRIC_HISTOGRAM);
  g_assert_cmpuint (kr_hub_metric_get_value (time), ==, 3);
  g_assert_cmpfloat (kr_hub_metric_get_bounds (time, &n)[1], ==, 1);
  g_assert_cmpuint (n, ==, 2);
  g_assert_cmpuint (kr_hub_metrics_sum (own, "example.visits", wanted), ==, 14);
  /* Each family once, also one that has the name of a hub's. */
  g_assert_nonnull (strstr (text, "\nexample_visits_total{place=\"a=b\"} 7\nexample_visits_total{place=\"a=b\"} 7\n"));
  g_assert_nonnull (strstr (text, "\n# TYPE example_time_seconds histogram\n"));
  g_assert_nonnull (strstr (text, "\nexample_time_seconds_bucket{le=\"1.0\"} 1\nexample_time_seconds_bucket{le=\"+Inf\"} 3\n"));
  g_assert_nonnull (strstr (text, "\nkrhub_server_groups 5\n"));
  g_assert_null (strstr (strstr (text, "# TYPE krhub_server_groups ") + 1, "# TYPE krhub_server_groups "));
  g_assert_null (strstr (strstr (text, "# TYPE example_visits ") + 1, "# TYPE example_visits "));
}

/* --- other threads --- */

static gpointer
read_elsewhere (gpointer data)
{
  Fixture *f = data;
  g_autoptr (GMainContext) context = g_main_context_new ();
  g_autoptr (GAsyncResult) result = NULL;
  KrHubMetrics *metrics;

  g_main_context_push_thread_default (context);
  kr_hub_server_read_metrics_async (f->server, NULL, kr_test_store_result, &result);
  kr_test_wait_result ("metrics", &result);
  metrics = kr_hub_server_read_metrics_finish (f->server, result, NULL);
  g_main_context_pop_thread_default (context);
  g_main_context_wakeup (NULL);
  return metrics;
}

static void
test_thread (Fixture *f, gconstpointer data)
{
  g_autoptr (KrTestPeer) peer = kr_test_peer_new (f->server, NULL);
  GThread *thread = g_thread_new ("reader", read_elsewhere, f);
  g_autoptr (KrHubMetrics) metrics = NULL;

  /* The read arrives as one source of this context. */
  while (!g_main_context_iteration (NULL, TRUE))
    ;
  metrics = g_thread_join (thread);
  g_assert_cmpuint (kr_hub_metrics_sum (metrics, "signalr.server.active_connections", NULL), ==, 1);
}

static void
test_read_cancelled (Fixture *f, gconstpointer data)
{
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;

  kr_hub_server_read_metrics_async (f->server, cancellable, kr_test_store_result, &result);
  g_cancellable_cancel (cancellable);
  kr_test_wait_result ("metrics", &result);
  g_assert_null (kr_hub_server_read_metrics_finish (f->server, result, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
}

#define ADD(name, func) g_test_add ("/metrics/" name, Fixture, NULL, set_up, func, tear_down)

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  ADD ("invocations", test_invocations);
  ADD ("cancelled", test_cancelled);
  ADD ("connections", test_connections);
  ADD ("traffic", test_traffic);
  ADD ("rate-limit", test_rate_limit);
  ADD ("reconnects", test_reconnects);
  ADD ("text", test_text);
  ADD ("own", test_own);
  ADD ("thread", test_thread);
  ADD ("read-cancelled", test_read_cancelled);
  return g_test_run ();
}
