/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* Calls from one main context into another one. */
#include "config.h"

#include "kr-hub-soup-crossing-private.h"

/* The one that calls us, which need not be the thread's default. */
GMainContext *
kr_hub_soup_ref_current_context (void)
{
  GSource *source = g_main_current_source ();
  GMainContext *context = source != NULL ? g_source_get_context (source) : NULL;

  return context != NULL ? g_main_context_ref (context) : g_main_context_ref_thread_default ();
}

typedef struct
{
  GSourceOnceFunc func;
  gpointer data;
  GDestroyNotify destroy;
} Call;

static gboolean
call (gpointer data)
{
  Call *self = data;

  self->func (self->data);
  return G_SOURCE_REMOVE;
}

static void
call_free (gpointer data)
{
  Call *self = data;

  if (self->destroy != NULL)
    self->destroy (self->data);
  g_free (self);
}

/* Runs @func in @context, in order with other such calls and never before this returns. */
void
kr_hub_soup_cross (GMainContext *context, const char *name, GSourceOnceFunc func, gpointer data, GDestroyNotify destroy)
{
  GSource *source = g_idle_source_new ();
  Call *self = g_new (Call, 1);

  *self = (Call) { func, data, destroy };
  g_source_set_priority (source, G_PRIORITY_DEFAULT);
  g_source_set_static_name (source, name);
  g_source_set_callback (source, call, self, call_free);
  g_source_attach (source, context);
  g_source_unref (source);
}
