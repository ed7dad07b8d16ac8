/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* A protector with a virtual clock, a client's cookie jar, and what tests say about requests. */
#include "csrf-fixture.h"

void
csrf_fixture_set_up (CsrfFixture *fixture, gconstpointer data)
{
  fixture->sources = kr_csrf_test_sources_new (20260101, CSRF_START);
  fixture->ring = kr_csrf_key_ring_new_ephemeral ();
  kr_csrf_test_sources_install (fixture->sources, fixture->ring);
  fixture->jar = kr_csrf_test_jar_new ();
  csrf_fixture_configure (fixture, NULL);
}

void
csrf_fixture_tear_down (CsrfFixture *fixture, gconstpointer data)
{
  g_clear_object (&fixture->protector);
  g_clear_object (&fixture->ring);
  kr_csrf_test_jar_free (fixture->jar);
  kr_csrf_test_sources_free (fixture->sources);
}

void
csrf_fixture_take (CsrfFixture *fixture, gpointer protector)
{
  g_assert_nonnull (protector);
  g_clear_object (&fixture->protector);
  fixture->protector = protector;
}

/* As a browser sends it from a page of ours. */
KrCsrfRequest *
csrf_request (const char *method)
{
  KrCsrfRequest *request = kr_csrf_request_new (method, "https", "app.example", "/tasks/cancel");

  kr_csrf_request_add_header (request, "Host", "app.example", -1);
  kr_csrf_request_add_header (request, "User-Agent", "Mozilla/5.0", -1);
  return request;
}

KrCsrfRequest *
csrf_request_with_cookie (CsrfFixture *fixture, const char *method)
{
  KrCsrfRequest *request = csrf_request (method);

  kr_csrf_request_add_header (request, "Sec-Fetch-Site", "same-origin", -1);
  kr_csrf_test_jar_add_to_request (fixture->jar, request);
  return request;
}

KrCsrfRequest *
csrf_request_with (CsrfFixture *fixture, const char *method, const char *token)
{
  KrCsrfRequest *request = csrf_request_with_cookie (fixture, method);

  kr_csrf_request_add_header (request, "X-CSRF-TOKEN", token, -1);
  return request;
}

KrCsrfTokens *
csrf_issue (CsrfFixture *fixture, KrCsrfRequest *request)
{
  g_autoptr (GError) error = NULL;
  KrCsrfTokens *tokens = kr_csrf_protector_get_and_store_tokens (fixture->protector, request, kr_csrf_test_jar_sink,
                                                                 fixture->jar, &error);

  g_assert_no_error (error);
  g_assert_nonnull (tokens);
  return tokens;
}

/* What the page gets: cookie in the jar, token returned. */
char *
csrf_issue_token (CsrfFixture *fixture)
{
  g_autoptr (KrCsrfRequest) request = csrf_request_with_cookie (fixture, "GET");
  g_autoptr (KrCsrfTokens) tokens = csrf_issue (fixture, request);

  return g_strdup (kr_csrf_tokens_get_request_token (tokens));
}

void
csrf_assert_accepted (CsrfFixture *fixture, KrCsrfRequest *request)
{
  g_autoptr (GError) error = NULL;
  KrCsrfStats before, after;

  kr_csrf_protector_get_stats (fixture->protector, &before);
  g_assert_true (kr_csrf_protector_is_request_valid (fixture->protector, request, &error));
  g_assert_no_error (error);
  kr_csrf_protector_get_stats (fixture->protector, &after);
  g_assert_cmpuint (after.accepted + after.safe, ==, before.accepted + before.safe + 1);
  g_assert_cmpuint (after.rejected, ==, before.rejected);
}

/* The code, its own counter, and an answer that tells the client nothing but the text of its family. */
void
csrf_assert_refused_at (CsrfFixture *fixture, KrCsrfRequest *request, KrCsrfError code, const char *where)
{
  g_autoptr (GError) error = NULL;
  guint64 before = kr_csrf_protector_get_rejections (fixture->protector, code);
  gboolean accepted = kr_csrf_protector_is_request_valid (fixture->protector, request, &error);

  if (accepted || error->code != (int) code)
    g_test_message ("%s: %s instead of %s", where, accepted ? "accepted" : kr_csrf_code_to_string (error->code),
                    kr_csrf_code_to_string (code));
  g_assert_false (accepted);
  g_assert_error (error, KR_CSRF_ERROR, (int) code);
  g_assert_cmpuint (kr_csrf_protector_get_rejections (fixture->protector, code), ==, before + 1);
  g_assert_cmpuint (kr_csrf_error_to_status (error, KR_CSRF_STATUS_PROFILE_KESTRUN), >=, 400);
}
