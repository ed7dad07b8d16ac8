/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* KrCsrfKeyRing: what changes its keys, in memory and in its file: rotation, revocation, another process. */
#include "config.h"

#include "kr-csrf-key-ring-private.h"

#include <gnutls/gnutls.h>

static gboolean
has_id (const KrCsrfKey *keys, guint n_keys, guint32 id)
{
  for (guint i = 0; i < n_keys; i++)
    if (keys[i].id == id)
      return TRUE;
  return FALSE;
}

static KrCsrfCode
make_key (KrCsrfKeyRing *self, KrCsrfKey *key, gint64 now, const KrCsrfKey *others, guint n_others)
{
  memset (key, 0, sizeof *key);
  do
    {
      if (!kr_csrf_key_ring_fill_random (self, (guint8 *) &key->id, sizeof key->id))
        return KR_CSRF_ERROR_RANDOM_FAILED;
    }
  while (key->id == 0 || has_id (others, n_others, key->id));
  if (!kr_csrf_key_ring_fill_random (self, key->secret, sizeof key->secret))
    return KR_CSRF_ERROR_RANDOM_FAILED;
  key->created = now;
  key->activates = now;
  key->retires = G_MAXINT64;
  return kr_csrf_key_derive (key) ? KR_CSRF_OK : KR_CSRF_ERROR_CRYPTO_FAILED;
}

static void
drop_key (KrCsrfKeySet *set, guint index)
{
  memmove (&set->keys[index], &set->keys[index + 1], (--set->n_keys - index) * sizeof (KrCsrfKey));
}

/* A new key, that issues when all processes know it; what issues now retires then, what is over goes. */
static KrCsrfCode
add_key (KrCsrfKeyRing *self, KrCsrfKeySet *set, gint64 now)
{
  gboolean has_active = FALSE;
  KrCsrfKey key;
  KrCsrfCode code;

  for (guint i = set->n_keys; i-- > 0;)
    if (kr_csrf_key_ring_is_over (self, &set->keys[i], now))
      drop_key (set, i);
    else
      has_active |= set->keys[i].revoked == 0 && set->keys[i].activates <= now && now < set->keys[i].retires;
  code = make_key (self, &key, now, set->keys, set->n_keys);
  if (code != KR_CSRF_OK)
    {
      gnutls_memset (&key, 0, sizeof key);
      return code;
    }
  if (has_active)
    key.activates += self->path != NULL ? self->propagation_delay : 0;
  for (guint i = 0; i < set->n_keys; i++)
    set->keys[i].retires = MIN (set->keys[i].retires, key.activates);
  while (set->n_keys >= KR_CSRF_MAX_KEYS)
    drop_key (set, set->n_keys - 1);
  memmove (&set->keys[1], &set->keys[0], set->n_keys++ * sizeof (KrCsrfKey));
  set->keys[0] = key;
  gnutls_memset (&key, 0, sizeof key);
  return KR_CSRF_OK;
}

/* Whether the active key is about to end, or there is none, and nobody has made its successor yet. A successor later than
 * any process makes one was made by a clock that was wrong: waiting for it, the active key would never end. */
gboolean
kr_csrf_key_ring_is_due (KrCsrfKeyRing *self, const KrCsrfRing *ring, gint64 now)
{
  const KrCsrfKey *active = kr_csrf_ring_find_active (ring, now);
  gint64 delay = self->path != NULL ? MIN (self->propagation_delay, self->rotation_period / 2) : 0;

  return active == NULL || (active->retires > now + MAX (self->rotation_period, self->propagation_delay) &&
                            now - active->activates >= self->rotation_period - delay);
}

/* Called with the lock held; takes over @ring. */
static void
take_ring (KrCsrfKeyRing *self, KrCsrfRing *ring)
{
  g_clear_pointer (&self->ring, kr_csrf_ring_unref);
  self->ring = ring;
  g_atomic_pointer_set (&self->generation, ring->generation);
}

static void
take_set (KrCsrfKeyRing *self, const KrCsrfKeySet *set)
{
  take_ring (self, kr_csrf_ring_new (set->keys, set->n_keys));
}

/* Called with the lock held. */
static KrCsrfCode
load (KrCsrfKeyRing *self, KrCsrfKeySet *set, gboolean *missing)
{
  KrCsrfKeyFileStamp stamp;
  KrCsrfCode code = kr_csrf_key_file_read (self->path, set, &stamp, missing);

  if (code != KR_CSRF_OK)
    return code;
  self->stamp = stamp;
  take_set (self, set);
  return KR_CSRF_OK;
}

/* Reads the file. Called with the lock held. */
KrCsrfCode
kr_csrf_key_ring_load (KrCsrfKeyRing *self, gboolean *missing)
{
  KrCsrfKeySet set;
  KrCsrfCode code = load (self, &set, missing);

  gnutls_memset (&set, 0, sizeof set);
  return code;
}

/* Called with the lock of the ring and, if there is a file, that of the file held; @set is the newest state. */
static KrCsrfCode
change_set (KrCsrfKeyRing *self, KrCsrfKeySet *set, KrCsrfKeyRingChange change, gint64 now, guint32 key_id)
{
  KrCsrfCode code = change (self, set, now, key_id), write_code;
  KrCsrfKeyFileStamp stamp;

  if (code != KR_CSRF_OK && code != KR_CSRF_ERROR_NO_ACTIVE_KEY)
    return code;
  if (self->path != NULL)
    {
      write_code = kr_csrf_key_file_write (self->path, set, &stamp);
      if (write_code != KR_CSRF_OK)
        return write_code;
      self->stamp = stamp;
    }
  take_set (self, set);
  return code;
}

static void
take_keys (KrCsrfKeySet *set, const KrCsrfRing *ring)
{
  set->n_keys = ring != NULL ? ring->n_keys : 0;
  if (set->n_keys > 0)
    memcpy (set->keys, ring->keys, set->n_keys * sizeof (KrCsrfKey));
}

/* Called with the lock held. */
static KrCsrfCode
change_file (KrCsrfKeyRing *self, KrCsrfKeySet *set, KrCsrfKeyRingChange change, gint64 now, guint32 key_id)
{
  int lock;
  gboolean missing;
  KrCsrfCode code = kr_csrf_key_file_lock (self->path, &lock);

  if (code != KR_CSRF_OK)
    return code;
  /* Another process may have done the same meanwhile, or something else: what is in the file counts. */
  code = load (self, set, &missing);
  if (missing && (self->auto_create || self->ring != NULL))
    {
      /* Deleting the file is a way to end all tokens, where one is made again by itself. */
      take_keys (set, self->auto_create ? NULL : self->ring);
      code = KR_CSRF_OK;
    }
  if (code == KR_CSRF_OK)
    code = change_set (self, set, change, now, key_id);
  kr_csrf_key_file_unlock (lock);
  return code;
}

/* Called with the lock held. */
KrCsrfCode
kr_csrf_key_ring_apply (KrCsrfKeyRing *self, KrCsrfKeyRingChange change, gint64 now, guint32 key_id)
{
  KrCsrfKeySet set;
  KrCsrfCode code;

  take_keys (&set, self->path == NULL ? self->ring : NULL);
  if (self->path != NULL)
    code = change_file (self, &set, change, now, key_id);
  else
    code = change_set (self, &set, change, now, key_id);
  gnutls_memset (&set, 0, sizeof set);
  return code;
}

KrCsrfCode
kr_csrf_key_ring_rotate_always (KrCsrfKeyRing *self, KrCsrfKeySet *set, gint64 now, guint32 key_id)
{
  return add_key (self, set, now);
}

KrCsrfCode
kr_csrf_key_ring_rotate_if_due (KrCsrfKeyRing *self, KrCsrfKeySet *set, gint64 now, guint32 key_id)
{
  g_autoptr (KrCsrfRing) ring = kr_csrf_ring_new (set->keys, set->n_keys);

  return kr_csrf_key_ring_is_due (self, ring, now) ? add_key (self, set, now) : KR_CSRF_OK;
}

/* A revocation must be written even if no successor can be made. */
KrCsrfCode
kr_csrf_key_ring_revoke_key (KrCsrfKeyRing *self, KrCsrfKeySet *set, gint64 now, guint32 key_id)
{
  gboolean found = FALSE, usable = FALSE;

  for (guint i = 0; i < set->n_keys; i++)
    {
      KrCsrfKey *key = &set->keys[i];

      if (key->id == key_id)
        {
          found = TRUE;
          key->revoked = key->revoked != 0 ? key->revoked : MAX (now, 1);
        }
      usable |= key->revoked == 0 && key->activates <= now && now < key->retires;
    }
  if (!found)
    return KR_CSRF_ERROR_TOKEN_UNKNOWN_KEY;
  return usable || add_key (self, set, now) == KR_CSRF_OK ? KR_CSRF_OK : KR_CSRF_ERROR_NO_ACTIVE_KEY;
}

/* Called with the lock held: what other processes have done to the file. */
KrCsrfCode
kr_csrf_key_ring_refresh (KrCsrfKeyRing *self, gboolean force)
{
  KrCsrfKeyFileStamp stamp;
  gboolean missing = FALSE;
  KrCsrfCode code;

  if (self->path == NULL)
    return KR_CSRF_OK;
  if (!force && kr_csrf_key_file_stamp (self->path, &stamp) && kr_csrf_key_file_stamp_equal (&stamp, &self->stamp))
    return KR_CSRF_OK;
  code = kr_csrf_key_ring_load (self, &missing);
  if (missing && self->auto_create)
    {
      g_message ("The key ring is gone, and with it all tokens; a new one is made");
      code = kr_csrf_key_ring_apply (self, kr_csrf_key_ring_rotate_if_due, kr_csrf_key_ring_get_time (self), 0);
    }
  return code;
}
