/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* Values as MessagePack: each in the smallest format that holds it. */
#include "config.h"

#include "kr-hub-msgpack-writer-private.h"

#include "kr-hub-error.h"

/* As in JSON, so that a value that can be sent in one encoding can be in the other. */
#define MAX_DEPTH 64

/* A format byte and @n big-endian bytes. */
static inline void
write_number (KrHubBuffer *out, guint8 code, guint64 value, guint n)
{
  guint8 *to = kr_hub_buffer_reserve (out, 1 + n);

  *to++ = code;
  for (guint i = n; i-- > 0;)
    *to++ = value >> (8 * i);
  out->len += 1 + n;
}

void
kr_hub_msgpack_write_nil (KrHubBuffer *out)
{
  kr_hub_buffer_append_byte (out, 0xc0);
}

void
kr_hub_msgpack_write_boolean (KrHubBuffer *out, gboolean value)
{
  kr_hub_buffer_append_byte (out, value ? 0xc3 : 0xc2);
}

void
kr_hub_msgpack_write_uint64 (KrHubBuffer *out, guint64 value)
{
  if (value < 0x80)
    kr_hub_buffer_append_byte (out, value);
  else if (value <= G_MAXUINT8)
    write_number (out, 0xcc, value, 1);
  else if (value <= G_MAXUINT16)
    write_number (out, 0xcd, value, 2);
  else if (value <= G_MAXUINT32)
    write_number (out, 0xce, value, 4);
  else
    write_number (out, 0xcf, value, 8);
}

void
kr_hub_msgpack_write_int64 (KrHubBuffer *out, gint64 value)
{
  if (value >= 0)
    kr_hub_msgpack_write_uint64 (out, value);
  else if (value >= -32)
    kr_hub_buffer_append_byte (out, value);
  else if (value >= G_MININT8)
    write_number (out, 0xd0, value, 1);
  else if (value >= G_MININT16)
    write_number (out, 0xd1, value, 2);
  else if (value >= G_MININT32)
    write_number (out, 0xd2, value, 4);
  else
    write_number (out, 0xd3, value, 8);
}

void
kr_hub_msgpack_write_double (KrHubBuffer *out, double value)
{
  guint64 bits;

  memcpy (&bits, &value, sizeof bits);
  write_number (out, 0xcb, bits, 8);
}

/* The formats of 8, 16 and 32 bit lengths have neighbouring codes; 0 for @code8 where there is no first. */
static void
write_length (KrHubBuffer *out, gsize len, guint8 code8, guint8 code16)
{
  if (code8 != 0 && len <= G_MAXUINT8)
    write_number (out, code8, len, 1);
  else if (len <= G_MAXUINT16)
    write_number (out, code16, len, 2);
  else
    write_number (out, code16 + 1, len, 4);
}

void
kr_hub_msgpack_write_string (KrHubBuffer *out, const char *text, gsize len)
{
  if (G_LIKELY (len >= 32 && len <= G_MAXUINT8))
    {
      guint8 *to = kr_hub_buffer_reserve (out, 2 + len);

      to[0] = 0xd9;
      to[1] = len;
      memcpy (to + 2, text, len);
      out->len += 2 + len;
      return;
    }
  if (len < 32)
    kr_hub_buffer_append_byte (out, 0xa0 | len);
  else
    write_length (out, len, 0xd9, 0xda);
  kr_hub_buffer_append (out, text, len);
}

void
kr_hub_msgpack_write_binary (KrHubBuffer *out, gconstpointer data, gsize len)
{
  write_length (out, len, 0xc4, 0xc5);
  kr_hub_buffer_append (out, data, len);
}

void
kr_hub_msgpack_write_array (KrHubBuffer *out, gsize count)
{
  if (count < 16)
    kr_hub_buffer_append_byte (out, 0x90 | count);
  else
    write_length (out, count, 0, 0xdc);
}

void
kr_hub_msgpack_write_map (KrHubBuffer *out, gsize count)
{
  if (count < 16)
    kr_hub_buffer_append_byte (out, 0x80 | count);
  else
    write_length (out, count, 0, 0xde);
}

static gboolean
too_deep (guint depth, GError **error)
{
  if (depth <= MAX_DEPTH)
    return FALSE;
  g_set_error (error, KR_HUB_ERROR, KR_HUB_ERROR_BINDING, "A value nests deeper than %u levels", MAX_DEPTH);
  return TRUE;
}

static gboolean
write_entry (KrHubBuffer *out, GVariant *entry, guint depth, GError **error)
{
  g_autoptr (GVariant) key = g_variant_get_child_value (entry, 0);
  g_autoptr (GVariant) value = g_variant_get_child_value (entry, 1);

  return kr_hub_msgpack_write_variant (out, key, depth, error) &&
         kr_hub_msgpack_write_variant (out, value, depth, error);
}

static gboolean
write_children (KrHubBuffer *out, GVariant *value, gboolean dictionary, guint depth, GError **error)
{
  gsize n = g_variant_n_children (value);

  if (too_deep (depth + 1, error))
    return FALSE;
  if (dictionary)
    kr_hub_msgpack_write_map (out, n);
  else
    kr_hub_msgpack_write_array (out, n);
  for (gsize i = 0; i < n; i++)
    {
      g_autoptr (GVariant) child = g_variant_get_child_value (value, i);

      if (dictionary ? !write_entry (out, child, depth + 1, error)
                     : !kr_hub_msgpack_write_variant (out, child, depth + 1, error))
        return FALSE;
    }
  return TRUE;
}

/* A variant or maybe is no level of nesting on the wire, however many there are: unwrapped in a loop, not on the stack.
 */
static gboolean
write_wrapped (KrHubBuffer *out, GVariant *value, guint depth, GError **error)
{
  g_autoptr (GVariant) inner = g_variant_ref (value);

  for (;;)
    {
      GVariant *next;

      if (g_variant_is_of_type (inner, G_VARIANT_TYPE_VARIANT))
        next = g_variant_get_variant (inner);
      else if (g_variant_is_of_type (inner, G_VARIANT_TYPE_MAYBE))
        next = g_variant_get_maybe (inner);
      else
        return kr_hub_msgpack_write_variant (out, inner, depth, error);
      if (next == NULL)
        break;
      g_variant_unref (inner);
      inner = next;
    }
  kr_hub_msgpack_write_nil (out);
  return TRUE;
}

static void
write_text (KrHubBuffer *out, GVariant *value)
{
  gsize len;
  const char *text = g_variant_get_string (value, &len);

  kr_hub_msgpack_write_string (out, text, len);
}

static void
write_bytes (KrHubBuffer *out, GVariant *value)
{
  gsize len;
  gconstpointer data = g_variant_get_fixed_array (value, &len, 1);

  kr_hub_msgpack_write_binary (out, data, len);
}

static gboolean
write_single_entry (KrHubBuffer *out, GVariant *value, guint depth, GError **error)
{
  if (too_deep (depth + 1, error))
    return FALSE;
  kr_hub_msgpack_write_map (out, 1);
  return write_entry (out, value, depth + 1, error);
}

gboolean
kr_hub_msgpack_write_variant (KrHubBuffer *out, GVariant *value, guint depth, GError **error)
{
  switch (g_variant_classify (value))
    {
    case G_VARIANT_CLASS_BOOLEAN: kr_hub_msgpack_write_boolean (out, g_variant_get_boolean (value)); return TRUE;
    case G_VARIANT_CLASS_BYTE: kr_hub_msgpack_write_uint64 (out, g_variant_get_byte (value)); return TRUE;
    case G_VARIANT_CLASS_INT16: kr_hub_msgpack_write_int64 (out, g_variant_get_int16 (value)); return TRUE;
    case G_VARIANT_CLASS_UINT16: kr_hub_msgpack_write_uint64 (out, g_variant_get_uint16 (value)); return TRUE;
    case G_VARIANT_CLASS_INT32: kr_hub_msgpack_write_int64 (out, g_variant_get_int32 (value)); return TRUE;
    case G_VARIANT_CLASS_UINT32: kr_hub_msgpack_write_uint64 (out, g_variant_get_uint32 (value)); return TRUE;
    case G_VARIANT_CLASS_INT64: kr_hub_msgpack_write_int64 (out, g_variant_get_int64 (value)); return TRUE;
    case G_VARIANT_CLASS_UINT64: kr_hub_msgpack_write_uint64 (out, g_variant_get_uint64 (value)); return TRUE;
    case G_VARIANT_CLASS_DOUBLE: kr_hub_msgpack_write_double (out, g_variant_get_double (value)); return TRUE;
    case G_VARIANT_CLASS_STRING:
    case G_VARIANT_CLASS_OBJECT_PATH:
    case G_VARIANT_CLASS_SIGNATURE:
      write_text (out, value);
      return TRUE;
    case G_VARIANT_CLASS_VARIANT:
    case G_VARIANT_CLASS_MAYBE:
      return write_wrapped (out, value, depth, error);
    case G_VARIANT_CLASS_ARRAY:
      if (g_variant_is_of_type (value, G_VARIANT_TYPE_BYTESTRING))
        {
          write_bytes (out, value);
          return TRUE;
        }
      return write_children (out, value, g_variant_is_of_type (value, G_VARIANT_TYPE_DICTIONARY), depth, error);
    case G_VARIANT_CLASS_TUPLE:
      return write_children (out, value, FALSE, depth, error);
    case G_VARIANT_CLASS_DICT_ENTRY:
      return write_single_entry (out, value, depth, error);
    case G_VARIANT_CLASS_HANDLE:
    default:
      g_set_error_literal (error, KR_HUB_ERROR, KR_HUB_ERROR_BINDING,
                           "A file descriptor handle cannot be sent to a hub's peer");
      return FALSE;
    }
}

static gboolean
write_node_array (KrHubBuffer *out, JsonArray *array, guint depth, GError **error)
{
  guint n = json_array_get_length (array);

  if (too_deep (depth + 1, error))
    return FALSE;
  kr_hub_msgpack_write_array (out, n);
  for (guint i = 0; i < n; i++)
    if (!kr_hub_msgpack_write_node (out, json_array_get_element (array, i), depth + 1, error))
      return FALSE;
  return TRUE;
}

static gboolean
write_node_object (KrHubBuffer *out, JsonObject *object, guint depth, GError **error)
{
  JsonObjectIter iter;
  const char *name;
  JsonNode *member;

  if (too_deep (depth + 1, error))
    return FALSE;
  kr_hub_msgpack_write_map (out, json_object_get_size (object));
  json_object_iter_init_ordered (&iter, object);
  while (json_object_iter_next_ordered (&iter, &name, &member))
    {
      kr_hub_msgpack_write_string (out, name, strlen (name));
      if (!kr_hub_msgpack_write_node (out, member, depth + 1, error))
        return FALSE;
    }
  return TRUE;
}

static gboolean
write_node_value (KrHubBuffer *out, JsonNode *node, GError **error)
{
  switch (json_node_get_value_type (node))
    {
    case G_TYPE_BOOLEAN:
      kr_hub_msgpack_write_boolean (out, json_node_get_boolean (node));
      return TRUE;
    case G_TYPE_INT64:
      kr_hub_msgpack_write_int64 (out, json_node_get_int (node));
      return TRUE;
    case G_TYPE_DOUBLE:
      kr_hub_msgpack_write_double (out, json_node_get_double (node));
      return TRUE;
    case G_TYPE_STRING:
      kr_hub_msgpack_write_string (out, json_node_get_string (node), strlen (json_node_get_string (node)));
      return TRUE;
    default:
      g_set_error (error, KR_HUB_ERROR, KR_HUB_ERROR_BINDING, "A node of type %s cannot be written as MessagePack",
                   g_type_name (json_node_get_value_type (node)));
      return FALSE;
    }
}

gboolean
kr_hub_msgpack_write_node (KrHubBuffer *out, JsonNode *node, guint depth, GError **error)
{
  switch (json_node_get_node_type (node))
    {
    case JSON_NODE_OBJECT:
      return write_node_object (out, json_node_get_object (node), depth, error);
    case JSON_NODE_ARRAY:
      return write_node_array (out, json_node_get_array (node), depth, error);
    case JSON_NODE_VALUE:
      return write_node_value (out, node, error);
    case JSON_NODE_NULL:
    default:
      kr_hub_msgpack_write_nil (out);
      return TRUE;
    }
}
