/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* The end of a KrTaskJob: its result, its status as one view, and who waits for it. */
#include "config.h"

#include "kr-task-cancel-watch-private.h"
#include "kr-task-job-private.h"
#include "kr-task-progress-private.h"

/* Lock held. */
static GError *
error_of_end (KrTaskJob *self)
{
  const char *text = self->reason_text;

  switch ((KrTaskState) self->state)
    {
    case KR_TASK_STATE_FAILED:
      return g_error_copy (self->error);
    case KR_TASK_STATE_CANCELLED:
      return g_error_new_literal (G_IO_ERROR, G_IO_ERROR_CANCELLED, text != NULL ? text : "The task was cancelled");
    case KR_TASK_STATE_TIMED_OUT:
      return g_error_new_literal (G_IO_ERROR, G_IO_ERROR_TIMED_OUT, text != NULL ? text : "The task took too long");
    case KR_TASK_STATE_COMPLETED:
      return NULL;
    case KR_TASK_STATE_CREATED:
    case KR_TASK_STATE_QUEUED:
    case KR_TASK_STATE_RUNNING:
    case KR_TASK_STATE_CANCELLING:
    default:
      return g_error_new_literal (KR_TASK_ERROR, KR_TASK_ERROR_NOT_FINISHED, "The task has not finished yet");
    }
}

/**
 * kr_task_job_dup_result:
 * @self: a job
 * @error: return location for what the job ended with
 *
 * Gets what the body returned. May be called from any thread.
 *
 * The error is %KR_TASK_ERROR_NOT_FINISHED before the end; then that of the body if it failed, %G_IO_ERROR_CANCELLED or
 * %G_IO_ERROR_TIMED_OUT.
 *
 * Returns: (transfer full) (nullable): the result; %NULL without @error is a valid one
 *
 * Since: 0.1
 */
GVariant *
kr_task_job_dup_result (KrTaskJob *self, GError **error)
{
  GError *end;
  GVariant *value = NULL;

  g_return_val_if_fail (KR_TASK_IS_JOB (self), NULL);

  kr_task_lock (&self->lock);
  end = error_of_end (self);
  if (end == NULL && self->value != NULL)
    value = g_variant_ref (self->value);
  kr_task_unlock (&self->lock);
  if (end != NULL)
    g_propagate_error (error, end);
  return value;
}

/**
 * kr_task_job_dup_error:
 * @self: a job
 *
 * Gets what [method@KrTask.Job.dup_result] fails with once the job has finished. May be called from any thread.
 *
 * Returns: (transfer full) (nullable): an error; %NULL before the end and after success
 *
 * Since: 0.1
 */
GError *
kr_task_job_dup_error (KrTaskJob *self)
{
  GError *error = NULL;

  g_return_val_if_fail (KR_TASK_IS_JOB (self), NULL);

  kr_task_lock (&self->lock);
  if (kr_task_state_is_terminal (self->state))
    error = error_of_end (self);
  kr_task_unlock (&self->lock);
  return error;
}

/**
 * kr_task_job_dup_cause:
 * @self: a job
 *
 * Gets the error of the body itself, also where the job ended as cancelled: what went wrong on the way out. May be called
 * from any thread.
 *
 * Returns: (transfer full) (nullable): an error, or %NULL
 *
 * Since: 0.1
 */
GError *
kr_task_job_dup_cause (KrTaskJob *self)
{
  GError *error = NULL;

  g_return_val_if_fail (KR_TASK_IS_JOB (self), NULL);

  kr_task_lock (&self->lock);
  if (kr_task_state_is_terminal (self->state) && self->error != NULL)
    error = g_error_copy (self->error);
  kr_task_unlock (&self->lock);
  return error;
}

/* --- the view --------------------------------------------------------------------------------------------------- */

/* Lock held. */
static void
add_texts (KrTaskJob *self, GVariantDict *dict)
{
  g_variant_dict_insert (dict, "id", "s", kr_task_job_get_id (self));
  g_variant_dict_insert (dict, "kind", "s", self->kind);
  g_variant_dict_insert_value (dict, "title", g_variant_new_take_string (kr_task_job_make_title (self)));
  g_variant_dict_insert (dict, "description", "s", self->description != NULL ? self->description : "");
  g_variant_dict_insert (dict, "state", "s", kr_task_state_to_string (self->state));
  g_variant_dict_insert (dict, "cancel-reason", "s", kr_task_cancel_reason_to_string (self->reason));
  if (self->key != NULL)
    g_variant_dict_insert (dict, "key", "s", self->key);
  if (self->tags != NULL)
    g_variant_dict_insert (dict, "tags", "^as", self->tags);
  if (self->owner != NULL)
    g_variant_dict_insert_value (dict, "owner", self->owner);
}

/* Lock held. */
static void
add_numbers (KrTaskJob *self, GVariantDict *dict)
{
  g_variant_dict_insert (dict, "priority", "i", self->priority);
  g_variant_dict_insert (dict, "cancellable", "b", kr_task_job_can_cancel (self));
  g_variant_dict_insert (dict, "held", "b", self->held > 0);
  g_variant_dict_insert (dict, "detached", "b", self->detached);
  g_variant_dict_insert (dict, "created-at", "x", self->created_at);
  g_variant_dict_insert (dict, "queued-at", "x", self->queued_at);
  g_variant_dict_insert (dict, "started-at", "x", self->started_at);
  g_variant_dict_insert (dict, "finished-at", "x", self->finished_at);
  g_variant_dict_insert (dict, "duration", "x", kr_task_job_measure (self));
}

/* Lock held. */
static void
add_outcome (KrTaskJob *self, GVariantDict *dict)
{
  g_autoptr (GError) error = NULL;

  if (!kr_task_state_is_terminal (self->state))
    return;
  error = error_of_end (self);
  if (error != NULL)
    g_variant_dict_insert (dict, "error", "(sis)", g_quark_to_string (error->domain), error->code, error->message);
  if (self->state == KR_TASK_STATE_COMPLETED && self->value != NULL)
    g_variant_dict_insert (dict, "result", "v", self->value);
}

/* Lock held. */
static void
add_progress (KrTaskProgress *progress, GVariantDict *dict)
{
  g_autofree char *message = NULL;
  g_autofree char *unit = NULL;
  guint64 done, total;

  g_variant_dict_insert (dict, "progress", "d", kr_task_progress_get (progress, &message));
  g_variant_dict_insert (dict, "message", "s", message);
  kr_task_progress_get_units (progress, &done, &total, &unit);
  if (unit == NULL)
    return;
  g_variant_dict_insert (dict, "done", "t", done);
  g_variant_dict_insert (dict, "total", "t", total);
  g_variant_dict_insert (dict, "unit", "s", unit);
  g_variant_dict_insert (dict, "rate", "t", kr_task_progress_get_rate (progress));
}

/**
 * kr_task_job_dup_status:
 * @self: a job
 *
 * Gets all about a job in one view, whose parts belong together: it has an end, a result or an error exactly if the state
 * is terminal. May be called from any thread.
 *
 * The keys are the names of the properties: `id`, `kind`, `title`, `description`, `state` and `cancel-reason` (as text),
 * `priority`, `cancellable`, `held`, `detached`, `created-at`, `queued-at`, `started-at`, `finished-at` (wall clock, µs, 0:
 * not yet), `duration` (µs). Where there is one: `key`, `tags`, `owner`, `error` (domain, code, message), `result`, `parent` (its
 * id), `progress` (NaN: unknown) with `message`, and `done`, `total`, `unit` and `rate`.
 *
 * Returns: (transfer full): an `a{sv}`
 *
 * Since: 0.1
 */
GVariant *
kr_task_job_dup_status (KrTaskJob *self)
{
  GVariantDict dict;
  KrTaskProgress *progress;
  g_autoptr (KrTaskJob) parent = NULL;

  g_return_val_if_fail (KR_TASK_IS_JOB (self), NULL);

  g_variant_dict_init (&dict, NULL);
  kr_task_lock (&self->lock);
  add_texts (self, &dict);
  add_numbers (self, &dict);
  add_outcome (self, &dict);
  progress = g_atomic_pointer_get (&self->progress);
  if (progress != NULL)
    add_progress (progress, &dict);
  kr_task_unlock (&self->lock);
  parent = kr_task_job_dup_parent (self);
  if (parent != NULL)
    g_variant_dict_insert (&dict, "parent", "s", kr_task_job_get_id (parent));
  return g_variant_ref_sink (g_variant_dict_end (&dict));
}

/* --- waiting ---------------------------------------------------------------------------------------------------- */

typedef enum
{
  WAITER_WAITS,
  WAITER_DONE,
} WaiterState;

/* One call of wait_async(). The job and the source of its cancellable hold a reference each; whoever changes the state
 * first completes the task, so that it completes once. */
typedef struct
{
  gatomicrefcount ref_count;
  int state; /* a WaiterState, atomic */
  GTask *task;
  KrTaskCancelWatch watch;
} KrTaskWaiter;

static KrTaskWaiter *
waiter_ref (KrTaskWaiter *waiter)
{
  g_atomic_ref_count_inc (&waiter->ref_count);
  return waiter;
}

static void
waiter_unref (gpointer data)
{
  KrTaskWaiter *waiter = data;

  if (!g_atomic_ref_count_dec (&waiter->ref_count))
    return;
  kr_task_cancel_watch_clear (&waiter->watch);
  g_object_unref (waiter->task);
  g_free (waiter);
}

static gboolean
waiter_claim (KrTaskWaiter *waiter)
{
  return g_atomic_int_compare_and_exchange (&waiter->state, WAITER_WAITS, WAITER_DONE);
}

/* In the context of the caller, never inside the emission of the cancellable. */
static gboolean
waiter_cancelled (gpointer user_data)
{
  KrTaskWaiter *waiter = user_data;
  KrTaskJob *job = g_task_get_source_object (waiter->task);
  gboolean was_listed;

  if (!waiter_claim (waiter))
    return G_SOURCE_REMOVE;
  kr_task_lock (&job->lock);
  was_listed = g_slist_find (job->waiters, waiter) != NULL;
  job->waiters = g_slist_remove (job->waiters, waiter);
  kr_task_unlock (&job->lock);
  g_task_return_new_error (waiter->task, G_IO_ERROR, G_IO_ERROR_CANCELLED, "The wait was cancelled");
  if (was_listed)
    waiter_unref (waiter);
  return G_SOURCE_REMOVE;
}

static void
waiter_finished (KrTaskWaiter *waiter)
{
  if (waiter_claim (waiter))
    g_task_return_boolean (waiter->task, TRUE);
  kr_task_cancel_watch_stop (&waiter->watch);
  waiter_unref (waiter);
}

static KrTaskWaiter *
waiter_new (GTask *task, GCancellable *wait_only)
{
  KrTaskWaiter *waiter = g_new0 (KrTaskWaiter, 1);

  g_atomic_ref_count_init (&waiter->ref_count);
  waiter->task = g_object_ref (task);
  if (wait_only != NULL)
    kr_task_cancel_watch_init (&waiter->watch, wait_only, waiter_cancelled, waiter_ref (waiter), waiter_unref);
  return waiter;
}

/* private: in the owner's context, when the end was told. */
void
kr_task_job_complete_waiters (KrTaskJob *self)
{
  GSList *waiters;

  kr_task_lock (&self->lock);
  waiters = g_slist_reverse (g_steal_pointer (&self->waiters));
  self->waiters_done = TRUE;
  kr_task_unlock (&self->lock);
  for (GSList *l = waiters; l != NULL; l = l->next)
    waiter_finished (l->data);
  g_slist_free (waiters);
}

/**
 * kr_task_job_wait_async:
 * @self: a job
 * @wait_only: (nullable): stops the wait, not the job
 * @callback: (scope async) (closure user_data): called when the job has finished or the wait was cancelled
 * @user_data: its argument
 *
 * Waits until a job has finished and [signal@KrTask.Job::finished] was emitted. May be called from any thread; @callback
 * is called in its thread-default main context.
 *
 * Since: 0.1
 */
void
kr_task_job_wait_async (KrTaskJob *self, GCancellable *wait_only, GAsyncReadyCallback callback, gpointer user_data)
{
  g_autoptr (GTask) task = NULL;
  KrTaskWaiter *waiter;
  gboolean done;

  g_return_if_fail (KR_TASK_IS_JOB (self));

  task = g_task_new (self, wait_only, callback, user_data);
  g_task_set_source_tag (task, kr_task_job_wait_async);
  /* a wait that has succeeded stays so, even if it is cancelled before the callback is called */
  g_task_set_check_cancellable (task, FALSE);
  if (g_task_return_error_if_cancelled (task))
    return;
  waiter = waiter_new (task, wait_only);
  /* attached before the job knows it: afterwards the job may destroy it at any moment */
  kr_task_cancel_watch_attach (&waiter->watch, g_task_get_context (task));
  kr_task_lock (&self->lock);
  done = self->waiters_done || g_atomic_int_get (&waiter->state) == WAITER_DONE;
  if (!done)
    self->waiters = g_slist_prepend (self->waiters, waiter);
  kr_task_unlock (&self->lock);
  if (done)
    waiter_finished (waiter);
}

/**
 * kr_task_job_wait_finish:
 * @self: a job
 * @result: what the callback was given
 * @error: return location for %G_IO_ERROR_CANCELLED, if the wait was cancelled
 *
 * Ends [method@KrTask.Job.wait_async]. What the job ended with tells [method@KrTask.Job.dup_result].
 *
 * Returns: %TRUE if the job has finished, however it ended
 *
 * Since: 0.1
 */
gboolean
kr_task_job_wait_finish (KrTaskJob *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);

  return g_task_propagate_boolean (G_TASK (result), error);
}
