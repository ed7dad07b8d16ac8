/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* Makes a request that a protector accepts. */
#pragma once

#if !defined (KR_CSRF_TEST_INSIDE) && !defined (KR_CSRF_TEST_COMPILATION)
#error "Only <krcsrf-test.h> can be included directly."
#endif

#include <krcsrf.h>

#include "kr-csrf-test-visibility.h"

G_BEGIN_DECLS

KR_CSRF_TEST_AVAILABLE_IN_ALL
gboolean kr_csrf_test_sign_request (KrCsrfProtector *protector, KrCsrfRequest *request, GError **error);

G_END_DECLS
