/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* KrHubNegotiation: the document that POST {hub}/negotiate answers, written and parsed. */
#pragma once

#if !defined (KR_HUB_INSIDE) && !defined (KR_HUB_COMPILATION)
#error "Only <krhub.h> can be included directly."
#endif

#include "kr-hub-protocol.h"

G_BEGIN_DECLS

/**
 * KrHubTransportFlags:
 * @KR_HUB_TRANSPORT_WEBSOCKETS: WebSocket, text and binary
 * @KR_HUB_TRANSPORT_SERVER_SENT_EVENTS: Server-Sent Events, text only
 * @KR_HUB_TRANSPORT_LONG_POLLING: long polling, text and binary
 * @KR_HUB_TRANSPORT_ALL: all of them
 *
 * The transports of the HTTP endpoint (TransportProtocols.md).
 *
 * Since: 0.1
 */
typedef enum /*< flags >*/
{
  KR_HUB_TRANSPORT_WEBSOCKETS = 1 << 0,
  KR_HUB_TRANSPORT_SERVER_SENT_EVENTS = 1 << 1,
  KR_HUB_TRANSPORT_LONG_POLLING = 1 << 2,
  KR_HUB_TRANSPORT_ALL = 7,
} KrHubTransportFlags;

#define KR_HUB_TYPE_TRANSPORT_FLAGS (kr_hub_transport_flags_get_type ())
KR_HUB_AVAILABLE_IN_ALL
GType kr_hub_transport_flags_get_type (void);

#define KR_HUB_TYPE_NEGOTIATION (kr_hub_negotiation_get_type ())

/**
 * KrHubNegotiation:
 *
 * The negotiation document: ids and transports, or a redirect, or an error.
 *
 * Immutable once built or parsed; may be read from any thread.
 *
 * Since: 0.1
 */
typedef struct _KrHubNegotiation KrHubNegotiation;

KR_HUB_AVAILABLE_IN_ALL
GType kr_hub_negotiation_get_type (void);
KR_HUB_AVAILABLE_IN_ALL
KrHubNegotiation *kr_hub_negotiation_new (guint version,
                                          const char *connection_id,
                                          const char *connection_token,
                                          KrHubTransportFlags transports,
                                          gboolean use_stateful_reconnect);
KR_HUB_AVAILABLE_IN_ALL
KrHubNegotiation *kr_hub_negotiation_new_redirect (guint version, const char *url, const char *access_token);
KR_HUB_AVAILABLE_IN_ALL
KrHubNegotiation *kr_hub_negotiation_new_error (const char *error);
KR_HUB_AVAILABLE_IN_ALL
KrHubNegotiation *kr_hub_negotiation_parse (GBytes *document, GError **error);
KR_HUB_AVAILABLE_IN_ALL
KrHubNegotiation *kr_hub_negotiation_ref (KrHubNegotiation *self);
KR_HUB_AVAILABLE_IN_ALL
void kr_hub_negotiation_unref (KrHubNegotiation *self);
KR_HUB_AVAILABLE_IN_ALL
GBytes *kr_hub_negotiation_write (KrHubNegotiation *self);
KR_HUB_AVAILABLE_IN_ALL
guint kr_hub_negotiation_get_version (KrHubNegotiation *self);
KR_HUB_AVAILABLE_IN_ALL
const char *kr_hub_negotiation_get_connection_id (KrHubNegotiation *self);
KR_HUB_AVAILABLE_IN_ALL
const char *kr_hub_negotiation_get_connection_token (KrHubNegotiation *self);
KR_HUB_AVAILABLE_IN_ALL
KrHubTransportFlags kr_hub_negotiation_get_transports (KrHubNegotiation *self);
KR_HUB_AVAILABLE_IN_ALL
gboolean kr_hub_negotiation_get_use_stateful_reconnect (KrHubNegotiation *self);
KR_HUB_AVAILABLE_IN_ALL
const char *kr_hub_negotiation_get_url (KrHubNegotiation *self);
KR_HUB_AVAILABLE_IN_ALL
const char *kr_hub_negotiation_get_access_token (KrHubNegotiation *self);
KR_HUB_AVAILABLE_IN_ALL
const char *kr_hub_negotiation_get_error (KrHubNegotiation *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (KrHubNegotiation, kr_hub_negotiation_unref)

G_END_DECLS
