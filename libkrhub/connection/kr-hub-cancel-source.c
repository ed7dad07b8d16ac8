/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* A GSource that is ready when a cancellable fires, and that may be dropped at any time. */
#include "config.h"

#include "kr-hub-cancel-source-private.h"

typedef struct
{
  GSource source;
  GCancellable *cancellable;
  gulong handler;  /* holds a reference on the source; 0: it was cancelled before */
} CancelSource;

static gboolean
dispatch (GSource *source, GSourceFunc callback, gpointer data)
{
  /* Once, whatever the callback says. */
  g_source_set_ready_time (source, -1);
  return ((GCancellableSourceFunc) (void (*) (void)) callback) (((CancelSource *) source)->cancellable, data);
}

static void
finalize (GSource *source)
{
  g_object_unref (((CancelSource *) source)->cancellable);
}

static GSourceFuncs funcs = { .dispatch = dispatch, .finalize = finalize };

/* In the thread that cancels. */
static void
cancelled (GCancellable *cancellable, gpointer source)
{
  g_source_set_ready_time (source, 0);
}

GSource *
kr_hub_cancel_source_new (GCancellable *cancellable)
{
  GSource *source = g_source_new (&funcs, sizeof (CancelSource));
  CancelSource *self = (CancelSource *) source;

  self->cancellable = g_object_ref (cancellable);
  self->handler = g_cancellable_connect (cancellable, G_CALLBACK (cancelled), g_source_ref (source),
                                         (GDestroyNotify) g_source_unref);
  return source;
}

/* Not by g_cancellable_disconnect(), which waits for the handlers that run, perhaps for the one that drops this. */
void
kr_hub_cancel_source_drop (GSource *source)
{
  CancelSource *self = (CancelSource *) source;

  g_source_destroy (source);
  if (self->handler != 0)
    g_signal_handler_disconnect (self->cancellable, self->handler);
  g_source_unref (source);
}
