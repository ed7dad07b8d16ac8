/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* The cancellation of a KrTaskJob: requests, deadlines, and sections that are not left half done. */
#include "config.h"

#include "kr-task-job-private.h"

static void
fire (gpointer data, gpointer user_data)
{
  g_autoptr (GCancellable) cancellable = data;

  g_cancellable_cancel (cancellable);
}

/* What an accepted request found. */
typedef struct
{
  KrTaskRunner *runner;      /* NULL: the job was not submitted */
  GCancellable *cancellable; /* NULL: no body runs */
  gboolean in_thread;        /* where that fires */
  gboolean never_runs;
  gboolean ended; /* at once */
} Request;

/* Lock held. Whether something goes on that a request to cancel can only ask to stop: the body, or the children of a job that
 * waits for them. Nobody waits for a job that was never submitted. */
static gboolean
is_busy (KrTaskJob *self)
{
  return self->state == KR_TASK_STATE_RUNNING ||
         (self->runner != NULL && self->family.wait && self->family.n_active > 0);
}

/* Lock held. What the request does to the state. */
static void
accept_request (KrTaskJob *self, KrTaskCancelReason reason, const char *text)
{
  KrTaskState ended = reason == KR_TASK_CANCEL_REASON_DEADLINE ? KR_TASK_STATE_TIMED_OUT : KR_TASK_STATE_CANCELLED;

  self->reason = reason;
  self->reason_text = g_strdup (text);
  if (self->state != KR_TASK_STATE_RUNNING)
    self->body_returned = TRUE; /* it never runs */
  kr_task_job_set_state (self, is_busy (self) ? KR_TASK_STATE_CANCELLING : ended);
  kr_task_cond_broadcast (&self->cancelled);
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
decide (KrTaskJob *self, KrTaskCancelReason reason, const char *text, KrTaskCancelFlags flags, Request *request,
        GError **error)
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
  request->runner = self->runner;
  request->in_thread |= self->cancel_in_thread;
  request->never_runs = self->state != KR_TASK_STATE_RUNNING;
  accept_request (self, reason, text);
  g_set_object (&request->cancellable, self->cancellable);
  request->ended = kr_task_state_is_terminal (self->state);
  return TRUE;
}

/* With no lock held. What will never run gives back what it would have run with, and its place in the queue. */
static void
give_up_body (KrTaskJob *self, KrTaskRunner *runner)
{
  KrTaskBody body;

  kr_task_lock (&self->lock);
  body = self->body;
  self->body = (KrTaskBody) { 0 };
  kr_task_unlock (&self->lock);
  if (runner != NULL)
    kr_task_runner_remove (runner, self);
  kr_task_body_clear (&body);
}

static gboolean
deliver_later (gpointer job)
{
  kr_task_job_deliver (job);
  return G_SOURCE_REMOVE;
}

/* A job that was never submitted belongs to the thread that made it; where it was cancelled with its parent, in whatever
 * thread, those who listen to it hear of that where the parent's do. */
static void
deliver_unsubmitted (KrTaskJob *self)
{
  g_autoptr (KrTaskJob) parent = kr_task_job_dup_parent (self);
  KrTaskRunner *runner = parent != NULL ? kr_task_job_get_runner (parent) : NULL;
  g_autoptr (GSource) source = NULL;

  if (runner == NULL)
    {
      kr_task_job_deliver (self);
      return;
    }
  source = g_idle_source_new ();
  g_source_set_static_name (source, "KrTaskJob");
  g_source_set_priority (source, G_PRIORITY_DEFAULT);
  g_source_set_callback (source, deliver_later, g_object_ref (self), g_object_unref);
  g_source_attach (source, kr_task_runner_get_owner (runner));
}

/* With no lock held. Handlers of the cancellable run in the thread that fires it, and the caller does not wait for them
 * unless the job says so. */
static void
fire_cancellable (Request *request)
{
  if (request->cancellable == NULL)
    return;
  if (request->in_thread)
    kr_task_runner_call (request->runner, fire, g_steal_pointer (&request->cancellable));
  else
    fire (g_steal_pointer (&request->cancellable), NULL);
}

/* With no lock held: what an accepted request means beyond the state. */
static void
after_request (KrTaskJob *self, Request *request)
{
  if (request->never_runs)
    give_up_body (self, request->runner);
  kr_task_job_cancel_children (self, KR_TASK_CANCEL_REASON_PARENT);
  fire_cancellable (request);
  /* also where the last child has ended the job meanwhile: in the queue it may have got the key after that */
  if (request->never_runs && request->runner != NULL && kr_task_state_is_terminal (kr_task_job_get_state (self)))
    kr_task_runner_release_key (request->runner, self);
  if (request->ended)
    kr_task_job_tell_parent (self);
  if (request->runner == NULL)
    deliver_unsubmitted (self);
}

/* @linked: something else was cancelled, in whatever thread. That thread may not touch a job that was not submitted yet, whose
 * handlers would run in it, nor any other cancellable while it fires one. */
static gboolean
request_cancel (KrTaskJob *self, KrTaskCancelReason reason, const char *text, KrTaskCancelFlags flags, gboolean linked,
                GError **error)
{
  Request request = { .in_thread = linked };
  gboolean accepted;

  kr_task_lock (&self->lock);
  accepted = (!linked || self->runner != NULL) && decide (self, reason, text, flags, &request, error);
  kr_task_unlock (&self->lock);
  if (accepted)
    after_request (self, &request);
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
 * Asks a job to stop. May be called from any thread, never blocks, and runs no handler, unless
 * [property@KrTask.Job:cancel-in-thread] is %FALSE.
 *
 * It returns %TRUE exactly when the job will end as cancelled (or, with %KR_TASK_CANCEL_REASON_DEADLINE, as timed out)
 * because of this very request. Otherwise @error says why not: %KR_TASK_ERROR_ALREADY_FINISHED,
 * %KR_TASK_ERROR_ALREADY_CANCELLED, %KR_TASK_ERROR_NOT_CANCELLABLE, or %KR_TASK_ERROR_DEFERRED, where the outcome is open.
 *
 * A job that has not begun never will; one whose children have not ended, and that waits for them, is on its way to its end
 * until they have. The body of one that runs learns of it by its cancellable, by
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

  return request_cancel (self, reason, text, flags, FALSE, error);
}

/* private: a cancellable that the job is linked to has fired, in whatever thread. Before submission the job is its maker's
 * alone, who finds the fired link when it submits (kr_task_job_follow_links()). */
void
kr_task_job_cancel_linked (KrTaskJob *self)
{
  request_cancel (self, KR_TASK_CANCEL_REASON_PARENT, NULL, KR_TASK_CANCEL_DEFER, TRUE, NULL);
}

/* private: in a thread of the pool. A deadline that was meant for a state before finds another one, or none. */
void
kr_task_job_deadline (KrTaskJob *self)
{
  Request request = { .in_thread = TRUE };
  gboolean accepted = FALSE;
  gboolean detach = FALSE;

  kr_task_lock (&self->lock);
  if (self->due != 0 && self->due <= g_get_monotonic_time ())
    {
      self->due = 0;
      detach = self->state == KR_TASK_STATE_CANCELLING;
      accepted = !detach && decide (self, KR_TASK_CANCEL_REASON_DEADLINE, NULL, KR_TASK_CANCEL_DEFER, &request, NULL);
    }
  kr_task_unlock (&self->lock);
  if (accepted)
    after_request (self, &request);
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
