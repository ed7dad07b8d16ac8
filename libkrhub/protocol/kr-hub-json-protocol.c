/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* KrHubJsonProtocol: the JSON encoding of the hub protocol. */
#include "config.h"

#include "kr-hub-json-protocol.h"

#include "kr-hub-json-envelope-private.h"
#include "kr-hub-json-reader-private.h"
#include "kr-hub-json-scanner-private.h"
#include "kr-hub-json-writer-private.h"
#include "kr-hub-text-frame-private.h"

/**
 * KrHubJsonProtocol:
 *
 * The JSON encoding: one object per message, ended by the byte 0x1E (HubProtocol.md, "JSON Hub Protocol Encoding").
 *
 * It has no state: one object, [func@KrHub.JsonProtocol.get_default], serves every connection and thread.
 *
 * Since: 0.1
 */
struct _KrHubJsonProtocol
{
  GObject parent_instance;
};

static void kr_hub_json_protocol_init_iface (KrHubProtocolInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (KrHubJsonProtocol, kr_hub_json_protocol, G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (KR_HUB_TYPE_PROTOCOL, kr_hub_json_protocol_init_iface))

static KrHubParseResult
kr_hub_json_protocol_parse (KrHubProtocol *protocol, const KrHubSlice *body, KrHubMessage *message, GError **error)
{
  return kr_hub_json_envelope_parse (body, message, error);
}

static gssize
kr_hub_json_protocol_frame (KrHubProtocol *protocol,
                            const guint8 *data,
                            gsize len,
                            gsize max_size,
                            KrHubSlice *body,
                            GError **error)
{
  return kr_hub_text_frame (data, len, max_size, body, error);
}

/* The body of an array of arguments. */
static gboolean
write_arguments (KrHubBuffer *out, const KrHubValue *value, GError **error)
{
  gsize n = value->kind == KR_HUB_VALUE_VARIANT ? g_variant_n_children (value->variant) : 0;

  if (value->kind == KR_HUB_VALUE_RAW)
    kr_hub_buffer_append (out, value->slice.data, value->slice.len);
  for (gsize i = 0; i < n; i++)
    {
      g_autoptr (GVariant) child = g_variant_get_child_value (value->variant, i);

      if (i > 0)
        kr_hub_buffer_append_byte (out, ',');
      if (!kr_hub_json_write_variant (out, child, 2, error))
        return FALSE;
    }
  return TRUE;
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
      kr_hub_json_write_string (out, value->slice.data, value->slice.len);
      return TRUE;
    case KR_HUB_VALUE_VARIANT:
      return kr_hub_json_write_variant (out, value->variant, 1, error);
    case KR_HUB_VALUE_NONE:
    case KR_HUB_VALUE_NULL:
    default:
      kr_hub_buffer_append_literal (out, "null");
      return TRUE;
    }
}

/* ,"headers":{…},"invocationId":"…" as far as they are there. */
static void
write_ids (KrHubBuffer *out, const KrHubMessage *message)
{
  if (message->headers.len > 0)
    {
      kr_hub_buffer_append_literal (out, ",\"headers\":");
      kr_hub_buffer_append (out, message->headers.data, message->headers.len);
    }
  if (message->invocation_id.len == 0)
    return;
  kr_hub_buffer_append_literal (out, ",\"invocationId\":");
  kr_hub_json_write_string (out, message->invocation_id.data, message->invocation_id.len);
}

static gboolean
write_invocation (KrHubBuffer *out, const KrHubMessage *message, GError **error)
{
  write_ids (out, message);
  kr_hub_buffer_append_literal (out, ",\"target\":");
  kr_hub_json_write_string (out, message->target.data, message->target.len);
  kr_hub_buffer_append_literal (out, ",\"arguments\":[");
  if (!write_arguments (out, &message->value, error))
    return FALSE;
  kr_hub_buffer_append_byte (out, ']');
  if (message->stream_ids.len == 0)
    return TRUE;
  kr_hub_buffer_append_literal (out, ",\"streamIds\":[");
  kr_hub_buffer_append (out, message->stream_ids.data, message->stream_ids.len);
  kr_hub_buffer_append_byte (out, ']');
  return TRUE;
}

static gboolean
write_completion (KrHubBuffer *out, const KrHubMessage *message, GError **error)
{
  write_ids (out, message);
  if (message->error.len > 0)
    {
      kr_hub_buffer_append_literal (out, ",\"error\":");
      kr_hub_json_write_string (out, message->error.data, message->error.len);
      return TRUE;
    }
  if (message->value.kind == KR_HUB_VALUE_NONE)
    return TRUE;
  kr_hub_buffer_append_literal (out, ",\"result\":");
  return write_value (out, &message->value, error);
}

static void
write_close (KrHubBuffer *out, const KrHubMessage *message)
{
  if (message->error.len > 0)
    {
      kr_hub_buffer_append_literal (out, ",\"error\":");
      kr_hub_json_write_string (out, message->error.data, message->error.len);
    }
  if (message->allow_reconnect)
    kr_hub_buffer_append_literal (out, ",\"allowReconnect\":true");
}

static gboolean
write_members (KrHubBuffer *out, const KrHubMessage *message, GError **error)
{
  switch (message->type)
    {
    case KR_HUB_MESSAGE_INVOCATION:
    case KR_HUB_MESSAGE_STREAM_INVOCATION:
      return write_invocation (out, message, error);
    case KR_HUB_MESSAGE_STREAM_ITEM:
      write_ids (out, message);
      kr_hub_buffer_append_literal (out, ",\"item\":");
      return write_value (out, &message->value, error);
    case KR_HUB_MESSAGE_COMPLETION:
      return write_completion (out, message, error);
    case KR_HUB_MESSAGE_CANCEL_INVOCATION:
      write_ids (out, message);
      return TRUE;
    case KR_HUB_MESSAGE_CLOSE:
      write_close (out, message);
      return TRUE;
    case KR_HUB_MESSAGE_ACK:
    case KR_HUB_MESSAGE_SEQUENCE:
      kr_hub_buffer_append_literal (out, ",\"sequenceId\":");
      kr_hub_json_write_int64 (out, message->sequence_id);
      return TRUE;
    case KR_HUB_MESSAGE_PING:
    default:
      return TRUE;
    }
}

static gboolean
kr_hub_json_protocol_write (KrHubProtocol *protocol, const KrHubMessage *message, KrHubBuffer *out, GError **error)
{
  gsize begin = out->len;

  kr_hub_buffer_append_literal (out, "{\"type\":");
  kr_hub_buffer_append_byte (out, '0' + message->type);
  if (!write_members (out, message, error))
    {
      out->len = begin;
      return FALSE;
    }
  kr_hub_buffer_append_literal (out, "}\x1e");
  return TRUE;
}

static gboolean
kr_hub_json_protocol_next_value (KrHubProtocol *protocol, KrHubSlice *rest, KrHubSlice *value)
{
  KrHubJsonScanner scanner;
  const char *begin;

  if (rest->len == 0)
    return FALSE;
  kr_hub_json_scanner_init (&scanner, rest);
  begin = scanner.pos;
  if (scanner.fault != KR_HUB_JSON_FAULT_NONE || !kr_hub_json_scanner_skip_value (&scanner))
    return FALSE;
  *value = (KrHubSlice) { begin, scanner.pos - begin };
  if (scanner.pos < scanner.end && *scanner.pos == ',')
    scanner.pos++;
  *rest = (KrHubSlice) { scanner.pos, scanner.end - scanner.pos };
  return TRUE;
}

static gboolean
kr_hub_json_protocol_decode_string (KrHubProtocol *protocol,
                                    const KrHubSlice *value,
                                    GString *scratch,
                                    KrHubSlice *text,
                                    GError **error)
{
  return kr_hub_json_read_string (value, scratch, text, error);
}

static GVariant *
kr_hub_json_protocol_decode_variant (KrHubProtocol *protocol,
                                     const KrHubSlice *value,
                                     const GVariantType *type,
                                     GError **error)
{
  return kr_hub_json_read_variant (value, type, error);
}

static JsonNode *
kr_hub_json_protocol_decode_node (KrHubProtocol *protocol, const KrHubSlice *value, GError **error)
{
  return kr_hub_json_read_node (value, error);
}

static gboolean
kr_hub_json_protocol_encode_node (KrHubProtocol *protocol, JsonNode *node, KrHubBuffer *out, GError **error)
{
  gsize begin = out->len;

  if (kr_hub_json_write_node (out, node, 1, error))
    return TRUE;
  out->len = begin;
  return FALSE;
}

static gboolean
kr_hub_json_protocol_encode_basic (KrHubProtocol *protocol, char type, gconstpointer value, KrHubBuffer *out, GError **error)
{
  const KrHubSlice *text = value;

  switch (type)
    {
    case 's': kr_hub_json_write_string (out, text->data, text->len); return TRUE;
    case 'b': kr_hub_json_write_boolean (out, *(const gboolean *) value); return TRUE;
    case 'x': kr_hub_json_write_int64 (out, *(const gint64 *) value); return TRUE;
    case 't': kr_hub_json_write_uint64 (out, *(const guint64 *) value); return TRUE;
    case 'd': return kr_hub_json_write_double (out, *(const double *) value, error);
    default: g_assert_not_reached ();
    }
}

static void
kr_hub_json_protocol_class_init (KrHubJsonProtocolClass *klass)
{
}

static void
kr_hub_json_protocol_init (KrHubJsonProtocol *self)
{
}

static void
kr_hub_json_protocol_init_iface (KrHubProtocolInterface *iface)
{
  iface->name = "json";
  iface->version = 2;
  iface->transfer_format = KR_HUB_TRANSFER_FORMAT_TEXT;
  iface->frame = kr_hub_json_protocol_frame;
  iface->parse = kr_hub_json_protocol_parse;
  iface->write = kr_hub_json_protocol_write;
  iface->next_value = kr_hub_json_protocol_next_value;
  iface->decode_string = kr_hub_json_protocol_decode_string;
  iface->decode_variant = kr_hub_json_protocol_decode_variant;
  iface->decode_node = kr_hub_json_protocol_decode_node;
  iface->encode_node = kr_hub_json_protocol_encode_node;
  iface->encode_basic = kr_hub_json_protocol_encode_basic;
}

/**
 * kr_hub_json_protocol_get_default:
 *
 * Gets the one JSON protocol. May be called from any thread.
 *
 * Returns: (transfer none): the protocol, which lives for ever
 *
 * Since: 0.1
 */
KrHubProtocol *
kr_hub_json_protocol_get_default (void)
{
  static gsize once;

  if (g_once_init_enter (&once))
    g_once_init_leave (&once, (gsize) g_object_new (KR_HUB_TYPE_JSON_PROTOCOL, NULL));
  return (KrHubProtocol *) once;
}
