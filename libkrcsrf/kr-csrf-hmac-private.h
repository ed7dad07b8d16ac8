/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* HMAC-SHA-256 with one key, again and again: by Nettle, which GnuTLS stands on, or by GnuTLS. */
#pragma once

#include "config.h"

#include <glib.h>
#if HAVE_NETTLE
#include <nettle/hmac.h>
#else
#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#endif

#define KR_CSRF_MAC_SIZE 32

/* Zeroed, it is not ready yet. */
typedef struct
{
  gboolean ready;
#if HAVE_NETTLE
  struct hmac_sha256_ctx context;
#else
  gnutls_hmac_hd_t handle;
#endif
} KrCsrfHmac;

gboolean kr_csrf_hmac_init (KrCsrfHmac *self, const guint8 *key, gsize len);
void kr_csrf_hmac_clear (KrCsrfHmac *self);
gboolean kr_csrf_hmac_compute (KrCsrfHmac *self, const guint8 *data, gsize len, guint8 mac[KR_CSRF_MAC_SIZE]);
