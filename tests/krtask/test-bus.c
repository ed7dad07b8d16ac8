/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* Tests of the exporter on a private bus, with a client that is a connection of its own. */
#include "bus-fixture.h"

static void
test_cancel (BusFixture *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *path = bus_fixture_start (f, "sleep", NULL, NULL, &error);
  g_autoptr (GVariant) reason = NULL;
  g_autoptr (GVariant) cancelable = NULL;
  g_autoptr (GVariant) reply = NULL;

  g_assert_no_error (error);
  g_assert_true (g_str_has_prefix (path, BUS_PATH "/tasks/"));
  bus_fixture_wait_state (f, path, "running");
  cancelable = bus_fixture_get (f, path, "Cancelable");
  g_assert_true (g_variant_get_boolean (cancelable));
  reply = bus_fixture_call (f, path, BUS_TASK_INTERFACE, "Cancel", bus_fixture_parse ("({'reason': <'enough'>},)"), &error);
  g_assert_no_error (error);
  bus_fixture_wait_state (f, path, "cancelled");
  reason = bus_fixture_get (f, path, "CancelReason");
  g_assert_cmpstr (g_variant_get_string (reason, NULL), ==, "user");
  g_assert_null (bus_fixture_call (f, path, BUS_TASK_INTERFACE, "Cancel", bus_fixture_parse ("(@a{sv} {},)"), &error));
  g_assert_error (error, KR_TASK_ERROR, KR_TASK_ERROR_ALREADY_FINISHED);
  g_clear_error (&error);
  g_assert_null (bus_fixture_call (f, path, BUS_TASK_INTERFACE, "GetResult", NULL, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_assert_cmpstr (error->message, ==, "enough");
}

static void
test_result (BusFixture *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *path = bus_fixture_start (f, "echo", bus_fixture_parse ("{'x': <7>}"), NULL, &error);
  g_autoptr (GVariant) reply = NULL;
  g_autoptr (GVariant) result = NULL;
  int x = 0;

  g_assert_no_error (error);
  bus_fixture_wait_state (f, path, "completed");
  reply = bus_fixture_call (f, path, BUS_TASK_INTERFACE, "GetResult", NULL, &error);
  g_assert_no_error (error);
  g_variant_get (reply, "(v)", &result);
  g_assert_true (g_variant_lookup (result, "x", "i", &x));
  g_assert_cmpint (x, ==, 7);
}

static void
test_refusals (BusFixture *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *path = NULL;

  g_assert_null (bus_fixture_start (f, "unknown", NULL, NULL, &error));
  g_assert_error (error, KR_TASK_ERROR, KR_TASK_ERROR_NOT_FOUND);
  g_clear_error (&error);
  g_assert_null (bus_fixture_start (f, "nothing", NULL, NULL, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT);
  g_clear_error (&error);
  g_assert_null (bus_fixture_start (f, "sleep", NULL, bus_fixture_parse ("{'handle_token': <'a/b'>}"), &error));
  g_assert_error (error, KR_TASK_ERROR, KR_TASK_ERROR_INVALID);
  g_clear_error (&error);
  g_assert_null (bus_fixture_call (f, BUS_PATH, BUS_MANAGER_INTERFACE, "Lookup", bus_fixture_parse ("('no such id',)"), &error));
  g_assert_error (error, KR_TASK_ERROR, KR_TASK_ERROR_NOT_FOUND);
  g_clear_error (&error);
  path = bus_fixture_start (f, "sleep", NULL, NULL, NULL);
  g_assert_null (bus_fixture_call (f, path, BUS_TASK_INTERFACE, "GetResult", NULL, &error));
  g_assert_error (error, KR_TASK_ERROR, KR_TASK_ERROR_NOT_FINISHED);
  g_clear_error (&error);
  g_assert_null (bus_fixture_call (f, path, BUS_TASK_INTERFACE, "Remove", NULL, &error));
  g_assert_error (error, KR_TASK_ERROR, KR_TASK_ERROR_NOT_FINISHED);
}

/* A result can be fetched for a while, even where the program keeps no finished jobs. */
static void
test_stays (BusFixture *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *path = NULL;
  g_autoptr (GVariant) reply = NULL;

  g_object_set (f->manager, "keep-finished-count", 0, NULL);
  path = bus_fixture_start (f, "echo", NULL, NULL, &error);
  g_assert_no_error (error);
  bus_fixture_wait_state (f, path, "completed");
  g_assert_cmpuint (g_list_model_get_n_items (G_LIST_MODEL (f->manager)), ==, 0);
  reply = bus_fixture_call (f, path, BUS_TASK_INTERFACE, "GetResult", NULL, &error);
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
test_authorize (BusFixture *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *path = NULL;
  g_autoptr (GVariant) reply = NULL;
  guint n;

  g_signal_connect (f->manager, "authorize", G_CALLBACK (deny), f);
  path = bus_fixture_start (f, "sleep", NULL, NULL, &error);
  g_assert_no_error (error);
  g_assert_null (bus_fixture_call (f, path, BUS_TASK_INTERFACE, "Cancel", bus_fixture_parse ("(@a{sv} {},)"), &error));
  g_assert_error (error, KR_TASK_ERROR, KR_TASK_ERROR_NOT_AUTHORIZED);
  g_clear_error (&error);
  reply = bus_fixture_call (f, BUS_PATH, BUS_MANAGER_INTERFACE, "CancelAll", bus_fixture_parse ("(@a{sv} {},)"), &error);
  g_assert_no_error (error);
  g_variant_get (reply, "(u)", &n);
  g_assert_cmpuint (n, ==, 0);
}

static void
test_default_policy (BusFixture *f, gconstpointer data)
{
  g_autoptr (KrTaskJob) job = bus_job_new ("A sleeper", bus_body_sleep);
  g_autoptr (KrTaskJob) ours = bus_job_new ("A sleeper", bus_body_sleep);

  kr_task_job_set_owner (job, bus_fixture_parse ("{'uid': <uint32 4000>}"));
  g_assert_true (kr_task_manager_authorize (f->manager, job, "cancel", bus_fixture_parse ("{'uid': <uint32 4000>}")));
  g_assert_false (kr_task_manager_authorize (f->manager, job, "cancel", bus_fixture_parse ("{'uid': <uint32 4001>}")));
  g_assert_true (kr_task_manager_authorize (f->manager, job, "cancel", bus_fixture_parse ("{'uid': <uint32 0>}")));
  g_assert_false (kr_task_manager_authorize (f->manager, job, "cancel", bus_fixture_parse ("@a{sv} {}")));
  g_assert_true (kr_task_manager_authorize (f->manager, job, "cancel", bus_fixture_parse ("{'administrator': <true>}")));
  g_assert_true (kr_task_manager_authorize (f->manager, ours, "cancel", bus_fixture_parse ("{'uid': <%u>}", getuid ())));
  g_assert_false (kr_task_manager_authorize (f->manager, ours, "cancel", bus_fixture_parse ("{'uid': <uint32 4001>}")));
}

static void
test_hold (BusFixture *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *path = bus_fixture_start (f, "hold", NULL, NULL, &error);
  g_autoptr (GVariant) reply = NULL;
  
  g_assert_no_error (error);
  bus_fixture_wait_state (f, path, "running");
  for (;;)
    {
      g_autoptr (GVariant) message = bus_fixture_get (f, path, "Message");

      if (g_strcmp0 (g_variant_get_string (message, NULL), "half way") == 0)
        break;
    }
  g_assert_null (bus_fixture_call (f, path, BUS_TASK_INTERFACE, "Cancel", bus_fixture_parse ("(@a{sv} {},)"), &error));
  g_assert_error (error, KR_TASK_ERROR, KR_TASK_ERROR_NOT_CANCELLABLE);
  g_clear_error (&error);
  reply = bus_fixture_call (f, path, BUS_TASK_INTERFACE, "Cancel", bus_fixture_parse ("({'defer': <true>},)"), &error);
  g_assert_no_error (error);
  g_atomic_int_set (&f->go, TRUE);
  bus_fixture_wait_state (f, path, "cancelled");
}

static void
test_disconnect (BusFixture *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *path = bus_fixture_start (f, "sleep", NULL, bus_fixture_parse ("{'cancel_on_disconnect': <true>}"), &error);
  g_autofree char *other = bus_fixture_start (f, "sleep", NULL, NULL, &error);

  g_assert_no_error (error);
  bus_fixture_wait_state (f, path, "running");
  bus_fixture_wait_state (f, other, "running");
  g_dbus_connection_close_sync (f->client, NULL, NULL);
  g_object_unref (f->client);
  f->client = bus_fixture_connect (g_test_dbus_get_bus_address (f->bus));
  bus_fixture_wait_state (f, path, "cancelled");
  bus_fixture_wait_state (f, other, "running");
}

static void
test_cancel_all (BusFixture *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *first = bus_fixture_start (f, "sleep", NULL, NULL, &error);
  g_autofree char *second = bus_fixture_start (f, "sleep", NULL, bus_fixture_parse ("{'title': <'Second'>, 'priority': <3>}"), &error);
  g_autoptr (GVariant) reply = NULL;
  g_autoptr (GVariant) none = NULL;
  g_autoptr (GVariant) title = NULL;
  guint n;

  g_assert_no_error (error);
  title = bus_fixture_get (f, second, "Title");
  g_assert_cmpstr (g_variant_get_string (title, NULL), ==, "Second");
  none = bus_fixture_call (f, BUS_PATH, BUS_MANAGER_INTERFACE, "CancelAll", bus_fixture_parse ("({'kind': <'other'>},)"), &error);
  g_variant_get (none, "(u)", &n);
  g_assert_cmpuint (n, ==, 0);
  reply = bus_fixture_call (f, BUS_PATH, BUS_MANAGER_INTERFACE, "CancelAll", bus_fixture_parse ("({'kind': <'sleep'>},)"), &error);
  g_assert_no_error (error);
  g_variant_get (reply, "(u)", &n);
  g_assert_cmpuint (n, ==, 2);
}

static void
test_managed_objects (BusFixture *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *path = bus_fixture_start (f, "sleep", NULL, NULL, &error);
  g_autoptr (GVariant) reply = bus_fixture_call (f, BUS_PATH, "org.freedesktop.DBus.ObjectManager", "GetManagedObjects", NULL, &error);
  g_autoptr (GVariant) objects = NULL;
  g_autoptr (GVariant) interfaces = NULL;

  g_assert_no_error (error);
  objects = g_variant_get_child_value (reply, 0);
  g_assert_cmpuint (g_variant_n_children (objects), ==, 1);
  g_assert_true (g_variant_lookup (objects, path, "@a{sa{sv}}", &interfaces));
  g_assert_true (g_variant_lookup (interfaces, BUS_TASK_INTERFACE, "a{sv}", NULL));
}

/* What the installed file says is what the object says. */
static void
compare_interface (BusFixture *f, const char *path, const char *interface)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *name = g_strconcat (interface, ".xml", NULL);
  g_autofree char *file = g_test_build_filename (G_TEST_DIST, "..", "libkrtask", "dbus", name, NULL);
  g_autofree char *contents = NULL;
  g_autoptr (GVariant) reply = bus_fixture_call (f, path, "org.freedesktop.DBus.Introspectable", "Introspect", NULL, &error);
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
test_introspection (BusFixture *f, gconstpointer data)
{
  g_autofree char *path = bus_fixture_start (f, "sleep", NULL, NULL, NULL);

  compare_interface (f, BUS_PATH, BUS_MANAGER_INTERFACE);
  compare_interface (f, path, BUS_TASK_INTERFACE);
}

/* Types that D-Bus does not have must not break the connection. */
static void
test_odd_results (BusFixture *f, gconstpointer data)
{
  static const char *const results[] = { "@mi 1", "@mi nothing", "()", "{1, 'x'}", "<@mi 1>", "[<{1, 2}>]" };

  for (guint i = 0; i < G_N_ELEMENTS (results); i++)
    {
      g_autoptr (KrTaskJob) job = kr_task_job_new ("odd", NULL);
      g_autoptr (GError) error = NULL;
      g_autofree char *path = NULL;
      g_autoptr (GVariant) reply = NULL;
      g_autoptr (GVariant) found = NULL;

      kr_task_job_set_func (job, bus_body_echo, g_variant_ref_sink (g_variant_new_parsed (results[i])),
                            (GDestroyNotify) g_variant_unref);
      g_assert_true (kr_task_manager_submit (f->manager, job, NULL));
      while ((path = kr_task_bus_exporter_dup_path (f->exporter, job)) == NULL)
        g_main_context_iteration (NULL, TRUE);
      bus_fixture_wait_state (f, path, "completed");
      reply = bus_fixture_call (f, path, BUS_TASK_INTERFACE, "GetResult", NULL, &error);
      g_assert_no_error (error);
      g_variant_get (reply, "(v)", &found);
      g_assert_cmpstr (g_variant_get_type_string (found), ==, "s");
    }
}

typedef struct
{
  BusFixture *f;
  const char *path;
  const char *child;
} ChildWait;

static gboolean
has_child (gpointer data)
{
  ChildWait *wait = data;
  g_autoptr (GVariant) value = bus_fixture_get (wait->f, wait->path, "Children");
  g_autofree const char **children = g_variant_get_objv (value, NULL);

  return children[0] != NULL && g_str_equal (children[0], wait->child) && children[1] == NULL;
}

static void
test_family (BusFixture *f, gconstpointer data)
{
  g_autoptr (KrTaskJob) parent = bus_job_new ("The whole", bus_body_sleep);
  g_autoptr (KrTaskJob) child = bus_job_new ("A part", bus_body_sleep);
  g_autofree char *parent_path = NULL;
  g_autofree char *child_path = NULL;
  g_autoptr (GVariant) of_child = NULL;
  ChildWait wait = { f };

  g_assert_true (kr_task_job_add_child (parent, child, 1, NULL));
  parent_path = bus_fixture_submit (f, parent);
  child_path = bus_fixture_submit (f, child);
  of_child = bus_fixture_get (f, child_path, "Parent");
  g_assert_cmpstr (g_variant_get_string (of_child, NULL), ==, parent_path);
  wait.path = parent_path;
  wait.child = child_path;
  kr_test_wait ("the child", has_child, &wait);
}

static GStrv
dup_kinds (BusFixture *f)
{
  g_autoptr (GVariant) kinds = bus_fixture_get (f, BUS_PATH, "Kinds");

  return g_variant_dup_strv (kinds, NULL);
}

static KrTaskJob *
make_other (GVariant *parameters, GVariant *options, gpointer user_data, GError **error)
{
  return bus_job_new ("Something", bus_body_sleep);
}

static void
test_kinds (BusFixture *f, gconstpointer data)
{
  static const char *const before[] = { "sleep", "echo", "hold", "nothing", NULL };
  static const char *const after[] = { "sleep", "echo", "hold", "nothing", "other", NULL };
  g_auto (GStrv) first = dup_kinds (f);
  g_auto (GStrv) second = NULL;
  g_autofree char *path = NULL;
  g_autoptr (GVariant) title = NULL;

  g_assert_cmpstrv (first, before);
  kr_task_bus_exporter_add_kind (f->exporter, "other", make_other, f, NULL);
  /* one with a name that is there takes its place */
  kr_task_bus_exporter_add_kind (f->exporter, "nothing", make_other, f, NULL);
  second = dup_kinds (f);
  g_assert_cmpstrv (second, after);
  path = bus_fixture_start (f, "nothing", NULL, NULL, NULL);
  title = bus_fixture_get (f, path, "Title");
  g_assert_cmpstr (g_variant_get_string (title, NULL), ==, "Something");
}

#define ADD(path, func) g_test_add ("/bus/" path, BusFixture, NULL, bus_fixture_set_up, func, bus_fixture_tear_down)

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  ADD ("cancel", test_cancel);
  ADD ("result", test_result);
  ADD ("refusals", test_refusals);
  ADD ("stays", test_stays);
  ADD ("authorize", test_authorize);
  ADD ("default-policy", test_default_policy);
  ADD ("hold", test_hold);
  ADD ("disconnect", test_disconnect);
  ADD ("cancel-all", test_cancel_all);
  ADD ("managed-objects", test_managed_objects);
  ADD ("introspection", test_introspection);
  ADD ("odd-results", test_odd_results);
  ADD ("family", test_family);
  ADD ("kinds", test_kinds);
  return g_test_run ();
}
