/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* DemoTask: a task as the window shows it, wherever it runs. */
#include "config.h"

#include "demo-task.h"

/*
 * DemoTask:
 *
 * A task as the window shows it. A kind of source derives from it, says with demo_task_set_info() what is known
 * whenever that changes, and implements what can be asked of a task. All in the main thread.
 */
typedef struct
{
  DemoTaskInfo info; /* its texts are the ones below */
  char *id;
  char *kind;
  char *title;
  char *description;
  char *message;
  char *unit;
  char *error;
  gboolean removed;
} DemoTaskPrivate;

typedef enum
{
  SIGNAL_CHANGED,
} DemoTaskSignal;

static guint signals[SIGNAL_CHANGED + 1];

G_DEFINE_ABSTRACT_TYPE_WITH_PRIVATE (DemoTask, demo_task, G_TYPE_OBJECT)

static void
demo_task_finalize (GObject *object)
{
  DemoTaskPrivate *priv = demo_task_get_instance_private (DEMO_TASK (object));

  g_free (priv->id);
  g_free (priv->kind);
  g_free (priv->title);
  g_free (priv->description);
  g_free (priv->message);
  g_free (priv->unit);
  g_free (priv->error);
  G_OBJECT_CLASS (demo_task_parent_class)->finalize (object);
}

static void
demo_task_class_init (DemoTaskClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = demo_task_finalize;

  /* DemoTask::changed: what demo_task_get_info() returns is different now, or the task was removed. */
  signals[SIGNAL_CHANGED] = g_signal_new ("changed", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                          G_TYPE_NONE, 0);
}

static void
demo_task_init (DemoTask *self)
{
  DemoTaskPrivate *priv = demo_task_get_instance_private (self);

  priv->info.eta = -1;
}

/**
 * demo_task_get_info:
 * @self: a task
 *
 * Gets what is known of a task.
 *
 * Returns: (transfer none): valid until the main loop runs again
 */
const DemoTaskInfo *
demo_task_get_info (DemoTask *self)
{
  DemoTaskPrivate *priv = demo_task_get_instance_private (self);

  return &priv->info;
}

static const char *
keep (char **place, const char *text)
{
  if (g_strcmp0 (*place, text) != 0)
    {
      g_free (*place);
      *place = g_strdup (text);
    }
  return *place;
}

/**
 * demo_task_set_info:
 * @self: a task
 * @info: what is known now; copied
 *
 * Says what is known of a task, and tells those who look.
 */
void
demo_task_set_info (DemoTask *self, const DemoTaskInfo *info)
{
  DemoTaskPrivate *priv = demo_task_get_instance_private (self);

  priv->info = *info;
  priv->info.id = keep (&priv->id, info->id);
  priv->info.kind = keep (&priv->kind, info->kind);
  priv->info.title = keep (&priv->title, info->title);
  priv->info.description = keep (&priv->description, info->description);
  priv->info.message = keep (&priv->message, info->message);
  priv->info.unit = keep (&priv->unit, info->unit);
  priv->info.error = keep (&priv->error, info->error);
  g_signal_emit (self, signals[SIGNAL_CHANGED], 0);
}

/**
 * demo_task_can_remove:
 * @self: a task
 *
 * Tells whether a task can be taken off the list: its source knows how, and it has ended.
 *
 * Returns: whether demo_task_remove_async() makes sense
 */
gboolean
demo_task_can_remove (DemoTask *self)
{
  DemoTaskPrivate *priv = demo_task_get_instance_private (self);

  return DEMO_TASK_GET_CLASS (self)->remove_async != NULL && !priv->removed
         && kr_task_state_is_terminal (demo_task_get_info (self)->state);
}

/**
 * demo_task_is_removed:
 * @self: a task
 *
 * Tells whether the task was removed: a bus still shows for some seconds what its program has forgotten.
 *
 * Returns: whether it is of no interest any more
 */
gboolean
demo_task_is_removed (DemoTask *self)
{
  DemoTaskPrivate *priv = demo_task_get_instance_private (self);

  return priv->removed;
}

/**
 * demo_task_cancel_async:
 * @self: a task
 * @cancellable: (nullable): stops the call, not the task
 * @callback: called with the answer
 * @user_data: its argument
 *
 * Asks a task to stop.
 */
void
demo_task_cancel_async (DemoTask *self, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  DEMO_TASK_GET_CLASS (self)->cancel_async (self, cancellable, callback, user_data);
}

/**
 * demo_task_cancel_finish:
 * @self: a task
 * @result: what the callback was given
 * @error: return location for an error
 *
 * Ends demo_task_cancel_async().
 *
 * Returns: whether the request was accepted
 */
gboolean
demo_task_cancel_finish (DemoTask *self, GAsyncResult *result, GError **error)
{
  return DEMO_TASK_GET_CLASS (self)->cancel_finish (self, result, error);
}

/**
 * demo_task_remove_async:
 * @self: a task for which demo_task_can_remove() holds
 * @cancellable: (nullable): stops the call
 * @callback: called with the answer
 * @user_data: its argument
 *
 * Asks for a task to be forgotten.
 */
void
demo_task_remove_async (DemoTask *self, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  DEMO_TASK_GET_CLASS (self)->remove_async (self, cancellable, callback, user_data);
}

/**
 * demo_task_remove_finish:
 * @self: a task
 * @result: what the callback was given
 * @error: return location for an error
 *
 * Ends demo_task_remove_async().
 *
 * Returns: whether it is forgotten
 */
gboolean
demo_task_remove_finish (DemoTask *self, GAsyncResult *result, GError **error)
{
  DemoTaskPrivate *priv = demo_task_get_instance_private (self);

  if (!DEMO_TASK_GET_CLASS (self)->remove_finish (self, result, error))
    return FALSE;
  priv->removed = TRUE;
  g_signal_emit (self, signals[SIGNAL_CHANGED], 0);
  return TRUE;
}
