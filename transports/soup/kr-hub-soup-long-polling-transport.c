/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* KrHubSoupLongPollingTransport: requests that libsoup holds until there is something to say. */
#include "config.h"

#include "kr-hub-soup-long-polling-transport-private.h"

#include "kr-hub-soup-crossing-private.h"

#define MAX_VECTORS 64
#define HELD_UP (G_USEC_PER_SEC / 2)
#define BINARY "application/octet-stream"
#define PLAIN "text/plain"

typedef enum
{
  STATE_NEW,
  STATE_OPEN,
  STATE_CLOSING,  /* output by 200, then the end by 204 */
  STATE_ABORTING, /* in the next turn */
  STATE_ENDED,
} State;

struct _KrHubSoupLongPollingTransport
{
  GObject parent_instance;

  KrHubSoupToken *token;
  KrHubClock *clock;
  GMainContext *context;
  GMainContext *http_context;
  KrHubTimer timer;         /* of the held poll, of the time without one, or of the farewell */
  gint64 asked;             /* when the HTTP thread was, whether it listens; 0: it was not */
  gint64 poll_timeout;
  gint64 disconnect_timeout;
  gint64 close_timeout;
  KrHubSoupInbox inbox;     /* its sink is ours */
  KrHubSoupExchange *poll;  /* the one that is held, if any */
  State state;
  gboolean turn_pending;
};

static void transport_iface_init (KrHubTransportInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (KrHubSoupLongPollingTransport, kr_hub_soup_long_polling_transport, G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (KR_HUB_TYPE_TRANSPORT, transport_iface_init))

static void
end_token (KrHubSoupLongPollingTransport *self)
{
  if (self->token != NULL)
    kr_hub_soup_token_end (self->token);
  g_clear_pointer (&self->token, kr_hub_soup_token_unref);
}

static void
kr_hub_soup_long_polling_transport_finalize (GObject *object)
{
  KrHubSoupLongPollingTransport *self = KR_HUB_SOUP_LONG_POLLING_TRANSPORT (object);

  end_token (self);
  g_clear_object (&self->poll);
  kr_hub_soup_inbox_close (&self->inbox);
  g_clear_pointer (&self->context, g_main_context_unref);
  g_clear_pointer (&self->http_context, g_main_context_unref);
  g_clear_object (&self->clock);
  G_OBJECT_CLASS (kr_hub_soup_long_polling_transport_parent_class)->finalize (object);
}

static void
kr_hub_soup_long_polling_transport_class_init (KrHubSoupLongPollingTransportClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = kr_hub_soup_long_polling_transport_finalize;
}

static void
arm_timer (KrHubSoupLongPollingTransport *self, gint64 timeout)
{
  kr_hub_clock_arm (self->clock, &self->timer, kr_hub_clock_get_time (self->clock) + timeout);
}

static void
answer_poll (KrHubSoupLongPollingTransport *self, guint status, const char *content_type, GBytes *body)
{
  g_autoptr (KrHubSoupExchange) poll = g_steal_pointer (&self->poll);

  if (poll == NULL)
    return;
  kr_hub_soup_exchange_answer (poll, status, content_type, body);
  if (self->state == STATE_OPEN)
    arm_timer (self, self->disconnect_timeout);
}

/* Never in a call of our user. Drops the reference of the start. */
static void
finish (KrHubSoupLongPollingTransport *self, const GError *error)
{
  const KrHubTransportSink *sink = g_steal_pointer (&self->inbox.sink);

  if (self->state == STATE_ENDED)
    return;
  self->state = STATE_ENDED;
  kr_hub_clock_disarm (self->clock, &self->timer);
  answer_poll (self, SOUP_STATUS_NO_CONTENT, PLAIN, NULL);
  end_token (self);
  kr_hub_soup_inbox_close (&self->inbox);
  if (sink != NULL)
    sink->closed (self->inbox.sink_data, error);
  g_object_unref (self);
}

static void
finish_lost (KrHubSoupLongPollingTransport *self, const char *message)
{
  g_autoptr (GError) error = g_error_new_literal (G_IO_ERROR, G_IO_ERROR_CONNECTION_CLOSED, message);

  finish (self, error);
}

/* --- the time without a poll --- */

static void
http_answered (gpointer data)
{
  KrHubSoupLongPollingTransport *self = data;
  gint64 asked = self->asked;

  self->asked = 0;
  if (self->state != STATE_OPEN || self->poll != NULL || asked == 0)
    return;
  if (g_get_monotonic_time () - asked >= HELD_UP)
    arm_timer (self, self->disconnect_timeout);
  else
    finish_lost (self, "The client does not poll any more");
}

static void
answer_hub (gpointer data)
{
  KrHubSoupLongPollingTransport *self = data;

  kr_hub_soup_cross (self->context, http_answered, g_object_ref (self), g_object_unref);
}

/* The poll may have come and wait in the HTTP thread, if that is held up; then it gets its time once more. That thread may
 * have ended as well. */
static void
ask_http (KrHubSoupLongPollingTransport *self)
{
  self->asked = g_get_monotonic_time ();
  arm_timer (self, MAX (self->poll_timeout, self->disconnect_timeout));
  kr_hub_soup_cross (self->http_context, answer_hub, g_object_ref (self), g_object_unref);
}

static void
timer_fired (KrHubTimer *timer, gint64 now)
{
  KrHubSoupLongPollingTransport *self = timer->data;

  if (self->state == STATE_CLOSING)
    finish (self, NULL);
  else if (self->poll != NULL)
    answer_poll (self, SOUP_STATUS_OK, PLAIN, NULL);
  else if (self->asked == 0)
    ask_http (self);
  else
    finish_lost (self, "The client does not poll any more");
}

/* --- output --- */

/* All that waits: a poll's body ends where a message does. */
static GBytes *
take_output (KrHubSoupLongPollingTransport *self)
{
  g_auto (KrHubBuffer) body = KR_HUB_BUFFER_INIT;
  GOutputVector vectors[MAX_VECTORS];
  gsize n, n_bytes;

  do
    {
      n = self->inbox.sink->peek (self->inbox.sink_data, vectors, MAX_VECTORS, &n_bytes);
      for (gsize i = 0; i < n; i++)
        kr_hub_buffer_append (&body, vectors[i].buffer, vectors[i].size);
      if (n > 0)
        self->inbox.sink->sent (self->inbox.sink_data, n_bytes);
    }
  while (n == MAX_VECTORS);
  return body.len > 0 ? kr_hub_buffer_free_to_bytes (&body) : NULL;
}

static void
serve_poll (KrHubSoupLongPollingTransport *self)
{
  g_autoptr (GBytes) body = NULL;

  if (self->poll == NULL)
    return;
  body = take_output (self);
  if (body != NULL)
    answer_poll (self, SOUP_STATUS_OK, BINARY, body);
  else if (self->state == STATE_CLOSING)
    finish (self, NULL);
}

static void
turn (gpointer data)
{
  KrHubSoupLongPollingTransport *self = data;

  self->turn_pending = FALSE;
  if (self->state == STATE_OPEN)
    kr_hub_soup_inbox_deliver (&self->inbox);
  if (self->state == STATE_ABORTING)
    finish_lost (self, "The connection was aborted");
  else if (self->state == STATE_OPEN || self->state == STATE_CLOSING)
    serve_poll (self);
}

static void
request_turn (KrHubSoupLongPollingTransport *self)
{
  if (self->turn_pending || self->context == NULL)
    return;
  self->turn_pending = TRUE;
  kr_hub_soup_cross (self->context, turn, g_object_ref (self), g_object_unref);
}

/* --- requests; in the hub's thread --- */

/* A new poll takes the place of the old one. */
void
kr_hub_soup_long_polling_transport_poll (KrHubSoupLongPollingTransport *self, KrHubSoupExchange *poll)
{
  g_autoptr (KrHubSoupLongPollingTransport) guard = g_object_ref (self);

  if (self->state != STATE_OPEN && self->state != STATE_CLOSING)
    {
      kr_hub_soup_exchange_answer (poll, SOUP_STATUS_NO_CONTENT, PLAIN, NULL);
      return;
    }
  answer_poll (self, SOUP_STATUS_NO_CONTENT, PLAIN, NULL);
  self->poll = g_object_ref (poll);
  self->asked = 0;
  if (self->state == STATE_OPEN)
    arm_timer (self, self->poll_timeout);
  serve_poll (self);
}

/* The client cut the connection while its poll was held. */
void
kr_hub_soup_long_polling_transport_poll_gone (KrHubSoupExchange *poll, GObject *object)
{
  KrHubSoupLongPollingTransport *self = KR_HUB_SOUP_LONG_POLLING_TRANSPORT (object);

  if (self->poll == poll)
    answer_poll (self, SOUP_STATUS_NO_CONTENT, PLAIN, NULL);
}

/* What the client posted goes there. */
KrHubSoupInbox *
kr_hub_soup_long_polling_transport_get_inbox (KrHubSoupLongPollingTransport *self)
{
  return &self->inbox;
}

/* The client says that it is done: what a poll that is held gets now is the last. */
void
kr_hub_soup_long_polling_transport_delete (KrHubSoupLongPollingTransport *self)
{
  g_autoptr (KrHubSoupLongPollingTransport) guard = g_object_ref (self);

  if (self->state != STATE_OPEN && self->state != STATE_CLOSING)
    return;
  serve_poll (self);
  finish (self, NULL);
}

/* --- KrHubTransport --- */

static void
long_polling_start (KrHubTransport *transport, const KrHubTransportSink *sink, gpointer sink_data)
{
  KrHubSoupLongPollingTransport *self = KR_HUB_SOUP_LONG_POLLING_TRANSPORT (transport);

  g_object_ref (self);
  self->state = STATE_OPEN;
  self->context = kr_hub_soup_ref_current_context ();
  kr_hub_soup_inbox_start (&self->inbox, sink, sink_data, kr_hub_soup_token_take_early (self->token));
  arm_timer (self, self->disconnect_timeout);
  request_turn (self);
}

static void
long_polling_request_write (KrHubTransport *transport)
{
  KrHubSoupLongPollingTransport *self = (KrHubSoupLongPollingTransport *) transport;

  if (self->poll != NULL)
    request_turn (self);
}

static void
long_polling_set_reading (KrHubTransport *transport, gboolean reading)
{
  KrHubSoupLongPollingTransport *self = KR_HUB_SOUP_LONG_POLLING_TRANSPORT (transport);

  kr_hub_soup_inbox_set_reading (&self->inbox, reading);
  if (reading)
    request_turn (self);
}

static void
long_polling_set_transfer_format (KrHubTransport *transport, KrHubTransferFormat format)
{
}

static void
long_polling_close (KrHubTransport *transport)
{
  KrHubSoupLongPollingTransport *self = KR_HUB_SOUP_LONG_POLLING_TRANSPORT (transport);

  if (self->state != STATE_OPEN)
    return;
  self->state = STATE_CLOSING;
  kr_hub_soup_inbox_close (&self->inbox);
  arm_timer (self, self->close_timeout);
  request_turn (self);
}

static void
long_polling_abort (KrHubTransport *transport)
{
  KrHubSoupLongPollingTransport *self = KR_HUB_SOUP_LONG_POLLING_TRANSPORT (transport);

  if (self->state != STATE_OPEN && self->state != STATE_CLOSING)
    return;
  self->state = STATE_ABORTING;
  kr_hub_soup_inbox_close (&self->inbox);
  request_turn (self);
}

static void
transport_iface_init (KrHubTransportInterface *iface)
{
  iface->name = "LongPolling";
  iface->transfer_formats = KR_HUB_TRANSFER_FORMAT_TEXT | KR_HUB_TRANSFER_FORMAT_BINARY;
  iface->keeps_alive = TRUE;
  iface->start = long_polling_start;
  iface->request_write = long_polling_request_write;
  iface->set_reading = long_polling_set_reading;
  iface->set_transfer_format = long_polling_set_transfer_format;
  iface->close = long_polling_close;
  iface->abort = long_polling_abort;
}

static void
kr_hub_soup_long_polling_transport_init (KrHubSoupLongPollingTransport *self)
{
  self->timer.fire = timer_fired;
  self->timer.data = self;
}

/* In the HTTP thread. The transport ends @token. Times in µs: of a held poll, without any poll, and for the farewell. */
KrHubTransport *
kr_hub_soup_long_polling_transport_new (KrHubSoupToken *token,
                                        KrHubClock *clock,
                                        gint64 poll_timeout,
                                        gint64 disconnect_timeout,
                                        gint64 close_timeout)
{
  KrHubSoupLongPollingTransport *self = g_object_new (KR_HUB_SOUP_TYPE_LONG_POLLING_TRANSPORT, NULL);

  self->token = kr_hub_soup_token_ref (token);
  self->clock = g_object_ref (clock);
  self->http_context = kr_hub_soup_ref_current_context ();
  self->poll_timeout = poll_timeout;
  self->disconnect_timeout = disconnect_timeout;
  self->close_timeout = close_timeout;
  return KR_HUB_TRANSPORT (self);
}
