/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* Counters that many threads add to without waiting for each other. */
#include "config.h"

#include "kr-csrf-counters-private.h"

/* Threads that add to one counter pass its cache line to and fro; so there are several of each, and a thread keeps to
 * one. */
#define N_SHARDS 16
#define CACHE_LINE 64

typedef struct
{
  guint64 counts[KR_CSRF_N_COUNTS];
} __attribute__ ((aligned (CACHE_LINE))) Shard;

struct _KrCsrfCounters
{
  gpointer memory;  /* what the shards lie in, aligned */
  Shard *shards;
};

static guint
shard_of_thread (void)
{
  static guint n_threads;
  static __thread guint shard;  /* plus one; 0: not chosen yet */

  if (G_UNLIKELY (shard == 0))
    shard = (guint) g_atomic_int_add (&n_threads, 1) % N_SHARDS + 1;
  return shard - 1;
}

KrCsrfCounters *
kr_csrf_counters_new (void)
{
  KrCsrfCounters *self = g_new0 (KrCsrfCounters, 1);

  self->memory = g_malloc0 (N_SHARDS * sizeof (Shard) + CACHE_LINE);
  self->shards = (Shard *) (((gsize) self->memory + CACHE_LINE - 1) & ~(gsize) (CACHE_LINE - 1));
  return self;
}

void
kr_csrf_counters_free (KrCsrfCounters *self)
{
  g_free (self->memory);
  g_free (self);
}

void
kr_csrf_counters_add (KrCsrfCounters *self, guint count)
{
  __atomic_fetch_add (&self->shards[shard_of_thread ()].counts[count], 1, __ATOMIC_RELAXED);
}

guint64
kr_csrf_counters_get (KrCsrfCounters *self, guint count)
{
  guint64 sum = 0;

  for (guint i = 0; i < N_SHARDS; i++)
    sum += __atomic_load_n (&self->shards[i].counts[count], __ATOMIC_RELAXED);
  return sum;
}

void
kr_csrf_counters_fill (KrCsrfCounters *self, KrCsrfStats *stats)
{
  memset (stats, 0, sizeof *stats);
  stats->cookies_issued = kr_csrf_counters_get (self, KR_CSRF_COUNT_COOKIES_ISSUED);
  stats->cookies_reused = kr_csrf_counters_get (self, KR_CSRF_COUNT_COOKIES_REUSED);
  stats->tokens_issued = kr_csrf_counters_get (self, KR_CSRF_COUNT_TOKENS_ISSUED);
  stats->accepted = kr_csrf_counters_get (self, KR_CSRF_COUNT_ACCEPTED);
  stats->safe = kr_csrf_counters_get (self, KR_CSRF_COUNT_SAFE);
  stats->reported = kr_csrf_counters_get (self, KR_CSRF_COUNT_REPORTED);
  stats->bypassed = kr_csrf_counters_get (self, KR_CSRF_COUNT_BYPASSED);
  stats->headers_overridden = kr_csrf_counters_get (self, KR_CSRF_COUNT_HEADERS_OVERRIDDEN);
  for (guint code = 0; code < KR_CSRF_N_ERRORS; code++)
    stats->rejected += kr_csrf_counters_get (self, KR_CSRF_COUNT_REJECTED + code);
}
