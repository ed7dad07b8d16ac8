/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* KrCsrfKeyRing: the secrets that tokens are signed with. */
#pragma once

#if !defined (KR_CSRF_INSIDE) && !defined (KR_CSRF_COMPILATION)
#error "Only <krcsrf.h> can be included directly."
#endif

#include <gio/gio.h>

#include "kr-csrf-visibility.h"

G_BEGIN_DECLS

/**
 * KrCsrfRandomFunc:
 * @buffer: (array length=len): what to fill
 * @len: bytes to fill, at most 64
 * @user_data: the data of the function
 *
 * Fills @buffer with random bytes. Called from any thread.
 *
 * Returns: %FALSE if there are none to be had: then nothing is issued
 *
 * Since: 0.1
 */
typedef gboolean (*KrCsrfRandomFunc) (guint8 *buffer, gsize len, gpointer user_data);

/**
 * KrCsrfTimeFunc:
 * @user_data: the data of the function
 *
 * Tells the time. Called from any thread.
 *
 * Returns: milliseconds since 1970-01-01 00:00 UTC
 *
 * Since: 0.1
 */
typedef gint64 (*KrCsrfTimeFunc) (gpointer user_data);

#define KR_CSRF_TYPE_KEY_RING (kr_csrf_key_ring_get_type ())

KR_CSRF_AVAILABLE_IN_ALL
G_DECLARE_FINAL_TYPE (KrCsrfKeyRing, kr_csrf_key_ring, KR_CSRF, KEY_RING, GObject)

KR_CSRF_AVAILABLE_IN_ALL
KrCsrfKeyRing *kr_csrf_key_ring_new_ephemeral (void);

KR_CSRF_AVAILABLE_IN_ALL
KrCsrfKeyRing *kr_csrf_key_ring_new_for_path (const char *path, gboolean auto_create, GError **error);

KR_CSRF_AVAILABLE_IN_ALL
void kr_csrf_key_ring_set_sources (KrCsrfKeyRing *self,
                                   KrCsrfRandomFunc random_func,
                                   KrCsrfTimeFunc time_func,
                                   gpointer user_data,
                                   GDestroyNotify destroy);

KR_CSRF_AVAILABLE_IN_ALL
gboolean kr_csrf_key_ring_reload (KrCsrfKeyRing *self, GError **error);

KR_CSRF_AVAILABLE_IN_ALL
gboolean kr_csrf_key_ring_rotate (KrCsrfKeyRing *self, GError **error);

KR_CSRF_AVAILABLE_IN_ALL
gboolean kr_csrf_key_ring_revoke (KrCsrfKeyRing *self, guint32 key_id, GError **error);

KR_CSRF_AVAILABLE_IN_ALL
guint32 kr_csrf_key_ring_get_active_key_id (KrCsrfKeyRing *self);

G_END_DECLS
