/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* KrHubMemoryTransport: one end of a pair in memory, with scripted faults. */
#pragma once

#if !defined (KR_HUB_INSIDE) && !defined (KR_HUB_COMPILATION)
#error "Only <krhub.h> can be included directly."
#endif

#include "kr-hub-clock.h"
#include "kr-hub-transport.h"

G_BEGIN_DECLS

#define KR_HUB_TYPE_MEMORY_TRANSPORT (kr_hub_memory_transport_get_type ())
KR_HUB_AVAILABLE_IN_ALL
G_DECLARE_FINAL_TYPE (KrHubMemoryTransport, kr_hub_memory_transport, KR_HUB, MEMORY_TRANSPORT, GObject)

KR_HUB_AVAILABLE_IN_ALL
void kr_hub_memory_transport_new_pair (KrHubClock *clock, KrHubMemoryTransport **one, KrHubMemoryTransport **other);
KR_HUB_AVAILABLE_IN_ALL
void kr_hub_memory_transport_set_delay (KrHubMemoryTransport *self, gint64 microseconds);
KR_HUB_AVAILABLE_IN_ALL
void kr_hub_memory_transport_set_split (KrHubMemoryTransport *self, gsize n_bytes);
KR_HUB_AVAILABLE_IN_ALL
void kr_hub_memory_transport_set_split_at (KrHubMemoryTransport *self, guint64 offset);
KR_HUB_AVAILABLE_IN_ALL
void kr_hub_memory_transport_set_cut_after (KrHubMemoryTransport *self, guint64 n_bytes);
KR_HUB_AVAILABLE_IN_ALL
void kr_hub_memory_transport_set_lose_after (KrHubMemoryTransport *self, guint64 n_bytes);
KR_HUB_AVAILABLE_IN_ALL
void kr_hub_memory_transport_set_stalled (KrHubMemoryTransport *self, gboolean stalled);
KR_HUB_AVAILABLE_IN_ALL
guint64 kr_hub_memory_transport_get_n_sent (KrHubMemoryTransport *self);

G_END_DECLS
