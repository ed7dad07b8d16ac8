/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* WebSocket frames from the client's end (RFC 6455). */
#include "config.h"

#include "load-websocket.h"

#include <string.h>

/* Section 5.3: a client masks. The key is zero, so that the payload goes as it is; the server has its work all the
 * same. Returns: the length of the head */
gsize
load_frame_write_head (guint8 *head, LoadOpcode opcode, gsize len)
{
  guint8 *end = head;

  *end++ = 0x80 | opcode;
  if (len < 126)
    *end++ = 0x80 | len;
  else if (len < 65536)
    {
      *end++ = 0x80 | 126;
      *end++ = len >> 8;
      *end++ = len & 0xff;
    }
  else
    {
      *end++ = 0x80 | 127;
      for (int shift = 56; shift >= 0; shift -= 8)
        *end++ = (guint64) len >> shift & 0xff;
    }
  memset (end, 0, 4);
  return end + 4 - head;
}

/* Returns: the length of the first frame, 0 if it is not complete */
gsize
load_frame_next (LoadFrame *self, const guint8 *data, gsize len)
{
  gsize head = 2, payload;

  if (len < head)
    return 0;
  payload = data[1] & 0x7f;
  if (payload >= 126)
    {
      guint n = payload == 126 ? 2 : 8;

      head += n;
      if (len < head)
        return 0;
      payload = 0;
      for (guint i = 0; i < n; i++)
        payload = payload << 8 | data[2 + i];
    }
  if (len - head < payload)
    return 0;
  self->opcode = data[0] & 0x0f;
  self->last = data[0] & 0x80;
  self->payload = data + head;
  self->len = payload;
  return head + payload;
}
