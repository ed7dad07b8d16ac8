/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* KrCsrfKeyRing: what signing and verifying ask of it, most often without a lock. */
#include "config.h"

#include "kr-csrf-key-ring-private.h"

#include <time.h>

/* The coarse clock is 4 ms off at most and costs a quarter of the fine one. */
gint64
kr_csrf_key_ring_get_time (KrCsrfKeyRing *self)
{
  struct timespec now;

  if (self->time_func != NULL)
    return self->time_func (self->sources_data);
#ifdef CLOCK_REALTIME_COARSE
  clock_gettime (CLOCK_REALTIME_COARSE, &now);
#else
  clock_gettime (CLOCK_REALTIME, &now);
#endif
  return (gint64) now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Called with the lock held. An old ring is better than none: what failed is tried again after the next period. */
static void
maintain (KrCsrfKeyRing *self, gint64 now)
{
  KrCsrfCode code = kr_csrf_key_ring_refresh (self, FALSE);

  if (code == KR_CSRF_OK && (self->ring == NULL || kr_csrf_key_ring_is_due (self, self->ring, now)))
    code = kr_csrf_key_ring_apply (self, kr_csrf_key_ring_rotate_if_due, now, 0);
  if (code != KR_CSRF_OK)
    g_message ("The key ring stays as it is: %s", kr_csrf_code_to_string (code));
}

/* TRUE for one thread per @interval, whichever way the clock goes. */
static gboolean
claim (gint64 *last, gint64 now, gint64 interval)
{
  gint64 then = __atomic_load_n (last, __ATOMIC_RELAXED);

  if (G_LIKELY (then != 0 && ABS (now - then) < interval))
    return FALSE;
  return __atomic_compare_exchange_n (last, &then, MAX (now, 1), FALSE, __ATOMIC_RELAXED, __ATOMIC_RELAXED);
}

static KrCsrfCode
first_ring (KrCsrfKeyRing *self, gint64 now)
{
  gboolean missing = FALSE;
  KrCsrfCode code = KR_CSRF_OK;

  if (self->path != NULL)
    {
      code = kr_csrf_key_ring_load (self, &missing);
      if (code != KR_CSRF_OK && !(missing && self->auto_create))
        return code;
    }
  if (self->ring == NULL || kr_csrf_key_ring_is_due (self, self->ring, now))
    code = kr_csrf_key_ring_apply (self, kr_csrf_key_ring_rotate_if_due, now, 0);
  /* What was read serves even if the successor of its active key cannot be written. */
  return self->ring != NULL ? KR_CSRF_OK : code;
}

/* Called without the lock: the ring as it is after what is due was done. */
static KrCsrfCode
get_ring (KrCsrfKeyRing *self, gint64 now, gboolean due, KrCsrfRing **ring)
{
  KrCsrfCode code = KR_CSRF_OK;
  gsize before, after;

  g_mutex_lock (&self->lock);
  before = self->generation;
  if (self->ring == NULL)
    code = first_ring (self, now);
  else if (due)
    maintain (self, now);
  after = self->generation;
  *ring = self->ring != NULL ? kr_csrf_ring_ref (self->ring) : NULL;
  g_mutex_unlock (&self->lock);
  if (before != 0 && before != after)
    kr_csrf_key_ring_emit_changed (self);
  return *ring != NULL ? KR_CSRF_OK : code;
}

/* Reads the file, or makes it, before anything is signed. */
KrCsrfCode
kr_csrf_key_ring_prepare (KrCsrfKeyRing *self)
{
  gint64 now = kr_csrf_key_ring_get_time (self);
  g_autoptr (KrCsrfRing) ring = NULL;

  return get_ring (self, now, claim (&self->checked, now, self->reload_period), &ring);
}

/* The signer of this thread for the keys as they are now. Valid until the thread uses another ring. */
KrCsrfCode
kr_csrf_key_ring_get_signer (KrCsrfKeyRing *self, gint64 now, KrCsrfSigner **signer)
{
  gsize generation = (gsize) g_atomic_pointer_get (&self->generation);
  gboolean due = claim (&self->checked, now, MIN (self->reload_period, self->rotation_period));
  g_autoptr (KrCsrfRing) ring = NULL;
  KrCsrfCode code;

  *signer = generation != 0 ? kr_csrf_signer_lookup (generation) : NULL;
  if (G_LIKELY (*signer != NULL && !due))
    return KR_CSRF_OK;
  code = get_ring (self, now, due, &ring);
  if (code != KR_CSRF_OK)
    return code;
  *signer = kr_csrf_signer_lookup (ring->generation);
  if (*signer == NULL)
    *signer = kr_csrf_signer_add (g_steal_pointer (&ring));
  return KR_CSRF_OK;
}

#define SEARCH_INTERVAL 1000

/* A key that is not known here may be one that another process has just made. Not more often than once in a second, or
 * forged tokens would keep the disk busy. TRUE if the ring is another one now. */
gboolean
kr_csrf_key_ring_search (KrCsrfKeyRing *self, gint64 now)
{
  gsize before, after;

  if (self->path == NULL || !claim (&self->searched, now, SEARCH_INTERVAL))
    return FALSE;
  g_mutex_lock (&self->lock);
  before = self->generation;
  kr_csrf_key_ring_refresh (self, FALSE);
  after = self->generation;
  g_mutex_unlock (&self->lock);
  if (before == after)
    return FALSE;
  kr_csrf_key_ring_emit_changed (self);
  return TRUE;
}

/* The key that verifies what @id signed. */
KrCsrfCode
kr_csrf_key_ring_find_key (KrCsrfKeyRing *self, KrCsrfSigner *signer, guint32 id, gint64 now, const KrCsrfKey **key)
{
  *key = kr_csrf_signer_find (signer, id);
  if (*key == NULL || kr_csrf_key_ring_is_over (self, *key, now))
    return KR_CSRF_ERROR_TOKEN_UNKNOWN_KEY;
  return (*key)->revoked != 0 ? KR_CSRF_ERROR_KEY_REVOKED : KR_CSRF_OK;
}
