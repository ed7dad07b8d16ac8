/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* KrHubSoupVisit: a connection that came through a front door, as long as libsoup has it. */
#include "config.h"

#include "kr-hub-soup-visit-private.h"

#include <glib-unix.h>

#include "kr-hub-soup-body-private.h"
#include "kr-hub-soup-framing-private.h"

#define LEAVE_TIME (G_USEC_PER_SEC / 10)

/* POLLRDHUP, where there is one: the peer sends no more. */
#define PEER_GONE ((GIOCondition) 0x2000)

struct _KrHubSoupVisit
{
  KrHubTimer timer;
  KrHubClock *clock;
  GMainContext *context;
  KrHubSoupStream *stream;     /* which owns us */
  GObject *connection;         /* libsoup's; weak, NULL if not known */
  GSource *watch;              /* between two requests: whether the client leaves */
  GCancellable *cancellable;   /* of the TLS handshake; NULL without one */
  KrHubSoupTerms terms;
  gboolean has_head;           /* of the next request: there is nothing to wait for */
  gboolean leaving;            /* the next time the timer fires, see that the connection is gone */
  gboolean over;               /* libsoup has closed it */
};

static void
stop_watching (KrHubSoupVisit *self)
{
  if (self->watch == NULL)
    return;
  g_source_destroy (self->watch);
  g_clear_pointer (&self->watch, g_source_unref);
}

static void
disarm (KrHubSoupVisit *self)
{
  if (self->timer.position > 0)
    kr_hub_clock_disarm (self->clock, &self->timer);
}

static void
arm (KrHubSoupVisit *self, gint64 timeout)
{
  self->leaving = FALSE;
  kr_hub_clock_arm (self->clock, &self->timer, kr_hub_clock_get_time (self->clock) + timeout);
}

void
kr_hub_soup_visit_arm_handshake (KrHubSoupVisit *self, gint64 timeout, GCancellable *cancellable)
{
  self->cancellable = g_object_ref (cancellable);
  arm (self, timeout);
}

static void
arm_leaving (KrHubSoupVisit *self)
{
  stop_watching (self);
  arm (self, LEAVE_TIME);
  self->leaving = TRUE;
}

static void
forget_connection (KrHubSoupVisit *self)
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

  stop_watching (self);
  disarm (self);
  forget_connection (self);
  g_object_unref (self->clock);
  g_clear_pointer (&self->context, g_main_context_unref);
  g_clear_object (&self->cancellable);
  g_free (self);
}

static gboolean
do_nothing (gpointer data)
{
  return G_SOURCE_REMOVE;
}

/* A TLS handshake or close has threads of its own, and one of them may drop the stream last; the clock belongs to the
 * door's. The visit travels there without its reference on the context, which would wait for its own source to go. */
static void
stream_gone (gpointer data)
{
  KrHubSoupVisit *self = data;
  g_autoptr (GMainContext) context = g_steal_pointer (&self->context);
  g_autoptr (GSource) source = NULL;

  self->stream = NULL;
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

void
kr_hub_soup_visit_leave (KrHubSoupVisit *self)
{
  kr_hub_soup_stream_set_data (self->stream, NULL, NULL);
  visit_free (self);
}

/* --- the end --- */

static void
end (KrHubSoupVisit *self)
{
  self->over = TRUE;
  stop_watching (self);
  disarm (self);
}

/* libsoup 3.2.3 does not close a connection that its client left between two requests, and keeps it listed: by now it has
 * seen the end, so that nothing of it polls the descriptor. One that had noticed has told us, see connection_closed(). */
static void
see_off (KrHubSoupVisit *self)
{
  g_autoptr (GIOStream) stream = G_IO_STREAM (g_object_ref (self->stream));
  g_autoptr (GObject) connection = self->connection != NULL ? g_object_ref (self->connection) : NULL;

  if (connection != NULL)
    g_signal_emit_by_name (connection, "disconnected");
  end (self);
  g_io_stream_close (stream, NULL, NULL);
}

/* Both ends of the socket are shut, so that libsoup finds out by itself; if it does not, it is helped. */
static void
timer_fired (KrHubTimer *timer, gint64 now)
{
  KrHubSoupVisit *self = timer->data;

  if (self->stream == NULL)
    return; /* the end of the visit is under way */
  if (self->leaving)
    {
      see_off (self);
      return;
    }
  g_debug ("a client took too long");
  if (self->cancellable != NULL)
    g_cancellable_cancel (self->cancellable);
  kr_hub_soup_stream_shut_down (self->stream);
  arm_leaving (self);
}

KrHubSoupVisit *
kr_hub_soup_visit_new (KrHubClock *clock,
                       GMainContext *context,
                       KrHubSoupStream *stream,
                       const KrHubSoupTerms *terms,
                       gboolean has_head)
{
  KrHubSoupVisit *self = g_new0 (KrHubSoupVisit, 1);

  self->timer.fire = timer_fired;
  self->timer.data = self;
  self->clock = g_object_ref (clock);
  self->context = g_main_context_ref (context);
  self->stream = stream;
  self->terms = *terms;
  self->has_head = has_head;
  kr_hub_soup_stream_set_data (stream, self, stream_gone);
  return self;
}

/* The message keeps the address, and that the stream. */
KrHubSoupVisit *
kr_hub_soup_visit_of (SoupServerMessage *message)
{
  KrHubSoupStream *stream = kr_hub_soup_address_get_stream (soup_server_message_get_remote_address (message));

  return stream != NULL ? kr_hub_soup_stream_get_data (stream) : NULL;
}

/* --- requests --- */

static gboolean
client_left (int fd, GIOCondition condition, gpointer data)
{
  arm_leaving (data);
  return G_SOURCE_REMOVE;
}

static void
watch (KrHubSoupVisit *self)
{
  if (self->watch != NULL)
    return;
  self->watch = g_unix_fd_source_new (kr_hub_soup_stream_get_fd (self->stream), PEER_GONE | G_IO_HUP);
  g_source_set_static_name (self->watch, "KrHubSoupFrontDoor watch");
  g_source_set_callback (self->watch, G_SOURCE_FUNC (client_left), self, NULL);
  g_source_attach (self->watch, self->context);
}

static void
connection_closed (GObject *connection, KrHubSoupVisit *self)
{
  end (self);
  forget_connection (self);
}

/* The one place where libsoup shows its object for a connection. */
static gboolean
note_connection (GSignalInvocationHint *hint, guint n_values, const GValue *values, gpointer data)
{
  GObject *connection = g_value_get_object (&values[0]);
  gpointer message = n_values > 1 && G_VALUE_HOLDS_OBJECT (&values[1]) ? g_value_get_object (&values[1]) : NULL;
  KrHubSoupVisit *visit = SOUP_IS_SERVER_MESSAGE (message) ? kr_hub_soup_visit_of (message) : NULL;

  if (visit == NULL || visit->connection != NULL)
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

/* A message may outlive the visit, and both the door. */
static void
got_headers (SoupServerMessage *message)
{
  KrHubSoupVisit *self = kr_hub_soup_visit_of (message);

  if (self == NULL)
    return;
  disarm (self);
  if (kr_hub_soup_framing_check (message))
    kr_hub_soup_body_watch (message, self->stream, self->clock, self->terms.body_timeout, self->terms.max_body_size);
}

/* The next request may take its time to begin, but its client must stay. */
static void
message_finished (SoupServerMessage *message)
{
  KrHubSoupVisit *self = kr_hub_soup_visit_of (message);

  if (self == NULL || self->over || kr_hub_soup_stream_get_fd (self->stream) < 0)
    return;
  arm (self, self->terms.idle_timeout);
  watch (self);
}

/* Without g_signal_connect_object(): each use of that is looked for among all others of the same object when it ends. */
void
kr_hub_soup_visit_begin_request (KrHubSoupVisit *self, SoupServerMessage *message)
{
  note_connections ();
  stop_watching (self);
  if (!self->has_head)
    arm (self, self->terms.head_timeout);
  self->has_head = FALSE;
  g_signal_connect (message, "got-headers", G_CALLBACK (got_headers), NULL);
  g_signal_connect (message, "finished", G_CALLBACK (message_finished), NULL);
}
