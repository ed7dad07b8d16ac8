/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* Tests of the feed, which says when a task has changed. */
#include "routes-fixture.h"

typedef struct
{
  KrTaskJob *job;
  KrTaskState state;
} WaitState;

static gboolean
has_state (gpointer data)
{
  const WaitState *wait = data;

  return kr_task_job_get_state (wait->job) == wait->state;
}

static void
on_changed (KrTaskSoupFeed *feed, KrTaskJob *job, gpointer user_data)
{
  GString *events = user_data;
  const char *state = kr_task_state_to_string (kr_task_job_get_state (job));

  if (!g_str_has_suffix (events->str, state))
    g_string_append_printf (events, " %s", state);
}

static void
on_removed (KrTaskSoupFeed *feed, KrTaskJob *job, gpointer user_data)
{
  g_string_append (user_data, " removed");
}

static gboolean
is_removed (gpointer data)
{
  return g_str_has_suffix (((GString *) data)->str, " removed");
}

static void
test_feed (void)
{
  g_autoptr (KrTaskManager) manager = kr_task_manager_new (NULL);
  g_autoptr (KrTaskJob) before = routes_make_fail (NULL, NULL, NULL);
  g_autoptr (KrTaskJob) job = routes_make_async (NULL, NULL, NULL);
  g_autoptr (GString) events = g_string_new (NULL);
  g_autoptr (KrTaskSoupFeed) feed = NULL;
  g_autofree char *json = NULL;
  WaitState wait = { job, KR_TASK_STATE_COMPLETED };

  kr_task_job_set_autostart (before, FALSE);
  g_assert_true (kr_task_manager_submit (manager, before, NULL));
  while (g_main_context_iteration (NULL, FALSE))
    ;
  feed = kr_task_soup_feed_new (manager);
  g_signal_connect (feed, "changed", G_CALLBACK (on_changed), events);
  g_signal_connect (feed, "removed", G_CALLBACK (on_removed), events);
  kr_task_job_set_autostart (job, FALSE);
  g_assert_true (kr_task_manager_submit (manager, job, NULL));
  while (g_main_context_iteration (NULL, FALSE))
    ;
  g_assert_cmpstr (events->str, ==, " created");
  g_assert_true (kr_task_job_start (job, NULL));
  kr_test_wait ("the end", has_state, &wait);
  json = kr_task_soup_feed_to_json (job);
  g_assert_nonnull (strstr (json, "\"state\":\"completed\""));
  g_assert_true (kr_task_manager_remove (manager, kr_task_job_get_id (job), NULL));
  kr_test_wait ("its removal", is_removed, events);
  g_assert_true (g_str_has_suffix (events->str, " completed removed"));
  g_clear_object (&feed);
  /* nobody is told any more */
  g_string_truncate (events, 0);
  g_assert_true (kr_task_job_cancel (before, KR_TASK_CANCEL_REASON_USER, NULL, KR_TASK_CANCEL_NONE, NULL));
  while (g_main_context_iteration (NULL, FALSE))
    ;
  g_assert_cmpstr (events->str, ==, "");
}

/* --- how often, and what --------------------------------------------------------------------------------------------- */

static void
count_changed (KrTaskSoupFeed *feed, KrTaskJob *job, gpointer user_data)
{
  ++*(guint *) user_data;
}

static void
turn (void)
{
  while (g_main_context_iteration (NULL, FALSE))
    ;
}

/* However much happens in one turn: it is told once, and before the job is said to be gone. */
static void
test_once (void)
{
  g_autoptr (KrTaskManager) manager = kr_task_manager_new (NULL);
  g_autoptr (KrTaskSoupFeed) feed = kr_task_soup_feed_new (manager);
  g_autoptr (KrTaskJob) job = routes_make_fail (NULL, NULL, NULL);
  g_autoptr (GString) events = g_string_new (NULL);
  guint n_changed = 0;

  kr_task_job_set_autostart (job, FALSE);
  g_assert_true (kr_task_manager_submit (manager, job, NULL));
  turn ();
  g_signal_connect (feed, "changed", G_CALLBACK (count_changed), &n_changed);
  kr_task_job_set_title (job, "Another title");
  kr_task_job_set_description (job, "More of it");
  kr_task_job_set_title (job, "A third one");
  turn ();
  g_assert_cmpuint (n_changed, ==, 1);
  g_signal_connect (feed, "changed", G_CALLBACK (on_changed), events);
  g_signal_connect (feed, "removed", G_CALLBACK (on_removed), events);
  g_assert_true (kr_task_job_cancel (job, KR_TASK_CANCEL_REASON_USER, NULL, KR_TASK_CANCEL_NONE, NULL));
  g_assert_true (kr_task_manager_remove (manager, kr_task_job_get_id (job), NULL));
  kr_test_wait ("its removal", is_removed, events);
  g_assert_cmpstr (events->str, ==, " cancelled removed");
  g_assert_cmpuint (n_changed, ==, 2);
}

static GVariant *
body_count (KrTaskJob *job, GCancellable *cancellable, gpointer user_data, GError **error)
{
  for (guint i = 1; i <= 3; i++)
    {
      kr_task_progress_set_units (kr_task_job_get_progress (job), i * 1000, 10000, "bytes");
      kr_task_job_sleep (job, 150 * G_TIME_SPAN_MILLISECOND);
    }
  kr_task_job_sleep (job, -1);
  return NULL;
}

static JsonObject *
get_document (KrTaskJob *job, JsonNode **node)
{
  g_autofree char *json = kr_task_soup_feed_to_json (job);

  g_clear_pointer (node, json_node_unref);
  *node = json_from_string (json, NULL);
  return json_node_get_object (*node);
}

static gboolean
has_counted (gpointer job)
{
  guint64 done;

  kr_task_progress_get_units (kr_task_job_get_progress (job), &done, NULL, NULL);
  return done == 3000;
}

/* What is counted, how fast, and how long it will take; nothing of the last when it is over. */
static void
test_units (void)
{
  g_autoptr (KrTaskManager) manager = kr_task_manager_new (NULL);
  g_autoptr (KrTaskJob) job = kr_task_job_new ("count", "A count");
  g_autoptr (JsonNode) node = NULL;
  JsonObject *document;
  WaitState wait = { job, KR_TASK_STATE_CANCELLED };

  kr_task_job_set_func (job, body_count, NULL, NULL);
  g_assert_true (json_object_get_null_member (get_document (job, &node), "remaining"));
  g_assert_false (json_object_has_member (get_document (job, &node), "unit"));
  g_assert_true (kr_task_manager_submit (manager, job, NULL));
  kr_test_wait ("three thousand", has_counted, job);
  document = get_document (job, &node);
  g_assert_cmpstr (json_object_get_string_member (document, "unit"), ==, "bytes");
  g_assert_cmpint (json_object_get_int_member (document, "done"), ==, 3000);
  g_assert_cmpint (json_object_get_int_member (document, "total"), ==, 10000);
  g_assert_cmpint (json_object_get_int_member (document, "rate"), >, 0);
  g_assert_cmpfloat (json_object_get_double_member (document, "remaining"), >, 0);
  g_assert_true (kr_task_job_cancel (job, KR_TASK_CANCEL_REASON_USER, NULL, KR_TASK_CANCEL_NONE, NULL));
  kr_test_wait ("the end", has_state, &wait);
  g_assert_true (json_object_get_null_member (get_document (job, &node), "remaining"));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/krtask-soup/feed", test_feed);
  g_test_add_func ("/krtask-soup/feed/once", test_once);
  g_test_add_func ("/krtask-soup/feed/units", test_units);
  return g_test_run ();
}
