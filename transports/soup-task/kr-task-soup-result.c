/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* What a task returned, as JSON text: GVariant in, text out. */
#include "config.h"

#include "kr-task-soup-result-private.h"

#include <json-glib/json-glib.h>
#include <math.h>

/*
 * The mapping is that of json_gvariant_serialize(), but for what no JsonNode can hold: numbers above 2^63, which come out
 * negative there, and those that JSON has none for, which come out as words that no reader takes; they are null.
 */

static void append (GString *text, GVariant *value);

static void
append_node (GString *text, JsonNode *node)
{
  g_autofree char *part = json_to_string (node, FALSE);

  g_string_append (text, part);
  json_node_unref (node);
}

static void
append_double (GString *text, double number)
{
  if (isfinite (number))
    append_node (text, json_node_init_double (json_node_alloc (), number));
  else
    g_string_append (text, "null");
}

static void
append_string (GString *text, const char *string)
{
  append_node (text, json_node_init_string (json_node_alloc (), string));
}

static void
append_name (GString *text, GVariant *key)
{
  g_autofree char *printed = NULL;

  if (g_variant_is_of_type (key, G_VARIANT_TYPE_STRING) || g_variant_is_of_type (key, G_VARIANT_TYPE_OBJECT_PATH) ||
      g_variant_is_of_type (key, G_VARIANT_TYPE_SIGNATURE))
    {
      append_string (text, g_variant_get_string (key, NULL));
      return;
    }
  printed = g_variant_print (key, FALSE);
  append_string (text, printed);
}

static void
append_entry (GString *text, GVariant *entry)
{
  g_autoptr (GVariant) key = g_variant_get_child_value (entry, 0);
  g_autoptr (GVariant) value = g_variant_get_child_value (entry, 1);

  append_name (text, key);
  g_string_append_c (text, ':');
  append (text, value);
}

static void
append_children (GString *text, GVariant *container, char open, char close, void (*append_child) (GString *, GVariant *))
{
  g_string_append_c (text, open);
  for (gsize i = 0; i < g_variant_n_children (container); i++)
    {
      g_autoptr (GVariant) child = g_variant_get_child_value (container, i);

      if (i > 0)
        g_string_append_c (text, ',');
      append_child (text, child);
    }
  g_string_append_c (text, close);
}

static void
append_array (GString *text, GVariant *array)
{
  if (g_variant_is_of_type (array, G_VARIANT_TYPE_DICTIONARY))
    append_children (text, array, '{', '}', append_entry);
  else
    append_children (text, array, '[', ']', append);
}

/* A maybe, or a variant. */
static void
append_inside (GString *text, GVariant *box)
{
  g_autoptr (GVariant) inside = g_variant_n_children (box) > 0 ? g_variant_get_child_value (box, 0) : NULL;

  if (inside != NULL)
    append (text, inside);
  else
    g_string_append (text, "null");
}

static void
append (GString *text, GVariant *value)
{
  switch (g_variant_classify (value))
    {
    case G_VARIANT_CLASS_BOOLEAN: g_string_append (text, g_variant_get_boolean (value) ? "true" : "false"); break;
    case G_VARIANT_CLASS_BYTE: g_string_append_printf (text, "%u", g_variant_get_byte (value)); break;
    case G_VARIANT_CLASS_INT16: g_string_append_printf (text, "%d", g_variant_get_int16 (value)); break;
    case G_VARIANT_CLASS_UINT16: g_string_append_printf (text, "%u", g_variant_get_uint16 (value)); break;
    case G_VARIANT_CLASS_INT32: g_string_append_printf (text, "%d", g_variant_get_int32 (value)); break;
    case G_VARIANT_CLASS_UINT32: g_string_append_printf (text, "%u", g_variant_get_uint32 (value)); break;
    case G_VARIANT_CLASS_HANDLE: g_string_append_printf (text, "%d", g_variant_get_handle (value)); break;
    case G_VARIANT_CLASS_INT64: g_string_append_printf (text, "%" G_GINT64_FORMAT, g_variant_get_int64 (value)); break;
    case G_VARIANT_CLASS_UINT64: g_string_append_printf (text, "%" G_GUINT64_FORMAT, g_variant_get_uint64 (value)); break;
    case G_VARIANT_CLASS_DOUBLE: append_double (text, g_variant_get_double (value)); break;
    case G_VARIANT_CLASS_STRING:
    case G_VARIANT_CLASS_OBJECT_PATH:
    case G_VARIANT_CLASS_SIGNATURE: append_string (text, g_variant_get_string (value, NULL)); break;
    case G_VARIANT_CLASS_VARIANT:
    case G_VARIANT_CLASS_MAYBE: append_inside (text, value); break;
    case G_VARIANT_CLASS_ARRAY: append_array (text, value); break;
    case G_VARIANT_CLASS_TUPLE: append_children (text, value, '[', ']', append); break;
    case G_VARIANT_CLASS_DICT_ENTRY:
      g_string_append_c (text, '{');
      append_entry (text, value);
      g_string_append_c (text, '}');
      break;
    default: g_assert_not_reached ();
    }
}

char *
kr_task_soup_result_to_text (GVariant *result)
{
  GString *text = g_string_new (NULL);

  if (result != NULL)
    append (text, result);
  else
    g_string_append (text, "null");
  return g_string_free (text, FALSE);
}
