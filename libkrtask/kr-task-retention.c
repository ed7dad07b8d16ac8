/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* KrTaskRetention: the finished jobs of a list, and how many of them stay. */
#include "config.h"

#include "kr-task-job-private.h"
#include "kr-task-retention-private.h"

#define DEFAULT_LENGTH 100
#define DEFAULT_SECONDS 600
#define DEFAULT_BYTES (16 * 1024 * 1024)

void
kr_task_retention_init (KrTaskRetention *self)
{
  *self = (KrTaskRetention) {
    .max_length = DEFAULT_LENGTH,
    .max_seconds = DEFAULT_SECONDS,
    .max_bytes = DEFAULT_BYTES,
  };
}

static void
insert_after (KrTaskRetentionQueue *queue, KrTaskJob *after, KrTaskJob *job)
{
  KrTaskRetentionLink *link = &job->retention;

  link->queue = queue;
  link->previous = after;
  link->next = after != NULL ? after->retention.next : queue->first;
  if (link->next != NULL)
    link->next->retention.previous = job;
  else
    queue->last = job;
  if (after != NULL)
    after->retention.next = job;
  else
    queue->first = job;
  queue->length++;
}

static void
unlink_job (KrTaskJob *job)
{
  KrTaskRetentionLink *link = &job->retention;

  if (link->previous != NULL)
    link->previous->retention.next = link->next;
  else
    link->queue->first = link->next;
  if (link->next != NULL)
    link->next->retention.previous = link->previous;
  else
    link->queue->last = link->previous;
  link->queue->length--;
  link->queue = NULL;
}

/* In the order in which the owner hears of the ends. A terminal job changes no more, so that its value is read without its
 * lock. */
void
kr_task_retention_add (KrTaskRetention *self, KrTaskJob *job)
{
  job->retention.size = job->value != NULL ? g_variant_get_size (job->value) : 0;
  insert_after (&self->passing, self->passing.last, job);
  self->bytes += job->retention.size;
}

/* Harmless if @job is not in. */
void
kr_task_retention_remove (KrTaskRetention *self, KrTaskJob *job)
{
  if (job->retention.queue == NULL)
    return;
  self->bytes -= job->retention.size;
  unlink_job (job);
}

static gint64
due_of (KrTaskRetention *self, KrTaskJob *job)
{
  return job->finished_mono + self->max_seconds * (gint64) G_USEC_PER_SEC;
}

static gboolean
is_too_much (KrTaskRetention *self, KrTaskJob *job, gint64 now)
{
  return self->passing.length + self->kept.length > self->max_length || self->bytes > self->max_bytes ||
         (self->max_seconds > 0 && due_of (self, job) <= now);
}

/* What somebody wants to keep stays, and a parent that did not wait stays as long as its children run. */
static gboolean
is_kept (KrTaskJob *job)
{
  return g_atomic_int_get (&job->keep) || g_atomic_int_get (&job->family.n_active) > 0;
}

/* Back to where it would be, had it never been kept: near the front, as its turn has come before. */
static void
take_back (KrTaskRetention *self, KrTaskJob *job)
{
  KrTaskJob *after = NULL;
  KrTaskJob *next = self->passing.first;

  for (; next != NULL && next->finished_mono < job->finished_mono; next = next->retention.next)
    after = next;
  unlink_job (job);
  insert_after (&self->passing, after, job);
}

/* Those that nobody keeps any more take their turn again. */
void
kr_task_retention_review (KrTaskRetention *self)
{
  KrTaskJob *next;

  for (KrTaskJob *job = self->kept.first; job != NULL; job = next)
    {
      next = job->retention.next;
      if (!is_kept (job))
        take_back (self, job);
    }
}

/* The oldest job that has to go at @now, monotonic time in µs; NULL: none. */
KrTaskJob *
kr_task_retention_get_surplus (KrTaskRetention *self, gint64 now)
{
  KrTaskJob *job;

  while ((job = self->passing.first) != NULL && is_too_much (self, job, now))
    {
      if (!is_kept (job))
        return job;
      unlink_job (job);
      insert_after (&self->kept, self->kept.last, job);
    }
  return NULL;
}

/* When the oldest job is too old, monotonic time in µs; 0: never. */
gint64
kr_task_retention_get_due (KrTaskRetention *self)
{
  return self->passing.first != NULL && self->max_seconds > 0 ? due_of (self, self->passing.first) : 0;
}
