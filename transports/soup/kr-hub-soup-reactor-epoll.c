/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* Reactor backend: one epoll descriptor for all connections, so that a turn costs O(ready ones). */
#include "config.h"

#include "kr-hub-soup-reactor-private.h"

#ifdef HAVE_EPOLL

#include <sys/epoll.h>
#include <unistd.h>

#define MAX_EVENTS 256

/* epoll's bits are poll's, and so are GLib's. */
G_STATIC_ASSERT ((guint) EPOLLIN == (guint) G_IO_IN);
G_STATIC_ASSERT ((guint) EPOLLOUT == (guint) G_IO_OUT);
G_STATIC_ASSERT ((guint) EPOLLERR == (guint) G_IO_ERR);
G_STATIC_ASSERT ((guint) EPOLLHUP == (guint) G_IO_HUP);
G_STATIC_ASSERT ((guint) EPOLLRDHUP == (guint) KR_HUB_SOUP_CONDITION_PEER_GONE);

typedef struct
{
  int fd;
  gpointer tag;
  gboolean muted;
} Epoll;

static gboolean
epoll_open (KrHubSoupReactor *reactor)
{
  int fd = epoll_create1 (EPOLL_CLOEXEC);
  Epoll *self;

  if (fd < 0)
    return FALSE;
  self = reactor->backend_data = g_new0 (Epoll, 1);
  self->fd = fd;
  self->tag = g_source_add_unix_fd (&reactor->source, fd, G_IO_IN);
  /* GLib takes the descriptor of a source that must not recurse out of the loop for each dispatch and puts it back, which
   * wakes the loop twice: two writes, one more poll and a read in each turn. mute() does it if ever it is needed. */
  g_source_set_can_recurse (&reactor->source, TRUE);
  return TRUE;
}

static void
epoll_close (KrHubSoupReactor *reactor)
{
  Epoll *self = reactor->backend_data;

  close (self->fd);
  g_free (self);
}

static void
control (KrHubSoupReactor *reactor, KrHubSoupChannel *channel, int operation)
{
  Epoll *self = reactor->backend_data;
  struct epoll_event event = { .events = channel->interest, .data.ptr = channel };

  if (epoll_ctl (self->fd, operation, channel->fd, &event) != 0)
    g_critical ("epoll_ctl: %m");
}

static void
epoll_add (KrHubSoupReactor *reactor, KrHubSoupChannel *channel)
{
  control (reactor, channel, EPOLL_CTL_ADD);
}

static void
epoll_update (KrHubSoupReactor *reactor, KrHubSoupChannel *channel)
{
  control (reactor, channel, EPOLL_CTL_MOD);
}

static void
epoll_remove (KrHubSoupReactor *reactor, KrHubSoupChannel *channel)
{
  Epoll *self = reactor->backend_data;

  /* A watched descriptor, which is not ours, may be closed already. */
  epoll_ctl (self->fd, EPOLL_CTL_DEL, channel->fd, NULL);
}

static void
epoll_mute (KrHubSoupReactor *reactor, gboolean muted)
{
  Epoll *self = reactor->backend_data;

  if (self->muted == muted)
    return;
  self->muted = muted;
  g_source_modify_unix_fd (&reactor->source, self->tag, muted ? 0 : G_IO_IN);
}

static gboolean
epoll_check (KrHubSoupReactor *reactor)
{
  Epoll *self = reactor->backend_data;

  return g_source_query_unix_fd (&reactor->source, self->tag) != 0;
}

/* A channel closed by one event may have another one further on: it is valid, but no longer open, until the turn ends. */
static guint
epoll_turn (KrHubSoupReactor *reactor)
{
  Epoll *self = reactor->backend_data;
  struct epoll_event events[MAX_EVENTS];
  int n = epoll_wait (self->fd, events, MAX_EVENTS, 0);

  reactor->n_ready = MAX (n, 0);
  for (int i = 0; i < n; i++)
    kr_hub_soup_reactor_ready (events[i].data.ptr, events[i].events);
  return reactor->n_ready;
}

const KrHubSoupReactorBackend kr_hub_soup_reactor_epoll_backend = {
  .open = epoll_open,
  .close = epoll_close,
  .add = epoll_add,
  .update = epoll_update,
  .remove = epoll_remove,
  .mute = epoll_mute,
  .check = epoll_check,
  .turn = epoll_turn,
};

#endif
