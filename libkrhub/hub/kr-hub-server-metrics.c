/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* KrHubServer: what it has counted. */
#include "config.h"

#include "kr-hub-server-private.h"

#include "kr-hub-metrics-private.h"

static KrHubMetric *
add (KrHubServer *self, KrHubMetrics *metrics, KrHubMetricId id, guint64 value)
{
  KrHubMetric *metric = kr_hub_metrics_add (metrics, id, value);

  if (self->settings->name != NULL)
    kr_hub_metric_add_attribute (metric, "rpc.service", self->settings->name);
  return metric;
}

/* `WebSockets` is web_sockets to ASP.NET Core's metrics. */
static char *
to_snake_case (const char *name)
{
  GString *text = g_string_new (NULL);

  for (const char *p = name; *p != '\0'; p++)
    {
      if (g_ascii_isupper (*p) && p > name && g_ascii_islower (p[-1]))
        g_string_append_c (text, '_');
      g_string_append_c (text, g_ascii_tolower (*p));
    }
  return g_string_free (text, FALSE);
}

static KrHubMetric *
add_of_transport (KrHubServer *self, KrHubMetrics *metrics, KrHubMetricId id, const char *transport, guint64 value)
{
  KrHubMetric *metric = add (self, metrics, id, value);

  kr_hub_metric_add_attribute (metric, "signalr.transport", transport);
  return metric;
}

static void
add_connections (KrHubServer *self, KrHubMetrics *metrics, const KrHubTransportCounters *counters, const char *transport)
{
  add_of_transport (self, metrics, KR_HUB_METRIC_ACTIVE_CONNECTIONS, transport, counters->n_active);
  for (guint i = 0; i < KR_HUB_N_STATUSES; i++)
    {
      KrHubMetric *metric = add_of_transport (self, metrics, KR_HUB_METRIC_CONNECTION_DURATION, transport, 0);

      kr_hub_metric_add_attribute (metric, "signalr.connection.status", kr_hub_connection_status_get_name (i));
      kr_hub_metric_set_histogram (metric, kr_hub_counters_get_duration_bounds (), counters->durations[i],
                                   KR_HUB_N_DURATIONS, counters->total_duration[i]);
    }
  for (guint i = 0; i < KR_HUB_N_CLOSE_REASONS; i++)
    if (counters->n_closed[i] > 0)
      kr_hub_metric_add_attribute (
        add_of_transport (self, metrics, KR_HUB_METRIC_CLOSED_CONNECTIONS, transport, counters->n_closed[i]),
        "krhub.close.reason", kr_hub_close_reason_to_string (i));
  add_of_transport (self, metrics, KR_HUB_METRIC_LOST_TRANSPORTS, transport, counters->n_lost);
  add_of_transport (self, metrics, KR_HUB_METRIC_RECONNECTS, transport, counters->n_reattached);
  add_of_transport (self, metrics, KR_HUB_METRIC_REPLAYED_MESSAGES, transport, counters->n_replayed);
}

static void
add_messages (KrHubServer *self,
              KrHubMetrics *metrics,
              const guint64 *counts,
              const char *transport,
              const char *direction)
{
  static const char *const types[KR_HUB_N_MESSAGE_TYPES] = {
    NULL,  "invocation", "stream_item", "completion", "stream_invocation", "cancel_invocation", "ping", "close", "ack",
    "sequence",
  };

  for (guint i = 1; i < KR_HUB_N_MESSAGE_TYPES; i++)
    {
      KrHubMetric *metric;

      if (counts[i] == 0)
        continue;
      metric = add_of_transport (self, metrics, KR_HUB_METRIC_MESSAGES, transport, counts[i]);
      kr_hub_metric_add_attribute (metric, "network.io.direction", direction);
      kr_hub_metric_add_attribute (metric, "krhub.message.type", types[i]);
    }
}

static void
add_dropped (KrHubServer *self, KrHubMetrics *metrics, const KrHubTransportCounters *counters, const char *transport)
{
  static const char *const policies[] = { "drop_oldest", "latest_wins" };

  for (guint i = 0; i < G_N_ELEMENTS (policies); i++)
    {
      if (counters->n_dropped[i] == 0)
        continue;
      kr_hub_metric_add_attribute (
        add_of_transport (self, metrics, KR_HUB_METRIC_DROPPED_MESSAGES, transport, counters->n_dropped[i]),
        "krhub.outbox.policy", policies[i]);
      kr_hub_metric_add_attribute (
        add_of_transport (self, metrics, KR_HUB_METRIC_DROPPED_IO, transport, counters->n_bytes_dropped[i]),
        "krhub.outbox.policy", policies[i]);
    }
}

static void
add_transport (KrHubServer *self, KrHubMetrics *metrics, const KrHubTransportCounters *counters)
{
  g_autofree char *transport = to_snake_case (counters->name);

  add_connections (self, metrics, counters, transport);
  add_dropped (self, metrics, counters, transport);
  add_messages (self, metrics, counters->n_received, transport, "receive");
  add_messages (self, metrics, counters->n_sent, transport, "transmit");
  kr_hub_metric_add_attribute (
    add_of_transport (self, metrics, KR_HUB_METRIC_IO, transport, counters->n_bytes_received), "network.io.direction",
    "receive");
  kr_hub_metric_add_attribute (
    add_of_transport (self, metrics, KR_HUB_METRIC_IO, transport, counters->n_bytes_sent), "network.io.direction",
    "transmit");
}

static void
add_method (KrHubServer *self, KrHubMetrics *metrics, const char *name, const KrHubMethodCounters *counters)
{
  static const char *const outcomes[KR_HUB_N_OUTCOMES] = { "ok", "error", "cancelled", "refused" };

  for (guint i = 0; i < KR_HUB_N_OUTCOMES; i++)
    {
      KrHubMetric *metric = add (self, metrics, KR_HUB_METRIC_INVOCATIONS, counters->n[i]);

      kr_hub_metric_add_attribute (metric, "rpc.method", name);
      kr_hub_metric_add_attribute (metric, "krhub.outcome", outcomes[i]);
    }
}

static void
add_methods (KrHubServer *self, KrHubMetrics *metrics)
{
  GHashTableIter iter;
  KrHubMethod *method;

  g_hash_table_iter_init (&iter, self->dispatcher->methods);
  while (g_hash_table_iter_next (&iter, NULL, (gpointer *) &method))
    add_method (self, metrics, method->name, method->counters);
  /* One name for all: a client must not be able to make metrics up. */
  add_method (self, metrics, "", &self->settings->counters.unknown);
}

/* What is not counted but there to be looked at. */
static void
add_state (KrHubServer *self, KrHubMetrics *metrics)
{
  guint64 n_invocations = 0, n_streams = 0, n_bytes = 0;

  for (guint i = 0; i < self->router.members->len; i++)
    {
      KrHubConnection *connection = ((KrHubMember *) self->router.members->pdata[i])->connection;

      n_invocations += connection->running != NULL ? g_hash_table_size (connection->running) : 0;
      n_streams += kr_hub_stream_table_get_n (connection->streams);
      n_bytes += connection->session.outbox.size;
    }
  add (self, metrics, KR_HUB_METRIC_ACTIVE_INVOCATIONS, n_invocations);
  add (self, metrics, KR_HUB_METRIC_ACTIVE_STREAMS, n_streams);
  add (self, metrics, KR_HUB_METRIC_OUTBOX_USAGE, n_bytes);
  add (self, metrics, KR_HUB_METRIC_PENDING_HANDSHAKES, g_hash_table_size (self->pending));
  add (self, metrics, KR_HUB_METRIC_GROUPS, g_hash_table_size (self->router.groups));
  add (self, metrics, KR_HUB_METRIC_USERS, g_hash_table_size (self->router.users));
}

/**
 * kr_hub_server_read_metrics:
 * @self: a hub
 *
 * Reads what the hub has counted since it was made: connections by transport, status and reason of their end, calls by
 * method and outcome, messages and bytes, reconnects. In the thread of the hub; see
 * [method@KrHub.Server.read_metrics_async] for others.
 *
 * Nothing that a client chooses becomes a name: calls of methods that do not exist share the `rpc.method` that is empty.
 *
 * Returns: (transfer full): the metrics as they are now
 *
 * Since: 0.1
 */
KrHubMetrics *
kr_hub_server_read_metrics (KrHubServer *self)
{
  KrHubMetrics *metrics;
  const KrHubCounters *counters;

  g_return_val_if_fail (KR_HUB_IS_SERVER (self), NULL);

  metrics = kr_hub_metrics_new_empty ();
  counters = &self->settings->counters;
  for (guint i = 0; counters->transports != NULL && i < counters->transports->len; i++)
    add_transport (self, metrics, counters->transports->pdata[i]);
  add_methods (self, metrics);
  add (self, metrics, KR_HUB_METRIC_RATE_LIMITED, counters->n_rate_limited);
  add_state (self, metrics);
  return metrics;
}

static gboolean
read_arrived (gpointer data)
{
  GTask *task = data;

  if (!g_task_return_error_if_cancelled (task))
    g_task_return_pointer (task, kr_hub_server_read_metrics (g_task_get_source_object (task)),
                           (GDestroyNotify) kr_hub_metrics_unref);
  return G_SOURCE_REMOVE;
}

/**
 * kr_hub_server_read_metrics_async:
 * @self: a hub
 * @cancellable: (nullable): to wait no longer
 * @callback: called when the metrics are there
 * @user_data: data for @callback
 *
 * Reads what the hub has counted in the thread of the hub, for any other one, such as that of an HTTP server;
 * @callback is called in the main context of the thread that calls this.
 *
 * Since: 0.1
 */
void
kr_hub_server_read_metrics_async (KrHubServer *self,
                                  GCancellable *cancellable,
                                  GAsyncReadyCallback callback,
                                  gpointer user_data)
{
  g_autoptr (GTask) task = NULL;
  g_autoptr (GSource) source = NULL;

  g_return_if_fail (KR_HUB_IS_SERVER (self));

  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, kr_hub_server_read_metrics_async);
  source = g_idle_source_new ();
  g_source_set_static_name (source, "KrHubServer metrics");
  g_source_set_priority (source, G_PRIORITY_DEFAULT);
  g_source_set_callback (source, read_arrived, g_steal_pointer (&task), g_object_unref);
  g_source_attach (source, self->context);
}

/**
 * kr_hub_server_read_metrics_finish:
 * @self: a hub
 * @result: what the callback got
 * @error: return location for an error
 *
 * Finishes [method@KrHub.Server.read_metrics_async].
 *
 * Errors: %G_IO_ERROR_CANCELLED.
 *
 * Returns: (transfer full): the metrics; %NULL with @error set
 *
 * Since: 0.1
 */
KrHubMetrics *
kr_hub_server_read_metrics_finish (KrHubServer *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);
  return g_task_propagate_pointer (G_TASK (result), error);
}
