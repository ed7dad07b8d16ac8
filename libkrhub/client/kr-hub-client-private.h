/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* KrHubClient, as its parts see it. */
#pragma once

#if !defined (KR_HUB_INSIDE) && !defined (KR_HUB_COMPILATION)
#error "This header is private to libkrhub."
#endif

#include "kr-hub-client.h"

#include "kr-hub-connection-private.h"
#include "kr-hub-network-watch-private.h"
#include "kr-hub-waiting-calls-private.h"

G_BEGIN_DECLS

struct _KrHubClient
{
  GObject parent_instance;

  KrHubClientState state;       /* written by kr_hub_client_set_state() and the end only */
  guint n_changes;              /* of it: who calls out sees whether its user has changed it meanwhile */
  gboolean gone;                /* disposed: says nothing any more */
  KrHubClock *clock;
  KrHubSettings *settings;
  KrHubDispatcher *dispatcher;
  guint n_handlers;             /* ids that were given */
  KrHubConnector *connector;    /* NULL: the user brings the transports */
  KrHubRetryPolicy *policy;     /* NULL: never again */
  gboolean retry_start;         /* also for the first connection */
  gboolean ask_stateful;
  KrHubCallPolicy call_policy;
  gint64 call_timeout;
  gint64 connect_timeout;
  KrHubConnection *connection;  /* NULL while there is none */
  KrHubConnection *farewell;    /* the last one, while DISCONNECTING, until its transport has closed */
  char *connection_id;
  GError *last_error;
  GTask *connecting;            /* NULL unless connect_async() or start_async() is under way */
  gulong connecting_handler;    /* of its cancellable */
  GPtrArray *stopping;          /* of KrHubWaiter; each stop_async() that waits */
  GCancellable *attempt;        /* of the connector's operation under way; NULL: none */
  gint64 attempt_begun;
  KrHubTimer attempt_timer;     /* ends it when it takes too long */
  KrHubTimer retry_timer;
  gint64 lost_at;               /* when the tries began */
  guint n_retries;
  KrHubWaitingCalls waiting;
  KrHubNetworkWatch *network;   /* while a try is waited for; NULL otherwise */
};

/* FALSE: there is no such edge, or the client is gone. */
gboolean kr_hub_client_set_state (KrHubClient *self, KrHubClientState to);
void kr_hub_client_set_connection_id (KrHubClient *self, const char *id);
void kr_hub_client_set_last_error (KrHubClient *self, const GError *error);

/* Before anything else, and before the end. */
void kr_hub_client_init_connecting (KrHubClient *self);
void kr_hub_client_abandon (KrHubClient *self);

/* Tries to get a connection, by the connector or over a transport that exists; and tries no more. */
void kr_hub_client_attempt (KrHubClient *self);
void kr_hub_client_open (KrHubClient *self, KrHubTransport *transport, gboolean stateful);
void kr_hub_client_stop_trying (KrHubClient *self);

/* Who waits for the start, for the caller to answer; NULL: nobody. */
GTask *kr_hub_client_take_connecting (KrHubClient *self);
/* There is no connection and there will be none. */
void kr_hub_client_become_disconnected (KrHubClient *self, const GError *error);
/* A try that ended in good order (NULL) has failed all the same. */
GError *kr_hub_client_dup_failure (const GError *error);

/* Makes a call, or lets it wait, or fail. @arguments is sunk if it is floating. */
void kr_hub_client_begin (KrHubClient *self,
                          KrHubCall *call,
                          const char *target,
                          GVariant *arguments,
                          KrHubStream *const *uploads);

/* The client is connected: what waited for that. */
void kr_hub_client_run_waiting_calls (KrHubClient *self);

G_END_DECLS
