/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* A strict reader of JSON for request bodies: bytes in, GVariant out. */
#include "config.h"

#include "kr-task-soup-json-private.h"

#include <errno.h>
#include <gio/gio.h>
#include <math.h>
#include <string.h>

/*
 * RFC 8259 and nothing more: json-glib also takes comments, trailing bytes, and the last of several members with one
 * name, about which two readers of the same request can differ. Depth and number of values are bounded, so that a small
 * body cannot become a large tree.
 */
typedef struct
{
  const char *at;
  const char *end;
  guint depth;
  guint n_values;
  const char *fault; /* the first thing that is wrong */
} Reader;

static GVariant *read_value (Reader *reader);

static gpointer
fail (Reader *reader, const char *fault)
{
  if (reader->fault == NULL)
    reader->fault = fault;
  return NULL;
}

static gboolean
refuse (Reader *reader, const char *fault)
{
  fail (reader, fault);
  return FALSE;
}

static void
skip_space (Reader *reader)
{
  while (reader->at < reader->end && strchr (" \t\r\n", *reader->at) != NULL && *reader->at != '\0')
    reader->at++;
}

/* The next character that is no space; 0 at the end. */
static char
peek (Reader *reader)
{
  skip_space (reader);
  return reader->at < reader->end ? *reader->at : '\0';
}

static gboolean
take (Reader *reader, char expected)
{
  if (reader->at >= reader->end || peek (reader) != expected)
    return FALSE;
  reader->at++;
  return TRUE;
}

static gboolean
take_word (Reader *reader, const char *word)
{
  gsize length = strlen (word);

  if ((gsize) (reader->end - reader->at) < length || memcmp (reader->at, word, length) != 0)
    return FALSE;
  reader->at += length;
  return TRUE;
}

/* --- strings ------------------------------------------------------------------------------------------------------ */

/* Four hexadecimal digits; -1 otherwise. */
static int
read_unit (Reader *reader)
{
  int unit = 0;

  if (reader->end - reader->at < 4)
    return -1;
  for (guint i = 0; i < 4; i++)
    {
      int digit = g_ascii_xdigit_value (*reader->at++);

      if (digit < 0)
        return -1;
      unit = unit << 4 | digit;
    }
  return unit;
}

/* After "\u". A half of a pair is no character, and what is behind a NUL would be lost. */
static gboolean
read_code_point (Reader *reader, GString *text)
{
  int unit = read_unit (reader);
  int low;

  if (unit > 0 && (unit < 0xd800 || unit > 0xdfff))
    {
      g_string_append_unichar (text, (gunichar) unit);
      return TRUE;
    }
  if (unit < 0xd800 || unit > 0xdbff || !take_word (reader, "\\u"))
    return FALSE;
  low = read_unit (reader);
  if (low < 0xdc00 || low > 0xdfff)
    return FALSE;
  g_string_append_unichar (text, 0x10000 + ((gunichar) (unit - 0xd800) << 10) + (gunichar) (low - 0xdc00));
  return TRUE;
}

static gboolean
read_escape (Reader *reader, GString *text)
{
  static const char escapes[] = "\"\\/bfnrt", meanings[] = "\"\\/\b\f\n\r\t";
  const char *found;

  if (reader->at >= reader->end || *reader->at == '\0')
    return FALSE;
  if (*reader->at == 'u')
    {
      reader->at++;
      return read_code_point (reader, text);
    }
  found = strchr (escapes, *reader->at++);
  if (found == NULL)
    return FALSE;
  g_string_append_c (text, meanings[found - escapes]);
  return TRUE;
}

static char *
read_string (Reader *reader)
{
  g_autoptr (GString) text = NULL;

  if (!take (reader, '"'))
    return fail (reader, "a string is missing");
  text = g_string_new (NULL);
  while (reader->at < reader->end && *reader->at != '"')
    {
      char c = *reader->at++;

      if (c == '\\' ? !read_escape (reader, text) : (guchar) c < 0x20)
        return fail (reader, "a string has an escape or a character that it must not have");
      if (c != '\\')
        g_string_append_c (text, c);
    }
  if (reader->at >= reader->end)
    return fail (reader, "a string does not end");
  reader->at++;
  return g_string_free (g_steal_pointer (&text), FALSE);
}

/* --- numbers ------------------------------------------------------------------------------------------------------ */

static gboolean
skip_digits (Reader *reader)
{
  const char *start = reader->at;

  while (reader->at < reader->end && g_ascii_isdigit (*reader->at))
    reader->at++;
  return reader->at > start;
}

/* The grammar of a number; TRUE in @whole if it has neither fraction nor exponent. */
static gboolean
skip_number (Reader *reader, gboolean *whole)
{
  *whole = TRUE;
  take_word (reader, "-");
  if (!take_word (reader, "0") && !skip_digits (reader))
    return FALSE;
  if (take_word (reader, "."))
    {
      *whole = FALSE;
      if (!skip_digits (reader))
        return FALSE;
    }
  if (take_word (reader, "e") || take_word (reader, "E"))
    {
      *whole = FALSE;
      if (!take_word (reader, "+"))
        take_word (reader, "-");
      if (!skip_digits (reader))
        return FALSE;
    }
  return TRUE;
}

static GVariant *
read_number (Reader *reader)
{
  const char *start = reader->at;
  g_autofree char *text = NULL;
  gboolean whole;
  gint64 integer;
  double number;

  if (!skip_number (reader, &whole))
    return fail (reader, "a value is missing or no number");
  text = g_strndup (start, (gsize) (reader->at - start));
  if (whole && g_ascii_string_to_signed (text, 10, G_MININT64, G_MAXINT64, &integer, NULL))
    return g_variant_new_int64 (integer);
  number = g_ascii_strtod (text, NULL);
  if (!isfinite (number))
    return fail (reader, "a number is too large");
  return g_variant_new_double (number);
}

/* --- objects and arrays ------------------------------------------------------------------------------------------- */

static gboolean
read_member (Reader *reader, GVariantBuilder *members, GHashTable *names)
{
  g_autofree char *name = read_string (reader);
  g_autoptr (GVariant) value = NULL;

  if (name == NULL)
    return FALSE;
  /* looked at before GVariant does, which would only warn */
  if (!g_utf8_validate (name, -1, NULL))
    return refuse (reader, "a string is not UTF-8");
  if (g_hash_table_contains (names, name))
    return refuse (reader, "two members have the same name");
  if (!take (reader, ':'))
    return refuse (reader, "a colon is missing");
  value = read_value (reader);
  if (value == NULL)
    return FALSE;
  g_variant_take_ref (value);
  g_variant_builder_add (members, "{sv}", name, value);
  g_hash_table_add (names, g_steal_pointer (&name));
  return TRUE;
}

static GVariant *
read_object (Reader *reader)
{
  g_auto (GVariantBuilder) members = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE_VARDICT);
  g_autoptr (GHashTable) names = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);

  reader->at++;
  if (take (reader, '}'))
    return g_variant_builder_end (&members);
  do
    if (!read_member (reader, &members, names))
      return NULL;
  while (take (reader, ','));
  if (!take (reader, '}'))
    return fail (reader, "an object does not end");
  return g_variant_builder_end (&members);
}

static GVariant *
read_array (Reader *reader)
{
  g_auto (GVariantBuilder) items = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE ("av"));

  reader->at++;
  if (take (reader, ']'))
    return g_variant_builder_end (&items);
  do
    {
      GVariant *value = read_value (reader);

      if (value == NULL)
        return NULL;
      g_variant_builder_add (&items, "v", value);
    }
  while (take (reader, ','));
  if (!take (reader, ']'))
    return fail (reader, "an array does not end");
  return g_variant_builder_end (&items);
}

static GVariant *
read_text (Reader *reader)
{
  g_autofree char *text = read_string (reader);

  if (text == NULL)
    return NULL;
  if (!g_utf8_validate (text, -1, NULL))
    return fail (reader, "a string is not UTF-8");
  return g_variant_new_take_string (g_steal_pointer (&text));
}

static GVariant *
read_nested (Reader *reader, GVariant *(*read) (Reader *))
{
  GVariant *value;

  if (++reader->depth > KR_TASK_SOUP_JSON_DEPTH)
    return fail (reader, "it is nested too deeply");
  value = read (reader);
  reader->depth--;
  return value;
}

/* A floating value, or NULL after a fault. */
static GVariant *
read_value (Reader *reader)
{
  if (++reader->n_values > KR_TASK_SOUP_JSON_VALUES)
    return fail (reader, "it has too many values");
  switch (peek (reader))
    {
    case '{':
      return read_nested (reader, read_object);
    case '[':
      return read_nested (reader, read_array);
    case '"':
      return read_text (reader);
    case 't':
      return take_word (reader, "true") ? g_variant_new_boolean (TRUE) : fail (reader, "an unknown word");
    case 'f':
      return take_word (reader, "false") ? g_variant_new_boolean (FALSE) : fail (reader, "an unknown word");
    case 'n':
      return take_word (reader, "null") ? g_variant_new_maybe (G_VARIANT_TYPE_VARIANT, NULL)
                                        : fail (reader, "an unknown word");
    default:
      return read_number (reader);
    }
}

/* private
 * kr_task_soup_json_read_object:
 * @data: a document, not necessarily terminated
 * @length: its length
 * @error: return location for a G_IO_ERROR_INVALID_DATA
 *
 * Reads a document that is one object. Whole numbers become `x`, others `d`, arrays `av`, objects `a{sv}`, null an
 * empty `mv`.
 *
 * Returns: (transfer full): an `a{sv}`, not floating
 */
GVariant *
kr_task_soup_json_read_object (const char *data, gsize length, GError **error)
{
  Reader reader = { .at = data, .end = data + length };
  g_autoptr (GVariant) value = NULL;

  if (peek (&reader) != '{')
    fail (&reader, "it is not an object");
  else
    value = read_value (&reader);
  if (value != NULL)
    g_variant_take_ref (value);
  skip_space (&reader);
  if (value != NULL && reader.at < reader.end)
    fail (&reader, "something follows it");
  if (reader.fault == NULL)
    return g_steal_pointer (&value);
  g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA, "The body is not the JSON it should be: %s", reader.fault);
  return NULL;
}
