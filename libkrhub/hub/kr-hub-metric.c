/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* KrHubMetric: one number that a hub has counted. */
#include "config.h"

#include "kr-hub-metrics-private.h"

G_DEFINE_BOXED_TYPE (KrHubMetric, kr_hub_metric, kr_hub_metric_ref, kr_hub_metric_unref)

G_DEFINE_ENUM_TYPE (KrHubMetricKind, kr_hub_metric_kind,
                    G_DEFINE_ENUM_VALUE (KR_HUB_METRIC_COUNTER, "counter"),
                    G_DEFINE_ENUM_VALUE (KR_HUB_METRIC_GAUGE, "gauge"),
                    G_DEFINE_ENUM_VALUE (KR_HUB_METRIC_HISTOGRAM, "histogram"))

/* The first two are ASP.NET Core's (signalr.md 10). */
static const KrHubMetricDefinition definitions[KR_HUB_N_METRICS] = {
  [KR_HUB_METRIC_ACTIVE_CONNECTIONS] = { "signalr.server.active_connections", "{connection}",
                                         "Number of connections that are currently active on the server.",
                                         KR_HUB_METRIC_GAUGE },
  [KR_HUB_METRIC_CONNECTION_DURATION] = { "signalr.server.connection.duration", "s",
                                          "The duration of connections on the server.", KR_HUB_METRIC_HISTOGRAM },
  [KR_HUB_METRIC_PENDING_HANDSHAKES] = { "krhub.server.pending_handshakes", "{connection}",
                                         "Connections that have not done their handshake.", KR_HUB_METRIC_GAUGE },
  [KR_HUB_METRIC_CLOSED_CONNECTIONS] = { "krhub.server.closed_connections", "{connection}",
                                         "Connections that are over, by the reason.", KR_HUB_METRIC_COUNTER },
  [KR_HUB_METRIC_GROUPS] = { "krhub.server.groups", "{group}", "Groups that have members.", KR_HUB_METRIC_GAUGE },
  [KR_HUB_METRIC_USERS] = { "krhub.server.users", "{user}", "Users that have connections.", KR_HUB_METRIC_GAUGE },
  [KR_HUB_METRIC_INVOCATIONS] = { "krhub.server.invocations", "{invocation}", "Calls by clients that are over.",
                                  KR_HUB_METRIC_COUNTER },
  [KR_HUB_METRIC_ACTIVE_INVOCATIONS] = { "krhub.server.active_invocations", "{invocation}",
                                         "Calls by clients that are not answered yet, streams left out.",
                                         KR_HUB_METRIC_GAUGE },
  [KR_HUB_METRIC_ACTIVE_STREAMS] = { "krhub.server.active_streams", "{stream}", "Streams that have not ended.",
                                     KR_HUB_METRIC_GAUGE },
  [KR_HUB_METRIC_RATE_LIMITED] = { "krhub.server.rate_limited_invocations", "{invocation}",
                                   "Calls that were refused because their client makes too many.",
                                   KR_HUB_METRIC_COUNTER },
  [KR_HUB_METRIC_MESSAGES] = { "krhub.server.messages", "{message}", "Messages of the hub protocol.",
                               KR_HUB_METRIC_COUNTER },
  [KR_HUB_METRIC_IO] = { "krhub.server.io", "By", "Bytes of the hub protocol, handshakes included.",
                         KR_HUB_METRIC_COUNTER },
  [KR_HUB_METRIC_OUTBOX_USAGE] = { "krhub.server.outbox.usage", "By", "Bytes that wait for clients to read them.",
                                   KR_HUB_METRIC_GAUGE },
  [KR_HUB_METRIC_DROPPED_MESSAGES] = { "krhub.server.dropped_messages", "{message}",
                                       "Events that were dropped because a client does not read.", KR_HUB_METRIC_COUNTER },
  [KR_HUB_METRIC_DROPPED_IO] = { "krhub.server.dropped_io", "By", "Bytes of those events.", KR_HUB_METRIC_COUNTER },
  [KR_HUB_METRIC_LOST_TRANSPORTS] = { "krhub.server.lost_transports", "{transport}",
                                      "Transports that stateful connections have lost.", KR_HUB_METRIC_COUNTER },
  [KR_HUB_METRIC_RECONNECTS] = { "krhub.server.reconnects", "{transport}",
                                 "Transports over which stateful connections went on.", KR_HUB_METRIC_COUNTER },
  [KR_HUB_METRIC_REPLAYED_MESSAGES] = { "krhub.server.replayed_messages", "{message}",
                                        "Messages that were sent again after a reconnect.", KR_HUB_METRIC_COUNTER },
};

const KrHubMetricDefinition *
kr_hub_metric_id_get_definition (KrHubMetricId id)
{
  return &definitions[id];
}

/* What is static for a hub's. */
static void
free_own (KrHubMetric *self)
{
  KrHubMetricDefinition *definition = (KrHubMetricDefinition *) self->definition;

  for (guint i = 0; i < self->n_attributes; i++)
    g_free ((char *) self->attributes[i].name);
  g_free ((char *) definition->name);
  g_free ((char *) definition->unit);
  g_free ((char *) definition->description);
  g_free (definition);
  g_free ((gdouble *) self->bounds);
}

static KrHubMetric *
new_foreign (const char *name,
             KrHubMetricKind kind,
             const char *unit,
             const char *description,
             const char *const *attributes)
{
  KrHubMetric *self = g_new0 (KrHubMetric, 1);
  KrHubMetricDefinition *definition = g_new (KrHubMetricDefinition, 1);

  *definition = (KrHubMetricDefinition) { g_strdup (name), g_strdup (unit), g_strdup (description), kind };
  g_atomic_ref_count_init (&self->ref_count);
  self->definition = definition;
  self->foreign = TRUE;
  for (; attributes != NULL && *attributes != NULL && self->n_attributes < KR_HUB_METRIC_MAX_ATTRIBUTES; attributes++)
    {
      const char *equals = strchr (*attributes, '=');

      if (equals != NULL)
        kr_hub_metric_add_attribute (self, g_strndup (*attributes, equals - *attributes), equals + 1);
    }
  return self;
}

/**
 * kr_hub_metric_new:
 * @name: a name in OpenTelemetry's style, such as `example.server.visits`
 * @kind: %KR_HUB_METRIC_COUNTER or %KR_HUB_METRIC_GAUGE
 * @unit: the unit as OpenTelemetry writes it: `s`, `By`, or what is counted in braces
 * @description: a sentence
 * @attributes: (nullable) (array zero-terminated=1): what tells it from others of that name, up to eight `name=value`
 * @value: the value
 *
 * Makes a metric of whatever a program counts itself, to be shown along with those of a hub ([ctor@KrHub.Metrics.new]). What
 * clients choose must not become an attribute, or they can make up series without end. Any thread.
 *
 * Returns: (transfer full): a metric
 *
 * Since: 0.1
 */
KrHubMetric *
kr_hub_metric_new (const char *name,
                   KrHubMetricKind kind,
                   const char *unit,
                   const char *description,
                   const char *const *attributes,
                   guint64 value)
{
  KrHubMetric *self;

  g_return_val_if_fail (name != NULL && unit != NULL && description != NULL, NULL);
  g_return_val_if_fail (kind != KR_HUB_METRIC_HISTOGRAM, NULL);

  self = new_foreign (name, kind, unit, description, attributes);
  self->value = value;
  return self;
}

/**
 * kr_hub_metric_new_histogram:
 * @name: as in [ctor@KrHub.Metric.new]
 * @unit: likewise
 * @description: likewise
 * @attributes: (nullable) (array zero-terminated=1): likewise
 * @bounds: (array length=n_bounds): the largest value of each bucket but the last, rising
 * @n_bounds: how many there are
 * @buckets: (array): how many values fell into each bucket, one more than there are @bounds
 * @sum: the sum of all values
 *
 * Makes a histogram, likewise.
 *
 * Returns: (transfer full): a metric
 *
 * Since: 0.1
 */
KrHubMetric *
kr_hub_metric_new_histogram (const char *name,
                             const char *unit,
                             const char *description,
                             const char *const *attributes,
                             const gdouble *bounds,
                             gsize n_bounds,
                             const guint64 *buckets,
                             gdouble sum)
{
  KrHubMetric *self;

  g_return_val_if_fail (name != NULL && unit != NULL && description != NULL, NULL);
  g_return_val_if_fail (bounds != NULL && n_bounds > 0 && buckets != NULL, NULL);

  self = new_foreign (name, KR_HUB_METRIC_HISTOGRAM, unit, description, attributes);
  kr_hub_metric_set_histogram (self, g_memdup2 (bounds, n_bounds * sizeof *bounds), buckets, n_bounds + 1, sum);
  return self;
}

/**
 * kr_hub_metric_ref:
 * @self: a metric
 *
 * Takes a reference. Any thread.
 *
 * Returns: (transfer full): @self
 *
 * Since: 0.1
 */
KrHubMetric *
kr_hub_metric_ref (KrHubMetric *self)
{
  g_return_val_if_fail (self != NULL, NULL);
  g_atomic_ref_count_inc (&self->ref_count);
  return self;
}

/**
 * kr_hub_metric_unref:
 * @self: (transfer full): a metric
 *
 * Gives up a reference. Any thread.
 *
 * Since: 0.1
 */
void
kr_hub_metric_unref (KrHubMetric *self)
{
  g_return_if_fail (self != NULL);
  if (!g_atomic_ref_count_dec (&self->ref_count))
    return;
  for (guint i = 0; i < self->n_attributes; i++)
    g_free (self->attributes[i].value);
  if (self->foreign)
    free_own (self);
  g_free (self->buckets);
  g_free (self);
}

void
kr_hub_metric_add_attribute (KrHubMetric *self, const char *name, const char *value)
{
  g_assert (self->n_attributes < KR_HUB_METRIC_MAX_ATTRIBUTES);
  self->attributes[self->n_attributes].name = name;
  self->attributes[self->n_attributes++].value = g_strdup (value);
}

void
kr_hub_metric_set_histogram (KrHubMetric *self,
                             const gdouble *bounds,
                             const guint64 *buckets,
                             gsize n_buckets,
                             gdouble sum)
{
  self->bounds = bounds;
  self->buckets = g_memdup2 (buckets, n_buckets * sizeof *buckets);
  self->n_buckets = n_buckets;
  self->sum = sum;
  self->value = 0;
  for (gsize i = 0; i < n_buckets; i++)
    self->value += buckets[i];
}

/**
 * kr_hub_metric_get_name:
 * @self: a metric
 *
 * Gets the name, that of ASP.NET Core where it counts the same. Any thread.
 *
 * Returns: (transfer none): a name such as `signalr.server.active_connections`
 *
 * Since: 0.1
 */
const char *
kr_hub_metric_get_name (KrHubMetric *self)
{
  g_return_val_if_fail (self != NULL, NULL);
  return self->definition->name;
}

/**
 * kr_hub_metric_get_unit:
 * @self: a metric
 *
 * Gets the unit as OpenTelemetry writes it (UCUM). Any thread.
 *
 * Returns: (transfer none): `s`, `By`, or what is counted in braces, such as `{connection}`
 *
 * Since: 0.1
 */
const char *
kr_hub_metric_get_unit (KrHubMetric *self)
{
  g_return_val_if_fail (self != NULL, NULL);
  return self->definition->unit;
}

/**
 * kr_hub_metric_get_description:
 * @self: a metric
 *
 * Gets what is counted, in a sentence. Any thread.
 *
 * Returns: (transfer none): a sentence
 *
 * Since: 0.1
 */
const char *
kr_hub_metric_get_description (KrHubMetric *self)
{
  g_return_val_if_fail (self != NULL, NULL);
  return self->definition->description;
}

/**
 * kr_hub_metric_get_kind:
 * @self: a metric
 *
 * Gets what the value means. Any thread.
 *
 * Returns: the kind
 *
 * Since: 0.1
 */
KrHubMetricKind
kr_hub_metric_get_kind (KrHubMetric *self)
{
  g_return_val_if_fail (self != NULL, KR_HUB_METRIC_COUNTER);
  return self->definition->kind;
}

/**
 * kr_hub_metric_list_attributes:
 * @self: a metric
 *
 * Lists the names of the attributes, which tell metrics of one name apart. Any thread.
 *
 * Returns: (transfer full) (array zero-terminated=1): names such as `rpc.method`
 *
 * Since: 0.1
 */
char **
kr_hub_metric_list_attributes (KrHubMetric *self)
{
  char **names;

  g_return_val_if_fail (self != NULL, NULL);
  names = g_new0 (char *, self->n_attributes + 1);
  for (guint i = 0; i < self->n_attributes; i++)
    names[i] = g_strdup (self->attributes[i].name);
  return names;
}

/**
 * kr_hub_metric_get_attribute:
 * @self: a metric
 * @name: an attribute's name
 *
 * Gets an attribute. Any thread.
 *
 * Returns: (transfer none) (nullable): its value; %NULL if the metric has no such attribute
 *
 * Since: 0.1
 */
const char *
kr_hub_metric_get_attribute (KrHubMetric *self, const char *name)
{
  g_return_val_if_fail (self != NULL, NULL);
  g_return_val_if_fail (name != NULL, NULL);
  for (guint i = 0; i < self->n_attributes; i++)
    if (g_str_equal (self->attributes[i].name, name))
      return self->attributes[i].value;
  return NULL;
}

/**
 * kr_hub_metric_get_value:
 * @self: a metric
 *
 * Gets the value; of a histogram how many values it has seen. Any thread.
 *
 * Returns: the value
 *
 * Since: 0.1
 */
guint64
kr_hub_metric_get_value (KrHubMetric *self)
{
  g_return_val_if_fail (self != NULL, 0);
  return self->value;
}

/**
 * kr_hub_metric_get_sum:
 * @self: a metric
 *
 * Gets the sum of the values that a histogram has seen. Any thread.
 *
 * Returns: the sum in the metric's unit; 0 if the metric is no histogram
 *
 * Since: 0.1
 */
gdouble
kr_hub_metric_get_sum (KrHubMetric *self)
{
  g_return_val_if_fail (self != NULL, 0);
  return self->sum;
}

/**
 * kr_hub_metric_get_bounds:
 * @self: a metric
 * @n_bounds: (out): how many there are
 *
 * Gets the bounds of a histogram's buckets. Any thread.
 *
 * Returns: (transfer none) (nullable) (array length=n_bounds): the largest value of each bucket but the last, which has
 *   no bound; %NULL if the metric is no histogram
 *
 * Since: 0.1
 */
const gdouble *
kr_hub_metric_get_bounds (KrHubMetric *self, gsize *n_bounds)
{
  g_return_val_if_fail (self != NULL, NULL);
  g_return_val_if_fail (n_bounds != NULL, NULL);
  *n_bounds = self->bounds != NULL ? self->n_buckets - 1 : 0;
  return self->bounds;
}

/**
 * kr_hub_metric_get_buckets:
 * @self: a metric
 * @n_buckets: (out): how many there are
 *
 * Gets how many values fell into each of a histogram's buckets. Any thread.
 *
 * Returns: (transfer none) (nullable) (array length=n_buckets): the numbers, one more than there are bounds; %NULL if
 *   the metric is no histogram
 *
 * Since: 0.1
 */
const guint64 *
kr_hub_metric_get_buckets (KrHubMetric *self, gsize *n_buckets)
{
  g_return_val_if_fail (self != NULL, NULL);
  g_return_val_if_fail (n_buckets != NULL, NULL);
  *n_buckets = self->n_buckets;
  return self->buckets;
}
