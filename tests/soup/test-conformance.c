/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* The table of hub cases over WebSocket, Server-Sent Events and long polling, plain and with TLS, on both reactors. */
#include "config.h"

#include "kr-test-conformance.h"
#include "kr-test-soup.h"

typedef struct
{
  KrTestSoup *soup;
  KrHubTransportFlags transports;
} Site;

static guint
authorize (KrHubSoupEndpoint *endpoint, SoupServerMessage *message, gpointer data)
{
  const char *user = soup_message_headers_get_one (soup_server_message_get_request_headers (message), "X-Test-User");

  if (user != NULL)
    kr_hub_soup_endpoint_set_user_id (endpoint, message, user);
  return SOUP_STATUS_OK;
}

static Site *
site_prepare (KrHubServer *hub, KrHubTransportFlags transports, KrTestSoupFlags flags, const char *reactor)
{
  Site *site = g_new0 (Site, 1);

  /* Before there is a second thread, which would read it. */
  g_setenv ("KR_HUB_SOUP_REACTOR", reactor, TRUE);
  site->soup = kr_test_soup_new (hub, flags);
  site->transports = transports;
  g_signal_connect (site->soup->endpoint, "authorize", G_CALLBACK (authorize), NULL);
  return site;
}

static Site *
site_new (KrHubServer *hub, KrHubTransportFlags transports, KrTestSoupFlags flags, const char *reactor)
{
  Site *site = site_prepare (hub, transports, flags, reactor);

  kr_test_soup_start (site->soup);
  return site;
}

static gpointer
websocket_start (KrHubServer *hub)
{
  return site_new (hub, KR_HUB_TRANSPORT_WEBSOCKETS, 0, "epoll");
}

/* Looking for more work before sleeping changes nothing but the time it takes. */
static gpointer
busy_start (KrHubServer *hub)
{
  Site *site = site_new (hub, KR_HUB_TRANSPORT_WEBSOCKETS, 0, "epoll");

  g_object_set (site->soup->endpoint, "busy-poll", 200, NULL);
  return site;
}

/* The sockets in threads of their own. */
static gpointer
threads_start_with (KrHubServer *hub, KrTestSoupFlags flags)
{
  Site *site = site_prepare (hub, KR_HUB_TRANSPORT_WEBSOCKETS, flags, "epoll");

  g_object_set (site->soup->endpoint, "io-threads", 2, NULL);
  kr_test_soup_start (site->soup);
  return site;
}

static gpointer
threads_start (KrHubServer *hub)
{
  return threads_start_with (hub, 0);
}

static gpointer
threads_tls_start (KrHubServer *hub)
{
  return threads_start_with (hub, KR_TEST_SOUP_TLS);
}

static gpointer
websocket_tls_start (KrHubServer *hub)
{
  return site_new (hub, KR_HUB_TRANSPORT_WEBSOCKETS, KR_TEST_SOUP_TLS, "epoll");
}

static gpointer
websocket_source_start (KrHubServer *hub)
{
  return site_new (hub, KR_HUB_TRANSPORT_WEBSOCKETS, 0, "source");
}

/* libsoup in the hub's own context, and listening by itself. */
static gpointer
websocket_one_thread_start (KrHubServer *hub)
{
  return site_new (hub, KR_HUB_TRANSPORT_WEBSOCKETS, KR_TEST_SOUP_SAME_THREAD | KR_TEST_SOUP_NO_DOOR, "epoll");
}

static gpointer
sse_start (KrHubServer *hub)
{
  return site_new (hub, KR_HUB_TRANSPORT_SERVER_SENT_EVENTS, 0, "epoll");
}

static gpointer
sse_tls_start (KrHubServer *hub)
{
  return site_new (hub, KR_HUB_TRANSPORT_SERVER_SENT_EVENTS, KR_TEST_SOUP_TLS, "epoll");
}

static gpointer
long_polling_start (KrHubServer *hub)
{
  return site_new (hub, KR_HUB_TRANSPORT_LONG_POLLING, 0, "epoll");
}

static gpointer
long_polling_tls_start (KrHubServer *hub)
{
  return site_new (hub, KR_HUB_TRANSPORT_LONG_POLLING, KR_TEST_SOUP_TLS, "source");
}

static KrHubTransport *
site_connect (gpointer data, const char *user_id)
{
  Site *site = data;
  g_autoptr (GError) error = NULL;
  g_autofree char *url = g_uri_to_string (site->soup->uri);
  g_autoptr (KrHubSoupConnector) connector = kr_hub_soup_connector_new (url, site->soup->session, &error);
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

  kr_test_soup_free (site->soup);
  g_free (site);
}

static const KrTestBackend backends[] = {
  { "/conformance/websocket", FALSE, websocket_start, site_connect, site_stop },
  { "/conformance/websocket-messagepack", FALSE, websocket_start, site_connect, site_stop, TRUE },
  { "/conformance/websocket-busy-poll", FALSE, busy_start, site_connect, site_stop },
  { "/conformance/websocket-threads", FALSE, threads_start, site_connect, site_stop },
  { "/conformance/websocket-threads-messagepack", FALSE, threads_start, site_connect, site_stop, TRUE },
  { "/conformance/websocket-threads-tls", FALSE, threads_tls_start, site_connect, site_stop },
  { "/conformance/websocket-tls", FALSE, websocket_tls_start, site_connect, site_stop },
  { "/conformance/websocket-source", FALSE, websocket_source_start, site_connect, site_stop },
  { "/conformance/websocket-one-thread", FALSE, websocket_one_thread_start, site_connect, site_stop },
  { "/conformance/sse", FALSE, sse_start, site_connect, site_stop },
  { "/conformance/sse-tls", FALSE, sse_tls_start, site_connect, site_stop },
  { "/conformance/long-polling", FALSE, long_polling_start, site_connect, site_stop },
  { "/conformance/long-polling-messagepack", FALSE, long_polling_start, site_connect, site_stop, TRUE },
  { "/conformance/long-polling-tls", FALSE, long_polling_tls_start, site_connect, site_stop },
};

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (backends); i++)
    kr_test_conformance_add (&backends[i]);
  return g_test_run ();
}
