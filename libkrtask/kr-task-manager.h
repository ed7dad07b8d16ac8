/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* KrTaskManager: the jobs of a program, their queue and their threads, as a list model. */
#pragma once

#if !defined (KR_TASK_INSIDE) && !defined (KR_TASK_COMPILATION)
#error "Only <krtask.h> can be included directly."
#endif

#include "kr-task-job.h"

G_BEGIN_DECLS

#define KR_TASK_TYPE_MANAGER (kr_task_manager_get_type ())
KR_TASK_AVAILABLE_IN_ALL
G_DECLARE_FINAL_TYPE (KrTaskManager, kr_task_manager, KR_TASK, MANAGER, GObject)

KR_TASK_AVAILABLE_IN_ALL
KrTaskManager *kr_task_manager_new (GMainContext *owner);
KR_TASK_AVAILABLE_IN_ALL
GMainContext *kr_task_manager_get_owner (KrTaskManager *self);
KR_TASK_AVAILABLE_IN_ALL
gboolean kr_task_manager_submit (KrTaskManager *self, KrTaskJob *job, GError **error);
KR_TASK_AVAILABLE_IN_ALL
KrTaskJob *kr_task_manager_submit_or_join (KrTaskManager *self, KrTaskJob *job, GError **error);
KR_TASK_AVAILABLE_IN_ALL
KrTaskJob *kr_task_manager_lookup (KrTaskManager *self, const char *id);
KR_TASK_AVAILABLE_IN_ALL
guint kr_task_manager_cancel_all (KrTaskManager *self, const char *kind, KrTaskCancelReason reason);
KR_TASK_AVAILABLE_IN_ALL
gboolean kr_task_manager_remove (KrTaskManager *self, const char *id, GError **error);
KR_TASK_AVAILABLE_IN_ALL
gboolean kr_task_manager_authorize (KrTaskManager *self, KrTaskJob *job, const char *action, GVariant *identity);
KR_TASK_AVAILABLE_IN_ALL
void kr_task_manager_shutdown_async (KrTaskManager *self, gint64 grace_us, GCancellable *cancellable,
                                     GAsyncReadyCallback callback, gpointer user_data);
KR_TASK_AVAILABLE_IN_ALL
gboolean kr_task_manager_shutdown_finish (KrTaskManager *self, GAsyncResult *result, GError **error);
KR_TASK_AVAILABLE_IN_ALL
guint kr_task_manager_get_max_concurrent (KrTaskManager *self);
KR_TASK_AVAILABLE_IN_ALL
void kr_task_manager_set_max_concurrent (KrTaskManager *self, guint max_concurrent);
KR_TASK_AVAILABLE_IN_ALL
guint kr_task_manager_get_n_queued (KrTaskManager *self);
KR_TASK_AVAILABLE_IN_ALL
guint kr_task_manager_get_n_running (KrTaskManager *self);
KR_TASK_AVAILABLE_IN_ALL
guint kr_task_manager_get_n_detached (KrTaskManager *self);
KR_TASK_AVAILABLE_IN_ALL
gboolean kr_task_manager_get_accepting (KrTaskManager *self);

G_END_DECLS
