/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* DemoParts: what the three libraries contribute to the demo. */
#include "config.h"

#include "demo-parts.h"

#include "demo-antiforgery.h"
#include "demo-hub.h"
#include "demo-task-bridge.h"

#define MAX_CONCURRENT 64 /* they sleep; the default is for work that computes */
#define GRACE (2 * G_TIME_SPAN_SECOND)

/**
 * demo_parts_init:
 * @parts: what to fill
 * @options: the command line
 * @error: return location for an error
 *
 * Makes hub, tasks and guard, in the main context. The parts stay where they are from now on.
 *
 * Returns: whether all are there
 */
gboolean
demo_parts_init (DemoParts *parts, const DemoOptions *options, GError **error)
{
  for (guint i = 0; i < DEMO_OPERATION_N_KINDS; i++)
    parts->makers[i] = (DemoMaker) { parts, i };
  parts->hub = demo_hub_new ();
  parts->manager = kr_task_manager_new (NULL);
  kr_task_manager_set_max_concurrent (parts->manager, MAX_CONCURRENT);
  parts->feed = demo_task_bridge_new_feed (parts->hub, parts->manager);
  if (!options->antiforgery)
    return TRUE;
  parts->guard = demo_antiforgery_new_guard (!options->http, error);
  return parts->guard != NULL;
}

/**
 * demo_parts_create_operation:
 * @parts: the parts
 * @kind: what sort of operation
 * @seconds: how long it takes
 *
 * Creates an operation whose events go to the hub. Any thread.
 *
 * Returns: (transfer full): a job that is not submitted yet
 */
KrTaskJob *
demo_parts_create_operation (DemoParts *parts, DemoOperationKind kind, guint seconds)
{
  KrTaskJob *job = demo_operation_new (kind, seconds);

  demo_task_bridge_follow (parts->hub, job);
  return job;
}

static void
on_shut_down (GObject *source, GAsyncResult *result, gpointer user_data)
{
  gboolean *done = user_data;

  kr_task_manager_shutdown_finish (KR_TASK_MANAGER (source), result, NULL);
  *done = TRUE;
}

/**
 * demo_parts_cancel_tasks:
 * @parts: the parts
 *
 * Cancels all tasks and accepts no more. Runs the main context until their ends are reported, or for a few seconds.
 */
void
demo_parts_cancel_tasks (DemoParts *parts)
{
  gboolean done = FALSE;

  kr_task_manager_shutdown_async (parts->manager, GRACE, NULL, on_shut_down, &done);
  while (!done)
    g_main_context_iteration (NULL, TRUE);
}

/**
 * demo_parts_clear:
 * @parts: the parts
 *
 * Frees them.
 */
void
demo_parts_clear (DemoParts *parts)
{
  g_clear_object (&parts->feed);
  g_clear_object (&parts->hub);
  g_clear_object (&parts->manager);
  g_clear_object (&parts->guard);
}
