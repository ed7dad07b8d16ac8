/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* A chat room: a SignalR hub at /chat that any official client can join. */
#include <glib-unix.h>
#include <krhub-soup.h>

/* Send (user, text): everybody gets Message (user, text). */
static void
send_message (KrHubInvocation *invocation, gpointer data)
{
  KrHubServer *hub = data;
  g_autoptr (KrHubClients) all = kr_hub_clients_new_all (hub);
  g_autoptr (GError) error = NULL;

  if (kr_hub_clients_send (all,
                           "Message",
                           g_variant_new ("(ss)",
                                          kr_hub_invocation_get_string (invocation, 0),
                                          kr_hub_invocation_get_string (invocation, 1)),
                           &error))
    kr_hub_invocation_return_void (invocation);
  else
    kr_hub_invocation_return_error (invocation, error);
}

/* Join (room): from now on the caller gets what is sent to the room. */
static void
join (KrHubInvocation *invocation, gpointer data)
{
  KrHubConnection *caller = kr_hub_invocation_get_connection (invocation);

  kr_hub_server_add_to_group (data, kr_hub_connection_get_id (caller), kr_hub_invocation_get_string (invocation, 0));
  kr_hub_invocation_return_void (invocation);
}

static void
on_connected (KrHubServer *hub, KrHubConnection *connection, gpointer data)
{
  g_print ("%s came, %u are here\n", kr_hub_connection_get_id (connection), kr_hub_server_get_n_connections (hub));
}

static void
on_disconnected (KrHubServer *hub, KrHubConnection *connection, const GError *error, gpointer data)
{
  g_print ("%s left: %s\n", kr_hub_connection_get_id (connection), error != NULL ? error->message : "in good order");
}

static gboolean
quit (gpointer loop)
{
  g_main_loop_quit (loop);
  return G_SOURCE_CONTINUE;
}

/* Usage: chat [PORT] */
int
main (int argc, char **argv)
{
  g_autoptr (GMainLoop) loop = g_main_loop_new (NULL, FALSE);
  g_autoptr (SoupServer) server = soup_server_new (NULL, NULL);
  g_autoptr (KrHubServer) hub = kr_hub_server_new (NULL);
  g_autoptr (KrHubSoupEndpoint) endpoint = kr_hub_soup_endpoint_new (hub, "/chat");
  g_autoptr (GError) error = NULL;
  guint port = argc > 1 ? g_ascii_strtoull (argv[1], NULL, 10) : 5081;
  g_autoslist (GUri) uris = NULL;

  kr_hub_server_add_method (hub, "Send", "(ss)", NULL, send_message, hub, NULL);
  kr_hub_server_add_method (hub, "Join", "(s)", NULL, join, hub, NULL);
  g_signal_connect (hub, "connected", G_CALLBACK (on_connected), NULL);
  g_signal_connect (hub, "disconnected", G_CALLBACK (on_disconnected), NULL);
  kr_hub_soup_endpoint_attach (endpoint, server);
  if (!soup_server_listen_local (server, port, SOUP_SERVER_LISTEN_IPV4_ONLY, &error))
    {
      g_printerr ("%s\n", error->message);
      return 1;
    }
  uris = soup_server_get_uris (server);
  g_print ("ws://127.0.0.1:%d/chat\n", g_uri_get_port (uris->data));
  g_unix_signal_add (SIGINT, quit, loop);
  g_unix_signal_add (SIGTERM, quit, loop);
  g_main_loop_run (loop);
  return 0;
}
