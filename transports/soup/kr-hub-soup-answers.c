/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* What the endpoint answers, in the HTTP thread (TransportProtocols.md; statuses and texts as ASP.NET Core has them). */
#include "config.h"

#include "kr-hub-soup-endpoint-private.h"

#include "kr-hub-soup-arrival-private.h"
#include "kr-hub-soup-exchange-private.h"
#include "kr-hub-soup-long-polling-transport-private.h"
#include "kr-hub-soup-request-private.h"
#include "kr-hub-soup-upgrade-private.h"

#define PLAIN "text/plain"
#define NO_CONNECTION "No Connection with that ID"

/* A post may carry several messages; what is larger than one may be, and larger than this, cannot be meant well. */
#define MIN_BODY_LIMIT (1024 * 1024)
#define MAX_BODY_LIMIT G_MAXINT32 /* of a hub whose messages have no limit: what a GByteArray takes */
/* Enough for a handshake and a call; this much may wait for each token that nobody uses. */
#define EARLY_LIMIT (8 * 1024)

/* Data of a SoupServerMessage. */
#define BODY "kr-hub-soup-body"

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
got_chunk (SoupServerMessage *message, GBytes *chunk, Body *body)
{
  gsize size = g_bytes_get_size (chunk);

  if (size > body->limit - body->bytes->len)
    body->too_large = TRUE;
  else if (!body->too_large)
    g_byte_array_append (body->bytes, g_bytes_get_data (chunk, NULL), size);
}

static char *
query_of (SoupServerMessage *message, const char *key)
{
  return kr_hub_soup_query_dup (g_uri_get_query (soup_server_message_get_uri (message)), key);
}

static gboolean
has_connection (KrHubSoupEndpoint *self, SoupServerMessage *message)
{
  g_autofree char *id = query_of (message, "id");
  g_autoptr (KrHubSoupToken) token = NULL;

  if (id != NULL)
    token = kr_hub_soup_token_store_lookup (self->store, id, g_get_monotonic_time ());
  return token != NULL;
}

/* libsoup would keep a body of any size; a negotiation's is not looked at, nor that of a stranger, whom nobody has asked yet
 * who he is. */
void
kr_hub_soup_endpoint_limit_body (KrHubSoupEndpoint *self, SoupServerMessage *message, KrHubSoupTarget target)
{
  gsize max_message_size = kr_hub_server_get_max_message_size (self->hub);
  Body *body;

  soup_message_body_set_accumulate (soup_server_message_get_request_body (message), FALSE);
  if (target == KR_HUB_SOUP_TARGET_NEGOTIATE || soup_server_message_get_method (message) != SOUP_METHOD_POST ||
      !has_connection (self, message))
    return;
  body = g_new0 (Body, 1);
  body->bytes = g_byte_array_new ();
  body->limit = max_message_size > 0 ? MAX (MIN_BODY_LIMIT, MIN (max_message_size, MAX_BODY_LIMIT / 4) * 4) : MAX_BODY_LIMIT;
  g_object_set_data_full (G_OBJECT (message), BODY, body, body_free);
  g_signal_connect (message, "got-chunk", G_CALLBACK (got_chunk), body);
}

/* --- negotiation --- */

static KrHubNegotiation *
negotiate (KrHubSoupEndpoint *self, SoupServerMessage *message)
{
  g_autofree char *text = query_of (message, "negotiateVersion");
  g_autofree char *problem = NULL;
  g_autoptr (KrHubSoupToken) token = NULL;
  g_autofree char *stateful = query_of (message, "useStatefulReconnect");
  const char *redirect, *access_token;
  gint version = 0;

  if (text != NULL && !kr_hub_soup_parse_int32 (text, &version))
    return kr_hub_negotiation_new_error ("The client requested a non-integer protocol version.");
  if (version < self->minimum_protocol_version)
    {
      problem = g_strdup_printf ("The client requested version '%d', but the server does not support this version.", version);
      return kr_hub_negotiation_new_error (problem);
    }
  version = CLAMP (version, 0, 1);
  redirect = kr_hub_soup_message_get_redirect (message, &access_token);
  if (redirect != NULL)
    return kr_hub_negotiation_new_redirect (version, redirect, access_token);
  token = kr_hub_soup_token_store_create (self->store, version > 0, g_get_monotonic_time ());
  if (self->allow_stateful_reconnects && stateful != NULL && g_ascii_strcasecmp (stateful, "true") == 0)
    kr_hub_soup_token_set_stateful (token);
  kr_hub_soup_endpoint_look_after_tokens (self);
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
  kr_hub_soup_arrive_websocket (self, message, token, again);
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
  kr_hub_soup_arrive_sse (self, message, token);
}

static void
begin_long_polling (KrHubSoupEndpoint *self, SoupServerMessage *message, KrHubSoupToken *token)
{
  kr_hub_soup_arrive_long_polling (self, message, token);
  kr_hub_soup_answer (message, SOUP_STATUS_OK, "application/octet-stream", NULL);
}

static void
hold_poll (KrHubSoupEndpoint *self, SoupServerMessage *message, KrHubSoupToken *token)
{
  g_autoptr (GObject) transport = kr_hub_soup_token_dup_object (token);

  if (transport != NULL)
    kr_hub_soup_visit_poll (self, message, token, transport);
  else
    kr_hub_soup_answer (message, SOUP_STATUS_NOT_FOUND, PLAIN, NO_CONNECTION);
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
    kr_hub_soup_visit_post (self, message, transport, bytes);
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
  kr_hub_soup_visit_delete (self, message, token, transport);
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

void
kr_hub_soup_endpoint_answer (KrHubSoupEndpoint *self, SoupServerMessage *message, KrHubSoupTarget target)
{
  if (target == KR_HUB_SOUP_TARGET_NEGOTIATE)
    answer_negotiate (self, message);
  else
    answer_hub (self, message);
}
