/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* How the window puts a task into words. */
#pragma once

#include "demo-task.h"

G_BEGIN_DECLS

const char *demo_format_state (KrTaskState state);
const char *demo_format_state_icon (KrTaskState state);
const char *demo_format_kind (const char *kind);
const char *demo_format_reason (KrTaskCancelReason reason);
char *demo_format_duration (gint64 microseconds);
char *demo_format_time (gint64 microseconds);
char *demo_format_progress (const DemoTaskInfo *info);
char *demo_format_summary (const DemoTaskInfo *info);
char *demo_format_error (const GError *error);

G_END_DECLS
