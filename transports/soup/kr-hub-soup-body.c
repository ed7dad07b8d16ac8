/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* KrHubSoupBody: the body of a request, which must keep coming and come to an end. */
#include "config.h"

#include "kr-hub-soup-body-private.h"

/* Kestrel's MinRequestBodyDataRate. */
#define MIN_RATE 240 /* bytes per second */
#define BODY "kr-hub-soup-body-watch"

/* Data of a SoupServerMessage; in its thread. */
typedef struct
{
  KrHubTimer timer;
  KrHubClock *clock;
  KrHubSoupStream *stream;
  gint64 timeout;
  guint64 max_size;
  guint64 size;
  guint64 size_before;  /* when the timer was armed */
} Body;

static void
body_free (gpointer data)
{
  Body *self = data;

  kr_hub_clock_disarm (self->clock, &self->timer);
  g_object_unref (self->clock);
  g_object_unref (self->stream);
  g_free (self);
}

static void
arm (Body *self)
{
  self->size_before = self->size;
  kr_hub_clock_arm (self->clock, &self->timer, kr_hub_clock_get_time (self->clock) + self->timeout);
}

/* libsoup finds out by itself: it is reading. */
static void
cut (Body *self, const char *why)
{
  g_debug ("a request is cut off: its body %s", why);
  kr_hub_clock_disarm (self->clock, &self->timer);
  kr_hub_soup_stream_shut_down (self->stream);
}

static void
timer_fired (KrHubTimer *timer, gint64 now)
{
  Body *self = timer->data;

  if (self->size - self->size_before < MAX (1, (guint64) (MIN_RATE * self->timeout / G_USEC_PER_SEC)))
    cut (self, "comes too slowly");
  else
    arm (self);
}

static void
got_chunk (SoupServerMessage *message, GBytes *chunk, Body *self)
{
  self->size += g_bytes_get_size (chunk);
  if (self->size > self->max_size)
    cut (self, "has no end");
}

static void
got_body (SoupServerMessage *message, Body *self)
{
  kr_hub_clock_disarm (self->clock, &self->timer);
}

static gboolean
is_expected (SoupMessageHeaders *headers)
{
  return soup_message_headers_get_encoding (headers) == SOUP_ENCODING_CHUNKED ||
         soup_message_headers_get_content_length (headers) > 0;
}

/* What is announced to be too long is read, since a client that writes does not hear, but not kept. */
static void
refuse (SoupServerMessage *message)
{
  soup_message_body_set_accumulate (soup_server_message_get_request_body (message), FALSE);
  soup_server_message_set_status (message, SOUP_STATUS_REQUEST_ENTITY_TOO_LARGE, NULL);
  soup_message_headers_replace (soup_server_message_get_response_headers (message), "Connection", "close");
}

/* The head of @message is there; @timeout: within which so much has to come, each time. */
void
kr_hub_soup_body_watch (SoupServerMessage *message,
                        KrHubSoupStream *stream,
                        KrHubClock *clock,
                        gint64 timeout,
                        guint64 max_size)
{
  SoupMessageHeaders *headers = soup_server_message_get_request_headers (message);
  Body *self;

  if (!is_expected (headers))
    return;
  self = g_new0 (Body, 1);
  self->timer.fire = timer_fired;
  self->timer.data = self;
  self->clock = g_object_ref (clock);
  self->stream = g_object_ref (stream);
  self->timeout = timeout;
  self->max_size = max_size;
  if ((guint64) soup_message_headers_get_content_length (headers) > max_size)
    {
      refuse (message);
      self->max_size = G_MAXUINT64;
    }
  g_object_set_data_full (G_OBJECT (message), BODY, self, body_free);
  g_signal_connect (message, "got-chunk", G_CALLBACK (got_chunk), self);
  g_signal_connect (message, "got-body", G_CALLBACK (got_body), self);
  arm (self);
}
