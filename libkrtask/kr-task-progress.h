/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* KrTaskProgress: how far a task is, told from any thread and heard in the owner's context. */
#pragma once

#if !defined (KR_TASK_INSIDE) && !defined (KR_TASK_COMPILATION)
#error "Only <krtask.h> can be included directly."
#endif

#include <gio/gio.h>

#include "kr-task-visibility.h"

G_BEGIN_DECLS

#define KR_TASK_TYPE_PROGRESS (kr_task_progress_get_type ())
KR_TASK_AVAILABLE_IN_ALL
G_DECLARE_FINAL_TYPE (KrTaskProgress, kr_task_progress, KR_TASK, PROGRESS, GObject)

KR_TASK_AVAILABLE_IN_ALL
void kr_task_progress_set (KrTaskProgress *self, double fraction, const char *message);
KR_TASK_AVAILABLE_IN_ALL
void kr_task_progress_set_units (KrTaskProgress *self, guint64 done, guint64 total, const char *unit);
KR_TASK_AVAILABLE_IN_ALL
void kr_task_progress_set_detail (KrTaskProgress *self, const char *key, GVariant *value);
KR_TASK_AVAILABLE_IN_ALL
KrTaskProgress *kr_task_progress_add_step (KrTaskProgress *self, const char *name, guint weight);
KR_TASK_AVAILABLE_IN_ALL
double kr_task_progress_get (KrTaskProgress *self, char **message);
KR_TASK_AVAILABLE_IN_ALL
double kr_task_progress_get_fraction (KrTaskProgress *self);
KR_TASK_AVAILABLE_IN_ALL
gboolean kr_task_progress_get_estimating (KrTaskProgress *self);
KR_TASK_AVAILABLE_IN_ALL
char *kr_task_progress_dup_message (KrTaskProgress *self);
KR_TASK_AVAILABLE_IN_ALL
void kr_task_progress_get_units (KrTaskProgress *self, guint64 *done, guint64 *total, char **unit);
KR_TASK_AVAILABLE_IN_ALL
guint64 kr_task_progress_get_rate (KrTaskProgress *self);
KR_TASK_AVAILABLE_IN_ALL
gint64 kr_task_progress_get_eta (KrTaskProgress *self);
KR_TASK_AVAILABLE_IN_ALL
GVariant *kr_task_progress_dup_details (KrTaskProgress *self);
KR_TASK_AVAILABLE_IN_ALL
GVariant *kr_task_progress_dup_steps (KrTaskProgress *self);

G_END_DECLS
