/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* KrHubSoupWebsocketTransport: one WebSocket on the reactor, either end. */
#include "config.h"

#include "kr-hub-soup-websocket-transport-private.h"

#include "kr-hub-soup-reactor-private.h"
#include "kr-hub-soup-websocket-codec-private.h"

#define MAX_VECTORS 64

typedef enum
{
  STATE_NEW,
  STATE_OPEN,
  STATE_CLOSING,  /* by our user: output, then our close frame, then the peer's */
  STATE_LEAVING,  /* the user knows that it is over: only our close frame is still to be sent */
  STATE_ABORTING, /* at the end of this turn */
  STATE_ENDED,
} State;

struct _KrHubSoupWebsocketTransport
{
  GObject parent_instance;

  KrHubSoupChannel channel;
  KrHubSoupToken *token;           /* NULL: a client, or the connection outlives its transports */
  KrHubClock *clock;
  KrHubTimer timer;                /* of the farewell */
  gint64 close_timeout;
  const KrHubTransportSink *sink;  /* NULL before the start and after `closed` */
  gpointer sink_data;
  KrHubSoupWebsocketParser parser;
  KrHubBuffer out;                 /* HTTP head and control frames; goes out between two data frames */
  gsize out_sent;
  guint64 frame_left;              /* payload of the frame that was begun, which the sink still holds */
  guint64 frame_sent;
  guint8 header[KR_HUB_SOUP_WEBSOCKET_MAX_HEADER];
  guint8 header_len;
  guint8 header_sent;
  guint8 opcode;
  guint8 state;
  guint8 fragmented : 1;           /* a message was begun whose last frame has yet to come */
  guint8 farewell : 1;             /* our close frame is in out, or was */
  guint8 peer_closed : 1;
};

static void transport_iface_init (KrHubTransportInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (KrHubSoupWebsocketTransport, kr_hub_soup_websocket_transport, G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (KR_HUB_TYPE_TRANSPORT, transport_iface_init))

static KrHubSoupWebsocketTransport *
self_of (KrHubSoupChannel *channel)
{
  return (KrHubSoupWebsocketTransport *) ((guint8 *) channel - G_STRUCT_OFFSET (KrHubSoupWebsocketTransport, channel));
}

static void
release_buffers (KrHubSoupWebsocketTransport *self)
{
  kr_hub_soup_websocket_parser_clear (&self->parser);
  kr_hub_buffer_clear (&self->out);
}

static void
end_token (KrHubSoupWebsocketTransport *self)
{
  if (self->token != NULL)
    kr_hub_soup_token_end (self->token);
  g_clear_pointer (&self->token, kr_hub_soup_token_unref);
}

static void
kr_hub_soup_websocket_transport_finalize (GObject *object)
{
  KrHubSoupWebsocketTransport *self = KR_HUB_SOUP_WEBSOCKET_TRANSPORT (object);
  KrHubSoupWire wire = kr_hub_soup_channel_release (&self->channel); /* if it was never started */

  kr_hub_soup_wire_close (&wire);
  end_token (self);
  release_buffers (self);
  g_clear_object (&self->clock);
  G_OBJECT_CLASS (kr_hub_soup_websocket_transport_parent_class)->finalize (object);
}

static void
kr_hub_soup_websocket_transport_class_init (KrHubSoupWebsocketTransportClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = kr_hub_soup_websocket_transport_finalize;
}

/* --- the end --- */

static void
report_closed (KrHubSoupWebsocketTransport *self, const GError *error)
{
  const KrHubTransportSink *sink = g_steal_pointer (&self->sink);

  if (sink != NULL)
    sink->closed (self->sink_data, error);
}

/* Never in a call of our user, who must not be told before that call returns. */
static void
finish (KrHubSoupWebsocketTransport *self, const GError *error)
{
  if (self->state == STATE_ENDED)
    return;
  self->state = STATE_ENDED;
  kr_hub_clock_disarm (self->clock, &self->timer);
  kr_hub_soup_channel_close (&self->channel);
  end_token (self);
  release_buffers (self);
  report_closed (self, error);
}

static void
finish_lost (KrHubSoupWebsocketTransport *self, const char *message)
{
  g_autoptr (GError) error = g_error_new_literal (G_IO_ERROR, G_IO_ERROR_CONNECTION_CLOSED, message);

  finish (self, error);
}

static void
timer_fired (KrHubTimer *timer, gint64 now)
{
  finish (timer->data, NULL);
}

static void
arm_timer (KrHubSoupWebsocketTransport *self)
{
  if (self->timer.position == 0)
    kr_hub_clock_arm (self->clock, &self->timer, kr_hub_clock_get_time (self->clock) + self->close_timeout);
}

static gboolean
is_client (const KrHubSoupWebsocketTransport *self)
{
  return self->parser.role == KR_HUB_SOUP_WEBSOCKET_CLIENT;
}

/* Need not be secret: no code that we do not trust chooses what a client sends (RFC 6455 10.3). */
static const guint8 *
new_mask (KrHubSoupWebsocketTransport *self, guint8 mask[4])
{
  guint32 number;

  if (!is_client (self))
    return NULL;
  number = g_random_int ();
  memcpy (mask, &number, sizeof number);
  return mask;
}

static void
queue_control (KrHubSoupWebsocketTransport *self, KrHubSoupWebsocketOpcode opcode, const guint8 *payload, gsize len)
{
  guint8 *to = kr_hub_buffer_reserve (&self->out, KR_HUB_SOUP_WEBSOCKET_MAX_HEADER + len);
  guint8 storage[4];
  const guint8 *mask = new_mask (self, storage);
  gsize n = kr_hub_soup_websocket_write_header (to, opcode, TRUE, len, mask);

  if (len > 0)
    memcpy (to + n, payload, len);
  if (mask != NULL)
    kr_hub_soup_websocket_mask (to + n, len, mask, 0);
  self->out.len += n + len;
  kr_hub_soup_channel_request_flush (&self->channel);
}

static void
queue_close (KrHubSoupWebsocketTransport *self, guint code)
{
  const guint8 payload[2] = { code >> 8, code };

  self->farewell = TRUE;
  queue_control (self, KR_HUB_SOUP_WEBSOCKET_CLOSE, payload, sizeof payload);
}

static gboolean
in_frame (const KrHubSoupWebsocketTransport *self)
{
  return self->header_sent < self->header_len || self->frame_left > 0;
}

/* Nothing may go between the bytes of the frame under way. */
static gboolean
is_inside_frame (const KrHubSoupWebsocketTransport *self)
{
  return self->header_sent > 0 && in_frame (self);
}

/* The user hears at once that it is over; the peer gets our close frame, unless that would land inside another one. */
static void
leave (KrHubSoupWebsocketTransport *self, guint code, const GError *error)
{
  gboolean can_say = !is_inside_frame (self);

  self->state = STATE_LEAVING;
  self->header_len = self->header_sent = 0;
  self->frame_left = 0;
  arm_timer (self);
  if (can_say)
    queue_close (self, code);
  report_closed (self, error);
  if (!can_say)
    finish (self, NULL);
}

/* --- output --- */

static void
begin_frame (KrHubSoupWebsocketTransport *self, gsize n_vectors, gsize n_bytes)
{
  guint8 storage[4];
  /* With all vectors used, what was peeked may end inside a hub message: the WebSocket message goes on. */
  gboolean final = n_vectors < MAX_VECTORS;

  self->header_len = kr_hub_soup_websocket_write_header (self->header,
                                                         self->fragmented ? KR_HUB_SOUP_WEBSOCKET_CONTINUATION : self->opcode,
                                                         final,
                                                         n_bytes,
                                                         new_mask (self, storage));
  self->header_sent = 0;
  self->frame_left = n_bytes;
  self->frame_sent = 0;
  self->fragmented = !final;
}

/* What waits may have grown since the frame was begun. */
static gsize
trim (GOutputVector *vectors, gsize n_vectors, guint64 left)
{
  gsize n = 0;

  while (n < n_vectors && left > 0)
    {
      vectors[n].size = MIN (vectors[n].size, left);
      left -= vectors[n++].size;
    }
  return n;
}

static gboolean
may_send_data (const KrHubSoupWebsocketTransport *self)
{
  return self->sink != NULL && !self->farewell && (self->state == STATE_OPEN || self->state == STATE_CLOSING);
}

/* A client's payload is masked, which takes a copy. */
static gsize
mask_payload (KrHubSoupWebsocketTransport *self, GOutputVector *vectors, gsize n_vectors, KrHubBuffer *masked)
{
  for (gsize i = 0; i < n_vectors; i++)
    kr_hub_buffer_append (masked, vectors[i].buffer, vectors[i].size);
  kr_hub_soup_websocket_mask (masked->data, masked->len, self->header + self->header_len - 4, self->frame_sent);
  vectors[0] = (GOutputVector) { masked->data, masked->len };
  return 1;
}

/* Returns how many vectors of payload belong to the frame under way; begins one if there is something to say. */
static gsize
collect_payload (KrHubSoupWebsocketTransport *self, GOutputVector *vectors, KrHubBuffer *masked)
{
  gsize n_bytes = 0;
  gsize n = 0;

  if (!in_frame (self) && !may_send_data (self))
    return 0;
  if (self->sink != NULL)
    n = self->sink->peek (self->sink_data, vectors, MAX_VECTORS, &n_bytes);
  if (!in_frame (self))
    {
      if (n == 0 && !self->fragmented)
        return 0;
      begin_frame (self, n, n_bytes);
    }
  else
    n = trim (vectors, n, self->frame_left);
  return G_UNLIKELY (n > 0 && is_client (self)) ? mask_payload (self, vectors, n, masked) : n;
}

static void
account (KrHubSoupWebsocketTransport *self, gsize out, gsize written)
{
  gsize part = MIN (out, written);

  self->out_sent += part;
  written -= part;
  part = MIN (written, (gsize) (self->header_len - self->header_sent));
  self->header_sent += part;
  written -= part;
  self->frame_left -= written;
  self->frame_sent += written;
  if (written > 0)
    self->sink->sent (self->sink_data, written);
}

/* Everything is written. FALSE: and there is nothing more to say. */
static gboolean
say_farewell (KrHubSoupWebsocketTransport *self)
{
  kr_hub_buffer_clear (&self->out);
  self->out_sent = 0;
  if (self->state != STATE_CLOSING && self->state != STATE_LEAVING)
    return FALSE;
  if (!self->farewell)
    {
      queue_close (self, KR_HUB_SOUP_WEBSOCKET_NORMAL);
      return TRUE;
    }
  if (self->peer_closed)
    finish (self, NULL);
  else if (self->state == STATE_LEAVING)
    kr_hub_soup_channel_shutdown (&self->channel);
  return FALSE;
}

/* One writev: what waits in out, then the frame. TRUE: go on. FALSE with @error: the connection is broken. */
static gboolean
write_some (KrHubSoupWebsocketTransport *self, GError **error)
{
  GOutputVector vectors[2 + MAX_VECTORS];
  g_auto (KrHubBuffer) masked = KR_HUB_BUFFER_INIT;
  gboolean resumed = in_frame (self); /* behind the rest of such a frame more may wait */
  gsize out = is_inside_frame (self) ? 0 : self->out.len - self->out_sent;
  gsize n_payload = collect_payload (self, vectors + 2, &masked);
  gsize header = self->header_len - self->header_sent;
  GOutputVector *first = vectors + 2;
  gsize written, total = out + header;

  for (gsize i = 0; i < n_payload; i++)
    total += vectors[2 + i].size;
  if (total == 0)
    return say_farewell (self);
  if (header > 0)
    *--first = (GOutputVector) { self->header + self->header_sent, header };
  if (out > 0)
    *--first = (GOutputVector) { self->out.data + self->out_sent, out };
  if (!kr_hub_soup_channel_writev (&self->channel, first, vectors + 2 + n_payload - first, &written, error))
    return FALSE;
  account (self, out, written);
  if (G_LIKELY (written == total && !self->fragmented && !resumed && self->state == STATE_OPEN))
    {
      /* That was all: what comes later asks for a flush of its own. */
      if (out > 0)
        {
          kr_hub_buffer_clear (&self->out);
          self->out_sent = 0;
        }
      return FALSE;
    }
  return written == total && kr_hub_soup_channel_is_open (&self->channel);
}

static void
flush_channel (KrHubSoupChannel *channel)
{
  KrHubSoupWebsocketTransport *self = self_of (channel);
  g_autoptr (GError) error = NULL;

  if (G_UNLIKELY (self->state == STATE_ABORTING))
    finish_lost (self, "The connection was aborted");
  else if (!channel->blocked)
    while (write_some (self, &error))
      ;
  if (G_UNLIKELY (error != NULL))
    finish (self, error);
}

/* --- input --- */

/* A peer that does not read its pongs gets no more of them: a flood of pings cannot pile up. */
static void
answer_ping (KrHubSoupWebsocketTransport *self, const guint8 *payload, gsize len)
{
  if (!self->farewell && self->out.len == 0)
    queue_control (self, KR_HUB_SOUP_WEBSOCKET_PONG, payload, len);
}

static void
receive_close (KrHubSoupWebsocketTransport *self)
{
  self->peer_closed = TRUE;
  if (self->state == STATE_OPEN)
    leave (self, KR_HUB_SOUP_WEBSOCKET_NORMAL, NULL);
  else
    kr_hub_soup_channel_request_flush (&self->channel);
}

static void
receive_violation (KrHubSoupWebsocketTransport *self)
{
  g_autoptr (GError) error = g_error_new (KR_HUB_ERROR, KR_HUB_ERROR_MALFORMED, "WebSocket: %s", self->parser.violation);

  g_debug ("%s", error->message);
  if (self->state == STATE_OPEN)
    leave (self, self->parser.close_code, error);
  else
    finish (self, NULL);
}

/* Payloads of frames that lie next to each other, moved together as they are unmasked: the user then wakes up once for
 * all of them. */
typedef struct
{
  guint8 *data;
  gsize len;
} Run;

/* Where the next payload goes, over the heads between them; NULL: where it is. */
static guint8 *
run_end (const Run *run)
{
  return run->len > 0 ? run->data + run->len : NULL;
}

static void
run_append (Run *run, guint8 *piece, gsize len)
{
  if (run->len == 0)
    run->data = piece;
  run->len += len;
}

static void
run_deliver (KrHubSoupWebsocketTransport *self, Run *run)
{
  gsize len = run->len;

  run->len = 0;
  if (len > 0 && self->state == STATE_OPEN)
    self->sink->received (self->sink_data, run->data, len);
}

/* A control frame behind the payload waits until that is delivered: its receiver may want to read no further. */
static gboolean
data_follows (const guint8 *at, gsize left)
{
  return left > 0 && (*at & KR_HUB_SOUP_WEBSOCKET_CLOSE) == 0;
}

static gsize
received (KrHubSoupChannel *channel, guint8 *data, gsize len)
{
  KrHubSoupWebsocketTransport *self = self_of (channel);
  Run run = { NULL, 0 };
  guint8 *at = data;
  gsize left = len;

  while (channel->reading)
    {
      guint8 *piece;
      gsize piece_len;
      KrHubSoupWebsocketEvent event =
        kr_hub_soup_websocket_parser_next_to (&self->parser, run_end (&run), &at, &left, &piece, &piece_len);

      if (G_LIKELY (event == KR_HUB_SOUP_WEBSOCKET_EVENT_DATA))
        {
          run_append (&run, piece, piece_len);
          if (!data_follows (at, left))
            run_deliver (self, &run);
          continue;
        }
      run_deliver (self, &run);
      switch (event)
        {
        case KR_HUB_SOUP_WEBSOCKET_EVENT_PING:
          answer_ping (self, piece, piece_len);
          break;
        case KR_HUB_SOUP_WEBSOCKET_EVENT_CLOSE:
          receive_close (self);
          break;
        case KR_HUB_SOUP_WEBSOCKET_EVENT_VIOLATION:
          receive_violation (self);
          break;
        case KR_HUB_SOUP_WEBSOCKET_EVENT_PONG:
          break;
        case KR_HUB_SOUP_WEBSOCKET_EVENT_DATA:
        case KR_HUB_SOUP_WEBSOCKET_EVENT_MORE:
        default:
          return len;
        }
    }
  return at - data;
}

static void
ended (KrHubSoupChannel *channel, const GError *error)
{
  KrHubSoupWebsocketTransport *self = self_of (channel);

  if (self->state == STATE_CLOSING || self->state == STATE_LEAVING)
    finish (self, NULL);
  else if (error != NULL)
    finish (self, error);
  else
    finish_lost (self, "The peer left without a close frame");
}

static const KrHubSoupChannelFuncs channel_funcs = { received, flush_channel, ended };

/* --- KrHubTransport --- */

static void
websocket_start (KrHubTransport *transport, const KrHubTransportSink *sink, gpointer sink_data)
{
  KrHubSoupWebsocketTransport *self = KR_HUB_SOUP_WEBSOCKET_TRANSPORT (transport);

  self->sink = sink;
  self->sink_data = sink_data;
  self->state = STATE_OPEN;
  kr_hub_soup_channel_open (&self->channel, G_OBJECT (self), &channel_funcs);
  kr_hub_soup_channel_request_flush (&self->channel);
}

static void
websocket_request_write (KrHubTransport *transport)
{
  KrHubSoupWebsocketTransport *self = (KrHubSoupWebsocketTransport *) transport;

  kr_hub_soup_channel_request_flush (&self->channel);
}

/* Only while nobody else waits to be read: with many peers that send, all are busy anyway, and collecting is cheaper. That
 * the connection is broken shows again at the end of the turn: the user must not hear of it in its own call. */
static void
websocket_write_now (KrHubTransport *transport)
{
  KrHubSoupWebsocketTransport *self = (KrHubSoupWebsocketTransport *) transport;

  if (self->state != STATE_OPEN || self->channel.blocked || !kr_hub_soup_channel_is_alone (&self->channel))
    return;
  if (write_some (self, NULL))
    kr_hub_soup_channel_request_flush (&self->channel);
}

static void
websocket_set_reading (KrHubTransport *transport, gboolean reading)
{
  KrHubSoupWebsocketTransport *self = KR_HUB_SOUP_WEBSOCKET_TRANSPORT (transport);

  if (self->state == STATE_OPEN)
    kr_hub_soup_channel_set_reading (&self->channel, reading);
}

static void
websocket_set_transfer_format (KrHubTransport *transport, KrHubTransferFormat format)
{
  KrHubSoupWebsocketTransport *self = KR_HUB_SOUP_WEBSOCKET_TRANSPORT (transport);

  self->opcode = format == KR_HUB_TRANSFER_FORMAT_BINARY ? KR_HUB_SOUP_WEBSOCKET_BINARY : KR_HUB_SOUP_WEBSOCKET_TEXT;
}

static void
websocket_abort (KrHubTransport *transport)
{
  KrHubSoupWebsocketTransport *self = KR_HUB_SOUP_WEBSOCKET_TRANSPORT (transport);

  if (!kr_hub_soup_channel_is_open (&self->channel) || self->sink == NULL)
    return;
  self->state = STATE_ABORTING;
  kr_hub_soup_channel_set_reading (&self->channel, FALSE);
  kr_hub_soup_channel_request_flush (&self->channel);
}

static void
websocket_close (KrHubTransport *transport)
{
  KrHubSoupWebsocketTransport *self = KR_HUB_SOUP_WEBSOCKET_TRANSPORT (transport);

  if (self->state != STATE_OPEN)
    return;
  self->state = STATE_CLOSING;
  arm_timer (self);
  kr_hub_soup_channel_set_reading (&self->channel, TRUE); /* for the peer's close frame */
  kr_hub_soup_channel_request_flush (&self->channel);
}

static void
transport_iface_init (KrHubTransportInterface *iface)
{
  iface->name = "WebSockets";
  iface->transfer_formats = KR_HUB_TRANSFER_FORMAT_TEXT | KR_HUB_TRANSFER_FORMAT_BINARY;
  iface->start = websocket_start;
  iface->request_write = websocket_request_write;
  iface->write_now = websocket_write_now;
  iface->set_reading = websocket_set_reading;
  iface->set_transfer_format = websocket_set_transfer_format;
  iface->close = websocket_close;
  iface->abort = websocket_abort;
}

static void
kr_hub_soup_websocket_transport_init (KrHubSoupWebsocketTransport *self)
{
  self->channel = (KrHubSoupChannel) KR_HUB_SOUP_CHANNEL_INIT;
  self->opcode = KR_HUB_SOUP_WEBSOCKET_TEXT;
  self->timer.fire = timer_fired;
  self->timer.data = self;
}

static KrHubSoupWebsocketTransport *
transport_new (KrHubSoupWebsocketRole role, KrHubSoupWire *wire, KrHubClock *clock, gint64 close_timeout)
{
  KrHubSoupWebsocketTransport *self = g_object_new (KR_HUB_SOUP_TYPE_WEBSOCKET_TRANSPORT, NULL);

  kr_hub_soup_websocket_parser_init (&self->parser, role);
  kr_hub_soup_channel_hold (&self->channel, wire);
  self->clock = g_object_ref (clock);
  self->close_timeout = close_timeout;
  return self;
}

/* Read before what comes from the socket. */
static void
stash (KrHubSoupWebsocketTransport *self, const guint8 *data, gsize len)
{
  if (self->channel.stash == NULL)
    self->channel.stash = g_byte_array_new ();
  g_byte_array_append (self->channel.stash, data, len);
}

/* What was posted before there was a transport: read first, as a frame of the client's. */
static void
stash_early (KrHubSoupWebsocketTransport *self)
{
  static const guint8 mask[4] = { 0 }; /* leaves what it masks as it is */
  g_autoptr (GBytes) early = self->token != NULL ? kr_hub_soup_token_take_early (self->token) : NULL;
  g_autoptr (GByteArray) rest = NULL;
  guint8 header[KR_HUB_SOUP_WEBSOCKET_MAX_HEADER];
  gsize len;

  if (early == NULL || g_bytes_get_size (early) == 0)
    return;
  len = kr_hub_soup_websocket_write_header (header, KR_HUB_SOUP_WEBSOCKET_BINARY, TRUE, g_bytes_get_size (early), mask);
  /* Before what the socket gave: it was sent first. */
  rest = g_steal_pointer (&self->channel.stash);
  stash (self, header, len);
  stash (self, g_bytes_get_data (early, NULL), g_bytes_get_size (early));
  if (rest != NULL)
    stash (self, rest->data, rest->len);
}

/* The server's end. Takes @wire; @response is the head of the answer, sent first; the transport ends @token, if any. */
KrHubTransport *
kr_hub_soup_websocket_transport_new (KrHubSoupWire *wire,
                                     GBytes *response,
                                     KrHubSoupToken *token,
                                     KrHubClock *clock,
                                     gint64 close_timeout)
{
  KrHubSoupWebsocketTransport *self = transport_new (KR_HUB_SOUP_WEBSOCKET_SERVER, wire, clock, close_timeout);

  self->token = token != NULL ? kr_hub_soup_token_ref (token) : NULL;
  kr_hub_buffer_append (&self->out, g_bytes_get_data (response, NULL), g_bytes_get_size (response));
  stash_early (self);
  return KR_HUB_TRANSPORT (self);
}

/* Not started, and not to be: the client gets @answer instead of what was to be sent first. */
void
kr_hub_soup_websocket_transport_refuse (KrHubSoupWebsocketTransport *self, const char *answer)
{
  KrHubSoupWire wire = kr_hub_soup_channel_release (&self->channel);

  kr_hub_soup_wire_close_with (&wire, answer);
}

/* A client's end over a @wire (taken) whose upgrade is done; the server sent @received behind its answer. */
KrHubTransport *
kr_hub_soup_websocket_transport_new_upgraded (KrHubSoupWire *wire,
                                              const guint8 *received,
                                              gsize len,
                                              KrHubClock *clock,
                                              gint64 close_timeout)
{
  KrHubSoupWebsocketTransport *self = transport_new (KR_HUB_SOUP_WEBSOCKET_CLIENT, wire, clock, close_timeout);

  if (len > 0)
    stash (self, received, len);
  return KR_HUB_TRANSPORT (self);
}
