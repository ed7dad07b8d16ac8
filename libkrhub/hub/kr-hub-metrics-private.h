/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* KrHubMetrics and KrHubMetric, as those who make and write them see them. */
#pragma once

#if !defined (KR_HUB_INSIDE) && !defined (KR_HUB_COMPILATION)
#error "This header is private to libkrhub."
#endif

#include "kr-hub-metrics.h"

G_BEGIN_DECLS

#define KR_HUB_METRIC_MAX_ATTRIBUTES 8

/* Every metric of a hub, in the order in which a text names them. */
typedef enum
{
  KR_HUB_METRIC_ACTIVE_CONNECTIONS,
  KR_HUB_METRIC_CONNECTION_DURATION,
  KR_HUB_METRIC_PENDING_HANDSHAKES,
  KR_HUB_METRIC_CLOSED_CONNECTIONS,
  KR_HUB_METRIC_GROUPS,
  KR_HUB_METRIC_USERS,
  KR_HUB_METRIC_INVOCATIONS,
  KR_HUB_METRIC_ACTIVE_INVOCATIONS,
  KR_HUB_METRIC_ACTIVE_STREAMS,
  KR_HUB_METRIC_RATE_LIMITED,
  KR_HUB_METRIC_MESSAGES,
  KR_HUB_METRIC_IO,
  KR_HUB_METRIC_OUTBOX_USAGE,
  KR_HUB_METRIC_DROPPED_MESSAGES,
  KR_HUB_METRIC_DROPPED_IO,
  KR_HUB_METRIC_LOST_TRANSPORTS,
  KR_HUB_METRIC_RECONNECTS,
  KR_HUB_METRIC_REPLAYED_MESSAGES,
} KrHubMetricId;

#define KR_HUB_N_METRICS (KR_HUB_METRIC_REPLAYED_MESSAGES + 1)

typedef struct
{
  const char *name;
  const char *unit;        /* UCUM, as OpenTelemetry uses it: `s`, `By`, or what is counted in braces */
  const char *description;
  KrHubMetricKind kind;
} KrHubMetricDefinition;

const KrHubMetricDefinition *kr_hub_metric_id_get_definition (KrHubMetricId id);

struct _KrHubMetric
{
  gatomicrefcount ref_count;
  const KrHubMetricDefinition *definition; /* static, as the names and bounds below, unless the metric is foreign */
  gboolean foreign;        /* a program's, or another library's: all of that is its own */
  guint n_attributes;
  struct
  {
    const char *name;
    char *value;
  } attributes[KR_HUB_METRIC_MAX_ATTRIBUTES];
  guint64 value;           /* of a histogram: how many values it has seen */
  gdouble sum;             /* of those */
  const gdouble *bounds;   /* NULL: no histogram */
  guint64 *buckets;        /* one more than bounds; not cumulated */
  gsize n_buckets;
};

struct _KrHubMetrics
{
  gatomicrefcount ref_count;
  GPtrArray *metrics;      /* of KrHubMetric */
};

KrHubMetrics *kr_hub_metrics_new_empty (void);
/* Until anybody else has it. The metric is borrowed; attributes are added to it right away. */
KrHubMetric *kr_hub_metrics_add (KrHubMetrics *self, KrHubMetricId id, guint64 value);
void kr_hub_metric_add_attribute (KrHubMetric *self, const char *name, const char *value);
/* @bounds is static, @buckets are copied. */
void kr_hub_metric_set_histogram (KrHubMetric *self, const gdouble *bounds, const guint64 *buckets, gsize n_buckets, gdouble sum);

G_END_DECLS
