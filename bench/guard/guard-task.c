/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* Creates, runs and finishes N jobs: work for whoever counts its instructions. */
#include "config.h"

#include <krtask.h>
#include <stdlib.h>

#define AT_ONCE 32

static GVariant *
body (KrTaskJob *job, GCancellable *cancellable, gpointer data, GError **error)
{
  return NULL;
}

static void
on_finished (KrTaskJob *job, gpointer data)
{
  guint *n_finished = data;

  g_assert (kr_task_job_get_state (job) == KR_TASK_STATE_COMPLETED);
  ++*n_finished;
}

static void
run_some (KrTaskManager *manager, guint n)
{
  guint n_finished = 0;

  for (guint i = 0; i < n; i++)
    {
      g_autoptr (KrTaskJob) job = kr_task_job_new ("guard", "A job");
      g_autoptr (GError) error = NULL;

      kr_task_job_set_func (job, body, NULL, NULL);
      g_signal_connect (job, "finished", G_CALLBACK (on_finished), &n_finished);
      if (!kr_task_manager_submit (manager, job, &error))
        g_error ("%s", error->message);
    }
  while (n_finished < n)
    g_main_context_iteration (NULL, TRUE);
}

/* Usage: guard-task [N] */
int
main (int argc, char **argv)
{
  guint n = argc > 1 ? atoi (argv[1]) : 1024;
  g_autoptr (KrTaskManager) manager = kr_task_manager_new (NULL);

  for (guint done = 0; done < n; done += AT_ONCE)
    run_some (manager, MIN (AT_ONCE, n - done));
  return 0;
}
