/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* Finds one cookie in a Cookie header, byte by byte. */
#pragma once

#include "kr-csrf-error-private.h"

/* The value found, as a piece of the header. */
typedef struct
{
  const char *value;  /* NULL: not found */
  gsize len;
  guint count;
} KrCsrfCookie;

gboolean kr_csrf_cookie_bytes_valid (const char *header, gsize len);
void kr_csrf_cookie_scan (KrCsrfCookie *cookie, const char *header, gsize len, const char *name, gsize name_len);
KrCsrfCode kr_csrf_cookie_verdict (const KrCsrfCookie *cookie);
