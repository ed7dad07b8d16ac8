/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* KrHubSoupSseTransport: an event stream on the reactor, and posts through libsoup. */
#pragma once

#if !defined (KR_HUB_SOUP_COMPILATION)
#error "Private header of transports/soup."
#endif

#include <krhub.h>

#include "kr-hub-soup-exchange-private.h"
#include "kr-hub-soup-inbox-private.h"
#include "kr-hub-soup-token-store-private.h"
#include "kr-hub-soup-wire-private.h"

G_BEGIN_DECLS

#define KR_HUB_SOUP_TYPE_SSE_TRANSPORT (kr_hub_soup_sse_transport_get_type ())
G_DECLARE_FINAL_TYPE (KrHubSoupSseTransport, kr_hub_soup_sse_transport, KR_HUB_SOUP, SSE_TRANSPORT, GObject)

KrHubTransport *kr_hub_soup_sse_transport_new (KrHubSoupWire *wire,
                                               GBytes *response,
                                               KrHubSoupToken *token,
                                               KrHubClock *clock,
                                               gint64 close_timeout);
KrHubSoupInbox *kr_hub_soup_sse_transport_get_inbox (KrHubSoupSseTransport *self);

G_END_DECLS
