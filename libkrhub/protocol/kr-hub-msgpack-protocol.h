/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* KrHubMsgpackProtocol: the MessagePack encoding of the hub protocol. */
#pragma once

#if !defined (KR_HUB_INSIDE) && !defined (KR_HUB_COMPILATION)
#error "Only <krhub.h> can be included directly."
#endif

#include "kr-hub-protocol.h"

G_BEGIN_DECLS

#define KR_HUB_TYPE_MSGPACK_PROTOCOL (kr_hub_msgpack_protocol_get_type ())
KR_HUB_AVAILABLE_IN_ALL
G_DECLARE_FINAL_TYPE (KrHubMsgpackProtocol, kr_hub_msgpack_protocol, KR_HUB, MSGPACK_PROTOCOL, GObject)

KR_HUB_AVAILABLE_IN_ALL
KrHubProtocol *kr_hub_msgpack_protocol_get_default (void);

G_END_DECLS
