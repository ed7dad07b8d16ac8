/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* KrTaskCancelWatch: hears of a cancellable in a main context, whatever thread it fires in. */
#include "config.h"

#include "kr-task-cancel-watch-private.h"

/* In the thread that cancels. */
static void
on_cancelled (GCancellable *cancellable, gpointer source)
{
  g_source_set_ready_time (source, 0);
}

static void
source_unref (gpointer source, GClosure *closure)
{
  g_source_unref (source);
}

/**
 * kr_task_cancel_watch_init:
 * @self: a watch
 * @cancellable: what is watched
 * @func: called once it has fired, or has before
 * @data: its argument
 * @destroy: frees @data when the watch has been stopped
 *
 * Makes a watch that is not attached yet; one that is all zeros watches nothing, and may be used likewise. A GCancellableSource would do, but GLib loses one that is dropped while the
 * handlers of its cancellable still run.
 */
void
kr_task_cancel_watch_init (KrTaskCancelWatch *self, GCancellable *cancellable, GSourceFunc func, gpointer data,
                           GDestroyNotify destroy)
{
  self->cancellable = g_object_ref (cancellable);
  self->source = g_timeout_source_new (0);
  g_source_set_static_name (self->source, "KrTaskCancelWatch");
  g_source_set_ready_time (self->source, -1);
  g_source_set_callback (self->source, func, data, destroy);
  self->handler = g_signal_connect_data (cancellable, "cancelled", G_CALLBACK (on_cancelled),
                                         g_source_ref (self->source), source_unref, 0);
  if (g_cancellable_is_cancelled (cancellable))
    g_source_set_ready_time (self->source, 0);
}

void
kr_task_cancel_watch_attach (KrTaskCancelWatch *self, GMainContext *context)
{
  if (self->source != NULL)
    g_source_attach (self->source, context);
}

/* Any thread; @data may be freed inside. */
void
kr_task_cancel_watch_stop (KrTaskCancelWatch *self)
{
  if (self->source != NULL)
    g_source_destroy (self->source);
}

/* After it was stopped. Waits for no handler: one that runs holds what it needs. */
void
kr_task_cancel_watch_clear (KrTaskCancelWatch *self)
{
  if (self->cancellable == NULL)
    return;
  g_signal_handler_disconnect (self->cancellable, self->handler);
  g_clear_pointer (&self->source, g_source_unref);
  g_clear_object (&self->cancellable);
}
