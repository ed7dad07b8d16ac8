/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* LoadRun: connects, calls, counts and measures for as long as the options say. */
#pragma once

#include "load-client.h"
#include "load-histogram.h"
#include "load-process.h"

typedef struct
{
  double connect_ms;
  guint64 rss_kib, pss_kib;
  guint n_descriptors;
} LoadRound;

typedef struct
{
  const LoadOptions *options;
  int epoll_fd;
  LoadClient *clients;          /* options->connections active ones, then the idle ones */
  guint n_clients;
  int *half_open;
  guint n_half_open;            /* of them in use */
  LoadCall call, join;
  guint n_started, n_ready, n_failed;
  guint32 source;               /* local address of the first connection */
  gboolean calling, measuring;
  guint64 next_ping_ns;
  guint next_ping;
  guint64 now_ns;               /* when the sockets were last looked at */
  /* results */
  guint64 n_messages;           /* counted while measuring */
  guint64 n_errors;             /* completions that failed or were too short */
  double connect_ms, seconds;
  LoadHistogram latency;
  LoadProcess before, start, end;   /* the server: before the first connection, while measuring */
  LoadRound *rounds;
  guint n_rounds;
  guint half_open_alive;
} LoadRun;

LoadRun *load_run_new (const LoadOptions *options);
gboolean load_run (LoadRun *self);
void load_run_free (LoadRun *self);
