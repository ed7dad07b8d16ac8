/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* KrHubStream: items of one call, one after the other, in either direction. */
#pragma once

#if !defined (KR_HUB_INSIDE) && !defined (KR_HUB_COMPILATION)
#error "Only <krhub.h> can be included directly."
#endif

#include <json-glib/json-glib.h>

#include "kr-hub-types.h"

G_BEGIN_DECLS

#define KR_HUB_TYPE_STREAM (kr_hub_stream_get_type ())
KR_HUB_AVAILABLE_IN_ALL
G_DECLARE_FINAL_TYPE (KrHubStream, kr_hub_stream, KR_HUB, STREAM, GObject)

KR_HUB_AVAILABLE_IN_ALL
KrHubStream *kr_hub_stream_new (void);

KR_HUB_AVAILABLE_IN_ALL
gboolean kr_hub_stream_write (KrHubStream *self, GVariant *item, GError **error);
KR_HUB_AVAILABLE_IN_ALL
gboolean kr_hub_stream_write_string (KrHubStream *self, const char *text, GError **error);
KR_HUB_AVAILABLE_IN_ALL
gboolean kr_hub_stream_write_node (KrHubStream *self, JsonNode *node, GError **error);
KR_HUB_AVAILABLE_IN_ALL
gboolean kr_hub_stream_is_writable (KrHubStream *self);
KR_HUB_AVAILABLE_IN_ALL
void kr_hub_stream_wait_writable_async (KrHubStream *self,
                                        GCancellable *cancellable,
                                        GAsyncReadyCallback callback,
                                        gpointer user_data);
KR_HUB_AVAILABLE_IN_ALL
gboolean kr_hub_stream_wait_writable_finish (KrHubStream *self, GAsyncResult *result, GError **error);
KR_HUB_AVAILABLE_IN_ALL
void kr_hub_stream_complete (KrHubStream *self);
KR_HUB_AVAILABLE_IN_ALL
void kr_hub_stream_fail (KrHubStream *self, const GError *error);

KR_HUB_AVAILABLE_IN_ALL
void kr_hub_stream_next_async (KrHubStream *self,
                               GCancellable *cancellable,
                               GAsyncReadyCallback callback,
                               gpointer user_data);
KR_HUB_AVAILABLE_IN_ALL
GVariant *kr_hub_stream_next_finish (KrHubStream *self, GAsyncResult *result, GError **error);
KR_HUB_AVAILABLE_IN_ALL
GVariant *kr_hub_stream_try_next (KrHubStream *self);
KR_HUB_AVAILABLE_IN_ALL
gboolean kr_hub_stream_is_ended (KrHubStream *self);
KR_HUB_AVAILABLE_IN_ALL
void kr_hub_stream_close (KrHubStream *self);

G_END_DECLS
