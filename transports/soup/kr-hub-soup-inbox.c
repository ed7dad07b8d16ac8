/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* KrHubSoupInbox: what a client posts to a connection whose other direction is a response. */
#include "config.h"

#include "kr-hub-soup-inbox-private.h"

static void
give (KrHubSoupInbox *self, GBytes *bytes)
{
  gsize len;
  const guint8 *data = g_bytes_get_data (bytes, &len);

  if (len > 0)
    self->sink->received (self->sink_data, data, len);
}

static gboolean
can_give (KrHubSoupInbox *self)
{
  return self->sink != NULL && !self->paused && !self->closed;
}

/* As long as the user reads. It may close or pause us in each call; the caller keeps us alive. */
void
kr_hub_soup_inbox_deliver (KrHubSoupInbox *self)
{
  if (self->delivering)
    return;
  self->delivering = TRUE;
  if (can_give (self) && self->early != NULL)
    {
      g_autoptr (GBytes) early = g_steal_pointer (&self->early);

      give (self, early);
    }
  while (can_give (self) && !g_queue_is_empty (&self->posts))
    {
      g_autoptr (KrHubSoupExchange) post = g_queue_pop_head (&self->posts);

      give (self, kr_hub_soup_exchange_get_body (post));
      kr_hub_soup_exchange_answer (post, SOUP_STATUS_OK, "text/plain", NULL);
    }
  self->delivering = FALSE;
}

/* Nothing is delivered yet: the owner calls deliver() when its user has returned from start(). */
void
kr_hub_soup_inbox_start (KrHubSoupInbox *self, const KrHubTransportSink *sink, gpointer sink_data, GBytes *early)
{
  self->sink = sink;
  self->sink_data = sink_data;
  self->early = early;
}

/* Likewise: what waits is delivered by the owner's next deliver(). */
void
kr_hub_soup_inbox_set_reading (KrHubSoupInbox *self, gboolean reading)
{
  self->paused = !reading;
}

void
kr_hub_soup_inbox_push (KrHubSoupInbox *self, KrHubSoupExchange *post)
{
  if (self->closed)
    {
      kr_hub_soup_exchange_answer (post, SOUP_STATUS_NOT_FOUND, "text/plain", NULL);
      return;
    }
  g_queue_push_tail (&self->posts, g_object_ref (post));
  kr_hub_soup_inbox_deliver (self);
}

void
kr_hub_soup_inbox_close (KrHubSoupInbox *self)
{
  KrHubSoupExchange *post;

  self->closed = TRUE;
  g_clear_pointer (&self->early, g_bytes_unref);
  while ((post = g_queue_pop_head (&self->posts)) != NULL)
    {
      kr_hub_soup_exchange_answer (post, SOUP_STATUS_NOT_FOUND, "text/plain", NULL);
      g_object_unref (post);
    }
}
