/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* KrHubMetric: one number that a hub has counted. */
#pragma once

#if !defined (KR_HUB_INSIDE) && !defined (KR_HUB_COMPILATION)
#error "Only <krhub.h> can be included directly."
#endif

#include <glib-object.h>

#include "kr-hub-visibility.h"

G_BEGIN_DECLS

/**
 * KrHubMetricKind:
 * @KR_HUB_METRIC_COUNTER: only grows
 * @KR_HUB_METRIC_GAUGE: as it is now
 * @KR_HUB_METRIC_HISTOGRAM: how often values fell into each bucket
 *
 * What a metric's value means.
 *
 * Since: 0.1
 */
typedef enum
{
  KR_HUB_METRIC_COUNTER,
  KR_HUB_METRIC_GAUGE,
  KR_HUB_METRIC_HISTOGRAM,
} KrHubMetricKind;

#define KR_HUB_TYPE_METRIC_KIND (kr_hub_metric_kind_get_type ())
KR_HUB_AVAILABLE_IN_ALL
GType kr_hub_metric_kind_get_type (void);

/**
 * KrHubMetric:
 *
 * One number that a hub, or a program, has counted: a metric's name, what it is about, and its value when it was read.
 *
 * Immutable and counted atomically, so any thread may have it.
 *
 * Since: 0.1
 */
typedef struct _KrHubMetric KrHubMetric;

#define KR_HUB_TYPE_METRIC (kr_hub_metric_get_type ())
KR_HUB_AVAILABLE_IN_ALL
GType kr_hub_metric_get_type (void);

KR_HUB_AVAILABLE_IN_ALL
KrHubMetric *kr_hub_metric_new (const char *name,
                                KrHubMetricKind kind,
                                const char *unit,
                                const char *description,
                                const char *const *attributes,
                                guint64 value);
KR_HUB_AVAILABLE_IN_ALL
KrHubMetric *kr_hub_metric_new_histogram (const char *name,
                                          const char *unit,
                                          const char *description,
                                          const char *const *attributes,
                                          const gdouble *bounds,
                                          gsize n_bounds,
                                          const guint64 *buckets,
                                          gdouble sum);
KR_HUB_AVAILABLE_IN_ALL
KrHubMetric *kr_hub_metric_ref (KrHubMetric *self);
KR_HUB_AVAILABLE_IN_ALL
void kr_hub_metric_unref (KrHubMetric *self);
KR_HUB_AVAILABLE_IN_ALL
const char *kr_hub_metric_get_name (KrHubMetric *self);
KR_HUB_AVAILABLE_IN_ALL
const char *kr_hub_metric_get_unit (KrHubMetric *self);
KR_HUB_AVAILABLE_IN_ALL
const char *kr_hub_metric_get_description (KrHubMetric *self);
KR_HUB_AVAILABLE_IN_ALL
KrHubMetricKind kr_hub_metric_get_kind (KrHubMetric *self);
KR_HUB_AVAILABLE_IN_ALL
char **kr_hub_metric_list_attributes (KrHubMetric *self);
KR_HUB_AVAILABLE_IN_ALL
const char *kr_hub_metric_get_attribute (KrHubMetric *self, const char *name);
KR_HUB_AVAILABLE_IN_ALL
guint64 kr_hub_metric_get_value (KrHubMetric *self);
KR_HUB_AVAILABLE_IN_ALL
gdouble kr_hub_metric_get_sum (KrHubMetric *self);
KR_HUB_AVAILABLE_IN_ALL
const gdouble *kr_hub_metric_get_bounds (KrHubMetric *self, gsize *n_bounds);
KR_HUB_AVAILABLE_IN_ALL
const guint64 *kr_hub_metric_get_buckets (KrHubMetric *self, gsize *n_buckets);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (KrHubMetric, kr_hub_metric_unref)

G_END_DECLS
