/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* DemoTask: a task as the window shows it, wherever it runs. */
#pragma once

#include <krtask.h>

G_BEGIN_DECLS

/* What is known of a task at one moment. Texts may be NULL; times are µs since 1970, 0 while not yet. */
typedef struct
{
  const char *id;
  const char *kind;
  const char *title;
  const char *description;
  const char *message;             /* what it is doing */
  const char *unit;                /* what is counted; NULL or empty: nothing is */
  const char *error;               /* what it ended with, in words */
  KrTaskState state;
  KrTaskCancelReason cancel_reason;
  gboolean cancelable;
  double fraction;                 /* from 0 to 1; NAN while unknown */
  guint64 done;
  guint64 total;                   /* 0 while unknown */
  guint64 rate;                    /* units per second; 0 while unknown */
  gint64 eta;                      /* µs; -1 while unknown */
  gint64 created_at;
  gint64 started_at;
  gint64 finished_at;
} DemoTaskInfo;

#define DEMO_TYPE_TASK (demo_task_get_type ())
G_DECLARE_DERIVABLE_TYPE (DemoTask, demo_task, DEMO, TASK, GObject)

/* Both are implemented by the kinds of source; a finish function returns FALSE with an error. */
struct _DemoTaskClass
{
  GObjectClass parent_class;

  void (*cancel_async) (DemoTask *self, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data);
  gboolean (*cancel_finish) (DemoTask *self, GAsyncResult *result, GError **error);
  void (*remove_async) (DemoTask *self, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data);
  gboolean (*remove_finish) (DemoTask *self, GAsyncResult *result, GError **error);
};

const DemoTaskInfo *demo_task_get_info (DemoTask *self);
void demo_task_set_info (DemoTask *self, const DemoTaskInfo *info);
gboolean demo_task_can_remove (DemoTask *self);
gboolean demo_task_is_removed (DemoTask *self);
void demo_task_cancel_async (DemoTask *self, GCancellable *cancellable, GAsyncReadyCallback callback,
                             gpointer user_data);
gboolean demo_task_cancel_finish (DemoTask *self, GAsyncResult *result, GError **error);
void demo_task_remove_async (DemoTask *self, GCancellable *cancellable, GAsyncReadyCallback callback,
                             gpointer user_data);
gboolean demo_task_remove_finish (DemoTask *self, GAsyncResult *result, GError **error);

G_END_DECLS
