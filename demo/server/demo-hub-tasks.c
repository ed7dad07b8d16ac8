/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* The tasks over the hub: for programs that list, start, cancel and remove them. */
#include "config.h"

#include "demo-hub-tasks.h"

#include "demo-task-bridge.h"

/* What changes after this answer is told after it: both happen in the thread of hub and tasks. */
static void
follow (KrHubInvocation *invocation, gpointer data)
{
  DemoParts *parts = data;
  GListModel *jobs = G_LIST_MODEL (parts->manager);
  const char *id = kr_hub_connection_get_id (kr_hub_invocation_get_connection (invocation));
  GVariantBuilder tasks;

  kr_hub_server_add_to_group (parts->hub, id, DEMO_TASK_GROUP);
  g_variant_builder_init (&tasks, G_VARIANT_TYPE ("aa{sv}"));
  for (guint i = 0; i < g_list_model_get_n_items (jobs); i++)
    {
      g_autoptr (KrTaskJob) job = g_list_model_get_item (jobs, i);
      g_autoptr (GVariant) description = demo_task_bridge_describe (job);

      g_variant_builder_add_value (&tasks, description);
    }
  kr_hub_invocation_return_value (invocation, g_variant_builder_end (&tasks));
}

static void
list_kinds (KrHubInvocation *invocation, gpointer data)
{
  GVariantBuilder names;

  g_variant_builder_init (&names, G_VARIANT_TYPE ("as"));
  for (guint i = 0; i < DEMO_OPERATION_N_KINDS; i++)
    g_variant_builder_add (&names, "s", demo_operation_get_name (i));
  kr_hub_invocation_return_value (invocation, g_variant_builder_end (&names));
}

static void
start (KrHubInvocation *invocation, gpointer data)
{
  DemoParts *parts = data;
  const char *name;
  DemoOperationKind kind;
  guint seconds;
  g_autoptr (KrTaskJob) job = NULL;
  g_autoptr (GError) error = NULL;

  g_variant_get (kr_hub_invocation_get_arguments (invocation, NULL), "(&su)", &name, &seconds);
  if (!demo_operation_find (name, &kind))
    {
      kr_hub_invocation_return_error_literal (invocation, "There is no such kind of task");
      return;
    }
  if (seconds < 1 || seconds > DEMO_OPERATION_MAX_SECONDS)
    {
      kr_hub_invocation_return_error_literal (invocation, "An operation takes from 1 to "
                                              G_STRINGIFY (DEMO_OPERATION_MAX_SECONDS) " seconds");
      return;
    }
  job = demo_parts_create_operation (parts, kind, seconds);
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
 * Adds `FollowTasks`, which answers with all tasks and has the caller join the group that is told what becomes of them,
 * `ListKinds`, which says what `StartTask` takes, and `StartTask`, `CancelTask` and `RemoveTask`.
 *
 * They need no token: the hub answers a page only if it is the server's own.
 */
void
demo_hub_tasks_add (DemoParts *parts)
{
  kr_hub_server_add_method (parts->hub, "FollowTasks", "()", "aa{sv}", follow, parts, NULL);
  kr_hub_server_add_method (parts->hub, "ListKinds", "()", "as", list_kinds, parts, NULL);
  kr_hub_server_add_method (parts->hub, "StartTask", "(su)", "s", start, parts, NULL);
  kr_hub_server_add_method (parts->hub, "CancelTask", "(s)", NULL, cancel, parts, NULL);
  kr_hub_server_add_method (parts->hub, "RemoveTask", "(s)", NULL, forget_task, parts, NULL);
}
