/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* Text messages that end with the byte 0x1E: JSON's, and the handshake of every protocol. */
#pragma once

#if !defined (KR_HUB_INSIDE) && !defined (KR_HUB_COMPILATION)
#error "This header is private to libkrhub."
#endif

#include "kr-hub-message.h"

G_BEGIN_DECLS

#define KR_HUB_RECORD_SEPARATOR 0x1e

/* As kr_hub_protocol_frame(). */
gssize kr_hub_text_frame (const guint8 *data, gsize len, gsize max_size, KrHubSlice *body, GError **error);

/* The error for a message that exceeds the limit, with ASP.NET Core's text; -1. */
gssize kr_hub_frame_too_large (gsize max_size, GError **error);

G_END_DECLS
