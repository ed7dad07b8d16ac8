/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* A server with one hub behind endpoints of different settings, those of aspnet/Program.cs. */
#include "config.h"

#include "diff-hub.h"

#include <glib-unix.h>
#include <krhub-soup.h>
#include <locale.h>

#define SECONDS(n) ((gint64) (n) * G_USEC_PER_SEC)

typedef struct
{
  const char *path;
  gboolean detailed;      /* errors */
  gboolean short_times;   /* handshake and keep-alive 1 s, client timeout and polls 2 s */
  gboolean guarded;       /* wants a token */
  gboolean stateful;      /* allows stateful reconnect */
  gboolean expiring;      /* a connection ends with its token */
  gboolean raw;           /* no hub protocol: says what it hears, up to "end" */
  guint transports;       /* 0 for all */
  int minimum_version;
  guint64 message_size;   /* 0 for the default */
  guint parallel;         /* 0 for the default */
  const char *origin;     /* whose pages may come */
  const char *elsewhere;  /* where to negotiate instead */
  const char *token;      /* and with which token */
} Site;

static const Site sites[] = {
  { .path = "/hub" },
  { .path = "/detailed", .detailed = TRUE },
  { .path = "/short", .detailed = TRUE, .short_times = TRUE },
  { .path = "/limit", .detailed = TRUE, .message_size = 1024 },
  { .path = "/parallel", .parallel = 2 },
  { .path = "/ws", .transports = KR_HUB_TRANSPORT_WEBSOCKETS },
  { .path = "/sse", .transports = KR_HUB_TRANSPORT_SERVER_SENT_EVENTS },
  { .path = "/lp", .transports = KR_HUB_TRANSPORT_LONG_POLLING },
  { .path = "/v1", .minimum_version = 1 },
  { .path = "/auth", .guarded = TRUE },
  { .path = "/stateful", .stateful = TRUE },
  { .path = "/cors", .origin = "https://example.org" },
  { .path = "/expiring", .stateful = TRUE, .expiring = TRUE },
  { .path = "/raw", .raw = TRUE },
  { .path = "/redirect", .elsewhere = "/auth?from=elsewhere", .token = "redirected" },
  { .path = "/redirect-as-is", .elsewhere = "/auth" },
  { .path = "/redirect-loop", .elsewhere = "/redirect-loop" },
};

/* To this server as the client calls it. */
static void
redirect (const Site *site, KrHubSoupEndpoint *endpoint, SoupServerMessage *message)
{
  SoupMessageHeaders *headers = soup_server_message_get_request_headers (message);
  const char *host = soup_message_headers_get_one (headers, "Host");
  g_autofree char *url = g_strdup_printf ("http://%s%s", host, site->elsewhere);

  kr_hub_soup_endpoint_redirect (endpoint, message, url, site->token);
}

/* Behind a ~ the token says for how many milliseconds it is good. */
static void
set_expiry (KrHubSoupEndpoint *endpoint, SoupServerMessage *message, const char *token)
{
  const char *tilde = strchr (token, '~');

  kr_hub_soup_endpoint_set_expiry (endpoint, message,
                                   tilde != NULL ? g_get_real_time () + g_ascii_strtoll (tilde + 1, NULL, 10) * 1000
                                                 : G_MAXINT64);
}

/* The token is the user's name; "forbidden" may not come in where a token is wanted. */
static guint
authorize (KrHubSoupEndpoint *endpoint, SoupServerMessage *message, gpointer data)
{
  const Site *site = data;
  g_autofree char *token = kr_hub_soup_endpoint_dup_bearer_token (endpoint, message);

  if (token != NULL)
    kr_hub_soup_endpoint_set_user_id (endpoint, message, token);
  if (token != NULL && site->expiring)
    set_expiry (endpoint, message, token);
  if (site->elsewhere != NULL)
    redirect (site, endpoint, message);
  if (!site->guarded)
    return SOUP_STATUS_OK;
  if (token == NULL)
    return SOUP_STATUS_UNAUTHORIZED;
  return g_str_equal (token, "forbidden") ? SOUP_STATUS_FORBIDDEN : SOUP_STATUS_OK;
}

static void
say_again (KrHubConnection *connection, const guint8 *data, gsize len, gpointer unused)
{
  kr_hub_connection_write (connection, data, len);
  if (len >= 3 && memcmp (data + len - 3, "end", 3) == 0)
    kr_hub_connection_end (connection);
}

static KrHubServer *
new_hub (const Site *site)
{
  KrHubServer *hub = kr_hub_server_new (NULL);

  diff_hub_add_methods (hub);
  diff_hub_add_group_methods (hub);
  diff_hub_add_stream_methods (hub);
  g_object_set (hub, "detailed-errors", site->detailed, NULL);
  if (site->raw)
    kr_hub_server_set_raw_handler (hub, say_again, NULL, NULL);
  if (site->short_times)
    g_object_set (hub, "handshake-timeout", SECONDS (1), "keep-alive-interval", SECONDS (1), "client-timeout", SECONDS (2), NULL);
  if (site->message_size != 0)
    g_object_set (hub, "max-message-size", site->message_size, NULL);
  if (site->parallel != 0)
    g_object_set (hub, "max-parallel-invocations", site->parallel, NULL);
  return hub;
}

static KrHubSoupEndpoint *
new_endpoint (const Site *site, SoupServer *server)
{
  g_autoptr (KrHubServer) hub = new_hub (site);
  KrHubSoupEndpoint *endpoint = kr_hub_soup_endpoint_new (hub, site->path);
  const char *origins[] = { site->origin, NULL };

  g_object_set (endpoint, "disconnect-timeout", SECONDS (10), "minimum-protocol-version", site->minimum_version,
                "allow-stateful-reconnects", site->stateful, NULL);
  if (site->short_times)
    g_object_set (endpoint, "poll-timeout", SECONDS (2), "close-timeout", SECONDS (1), NULL);
  if (site->transports != 0)
    g_object_set (endpoint, "transports", site->transports, NULL);
  if (site->origin != NULL)
    g_object_set (endpoint, "allowed-origins", origins, NULL);
  g_signal_connect (endpoint, "authorize", G_CALLBACK (authorize), (gpointer) site);
  kr_hub_soup_endpoint_attach (endpoint, server);
  return endpoint;
}

static gboolean
quit (gpointer loop)
{
  g_main_loop_quit (loop);
  return G_SOURCE_REMOVE;
}

int
main (int argc, char **argv)
{
  g_autoptr (GMainLoop) loop = g_main_loop_new (NULL, FALSE);
  g_autoptr (SoupServer) server = NULL;
  g_autoptr (GPtrArray) endpoints = g_ptr_array_new_with_free_func (g_object_unref);
  g_autoptr (GError) error = NULL;
  g_autoslist (GUri) uris = NULL;

  setlocale (LC_ALL, "");
  server = soup_server_new (NULL, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (sites); i++)
    g_ptr_array_add (endpoints, new_endpoint (&sites[i], server));
  if (!soup_server_listen_local (server, 0, SOUP_SERVER_LISTEN_IPV4_ONLY, &error))
    {
      g_printerr ("%s\n", error->message);
      return 1;
    }
  uris = soup_server_get_uris (server);
  g_print ("listening on 127.0.0.1:%d\n", g_uri_get_port (uris->data));
  g_unix_signal_add (SIGINT, quit, loop);
  g_unix_signal_add (SIGTERM, quit, loop);
  g_main_loop_run (loop);
  for (guint i = 0; i < endpoints->len; i++)
    kr_hub_server_shutdown (kr_hub_soup_endpoint_get_hub (endpoints->pdata[i]));
  soup_server_disconnect (server);
  return 0;
}
