/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* KrTaskTimer: the deadlines of the jobs of one manager. */
#include "config.h"

#include "kr-task-job-private.h"
#include "kr-task-timer-private.h"

void
kr_task_timer_init (KrTaskTimer *self)
{
  kr_task_lock_init (&self->lock);
  kr_task_cond_init (&self->changed);
  self->heap = g_ptr_array_new ();
}

/* The heap is empty, as the thread that looks after it keeps the timer alive. */
void
kr_task_timer_clear (KrTaskTimer *self)
{
  g_ptr_array_unref (self->heap);
  kr_task_cond_clear (&self->changed);
  kr_task_lock_clear (&self->lock);
}

static inline KrTaskJob *
job_at (KrTaskTimer *self, guint index)
{
  return g_ptr_array_index (self->heap, index);
}

static inline void
put (KrTaskTimer *self, guint index, KrTaskJob *job)
{
  self->heap->pdata[index] = job;
  job->deadline.place = index + 1;
}

static void
sift_up (KrTaskTimer *self, guint index, KrTaskJob *job)
{
  while (index > 0 && job_at (self, (index - 1) / 2)->deadline.due > job->deadline.due)
    {
      put (self, index, job_at (self, (index - 1) / 2));
      index = (index - 1) / 2;
    }
  put (self, index, job);
}

static void
sift_down (KrTaskTimer *self, guint index, KrTaskJob *job)
{
  guint child;

  while ((child = 2 * index + 1) < self->heap->len)
    {
      if (child + 1 < self->heap->len && job_at (self, child + 1)->deadline.due < job_at (self, child)->deadline.due)
        child++;
      if (job_at (self, child)->deadline.due >= job->deadline.due)
        break;
      put (self, index, job_at (self, child));
      index = child;
    }
  put (self, index, job);
}

/* Lock held; the caller takes the reference. */
static void
take_out (KrTaskTimer *self, KrTaskJob *job)
{
  guint index = job->deadline.place - 1;
  KrTaskJob *last = job_at (self, self->heap->len - 1);

  job->deadline.place = 0;
  g_ptr_array_set_size (self->heap, self->heap->len - 1);
  if (last == job)
    return;
  sift_down (self, index, last);
  sift_up (self, last->deadline.place - 1, last);
}

/**
 * kr_task_timer_arm:
 * @self: a timer
 * @job: a job, with or without a deadline
 * @due: when, monotonic time in µs
 *
 * Sets the deadline of @job. O(log n).
 *
 * Returns: %TRUE if the caller has to see to it that kr_task_timer_run() is called in a thread
 */
gboolean
kr_task_timer_arm (KrTaskTimer *self, KrTaskJob *job, gint64 due)
{
  gboolean needs_thread;

  kr_task_lock (&self->lock);
  if (job->deadline.place != 0)
    take_out (self, job);
  else
    g_object_ref (job);
  job->deadline.due = due;
  g_ptr_array_add (self->heap, job);
  sift_up (self, self->heap->len - 1, job);
  needs_thread = !self->runs;
  self->runs = TRUE;
  if (job->deadline.place == 1)
    kr_task_cond_broadcast (&self->changed);
  kr_task_unlock (&self->lock);
  return needs_thread;
}

/**
 * kr_task_timer_disarm:
 * @self: a timer
 * @job: a job, with or without a deadline
 *
 * Forgets the deadline of @job. O(log n).
 */
void
kr_task_timer_disarm (KrTaskTimer *self, KrTaskJob *job)
{
  gboolean was_armed;

  kr_task_lock (&self->lock);
  was_armed = job->deadline.place != 0;
  if (was_armed)
    take_out (self, job);
  if (self->heap->len == 0)
    kr_task_cond_broadcast (&self->changed);
  kr_task_unlock (&self->lock);
  if (was_armed)
    g_object_unref (job);
}

/**
 * kr_task_timer_run:
 * @self: a timer
 *
 * Fires deadlines until there are none left.
 */
void
kr_task_timer_run (KrTaskTimer *self)
{
  kr_task_lock (&self->lock);
  while (self->heap->len > 0)
    {
      KrTaskJob *job = job_at (self, 0);

      if (g_get_monotonic_time () < job->deadline.due)
        {
          kr_task_cond_wait_until (&self->changed, &self->lock, job->deadline.due);
          continue;
        }
      take_out (self, job);
      kr_task_unlock (&self->lock);
      kr_task_job_deadline (job);
      g_object_unref (job);
      kr_task_lock (&self->lock);
    }
  self->runs = FALSE;
  kr_task_unlock (&self->lock);
}
