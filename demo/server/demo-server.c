/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* DemoServer: the HTTP side of the demo, in a thread of its own. */
#include "config.h"

#include "demo-server.h"

#include <krhub-soup.h>

#include "demo-certificate.h"
#include "demo-antiforgery.h"
#include "demo-http.h"
#include "demo-hub.h"
#include "demo-pages.h"
#include "demo-task-routes.h"

#define FAREWELL (1 * G_TIME_SPAN_SECOND)
#define HUB_PATH "/hubs/kestrun"

struct _DemoServer
{
  GObject parent_instance;

  const DemoOptions *options;
  DemoParts *parts;
  GMainContext *context;     /* of the HTTP thread; the hub and the tasks live in the one that made us */
  GMainLoop *loop;
  GThread *thread;           /* NULL: not running */
  SoupServer *soup;          /* used in the HTTP thread only, but for the time before it starts */
  KrHubSoupEndpoint *endpoint;
  KrHubSoupFrontDoor *door;
};

G_DEFINE_FINAL_TYPE (DemoServer, demo_server, G_TYPE_OBJECT)

static void
demo_server_finalize (GObject *object)
{
  DemoServer *self = DEMO_SERVER (object);

  demo_server_stop (self);
  g_clear_object (&self->door);
  g_clear_object (&self->endpoint);
  g_clear_object (&self->soup);
  g_clear_pointer (&self->loop, g_main_loop_unref);
  g_clear_pointer (&self->context, g_main_context_unref);
  G_OBJECT_CLASS (demo_server_parent_class)->finalize (object);
}

static void
demo_server_class_init (DemoServerClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = demo_server_finalize;
}

static void
demo_server_init (DemoServer *self)
{
  self->context = g_main_context_new ();
  self->loop = g_main_loop_new (self->context, FALSE);
}

static SoupServer *
create_soup (DemoServer *self, GError **error)
{
  g_autofree char *folder = g_build_filename (g_get_user_data_dir (), "kr-demo", NULL);
  g_autoptr (GTlsCertificate) certificate = NULL;

  if (!self->options->http)
    {
      certificate = demo_certificate_load_or_create (folder, error);
      if (certificate == NULL)
        return NULL;
    }
  return soup_server_new ("server-header", "kr-demo", "tls-certificate", certificate, NULL);
}

static void
add_routes (DemoServer *self)
{
  demo_http_log_requests (self->soup);
  demo_pages_add (self->soup, self->options->antiforgery);
  if (self->parts->guard != NULL)
    demo_antiforgery_add_token_route (self->soup, self->parts->guard);
  demo_task_routes_add (self->soup, self->parts);
  self->endpoint = kr_hub_soup_endpoint_new (self->parts->hub, HUB_PATH);
  kr_hub_soup_endpoint_attach (self->endpoint, self->soup);
}

static gboolean
listen_on (DemoServer *self, GError **error)
{
  const DemoOptions *options = self->options;
  g_autoptr (GSocketAddress) address = g_inet_socket_address_new_from_string (options->address, options->port);

  /* libsoup by itself has neither deadlines nor limits for those who connect. */
  self->door = kr_hub_soup_front_door_new (self->soup, soup_server_get_tls_certificate (self->soup));
  return kr_hub_soup_front_door_listen (self->door, address, error);
}

static void
print_address (DemoServer *self)
{
  GSList *uris = soup_server_get_uris (self->soup);

  for (GSList *l = uris; l != NULL; l = l->next)
    {
      g_autofree char *uri = g_uri_to_string (l->data);

      g_print ("Listening on %s\n", uri);
    }
  g_slist_free_full (uris, (GDestroyNotify) g_uri_unref);
}

static gpointer
run_thread (gpointer user_data)
{
  DemoServer *self = user_data;

  g_main_context_push_thread_default (self->context);
  g_main_loop_run (self->loop);
  kr_hub_soup_front_door_close (self->door);
  soup_server_disconnect (self->soup);
  g_main_context_pop_thread_default (self->context);
  return NULL;
}

/**
 * demo_server_new:
 * @options: the command line
 * @parts: what the routes work with; both must outlive the server
 *
 * Creates the server; it does nothing before demo_server_start().
 *
 * Returns: (transfer full): a server
 */
DemoServer *
demo_server_new (const DemoOptions *options, DemoParts *parts)
{
  DemoServer *self = g_object_new (DEMO_TYPE_SERVER, NULL);

  self->options = options;
  self->parts = parts;
  return self;
}

/**
 * demo_server_start:
 * @self: a server
 * @error: return location for an error
 *
 * Listens, prints the address and begins to serve in a thread of its own.
 *
 * Returns: whether it is listening
 */
gboolean
demo_server_start (DemoServer *self, GError **error)
{
  gboolean listening = FALSE;

  self->soup = create_soup (self, error);
  if (self->soup == NULL)
    return FALSE;
  /* Its sources belong to the context of the thread to come, so that errors can still be returned from here. */
  g_main_context_push_thread_default (self->context);
  add_routes (self);
  listening = listen_on (self, error);
  g_main_context_pop_thread_default (self->context);
  if (!listening)
    return FALSE;
  print_address (self);
  self->thread = g_thread_new ("http", run_thread, self);
  return TRUE;
}

static gboolean
look_again (gpointer user_data)
{
  return G_SOURCE_CONTINUE;
}

/**
 * demo_server_say_farewell:
 * @self: a server
 *
 * Tells the clients of the hub that the server is stopping and ends their connections. Runs the main context until all
 * is delivered, but not for longer than a second.
 */
void
demo_server_say_farewell (DemoServer *self)
{
  gint64 deadline = g_get_monotonic_time () + FAREWELL;
  g_autoptr (GSource) timer = g_timeout_source_new (10);

  demo_hub_shutdown (self->parts->hub);
  g_source_set_callback (timer, look_again, NULL, NULL);
  g_source_attach (timer, NULL);
  while (kr_hub_soup_endpoint_get_n_connections (self->endpoint) > 0 && g_get_monotonic_time () < deadline)
    g_main_context_iteration (NULL, TRUE);
  g_source_destroy (timer);
}

static gboolean
quit_loop (gpointer user_data)
{
  g_main_loop_quit (user_data);
  return G_SOURCE_REMOVE;
}

/**
 * demo_server_stop:
 * @self: a server
 *
 * Closes what is open and waits for the thread to end.
 */
void
demo_server_stop (DemoServer *self)
{
  if (self->thread == NULL)
    return;
  g_main_context_invoke (self->context, quit_loop, self->loop);
  g_clear_pointer (&self->thread, g_thread_join);
}
