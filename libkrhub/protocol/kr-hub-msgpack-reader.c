/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* KrHubMsgpackReader: walks over MessagePack token by token, without building anything. */
#include "config.h"

#include "kr-hub-msgpack-reader-private.h"

static guint64
read_big_endian (const guint8 *p, guint n)
{
  guint64 value = 0;

  for (guint i = 0; i < n; i++)
    value = value << 8 | p[i];
  return value;
}

/* Big-endian number of @n bytes behind the format byte; pos is behind it then. */
static inline gboolean
take_number (KrHubMsgpackReader *self, guint n, guint64 *value)
{
  if (G_UNLIKELY ((gsize) (self->end - self->pos) < 1u + n))
    return FALSE;
  *value = read_big_endian (self->pos + 1, n);
  self->pos += 1 + n;
  return TRUE;
}

static inline gboolean
take_bytes (KrHubMsgpackReader *self, KrHubMsgpackToken *token, KrHubMsgpackKind kind, guint64 len)
{
  if (G_UNLIKELY ((guint64) (self->end - self->pos) < len))
    return FALSE;
  token->kind = kind;
  token->bytes = (KrHubSlice) { (const char *) self->pos, len };
  self->pos += len;
  return TRUE;
}

/* A length of @n bytes, then as many bytes. */
static gboolean
take_sized (KrHubMsgpackReader *self, KrHubMsgpackToken *token, KrHubMsgpackKind kind, guint n)
{
  guint64 len;

  return take_number (self, n, &len) && take_bytes (self, token, kind, len);
}

/* An extension of @len bytes, its type before them; pos is at the type. */
static gboolean
take_extension (KrHubMsgpackReader *self, KrHubMsgpackToken *token, guint64 len)
{
  if (self->pos == self->end)
    return FALSE;
  token->extension = (gint8) *self->pos++;
  return take_bytes (self, token, KR_HUB_MSGPACK_EXTENSION, len);
}

static gboolean
take_count (KrHubMsgpackReader *self, KrHubMsgpackToken *token, KrHubMsgpackKind kind, guint n)
{
  guint64 count;

  if (!take_number (self, n, &count))
    return FALSE;
  token->kind = kind;
  token->count = count;
  return TRUE;
}

static gboolean
take_unsigned (KrHubMsgpackReader *self, KrHubMsgpackToken *token, guint n)
{
  token->kind = KR_HUB_MSGPACK_UNSIGNED;
  return take_number (self, n, &token->magnitude);
}

static gboolean
take_signed (KrHubMsgpackReader *self, KrHubMsgpackToken *token, guint n)
{
  guint64 bits;
  gint64 value;

  if (!take_number (self, n, &bits))
    return FALSE;
  /* Sign extension from n bytes. */
  value = (gint64) (bits << (64 - 8 * n)) >> (64 - 8 * n);
  if (value < 0)
    *token = (KrHubMsgpackToken) { .kind = KR_HUB_MSGPACK_NEGATIVE, .negative = value };
  else
    *token = (KrHubMsgpackToken) { .kind = KR_HUB_MSGPACK_UNSIGNED, .magnitude = value };
  return TRUE;
}

static gboolean
take_float (KrHubMsgpackReader *self, KrHubMsgpackToken *token, guint n)
{
  guint64 bits;

  if (!take_number (self, n, &bits))
    return FALSE;
  token->kind = KR_HUB_MSGPACK_FLOAT;
  if (n == 4)
    {
      guint32 single_bits = bits;
      float single;

      memcpy (&single, &single_bits, sizeof single);
      token->number = single;
    }
  else
    memcpy (&token->number, &bits, sizeof bits);
  return TRUE;
}

static gboolean
take_plain (KrHubMsgpackReader *self, KrHubMsgpackToken *token, KrHubMsgpackKind kind, gboolean boolean)
{
  self->pos++;
  token->kind = kind;
  token->boolean = boolean;
  return TRUE;
}

static gboolean
take_extension_sized (KrHubMsgpackReader *self, KrHubMsgpackToken *token, guint n)
{
  guint64 len;

  return take_number (self, n, &len) && take_extension (self, token, len);
}

static gboolean
take_extension_fixed (KrHubMsgpackReader *self, KrHubMsgpackToken *token, guint len)
{
  self->pos++;
  return take_extension (self, token, len);
}

/* The formats from nil to map 32 (MessagePack specification, "Formats"). */
static gboolean
take_other (KrHubMsgpackReader *self, KrHubMsgpackToken *token)
{
  guint8 code = *self->pos;

  switch (code)
    {
    case 0xc0: return take_plain (self, token, KR_HUB_MSGPACK_NIL, FALSE);
    case 0xc2: case 0xc3: return take_plain (self, token, KR_HUB_MSGPACK_BOOLEAN, code & 1);
    case 0xc4: case 0xc5: case 0xc6: return take_sized (self, token, KR_HUB_MSGPACK_BINARY, 1u << (code - 0xc4));
    case 0xc7: case 0xc8: case 0xc9: return take_extension_sized (self, token, 1u << (code - 0xc7));
    case 0xca: case 0xcb: return take_float (self, token, 4u << (code - 0xca));
    case 0xcc: case 0xcd: case 0xce: case 0xcf: return take_unsigned (self, token, 1u << (code - 0xcc));
    case 0xd0: case 0xd1: case 0xd2: case 0xd3: return take_signed (self, token, 1u << (code - 0xd0));
    case 0xd4:
    case 0xd5:
    case 0xd6:
    case 0xd7:
    case 0xd8:
      return take_extension_fixed (self, token, 1u << (code - 0xd4));
    case 0xd9: case 0xda: case 0xdb: return take_sized (self, token, KR_HUB_MSGPACK_STRING, 1u << (code - 0xd9));
    case 0xdc: case 0xdd: return take_count (self, token, KR_HUB_MSGPACK_ARRAY, 2u << (code - 0xdc));
    case 0xde: case 0xdf: return take_count (self, token, KR_HUB_MSGPACK_MAP, 2u << (code - 0xde));
    default: return FALSE;
    }
}

static gboolean
take_fix (KrHubMsgpackReader *self, KrHubMsgpackToken *token)
{
  guint8 code = *self->pos++;

  if (code >= 0xe0)
    *token = (KrHubMsgpackToken) { .kind = KR_HUB_MSGPACK_NEGATIVE, .negative = (gint8) code };
  else if (code >= 0xa0)
    return take_bytes (self, token, KR_HUB_MSGPACK_STRING, code & 0x1f);
  else if (code >= 0x80)
    {
      token->kind = code >= 0x90 ? KR_HUB_MSGPACK_ARRAY : KR_HUB_MSGPACK_MAP;
      token->count = code & 0x0f;
    }
  else
    {
      token->kind = KR_HUB_MSGPACK_UNSIGNED;
      token->magnitude = code;
    }
  return TRUE;
}

gboolean
kr_hub_msgpack_reader_next (KrHubMsgpackReader *self, KrHubMsgpackToken *token)
{
  const guint8 *begin = self->pos;

  if (G_UNLIKELY (begin == self->end))
    return FALSE;
  if (*begin < 0xc0 || *begin >= 0xe0 ? take_fix (self, token) : take_other (self, token))
    return TRUE;
  self->pos = begin;
  return FALSE;
}

/* Not recursive, so that the stack does not depend on what the peer sent. */
gboolean
kr_hub_msgpack_reader_skip (KrHubMsgpackReader *self, guint64 n)
{
  while (n > 0)
    {
      KrHubMsgpackToken token;

      /* Each value takes a byte at least: what cannot be all there is not begun. */
      if (n > (guint64) (self->end - self->pos) || !kr_hub_msgpack_reader_next (self, &token))
        return FALSE;
      n--;
      if (token.kind == KR_HUB_MSGPACK_ARRAY)
        n += token.count;
      else if (token.kind == KR_HUB_MSGPACK_MAP)
        n += 2 * (guint64) token.count;
    }
  return TRUE;
}

const char *
kr_hub_msgpack_format_name (guint8 code)
{
  static const char *const names[] = {
    "nil",       "(never used)", "false",    "true",     "bin 8",    "bin 16",   "bin 32",   "ext 8",
    "ext 16",    "ext 32",       "float 32", "float 64", "uint 8",   "uint 16",  "uint 32",  "uint 64",
    "int 8",     "int 16",       "int 32",   "int 64",   "fixext 1", "fixext 2", "fixext 4", "fixext 8",
    "fixext 16", "str 8",        "str 16",   "str 32",   "array 16", "array 32", "map 16",   "map 32",
  };

  if (code < 0x80)
    return "positive fixint";
  if (code < 0x90)
    return "fixmap";
  if (code < 0xa0)
    return "fixarray";
  if (code < 0xc0)
    return "fixstr";
  return code < 0xe0 ? names[code - 0xc0] : "negative fixint";
}
