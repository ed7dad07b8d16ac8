/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* Tests of the exporter with busctl, of how much it says, and of families. */
#include <kr-test.h>
#include <krtask.h>
#include <string.h>

#define PATH "/org/kestrun/Tasks"
#define TASK_INTERFACE "org.kestrun.Task1"

typedef struct
{
  GTestDBus *bus;
  GDBusConnection *server, *client;
  KrTaskManager *manager;
  KrTaskBusExporter *exporter;
  guint n_changes;
  char *path;      /* of the job whose changes are counted */
} Fixture;

static GDBusConnection *
connect_to_bus (Fixture *f)
{
  g_autoptr (GError) error = NULL;
  GDBusConnection *connection =
    g_dbus_connection_new_for_address_sync (g_test_dbus_get_bus_address (f->bus),
                                            G_DBUS_CONNECTION_FLAGS_AUTHENTICATION_CLIENT |
                                            G_DBUS_CONNECTION_FLAGS_MESSAGE_BUS_CONNECTION,
                                            NULL, NULL, &error);

  g_assert_no_error (error);
  g_dbus_connection_set_exit_on_close (connection, FALSE);
  return connection;
}

static void
set_up (Fixture *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  f->bus = g_test_dbus_new (G_TEST_DBUS_NONE);
  g_test_dbus_up (f->bus);
  f->server = connect_to_bus (f);
  f->client = connect_to_bus (f);
  f->manager = kr_task_manager_new (NULL);
  f->exporter = kr_task_bus_exporter_new (f->manager, f->server, PATH);
  g_assert_true (kr_task_bus_exporter_export (f->exporter, &error));
  g_assert_no_error (error);
}

static void
tear_down (Fixture *f, gconstpointer data)
{
  g_autoptr (GAsyncResult) result = NULL;

  kr_task_manager_shutdown_async (f->manager, -1, NULL, kr_test_store_result, &result);
  kr_test_wait_result ("the shutdown", &result);
  g_assert_true (kr_task_manager_shutdown_finish (f->manager, result, NULL));
  g_object_unref (f->exporter);
  g_object_unref (f->manager);
  g_dbus_connection_close_sync (f->client, NULL, NULL);
  g_dbus_connection_close_sync (f->server, NULL, NULL);
  g_object_unref (f->client);
  g_object_unref (f->server);
  g_test_dbus_down (f->bus);
  g_object_unref (f->bus);
  g_free (f->path);
}

static GVariant *
body_sleep (KrTaskJob *job, GCancellable *cancellable, gpointer user_data, GError **error)
{
  kr_task_job_sleep (job, -1);
  return NULL;
}

/* Says how far it is, as often as it can, for a second. */
static GVariant *
body_talk (KrTaskJob *job, GCancellable *cancellable, gpointer user_data, GError **error)
{
  gint64 begin = g_get_monotonic_time ();
  gint64 past = 0;

  while ((past = g_get_monotonic_time () - begin) < G_TIME_SPAN_SECOND)
    kr_task_progress_set (kr_task_job_get_progress (job), past / (double) G_TIME_SPAN_SECOND, "talking");
  return NULL;
}

static gboolean
has_path (gpointer data)
{
  Fixture *f = ((gpointer *) data)[0];
  char **path = ((gpointer *) data)[2];

  return (*path = kr_task_bus_exporter_dup_path (f->exporter, ((gpointer *) data)[1])) != NULL;
}

/* Submits @job and waits until it is on the bus. */
static char *
submit (Fixture *f, KrTaskJob *job)
{
  char *path = NULL;
  gpointer wait[] = { f, job, &path };

  g_assert_true (kr_task_manager_submit (f->manager, job, NULL));
  kr_test_wait ("the object", has_path, wait);
  return path;
}

static KrTaskJob *
job_new (KrTaskFunc func)
{
  KrTaskJob *job = kr_task_job_new ("tool", "For a tool");

  kr_task_job_set_func (job, func, NULL, NULL);
  return job;
}

static gboolean
is_runnable (const char *program)
{
  g_autofree char *found = g_find_program_in_path (program);

#ifdef __SANITIZE_ADDRESS__
  /* see skip_under_asan() in test-job.c */
  g_test_skip ("GLib's worker thread may hold the watch of a child at exit");
  return FALSE;
#endif
  if (found == NULL)
    g_test_skip ("the tool is not installed");
  return found != NULL;
}

/* --- busctl */

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

static gboolean
is_terminal (gpointer data)
{
  return kr_task_state_is_terminal (kr_task_job_get_state (data));
}

static void
test_busctl (Fixture *f, gconstpointer data)
{
  const char *name = g_dbus_connection_get_unique_name (f->server);
  g_autofree char *address = g_strconcat ("--address=", g_test_dbus_get_bus_address (f->bus), NULL);
  g_autoptr (KrTaskJob) job = job_new (body_sleep);
  g_autofree char *path = NULL;
  g_autofree char *shown = NULL;
  g_autofree char *title = NULL;
  g_autofree char *nothing = NULL;

  if (!is_runnable ("busctl"))
    return;
  path = submit (f, job);
  shown = run ((const char *[]) { "busctl", address, "introspect", name, path, NULL });
  g_assert_nonnull (strstr (shown, TASK_INTERFACE));
  g_assert_nonnull (strstr (shown, ".Cancel "));
  g_assert_nonnull (strstr (shown, ".Finished "));
  title = run ((const char *[]) { "busctl", address, "get-property", name, path, TASK_INTERFACE, "Title", NULL });
  g_assert_cmpstr (title, ==, "s \"For a tool\"\n");
  nothing = run ((const char *[]) { "busctl", address, "call", name, path, TASK_INTERFACE, "Cancel", "a{sv}", "1", "reason",
                                    "s", "enough", NULL });
  g_assert_cmpstr (nothing, ==, "");
  kr_test_wait ("the end", is_terminal, job);
  g_assert_cmpint (kr_task_job_get_state (job), ==, KR_TASK_STATE_CANCELLED);
}

/* --- how much is said */

static void
on_changed (GDBusConnection *connection, const char *sender, const char *path, const char *interface, const char *signal,
            GVariant *parameters, gpointer user_data)
{
  Fixture *f = user_data;

  if (g_strcmp0 (path, f->path) == 0)
    f->n_changes++;
}

static void
test_signal_limit (Fixture *f, gconstpointer data)
{
  g_autoptr (KrTaskJob) job = job_new (body_talk);
  gint64 begin = g_get_monotonic_time ();
  g_autoptr (GVariant) reply = NULL;
  g_autoptr (GAsyncResult) result = NULL;
  guint id, limit;

  id = g_dbus_connection_signal_subscribe (f->client, g_dbus_connection_get_unique_name (f->server),
                                           "org.freedesktop.DBus.Properties", "PropertiesChanged", NULL, NULL,
                                           G_DBUS_SIGNAL_FLAGS_NONE, on_changed, f, NULL);
  f->path = submit (f, job);
  kr_test_wait ("the end", is_terminal, job);
  /* all that was sent has arrived when the answer to a call is here */
  g_dbus_connection_call (f->client, g_dbus_connection_get_unique_name (f->server), PATH, "org.freedesktop.DBus.Peer",
                          "Ping", NULL, NULL, G_DBUS_CALL_FLAGS_NONE, -1, NULL, kr_test_store_result, &result);
  kr_test_wait_result ("an answer", &result);
  reply = g_dbus_connection_call_finish (f->client, result, NULL);
  g_dbus_connection_signal_unsubscribe (f->client, id);
  /* ten per second, and the states: running and completed */
  limit = 10 * (g_get_monotonic_time () - begin) / G_TIME_SPAN_SECOND + 3;
  g_test_message ("%u changes, at most %u", f->n_changes, limit);
  g_assert_cmpuint (f->n_changes, >=, 5);
  g_assert_cmpuint (f->n_changes, <=, limit);
}

/* --- families */

static GVariant *
get (Fixture *f, const char *path, const char *property)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) reply = NULL;
  GVariant *value = NULL;

  g_dbus_connection_call (f->client, g_dbus_connection_get_unique_name (f->server), path,
                          "org.freedesktop.DBus.Properties", "Get", g_variant_new ("(ss)", TASK_INTERFACE, property), NULL,
                          G_DBUS_CALL_FLAGS_NONE, -1, NULL, kr_test_store_result, &result);
  kr_test_wait_result (property, &result);
  reply = g_dbus_connection_call_finish (f->client, result, &error);
  g_assert_no_error (error);
  g_variant_get (reply, "(v)", &value);
  return value;
}

static void
test_family (Fixture *f, gconstpointer data)
{
  g_autoptr (KrTaskJob) parent = job_new (body_sleep);
  g_autoptr (KrTaskJob) child = job_new (body_sleep);
  g_autofree char *parent_path = NULL;
  g_autofree char *child_path = NULL;
  g_autoptr (GVariant) of_child = NULL;
  g_autoptr (GVariant) of_parent = NULL;
  g_autofree const char **children = NULL;

  g_assert_true (kr_task_job_add_child (parent, child, 1, NULL));
  parent_path = submit (f, parent);
  child_path = submit (f, child);
  of_child = get (f, child_path, "Parent");
  g_assert_cmpstr (g_variant_get_string (of_child, NULL), ==, parent_path);
  of_parent = get (f, parent_path, "Children");
  children = g_variant_get_objv (of_parent, NULL);
  g_assert_nonnull (children[0]);
  g_assert_cmpstr (children[0], ==, child_path);
  g_assert_null (children[1]);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

#define ADD(path, func) g_test_add ("/bus/" path, Fixture, NULL, set_up, func, tear_down)
  ADD ("tools/busctl", test_busctl);
  ADD ("signal-limit", test_signal_limit);
  ADD ("family", test_family);
  return g_test_run ();
}
