/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* The table of hub cases over WebSocket, Server-Sent Events and long polling; libsoup in a thread of its own. */
#include "config.h"

#include <krhub-soup.h>

#include "kr-test-conformance.h"

/* A SoupServer in its own thread, as in a real program. */
typedef struct
{
  KrHubServer *hub;
  KrHubSoupEndpoint *endpoint;
  KrHubTransportFlags transports;
  SoupSession *session;
  char *url;
  GMainContext *context;
  GMainLoop *loop;
  GThread *thread;
  SoupServer *server;
} Site;

static guint
authorize (KrHubSoupEndpoint *endpoint, SoupServerMessage *message, gpointer data)
{
  const char *user = soup_message_headers_get_one (soup_server_message_get_request_headers (message), "X-Test-User");

  if (user != NULL)
    kr_hub_soup_endpoint_set_user_id (endpoint, message, user);
  return SOUP_STATUS_OK;
}

static gpointer
http_thread (gpointer data)
{
  Site *site = data;

  g_main_context_push_thread_default (site->context);
  g_main_loop_run (site->loop);
  g_main_context_pop_thread_default (site->context);
  return NULL;
}

static gboolean
listen_in_thread (gpointer data)
{
  Site *site = data;
  g_autoptr (GError) error = NULL;
  g_autoslist (GUri) uris = NULL;

  site->server = soup_server_new (NULL, NULL);
  kr_hub_soup_endpoint_attach (site->endpoint, site->server);
  soup_server_listen_local (site->server, 0, SOUP_SERVER_LISTEN_IPV4_ONLY, &error);
  g_assert_no_error (error);
  uris = soup_server_get_uris (site->server);
  g_atomic_pointer_set (&site->url, g_strdup_printf ("http://127.0.0.1:%d/hub", g_uri_get_port (uris->data)));
  return G_SOURCE_REMOVE;
}

static gboolean
leave_in_thread (gpointer data)
{
  Site *site = data;

  soup_server_disconnect (site->server);
  g_clear_object (&site->server);
  g_main_loop_quit (site->loop);
  return G_SOURCE_REMOVE;
}

static gboolean
is_listening (gpointer data)
{
  return g_atomic_pointer_get (&((Site *) data)->url) != NULL;
}

static Site *
site_new (KrHubServer *hub, KrHubTransportFlags transports)
{
  Site *site = g_new0 (Site, 1);

  site->hub = g_object_ref (hub);
  site->transports = transports;
  site->endpoint = kr_hub_soup_endpoint_new (hub, "/hub");
  g_signal_connect (site->endpoint, "authorize", G_CALLBACK (authorize), NULL);
  /* Each client holds a request open: libsoup's limit of 2 connections to a host would let the third wait for ever. */
  site->session = soup_session_new_with_options ("max-conns", 100, "max-conns-per-host", 100, NULL);
  site->context = g_main_context_new ();
  site->loop = g_main_loop_new (site->context, FALSE);
  site->thread = g_thread_new ("http", http_thread, site);
  g_main_context_invoke (site->context, listen_in_thread, site);
  kr_test_wait ("the server", is_listening, site);
  return site;
}

static gpointer
websocket_start (KrHubServer *hub)
{
  return site_new (hub, KR_HUB_TRANSPORT_WEBSOCKETS);
}

/* Looking for more work before sleeping changes nothing but the time it takes. */
static gpointer
busy_start (KrHubServer *hub)
{
  Site *site = site_new (hub, KR_HUB_TRANSPORT_WEBSOCKETS);

  g_object_set (site->endpoint, "busy-poll", 200, NULL);
  return site;
}

static gpointer
sse_start (KrHubServer *hub)
{
  return site_new (hub, KR_HUB_TRANSPORT_SERVER_SENT_EVENTS);
}

static gpointer
long_polling_start (KrHubServer *hub)
{
  return site_new (hub, KR_HUB_TRANSPORT_LONG_POLLING);
}

static KrHubTransport *
site_connect (gpointer data, const char *user_id)
{
  Site *site = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (KrHubSoupConnector) connector = kr_hub_soup_connector_new (site->url, site->session, &error);
  g_autoptr (GAsyncResult) result = NULL;
  KrHubTransport *transport;

  g_assert_no_error (error);
  g_object_set (connector, "transports", site->transports, NULL);
  kr_hub_soup_connector_set_header (connector, "X-Test-User", user_id);
  kr_hub_connector_connect_async (KR_HUB_CONNECTOR (connector), FALSE, NULL, kr_test_store_result, &result);
  kr_test_wait_result ("the transport", &result);
  transport = kr_hub_connector_connect_finish (KR_HUB_CONNECTOR (connector), result, NULL, NULL, &error);
  g_assert_no_error (error);
  return transport;
}

static void
site_stop (gpointer data)
{
  Site *site = data;

  soup_session_abort (site->session);
  g_main_context_invoke (site->context, leave_in_thread, site);
  g_thread_join (site->thread);
  g_object_unref (site->session);
  g_object_unref (site->endpoint);
  g_object_unref (site->hub);
  g_main_loop_unref (site->loop);
  g_main_context_unref (site->context);
  g_free (site->url);
  g_free (site);
}

static const KrTestBackend backends[] = {
  { "/conformance/websocket", FALSE, websocket_start, site_connect, site_stop },
  { "/conformance/websocket-messagepack", FALSE, websocket_start, site_connect, site_stop, TRUE },
  { "/conformance/websocket-busy-poll", FALSE, busy_start, site_connect, site_stop },
  { "/conformance/sse", FALSE, sse_start, site_connect, site_stop },
  { "/conformance/long-polling", FALSE, long_polling_start, site_connect, site_stop },
  { "/conformance/long-polling-messagepack", FALSE, long_polling_start, site_connect, site_stop, TRUE },
};

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (backends); i++)
    kr_test_conformance_add (&backends[i]);
  return g_test_run ();
}
