/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* The routes that start, cancel and show tasks; they run in the HTTP thread. */
#include "config.h"

#include "demo-task-routes.h"

#include <math.h>

#include "demo-csrf-filter.h"
#include "demo-http.h"
#include "demo-operation.h"


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

static void
on_start (SoupServer *server, SoupServerMessage *message, const char *path, GHashTable *query, gpointer user_data)
{
  DemoParts *parts = user_data;
  guint seconds = DEMO_OPERATION_DEFAULT_SECONDS;
  g_autoptr (KrTaskJob) job = NULL;
  g_autoptr (GError) error = NULL;

  if (!demo_csrf_filter_check (parts->protector, message))
    return;
  if (!demo_http_get_number (query, "seconds", 1, DEMO_OPERATION_MAX_SECONDS, &seconds))
    {
      demo_http_set_error (message, SOUP_STATUS_BAD_REQUEST, "seconds",
                           "The query parameter 'seconds' must be a whole number from 1 to "
                           G_STRINGIFY (DEMO_OPERATION_MAX_SECONDS));
      return;
    }
  job = demo_parts_create_operation (parts, seconds);
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

  if (!demo_csrf_filter_check (parts->protector, message))
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

/* --- showing --- */

/* The numbers and names of the original; what it has no name for is the nearest of them. */
static int
number_of (KrTaskState state, const char **text)
{
  static const struct { int number; const char *text; } names[] = {
    [KR_TASK_STATE_CREATED] = { 0, "NotStarted" },   [KR_TASK_STATE_QUEUED] = { 0, "NotStarted" },
    [KR_TASK_STATE_RUNNING] = { 1, "Running" },      [KR_TASK_STATE_CANCELLING] = { 5, "Stopping" },
    [KR_TASK_STATE_COMPLETED] = { 2, "Completed" },  [KR_TASK_STATE_FAILED] = { 3, "Failed" },
    [KR_TASK_STATE_CANCELLED] = { 4, "Stopped" },    [KR_TASK_STATE_TIMED_OUT] = { 4, "Stopped" },
  };

  *text = names[state].text;
  return names[state].number;
}

static void
add_text (JsonBuilder *builder, const char *name, const char *text)
{
  json_builder_set_member_name (builder, name);
  json_builder_add_string_value (builder, text);
}

/* A time of a task is µs since 1970, and 0 until it has come. */
static void
add_time (JsonBuilder *builder, const char *name, gint64 microseconds)
{
  g_autoptr (GDateTime) seconds = g_date_time_new_from_unix_utc (microseconds / G_USEC_PER_SEC);
  g_autoptr (GDateTime) time = g_date_time_add (seconds, microseconds % G_USEC_PER_SEC);
  g_autofree char *text = microseconds > 0 ? g_date_time_format_iso8601 (time) : NULL;

  json_builder_set_member_name (builder, name);
  if (text != NULL)
    json_builder_add_string_value (builder, text);
  else
    json_builder_add_null_value (builder);
}

static void
add_progress (JsonBuilder *builder, KrTaskProgress *progress)
{
  g_autofree char *message = NULL;
  double fraction = kr_task_progress_get (progress, &message);

  json_builder_set_member_name (builder, "Progress");
  json_builder_begin_object (builder);
  json_builder_set_member_name (builder, "PercentComplete");
  json_builder_add_int_value (builder, isnan (fraction) ? 0 : (gint64) rint (fraction * 100));
  add_text (builder, "StatusMessage", message != NULL ? message : "Not started");
  json_builder_end_object (builder);
}

static void
add_record (JsonBuilder *builder, KrTaskJob *job)
{
  const char *state_text;
  int state = number_of (kr_task_job_get_state (job), &state_text);
  g_autofree char *title = kr_task_job_dup_title (job);
  g_autofree char *description = kr_task_job_dup_description (job);

  json_builder_begin_object (builder);
  add_text (builder, "Id", kr_task_job_get_id (job));
  add_text (builder, "Name", title != NULL ? title : "");
  add_text (builder, "Description", description != NULL ? description : "");
  json_builder_set_member_name (builder, "State");
  json_builder_add_int_value (builder, state);
  add_text (builder, "StateText", state_text);
  add_time (builder, "StartedAt", kr_task_job_get_started_at (job));
  add_time (builder, "CompletedAt", kr_task_job_get_finished_at (job));
  json_builder_set_member_name (builder, "Duration");
  json_builder_add_double_value (builder, kr_task_job_get_duration (job) / (double) G_USEC_PER_SEC);
  add_progress (builder, kr_task_job_get_progress (job));
  add_text (builder, "ParentId", "");
  json_builder_set_member_name (builder, "ChildrenId");
  json_builder_begin_array (builder);
  json_builder_end_array (builder);
  json_builder_end_object (builder);
}

static void
on_state (SoupServer *server, SoupServerMessage *message, const char *path, GHashTable *query, gpointer user_data)
{
  DemoParts *parts = user_data;
  const char *id = get_id (query);
  g_autoptr (KrTaskJob) job = id != NULL ? kr_task_manager_lookup (parts->manager, id) : NULL;
  g_autoptr (JsonBuilder) builder = json_builder_new ();

  if (job != NULL)
    {
      add_record (builder, job);
      demo_http_set_json (message, SOUP_STATUS_OK, builder);
    }
  else if (id == NULL)
    demo_http_set_error (message, SOUP_STATUS_BAD_REQUEST, "id", "Missing 'id' query parameter");
  else
    demo_http_set_error (message, SOUP_STATUS_NOT_FOUND, NULL, "Task not found");
}

/* The list of tasks belongs to the thread of the manager: the request waits while somebody goes there and back. */
typedef struct
{
  GListModel *tasks;
  SoupServerMessage *message;
  GMainContext *context;      /* of the HTTP thread */
  JsonBuilder *builder;
} DemoListing;

static void
demo_listing_free (DemoListing *listing)
{
  g_object_unref (listing->tasks);
  g_object_unref (listing->message);
  g_main_context_unref (listing->context);
  g_object_unref (listing->builder);
  g_free (listing);
}

static gboolean
answer_listing (gpointer user_data)
{
  DemoListing *listing = user_data;

  demo_http_set_json (listing->message, SOUP_STATUS_OK, listing->builder);
  soup_server_message_unpause (listing->message);
  return G_SOURCE_REMOVE;
}

static gboolean
collect_listing (gpointer user_data)
{
  DemoListing *listing = user_data;
  guint n_tasks = g_list_model_get_n_items (listing->tasks);

  json_builder_begin_array (listing->builder);
  for (guint i = 0; i < n_tasks; i++)
    {
      g_autoptr (KrTaskJob) job = g_list_model_get_item (listing->tasks, i);

      add_record (listing->builder, job);
    }
  json_builder_end_array (listing->builder);
  g_main_context_invoke_full (listing->context, G_PRIORITY_DEFAULT, answer_listing, listing,
                              (GDestroyNotify) demo_listing_free);
  return G_SOURCE_REMOVE;
}

static void
on_list (SoupServer *server, SoupServerMessage *message, const char *path, GHashTable *query, gpointer user_data)
{
  DemoParts *parts = user_data;
  DemoListing *listing = g_new0 (DemoListing, 1);

  listing->tasks = g_object_ref (G_LIST_MODEL (parts->manager));
  listing->message = g_object_ref (message);
  listing->context = g_main_context_ref_thread_default ();
  listing->builder = json_builder_new ();
  soup_server_message_pause (message);
  g_main_context_invoke (kr_task_manager_get_owner (parts->manager), collect_listing, listing);
}

/**
 * demo_task_routes_add:
 * @server: a server
 * @parts: what the routes work with; must outlive @server
 *
 * Adds the routes of the tasks. Those that change something take POST only, and a token.
 */
void
demo_task_routes_add (SoupServer *server, DemoParts *parts)
{
  demo_http_add_route (server, "/api/operation/start", "POST", on_start, parts);
  demo_http_add_route (server, "/tasks/cancel", "POST", on_cancel, parts);
  demo_http_add_route (server, "/tasks/list", "GET, HEAD", on_list, parts);
  demo_http_add_route (server, "/tasks/state", "GET, HEAD", on_state, parts);
}
