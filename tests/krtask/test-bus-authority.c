/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* Tests of the exporter beside polkit: an authority of our own answers on a private bus. */
#include "bus-fixture.h"

static const char authority_xml[] =
  "<node><interface name='org.freedesktop.PolicyKit1.Authority'><method name='CheckAuthorization'>"
  "<arg type='(sa{sv})' direction='in'/><arg type='s' direction='in'/><arg type='a{ss}' direction='in'/>"
  "<arg type='u' direction='in'/><arg type='s' direction='in'/><arg type='(bba{ss})' direction='out'/>"
  "</method></interface></node>";

typedef struct
{
  GTestDBus *bus;
  GDBusConnection *server, *client, *authority;
  KrTaskManager *manager;
  KrTaskBusExporter *exporter;
  KrTaskJob *job;
  GDBusMethodInvocation *question; /* what the authority was asked and has not answered */
  guint32 flags;
  guint object;
} Fixture;

static void
on_question (GDBusConnection *connection, const char *sender, const char *path, const char *interface, const char *method,
             GVariant *parameters, GDBusMethodInvocation *invocation, gpointer user_data)
{
  Fixture *f = user_data;
  g_autoptr (GVariant) subject = NULL;
  const char *kind, *action, *name;

  g_variant_get (parameters, "((&s@a{sv})&s@a{ss}u&s)", &kind, &subject, &action, NULL, &f->flags, NULL);
  g_assert_cmpstr (kind, ==, "system-bus-name");
  g_assert_cmpstr (action, ==, "org.kestrun.task.cancel-other-user");
  g_assert_true (g_variant_lookup (subject, "name", "&s", &name));
  g_assert_cmpstr (name, ==, g_dbus_connection_get_unique_name (f->client));
  g_assert_null (f->question);
  f->question = invocation;
}

static void
start_authority (Fixture *f)
{
  static const GDBusInterfaceVTable vtable = { .method_call = on_question };
  g_autoptr (GDBusNodeInfo) node = g_dbus_node_info_new_for_xml (authority_xml, NULL);
  g_autoptr (GVariant) reply = NULL;
  g_autoptr (GError) error = NULL;

  f->authority = bus_fixture_connect (g_test_dbus_get_bus_address (f->bus));
  f->object = g_dbus_connection_register_object (f->authority, "/org/freedesktop/PolicyKit1/Authority",
                                                 node->interfaces[0], &vtable, f, NULL, &error);
  g_assert_no_error (error);
  reply = g_dbus_connection_call_sync (f->authority, "org.freedesktop.DBus", "/", "org.freedesktop.DBus", "RequestName",
                                       g_variant_new ("(su)", "org.freedesktop.PolicyKit1", 0), NULL,
                                       G_DBUS_CALL_FLAGS_NONE, -1, NULL, &error);
  g_assert_no_error (error);
}

static void
answer (Fixture *f, gboolean may)
{
  g_dbus_method_invocation_return_value (g_steal_pointer (&f->question), g_variant_new ("((bba{ss}))", may, FALSE, NULL));
}

static gboolean
is_asked (gpointer data)
{
  return ((Fixture *) data)->question != NULL;
}

/* The tests may run as root, who may do everything by default. */
static gboolean
administrators_only (KrTaskManager *manager, KrTaskJob *job, const char *action, GVariant *identity, gpointer user_data)
{
  gboolean administrator = FALSE;

  g_variant_lookup (identity, "administrator", "b", &administrator);
  return administrator;
}

static void
set_up (Fixture *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  f->bus = g_test_dbus_new (G_TEST_DBUS_NONE);
  kr_test_dbus_up (f->bus);
  f->server = bus_fixture_connect (g_test_dbus_get_bus_address (f->bus));
  f->client = bus_fixture_connect (g_test_dbus_get_bus_address (f->bus));
  f->manager = kr_task_manager_new (NULL);
  g_signal_connect (f->manager, "authorize", G_CALLBACK (administrators_only), f);
  f->exporter = kr_task_bus_exporter_new (f->manager, f->server, BUS_PATH);
  g_object_set (f->exporter, "use-polkit", data == NULL, NULL);
  g_assert_true (kr_task_bus_exporter_export (f->exporter, &error));
  g_assert_no_error (error);
  f->job = kr_task_job_new ("sleep", NULL);
  kr_task_job_set_func (f->job, bus_body_sleep, NULL, NULL);
  g_assert_true (kr_task_manager_submit (f->manager, f->job, NULL));
}

static gboolean
is_idle (gpointer data)
{
  KrTaskManager *manager = data;

  return kr_task_manager_get_n_queued (manager) + kr_task_manager_get_n_running (manager) == 0;
}

static void
tear_down (Fixture *f, gconstpointer data)
{
  kr_task_manager_cancel_all (f->manager, NULL, KR_TASK_CANCEL_REASON_SHUTDOWN);
  kr_test_wait ("an idle manager", is_idle, f->manager);
  kr_task_bus_exporter_unexport (f->exporter);
  g_object_unref (f->exporter);
  g_object_unref (f->job);
  g_object_unref (f->manager);
  if (f->authority != NULL)
    {
      g_dbus_connection_unregister_object (f->authority, f->object);
      g_dbus_connection_close_sync (f->authority, NULL, NULL);
    }
  g_dbus_connection_close_sync (f->client, NULL, NULL);
  g_dbus_connection_close_sync (f->server, NULL, NULL);
  g_clear_object (&f->authority);
  g_clear_object (&f->client);
  g_clear_object (&f->server);
  g_test_dbus_down (f->bus);
  g_object_unref (f->bus);
}

static void
call_cancel (Fixture *f, GDBusCallFlags flags, GAsyncResult **result)
{
  GVariantDict options;

  g_variant_dict_init (&options, NULL);
  g_dbus_connection_call (f->client, g_dbus_connection_get_unique_name (f->server), BUS_PATH, BUS_MANAGER_INTERFACE, "CancelTask",
                          g_variant_new ("(s@a{sv})", kr_task_job_get_id (f->job), g_variant_dict_end (&options)), NULL,
                          flags, -1, NULL, kr_test_store_result, result);
}

static void
finish_cancel (Fixture *f, GAsyncResult **result, GError **error)
{
  g_autoptr (GVariant) reply = NULL;

  kr_test_wait_result ("the answer", result);
  reply = g_dbus_connection_call_finish (f->client, *result, error);
  g_assert_cmpint (reply != NULL, ==, *error == NULL);
}

static void
test_allowed (Fixture *f, gconstpointer data)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;

  start_authority (f);
  call_cancel (f, G_DBUS_CALL_FLAGS_ALLOW_INTERACTIVE_AUTHORIZATION, &result);
  kr_test_wait ("the question", is_asked, f);
  g_assert_cmpuint (f->flags, ==, 1);
  g_assert_false (kr_task_job_is_cancelled (f->job));
  answer (f, TRUE);
  finish_cancel (f, &result, &error);
  g_assert_no_error (error);
  g_assert_true (kr_task_job_is_cancelled (f->job));
}

static void
test_denied (Fixture *f, gconstpointer data)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;

  start_authority (f);
  call_cancel (f, G_DBUS_CALL_FLAGS_NONE, &result);
  kr_test_wait ("the question", is_asked, f);
  g_assert_cmpuint (f->flags, ==, 0); /* nobody is asked for a password unless the caller says so */
  answer (f, FALSE);
  finish_cancel (f, &result, &error);
  g_assert_error (error, KR_TASK_ERROR, KR_TASK_ERROR_NOT_AUTHORIZED);
  g_assert_false (kr_task_job_is_cancelled (f->job));
}

/* People take their time, and the task may be over when they have answered. */
static void
test_late (Fixture *f, gconstpointer data)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;

  start_authority (f);
  call_cancel (f, G_DBUS_CALL_FLAGS_NONE, &result);
  kr_test_wait ("the question", is_asked, f);
  kr_task_job_cancel (f->job, KR_TASK_CANCEL_REASON_USER, NULL, KR_TASK_CANCEL_NONE, NULL);
  kr_test_wait ("the end", is_idle, f->manager);
  answer (f, TRUE);
  finish_cancel (f, &result, &error);
  g_assert_error (error, KR_TASK_ERROR, KR_TASK_ERROR_ALREADY_FINISHED);
}

static void
test_unexported (Fixture *f, gconstpointer data)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;

  start_authority (f);
  call_cancel (f, G_DBUS_CALL_FLAGS_NONE, &result);
  kr_test_wait ("the question", is_asked, f);
  kr_task_bus_exporter_unexport (f->exporter);
  finish_cancel (f, &result, &error);
  g_assert_error (error, KR_TASK_ERROR, KR_TASK_ERROR_SHUTTING_DOWN);
  answer (f, TRUE);
}

/* Without an authority, and where the program does not want it, the manager's no is a no. */
static void
test_absent (Fixture *f, gconstpointer data)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;

  call_cancel (f, G_DBUS_CALL_FLAGS_NONE, &result);
  finish_cancel (f, &result, &error);
  g_assert_error (error, KR_TASK_ERROR, KR_TASK_ERROR_NOT_AUTHORIZED);
}

static void
test_unused (Fixture *f, gconstpointer data)
{
  start_authority (f);
  test_absent (f, data);
  g_assert_null (f->question);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

#define ADD(path, data, func) g_test_add ("/bus/authority/" path, Fixture, data, set_up, func, tear_down)
  ADD ("allowed", NULL, test_allowed);
  ADD ("denied", NULL, test_denied);
  ADD ("late", NULL, test_late);
  ADD ("unexported", NULL, test_unexported);
  ADD ("absent", NULL, test_absent);
  ADD ("unused", "no", test_unused);
  return g_test_run ();
}
