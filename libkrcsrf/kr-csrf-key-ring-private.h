/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* KrCsrfKeyRing inside: what its files share, and what the rest of the library needs of it: time, random bytes, a signer. */
#pragma once

#include "kr-csrf-key-file-private.h"
#include "kr-csrf-key-ring.h"

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

/* kr-csrf-key-ring.c */
gboolean kr_csrf_key_ring_fill_random (KrCsrfKeyRing *self, guint8 *buffer, gsize len);

/* kr-csrf-key-ring-change.c: all but the last with the lock held */
typedef KrCsrfCode (*KrCsrfKeyRingChange) (KrCsrfKeyRing *self, KrCsrfKeySet *set, gint64 now, guint32 key_id);

KrCsrfCode kr_csrf_key_ring_rotate_always (KrCsrfKeyRing *self, KrCsrfKeySet *set, gint64 now, guint32 key_id);
KrCsrfCode kr_csrf_key_ring_rotate_if_due (KrCsrfKeyRing *self, KrCsrfKeySet *set, gint64 now, guint32 key_id);
KrCsrfCode kr_csrf_key_ring_revoke_key (KrCsrfKeyRing *self, KrCsrfKeySet *set, gint64 now, guint32 key_id);
KrCsrfCode kr_csrf_key_ring_apply (KrCsrfKeyRing *self, KrCsrfKeyRingChange change, gint64 now, guint32 key_id);
KrCsrfCode kr_csrf_key_ring_load (KrCsrfKeyRing *self, gboolean *missing);
KrCsrfCode kr_csrf_key_ring_refresh (KrCsrfKeyRing *self, gboolean force);
gboolean kr_csrf_key_ring_is_due (KrCsrfKeyRing *self, const KrCsrfRing *ring, gint64 now);
void kr_csrf_key_ring_emit_changed (KrCsrfKeyRing *self);

/* kr-csrf-key-ring-lookup.c */
gint64 kr_csrf_key_ring_get_time (KrCsrfKeyRing *self);
KrCsrfCode kr_csrf_key_ring_prepare (KrCsrfKeyRing *self);
KrCsrfCode kr_csrf_key_ring_get_signer (KrCsrfKeyRing *self, gint64 now, KrCsrfSigner **signer);
gboolean kr_csrf_key_ring_search (KrCsrfKeyRing *self, gint64 now);
KrCsrfCode kr_csrf_key_ring_find_key (KrCsrfKeyRing *self, KrCsrfSigner *signer, guint32 id, gint64 now,
                                      const KrCsrfKey **key);

/* Whether nothing that the key has signed is good any more. */
static inline gboolean
kr_csrf_key_ring_is_over (KrCsrfKeyRing *self, const KrCsrfKey *key, gint64 now)
{
  return key->retires != G_MAXINT64 && now >= key->retires + self->retire_grace;
}
