/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* LoadClient: one hub connection over one of the transports, up to whole hub messages. */
#include "config.h"

#include "load-client.h"

#include <string.h>

#include "load-websocket.h"

gboolean
load_client_connect (LoadClient *self, int epoll_fd, const LoadOptions *options, LoadTransport transport,
                     guint32 source)
{
  self->socket.client = self->sender.client = self;
  self->options = options;
  self->epoll_fd = epoll_fd;
  self->source = source;
  self->transport = transport;
  self->messagepack = options->messagepack;
  return transport == LOAD_TRANSPORT_WEBSOCKET ? load_websocket_open (self) : load_http_open (self);
}

void
load_client_close (LoadClient *self)
{
  load_socket_close (&self->socket);
  load_socket_close (&self->sender);
  g_clear_pointer (&self->sent_ns, g_free);
  g_clear_pointer (&self->fragments, g_byte_array_unref);
  g_clear_pointer (&self->pending, g_byte_array_unref);
  g_clear_pointer (&self->token, g_free);
  self->answer = self->posted = (LoadHttp) { 0 };
  self->posting = FALSE;
  self->state = LOAD_CLIENT_CLOSED;
}

/* Whole hub messages, which wait for load_client_flush(). */
void
load_client_send (LoadClient *self, const void *data, gsize len)
{
  if (self->transport == LOAD_TRANSPORT_WEBSOCKET)
    {
      load_websocket_send (self, data, len);
      return;
    }
  if (self->pending == NULL)
    self->pending = g_byte_array_new ();
  g_byte_array_append (self->pending, data, len);
}

void
load_client_send_handshake (LoadClient *self)
{
  const char *text = self->messagepack ? "{\"protocol\":\"messagepack\",\"version\":1}\x1e"
                                       : "{\"protocol\":\"json\",\"version\":1}\x1e";

  self->state = LOAD_CLIENT_HANDSHAKING;
  load_client_send (self, text, strlen (text));
}

/* Straight into the socket's buffer, since the load generator must not be what is slow. */
static void
call_by_frame (LoadClient *self, const LoadCall *call)
{
  guint8 *buffer = load_socket_reserve (&self->socket, LOAD_WEBSOCKET_MAX_HEAD + load_call_get_max_size (call));
  guint8 *body = buffer + LOAD_WEBSOCKET_MAX_HEAD;
  gsize len = load_call_write (call, self->next_id++, body);
  gsize head = load_frame_write_head (buffer, self->messagepack ? LOAD_OPCODE_BINARY : LOAD_OPCODE_TEXT, len);

  memmove (buffer + head, body, len);
  self->socket.out_len += head + len;
}

/* The call waits for load_client_flush(). */
void
load_client_call (LoadClient *self, const LoadCall *call, guint64 now_ns)
{
  if (self->transport == LOAD_TRANSPORT_WEBSOCKET)
    call_by_frame (self, call);
  else
    {
      g_autofree guint8 *buffer = g_malloc (load_call_get_max_size (call));

      load_client_send (self, buffer, load_call_write (call, self->next_id++, buffer));
    }
  if (self->sent_ns != NULL)
    self->sent_ns[self->next++ % LOAD_MAX_DEPTH] = now_ns;
}

/* A silent client is closed after half a minute; those who poll are not expected to ping. */
void
load_client_ping (LoadClient *self)
{
  static const char json[] = "{\"type\":6}\x1e";
  static const guint8 messagepack[] = { 2, 0x91, 6 };

  if (self->transport == LOAD_TRANSPORT_LONG_POLLING)
    return;
  if (self->messagepack)
    load_client_send (self, messagepack, sizeof messagepack);
  else
    load_client_send (self, json, sizeof json - 1);
}

gboolean
load_client_flush (LoadClient *self)
{
  if (self->transport != LOAD_TRANSPORT_WEBSOCKET)
    load_http_post (self);
  return (self->socket.fd < 0 || load_socket_flush (&self->socket)) &&
         (self->sender.fd < 0 || load_socket_flush (&self->sender));
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
gsize
load_client_take_messages (LoadClient *self, const guint8 *data, gsize len, LoadMessageFunc func, gpointer user_data)
{
  gsize total = 0, used;

  while (total < len && self->state != LOAD_CLIENT_CLOSED &&
         (used = take_message (self, data + total, len - total, func, user_data)) > 0)
    total += used;
  return total;
}

/* Takes what has come on one of the sockets and sends what func has called. Returns: FALSE if the connection is lost */
gboolean
load_client_receive (LoadClient *self, LoadSocket *socket, LoadMessageFunc func, gpointer user_data)
{
  gboolean more;

  do
    {
      guint8 *data;
      gsize len, used;

      if (!load_socket_read (socket, &data, &len, &more))
        return FALSE;
      while (len > 0 && self->state != LOAD_CLIENT_CLOSED)
        {
          used = self->transport == LOAD_TRANSPORT_WEBSOCKET
                   ? load_websocket_take (self, data, len, func, user_data)
                   : load_http_take (self, socket, data, len, func, user_data);
          if (used == 0)
            break;
          data += used;
          len -= used;
        }
      load_socket_keep (socket, data, len);
    }
  while (more && self->state != LOAD_CLIENT_CLOSED);
  return self->state != LOAD_CLIENT_CLOSED && load_client_flush (self);
}
