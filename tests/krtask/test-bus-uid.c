/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* Tests of the exporter with callers that are other users, on a bus that lets everybody in. Only root can play them. */
#include "bus-fixture.h"

#include <glib/gstdio.h>
#include <pwd.h>
#include <string.h>
#include <unistd.h>

/* A bus lets in only users whom the system knows; these two are everywhere. */
#define ALICE "nobody"
#define BOB "daemon"

static const char config[] =
  "<busconfig><type>session</type><listen>unix:tmpdir=/tmp</listen><auth>EXTERNAL</auth><policy context='default'>"
  "<allow user='*'/><allow own='*'/><allow send_destination='*' eavesdrop='true'/><allow eavesdrop='true'/>"
  "</policy></busconfig>";

typedef struct
{
  char *folder, *config, *address;
  GSubprocess *daemon;
  GDBusConnection *server;
  KrTaskManager *manager;
  KrTaskBusExporter *exporter;
  char *output, *errors; /* of the last call */
} Fixture;

static KrTaskJob *
make_sleeper (GVariant *parameters, GVariant *options, gpointer user_data, GError **error)
{
  return bus_job_new ("A sleeper", bus_body_sleep);
}

static void
start_bus (Fixture *f)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GDataInputStream) lines = NULL;
  g_autofree char *option = NULL;

  f->folder = g_dir_make_tmp ("kr-task-XXXXXX", &error);
  g_assert_no_error (error);
  f->config = g_build_filename (f->folder, "bus.conf", NULL);
  g_assert_true (g_file_set_contents (f->config, config, -1, NULL));
  option = g_strconcat ("--config-file=", f->config, NULL);
  f->daemon = g_subprocess_new (G_SUBPROCESS_FLAGS_STDOUT_PIPE | G_SUBPROCESS_FLAGS_STDERR_SILENCE, &error, "dbus-daemon",
                                option, "--print-address", "--nofork", "--nosyslog", NULL);
  g_assert_no_error (error);
  lines = g_data_input_stream_new (g_subprocess_get_stdout_pipe (f->daemon));
  f->address = g_data_input_stream_read_line_utf8 (lines, NULL, NULL, &error);
  g_assert_no_error (error);
}

static void
set_up (Fixture *f, gconstpointer data)
{
  if (getuid () != 0)
    return;
  start_bus (f);
  f->server = bus_fixture_connect (f->address);
  f->manager = kr_task_manager_new (NULL);
  f->exporter = kr_task_bus_exporter_new (f->manager, f->server, BUS_PATH);
  kr_task_bus_exporter_add_kind (f->exporter, "sleep", make_sleeper, NULL, NULL);
  g_assert_true (kr_task_bus_exporter_export (f->exporter, NULL));
}

static void
tear_down (Fixture *f, gconstpointer data)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GAsyncResult) ended = NULL;

  if (f->daemon == NULL)
    return;
  kr_task_manager_shutdown_async (f->manager, -1, NULL, kr_test_store_result, &result);
  kr_test_wait_result ("the shutdown", &result);
  g_object_unref (f->exporter);
  g_object_unref (f->manager);
  g_dbus_connection_close_sync (f->server, NULL, NULL);
  g_object_unref (f->server);
  g_subprocess_force_exit (f->daemon);
  g_subprocess_wait_async (f->daemon, NULL, kr_test_store_result, &ended);
  kr_test_wait_result ("the end of the bus", &ended);
  g_object_unref (f->daemon);
  g_unlink (f->config);
  g_rmdir (f->folder);
  g_free (f->folder);
  g_free (f->config);
  g_free (f->address);
  g_free (f->output);
  g_free (f->errors);
}

static uid_t
uid_of (const char *name)
{
  struct passwd *entry = getpwnam (name);

  g_assert_nonnull (entry);
  return entry->pw_uid;
}

/* Between fork and exec. */
static void
become (gpointer user_data)
{
  uid_t uid = GPOINTER_TO_UINT (user_data);

  if (setgid (uid) != 0 || setuid (uid) != 0)
    _exit (99);
}

/* Calls a method as somebody else. TRUE: it succeeded. */
static gboolean
call_as (Fixture *f, const char *user, const char *path, const char *method, const char *arg1, const char *arg2,
         const char *arg3)
{
  const char *argv[] = { "gdbus", "call", "--address", f->address, "--dest", g_dbus_connection_get_unique_name (f->server),
                         "--object-path", path, "--method", method, arg1, arg2, arg3, NULL };
  g_autoptr (GSubprocessLauncher) launcher =
    g_subprocess_launcher_new (G_SUBPROCESS_FLAGS_STDOUT_PIPE | G_SUBPROCESS_FLAGS_STDERR_PIPE);
  g_autoptr (GSubprocess) process = NULL;
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;

  g_clear_pointer (&f->output, g_free);
  g_clear_pointer (&f->errors, g_free);
  g_subprocess_launcher_set_child_setup (launcher, become, GUINT_TO_POINTER (uid_of (user)), NULL);
  process = g_subprocess_launcher_spawnv (launcher, argv, &error);
  g_assert_no_error (error);
  g_subprocess_communicate_utf8_async (process, NULL, NULL, kr_test_store_result, &result);
  kr_test_wait_result (method, &result);
  g_assert_true (g_subprocess_communicate_utf8_finish (process, result, &f->output, &f->errors, &error));
  g_assert_no_error (error);
  g_assert_true (g_subprocess_get_if_exited (process));
  g_assert_cmpint (g_subprocess_get_exit_status (process), !=, 99);
  return g_subprocess_get_successful (process);
}

static gboolean
cancel_as (Fixture *f, const char *user, KrTaskJob *job)
{
  return call_as (f, user, BUS_PATH, BUS_MANAGER_INTERFACE ".CancelTask", kr_task_job_get_id (job), "{}", NULL);
}

static gboolean
is_alone (void)
{
  g_autofree char *gdbus = g_find_program_in_path ("gdbus");
  g_autofree char *daemon = g_find_program_in_path ("dbus-daemon");

  if (getuid () == 0 && gdbus != NULL && daemon != NULL && getpwnam (ALICE) != NULL && getpwnam (BOB) != NULL)
    return FALSE;
  g_test_skip ("only root can call as somebody else, and with gdbus");
  return TRUE;
}

static void
assert_refused (Fixture *f, KrTaskJob *job)
{
  if (strstr (f->errors, "org.kestrun.Task.Error.NotAuthorized") == NULL)
    g_error ("not refused, but: %s", f->errors);
  g_assert_false (kr_task_job_is_cancelled (job));
}

static char *
submit (Fixture *f, KrTaskJob *job)
{
  char *path;

  g_assert_true (kr_task_manager_submit (f->manager, job, NULL));
  while ((path = kr_task_bus_exporter_dup_path (f->exporter, job)) == NULL)
    g_main_context_iteration (NULL, TRUE);
  return path;
}

/* Who has started none of them may cancel none of them. */
static void
test_stranger (Fixture *f, gconstpointer data)
{
  g_autoptr (KrTaskJob) job = bus_job_new ("Ours", bus_body_sleep);
  g_autofree char *path = NULL;

  if (is_alone ())
    return;
  path = submit (f, job);
  g_assert_false (cancel_as (f, ALICE, job));
  assert_refused (f, job);
  g_assert_false (call_as (f, ALICE, BUS_PATH, BUS_MANAGER_INTERFACE ".Start", "sleep", "{}", "{}"));
  assert_refused (f, job);
  g_assert_true (call_as (f, ALICE, BUS_PATH, BUS_MANAGER_INTERFACE ".CancelAll", "{}", NULL, NULL));
  g_assert_cmpstr (f->output, ==, "(uint32 0,)\n");
  g_assert_false (kr_task_job_is_cancelled (job));
  g_assert_true (cancel_as (f, "root", job));
  bus_fixture_wait_end (job);
}

/* A task of one user is not another one's, and it is root's and his own. */
static void
test_owner (Fixture *f, gconstpointer data)
{
  g_autoptr (KrTaskJob) job = bus_job_new ("Alice's", bus_body_sleep);
  g_autofree char *path = NULL, *expected = NULL;

  if (is_alone ())
    return;
  kr_task_job_set_owner (job, g_variant_new_parsed ("{'uid': <%u>}", uid_of (ALICE)));
  path = submit (f, job);
  g_assert_false (cancel_as (f, BOB, job));
  assert_refused (f, job);
  g_assert_false (call_as (f, BOB, path, BUS_TASK_INTERFACE ".Cancel", "{}", NULL, NULL));
  assert_refused (f, job);
  g_assert_false (call_as (f, BOB, path, BUS_TASK_INTERFACE ".Remove", NULL, NULL, NULL));
  assert_refused (f, job);
  g_assert_true (call_as (f, BOB, path, "org.freedesktop.DBus.Properties.Get", BUS_TASK_INTERFACE, "OwnerUid", NULL));
  expected = g_strdup_printf ("(<uint32 %u>,)\n", uid_of (ALICE));
  g_assert_cmpstr (f->output, ==, expected);
  g_assert_true (call_as (f, ALICE, path, BUS_TASK_INTERFACE ".Cancel", "{}", NULL, NULL));
  bus_fixture_wait_end (job);
  g_assert_cmpint (kr_task_job_get_state (job), ==, KR_TASK_STATE_CANCELLED);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add ("/bus/uid/stranger", Fixture, NULL, set_up, test_stranger, tear_down);
  g_test_add ("/bus/uid/owner", Fixture, NULL, set_up, test_owner, tear_down);
  return g_test_run ();
}
