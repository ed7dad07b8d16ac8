/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* Hub messages as a load generator needs them: calls written from prepared pieces, answers told apart by their type. */
#include "config.h"

#include "load-message.h"

#include <string.h>

#define RECORD_SEPARATOR 0x1e
#define MAX_ID 20

static void
append (GByteArray *array, const char *text)
{
  g_byte_array_append (array, (const guint8 *) text, strlen (text));
}

static void
append_byte (GByteArray *array, guint8 byte)
{
  g_byte_array_append (array, &byte, 1);
}

static void
append_packed_string (GByteArray *array, const char *text)
{
  gsize len = strlen (text);
  const guint8 head[] = { 0xda, len >> 8, len & 0xff };

  if (len < 32)
    append_byte (array, 0xa0 | len);
  else if (len < 256)
    g_byte_array_append (array, (const guint8[]) { 0xd9, len }, 2);
  else
    g_byte_array_append (array, head, sizeof head);
  append (array, text);
}

static void
append_packed_int (GByteArray *array, guint32 number)
{
  const guint8 bytes[] = { 0xce, number >> 24, number >> 16 & 0xff, number >> 8 & 0xff, number & 0xff };

  g_byte_array_append (array, bytes, sizeof bytes);
}

static void
init_json (LoadCall *self, LoadMessageType type, const char *target, const char *group, const char *text, int number)
{
  g_autoptr (GString) after = g_string_new (NULL);

  g_string_append_printf (after, "\",\"target\":\"%s\",\"arguments\":[", target);
  if (group != NULL)
    g_string_append_printf (after, "\"%s\"%s", group, text != NULL ? "," : "");
  if (text != NULL)
    g_string_append_printf (after, "\"%s\"", text);
  if (text == NULL && group == NULL)
    g_string_append_printf (after, "%d", number);
  g_string_append_printf (after, "]}%c", RECORD_SEPARATOR);
  append (self->before_id, type == LOAD_MESSAGE_STREAM_INVOCATION ? "{\"type\":4,\"invocationId\":\""
                                                                  : "{\"type\":1,\"invocationId\":\"");
  append (self->after_id, after->str);
}

/* [type, {}, id, target, [arguments], []], as .NET writes it. */
static void
init_messagepack (LoadCall *self, LoadMessageType type, const char *target, const char *group, const char *text,
                  int number)
{
  g_byte_array_append (self->before_id, (const guint8[]) { 0x96, type, 0x80 }, 3);
  append_packed_string (self->after_id, target);
  append_byte (self->after_id, group != NULL && text != NULL ? 0x92 : 0x91);
  if (group != NULL)
    append_packed_string (self->after_id, group);
  if (text != NULL)
    append_packed_string (self->after_id, text);
  if (text == NULL && group == NULL)
    append_packed_int (self->after_id, number);
  append_byte (self->after_id, 0x90);
}

/* The arguments are group and text, as far as given, else number. */
void
load_call_init (LoadCall *self, gboolean messagepack, LoadMessageType type, const char *target, const char *group,
                const char *text, int number)
{
  self->messagepack = messagepack;
  self->before_id = g_byte_array_new ();
  self->after_id = g_byte_array_new ();
  (messagepack ? init_messagepack : init_json) (self, type, target, group, text, number);
}

void
load_call_clear (LoadCall *self)
{
  g_clear_pointer (&self->before_id, g_byte_array_unref);
  g_clear_pointer (&self->after_id, g_byte_array_unref);
}

gsize
load_call_get_max_size (const LoadCall *self)
{
  return self->before_id->len + self->after_id->len + MAX_ID + 1 + 5;
}

static guint
write_id (guint64 id, char *text)
{
  char reversed[MAX_ID];
  guint n = 0;

  do
    reversed[n++] = '0' + id % 10;
  while ((id /= 10) > 0);
  for (guint i = 0; i < n; i++)
    text[i] = reversed[n - 1 - i];
  return n;
}

static gsize
write_varint (gsize value, guint8 *buffer)
{
  gsize n = 0;

  for (; value >= 0x80; value >>= 7)
    buffer[n++] = (value & 0x7f) | 0x80;
  buffer[n++] = value;
  return n;
}

/* buffer: of load_call_get_max_size(). Returns: how much of it was used */
gsize
load_call_write (const LoadCall *self, guint64 id, guint8 *buffer)
{
  guint8 *end = buffer;
  char text[MAX_ID];
  guint id_len = write_id (id, text);

  if (self->messagepack)
    end += write_varint (self->before_id->len + 1 + id_len + self->after_id->len, end);
  end = mempcpy (end, self->before_id->data, self->before_id->len);
  if (self->messagepack)
    *end++ = 0xa0 | id_len;
  end = mempcpy (end, text, id_len);
  end = mempcpy (end, self->after_id->data, self->after_id->len);
  return end - buffer;
}

/* The member behind the id tells whether a completion failed; both servers write type and id first. */
static void
look_at_json (LoadMessage *self)
{
  static const char start[] = "{\"type\":";
  static const char id[] = ",\"invocationId\":\"";
  const guint8 *end = self->data + self->len, *at = self->data;
  const guint8 *type = self->len > sizeof start && memcmp (at, start, sizeof start - 1) == 0
                         ? at + sizeof start - 1 : NULL;

  if (type == NULL && (type = memmem (at, self->len, "\"type\":", 7)) != NULL)
    type += 7;
  self->type = type != NULL ? *type - '0' : LOAD_MESSAGE_HANDSHAKE;
  self->failed = FALSE;
  if (self->type != LOAD_MESSAGE_COMPLETION)
    return;
  if ((gsize) (end - type) > sizeof id && memcmp (type + 1, id, sizeof id - 1) == 0)
    {
      at = memchr (type + sizeof id, '"', end - type - sizeof id);
      self->failed = at != NULL && end - at > 3 && at[1] == ',' && at[3] == 'e';
    }
  else
    self->failed = memmem (at, self->len, "\"error\":", 8) != NULL;
}

static gsize
next_json (LoadMessage *self, const guint8 *data, gsize len)
{
  const guint8 *end = memchr (data, RECORD_SEPARATOR, len);

  if (end == NULL)
    return 0;
  self->data = data;
  self->len = end - data;
  look_at_json (self);
  return self->len + 1;
}

/* The result kind of a completion follows the id: 1 is an error. */
static void
look_at_messagepack (LoadMessage *self)
{
  self->type = self->len > 1 ? self->data[1] : LOAD_MESSAGE_HANDSHAKE;
  self->failed = FALSE;
  if (self->type == LOAD_MESSAGE_COMPLETION && self->len > 4)
    {
      gsize kind = 3 + 1 + (self->data[3] & 0x1f);

      self->failed = kind < self->len && self->data[kind] == 1;
    }
}

static gsize
next_messagepack (LoadMessage *self, const guint8 *data, gsize len)
{
  gsize body = 0, head = 0;

  do
    {
      if (head == len)
        return 0;
      body |= (gsize) (data[head] & 0x7f) << 7 * head;
    }
  while (data[head++] & 0x80 && head < 5);
  if (len - head < body)
    return 0;
  self->data = data + head;
  self->len = body;
  look_at_messagepack (self);
  return head + body;
}

/* Returns: the length of the first message with what frames it, 0 if it is not complete */
gsize
load_message_next (LoadMessage *self, gboolean messagepack, const guint8 *data, gsize len)
{
  return messagepack ? next_messagepack (self, data, len) : next_json (self, data, len);
}
