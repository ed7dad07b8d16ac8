/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* The window over the hub of a real kr-demo, which stops, dies, and comes back: KR-DEMO. */
#include "config.h"

#include <signal.h>
#include <sys/prctl.h>

#include "demo-hub-source.h"
#include "demo-window.h"
#include "gtk-fixture.h"

static const char *demo;  /* the program */

/* Of the fixture only source and window are used: there is no bus. */
typedef struct
{
  GtkFixture base;
  GSubprocess *server;
  char *url;
  char *port;
  gboolean tls;
} Fixture;

/* --- the server --------------------------------------------------------------------------------------------------- */

/* A test that fails is not to leave a server behind. */
static void
die_with_parent (gpointer data)
{
  prctl (PR_SET_PDEATHSIG, SIGKILL);
}

static void
server_comes (Fixture *f)
{
  g_autoptr (GSubprocessLauncher) launcher = g_subprocess_launcher_new (G_SUBPROCESS_FLAGS_STDOUT_PIPE);
  g_autoptr (GError) error = NULL;
  g_autoptr (GDataInputStream) output = NULL;
  g_autofree char *line = NULL;
  const char *port;

  g_subprocess_launcher_set_child_setup (launcher, die_with_parent, NULL, NULL);
  f->server = g_subprocess_launcher_spawn (launcher, &error, demo, "--bus", "none", "--port",
                                           f->port != NULL ? f->port : "0", f->tls ? NULL : "--http", NULL);
  g_assert_no_error (error);
  output = g_data_input_stream_new (g_subprocess_get_stdout_pipe (f->server));
  line = g_data_input_stream_read_line (output, NULL, NULL, &error);
  g_assert_no_error (error);
  g_assert_nonnull (line);
  g_assert_true (g_str_has_prefix (line, f->tls ? "Listening on https://127.0.0.1:" : "Listening on http://127.0.0.1:"));
  port = strrchr (line, ':') + 1;
  if (f->port == NULL)
    f->port = g_strndup (port, strspn (port, "0123456789"));
}

static void
server_goes (Fixture *f, int signal_number)
{
  g_autoptr (GError) error = NULL;

  g_subprocess_send_signal (f->server, signal_number);
  g_assert_true (g_subprocess_wait (f->server, NULL, &error));
  g_clear_object (&f->server);
}

/* --- the window --------------------------------------------------------------------------------------------------- */

static void
set_up (Fixture *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *certificate = g_build_filename (g_get_user_data_dir (), "kr-demo", "certificate.pem", NULL);

  f->tls = data != NULL;
  server_comes (f);
  f->url = g_strdup_printf ("%s://127.0.0.1:%s/hubs/kestrun", f->tls ? "https" : "http", f->port);
  f->base.source = demo_hub_source_new (f->url, f->tls ? certificate : NULL, &error);
  g_assert_no_error (error);
  f->base.window = demo_window_new (NULL, f->base.source);
  g_object_add_weak_pointer (G_OBJECT (f->base.window), (gpointer *) &f->base.window);
  gtk_window_present (GTK_WINDOW (f->base.window));
}

static gboolean
is_gone (gpointer data)
{
  return *(gpointer *) data == NULL;
}

static void
tear_down (Fixture *f, gconstpointer data)
{
  gtk_window_destroy (GTK_WINDOW (f->base.window));
  g_object_add_weak_pointer (G_OBJECT (f->base.source), (gpointer *) &f->base.source);
  g_object_unref (f->base.source);
  kr_test_wait ("the end of the window", is_gone, &f->base.window);
  kr_test_wait ("the end of the source", is_gone, &f->base.source);
  if (f->server != NULL)
    server_goes (f, SIGTERM);
  g_free (f->url);
  g_free (f->port);
}

static void
start_kind (Fixture *f, const char *kind, guint seconds)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;

  demo_source_start_async (f->base.source, kind, seconds, NULL, kr_test_store_result, &result);
  kr_test_wait_result ("a task", &result);
  demo_source_start_finish (f->base.source, result, &error);
  g_assert_no_error (error);
}

static void
start_task (Fixture *f, guint seconds)
{
  start_kind (f, "operation", seconds);
}

static gboolean
is_n_rows (gpointer data)
{
  GtkFixture *f = data;

  return gtk_fixture_count_rows (f) == f->seconds;
}

static void
wait_rows (Fixture *f, guint n)
{
  f->base.seconds = n;
  kr_test_wait ("the rows", is_n_rows, &f->base);
}

static gboolean
has_no_status (gpointer data)
{
  g_autofree char *status = demo_source_dup_status (data);

  return status == NULL && demo_source_get_available (data);
}

static gboolean
can_start (Fixture *f)
{
  return gtk_widget_is_sensitive (gtk_fixture_find (f->base.window, "start_button"));
}

static void
press (gpointer root, const char *id)
{
  g_signal_emit_by_name (gtk_fixture_find (root, id), "clicked");
}

/* --- cases -------------------------------------------------------------------------------------------------------- */

static void
test_tasks (Fixture *f, gconstpointer data)
{
  DemoTaskRow *row;
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;

  gtk_fixture_wait_page (&f->base, "empty");
  start_task (f, 600);
  start_task (f, 1);
  wait_rows (f, 2);
  gtk_fixture_wait_state (gtk_fixture_get_row (&f->base, 0), KR_TASK_STATE_COMPLETED);
  gtk_fixture_wait_text (f->base.window, "subtitle", "1 active");
  row = gtk_fixture_get_row (&f->base, 1);
  gtk_fixture_wait_state (row, KR_TASK_STATE_RUNNING);
  gtk_fixture_take_picture (&f->base, "hub-tasks");
  press (row, "cancel");
  gtk_fixture_wait_state (row, KR_TASK_STATE_CANCELLED);
  /* what has ended cannot be stopped: the hub's own words, without its frame */
  demo_task_cancel_async (demo_task_row_get_task (row), NULL, kr_test_store_result, &result);
  kr_test_wait_result ("a refusal", &result);
  g_assert_false (demo_task_cancel_finish (demo_task_row_get_task (row), result, &error));
  g_assert_null (strstr (error->message, "HubException"));
  gtk_widget_activate_action (f->base.window, "win.remove-ended", NULL);
  wait_rows (f, 0);
  gtk_fixture_wait_page (&f->base, "empty");
}

/* What the hub can start, and what a task says that counts: how fast, how long yet, and when it was begun. */
static void
test_transfer (Fixture *f, gconstpointer data)
{
  static const char *const kinds[] = { "operation", "transfer", NULL };
  const DemoTaskInfo *info;
  DemoTaskRow *row;

  gtk_fixture_wait_page (&f->base, "empty");
  g_assert_cmpstrv (demo_source_get_kinds (f->base.source), kinds);
  start_kind (f, "transfer", 600);
  row = gtk_fixture_wait_row (&f->base, "Transfer of 5.0\302\240GB");
  gtk_fixture_wait_text (row, "progress", "MB/s");
  gtk_fixture_wait_text (row, "progress", " left");
  info = demo_task_get_info (demo_task_row_get_task (row));
  g_assert_cmpint (info->started_at, >=, info->created_at);
  g_assert_cmpint (info->started_at, <=, g_get_real_time ());
  g_assert_cmpint (info->finished_at, ==, 0);
  g_assert_cmpuint (info->total, ==, 600 * 4 * G_GUINT64_CONSTANT (2097152));
  press (row, "cancel");
  gtk_fixture_wait_state (row, KR_TASK_STATE_CANCELLED);
  info = demo_task_get_info (demo_task_row_get_task (row));
  g_assert_cmpint (info->finished_at, >=, info->started_at);
  g_assert_cmpint (info->cancel_reason, ==, KR_TASK_CANCEL_REASON_USER);
}

static void
test_refused (Fixture *f, gconstpointer data)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;

  gtk_fixture_wait_page (&f->base, "empty");
  demo_source_start_async (f->base.source, "operation", 601, NULL, kr_test_store_result, &result);
  kr_test_wait_result ("a refusal", &result);
  g_assert_false (demo_source_start_finish (f->base.source, result, &error));
  g_assert_cmpstr (error->message, ==, "An operation takes from 1 to 600 seconds");
  g_clear_error (&error);
  g_clear_object (&result);
  demo_source_start_async (f->base.source, "unknown", 1, NULL, kr_test_store_result, &result);
  kr_test_wait_result ("another refusal", &result);
  g_assert_false (demo_source_start_finish (f->base.source, result, &error));
  g_assert_cmpstr (error->message, ==, "There is no such kind of task");
}

static void
check_recovery (Fixture *f, int signal_number)
{
  gtk_fixture_wait_page (&f->base, "empty");
  start_task (f, 600);
  wait_rows (f, 1);
  gtk_fixture_wait_text (f->base.window, "subtitle", "1 active");
  g_assert_true (can_start (f));
  server_goes (f, signal_number);
  gtk_fixture_wait_text (f->base.window, "subtitle", "Reconnecting…");
  g_assert_false (can_start (f));
  /* what was there last can still be read */
  g_assert_cmpuint (gtk_fixture_count_rows (&f->base), ==, 1);
  gtk_fixture_take_picture (&f->base, signal_number == SIGTERM ? "hub-reconnecting" : "hub-lost");
  server_comes (f);
  kr_test_wait ("the hub", has_no_status, f->base.source);
  wait_rows (f, 0);
  g_assert_true (can_start (f));
  start_task (f, 600);
  wait_rows (f, 1);
  gtk_fixture_wait_text (f->base.window, "subtitle", "1 active");
  gtk_fixture_take_picture (&f->base, "hub-back");
}

static void
test_server_stops (Fixture *f, gconstpointer data)
{
  check_recovery (f, SIGTERM);
}

static void
test_server_dies (Fixture *f, gconstpointer data)
{
  check_recovery (f, SIGKILL);
}

/* The certificate is the demo's own, made at first start. */
static void
test_tls (Fixture *f, gconstpointer data)
{
  gtk_fixture_wait_page (&f->base, "empty");
  start_task (f, 600);
  wait_rows (f, 1);
}

static void
test_wrong (void)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (demo_hub_source_new ("ftp://127.0.0.1/hub", NULL, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT);
  g_clear_error (&error);
  g_assert_null (demo_hub_source_new ("https://127.0.0.1/hub", "/nowhere/at/all.pem", &error));
  g_assert_nonnull (error);
}

/* The window opens before the server does. */
static void
test_server_late (Fixture *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  gtk_fixture_wait_page (&f->base, "empty");
  server_goes (f, SIGTERM);
  gtk_window_destroy (GTK_WINDOW (f->base.window));
  g_object_unref (f->base.source);
  f->base.source = demo_hub_source_new (f->url, NULL, &error);
  f->base.window = demo_window_new (NULL, f->base.source);
  g_object_add_weak_pointer (G_OBJECT (f->base.window), (gpointer *) &f->base.window);
  gtk_window_present (GTK_WINDOW (f->base.window));
  gtk_fixture_wait_page (&f->base, "offline");
  gtk_fixture_wait_text (f->base.window, "hint", "is out of reach");
  g_assert_cmpstr (gtk_fixture_text (f->base.window, "subtitle"), ==, "Connecting…");
  gtk_fixture_take_picture (&f->base, "hub-offline");
  server_comes (f);
  gtk_fixture_wait_page (&f->base, "empty");
  g_assert_cmpstr (gtk_fixture_text (f->base.window, "subtitle"), ==, "");
}

#define ADD(path, data, func) g_test_add ("/hub/" path, Fixture, data, set_up, func, tear_down)

int
main (int argc, char **argv)
{
  gtk_fixture_init (&argc, &argv);
  g_assert_cmpint (argc, ==, 2);
  demo = argv[1];
  ADD ("tasks", NULL, test_tasks);
  ADD ("refused", NULL, test_refused);
  ADD ("transfer", NULL, test_transfer);
  ADD ("tls", "https", test_tls);
  g_test_add_func ("/hub/wrong", test_wrong);
  ADD ("server/stops", NULL, test_server_stops);
  ADD ("server/dies", NULL, test_server_dies);
  ADD ("server/late", NULL, test_server_late);
  return g_test_run ();
}
