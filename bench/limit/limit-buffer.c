/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* LimitBuffer: bytes of one WebSocket frame, counted, so that a broadcast is framed once. */
#include "config.h"

#include "limit-buffer.h"

#include <string.h>

/* RFC 6455, section 5.2: what a server sends is not masked. */
static guint
write_head (guint8 *head, gboolean binary, gsize len)
{
  head[0] = binary ? 0x82 : 0x81;
  if (len < 126)
    {
      head[1] = len;
      return 2;
    }
  head[1] = 126;
  head[2] = len >> 8;
  head[3] = len & 0xff;
  return 4;
}

/* The parts, one after the other, as one frame; together they are shorter than 64 KiB. */
LimitBuffer *
limit_buffer_new_frame (gboolean binary, const LimitPart *parts, guint n_parts)
{
  LimitBuffer *self;
  guint8 *end;
  gsize len = 0;

  for (guint i = 0; i < n_parts; i++)
    len += parts[i].len;
  self = g_malloc (sizeof *self + 4 + len);
  g_atomic_ref_count_init (&self->refs);
  end = self->data + write_head (self->data, binary, len);
  for (guint i = 0; i < n_parts; i++)
    {
      memcpy (end, parts[i].data, parts[i].len);
      end += parts[i].len;
    }
  self->len = end - self->data;
  return self;
}

LimitBuffer *
limit_buffer_ref (LimitBuffer *self)
{
  g_atomic_ref_count_inc (&self->refs);
  return self;
}

void
limit_buffer_unref (LimitBuffer *self)
{
  if (g_atomic_ref_count_dec (&self->refs))
    g_free (self);
}
