/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* KrHubMetrics: all that a hub has counted, at one moment. */
#pragma once

#if !defined (KR_HUB_INSIDE) && !defined (KR_HUB_COMPILATION)
#error "Only <krhub.h> can be included directly."
#endif

#include "kr-hub-metric.h"

G_BEGIN_DECLS

/**
 * KR_HUB_METRICS_CONTENT_TYPE:
 *
 * The media type of [method@KrHub.Metrics.to_text].
 *
 * Since: 0.1
 */
#define KR_HUB_METRICS_CONTENT_TYPE "application/openmetrics-text; version=1.0.0; charset=utf-8"

/**
 * KrHubMetrics:
 *
 * All that a hub has counted, at one moment: see [method@KrHub.Server.read_metrics].
 *
 * Immutable and counted atomically, so any thread may have it.
 *
 * Since: 0.1
 */
typedef struct _KrHubMetrics KrHubMetrics;

#define KR_HUB_TYPE_METRICS (kr_hub_metrics_get_type ())
KR_HUB_AVAILABLE_IN_ALL
GType kr_hub_metrics_get_type (void);

KR_HUB_AVAILABLE_IN_ALL
KrHubMetrics *kr_hub_metrics_new (KrHubMetric *const *metrics, gsize n_metrics);
KR_HUB_AVAILABLE_IN_ALL
KrHubMetrics *kr_hub_metrics_ref (KrHubMetrics *self);
KR_HUB_AVAILABLE_IN_ALL
void kr_hub_metrics_unref (KrHubMetrics *self);
KR_HUB_AVAILABLE_IN_ALL
KrHubMetrics *kr_hub_metrics_merge (KrHubMetrics *self, KrHubMetrics *other);
KR_HUB_AVAILABLE_IN_ALL
GPtrArray *kr_hub_metrics_list (KrHubMetrics *self, const char *name);
KR_HUB_AVAILABLE_IN_ALL
guint64 kr_hub_metrics_sum (KrHubMetrics *self, const char *name, const char *const *attributes);
KR_HUB_AVAILABLE_IN_ALL
char *kr_hub_metrics_to_text (KrHubMetrics *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (KrHubMetrics, kr_hub_metrics_unref)

G_END_DECLS
