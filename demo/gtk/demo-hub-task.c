/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* DemoHubTask: a task behind a hub, as the window shows it. */
#include "config.h"

#include "demo-hub-task.h"

#include <glib/gi18n.h>
#include <math.h>
#include <string.h>

struct _DemoHubTask
{
  DemoTask parent_instance;

  KrHubClient *client;
};

G_DEFINE_FINAL_TYPE (DemoHubTask, demo_hub_task, DEMO_TYPE_TASK)

/* --- what the hub says -------------------------------------------------------------------------------------------- */

static const char *
get_text (GVariant *status, const char *key)
{
  const char *text = NULL;

  g_variant_lookup (status, key, "&s", &text);
  return text;
}

/* JSON has one kind of number: 0.0 comes back as an integer. */
static double
get_number (GVariant *status, const char *key, double missing)
{
  g_autoptr (GVariant) value = g_variant_lookup_value (status, key, NULL);

  if (value == NULL)
    return missing;
  if (g_variant_is_of_type (value, G_VARIANT_TYPE_DOUBLE))
    return g_variant_get_double (value);
  if (g_variant_is_of_type (value, G_VARIANT_TYPE_UINT64))
    return g_variant_get_uint64 (value);
  return g_variant_is_of_type (value, G_VARIANT_TYPE_INT64) ? g_variant_get_int64 (value) : missing;
}

/* Times of this age of the world are far below 2^53 µs. */
static gint64
get_integer (GVariant *status, const char *key, gint64 missing)
{
  double number = get_number (status, key, missing);

  return number > -9007199254740992.0 && number < 9007199254740992.0 ? (gint64) number : missing;
}

/* ISO 8601, as JSON has it; µs since 1970, 0 for none. */
static gint64
get_time (GVariant *status, const char *key)
{
  const char *text = get_text (status, key);
  g_autoptr (GDateTime) time = text != NULL ? g_date_time_new_from_iso8601 (text, NULL) : NULL;

  return time != NULL ? g_date_time_to_unix (time) * G_USEC_PER_SEC + g_date_time_get_microsecond (time) : 0;
}

static const char *
get_error (GVariant *status)
{
  g_autoptr (GVariant) error = g_variant_lookup_value (status, "error", G_VARIANT_TYPE_VARDICT);

  /* the text is a part of @status */
  return error != NULL ? get_text (error, "message") : NULL;
}

static int
get_enum (GVariant *status, const char *key, GType type)
{
  g_autoptr (GEnumClass) klass = g_type_class_ref (type);
  const char *nick = get_text (status, key);
  const GEnumValue *value = nick != NULL ? g_enum_get_value_by_nick (klass, nick) : NULL;

  return value != NULL ? value->value : 0;
}

/**
 * demo_hub_task_update:
 * @self: a task
 * @status: what the hub says of it, an `a{sv}`: the document of `GET /tasks/{id}`
 *
 * Shows what the hub says.
 */
void
demo_hub_task_update (DemoHubTask *self, GVariant *status)
{
  gboolean cancelable = FALSE;
  double fraction = get_number (status, "progress", NAN);
  double remaining = get_number (status, "remaining", -1);

  g_variant_lookup (status, "cancelable", "b", &cancelable);
  demo_task_set_info (DEMO_TASK (self),
                      &(DemoTaskInfo) {
                        .id = get_text (status, "id"),
                        .kind = get_text (status, "kind"),
                        .title = get_text (status, "title"),
                        .description = get_text (status, "description"),
                        .message = get_text (status, "message"),
                        .unit = get_text (status, "unit"),
                        .error = get_error (status),
                        .state = get_enum (status, "state", KR_TASK_TYPE_STATE),
                        .cancel_reason = get_enum (status, "cancelReason", KR_TASK_TYPE_CANCEL_REASON),
                        .cancelable = cancelable,
                        .fraction = isnan (fraction) ? NAN : CLAMP (fraction, 0, 1),
                        .done = MAX (get_integer (status, "done", 0), 0),
                        .total = MAX (get_integer (status, "total", 0), 0),
                        .rate = MAX (get_integer (status, "rate", 0), 0),
                        .eta = remaining >= 0 && remaining < 1e9 ? (gint64) (remaining * G_USEC_PER_SEC) : -1,
                        .created_at = get_time (status, "createdAt"),
                        .started_at = get_time (status, "startedAt"),
                        .finished_at = get_time (status, "finishedAt"),
                      });
}

/* --- what is asked of it ------------------------------------------------------------------------------------------ */

GError *
demo_hub_task_unframe (GError *error)
{
  static const char frame[] = "HubException: ";
  const char *text = strstr (error->message, frame);
  GError *plain = NULL;

  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_NOT_CONNECTED))
    plain = g_error_new_literal (error->domain, error->code, _("the hub is out of reach"));
  else if (text != NULL)
    plain = g_error_new_literal (error->domain, error->code, text + strlen (frame));
  else
    return error;
  g_error_free (error);
  return plain;
}

static void
on_answered (GObject *client, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) call = user_data;
  GError *error = NULL;
  g_autoptr (GVariant) answer = kr_hub_client_invoke_finish (KR_HUB_CLIENT (client), result, &error);

  if (answer != NULL)
    g_task_return_boolean (call, TRUE);
  else
    g_task_return_error (call, demo_hub_task_unframe (error));
}

static void
ask (DemoTask *task, const char *method, gpointer tag, GCancellable *cancellable, GAsyncReadyCallback callback,
     gpointer user_data)
{
  GTask *call = g_task_new (task, cancellable, callback, user_data);

  g_task_set_source_tag (call, tag);
  /* the answer of the hub is the one that counts */
  g_task_set_check_cancellable (call, FALSE);
  kr_hub_client_invoke_async (DEMO_HUB_TASK (task)->client, method,
                              g_variant_new ("(s)", demo_task_get_info (task)->id), NULL, cancellable, on_answered, call);
}

static void
cancel_async (DemoTask *task, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  ask (task, "CancelTask", cancel_async, cancellable, callback, user_data);
}

static void
remove_async (DemoTask *task, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  ask (task, "RemoveTask", remove_async, cancellable, callback, user_data);
}

static gboolean
finish (DemoTask *task, GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}

static void
demo_hub_task_finalize (GObject *object)
{
  g_object_unref (DEMO_HUB_TASK (object)->client);
  G_OBJECT_CLASS (demo_hub_task_parent_class)->finalize (object);
}

static void
demo_hub_task_class_init (DemoHubTaskClass *klass)
{
  DemoTaskClass *task_class = DEMO_TASK_CLASS (klass);

  G_OBJECT_CLASS (klass)->finalize = demo_hub_task_finalize;
  task_class->cancel_async = cancel_async;
  task_class->cancel_finish = finish;
  task_class->remove_async = remove_async;
  task_class->remove_finish = finish;
}

static void
demo_hub_task_init (DemoHubTask *self)
{
}

/**
 * demo_hub_task_new:
 * @client: of the hub
 * @status: what the hub says of the task, an `a{sv}`
 *
 * Creates a task.
 *
 * Returns: (transfer full): a task
 */
DemoHubTask *
demo_hub_task_new (KrHubClient *client, GVariant *status)
{
  DemoHubTask *self = g_object_new (DEMO_TYPE_HUB_TASK, NULL);

  self->client = g_object_ref (client);
  demo_hub_task_update (self, status);
  return self;
}
