/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* How connections and their requests get from the HTTP thread into the hub's. */
#pragma once

#if !defined (KR_HUB_SOUP_COMPILATION)
#error "Private header of transports/soup."
#endif

#include "kr-hub-soup-endpoint.h"
#include "kr-hub-soup-exchange-private.h"
#include "kr-hub-soup-token-store-private.h"

G_BEGIN_DECLS

/* All in the HTTP thread. */
void kr_hub_soup_arrive_websocket (KrHubSoupEndpoint *endpoint,
                                   SoupServerMessage *message,
                                   KrHubSoupToken *token,
                                   gboolean again);
void kr_hub_soup_arrive_sse (KrHubSoupEndpoint *endpoint, SoupServerMessage *message, KrHubSoupToken *token);
void kr_hub_soup_arrive_long_polling (KrHubSoupEndpoint *endpoint, SoupServerMessage *message, KrHubSoupToken *token);

/* A request of a connection that exists; @object is its transport. */
void kr_hub_soup_visit_poll (KrHubSoupEndpoint *endpoint,
                             SoupServerMessage *message,
                             KrHubSoupToken *token,
                             GObject *object);
void kr_hub_soup_visit_post (KrHubSoupEndpoint *endpoint, SoupServerMessage *message, GObject *object, GBytes *body);
void kr_hub_soup_visit_delete (KrHubSoupEndpoint *endpoint,
                               SoupServerMessage *message,
                               KrHubSoupToken *token,
                               GObject *object);

G_END_DECLS
