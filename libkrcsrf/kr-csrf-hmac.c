/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* SHA-256, and HMAC-SHA-256 with one key again and again: by Nettle, which GnuTLS stands on, or by GnuTLS. */
#include "config.h"

#include "kr-csrf-hmac-private.h"

#include <string.h>

#if HAVE_NETTLE

#include <nettle/hmac.h>

/* A token's MAC is three or four compressions. Nettle's own hmac_sha256_*() takes 60 ns more than these, a fifth of a
 * token, since it collects, pads and starts over in small steps. So padding is done here, Nettle is given whole blocks
 * only, and the state is read where its header shows it. That is FIPS 180-4, section 5.1.1, and RFC 2104, section 2. */
#define BLOCK SHA256_BLOCK_SIZE

typedef guint64 Pair __attribute__ ((vector_size (16)));

/* Written at once, as the compression reads it: a processor waits for what it wrote in smaller pieces. */
static inline void
store_pair (guint8 *to, guint64 first, guint64 second)
{
  Pair pair = { first, second };

  memcpy (to, &pair, sizeof pair);
}

/* Two words of the state as bytes, each big endian. */
static inline guint64
load_words (const guint32 *words)
{
  guint64 both;

  memcpy (&both, words, sizeof both);
#if G_BYTE_ORDER == G_LITTLE_ENDIAN
  both = GUINT64_SWAP_LE_BE (both);
  both = both >> 32 | both << 32;
#endif
  return both;
}

static inline void
store_state (guint8 *to, const guint32 state[4])
{
  store_pair (to, load_words (state), load_words (state + 2));
}

/* From @len, a multiple of 16, to the end of the block after which there is no room: a bit, zeros, and the length in
 * bits with the key's block in it. Returns where that end is. */
static inline gsize
pad (guint8 *bytes, gsize len)
{
  gsize end = len + 16 <= BLOCK ? BLOCK : 2 * BLOCK;
  guint64 first = GUINT64_TO_BE (G_GUINT64_CONSTANT (1) << 63), bits = GUINT64_TO_BE ((BLOCK + len) * 8);

  for (gsize i = len; i < end; i += 16, first = 0)
    store_pair (bytes + i, first, i + 16 == end ? bits : 0);
  return end;
}

static inline void
compress (struct sha256_ctx *context, const guint32 state[8], const guint8 *blocks, gsize len)
{
  memcpy (context->state, state, sizeof context->state);
  context->count = 0;
  context->index = 0;
  sha256_update (context, len, blocks);
}

gboolean
kr_csrf_hmac_init (KrCsrfHmac *self, const guint8 *key, gsize len)
{
  struct hmac_sha256_ctx context;

  hmac_sha256_set_key (&context, len, key);
  memcpy (self->inner, context.inner.state, sizeof self->inner);
  memcpy (self->outer, context.outer.state, sizeof self->outer);
  explicit_bzero (&context, sizeof context);
  self->ready = TRUE;
  return TRUE;
}

/* Whoever owns the memory wipes it. */
void
kr_csrf_hmac_clear (KrCsrfHmac *self)
{
  self->ready = FALSE;
}

/* Writes the padding behind the @len bytes of @message. */
gboolean
kr_csrf_hmac_compute (KrCsrfHmac *self, KrCsrfMessage *message, gsize len, guint8 mac[KR_CSRF_MAC_SIZE])
{
  struct sha256_ctx context;
  KrCsrfMessage digest;

  compress (&context, self->inner, message->bytes, pad (message->bytes, len));
  store_state (digest.bytes, context.state);
  store_state (digest.bytes + 16, context.state + 4);
  compress (&context, self->outer, digest.bytes, pad (digest.bytes, SHA256_DIGEST_SIZE));
  store_state (mac, context.state);
  return TRUE;
}

gboolean
kr_csrf_sha256 (const guint8 *data, gsize len, guint8 digest[KR_CSRF_DIGEST_SIZE])
{
  struct sha256_ctx context;

  sha256_init (&context);
  sha256_update (&context, len, data);
  sha256_digest (&context, KR_CSRF_DIGEST_SIZE, digest);
  return TRUE;
}

#else

gboolean
kr_csrf_hmac_init (KrCsrfHmac *self, const guint8 *key, gsize len)
{
  self->ready = gnutls_hmac_init (&self->handle, GNUTLS_MAC_SHA256, key, len) >= 0;
  return self->ready;
}

void
kr_csrf_hmac_clear (KrCsrfHmac *self)
{
  if (self->ready)
    gnutls_hmac_deinit (self->handle, NULL);
  self->ready = FALSE;
}

gboolean
kr_csrf_hmac_compute (KrCsrfHmac *self, KrCsrfMessage *message, gsize len, guint8 mac[KR_CSRF_MAC_SIZE])
{
  guint8 whole[KR_CSRF_DIGEST_SIZE];

  if (gnutls_hmac (self->handle, message->bytes, len) < 0)
    return FALSE;
  gnutls_hmac_output (self->handle, whole);
  memcpy (mac, whole, KR_CSRF_MAC_SIZE);
  return TRUE;
}

gboolean
kr_csrf_sha256 (const guint8 *data, gsize len, guint8 digest[KR_CSRF_DIGEST_SIZE])
{
  return gnutls_hash_fast (GNUTLS_DIG_SHA256, data, len, digest) >= 0;
}
#endif
