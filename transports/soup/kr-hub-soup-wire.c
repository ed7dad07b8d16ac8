/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* KrHubSoupWire: what carries the bytes of a connection that libsoup has let go. */
#include "config.h"

#include "kr-hub-soup-wire-private.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "kr-hub-soup-visit-private.h"

KrHubSoupWire
kr_hub_soup_wire_from_stream (GIOStream *stream, GSocket *socket)
{
  return (KrHubSoupWire) { .stream = stream, .fd = g_socket_get_fd (socket) };
}

void
kr_hub_soup_wire_close (KrHubSoupWire *self)
{
  if (self->stream != NULL)
    g_io_stream_close (self->stream, NULL, NULL); /* the last reference would leave the descriptor open */
  else if (self->fd >= 0)
    close (self->fd);
  g_clear_object (&self->stream);
  g_clear_pointer (&self->guest, kr_hub_soup_guest_leave);
  g_clear_pointer (&self->early, g_bytes_unref);
  self->fd = -1;
}

void
kr_hub_soup_wire_close_with (KrHubSoupWire *self, const char *answer)
{
  GOutputStream *output = self->stream != NULL ? g_io_stream_get_output_stream (self->stream) : NULL;

  if (output != NULL)
    g_pollable_output_stream_write_nonblocking (G_POLLABLE_OUTPUT_STREAM (output), answer, strlen (answer), NULL, NULL);
  else if (send (self->fd, answer, strlen (answer), MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
    g_debug ("no last word: %m");
  kr_hub_soup_wire_close (self);
}

/* --- from libsoup --- */

/* What libsoup does not know of a connection that it did not accept itself. */
int
kr_hub_soup_message_get_fd (SoupServerMessage *message)
{
  GSocket *socket = soup_server_message_get_socket (message);
  KrHubSoupStream *stream;

  if (socket != NULL)
    return g_socket_get_fd (socket);
  stream = kr_hub_soup_address_get_stream (soup_server_message_get_remote_address (message));
  return stream != NULL ? kr_hub_soup_stream_get_fd (stream) : -1;
}

/* What libsoup has read behind the request. */
static GBytes *
read_ahead (GIOStream *stream)
{
  GPollableInputStream *input = G_POLLABLE_INPUT_STREAM (g_io_stream_get_input_stream (stream));
  GByteArray *all = NULL;
  guint8 buffer[4096];
  gssize n;

  while ((n = g_pollable_input_stream_read_nonblocking (input, buffer, sizeof buffer, NULL, NULL)) > 0)
    {
      if (all == NULL)
        all = g_byte_array_new ();
      g_byte_array_append (all, buffer, n);
    }
  return all != NULL ? g_byte_array_free_to_bytes (all) : NULL;
}

/* Nothing but its descriptor is needed of a connection without TLS. */
static void
take_bare (KrHubSoupWire *wire, KrHubSoupStream *stream)
{
  g_autoptr (GIOStream) wrapped = g_steal_pointer (&wire->stream);

  kr_hub_soup_stream_stop_reading (stream);
  wire->early = read_ahead (wrapped);
  wire->fd = kr_hub_soup_stream_take_fd (stream, &wire->guest);
}

static gboolean
is_bare (GIOStream *stream, KrHubSoupStream *ours)
{
  g_autoptr (GIOStream) base = NULL;

  if (g_object_class_find_property (G_OBJECT_GET_CLASS (stream), "base-iostream") != NULL)
    g_object_get (stream, "base-iostream", &base, NULL);
  return base == (GIOStream *) ours || stream == (GIOStream *) ours;
}

/* FALSE: the client has left. */
gboolean
kr_hub_soup_message_take_wire (SoupServerMessage *message, KrHubSoupWire *wire)
{
  KrHubSoupStream *ours = kr_hub_soup_address_get_stream (soup_server_message_get_remote_address (message));
  g_autoptr (KrHubSoupStream) stream = ours != NULL ? g_object_ref (ours) : NULL;
  KrHubSoupVisit *visit = kr_hub_soup_visit_of (message);

  *wire = (KrHubSoupWire) { .fd = kr_hub_soup_message_get_fd (message) };
  if (wire->fd < 0)
    return FALSE;
  if (visit != NULL)
    kr_hub_soup_visit_leave (visit);
  wire->stream = soup_server_message_steal_connection (message);
  if (wire->stream == NULL)
    return FALSE;
  if (stream != NULL && is_bare (wire->stream, stream))
    take_bare (wire, stream);
  return TRUE;
}
