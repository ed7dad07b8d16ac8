/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* KrHubNetworkWatch: tells, in its maker's thread, that the network is there again. */
#include "config.h"

#include "kr-hub-network-watch-private.h"

/* GNetworkMonitor emits in the main context of whoever asked for it first, which need not be ours: the watch is counted
 * atomically, and whether it is still wanted is looked at in its maker's thread only. */
struct _KrHubNetworkWatch
{
  gatomicrefcount ref_count;
  GMainContext *context;
  GNetworkMonitor *monitor;
  gulong handler;
  void (*func) (gpointer data);  /* NULL: freed */
  gpointer data;
};

static void
unref (gpointer data)
{
  KrHubNetworkWatch *self = data;

  if (!g_atomic_ref_count_dec (&self->ref_count))
    return;
  g_object_unref (self->monitor);
  g_main_context_unref (self->context);
  g_free (self);
}

static void
unref_closure (gpointer data, GClosure *closure)
{
  unref (data);
}

static gboolean
tell (gpointer data)
{
  KrHubNetworkWatch *self = data;

  if (self->func != NULL)
    self->func (self->data);
  return G_SOURCE_REMOVE;
}

static void
network_changed (GNetworkMonitor *monitor, gboolean available, gpointer data)
{
  KrHubNetworkWatch *self = data;
  g_autoptr (GSource) source = NULL;

  if (!available)
    return;
  source = g_idle_source_new ();
  g_atomic_ref_count_inc (&self->ref_count);
  g_source_set_static_name (source, "KrHubNetworkWatch");
  g_source_set_priority (source, G_PRIORITY_DEFAULT);
  g_source_set_callback (source, tell, self, unref);
  g_source_attach (source, self->context);
}

KrHubNetworkWatch *
kr_hub_network_watch_new (void (*func) (gpointer data), gpointer data)
{
  KrHubNetworkWatch *self = g_new0 (KrHubNetworkWatch, 1);

  g_atomic_ref_count_init (&self->ref_count);
  g_atomic_ref_count_inc (&self->ref_count); /* the handler's */
  self->context = g_main_context_ref_thread_default ();
  self->monitor = g_object_ref (g_network_monitor_get_default ());
  self->func = func;
  self->data = data;
  self->handler = g_signal_connect_data (self->monitor, "network-changed", G_CALLBACK (network_changed), self, unref_closure,
                                         0);
  return self;
}

void
kr_hub_network_watch_free (KrHubNetworkWatch *self)
{
  self->func = NULL;
  g_signal_handler_disconnect (self->monitor, self->handler);
  unref (self);
}
