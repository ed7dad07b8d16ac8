/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* JSON text as a hub message: the properties in any order, then what the type makes of them. */
#pragma once

#if !defined (KR_HUB_INSIDE) && !defined (KR_HUB_COMPILATION)
#error "This header is private to libkrhub."
#endif

#include "kr-hub-protocol.h"

G_BEGIN_DECLS

/* As kr_hub_protocol_parse(). */
KrHubParseResult kr_hub_json_envelope_parse (const KrHubSlice *body, KrHubMessage *message, GError **error);

G_END_DECLS
