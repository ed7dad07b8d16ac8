/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* Counters that many threads add to without waiting for each other. */
#pragma once

#include "kr-csrf-error-private.h"
#include "kr-csrf-stats.h"

typedef enum
{
  KR_CSRF_COUNT_COOKIES_ISSUED,
  KR_CSRF_COUNT_COOKIES_REUSED,
  KR_CSRF_COUNT_TOKENS_ISSUED,
  KR_CSRF_COUNT_ACCEPTED,
  KR_CSRF_COUNT_SAFE,
  KR_CSRF_COUNT_REPORTED,
  KR_CSRF_COUNT_BYPASSED,
  KR_CSRF_COUNT_HEADERS_OVERRIDDEN,
  KR_CSRF_COUNT_REJECTED,  /* one for each code follows */
  KR_CSRF_N_COUNTS = KR_CSRF_COUNT_REJECTED + KR_CSRF_N_ERRORS,
} KrCsrfCount;

typedef struct _KrCsrfCounters KrCsrfCounters;

KrCsrfCounters *kr_csrf_counters_new (void);
void kr_csrf_counters_free (KrCsrfCounters *self);
void kr_csrf_counters_add (KrCsrfCounters *self, guint count);
guint64 kr_csrf_counters_get (KrCsrfCounters *self, guint count);
void kr_csrf_counters_fill (KrCsrfCounters *self, KrCsrfStats *stats);
