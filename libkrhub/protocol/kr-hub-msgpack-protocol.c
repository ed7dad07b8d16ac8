/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* KrHubMsgpackProtocol: the MessagePack encoding of the hub protocol. */
#include "config.h"

#include "kr-hub-msgpack-protocol.h"

#include "kr-hub-error.h"
#include "kr-hub-msgpack-envelope-private.h"
#include "kr-hub-msgpack-reader-private.h"
#include "kr-hub-msgpack-values-private.h"
#include "kr-hub-msgpack-writer-private.h"
#include "kr-hub-text-frame-private.h"

/* A length prefix has at most five bytes, and the message at most 2 GiB - 1 (HubProtocol.md, "MessagePack"). */
#define MAX_PREFIX 5

/**
 * KrHubMsgpackProtocol:
 *
 * The MessagePack encoding: one array per message, behind its length (HubProtocol.md, "MessagePack Hub Protocol
 * Encoding").
 *
 * It has no state: one object, [func@KrHub.MsgpackProtocol.get_default], serves every connection and thread. A
 * timestamp (extension -1) is decoded as its ISO 8601 text, which is what JSON has; other extensions are refused when
 * decoded. Dates are written as text.
 *
 * Since: 0.1
 */
struct _KrHubMsgpackProtocol
{
  GObject parent_instance;
};

static void kr_hub_msgpack_protocol_init_iface (KrHubProtocolInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (KrHubMsgpackProtocol, kr_hub_msgpack_protocol, G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (KR_HUB_TYPE_PROTOCOL, kr_hub_msgpack_protocol_init_iface))

static KrHubParseResult
kr_hub_msgpack_protocol_parse (KrHubProtocol *protocol, const KrHubSlice *body, KrHubMessage *message, GError **error)
{
  return kr_hub_msgpack_envelope_parse (body, message, error);
}

/* The length before a message: seven bits a byte, the lowest first. Bytes it takes; 0 if it is cut short, -1 if too
 * large. */
static gint
read_prefix (const guint8 *data, gsize len, gsize *body_len)
{
  guint64 value = 0;

  if (G_LIKELY (len >= 2 && data[1] < 0x80 && data[0] >= 0x80))
    {
      *body_len = (data[0] & 0x7f) | data[1] << 7;
      return 2;
    }
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
  gsize id_len = message->invocation_id.len;

  if (G_LIKELY (message->headers.len == 0 && id_len > 0 && id_len < 32))
    {
      guint8 *to = kr_hub_buffer_reserve (out, 4 + id_len);

      to[0] = 0x90 | n_items;
      to[1] = message->type;
      to[2] = 0x80;
      to[3] = 0xa0 | id_len;
      memcpy (to + 4, message->invocation_id.data, id_len);
      out->len += 4 + id_len;
      return;
    }
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
  kr_hub_msgpack_write_uint64 (out, failed    ? KR_HUB_MSGPACK_RESULT_ERROR
                                    : is_void ? KR_HUB_MSGPACK_RESULT_VOID
                                              : KR_HUB_MSGPACK_RESULT_VALUE);
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

/* Puts the length in front of what was written from @begin on, where @guess bytes were left for it. */
static void
put_prefix (KrHubBuffer *out, gsize begin, guint guess)
{
  gsize body_len = out->len - begin - guess;
  guint8 prefix[MAX_PREFIX * 2];
  guint n;

  if (G_LIKELY (guess == 2 && body_len >= 0x80 && body_len < 0x4000))
    {
      out->data[begin] = 0x80 | (body_len & 0x7f);
      out->data[begin + 1] = body_len >> 7;
      return;
    }
  n = write_prefix (prefix, body_len);
  if (G_UNLIKELY (n != guess))
    {
      kr_hub_buffer_reserve (out, MAX_PREFIX);
      memmove (out->data + begin + n, out->data + begin + guess, body_len);
      out->len = begin + n + body_len;
    }
  memcpy (out->data + begin, prefix, n);
}

static gboolean
kr_hub_msgpack_protocol_write (KrHubProtocol *protocol, const KrHubMessage *message, KrHubBuffer *out, GError **error)
{
  gsize begin = out->len;
  /* Room for the length, which is known at the end only; rarely another than guessed. */
  guint guess = message->value.slice.len + message->error.len < 80 ? 1 : 2;

  kr_hub_buffer_reserve (out, guess);
  out->len += guess;
  if (!write_message (out, message, error))
    {
      out->len = begin;
      return FALSE;
    }
  put_prefix (out, begin, guess);
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

static gboolean
kr_hub_msgpack_protocol_encode_basic (
    KrHubProtocol *protocol, char type, gconstpointer value, KrHubBuffer *out, GError **error)
{
  const KrHubSlice *text = value;

  switch (type)
    {
    case 's': kr_hub_msgpack_write_string (out, text->data, text->len); return TRUE;
    case 'b': kr_hub_msgpack_write_boolean (out, *(const gboolean *) value); return TRUE;
    case 'x': kr_hub_msgpack_write_int64 (out, *(const gint64 *) value); return TRUE;
    case 't': kr_hub_msgpack_write_uint64 (out, *(const guint64 *) value); return TRUE;
    case 'd': kr_hub_msgpack_write_double (out, *(const double *) value); return TRUE;
    default: g_assert_not_reached ();
    }
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
  iface->encode_basic = kr_hub_msgpack_protocol_encode_basic;
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
