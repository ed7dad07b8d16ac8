/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* Tells all clients of the hub how a task gets on: the only place where tasks and hub meet. */
#include "config.h"

#include "demo-task-bridge.h"

#include <math.h>

#include "demo-hub.h"

/* Half to even, as the original rounds. A task that cannot say how far it is, is nowhere yet. */
static int
percent_of (double fraction)
{
  return isnan (fraction) ? 0 : (int) rint (fraction * 100);
}

static void
send_event (KrHubServer *hub, const char *name, KrTaskJob *job, int percent, const char *message)
{
  g_autofree char *timestamp = demo_hub_format_now ();
  g_auto (GVariantBuilder) data = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE_VARDICT);

  g_variant_builder_add (&data, "{sv}", "TaskId", g_variant_new_string (kr_task_job_get_id (job)));
  g_variant_builder_add (&data, "{sv}", "Progress", g_variant_new_int32 (percent));
  g_variant_builder_add (&data, "{sv}", "Message", g_variant_new_string (message));
  g_variant_builder_add (&data, "{sv}", "Timestamp", g_variant_new_string (timestamp));
  demo_hub_send_event (hub, name, g_variant_builder_end (&data));
}

static void
on_progress (KrTaskProgress *progress, gpointer user_data)
{
  KrTaskJob *job = user_data;
  KrHubServer *hub = g_object_get_data (G_OBJECT (job), "demo-hub");
  g_autofree char *message = NULL;
  double fraction = kr_task_progress_get (progress, &message);

  send_event (hub, "OperationProgress", job, percent_of (fraction), message != NULL ? message : "");
}

static const char *
describe_end (KrTaskState state)
{
  switch (state)
    {
    case KR_TASK_STATE_COMPLETED: return "Completed";
    case KR_TASK_STATE_CANCELLED: return "Cancelled";
    case KR_TASK_STATE_TIMED_OUT: return "Timed out";
    case KR_TASK_STATE_FAILED: return "Failed";
    case KR_TASK_STATE_CREATED:
    case KR_TASK_STATE_QUEUED:
    case KR_TASK_STATE_RUNNING:
    case KR_TASK_STATE_CANCELLING:
    default: g_return_val_if_reached ("Failed");
    }
}

static void
on_finished (KrTaskJob *job, gpointer user_data)
{
  KrHubServer *hub = user_data;
  KrTaskState state = kr_task_job_get_state (job);
  double fraction = kr_task_progress_get_fraction (kr_task_job_get_progress (job));

  send_event (hub, "OperationComplete", job, state == KR_TASK_STATE_COMPLETED ? 100 : percent_of (fraction),
              describe_end (state));
}

/**
 * demo_task_bridge_follow:
 * @hub: the hub
 * @job: a job that is not submitted yet
 *
 * Broadcasts `OperationProgress` for each step of @job, and `OperationComplete` once, after the last of them. The job
 * emits its signals where the hub lives, so nothing waits on its way.
 */
void
demo_task_bridge_follow (KrHubServer *hub, KrTaskJob *job)
{
  g_object_set_data_full (G_OBJECT (job), "demo-hub", g_object_ref (hub), g_object_unref);
  g_signal_connect_object (kr_task_job_get_progress (job), "changed", G_CALLBACK (on_progress), job, 0);
  g_signal_connect_object (job, "finished", G_CALLBACK (on_finished), hub, 0);
}

/* --- for those who have joined a group ---------------------------------------------------------------------------- */

/* A copy of what the status has under the names that GET /tasks/{id} uses. */
static GVariant *
describe (KrTaskJob *job)
{
  static const struct { const char *key, *name; } members[] = {
    { "id", "id" },       { "kind", "kind" },        { "title", "title" },      { "state", "state" },
    { "message", "message" }, { "progress", "progress" }, { "cancellable", "cancelable" },
  };
  g_autoptr (GVariant) status = kr_task_job_dup_status (job);
  g_auto (GVariantBuilder) description = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE_VARDICT);

  for (guint i = 0; i < G_N_ELEMENTS (members); i++)
    {
      g_autoptr (GVariant) value = g_variant_lookup_value (status, members[i].key, NULL);

      /* JSON has no way to write what is not a number: then the progress is unknown */
      if (value != NULL
          && !(g_variant_is_of_type (value, G_VARIANT_TYPE_DOUBLE) && isnan (g_variant_get_double (value))))
        g_variant_builder_add (&description, "{sv}", members[i].name, value);
    }
  return g_variant_builder_end (&description);
}

static void
send_to_groups (KrHubServer *hub, KrTaskJob *job, const char *target, GVariant *arguments)
{
  g_autofree char *group = g_strconcat ("task:", kr_task_job_get_id (job), NULL);
  const char *const groups[] = { "tasks", group, NULL };
  g_autoptr (KrHubClients) clients = kr_hub_clients_new_groups (hub, groups);
  g_autoptr (GError) error = NULL;

  if (!kr_hub_clients_send (clients, target, arguments, &error))
    g_warning ("%s cannot be sent: %s", target, error->message);
}

static void
on_changed (KrTaskSoupFeed *feed, KrTaskJob *job, gpointer user_data)
{
  send_to_groups (user_data, job, "TaskChanged", g_variant_new ("(@a{sv})", describe (job)));
}

static void
on_removed (KrTaskSoupFeed *feed, KrTaskJob *job, gpointer user_data)
{
  send_to_groups (user_data, job, "TaskRemoved", g_variant_new ("(s)", kr_task_job_get_id (job)));
}

/**
 * demo_task_bridge_new_feed:
 * @hub: the hub
 * @manager: the tasks
 *
 * Calls `TaskChanged (description)` and `TaskRemoved (id)` at the clients in the groups `tasks` and `task:ID`, for
 * progress at most as often as the manager tells of it.
 *
 * Returns: (transfer full): what does so while it lives
 */
KrTaskSoupFeed *
demo_task_bridge_new_feed (KrHubServer *hub, KrTaskManager *manager)
{
  KrTaskSoupFeed *feed = kr_task_soup_feed_new (manager);

  g_signal_connect_object (feed, "changed", G_CALLBACK (on_changed), hub, 0);
  g_signal_connect_object (feed, "removed", G_CALLBACK (on_removed), hub, 0);
  return feed;
}
