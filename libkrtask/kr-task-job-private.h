/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* The inside of KrTaskJob, for the manager, the runner and the outbox. */
#pragma once

#include "kr-task-job.h"
#include "kr-task-list-private.h"
#include "kr-task-lock-private.h"
#include "kr-task-manager.h"
#include "kr-task-outbox-private.h"
#include "kr-task-retention-private.h"
#include "kr-task-runner-private.h"
#include "kr-task-table-private.h"
#include "kr-task-timer-private.h"

/* The longest way: created, queued, running, cancelling, cancelled. */
#define KR_TASK_MAX_STATES 5

/* News besides transitions and progress; set by any thread, taken in the owner's context. */
typedef enum
{
  KR_TASK_NEWS_START = 1 << 0,  /* an asynchronous body is to begin */
  KR_TASK_NEWS_REMOVE = 1 << 1, /* the manager forgets the job */
  KR_TASK_NEWS_TITLE = 1 << 2,
  KR_TASK_NEWS_DESCRIPTION = 1 << 3,
  KR_TASK_NEWS_CANCELLABLE = 1 << 4,
  KR_TASK_NEWS_DETACHED = 1 << 5,
  KR_TASK_NEWS_CHILDREN = 1 << 6,
  KR_TASK_NEWS_TAGS = 1 << 7,
  KR_TASK_NEWS_POSITION = 1 << 8,
} KrTaskNews;

typedef struct
{
  KrTaskFunc func;
  KrTaskAsyncFunc begin;
  KrTaskFinishFunc finish;
  gpointer data;
  GDestroyNotify destroy;
} KrTaskBody;

/* The relations of a job; guarded by its lock unless it says otherwise. */
typedef struct
{
  GWeakRef *parent;     /* NULL: none; constant once the parent knows the job, as are the last two after submission */
  KrTaskProgress *step; /* where the parent shows the progress; NULL: nowhere; atomic, set once */
  GPtrArray *children;  /* NULL: none yet */
  guint n_active;       /* children that have not ended; may be read atomically */
  GError *child_error;  /* of the first child that failed, where that matters */
  GListStore *list;     /* the owner's context only; NULL: nobody asked for it */
  GArray *links;        /* of Link; set up before submission, gone when the end is delivered; may be peeked at atomically */
  KrTaskChildPolicy policy;
  gboolean wait;
} KrTaskFamily;

/* What every job writes on its way through two threads comes first and close together: each line of the cache that both touch
 * costs as much as a hundred instructions. What is marked "before" is set before submission and constant afterwards; the lock
 * guards the rest unless it says otherwise. */
struct _KrTaskJob
{
  GObject parent_instance;

  KrTaskLock lock; /* never held while calling out */
  int state;       /* a KrTaskState; written by set_state() only; read atomically without the lock */
  guint8 path[KR_TASK_MAX_STATES];
  guint8 n_path;          /* states gone through */
  guint8 n_delivered;     /* of them, those the owner's context has heard of */
  guint8 body_runs;       /* from the transition to running until the body returns */
  guint8 body_returned;   /* or it never runs */
  guint8 detached;
  guint8 finish_emitted;
  guint8 waiters_done;    /* the end was told: who waits now need not */
  guint held;
  KrTaskRunner *runner;   /* NULL until submission, constant afterwards */
  KrTaskManager *manager; /* from submission until the end is delivered: keeps it alive as long */
  KrTaskBody body;        /* before; cleared when it can run no more, under the lock */
  KrTaskQueueLink waiting; /* guarded by the runner */
  GCancellable *cancellable; /* this job's alone, never reset; handed to the body, and gone when it has returned */
  GVariant *value; /* what the body returned; visible once completed */
  GError *error;   /* what the body failed with; visible once failed, or as the cause of the end */
  gint64 created_at, queued_at, started_at, finished_at; /* wall clock, µs; for display only */
  gint64 started_mono, finished_mono;                    /* monotonic, µs */
  gint64 due;        /* the deadline of the present state: monotonic, µs; 0: none */
  KrTaskOutLink out; /* guarded by the outbox */
  int news;          /* KrTaskNews, atomic */

  gboolean is_sync;                 /* before */
  gint64 queue_us, run_us, stop_us; /* before; -1: no deadline */
  char *key;                        /* before */
  KrTaskProgress *progress; /* made when first asked for, then constant; read atomically */
  GSList *waiters;          /* of KrTaskWaiter, a reference each */
  KrTaskFamily family;

  /* before */
  char id[33];
  gboolean autostart;
  char *long_id; /* NULL: the id is the one above */
  char *kind;          /* in the next one if it fits */
  char short_kind[24];
  GVariant *owner; /* a{sv} */
  char *owner_key; /* what the manager counts it under; NULL: nothing */
  KrTaskConflictPolicy conflict_policy;
  int priority;
  gboolean cancel_in_thread;

  KrTaskCond cancelled; /* wakes a sleeping body */
  char *title;          /* NULL: made of the id */
  char *description;
  GStrv tags;           /* NULL: none */
  gboolean keep; /* the manager does not forget it by itself; may be read atomically */
  KrTaskCancelReason reason;
  char *reason_text;
  KrTaskCancelReason deferred_reason; /* NONE: no request waits for the release */
  char *deferred_text;

  KrTaskTimerLink deadline; /* guarded by the timer */
  KrTaskTableLink by_id;    /* guarded by the manager's lock */
  /* the owner's context only: */
  KrTaskListPlace place;
  KrTaskRetentionLink retention;
  gboolean was_listed; /* it is or was in the manager's list */
  gboolean forgotten;  /* it is to leave that list */
};

void kr_task_job_run (KrTaskJob *self, GCancellable **spare);
gboolean kr_task_job_run_async (KrTaskJob *self);
void kr_task_job_progress_changed (KrTaskJob *self);
gboolean kr_task_job_adopt (KrTaskJob *self, KrTaskManager *manager, GError **error);
void kr_task_job_deliver (KrTaskJob *self);
void kr_task_job_withdraw (KrTaskJob *self);
KrTaskRunner *kr_task_job_get_runner (KrTaskJob *self);
void kr_task_job_detach (KrTaskJob *self);
void kr_task_job_deadline (KrTaskJob *self);
void kr_task_job_cancel_linked (KrTaskJob *self);
gboolean kr_task_job_add_news (KrTaskJob *self, KrTaskNews news);
KrTaskNews kr_task_job_take_news (KrTaskJob *self);
gboolean kr_task_job_begin (KrTaskJob *self, KrTaskJob **joined, GError **error);

/* kr-task-job-life.c */
void kr_task_job_set_state (KrTaskJob *self, KrTaskState to);
void kr_task_job_begin_async_body (KrTaskJob *self);
void kr_task_job_end_if_done (KrTaskJob *self);

/* kr-task-job-family.c */
void kr_task_family_clear (KrTaskFamily *family);
void kr_task_links_free (GArray *links);
void kr_task_job_follow_links (KrTaskJob *self);
GPtrArray *kr_task_job_dup_children (KrTaskJob *self);
void kr_task_job_cancel_children (KrTaskJob *self, KrTaskCancelReason reason);
void kr_task_job_update_children (KrTaskJob *self);
void kr_task_job_update_step (KrTaskJob *self);
void kr_task_job_tell_parent (KrTaskJob *self);

/* What is constant after submission may be set before, only. */
static inline gboolean
kr_task_job_is_open (KrTaskJob *self)
{
  return self->runner == NULL && self->n_path == 1;
}

/* kr-task-job-settings.c */
void kr_task_job_announce (KrTaskJob *self, KrTaskNews news);

/* kr-task-job-getters.c */
guint kr_task_job_watch_position (KrTaskJob *self, gboolean now);

/* kr-task-job-properties.c */
void kr_task_job_install_properties (GObjectClass *klass);
void kr_task_job_notify_state (KrTaskJob *self);
void kr_task_job_notify_news (KrTaskJob *self, KrTaskNews news);

/* kr-task-job.c, for the other parts of the job */
void kr_task_job_set_kind (KrTaskJob *self, const char *kind);
gboolean kr_task_job_has_handlers (KrTaskJob *self, guint signal);
gboolean kr_task_job_has_listeners (KrTaskJob *self);
void kr_task_job_emit_state_changed (KrTaskJob *self, const guint8 *path, guint n_states);
void kr_task_job_emit_finished (KrTaskJob *self);
void kr_task_job_complete_waiters (KrTaskJob *self);
void kr_task_body_clear (KrTaskBody *body);
char *kr_task_job_make_title (KrTaskJob *self);
gboolean kr_task_job_can_cancel (KrTaskJob *self);
gint64 kr_task_job_measure (KrTaskJob *self);
