/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* Values as JSON text: strings, numbers, GVariant, JsonNode. */
#pragma once

#if !defined (KR_HUB_INSIDE) && !defined (KR_HUB_COMPILATION)
#error "This header is private to libkrhub."
#endif

#include <json-glib/json-glib.h>

#include "kr-hub-buffer.h"
#include "kr-hub-message.h"

G_BEGIN_DECLS

void kr_hub_json_write_string (KrHubBuffer *out, const char *text, gsize len);
void kr_hub_json_write_boolean (KrHubBuffer *out, gboolean value);
void kr_hub_json_write_int64 (KrHubBuffer *out, gint64 value);
void kr_hub_json_write_uint64 (KrHubBuffer *out, guint64 value);

/* FALSE with KR_HUB_ERROR_BINDING for what JSON cannot express: NaN, infinities, handles, too deep nesting. What was
 * appended before that stays in @out: the caller cuts it off. */
gboolean kr_hub_json_write_double (KrHubBuffer *out, double value, GError **error);
gboolean kr_hub_json_write_variant (KrHubBuffer *out, GVariant *value, guint depth, GError **error);
gboolean kr_hub_json_write_node (KrHubBuffer *out, JsonNode *node, guint depth, GError **error);

G_END_DECLS
