/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* The routes that start, cancel and show tasks; they run in the HTTP thread. */
#include "config.h"

#include "demo-task-routes.h"

#include <krtask-soup.h>

#include "demo-http.h"

/* --- starting and cancelling --- */

static void
answer_action (SoupServerMessage *message, guint status, gboolean success, const char *id, const char *text)
{
  g_autoptr (JsonBuilder) builder = json_builder_new ();

  json_builder_begin_object (builder);
  json_builder_set_member_name (builder, "Success");
  json_builder_add_boolean_value (builder, success);
  json_builder_set_member_name (builder, "TaskId");
  json_builder_add_string_value (builder, id);
  json_builder_set_member_name (builder, "Message");
  json_builder_add_string_value (builder, text);
  json_builder_end_object (builder);
  demo_http_set_json (message, status, builder);
}

/* What does not is answered. */
static gboolean
passes (DemoParts *parts, SoupServerMessage *message)
{
  return parts->guard == NULL || kr_csrf_soup_guard_check (parts->guard, message);
}

/* Without a name it is the operation of the original sample. */
static gboolean
get_kind (GHashTable *query, DemoOperationKind *kind)
{
  const char *name = query != NULL ? g_hash_table_lookup (query, "kind") : NULL;

  *kind = DEMO_OPERATION_STEPS;
  return name == NULL || demo_operation_find (name, kind);
}

static void
on_start (SoupServer *server, SoupServerMessage *message, const char *path, GHashTable *query, gpointer user_data)
{
  DemoParts *parts = user_data;
  guint seconds = DEMO_OPERATION_DEFAULT_SECONDS;
  DemoOperationKind kind;
  g_autoptr (KrTaskJob) job = NULL;
  g_autoptr (GError) error = NULL;

  if (!passes (parts, message))
    return;
  if (!demo_http_get_number (query, "seconds", 1, DEMO_OPERATION_MAX_SECONDS, &seconds))
    {
      demo_http_set_error (message, SOUP_STATUS_BAD_REQUEST, "seconds",
                           "The query parameter 'seconds' must be a whole number from 1 to "
                           G_STRINGIFY (DEMO_OPERATION_MAX_SECONDS));
      return;
    }
  if (!get_kind (query, &kind))
    {
      demo_http_set_error (message, SOUP_STATUS_BAD_REQUEST, "kind",
                           "The query parameter 'kind' must be 'operation' or 'transfer'");
      return;
    }
  job = demo_parts_create_operation (parts, kind, seconds);
  if (kr_task_manager_submit (parts->manager, job, &error))
    answer_action (message, SOUP_STATUS_OK, TRUE, kr_task_job_get_id (job), "Task started");
  else
    answer_action (message, SOUP_STATUS_SERVICE_UNAVAILABLE, FALSE, kr_task_job_get_id (job), error->message);
}

/* The id of the request, or NULL. */
static const char *
get_id (GHashTable *query)
{
  const char *id = query != NULL ? g_hash_table_lookup (query, "id") : NULL;

  return id != NULL && *id != '\0' ? id : NULL;
}

/* One answer per case, where the original answers 200 to any id. */
static void
on_cancel (SoupServer *server, SoupServerMessage *message, const char *path, GHashTable *query, gpointer user_data)
{
  DemoParts *parts = user_data;
  const char *id = get_id (query);
  g_autoptr (KrTaskJob) job = NULL;
  g_autoptr (GError) error = NULL;

  if (!passes (parts, message))
    return;
  if (id == NULL)
    {
      demo_http_set_text (message, SOUP_STATUS_BAD_REQUEST, "application/json; charset=utf-8",
                          "{\"Error\":\"Missing id\"}");
      return;
    }
  job = kr_task_manager_lookup (parts->manager, id);
  if (job == NULL)
    answer_action (message, SOUP_STATUS_NOT_FOUND, FALSE, id, "Task not found");
  else if (kr_task_job_cancel (job, KR_TASK_CANCEL_REASON_USER, NULL, KR_TASK_CANCEL_NONE, &error))
    answer_action (message, SOUP_STATUS_OK, TRUE, id, "Cancel requested");
  else
    answer_action (message, SOUP_STATUS_CONFLICT, FALSE, id, error->message);
}

/* --- the routes of the library --- */

/* The same as for the routes above: it answers what it refuses. */
static gboolean
on_guard (KrTaskSoupRoutes *routes, SoupServerMessage *message, gpointer user_data)
{
  DemoParts *parts = user_data;

  return passes (parts, message);
}

static KrTaskJob *
create_operation (GVariant *parameters, gpointer user_data, GError **error)
{
  const DemoMaker *maker = user_data;
  gint64 seconds = DEMO_OPERATION_DEFAULT_SECONDS;

  if (!kr_task_soup_routes_take_integer (parameters, "seconds", 1, DEMO_OPERATION_MAX_SECONDS, &seconds, error))
    return NULL;
  return demo_parts_create_operation (maker->parts, maker->kind, (guint) seconds);
}

/**
 * demo_task_routes_add:
 * @server: a server
 * @parts: what the routes work with; must outlive @server
 *
 * Adds the routes of the tasks. Those that change something take POST or DELETE only, and a token.
 */
void
demo_task_routes_add (SoupServer *server, DemoParts *parts)
{
  g_autoptr (KrTaskSoupRoutes) routes = kr_task_soup_routes_new (parts->manager);

  g_signal_connect (routes, "guard", G_CALLBACK (on_guard), parts);
  for (guint i = 0; i < DEMO_OPERATION_N_KINDS; i++)
    kr_task_soup_routes_add_kind (routes, demo_operation_get_name (i), create_operation, &parts->makers[i], NULL);
  kr_task_soup_routes_attach (routes, server, "/tasks");
  /* what the Cancel page asks for, with the keys that it expects: the longer path goes first */
  demo_http_add_route (server, "/api/operation/start", "POST", on_start, parts);
  demo_http_add_route (server, "/tasks/cancel", "POST", on_cancel, parts);
}
