/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* KrTaskRemoteJob: a job of another program, as the bus shows it. */
#include "config.h"

#include <math.h>

#include "kr-task-progress-private.h"
#include "kr-task-remote-job-private.h"

/**
 * KrTaskRemoteJob:
 *
 * A job of another program, as the bus shows it.
 *
 * Its properties are named and typed as those of [class@KrTask.Job], so that one list can show both. It belongs to the
 * main context in which its [class@KrTask.BusClient] was made.
 *
 * Since: 0.1
 */
struct _KrTaskRemoteJob
{
  GObject parent_instance;

  KrTaskDBusTask1 *proxy;
  KrTaskProgress *progress; /* of no job: set and told from what the bus says */
};

typedef enum
{
  PROP_ID = 1,
  PROP_KIND,
  PROP_TITLE,
  PROP_DESCRIPTION,
  PROP_STATE,
  PROP_CANCEL_REASON,
  PROP_CANCELLABLE,
  PROP_DETACHED,
  PROP_POSITION,
  PROP_TAGS,
  PROP_CREATED_AT,
  PROP_STARTED_AT,
  PROP_FINISHED_AT,
  PROP_PROGRESS,
  PROP_ERROR,
  PROP_OBJECT_PATH,
} KrTaskRemoteJobProperty;

static GParamSpec *props[PROP_OBJECT_PATH + 1];

typedef enum
{
  SIGNAL_FINISHED,
} KrTaskRemoteJobSignal;

static guint signals[SIGNAL_FINISHED + 1];

G_DEFINE_FINAL_TYPE (KrTaskRemoteJob, kr_task_remote_job, G_TYPE_OBJECT)

/* What the property of the bus is called here; the rest is the affair of the progress. */
static const struct
{
  const char *name;
  KrTaskRemoteJobProperty property;
} names[] = {
  { "Title", PROP_TITLE },
  { "Description", PROP_DESCRIPTION },
  { "State", PROP_STATE },
  { "CancelReason", PROP_CANCEL_REASON },
  { "Cancelable", PROP_CANCELLABLE },
  { "Detached", PROP_DETACHED },
  { "Position", PROP_POSITION },
  { "Tags", PROP_TAGS },
  { "StartedAt", PROP_STARTED_AT },
  { "FinishedAt", PROP_FINISHED_AT },
  { "Error", PROP_ERROR },
};

/* A newer peer may know values that we do not. */
static int
enum_of_nick (GType type, const char *nick)
{
  g_autoptr (GEnumClass) klass = g_type_class_ref (type);
  GEnumValue *value = nick != NULL ? g_enum_get_value_by_nick (klass, nick) : NULL;

  return value != NULL ? value->value : 0;
}

static GError *
dup_error (KrTaskRemoteJob *self)
{
  GVariant *error = kr_task_dbus_task1_get_error (self->proxy);
  const char *name, *message;
  GError *decoded;

  if (error == NULL)
    return NULL;
  g_variant_get (error, "(&s&s)", &name, &message);
  if (name[0] == '\0')
    return NULL;
  decoded = g_dbus_error_new_for_dbus_error (name, message);
  g_dbus_error_strip_remote_error (decoded);
  return decoded;
}

static void
update_progress (KrTaskRemoteJob *self)
{
  KrTaskDBusTask1 *proxy = self->proxy;
  const char *unit = kr_task_dbus_task1_get_unit (proxy);
  double fraction = kr_task_dbus_task1_get_progress_valid (proxy) ? kr_task_dbus_task1_get_progress (proxy) : NAN;

  if (unit != NULL && unit[0] != '\0')
    kr_task_progress_set_units (self->progress, kr_task_dbus_task1_get_done (proxy),
                                kr_task_dbus_task1_get_total (proxy), unit);
  kr_task_progress_set (self->progress, fraction, kr_task_dbus_task1_get_message (proxy));
  kr_task_progress_flush (self->progress, 0);
}

static void
on_properties_changed (GDBusProxy *proxy, GVariant *changed, const char *const *invalidated, gpointer user_data)
{
  KrTaskRemoteJob *self = user_data;

  update_progress (self);
  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autoptr (GVariant) value = g_variant_lookup_value (changed, names[i].name, NULL);

      if (value != NULL)
        g_object_notify_by_pspec (G_OBJECT (self), props[names[i].property]);
    }
}

static void
on_finished (KrTaskDBusTask1 *proxy, const char *state, GVariant *info, gpointer user_data)
{
  g_signal_emit (user_data, signals[SIGNAL_FINISHED], 0);
}

static void
kr_task_remote_job_get_property (GObject *object, guint prop_id, GValue *value, GParamSpec *pspec)
{
  KrTaskRemoteJob *self = KR_TASK_REMOTE_JOB (object);

  switch ((KrTaskRemoteJobProperty) prop_id)
    {
    case PROP_ID:
      g_value_set_string (value, kr_task_dbus_task1_get_id (self->proxy));
      break;
    case PROP_KIND:
      g_value_set_string (value, kr_task_dbus_task1_get_kind (self->proxy));
      break;
    case PROP_TITLE:
      g_value_set_string (value, kr_task_dbus_task1_get_title (self->proxy));
      break;
    case PROP_DESCRIPTION:
      g_value_set_string (value, kr_task_dbus_task1_get_description (self->proxy));
      break;
    case PROP_STATE:
      g_value_set_enum (value, kr_task_remote_job_get_state (self));
      break;
    case PROP_CANCEL_REASON:
      g_value_set_enum (value, enum_of_nick (KR_TASK_TYPE_CANCEL_REASON,
                                             kr_task_dbus_task1_get_cancel_reason (self->proxy)));
      break;
    case PROP_CANCELLABLE:
      g_value_set_boolean (value, kr_task_dbus_task1_get_cancelable (self->proxy));
      break;
    case PROP_DETACHED:
      g_value_set_boolean (value, kr_task_dbus_task1_get_detached (self->proxy));
      break;
    case PROP_POSITION:
      g_value_set_uint (value, kr_task_dbus_task1_get_position (self->proxy));
      break;
    case PROP_TAGS:
      g_value_set_boxed (value, kr_task_dbus_task1_get_tags (self->proxy));
      break;
    case PROP_CREATED_AT:
      g_value_set_int64 (value, kr_task_dbus_task1_get_created_at (self->proxy));
      break;
    case PROP_STARTED_AT:
      g_value_set_int64 (value, kr_task_dbus_task1_get_started_at (self->proxy));
      break;
    case PROP_FINISHED_AT:
      g_value_set_int64 (value, kr_task_dbus_task1_get_finished_at (self->proxy));
      break;
    case PROP_PROGRESS:
      g_value_set_object (value, self->progress);
      break;
    case PROP_ERROR:
      g_value_take_boxed (value, dup_error (self));
      break;
    case PROP_OBJECT_PATH:
      g_value_set_string (value, kr_task_remote_job_get_object_path (self));
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
kr_task_remote_job_finalize (GObject *object)
{
  KrTaskRemoteJob *self = KR_TASK_REMOTE_JOB (object);

  g_signal_handlers_disconnect_by_data (self->proxy, self);
  g_object_unref (self->proxy);
  g_object_unref (self->progress);
  G_OBJECT_CLASS (kr_task_remote_job_parent_class)->finalize (object);
}

static void
install_properties (GObjectClass *object_class)
{
  GParamFlags flags = G_PARAM_READABLE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY;

  /**
   * KrTaskRemoteJob:id:
   *
   * The name of the job in its program.
   *
   * Since: 0.1
   */
  props[PROP_ID] = g_param_spec_string ("id", NULL, NULL, NULL, flags);
  /**
   * KrTaskRemoteJob:kind:
   *
   * What sort of job it is, for programs.
   *
   * Since: 0.1
   */
  props[PROP_KIND] = g_param_spec_string ("kind", NULL, NULL, NULL, flags);
  /**
   * KrTaskRemoteJob:title:
   *
   * What the job is, for people.
   *
   * Since: 0.1
   */
  props[PROP_TITLE] = g_param_spec_string ("title", NULL, NULL, NULL, flags);
  /**
   * KrTaskRemoteJob:description:
   *
   * More about the job, for people; may be empty.
   *
   * Since: 0.1
   */
  props[PROP_DESCRIPTION] = g_param_spec_string ("description", NULL, NULL, NULL, flags);
  /**
   * KrTaskRemoteJob:state: (getter get_state)
   *
   * The state, as last heard.
   *
   * Since: 0.1
   */
  props[PROP_STATE] = g_param_spec_enum ("state", NULL, NULL, KR_TASK_TYPE_STATE, KR_TASK_STATE_CREATED, flags);
  /**
   * KrTaskRemoteJob:cancel-reason:
   *
   * Why the job was cancelled.
   *
   * Since: 0.1
   */
  props[PROP_CANCEL_REASON] = g_param_spec_enum ("cancel-reason", NULL, NULL, KR_TASK_TYPE_CANCEL_REASON,
                                                 KR_TASK_CANCEL_REASON_NONE, flags);
  /**
   * KrTaskRemoteJob:cancellable:
   *
   * Whether a request to cancel would be accepted.
   *
   * Since: 0.1
   */
  props[PROP_CANCELLABLE] = g_param_spec_boolean ("cancellable", NULL, NULL, FALSE, flags);
  /**
   * KrTaskRemoteJob:detached:
   *
   * Whether the body still runs although the job has ended.
   *
   * Since: 0.1
   */
  props[PROP_DETACHED] = g_param_spec_boolean ("detached", NULL, NULL, FALSE, flags);
  /**
   * KrTaskRemoteJob:position:
   *
   * The place of the job in the queue, as last heard: 1 for the next one, 0 if it is not in the queue.
   *
   * Since: 0.1
   */
  props[PROP_POSITION] = g_param_spec_uint ("position", NULL, NULL, 0, G_MAXUINT, 0, flags);
  /**
   * KrTaskRemoteJob:tags:
   *
   * Words by which programs find the job; %NULL from a program that knows none.
   *
   * Since: 0.1
   */
  props[PROP_TAGS] = g_param_spec_boxed ("tags", NULL, NULL, G_TYPE_STRV, flags);
  /**
   * KrTaskRemoteJob:created-at:
   *
   * When the job was made: wall clock, µs since 1970.
   *
   * Since: 0.1
   */
  props[PROP_CREATED_AT] = g_param_spec_int64 ("created-at", NULL, NULL, 0, G_MAXINT64, 0, flags);
  /**
   * KrTaskRemoteJob:started-at:
   *
   * When the body began: wall clock, µs since 1970; 0 before.
   *
   * Since: 0.1
   */
  props[PROP_STARTED_AT] = g_param_spec_int64 ("started-at", NULL, NULL, 0, G_MAXINT64, 0, flags);
  /**
   * KrTaskRemoteJob:finished-at:
   *
   * When the job ended: wall clock, µs since 1970; 0 before.
   *
   * Since: 0.1
   */
  props[PROP_FINISHED_AT] = g_param_spec_int64 ("finished-at", NULL, NULL, 0, G_MAXINT64, 0, flags);
  /**
   * KrTaskRemoteJob:progress: (getter get_progress)
   *
   * How far the job is, as last heard.
   *
   * Since: 0.1
   */
  props[PROP_PROGRESS] = g_param_spec_object ("progress", NULL, NULL, KR_TASK_TYPE_PROGRESS, flags);
  /**
   * KrTaskRemoteJob:error:
   *
   * What the job ended with; %NULL before the end and after success.
   *
   * Since: 0.1
   */
  props[PROP_ERROR] = g_param_spec_boxed ("error", NULL, NULL, G_TYPE_ERROR, flags);
  /**
   * KrTaskRemoteJob:object-path: (getter get_object_path)
   *
   * Where the job is on the bus.
   *
   * Since: 0.1
   */
  props[PROP_OBJECT_PATH] = g_param_spec_string ("object-path", NULL, NULL, NULL, flags);
  g_object_class_install_properties (object_class, G_N_ELEMENTS (props), props);
}

static void
kr_task_remote_job_class_init (KrTaskRemoteJobClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->get_property = kr_task_remote_job_get_property;
  object_class->finalize = kr_task_remote_job_finalize;
  install_properties (object_class);

  /**
   * KrTaskRemoteJob::finished:
   * @self: the job
   *
   * The job has ended; its properties are up to date.
   *
   * Since: 0.1
   */
  signals[SIGNAL_FINISHED] = g_signal_new ("finished", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL, NULL,
                                           NULL, G_TYPE_NONE, 0);
}

static void
kr_task_remote_job_init (KrTaskRemoteJob *self)
{
  self->progress = kr_task_progress_new (NULL);
}

/* private */
KrTaskRemoteJob *
kr_task_remote_job_new (KrTaskDBusTask1 *proxy)
{
  KrTaskRemoteJob *self = g_object_new (KR_TASK_TYPE_REMOTE_JOB, NULL);

  self->proxy = g_object_ref (proxy);
  g_signal_connect (proxy, "g-properties-changed", G_CALLBACK (on_properties_changed), self);
  g_signal_connect (proxy, "finished", G_CALLBACK (on_finished), self);
  update_progress (self);
  return self;
}

/**
 * kr_task_remote_job_get_object_path: (get-property object-path)
 * @self: a remote job
 *
 * Gets where the job is on the bus.
 *
 * Returns: (transfer none): its object path
 *
 * Since: 0.1
 */
const char *
kr_task_remote_job_get_object_path (KrTaskRemoteJob *self)
{
  g_return_val_if_fail (KR_TASK_IS_REMOTE_JOB (self), NULL);

  return g_dbus_proxy_get_object_path (G_DBUS_PROXY (self->proxy));
}

/**
 * kr_task_remote_job_get_state: (get-property state)
 * @self: a remote job
 *
 * Gets the state, as last heard.
 *
 * Returns: the state
 *
 * Since: 0.1
 */
KrTaskState
kr_task_remote_job_get_state (KrTaskRemoteJob *self)
{
  g_return_val_if_fail (KR_TASK_IS_REMOTE_JOB (self), KR_TASK_STATE_CREATED);

  return enum_of_nick (KR_TASK_TYPE_STATE, kr_task_dbus_task1_get_state (self->proxy));
}

/**
 * kr_task_remote_job_get_progress: (get-property progress)
 * @self: a remote job
 *
 * Gets how far the job is, as last heard.
 *
 * Returns: (transfer none): the progress, the same one as long as @self lives
 *
 * Since: 0.1
 */
KrTaskProgress *
kr_task_remote_job_get_progress (KrTaskRemoteJob *self)
{
  g_return_val_if_fail (KR_TASK_IS_REMOTE_JOB (self), NULL);

  return self->progress;
}

/* --- calls -------------------------------------------------------------------------------------------------------- */

static void
on_reply (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  GError *error = NULL;
  GVariant *reply = g_dbus_proxy_call_finish (G_DBUS_PROXY (source), result, &error);

  if (reply != NULL)
    {
      g_task_return_pointer (task, reply, (GDestroyNotify) g_variant_unref);
      return;
    }
  g_dbus_error_strip_remote_error (error);
  g_task_return_error (task, error);
}

static void
call (KrTaskRemoteJob *self, const char *method, GVariant *arguments, gpointer tag, GCancellable *cancellable,
      GAsyncReadyCallback callback, gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (self, cancellable, callback, user_data);

  g_task_set_source_tag (task, tag);
  kr_task_error_quark ();
  g_dbus_proxy_call (G_DBUS_PROXY (self->proxy), method, arguments, G_DBUS_CALL_FLAGS_NONE, -1, cancellable, on_reply,
                     g_steal_pointer (&task));
}

static gboolean
call_finish (KrTaskRemoteJob *self, GAsyncResult *result, GError **error)
{
  g_autoptr (GVariant) reply = NULL;

  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);

  reply = g_task_propagate_pointer (G_TASK (result), error);
  return reply != NULL;
}

/**
 * kr_task_remote_job_cancel_async:
 * @self: a remote job
 * @text: (nullable): why, in words
 * @flags: what to do while the job is held
 * @cancellable: (nullable): stops the call, not the job
 * @callback: (scope async) (closure user_data): called with the answer
 * @user_data: its argument
 *
 * Asks a job to stop.
 *
 * Since: 0.1
 */
void
kr_task_remote_job_cancel_async (KrTaskRemoteJob *self, const char *text, KrTaskCancelFlags flags,
                                 GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  GVariantDict options;

  g_return_if_fail (KR_TASK_IS_REMOTE_JOB (self));

  g_variant_dict_init (&options, NULL);
  if (text != NULL)
    g_variant_dict_insert (&options, "reason", "s", text);
  if (flags & KR_TASK_CANCEL_DEFER)
    g_variant_dict_insert (&options, "defer", "b", TRUE);
  call (self, "Cancel", g_variant_new ("(@a{sv})", g_variant_dict_end (&options)), kr_task_remote_job_cancel_async,
        cancellable, callback, user_data);
}

/**
 * kr_task_remote_job_cancel_finish:
 * @self: a remote job
 * @result: what the callback was given
 * @error: return location for a #KrTaskError, as of [method@KrTask.Job.cancel], or what went wrong on the way
 *
 * Ends [method@KrTask.RemoteJob.cancel_async].
 *
 * Returns: %TRUE if the request was accepted
 *
 * Since: 0.1
 */
gboolean
kr_task_remote_job_cancel_finish (KrTaskRemoteJob *self, GAsyncResult *result, GError **error)
{
  return call_finish (self, result, error);
}

/**
 * kr_task_remote_job_dup_result_async:
 * @self: a remote job
 * @cancellable: (nullable): stops the call
 * @callback: (scope async) (closure user_data): called with the answer
 * @user_data: its argument
 *
 * Asks for the result of a job.
 *
 * Since: 0.1
 */
void
kr_task_remote_job_dup_result_async (KrTaskRemoteJob *self, GCancellable *cancellable, GAsyncReadyCallback callback,
                                     gpointer user_data)
{
  g_return_if_fail (KR_TASK_IS_REMOTE_JOB (self));

  call (self, "GetResult", NULL, kr_task_remote_job_dup_result_async, cancellable, callback, user_data);
}

/**
 * kr_task_remote_job_dup_result_finish:
 * @self: a remote job
 * @result: what the callback was given
 * @error: return location for %KR_TASK_ERROR_NOT_FINISHED, what the job ended with, or what went wrong on the way
 *
 * Ends [method@KrTask.RemoteJob.dup_result_async].
 *
 * Returns: (transfer full) (nullable): the result; an empty array of variants if that was nothing
 *
 * Since: 0.1
 */
GVariant *
kr_task_remote_job_dup_result_finish (KrTaskRemoteJob *self, GAsyncResult *result, GError **error)
{
  g_autoptr (GVariant) reply = NULL;
  GVariant *value = NULL;

  g_return_val_if_fail (g_task_is_valid (result, self), NULL);

  reply = g_task_propagate_pointer (G_TASK (result), error);
  if (reply != NULL)
    g_variant_get (reply, "(v)", &value);
  return value;
}

/**
 * kr_task_remote_job_remove_async:
 * @self: a remote job
 * @cancellable: (nullable): stops the call
 * @callback: (scope async) (closure user_data): called with the answer
 * @user_data: its argument
 *
 * Asks the program to forget a finished job.
 *
 * Since: 0.1
 */
void
kr_task_remote_job_remove_async (KrTaskRemoteJob *self, GCancellable *cancellable, GAsyncReadyCallback callback,
                                 gpointer user_data)
{
  g_return_if_fail (KR_TASK_IS_REMOTE_JOB (self));

  call (self, "Remove", NULL, kr_task_remote_job_remove_async, cancellable, callback, user_data);
}

/**
 * kr_task_remote_job_remove_finish:
 * @self: a remote job
 * @result: what the callback was given
 * @error: return location for a #KrTaskError, or what went wrong on the way
 *
 * Ends [method@KrTask.RemoteJob.remove_async].
 *
 * Returns: %TRUE if it is forgotten
 *
 * Since: 0.1
 */
gboolean
kr_task_remote_job_remove_finish (KrTaskRemoteJob *self, GAsyncResult *result, GError **error)
{
  return call_finish (self, result, error);
}
