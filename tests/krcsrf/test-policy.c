/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* Tests of where a request may come from: Sec-Fetch-Site, Origin, Referer, Host, upgrades. */
#include "csrf-fixture.h"

#define PASS (-1)

typedef struct
{
  const char *name, *value;
} Header;

typedef struct
{
  const char *authority;
  Header headers[3];
  int code;  /* PASS, or what refuses it */
} Case;

static KrCsrfRequest *
make_request (const char *method, const char *scheme, const char *authority)
{
  return kr_csrf_request_new (method, scheme, authority, "/");
}

static void
check (CsrfFixture *fixture, KrCsrfRequest *request, int code, const char *where)
{
  if (code == PASS)
    csrf_assert_accepted (fixture, request);
  else
    csrf_assert_refused_at (fixture, request, code, where);
}

/* Each case with a token that is right, so that only the origin can refuse it. */
static void
check_cases (CsrfFixture *fixture, const Case *cases, guint n_cases)
{
  for (guint i = 0; i < n_cases; i++)
    {
      g_autoptr (GError) error = NULL;
      g_autofree char *where = g_strdup_printf ("case %u", i);
      const char *authority = cases[i].authority != NULL ? cases[i].authority : "victim.com";
      g_autoptr (KrCsrfRequest) request = make_request ("POST", "https", authority);

      if (cases[i].code != KR_CSRF_ERROR_HOST_NOT_ALLOWED)
        g_assert_true (kr_csrf_test_sign_request (fixture->protector, request, &error));
      g_assert_no_error (error);
      for (guint j = 0; j < G_N_ELEMENTS (cases[i].headers) && cases[i].headers[j].name != NULL; j++)
        kr_csrf_request_add_header (request, cases[i].headers[j].name, cases[i].headers[j].value, -1);
      check (fixture, request, cases[i].code, where);
    }
}

static void
test_origin (CsrfFixture *fixture, gconstpointer data)
{
  static const Case cases[] = {
    { NULL, { { "Origin", "https://victim.com" } }, PASS },
    { NULL, { { "Origin", "https://VICTIM.com" } }, PASS },
    { NULL, { { "ORIGIN", "HTTPS://victim.com" } }, PASS },
    { NULL, { { "Origin", "https://victim.com:443" } }, PASS },
    { NULL, { { "Origin", "wss://victim.com" } }, PASS },
    { "victim.com:443", { { "Origin", "https://victim.com" } }, PASS },
    { "VICTIM.COM", { { "Origin", "https://victim.com" } }, PASS },
    { "[2001:DB8::1]:8443", { { "Origin", "https://[2001:db8::1]:8443" } }, PASS },
    { NULL, { { "Origin", "https://evil.com" } }, KR_CSRF_ERROR_ORIGIN_MISMATCH },
    { NULL, { { "Origin", "http://victim.com" } }, KR_CSRF_ERROR_ORIGIN_MISMATCH },
    { NULL, { { "Origin", "https://victim.com:444" } }, KR_CSRF_ERROR_ORIGIN_MISMATCH },
    { NULL, { { "Origin", "https://victim.com:80" } }, KR_CSRF_ERROR_ORIGIN_MISMATCH },
    { NULL, { { "Origin", "https://victim.com." } }, KR_CSRF_ERROR_ORIGIN_MISMATCH },
    { NULL, { { "Origin", "https://a.victim.com" } }, KR_CSRF_ERROR_ORIGIN_MISMATCH },
    { NULL, { { "Origin", "https://victim.com.evil.com" } }, KR_CSRF_ERROR_ORIGIN_MISMATCH },
    { NULL, { { "Origin", "chrome-extension://abcdef" } }, KR_CSRF_ERROR_ORIGIN_MISMATCH },
    { "victim.com:444", { { "Origin", "https://victim.com" } }, KR_CSRF_ERROR_ORIGIN_MISMATCH },
    { NULL, { { "Origin", "null" } }, KR_CSRF_ERROR_ORIGIN_NULL },
    { NULL, { { "Origin", "NULL" } }, KR_CSRF_ERROR_ORIGIN_NULL },
    { NULL, { { "Origin", " null" } }, KR_CSRF_ERROR_ORIGIN_NULL },
    { NULL, { { "Origin", "null" }, { "Sec-Fetch-Site", "same-origin" } }, KR_CSRF_ERROR_ORIGIN_NULL },
    { NULL, { { "Origin", "https://evil@victim.com" } }, KR_CSRF_ERROR_ORIGIN_MALFORMED },
    { NULL, { { "Origin", "https://victim.com:a@evil.com" } }, KR_CSRF_ERROR_ORIGIN_MALFORMED },
    { NULL, { { "Origin", "https://victim.com/" } }, KR_CSRF_ERROR_ORIGIN_MALFORMED },
    { NULL, { { "Origin", "https://victim.com?x" } }, KR_CSRF_ERROR_ORIGIN_MALFORMED },
    { NULL, { { "Origin", "https://victim.com#x" } }, KR_CSRF_ERROR_ORIGIN_MALFORMED },
    { NULL, { { "Origin", "" } }, KR_CSRF_ERROR_ORIGIN_MALFORMED },
    { NULL, { { "Origin", "https://" } }, KR_CSRF_ERROR_ORIGIN_MALFORMED },
    { NULL, { { "Origin", ":" } }, KR_CSRF_ERROR_ORIGIN_MALFORMED },
    { NULL, { { "Origin", "//" } }, KR_CSRF_ERROR_ORIGIN_MALFORMED },
    { NULL, { { "Origin", "victim.com" } }, KR_CSRF_ERROR_ORIGIN_MALFORMED },
    { NULL, { { "Origin", "://victim.com" } }, KR_CSRF_ERROR_ORIGIN_MALFORMED },
    { NULL, { { "Origin", "https://[::1" } }, KR_CSRF_ERROR_ORIGIN_MALFORMED },
    { NULL, { { "Origin", "https://[::1]x" } }, KR_CSRF_ERROR_ORIGIN_MALFORMED },
    { NULL, { { "Origin", "https://a b" } }, KR_CSRF_ERROR_ORIGIN_MALFORMED },
    { NULL, { { "Origin", "https://victim.com:" } }, KR_CSRF_ERROR_ORIGIN_MALFORMED },
    { NULL, { { "Origin", "https://victim.com:0443" } }, KR_CSRF_ERROR_ORIGIN_MALFORMED },
    { NULL, { { "Origin", "https://victim.com:65536" } }, KR_CSRF_ERROR_ORIGIN_MALFORMED },
    { NULL, { { "Origin", "https://victim.com, https://victim.com" } }, KR_CSRF_ERROR_ORIGIN_MALFORMED },
    { NULL, { { "Origin", "https://victim.com\thttps://evil.com" } }, KR_CSRF_ERROR_ORIGIN_MALFORMED },
    { NULL, { { "Origin", "https://b\xc3\xbc" "cher.example" } }, KR_CSRF_ERROR_HEADER_INVALID },
    { NULL, { { "Origin", "https://victim.com\x01" } }, KR_CSRF_ERROR_HEADER_INVALID },
    { NULL, { { "Origin", "https://victim.com" }, { "Origin", "https://victim.com" } },
      KR_CSRF_ERROR_AMBIGUOUS_HEADER },
  };

  check_cases (fixture, cases, G_N_ELEMENTS (cases));
}

static void
test_long_origin (CsrfFixture *fixture, gconstpointer data)
{
  static const struct { gsize len; int code; } cases[] = {
    { 10000, KR_CSRF_ERROR_ORIGIN_MALFORMED }, { 20000, KR_CSRF_ERROR_HEADER_INVALID },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (KrCsrfRequest) request = make_request ("POST", "https", "victim.com");
      g_autofree char *filler = g_strnfill (cases[i].len, 'a');
      g_autofree char *origin = g_strconcat ("https://", filler, NULL);

      kr_csrf_request_add_header (request, "Origin", origin, -1);
      check (fixture, request, cases[i].code, G_STRLOC);
    }
}

static void
test_fetch_site (CsrfFixture *fixture, gconstpointer data)
{
  static const Case cases[] = {
    { NULL, { { "Sec-Fetch-Site", "same-origin" } }, PASS },
    { NULL, { { "Sec-Fetch-Site", "none" } }, PASS },
    { NULL, { { "Sec-Fetch-Site", "none" }, { "Origin", "https://victim.com" } }, PASS },
    { NULL, { { "Sec-Fetch-Site", "same-origin" }, { "Origin", "https://victim.com" } }, PASS },
    { NULL, { { "Sec-Fetch-Site", "same-site" } }, KR_CSRF_ERROR_FETCH_SITE_SAME_SITE },
    { NULL, { { "Sec-Fetch-Site", "cross-site" } }, KR_CSRF_ERROR_FETCH_SITE_CROSS },
    { NULL, { { "Sec-Fetch-Site", "cross-site" }, { "Origin", "https://victim.com" } },
      KR_CSRF_ERROR_FETCH_SITE_CROSS },
    { NULL, { { "Sec-Fetch-Site", "same-origin" }, { "Origin", "https://evil.com" } },
      KR_CSRF_ERROR_FETCH_SITE_CONTRADICTION },
    { NULL, { { "Sec-Fetch-Site", "none" }, { "Origin", "https://evil.com" } },
      KR_CSRF_ERROR_FETCH_SITE_CONTRADICTION },
    { NULL, { { "Sec-Fetch-Site", "SAME-ORIGIN" } }, KR_CSRF_ERROR_FETCH_SITE_INVALID },
    { NULL, { { "Sec-Fetch-Site", "same-origin, cross-site" } }, KR_CSRF_ERROR_FETCH_SITE_INVALID },
    { NULL, { { "Sec-Fetch-Site", "" } }, KR_CSRF_ERROR_FETCH_SITE_INVALID },
    { NULL, { { "Sec-Fetch-Site", "same-origin2" } }, KR_CSRF_ERROR_FETCH_SITE_INVALID },
    { NULL, { { "Sec-Fetch-Site", "same-origin" }, { "Sec-Fetch-Site", "same-origin" } },
      KR_CSRF_ERROR_AMBIGUOUS_HEADER },
  };

  check_cases (fixture, cases, G_N_ELEMENTS (cases));
}

static void
test_trusted (CsrfFixture *fixture, gconstpointer data)
{
  static const char *const trusted[] = { "https://trusted.com", "https://*.x.com", "http://plain.org:8080", NULL };
  static const Case cases[] = {
    { NULL, { { "Origin", "https://trusted.com" } }, PASS },
    { NULL, { { "Origin", "https://trusted.com" }, { "Sec-Fetch-Site", "cross-site" } }, PASS },
    { NULL, { { "Origin", "https://a.x.com" }, { "Sec-Fetch-Site", "same-site" } }, PASS },
    { NULL, { { "Origin", "https://A.X.com:443" } }, PASS },
    { NULL, { { "Origin", "http://plain.org:8080" } }, PASS },
    { NULL, { { "Origin", "http://trusted.com" } }, KR_CSRF_ERROR_ORIGIN_MISMATCH },
    { NULL, { { "Origin", "https://trusted.com:8443" } }, KR_CSRF_ERROR_ORIGIN_MISMATCH },
    { NULL, { { "Origin", "https://plain.org:8080" } }, KR_CSRF_ERROR_ORIGIN_MISMATCH },
    { NULL, { { "Origin", "http://plain.org" } }, KR_CSRF_ERROR_ORIGIN_MISMATCH },
    { NULL, { { "Origin", "https://x.com" } }, KR_CSRF_ERROR_ORIGIN_MISMATCH },
    { NULL, { { "Origin", "https://a.b.x.com" } }, KR_CSRF_ERROR_ORIGIN_MISMATCH },
    { NULL, { { "Origin", "https://evilx.com" } }, KR_CSRF_ERROR_ORIGIN_MISMATCH },
    { NULL, { { "Origin", "https://a.x.com.evil.org" } }, KR_CSRF_ERROR_ORIGIN_MISMATCH },
    { NULL, { { "Origin", "http://a.x.com" } }, KR_CSRF_ERROR_ORIGIN_MISMATCH },
    { NULL, { { "Origin", "https://a.x.com:8443" } }, KR_CSRF_ERROR_ORIGIN_MISMATCH },
    { NULL, { { "Origin", "https://.x.com" } }, KR_CSRF_ERROR_ORIGIN_MALFORMED },
    { NULL, { { "Origin", "https://a..x.com" } }, KR_CSRF_ERROR_ORIGIN_MALFORMED },
    { NULL, { { "Origin", "https://*.x.com" } }, KR_CSRF_ERROR_ORIGIN_MALFORMED },
    { NULL, { { "Origin", "https://trusted.com" }, { "Sec-Fetch-Site", "same-origin" } },
      KR_CSRF_ERROR_FETCH_SITE_CONTRADICTION },
    { NULL, { { "Origin", "https://evil.com" }, { "Sec-Fetch-Site", "cross-site" } }, KR_CSRF_ERROR_FETCH_SITE_CROSS },
    { NULL, { { "Referer", "https://trusted.com/page" } }, PASS },
  };

  csrf_fixture_configure (fixture, "trusted-origins", trusted, NULL);
  check_cases (fixture, cases, G_N_ELEMENTS (cases));
}

static void
test_trusted_config (CsrfFixture *fixture, gconstpointer data)
{
  static const char *const wrong[] = {
    "*", "null", "trusted.com", "https://trusted.com/path", "https://trusted.com/", "https://", "ftp://trusted.com",
    "https://*", "https://*.com", "https://a.*.com", "https://*.*.x.com", "https://user@trusted.com",
    "https://trusted.com:", "https://trusted.com:99999", "", "https://trus ted.com",
  };

  for (guint i = 0; i < G_N_ELEMENTS (wrong); i++)
    {
      g_autoptr (GError) error = NULL;
      const char *origins[] = { "https://fine.org", wrong[i], NULL };
      g_autoptr (KrCsrfProtector) protector =
        g_initable_new (KR_CSRF_TYPE_PROTECTOR, NULL, &error, "key-ring", fixture->ring, "trusted-origins", origins,
                        NULL);

      g_test_message ("“%s”", wrong[i]);
      g_assert_error (error, KR_CSRF_ERROR, KR_CSRF_ERROR_CONFIG);
      g_assert_null (protector);
    }
}

static void
test_same_site_allowed (CsrfFixture *fixture, gconstpointer data)
{
  static const Case cases[] = {
    { NULL, { { "Sec-Fetch-Site", "same-site" } }, PASS },
    { NULL, { { "Sec-Fetch-Site", "same-site" }, { "Origin", "https://sibling.victim.com" } }, PASS },
    { NULL, { { "Sec-Fetch-Site", "same-site" }, { "Origin", "null" } }, KR_CSRF_ERROR_ORIGIN_NULL },
    { NULL, { { "Sec-Fetch-Site", "cross-site" } }, KR_CSRF_ERROR_FETCH_SITE_CROSS },
    { NULL, { { "Origin", "https://sibling.victim.com" } }, KR_CSRF_ERROR_ORIGIN_MISMATCH },
  };

  csrf_fixture_configure (fixture, "allow-same-site", TRUE, NULL);
  check_cases (fixture, cases, G_N_ELEMENTS (cases));
}

static void
test_referer (CsrfFixture *fixture, gconstpointer data)
{
  static const Case cases[] = {
    { NULL, { { NULL, NULL } }, PASS },
    { NULL, { { "Referer", "https://victim.com/" } }, PASS },
    { NULL, { { "Referer", "https://victim.com" } }, PASS },
    { NULL, { { "Referer", "https://VICTIM.com:443/a?b=https://evil.com#c" } }, PASS },
    { NULL, { { "Referer", "https://evil.com/" } }, KR_CSRF_ERROR_REFERER_MISMATCH },
    { NULL, { { "Referer", "https://victim.com.evil.com/" } }, KR_CSRF_ERROR_REFERER_MISMATCH },
    { NULL, { { "Referer", "https://evil.com/https://victim.com" } }, KR_CSRF_ERROR_REFERER_MISMATCH },
    { NULL, { { "Referer", "https://victim.com@evil.com/" } }, KR_CSRF_ERROR_REFERER_MISMATCH },
    { NULL, { { "Referer", "http://victim.com/" } }, KR_CSRF_ERROR_REFERER_MISMATCH },
    { NULL, { { "Referer", "about:blank" } }, KR_CSRF_ERROR_REFERER_MISMATCH },
    { NULL, { { "Referer", "" } }, KR_CSRF_ERROR_REFERER_MISMATCH },
    { NULL, { { "Referer", "https://victim.com/" }, { "Referer", "https://victim.com/" } },
      KR_CSRF_ERROR_AMBIGUOUS_HEADER },
    /* What says more comes first. */
    { NULL, { { "Referer", "https://evil.com/" }, { "Origin", "https://victim.com" } }, PASS },
    { NULL, { { "Referer", "https://evil.com/" }, { "Sec-Fetch-Site", "same-origin" } }, PASS },
  };
  static const Case off[] = { { NULL, { { "Referer", "https://evil.com/" } }, PASS } };

  check_cases (fixture, cases, G_N_ELEMENTS (cases));
  csrf_fixture_configure (fixture, "referer-fallback", FALSE, NULL);
  check_cases (fixture, off, G_N_ELEMENTS (off));
}

static void
test_hosts (CsrfFixture *fixture, gconstpointer data)
{
  static const char *const allowed[] = { "victim.com", "other.com:8443", "secure.com:443", NULL };
  static const Case cases[] = {
    { "victim.com", { { "Origin", "https://victim.com" } }, PASS },
    { "victim.com:9000", { { "Origin", "https://victim.com:9000" } }, PASS },
    { "VICTIM.com", { { NULL, NULL } }, PASS },
    { "other.com:8443", { { NULL, NULL } }, PASS },
    { "secure.com", { { NULL, NULL } }, PASS },
    { "other.com", { { NULL, NULL } }, KR_CSRF_ERROR_HOST_NOT_ALLOWED },
    { "evil.com", { { "Origin", "https://evil.com" } }, KR_CSRF_ERROR_HOST_NOT_ALLOWED },
    { "victim.com.", { { NULL, NULL } }, KR_CSRF_ERROR_HOST_NOT_ALLOWED },
    { "", { { NULL, NULL } }, KR_CSRF_ERROR_HOST_NOT_ALLOWED },
    { "a@victim.com", { { NULL, NULL } }, KR_CSRF_ERROR_HOST_NOT_ALLOWED },
    { "victim.com/x", { { NULL, NULL } }, KR_CSRF_ERROR_HOST_NOT_ALLOWED },
    { "victim.com", { { "Host", "victim.com" }, { "Host", "evil.com" } }, KR_CSRF_ERROR_AMBIGUOUS_HEADER },
  };
  g_autoptr (KrCsrfRequest) get = make_request ("GET", "https", "evil.com");

  csrf_fixture_configure (fixture, "allowed-hosts", allowed, NULL);
  check_cases (fixture, cases, G_N_ELEMENTS (cases));
  csrf_assert_refused (fixture, get, KR_CSRF_ERROR_HOST_NOT_ALLOWED);
}

static void
test_host_not_a_host (CsrfFixture *fixture, gconstpointer data)
{
  static const char *const wrong[] = { NULL, "", ":443", "a..b", ".a", "a b", "a%41", "[::1", "[]", "a:b", "a:-1", "\xc3\xbc" };

  for (guint i = 0; i < G_N_ELEMENTS (wrong); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (KrCsrfRequest) get = make_request ("GET", "https", wrong[i]);

      g_assert_null (kr_csrf_request_get_origin (get));
      csrf_assert_refused (fixture, get, KR_CSRF_ERROR_HOST_NOT_ALLOWED);
      g_assert_null (kr_csrf_protector_get_tokens (fixture->protector, get, &error));
      g_assert_error (error, KR_CSRF_ERROR, KR_CSRF_ERROR_HOST_NOT_ALLOWED);
    }
}

static void
test_modes (CsrfFixture *fixture, gconstpointer data)
{
  static const Header none = { NULL, NULL }, own = { "Origin", "https://app.example" },
                      foreign = { "Origin", "https://evil.com" }, site = { "Sec-Fetch-Site", "same-origin" };
  static const struct { KrCsrfMode mode; gboolean referer, token; const Header *header; int code; } cases[] = {
    { KR_CSRF_MODE_TOKEN_ONLY, TRUE, TRUE, &foreign, PASS },
    { KR_CSRF_MODE_TOKEN_ONLY, TRUE, FALSE, &own, KR_CSRF_ERROR_COOKIE_MISSING },
    { KR_CSRF_MODE_ORIGIN_ONLY, TRUE, FALSE, &own, PASS },
    { KR_CSRF_MODE_ORIGIN_ONLY, TRUE, FALSE, &site, PASS },
    { KR_CSRF_MODE_ORIGIN_ONLY, TRUE, TRUE, &foreign, KR_CSRF_ERROR_ORIGIN_MISMATCH },
    { KR_CSRF_MODE_ORIGIN_ONLY, TRUE, TRUE, &none, KR_CSRF_ERROR_REFERER_MISSING },
    { KR_CSRF_MODE_ORIGIN_ONLY, FALSE, TRUE, &none, KR_CSRF_ERROR_ORIGIN_MISSING },
    /* Both must pass: neither the token for the origin nor the origin for the token. */
    { KR_CSRF_MODE_TOKEN_AND_ORIGIN, TRUE, TRUE, &own, PASS },
    { KR_CSRF_MODE_TOKEN_AND_ORIGIN, TRUE, TRUE, &none, PASS },
    { KR_CSRF_MODE_TOKEN_AND_ORIGIN, TRUE, TRUE, &foreign, KR_CSRF_ERROR_ORIGIN_MISMATCH },
    { KR_CSRF_MODE_TOKEN_AND_ORIGIN, TRUE, FALSE, &own, KR_CSRF_ERROR_COOKIE_MISSING },
    { KR_CSRF_MODE_TOKEN_AND_ORIGIN, TRUE, FALSE, &site, KR_CSRF_ERROR_COOKIE_MISSING },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *where = g_strdup_printf ("case %u", i);
      g_autoptr (KrCsrfRequest) request = csrf_request ("POST");
      g_autoptr (GError) error = NULL;

      csrf_fixture_configure (fixture, "mode", cases[i].mode, "referer-fallback", cases[i].referer, NULL);
      if (cases[i].token)
        g_assert_true (kr_csrf_test_sign_request (fixture->protector, request, &error));
      if (cases[i].header->name != NULL)
        kr_csrf_request_add_header (request, cases[i].header->name, cases[i].header->value, -1);
      check (fixture, request, cases[i].code, where);
    }
}

/* It proves nothing: plug-ins and redirects can add it. */
static void
test_requested_with (CsrfFixture *fixture, gconstpointer data)
{
  g_autoptr (KrCsrfRequest) request = csrf_request_with_cookie (fixture, "POST");

  kr_csrf_request_add_header (request, "X-Requested-With", "XMLHttpRequest", -1);
  csrf_assert_refused (fixture, request, KR_CSRF_ERROR_COOKIE_MISSING);
}

/* Whatever the body is called, the request is judged. */
static void
test_content_types (CsrfFixture *fixture, gconstpointer data)
{
  static const char *const types[] = {
    "", "text/plain", "application/json", "APPLICATION/X-WWW-FORM-URLENCODED", "multipart/form-data;boundary=", "message/x",
    "application/x-www-form-urlencoded\t; a=b", "unknown",
  };
  g_autoptr (KrCsrfRequest) twice = csrf_request ("POST");
  g_autoptr (KrCsrfRequest) vertical_tab = csrf_request ("POST");
  g_autoptr (KrCsrfRequest) none = csrf_request ("POST");

  for (guint i = 0; i < G_N_ELEMENTS (types); i++)
    {
      g_autoptr (KrCsrfRequest) request = csrf_request ("POST");

      kr_csrf_request_add_header (request, "Content-Type", types[i], -1);
      g_assert_cmpint (kr_csrf_request_is_form (request), ==, i == 3 || i == 4 || i == 6);
      csrf_assert_refused (fixture, request, KR_CSRF_ERROR_COOKIE_MISSING);
    }
  csrf_assert_refused (fixture, none, KR_CSRF_ERROR_COOKIE_MISSING);
  kr_csrf_request_add_header (twice, "Content-Type", "text/plain", -1);
  kr_csrf_request_add_header (twice, "Content-Type", "application/json", -1);
  csrf_assert_refused (fixture, twice, KR_CSRF_ERROR_AMBIGUOUS_HEADER);
  kr_csrf_request_add_header (vertical_tab, "Content-Type", "text/plain\x0b", -1);
  csrf_assert_refused (fixture, vertical_tab, KR_CSRF_ERROR_HEADER_INVALID);
}

static KrCsrfRequest *
websocket_request (const char *scheme, const char *upgrade)
{
  KrCsrfRequest *request = make_request ("GET", scheme, "victim.com");

  kr_csrf_request_add_header (request, "Upgrade", upgrade, -1);
  return request;
}

static void
test_websocket (CsrfFixture *fixture, gconstpointer data)
{
  static const struct { Header headers[2]; int code; } cases[] = {
    { { { "Origin", "https://victim.com" } }, PASS },
    { { { "Origin", "https://victim.com" }, { "Sec-Fetch-Site", "same-origin" } }, PASS },
    { { { "Origin", "https://victim.com" }, { "Sec-Fetch-Site", "cross-site" } }, KR_CSRF_ERROR_FETCH_SITE_CROSS },
    { { { NULL, NULL } }, KR_CSRF_ERROR_UPGRADE_REJECTED },
    { { { "Sec-Fetch-Site", "same-origin" } }, KR_CSRF_ERROR_UPGRADE_REJECTED },
    { { { "Origin", "https://evil.com" } }, KR_CSRF_ERROR_ORIGIN_MISMATCH },
    { { { "Origin", "null" } }, KR_CSRF_ERROR_ORIGIN_NULL },
    { { { "Origin", "http://victim.com" } }, KR_CSRF_ERROR_ORIGIN_MISMATCH },
    { { { "Origin", "https://victim.com/" } }, KR_CSRF_ERROR_ORIGIN_MALFORMED },
  };
  static const char *const upgrades[] = { "websocket", "WebSocket", "h2c, WebSocket", "WEBSOCKET/13 ,h2c" };

  for (guint i = 0; i < G_N_ELEMENTS (cases) * G_N_ELEMENTS (upgrades); i++)
    {
      g_autoptr (KrCsrfRequest) request = websocket_request ("wss", upgrades[i % G_N_ELEMENTS (upgrades)]);
      const Header *headers = cases[i / G_N_ELEMENTS (upgrades)].headers;
      g_autofree char *where = g_strdup_printf ("case %u", i);

      for (guint j = 0; j < 2 && headers[j].name != NULL; j++)
        kr_csrf_request_add_header (request, headers[j].name, headers[j].value, -1);
      check (fixture, request, cases[i / G_N_ELEMENTS (upgrades)].code, where);
    }
}

static void
test_upgrades (CsrfFixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (KrCsrfRequest) connect = make_request ("CONNECT", "https", "victim.com");
  g_autoptr (KrCsrfRequest) other = make_request ("GET", "https", "victim.com");
  g_autoptr (KrCsrfRequest) post = make_request ("POST", "https", "victim.com");
  g_autoptr (KrCsrfRequest) h2c = websocket_request ("https", "h2c");
  g_autoptr (KrCsrfRequest) lookalike = websocket_request ("https", "websocket2, notwebsocket");

  /* Extended CONNECT (RFC 8441). */
  kr_csrf_request_set_upgrade (connect, KR_CSRF_UPGRADE_WEBSOCKET);
  csrf_assert_refused (fixture, connect, KR_CSRF_ERROR_UPGRADE_REJECTED);
  kr_csrf_request_set_upgrade (other, KR_CSRF_UPGRADE_OTHER);
  csrf_assert_refused (fixture, other, KR_CSRF_ERROR_COOKIE_MISSING);
  /* An Upgrade header on a POST opens nothing, and is no way round the token. */
  kr_csrf_request_add_header (post, "Origin", "https://victim.com", -1);
  kr_csrf_request_add_header (post, "Upgrade", "websocket", -1);
  csrf_assert_refused (fixture, post, KR_CSRF_ERROR_COOKIE_MISSING);
  csrf_assert_accepted (fixture, h2c);
  csrf_assert_accepted (fixture, lookalike);
  g_assert_false (kr_csrf_protector_check_websocket (fixture->protector, h2c, &error));
  g_assert_error (error, KR_CSRF_ERROR, KR_CSRF_ERROR_UPGRADE_REJECTED);
}

static void
test_event_stream (CsrfFixture *fixture, gconstpointer data)
{
  static const struct { Header headers[2]; int code; } cases[] = {
    { { { "Sec-Fetch-Site", "same-origin" } }, PASS },
    { { { "Origin", "https://victim.com" } }, PASS },
    { { { NULL, NULL } }, KR_CSRF_ERROR_UPGRADE_REJECTED },
    { { { "Sec-Fetch-Site", "none" } }, KR_CSRF_ERROR_UPGRADE_REJECTED },
    { { { "Sec-Fetch-Site", "cross-site" } }, KR_CSRF_ERROR_FETCH_SITE_CROSS },
    { { { "Sec-Fetch-Site", "cross-site" }, { "Origin", "https://evil.com" } }, KR_CSRF_ERROR_FETCH_SITE_CROSS },
    { { { "Sec-Fetch-Site", "same-site" } }, KR_CSRF_ERROR_FETCH_SITE_SAME_SITE },
    { { { "Origin", "https://evil.com" } }, KR_CSRF_ERROR_ORIGIN_MISMATCH },
    { { { "Referer", "https://victim.com/" } }, KR_CSRF_ERROR_UPGRADE_REJECTED },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (KrCsrfRequest) request = make_request ("GET", "https", "victim.com");
      gboolean accepted;

      for (guint j = 0; j < 2 && cases[i].headers[j].name != NULL; j++)
        kr_csrf_request_add_header (request, cases[i].headers[j].name, cases[i].headers[j].value, -1);
      accepted = kr_csrf_protector_check_sse (fixture->protector, request, &error);
      g_test_message ("case %u", i);
      if (cases[i].code == PASS)
        g_assert_no_error (error);
      else
        g_assert_error (error, KR_CSRF_ERROR, cases[i].code);
      g_assert_cmpint (accepted, ==, cases[i].code == PASS);
    }
}

/* Alone, without the token. */
static void
test_check_origin (CsrfFixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (KrCsrfRequest) own = csrf_request_with_cookie (fixture, "POST");
  g_autoptr (KrCsrfRequest) foreign = csrf_request ("POST");

  g_assert_true (kr_csrf_protector_check_origin (fixture->protector, own, &error));
  g_assert_no_error (error);
  kr_csrf_request_add_header (foreign, "Origin", "https://evil.com", -1);
  g_assert_false (kr_csrf_protector_check_origin (fixture->protector, foreign, &error));
  g_assert_error (error, KR_CSRF_ERROR, KR_CSRF_ERROR_ORIGIN_MISMATCH);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  CSRF_TEST_ADD ("policy/origin", test_origin);
  CSRF_TEST_ADD ("policy/long-origin", test_long_origin);
  CSRF_TEST_ADD ("policy/fetch-site", test_fetch_site);
  CSRF_TEST_ADD ("policy/trusted", test_trusted);
  CSRF_TEST_ADD ("policy/trusted-config", test_trusted_config);
  CSRF_TEST_ADD ("policy/same-site-allowed", test_same_site_allowed);
  CSRF_TEST_ADD ("policy/referer", test_referer);
  CSRF_TEST_ADD ("policy/hosts", test_hosts);
  CSRF_TEST_ADD ("policy/not-a-host", test_host_not_a_host);
  CSRF_TEST_ADD ("policy/modes", test_modes);
  CSRF_TEST_ADD ("policy/requested-with", test_requested_with);
  CSRF_TEST_ADD ("policy/content-types", test_content_types);
  CSRF_TEST_ADD ("policy/websocket", test_websocket);
  CSRF_TEST_ADD ("policy/upgrades", test_upgrades);
  CSRF_TEST_ADD ("policy/event-stream", test_event_stream);
  CSRF_TEST_ADD ("policy/check-origin", test_check_origin);
  return g_test_run ();
}
