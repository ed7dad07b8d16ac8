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
