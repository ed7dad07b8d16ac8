/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* The client's end of a WebSocket handshake (RFC 6455, 4.1), up to a transport. */
#pragma once

#if !defined (KR_HUB_SOUP_COMPILATION)
#error "Private header of transports/soup."
#endif

#include "kr-hub-soup-requester-private.h"

G_BEGIN_DECLS

void kr_hub_soup_websocket_connect_async (KrHubSoupRequester *requester,
                                          KrHubClock *clock,
                                          GCancellable *cancellable,
                                          GAsyncReadyCallback callback,
                                          gpointer user_data);
KrHubTransport *kr_hub_soup_websocket_connect_finish (GAsyncResult *result, guint *status, GError **error);

G_END_DECLS
