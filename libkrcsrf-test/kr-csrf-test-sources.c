/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* KrCsrfTestSources: a clock that stands still, and random bytes that repeat. */
#include "config.h"

#include "kr-csrf-test-sources.h"

/**
 * KrCsrfTestSources:
 *
 * A clock that stands still, and random bytes that repeat: with the same seed, a test gets the same keys and tokens.
 *
 * Everything here may be used from any thread.
 *
 * Since: 0.1
 */
struct _KrCsrfTestSources
{
  GMutex lock;
  gint64 now;
  guint64 state;
  int budget;  /* calls that still succeed; -1: all */
};

/**
 * kr_csrf_test_sources_new:
 * @seed: where the random bytes begin
 * @unix_ms: the time, in milliseconds since 1970
 *
 * Makes a clock and a generator.
 *
 * Returns: (transfer full): both
 *
 * Since: 0.1
 */
KrCsrfTestSources *
kr_csrf_test_sources_new (guint64 seed, gint64 unix_ms)
{
  KrCsrfTestSources *self = g_new0 (KrCsrfTestSources, 1);

  g_mutex_init (&self->lock);
  self->now = unix_ms;
  self->state = seed;
  self->budget = -1;
  return self;
}

/**
 * kr_csrf_test_sources_free:
 * @self: (transfer full): the sources
 *
 * Frees them. The key rings that they were installed in must be gone.
 *
 * Since: 0.1
 */
void
kr_csrf_test_sources_free (KrCsrfTestSources *self)
{
  g_mutex_clear (&self->lock);
  g_free (self);
}

/* SplitMix64: small, and no byte of the output looks like its neighbour. */
static guint64
next (KrCsrfTestSources *self)
{
  guint64 value = self->state += G_GUINT64_CONSTANT (0x9e3779b97f4a7c15);

  value = (value ^ value >> 30) * G_GUINT64_CONSTANT (0xbf58476d1ce4e5b9);
  value = (value ^ value >> 27) * G_GUINT64_CONSTANT (0x94d049bb133111eb);
  return value ^ value >> 31;
}

static gboolean
fill_random (guint8 *buffer, gsize len, gpointer user_data)
{
  KrCsrfTestSources *self = user_data;
  gboolean granted;

  g_mutex_lock (&self->lock);
  granted = self->budget != 0;
  if (self->budget > 0)
    self->budget--;
  for (gsize i = 0; granted && i < len; i++)
    buffer[i] = next (self) >> 56;
  g_mutex_unlock (&self->lock);
  return granted;
}

static gint64
tell_time (gpointer user_data)
{
  return kr_csrf_test_sources_get_time (user_data);
}

/**
 * kr_csrf_test_sources_install:
 * @self: the sources; they stay alive longer than @key_ring
 * @key_ring: a key ring that was not used yet
 *
 * Gives the sources to a key ring, and so to its protectors.
 *
 * Since: 0.1
 */
void
kr_csrf_test_sources_install (KrCsrfTestSources *self, KrCsrfKeyRing *key_ring)
{
  kr_csrf_key_ring_set_sources (key_ring, fill_random, tell_time, self, NULL);
}

/**
 * kr_csrf_test_sources_advance:
 * @self: the sources
 * @ms: milliseconds; negative ones set the clock back
 *
 * Moves the clock.
 *
 * Since: 0.1
 */
void
kr_csrf_test_sources_advance (KrCsrfTestSources *self, gint64 ms)
{
  g_mutex_lock (&self->lock);
  self->now += ms;
  g_mutex_unlock (&self->lock);
}

/**
 * kr_csrf_test_sources_get_time:
 * @self: the sources
 *
 * Tells the time.
 *
 * Returns: milliseconds since 1970
 *
 * Since: 0.1
 */
gint64
kr_csrf_test_sources_get_time (KrCsrfTestSources *self)
{
  gint64 now;

  g_mutex_lock (&self->lock);
  now = self->now;
  g_mutex_unlock (&self->lock);
  return now;
}

/**
 * kr_csrf_test_sources_set_random_budget:
 * @self: the sources
 * @calls: how many requests for random bytes still succeed, or -1 for all
 *
 * Makes the generator fail, to see what a program does without one.
 *
 * Since: 0.1
 */
void
kr_csrf_test_sources_set_random_budget (KrCsrfTestSources *self, int calls)
{
  g_mutex_lock (&self->lock);
  self->budget = calls;
  g_mutex_unlock (&self->lock);
}
