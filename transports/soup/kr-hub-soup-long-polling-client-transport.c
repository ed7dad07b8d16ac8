/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* KrHubSoupLongPollingClientTransport: long polling from the client's end: GET requests in, POST requests out. */
#include "config.h"

#include "kr-hub-soup-long-polling-client-transport-private.h"

#include "kr-hub-soup-defer-private.h"
#include "kr-hub-soup-poster-private.h"

struct _KrHubSoupLongPollingClientTransport
{
  GObject parent_instance;

  KrHubSoupRequester *requester;
  KrHubSoupPoster poster;
  GCancellable *cancellable;       /* of the poll and the DELETE */
  const KrHubTransportSink *sink;  /* NULL before the start and after the end */
  gpointer sink_data;
  SoupMessage *poll;               /* under way; NULL: none */
  GBytes *held;                    /* received while reading was paused */
  gboolean reading;
  gboolean deaf;                   /* closed by its user */
};

static void transport_iface_init (KrHubTransportInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (KrHubSoupLongPollingClientTransport, kr_hub_soup_long_polling_client_transport,
                               G_TYPE_OBJECT, G_IMPLEMENT_INTERFACE (KR_HUB_TYPE_TRANSPORT, transport_iface_init))

static void poll_next (KrHubSoupLongPollingClientTransport *self);

static void
kr_hub_soup_long_polling_client_transport_finalize (GObject *object)
{
  KrHubSoupLongPollingClientTransport *self = KR_HUB_SOUP_LONG_POLLING_CLIENT_TRANSPORT (object);

  kr_hub_soup_poster_clear (&self->poster);
  g_clear_pointer (&self->requester, kr_hub_soup_requester_unref);
  g_clear_object (&self->cancellable);
  g_clear_object (&self->poll);
  g_clear_pointer (&self->held, g_bytes_unref);
  G_OBJECT_CLASS (kr_hub_soup_long_polling_client_transport_parent_class)->finalize (object);
}

static void
kr_hub_soup_long_polling_client_transport_class_init (KrHubSoupLongPollingClientTransportClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = kr_hub_soup_long_polling_client_transport_finalize;
}

static void
end (KrHubSoupLongPollingClientTransport *self, const GError *error)
{
  const KrHubTransportSink *sink = g_steal_pointer (&self->sink);

  if (sink == NULL)
    return;
  kr_hub_soup_poster_clear (&self->poster);
  g_cancellable_cancel (self->cancellable);
  sink->closed (self->sink_data, error);
}

static void
deliver (KrHubSoupLongPollingClientTransport *self, GBytes *bytes)
{
  gsize size;
  const guint8 *data = g_bytes_get_data (bytes, &size);

  if (size > 0 && self->sink != NULL && !self->deaf)
    self->sink->received (self->sink_data, data, size);
}

/* 204 is the end, in good order; any other answer than 200 is a failure. */
static void
polled (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (KrHubSoupLongPollingClientTransport) self = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) body = soup_session_send_and_read_finish (SOUP_SESSION (source), result, &error);
  g_autoptr (SoupMessage) message = g_steal_pointer (&self->poll);

  if (self->sink == NULL)
    return;
  if (body == NULL || !kr_hub_soup_requester_check (message, &error))
    end (self, self->deaf ? NULL : error);
  else if (soup_message_get_status (message) == SOUP_STATUS_NO_CONTENT)
    end (self, NULL);
  else if (self->reading)
    {
      deliver (self, body);
      poll_next (self);
    }
  else
    self->held = g_steal_pointer (&body);
}

static void
poll_next (KrHubSoupLongPollingClientTransport *self)
{
  if (self->sink == NULL || self->poll != NULL || !self->reading)
    return;
  self->poll = kr_hub_soup_requester_new_message (self->requester, SOUP_METHOD_GET, NULL);
  soup_session_send_and_read_async (self->requester->session, self->poll, G_PRIORITY_DEFAULT, self->cancellable, polled,
                                    g_object_ref (self));
}

static void
deleted (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (KrHubSoupLongPollingClientTransport) self = user_data;
  g_autoptr (GBytes) body = soup_session_send_and_read_finish (SOUP_SESSION (source), result, NULL);

  /* A poll under way brings the end itself, unless the server was gone already. */
  if (self->poll == NULL || body == NULL)
    end (self, NULL);
}

static void
poster_done (gpointer data, const GError *error)
{
  g_autoptr (KrHubSoupLongPollingClientTransport) self = g_object_ref (data);
  g_autoptr (SoupMessage) message = NULL;

  if (!self->deaf)
    {
      end (self, error);
      return;
    }
  message = kr_hub_soup_requester_new_message (self->requester, SOUP_METHOD_DELETE, NULL);
  soup_session_send_and_read_async (self->requester->session, message, G_PRIORITY_DEFAULT, self->cancellable, deleted,
                                    g_object_ref (self));
}

static void
polling_start (KrHubTransport *transport, const KrHubTransportSink *sink, gpointer sink_data)
{
  KrHubSoupLongPollingClientTransport *self = KR_HUB_SOUP_LONG_POLLING_CLIENT_TRANSPORT (transport);

  self->sink = sink;
  self->sink_data = sink_data;
  kr_hub_soup_poster_start (&self->poster, sink, sink_data);
  poll_next (self);
}

static void
polling_request_write (KrHubTransport *transport)
{
  kr_hub_soup_poster_request (&KR_HUB_SOUP_LONG_POLLING_CLIENT_TRANSPORT (transport)->poster);
}

static void
polling_set_reading (KrHubTransport *transport, gboolean reading)
{
  KrHubSoupLongPollingClientTransport *self = KR_HUB_SOUP_LONG_POLLING_CLIENT_TRANSPORT (transport);
  g_autoptr (GBytes) held = NULL;

  self->reading = reading;
  if (!reading)
    return;
  held = g_steal_pointer (&self->held);
  if (held != NULL)
    deliver (self, held);
  poll_next (self);
}

static void
polling_set_transfer_format (KrHubTransport *transport, KrHubTransferFormat format)
{
  KR_HUB_SOUP_LONG_POLLING_CLIENT_TRANSPORT (transport)->poster.format = format;
}

static void
polling_close (KrHubTransport *transport)
{
  KrHubSoupLongPollingClientTransport *self = KR_HUB_SOUP_LONG_POLLING_CLIENT_TRANSPORT (transport);

  self->deaf = TRUE;
  polling_set_reading (transport, TRUE);
  kr_hub_soup_poster_finish (&self->poster);
}

static gboolean
end_later (gpointer data)
{
  end (data, NULL);
  return G_SOURCE_REMOVE;
}

static void
polling_abort (KrHubTransport *transport)
{
  KrHubSoupLongPollingClientTransport *self = KR_HUB_SOUP_LONG_POLLING_CLIENT_TRANSPORT (transport);

  self->deaf = TRUE;
  kr_hub_soup_defer ("KrHubSoupLongPollingClientTransport abort", end_later, self);
}

static void
transport_iface_init (KrHubTransportInterface *iface)
{
  iface->name = "LongPolling";
  iface->transfer_formats = KR_HUB_TRANSFER_FORMAT_TEXT | KR_HUB_TRANSFER_FORMAT_BINARY;
  iface->keeps_alive = TRUE;
  iface->start = polling_start;
  iface->request_write = polling_request_write;
  iface->set_reading = polling_set_reading;
  iface->set_transfer_format = polling_set_transfer_format;
  iface->close = polling_close;
  iface->abort = polling_abort;
}

static void
kr_hub_soup_long_polling_client_transport_init (KrHubSoupLongPollingClientTransport *self)
{
  self->cancellable = g_cancellable_new ();
  self->reading = TRUE;
}

KrHubTransport *
kr_hub_soup_long_polling_client_transport_new (KrHubSoupRequester *requester)
{
  KrHubSoupLongPollingClientTransport *self = g_object_new (KR_HUB_SOUP_TYPE_LONG_POLLING_CLIENT_TRANSPORT, NULL);

  self->requester = kr_hub_soup_requester_ref (requester);
  kr_hub_soup_poster_init (&self->poster, requester, poster_done, self);
  return KR_HUB_TRANSPORT (self);
}
