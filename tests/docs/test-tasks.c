/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* Runs the code of docs/tasks.md: a job, the same over HTTP, and, where there is a display, in a list. */
#include <gtk/gtk.h>
#include <krtask-soup.h>

#include "guide-tasks.h"
#include "kr-test.h"

static void
raise_flag (KrTaskJob *job, gpointer data)
{
  gboolean *flag = g_object_get_data (G_OBJECT (job), "flag");

  *flag = TRUE;
}

static void
test_job (void)
{
  g_autoptr (KrTaskManager) manager = make_manager ();
  g_autoptr (GError) error = NULL;
  g_autoptr (KrTaskJob) job = start_example (manager, G_CALLBACK (raise_flag), &error);
  gboolean finished = FALSE;

  g_assert_no_error (error);
  g_object_set_data (G_OBJECT (job), "flag", &finished);
  g_assert_true (stop_example (job, &error));
  g_assert_no_error (error);
  kr_test_wait_flag ("the end of the job", &finished);
  g_assert_cmpint (kr_task_job_get_state (job), ==, KR_TASK_STATE_CANCELLED);
}

static gboolean
on_guard (KrTaskSoupRoutes *routes, SoupServerMessage *message, gpointer data)
{
  gboolean *open = data;

  return *open;
}

static guint
post (SoupSession *session, SoupServer *server, const char *body)
{
  g_autoslist (GUri) uris = soup_server_get_uris (server);
  g_autofree char *url = g_strdup_printf ("http://127.0.0.1:%d/tasks", g_uri_get_port (uris->data));
  g_autoptr (SoupMessage) message = soup_message_new ("POST", url);
  g_autoptr (GBytes) bytes = g_bytes_new (body, strlen (body)), answer = NULL;
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;

  soup_message_set_request_body_from_bytes (message, "application/json", bytes);
  soup_session_send_and_read_async (session, message, G_PRIORITY_DEFAULT, NULL, kr_test_store_result, &result);
  kr_test_wait_result ("an answer", &result);
  answer = soup_session_send_and_read_finish (session, result, &error);
  g_assert_no_error (error);
  return soup_message_get_status (message);
}

static gboolean
is_idle (gpointer manager)
{
  guint running;

  g_object_get (manager, "n-running", &running, NULL);
  return running == 0;
}

static void
test_routes (void)
{
  g_autoptr (KrTaskManager) manager = make_manager ();
  g_autoptr (SoupServer) server = soup_server_new (NULL, NULL);
  g_autoptr (SoupSession) session = soup_session_new ();
  g_autoptr (KrTaskJob) job = NULL;
  g_autoptr (GError) error = NULL;
  gboolean open = FALSE;

  serve_tasks (server, manager, G_CALLBACK (on_guard), &open);
  soup_server_listen_local (server, 0, SOUP_SERVER_LISTEN_IPV4_ONLY, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (post (session, server, "{\"kind\": \"copy\", \"parameters\": {\"seconds\": 5}}"), ==, 403);
  open = TRUE;
  g_assert_cmpuint (post (session, server, "{\"kind\": \"copy\", \"parameters\": {\"seconds\": 0}}"), ==, 422);
  g_assert_cmpuint (post (session, server, "{\"kind\": \"copy\", \"parameters\": {\"seconds\": 5}}"), ==, 201);
  job = g_list_model_get_item (G_LIST_MODEL (manager), 0);
  stop_example (job, &error);
  g_assert_no_error (error);
  kr_test_wait ("the manager to be idle", is_idle, manager);
}

static void
test_list (void)
{
  g_autoptr (KrTaskManager) manager = NULL;
  g_autoptr (KrTaskJob) job = NULL;
  GtkWidget *list;
  gboolean finished = FALSE;

  if (!gtk_init_check ())
    {
      g_test_skip ("no display");
      return;
    }
  manager = make_manager ();
  list = g_object_ref_sink (gtk_list_box_new ());
  show_running (GTK_LIST_BOX (list), manager);
  job = start_example (manager, G_CALLBACK (raise_flag), NULL);
  g_object_set_data (G_OBJECT (job), "flag", &finished);
  while (gtk_list_box_get_row_at_index (GTK_LIST_BOX (list), 0) == NULL && !finished)
    g_main_context_iteration (NULL, TRUE);
  g_assert_nonnull (gtk_list_box_get_row_at_index (GTK_LIST_BOX (list), 0));
  stop_example (job, NULL);
  kr_test_wait_flag ("the end of the job", &finished);
  g_object_unref (list);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/docs/tasks/job", test_job);
  g_test_add_func ("/docs/tasks/routes", test_routes);
  g_test_add_func ("/docs/tasks/list", test_list);
  return kr_test_run ();
}
