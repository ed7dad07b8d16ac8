/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* Tests of a row: what it shows, and what it tells those who do not use a mouse, or do not see. */
#include "config.h"

#include "gtk-bodies.h"
#include "gtk-fixture.h"
#include "gtk-keys.h"

/* --- what it shows ------------------------------------------------------------------------------------------------- */

static void
test_progress (GtkFixture *f, gconstpointer data)
{
  g_autoptr (KrTaskJob) job = gtk_fixture_submit (f, "Copy", gtk_body_count, NULL);
  DemoTaskRow *row = gtk_fixture_wait_row (f, "Copy");
  GtkWidget *bar = gtk_fixture_find (row, "bar");

  gtk_fixture_wait_text (row, "message", "five");
  g_assert_cmpfloat_with_epsilon (gtk_progress_bar_get_fraction (GTK_PROGRESS_BAR (bar)), 0.5, 0.001);
  g_assert_true (gtk_widget_get_visible (bar));
  g_assert_cmpstr (gtk_fixture_text (row, "state"), ==, "Running");
  g_assert_true (g_str_has_prefix (gtk_fixture_text (row, "progress"), "50 % · 5 of 10 files"));
  g_assert_nonnull (strstr (gtk_fixture_text (row, "progress"), "files/s"));
  g_assert_nonnull (strstr (gtk_fixture_text (row, "progress"), " left"));
  g_assert_cmpstr (gtk_fixture_text (f->window, "subtitle"), ==, "1 active");

  gtk_bodies_let_go (TRUE);
  gtk_fixture_wait_state (row, KR_TASK_STATE_COMPLETED);
  g_assert_false (gtk_widget_get_visible (bar));
  g_assert_true (g_str_has_prefix (gtk_fixture_text (row, "progress"), "took "));
  g_assert_false (gtk_widget_get_visible (gtk_fixture_find (f->window, "subtitle")));
}

static void
test_failed (GtkFixture *f, gconstpointer data)
{
  g_autoptr (KrTaskJob) job = gtk_fixture_submit (f, "Copy", gtk_body_fail, NULL);
  DemoTaskRow *row = gtk_fixture_wait_row (f, "Copy");

  gtk_fixture_wait_state (row, KR_TASK_STATE_FAILED);
  g_assert_cmpstr (gtk_fixture_text (row, "message"), ==, "the disk is full");
  g_assert_true (gtk_widget_has_css_class (GTK_WIDGET (row), "failed"));
  g_assert_false (gtk_widget_has_css_class (GTK_WIDGET (row), "running"));
}

static void
test_details (GtkFixture *f, gconstpointer data)
{
  g_autoptr (KrTaskJob) job = gtk_fixture_submit (f, "A task", NULL, NULL);
  DemoTaskRow *row = gtk_fixture_wait_row (f, "A task");
  GtkRevealer *revealer = GTK_REVEALER (gtk_fixture_find (row, "revealer"));
  GtkGrid *details = GTK_GRID (gtk_fixture_find (row, "details"));
  gboolean found = FALSE;

  g_assert_false (gtk_revealer_get_reveal_child (revealer));
  g_assert_true (gtk_widget_activate (GTK_WIDGET (row)));
  g_assert_true (gtk_revealer_get_reveal_child (revealer));
  gtk_test_accessible_assert_state (row, GTK_ACCESSIBLE_STATE_EXPANDED, TRUE);
  for (int line = 0; gtk_grid_get_child_at (details, 1, line) != NULL; line++)
    found = found || g_str_equal (gtk_label_get_label (GTK_LABEL (gtk_grid_get_child_at (details, 1, line))),
                                  kr_task_job_get_id (job));
  g_assert_true (found);

  /* a new state brings new details; who was in the old ones is still in the row */
  gtk_fixture_wait_state (row, KR_TASK_STATE_RUNNING);
  kr_test_wait ("the details", gtk_fixture_is_mapped, gtk_grid_get_child_at (details, 1, 0));
  g_assert_true (gtk_widget_grab_focus (gtk_grid_get_child_at (details, 1, 0)));
  g_assert_true (kr_task_job_cancel (job, KR_TASK_CANCEL_REASON_DEADLINE, NULL, KR_TASK_CANCEL_NONE, NULL));
  gtk_fixture_wait_state (row, KR_TASK_STATE_TIMED_OUT);
  g_assert_cmpstr (gtk_label_get_label (GTK_LABEL (gtk_grid_get_child_at (details, 1, 0))), ==, "It took too long");
  g_assert_true (gtk_root_get_focus (GTK_ROOT (f->window)) == GTK_WIDGET (row));
  g_assert_true (gtk_widget_activate (GTK_WIDGET (row)));
  g_assert_false (gtk_revealer_get_reveal_child (revealer));
  gtk_test_accessible_assert_state (row, GTK_ACCESSIBLE_STATE_EXPANDED, FALSE);
}

/* --- for those who do not use a mouse, or do not see -------------------------------------------------------------- */

static void
test_accessible (GtkFixture *f, gconstpointer data)
{
  g_autoptr (KrTaskJob) job = gtk_fixture_submit (f, "Copy", NULL, NULL);
  DemoTaskRow *row = gtk_fixture_wait_row (f, "Copy");

  gtk_fixture_wait_state (row, KR_TASK_STATE_RUNNING);
  gtk_test_accessible_assert_property (row, GTK_ACCESSIBLE_PROPERTY_LABEL, "Copy, Running");
  gtk_test_accessible_assert_property (gtk_fixture_find (row, "cancel"), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                       "Cancel “Copy”");
  gtk_test_accessible_assert_property (gtk_fixture_find (row, "remove"), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                       "Remove “Copy” from the list");
  gtk_test_accessible_assert_property (gtk_fixture_find (f->window, "start_button"), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                       "New task");
  gtk_test_accessible_assert_property (gtk_fixture_find (f->window, "menu_button"), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                       "Main menu");
  gtk_test_accessible_assert_role (gtk_fixture_find (row, "bar"), GTK_ACCESSIBLE_ROLE_PROGRESS_BAR);
}

/* Whether @widget, or something in it, has the focus. */
static gboolean
has_focus (GtkFixture *f, gpointer widget)
{
  GtkWidget *focus = gtk_root_get_focus (GTK_ROOT (f->window));

  return focus != NULL && (focus == widget || gtk_widget_is_ancestor (focus, widget));
}

static void
test_keyboard (GtkFixture *f, gconstpointer data)
{
  g_autoptr (KrTaskJob) job = gtk_fixture_submit (f, "A task", NULL, NULL);
  DemoTaskRow *row = gtk_fixture_wait_row (f, "A task");
  GtkWidget *cancel = gtk_fixture_find (row, "cancel");

  gtk_fixture_wait_state (row, KR_TASK_STATE_RUNNING);
  kr_test_wait ("the row", gtk_fixture_is_mapped, row);
  /* from the row with Tab to its button */
  g_assert_true (gtk_widget_grab_focus (GTK_WIDGET (row)));
  g_assert_true (gtk_root_get_focus (GTK_ROOT (f->window)) == GTK_WIDGET (row));
  g_assert_true (gtk_widget_child_focus (f->window, GTK_DIR_TAB_FORWARD));
  g_assert_true (has_focus (f, cancel));
  /* a button that goes leaves the focus where it was */
  g_assert_true (gtk_widget_activate (cancel));
  gtk_fixture_wait_state (row, KR_TASK_STATE_CANCELLED);
  g_assert_true (has_focus (f, row));
  g_assert_false (has_focus (f, cancel));
  /* what the Delete key does: remove what has ended */
  g_assert_true (gtk_widget_activate_action (GTK_WIDGET (row), "task.dismiss", NULL));
  kr_test_wait ("the end of the row", gtk_fixture_has_no_rows, f);
}

static gboolean
shows_details (gpointer data)
{
  return gtk_revealer_get_reveal_child (data);
}

static gboolean
is_focused (gpointer data)
{
  return gtk_widget_has_focus (data);
}

static gboolean
is_active (gpointer data)
{
  return gtk_window_is_active (data);
}

/* With real keys: Enter shows the details, Tab goes to the button, Delete cancels, and once more removes. */
static void
test_keys (GtkFixture *f, gconstpointer data)
{
  g_autoptr (KrTaskJob) job = gtk_fixture_submit (f, "A task", NULL, NULL);
  DemoTaskRow *row = gtk_fixture_wait_row (f, "A task");

  if (!gtk_keys_available ())
    {
      g_test_skip ("keys cannot be sent to this display");
      return;
    }
  gtk_fixture_wait_state (row, KR_TASK_STATE_RUNNING);
  kr_test_wait ("the row", gtk_fixture_is_mapped, row);
  g_assert_true (gtk_widget_grab_focus (GTK_WIDGET (row)));
  gtk_keys_press (f->window, GDK_KEY_Return);
  kr_test_wait ("the details", shows_details, gtk_fixture_find (row, "revealer"));
  kr_test_wait ("the keyboard", is_active, f->window);
  gtk_keys_press (f->window, GDK_KEY_Tab);
  kr_test_wait ("the button", is_focused, gtk_fixture_find (row, "cancel"));
  gtk_keys_press (f->window, GDK_KEY_Delete);
  gtk_fixture_wait_state (row, KR_TASK_STATE_CANCELLED);
  kr_test_wait ("the row again", is_focused, row);
  gtk_keys_press (f->window, GDK_KEY_Delete);
  kr_test_wait ("the end of the row", gtk_fixture_has_no_rows, f);
}

static void
test_delete_cancels (GtkFixture *f, gconstpointer data)
{
  g_autoptr (KrTaskJob) job = gtk_fixture_submit (f, "A task", NULL, NULL);
  DemoTaskRow *row = gtk_fixture_wait_row (f, "A task");

  gtk_fixture_wait_state (row, KR_TASK_STATE_RUNNING);
  g_assert_true (gtk_widget_activate_action (GTK_WIDGET (row), "task.dismiss", NULL));
  gtk_fixture_wait_state (row, KR_TASK_STATE_CANCELLED);
}

#define ADD(name, before, func) g_test_add ("/gtk/row/" name, GtkFixture, NULL, before, func, gtk_fixture_tear_down)

int
main (int argc, char **argv)
{
  gtk_fixture_init (&argc, &argv);
  ADD ("progress", gtk_fixture_set_up, test_progress);
  ADD ("failed", gtk_fixture_set_up, test_failed);
  ADD ("details", gtk_fixture_set_up, test_details);
  ADD ("accessible", gtk_fixture_set_up, test_accessible);
  ADD ("keyboard", gtk_fixture_set_up, test_keyboard);
  ADD ("keys", gtk_fixture_set_up, test_keys);
  ADD ("delete-cancels", gtk_fixture_set_up, test_delete_cancels);
  return g_test_run ();
}
