/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* KrHubSoupWebsocketTransport: one WebSocket on the reactor, either end. */
#pragma once

#if !defined (KR_HUB_SOUP_COMPILATION)
#error "Private header of transports/soup."
#endif

#include <krhub.h>

#include "kr-hub-soup-token-store-private.h"
#include "kr-hub-soup-wire-private.h"

G_BEGIN_DECLS

#define KR_HUB_SOUP_TYPE_WEBSOCKET_TRANSPORT (kr_hub_soup_websocket_transport_get_type ())
G_DECLARE_FINAL_TYPE (KrHubSoupWebsocketTransport, kr_hub_soup_websocket_transport, KR_HUB_SOUP, WEBSOCKET_TRANSPORT, GObject)

KrHubTransport *kr_hub_soup_websocket_transport_new (KrHubSoupWire *wire,
                                                     GBytes *response,
                                                     KrHubSoupToken *token,
                                                     KrHubClock *clock,
                                                     gint64 close_timeout);
void kr_hub_soup_websocket_transport_refuse (KrHubSoupWebsocketTransport *self, const char *answer);
KrHubTransport *kr_hub_soup_websocket_transport_new_upgraded (KrHubSoupWire *wire,
                                                              const guint8 *received,
                                                              gsize len,
                                                              KrHubClock *clock,
                                                              gint64 close_timeout);

G_END_DECLS
