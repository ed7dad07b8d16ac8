/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* HMAC-SHA-256 with one key, again and again: by Nettle, which GnuTLS stands on, or by GnuTLS. */
#pragma once

#include "config.h"

#include <glib.h>

#define KR_CSRF_MAC_SIZE 32

typedef struct _KrCsrfHmac KrCsrfHmac;

KrCsrfHmac *kr_csrf_hmac_new (const guint8 *key, gsize len);
void kr_csrf_hmac_free (KrCsrfHmac *self);
gboolean kr_csrf_hmac_compute (KrCsrfHmac *self, const guint8 *data, gsize len, guint8 mac[KR_CSRF_MAC_SIZE]);
