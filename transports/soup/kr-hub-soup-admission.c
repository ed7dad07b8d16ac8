/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* Who may ask the endpoint: proxies, origins, authorisation. In the HTTP thread. */
#include "config.h"

#include "kr-hub-soup-endpoint-private.h"

#include "kr-hub-soup-exchange-private.h"
#include "kr-hub-soup-forwarded-private.h"
#include "kr-hub-soup-request-private.h"

/* Data of a SoupServerMessage. */
#define CLIENT "kr-hub-soup-client"

/* Who sent a request, beside what it says itself. */
typedef struct
{
  char *user_id;                      /* by the handler of KrHubSoupEndpoint::authorize, as what follows */
  gboolean has_expiry;
  gint64 expiry;
  char *redirect;                     /* where to negotiate instead, and with which token; both may be NULL */
  char *redirect_token;
  KrHubSoupForwardedClient forwarded; /* by a proxy that is trusted */
} Client;

static void
client_free (gpointer data)
{
  Client *self = data;

  g_free (self->user_id);
  g_free (self->redirect);
  g_free (self->redirect_token);
  kr_hub_soup_forwarded_client_clear (&self->forwarded);
  g_free (self);
}

static Client *
client_of (SoupServerMessage *message)
{
  return g_object_get_data (G_OBJECT (message), CLIENT);
}

static Client *
ensure_client (SoupServerMessage *message)
{
  Client *self = client_of (message);

  if (self == NULL)
    {
      self = g_new0 (Client, 1);
      g_object_set_data_full (G_OBJECT (message), CLIENT, self, client_free);
    }
  return self;
}

const char *
kr_hub_soup_message_get_user_id (SoupServerMessage *message)
{
  Client *client = client_of (message);

  return client != NULL ? client->user_id : NULL;
}

void
kr_hub_soup_message_set_user_id (SoupServerMessage *message, const char *user_id)
{
  Client *client = ensure_client (message);

  g_free (client->user_id);
  client->user_id = g_strdup (user_id);
}

void
kr_hub_soup_message_set_expiry (SoupServerMessage *message, gint64 expiry)
{
  Client *client = ensure_client (message);

  client->has_expiry = TRUE;
  client->expiry = expiry;
}

gboolean
kr_hub_soup_message_get_expiry (SoupServerMessage *message, gint64 *expiry)
{
  Client *client = client_of (message);

  *expiry = client != NULL ? client->expiry : 0;
  return client != NULL && client->has_expiry;
}

void
kr_hub_soup_message_set_redirect (SoupServerMessage *message, const char *url, const char *access_token)
{
  Client *client = ensure_client (message);

  g_free (client->redirect);
  g_free (client->redirect_token);
  client->redirect = g_strdup (url);
  client->redirect_token = g_strdup (access_token);
}

const char *
kr_hub_soup_message_get_redirect (SoupServerMessage *message, const char **access_token)
{
  Client *client = client_of (message);

  *access_token = client != NULL ? client->redirect_token : NULL;
  return client != NULL ? client->redirect : NULL;
}

/* --- proxies --- */

static char *
dup_peer_address (SoupServerMessage *message)
{
  GSocketAddress *address = soup_server_message_get_remote_address (message);

  if (!G_IS_INET_SOCKET_ADDRESS (address))
    return NULL;
  return g_inet_address_to_string (g_inet_socket_address_get_address (G_INET_SOCKET_ADDRESS (address)));
}

/* NULL: not known, as over a socket of another family */
char *
kr_hub_soup_message_dup_remote_address (SoupServerMessage *message)
{
  Client *client = client_of (message);

  if (client != NULL && client->forwarded.address != NULL)
    return g_strdup (client->forwarded.address);
  return dup_peer_address (message);
}

static void
read_forwarded (KrHubSoupEndpoint *self, SoupServerMessage *message)
{
  SoupMessageHeaders *headers = soup_server_message_get_request_headers (message);
  g_autofree char *peer = NULL;
  KrHubSoupForwardedHeaders lists;

  if (G_LIKELY (self->proxies == NULL || self->proxies->len == 0))
    return;
  peer = dup_peer_address (message);
  lists.standard = soup_message_headers_get_list (headers, "Forwarded");
  lists.x_for = soup_message_headers_get_list (headers, "X-Forwarded-For");
  lists.x_proto = soup_message_headers_get_list (headers, "X-Forwarded-Proto");
  lists.x_host = soup_message_headers_get_list (headers, "X-Forwarded-Host");
  kr_hub_soup_forwarded_read (&lists, self->forwarded_headers, self->forward_limit, self->proxies, peer,
                              &ensure_client (message)->forwarded);
}

/* Where the client means to be: a proxy may speak to us by another scheme and name than the client to it. */
static GUri *
dup_public_uri (SoupServerMessage *message)
{
  GUri *uri = soup_server_message_get_uri (message);
  Client *client = client_of (message);
  const KrHubSoupForwardedClient *forwarded = client != NULL ? &client->forwarded : NULL;
  const char *scheme = g_uri_get_scheme (uri);
  int port = g_uri_get_port (uri);
  gboolean implied = port <= 0 || port == (strcmp (scheme, "https") == 0 ? 443 : 80);

  if (forwarded == NULL || (forwarded->scheme == NULL && forwarded->host == NULL))
    return g_uri_ref (uri);
  if (forwarded->scheme != NULL)
    scheme = forwarded->scheme;
  if (forwarded->host != NULL)
    {
      g_autofree char *text = g_strdup_printf ("%s://%s/", scheme, forwarded->host);

      return g_uri_parse (text, SOUP_HTTP_URI_FLAGS, NULL);
    }
  return g_uri_build (SOUP_HTTP_URI_FLAGS, scheme, NULL, g_uri_get_host (uri), implied ? -1 : port, "/", NULL, NULL);
}

/* --- origins --- */

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
  g_autoptr (GUri) uri = origin != NULL ? dup_public_uri (message) : NULL;

  if (origin == NULL || (uri != NULL && kr_hub_soup_origin_is_same (origin, uri)))
    return TRUE;
  if (!kr_hub_soup_origin_is_listed (origin, (const char *const *) self->allowed_origins))
    {
      kr_hub_soup_log_request (message, "refused, being of another origin");
      kr_hub_soup_answer (message, SOUP_STATUS_FORBIDDEN, NULL, NULL);
      return FALSE;
    }
  allow_origin (message, origin);
  if (soup_server_message_get_method (message) != SOUP_METHOD_OPTIONS)
    return TRUE;
  answer_preflight (message);
  return FALSE;
}

/* --- authorisation --- */

static gboolean
check_authorization (KrHubSoupEndpoint *self, SoupServerMessage *message)
{
  guint status = kr_hub_soup_endpoint_emit_authorize (self, message);

  if (status == 0 || status == SOUP_STATUS_OK)
    return TRUE;
  kr_hub_soup_log_request (message, "refused by the program");
  kr_hub_soup_answer (message, status, NULL, NULL);
  return FALSE;
}

gboolean
kr_hub_soup_endpoint_admit (KrHubSoupEndpoint *self, SoupServerMessage *message)
{
  read_forwarded (self, message);
  return check_origin (self, message) && check_authorization (self, message);
}
