/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* KrTaskCancelWatch: hears of a cancellable in a main context, whatever thread it fires in. */
#pragma once

#include <gio/gio.h>

/* Constant between init and clear. */
typedef struct
{
  GCancellable *cancellable; /* NULL: nothing is watched */
  gulong handler;
  GSource *source;
} KrTaskCancelWatch;

void kr_task_cancel_watch_init (KrTaskCancelWatch *self, GCancellable *cancellable, GSourceFunc func, gpointer data,
                                GDestroyNotify destroy);
void kr_task_cancel_watch_attach (KrTaskCancelWatch *self, GMainContext *context);
void kr_task_cancel_watch_stop (KrTaskCancelWatch *self);
void kr_task_cancel_watch_clear (KrTaskCancelWatch *self);
