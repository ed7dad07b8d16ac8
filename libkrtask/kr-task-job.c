/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* KrTaskJob: one cancellable operation, from its creation to its result. */
#include "config.h"

#include "kr-task-id-private.h"
#include "kr-task-job-private.h"
#include "kr-task-progress-private.h"

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
  SIGNAL_STATE_CHANGED,
  SIGNAL_FINISHED,
} KrTaskJobSignal;

static guint signals[SIGNAL_FINISHED + 1];

G_DEFINE_FINAL_TYPE (KrTaskJob, kr_task_job, G_TYPE_OBJECT)

/* private */
void
kr_task_body_clear (KrTaskBody *body)
{
  if (body->destroy != NULL)
    body->destroy (body->data);
  *body = (KrTaskBody) { 0 };
}

static void
clear_kind (KrTaskJob *self)
{
  if (self->kind != self->short_kind)
    g_free (self->kind);
}

/* private: most are short, and need no memory of their own. */
void
kr_task_job_set_kind (KrTaskJob *self, const char *kind)
{
  clear_kind (self);
  if (kind != NULL && g_strlcpy (self->short_kind, kind, sizeof self->short_kind) < sizeof self->short_kind)
    self->kind = self->short_kind;
  else
    self->kind = g_strdup (kind);
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
  g_strfreev (self->tags);
  g_free (self->reason_text);
  g_free (self->deferred_text);
  kr_task_cond_clear (&self->cancelled);
  kr_task_lock_clear (&self->lock);
  G_OBJECT_CLASS (kr_task_job_parent_class)->finalize (object);
}

static void
kr_task_job_class_init (KrTaskJobClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->dispose = kr_task_job_dispose;
  object_class->finalize = kr_task_job_finalize;
  kr_task_job_install_properties (object_class);

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
  self->cancel_in_thread = TRUE;
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

gboolean
kr_task_job_has_handlers (KrTaskJob *self, guint signal)
{
  return g_signal_handler_find (self, G_SIGNAL_MATCH_ID | G_SIGNAL_MATCH_UNBLOCKED, signal, 0, NULL, NULL, NULL) != 0;
}

/* One signal less than there are states. */
void
kr_task_job_emit_state_changed (KrTaskJob *self, const guint8 *path, guint n_states)
{
  gboolean is_heard = kr_task_job_has_handlers (self, signals[SIGNAL_STATE_CHANGED]);

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
  kr_task_job_set_kind (self, kind);
  self->title = g_strdup (title);
  return self;
}
