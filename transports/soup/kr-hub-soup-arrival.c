/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* How connections and their requests get from the HTTP thread into the hub's. */
#include "config.h"

#include "kr-hub-soup-arrival-private.h"

#include "kr-hub-soup-crossing-private.h"
#include "kr-hub-soup-endpoint-private.h"
#include "kr-hub-soup-io-transport-private.h"
#include "kr-hub-soup-long-polling-transport-private.h"
#include "kr-hub-soup-request-private.h"
#include "kr-hub-soup-sse-transport-private.h"
#include "kr-hub-soup-upgrade-private.h"
#include "kr-hub-soup-websocket-transport-private.h"

/* --- a new connection, or a request of one that goes on --- */

typedef struct
{
  KrHubSoupEndpoint *endpoint;
  KrHubSoupToken *token;
  char *user_id;
  char *remote_address;  /* NULL: not known */
  gboolean has_expiry;
  gint64 expiry;
  KrHubTransport *transport;
  KrHubSoupExchange *exchange; /* of a poll */
  KrHubSoupHttpRequest *request; /* that was taken from libsoup; NULL: it was not, or follows the transport */
  gboolean stateful;
  gboolean again;        /* the connection exists: it goes on over this transport */
} Arrival;

static void
arrival_free (gpointer data)
{
  Arrival *self = data;

  g_object_unref (self->endpoint);
  kr_hub_soup_token_unref (self->token);
  g_free (self->user_id);
  g_free (self->remote_address);
  g_clear_object (&self->transport);
  g_clear_object (&self->exchange);
  g_clear_pointer (&self->request, kr_hub_soup_http_request_drop);
  g_free (self);
}

static Arrival *
arrival_new (KrHubSoupEndpoint *endpoint, SoupServerMessage *message, KrHubSoupToken *token)
{
  Arrival *self = g_new0 (Arrival, 1);

  self->endpoint = g_object_ref (endpoint);
  self->token = kr_hub_soup_token_ref (token);
  self->user_id = g_strdup (kr_hub_soup_message_get_user_id (message));
  self->remote_address = kr_hub_soup_message_dup_remote_address (message);
  self->has_expiry = kr_hub_soup_message_get_expiry (message, &self->expiry);
  return self;
}

#define OVER "HTTP/1.1 404 Not Found\r\nContent-Type: text/plain\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"

static void
log_arrival (Arrival *self, const char *what)
{
  kr_hub_soup_log_connection (kr_hub_soup_token_get_id (self->token), "%s of %s over %s", what,
                              self->remote_address != NULL ? self->remote_address : "an unknown address",
                              kr_hub_transport_get_name (self->transport));
}

static void
refuse (KrHubTransport *transport)
{
  kr_hub_soup_http_request_set_status (G_OBJECT (transport), SOUP_STATUS_NOT_FOUND);
  if (KR_HUB_SOUP_IS_IO_TRANSPORT (transport))
    transport = kr_hub_soup_io_transport_get_inner (KR_HUB_SOUP_IO_TRANSPORT (transport));
  kr_hub_soup_websocket_transport_refuse (KR_HUB_SOUP_WEBSOCKET_TRANSPORT (transport), OVER);
}

/* What a further request of a connection says about it; as with ASP.NET Core, it stays its first user's. */
static void
look_at_request (Arrival *self, KrHubConnection *connection)
{
  if (self->has_expiry)
    kr_hub_connection_set_expiry (connection, self->expiry);
  if (g_strcmp0 (self->user_id, kr_hub_connection_get_user_id (connection)) != 0 &&
      kr_hub_soup_token_note_stranger (self->token))
    kr_hub_soup_log_stranger (kr_hub_soup_token_get_id (self->token), self->remote_address);
}

static void
arrive_again (Arrival *self)
{
  GObject *connection = kr_hub_soup_token_get_followed (self->token);

  if (connection != NULL && kr_hub_connection_reattach (KR_HUB_CONNECTION (connection), self->transport))
    {
      look_at_request (self, KR_HUB_CONNECTION (connection));
      return;
    }
  log_arrival (self, "too late a return");
  refuse (self->transport);
}

static void
arrive (gpointer data)
{
  Arrival *self = data;
  KrHubServer *hub = self->endpoint->hub;
  const char *id = kr_hub_soup_token_get_id (self->token);
  KrHubConnection *connection;

  log_arrival (self, self->again ? "the return" : "a connection");
  if (self->again)
    {
      arrive_again (self);
      return;
    }
  if (self->stateful)
    connection = kr_hub_server_accept_stateful (hub, self->transport, id, self->user_id);
  else
    connection = kr_hub_server_accept (hub, self->transport, id, self->user_id);
  kr_hub_connection_set_remote_address (connection, self->remote_address);
  if (self->has_expiry)
    kr_hub_connection_set_expiry (connection, self->expiry);
  /* Its client may lose its socket: it ends when the hub lets it go. Or further requests say more about it. */
  if (self->stateful || KR_HUB_SOUP_IS_LONG_POLLING_TRANSPORT (self->transport))
    kr_hub_soup_token_follow (self->token, G_OBJECT (connection));
}

static void
cross_arrival (Arrival *self)
{
  kr_hub_soup_cross (kr_hub_server_get_context (self->endpoint->hub), arrive, self, arrival_free);
}

typedef KrHubTransport *(*NewTransport) (KrHubSoupWire *, GBytes *, KrHubSoupToken *, KrHubClock *, gint64);

/* The next one of the threads that serve sockets has it. */
static KrHubTransport *
websocket_in_thread (KrHubSoupEndpoint *self, KrHubSoupWire *wire, GBytes *response, KrHubSoupToken *token)
{
  guint next = (guint) g_atomic_int_add (&self->next_io_thread, 1);
  KrHubSoupIoThread *thread = g_ptr_array_index (self->io_threads, next % self->io_threads->len);

  return kr_hub_soup_io_transport_new (thread, kr_hub_soup_websocket_transport_new (wire, response, token,
                                                                                    kr_hub_soup_io_thread_get_clock (thread),
                                                                                    self->close_timeout));
}

static void
connection_taken (KrHubSoupWire *wire, GBytes *response, NewTransport new_transport, Arrival *arrival)
{
  KrHubSoupEndpoint *self = arrival->endpoint;
  KrHubSoupToken *token = arrival->stateful ? NULL : arrival->token; /* which ends with the transport */

  if (wire == NULL)
    {
      if (!arrival->again)
        kr_hub_soup_token_end (arrival->token);
      arrival_free (arrival);
      return;
    }
  if (new_transport == kr_hub_soup_websocket_transport_new && self->io_threads->len > 0)
    arrival->transport = websocket_in_thread (self, wire, response, token);
  else
    arrival->transport = new_transport (wire, response, token, kr_hub_server_get_clock (self->hub),
                                        self->close_timeout);
  kr_hub_soup_http_request_follow (g_steal_pointer (&arrival->request), G_OBJECT (arrival->transport),
                                   new_transport == kr_hub_soup_sse_transport_new ? SOUP_STATUS_OK
                                                                                  : SOUP_STATUS_SWITCHING_PROTOCOLS);
  if (new_transport == kr_hub_soup_sse_transport_new)
    kr_hub_soup_token_set_object (arrival->token, G_OBJECT (arrival->transport));
  cross_arrival (arrival);
}

static void
websocket_taken (KrHubSoupWire *wire, GBytes *response, gpointer data)
{
  connection_taken (wire, response, kr_hub_soup_websocket_transport_new, data);
}

static void
sse_taken (KrHubSoupWire *wire, GBytes *response, gpointer data)
{
  connection_taken (wire, response, kr_hub_soup_sse_transport_new, data);
}

/* @again: the connection of @token exists and goes on over this socket. */
void
kr_hub_soup_arrive_websocket (KrHubSoupEndpoint *endpoint,
                              SoupServerMessage *message,
                              KrHubSoupToken *token,
                              gboolean again)
{
  Arrival *arrival = arrival_new (endpoint, message, token);

  arrival->stateful = kr_hub_soup_token_is_stateful (token);
  arrival->again = again;
  arrival->request = kr_hub_soup_http_request_steal (message);
  kr_hub_soup_upgrade_set_headers (message);
  kr_hub_soup_upgrade_take (message, "", websocket_taken, arrival);
}

/* Status and headers are set. */
void
kr_hub_soup_arrive_sse (KrHubSoupEndpoint *endpoint, SoupServerMessage *message, KrHubSoupToken *token)
{
  Arrival *arrival = arrival_new (endpoint, message, token);

  arrival->request = kr_hub_soup_http_request_steal (message);
  kr_hub_soup_upgrade_take (message, ":\r\n", sse_taken, arrival);
}

void
kr_hub_soup_arrive_long_polling (KrHubSoupEndpoint *endpoint, SoupServerMessage *message, KrHubSoupToken *token)
{
  Arrival *arrival = arrival_new (endpoint, message, token);

  arrival->transport = kr_hub_soup_long_polling_transport_new (token, kr_hub_server_get_clock (endpoint->hub),
                                                               endpoint->poll_timeout, endpoint->disconnect_timeout,
                                                               endpoint->close_timeout);
  kr_hub_soup_token_set_object (token, G_OBJECT (arrival->transport));
  cross_arrival (arrival);
}

static void
deliver_poll (gpointer data)
{
  Arrival *self = data;
  GObject *connection = kr_hub_soup_token_get_followed (self->token);

  if (connection != NULL)
    look_at_request (self, KR_HUB_CONNECTION (connection));
  kr_hub_soup_long_polling_transport_poll (KR_HUB_SOUP_LONG_POLLING_TRANSPORT (self->transport), self->exchange);
}

void
kr_hub_soup_visit_poll (KrHubSoupEndpoint *endpoint, SoupServerMessage *message, KrHubSoupToken *token, GObject *object)
{
  Arrival *arrival = arrival_new (endpoint, message, token);

  arrival->transport = KR_HUB_TRANSPORT (g_object_ref (object));
  arrival->exchange = kr_hub_soup_exchange_new (message);
  kr_hub_soup_exchange_watch (arrival->exchange, kr_hub_server_get_context (endpoint->hub),
                              kr_hub_soup_long_polling_transport_poll_gone, object);
  kr_hub_soup_cross (kr_hub_server_get_context (endpoint->hub), deliver_poll, arrival, arrival_free);
}

/* --- other requests of a connection --- */

typedef struct
{
  GObject *object;
  GBytes *body;
  KrHubSoupExchange *exchange;  /* NULL: answered */
} Post;

static void
post_free (gpointer data)
{
  Post *self = data;

  g_object_unref (self->object);
  g_clear_pointer (&self->body, g_bytes_unref);
  g_clear_object (&self->exchange);
  g_free (self);
}

static void
cross_post (KrHubSoupEndpoint *endpoint, GSourceOnceFunc func, GObject *object, GBytes *body, KrHubSoupExchange *exchange)
{
  Post *post = g_new0 (Post, 1);

  post->object = g_object_ref (object);
  post->body = body != NULL ? g_bytes_ref (body) : NULL;
  post->exchange = exchange;
  kr_hub_soup_cross (kr_hub_server_get_context (endpoint->hub), func, post, post_free);
}

static KrHubSoupInbox *
inbox_of (GObject *object)
{
  if (KR_HUB_SOUP_IS_SSE_TRANSPORT (object))
    return kr_hub_soup_sse_transport_get_inbox (KR_HUB_SOUP_SSE_TRANSPORT (object));
  return kr_hub_soup_long_polling_transport_get_inbox (KR_HUB_SOUP_LONG_POLLING_TRANSPORT (object));
}

static void
deliver_post (gpointer data)
{
  Post *self = data;

  kr_hub_soup_inbox_push (inbox_of (self->object), self->body, self->exchange);
}

void
kr_hub_soup_visit_post (KrHubSoupEndpoint *endpoint, SoupServerMessage *message, GObject *object, GBytes *body)
{
  switch (kr_hub_soup_inbox_offer (inbox_of (object), g_bytes_get_size (body)))
    {
    case KR_HUB_SOUP_POST_TAKEN:
      kr_hub_soup_answer (message, SOUP_STATUS_OK, "text/plain", NULL);
      cross_post (endpoint, deliver_post, object, body, NULL);
      break;
    case KR_HUB_SOUP_POST_WAITS:
      cross_post (endpoint, deliver_post, object, body, kr_hub_soup_exchange_new (message));
      break;
    case KR_HUB_SOUP_POST_GONE:
    default:
      kr_hub_soup_answer (message, SOUP_STATUS_NOT_FOUND, "text/plain", NULL);
      break;
    }
}

/* As in ASP.NET Core, a poll that is held hears of the end from the hub. */
static void
deliver_delete (gpointer data)
{
  Arrival *self = data;
  KrHubConnection *connection = kr_hub_server_lookup (self->endpoint->hub, kr_hub_soup_token_get_id (self->token));

  log_arrival (self, "the end");
  if (connection != NULL)
    kr_hub_connection_end (connection);
  kr_hub_soup_long_polling_transport_delete (KR_HUB_SOUP_LONG_POLLING_TRANSPORT (self->transport));
}

void
kr_hub_soup_visit_delete (KrHubSoupEndpoint *endpoint,
                          SoupServerMessage *message,
                          KrHubSoupToken *token,
                          GObject *object)
{
  Arrival *arrival = arrival_new (endpoint, message, token);

  arrival->transport = KR_HUB_TRANSPORT (g_object_ref (object));
  kr_hub_soup_cross (kr_hub_server_get_context (endpoint->hub), deliver_delete, arrival, arrival_free);
}
