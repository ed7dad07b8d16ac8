/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* KrHubConnection, as hubs, clients and invocations see it: the only pump between a session and a transport. */
#pragma once

#if !defined (KR_HUB_INSIDE) && !defined (KR_HUB_COMPILATION)
#error "This header is private to libkrhub."
#endif

#include <pthread.h>

#include "kr-hub-clock.h"
#include "kr-hub-connection.h"
#include "kr-hub-dispatcher-private.h"
#include "kr-hub-pending-calls-private.h"
#include "kr-hub-session-private.h"
#include "kr-hub-stream-table-private.h"
#include "kr-hub-transport.h"

G_BEGIN_DECLS

/* What the owner (a hub or a client) is told, in its thread. */
typedef struct
{
  void (*opened) (KrHubConnection *connection, gpointer owner);
  /* The last call, also when the connection never opened. */
  void (*closed) (KrHubConnection *connection, const GError *error, gboolean allow_reconnect, gpointer owner);
  void (*unknown_method) (KrHubConnection *connection, const KrHubSlice *name, gpointer owner);
  /* Where the settings say that there are filters: before a call, up to its method, and after its answer. */
  void (*filter) (KrHubConnection *connection, KrHubInvocation *invocation, gpointer owner);
  void (*returned) (KrHubConnection *connection, KrHubInvocation *invocation, gpointer owner);
  /* Bytes of a raw connection. */
  void (*received) (KrHubConnection *connection, const guint8 *data, gsize len, gpointer owner);
  /* A stateful connection lost its transport and waits for another one; NULL: nobody needs to know. */
  void (*lost) (KrHubConnection *connection, const GError *error, gpointer owner);
} KrHubConnectionFuncs;

/* When the peer's credentials expire (kr-hub-connection-expiry.c). */
typedef struct _KrHubExpiry KrHubExpiry;

/* The sink of one transport; a stateful connection may have several, one after the other. */
typedef struct
{
  KrHubConnection *connection;    /* NULL: another transport has taken its place */
  KrHubTransport *transport;
} KrHubLink;

struct _KrHubConnection
{
  GObject parent_instance;

  KrHubSession session;
  KrHubLink *link;                /* NULL once the transport is closed, as are the next two */
  KrHubTransport *transport;
  const KrHubTransportInterface *transport_iface; /* looked up once, used for every message */
  KrHubTransport *successor;      /* takes its place when the events are worked off; NULL: none */
  KrHubClock *clock;
  KrHubTimer timer;               /* armed at or before the session's deadline */
  KrHubExpiry *expiry;            /* NULL: never */
  KrHubDispatcher *dispatcher;
  const KrHubMethod *last_method; /* most callers call the same one again */
  const KrHubConnectionFuncs *funcs;
  gpointer owner;                 /* NULL once the owner was told of the end */
  gpointer owner_data;            /* the owner's own, about this connection */
  void (*gone) (gpointer data);   /* see kr_hub_connection_when_gone(); NULL: nobody waits for that */
  gpointer gone_data;
  GMainContext *context;
  pthread_t thread;
  char *id;
  char *user_id;
  char *remote_address; /* NULL: not known */
  GHashTable *running;            /* of detached KrHubInvocation but streams, all not answered; NULL while there is none */
  guint n_running;                /* those that count against the limit of parallel invocations */
  KrHubInvocation *waiting;       /* read already, but no slot was free; nothing is read meanwhile */
  KrHubPendingCalls *calls;       /* our calls to the peer; NULL until the first */
  KrHubStreamTable *streams;      /* NULL until the first */
  void (*over) (KrHubConnection *connection, gpointer data); /* its transport is gone, too; NULL: nobody asks */
  gpointer over_data;
  gint64 since;                   /* when it was started */
  gint64 next_call;               /* when the token bucket is full again */
  gsize n_posted;                 /* atomic; bytes of streams on their way from other threads */
  gboolean raw : 8;               /* no hub protocol is spoken */
  gboolean unopened : 8;          /* and the owner has yet to hear of it */
  gboolean clogged : 8;           /* nothing is read until the peer has read */
  gboolean dropping : 8;          /* that events are dropped was said */
  gboolean paused : 8;            /* the transport was told not to read */
  gboolean started : 8;           /* and holds a reference on itself until it is over */
  gboolean processing : 8;        /* events are being worked off further down the stack */
};

KrHubConnection *kr_hub_connection_new (KrHubRole role,
                                        KrHubSettings *settings,
                                        KrHubDispatcher *dispatcher,
                                        KrHubClock *clock,
                                        KrHubTransport *transport,
                                        const char *id,
                                        const char *user_id,
                                        gboolean stateful,
                                        const KrHubConnectionFuncs *funcs,
                                        gpointer owner);
/* From here until it is over the connection holds a reference on itself. */
void kr_hub_connection_start (KrHubConnection *self);
/* Before start(): no hub protocol is spoken; `opened` follows in the next turn. */
void kr_hub_connection_set_raw (KrHubConnection *self);

/* All of these in the connection's thread. */
gboolean kr_hub_connection_send_message (KrHubConnection *self, const KrHubMessage *message, GError **error);
/* @target: as kr_hub_session_send_shared(). */
void kr_hub_connection_send_shared (KrHubConnection *self, GBytes *messages, char *target);
/* Whether who sends should wait, as the policy says. */
gboolean kr_hub_connection_wants_wait (KrHubConnection *self);
/* Waits for room on behalf of @task, whose data is the connection: returns TRUE, or an error when it is over. */
void kr_hub_connection_wait (KrHubConnection *self, GTask *task);
void kr_hub_connection_close (KrHubConnection *self, gboolean failed, const char *detail, gboolean allow_reconnect);
/* The same because its hub is shut down; the peer may reconnect. */
void kr_hub_connection_shut_down (KrHubConnection *self);
/* The owner does not want the connection. */
void kr_hub_connection_refuse (KrHubConnection *self, const GError *error);
/* A connection that waits for another transport waits no longer. */
void kr_hub_connection_give_up (KrHubConnection *self);
/* The machine slept for so many µs: a peer that must have given us up by now is not waited for. */
void kr_hub_connection_jumped (KrHubConnection *self, gint64 slept);
void kr_hub_connection_invocation_answered (KrHubConnection *self, KrHubInvocation *invocation);

/* A reader holds no more than it should. */
void kr_hub_connection_read_on (KrHubConnection *self);
/* Calls @func (NULL: nobody any more) once the farewell is said and the transport is closed, which is later than the end that
 * the owner hears of. FALSE: it is closed already. */
gboolean kr_hub_connection_when_gone (KrHubConnection *self, void (*func) (gpointer data), gpointer data);
/* Gives up a reference in the connection's thread, from any. */
void kr_hub_connection_drop (KrHubConnection *self);

/* Calls a streaming method of the peer, which @stream, a new reader, reads, and sends @uploads along (NULL or
 * NULL-terminated, new ones). */
gboolean kr_hub_connection_stream (KrHubConnection *self,
                                   KrHubStream *stream,
                                   const char *target,
                                   GVariant *arguments,
                                   KrHubStream *const *uploads,
                                   GError **error);
/* Calls a method of the peer, whose answer is @call's, and sends @uploads along. */
void kr_hub_connection_call (KrHubConnection *self,
                             KrHubCall *call,
                             const char *target,
                             GVariant *arguments,
                             KrHubStream *const *uploads);
/* The same with arguments that are encoded already. */
void kr_hub_connection_call_encoded (KrHubConnection *self,
                                     KrHubCall *call,
                                     const char *target,
                                     const KrHubSlice *arguments,
                                     guint n_arguments);

/* @invocation waits for something that the caller may have to do; may(): and is not one of too many. */
gboolean kr_hub_connection_may_give_up_slot (KrHubConnection *self);
void kr_hub_connection_give_up_slot (KrHubConnection *self, KrHubInvocation *invocation);

/* Between the files of the connection. Its transport (kr-hub-connection-link.c): */
void kr_hub_link_free (KrHubLink *link);
void kr_hub_connection_set_transport (KrHubConnection *self, KrHubTransport *transport);
void kr_hub_connection_count_transport (KrHubConnection *self);
void kr_hub_connection_start_transport (KrHubConnection *self);
/* Another one came while events were worked off. */
void kr_hub_connection_go_on_over_successor (KrHubConnection *self);
/* It is to bring no more for now. */
void kr_hub_connection_stop_transport (KrHubConnection *self);

/* The session's end is told to all (kr-hub-connection-end.c), and then that of the transport. */
void kr_hub_connection_emit_ended (KrHubConnection *self, const GError *error);
void kr_hub_connection_ended (KrHubConnection *self, const GError *error, gboolean allow_reconnect);
void kr_hub_connection_tell_gone (KrHubConnection *self);

/* The pump: what was written goes out, the session's deadline is watched, what was received and has ended is worked off. */
void kr_hub_connection_flush (KrHubConnection *self);
void kr_hub_connection_update_timer (KrHubConnection *self);
void kr_hub_connection_process_events (KrHubConnection *self);
void kr_hub_connection_receive_message (KrHubConnection *self, const KrHubMessage *message);
/* The call that was read already but found no slot. */
gboolean kr_hub_connection_can_run_waiting (KrHubConnection *self);
void kr_hub_connection_run_waiting (KrHubConnection *self);
/* Nobody is there to hear an answer. */
void kr_hub_connection_drop_running (KrHubConnection *self);
/* It is over. */
void kr_hub_connection_clear_expiry (KrHubConnection *self);

static inline gboolean
kr_hub_connection_is_own_thread (KrHubConnection *self)
{
  /* Asked for each answer, and several times as fast as g_thread_self(). */
  return pthread_equal (self->thread, pthread_self ());
}

G_END_DECLS
