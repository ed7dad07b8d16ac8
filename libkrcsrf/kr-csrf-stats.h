/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* KrCsrfStats: what a protector has counted. */
#pragma once

#if !defined (KR_CSRF_INSIDE) && !defined (KR_CSRF_COMPILATION)
#error "Only <krcsrf.h> can be included directly."
#endif

#include <glib-object.h>

#include "kr-csrf-visibility.h"

G_BEGIN_DECLS

typedef struct _KrCsrfStats KrCsrfStats;

/**
 * KrCsrfStats:
 * @cookies_issued: new or renewed cookie tokens
 * @cookies_reused: valid cookies that stayed
 * @tokens_issued: request tokens
 * @accepted: requests that passed
 * @safe: requests that passed without a look, by their method
 * @rejected: requests that were refused
 * @reported: requests that would have been refused, in report-only mode
 * @bypassed: requests that a route exempted
 * @headers_overridden: cache headers of the application that had to go
 *
 * What a protector has counted since it was made.
 *
 * Since: 0.1
 */
struct _KrCsrfStats
{
  guint64 cookies_issued;
  guint64 cookies_reused;
  guint64 tokens_issued;
  guint64 accepted;
  guint64 safe;
  guint64 rejected;
  guint64 reported;
  guint64 bypassed;
  guint64 headers_overridden;

  /*< private >*/
  guint64 padding[7];
};

#define KR_CSRF_TYPE_STATS (kr_csrf_stats_get_type ())

KR_CSRF_AVAILABLE_IN_ALL
GType kr_csrf_stats_get_type (void);

KR_CSRF_AVAILABLE_IN_ALL
KrCsrfStats *kr_csrf_stats_copy (const KrCsrfStats *stats);

KR_CSRF_AVAILABLE_IN_ALL
void kr_csrf_stats_free (KrCsrfStats *stats);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (KrCsrfStats, kr_csrf_stats_free)

G_END_DECLS
