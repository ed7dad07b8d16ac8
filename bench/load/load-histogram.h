/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* LoadHistogram: how often each duration was seen, within one percent. */
#pragma once

#include <glib.h>

#define LOAD_HISTOGRAM_SIZE (64 * 128)

typedef struct
{
  guint64 counts[LOAD_HISTOGRAM_SIZE];
  guint64 total;
  guint64 max_ns;
} LoadHistogram;

void load_histogram_add (LoadHistogram *self, guint64 ns);
double load_histogram_get_us (const LoadHistogram *self, double share);
