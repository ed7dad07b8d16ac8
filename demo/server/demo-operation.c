/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* The long operation of the demo: it sleeps in steps, reports each, and stops at once when it is cancelled. */
#include "config.h"

#include "demo-operation.h"

#include <glib/gi18n.h>

#define STEP (500 * G_TIME_SPAN_MILLISECOND)

static GVariant *
run_operation (KrTaskJob *job, GCancellable *cancellable, gpointer user_data, GError **error)
{
  KrTaskProgress *progress = kr_task_job_get_progress (job);
  guint steps = GPOINTER_TO_UINT (user_data);

  kr_task_progress_set (progress, 0, "Started");
  for (guint i = 1; i <= steps; i++)
    {
      g_autofree char *message = g_strdup_printf ("Step %u / %u", i, steps);

      if (!kr_task_job_sleep (job, STEP))
        {
          g_cancellable_set_error_if_cancelled (cancellable, error);
          return NULL;
        }
      kr_task_progress_set (progress, (double) i / steps, message);
    }
  return g_variant_new_uint32 (steps);
}

/**
 * demo_operation_new:
 * @seconds: how long it takes, 1 to %DEMO_OPERATION_MAX_SECONDS
 *
 * Creates an operation that does nothing, in steps of half a second, and says so.
 *
 * Returns: (transfer full): a job that is not submitted yet
 */
KrTaskJob *
demo_operation_new (guint seconds)
{
  const char *format = ngettext ("Operation of %u second", "Operation of %u seconds", seconds);
  g_autofree char *title = g_strdup_printf (format, seconds);
  KrTaskJob *job = kr_task_job_new (DEMO_OPERATION_KIND, title);
  guint steps = (guint) (seconds * G_TIME_SPAN_SECOND / STEP);

  kr_task_job_set_func (job, run_operation, GUINT_TO_POINTER (steps), NULL);
  return job;
}
