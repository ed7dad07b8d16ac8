/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* KrTaskRemoteJob: a job of another program, as the bus shows it. */
#pragma once

#if !defined (KR_TASK_INSIDE) && !defined (KR_TASK_COMPILATION)
#error "Only <krtask.h> can be included directly."
#endif

#include "kr-task-enums.h"
#include "kr-task-error.h"
#include "kr-task-progress.h"
#include "kr-task-state.h"

G_BEGIN_DECLS

#define KR_TASK_TYPE_REMOTE_JOB (kr_task_remote_job_get_type ())
KR_TASK_AVAILABLE_IN_ALL
G_DECLARE_FINAL_TYPE (KrTaskRemoteJob, kr_task_remote_job, KR_TASK, REMOTE_JOB, GObject)

KR_TASK_AVAILABLE_IN_ALL
const char *kr_task_remote_job_get_object_path (KrTaskRemoteJob *self);
KR_TASK_AVAILABLE_IN_ALL
KrTaskState kr_task_remote_job_get_state (KrTaskRemoteJob *self);
KR_TASK_AVAILABLE_IN_ALL
KrTaskProgress *kr_task_remote_job_get_progress (KrTaskRemoteJob *self);
KR_TASK_AVAILABLE_IN_ALL
void kr_task_remote_job_cancel_async (KrTaskRemoteJob *self, const char *text, KrTaskCancelFlags flags,
                                      GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data);
KR_TASK_AVAILABLE_IN_ALL
gboolean kr_task_remote_job_cancel_finish (KrTaskRemoteJob *self, GAsyncResult *result, GError **error);
KR_TASK_AVAILABLE_IN_ALL
void kr_task_remote_job_dup_result_async (KrTaskRemoteJob *self, GCancellable *cancellable,
                                          GAsyncReadyCallback callback, gpointer user_data);
KR_TASK_AVAILABLE_IN_ALL
GVariant *kr_task_remote_job_dup_result_finish (KrTaskRemoteJob *self, GAsyncResult *result, GError **error);
KR_TASK_AVAILABLE_IN_ALL
void kr_task_remote_job_remove_async (KrTaskRemoteJob *self, GCancellable *cancellable, GAsyncReadyCallback callback,
                                      gpointer user_data);
KR_TASK_AVAILABLE_IN_ALL
gboolean kr_task_remote_job_remove_finish (KrTaskRemoteJob *self, GAsyncResult *result, GError **error);

G_END_DECLS
