/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* KrHubSoupVisit: one connection that came through a front door, as long as its socket exists. */
#include "config.h"

#include "kr-hub-soup-visit-private.h"

#define LEAVE_TIME (G_USEC_PER_SEC / 10)
#define VISIT "kr-hub-soup-visit"

/* POLLRDHUP, where there is one: the peer sends no more. */
#define PEER_GONE ((GIOCondition) 0x2000)

struct _KrHubSoupVisit
{
  KrHubTimer timer;            /* armed only while libsoup has the connection, in its thread */
  KrHubClock *clock;
  GMainContext *context;
  KrHubSoupGuests *guests;
  char *address;
  GWeakRef socket;             /* the visit ends with it, in whatever thread drops it last */
  GObject *connection;         /* libsoup's; weak, NULL if not known */
  GSource *watch;              /* between two requests: whether the client leaves */
  GCancellable *cancellable;   /* of the TLS handshake; NULL without one */
  gboolean counted;
  gboolean leaving;            /* the next time the timer fires, see that the connection is gone */
  gboolean stolen;             /* libsoup has nothing to do with it any more */
};

static void
visit_stop_watching (KrHubSoupVisit *self)
{
  if (self->watch == NULL)
    return;
  g_source_destroy (self->watch);
  g_clear_pointer (&self->watch, g_source_unref);
}

static void
visit_arm (KrHubSoupVisit *self, gint64 timeout)
{
  self->leaving = FALSE;
  kr_hub_clock_arm (self->clock, &self->timer, kr_hub_clock_get_time (self->clock) + timeout);
}

static void
visit_arm_leaving (KrHubSoupVisit *self)
{
  visit_stop_watching (self);
  visit_arm (self, LEAVE_TIME);
  self->leaving = TRUE;
}

static void
visit_leave (KrHubSoupVisit *self)
{
  visit_stop_watching (self);
  if (self->timer.position > 0)
    kr_hub_clock_disarm (self->clock, &self->timer);
  if (self->counted)
    kr_hub_soup_guests_leave (self->guests, self->address);
  self->counted = FALSE;
}

static void
visit_forget_connection (KrHubSoupVisit *self)
{
  if (self->connection == NULL)
    return;
  g_signal_handlers_disconnect_by_data (self->connection, self);
  g_clear_weak_pointer (&self->connection);
}

static void
visit_free (gpointer data)
{
  KrHubSoupVisit *self = data;

  visit_leave (self);
  visit_forget_connection (self);
  kr_hub_soup_guests_unref (self->guests);
  g_object_unref (self->clock);
  g_clear_pointer (&self->context, g_main_context_unref);
  g_clear_object (&self->cancellable);
  g_weak_ref_clear (&self->socket);
  g_free (self->address);
  g_free (self);
}

static gboolean
do_nothing (gpointer data)
{
  return G_SOURCE_REMOVE;
}

/* A TLS handshake or close has threads of its own, and one of them may drop the socket last; the clock belongs to the
 * door's. The visit travels there without its reference on the context, which would wait for its own source to go. */
static void
visit_end (gpointer data, GObject *where_the_socket_was)
{
  KrHubSoupVisit *self = data;
  g_autoptr (GMainContext) context = g_steal_pointer (&self->context);
  g_autoptr (GSource) source = NULL;

  if (g_main_context_acquire (context))
    {
      visit_free (self);
      g_main_context_release (context);
      return;
    }
  source = g_idle_source_new ();
  g_source_set_static_name (source, "KrHubSoupFrontDoor visit");
  g_source_set_priority (source, G_PRIORITY_DEFAULT);
  g_source_set_callback (source, do_nothing, self, visit_free);
  g_source_attach (source, context);
}

/* libsoup 3.2.3 does not close a connection that its client left between two requests, and keeps it listed: by now it has
 * seen the end, so that nothing of it polls the descriptor. One that had noticed has told us, see connection_closed(). */
static void
visit_see_off (KrHubSoupVisit *self)
{
  g_autoptr (GSocket) socket = g_weak_ref_get (&self->socket);
  g_autoptr (GObject) connection = self->connection != NULL ? g_object_ref (self->connection) : NULL;

  if (connection != NULL)
    g_signal_emit_by_name (connection, "disconnected");
  visit_leave (self);
  if (socket != NULL)
    g_socket_close (socket, NULL);
}

/* Both ends of the socket are shut, so that libsoup finds out by itself; if it does not, it is helped. */
static void
visit_timer_fired (KrHubTimer *timer, gint64 now)
{
  KrHubSoupVisit *self = timer->data;
  g_autoptr (GSocket) socket = g_weak_ref_get (&self->socket);

  if (socket == NULL)
    return; /* the end of the visit is under way */
  if (self->leaving)
    {
      visit_see_off (self);
      return;
    }
  g_debug ("a client of %s took too long", self->address);
  if (self->cancellable != NULL)
    g_cancellable_cancel (self->cancellable);
  g_socket_shutdown (socket, TRUE, TRUE, NULL);
  visit_arm_leaving (self);
}

KrHubSoupVisit *
kr_hub_soup_visit_new (KrHubClock *clock, GMainContext *context, KrHubSoupGuests *guests, GSocket *socket, char *address)
{
  KrHubSoupVisit *self = g_new0 (KrHubSoupVisit, 1);

  self->timer.fire = visit_timer_fired;
  self->timer.data = self;
  self->clock = g_object_ref (clock);
  self->context = g_main_context_ref (context);
  self->guests = kr_hub_soup_guests_ref (guests);
  self->address = address;
  g_weak_ref_init (&self->socket, socket);
  self->counted = TRUE;
  g_object_weak_ref (G_OBJECT (socket), visit_end, self);
  return self;
}

static gboolean
client_left (GSocket *socket, GIOCondition condition, gpointer data)
{
  visit_arm_leaving (data);
  return G_SOURCE_REMOVE;
}

static void
visit_watch (KrHubSoupVisit *self, GSocket *socket)
{
  if (self->watch != NULL)
    return;
  self->watch = g_socket_create_source (socket, PEER_GONE | G_IO_HUP, NULL);
  g_source_set_static_name (self->watch, "KrHubSoupFrontDoor watch");
  g_source_set_callback (self->watch, G_SOURCE_FUNC (client_left), self, NULL);
  g_source_attach (self->watch, self->context);
}

KrHubSoupVisit *
kr_hub_soup_visit_of (SoupServerMessage *message)
{
  GSocketAddress *remote = soup_server_message_get_remote_address (message);

  return remote != NULL ? g_object_get_data (G_OBJECT (remote), VISIT) : NULL;
}

/* The message keeps the address, and that the socket. */
static GSocket *
socket_of (SoupServerMessage *message)
{
  return g_object_get_data (G_OBJECT (soup_server_message_get_remote_address (message)), VISIT "-socket");
}

/* libsoup does not know the socket of a stream that it did not accept itself. */
GSocket *
kr_hub_soup_message_get_socket (SoupServerMessage *message)
{
  GSocket *socket = soup_server_message_get_socket (message);
  KrHubSoupVisit *visit = socket == NULL ? kr_hub_soup_visit_of (message) : NULL;

  return visit != NULL ? socket_of (message) : socket;
}

/* The connection is about to be taken from libsoup. */
void
kr_hub_soup_message_leaves (SoupServerMessage *message)
{
  KrHubSoupVisit *visit = kr_hub_soup_visit_of (message);

  if (visit == NULL)
    return;
  visit->stolen = TRUE;
  visit_stop_watching (visit);
  visit_forget_connection (visit);
  kr_hub_clock_disarm (visit->clock, &visit->timer);
}

/* --- requests --- */


static void
connection_closed (GObject *connection, KrHubSoupVisit *visit)
{
  visit_leave (visit);
  visit_forget_connection (visit);
}

/* The one place where libsoup shows its object for a connection. */
static gboolean
note_connection (GSignalInvocationHint *hint, guint n_values, const GValue *values, gpointer data)
{
  GObject *connection = g_value_get_object (&values[0]);
  gpointer message = n_values > 1 && G_VALUE_HOLDS_OBJECT (&values[1]) ? g_value_get_object (&values[1]) : NULL;
  KrHubSoupVisit *visit = SOUP_IS_SERVER_MESSAGE (message) ? kr_hub_soup_visit_of (message) : NULL;

  if (visit == NULL || visit->connection != NULL || visit->stolen)
    return TRUE;
  g_set_weak_pointer (&visit->connection, connection);
  g_signal_connect (connection, "disconnected", G_CALLBACK (connection_closed), visit);
  return TRUE;
}

/* A connection exists by now, so its private type does. */
static void
note_connections (void)
{
  static gsize noting;
  GType type;
  guint id;

  if (!g_once_init_enter (&noting))
    return;
  type = g_type_from_name ("SoupServerConnection");
  id = type != 0 && g_signal_lookup ("disconnected", type) != 0 ? g_signal_lookup ("request-started", type) : 0;
  if (id != 0)
    g_signal_add_emission_hook (id, 0, note_connection, NULL, NULL);
  g_once_init_leave (&noting, 1);
}

/* --- what the door says --- */

void
kr_hub_soup_visit_mark (KrHubSoupVisit *self, GSocketAddress *address, GSocket *socket)
{
  g_object_set_data (G_OBJECT (address), VISIT, self);
  /* What knows the visit keeps the socket, and so the visit. */
  g_object_set_data_full (G_OBJECT (address), VISIT "-socket", g_object_ref (socket), g_object_unref);
}

GCancellable *
kr_hub_soup_visit_begin_tls (KrHubSoupVisit *self, gint64 timeout)
{
  self->cancellable = g_cancellable_new ();
  visit_arm (self, timeout);
  return self->cancellable;
}

void
kr_hub_soup_visit_begin_request (KrHubSoupVisit *self, gint64 timeout)
{
  note_connections ();
  visit_stop_watching (self);
  visit_arm (self, timeout);
}

void
kr_hub_soup_visit_disarm (KrHubSoupVisit *self)
{
  kr_hub_clock_disarm (self->clock, &self->timer);
}

void
kr_hub_soup_visit_end_request (KrHubSoupVisit *self, SoupServerMessage *message, gint64 timeout)
{
  if (self->stolen || !self->counted || g_socket_is_closed (socket_of (message)))
    return;
  visit_arm (self, timeout);
  visit_watch (self, socket_of (message));
}

const char *
kr_hub_soup_visit_get_address (KrHubSoupVisit *self)
{
  return self->address;
}
