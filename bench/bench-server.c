/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* A hub at /hub for load generators, with the methods of the peer in peers/aspnet. */
#include "config.h"

#include <glib-unix.h>
#include <krhub-soup.h>
#include <locale.h>
#include <sys/resource.h>

static int port = 5080;
static char *certificate_file, *key_file;

static int busy_poll = 0;
static int threads = 0;

static const GOptionEntry options[] = {
  { "busy-poll", 0, 0, G_OPTION_ARG_INT, &busy_poll, "Look for more work this long before sleeping (default 0)", "MICROSECONDS" },
  { "threads", 0, 0, G_OPTION_ARG_INT, &threads, "Serve sockets in so many threads (default 0: in the hub's)", "N" },
  { "port", 'p', 0, G_OPTION_ARG_INT, &port, "Port on 127.0.0.1 (default 5080, 0 for any)", "N" },
  { "certificate", 0, 0, G_OPTION_ARG_FILENAME, &certificate_file, "Speak TLS with this certificate (PEM)", "FILE" },
  { "key", 0, 0, G_OPTION_ARG_FILENAME, &key_file, "Its private key (PEM)", "FILE" },
  { NULL },
};

/* --- the methods --- */

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

static void
join (KrHubInvocation *invocation, gpointer hub)
{
  kr_hub_server_add_to_group (hub, kr_hub_connection_get_id (kr_hub_invocation_get_connection (invocation)),
                              kr_hub_invocation_get_string (invocation, 0));
  kr_hub_invocation_return_void (invocation);
}

static void
to_group (KrHubInvocation *invocation, gpointer hub)
{
  g_autoptr (KrHubClients) group = kr_hub_clients_new_group (hub, kr_hub_invocation_get_string (invocation, 0));

  kr_hub_clients_send (group, "Broadcast", g_variant_new ("(s)", kr_hub_invocation_get_string (invocation, 1)), NULL);
  kr_hub_invocation_return_void (invocation);
}

typedef struct
{
  KrHubStream *stream;
  int next, end;
} Count;

static void
count_free (Count *count)
{
  g_object_unref (count->stream);
  g_free (count);
}

static void count_on (Count *count);

static void
on_writable (GObject *stream, GAsyncResult *result, gpointer data)
{
  if (kr_hub_stream_wait_writable_finish (KR_HUB_STREAM (stream), result, NULL))
    count_on (data);
  else
    count_free (data);
}

static void
count_on (Count *count)
{
  while (count->next < count->end && kr_hub_stream_is_writable (count->stream))
    if (!kr_hub_stream_write (count->stream, g_variant_new_int32 (count->next++), NULL))
      {
        count_free (count);
        return;
      }
  if (count->next < count->end)
    {
      kr_hub_stream_wait_writable_async (count->stream, NULL, on_writable, count);
      return;
    }
  kr_hub_stream_complete (count->stream);
  count_free (count);
}

static void
counter (KrHubInvocation *invocation, gpointer data)
{
  GVariant *arguments = kr_hub_invocation_get_arguments (invocation, NULL);
  Count *count = g_new0 (Count, 1);

  count->stream = kr_hub_invocation_open_stream (invocation);
  if (arguments != NULL)
    g_variant_get (arguments, "(i)", &count->end);
  count_on (count);
}

static void
add_methods (KrHubServer *hub)
{
  kr_hub_server_add_method (hub, "Echo", "(s)", "s", echo, NULL, NULL);
  kr_hub_server_add_method (hub, "Broadcast", "(s)", NULL, broadcast, kr_hub_clients_new_all (hub),
                            (GDestroyNotify) kr_hub_clients_unref);
  kr_hub_server_add_method (hub, "Join", "(s)", NULL, join, hub, NULL);
  kr_hub_server_add_method (hub, "ToGroup", "(ss)", NULL, to_group, hub, NULL);
  kr_hub_server_add_stream_method (hub, "Counter", "(i)", "i", counter, NULL, NULL);
}

/* --- listening --- */

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
  KrHubSoupFrontDoor *door;
  GError *error;
  gboolean done;
  GMutex lock;
  GCond cond;
} Listen;

/* Returns: FALSE with an error; certificate stays NULL without TLS */
static gboolean
load_certificate (GTlsCertificate **certificate, GError **error)
{
  if (certificate_file == NULL)
    return TRUE;
  *certificate = g_tls_certificate_new_from_files (certificate_file, key_file != NULL ? key_file : certificate_file,
                                                   error);
  return *certificate != NULL;
}

static void
open_door (Listen *listen)
{
  g_autoptr (GInetAddress) loopback = g_inet_address_new_loopback (G_SOCKET_FAMILY_IPV4);
  g_autoptr (GSocketAddress) address = g_inet_socket_address_new (loopback, port);
  g_autoptr (GTlsCertificate) certificate = NULL;

  listen->server = soup_server_new ("server-header", "kr-bench", NULL);
  kr_hub_soup_endpoint_attach (listen->endpoint, listen->server);
  if (!load_certificate (&certificate, &listen->error))
    return;
  listen->door = kr_hub_soup_front_door_new (listen->server, certificate);
  kr_hub_soup_front_door_listen (listen->door, address, &listen->error);
}

static gboolean
start_listening (gpointer data)
{
  Listen *listen = data;

  g_mutex_lock (&listen->lock);
  open_door (listen);
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
  g_object_set (endpoint, "max-connections", 100000, "busy-poll", (guint) MAX (busy_poll, 0),
                "io-threads", (guint) CLAMP (threads, 0, 64), NULL);
  add_methods (hub);
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
  g_print ("listening on 127.0.0.1:%d, hub at /hub\n", kr_hub_soup_front_door_get_port (listen.door));
  g_unix_signal_add (SIGINT, quit, loop);
  g_unix_signal_add (SIGTERM, quit, loop);
  g_main_loop_run (loop);
  g_main_loop_quit (http_loop);
  g_thread_join (thread);
  return 0;
}
