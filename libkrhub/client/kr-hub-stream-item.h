/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* KrHubStreamItem: one item of a KrHubStreamModel. */
#pragma once

#if !defined (KR_HUB_INSIDE) && !defined (KR_HUB_COMPILATION)
#error "Only <krhub.h> can be included directly."
#endif

#include <gio/gio.h>

#include "kr-hub-visibility.h"

G_BEGIN_DECLS

#define KR_HUB_TYPE_STREAM_ITEM (kr_hub_stream_item_get_type ())
KR_HUB_AVAILABLE_IN_ALL
G_DECLARE_FINAL_TYPE (KrHubStreamItem, kr_hub_stream_item, KR_HUB, STREAM_ITEM, GObject)

KR_HUB_AVAILABLE_IN_ALL
GVariant *kr_hub_stream_item_get_value (KrHubStreamItem *self);
KR_HUB_AVAILABLE_IN_ALL
guint64 kr_hub_stream_item_get_number (KrHubStreamItem *self);

G_END_DECLS
