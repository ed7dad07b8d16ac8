/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* KrTaskOutbox: what the owner's context has yet to hear, job by job. */
#include "config.h"

#include "kr-task-job-private.h"
#include "kr-task-outbox-private.h"

static gboolean dispatch (GSource *source, GSourceFunc callback, gpointer user_data);

static GSourceFuncs source_funcs = { .dispatch = dispatch };

static void
queue_insert_after (KrTaskOutQueue *queue, KrTaskJob *after, KrTaskJob *job)
{
  KrTaskOutLink *link = &job->out;

  link->previous = after;
  link->next = after != NULL ? after->out.next : queue->first;
  if (link->next != NULL)
    link->next->out.previous = job;
  else
    queue->last = job;
  if (after != NULL)
    after->out.next = job;
  else
    queue->first = job;
  queue->length++;
}

static void
queue_unlink (KrTaskOutQueue *queue, KrTaskJob *job)
{
  KrTaskOutLink *link = &job->out;

  if (link->previous != NULL)
    link->previous->out.next = link->next;
  else
    queue->first = link->next;
  if (link->next != NULL)
    link->next->out.previous = link->previous;
  else
    queue->last = link->previous;
  queue->length--;
}

/* Lock held. The source lives from the first piece of news until it is delivered, and keeps the owner alive as long. */
static void
arm (KrTaskOutbox *self, gint64 time)
{
  if (self->source != NULL)
    {
      if (time >= self->source_time)
        return;
      self->source_time = time;
      g_source_set_ready_time (self->source, time);
      return;
    }
  self->source = g_source_new (&source_funcs, sizeof (GSource) + sizeof (gpointer));
  *(KrTaskOutbox **) (self->source + 1) = self;
  self->source_time = time;
  g_source_set_static_name (self->source, "KrTaskOutbox");
  g_source_set_callback (self->source, NULL, g_object_ref (self->owner), g_object_unref);
  g_source_set_ready_time (self->source, time);
  g_source_attach (self->source, self->context);
}

/* Lock held. */
static void
move_due (KrTaskOutbox *self, gint64 now)
{
  while (self->later.first != NULL && self->later.first->out.due <= now)
    {
      KrTaskJob *job = self->later.first;

      queue_unlink (&self->later, job);
      g_atomic_int_set (&job->out.list, KR_TASK_OUT_READY);
      queue_insert_after (&self->ready, self->ready.last, job);
    }
}

/* A job that says it is in the ready list is left alone by all others, so its links are followed without the lock: threads
 * with news would have to wait until all jobs have come to this one's cache. */
static GPtrArray *
take_batch (KrTaskOutbox *self)
{
  KrTaskOutQueue taken;
  GPtrArray *batch;
  KrTaskJob *next;

  kr_task_lock (&self->lock);
  g_clear_pointer (&self->source, g_source_unref);
  if (self->later.first != NULL)
    move_due (self, g_get_monotonic_time ());
  taken = self->ready;
  self->ready = (KrTaskOutQueue) { 0 };
  if (self->later.first != NULL)
    arm (self, self->later.first->out.due);
  kr_task_unlock (&self->lock);
  batch = g_ptr_array_new_full (taken.length, g_object_unref);
  for (KrTaskJob *job = taken.first; job != NULL; job = next)
    {
      next = job->out.next;
      g_atomic_int_set (&job->out.list, KR_TASK_OUT_NONE);
      g_ptr_array_add (batch, job);
    }
  return batch;
}

/* The source is a new one for each batch, so that a nested main loop inside a handler hears the next one. */
static gboolean
dispatch (GSource *source, GSourceFunc callback, gpointer user_data)
{
  KrTaskOutbox *self = *(KrTaskOutbox **) (source + 1);
  g_autoptr (GPtrArray) batch = take_batch (self);

  self->deliver (self->owner, batch);
  return G_SOURCE_REMOVE;
}

void
kr_task_outbox_init (KrTaskOutbox *self, GMainContext *context, GObject *owner, KrTaskOutboxFunc deliver)
{
  kr_task_lock_init (&self->lock);
  self->context = g_main_context_ref (context);
  self->owner = owner;
  self->deliver = deliver;
}

/* Nothing can be pending, since a pending source keeps the owner alive. */
void
kr_task_outbox_clear (KrTaskOutbox *self)
{
  g_clear_pointer (&self->context, g_main_context_unref);
  kr_task_lock_clear (&self->lock);
}

/**
 * kr_task_outbox_push:
 * @self: an outbox
 * @job: a job with news
 *
 * Has @job delivered as soon as the owner's context runs. What the news are was written before, under the lock of the job or
 * atomically: the owner's context takes the job out of the list before it reads them, so that a job that is still in the
 * list needs no second push.
 */
void
kr_task_outbox_push (KrTaskOutbox *self, KrTaskJob *job)
{
  KrTaskOutList list;

  if (g_atomic_int_get (&job->out.list) == KR_TASK_OUT_READY)
    return;
  kr_task_lock (&self->lock);
  list = g_atomic_int_get (&job->out.list);
  if (list != KR_TASK_OUT_READY)
    {
      if (list == KR_TASK_OUT_LATER)
        queue_unlink (&self->later, job);
      else
        g_object_ref (job);
      g_atomic_int_set (&job->out.list, KR_TASK_OUT_READY);
      queue_insert_after (&self->ready, self->ready.last, job);
      arm (self, 0);
    }
  kr_task_unlock (&self->lock);
}

/**
 * kr_task_outbox_push_at:
 * @self: an outbox
 * @job: a job with news
 * @due: when, monotonic time in µs
 *
 * Has @job delivered at @due, or earlier together with more urgent news.
 */
void
kr_task_outbox_push_at (KrTaskOutbox *self, KrTaskJob *job, gint64 due)
{
  KrTaskJob *after;

  kr_task_lock (&self->lock);
  if (g_atomic_int_get (&job->out.list) == KR_TASK_OUT_NONE)
    {
      /* the interval is nearly always the same, so that the place is nearly always the end */
      for (after = self->later.last; after != NULL && after->out.due > due; after = after->out.previous)
        ;
      job->out.due = due;
      g_atomic_int_set (&job->out.list, KR_TASK_OUT_LATER);
      queue_insert_after (&self->later, after, g_object_ref (job));
      arm (self, due);
    }
  kr_task_unlock (&self->lock);
}

/**
 * kr_task_outbox_wake:
 * @self: an outbox
 *
 * Has a batch delivered, even an empty one: news of the owner itself.
 */
void
kr_task_outbox_wake (KrTaskOutbox *self)
{
  kr_task_lock (&self->lock);
  arm (self, 0);
  kr_task_unlock (&self->lock);
}
