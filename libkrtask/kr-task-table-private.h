/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* KrTaskTable: jobs by id, in any case of letters; a hash table whose links are inside the jobs. */
#pragma once

#include "kr-task-job.h"

/* A job's place in the table, kept inside the job. */
typedef struct
{
  KrTaskJob *next;
  guint hash;
  gboolean is_in;
} KrTaskTableLink;

/* Not owned jobs; who inserts one holds a reference to it. */
typedef struct
{
  KrTaskJob **buckets;
  guint n_buckets; /* a power of two */
  guint n_jobs;
  guint64 seed; /* so that nobody can choose ids that collide */
} KrTaskTable;

void kr_task_table_init (KrTaskTable *self);
void kr_task_table_clear (KrTaskTable *self);
KrTaskJob *kr_task_table_lookup (KrTaskTable *self, const char *id);
void kr_task_table_insert (KrTaskTable *self, KrTaskJob *job);
gboolean kr_task_table_remove (KrTaskTable *self, KrTaskJob *job);
GPtrArray *kr_task_table_dup_jobs (KrTaskTable *self);
