/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* The layout of a token: 48 bytes, 64 characters. */
#include "config.h"

#include "kr-csrf-token-codec-private.h"

/* Big endian:
 *   0 u8 version, 1 u8 kind, 2 u16 flags, 4 u32 key id, 8 u64 issued at, 16 nonce (cookie: the secret), 32 tag.
 * The tag is the left half of HMAC-SHA-256 (RFC 2104, section 5) over bytes 0 to 31; in a request token over these, the
 * cookie's secret and the binding; in a ticket over these and the binding.
 * 48 bytes are 64 characters with neither padding nor spare bits: a token can be written in one way only. */

/* base64url (RFC 4648, section 5), 16 characters at a time: as arithmetic it is twice as fast as by tables, and takes
 * the same time whatever the token is. */
typedef guint8 Vector __attribute__ ((vector_size (16)));
typedef gint8 Signed __attribute__ ((vector_size (16)));
typedef guint16 Vector16 __attribute__ ((vector_size (16)));
typedef guint32 Vector32 __attribute__ ((vector_size (16)));
typedef guint64 Pair __attribute__ ((vector_size (16)));

/* Compared as signed numbers, which takes one instruction; what is beyond ASCII is negative, and so below @first. */
static inline Vector
in_range (Vector characters, gint8 first, gint8 last)
{
  return (Vector) ((Signed) characters > (gint8) (first - 1)) & (Vector) ((Signed) characters < (gint8) (last + 1));
}

/* 16 values of six bits in memory order, as two times 48 bits: neighbours join in three steps. */
static inline Pair
join (Vector values)
{
#if G_BYTE_ORDER == G_LITTLE_ENDIAN
  Vector16 twelve = ((Vector16) values & 0xff) << 6 | (Vector16) values >> 8;
  Vector32 twentyfour = ((Vector32) twelve & 0xffff) << 12 | (Vector32) twelve >> 16;

  return ((Pair) twentyfour & 0xffffffff) << 24 | (Pair) twentyfour >> 32;
#else
  Vector16 twelve = ((Vector16) values >> 8) << 6 | ((Vector16) values & 0xff);
  Vector32 twentyfour = ((Vector32) twelve >> 16) << 12 | ((Vector32) twelve & 0xffff);

  return ((Pair) twentyfour >> 32) << 24 | ((Pair) twentyfour & 0xffffffff);
#endif
}

/* The reverse. */
static inline Vector
split (Pair bits)
{
#if G_BYTE_ORDER == G_LITTLE_ENDIAN
  Vector32 twentyfour = (Vector32) (bits >> 24 | (bits & 0xffffff) << 32);
  Vector16 twelve = (Vector16) (twentyfour >> 12 | (twentyfour & 0xfff) << 16);

  return (Vector) (twelve >> 6 | (twelve & 0x3f) << 8);
#else
  Vector32 twentyfour = (Vector32) ((bits >> 24) << 32 | (bits & 0xffffff));
  Vector16 twelve = (Vector16) ((twentyfour >> 12) << 16 | (twentyfour & 0xfff));

  return (Vector) ((twelve >> 6) << 8 | (twelve & 0x3f));
#endif
}

/* All the way in registers: to write in one size and read in another makes the processor wait for its own stores. */
static inline guint64
load_be64 (const guint8 *bytes)
{
  guint64 value;

  memcpy (&value, bytes, sizeof value);
  return GUINT64_FROM_BE (value);
}

static inline void
store_be64 (guint8 *bytes, guint64 value)
{
  value = GUINT64_TO_BE (value);
  memcpy (bytes, &value, sizeof value);
}

/* 16 characters as two times 48 bits; what is not in the alphabet clears bytes of @all. */
static inline Pair
decode_vector (const char *text, Vector *all)
{
  Vector characters, upper, lower, digit, minus, underscore;

  memcpy (&characters, text, sizeof characters);
  upper = in_range (characters, 'A', 'Z');
  lower = in_range (characters, 'a', 'z');
  digit = in_range (characters, '0', '9');
  minus = (Vector) (characters == '-');
  underscore = (Vector) (characters == '_');
  *all &= upper | lower | digit | minus | underscore;
  return join ((upper & (characters - 'A')) | (lower & (characters - 'a' + 26)) | (digit & (characters - '0' + 52)) |
               (minus & 62) | (underscore & 63));
}

static inline Vector
encode_vector (guint64 first, guint64 second)
{
  Vector values = split ((Pair) { first, second });
  Vector characters = values + 'A';

  characters += (Vector) (values >= 26) & ('a' - 'A' - 26);
  characters -= (Vector) (values >= 52) & ('a' + 26 - '0');
  characters -= (Vector) (values >= 62) & ('0' + 10 - '-');
  characters += (Vector) (values == 63) & ('_' - '-' - 1);
  return characters;
}

/* FALSE if one of the 64 characters is not in the alphabet; then @bytes means nothing. */
gboolean
kr_csrf_base64url_decode (const char *text, guint8 bytes[KR_CSRF_TOKEN_SIZE])
{
  Vector all = { 0 };
  Pair halves;

  all = ~all;
  /* 32 characters are 4 times 48 bits, which are 3 times 64. */
  for (guint i = 0; i < 2; i++, text += 32, bytes += 24)
    {
      Pair a = decode_vector (text, &all), b = decode_vector (text + 16, &all);

      store_be64 (bytes, a[0] << 16 | a[1] >> 32);
      store_be64 (bytes + 8, a[1] << 32 | b[0] >> 16);
      store_be64 (bytes + 16, b[0] << 48 | b[1]);
    }
  halves = (Pair) all;
  return (halves[0] & halves[1]) == G_MAXUINT64;
}

void
kr_csrf_base64url_encode (const guint8 bytes[KR_CSRF_TOKEN_SIZE], char text[KR_CSRF_TOKEN_LENGTH + 1])
{
  const guint64 mask = G_GUINT64_CONSTANT (0xffffffffffff);

  for (guint i = 0; i < 2; i++, bytes += 24, text += 32)
    {
      guint64 a = load_be64 (bytes), b = load_be64 (bytes + 8), c = load_be64 (bytes + 16);
      Vector first = encode_vector (a >> 16, (a << 32 | b >> 32) & mask);
      Vector second = encode_vector ((b << 16 | c >> 48) & mask, c & mask);

      memcpy (text, &first, sizeof first);
      memcpy (text + 16, &second, sizeof second);
    }
  *text = '\0';
}

/* The cheap half of a check: everything but key, time and tag. */
KrCsrfCode
kr_csrf_token_decode (KrCsrfToken *token, const char *text, gsize len, KrCsrfKind kind)
{
  guint64 head, issued_at;
  guint kind_found;

  if (len != KR_CSRF_TOKEN_LENGTH || !kr_csrf_base64url_decode (text, token->bytes))
    return KR_CSRF_ERROR_TOKEN_MALFORMED;
  head = load_be64 (token->bytes);
  issued_at = load_be64 (token->bytes + 8);
  kind_found = head >> 48 & 0xff;
  if (head >> 56 != KR_CSRF_TOKEN_VERSION || kind_found < KR_CSRF_KIND_COOKIE || kind_found > KR_CSRF_KIND_TICKET)
    return KR_CSRF_ERROR_TOKEN_MALFORMED;
  if (kind_found != kind)
    return KR_CSRF_ERROR_TOKEN_SWAPPED;
  token->kind = kind;
  token->flags = head >> 32 & 0xffff;
  token->key_id = (guint32) head;
  if ((token->flags & ~KR_CSRF_FLAGS_ALL) != 0 || token->key_id == 0 || issued_at > G_MAXINT64)
    return KR_CSRF_ERROR_TOKEN_MALFORMED;
  token->issued_at = (gint64) issued_at;
  return KR_CSRF_OK;
}

/* Without @nonce, it is in its place already. */
void
kr_csrf_token_init (KrCsrfToken *token, KrCsrfKind kind, guint16 flags, guint32 key_id, gint64 issued_at,
                    const guint8 nonce[KR_CSRF_NONCE_SIZE])
{
  token->kind = kind;
  token->flags = flags;
  token->key_id = key_id;
  token->issued_at = issued_at;
  store_be64 (token->bytes,
              (guint64) KR_CSRF_TOKEN_VERSION << 56 | (guint64) kind << 48 | (guint64) flags << 32 | key_id);
  store_be64 (token->bytes + 8, issued_at);
  if (nonce != NULL)
    memcpy (token->bytes + 16, nonce, KR_CSRF_NONCE_SIZE);
}

/* In the size in which the bytes were written, and in the one in which the hash reads them; see above. */
static inline void
copy_pairs (guint8 *to, const guint8 *from, gsize len)
{
  for (gsize i = 0; i < len; i += sizeof (Pair))
    {
      Pair pair = { 0 };
      guint64 first, second;

      memcpy (&first, from + i, sizeof first);
      memcpy (&second, from + i + sizeof first, sizeof second);
      __asm__ ("" : "+r" (first), "+r" (second));  /* or the compiler makes one load of them again */
      pair = (Pair) { first, second };
      memcpy (to + i, &pair, sizeof pair);
    }
}

/* @secret and @binding as the kind demands, otherwise NULL. */
gboolean
kr_csrf_token_compute_tag (const KrCsrfToken *token, KrCsrfSigner *signer, const KrCsrfKey *key,
                           const guint8 *secret, const guint8 *binding, guint8 tag[KR_CSRF_MAC_SIZE])
{
  KrCsrfMessage message;
  gsize len = KR_CSRF_TOKEN_SIGNED;

  G_STATIC_ASSERT (KR_CSRF_TOKEN_SIGNED + KR_CSRF_NONCE_SIZE + KR_CSRF_BINDING_SIZE <= KR_CSRF_MESSAGE_MAX);
  copy_pairs (message.bytes, token->bytes, KR_CSRF_TOKEN_SIGNED);
  if (secret != NULL)
    {
      copy_pairs (message.bytes + len, secret, KR_CSRF_NONCE_SIZE);
      len += KR_CSRF_NONCE_SIZE;
    }
  if (binding != NULL)
    {
      memcpy (message.bytes + len, binding, KR_CSRF_BINDING_SIZE);
      len += KR_CSRF_BINDING_SIZE;
    }
  return kr_csrf_signer_mac (signer, key, token->kind, &message, len, tag);
}

gboolean
kr_csrf_token_sign (KrCsrfToken *token, KrCsrfSigner *signer, const KrCsrfKey *key,
                    const guint8 *secret, const guint8 *binding, char text[KR_CSRF_TOKEN_LENGTH + 1])
{
  guint8 tag[KR_CSRF_MAC_SIZE];

  if (!kr_csrf_token_compute_tag (token, signer, key, secret, binding, tag))
    return FALSE;
  memcpy (token->bytes + KR_CSRF_TOKEN_SIGNED, tag, KR_CSRF_MAC_SIZE);
  kr_csrf_base64url_encode (token->bytes, text);
  return TRUE;
}

/* In constant time: all 16 bytes at once, and the compiler is not told how the difference came about. */
gboolean
kr_csrf_token_has_tag (const KrCsrfToken *token, const guint8 tag[KR_CSRF_MAC_SIZE])
{
  guint64 ours[2], theirs[2], difference;

  G_STATIC_ASSERT (sizeof ours == KR_CSRF_MAC_SIZE);
  memcpy (ours, tag, sizeof ours);
  memcpy (theirs, token->bytes + KR_CSRF_TOKEN_SIGNED, sizeof theirs);
  difference = (ours[0] ^ theirs[0]) | (ours[1] ^ theirs[1]);
  __asm__ ("" : "+r" (difference));
  return difference == 0;
}
