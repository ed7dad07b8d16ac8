/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* KrHubTransport: the interface of what carries the bytes of one connection. */
#pragma once

#if !defined (KR_HUB_INSIDE) && !defined (KR_HUB_COMPILATION)
#error "Only <krhub.h> can be included directly."
#endif

#include "kr-hub-protocol.h"

G_BEGIN_DECLS

#define KR_HUB_TYPE_TRANSPORT (kr_hub_transport_get_type ())
KR_HUB_AVAILABLE_IN_ALL
G_DECLARE_INTERFACE (KrHubTransport, kr_hub_transport, KR_HUB, TRANSPORT, GObject)

/**
 * KrHubTransportSink:
 * @received: bytes arrived; they are borrowed for this call and may end inside a message
 * @peek: fills at most @max_vectors with output that waits, in order, whole messages at the end of the last one unless
 *   there were more vectors than @max_vectors; returns how many, and the bytes in all. The vectors stay valid until the
 *   next call of anything of the same connection
 * @sent: the first @n_bytes of what waits are delivered, or are the transport's own affair from here on
 * @closed: the transport ended, by itself or after close(); @error %NULL: in good order. Called once, the last call
 *
 * What a transport tells its user. All calls come in the thread of the connection, none after `closed`.
 *
 * Since: 0.1
 */
typedef struct
{
  void (*received) (gpointer sink, const guint8 *data, gsize len);
  gsize (*peek) (gpointer sink, GOutputVector *vectors, gsize max_vectors, gsize *n_bytes);
  void (*sent) (gpointer sink, gsize n_bytes);
  void (*closed) (gpointer sink, const GError *error);
} KrHubTransportSink;

/**
 * KrHubTransportInterface:
 * @g_iface: the parent
 * @name: (skip): as in the negotiation document, such as `WebSockets`
 * @transfer_formats: (skip): what can be carried
 * @keeps_alive: (skip): whether the transport notices a dead peer by itself, so that no pings are sent
 * @start: begins to deliver to the sink
 * @request_write: says that output waits
 * @write_now: (nullable): delivers what waits, as far as that is worth it and can be done at once; only called inside the
 *   sink's `received`. %NULL: never
 * @set_reading: pauses or resumes delivery of received bytes
 * @set_transfer_format: says which format the output has
 * @close: ends in good order
 * @abort: ends at once
 *
 * What a transport implements. All functions are called in the thread of the connection, and none of them calls the sink
 * before it returns, except `start` and `set_reading`, which may deliver what had arrived already, and `write_now`, which
 * calls `peek` and `sent`.
 *
 * Since: 0.1
 */
struct _KrHubTransportInterface
{
  GTypeInterface g_iface;

  const char *name;
  KrHubTransferFormat transfer_formats;
  gboolean keeps_alive;

  void (*start) (KrHubTransport *self, const KrHubTransportSink *sink, gpointer sink_data);
  void (*request_write) (KrHubTransport *self);
  void (*write_now) (KrHubTransport *self);
  void (*set_reading) (KrHubTransport *self, gboolean reading);
  void (*set_transfer_format) (KrHubTransport *self, KrHubTransferFormat format);
  void (*close) (KrHubTransport *self);
  void (*abort) (KrHubTransport *self);
};

KR_HUB_AVAILABLE_IN_ALL
const char *kr_hub_transport_get_name (KrHubTransport *self);
KR_HUB_AVAILABLE_IN_ALL
KrHubTransferFormat kr_hub_transport_get_transfer_formats (KrHubTransport *self);
KR_HUB_AVAILABLE_IN_ALL
gboolean kr_hub_transport_get_keeps_alive (KrHubTransport *self);
KR_HUB_AVAILABLE_IN_ALL
void kr_hub_transport_start (KrHubTransport *self, const KrHubTransportSink *sink, gpointer sink_data);
KR_HUB_AVAILABLE_IN_ALL
void kr_hub_transport_request_write (KrHubTransport *self);
KR_HUB_AVAILABLE_IN_ALL
void kr_hub_transport_write_now (KrHubTransport *self);
KR_HUB_AVAILABLE_IN_ALL
void kr_hub_transport_set_reading (KrHubTransport *self, gboolean reading);
KR_HUB_AVAILABLE_IN_ALL
void kr_hub_transport_set_transfer_format (KrHubTransport *self, KrHubTransferFormat format);
KR_HUB_AVAILABLE_IN_ALL
void kr_hub_transport_close (KrHubTransport *self);
KR_HUB_AVAILABLE_IN_ALL
void kr_hub_transport_abort (KrHubTransport *self);

G_END_DECLS
