/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* JSON text as values: GVariant of a type, JsonNode. */
#include "config.h"

#include "kr-hub-json-reader-private.h"

#include "kr-hub-error.h"
#include "kr-hub-json-scanner-private.h"

static GVariant *read_value (KrHubJsonScanner *scanner, const GVariantType *type, GError **error);
static JsonNode *read_node (KrHubJsonScanner *scanner, GError **error);

static const char *
type_to_string (const GVariantType *type)
{
  switch (*g_variant_type_peek_string (type))
    {
    case 'b': return "System.Boolean";
    case 'y': return "System.Byte";
    case 'n': return "System.Int16";
    case 'q': return "System.UInt16";
    case 'i': return "System.Int32";
    case 'u': return "System.UInt32";
    case 'x': return "System.Int64";
    case 't': return "System.UInt64";
    case 'd': return "System.Double";
    case 's': case 'o': case 'g': return "System.String";
    default: return NULL;
    }
}

/* .NET's wording where the type has a name there. */
static gpointer
fail_type (const GVariantType *type, GError **error)
{
  const char *name = type_to_string (type);

  if (name != NULL)
    g_set_error (error, KR_HUB_ERROR, KR_HUB_ERROR_BINDING, "The JSON value could not be converted to %s.", name);
  else
    g_set_error (error, KR_HUB_ERROR, KR_HUB_ERROR_BINDING, "The JSON value could not be converted to the type '%.*s'.",
                 (int) g_variant_type_get_string_length (type), g_variant_type_peek_string (type));
  return NULL;
}

/* .NET adds where it was: behind a value, but inside an object or array. What fails inside those is not told apart. */
static void
add_place (const KrHubSlice *value, GError **error)
{
  KrHubJsonScanner scanner;
  KrHubJsonKind kind;
  gsize place = 1;

  if (error == NULL || *error == NULL)
    return;
  kr_hub_json_scanner_init (&scanner, value);
  kind = kr_hub_json_scanner_peek (&scanner);
  if (kind != KR_HUB_JSON_OBJECT && kind != KR_HUB_JSON_ARRAY && kr_hub_json_scanner_skip_value (&scanner))
    {
      while (scanner.pos > scanner.start && g_ascii_isspace (scanner.pos[-1]))
        scanner.pos--;
      place = scanner.pos - scanner.start;
    }
  if (kind != KR_HUB_JSON_BROKEN)
    {
      g_autofree char *text = (*error)->message;

      (*error)->message =
          g_strdup_printf ("%s Path: $ | LineNumber: 0 | BytePositionInLine: %" G_GSIZE_FORMAT ".", text, place);
    }
}

static gpointer
fail_scan (const KrHubJsonScanner *scanner, GError **error)
{
  g_autofree char *text = kr_hub_json_scanner_describe (scanner);

  g_set_error_literal (error, KR_HUB_ERROR, KR_HUB_ERROR_BINDING, text);
  return NULL;
}

static gboolean
decode_unusual_text (KrHubSlice *text, guint flags, GString *scratch, GError **error)
{
  gboolean ok = TRUE;

  if (flags & KR_HUB_JSON_NON_ASCII)
    ok = kr_hub_json_validate_utf8 (text, NULL);
  if (ok && (flags & KR_HUB_JSON_ESCAPED))
    {
      g_string_truncate (scratch, 0);
      ok = kr_hub_json_unescape (text, scratch, NULL);
      *text = (KrHubSlice) { scratch->str, scratch->len };
    }
  /* What is no Unicode is to .NET a value of the wrong type. */
  return ok || fail_type (G_VARIANT_TYPE_STRING, error) != NULL;
}

/* The decoded text of the string at the scanner's place; @scratch is emptied first. */
static gboolean
read_text (KrHubJsonScanner *scanner, GString *scratch, KrHubSlice *text, GError **error)
{
  guint flags;

  if (!kr_hub_json_scanner_read_string (scanner, text, &flags))
    return fail_scan (scanner, error) != NULL;
  return G_LIKELY (flags == 0) || decode_unusual_text (text, flags, scratch, error);
}

static gboolean
read_unusual_string (const KrHubSlice *value, GString *scratch, KrHubSlice *text, GError **error)
{
  KrHubJsonScanner scanner;
  KrHubJsonKind kind;

  kr_hub_json_scanner_init (&scanner, value);
  kind = kr_hub_json_scanner_peek (&scanner);
  if (kind == KR_HUB_JSON_STRING)
    return read_text (&scanner, scratch, text, error);
  *text = (KrHubSlice) { NULL, 0 };
  if (kind == KR_HUB_JSON_BROKEN)
    return fail_scan (&scanner, error) != NULL;
  return kind == KR_HUB_JSON_NULL || fail_type (G_VARIANT_TYPE_STRING, error) != NULL;
}

gboolean
kr_hub_json_read_string (const KrHubSlice *value, GString *scratch, KrHubSlice *text, GError **error)
{
  const char *end = value->data + value->len, *quote;
  guint flags;

  if (G_LIKELY (value->len >= 2 && value->data[0] == '"'))
    {
      quote = kr_hub_json_find_special (value->data, value->data + 1, end, &flags);
      if (G_LIKELY (flags == 0 && quote < end && *quote == '"'))
        {
          *text = (KrHubSlice) { value->data + 1, quote - value->data - 1 };
          return TRUE;
        }
    }
  if (read_unusual_string (value, scratch, text, error))
    return TRUE;
  add_place (value, error);
  return FALSE;
}

static char *
copy_text (const KrHubSlice *text)
{
  char *copy = g_malloc (text->len + 1);

  memcpy (copy, text->data, text->len);
  copy[text->len] = '\0';
  return copy;
}

/* As a C string, which cannot hold the NUL that JSON can, where it is escaped. */
static char *
read_c_string (KrHubJsonScanner *scanner, GError **error)
{
  g_autoptr (GString) scratch = NULL;
  KrHubSlice text;
  guint flags;

  if (!kr_hub_json_scanner_read_string (scanner, &text, &flags))
    return fail_scan (scanner, error);
  if (G_LIKELY (flags == 0))
    return copy_text (&text);
  scratch = g_string_new (NULL);
  if (!decode_unusual_text (&text, flags, scratch, error))
    return NULL;
  if (memchr (text.data, '\0', text.len) != NULL)
    {
      g_set_error_literal (error, KR_HUB_ERROR, KR_HUB_ERROR_BINDING, "A string contains the character U+0000");
      return NULL;
    }
  return copy_text (&text);
}

static gboolean
read_number (KrHubJsonScanner *scanner, KrHubSlice *text)
{
  const char *begin = scanner->pos;

  if (*begin != '-' && !g_ascii_isdigit (*begin))
    return FALSE;
  if (!kr_hub_json_scanner_skip_number (scanner))
    return FALSE;
  *text = (KrHubSlice) { begin, scanner->pos - begin };
  while (g_ascii_isspace (text->data[text->len - 1]))
    text->len--;
  return TRUE;
}

static double
number_to_double (const KrHubSlice *text)
{
  char small[64];
  g_autofree char *large = NULL;

  /* strtod() needs the NUL that received bytes do not have. */
  if (text->len < sizeof small)
    {
      memcpy (small, text->data, text->len);
      small[text->len] = '\0';
      return g_ascii_strtod (small, NULL);
    }
  large = g_strndup (text->data, text->len);
  return g_ascii_strtod (large, NULL);
}

/* An integer or double of @type from its decimal text; NULL if it does not fit. */
static GVariant *
number_to_variant (const KrHubSlice *text, char type)
{
  gint64 s = 0;
  guint64 u = 0;
  gboolean is_signed = kr_hub_json_parse_int64 (text, &s), is_unsigned = kr_hub_json_parse_uint64 (text, &u);

  switch (type)
    {
    case 'y': return is_unsigned && u <= G_MAXUINT8 ? g_variant_new_byte (u) : NULL;
    case 'q': return is_unsigned && u <= G_MAXUINT16 ? g_variant_new_uint16 (u) : NULL;
    case 'u': return is_unsigned && u <= G_MAXUINT32 ? g_variant_new_uint32 (u) : NULL;
    case 't': return is_unsigned ? g_variant_new_uint64 (u) : NULL;
    case 'n': return is_signed && s >= G_MININT16 && s <= G_MAXINT16 ? g_variant_new_int16 (s) : NULL;
    case 'i': return is_signed && s >= G_MININT32 && s <= G_MAXINT32 ? g_variant_new_int32 (s) : NULL;
    case 'x': return is_signed ? g_variant_new_int64 (s) : NULL;
    case 'd': return g_variant_new_double (number_to_double (text));
    default: return NULL;
    }
}

static GVariant *
read_number_as (KrHubJsonScanner *scanner, const GVariantType *type, GError **error)
{
  KrHubSlice text;
  GVariant *value;

  if (!read_number (scanner, &text))
    return scanner->fault != KR_HUB_JSON_FAULT_NONE ? fail_scan (scanner, error) : fail_type (type, error);
  value = number_to_variant (&text, *g_variant_type_peek_string (type));
  return value != NULL ? value : fail_type (type, error);
}

static GVariant *
read_boolean (KrHubJsonScanner *scanner, const GVariantType *type, GError **error)
{
  KrHubJsonKind kind = kr_hub_json_scanner_peek (scanner);

  if (kind != KR_HUB_JSON_TRUE && kind != KR_HUB_JSON_FALSE)
    return fail_type (type, error);
  kr_hub_json_scanner_skip_value (scanner);
  return g_variant_new_boolean (kind == KR_HUB_JSON_TRUE);
}

/* Takes @text, which is known to be UTF-8: g_variant_new_take_string() would check it once more. */
static GVariant *
trusted_string (char *text)
{
  return g_variant_new_from_data (G_VARIANT_TYPE_STRING, text, strlen (text) + 1, TRUE, g_free, text);
}

static GVariant *
string_to_variant (char *text, const GVariantType *type, GError **error)
{
  g_autofree char *owned = text;

  switch (*g_variant_type_peek_string (type))
    {
    case 'o':
      return g_variant_is_object_path (text) ? g_variant_new_object_path (text) : fail_type (type, error);
    case 'g':
      return g_variant_is_signature (text) ? g_variant_new_signature (text) : fail_type (type, error);
    default:
      return trusted_string (g_steal_pointer (&owned));
    }
}

static GVariant *
read_string_as (KrHubJsonScanner *scanner, const GVariantType *type, GError **error)
{
  char *text;

  if (*scanner->pos != '"')
    return fail_type (type, error);
  text = read_c_string (scanner, error);
  return text != NULL ? string_to_variant (text, type, error) : NULL;
}

/* The bits of the last digit that stand for no byte. */
static gboolean
has_spare_bits (char digit, gsize padding)
{
  static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

  return padding > 0 && ((strchr (alphabet, digit) - alphabet) & (padding == 1 ? 3 : 15)) != 0;
}

/* Padded Base64 of the standard alphabet, in which spaces may occur, as .NET has it; in place. */
static gboolean
decode_base64 (char *text, gsize *len)
{
  gsize n = 0, digits;

  for (const char *p = text; *p != '\0'; p++)
    if (strchr (" \t\r\n", *p) == NULL)
      text[n++] = *p;
  text[n] = '\0';
  digits = n;
  while (digits > 1 && n - digits < 2 && text[digits - 1] == '=')
    digits--;
  for (gsize i = 0; i < digits; i++)
    if (!g_ascii_isalnum (text[i]) && text[i] != '+' && text[i] != '/')
      return FALSE;
  *len = 0;
  if (n % 4 != 0 || (n > 0 && has_spare_bits (text[digits - 1], n - digits)))
    return FALSE;
  if (n > 0)
    g_base64_decode_inplace (text, len);
  return TRUE;
}

static GVariant *
read_bytes (KrHubJsonScanner *scanner, const GVariantType *type, GError **error)
{
  g_autofree char *text = NULL;
  gsize len;

  if (*scanner->pos != '"')
    return fail_type (type, error);
  text = read_c_string (scanner, error);
  if (text == NULL)
    return NULL;
  if (!decode_base64 (text, &len))
    return fail_type (type, error);
  return g_variant_new_fixed_array (G_VARIANT_TYPE_BYTE, text, len, 1);
}

static GVariant *
read_array (KrHubJsonScanner *scanner, const GVariantType *type, GError **error)
{
  const GVariantType *element = g_variant_type_element (type);
  g_auto (GVariantBuilder) builder = G_VARIANT_BUILDER_INIT (type);
  gboolean first = TRUE;

  if (*scanner->pos != '[')
    return fail_type (type, error);
  if (!kr_hub_json_scanner_enter (scanner))
    return fail_scan (scanner, error);
  while (kr_hub_json_scanner_next_element (scanner, &first))
    {
      GVariant *value = read_value (scanner, element, error);

      if (value == NULL)
        return NULL;
      g_variant_builder_add_value (&builder, value);
    }
  return scanner->fault == KR_HUB_JSON_FAULT_NONE ? g_variant_builder_end (&builder) : fail_scan (scanner, error);
}

static GVariant *
read_tuple (KrHubJsonScanner *scanner, const GVariantType *type, GError **error)
{
  const GVariantType *item = g_variant_type_first (type);
  g_auto (GVariantBuilder) builder = G_VARIANT_BUILDER_INIT (type);
  gboolean first = TRUE;

  if (*scanner->pos != '[')
    return fail_type (type, error);
  if (!kr_hub_json_scanner_enter (scanner))
    return fail_scan (scanner, error);
  while (kr_hub_json_scanner_next_element (scanner, &first))
    {
      GVariant *value = item != NULL ? read_value (scanner, item, error) : fail_type (type, error);

      if (value == NULL)
        return NULL;
      g_variant_builder_add_value (&builder, value);
      item = g_variant_type_next (item);
    }
  if (scanner->fault != KR_HUB_JSON_FAULT_NONE)
    return fail_scan (scanner, error);
  return item == NULL ? g_variant_builder_end (&builder) : fail_type (type, error);
}

/* A key of any basic type from the text of a property name. */
static GVariant *
key_to_variant (const KrHubSlice *quoted, const GVariantType *type, GError **error)
{
  KrHubJsonScanner scanner;
  g_autofree char *text = NULL;
  KrHubSlice number;
  GVariant *value;

  kr_hub_json_scanner_init (&scanner, quoted);
  text = read_c_string (&scanner, error);
  if (text == NULL)
    return NULL;
  if (strchr ("sog", *g_variant_type_peek_string (type)) != NULL)
    return string_to_variant (g_steal_pointer (&text), type, error);
  if (g_variant_type_equal (type, G_VARIANT_TYPE_BOOLEAN) && g_ascii_strcasecmp (text, "true") == 0)
    return g_variant_new_boolean (TRUE);
  if (g_variant_type_equal (type, G_VARIANT_TYPE_BOOLEAN) && g_ascii_strcasecmp (text, "false") == 0)
    return g_variant_new_boolean (FALSE);
  number = (KrHubSlice) { text, strlen (text) };
  kr_hub_json_scanner_init (&scanner, &number);
  value = scanner.fault == KR_HUB_JSON_FAULT_NONE && read_number (&scanner, &number) && scanner.pos == scanner.end
              ? number_to_variant (&number, *g_variant_type_peek_string (type))
              : NULL;
  return value != NULL ? value : fail_type (type, error);
}

static GVariant *
read_entry (KrHubJsonScanner *scanner, const KrHubSlice *name, const GVariantType *entry, GError **error)
{
  /* back to the quotes around the name, which are there */
  KrHubSlice quoted = { name->data - 1, name->len + 2 };
  g_autoptr (GVariant) key = key_to_variant (&quoted, g_variant_type_key (entry), error);
  GVariant *value;

  if (key == NULL)
    return NULL;
  g_variant_ref_sink (key);
  value = read_value (scanner, g_variant_type_value (entry), error);
  return value != NULL ? g_variant_new_dict_entry (key, value) : NULL;
}

/* Of a name that occurs twice the last one counts, as in .NET. */
static void
add_entry (GPtrArray *entries, GHashTable *index_of, GVariant *entry)
{
  GVariant *key = g_variant_get_child_value (entry, 0);
  gpointer at;

  if (g_hash_table_lookup_extended (index_of, key, NULL, &at))
    {
      g_variant_unref (entries->pdata[GPOINTER_TO_UINT (at)]);
      entries->pdata[GPOINTER_TO_UINT (at)] = g_variant_ref_sink (entry);
      g_variant_unref (key);
      return;
    }
  g_hash_table_insert (index_of, key, GUINT_TO_POINTER (entries->len));
  g_ptr_array_add (entries, g_variant_ref_sink (entry));
}

static GVariant *
read_dictionary (KrHubJsonScanner *scanner, const GVariantType *type, GError **error)
{
  const GVariantType *entry_type = g_variant_type_element (type);
  g_autoptr (GPtrArray) entries = NULL;
  g_autoptr (GHashTable) index_of = NULL;
  gboolean first = TRUE;
  KrHubSlice name;
  guint flags;

  if (*scanner->pos != '{')
    return fail_type (type, error);
  entries = g_ptr_array_new_with_free_func ((GDestroyNotify) g_variant_unref);
  index_of = g_hash_table_new_full (g_variant_hash, g_variant_equal, (GDestroyNotify) g_variant_unref, NULL);
  if (!kr_hub_json_scanner_enter (scanner))
    return fail_scan (scanner, error);
  while (kr_hub_json_scanner_next_property (scanner, &first, &name, &flags))
    {
      GVariant *entry = read_entry (scanner, &name, entry_type, error);

      if (entry == NULL)
        return NULL;
      add_entry (entries, index_of, entry);
    }
  if (scanner->fault != KR_HUB_JSON_FAULT_NONE)
    return fail_scan (scanner, error);
  return g_variant_new_array (entry_type, (GVariant **) entries->pdata, entries->len);
}

/* A value of undeclared type becomes what JSON makes obvious: x (t, d where it does not fit), s, b, av, a{sv}; null is
 * an empty mv. */
static GVariant *
read_any (KrHubJsonScanner *scanner, GError **error)
{
  KrHubSlice text;
  GVariant *value = NULL;

  switch (kr_hub_json_scanner_peek (scanner))
    {
    case KR_HUB_JSON_NULL:
      kr_hub_json_scanner_skip_value (scanner);
      return g_variant_new_maybe (G_VARIANT_TYPE_VARIANT, NULL);
    case KR_HUB_JSON_TRUE:
    case KR_HUB_JSON_FALSE:
      return read_boolean (scanner, G_VARIANT_TYPE_BOOLEAN, error);
    case KR_HUB_JSON_NUMBER:
      read_number (scanner, &text);
      if ((value = number_to_variant (&text, 'x')) == NULL && (value = number_to_variant (&text, 't')) == NULL)
        value = number_to_variant (&text, 'd');
      return value;
    case KR_HUB_JSON_STRING:
      return read_string_as (scanner, G_VARIANT_TYPE_STRING, error);
    case KR_HUB_JSON_ARRAY:
      return read_array (scanner, G_VARIANT_TYPE ("av"), error);
    case KR_HUB_JSON_OBJECT:
      return read_dictionary (scanner, G_VARIANT_TYPE_VARDICT, error);
    case KR_HUB_JSON_BROKEN:
    default:
      return fail_scan (scanner, error);
    }
}

/* .NET gives null to strings, bytes, lists and dictionaries; the nearest that a GVariant has is the empty one. */
static GVariant *
empty_of (const GVariantType *type)
{
  if (g_variant_type_equal (type, G_VARIANT_TYPE_STRING))
    return g_variant_new_string ("");
  return g_variant_type_is_array (type) ? g_variant_new_array (g_variant_type_element (type), NULL, 0) : NULL;
}

static GVariant *
read_null (KrHubJsonScanner *scanner, const GVariantType *type, GError **error)
{
  GVariant *value;

  if (kr_hub_json_scanner_peek (scanner) != KR_HUB_JSON_NULL)
    return fail_scan (scanner, error);
  kr_hub_json_scanner_skip_value (scanner);
  if (g_variant_type_is_maybe (type))
    return g_variant_new_maybe (g_variant_type_element (type), NULL);
  value = empty_of (type);
  return value != NULL ? value : fail_type (type, error);
}

static GVariant *
read_maybe (KrHubJsonScanner *scanner, const GVariantType *type, GError **error)
{
  GVariant *value = read_value (scanner, g_variant_type_element (type), error);

  return value != NULL ? g_variant_new_maybe (NULL, value) : NULL;
}

/* Floating, or NULL with an error. */
static GVariant *
read_value (KrHubJsonScanner *scanner, const GVariantType *type, GError **error)
{
  GVariant *inner;

  if (scanner->pos == scanner->end)
    return fail_type (type, error);
  if (*scanner->pos == 'n' && !g_variant_type_equal (type, G_VARIANT_TYPE_VARIANT))
    return read_null (scanner, type, error);
  switch (*g_variant_type_peek_string (type))
    {
    case 'y': case 'n': case 'q': case 'i': case 'u': case 'x': case 't': case 'd':
      return read_number_as (scanner, type, error);
    case 'b':
      return read_boolean (scanner, type, error);
    case 's': case 'o': case 'g':
      return read_string_as (scanner, type, error);
    case 'v':
      inner = read_any (scanner, error);
      return inner != NULL ? g_variant_new_variant (inner) : NULL;
    case 'm':
      return read_maybe (scanner, type, error);
    case '(':
      return read_tuple (scanner, type, error);
    case 'a':
      if (g_variant_type_equal (type, G_VARIANT_TYPE_BYTESTRING))
        return read_bytes (scanner, type, error);
      return g_variant_type_is_dict_entry (g_variant_type_element (type)) ? read_dictionary (scanner, type, error)
                                                                         : read_array (scanner, type, error);
    default:
      return fail_type (type, error);
    }
}

GVariant *
kr_hub_json_read_variant (const KrHubSlice *value, const GVariantType *type, GError **error)
{
  KrHubJsonScanner scanner;
  GVariant *result;

  kr_hub_json_scanner_init (&scanner, value);
  result = read_value (&scanner, type, error);
  if (result != NULL)
    return g_variant_ref_sink (result);
  add_place (value, error);
  return NULL;
}

static JsonNode *
read_array_node (KrHubJsonScanner *scanner, GError **error)
{
  g_autoptr (JsonArray) array = json_array_new ();
  gboolean first = TRUE;

  if (!kr_hub_json_scanner_enter (scanner))
    return fail_scan (scanner, error);
  while (kr_hub_json_scanner_next_element (scanner, &first))
    {
      JsonNode *element = read_node (scanner, error);

      if (element == NULL)
        return NULL;
      json_array_add_element (array, element);
    }
  if (scanner->fault != KR_HUB_JSON_FAULT_NONE)
    return fail_scan (scanner, error);
  return json_node_init_array (json_node_alloc (), array);
}

static JsonNode *
read_object_node (KrHubJsonScanner *scanner, GError **error)
{
  g_autoptr (JsonObject) object = json_object_new ();
  gboolean first = TRUE;
  KrHubSlice name;
  guint flags;

  if (!kr_hub_json_scanner_enter (scanner))
    return fail_scan (scanner, error);
  while (kr_hub_json_scanner_next_property (scanner, &first, &name, &flags))
    {
      KrHubSlice quoted = { name.data - 1, name.len + 2 };
      KrHubJsonScanner name_scanner;
      g_autofree char *key = NULL;
      JsonNode *member;

      kr_hub_json_scanner_init (&name_scanner, &quoted);
      key = read_c_string (&name_scanner, error);
      member = key != NULL ? read_node (scanner, error) : NULL;
      if (member == NULL)
        return NULL;
      json_object_set_member (object, key, member);
    }
  if (scanner->fault != KR_HUB_JSON_FAULT_NONE)
    return fail_scan (scanner, error);
  return json_node_init_object (json_node_alloc (), object);
}

/* json-glib has no unsigned 64 bit integer: what exceeds a gint64 becomes a double. */
static JsonNode *
read_number_node (KrHubJsonScanner *scanner)
{
  KrHubSlice text;
  gint64 integer;

  read_number (scanner, &text);
  if (kr_hub_json_parse_int64 (&text, &integer))
    return json_node_init_int (json_node_alloc (), integer);
  return json_node_init_double (json_node_alloc (), number_to_double (&text));
}

static JsonNode *
read_string_node (KrHubJsonScanner *scanner, GError **error)
{
  g_autofree char *text = read_c_string (scanner, error);

  return text != NULL ? json_node_init_string (json_node_alloc (), text) : NULL;
}

static JsonNode *
read_node (KrHubJsonScanner *scanner, GError **error)
{
  KrHubJsonKind kind = kr_hub_json_scanner_peek (scanner);

  switch (kind)
    {
    case KR_HUB_JSON_NULL:
      kr_hub_json_scanner_skip_value (scanner);
      return json_node_init_null (json_node_alloc ());
    case KR_HUB_JSON_TRUE:
    case KR_HUB_JSON_FALSE:
      kr_hub_json_scanner_skip_value (scanner);
      return json_node_init_boolean (json_node_alloc (), kind == KR_HUB_JSON_TRUE);
    case KR_HUB_JSON_NUMBER:
      return read_number_node (scanner);
    case KR_HUB_JSON_STRING:
      return read_string_node (scanner, error);
    case KR_HUB_JSON_ARRAY:
      return read_array_node (scanner, error);
    case KR_HUB_JSON_OBJECT:
      return read_object_node (scanner, error);
    case KR_HUB_JSON_BROKEN:
    default:
      return fail_scan (scanner, error);
    }
}

JsonNode *
kr_hub_json_read_node (const KrHubSlice *value, GError **error)
{
  KrHubJsonScanner scanner;

  kr_hub_json_scanner_init (&scanner, value);
  return read_node (&scanner, error);
}
