/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* KrHubSoupHistogram: how long things took. */
#include "config.h"

#include "kr-hub-soup-histogram-private.h"

const gdouble kr_hub_soup_short_bounds[KR_HUB_SOUP_N_BOUNDS] = {
  0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10,
};

void
kr_hub_soup_histogram_add (KrHubSoupHistogram *self, const gdouble *bounds, gint64 duration)
{
  gdouble seconds = (gdouble) duration / G_USEC_PER_SEC;
  guint bucket = 0;

  while (bucket < KR_HUB_SOUP_N_BOUNDS && seconds > bounds[bucket])
    bucket++;
  self->buckets[bucket]++;
  self->sum += seconds;
}
