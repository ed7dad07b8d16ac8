/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* Reactor backend: a GSource per connection, where there is no epoll. */
#include "config.h"

#include "kr-hub-soup-reactor-private.h"

typedef struct
{
  GSource source;
  KrHubSoupChannel *channel;
  gpointer tag;
} ChannelSource;

static gboolean
channel_source_dispatch (GSource *source, GSourceFunc callback, gpointer user_data)
{
  ChannelSource *self = (ChannelSource *) source;

  kr_hub_soup_reactor_ready (self->channel, g_source_query_unix_fd (source, self->tag));
  return G_SOURCE_CONTINUE;
}

static GSourceFuncs channel_source_funcs = { .dispatch = channel_source_dispatch };

static gboolean
source_open (KrHubSoupReactor *reactor)
{
  return TRUE;
}

static void
source_close (KrHubSoupReactor *reactor)
{
}

static void
source_add (KrHubSoupReactor *reactor, KrHubSoupChannel *channel)
{
  ChannelSource *self = (ChannelSource *) g_source_new (&channel_source_funcs, sizeof *self);

  self->channel = channel;
  self->tag = g_source_add_unix_fd (&self->source, channel->fd, channel->interest);
  channel->backend_data = self;
  g_source_set_static_name (&self->source, "KrHubSoupChannel");
  g_source_attach (&self->source, reactor->context);
}

static void
source_update (KrHubSoupReactor *reactor, KrHubSoupChannel *channel)
{
  ChannelSource *self = channel->backend_data;

  g_source_modify_unix_fd (&self->source, self->tag, channel->interest);
}

static void
source_remove (KrHubSoupReactor *reactor, KrHubSoupChannel *channel)
{
  ChannelSource *self = g_steal_pointer (&channel->backend_data);

  g_source_destroy (&self->source);
  g_source_unref (&self->source);
}

static gboolean
source_check (KrHubSoupReactor *reactor)
{
  return FALSE;
}

static guint
source_turn (KrHubSoupReactor *reactor)
{
  return 0;
}

const KrHubSoupReactorBackend kr_hub_soup_reactor_source_backend = {
  .open = source_open,
  .close = source_close,
  .add = source_add,
  .update = source_update,
  .remove = source_remove,
  .check = source_check,
  .turn = source_turn,
};
