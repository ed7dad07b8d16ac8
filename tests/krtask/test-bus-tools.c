/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* Tests of the exporter with the programs that people have: gdbus and busctl. */
#include "bus-fixture.h"

#include <string.h>

static gboolean
is_installed (const char *program)
{
  g_autofree char *found = g_find_program_in_path (program);

  if (found == NULL)
    g_test_skip ("the tool is not installed");
  return found != NULL;
}

/* --- calls -------------------------------------------------------------------------------------------------------- */

static char *
run (const char *const *argv)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GSubprocess) process = g_subprocess_newv (argv, G_SUBPROCESS_FLAGS_STDOUT_PIPE, &error);
  char *output = NULL;

  g_assert_no_error (error);
  g_subprocess_communicate_utf8_async (process, NULL, NULL, kr_test_store_result, &result);
  kr_test_wait_result (argv[0], &result);
  g_assert_true (g_subprocess_communicate_utf8_finish (process, result, &output, NULL, &error));
  g_assert_no_error (error);
  g_assert_true (g_subprocess_get_successful (process));
  return output;
}

static void
assert_has (const char *output, const char *text)
{
  if (strstr (output, text) == NULL)
    g_error ("there is no “%s” in %s", text, output);
}

static void
test_busctl (BusFixture *f, gconstpointer data)
{
  const char *name = g_dbus_connection_get_unique_name (f->server);
  g_autofree char *address = g_strconcat ("--address=", g_test_dbus_get_bus_address (f->bus), NULL);
  g_autoptr (KrTaskJob) job = bus_job_new ("For a tool", bus_body_sleep);
  g_autofree char *path = NULL, *shown = NULL, *title = NULL, *nothing = NULL, *kinds = NULL, *tree = NULL;

  if (!is_installed ("busctl"))
    return;
  path = bus_fixture_submit (f, job);
  shown = run ((const char *[]) { "busctl", address, "introspect", name, path, NULL });
  assert_has (shown, BUS_TASK_INTERFACE);
  assert_has (shown, ".Cancel ");
  assert_has (shown, ".Finished ");
  tree = run ((const char *[]) { "busctl", address, "tree", "--list", name, NULL });
  assert_has (tree, path);
  title = run ((const char *[]) { "busctl", address, "get-property", name, path, BUS_TASK_INTERFACE, "Title", NULL });
  g_assert_cmpstr (title, ==, "s \"For a tool\"\n");
  kinds = run ((const char *[]) { "busctl", address, "get-property", name, BUS_PATH, BUS_MANAGER_INTERFACE, "Kinds",
                                  NULL });
  g_assert_cmpstr (kinds, ==, "as 4 \"sleep\" \"echo\" \"hold\" \"nothing\"\n");
  nothing = run ((const char *[]) { "busctl", address, "call", name, path, BUS_TASK_INTERFACE, "Cancel", "a{sv}", "1",
                                    "reason", "s", "enough", NULL });
  g_assert_cmpstr (nothing, ==, "");
  bus_fixture_wait_end (job);
  g_assert_cmpint (kr_task_job_get_state (job), ==, KR_TASK_STATE_CANCELLED);
}

static void
test_gdbus (BusFixture *f, gconstpointer data)
{
  const char *name = g_dbus_connection_get_unique_name (f->server);
  const char *address = g_test_dbus_get_bus_address (f->bus);
  g_autoptr (KrTaskJob) job = bus_job_new ("For a tool", bus_body_sleep);
  g_autofree char *path = NULL, *shown = NULL, *nothing = NULL, *started = NULL;

  if (!is_installed ("gdbus"))
    return;
  path = bus_fixture_submit (f, job);
  shown = run ((const char *[]) { "gdbus", "introspect", "--address", address, "--dest", name, "--object-path", BUS_PATH,
                                  "--recurse", NULL });
  assert_has (shown, "interface " BUS_MANAGER_INTERFACE " {");
  assert_has (shown, "interface " BUS_TASK_INTERFACE " {");
  assert_has (shown, "readonly as Kinds = ['sleep', 'echo', 'hold', 'nothing'];");
  assert_has (shown, "readonly s Title = 'For a tool';");
  assert_has (shown, path);
  started = run ((const char *[]) { "gdbus", "call", "--address", address, "--dest", name, "--object-path", BUS_PATH,
                                    "--method", BUS_MANAGER_INTERFACE ".Start", "sleep", "{}", "{'title': <'By hand'>}",
                                    NULL });
  assert_has (started, "(objectpath '" BUS_PATH "/tasks/");
  nothing = run ((const char *[]) { "gdbus", "call", "--address", address, "--dest", name, "--object-path", path,
                                    "--method", BUS_TASK_INTERFACE ".Cancel", "{}", NULL });
  g_assert_cmpstr (nothing, ==, "()\n");
  bus_fixture_wait_end (job);
  g_assert_cmpint (kr_task_job_get_state (job), ==, KR_TASK_STATE_CANCELLED);
}

/* --- watching ----------------------------------------------------------------------------------------------------- */

typedef struct
{
  BusFixture *f;
  GSubprocess *process;
  GDataInputStream *lines;
  GString *output;
  gboolean ended;
  const char *wanted;
} Monitor;

static void
on_line (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Monitor *monitor = user_data;
  g_autofree char *line = g_data_input_stream_read_line_finish_utf8 (G_DATA_INPUT_STREAM (source), result, NULL, NULL);

  monitor->ended = line == NULL;
  if (monitor->ended)
    return;
  g_string_append_printf (monitor->output, "%s\n", line);
  g_data_input_stream_read_line_async (G_DATA_INPUT_STREAM (source), G_PRIORITY_DEFAULT, NULL, on_line, monitor);
}

/* What a monitor says of itself comes before it listens: gdbus prints who owns the name, and asks the bus for the
 * signals afterwards. So it gets something to hear until it has heard it. */
static gboolean
has_heard_probe (gpointer data)
{
  Monitor *monitor = data;
  g_autoptr (GError) error = NULL;

  if (strstr (monitor->output->str, "Probe") != NULL)
    return TRUE;
  g_assert_false (monitor->ended);
  g_dbus_connection_emit_signal (monitor->f->server, NULL, "/probe", "org.kestrun.Test", "Probe", NULL, &error);
  g_assert_no_error (error);
  return FALSE;
}

static void
monitor_start (Monitor *monitor, BusFixture *f, const char *const *argv)
{
  g_autoptr (GError) error = NULL;

  monitor->f = f;
  monitor->output = g_string_new (NULL);
  monitor->process = g_subprocess_newv (argv, G_SUBPROCESS_FLAGS_STDOUT_PIPE | G_SUBPROCESS_FLAGS_STDERR_SILENCE, &error);
  g_assert_no_error (error);
  monitor->lines = g_data_input_stream_new (g_subprocess_get_stdout_pipe (monitor->process));
  g_data_input_stream_read_line_async (monitor->lines, G_PRIORITY_DEFAULT, NULL, on_line, monitor);
  kr_test_wait (argv[0], has_heard_probe, monitor);
}

static void
monitor_stop (Monitor *monitor)
{
  g_autoptr (GAsyncResult) result = NULL;

  g_subprocess_force_exit (monitor->process);
  g_subprocess_wait_async (monitor->process, NULL, kr_test_store_result, &result);
  kr_test_wait_result ("the end of the monitor", &result);
  kr_test_wait_flag ("its last line", &monitor->ended);
  g_object_unref (monitor->lines);
  g_object_unref (monitor->process);
  g_string_free (monitor->output, TRUE);
}

static gboolean
has_wanted (gpointer data)
{
  Monitor *monitor = data;

  return strstr (monitor->output->str, monitor->wanted) != NULL;
}

static void
monitor_wait (Monitor *monitor, const char *text)
{
  monitor->wanted = text;
  kr_test_wait (text, has_wanted, monitor);
}

/* Starts a job and cancels it while the monitor watches. */
static char *
monitor_job (Monitor *monitor, const char *last)
{
  g_autoptr (KrTaskJob) job = bus_job_new ("For a tool", bus_body_sleep);
  char *path = bus_fixture_submit (monitor->f, job);

  bus_fixture_wait_state (monitor->f, path, "running");
  g_assert_true (kr_task_job_cancel (job, KR_TASK_CANCEL_REASON_USER, NULL, KR_TASK_CANCEL_NONE, NULL));
  monitor_wait (monitor, last);
  return path;
}

static void
test_gdbus_monitor (BusFixture *f, gconstpointer data)
{
  Monitor monitor = { NULL };
  g_autofree char *path = NULL, *changed = NULL, *finished = NULL, *task_finished = NULL;

  if (!is_installed ("gdbus"))
    return;
  monitor_start (&monitor, f, (const char *[]) { "gdbus", "monitor", "--address", g_test_dbus_get_bus_address (f->bus),
                                                 "--dest", g_dbus_connection_get_unique_name (f->server), NULL });
  path = monitor_job (&monitor, ".TaskFinished (");
  changed = g_strconcat (path, ": org.freedesktop.DBus.Properties.PropertiesChanged ('" BUS_TASK_INTERFACE "', {", NULL);
  finished = g_strconcat (path, ": " BUS_TASK_INTERFACE ".Finished ('cancelled', {", NULL);
  task_finished = g_strconcat (BUS_PATH ": " BUS_MANAGER_INTERFACE ".TaskFinished (objectpath '", path, "', '", NULL);
  assert_has (monitor.output->str, "ObjectManager.InterfacesAdded (objectpath '");
  assert_has (monitor.output->str, changed);
  assert_has (monitor.output->str, finished);
  assert_has (monitor.output->str, task_finished);
  g_assert_true (strstr (monitor.output->str, changed) < strstr (monitor.output->str, finished));
  g_assert_true (strstr (monitor.output->str, finished) < strstr (monitor.output->str, task_finished));
  monitor_stop (&monitor);
}

static void
test_busctl_monitor (BusFixture *f, gconstpointer data)
{
  g_autofree char *address = g_strconcat ("--address=", g_test_dbus_get_bus_address (f->bus), NULL);
  Monitor monitor = { NULL };
  g_autofree char *path = NULL;

  if (!is_installed ("busctl"))
    return;
  monitor_start (&monitor, f, (const char *[]) { "busctl", address, "monitor",
                                                 g_dbus_connection_get_unique_name (f->server), NULL });
  path = monitor_job (&monitor, "Member=TaskFinished");
  assert_has (monitor.output->str, path);
  assert_has (monitor.output->str, "Interface=" BUS_TASK_INTERFACE "  Member=Finished");
  assert_has (monitor.output->str, "Interface=" BUS_MANAGER_INTERFACE "  Member=TaskFinished");
  g_assert_true (strstr (monitor.output->str, "Member=Finished") < strstr (monitor.output->str, "Member=TaskFinished"));
  monitor_stop (&monitor);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

#define ADD(path, func) g_test_add ("/bus/tools/" path, BusFixture, NULL, bus_fixture_set_up, func, bus_fixture_tear_down)
  ADD ("busctl", test_busctl);
  ADD ("gdbus", test_gdbus);
  ADD ("gdbus-monitor", test_gdbus_monitor);
  ADD ("busctl-monitor", test_busctl_monitor);
  return g_test_run ();
}
