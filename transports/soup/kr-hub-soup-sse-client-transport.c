/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* KrHubSoupSseClientTransport: Server-Sent Events from the client's end: an event stream in, POST requests out. */
#include "config.h"

#include "kr-hub-soup-sse-client-transport-private.h"

#include "kr-hub-soup-defer-private.h"
#include "kr-hub-soup-poster-private.h"
#include "kr-hub-soup-sse-codec-private.h"

#define READ_SIZE (16 * 1024)

struct _KrHubSoupSseClientTransport
{
  GObject parent_instance;

  KrHubSoupPoster poster;
  KrHubSoupSseParser parser;
  GInputStream *stream;
  GCancellable *cancellable;       /* of reading */
  const KrHubTransportSink *sink;  /* NULL before the start and after the end */
  gpointer sink_data;
  GBytes *held;                    /* received while reading was paused */
  gboolean reading;
  gboolean reading_now;            /* a read is under way; it holds a reference */
  gboolean deaf;                   /* closed by its user */
};

static void transport_iface_init (KrHubTransportInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (KrHubSoupSseClientTransport, kr_hub_soup_sse_client_transport, G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (KR_HUB_TYPE_TRANSPORT, transport_iface_init))

static void read_more (KrHubSoupSseClientTransport *self);

static void
kr_hub_soup_sse_client_transport_finalize (GObject *object)
{
  KrHubSoupSseClientTransport *self = KR_HUB_SOUP_SSE_CLIENT_TRANSPORT (object);

  kr_hub_soup_poster_clear (&self->poster);
  kr_hub_soup_sse_parser_clear (&self->parser);
  g_clear_object (&self->stream);
  g_clear_object (&self->cancellable);
  g_clear_pointer (&self->held, g_bytes_unref);
  G_OBJECT_CLASS (kr_hub_soup_sse_client_transport_parent_class)->finalize (object);
}

static void
kr_hub_soup_sse_client_transport_class_init (KrHubSoupSseClientTransportClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = kr_hub_soup_sse_client_transport_finalize;
}

static void
end (KrHubSoupSseClientTransport *self, const GError *error)
{
  const KrHubTransportSink *sink = g_steal_pointer (&self->sink);

  if (sink == NULL)
    return;
  kr_hub_soup_poster_clear (&self->poster);
  g_cancellable_cancel (self->cancellable);
  sink->closed (self->sink_data, error);
}

/* Answers to the POSTs say nothing but how they went. */
static void
poster_done (gpointer data, const GError *error)
{
  g_autoptr (KrHubSoupSseClientTransport) self = g_object_ref (data);

  end (self, self->deaf ? NULL : error);
}

static gboolean
end_later (gpointer data)
{
  end (data, NULL);
  return G_SOURCE_REMOVE;
}

static void
deliver (KrHubSoupSseClientTransport *self, GBytes *bytes)
{
  g_autoptr (GError) error = NULL;
  const guint8 *event;
  gsize len, event_len;
  const guint8 *data = g_bytes_get_data (bytes, &len);

  for (;;)
    switch (kr_hub_soup_sse_parser_next (&self->parser, &data, &len, &event, &event_len))
      {
      case KR_HUB_SOUP_SSE_EVENT:
        if (self->sink != NULL && !self->deaf)
          self->sink->received (self->sink_data, event, event_len);
        break;
      case KR_HUB_SOUP_SSE_TOO_LARGE:
        error = g_error_new_literal (KR_HUB_ERROR, KR_HUB_ERROR_TOO_LARGE, "An event exceeds the limit");
        end (self, error);
        return;
      case KR_HUB_SOUP_SSE_MORE:
      default:
        return;
      }
}

static void
has_read (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (KrHubSoupSseClientTransport) self = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) bytes = g_input_stream_read_bytes_finish (G_INPUT_STREAM (source), result, &error);

  self->reading_now = FALSE;
  if (self->sink == NULL)
    return;
  if (bytes == NULL || g_bytes_get_size (bytes) == 0)
    end (self, error);
  else if (!self->reading)
    self->held = g_steal_pointer (&bytes);
  else
    {
      deliver (self, bytes);
      read_more (self);
    }
}

static void
read_more (KrHubSoupSseClientTransport *self)
{
  if (self->sink == NULL || self->reading_now || !self->reading)
    return;
  self->reading_now = TRUE;
  g_input_stream_read_bytes_async (self->stream, READ_SIZE, G_PRIORITY_DEFAULT, self->cancellable, has_read,
                                   g_object_ref (self));
}

static void
sse_start (KrHubTransport *transport, const KrHubTransportSink *sink, gpointer sink_data)
{
  KrHubSoupSseClientTransport *self = KR_HUB_SOUP_SSE_CLIENT_TRANSPORT (transport);

  self->sink = sink;
  self->sink_data = sink_data;
  kr_hub_soup_poster_start (&self->poster, sink, sink_data);
  read_more (self);
}

static void
sse_request_write (KrHubTransport *transport)
{
  kr_hub_soup_poster_request (&KR_HUB_SOUP_SSE_CLIENT_TRANSPORT (transport)->poster);
}

static void
sse_set_reading (KrHubTransport *transport, gboolean reading)
{
  KrHubSoupSseClientTransport *self = KR_HUB_SOUP_SSE_CLIENT_TRANSPORT (transport);
  g_autoptr (GBytes) held = NULL;

  self->reading = reading;
  if (!reading)
    return;
  held = g_steal_pointer (&self->held);
  if (held != NULL)
    deliver (self, held);
  read_more (self);
}

static void
sse_set_transfer_format (KrHubTransport *transport, KrHubTransferFormat format)
{
}

static void
sse_close (KrHubTransport *transport)
{
  KrHubSoupSseClientTransport *self = KR_HUB_SOUP_SSE_CLIENT_TRANSPORT (transport);

  self->deaf = TRUE;
  kr_hub_soup_poster_finish (&self->poster);
}

static void
sse_abort (KrHubTransport *transport)
{
  KrHubSoupSseClientTransport *self = KR_HUB_SOUP_SSE_CLIENT_TRANSPORT (transport);

  self->deaf = TRUE;
  kr_hub_soup_defer ("KrHubSoupSseClientTransport abort", end_later, self);
}

static void
transport_iface_init (KrHubTransportInterface *iface)
{
  iface->name = "ServerSentEvents";
  iface->transfer_formats = KR_HUB_TRANSFER_FORMAT_TEXT;
  iface->keeps_alive = FALSE;
  iface->start = sse_start;
  iface->request_write = sse_request_write;
  iface->set_reading = sse_set_reading;
  iface->set_transfer_format = sse_set_transfer_format;
  iface->close = sse_close;
  iface->abort = sse_abort;
}

static void
kr_hub_soup_sse_client_transport_init (KrHubSoupSseClientTransport *self)
{
  self->cancellable = g_cancellable_new ();
  self->reading = TRUE;
}

KrHubTransport *
kr_hub_soup_sse_client_transport_new (KrHubSoupRequester *requester, GInputStream *stream, gsize max_size)
{
  KrHubSoupSseClientTransport *self = g_object_new (KR_HUB_SOUP_TYPE_SSE_CLIENT_TRANSPORT, NULL);

  kr_hub_soup_poster_init (&self->poster, requester, poster_done, self);
  kr_hub_soup_sse_parser_init (&self->parser, max_size);
  self->stream = g_object_ref (stream);
  return KR_HUB_TRANSPORT (self);
}
