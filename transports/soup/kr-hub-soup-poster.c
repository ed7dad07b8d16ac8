/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* KrHubSoupPoster: sends a client's output as POST requests, one at a time, each with all that waits. */
#include "config.h"

#include "kr-hub-soup-poster-private.h"

#define MAX_VECTORS 64

static void post (KrHubSoupPoster *self);

/* Its answer is not waited for any more, and finds a cancelled operation. */
static void
timed_out (KrHubTimer *timer, gint64 now)
{
  KrHubSoupPoster *self = timer->data;
  g_autoptr (GCancellable) cancellable = g_steal_pointer (&self->cancellable);
  g_autoptr (GError) error =
    g_error_new_literal (G_IO_ERROR, G_IO_ERROR_TIMED_OUT, "The server did not answer in time to what was sent");

  g_cancellable_cancel (cancellable);
  self->done (self->done_data, error);
}

void
kr_hub_soup_poster_init (KrHubSoupPoster *self,
                         KrHubSoupRequester *requester,
                         KrHubClock *clock,
                         KrHubSoupPosterDone done,
                         gpointer done_data)
{
  self->requester = kr_hub_soup_requester_ref (requester);
  self->clock = g_object_ref (clock);
  self->timer.fire = timed_out;
  self->timer.data = self;
  self->done = done;
  self->done_data = done_data;
  self->format = KR_HUB_TRANSFER_FORMAT_TEXT;
}

void
kr_hub_soup_poster_start (KrHubSoupPoster *self, const KrHubTransportSink *sink, gpointer sink_data)
{
  self->sink = sink;
  self->sink_data = sink_data;
}

static void
drop_turn (KrHubSoupPoster *self)
{
  if (self->turn != NULL)
    g_source_destroy (self->turn);
  g_clear_pointer (&self->turn, g_source_unref);
}

/* What is under way is cancelled; its callback finds a cancelled operation and touches nothing. */
void
kr_hub_soup_poster_clear (KrHubSoupPoster *self)
{
  if (self->cancellable != NULL)
    g_cancellable_cancel (self->cancellable);
  g_clear_object (&self->cancellable);
  if (self->clock != NULL)
    kr_hub_clock_disarm (self->clock, &self->timer);
  g_clear_object (&self->clock);
  drop_turn (self);
  self->sink = NULL;
  g_clear_pointer (&self->requester, kr_hub_soup_requester_unref);
}

/* A request under way: it outlives its poster if that is cleared. */
typedef struct
{
  KrHubSoupPoster *poster;
  GCancellable *cancellable;
} Post;

static void
post_free (Post *self)
{
  g_object_unref (self->cancellable);
  g_free (self);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Post, post_free)

static void
posted (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (Post) request = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) body = kr_hub_soup_requester_send_finish (result, NULL, &error);
  KrHubSoupPoster *self = request->poster;

  if (g_cancellable_is_cancelled (request->cancellable))
    return;
  g_clear_object (&self->cancellable);
  kr_hub_clock_disarm (self->clock, &self->timer);
  if (body != NULL)
    post (self);
  else
    self->done (self->done_data, error);
}

static GBytes *
take_output (KrHubSoupPoster *self)
{
  g_auto (KrHubBuffer) body = KR_HUB_BUFFER_INIT;
  GOutputVector vectors[MAX_VECTORS];
  gsize n, n_bytes;

  while ((n = self->sink->peek (self->sink_data, vectors, MAX_VECTORS, &n_bytes)) > 0)
    {
      for (gsize i = 0; i < n; i++)
        kr_hub_buffer_append (&body, vectors[i].buffer, vectors[i].size);
      self->sink->sent (self->sink_data, n_bytes);
    }
  return body.len > 0 || self->probing ? kr_hub_buffer_free_to_bytes (&body) : NULL;
}

static void
post (KrHubSoupPoster *self)
{
  g_autoptr (GBytes) body = NULL;
  KrHubSoupAsk ask = { NULL };
  Post *request;

  if (self->sink == NULL || self->cancellable != NULL)
    return;
  body = take_output (self);
  if (body == NULL)
    {
      if (self->finishing)
        self->done (self->done_data, NULL);
      return;
    }
  self->probing = FALSE;
  self->cancellable = g_cancellable_new ();
  if (self->requester->patience.timeout > 0)
    kr_hub_clock_arm (self->clock, &self->timer, kr_hub_clock_get_time (self->clock) + self->requester->patience.timeout);
  request = g_new0 (Post, 1);
  request->poster = self;
  request->cancellable = g_object_ref (self->cancellable);
  ask.content_type =
    self->format == KR_HUB_TRANSFER_FORMAT_TEXT ? "text/plain;charset=UTF-8" : "application/octet-stream";
  ask.body = body;
  kr_hub_soup_requester_send_async (self->requester, SOUP_METHOD_POST, &ask, self->cancellable, posted, request);
}

static gboolean
turn (gpointer data)
{
  KrHubSoupPoster *self = data;

  drop_turn (self);
  post (self);
  return G_SOURCE_REMOVE;
}

/* At the end of this turn of the main loop, so that what it produces goes out in one request. */
void
kr_hub_soup_poster_request (KrHubSoupPoster *self)
{
  if (self->turn != NULL || self->cancellable != NULL || self->sink == NULL)
    return;
  self->turn = g_idle_source_new ();
  g_source_set_static_name (self->turn, "KrHubSoupPoster");
  g_source_set_priority (self->turn, G_PRIORITY_DEFAULT);
  g_source_set_callback (self->turn, turn, self, NULL);
  g_source_attach (self->turn, g_main_context_get_thread_default ());
}

void
kr_hub_soup_poster_probe (KrHubSoupPoster *self)
{
  /* What is under way finds out as well. */
  if (self->cancellable != NULL)
    return;
  self->probing = TRUE;
  kr_hub_soup_poster_request (self);
}

void
kr_hub_soup_poster_finish (KrHubSoupPoster *self)
{
  self->finishing = TRUE;
  kr_hub_soup_poster_request (self);
}
