/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* What the rest of the library needs from a key ring: time, random bytes and a signer. */
#pragma once

#include "kr-csrf-key-ring.h"
#include "kr-csrf-ring-private.h"

gint64 kr_csrf_key_ring_get_time (KrCsrfKeyRing *self);
gboolean kr_csrf_key_ring_fill_random (KrCsrfKeyRing *self, guint8 *buffer, gsize len);
KrCsrfCode kr_csrf_key_ring_get_signer (KrCsrfKeyRing *self, gint64 now, KrCsrfSigner **signer);
gboolean kr_csrf_key_ring_search (KrCsrfKeyRing *self, gint64 now);
KrCsrfCode kr_csrf_key_ring_find_key (KrCsrfKeyRing *self, KrCsrfSigner *signer, guint32 id, gint64 now,
                                      const KrCsrfKey **key);
