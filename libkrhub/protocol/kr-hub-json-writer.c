/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* Values as JSON text: strings, numbers, GVariant, JsonNode. */
#include "config.h"

#include "kr-hub-json-writer-private.h"

#include <float.h>
#include <math.h>

#include "kr-hub-error.h"
#include "kr-hub-json-scanner-private.h"

/* What find_special() stopped at, as .NET's UnsafeRelaxedJsonEscaping writes it. */
static void
write_escaped (KrHubBuffer *out, guchar byte)
{
  static const char hex[] = "0123456789ABCDEF";
  static const char shorts[] = { [0x08] = 'b', [0x09] = 't', [0x0a] = 'n', [0x0c] = 'f', [0x0d] = 'r',
                                 ['"'] = '"', ['\\'] = '\\' };
  guint8 *to = kr_hub_buffer_reserve (out, 6);

  to[0] = '\\';
  if (byte < sizeof shorts && shorts[byte] != 0)
    {
      to[1] = shorts[byte];
      out->len += 2;
      return;
    }
  memcpy (to + 1, "u00", 3);
  to[4] = hex[byte >> 4];
  to[5] = hex[byte & 15];
  out->len += 6;
}

static void
write_unusual (KrHubBuffer *out, const char *text, const char *end)
{
  const char *start = text;
  guint flags;

  while (text < end)
    {
      const char *special = kr_hub_json_find_special (start, text, end, &flags);

      kr_hub_buffer_append (out, text, special - text);
      if (special == end)
        break;
      write_escaped (out, *special);
      text = special + 1;
    }
}

/* Copies as long as nothing has to be escaped; returns how far that went. */
static inline gsize
copy_plain (guint8 *to, const char *text, gsize len)
{
  gsize at = 0;

#ifdef KR_HUB_SSE2
  guint non_ascii;

  for (; len - at >= 16; at += 16)
    {
      if (G_UNLIKELY (kr_hub_json_classify (text + at, &non_ascii) != 0))
        return at;
      memcpy (to + at, text + at, 16);
    }
  /* The last few once more together with some that are copied already. */
  if (len >= 16)
    {
      if (G_UNLIKELY (kr_hub_json_classify (text + len - 16, &non_ascii) != 0))
        return at;
      memcpy (to + len - 16, text + len - 16, 16);
      return len;
    }
#endif
  for (; at < len && text[at] != '"' && text[at] != '\\' && (guchar) text[at] >= 0x20; at++)
    to[at] = text[at];
  return at;
}

void
kr_hub_json_write_string (KrHubBuffer *out, const char *text, gsize len)
{
  guint8 *to = kr_hub_buffer_reserve (out, len + 2);
  gsize plain = copy_plain (to + 1, text, len);

  to[0] = '"';
  if (G_LIKELY (plain == len))
    {
      to[len + 1] = '"';
      out->len += len + 2;
      return;
    }
  out->len += plain + 1;
  write_unusual (out, text + plain, text + len);
  kr_hub_buffer_append_byte (out, '"');
}

void
kr_hub_json_write_uint64 (KrHubBuffer *out, guint64 value)
{
  char digits[20];
  guint n = sizeof digits;

  do
    digits[--n] = '0' + value % 10;
  while ((value /= 10) > 0);
  kr_hub_buffer_append (out, digits + n, sizeof digits - n);
}

void
kr_hub_json_write_int64 (KrHubBuffer *out, gint64 value)
{
  if (value < 0)
    kr_hub_buffer_append_byte (out, '-');
  kr_hub_json_write_uint64 (out, value < 0 ? 0 - (guint64) value : (guint64) value);
}

/* The fewest significant digits that read back as @value, as %e writes them. */
static void
shortest_digits (char *text, gsize size, double value)
{
  /* 15 digits always survive the way through a normal double; a subnormal one may need but one. */
  for (guint precision = fabs (value) < DBL_MIN ? 0 : 14; precision <= 16; precision++)
    {
      char format[8];

      g_snprintf (format, sizeof format, "%%.%ue", precision);
      g_ascii_formatd (text, size, format, value);
      if (g_ascii_strtod (text, NULL) == value)
        break;
    }
}

gboolean
kr_hub_json_write_double (KrHubBuffer *out, double value, GError **error)
{
  char text[G_ASCII_DTOSTR_BUF_SIZE], digits[20];
  guint n = 0, at;
  int exponent;

  if (!isfinite (value))
    {
      g_set_error (error, KR_HUB_ERROR, KR_HUB_ERROR_BINDING, "JSON has no number %s",
                   isnan (value) ? "NaN" : "infinity");
      return FALSE;
    }
  /* Below 2^53 every digit of an integer counts. */
  if (value == trunc (value) && fabs (value) < 9007199254740992.0)
    {
      if (value == 0 && signbit (value))
        kr_hub_buffer_append_byte (out, '-');
      kr_hub_json_write_int64 (out, (gint64) value);
      return TRUE;
    }
  if (value < 0)
    kr_hub_buffer_append_byte (out, '-');
  shortest_digits (text, sizeof text, fabs (value));
  for (at = 0; text[at] != 'e'; at++)
    if (text[at] != '.')
      digits[n++] = text[at];
  exponent = atoi (text + at + 1);
  while (n > 1 && digits[n - 1] == '0')
    n--;
  /* .NET's choice between the two notations. */
  if (exponent >= 17 || exponent < -4)
    {
      kr_hub_buffer_append_byte (out, digits[0]);
      if (n > 1)
        kr_hub_buffer_append_byte (out, '.');
      kr_hub_buffer_append (out, digits + 1, n - 1);
      g_snprintf (text, sizeof text, "E%c%02d", exponent < 0 ? '-' : '+', ABS (exponent));
      kr_hub_buffer_append (out, text, strlen (text));
    }
  else if (exponent < 0)
    {
      kr_hub_buffer_append (out, "0.0000", 1 - exponent);
      kr_hub_buffer_append (out, digits, n);
    }
  else
    {
      for (guint i = 0; i < MAX (n, (guint) exponent + 1); i++)
        {
          if (i == (guint) exponent + 1)
            kr_hub_buffer_append_byte (out, '.');
          kr_hub_buffer_append_byte (out, i < n ? digits[i] : '0');
        }
    }
  return TRUE;
}

static gboolean
too_deep (guint depth, GError **error)
{
  if (depth <= KR_HUB_JSON_MAX_DEPTH)
    return FALSE;
  g_set_error (error, KR_HUB_ERROR, KR_HUB_ERROR_BINDING, "A value nests deeper than %u levels", KR_HUB_JSON_MAX_DEPTH);
  return TRUE;
}

static void
write_base64 (KrHubBuffer *out, GVariant *value)
{
  gsize len;
  const guint8 *data = g_variant_get_fixed_array (value, &len, 1);
  gint state = 0, save = 0;
  guint8 *to;

  kr_hub_buffer_append_byte (out, '"');
  to = kr_hub_buffer_reserve (out, (len / 3 + 1) * 4 + 4);
  out->len += g_base64_encode_step (data, len, FALSE, (char *) to, &state, &save);
  out->len += g_base64_encode_close (FALSE, (char *) out->data + out->len, &state, &save);
  kr_hub_buffer_append_byte (out, '"');
}

/* A property name from the key of a dictionary entry, which is of a basic type. */
static gboolean
write_key (KrHubBuffer *out, GVariant *key, GError **error)
{
  if (g_variant_is_of_type (key, G_VARIANT_TYPE_STRING) || g_variant_is_of_type (key, G_VARIANT_TYPE_OBJECT_PATH) ||
      g_variant_is_of_type (key, G_VARIANT_TYPE_SIGNATURE))
    return kr_hub_json_write_variant (out, key, 0, error);
  kr_hub_buffer_append_byte (out, '"');
  if (g_variant_is_of_type (key, G_VARIANT_TYPE_BOOLEAN))
    kr_hub_buffer_append (out, g_variant_get_boolean (key) ? "True" : "False", g_variant_get_boolean (key) ? 4 : 5);
  else if (!kr_hub_json_write_variant (out, key, 0, error))
    return FALSE;
  kr_hub_buffer_append_byte (out, '"');
  return TRUE;
}

static gboolean
write_entry (KrHubBuffer *out, GVariant *entry, guint depth, GError **error)
{
  g_autoptr (GVariant) key = g_variant_get_child_value (entry, 0);
  g_autoptr (GVariant) value = g_variant_get_child_value (entry, 1);

  if (!write_key (out, key, error))
    return FALSE;
  kr_hub_buffer_append_byte (out, ':');
  return kr_hub_json_write_variant (out, value, depth, error);
}

static gboolean
write_children (KrHubBuffer *out, GVariant *value, gboolean dictionary, guint depth, GError **error)
{
  gsize n = g_variant_n_children (value);

  if (too_deep (depth + 1, error))
    return FALSE;
  kr_hub_buffer_append_byte (out, dictionary ? '{' : '[');
  for (gsize i = 0; i < n; i++)
    {
      g_autoptr (GVariant) child = g_variant_get_child_value (value, i);

      if (i > 0)
        kr_hub_buffer_append_byte (out, ',');
      if (dictionary ? !write_entry (out, child, depth + 1, error)
                     : !kr_hub_json_write_variant (out, child, depth + 1, error))
        return FALSE;
    }
  kr_hub_buffer_append_byte (out, dictionary ? '}' : ']');
  return TRUE;
}

/* A variant or maybe is no level of nesting in JSON, however many there are: unwrapped in a loop, not on the stack. */
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
        return kr_hub_json_write_variant (out, inner, depth, error);
      if (next == NULL)
        break;
      g_variant_unref (inner);
      inner = next;
    }
  kr_hub_buffer_append_literal (out, "null");
  return TRUE;
}

static gboolean
write_single_entry (KrHubBuffer *out, GVariant *value, guint depth, GError **error)
{
  if (too_deep (depth + 1, error))
    return FALSE;
  kr_hub_buffer_append_byte (out, '{');
  if (!write_entry (out, value, depth + 1, error))
    return FALSE;
  kr_hub_buffer_append_byte (out, '}');
  return TRUE;
}

static void
write_text (KrHubBuffer *out, GVariant *value)
{
  gsize len;
  const char *text = g_variant_get_string (value, &len);

  kr_hub_json_write_string (out, text, len);
}

void
kr_hub_json_write_boolean (KrHubBuffer *out, gboolean value)
{
  if (value)
    kr_hub_buffer_append_literal (out, "true");
  else
    kr_hub_buffer_append_literal (out, "false");
}

gboolean
kr_hub_json_write_variant (KrHubBuffer *out, GVariant *value, guint depth, GError **error)
{
  switch (g_variant_classify (value))
    {
    case G_VARIANT_CLASS_BOOLEAN: kr_hub_json_write_boolean (out, g_variant_get_boolean (value)); return TRUE;
    case G_VARIANT_CLASS_BYTE: kr_hub_json_write_uint64 (out, g_variant_get_byte (value)); return TRUE;
    case G_VARIANT_CLASS_INT16: kr_hub_json_write_int64 (out, g_variant_get_int16 (value)); return TRUE;
    case G_VARIANT_CLASS_UINT16: kr_hub_json_write_uint64 (out, g_variant_get_uint16 (value)); return TRUE;
    case G_VARIANT_CLASS_INT32: kr_hub_json_write_int64 (out, g_variant_get_int32 (value)); return TRUE;
    case G_VARIANT_CLASS_UINT32: kr_hub_json_write_uint64 (out, g_variant_get_uint32 (value)); return TRUE;
    case G_VARIANT_CLASS_INT64: kr_hub_json_write_int64 (out, g_variant_get_int64 (value)); return TRUE;
    case G_VARIANT_CLASS_UINT64: kr_hub_json_write_uint64 (out, g_variant_get_uint64 (value)); return TRUE;
    case G_VARIANT_CLASS_DOUBLE:
      return kr_hub_json_write_double (out, g_variant_get_double (value), error);
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
          write_base64 (out, value);
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
  kr_hub_buffer_append_byte (out, '[');
  for (guint i = 0; i < n; i++)
    {
      if (i > 0)
        kr_hub_buffer_append_byte (out, ',');
      if (!kr_hub_json_write_node (out, json_array_get_element (array, i), depth + 1, error))
        return FALSE;
    }
  kr_hub_buffer_append_byte (out, ']');
  return TRUE;
}

static gboolean
write_node_object (KrHubBuffer *out, JsonObject *object, guint depth, GError **error)
{
  JsonObjectIter iter;
  const char *name;
  JsonNode *member;
  gboolean first = TRUE;

  if (too_deep (depth + 1, error))
    return FALSE;
  kr_hub_buffer_append_byte (out, '{');
  json_object_iter_init_ordered (&iter, object);
  while (json_object_iter_next_ordered (&iter, &name, &member))
    {
      if (!first)
        kr_hub_buffer_append_byte (out, ',');
      first = FALSE;
      kr_hub_json_write_string (out, name, strlen (name));
      kr_hub_buffer_append_byte (out, ':');
      if (!kr_hub_json_write_node (out, member, depth + 1, error))
        return FALSE;
    }
  kr_hub_buffer_append_byte (out, '}');
  return TRUE;
}

static gboolean
write_node_value (KrHubBuffer *out, JsonNode *node, GError **error)
{
  const char *text;

  switch (json_node_get_value_type (node))
    {
    case G_TYPE_BOOLEAN:
      kr_hub_json_write_boolean (out, json_node_get_boolean (node));
      return TRUE;
    case G_TYPE_INT64:
      kr_hub_json_write_int64 (out, json_node_get_int (node));
      return TRUE;
    case G_TYPE_DOUBLE:
      return kr_hub_json_write_double (out, json_node_get_double (node), error);
    case G_TYPE_STRING:
      text = json_node_get_string (node);
      kr_hub_json_write_string (out, text, strlen (text));
      return TRUE;
    default:
      g_set_error (error, KR_HUB_ERROR, KR_HUB_ERROR_BINDING, "A node of type %s cannot be written as JSON",
                   g_type_name (json_node_get_value_type (node)));
      return FALSE;
    }
}

gboolean
kr_hub_json_write_node (KrHubBuffer *out, JsonNode *node, guint depth, GError **error)
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
      kr_hub_buffer_append_literal (out, "null");
      return TRUE;
    }
}
