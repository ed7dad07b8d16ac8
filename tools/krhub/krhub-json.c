/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* A GVariant as JSON text: on one line, or for people to read. */
#include "config.h"

#include "krhub-json.h"

#include <math.h>
#include <string.h>

#define KEY "\033[34m"
#define STRING "\033[32m"
#define WORD "\033[35m"
#define NUMBER "\033[36m"
#define END "\033[0m"

typedef struct
{
  GString *text;
  KrhubJsonFlags flags;
  guint depth;
} Printer;

static void print (Printer *self, GVariant *value);

static void
print_token (Printer *self, const char *colour, const char *token)
{
  if (self->flags & KRHUB_JSON_COLOUR)
    g_string_append_printf (self->text, "%s%s" END, colour, token);
  else
    g_string_append (self->text, token);
}

/* Control characters of both kinds are escaped: a hub is not to command the reader's terminal. */
static char *
quote (const char *text)
{
  GString *quoted = g_string_new ("\"");

  for (const char *p = text; *p != '\0'; p = g_utf8_next_char (p))
    {
      gunichar c = g_utf8_get_char (p);

      if (c == '"' || c == '\\')
        g_string_append_printf (quoted, "\\%c", c);
      else if (c == '\n')
        g_string_append (quoted, "\\n");
      else if (c == '\t')
        g_string_append (quoted, "\\t");
      else if (c == '\r')
        g_string_append (quoted, "\\r");
      else if (g_unichar_iscntrl (c))
        g_string_append_printf (quoted, "\\u%04x", c);
      else
        g_string_append_unichar (quoted, c);
    }
  return g_string_free (g_string_append_c (quoted, '"'), FALSE);
}

static void
print_string (Printer *self, const char *colour, const char *string)
{
  g_autofree char *quoted = quote (string);

  print_token (self, colour, quoted);
}

/* The shortest text that reads back the same, and is no integer. JSON has no word for what is not finite. */
static void
print_double (Printer *self, double value)
{
  char text[G_ASCII_DTOSTR_BUF_SIZE];

  if (!isfinite (value))
    {
      print_string (self, STRING, isnan (value) ? "NaN" : value > 0 ? "Infinity" : "-Infinity");
      return;
    }
  for (guint precision = 15; precision <= 17; precision++)
    {
      char format[8];

      g_snprintf (format, sizeof format, "%%.%ug", precision);
      g_ascii_formatd (text, sizeof text - 2, format, value);
      if (g_ascii_strtod (text, NULL) == value)
        break;
    }
  if (strpbrk (text, ".e") == NULL)
    g_strlcat (text, ".0", sizeof text);
  print_token (self, NUMBER, text);
}

static void
print_integer (Printer *self, GVariant *value)
{
  g_autofree char *text = g_variant_is_of_type (value, G_VARIANT_TYPE_BYTE)
                            ? g_strdup_printf ("%u", g_variant_get_byte (value))
                            : g_variant_print (value, FALSE);

  print_token (self, NUMBER, text);
}

static void
print_bytes (Printer *self, GVariant *value)
{
  gsize length;
  const guchar *bytes = g_variant_get_fixed_array (value, &length, 1);
  g_autofree char *text = g_base64_encode (bytes, length);

  print_string (self, STRING, text);
}

static void
break_line (Printer *self)
{
  if (!(self->flags & KRHUB_JSON_PRETTY))
    return;
  g_string_append_c (self->text, '\n');
  for (guint i = 0; i < self->depth; i++)
    g_string_append (self->text, "  ");
}

static void
print_entry (Printer *self, GVariant *entry)
{
  g_autoptr (GVariant) key = g_variant_get_child_value (entry, 0);
  g_autoptr (GVariant) value = g_variant_get_child_value (entry, 1);
  g_autofree char *name =
    g_variant_is_of_type (key, G_VARIANT_TYPE_STRING) ? g_variant_dup_string (key, NULL) : g_variant_print (key, FALSE);

  print_string (self, KEY, name);
  g_string_append (self->text, self->flags & KRHUB_JSON_PRETTY ? ": " : ":");
  print (self, value);
}

static void
print_children (Printer *self, GVariant *value)
{
  gboolean dictionary = g_variant_is_of_type (value, G_VARIANT_TYPE_DICTIONARY);
  gsize n = g_variant_n_children (value);

  g_string_append_c (self->text, dictionary ? '{' : '[');
  self->depth++;
  for (gsize i = 0; i < n; i++)
    {
      g_autoptr (GVariant) child = g_variant_get_child_value (value, i);

      if (i > 0)
        g_string_append_c (self->text, ',');
      break_line (self);
      if (dictionary)
        print_entry (self, child);
      else
        print (self, child);
    }
  self->depth--;
  if (n > 0)
    break_line (self);
  g_string_append_c (self->text, dictionary ? '}' : ']');
}

/* A variant, or a value that may be missing; however many of them stand around each other. */
static void
print_wrapped (Printer *self, GVariant *value)
{
  g_autoptr (GVariant) inner =
    g_variant_is_of_type (value, G_VARIANT_TYPE_VARIANT) ? g_variant_get_variant (value) : g_variant_get_maybe (value);

  if (inner != NULL)
    print (self, inner);
  else
    print_token (self, WORD, "null");
}

static void
print (Printer *self, GVariant *value)
{
  switch (g_variant_classify (value))
    {
    case G_VARIANT_CLASS_BOOLEAN:
      print_token (self, WORD, g_variant_get_boolean (value) ? "true" : "false");
      break;
    case G_VARIANT_CLASS_BYTE:
    case G_VARIANT_CLASS_INT16:
    case G_VARIANT_CLASS_UINT16:
    case G_VARIANT_CLASS_INT32:
    case G_VARIANT_CLASS_UINT32:
    case G_VARIANT_CLASS_INT64:
    case G_VARIANT_CLASS_UINT64:
    case G_VARIANT_CLASS_HANDLE:
      print_integer (self, value);
      break;
    case G_VARIANT_CLASS_DOUBLE:
      print_double (self, g_variant_get_double (value));
      break;
    case G_VARIANT_CLASS_STRING:
    case G_VARIANT_CLASS_OBJECT_PATH:
    case G_VARIANT_CLASS_SIGNATURE:
      print_string (self, STRING, g_variant_get_string (value, NULL));
      break;
    case G_VARIANT_CLASS_VARIANT:
    case G_VARIANT_CLASS_MAYBE:
      print_wrapped (self, value);
      break;
    case G_VARIANT_CLASS_ARRAY:
    case G_VARIANT_CLASS_TUPLE:
    case G_VARIANT_CLASS_DICT_ENTRY:
    default:
      if (g_variant_is_of_type (value, G_VARIANT_TYPE_BYTESTRING))
        print_bytes (self, value);
      else
        print_children (self, value);
      break;
    }
}

/**
 * krhub_json_append:
 * @text: what is appended to
 * @value: what a hub has sent
 * @flags: how to write it
 *
 * Writes @value as JSON; bytes are base64, and what is not finite is a string.
 */
void
krhub_json_append (GString *text, GVariant *value, KrhubJsonFlags flags)
{
  Printer printer = { text, flags, 0 };

  print (&printer, value);
}
