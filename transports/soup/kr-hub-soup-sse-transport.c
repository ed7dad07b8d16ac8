/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* KrHubSoupSseTransport: an event stream on the reactor, and posts through libsoup. */
#include "config.h"

#include "kr-hub-soup-sse-transport-private.h"

#include "kr-hub-soup-reactor-private.h"
#include "kr-hub-soup-sse-codec-private.h"

#define MAX_VECTORS 64

typedef enum
{
  STATE_NEW,
  STATE_OPEN,
  STATE_CLOSING,  /* output, then the end of the stream */
  STATE_ABORTING, /* at the end of this turn */
  STATE_ENDED,
} State;

struct _KrHubSoupSseTransport
{
  GObject parent_instance;

  KrHubSoupChannel channel;
  KrHubSoupToken *token;
  KrHubClock *clock;
  KrHubTimer timer;
  gint64 close_timeout;
  KrHubSoupInbox inbox;    /* its sink is ours */
  KrHubBuffer out;         /* the response's head, then one event at a time */
  gsize out_sent;
  State state;
};

static void transport_iface_init (KrHubTransportInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (KrHubSoupSseTransport, kr_hub_soup_sse_transport, G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (KR_HUB_TYPE_TRANSPORT, transport_iface_init))

static KrHubSoupSseTransport *
self_of (KrHubSoupChannel *channel)
{
  return (KrHubSoupSseTransport *) ((guint8 *) channel - G_STRUCT_OFFSET (KrHubSoupSseTransport, channel));
}

static void
end_token (KrHubSoupSseTransport *self)
{
  if (self->token != NULL)
    kr_hub_soup_token_end (self->token);
  g_clear_pointer (&self->token, kr_hub_soup_token_unref);
}

static void
kr_hub_soup_sse_transport_finalize (GObject *object)
{
  KrHubSoupSseTransport *self = KR_HUB_SOUP_SSE_TRANSPORT (object);
  KrHubSoupWire wire = kr_hub_soup_channel_release (&self->channel); /* if it was never started */

  kr_hub_soup_wire_close (&wire);
  end_token (self);
  kr_hub_soup_inbox_close (&self->inbox);
  kr_hub_buffer_clear (&self->out);
  g_clear_object (&self->clock);
  G_OBJECT_CLASS (kr_hub_soup_sse_transport_parent_class)->finalize (object);
}

static void
kr_hub_soup_sse_transport_class_init (KrHubSoupSseTransportClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = kr_hub_soup_sse_transport_finalize;
}

/* Never in a call of our user. */
static void
finish (KrHubSoupSseTransport *self, const GError *error)
{
  const KrHubTransportSink *sink = g_steal_pointer (&self->inbox.sink);

  if (self->state == STATE_ENDED)
    return;
  self->state = STATE_ENDED;
  kr_hub_clock_disarm (self->clock, &self->timer);
  kr_hub_soup_channel_close (&self->channel);
  end_token (self);
  kr_hub_soup_inbox_close (&self->inbox);
  kr_hub_buffer_clear (&self->out);
  if (sink != NULL)
    sink->closed (self->inbox.sink_data, error);
}

static void
finish_lost (KrHubSoupSseTransport *self, const char *message)
{
  g_autoptr (GError) error = g_error_new_literal (G_IO_ERROR, G_IO_ERROR_CONNECTION_CLOSED, message);

  finish (self, error);
}

static void
timer_fired (KrHubTimer *timer, gint64 now)
{
  finish (timer->data, NULL);
}

/* --- output --- */

/* All that waits becomes one event: a client needs whole messages, and a handshake's answer must not be separated from
 * a Close that follows at once. */
static void
write_event (KrHubSoupSseTransport *self)
{
  GOutputVector vectors[MAX_VECTORS];
  gsize n_bytes;
  gsize n = self->inbox.sink->peek (self->inbox.sink_data, vectors, MAX_VECTORS, &n_bytes);

  if (n == 0)
    return;
  kr_hub_soup_sse_write_begin (&self->out);
  do
    {
      for (gsize i = 0; i < n; i++)
        kr_hub_soup_sse_write_data (&self->out, vectors[i].buffer, vectors[i].size);
      self->inbox.sink->sent (self->inbox.sink_data, n_bytes);
    }
  while (n == MAX_VECTORS &&
         (n = self->inbox.sink->peek (self->inbox.sink_data, vectors, MAX_VECTORS, &n_bytes)) > 0);
  kr_hub_soup_sse_write_end (&self->out);
}

/* TRUE: go on. */
static gboolean
write_some (KrHubSoupSseTransport *self)
{
  GOutputVector vector;
  g_autoptr (GError) error = NULL;
  gsize written;

  if (self->out_sent == self->out.len)
    {
      kr_hub_buffer_clear (&self->out);
      self->out_sent = 0;
      write_event (self);
    }
  if (self->out.len == 0)
    {
      if (self->state == STATE_CLOSING)
        finish (self, NULL);
      return FALSE;
    }
  vector = (GOutputVector) { self->out.data + self->out_sent, self->out.len - self->out_sent };
  if (!kr_hub_soup_channel_writev (&self->channel, &vector, 1, &written, &error))
    {
      finish (self, error);
      return FALSE;
    }
  self->out_sent += written;
  return written == vector.size;
}

static void
flush_channel (KrHubSoupChannel *channel)
{
  KrHubSoupSseTransport *self = self_of (channel);

  if (self->state == STATE_ABORTING)
    {
      finish_lost (self, "The connection was aborted");
      return;
    }
  kr_hub_soup_inbox_deliver (&self->inbox);
  if (!channel->blocked)
    while (kr_hub_soup_channel_is_open (channel) && write_some (self))
      ;
}

/* --- the peer --- */

/* A request was its last word: what else it sends is of no interest. */
static gsize
received (KrHubSoupChannel *channel, guint8 *data, gsize len)
{
  return len;
}

static void
ended (KrHubSoupChannel *channel, const GError *error)
{
  KrHubSoupSseTransport *self = self_of (channel);

  if (self->state == STATE_CLOSING)
    finish (self, NULL);
  else if (error != NULL)
    finish (self, error);
  else
    finish_lost (self, "The client left");
}

static const KrHubSoupChannelFuncs channel_funcs = { received, flush_channel, ended };

/* What the client posted goes there. */
KrHubSoupInbox *
kr_hub_soup_sse_transport_get_inbox (KrHubSoupSseTransport *self)
{
  return &self->inbox;
}

/* --- KrHubTransport --- */

static void
sse_start (KrHubTransport *transport, const KrHubTransportSink *sink, gpointer sink_data)
{
  KrHubSoupSseTransport *self = KR_HUB_SOUP_SSE_TRANSPORT (transport);

  self->state = STATE_OPEN;
  kr_hub_soup_inbox_start (&self->inbox, sink, sink_data, kr_hub_soup_token_take_early (self->token));
  kr_hub_soup_channel_open (&self->channel, G_OBJECT (self), &channel_funcs);
  kr_hub_soup_channel_request_flush (&self->channel);
}

static void
sse_request_write (KrHubTransport *transport)
{
  KrHubSoupSseTransport *self = (KrHubSoupSseTransport *) transport;

  kr_hub_soup_channel_request_flush (&self->channel);
}

static void
sse_set_reading (KrHubTransport *transport, gboolean reading)
{
  KrHubSoupSseTransport *self = KR_HUB_SOUP_SSE_TRANSPORT (transport);

  kr_hub_soup_inbox_set_reading (&self->inbox, reading);
  if (reading)
    kr_hub_soup_channel_request_flush (&self->channel);
}

static void
sse_set_transfer_format (KrHubTransport *transport, KrHubTransferFormat format)
{
}

static void
sse_close (KrHubTransport *transport)
{
  KrHubSoupSseTransport *self = KR_HUB_SOUP_SSE_TRANSPORT (transport);

  if (self->state != STATE_OPEN)
    return;
  self->state = STATE_CLOSING;
  kr_hub_soup_inbox_close (&self->inbox);
  kr_hub_clock_arm (self->clock, &self->timer, kr_hub_clock_get_time (self->clock) + self->close_timeout);
  kr_hub_soup_channel_request_flush (&self->channel);
}

static void
sse_abort (KrHubTransport *transport)
{
  KrHubSoupSseTransport *self = KR_HUB_SOUP_SSE_TRANSPORT (transport);

  if (!kr_hub_soup_channel_is_open (&self->channel))
    return;
  self->state = STATE_ABORTING;
  kr_hub_soup_inbox_close (&self->inbox);
  kr_hub_soup_channel_request_flush (&self->channel);
}

static void
transport_iface_init (KrHubTransportInterface *iface)
{
  iface->name = "ServerSentEvents";
  iface->transfer_formats = KR_HUB_TRANSFER_FORMAT_TEXT;
  iface->start = sse_start;
  iface->request_write = sse_request_write;
  iface->set_reading = sse_set_reading;
  iface->set_transfer_format = sse_set_transfer_format;
  iface->close = sse_close;
  iface->abort = sse_abort;
}

static void
kr_hub_soup_sse_transport_init (KrHubSoupSseTransport *self)
{
  self->channel = (KrHubSoupChannel) KR_HUB_SOUP_CHANNEL_INIT;
  self->timer.fire = timer_fired;
  self->timer.data = self;
}

/* Takes @wire; @response is the head of the answer and what goes with it; the transport ends @token. */
KrHubTransport *
kr_hub_soup_sse_transport_new (KrHubSoupWire *wire,
                               GBytes *response,
                               KrHubSoupToken *token,
                               KrHubClock *clock,
                               gint64 close_timeout)
{
  KrHubSoupSseTransport *self = g_object_new (KR_HUB_SOUP_TYPE_SSE_TRANSPORT, NULL);

  kr_hub_soup_channel_hold (&self->channel, wire);
  self->token = kr_hub_soup_token_ref (token);
  self->clock = g_object_ref (clock);
  self->close_timeout = close_timeout;
  kr_hub_buffer_append (&self->out, g_bytes_get_data (response, NULL), g_bytes_get_size (response));
  return KR_HUB_TRANSPORT (self);
}
