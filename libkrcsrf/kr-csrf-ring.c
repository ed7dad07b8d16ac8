/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* KrCsrfRing: an immutable set of keys; KrCsrfSigner: one thread's MAC handles over it. */
#include "config.h"

#include "kr-csrf-ring-private.h"
#include "kr-csrf-secret-private.h"

#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>

/* What computes a MAC may not be shared between threads, and making one costs as much as a MAC. So each thread keeps
 * its own, for the few rings that it uses at a time; they are told apart by generation, so that a stale one is never
 * found. */
#define SIGNERS_PER_THREAD 4

struct _KrCsrfSigner
{
  KrCsrfRing *ring;   /* NULL: a free slot */
  KrCsrfHmac *macs;   /* KR_CSRF_N_KINDS for each key; not ready until needed */
};

typedef struct
{
  KrCsrfSigner signers[SIGNERS_PER_THREAD];
  guint next;  /* the slot to give away next */
} Cache;

static gsize
ring_size (guint n_keys)
{
  return sizeof (KrCsrfRing) + n_keys * sizeof (KrCsrfKey);
}

KrCsrfRing *
kr_csrf_ring_ref (KrCsrfRing *ring)
{
  g_atomic_ref_count_inc (&ring->ref_count);
  return ring;
}

void
kr_csrf_ring_unref (KrCsrfRing *ring)
{
  if (g_atomic_ref_count_dec (&ring->ref_count))
    kr_csrf_secret_free (ring, ring_size (ring->n_keys));
}

static int
compare_activation (const KrCsrfKey *left, const KrCsrfKey *right)
{
  if (left->activates != right->activates)
    return left->activates > right->activates ? -1 : 1;
  if (left->created != right->created)
    return left->created > right->created ? -1 : 1;
  return left->id < right->id ? -1 : left->id > right->id;
}

/* By insertion: qsort() would leave copies of keys in memory that it has freed. */
KrCsrfRing *
kr_csrf_ring_new (const KrCsrfKey *keys, guint n_keys)
{
  static gsize generations;
  KrCsrfRing *ring = kr_csrf_secret_alloc (ring_size (n_keys), FALSE);

  g_atomic_ref_count_init (&ring->ref_count);
  ring->generation = g_atomic_pointer_add (&generations, 1) + 1;
  ring->n_keys = n_keys;
  for (guint i = 0; i < n_keys; i++)
    {
      guint place = i;

      while (place > 0 && compare_activation (&keys[i], &ring->keys[place - 1]) < 0)
        place--;
      memmove (&ring->keys[place + 1], &ring->keys[place], (i - place) * sizeof (KrCsrfKey));
      ring->keys[place] = keys[i];
    }
  return ring;
}

/* One key per kind (HKDF, RFC 5869), so that no tag of one kind can ever be one of another. */
gboolean
kr_csrf_key_derive (KrCsrfKey *key)
{
  static const char *const info[KR_CSRF_N_KINDS] = { "krcsrf/v1/cookie", "krcsrf/v1/request", "krcsrf/v1/ticket" };
  gnutls_datum_t secret = { key->secret, sizeof key->secret };
  guint8 extracted[KR_CSRF_SECRET_SIZE];
  gnutls_datum_t prk = { extracted, sizeof extracted };
  gnutls_datum_t no_salt = { NULL, 0 };
  int result = gnutls_hkdf_extract (GNUTLS_MAC_SHA256, &secret, &no_salt, extracted);

  for (guint i = 0; result >= 0 && i < KR_CSRF_N_KINDS; i++)
    {
      gnutls_datum_t label = { (guint8 *) info[i], strlen (info[i]) };

      result = gnutls_hkdf_expand (GNUTLS_MAC_SHA256, &prk, &label, key->derived[i], sizeof key->derived[i]);
    }
  gnutls_memset (extracted, 0, sizeof extracted);
  return result >= 0;
}

/* The key to issue with at @now, or NULL. A key before its time is better than none: the clock may have been set
 * back. */
const KrCsrfKey *
kr_csrf_ring_find_active (const KrCsrfRing *ring, gint64 now)
{
  const KrCsrfKey *found = NULL;

  for (guint i = 0; i < ring->n_keys && (found == NULL || found->activates > now); i++)
    if (now < ring->keys[i].retires && ring->keys[i].revoked == 0)
      found = &ring->keys[i];
  return found;
}

static gsize
macs_size (const KrCsrfRing *ring)
{
  return MAX (ring->n_keys, 1) * KR_CSRF_N_KINDS * sizeof (KrCsrfHmac);
}

static void
signer_clear (KrCsrfSigner *self)
{
  if (self->ring == NULL)
    return;
  for (guint i = 0; i < self->ring->n_keys * KR_CSRF_N_KINDS; i++)
    kr_csrf_hmac_clear (&self->macs[i]);
  kr_csrf_secret_free (self->macs, macs_size (self->ring));
  g_clear_pointer (&self->ring, kr_csrf_ring_unref);
}

/* What cache_key holds, without a call. */
static __thread Cache *thread_cache;

static void
cache_free (gpointer data)
{
  Cache *cache = data;

  thread_cache = NULL;
  for (guint i = 0; i < SIGNERS_PER_THREAD; i++)
    signer_clear (&cache->signers[i]);
  g_free (cache);
}

static GPrivate cache_key = G_PRIVATE_INIT (cache_free);

/* This thread's signer for the ring of that generation, or NULL. Valid until this thread adds another. */
KrCsrfSigner *
kr_csrf_signer_lookup (gsize generation)
{
  Cache *cache = thread_cache;

  if (G_UNLIKELY (cache == NULL))
    return NULL;
  for (guint i = 0; i < SIGNERS_PER_THREAD; i++)
    if (cache->signers[i].ring != NULL && cache->signers[i].ring->generation == generation)
      return &cache->signers[i];
  return NULL;
}

/* Takes over @ring. */
KrCsrfSigner *
kr_csrf_signer_add (KrCsrfRing *ring)
{
  Cache *cache = thread_cache;
  KrCsrfSigner *self;

  if (cache == NULL)
    {
      cache = g_new0 (Cache, 1);
      g_private_set (&cache_key, cache);
      thread_cache = cache;
    }
  self = &cache->signers[cache->next];
  cache->next = (cache->next + 1) % SIGNERS_PER_THREAD;
  signer_clear (self);
  self->ring = ring;
  self->macs = kr_csrf_secret_alloc (macs_size (ring), FALSE);
  return self;
}

const KrCsrfRing *
kr_csrf_signer_get_ring (KrCsrfSigner *self)
{
  return self->ring;
}

const KrCsrfKey *
kr_csrf_signer_find (KrCsrfSigner *self, guint32 id)
{
  for (guint i = 0; i < self->ring->n_keys; i++)
    if (self->ring->keys[i].id == id)
      return &self->ring->keys[i];
  return NULL;
}

/* @key is one of the signer's ring. */
gboolean
kr_csrf_signer_mac (KrCsrfSigner *self, const KrCsrfKey *key, KrCsrfKind kind, KrCsrfMessage *message, gsize len,
                    guint8 mac[KR_CSRF_MAC_SIZE])
{
  KrCsrfHmac *hmac = &self->macs[(key - self->ring->keys) * KR_CSRF_N_KINDS + kind - 1];

  if (G_UNLIKELY (!hmac->ready) && !kr_csrf_hmac_init (hmac, key->derived[kind - 1], KR_CSRF_SECRET_SIZE))
    return FALSE;
  return kr_csrf_hmac_compute (hmac, message, len, mac);
}
