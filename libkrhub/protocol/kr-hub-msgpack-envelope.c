/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* MessagePack as a hub message: the elements one after the other. */
#include "config.h"

#include "kr-hub-msgpack-envelope-private.h"

#include "kr-hub-arguments-private.h"
#include "kr-hub-error.h"
#include "kr-hub-msgpack-reader-private.h"
#include "kr-hub-utf8-private.h"

#define EMPTY_MAP 0x80

typedef struct
{
  KrHubMsgpackReader reader;
  KrHubMessage *message;
  guint32 n_items;      /* of the message's array, as announced */
  gsize size;           /* of the whole message */
} Envelope;

/* FALSE, so that callers can return it. */
static gboolean malformed (GError **error, const char *format, ...) G_GNUC_PRINTF (2, 3);

static gboolean
malformed (GError **error, const char *format, ...)
{
  va_list args;

  if (error == NULL)
    return FALSE;
  va_start (args, format);
  *error = g_error_new_valist (KR_HUB_ERROR, KR_HUB_ERROR_MALFORMED, format, args);
  va_end (args);
  return FALSE;
}

/* What .NET's reader says of a token that is cut short, or is not the one that is due. */
static gboolean
fail_token (Envelope *self, const guint8 *token, GError **error)
{
  KrHubMsgpackReader reader = { token, self->reader.end };
  KrHubMsgpackToken read;

  if (token == self->reader.end || (*token != 0xc1 && !kr_hub_msgpack_reader_next (&reader, &read)))
    return malformed (error, "EndOfStreamException: Attempted to read past the end of the stream.");
  return malformed (error, "MessagePackSerializationException: Unexpected msgpack code %u (%s) encountered.", *token,
                    kr_hub_msgpack_format_name (*token));
}

static gboolean
fail_read (GError **error, const char *field, const char *type)
{
  return malformed (error, "InvalidDataException: Reading '%s' as %s failed.", field, type);
}

static gboolean
read_integer (Envelope *self, const char *field, gint64 min, gint64 max, gint64 *value, GError **error)
{
  KrHubMsgpackToken token;

  if (G_LIKELY (self->reader.pos < self->reader.end && *self->reader.pos < 0x80))
    {
      *value = *self->reader.pos++;
      return TRUE;
    }
  if (kr_hub_msgpack_reader_next (&self->reader, &token))
    {
      *value = token.kind == KR_HUB_MSGPACK_NEGATIVE ? token.negative : (gint64) token.magnitude;
      if (token.kind == KR_HUB_MSGPACK_NEGATIVE && *value >= min)
        return TRUE;
      if (token.kind == KR_HUB_MSGPACK_UNSIGNED && token.magnitude <= (guint64) max)
        return TRUE;
    }
  return fail_read (error, field, max == G_MAXINT64 ? "Int64" : "Int32");
}

/* The beginning of an array or map. As in .NET it must not announce more than there are bytes for: an element takes one
 * at least. */
static inline gboolean
read_count (Envelope *self, KrHubMsgpackKind kind, KrHubMsgpackToken *token)
{
  if (kind == KR_HUB_MSGPACK_ARRAY && G_LIKELY (kr_hub_msgpack_reader_take_short_array (&self->reader, &token->count)))
    return token->count <= (gsize) (self->reader.end - self->reader.pos);
  return kr_hub_msgpack_reader_next (&self->reader, token) && token->kind == kind &&
         (guint64) token->count * (kind == KR_HUB_MSGPACK_MAP ? 2 : 1) <=
             (guint64) (self->reader.end - self->reader.pos);
}

/* Where a text is no UTF-8 .NET puts U+FFFD; what stands in for it is kept in the message's scratch space. */
static void
repair (Envelope *self, KrHubSlice *text)
{
  KrHubMessage *message = self->message;
  gsize begin;

  /* Each byte becomes three at most. Earlier slices point into it, so it must not move. */
  if (message->scratch == NULL)
    message->scratch = g_string_sized_new (3 * self->size);
  begin = message->scratch->len;
  kr_hub_utf8_repair (text, message->scratch);
  *text = (KrHubSlice) { message->scratch->str + begin, message->scratch->len - begin };
}

/* A string, or nil: then @text is absent. */
static gboolean
read_string_slowly (Envelope *self, const char *field, KrHubSlice *text, GError **error)
{
  const guint8 *begin = self->reader.pos;
  KrHubMsgpackToken token;

  if (!kr_hub_msgpack_reader_next (&self->reader, &token) ||
      (token.kind != KR_HUB_MSGPACK_STRING && token.kind != KR_HUB_MSGPACK_NIL))
    {
      self->reader.pos = begin;
      return fail_read (error, field, "String");
    }
  *text = (KrHubSlice) { NULL, 0 };
  if (token.kind == KR_HUB_MSGPACK_NIL)
    return TRUE;
  *text = token.bytes;
  if (G_UNLIKELY (!kr_hub_utf8_validate (text)))
    repair (self, text);
  return TRUE;
}

static inline gboolean
read_string (Envelope *self, const char *field, KrHubSlice *text, GError **error)
{
  const guint8 *begin = self->reader.pos;

  if (G_LIKELY (kr_hub_msgpack_reader_take_text (&self->reader, text) && kr_hub_utf8_is_plain (text)))
    return TRUE;
  self->reader.pos = begin;
  return read_string_slowly (self, field, text, error);
}

static gboolean
read_header (Envelope *self, guint32 index, GError **error)
{
  KrHubSlice key, value;

  if (!read_string (self, NULL, &key, NULL))
    return malformed (error, "InvalidDataException: Reading 'headers[%u].Key' as String failed.", index);
  if (key.len == 0)
    return malformed (error, "InvalidDataException: Null or empty key in header.");
  if (!read_string (self, NULL, &value, NULL))
    return malformed (error, "InvalidDataException: Reading 'headers[%u].Value' as String failed.", index);
  return value.len > 0 || malformed (error, "InvalidDataException: Null or empty value in header.");
}

static gboolean
read_headers (Envelope *self, GError **error)
{
  const guint8 *begin = self->reader.pos;
  KrHubMsgpackToken token;

  if (G_LIKELY (kr_hub_msgpack_reader_take_byte (&self->reader, EMPTY_MAP)))
    return TRUE;
  if (!read_count (self, KR_HUB_MSGPACK_MAP, &token))
    return malformed (error, "InvalidDataException: Reading map length for 'headers' failed.");
  for (guint32 i = 0; i < token.count; i++)
    if (!read_header (self, i, error))
      return FALSE;
  if (token.count > 0)
    self->message->headers = (KrHubSlice) { (const char *) begin, self->reader.pos - begin };
  return TRUE;
}

/* Headers and id, with which types 1 to 5 begin. */
static gboolean
read_ids (Envelope *self, GError **error)
{
  return read_headers (self, error) && read_string (self, "invocationId", &self->message->invocation_id, error);
}

static gboolean
require_id (Envelope *self, const char *name, GError **error)
{
  return self->message->invocation_id.len > 0 ||
         malformed (error, "InvalidDataException: Null or empty invocation ID for %s message.", name);
}

/* An ordinary string is found whole here already; its receiver need not look at it again. */
static gboolean
read_argument (Envelope *self, guint32 index)
{
  KrHubMessage *message = self->message;
  const guint8 *begin = self->reader.pos;
  KrHubMsgpackToken token;

  if (index >= KR_HUB_MESSAGE_TEXTS)
    return kr_hub_msgpack_reader_skip (&self->reader, 1);
  if (G_LIKELY (kr_hub_msgpack_reader_take_text (&self->reader, &token.bytes)))
    {
      if (kr_hub_utf8_is_plain (&token.bytes))
        message->texts[index] = token.bytes;
      return TRUE;
    }
  if (!kr_hub_msgpack_reader_next (&self->reader, &token))
    return FALSE;
  if (token.kind == KR_HUB_MSGPACK_STRING && kr_hub_utf8_is_plain (&token.bytes))
    message->texts[index] = token.bytes;
  if (token.kind != KR_HUB_MSGPACK_ARRAY && token.kind != KR_HUB_MSGPACK_MAP)
    return TRUE;
  self->reader.pos = begin;
  return kr_hub_msgpack_reader_skip (&self->reader, 1);
}

static gboolean
read_all_arguments (Envelope *self, guint32 count)
{
  for (guint32 i = 0; i < count; i++)
    if (!read_argument (self, i))
      return FALSE;
  /* Too few of them, if nothing is left for the stream ids that are announced. */
  return self->n_items <= 5 || self->reader.pos < self->reader.end;
}

/* Bad arguments end only the invocation; what follows them cannot be found then. */
static void
fail_arguments (Envelope *self, const char *text)
{
  g_set_error_literal (&self->message->arguments_error, KR_HUB_ERROR, KR_HUB_ERROR_BINDING, text);
}

static void
read_arguments (Envelope *self)
{
  KrHubMessage *message = self->message;
  KrHubMsgpackToken token;
  const guint8 *begin;

  if (!read_count (self, KR_HUB_MSGPACK_ARRAY, &token))
    {
      fail_arguments (self, "InvalidDataException: Reading array length for 'arguments' failed.");
      return;
    }
  begin = self->reader.pos;
  if (!read_all_arguments (self, token.count))
    {
      fail_arguments (self, KR_HUB_ARGUMENTS_MISMATCH);
      return;
    }
  message->n_arguments = token.count;
  if (token.count > 0)
    message->value =
        (KrHubValue){ .kind = KR_HUB_VALUE_RAW, .slice = { (const char *) begin, self->reader.pos - begin } };
}

static gboolean
read_stream_ids (Envelope *self, GError **error)
{
  KrHubMessage *message = self->message;
  KrHubMsgpackToken token;
  const guint8 *begin;
  KrHubSlice id;

  if (!read_count (self, KR_HUB_MSGPACK_ARRAY, &token))
    return malformed (error, "InvalidDataException: Reading array length for 'streamIds' failed.");
  begin = self->reader.pos;
  for (guint32 i = 0; i < token.count; i++)
    {
      if (!read_string (self, NULL, &id, NULL))
        return fail_token (self, self->reader.pos, error);
      if (id.len == 0)
        return malformed (error, "InvalidDataException: Null or empty value in streamIds received.");
    }
  message->n_stream_ids = token.count;
  if (token.count > 0)
    message->stream_ids = (KrHubSlice) { (const char *) begin, self->reader.pos - begin };
  return TRUE;
}

static gboolean
read_invocation (Envelope *self, gboolean streaming, GError **error)
{
  KrHubMessage *message = self->message;
  const char *name = streaming ? "StreamInvocation" : "Invocation";

  if (!read_ids (self, error) || (streaming && !require_id (self, name, error)))
    return FALSE;
  /* An empty id is none. */
  if (message->invocation_id.len == 0)
    message->invocation_id.data = NULL;
  if (!read_string (self, "target", &message->target, error))
    return FALSE;
  if (message->target.len == 0)
    return malformed (error, "InvalidDataException: Null or empty target for %s message.", name);
  read_arguments (self);
  if (message->arguments_error != NULL)
    return TRUE;
  /* Older clients, and JavaScript's where there are none, leave the stream ids out. */
  return self->n_items <= 5 || read_stream_ids (self, error);
}

/* The value that ends an item or a completion. */
static gboolean
read_value (Envelope *self, GError **error)
{
  const guint8 *begin = self->reader.pos;

  if (!kr_hub_msgpack_reader_skip (&self->reader, 1))
    return malformed (error, "EndOfStreamException: Attempted to read past the end of the stream.");
  self->message->value =
      (KrHubValue){ .kind = KR_HUB_VALUE_RAW, .slice = { (const char *) begin, self->reader.pos - begin } };
  return TRUE;
}

static gboolean
read_completion (Envelope *self, GError **error)
{
  gint64 kind = 0;

  if (!read_ids (self, error) || !require_id (self, "Completion", error) ||
      !read_integer (self, "resultKind", G_MININT32, G_MAXINT32, &kind, error))
    return FALSE;
  switch (kind)
    {
    case KR_HUB_MSGPACK_RESULT_ERROR:
      return read_string (self, "error", &self->message->error, error);
    case KR_HUB_MSGPACK_RESULT_VOID:
      return TRUE;
    case KR_HUB_MSGPACK_RESULT_VALUE:
      return read_value (self, error);
    default:
      return malformed (error, "InvalidDataException: Invalid invocation result kind.");
    }
}

static gboolean
read_close (Envelope *self, GError **error)
{
  KrHubMsgpackToken token;

  if (!read_string (self, "error", &self->message->error, error))
    return FALSE;
  if (self->n_items <= 2)
    return TRUE;
  if (!kr_hub_msgpack_reader_next (&self->reader, &token) || token.kind != KR_HUB_MSGPACK_BOOLEAN)
    return fail_read (error, "allowReconnect", "Boolean");
  self->message->allow_reconnect = token.boolean;
  return TRUE;
}

static gboolean
read_members (Envelope *self, GError **error)
{
  switch (self->message->type)
    {
    case KR_HUB_MESSAGE_INVOCATION:
    case KR_HUB_MESSAGE_STREAM_INVOCATION:
      return read_invocation (self, self->message->type == KR_HUB_MESSAGE_STREAM_INVOCATION, error);
    case KR_HUB_MESSAGE_STREAM_ITEM:
      return read_ids (self, error) && require_id (self, "StreamItem", error) && read_value (self, error);
    case KR_HUB_MESSAGE_COMPLETION:
      return read_completion (self, error);
    case KR_HUB_MESSAGE_CANCEL_INVOCATION:
      return read_ids (self, error) && require_id (self, "CancelInvocation", error);
    case KR_HUB_MESSAGE_CLOSE:
      return read_close (self, error);
    case KR_HUB_MESSAGE_ACK:
    case KR_HUB_MESSAGE_SEQUENCE:
      return read_integer (self, "sequenceId", G_MININT64, G_MAXINT64, &self->message->sequence_id, error);
    case KR_HUB_MESSAGE_PING:
    default:
      return TRUE;
    }
}

static gboolean
read_array_header (Envelope *self, GError **error)
{
  const guint8 *begin = self->reader.pos;
  KrHubMsgpackToken token;

  if (read_count (self, KR_HUB_MSGPACK_ARRAY, &token))
    {
      self->n_items = token.count;
      return TRUE;
    }
  /* An array that announces too much is cut short as well. */
  if (begin < self->reader.end && *begin >= 0x90 && *begin < 0xa0)
    begin = self->reader.end;
  return fail_token (self, begin, error);
}

KrHubParseResult
kr_hub_msgpack_envelope_parse (const KrHubSlice *body, KrHubMessage *message, GError **error)
{
  Envelope envelope = { .reader = kr_hub_msgpack_reader_of (body), .message = message, .size = body->len };
  gint64 type = 0;

  if (!read_array_header (&envelope, error) ||
      !read_integer (&envelope, "messageType", G_MININT32, G_MAXINT32, &type, error))
    return KR_HUB_PARSE_ERROR;
  if (type < KR_HUB_MESSAGE_INVOCATION || type > KR_HUB_MESSAGE_SEQUENCE)
    return KR_HUB_PARSE_IGNORED;
  message->type = type;
  return read_members (&envelope, error) ? KR_HUB_PARSE_MESSAGE : KR_HUB_PARSE_ERROR;
}
