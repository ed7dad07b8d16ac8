/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* Origins in one canonical form, and the list of those that are trusted. */
#pragma once

#include "kr-csrf-error-private.h"

/* scheme "://" host [":" port]: 253 characters of host at most. */
#define KR_CSRF_ORIGIN_SIZE 288

typedef struct
{
  char text[KR_CSRF_ORIGIN_SIZE];  /* lower case, without a default port, ends with NUL */
  guint16 len;
  guint16 host;      /* where the host begins in text */
  guint16 host_len;
  guint16 port;      /* the scheme's own if none is named; 0: unknown */
  gboolean https;
} KrCsrfOrigin;

gboolean kr_csrf_origin_init (KrCsrfOrigin *self, const char *scheme, const char *authority);
KrCsrfCode kr_csrf_origin_init_from_header (KrCsrfOrigin *self, const char *text, gsize len);
KrCsrfCode kr_csrf_origin_init_from_referer (KrCsrfOrigin *self, const char *text, gsize len);
gboolean kr_csrf_origin_equal (const KrCsrfOrigin *a, const KrCsrfOrigin *b);
gboolean kr_csrf_origin_is_https (const KrCsrfOrigin *self);

typedef struct _KrCsrfOriginList KrCsrfOriginList;

KrCsrfOriginList *kr_csrf_origin_list_new (const char *const *entries, const char **wrong);
KrCsrfOriginList *kr_csrf_host_list_new (const char *const *entries, const char **wrong);
void kr_csrf_origin_list_free (KrCsrfOriginList *list);
gboolean kr_csrf_origin_list_contains (const KrCsrfOriginList *list, const KrCsrfOrigin *origin);
gboolean kr_csrf_host_list_contains (const KrCsrfOriginList *list, const KrCsrfOrigin *origin);
