/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* LoadClient: one hub connection over one of the transports, up to whole hub messages. */
#include "config.h"

#include "load-client.h"

#include <string.h>

#include "load-websocket.h"

static void
send_frame (LoadClient *self, LoadOpcode opcode, const void *payload, gsize len)
{
  guint8 head[LOAD_WEBSOCKET_MAX_HEAD];

  load_socket_write (&self->socket, head, load_frame_write_head (head, opcode, len));
  load_socket_write (&self->socket, payload, len);
}

static LoadOpcode
get_opcode (LoadClient *self)
{
  return self->messagepack ? LOAD_OPCODE_BINARY : LOAD_OPCODE_TEXT;
}

gboolean
load_client_connect (LoadClient *self, int epoll_fd, const LoadOptions *options, guint32 source)
{
  g_autofree char *request = NULL;

  self->socket.client = self;
  self->messagepack = options->messagepack;
  if (!load_socket_connect (&self->socket, epoll_fd, options, source))
    return FALSE;
  request = g_strdup_printf ("GET %s HTTP/1.1\r\nHost: %s:%d\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                             "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
                             options->path, options->host, options->port);
  load_socket_write (&self->socket, request, strlen (request));
  self->state = LOAD_CLIENT_UPGRADING;
  return TRUE;
}

void
load_client_close (LoadClient *self)
{
  load_socket_close (&self->socket);
  g_clear_pointer (&self->sent_ns, g_free);
  g_clear_pointer (&self->fragments, g_byte_array_unref);
  self->state = LOAD_CLIENT_CLOSED;
}

/* The call waits for load_client_flush(). */
void
load_client_call (LoadClient *self, const LoadCall *call, guint64 now_ns)
{
  guint8 *buffer = load_socket_reserve (&self->socket, LOAD_WEBSOCKET_MAX_HEAD + load_call_get_max_size (call));
  guint8 *body = buffer + LOAD_WEBSOCKET_MAX_HEAD;
  gsize len = load_call_write (call, self->next_id++, body);
  gsize head = load_frame_write_head (buffer, get_opcode (self), len);

  memmove (buffer + head, body, len);
  self->socket.out_len += head + len;
  if (self->sent_ns != NULL)
    self->sent_ns[self->next++ % LOAD_MAX_DEPTH] = now_ns;
}

/* A silent client is closed after half a minute. */
void
load_client_ping (LoadClient *self)
{
  static const char json[] = "{\"type\":6}\x1e";
  static const guint8 messagepack[] = { 2, 0x91, 6 };

  if (self->messagepack)
    send_frame (self, LOAD_OPCODE_BINARY, messagepack, sizeof messagepack);
  else
    send_frame (self, LOAD_OPCODE_TEXT, json, sizeof json - 1);
}

gboolean
load_client_flush (LoadClient *self)
{
  return load_socket_flush (&self->socket);
}

static gsize
take_upgrade (LoadClient *self, const guint8 *data, gsize len)
{
  static const char json[] = "{\"protocol\":\"json\",\"version\":1}\x1e";
  static const char messagepack[] = "{\"protocol\":\"messagepack\",\"version\":1}\x1e";
  const guint8 *end = memmem (data, len, "\r\n\r\n", 4);

  if (end == NULL)
    return 0;
  if (len < 12 || memcmp (data, "HTTP/1.1 101", 12) != 0)
    {
      g_printerr ("no upgrade: %.*s\n", (int) MIN (len, 80), data);
      self->state = LOAD_CLIENT_CLOSED;
      return 0;
    }
  self->state = LOAD_CLIENT_HANDSHAKING;
  send_frame (self, LOAD_OPCODE_TEXT, self->messagepack ? messagepack : json,
              strlen (self->messagepack ? messagepack : json));
  return end + 4 - data;
}

/* The answer to the handshake is JSON, whatever comes after it. */
static gsize
take_handshake (LoadClient *self, const guint8 *data, gsize len)
{
  LoadMessage message;
  gsize used = load_message_next (&message, FALSE, data, len);

  if (used == 0)
    return 0;
  if (memmem (message.data, message.len, "error", 5) != NULL)
    {
      g_printerr ("handshake refused: %.*s\n", (int) MIN (message.len, 200), message.data);
      self->state = LOAD_CLIENT_CLOSED;
      return used;
    }
  self->state = LOAD_CLIENT_READY;
  if (self->join != NULL)
    {
      self->state = LOAD_CLIENT_JOINING;
      load_client_call (self, self->join, 0);
    }
  return used;
}

static gsize
take_message (LoadClient *self, const guint8 *data, gsize len, LoadMessageFunc func, gpointer user_data)
{
  LoadMessage message;
  gsize used;

  if (self->state == LOAD_CLIENT_HANDSHAKING)
    return take_handshake (self, data, len);
  used = load_message_next (&message, self->messagepack, data, len);
  if (used == 0 || message.type == LOAD_MESSAGE_PING)
    return used;
  if (message.type == LOAD_MESSAGE_CLOSE || (self->state == LOAD_CLIENT_JOINING && message.failed))
    {
      g_printerr ("ended by the server: %.*s\n", (int) MIN (message.len, 200), message.data);
      self->state = LOAD_CLIENT_CLOSED;
    }
  else if (self->state == LOAD_CLIENT_JOINING)
    self->state = LOAD_CLIENT_READY;
  else
    func (self, &message, user_data);
  return used;
}

/* Returns: the length of all whole messages */
static gsize
take_messages (LoadClient *self, const guint8 *data, gsize len, LoadMessageFunc func, gpointer user_data)
{
  gsize total = 0, used;

  while (total < len && self->state != LOAD_CLIENT_CLOSED &&
         (used = take_message (self, data + total, len - total, func, user_data)) > 0)
    total += used;
  return total;
}

/* .NET cuts a long WebSocket message into frames anywhere. */
static void
take_fragment (LoadClient *self, const LoadFrame *frame, LoadMessageFunc func, gpointer user_data)
{
  gsize used;

  if (self->fragments == NULL)
    self->fragments = g_byte_array_new ();
  g_byte_array_append (self->fragments, frame->payload, frame->len);
  used = take_messages (self, self->fragments->data, self->fragments->len, func, user_data);
  g_byte_array_remove_range (self->fragments, 0, used);
  if (frame->last && self->fragments->len > 0)
    self->state = LOAD_CLIENT_CLOSED;
  if (frame->last)
    g_clear_pointer (&self->fragments, g_byte_array_unref);
}

static gsize
take_frame (LoadClient *self, const guint8 *data, gsize len, LoadMessageFunc func, gpointer user_data)
{
  LoadFrame frame;
  gsize used;

  if (self->state == LOAD_CLIENT_UPGRADING)
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
  else if (take_messages (self, frame.payload, frame.len, func, user_data) < frame.len)
    {
      g_printerr ("a WebSocket message ends within a hub message\n");
      self->state = LOAD_CLIENT_CLOSED;
    }
  return used;
}

/* Takes what has come and sends what func has called. Returns: FALSE if the connection is lost */
gboolean
load_client_receive (LoadClient *self, LoadMessageFunc func, gpointer user_data)
{
  gboolean more;

  do
    {
      guint8 *data;
      gsize len, used;

      if (!load_socket_read (&self->socket, &data, &len, &more))
        return FALSE;
      while (len > 0 && self->state != LOAD_CLIENT_CLOSED &&
             (used = take_frame (self, data, len, func, user_data)) > 0)
        {
          data += used;
          len -= used;
        }
      load_socket_keep (&self->socket, data, len);
    }
  while (more && self->state != LOAD_CLIENT_CLOSED);
  return self->state != LOAD_CLIENT_CLOSED && load_client_flush (self);
}
