/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* The properties of KrTaskJob: what they are, how they are read and set, and who hears of changes. */
#include "config.h"

#include "kr-task-job-private.h"

typedef enum
{
  PROP_ID = 1,
  PROP_KIND,
  PROP_TITLE,
  PROP_DESCRIPTION,
  PROP_OWNER,
  PROP_STATE,
  PROP_CANCEL_REASON,
  PROP_CANCELLABLE,
  PROP_HELD,
  PROP_DETACHED,
  PROP_PRIORITY,
  PROP_KEY,
  PROP_CONFLICT_POLICY,
  PROP_AUTOSTART,
  PROP_CANCEL_IN_THREAD,
  PROP_TAGS,
  PROP_POSITION,
  PROP_KEEP,
  PROP_CREATED_AT,
  PROP_QUEUED_AT,
  PROP_STARTED_AT,
  PROP_FINISHED_AT,
  PROP_DURATION,
  PROP_PROGRESS,
  PROP_PARENT,
  PROP_CHILDREN,
  PROP_ON_CHILD_FAILURE,
  PROP_WAIT_CHILDREN,
  PROP_ERROR,
  PROP_CAUSE,
  PROP_RESULT,
} KrTaskJobProperty;

static GParamSpec *props[PROP_RESULT + 1];
static guint notify_signal; /* of GObject */

static void
kr_task_job_get_property (GObject *object, guint prop_id, GValue *value, GParamSpec *pspec)
{
  KrTaskJob *self = KR_TASK_JOB (object);

  switch ((KrTaskJobProperty) prop_id)
    {
    case PROP_ID:
      g_value_set_string (value, kr_task_job_get_id (self));
      break;
    case PROP_KIND:
      g_value_set_string (value, self->kind);
      break;
    case PROP_TITLE:
      g_value_take_string (value, kr_task_job_dup_title (self));
      break;
    case PROP_DESCRIPTION:
      g_value_take_string (value, kr_task_job_dup_description (self));
      break;
    case PROP_OWNER:
      g_value_set_variant (value, self->owner);
      break;
    case PROP_STATE:
      g_value_set_enum (value, kr_task_job_get_state (self));
      break;
    case PROP_CANCEL_REASON:
      g_value_set_enum (value, kr_task_job_get_cancel_reason (self));
      break;
    case PROP_CANCELLABLE:
      g_value_set_boolean (value, kr_task_job_get_cancellable (self));
      break;
    case PROP_HELD:
      kr_task_lock (&self->lock);
      g_value_set_boolean (value, self->held > 0);
      kr_task_unlock (&self->lock);
      break;
    case PROP_DETACHED:
      g_value_set_boolean (value, kr_task_job_get_detached (self));
      break;
    case PROP_PRIORITY:
      g_value_set_int (value, self->priority);
      break;
    case PROP_KEY:
      g_value_set_string (value, self->key);
      break;
    case PROP_CONFLICT_POLICY:
      g_value_set_enum (value, self->conflict_policy);
      break;
    case PROP_AUTOSTART:
      g_value_set_boolean (value, self->autostart);
      break;
    case PROP_CANCEL_IN_THREAD:
      g_value_set_boolean (value, self->cancel_in_thread);
      break;
    case PROP_TAGS:
      g_value_take_boxed (value, kr_task_job_dup_tags (self));
      break;
    case PROP_POSITION:
      g_value_set_uint (value, kr_task_job_watch_position (self, TRUE));
      break;
    case PROP_KEEP:
      g_value_set_boolean (value, kr_task_job_get_keep (self));
      break;
    case PROP_CREATED_AT:
      g_value_set_int64 (value, kr_task_job_get_created_at (self));
      break;
    case PROP_QUEUED_AT:
      g_value_set_int64 (value, kr_task_job_get_queued_at (self));
      break;
    case PROP_STARTED_AT:
      g_value_set_int64 (value, kr_task_job_get_started_at (self));
      break;
    case PROP_FINISHED_AT:
      g_value_set_int64 (value, kr_task_job_get_finished_at (self));
      break;
    case PROP_DURATION:
      g_value_set_int64 (value, kr_task_job_get_duration (self));
      break;
    case PROP_PROGRESS:
      g_value_set_object (value, kr_task_job_get_progress (self));
      break;
    case PROP_PARENT:
      g_value_take_object (value, kr_task_job_dup_parent (self));
      break;
    case PROP_CHILDREN:
      g_value_set_object (value, kr_task_job_get_children (self));
      break;
    case PROP_ON_CHILD_FAILURE:
      g_value_set_enum (value, self->family.policy);
      break;
    case PROP_WAIT_CHILDREN:
      g_value_set_boolean (value, self->family.wait);
      break;
    case PROP_ERROR:
      g_value_take_boxed (value, kr_task_job_dup_error (self));
      break;
    case PROP_CAUSE:
      g_value_take_boxed (value, kr_task_job_dup_cause (self));
      break;
    case PROP_RESULT:
      {
        g_autoptr (GVariant) result = kr_task_job_dup_result (self, NULL);

        g_value_set_variant (value, result);
        break;
      }
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
kr_task_job_set_property (GObject *object, guint prop_id, const GValue *value, GParamSpec *pspec)
{
  KrTaskJob *self = KR_TASK_JOB (object);

  switch (prop_id)
    {
    case PROP_ID:
      if (g_value_get_string (value) != NULL)
        kr_task_job_set_id (self, g_value_get_string (value));
      break;
    case PROP_KIND:
      g_return_if_fail (kr_task_job_is_open (self));
      kr_task_job_set_kind (self, g_value_get_string (value));
      break;
    case PROP_TITLE:
      kr_task_job_set_title (self, g_value_get_string (value));
      break;
    case PROP_DESCRIPTION:
      kr_task_job_set_description (self, g_value_get_string (value));
      break;
    case PROP_OWNER:
      kr_task_job_set_owner (self, g_value_get_variant (value));
      break;
    case PROP_PRIORITY:
      kr_task_job_set_priority (self, g_value_get_int (value));
      break;
    case PROP_KEY:
      kr_task_job_set_key (self, g_value_get_string (value), self->conflict_policy);
      break;
    case PROP_CONFLICT_POLICY:
      kr_task_job_set_key (self, self->key, g_value_get_enum (value));
      break;
    case PROP_KEEP:
      kr_task_job_set_keep (self, g_value_get_boolean (value));
      break;
    case PROP_ON_CHILD_FAILURE:
      kr_task_job_set_child_policy (self, g_value_get_enum (value), self->family.wait);
      break;
    case PROP_WAIT_CHILDREN:
      kr_task_job_set_child_policy (self, self->family.policy, g_value_get_boolean (value));
      break;
    case PROP_AUTOSTART:
      kr_task_job_set_autostart (self, g_value_get_boolean (value));
      break;
    case PROP_CANCEL_IN_THREAD:
      kr_task_job_set_cancel_in_thread (self, g_value_get_boolean (value));
      break;
    case PROP_TAGS:
      kr_task_job_set_tags (self, g_value_get_boxed (value));
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
install_fixed_properties (void)
{
  GParamFlags flags = G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY;

  /**
   * KrTaskJob:id: (getter get_id)
   *
   * The name of the job in its manager, 32 random hexadecimal digits unless it was set.
   *
   * Since: 0.1
   */
  props[PROP_ID] = g_param_spec_string ("id", NULL, NULL, NULL, flags);
  /**
   * KrTaskJob:kind: (getter get_kind)
   *
   * What sort of job it is, for programs.
   *
   * Since: 0.1
   */
  props[PROP_KIND] = g_param_spec_string ("kind", NULL, NULL, NULL, flags);
  /**
   * KrTaskJob:title: (getter dup_title) (setter set_title)
   *
   * What the job is, for people; `Task` and the id unless it was set.
   *
   * Since: 0.1
   */
  props[PROP_TITLE] = g_param_spec_string ("title", NULL, NULL, NULL, flags);
  /**
   * KrTaskJob:description: (getter dup_description) (setter set_description)
   *
   * More about the job, for people; may be empty.
   *
   * Since: 0.1
   */
  props[PROP_DESCRIPTION] = g_param_spec_string ("description", NULL, NULL, NULL, flags);
  /**
   * KrTaskJob:owner: (getter get_owner) (setter set_owner)
   *
   * Who started the job, an `a{sv}`: `uid` (u) is a user of the system, the rest is the program's affair.
   *
   * Since: 0.1
   */
  props[PROP_OWNER] = g_param_spec_variant ("owner", NULL, NULL, G_VARIANT_TYPE_VARDICT, NULL, flags);
  /**
   * KrTaskJob:priority: (getter get_priority) (setter set_priority)
   *
   * Higher ones leave the queue first.
   *
   * Since: 0.1
   */
  props[PROP_PRIORITY] = g_param_spec_int ("priority", NULL, NULL, G_MININT, G_MAXINT, 0, flags);
  /**
   * KrTaskJob:key: (getter get_key)
   *
   * Two jobs with the same key never run at once.
   *
   * Since: 0.1
   */
  props[PROP_KEY] = g_param_spec_string ("key", NULL, NULL, NULL, flags);
  /**
   * KrTaskJob:conflict-policy:
   *
   * What happens where an unfinished job has the same key.
   *
   * Since: 0.1
   */
  props[PROP_CONFLICT_POLICY] = g_param_spec_enum ("conflict-policy", NULL, NULL, KR_TASK_TYPE_CONFLICT_POLICY,
                                                   KR_TASK_CONFLICT_QUEUE, flags);
  /**
   * KrTaskJob:autostart: (getter get_autostart) (setter set_autostart)
   *
   * Whether the job starts when it is submitted; otherwise [method@KrTask.Job.start] starts it.
   *
   * Since: 0.1
   */
  props[PROP_AUTOSTART] = g_param_spec_boolean ("autostart", NULL, NULL, TRUE, flags);
  /**
   * KrTaskJob:cancel-in-thread: (getter get_cancel_in_thread) (setter set_cancel_in_thread)
   *
   * Whether the handlers of the body's cancellable run in a thread of their own, and nobody who cancels waits for them.
   *
   * Since: 0.1
   */
  props[PROP_CANCEL_IN_THREAD] = g_param_spec_boolean ("cancel-in-thread", NULL, NULL, TRUE, flags);
  /**
   * KrTaskJob:tags: (getter dup_tags) (setter set_tags)
   *
   * Words by which programs find the job; [property@KrTask.View:tag] shows those that have one.
   *
   * Since: 0.1
   */
  props[PROP_TAGS] = g_param_spec_boxed ("tags", NULL, NULL, G_TYPE_STRV, flags);
  /**
   * KrTaskJob:keep: (getter get_keep) (setter set_keep)
   *
   * Whether the manager keeps the job, when it has finished, until it is removed.
   *
   * Since: 0.1
   */
  props[PROP_KEEP] = g_param_spec_boolean ("keep", NULL, NULL, FALSE, flags);
}

static void
install_family_properties (void)
{
  GParamFlags flags = G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY;

  /**
   * KrTaskJob:parent: (getter dup_parent)
   *
   * The job that this one is a part of.
   *
   * Since: 0.1
   */
  props[PROP_PARENT] = g_param_spec_object ("parent", NULL, NULL, KR_TASK_TYPE_JOB, flags | G_PARAM_READABLE);
  /**
   * KrTaskJob:children: (getter get_children)
   *
   * The parts of the job, as a list that follows.
   *
   * Since: 0.1
   */
  props[PROP_CHILDREN] = g_param_spec_object ("children", NULL, NULL, G_TYPE_LIST_MODEL, flags | G_PARAM_READABLE);
  /**
   * KrTaskJob:on-child-failure:
   *
   * What the failure of a child does.
   *
   * Since: 0.1
   */
  props[PROP_ON_CHILD_FAILURE] = g_param_spec_enum ("on-child-failure", NULL, NULL, KR_TASK_TYPE_CHILD_POLICY,
                                                    KR_TASK_CHILD_IGNORE, flags | G_PARAM_READWRITE);
  /**
   * KrTaskJob:wait-children:
   *
   * Whether the job does not end before its children.
   *
   * Since: 0.1
   */
  props[PROP_WAIT_CHILDREN] = g_param_spec_boolean ("wait-children", NULL, NULL, TRUE, flags | G_PARAM_READWRITE);
}

static void
install_state_properties (void)
{
  GParamFlags flags = G_PARAM_READABLE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY;

  /**
   * KrTaskJob:state: (getter get_state)
   *
   * The state.
   *
   * Since: 0.1
   */
  props[PROP_STATE] = g_param_spec_enum ("state", NULL, NULL, KR_TASK_TYPE_STATE, KR_TASK_STATE_CREATED, flags);
  /**
   * KrTaskJob:cancel-reason: (getter get_cancel_reason)
   *
   * Why the job was cancelled.
   *
   * Since: 0.1
   */
  props[PROP_CANCEL_REASON] = g_param_spec_enum ("cancel-reason", NULL, NULL, KR_TASK_TYPE_CANCEL_REASON,
                                                 KR_TASK_CANCEL_REASON_NONE, flags);
  /**
   * KrTaskJob:cancellable: (getter get_cancellable)
   *
   * Whether a request to cancel would be accepted.
   *
   * Since: 0.1
   */
  props[PROP_CANCELLABLE] = g_param_spec_boolean ("cancellable", NULL, NULL, TRUE, flags);
  /**
   * KrTaskJob:held:
   *
   * Whether the body is in a section that it does not leave half done.
   *
   * Since: 0.1
   */
  props[PROP_HELD] = g_param_spec_boolean ("held", NULL, NULL, FALSE, flags);
  /**
   * KrTaskJob:position:
   *
   * The place of the job in the queue, 1 for the next one, 0 if it is not in the queue; told of from the first time on at
   * which it is read. It is as it was told last, at most once per [property@KrTask.Manager:notify-interval-ms]: exactly up
   * to the sixteenth place, further back when it has changed by a sixteenth, so that a long queue has no more to tell than
   * a short one. [method@KrTask.Job.get_position] is exact.
   *
   * Since: 0.1
   */
  props[PROP_POSITION] = g_param_spec_uint ("position", NULL, NULL, 0, G_MAXUINT, 0, flags);
  /**
   * KrTaskJob:detached: (getter get_detached)
   *
   * Whether the body still runs although the job has ended, since it ignored the cancellation.
   *
   * Since: 0.1
   */
  props[PROP_DETACHED] = g_param_spec_boolean ("detached", NULL, NULL, FALSE, flags);
  /**
   * KrTaskJob:progress: (getter get_progress)
   *
   * How far the job is.
   *
   * Since: 0.1
   */
  props[PROP_PROGRESS] = g_param_spec_object ("progress", NULL, NULL, KR_TASK_TYPE_PROGRESS, flags);
  /**
   * KrTaskJob:error:
   *
   * What the job ended with; %NULL before the end and after success.
   *
   * Since: 0.1
   */
  props[PROP_ERROR] = g_param_spec_boxed ("error", NULL, NULL, G_TYPE_ERROR, flags);
  /**
   * KrTaskJob:cause:
   *
   * The error of the body itself, also where the job ended as cancelled.
   *
   * Since: 0.1
   */
  props[PROP_CAUSE] = g_param_spec_boxed ("cause", NULL, NULL, G_TYPE_ERROR, flags);
  /**
   * KrTaskJob:result:
   *
   * What the body returned; %NULL before success.
   *
   * Since: 0.1
   */
  props[PROP_RESULT] = g_param_spec_variant ("result", NULL, NULL, G_VARIANT_TYPE_ANY, NULL, flags);
}

static void
install_time_properties (void)
{
  GParamFlags flags = G_PARAM_READABLE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY;

  /**
   * KrTaskJob:created-at: (getter get_created_at)
   *
   * When the job was made: wall clock, µs since 1970.
   *
   * Since: 0.1
   */
  props[PROP_CREATED_AT] = g_param_spec_int64 ("created-at", NULL, NULL, 0, G_MAXINT64, 0, flags);
  /**
   * KrTaskJob:queued-at: (getter get_queued_at)
   *
   * When the job was started: wall clock, µs since 1970; 0 before.
   *
   * Since: 0.1
   */
  props[PROP_QUEUED_AT] = g_param_spec_int64 ("queued-at", NULL, NULL, 0, G_MAXINT64, 0, flags);
  /**
   * KrTaskJob:started-at: (getter get_started_at)
   *
   * When the body began: wall clock, µs since 1970; 0 before.
   *
   * Since: 0.1
   */
  props[PROP_STARTED_AT] = g_param_spec_int64 ("started-at", NULL, NULL, 0, G_MAXINT64, 0, flags);
  /**
   * KrTaskJob:finished-at: (getter get_finished_at)
   *
   * When the job ended: wall clock, µs since 1970; 0 before.
   *
   * Since: 0.1
   */
  props[PROP_FINISHED_AT] = g_param_spec_int64 ("finished-at", NULL, NULL, 0, G_MAXINT64, 0, flags);
  /**
   * KrTaskJob:duration: (getter get_duration)
   *
   * How long the body has run, or ran until the end: µs of the monotonic clock.
   *
   * Since: 0.1
   */
  props[PROP_DURATION] = g_param_spec_int64 ("duration", NULL, NULL, 0, G_MAXINT64, 0, flags);
}

/* private: when the class is made. */
void
kr_task_job_install_properties (GObjectClass *klass)
{
  klass->get_property = kr_task_job_get_property;
  klass->set_property = kr_task_job_set_property;
  install_fixed_properties ();
  install_family_properties ();
  install_state_properties ();
  install_time_properties ();
  g_object_class_install_properties (klass, G_N_ELEMENTS (props), props);
  notify_signal = g_signal_lookup ("notify", G_TYPE_OBJECT);
}

void
kr_task_job_notify_state (KrTaskJob *self)
{
  GObject *object = G_OBJECT (self);

  if (!kr_task_job_has_handlers (self, notify_signal))
    return;
  g_object_freeze_notify (object);
  g_object_notify_by_pspec (object, props[PROP_STATE]);
  g_object_notify_by_pspec (object, props[PROP_CANCELLABLE]);
  g_object_notify_by_pspec (object, props[PROP_CANCEL_REASON]);
  g_object_notify_by_pspec (object, props[PROP_POSITION]);
  g_object_notify_by_pspec (object, props[PROP_QUEUED_AT]);
  g_object_notify_by_pspec (object, props[PROP_STARTED_AT]);
  g_object_notify_by_pspec (object, props[PROP_FINISHED_AT]);
  g_object_notify_by_pspec (object, props[PROP_DURATION]);
  if (kr_task_state_is_terminal (kr_task_job_get_state (self)))
    {
      g_object_notify_by_pspec (object, props[PROP_ERROR]);
      g_object_notify_by_pspec (object, props[PROP_CAUSE]);
      g_object_notify_by_pspec (object, props[PROP_RESULT]);
    }
  g_object_thaw_notify (object);
}

void
kr_task_job_notify_news (KrTaskJob *self, KrTaskNews news)
{
  if (news & KR_TASK_NEWS_TITLE)
    g_object_notify_by_pspec (G_OBJECT (self), props[PROP_TITLE]);
  if (news & KR_TASK_NEWS_DESCRIPTION)
    g_object_notify_by_pspec (G_OBJECT (self), props[PROP_DESCRIPTION]);
  if (news & KR_TASK_NEWS_TAGS)
    g_object_notify_by_pspec (G_OBJECT (self), props[PROP_TAGS]);
  if (news & KR_TASK_NEWS_POSITION)
    g_object_notify_by_pspec (G_OBJECT (self), props[PROP_POSITION]);
  if (news & KR_TASK_NEWS_DETACHED)
    g_object_notify_by_pspec (G_OBJECT (self), props[PROP_DETACHED]);
  if (news & KR_TASK_NEWS_CANCELLABLE)
    {
      g_object_notify_by_pspec (G_OBJECT (self), props[PROP_HELD]);
      g_object_notify_by_pspec (G_OBJECT (self), props[PROP_CANCELLABLE]);
    }
}
