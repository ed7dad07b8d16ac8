/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* Tests of how often the owner's context hears of the progress of a job. */
#include "manager-fixture.h"

static void
note_time (KrTaskProgress *progress, gpointer user_data)
{
  gint64 now = g_get_monotonic_time ();

  g_array_append_val ((GArray *) user_data, now);
}

/* However often it is set, and whatever else there is to tell of the job meanwhile. */
static void
test_progress_is_limited (ManagerFixture *f, gconstpointer data)
{
  KrTaskJob *job = manager_fixture_new_job (f, "x", body_wait);
  KrTaskProgress *progress = kr_task_job_get_progress (job);
  g_autoptr (GArray) times = g_array_new (FALSE, FALSE, sizeof (gint64));
  gint64 begin;
  guint i = 0;

  g_object_set (f->manager, "notify-interval-ms", 50, NULL);
  g_signal_connect (progress, "changed", G_CALLBACK (note_time), times);
  manager_fixture_submit (f, job);
  kr_test_wait ("the body", manager_fixture_runs, f);
  begin = g_get_monotonic_time ();
  while (g_get_monotonic_time () < begin + 500 * G_TIME_SPAN_MILLISECOND)
    {
      kr_task_progress_set (progress, ++i / 1e9, "working");
      kr_task_job_set_title (job, i % 2 ? "odd" : "even");
      g_main_context_iteration (NULL, FALSE);
    }
  g_signal_handlers_disconnect_by_data (progress, times);
  g_assert_cmpuint (i, >, 100);
  g_assert_cmpuint (times->len, >=, 2);
  for (guint j = 1; j < times->len; j++)
    g_assert_cmpint (g_array_index (times, gint64, j) - g_array_index (times, gint64, j - 1), >=,
                     50 * G_TIME_SPAN_MILLISECOND);
}

static GVariant *
body_progress (KrTaskJob *job, GCancellable *cancellable, gpointer user_data, GError **error)
{
  for (guint i = 0; i <= 1000; i++)
    kr_task_progress_set (kr_task_job_get_progress (job), i / 1000.0, "last word");
  return NULL;
}

static void
note_fraction (KrTaskProgress *progress, gpointer user_data)
{
  *(double *) user_data = kr_task_progress_get_fraction (progress);
}

static void
check_fraction (KrTaskJob *job, gpointer user_data)
{
  g_assert_cmpfloat (*(double *) user_data, ==, 1);
  *(double *) user_data = 2;
}

/* The last value comes, and before the end. */
static void
test_progress_last (ManagerFixture *f, gconstpointer data)
{
  double seen = 0;
  KrTaskJob *job = manager_fixture_new_job (f, "x", body_progress);

  g_object_set (f->manager, "notify-interval-ms", 60000, NULL);
  g_signal_connect (kr_task_job_get_progress (job), "changed", G_CALLBACK (note_fraction), &seen);
  g_signal_connect (job, "finished", G_CALLBACK (check_fraction), &seen);
  manager_fixture_submit (f, job);
  while (seen != 2)
    g_main_context_iteration (NULL, TRUE);
}

#define ADD(path, data, func) \
  g_test_add ("/manager/" path, ManagerFixture, data, manager_fixture_set_up, func, manager_fixture_tear_down)

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  ADD ("progress/limited", NULL, test_progress_is_limited);
  ADD ("progress/last", NULL, test_progress_last);
  return g_test_run ();
}
