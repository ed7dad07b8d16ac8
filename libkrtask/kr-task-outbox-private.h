/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* KrTaskOutbox: what the owner's context has yet to hear, job by job. */
#pragma once

#include "kr-task-job.h"
#include "kr-task-lock-private.h"

typedef enum
{
  KR_TASK_OUT_NONE,
  KR_TASK_OUT_READY,
  KR_TASK_OUT_LATER,
} KrTaskOutList;

/* A job's place in the outbox, kept inside the job. Guarded by the lock of the outbox, but for a batch that is being taken:
 * that is the owner's context's alone. */
typedef struct
{
  KrTaskJob *previous, *next;
  gint64 due; /* in the later list: monotonic time, µs */
  int list;   /* a KrTaskOutList, atomic; becomes NONE without the lock */
} KrTaskOutLink;

typedef struct
{
  KrTaskJob *first, *last;
  guint length;
} KrTaskOutQueue;

/* @jobs owns a reference to each job; oldest news first. */
typedef void (*KrTaskOutboxFunc) (GObject *owner, GPtrArray *jobs);

typedef struct
{
  KrTaskLock lock; /* guards all below; taken inside a job's lock; never held while calling out */
  GObject *owner;  /* not owned; a pending source holds a reference to it */
  GMainContext *context;
  KrTaskOutboxFunc deliver;
  KrTaskOutQueue ready;
  KrTaskOutQueue later; /* the earliest first */
  GSource *source;      /* NULL while nothing is pending */
  gint64 source_time;
} KrTaskOutbox;

void kr_task_outbox_init (KrTaskOutbox *self, GMainContext *context, GObject *owner, KrTaskOutboxFunc deliver);
void kr_task_outbox_clear (KrTaskOutbox *self);
void kr_task_outbox_push (KrTaskOutbox *self, KrTaskJob *job);
void kr_task_outbox_push_at (KrTaskOutbox *self, KrTaskJob *job, gint64 due);
void kr_task_outbox_wake (KrTaskOutbox *self);
