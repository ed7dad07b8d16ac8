/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* A private bus, a program that shows its tasks there, and a client that is a connection of its own. */
#include "bus-fixture.h"

#include <string.h>

GDBusConnection *
bus_fixture_connect (const char *address)
{
  g_autoptr (GError) error = NULL;
  GDBusConnection *connection =
    g_dbus_connection_new_for_address_sync (address,
                                            G_DBUS_CONNECTION_FLAGS_AUTHENTICATION_CLIENT |
                                            G_DBUS_CONNECTION_FLAGS_MESSAGE_BUS_CONNECTION,
                                            NULL, NULL, &error);

  g_assert_no_error (error);
  g_dbus_connection_set_exit_on_close (connection, FALSE);
  return connection;
}

/* --- kinds -------------------------------------------------------------------------------------------------------- */

GVariant *
bus_body_sleep (KrTaskJob *job, GCancellable *cancellable, gpointer user_data, GError **error)
{
  kr_task_progress_set (kr_task_job_get_progress (job), 0.5, "half way");
  kr_task_job_sleep (job, -1);
  return NULL;
}

GVariant *
bus_body_echo (KrTaskJob *job, GCancellable *cancellable, gpointer user_data, GError **error)
{
  return g_variant_ref (user_data);
}

static GVariant *
body_hold (KrTaskJob *job, GCancellable *cancellable, gpointer user_data, GError **error)
{
  BusFixture *f = user_data;

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

  kr_task_job_set_func (job, bus_body_sleep, NULL, NULL);
  return job;
}

/* Ends at once, with its parameters. */
static KrTaskJob *
make_echo (GVariant *parameters, GVariant *options, gpointer user_data, GError **error)
{
  KrTaskJob *job = kr_task_job_new ("echo", "An echo");

  kr_task_job_set_func (job, bus_body_echo, g_variant_ref (parameters), (GDestroyNotify) g_variant_unref);
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

/* --- the two programs --------------------------------------------------------------------------------------------- */

void
bus_fixture_set_up (BusFixture *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  f->bus = g_test_dbus_new (G_TEST_DBUS_NONE);
  kr_test_dbus_up (f->bus);
  f->server = bus_fixture_connect (g_test_dbus_get_bus_address (f->bus));
  f->client = bus_fixture_connect (g_test_dbus_get_bus_address (f->bus));
  f->manager = kr_task_manager_new (NULL);
  f->exporter = kr_task_bus_exporter_new (f->manager, f->server, BUS_PATH);
  kr_task_bus_exporter_add_kind (f->exporter, "sleep", make_sleeper, f, NULL);
  kr_task_bus_exporter_add_kind (f->exporter, "echo", make_echo, f, NULL);
  kr_task_bus_exporter_add_kind (f->exporter, "hold", make_holder, f, NULL);
  kr_task_bus_exporter_add_kind (f->exporter, "nothing", make_nothing, f, NULL);
  g_assert_true (kr_task_bus_exporter_export (f->exporter, &error));
  g_assert_no_error (error);
  f->events = g_string_new (NULL);
}

void
bus_fixture_tear_down (BusFixture *f, gconstpointer data)
{
  g_autoptr (GAsyncResult) result = NULL;

  g_atomic_int_set (&f->go, TRUE);
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
  g_string_free (f->events, TRUE);
}

/* --- calls -------------------------------------------------------------------------------------------------------- */

GVariant *
bus_fixture_call (BusFixture *f, const char *path, const char *interface, const char *method, GVariant *arguments,
                  GError **error)
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

GVariant *
bus_fixture_get (BusFixture *f, const char *path, const char *property)
{
  const char *interface = g_str_equal (path, BUS_PATH) ? BUS_MANAGER_INTERFACE : BUS_TASK_INTERFACE;
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) reply = bus_fixture_call (f, path, "org.freedesktop.DBus.Properties", "Get",
                                                 g_variant_new ("(ss)", interface, property), &error);
  GVariant *value = NULL;

  g_assert_no_error (error);
  g_variant_get (reply, "(v)", &value);
  return value;
}

GVariant *
bus_fixture_parse (const char *format, ...)
{
  va_list args;
  GVariant *value;

  va_start (args, format);
  value = g_variant_new_parsed_va (format, &args);
  va_end (args);
  return value;
}

char *
bus_fixture_start (BusFixture *f, const char *kind, GVariant *parameters, GVariant *options, GError **error)
{
  g_autoptr (GVariant) reply =
    bus_fixture_call (f, BUS_PATH, BUS_MANAGER_INTERFACE, "Start",
                      g_variant_new ("(s@a{sv}@a{sv})", kind,
                                     parameters != NULL ? parameters : bus_fixture_parse ("@a{sv} {}"),
                                     options != NULL ? options : bus_fixture_parse ("@a{sv} {}")), error);
  char *path = NULL;

  if (reply != NULL)
    g_variant_get (reply, "(o)", &path);
  return path;
}

typedef struct
{
  BusFixture *f;
  const char *path;
  const char *state;
} StateWait;

static gboolean
has_state (gpointer data)
{
  StateWait *wait = data;
  g_autoptr (GVariant) state = bus_fixture_get (wait->f, wait->path, "State");

  return g_strcmp0 (g_variant_get_string (state, NULL), wait->state) == 0;
}

void
bus_fixture_wait_state (BusFixture *f, const char *path, const char *state)
{
  StateWait wait = { f, path, state };

  kr_test_wait (state, has_state, &wait);
}

/* --- signals ------------------------------------------------------------------------------------------------------ */

static void
on_signal (GDBusConnection *connection, const char *sender, const char *path, const char *interface, const char *signal,
           GVariant *parameters, gpointer user_data)
{
  BusFixture *f = user_data;
  const char *of = NULL;
  g_autoptr (GVariant) changed = NULL;

  if (g_strcmp0 (signal, "PropertiesChanged") == 0)
    {
      const char *state;

      g_variant_get (parameters, "(&s@a{sv}@as)", &of, &changed, NULL);
      if (g_strcmp0 (of, BUS_TASK_INTERFACE) == 0 && g_variant_lookup (changed, "State", "&s", &state))
        g_string_append_printf (f->events, "%s ", state);
      return;
    }
  g_string_append_printf (f->events, "%s ", signal);
}

guint
bus_fixture_listen (BusFixture *f)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) reply = NULL;
  guint id = g_dbus_connection_signal_subscribe (f->client, g_dbus_connection_get_unique_name (f->server), NULL, NULL,
                                                 NULL, NULL, G_DBUS_SIGNAL_FLAGS_NONE, on_signal, f, NULL);

  /* the rule is in force when the bus has answered the next call */
  reply = g_dbus_connection_call_sync (f->client, "org.freedesktop.DBus", "/", "org.freedesktop.DBus", "GetId", NULL,
                                       NULL, G_DBUS_CALL_FLAGS_NONE, -1, NULL, &error);
  g_assert_no_error (error);
  return id;
}

typedef struct
{
  BusFixture *f;
  const char *event;
} HeardWait;

static gboolean
has_heard (gpointer data)
{
  HeardWait *wait = data;

  return strstr (wait->f->events->str, wait->event) != NULL;
}

void
bus_fixture_wait_heard (BusFixture *f, const char *event)
{
  HeardWait wait = { f, event };

  kr_test_wait (event, has_heard, &wait);
}

void
bus_fixture_sync (BusFixture *f)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) reply = bus_fixture_call (f, BUS_PATH, "org.freedesktop.DBus.Peer", "Ping", NULL, &error);

  g_assert_no_error (error);
}

/* --- jobs of the program ------------------------------------------------------------------------------------------ */

KrTaskJob *
bus_job_new (const char *title, KrTaskFunc func)
{
  KrTaskJob *job = kr_task_job_new ("test", title);

  kr_task_job_set_func (job, func, NULL, NULL);
  return job;
}

typedef struct
{
  BusFixture *f;
  KrTaskJob *job;
  char *path;
} PathWait;

static gboolean
has_path (gpointer data)
{
  PathWait *wait = data;

  return (wait->path = kr_task_bus_exporter_dup_path (wait->f->exporter, wait->job)) != NULL;
}

char *
bus_fixture_submit (BusFixture *f, KrTaskJob *job)
{
  PathWait wait = { f, job, NULL };

  g_assert_true (kr_task_manager_submit (f->manager, job, NULL));
  kr_test_wait ("the object", has_path, &wait);
  return wait.path;
}

static gboolean
is_terminal (gpointer data)
{
  return kr_task_state_is_terminal (kr_task_job_get_state (data));
}

void
bus_fixture_wait_end (KrTaskJob *job)
{
  kr_test_wait ("the end", is_terminal, job);
}
