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

KrHubSoupVisit *kr_hub_soup_visit_new (KrHubClock *clock, GMainContext *context, KrHubSoupStream *stream);
/* NULL: it came another way, or has left. */
KrHubSoupVisit *kr_hub_soup_visit_of (SoupServerMessage *message);
KrHubSoupStream *kr_hub_soup_visit_get_stream (KrHubSoupVisit *self);
/* From now on it is cut off unless something happens within @timeout. */
void kr_hub_soup_visit_arm (KrHubSoupVisit *self, gint64 timeout);
/* It is cut off by @cancellable, too. */
void kr_hub_soup_visit_arm_handshake (KrHubSoupVisit *self, gint64 timeout, GCancellable *cancellable);
void kr_hub_soup_visit_disarm (KrHubSoupVisit *self);
void kr_hub_soup_visit_begin_request (KrHubSoupVisit *self, gint64 timeout);
/* The next one may take its time to begin, but its client must stay. */
void kr_hub_soup_visit_end_request (KrHubSoupVisit *self, gint64 timeout);
/* libsoup has nothing to do with the connection any more. Frees the visit. */
void kr_hub_soup_visit_leave (KrHubSoupVisit *self);

G_END_DECLS
