/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* Tests of who may do what: the guard in front of what changes something, and users. */
#include "routes-fixture.h"

/* --- who may ------------------------------------------------------------------------------------------------------ */

/* Every target, with every method: nothing but a POST or a DELETE gets as far as the guard, and nothing without one
 * changes anything. */
static void
test_unguarded (RoutesFixture *f, gconstpointer data)
{
  static const char *const methods[] = { "GET", "HEAD", "POST", "DELETE", "PUT", "PATCH", "OPTIONS" };
  static const char *const targets[] = { "/tasks", "/tasks/ID", "/tasks/ID/start", "/tasks/ID/cancel",
                                         "/tasks/ID/result", "/tasks/create/sleep", "/tasks/run/sleep", "/tasks/start?id=ID",
                                         "/tasks/cancel?id=ID", "/tasks/remove?id=ID", "/tasks/state?id=ID",
                                         "/tasks/result?id=ID", "/tasks/list" };
  g_autoptr (KrTaskJob) job = kr_task_job_new ("sleep", "Sleep");
  guint n_refused = 0;

  kr_task_job_set_func (job, routes_body_sleep, NULL, NULL);
  kr_task_job_set_autostart (job, FALSE);
  g_assert_true (kr_task_manager_submit (f->manager, job, NULL));
  for (guint i = 0; i < G_N_ELEMENTS (targets); i++)
    for (guint k = 0; k < G_N_ELEMENTS (methods); k++)
      {
        g_autoptr (GString) path = g_string_new (targets[i]);

        g_string_replace (path, "ID", kr_task_job_get_id (job), 0);
        if (routes_ask_with (f, methods[k], path->str, NULL, NULL, "{\"kind\":\"sleep\"}") != 403)
          continue;
        g_assert_true (g_str_equal (methods[k], "POST") || g_str_equal (methods[k], "DELETE"));
        n_refused++;
      }
  g_assert_cmpuint (n_refused, ==, 9);
  g_assert_cmpint (kr_task_job_get_state (job), ==, KR_TASK_STATE_CREATED);
  g_assert_cmpuint (g_list_model_get_n_items (G_LIST_MODEL (f->manager)), ==, 1);
}

static void
test_guard (RoutesFixture *f, gconstpointer data)
{
  const char *body = "{\"kind\":\"sleep\"}";

  g_assert_cmpuint (routes_post (f, "/tasks", body), ==, 403);
  g_assert_cmpuint (routes_ask_with (f, "POST", "/tasks", "X-Token", "wrong", body), ==, 403);
  g_assert_cmpstr (routes_text (f, "title"), ==, "Forbidden");
  g_assert_cmpuint (routes_ask_with (f, "POST", "/tasks", "X-Token", "teapot", body), ==, 418);
  /* a guard stands before the body is looked at */
  g_assert_cmpuint (routes_post (f, "/tasks", "{"), ==, 403);
  g_assert_cmpuint (routes_ask_with (f, "POST", "/tasks", "X-Token", "right", "{"), ==, 400);
  g_assert_cmpuint (routes_ask (f, "GET", "/tasks"), ==, 200);
  g_assert_cmpuint (routes_count (f), ==, 0);
  g_assert_cmpuint (routes_ask_with (f, "POST", "/tasks", "X-Token", "right", body), ==, 201);
}

static void
test_users (RoutesFixture *f, gconstpointer data)
{
  static const struct { const char *user; guint get, cancel, list; } cases[] = {
    { "bob", 404, 404, 0 }, { "auditor", 200, 403, 1 }, { "alice", 200, 202, 1 },
  };
  const char *body = "{\"kind\":\"sleep\"}";
  g_autofree char *path = NULL, *cancel = NULL;

  g_assert_cmpuint (routes_post (f, "/tasks", body), ==, 403);
  g_assert_cmpuint (routes_ask_with (f, "POST", "/tasks", "X-User", "alice", body), ==, 201);
  path = g_strdup (routes_header (f, "Location"));
  cancel = g_strconcat (path, "/cancel", NULL);
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_assert_cmpuint (routes_ask_with (f, "GET", path, "X-User", cases[i].user, NULL), ==, cases[i].get);
      g_assert_cmpuint (routes_ask_with (f, "GET", "/tasks", "X-User", cases[i].user, NULL), ==, 200);
      g_assert_cmpuint (routes_count (f), ==, cases[i].list);
      g_assert_cmpuint (routes_ask_with (f, "DELETE", path, "X-User", cases[i].user, NULL), ==,
                        cases[i].get == 404 ? 404 : cases[i].cancel == 403 ? 403 : 409);
      g_assert_cmpuint (routes_ask_with (f, "POST", cancel, "X-User", cases[i].user, NULL), ==, cases[i].cancel);
    }
}

#define ADD(name, setting, func) \
  g_test_add ("/krtask-soup/routes/" name, RoutesFixture, &setting, routes_set_up, func, routes_tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("unguarded", routes_closed, test_unguarded);
  ADD ("guard", routes_with_guard, test_guard);
  ADD ("users", routes_with_users, test_users);
  return g_test_run ();
}
