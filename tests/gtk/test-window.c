/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* Tests of the window: its own widgets are pressed, and the tasks at the other end of the bus are looked at. */
#include "config.h"

#include <signal.h>

#include "demo-start-popover.h"
#include "demo-toast.h"
#include "gtk-fixture.h"
#include "gtk-keys.h"

static int go; /* atomic: bodies may go on */

static GVariant *
body_hold (KrTaskJob *job, GCancellable *cancellable, gpointer user_data, GError **error)
{
  g_assert_true (kr_task_job_hold (job));
  while (!g_atomic_int_get (&go))
    g_usleep (500);
  kr_task_job_release (job);
  kr_task_job_sleep (job, -1);
  return NULL;
}

static GVariant *
body_fail (KrTaskJob *job, GCancellable *cancellable, gpointer user_data, GError **error)
{
  g_set_error (error, G_IO_ERROR, G_IO_ERROR_NO_SPACE, "the disk is full");
  return NULL;
}

static GVariant *
body_return (KrTaskJob *job, GCancellable *cancellable, gpointer user_data, GError **error)
{
  return NULL;
}

/* Counts to ten, half of it at once. */
static GVariant *
body_count (KrTaskJob *job, GCancellable *cancellable, gpointer user_data, GError **error)
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

static gboolean
is_mapped (gpointer data)
{
  return gtk_widget_get_mapped (data);
}

static void
press (gpointer root, const char *id)
{
  GtkWidget *button = gtk_fixture_find (root, id);

  kr_test_wait (id, is_mapped, button);
  g_assert_true (gtk_widget_is_sensitive (button));
  g_assert_true (gtk_widget_activate (button));
}

static void
set_up (GtkFixture *f, gconstpointer data)
{
  g_atomic_int_set (&go, FALSE);
  gtk_fixture_set_up (f, data);
}

static void
tear_down (GtkFixture *f, gconstpointer data)
{
  g_atomic_int_set (&go, TRUE);
  gtk_fixture_tear_down (f, data);
}

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

static gboolean
has_no_rows (gpointer data)
{
  return gtk_fixture_count_rows (data) == 0;
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
  second = gtk_fixture_submit (f, "Second", body_return, NULL);
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
open_popover (GtkFixture *f, double seconds)
{
  GtkWidget *popover = gtk_fixture_find (f->window, "start_popover");

  g_assert_true (gtk_widget_activate_action (f->window, "win.new-task", NULL));
  kr_test_wait ("the popover", is_mapped, popover);
  gtk_spin_button_set_value (GTK_SPIN_BUTTON (gtk_fixture_find (popover, "seconds")), seconds);
}

static void
test_start (GtkFixture *f, gconstpointer data)
{
  GtkWidget *popover = gtk_fixture_find (f->window, "start_popover");

  open_popover (f, 42);
  g_assert_false (gtk_widget_get_visible (gtk_fixture_find (popover, "kind_row")));
  press (popover, "start");
  gtk_fixture_wait_row (f, "An operation");
  g_assert_cmpuint (f->seconds, ==, 42);
  kr_test_wait ("the end of the popover", is_unmapped, popover);

  /* the number that is being typed counts, and Enter in the field is enough */
  open_popover (f, 1);
  gtk_editable_set_text (GTK_EDITABLE (gtk_fixture_find (popover, "seconds")), "77");
  g_signal_emit_by_name (gtk_editable_get_delegate (GTK_EDITABLE (gtk_fixture_find (popover, "seconds"))), "activate");
  while (gtk_fixture_count_rows (f) < 2)
    g_main_context_iteration (NULL, TRUE);
  g_assert_cmpuint (f->seconds, ==, 77);
}

static void
test_start_refused (GtkFixture *f, gconstpointer data)
{
  DemoToast *toast = DEMO_TOAST (gtk_fixture_find (f->window, "toast"));

  g_assert_null (demo_toast_get_text (toast));
  open_popover (f, 13);
  press (gtk_fixture_find (f->window, "start_popover"), "start");
  gtk_fixture_wait_text (toast, "label", "not on a Friday");
  g_assert_cmpstr (demo_toast_get_text (toast), ==, "The task cannot be started: not on a Friday");
  g_assert_cmpuint (gtk_fixture_count_rows (f), ==, 0);
  press (toast, "close");
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
  kr_test_wait ("the button", is_mapped, gtk_fixture_find (row, "cancel"));
  g_assert_false (gtk_widget_get_visible (gtk_fixture_find (row, "remove")));
  press (row, "cancel");
  gtk_fixture_wait_state (row, KR_TASK_STATE_CANCELLED);
  g_assert_cmpint (state_of (job), ==, KR_TASK_STATE_CANCELLED);
  g_assert_cmpint (kr_task_job_get_cancel_reason (job), ==, KR_TASK_CANCEL_REASON_USER);
  g_assert_cmpstr (gtk_fixture_text (row, "state"), ==, "Cancelled");
  g_assert_false (gtk_widget_get_visible (gtk_fixture_find (row, "cancel")));
  g_assert_null (demo_toast_get_text (DEMO_TOAST (gtk_fixture_find (f->window, "toast"))));

  press (row, "remove");
  kr_test_wait ("the end of the row", has_no_rows, f);
  gtk_fixture_wait_page (f, "empty");
}

static void
test_cancelable (GtkFixture *f, gconstpointer data)
{
  g_autoptr (KrTaskJob) job = gtk_fixture_submit (f, "A holder", body_hold, NULL);
  DemoTaskRow *row = gtk_fixture_wait_row (f, "A holder");
  GtkWidget *cancel = gtk_fixture_find (row, "cancel");

  kr_test_wait ("a button that cannot be pressed", is_insensitive, cancel);
  g_assert_true (gtk_widget_get_visible (cancel));
  g_atomic_int_set (&go, TRUE);
  kr_test_wait ("a button that can be pressed", is_sensitive, cancel);
  press (row, "cancel");
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
  kr_test_wait ("the button", is_mapped, gtk_fixture_find (row, "cancel"));
  press (row, "cancel");
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
  g_autoptr (KrTaskJob) first = gtk_fixture_submit (f, "Ends", body_return, NULL);
  g_autoptr (KrTaskJob) second = gtk_fixture_submit (f, "Fails", body_fail, NULL);

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
  open_popover (f, 42);
  press (gtk_fixture_find (f->window, "start_popover"), "start");
  row = gtk_fixture_wait_row (f, "Operation of 42 seconds");
  gtk_fixture_wait_text (row, "message", "Step ");
  g_assert_cmpfloat (gtk_progress_bar_get_fraction (GTK_PROGRESS_BAR (gtk_fixture_find (row, "bar"))), >, 0);
  press (row, "cancel");
  gtk_fixture_wait_state (row, KR_TASK_STATE_CANCELLED);
  g_assert_cmpstr (gtk_fixture_text (row, "state"), ==, "Cancelled");

  g_subprocess_send_signal (server, SIGTERM);
  gtk_fixture_wait_page (f, "offline");
  g_assert_true (g_subprocess_wait (server, NULL, &error));
  g_assert_true (g_subprocess_get_successful (server));
}

/* --- what a row shows --------------------------------------------------------------------------------------------- */

static void
test_progress (GtkFixture *f, gconstpointer data)
{
  g_autoptr (KrTaskJob) job = gtk_fixture_submit (f, "Copy", body_count, NULL);
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

  g_atomic_int_set (&go, TRUE);
  gtk_fixture_wait_state (row, KR_TASK_STATE_COMPLETED);
  g_assert_false (gtk_widget_get_visible (bar));
  g_assert_true (g_str_has_prefix (gtk_fixture_text (row, "progress"), "took "));
  g_assert_false (gtk_widget_get_visible (gtk_fixture_find (f->window, "subtitle")));
}

static void
test_failed (GtkFixture *f, gconstpointer data)
{
  g_autoptr (KrTaskJob) job = gtk_fixture_submit (f, "Copy", body_fail, NULL);
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
  kr_test_wait ("the details", is_mapped, gtk_grid_get_child_at (details, 1, 0));
  g_assert_true (gtk_widget_grab_focus (gtk_grid_get_child_at (details, 1, 0)));
  g_assert_true (kr_task_job_cancel (job, KR_TASK_CANCEL_REASON_DEADLINE, NULL, KR_TASK_CANCEL_NONE, NULL));
  gtk_fixture_wait_state (row, KR_TASK_STATE_TIMED_OUT);
  g_assert_cmpstr (gtk_label_get_label (GTK_LABEL (gtk_grid_get_child_at (details, 1, 0))), ==, "It took too long");
  g_assert_true (gtk_root_get_focus (GTK_ROOT (f->window)) == GTK_WIDGET (row));
  g_assert_true (gtk_widget_activate (GTK_WIDGET (row)));
  g_assert_false (gtk_revealer_get_reveal_child (revealer));
  gtk_test_accessible_assert_state (row, GTK_ACCESSIBLE_STATE_EXPANDED, FALSE);
}

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
  kr_test_wait ("the list", is_mapped, list);
  g_assert_cmpint (gtk_widget_get_width (list), <=, 800);
  g_assert_cmpint (gtk_widget_get_width (list), >=, 700);
  g_assert_true (gtk_widget_compute_bounds (list, f->window, &bounds));
  g_assert_cmpfloat_with_epsilon (bounds.origin.x, 1200 - bounds.origin.x - bounds.size.width, 60);
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
  kr_test_wait ("the row", is_mapped, row);
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
  kr_test_wait ("the end of the row", has_no_rows, f);
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
  kr_test_wait ("the row", is_mapped, row);
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
  kr_test_wait ("the end of the row", has_no_rows, f);
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
  static const KrTaskFunc bodies[] = { NULL, body_return, body_fail };

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
    { "Sending the newsletter", body_fail, KR_TASK_STATE_FAILED },
    { "Indexing the archive", body_return, KR_TASK_STATE_COMPLETED },
    { "Nightly report", NULL, KR_TASK_STATE_CANCELLED },
    { "Writing the catalogue", body_hold, KR_TASK_STATE_RUNNING },
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
  open_popover (f, 30);
  gtk_fixture_take_picture (f, "start");
}

static void
add_style (void)
{
  g_autoptr (GtkCssProvider) provider = gtk_css_provider_new ();

  gtk_css_provider_load_from_resource (provider, "/org/kestrun/KrTasks/style.css");
  gtk_style_context_add_provider_for_display (gdk_display_get_default (), GTK_STYLE_PROVIDER (provider),
                                              GTK_STYLE_PROVIDER_PRIORITY_APPLICATION);
}

#define ADD(name, before, func) g_test_add ("/gtk/window/" name, GtkFixture, NULL, before, func, tear_down)

int
main (int argc, char **argv)
{
  gtk_test_init (&argc, &argv, NULL);
  g_object_set (gtk_settings_get_default (), "gtk-enable-animations", FALSE, NULL);
  if (g_getenv ("KR_TEST_PICTURES") != NULL)
    g_object_set (gtk_settings_get_default (), "gtk-font-name", "Cantarell 11", NULL);
  add_style ();
  ADD ("alone", gtk_fixture_set_up_alone, test_alone);
  ADD ("late", gtk_fixture_set_up_alone, test_late);
  ADD ("bus-gone", set_up, test_bus_gone);
  ADD ("demo", gtk_fixture_set_up_alone, test_demo);
  ADD ("start", set_up, test_start);
  ADD ("start-refused", set_up, test_start_refused);
  ADD ("cancel", set_up, test_cancel);
  ADD ("cancelable", set_up, test_cancelable);
  ADD ("cancel-refused", set_up, test_cancel_refused);
  ADD ("remove-ended", set_up, test_remove_ended);
  ADD ("progress", set_up, test_progress);
  ADD ("failed", set_up, test_failed);
  ADD ("details", set_up, test_details);
  ADD ("order", set_up, test_order);
  ADD ("wide", set_up, test_wide);
  ADD ("accessible", set_up, test_accessible);
  ADD ("keyboard", set_up, test_keyboard);
  ADD ("keys", set_up, test_keys);
  ADD ("delete-cancels", set_up, test_delete_cancels);
  ADD ("random", set_up, test_random);
  ADD ("picture", set_up, test_picture);
  return g_test_run ();
}
