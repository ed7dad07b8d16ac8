/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* LimitConnection: one upgraded socket, its unfinished frame and the frames that wait for the end of the turn. */
#include "config.h"

#include "limit-connection.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "limit-reactor.h"

#define READ_SIZE 65536
#define N_VECTORS 64
#define OPCODE_CLOSE 8

LimitConnection *
limit_connection_new (GIOStream *stream, int fd)
{
  LimitConnection *self = g_new0 (LimitConnection, 1);

  self->stream = stream;
  self->fd = fd;
  return self;
}

/* Leaves the struct to the reactor, which may still have it in a list. */
void
limit_connection_close (LimitConnection *self)
{
  g_io_stream_close (self->stream, NULL, NULL);
  g_clear_object (&self->stream);
  g_clear_pointer (&self->rest, g_free);
  for (guint i = 0; i < self->n_queued; i++)
    limit_buffer_unref (self->queue[i]);
  g_clear_pointer (&self->queue, g_free);
  self->n_queued = self->queue_size = 0;
  self->fd = -1;
}

/* Takes the reference. */
void
limit_connection_queue (LimitConnection *self, LimitBuffer *buffer)
{
  if (self->n_queued == self->queue_size)
    {
      self->queue_size = MAX (8, self->queue_size * 2);
      self->queue = g_renew (LimitBuffer *, self->queue, self->queue_size);
    }
  self->queue[self->n_queued++] = buffer;
  if (!self->dirty)
    limit_reactor_add_dirty (self->reactor, self);
}

static void
drop_written (LimitConnection *self, gsize n_bytes)
{
  guint done = 0;

  self->written += n_bytes;
  while (done < self->n_queued && self->written >= self->queue[done]->len)
    {
      self->written -= self->queue[done]->len;
      limit_buffer_unref (self->queue[done++]);
    }
  self->n_queued -= done;
  if (self->n_queued == 0)
    {
      g_clear_pointer (&self->queue, g_free);
      self->queue_size = 0;
    }
  else if (done > 0)
    memmove (self->queue, self->queue + done, self->n_queued * sizeof *self->queue);
}

/* Returns: whether all was written; the socket takes no more otherwise, or is broken, which receiving will find out */
gboolean
limit_connection_flush (LimitConnection *self)
{
  while (self->n_queued > 0)
    {
      struct iovec vectors[N_VECTORS];
      int n = MIN (self->n_queued, N_VECTORS);
      gssize written;

      for (int i = 0; i < n; i++)
        vectors[i] = (struct iovec) { self->queue[i]->data, self->queue[i]->len };
      vectors[0].iov_base = (guint8 *) vectors[0].iov_base + self->written;
      vectors[0].iov_len -= self->written;
      written = writev (self->fd, vectors, n);
      if (written < 0)
        return FALSE;
      drop_written (self, written);
    }
  return TRUE;
}

/* RFC 6455, section 5.3. */
static void
unmask (guint8 *data, gsize len, const guint8 *key)
{
  guint64 wide;
  gsize i = 0;

  memcpy (&wide, key, 4);
  memcpy ((guint8 *) &wide + 4, key, 4);
  for (; i + 8 <= len; i += 8)
    {
      guint64 word;

      memcpy (&word, data + i, 8);
      word ^= wide;
      memcpy (data + i, &word, 8);
    }
  for (; i < len; i++)
    data[i] ^= key[i & 3];
}

static gsize
take_handshake (LimitConnection *self, const guint8 *data, gsize len)
{
  static const LimitPart answer[] = { { "{}\x1e", 3 } };
  const guint8 *end = memchr (data, 0x1e, len);

  if (end == NULL)
    return len;
  self->handshaken = TRUE;
  self->binary = memmem (data, end - data, "messagepack", 11) != NULL;
  limit_connection_queue (self, limit_buffer_new_frame (self->binary, answer, 1));
  return end + 1 - data;
}

static void
take_payload (LimitConnection *self, const guint8 *data, gsize len)
{
  LimitRequest request;
  gsize used;

  if (!self->handshaken)
    {
      used = take_handshake (self, data, len);
      data += used;
      len -= used;
    }
  while (len > 0 && (used = limit_request_next (&request, self->binary, data, len)) > 0)
    {
      if (request.id.data != NULL)
        {
          if (request.broadcast)
            limit_reactor_broadcast (self->reactor, limit_reply_broadcast (&request));
          limit_connection_queue (self, limit_reply_completion (&request));
        }
      data += used;
      len -= used;
    }
}

/* Returns: the length of the frame with its head, 0 if it is not complete, -1 if it closes the connection */
static gssize
take_frame (LimitConnection *self, guint8 *data, gsize len)
{
  gsize head = 6, payload;

  if (len < head)
    return 0;
  payload = data[1] & 0x7f;
  if (payload == 126)
    {
      head = 8;
      payload = (gsize) data[2] << 8 | data[3];
    }
  if (payload == 127 || (data[0] & 0x0f) == OPCODE_CLOSE)
    return -1;
  if (len < head + payload)
    return 0;
  unmask (data + head, payload, data + head - 4);
  take_payload (self, data + head, payload);
  return head + payload;
}

static gboolean
take_bytes (LimitConnection *self, guint8 *data, gsize len)
{
  gssize used;

  while ((used = take_frame (self, data, len)) > 0)
    {
      data += used;
      len -= used;
    }
  g_clear_pointer (&self->rest, g_free);
  self->rest_len = len;
  if (len > 0)
    self->rest = g_memdup2 (data, len);
  return used == 0;
}

/* Reads what the socket has. Returns: whether the connection lives on */
gboolean
limit_connection_receive (LimitConnection *self)
{
  static __thread guint8 buffer[2 * READ_SIZE + 8];
  gssize n;

  do
    {
      if (self->rest_len > 0)
        memcpy (buffer, self->rest, self->rest_len);
      n = recv (self->fd, buffer + self->rest_len, READ_SIZE, MSG_DONTWAIT);
      if (n <= 0)
        return n < 0 && errno == EAGAIN;
      if (!take_bytes (self, buffer, self->rest_len + n))
        return FALSE;
    }
  while (n == READ_SIZE);
  return TRUE;
}
