/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* Tests of the window: the program comes and goes, tasks are started, cancelled and removed, and many of them at once. */
#include "config.h"

#include <signal.h>

#include "demo-start-popover.h"
#include "demo-toast.h"
#include "gtk-bodies.h"
#include "gtk-fixture.h"

static gboolean
is_unmapped (gpointer data)
{
  return !gtk_widget_get_mapped (data);
}

static gboolean
is_sensitive (gpointer data)
{
  return gtk_widget_is_sensitive (data);
}

static gboolean
is_insensitive (gpointer data)
{
  return !gtk_widget_is_sensitive (data);
}

static KrTaskState
state_of (KrTaskJob *job)
{
  return kr_task_job_get_state (job);
}

/* --- the program comes and goes ----------------------------------------------------------------------------------- */

static void
test_alone (GtkFixture *f, gconstpointer data)
{
  GtkWidget *start = gtk_fixture_find (f->window, "start_button");
  g_autoptr (KrTaskJob) job = NULL;

  gtk_fixture_wait_page (f, "offline");
  g_assert_false (gtk_widget_is_sensitive (start));
  g_assert_cmpstr (gtk_fixture_text (f->window, "hint"), ==, "Start kr-demo. Its tasks show up here by themselves.");
  gtk_fixture_take_picture (f, "offline");

  gtk_fixture_server_comes (f);
  gtk_fixture_wait_page (f, "empty");
  g_assert_true (gtk_widget_is_sensitive (start));
  gtk_fixture_take_picture (f, "empty");
  job = gtk_fixture_submit (f, "A task", NULL, NULL);
  gtk_fixture_wait_page (f, "tasks");

  gtk_fixture_server_goes (f);
  gtk_fixture_wait_page (f, "offline");
  g_assert_false (gtk_widget_is_sensitive (start));
  g_assert_cmpuint (gtk_fixture_count_rows (f), ==, 0);

  /* the same task, on another connection */
  gtk_fixture_server_comes (f);
  gtk_fixture_wait_page (f, "tasks");
  g_assert_nonnull (gtk_fixture_wait_row (f, "A task"));
}

/* Everything is on the bus before the window is. */
static void
test_late (GtkFixture *f, gconstpointer data)
{
  g_autoptr (KrTaskJob) first = NULL, second = NULL;

  gtk_fixture_server_comes (f);
  first = gtk_fixture_submit (f, "First", NULL, NULL);
  second = gtk_fixture_submit (f, "Second", gtk_body_return, NULL);
  gtk_fixture_wait_row (f, "First");
  gtk_fixture_wait_state (gtk_fixture_wait_row (f, "Second"), KR_TASK_STATE_COMPLETED);
}

static void
test_bus_gone (GtkFixture *f, gconstpointer data)
{
  g_autoptr (KrTaskJob) job = gtk_fixture_submit (f, "A task", NULL, NULL);

  gtk_fixture_wait_row (f, "A task");
  gtk_fixture_server_goes (f);
  g_test_dbus_stop (f->bus);
  gtk_fixture_wait_text (f->window, "hint", "There is no bus to look for tasks on");
  gtk_fixture_wait_page (f, "offline");
}

/* --- starting ----------------------------------------------------------------------------------------------------- */

static void
test_start (GtkFixture *f, gconstpointer data)
{
  GtkWidget *popover = gtk_fixture_find (f->window, "start_popover");

  gtk_fixture_open_popover (f, 42);
  g_assert_false (gtk_widget_get_visible (gtk_fixture_find (popover, "kind_row")));
  gtk_fixture_press (popover, "start");
  gtk_fixture_wait_row (f, "An operation");
  g_assert_cmpuint (f->seconds, ==, 42);
  kr_test_wait ("the end of the popover", is_unmapped, popover);

  /* the number that is being typed counts, and Enter in the field is enough */
  gtk_fixture_open_popover (f, 1);
  gtk_editable_set_text (GTK_EDITABLE (gtk_fixture_find (popover, "seconds")), "77");
  g_signal_emit_by_name (gtk_editable_get_delegate (GTK_EDITABLE (gtk_fixture_find (popover, "seconds"))), "activate");
  while (gtk_fixture_count_rows (f) < 2)
    g_main_context_iteration (NULL, TRUE);
  g_assert_cmpuint (f->seconds, ==, 77);
}

static void
count_kinds (DemoSource *source, GParamSpec *pspec, gpointer user_data)
{
  ++*(guint *) user_data;
}

/* The program offers one kind more: it can be chosen, and what was chosen stays chosen when there is another one. */
static void
test_kinds (GtkFixture *f, gconstpointer data)
{
  GtkWidget *popover = gtk_fixture_find (f->window, "start_popover");
  GtkDropDown *kind = GTK_DROP_DOWN (gtk_fixture_find (popover, "kind"));
  guint n_changes = 0;

  g_signal_connect (f->source, "notify::kinds", G_CALLBACK (count_kinds), &n_changes);
  gtk_fixture_offer (f, "transfer");
  kr_test_wait_count ("one more kind", &n_changes, 1);
  gtk_fixture_open_popover (f, 20);
  g_assert_true (gtk_widget_get_visible (gtk_fixture_find (popover, "kind_row")));
  gtk_test_accessible_assert_relation (kind, GTK_ACCESSIBLE_RELATION_LABELLED_BY,
                                       gtk_fixture_find (popover, "kind_label"), NULL);
  g_assert_cmpstr (gtk_string_object_get_string (gtk_drop_down_get_selected_item (kind)), ==, "Operation");
  gtk_drop_down_set_selected (kind, 1);
  g_assert_cmpstr (gtk_string_object_get_string (gtk_drop_down_get_selected_item (kind)), ==, "Transfer");
  gtk_fixture_offer (f, "unheard-of");
  kr_test_wait_count ("another kind", &n_changes, 2);
  g_assert_cmpstr (gtk_string_object_get_string (gtk_drop_down_get_selected_item (kind)), ==, "Transfer");
  gtk_fixture_press (popover, "start");
  gtk_fixture_wait_row (f, "Of kind transfer");
}

static void
test_start_refused (GtkFixture *f, gconstpointer data)
{
  DemoToast *toast = DEMO_TOAST (gtk_fixture_find (f->window, "toast"));

  g_assert_null (demo_toast_get_text (toast));
  gtk_fixture_open_popover (f, 13);
  gtk_fixture_press (gtk_fixture_find (f->window, "start_popover"), "start");
  gtk_fixture_wait_text (toast, "label", "not on a Friday");
  g_assert_cmpstr (demo_toast_get_text (toast), ==, "The task cannot be started: not on a Friday");
  g_assert_cmpuint (gtk_fixture_count_rows (f), ==, 0);
  gtk_fixture_press (toast, "close");
  kr_test_wait ("the end of the message", is_unmapped, toast);
  g_assert_null (demo_toast_get_text (toast));
}

/* --- cancelling and removing -------------------------------------------------------------------------------------- */

static void
test_cancel (GtkFixture *f, gconstpointer data)
{
  g_autoptr (KrTaskJob) job = gtk_fixture_submit (f, "A task", NULL, NULL);
  DemoTaskRow *row = gtk_fixture_wait_row (f, "A task");

  gtk_fixture_wait_state (row, KR_TASK_STATE_RUNNING);
  kr_test_wait ("the button", gtk_fixture_is_mapped, gtk_fixture_find (row, "cancel"));
  g_assert_false (gtk_widget_get_visible (gtk_fixture_find (row, "remove")));
  gtk_fixture_press (row, "cancel");
  gtk_fixture_wait_state (row, KR_TASK_STATE_CANCELLED);
  g_assert_cmpint (state_of (job), ==, KR_TASK_STATE_CANCELLED);
  g_assert_cmpint (kr_task_job_get_cancel_reason (job), ==, KR_TASK_CANCEL_REASON_USER);
  g_assert_cmpstr (gtk_fixture_text (row, "state"), ==, "Cancelled");
  g_assert_false (gtk_widget_get_visible (gtk_fixture_find (row, "cancel")));
  g_assert_null (demo_toast_get_text (DEMO_TOAST (gtk_fixture_find (f->window, "toast"))));

  gtk_fixture_press (row, "remove");
  kr_test_wait ("the end of the row", gtk_fixture_has_no_rows, f);
  gtk_fixture_wait_page (f, "empty");
}

static void
test_cancelable (GtkFixture *f, gconstpointer data)
{
  g_autoptr (KrTaskJob) job = gtk_fixture_submit (f, "A holder", gtk_body_hold, NULL);
  DemoTaskRow *row = gtk_fixture_wait_row (f, "A holder");
  GtkWidget *cancel = gtk_fixture_find (row, "cancel");

  kr_test_wait ("a button that cannot be pressed", is_insensitive, cancel);
  g_assert_true (gtk_widget_get_visible (cancel));
  gtk_bodies_let_go (TRUE);
  kr_test_wait ("a button that can be pressed", is_sensitive, cancel);
  gtk_fixture_press (row, "cancel");
  gtk_fixture_wait_state (row, KR_TASK_STATE_CANCELLED);
}

static gboolean
allow_nothing (KrTaskManager *manager, KrTaskJob *job, const char *action, GVariant *identity, gpointer user_data)
{
  return FALSE;
}

static void
test_cancel_refused (GtkFixture *f, gconstpointer data)
{
  g_autoptr (KrTaskJob) job = gtk_fixture_submit (f, "A task", NULL, NULL);
  DemoTaskRow *row = gtk_fixture_wait_row (f, "A task");
  GtkWidget *toast = gtk_fixture_find (f->window, "toast");

  g_signal_connect (f->manager, "authorize", G_CALLBACK (allow_nothing), NULL);
  kr_test_wait ("the button", gtk_fixture_is_mapped, gtk_fixture_find (row, "cancel"));
  gtk_fixture_press (row, "cancel");
  gtk_fixture_wait_text (toast, "label", "cannot be cancelled");
  g_assert_cmpstr (demo_toast_get_text (DEMO_TOAST (toast)), ==,
                   "“A task” cannot be cancelled: it belongs to somebody else");
  gtk_test_accessible_assert_role (toast, GTK_ACCESSIBLE_ROLE_ALERT);
  gtk_test_accessible_assert_property (toast, GTK_ACCESSIBLE_PROPERTY_LABEL,
                                       "“A task” cannot be cancelled: it belongs to somebody else");
  g_assert_cmpint (state_of (job), ==, KR_TASK_STATE_RUNNING);
}

static void
test_remove_ended (GtkFixture *f, gconstpointer data)
{
  g_autoptr (KrTaskJob) running = gtk_fixture_submit (f, "Runs", NULL, NULL);
  g_autoptr (KrTaskJob) first = gtk_fixture_submit (f, "Ends", gtk_body_return, NULL);
  g_autoptr (KrTaskJob) second = gtk_fixture_submit (f, "Fails", gtk_body_fail, NULL);

  gtk_fixture_wait_state (gtk_fixture_wait_row (f, "Ends"), KR_TASK_STATE_COMPLETED);
  gtk_fixture_wait_state (gtk_fixture_wait_row (f, "Fails"), KR_TASK_STATE_FAILED);
  gtk_fixture_wait_state (gtk_fixture_wait_row (f, "Runs"), KR_TASK_STATE_RUNNING);
  g_assert_true (gtk_widget_activate_action (f->window, "win.remove-ended", NULL));
  while (gtk_fixture_count_rows (f) > 1)
    g_main_context_iteration (NULL, TRUE);
  g_assert_cmpstr (gtk_fixture_text (gtk_fixture_get_row (f, 0), "title"), ==, "Runs");
}

/* --- the demo itself ---------------------------------------------------------------------------------------------- */

static void
test_demo (GtkFixture *f, gconstpointer data)
{
  const char *demo = g_getenv ("KR_DEMO");
  g_autofree char *bus = g_strconcat ("--bus=", g_test_dbus_get_bus_address (f->bus), NULL);
  g_autoptr (GSubprocess) server = NULL;
  g_autoptr (GError) error = NULL;
  DemoTaskRow *row;

  if (demo == NULL)
    {
      g_test_skip ("the demo server is not built");
      return;
    }
  server = g_subprocess_new (G_SUBPROCESS_FLAGS_STDOUT_SILENCE, &error, demo, "--http", "--port=0", bus, NULL);
  g_assert_no_error (error);
  gtk_fixture_wait_page (f, "empty");
  gtk_fixture_open_popover (f, 42);
  gtk_fixture_press (gtk_fixture_find (f->window, "start_popover"), "start");
  row = gtk_fixture_wait_row (f, "Operation of 42 seconds");
  gtk_fixture_wait_text (row, "message", "Step ");
  g_assert_cmpfloat (gtk_progress_bar_get_fraction (GTK_PROGRESS_BAR (gtk_fixture_find (row, "bar"))), >, 0);
  gtk_fixture_press (row, "cancel");
  gtk_fixture_wait_state (row, KR_TASK_STATE_CANCELLED);
  g_assert_cmpstr (gtk_fixture_text (row, "state"), ==, "Cancelled");

  /* what it counts has a rate, and a time that is left */
  gtk_fixture_open_popover (f, 600);
  gtk_drop_down_set_selected (GTK_DROP_DOWN (gtk_fixture_find (f->window, "kind")), 1);
  gtk_fixture_press (gtk_fixture_find (f->window, "start_popover"), "start");
  row = gtk_fixture_wait_row (f, "Transfer of 5.0\302\240GB");
  gtk_fixture_wait_text (row, "progress", "MB/s");
  gtk_fixture_wait_text (row, "progress", " left");

  g_subprocess_send_signal (server, SIGTERM);
  gtk_fixture_wait_page (f, "offline");
  g_assert_true (g_subprocess_wait (server, NULL, &error));
  g_assert_true (g_subprocess_get_successful (server));
}

/* --- the list ------------------------------------------------------------------------------------------------------ */

static void
test_order (GtkFixture *f, gconstpointer data)
{
  static const char *const titles[] = { "One", "Two", "Three" };

  for (guint i = 0; i < G_N_ELEMENTS (titles); i++)
    {
      g_autoptr (KrTaskJob) job = gtk_fixture_submit (f, titles[i], NULL, NULL);

      gtk_fixture_wait_row (f, titles[i]);
    }
  for (guint i = 0; i < G_N_ELEMENTS (titles); i++)
    g_assert_cmpstr (gtk_fixture_text (gtk_fixture_get_row (f, i), "title"), ==,
                     titles[G_N_ELEMENTS (titles) - 1 - i]);
}

static gboolean
is_wide (gpointer data)
{
  return gtk_widget_get_width (data) >= 1000;
}

/* Lines that are too long are hard to read. */
static void
test_wide (GtkFixture *f, gconstpointer data)
{
  g_autoptr (KrTaskJob) job = gtk_fixture_submit (f, "A task", NULL, NULL);
  GtkWidget *list = gtk_fixture_find (f->window, "list");
  graphene_rect_t bounds;

  gtk_fixture_wait_row (f, "A task");
  gtk_window_set_default_size (GTK_WINDOW (f->window), 1200, 600);
  kr_test_wait ("a wide window", is_wide, f->window);
  kr_test_wait ("the list", gtk_fixture_is_mapped, list);
  g_assert_cmpint (gtk_widget_get_width (list), <=, 800);
  g_assert_cmpint (gtk_widget_get_width (list), >=, 700);
  g_assert_true (gtk_widget_compute_bounds (list, f->window, &bounds));
  g_assert_cmpfloat_with_epsilon (bounds.origin.x, 1200 - bounds.origin.x - bounds.size.width, 60);
}

/* --- under load --------------------------------------------------------------------------------------------------- */

static gboolean
mirrors_model (gpointer data)
{
  GtkFixture *f = data;
  guint n = g_list_model_get_n_items (G_LIST_MODEL (f->manager));

  if (gtk_fixture_count_rows (f) != n)
    return FALSE;
  for (guint i = 0; i < n; i++)
    {
      const DemoTaskInfo *info = demo_task_get_info (demo_task_row_get_task (gtk_fixture_get_row (f, i)));
      g_autoptr (KrTaskJob) job = kr_task_manager_lookup (f->manager, info->id);

      if (job == NULL || kr_task_job_get_state (job) != info->state
          || g_strcmp0 (gtk_fixture_text (gtk_fixture_get_row (f, i), "state"), "") == 0)
        return FALSE;
    }
  return TRUE;
}

/* Random tasks begin, are cancelled and removed, in the window and elsewhere; in the end both show the same. */
static void
test_random (GtkFixture *f, gconstpointer data)
{
  static const KrTaskFunc bodies[] = { NULL, gtk_body_return, gtk_body_fail };

  for (guint i = 0; i < 150; i++)
    {
      guint n = gtk_fixture_count_rows (f);
      DemoTaskRow *row = n > 0 ? gtk_fixture_get_row (f, (guint) g_test_rand_int_range (0, (int) n)) : NULL;

      if (row == NULL || g_test_rand_int_range (0, 2) == 0)
        {
          g_autofree char *title = g_strdup_printf ("Task %u", i);
          g_autoptr (KrTaskJob) job = gtk_fixture_submit (f, title, bodies[g_test_rand_int_range (0, 3)], NULL);
        }
      else if (g_test_rand_int_range (0, 2) == 0)
        gtk_widget_activate_action (GTK_WIDGET (row), "task.dismiss", NULL);
      else
        kr_task_manager_remove (f->manager, demo_task_get_info (demo_task_row_get_task (row))->id, NULL);
      for (guint turn = (guint) g_test_rand_int_range (0, 20); turn > 0; turn--)
        g_main_context_iteration (NULL, FALSE);
    }
  kr_test_wait ("the same on both sides", mirrors_model, f);
}

#define ADD(name, before, func) g_test_add ("/gtk/window/" name, GtkFixture, NULL, before, func, gtk_fixture_tear_down)

int
main (int argc, char **argv)
{
  gtk_fixture_init (&argc, &argv);
  ADD ("alone", gtk_fixture_set_up_alone, test_alone);
  ADD ("late", gtk_fixture_set_up_alone, test_late);
  ADD ("bus-gone", gtk_fixture_set_up, test_bus_gone);
  ADD ("demo", gtk_fixture_set_up_alone, test_demo);
  ADD ("start", gtk_fixture_set_up, test_start);
  ADD ("kinds", gtk_fixture_set_up, test_kinds);
  ADD ("start-refused", gtk_fixture_set_up, test_start_refused);
  ADD ("cancel", gtk_fixture_set_up, test_cancel);
  ADD ("cancelable", gtk_fixture_set_up, test_cancelable);
  ADD ("cancel-refused", gtk_fixture_set_up, test_cancel_refused);
  ADD ("remove-ended", gtk_fixture_set_up, test_remove_ended);
  ADD ("order", gtk_fixture_set_up, test_order);
  ADD ("wide", gtk_fixture_set_up, test_wide);
  ADD ("random", gtk_fixture_set_up, test_random);
  return g_test_run ();
}
