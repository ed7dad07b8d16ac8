/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* What the owner's context hears of a KrTaskJob: transitions, progress and other news. */
#include "config.h"

#include <string.h>

#include "kr-task-job-private.h"
#include "kr-task-manager-private.h"
#include "kr-task-progress-private.h"

/* private: any thread. FALSE: nobody will hear it, as the end has been told. */
gboolean
kr_task_job_add_news (KrTaskJob *self, KrTaskNews news)
{
  gboolean heard;

  kr_task_lock (&self->lock);
  heard = self->manager != NULL;
  if (heard)
    {
      g_atomic_int_or (&self->news, news);
      kr_task_outbox_push (kr_task_manager_get_outbox (self->manager), self);
    }
  kr_task_unlock (&self->lock);
  return heard;
}

/* private: in the owner's context. */
KrTaskNews
kr_task_job_take_news (KrTaskJob *self)
{
  return g_atomic_int_and (&self->news, 0);
}

/* private: any thread, with no lock held. */
void
kr_task_job_progress_changed (KrTaskJob *self)
{
  gint64 now = g_get_monotonic_time ();
  gint64 due;

  kr_task_lock (&self->lock);
  /* the last value does not wait, nor does the manager, which lives until nothing is left to tell */
  if (self->manager != NULL && kr_task_state_is_terminal (self->state))
    kr_task_outbox_push (kr_task_manager_get_outbox (self->manager), self);
  else if (self->manager != NULL)
    {
      due = kr_task_progress_get_last_flush (self->progress) + kr_task_manager_get_interval (self->manager);
      kr_task_outbox_push_at (kr_task_manager_get_outbox (self->manager), self, MAX (now, due));
    }
  kr_task_unlock (&self->lock);
}

static gint64
get_interval (KrTaskJob *self)
{
  gint64 interval;

  kr_task_lock (&self->lock);
  interval = self->manager != NULL ? kr_task_manager_get_interval (self->manager) : 0;
  kr_task_unlock (&self->lock);
  return interval;
}

/* The last value waits for nothing; other news of the job do not take the progress along before its time. */
static void
flush_progress (KrTaskJob *self, gboolean is_last)
{
  KrTaskProgress *progress = g_atomic_pointer_get (&self->progress);
  KrTaskFlush flush;

  if (progress == NULL)
    return;
  flush = kr_task_progress_flush (progress, is_last ? 0 : get_interval (self));
  if (flush == KR_TASK_FLUSH_TOLD)
    kr_task_job_update_step (self);
  else if (flush == KR_TASK_FLUSH_EARLY)
    kr_task_job_progress_changed (self);
}

/* The transitions that the owner's context has not heard of. */
typedef struct
{
  guint8 path[KR_TASK_MAX_STATES];
  guint from, to;
  gboolean finished;
} Transitions;

/* Lock held. */
static void
take_transitions (KrTaskJob *self, Transitions *taken)
{
  memcpy (taken->path, self->path, sizeof taken->path);
  taken->from = self->n_delivered;
  taken->to = self->n_path;
  taken->finished = taken->to > taken->from && kr_task_state_is_terminal (taken->path[taken->to - 1]);
  self->n_delivered = taken->to;
  self->finish_emitted |= taken->finished;
}

/* Lock held. What has ended, and was told, needs its manager no more. */
static KrTaskManager *
take_manager (KrTaskJob *self)
{
  if (self->finish_emitted && self->n_delivered == self->n_path && !self->body_runs)
    return g_steal_pointer (&self->manager);
  return NULL;
}

static void
emit_transitions (KrTaskJob *self, const Transitions *taken)
{
  kr_task_job_notify_state (self);
  kr_task_job_emit_state_changed (self, taken->path + taken->from - 1, taken->to - taken->from + 1);
  if (taken->finished)
    kr_task_job_emit_finished (self);
}

/* Nobody hears most jobs, and those are done with in one step. */
static void
deliver_transitions (KrTaskJob *self)
{
  g_autoptr (KrTaskManager) manager = NULL;
  gboolean listened = kr_task_job_has_listeners (self);
  Transitions taken;
  GArray *links = NULL;
  gboolean quiet;

  kr_task_lock (&self->lock);
  take_transitions (self, &taken);
  if (taken.finished && self->family.links != NULL)
    {
      links = self->family.links;
      g_atomic_pointer_set (&self->family.links, NULL);
    }
  quiet = !listened && self->waiters == NULL;
  if (quiet)
    {
      self->waiters_done |= taken.finished;
      manager = take_manager (self);
    }
  kr_task_unlock (&self->lock);
  g_clear_pointer (&links, kr_task_links_free);
  flush_progress (self, taken.finished);
  if (quiet)
    return;
  if (listened && taken.to > taken.from)
    emit_transitions (self, &taken);
  if (taken.finished)
    kr_task_job_complete_waiters (self);
  kr_task_lock (&self->lock);
  manager = take_manager (self);
  kr_task_unlock (&self->lock);
}

/* private: in the owner's context, or in the only thread that knows the job. */
void
kr_task_job_deliver (KrTaskJob *self)
{
  KrTaskNews news = kr_task_job_take_news (self);

  if (news & KR_TASK_NEWS_START)
    kr_task_job_begin_async_body (self);
  if (news & KR_TASK_NEWS_REMOVE)
    self->forgotten = TRUE;
  if (news & KR_TASK_NEWS_CHILDREN)
    kr_task_job_update_children (self);
  if (news != 0)
    kr_task_job_notify_news (self, news);
  deliver_transitions (self);
}
