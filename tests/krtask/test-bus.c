/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* Tests of the exporter on a private bus, with clients that are connections of their own. */
#include <kr-test.h>
#include <krtask.h>

#define PATH "/org/kestrun/Tasks"
#define MANAGER_INTERFACE "org.kestrun.TaskManager1"
#define TASK_INTERFACE "org.kestrun.Task1"

typedef struct
{
  GTestDBus *bus;
  GDBusConnection *server;
  GDBusConnection *client;
  KrTaskManager *manager;
  KrTaskBusExporter *exporter;
  GString *events; /* signals that the client heard, in order */
  int go;          /* atomic: bodies may go on */
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

static GVariant *
body_sleep (KrTaskJob *job, GCancellable *cancellable, gpointer user_data, GError **error)
{
  kr_task_progress_set (kr_task_job_get_progress (job), 0.5, "half way");
  kr_task_job_sleep (job, -1);
  return NULL;
}

static GVariant *
body_echo (KrTaskJob *job, GCancellable *cancellable, gpointer user_data, GError **error)
{
  return g_variant_ref (user_data);
}

static GVariant *
body_hold (KrTaskJob *job, GCancellable *cancellable, gpointer user_data, GError **error)
{
  Fixture *f = user_data;

  g_assert_true (kr_task_job_hold (job));
  kr_task_progress_set (kr_task_job_get_progress (job), 0.5, "half way");
  while (!g_atomic_int_get (&f->go))
    g_usleep (200);
  kr_task_job_release (job);
  return NULL;
}

static KrTaskJob *
make_sleeper (GVariant *parameters, GVariant *options, gpointer user_data, GError **error)
{
  KrTaskJob *job = kr_task_job_new ("sleep", "A sleeper");

  kr_task_job_set_func (job, body_sleep, NULL, NULL);
  return job;
}

/* Ends at once, with its parameters. */
static KrTaskJob *
make_echo (GVariant *parameters, GVariant *options, gpointer user_data, GError **error)
{
  KrTaskJob *job = kr_task_job_new ("echo", "An echo");

  kr_task_job_set_func (job, body_echo, g_variant_ref (parameters), (GDestroyNotify) g_variant_unref);
  return job;
}

static KrTaskJob *
make_holder (GVariant *parameters, GVariant *options, gpointer user_data, GError **error)
{
  KrTaskJob *job = kr_task_job_new ("hold", "A holder");

  kr_task_job_set_func (job, body_hold, user_data, NULL);
  return job;
}

static KrTaskJob *
make_nothing (GVariant *parameters, GVariant *options, gpointer user_data, GError **error)
{
  g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT, "a bad parameter");
  return NULL;
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
  kr_task_bus_exporter_add_kind (f->exporter, "sleep", make_sleeper, f, NULL);
  kr_task_bus_exporter_add_kind (f->exporter, "echo", make_echo, f, NULL);
  kr_task_bus_exporter_add_kind (f->exporter, "hold", make_holder, f, NULL);
  kr_task_bus_exporter_add_kind (f->exporter, "nothing", make_nothing, f, NULL);
  g_assert_true (kr_task_bus_exporter_export (f->exporter, &error));
  g_assert_no_error (error);
  f->events = g_string_new (NULL);
}

static void
shut_down (Fixture *f)
{
  g_autoptr (GAsyncResult) result = NULL;

  g_atomic_int_set (&f->go, TRUE);
  kr_task_manager_shutdown_async (f->manager, -1, NULL, kr_test_store_result, &result);
  kr_test_wait_result ("the shutdown", &result);
  g_assert_true (kr_task_manager_shutdown_finish (f->manager, result, NULL));
}

static void
tear_down (Fixture *f, gconstpointer data)
{
  shut_down (f);
  g_object_unref (f->exporter);
  g_object_unref (f->manager);
  g_dbus_connection_close_sync (f->client, NULL, NULL);
  g_dbus_connection_close_sync (f->server, NULL, NULL);
  g_object_unref (f->client);
  g_object_unref (f->server);
  g_test_dbus_down (f->bus);
  g_object_unref (f->bus);
  g_string_free (f->events, TRUE);
}

static GVariant *
call (Fixture *f, const char *path, const char *interface, const char *method, GVariant *arguments, GError **error)
{
  g_autoptr (GAsyncResult) result = NULL;
  GVariant *reply;

  g_dbus_connection_call (f->client, g_dbus_connection_get_unique_name (f->server), path, interface, method, arguments,
                          NULL, G_DBUS_CALL_FLAGS_NONE, -1, NULL, kr_test_store_result, &result);
  kr_test_wait_result (method, &result);
  reply = g_dbus_connection_call_finish (f->client, result, error);
  if (error != NULL && *error != NULL)
    g_dbus_error_strip_remote_error (*error);
  return reply;
}

static GVariant *
options_new (const char *format, ...)
{
  va_list args;
  GVariant *options;

  va_start (args, format);
  options = g_variant_new_parsed_va (format, &args);
  va_end (args);
  return options;
}

static char *
start (Fixture *f, const char *kind, GVariant *parameters, GVariant *options, GError **error)
{
  g_autoptr (GVariant) reply =
    call (f, PATH, MANAGER_INTERFACE, "Start",
          g_variant_new ("(s@a{sv}@a{sv})", kind, parameters != NULL ? parameters : options_new ("@a{sv} {}"),
                         options != NULL ? options : options_new ("@a{sv} {}")), error);
  char *path = NULL;

  if (reply != NULL)
    g_variant_get (reply, "(o)", &path);
  return path;
}

static GVariant *
get (Fixture *f, const char *path, const char *property)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) reply = call (f, path, "org.freedesktop.DBus.Properties", "Get",
                                     g_variant_new ("(ss)", TASK_INTERFACE, property), &error);
  GVariant *value = NULL;

  g_assert_no_error (error);
  g_variant_get (reply, "(v)", &value);
  return value;
}

typedef struct
{
  Fixture *f;
  const char *path;
  const char *state;
} StateWait;

static gboolean
has_state (gpointer data)
{
  StateWait *wait = data;
  g_autoptr (GVariant) state = get (wait->f, wait->path, "State");

  return g_strcmp0 (g_variant_get_string (state, NULL), wait->state) == 0;
}

static void
wait_state (Fixture *f, const char *path, const char *state)
{
  StateWait wait = { f, path, state };

  kr_test_wait (state, has_state, &wait);
}

static void
on_signal (GDBusConnection *connection, const char *sender, const char *path, const char *interface, const char *signal,
           GVariant *parameters, gpointer user_data)
{
  Fixture *f = user_data;
  const char *of = NULL;
  g_autoptr (GVariant) changed = NULL;

  if (g_strcmp0 (signal, "PropertiesChanged") == 0)
    {
      const char *state;

      g_variant_get (parameters, "(&s@a{sv}@as)", &of, &changed, NULL);
      if (g_strcmp0 (of, TASK_INTERFACE) == 0 && g_variant_lookup (changed, "State", "&s", &state))
        g_string_append_printf (f->events, "%s ", state);
      return;
    }
  g_string_append_printf (f->events, "%s ", signal);
}

static guint
listen (Fixture *f)
{
  g_autoptr (GError) error = NULL;
  guint id = g_dbus_connection_signal_subscribe (f->client, g_dbus_connection_get_unique_name (f->server), NULL, NULL,
                                                 NULL, NULL, G_DBUS_SIGNAL_FLAGS_NONE, on_signal, f, NULL);

  /* the rule is in force when the bus has answered the next call */
  g_dbus_connection_call_sync (f->client, "org.freedesktop.DBus", "/", "org.freedesktop.DBus", "GetId", NULL, NULL,
                               G_DBUS_CALL_FLAGS_NONE, -1, NULL, &error);
  g_assert_no_error (error);
  return id;
}

static gboolean
heard (gpointer data)
{
  return strstr (((Fixture *) data)->events->str, "TaskFinished") != NULL;
}

/* --- tests */

static void
test_cancel (Fixture *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *path = start (f, "sleep", NULL, NULL, &error);
  g_autoptr (GVariant) reason = NULL;
  g_autoptr (GVariant) cancelable = NULL;
  g_autoptr (GVariant) reply = NULL;

  g_assert_no_error (error);
  g_assert_true (g_str_has_prefix (path, PATH "/tasks/"));
  wait_state (f, path, "running");
  cancelable = get (f, path, "Cancelable");
  g_assert_true (g_variant_get_boolean (cancelable));
  reply = call (f, path, TASK_INTERFACE, "Cancel", options_new ("({'reason': <'enough'>},)"), &error);
  g_assert_no_error (error);
  wait_state (f, path, "cancelled");
  reason = get (f, path, "CancelReason");
  g_assert_cmpstr (g_variant_get_string (reason, NULL), ==, "user");
  g_assert_null (call (f, path, TASK_INTERFACE, "Cancel", options_new ("(@a{sv} {},)"), &error));
  g_assert_error (error, KR_TASK_ERROR, KR_TASK_ERROR_ALREADY_FINISHED);
  g_clear_error (&error);
  g_assert_null (call (f, path, TASK_INTERFACE, "GetResult", NULL, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_assert_cmpstr (error->message, ==, "enough");
}

static void
test_result (Fixture *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *path = start (f, "echo", options_new ("{'x': <7>}"), NULL, &error);
  g_autoptr (GVariant) reply = NULL;
  g_autoptr (GVariant) result = NULL;
  int x = 0;

  g_assert_no_error (error);
  wait_state (f, path, "completed");
  reply = call (f, path, TASK_INTERFACE, "GetResult", NULL, &error);
  g_assert_no_error (error);
  g_variant_get (reply, "(v)", &result);
  g_assert_true (g_variant_lookup (result, "x", "i", &x));
  g_assert_cmpint (x, ==, 7);
}

static void
test_refusals (Fixture *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *path = NULL;

  g_assert_null (start (f, "unknown", NULL, NULL, &error));
  g_assert_error (error, KR_TASK_ERROR, KR_TASK_ERROR_NOT_FOUND);
  g_clear_error (&error);
  g_assert_null (start (f, "nothing", NULL, NULL, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT);
  g_clear_error (&error);
  g_assert_null (start (f, "sleep", NULL, options_new ("{'handle_token': <'a/b'>}"), &error));
  g_assert_error (error, KR_TASK_ERROR, KR_TASK_ERROR_INVALID);
  g_clear_error (&error);
  g_assert_null (call (f, PATH, MANAGER_INTERFACE, "Lookup", options_new ("('no such id',)"), &error));
  g_assert_error (error, KR_TASK_ERROR, KR_TASK_ERROR_NOT_FOUND);
  g_clear_error (&error);
  path = start (f, "sleep", NULL, NULL, NULL);
  g_assert_null (call (f, path, TASK_INTERFACE, "GetResult", NULL, &error));
  g_assert_error (error, KR_TASK_ERROR, KR_TASK_ERROR_NOT_FINISHED);
  g_clear_error (&error);
  g_assert_null (call (f, path, TASK_INTERFACE, "Remove", NULL, &error));
  g_assert_error (error, KR_TASK_ERROR, KR_TASK_ERROR_NOT_FINISHED);
}

/* The path is known before the call, so that not even a task that ends before the answer is missed. */
static void
test_handle_token (Fixture *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *sender = g_strdelimit (g_strdup (g_dbus_connection_get_unique_name (f->client) + 1), ".", '_');
  g_autofree char *expected = g_strdup_printf (PATH "/tasks/%s/mine", sender);
  g_autofree char *path = NULL;
  guint id = listen (f);

  path = start (f, "echo", NULL, options_new ("{'handle_token': <'mine'>}"), &error);
  g_assert_no_error (error);
  g_assert_cmpstr (path, ==, expected);
  kr_test_wait ("the end", heard, f);
  /* it may have ended before its object was there: then it appeared as completed */
  g_assert_nonnull (strstr (f->events->str, "InterfacesAdded "));
  g_assert_nonnull (strstr (f->events->str, "Finished TaskFinished "));
  g_assert_null (start (f, "echo", NULL, options_new ("{'handle_token': <'mine'>}"), &error));
  g_assert_error (error, KR_TASK_ERROR, KR_TASK_ERROR_CONFLICT);
  g_dbus_connection_signal_unsubscribe (f->client, id);
}

static void
test_order (Fixture *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  guint id = listen (f);
  g_autofree char *path = start (f, "hold", NULL, NULL, &error);

  g_assert_no_error (error);
  wait_state (f, path, "running");
  g_atomic_int_set (&f->go, TRUE);
  kr_test_wait ("the end", heard, f);
  /* the state is out, then the task says so, then the manager */
  g_assert_true (g_str_has_suffix (f->events->str, "completed Finished TaskFinished "));
  g_dbus_connection_signal_unsubscribe (f->client, id);
}

/* A result can be fetched for a while, even where the program keeps no finished jobs. */
static void
test_stays (Fixture *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *path = NULL;
  g_autoptr (GVariant) reply = NULL;

  g_object_set (f->manager, "keep-finished-count", 0, NULL);
  path = start (f, "echo", NULL, NULL, &error);
  g_assert_no_error (error);
  wait_state (f, path, "completed");
  g_assert_cmpuint (g_list_model_get_n_items (G_LIST_MODEL (f->manager)), ==, 0);
  reply = call (f, path, TASK_INTERFACE, "GetResult", NULL, &error);
  g_assert_no_error (error);
}

static gboolean
deny (KrTaskManager *manager, KrTaskJob *job, const char *action, GVariant *identity, gpointer user_data)
{
  guint32 uid;

  g_assert_true (g_variant_lookup (identity, "uid", "u", &uid));
  g_assert_cmpuint (uid, ==, getuid ());
  return g_strcmp0 (action, "start") == 0;
}

static void
test_authorize (Fixture *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *path = NULL;
  g_autoptr (GVariant) reply = NULL;
  guint n;

  g_signal_connect (f->manager, "authorize", G_CALLBACK (deny), f);
  path = start (f, "sleep", NULL, NULL, &error);
  g_assert_no_error (error);
  g_assert_null (call (f, path, TASK_INTERFACE, "Cancel", options_new ("(@a{sv} {},)"), &error));
  g_assert_error (error, KR_TASK_ERROR, KR_TASK_ERROR_NOT_AUTHORIZED);
  g_clear_error (&error);
  reply = call (f, PATH, MANAGER_INTERFACE, "CancelAll", options_new ("(@a{sv} {},)"), &error);
  g_assert_no_error (error);
  g_variant_get (reply, "(u)", &n);
  g_assert_cmpuint (n, ==, 0);
}

static void
test_other_uid (Fixture *f, gconstpointer data)
{
  g_autoptr (KrTaskJob) job = make_sleeper (NULL, NULL, NULL, NULL);
  g_autoptr (GError) error = NULL;
  g_autofree char *arguments = g_strdup_printf ("('%s', @a{sv} {})", kr_task_job_get_id (job));

  if (getuid () == 0)
    {
      g_test_skip ("root may do everything");
      return;
    }
  kr_task_job_set_owner (job, options_new ("{'uid': <uint32 4000000>}"));
  g_assert_true (kr_task_manager_submit (f->manager, job, NULL));
  g_assert_null (call (f, PATH, MANAGER_INTERFACE, "CancelTask", options_new (arguments), &error));
  g_assert_error (error, KR_TASK_ERROR, KR_TASK_ERROR_NOT_AUTHORIZED);
}

static void
test_default_policy (Fixture *f, gconstpointer data)
{
  g_autoptr (KrTaskJob) job = make_sleeper (NULL, NULL, NULL, NULL);
  g_autoptr (KrTaskJob) ours = make_sleeper (NULL, NULL, NULL, NULL);

  kr_task_job_set_owner (job, options_new ("{'uid': <uint32 4000>}"));
  g_assert_true (kr_task_manager_authorize (f->manager, job, "cancel", options_new ("{'uid': <uint32 4000>}")));
  g_assert_false (kr_task_manager_authorize (f->manager, job, "cancel", options_new ("{'uid': <uint32 4001>}")));
  g_assert_true (kr_task_manager_authorize (f->manager, job, "cancel", options_new ("{'uid': <uint32 0>}")));
  g_assert_false (kr_task_manager_authorize (f->manager, job, "cancel", options_new ("@a{sv} {}")));
  g_assert_true (kr_task_manager_authorize (f->manager, job, "cancel", options_new ("{'administrator': <true>}")));
  g_assert_true (kr_task_manager_authorize (f->manager, ours, "cancel", options_new ("{'uid': <%u>}", getuid ())));
  g_assert_false (kr_task_manager_authorize (f->manager, ours, "cancel", options_new ("{'uid': <uint32 4001>}")));
}

static void
test_hold (Fixture *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *path = start (f, "hold", NULL, NULL, &error);
  g_autoptr (GVariant) reply = NULL;
  StateWait wait = { f, path, "half way" };

  g_assert_no_error (error);
  wait_state (f, path, "running");
  for (;;)
    {
      g_autoptr (GVariant) message = get (wait.f, path, "Message");

      if (g_strcmp0 (g_variant_get_string (message, NULL), "half way") == 0)
        break;
    }
  g_assert_null (call (f, path, TASK_INTERFACE, "Cancel", options_new ("(@a{sv} {},)"), &error));
  g_assert_error (error, KR_TASK_ERROR, KR_TASK_ERROR_NOT_CANCELLABLE);
  g_clear_error (&error);
  reply = call (f, path, TASK_INTERFACE, "Cancel", options_new ("({'defer': <true>},)"), &error);
  g_assert_no_error (error);
  g_atomic_int_set (&f->go, TRUE);
  wait_state (f, path, "cancelled");
}

static void
test_disconnect (Fixture *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *path = start (f, "sleep", NULL, options_new ("{'cancel_on_disconnect': <true>}"), &error);
  g_autofree char *other = start (f, "sleep", NULL, NULL, &error);

  g_assert_no_error (error);
  wait_state (f, path, "running");
  wait_state (f, other, "running");
  g_dbus_connection_close_sync (f->client, NULL, NULL);
  g_object_unref (f->client);
  f->client = connect_to_bus (f);
  wait_state (f, path, "cancelled");
  wait_state (f, other, "running");
}

static void
test_cancel_all (Fixture *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *first = start (f, "sleep", NULL, NULL, &error);
  g_autofree char *second = start (f, "sleep", NULL, options_new ("{'title': <'Second'>, 'priority': <3>}"), &error);
  g_autoptr (GVariant) reply = NULL;
  g_autoptr (GVariant) none = NULL;
  g_autoptr (GVariant) title = NULL;
  guint n;

  g_assert_no_error (error);
  title = get (f, second, "Title");
  g_assert_cmpstr (g_variant_get_string (title, NULL), ==, "Second");
  none = call (f, PATH, MANAGER_INTERFACE, "CancelAll", options_new ("({'kind': <'other'>},)"), &error);
  g_variant_get (none, "(u)", &n);
  g_assert_cmpuint (n, ==, 0);
  reply = call (f, PATH, MANAGER_INTERFACE, "CancelAll", options_new ("({'kind': <'sleep'>},)"), &error);
  g_assert_no_error (error);
  g_variant_get (reply, "(u)", &n);
  g_assert_cmpuint (n, ==, 2);
}

static void
test_managed_objects (Fixture *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *path = start (f, "sleep", NULL, NULL, &error);
  g_autoptr (GVariant) reply = call (f, PATH, "org.freedesktop.DBus.ObjectManager", "GetManagedObjects", NULL, &error);
  g_autoptr (GVariant) objects = NULL;
  g_autoptr (GVariant) interfaces = NULL;

  g_assert_no_error (error);
  objects = g_variant_get_child_value (reply, 0);
  g_assert_cmpuint (g_variant_n_children (objects), ==, 1);
  g_assert_true (g_variant_lookup (objects, path, "@a{sa{sv}}", &interfaces));
  g_assert_true (g_variant_lookup (interfaces, TASK_INTERFACE, "a{sv}", NULL));
}

/* What the installed file says is what the object says. */
static void
compare_interface (Fixture *f, const char *path, const char *interface)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *name = g_strconcat (interface, ".xml", NULL);
  g_autofree char *file = g_test_build_filename (G_TEST_DIST, "..", "libkrtask", "dbus", name, NULL);
  g_autofree char *contents = NULL;
  g_autoptr (GVariant) reply = call (f, path, "org.freedesktop.DBus.Introspectable", "Introspect", NULL, &error);
  g_autoptr (GDBusNodeInfo) installed = NULL;
  g_autoptr (GDBusNodeInfo) live = NULL;
  g_autoptr (GString) a = g_string_new (NULL);
  g_autoptr (GString) b = g_string_new (NULL);
  const char *xml;

  g_assert_no_error (error);
  g_variant_get (reply, "(&s)", &xml);
  live = g_dbus_node_info_new_for_xml (xml, &error);
  g_assert_no_error (error);
  g_file_get_contents (file, &contents, NULL, &error);
  g_assert_no_error (error);
  installed = g_dbus_node_info_new_for_xml (contents, &error);
  g_assert_no_error (error);
  g_dbus_interface_info_generate_xml (g_dbus_node_info_lookup_interface (live, interface), 0, a);
  g_dbus_interface_info_generate_xml (g_dbus_node_info_lookup_interface (installed, interface), 0, b);
  g_assert_cmpstr (a->str, ==, b->str);
}

static void
test_introspection (Fixture *f, gconstpointer data)
{
  g_autofree char *path = start (f, "sleep", NULL, NULL, NULL);

  compare_interface (f, PATH, MANAGER_INTERFACE);
  compare_interface (f, path, TASK_INTERFACE);
}

/* As a person would do it. */
static void
test_gdbus_call (Fixture *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *path = start (f, "sleep", NULL, NULL, &error);
  g_autofree char *gdbus = g_find_program_in_path ("gdbus");
  g_autoptr (GSubprocess) process = NULL;
  g_autoptr (GAsyncResult) result = NULL;

  if (gdbus == NULL)
    {
      g_test_skip ("gdbus is not installed");
      return;
    }
  wait_state (f, path, "running");
  process = g_subprocess_new (G_SUBPROCESS_FLAGS_STDOUT_SILENCE, &error, gdbus, "call", "--address",
                              g_test_dbus_get_bus_address (f->bus), "--dest",
                              g_dbus_connection_get_unique_name (f->server), "--object-path", path, "--method",
                              TASK_INTERFACE ".Cancel", "{}", NULL);
  g_assert_no_error (error);
  g_subprocess_wait_check_async (process, NULL, kr_test_store_result, &result);
  kr_test_wait_result ("gdbus", &result);
  g_assert_true (g_subprocess_wait_check_finish (process, result, &error));
  g_assert_no_error (error);
  wait_state (f, path, "cancelled");
}

/* Types that D-Bus does not have must not break the connection. */
static void
test_odd_results (Fixture *f, gconstpointer data)
{
  static const char *const results[] = { "@mi 1", "@mi nothing", "()", "{1, 'x'}", "<@mi 1>", "[<{1, 2}>]" };

  for (guint i = 0; i < G_N_ELEMENTS (results); i++)
    {
      g_autoptr (KrTaskJob) job = kr_task_job_new ("odd", NULL);
      g_autoptr (GError) error = NULL;
      g_autofree char *path = NULL;
      g_autoptr (GVariant) reply = NULL;
      g_autoptr (GVariant) found = NULL;

      kr_task_job_set_func (job, body_echo, g_variant_ref_sink (g_variant_new_parsed (results[i])),
                            (GDestroyNotify) g_variant_unref);
      g_assert_true (kr_task_manager_submit (f->manager, job, NULL));
      while ((path = kr_task_bus_exporter_dup_path (f->exporter, job)) == NULL)
        g_main_context_iteration (NULL, TRUE);
      wait_state (f, path, "completed");
      reply = call (f, path, TASK_INTERFACE, "GetResult", NULL, &error);
      g_assert_no_error (error);
      g_variant_get (reply, "(v)", &found);
      g_assert_cmpstr (g_variant_get_type_string (found), ==, "s");
    }
}

/* --- the client */

static KrTaskBusClient *
client_new (Fixture *f)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  KrTaskBusClient *client;

  kr_task_bus_client_new_async (f->client, g_dbus_connection_get_unique_name (f->server), PATH, NULL,
                                kr_test_store_result, &result);
  kr_test_wait_result ("the client", &result);
  client = kr_task_bus_client_new_finish (result, &error);
  g_assert_no_error (error);
  return client;
}

static KrTaskRemoteJob *
client_start (KrTaskBusClient *client, const char *kind, GError **error)
{
  g_autoptr (GAsyncResult) result = NULL;

  kr_task_bus_client_start_async (client, kind, NULL, options_new ("{'title': <'Remote'>}"), NULL,
                                  kr_test_store_result, &result);
  kr_test_wait_result ("the start", &result);
  return kr_task_bus_client_start_finish (client, result, error);
}

typedef struct
{
  KrTaskRemoteJob *job;
  KrTaskState state;
} RemoteWait;

static gboolean
remote_has_state (gpointer data)
{
  RemoteWait *wait = data;

  return kr_task_remote_job_get_state (wait->job) == wait->state;
}

static gboolean
is_half_way (gpointer data)
{
  return kr_task_progress_get_fraction (kr_task_remote_job_get_progress (data)) == 0.5;
}

static void
count_finished (KrTaskRemoteJob *job, gpointer user_data)
{
  g_assert_true (kr_task_state_is_terminal (kr_task_remote_job_get_state (job)));
  ++*(guint *) user_data;
}

static void
test_client (Fixture *f, gconstpointer data)
{
  g_autoptr (KrTaskBusClient) client = client_new (f);
  g_autoptr (KrTaskRemoteJob) job = NULL;
  g_autoptr (KrTaskRemoteJob) listed = NULL;
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GAsyncResult) second = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (GError) ended = NULL;
  g_autofree char *title = NULL;
  guint n_finished = 0;
  gboolean cancellable;

  g_assert_true (kr_task_bus_client_get_connected (client));
  job = client_start (client, "sleep", &error);
  g_assert_no_error (error);
  listed = g_list_model_get_item (G_LIST_MODEL (client), 0);
  g_assert_true (listed == job);
  g_signal_connect (job, "finished", G_CALLBACK (count_finished), &n_finished);
  kr_test_wait ("the progress", is_half_way, job);
  g_object_get (job, "title", &title, "cancellable", &cancellable, NULL);
  g_assert_cmpstr (title, ==, "Remote");
  g_assert_true (cancellable);
  kr_task_remote_job_cancel_async (job, "enough", KR_TASK_CANCEL_NONE, NULL, kr_test_store_result, &result);
  kr_test_wait_result ("the cancel", &result);
  g_assert_true (kr_task_remote_job_cancel_finish (job, result, &error));
  g_assert_no_error (error);
  kr_test_wait_count ("the end", &n_finished, 1);
  g_object_get (job, "error", &ended, NULL);
  g_assert_error (ended, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_assert_cmpstr (ended->message, ==, "enough");
  kr_task_remote_job_cancel_async (job, NULL, KR_TASK_CANCEL_NONE, NULL, kr_test_store_result, &second);
  kr_test_wait_result ("the second cancel", &second);
  g_assert_false (kr_task_remote_job_cancel_finish (job, second, &error));
  g_assert_error (error, KR_TASK_ERROR, KR_TASK_ERROR_ALREADY_FINISHED);
  g_clear_error (&error);
  g_assert_null (client_start (client, "unknown", &error));
  g_assert_error (error, KR_TASK_ERROR, KR_TASK_ERROR_NOT_FOUND);
}

static gboolean
is_alone (gpointer data)
{
  return !kr_task_bus_client_get_connected (data) && g_list_model_get_n_items (data) == 0;
}

/* The program goes away: the list is empty, and says so. */
static void
test_client_alone (Fixture *f, gconstpointer data)
{
  g_autoptr (KrTaskBusClient) client = client_new (f);
  g_autoptr (KrTaskRemoteJob) job = client_start (client, "echo", NULL);
  RemoteWait wait = { job, KR_TASK_STATE_COMPLETED };

  kr_test_wait ("the end of the job", remote_has_state, &wait);
  g_dbus_connection_close_sync (f->server, NULL, NULL);
  kr_test_wait ("an empty list", is_alone, client);
}

#define ADD(path, func) g_test_add ("/bus/" path, Fixture, NULL, set_up, func, tear_down)

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  ADD ("cancel", test_cancel);
  ADD ("result", test_result);
  ADD ("refusals", test_refusals);
  ADD ("handle-token", test_handle_token);
  ADD ("order", test_order);
  ADD ("stays", test_stays);
  ADD ("authorize", test_authorize);
  ADD ("other-uid", test_other_uid);
  ADD ("default-policy", test_default_policy);
  ADD ("hold", test_hold);
  ADD ("disconnect", test_disconnect);
  ADD ("cancel-all", test_cancel_all);
  ADD ("managed-objects", test_managed_objects);
  ADD ("introspection", test_introspection);
  ADD ("gdbus-call", test_gdbus_call);
  ADD ("odd-results", test_odd_results);
  ADD ("client", test_client);
  ADD ("client/alone", test_client_alone);
  return g_test_run ();
}
