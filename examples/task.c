/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* A task that takes long, says how far it is, and stops at once when it is cancelled. */
#include <krtask.h>

/* Runs in a thread of the manager. */
static GVariant *
count (KrTaskJob *job, GCancellable *cancellable, gpointer data, GError **error)
{
  for (guint i = 1; i <= 100; i++)
    {
      if (!kr_task_job_sleep (job, 50 * G_TIME_SPAN_MILLISECOND)) /* a cancel ends it in the middle */
        return NULL;
      kr_task_progress_set (kr_task_job_get_progress (job), i / 100.0, "counting");
    }
  return g_variant_new_string ("counted to 100");
}

/* Runs where the manager was made, like all signals. */
static void
on_progress (KrTaskProgress *progress, gpointer data)
{
  double fraction = kr_task_progress_get_fraction (progress);

  g_print ("%.0f %%\n", fraction * 100);
  if (fraction >= 0.2)
    kr_task_job_cancel (data, KR_TASK_CANCEL_REASON_USER, "far enough", KR_TASK_CANCEL_NONE, NULL);
}

static void
on_finished (KrTaskJob *job, gpointer data)
{
  g_print ("%s after %.1f s\n", kr_task_state_to_string (kr_task_job_get_state (job)),
           kr_task_job_get_duration (job) / (double) G_USEC_PER_SEC);
  g_main_loop_quit (data);
}

int
main (void)
{
  g_autoptr (GMainLoop) loop = g_main_loop_new (NULL, FALSE);
  g_autoptr (KrTaskManager) manager = kr_task_manager_new (NULL);
  g_autoptr (KrTaskJob) job = kr_task_job_new ("count", "Counts to 100");
  g_autoptr (GError) error = NULL;

  kr_task_job_set_func (job, count, NULL, NULL);
  g_signal_connect (kr_task_job_get_progress (job), "changed", G_CALLBACK (on_progress), job);
  g_signal_connect (job, "finished", G_CALLBACK (on_finished), loop);
  if (!kr_task_manager_submit (manager, job, &error))
    {
      g_printerr ("%s\n", error->message);
      return 1;
    }
  g_main_loop_run (loop);
  return kr_task_job_get_state (job) == KR_TASK_STATE_CANCELLED ? 0 : 1;
}
