/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* KrHubMetrics: all that a hub has counted, at one moment. */
#include "config.h"

#include "kr-hub-metrics-private.h"

G_DEFINE_BOXED_TYPE (KrHubMetrics, kr_hub_metrics, kr_hub_metrics_ref, kr_hub_metrics_unref)

KrHubMetrics *
kr_hub_metrics_new_empty (void)
{
  KrHubMetrics *self = g_new0 (KrHubMetrics, 1);

  g_atomic_ref_count_init (&self->ref_count);
  self->metrics = g_ptr_array_new_with_free_func ((GDestroyNotify) kr_hub_metric_unref);
  return self;
}

KrHubMetric *
kr_hub_metrics_add (KrHubMetrics *self, KrHubMetricId id, guint64 value)
{
  KrHubMetric *metric = g_new0 (KrHubMetric, 1);

  g_atomic_ref_count_init (&metric->ref_count);
  metric->definition = kr_hub_metric_id_get_definition (id);
  metric->value = value;
  g_ptr_array_add (self->metrics, metric);
  return metric;
}

/**
 * kr_hub_metrics_new:
 * @metrics: (array length=n_metrics): metrics; references are taken
 * @n_metrics: how many there are
 *
 * Puts metrics of a program's own together, for [method@KrHub.Metrics.merge] with those of a hub. Any thread.
 *
 * Returns: (transfer full): the metrics
 *
 * Since: 0.1
 */
KrHubMetrics *
kr_hub_metrics_new (KrHubMetric *const *metrics, gsize n_metrics)
{
  KrHubMetrics *self;

  g_return_val_if_fail (metrics != NULL || n_metrics == 0, NULL);

  self = kr_hub_metrics_new_empty ();
  for (gsize i = 0; i < n_metrics; i++)
    g_ptr_array_add (self->metrics, kr_hub_metric_ref (metrics[i]));
  return self;
}

/**
 * kr_hub_metrics_ref:
 * @self: metrics
 *
 * Takes a reference. Any thread.
 *
 * Returns: (transfer full): @self
 *
 * Since: 0.1
 */
KrHubMetrics *
kr_hub_metrics_ref (KrHubMetrics *self)
{
  g_return_val_if_fail (self != NULL, NULL);
  g_atomic_ref_count_inc (&self->ref_count);
  return self;
}

/**
 * kr_hub_metrics_unref:
 * @self: (transfer full): metrics
 *
 * Gives up a reference. Any thread.
 *
 * Since: 0.1
 */
void
kr_hub_metrics_unref (KrHubMetrics *self)
{
  g_return_if_fail (self != NULL);
  if (!g_atomic_ref_count_dec (&self->ref_count))
    return;
  g_ptr_array_unref (self->metrics);
  g_free (self);
}

static void
add_all (KrHubMetrics *self, KrHubMetrics *from)
{
  for (guint i = 0; i < from->metrics->len; i++)
    g_ptr_array_add (self->metrics, kr_hub_metric_ref (from->metrics->pdata[i]));
}

/**
 * kr_hub_metrics_merge:
 * @self: metrics of one hub
 * @other: metrics of another one, with another [property@KrHub.Server:name], or of something else
 *
 * Puts the metrics of two hubs together, as one text has to name each of them once. Any thread.
 *
 * Returns: (transfer full): the metrics of both
 *
 * Since: 0.1
 */
KrHubMetrics *
kr_hub_metrics_merge (KrHubMetrics *self, KrHubMetrics *other)
{
  KrHubMetrics *both;

  g_return_val_if_fail (self != NULL, NULL);
  g_return_val_if_fail (other != NULL, NULL);
  both = kr_hub_metrics_new_empty ();
  add_all (both, self);
  add_all (both, other);
  return both;
}

/**
 * kr_hub_metrics_list:
 * @self: metrics
 * @name: (nullable): which; %NULL for all
 *
 * Lists the metrics, or those of one name, which differ in their attributes. Any thread.
 *
 * Returns: (transfer container) (element-type KrHub.Metric): the metrics
 *
 * Since: 0.1
 */
GPtrArray *
kr_hub_metrics_list (KrHubMetrics *self, const char *name)
{
  GPtrArray *list;

  g_return_val_if_fail (self != NULL, NULL);
  list = g_ptr_array_new_with_free_func ((GDestroyNotify) kr_hub_metric_unref);
  for (guint i = 0; i < self->metrics->len; i++)
    if (name == NULL || g_str_equal (kr_hub_metric_get_name (self->metrics->pdata[i]), name))
      g_ptr_array_add (list, kr_hub_metric_ref (self->metrics->pdata[i]));
  return list;
}

static gboolean
has_attribute (KrHubMetric *metric, const char *wanted)
{
  for (guint i = 0; i < metric->n_attributes; i++)
    {
      gsize len = strlen (metric->attributes[i].name);

      if (strncmp (wanted, metric->attributes[i].name, len) == 0 && wanted[len] == '=' &&
          g_str_equal (wanted + len + 1, metric->attributes[i].value))
        return TRUE;
    }
  return FALSE;
}

static gboolean
has_attributes (KrHubMetric *metric, const char *const *wanted)
{
  for (guint i = 0; wanted != NULL && wanted[i] != NULL; i++)
    if (!has_attribute (metric, wanted[i]))
      return FALSE;
  return TRUE;
}

/**
 * kr_hub_metrics_sum:
 * @self: metrics
 * @name: which
 * @attributes: (nullable) (array zero-terminated=1): attributes that they must have, each as `name=value`
 *
 * Adds up the values of all metrics with that name and those attributes. Any thread.
 *
 * Returns: the sum; 0 if there are none
 *
 * Since: 0.1
 */
guint64
kr_hub_metrics_sum (KrHubMetrics *self, const char *name, const char *const *attributes)
{
  guint64 sum = 0;

  g_return_val_if_fail (self != NULL, 0);
  g_return_val_if_fail (name != NULL, 0);
  for (guint i = 0; i < self->metrics->len; i++)
    {
      KrHubMetric *metric = self->metrics->pdata[i];

      if (g_str_equal (kr_hub_metric_get_name (metric), name) && has_attributes (metric, attributes))
        sum += metric->value;
    }
  return sum;
}
