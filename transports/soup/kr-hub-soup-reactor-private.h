/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* KrHubSoupReactor: readiness for all connections of one main context. */
#pragma once

#if !defined (KR_HUB_SOUP_COMPILATION)
#error "Private header of transports/soup."
#endif

#include "kr-hub-soup-wire-private.h"

G_BEGIN_DECLS

typedef struct _KrHubSoupReactor KrHubSoupReactor;
typedef struct _KrHubSoupReactorBackend KrHubSoupReactorBackend;
typedef struct _KrHubSoupChannel KrHubSoupChannel;

/* What a channel's owner does. Each may close any channel, also its own. */
typedef struct
{
  /* Bytes that the owner may change; returns how many it took. What it leaves while it does not read is kept for it. */
  gsize (*received) (KrHubSoupChannel *channel, guint8 *data, gsize len);
  /* At the end of the turn after a request, and when the socket takes bytes again. */
  void (*flush) (KrHubSoupChannel *channel);
  /* The peer sends no more (NULL), or the connection broke. Nothing is received any more; the owner closes. */
  void (*ended) (KrHubSoupChannel *channel, const GError *error);
} KrHubSoupChannelFuncs;

/* One connection on the reactor, embedded in its owner. Used in the thread of the main context only. */
struct _KrHubSoupChannel
{
  const KrHubSoupChannelFuncs *funcs;
  GObject *owner;             /* referenced while open, and until the end of the turn that closes */
  KrHubSoupReactor *reactor;
  GIOStream *stream;          /* NULL: the descriptor itself */
  KrHubSoupGuest *guest;      /* the place that ends with our descriptor; NULL: none */
  GByteArray *stash;          /* received, but left by an owner that does not read */
  gpointer backend_data;
  int fd;                     /* -1: not open */
  int held;                   /* the descriptor that it will have; -1: none */
  guint dirty;                /* place in the reactor's list plus one; 0: not in it */
  guint pending;              /* likewise: bytes wait that no readiness will tell of */
  GIOCondition interest;      /* what the backend was last told */
  guint8 watched : 1;         /* no more than that: the descriptor belongs to somebody else */
  guint8 plain : 1;           /* the descriptor carries just what the stream does */
  guint8 reading : 1;
  guint8 blocked : 1;         /* the socket takes no more for now */
  guint8 buffered : 1;        /* the stream may hold bytes that it read ahead */
};

#define KR_HUB_SOUP_CHANNEL_INIT { .fd = -1, .held = -1 }

/* Any thread: keeps @wire, which is taken, for open(). */
void kr_hub_soup_channel_hold (KrHubSoupChannel *self, KrHubSoupWire *wire);
/* What it holds and will not open; nothing if it did. */
KrHubSoupWire kr_hub_soup_channel_release (KrHubSoupChannel *self);
void kr_hub_soup_channel_open (KrHubSoupChannel *self, GObject *owner, const KrHubSoupChannelFuncs *funcs);
void kr_hub_soup_channel_watch (KrHubSoupChannel *self,
                                GObject *owner,
                                const KrHubSoupChannelFuncs *funcs,
                                GMainContext *context,
                                int fd);
void kr_hub_soup_channel_set_reading (KrHubSoupChannel *self, gboolean reading);
void kr_hub_soup_channel_request_flush (KrHubSoupChannel *self);
gboolean kr_hub_soup_channel_writev (KrHubSoupChannel *self,
                                     const GOutputVector *vectors,
                                     gsize n_vectors,
                                     gsize *written,
                                     GError **error);
void kr_hub_soup_channel_shutdown (KrHubSoupChannel *self);
void kr_hub_soup_channel_close (KrHubSoupChannel *self);

/* How long the reactor of @context polls before it sleeps, µs; 0: not at all. Any thread. */
void kr_hub_soup_reactor_set_busy_poll (GMainContext *context, guint microseconds);

static inline gboolean
kr_hub_soup_channel_is_open (const KrHubSoupChannel *self)
{
  return self->fd >= 0;
}

/* --- between the reactor and its backends --- */

struct _KrHubSoupReactor
{
  GSource source;
  const KrHubSoupReactorBackend *backend;
  GMainContext *context;
  gpointer backend_data;
  GPtrArray *dirty;      /* of KrHubSoupChannel or NULL: flushed at the end of the turn */
  guint n_answers;       /* the first of them are those that something was received from in this turn */
  GPtrArray *pending;    /* likewise: read without waiting for readiness */
  GPtrArray *spare;      /* takes the place of a list that is being worked off */
  GPtrArray *graveyard;  /* owners of channels closed in this turn */
  guint8 *buffer;        /* what arrives, shared by all */
  guint8 *scratch;       /* what leaves through a stream that takes one piece at a time */
  guint n_channels;
  guint n_ready;         /* how many are, in this turn; 0: the backend does not know */
  gboolean dispatching;  /* a nested run of the loop must not dispatch us again */
  gint busy_poll;        /* µs, atomic */
  gint64 last_active;    /* when a turn last had something to do; counts with busy-polling only */
};

/* Nobody else has sent something that is still to be read in this turn: then there is time for more system calls. */
static inline gboolean
kr_hub_soup_channel_is_alone (const KrHubSoupChannel *self)
{
  return self->reactor->n_ready == 1 || self->reactor->n_channels == 1;
}

struct _KrHubSoupReactorBackend
{
  gboolean (*open) (KrHubSoupReactor *reactor);  /* FALSE: does not work here */
  void (*close) (KrHubSoupReactor *reactor);
  void (*add) (KrHubSoupReactor *reactor, KrHubSoupChannel *channel);
  void (*update) (KrHubSoupReactor *reactor, KrHubSoupChannel *channel);
  void (*remove) (KrHubSoupReactor *reactor, KrHubSoupChannel *channel);
  void (*mute) (KrHubSoupReactor *reactor, gboolean muted);  /* what is ready does not wake the loop; or NULL */
  gboolean (*check) (KrHubSoupReactor *reactor);
  guint (*turn) (KrHubSoupReactor *reactor);     /* calls kr_hub_soup_reactor_ready() for all that is ready; how many */
};

/* POLLRDHUP where there is one: the peer sends no more, without bytes to read. */
#define KR_HUB_SOUP_CONDITION_PEER_GONE ((GIOCondition) 0x2000)

void kr_hub_soup_reactor_ready (KrHubSoupChannel *channel, GIOCondition condition);

extern const KrHubSoupReactorBackend kr_hub_soup_reactor_epoll_backend;
extern const KrHubSoupReactorBackend kr_hub_soup_reactor_source_backend;

G_END_DECLS
