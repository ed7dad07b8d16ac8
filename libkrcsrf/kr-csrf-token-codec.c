/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* The layout of a token: 48 bytes, 64 characters. */
#include "config.h"

#include "kr-csrf-token-codec-private.h"

#include <gnutls/gnutls.h>

/* Big endian:
 *   0 u8 version, 1 u8 kind, 2 u16 flags, 4 u32 key id, 8 u64 issued at, 16 nonce (cookie: the secret), 32 tag.
 * The tag is the left half of HMAC-SHA-256 (RFC 2104, section 5) over bytes 0 to 31; in a request token over these, the
 * cookie's secret and the binding; in a ticket over these and the binding.
 * 48 bytes are 64 characters with neither padding nor spare bits: a token can be written in one way only. */

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

#define X 0x80
/* The value of each character of base64url (RFC 4648, section 5). */
static const guint8 values[256] = {
  X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X,
  X, X, X, X, X, X, X, X, X, X, X, X, X, 62, X, X, 52, 53, 54, 55, 56, 57, 58, 59, 60, 61, X, X, X, X, X, X,
  X, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, X, X, X, X, 63,
  X, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51, X, X, X, X, X,
  X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X,
  X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X,
  X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X,
  X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X,
};
#undef X

gboolean
kr_csrf_base64url_decode (const char *text, guint8 bytes[KR_CSRF_TOKEN_SIZE])
{
  guint8 wrong = 0;

  for (guint i = 0; i < KR_CSRF_TOKEN_LENGTH; i += 4, text += 4, bytes += 3)
    {
      guint8 a = values[(guchar) text[0]], b = values[(guchar) text[1]];
      guint8 c = values[(guchar) text[2]], d = values[(guchar) text[3]];

      wrong |= a | b | c | d;
      bytes[0] = a << 2 | b >> 4;
      bytes[1] = b << 4 | c >> 2;
      bytes[2] = c << 6 | d;
    }
  return (wrong & 0x80) == 0;
}

void
kr_csrf_base64url_encode (const guint8 bytes[KR_CSRF_TOKEN_SIZE], char text[KR_CSRF_TOKEN_LENGTH + 1])
{
  for (guint i = 0; i < KR_CSRF_TOKEN_SIZE; i += 3, text += 4)
    {
      guint32 group = (guint32) bytes[i] << 16 | (guint32) bytes[i + 1] << 8 | bytes[i + 2];

      text[0] = alphabet[group >> 18];
      text[1] = alphabet[group >> 12 & 63];
      text[2] = alphabet[group >> 6 & 63];
      text[3] = alphabet[group & 63];
    }
  text[0] = '\0';
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

/* In constant time. */
gboolean
kr_csrf_token_has_tag (const KrCsrfToken *token, const guint8 tag[KR_CSRF_MAC_SIZE])
{
  return gnutls_memcmp (token->bytes + KR_CSRF_TOKEN_SIGNED, tag, KR_CSRF_TAG_SIZE) == 0;
}
