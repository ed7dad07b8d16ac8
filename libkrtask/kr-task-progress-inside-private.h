/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* The inside of KrTaskProgress, for its own files. */
#pragma once

#include "kr-task-job-private.h"
#include "kr-task-progress-private.h"

/* What all steps of one job share; the last of them frees it. */
typedef struct
{
  gatomicrefcount ref_count;
  KrTaskLock lock;      /* guards all steps; taken inside a job's lock; never held while calling out */
  KrTaskJob *job;       /* not owned; NULL once it is being disposed of */
  KrTaskProgress *root; /* not owned; NULL once it is gone */
  gboolean dirty;       /* the job knows that there is news */
  gboolean frozen;      /* the job has finished: nothing changes any more */
  gint64 last_flush;    /* monotonic, µs; 0: never */
} KrTaskProgressTree;

struct _KrTaskProgress
{
  GObject parent_instance;

  KrTaskProgressTree *tree;
  KrTaskProgress *parent; /* not owned; NULL for the root, and when it is gone */
  GPtrArray *steps;       /* NULL: none */
  char *name;
  guint weight;

  double fraction; /* NAN: unknown; read atomically without the lock, written by set_fraction() only */
  GString *message;
  guint64 done, total;
  char *unit;
  GHashTable *details; /* NULL: none */

  /* measured at most once per RATE_INTERVAL */
  gint64 measured_at;
  guint64 measured_done;
  double measured_fraction;
  double rate;          /* units per second */
  double fraction_rate; /* 1 per second */
};
