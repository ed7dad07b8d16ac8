/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* KrHubSoupVisit: a connection that came through a front door, as long as libsoup has it. */
#pragma once

#if !defined (KR_HUB_SOUP_COMPILATION)
#error "Private header of transports/soup."
#endif

#include <krhub.h>
#include <libsoup/soup.h>

#include "kr-hub-soup-stream-private.h"

G_BEGIN_DECLS

/* Used in the thread of the door; freed with its stream, whatever thread drops that last, or when the connection leaves. */
typedef struct _KrHubSoupVisit KrHubSoupVisit;

/* How long things may take, µs, and how large they may be. */
typedef struct
{
  gint64 head_timeout;
  gint64 body_timeout;
  gint64 idle_timeout;
  guint64 max_body_size;
} KrHubSoupTerms;

/* @has_head: the head of the first request is there. */
KrHubSoupVisit *kr_hub_soup_visit_new (KrHubClock *clock,
                                       GMainContext *context,
                                       KrHubSoupStream *stream,
                                       const KrHubSoupTerms *terms,
                                       gboolean has_head);
/* NULL: it came another way, or has left. */
KrHubSoupVisit *kr_hub_soup_visit_of (SoupServerMessage *message);
/* It is cut off by @cancellable unless disarmed within @timeout. */
void kr_hub_soup_visit_arm_handshake (KrHubSoupVisit *self, gint64 timeout, GCancellable *cancellable);
void kr_hub_soup_visit_begin_request (KrHubSoupVisit *self, SoupServerMessage *message);
/* libsoup has nothing to do with the connection any more. Frees the visit. */
void kr_hub_soup_visit_leave (KrHubSoupVisit *self);

G_END_DECLS
