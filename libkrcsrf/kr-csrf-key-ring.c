/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* KrCsrfKeyRing: the secrets that tokens are signed with. */
#include "config.h"

#include "kr-csrf-key-ring-private.h"

#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <time.h>

#include "kr-csrf-key-file-private.h"
#include "kr-csrf-random-private.h"

/**
 * KrCsrfKeyRing:
 *
 * The secrets that tokens are signed with.
 *
 * One key is active: it signs what is issued. The keys before it still verify what they signed, until the grace after
 * their retirement ends, so that a rotation breaks no page that is open. A revoked key verifies nothing from that
 * moment.
 *
 * An ephemeral ring lives in memory: when the process ends, its tokens end. A ring with a file outlives it, and several
 * processes share it: a key that one of them adds becomes the active one for all of them after the propagation delay,
 * when each has read it; a revocation is seen within the reload period. The file is the user's own with mode 0600, and
 * next to it lies another with ".lock" at its end.
 *
 * All functions may be called from any thread. A ring may serve several protectors; what one of them issued is worth
 * nothing to another with a different [property@KrCsrf.Protector:app-id].
 *
 * Since: 0.1
 */
struct _KrCsrfKeyRing
{
  GObject parent_instance;

  GMutex lock;               /* guards ring and stamp; held while keys are made and files read, but not for signals */
  KrCsrfRing *ring;          /* immutable; NULL until the first use */
  KrCsrfKeyFileStamp stamp;  /* of the file that ring was read from */
  gsize generation;          /* atomic: that of ring, or 0 */
  gint64 checked;            /* atomic: when somebody last looked whether anything is due */
  gint64 searched;           /* atomic: when a file was last read for the sake of an unknown key */

  char *path;                /* NULL: in memory */
  gboolean auto_create;
  gint64 rotation_period;    /* all in ms */
  gint64 propagation_delay;
  gint64 retire_grace;
  gint64 reload_period;

  KrCsrfRandomFunc random_func;
  KrCsrfTimeFunc time_func;  /* NULL: the real clock */
  gpointer sources_data;
  GDestroyNotify sources_destroy;
};

typedef enum
{
  PROP_PATH = 1,
  PROP_AUTO_CREATE,
  PROP_ROTATION_PERIOD,
  PROP_PROPAGATION_DELAY,
  PROP_RETIRE_GRACE,
  PROP_RELOAD_PERIOD,
  PROP_ACTIVE_KEY_ID,
} KrCsrfKeyRingProperty;
static GParamSpec *props[PROP_ACTIVE_KEY_ID + 1];

typedef enum
{
  SIGNAL_CHANGED,
} KrCsrfKeyRingSignal;
static guint signals[SIGNAL_CHANGED + 1];

static void kr_csrf_key_ring_initable_iface_init (GInitableIface *iface);

/**
 * kr_csrf_key_ring_get_type:
 *
 * Gets the type of #KrCsrfKeyRing.
 *
 * Returns: the type
 *
 * Since: 0.1
 */
G_DEFINE_FINAL_TYPE_WITH_CODE (KrCsrfKeyRing, kr_csrf_key_ring, G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (G_TYPE_INITABLE, kr_csrf_key_ring_initable_iface_init))

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

gboolean
kr_csrf_key_ring_fill_random (KrCsrfKeyRing *self, guint8 *buffer, gsize len)
{
  return self->random_func (buffer, len, self->sources_data);
}

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

static gboolean
is_over (KrCsrfKeyRing *self, const KrCsrfKey *key, gint64 now)
{
  return key->retires != G_MAXINT64 && now >= key->retires + self->retire_grace;
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
    if (is_over (self, &set->keys[i], now))
      drop_key (set, i);
    else
      has_active |= set->keys[i].revoked == 0 && set->keys[i].activates <= now && now < set->keys[i].retires;
  code = make_key (self, &key, now, set->keys, set->n_keys);
  if (code != KR_CSRF_OK)
    return code;
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

/* Whether the active key is about to end, or there is none, and nobody has made its successor yet. */
static gboolean
is_due (KrCsrfKeyRing *self, const KrCsrfRing *ring, gint64 now)
{
  const KrCsrfKey *active = kr_csrf_ring_find_active (ring, now);
  gint64 delay = self->path != NULL ? MIN (self->propagation_delay, self->rotation_period / 2) : 0;

  return active == NULL || (active->retires == G_MAXINT64 && now - active->activates >= self->rotation_period - delay);
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

typedef KrCsrfCode (*Change) (KrCsrfKeyRing *self, KrCsrfKeySet *set, gint64 now, guint32 key_id);

/* Called with the lock of the ring and, if there is a file, that of the file held; @set is the newest state. */
static KrCsrfCode
change_set (KrCsrfKeyRing *self, KrCsrfKeySet *set, Change change, gint64 now, guint32 key_id)
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
change_file (KrCsrfKeyRing *self, KrCsrfKeySet *set, Change change, gint64 now, guint32 key_id)
{
  int fd = kr_csrf_key_file_lock (self->path);
  gboolean missing;
  KrCsrfCode code;

  if (fd < 0)
    return KR_CSRF_ERROR_KEYRING_IO;
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
  kr_csrf_key_file_unlock (fd);
  return code;
}

/* Called with the lock held. */
static KrCsrfCode
change_ring (KrCsrfKeyRing *self, Change change, gint64 now, guint32 key_id)
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

static KrCsrfCode
rotate_always (KrCsrfKeyRing *self, KrCsrfKeySet *set, gint64 now, guint32 key_id)
{
  return add_key (self, set, now);
}

static KrCsrfCode
rotate_if_due (KrCsrfKeyRing *self, KrCsrfKeySet *set, gint64 now, guint32 key_id)
{
  g_autoptr (KrCsrfRing) ring = kr_csrf_ring_new (set->keys, set->n_keys);

  return is_due (self, ring, now) ? add_key (self, set, now) : KR_CSRF_OK;
}

/* A revocation must be written even if no successor can be made. */
static KrCsrfCode
revoke_key (KrCsrfKeyRing *self, KrCsrfKeySet *set, gint64 now, guint32 key_id)
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
static KrCsrfCode
reload (KrCsrfKeyRing *self, gboolean force)
{
  KrCsrfKeyFileStamp stamp;
  gboolean missing = FALSE;
  KrCsrfKeySet set;
  KrCsrfCode code;

  if (self->path == NULL)
    return KR_CSRF_OK;
  if (!force && kr_csrf_key_file_stamp (self->path, &stamp) && kr_csrf_key_file_stamp_equal (&stamp, &self->stamp))
    return KR_CSRF_OK;
  set.n_keys = 0;
  code = load (self, &set, &missing);
  gnutls_memset (&set, 0, sizeof set);
  if (missing && self->auto_create)
    {
      g_message ("The key ring is gone, and with it all tokens; a new one is made");
      code = change_ring (self, rotate_if_due, kr_csrf_key_ring_get_time (self), 0);
    }
  return code;
}

/* Called with the lock held. An old ring is better than none: what failed is tried again after the next period. */
static void
maintain (KrCsrfKeyRing *self, gint64 now)
{
  KrCsrfCode code = reload (self, FALSE);

  if (code == KR_CSRF_OK && (self->ring == NULL || is_due (self, self->ring, now)))
    code = change_ring (self, rotate_if_due, now, 0);
  if (code != KR_CSRF_OK)
    g_message ("The key ring stays as it is: %s", kr_csrf_code_to_string (code));
}

static void
emit_changed (KrCsrfKeyRing *self)
{
  g_signal_emit (self, signals[SIGNAL_CHANGED], 0);
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
  KrCsrfKeySet set;
  KrCsrfCode code = KR_CSRF_OK;

  if (self->path != NULL)
    {
      code = load (self, &set, &missing);
      gnutls_memset (&set, 0, sizeof set);
      if (code != KR_CSRF_OK && !(missing && self->auto_create))
        return code;
    }
  if (self->ring == NULL || is_due (self, self->ring, now))
    code = change_ring (self, rotate_if_due, now, 0);
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
    emit_changed (self);
  return *ring != NULL ? KR_CSRF_OK : code;
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
  reload (self, FALSE);
  after = self->generation;
  g_mutex_unlock (&self->lock);
  if (before == after)
    return FALSE;
  emit_changed (self);
  return TRUE;
}

/* The key that verifies what @id signed. */
KrCsrfCode
kr_csrf_key_ring_find_key (KrCsrfKeyRing *self, KrCsrfSigner *signer, guint32 id, gint64 now, const KrCsrfKey **key)
{
  *key = kr_csrf_signer_find (signer, id);
  if (*key == NULL || is_over (self, *key, now))
    return KR_CSRF_ERROR_TOKEN_UNKNOWN_KEY;
  return (*key)->revoked != 0 ? KR_CSRF_ERROR_KEY_REVOKED : KR_CSRF_OK;
}

static gboolean
change (KrCsrfKeyRing *self, Change function, guint32 key_id, GError **error)
{
  gsize before, after;
  KrCsrfCode code;

  g_mutex_lock (&self->lock);
  before = self->generation;
  code = change_ring (self, function, kr_csrf_key_ring_get_time (self), key_id);
  after = self->generation;
  g_mutex_unlock (&self->lock);
  if (before != after)
    emit_changed (self);
  return kr_csrf_error_set (error, code);
}

/**
 * kr_csrf_key_ring_rotate:
 * @self: a key ring
 * @error: return location for an error
 *
 * Makes a new key. It becomes the active one at once, or, with a file, after the propagation delay; the one before only
 * verifies from then on, until the grace ends.
 *
 * Rotation happens by itself after each [property@KrCsrf.KeyRing:rotation-period].
 *
 * Errors: %KR_CSRF_ERROR_RANDOM_FAILED, %KR_CSRF_ERROR_CRYPTO_FAILED, %KR_CSRF_ERROR_KEYRING_IO,
 * %KR_CSRF_ERROR_KEYRING_PERMISSIONS, %KR_CSRF_ERROR_KEYRING_CORRUPT; the ring is then as before.
 *
 * Returns: %TRUE if the ring was rotated
 *
 * Since: 0.1
 */
gboolean
kr_csrf_key_ring_rotate (KrCsrfKeyRing *self, GError **error)
{
  g_return_val_if_fail (KR_CSRF_IS_KEY_RING (self), FALSE);

  return change (self, rotate_always, 0, error);
}

/**
 * kr_csrf_key_ring_revoke:
 * @self: a key ring
 * @key_id: the id of a key, as in [property@KrCsrf.KeyRing:active-key-id]
 * @error: return location for an error
 *
 * Ends a key at once: nothing that it signed is valid any more. If it was the active one, a new one takes its place.
 * With a file, other processes see it within their reload period.
 *
 * Errors: %KR_CSRF_ERROR_TOKEN_UNKNOWN_KEY if the ring has no such key; %KR_CSRF_ERROR_NO_ACTIVE_KEY if no new one
 * could be made, though the key is revoked; and the codes about the file, with which nothing is revoked.
 *
 * Returns: %TRUE if the key is revoked and there is an active one
 *
 * Since: 0.1
 */
gboolean
kr_csrf_key_ring_revoke (KrCsrfKeyRing *self, guint32 key_id, GError **error)
{
  g_return_val_if_fail (KR_CSRF_IS_KEY_RING (self), FALSE);

  return change (self, revoke_key, key_id, error);
}

/**
 * kr_csrf_key_ring_reload:
 * @self: a key ring
 * @error: return location for an error
 *
 * Reads the file now, instead of within the reload period. Without a file it does nothing.
 *
 * Errors: %KR_CSRF_ERROR_KEYRING_IO, %KR_CSRF_ERROR_KEYRING_PERMISSIONS, %KR_CSRF_ERROR_KEYRING_CORRUPT; the ring is
 * then as before.
 *
 * Returns: %TRUE if the ring is what the file says
 *
 * Since: 0.1
 */
gboolean
kr_csrf_key_ring_reload (KrCsrfKeyRing *self, GError **error)
{
  gsize before, after;
  KrCsrfCode code;

  g_return_val_if_fail (KR_CSRF_IS_KEY_RING (self), FALSE);

  g_mutex_lock (&self->lock);
  before = self->generation;
  code = reload (self, TRUE);
  after = self->generation;
  g_mutex_unlock (&self->lock);
  if (before != after)
    emit_changed (self);
  return kr_csrf_error_set (error, code);
}

/**
 * kr_csrf_key_ring_get_active_key_id: (get-property active-key-id)
 * @self: a key ring
 *
 * Gets the id of the key that signs what is issued now.
 *
 * Returns: the id, or 0 if there is no active key
 *
 * Since: 0.1
 */
guint32
kr_csrf_key_ring_get_active_key_id (KrCsrfKeyRing *self)
{
  gint64 now;
  KrCsrfSigner *signer;
  const KrCsrfKey *key = NULL;

  g_return_val_if_fail (KR_CSRF_IS_KEY_RING (self), 0);

  now = kr_csrf_key_ring_get_time (self);
  if (kr_csrf_key_ring_get_signer (self, now, &signer) == KR_CSRF_OK)
    key = kr_csrf_ring_find_active (kr_csrf_signer_get_ring (signer), now);
  return key != NULL ? key->id : 0;
}

/**
 * kr_csrf_key_ring_set_sources: (skip)
 * @self: a key ring that was not used yet
 * @random_func: (nullable): gives random bytes; %NULL for GnuTLS
 * @time_func: (nullable): tells the time; %NULL for the clock of the system
 * @user_data: the data of both functions
 * @destroy: (nullable): frees @user_data
 *
 * Takes random bytes and the time from somewhere else, such as a hardware generator; or, in tests, a virtual clock.
 *
 * Every protector of this ring uses them. What random bytes can be guessed makes tokens that can be forged.
 *
 * Since: 0.1
 */
void
kr_csrf_key_ring_set_sources (KrCsrfKeyRing *self, KrCsrfRandomFunc random_func, KrCsrfTimeFunc time_func,
                              gpointer user_data, GDestroyNotify destroy)
{
  g_return_if_fail (KR_CSRF_IS_KEY_RING (self));
  g_return_if_fail (self->generation == 0);

  if (self->sources_destroy != NULL)
    self->sources_destroy (self->sources_data);
  self->random_func = random_func != NULL ? random_func : kr_csrf_random_pool_fill;
  self->time_func = time_func;
  self->sources_data = user_data;
  self->sources_destroy = destroy;
}

static void
kr_csrf_key_ring_get_property (GObject *object, guint prop_id, GValue *value, GParamSpec *pspec)
{
  KrCsrfKeyRing *self = KR_CSRF_KEY_RING (object);

  switch ((KrCsrfKeyRingProperty) prop_id)
    {
    case PROP_PATH: g_value_set_string (value, self->path); break;
    case PROP_AUTO_CREATE: g_value_set_boolean (value, self->auto_create); break;
    case PROP_ROTATION_PERIOD: g_value_set_uint (value, self->rotation_period / 1000); break;
    case PROP_PROPAGATION_DELAY: g_value_set_uint (value, self->propagation_delay / 1000); break;
    case PROP_RELOAD_PERIOD: g_value_set_uint (value, self->reload_period / 1000); break;
    case PROP_RETIRE_GRACE: g_value_set_uint (value, self->retire_grace / 1000); break;
    case PROP_ACTIVE_KEY_ID: g_value_set_uint (value, kr_csrf_key_ring_get_active_key_id (self)); break;
    default: G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
kr_csrf_key_ring_set_property (GObject *object, guint prop_id, const GValue *value, GParamSpec *pspec)
{
  KrCsrfKeyRing *self = KR_CSRF_KEY_RING (object);

  switch ((KrCsrfKeyRingProperty) prop_id)
    {
    case PROP_PATH: self->path = g_value_dup_string (value); break;
    case PROP_AUTO_CREATE: self->auto_create = g_value_get_boolean (value); break;
    case PROP_ROTATION_PERIOD: self->rotation_period = (gint64) g_value_get_uint (value) * 1000; break;
    case PROP_PROPAGATION_DELAY: self->propagation_delay = (gint64) g_value_get_uint (value) * 1000; break;
    case PROP_RETIRE_GRACE: self->retire_grace = (gint64) g_value_get_uint (value) * 1000; break;
    case PROP_RELOAD_PERIOD: self->reload_period = (gint64) g_value_get_uint (value) * 1000; break;
    case PROP_ACTIVE_KEY_ID:
    default: G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
kr_csrf_key_ring_finalize (GObject *object)
{
  KrCsrfKeyRing *self = KR_CSRF_KEY_RING (object);

  if (self->sources_destroy != NULL)
    self->sources_destroy (self->sources_data);
  g_clear_pointer (&self->ring, kr_csrf_ring_unref);
  g_clear_pointer (&self->path, g_free);
  g_mutex_clear (&self->lock);

  G_OBJECT_CLASS (kr_csrf_key_ring_parent_class)->finalize (object);
}

#define CONSTRUCT (G_PARAM_READWRITE | G_PARAM_CONSTRUCT_ONLY | G_PARAM_STATIC_STRINGS)

static void
install_period_properties (void)
{
  /**
   * KrCsrfKeyRing:rotation-period:
   *
   * How long a key stays the active one, in seconds; then its successor takes over.
   *
   * Since: 0.1
   */
  props[PROP_ROTATION_PERIOD] =
    g_param_spec_uint ("rotation-period", NULL, NULL, 1, G_MAXUINT, 30 * 24 * 3600, CONSTRUCT);

  /**
   * KrCsrfKeyRing:propagation-delay:
   *
   * How long a new key waits in the file before it is used, in seconds, so that every process has read it by then. No
   * shorter than twice the reload period.
   *
   * Since: 0.1
   */
  props[PROP_PROPAGATION_DELAY] = g_param_spec_uint ("propagation-delay", NULL, NULL, 0, G_MAXUINT, 120, CONSTRUCT);

  /**
   * KrCsrfKeyRing:retire-grace:
   *
   * How long a key verifies after it was the active one, in seconds. No shorter than the lifetime of a cookie, or
   * rotations break open pages.
   *
   * Since: 0.1
   */
  props[PROP_RETIRE_GRACE] = g_param_spec_uint ("retire-grace", NULL, NULL, 0, G_MAXUINT, 12 * 3600, CONSTRUCT);

  /**
   * KrCsrfKeyRing:reload-period:
   *
   * How often the file is looked at, in seconds; a token of an unknown key makes it be looked at sooner.
   *
   * Since: 0.1
   */
  props[PROP_RELOAD_PERIOD] = g_param_spec_uint ("reload-period", NULL, NULL, 1, G_MAXUINT, 60, CONSTRUCT);
}

static void
kr_csrf_key_ring_class_init (KrCsrfKeyRingClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->get_property = kr_csrf_key_ring_get_property;
  object_class->set_property = kr_csrf_key_ring_set_property;
  object_class->finalize = kr_csrf_key_ring_finalize;

  install_period_properties ();

  /**
   * KrCsrfKeyRing:path:
   *
   * The file, or %NULL for a ring in memory.
   *
   * Since: 0.1
   */
  props[PROP_PATH] = g_param_spec_string ("path", NULL, NULL, NULL, CONSTRUCT);

  /**
   * KrCsrfKeyRing:auto-create:
   *
   * Whether a file that is not there is made. One that cannot be read, or is none, is never replaced.
   *
   * Since: 0.1
   */
  props[PROP_AUTO_CREATE] = g_param_spec_boolean ("auto-create", NULL, NULL, FALSE, CONSTRUCT);

  /**
   * KrCsrfKeyRing:active-key-id: (getter get_active_key_id)
   *
   * The id of the key that signs what is issued now; 0 if there is none.
   *
   * Since: 0.1
   */
  props[PROP_ACTIVE_KEY_ID] =
    g_param_spec_uint ("active-key-id", NULL, NULL, 0, G_MAXUINT32, 0, G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);
  g_object_class_install_properties (object_class, G_N_ELEMENTS (props), props);

  /**
   * KrCsrfKeyRing::changed:
   * @self: the key ring
   *
   * Emitted after a key was added or revoked, in the thread that did it.
   *
   * Since: 0.1
   */
  signals[SIGNAL_CHANGED] = g_signal_new ("changed", KR_CSRF_TYPE_KEY_RING, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                          G_TYPE_NONE, 0);
}

static void
kr_csrf_key_ring_init (KrCsrfKeyRing *self)
{
  g_mutex_init (&self->lock);
  self->random_func = kr_csrf_random_pool_fill;
}

static gboolean
kr_csrf_key_ring_initable_init (GInitable *initable, GCancellable *cancellable, GError **error)
{
  KrCsrfKeyRing *self = KR_CSRF_KEY_RING (initable);
  gint64 now = kr_csrf_key_ring_get_time (self);
  g_autoptr (KrCsrfRing) ring = NULL;

  if (self->path == NULL)
    return TRUE;
  return kr_csrf_error_set (error, get_ring (self, now, claim (&self->checked, now, self->reload_period), &ring));
}

static void
kr_csrf_key_ring_initable_iface_init (GInitableIface *iface)
{
  iface->init = kr_csrf_key_ring_initable_init;
}

/**
 * kr_csrf_key_ring_new_for_path:
 * @path: the file
 * @auto_create: whether it is made if it is not there
 * @error: return location for an error
 *
 * Makes a ring with a file. For other periods than the default ones, use g_initable_new() with the properties.
 *
 * Errors: %KR_CSRF_ERROR_KEYRING_IO, %KR_CSRF_ERROR_KEYRING_PERMISSIONS if the file is not a regular one of this user
 * with mode 0600, %KR_CSRF_ERROR_KEYRING_CORRUPT, %KR_CSRF_ERROR_RANDOM_FAILED, %KR_CSRF_ERROR_CRYPTO_FAILED.
 *
 * Returns: (transfer full) (nullable): a new key ring, or %NULL with @error set
 *
 * Since: 0.1
 */
KrCsrfKeyRing *
kr_csrf_key_ring_new_for_path (const char *path, gboolean auto_create, GError **error)
{
  g_return_val_if_fail (path != NULL, NULL);

  return g_initable_new (KR_CSRF_TYPE_KEY_RING, NULL, error, "path", path, "auto-create", auto_create, NULL);
}

/**
 * kr_csrf_key_ring_new_ephemeral:
 *
 * Makes a ring in memory; its first key is made when it is needed.
 *
 * Returns: (transfer full): a new key ring
 *
 * Since: 0.1
 */
KrCsrfKeyRing *
kr_csrf_key_ring_new_ephemeral (void)
{
  return g_object_new (KR_CSRF_TYPE_KEY_RING, NULL);
}
