/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* The hub of the conformance table on a port, for the official clients. */
#include "config.h"

#include <glib-unix.h>
#include <krhub-soup.h>

#include "kr-test-conformance-private.h"

typedef struct
{
  KrHubSoupEndpoint *endpoint;
  SoupServer *server;
} Listener;

static gpointer
listener_start (KrHubServer *hub)
{
  Listener *self = g_new0 (Listener, 1);
  g_autoptr (GError) error = NULL;

  self->endpoint = kr_hub_soup_endpoint_new (hub, "/hub");
  self->server = soup_server_new ("server-header", "calls-hub", NULL);
  kr_hub_soup_endpoint_attach (self->endpoint, self->server);
  if (!soup_server_listen_local (self->server, 0, SOUP_SERVER_LISTEN_IPV4_ONLY, &error))
    g_error ("cannot listen: %s", error->message);
  return self;
}

static void
listener_stop (gpointer data)
{
  Listener *self = data;

  soup_server_disconnect (self->server);
  g_object_unref (self->endpoint);
  g_object_unref (self->server);
  g_free (self);
}

static const KrTestBackend backend = { "/interop", FALSE, listener_start, NULL, listener_stop };

/* The clients ask how often a method was cancelled, to wait for it. */
static void
method_cancelled (KrHubInvocation *invocation, gpointer data)
{
  KrTestHub *hub = data;

  kr_hub_invocation_return_value (invocation, g_variant_new_uint32 (hub->n_cancelled));
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
  KrTestHub *hub = kr_test_hub_new (&backend);
  Listener *listener = hub->backend_data;
  g_autoslist (GUri) uris = soup_server_get_uris (listener->server);

  kr_hub_server_add_method (hub->server, "Cancelled", "()", "u", method_cancelled, hub, NULL);
  g_print ("Listening on http://127.0.0.1:%d\n", g_uri_get_port (uris->data));
  g_unix_signal_add (SIGTERM, quit, loop);
  g_main_loop_run (loop);
  kr_test_hub_free (hub);
  return 0;
}
