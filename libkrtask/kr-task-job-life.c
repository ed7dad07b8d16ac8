/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* The life of a KrTaskJob: its transitions, its start and its body. */
#include "config.h"

#include "kr-task-job-private.h"
#include "kr-task-manager-private.h"
#include "kr-task-progress-private.h"

static GCancellable *finish_body (KrTaskJob *self, GVariant *value, GError *error);

/* Lock held. Each state has its own deadline, and none keeps the one of the state before. */
static void
set_deadline (KrTaskJob *self)
{
  gint64 us = self->state == KR_TASK_STATE_QUEUED       ? self->queue_us
              : self->state == KR_TASK_STATE_RUNNING    ? self->run_us
              : self->state == KR_TASK_STATE_CANCELLING ? self->stop_us
                                                        : -1;
  gint64 before = self->due;

  self->due = us >= 0 ? g_get_monotonic_time () + us : 0;
  if (self->runner != NULL && (self->due != 0 || before != 0))
    kr_task_runner_set_deadline (self->runner, self, self->due);
}

/* Lock held. To ask one clock costs as much as a lock; within a second the other one is hardly set. */
static void
note_end (KrTaskJob *self)
{
  self->finished_mono = g_get_monotonic_time ();
  if (self->started_mono != 0 && self->finished_mono - self->started_mono < G_USEC_PER_SEC)
    self->finished_at = self->started_at + self->finished_mono - self->started_mono;
  else
    self->finished_at = g_get_real_time ();
}

/* private: lock held. The one writer of the state: notes the way, the times and the manager's counters, and tells the owner's
 * context. */
void
kr_task_job_set_state (KrTaskJob *self, KrTaskState to)
{
  KrTaskState from = self->state;

  g_return_if_fail (kr_task_state_can_change (from, to));

  self->path[self->n_path++] = to;
  if (to == KR_TASK_STATE_QUEUED)
    self->queued_at = g_get_real_time ();
  else if (to == KR_TASK_STATE_RUNNING)
    {
      self->started_at = g_get_real_time ();
      self->started_mono = g_get_monotonic_time ();
    }
  else if (kr_task_state_is_terminal (to))
    {
      note_end (self);
      if (self->progress != NULL)
        kr_task_progress_freeze (self->progress);
    }
  g_atomic_int_set (&self->state, to);
  set_deadline (self);
  if (self->manager != NULL)
    {
      kr_task_manager_count (self->manager, from, to);
      kr_task_outbox_push (kr_task_manager_get_outbox (self->manager), self);
    }
}

/* --- starting --------------------------------------------------------------------------------------------------- */

/* Lock held. */
static gboolean
check_adoptable (KrTaskJob *self, GError **error)
{
  if (self->runner != NULL)
    g_set_error (error, KR_TASK_ERROR, KR_TASK_ERROR_CONFLICT, "The task was submitted before");
  else if (self->state != KR_TASK_STATE_CREATED)
    g_set_error (error, KR_TASK_ERROR, KR_TASK_ERROR_ALREADY_CANCELLED, "The task was cancelled before");
  else if (self->body.func == NULL && self->body.begin == NULL)
    g_set_error (error, KR_TASK_ERROR, KR_TASK_ERROR_INVALID, "The task has no body");
  else
    return TRUE;
  return FALSE;
}

/* private: called by the manager with its lock held. */
gboolean
kr_task_job_adopt (KrTaskJob *self, KrTaskManager *manager, GError **error)
{
  gboolean ok;

  kr_task_lock (&self->lock);
  ok = check_adoptable (self, error);
  if (ok)
    {
      self->manager = g_object_ref (manager);
      self->runner = kr_task_runner_ref (kr_task_manager_get_runner (manager));
    }
  kr_task_unlock (&self->lock);
  return ok;
}

/* private: any thread; not owned, but constant once it is there. NULL: the job was not submitted. */
KrTaskRunner *
kr_task_job_get_runner (KrTaskJob *self)
{
  KrTaskRunner *runner;

  kr_task_lock (&self->lock);
  runner = self->runner;
  kr_task_unlock (&self->lock);
  return runner;
}

/* private: the manager could not queue it, and gives it back. */
void
kr_task_job_withdraw (KrTaskJob *self)
{
  g_autoptr (KrTaskManager) manager = NULL;

  kr_task_lock (&self->lock);
  manager = g_steal_pointer (&self->manager);
  g_clear_pointer (&self->runner, kr_task_runner_unref);
  kr_task_unlock (&self->lock);
}

/* From the last in line to the one that runs, or the next in line would begin in its place. */
static void
replace_others (GPtrArray *others)
{
  for (guint i = others != NULL ? others->len : 0; i > 0; i--)
    kr_task_job_cancel (g_ptr_array_index (others, i - 1), KR_TASK_CANCEL_REASON_SUPERSEDED, NULL, KR_TASK_CANCEL_DEFER,
                        NULL);
}

/* private: @joined is the job that does the work if the key says so; the result is FALSE then. */
gboolean
kr_task_job_begin (KrTaskJob *self, KrTaskJob **joined, GError **error)
{
  g_autoptr (GPtrArray) others = NULL;
  gboolean needs_dispatch = FALSE;
  gboolean ok = FALSE;

  kr_task_lock (&self->lock);
  if (self->state != KR_TASK_STATE_CREATED)
    g_set_error (error, KR_TASK_ERROR,
                 kr_task_job_is_cancelled (self) ? KR_TASK_ERROR_ALREADY_CANCELLED : KR_TASK_ERROR_ALREADY_STARTED,
                 "The task was started or cancelled before");
  else if (self->runner == NULL)
    g_set_error (error, KR_TASK_ERROR, KR_TASK_ERROR_INVALID, "The task was not submitted");
  else
    {
      /* the queue is told first, so that it can refuse; whoever takes the job out of it waits for this lock */
      ok = kr_task_runner_enqueue (self->runner, self, &others, &needs_dispatch, error);
      if (ok)
        kr_task_job_set_state (self, KR_TASK_STATE_QUEUED);
    }
  kr_task_unlock (&self->lock);
  if (ok)
    {
      replace_others (others);
      if (needs_dispatch)
        kr_task_runner_dispatch (self->runner);
    }
  else if (joined != NULL && others != NULL && self->conflict_policy == KR_TASK_CONFLICT_JOIN)
    *joined = g_object_ref (g_ptr_array_index (others, 0));
  return ok;
}

/**
 * kr_task_job_start:
 * @self: a job that was submitted with [property@KrTask.Job:autostart] %FALSE
 * @error: return location for a #KrTaskError
 *
 * Starts a job. May be called from any thread; of several callers exactly one succeeds.
 *
 * Returns: %FALSE if it was started or cancelled before, or cannot be queued
 *
 * Since: 0.1
 */
gboolean
kr_task_job_start (KrTaskJob *self, GError **error)
{
  g_return_val_if_fail (KR_TASK_IS_JOB (self), FALSE);

  return kr_task_job_begin (self, NULL, error);
}

/* --- running ---------------------------------------------------------------------------------------------------- */

/* Nobody can tell it from a new one. */
static gboolean
is_untouched (GCancellable *cancellable)
{
  static gsize signal; /* "cancelled"; the only one that there is */
  GObject *object = G_OBJECT (cancellable);

  if (g_once_init_enter (&signal))
    g_once_init_leave (&signal, g_signal_lookup ("cancelled", G_TYPE_CANCELLABLE));
  return g_atomic_int_get (&object->ref_count) == 1 && !g_cancellable_is_cancelled (cancellable) &&
         object->qdata == NULL && g_signal_handler_find (object, G_SIGNAL_MATCH_ID, signal, 0, NULL, NULL, NULL) == 0;
}

/* The check at the last moment: what was cancelled in the queue does not run. Takes @spare as the job's cancellable, if
 * there is one. */
static gboolean
claim (KrTaskJob *self, GCancellable **spare)
{
  gboolean claimed;

  kr_task_lock (&self->lock);
  claimed = self->state == KR_TASK_STATE_QUEUED;
  if (claimed)
    {
      self->cancellable = spare != NULL && *spare != NULL ? g_steal_pointer (spare) : g_cancellable_new ();
      self->body_runs = TRUE;
      kr_task_job_set_state (self, KR_TASK_STATE_RUNNING);
    }
  kr_task_unlock (&self->lock);
  return claimed;
}

/* private: in a thread of the pool. @spare is an untouched cancellable of the thread, or NULL: to make and to free one costs
 * more than the rest of a short job, and takes locks that all threads share. */
void
kr_task_job_run (KrTaskJob *self, GCancellable **spare)
{
  g_autoptr (GCancellable) cancellable = NULL;
  g_autoptr (GError) error = NULL;
  GVariant *value;

  if (!claim (self, spare))
    return;
  value = self->body.func (self, self->cancellable, self->body.data, &error);
  if (value != NULL)
    g_variant_take_ref (value);
  cancellable = finish_body (self, value, g_steal_pointer (&error));
  if (is_untouched (cancellable))
    *spare = g_steal_pointer (&cancellable);
}

/* private: by the runner, in any thread, with a slot taken. FALSE: it was cancelled and has been forgotten meanwhile. */
gboolean
kr_task_job_run_async (KrTaskJob *self)
{
  return kr_task_job_add_news (self, KR_TASK_NEWS_START);
}

static void
async_body_done (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (KrTaskJob) self = user_data;
  g_autoptr (GCancellable) cancellable = NULL;
  g_autoptr (GError) error = NULL;
  GVariant *value;

  value = self->body.finish (self, result, self->body.data, &error);
  if (value != NULL)
    g_variant_take_ref (value);
  cancellable = finish_body (self, value, g_steal_pointer (&error));
  kr_task_runner_slot_free (self->runner);
}

/* private: in the owner's context. */
void
kr_task_job_begin_async_body (KrTaskJob *self)
{
  if (claim (self, NULL))
    self->body.begin (self, self->cancellable, async_body_done, g_object_ref (self), self->body.data);
  else
    kr_task_runner_slot_free (self->runner);
}

/* Lock held. The body of a running job returned: a value, an error, or it gave up by itself. */
static void
end_by_itself (KrTaskJob *self)
{
  if (self->error == NULL)
    self->error = g_steal_pointer (&self->family.child_error);
  if (self->error == NULL)
    kr_task_job_set_state (self, KR_TASK_STATE_COMPLETED);
  else if (g_error_matches (self->error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    {
      self->reason = KR_TASK_CANCEL_REASON_SELF;
      kr_task_job_set_state (self, KR_TASK_STATE_CANCELLED);
    }
  else
    kr_task_job_set_state (self, KR_TASK_STATE_FAILED);
}

/* Lock held. The one place where a job that ran becomes terminal. */
static void
end (KrTaskJob *self)
{
  if (self->state == KR_TASK_STATE_RUNNING)
    end_by_itself (self);
  else
    kr_task_job_set_state (self, self->reason == KR_TASK_CANCEL_REASON_DEADLINE ? KR_TASK_STATE_TIMED_OUT
                                                                     : KR_TASK_STATE_CANCELLED);
}

/* Lock held. A late value of a cancelled job is dropped, a late error kept as its cause, unless it only says so. */
static void
keep_outcome (KrTaskJob *self, GVariant **value, GError **error)
{
  if (self->state == KR_TASK_STATE_RUNNING)
    {
      self->error = g_steal_pointer (error);
      if (self->error == NULL)
        self->value = g_steal_pointer (value);
    }
  else if (*error != NULL && !g_error_matches (*error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    self->error = g_steal_pointer (error);
}

/**
 * kr_task_job_detach:
 * @self: a job
 *
 * Gives up waiting for the body of a job that is being cancelled: the job ends, and the body keeps its slot until it
 * returns. What it returns then is ignored.
 */
void
kr_task_job_detach (KrTaskJob *self)
{
  gboolean detached = FALSE;

  kr_task_lock (&self->lock);
  if (self->state == KR_TASK_STATE_CANCELLING && self->body_runs)
    {
      self->detached = TRUE;
      kr_task_manager_count_detached (self->manager, 1);
      g_atomic_int_or (&self->news, KR_TASK_NEWS_DETACHED);
      end (self);
      detached = TRUE;
    }
  kr_task_unlock (&self->lock);
  if (detached)
    kr_task_job_tell_parent (self);
}

/* Takes @value and @error, and gives the cancellable back; with no lock held. */
static GCancellable *
finish_body (KrTaskJob *self, GVariant *value, GError *error)
{
  KrTaskBody body;
  GCancellable *cancellable;
  gboolean is_over;
  gboolean ended;

  kr_task_lock (&self->lock);
  ended = !kr_task_state_is_terminal (self->state);
  body = self->body;
  self->body = (KrTaskBody) { 0 };
  self->body_runs = FALSE;
  self->body_returned = TRUE;
  cancellable = g_steal_pointer (&self->cancellable);
  self->held = 0; /* a body that forgot to release is over nevertheless */
  if (!kr_task_state_is_terminal (self->state))
    {
      keep_outcome (self, &value, &error);
      if (self->family.n_active == 0 || !self->family.wait)
        end (self);
    }
  else if (self->detached)
    {
      self->detached = FALSE;
      kr_task_manager_count_detached (self->manager, -1);
      g_atomic_int_or (&self->news, KR_TASK_NEWS_DETACHED);
      kr_task_outbox_push (kr_task_manager_get_outbox (self->manager), self);
    }
  is_over = kr_task_state_is_terminal (self->state);
  kr_task_unlock (&self->lock);
  if (is_over)
    kr_task_runner_release_key (self->runner, self);
  kr_task_body_clear (&body);
  g_clear_pointer (&value, g_variant_unref);
  g_clear_error (&error);
  if (ended && is_over)
    kr_task_job_tell_parent (self);
  return cancellable;
}

/* private: with no lock held. The body of a parent has returned, maybe, and the last child has ended, maybe. */
void
kr_task_job_end_if_done (KrTaskJob *self)
{
  gboolean ends;

  kr_task_lock (&self->lock);
  ends = self->body_returned && self->family.n_active == 0 && !kr_task_state_is_terminal (self->state);
  if (ends)
    end (self);
  kr_task_unlock (&self->lock);
  if (!ends)
    return;
  kr_task_runner_release_key (self->runner, self);
  kr_task_job_tell_parent (self);
}
