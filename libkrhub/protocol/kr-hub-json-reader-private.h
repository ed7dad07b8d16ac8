/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* JSON text as values: GVariant of a type, JsonNode. */
#pragma once

#if !defined (KR_HUB_INSIDE) && !defined (KR_HUB_COMPILATION)
#error "This header is private to libkrhub."
#endif

#include <json-glib/json-glib.h>

#include "kr-hub-message.h"

G_BEGIN_DECLS

/* The text of a JSON string or null, borrowed from @value or built in @scratch. KR_HUB_ERROR_BINDING as .NET words it.
 */
gboolean kr_hub_json_read_string (const KrHubSlice *value, GString *scratch, KrHubSlice *text, GError **error);

/* One value, all of @value, by ASP.NET Core's rules of binding (signalr-observed.md 6). */
GVariant *kr_hub_json_read_variant (const KrHubSlice *value, const GVariantType *type, GError **error);
JsonNode *kr_hub_json_read_node (const KrHubSlice *value, GError **error);

G_END_DECLS
