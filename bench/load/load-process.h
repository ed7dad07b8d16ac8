/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* LoadProcess: what a process has used so far, from /proc. */
#pragma once

#include <glib.h>

typedef struct
{
  guint64 thread_ns;    /* CPU time of the threads that live, in nanoseconds */
  guint64 tick_ns;      /* CPU time of all threads there ever were, in steps of a clock tick */
  guint64 rss_kib;
  guint64 pss_kib;
  guint n_descriptors;
  guint n_threads;
} LoadProcess;

void load_process_read (LoadProcess *self, int pid);
void load_process_read_cpu (LoadProcess *self, int pid);
double load_process_get_cpu_seconds (const LoadProcess *before, const LoadProcess *after);
