/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* KrHubSoupIoLine: the end of a KrHubSoupIoTransport that lives in the thread of the socket. */
#include "config.h"

#include "kr-hub-soup-io-line-private.h"

#include "kr-hub-soup-io-transport-private.h"

struct _KrHubSoupIoLine
{
  KrHubSoupIoThread *thread;
  KrHubSoupIoTransport *transport;  /* only an address here; it lives until it got our last letter */
  KrHubTransport *inner;
  KrHubBuffer out;                  /* whole messages that the socket has yet to take */
  gsize out_sent;
  gsize unreported;                 /* written, and the hub does not know */
  gsize untaken;                    /* delivered, and the hub has not taken it */
  gboolean held;                    /* not reading, because of that */
};

KrHubSoupIoLine *
kr_hub_soup_io_line_new (KrHubSoupIoThread *thread, KrHubSoupIoTransport *transport, KrHubTransport *inner)
{
  KrHubSoupIoLine *self = g_new0 (KrHubSoupIoLine, 1);

  self->thread = thread;
  self->transport = transport;
  self->inner = inner;
  return self;
}

/* --- what the transport tells --- */

static void
received (gpointer sink, const guint8 *data, gsize len)
{
  KrHubSoupIoLine *self = sink;

  memcpy (kr_hub_soup_io_thread_tell_hub (self->thread, kr_hub_soup_io_transport_received, self->transport, len), data, len);
  self->untaken += len;
  if (G_LIKELY (self->held || self->untaken < KR_HUB_SOUP_IO_WINDOW_IN))
    return;
  self->held = TRUE;
  kr_hub_transport_set_reading (self->inner, FALSE);
}

static gsize
peek (gpointer sink, GOutputVector *vectors, gsize max_vectors, gsize *n_bytes)
{
  KrHubSoupIoLine *self = sink;

  *n_bytes = self->out.len - self->out_sent;
  vectors[0] = (GOutputVector) { self->out.data + self->out_sent, *n_bytes };
  return *n_bytes > 0 ? 1 : 0;
}

/* In portions: the hub only has to know in time that there is room again. */
static void
report_sent (KrHubSoupIoLine *self)
{
  gsize n = self->unreported;

  self->unreported = 0;
  memcpy (kr_hub_soup_io_thread_tell_hub (self->thread, kr_hub_soup_io_transport_sent, self->transport, sizeof n), &n, sizeof n);
}

static void
sent (gpointer sink, gsize n_bytes)
{
  KrHubSoupIoLine *self = sink;

  self->out_sent += n_bytes;
  self->unreported += n_bytes;
  if (self->out_sent == self->out.len)
    {
      kr_hub_buffer_clear (&self->out);
      self->out_sent = 0;
    }
  if (self->unreported >= KR_HUB_SOUP_IO_WINDOW_OUT / 4)
    report_sent (self);
}

static void
closed (gpointer sink, const GError *error)
{
  KrHubSoupIoLine *self = sink;
  GError *copy = error != NULL ? g_error_copy (error) : NULL;

  kr_hub_buffer_clear (&self->out);
  memcpy (kr_hub_soup_io_thread_tell_hub (self->thread, kr_hub_soup_io_transport_closed, self->transport, sizeof copy), &copy,
          sizeof copy);
}

static const KrHubTransportSink line_sink = { received, peek, sent, closed };

/* --- what the hub tells --- */

void
kr_hub_soup_io_line_start (gpointer data, const guint8 *content, gsize len)
{
  KrHubSoupIoLine *self = data;

  kr_hub_soup_io_thread_serve (self->thread, G_OBJECT (self->inner));
  kr_hub_transport_start (self->inner, &line_sink, self);
}

/* What a client does not read for long must not keep room for what it did read. */
static void
drop_sent (KrHubSoupIoLine *self)
{
  if (self->out_sent < self->out.len / 2)
    return;
  self->out.len -= self->out_sent;
  memmove (self->out.data, self->out.data + self->out_sent, self->out.len);
  self->out_sent = 0;
}

void
kr_hub_soup_io_line_write (gpointer data, const guint8 *content, gsize len)
{
  KrHubSoupIoLine *self = data;

  if (self->out_sent > 0)
    drop_sent (self);
  kr_hub_buffer_append (&self->out, content, len);
  kr_hub_transport_request_write (self->inner);
}

void
kr_hub_soup_io_line_credit (gpointer data, const guint8 *content, gsize len)
{
  KrHubSoupIoLine *self = data;
  gsize n;

  memcpy (&n, content, sizeof n);
  self->untaken -= n;
  if (!self->held || self->untaken >= KR_HUB_SOUP_IO_WINDOW_IN / 2)
    return;
  self->held = FALSE;
  kr_hub_transport_set_reading (self->inner, TRUE);
}

void
kr_hub_soup_io_line_set_format (gpointer data, const guint8 *content, gsize len)
{
  KrHubSoupIoLine *self = data;
  KrHubTransferFormat format;

  memcpy (&format, content, sizeof format);
  kr_hub_transport_set_transfer_format (self->inner, format);
}

void
kr_hub_soup_io_line_close (gpointer data, const guint8 *content, gsize len)
{
  KrHubSoupIoLine *self = data;

  kr_hub_transport_close (self->inner);
}

void
kr_hub_soup_io_line_abort (gpointer data, const guint8 *content, gsize len)
{
  KrHubSoupIoLine *self = data;

  kr_hub_transport_abort (self->inner);
}

/* The answer to our last letter, and the hub's last one. */
void
kr_hub_soup_io_line_free (gpointer data, const guint8 *content, gsize len)
{
  KrHubSoupIoLine *self = data;

  kr_hub_buffer_clear (&self->out);
  g_object_unref (self->inner);
  g_free (self);
}
