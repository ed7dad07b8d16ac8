/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* Replies made by copying pieces of the request: what remains of a hub when nothing is parsed. */
#include "config.h"

#include "limit-reply.h"

#include <string.h>

#define RECORD_SEPARATOR 0x1e
#define TEXT(string) { (string), sizeof (string) - 1 }

/* Behind the first needle, or NULL. */
static const guint8 *
find_behind (const guint8 *data, gsize len, const char *needle)
{
  const guint8 *found = memmem (data, len, needle, strlen (needle));

  return found != NULL ? found + strlen (needle) : NULL;
}

/* {"type":1,"invocationId":"0","target":"Echo","arguments":["..."]}, the members in this order. */
static gsize
next_json (LimitRequest *self, const guint8 *data, gsize len)
{
  const guint8 *end = memchr (data, RECORD_SEPARATOR, len);
  const guint8 *id, *id_end, *argument;

  if (end == NULL)
    return 0;
  id = find_behind (data, end - data, "\"invocationId\":\"");
  argument = find_behind (data, end - data, "\"arguments\":[");
  self->id.data = NULL;
  if (id != NULL && argument != NULL && argument <= end - 2 && (id_end = memchr (id, '"', end - id)) != NULL)
    {
      self->id = (LimitPart) { id, id_end - id };
      self->argument = (LimitPart) { argument, end - 2 - argument };
      self->broadcast = find_behind (id_end, argument - id_end, "Broadcast") != NULL;
    }
  return end + 1 - data;
}

/* A length of one or two bytes, then [1, {}, "0", "Echo", ["..."]] or the same with [] at its end. */
static gsize
next_messagepack (LimitRequest *self, const guint8 *data, gsize len)
{
  gsize head = len > 0 && data[0] >= 0x80 ? 2 : 1;
  gsize body_len = len < head ? 0 : head == 1 ? data[0] : (data[0] & 0x7f) | (gsize) data[1] << 7;
  const guint8 *body = data + head, *end = body + body_len, *target, *argument;

  if (len < head || len < head + body_len)
    return 0;
  self->id.data = NULL;
  if (body_len < 8 || body[1] != 1)
    return end - data;
  target = body + 3 + 1 + (body[3] & 0x1f);
  argument = target + 1 + (*target & 0x1f) + 1;
  if (argument >= end)
    return end - data;
  self->id = (LimitPart) { body + 3, target - (body + 3) };
  self->argument = (LimitPart) { argument, end - argument - (body[0] == 0x96 ? 1 : 0) };
  self->broadcast = target[1] == 'B';
  return end - data;
}

/* Finds the first message in data: returns its length with all that frames it, or 0 if it is not complete. What is not
 * an invocation leaves id.data NULL. */
gsize
limit_request_next (LimitRequest *self, gboolean binary, const guint8 *data, gsize len)
{
  self->binary = binary;
  return binary ? next_messagepack (self, data, len) : next_json (self, data, len);
}

static LimitBuffer *
new_messagepack (LimitPart *parts, guint n_parts)
{
  guint8 head[2];
  gsize len = 0;

  for (guint i = 1; i < n_parts; i++)
    len += parts[i].len;
  head[0] = len < 0x80 ? len : (len & 0x7f) | 0x80;
  head[1] = len >> 7;
  parts[0] = (LimitPart) { head, len < 0x80 ? 1 : 2 };
  return limit_buffer_new_frame (TRUE, parts, n_parts);
}

LimitBuffer *
limit_reply_completion (const LimitRequest *request)
{
  if (request->binary)
    {
      LimitPart parts[] = { { NULL, 0 }, TEXT ("\x95\x03\x80"), request->id, TEXT ("\x03"), request->argument };

      return new_messagepack (parts, G_N_ELEMENTS (parts));
    }
  else
    {
      LimitPart parts[] = { TEXT ("{\"type\":3,\"invocationId\":\""), request->id, TEXT ("\",\"result\":"),
                            request->argument, TEXT ("}\x1e") };

      return limit_buffer_new_frame (FALSE, parts, G_N_ELEMENTS (parts));
    }
}

LimitBuffer *
limit_reply_broadcast (const LimitRequest *request)
{
  if (request->binary)
    {
      LimitPart parts[] = { { NULL, 0 }, TEXT ("\x95\x01\x80\xc0\xa9" "Broadcast\x91"), request->argument };

      return new_messagepack (parts, G_N_ELEMENTS (parts));
    }
  else
    {
      LimitPart parts[] = { TEXT ("{\"type\":1,\"target\":\"Broadcast\",\"arguments\":["), request->argument,
                            TEXT ("]}\x1e") };

      return limit_buffer_new_frame (FALSE, parts, G_N_ELEMENTS (parts));
    }
}
