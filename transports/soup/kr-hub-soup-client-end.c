/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* KrHubSoupClientEnd: what a client's transports have in common whose output goes out as POST requests. */
#include "config.h"

#include "kr-hub-soup-client-end-private.h"

/* Of a server that does not answer what a farewell asks of it, seconds; as over a WebSocket. */
#define CLOSE_TIMEOUT 5

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

void
kr_hub_soup_client_end_init (KrHubSoupClientEnd *self,
                             GObject *owner,
                             const KrHubSoupClientEndFuncs *funcs,
                             KrHubSoupRequester *requester)
{
  self->owner = owner;
  self->funcs = funcs;
  self->requester = kr_hub_soup_requester_ref (requester);
  self->cancellable = g_cancellable_new ();
  self->reading = TRUE;
  kr_hub_soup_poster_init (&self->poster, requester, poster_done, self);
}

static void
drop_deadline (KrHubSoupClientEnd *self)
{
  if (self->deadline != NULL)
    g_source_destroy (self->deadline);
  g_clear_pointer (&self->deadline, g_source_unref);
}

void
kr_hub_soup_client_end_clear (KrHubSoupClientEnd *self)
{
  drop_deadline (self);
  kr_hub_soup_poster_clear (&self->poster);
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
  drop_deadline (self);
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

static gboolean
closing_took_too_long (gpointer data)
{
  KrHubSoupClientEnd *self = data;
  g_autoptr (GObject) hold = g_object_ref (self->owner);

  kr_hub_soup_client_end_finish (self, NULL);
  return G_SOURCE_REMOVE;
}

void
kr_hub_soup_client_end_close (KrHubSoupClientEnd *self)
{
  self->deaf = TRUE;
  if (self->deadline == NULL)
    {
      self->deadline = g_timeout_source_new_seconds (CLOSE_TIMEOUT);
      g_source_set_static_name (self->deadline, "KrHubSoupClientEnd close");
      g_source_set_callback (self->deadline, closing_took_too_long, self, NULL);
      g_source_attach (self->deadline, g_main_context_get_thread_default ());
    }
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
