/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* DemoTaskRow: one task in the list. */
#pragma once

#include <gtk/gtk.h>

#include "demo-task.h"

G_BEGIN_DECLS

#define DEMO_TYPE_TASK_ROW (demo_task_row_get_type ())
G_DECLARE_FINAL_TYPE (DemoTaskRow, demo_task_row, DEMO, TASK_ROW, GtkListBoxRow)

GtkWidget *demo_task_row_new (DemoTask *task);
DemoTask *demo_task_row_get_task (DemoTaskRow *self);
void demo_task_row_toggle_details (DemoTaskRow *self);

G_END_DECLS
