/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* The life of a KrTaskJob: its transitions, its cancellation and its body. */
#include "config.h"

#include <string.h>

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

/* Lock held. The one writer of the state: notes the way, the times and the manager's counters, and tells the owner's
 * context. */
static void
set_state (KrTaskJob *self, KrTaskState to)
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

/* --- cancelling ------------------------------------------------------------------------------------------------- */

static void
fire (gpointer data, gpointer user_data)
{
  g_autoptr (GCancellable) cancellable = data;

  g_cancellable_cancel (cancellable);
}

/* Lock held. What the request does to the state; TRUE: the job will end as cancelled. */
static gboolean
accept_request (KrTaskJob *self, KrTaskCancelReason reason, const char *text)
{
  KrTaskState ended = reason == KR_TASK_CANCEL_REASON_DEADLINE ? KR_TASK_STATE_TIMED_OUT : KR_TASK_STATE_CANCELLED;

  self->reason = reason;
  self->reason_text = g_strdup (text);
  set_state (self, self->state == KR_TASK_STATE_RUNNING ? KR_TASK_STATE_CANCELLING : ended);
  kr_task_cond_broadcast (&self->cancelled);
  return TRUE;
}

/* Lock held. A user is told that it did not work; what cannot be told is remembered, the first request only. */
static gboolean
refuse_held (KrTaskJob *self, KrTaskCancelReason reason, const char *text, KrTaskCancelFlags flags, GError **error)
{
  if (reason == KR_TASK_CANCEL_REASON_USER && !(flags & KR_TASK_CANCEL_DEFER))
    {
      g_set_error (error, KR_TASK_ERROR, KR_TASK_ERROR_NOT_CANCELLABLE, "The task cannot be cancelled at this moment");
      return FALSE;
    }
  if (self->deferred_reason == KR_TASK_CANCEL_REASON_NONE)
    {
      self->deferred_reason = reason;
      self->deferred_text = g_strdup (text);
    }
  g_set_error (error, KR_TASK_ERROR, KR_TASK_ERROR_DEFERRED, "The task will be cancelled unless it finishes first");
  return FALSE;
}

/* Lock held. */
static gboolean
decide (KrTaskJob *self, KrTaskCancelReason reason, const char *text, KrTaskCancelFlags flags, GError **error)
{
  if (kr_task_state_is_terminal (self->state))
    {
      g_set_error (error, KR_TASK_ERROR, KR_TASK_ERROR_ALREADY_FINISHED, "The task has finished already");
      return FALSE;
    }
  if (self->state == KR_TASK_STATE_CANCELLING)
    {
      g_set_error (error, KR_TASK_ERROR, KR_TASK_ERROR_ALREADY_CANCELLED, "The task is being cancelled already");
      return FALSE;
    }
  if (self->held > 0)
    return refuse_held (self, reason, text, flags, error);
  return accept_request (self, reason, text);
}

/* With no lock held: what an accepted request means beyond the state. Handlers of the cancellable run in the thread that
 * fires it, and the caller must not wait for them. */
static void
after_request (KrTaskJob *self, KrTaskRunner *runner, GCancellable *cancellable)
{
  KrTaskBody body = { 0 };
  gboolean ended;

  kr_task_job_cancel_children (self, KR_TASK_CANCEL_REASON_PARENT);
  if (cancellable != NULL)
    kr_task_runner_call (runner, fire, g_object_ref (cancellable));
  kr_task_lock (&self->lock);
  ended = self->n_path > 1 && self->path[self->n_path - 2] <= KR_TASK_STATE_QUEUED;
  if (ended)
    {
      body = self->body;
      self->body = (KrTaskBody) { 0 };
    }
  kr_task_unlock (&self->lock);
  if (ended && runner != NULL)
    kr_task_runner_remove (runner, self);
  kr_task_body_clear (&body);
  if (ended)
    kr_task_job_tell_parent (self);
  /* a job that was never submitted belongs to the thread that made it */
  if (runner == NULL)
    kr_task_job_deliver (self);
}

/* @unsubmitted: whether the calling thread may cancel a job that was not submitted yet, whose handlers then run in it */
static gboolean
request_cancel (KrTaskJob *self, KrTaskCancelReason reason, const char *text, KrTaskCancelFlags flags,
                gboolean unsubmitted, GError **error)
{
  g_autoptr (GCancellable) cancellable = NULL;
  KrTaskRunner *runner;
  gboolean accepted;

  kr_task_lock (&self->lock);
  runner = self->runner;
  accepted = (unsubmitted || runner != NULL) && decide (self, reason, text, flags, error);
  if (accepted)
    g_set_object (&cancellable, self->cancellable);
  kr_task_unlock (&self->lock);
  if (accepted)
    after_request (self, runner, cancellable);
  return accepted;
}

/**
 * kr_task_job_cancel:
 * @self: a job
 * @reason: why; not %KR_TASK_CANCEL_REASON_NONE
 * @text: (nullable): why, in words
 * @flags: what to do while the job is held
 * @error: return location for a #KrTaskError
 *
 * Asks a job to stop. May be called from any thread, never blocks, and runs no handler.
 *
 * It returns %TRUE exactly when the job will end as cancelled (or, with %KR_TASK_CANCEL_REASON_DEADLINE, as timed out)
 * because of this very request. Otherwise @error says why not: %KR_TASK_ERROR_ALREADY_FINISHED,
 * %KR_TASK_ERROR_ALREADY_CANCELLED, %KR_TASK_ERROR_NOT_CANCELLABLE, or %KR_TASK_ERROR_DEFERRED, where the outcome is open.
 *
 * A job that has not begun never will. The body of one that runs learns of it by its cancellable, by
 * [method@KrTask.Job.sleep] and by [method@KrTask.Job.is_cancelled].
 *
 * Returns: %TRUE if the request was accepted
 *
 * Since: 0.1
 */
gboolean
kr_task_job_cancel (KrTaskJob *self, KrTaskCancelReason reason, const char *text, KrTaskCancelFlags flags,
                    GError **error)
{
  g_return_val_if_fail (KR_TASK_IS_JOB (self), FALSE);
  g_return_val_if_fail (reason > KR_TASK_CANCEL_REASON_NONE && reason < KR_TASK_CANCEL_REASON_SELF, FALSE);

  return request_cancel (self, reason, text, flags, TRUE, error);
}

/* private: a cancellable that the job is linked to has fired, in whatever thread. Before submission the job is its maker's
 * alone, who finds the fired link when it submits (kr_task_job_follow_links()). */
void
kr_task_job_cancel_linked (KrTaskJob *self)
{
  request_cancel (self, KR_TASK_CANCEL_REASON_PARENT, NULL, KR_TASK_CANCEL_DEFER, FALSE, NULL);
}

/* private: in a thread of the pool. A deadline that was meant for a state before finds another one, or none. */
void
kr_task_job_deadline (KrTaskJob *self)
{
  g_autoptr (GCancellable) cancellable = NULL;
  gboolean accepted = FALSE;
  gboolean detach = FALSE;

  kr_task_lock (&self->lock);
  if (self->due != 0 && self->due <= g_get_monotonic_time ())
    {
      self->due = 0;
      detach = self->state == KR_TASK_STATE_CANCELLING;
      accepted = !detach && decide (self, KR_TASK_CANCEL_REASON_DEADLINE, NULL, KR_TASK_CANCEL_DEFER, NULL);
      g_set_object (&cancellable, self->cancellable);
    }
  kr_task_unlock (&self->lock);
  if (accepted)
    after_request (self, self->runner, cancellable);
  if (detach)
    kr_task_job_detach (self);
}

/**
 * kr_task_job_is_cancelled:
 * @self: a job
 *
 * Tells whether a request to cancel was accepted. Takes no lock; may be called from any thread.
 *
 * Returns: %TRUE from the moment at which the request returns
 *
 * Since: 0.1
 */
gboolean
kr_task_job_is_cancelled (KrTaskJob *self)
{
  KrTaskState state = kr_task_job_get_state (self);

  return state == KR_TASK_STATE_CANCELLING || state == KR_TASK_STATE_CANCELLED || state == KR_TASK_STATE_TIMED_OUT;
}

/**
 * kr_task_job_sleep:
 * @self: a job
 * @microseconds: how long; -1: until it is cancelled
 *
 * Sleeps in the body of a job, until the time is over or the job is cancelled. Only the body's thread may call it.
 *
 * Returns: %TRUE if the time is over, %FALSE at once when the job is cancelled
 *
 * Since: 0.1
 */
gboolean
kr_task_job_sleep (KrTaskJob *self, gint64 microseconds)
{
  gint64 end;
  gboolean goes_on;

  g_return_val_if_fail (KR_TASK_IS_JOB (self), FALSE);

  end = microseconds < 0 ? G_MAXINT64 : g_get_monotonic_time () + microseconds;
  kr_task_lock (&self->lock);
  while ((goes_on = self->state == KR_TASK_STATE_RUNNING) && kr_task_cond_wait_until (&self->cancelled, &self->lock, end))
    ;
  kr_task_unlock (&self->lock);
  return goes_on;
}

/**
 * kr_task_job_hold:
 * @self: a job
 *
 * Enters a section that the body does not leave half done: nothing cancels the job until
 * [method@KrTask.Job.release], which is called as often. Only the body may call it.
 *
 * Returns: %FALSE if the job was cancelled before; then the body rolls back, and does not release
 *
 * Since: 0.1
 */
gboolean
kr_task_job_hold (KrTaskJob *self)
{
  gboolean holds;

  g_return_val_if_fail (KR_TASK_IS_JOB (self), FALSE);

  kr_task_lock (&self->lock);
  holds = self->state == KR_TASK_STATE_RUNNING;
  if (holds)
    self->held++;
  kr_task_unlock (&self->lock);
  if (holds)
    kr_task_job_add_news (self, KR_TASK_NEWS_CANCELLABLE);
  return holds;
}

/**
 * kr_task_job_release:
 * @self: a job that is held
 *
 * Leaves the section of [method@KrTask.Job.hold]. A request that was remembered meanwhile is accepted now.
 *
 * Since: 0.1
 */
void
kr_task_job_release (KrTaskJob *self)
{
  g_autofree char *text = NULL;
  KrTaskCancelReason reason = KR_TASK_CANCEL_REASON_NONE;

  g_return_if_fail (KR_TASK_IS_JOB (self));

  kr_task_lock (&self->lock);
  if (self->held > 0 && --self->held == 0)
    {
      reason = self->deferred_reason;
      text = g_steal_pointer (&self->deferred_text);
      self->deferred_reason = KR_TASK_CANCEL_REASON_NONE;
    }
  kr_task_unlock (&self->lock);
  if (reason != KR_TASK_CANCEL_REASON_NONE)
    kr_task_job_cancel (self, reason, text, KR_TASK_CANCEL_DEFER, NULL);
  kr_task_job_add_news (self, KR_TASK_NEWS_CANCELLABLE);
}

/* --- starting --------------------------------------------------------------------------------------------------- */

/* Lock held. */
static gboolean
check_adoptable (KrTaskJob *self, GError **error)
{
  if (self->runner == NULL && self->state == KR_TASK_STATE_CREATED)
    return TRUE;
  if (self->runner != NULL)
    g_set_error (error, KR_TASK_ERROR, KR_TASK_ERROR_CONFLICT, "The task was submitted before");
  else
    g_set_error (error, KR_TASK_ERROR, KR_TASK_ERROR_ALREADY_CANCELLED, "The task was cancelled before");
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
        set_state (self, KR_TASK_STATE_QUEUED);
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
      set_state (self, KR_TASK_STATE_RUNNING);
    }
  kr_task_unlock (&self->lock);
  if (!claimed)
    kr_task_runner_release_key (self->runner, self);
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

/* In the owner's context. */
static void
begin_async_body (KrTaskJob *self)
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
    set_state (self, KR_TASK_STATE_COMPLETED);
  else if (g_error_matches (self->error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    {
      self->reason = KR_TASK_CANCEL_REASON_SELF;
      set_state (self, KR_TASK_STATE_CANCELLED);
    }
  else
    set_state (self, KR_TASK_STATE_FAILED);
}

/* Lock held. The one place where a job that ran becomes terminal. */
static void
end (KrTaskJob *self)
{
  if (self->state == KR_TASK_STATE_RUNNING)
    end_by_itself (self);
  else
    set_state (self, self->reason == KR_TASK_CANCEL_REASON_DEADLINE ? KR_TASK_STATE_TIMED_OUT
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

/* --- telling ---------------------------------------------------------------------------------------------------- */

/* private: any thread. FALSE: nobody will hear it, as the end has been told. */
gboolean
kr_task_job_add_news (KrTaskJob *self, KrTaskNews news)
{
  gboolean heard;

  kr_task_lock (&self->lock);
  heard = self->manager != NULL;
  if (heard)
    {
      g_atomic_int_or (&self->news, news);
      kr_task_outbox_push (kr_task_manager_get_outbox (self->manager), self);
    }
  kr_task_unlock (&self->lock);
  return heard;
}

/* private: in the owner's context. */
KrTaskNews
kr_task_job_take_news (KrTaskJob *self)
{
  return g_atomic_int_and (&self->news, 0);
}

/* private: any thread, with no lock held. */
void
kr_task_job_progress_changed (KrTaskJob *self)
{
  gint64 now = g_get_monotonic_time ();
  gint64 due;

  kr_task_lock (&self->lock);
  /* the last value does not wait, nor does the manager, which lives until nothing is left to tell */
  if (self->manager != NULL && kr_task_state_is_terminal (self->state))
    kr_task_outbox_push (kr_task_manager_get_outbox (self->manager), self);
  else if (self->manager != NULL)
    {
      due = kr_task_progress_get_last_flush (self->progress) + kr_task_manager_get_interval (self->manager);
      kr_task_outbox_push_at (kr_task_manager_get_outbox (self->manager), self, MAX (now, due));
    }
  kr_task_unlock (&self->lock);
}

static gint64
get_interval (KrTaskJob *self)
{
  gint64 interval;

  kr_task_lock (&self->lock);
  interval = self->manager != NULL ? kr_task_manager_get_interval (self->manager) : 0;
  kr_task_unlock (&self->lock);
  return interval;
}

/* The last value waits for nothing; other news of the job do not take the progress along before its time. */
static void
flush_progress (KrTaskJob *self, gboolean is_last)
{
  KrTaskProgress *progress = g_atomic_pointer_get (&self->progress);
  KrTaskFlush flush;

  if (progress == NULL)
    return;
  flush = kr_task_progress_flush (progress, is_last ? 0 : get_interval (self));
  if (flush == KR_TASK_FLUSH_TOLD)
    kr_task_job_update_step (self);
  else if (flush == KR_TASK_FLUSH_EARLY)
    kr_task_job_progress_changed (self);
}

/* The transitions that the owner's context has not heard of. */
typedef struct
{
  guint8 path[KR_TASK_MAX_STATES];
  guint from, to;
  gboolean finished;
} Transitions;

/* Lock held. */
static void
take_transitions (KrTaskJob *self, Transitions *taken)
{
  memcpy (taken->path, self->path, sizeof taken->path);
  taken->from = self->n_delivered;
  taken->to = self->n_path;
  taken->finished = taken->to > taken->from && kr_task_state_is_terminal (taken->path[taken->to - 1]);
  self->n_delivered = taken->to;
  self->finish_emitted |= taken->finished;
}

/* Lock held. What has ended, and was told, needs its manager no more. */
static KrTaskManager *
take_manager (KrTaskJob *self)
{
  if (self->finish_emitted && self->n_delivered == self->n_path && !self->body_runs)
    return g_steal_pointer (&self->manager);
  return NULL;
}

static void
emit_transitions (KrTaskJob *self, const Transitions *taken)
{
  kr_task_job_notify_state (self);
  kr_task_job_emit_state_changed (self, taken->path + taken->from - 1, taken->to - taken->from + 1);
  if (taken->finished)
    kr_task_job_emit_finished (self);
}

/* Nobody hears most jobs, and those are done with in one step. */
static void
deliver_transitions (KrTaskJob *self)
{
  g_autoptr (KrTaskManager) manager = NULL;
  gboolean listened = kr_task_job_has_listeners (self);
  Transitions taken;
  GArray *links = NULL;
  gboolean quiet;

  kr_task_lock (&self->lock);
  take_transitions (self, &taken);
  if (taken.finished && self->family.links != NULL)
    {
      links = self->family.links;
      g_atomic_pointer_set (&self->family.links, NULL);
    }
  quiet = !listened && self->waiters == NULL;
  if (quiet)
    {
      self->waiters_done |= taken.finished;
      manager = take_manager (self);
    }
  kr_task_unlock (&self->lock);
  g_clear_pointer (&links, kr_task_links_free);
  flush_progress (self, taken.finished);
  if (quiet)
    return;
  if (listened && taken.to > taken.from)
    emit_transitions (self, &taken);
  if (taken.finished)
    kr_task_job_complete_waiters (self);
  kr_task_lock (&self->lock);
  manager = take_manager (self);
  kr_task_unlock (&self->lock);
}

/* private: in the owner's context, or in the only thread that knows the job. */
void
kr_task_job_deliver (KrTaskJob *self)
{
  KrTaskNews news = kr_task_job_take_news (self);

  if (news & KR_TASK_NEWS_START)
    begin_async_body (self);
  if (news & KR_TASK_NEWS_REMOVE)
    self->forgotten = TRUE;
  if (news & KR_TASK_NEWS_CHILDREN)
    kr_task_job_update_children (self);
  if (news != 0)
    kr_task_job_notify_news (self, news);
  deliver_transitions (self);
}
