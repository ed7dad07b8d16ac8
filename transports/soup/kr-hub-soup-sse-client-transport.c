/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* KrHubSoupSseClientTransport: Server-Sent Events from the client's end: an event stream in, POST requests out. */
#include "config.h"

#include "kr-hub-soup-sse-client-transport-private.h"

#include "kr-hub-soup-client-end-private.h"
#include "kr-hub-soup-sse-codec-private.h"

#define READ_SIZE (16 * 1024)

struct _KrHubSoupSseClientTransport
{
  GObject parent_instance;

  KrHubSoupClientEnd end;
  KrHubSoupSseParser parser;
  GInputStream *stream;
  gboolean reading_now;            /* a read is under way; it holds a reference */
};

static void transport_iface_init (KrHubTransportInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (KrHubSoupSseClientTransport, kr_hub_soup_sse_client_transport, G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (KR_HUB_TYPE_TRANSPORT, transport_iface_init))

static KrHubSoupClientEnd *
end_of (KrHubTransport *transport)
{
  return &KR_HUB_SOUP_SSE_CLIENT_TRANSPORT (transport)->end;
}

static void
kr_hub_soup_sse_client_transport_finalize (GObject *object)
{
  KrHubSoupSseClientTransport *self = KR_HUB_SOUP_SSE_CLIENT_TRANSPORT (object);

  kr_hub_soup_client_end_clear (&self->end);
  kr_hub_soup_sse_parser_clear (&self->parser);
  g_clear_object (&self->stream);
  G_OBJECT_CLASS (kr_hub_soup_sse_client_transport_parent_class)->finalize (object);
}

static void
kr_hub_soup_sse_client_transport_class_init (KrHubSoupSseClientTransportClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = kr_hub_soup_sse_client_transport_finalize;
}

static void
kr_hub_soup_sse_client_transport_init (KrHubSoupSseClientTransport *self)
{
}

static void
deliver (KrHubSoupClientEnd *end, GBytes *bytes)
{
  KrHubSoupSseClientTransport *self = KR_HUB_SOUP_SSE_CLIENT_TRANSPORT (end->owner);
  g_autoptr (GError) error = NULL;
  const guint8 *event;
  gsize len, event_len;
  const guint8 *data = g_bytes_get_data (bytes, &len);

  for (;;)
    switch (kr_hub_soup_sse_parser_next (&self->parser, &data, &len, &event, &event_len))
      {
      case KR_HUB_SOUP_SSE_EVENT:
        kr_hub_soup_client_end_pass_on (end, event, event_len);
        break;
      case KR_HUB_SOUP_SSE_TOO_LARGE:
        error = g_error_new_literal (KR_HUB_ERROR, KR_HUB_ERROR_TOO_LARGE, "An event exceeds the limit");
        kr_hub_soup_client_end_finish (end, error);
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
  if (self->end.sink == NULL)
    return;
  if (bytes == NULL || g_bytes_get_size (bytes) == 0)
    kr_hub_soup_client_end_finish (&self->end, error);
  else
    kr_hub_soup_client_end_receive (&self->end, bytes);
}

static void
read_more (KrHubSoupClientEnd *end)
{
  KrHubSoupSseClientTransport *self = KR_HUB_SOUP_SSE_CLIENT_TRANSPORT (end->owner);

  if (self->reading_now)
    return;
  self->reading_now = TRUE;
  g_input_stream_read_bytes_async (self->stream, READ_SIZE, G_PRIORITY_DEFAULT, end->cancellable, has_read,
                                   g_object_ref (self));
}

static const KrHubSoupClientEndFuncs end_funcs = { "KrHubSoupSseClientTransport abort", deliver, read_more, NULL, NULL };

static void
sse_start (KrHubTransport *transport, const KrHubTransportSink *sink, gpointer sink_data)
{
  kr_hub_soup_client_end_start (end_of (transport), sink, sink_data);
}

static void
sse_request_write (KrHubTransport *transport)
{
  kr_hub_soup_poster_request (&end_of (transport)->poster);
}

static void
sse_set_reading (KrHubTransport *transport, gboolean reading)
{
  kr_hub_soup_client_end_set_reading (end_of (transport), reading);
}

static void
sse_set_transfer_format (KrHubTransport *transport, KrHubTransferFormat format)
{
}

static void
sse_close (KrHubTransport *transport)
{
  kr_hub_soup_client_end_close (end_of (transport));
}

static void
sse_abort (KrHubTransport *transport)
{
  kr_hub_soup_client_end_abort (end_of (transport));
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

KrHubTransport *
kr_hub_soup_sse_client_transport_new (KrHubSoupRequester *requester, GInputStream *stream, KrHubClock *clock)
{
  KrHubSoupSseClientTransport *self = g_object_new (KR_HUB_SOUP_TYPE_SSE_CLIENT_TRANSPORT, NULL);
  gsize max_event = requester->patience.max_body;

  kr_hub_soup_client_end_init (&self->end, G_OBJECT (self), &end_funcs, requester, clock);
  self->stream = g_object_ref (stream);
  kr_hub_soup_sse_parser_init (&self->parser, max_event > 0 ? max_event : G_MAXSIZE / 2);
  return KR_HUB_TRANSPORT (self);
}
