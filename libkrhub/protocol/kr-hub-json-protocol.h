/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* KrHubJsonProtocol: the JSON encoding of the hub protocol. */
#pragma once

#if !defined (KR_HUB_INSIDE) && !defined (KR_HUB_COMPILATION)
#error "Only <krhub.h> can be included directly."
#endif

#include "kr-hub-protocol.h"

G_BEGIN_DECLS

#define KR_HUB_TYPE_JSON_PROTOCOL (kr_hub_json_protocol_get_type ())
KR_HUB_AVAILABLE_IN_ALL
G_DECLARE_FINAL_TYPE (KrHubJsonProtocol, kr_hub_json_protocol, KR_HUB, JSON_PROTOCOL, GObject)

KR_HUB_AVAILABLE_IN_ALL
KrHubProtocol *kr_hub_json_protocol_get_default (void);

G_END_DECLS
