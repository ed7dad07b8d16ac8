/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* The handshake: request and response, both written and parsed (HubProtocol.md, "Handshake"). */
#pragma once

#if !defined (KR_HUB_INSIDE) && !defined (KR_HUB_COMPILATION)
#error "This header is private to libkrhub."
#endif

#include "kr-hub-protocol.h"

G_BEGIN_DECLS

typedef struct
{
  char *protocol;
  gint version;
} KrHubHandshakeRequest;

void kr_hub_handshake_request_clear (KrHubHandshakeRequest *self);

/* Server: parses the text before 0x1E. KR_HUB_ERROR_HANDSHAKE with ASP.NET Core's detail as message, such as
 * "InvalidDataException: Missing required property 'protocol'. Message content: {}" (signalr-observed.md 5). */
gboolean kr_hub_handshake_parse_request (const KrHubSlice *text, KrHubHandshakeRequest *request, GError **error);

/* Client: {"protocol":"json","version":1} and 0x1E. */
void kr_hub_handshake_write_request (const char *protocol, guint version, KrHubBuffer *out);

/* Server: {} or {"error":"…"}, and 0x1E. */
void kr_hub_handshake_write_response (const char *refusal, KrHubBuffer *out);

/* Client: TRUE for {}, else KR_HUB_ERROR_HANDSHAKE with the server's text or what was wrong with the answer. */
gboolean kr_hub_handshake_parse_response (const KrHubSlice *text, GError **error);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (KrHubHandshakeRequest, kr_hub_handshake_request_clear)

G_END_DECLS
