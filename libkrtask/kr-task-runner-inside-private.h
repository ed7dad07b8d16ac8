/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* The inside of KrTaskRunner, for its own files. */
#pragma once

#include "kr-task-job-private.h"

#define CACHE_LINE 64

struct _KrTaskQueue
{
  KrTaskJob *first, *last;
  guint length;
  int priority;
  gboolean is_of_key; /* who waits in it waits for its key, not for a slot */
};

/* All unfinished jobs with one key: one may run, the others wait here until it has finished. */
typedef struct
{
  KrTaskJob *current;
  KrTaskQueue waiting;
} KrTaskKeyEntry;

struct _KrTaskRunner
{
  gatomicrefcount ref_count; /* mostly counted by one thread, which should not wait for the line of the lock */
  GMainContext *owner;
  char before_lock[CACHE_LINE];
  KrTaskLock lock;   /* guards all below; may be taken inside a job's lock, and is never held while calling out */
  GPtrArray *queues; /* of KrTaskQueue, the highest priority first */
  GHashTable *keys;  /* of KrTaskKeyEntry by key */
  guint max_concurrent;
  guint max_queued;
  guint n_slots_used; /* bodies that have not returned, detached ones included, and jobs on their way to a thread */
  guint n_waiting; /* for a slot */
  guint n_held;    /* in the queue of their key */
  guint n_watched; /* of both, whose place somebody follows */
  GSource *telling; /* NULL: every place is told near enough */
  gint64 next_telling; /* not before: monotonic, µs */
  gboolean has_seeker; /* a thread is going to look for a job, and need not be woken */
  int called;          /* atomic: it need not wait any longer */
  int interval_ms;     /* atomic: between two announcements of places */
  KrTaskTimer timer;
  GThreadPool *bodies;
  GThreadPool *calls; /* short work that must not wait for a body: handlers of cancellables, deadlines */
};

/* kr-task-runner-places.c; with the lock of the runner held */
guint kr_task_runner_count_before (KrTaskRunner *self, KrTaskQueue *queue); /* jobs that come before all of @queue */
void kr_task_runner_tell_places (KrTaskRunner *self);

/* Lock held. Somebody came into the queue, or left it. */
static inline void
kr_task_runner_note_move (KrTaskRunner *self)
{
  if (self->n_watched > 0 && self->telling == NULL)
    kr_task_runner_tell_places (self);
}
