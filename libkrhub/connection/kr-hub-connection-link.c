/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* KrHubConnection: its transport, and the one after it. */
#include "config.h"

#include "kr-hub-connection-private.h"

#include "kr-hub-log-private.h"

void
kr_hub_link_free (KrHubLink *link)
{
  g_object_unref (link->transport);
  g_free (link);
}

void
kr_hub_connection_set_transport (KrHubConnection *self, KrHubTransport *transport)
{
  self->link = g_new (KrHubLink, 1);
  self->link->connection = self;
  self->link->transport = g_object_ref (transport);
  self->transport = transport;
  self->transport_iface = KR_HUB_TRANSPORT_GET_IFACE (transport);
}

void
kr_hub_connection_count_transport (KrHubConnection *self)
{
  KrHubTransportCounters *before = self->session.counters;

  self->session.counters = kr_hub_counters_get_transport (&self->session.settings->counters,
                                                          kr_hub_transport_get_name (self->transport));
  before->n_active -= self->started;
  self->session.counters->n_active += self->started;
}

static void
receive_raw (KrHubConnection *self, const guint8 *data, gsize len)
{
  g_autoptr (KrHubConnection) hold = g_object_ref (self);

  self->session.counters->n_bytes_received += len;
  if (self->unopened)
    kr_hub_connection_process_events (self);
  if (self->session.state == KR_HUB_SESSION_OPEN && self->owner != NULL)
    self->funcs->received (self, data, len, self->owner);
  kr_hub_connection_process_events (self);
}

/* Somebody turns the main loop inside of a callback, which goes on with the message that it was called for. The peer waits, or
 * it could send without end. */
static void
receive_later (KrHubConnection *self, const guint8 *data, gsize len)
{
  if (self->calls != NULL)
    kr_hub_pending_calls_keep (self->calls);
  kr_hub_session_feed_later (&self->session, data, len, kr_hub_clock_get_time (self->clock));
  kr_hub_connection_stop_transport (self);
}

static void
sink_received (gpointer sink, const guint8 *data, gsize len)
{
  KrHubConnection *self = ((KrHubLink *) sink)->connection;

  if (G_UNLIKELY (self == NULL))
    return;
  if (G_UNLIKELY (self->raw))
    {
      receive_raw (self, data, len);
      return;
    }
  if (G_UNLIKELY (self->processing))
    {
      receive_later (self, data, len);
      return;
    }
  kr_hub_session_feed (&self->session, data, len, kr_hub_clock_get_time (self->clock));
  kr_hub_connection_process_events (self);
}

static gsize
sink_peek (gpointer sink, GOutputVector *vectors, gsize max_vectors, gsize *n_bytes)
{
  KrHubConnection *self = ((KrHubLink *) sink)->connection;

  *n_bytes = 0;
  if (G_UNLIKELY (self == NULL))
    return 0;
  return kr_hub_session_peek (&self->session, vectors, max_vectors, n_bytes);
}

/* In a turn of its own, since the transport that is writing now must not be asked to read. */
static void
drained (KrHubConnection *self)
{
  KrHubSession *session = &self->session;

  /* It was not given all. */
  if (kr_hub_session_drops (session) && session->outbox.size > 0)
    self->transport_iface->request_write (self->transport);
  if (session->outbox.size == 0)
    self->dropping = FALSE;
  if (!self->clogged || session->outbox.size > kr_hub_stream_table_get_high_water (self) / 2)
    return;
  self->clogged = FALSE;
  kr_hub_clock_arm (self->clock, &self->timer, kr_hub_clock_get_time (self->clock));
}

static void
sink_sent (gpointer sink, gsize n_bytes)
{
  KrHubConnection *self = ((KrHubLink *) sink)->connection;

  if (G_UNLIKELY (self == NULL))
    return;
  self->session.counters->n_bytes_sent += n_bytes;
  self->session.sent_some = TRUE;
  kr_hub_outbox_sent (&self->session.outbox, n_bytes);
  kr_hub_session_notice_room (&self->session);
  if (G_UNLIKELY (self->session.policy != KR_HUB_OUTBOX_DISCONNECT || self->clogged))
    drained (self);
  if (G_UNLIKELY (self->streams != NULL))
    kr_hub_stream_table_drained (self->streams);
}

static void
transport_lost (KrHubConnection *self, const GError *error)
{
  kr_hub_connection_log (self, G_LOG_LEVEL_DEBUG, "lost its transport");
  self->session.counters->n_lost++;
  if (self->owner != NULL && self->funcs->lost != NULL)
    self->funcs->lost (self, error, self->owner);
}

static void
sink_closed (gpointer sink, const GError *error)
{
  KrHubLink *link = sink;
  /* Its owner may give up the last other reference. */
  g_autoptr (KrHubConnection) self = link->connection != NULL ? g_object_ref (link->connection) : NULL;

  if (self != NULL)
    {
      self->link = NULL;
      self->transport = NULL;
      /* A socket that was lost without a farewell may have a successor (signalr.md 8). */
      if (error == NULL || !kr_hub_session_lost (&self->session, error, kr_hub_clock_get_time (self->clock)))
        kr_hub_session_transport_closed (&self->session, error);
      else
        transport_lost (self, error);
      kr_hub_connection_process_events (self);
      kr_hub_connection_tell_gone (self);
    }
  kr_hub_link_free (link);
}

static const KrHubTransportSink sink_funcs = { sink_received, sink_peek, sink_sent, sink_closed };

void
kr_hub_connection_start_transport (KrHubConnection *self)
{
  kr_hub_transport_start (self->transport, &sink_funcs, self->link);
}

/* --- another transport --- */

static void
go_on_over (KrHubConnection *self, KrHubTransport *transport)
{
  if (self->link != NULL)
    {
      self->link->connection = NULL;
      kr_hub_transport_abort (self->transport);
    }
  kr_hub_connection_set_transport (self, transport);
  kr_hub_connection_count_transport (self);
  self->session.counters->n_reattached++;
  kr_hub_connection_log (self, G_LOG_LEVEL_DEBUG, "goes on over another transport");
  kr_hub_session_reattach (&self->session, kr_hub_clock_get_time (self->clock));
  if (self->session.protocol != NULL)
    kr_hub_transport_set_transfer_format (transport, kr_hub_protocol_get_transfer_format (self->session.protocol));
  kr_hub_connection_start_transport (self);
  if (self->paused && self->transport == transport)
    kr_hub_transport_set_reading (transport, FALSE);
  kr_hub_connection_flush (self);
  kr_hub_connection_update_timer (self);
}

void
kr_hub_connection_go_on_over_successor (KrHubConnection *self)
{
  g_autoptr (KrHubTransport) transport = g_steal_pointer (&self->successor);

  if (self->session.state <= KR_HUB_SESSION_OPEN)
    go_on_over (self, transport);
}

/**
 * kr_hub_connection_reattach:
 * @self: a stateful connection
 * @transport: a transport that was not started; the connection starts it
 *
 * Lets a connection go on over another transport: what the peer has not acknowledged is sent again, and calls, streams
 * and groups stay. A transport that is still there is aborted. HubProtocol.md, "Stateful reconnect".
 *
 * Returns: %FALSE if the connection is not stateful or is over; @transport was not started then
 *
 * Since: 0.1
 */
gboolean
kr_hub_connection_reattach (KrHubConnection *self, KrHubTransport *transport)
{
  g_return_val_if_fail (KR_HUB_IS_CONNECTION (self), FALSE);
  g_return_val_if_fail (KR_HUB_IS_TRANSPORT (transport), FALSE);

  if (self->session.replay == NULL || self->session.state > KR_HUB_SESSION_OPEN)
    return FALSE;
  /* What a handler that turns the main loop was called with lies in what the transport before it has brought. */
  if (self->processing)
    g_set_object (&self->successor, transport);
  else
    go_on_over (self, transport);
  return TRUE;
}
