/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* Tests of the pure functions: cookie lookup, origins, form fields. */
#include <krcsrf.h>
#include <string.h>

#define TOKEN "AQIACB8uPUwAAAGbdtqoABAREhMUFRYXGBkaGxwdHh_GAio_anRdVvqRWrh1Vz4Z"
#define FIELD "__RequestVerificationToken"

static void
assert_outcome (char *found, const char *expected, GError **error, int code)
{
  g_autofree char *value = found;

  if (expected != NULL)
    g_assert_no_error (*error);
  else
    g_assert_error (*error, KR_CSRF_ERROR, code);
  g_assert_cmpstr (value, ==, expected);
}

static void
test_cookie (void)
{
  static const struct { const char *header; int code; } cases[] = {
    { "c=" TOKEN, -1 }, { " c=" TOKEN " ", -1 }, { "a=b;c=" TOKEN ";d", -1 }, { "c =x; c=" TOKEN, -1 },
    { "", KR_CSRF_ERROR_COOKIE_MISSING }, { ";", KR_CSRF_ERROR_COOKIE_MISSING }, { "c", KR_CSRF_ERROR_COOKIE_MISSING },
    { "C=" TOKEN, KR_CSRF_ERROR_COOKIE_MISSING }, { "=c=" TOKEN, KR_CSRF_ERROR_COOKIE_MISSING },
    { "a=b,c=" TOKEN, KR_CSRF_ERROR_COOKIE_MISSING }, { "cc=" TOKEN, KR_CSRF_ERROR_COOKIE_MISSING },
    { "c=" TOKEN "; c=" TOKEN, KR_CSRF_ERROR_AMBIGUOUS_COOKIE }, { "c=; c=" TOKEN, KR_CSRF_ERROR_AMBIGUOUS_COOKIE },
    { "c=", KR_CSRF_ERROR_TOKEN_MALFORMED }, { "c=\"" TOKEN "\"", KR_CSRF_ERROR_TOKEN_MALFORMED },
    { "c=" TOKEN "=", KR_CSRF_ERROR_TOKEN_MALFORMED }, { "c=a b", KR_CSRF_ERROR_TOKEN_MALFORMED },
    { "c=" TOKEN "\n", KR_CSRF_ERROR_HEADER_INVALID },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GError) error = NULL;
      char *found = kr_csrf_cookie_lookup (cases[i].header, -1, "c", &error);

      g_test_message ("case %u", i);
      assert_outcome (found, cases[i].code == -1 ? TOKEN : NULL, &error, cases[i].code);
    }
}

static void
test_cookie_too_long (void)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *header = g_strnfill (65537, 'a');

  assert_outcome (kr_csrf_cookie_lookup (header, -1, "c", &error), NULL, &error, KR_CSRF_ERROR_HEADER_INVALID);
}

static void
test_origin (void)
{
  static const struct { const char *origin, *canonical; int code; } cases[] = {
    { "https://example.org", "https://example.org", -1 }, { "HTTPS://Example.ORG:443", "https://example.org", -1 },
    { "http://example.org:80", "http://example.org", -1 }, { "http://example.org:443", "http://example.org:443", -1 },
    { "wss://example.org", "https://example.org", -1 }, { "ws://example.org:80", "http://example.org", -1 },
    { "https://[2001:DB8::1]:8443", "https://[2001:db8::1]:8443", -1 }, { "https://127.0.0.1", "https://127.0.0.1", -1 },
    { "https://xn--bcher-kva.example", "https://xn--bcher-kva.example", -1 },
    { "moz-extension://0a-1", "moz-extension://0a-1", -1 }, { "https://a_b.example", "https://a_b.example", -1 },
    { "null", NULL, KR_CSRF_ERROR_ORIGIN_NULL }, { "https://:443", NULL, KR_CSRF_ERROR_ORIGIN_MALFORMED },
    { "https://[]", NULL, KR_CSRF_ERROR_ORIGIN_MALFORMED }, { "https://[::1%25lo]", NULL, KR_CSRF_ERROR_ORIGIN_MALFORMED },
    { "https://[1]", NULL, KR_CSRF_ERROR_ORIGIN_MALFORMED }, { "https:/a", NULL, KR_CSRF_ERROR_ORIGIN_MALFORMED },
    { "1ttp://a", NULL, KR_CSRF_ERROR_ORIGIN_MALFORMED }, { "ht tp://a", NULL, KR_CSRF_ERROR_ORIGIN_MALFORMED },
    { "https://a:-1", NULL, KR_CSRF_ERROR_ORIGIN_MALFORMED }, { "https://a:1a", NULL, KR_CSRF_ERROR_ORIGIN_MALFORMED },
    { "https://a\\b", NULL, KR_CSRF_ERROR_ORIGIN_MALFORMED }, { "https://a%2eb", NULL, KR_CSRF_ERROR_ORIGIN_MALFORMED },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GError) error = NULL;
      char *found = kr_csrf_origin_parse (cases[i].origin, -1, &error);

      g_test_message ("%s", cases[i].origin);
      assert_outcome (found, cases[i].canonical, &error, cases[i].code);
    }
}

static void
test_origin_nul (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GError) scheme_error = NULL;

  assert_outcome (kr_csrf_origin_parse ("https://a\0b", 11, &error), NULL, &error, KR_CSRF_ERROR_ORIGIN_MALFORMED);
  assert_outcome (kr_csrf_origin_parse ("ab\0://a", 7, &scheme_error), NULL, &scheme_error,
                  KR_CSRF_ERROR_ORIGIN_MALFORMED);
}

static void
test_origin_labels (void)
{
  g_autofree char *longest = g_strnfill (253, 'a');
  g_autofree char *fits = g_strconcat ("https://", longest, ":65535", NULL);
  g_autofree char *too_long = g_strconcat ("https://a", longest, NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (GError) long_error = NULL;

  assert_outcome (kr_csrf_origin_parse (fits, -1, &error), fits, &error, -1);
  assert_outcome (kr_csrf_origin_parse (too_long, -1, &long_error), NULL, &long_error, KR_CSRF_ERROR_ORIGIN_MALFORMED);
}

static void
test_form (void)
{
  static const struct { const char *body; int code; } cases[] = {
    { FIELD "=" TOKEN, -1 }, { "a=b&" FIELD "=" TOKEN "&c=d", -1 }, { "&&" FIELD "=" TOKEN "&", -1 },
    { "__Request%56erificationToken=" TOKEN, -1 }, { "%5F_RequestVerificationToken=" TOKEN, -1 },
    { "a=%zz&" FIELD "=" TOKEN, -1 }, { "%&" FIELD "=" TOKEN, -1 }, { "a=" FIELD "&" FIELD "=" TOKEN, -1 },
    { FIELD "[]=x&" FIELD "=" TOKEN, -1 }, { "\xff\xfe=\xc3&" FIELD "=" TOKEN, -1 },
    { FIELD "=%41" "QIACB8uPUwAAAGbdtqoABAREhMUFRYXGBkaGxwdHh_GAio_anRdVvqRWrh1Vz4Z", -1 },
    { "", KR_CSRF_ERROR_TOKEN_MISSING }, { "a=b", KR_CSRF_ERROR_TOKEN_MISSING },
    { FIELD "[]=" TOKEN, KR_CSRF_ERROR_TOKEN_MISSING }, { "__requestverificationtoken=" TOKEN, KR_CSRF_ERROR_TOKEN_MISSING },
    { " " FIELD "=" TOKEN, KR_CSRF_ERROR_TOKEN_MISSING }, { FIELD "%00=" TOKEN, KR_CSRF_ERROR_TOKEN_MISSING },
    { FIELD "+=" TOKEN, KR_CSRF_ERROR_TOKEN_MISSING }, { FIELD "2=" TOKEN, KR_CSRF_ERROR_TOKEN_MISSING },
    { "a=b;" FIELD "=" TOKEN, KR_CSRF_ERROR_TOKEN_MISSING },
    { FIELD "=" TOKEN "&" FIELD "=" TOKEN, KR_CSRF_ERROR_AMBIGUOUS_FORM }, { FIELD "&" FIELD "=" TOKEN, KR_CSRF_ERROR_AMBIGUOUS_FORM },
    { FIELD, KR_CSRF_ERROR_TOKEN_MALFORMED }, { FIELD "=", KR_CSRF_ERROR_TOKEN_MALFORMED },
    { FIELD "=" TOKEN "=", KR_CSRF_ERROR_TOKEN_MALFORMED }, { FIELD "=+" TOKEN, KR_CSRF_ERROR_TOKEN_MALFORMED },
    { FIELD "=" TOKEN "%00", KR_CSRF_ERROR_TOKEN_MALFORMED }, { FIELD "=" TOKEN "%", KR_CSRF_ERROR_TOKEN_MALFORMED },
    { FIELD "=" TOKEN "%4", KR_CSRF_ERROR_TOKEN_MALFORMED },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GError) error = NULL;
      char *found = kr_csrf_form_find (cases[i].body, -1, FIELD, &error);

      g_test_message ("case %u", i);
      assert_outcome (found, cases[i].code == -1 ? TOKEN : NULL, &error, cases[i].code);
    }
}

static void
test_form_limits (void)
{
  g_autofree char *million = g_strnfill (1000000, '&');
  g_autofree char *value = g_strnfill (1 << 20, 'A');
  g_autofree char *huge = g_strconcat (FIELD "=", value, NULL);
  g_autoptr (GError) fields_error = NULL;
  g_autoptr (GError) value_error = NULL;

  assert_outcome (kr_csrf_form_find (million, -1, FIELD, &fields_error), NULL, &fields_error,
                  KR_CSRF_ERROR_FORM_TOO_LARGE);
  assert_outcome (kr_csrf_form_find (huge, -1, FIELD, &value_error), NULL, &value_error, KR_CSRF_ERROR_TOKEN_MALFORMED);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/csrf/parse/cookie", test_cookie);
  g_test_add_func ("/csrf/parse/cookie-too-long", test_cookie_too_long);
  g_test_add_func ("/csrf/parse/origin", test_origin);
  g_test_add_func ("/csrf/parse/origin-nul", test_origin_nul);
  g_test_add_func ("/csrf/parse/origin-length", test_origin_labels);
  g_test_add_func ("/csrf/parse/form", test_form);
  g_test_add_func ("/csrf/parse/form-limits", test_form_limits);
  return g_test_run ();
}
