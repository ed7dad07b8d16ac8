/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* MessagePack as values: text, GVariant of a type, JsonNode. */
#pragma once

#if !defined (KR_HUB_INSIDE) && !defined (KR_HUB_COMPILATION)
#error "This header is private to libkrhub."
#endif

#include <json-glib/json-glib.h>

#include "kr-hub-message.h"

G_BEGIN_DECLS

/* One value, at the beginning of @value, by ASP.NET Core's rules of binding (signalr-observed.md 6). Errors are
 * KR_HUB_ERROR_BINDING. A text that is no UTF-8 is repaired into @scratch. */
gboolean kr_hub_msgpack_read_string (const KrHubSlice *value, GString *scratch, KrHubSlice *text, GError **error);
GVariant *kr_hub_msgpack_read_variant (const KrHubSlice *value, const GVariantType *type, GError **error);
JsonNode *kr_hub_msgpack_read_node (const KrHubSlice *value, GError **error);

G_END_DECLS
