/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* KrHubWaitingCalls: calls that were made while a client has no connection, until it has one again. */
#pragma once

#if !defined (KR_HUB_INSIDE) && !defined (KR_HUB_COMPILATION)
#error "This header is private to libkrhub."
#endif

#include "kr-hub-call-private.h"
#include "kr-hub-clock.h"
#include "kr-hub-stream.h"

G_BEGIN_DECLS

typedef struct _KrHubWaitingCalls KrHubWaitingCalls;

typedef struct
{
  KrHubWaitingCalls *list;
  GSource *cancel_source; /* NULL: cannot be cancelled */
  KrHubCall *call;      /* NULL: nobody waits for an answer */
  char *target;
  GVariant *arguments;
  GPtrArray *uploads;   /* of KrHubStream, NULL-terminated; NULL: none */
  gboolean is_stream;
  GWeakRef stream;      /* what is to read the answer, if anybody still wants it */
  gint64 deadline;      /* µs, or G_MAXINT64 */
} KrHubWaitingCall;

/* All zero but for the clock is a valid empty list. */
struct _KrHubWaitingCalls
{
  KrHubClock *clock;    /* no reference: the client's */
  GQueue calls;         /* of KrHubWaitingCall, the first first */
  KrHubTimer timer;
};

void kr_hub_waiting_calls_init (KrHubWaitingCalls *self, KrHubClock *clock);
/* @call: NULL if nobody waits for an answer; @stream: NULL unless that is to read it; @uploads: NULL or NULL-terminated;
 * @timeout: 0 for ever. */
void kr_hub_waiting_calls_add (KrHubWaitingCalls *self,
                               KrHubCall *call,
                               KrHubStream *stream,
                               const char *target,
                               GVariant *arguments,
                               KrHubStream *const *uploads,
                               gint64 timeout);
/* The first one, for the caller to free; NULL when there is none. */
KrHubWaitingCall *kr_hub_waiting_calls_take (KrHubWaitingCalls *self);
/* The first @n: who hears of it may call again at once. */
void kr_hub_waiting_calls_fail (KrHubWaitingCalls *self, guint n, const char *message);
void kr_hub_waiting_call_free (KrHubWaitingCall *call);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (KrHubWaitingCall, kr_hub_waiting_call_free)

G_END_DECLS
