/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* A plain-HTTP hub at /hub with Echo and Broadcast, for load generators. */
#include "config.h"

#include <glib-unix.h>
#include <krhub-soup.h>
#include <locale.h>
#include <sys/resource.h>

static int port = 5080;

static const GOptionEntry options[] = {
  { "port", 'p', 0, G_OPTION_ARG_INT, &port, "Port on 127.0.0.1 (default 5080, 0 for any)", "N" },
  { NULL },
};

static void
echo (KrHubInvocation *invocation, gpointer data)
{
  kr_hub_invocation_return_string (invocation, kr_hub_invocation_get_string (invocation, 0));
}

static void
broadcast (KrHubInvocation *invocation, gpointer data)
{
  KrHubClients *all = data;

  kr_hub_clients_send (all, "Broadcast", g_variant_new ("(s)", kr_hub_invocation_get_string (invocation, 0)), NULL);
  kr_hub_invocation_return_void (invocation);
}

/* libsoup lives in a thread of its own, as in a real program (DESIGN: "HTTP lives in another thread than the hub"). */
static gpointer
http_thread (gpointer data)
{
  GMainLoop *loop = data;

  g_main_context_push_thread_default (g_main_loop_get_context (loop));
  g_main_loop_run (loop);
  g_main_context_pop_thread_default (g_main_loop_get_context (loop));
  return NULL;
}

typedef struct
{
  KrHubSoupEndpoint *endpoint;
  SoupServer *server;
  GError *error;
  gboolean done;
  GMutex lock;
  GCond cond;
} Listen;

static GSocket *
listening_socket (GError **error)
{
  g_autoptr (GSocket) socket = g_socket_new (G_SOCKET_FAMILY_IPV4, G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_TCP, error);
  g_autoptr (GInetAddress) loopback = g_inet_address_new_loopback (G_SOCKET_FAMILY_IPV4);
  g_autoptr (GSocketAddress) address = g_inet_socket_address_new (loopback, port);

  if (socket == NULL || !g_socket_bind (socket, address, TRUE, error))
    return NULL;
  g_socket_set_listen_backlog (socket, 4096);
  return g_socket_listen (socket, error) ? g_steal_pointer (&socket) : NULL;
}

static gboolean
start_listening (gpointer data)
{
  Listen *listen = data;
  g_autoptr (GSocket) socket = listening_socket (&listen->error);

  g_mutex_lock (&listen->lock);
  listen->server = soup_server_new ("server-header", "kr-bench", NULL);
  kr_hub_soup_endpoint_attach (listen->endpoint, listen->server);
  if (socket != NULL)
    soup_server_listen_socket (listen->server, socket, 0, &listen->error);
  listen->done = TRUE;
  g_cond_signal (&listen->cond);
  g_mutex_unlock (&listen->lock);
  return G_SOURCE_REMOVE;
}

static void
raise_descriptor_limit (void)
{
  struct rlimit limit;

  getrlimit (RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  setrlimit (RLIMIT_NOFILE, &limit);
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
  g_autoptr (GOptionContext) context = g_option_context_new ("- a hub for load generators");
  g_autoptr (GMainLoop) loop = g_main_loop_new (NULL, FALSE);
  g_autoptr (GMainContext) http_context = g_main_context_new ();
  g_autoptr (GMainLoop) http_loop = g_main_loop_new (http_context, FALSE);
  g_autoptr (KrHubServer) hub = kr_hub_server_new (NULL);
  g_autoptr (KrHubSoupEndpoint) endpoint = kr_hub_soup_endpoint_new (hub, "/hub");
  g_autoptr (GError) error = NULL;
  g_autoslist (GUri) uris = NULL;
  Listen listen = { .endpoint = endpoint };
  GThread *thread;

  setlocale (LC_ALL, "");
  g_option_context_add_main_entries (context, options, NULL);
  if (!g_option_context_parse (context, &argc, &argv, &error))
    {
      g_printerr ("%s\n", error->message);
      return 2;
    }
  raise_descriptor_limit ();
  g_object_set (endpoint, "max-connections", 100000, NULL);
  kr_hub_server_add_method (hub, "Echo", "(s)", "s", echo, NULL, NULL);
  kr_hub_server_add_method (hub, "Broadcast", "(s)", NULL, broadcast, kr_hub_clients_new_all (hub), NULL);

  thread = g_thread_new ("http", http_thread, http_loop);
  g_mutex_lock (&listen.lock);
  g_main_context_invoke (http_context, start_listening, &listen);
  while (!listen.done)
    g_cond_wait (&listen.cond, &listen.lock);
  g_mutex_unlock (&listen.lock);
  if (listen.error != NULL)
    {
      g_printerr ("%s\n", listen.error->message);
      return 1;
    }
  uris = soup_server_get_uris (listen.server);
  g_print ("listening on 127.0.0.1:%d, hub at /hub\n", g_uri_get_port (uris->data));
  g_unix_signal_add (SIGINT, quit, loop);
  g_unix_signal_add (SIGTERM, quit, loop);
  g_main_loop_run (loop);
  g_main_loop_quit (http_loop);
  g_thread_join (thread);
  return 0;
}
