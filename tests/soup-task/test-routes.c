/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* Tests of the routes: a real server, in a thread of its own or in that of the tasks, and a real client. */
#include <json-glib/json-glib.h>
#include <kr-test.h>
#include <krtask-soup.h>
#include <string.h>

typedef struct
{
  gboolean own_thread;
  gboolean guarded;  /* by a handler that lets pass what has the header X-Token */
  gboolean open;     /* allow-unguarded */
  gboolean identify; /* from the header X-User */
  guint max_wait;
  guint max_waiting;
} Setting;

typedef struct
{
  const Setting *setting;
  KrTaskManager *manager;
  KrTaskSoupRoutes *routes;
  GMainContext *context; /* of the server */
  GMainLoop *loop;
  GThread *thread;
  SoupServer *server;
  SoupSession *session;
  char *base;
  /* the last answer */
  SoupMessage *message;
  guint status;
  char *body;
  JsonNode *json; /* NULL: none */
} Fixture;

static const Setting open_setting = { .own_thread = TRUE, .open = TRUE, .max_wait = 60, .max_waiting = 1000 };
static const Setting same_thread = { .open = TRUE, .max_wait = 60, .max_waiting = 1000 };
static const Setting closed = { .own_thread = TRUE, .max_wait = 60, .max_waiting = 1000 };
static const Setting with_guard = { .own_thread = TRUE, .guarded = TRUE, .max_wait = 60, .max_waiting = 1000 };
static const Setting with_users = { .own_thread = TRUE, .open = TRUE, .identify = TRUE, .max_wait = 60,
                                    .max_waiting = 1000 };
static const Setting narrow = { .own_thread = TRUE, .open = TRUE, .max_wait = 60, .max_waiting = 1 };
static const Setting impatient = { .own_thread = TRUE, .open = TRUE, .max_wait = 1, .max_waiting = 1 };

static int go; /* atomic: a body may go on */

/* --- kinds -------------------------------------------------------------------------------------------------------- */

static GVariant *
body_sleep (KrTaskJob *job, GCancellable *cancellable, gpointer user_data, GError **error)
{
  kr_task_progress_set (kr_task_job_get_progress (job), 0.25, "asleep");
  kr_task_job_sleep (job, -1);
  return NULL;
}

static GVariant *
body_echo (KrTaskJob *job, GCancellable *cancellable, gpointer user_data, GError **error)
{
  return g_variant_ref (user_data);
}

static GVariant *
body_hold (KrTaskJob *job, GCancellable *cancellable, gpointer user_data, GError **error)
{
  if (!kr_task_job_hold (job))
    return NULL;
  while (!g_atomic_int_get (&go))
    g_usleep (500);
  kr_task_job_release (job);
  kr_task_job_sleep (job, -1);
  return NULL;
}

static GVariant *
body_fail (KrTaskJob *job, GCancellable *cancellable, gpointer user_data, GError **error)
{
  g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_NO_SPACE, "the disk is full");
  return NULL;
}

static void
begin_async (KrTaskJob *job, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer callback_data,
             gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (NULL, cancellable, callback, callback_data);

  g_task_return_int (task, 7);
}

static GVariant *
finish_async (KrTaskJob *job, GAsyncResult *result, gpointer user_data, GError **error)
{
  return g_variant_new_int64 (g_task_propagate_int (G_TASK (result), error));
}

static KrTaskJob *
create_sleep (GVariant *parameters, gpointer user_data, GError **error)
{
  gint64 seconds = 2;
  g_autofree char *title = NULL;
  KrTaskJob *job;

  if (!kr_task_soup_routes_take_integer (parameters, "seconds", 1, 600, &seconds, error))
    return NULL;
  title = g_strdup_printf ("Sleep of %" G_GINT64_FORMAT " s", seconds);
  job = kr_task_job_new ("sleep", title);
  kr_task_job_set_func (job, body_sleep, NULL, NULL);
  return job;
}

static KrTaskJob *
create_echo (GVariant *parameters, gpointer user_data, GError **error)
{
  KrTaskJob *job = kr_task_job_new ("echo", "Echo");

  kr_task_job_set_func (job, body_echo, g_variant_ref (parameters), (GDestroyNotify) g_variant_unref);
  return job;
}

static KrTaskJob *
create_fail (GVariant *parameters, gpointer user_data, GError **error)
{
  KrTaskJob *job = kr_task_job_new ("fail", "Fail");

  kr_task_job_set_func (job, body_fail, NULL, NULL);
  return job;
}

static KrTaskJob *
create_hold (GVariant *parameters, gpointer user_data, GError **error)
{
  KrTaskJob *job = kr_task_job_new ("hold", "Hold");

  kr_task_job_set_func (job, body_hold, NULL, NULL);
  return job;
}

static KrTaskJob *
create_async (GVariant *parameters, gpointer user_data, GError **error)
{
  KrTaskJob *job = kr_task_job_new ("async", "Async");

  kr_task_job_set_async_func (job, begin_async, finish_async, NULL, NULL);
  return job;
}

static KrTaskJob *
create_nothing (GVariant *parameters, gpointer user_data, GError **error)
{
  return NULL;
}

/* --- fixture ------------------------------------------------------------------------------------------------------ */

static const char *
get_header (SoupServerMessage *message, const char *name)
{
  return soup_message_headers_get_one (soup_server_message_get_request_headers (message), name);
}

static gboolean
on_guard (KrTaskSoupRoutes *routes, SoupServerMessage *message, gpointer user_data)
{
  const char *token = get_header (message, "X-Token");

  if (g_strcmp0 (token, "teapot") == 0)
    soup_server_message_set_status (message, 418, NULL);
  return g_strcmp0 (token, "right") == 0;
}

static GVariant *
on_identify (KrTaskSoupRoutes *routes, SoupServerMessage *message, gpointer user_data)
{
  const char *user = get_header (message, "X-User");
  GVariantDict dict;

  g_variant_dict_init (&dict, NULL);
  g_variant_dict_insert (&dict, "name", "s", user != NULL ? user : "");
  return g_variant_ref_sink (g_variant_dict_end (&dict));
}

/* Whoever has a name may start; only who has started may do more. */
static gboolean
on_authorize (KrTaskManager *manager, KrTaskJob *job, const char *action, GVariant *identity, gpointer user_data)
{
  GVariant *owner = job != NULL ? kr_task_job_get_owner (job) : NULL;
  const char *name = "", *owner_name = "?";

  g_variant_lookup (identity, "name", "&s", &name);
  if (job == NULL)
    return name[0] != '\0';
  if (owner != NULL)
    g_variant_lookup (owner, "name", "&s", &owner_name);
  return g_str_equal (name, owner_name) || (g_str_equal (name, "auditor") && g_str_equal (action, "view"));
}

static void
add_routes (Fixture *f)
{
  static const char *const command[] = { "true", NULL };

  f->routes = g_object_new (KR_TASK_SOUP_TYPE_ROUTES, "manager", f->manager, "allow-unguarded", f->setting->open,
                            "max-body-bytes", 1000, "max-wait", f->setting->max_wait, "max-waiting",
                            f->setting->max_waiting, NULL);
  kr_task_soup_routes_add_kind (f->routes, "sleep", create_sleep, NULL, NULL);
  kr_task_soup_routes_add_kind (f->routes, "echo", create_echo, NULL, NULL);
  kr_task_soup_routes_add_kind (f->routes, "fail", create_fail, NULL, NULL);
  kr_task_soup_routes_add_kind (f->routes, "hold", create_hold, NULL, NULL);
  kr_task_soup_routes_add_kind (f->routes, "async", create_async, NULL, NULL);
  kr_task_soup_routes_add_kind (f->routes, "nothing", create_nothing, NULL, NULL);
  kr_task_soup_routes_add_command (f->routes, "command", "A command", command);
  if (f->setting->guarded)
    g_signal_connect (f->routes, "guard", G_CALLBACK (on_guard), NULL);
  if (f->setting->identify)
    g_signal_connect (f->routes, "identify", G_CALLBACK (on_identify), NULL);
  kr_task_soup_routes_attach (f->routes, f->server, "/tasks");
}

static void
listen_here (Fixture *f)
{
  g_autoptr (GError) error = NULL;
  g_autoslist (GUri) uris = NULL;

  f->server = soup_server_new (NULL, NULL);
  add_routes (f);
  g_assert_true (soup_server_listen_local (f->server, 0, SOUP_SERVER_LISTEN_IPV4_ONLY, &error));
  g_assert_no_error (error);
  uris = soup_server_get_uris (f->server);
  f->base = g_strdup_printf ("http://127.0.0.1:%d", g_uri_get_port (uris->data));
}

static gpointer
run_server (gpointer data)
{
  Fixture *f = data;

  g_main_context_push_thread_default (f->context);
  g_main_loop_run (f->loop);
  g_main_context_pop_thread_default (f->context);
  return NULL;
}

static void
set_up (Fixture *f, gconstpointer data)
{
  f->setting = data;
  f->manager = kr_task_manager_new (NULL);
  kr_task_manager_set_max_concurrent (f->manager, 4);
  if (f->setting->identify)
    g_signal_connect (f->manager, "authorize", G_CALLBACK (on_authorize), NULL);
  f->session = soup_session_new ();
  if (!f->setting->own_thread)
    {
      listen_here (f);
      return;
    }
  f->context = g_main_context_new ();
  f->loop = g_main_loop_new (f->context, FALSE);
  g_main_context_push_thread_default (f->context);
  listen_here (f);
  g_main_context_pop_thread_default (f->context);
  f->thread = g_thread_new ("http", run_server, f);
}

static void
forget_answer (Fixture *f)
{
  g_clear_object (&f->message);
  g_clear_pointer (&f->body, g_free);
  g_clear_pointer (&f->json, json_node_unref);
}

static gboolean
stop_server (gpointer data)
{
  Fixture *f = data;

  soup_server_disconnect (f->server);
  if (f->loop != NULL)
    g_main_loop_quit (f->loop);
  return G_SOURCE_REMOVE;
}

static void
tear_down (Fixture *f, gconstpointer data)
{
  g_autoptr (GAsyncResult) result = NULL;

  forget_answer (f);
  soup_session_abort (f->session);
  g_clear_object (&f->session);
  kr_task_manager_shutdown_async (f->manager, G_USEC_PER_SEC, NULL, kr_test_store_result, &result);
  kr_test_wait_result ("the end of the tasks", &result);
  if (f->thread != NULL)
    {
      g_main_context_invoke (f->context, stop_server, f);
      g_thread_join (f->thread);
    }
  else
    stop_server (f);
  g_clear_object (&f->server);
  g_clear_object (&f->routes);
  g_clear_pointer (&f->loop, g_main_loop_unref);
  g_clear_pointer (&f->context, g_main_context_unref);
  while (g_main_context_iteration (NULL, FALSE))
    ;
  g_clear_object (&f->manager);
  g_free (f->base);
}

/* --- requests ----------------------------------------------------------------------------------------------------- */

static SoupMessage *
new_message (Fixture *f, const char *method, const char *target, const char *header, const char *value,
             const char *body)
{
  g_autofree char *uri = g_strconcat (f->base, target, NULL);
  SoupMessage *message = soup_message_new (method, uri);

  g_assert_nonnull (message);
  if (header != NULL)
    soup_message_headers_replace (soup_message_get_request_headers (message), header, value);
  if (body != NULL)
    {
      g_autoptr (GBytes) bytes = g_bytes_new (body, strlen (body));

      soup_message_set_request_body_from_bytes (message, "application/json", bytes);
    }
  return message;
}

static void
take_answer (Fixture *f, SoupMessage *message, GAsyncResult *result)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) bytes = soup_session_send_and_read_finish (f->session, result, &error);
  const char *type = soup_message_headers_get_content_type (soup_message_get_response_headers (message), NULL);

  g_assert_no_error (error);
  forget_answer (f);
  f->message = g_object_ref (message);
  f->status = soup_message_get_status (message);
  f->body = g_bytes_get_size (bytes) > 0 ? g_strndup (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes))
                                         : g_strdup ("");
  if (f->body[0] == '\0')
    return;
  g_assert_true (g_strcmp0 (type, "application/json") == 0 || g_strcmp0 (type, "application/problem+json") == 0);
  f->json = json_from_string (f->body, &error);
  g_assert_no_error (error);
}

static guint
ask_with (Fixture *f, const char *method, const char *target, const char *header, const char *value, const char *body)
{
  g_autoptr (SoupMessage) message = new_message (f, method, target, header, value, body);
  g_autoptr (GAsyncResult) result = NULL;

  soup_session_send_and_read_async (f->session, message, G_PRIORITY_DEFAULT, NULL, kr_test_store_result, &result);
  kr_test_wait_result (target, &result);
  take_answer (f, message, result);
  return f->status;
}

static guint
ask (Fixture *f, const char *method, const char *target)
{
  return ask_with (f, method, target, NULL, NULL, NULL);
}

static guint
post (Fixture *f, const char *target, const char *body)
{
  return ask_with (f, "POST", target, NULL, NULL, body);
}

static const char *
header (Fixture *f, const char *name)
{
  return soup_message_headers_get_list (soup_message_get_response_headers (f->message), name);
}

static JsonNode *
member (Fixture *f, const char *name)
{
  JsonNode *node = json_object_get_member (json_node_get_object (f->json), name);

  if (node == NULL)
    g_error ("there is no “%s” in %s", name, f->body);
  return node;
}

static const char *
text (Fixture *f, const char *name)
{
  return json_node_get_string (member (f, name));
}

static guint
count (Fixture *f)
{
  return json_array_get_length (json_node_get_array (f->json));
}

/* The path of a new task. */
static char *
create (Fixture *f, const char *body)
{
  g_assert_cmpuint (post (f, "/tasks", body), ==, 201);
  return g_strdup (header (f, "Location"));
}

static KrTaskJob *
find (Fixture *f, const char *path)
{
  KrTaskJob *job = kr_task_manager_lookup (f->manager, strrchr (path, '/') + 1);

  g_assert_nonnull (job);
  return job;
}

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
wait_state (Fixture *f, const char *path, KrTaskState state)
{
  g_autoptr (KrTaskJob) job = find (f, path);
  WaitState wait = { job, state };

  kr_test_wait (kr_task_state_to_string (state), has_state, &wait);
}

/* --- the REST form ------------------------------------------------------------------------------------------------ */

static void
test_create (Fixture *f, gconstpointer data)
{
  g_autofree char *path = create (f, "{\"kind\":\"sleep\",\"parameters\":{\"seconds\":5},\"title\":\"Nap\","
                                     "\"start\":false}");
  g_autofree char *expected = g_strconcat ("/tasks/", text (f, "id"), NULL);

  g_assert_cmpstr (path, ==, expected);
  g_assert_cmpstr (text (f, "kind"), ==, "sleep");
  g_assert_cmpstr (text (f, "title"), ==, "Nap");
  g_assert_cmpstr (text (f, "description"), ==, "");
  g_assert_cmpstr (text (f, "state"), ==, "created");
  g_assert_cmpstr (text (f, "cancelReason"), ==, "none");
  g_assert_true (json_node_get_boolean (member (f, "cancelable")));
  g_assert_false (json_node_get_boolean (member (f, "detached")));
  g_assert_true (JSON_NODE_HOLDS_NULL (member (f, "progress")));
  g_assert_cmpstr (text (f, "message"), ==, "");
  g_assert_true (g_str_has_suffix (text (f, "createdAt"), "Z"));
  g_assert_true (JSON_NODE_HOLDS_NULL (member (f, "startedAt")));
  g_assert_true (JSON_NODE_HOLDS_NULL (member (f, "finishedAt")));
  g_assert_true (JSON_NODE_HOLDS_NULL (member (f, "duration")));
  g_assert_true (JSON_NODE_HOLDS_NULL (member (f, "error")));
  g_assert_true (JSON_NODE_HOLDS_NULL (member (f, "parent")));
  g_assert_cmpuint (json_array_get_length (json_node_get_array (member (f, "children"))), ==, 0);
  g_assert_nonnull (header (f, "ETag"));
  g_assert_cmpstr (header (f, "X-Content-Type-Options"), ==, "nosniff");
}

static void
test_life (Fixture *f, gconstpointer data)
{
  g_autofree char *path = create (f, "{\"kind\":\"sleep\",\"start\":false}");
  g_autofree char *start = g_strconcat (path, "/start", NULL);
  g_autofree char *cancel = g_strconcat (path, "/cancel", NULL);
  g_autofree char *result = g_strconcat (path, "/result", NULL);
  g_autofree char *wait = g_strconcat (path, "?wait=30", NULL);

  g_assert_cmpuint (post (f, start, NULL), ==, 202);
  wait_state (f, path, KR_TASK_STATE_RUNNING);
  g_assert_cmpuint (post (f, start, NULL), ==, 409);
  g_assert_cmpstr (text (f, "state"), ==, "running");
  g_assert_cmpint (json_node_get_int (member (f, "status")), ==, 409);
  g_assert_cmpstr (text (f, "title"), ==, "Conflict");
  g_assert_cmpstr (soup_message_headers_get_content_type (soup_message_get_response_headers (f->message), NULL), ==,
                   "application/problem+json");
  g_assert_cmpuint (ask (f, "GET", result), ==, 409);
  g_assert_cmpstr (text (f, "state"), ==, "running");
  g_assert_cmpuint (ask (f, "DELETE", path), ==, 409);

  g_assert_cmpuint (post (f, cancel, "{\"reason\":\"enough\"}"), ==, 202);
  g_assert_cmpuint (ask (f, "GET", wait), ==, 200);
  g_assert_cmpstr (text (f, "state"), ==, "cancelled");
  g_assert_cmpstr (text (f, "cancelReason"), ==, "user");
  g_assert_cmpfloat (json_node_get_double (member (f, "progress")), ==, 0.25);
  g_assert_cmpfloat (json_node_get_double (member (f, "duration")), >=, 0);
  g_assert_cmpuint (post (f, cancel, NULL), ==, 409);
  g_assert_cmpstr (text (f, "state"), ==, "cancelled");
  g_assert_cmpuint (ask (f, "GET", result), ==, 409);
  g_assert_cmpuint (ask (f, "DELETE", path), ==, 204);
  g_assert_cmpstr (f->body, ==, "");
  g_assert_cmpuint (ask (f, "DELETE", path), ==, 404);
  g_assert_cmpuint (ask (f, "GET", path), ==, 404);
  g_assert_cmpuint (ask (f, "GET", result), ==, 404);
  g_assert_cmpuint (post (f, start, NULL), ==, 404);
  g_assert_cmpuint (post (f, cancel, NULL), ==, 404);
  g_assert_cmpuint (ask (f, "GET", "/tasks"), ==, 200);
  g_assert_cmpstr (f->body, ==, "[]");
}

static void
test_results (Fixture *f, gconstpointer data)
{
  g_autofree char *echo = create (f, "{\"kind\":\"echo\",\"parameters\":{\"a\":[1,\"x\"]}}");
  g_autofree char *fail = create (f, "{\"kind\":\"fail\"}");
  g_autofree char *async = create (f, "{\"kind\":\"async\"}");
  g_autofree char *command = create (f, "{\"kind\":\"command\"}");
  const struct { const char *path; KrTaskState state; guint status; const char *body; } cases[] = {
    { echo, KR_TASK_STATE_COMPLETED, 200, "{\"a\":[1,\"x\"]}" },
    { async, KR_TASK_STATE_COMPLETED, 200, "7" },
    { command, KR_TASK_STATE_COMPLETED, 200, NULL },
    { fail, KR_TASK_STATE_FAILED, 409, NULL },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *result = g_strconcat (cases[i].path, "/result", NULL);

      wait_state (f, cases[i].path, cases[i].state);
      g_assert_cmpuint (ask (f, "GET", result), ==, cases[i].status);
      if (cases[i].body != NULL)
        g_assert_cmpstr (f->body, ==, cases[i].body);
    }
  g_assert_cmpstr (text (f, "detail"), ==, "the disk is full");
  g_assert_cmpuint (ask (f, "GET", fail), ==, 200);
  g_assert_cmpstr (json_object_get_string_member (json_node_get_object (member (f, "error")), "message"), ==,
                   "the disk is full");
  g_assert_cmpuint (ask (f, "GET", "/tasks"), ==, 200);
  g_assert_cmpuint (count (f), ==, 4);
}

static void
test_refused (Fixture *f, gconstpointer data)
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
      g_assert_cmpuint (ask_with (f, cases[i].method, cases[i].target, NULL, NULL, cases[i].body), ==,
                        cases[i].status);
      g_assert_cmpint (json_node_get_int (member (f, "status")), ==, cases[i].status);
      if (cases[i].status == 405)
        g_assert_cmpstr (header (f, "Allow"), ==, "GET, HEAD, POST");
    }
  g_assert_cmpuint (g_list_model_get_n_items (G_LIST_MODEL (f->manager)), ==, 0);
}

static void
test_queue_full (Fixture *f, gconstpointer data)
{
  g_autofree char *first = NULL, *second = NULL;

  kr_task_manager_set_max_concurrent (f->manager, 1);
  g_object_set (f->manager, "max-queued", 1, NULL);
  first = create (f, "{\"kind\":\"sleep\"}");
  wait_state (f, first, KR_TASK_STATE_RUNNING);
  second = create (f, "{\"kind\":\"sleep\"}");
  g_assert_cmpuint (post (f, "/tasks", "{\"kind\":\"sleep\"}"), ==, 503);
  g_assert_cmpstr (header (f, "Retry-After"), ==, "1");
}

/* --- documents that have not changed, and waiting ----------------------------------------------------------------- */

static void
test_etag (Fixture *f, gconstpointer data)
{
  g_autofree char *path = create (f, "{\"kind\":\"sleep\",\"start\":false}");
  g_autofree char *tag = g_strdup (header (f, "ETag"));
  g_autofree char *list = g_strconcat ("\"x\", W/", tag, NULL);
  g_autofree char *cancel = g_strconcat (path, "/cancel", NULL);

  g_assert_cmpuint (ask (f, "GET", path), ==, 200);
  g_assert_cmpstr (header (f, "ETag"), ==, tag);
  g_assert_cmpstr (header (f, "Cache-Control"), ==, "private, no-cache");
  g_assert_cmpuint (ask_with (f, "GET", path, "If-None-Match", tag, NULL), ==, 304);
  g_assert_cmpstr (f->body, ==, "");
  g_assert_cmpstr (header (f, "ETag"), ==, tag);
  g_assert_cmpuint (ask_with (f, "GET", path, "If-None-Match", list, NULL), ==, 304);
  g_assert_cmpuint (ask_with (f, "GET", path, "If-None-Match", "*", NULL), ==, 304);
  g_assert_cmpuint (ask_with (f, "GET", path, "If-None-Match", "\"x\"", NULL), ==, 200);
  g_assert_cmpuint (post (f, cancel, NULL), ==, 202);
  g_assert_cmpuint (ask_with (f, "GET", path, "If-None-Match", tag, NULL), ==, 200);
  g_assert_cmpstr (header (f, "ETag"), !=, tag);
  g_assert_cmpuint (ask (f, "GET", "/tasks"), ==, 200);
  g_free (tag);
  tag = g_strdup (header (f, "ETag"));
  g_assert_cmpuint (ask_with (f, "GET", "/tasks", "If-None-Match", tag, NULL), ==, 304);
  g_assert_cmpuint (ask (f, "HEAD", path), ==, 200);
  g_assert_cmpstr (f->body, ==, "");
}

typedef struct
{
  SoupMessage *message;
  GAsyncResult *result;
} Pending;

static void
send (Fixture *f, Pending *pending, const char *target, const char *tag)
{
  pending->message = new_message (f, "GET", target, tag != NULL ? "If-None-Match" : NULL, tag, NULL);
  soup_session_send_and_read_async (f->session, pending->message, G_PRIORITY_DEFAULT, NULL, kr_test_store_result,
                                    &pending->result);
}

static void
receive (Fixture *f, Pending *pending)
{
  kr_test_wait_result ("the answer", &pending->result);
  take_answer (f, pending->message, pending->result);
  g_clear_object (&pending->message);
  g_clear_object (&pending->result);
}

static void
test_wait_end (Fixture *f, gconstpointer data)
{
  g_autofree char *path = create (f, "{\"kind\":\"sleep\"}");
  g_autofree char *wait = g_strconcat (path, "?wait=30", NULL);
  g_autofree char *other = g_strconcat (path, "?wait=0", NULL);
  g_autoptr (KrTaskJob) job = find (f, path);
  Pending pending = { NULL };

  wait_state (f, path, KR_TASK_STATE_RUNNING);
  send (f, &pending, wait, NULL);
  /* another request goes past it, and so shows that it waits */
  g_assert_cmpuint (ask (f, "GET", other), ==, 200);
  g_assert_cmpuint (ask (f, "GET", other), ==, 200);
  g_assert_null (pending.result);
  g_assert_true (kr_task_job_cancel (job, KR_TASK_CANCEL_REASON_USER, NULL, KR_TASK_CANCEL_NONE, NULL));
  receive (f, &pending);
  g_assert_cmpuint (f->status, ==, 200);
  g_assert_cmpstr (text (f, "state"), ==, "cancelled");
  /* the end has been: nothing to wait for */
  g_assert_cmpuint (ask (f, "GET", wait), ==, 200);
}

static void
test_wait_change (Fixture *f, gconstpointer data)
{
  g_autofree char *path = create (f, "{\"kind\":\"sleep\",\"start\":false}");
  g_autofree char *tag = g_strdup (header (f, "ETag"));
  g_autofree char *wait = g_strconcat (path, "?wait=30", NULL);
  g_autofree char *start = g_strconcat (path, "/start", NULL);
  Pending pending = { NULL };

  send (f, &pending, wait, tag);
  g_assert_cmpuint (ask (f, "GET", "/tasks"), ==, 200);
  g_assert_null (pending.result);
  g_assert_cmpuint (post (f, start, NULL), ==, 202);
  receive (f, &pending);
  g_assert_cmpuint (f->status, ==, 200);
  g_assert_cmpstr (header (f, "ETag"), !=, tag);
  g_assert_cmpstr (text (f, "state"), !=, "created");
  /* who has seen something else need not wait */
  g_assert_cmpuint (ask_with (f, "GET", wait, "If-None-Match", tag, NULL), ==, 200);
}

static void
test_wait_deadline (Fixture *f, gconstpointer data)
{
  g_autofree char *path = create (f, "{\"kind\":\"sleep\",\"start\":false}");
  g_autofree char *tag = g_strdup (header (f, "ETag"));
  g_autofree char *wait = g_strconcat (path, "?wait=30", NULL);
  gint64 before = g_get_monotonic_time ();

  g_assert_cmpuint (ask (f, "GET", wait), ==, 200);
  g_assert_cmpint (g_get_monotonic_time () - before, >=, 900 * G_TIME_SPAN_MILLISECOND);
  g_assert_cmpstr (text (f, "state"), ==, "created");
  g_assert_cmpuint (ask_with (f, "GET", wait, "If-None-Match", tag, NULL), ==, 304);
}

/* One may wait; the next one is told what there is. */
static void
test_wait_many (Fixture *f, gconstpointer data)
{
  g_autofree char *path = create (f, "{\"kind\":\"sleep\",\"start\":false}");
  g_autofree char *wait = g_strconcat (path, "?wait=30", NULL);
  Pending first = { NULL }, second = { NULL };
  gint64 before = g_get_monotonic_time ();

  send (f, &first, wait, NULL);
  send (f, &second, wait, NULL);
  while (first.result == NULL && second.result == NULL)
    g_main_context_iteration (NULL, TRUE);
  g_assert_true (first.result == NULL || second.result == NULL);
  receive (f, &first);
  receive (f, &second);
  g_assert_cmpint (g_get_monotonic_time () - before, >=, 900 * G_TIME_SPAN_MILLISECOND);
  /* the place is free again */
  before = g_get_monotonic_time ();
  g_assert_cmpuint (ask (f, "GET", wait), ==, 200);
  g_assert_cmpint (g_get_monotonic_time () - before, >=, 900 * G_TIME_SPAN_MILLISECOND);
}

/* The server ends while somebody waits: nothing is left over, as the sanitizers see. */
static void
test_wait_stopped (Fixture *f, gconstpointer data)
{
  g_autofree char *path = create (f, "{\"kind\":\"sleep\"}");
  g_autofree char *wait = g_strconcat (path, "?wait=30", NULL);
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (SoupMessage) message = new_message (f, "GET", wait, NULL, NULL, NULL);
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;

  soup_session_send_and_read_async (f->session, message, G_PRIORITY_DEFAULT, cancellable, kr_test_store_result,
                                    &result);
  g_assert_cmpuint (ask (f, "GET", "/tasks"), ==, 200);
  g_cancellable_cancel (cancellable);
  kr_test_wait_result ("the end of the request", &result);
  g_assert_null (soup_session_send_and_read_finish (f->session, result, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
}

/* A client that asks to wait for long; behind its request there is more that nobody reads before the answer. */
static GSocketConnection *
connect_and_wait (Fixture *f, const char *path)
{
  g_autofree char *request = g_strdup_printf ("GET %s?wait=50 HTTP/1.1\r\nHost: x\r\n\r\nGET / HTTP/1.1\r\n", path);
  g_autoptr (GSocketClient) client = g_socket_client_new ();
  g_autoptr (GUri) uri = g_uri_parse (f->base, G_URI_FLAGS_NONE, NULL);
  GSocketConnection *connection =
    g_socket_client_connect_to_host (client, "127.0.0.1", (guint16) g_uri_get_port (uri), NULL, NULL);

  g_assert_nonnull (connection);
  g_assert_true (g_output_stream_write_all (g_io_stream_get_output_stream (G_IO_STREAM (connection)), request,
                                            strlen (request), NULL, NULL, NULL));
  return connection;
}

/* Whether a request that may wait for a second is answered sooner, since the only place is taken. */
static gboolean
is_turned_away (Fixture *f, const char *path)
{
  g_autofree char *wait = g_strconcat (path, "?wait=1", NULL);
  gint64 before = g_get_monotonic_time ();

  g_assert_cmpuint (ask (f, "GET", wait), ==, 200);
  return g_get_monotonic_time () - before < 900 * G_TIME_SPAN_MILLISECOND;
}

/* Who goes away while waiting leaves the only place to the next one. */
static void
test_wait_gone (Fixture *f, gconstpointer data)
{
  g_autofree char *path = create (f, "{\"kind\":\"sleep\",\"start\":false}");
  g_autoptr (GSocketConnection) connection = connect_and_wait (f, path);
  gint64 deadline = g_get_monotonic_time () + KR_TEST_DEADLINE * G_USEC_PER_SEC;

  while (!is_turned_away (f, path))
    {
      g_assert_cmpint (g_get_monotonic_time (), <, deadline);
      /* we may have been first, and it was turned away */
      if (!g_socket_condition_check (g_socket_connection_get_socket (connection), G_IO_IN))
        continue;
      g_object_unref (connection);
      connection = connect_and_wait (f, path);
    }
  g_assert_true (g_io_stream_close (G_IO_STREAM (connection), NULL, NULL));
  while (is_turned_away (f, path))
    g_assert_cmpint (g_get_monotonic_time (), <, deadline);
}

/* --- held tasks, and the end of all -------------------------------------------------------------------------------- */

static void
test_held (Fixture *f, gconstpointer data)
{
  g_autofree char *path = create (f, "{\"kind\":\"hold\"}");
  g_autofree char *cancel = g_strconcat (path, "/cancel", NULL);
  g_autofree char *wait = g_strconcat (path, "?wait=30", NULL);

  while (ask (f, "GET", path) == 200 && json_node_get_boolean (member (f, "cancelable")))
    ;
  g_assert_cmpuint (post (f, cancel, NULL), ==, 409);
  g_assert_cmpstr (text (f, "state"), ==, "running");
  g_assert_cmpuint (post (f, cancel, "{\"defer\":true}"), ==, 202);
  g_assert_cmpstr (text (f, "state"), ==, "running");
  g_atomic_int_set (&go, TRUE);
  g_assert_cmpuint (ask (f, "GET", wait), ==, 200);
  g_assert_cmpstr (text (f, "state"), ==, "cancelled");
}

static void
test_shutting_down (Fixture *f, gconstpointer data)
{
  g_autoptr (GAsyncResult) result = NULL;

  kr_task_manager_shutdown_async (f->manager, G_USEC_PER_SEC, NULL, kr_test_store_result, &result);
  g_assert_cmpuint (post (f, "/tasks", "{\"kind\":\"sleep\"}"), ==, 503);
  g_assert_cmpuint (post (f, "/tasks/run/sleep", NULL), ==, 503);
  g_assert_cmpuint (ask (f, "GET", "/tasks"), ==, 200);
  kr_test_wait_result ("the end", &result);
}

/* --- the routes of the sample ------------------------------------------------------------------------------------- */

static char *
target (const char *action, const char *id)
{
  return g_strdup_printf ("/tasks/%s?id=%s", action, id);
}

static guint
post_action (Fixture *f, const char *action, const char *id)
{
  g_autofree char *path = target (action, id);

  return post (f, path, NULL);
}

static guint
get_action (Fixture *f, const char *action, const char *id)
{
  g_autofree char *path = target (action, id);

  return ask (f, "GET", path);
}

static void
test_sample_life (Fixture *f, gconstpointer data)
{
  g_autofree char *id = NULL, *path = NULL;

  g_assert_cmpuint (post (f, "/tasks/create/sleep?seconds=5", NULL), ==, 200);
  id = g_strdup (text (f, "id"));
  path = g_strconcat ("/tasks/", id, NULL);
  g_assert_cmpstr (text (f, "language"), ==, "sleep");

  g_assert_cmpuint (get_action (f, "state", id), ==, 200);
  g_assert_cmpstr (text (f, "Id"), ==, id);
  g_assert_cmpstr (text (f, "Name"), ==, "Sleep of 5 s");
  g_assert_cmpstr (text (f, "Description"), ==, "");
  g_assert_cmpint (json_node_get_int (member (f, "State")), ==, 0);
  g_assert_cmpstr (text (f, "StateText"), ==, "NotStarted");
  g_assert_true (JSON_NODE_HOLDS_NULL (member (f, "StartedAt")));
  g_assert_true (JSON_NODE_HOLDS_NULL (member (f, "CompletedAt")));
  g_assert_cmpfloat (json_node_get_double (member (f, "Duration")), ==, 0);
  g_assert_cmpstr (json_object_get_string_member (json_node_get_object (member (f, "Progress")), "StatusMessage"), ==,
                   "Not started");
  g_assert_cmpint (json_object_get_int_member (json_node_get_object (member (f, "Progress")), "PercentComplete"), ==,
                   0);
  g_assert_cmpstr (text (f, "ParentId"), ==, "");
  g_assert_cmpuint (json_array_get_length (json_node_get_array (member (f, "ChildrenId"))), ==, 0);

  g_assert_cmpuint (post_action (f, "start", id), ==, 202);
  g_assert_true (json_node_get_boolean (member (f, "started")));
  g_assert_cmpstr (text (f, "id"), ==, id);
  wait_state (f, path, KR_TASK_STATE_RUNNING);
  g_assert_cmpuint (post_action (f, "start", id), ==, 409);
  g_assert_false (json_node_get_boolean (member (f, "started")));
  g_assert_cmpuint (get_action (f, "result", id), ==, 409);
  g_assert_cmpstr (text (f, "error"), ==, "Task is not in a completed state");
  g_assert_cmpuint (post_action (f, "remove", id), ==, 409);
  g_assert_false (json_node_get_boolean (member (f, "removed")));

  g_assert_cmpuint (post_action (f, "cancel", id), ==, 202);
  g_assert_true (json_node_get_boolean (member (f, "cancelled")));
  wait_state (f, path, KR_TASK_STATE_CANCELLED);
  g_assert_cmpuint (post_action (f, "cancel", id), ==, 409);
  g_assert_false (json_node_get_boolean (member (f, "cancelled")));
  g_assert_cmpuint (get_action (f, "state", id), ==, 200);
  g_assert_cmpint (json_node_get_int (member (f, "State")), ==, 4);
  g_assert_cmpstr (text (f, "StateText"), ==, "Stopped");
  g_assert_cmpint (json_object_get_int_member (json_node_get_object (member (f, "Progress")), "PercentComplete"), ==,
                   25);
  g_assert_cmpuint (ask (f, "GET", "/tasks/list"), ==, 200);
  g_assert_cmpuint (count (f), ==, 1);
  g_assert_cmpuint (post_action (f, "remove", id), ==, 200);
  g_assert_true (json_node_get_boolean (member (f, "removed")));
  g_assert_cmpuint (post_action (f, "remove", id), ==, 404);
  g_assert_false (json_node_get_boolean (member (f, "removed")));
  g_assert_cmpuint (post_action (f, "start", id), ==, 404);
  g_assert_false (json_node_get_boolean (member (f, "started")));
  g_assert_cmpuint (post_action (f, "cancel", id), ==, 404);
  g_assert_cmpuint (get_action (f, "state", id), ==, 404);
  g_assert_cmpstr (text (f, "error"), ==, "Task not found");
  g_assert_cmpuint (get_action (f, "result", id), ==, 404);
  g_assert_cmpuint (ask (f, "GET", "/tasks/list"), ==, 200);
  g_assert_cmpstr (f->body, ==, "[]");
}

static void
test_sample_run (Fixture *f, gconstpointer data)
{
  g_autofree char *id = NULL, *path = NULL;

  g_assert_cmpuint (post (f, "/tasks/run/echo?n=3&word=a+b", NULL), ==, 202);
  g_assert_true (json_node_get_boolean (member (f, "started")));
  id = g_strdup (text (f, "id"));
  path = g_strconcat ("/tasks/", id, NULL);
  wait_state (f, path, KR_TASK_STATE_COMPLETED);
  g_assert_cmpuint (get_action (f, "result", id), ==, 200);
  g_assert_cmpint (json_node_get_int (member (f, "n")), ==, 3);
  g_assert_cmpstr (text (f, "word"), ==, "a b");
  g_assert_cmpuint (get_action (f, "state", id), ==, 200);
  g_assert_cmpint (json_node_get_int (member (f, "State")), ==, 2);
  g_assert_true (g_str_has_suffix (text (f, "CompletedAt"), "Z"));
}

static void
test_sample_refused (Fixture *f, gconstpointer data)
{
  static const char *const posts[] = { "start", "cancel", "remove" };
  static const char *const gets[] = { "state", "result" };

  for (guint i = 0; i < G_N_ELEMENTS (posts); i++)
    {
      g_assert_cmpuint (post_action (f, posts[i], ""), ==, 400);
      g_assert_cmpstr (text (f, "error"), ==, "Missing 'id' query parameter");
      g_assert_cmpuint (get_action (f, posts[i], "x"), ==, 405);
      g_assert_cmpstr (header (f, "Allow"), ==, "POST");
    }
  for (guint i = 0; i < G_N_ELEMENTS (gets); i++)
    {
      g_assert_cmpuint (get_action (f, gets[i], ""), ==, 400);
      g_assert_cmpstr (text (f, "error"), ==, "Missing 'id' query parameter");
      g_assert_cmpuint (post_action (f, gets[i], "x"), ==, 405);
    }
  g_assert_cmpuint (ask (f, "GET", "/tasks/create/sleep"), ==, 405);
  g_assert_cmpuint (ask (f, "GET", "/tasks/run/sleep"), ==, 405);
  g_assert_cmpuint (post (f, "/tasks/run/unknown", NULL), ==, 404);
  g_assert_cmpuint (post (f, "/tasks/run/sleep?seconds=0", NULL), ==, 400);
  g_assert_cmpstr (text (f, "error"), ==, "“seconds” must be a whole number from 1 to 600");
  g_assert_cmpuint (post (f, "/tasks/run/sleep?seconds=1&seconds=2", NULL), ==, 400);
  g_assert_cmpuint (g_list_model_get_n_items (G_LIST_MODEL (f->manager)), ==, 0);
}

/* --- who may ------------------------------------------------------------------------------------------------------ */

/* Every target, with every method: nothing but a POST or a DELETE gets as far as the guard, and nothing without one
 * changes anything. */
static void
test_unguarded (Fixture *f, gconstpointer data)
{
  static const char *const methods[] = { "GET", "HEAD", "POST", "DELETE", "PUT", "PATCH", "OPTIONS" };
  static const char *const targets[] = { "/tasks", "/tasks/ID", "/tasks/ID/start", "/tasks/ID/cancel",
                                         "/tasks/ID/result", "/tasks/create/sleep", "/tasks/run/sleep", "/tasks/start?id=ID",
                                         "/tasks/cancel?id=ID", "/tasks/remove?id=ID", "/tasks/state?id=ID",
                                         "/tasks/result?id=ID", "/tasks/list" };
  g_autoptr (KrTaskJob) job = kr_task_job_new ("sleep", "Sleep");
  guint n_refused = 0;

  kr_task_job_set_func (job, body_sleep, NULL, NULL);
  kr_task_job_set_autostart (job, FALSE);
  g_assert_true (kr_task_manager_submit (f->manager, job, NULL));
  for (guint i = 0; i < G_N_ELEMENTS (targets); i++)
    for (guint k = 0; k < G_N_ELEMENTS (methods); k++)
      {
        g_autoptr (GString) path = g_string_new (targets[i]);

        g_string_replace (path, "ID", kr_task_job_get_id (job), 0);
        if (ask_with (f, methods[k], path->str, NULL, NULL, "{\"kind\":\"sleep\"}") != 403)
          continue;
        g_assert_true (g_str_equal (methods[k], "POST") || g_str_equal (methods[k], "DELETE"));
        n_refused++;
      }
  g_assert_cmpuint (n_refused, ==, 9);
  g_assert_cmpint (kr_task_job_get_state (job), ==, KR_TASK_STATE_CREATED);
  g_assert_cmpuint (g_list_model_get_n_items (G_LIST_MODEL (f->manager)), ==, 1);
}

static void
test_guard (Fixture *f, gconstpointer data)
{
  const char *body = "{\"kind\":\"sleep\"}";

  g_assert_cmpuint (post (f, "/tasks", body), ==, 403);
  g_assert_cmpuint (ask_with (f, "POST", "/tasks", "X-Token", "wrong", body), ==, 403);
  g_assert_cmpstr (text (f, "title"), ==, "Forbidden");
  g_assert_cmpuint (ask_with (f, "POST", "/tasks", "X-Token", "teapot", body), ==, 418);
  /* a guard stands before the body is looked at */
  g_assert_cmpuint (post (f, "/tasks", "{"), ==, 403);
  g_assert_cmpuint (ask_with (f, "POST", "/tasks", "X-Token", "right", "{"), ==, 400);
  g_assert_cmpuint (ask (f, "GET", "/tasks"), ==, 200);
  g_assert_cmpuint (count (f), ==, 0);
  g_assert_cmpuint (ask_with (f, "POST", "/tasks", "X-Token", "right", body), ==, 201);
}

static void
test_users (Fixture *f, gconstpointer data)
{
  static const struct { const char *user; guint get, cancel, list; } cases[] = {
    { "bob", 404, 404, 0 }, { "auditor", 200, 403, 1 }, { "alice", 200, 202, 1 },
  };
  const char *body = "{\"kind\":\"sleep\"}";
  g_autofree char *path = NULL, *cancel = NULL;

  g_assert_cmpuint (post (f, "/tasks", body), ==, 403);
  g_assert_cmpuint (ask_with (f, "POST", "/tasks", "X-User", "alice", body), ==, 201);
  path = g_strdup (header (f, "Location"));
  cancel = g_strconcat (path, "/cancel", NULL);
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_assert_cmpuint (ask_with (f, "GET", path, "X-User", cases[i].user, NULL), ==, cases[i].get);
      g_assert_cmpuint (ask_with (f, "GET", "/tasks", "X-User", cases[i].user, NULL), ==, 200);
      g_assert_cmpuint (count (f), ==, cases[i].list);
      g_assert_cmpuint (ask_with (f, "DELETE", path, "X-User", cases[i].user, NULL), ==,
                        cases[i].get == 404 ? 404 : cases[i].cancel == 403 ? 403 : 409);
      g_assert_cmpuint (ask_with (f, "POST", cancel, "X-User", cases[i].user, NULL), ==, cases[i].cancel);
    }
}

/* --- bodies that are too long ------------------------------------------------------------------------------------- */

static void
test_huge (Fixture *f, gconstpointer data)
{
  g_autofree char *fits = g_strdup_printf ("{\"kind\":\"sleep\",\"title\":\"%0*d\"}", 1000 - 27, 0);
  g_autofree char *longer = g_strdup_printf ("{\"kind\":\"sleep\",\"title\":\"%0*d\"}", 1001 - 27, 0);

  g_assert_cmpuint (strlen (fits), ==, 1000);
  g_assert_cmpuint (post (f, "/tasks", fits), ==, 201);
  g_assert_cmpuint (post (f, "/tasks", longer), ==, 413);
  g_assert_cmpuint (post (f, "/tasks", fits), ==, 201);
  g_assert_cmpuint (g_list_model_get_n_items (G_LIST_MODEL (f->manager)), ==, 2);
}

/* Without a length nobody knows beforehand. */
static void
test_huge_chunked (Fixture *f, gconstpointer data)
{
  g_autofree char *spaces = g_strnfill (100000, ' ');
  g_autoptr (SoupMessage) message = new_message (f, "POST", "/tasks", NULL, NULL, NULL);
  g_autoptr (GInputStream) stream = g_memory_input_stream_new_from_data (spaces, 100000, NULL);
  g_autoptr (GAsyncResult) result = NULL;

  soup_message_set_request_body (message, "application/json", stream, -1);
  soup_message_headers_set_encoding (soup_message_get_request_headers (message), SOUP_ENCODING_CHUNKED);
  soup_session_send_and_read_async (f->session, message, G_PRIORITY_DEFAULT, NULL, kr_test_store_result, &result);
  kr_test_wait_result ("the answer", &result);
  take_answer (f, message, result);
  g_assert_cmpuint (f->status, ==, 413);
  g_assert_cmpuint (g_list_model_get_n_items (G_LIST_MODEL (f->manager)), ==, 0);
}

/* --- the feed ----------------------------------------------------------------------------------------------------- */

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
  g_autoptr (KrTaskJob) before = create_fail (NULL, NULL, NULL);
  g_autoptr (KrTaskJob) job = create_async (NULL, NULL, NULL);
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

#define ADD(name, setting, func) g_test_add ("/krtask-soup/routes/" name, Fixture, &setting, set_up, func, tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("create", open_setting, test_create);
  ADD ("life", open_setting, test_life);
  ADD ("life/same-thread", same_thread, test_life);
  ADD ("results", open_setting, test_results);
  ADD ("refused", open_setting, test_refused);
  ADD ("queue-full", open_setting, test_queue_full);
  ADD ("etag", open_setting, test_etag);
  ADD ("wait/end", open_setting, test_wait_end);
  ADD ("wait/end/same-thread", same_thread, test_wait_end);
  ADD ("wait/change", open_setting, test_wait_change);
  ADD ("wait/deadline", impatient, test_wait_deadline);
  ADD ("wait/many", impatient, test_wait_many);
  ADD ("wait/stopped", open_setting, test_wait_stopped);
  ADD ("wait/gone", narrow, test_wait_gone);
  ADD ("held", open_setting, test_held);
  ADD ("shutting-down", open_setting, test_shutting_down);
  ADD ("sample/life", open_setting, test_sample_life);
  ADD ("sample/run", open_setting, test_sample_run);
  ADD ("sample/refused", open_setting, test_sample_refused);
  ADD ("unguarded", closed, test_unguarded);
  ADD ("guard", with_guard, test_guard);
  ADD ("users", with_users, test_users);
  ADD ("huge", open_setting, test_huge);
  ADD ("huge-chunked", open_setting, test_huge_chunked);
  g_test_add_func ("/krtask-soup/feed", test_feed);
  return g_test_run ();
}
