/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* SHA-256, and HMAC-SHA-256 with one key again and again: by Nettle, which GnuTLS stands on, or by GnuTLS. */
#pragma once

#include "config.h"

#include <glib.h>
#if HAVE_NETTLE
#include <nettle/sha2.h>
#else
#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#endif

#define KR_CSRF_DIGEST_SIZE 32
#define KR_CSRF_MAC_SIZE 16  /* the left half (RFC 2104, section 5) */

/* What is to be signed: 16 bytes or a multiple of that, at most KR_CSRF_MESSAGE_MAX, and room for its padding. */
#define KR_CSRF_MESSAGE_MAX 112
typedef struct
{
  guint8 bytes[128];
} __attribute__ ((aligned (16))) KrCsrfMessage;

/* Zeroed, it is not ready yet. */
typedef struct
{
  gboolean ready;
#if HAVE_NETTLE
  guint32 inner[8], outer[8];  /* the states of both hashes after the key */
#else
  gnutls_hmac_hd_t handle;
#endif
} KrCsrfHmac;

gboolean kr_csrf_hmac_init (KrCsrfHmac *self, const guint8 *key, gsize len);
void kr_csrf_hmac_clear (KrCsrfHmac *self);
gboolean kr_csrf_hmac_compute (KrCsrfHmac *self, KrCsrfMessage *message, gsize len, guint8 mac[KR_CSRF_MAC_SIZE]);

gboolean kr_csrf_sha256 (const guint8 *data, gsize len, guint8 digest[KR_CSRF_DIGEST_SIZE]);
