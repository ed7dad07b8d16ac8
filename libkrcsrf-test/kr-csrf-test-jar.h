/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* KrCsrfTestJar: the response headers that a protector sets, and the cookies of the client. */
#pragma once

#if !defined (KR_CSRF_TEST_INSIDE) && !defined (KR_CSRF_TEST_COMPILATION)
#error "Only <krcsrf-test.h> can be included directly."
#endif

#include <krcsrf.h>

#include "kr-csrf-test-visibility.h"

G_BEGIN_DECLS

typedef struct _KrCsrfTestJar KrCsrfTestJar;

KR_CSRF_TEST_AVAILABLE_IN_ALL
KrCsrfTestJar *kr_csrf_test_jar_new (void);

KR_CSRF_TEST_AVAILABLE_IN_ALL
void kr_csrf_test_jar_free (KrCsrfTestJar *self);

KR_CSRF_TEST_AVAILABLE_IN_ALL
gboolean kr_csrf_test_jar_sink (KrCsrfHeaderAction action, const char *name, const char *value, gpointer jar);

KR_CSRF_TEST_AVAILABLE_IN_ALL
void kr_csrf_test_jar_set_header (KrCsrfTestJar *self, const char *name, const char *value);

KR_CSRF_TEST_AVAILABLE_IN_ALL
const char *kr_csrf_test_jar_get_header (KrCsrfTestJar *self, const char *name);

KR_CSRF_TEST_AVAILABLE_IN_ALL
guint kr_csrf_test_jar_get_n_set_cookies (KrCsrfTestJar *self);

KR_CSRF_TEST_AVAILABLE_IN_ALL
void kr_csrf_test_jar_set_cookie (KrCsrfTestJar *self, const char *name, const char *value);

KR_CSRF_TEST_AVAILABLE_IN_ALL
const char *kr_csrf_test_jar_get_cookie (KrCsrfTestJar *self, const char *name);

KR_CSRF_TEST_AVAILABLE_IN_ALL
void kr_csrf_test_jar_add_to_request (KrCsrfTestJar *self, KrCsrfRequest *request);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (KrCsrfTestJar, kr_csrf_test_jar_free)

G_END_DECLS
