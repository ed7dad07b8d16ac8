/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* KrCsrfStats: what a protector has counted. */
#include "config.h"

#include "kr-csrf-stats.h"

/**
 * kr_csrf_stats_get_type:
 *
 * Gets the type of #KrCsrfStats.
 *
 * Returns: the type
 *
 * Since: 0.1
 */
G_DEFINE_BOXED_TYPE (KrCsrfStats, kr_csrf_stats, kr_csrf_stats_copy, kr_csrf_stats_free)

/**
 * kr_csrf_stats_copy:
 * @stats: counters
 *
 * Copies counters.
 *
 * Returns: (transfer full): a copy
 *
 * Since: 0.1
 */
KrCsrfStats *
kr_csrf_stats_copy (const KrCsrfStats *stats)
{
  g_return_val_if_fail (stats != NULL, NULL);

  return g_memdup2 (stats, sizeof *stats);
}

/**
 * kr_csrf_stats_free:
 * @stats: (transfer full): counters
 *
 * Frees what [method@KrCsrf.Stats.copy] made.
 *
 * Since: 0.1
 */
void
kr_csrf_stats_free (KrCsrfStats *stats)
{
  g_free (stats);
}
