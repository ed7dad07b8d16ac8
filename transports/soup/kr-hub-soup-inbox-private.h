/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* KrHubSoupInbox: what a client posts to a connection whose other direction is a response. */
#pragma once

#if !defined (KR_HUB_SOUP_COMPILATION)
#error "Private header of transports/soup."
#endif

#include <krhub.h>

#include "kr-hub-soup-exchange-private.h"

G_BEGIN_DECLS

typedef struct
{
  const KrHubTransportSink *sink;  /* NULL: nothing is delivered yet, or any more */
  gpointer sink_data;
  GQueue posts;                    /* of Post: one after the other, as the user takes them */
  GBytes *early;                   /* posted before there was a transport, answered already */
  gint promised;                   /* atomic: bytes that were answered before they are delivered */
  gint closed;                     /* atomic; set in the hub's thread */
  gboolean paused;
  gboolean delivering;
} KrHubSoupInbox;

typedef enum
{
  KR_HUB_SOUP_POST_TAKEN,  /* answer at once, then push without an exchange */
  KR_HUB_SOUP_POST_WAITS,  /* push with one */
  KR_HUB_SOUP_POST_GONE,   /* the connection is over */
} KrHubSoupPostFate;

/* Any thread. */
KrHubSoupPostFate kr_hub_soup_inbox_offer (KrHubSoupInbox *self, gsize size);

/* In the hub's thread. */
void kr_hub_soup_inbox_start (KrHubSoupInbox *self, const KrHubTransportSink *sink, gpointer sink_data, GBytes *early);
void kr_hub_soup_inbox_set_reading (KrHubSoupInbox *self, gboolean reading);
void kr_hub_soup_inbox_push (KrHubSoupInbox *self, GBytes *bytes, KrHubSoupExchange *exchange);
void kr_hub_soup_inbox_deliver (KrHubSoupInbox *self);
void kr_hub_soup_inbox_close (KrHubSoupInbox *self);

G_END_DECLS
