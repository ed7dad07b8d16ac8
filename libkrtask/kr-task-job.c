/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* KrTaskJob: one cancellable operation, from its creation to its result. */
#include "config.h"

#include <string.h>

#include "kr-task-id-private.h"
#include "kr-task-job-private.h"
#include "kr-task-progress-private.h"

/* An id travels in addresses and object paths. */
#define MAX_ID_LENGTH 128

/**
 * KrTaskJob:
 *
 * One cancellable operation, from its creation to its result.
 *
 * Make one, say what it does with [method@KrTask.Job.set_func] or [method@KrTask.Job.set_async_func], and give it to a
 * manager with [method@KrTask.Manager.submit]. It waits for a free slot, runs once, and ends in one of four terminal
 * states; which one says what happened, not what was asked for.
 *
 * Until it is submitted, a job belongs to the thread that made it. From then on all functions may be called from any
 * thread, except where they say otherwise; signals and notifications come in the main context of the manager's owner.
 * A property may be ahead of its notification.
 *
 * Since: 0.1
 */

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

typedef enum
{
  SIGNAL_STATE_CHANGED,
  SIGNAL_FINISHED,
} KrTaskJobSignal;

static guint signals[SIGNAL_FINISHED + 1];
static guint notify_signal; /* of GObject */

G_DEFINE_FINAL_TYPE (KrTaskJob, kr_task_job, G_TYPE_OBJECT)

/* private */
void
kr_task_body_clear (KrTaskBody *body)
{
  if (body->destroy != NULL)
    body->destroy (body->data);
  *body = (KrTaskBody) { 0 };
}

/* What is constant after submission may be set before, only. */
static gboolean
is_open (KrTaskJob *self)
{
  return self->runner == NULL && self->n_path == 1;
}

static void
clear_kind (KrTaskJob *self)
{
  if (self->kind != self->short_kind)
    g_free (self->kind);
}

/* Most are short, and need no memory of their own. */
static void
set_kind (KrTaskJob *self, const char *kind)
{
  clear_kind (self);
  if (kind != NULL && g_strlcpy (self->short_kind, kind, sizeof self->short_kind) < sizeof self->short_kind)
    self->kind = self->short_kind;
  else
    self->kind = g_strdup (kind);
}

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
      g_return_if_fail (is_open (self));
      set_kind (self, g_value_get_string (value));
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
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
kr_task_job_dispose (GObject *object)
{
  KrTaskJob *self = KR_TASK_JOB (object);

  if (self->progress != NULL)
    kr_task_progress_leave (self->progress);
  G_OBJECT_CLASS (kr_task_job_parent_class)->dispose (object);
}

static void
kr_task_job_finalize (GObject *object)
{
  KrTaskJob *self = KR_TASK_JOB (object);

  kr_task_body_clear (&self->body);
  kr_task_family_clear (&self->family);
  g_clear_object (&self->progress);
  g_clear_object (&self->cancellable);
  g_clear_pointer (&self->value, g_variant_unref);
  g_clear_error (&self->error);
  g_clear_pointer (&self->owner, g_variant_unref);
  g_clear_pointer (&self->runner, kr_task_runner_unref);
  g_free (self->long_id);
  g_free (self->owner_key);
  clear_kind (self);
  g_free (self->key);
  g_free (self->title);
  g_free (self->description);
  g_free (self->reason_text);
  g_free (self->deferred_text);
  kr_task_cond_clear (&self->cancelled);
  kr_task_lock_clear (&self->lock);
  G_OBJECT_CLASS (kr_task_job_parent_class)->finalize (object);
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

static void
kr_task_job_class_init (KrTaskJobClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->get_property = kr_task_job_get_property;
  object_class->set_property = kr_task_job_set_property;
  object_class->dispose = kr_task_job_dispose;
  object_class->finalize = kr_task_job_finalize;
  install_fixed_properties ();
  install_family_properties ();
  install_state_properties ();
  install_time_properties ();
  g_object_class_install_properties (object_class, G_N_ELEMENTS (props), props);
  notify_signal = g_signal_lookup ("notify", G_TYPE_OBJECT);

  /**
   * KrTaskJob::state-changed:
   * @self: the job
   * @old_state: the state before
   * @new_state: the state after
   *
   * A transition, each one in order. Emitted in the owner's main context; the job may be further on already.
   *
   * Since: 0.1
   */
  signals[SIGNAL_STATE_CHANGED] = g_signal_new ("state-changed", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL,
                                                NULL, NULL, G_TYPE_NONE, 2, KR_TASK_TYPE_STATE, KR_TASK_TYPE_STATE);
  /**
   * KrTaskJob::finished:
   * @self: the job
   *
   * The job has ended. Emitted once, in the owner's main context, after all its other signals and notifications.
   *
   * Since: 0.1
   */
  signals[SIGNAL_FINISHED] = g_signal_new ("finished", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL, NULL,
                                           NULL, G_TYPE_NONE, 0);
}

static void
kr_task_job_init (KrTaskJob *self)
{
  kr_task_lock_init (&self->lock);
  kr_task_cond_init (&self->cancelled);
  kr_task_id_make (self->id);
  self->autostart = TRUE;
  self->family.wait = TRUE;
  self->queue_us = self->run_us = self->stop_us = -1;
  self->n_path = self->n_delivered = 1; /* created: nothing to tell */
  self->created_at = g_get_real_time ();
}

/* --- for the other halves of the job ----------------------------------------------------------------------------- */

/* Asked once: a message that nobody reads would cost as much as the whole job. */
static gboolean
debug_is_dropped (void)
{
  static gsize answer;

  if (g_once_init_enter (&answer))
    g_once_init_leave (&answer, 1 + (g_log_writer_default_would_drop (G_LOG_LEVEL_DEBUG, G_LOG_DOMAIN) != FALSE));
  return answer == 2;
}

/* Whether anybody listens to anything of this job: to tell nobody would cost as much as the rest of the job. */
gboolean
kr_task_job_has_listeners (KrTaskJob *self)
{
  return !debug_is_dropped () || g_signal_handler_find (self, G_SIGNAL_MATCH_UNBLOCKED, 0, 0, NULL, NULL, NULL) != 0;
}

static gboolean
has_handlers (KrTaskJob *self, guint signal)
{
  return g_signal_handler_find (self, G_SIGNAL_MATCH_ID | G_SIGNAL_MATCH_UNBLOCKED, signal, 0, NULL, NULL, NULL) != 0;
}

void
kr_task_job_notify_state (KrTaskJob *self)
{
  GObject *object = G_OBJECT (self);

  if (!has_handlers (self, notify_signal))
    return;
  g_object_freeze_notify (object);
  g_object_notify_by_pspec (object, props[PROP_STATE]);
  g_object_notify_by_pspec (object, props[PROP_CANCELLABLE]);
  g_object_notify_by_pspec (object, props[PROP_CANCEL_REASON]);
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
  if (news & KR_TASK_NEWS_DETACHED)
    g_object_notify_by_pspec (G_OBJECT (self), props[PROP_DETACHED]);
  if (news & KR_TASK_NEWS_CANCELLABLE)
    {
      g_object_notify_by_pspec (G_OBJECT (self), props[PROP_HELD]);
      g_object_notify_by_pspec (G_OBJECT (self), props[PROP_CANCELLABLE]);
    }
}

/* One signal less than there are states. */
void
kr_task_job_emit_state_changed (KrTaskJob *self, const guint8 *path, guint n_states)
{
  gboolean is_heard = has_handlers (self, signals[SIGNAL_STATE_CHANGED]);

  for (guint i = 1; i < n_states; i++)
    {
      if (!debug_is_dropped ())
        g_debug ("Task %s: %s -> %s", kr_task_job_get_id (self), kr_task_state_to_string (path[i - 1]),
                 kr_task_state_to_string (path[i]));
      if (is_heard)
        g_signal_emit (self, signals[SIGNAL_STATE_CHANGED], 0, path[i - 1], path[i]);
    }
}

void
kr_task_job_emit_finished (KrTaskJob *self)
{
  g_signal_emit (self, signals[SIGNAL_FINISHED], 0);
}

/* Lock held. */
char *
kr_task_job_make_title (KrTaskJob *self)
{
  return self->title != NULL ? g_strdup (self->title) : g_strconcat ("Task ", kr_task_job_get_id (self), NULL);
}

/* Lock held. */
gboolean
kr_task_job_can_cancel (KrTaskJob *self)
{
  return self->state <= KR_TASK_STATE_RUNNING && self->held == 0;
}

/* Lock held. */
gint64
kr_task_job_measure (KrTaskJob *self)
{
  if (self->started_mono == 0)
    return 0;
  return (self->finished_mono != 0 ? self->finished_mono : g_get_monotonic_time ()) - self->started_mono;
}

/* --- before submission ------------------------------------------------------------------------------------------- */

/**
 * kr_task_job_new:
 * @kind: what sort of job it is, for programs
 * @title: (nullable): what it is, for people
 *
 * Creates a job.
 *
 * Returns: (transfer full): a new job
 *
 * Since: 0.1
 */
KrTaskJob *
kr_task_job_new (const char *kind, const char *title)
{
  KrTaskJob *self;

  g_return_val_if_fail (kind != NULL, NULL);

  self = g_object_new (KR_TASK_TYPE_JOB, NULL);
  set_kind (self, kind);
  self->title = g_strdup (title);
  return self;
}

/**
 * kr_task_job_set_func:
 * @self: a job that was not submitted yet
 * @func: (scope notified) (closure user_data) (destroy destroy): the body
 * @user_data: its argument
 * @destroy: (nullable): frees @user_data once the body can run no more, in whatever thread
 *
 * Sets a body that runs in a thread of the manager's pool.
 *
 * Since: 0.1
 */
void
kr_task_job_set_func (KrTaskJob *self, KrTaskFunc func, gpointer user_data, GDestroyNotify destroy)
{
  g_return_if_fail (KR_TASK_IS_JOB (self));
  g_return_if_fail (func != NULL);
  g_return_if_fail (is_open (self));

  kr_task_body_clear (&self->body);
  self->body = (KrTaskBody) { .func = func, .data = user_data, .destroy = destroy };
  self->is_sync = TRUE;
}

/**
 * kr_task_job_set_async_func: (skip)
 * @self: a job that was not submitted yet
 * @begin: begins the work
 * @finish: takes its result
 * @user_data: their argument
 * @destroy: (nullable): frees @user_data once the body can run no more, in whatever thread
 *
 * Sets a body that runs in the owner's main context, as an asynchronous operation.
 *
 * Since: 0.1
 */
void
kr_task_job_set_async_func (KrTaskJob *self, KrTaskAsyncFunc begin, KrTaskFinishFunc finish, gpointer user_data,
                            GDestroyNotify destroy)
{
  g_return_if_fail (KR_TASK_IS_JOB (self));
  g_return_if_fail (begin != NULL && finish != NULL);
  g_return_if_fail (is_open (self));

  kr_task_body_clear (&self->body);
  self->body = (KrTaskBody) { .begin = begin, .finish = finish, .data = user_data, .destroy = destroy };
  self->is_sync = FALSE;
}

/**
 * kr_task_job_set_id:
 * @self: a job that was not submitted yet
 * @id: 1 to 128 printable ASCII characters
 *
 * Names the job; otherwise it has a random name.
 *
 * Returns: %FALSE if @id cannot be a name
 *
 * Since: 0.1
 */
gboolean
kr_task_job_set_id (KrTaskJob *self, const char *id)
{
  gsize length;

  g_return_val_if_fail (KR_TASK_IS_JOB (self), FALSE);
  g_return_val_if_fail (id != NULL, FALSE);
  g_return_val_if_fail (is_open (self), FALSE);

  length = strlen (id);
  if (length == 0 || length > MAX_ID_LENGTH)
    return FALSE;
  for (gsize i = 0; i < length; i++)
    if (!g_ascii_isgraph (id[i]))
      return FALSE;
  g_free (self->long_id);
  self->long_id = g_strdup (id);
  return TRUE;
}

/**
 * kr_task_job_set_owner: (set-property owner)
 * @self: a job that was not submitted yet
 * @owner: (nullable): an `a{sv}`, taken over if floating
 *
 * Says who started the job.
 *
 * Since: 0.1
 */
void
kr_task_job_set_owner (KrTaskJob *self, GVariant *owner)
{
  g_return_if_fail (KR_TASK_IS_JOB (self));
  g_return_if_fail (owner == NULL || g_variant_is_of_type (owner, G_VARIANT_TYPE_VARDICT));
  g_return_if_fail (is_open (self));

  g_clear_pointer (&self->owner, g_variant_unref);
  g_clear_pointer (&self->owner_key, g_free);
  if (owner != NULL)
    self->owner = g_variant_ref_sink (owner);
}

/**
 * kr_task_job_set_priority: (set-property priority)
 * @self: a job that was not submitted yet
 * @priority: higher ones leave the queue first; 0 by default
 *
 * Sets the priority.
 *
 * Since: 0.1
 */
void
kr_task_job_set_priority (KrTaskJob *self, int priority)
{
  g_return_if_fail (KR_TASK_IS_JOB (self));
  g_return_if_fail (is_open (self));

  self->priority = priority;
}

/**
 * kr_task_job_set_key:
 * @self: a job that was not submitted yet
 * @key: (nullable): what no two running jobs share
 * @policy: what happens where an unfinished job has the same key
 *
 * Makes the job exclude others.
 *
 * Since: 0.1
 */
void
kr_task_job_set_key (KrTaskJob *self, const char *key, KrTaskConflictPolicy policy)
{
  char *copy;

  g_return_if_fail (KR_TASK_IS_JOB (self));
  g_return_if_fail (is_open (self));

  copy = g_strdup (key);
  g_free (self->key);
  self->key = copy;
  self->conflict_policy = policy;
}

/**
 * kr_task_job_set_deadlines:
 * @self: a job that was not submitted yet
 * @queue_us: how long it may wait in the queue, µs; -1: for ever
 * @run_us: how long the body may run, µs; -1: for ever
 * @stop_us: how long the body may take to return after a cancel, µs; -1: for ever
 *
 * Sets the deadlines. After the first two the job is cancelled, and ends as timed out. After the third the job ends
 * although its body goes on: it is detached.
 *
 * Since: 0.1
 */
void
kr_task_job_set_deadlines (KrTaskJob *self, gint64 queue_us, gint64 run_us, gint64 stop_us)
{
  g_return_if_fail (KR_TASK_IS_JOB (self));
  g_return_if_fail (is_open (self));

  self->queue_us = queue_us;
  self->run_us = run_us;
  self->stop_us = stop_us;
}

/**
 * kr_task_job_set_autostart: (set-property autostart)
 * @self: a job that was not submitted yet
 * @autostart: whether it starts when it is submitted
 *
 * Sets whether submitting the job starts it, too.
 *
 * Since: 0.1
 */
void
kr_task_job_set_autostart (KrTaskJob *self, gboolean autostart)
{
  g_return_if_fail (KR_TASK_IS_JOB (self));
  g_return_if_fail (is_open (self));

  self->autostart = autostart;
}

/* --- at any time ------------------------------------------------------------------------------------------------- */

static gboolean
notify_later (gpointer user_data)
{
  KrTaskJob *self = user_data;

  kr_task_job_notify_news (self, KR_TASK_NEWS_TITLE | KR_TASK_NEWS_DESCRIPTION);
  return G_SOURCE_REMOVE;
}

/* Whom the manager no longer serves, or does not serve yet, is served here. */
static void
announce (KrTaskJob *self, KrTaskNews news)
{
  g_autoptr (GSource) source = NULL;

  if (kr_task_job_add_news (self, news))
    return;
  if (self->runner == NULL)
    {
      kr_task_job_notify_news (self, news);
      return;
    }
  source = g_idle_source_new ();
  g_source_set_static_name (source, "KrTaskJob");
  g_source_set_priority (source, G_PRIORITY_DEFAULT);
  g_source_set_callback (source, notify_later, g_object_ref (self), g_object_unref);
  g_source_attach (source, kr_task_runner_get_owner (self->runner));
}

static void
set_text (KrTaskJob *self, char **place, const char *text, KrTaskNews news)
{
  g_autofree char *old = NULL;
  gboolean changed;

  kr_task_lock (&self->lock);
  changed = g_strcmp0 (*place, text) != 0;
  if (changed)
    {
      old = *place;
      *place = g_strdup (text);
    }
  kr_task_unlock (&self->lock);
  if (changed)
    announce (self, news);
}

/**
 * kr_task_job_set_title: (set-property title)
 * @self: a job
 * @title: (nullable): what the job is, for people
 *
 * Renames a job.
 *
 * Since: 0.1
 */
void
kr_task_job_set_title (KrTaskJob *self, const char *title)
{
  g_return_if_fail (KR_TASK_IS_JOB (self));

  set_text (self, &self->title, title, KR_TASK_NEWS_TITLE);
}

/**
 * kr_task_job_set_description: (set-property description)
 * @self: a job
 * @description: (nullable): more about it, for people
 *
 * Describes a job.
 *
 * Since: 0.1
 */
void
kr_task_job_set_description (KrTaskJob *self, const char *description)
{
  g_return_if_fail (KR_TASK_IS_JOB (self));

  set_text (self, &self->description, description, KR_TASK_NEWS_DESCRIPTION);
}

/**
 * kr_task_job_set_keep: (set-property keep)
 * @self: a job
 * @keep: whether the manager keeps it until it is removed
 *
 * Exempts a job from what the manager forgets by itself. May be called from any thread.
 *
 * Since: 0.1
 */
void
kr_task_job_set_keep (KrTaskJob *self, gboolean keep)
{
  g_return_if_fail (KR_TASK_IS_JOB (self));

  kr_task_lock (&self->lock);
  g_atomic_int_set (&self->keep, keep);
  kr_task_unlock (&self->lock);
}

/**
 * kr_task_job_get_keep: (get-property keep)
 * @self: a job
 *
 * Tells whether the manager keeps the job until it is removed. May be called from any thread.
 *
 * Returns: %TRUE if it does
 *
 * Since: 0.1
 */
gboolean
kr_task_job_get_keep (KrTaskJob *self)
{
  gboolean keep;

  g_return_val_if_fail (KR_TASK_IS_JOB (self), FALSE);

  kr_task_lock (&self->lock);
  keep = self->keep;
  kr_task_unlock (&self->lock);
  return keep;
}

/**
 * kr_task_job_get_id: (get-property id)
 * @self: a job
 *
 * Gets the name of the job in its manager.
 *
 * Returns: (transfer none): the id, constant once the job is submitted
 *
 * Since: 0.1
 */
const char *
kr_task_job_get_id (KrTaskJob *self)
{
  g_return_val_if_fail (KR_TASK_IS_JOB (self), NULL);

  return self->long_id != NULL ? self->long_id : self->id;
}

/**
 * kr_task_job_get_kind: (get-property kind)
 * @self: a job
 *
 * Gets what sort of job it is.
 *
 * Returns: (transfer none): the kind, constant
 *
 * Since: 0.1
 */
const char *
kr_task_job_get_kind (KrTaskJob *self)
{
  g_return_val_if_fail (KR_TASK_IS_JOB (self), NULL);

  return self->kind;
}

/**
 * kr_task_job_dup_title: (get-property title)
 * @self: a job
 *
 * Gets what the job is, for people.
 *
 * Returns: (transfer full): the title
 *
 * Since: 0.1
 */
char *
kr_task_job_dup_title (KrTaskJob *self)
{
  char *title;

  g_return_val_if_fail (KR_TASK_IS_JOB (self), NULL);

  kr_task_lock (&self->lock);
  title = kr_task_job_make_title (self);
  kr_task_unlock (&self->lock);
  return title;
}

/**
 * kr_task_job_dup_description: (get-property description)
 * @self: a job
 *
 * Gets more about the job, for people.
 *
 * Returns: (transfer full): the description, maybe empty
 *
 * Since: 0.1
 */
char *
kr_task_job_dup_description (KrTaskJob *self)
{
  char *description;

  g_return_val_if_fail (KR_TASK_IS_JOB (self), NULL);

  kr_task_lock (&self->lock);
  description = g_strdup (self->description != NULL ? self->description : "");
  kr_task_unlock (&self->lock);
  return description;
}

/**
 * kr_task_job_get_owner: (get-property owner)
 * @self: a job
 *
 * Gets who started the job.
 *
 * Returns: (transfer none) (nullable): an `a{sv}`, constant once the job is submitted
 *
 * Since: 0.1
 */
GVariant *
kr_task_job_get_owner (KrTaskJob *self)
{
  g_return_val_if_fail (KR_TASK_IS_JOB (self), NULL);

  return self->owner;
}

/**
 * kr_task_job_get_priority: (get-property priority)
 * @self: a job
 *
 * Gets the priority.
 *
 * Returns: the priority, constant once the job is submitted
 *
 * Since: 0.1
 */
int
kr_task_job_get_priority (KrTaskJob *self)
{
  g_return_val_if_fail (KR_TASK_IS_JOB (self), 0);

  return self->priority;
}

/**
 * kr_task_job_get_key: (get-property key)
 * @self: a job
 *
 * Gets what no two running jobs share.
 *
 * Returns: (transfer none) (nullable): the key, constant once the job is submitted
 *
 * Since: 0.1
 */
const char *
kr_task_job_get_key (KrTaskJob *self)
{
  g_return_val_if_fail (KR_TASK_IS_JOB (self), NULL);

  return self->key;
}

/**
 * kr_task_job_get_autostart: (get-property autostart)
 * @self: a job
 *
 * Tells whether submitting the job starts it, too.
 *
 * Returns: %TRUE if it does
 *
 * Since: 0.1
 */
gboolean
kr_task_job_get_autostart (KrTaskJob *self)
{
  g_return_val_if_fail (KR_TASK_IS_JOB (self), FALSE);

  return self->autostart;
}

/**
 * kr_task_job_get_state: (get-property state)
 * @self: a job
 *
 * Gets the state. Takes no lock.
 *
 * Returns: the state
 *
 * Since: 0.1
 */
KrTaskState
kr_task_job_get_state (KrTaskJob *self)
{
  g_return_val_if_fail (KR_TASK_IS_JOB (self), KR_TASK_STATE_CREATED);

  return g_atomic_int_get (&self->state);
}

/**
 * kr_task_job_get_cancel_reason: (get-property cancel-reason)
 * @self: a job
 *
 * Gets why the job was cancelled.
 *
 * Returns: the reason; %KR_TASK_CANCEL_REASON_NONE if it was not
 *
 * Since: 0.1
 */
KrTaskCancelReason
kr_task_job_get_cancel_reason (KrTaskJob *self)
{
  KrTaskCancelReason reason;

  g_return_val_if_fail (KR_TASK_IS_JOB (self), KR_TASK_CANCEL_REASON_NONE);

  kr_task_lock (&self->lock);
  reason = self->reason;
  kr_task_unlock (&self->lock);
  return reason;
}

/**
 * kr_task_job_get_cancellable: (get-property cancellable)
 * @self: a job
 *
 * Tells whether a request to cancel would be accepted at this moment.
 *
 * Returns: %TRUE unless the job is held, cancelled or finished
 *
 * Since: 0.1
 */
gboolean
kr_task_job_get_cancellable (KrTaskJob *self)
{
  gboolean can;

  g_return_val_if_fail (KR_TASK_IS_JOB (self), FALSE);

  kr_task_lock (&self->lock);
  can = kr_task_job_can_cancel (self);
  kr_task_unlock (&self->lock);
  return can;
}

/**
 * kr_task_job_get_detached: (get-property detached)
 * @self: a job
 *
 * Tells whether the body still runs although the job has ended.
 *
 * Returns: %TRUE if it does
 *
 * Since: 0.1
 */
gboolean
kr_task_job_get_detached (KrTaskJob *self)
{
  gboolean detached;

  g_return_val_if_fail (KR_TASK_IS_JOB (self), FALSE);

  kr_task_lock (&self->lock);
  detached = self->detached;
  kr_task_unlock (&self->lock);
  return detached;
}

static gint64
read_time (KrTaskJob *self, gint64 *place)
{
  gint64 time;

  g_return_val_if_fail (KR_TASK_IS_JOB (self), 0);

  kr_task_lock (&self->lock);
  time = *place;
  kr_task_unlock (&self->lock);
  return time;
}

/**
 * kr_task_job_get_created_at: (get-property created-at)
 * @self: a job
 *
 * Gets when the job was made.
 *
 * Returns: wall clock, µs since 1970
 *
 * Since: 0.1
 */
gint64
kr_task_job_get_created_at (KrTaskJob *self)
{
  return read_time (self, &self->created_at);
}

/**
 * kr_task_job_get_queued_at: (get-property queued-at)
 * @self: a job
 *
 * Gets when the job was started.
 *
 * Returns: wall clock, µs since 1970; 0 before
 *
 * Since: 0.1
 */
gint64
kr_task_job_get_queued_at (KrTaskJob *self)
{
  return read_time (self, &self->queued_at);
}

/**
 * kr_task_job_get_started_at: (get-property started-at)
 * @self: a job
 *
 * Gets when the body began.
 *
 * Returns: wall clock, µs since 1970; 0 before
 *
 * Since: 0.1
 */
gint64
kr_task_job_get_started_at (KrTaskJob *self)
{
  return read_time (self, &self->started_at);
}

/**
 * kr_task_job_get_finished_at: (get-property finished-at)
 * @self: a job
 *
 * Gets when the job ended.
 *
 * Returns: wall clock, µs since 1970; 0 before
 *
 * Since: 0.1
 */
gint64
kr_task_job_get_finished_at (KrTaskJob *self)
{
  return read_time (self, &self->finished_at);
}

/**
 * kr_task_job_get_duration: (get-property duration)
 * @self: a job
 *
 * Gets how long the body has run so far, or ran until the end.
 *
 * Returns: µs of the monotonic clock; 0 before it began
 *
 * Since: 0.1
 */
gint64
kr_task_job_get_duration (KrTaskJob *self)
{
  gint64 duration;

  g_return_val_if_fail (KR_TASK_IS_JOB (self), 0);

  kr_task_lock (&self->lock);
  duration = kr_task_job_measure (self);
  kr_task_unlock (&self->lock);
  return duration;
}

/**
 * kr_task_job_get_position:
 * @self: a job
 *
 * Gets the place of the job in the queue. O(n): for one job, not for all of them.
 *
 * Returns: 1 for the one that is next, 0 if it is not in the queue
 *
 * Since: 0.1
 */
guint
kr_task_job_get_position (KrTaskJob *self)
{
  g_return_val_if_fail (KR_TASK_IS_JOB (self), 0);

  /* the runner is constant once the job was queued */
  return kr_task_job_get_state (self) == KR_TASK_STATE_QUEUED ? kr_task_runner_get_position (self->runner, self) : 0;
}

/**
 * kr_task_job_get_progress: (get-property progress)
 * @self: a job
 *
 * Gets how far the job is.
 *
 * Returns: (transfer none): the progress, the same one as long as @self lives
 *
 * Since: 0.1
 */
KrTaskProgress *
kr_task_job_get_progress (KrTaskJob *self)
{
  KrTaskProgress *progress;

  g_return_val_if_fail (KR_TASK_IS_JOB (self), NULL);

  progress = g_atomic_pointer_get (&self->progress);
  if (progress != NULL)
    return progress;
  kr_task_lock (&self->lock);
  if (self->progress == NULL)
    {
      progress = kr_task_progress_new (self);
      if (kr_task_state_is_terminal (self->state))
        kr_task_progress_freeze (progress);
      g_atomic_pointer_set (&self->progress, progress);
    }
  progress = self->progress;
  kr_task_unlock (&self->lock);
  return progress;
}
