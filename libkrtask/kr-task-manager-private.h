/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* What KrTaskJob may ask of its manager. */
#pragma once

#include "kr-task-manager.h"
#include "kr-task-outbox-private.h"
#include "kr-task-runner-private.h"

KrTaskOutbox *kr_task_manager_get_outbox (KrTaskManager *self);
KrTaskRunner *kr_task_manager_get_runner (KrTaskManager *self);
gint64 kr_task_manager_get_interval (KrTaskManager *self);
void kr_task_manager_count (KrTaskManager *self, KrTaskState from, KrTaskState to);
void kr_task_manager_count_detached (KrTaskManager *self, int difference);
