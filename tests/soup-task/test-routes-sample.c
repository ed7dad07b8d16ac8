/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* Tests of the routes of Kestrun's tasks sample, and of the keys of its answers. */
#include "routes-fixture.h"

/* --- the routes of the sample ------------------------------------------------------------------------------------- */

static char *
target (const char *action, const char *id)
{
  return g_strdup_printf ("/tasks/%s?id=%s", action, id);
}

static guint
post_action (RoutesFixture *f, const char *action, const char *id)
{
  g_autofree char *path = target (action, id);

  return routes_post (f, path, NULL);
}

static guint
get_action (RoutesFixture *f, const char *action, const char *id)
{
  g_autofree char *path = target (action, id);

  return routes_ask (f, "GET", path);
}

static void
test_sample_life (RoutesFixture *f, gconstpointer data)
{
  g_autofree char *id = NULL, *path = NULL;

  g_assert_cmpuint (routes_post (f, "/tasks/create/sleep?seconds=5", NULL), ==, 200);
  id = g_strdup (routes_text (f, "id"));
  path = g_strconcat ("/tasks/", id, NULL);
  g_assert_cmpstr (routes_text (f, "language"), ==, "sleep");

  g_assert_cmpuint (get_action (f, "state", id), ==, 200);
  g_assert_cmpstr (routes_text (f, "Id"), ==, id);
  g_assert_cmpstr (routes_text (f, "Name"), ==, "Sleep of 5 s");
  g_assert_cmpstr (routes_text (f, "Description"), ==, "");
  g_assert_cmpint (json_node_get_int (routes_member (f, "State")), ==, 0);
  g_assert_cmpstr (routes_text (f, "StateText"), ==, "NotStarted");
  g_assert_true (JSON_NODE_HOLDS_NULL (routes_member (f, "StartedAt")));
  g_assert_true (JSON_NODE_HOLDS_NULL (routes_member (f, "CompletedAt")));
  g_assert_cmpfloat (json_node_get_double (routes_member (f, "Duration")), ==, 0);
  g_assert_cmpstr (json_object_get_string_member (json_node_get_object (routes_member (f, "Progress")), "StatusMessage"), ==,
                   "Not started");
  g_assert_cmpint (json_object_get_int_member (json_node_get_object (routes_member (f, "Progress")), "PercentComplete"), ==,
                   0);
  g_assert_cmpstr (routes_text (f, "ParentId"), ==, "");
  g_assert_cmpuint (json_array_get_length (json_node_get_array (routes_member (f, "ChildrenId"))), ==, 0);

  g_assert_cmpuint (post_action (f, "start", id), ==, 202);
  g_assert_true (json_node_get_boolean (routes_member (f, "started")));
  g_assert_cmpstr (routes_text (f, "id"), ==, id);
  routes_wait_state (f, path, KR_TASK_STATE_RUNNING);
  g_assert_cmpuint (post_action (f, "start", id), ==, 409);
  g_assert_false (json_node_get_boolean (routes_member (f, "started")));
  g_assert_cmpuint (get_action (f, "result", id), ==, 409);
  g_assert_cmpstr (routes_text (f, "error"), ==, "Task is not in a completed state");
  g_assert_cmpuint (post_action (f, "remove", id), ==, 409);
  g_assert_false (json_node_get_boolean (routes_member (f, "removed")));

  g_assert_cmpuint (post_action (f, "cancel", id), ==, 202);
  g_assert_true (json_node_get_boolean (routes_member (f, "cancelled")));
  routes_wait_state (f, path, KR_TASK_STATE_CANCELLED);
  g_assert_cmpuint (post_action (f, "cancel", id), ==, 409);
  g_assert_false (json_node_get_boolean (routes_member (f, "cancelled")));
  g_assert_cmpuint (get_action (f, "state", id), ==, 200);
  g_assert_cmpint (json_node_get_int (routes_member (f, "State")), ==, 4);
  g_assert_cmpstr (routes_text (f, "StateText"), ==, "Stopped");
  g_assert_cmpint (json_object_get_int_member (json_node_get_object (routes_member (f, "Progress")), "PercentComplete"), ==,
                   25);
  g_assert_cmpuint (routes_ask (f, "GET", "/tasks/list"), ==, 200);
  g_assert_cmpuint (routes_count (f), ==, 1);
  g_assert_cmpuint (post_action (f, "remove", id), ==, 200);
  g_assert_true (json_node_get_boolean (routes_member (f, "removed")));
  g_assert_cmpuint (post_action (f, "remove", id), ==, 404);
  g_assert_false (json_node_get_boolean (routes_member (f, "removed")));
  g_assert_cmpuint (post_action (f, "start", id), ==, 404);
  g_assert_false (json_node_get_boolean (routes_member (f, "started")));
  g_assert_cmpuint (post_action (f, "cancel", id), ==, 404);
  g_assert_cmpuint (get_action (f, "state", id), ==, 404);
  g_assert_cmpstr (routes_text (f, "error"), ==, "Task not found");
  g_assert_cmpuint (get_action (f, "result", id), ==, 404);
  g_assert_cmpuint (routes_ask (f, "GET", "/tasks/list"), ==, 200);
  g_assert_cmpstr (f->body, ==, "[]");
}

static void
test_sample_run (RoutesFixture *f, gconstpointer data)
{
  g_autofree char *id = NULL, *path = NULL;

  g_assert_cmpuint (routes_post (f, "/tasks/run/echo?n=3&word=a+b", NULL), ==, 202);
  g_assert_true (json_node_get_boolean (routes_member (f, "started")));
  id = g_strdup (routes_text (f, "id"));
  path = g_strconcat ("/tasks/", id, NULL);
  routes_wait_state (f, path, KR_TASK_STATE_COMPLETED);
  g_assert_cmpuint (get_action (f, "result", id), ==, 200);
  g_assert_cmpint (json_node_get_int (routes_member (f, "n")), ==, 3);
  g_assert_cmpstr (routes_text (f, "word"), ==, "a b");
  g_assert_cmpuint (get_action (f, "state", id), ==, 200);
  g_assert_cmpint (json_node_get_int (routes_member (f, "State")), ==, 2);
  g_assert_true (g_str_has_suffix (routes_text (f, "CompletedAt"), "Z"));
}

static void
test_sample_refused (RoutesFixture *f, gconstpointer data)
{
  static const char *const posts[] = { "start", "cancel", "remove" };
  static const char *const gets[] = { "state", "result" };

  for (guint i = 0; i < G_N_ELEMENTS (posts); i++)
    {
      g_assert_cmpuint (post_action (f, posts[i], ""), ==, 400);
      g_assert_cmpstr (routes_text (f, "error"), ==, "Missing 'id' query parameter");
      g_assert_cmpuint (get_action (f, posts[i], "x"), ==, 405);
      g_assert_cmpstr (routes_header (f, "Allow"), ==, "POST");
    }
  for (guint i = 0; i < G_N_ELEMENTS (gets); i++)
    {
      g_assert_cmpuint (get_action (f, gets[i], ""), ==, 400);
      g_assert_cmpstr (routes_text (f, "error"), ==, "Missing 'id' query parameter");
      g_assert_cmpuint (post_action (f, gets[i], "x"), ==, 405);
    }
  g_assert_cmpuint (routes_ask (f, "GET", "/tasks/create/sleep"), ==, 405);
  g_assert_cmpuint (routes_ask (f, "GET", "/tasks/run/sleep"), ==, 405);
  g_assert_cmpuint (routes_post (f, "/tasks/run/unknown", NULL), ==, 404);
  g_assert_cmpuint (routes_post (f, "/tasks/run/sleep?seconds=0", NULL), ==, 400);
  g_assert_cmpstr (routes_text (f, "error"), ==, "“seconds” must be a whole number from 1 to 600");
  g_assert_cmpuint (routes_post (f, "/tasks/run/sleep?seconds=1&seconds=2", NULL), ==, 400);
  g_assert_cmpuint (g_list_model_get_n_items (G_LIST_MODEL (f->manager)), ==, 0);
}

#define ADD(name, setting, func) \
  g_test_add ("/krtask-soup/routes/" name, RoutesFixture, &setting, routes_set_up, func, routes_tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("sample/life", routes_open, test_sample_life);
  ADD ("sample/run", routes_open, test_sample_run);
  ADD ("sample/refused", routes_open, test_sample_refused);
  return g_test_run ();
}
