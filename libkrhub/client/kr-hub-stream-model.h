/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* KrHubStreamModel: the items of a stream as a list that grows. */
#pragma once

#if !defined (KR_HUB_INSIDE) && !defined (KR_HUB_COMPILATION)
#error "Only <krhub.h> can be included directly."
#endif

#include "kr-hub-stream-item.h"
#include "kr-hub-stream.h"

G_BEGIN_DECLS

#define KR_HUB_TYPE_STREAM_MODEL (kr_hub_stream_model_get_type ())
KR_HUB_AVAILABLE_IN_ALL
G_DECLARE_FINAL_TYPE (KrHubStreamModel, kr_hub_stream_model, KR_HUB, STREAM_MODEL, GObject)

KR_HUB_AVAILABLE_IN_ALL
KrHubStreamModel *kr_hub_stream_model_new (KrHubStream *stream, guint max_items);
KR_HUB_AVAILABLE_IN_ALL
gboolean kr_hub_stream_model_is_ended (KrHubStreamModel *self);
KR_HUB_AVAILABLE_IN_ALL
const GError *kr_hub_stream_model_get_error (KrHubStreamModel *self);
KR_HUB_AVAILABLE_IN_ALL
void kr_hub_stream_model_close (KrHubStreamModel *self);

G_END_DECLS
