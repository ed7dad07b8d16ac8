/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* MessagePack as values: text, GVariant of a type, JsonNode. */
#include "config.h"

#include "kr-hub-msgpack-values-private.h"

#include "kr-hub-error.h"
#include "kr-hub-msgpack-reader-private.h"
#include "kr-hub-utf8-private.h"

/* As in JSON: what a handler sees must not depend on the encoding. */
#define MAX_DEPTH 64

/* The type of the extension that is a point in time (MessagePack specification, "Timestamp extension type"). */
#define TIMESTAMP -1

typedef struct
{
  KrHubMsgpackReader reader;
  guint depth;
} Decoder;

static GVariant *read_value (Decoder *self, const GVariantType *type, GError **error);
static JsonNode *read_node (Decoder *self, GError **error);

static const char *
type_to_string (const GVariantType *type)
{
  switch (*g_variant_type_peek_string (type))
    {
    case 'b': return "Boolean";
    case 'y': return "Byte";
    case 'n': return "Int16";
    case 'q': return "UInt16";
    case 'i': return "Int32";
    case 'u': return "UInt32";
    case 'x': return "Int64";
    case 't': return "UInt64";
    case 'd': return "Double";
    case 's': case 'o': case 'g': return "String";
    case 'a': return g_variant_type_equal (type, G_VARIANT_TYPE_BYTESTRING) ? "Byte[]" : NULL;
    default: return NULL;
    }
}

/* .NET's wording, where the type has a name there. */
static gpointer
fail_type (const GVariantType *type, GError **error)
{
  const char *name = type_to_string (type);

  g_set_error (error, KR_HUB_ERROR, KR_HUB_ERROR_BINDING,
               "Deserializing object of the `%.*s` type for 'argument' failed.",
               name != NULL ? (int) strlen (name) : (int) g_variant_type_get_string_length (type),
               name != NULL ? name : g_variant_type_peek_string (type));
  return NULL;
}

static gpointer
fail_text (const char *text, GError **error)
{
  g_set_error_literal (error, KR_HUB_ERROR, KR_HUB_ERROR_BINDING, text);
  return NULL;
}

static gboolean
enter (Decoder *self, GError **error)
{
  if (self->depth < MAX_DEPTH)
    {
      self->depth++;
      return TRUE;
    }
  fail_text ("A value nests deeper than 64 levels.", error);
  return FALSE;
}

static gboolean
next_token (Decoder *self, KrHubMsgpackToken *token, const GVariantType *type, GError **error)
{
  if (!kr_hub_msgpack_reader_next (&self->reader, token))
    return fail_type (type, error) != NULL;
  /* No more elements than bytes: nothing is reserved for what cannot be there. */
  if ((token->kind == KR_HUB_MSGPACK_ARRAY || token->kind == KR_HUB_MSGPACK_MAP) &&
      token->count > (gsize) (self->reader.end - self->reader.pos))
    return fail_type (type, error) != NULL;
  return TRUE;
}

/* A point in time as ISO 8601 in UTC, as it is in JSON; NULL if the extension is none. */
static char *
timestamp_to_string (const KrHubMsgpackToken *token)
{
  const guint8 *p = (const guint8 *) token->bytes.data;
  guint64 nanoseconds = 0, high = 0;
  gint64 seconds;
  g_autoptr (GDateTime) time = NULL;
  g_autofree char *text = NULL;

  if (token->kind != KR_HUB_MSGPACK_EXTENSION || token->extension != TIMESTAMP)
    return NULL;
  for (gsize i = 0; i < token->bytes.len && i < 8; i++)
    high = high << 8 | p[i];
  switch (token->bytes.len)
    {
    case 4:
      seconds = high;
      break;
    case 8:
      nanoseconds = high >> 34;
      seconds = high & G_GUINT64_CONSTANT (0x3ffffffff);
      break;
    case 12:
      nanoseconds = high >> 32;
      seconds = (gint64) ((high & G_MAXUINT32) << 32 | (guint32) p[8] << 24 | p[9] << 16 | p[10] << 8 | p[11]);
      break;
    default:
      return NULL;
    }
  time = nanoseconds < 1000000000 ? g_date_time_new_from_unix_utc (seconds) : NULL;
  if (time == NULL)
    return NULL;
  text = g_date_time_format (time, "%Y-%m-%dT%H:%M:%S");
  if (nanoseconds == 0)
    return g_strconcat (text, "Z", NULL);
  return g_strdup_printf ("%s.%09" G_GUINT64_FORMAT "Z", text, nanoseconds);
}

gboolean
kr_hub_msgpack_read_string (const KrHubSlice *value, GString *scratch, KrHubSlice *text, GError **error)
{
  KrHubMsgpackReader reader = kr_hub_msgpack_reader_of (value);
  g_autofree char *time = NULL;
  KrHubMsgpackToken token;

  if (!kr_hub_msgpack_reader_next (&reader, &token))
    return fail_type (G_VARIANT_TYPE_STRING, error) != NULL;
  *text = (KrHubSlice) { NULL, 0 };
  if (token.kind == KR_HUB_MSGPACK_NIL)
    return TRUE;
  if (token.kind == KR_HUB_MSGPACK_STRING)
    {
      *text = token.bytes;
      if (G_LIKELY (kr_hub_utf8_validate (text)))
        return TRUE;
    }
  g_string_truncate (scratch, 0);
  if (token.kind == KR_HUB_MSGPACK_STRING)
    kr_hub_utf8_repair (&token.bytes, scratch);
  else if ((time = timestamp_to_string (&token)) != NULL)
    g_string_append (scratch, time);
  else
    return fail_type (G_VARIANT_TYPE_STRING, error) != NULL;
  *text = (KrHubSlice) { scratch->str, scratch->len };
  return TRUE;
}

/* As a C string, which cannot hold U+0000. */
static char *
token_to_string (const KrHubMsgpackToken *token, GError **error)
{
  g_autoptr (GString) repaired = NULL;
  char *time;

  if (token->kind != KR_HUB_MSGPACK_STRING)
    {
      time = timestamp_to_string (token);
      return time != NULL ? time : fail_type (G_VARIANT_TYPE_STRING, error);
    }
  if (memchr (token->bytes.data, '\0', token->bytes.len) != NULL)
    return fail_text ("A string contains the character U+0000.", error);
  if (kr_hub_utf8_validate (&token->bytes))
    return g_strndup (token->bytes.data, token->bytes.len);
  repaired = g_string_new (NULL);
  kr_hub_utf8_repair (&token->bytes, repaired);
  return g_string_free (g_steal_pointer (&repaired), FALSE);
}

/* An integer of @type; NULL if it does not fit. */
static GVariant *
integer_to_variant (const KrHubMsgpackToken *token, char type)
{
  gboolean positive = token->kind == KR_HUB_MSGPACK_UNSIGNED;
  guint64 u = positive ? token->magnitude : 0;
  gboolean is_signed = !positive || u <= G_MAXINT64;
  gint64 s = positive ? (gint64) u : token->negative;

  if (!positive && token->kind != KR_HUB_MSGPACK_NEGATIVE)
    return NULL;
  switch (type)
    {
    case 'y': return positive && u <= G_MAXUINT8 ? g_variant_new_byte (u) : NULL;
    case 'q': return positive && u <= G_MAXUINT16 ? g_variant_new_uint16 (u) : NULL;
    case 'u': return positive && u <= G_MAXUINT32 ? g_variant_new_uint32 (u) : NULL;
    case 't': return positive ? g_variant_new_uint64 (u) : NULL;
    case 'n': return is_signed && s >= G_MININT16 && s <= G_MAXINT16 ? g_variant_new_int16 (s) : NULL;
    case 'i': return is_signed && s >= G_MININT32 && s <= G_MAXINT32 ? g_variant_new_int32 (s) : NULL;
    case 'x': return is_signed ? g_variant_new_int64 (s) : NULL;
    case 'd': return g_variant_new_double (positive ? (double) u : (double) s);
    default: return NULL;
    }
}

/* Takes @text, which is known to be UTF-8: g_variant_new_take_string() would check it once more. */
static GVariant *
trusted_string (char *text)
{
  return g_variant_new_from_data (G_VARIANT_TYPE_STRING, text, strlen (text) + 1, TRUE, g_free, text);
}

static GVariant *
token_to_string_variant (const KrHubMsgpackToken *token, const GVariantType *type, GError **error)
{
  g_autofree char *text = token_to_string (token, error);

  if (text == NULL)
    return NULL;
  switch (*g_variant_type_peek_string (type))
    {
    case 'o':
      return g_variant_is_object_path (text) ? g_variant_new_object_path (text) : fail_type (type, error);
    case 'g':
      return g_variant_is_signature (text) ? g_variant_new_signature (text) : fail_type (type, error);
    default:
      return trusted_string (g_steal_pointer (&text));
    }
}

/* What no other value contains. */
static GVariant *
token_to_variant (const KrHubMsgpackToken *token, const GVariantType *type, GError **error)
{
  char letter = *g_variant_type_peek_string (type);
  GVariant *value;

  if (letter == 'b')
    return token->kind == KR_HUB_MSGPACK_BOOLEAN ? g_variant_new_boolean (token->boolean) : fail_type (type, error);
  if (letter == 's' || letter == 'o' || letter == 'g')
    return token_to_string_variant (token, type, error);
  if (letter == 'd' && token->kind == KR_HUB_MSGPACK_FLOAT)
    return g_variant_new_double (token->number);
  value = integer_to_variant (token, letter);
  return value != NULL ? value : fail_type (type, error);
}

static GVariant *
read_array (Decoder *self, guint32 count, const GVariantType *type, GError **error)
{
  const GVariantType *element = g_variant_type_element (type);
  g_auto (GVariantBuilder) builder = G_VARIANT_BUILDER_INIT (type);

  if (!enter (self, error))
    return NULL;
  for (guint32 i = 0; i < count; i++)
    {
      GVariant *value = read_value (self, element, error);

      if (value == NULL)
        return NULL;
      g_variant_builder_add_value (&builder, value);
    }
  self->depth--;
  return g_variant_builder_end (&builder);
}

static GVariant *
read_tuple (Decoder *self, guint32 count, const GVariantType *type, GError **error)
{
  g_auto (GVariantBuilder) builder = G_VARIANT_BUILDER_INIT (type);

  if (count != g_variant_type_n_items (type))
    return fail_type (type, error);
  if (!enter (self, error))
    return NULL;
  for (const GVariantType *item = g_variant_type_first (type); item != NULL; item = g_variant_type_next (item))
    {
      GVariant *value = read_value (self, item, error);

      if (value == NULL)
        return NULL;
      g_variant_builder_add_value (&builder, value);
    }
  self->depth--;
  return g_variant_builder_end (&builder);
}

/* .NET gives bytes from bin, from the bytes of a str, and from an array of integers. */
static GVariant *
read_bytes (Decoder *self, const KrHubMsgpackToken *token, const GVariantType *type, GError **error)
{
  if (token->kind == KR_HUB_MSGPACK_BINARY || token->kind == KR_HUB_MSGPACK_STRING)
    return g_variant_new_fixed_array (G_VARIANT_TYPE_BYTE, token->bytes.data, token->bytes.len, 1);
  return token->kind == KR_HUB_MSGPACK_ARRAY ? read_array (self, token->count, type, error) : fail_type (type, error);
}

/* .NET refuses a key that occurs twice. */
static gboolean
read_entry (Decoder *self, const GVariantType *type, GVariantBuilder *builder, GHashTable *keys, GError **error)
{
  g_autoptr (GVariant) key = NULL;
  KrHubMsgpackToken token;
  GVariant *value;

  if (!next_token (self, &token, g_variant_type_key (type), error))
    return FALSE;
  key = token_to_variant (&token, g_variant_type_key (type), error);
  if (key == NULL)
    return FALSE;
  g_variant_ref_sink (key);
  if (!g_hash_table_add (keys, g_variant_ref (key)))
    return fail_text ("A map has a key twice.", error) != NULL;
  value = read_value (self, g_variant_type_value (type), error);
  if (value == NULL)
    return FALSE;
  g_variant_builder_add_value (builder, g_variant_new_dict_entry (key, value));
  return TRUE;
}

static GVariant *
read_map (Decoder *self, guint32 count, const GVariantType *type, GError **error)
{
  g_auto (GVariantBuilder) builder = G_VARIANT_BUILDER_INIT (type);
  g_autoptr (GHashTable) keys = NULL;

  if (!enter (self, error))
    return NULL;
  keys = g_hash_table_new_full (g_variant_hash, g_variant_equal, (GDestroyNotify) g_variant_unref, NULL);
  for (guint32 i = 0; i < count; i++)
    if (!read_entry (self, g_variant_type_element (type), &builder, keys, error))
      return NULL;
  self->depth--;
  return g_variant_builder_end (&builder);
}

/* A map of undeclared type: a{sv}, or a{xv} if its first key is an integer. */
static const GVariantType *
guess_map (const Decoder *self, guint32 count)
{
  KrHubMsgpackReader ahead = self->reader;
  KrHubMsgpackToken key;

  if (count > 0 && kr_hub_msgpack_reader_next (&ahead, &key) &&
      (key.kind == KR_HUB_MSGPACK_UNSIGNED || key.kind == KR_HUB_MSGPACK_NEGATIVE))
    return G_VARIANT_TYPE ("a{xv}");
  return G_VARIANT_TYPE_VARDICT;
}

/* A value of undeclared type becomes what the format makes obvious: b, x (t where it does not fit), d, s, ay, av,
 * a{sv}; nil is an empty mv, a timestamp its ISO 8601 text. */
static GVariant *
read_any (Decoder *self, const KrHubMsgpackToken *token, GError **error)
{
  switch (token->kind)
    {
    case KR_HUB_MSGPACK_NIL:
      return g_variant_new_maybe (G_VARIANT_TYPE_VARIANT, NULL);
    case KR_HUB_MSGPACK_BOOLEAN:
      return g_variant_new_boolean (token->boolean);
    case KR_HUB_MSGPACK_UNSIGNED:
    case KR_HUB_MSGPACK_NEGATIVE:
      return integer_to_variant (token,
                                 token->kind == KR_HUB_MSGPACK_UNSIGNED && token->magnitude > G_MAXINT64 ? 't' : 'x');
    case KR_HUB_MSGPACK_FLOAT:
      return g_variant_new_double (token->number);
    case KR_HUB_MSGPACK_STRING:
    case KR_HUB_MSGPACK_EXTENSION:
      return token_to_string_variant (token, G_VARIANT_TYPE_STRING, error);
    case KR_HUB_MSGPACK_BINARY:
      return read_bytes (self, token, G_VARIANT_TYPE_BYTESTRING, error);
    case KR_HUB_MSGPACK_ARRAY:
      return read_array (self, token->count, G_VARIANT_TYPE ("av"), error);
    case KR_HUB_MSGPACK_MAP:
    default:
      return read_map (self, token->count, guess_map (self, token->count), error);
    }
}

/* .NET gives nil to strings, bytes, lists and dictionaries; the nearest that a GVariant has is the empty one. */
static GVariant *
nil_to_variant (const GVariantType *type, GError **error)
{
  if (g_variant_type_is_maybe (type))
    return g_variant_new_maybe (g_variant_type_element (type), NULL);
  if (g_variant_type_equal (type, G_VARIANT_TYPE_STRING))
    return g_variant_new_string ("");
  if (g_variant_type_is_array (type))
    return g_variant_new_array (g_variant_type_element (type), NULL, 0);
  return fail_type (type, error);
}

/* The token is taken back, so that what may be nil is read like what may not. */
static GVariant *
read_maybe (Decoder *self, const guint8 *begin, const GVariantType *type, GError **error)
{
  GVariant *value;

  self->reader.pos = begin;
  value = read_value (self, g_variant_type_element (type), error);
  return value != NULL ? g_variant_new_maybe (NULL, value) : NULL;
}

static GVariant *
read_container (Decoder *self, const KrHubMsgpackToken *token, const GVariantType *type, GError **error)
{
  if (g_variant_type_equal (type, G_VARIANT_TYPE_BYTESTRING))
    return read_bytes (self, token, type, error);
  if (g_variant_type_is_array (type) && g_variant_type_is_dict_entry (g_variant_type_element (type)))
    return token->kind == KR_HUB_MSGPACK_MAP ? read_map (self, token->count, type, error) : fail_type (type, error);
  if (token->kind != KR_HUB_MSGPACK_ARRAY)
    return fail_type (type, error);
  return g_variant_type_is_array (type) ? read_array (self, token->count, type, error)
                                        : read_tuple (self, token->count, type, error);
}

/* Floating, or NULL with an error. */
static GVariant *
read_value (Decoder *self, const GVariantType *type, GError **error)
{
  const guint8 *begin = self->reader.pos;
  KrHubMsgpackToken token;
  GVariant *inner;

  if (!next_token (self, &token, type, error))
    return NULL;
  if (g_variant_type_equal (type, G_VARIANT_TYPE_VARIANT))
    {
      inner = read_any (self, &token, error);
      return inner != NULL ? g_variant_new_variant (inner) : NULL;
    }
  if (token.kind == KR_HUB_MSGPACK_NIL)
    return nil_to_variant (type, error);
  if (g_variant_type_is_maybe (type))
    return read_maybe (self, begin, type, error);
  if (g_variant_type_is_container (type))
    return read_container (self, &token, type, error);
  return token_to_variant (&token, type, error);
}

GVariant *
kr_hub_msgpack_read_variant (const KrHubSlice *value, const GVariantType *type, GError **error)
{
  Decoder decoder = { .reader = kr_hub_msgpack_reader_of (value) };
  GVariant *result = read_value (&decoder, type, error);

  return result != NULL ? g_variant_ref_sink (result) : NULL;
}

static JsonNode *
read_array_node (Decoder *self, guint32 count, GError **error)
{
  g_autoptr (JsonArray) array = json_array_new ();

  if (!enter (self, error))
    return NULL;
  for (guint32 i = 0; i < count; i++)
    {
      JsonNode *element = read_node (self, error);

      if (element == NULL)
        return NULL;
      json_array_add_element (array, element);
    }
  self->depth--;
  return json_node_init_array (json_node_alloc (), array);
}

/* JSON's names are strings: integers and booleans are written out. */
static char *
read_name (Decoder *self, GError **error)
{
  KrHubMsgpackToken token;

  if (!next_token (self, &token, G_VARIANT_TYPE_STRING, error))
    return NULL;
  switch (token.kind)
    {
    case KR_HUB_MSGPACK_UNSIGNED:
      return g_strdup_printf ("%" G_GUINT64_FORMAT, token.magnitude);
    case KR_HUB_MSGPACK_NEGATIVE:
      return g_strdup_printf ("%" G_GINT64_FORMAT, token.negative);
    case KR_HUB_MSGPACK_BOOLEAN:
      return g_strdup (token.boolean ? "True" : "False");
    case KR_HUB_MSGPACK_STRING:
      return token_to_string (&token, error);
    case KR_HUB_MSGPACK_NIL:
    case KR_HUB_MSGPACK_FLOAT:
    case KR_HUB_MSGPACK_BINARY:
    case KR_HUB_MSGPACK_EXTENSION:
    case KR_HUB_MSGPACK_ARRAY:
    case KR_HUB_MSGPACK_MAP:
    default:
      return fail_text ("A map has a key that is no string.", error);
    }
}

static JsonNode *
read_map_node (Decoder *self, guint32 count, GError **error)
{
  g_autoptr (JsonObject) object = json_object_new ();

  if (!enter (self, error))
    return NULL;
  for (guint32 i = 0; i < count; i++)
    {
      g_autofree char *name = read_name (self, error);
      JsonNode *member;

      if (name == NULL)
        return NULL;
      if (json_object_has_member (object, name))
        return fail_text ("A map has a key twice.", error);
      member = read_node (self, error);
      if (member == NULL)
        return NULL;
      json_object_set_member (object, name, member);
    }
  self->depth--;
  return json_node_init_object (json_node_alloc (), object);
}

static JsonNode *
string_to_node (char *text)
{
  g_autofree char *owned = text;

  return text != NULL ? json_node_init_string (json_node_alloc (), text) : NULL;
}

/* json-glib has no unsigned 64 bit integer: what exceeds a gint64 becomes a double. */
static JsonNode *
integer_to_node (const KrHubMsgpackToken *token)
{
  if (token->kind == KR_HUB_MSGPACK_NEGATIVE)
    return json_node_init_int (json_node_alloc (), token->negative);
  if (token->magnitude <= G_MAXINT64)
    return json_node_init_int (json_node_alloc (), token->magnitude);
  return json_node_init_double (json_node_alloc (), token->magnitude);
}

static JsonNode *
read_node (Decoder *self, GError **error)
{
  KrHubMsgpackToken token;

  if (!next_token (self, &token, G_VARIANT_TYPE_VARIANT, error))
    return NULL;
  switch (token.kind)
    {
    case KR_HUB_MSGPACK_NIL:
      return json_node_init_null (json_node_alloc ());
    case KR_HUB_MSGPACK_BOOLEAN:
      return json_node_init_boolean (json_node_alloc (), token.boolean);
    case KR_HUB_MSGPACK_UNSIGNED:
    case KR_HUB_MSGPACK_NEGATIVE:
      return integer_to_node (&token);
    case KR_HUB_MSGPACK_FLOAT:
      return json_node_init_double (json_node_alloc (), token.number);
    case KR_HUB_MSGPACK_STRING:
    case KR_HUB_MSGPACK_EXTENSION:
      return string_to_node (token_to_string (&token, error));
    case KR_HUB_MSGPACK_BINARY:
      return string_to_node (g_base64_encode ((const guint8 *) token.bytes.data, token.bytes.len));
    case KR_HUB_MSGPACK_ARRAY:
      return read_array_node (self, token.count, error);
    case KR_HUB_MSGPACK_MAP:
    default:
      return read_map_node (self, token.count, error);
    }
}

JsonNode *
kr_hub_msgpack_read_node (const KrHubSlice *value, GError **error)
{
  Decoder decoder = { .reader = kr_hub_msgpack_reader_of (value) };

  return read_node (&decoder, error);
}
