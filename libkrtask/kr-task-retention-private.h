/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* KrTaskRetention: the finished jobs of a list, and how many of them stay. */
#pragma once

#include "kr-task-job.h"

typedef struct
{
  KrTaskJob *first, *last; /* not owned, the one that finished first in front */
  guint length;
} KrTaskRetentionQueue;

/* A job's place among the finished ones, kept inside the job. */
typedef struct
{
  KrTaskJob *previous, *next;
  KrTaskRetentionQueue *queue; /* NULL: in none */
  gsize size;                  /* of its result, as it was counted */
} KrTaskRetentionLink;

/* The owner's context only. */
typedef struct
{
  KrTaskRetentionQueue passing;
  KrTaskRetentionQueue kept; /* found to be kept when it was their turn */
  guint64 bytes;             /* of the results of all */
  guint max_length;
  guint max_seconds; /* 0: for ever */
  guint64 max_bytes;
} KrTaskRetention;

void kr_task_retention_init (KrTaskRetention *self);
void kr_task_retention_add (KrTaskRetention *self, KrTaskJob *job);
void kr_task_retention_remove (KrTaskRetention *self, KrTaskJob *job);
void kr_task_retention_review (KrTaskRetention *self);
KrTaskJob *kr_task_retention_get_surplus (KrTaskRetention *self, gint64 now);
gint64 kr_task_retention_get_due (KrTaskRetention *self);
