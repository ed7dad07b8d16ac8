/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* KrCsrfKeyRing: the secrets that tokens are signed with. */
#include "config.h"

#include "kr-csrf-key-ring-private.h"

#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <time.h>

#include "kr-csrf-random-private.h"

/**
 * KrCsrfKeyRing:
 *
 * The secrets that tokens are signed with.
 *
 * One key is active: it signs what is issued. The keys before it still verify what they signed, until the grace after
 * their retirement ends, so that a rotation breaks no page that is open. A revoked key verifies nothing from that moment.
 *
 * An ephemeral ring lives in memory: when the process ends, its tokens end.
 *
 * All functions may be called from any thread. A ring may serve several protectors; what one of them issued is worth
 * nothing to another with a different [property@KrCsrf.Protector:app-id].
 *
 * Since: 0.1
 */
struct _KrCsrfKeyRing
{
  GObject parent_instance;

  GMutex lock;         /* guards ring; held while keys are made, never while calling out to a signal */
  KrCsrfRing *ring;    /* immutable; NULL until the first use */
  gsize generation;    /* atomic: that of ring, or 0 */

  gint64 rotation_period;  /* ms */
  gint64 retire_grace;     /* ms */

  KrCsrfRandomFunc random_func;
  KrCsrfTimeFunc time_func;  /* NULL: the real clock */
  gpointer sources_data;
  GDestroyNotify sources_destroy;
};

typedef enum
{
  PROP_ROTATION_PERIOD = 1,
  PROP_RETIRE_GRACE,
  PROP_ACTIVE_KEY_ID,
} KrCsrfKeyRingProperty;
static GParamSpec *props[PROP_ACTIVE_KEY_ID + 1];

typedef enum
{
  SIGNAL_CHANGED,
} KrCsrfKeyRingSignal;
static guint signals[SIGNAL_CHANGED + 1];

/**
 * kr_csrf_key_ring_get_type:
 *
 * Gets the type of #KrCsrfKeyRing.
 *
 * Returns: the type
 *
 * Since: 0.1
 */
G_DEFINE_FINAL_TYPE (KrCsrfKeyRing, kr_csrf_key_ring, G_TYPE_OBJECT)

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

/* Called with the lock held; takes over @ring. */
static void
take_ring (KrCsrfKeyRing *self, KrCsrfRing *ring)
{
  g_clear_pointer (&self->ring, kr_csrf_ring_unref);
  self->ring = ring;
  g_atomic_pointer_set (&self->generation, ring->generation);
}

static gboolean
is_over (KrCsrfKeyRing *self, const KrCsrfKey *key, gint64 now)
{
  return key->retires != G_MAXINT64 && now >= key->retires + self->retire_grace;
}

/* Called with the lock held: a new key in front, what issued until now retires, what is over goes. */
static KrCsrfCode
add_key (KrCsrfKeyRing *self, gint64 now)
{
  KrCsrfKey keys[KR_CSRF_MAX_KEYS];
  guint n_keys = 1;
  KrCsrfCode code;

  for (guint i = 0; self->ring != NULL && i < self->ring->n_keys && n_keys < KR_CSRF_MAX_KEYS; i++)
    if (!is_over (self, &self->ring->keys[i], now))
      {
        keys[n_keys] = self->ring->keys[i];
        keys[n_keys].retires = MIN (keys[n_keys].retires, now);
        n_keys++;
      }
  code = make_key (self, &keys[0], now, keys + 1, n_keys - 1);
  if (code == KR_CSRF_OK)
    take_ring (self, kr_csrf_ring_new (keys, n_keys));
  gnutls_memset (keys, 0, sizeof keys);
  return code;
}

static gboolean
is_due (KrCsrfKeyRing *self, const KrCsrfRing *ring, gint64 now)
{
  const KrCsrfKey *active = kr_csrf_ring_find_active (ring, now);

  return active == NULL ? ring->n_keys == 0 : now - active->activates >= self->rotation_period;
}

/* The signer of this thread for the keys as they are now. Valid until the thread uses another ring. */
KrCsrfCode
kr_csrf_key_ring_get_signer (KrCsrfKeyRing *self, gint64 now, KrCsrfSigner **signer)
{
  gsize generation = (gsize) g_atomic_pointer_get (&self->generation);
  g_autoptr (KrCsrfRing) ring = NULL;
  KrCsrfCode code = KR_CSRF_OK;

  *signer = generation != 0 ? kr_csrf_signer_lookup (generation) : NULL;
  if (G_LIKELY (*signer != NULL) && !is_due (self, kr_csrf_signer_get_ring (*signer), now))
    return KR_CSRF_OK;

  g_mutex_lock (&self->lock);
  if (self->ring == NULL || is_due (self, self->ring, now))
    code = add_key (self, now);
  if (self->ring != NULL)
    ring = kr_csrf_ring_ref (self->ring);
  g_mutex_unlock (&self->lock);
  /* An old key is better than none: a rotation that failed is tried again with the next request. */
  if (ring == NULL)
    return code;
  *signer = kr_csrf_signer_lookup (ring->generation);
  if (*signer == NULL)
    *signer = kr_csrf_signer_add (g_steal_pointer (&ring));
  return KR_CSRF_OK;
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

static void
emit_changed (KrCsrfKeyRing *self)
{
  g_signal_emit (self, signals[SIGNAL_CHANGED], 0);
}

/**
 * kr_csrf_key_ring_rotate:
 * @self: a key ring
 * @error: return location for an error
 *
 * Makes a new key the active one; the one before only verifies from now on, until the grace ends.
 *
 * Errors: %KR_CSRF_ERROR_RANDOM_FAILED and %KR_CSRF_ERROR_CRYPTO_FAILED; the ring is then as before.
 *
 * Returns: %TRUE if the ring was rotated
 *
 * Since: 0.1
 */
gboolean
kr_csrf_key_ring_rotate (KrCsrfKeyRing *self, GError **error)
{
  KrCsrfCode code;

  g_return_val_if_fail (KR_CSRF_IS_KEY_RING (self), FALSE);

  g_mutex_lock (&self->lock);
  code = add_key (self, kr_csrf_key_ring_get_time (self));
  g_mutex_unlock (&self->lock);
  if (code == KR_CSRF_OK)
    emit_changed (self);
  return kr_csrf_error_set (error, code);
}

/* Called with the lock held. */
static KrCsrfCode
revoke_key (KrCsrfKeyRing *self, guint32 key_id, gint64 now)
{
  g_autoptr (KrCsrfRing) ring = NULL;

  if (self->ring == NULL || !has_id (self->ring->keys, self->ring->n_keys, key_id))
    return KR_CSRF_ERROR_TOKEN_UNKNOWN_KEY;
  ring = kr_csrf_ring_new (self->ring->keys, self->ring->n_keys);
  for (guint i = 0; i < ring->n_keys; i++)
    if (ring->keys[i].id == key_id && ring->keys[i].revoked == 0)
      ring->keys[i].revoked = MAX (now, 1);
  take_ring (self, g_steal_pointer (&ring));
  return kr_csrf_ring_find_active (self->ring, now) == NULL ? add_key (self, now) : KR_CSRF_OK;
}

/**
 * kr_csrf_key_ring_revoke:
 * @self: a key ring
 * @key_id: the id of a key, as in [property@KrCsrf.KeyRing:active-key-id]
 * @error: return location for an error
 *
 * Ends a key at once: nothing that it signed is valid any more. If it was the active one, a new one takes its place.
 *
 * Errors: %KR_CSRF_ERROR_TOKEN_UNKNOWN_KEY if the ring has no such key; %KR_CSRF_ERROR_RANDOM_FAILED and
 * %KR_CSRF_ERROR_CRYPTO_FAILED if no new one could be made: the key is revoked all the same.
 *
 * Returns: %TRUE if the key is revoked and there is an active one
 *
 * Since: 0.1
 */
gboolean
kr_csrf_key_ring_revoke (KrCsrfKeyRing *self, guint32 key_id, GError **error)
{
  KrCsrfCode code;

  g_return_val_if_fail (KR_CSRF_IS_KEY_RING (self), FALSE);

  g_mutex_lock (&self->lock);
  code = revoke_key (self, key_id, kr_csrf_key_ring_get_time (self));
  g_mutex_unlock (&self->lock);
  if (code != KR_CSRF_ERROR_TOKEN_UNKNOWN_KEY)
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
    case PROP_ROTATION_PERIOD: g_value_set_uint (value, self->rotation_period / 1000); break;
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
    case PROP_ROTATION_PERIOD: self->rotation_period = (gint64) g_value_get_uint (value) * 1000; break;
    case PROP_RETIRE_GRACE: self->retire_grace = (gint64) g_value_get_uint (value) * 1000; break;
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
  g_mutex_clear (&self->lock);

  G_OBJECT_CLASS (kr_csrf_key_ring_parent_class)->finalize (object);
}

static void
kr_csrf_key_ring_class_init (KrCsrfKeyRingClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->get_property = kr_csrf_key_ring_get_property;
  object_class->set_property = kr_csrf_key_ring_set_property;
  object_class->finalize = kr_csrf_key_ring_finalize;

  /**
   * KrCsrfKeyRing:rotation-period:
   *
   * How long a key stays the active one, in seconds; the first token that is issued later makes a new one.
   *
   * Since: 0.1
   */
  props[PROP_ROTATION_PERIOD] =
    g_param_spec_uint ("rotation-period", NULL, NULL, 1, G_MAXUINT, 30 * 24 * 3600,
                       G_PARAM_READWRITE | G_PARAM_CONSTRUCT_ONLY | G_PARAM_STATIC_STRINGS);

  /**
   * KrCsrfKeyRing:retire-grace:
   *
   * How long a key verifies after it was the active one, in seconds. No shorter than the lifetime of a cookie, or
   * rotations break open pages.
   *
   * Since: 0.1
   */
  props[PROP_RETIRE_GRACE] =
    g_param_spec_uint ("retire-grace", NULL, NULL, 0, G_MAXUINT, 12 * 3600,
                       G_PARAM_READWRITE | G_PARAM_CONSTRUCT_ONLY | G_PARAM_STATIC_STRINGS);

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
