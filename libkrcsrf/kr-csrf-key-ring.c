/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* KrCsrfKeyRing: the secrets that tokens are signed with. */
#include "config.h"

#include "kr-csrf-key-ring-private.h"
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

gboolean
kr_csrf_key_ring_fill_random (KrCsrfKeyRing *self, guint8 *buffer, gsize len)
{
  return self->random_func (buffer, len, self->sources_data);
}

void
kr_csrf_key_ring_emit_changed (KrCsrfKeyRing *self)
{
  g_signal_emit (self, signals[SIGNAL_CHANGED], 0);
}

static gboolean
change (KrCsrfKeyRing *self, KrCsrfKeyRingChange function, guint32 key_id, GError **error)
{
  gsize before, after;
  KrCsrfCode code;

  g_mutex_lock (&self->lock);
  before = self->generation;
  code = kr_csrf_key_ring_apply (self, function, kr_csrf_key_ring_get_time (self), key_id);
  after = self->generation;
  g_mutex_unlock (&self->lock);
  if (before != after)
    kr_csrf_key_ring_emit_changed (self);
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

  return change (self, kr_csrf_key_ring_rotate_always, 0, error);
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

  return change (self, kr_csrf_key_ring_revoke_key, key_id, error);
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
  code = kr_csrf_key_ring_refresh (self, TRUE);
  after = self->generation;
  g_mutex_unlock (&self->lock);
  if (before != after)
    kr_csrf_key_ring_emit_changed (self);
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

  return self->path == NULL || kr_csrf_error_set (error, kr_csrf_key_ring_prepare (self));
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
