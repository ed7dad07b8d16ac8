/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* KrHubCounters: what a hub counts while it works. */
#pragma once

#if !defined (KR_HUB_INSIDE) && !defined (KR_HUB_COMPILATION)
#error "This header is private to libkrhub."
#endif

#include "kr-hub-close-reason.h"
#include "kr-hub-message.h"

G_BEGIN_DECLS

/* Plain numbers in the hub's thread: counting costs an addition, and only who looks at them pays for more. */

/* How a call ended. */
typedef enum
{
  KR_HUB_OUTCOME_OK,
  KR_HUB_OUTCOME_ERROR,
  KR_HUB_OUTCOME_CANCELLED, /* its caller did not want the answer, or is gone */
  KR_HUB_OUTCOME_REFUSED,   /* its method was never called */
} KrHubOutcome;

#define KR_HUB_N_OUTCOMES (KR_HUB_OUTCOME_REFUSED + 1)

typedef struct
{
  guint64 n[KR_HUB_N_OUTCOMES];
} KrHubMethodCounters;

/* ASP.NET Core's values of signalr.connection.status. */
typedef enum
{
  KR_HUB_STATUS_NORMAL_CLOSURE,
  KR_HUB_STATUS_TIMEOUT,
  KR_HUB_STATUS_APP_SHUTDOWN,
} KrHubConnectionStatus;

#define KR_HUB_N_STATUSES (KR_HUB_STATUS_APP_SHUTDOWN + 1)
#define KR_HUB_N_CLOSE_REASONS (KR_HUB_CLOSE_REASON_EXPIRED + 1)
#define KR_HUB_N_MESSAGE_TYPES (KR_HUB_MESSAGE_SEQUENCE + 1)
/* One more than there are bounds. */
#define KR_HUB_N_DURATIONS 15

/* Of all connections that one kind of transport carries. */
typedef struct
{
  char *name;             /* as the transport calls itself */
  guint64 n_active;
  guint64 n_closed[KR_HUB_N_CLOSE_REASONS];
  guint64 durations[KR_HUB_N_STATUSES][KR_HUB_N_DURATIONS];
  gdouble total_duration[KR_HUB_N_STATUSES]; /* seconds */
  guint64 n_received[KR_HUB_N_MESSAGE_TYPES];
  guint64 n_sent[KR_HUB_N_MESSAGE_TYPES];
  guint64 n_bytes_received;
  guint64 n_bytes_sent;
  guint64 n_dropped[2];   /* events, by the policy */
  guint64 n_bytes_dropped[2];
  guint64 n_lost;         /* transports of stateful connections */
  guint64 n_reattached;
  guint64 n_replayed;     /* messages */
} KrHubTransportCounters;

/* All zero is valid. */
typedef struct
{
  GPtrArray *transports;             /* of KrHubTransportCounters; NULL until the first */
  KrHubTransportCounters unattached; /* of a session without a transport */
  KrHubMethodCounters unknown;       /* calls of methods that do not exist, whatever their names */
  guint64 n_rate_limited;
} KrHubCounters;

void kr_hub_counters_clear (KrHubCounters *self);
/* Those of transports with that name. */
KrHubTransportCounters *kr_hub_counters_get_transport (KrHubCounters *self, const char *name);
/* A connection is over after @duration µs. */
void kr_hub_transport_counters_closed (KrHubTransportCounters *self, KrHubCloseReason reason, gint64 duration);

/* Upper bounds in seconds, KR_HUB_N_DURATIONS - 1 of them. */
const gdouble *kr_hub_counters_get_duration_bounds (void);
const char *kr_hub_connection_status_get_name (KrHubConnectionStatus self);

G_END_DECLS
