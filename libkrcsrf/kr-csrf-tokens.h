/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* KrCsrfTokens: one issued pair of tokens. */
#pragma once

#if !defined (KR_CSRF_INSIDE) && !defined (KR_CSRF_COMPILATION)
#error "Only <krcsrf.h> can be included directly."
#endif

#include <glib-object.h>

#include "kr-csrf-visibility.h"

G_BEGIN_DECLS

typedef struct _KrCsrfTokens KrCsrfTokens;

#define KR_CSRF_TYPE_TOKENS (kr_csrf_tokens_get_type ())

KR_CSRF_AVAILABLE_IN_ALL
GType kr_csrf_tokens_get_type (void);

KR_CSRF_AVAILABLE_IN_ALL
KrCsrfTokens *kr_csrf_tokens_ref (KrCsrfTokens *self);

KR_CSRF_AVAILABLE_IN_ALL
void kr_csrf_tokens_unref (KrCsrfTokens *self);

KR_CSRF_AVAILABLE_IN_ALL
const char *kr_csrf_tokens_get_request_token (KrCsrfTokens *self);

KR_CSRF_AVAILABLE_IN_ALL
const char *kr_csrf_tokens_get_cookie_token (KrCsrfTokens *self);

KR_CSRF_AVAILABLE_IN_ALL
const char *kr_csrf_tokens_get_header_name (KrCsrfTokens *self);

KR_CSRF_AVAILABLE_IN_ALL
const char *kr_csrf_tokens_get_form_field_name (KrCsrfTokens *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (KrCsrfTokens, kr_csrf_tokens_unref)

G_END_DECLS
