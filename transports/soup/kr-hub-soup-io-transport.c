/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* KrHubSoupIoTransport: a WebSocket whose socket is served by another thread. */
#include "config.h"

#include "kr-hub-soup-io-transport-private.h"

#include "kr-hub-soup-io-line-private.h"

#define MAX_VECTORS 64

typedef enum
{
  STATE_NEW,
  STATE_OPEN,
  STATE_CLOSING,  /* by our user: what waits, then the close */
  STATE_LEAVING,  /* the other end was told to close or to abort, and will say when it did */
  STATE_ENDED,
} State;

/* The hub talks to this one, the socket to the KrHubSoupIoLine; bytes are copied from one to the other, which costs less
 * than the references that sharing them would take. */
struct _KrHubSoupIoTransport
{
  GObject parent_instance;

  KrHubSoupIoThread *thread;
  KrHubTransport *inner;           /* until the start, which gives it to the line */
  KrHubSoupIoLine *line;           /* from the start to the end; it refers to us */
  const KrHubTransportSink *sink;
  gpointer sink_data;
  GByteArray *stash;               /* received while our user does not read */
  GError *error;                   /* why it ended, until our user hears of it */
  gsize unwritten;                 /* handed over; the last word is that it waits */
  gsize taken;                     /* by our user, and the line does not know */
  guint dirty;                     /* place in the list of the thread */
  guint8 state;
  guint8 reading : 1;
  guint8 over : 1;                 /* the socket is gone */
};

static void transport_iface_init (KrHubTransportInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (KrHubSoupIoTransport, kr_hub_soup_io_transport, G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (KR_HUB_TYPE_TRANSPORT, transport_iface_init))

static void
kr_hub_soup_io_transport_finalize (GObject *object)
{
  KrHubSoupIoTransport *self = KR_HUB_SOUP_IO_TRANSPORT (object);

  g_clear_object (&self->inner);
  g_clear_pointer (&self->stash, g_byte_array_unref);
  g_clear_error (&self->error);
  kr_hub_soup_io_thread_leave (self->thread);
  G_OBJECT_CLASS (kr_hub_soup_io_transport_parent_class)->finalize (object);
}

static void
kr_hub_soup_io_transport_class_init (KrHubSoupIoTransportClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = kr_hub_soup_io_transport_finalize;
}

static void
kr_hub_soup_io_transport_init (KrHubSoupIoTransport *self)
{
  self->reading = TRUE;
}

static guint8 *
tell (KrHubSoupIoTransport *self, KrHubSoupLetterFunc func, gsize len)
{
  return kr_hub_soup_io_thread_tell (self->thread, func, self->line, len);
}

static void
request_flush (KrHubSoupIoTransport *self)
{
  kr_hub_soup_io_thread_request_flush (self->thread, self, &self->dirty);
}

/* --- the end --- */

static void
end (KrHubSoupIoTransport *self)
{
  g_autoptr (KrHubSoupIoTransport) ours = self; /* the line's reference */
  g_autoptr (GError) error = g_steal_pointer (&self->error);

  self->state = STATE_ENDED;
  kr_hub_soup_io_thread_forget_flush (self->thread, &self->dirty);
  tell (self, kr_hub_soup_io_line_free, 0);
  self->line = NULL;
  self->sink->closed (self->sink_data, error);
}

/* What came before the end is read first, as it would be from the socket; a broken one is no reason to wait for that. */
static gboolean
end_has_to_wait (KrHubSoupIoTransport *self)
{
  return self->state == STATE_OPEN && !self->reading && (self->error == NULL || self->stash != NULL);
}

void
kr_hub_soup_io_transport_closed (gpointer data, const guint8 *content, gsize len)
{
  KrHubSoupIoTransport *self = data;

  memcpy (&self->error, content, sizeof self->error);
  self->over = TRUE;
  if (!end_has_to_wait (self))
    end (self);
}

/* --- input --- */

static void
take (KrHubSoupIoTransport *self, const guint8 *data, gsize len)
{
  self->sink->received (self->sink_data, data, len);
  self->taken += len;
  if (self->taken < KR_HUB_SOUP_IO_WINDOW_IN / 4 || self->state != STATE_OPEN)
    return;
  memcpy (tell (self, kr_hub_soup_io_line_credit, sizeof self->taken), &self->taken, sizeof self->taken);
  self->taken = 0;
}

void
kr_hub_soup_io_transport_received (gpointer data, const guint8 *bytes, gsize len)
{
  KrHubSoupIoTransport *self = data;

  if (self->state != STATE_OPEN)
    return;
  if (G_LIKELY (self->reading && self->stash == NULL))
    {
      take (self, bytes, len);
      return;
    }
  if (self->stash == NULL)
    self->stash = g_byte_array_new ();
  g_byte_array_append (self->stash, bytes, len);
}

static void
io_transport_set_reading (KrHubTransport *transport, gboolean reading)
{
  KrHubSoupIoTransport *self = KR_HUB_SOUP_IO_TRANSPORT (transport);

  self->reading = reading;
  if (reading && (self->stash != NULL || self->over) && self->state == STATE_OPEN)
    request_flush (self);
}

/* Not inside of set_reading(): its caller may be in the middle of something. */
static void
take_stash (KrHubSoupIoTransport *self)
{
  g_autoptr (GByteArray) stash = NULL;

  if (G_LIKELY (self->stash == NULL) || !self->reading || self->state != STATE_OPEN)
    return;
  stash = g_steal_pointer (&self->stash);
  take (self, stash->data, stash->len);
}

/* --- output --- */

static void
hand_over (KrHubSoupIoTransport *self, const GOutputVector *vectors, gsize n_vectors, gsize n_bytes)
{
  guint8 *to = tell (self, kr_hub_soup_io_line_write, n_bytes);

  for (gsize i = 0; i < n_vectors; i++)
    {
      memcpy (to, vectors[i].buffer, vectors[i].size);
      to += vectors[i].size;
    }
  self->unwritten += n_bytes;
}

/* All that waits, since only at its end there is the end of a message for certain. */
static void
write_all (KrHubSoupIoTransport *self)
{
  GOutputVector vectors[MAX_VECTORS];
  gsize n_vectors, n_bytes;

  do
    {
      n_bytes = 0;
      n_vectors = self->sink->peek (self->sink_data, vectors, MAX_VECTORS, &n_bytes);
      if (n_vectors == 0)
        return;
      hand_over (self, vectors, n_vectors, n_bytes);
      self->sink->sent (self->sink_data, n_bytes);
    }
  while (n_vectors == MAX_VECTORS);
}

static void
leave (KrHubSoupIoTransport *self, KrHubSoupLetterFunc func)
{
  self->state = STATE_LEAVING;
  tell (self, func, 0);
}

void
kr_hub_soup_io_transport_begin_flush (KrHubSoupIoTransport *self)
{
  self->dirty = 0;
}

void
kr_hub_soup_io_transport_flush (KrHubSoupIoTransport *self)
{
  g_autoptr (KrHubSoupIoTransport) keep = g_object_ref (self);

  take_stash (self);
  if (self->over && self->state != STATE_ENDED)
    {
      if (!end_has_to_wait (self))
        end (self);
      return;
    }
  if (self->state == STATE_CLOSING || (self->state == STATE_OPEN && self->unwritten < KR_HUB_SOUP_IO_WINDOW_OUT))
    write_all (self);
  if (self->state == STATE_CLOSING)
    leave (self, kr_hub_soup_io_line_close);
}

void
kr_hub_soup_io_transport_sent (gpointer data, const guint8 *content, gsize len)
{
  KrHubSoupIoTransport *self = data;
  gboolean full = self->unwritten >= KR_HUB_SOUP_IO_WINDOW_OUT;
  gsize n;

  memcpy (&n, content, sizeof n);
  self->unwritten -= n;
  if (full && self->unwritten < KR_HUB_SOUP_IO_WINDOW_OUT)
    request_flush (self);
}

/* --- KrHubTransport --- */

static void
io_transport_start (KrHubTransport *transport, const KrHubTransportSink *sink, gpointer sink_data)
{
  KrHubSoupIoTransport *self = KR_HUB_SOUP_IO_TRANSPORT (transport);

  self->sink = sink;
  self->sink_data = sink_data;
  self->state = STATE_OPEN;
  self->line = kr_hub_soup_io_line_new (self->thread, g_object_ref (self), g_steal_pointer (&self->inner));
  tell (self, kr_hub_soup_io_line_start, 0);
}

static void
io_transport_request_write (KrHubTransport *transport)
{
  KrHubSoupIoTransport *self = (KrHubSoupIoTransport *) transport;

  if (self->state == STATE_OPEN || self->state == STATE_CLOSING)
    request_flush (self);
}

static void
io_transport_set_transfer_format (KrHubTransport *transport, KrHubTransferFormat format)
{
  KrHubSoupIoTransport *self = KR_HUB_SOUP_IO_TRANSPORT (transport);

  if (self->line != NULL)
    memcpy (tell (self, kr_hub_soup_io_line_set_format, sizeof format), &format, sizeof format);
  else if (self->inner != NULL)
    kr_hub_transport_set_transfer_format (self->inner, format);
}

static void
io_transport_close (KrHubTransport *transport)
{
  KrHubSoupIoTransport *self = KR_HUB_SOUP_IO_TRANSPORT (transport);

  if (self->state != STATE_OPEN)
    return;
  self->state = STATE_CLOSING;
  request_flush (self);
}

static void
io_transport_abort (KrHubTransport *transport)
{
  KrHubSoupIoTransport *self = KR_HUB_SOUP_IO_TRANSPORT (transport);

  if (self->state == STATE_NEW || self->state == STATE_ENDED)
    return;
  leave (self, kr_hub_soup_io_line_abort);
  request_flush (self); /* in case that only the stash held up the end */
}

static void
transport_iface_init (KrHubTransportInterface *iface)
{
  iface->name = "WebSockets";
  iface->transfer_formats = KR_HUB_TRANSFER_FORMAT_TEXT | KR_HUB_TRANSFER_FORMAT_BINARY;
  iface->start = io_transport_start;
  iface->request_write = io_transport_request_write;
  iface->set_reading = io_transport_set_reading;
  iface->set_transfer_format = io_transport_set_transfer_format;
  iface->close = io_transport_close;
  iface->abort = io_transport_abort;
}

/* Takes @inner, which has not been started and whose clock is that of @thread. */
KrHubTransport *
kr_hub_soup_io_transport_new (KrHubSoupIoThread *thread, KrHubTransport *inner)
{
  KrHubSoupIoTransport *self = g_object_new (KR_HUB_SOUP_TYPE_IO_TRANSPORT, NULL);

  self->thread = kr_hub_soup_io_thread_use (thread);
  self->inner = inner;
  return KR_HUB_TRANSPORT (self);
}

/* NULL after the start. */
KrHubTransport *
kr_hub_soup_io_transport_get_inner (KrHubSoupIoTransport *self)
{
  return self->inner;
}
