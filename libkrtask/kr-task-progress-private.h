/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* What KrTaskJob may do to its progress. */
#pragma once

#include "kr-task-job.h"

KrTaskProgress *kr_task_progress_new (KrTaskJob *job);
void kr_task_progress_freeze (KrTaskProgress *self);
void kr_task_progress_leave (KrTaskProgress *self);
gint64 kr_task_progress_get_last_flush (KrTaskProgress *self);
gboolean kr_task_progress_flush (KrTaskProgress *self);
