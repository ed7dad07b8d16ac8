/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* KrHubMetrics as OpenMetrics text. */
#include "config.h"

#include "kr-hub-metrics-private.h"

/* OpenMetrics 1.0, "ABNF" and "Overall Structure"; names as OpenTelemetry's rules for Prometheus make them. */

static void
append_name (GString *text, const char *name)
{
  for (const char *p = name; *p != '\0'; p++)
    g_string_append_c (text, g_ascii_isalnum (*p) ? *p : '_');
}

static const char *
get_unit_word (const KrHubMetricDefinition *definition)
{
  if (g_str_equal (definition->unit, "s"))
    return "seconds";
  if (g_str_equal (definition->unit, "By"))
    return "bytes";
  return NULL;
}

static void
append_family (GString *text, const KrHubMetricDefinition *definition)
{
  const char *unit = get_unit_word (definition);

  append_name (text, definition->name);
  if (unit != NULL)
    g_string_append_printf (text, "_%s", unit);
}

static void
append_escaped (GString *text, const char *value)
{
  for (const char *p = value; *p != '\0'; p++)
    if (*p == '\n')
      g_string_append (text, "\\n");
    else
      {
        if (*p == '"' || *p == '\\')
          g_string_append_c (text, '\\');
        g_string_append_c (text, *p);
      }
}

/* @bound: of a bucket, or NULL. */
static void
append_labels (GString *text, KrHubMetric *metric, const char *bound)
{
  if (metric->n_attributes == 0 && bound == NULL)
    return;
  g_string_append_c (text, '{');
  for (guint i = 0; i < metric->n_attributes; i++)
    {
      if (i > 0)
        g_string_append_c (text, ',');
      append_name (text, metric->attributes[i].name);
      g_string_append (text, "=\"");
      append_escaped (text, metric->attributes[i].value);
      g_string_append_c (text, '"');
    }
  if (bound != NULL)
    g_string_append_printf (text, "%sle=\"%s\"", metric->n_attributes > 0 ? "," : "", bound);
  g_string_append_c (text, '}');
}

static void
append_sample (GString *text, KrHubMetric *metric, const char *suffix, const char *bound, guint64 value)
{
  append_family (text, metric->definition);
  g_string_append (text, suffix);
  append_labels (text, metric, bound);
  g_string_append_printf (text, " %" G_GUINT64_FORMAT "\n", value);
}

/* As OpenMetrics shows them: floats, whole ones too. */
static const char *
format_double (char buffer[G_ASCII_DTOSTR_BUF_SIZE], gdouble value)
{
  g_ascii_formatd (buffer, G_ASCII_DTOSTR_BUF_SIZE, "%.9g", value);
  if (strpbrk (buffer, ".en") == NULL)
    g_strlcat (buffer, ".0", G_ASCII_DTOSTR_BUF_SIZE);
  return buffer;
}

static void
append_histogram (GString *text, KrHubMetric *metric)
{
  char buffer[G_ASCII_DTOSTR_BUF_SIZE];
  guint64 so_far = 0;

  for (gsize i = 0; i < metric->n_buckets; i++)
    {
      so_far += metric->buckets[i];
      append_sample (text, metric, "_bucket",
                     i + 1 < metric->n_buckets ? format_double (buffer, metric->bounds[i]) : "+Inf",
                     so_far);
    }
  append_sample (text, metric, "_count", NULL, metric->value);
  append_family (text, metric->definition);
  g_string_append (text, "_sum");
  append_labels (text, metric, NULL);
  g_string_append_printf (text, " %s\n", format_double (buffer, metric->sum));
}

static void
append_metric (GString *text, KrHubMetric *metric)
{
  switch (kr_hub_metric_get_kind (metric))
    {
    case KR_HUB_METRIC_COUNTER:
      append_sample (text, metric, "_total", NULL, metric->value);
      break;
    case KR_HUB_METRIC_GAUGE:
      append_sample (text, metric, "", NULL, metric->value);
      break;
    case KR_HUB_METRIC_HISTOGRAM:
      append_histogram (text, metric);
      break;
    default:
      g_assert_not_reached ();
    }
}

static void
append_head (GString *text, const KrHubMetricDefinition *definition)
{
  static const char *const types[] = { "counter", "gauge", "histogram" };
  const char *unit = get_unit_word (definition);

  g_string_append (text, "# TYPE ");
  append_family (text, definition);
  g_string_append_printf (text, " %s\n", types[definition->kind]);
  if (unit != NULL)
    {
      g_string_append (text, "# UNIT ");
      append_family (text, definition);
      g_string_append_printf (text, " %s\n", unit);
    }
  g_string_append (text, "# HELP ");
  append_family (text, definition);
  g_string_append_printf (text, " %s\n", definition->description);
}

/* All of that name, whose first one is at @first. */
static void
append_all (GString *text, KrHubMetrics *self, guint first)
{
  const KrHubMetricDefinition *definition = ((KrHubMetric *) self->metrics->pdata[first])->definition;

  append_head (text, definition);
  for (guint i = first; i < self->metrics->len; i++)
    {
      KrHubMetric *metric = self->metrics->pdata[i];

      if (g_str_equal (metric->definition->name, definition->name))
        append_metric (text, metric);
    }
}

/* Returns the number of metrics if there is none of that name. */
static guint
find_first (KrHubMetrics *self, const char *name)
{
  guint i = 0;

  while (i < self->metrics->len && !g_str_equal (kr_hub_metric_get_name (self->metrics->pdata[i]), name))
    i++;
  return i;
}

static gboolean
is_hubs (const char *name)
{
  for (guint id = 0; id < KR_HUB_N_METRICS; id++)
    if (g_str_equal (kr_hub_metric_id_get_definition (id)->name, name))
      return TRUE;
  return FALSE;
}

/**
 * kr_hub_metrics_to_text:
 * @self: metrics
 *
 * Writes metrics for a collector such as Prometheus, to be served as %KR_HUB_METRICS_CONTENT_TYPE. OpenMetrics 1.0. Any
 * thread.
 *
 * Dots in names become underscores; seconds and bytes, and `_total` for counters, are part of the names. What one text
 * contains of several hubs goes through [method@KrHub.Metrics.merge] first.
 *
 * Returns: (transfer full): the text, which ends with `# EOF`
 *
 * Since: 0.1
 */
char *
kr_hub_metrics_to_text (KrHubMetrics *self)
{
  GString *text;

  g_return_val_if_fail (self != NULL, NULL);
  text = g_string_new (NULL);
  for (guint id = 0; id < KR_HUB_N_METRICS; id++)
    {
      guint first = find_first (self, kr_hub_metric_id_get_definition (id)->name);

      if (first < self->metrics->len)
        append_all (text, self, first);
    }
  for (guint i = 0; i < self->metrics->len; i++)
    {
      const char *name = kr_hub_metric_get_name (self->metrics->pdata[i]);

      if (!is_hubs (name) && find_first (self, name) == i)
        append_all (text, self, i);
    }
  g_string_append (text, "# EOF\n");
  return g_string_free (text, FALSE);
}
