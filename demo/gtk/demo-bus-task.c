/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* DemoBusTask: a task on the bus, as the window shows it. */
#include "config.h"

#include "demo-bus-task.h"

struct _DemoBusTask
{
  DemoTask parent_instance;

  KrTaskRemoteJob *job;
};

G_DEFINE_FINAL_TYPE (DemoBusTask, demo_bus_task, DEMO_TYPE_TASK)

static void
update (DemoBusTask *self)
{
  KrTaskProgress *progress = kr_task_remote_job_get_progress (self->job);
  DemoTaskInfo info = { .eta = kr_task_progress_get_eta (progress), .rate = kr_task_progress_get_rate (progress) };
  g_autofree char *id = NULL, *kind = NULL, *title = NULL, *description = NULL, *message = NULL, *unit = NULL;
  g_autoptr (GError) error = NULL;

  g_object_get (self->job, "id", &id, "kind", &kind, "title", &title, "description", &description, "state", &info.state,
                "cancel-reason", &info.cancel_reason, "cancellable", &info.cancelable, "error", &error,
                "created-at", &info.created_at, "started-at", &info.started_at, "finished-at", &info.finished_at, NULL);
  info.fraction = kr_task_progress_get (progress, &message);
  kr_task_progress_get_units (progress, &info.done, &info.total, &unit);
  info.id = id;
  info.kind = kind;
  info.title = title;
  info.description = description;
  info.message = message;
  info.unit = unit;
  info.error = error != NULL ? error->message : NULL;
  demo_task_set_info (DEMO_TASK (self), &info);
}

static void
on_job_notify (KrTaskRemoteJob *job, GParamSpec *pspec, gpointer user_data)
{
  update (user_data);
}

static void
on_progress_changed (KrTaskProgress *progress, gpointer user_data)
{
  update (user_data);
}

static void
on_called (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;

  g_task_return_pointer (task, g_object_ref (result), g_object_unref);
}

static GTask *
call_new (DemoTask *task, gpointer tag, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  GTask *call = g_task_new (task, cancellable, callback, user_data);

  g_task_set_source_tag (call, tag);
  /* the answer of the job is the one that counts */
  g_task_set_check_cancellable (call, FALSE);
  return call;
}

static void
cancel_async (DemoTask *task, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  kr_task_remote_job_cancel_async (DEMO_BUS_TASK (task)->job, NULL, KR_TASK_CANCEL_NONE, cancellable, on_called,
                                   call_new (task, cancel_async, cancellable, callback, user_data));
}

static gboolean
cancel_finish (DemoTask *task, GAsyncResult *result, GError **error)
{
  g_autoptr (GAsyncResult) answer = g_task_propagate_pointer (G_TASK (result), NULL);

  return kr_task_remote_job_cancel_finish (DEMO_BUS_TASK (task)->job, answer, error);
}

static void
remove_async (DemoTask *task, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  kr_task_remote_job_remove_async (DEMO_BUS_TASK (task)->job, cancellable, on_called,
                                   call_new (task, remove_async, cancellable, callback, user_data));
}

static gboolean
remove_finish (DemoTask *task, GAsyncResult *result, GError **error)
{
  g_autoptr (GAsyncResult) answer = g_task_propagate_pointer (G_TASK (result), NULL);

  return kr_task_remote_job_remove_finish (DEMO_BUS_TASK (task)->job, answer, error);
}

static void
demo_bus_task_finalize (GObject *object)
{
  g_object_unref (DEMO_BUS_TASK (object)->job);
  G_OBJECT_CLASS (demo_bus_task_parent_class)->finalize (object);
}

static void
demo_bus_task_class_init (DemoBusTaskClass *klass)
{
  DemoTaskClass *task_class = DEMO_TASK_CLASS (klass);

  G_OBJECT_CLASS (klass)->finalize = demo_bus_task_finalize;
  task_class->cancel_async = cancel_async;
  task_class->cancel_finish = cancel_finish;
  task_class->remove_async = remove_async;
  task_class->remove_finish = remove_finish;
}

static void
demo_bus_task_init (DemoBusTask *self)
{
}

/**
 * demo_bus_task_new:
 * @job: a job of another program
 *
 * Creates the task that shows @job.
 *
 * Returns: (transfer full): a task
 */
DemoTask *
demo_bus_task_new (KrTaskRemoteJob *job)
{
  DemoBusTask *self = g_object_new (DEMO_TYPE_BUS_TASK, NULL);

  self->job = g_object_ref (job);
  g_signal_connect_object (job, "notify", G_CALLBACK (on_job_notify), self, 0);
  g_signal_connect_object (kr_task_remote_job_get_progress (job), "changed", G_CALLBACK (on_progress_changed), self, 0);
  update (self);
  return DEMO_TASK (self);
}
