/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* KrHubStreamItem, as its model makes it. */
#pragma once

#if !defined (KR_HUB_INSIDE) && !defined (KR_HUB_COMPILATION)
#error "This header is private to libkrhub."
#endif

#include "kr-hub-stream-item.h"

G_BEGIN_DECLS

/* Takes @value. */
KrHubStreamItem *kr_hub_stream_item_new (GVariant *value, guint64 number);

G_END_DECLS
