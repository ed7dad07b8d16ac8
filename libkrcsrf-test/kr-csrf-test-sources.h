/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* KrCsrfTestSources: a clock that stands still, and random bytes that repeat. */
#pragma once

#if !defined (KR_CSRF_TEST_INSIDE) && !defined (KR_CSRF_TEST_COMPILATION)
#error "Only <krcsrf-test.h> can be included directly."
#endif

#include <krcsrf.h>

#include "kr-csrf-test-visibility.h"

G_BEGIN_DECLS

typedef struct _KrCsrfTestSources KrCsrfTestSources;

KR_CSRF_TEST_AVAILABLE_IN_ALL
KrCsrfTestSources *kr_csrf_test_sources_new (guint64 seed, gint64 unix_ms);

KR_CSRF_TEST_AVAILABLE_IN_ALL
void kr_csrf_test_sources_free (KrCsrfTestSources *self);

KR_CSRF_TEST_AVAILABLE_IN_ALL
void kr_csrf_test_sources_install (KrCsrfTestSources *self, KrCsrfKeyRing *key_ring);

KR_CSRF_TEST_AVAILABLE_IN_ALL
void kr_csrf_test_sources_advance (KrCsrfTestSources *self, gint64 ms);

KR_CSRF_TEST_AVAILABLE_IN_ALL
gint64 kr_csrf_test_sources_get_time (KrCsrfTestSources *self);

KR_CSRF_TEST_AVAILABLE_IN_ALL
void kr_csrf_test_sources_set_random_budget (KrCsrfTestSources *self, int calls);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (KrCsrfTestSources, kr_csrf_test_sources_free)

G_END_DECLS
