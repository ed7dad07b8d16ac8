/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* Tests of the client, whose list shows the jobs of another program. */
#include "bus-fixture.h"

static KrTaskBusClient *
client_new (BusFixture *f)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  KrTaskBusClient *client;

  kr_task_bus_client_new_async (f->client, g_dbus_connection_get_unique_name (f->server), BUS_PATH, NULL,
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

  kr_task_bus_client_start_async (client, kind, NULL, bus_fixture_parse ("{'title': <'Remote'>}"), NULL,
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
test_client (BusFixture *f, gconstpointer data)
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
test_client_alone (BusFixture *f, gconstpointer data)
{
  g_autoptr (KrTaskBusClient) client = client_new (f);
  g_autoptr (KrTaskRemoteJob) job = client_start (client, "echo", NULL);
  RemoteWait wait = { job, KR_TASK_STATE_COMPLETED };

  kr_test_wait ("the end of the job", remote_has_state, &wait);
  g_dbus_connection_close_sync (f->server, NULL, NULL);
  kr_test_wait ("an empty list", is_alone, client);
}


typedef struct
{
  KrTaskBusClient *client;
  const char *const *kinds;
} KindsWait;

static gboolean
has_kinds (gpointer data)
{
  const KindsWait *wait = data;
  g_auto (GStrv) kinds = NULL;

  g_object_get (wait->client, "kinds", &kinds, NULL);
  return g_strv_equal ((const char *const *) kinds, wait->kinds)
         && g_strv_equal (kr_task_bus_client_get_kinds (wait->client), wait->kinds);
}

static void
count_notify (KrTaskBusClient *client, GParamSpec *pspec, gpointer user_data)
{
  ++*(guint *) user_data;
}

static KrTaskJob *
make_other (GVariant *parameters, GVariant *options, gpointer user_data, GError **error)
{
  return bus_job_new ("Another one", bus_body_sleep);
}

/* What can be started: what the program offers from the beginning, what it adds, and nothing when it has gone. */
static void
test_client_kinds (BusFixture *f, gconstpointer data)
{
  static const char *const before[] = { "sleep", "echo", "hold", "nothing", NULL };
  static const char *const after[] = { "sleep", "echo", "hold", "nothing", "other", NULL };
  static const char *const none[] = { NULL };
  g_autoptr (KrTaskBusClient) client = client_new (f);
  KindsWait wait = { client, before };
  guint n_notified = 0;

  g_signal_connect (client, "notify::kinds", G_CALLBACK (count_notify), &n_notified);
  g_assert_true (has_kinds (&wait));
  kr_task_bus_exporter_add_kind (f->exporter, "other", make_other, NULL, NULL);
  wait.kinds = after;
  kr_test_wait ("the new kind", has_kinds, &wait);
  g_assert_cmpuint (n_notified, ==, 1);
  g_dbus_connection_close_sync (f->server, NULL, NULL);
  wait.kinds = none;
  kr_test_wait ("no kinds", has_kinds, &wait);
  kr_test_wait_count ("the news of it", &n_notified, 2);
}

/* --- a mirror ------------------------------------------------------------------------------------------------------ */

/* Does what the signals of the list say, and nothing else. */
static void
on_items_changed (GListModel *list, guint position, guint removed, guint added, gpointer user_data)
{
  GPtrArray *mirror = user_data;

  g_assert_cmpuint (removed + added, >, 0);
  g_assert_cmpuint (position + removed, <=, mirror->len);
  if (removed > 0)
    g_ptr_array_remove_range (mirror, position, removed);
  for (guint i = 0; i < added; i++)
    g_ptr_array_insert (mirror, (int) (position + i), g_list_model_get_item (list, position + i));
  g_assert_cmpuint (mirror->len, ==, g_list_model_get_n_items (list));
  for (guint i = 0; i < mirror->len; i++)
    {
      g_autoptr (KrTaskRemoteJob) job = g_list_model_get_item (list, i);

      g_assert_true (job == mirror->pdata[i]);
    }
}

typedef struct
{
  BusFixture *f;
  KrTaskBusClient *client;
} SameWait;

/* Every job of the program is in the client's list, and says there what it says here. */
static gboolean
is_same (gpointer data)
{
  const SameWait *wait = data;
  GListModel *theirs = G_LIST_MODEL (wait->f->manager);
  guint n_found = 0;

  for (guint i = 0; i < g_list_model_get_n_items (G_LIST_MODEL (wait->client)); i++)
    {
      g_autoptr (KrTaskRemoteJob) remote = g_list_model_get_item (G_LIST_MODEL (wait->client), i);
      g_autofree char *id = NULL, *title = NULL, *expected = NULL;
      g_autoptr (KrTaskJob) job = NULL;

      g_object_get (remote, "id", &id, "title", &title, NULL);
      job = kr_task_manager_lookup (wait->f->manager, id);
      if (job == NULL)
        continue; /* forgotten there, and on the bus for some seconds more */
      expected = kr_task_job_dup_title (job);
      if (kr_task_job_get_state (job) != kr_task_remote_job_get_state (remote) || g_strcmp0 (title, expected) != 0)
        return FALSE;
      n_found++;
    }
  return n_found == g_list_model_get_n_items (theirs);
}

static void
do_something (BusFixture *f)
{
  GListModel *list = G_LIST_MODEL (f->manager);
  guint n = g_list_model_get_n_items (list);
  g_autoptr (KrTaskJob) job = n > 0 ? g_list_model_get_item (list, (guint) g_test_rand_int_range (0, (int) n)) : NULL;
  g_autofree char *title = g_strdup_printf ("Title %d", g_test_rand_int_range (0, 1000));

  switch (job != NULL ? g_test_rand_int_range (0, 5) : 0)
    {
    case 0:
    case 1:
      g_clear_object (&job);
      job = bus_job_new (title, bus_body_sleep);
      g_assert_true (kr_task_manager_submit (f->manager, job, NULL));
      break;
    case 2:
      kr_task_job_cancel (job, KR_TASK_CANCEL_REASON_USER, NULL, KR_TASK_CANCEL_NONE, NULL);
      break;
    case 3:
      kr_task_job_set_title (job, title);
      break;
    default:
      kr_task_manager_remove (f->manager, kr_task_job_get_id (job), NULL);
      break;
    }
}

/* Random things happen to the jobs of the program; the list follows, and says exactly how. */
static void
test_client_mirror (BusFixture *f, gconstpointer data)
{
  g_autoptr (KrTaskBusClient) client = client_new (f);
  g_autoptr (GPtrArray) mirror = g_ptr_array_new_with_free_func (g_object_unref);
  SameWait wait = { f, client };

  g_signal_connect (client, "items-changed", G_CALLBACK (on_items_changed), mirror);
  for (guint i = 0; i < 300; i++)
    {
      do_something (f);
      for (guint turn = (guint) g_test_rand_int_range (0, 10); turn > 0; turn--)
        g_main_context_iteration (NULL, FALSE);
    }
  kr_test_wait ("the same on both sides", is_same, &wait);
  g_dbus_connection_close_sync (f->server, NULL, NULL);
  kr_test_wait ("an empty list", is_alone, client);
  g_assert_cmpuint (mirror->len, ==, 0);
}

#define ADD(path, func) g_test_add ("/bus/" path, BusFixture, NULL, bus_fixture_set_up, func, bus_fixture_tear_down)

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  ADD ("client", test_client);
  ADD ("client/alone", test_client_alone);
  ADD ("client/kinds", test_client_kinds);
  ADD ("client/mirror", test_client_mirror);
  return g_test_run ();
}
