/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* The window as people see it: pictures for the documentation, and for those who look at them. */
#include "config.h"

#include <math.h>

#include "demo-toast.h"
#include "gtk-bodies.h"
#include "gtk-fixture.h"

/* --- a picture ---------------------------------------------------------------------------------------------------- */

static GVariant *
body_copy (KrTaskJob *job, GCancellable *cancellable, gpointer user_data, GError **error)
{
  KrTaskProgress *progress = kr_task_job_get_progress (job);

  for (guint i = 1; i <= 23; i++)
    {
      kr_task_progress_set_units (progress, i * 2100000, 74000000, "bytes");
      kr_task_progress_set (progress, i * 2100000 / 74000000.0, "Copying holiday.mkv");
      if (!kr_task_job_sleep (job, 120 * G_TIME_SPAN_MILLISECOND))
        return NULL;
    }
  kr_task_job_sleep (job, -1);
  return NULL;
}

static GVariant *
body_search (KrTaskJob *job, GCancellable *cancellable, gpointer user_data, GError **error)
{
  kr_task_progress_set (kr_task_job_get_progress (job), NAN, "Looking for devices");
  kr_task_job_sleep (job, -1);
  return NULL;
}

/* One of each, as docs/images shows them. */
static void
test_picture (GtkFixture *f, gconstpointer data)
{
  static const struct { const char *title; KrTaskFunc body; KrTaskState state; } tasks[] = {
    { "Sending the newsletter", gtk_body_fail, KR_TASK_STATE_FAILED },
    { "Indexing the archive", gtk_body_return, KR_TASK_STATE_COMPLETED },
    { "Nightly report", NULL, KR_TASK_STATE_CANCELLED },
    { "Writing the catalogue", gtk_body_hold, KR_TASK_STATE_RUNNING },
    { "Searching the network", body_search, KR_TASK_STATE_RUNNING },
    { "Backup of the photographs", body_copy, KR_TASK_STATE_RUNNING },
  };
  DemoTaskRow *row = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (tasks); i++)
    {
      g_autoptr (KrTaskJob) job = gtk_fixture_submit (f, tasks[i].title, tasks[i].body, NULL);

      row = gtk_fixture_wait_row (f, tasks[i].title);
      if (tasks[i].state == KR_TASK_STATE_CANCELLED)
        kr_task_job_cancel (job, KR_TASK_CANCEL_REASON_USER, NULL, KR_TASK_CANCEL_NONE, NULL);
      gtk_fixture_wait_state (row, tasks[i].state);
    }
  gtk_fixture_wait_text (row, "progress", "left");
  gtk_fixture_take_picture (f, "tasks");
  g_assert_true (gtk_widget_activate (GTK_WIDGET (gtk_fixture_get_row (f, 3))));
  demo_toast_show (DEMO_TOAST (gtk_fixture_find (f->window, "toast")),
                   "“Writing the catalogue” cannot be cancelled: it is in a part that it must not leave half done");
  gtk_fixture_take_picture (f, "details");
  gtk_fixture_open_popover (f, 30);
  gtk_fixture_take_picture (f, "start");
}

#define ADD(name, before, func) g_test_add ("/gtk/pictures/" name, GtkFixture, NULL, before, func, gtk_fixture_tear_down)

int
main (int argc, char **argv)
{
  gtk_fixture_init (&argc, &argv);
  ADD ("tasks", gtk_fixture_set_up, test_picture);
  return g_test_run ();
}
