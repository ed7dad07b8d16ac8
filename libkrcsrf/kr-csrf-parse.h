/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* Pure functions over foreign bytes: a cookie, an origin, a form field. */
#pragma once

#if !defined (KR_CSRF_INSIDE) && !defined (KR_CSRF_COMPILATION)
#error "Only <krcsrf.h> can be included directly."
#endif

#include <glib.h>

#include "kr-csrf-visibility.h"

G_BEGIN_DECLS

KR_CSRF_AVAILABLE_IN_ALL
char *kr_csrf_cookie_lookup (const char *header, gssize len, const char *name, GError **error);

KR_CSRF_AVAILABLE_IN_ALL
char *kr_csrf_origin_parse (const char *origin, gssize len, GError **error);

KR_CSRF_AVAILABLE_IN_ALL
char *kr_csrf_form_find (const char *body, gssize len, const char *field_name, GError **error);

KR_CSRF_AVAILABLE_IN_ALL
char *kr_csrf_scope_for_form (const char *method, const char *path);

G_END_DECLS
