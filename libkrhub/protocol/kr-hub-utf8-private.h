/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* UTF-8 from a peer: checked, or repaired. */
#pragma once

#if !defined (KR_HUB_INSIDE) && !defined (KR_HUB_COMPILATION)
#error "This header is private to libkrhub."
#endif

#include "kr-hub-message.h"

G_BEGIN_DECLS

/* Whether @text is well formed; U+0000 is. Plain ASCII is passed over sixteen bytes at a time. */
gboolean kr_hub_utf8_validate (const KrHubSlice *text);

/* Whether @text is ASCII without U+0000: nothing that anybody would have to decode, check or refuse. */
gboolean kr_hub_utf8_is_plain (const KrHubSlice *text);

/* Appends @text with U+FFFD in place of what is not well formed, as .NET's decoder does. */
void kr_hub_utf8_repair (const KrHubSlice *text, GString *out);

G_END_DECLS
