/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* KrHubSoupLongPollingClientTransport: long polling from the client's end: GET requests in, POST requests out. */
#pragma once

#if !defined (KR_HUB_SOUP_COMPILATION)
#error "Private header of transports/soup."
#endif

#include "kr-hub-soup-requester-private.h"

G_BEGIN_DECLS

#define KR_HUB_SOUP_TYPE_LONG_POLLING_CLIENT_TRANSPORT (kr_hub_soup_long_polling_client_transport_get_type ())
G_DECLARE_FINAL_TYPE (KrHubSoupLongPollingClientTransport,
                      kr_hub_soup_long_polling_client_transport,
                      KR_HUB_SOUP,
                      LONG_POLLING_CLIENT_TRANSPORT,
                      GObject)

/* After the first poll, which starts the connection, was answered. */
KrHubTransport *kr_hub_soup_long_polling_client_transport_new (KrHubSoupRequester *requester, KrHubClock *clock);

G_END_DECLS
