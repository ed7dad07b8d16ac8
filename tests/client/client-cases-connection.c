/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* Cases of the table: tokens, redirects, fallback, ends, and networks that break. */
#include "config.h"

#include "client-site.h"
#include "kr-test-proxy.h"

static void
assert_start_fails (KrHubClient *client, GQuark domain, gint code, const char *text)
{
  g_autoptr (GError) error = NULL;

  g_assert_false (client_site_start (client, &error));
  g_assert_error (error, domain, code);
  if (text != NULL)
    g_assert_nonnull (strstr (error->message, text));
  g_assert_cmpint (kr_hub_client_get_state (client), ==, KR_HUB_CLIENT_DISCONNECTED);
  g_assert_error (kr_hub_client_get_last_error (client), domain, code);
}

/* --- tokens --- */

static void
case_token (ClientSite *site)
{
  KrHubClient *nobody = client_site_new_client (site, "/auth", NULL);
  KrHubClient *forbidden = client_site_new_client (site, "/auth", "forbidden");
  KrHubClient *ann = client_site_connect (site, "/auth", "ann");

  assert_start_fails (nobody, G_IO_ERROR, G_IO_ERROR_PERMISSION_DENIED, "401");
  assert_start_fails (forbidden, G_IO_ERROR, G_IO_ERROR_PERMISSION_DENIED, "403");
  client_assert_call (ann, "UserId", NULL, "s", "'ann'");
}

/* Gives its tokens one after the other, each a little later. */
typedef struct
{
  const char *tokens[4];
  guint n_asked;
  guint n_refused;
} Tokens;

typedef struct
{
  KrHubSoupTokenRequest *request;
  const char *token;
} Parcel;

static gboolean
deliver_token (gpointer data)
{
  g_autofree Parcel *parcel = data;
  g_autoptr (KrHubSoupTokenRequest) request = parcel->request;

  kr_hub_soup_token_request_return_token (request, parcel->token);
  return G_SOURCE_REMOVE;
}

static void
next_token (KrHubSoupTokenRequest *request, gpointer data)
{
  Tokens *tokens = data;
  Parcel *parcel = g_new (Parcel, 1);

  g_assert_cmpuint (tokens->n_asked, <, G_N_ELEMENTS (tokens->tokens));
  *parcel = (Parcel) { kr_hub_soup_token_request_ref (request), tokens->tokens[tokens->n_asked++] };
  tokens->n_refused += kr_hub_soup_token_request_is_refused (request);
  g_idle_add (deliver_token, parcel);
}

/* Asked anew each time, and once more after a 401. */
static void
case_token_provider (ClientSite *site)
{
  g_autoptr (KrHubSoupConnector) connector = client_site_new_connector (site, "/auth");
  KrHubClient *client = client_site_adopt (site, connector);
  Tokens tokens = { { NULL, "bob", "carol" }, 0, 0 };
  g_autoptr (GError) error = NULL;

  kr_hub_soup_connector_set_token_provider (connector, next_token, &tokens, NULL);
  client_site_start (client, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (tokens.n_asked, ==, 2);
  g_assert_cmpuint (tokens.n_refused, ==, 1);
  client_assert_call (client, "UserId", NULL, "s", "'bob'");
  client_site_stop (client);
  g_assert_true (client_site_start (client, NULL));
  client_assert_call (client, "UserId", NULL, "s", "'carol'");
  g_assert_cmpuint (tokens.n_asked, ==, 3);
  client_site_stop (client);
  kr_hub_soup_connector_set_token_provider (connector, NULL, NULL, NULL);
}

/* --- redirects --- */

typedef struct
{
  guint16 port;        /* where to go */
  guint n_negotiated;
  gboolean for_ever;
} Redirect;

static void
redirect (SoupServer *server, SoupServerMessage *message, const char *path, GHashTable *query, gpointer data)
{
  Redirect *self = data;
  g_autofree char *document = NULL;

  self->n_negotiated++;
  document = self->for_ever
               ? g_strdup ("{\"url\":\"/again\",\"availableTransports\":[]}")
               : g_strdup_printf ("{\"negotiateVersion\":1,\"url\":\"http://127.0.0.1:%u/auth\",\"accessToken\":\"dave\","
                                  "\"availableTransports\":[]}",
                                  self->port);
  soup_server_message_set_response (message, "application/json", SOUP_MEMORY_COPY, document, strlen (document));
  soup_server_message_set_status (message, SOUP_STATUS_OK, NULL);
}

/* The redirecting server's token counts from there on. */
static void
case_redirect (ClientSite *site)
{
  g_autoptr (SoupServer) server = soup_server_new (NULL, NULL);
  Redirect data = { site->port, 0, FALSE };
  ClientSite first = *site;
  g_autoslist (GUri) uris = NULL;
  KrHubClient *client;
  g_autoptr (GError) error = NULL;

  soup_server_add_handler (server, NULL, redirect, &data, NULL);
  g_assert_true (soup_server_listen_local (server, 0, SOUP_SERVER_LISTEN_IPV4_ONLY, &error));
  uris = soup_server_get_uris (server);
  first.port = g_uri_get_port (uris->data);
  client = client_site_connect (&first, "/somewhere", "nobody-there-knows");
  client_assert_call (client, "UserId", NULL, "s", "'dave'");
  g_assert_cmpuint (data.n_negotiated, ==, 1);
  data.for_ever = TRUE;
  assert_start_fails (client_site_new_client (&first, "/somewhere", NULL), G_IO_ERROR, G_IO_ERROR_FAILED,
                      "Negotiate redirection limit exceeded.");
  g_assert_cmpuint (data.n_negotiated, ==, 1 + 100);
  soup_server_disconnect (server);
}

/* The same from the server under test itself: its endpoint redirects. */
static void
case_redirected (ClientSite *site)
{
  client_assert_call (client_site_connect (site, "/redirect", "nobody-there-knows"), "UserId", NULL, "s", "'redirected'");
  client_assert_call (client_site_connect (site, "/redirect-as-is", "emma"), "UserId", NULL, "s", "'emma'");
  assert_start_fails (client_site_new_client (site, "/redirect-loop", NULL), G_IO_ERROR, G_IO_ERROR_FAILED,
                      "Negotiate redirection limit exceeded.");
}

/* --- which transport --- */

static void
assert_transport (ClientSite *site, const char *path, KrHubTransportFlags allowed, const char *expected)
{
  g_autoptr (KrHubSoupConnector) connector = client_site_new_connector (site, path);
  KrHubClient *client = client_site_adopt (site, connector);
  g_autoptr (GError) error = NULL;

  g_object_set (connector, "transports", allowed, NULL);
  client_site_start (client, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (kr_hub_client_get_transport_name (client), ==, expected);
  client_assert_number (client, 1);
}

static void
case_choice (ClientSite *site)
{
  g_autoptr (KrHubSoupConnector) connector = client_site_new_connector (site, "/ws");

  assert_transport (site, "/hub", KR_HUB_TRANSPORT_ALL, "WebSockets");
  assert_transport (site, "/lp", KR_HUB_TRANSPORT_ALL, "LongPolling");
  if (!site->kind->messagepack)
    {
      assert_transport (site, "/sse", KR_HUB_TRANSPORT_ALL, "ServerSentEvents");
      assert_transport (site, "/hub", KR_HUB_TRANSPORT_ALL & ~KR_HUB_TRANSPORT_WEBSOCKETS, "ServerSentEvents");
    }
  g_object_set (connector, "transports", KR_HUB_TRANSPORT_LONG_POLLING, NULL);
  assert_start_fails (client_site_adopt (site, connector), G_IO_ERROR, G_IO_ERROR_FAILED,
                      "'WebSockets' is disabled by the client.");
}

/* Something on the way does not let WebSockets through. */
static void
case_fallback (ClientSite *site)
{
  g_autoptr (KrTestProxy) proxy = kr_test_proxy_new (site->port);
  ClientSite behind = *site;

  behind.port = proxy->port;
  proxy->refuse_upgrades = TRUE;
  assert_transport (&behind, "/hub", KR_HUB_TRANSPORT_ALL, site->kind->messagepack ? "LongPolling" : "ServerSentEvents");
  g_assert_cmpuint (proxy->n_refused, ==, 1);
  assert_transport (&behind, "/hub", KR_HUB_TRANSPORT_WEBSOCKETS | KR_HUB_TRANSPORT_LONG_POLLING, "LongPolling");
  g_assert_cmpuint (proxy->n_refused, ==, 2);
  g_ptr_array_set_size (site->clients, 0);
}

static void
case_skip_negotiation (ClientSite *site)
{
  g_autoptr (KrHubSoupConnector) connector = client_site_new_connector (site, "/auth");
  KrHubClient *client = client_site_adopt (site, connector);
  Tokens tokens = { { NULL, "eve" }, 0, 0 };
  g_autoptr (GError) error = NULL;

  g_object_set (connector, "skip-negotiation", TRUE, NULL);
  kr_hub_soup_connector_set_token_provider (connector, next_token, &tokens, NULL);
  client_site_start (client, &error);
  g_assert_no_error (error);
  g_assert_null (kr_hub_client_get_connection_id (client));
  client_assert_call (client, "UserId", NULL, "s", "'eve'");
  client_site_stop (client);
  g_object_set (connector, "transports", KR_HUB_TRANSPORT_LONG_POLLING, NULL);
  assert_start_fails (client, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT, "Negotiation can only be skipped");
}

/* --- ends --- */

static gboolean
is_disconnected (gpointer client)
{
  return kr_hub_client_get_state (client) == KR_HUB_CLIENT_DISCONNECTED;
}

static gboolean
is_connected (gpointer client)
{
  return kr_hub_client_get_state (client) == KR_HUB_CLIENT_CONNECTED;
}

static gboolean
is_reconnecting (gpointer client)
{
  return kr_hub_client_get_state (client) == KR_HUB_CLIENT_RECONNECTING;
}

/* The hub ends the connection and forbids another one: obeyed, whatever the policy says. */
static void
case_forbidden (ClientSite *site)
{
  KrHubClient *client = client_site_connect (site, "/hub", NULL);
  g_autoptr (KrHubRetryPolicy) policy = kr_hub_retry_policy_new_forever (1, 1);

  g_object_set (client, "retry-policy", policy, NULL);
  g_assert_true (kr_hub_client_send (client, "End", NULL, NULL));
  kr_test_wait ("the end", is_disconnected, client);
}

static void
case_stop (ClientSite *site)
{
  KrHubClient *client = client_site_connect (site, "/hub", NULL);
  g_autoptr (GError) error = NULL;

  client_site_stop (client);
  g_assert_null (kr_hub_client_get_connection_id (client));
  g_assert_null (client_call (client, "EchoInt", g_variant_new ("(i)", 1), "i", &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_NOT_CONNECTED);
  g_assert_true (client_site_start (client, NULL));
  client_assert_number (client, 1);
}

/* The server sends what it may not: more than the client takes. */
static void
case_too_large (ClientSite *site)
{
  KrHubClient *client = client_site_connect (site, "/hub", NULL);
  g_autoptr (GError) error = NULL;

  client_site_stop (client);
  g_object_set (client, "max-message-size", (guint64) 10000, NULL);
  g_assert_true (client_site_start (client, NULL));
  g_assert_null (client_call (client, "Big", g_variant_new ("(i)", 20000), "s", &error));
  g_assert_error (error, KR_HUB_ERROR, KR_HUB_ERROR_TOO_LARGE);
  kr_test_wait ("the end", is_disconnected, client);
}

/* --- a network that breaks --- */

/* Whatever arrives in pieces of 1 to 7 bytes is what was sent. */
static void
case_pieces (ClientSite *site)
{
  g_autoptr (KrTestProxy) proxy = kr_test_proxy_new (site->port);
  ClientSite behind = *site;

  behind.port = proxy->port;
  for (proxy->split = 1; proxy->split <= 7; proxy->split += 3)
    {
      KrHubClient *client = client_site_connect (&behind, "/hub", NULL);

      client_assert_call (client, "EchoString", g_variant_new ("(s)", "in pieces: ü"), "s", "'in pieces: ü'");
      client_assert_call (client, "Two", g_variant_new ("(si)", "x", 7), "s", "'x 7'");
    }
  g_assert_cmpuint (proxy->n_pieces, >, 300);
  g_ptr_array_set_size (site->clients, 0);
}

/* libsoup repeats a poll by itself, except on a connection that has answered nothing yet, and never a POST: a cut is
 * nobody's business, or it costs the call that is under way. */
static void
assert_polls_again (KrHubClient *client, gint number, const char *id)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) value = client_call (client, "EchoInt", g_variant_new ("(i)", number), "i", &error);

  if (value != NULL)
    {
      g_assert_cmpint (g_variant_get_int32 (value), ==, number);
      g_assert_cmpstr (kr_hub_client_get_connection_id (client), ==, id);
      return;
    }
  g_assert_cmpuint (error->domain, ==, G_IO_ERROR);
  client_assert_number (client, number);
  g_assert_cmpstr (kr_hub_client_get_connection_id (client), !=, id);
}

/* A connection that breaks is replaced, calls that were under way fail, those made meanwhile wait. */
static void
case_cut (ClientSite *site)
{
  g_autoptr (KrTestProxy) proxy = kr_test_proxy_new (site->port);
  g_autoptr (KrHubRetryPolicy) policy = kr_hub_retry_policy_new_forever (10000, 100000);
  ClientSite behind = *site;
  KrHubClient *client;

  behind.port = proxy->port;
  client = client_site_connect (&behind, "/hub", NULL);
  g_object_set (client, "retry-policy", policy, "call-policy", KR_HUB_CALL_WAIT, NULL);
  for (guint i = 0; i < 3; i++)
    {
      guint before = proxy->n_cuts;
      g_autofree char *id = g_strdup (kr_hub_client_get_connection_id (client));

      kr_test_proxy_cut (proxy);
      g_assert_cmpuint (proxy->n_cuts, >, before);
      if (site->kind->transport == KR_HUB_TRANSPORT_LONG_POLLING)
        {
          assert_polls_again (client, i, id);
          continue;
        }
      kr_test_wait ("the loss", is_reconnecting, client);
      g_assert_nonnull (kr_hub_client_get_last_error (client));
      client_assert_number (client, i);
      g_assert_cmpint (kr_hub_client_get_state (client), ==, KR_HUB_CLIENT_CONNECTED);
      g_assert_null (kr_hub_client_get_last_error (client));
      g_assert_cmpstr (kr_hub_client_get_connection_id (client), !=, id);
    }
  g_ptr_array_set_size (site->clients, 0);
}

/* Nothing comes through any more: noticed after the server's timeout, and healed when it does again. */
static void
case_stalled (ClientSite *site)
{
  g_autoptr (KrTestProxy) proxy = kr_test_proxy_new (site->port);
  g_autoptr (KrHubRetryPolicy) policy = kr_hub_retry_policy_new_forever (10000, 100000);
  ClientSite behind = *site;
  KrHubClient *client;

  behind.port = proxy->port;
  client = client_site_new_client (&behind, "/hub", NULL);
  g_object_set (client, "retry-policy", policy, "server-timeout", (gint64) (G_USEC_PER_SEC / 5), NULL);
  g_assert_true (client_site_start (client, NULL));
  kr_test_proxy_set_stalled (proxy, TRUE);
  kr_test_wait ("the silence", is_reconnecting, client);
  g_assert_error (kr_hub_client_get_last_error (client), G_IO_ERROR, G_IO_ERROR_TIMED_OUT);
  g_object_set (client, "server-timeout", (gint64) (30 * G_USEC_PER_SEC), NULL);
  kr_test_proxy_set_stalled (proxy, FALSE);
  kr_test_wait ("the connection", is_connected, client);
  client_assert_number (client, 1);
  g_ptr_array_set_size (site->clients, 0);
}

/* Stateful: a lost socket is nobody's business. */
static void
case_stateful (ClientSite *site)
{
  g_autoptr (KrTestProxy) proxy = kr_test_proxy_new (site->port);
  ClientSite behind = *site;
  KrHubClient *client;
  g_autofree char *id = NULL;
  g_autofree char *printed = NULL;

  behind.port = proxy->port;
  client = client_site_new_client (&behind, "/stateful", NULL);
  g_object_set (client, "stateful-reconnect", TRUE, NULL);
  g_assert_true (client_site_start (client, NULL));
  id = g_strdup (kr_hub_client_get_connection_id (client));
  for (guint i = 0; i < 5; i++)
    {
      kr_test_proxy_cut (proxy);
      client_assert_number (client, i);
    }
  g_assert_cmpuint (proxy->n_cuts, >=, 5);
  g_assert_cmpstr (kr_hub_client_get_connection_id (client), ==, id);
  printed = g_strdup_printf ("'%s'", id);
  client_assert_call (client, "ConnectionId", NULL, "s", printed);
  g_ptr_array_set_size (site->clients, 0);
}

const ClientCase client_connection_cases[] = {
  { "token/given", case_token },
  { "token/provider", case_token_provider },
  { "redirect", case_redirect },
  { "redirected", case_redirected },
  { "choice", case_choice, KR_HUB_TRANSPORT_WEBSOCKETS },
  { "fallback", case_fallback, KR_HUB_TRANSPORT_WEBSOCKETS },
  { "skip-negotiation", case_skip_negotiation, KR_HUB_TRANSPORT_WEBSOCKETS },
  { "end/forbidden", case_forbidden },
  { "end/stop", case_stop },
  { "end/too-large", case_too_large },
  { "network/pieces", case_pieces },
  { "network/cut", case_cut },
  { "network/stalled", case_stalled, KR_HUB_TRANSPORT_WEBSOCKETS | KR_HUB_TRANSPORT_SERVER_SENT_EVENTS },
  { "network/stateful", case_stateful, KR_HUB_TRANSPORT_WEBSOCKETS },
  { NULL },
};
