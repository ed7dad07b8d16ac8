/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* The arguments of a call, from the texts of the command line. */
#include "config.h"

#include "krhub-arguments.h"

#include <errno.h>
#include <glib/gi18n.h>
#include <krhub.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define MAX_SHOWN 60

static gboolean
fail (GError **error, const char *text, const char *why)
{
  g_autofree char *shown = g_utf8_substring (text, 0, MIN (g_utf8_strlen (text, -1), MAX_SHOWN));

  g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, _("“%s%s” is not a value: %s"), shown,
               strlen (shown) < strlen (text) ? "…" : "", why);
  return FALSE;
}

/* --- JSON --- */

/* The reader words its errors as .NET does, for hubs: the place is what people need of it. */
static void
simplify (GError **error)
{
  const char *text = error != NULL && *error != NULL ? (*error)->message : NULL;
  const char *place = text != NULL ? strstr (text, " LineNumber: ") : NULL;
  guint line, byte;
  g_autofree char *what = NULL;

  if (place == NULL || sscanf (place, " LineNumber: %u | BytePositionInLine: %u", &line, &byte) != 2)
    return;
  if (g_str_has_prefix (text, "JsonReaderException: "))
    text += strlen ("JsonReaderException: ");
  what = g_strndup (text, MAX (place - text, 0));
  g_clear_error (error);
  g_set_error (error, KR_HUB_ERROR, KR_HUB_ERROR_BINDING, _("%s (line %u, byte %u)"), what, line + 1, byte + 1);
}

/* A variant of the value, or NULL. The library's own reader: strict, and bounded in depth. */
static GVariant *
parse_json (const char *text, GError **error)
{
  KrHubProtocol *protocol = kr_hub_json_protocol_get_default ();
  g_autofree char *trimmed = g_strstrip (g_strdup (text));
  const KrHubSlice whole = { trimmed, strlen (trimmed) };
  KrHubSlice rest = whole, first = { NULL, 0 };
  g_autoptr (GVariant) value = NULL;

  if (whole.len == 0)
    {
      g_set_error_literal (error, KR_HUB_ERROR, KR_HUB_ERROR_BINDING, _("there is nothing"));
      return NULL;
    }
  /* Decoding looks at the first value only, but says what is wrong with it; splitting knows whether more follows. */
  value = kr_hub_protocol_decode_variant (protocol, &whole, G_VARIANT_TYPE_VARIANT, error);
  if (value == NULL)
    simplify (error);
  else if (!kr_hub_protocol_next_value (protocol, &rest, &first) || first.len != whole.len)
    {
      g_set_error (error, KR_HUB_ERROR, KR_HUB_ERROR_BINDING, _("more follows after the value, at byte %u"),
                   (guint) first.len + 1);
      return NULL;
    }
  return g_steal_pointer (&value);
}

/* --- GVariant text --- */

/* "int64 5", "@as []", "b'bytes'", "'text'", "(1, 2)", "<1>", "[1, 2]", "{'a': 1}": what could not be anything else. A
 * number is JSON already, and "just a word" is to be one. */
static gboolean
begins_as_gvariant (const char *text)
{
  static const char *const types[] = { "boolean", "byte", "int16", "uint16", "int32", "uint32", "int64", "uint64",
                                       "double", "string", "objectpath", "signature" };
  gsize word = strcspn (text, " \t\n");

  if (strchr ("'(<[{", *text) != NULL)
    return *text != '\0';
  if (g_str_has_prefix (text, "b'") || g_str_has_prefix (text, "b\""))
    return TRUE;
  if (text[word] == '\0')
    return FALSE;
  if (*text == '@')
    {
      g_autofree char *type = g_strndup (text + 1, word - 1);

      return g_variant_type_string_is_valid (type);
    }
  for (guint i = 0; i < G_N_ELEMENTS (types); i++)
    if (strlen (types[i]) == word && strncmp (text, types[i], word) == 0)
      return TRUE;
  return FALSE;
}

static GVariant *
parse_gvariant (const char *text, GError **error)
{
  g_autoptr (GVariant) value = g_variant_parse (NULL, text, NULL, NULL, error);

  if (value == NULL)
    return NULL;
  return g_variant_ref_sink (g_variant_new_variant (value));
}

/* --- one argument --- */

static GVariant *
guess (const char *text, gboolean may_be_word, GError **error)
{
  g_autoptr (GError) json_error = NULL;
  GVariant *value = parse_json (text, &json_error);

  if (value != NULL)
    return value;
  if (begins_as_gvariant (text) && (value = parse_gvariant (text, NULL)) != NULL)
    return value;
  /* Whoever wrote a brace or a quotation mark meant JSON, and would not like to send its ruins as a string. */
  if (may_be_word && (*text == '\0' || strchr ("\"[{", *text) == NULL))
    return g_variant_ref_sink (g_variant_new_variant (g_variant_new_string (text)));
  fail (error, text, json_error->message);
  return NULL;
}

/**
 * krhub_arguments_parse_value:
 * @text: an argument, or a line
 * @kind: what it is taken for
 * @error: return location for an error
 *
 * Reads one value: whatever is JSON is JSON; else what begins as GVariant text and is such is that; else it is a
 * string, unless it begins like JSON with a quotation mark, bracket or brace.
 *
 * Errors: %G_OPTION_ERROR_BAD_VALUE
 *
 * Returns: (transfer full): the value in a variant
 */
GVariant *
krhub_arguments_parse_value (const char *text, KrhubArgumentsKind kind, GError **error)
{
  g_autoptr (GError) reason = NULL;
  GVariant *value;

  if (!g_utf8_validate (text, -1, NULL))
    {
      g_set_error_literal (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, _("An argument is not UTF-8"));
      return NULL;
    }
  if (kind == KRHUB_ARGUMENTS_GUESS)
    return guess (text, TRUE, error);
  if (kind == KRHUB_ARGUMENTS_TEXT)
    return g_variant_ref_sink (g_variant_new_variant (g_variant_new_string (text)));
  value = parse_gvariant (text, &reason);
  if (value == NULL)
    fail (error, text, reason->message);
  return value;
}

/* --- arguments from files --- */

/* The path of an argument "@PATH", "-" for standard input; NULL if it is another one. */
static const char *
get_path (const char *text, KrhubArgumentsKind kind)
{
  gboolean is_path = kind != KRHUB_ARGUMENTS_TEXT && text[0] == '@' && text[1] != '\0' && !begins_as_gvariant (text);

  return is_path ? text + 1 : NULL;
}

static gboolean
read_stdin (char **contents, gsize *length, GError **error)
{
  GString *all = g_string_new (NULL);
  char piece[65536];
  gssize n;

  while ((n = read (STDIN_FILENO, piece, sizeof piece)) > 0)
    g_string_append_len (all, piece, n);
  *length = all->len;
  *contents = g_string_free (all, FALSE);
  if (n < 0)
    {
      g_set_error_literal (error, G_IO_ERROR, g_io_error_from_errno (errno), g_strerror (errno));
      return FALSE;
    }
  return TRUE;
}

/* What comes from a file is JSON or GVariant text: a broken document is not to go out as a string. */
static GVariant *
read_value (const char *path, KrhubArgumentsKind kind, GError **error)
{
  g_autofree char *contents = NULL;
  g_autoptr (GError) reason = NULL;
  gsize length;
  GVariant *value;

  if (g_str_equal (path, "-") ? !read_stdin (&contents, &length, &reason)
                              : !g_file_get_contents (path, &contents, &length, &reason))
    {
      g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, _("“@%s” cannot be read: %s"), path,
                   reason->message);
      return NULL;
    }
  if (strlen (contents) != length || !g_utf8_validate (contents, length, NULL))
    {
      g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, _("“@%s” is not UTF-8 text"), path);
      return NULL;
    }
  value = kind == KRHUB_ARGUMENTS_GVARIANT ? krhub_arguments_parse_value (contents, kind, &reason)
                                           : guess (g_strstrip (contents), FALSE, &reason);
  if (value == NULL)
    g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "@%s: %s", path, reason->message);
  return value;
}

static guint
count_stdin (char **texts, KrhubArgumentsKind kind)
{
  guint n = 0;

  for (; texts != NULL && *texts != NULL; texts++)
    n += g_strcmp0 (get_path (*texts, kind), "-") == 0;
  return n;
}

/**
 * krhub_arguments_use_stdin:
 * @texts: (nullable): arguments
 * @kind: what they are taken for
 *
 * Returns: whether one of them is read from standard input
 */
gboolean
krhub_arguments_use_stdin (char **texts, KrhubArgumentsKind kind)
{
  return count_stdin (texts, kind) > 0;
}

/**
 * krhub_arguments_parse:
 * @texts: (nullable): arguments
 * @kind: what they are taken for
 * @error: return location for an error
 *
 * Reads all arguments, those that begin with "@" from files.
 *
 * Errors: %G_OPTION_ERROR_BAD_VALUE
 *
 * Returns: (transfer full): a tuple of variants
 */
GVariant *
krhub_arguments_parse (char **texts, KrhubArgumentsKind kind, GError **error)
{
  g_auto (GVariantBuilder) builder = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE_TUPLE);

  if (count_stdin (texts, kind) > 1)
    {
      g_set_error_literal (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                           _("Only one argument can be read from standard input"));
      return NULL;
    }
  for (; texts != NULL && *texts != NULL; texts++)
    {
      const char *path = get_path (*texts, kind);
      g_autoptr (GVariant) value =
        path != NULL ? read_value (path, kind, error) : krhub_arguments_parse_value (*texts, kind, error);

      if (value == NULL)
        return NULL;
      g_variant_builder_add_value (&builder, value);
    }
  return g_variant_ref_sink (g_variant_builder_end (&builder));
}
