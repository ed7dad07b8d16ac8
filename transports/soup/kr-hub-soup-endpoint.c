/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* KrHubSoupEndpoint: a hub on a path of a SoupServer. */
#include "config.h"

#include "kr-hub-soup-endpoint.h"

#include "kr-hub-soup-crossing-private.h"
#include "kr-hub-soup-exchange-private.h"
#include "kr-hub-soup-long-polling-transport-private.h"
#include "kr-hub-soup-reactor-private.h"
#include "kr-hub-soup-request-private.h"
#include "kr-hub-soup-sse-transport-private.h"
#include "kr-hub-soup-token-store-private.h"
#include "kr-hub-soup-upgrade-private.h"
#include "kr-hub-soup-websocket-transport-private.h"

#define PLAIN "text/plain"
#define NO_CONNECTION "No Connection with that ID"

/* A post may carry several messages; what is larger than one may be, and larger than this, cannot be meant well. */
#define MIN_BODY_LIMIT (1024 * 1024)
/* Enough for a handshake and a call; this much may wait for each token that nobody uses. */
#define EARLY_LIMIT (8 * 1024)

/**
 * KrHubSoupEndpoint:
 *
 * A hub on a path of a [class@Soup.Server]: negotiation, WebSocket, Server-Sent Events and long polling.
 *
 * The hub lives in one main context and the SoupServer may run in another one's thread, which it should: what libsoup
 * still does (request heads, held polls, other pages) costs O(connections) in each turn of its loop, and a hub in the
 * same loop would pay for it with every message. A connection crosses once.
 *
 * A request that carries an `Origin` header is answered only if that is the server's own origin or one of
 * [property@KrHubSoup.Endpoint:allowed-origins]: a page of another site must not use the hub with a visitor's cookies.
 *
 * Set the properties before [method@KrHubSoup.Endpoint.attach]. An endpoint keeps its hub alive, and an attached server
 * its endpoints.
 *
 * Since: 0.1
 */
struct _KrHubSoupEndpoint
{
  GObject parent_instance;

  KrHubServer *hub;
  char *path;                        /* without a slash at the end */
  KrHubTransportFlags transports;
  gint minimum_protocol_version;
  gboolean allow_stateful_reconnects;
  char **allowed_origins;            /* NULL: the own one only */
  guint max_connections;
  guint max_negotiated;
  gint64 poll_timeout;
  gint64 close_timeout;
  gint64 disconnect_timeout;
  guint busy_poll;
  KrHubSoupTokenStore *store;
  gint expiring;                     /* atomic: a source looks after the tokens that wait */
};

G_DEFINE_FINAL_TYPE (KrHubSoupEndpoint, kr_hub_soup_endpoint, G_TYPE_OBJECT)

typedef enum
{
  PROP_HUB = 1,
  PROP_PATH,
  PROP_TRANSPORTS,
  PROP_MINIMUM_PROTOCOL_VERSION,
  PROP_ALLOW_STATEFUL_RECONNECTS,
  PROP_ALLOWED_ORIGINS,
  PROP_MAX_CONNECTIONS,
  PROP_MAX_NEGOTIATED,
  PROP_POLL_TIMEOUT,
  PROP_CLOSE_TIMEOUT,
  PROP_DISCONNECT_TIMEOUT,
  PROP_BUSY_POLL,
} KrHubSoupEndpointProperty;

static GParamSpec *props[PROP_BUSY_POLL + 1];

typedef enum
{
  SIGNAL_AUTHORIZE,
} KrHubSoupEndpointSignal;

static guint signals[SIGNAL_AUTHORIZE + 1];

/* Data of a SoupServerMessage. */
#define BODY "kr-hub-soup-body"
#define USER_ID "kr-hub-soup-user-id"

/* --- tokens that wait --- */

static gboolean
expire_tokens (gpointer data)
{
  KrHubSoupEndpoint *self = data;

  if (kr_hub_soup_token_store_expire (self->store, g_get_monotonic_time ()) != G_MAXINT64)
    return G_SOURCE_CONTINUE;
  g_atomic_int_set (&self->expiring, FALSE);
  return G_SOURCE_REMOVE;
}

/* Once per second, as ASP.NET Core does, and not at all while nobody waits. */
static void
look_after_tokens (KrHubSoupEndpoint *self)
{
  g_autoptr (GMainContext) context = NULL;
  g_autoptr (GSource) source = NULL;

  if (!g_atomic_int_compare_and_exchange (&self->expiring, FALSE, TRUE))
    return;
  context = kr_hub_soup_ref_current_context ();
  source = g_timeout_source_new_seconds (1);
  g_source_set_static_name (source, "KrHubSoupEndpoint tokens");
  g_source_set_callback (source, expire_tokens, g_object_ref (self), g_object_unref);
  g_source_attach (source, context);
}

/* --- into the hub --- */

typedef struct
{
  KrHubSoupEndpoint *endpoint;
  KrHubSoupToken *token;
  char *user_id;
  KrHubTransport *transport;
  gboolean stateful;
  gboolean again;    /* the connection exists: it goes on over this transport */
} Arrival;

static void
arrival_free (gpointer data)
{
  Arrival *self = data;

  g_object_unref (self->endpoint);
  kr_hub_soup_token_unref (self->token);
  g_free (self->user_id);
  g_clear_object (&self->transport);
  g_free (self);
}

static Arrival *
arrival_new (KrHubSoupEndpoint *endpoint, SoupServerMessage *message, KrHubSoupToken *token)
{
  Arrival *self = g_new0 (Arrival, 1);

  self->endpoint = g_object_ref (endpoint);
  self->token = kr_hub_soup_token_ref (token);
  self->user_id = g_strdup (g_object_get_data (G_OBJECT (message), USER_ID));
  return self;
}

#define OVER "HTTP/1.1 404 Not Found\r\nContent-Type: text/plain\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"

/* A connection whose client may lose its socket: it ends when the hub lets it go. */
static void
arrive_stateful (Arrival *self)
{
  GObject *connection = kr_hub_soup_token_get_followed (self->token);

  if (!self->again)
    kr_hub_soup_token_follow (self->token,
                              G_OBJECT (kr_hub_server_accept_stateful (self->endpoint->hub, self->transport,
                                                                       kr_hub_soup_token_get_id (self->token),
                                                                       self->user_id)));
  else if (connection == NULL || !kr_hub_connection_reattach (KR_HUB_CONNECTION (connection), self->transport))
    kr_hub_soup_websocket_transport_refuse (KR_HUB_SOUP_WEBSOCKET_TRANSPORT (self->transport), OVER);
}

static void
arrive (gpointer data)
{
  Arrival *self = data;

  if (self->stateful)
    arrive_stateful (self);
  else
    kr_hub_server_accept (self->endpoint->hub, self->transport, kr_hub_soup_token_get_id (self->token), self->user_id);
}

static void
cross_arrival (Arrival *self)
{
  kr_hub_soup_cross (kr_hub_server_get_context (self->endpoint->hub), "KrHubSoupEndpoint arrival", arrive, self, arrival_free);
}

typedef KrHubTransport *(*NewTransport) (GIOStream *, GSocket *, GBytes *, KrHubSoupToken *, KrHubClock *, gint64);

static void
connection_taken (GIOStream *stream, GSocket *socket, GBytes *response, NewTransport new_transport, Arrival *arrival)
{
  KrHubSoupEndpoint *self = arrival->endpoint;

  if (stream == NULL)
    {
      if (!arrival->again)
        kr_hub_soup_token_end (arrival->token);
      arrival_free (arrival);
      return;
    }
  arrival->transport = new_transport (stream, socket, response, arrival->stateful ? NULL : arrival->token,
                                      kr_hub_server_get_clock (self->hub), self->close_timeout);
  if (new_transport == kr_hub_soup_sse_transport_new)
    kr_hub_soup_token_set_object (arrival->token, G_OBJECT (arrival->transport));
  cross_arrival (arrival);
}

static void
websocket_taken (GIOStream *stream, GSocket *socket, GBytes *response, gpointer data)
{
  connection_taken (stream, socket, response, kr_hub_soup_websocket_transport_new, data);
}

static void
sse_taken (GIOStream *stream, GSocket *socket, GBytes *response, gpointer data)
{
  connection_taken (stream, socket, response, kr_hub_soup_sse_transport_new, data);
}

/* A request of a connection that exists; the object is its transport. */
typedef struct
{
  GObject *object;
  KrHubSoupExchange *exchange;
} Visit;

static void
visit_free (gpointer data)
{
  Visit *self = data;

  g_object_unref (self->object);
  g_clear_object (&self->exchange);
  g_free (self);
}

static void
cross_visit (KrHubSoupEndpoint *self, GSourceOnceFunc func, GObject *object, KrHubSoupExchange *exchange)
{
  Visit *visit = g_new0 (Visit, 1);

  visit->object = g_object_ref (object);
  visit->exchange = exchange;
  kr_hub_soup_cross (kr_hub_server_get_context (self->hub), "KrHubSoupEndpoint visit", func, visit, visit_free);
}

static void
visit_poll (gpointer data)
{
  Visit *self = data;

  kr_hub_soup_long_polling_transport_poll (KR_HUB_SOUP_LONG_POLLING_TRANSPORT (self->object), self->exchange);
}

static void
visit_post (gpointer data)
{
  Visit *self = data;

  if (KR_HUB_SOUP_IS_SSE_TRANSPORT (self->object))
    kr_hub_soup_sse_transport_post (KR_HUB_SOUP_SSE_TRANSPORT (self->object), self->exchange);
  else
    kr_hub_soup_long_polling_transport_post (KR_HUB_SOUP_LONG_POLLING_TRANSPORT (self->object), self->exchange);
}

static void
visit_delete (gpointer data)
{
  Visit *self = data;

  kr_hub_soup_long_polling_transport_delete (KR_HUB_SOUP_LONG_POLLING_TRANSPORT (self->object));
}

/* --- requests, in the HTTP thread (TransportProtocols.md; statuses and texts as ASP.NET Core has them) --- */

static char *
query_of (SoupServerMessage *message, const char *key)
{
  return kr_hub_soup_query_dup (g_uri_get_query (soup_server_message_get_uri (message)), key);
}

static KrHubNegotiation *
negotiate (KrHubSoupEndpoint *self, SoupServerMessage *message)
{
  g_autofree char *text = query_of (message, "negotiateVersion");
  g_autofree char *problem = NULL;
  g_autoptr (KrHubSoupToken) token = NULL;
  g_autofree char *stateful = query_of (message, "useStatefulReconnect");
  gint version = 0;

  if (text != NULL && !kr_hub_soup_parse_int32 (text, &version))
    return kr_hub_negotiation_new_error ("The client requested a non-integer protocol version.");
  if (version < self->minimum_protocol_version)
    {
      problem = g_strdup_printf ("The client requested version '%d', but the server does not support this version.", version);
      return kr_hub_negotiation_new_error (problem);
    }
  version = CLAMP (version, 0, 1);
  token = kr_hub_soup_token_store_create (self->store, version > 0, g_get_monotonic_time ());
  if (self->allow_stateful_reconnects && stateful != NULL && g_ascii_strcasecmp (stateful, "true") == 0)
    kr_hub_soup_token_set_stateful (token);
  look_after_tokens (self);
  return kr_hub_negotiation_new (version, kr_hub_soup_token_get_id (token), kr_hub_soup_token_get_token (token),
                                 self->transports, kr_hub_soup_token_is_stateful (token));
}

static void
answer_negotiate (KrHubSoupEndpoint *self, SoupServerMessage *message)
{
  g_autoptr (KrHubNegotiation) negotiation = NULL;
  g_autoptr (GBytes) document = NULL;

  if (soup_server_message_get_method (message) != SOUP_METHOD_POST)
    {
      kr_hub_soup_answer (message, SOUP_STATUS_METHOD_NOT_ALLOWED, PLAIN, NULL);
      return;
    }
  negotiation = negotiate (self, message);
  document = kr_hub_negotiation_write (negotiation);
  kr_hub_soup_answer (message, SOUP_STATUS_OK, "application/json", NULL);
  soup_message_body_append_bytes (soup_server_message_get_response_body (message), document);
}

static const char *
transport_name (KrHubTransportFlags transport)
{
  return transport == KR_HUB_TRANSPORT_WEBSOCKETS           ? "WebSockets"
         : transport == KR_HUB_TRANSPORT_SERVER_SENT_EVENTS ? "ServerSentEvents"
                                                            : "LongPolling";
}

static gboolean
check_offered (KrHubSoupEndpoint *self, SoupServerMessage *message, KrHubTransportFlags transport)
{
  g_autofree char *text = NULL;

  if ((self->transports & transport) != 0 &&
      (transport == KR_HUB_TRANSPORT_LONG_POLLING || kr_hub_soup_upgrade_is_possible (message)))
    return TRUE;
  text = g_strdup_printf ("%s transport not supported by this end point type", transport_name (transport));
  soup_server_message_set_status (message, SOUP_STATUS_NOT_FOUND, NULL);
  soup_server_message_set_response (message, PLAIN, SOUP_MEMORY_COPY, text, strlen (text));
  return FALSE;
}

/* Answers if there is no connection of that token. */
static KrHubSoupToken *
find_connection (KrHubSoupEndpoint *self, SoupServerMessage *message)
{
  g_autofree char *id = query_of (message, "id");
  KrHubSoupToken *token;

  if (id == NULL || *id == '\0')
    {
      kr_hub_soup_answer (message, SOUP_STATUS_BAD_REQUEST, PLAIN, "Connection ID required");
      return NULL;
    }
  token = kr_hub_soup_token_store_lookup (self->store, id, g_get_monotonic_time ());
  if (token == NULL)
    kr_hub_soup_answer (message, SOUP_STATUS_NOT_FOUND, PLAIN, NO_CONNECTION);
  return token;
}

/* Answers if the connection cannot be had by this transport. @again: a further request of the same one, if it may be */
static gboolean
claim_connection (SoupServerMessage *message, KrHubSoupToken *token, KrHubTransportFlags transport, gboolean *again)
{
  switch (kr_hub_soup_token_claim (token, transport))
    {
    case KR_HUB_SOUP_CLAIM_NEW:
      return TRUE;
    case KR_HUB_SOUP_CLAIM_AGAIN:
      if (again != NULL)
        return *again = TRUE;
      kr_hub_soup_answer (message, SOUP_STATUS_CONFLICT, PLAIN, NULL);
      return FALSE;
    case KR_HUB_SOUP_CLAIM_OTHER:
      kr_hub_soup_answer (message, SOUP_STATUS_BAD_REQUEST, PLAIN, "Cannot change transports mid-connection");
      return FALSE;
    case KR_HUB_SOUP_CLAIM_FULL:
      kr_hub_soup_answer (message, SOUP_STATUS_SERVICE_UNAVAILABLE, PLAIN, "Too many connections");
      return FALSE;
    case KR_HUB_SOUP_CLAIM_GONE:
    default:
      kr_hub_soup_answer (message, SOUP_STATUS_NOT_FOUND, PLAIN, NO_CONNECTION);
      return FALSE;
    }
}

/* A WebSocket may come without negotiation: then it creates the connection. */
static void
answer_websocket (KrHubSoupEndpoint *self, SoupServerMessage *message)
{
  g_autofree char *id = query_of (message, "id");
  g_autoptr (KrHubSoupToken) token = NULL;
  gboolean again = FALSE;
  Arrival *arrival;

  if (id != NULL && *id != '\0')
    token = find_connection (self, message);
  else
    token = kr_hub_soup_token_store_create (self->store, FALSE, g_get_monotonic_time ());
  if (token == NULL)
    {
      /* ASP.NET Core names a type to all but WebSockets. */
      soup_message_headers_remove (soup_server_message_get_response_headers (message), "Content-Type");
      return;
    }
  if (!check_offered (self, message, KR_HUB_TRANSPORT_WEBSOCKETS) ||
      !claim_connection (message, token, KR_HUB_TRANSPORT_WEBSOCKETS, kr_hub_soup_token_is_stateful (token) ? &again : NULL))
    {
      if (id == NULL || *id == '\0')
        kr_hub_soup_token_end (token);
      return;
    }
  arrival = arrival_new (self, message, token);
  arrival->stateful = kr_hub_soup_token_is_stateful (token);
  arrival->again = again;
  kr_hub_soup_upgrade_set_headers (message);
  kr_hub_soup_upgrade_take (message, "", websocket_taken, arrival);
}

static void
answer_sse (KrHubSoupEndpoint *self, SoupServerMessage *message)
{
  g_autoptr (KrHubSoupToken) token = find_connection (self, message);
  SoupMessageHeaders *headers = soup_server_message_get_response_headers (message);

  if (token == NULL || !check_offered (self, message, KR_HUB_TRANSPORT_SERVER_SENT_EVENTS) ||
      !claim_connection (message, token, KR_HUB_TRANSPORT_SERVER_SENT_EVENTS, NULL))
    return;
  soup_server_message_set_status (message, SOUP_STATUS_OK, NULL);
  soup_message_headers_replace (headers, "Content-Type", "text/event-stream");
  soup_message_headers_replace (headers, "Cache-Control", "no-cache,no-store");
  soup_message_headers_replace (headers, "Pragma", "no-cache");
  soup_message_headers_replace (headers, "Content-Encoding", "identity");
  soup_message_headers_replace (headers, "Connection", "close"); /* the body ends where the connection does */
  kr_hub_soup_upgrade_take (message, ":\r\n", sse_taken, arrival_new (self, message, token));
}

static void
begin_long_polling (KrHubSoupEndpoint *self, SoupServerMessage *message, KrHubSoupToken *token)
{
  Arrival *arrival = arrival_new (self, message, token);

  arrival->transport = kr_hub_soup_long_polling_transport_new (token, kr_hub_server_get_clock (self->hub),
                                                               self->poll_timeout, self->disconnect_timeout,
                                                               self->close_timeout);
  kr_hub_soup_token_set_object (token, G_OBJECT (arrival->transport));
  cross_arrival (arrival);
  kr_hub_soup_answer (message, SOUP_STATUS_OK, "application/octet-stream", NULL);
}

static void
hold_poll (KrHubSoupEndpoint *self, SoupServerMessage *message, KrHubSoupToken *token)
{
  g_autoptr (GObject) transport = kr_hub_soup_token_dup_object (token);
  KrHubSoupExchange *exchange;

  if (transport == NULL)
    {
      kr_hub_soup_answer (message, SOUP_STATUS_NOT_FOUND, PLAIN, NO_CONNECTION);
      return;
    }
  exchange = kr_hub_soup_exchange_new (message, NULL);
  kr_hub_soup_exchange_watch (exchange, kr_hub_server_get_context (self->hub),
                              kr_hub_soup_long_polling_transport_poll_gone, transport);
  cross_visit (self, visit_poll, transport, exchange);
}

static void
answer_poll (KrHubSoupEndpoint *self, SoupServerMessage *message)
{
  SoupMessageHeaders *headers = soup_server_message_get_response_headers (message);
  g_autoptr (KrHubSoupToken) token = NULL;
  gboolean again = FALSE;

  soup_message_headers_replace (headers, "Cache-Control", "no-cache, no-store");
  soup_message_headers_replace (headers, "Pragma", "no-cache");
  soup_message_headers_replace (headers, "Expires", "Thu, 01 Jan 1970 00:00:00 GMT");
  /* libsoup would cut a range out of the poll's body. */
  soup_message_headers_remove (soup_server_message_get_request_headers (message), "Range");
  token = find_connection (self, message);
  if (token == NULL || !check_offered (self, message, KR_HUB_TRANSPORT_LONG_POLLING) ||
      !claim_connection (message, token, KR_HUB_TRANSPORT_LONG_POLLING, &again))
    return;
  if (again)
    hold_poll (self, message, token);
  else
    begin_long_polling (self, message, token);
}

static void
answer_get (KrHubSoupEndpoint *self, SoupServerMessage *message)
{
  SoupMessageHeaders *headers = soup_server_message_get_request_headers (message);

  if (kr_hub_soup_accepts_event_stream (soup_message_headers_get_list (headers, "Accept")))
    answer_sse (self, message);
  else if (kr_hub_soup_upgrade_is_requested (message))
    answer_websocket (self, message);
  else
    answer_poll (self, message);
}

/* --- bodies --- */

typedef struct
{
  GByteArray *bytes;
  gsize limit;
  gboolean too_large;
} Body;

static void
body_free (gpointer data)
{
  Body *self = data;

  g_byte_array_unref (self->bytes);
  g_free (self);
}

static void
answer_post (KrHubSoupEndpoint *self, SoupServerMessage *message)
{
  g_autoptr (KrHubSoupToken) token = find_connection (self, message);
  Body *body = g_object_get_data (G_OBJECT (message), BODY);
  g_autoptr (GBytes) bytes = NULL;
  g_autoptr (GObject) transport = NULL;

  if (token == NULL)
    return;
  if (kr_hub_soup_token_get_transport (token) == KR_HUB_TRANSPORT_WEBSOCKETS)
    {
      kr_hub_soup_answer (message, SOUP_STATUS_METHOD_NOT_ALLOWED, PLAIN,
                          "POST requests are not allowed for WebSocket connections.");
      return;
    }
  bytes = body != NULL ? g_bytes_new (body->bytes->data, body->bytes->len) : g_bytes_new (NULL, 0);
  transport = kr_hub_soup_token_dup_object (token);
  if (body != NULL && body->too_large)
    kr_hub_soup_answer (message, SOUP_STATUS_REQUEST_ENTITY_TOO_LARGE, PLAIN, NULL);
  else if (transport != NULL)
    cross_visit (self, visit_post, transport, kr_hub_soup_exchange_new (message, bytes));
  else if (kr_hub_soup_token_keep_early (token, bytes, EARLY_LIMIT))
    kr_hub_soup_answer (message, SOUP_STATUS_OK, PLAIN, NULL);
  else
    kr_hub_soup_answer (message, SOUP_STATUS_REQUEST_ENTITY_TOO_LARGE, PLAIN, NULL);
}

static void
answer_delete (KrHubSoupEndpoint *self, SoupServerMessage *message)
{
  g_autoptr (KrHubSoupToken) token = find_connection (self, message);
  g_autoptr (GObject) transport = NULL;

  if (token == NULL)
    return;
  transport = kr_hub_soup_token_dup_object (token);
  if (transport == NULL || !KR_HUB_SOUP_IS_LONG_POLLING_TRANSPORT (transport))
    {
      kr_hub_soup_answer (message, SOUP_STATUS_BAD_REQUEST, PLAIN,
                          "Cannot terminate this connection using the DELETE endpoint.");
      return;
    }
  kr_hub_soup_answer (message, SOUP_STATUS_ACCEPTED, PLAIN, NULL);
  kr_hub_soup_token_end (token);
  cross_visit (self, visit_delete, transport, NULL);
}

static void
answer_hub (KrHubSoupEndpoint *self, SoupServerMessage *message)
{
  const char *method = soup_server_message_get_method (message);

  if (method == SOUP_METHOD_GET)
    answer_get (self, message);
  else if (method == SOUP_METHOD_POST)
    answer_post (self, message);
  else if (method == SOUP_METHOD_DELETE)
    answer_delete (self, message);
  else
    kr_hub_soup_answer (message, SOUP_STATUS_METHOD_NOT_ALLOWED, PLAIN, NULL);
}

/* --- who may ask --- */

static void
allow_origin (SoupServerMessage *message, const char *origin)
{
  SoupMessageHeaders *headers = soup_server_message_get_response_headers (message);

  soup_message_headers_replace (headers, "Access-Control-Allow-Origin", origin);
  soup_message_headers_replace (headers, "Access-Control-Allow-Credentials", "true");
  soup_message_headers_append (headers, "Vary", "Origin");
}

/* Fetch, 4.8: what a browser asks before a page of another origin may. The official client sends these headers. */
static void
answer_preflight (SoupServerMessage *message)
{
  SoupMessageHeaders *headers = soup_server_message_get_response_headers (message);

  soup_message_headers_replace (headers, "Access-Control-Allow-Methods", "GET, POST, DELETE");
  soup_message_headers_replace (headers, "Access-Control-Allow-Headers",
                                "x-requested-with, x-signalr-user-agent, authorization, content-type");
  soup_message_headers_replace (headers, "Access-Control-Max-Age", "600");
  soup_server_message_set_status (message, SOUP_STATUS_NO_CONTENT, NULL);
}

/* FALSE: answered. */
static gboolean
check_origin (KrHubSoupEndpoint *self, SoupServerMessage *message)
{
  SoupMessageHeaders *headers = soup_server_message_get_request_headers (message);
  const char *origin = soup_message_headers_get_list (headers, "Origin");

  if (origin == NULL || kr_hub_soup_origin_is_same (origin, soup_server_message_get_uri (message)))
    return TRUE;
  if (!kr_hub_soup_origin_is_listed (origin, (const char *const *) self->allowed_origins))
    {
      g_debug ("refused a request of another origin");
      kr_hub_soup_answer (message, SOUP_STATUS_FORBIDDEN, NULL, NULL);
      return FALSE;
    }
  allow_origin (message, origin);
  if (soup_server_message_get_method (message) != SOUP_METHOD_OPTIONS)
    return TRUE;
  answer_preflight (message);
  return FALSE;
}

static gboolean
check_authorization (KrHubSoupEndpoint *self, SoupServerMessage *message)
{
  guint status = 0;

  g_signal_emit (self, signals[SIGNAL_AUTHORIZE], 0, message, &status);
  if (status == 0 || status == SOUP_STATUS_OK)
    return TRUE;
  kr_hub_soup_answer (message, status, NULL, NULL);
  return FALSE;
}

/* --- attached to a server --- */

typedef enum
{
  TARGET_NONE,
  TARGET_HUB,
  TARGET_NEGOTIATE,
} Target;

static Target
target_of (KrHubSoupEndpoint *self, SoupServerMessage *message)
{
  GUri *uri = soup_server_message_get_uri (message);
  const char *path = uri != NULL ? g_uri_get_path (uri) : "";
  gsize len = strlen (path);
  gsize own = strlen (self->path);

  if (len > 0 && path[len - 1] == '/')
    len--;
  if (len < own || g_ascii_strncasecmp (path, self->path, own) != 0)
    return TARGET_NONE;
  if (len == own)
    return TARGET_HUB;
  return len == own + 10 && g_ascii_strncasecmp (path + own, "/negotiate", 10) == 0 ? TARGET_NEGOTIATE : TARGET_NONE;
}

/* Emitted when the request is read and before libsoup looks for a handler: whatever status we set, it keeps out then.
 * So paths match in any case, as they do in ASP.NET Core, which libsoup's own table of handlers cannot. */
static void
request_read (SoupServer *server, SoupServerMessage *message, KrHubSoupEndpoint *self)
{
  Target target = target_of (self, message);

  if (target == TARGET_NONE || soup_server_message_get_status (message) != 0 || !check_origin (self, message) ||
      !check_authorization (self, message))
    return;
  if (target == TARGET_NEGOTIATE)
    answer_negotiate (self, message);
  else
    answer_hub (self, message);
}

static void
got_chunk (SoupServerMessage *message, GBytes *chunk, Body *body)
{
  gsize size = g_bytes_get_size (chunk);

  if (size > body->limit - body->bytes->len)
    body->too_large = TRUE;
  else if (!body->too_large)
    g_byte_array_append (body->bytes, g_bytes_get_data (chunk, NULL), size);
}

/* libsoup would keep a body of any size; a negotiation's is not looked at. */
static void
got_headers (SoupServerMessage *message, KrHubSoupEndpoint *self)
{
  Target target = target_of (self, message);
  gsize max_message_size = kr_hub_server_get_max_message_size (self->hub);
  Body *body;

  if (target == TARGET_NONE)
    return;
  soup_message_body_set_accumulate (soup_server_message_get_request_body (message), FALSE);
  if (target == TARGET_NEGOTIATE || soup_server_message_get_method (message) != SOUP_METHOD_POST)
    return;
  body = g_new0 (Body, 1);
  body->bytes = g_byte_array_new ();
  body->limit = MAX (MIN_BODY_LIMIT, MIN (max_message_size, G_MAXUINT / 8) * 4);
  g_object_set_data_full (G_OBJECT (message), BODY, body, body_free);
  g_signal_connect (message, "got-chunk", G_CALLBACK (got_chunk), body);
}

static void
request_started (SoupServer *server, SoupServerMessage *message, KrHubSoupEndpoint *self)
{
  g_signal_connect (message, "got-headers", G_CALLBACK (got_headers), self);
}

static void
endpoint_unref (gpointer data, GClosure *closure)
{
  g_object_unref (data);
}

/**
 * kr_hub_soup_endpoint_attach:
 * @self: an endpoint whose properties are set
 * @server: a server; it may run in any thread
 *
 * Serves the hub on @server from now on, which keeps the endpoint alive. Before the server listens, or in its thread.
 *
 * The paths of the endpoint win over handlers that were added to @server.
 *
 * Since: 0.1
 */
void
kr_hub_soup_endpoint_attach (KrHubSoupEndpoint *self, SoupServer *server)
{
  g_return_if_fail (KR_HUB_SOUP_IS_ENDPOINT (self));
  g_return_if_fail (SOUP_IS_SERVER (server));

  kr_hub_soup_token_store_set_limits (self->store, self->max_negotiated, self->max_connections, self->disconnect_timeout);
  g_signal_connect_data (server, "request-started", G_CALLBACK (request_started), g_object_ref (self), endpoint_unref, 0);
  g_signal_connect_data (server, "request-read", G_CALLBACK (request_read), g_object_ref (self), endpoint_unref, 0);
}

/* --- properties --- */

static void
kr_hub_soup_endpoint_get_property (GObject *object, guint prop_id, GValue *value, GParamSpec *pspec)
{
  KrHubSoupEndpoint *self = KR_HUB_SOUP_ENDPOINT (object);

  switch ((KrHubSoupEndpointProperty) prop_id)
    {
    case PROP_HUB: g_value_set_object (value, self->hub); break;
    case PROP_PATH: g_value_set_string (value, self->path); break;
    case PROP_TRANSPORTS: g_value_set_flags (value, self->transports); break;
    case PROP_MINIMUM_PROTOCOL_VERSION: g_value_set_int (value, self->minimum_protocol_version); break;
    case PROP_ALLOW_STATEFUL_RECONNECTS: g_value_set_boolean (value, self->allow_stateful_reconnects); break;
    case PROP_ALLOWED_ORIGINS: g_value_set_boxed (value, self->allowed_origins); break;
    case PROP_MAX_CONNECTIONS: g_value_set_uint (value, self->max_connections); break;
    case PROP_MAX_NEGOTIATED: g_value_set_uint (value, self->max_negotiated); break;
    case PROP_POLL_TIMEOUT: g_value_set_int64 (value, self->poll_timeout); break;
    case PROP_CLOSE_TIMEOUT: g_value_set_int64 (value, self->close_timeout); break;
    case PROP_DISCONNECT_TIMEOUT: g_value_set_int64 (value, self->disconnect_timeout); break;
    case PROP_BUSY_POLL: g_value_set_uint (value, self->busy_poll); break;
    default: G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec); break;
    }
}

static void
set_path (KrHubSoupEndpoint *self, const char *path)
{
  gsize len = path != NULL ? strlen (path) : 0;

  while (len > 0 && path[len - 1] == '/')
    len--;
  self->path = g_strndup (path, len);
}

static void
kr_hub_soup_endpoint_set_property (GObject *object, guint prop_id, const GValue *value, GParamSpec *pspec)
{
  KrHubSoupEndpoint *self = KR_HUB_SOUP_ENDPOINT (object);

  switch ((KrHubSoupEndpointProperty) prop_id)
    {
    case PROP_HUB: self->hub = g_value_dup_object (value); break;
    case PROP_PATH: set_path (self, g_value_get_string (value)); break;
    case PROP_TRANSPORTS: self->transports = g_value_get_flags (value); break;
    case PROP_MINIMUM_PROTOCOL_VERSION: self->minimum_protocol_version = g_value_get_int (value); break;
    case PROP_ALLOW_STATEFUL_RECONNECTS: self->allow_stateful_reconnects = g_value_get_boolean (value); break;
    case PROP_ALLOWED_ORIGINS:
      g_strfreev (self->allowed_origins);
      self->allowed_origins = g_value_dup_boxed (value);
      break;
    case PROP_MAX_CONNECTIONS: self->max_connections = g_value_get_uint (value); break;
    case PROP_MAX_NEGOTIATED: self->max_negotiated = g_value_get_uint (value); break;
    case PROP_POLL_TIMEOUT: self->poll_timeout = g_value_get_int64 (value); break;
    case PROP_CLOSE_TIMEOUT: self->close_timeout = g_value_get_int64 (value); break;
    case PROP_DISCONNECT_TIMEOUT: self->disconnect_timeout = g_value_get_int64 (value); break;
    case PROP_BUSY_POLL:
      self->busy_poll = g_value_get_uint (value);
      kr_hub_soup_reactor_set_busy_poll (kr_hub_server_get_context (self->hub), self->busy_poll);
      break;
    default: G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec); break;
    }
}

static void
kr_hub_soup_endpoint_finalize (GObject *object)
{
  KrHubSoupEndpoint *self = KR_HUB_SOUP_ENDPOINT (object);

  if (self->busy_poll > 0)
    kr_hub_soup_reactor_set_busy_poll (kr_hub_server_get_context (self->hub), 0);
  g_clear_object (&self->hub);
  g_free (self->path);
  g_strfreev (self->allowed_origins);
  kr_hub_soup_token_store_unref (self->store);
  G_OBJECT_CLASS (kr_hub_soup_endpoint_parent_class)->finalize (object);
}

static GParamSpec *
timeout_spec (const char *name, gint64 seconds)
{
  return g_param_spec_int64 (name, NULL, NULL, 0, G_MAXINT64 / 2, seconds * G_USEC_PER_SEC,
                             G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS);
}

static void
install_properties (GObjectClass *object_class)
{
  const GParamFlags flags = G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS;

  /**
   * KrHubSoupEndpoint:hub:
   *
   * The hub that is served.
   *
   * Since: 0.1
   */
  props[PROP_HUB] = g_param_spec_object ("hub", NULL, NULL, KR_HUB_TYPE_SERVER, flags | G_PARAM_CONSTRUCT_ONLY);
  /**
   * KrHubSoupEndpoint:path:
   *
   * Where it is served, without a slash at the end.
   *
   * Since: 0.1
   */
  props[PROP_PATH] = g_param_spec_string ("path", NULL, NULL, NULL, flags | G_PARAM_CONSTRUCT_ONLY);
  /**
   * KrHubSoupEndpoint:transports:
   *
   * The transports that clients may use.
   *
   * Since: 0.1
   */
  props[PROP_TRANSPORTS] = g_param_spec_flags ("transports", NULL, NULL, KR_HUB_TYPE_TRANSPORT_FLAGS,
                                               KR_HUB_TRANSPORT_ALL, flags);
  /**
   * KrHubSoupEndpoint:minimum-protocol-version:
   *
   * The lowest version of the negotiation that a client may ask for, 0 or 1.
   *
   * Since: 0.1
   */
  props[PROP_MINIMUM_PROTOCOL_VERSION] = g_param_spec_int ("minimum-protocol-version", NULL, NULL, 0, 1, 0, flags);
  /**
   * KrHubSoupEndpoint:allow-stateful-reconnects:
   *
   * Whether clients that ask for it may continue a connection over a new WebSocket after they lost one.
   *
   * Since: 0.1
   */
  props[PROP_ALLOW_STATEFUL_RECONNECTS] = g_param_spec_boolean ("allow-stateful-reconnects", NULL, NULL, FALSE, flags);
  /**
   * KrHubSoupEndpoint:allowed-origins:
   *
   * Origins of other servers' pages that may use the hub, such as `https://example.org`, with the visitor's credentials;
   * `*` allows all. %NULL means none but the server's own.
   *
   * Since: 0.1
   */
  props[PROP_ALLOWED_ORIGINS] = g_param_spec_boxed ("allowed-origins", NULL, NULL, G_TYPE_STRV, flags);
  /**
   * KrHubSoupEndpoint:max-connections:
   *
   * How many connections there may be; more are answered with 503.
   *
   * Since: 0.1
   */
  props[PROP_MAX_CONNECTIONS] = g_param_spec_uint ("max-connections", NULL, NULL, 1, G_MAXUINT, 20000, flags);
  /**
   * KrHubSoupEndpoint:max-negotiated:
   *
   * How many connections may be negotiated and not connected; beyond it the oldest is forgotten.
   *
   * Since: 0.1
   */
  props[PROP_MAX_NEGOTIATED] = g_param_spec_uint ("max-negotiated", NULL, NULL, 1, G_MAXUINT, 5000, flags);
  /**
   * KrHubSoupEndpoint:poll-timeout:
   *
   * How long a poll is held, µs.
   *
   * Since: 0.1
   */
  props[PROP_POLL_TIMEOUT] = timeout_spec ("poll-timeout", 90);
  /**
   * KrHubSoupEndpoint:close-timeout:
   *
   * How long a client may take to answer the end of its connection, µs.
   *
   * Since: 0.1
   */
  props[PROP_CLOSE_TIMEOUT] = timeout_spec ("close-timeout", 5);
  /**
   * KrHubSoupEndpoint:disconnect-timeout:
   *
   * How long a connection may be without a transport, or a poll, µs.
   *
   * Since: 0.1
   */
  props[PROP_DISCONNECT_TIMEOUT] = timeout_spec ("disconnect-timeout", 15);
  /**
   * KrHubSoupEndpoint:busy-poll:
   *
   * How long the hub's main context looks for more before it sleeps, µs; 0, the default, not at all. An answer then comes
   * sooner by what a sleep and a wake-up cost, at the price of a busy core while clients are active; after a pause it
   * sleeps as always. It concerns all connections of that context.
   *
   * Since: 0.1
   */
  props[PROP_BUSY_POLL] = g_param_spec_uint ("busy-poll", NULL, NULL, 0, 1000, 0, flags);
  g_object_class_install_properties (object_class, G_N_ELEMENTS (props), props);
}

/* The first handler that refuses decides. */
static gboolean
accumulate_status (GSignalInvocationHint *hint, GValue *result, const GValue *value, gpointer data)
{
  guint status = g_value_get_uint (value);

  g_value_set_uint (result, status);
  return status == 0 || status == SOUP_STATUS_OK;
}

static void
kr_hub_soup_endpoint_class_init (KrHubSoupEndpointClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->get_property = kr_hub_soup_endpoint_get_property;
  object_class->set_property = kr_hub_soup_endpoint_set_property;
  object_class->finalize = kr_hub_soup_endpoint_finalize;
  install_properties (object_class);

  /**
   * KrHubSoupEndpoint::authorize:
   * @self: the endpoint
   * @message: a request to it, of any method
   *
   * Asks who may use the hub; emitted for each request in the thread of the SoupServer, before anything else about it is
   * answered. A handler may tell whom the connection belongs to with [method@KrHubSoup.Endpoint.set_user_id]; the first
   * request of a transport decides.
   *
   * Returns: 0 or 200 to allow, 401 or 403 to refuse
   *
   * Since: 0.1
   */
  signals[SIGNAL_AUTHORIZE] = g_signal_new ("authorize", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0,
                                            accumulate_status, NULL, NULL,
                                            G_TYPE_UINT, 1, SOUP_TYPE_SERVER_MESSAGE);
}

static void
kr_hub_soup_endpoint_init (KrHubSoupEndpoint *self)
{
  self->transports = KR_HUB_TRANSPORT_ALL;
  self->max_connections = 20000;
  self->max_negotiated = 5000;
  self->poll_timeout = 90 * G_USEC_PER_SEC;
  self->close_timeout = 5 * G_USEC_PER_SEC;
  self->disconnect_timeout = 15 * G_USEC_PER_SEC;
  self->store = kr_hub_soup_token_store_new ();
}

/**
 * kr_hub_soup_endpoint_new:
 * @hub: a hub, in whichever main context
 * @path: where to serve it, such as `/hub`; requests match in any case and with a slash at the end
 *
 * Creates an endpoint, which does nothing before it is attached to a server.
 *
 * Returns: (transfer full): a new endpoint
 *
 * Since: 0.1
 */
KrHubSoupEndpoint *
kr_hub_soup_endpoint_new (KrHubServer *hub, const char *path)
{
  g_return_val_if_fail (KR_HUB_IS_SERVER (hub), NULL);
  g_return_val_if_fail (path != NULL && *path == '/', NULL);

  return g_object_new (KR_HUB_SOUP_TYPE_ENDPOINT, "hub", hub, "path", path, NULL);
}

/**
 * kr_hub_soup_endpoint_get_hub: (get-property hub)
 * @self: an endpoint
 *
 * Gets the hub. Any thread.
 *
 * Returns: (transfer none): the hub
 *
 * Since: 0.1
 */
KrHubServer *
kr_hub_soup_endpoint_get_hub (KrHubSoupEndpoint *self)
{
  g_return_val_if_fail (KR_HUB_SOUP_IS_ENDPOINT (self), NULL);
  return self->hub;
}

/**
 * kr_hub_soup_endpoint_get_path: (get-property path)
 * @self: an endpoint
 *
 * Gets the path. Any thread.
 *
 * Returns: (transfer none): the path, without a slash at the end
 *
 * Since: 0.1
 */
const char *
kr_hub_soup_endpoint_get_path (KrHubSoupEndpoint *self)
{
  g_return_val_if_fail (KR_HUB_SOUP_IS_ENDPOINT (self), NULL);
  return self->path;
}

/**
 * kr_hub_soup_endpoint_get_n_connections:
 * @self: an endpoint
 *
 * Gets how many connections have a transport. Any thread.
 *
 * Returns: the number of connections
 *
 * Since: 0.1
 */
guint
kr_hub_soup_endpoint_get_n_connections (KrHubSoupEndpoint *self)
{
  g_return_val_if_fail (KR_HUB_SOUP_IS_ENDPOINT (self), 0);
  return kr_hub_soup_token_store_get_n_connections (self->store);
}

/**
 * kr_hub_soup_endpoint_get_n_negotiated:
 * @self: an endpoint
 *
 * Gets how many connections were negotiated and wait for their transport. Any thread.
 *
 * Returns: the number of waiting connections
 *
 * Since: 0.1
 */
guint
kr_hub_soup_endpoint_get_n_negotiated (KrHubSoupEndpoint *self)
{
  g_return_val_if_fail (KR_HUB_SOUP_IS_ENDPOINT (self), 0);
  return kr_hub_soup_token_store_get_n_waiting (self->store);
}

/**
 * kr_hub_soup_endpoint_set_user_id:
 * @self: an endpoint
 * @message: the request that [signal@KrHubSoup.Endpoint::authorize] asks about
 * @user_id: (nullable): whom the connection belongs to
 *
 * Says who sent a request; in a handler of that signal.
 *
 * Since: 0.1
 */
void
kr_hub_soup_endpoint_set_user_id (KrHubSoupEndpoint *self, SoupServerMessage *message, const char *user_id)
{
  g_return_if_fail (KR_HUB_SOUP_IS_ENDPOINT (self));
  g_return_if_fail (SOUP_IS_SERVER_MESSAGE (message));
  g_object_set_data_full (G_OBJECT (message), USER_ID, g_strdup (user_id), g_free);
}

/**
 * kr_hub_soup_endpoint_dup_bearer_token:
 * @self: an endpoint
 * @message: a request
 *
 * Gets the bearer token of a request: from its `Authorization` header, or from the query's `access_token`, which is where
 * browsers have to put it for WebSocket and Server-Sent Events. Keep it out of logs.
 *
 * Returns: (transfer full) (nullable): the token, or %NULL
 *
 * Since: 0.1
 */
char *
kr_hub_soup_endpoint_dup_bearer_token (KrHubSoupEndpoint *self, SoupServerMessage *message)
{
  const char *header;

  g_return_val_if_fail (KR_HUB_SOUP_IS_ENDPOINT (self), NULL);
  g_return_val_if_fail (SOUP_IS_SERVER_MESSAGE (message), NULL);

  header = soup_message_headers_get_one (soup_server_message_get_request_headers (message), "Authorization");
  if (header != NULL && g_ascii_strncasecmp (header, "Bearer ", 7) == 0)
    return g_strstrip (g_strdup (header + 7));
  return query_of (message, "access_token");
}
