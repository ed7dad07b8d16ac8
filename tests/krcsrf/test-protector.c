/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* Tests of KrCsrfProtector: settings, what it issues, methods, forms, bindings, report-only. */
#include "csrf-fixture.h"

static void
test_pair (CsrfFixture *fixture, gconstpointer data)
{
  g_autofree char *token = csrf_issue_token (fixture);
  g_autoptr (KrCsrfRequest) request = csrf_request_with (fixture, "POST", token);
  KrCsrfStats stats;

  csrf_assert_accepted (fixture, request);
  kr_csrf_protector_get_stats (fixture->protector, &stats);
  g_assert_cmpuint (stats.cookies_issued, ==, 1);
  g_assert_cmpuint (stats.tokens_issued, ==, 1);
}

static void
test_token_twice (CsrfFixture *fixture, gconstpointer data)
{
  g_autoptr (KrCsrfRequest) get = csrf_request_with_cookie (fixture, "GET");
  g_autoptr (KrCsrfTokens) first = csrf_issue (fixture, get);
  g_autoptr (KrCsrfTokens) second = csrf_issue (fixture, get);
  g_autoptr (KrCsrfRequest) with_first = csrf_request_with (fixture, "POST", kr_csrf_tokens_get_request_token (first));
  g_autoptr (KrCsrfRequest) with_second = csrf_request_with (fixture, "POST", kr_csrf_tokens_get_request_token (second));

  g_assert_cmpuint (kr_csrf_test_jar_get_n_set_cookies (fixture->jar), ==, 1);
  g_assert_cmpstr (kr_csrf_tokens_get_request_token (first), !=, kr_csrf_tokens_get_request_token (second));
  g_assert_cmpstr (kr_csrf_tokens_get_cookie_token (first), ==, kr_csrf_tokens_get_cookie_token (second));
  csrf_assert_accepted (fixture, with_first);
  csrf_assert_accepted (fixture, with_second);
}

/* A visit that somebody typed in, or one that came from elsewhere by a link: safe, and it gets its token. */
static void
test_issue_to_any_visit (CsrfFixture *fixture, gconstpointer data)
{
  static const char *const sites[] = { "none", "cross-site", "same-site", "same-origin" };

  for (guint i = 0; i < G_N_ELEMENTS (sites); i++)
    {
      g_autoptr (KrCsrfRequest) get = csrf_request ("GET");
      g_autoptr (KrCsrfRequest) post = NULL;
      g_autoptr (KrCsrfTokens) tokens = NULL;

      kr_csrf_request_add_header (get, "Sec-Fetch-Site", sites[i], -1);
      csrf_assert_accepted (fixture, get);
      tokens = csrf_issue (fixture, get);
      post = csrf_request_with (fixture, "POST", kr_csrf_tokens_get_request_token (tokens));
      csrf_assert_accepted (fixture, post);
    }
}

static void
test_cookie_stays (CsrfFixture *fixture, gconstpointer data)
{
  g_autofree char *first = csrf_issue_token (fixture);
  g_autoptr (KrCsrfRequest) get = csrf_request_with_cookie (fixture, "GET");
  g_autoptr (KrCsrfTokens) tokens = csrf_issue (fixture, get);
  g_autoptr (KrCsrfRequest) post = csrf_request_with (fixture, "POST", first);

  g_assert_null (kr_csrf_tokens_get_cookie_token (tokens));
  g_assert_cmpuint (kr_csrf_test_jar_get_n_set_cookies (fixture->jar), ==, 1);
  csrf_assert_accepted (fixture, post);
}

static void
test_broken_cookie_replaced (CsrfFixture *fixture, gconstpointer data)
{
  g_autofree char *token = NULL;
  g_autoptr (KrCsrfRequest) post = NULL;

  kr_csrf_test_jar_set_cookie (fixture->jar, CSRF_COOKIE, "broken");
  token = csrf_issue_token (fixture);
  g_assert_cmpuint (strlen (kr_csrf_test_jar_get_cookie (fixture->jar, CSRF_COOKIE)), ==, 64);
  post = csrf_request_with (fixture, "POST", token);
  csrf_assert_accepted (fixture, post);
}

/* In the second half of its life a cookie is stamped anew, and open pages go on. */
static void
test_cookie_renewed (CsrfFixture *fixture, gconstpointer data)
{
  g_autofree char *old_token = csrf_issue_token (fixture);
  g_autofree char *old_cookie = g_strdup (kr_csrf_test_jar_get_cookie (fixture->jar, CSRF_COOKIE));
  g_autofree char *new_token = NULL;
  g_autoptr (KrCsrfRequest) with_old = NULL;
  g_autoptr (KrCsrfRequest) with_new = NULL;

  kr_csrf_test_sources_advance (fixture->sources, 7 * 3600 * 1000);
  new_token = csrf_issue_token (fixture);
  g_assert_cmpuint (kr_csrf_test_jar_get_n_set_cookies (fixture->jar), ==, 2);
  g_assert_cmpstr (kr_csrf_test_jar_get_cookie (fixture->jar, CSRF_COOKIE), !=, old_cookie);
  with_old = csrf_request_with (fixture, "POST", old_token);
  with_new = csrf_request_with (fixture, "POST", new_token);
  csrf_assert_accepted (fixture, with_old);
  csrf_assert_accepted (fixture, with_new);
}

static void
test_response_headers (CsrfFixture *fixture, gconstpointer data)
{
  g_autofree char *token = csrf_issue_token (fixture);
  g_auto (GStrv) parts = g_strsplit (kr_csrf_test_jar_get_header (fixture->jar, "Set-Cookie"), "; ", -1);
  const char *const *attributes = (const char *const *) parts + 1;

  g_assert_true (g_str_has_prefix (parts[0], CSRF_COOKIE "="));
  g_assert_true (g_strv_contains (attributes, "Secure"));
  g_assert_true (g_strv_contains (attributes, "HttpOnly"));
  g_assert_true (g_strv_contains (attributes, "SameSite=Lax"));
  g_assert_true (g_strv_contains (attributes, "Path=/"));
  g_assert_cmpuint (g_strv_length (parts), ==, 5);
  g_assert_cmpstr (kr_csrf_test_jar_get_header (fixture->jar, "Cache-Control"), ==, "no-cache, no-store");
  g_assert_cmpstr (kr_csrf_test_jar_get_header (fixture->jar, "Pragma"), ==, "no-cache");
  g_assert_cmpstr (kr_csrf_test_jar_get_header (fixture->jar, "Vary"), ==, "Cookie");
  g_assert_cmpstr (kr_csrf_test_jar_get_header (fixture->jar, "X-Frame-Options"), ==, "SAMEORIGIN");
}

static void
test_application_headers (CsrfFixture *fixture, gconstpointer data)
{
  g_autofree char *token = NULL;
  KrCsrfStats stats;

  kr_csrf_test_jar_set_header (fixture->jar, "Cache-Control", "public, max-age=600");
  kr_csrf_test_jar_set_header (fixture->jar, "X-Frame-Options", "DENY");
  kr_csrf_test_jar_set_header (fixture->jar, "Vary", "Accept");
  token = csrf_issue_token (fixture);
  g_assert_cmpstr (kr_csrf_test_jar_get_header (fixture->jar, "Cache-Control"), ==, "no-cache, no-store");
  g_assert_cmpstr (kr_csrf_test_jar_get_header (fixture->jar, "X-Frame-Options"), ==, "DENY");
  g_assert_cmpstr (kr_csrf_test_jar_get_header (fixture->jar, "Vary"), ==, "Accept, Cookie");
  kr_csrf_protector_get_stats (fixture->protector, &stats);
  g_assert_cmpuint (stats.headers_overridden, ==, 1);
}

static void
test_response_settings (CsrfFixture *fixture, gconstpointer data)
{
  g_autofree char *token = NULL;

  csrf_fixture_configure (fixture, "suppress-x-frame-options", TRUE, "allow-bfcache", TRUE,
                          "cookie-name", ".Kestrun.AntiXSRF", "cookie-same-site", KR_CSRF_SAME_SITE_STRICT,
                          "cookie-http-only", FALSE, "cookie-max-age", 600, "cookie-path", "/app", NULL);
  token = csrf_issue_token (fixture);
  g_assert_null (kr_csrf_test_jar_get_header (fixture->jar, "X-Frame-Options"));
  g_assert_cmpstr (kr_csrf_test_jar_get_header (fixture->jar, "Cache-Control"), ==, "no-cache, private");
  g_assert_true (g_str_has_suffix (kr_csrf_test_jar_get_header (fixture->jar, "Set-Cookie"),
                                   "; Path=/app; SameSite=Strict; Max-Age=600; Secure"));
}

static void
test_set_cookie_only (CsrfFixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (KrCsrfRequest) get = csrf_request_with_cookie (fixture, "GET");
  KrCsrfStats stats;

  g_assert_true (kr_csrf_protector_set_cookie_token_and_header (fixture->protector, get, kr_csrf_test_jar_sink,
                                                                fixture->jar, &error));
  g_assert_no_error (error);
  g_assert_cmpuint (kr_csrf_test_jar_get_n_set_cookies (fixture->jar), ==, 1);
  kr_csrf_protector_get_stats (fixture->protector, &stats);
  g_assert_cmpuint (stats.tokens_issued, ==, 0);
}

static void
test_token_json (CsrfFixture *fixture, gconstpointer data)
{
  g_autoptr (KrCsrfRequest) get = csrf_request_with_cookie (fixture, "GET");
  g_autoptr (KrCsrfTokens) tokens = csrf_issue (fixture, get);
  g_autofree char *json = kr_csrf_protector_token_json (fixture->protector, tokens);
  g_autofree char *expected = g_strdup_printf ("{\"token\":\"%s\",\"headerName\":\"X-CSRF-TOKEN\"}",
                                               kr_csrf_tokens_get_request_token (tokens));

  g_assert_cmpstr (json, ==, expected);
  g_assert_cmpstr (kr_csrf_tokens_get_form_field_name (tokens), ==, "__RequestVerificationToken");
}

static void
test_form_only (CsrfFixture *fixture, gconstpointer data)
{
  g_autoptr (KrCsrfRequest) get = NULL;
  g_autoptr (KrCsrfRequest) by_header = NULL;
  g_autoptr (KrCsrfRequest) by_form = NULL;
  g_autoptr (KrCsrfTokens) tokens = NULL;
  g_autofree char *json = NULL;

  csrf_fixture_configure (fixture, "header-name", NULL, NULL);
  get = csrf_request_with_cookie (fixture, "GET");
  tokens = csrf_issue (fixture, get);
  json = kr_csrf_protector_token_json (fixture->protector, tokens);
  g_assert_true (g_str_has_suffix (json, "\"headerName\":null}"));
  by_header = csrf_request_with (fixture, "POST", kr_csrf_tokens_get_request_token (tokens));
  csrf_assert_refused (fixture, by_header, KR_CSRF_ERROR_TOKEN_MISSING);
  by_form = csrf_request_with_cookie (fixture, "POST");
  kr_csrf_request_set_form_token (by_form, kr_csrf_tokens_get_request_token (tokens), -1);
  csrf_assert_accepted (fixture, by_form);
}

static void
test_form (CsrfFixture *fixture, gconstpointer data)
{
  g_autofree char *token = csrf_issue_token (fixture);
  g_autoptr (KrCsrfRequest) once = csrf_request_with_cookie (fixture, "POST");
  g_autoptr (KrCsrfRequest) twice = csrf_request_with_cookie (fixture, "POST");
  g_autoptr (KrCsrfRequest) header_wins = csrf_request_with (fixture, "POST", "");
  g_autoptr (KrCsrfRequest) ignored = csrf_request_with_cookie (fixture, "POST");

  kr_csrf_request_set_form_token (once, token, -1);
  csrf_assert_accepted (fixture, once);
  kr_csrf_request_set_form_token (twice, token, -1);
  kr_csrf_request_set_form_token (twice, token, -1);
  csrf_assert_refused (fixture, twice, KR_CSRF_ERROR_AMBIGUOUS_FORM);
  kr_csrf_request_set_form_token (header_wins, token, -1);
  csrf_assert_refused (fixture, header_wins, KR_CSRF_ERROR_TOKEN_MALFORMED);
  csrf_fixture_configure (fixture, "read-form-body", FALSE, NULL);
  kr_csrf_request_set_form_token (ignored, token, -1);
  csrf_assert_refused (fixture, ignored, KR_CSRF_ERROR_TOKEN_MISSING);
}

static void
test_form_error (CsrfFixture *fixture, gconstpointer data)
{
  g_autofree char *token = csrf_issue_token (fixture);
  g_autoptr (KrCsrfRequest) too_large = csrf_request_with_cookie (fixture, "POST");
  g_autoptr (KrCsrfRequest) unreadable = csrf_request_with_cookie (fixture, "POST");
  g_autoptr (KrCsrfRequest) with_header = csrf_request_with (fixture, "POST", token);
  g_autoptr (GError) large = g_error_new_literal (KR_CSRF_ERROR, KR_CSRF_ERROR_FORM_TOO_LARGE, "large");
  g_autoptr (GError) io = g_error_new_literal (G_IO_ERROR, G_IO_ERROR_CLOSED, "closed");

  kr_csrf_request_set_form_error (too_large, large);
  csrf_assert_refused (fixture, too_large, KR_CSRF_ERROR_FORM_TOO_LARGE);
  kr_csrf_request_set_form_error (unreadable, io);
  csrf_assert_refused (fixture, unreadable, KR_CSRF_ERROR_FORM_UNREADABLE);
  kr_csrf_request_set_form_error (with_header, io);
  csrf_assert_accepted (fixture, with_header);
}

static void
test_methods (CsrfFixture *fixture, gconstpointer data)
{
  static const struct { const char *method; gboolean safe; } cases[] = {
    { "GET", TRUE }, { "HEAD", TRUE }, { "OPTIONS", TRUE }, { "TRACE", TRUE },
    { "get", FALSE }, { "Get", FALSE }, { "GET ", FALSE }, { "POST", FALSE }, { "POST ", FALSE }, { "PUT", FALSE },
    { "PATCH", FALSE }, { "DELETE", FALSE }, { "QUERY", FALSE }, { "CONNECT", FALSE }, { "FOO", FALSE }, { "", FALSE },
    { "G", FALSE }, { "HEADER", FALSE }, { "OPTION", FALSE },
  };
  g_autofree char *long_method = g_strnfill (1024, 'G');
  g_autoptr (KrCsrfRequest) long_request = csrf_request (long_method);

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (KrCsrfRequest) request = csrf_request (cases[i].method);

      g_assert_cmpint (kr_csrf_protector_is_safe_method (fixture->protector, cases[i].method), ==, cases[i].safe);
      if (cases[i].safe)
        csrf_assert_accepted (fixture, request);
      else
        csrf_assert_refused (fixture, request, KR_CSRF_ERROR_COOKIE_MISSING);
    }
  csrf_assert_refused (fixture, long_request, KR_CSRF_ERROR_COOKIE_MISSING);
}

static void
test_safe_methods_setting (CsrfFixture *fixture, gconstpointer data)
{
  static const char *const methods[] = { "GET", "QUERY", NULL };
  g_autoptr (KrCsrfRequest) query = csrf_request ("QUERY");
  g_autoptr (KrCsrfRequest) head = csrf_request ("HEAD");

  csrf_fixture_configure (fixture, "safe-methods", methods, NULL);
  csrf_assert_accepted (fixture, query);
  csrf_assert_refused (fixture, head, KR_CSRF_ERROR_COOKIE_MISSING);
}

/* validate_request() looks at every method. */
static void
test_validate_safe (CsrfFixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (KrCsrfRequest) get = csrf_request ("GET");

  g_assert_false (kr_csrf_protector_validate_request (fixture->protector, get, &error));
  g_assert_error (error, KR_CSRF_ERROR, KR_CSRF_ERROR_COOKIE_MISSING);
}

/* The texts of ASP.NET Core, which clients of Kestrun see. */
static void
test_texts (CsrfFixture *fixture, gconstpointer data)
{
  g_autofree char *token = csrf_issue_token (fixture);
  g_autoptr (KrCsrfRequest) no_cookie = csrf_request ("POST");
  g_autoptr (KrCsrfRequest) no_token = csrf_request_with_cookie (fixture, "POST");
  g_autoptr (KrCsrfRequest) form = csrf_request_with_cookie (fixture, "POST");
  g_autoptr (GError) cookie_error = NULL;
  g_autoptr (GError) header_error = NULL;
  g_autoptr (GError) either_error = NULL;
  g_autoptr (GError) form_error = NULL;

  g_assert_false (kr_csrf_protector_is_request_valid (fixture->protector, no_cookie, &cookie_error));
  g_assert_cmpstr (cookie_error->message, ==, "The required antiforgery cookie \"__Host-krcsrf\" is not present.");
  g_assert_false (kr_csrf_protector_is_request_valid (fixture->protector, no_token, &header_error));
  g_assert_cmpstr (header_error->message, ==,
                   "The required antiforgery header value \"X-CSRF-TOKEN\" is not present.");
  kr_csrf_request_add_header (form, "Content-Type", "application/x-www-form-urlencoded; charset=utf-8", -1);
  g_assert_false (kr_csrf_protector_is_request_valid (fixture->protector, form, &either_error));
  g_assert_cmpstr (either_error->message, ==,
                   "The required antiforgery request token was not provided in either form field "
                   "\"__RequestVerificationToken\" or header value \"X-CSRF-TOKEN\".");
  csrf_fixture_configure (fixture, "header-name", NULL, NULL);
  g_assert_false (kr_csrf_protector_is_request_valid (fixture->protector, no_token, &form_error));
  g_assert_cmpstr (form_error->message, ==,
                   "The required antiforgery form field \"__RequestVerificationToken\" is not present.");
}

static char *
issue_bound (CsrfFixture *fixture, const char *user, const char *session, const char *scope)
{
  g_autoptr (KrCsrfRequest) get = csrf_request_with_cookie (fixture, "GET");
  g_autoptr (KrCsrfTokens) tokens = NULL;

  kr_csrf_request_set_user_id (get, user);
  kr_csrf_request_set_session_id (get, session);
  kr_csrf_request_set_scope (get, scope);
  tokens = csrf_issue (fixture, get);
  return g_strdup (kr_csrf_tokens_get_request_token (tokens));
}

static KrCsrfRequest *
bound_request (CsrfFixture *fixture, const char *token, const char *user, const char *session, const char *scope)
{
  KrCsrfRequest *request = csrf_request_with (fixture, "POST", token);

  kr_csrf_request_set_user_id (request, user);
  kr_csrf_request_set_session_id (request, session);
  kr_csrf_request_set_scope (request, scope);
  return request;
}

static void
test_bindings (CsrfFixture *fixture, gconstpointer data)
{
  static const struct { const char *user, *session; } identities[] = {
    { NULL, NULL }, { "alice", NULL }, { "bob", NULL }, { NULL, "s1" }, { "alice", "s1" }, { "alice", "s2" },
    { "alices1", NULL }, { "Alice", "s1" }, { "a", "lices1" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (identities); i++)
    {
      g_autofree char *token = issue_bound (fixture, identities[i].user, identities[i].session, NULL);

      for (guint j = 0; j < G_N_ELEMENTS (identities); j++)
        {
          g_autoptr (KrCsrfRequest) request = bound_request (fixture, token, identities[j].user, identities[j].session,
                                                             NULL);

          if (i == j)
            csrf_assert_accepted (fixture, request);
          else
            csrf_assert_refused (fixture, request, KR_CSRF_ERROR_TOKEN_MISMATCH);
        }
    }
}

/* What is absent is not what is empty, and an empty id binds nobody. */
static void
test_empty_identity (CsrfFixture *fixture, gconstpointer data)
{
  g_autoptr (GError) user_error = NULL;
  g_autoptr (GError) session_error = NULL;
  g_autofree char *token = csrf_issue_token (fixture);
  g_autoptr (KrCsrfRequest) user = csrf_request_with_cookie (fixture, "GET");
  g_autoptr (KrCsrfRequest) session = csrf_request_with_cookie (fixture, "GET");
  g_autoptr (KrCsrfRequest) post = bound_request (fixture, token, "", NULL, NULL);

  kr_csrf_request_set_user_id (user, "");
  g_assert_null (kr_csrf_protector_get_tokens (fixture->protector, user, &user_error));
  g_assert_error (user_error, KR_CSRF_ERROR, KR_CSRF_ERROR_IDENTITY_UNUSABLE);
  kr_csrf_request_set_session_id (session, "");
  g_assert_null (kr_csrf_protector_get_tokens (fixture->protector, session, &session_error));
  g_assert_error (session_error, KR_CSRF_ERROR, KR_CSRF_ERROR_IDENTITY_UNUSABLE);
  g_assert_cmpuint (kr_csrf_error_to_status (session_error, KR_CSRF_STATUS_PROFILE_KESTRUN), ==, 500);
  csrf_assert_refused (fixture, post, KR_CSRF_ERROR_TOKEN_MISMATCH);
}

static void
test_long_identity (CsrfFixture *fixture, gconstpointer data)
{
  g_autofree char *user = g_strnfill (100000, 'u');
  g_autofree char *token = issue_bound (fixture, user, NULL, NULL);
  g_autoptr (KrCsrfRequest) same = bound_request (fixture, token, user, NULL, NULL);
  g_autoptr (KrCsrfRequest) other = NULL;

  csrf_assert_accepted (fixture, same);
  user[99999] = 'v';
  other = bound_request (fixture, token, user, NULL, NULL);
  csrf_assert_refused (fixture, other, KR_CSRF_ERROR_TOKEN_MISMATCH);
}

static void
test_scope (CsrfFixture *fixture, gconstpointer data)
{
  static const char *const others[] = { "POST /b", "POST /a/", "POST /A", "POST /a?x", "PUT /a", "POST /", "" };
  g_autofree char *scope = kr_csrf_scope_for_form ("POST", "/a");
  g_autofree char *scoped = issue_bound (fixture, NULL, NULL, scope);
  g_autofree char *global = csrf_issue_token (fixture);
  g_autoptr (KrCsrfRequest) right = bound_request (fixture, scoped, NULL, NULL, scope);
  g_autoptr (KrCsrfRequest) demanded = bound_request (fixture, global, NULL, NULL, scope);
  g_autoptr (KrCsrfRequest) undemanded = csrf_request_with (fixture, "POST", scoped);

  g_assert_cmpstr (scope, ==, "POST /a");
  csrf_assert_accepted (fixture, right);
  csrf_assert_refused (fixture, demanded, KR_CSRF_ERROR_SCOPE_MISMATCH);
  csrf_assert_refused (fixture, undemanded, KR_CSRF_ERROR_TOKEN_MISMATCH);
  for (guint i = 0; i < G_N_ELEMENTS (others); i++)
    {
      g_autoptr (KrCsrfRequest) wrong = bound_request (fixture, scoped, NULL, NULL, others[i]);

      csrf_assert_refused (fixture, wrong, KR_CSRF_ERROR_TOKEN_MISMATCH);
    }
}

/* Login: a new secret; what was there before, in pages or in an attacker's hand, ends. */
static void
test_rotate (CsrfFixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *before = csrf_issue_token (fixture);
  g_autofree char *after = NULL;
  g_autoptr (KrCsrfRequest) login = csrf_request_with (fixture, "POST", before);
  g_autoptr (KrCsrfTokens) tokens = NULL;
  g_autoptr (KrCsrfRequest) with_before = NULL;
  g_autoptr (KrCsrfRequest) with_after = NULL;

  csrf_assert_accepted (fixture, login);
  kr_csrf_request_set_user_id (login, "alice");
  g_assert_true (kr_csrf_protector_rotate (fixture->protector, login, kr_csrf_test_jar_sink, fixture->jar, &error));
  g_assert_no_error (error);
  g_assert_cmpuint (kr_csrf_test_jar_get_n_set_cookies (fixture->jar), ==, 2);
  tokens = csrf_issue (fixture, login);
  g_assert_cmpuint (kr_csrf_test_jar_get_n_set_cookies (fixture->jar), ==, 2);
  with_before = bound_request (fixture, before, NULL, NULL, NULL);
  csrf_assert_refused (fixture, with_before, KR_CSRF_ERROR_TOKEN_MISMATCH);
  with_after = bound_request (fixture, kr_csrf_tokens_get_request_token (tokens), "alice", NULL, NULL);
  csrf_assert_accepted (fixture, with_after);
}

static void
test_insecure_transport (CsrfFixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (KrCsrfRequest) get = kr_csrf_request_new ("GET", "http", "app.example", "/");
  g_autoptr (KrCsrfRequest) post = kr_csrf_request_new ("POST", "http", "app.example", "/");

  g_assert_null (kr_csrf_protector_get_tokens (fixture->protector, get, &error));
  g_assert_error (error, KR_CSRF_ERROR, KR_CSRF_ERROR_INSECURE_TRANSPORT);
  g_assert_cmpuint (kr_csrf_error_to_status (error, KR_CSRF_STATUS_PROFILE_KESTRUN), ==, 400);
  csrf_assert_refused (fixture, post, KR_CSRF_ERROR_INSECURE_TRANSPORT);
}

static void
test_plain_http (CsrfFixture *fixture, gconstpointer data)
{
  g_autoptr (KrCsrfRequest) get = kr_csrf_request_new ("GET", "http", "127.0.0.1:5000", "/");
  g_autoptr (KrCsrfRequest) post = kr_csrf_request_new ("POST", "http", "127.0.0.1:5000", "/");
  g_autoptr (KrCsrfTokens) tokens = NULL;

  csrf_fixture_configure (fixture, "cookie-name", ".Kestrun.AntiXSRF", "cookie-secure", FALSE, NULL);
  tokens = csrf_issue (fixture, get);
  g_assert_null (strstr (kr_csrf_test_jar_get_header (fixture->jar, "Set-Cookie"), "Secure"));
  kr_csrf_test_jar_add_to_request (fixture->jar, post);
  kr_csrf_request_add_header (post, "Origin", "http://127.0.0.1:5000", -1);
  kr_csrf_request_add_header (post, "X-CSRF-TOKEN", kr_csrf_tokens_get_request_token (tokens), -1);
  csrf_assert_accepted (fixture, post);
}

/* Behind a proxy that ends TLS: a token of the plain site is worth nothing on the secure one. */
static void
test_scheme_is_bound (CsrfFixture *fixture, gconstpointer data)
{
  g_autoptr (KrCsrfRequest) get = kr_csrf_request_new ("GET", "http", "app.example", "/");
  g_autoptr (KrCsrfTokens) tokens = NULL;
  g_autoptr (KrCsrfRequest) post = NULL;

  csrf_fixture_configure (fixture, "cookie-name", "csrf", "cookie-secure", FALSE, NULL);
  tokens = csrf_issue (fixture, get);
  post = csrf_request_with (fixture, "POST", kr_csrf_tokens_get_request_token (tokens));
  csrf_assert_refused (fixture, post, KR_CSRF_ERROR_TOKEN_MISMATCH);
}

static void
on_rejected (KrCsrfProtector *protector, KrCsrfRequest *request, int code, gpointer data)
{
  int *seen = data;

  *seen = code;
}

static void
test_report_only (CsrfFixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (KrCsrfRequest) request = csrf_request ("POST");
  KrCsrfStats stats;
  int seen = -1;

  csrf_fixture_configure (fixture, "report-only", TRUE, NULL);
  g_signal_connect (fixture->protector, "rejected", G_CALLBACK (on_rejected), &seen);
  g_assert_true (kr_csrf_protector_is_request_valid (fixture->protector, request, &error));
  g_assert_no_error (error);
  g_assert_cmpint (seen, ==, KR_CSRF_ERROR_COOKIE_MISSING);
  kr_csrf_protector_get_stats (fixture->protector, &stats);
  g_assert_cmpuint (stats.reported, ==, 1);
  g_assert_cmpuint (stats.accepted, ==, 0);
  g_object_set (fixture->protector, "report-only", FALSE, NULL);
  csrf_assert_refused (fixture, request, KR_CSRF_ERROR_COOKIE_MISSING);
}

static void
on_bypassed (KrCsrfProtector *protector, KrCsrfRequest *request, const char *reason, gpointer data)
{
  char **seen = data;

  *seen = g_strdup (reason);
}

static void
test_bypass (CsrfFixture *fixture, gconstpointer data)
{
  g_autoptr (KrCsrfRequest) request = csrf_request ("POST");
  g_autofree char *seen = NULL;
  KrCsrfStats stats;

  g_signal_connect (fixture->protector, "bypassed", G_CALLBACK (on_bypassed), &seen);
  kr_csrf_protector_bypass (fixture->protector, request, "webhook with its own signature");
  g_assert_cmpstr (seen, ==, "webhook with its own signature");
  kr_csrf_protector_get_stats (fixture->protector, &stats);
  g_assert_cmpuint (stats.bypassed, ==, 1);
  /* It is recorded, not remembered: the next call judges as ever. */
  csrf_assert_refused (fixture, request, KR_CSRF_ERROR_COOKIE_MISSING);
}

static void
drop (KrCsrfProtector *protector, KrCsrfRequest *request, int code, gpointer data)
{
  CsrfFixture *fixture = data;

  g_clear_object (&fixture->protector);
}

/* The last reference goes away in a handler. */
static void
test_unref_in_signal (CsrfFixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (KrCsrfRequest) request = csrf_request ("POST");
  KrCsrfProtector *protector = g_object_ref (fixture->protector);

  g_signal_connect (protector, "rejected", G_CALLBACK (drop), fixture);
  g_assert_false (kr_csrf_protector_is_request_valid (protector, request, &error));
  g_assert_error (error, KR_CSRF_ERROR, KR_CSRF_ERROR_COOKIE_MISSING);
  g_assert_null (fixture->protector);
  g_assert_finalize_object (protector);
}

static void
test_random_fails (CsrfFixture *fixture, gconstpointer data)
{
  guint failures = 0;

  for (int budget = 0; budget < 8; budget++)
    {
      g_autoptr (KrCsrfKeyRing) ring = kr_csrf_key_ring_new_ephemeral ();
      g_autoptr (KrCsrfTestSources) sources = kr_csrf_test_sources_new (1, CSRF_START);
      g_autoptr (GError) error = NULL;
      g_autoptr (KrCsrfRequest) get = csrf_request ("GET");
      g_autoptr (KrCsrfTokens) tokens = NULL;

      kr_csrf_test_sources_install (sources, ring);
      kr_csrf_test_sources_set_random_budget (sources, budget);
      g_set_object (&fixture->ring, ring);
      csrf_fixture_configure (fixture, NULL);
      tokens = kr_csrf_protector_get_and_store_tokens (fixture->protector, get, kr_csrf_test_jar_sink, fixture->jar,
                                                       &error);
      if (tokens == NULL)
        {
          g_assert_error (error, KR_CSRF_ERROR, KR_CSRF_ERROR_RANDOM_FAILED);
          g_assert_cmpuint (kr_csrf_test_jar_get_n_set_cookies (fixture->jar), ==, 0);
          failures++;
        }
      g_clear_object (&fixture->protector);
      g_clear_object (&fixture->ring);
    }
  /* Key id, secret, cookie, nonce. */
  g_assert_cmpuint (failures, ==, 4);
}

static void
test_app_id (CsrfFixture *fixture, gconstpointer data)
{
  g_autofree char *token = NULL;
  g_autoptr (KrCsrfRequest) same = NULL;
  g_autoptr (KrCsrfRequest) other = NULL;

  csrf_fixture_configure (fixture, "app-id", "shop", NULL);
  token = csrf_issue_token (fixture);
  same = csrf_request_with (fixture, "POST", token);
  csrf_assert_accepted (fixture, same);
  csrf_fixture_configure (fixture, "app-id", "forum", NULL);
  other = csrf_request_with (fixture, "POST", token);
  csrf_assert_refused (fixture, other, KR_CSRF_ERROR_TOKEN_MISMATCH);
}

static void
test_config (CsrfFixture *fixture, gconstpointer data)
{
  static const struct { const char *property, *value; } cases[] = {
    { "cookie-name", "" }, { "cookie-name", "a b" }, { "cookie-name", "a;b" }, { "cookie-name", "a=b" },
    { "cookie-name", "__HOST-x" }, { "cookie-name", "__host-x" }, { "cookie-name", "__secure-x" },
    { "cookie-path", "app" }, { "cookie-path", "/app" }, { "cookie-path", "/;Domain=x" }, { "cookie-path", NULL },
    { "header-name", "" }, { "header-name", "X CSRF" }, { "header-name", "X:Y" }, { "header-name", "X\r\nY" },
    { "form-field-name", "" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (KrCsrfProtector) protector =
        g_initable_new (KR_CSRF_TYPE_PROTECTOR, NULL, &error, "key-ring", fixture->ring, cases[i].property,
                        cases[i].value, NULL);

      g_test_message ("%s = “%s”", cases[i].property, cases[i].value);
      g_assert_error (error, KR_CSRF_ERROR, KR_CSRF_ERROR_CONFIG);
      g_assert_null (protector);
    }
}

static void
assert_config_error (GError **error, gpointer protector)
{
  g_assert_null (protector);
  g_assert_error (*error, KR_CSRF_ERROR, KR_CSRF_ERROR_CONFIG);
  g_clear_error (error);
}

static void
test_config_combinations (CsrfFixture *fixture, gconstpointer data)
{
  static const char *const bad_methods[] = { "GET", "", NULL };
  GError *error = NULL;

  assert_config_error (&error, g_initable_new (KR_CSRF_TYPE_PROTECTOR, NULL, &error, NULL));
  assert_config_error (&error, g_initable_new (KR_CSRF_TYPE_PROTECTOR, NULL, &error, "key-ring", fixture->ring,
                                               "cookie-secure", FALSE, NULL));
  assert_config_error (&error, g_initable_new (KR_CSRF_TYPE_PROTECTOR, NULL, &error, "key-ring", fixture->ring,
                                               "cookie-name", "__Secure-x", "cookie-secure", FALSE, NULL));
  assert_config_error (&error, g_initable_new (KR_CSRF_TYPE_PROTECTOR, NULL, &error, "key-ring", fixture->ring,
                                               "cookie-name", "x", "cookie-secure", FALSE, "cookie-same-site",
                                               KR_CSRF_SAME_SITE_NONE, NULL));
  assert_config_error (&error, g_initable_new (KR_CSRF_TYPE_PROTECTOR, NULL, &error, "key-ring", fixture->ring,
                                               "header-name", NULL, "read-form-body", FALSE, NULL));
  assert_config_error (&error, g_initable_new (KR_CSRF_TYPE_PROTECTOR, NULL, &error, "key-ring", fixture->ring,
                                               "safe-methods", bad_methods, NULL));
}

static void
test_problem_json (CsrfFixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = g_error_new_literal (KR_CSRF_ERROR, KR_CSRF_ERROR_TOKEN_MISMATCH, "a \"b\" <c>\n");
  g_autoptr (GError) inside = g_error_new_literal (KR_CSRF_ERROR, KR_CSRF_ERROR_KEYRING_IO, "/secret/path");
  g_autoptr (GError) foreign = g_error_new_literal (G_IO_ERROR, G_IO_ERROR_FAILED, "/secret/path");
  g_autofree char *json = kr_csrf_problem_json (error, KR_CSRF_STATUS_PROFILE_KESTRUN);
  g_autofree char *strict = kr_csrf_problem_json (error, KR_CSRF_STATUS_PROFILE_STRICT);
  g_autofree char *inside_json = kr_csrf_problem_json (inside, KR_CSRF_STATUS_PROFILE_KESTRUN);
  g_autofree char *foreign_json = kr_csrf_problem_json (foreign, KR_CSRF_STATUS_PROFILE_KESTRUN);

  g_assert_cmpstr (json, ==, "{\"type\":\"https://datatracker.ietf.org/doc/html/rfc9110#section-15.5.1\","
                             "\"title\":\"Antiforgery validation failed\",\"status\":400,"
                             "\"detail\":\"a \\u0022b\\u0022 \\u003cc\\u003e\\u000a\"}");
  g_assert_nonnull (strstr (strict, "\"status\":403"));
  g_assert_nonnull (strstr (inside_json, "\"status\":503"));
  g_assert_null (strstr (inside_json, "secret"));
  g_assert_nonnull (strstr (foreign_json, "\"status\":500"));
  g_assert_null (strstr (foreign_json, "secret"));
}

/* What the application calls its fields cannot break out of the document, and what a client sends is not in it. */
static void
test_problem_json_names (CsrfFixture *fixture, gconstpointer data)
{
  g_autoptr (GError) token_error = NULL;
  g_autoptr (GError) cookie_error = NULL;
  g_autoptr (KrCsrfRequest) no_token = NULL;
  g_autoptr (KrCsrfRequest) bad_cookie = csrf_request ("POST");
  g_autofree char *token = NULL;
  g_autofree char *token_json = NULL;
  g_autofree char *cookie_json = NULL;

  csrf_fixture_configure (fixture, "header-name", NULL, "form-field-name", "a\"</script>\n\\", NULL);
  token = csrf_issue_token (fixture);
  no_token = csrf_request_with_cookie (fixture, "POST");
  g_assert_false (kr_csrf_protector_is_request_valid (fixture->protector, no_token, &token_error));
  token_json = kr_csrf_problem_json (token_error, KR_CSRF_STATUS_PROFILE_KESTRUN);
  g_assert_nonnull (strstr (token_json, "a\\u0022\\u003c/script\\u003e\\u000a\\u005c"));
  kr_csrf_request_add_header (bad_cookie, "Cookie", CSRF_COOKIE "=<script>alert(1)</script>", -1);
  kr_csrf_request_set_form_token (bad_cookie, token, -1);
  g_assert_false (kr_csrf_protector_is_request_valid (fixture->protector, bad_cookie, &cookie_error));
  cookie_json = kr_csrf_problem_json (cookie_error, KR_CSRF_STATUS_PROFILE_KESTRUN);
  g_assert_null (strstr (cookie_json, "alert"));
}

/* Every code has a name of its own and a status in both profiles. */
static void
test_codes (CsrfFixture *fixture, gconstpointer data)
{
  g_autoptr (GHashTable) names = g_hash_table_new (g_str_hash, g_str_equal);
  g_autoptr (GEnumClass) codes = g_type_class_ref (KR_CSRF_TYPE_ERROR);

  for (guint i = 0; i < codes->n_values; i++)
    {
      g_autoptr (GError) error = g_error_new_literal (KR_CSRF_ERROR, codes->values[i].value, "x");
      const char *name = kr_csrf_code_to_string (codes->values[i].value);
      guint strict = kr_csrf_error_to_status (error, KR_CSRF_STATUS_PROFILE_STRICT);

      g_assert_cmpstr (name, ==, codes->values[i].value_nick);
      g_assert_true (g_hash_table_add (names, (gpointer) name));
      g_assert_true (strict == 400 || strict == 403 || strict == 413 || strict == 421 || strict == 500 || strict == 503);
    }
  g_assert_cmpstr (kr_csrf_code_to_string (codes->n_values), ==, "unknown");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  CSRF_TEST_ADD ("issue/pair", test_pair);
  CSRF_TEST_ADD ("issue/twice", test_token_twice);
  CSRF_TEST_ADD ("issue/any-visit", test_issue_to_any_visit);
  CSRF_TEST_ADD ("issue/cookie-stays", test_cookie_stays);
  CSRF_TEST_ADD ("issue/broken-cookie-replaced", test_broken_cookie_replaced);
  CSRF_TEST_ADD ("issue/cookie-renewed", test_cookie_renewed);
  CSRF_TEST_ADD ("issue/cookie-only", test_set_cookie_only);
  CSRF_TEST_ADD ("issue/json", test_token_json);
  CSRF_TEST_ADD ("issue/insecure-transport", test_insecure_transport);
  CSRF_TEST_ADD ("issue/plain-http", test_plain_http);
  CSRF_TEST_ADD ("issue/random-fails", test_random_fails);
  CSRF_TEST_ADD ("response/headers", test_response_headers);
  CSRF_TEST_ADD ("response/application", test_application_headers);
  CSRF_TEST_ADD ("response/settings", test_response_settings);
  CSRF_TEST_ADD ("form/only", test_form_only);
  CSRF_TEST_ADD ("form/field", test_form);
  CSRF_TEST_ADD ("form/error", test_form_error);
  CSRF_TEST_ADD ("method/default", test_methods);
  CSRF_TEST_ADD ("method/setting", test_safe_methods_setting);
  CSRF_TEST_ADD ("method/validate-all", test_validate_safe);
  CSRF_TEST_ADD ("binding/user-and-session", test_bindings);
  CSRF_TEST_ADD ("binding/empty", test_empty_identity);
  CSRF_TEST_ADD ("binding/long", test_long_identity);
  CSRF_TEST_ADD ("binding/scope", test_scope);
  CSRF_TEST_ADD ("binding/scheme", test_scheme_is_bound);
  CSRF_TEST_ADD ("binding/app-id", test_app_id);
  CSRF_TEST_ADD ("rotate", test_rotate);
  CSRF_TEST_ADD ("report-only", test_report_only);
  CSRF_TEST_ADD ("bypass", test_bypass);
  CSRF_TEST_ADD ("unref-in-signal", test_unref_in_signal);
  CSRF_TEST_ADD ("texts", test_texts);
  CSRF_TEST_ADD ("config/values", test_config);
  CSRF_TEST_ADD ("config/combinations", test_config_combinations);
  CSRF_TEST_ADD ("problem-json/texts", test_problem_json);
  CSRF_TEST_ADD ("problem-json/names", test_problem_json_names);
  CSRF_TEST_ADD ("codes", test_codes);
  return g_test_run ();
}
