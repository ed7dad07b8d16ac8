/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* The inside of KrTaskManager, for its own files. */
#pragma once

#include "kr-task-job-private.h"
#include "kr-task-list-private.h"
#include "kr-task-manager-private.h"

#define KR_TASK_CACHE_LINE 64

struct _KrTaskManager
{
  GObject parent_instance;

  char before_outbox[KR_TASK_CACHE_LINE]; /* the references are mostly one thread's affair, the outbox is all threads' */
  GMainContext *context;
  KrTaskOutbox outbox;
  KrTaskRunner *runner;
  int interval_ms; /* atomic */
  /* all threads write them for each job, and should not take the rest from each other's cache */
  char before_counters[KR_TASK_CACHE_LINE];
  int n_queued, n_running, n_detached; /* atomic */
  int n_unfinished;                    /* atomic: submitted, and not yet terminal */
  char after_counters[KR_TASK_CACHE_LINE];

  KrTaskLock lock;  /* guards the table and accepting; a job's lock may be taken inside; never held while calling out */
  KrTaskTable jobs; /* each with a reference */
  GHashTable *owners; /* how many unfinished jobs, by owner_key */
  guint max_per_owner;
  gboolean accepting;

  /* the owner's context only */
  KrTaskList *list; /* owns a reference to each job */
  KrTaskRetention retention; /* of the jobs in the list that have finished */
  GSource *ageing;           /* NULL: no finished job grows old */
  int told_queued, told_running, told_detached; /* as notified last */
  GSList *shutdowns;                            /* calls that wait for the last job */
  GSource *grace;                               /* NULL: no limit to that, or over */
};

/* kr-task-manager.c */
void kr_task_manager_notify_counts (KrTaskManager *self);
void kr_task_manager_notify_accepting (KrTaskManager *self);

/* kr-task-manager-deliver.c */
void kr_task_manager_deliver (GObject *owner, GPtrArray *batch);
void kr_task_manager_stop_ageing (KrTaskManager *self);

/* kr-task-manager-submit.c */
void kr_task_manager_release_owner (KrTaskManager *self, KrTaskJob *job);
void kr_task_manager_forget (KrTaskManager *self, KrTaskJob *job);

/* kr-task-manager-end.c */
void kr_task_manager_complete_shutdown (KrTaskManager *self);
