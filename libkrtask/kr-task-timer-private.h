/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* KrTaskTimer: the deadlines of the jobs of one manager. */
#pragma once

#include "kr-task-job.h"
#include "kr-task-lock-private.h"

/* Deadlines do not wait for the owner's context: they are kept by a thread, which exists only while there are some. */
typedef struct
{
  KrTaskLock lock; /* guards all below; may be taken inside a job's lock, and is never held while calling out */
  KrTaskCond changed;
  GPtrArray *heap; /* of KrTaskJob with a reference each, the earliest deadline first */
  gboolean runs;   /* there is a thread */
} KrTaskTimer;

/* A job's deadline, kept inside the job and guarded by the lock of the timer. */
typedef struct
{
  gint64 due; /* monotonic, µs */
  guint place; /* in the heap plus one; 0: none */
} KrTaskTimerLink;

void kr_task_timer_init (KrTaskTimer *self);
void kr_task_timer_clear (KrTaskTimer *self);
gboolean kr_task_timer_arm (KrTaskTimer *self, KrTaskJob *job, gint64 due);
void kr_task_timer_disarm (KrTaskTimer *self, KrTaskJob *job);
void kr_task_timer_run (KrTaskTimer *self);
