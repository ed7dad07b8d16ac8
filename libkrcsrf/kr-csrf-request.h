/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* KrCsrfRequest: what a server tells about one HTTP request. */
#pragma once

#if !defined (KR_CSRF_INSIDE) && !defined (KR_CSRF_COMPILATION)
#error "Only <krcsrf.h> can be included directly."
#endif

#include <glib-object.h>

#include "kr-csrf-visibility.h"

G_BEGIN_DECLS

/**
 * KrCsrfUpgrade:
 * @KR_CSRF_UPGRADE_NONE: a plain request
 * @KR_CSRF_UPGRADE_WEBSOCKET: opens a WebSocket, by Upgrade or by extended CONNECT (RFC 6455, RFC 8441)
 * @KR_CSRF_UPGRADE_OTHER: opens anything else
 *
 * What a request turns its connection into.
 *
 * Since: 0.1
 */
typedef enum
{
  KR_CSRF_UPGRADE_NONE,
  KR_CSRF_UPGRADE_WEBSOCKET,
  KR_CSRF_UPGRADE_OTHER,
} KrCsrfUpgrade;

typedef struct _KrCsrfRequest KrCsrfRequest;

#define KR_CSRF_TYPE_REQUEST (kr_csrf_request_get_type ())

KR_CSRF_AVAILABLE_IN_ALL
GType kr_csrf_request_get_type (void);

KR_CSRF_AVAILABLE_IN_ALL
KrCsrfRequest *kr_csrf_request_new (const char *method,
                                    const char *scheme,
                                    const char *authority,
                                    const char *path);

KR_CSRF_AVAILABLE_IN_ALL
KrCsrfRequest *kr_csrf_request_ref (KrCsrfRequest *self);

KR_CSRF_AVAILABLE_IN_ALL
void kr_csrf_request_unref (KrCsrfRequest *self);

KR_CSRF_AVAILABLE_IN_ALL
void kr_csrf_request_add_header (KrCsrfRequest *self, const char *name, const char *value, gssize len);

KR_CSRF_AVAILABLE_IN_ALL
void kr_csrf_request_set_form_token (KrCsrfRequest *self, const char *value, gssize len);

KR_CSRF_AVAILABLE_IN_ALL
void kr_csrf_request_set_form_error (KrCsrfRequest *self, const GError *error);

KR_CSRF_AVAILABLE_IN_ALL
void kr_csrf_request_set_upgrade (KrCsrfRequest *self, KrCsrfUpgrade upgrade);

KR_CSRF_AVAILABLE_IN_ALL
void kr_csrf_request_set_user_id (KrCsrfRequest *self, const char *user_id);

KR_CSRF_AVAILABLE_IN_ALL
void kr_csrf_request_set_session_id (KrCsrfRequest *self, const char *session_id);

KR_CSRF_AVAILABLE_IN_ALL
void kr_csrf_request_set_scope (KrCsrfRequest *self, const char *scope);

KR_CSRF_AVAILABLE_IN_ALL
const char *kr_csrf_request_get_method (KrCsrfRequest *self);

KR_CSRF_AVAILABLE_IN_ALL
const char *kr_csrf_request_get_path (KrCsrfRequest *self);

KR_CSRF_AVAILABLE_IN_ALL
const char *kr_csrf_request_get_origin (KrCsrfRequest *self);

KR_CSRF_AVAILABLE_IN_ALL
gboolean kr_csrf_request_is_form (KrCsrfRequest *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (KrCsrfRequest, kr_csrf_request_unref)

G_END_DECLS
