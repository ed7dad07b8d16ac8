/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* Calls of KrTaskBusExporter about jobs that are there: cancel, remove, results, and looking one up. */
#include "config.h"

#include "kr-task-bus-exporter-private.h"

/* --- calls about one task ------------------------------------------------------------------------------------------ */

/* The state may have changed while the caller was being identified: cancel() looks at it now. */
static void
act_cancel (KrTaskBusExporter *self, GDBusMethodInvocation *invocation, KrTaskJob *job, GVariant *options,
            GVariant *identity)
{
  g_autoptr (GError) error = NULL;
  const char *reason = NULL;
  gboolean defer = FALSE;

  if (!kr_task_bus_call_may (self, invocation, job, "cancel", identity))
    return;
  g_variant_lookup (options, "reason", "&s", &reason);
  g_variant_lookup (options, "defer", "b", &defer);
  if (kr_task_job_cancel (job, KR_TASK_CANCEL_REASON_USER, reason, defer ? KR_TASK_CANCEL_DEFER : KR_TASK_CANCEL_NONE,
                          &error) ||
      (defer && g_error_matches (error, KR_TASK_ERROR, KR_TASK_ERROR_DEFERRED)))
    g_dbus_method_invocation_return_value (invocation, NULL);
  else
    g_dbus_method_invocation_return_gerror (invocation, error);
}

static void
act_remove (KrTaskBusExporter *self, GDBusMethodInvocation *invocation, KrTaskJob *job, GVariant *options,
            GVariant *identity)
{
  g_autoptr (GError) error = NULL;

  if (!kr_task_bus_call_may (self, invocation, job, "remove", identity))
    return;
  if (kr_task_manager_remove (self->manager, kr_task_job_get_id (job), &error))
    g_dbus_method_invocation_return_value (invocation, NULL);
  else
    g_dbus_method_invocation_return_gerror (invocation, error);
}

static void
act_get_result (KrTaskBusExporter *self, GDBusMethodInvocation *invocation, KrTaskJob *job, GVariant *options,
                GVariant *identity)
{
  KrTaskBusObject *object = g_hash_table_lookup (self->objects, job);
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) result = NULL;

  if (!kr_task_bus_call_may (self, invocation, job, "view", identity))
    return;
  if (object == NULL)
    {
      g_dbus_method_invocation_return_error (invocation, KR_TASK_ERROR, KR_TASK_ERROR_NOT_FOUND, "The task is gone");
      return;
    }
  result = kr_task_bus_object_dup_result (object, &error);
  if (result != NULL)
    g_dbus_method_invocation_return_value (invocation, g_variant_new ("(v)", result));
  else
    g_dbus_method_invocation_return_gerror (invocation, error);
}

static KrTaskJob *
job_of (KrTaskDBusTask1 *task)
{
  return g_object_get_data (G_OBJECT (task), "kr-task-job");
}

static gboolean
on_cancel (KrTaskDBusTask1 *task, GDBusMethodInvocation *invocation, GVariant *options, gpointer user_data)
{
  kr_task_bus_call (user_data, invocation, job_of (task), options, "cancel", act_cancel);
  return G_DBUS_METHOD_INVOCATION_HANDLED;
}

static gboolean
on_remove (KrTaskDBusTask1 *task, GDBusMethodInvocation *invocation, gpointer user_data)
{
  kr_task_bus_call (user_data, invocation, job_of (task), NULL, "remove", act_remove);
  return G_DBUS_METHOD_INVOCATION_HANDLED;
}

static gboolean
on_get_result (KrTaskDBusTask1 *task, GDBusMethodInvocation *invocation, gpointer user_data)
{
  kr_task_bus_call (user_data, invocation, job_of (task), NULL, NULL, act_get_result);
  return G_DBUS_METHOD_INVOCATION_HANDLED;
}

/* --- calls about all tasks ----------------------------------------------------------------------------------------- */

static KrTaskJob *
lookup (KrTaskBusExporter *self, GDBusMethodInvocation *invocation, const char *id)
{
  KrTaskJob *job = kr_task_manager_lookup (self->manager, id);

  if (job == NULL)
    g_dbus_method_invocation_return_error (invocation, KR_TASK_ERROR, KR_TASK_ERROR_NOT_FOUND,
                                           "There is no task with this id");
  return job;
}

static gboolean
on_cancel_task (KrTaskDBusTaskManager1 *skeleton, GDBusMethodInvocation *invocation, const char *id,
                GVariant *options, gpointer user_data)
{
  g_autoptr (KrTaskJob) job = lookup (user_data, invocation, id);

  if (job != NULL)
    kr_task_bus_call (user_data, invocation, job, options, "cancel", act_cancel);
  return G_DBUS_METHOD_INVOCATION_HANDLED;
}

static void
act_cancel_all (KrTaskBusExporter *self, GDBusMethodInvocation *invocation, KrTaskJob *none, GVariant *options,
                GVariant *identity)
{
  const char *kind = NULL;
  guint n = 0;

  g_variant_lookup (options, "kind", "&s", &kind);
  for (guint i = 0; i < self->rows->len; i++)
    {
      KrTaskJob *job = ((KrTaskBusObject *) g_ptr_array_index (self->rows, i))->job;

      if ((kind == NULL || g_strcmp0 (kind, kr_task_job_get_kind (job)) == 0) &&
          !kr_task_state_is_terminal (kr_task_job_get_state (job)) &&
          kr_task_manager_authorize (self->manager, job, "cancel", identity) &&
          kr_task_job_cancel (job, KR_TASK_CANCEL_REASON_USER, NULL, KR_TASK_CANCEL_DEFER, NULL))
        n++;
    }
  kr_task_dbus_task_manager1_complete_cancel_all (NULL, invocation, n);
}

static gboolean
on_cancel_all (KrTaskDBusTaskManager1 *skeleton, GDBusMethodInvocation *invocation, GVariant *options,
               gpointer user_data)
{
  kr_task_bus_call (user_data, invocation, NULL, options, NULL, act_cancel_all);
  return G_DBUS_METHOD_INVOCATION_HANDLED;
}

static gboolean
on_lookup (KrTaskDBusTaskManager1 *skeleton, GDBusMethodInvocation *invocation, const char *id, gpointer user_data)
{
  KrTaskBusExporter *self = user_data;
  g_autoptr (KrTaskJob) job = lookup (self, invocation, id);
  g_autofree char *path = job != NULL ? kr_task_bus_exporter_dup_path (self, job) : NULL;

  if (path != NULL)
    kr_task_dbus_task_manager1_complete_lookup (skeleton, invocation, path);
  else if (job != NULL)
    g_dbus_method_invocation_return_error (invocation, KR_TASK_ERROR, KR_TASK_ERROR_NOT_FOUND,
                                           "The task is not on the bus yet");
  return G_DBUS_METHOD_INVOCATION_HANDLED;
}

/**
 * kr_task_bus_actions_connect_task:
 * @self: an exporter
 * @object: a job on the bus
 *
 * Answers the calls about one job.
 */
void
kr_task_bus_actions_connect_task (KrTaskBusExporter *self, KrTaskBusObject *object)
{
  g_object_set_data (G_OBJECT (object->task), "kr-task-job", object->job);
  g_signal_connect_object (object->task, "handle-cancel", G_CALLBACK (on_cancel), self, 0);
  g_signal_connect_object (object->task, "handle-get-result", G_CALLBACK (on_get_result), self, 0);
  g_signal_connect_object (object->task, "handle-remove", G_CALLBACK (on_remove), self, 0);
}

/**
 * kr_task_bus_actions_connect_manager:
 * @self: an exporter that has its skeleton
 *
 * Answers the calls about all jobs, but for the one that starts another.
 */
void
kr_task_bus_actions_connect_manager (KrTaskBusExporter *self)
{
  g_signal_connect (self->skeleton, "handle-cancel-task", G_CALLBACK (on_cancel_task), self);
  g_signal_connect (self->skeleton, "handle-cancel-all", G_CALLBACK (on_cancel_all), self);
  g_signal_connect (self->skeleton, "handle-lookup", G_CALLBACK (on_lookup), self);
}
