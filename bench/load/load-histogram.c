/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* LoadHistogram: how often each duration was seen, within one percent. */
#include "config.h"

#include "load-histogram.h"

/* 64 steps for each power of two; below 128 ns the step is one nanosecond. */
static guint
bucket_of (guint64 ns)
{
  guint shift = ns < 128 ? 0 : 63 - __builtin_clzll (ns) - 6;

  return shift == 0 ? ns : shift * 64 + (ns >> shift);
}

/* The middle of what falls into the bucket. */
static guint64
middle_of (guint bucket)
{
  guint shift = bucket < 128 ? 0 : bucket / 64 - 1;

  return shift == 0 ? bucket : ((guint64) (bucket - shift * 64) << shift) + ((guint64) 1 << (shift - 1));
}

void
load_histogram_add (LoadHistogram *self, guint64 ns)
{
  self->counts[bucket_of (ns)]++;
  self->total++;
  self->max_ns = MAX (self->max_ns, ns);
}

/* share: 0.5 for the median. Returns: microseconds, 0 if nothing was added */
double
load_histogram_get_us (const LoadHistogram *self, double share)
{
  guint64 wanted = share * self->total, seen = 0;

  for (guint i = 0; i < LOAD_HISTOGRAM_SIZE; i++)
    {
      seen += self->counts[i];
      if (seen > wanted)
        return MIN (middle_of (i), self->max_ns) / 1e3;
    }
  return self->max_ns / 1e3;
}
