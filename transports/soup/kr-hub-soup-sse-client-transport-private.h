/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* KrHubSoupSseClientTransport: Server-Sent Events from the client's end: an event stream in, POST requests out. */
#pragma once

#if !defined (KR_HUB_SOUP_COMPILATION)
#error "Private header of transports/soup."
#endif

#include "kr-hub-soup-requester-private.h"

G_BEGIN_DECLS

#define KR_HUB_SOUP_TYPE_SSE_CLIENT_TRANSPORT (kr_hub_soup_sse_client_transport_get_type ())
G_DECLARE_FINAL_TYPE (KrHubSoupSseClientTransport,
                      kr_hub_soup_sse_client_transport,
                      KR_HUB_SOUP,
                      SSE_CLIENT_TRANSPORT,
                      GObject)

/* @stream: the body of the answered GET. */
KrHubTransport *kr_hub_soup_sse_client_transport_new (KrHubSoupRequester *requester, GInputStream *stream, KrHubClock *clock);

G_END_DECLS
