/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* What the tasks of the tests do. */
#include "gtk-bodies.h"

static int go; /* atomic: bodies may go on */

GVariant *
gtk_body_hold (KrTaskJob *job, GCancellable *cancellable, gpointer user_data, GError **error)
{
  g_assert_true (kr_task_job_hold (job));
  while (!g_atomic_int_get (&go))
    g_usleep (500);
  kr_task_job_release (job);
  kr_task_job_sleep (job, -1);
  return NULL;
}

GVariant *
gtk_body_fail (KrTaskJob *job, GCancellable *cancellable, gpointer user_data, GError **error)
{
  g_set_error (error, G_IO_ERROR, G_IO_ERROR_NO_SPACE, "the disk is full");
  return NULL;
}

GVariant *
gtk_body_return (KrTaskJob *job, GCancellable *cancellable, gpointer user_data, GError **error)
{
  return NULL;
}

GVariant *
gtk_body_count (KrTaskJob *job, GCancellable *cancellable, gpointer user_data, GError **error)
{
  KrTaskProgress *progress = kr_task_job_get_progress (job);

  for (guint i = 1; i <= 10; i++)
    {
      kr_task_progress_set_units (progress, i, 10, "files");
      kr_task_progress_set (progress, i / 10.0, i == 5 ? "five" : "more");
      if (i == 4 && !kr_task_job_sleep (job, 300 * G_TIME_SPAN_MILLISECOND))
        return NULL;
      while (i == 5 && !g_atomic_int_get (&go))
        g_usleep (500);
    }
  return NULL;
}

void
gtk_bodies_let_go (gboolean new_go)
{
  g_atomic_int_set (&go, new_go);
}
