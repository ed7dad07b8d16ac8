/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* The text of a key ring's file. */
#include "config.h"

#include "kr-csrf-key-format-private.h"

/* That of a GKeyFile, but not read by one: it keeps copies of all values, and what it frees it does not wipe. Here no
 * secret is ever anywhere but in the text and in the key, both of which belong to the caller. */

#define HEAD "krcsrf"
#define VERSION "1"
#define SECRET_TEXT 44  /* 32 bytes in base64: 43 characters and the padding */

typedef struct
{
  const char *at;
  gsize len;
} Piece;

static gboolean
piece_is (Piece piece, const char *text)
{
  return piece.len == strlen (text) && memcmp (piece.at, text, piece.len) == 0;
}

static Piece
trim (const char *at, const char *end)
{
  while (at < end && (*at == ' ' || *at == '\t'))
    at++;
  while (end > at && (end[-1] == ' ' || end[-1] == '\t' || end[-1] == '\r'))
    end--;
  return (Piece) { at, end - at };
}

static int
digit_value (char c)
{
  if (c >= 'A' && c <= 'Z')
    return c - 'A';
  if (c >= 'a' && c <= 'z')
    return c - 'a' + 26;
  if (c >= '0' && c <= '9')
    return c - '0' + 52;
  return c == '+' ? 62 : c == '/' ? 63 : -1;
}

/* Base64 (RFC 4648, section 4) in its one spelling: padded, without spare bits. */
static gboolean
parse_secret (Piece value, guint8 secret[KR_CSRF_SECRET_SIZE])
{
  guint bits = 0, n_bits = 0;

  if (value.len != SECRET_TEXT || value.at[SECRET_TEXT - 1] != '=')
    return FALSE;
  for (guint i = 0; i < SECRET_TEXT - 1; i++)
    {
      int digit = digit_value (value.at[i]);

      if (digit < 0)
        return FALSE;
      bits = bits << 6 | digit;
      n_bits += 6;
      if (n_bits >= 8)
        {
          n_bits -= 8;
          *secret++ = bits >> n_bits;
          bits &= (1 << n_bits) - 1;
        }
    }
  return bits == 0;
}

/* ms since the epoch. */
static gboolean
parse_time (Piece value, gint64 *time)
{
  *time = 0;
  for (gsize i = 0; i < value.len; i++)
    {
      if (!g_ascii_isdigit (value.at[i]) || *time > G_MAXINT64 / 20)
        return FALSE;
      *time = *time * 10 + (value.at[i] - '0');
    }
  return value.len > 0 && *time <= G_MAXINT64 / 2;
}

/* Eight lower-case digits: one key has one name. */
static gboolean
parse_id (Piece name, guint32 *id)
{
  *id = 0;
  if (name.len != strlen ("key 00000000") || memcmp (name.at, "key ", 4) != 0)
    return FALSE;
  for (guint i = 4; i < name.len; i++)
    {
      if (!g_ascii_isxdigit (name.at[i]) || g_ascii_isupper (name.at[i]))
        return FALSE;
      *id = *id << 4 | g_ascii_xdigit_value (name.at[i]);
    }
  return *id != 0;
}

/* What stands in a group. */
typedef enum
{
  SEEN_CREATED = 1 << 0,
  SEEN_ACTIVATES = 1 << 1,
  SEEN_RETIRES = 1 << 2,
  SEEN_REVOKED = 1 << 3,
  SEEN_SECRET = 1 << 4,
  SEEN_VERSION = 1 << 5,
} Seen;

typedef struct
{
  KrCsrfKeySet *set;
  KrCsrfKey *key;      /* the one whose group this is; NULL in the head, and before the first group */
  gboolean in_head;
  guint seen;          /* of the group at hand */
  gboolean versioned;  /* the head was there, with the version that this is */
} Parser;

static KrCsrfCode
end_group (Parser *self)
{
  const guint needed = SEEN_CREATED | SEEN_ACTIVATES | SEEN_SECRET;
  KrCsrfKey *key = g_steal_pointer (&self->key);

  if (self->in_head)
    {
      self->in_head = FALSE;
      self->versioned = (self->seen & SEEN_VERSION) != 0;
      return self->versioned ? KR_CSRF_OK : KR_CSRF_ERROR_KEYRING_CORRUPT;
    }
  if (key == NULL)
    return KR_CSRF_OK;
  if ((self->seen & needed) != needed)
    return KR_CSRF_ERROR_KEYRING_CORRUPT;
  self->set->n_keys++;
  return kr_csrf_key_derive (key) ? KR_CSRF_OK : KR_CSRF_ERROR_CRYPTO_FAILED;
}

static gboolean
start_key (Parser *self, Piece name)
{
  KrCsrfKeySet *set = self->set;
  guint32 id;

  if (set->n_keys == KR_CSRF_MAX_KEYS || !parse_id (name, &id))
    return FALSE;
  for (guint i = 0; i < set->n_keys; i++)
    if (set->keys[i].id == id)
      return FALSE;
  self->key = &set->keys[set->n_keys];
  memset (self->key, 0, sizeof *self->key);
  self->key->id = id;
  self->key->retires = G_MAXINT64;
  return TRUE;
}

static KrCsrfCode
start_group (Parser *self, Piece line)
{
  Piece name = { line.at + 1, line.len - 2 };
  KrCsrfCode code = end_group (self);

  if (code != KR_CSRF_OK)
    return code;
  if (line.len < 2 || line.at[line.len - 1] != ']')
    return KR_CSRF_ERROR_KEYRING_CORRUPT;
  self->seen = 0;
  self->in_head = piece_is (name, HEAD);
  if (self->in_head ? self->versioned : !start_key (self, name))
    return KR_CSRF_ERROR_KEYRING_CORRUPT;
  return KR_CSRF_OK;
}

/* Names that are not known are somebody's to come; one that is known stands once. */
static gboolean
take_value (Parser *self, Piece name, Piece value)
{
  static const struct { const char *name; Seen seen; gsize offset; } times[] = {
    { "created", SEEN_CREATED, G_STRUCT_OFFSET (KrCsrfKey, created) },
    { "activates", SEEN_ACTIVATES, G_STRUCT_OFFSET (KrCsrfKey, activates) },
    { "retires", SEEN_RETIRES, G_STRUCT_OFFSET (KrCsrfKey, retires) },
    { "revoked", SEEN_REVOKED, G_STRUCT_OFFSET (KrCsrfKey, revoked) },
  };
  guint before = self->seen;

  if (self->in_head && piece_is (name, "version"))
    {
      self->seen |= SEEN_VERSION;
      return before != self->seen && piece_is (value, VERSION);
    }
  if (self->key == NULL)
    return self->in_head;
  if (piece_is (name, "secret"))
    {
      self->seen |= SEEN_SECRET;
      return before != self->seen && parse_secret (value, self->key->secret);
    }
  for (guint i = 0; i < G_N_ELEMENTS (times); i++)
    if (piece_is (name, times[i].name))
      {
        self->seen |= times[i].seen;
        return before != self->seen && parse_time (value, G_STRUCT_MEMBER_P (self->key, times[i].offset));
      }
  return TRUE;
}

static KrCsrfCode
take_line (Parser *self, Piece line)
{
  const char *equals, *end = line.at + line.len;

  if (line.len == 0 || *line.at == '#')
    return KR_CSRF_OK;
  if (*line.at == '[')
    return start_group (self, line);
  equals = memchr (line.at, '=', line.len);
  if (equals == NULL || equals == line.at || !take_value (self, trim (line.at, equals), trim (equals + 1, end)))
    return KR_CSRF_ERROR_KEYRING_CORRUPT;
  return KR_CSRF_OK;
}

/* @set is to be wiped, whatever comes of it. */
KrCsrfCode
kr_csrf_key_format_parse (const char *text, gsize len, KrCsrfKeySet *set)
{
  Parser parser = { .set = set };
  const char *at = text, *end = text + len;
  KrCsrfCode code = KR_CSRF_OK;

  set->n_keys = 0;
  if (len == 0 || len > KR_CSRF_KEY_FILE_MAX_SIZE || memchr (text, '\0', len) != NULL)
    return KR_CSRF_ERROR_KEYRING_CORRUPT;
  while (at < end && code == KR_CSRF_OK)
    {
      const char *newline = memchr (at, '\n', end - at);

      code = take_line (&parser, trim (at, newline != NULL ? newline : end));
      at = newline != NULL ? newline + 1 : end;
    }
  if (code == KR_CSRF_OK)
    code = end_group (&parser);
  if (code == KR_CSRF_OK && (!parser.versioned || set->n_keys == 0))
    code = KR_CSRF_ERROR_KEYRING_CORRUPT;
  return code;
}

/* A text that cannot overflow: 64 keys are some 13 KiB. */
typedef struct
{
  char *text;
  gsize len;
} Writer;

static void G_GNUC_PRINTF (2, 3)
append (Writer *self, const char *format, ...)
{
  va_list arguments;

  va_start (arguments, format);
  self->len += g_vsnprintf (self->text + self->len, KR_CSRF_KEY_FILE_MAX_SIZE - self->len, format, arguments);
  va_end (arguments);
}

static void
append_time (Writer *self, const char *name, gint64 time, gint64 absent)
{
  if (time != absent)
    append (self, "%s=%" G_GINT64_FORMAT "\n", name, time);
}

static void
append_secret (Writer *self, const guint8 secret[KR_CSRF_SECRET_SIZE])
{
  static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  guint bits = 0, n_bits = 0;

  for (guint i = 0; i < KR_CSRF_SECRET_SIZE; i++)
    for (bits = (bits & 0x3f) << 8 | secret[i], n_bits += 8; n_bits >= 6; n_bits -= 6)
      self->text[self->len++] = digits[bits >> (n_bits - 6) & 0x3f];
  self->text[self->len++] = digits[bits << (6 - n_bits) & 0x3f];
  self->text[self->len++] = '=';
}

/* Returns the length; the text is to be wiped. */
gsize
kr_csrf_key_format_write (const KrCsrfKeySet *set, char text[KR_CSRF_KEY_FILE_MAX_SIZE])
{
  Writer writer = { text, 0 };

  append (&writer, "[" HEAD "]\nversion=" VERSION "\n");
  for (guint i = 0; i < set->n_keys; i++)
    {
      const KrCsrfKey *key = &set->keys[i];

      append (&writer, "\n[key %08x]\n", key->id);
      append_time (&writer, "created", key->created, -1);
      append_time (&writer, "activates", key->activates, -1);
      append_time (&writer, "retires", key->retires, G_MAXINT64);
      append_time (&writer, "revoked", key->revoked, 0);
      append (&writer, "secret=");
      append_secret (&writer, key->secret);
      append (&writer, "\n");
    }
  return writer.len;
}
