/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* What the owner's context does with the news of a KrTaskManager's jobs: the list, and what it forgets. */
#include "config.h"

#include "kr-task-manager-inside-private.h"

/* New jobs enter the list before any of their signals is emitted. */
static void
add_new_jobs (KrTaskManager *self, GPtrArray *batch)
{
  guint before = kr_task_list_get_length (self->list);
  guint n_added;

  for (guint i = 0; i < batch->len; i++)
    {
      KrTaskJob *job = g_ptr_array_index (batch, i);

      if (job->was_listed)
        continue;
      job->was_listed = TRUE;
      kr_task_list_append (self->list, g_object_ref (job));
    }
  n_added = kr_task_list_get_length (self->list) - before;
  if (n_added > 0)
    g_list_model_items_changed (G_LIST_MODEL (self), before, 0, n_added);
}

/* A run of removals at one place is one change: the list is already without them, and nobody was told yet. */
typedef struct
{
  guint position;
  guint n_removed;
} Removal;

static void
flush_removal (KrTaskManager *self, Removal *removal)
{
  Removal done = *removal;

  *removal = (Removal) { 0 };
  if (done.n_removed > 0)
    g_list_model_items_changed (G_LIST_MODEL (self), done.position, done.n_removed, 0);
}

static void
remove_from_list (KrTaskManager *self, KrTaskJob *job, Removal *removal)
{
  guint position;

  if (job->place.block == NULL)
    return;
  kr_task_retention_remove (&self->retention, job);
  position = kr_task_list_get_position (self->list, job);
  if (removal->n_removed > 0 && removal->position != position)
    {
      g_autoptr (KrTaskJob) alive = g_object_ref (job);

      flush_removal (self, removal);
      /* a handler with a main loop of its own may have changed the list */
      if (job->place.block == NULL)
        return;
      position = kr_task_list_get_position (self->list, alive);
    }
  removal->position = position;
  removal->n_removed++;
  kr_task_list_remove (self->list, job);
  g_object_unref (job);
}

/* --- retention --------------------------------------------------------------------------------------------------- */

static void
note_finished (KrTaskManager *self, KrTaskJob *job)
{
  if (!job->finish_emitted || job->retention.queue != NULL || job->place.block == NULL)
    return;
  kr_task_retention_add (&self->retention, job);
  kr_task_manager_release_owner (self, job);
}

static gboolean
on_age (gpointer user_data)
{
  KrTaskManager *self = user_data;

  g_clear_pointer (&self->ageing, g_source_unref);
  kr_task_outbox_wake (&self->outbox);
  return G_SOURCE_REMOVE;
}

/* The manager is not kept alive by it: what nobody holds has nobody to tell. */
static void
start_ageing (KrTaskManager *self)
{
  gint64 due = kr_task_retention_get_due (&self->retention);

  if (self->ageing != NULL || due == 0)
    return;
  self->ageing = g_timeout_source_new (0);
  g_source_set_static_name (self->ageing, "KrTaskManager age");
  g_source_set_ready_time (self->ageing, due);
  g_source_set_callback (self->ageing, on_age, self, NULL);
  g_source_attach (self->ageing, self->context);
}

/* private */
void
kr_task_manager_stop_ageing (KrTaskManager *self)
{
  if (self->ageing != NULL)
    g_source_destroy (self->ageing);
  g_clear_pointer (&self->ageing, g_source_unref);
}

static GPtrArray *
take_surplus (KrTaskManager *self)
{
  GPtrArray *jobs = g_ptr_array_new_with_free_func (g_object_unref);
  gint64 now = self->retention.max_seconds > 0 && self->retention.passing.first != NULL ? g_get_monotonic_time () : 0;
  KrTaskJob *surplus;

  kr_task_retention_review (&self->retention);
  while ((surplus = kr_task_retention_get_surplus (&self->retention, now)) != NULL)
    {
      kr_task_retention_remove (&self->retention, surplus);
      g_ptr_array_add (jobs, g_object_ref (surplus));
    }
  return jobs;
}

/* All at once: the lock is taken for all of them together. */
static void
remove_surplus (KrTaskManager *self, Removal *removal)
{
  g_autoptr (GPtrArray) surplus = take_surplus (self);

  kr_task_lock (&self->lock);
  for (guint i = 0; i < surplus->len; i++)
    {
      KrTaskJob *job = g_ptr_array_index (surplus, i);

      if (kr_task_table_remove (&self->jobs, job))
        g_object_unref (job); /* not the last one */
    }
  kr_task_unlock (&self->lock);
  for (guint i = 0; i < surplus->len; i++)
    remove_from_list (self, g_ptr_array_index (surplus, i), removal);
  start_ageing (self);
}

/* --- delivery ---------------------------------------------------------------------------------------------------- */

static void
deliver_jobs (KrTaskManager *self, GPtrArray *batch)
{
  Removal removal = { 0 };

  for (guint i = 0; i < batch->len; i++)
    {
      KrTaskJob *job = g_ptr_array_index (batch, i);

      kr_task_job_deliver (job);
      note_finished (self, job);
    }
  for (guint i = 0; i < batch->len; i++)
    if (((KrTaskJob *) g_ptr_array_index (batch, i))->forgotten)
      remove_from_list (self, g_ptr_array_index (batch, i), &removal);
  remove_surplus (self, &removal);
  flush_removal (self, &removal);
}

/* private: in the owner's context. */
void
kr_task_manager_deliver (GObject *owner, GPtrArray *batch)
{
  KrTaskManager *self = KR_TASK_MANAGER (owner);

  add_new_jobs (self, batch);
  deliver_jobs (self, batch);
  kr_task_manager_notify_counts (self);
  if (self->shutdowns != NULL && g_atomic_int_get (&self->n_unfinished) == 0)
    kr_task_manager_complete_shutdown (self);
}
