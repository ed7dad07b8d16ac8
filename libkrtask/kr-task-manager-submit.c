/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* How jobs come into a KrTaskManager, and how they are found. */
#include "config.h"

#include "kr-task-manager-inside-private.h"

/* What tells owners apart: the user, or all that is known. */
static char *
make_owner_key (GVariant *owner)
{
  guint32 uid;

  if (owner == NULL)
    return NULL;
  if (g_variant_lookup (owner, "uid", "u", &uid))
    return g_strdup_printf ("%u", uid);
  return g_variant_print (owner, FALSE);
}

/* Lock held. FALSE: the owner has enough. */
static gboolean
claim_owner (KrTaskManager *self, KrTaskJob *job, GError **error)
{
  guint n;

  if (job->owner == NULL)
    return TRUE;
  if (job->owner_key == NULL)
    job->owner_key = make_owner_key (job->owner);
  n = GPOINTER_TO_UINT (g_hash_table_lookup (self->owners, job->owner_key));
  if (n < self->max_per_owner)
    {
      g_hash_table_insert (self->owners, g_strdup (job->owner_key), GUINT_TO_POINTER (n + 1));
      return TRUE;
    }
  g_set_error (error, KR_TASK_ERROR, KR_TASK_ERROR_QUEUE_FULL, "The owner has too many tasks");
  return FALSE;
}

/* Lock held. */
static void
unclaim_owner (KrTaskManager *self, KrTaskJob *job)
{
  guint n;

  if (job->owner_key == NULL)
    return;
  n = GPOINTER_TO_UINT (g_hash_table_lookup (self->owners, job->owner_key));
  if (n > 1)
    g_hash_table_insert (self->owners, g_strdup (job->owner_key), GUINT_TO_POINTER (n - 1));
  else
    g_hash_table_remove (self->owners, job->owner_key);
}

/* private */
void
kr_task_manager_release_owner (KrTaskManager *self, KrTaskJob *job)
{
  if (job->owner_key == NULL)
    return;
  kr_task_lock (&self->lock);
  unclaim_owner (self, job);
  kr_task_unlock (&self->lock);
}

/* Lock held. A random id is nobody else's, and is not looked for. */
static gboolean
id_is_taken (KrTaskManager *self, KrTaskJob *job)
{
  return job->long_id != NULL && kr_task_table_lookup (&self->jobs, job->long_id) != NULL;
}

/* Lock held. */
static gboolean
claim_job (KrTaskManager *self, KrTaskJob *job, GError **error)
{
  if (!claim_owner (self, job, error))
    return FALSE;
  if (kr_task_job_adopt (job, self, error))
    return TRUE;
  unclaim_owner (self, job);
  return FALSE;
}

static gboolean
register_job (KrTaskManager *self, KrTaskJob *job, GError **error)
{
  gboolean ok = FALSE;

  kr_task_lock (&self->lock);
  if (!self->accepting)
    g_set_error (error, KR_TASK_ERROR, KR_TASK_ERROR_SHUTTING_DOWN, "No more tasks are accepted");
  else if (id_is_taken (self, job))
    g_set_error (error, KR_TASK_ERROR, KR_TASK_ERROR_CONFLICT, "There is a task with this id already");
  else if (claim_job (self, job, error))
    {
      g_atomic_int_inc (&self->n_unfinished);
      kr_task_table_insert (&self->jobs, g_object_ref (job));
      ok = TRUE;
    }
  kr_task_unlock (&self->lock);
  return ok;
}

/* private */
void
kr_task_manager_forget (KrTaskManager *self, KrTaskJob *job)
{
  gboolean was_in;

  kr_task_lock (&self->lock);
  was_in = kr_task_table_remove (&self->jobs, job);
  kr_task_unlock (&self->lock);
  if (was_in)
    g_object_unref (job);
}

/* A job that cannot be queued is not kept; nobody has seen it yet but who looked it up in between. */
static void
withdraw (KrTaskManager *self, KrTaskJob *job)
{
  kr_task_manager_forget (self, job);
  kr_task_manager_release_owner (self, job);
  g_atomic_int_add (&self->n_unfinished, -1);
  kr_task_job_withdraw (job);
}

static gboolean
submit (KrTaskManager *self, KrTaskJob *job, KrTaskJob **joined, GError **error)
{
  kr_task_job_follow_links (job);
  if (!register_job (self, job, error))
    return FALSE;
  kr_task_job_follow_links (job);
  if (!job->autostart)
    {
      kr_task_outbox_push (&self->outbox, job);
      return TRUE;
    }
  if (kr_task_job_begin (job, joined, error))
    return TRUE;
  /* cancelled in between by somebody who looked it up: that is an end like any other */
  if (kr_task_job_get_state (job) != KR_TASK_STATE_CREATED)
    {
      g_clear_error (error);
      return TRUE;
    }
  withdraw (self, job);
  return FALSE;
}

/**
 * kr_task_manager_submit:
 * @self: a manager
 * @job: a new job
 * @error: return location for a #KrTaskError
 *
 * Takes a job into the list, and starts it unless [property@KrTask.Job:autostart] is %FALSE. May be called from any
 * thread. It can be looked up at once; the list shows it when the owner's main context has run.
 *
 * Returns: %FALSE if the id or the key is taken, the queue is full, or the manager shuts down
 *
 * Since: 0.1
 */
gboolean
kr_task_manager_submit (KrTaskManager *self, KrTaskJob *job, GError **error)
{
  g_return_val_if_fail (KR_TASK_IS_MANAGER (self), FALSE);
  g_return_val_if_fail (KR_TASK_IS_JOB (job), FALSE);

  return submit (self, job, NULL, error);
}

/**
 * kr_task_manager_submit_or_join:
 * @self: a manager
 * @job: a new job
 * @error: return location for a #KrTaskError
 *
 * Submits a job, unless its policy is %KR_TASK_CONFLICT_JOIN and an unfinished one has its key: then that one does the
 * work, and @job is left alone. May be called from any thread.
 *
 * Returns: (transfer full) (nullable): the job that does the work, or %NULL on errors
 *
 * Since: 0.1
 */
KrTaskJob *
kr_task_manager_submit_or_join (KrTaskManager *self, KrTaskJob *job, GError **error)
{
  g_autoptr (KrTaskJob) joined = NULL;
  g_autoptr (GError) local = NULL;

  g_return_val_if_fail (KR_TASK_IS_MANAGER (self), NULL);
  g_return_val_if_fail (KR_TASK_IS_JOB (job), NULL);

  if (submit (self, job, &joined, &local))
    return g_object_ref (job);
  if (joined == NULL)
    g_propagate_error (error, g_steal_pointer (&local));
  return g_steal_pointer (&joined);
}

/**
 * kr_task_manager_lookup:
 * @self: a manager
 * @id: an id, in any case of letters
 *
 * Finds a job. May be called from any thread.
 *
 * Returns: (transfer full) (nullable): the job, or %NULL
 *
 * Since: 0.1
 */
KrTaskJob *
kr_task_manager_lookup (KrTaskManager *self, const char *id)
{
  KrTaskJob *job;

  g_return_val_if_fail (KR_TASK_IS_MANAGER (self), NULL);
  g_return_val_if_fail (id != NULL, NULL);

  kr_task_lock (&self->lock);
  job = kr_task_table_lookup (&self->jobs, id);
  if (job != NULL)
    g_object_ref (job);
  kr_task_unlock (&self->lock);
  return job;
}
