/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* KrHubSoupLongPollingClientTransport: long polling from the client's end: GET requests in, POST requests out. */
#include "config.h"

#include "kr-hub-soup-long-polling-client-transport-private.h"

#include "kr-hub-soup-client-end-private.h"

struct _KrHubSoupLongPollingClientTransport
{
  GObject parent_instance;

  KrHubSoupClientEnd end;
  KrHubTimer timer;                /* of the poll */
  GCancellable *poll;              /* of the poll under way; NULL: none */
};

static void transport_iface_init (KrHubTransportInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (KrHubSoupLongPollingClientTransport, kr_hub_soup_long_polling_client_transport,
                               G_TYPE_OBJECT, G_IMPLEMENT_INTERFACE (KR_HUB_TYPE_TRANSPORT, transport_iface_init))

static void poll_next (KrHubSoupClientEnd *end);

static KrHubSoupClientEnd *
end_of (KrHubTransport *transport)
{
  return &KR_HUB_SOUP_LONG_POLLING_CLIENT_TRANSPORT (transport)->end;
}

static void
kr_hub_soup_long_polling_client_transport_finalize (GObject *object)
{
  KrHubSoupLongPollingClientTransport *self = KR_HUB_SOUP_LONG_POLLING_CLIENT_TRANSPORT (object);

  kr_hub_clock_disarm (self->end.clock, &self->timer);
  kr_hub_soup_client_end_clear (&self->end);
  g_clear_object (&self->poll);
  G_OBJECT_CLASS (kr_hub_soup_long_polling_client_transport_parent_class)->finalize (object);
}

static void
kr_hub_soup_long_polling_client_transport_class_init (KrHubSoupLongPollingClientTransportClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = kr_hub_soup_long_polling_client_transport_finalize;
}

/* --- polls --- */

typedef struct
{
  KrHubSoupLongPollingClientTransport *transport;
  GCancellable *cancellable;
} Poll;

static void
poll_free (Poll *self)
{
  g_object_unref (self->transport);
  g_object_unref (self->cancellable);
  g_free (self);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Poll, poll_free)

/* 204 is the end, in good order; any other answer than 200 is a failure. */
static void
polled (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (Poll) poll = user_data;
  KrHubSoupLongPollingClientTransport *self = poll->transport;
  g_autoptr (GError) error = NULL;
  guint status;
  g_autoptr (GBytes) body = kr_hub_soup_requester_send_finish (result, &status, &error);

  if (self->poll != poll->cancellable)
    return;
  g_clear_object (&self->poll);
  kr_hub_clock_disarm (self->end.clock, &self->timer);
  if (self->end.sink == NULL)
    return;
  if (body == NULL || status == SOUP_STATUS_NO_CONTENT)
    kr_hub_soup_client_end_finish (&self->end, error);
  else
    kr_hub_soup_client_end_receive (&self->end, body);
}

static void
poll_next (KrHubSoupClientEnd *end)
{
  KrHubSoupLongPollingClientTransport *self = KR_HUB_SOUP_LONG_POLLING_CLIENT_TRANSPORT (end->owner);
  Poll *poll;

  if (self->poll != NULL)
    return;
  self->poll = g_cancellable_new ();
  poll = g_new (Poll, 1);
  *poll = (Poll) { g_object_ref (self), g_object_ref (self->poll) };
  if (end->requester->patience.timeout > 0)
    kr_hub_clock_arm (end->clock, &self->timer, kr_hub_clock_get_time (end->clock) + end->requester->patience.timeout);
  kr_hub_soup_requester_send_async (end->requester, SOUP_METHOD_GET, NULL, self->poll, polled, poll);
}

/* Servers answer within 90 s (signalr.md 9): it was forgotten on the way, or the server is gone. Who answers nothing at all does
 * not answer a POST either. */
static void
poll_timed_out (KrHubTimer *timer, gint64 now)
{
  g_autoptr (KrHubSoupLongPollingClientTransport) self = g_object_ref (timer->data);

  g_debug ("long polling: no answer in time, asking again");
  g_cancellable_cancel (self->poll);
  g_clear_object (&self->poll);
  if (self->end.sink == NULL)
    return;
  poll_next (&self->end);
  kr_hub_soup_poster_probe (&self->end.poster);
}

static void
deliver (KrHubSoupClientEnd *end, GBytes *bytes)
{
  gsize len;
  const guint8 *data = g_bytes_get_data (bytes, &len);

  kr_hub_soup_client_end_pass_on (end, data, len);
}

/* --- the end --- */

static void
deleted (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (KrHubSoupLongPollingClientTransport) self = user_data;
  g_autoptr (GBytes) body = kr_hub_soup_requester_send_finish (result, NULL, NULL);

  /* A poll under way brings the end itself, unless the server was gone already. */
  if (self->poll == NULL || body == NULL)
    kr_hub_soup_client_end_finish (&self->end, NULL);
}

static void
said_all (KrHubSoupClientEnd *end)
{
  kr_hub_soup_requester_send_async (end->requester, SOUP_METHOD_DELETE, NULL, end->cancellable, deleted,
                                    g_object_ref (end->owner));
}

static void
ended (KrHubSoupClientEnd *end)
{
  KrHubSoupLongPollingClientTransport *self = KR_HUB_SOUP_LONG_POLLING_CLIENT_TRANSPORT (end->owner);

  kr_hub_clock_disarm (self->end.clock, &self->timer);
  if (self->poll != NULL)
    g_cancellable_cancel (self->poll);
  g_clear_object (&self->poll);
}

static const KrHubSoupClientEndFuncs end_funcs = {
  "KrHubSoupLongPollingClientTransport abort", deliver, poll_next, said_all, ended,
};

/* --- KrHubTransport --- */

static void
polling_start (KrHubTransport *transport, const KrHubTransportSink *sink, gpointer sink_data)
{
  kr_hub_soup_client_end_start (end_of (transport), sink, sink_data);
}

static void
polling_request_write (KrHubTransport *transport)
{
  kr_hub_soup_poster_request (&end_of (transport)->poster);
}

static void
polling_set_reading (KrHubTransport *transport, gboolean reading)
{
  kr_hub_soup_client_end_set_reading (end_of (transport), reading);
}

static void
polling_set_transfer_format (KrHubTransport *transport, KrHubTransferFormat format)
{
  end_of (transport)->poster.format = format;
}

static void
polling_close (KrHubTransport *transport)
{
  KrHubSoupClientEnd *end = end_of (transport);

  end->deaf = TRUE;
  kr_hub_soup_client_end_set_reading (end, TRUE);
  kr_hub_soup_client_end_close (end);
}

static void
polling_abort (KrHubTransport *transport)
{
  kr_hub_soup_client_end_abort (end_of (transport));
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
  self->timer.fire = poll_timed_out;
  self->timer.data = self;
}

KrHubTransport *
kr_hub_soup_long_polling_client_transport_new (KrHubSoupRequester *requester, KrHubClock *clock)
{
  KrHubSoupLongPollingClientTransport *self = g_object_new (KR_HUB_SOUP_TYPE_LONG_POLLING_CLIENT_TRANSPORT, NULL);

  kr_hub_soup_client_end_init (&self->end, G_OBJECT (self), &end_funcs, requester, clock);
  return KR_HUB_TRANSPORT (self);
}
