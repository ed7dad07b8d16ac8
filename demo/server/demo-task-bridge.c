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

/* More than the original tells: how fast it goes and how long it will take, in seconds, as far as that is known. */
static void
add_measures (GVariantBuilder *data, KrTaskProgress *progress)
{
  gint64 eta = kr_task_progress_get_eta (progress);
  g_autofree char *unit = NULL;
  guint64 done, total;

  kr_task_progress_get_units (progress, &done, &total, &unit);
  if (unit != NULL)
    {
      g_variant_builder_add (data, "{sv}", "Unit", g_variant_new_string (unit));
      g_variant_builder_add (data, "{sv}", "Done", g_variant_new_uint64 (done));
      g_variant_builder_add (data, "{sv}", "Total", g_variant_new_uint64 (total));
      g_variant_builder_add (data, "{sv}", "Rate", g_variant_new_uint64 (kr_task_progress_get_rate (progress)));
    }
  if (eta >= 0)
    g_variant_builder_add (data, "{sv}", "Remaining", g_variant_new_double (rint (eta / 1e5) / 10));
}

static void
send_event (KrHubServer *hub, const char *name, KrTaskJob *job, int percent, const char *message, gboolean running)
{
  g_autofree char *timestamp = demo_hub_format_now ();
  g_auto (GVariantBuilder) data = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE_VARDICT);

  g_variant_builder_add (&data, "{sv}", "TaskId", g_variant_new_string (kr_task_job_get_id (job)));
  g_variant_builder_add (&data, "{sv}", "Progress", g_variant_new_int32 (percent));
  g_variant_builder_add (&data, "{sv}", "Message", g_variant_new_string (message));
  g_variant_builder_add (&data, "{sv}", "Timestamp", g_variant_new_string (timestamp));
  if (running)
    add_measures (&data, kr_task_job_get_progress (job));
  demo_hub_send_event (hub, name, g_variant_builder_end (&data));
}

static void
on_progress (KrTaskProgress *progress, gpointer user_data)
{
  KrTaskJob *job = user_data;
  KrHubServer *hub = g_object_get_data (G_OBJECT (job), "demo-hub");
  g_autofree char *message = NULL;
  double fraction = kr_task_progress_get (progress, &message);

  send_event (hub, "OperationProgress", job, percent_of (fraction), message != NULL ? message : "", TRUE);
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
              describe_end (state), FALSE);
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

/**
 * demo_task_bridge_describe:
 * @job: a task
 *
 * Says all that is known of a task: the document of `GET /tasks/{id}`.
 *
 * Returns: (transfer full): an `a{sv}`
 */
GVariant *
demo_task_bridge_describe (KrTaskJob *job)
{
  g_autofree char *json = kr_task_soup_feed_to_json (job);
  g_autoptr (GError) error = NULL;
  GVariant *description = json_gvariant_deserialize_data (json, -1, "a{sv}", &error);

  g_assert_no_error (error);
  return g_variant_ref_sink (description);
}

static void
send_to_groups (KrHubServer *hub, KrTaskJob *job, const char *target, GVariant *arguments)
{
  g_autofree char *group = g_strconcat ("task:", kr_task_job_get_id (job), NULL);
  const char *const groups[] = { DEMO_TASK_GROUP, group, NULL };
  g_autoptr (KrHubClients) clients = kr_hub_clients_new_groups (hub, groups);
  g_autoptr (GError) error = NULL;

  if (!kr_hub_clients_send (clients, target, arguments, &error))
    g_warning ("%s cannot be sent: %s", target, error->message);
}

static void
on_changed (KrTaskSoupFeed *feed, KrTaskJob *job, gpointer user_data)
{
  g_autoptr (GVariant) description = demo_task_bridge_describe (job);

  send_to_groups (user_data, job, "TaskChanged", g_variant_new ("(@a{sv})", description));
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
 * Calls `TaskChanged (document)` and `TaskRemoved (id)` at the clients in the groups `tasks` and `task:ID`, for
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
