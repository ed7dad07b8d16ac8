/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* The tasks over the hub: for programs that list, start, cancel and remove them. */
#include "config.h"

#include "demo-hub-tasks.h"

#include <math.h>

#include "demo-operation.h"

#define GROUP "task-followers"

/* Tells the followers what becomes of each task: at most once per turn, however much changes in it. */
typedef struct
{
  KrHubServer *hub;
  KrTaskManager *manager; /* owns the feed */
  GPtrArray *jobs;        /* as the manager lists them */
  GHashTable *changed;    /* of jobs that are to be told of */
  GSource *flush;         /* NULL: none has changed */
} Feed;

static void
feed_free (gpointer data)
{
  Feed *self = data;

  if (self->flush != NULL)
    g_source_destroy (self->flush);
  g_clear_pointer (&self->flush, g_source_unref);
  g_hash_table_unref (self->changed);
  for (guint i = 0; i < self->jobs->len; i++)
    {
      g_signal_handlers_disconnect_by_data (self->jobs->pdata[i], self);
      g_signal_handlers_disconnect_by_data (kr_task_job_get_progress (self->jobs->pdata[i]), self);
    }
  g_ptr_array_unref (self->jobs);
  g_object_unref (self->hub);
  g_free (self);
}

/* --- what is told ------------------------------------------------------------------------------------------------- */

/* The status without what has a type of the task's own. What is not a number is left out: JSON has no word for it. */
static GVariant *
describe (KrTaskJob *job)
{
  static const char *const keys[] = { "id", "kind", "title", "description", "state", "cancel-reason", "cancellable",
                                      "created-at", "started-at", "finished-at", "progress", "message", "done", "total",
                                      "unit", "rate" };
  g_autoptr (GVariant) status = kr_task_job_dup_status (job);
  g_autoptr (GError) error = kr_task_job_dup_error (job);
  g_auto (GVariantBuilder) told = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE_VARDICT);

  for (guint i = 0; i < G_N_ELEMENTS (keys); i++)
    {
      g_autoptr (GVariant) value = g_variant_lookup_value (status, keys[i], NULL);

      if (value != NULL &&
          !(g_variant_is_of_type (value, G_VARIANT_TYPE_DOUBLE) && !isfinite (g_variant_get_double (value))))
        g_variant_builder_add (&told, "{sv}", keys[i], value);
    }
  if (error != NULL)
    g_variant_builder_add (&told, "{sv}", "error", g_variant_new_string (error->message));
  g_variant_builder_add (&told, "{sv}", "eta",
                         g_variant_new_int64 (kr_task_progress_get_eta (kr_task_job_get_progress (job))));
  return g_variant_builder_end (&told);
}

static void
tell (Feed *self, const char *target, GVariant *arguments)
{
  g_autoptr (KrHubClients) followers = kr_hub_clients_new_group (self->hub, GROUP);
  g_autoptr (GError) error = NULL;

  if (!kr_hub_clients_send (followers, target, arguments, &error))
    g_warning ("%s cannot be sent: %s", target, error->message);
}

static gboolean
flush (gpointer data)
{
  Feed *self = data;
  GHashTableIter iter;
  KrTaskJob *job;

  g_clear_pointer (&self->flush, g_source_unref);
  g_hash_table_iter_init (&iter, self->changed);
  while (g_hash_table_iter_next (&iter, (gpointer *) &job, NULL))
    tell (self, "TaskStatus", g_variant_new ("(@a{sv})", describe (job)));
  g_hash_table_remove_all (self->changed);
  return G_SOURCE_REMOVE;
}

static void
note (Feed *self, KrTaskJob *job)
{
  g_hash_table_add (self->changed, g_object_ref (job));
  if (self->flush != NULL)
    return;
  self->flush = g_idle_source_new ();
  g_source_set_static_name (self->flush, "demo task feed");
  g_source_set_priority (self->flush, G_PRIORITY_DEFAULT);
  g_source_set_callback (self->flush, flush, self, NULL);
  g_source_attach (self->flush, kr_task_manager_get_owner (self->manager));
}

static void
on_notify (KrTaskJob *job, GParamSpec *pspec, gpointer data)
{
  note (data, job);
}

static void
on_progress (KrTaskProgress *progress, gpointer data)
{
  Feed *self = data;

  for (guint i = 0; i < self->jobs->len; i++)
    if (kr_task_job_get_progress (self->jobs->pdata[i]) == progress)
      note (self, self->jobs->pdata[i]);
}

static void
forget (Feed *self, guint position)
{
  KrTaskJob *job = self->jobs->pdata[position];

  g_signal_handlers_disconnect_by_data (job, self);
  g_signal_handlers_disconnect_by_data (kr_task_job_get_progress (job), self);
  g_hash_table_remove (self->changed, job);
  tell (self, "TaskGone", g_variant_new ("(s)", kr_task_job_get_id (job)));
  g_ptr_array_remove_index (self->jobs, position);
}

static void
on_items_changed (GListModel *model, guint position, guint removed, guint added, gpointer data)
{
  Feed *self = data;

  for (guint i = 0; i < removed; i++)
    forget (self, position);
  for (guint i = 0; i < added; i++)
    {
      KrTaskJob *job = g_list_model_get_item (model, position + i);

      g_ptr_array_insert (self->jobs, (int) (position + i), job);
      g_signal_connect (job, "notify", G_CALLBACK (on_notify), self);
      g_signal_connect (kr_task_job_get_progress (job), "changed", G_CALLBACK (on_progress), self);
      note (self, job);
    }
}

/* --- methods ------------------------------------------------------------------------------------------------------ */

/* What changes after this answer is told after it: both happen in the thread of hub and tasks. */
static void
follow (KrHubInvocation *invocation, gpointer data)
{
  Feed *self = g_object_get_data (G_OBJECT (((DemoParts *) data)->manager), GROUP);
  const char *id = kr_hub_connection_get_id (kr_hub_invocation_get_connection (invocation));
  GVariantBuilder tasks;

  kr_hub_server_add_to_group (self->hub, id, GROUP);
  g_variant_builder_init (&tasks, G_VARIANT_TYPE ("aa{sv}"));
  for (guint i = 0; i < self->jobs->len; i++)
    g_variant_builder_add_value (&tasks, describe (self->jobs->pdata[i]));
  kr_hub_invocation_return_value (invocation, g_variant_builder_end (&tasks));
}

static void
start (KrHubInvocation *invocation, gpointer data)
{
  DemoParts *parts = data;
  const char *kind;
  guint seconds;
  g_autoptr (KrTaskJob) job = NULL;
  g_autoptr (GError) error = NULL;

  g_variant_get (kr_hub_invocation_get_arguments (invocation, NULL), "(&su)", &kind, &seconds);
  if (!g_str_equal (kind, DEMO_OPERATION_KIND) || seconds < 1 || seconds > DEMO_OPERATION_MAX_SECONDS)
    {
      kr_hub_invocation_return_error_literal (invocation, "An operation takes from 1 to "
                                              G_STRINGIFY (DEMO_OPERATION_MAX_SECONDS) " seconds");
      return;
    }
  job = demo_parts_create_operation (parts, seconds);
  if (kr_task_manager_submit (parts->manager, job, &error))
    kr_hub_invocation_return_string (invocation, kr_task_job_get_id (job));
  else
    kr_hub_invocation_return_error (invocation, error);
}

static void
cancel (KrHubInvocation *invocation, gpointer data)
{
  DemoParts *parts = data;
  g_autoptr (KrTaskJob) job = kr_task_manager_lookup (parts->manager, kr_hub_invocation_get_string (invocation, 0));
  g_autoptr (GError) error = NULL;

  if (job == NULL)
    kr_hub_invocation_return_error_literal (invocation, "Task not found");
  else if (kr_task_job_cancel (job, KR_TASK_CANCEL_REASON_USER, NULL, KR_TASK_CANCEL_NONE, &error))
    kr_hub_invocation_return_void (invocation);
  else
    kr_hub_invocation_return_error (invocation, error);
}

static void
forget_task (KrHubInvocation *invocation, gpointer data)
{
  DemoParts *parts = data;
  g_autoptr (GError) error = NULL;

  if (kr_task_manager_remove (parts->manager, kr_hub_invocation_get_string (invocation, 0), &error))
    kr_hub_invocation_return_void (invocation);
  else
    kr_hub_invocation_return_error (invocation, error);
}

/**
 * demo_hub_tasks_add:
 * @parts: hub and tasks; must outlive the hub's connections
 *
 * Adds `FollowTasks`, which answers with all tasks and has the caller told of what becomes of them (`TaskStatus`,
 * `TaskGone`), and `StartTask`, `CancelTask` and `RemoveTask`.
 *
 * They need no token: the hub answers a page only if it is the server's own.
 */
void
demo_hub_tasks_add (DemoParts *parts)
{
  Feed *feed = g_new0 (Feed, 1);

  feed->hub = g_object_ref (parts->hub);
  feed->manager = parts->manager;
  feed->jobs = g_ptr_array_new_with_free_func (g_object_unref);
  feed->changed = g_hash_table_new_full (NULL, NULL, g_object_unref, NULL);
  g_signal_connect (parts->manager, "items-changed", G_CALLBACK (on_items_changed), feed);
  g_object_set_data_full (G_OBJECT (parts->manager), GROUP, feed, feed_free);
  kr_hub_server_add_method (parts->hub, "FollowTasks", "()", "aa{sv}", follow, parts, NULL);
  kr_hub_server_add_method (parts->hub, "StartTask", "(su)", "s", start, parts, NULL);
  kr_hub_server_add_method (parts->hub, "CancelTask", "(s)", NULL, cancel, parts, NULL);
  kr_hub_server_add_method (parts->hub, "RemoveTask", "(s)", NULL, forget_task, parts, NULL);
}
