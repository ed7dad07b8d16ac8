/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* KrHubSession: the sans-IO engine of one connection, for either end. */
#pragma once

#if !defined (KR_HUB_INSIDE) && !defined (KR_HUB_COMPILATION)
#error "This header is private to libkrhub."
#endif

#include "kr-hub-call-private.h"
#include "kr-hub-counters-private.h"
#include "kr-hub-framer-private.h"
#include "kr-hub-outbox-policy.h"
#include "kr-hub-outbox-private.h"
#include "kr-hub-protocol.h"
#include "kr-hub-replay-buffer-private.h"

G_BEGIN_DECLS

#define KR_HUB_MAX_SPARE 8

/* What all connections of one hub (or client) share; counted, times in µs. */
typedef struct
{
  grefcount ref_count;
  char *name;                    /* of the hub, for logs and metrics; NULL: none */
  GPtrArray *protocols;          /* of KrHubProtocol; a client speaks the first */
  gint64 handshake_timeout;
  gint64 keep_alive_interval;
  gint64 peer_timeout;           /* ASP.NET Core's ClientTimeoutInterval, or a client's server timeout */
  gint64 send_timeout;           /* how long a peer may take nothing of what waits; 0: for ever */
  gsize max_message_size;        /* 0: no limit */
  gsize max_outbox_size;
  KrHubOutboxPolicy outbox_policy; /* of connections that have no other */
  gint64 reconnect_window;       /* how long a stateful connection waits for another transport */
  guint max_parallel_invocations;
  guint max_streams;             /* of one connection at a time; 0: no limit */
  guint stream_buffer_capacity;  /* items of one stream that may wait to be read */
  gboolean detailed_errors;
  gboolean filtered;             /* the hub has filters: its functions of connections are to be asked */
  gint64 call_interval;          /* of the token bucket: one call per that time, 0: no bucket */
  guint call_burst;              /* and so many at once */
  KrHubBufferPool pool;          /* from here on in the hub's thread */
  GString *scratch;
  KrHubCounters counters;
  guint64 n_calls;               /* that the hub has made, for their ids */
  GHashTable *calls;             /* numbers of those that are not answered; NULL until the first */
  gpointer spare[KR_HUB_MAX_SPARE]; /* cleared memory of finished invocations */
  guint n_spare;
  KrHubCallPool call_pool;
} KrHubSettings;

KrHubSettings *kr_hub_settings_new (void);
KrHubSettings *kr_hub_settings_ref (KrHubSettings *self);
void kr_hub_settings_unref (KrHubSettings *self);
KrHubProtocol *kr_hub_settings_find_protocol (KrHubSettings *self, const char *name);

static inline gpointer
kr_hub_settings_take_spare (KrHubSettings *self)
{
  return self->n_spare > 0 ? self->spare[--self->n_spare] : NULL;
}

/* Takes @memory, all zero, of one size. */
static inline void
kr_hub_settings_give_spare (KrHubSettings *self, gpointer memory)
{
  if (self->n_spare < KR_HUB_MAX_SPARE)
    self->spare[self->n_spare++] = memory;
  else
    g_free (memory);
}

typedef enum
{
  KR_HUB_ROLE_SERVER,
  KR_HUB_ROLE_CLIENT,
} KrHubRole;

typedef enum
{
  KR_HUB_SESSION_HANDSHAKE, /* the handshake request (server) or its answer (client) is awaited */
  KR_HUB_SESSION_OPEN,
  KR_HUB_SESSION_CLOSING,   /* our last word waits in the outbox; nothing is received any more */
  KR_HUB_SESSION_CLOSED,    /* the transport is gone */
} KrHubSessionState;

typedef enum
{
  KR_HUB_EVENT_OPENED,  /* the handshake is done */
  KR_HUB_EVENT_MESSAGE, /* one of the types 1 to 5 */
  KR_HUB_EVENT_CLOSED,  /* over, once; error and allow_reconnect say how. What waits in the outbox is still to be sent */
} KrHubEventType;

typedef struct
{
  KrHubEventType type;
  KrHubMessage message;     /* borrows from what was fed; next_event() clears it first */
  const GError *error;      /* NULL: ended in good order */
  gboolean allow_reconnect; /* no end that was said to be for good, by either side */
} KrHubEvent;

typedef struct
{
  KrHubSettings *settings;
  KrHubProtocol *protocol;  /* NULL until the handshake is done */
  const KrHubProtocolInterface *encoding; /* of the protocol: looked up once, used for every message */
  KrHubFramer framer;
  KrHubOutbox outbox;
  KrHubTransportCounters *counters; /* of the transport; the settings' */
  gint64 started;
  gint64 fed;
  gint64 last_received;     /* whole messages only: half a one is no sign of life (signalr-observed.md 4) */
  gint64 last_ping;         /* sent */
  gint64 send_check;        /* when to look whether the transport has taken anything; 0: not */
  gint64 lost;              /* when the transport was lost; counts while detached */
  gsize large;              /* the one message above the limit that waits; 0: none */
  KrHubReplayBuffer *replay; /* NULL unless the connection is stateful */
  GError *error;            /* why it ended */
  GError *lost_error;       /* why the transport was lost; NULL unless detached */
  KrHubTransferFormat formats;
  KrHubRole role : 8;
  KrHubSessionState state : 8;
  KrHubCloseReason reason : 8; /* why it ends; the first one counts */
  KrHubOutboxPolicy policy : 8;
  guint sent_some : 1;      /* since send_check was set */
  guint stuck : 1;          /* the transport has taken nothing for too long: it has to end */
  guint keeps_alive : 1;    /* the transport needs no pings */
  guint watches_peer : 1;   /* the peer timeout is armed: always for a client, from the first Ping on for a server */
  guint busy : 1;           /* the reader pauses, so silence is not the peer's fault */
  guint close_pending : 1;  /* CLOSED is to be reported */
  guint allow_reconnect : 1;
  guint farewell : 1;       /* an end for good: the peer's Close without allowReconnect, or a client's own */
  guint detached : 1;       /* stateful, and its transport is lost: output is kept for the next one */
} KrHubSession;

/* What a property says may be as long as a number can be: then it is for ever, G_MAXINT64. */
static inline gint64
kr_hub_later (gint64 time, gint64 interval)
{
  return time > 0 && interval > G_MAXINT64 - time ? G_MAXINT64 : time + interval;
}

/* A client's handshake request waits in the outbox afterwards. */
void kr_hub_session_init (KrHubSession *self,
                          KrHubRole role,
                          KrHubSettings *settings,
                          KrHubTransferFormat formats,
                          gboolean keeps_alive,
                          gboolean stateful,
                          gint64 now);
void kr_hub_session_clear (KrHubSession *self);
/* Right after init(): no hub protocol is spoken, so there is no handshake, no message and no ping. */
void kr_hub_session_open_raw (KrHubSession *self);

/* Received bytes; borrowed until next_event() has returned FALSE, or hold() was called. */
void kr_hub_session_feed (KrHubSession *self, const guint8 *data, gsize len, gint64 now);
/* The same while the message of the last event is in use, as by a handler that turns the main loop; the reader pauses. */
void kr_hub_session_feed_later (KrHubSession *self, const guint8 *data, gsize len, gint64 now);
gboolean kr_hub_session_next_event (KrHubSession *self, KrHubEvent *event);
/* The reader pauses (TRUE) or goes on. */
void kr_hub_session_set_busy (KrHubSession *self, gboolean busy, gint64 now);

/* Output. send() fails with KR_HUB_ERROR_BINDING for a value that the encoding cannot express, and sends nothing then.
 * All are silently ignored unless the session is open. */
gboolean kr_hub_session_send (KrHubSession *self, const KrHubMessage *message, GError **error);
/* @target: of an event that may be dropped, a GRefString; NULL if it must stay or nothing is dropped here. */
void kr_hub_session_send_shared (KrHubSession *self, GBytes *messages, char *target);

/* Room (kr-hub-session-room.c). What waits, or what a stateful peer has not acknowledged, is more than @limit. */
static inline gboolean
kr_hub_session_is_beyond (const KrHubSession *self, gsize limit)
{
  return kr_hub_outbox_get_cost (&self->outbox) > limit ||
         (G_UNLIKELY (self->replay != NULL) && kr_hub_replay_buffer_get_cost (self->replay) > limit);
}

/* It is more than may wait: the limit, and one message that is above it for itself. */
static inline gboolean
kr_hub_session_is_over_limit (const KrHubSession *self)
{
  return kr_hub_session_is_beyond (self, self->settings->max_outbox_size + self->large);
}

/* Something was sent, acknowledged or dropped. */
static inline void
kr_hub_session_notice_room (KrHubSession *self)
{
  if (G_UNLIKELY (self->large > 0) && !kr_hub_session_is_beyond (self, self->settings->max_outbox_size))
    self->large = 0;
}

/* A message above the limit was added, and may wait if what was there before is not too much. */
void kr_hub_session_admit_large (KrHubSession *self, gsize len);

static inline void
kr_hub_session_added (KrHubSession *self, gsize len)
{
  if (G_UNLIKELY (len > self->settings->max_outbox_size))
    kr_hub_session_admit_large (self, len);
}

void kr_hub_session_set_policy (KrHubSession *self, KrHubOutboxPolicy policy);
/* Drops what the policy allows. */
void kr_hub_session_make_room (KrHubSession *self);
/* As kr_hub_outbox_peek(), for a transport. */
gsize kr_hub_session_peek (KrHubSession *self, GOutputVector *vectors, gsize max_vectors, gsize *n_bytes);

static inline gboolean
kr_hub_session_drops (const KrHubSession *self)
{
  return self->policy >= KR_HUB_OUTBOX_DROP_OLDEST;
}

/* Says why what follows ends the session, unless that is known already. */
static inline void
kr_hub_session_because (KrHubSession *self, KrHubCloseReason reason)
{
  if (self->reason == KR_HUB_CLOSE_REASON_NONE)
    self->reason = reason;
}

/* Sends Close and ends. @detail: "{exception type}: {text}" behind the general text, if the settings allow it. */
void kr_hub_session_close (KrHubSession *self, gboolean failed, const char *detail, gboolean allow_reconnect);
/* The peer's credentials are good no longer: Close, or the refusal of a handshake that is not done yet. */
void kr_hub_session_expire (KrHubSession *self);
/* As close() with a text for the peer (NULL: none) and a reason of our own (NULL: in good order), which is taken. */
void kr_hub_session_close_with_text (KrHubSession *self, const char *text, gboolean allow_reconnect, GError *error);
/* Stateful reconnect (signalr.md 8). lost(): TRUE if the session waits for another transport, and only then.
 * reattach(): output begins anew with Sequence and what is not acknowledged. */
gboolean kr_hub_session_lost (KrHubSession *self, const GError *error, gint64 now);
void kr_hub_session_reattach (KrHubSession *self, gint64 now);
/* The transport is gone for good. */
void kr_hub_session_transport_closed (KrHubSession *self, const GError *error);

/* Output waits: sets send_check, unless it is. Between that and the peer's fault lies the time once, or twice at most. */
static inline gboolean
kr_hub_session_needs_send_check (const KrHubSession *self)
{
  return G_UNLIKELY (self->send_check == 0) && self->settings->send_timeout > 0 && !self->keeps_alive &&
         self->state == KR_HUB_SESSION_OPEN;
}

void kr_hub_session_set_send_check (KrHubSession *self, gint64 now);

/* When tick() has something to do, or G_MAXINT64. */
gint64 kr_hub_session_next_deadline (const KrHubSession *self);
void kr_hub_session_tick (KrHubSession *self, gint64 now);
/* The machine slept, which counts: tick() has something to do. TRUE: the peer has been silent for too long. */
gboolean kr_hub_session_jumped (KrHubSession *self, gint64 slept, gint64 now);

G_END_DECLS
