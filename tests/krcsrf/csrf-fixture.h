/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* A protector with a virtual clock, a client's cookie jar, and what tests say about requests. */
#pragma once

#include <krcsrf.h>
#include <krcsrf-test.h>

#define CSRF_START G_GINT64_CONSTANT (1767225600000) /* 2026-01-01 */
#define CSRF_COOKIE "__Host-krcsrf"

typedef struct
{
  KrCsrfTestSources *sources;
  KrCsrfKeyRing *ring;
  KrCsrfProtector *protector;
  KrCsrfTestJar *jar;
} CsrfFixture;

void csrf_fixture_set_up (CsrfFixture *fixture, gconstpointer data);
void csrf_fixture_tear_down (CsrfFixture *fixture, gconstpointer data);
void csrf_fixture_take (CsrfFixture *fixture, gpointer protector);

KrCsrfRequest *csrf_request (const char *method);
KrCsrfRequest *csrf_request_with_cookie (CsrfFixture *fixture, const char *method);
KrCsrfRequest *csrf_request_with (CsrfFixture *fixture, const char *method, const char *token);
KrCsrfTokens *csrf_issue (CsrfFixture *fixture, KrCsrfRequest *request);
char *csrf_issue_token (CsrfFixture *fixture);

void csrf_assert_accepted (CsrfFixture *fixture, KrCsrfRequest *request);
void csrf_assert_refused_at (CsrfFixture *fixture, KrCsrfRequest *request, KrCsrfError code, const char *where);

/* Another protector of the same ring: properties and values, then NULL. */
#define csrf_fixture_configure(fixture, ...) \
  csrf_fixture_take (fixture, g_initable_new (KR_CSRF_TYPE_PROTECTOR, NULL, NULL, "key-ring", (fixture)->ring, __VA_ARGS__))
#define csrf_assert_refused(fixture, request, code) csrf_assert_refused_at (fixture, request, code, G_STRLOC)
#define CSRF_TEST_ADD(path, function) \
  g_test_add ("/csrf/" path, CsrfFixture, NULL, csrf_fixture_set_up, function, csrf_fixture_tear_down)
