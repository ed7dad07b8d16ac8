/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* How a task looks in JSON: the record of the sample, and the document of the REST form. */
#include "config.h"

#include "kr-task-soup-record-private.h"

#include <math.h>

static void
add_text (JsonBuilder *builder, const char *name, const char *text)
{
  json_builder_set_member_name (builder, name);
  if (text != NULL)
    json_builder_add_string_value (builder, text);
  else
    json_builder_add_null_value (builder);
}

static void
add_number (JsonBuilder *builder, const char *name, double number)
{
  json_builder_set_member_name (builder, name);
  if (isfinite (number))
    json_builder_add_double_value (builder, number);
  else
    json_builder_add_null_value (builder);
}

static void
add_integer (JsonBuilder *builder, const char *name, gint64 number)
{
  json_builder_set_member_name (builder, name);
  json_builder_add_int_value (builder, number);
}

static void
add_boolean (JsonBuilder *builder, const char *name, gboolean value)
{
  json_builder_set_member_name (builder, name);
  json_builder_add_boolean_value (builder, value);
}

/* A time of a task is µs since 1970, and 0 until it has come. */
static void
add_time (JsonBuilder *builder, const char *name, gint64 microseconds)
{
  g_autoptr (GDateTime) seconds = g_date_time_new_from_unix_utc (microseconds / G_USEC_PER_SEC);
  g_autoptr (GDateTime) time = g_date_time_add (seconds, microseconds % G_USEC_PER_SEC);
  g_autofree char *text = microseconds > 0 ? g_date_time_format_iso8601 (time) : NULL;

  add_text (builder, name, text);
}

static const char *
look_up_text (GVariant *status, const char *name, const char *otherwise)
{
  g_variant_lookup (status, name, "&s", &otherwise);
  return otherwise;
}

static gint64
look_up_time (GVariant *status, const char *name)
{
  gint64 time = 0;

  g_variant_lookup (status, name, "x", &time);
  return time;
}

static KrTaskState
look_up_state (GVariant *status)
{
  g_autoptr (GEnumClass) klass = g_type_class_ref (KR_TASK_TYPE_STATE);
  GEnumValue *value = g_enum_get_value_by_nick (klass, look_up_text (status, "state", ""));

  return value != NULL ? value->value : KR_TASK_STATE_CREATED;
}

/* --- the record of the sample ------------------------------------------------------------------------------------- */

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

/* Never blank, as the original has it. */
static void
add_sample_progress (JsonBuilder *builder, GVariant *status, KrTaskState state)
{
  const char *message = look_up_text (status, "message", "");
  double fraction = NAN;

  g_variant_lookup (status, "progress", "d", &fraction);
  if (message[0] == '\0')
    message = state == KR_TASK_STATE_CREATED || state == KR_TASK_STATE_QUEUED ? "Not started" : "Running";
  json_builder_set_member_name (builder, "Progress");
  json_builder_begin_object (builder);
  /* half to even, as the original rounds */
  add_integer (builder, "PercentComplete", isnan (fraction) ? 0 : (gint64) rint (fraction * 100));
  add_text (builder, "StatusMessage", message);
  json_builder_end_object (builder);
}

static void
add_children (JsonBuilder *builder, const char *name, KrTaskJob *job)
{
  GListModel *children = kr_task_job_get_children (job);

  json_builder_set_member_name (builder, name);
  json_builder_begin_array (builder);
  for (guint i = 0; i < g_list_model_get_n_items (children); i++)
    {
      g_autoptr (KrTaskJob) child = g_list_model_get_item (children, i);

      json_builder_add_string_value (builder, kr_task_job_get_id (child));
    }
  json_builder_end_array (builder);
}

/* private: in the main context that owns the job */
void
kr_task_soup_record_add (JsonBuilder *builder, KrTaskJob *job)
{
  g_autoptr (GVariant) status = kr_task_job_dup_status (job);
  KrTaskState state = look_up_state (status);
  const char *state_text;
  int number = number_of (state, &state_text);

  json_builder_begin_object (builder);
  add_text (builder, "Id", look_up_text (status, "id", ""));
  add_text (builder, "Name", look_up_text (status, "title", ""));
  add_text (builder, "Description", look_up_text (status, "description", ""));
  add_integer (builder, "State", number);
  add_text (builder, "StateText", state_text);
  add_time (builder, "StartedAt", look_up_time (status, "started-at"));
  add_time (builder, "CompletedAt", look_up_time (status, "finished-at"));
  add_number (builder, "Duration", (double) look_up_time (status, "duration") / G_USEC_PER_SEC);
  add_sample_progress (builder, status, state);
  add_text (builder, "ParentId", look_up_text (status, "parent", ""));
  add_children (builder, "ChildrenId", job);
  json_builder_end_object (builder);
}

/* --- the document of the REST form -------------------------------------------------------------------------------- */

/* It is what the last progress says: between two of them the document stays as it is. */
static void
add_remaining (JsonBuilder *builder, KrTaskJob *job, GVariant *status)
{
  gint64 eta = kr_task_progress_get_eta (kr_task_job_get_progress (job));
  gboolean over = kr_task_state_is_terminal (look_up_state (status));

  add_number (builder, "remaining", eta >= 0 && !over ? rint (eta / 1e3) / 1e3 : NAN);
}

static void
add_progress (JsonBuilder *builder, GVariant *status)
{
  const char *unit = look_up_text (status, "unit", "");
  guint64 done = 0, total = 0, rate = 0;
  double fraction = NAN;

  g_variant_lookup (status, "progress", "d", &fraction);
  g_variant_lookup (status, "done", "t", &done);
  g_variant_lookup (status, "total", "t", &total);
  g_variant_lookup (status, "rate", "t", &rate);
  add_number (builder, "progress", fraction);
  add_text (builder, "message", look_up_text (status, "message", ""));
  if (unit[0] == '\0')
    return;
  add_text (builder, "unit", unit);
  add_integer (builder, "done", (gint64) MIN (done, G_MAXINT64));
  add_integer (builder, "total", (gint64) MIN (total, G_MAXINT64));
  add_integer (builder, "rate", (gint64) MIN (rate, G_MAXINT64));
}

/* While a task runs its duration changes all the time, and would give every answer another ETag. */
static void
add_times (JsonBuilder *builder, GVariant *status)
{
  gboolean over = kr_task_state_is_terminal (look_up_state (status));

  add_time (builder, "createdAt", look_up_time (status, "created-at"));
  add_time (builder, "startedAt", look_up_time (status, "started-at"));
  add_time (builder, "finishedAt", look_up_time (status, "finished-at"));
  add_number (builder, "duration", over ? (double) look_up_time (status, "duration") / G_USEC_PER_SEC : NAN);
}

static void
add_error (JsonBuilder *builder, GVariant *status)
{
  const char *domain, *message;
  gint32 code;

  json_builder_set_member_name (builder, "error");
  if (!g_variant_lookup (status, "error", "(&si&s)", &domain, &code, &message))
    {
      json_builder_add_null_value (builder);
      return;
    }
  json_builder_begin_object (builder);
  add_text (builder, "domain", domain);
  add_integer (builder, "code", code);
  add_text (builder, "message", message);
  json_builder_end_object (builder);
}

static void
add_tags (JsonBuilder *builder, GVariant *status)
{
  g_autofree const char **tags = NULL;

  json_builder_set_member_name (builder, "tags");
  json_builder_begin_array (builder);
  g_variant_lookup (status, "tags", "^a&s", &tags);
  for (guint i = 0; tags != NULL && tags[i] != NULL; i++)
    json_builder_add_string_value (builder, tags[i]);
  json_builder_end_array (builder);
}

/* The members, within an object that is open. */
static void
add_members (JsonBuilder *builder, KrTaskJob *job, GVariant *status)
{
  gboolean cancellable = FALSE, detached = FALSE;

  g_variant_lookup (status, "cancellable", "b", &cancellable);
  g_variant_lookup (status, "detached", "b", &detached);
  add_text (builder, "id", look_up_text (status, "id", ""));
  add_text (builder, "kind", look_up_text (status, "kind", ""));
  add_text (builder, "title", look_up_text (status, "title", ""));
  add_text (builder, "description", look_up_text (status, "description", ""));
  add_tags (builder, status);
  add_text (builder, "state", look_up_text (status, "state", ""));
  add_text (builder, "cancelReason", look_up_text (status, "cancel-reason", "none"));
  add_boolean (builder, "cancelable", cancellable);
  add_boolean (builder, "detached", detached);
  add_progress (builder, status);
  add_remaining (builder, job, status);
  add_times (builder, status);
  add_error (builder, status);
  add_text (builder, "parent", look_up_text (status, "parent", NULL));
}

/* private: in the main context that owns the job */
void
kr_task_soup_document_add (JsonBuilder *builder, KrTaskJob *job)
{
  g_autoptr (GVariant) status = kr_task_job_dup_status (job);

  json_builder_begin_object (builder);
  add_members (builder, job, status);
  add_children (builder, "children", job);
  json_builder_end_object (builder);
}

/* private */
char *
kr_task_soup_builder_to_text (JsonBuilder *builder)
{
  g_autoptr (JsonNode) root = json_builder_get_root (builder);

  return json_to_string (root, FALSE);
}
