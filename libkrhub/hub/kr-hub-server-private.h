/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* KrHubServer, as its own files and its selectors see it. */
#pragma once

#if !defined (KR_HUB_INSIDE) && !defined (KR_HUB_COMPILATION)
#error "This header is private to libkrhub."
#endif

#include "kr-hub-dispatcher-private.h"
#include "kr-hub-router-private.h"
#include "kr-hub-server.h"

G_BEGIN_DECLS

struct _KrHubServer
{
  GObject parent_instance;

  GMainContext *context;
  GThread *thread;
  KrHubClock *clock;
  KrHubSettings *settings;
  KrHubDispatcher *dispatcher;
  KrHubRouter router;
  GPtrArray *filters;    /* of KrHubFilter, the outermost first */
  KrHubRawFunc raw_func; /* NULL: the hub protocol is spoken */
  gpointer raw_data;
  GDestroyNotify raw_destroy;
  GHashTable *pending;   /* accepted, handshake not done; holds no reference */
  GHashTable *alive;     /* all, until their transports have closed; holds no reference */
  gboolean accepting;
  GQueue shutdowns;      /* of KrHubWaiter: who waits for the last connection's end */
  KrHubTimer grace;      /* until it is cut off */
};

void kr_hub_server_install_properties (GObjectClass *object_class);
/* A connection's and the grace timer's functions; ends a connection that came too late. */
void kr_hub_server_connection_over (KrHubConnection *connection, gpointer server);
void kr_hub_server_grace_over (KrHubTimer *timer, gint64 now);
void kr_hub_server_turn_away (KrHubServer *self, KrHubConnection *connection);
/* Gives up a reference, which may be the last one, from any thread: connections end in their own. */
void kr_hub_server_drop (KrHubServer *self);

static inline gboolean
kr_hub_server_is_own_thread (KrHubServer *self)
{
  return self->thread == g_thread_self ();
}

G_END_DECLS
