/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* KrHubSoupIoTransport: a WebSocket whose socket is served by another thread. */
#pragma once

#if !defined (KR_HUB_SOUP_COMPILATION)
#error "Private header of transports/soup."
#endif

#include "kr-hub-soup-io-thread-private.h"

G_BEGIN_DECLS

#define KR_HUB_SOUP_TYPE_IO_TRANSPORT (kr_hub_soup_io_transport_get_type ())
G_DECLARE_FINAL_TYPE (KrHubSoupIoTransport, kr_hub_soup_io_transport, KR_HUB_SOUP, IO_TRANSPORT, GObject)

KrHubTransport *kr_hub_soup_io_transport_new (KrHubSoupIoThread *thread, KrHubTransport *inner);
KrHubTransport *kr_hub_soup_io_transport_get_inner (KrHubSoupIoTransport *self);

/* Called by the KrHubSoupIoThread in the hub's thread. */
void kr_hub_soup_io_transport_begin_flush (KrHubSoupIoTransport *self);
void kr_hub_soup_io_transport_flush (KrHubSoupIoTransport *self);

/* Letters of the KrHubSoupIoLine. */
void kr_hub_soup_io_transport_received (gpointer self, const guint8 *data, gsize len);
void kr_hub_soup_io_transport_sent (gpointer self, const guint8 *content, gsize len);     /* a gsize */
void kr_hub_soup_io_transport_closed (gpointer self, const guint8 *content, gsize len);   /* a GError *, taken, or NULL */

G_END_DECLS
