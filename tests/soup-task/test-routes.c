/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* Tests of the REST form: tasks are made, started, looked at, cancelled and removed by HTTP. */
#include "routes-fixture.h"

#include <string.h>

/* --- the REST form ------------------------------------------------------------------------------------------------ */

static void
test_create (RoutesFixture *f, gconstpointer data)
{
  g_autofree char *path = routes_create (f, "{\"kind\":\"sleep\",\"parameters\":{\"seconds\":5},\"title\":\"Nap\","
                                     "\"start\":false}");
  g_autofree char *expected = g_strconcat ("/tasks/", routes_text (f, "id"), NULL);

  g_assert_cmpstr (path, ==, expected);
  g_assert_cmpstr (routes_text (f, "kind"), ==, "sleep");
  g_assert_cmpstr (routes_text (f, "title"), ==, "Nap");
  g_assert_cmpstr (routes_text (f, "description"), ==, "");
  g_assert_cmpstr (routes_text (f, "state"), ==, "created");
  g_assert_cmpstr (routes_text (f, "cancelReason"), ==, "none");
  g_assert_true (json_node_get_boolean (routes_member (f, "cancelable")));
  g_assert_false (json_node_get_boolean (routes_member (f, "detached")));
  g_assert_true (JSON_NODE_HOLDS_NULL (routes_member (f, "progress")));
  g_assert_cmpstr (routes_text (f, "message"), ==, "");
  g_assert_true (g_str_has_suffix (routes_text (f, "createdAt"), "Z"));
  g_assert_true (JSON_NODE_HOLDS_NULL (routes_member (f, "startedAt")));
  g_assert_true (JSON_NODE_HOLDS_NULL (routes_member (f, "finishedAt")));
  g_assert_true (JSON_NODE_HOLDS_NULL (routes_member (f, "duration")));
  g_assert_true (JSON_NODE_HOLDS_NULL (routes_member (f, "error")));
  g_assert_true (JSON_NODE_HOLDS_NULL (routes_member (f, "parent")));
  g_assert_cmpuint (json_array_get_length (json_node_get_array (routes_member (f, "children"))), ==, 0);
  g_assert_nonnull (routes_header (f, "ETag"));
  g_assert_cmpstr (routes_header (f, "X-Content-Type-Options"), ==, "nosniff");
}

static guint
count_listed (RoutesFixture *f, const char *query)
{
  g_autofree char *path = g_strconcat ("/tasks", query, NULL);
  g_autoptr (JsonNode) root = NULL;

  g_assert_cmpuint (routes_ask (f, "GET", path), ==, 200);
  root = json_from_string (f->body, NULL);
  return json_array_get_length (json_node_get_array (root));
}

static void
test_tags (RoutesFixture *f, gconstpointer data)
{
  g_autofree char *none = routes_create (f, "{\"kind\":\"sleep\",\"start\":false}");
  g_autofree char *path = routes_create (f, "{\"kind\":\"sleep\",\"tags\":[\"night\",\"d\u00fcne\"],\"start\":false}");
  JsonArray *tags = json_node_get_array (routes_member (f, "tags"));

  g_assert_cmpuint (json_array_get_length (tags), ==, 2);
  g_assert_cmpstr (json_array_get_string_element (tags, 1), ==, "d\303\274ne");
  g_assert_cmpuint (count_listed (f, ""), ==, 2);
  g_assert_cmpuint (count_listed (f, "?tag=night"), ==, 1);
  g_assert_cmpuint (count_listed (f, "?tag=d%C3%BCne"), ==, 1);
  g_assert_cmpuint (count_listed (f, "?tag=nigh"), ==, 0);
  g_assert_cmpuint (count_listed (f, "?tag="), ==, 0);
}

static void
test_life (RoutesFixture *f, gconstpointer data)
{
  g_autofree char *path = routes_create (f, "{\"kind\":\"sleep\",\"start\":false}");
  g_autofree char *start = g_strconcat (path, "/start", NULL);
  g_autofree char *cancel = g_strconcat (path, "/cancel", NULL);
  g_autofree char *result = g_strconcat (path, "/result", NULL);
  g_autofree char *wait = g_strconcat (path, "?wait=30", NULL);

  g_assert_cmpuint (routes_post (f, start, NULL), ==, 202);
  routes_wait_state (f, path, KR_TASK_STATE_RUNNING);
  g_assert_cmpuint (routes_post (f, start, NULL), ==, 409);
  g_assert_cmpstr (routes_text (f, "state"), ==, "running");
  g_assert_cmpint (json_node_get_int (routes_member (f, "status")), ==, 409);
  g_assert_cmpstr (routes_text (f, "title"), ==, "Conflict");
  g_assert_cmpstr (soup_message_headers_get_content_type (soup_message_get_response_headers (f->message), NULL), ==,
                   "application/problem+json");
  g_assert_cmpuint (routes_ask (f, "GET", result), ==, 409);
  g_assert_cmpstr (routes_text (f, "state"), ==, "running");
  g_assert_cmpuint (routes_ask (f, "DELETE", path), ==, 409);

  g_assert_cmpuint (routes_post (f, cancel, "{\"reason\":\"enough\"}"), ==, 202);
  g_assert_cmpuint (routes_ask (f, "GET", wait), ==, 200);
  g_assert_cmpstr (routes_text (f, "state"), ==, "cancelled");
  g_assert_cmpstr (routes_text (f, "cancelReason"), ==, "user");
  g_assert_cmpfloat (json_node_get_double (routes_member (f, "progress")), ==, 0.25);
  g_assert_cmpfloat (json_node_get_double (routes_member (f, "duration")), >=, 0);
  g_assert_cmpuint (routes_post (f, cancel, NULL), ==, 409);
  g_assert_cmpstr (routes_text (f, "state"), ==, "cancelled");
  g_assert_cmpuint (routes_ask (f, "GET", result), ==, 409);
  g_assert_cmpuint (routes_ask (f, "DELETE", path), ==, 204);
  g_assert_cmpstr (f->body, ==, "");
  g_assert_cmpuint (routes_ask (f, "DELETE", path), ==, 404);
  g_assert_cmpuint (routes_ask (f, "GET", path), ==, 404);
  g_assert_cmpuint (routes_ask (f, "GET", result), ==, 404);
  g_assert_cmpuint (routes_post (f, start, NULL), ==, 404);
  g_assert_cmpuint (routes_post (f, cancel, NULL), ==, 404);
  g_assert_cmpuint (routes_ask (f, "GET", "/tasks"), ==, 200);
  g_assert_cmpstr (f->body, ==, "[]");
}

static void
test_results (RoutesFixture *f, gconstpointer data)
{
  g_autofree char *echo = routes_create (f, "{\"kind\":\"echo\",\"parameters\":{\"a\":[1,\"x\"]}}");
  g_autofree char *fail = routes_create (f, "{\"kind\":\"fail\"}");
  g_autofree char *async = routes_create (f, "{\"kind\":\"async\"}");
  g_autofree char *command = routes_create (f, "{\"kind\":\"command\"}");
  const struct { const char *path; KrTaskState state; guint status; const char *body; } cases[] = {
    { echo, KR_TASK_STATE_COMPLETED, 200, "{\"a\":[1,\"x\"]}" },
    { async, KR_TASK_STATE_COMPLETED, 200, "7" },
    { command, KR_TASK_STATE_COMPLETED, 200, NULL },
    { fail, KR_TASK_STATE_FAILED, 409, NULL },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *result = g_strconcat (cases[i].path, "/result", NULL);

      routes_wait_state (f, cases[i].path, cases[i].state);
      g_assert_cmpuint (routes_ask (f, "GET", result), ==, cases[i].status);
      if (cases[i].body != NULL)
        g_assert_cmpstr (f->body, ==, cases[i].body);
    }
  g_assert_cmpstr (routes_text (f, "detail"), ==, "the disk is full");
  g_assert_cmpuint (routes_ask (f, "GET", fail), ==, 200);
  g_assert_cmpstr (json_object_get_string_member (json_node_get_object (routes_member (f, "error")), "message"), ==,
                   "the disk is full");
  g_assert_cmpuint (routes_ask (f, "GET", "/tasks"), ==, 200);
  g_assert_cmpuint (routes_count (f), ==, 4);
}

static void
test_refused (RoutesFixture *f, gconstpointer data)
{
  static const struct { const char *method, *target, *body; guint status; } cases[] = {
    { "POST", "/tasks", "{\"kind\":\"unknown\"}", 422 },
    { "POST", "/tasks", "{\"kind\":\"nothing\"}", 422 },
    { "POST", "/tasks", "{\"kind\":\"sleep\",\"parameters\":{\"seconds\":0}}", 422 },
    { "POST", "/tasks", "{\"kind\":\"sleep\",\"parameters\":{\"seconds\":\"5\"}}", 422 },
    { "POST", "/tasks", "{\"kind\":\"command\",\"parameters\":{\"x\":1}}", 422 },
    { "POST", "/tasks", "{\"kind\":\"sleep\",\"kind\":\"sleep\"}", 400 },
    { "POST", "/tasks", "{\"kind\":\"sleep\"", 400 },
    { "POST", "/tasks", "{\"kind\":\"sleep\",\"more\":1}", 422 },
    { "POST", "/tasks", NULL, 415 },
    { "PUT", "/tasks", NULL, 405 },
    { "DELETE", "/tasks", NULL, 405 },
    { "GET", "/tasks/x/y", NULL, 404 },
    { "GET", "/tasks/x/y/z", NULL, 404 },
    { "GET", "/tasks/a%2Fb", NULL, 404 },
    { "GET", "/tasks/unknown", NULL, 404 },
    { "GET", "/t%61sks/unknown", NULL, 404 },
    { "GET", "/tasks/unknown?wait=30", NULL, 404 },
    { "GET", "/tasks/unknown?wait=x", NULL, 400 },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_test_message ("%s %s %s", cases[i].method, cases[i].target, cases[i].body);
      g_assert_cmpuint (routes_ask_with (f, cases[i].method, cases[i].target, NULL, NULL, cases[i].body), ==,
                        cases[i].status);
      g_assert_cmpint (json_node_get_int (routes_member (f, "status")), ==, cases[i].status);
      if (cases[i].status == 405)
        g_assert_cmpstr (routes_header (f, "Allow"), ==, "GET, HEAD, POST");
    }
  g_assert_cmpuint (g_list_model_get_n_items (G_LIST_MODEL (f->manager)), ==, 0);
}

static void
test_queue_full (RoutesFixture *f, gconstpointer data)
{
  g_autofree char *first = NULL, *second = NULL;

  kr_task_manager_set_max_concurrent (f->manager, 1);
  g_object_set (f->manager, "max-queued", 1, NULL);
  first = routes_create (f, "{\"kind\":\"sleep\"}");
  routes_wait_state (f, first, KR_TASK_STATE_RUNNING);
  second = routes_create (f, "{\"kind\":\"sleep\"}");
  g_assert_cmpuint (routes_post (f, "/tasks", "{\"kind\":\"sleep\"}"), ==, 503);
  g_assert_cmpstr (routes_header (f, "Retry-After"), ==, "1");
}

/* --- held tasks, and the end of all -------------------------------------------------------------------------------- */

static void
test_held (RoutesFixture *f, gconstpointer data)
{
  g_autofree char *path = routes_create (f, "{\"kind\":\"hold\"}");
  g_autofree char *cancel = g_strconcat (path, "/cancel", NULL);
  g_autofree char *wait = g_strconcat (path, "?wait=30", NULL);

  while (routes_ask (f, "GET", path) == 200 && json_node_get_boolean (routes_member (f, "cancelable")))
    ;
  g_assert_cmpuint (routes_post (f, cancel, NULL), ==, 409);
  g_assert_cmpstr (routes_text (f, "state"), ==, "running");
  g_assert_cmpuint (routes_post (f, cancel, "{\"defer\":true}"), ==, 202);
  g_assert_cmpstr (routes_text (f, "state"), ==, "running");
  routes_let_go (TRUE);
  g_assert_cmpuint (routes_ask (f, "GET", wait), ==, 200);
  g_assert_cmpstr (routes_text (f, "state"), ==, "cancelled");
}

static void
test_shutting_down (RoutesFixture *f, gconstpointer data)
{
  g_autoptr (GAsyncResult) result = NULL;

  kr_task_manager_shutdown_async (f->manager, G_USEC_PER_SEC, NULL, kr_test_store_result, &result);
  g_assert_cmpuint (routes_post (f, "/tasks", "{\"kind\":\"sleep\"}"), ==, 503);
  g_assert_cmpuint (routes_post (f, "/tasks/run/sleep", NULL), ==, 503);
  g_assert_cmpuint (routes_ask (f, "GET", "/tasks"), ==, 200);
  kr_test_wait_result ("the end", &result);
}

/* --- bodies that are too long ------------------------------------------------------------------------------------- */

static void
test_huge (RoutesFixture *f, gconstpointer data)
{
  g_autofree char *fits = g_strdup_printf ("{\"kind\":\"sleep\",\"title\":\"%0*d\"}", 1000 - 27, 0);
  g_autofree char *longer = g_strdup_printf ("{\"kind\":\"sleep\",\"title\":\"%0*d\"}", 1001 - 27, 0);

  g_assert_cmpuint (strlen (fits), ==, 1000);
  g_assert_cmpuint (routes_post (f, "/tasks", fits), ==, 201);
  g_assert_cmpuint (routes_post (f, "/tasks", longer), ==, 413);
  g_assert_cmpuint (routes_post (f, "/tasks", fits), ==, 201);
  g_assert_cmpuint (g_list_model_get_n_items (G_LIST_MODEL (f->manager)), ==, 2);
}

/* Without a length nobody knows beforehand. */
static void
test_huge_chunked (RoutesFixture *f, gconstpointer data)
{
  g_autofree char *spaces = g_strnfill (100000, ' ');
  g_autoptr (SoupMessage) message = routes_new_message (f, "POST", "/tasks", NULL, NULL, NULL);
  g_autoptr (GInputStream) stream = g_memory_input_stream_new_from_data (spaces, 100000, NULL);
  g_autoptr (GAsyncResult) result = NULL;

  soup_message_set_request_body (message, "application/json", stream, -1);
  soup_message_headers_set_encoding (soup_message_get_request_headers (message), SOUP_ENCODING_CHUNKED);
  soup_session_send_and_read_async (f->session, message, G_PRIORITY_DEFAULT, NULL, kr_test_store_result, &result);
  kr_test_wait_result ("the answer", &result);
  routes_take_answer (f, message, result);
  g_assert_cmpuint (f->status, ==, 413);
  g_assert_cmpuint (g_list_model_get_n_items (G_LIST_MODEL (f->manager)), ==, 0);
}

#define ADD(name, setting, func) \
  g_test_add ("/krtask-soup/routes/" name, RoutesFixture, &setting, routes_set_up, func, routes_tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("create", routes_open, test_create);
  ADD ("tags", routes_open, test_tags);
  ADD ("life", routes_open, test_life);
  ADD ("life/same-thread", routes_same_thread, test_life);
  ADD ("results", routes_open, test_results);
  ADD ("refused", routes_open, test_refused);
  ADD ("queue-full", routes_open, test_queue_full);
  ADD ("held", routes_open, test_held);
  ADD ("shutting-down", routes_open, test_shutting_down);
  ADD ("huge", routes_open, test_huge);
  ADD ("huge-chunked", routes_open, test_huge_chunked);
  return g_test_run ();
}
