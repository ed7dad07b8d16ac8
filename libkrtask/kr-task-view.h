/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* KrTaskView: some jobs of a list, in an order of their own. */
#pragma once

#if !defined (KR_TASK_INSIDE) && !defined (KR_TASK_COMPILATION)
#error "Only <krtask.h> can be included directly."
#endif

#include <gio/gio.h>

#include "kr-task-visibility.h"

G_BEGIN_DECLS

#define KR_TASK_TYPE_VIEW (kr_task_view_get_type ())
KR_TASK_AVAILABLE_IN_ALL
G_DECLARE_FINAL_TYPE (KrTaskView, kr_task_view, KR_TASK, VIEW, GObject)

/**
 * KrTaskViewFilterFunc:
 * @item: (type GObject.Object): a job
 * @user_data: as given to [method@KrTask.View.set_filter]
 *
 * Says whether a job belongs into a view.
 *
 * Returns: %TRUE if it does
 *
 * Since: 0.1
 */
typedef gboolean (*KrTaskViewFilterFunc) (gpointer item, gpointer user_data);

KR_TASK_AVAILABLE_IN_ALL
KrTaskView *kr_task_view_new (GListModel *model);
KR_TASK_AVAILABLE_IN_ALL
void kr_task_view_set_filter (KrTaskView *self, KrTaskViewFilterFunc func, gpointer user_data, GDestroyNotify destroy);
KR_TASK_AVAILABLE_IN_ALL
void kr_task_view_set_tag (KrTaskView *self, const char *tag);
KR_TASK_AVAILABLE_IN_ALL
const char *kr_task_view_get_tag (KrTaskView *self);
KR_TASK_AVAILABLE_IN_ALL
void kr_task_view_set_order (KrTaskView *self, GCompareDataFunc func, gpointer user_data, GDestroyNotify destroy);

G_END_DECLS
