/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* KrHubTransport: one checked wrapper for each function of the interface. */
#include "config.h"

#include "kr-hub-transport.h"

/**
 * KrHubTransport:
 *
 * What carries the bytes of one connection, in both directions.
 *
 * A transport knows nothing of messages beyond what its sink tells it: where output may be cut. It pulls: when its user
 * has called [method@KrHub.Transport.request_write], it asks the sink for output at a moment of its own choice (at the
 * end of a turn of the main loop, when the socket can take bytes, when a poll arrives), and confirms what it delivered.
 * So a slow peer holds nothing but references in its connection's outbox, and one write serves all that a turn produced.
 *
 * Each delivery to the peer that has a shape of its own (a WebSocket message, an event, the body of a poll) holds whole
 * hub messages.
 *
 * Since: 0.1
 */
G_DEFINE_INTERFACE (KrHubTransport, kr_hub_transport, G_TYPE_OBJECT)

static void
kr_hub_transport_default_init (KrHubTransportInterface *iface)
{
}

/**
 * kr_hub_transport_get_name:
 * @self: a transport
 *
 * Gets the transport's name as the negotiation document has it. Any thread.
 *
 * Returns: (transfer none): the name, such as `WebSockets`
 *
 * Since: 0.1
 */
const char *
kr_hub_transport_get_name (KrHubTransport *self)
{
  g_return_val_if_fail (KR_HUB_IS_TRANSPORT (self), NULL);
  return KR_HUB_TRANSPORT_GET_IFACE (self)->name;
}

/**
 * kr_hub_transport_get_transfer_formats:
 * @self: a transport
 *
 * Gets the formats that the transport can carry. Any thread.
 *
 * Returns: one or both of the flags
 *
 * Since: 0.1
 */
KrHubTransferFormat
kr_hub_transport_get_transfer_formats (KrHubTransport *self)
{
  g_return_val_if_fail (KR_HUB_IS_TRANSPORT (self), KR_HUB_TRANSFER_FORMAT_TEXT);
  return KR_HUB_TRANSPORT_GET_IFACE (self)->transfer_formats;
}

/**
 * kr_hub_transport_get_keeps_alive:
 * @self: a transport
 *
 * Gets whether the transport notices a dead peer by itself, as long polling does, so that no pings are sent. Any thread.
 *
 * Returns: %TRUE if no pings are needed
 *
 * Since: 0.1
 */
gboolean
kr_hub_transport_get_keeps_alive (KrHubTransport *self)
{
  g_return_val_if_fail (KR_HUB_IS_TRANSPORT (self), FALSE);
  return KR_HUB_TRANSPORT_GET_IFACE (self)->keeps_alive;
}

/**
 * kr_hub_transport_start: (skip)
 * @self: a transport that was not started yet
 * @sink: functions to call; static data
 * @sink_data: their first argument, valid until `closed`
 *
 * Begins to deliver to @sink, in the thread and main context that call this.
 *
 * Since: 0.1
 */
void
kr_hub_transport_start (KrHubTransport *self, const KrHubTransportSink *sink, gpointer sink_data)
{
  g_return_if_fail (KR_HUB_IS_TRANSPORT (self));
  g_return_if_fail (sink != NULL);
  KR_HUB_TRANSPORT_GET_IFACE (self)->start (self, sink, sink_data);
}

/**
 * kr_hub_transport_request_write:
 * @self: a started transport
 *
 * Says that output waits; the transport asks for it when it can deliver. Cheap, and harmless when repeated.
 *
 * Since: 0.1
 */
void
kr_hub_transport_request_write (KrHubTransport *self)
{
  /* No type check: once per message and recipient. */
  KR_HUB_TRANSPORT_GET_IFACE (self)->request_write (self);
}

/**
 * kr_hub_transport_write_now:
 * @self: a started transport, in its sink's `received`
 *
 * Lets the transport deliver now what waits, before the turn ends, if that is worth it: the peer then works on the first
 * of many answers while the rest of what it sent is worked off. Output still has to be announced by
 * [method@KrHub.Transport.request_write]; what could not be delivered goes then.
 *
 * Since: 0.1
 */
void
kr_hub_transport_write_now (KrHubTransport *self)
{
  KrHubTransportInterface *iface = KR_HUB_TRANSPORT_GET_IFACE (self);

  if (iface->write_now != NULL)
    iface->write_now (self);
}

/**
 * kr_hub_transport_set_reading:
 * @self: a started transport
 * @reading: %FALSE to let the peer wait
 *
 * Pauses or resumes the delivery of received bytes; a pause reaches the peer as back-pressure.
 *
 * Since: 0.1
 */
void
kr_hub_transport_set_reading (KrHubTransport *self, gboolean reading)
{
  g_return_if_fail (KR_HUB_IS_TRANSPORT (self));
  KR_HUB_TRANSPORT_GET_IFACE (self)->set_reading (self, reading);
}

/**
 * kr_hub_transport_set_transfer_format:
 * @self: a transport
 * @format: what the output is from now on
 *
 * Says whether the output is text or binary; text until said otherwise.
 *
 * Since: 0.1
 */
void
kr_hub_transport_set_transfer_format (KrHubTransport *self, KrHubTransferFormat format)
{
  g_return_if_fail (KR_HUB_IS_TRANSPORT (self));
  KR_HUB_TRANSPORT_GET_IFACE (self)->set_transfer_format (self, format);
}

/**
 * kr_hub_transport_close:
 * @self: a started transport
 *
 * Ends in good order: what waits is delivered first, then the transport's own farewell, within a time of its own.
 *
 * Nothing is received any more. The sink's `closed` follows, not before this returns.
 *
 * Since: 0.1
 */
void
kr_hub_transport_close (KrHubTransport *self)
{
  g_return_if_fail (KR_HUB_IS_TRANSPORT (self));
  KR_HUB_TRANSPORT_GET_IFACE (self)->close (self);
}

/**
 * kr_hub_transport_abort:
 * @self: a started transport
 *
 * Ends at once; what waits is lost. The sink's `closed` follows, not before this returns.
 *
 * Since: 0.1
 */
void
kr_hub_transport_abort (KrHubTransport *self)
{
  g_return_if_fail (KR_HUB_IS_TRANSPORT (self));
  KR_HUB_TRANSPORT_GET_IFACE (self)->abort (self);
}
