/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* What a LoadClient does over a WebSocket. */
#include "config.h"

#include <string.h>

#include "load-client.h"
#include "load-websocket.h"

gboolean
load_websocket_open (LoadClient *self)
{
  const LoadOptions *options = self->options;
  g_autofree char *request = NULL;

  if (!load_socket_connect (&self->socket, self->epoll_fd, options, self->source))
    return FALSE;
  request = g_strdup_printf ("GET %s HTTP/1.1\r\nHost: %s:%d\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                             "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
                             options->path, options->host, options->port);
  load_socket_write (&self->socket, request, strlen (request));
  self->state = LOAD_CLIENT_OPENING;
  return TRUE;
}

static void
send_frame (LoadClient *self, LoadOpcode opcode, const void *payload, gsize len)
{
  guint8 head[LOAD_WEBSOCKET_MAX_HEAD];

  load_socket_write (&self->socket, head, load_frame_write_head (head, opcode, len));
  load_socket_write (&self->socket, payload, len);
}

/* The handshake is text in both encodings. */
void
load_websocket_send (LoadClient *self, const void *data, gsize len)
{
  gboolean text = !self->messagepack || self->state == LOAD_CLIENT_HANDSHAKING;

  send_frame (self, text ? LOAD_OPCODE_TEXT : LOAD_OPCODE_BINARY, data, len);
}

static gsize
take_upgrade (LoadClient *self, const guint8 *data, gsize len)
{
  const guint8 *end = memmem (data, len, "\r\n\r\n", 4);

  if (end == NULL)
    return 0;
  if (len < 12 || memcmp (data, "HTTP/1.1 101", 12) != 0)
    {
      g_printerr ("no upgrade: %.*s\n", (int) MIN (len, 80), data);
      self->state = LOAD_CLIENT_CLOSED;
      return 0;
    }
  load_client_send_handshake (self);
  return end + 4 - data;
}

/* .NET cuts a long WebSocket message into frames anywhere. */
static void
take_fragment (LoadClient *self, const LoadFrame *frame, LoadMessageFunc func, gpointer user_data)
{
  gsize used;

  if (self->fragments == NULL)
    self->fragments = g_byte_array_new ();
  g_byte_array_append (self->fragments, frame->payload, frame->len);
  used = load_client_take_messages (self, self->fragments->data, self->fragments->len, func, user_data);
  g_byte_array_remove_range (self->fragments, 0, used);
  if (frame->last && self->fragments->len > 0)
    self->state = LOAD_CLIENT_CLOSED;
  if (frame->last)
    g_clear_pointer (&self->fragments, g_byte_array_unref);
}

/* Returns: the length of what was taken, 0 if it is not complete */
gsize
load_websocket_take (LoadClient *self, const guint8 *data, gsize len, LoadMessageFunc func, gpointer user_data)
{
  LoadFrame frame;
  gsize used;

  if (self->state == LOAD_CLIENT_OPENING)
    return take_upgrade (self, data, len);
  used = load_frame_next (&frame, data, len);
  if (used == 0)
    return 0;
  if (frame.opcode == LOAD_OPCODE_CLOSE)
    self->state = LOAD_CLIENT_CLOSED;
  else if (frame.opcode == LOAD_OPCODE_PING)
    send_frame (self, LOAD_OPCODE_PONG, frame.payload, frame.len);
  else if (frame.opcode == LOAD_OPCODE_PONG)
    return used;
  else if (!frame.last || self->fragments != NULL)
    take_fragment (self, &frame, func, user_data);
  else if (load_client_take_messages (self, frame.payload, frame.len, func, user_data) < frame.len)
    {
      g_printerr ("a WebSocket message ends within a hub message\n");
      self->state = LOAD_CLIENT_CLOSED;
    }
  return used;
}
