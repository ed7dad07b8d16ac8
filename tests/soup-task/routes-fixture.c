/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* A real server with the routes, in a thread of its own or in that of the tasks, and a real client. */
#include "routes-fixture.h"

#include <string.h>

const RoutesSetting routes_open = { .own_thread = TRUE, .open = TRUE, .max_wait = 60, .max_waiting = 1000 };
const RoutesSetting routes_same_thread = { .open = TRUE, .max_wait = 60, .max_waiting = 1000 };
const RoutesSetting routes_closed = { .own_thread = TRUE, .max_wait = 60, .max_waiting = 1000 };
const RoutesSetting routes_with_guard = { .own_thread = TRUE, .guarded = TRUE, .max_wait = 60, .max_waiting = 1000 };
const RoutesSetting routes_with_users = { .own_thread = TRUE, .open = TRUE, .identify = TRUE, .max_wait = 60,
                                    .max_waiting = 1000 };
const RoutesSetting routes_narrow = { .own_thread = TRUE, .open = TRUE, .max_wait = 60, .max_waiting = 1 };
const RoutesSetting routes_impatient = { .own_thread = TRUE, .open = TRUE, .max_wait = 1, .max_waiting = 1 };

static int go; /* atomic: a body may go on */

void
routes_let_go (gboolean new_go)
{
  g_atomic_int_set (&go, new_go);
}

/* --- kinds -------------------------------------------------------------------------------------------------------- */

GVariant *
routes_body_sleep (KrTaskJob *job, GCancellable *cancellable, gpointer user_data, GError **error)
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
  kr_task_job_set_func (job, routes_body_sleep, NULL, NULL);
  return job;
}

static KrTaskJob *
create_echo (GVariant *parameters, gpointer user_data, GError **error)
{
  KrTaskJob *job = kr_task_job_new ("echo", "Echo");

  kr_task_job_set_func (job, body_echo, g_variant_ref (parameters), (GDestroyNotify) g_variant_unref);
  return job;
}

KrTaskJob *
routes_make_fail (GVariant *parameters, gpointer user_data, GError **error)
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

KrTaskJob *
routes_make_async (GVariant *parameters, gpointer user_data, GError **error)
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
add_routes (RoutesFixture *f)
{
  static const char *const command[] = { "true", NULL };

  f->routes = g_object_new (KR_TASK_SOUP_TYPE_ROUTES, "manager", f->manager, "allow-unguarded", f->setting->open,
                            "max-body-bytes", 1000, "max-wait", f->setting->max_wait, "max-waiting",
                            f->setting->max_waiting, NULL);
  kr_task_soup_routes_add_kind (f->routes, "sleep", create_sleep, NULL, NULL);
  kr_task_soup_routes_add_kind (f->routes, "echo", create_echo, NULL, NULL);
  kr_task_soup_routes_add_kind (f->routes, "fail", routes_make_fail, NULL, NULL);
  kr_task_soup_routes_add_kind (f->routes, "hold", create_hold, NULL, NULL);
  kr_task_soup_routes_add_kind (f->routes, "async", routes_make_async, NULL, NULL);
  kr_task_soup_routes_add_kind (f->routes, "nothing", create_nothing, NULL, NULL);
  kr_task_soup_routes_add_command (f->routes, "command", "A command", command);
  if (f->setting->guarded)
    g_signal_connect (f->routes, "guard", G_CALLBACK (on_guard), NULL);
  if (f->setting->identify)
    g_signal_connect (f->routes, "identify", G_CALLBACK (on_identify), NULL);
  kr_task_soup_routes_attach (f->routes, f->server, "/tasks");
}

static void
listen_here (RoutesFixture *f)
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
  RoutesFixture *f = data;

  g_main_context_push_thread_default (f->context);
  g_main_loop_run (f->loop);
  g_main_context_pop_thread_default (f->context);
  return NULL;
}

void
routes_set_up (RoutesFixture *f, gconstpointer data)
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
forget_answer (RoutesFixture *f)
{
  g_clear_object (&f->message);
  g_clear_pointer (&f->body, g_free);
  g_clear_pointer (&f->json, json_node_unref);
}

static gboolean
stop_server (gpointer data)
{
  RoutesFixture *f = data;

  soup_server_disconnect (f->server);
  if (f->loop != NULL)
    g_main_loop_quit (f->loop);
  return G_SOURCE_REMOVE;
}

void
routes_tear_down (RoutesFixture *f, gconstpointer data)
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

SoupMessage *
routes_new_message (RoutesFixture *f, const char *method, const char *target, const char *header, const char *value,
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

void
routes_take_answer (RoutesFixture *f, SoupMessage *message, GAsyncResult *result)
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

guint
routes_ask_with (RoutesFixture *f, const char *method, const char *target, const char *header, const char *value, const char *body)
{
  g_autoptr (SoupMessage) message = routes_new_message (f, method, target, header, value, body);
  g_autoptr (GAsyncResult) result = NULL;

  soup_session_send_and_read_async (f->session, message, G_PRIORITY_DEFAULT, NULL, kr_test_store_result, &result);
  kr_test_wait_result (target, &result);
  routes_take_answer (f, message, result);
  return f->status;
}

guint
routes_ask (RoutesFixture *f, const char *method, const char *target)
{
  return routes_ask_with (f, method, target, NULL, NULL, NULL);
}

guint
routes_post (RoutesFixture *f, const char *target, const char *body)
{
  return routes_ask_with (f, "POST", target, NULL, NULL, body);
}

const char *
routes_header (RoutesFixture *f, const char *name)
{
  return soup_message_headers_get_list (soup_message_get_response_headers (f->message), name);
}

JsonNode *
routes_member (RoutesFixture *f, const char *name)
{
  JsonNode *node = json_object_get_member (json_node_get_object (f->json), name);

  if (node == NULL)
    g_error ("there is no “%s” in %s", name, f->body);
  return node;
}

const char *
routes_text (RoutesFixture *f, const char *name)
{
  return json_node_get_string (routes_member (f, name));
}

guint
routes_count (RoutesFixture *f)
{
  return json_array_get_length (json_node_get_array (f->json));
}

/* The path of a new task. */
char *
routes_create (RoutesFixture *f, const char *body)
{
  g_assert_cmpuint (routes_post (f, "/tasks", body), ==, 201);
  return g_strdup (routes_header (f, "Location"));
}

KrTaskJob *
routes_find (RoutesFixture *f, const char *path)
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

void
routes_wait_state (RoutesFixture *f, const char *path, KrTaskState state)
{
  g_autoptr (KrTaskJob) job = routes_find (f, path);
  WaitState wait = { job, state };

  kr_test_wait (kr_task_state_to_string (state), has_state, &wait);
}
