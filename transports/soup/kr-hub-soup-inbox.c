/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* KrHubSoupInbox: what a client posts to a connection whose other direction is a response. */
#include "config.h"

#include "kr-hub-soup-inbox-private.h"

/* ASP.NET Core answers a post when its bytes are in the connection's pipe, which takes this many before somebody reads. */
#define MAX_PROMISED (64 * 1024)

typedef struct
{
  GBytes *bytes;
  KrHubSoupExchange *exchange;  /* NULL: answered already */
} Post;

static void
post_free (Post *self)
{
  g_bytes_unref (self->bytes);
  g_clear_object (&self->exchange);
  g_free (self);
}

/* Whether a post can be answered before the hub's thread has seen it, which spares it the way back. */
KrHubSoupPostFate
kr_hub_soup_inbox_offer (KrHubSoupInbox *self, gsize size)
{
  if (g_atomic_int_get (&self->closed))
    return KR_HUB_SOUP_POST_GONE;
  if (size > MAX_PROMISED)
    return KR_HUB_SOUP_POST_WAITS;
  if ((gsize) g_atomic_int_add (&self->promised, (gint) size) <= MAX_PROMISED - size)
    return KR_HUB_SOUP_POST_TAKEN;
  g_atomic_int_add (&self->promised, -(gint) size);
  return KR_HUB_SOUP_POST_WAITS;
}

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

static void
settle (KrHubSoupInbox *self, Post *post, guint status)
{
  if (post->exchange != NULL)
    kr_hub_soup_exchange_answer (post->exchange, status, "text/plain", NULL);
  else
    g_atomic_int_add (&self->promised, -(gint) g_bytes_get_size (post->bytes));
  post_free (post);
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
      Post *post = g_queue_pop_head (&self->posts);

      give (self, post->bytes);
      settle (self, post, SOUP_STATUS_OK);
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

/* @exchange: answered when the user has taken @bytes, or when it never will; NULL if it was answered. The caller keeps us
 * alive. */
void
kr_hub_soup_inbox_push (KrHubSoupInbox *self, GBytes *bytes, KrHubSoupExchange *exchange)
{
  Post *post = g_new0 (Post, 1);

  post->bytes = g_bytes_ref (bytes);
  post->exchange = exchange != NULL ? g_object_ref (exchange) : NULL;
  if (self->closed)
    {
      settle (self, post, SOUP_STATUS_NOT_FOUND);
      return;
    }
  g_queue_push_tail (&self->posts, post);
  kr_hub_soup_inbox_deliver (self);
}

void
kr_hub_soup_inbox_close (KrHubSoupInbox *self)
{
  Post *post;

  g_atomic_int_set (&self->closed, TRUE);
  g_clear_pointer (&self->early, g_bytes_unref);
  while ((post = g_queue_pop_head (&self->posts)) != NULL)
    settle (self, post, SOUP_STATUS_NOT_FOUND);
}
