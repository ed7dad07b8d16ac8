/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* KrTaskRunner: the queue, the limit and the threads of one manager. */
#pragma once

#include "kr-task-job.h"
#include "kr-task-lock-private.h"

typedef struct _KrTaskRunner KrTaskRunner;
typedef struct _KrTaskQueue KrTaskQueue;

/* A job's place in the queue, kept inside the job and guarded by the lock of the runner. */
typedef struct
{
  KrTaskJob *previous, *next;
  KrTaskQueue *queue; /* NULL: not waiting */
  guint place;        /* as it was told last; 1 for the next one */
  gboolean watched;   /* somebody follows it; before submission the maker's */
} KrTaskQueueLink;

/* Of two announcements of one job. With what comes at once when it ends, no second sees more than ten: nine of these are
 * longer than that. */
#define KR_TASK_DEFAULT_INTERVAL_MS 112

KrTaskRunner *kr_task_runner_new (guint max_concurrent, GMainContext *owner);
KrTaskRunner *kr_task_runner_ref (KrTaskRunner *self);
void kr_task_runner_unref (KrTaskRunner *self);
void kr_task_runner_set_limits (KrTaskRunner *self, guint max_concurrent, guint max_queued);
guint kr_task_runner_get_max_concurrent (KrTaskRunner *self);
guint kr_task_runner_get_max_queued (KrTaskRunner *self);
GMainContext *kr_task_runner_get_owner (KrTaskRunner *self);
gboolean kr_task_runner_enqueue (KrTaskRunner *self, KrTaskJob *job, GPtrArray **others, gboolean *needs_dispatch,
                                 GError **error);
void kr_task_runner_dispatch (KrTaskRunner *self);
void kr_task_runner_remove (KrTaskRunner *self, KrTaskJob *job);
void kr_task_runner_release_key (KrTaskRunner *self, KrTaskJob *job);
void kr_task_runner_slot_free (KrTaskRunner *self);
guint kr_task_runner_get_position (KrTaskRunner *self, KrTaskJob *job);
guint kr_task_runner_watch_place (KrTaskRunner *self, KrTaskJob *job, gboolean now);
void kr_task_runner_set_interval (KrTaskRunner *self, guint interval_ms);
void kr_task_runner_set_deadline (KrTaskRunner *self, KrTaskJob *job, gint64 due);
void kr_task_runner_call (KrTaskRunner *self, GFunc func, gpointer data);
