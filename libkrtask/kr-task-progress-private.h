/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* What KrTaskJob may do to its progress. */
#pragma once

#include "kr-task-job.h"

/* What became of news. */
typedef enum
{
  KR_TASK_FLUSH_NOTHING, /* there was none */
  KR_TASK_FLUSH_EARLY,   /* it has to wait: the last was told too short a time ago */
  KR_TASK_FLUSH_TOLD,
} KrTaskFlush;

KrTaskProgress *kr_task_progress_new (KrTaskJob *job);
void kr_task_progress_freeze (KrTaskProgress *self);
void kr_task_progress_leave (KrTaskProgress *self);
gint64 kr_task_progress_get_last_flush (KrTaskProgress *self);
KrTaskFlush kr_task_progress_flush (KrTaskProgress *self, gint64 interval);
