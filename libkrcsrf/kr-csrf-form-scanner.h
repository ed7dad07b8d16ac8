/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* KrCsrfFormScanner: finds the token in a form while its body is being received. */
#pragma once

#if !defined (KR_CSRF_INSIDE) && !defined (KR_CSRF_COMPILATION)
#error "Only <krcsrf.h> can be included directly."
#endif

#include <glib-object.h>

#include "kr-csrf-visibility.h"

G_BEGIN_DECLS

typedef struct _KrCsrfFormScanner KrCsrfFormScanner;

#define KR_CSRF_TYPE_FORM_SCANNER (kr_csrf_form_scanner_get_type ())

KR_CSRF_AVAILABLE_IN_ALL
GType kr_csrf_form_scanner_get_type (void);

KR_CSRF_AVAILABLE_IN_ALL
KrCsrfFormScanner *kr_csrf_form_scanner_new (const char *content_type, const char *field_name, GError **error);

KR_CSRF_AVAILABLE_IN_ALL
KrCsrfFormScanner *kr_csrf_form_scanner_ref (KrCsrfFormScanner *self);

KR_CSRF_AVAILABLE_IN_ALL
void kr_csrf_form_scanner_unref (KrCsrfFormScanner *self);

KR_CSRF_AVAILABLE_IN_ALL
gboolean kr_csrf_form_scanner_push (KrCsrfFormScanner *self, const char *data, gssize len, GError **error);

KR_CSRF_AVAILABLE_IN_ALL
char *kr_csrf_form_scanner_finish (KrCsrfFormScanner *self, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (KrCsrfFormScanner, kr_csrf_form_scanner_unref)

G_END_DECLS
