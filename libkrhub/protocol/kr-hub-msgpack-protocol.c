/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* KrHubMsgpackProtocol: the MessagePack encoding of the hub protocol. */
#include "config.h"

#include "kr-hub-msgpack-protocol.h"

#include "kr-hub-error.h"
#include "kr-hub-msgpack-reader-private.h"
#include "kr-hub-msgpack-values-private.h"
#include "kr-hub-msgpack-writer-private.h"
#include "kr-hub-text-frame-private.h"
#include "kr-hub-utf8-private.h"

/* A length prefix has at most five bytes, and the message at most 2 GiB - 1 (HubProtocol.md, "MessagePack"). */
#define MAX_PREFIX 5

/**
 * KrHubMsgpackProtocol:
 *
 * The MessagePack encoding: one array per message, behind its length (HubProtocol.md, "MessagePack Hub Protocol Encoding").
 *
 * It has no state: one object, [func@KrHub.MsgpackProtocol.get_default], serves every connection and thread. A timestamp
 * (extension -1) is decoded as its ISO 8601 text, which is what JSON has; other extensions are refused when decoded. Dates
 * are written as text.
 *
 * Since: 0.1
 */
struct _KrHubMsgpackProtocol
{
  GObject parent_instance;
};

/* The results of a Completion (HubProtocol.md, "Completion Message Encoding"). */
enum
{
  RESULT_ERROR = 1,
  RESULT_VOID = 2,
  RESULT_VALUE = 3,
};

typedef struct
{
  KrHubMsgpackReader reader;
  KrHubMessage *message;
  guint32 n_items;      /* of the message's array, as announced */
  gsize size;           /* of the whole message */
} Envelope;

static void kr_hub_msgpack_protocol_init_iface (KrHubProtocolInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (KrHubMsgpackProtocol, kr_hub_msgpack_protocol, G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (KR_HUB_TYPE_PROTOCOL, kr_hub_msgpack_protocol_init_iface))

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

/* The beginning of an array or map. As in .NET it must not announce more than there are bytes for: an element takes one at
 * least. */
static gboolean
read_count (Envelope *self, KrHubMsgpackKind kind, KrHubMsgpackToken *token)
{
  return kr_hub_msgpack_reader_next (&self->reader, token) && token->kind == kind &&
         (guint64) token->count * (kind == KR_HUB_MSGPACK_MAP ? 2 : 1) <= (guint64) (self->reader.end - self->reader.pos);
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
read_string (Envelope *self, const char *field, KrHubSlice *text, GError **error)
{
  KrHubMsgpackToken token;

  const guint8 *begin = self->reader.pos;

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
      fail_arguments (self, "InvalidDataException: Error binding arguments. Make sure that the types of the provided values match "
                            "the types of the hub method being invoked.");
      return;
    }
  message->n_arguments = token.count;
  if (token.count > 0)
    message->value = (KrHubValue) { .kind = KR_HUB_VALUE_RAW, .slice = { (const char *) begin, self->reader.pos - begin } };
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
  self->message->value = (KrHubValue) { .kind = KR_HUB_VALUE_RAW, .slice = { (const char *) begin, self->reader.pos - begin } };
  return TRUE;
}

static gboolean
read_completion (Envelope *self, GError **error)
{
  gint64 kind;

  if (!read_ids (self, error) || !require_id (self, "Completion", error) ||
      !read_integer (self, "resultKind", G_MININT32, G_MAXINT32, &kind, error))
    return FALSE;
  switch (kind)
    {
    case RESULT_ERROR:
      return read_string (self, "error", &self->message->error, error);
    case RESULT_VOID:
      return TRUE;
    case RESULT_VALUE:
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

static KrHubParseResult
kr_hub_msgpack_protocol_parse (KrHubProtocol *protocol, const KrHubSlice *body, KrHubMessage *message, GError **error)
{
  Envelope envelope = { .reader = kr_hub_msgpack_reader_of (body), .message = message, .size = body->len };
  gint64 type;

  if (!read_array_header (&envelope, error) ||
      !read_integer (&envelope, "messageType", G_MININT32, G_MAXINT32, &type, error))
    return KR_HUB_PARSE_ERROR;
  if (type < KR_HUB_MESSAGE_INVOCATION || type > KR_HUB_MESSAGE_SEQUENCE)
    return KR_HUB_PARSE_IGNORED;
  message->type = type;
  return read_members (&envelope, error) ? KR_HUB_PARSE_MESSAGE : KR_HUB_PARSE_ERROR;
}

/* The length before a message: seven bits a byte, the lowest first. Bytes it takes; 0 if it is cut short, -1 if too large. */
static gint
read_prefix (const guint8 *data, gsize len, gsize *body_len)
{
  guint64 value = 0;

  for (guint i = 0; i < MAX_PREFIX; i++)
    {
      if (i == len)
        return 0;
      value |= (guint64) (data[i] & 0x7f) << (7 * i);
      if (data[i] < 0x80)
        {
          *body_len = value;
          return value <= G_MAXINT32 ? (gint) i + 1 : -1;
        }
    }
  return -1;
}

static gssize
kr_hub_msgpack_protocol_frame (KrHubProtocol *protocol,
                               const guint8 *data,
                               gsize len,
                               gsize max_size,
                               KrHubSlice *body,
                               GError **error)
{
  gsize body_len;
  gint prefix = read_prefix (data, len, &body_len);

  if (prefix < 0)
    {
      g_set_error_literal (error, KR_HUB_ERROR, KR_HUB_ERROR_TOO_LARGE,
                           "FormatException: Messages over 2GB in size are not supported.");
      return -1;
    }
  if (prefix == 0)
    return 0;
  /* The length is known before the bytes are here: none of them need be waited for. */
  if (max_size > 0 && prefix + body_len > max_size)
    return kr_hub_frame_too_large (max_size, error);
  if (len - prefix < body_len)
    return 0;
  *body = (KrHubSlice) { (const char *) data + prefix, body_len };
  return prefix + body_len;
}

static guint
write_prefix (guint8 *to, gsize len)
{
  guint n = 0;

  for (; len >= 0x80; len >>= 7)
    to[n++] = 0x80 | (len & 0x7f);
  to[n++] = len;
  return n;
}

static gboolean
write_value (KrHubBuffer *out, const KrHubValue *value, GError **error)
{
  switch (value->kind)
    {
    case KR_HUB_VALUE_RAW:
      kr_hub_buffer_append (out, value->slice.data, value->slice.len);
      return TRUE;
    case KR_HUB_VALUE_STRING:
      kr_hub_msgpack_write_string (out, value->slice.data, value->slice.len);
      return TRUE;
    case KR_HUB_VALUE_VARIANT:
      return kr_hub_msgpack_write_variant (out, value->variant, 1, error);
    case KR_HUB_VALUE_NONE:
    case KR_HUB_VALUE_NULL:
    default:
      kr_hub_msgpack_write_nil (out);
      return TRUE;
    }
}

static gboolean
write_arguments (KrHubBuffer *out, const KrHubMessage *message, GError **error)
{
  const KrHubValue *value = &message->value;
  gsize n = value->kind == KR_HUB_VALUE_VARIANT ? g_variant_n_children (value->variant) : message->n_arguments;

  kr_hub_msgpack_write_array (out, value->kind == KR_HUB_VALUE_NONE ? 0 : n);
  if (value->kind == KR_HUB_VALUE_RAW)
    kr_hub_buffer_append (out, value->slice.data, value->slice.len);
  if (value->kind != KR_HUB_VALUE_VARIANT)
    return TRUE;
  for (gsize i = 0; i < n; i++)
    {
      g_autoptr (GVariant) child = g_variant_get_child_value (value->variant, i);

      if (!kr_hub_msgpack_write_variant (out, child, 2, error))
        return FALSE;
    }
  return TRUE;
}

/* The array, type, headers and id. */
static void
begin_message (KrHubBuffer *out, const KrHubMessage *message, guint n_items)
{
  kr_hub_msgpack_write_array (out, n_items);
  kr_hub_msgpack_write_uint64 (out, message->type);
  if (message->headers.len > 0)
    kr_hub_buffer_append (out, message->headers.data, message->headers.len);
  else
    kr_hub_msgpack_write_map (out, 0);
  if (message->invocation_id.len > 0)
    kr_hub_msgpack_write_string (out, message->invocation_id.data, message->invocation_id.len);
  else
    kr_hub_msgpack_write_nil (out);
}

static gboolean
write_invocation (KrHubBuffer *out, const KrHubMessage *message, GError **error)
{
  begin_message (out, message, 6);
  kr_hub_msgpack_write_string (out, message->target.data, message->target.len);
  if (!write_arguments (out, message, error))
    return FALSE;
  kr_hub_msgpack_write_array (out, message->n_stream_ids);
  kr_hub_buffer_append (out, message->stream_ids.data, message->stream_ids.len);
  return TRUE;
}

static gboolean
write_completion (KrHubBuffer *out, const KrHubMessage *message, GError **error)
{
  gboolean failed = message->error.len > 0, is_void = !failed && message->value.kind == KR_HUB_VALUE_NONE;

  begin_message (out, message, is_void ? 4 : 5);
  kr_hub_msgpack_write_uint64 (out, failed ? RESULT_ERROR : is_void ? RESULT_VOID : RESULT_VALUE);
  if (failed)
    kr_hub_msgpack_write_string (out, message->error.data, message->error.len);
  return failed || is_void || write_value (out, &message->value, error);
}

static void
write_close (KrHubBuffer *out, const KrHubMessage *message)
{
  kr_hub_msgpack_write_array (out, 3);
  kr_hub_msgpack_write_uint64 (out, message->type);
  if (message->error.len > 0)
    kr_hub_msgpack_write_string (out, message->error.data, message->error.len);
  else
    kr_hub_msgpack_write_nil (out);
  kr_hub_msgpack_write_boolean (out, message->allow_reconnect);
}

static gboolean
write_message (KrHubBuffer *out, const KrHubMessage *message, GError **error)
{
  switch (message->type)
    {
    case KR_HUB_MESSAGE_INVOCATION:
    case KR_HUB_MESSAGE_STREAM_INVOCATION:
      return write_invocation (out, message, error);
    case KR_HUB_MESSAGE_STREAM_ITEM:
      begin_message (out, message, 4);
      return write_value (out, &message->value, error);
    case KR_HUB_MESSAGE_COMPLETION:
      return write_completion (out, message, error);
    case KR_HUB_MESSAGE_CANCEL_INVOCATION:
      begin_message (out, message, 3);
      return TRUE;
    case KR_HUB_MESSAGE_CLOSE:
      write_close (out, message);
      return TRUE;
    case KR_HUB_MESSAGE_ACK:
    case KR_HUB_MESSAGE_SEQUENCE:
      kr_hub_msgpack_write_array (out, 2);
      kr_hub_msgpack_write_uint64 (out, message->type);
      kr_hub_msgpack_write_int64 (out, message->sequence_id);
      return TRUE;
    case KR_HUB_MESSAGE_PING:
    default:
      kr_hub_msgpack_write_array (out, 1);
      kr_hub_msgpack_write_uint64 (out, message->type);
      return TRUE;
    }
}

static gboolean
kr_hub_msgpack_protocol_write (KrHubProtocol *protocol, const KrHubMessage *message, KrHubBuffer *out, GError **error)
{
  gsize begin = out->len, body_len;
  /* Room for the length, which is known at the end only; rarely another than guessed. */
  guint guess = message->value.slice.len + message->error.len < 80 ? 1 : 2, n;
  guint8 prefix[MAX_PREFIX * 2];

  kr_hub_buffer_reserve (out, guess);
  out->len += guess;
  if (!write_message (out, message, error))
    {
      out->len = begin;
      return FALSE;
    }
  body_len = out->len - begin - guess;
  n = write_prefix (prefix, body_len);
  if (G_UNLIKELY (n != guess))
    {
      kr_hub_buffer_reserve (out, MAX_PREFIX);
      memmove (out->data + begin + n, out->data + begin + guess, body_len);
      out->len = begin + n + body_len;
    }
  memcpy (out->data + begin, prefix, n);
  return TRUE;
}

static gboolean
kr_hub_msgpack_protocol_next_value (KrHubProtocol *protocol, KrHubSlice *rest, KrHubSlice *value)
{
  KrHubMsgpackReader reader = kr_hub_msgpack_reader_of (rest);

  if (rest->len == 0 || !kr_hub_msgpack_reader_skip (&reader, 1))
    return FALSE;
  *value = (KrHubSlice) { rest->data, (const char *) reader.pos - rest->data };
  *rest = (KrHubSlice) { (const char *) reader.pos, reader.end - reader.pos };
  return TRUE;
}

static gboolean
kr_hub_msgpack_protocol_decode_string (KrHubProtocol *protocol,
                                       const KrHubSlice *value,
                                       GString *scratch,
                                       KrHubSlice *text,
                                       GError **error)
{
  return kr_hub_msgpack_read_string (value, scratch, text, error);
}

static GVariant *
kr_hub_msgpack_protocol_decode_variant (KrHubProtocol *protocol,
                                        const KrHubSlice *value,
                                        const GVariantType *type,
                                        GError **error)
{
  return kr_hub_msgpack_read_variant (value, type, error);
}

static JsonNode *
kr_hub_msgpack_protocol_decode_node (KrHubProtocol *protocol, const KrHubSlice *value, GError **error)
{
  return kr_hub_msgpack_read_node (value, error);
}

static gboolean
kr_hub_msgpack_protocol_encode_node (KrHubProtocol *protocol, JsonNode *node, KrHubBuffer *out, GError **error)
{
  gsize begin = out->len;

  if (kr_hub_msgpack_write_node (out, node, 1, error))
    return TRUE;
  out->len = begin;
  return FALSE;
}

static void
kr_hub_msgpack_protocol_class_init (KrHubMsgpackProtocolClass *klass)
{
}

static void
kr_hub_msgpack_protocol_init (KrHubMsgpackProtocol *self)
{
}

static void
kr_hub_msgpack_protocol_init_iface (KrHubProtocolInterface *iface)
{
  iface->name = "messagepack";
  iface->version = 2;
  iface->transfer_format = KR_HUB_TRANSFER_FORMAT_BINARY;
  iface->frame = kr_hub_msgpack_protocol_frame;
  iface->parse = kr_hub_msgpack_protocol_parse;
  iface->write = kr_hub_msgpack_protocol_write;
  iface->next_value = kr_hub_msgpack_protocol_next_value;
  iface->decode_string = kr_hub_msgpack_protocol_decode_string;
  iface->decode_variant = kr_hub_msgpack_protocol_decode_variant;
  iface->decode_node = kr_hub_msgpack_protocol_decode_node;
  iface->encode_node = kr_hub_msgpack_protocol_encode_node;
}

/**
 * kr_hub_msgpack_protocol_get_default:
 *
 * Gets the one MessagePack protocol. May be called from any thread.
 *
 * Returns: (transfer none): the protocol, which lives for ever
 *
 * Since: 0.1
 */
KrHubProtocol *
kr_hub_msgpack_protocol_get_default (void)
{
  static gsize once;

  if (g_once_init_enter (&once))
    g_once_init_leave (&once, (gsize) g_object_new (KR_HUB_TYPE_MSGPACK_PROTOCOL, NULL));
  return (KrHubProtocol *) once;
}
