/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* KrTaskList: the jobs in order of submission; append, remove and position without moving the rest. */
#pragma once

#include "kr-task-job.h"

typedef struct _KrTaskList KrTaskList;

/* Where a job stands, kept inside the job. */
typedef struct
{
  struct _KrTaskListBlock *block; /* NULL: in no list */
  guint slot;
} KrTaskListPlace;

KrTaskList *kr_task_list_new (void);
void kr_task_list_free (KrTaskList *self);
guint kr_task_list_get_length (KrTaskList *self);
void kr_task_list_append (KrTaskList *self, KrTaskJob *job);
KrTaskJob *kr_task_list_get (KrTaskList *self, guint position);
guint kr_task_list_get_position (KrTaskList *self, KrTaskJob *job);
void kr_task_list_remove (KrTaskList *self, KrTaskJob *job);
