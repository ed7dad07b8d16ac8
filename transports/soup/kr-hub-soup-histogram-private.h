/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* KrHubSoupHistogram: how long things took. */
#pragma once

#if !defined (KR_HUB_SOUP_COMPILATION)
#error "Private header of transports/soup."
#endif

#include <glib.h>

G_BEGIN_DECLS

#define KR_HUB_SOUP_N_BOUNDS 14

/* All zero is a valid empty one. */
typedef struct
{
  guint64 buckets[KR_HUB_SOUP_N_BOUNDS + 1];
  gdouble sum;  /* seconds */
} KrHubSoupHistogram;

/* ASP.NET Core's for requests, in seconds. */
extern const gdouble kr_hub_soup_short_bounds[KR_HUB_SOUP_N_BOUNDS];

/* @duration: µs */
void kr_hub_soup_histogram_add (KrHubSoupHistogram *self, const gdouble *bounds, gint64 duration);

G_END_DECLS
