/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* KrHubSoupClientEnd: what a client's transports have in common whose output goes out as POST requests. */
#include "config.h"

#include "kr-hub-soup-client-end-private.h"

/* Of a server that does not answer what a farewell asks of it; as over a WebSocket. */
#define CLOSE_TIMEOUT (5 * G_USEC_PER_SEC)

/* Answers to the POSTs say nothing but how they went. */
static void
poster_done (gpointer data, const GError *error)
{
  KrHubSoupClientEnd *self = data;
  g_autoptr (GObject) hold = g_object_ref (self->owner);

  if (self->deaf && self->funcs->said_all != NULL)
    self->funcs->said_all (self);
  else
    kr_hub_soup_client_end_finish (self, error);
}

static void
closing_took_too_long (KrHubTimer *timer, gint64 now)
{
  KrHubSoupClientEnd *self = timer->data;
  g_autoptr (GObject) hold = g_object_ref (self->owner);

  kr_hub_soup_client_end_finish (self, NULL);
}

void
kr_hub_soup_client_end_init (KrHubSoupClientEnd *self,
                             GObject *owner,
                             const KrHubSoupClientEndFuncs *funcs,
                             KrHubSoupRequester *requester,
                             KrHubClock *clock)
{
  self->owner = owner;
  self->funcs = funcs;
  self->requester = kr_hub_soup_requester_ref (requester);
  self->cancellable = g_cancellable_new ();
  self->reading = TRUE;
  self->clock = g_object_ref (clock);
  self->deadline.fire = closing_took_too_long;
  self->deadline.data = self;
  kr_hub_soup_poster_init (&self->poster, requester, clock, poster_done, self);
}

void
kr_hub_soup_client_end_clear (KrHubSoupClientEnd *self)
{
  kr_hub_clock_disarm (self->clock, &self->deadline);
  kr_hub_soup_poster_clear (&self->poster);
  g_clear_object (&self->clock);
  g_clear_pointer (&self->requester, kr_hub_soup_requester_unref);
  g_clear_object (&self->cancellable);
  g_clear_pointer (&self->held, g_bytes_unref);
}

void
kr_hub_soup_client_end_finish (KrHubSoupClientEnd *self, const GError *error)
{
  const KrHubTransportSink *sink = g_steal_pointer (&self->sink);

  if (sink == NULL)
    return;
  kr_hub_clock_disarm (self->clock, &self->deadline);
  kr_hub_soup_poster_clear (&self->poster);
  g_cancellable_cancel (self->cancellable);
  if (self->funcs->ended != NULL)
    self->funcs->ended (self);
  sink->closed (self->sink_data, self->deaf ? NULL : error);
}

void
kr_hub_soup_client_end_start (KrHubSoupClientEnd *self, const KrHubTransportSink *sink, gpointer sink_data)
{
  self->sink = sink;
  self->sink_data = sink_data;
  kr_hub_soup_poster_start (&self->poster, sink, sink_data);
  self->funcs->read_more (self);
}

void
kr_hub_soup_client_end_pass_on (KrHubSoupClientEnd *self, const guint8 *data, gsize len)
{
  if (len > 0 && self->sink != NULL && !self->deaf)
    self->sink->received (self->sink_data, data, len);
}

void
kr_hub_soup_client_end_receive (KrHubSoupClientEnd *self, GBytes *bytes)
{
  if (!self->reading)
    {
      self->held = g_bytes_ref (bytes);
      return;
    }
  self->funcs->deliver (self, bytes);
  if (self->sink != NULL && self->reading)
    self->funcs->read_more (self);
}

void
kr_hub_soup_client_end_set_reading (KrHubSoupClientEnd *self, gboolean reading)
{
  g_autoptr (GBytes) held = NULL;

  self->reading = reading;
  if (!reading)
    return;
  held = g_steal_pointer (&self->held);
  if (held != NULL)
    self->funcs->deliver (self, held);
  if (self->sink != NULL && self->reading)
    self->funcs->read_more (self);
}

void
kr_hub_soup_client_end_close (KrHubSoupClientEnd *self)
{
  self->deaf = TRUE;
  if (self->deadline.position == 0)
    kr_hub_clock_arm (self->clock, &self->deadline, kr_hub_clock_get_time (self->clock) + CLOSE_TIMEOUT);
  kr_hub_soup_poster_finish (&self->poster);
}

typedef struct
{
  GObject *owner;
  KrHubSoupClientEnd *end;
} Abort;

static gboolean
end_later (gpointer data)
{
  kr_hub_soup_client_end_finish (((Abort *) data)->end, NULL);
  return G_SOURCE_REMOVE;
}

static void
abort_free (gpointer data)
{
  g_object_unref (((Abort *) data)->owner);
  g_free (data);
}

/* Not in a call of the user, who must not be told before that returns. */
void
kr_hub_soup_client_end_abort (KrHubSoupClientEnd *self)
{
  g_autoptr (GSource) source = g_idle_source_new ();
  Abort *data = g_new (Abort, 1);

  self->deaf = TRUE;
  *data = (Abort) { g_object_ref (self->owner), self };
  g_source_set_static_name (source, self->funcs->name);
  g_source_set_priority (source, G_PRIORITY_DEFAULT);
  g_source_set_callback (source, end_later, data, abort_free);
  g_source_attach (source, g_main_context_get_thread_default ());
}
