/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* What a KrTaskJob is told to be: most of it before it is submitted. */
#include "config.h"

#include <string.h>

#include "kr-task-job-private.h"

/* An id travels in addresses and object paths. */
#define MAX_ID_LENGTH 128

/**
 * kr_task_job_set_func:
 * @self: a job that was not submitted yet
 * @func: (scope notified) (closure user_data) (destroy destroy): the body
 * @user_data: its argument
 * @destroy: (nullable): frees @user_data once the body can run no more, in whatever thread
 *
 * Sets a body that runs in a thread of the manager's pool.
 *
 * Since: 0.1
 */
void
kr_task_job_set_func (KrTaskJob *self, KrTaskFunc func, gpointer user_data, GDestroyNotify destroy)
{
  g_return_if_fail (KR_TASK_IS_JOB (self));
  g_return_if_fail (func != NULL);
  g_return_if_fail (kr_task_job_is_open (self));

  kr_task_body_clear (&self->body);
  self->body = (KrTaskBody) { .func = func, .data = user_data, .destroy = destroy };
  self->is_sync = TRUE;
}

/**
 * kr_task_job_set_async_func: (skip)
 * @self: a job that was not submitted yet
 * @begin: begins the work
 * @finish: takes its result
 * @user_data: their argument
 * @destroy: (nullable): frees @user_data once the body can run no more, in whatever thread
 *
 * Sets a body that runs in the owner's main context, as an asynchronous operation.
 *
 * Since: 0.1
 */
void
kr_task_job_set_async_func (KrTaskJob *self, KrTaskAsyncFunc begin, KrTaskFinishFunc finish, gpointer user_data,
                            GDestroyNotify destroy)
{
  g_return_if_fail (KR_TASK_IS_JOB (self));
  g_return_if_fail (begin != NULL && finish != NULL);
  g_return_if_fail (kr_task_job_is_open (self));

  kr_task_body_clear (&self->body);
  self->body = (KrTaskBody) { .begin = begin, .finish = finish, .data = user_data, .destroy = destroy };
  self->is_sync = FALSE;
}

/**
 * kr_task_job_set_id:
 * @self: a job that was not submitted yet
 * @id: 1 to 128 printable ASCII characters
 *
 * Names the job; otherwise it has a random name.
 *
 * Returns: %FALSE if @id cannot be a name
 *
 * Since: 0.1
 */
gboolean
kr_task_job_set_id (KrTaskJob *self, const char *id)
{
  gsize length;

  g_return_val_if_fail (KR_TASK_IS_JOB (self), FALSE);
  g_return_val_if_fail (id != NULL, FALSE);
  g_return_val_if_fail (kr_task_job_is_open (self), FALSE);

  length = strlen (id);
  if (length == 0 || length > MAX_ID_LENGTH)
    return FALSE;
  for (gsize i = 0; i < length; i++)
    if (!g_ascii_isgraph (id[i]))
      return FALSE;
  g_free (self->long_id);
  self->long_id = g_strdup (id);
  return TRUE;
}

/**
 * kr_task_job_set_owner: (set-property owner)
 * @self: a job that was not submitted yet
 * @owner: (nullable): an `a{sv}`, taken over if floating
 *
 * Says who started the job.
 *
 * Since: 0.1
 */
void
kr_task_job_set_owner (KrTaskJob *self, GVariant *owner)
{
  g_return_if_fail (KR_TASK_IS_JOB (self));
  g_return_if_fail (owner == NULL || g_variant_is_of_type (owner, G_VARIANT_TYPE_VARDICT));
  g_return_if_fail (kr_task_job_is_open (self));

  g_clear_pointer (&self->owner, g_variant_unref);
  g_clear_pointer (&self->owner_key, g_free);
  if (owner != NULL)
    self->owner = g_variant_ref_sink (owner);
}

/**
 * kr_task_job_set_priority: (set-property priority)
 * @self: a job that was not submitted yet
 * @priority: higher ones leave the queue first; 0 by default
 *
 * Sets the priority.
 *
 * Since: 0.1
 */
void
kr_task_job_set_priority (KrTaskJob *self, int priority)
{
  g_return_if_fail (KR_TASK_IS_JOB (self));
  g_return_if_fail (kr_task_job_is_open (self));

  self->priority = priority;
}

/**
 * kr_task_job_set_key:
 * @self: a job that was not submitted yet
 * @key: (nullable): what no two running jobs share
 * @policy: what happens where an unfinished job has the same key
 *
 * Makes the job exclude others.
 *
 * Since: 0.1
 */
void
kr_task_job_set_key (KrTaskJob *self, const char *key, KrTaskConflictPolicy policy)
{
  char *copy;

  g_return_if_fail (KR_TASK_IS_JOB (self));
  g_return_if_fail (kr_task_job_is_open (self));

  copy = g_strdup (key);
  g_free (self->key);
  self->key = copy;
  self->conflict_policy = policy;
}

/**
 * kr_task_job_set_deadlines:
 * @self: a job that was not submitted yet
 * @queue_us: how long it may wait in the queue, µs; -1: for ever
 * @run_us: how long the body may run, µs; -1: for ever
 * @stop_us: how long the body may take to return after a cancel, µs; -1: for ever
 *
 * Sets the deadlines. After the first two the job is cancelled, and ends as timed out. After the third the job ends
 * although its body goes on: it is detached.
 *
 * Since: 0.1
 */
void
kr_task_job_set_deadlines (KrTaskJob *self, gint64 queue_us, gint64 run_us, gint64 stop_us)
{
  g_return_if_fail (KR_TASK_IS_JOB (self));
  g_return_if_fail (kr_task_job_is_open (self));

  self->queue_us = queue_us;
  self->run_us = run_us;
  self->stop_us = stop_us;
}

/**
 * kr_task_job_set_autostart: (set-property autostart)
 * @self: a job that was not submitted yet
 * @autostart: whether it starts when it is submitted
 *
 * Sets whether submitting the job starts it, too.
 *
 * Since: 0.1
 */
void
kr_task_job_set_autostart (KrTaskJob *self, gboolean autostart)
{
  g_return_if_fail (KR_TASK_IS_JOB (self));
  g_return_if_fail (kr_task_job_is_open (self));

  self->autostart = autostart;
}

/**
 * kr_task_job_set_cancel_in_thread: (set-property cancel-in-thread)
 * @self: a job that was not submitted yet
 * @cancel_in_thread: whether the handlers of the body's cancellable run in a thread of their own
 *
 * Sets where the handlers run that the body has connected to its cancellable. %TRUE is the default: whoever cancels waits for
 * none of them. With %FALSE they have run when [method@KrTask.Job.cancel] returns, in the thread that called it; those of a
 * deadline, and of what the job is linked to, run in a thread of their own still. Then no handler may wait for anything,
 * least of all for the one who cancels.
 *
 * Since: 0.1
 */
void
kr_task_job_set_cancel_in_thread (KrTaskJob *self, gboolean cancel_in_thread)
{
  g_return_if_fail (KR_TASK_IS_JOB (self));
  g_return_if_fail (kr_task_job_is_open (self));

  self->cancel_in_thread = cancel_in_thread;
}

/* --- at any time ------------------------------------------------------------------------------------------------- */

static gboolean
notify_later (gpointer user_data)
{
  KrTaskJob *self = user_data;

  kr_task_job_notify_news (self, KR_TASK_NEWS_TITLE | KR_TASK_NEWS_DESCRIPTION | KR_TASK_NEWS_TAGS);
  return G_SOURCE_REMOVE;
}

/* private: any thread, no lock held. Whom the manager no longer serves, or does not serve yet, is served here. */
void
kr_task_job_announce (KrTaskJob *self, KrTaskNews news)
{
  g_autoptr (GSource) source = NULL;

  if (kr_task_job_add_news (self, news))
    return;
  if (self->runner == NULL)
    {
      kr_task_job_notify_news (self, news);
      return;
    }
  source = g_idle_source_new ();
  g_source_set_static_name (source, "KrTaskJob");
  g_source_set_priority (source, G_PRIORITY_DEFAULT);
  g_source_set_callback (source, notify_later, g_object_ref (self), g_object_unref);
  g_source_attach (source, kr_task_runner_get_owner (self->runner));
}

static void
set_text (KrTaskJob *self, char **place, const char *text, KrTaskNews news)
{
  g_autofree char *old = NULL;
  gboolean changed;

  kr_task_lock (&self->lock);
  changed = g_strcmp0 (*place, text) != 0;
  if (changed)
    {
      old = *place;
      *place = g_strdup (text);
    }
  kr_task_unlock (&self->lock);
  if (changed)
    kr_task_job_announce (self, news);
}

/**
 * kr_task_job_set_title: (set-property title)
 * @self: a job
 * @title: (nullable): what the job is, for people
 *
 * Renames a job.
 *
 * Since: 0.1
 */
void
kr_task_job_set_title (KrTaskJob *self, const char *title)
{
  g_return_if_fail (KR_TASK_IS_JOB (self));

  set_text (self, &self->title, title, KR_TASK_NEWS_TITLE);
}

/**
 * kr_task_job_set_description: (set-property description)
 * @self: a job
 * @description: (nullable): more about it, for people
 *
 * Describes a job.
 *
 * Since: 0.1
 */
void
kr_task_job_set_description (KrTaskJob *self, const char *description)
{
  g_return_if_fail (KR_TASK_IS_JOB (self));

  set_text (self, &self->description, description, KR_TASK_NEWS_DESCRIPTION);
}

/**
 * kr_task_job_set_keep: (set-property keep)
 * @self: a job
 * @keep: whether the manager keeps it until it is removed
 *
 * Exempts a job from what the manager forgets by itself. May be called from any thread.
 *
 * Since: 0.1
 */
void
kr_task_job_set_keep (KrTaskJob *self, gboolean keep)
{
  g_return_if_fail (KR_TASK_IS_JOB (self));

  kr_task_lock (&self->lock);
  g_atomic_int_set (&self->keep, keep);
  kr_task_unlock (&self->lock);
}
