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
submit_one_of_each (GtkFixture *f)
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
}

static void
show_toast (GtkFixture *f)
{
  demo_toast_show (DEMO_TOAST (gtk_fixture_find (f->window, "toast")),
                   "“Writing the catalogue” cannot be cancelled: it is in a part that it must not leave half done");
}

static void
test_tasks (GtkFixture *f, gconstpointer data)
{
  submit_one_of_each (f);
  gtk_fixture_take_picture (f, "tasks");
  g_assert_true (gtk_widget_activate (GTK_WIDGET (gtk_fixture_get_row (f, 3))));
  show_toast (f);
  gtk_fixture_take_picture (f, "details");
  gtk_fixture_offer (f, "transfer");
  gtk_fixture_open_popover (f, 30);
  gtk_fixture_take_picture (f, "start");
}

static void
test_dark (GtkFixture *f, gconstpointer data)
{
  g_object_set (gtk_settings_get_default (), "gtk-application-prefer-dark-theme", TRUE, NULL);
  submit_one_of_each (f);
  g_assert_true (gtk_widget_activate (GTK_WIDGET (gtk_fixture_get_row (f, 0))));
  show_toast (f);
  gtk_fixture_take_picture (f, "dark");
  g_object_set (gtk_settings_get_default (), "gtk-application-prefer-dark-theme", FALSE, NULL);
}

/* --- where there is little room ----------------------------------------------------------------------------------- */

static int
measure_width (GtkFixture *f)
{
  int width;

  gtk_widget_measure (f->window, GTK_ORIENTATION_HORIZONTAL, -1, &width, NULL, NULL, NULL);
  return width;
}

static gboolean
is_narrow (gpointer data)
{
  return gtk_widget_get_width (data) > 0 && gtk_widget_get_width (data) <= 360;
}

/* As narrow as a phone, with titles and messages that are far too long for it. */
static void
test_narrow (GtkFixture *f, gconstpointer data)
{
  static const char long_title[] = "Copying the photographs of the last forty years to the other disk, the second attempt";
  static const char word[] = "Rindfleischetikettierungsüberwachungsaufgabenübertragungsgesetzesprüfung";
  g_autoptr (KrTaskJob) first = NULL, second = NULL;

  submit_one_of_each (f);
  first = gtk_fixture_submit (f, long_title, body_copy, NULL);
  second = gtk_fixture_submit (f, word, NULL, NULL);
  gtk_fixture_wait_text (gtk_fixture_wait_row (f, long_title), "progress", "left");
  g_assert_true (gtk_widget_activate (GTK_WIDGET (gtk_fixture_wait_row (f, word))));
  show_toast (f);
  g_assert_cmpint (measure_width (f), <=, 360);
  gtk_window_set_default_size (GTK_WINDOW (f->window), 360, 720);
  kr_test_wait ("a narrow window", is_narrow, f->window);
  gtk_fixture_take_picture (f, "narrow");
}

/* --- from right to left ------------------------------------------------------------------------------------------- */

static void
set_up_mirrored (GtkFixture *f, gconstpointer data)
{
  gtk_widget_set_default_direction (GTK_TEXT_DIR_RTL);
  gtk_fixture_set_up (f, data);
}

static float
get_x (GtkFixture *f, gpointer root, const char *id)
{
  graphene_rect_t bounds;

  kr_test_wait (id, gtk_fixture_is_mapped, gtk_fixture_find (root, id));
  g_assert_true (gtk_widget_compute_bounds (gtk_fixture_find (root, id), f->window, &bounds));
  return bounds.origin.x;
}

/* What is on the left otherwise is on the right, and a bar fills from there. */
static void
test_mirrored (GtkFixture *f, gconstpointer data)
{
  DemoTaskRow *row;

  submit_one_of_each (f);
  row = gtk_fixture_get_row (f, 0);
  g_assert_cmpfloat (get_x (f, row, "cancel"), <, get_x (f, row, "title"));
  g_assert_cmpfloat (get_x (f, row, "title"), <, get_x (f, row, "icon"));
  g_assert_true (gtk_widget_activate (GTK_WIDGET (row)));
  gtk_fixture_take_picture (f, "mirrored");
  gtk_widget_set_default_direction (GTK_TEXT_DIR_LTR);
}

#define ADD(name, before, func) g_test_add ("/gtk/pictures/" name, GtkFixture, NULL, before, func, gtk_fixture_tear_down)

int
main (int argc, char **argv)
{
  gtk_fixture_init (&argc, &argv);
  ADD ("tasks", gtk_fixture_set_up, test_tasks);
  ADD ("dark", gtk_fixture_set_up, test_dark);
  ADD ("narrow", gtk_fixture_set_up, test_narrow);
  ADD ("mirrored", set_up_mirrored, test_mirrored);
  return g_test_run ();
}
