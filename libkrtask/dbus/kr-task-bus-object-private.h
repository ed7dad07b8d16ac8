/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* KrTaskBusObject: one job as an object on the bus. */
#pragma once

#include "kr-task-bus-rate-private.h"
#include "kr-task-dbus.h"
#include "kr-task-job.h"

/* The owner's context only. */
typedef struct
{
  KrTaskJob *job;
  GMainContext *context;
  KrTaskDBusObjectSkeleton *object;
  KrTaskDBusTask1 *task;
  char *sender;        /* who started it over the bus; NULL: nobody */
  gboolean tied;       /* it is cancelled when the sender leaves */
  gboolean listed;     /* the manager has it still */
  gboolean finished;   /* the end was told */
  gint64 finished_at;  /* monotonic, µs */
  KrTaskState told;    /* the state that was told last */
  char *parent;        /* paths, as they are to be told */
  GStrv children;
  KrTaskBusRate rate;
  GSource *timer;      /* NULL: nothing waits to be told */
} KrTaskBusObject;

KrTaskBusObject *kr_task_bus_object_new (KrTaskJob *job, const char *path, GMainContext *context);
void kr_task_bus_object_free (KrTaskBusObject *self);
const char *kr_task_bus_object_get_path (KrTaskBusObject *self);
void kr_task_bus_object_set_parent (KrTaskBusObject *self, const char *parent);
void kr_task_bus_object_take_children (KrTaskBusObject *self, GStrv children);
void kr_task_bus_object_finish (KrTaskBusObject *self);
GVariant *kr_task_bus_object_dup_info (KrTaskBusObject *self);
GVariant *kr_task_bus_object_dup_result (KrTaskBusObject *self, GError **error);
