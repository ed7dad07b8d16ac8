/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* What a request does with the tasks, in the main context that owns them. */
#include "config.h"

#include <string.h>

#include "kr-task-soup-exchange-private.h"
#include "kr-task-soup-record-private.h"
#include "kr-task-soup-result-private.h"

typedef struct
{
  KrTaskSoupRoutes *routes;
  KrTaskManager *manager;
  const KrTaskSoupRequest *request;
  GVariant *identity;        /* NULL: nobody is asked whether the caller may */
  const char *if_none_match;
  KrTaskSoupAnswer *answer;
} Action;

static void
problem (Action *action, guint status, const char *detail)
{
  kr_task_soup_answer_set_problem (action->answer, action->request->sample, status, detail, NULL);
}

static guint
status_of (const GError *error)
{
  if (error->domain != KR_TASK_ERROR)
    return SOUP_STATUS_INTERNAL_SERVER_ERROR;
  switch ((KrTaskError) error->code)
    {
    case KR_TASK_ERROR_QUEUE_FULL:
    case KR_TASK_ERROR_SHUTTING_DOWN:
      return SOUP_STATUS_SERVICE_UNAVAILABLE;
    case KR_TASK_ERROR_NOT_AUTHORIZED:
      return SOUP_STATUS_FORBIDDEN;
    case KR_TASK_ERROR_NOT_FOUND:
      return SOUP_STATUS_NOT_FOUND;
    case KR_TASK_ERROR_INVALID:
      return SOUP_STATUS_UNPROCESSABLE_ENTITY;
    case KR_TASK_ERROR_ALREADY_CANCELLED:
    case KR_TASK_ERROR_ALREADY_FINISHED:
    case KR_TASK_ERROR_ALREADY_STARTED:
    case KR_TASK_ERROR_CONFLICT:
    case KR_TASK_ERROR_DEFERRED:
    case KR_TASK_ERROR_DETACHED:
    case KR_TASK_ERROR_HAS_CHILDREN:
    case KR_TASK_ERROR_NOT_CANCELLABLE:
    case KR_TASK_ERROR_NOT_FINISHED:
    default:
      return SOUP_STATUS_CONFLICT;
    }
}

static void
refuse (Action *action, KrTaskJob *job, const GError *error)
{
  const char *state = job != NULL ? kr_task_state_to_string (kr_task_job_get_state (job)) : NULL;

  kr_task_soup_answer_set_problem (action->answer, action->request->sample, status_of (error), error->message, state);
  action->answer->retry = action->answer->status == SOUP_STATUS_SERVICE_UNAVAILABLE;
}

static gboolean
may (Action *action, KrTaskJob *job, const char *what)
{
  return action->identity == NULL || kr_task_manager_authorize (action->manager, job, what, action->identity);
}

/* The task of the request, if there is one and the caller may; otherwise the answer says why not. */
static KrTaskJob *
find (Action *action, const char *what)
{
  g_autoptr (KrTaskJob) job = kr_task_manager_lookup (action->manager, action->request->id);

  if (job != NULL && may (action, job, what))
    return g_steal_pointer (&job);
  if (job == NULL || !may (action, job, "view"))
    problem (action, SOUP_STATUS_NOT_FOUND, "Task not found");
  else
    problem (action, SOUP_STATUS_FORBIDDEN, "Not authorized");
  return NULL;
}

/* --- answers ------------------------------------------------------------------------------------------------------ */

/* The sample says in one member whether it was done; what stood in the answer is replaced. */
static void
answer_sample (Action *action, guint status, const char *member, gboolean done)
{
  g_autoptr (JsonBuilder) builder = json_builder_new ();

  json_builder_begin_object (builder);
  json_builder_set_member_name (builder, member);
  json_builder_add_boolean_value (builder, done);
  json_builder_set_member_name (builder, "id");
  json_builder_add_string_value (builder, action->request->id);
  json_builder_end_object (builder);
  kr_task_soup_answer_clear (action->answer);
  action->answer->status = status;
  action->answer->body = kr_task_soup_builder_to_text (builder);
}

static char *
make_etag (const char *body)
{
  g_autofree char *hash = g_compute_checksum_for_string (G_CHECKSUM_SHA256, body, -1);

  return g_strdup_printf ("\"%.32s\"", hash);
}

/* RFC 9110, 13.1.2: any of the list, compared weakly; an asterisk is any document that there is. */
static gboolean
matches (const char *if_none_match, const char *etag)
{
  g_auto (GStrv) tags = if_none_match != NULL ? g_strsplit (if_none_match, ",", -1) : NULL;

  for (guint i = 0; tags != NULL && tags[i] != NULL; i++)
    {
      const char *tag = g_strstrip (tags[i]);

      if (g_str_has_prefix (tag, "W/"))
        tag += 2;
      if (g_str_equal (tag, "*") || g_str_equal (tag, etag))
        return TRUE;
    }
  return FALSE;
}

static void
answer_document (Action *action, guint status, char *body)
{
  action->answer->status = status;
  action->answer->etag = make_etag (body);
  action->answer->body = body;
  if (status != SOUP_STATUS_OK || !matches (action->if_none_match, action->answer->etag))
    return;
  action->answer->status = SOUP_STATUS_NOT_MODIFIED;
  g_clear_pointer (&action->answer->body, g_free);
}

static void
answer_job (Action *action, guint status, KrTaskJob *job)
{
  g_autoptr (JsonBuilder) builder = json_builder_new ();

  if (action->request->sample)
    kr_task_soup_record_add (builder, job);
  else
    kr_task_soup_document_add (builder, job);
  answer_document (action, status, kr_task_soup_builder_to_text (builder));
  if (action->request->sample)
    g_clear_pointer (&action->answer->etag, g_free);
}

/* --- what changes something --------------------------------------------------------------------------------------- */

static KrTaskJob *
make_job (Action *action)
{
  const KrTaskSoupRequest *request = action->request;
  g_autoptr (GError) error = NULL;
  KrTaskJob *job;

  if (!kr_task_soup_routes_has_kind (action->routes, request->kind))
    {
      problem (action, request->sample ? SOUP_STATUS_NOT_FOUND : SOUP_STATUS_UNPROCESSABLE_ENTITY,
               "There is no such kind of task");
      return NULL;
    }
  if (!may (action, NULL, "start"))
    {
      problem (action, SOUP_STATUS_FORBIDDEN, "Not authorized");
      return NULL;
    }
  job = kr_task_soup_routes_create (action->routes, request->kind, request->parameters, &error);
  if (job == NULL)
    problem (action, request->sample ? SOUP_STATUS_BAD_REQUEST : SOUP_STATUS_UNPROCESSABLE_ENTITY, error->message);
  return job;
}

static void
set_up_job (Action *action, KrTaskJob *job)
{
  const KrTaskSoupRequest *request = action->request;

  if (request->title != NULL)
    kr_task_job_set_title (job, request->title);
  if (request->key != NULL)
    kr_task_job_set_key (job, request->key, KR_TASK_CONFLICT_QUEUE);
  if (request->tags != NULL)
    kr_task_job_set_tags (job, (const char *const *) request->tags);
  if (request->priority != 0)
    kr_task_job_set_priority (job, request->priority);
  if (action->identity != NULL)
    kr_task_job_set_owner (job, action->identity);
  kr_task_job_set_autostart (job, request->sample ? request->action == KR_TASK_SOUP_ACTION_RUN : request->autostart);
}

static void
answer_created_sample (Action *action, KrTaskJob *job)
{
  gboolean run = action->request->action == KR_TASK_SOUP_ACTION_RUN;
  g_autoptr (JsonBuilder) builder = json_builder_new ();

  json_builder_begin_object (builder);
  json_builder_set_member_name (builder, "id");
  json_builder_add_string_value (builder, kr_task_job_get_id (job));
  json_builder_set_member_name (builder, run ? "started" : "language");
  if (run)
    json_builder_add_boolean_value (builder, TRUE);
  else
    json_builder_add_string_value (builder, action->request->kind);
  json_builder_end_object (builder);
  action->answer->status = run ? SOUP_STATUS_ACCEPTED : SOUP_STATUS_OK;
  action->answer->body = kr_task_soup_builder_to_text (builder);
}

static void
create (Action *action)
{
  g_autoptr (KrTaskJob) job = make_job (action);
  g_autoptr (GError) error = NULL;

  if (job == NULL)
    return;
  set_up_job (action, job);
  if (!kr_task_manager_submit (action->manager, job, &error))
    refuse (action, NULL, error);
  else if (action->request->sample)
    answer_created_sample (action, job);
  else
    {
      g_autofree char *id = g_uri_escape_string (kr_task_job_get_id (job), NULL, FALSE);

      answer_job (action, SOUP_STATUS_CREATED, job);
      action->answer->location = g_strdup_printf ("%s/%s", kr_task_soup_routes_get_path (action->routes), id);
    }
}

static void
start (Action *action)
{
  g_autoptr (KrTaskJob) job = find (action, "start");
  g_autoptr (GError) error = NULL;

  if (job != NULL && !kr_task_job_start (job, &error))
    refuse (action, job, error);
  else if (job != NULL)
    answer_job (action, SOUP_STATUS_ACCEPTED, job);
  if (action->request->sample)
    answer_sample (action, action->answer->status, "started", action->answer->status == SOUP_STATUS_ACCEPTED);
}

static void
cancel (Action *action)
{
  const KrTaskSoupRequest *request = action->request;
  g_autoptr (KrTaskJob) job = find (action, "cancel");
  g_autoptr (GError) error = NULL;

  if (job != NULL
      && !kr_task_job_cancel (job, KR_TASK_CANCEL_REASON_USER, request->reason,
                              request->defer ? KR_TASK_CANCEL_DEFER : KR_TASK_CANCEL_NONE, &error)
      && !g_error_matches (error, KR_TASK_ERROR, KR_TASK_ERROR_DEFERRED))
    refuse (action, job, error);
  else if (job != NULL)
    answer_job (action, SOUP_STATUS_ACCEPTED, job);
  if (request->sample)
    answer_sample (action, action->answer->status, "cancelled", action->answer->status == SOUP_STATUS_ACCEPTED);
}

static void
remove_job (Action *action)
{
  g_autoptr (KrTaskJob) job = find (action, "remove");
  g_autoptr (GError) error = NULL;

  if (job != NULL && !kr_task_manager_remove (action->manager, action->request->id, &error))
    refuse (action, job, error);
  else if (job != NULL)
    action->answer->status = action->request->sample ? SOUP_STATUS_OK : SOUP_STATUS_NO_CONTENT;
  if (action->request->sample)
    answer_sample (action, action->answer->status, "removed", action->answer->status == SOUP_STATUS_OK);
}

/* --- what only looks ---------------------------------------------------------------------------------------------- */

static void
list (Action *action)
{
  GListModel *tasks = G_LIST_MODEL (action->manager);
  g_autoptr (JsonBuilder) builder = json_builder_new ();

  json_builder_begin_array (builder);
  for (guint i = 0; i < g_list_model_get_n_items (tasks); i++)
    {
      g_autoptr (KrTaskJob) job = g_list_model_get_item (tasks, i);

      if (action->request->tag != NULL && !kr_task_job_has_tag (job, action->request->tag))
        continue;
      if (!may (action, job, "view"))
        continue;
      if (action->request->sample)
        kr_task_soup_record_add (builder, job);
      else
        kr_task_soup_document_add (builder, job);
    }
  json_builder_end_array (builder);
  answer_document (action, SOUP_STATUS_OK, kr_task_soup_builder_to_text (builder));
}

static void
result (Action *action)
{
  g_autoptr (KrTaskJob) job = find (action, "view");
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) value = NULL;

  if (job == NULL)
    return;
  value = kr_task_job_dup_result (job, &error);
  if (error == NULL)
    {
      action->answer->status = SOUP_STATUS_OK;
      action->answer->body = kr_task_soup_result_to_text (value);
      return;
    }
  kr_task_soup_answer_set_problem (action->answer, action->request->sample, SOUP_STATUS_CONFLICT,
                                   action->request->sample ? "Task is not in a completed state" : error->message,
                                   kr_task_state_to_string (kr_task_job_get_state (job)));
}

/* Waits while there is nothing new: for the end, or, for who has seen a document, for another one. */
static KrTaskJob *
look (Action *action)
{
  g_autoptr (KrTaskJob) job = find (action, "view");
  gboolean over;

  if (job == NULL)
    return NULL;
  /* before the document: an end in between is told of later, in this thread, and must not pass for one that is written */
  over = kr_task_state_is_terminal (kr_task_job_get_state (job));
  answer_job (action, SOUP_STATUS_OK, job);
  if (action->request->wait_us == 0 || over
      || (action->if_none_match != NULL && action->answer->status == SOUP_STATUS_OK))
    return NULL;
  return g_steal_pointer (&job);
}

/* private
 * kr_task_soup_perform:
 * @routes: the routes
 * @request: what is asked for
 * @identity: (nullable): who asks
 * @if_none_match: (nullable): the header
 * @answer: what to fill; empty before
 * @waits_for: (out) (nullable): the task for whose next change the request would rather wait
 *
 * Does what a request asks for.
 *
 * Returns: whether the request would rather wait
 */
gboolean
kr_task_soup_perform (KrTaskSoupRoutes *routes, const KrTaskSoupRequest *request, GVariant *identity,
                      const char *if_none_match, KrTaskSoupAnswer *answer, KrTaskJob **waits_for)
{
  Action action = { routes, kr_task_soup_routes_get_manager (routes), request, identity, if_none_match, answer };

  *waits_for = NULL;
  switch (request->action)
    {
    case KR_TASK_SOUP_ACTION_CREATE:
    case KR_TASK_SOUP_ACTION_RUN:
      create (&action);
      break;
    case KR_TASK_SOUP_ACTION_START:
      start (&action);
      break;
    case KR_TASK_SOUP_ACTION_CANCEL:
      cancel (&action);
      break;
    case KR_TASK_SOUP_ACTION_REMOVE:
      remove_job (&action);
      break;
    case KR_TASK_SOUP_ACTION_LIST:
      list (&action);
      break;
    case KR_TASK_SOUP_ACTION_RESULT:
      result (&action);
      break;
    case KR_TASK_SOUP_ACTION_STATE:
      *waits_for = look (&action);
      break;
    default:
      g_assert_not_reached ();
    }
  return *waits_for != NULL;
}
