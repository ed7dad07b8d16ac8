/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* The limit for a hub on this machine: the same socket work, Echo and Broadcast, and nothing parsed. */
#include "config.h"

#include <libsoup/soup.h>
#include <sys/resource.h>

#include "limit-reactor.h"

static int port = 5081;
static int threads = 0;

static const GOptionEntry options[] = {
  { "port", 'p', 0, G_OPTION_ARG_INT, &port, "Port on 127.0.0.1 (default 5081, 0 for any)", "N" },
  { "threads", 't', 0, G_OPTION_ARG_INT, &threads, "Threads that work (default 0: the main loop does)", "N" },
  { NULL },
};

/* libsoup has written its 101; from now on the socket is ours. */
static void
on_upgraded (SoupServerMessage *message, gpointer data)
{
  int fd = g_socket_get_fd (soup_server_message_get_socket (message));

  limit_reactors_add (limit_connection_new (soup_server_message_steal_connection (message), fd));
}

static void
on_request (SoupServer *server, SoupServerMessage *message, const char *path, GHashTable *query, gpointer data)
{
  if (soup_websocket_server_process_handshake (message, NULL, NULL, NULL, NULL))
    g_signal_connect (message, "wrote-informational", G_CALLBACK (on_upgraded), NULL);
  else
    soup_server_message_set_status (message, SOUP_STATUS_BAD_REQUEST, NULL);
}

static gboolean
listen_on (SoupServer *server, GError **error)
{
  g_autoptr (GSocket) socket = g_socket_new (G_SOCKET_FAMILY_IPV4, G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_TCP, error);
  g_autoptr (GInetAddress) loopback = g_inet_address_new_loopback (G_SOCKET_FAMILY_IPV4);
  g_autoptr (GSocketAddress) address = g_inet_socket_address_new (loopback, port);

  if (socket == NULL || !g_socket_bind (socket, address, TRUE, error))
    return FALSE;
  g_socket_set_listen_backlog (socket, 4096);
  return g_socket_listen (socket, error) && soup_server_listen_socket (server, socket, 0, error);
}

int
main (int argc, char **argv)
{
  g_autoptr (GOptionContext) context = g_option_context_new ("- the limit that a hub is measured against");
  g_autoptr (GMainLoop) loop = g_main_loop_new (NULL, FALSE);
  g_autoptr (SoupServer) server = soup_server_new (NULL, NULL);
  g_autoslist (GUri) uris = NULL;
  g_autoptr (GError) error = NULL;
  struct rlimit limit;

  g_option_context_add_main_entries (context, options, NULL);
  if (!g_option_context_parse (context, &argc, &argv, &error))
    {
      g_printerr ("%s\n", error->message);
      return 2;
    }
  getrlimit (RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  setrlimit (RLIMIT_NOFILE, &limit);
  limit_reactors_start (MAX (0, threads));
  soup_server_add_handler (server, "/hub", on_request, NULL, NULL);
  if (!listen_on (server, &error))
    {
      g_printerr ("%s\n", error->message);
      return 1;
    }
  uris = soup_server_get_uris (server);
  g_print ("listening on 127.0.0.1:%d, hub at /hub\n", g_uri_get_port (uris->data));
  g_main_loop_run (loop);
  return 0;
}
