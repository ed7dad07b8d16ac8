/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* How jobs leave a KrTaskManager: cancelled, removed, and all of them at its end. */
#include "config.h"

#include "kr-task-cancel-watch-private.h"
#include "kr-task-manager-inside-private.h"

static GPtrArray *
dup_unfinished (KrTaskManager *self, const char *kind)
{
  g_autoptr (GPtrArray) jobs = NULL;
  GPtrArray *unfinished = g_ptr_array_new_with_free_func (g_object_unref);

  kr_task_lock (&self->lock);
  jobs = kr_task_table_dup_jobs (&self->jobs);
  kr_task_unlock (&self->lock);
  for (guint i = 0; i < jobs->len; i++)
    {
      KrTaskJob *job = g_ptr_array_index (jobs, i);

      if (!kr_task_state_is_terminal (kr_task_job_get_state (job)) &&
          (kind == NULL || g_strcmp0 (kind, kr_task_job_get_kind (job)) == 0))
        g_ptr_array_add (unfinished, g_object_ref (job));
    }
  return unfinished;
}

/**
 * kr_task_manager_cancel_all:
 * @self: a manager
 * @kind: (nullable): only jobs of this kind
 * @reason: why
 *
 * Asks all unfinished jobs to stop, held ones as soon as they can. May be called from any thread.
 *
 * Returns: how many requests were accepted
 *
 * Since: 0.1
 */
guint
kr_task_manager_cancel_all (KrTaskManager *self, const char *kind, KrTaskCancelReason reason)
{
  g_autoptr (GPtrArray) jobs = NULL;
  guint n_accepted = 0;

  g_return_val_if_fail (KR_TASK_IS_MANAGER (self), 0);

  jobs = dup_unfinished (self, kind);
  /* those that wait go first, or they would take the slots of those that run */
  for (guint running = 0; running < 2; running++)
    for (guint i = 0; i < jobs->len; i++)
      if ((running || kr_task_job_get_state (g_ptr_array_index (jobs, i)) <= KR_TASK_STATE_QUEUED) &&
          kr_task_job_cancel (g_ptr_array_index (jobs, i), reason, NULL, KR_TASK_CANCEL_DEFER, NULL))
        n_accepted++;
  return n_accepted;
}

/* The job and all its descendants; FALSE: one of them has not finished. */
static gboolean
collect_family (KrTaskJob *job, GPtrArray *family)
{
  g_autoptr (GPtrArray) children = kr_task_job_dup_children (job);

  if (!kr_task_state_is_terminal (kr_task_job_get_state (job)))
    return FALSE;
  g_ptr_array_add (family, g_object_ref (job));
  for (guint i = 0; children != NULL && i < children->len; i++)
    if (!collect_family (g_ptr_array_index (children, i), family))
      return FALSE;
  return TRUE;
}

static void
remove_family (KrTaskManager *self, GPtrArray *family)
{
  for (guint i = 0; i < family->len; i++)
    {
      KrTaskJob *job = g_ptr_array_index (family, i);

      if (job->runner != self->runner)
        continue; /* another manager's, or never submitted */
      kr_task_manager_forget (self, job);
      g_atomic_int_or (&job->news, KR_TASK_NEWS_REMOVE);
      kr_task_outbox_push (&self->outbox, job);
    }
}

/**
 * kr_task_manager_remove:
 * @self: a manager
 * @id: the id of a finished job
 * @error: return location for a #KrTaskError
 *
 * Forgets a finished job and its children. May be called from any thread; the list drops them when the owner's main
 * context has run.
 *
 * Returns: %FALSE with %KR_TASK_ERROR_NOT_FOUND, %KR_TASK_ERROR_NOT_FINISHED, or %KR_TASK_ERROR_HAS_CHILDREN if a child or
 *   its child has not finished
 *
 * Since: 0.1
 */
gboolean
kr_task_manager_remove (KrTaskManager *self, const char *id, GError **error)
{
  g_autoptr (KrTaskJob) job = NULL;
  g_autoptr (GPtrArray) family = g_ptr_array_new_with_free_func (g_object_unref);

  g_return_val_if_fail (KR_TASK_IS_MANAGER (self), FALSE);
  g_return_val_if_fail (id != NULL, FALSE);

  job = kr_task_manager_lookup (self, id);
  if (job == NULL)
    g_set_error (error, KR_TASK_ERROR, KR_TASK_ERROR_NOT_FOUND, "There is no task with this id");
  else if (!kr_task_state_is_terminal (kr_task_job_get_state (job)))
    g_set_error (error, KR_TASK_ERROR, KR_TASK_ERROR_NOT_FINISHED, "The task has not finished yet");
  else if (!collect_family (job, family))
    g_set_error (error, KR_TASK_ERROR, KR_TASK_ERROR_HAS_CHILDREN, "A part of the task has not finished yet");
  else
    {
      remove_family (self, family);
      return TRUE;
    }
  return FALSE;
}

/* --- shutdown ---------------------------------------------------------------------------------------------------- */

/* One call of shutdown_async(): the owner's context only, but for its cancellable. */
typedef struct
{
  GTask *task;
  KrTaskCancelWatch watch;
} Shutdown;

/* The watch needs nothing of it but itself, which it lets go of before. */
static void
shutdown_free (Shutdown *shutdown)
{
  kr_task_cancel_watch_stop (&shutdown->watch);
  kr_task_cancel_watch_clear (&shutdown->watch);
  g_object_unref (shutdown->task);
  g_free (shutdown);
}

static gboolean
on_shutdown_wait_cancelled (gpointer user_data)
{
  Shutdown *shutdown = user_data;
  KrTaskManager *self = g_task_get_source_object (shutdown->task);

  self->shutdowns = g_slist_remove (self->shutdowns, shutdown);
  g_task_return_new_error (shutdown->task, G_IO_ERROR, G_IO_ERROR_CANCELLED, "The wait was cancelled");
  shutdown_free (shutdown);
  return G_SOURCE_REMOVE;
}

static void
add_shutdown (KrTaskManager *self, GTask *task, GCancellable *cancellable)
{
  Shutdown *shutdown = g_new0 (Shutdown, 1);

  shutdown->task = g_object_ref (task);
  if (cancellable != NULL)
    kr_task_cancel_watch_init (&shutdown->watch, cancellable, on_shutdown_wait_cancelled, shutdown, NULL);
  kr_task_cancel_watch_attach (&shutdown->watch, self->context);
  self->shutdowns = g_slist_prepend (self->shutdowns, shutdown);
}

/* private */
void
kr_task_manager_complete_shutdown (KrTaskManager *self)
{
  GSList *shutdowns = g_slist_reverse (g_steal_pointer (&self->shutdowns));
  gboolean clean = g_atomic_int_get (&self->n_unfinished) == 0 && g_atomic_int_get (&self->n_detached) == 0;

  if (self->grace != NULL)
    g_source_destroy (self->grace);
  g_clear_pointer (&self->grace, g_source_unref);
  for (GSList *l = shutdowns; l != NULL; l = l->next)
    {
      Shutdown *shutdown = l->data;

      if (clean)
        g_task_return_boolean (shutdown->task, TRUE);
      else
        g_task_return_new_error (shutdown->task, KR_TASK_ERROR, KR_TASK_ERROR_DETACHED,
                                 "Some tasks did not stop and still run");
      shutdown_free (shutdown);
    }
  g_slist_free (shutdowns);
}

static gboolean
grace_over (gpointer user_data)
{
  KrTaskManager *self = user_data;
  g_autoptr (GPtrArray) jobs = dup_unfinished (self, NULL);

  for (guint i = 0; i < jobs->len; i++)
    kr_task_job_detach (g_ptr_array_index (jobs, i));
  kr_task_manager_complete_shutdown (self);
  return G_SOURCE_REMOVE;
}

static void
start_grace (KrTaskManager *self, gint64 grace_us)
{
  if (grace_us < 0 || self->grace != NULL)
    return;
  self->grace = g_timeout_source_new (0);
  g_source_set_static_name (self->grace, "KrTaskManager grace");
  g_source_set_ready_time (self->grace, g_get_monotonic_time () + grace_us);
  g_source_set_callback (self->grace, grace_over, g_object_ref (self), g_object_unref);
  g_source_attach (self->grace, self->context);
}

static gboolean
stop_accepting (KrTaskManager *self)
{
  gboolean was_accepting;

  kr_task_lock (&self->lock);
  was_accepting = self->accepting;
  self->accepting = FALSE;
  kr_task_unlock (&self->lock);
  return was_accepting;
}

/**
 * kr_task_manager_shutdown_async:
 * @self: a manager
 * @grace_us: how long the bodies may take to return, µs; -1: for ever
 * @cancellable: (nullable): stops the wait only
 * @callback: (scope async) (closure user_data): called when no job is left, the time is over, or the wait was cancelled
 * @user_data: its argument
 *
 * Accepts no more jobs, cancels all of them, and waits until they have ended. Those that have not when the time is over
 * are detached. A second call joins the first one, and its @grace_us is ignored. In the owner's main context only.
 *
 * Since: 0.1
 */
void
kr_task_manager_shutdown_async (KrTaskManager *self, gint64 grace_us, GCancellable *cancellable,
                                GAsyncReadyCallback callback, gpointer user_data)
{
  g_autoptr (GTask) task = NULL;

  g_return_if_fail (KR_TASK_IS_MANAGER (self));

  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, kr_task_manager_shutdown_async);
  g_task_set_check_cancellable (task, FALSE);
  add_shutdown (self, task, cancellable);
  if (stop_accepting (self))
    {
      kr_task_manager_notify_accepting (self);
      start_grace (self, grace_us);
      kr_task_manager_cancel_all (self, NULL, KR_TASK_CANCEL_REASON_SHUTDOWN);
    }
  kr_task_outbox_wake (&self->outbox);
}

/**
 * kr_task_manager_shutdown_finish:
 * @self: a manager
 * @result: what the callback was given
 * @error: return location for %KR_TASK_ERROR_DETACHED, if some bodies still run, and %G_IO_ERROR_CANCELLED
 *
 * Ends [method@KrTask.Manager.shutdown_async].
 *
 * Returns: %TRUE if everything has ended
 *
 * Since: 0.1
 */
gboolean
kr_task_manager_shutdown_finish (KrTaskManager *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);

  return g_task_propagate_boolean (G_TASK (result), error);
}
