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

/* base64url (RFC 4648, section 5), 16 characters at a time: as arithmetic it is twice as fast as by tables, and takes the
 * same time whatever the token is. */
typedef guint8 Vector __attribute__ ((vector_size (16)));

static inline Vector
in_range (Vector characters, guint8 first, guint8 last)
{
  return (Vector) (characters >= first) & (Vector) (characters <= last);
}

/* Eight values of six bits in memory order, as 48 bits. */
static inline guint64
join (guint64 values)
{
  values = GUINT64_FROM_BE (values);
  values = (values & G_GUINT64_CONSTANT (0x3f003f003f003f00)) >> 2 | (values & G_GUINT64_CONSTANT (0x003f003f003f003f));
  values = (values & G_GUINT64_CONSTANT (0x0fff00000fff0000)) >> 4 | (values & G_GUINT64_CONSTANT (0x00000fff00000fff));
  return (values & G_GUINT64_CONSTANT (0x00ffffff00000000)) >> 8 | (values & G_GUINT64_CONSTANT (0x0000000000ffffff));
}

/* The reverse. */
static inline guint64
split (guint64 bits)
{
  bits = (bits & G_GUINT64_CONSTANT (0xffffff000000)) << 8 | (bits & G_GUINT64_CONSTANT (0xffffff));
  bits = (bits & G_GUINT64_CONSTANT (0x00fff00000fff000)) << 4 | (bits & G_GUINT64_CONSTANT (0x00000fff00000fff));
  bits = (bits & G_GUINT64_CONSTANT (0x0fc00fc00fc00fc0)) << 2 | (bits & G_GUINT64_CONSTANT (0x003f003f003f003f));
  return GUINT64_TO_BE (bits);
}

/* FALSE if one of the 64 characters is not in the alphabet; then @bytes means nothing. */
gboolean
kr_csrf_base64url_decode (const char *text, guint8 bytes[KR_CSRF_TOKEN_SIZE])
{
  Vector all = { 0 };
  guint64 halves[2];

  all = ~all;
  for (guint i = 0; i < KR_CSRF_TOKEN_LENGTH; i += 16)
    {
      Vector characters, upper, lower, digit, minus, underscore, values;

      memcpy (&characters, text + i, sizeof characters);
      upper = in_range (characters, 'A', 'Z');
      lower = in_range (characters, 'a', 'z');
      digit = in_range (characters, '0', '9');
      minus = (Vector) (characters == '-');
      underscore = (Vector) (characters == '_');
      all &= upper | lower | digit | minus | underscore;
      values = (upper & (characters - 'A')) | (lower & (characters - 'a' + 26)) | (digit & (characters - '0' + 52)) |
               (minus & 62) | (underscore & 63);
      memcpy (halves, &values, sizeof halves);
      for (guint j = 0; j < 2; j++, bytes += 6)
        {
          guint64 joined = GUINT64_TO_BE (join (halves[j]) << 16);

          memcpy (bytes, &joined, 6);
        }
    }
  memcpy (halves, &all, sizeof halves);
  return (halves[0] & halves[1]) == G_MAXUINT64;
}

void
kr_csrf_base64url_encode (const guint8 bytes[KR_CSRF_TOKEN_SIZE], char text[KR_CSRF_TOKEN_LENGTH + 1])
{
  for (guint i = 0; i < KR_CSRF_TOKEN_LENGTH; i += 16)
    {
      guint64 halves[2] = { 0, 0 };
      Vector values, characters;

      for (guint j = 0; j < 2; j++, bytes += 6)
        {
          memcpy (&halves[j], bytes, 6);
          halves[j] = split (GUINT64_FROM_BE (halves[j]) >> 16);
        }
      memcpy (&values, halves, sizeof values);
      characters = values + 'A';
      characters += (Vector) (values >= 26) & ('a' - 'A' - 26);
      characters -= (Vector) (values >= 52) & ('a' + 26 - '0');
      characters -= (Vector) (values >= 62) & ('0' + 10 - '-');
      characters += (Vector) (values == 63) & ('_' - '-' - 1);
      memcpy (text + i, &characters, sizeof characters);
    }
  text[KR_CSRF_TOKEN_LENGTH] = '\0';
}

/* The cheap half of a check: everything but key, time and tag. */
KrCsrfCode
kr_csrf_token_decode (KrCsrfToken *token, const char *text, gsize len, KrCsrfKind kind)
{
  const guint8 *bytes = token->bytes;
  guint64 issued_at;

  if (len != KR_CSRF_TOKEN_LENGTH || !kr_csrf_base64url_decode (text, token->bytes) ||
      bytes[0] != KR_CSRF_TOKEN_VERSION)
    return KR_CSRF_ERROR_TOKEN_MALFORMED;
  if (bytes[1] < KR_CSRF_KIND_COOKIE || bytes[1] > KR_CSRF_KIND_TICKET)
    return KR_CSRF_ERROR_TOKEN_MALFORMED;
  if (bytes[1] != kind)
    return KR_CSRF_ERROR_TOKEN_SWAPPED;
  token->kind = kind;
  token->flags = bytes[2] << 8 | bytes[3];
  token->key_id = (guint32) bytes[4] << 24 | bytes[5] << 16 | bytes[6] << 8 | bytes[7];
  memcpy (&issued_at, bytes + 8, sizeof issued_at);
  issued_at = GUINT64_FROM_BE (issued_at);
  if ((token->flags & ~KR_CSRF_FLAGS_ALL) != 0 || token->key_id == 0 || issued_at > G_MAXINT64)
    return KR_CSRF_ERROR_TOKEN_MALFORMED;
  token->issued_at = (gint64) issued_at;
  return KR_CSRF_OK;
}

void
kr_csrf_token_init (KrCsrfToken *token, KrCsrfKind kind, guint16 flags, guint32 key_id, gint64 issued_at,
                    const guint8 nonce[KR_CSRF_NONCE_SIZE])
{
  guint16 flags_be = GUINT16_TO_BE (flags);
  guint32 key_id_be = GUINT32_TO_BE (key_id);
  guint64 issued_at_be = GUINT64_TO_BE ((guint64) issued_at);

  token->kind = kind;
  token->flags = flags;
  token->key_id = key_id;
  token->issued_at = issued_at;
  token->bytes[0] = KR_CSRF_TOKEN_VERSION;
  token->bytes[1] = kind;
  memcpy (token->bytes + 2, &flags_be, sizeof flags_be);
  memcpy (token->bytes + 4, &key_id_be, sizeof key_id_be);
  memcpy (token->bytes + 8, &issued_at_be, sizeof issued_at_be);
  memcpy (token->bytes + 16, nonce, KR_CSRF_NONCE_SIZE);
}

/* @secret and @binding as the kind demands, otherwise NULL. @tag is only half used, but GnuTLS writes it all. */
gboolean
kr_csrf_token_compute_tag (const KrCsrfToken *token, KrCsrfSigner *signer, const KrCsrfKey *key,
                           const guint8 *secret, const guint8 *binding, guint8 tag[KR_CSRF_MAC_SIZE])
{
  guint8 input[KR_CSRF_TOKEN_SIGNED + KR_CSRF_NONCE_SIZE + KR_CSRF_BINDING_SIZE];
  gsize len = KR_CSRF_TOKEN_SIGNED;

  memcpy (input, token->bytes, KR_CSRF_TOKEN_SIGNED);
  if (secret != NULL)
    {
      memcpy (input + len, secret, KR_CSRF_NONCE_SIZE);
      len += KR_CSRF_NONCE_SIZE;
    }
  if (binding != NULL)
    {
      memcpy (input + len, binding, KR_CSRF_BINDING_SIZE);
      len += KR_CSRF_BINDING_SIZE;
    }
  return kr_csrf_signer_mac (signer, key, token->kind, input, len, tag);
}

gboolean
kr_csrf_token_sign (KrCsrfToken *token, KrCsrfSigner *signer, const KrCsrfKey *key,
                    const guint8 *secret, const guint8 *binding, char text[KR_CSRF_TOKEN_LENGTH + 1])
{
  guint8 tag[KR_CSRF_MAC_SIZE];

  if (!kr_csrf_token_compute_tag (token, signer, key, secret, binding, tag))
    return FALSE;
  memcpy (token->bytes + KR_CSRF_TOKEN_SIGNED, tag, KR_CSRF_TAG_SIZE);
  kr_csrf_base64url_encode (token->bytes, text);
  return TRUE;
}

/* In constant time: all 16 bytes at once, and the compiler is not told how the difference came about. */
gboolean
kr_csrf_token_has_tag (const KrCsrfToken *token, const guint8 tag[KR_CSRF_MAC_SIZE])
{
  guint64 ours[2], theirs[2], difference;

  G_STATIC_ASSERT (sizeof ours == KR_CSRF_TAG_SIZE);
  memcpy (ours, tag, sizeof ours);
  memcpy (theirs, token->bytes + KR_CSRF_TOKEN_SIGNED, sizeof theirs);
  difference = (ours[0] ^ theirs[0]) | (ours[1] ^ theirs[1]);
  __asm__ ("" : "+r" (difference));
  return difference == 0;
}
