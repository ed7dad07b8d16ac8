/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* KrCsrfRing: an immutable set of keys; KrCsrfSigner: one thread's MAC handles over it. */
#pragma once

#include "config.h"

#include "kr-csrf-error-private.h"
#include "kr-csrf-hmac-private.h"

#define KR_CSRF_SECRET_SIZE 32
#define KR_CSRF_MAX_KEYS 64

/* The kinds of tokens, numbered as in the token. */
typedef enum
{
  KR_CSRF_KIND_COOKIE = 1,
  KR_CSRF_KIND_REQUEST = 2,
  KR_CSRF_KIND_TICKET = 3,
} KrCsrfKind;
#define KR_CSRF_N_KINDS 3

/* All times in ms since the epoch. */
typedef struct
{
  guint32 id;        /* random, never 0 */
  gint64 created;
  gint64 activates;  /* issues from here on */
  gint64 retires;    /* only verifies from here on; G_MAXINT64: not yet known */
  gint64 revoked;    /* 0: is not */
  guint8 secret[KR_CSRF_SECRET_SIZE];
  guint8 derived[KR_CSRF_N_KINDS][KR_CSRF_SECRET_SIZE];
} KrCsrfKey;

typedef struct
{
  gatomicrefcount ref_count;
  gsize generation;  /* unique in the process, never 0 */
  guint n_keys;
  KrCsrfKey keys[];  /* the one that activates last comes first */
} KrCsrfRing;

typedef struct _KrCsrfSigner KrCsrfSigner;

KrCsrfRing *kr_csrf_ring_new (const KrCsrfKey *keys, guint n_keys);
KrCsrfRing *kr_csrf_ring_ref (KrCsrfRing *ring);
void kr_csrf_ring_unref (KrCsrfRing *ring);
gboolean kr_csrf_key_derive (KrCsrfKey *key);
const KrCsrfKey *kr_csrf_ring_find_active (const KrCsrfRing *ring, gint64 now);

KrCsrfSigner *kr_csrf_signer_lookup (gsize generation);
KrCsrfSigner *kr_csrf_signer_add (KrCsrfRing *ring);
const KrCsrfRing *kr_csrf_signer_get_ring (KrCsrfSigner *self);
const KrCsrfKey *kr_csrf_signer_find (KrCsrfSigner *self, guint32 id);
gboolean kr_csrf_signer_mac (KrCsrfSigner *self, const KrCsrfKey *key, KrCsrfKind kind, KrCsrfMessage *message, gsize len,
                             guint8 mac[KR_CSRF_MAC_SIZE]);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (KrCsrfRing, kr_csrf_ring_unref)
