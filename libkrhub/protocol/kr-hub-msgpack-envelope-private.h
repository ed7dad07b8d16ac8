/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* MessagePack as a hub message: the elements one after the other. */
#pragma once

#if !defined (KR_HUB_INSIDE) && !defined (KR_HUB_COMPILATION)
#error "This header is private to libkrhub."
#endif

#include "kr-hub-protocol.h"

G_BEGIN_DECLS

/* The results of a Completion (HubProtocol.md, "Completion Message Encoding"). */
enum
{
  KR_HUB_MSGPACK_RESULT_ERROR = 1,
  KR_HUB_MSGPACK_RESULT_VOID = 2,
  KR_HUB_MSGPACK_RESULT_VALUE = 3,
};

/* As kr_hub_protocol_parse(). */
KrHubParseResult kr_hub_msgpack_envelope_parse (const KrHubSlice *body, KrHubMessage *message, GError **error);

G_END_DECLS
