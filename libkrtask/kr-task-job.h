/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* KrTaskJob: one cancellable operation, from its creation to its result. */
#pragma once

#if !defined (KR_TASK_INSIDE) && !defined (KR_TASK_COMPILATION)
#error "Only <krtask.h> can be included directly."
#endif

#include "kr-task-enums.h"
#include "kr-task-error.h"
#include "kr-task-progress.h"
#include "kr-task-state.h"

G_BEGIN_DECLS

#define KR_TASK_TYPE_JOB (kr_task_job_get_type ())
KR_TASK_AVAILABLE_IN_ALL
G_DECLARE_FINAL_TYPE (KrTaskJob, kr_task_job, KR_TASK, JOB, GObject)

/**
 * KrTaskFunc:
 * @job: the job
 * @cancellable: fires when a request to cancel was accepted
 * @user_data: as given to [method@KrTask.Job.set_func]
 * @error: return location for the error of the body
 *
 * The body of a job, run in a thread of the manager's own pool.
 *
 * It may sleep with [method@KrTask.Job.sleep], which a cancel ends at once. Without a result it returns %NULL and leaves
 * @error alone.
 *
 * Returns: (transfer full) (nullable): the result; a floating one is taken over
 *
 * Since: 0.1
 */
typedef GVariant *(*KrTaskFunc) (KrTaskJob *job, GCancellable *cancellable, gpointer user_data, GError **error);

/**
 * KrTaskAsyncFunc:
 * @job: the job
 * @cancellable: fires when a request to cancel was accepted
 * @callback: (scope async) (closure callback_data): to be called when the work is done; its source object is not looked at
 * @callback_data: its argument
 * @user_data: as given to [method@KrTask.Job.set_async_func]
 *
 * Begins the body of a job in the owner's context.
 *
 * Since: 0.1
 */
typedef void (*KrTaskAsyncFunc) (KrTaskJob *job, GCancellable *cancellable, GAsyncReadyCallback callback,
                                 gpointer callback_data, gpointer user_data);

/**
 * KrTaskFinishFunc:
 * @job: the job
 * @result: what the callback was given
 * @user_data: as given to [method@KrTask.Job.set_async_func]
 * @error: return location for the error of the body
 *
 * Ends the body of a job in the owner's context.
 *
 * Returns: (transfer full) (nullable): the result; a floating one is taken over
 *
 * Since: 0.1
 */
typedef GVariant *(*KrTaskFinishFunc) (KrTaskJob *job, GAsyncResult *result, gpointer user_data, GError **error);

/* Until it is submitted: what the job is. */
KR_TASK_AVAILABLE_IN_ALL
KrTaskJob *kr_task_job_new (const char *kind, const char *title);
KR_TASK_AVAILABLE_IN_ALL
void kr_task_job_set_func (KrTaskJob *self, KrTaskFunc func, gpointer user_data, GDestroyNotify destroy);
KR_TASK_AVAILABLE_IN_ALL
void kr_task_job_set_async_func (KrTaskJob *self, KrTaskAsyncFunc begin, KrTaskFinishFunc finish, gpointer user_data,
                                 GDestroyNotify destroy);
KR_TASK_AVAILABLE_IN_ALL
void kr_task_job_set_subprocess (KrTaskJob *self, const char *const *argv, gint64 kill_after_us);
KR_TASK_AVAILABLE_IN_ALL
gboolean kr_task_job_set_id (KrTaskJob *self, const char *id);
KR_TASK_AVAILABLE_IN_ALL
void kr_task_job_set_owner (KrTaskJob *self, GVariant *owner);
KR_TASK_AVAILABLE_IN_ALL
void kr_task_job_set_priority (KrTaskJob *self, int priority);
KR_TASK_AVAILABLE_IN_ALL
void kr_task_job_set_key (KrTaskJob *self, const char *key, KrTaskConflictPolicy policy);
KR_TASK_AVAILABLE_IN_ALL
void kr_task_job_set_deadlines (KrTaskJob *self, gint64 queue_us, gint64 run_us, gint64 stop_us);
KR_TASK_AVAILABLE_IN_ALL
void kr_task_job_set_autostart (KrTaskJob *self, gboolean autostart);
KR_TASK_AVAILABLE_IN_ALL
void kr_task_job_set_cancel_in_thread (KrTaskJob *self, gboolean cancel_in_thread);

KR_TASK_AVAILABLE_IN_ALL
void kr_task_job_set_child_policy (KrTaskJob *self, KrTaskChildPolicy policy, gboolean wait_children);
KR_TASK_AVAILABLE_IN_ALL
gboolean kr_task_job_link (KrTaskJob *self, GCancellable *external);

/* At any time, from any thread. */
KR_TASK_AVAILABLE_IN_ALL
gboolean kr_task_job_add_child (KrTaskJob *self, KrTaskJob *child, guint weight, GError **error);
KR_TASK_AVAILABLE_IN_ALL
KrTaskJob *kr_task_job_dup_parent (KrTaskJob *self);
KR_TASK_AVAILABLE_IN_ALL
GListModel *kr_task_job_get_children (KrTaskJob *self);
KR_TASK_AVAILABLE_IN_ALL
void kr_task_job_set_title (KrTaskJob *self, const char *title);
KR_TASK_AVAILABLE_IN_ALL
void kr_task_job_set_description (KrTaskJob *self, const char *description);
KR_TASK_AVAILABLE_IN_ALL
void kr_task_job_set_tags (KrTaskJob *self, const char *const *tags);
KR_TASK_AVAILABLE_IN_ALL
char **kr_task_job_dup_tags (KrTaskJob *self);
KR_TASK_AVAILABLE_IN_ALL
gboolean kr_task_job_has_tag (KrTaskJob *self, const char *tag);
KR_TASK_AVAILABLE_IN_ALL
void kr_task_job_set_keep (KrTaskJob *self, gboolean keep);
KR_TASK_AVAILABLE_IN_ALL
gboolean kr_task_job_get_keep (KrTaskJob *self);
KR_TASK_AVAILABLE_IN_ALL
gboolean kr_task_job_start (KrTaskJob *self, GError **error);
KR_TASK_AVAILABLE_IN_ALL
gboolean kr_task_job_cancel (KrTaskJob *self, KrTaskCancelReason reason, const char *text, KrTaskCancelFlags flags,
                             GError **error);
KR_TASK_AVAILABLE_IN_ALL
gboolean kr_task_job_is_cancelled (KrTaskJob *self);
KR_TASK_AVAILABLE_IN_ALL
const char *kr_task_job_get_id (KrTaskJob *self);
KR_TASK_AVAILABLE_IN_ALL
const char *kr_task_job_get_kind (KrTaskJob *self);
KR_TASK_AVAILABLE_IN_ALL
char *kr_task_job_dup_title (KrTaskJob *self);
KR_TASK_AVAILABLE_IN_ALL
char *kr_task_job_dup_description (KrTaskJob *self);
KR_TASK_AVAILABLE_IN_ALL
GVariant *kr_task_job_get_owner (KrTaskJob *self);
KR_TASK_AVAILABLE_IN_ALL
int kr_task_job_get_priority (KrTaskJob *self);
KR_TASK_AVAILABLE_IN_ALL
const char *kr_task_job_get_key (KrTaskJob *self);
KR_TASK_AVAILABLE_IN_ALL
gboolean kr_task_job_get_autostart (KrTaskJob *self);
KR_TASK_AVAILABLE_IN_ALL
gboolean kr_task_job_get_cancel_in_thread (KrTaskJob *self);
KR_TASK_AVAILABLE_IN_ALL
KrTaskState kr_task_job_get_state (KrTaskJob *self);
KR_TASK_AVAILABLE_IN_ALL
KrTaskCancelReason kr_task_job_get_cancel_reason (KrTaskJob *self);
KR_TASK_AVAILABLE_IN_ALL
gboolean kr_task_job_get_cancellable (KrTaskJob *self);
KR_TASK_AVAILABLE_IN_ALL
gboolean kr_task_job_get_detached (KrTaskJob *self);
KR_TASK_AVAILABLE_IN_ALL
gint64 kr_task_job_get_created_at (KrTaskJob *self);
KR_TASK_AVAILABLE_IN_ALL
gint64 kr_task_job_get_queued_at (KrTaskJob *self);
KR_TASK_AVAILABLE_IN_ALL
gint64 kr_task_job_get_started_at (KrTaskJob *self);
KR_TASK_AVAILABLE_IN_ALL
gint64 kr_task_job_get_finished_at (KrTaskJob *self);
KR_TASK_AVAILABLE_IN_ALL
gint64 kr_task_job_get_duration (KrTaskJob *self);
KR_TASK_AVAILABLE_IN_ALL
guint kr_task_job_get_position (KrTaskJob *self);
KR_TASK_AVAILABLE_IN_ALL
KrTaskProgress *kr_task_job_get_progress (KrTaskJob *self);
KR_TASK_AVAILABLE_IN_ALL
GVariant *kr_task_job_dup_status (KrTaskJob *self);
KR_TASK_AVAILABLE_IN_ALL
GVariant *kr_task_job_dup_result (KrTaskJob *self, GError **error);
KR_TASK_AVAILABLE_IN_ALL
GError *kr_task_job_dup_error (KrTaskJob *self);
KR_TASK_AVAILABLE_IN_ALL
GError *kr_task_job_dup_cause (KrTaskJob *self);
KR_TASK_AVAILABLE_IN_ALL
void kr_task_job_wait_async (KrTaskJob *self, GCancellable *wait_only, GAsyncReadyCallback callback, gpointer user_data);
KR_TASK_AVAILABLE_IN_ALL
gboolean kr_task_job_wait_finish (KrTaskJob *self, GAsyncResult *result, GError **error);

/* In the body. */
KR_TASK_AVAILABLE_IN_ALL
gboolean kr_task_job_sleep (KrTaskJob *self, gint64 microseconds);
KR_TASK_AVAILABLE_IN_ALL
gboolean kr_task_job_hold (KrTaskJob *self);
KR_TASK_AVAILABLE_IN_ALL
void kr_task_job_release (KrTaskJob *self);

G_END_DECLS
