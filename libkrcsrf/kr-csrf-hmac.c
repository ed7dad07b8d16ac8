/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* HMAC-SHA-256 with one key, again and again: by Nettle, which GnuTLS stands on, or by GnuTLS. */
#include "config.h"

#include "kr-csrf-hmac-private.h"

#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>

#if HAVE_NETTLE
#include <nettle/hmac.h>

/* The same code with 30 ns less around it per call, which is a seventh of a token; and what it keeps can be wiped. */
struct _KrCsrfHmac
{
  struct hmac_sha256_ctx context;
};

KrCsrfHmac *
kr_csrf_hmac_new (const guint8 *key, gsize len)
{
  KrCsrfHmac *self = g_new (KrCsrfHmac, 1);

  hmac_sha256_set_key (&self->context, len, key);
  return self;
}

void
kr_csrf_hmac_free (KrCsrfHmac *self)
{
  gnutls_memset (self, 0, sizeof *self);
  g_free (self);
}

gboolean
kr_csrf_hmac_compute (KrCsrfHmac *self, const guint8 *data, gsize len, guint8 mac[KR_CSRF_MAC_SIZE])
{
  hmac_sha256_update (&self->context, len, data);
  hmac_sha256_digest (&self->context, KR_CSRF_MAC_SIZE, mac);
  return TRUE;
}

#else

struct _KrCsrfHmac
{
  gnutls_hmac_hd_t handle;
};

/* NULL if GnuTLS fails. */
KrCsrfHmac *
kr_csrf_hmac_new (const guint8 *key, gsize len)
{
  KrCsrfHmac *self = g_new (KrCsrfHmac, 1);

  if (gnutls_hmac_init (&self->handle, GNUTLS_MAC_SHA256, key, len) >= 0)
    return self;
  g_free (self);
  return NULL;
}

void
kr_csrf_hmac_free (KrCsrfHmac *self)
{
  gnutls_hmac_deinit (self->handle, NULL);
  g_free (self);
}

gboolean
kr_csrf_hmac_compute (KrCsrfHmac *self, const guint8 *data, gsize len, guint8 mac[KR_CSRF_MAC_SIZE])
{
  if (gnutls_hmac (self->handle, data, len) < 0)
    return FALSE;
  gnutls_hmac_output (self->handle, mac);
  return TRUE;
}
#endif
