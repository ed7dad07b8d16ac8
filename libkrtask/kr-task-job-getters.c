/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* What a KrTaskJob tells of itself, one thing at a time. */
#include "config.h"

#include "kr-task-job-private.h"
#include "kr-task-progress-private.h"

/**
 * kr_task_job_get_keep: (get-property keep)
 * @self: a job
 *
 * Tells whether the manager keeps the job until it is removed. May be called from any thread.
 *
 * Returns: %TRUE if it does
 *
 * Since: 0.1
 */
gboolean
kr_task_job_get_keep (KrTaskJob *self)
{
  gboolean keep;

  g_return_val_if_fail (KR_TASK_IS_JOB (self), FALSE);

  kr_task_lock (&self->lock);
  keep = self->keep;
  kr_task_unlock (&self->lock);
  return keep;
}

/**
 * kr_task_job_get_id: (get-property id)
 * @self: a job
 *
 * Gets the name of the job in its manager.
 *
 * Returns: (transfer none): the id, constant once the job is submitted
 *
 * Since: 0.1
 */
const char *
kr_task_job_get_id (KrTaskJob *self)
{
  g_return_val_if_fail (KR_TASK_IS_JOB (self), NULL);

  return self->long_id != NULL ? self->long_id : self->id;
}

/**
 * kr_task_job_get_kind: (get-property kind)
 * @self: a job
 *
 * Gets what sort of job it is.
 *
 * Returns: (transfer none): the kind, constant
 *
 * Since: 0.1
 */
const char *
kr_task_job_get_kind (KrTaskJob *self)
{
  g_return_val_if_fail (KR_TASK_IS_JOB (self), NULL);

  return self->kind;
}

/**
 * kr_task_job_dup_title: (get-property title)
 * @self: a job
 *
 * Gets what the job is, for people.
 *
 * Returns: (transfer full): the title
 *
 * Since: 0.1
 */
char *
kr_task_job_dup_title (KrTaskJob *self)
{
  char *title;

  g_return_val_if_fail (KR_TASK_IS_JOB (self), NULL);

  kr_task_lock (&self->lock);
  title = kr_task_job_make_title (self);
  kr_task_unlock (&self->lock);
  return title;
}

/**
 * kr_task_job_dup_description: (get-property description)
 * @self: a job
 *
 * Gets more about the job, for people.
 *
 * Returns: (transfer full): the description, maybe empty
 *
 * Since: 0.1
 */
char *
kr_task_job_dup_description (KrTaskJob *self)
{
  char *description;

  g_return_val_if_fail (KR_TASK_IS_JOB (self), NULL);

  kr_task_lock (&self->lock);
  description = g_strdup (self->description != NULL ? self->description : "");
  kr_task_unlock (&self->lock);
  return description;
}

/**
 * kr_task_job_get_owner: (get-property owner)
 * @self: a job
 *
 * Gets who started the job.
 *
 * Returns: (transfer none) (nullable): an `a{sv}`, constant once the job is submitted
 *
 * Since: 0.1
 */
GVariant *
kr_task_job_get_owner (KrTaskJob *self)
{
  g_return_val_if_fail (KR_TASK_IS_JOB (self), NULL);

  return self->owner;
}

/**
 * kr_task_job_get_priority: (get-property priority)
 * @self: a job
 *
 * Gets the priority.
 *
 * Returns: the priority, constant once the job is submitted
 *
 * Since: 0.1
 */
int
kr_task_job_get_priority (KrTaskJob *self)
{
  g_return_val_if_fail (KR_TASK_IS_JOB (self), 0);

  return self->priority;
}

/**
 * kr_task_job_get_key: (get-property key)
 * @self: a job
 *
 * Gets what no two running jobs share.
 *
 * Returns: (transfer none) (nullable): the key, constant once the job is submitted
 *
 * Since: 0.1
 */
const char *
kr_task_job_get_key (KrTaskJob *self)
{
  g_return_val_if_fail (KR_TASK_IS_JOB (self), NULL);

  return self->key;
}

/**
 * kr_task_job_get_autostart: (get-property autostart)
 * @self: a job
 *
 * Tells whether submitting the job starts it, too.
 *
 * Returns: %TRUE if it does
 *
 * Since: 0.1
 */
gboolean
kr_task_job_get_autostart (KrTaskJob *self)
{
  g_return_val_if_fail (KR_TASK_IS_JOB (self), FALSE);

  return self->autostart;
}

/**
 * kr_task_job_get_state: (get-property state)
 * @self: a job
 *
 * Gets the state. Takes no lock.
 *
 * Returns: the state
 *
 * Since: 0.1
 */
KrTaskState
kr_task_job_get_state (KrTaskJob *self)
{
  g_return_val_if_fail (KR_TASK_IS_JOB (self), KR_TASK_STATE_CREATED);

  return g_atomic_int_get (&self->state);
}

/**
 * kr_task_job_get_cancel_reason: (get-property cancel-reason)
 * @self: a job
 *
 * Gets why the job was cancelled.
 *
 * Returns: the reason; %KR_TASK_CANCEL_REASON_NONE if it was not
 *
 * Since: 0.1
 */
KrTaskCancelReason
kr_task_job_get_cancel_reason (KrTaskJob *self)
{
  KrTaskCancelReason reason;

  g_return_val_if_fail (KR_TASK_IS_JOB (self), KR_TASK_CANCEL_REASON_NONE);

  kr_task_lock (&self->lock);
  reason = self->reason;
  kr_task_unlock (&self->lock);
  return reason;
}

/**
 * kr_task_job_get_cancellable: (get-property cancellable)
 * @self: a job
 *
 * Tells whether a request to cancel would be accepted at this moment.
 *
 * Returns: %TRUE unless the job is held, cancelled or finished
 *
 * Since: 0.1
 */
gboolean
kr_task_job_get_cancellable (KrTaskJob *self)
{
  gboolean can;

  g_return_val_if_fail (KR_TASK_IS_JOB (self), FALSE);

  kr_task_lock (&self->lock);
  can = kr_task_job_can_cancel (self);
  kr_task_unlock (&self->lock);
  return can;
}

/**
 * kr_task_job_get_detached: (get-property detached)
 * @self: a job
 *
 * Tells whether the body still runs although the job has ended.
 *
 * Returns: %TRUE if it does
 *
 * Since: 0.1
 */
gboolean
kr_task_job_get_detached (KrTaskJob *self)
{
  gboolean detached;

  g_return_val_if_fail (KR_TASK_IS_JOB (self), FALSE);

  kr_task_lock (&self->lock);
  detached = self->detached;
  kr_task_unlock (&self->lock);
  return detached;
}

static gint64
read_time (KrTaskJob *self, gint64 *place)
{
  gint64 time;

  g_return_val_if_fail (KR_TASK_IS_JOB (self), 0);

  kr_task_lock (&self->lock);
  time = *place;
  kr_task_unlock (&self->lock);
  return time;
}

/**
 * kr_task_job_get_created_at: (get-property created-at)
 * @self: a job
 *
 * Gets when the job was made.
 *
 * Returns: wall clock, µs since 1970
 *
 * Since: 0.1
 */
gint64
kr_task_job_get_created_at (KrTaskJob *self)
{
  return read_time (self, &self->created_at);
}

/**
 * kr_task_job_get_queued_at: (get-property queued-at)
 * @self: a job
 *
 * Gets when the job was started.
 *
 * Returns: wall clock, µs since 1970; 0 before
 *
 * Since: 0.1
 */
gint64
kr_task_job_get_queued_at (KrTaskJob *self)
{
  return read_time (self, &self->queued_at);
}

/**
 * kr_task_job_get_started_at: (get-property started-at)
 * @self: a job
 *
 * Gets when the body began.
 *
 * Returns: wall clock, µs since 1970; 0 before
 *
 * Since: 0.1
 */
gint64
kr_task_job_get_started_at (KrTaskJob *self)
{
  return read_time (self, &self->started_at);
}

/**
 * kr_task_job_get_finished_at: (get-property finished-at)
 * @self: a job
 *
 * Gets when the job ended.
 *
 * Returns: wall clock, µs since 1970; 0 before
 *
 * Since: 0.1
 */
gint64
kr_task_job_get_finished_at (KrTaskJob *self)
{
  return read_time (self, &self->finished_at);
}

/**
 * kr_task_job_get_duration: (get-property duration)
 * @self: a job
 *
 * Gets how long the body has run so far, or ran until the end.
 *
 * Returns: µs of the monotonic clock; 0 before it began
 *
 * Since: 0.1
 */
gint64
kr_task_job_get_duration (KrTaskJob *self)
{
  gint64 duration;

  g_return_val_if_fail (KR_TASK_IS_JOB (self), 0);

  kr_task_lock (&self->lock);
  duration = kr_task_job_measure (self);
  kr_task_unlock (&self->lock);
  return duration;
}

/**
 * kr_task_job_get_cancel_in_thread: (get-property cancel-in-thread)
 * @self: a job
 *
 * Tells whether the handlers of the body's cancellable run in a thread of their own. May be called from any thread.
 *
 * Returns: %TRUE if they do
 *
 * Since: 0.1
 */
gboolean
kr_task_job_get_cancel_in_thread (KrTaskJob *self)
{
  g_return_val_if_fail (KR_TASK_IS_JOB (self), FALSE);

  return self->cancel_in_thread;
}

/* private: the place as it was told last, and told from now on; before submission in the thread of the maker. @now: look
 * where it stands when it is asked for the first time, which is O(n); otherwise that is told soon. */
guint
kr_task_job_watch_position (KrTaskJob *self, gboolean now)
{
  KrTaskRunner *runner = kr_task_job_get_runner (self);

  if (runner != NULL)
    return kr_task_runner_watch_place (runner, self, now);
  self->waiting.watched = TRUE;
  return 0;
}

/**
 * kr_task_job_get_position:
 * @self: a job
 *
 * Gets the place of the job in the queue at this moment. O(n): for one job, not for all of them; who wants to follow it
 * has [property@KrTask.Job:position]. May be called from any thread.
 *
 * Returns: 1 for the one that is next, 0 if it is not in the queue
 *
 * Since: 0.1
 */
guint
kr_task_job_get_position (KrTaskJob *self)
{
  g_return_val_if_fail (KR_TASK_IS_JOB (self), 0);

  /* the runner is constant once the job was queued */
  return kr_task_job_get_state (self) == KR_TASK_STATE_QUEUED ? kr_task_runner_get_position (self->runner, self) : 0;
}

/**
 * kr_task_job_get_progress: (get-property progress)
 * @self: a job
 *
 * Gets how far the job is.
 *
 * Returns: (transfer none): the progress, the same one as long as @self lives
 *
 * Since: 0.1
 */
KrTaskProgress *
kr_task_job_get_progress (KrTaskJob *self)
{
  KrTaskProgress *progress;

  g_return_val_if_fail (KR_TASK_IS_JOB (self), NULL);

  progress = g_atomic_pointer_get (&self->progress);
  if (progress != NULL)
    return progress;
  kr_task_lock (&self->lock);
  if (self->progress == NULL)
    {
      progress = kr_task_progress_new (self);
      if (kr_task_state_is_terminal (self->state))
        kr_task_progress_freeze (progress);
      g_atomic_pointer_set (&self->progress, progress);
    }
  progress = self->progress;
  kr_task_unlock (&self->lock);
  return progress;
}
