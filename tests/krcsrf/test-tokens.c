/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* Tests of what a protector makes of tokens and cookies: forged, swapped, old, doubled, somebody else's. */
#include "csrf-fixture.h"

#include <string.h>

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

static KrCsrfRequest *
request_with_cookie_value (const char *cookie, const char *token)
{
  KrCsrfRequest *request = csrf_request ("POST");
  g_autofree char *line = g_strconcat (CSRF_COOKIE "=", cookie, NULL);

  kr_csrf_request_add_header (request, "Cookie", line, -1);
  kr_csrf_request_add_header (request, "X-CSRF-TOKEN", token, -1);
  return request;
}

static char *
flip_bit (const char *token, guint bit)
{
  char *flipped = g_strdup (token);
  guint value = strchr (alphabet, token[bit / 6]) - alphabet;

  flipped[bit / 6] = alphabet[value ^ 1 << (5 - bit % 6)];
  return flipped;
}

static void
assert_refused_somehow (CsrfFixture *fixture, KrCsrfRequest *request, guint bit)
{
  g_autoptr (GError) error = NULL;
  KrCsrfStats before, after;
  guint64 mismatches = kr_csrf_protector_get_rejections (fixture->protector, KR_CSRF_ERROR_TOKEN_MISMATCH);

  kr_csrf_protector_get_stats (fixture->protector, &before);
  g_assert_false (kr_csrf_protector_is_request_valid (fixture->protector, request, &error));
  kr_csrf_protector_get_stats (fixture->protector, &after);
  g_assert_cmpuint (after.rejected, ==, before.rejected + 1);
  g_assert_cmpuint (error->domain, ==, KR_CSRF_ERROR);
  if (bit >= 128)
    g_assert_error (error, KR_CSRF_ERROR, KR_CSRF_ERROR_TOKEN_MISMATCH);
  mismatches += error->code == KR_CSRF_ERROR_TOKEN_MISMATCH;
  g_assert_cmpuint (kr_csrf_protector_get_rejections (fixture->protector, KR_CSRF_ERROR_TOKEN_MISMATCH), ==, mismatches);
}

/* The token with other bytes at @at. */
static char *
with_bytes (const char *token, gsize at, const guint8 *bytes, gsize n_bytes)
{
  g_autofree char *standard = g_strdelimit (g_strdelimit (g_strdup (token), "-", '+'), "_", '/');
  g_autofree guint8 *raw = NULL;
  gsize len;

  raw = g_base64_decode (standard, &len);
  g_assert_cmpuint (len, ==, 48);
  memcpy (raw + at, bytes, n_bytes);
  return g_strdelimit (g_strdelimit (g_base64_encode (raw, len), "+", '-'), "/", '_');
}

/* Version, flags, key and time, in either token: what is wrong is said before any MAC is computed. */
static void
test_heads (CsrfFixture *fixture, gconstpointer data)
{
  static const struct { gsize at, n_bytes; guint8 bytes[8]; int code; } cases[] = {
    { 0, 1, { 0 }, KR_CSRF_ERROR_TOKEN_MALFORMED }, { 0, 1, { 2 }, KR_CSRF_ERROR_TOKEN_MALFORMED },
    { 0, 1, { 255 }, KR_CSRF_ERROR_TOKEN_MALFORMED }, { 1, 1, { 0 }, KR_CSRF_ERROR_TOKEN_MALFORMED },
    { 1, 1, { 4 }, KR_CSRF_ERROR_TOKEN_MALFORMED }, { 1, 1, { 3 }, KR_CSRF_ERROR_TOKEN_SWAPPED },
    { 4, 4, { 0, 0, 0, 0 }, KR_CSRF_ERROR_TOKEN_MALFORMED }, { 4, 4, { 1, 2, 3, 4 }, KR_CSRF_ERROR_TOKEN_UNKNOWN_KEY },
    { 8, 8, { 0 }, KR_CSRF_ERROR_TOKEN_EXPIRED },
    { 8, 8, { 0x7f, 255, 255, 255, 255, 255, 255, 255 }, KR_CSRF_ERROR_TOKEN_NOT_YET_VALID },
    { 8, 8, { 0x80, 0, 0, 0, 0, 0, 0, 0 }, KR_CSRF_ERROR_TOKEN_MALFORMED },
    { 8, 8, { 255, 255, 255, 255, 255, 255, 255, 255 }, KR_CSRF_ERROR_TOKEN_MALFORMED },
  };
  g_autofree char *token = csrf_issue_token (fixture);
  const char *cookie = kr_csrf_test_jar_get_cookie (fixture->jar, CSRF_COOKIE);

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *bad_token = with_bytes (token, cases[i].at, cases[i].bytes, cases[i].n_bytes);
      g_autofree char *bad_cookie = with_bytes (cookie, cases[i].at, cases[i].bytes, cases[i].n_bytes);
      g_autoptr (KrCsrfRequest) in_token = request_with_cookie_value (cookie, bad_token);
      g_autoptr (KrCsrfRequest) in_cookie = request_with_cookie_value (bad_cookie, token);
      g_autofree char *where = g_strdup_printf ("case %u", i);

      csrf_assert_refused_at (fixture, in_token, cases[i].code, where);
      csrf_assert_refused_at (fixture, in_cookie, cases[i].code, where);
    }
}

static void
test_reserved_flags (CsrfFixture *fixture, gconstpointer data)
{
  g_autofree char *token = csrf_issue_token (fixture);
  const char *cookie = kr_csrf_test_jar_get_cookie (fixture->jar, CSRF_COOKIE);

  for (guint bit = 4; bit < 16; bit++)
    {
      const guint8 flags[2] = { 1 << bit >> 8, (1 << bit & 0xff) | 8 };
      g_autofree char *bad_token = with_bytes (token, 2, flags, 2);
      g_autofree char *bad_cookie = with_bytes (cookie, 2, flags, 2);
      g_autoptr (KrCsrfRequest) in_token = request_with_cookie_value (cookie, bad_token);
      g_autoptr (KrCsrfRequest) in_cookie = request_with_cookie_value (bad_cookie, token);

      csrf_assert_refused (fixture, in_token, KR_CSRF_ERROR_TOKEN_MALFORMED);
      csrf_assert_refused (fixture, in_cookie, KR_CSRF_ERROR_TOKEN_MALFORMED);
    }
}

static void
test_bit_flips (CsrfFixture *fixture, gconstpointer data)
{
  g_autofree char *token = csrf_issue_token (fixture);
  const char *cookie = kr_csrf_test_jar_get_cookie (fixture->jar, CSRF_COOKIE);

  for (guint bit = 0; bit < 384; bit++)
    {
      g_autofree char *bad_token = flip_bit (token, bit);
      g_autofree char *bad_cookie = flip_bit (cookie, bit);
      g_autoptr (KrCsrfRequest) with_bad_token = request_with_cookie_value (cookie, bad_token);
      g_autoptr (KrCsrfRequest) with_bad_cookie = request_with_cookie_value (bad_cookie, token);

      assert_refused_somehow (fixture, with_bad_token, bit);
      assert_refused_somehow (fixture, with_bad_cookie, bit);
    }
}

static void
test_malformed (CsrfFixture *fixture, gconstpointer data)
{
  g_autofree char *token = csrf_issue_token (fixture);
  const char *cookie = kr_csrf_test_jar_get_cookie (fixture->jar, CSRF_COOKIE);
  g_autofree char *huge = g_strnfill (1 << 20, 'A');
  g_autofree char *shorter = g_strndup (token, 63);
  g_autofree char *longer = g_strconcat (token, "A", NULL);
  g_autofree char *padded = g_strconcat (token, "=", NULL);
  g_autofree char *escaped = g_strconcat ("%2d", shorter, NULL);
  g_autofree char *twice = g_strconcat (token, ", ", token, NULL);
  const char *wrong[] = { "", shorter, longer, padded, escaped, twice, huge };

  for (guint i = 0; i < G_N_ELEMENTS (wrong); i++)
    {
      g_autoptr (KrCsrfRequest) in_token = request_with_cookie_value (cookie, wrong[i]);

      csrf_assert_refused (fixture, in_token, KR_CSRF_ERROR_TOKEN_MALFORMED);
      if (wrong[i] != huge)
        {
          g_autoptr (KrCsrfRequest) in_cookie = request_with_cookie_value (wrong[i], token);

          csrf_assert_refused (fixture, in_cookie, KR_CSRF_ERROR_TOKEN_MALFORMED);
        }
    }
}

static void
test_alphabet (CsrfFixture *fixture, gconstpointer data)
{
  g_autofree char *token = csrf_issue_token (fixture);
  const char *cookie = kr_csrf_test_jar_get_cookie (fixture->jar, CSRF_COOKIE);
  static const char wrong[] = "+/= .,~%@";

  for (guint i = 0; i < strlen (wrong); i++)
    {
      g_autofree char *bad = g_strdup (token);
      g_autoptr (KrCsrfRequest) request = NULL;

      bad[20] = wrong[i];
      request = request_with_cookie_value (cookie, bad);
      csrf_assert_refused (fixture, request, KR_CSRF_ERROR_TOKEN_MALFORMED);
    }
}

static void
test_control_characters (CsrfFixture *fixture, gconstpointer data)
{
  g_autofree char *token = csrf_issue_token (fixture);
  static const guchar wrong[] = { '\0', '\r', '\n', 0x7f, 0x80, 0xe2, 0x01 };

  for (guint i = 0; i < G_N_ELEMENTS (wrong); i++)
    {
      g_autoptr (KrCsrfRequest) request = csrf_request_with_cookie (fixture, "POST");
      g_autofree char *bad = g_strdup (token);

      bad[20] = wrong[i];
      kr_csrf_request_add_header (request, "X-CSRF-TOKEN", bad, 64);
      csrf_assert_refused (fixture, request, KR_CSRF_ERROR_HEADER_INVALID);
    }
}

/* In headers of any length, since they are looked at 16 bytes at a time; cookies may go beyond ASCII. */
static void
test_control_character_anywhere (CsrfFixture *fixture, gconstpointer data)
{
  static const struct { char c; gboolean in_header, in_cookie; } cases[] = {
    { '\0', FALSE, FALSE }, { '\x1f', FALSE, FALSE }, { '\x7f', FALSE, FALSE }, { '\n', FALSE, FALSE },
    { '\x80', FALSE, TRUE }, { '\xff', FALSE, TRUE }, { ' ', TRUE, TRUE }, { '~', TRUE, TRUE }, { '\t', TRUE, TRUE },
  };

  for (gsize len = 1; len <= 50; len++)
    for (gsize at = 0; at < len; at++)
      for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
        {
          g_autofree char *text = g_strnfill (len, 'x');
          g_autoptr (KrCsrfRequest) in_header = csrf_request ("GET");
          g_autoptr (KrCsrfRequest) in_cookie = csrf_request ("GET");

          text[at] = cases[i].c;
          kr_csrf_request_add_header (in_header, "Referer", text, len);
          kr_csrf_request_add_header (in_cookie, "Cookie", text, len);
          if (cases[i].in_header)
            csrf_assert_accepted (fixture, in_header);
          else
            csrf_assert_refused (fixture, in_header, KR_CSRF_ERROR_HEADER_INVALID);
          if (cases[i].in_cookie)
            csrf_assert_accepted (fixture, in_cookie);
          else
            csrf_assert_refused (fixture, in_cookie, KR_CSRF_ERROR_HEADER_INVALID);
        }
}

static void
test_swapped (CsrfFixture *fixture, gconstpointer data)
{
  g_autofree char *token = csrf_issue_token (fixture);
  const char *cookie = kr_csrf_test_jar_get_cookie (fixture->jar, CSRF_COOKIE);
  g_autoptr (KrCsrfRequest) both_cookie = request_with_cookie_value (cookie, cookie);
  g_autoptr (KrCsrfRequest) both_token = request_with_cookie_value (token, token);
  g_autoptr (KrCsrfRequest) exchanged = request_with_cookie_value (token, cookie);

  csrf_assert_refused (fixture, both_cookie, KR_CSRF_ERROR_TOKEN_SWAPPED);
  csrf_assert_refused (fixture, both_token, KR_CSRF_ERROR_TOKEN_SWAPPED);
  csrf_assert_refused (fixture, exchanged, KR_CSRF_ERROR_TOKEN_SWAPPED);
}

static void
test_header_names (CsrfFixture *fixture, gconstpointer data)
{
  static const char *const wrong[] = { "X_CSRF_TOKEN", "X-CSRF-TOKEN ", " X-CSRF-TOKEN", "X-CSRF-TOKEN2", "X-CSRF-TOKE", "CSRF" };
  g_autofree char *token = csrf_issue_token (fixture);
  g_autofree char *long_name = g_strnfill (1000, 'X');
  g_autoptr (KrCsrfRequest) with_long = csrf_request_with_cookie (fixture, "POST");

  for (guint i = 0; i < G_N_ELEMENTS (wrong); i++)
    {
      g_autoptr (KrCsrfRequest) request = csrf_request_with_cookie (fixture, "POST");

      kr_csrf_request_add_header (request, wrong[i], token, -1);
      csrf_assert_refused (fixture, request, KR_CSRF_ERROR_TOKEN_MISSING);
    }
  kr_csrf_request_add_header (with_long, long_name, token, -1);
  csrf_assert_refused (fixture, with_long, KR_CSRF_ERROR_TOKEN_MISSING);
}

static void
test_token_header_twice (CsrfFixture *fixture, gconstpointer data)
{
  g_autofree char *token = csrf_issue_token (fixture);
  g_autoptr (KrCsrfRequest) request = csrf_request_with (fixture, "POST", token);

  kr_csrf_request_add_header (request, "x-csrf-token", token, -1);
  csrf_assert_refused (fixture, request, KR_CSRF_ERROR_AMBIGUOUS_HEADER);
}

/* The attacker's own pair, tossed into the victim's browser or mixed with the victim's. */
static void
test_other_cookie (CsrfFixture *fixture, gconstpointer data)
{
  g_autofree char *ours = csrf_issue_token (fixture);
  g_autofree char *cookie = g_strdup (kr_csrf_test_jar_get_cookie (fixture->jar, CSRF_COOKIE));
  g_autofree char *theirs = NULL;
  g_autoptr (KrCsrfRequest) mixed = NULL;
  g_autoptr (KrCsrfRequest) tossed = NULL;

  kr_csrf_test_jar_set_cookie (fixture->jar, CSRF_COOKIE, NULL);
  theirs = csrf_issue_token (fixture);
  mixed = request_with_cookie_value (cookie, theirs);
  csrf_assert_refused (fixture, mixed, KR_CSRF_ERROR_TOKEN_MISMATCH);
  tossed = csrf_request_with (fixture, "POST", theirs);
  kr_csrf_request_set_session_id (tossed, "of the victim");
  csrf_assert_refused (fixture, tossed, KR_CSRF_ERROR_TOKEN_MISMATCH);
}

static void
test_expiry (CsrfFixture *fixture, gconstpointer data)
{
  const gint64 lifetime = 8 * 3600 * 1000;
  g_autofree char *token = csrf_issue_token (fixture);
  g_autoptr (KrCsrfRequest) request = csrf_request_with (fixture, "POST", token);

  kr_csrf_test_sources_advance (fixture->sources, lifetime);
  csrf_assert_accepted (fixture, request);
  kr_csrf_test_sources_advance (fixture->sources, 1);
  csrf_assert_refused (fixture, request, KR_CSRF_ERROR_TOKEN_EXPIRED);
  kr_csrf_test_sources_advance (fixture->sources, -lifetime - 1 - 60000);
  csrf_assert_accepted (fixture, request);
  kr_csrf_test_sources_advance (fixture->sources, -1);
  csrf_assert_refused (fixture, request, KR_CSRF_ERROR_TOKEN_NOT_YET_VALID);
}

static void
test_cookie_expiry (CsrfFixture *fixture, gconstpointer data)
{
  g_autofree char *token = NULL;
  g_autoptr (KrCsrfRequest) request = NULL;

  csrf_fixture_configure (fixture, "cookie-lifetime", 60, "token-lifetime", 3600, NULL);
  token = csrf_issue_token (fixture);
  request = csrf_request_with (fixture, "POST", token);
  kr_csrf_test_sources_advance (fixture->sources, 60001);
  csrf_assert_refused (fixture, request, KR_CSRF_ERROR_TOKEN_EXPIRED);
}

static void
test_other_ring (CsrfFixture *fixture, gconstpointer data)
{
  g_autofree char *token = csrf_issue_token (fixture);
  g_autoptr (KrCsrfRequest) request = csrf_request_with (fixture, "POST", token);
  g_autoptr (KrCsrfKeyRing) after_restart = kr_csrf_key_ring_new_ephemeral ();
  g_autoptr (KrCsrfTestSources) sources = kr_csrf_test_sources_new (99, CSRF_START);

  kr_csrf_test_sources_install (sources, after_restart);
  g_set_object (&fixture->ring, after_restart);
  csrf_fixture_configure (fixture, NULL);
  csrf_assert_refused (fixture, request, KR_CSRF_ERROR_TOKEN_UNKNOWN_KEY);
  g_clear_object (&fixture->protector);
  g_clear_object (&fixture->ring);
}

/* With the same seed, the same nonces: what they are for does not depend on them. */
static void
test_repeated_nonce (CsrfFixture *fixture, gconstpointer data)
{
  g_autofree char *first = csrf_issue_token (fixture);
  g_autofree char *second = NULL;
  g_autofree char *joined = NULL;
  g_autoptr (KrCsrfTestSources) again = kr_csrf_test_sources_new (20260101, CSRF_START + 1000);
  g_autoptr (KrCsrfKeyRing) ring = kr_csrf_key_ring_new_ephemeral ();
  g_autoptr (KrCsrfRequest) forged = NULL;

  kr_csrf_test_sources_install (again, ring);
  kr_csrf_test_jar_set_cookie (fixture->jar, CSRF_COOKIE, NULL);
  g_set_object (&fixture->ring, ring);
  csrf_fixture_configure (fixture, NULL);
  second = csrf_issue_token (fixture);
  /* Only the times differ: the later one's head with the earlier one's tag is no token. */
  g_assert_cmpmem (first + 22, 20, second + 22, 20);
  joined = g_strdup_printf ("%.43s%s", second, first + 43);
  forged = csrf_request_with (fixture, "POST", joined);
  csrf_assert_refused (fixture, forged, KR_CSRF_ERROR_TOKEN_MISMATCH);
  g_clear_object (&fixture->protector);
  g_clear_object (&fixture->ring);
}

static void
test_cookie_lines (CsrfFixture *fixture, gconstpointer data)
{
  g_autofree char *token = csrf_issue_token (fixture);
  const char *cookie = kr_csrf_test_jar_get_cookie (fixture->jar, CSRF_COOKIE);
  const struct { const char *before, *after; int code; } cases[] = {
    { "", "", -1 }, { "a=b; ", "; c=d", -1 }, { "a=b;", ";c=d", -1 }, { ";;; ", ";;", -1 }, { "\t ", " \t", -1 },
    { "=x; ", "", -1 }, { "$Version=1; ", "; $Path=/", -1 }, { CSRF_COOKIE "; ", "", -1 },
    { "__HOST-krcsrf=x; ", "; __host-krcsrf=y", -1 }, { CSRF_COOKIE "2=x; ", "; a" CSRF_COOKIE "=y", -1 },
    { "=" CSRF_COOKIE "=x; ", "", -1 }, { "\"" CSRF_COOKIE "\"=x; ", "", -1 }, { "\xc2\xa0=x; ", "; u=\xc3\xbc", -1 },
    { "__%48ost-krcsrf=x; ", "", -1 },
    { CSRF_COOKIE "=; ", "", KR_CSRF_ERROR_AMBIGUOUS_COOKIE }, { CSRF_COOKIE "=x; ", "", KR_CSRF_ERROR_AMBIGUOUS_COOKIE },
    { "", "; " CSRF_COOKIE "=x", KR_CSRF_ERROR_AMBIGUOUS_COOKIE },
    { "x=1,", "", KR_CSRF_ERROR_COOKIE_MISSING }, { "utm=a[csrf=1].", "", KR_CSRF_ERROR_COOKIE_MISSING },
    { "a=b\x7f; ", "", KR_CSRF_ERROR_HEADER_INVALID }, { "a=b\r; ", "", KR_CSRF_ERROR_HEADER_INVALID },
    { "a=b\n", "", KR_CSRF_ERROR_HEADER_INVALID }, { "a=b\x01; ", "", KR_CSRF_ERROR_HEADER_INVALID },
    { "", "x", KR_CSRF_ERROR_TOKEN_MALFORMED }, { "", "\"", KR_CSRF_ERROR_TOKEN_MALFORMED },
    { "\xc2\xa0", "", KR_CSRF_ERROR_COOKIE_MISSING }, { "\xe2\x80\x80", "", KR_CSRF_ERROR_COOKIE_MISSING },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (KrCsrfRequest) request = csrf_request ("POST");
      g_autofree char *line = g_strconcat (cases[i].before, CSRF_COOKIE "=", cookie, cases[i].after, NULL);
      g_autofree char *where = g_strdup_printf ("case %u", i);

      kr_csrf_request_add_header (request, "Cookie", line, -1);
      kr_csrf_request_add_header (request, "X-CSRF-TOKEN", token, -1);
      if (cases[i].code == -1)
        csrf_assert_accepted (fixture, request);
      else
        csrf_assert_refused_at (fixture, request, cases[i].code, where);
    }
}

/* HTTP/2 may split the header; a browser that has the cookie twice may send it in two lines. */
static void
test_cookie_in_several_lines (CsrfFixture *fixture, gconstpointer data)
{
  g_autofree char *token = csrf_issue_token (fixture);
  const char *cookie = kr_csrf_test_jar_get_cookie (fixture->jar, CSRF_COOKIE);
  g_autofree char *line = g_strconcat (CSRF_COOKIE "=", cookie, NULL);
  g_autoptr (KrCsrfRequest) request = csrf_request ("POST");

  kr_csrf_request_add_header (request, "cookie", "a=b", -1);
  kr_csrf_request_add_header (request, "cookie", line, -1);
  kr_csrf_request_add_header (request, "cookie", "c=d", -1);
  kr_csrf_request_add_header (request, "X-CSRF-TOKEN", token, -1);
  csrf_assert_accepted (fixture, request);
  kr_csrf_request_add_header (request, "cookie", line, -1);
  csrf_assert_refused (fixture, request, KR_CSRF_ERROR_AMBIGUOUS_COOKIE);
}

static void
test_cookie_nul (CsrfFixture *fixture, gconstpointer data)
{
  g_autoptr (KrCsrfRequest) request = csrf_request ("POST");

  kr_csrf_request_add_header (request, "Cookie", "a=b\0; c=d", 9);
  csrf_assert_refused (fixture, request, KR_CSRF_ERROR_HEADER_INVALID);
}

static void
test_large_cookies (CsrfFixture *fixture, gconstpointer data)
{
  g_autofree char *token = csrf_issue_token (fixture);
  const char *cookie = kr_csrf_test_jar_get_cookie (fixture->jar, CSRF_COOKIE);
  g_autoptr (GString) line = g_string_new (NULL);
  g_autoptr (KrCsrfRequest) fits = csrf_request ("POST");

  for (guint i = 0; i < 10000; i++)
    g_string_append_printf (line, "a%u; ", i % 10);
  g_string_append_printf (line, CSRF_COOKIE "=%s", cookie);
  kr_csrf_request_add_header (fits, "Cookie", line->str, line->len);
  kr_csrf_request_add_header (fits, "X-CSRF-TOKEN", token, -1);
  csrf_assert_accepted (fixture, fits);
  /* Together they are beyond 64 KiB. */
  kr_csrf_request_add_header (fits, "Cookie", line->str, line->len);
  csrf_assert_refused (fixture, fits, KR_CSRF_ERROR_HEADER_INVALID);
}

/* What the caller does to its buffers afterwards is of no concern. */
static void
test_no_aliasing (CsrfFixture *fixture, gconstpointer data)
{
  g_autofree char *token = csrf_issue_token (fixture);
  g_autoptr (KrCsrfRequest) request = NULL;
  char method[] = "POST", scheme[] = "https", authority[] = "app.example", path[] = "/";
  char name[] = "X-CSRF-TOKEN", user[] = "alice", line[128];
  g_autoptr (KrCsrfRequest) get = csrf_request_with_cookie (fixture, "GET");
  g_autoptr (KrCsrfTokens) tokens = NULL;

  kr_csrf_request_set_user_id (get, user);
  tokens = csrf_issue (fixture, get);
  g_snprintf (line, sizeof line, CSRF_COOKIE "=%s", kr_csrf_test_jar_get_cookie (fixture->jar, CSRF_COOKIE));
  request = kr_csrf_request_new (method, scheme, authority, path);
  kr_csrf_request_add_header (request, "Cookie", line, -1);
  g_free (token);
  token = g_strdup (kr_csrf_tokens_get_request_token (tokens));
  kr_csrf_request_add_header (request, name, token, -1);
  kr_csrf_request_set_user_id (request, user);
  memset (method, 'x', 4);
  memset (scheme, 'x', 5);
  memset (authority, 'x', 11);
  memset (path, 'x', 1);
  memset (name, 'x', 12);
  memset (user, 'x', 5);
  memset (line, 'x', 127);
  memset (token, 'x', 64);
  csrf_assert_accepted (fixture, request);
  g_assert_cmpstr (kr_csrf_request_get_method (request), ==, "POST");
  g_assert_cmpstr (kr_csrf_request_get_path (request), ==, "/");
}

static GString *captured;

static GLogWriterOutput
capture (GLogLevelFlags level, const GLogField *fields, gsize n_fields, gpointer data)
{
  for (gsize i = 0; i < n_fields; i++)
    {
      g_string_append_len (captured, fields[i].value, fields[i].length < 0 ? (gssize) strlen (fields[i].value)
                                                                          : fields[i].length);
      g_string_append_c (captured, '\n');
    }
  return G_LOG_WRITER_HANDLED;
}

static void
assert_no_piece_of (const char *token)
{
  for (guint i = 0; i + 8 <= strlen (token); i++)
    {
      g_autofree char *piece = g_strndup (token + i, 8);

      g_assert_null (strstr (captured->str, piece));
    }
}

/* One line per reason and second, and nothing in it that would serve anybody. */
static void
test_log (CsrfFixture *fixture, gconstpointer data)
{
  g_autofree char *token = NULL;
  const char *cookie;
  guint lines = 0;

  if (!g_test_subprocess ())
    {
      g_test_trap_subprocess (NULL, 0, G_TEST_SUBPROCESS_INHERIT_STDERR);
      g_test_trap_assert_passed ();
      return;
    }
  captured = g_string_new (NULL);
  g_log_set_writer_func (capture, NULL, NULL);
  token = csrf_issue_token (fixture);
  cookie = kr_csrf_test_jar_get_cookie (fixture->jar, CSRF_COOKIE);
  for (guint i = 0; i < 100; i++)
    {
      g_autoptr (KrCsrfRequest) expired = kr_csrf_request_new ("POST\n", "https", "app.example", "/a\r\nb");
      g_autoptr (KrCsrfRequest) swapped = request_with_cookie_value (cookie, cookie);
      g_autofree char *line = g_strconcat (CSRF_COOKIE "=", cookie, NULL);

      kr_csrf_request_add_header (expired, "Cookie", line, -1);
      kr_csrf_request_add_header (expired, "X-CSRF-TOKEN", token, -1);
      kr_csrf_request_set_user_id (expired, "somebody");
      csrf_assert_refused (fixture, expired, KR_CSRF_ERROR_TOKEN_MISMATCH);
      csrf_assert_refused (fixture, swapped, KR_CSRF_ERROR_TOKEN_SWAPPED);
      kr_csrf_test_sources_advance (fixture->sources, 100);
    }
  for (const char *at = captured->str; (at = strstr (at, "Refused ")) != NULL; at++)
    lines++;
  g_assert_cmpuint (lines, ==, 20);
  g_assert_nonnull (strstr (captured->str, "token-mismatch"));
  g_assert_nonnull (strstr (captured->str, "and 9 more"));
  g_assert_null (strstr (captured->str, "/a\r"));
  g_assert_null (strstr (captured->str, "somebody"));
  assert_no_piece_of (token);
  assert_no_piece_of (cookie);
  g_string_free (captured, TRUE);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  CSRF_TEST_ADD ("token/bit-flips", test_bit_flips);
  CSRF_TEST_ADD ("token/heads", test_heads);
  CSRF_TEST_ADD ("token/reserved-flags", test_reserved_flags);
  CSRF_TEST_ADD ("token/malformed", test_malformed);
  CSRF_TEST_ADD ("token/alphabet", test_alphabet);
  CSRF_TEST_ADD ("token/control-characters", test_control_characters);
  CSRF_TEST_ADD ("token/control-character-anywhere", test_control_character_anywhere);
  CSRF_TEST_ADD ("token/swapped", test_swapped);
  CSRF_TEST_ADD ("token/header-names", test_header_names);
  CSRF_TEST_ADD ("token/header-twice", test_token_header_twice);
  CSRF_TEST_ADD ("token/other-cookie", test_other_cookie);
  CSRF_TEST_ADD ("token/expiry", test_expiry);
  CSRF_TEST_ADD ("token/cookie-expiry", test_cookie_expiry);
  CSRF_TEST_ADD ("token/other-ring", test_other_ring);
  CSRF_TEST_ADD ("token/repeated-nonce", test_repeated_nonce);
  CSRF_TEST_ADD ("token/no-aliasing", test_no_aliasing);
  CSRF_TEST_ADD ("token/log", test_log);
  CSRF_TEST_ADD ("cookie/lines", test_cookie_lines);
  CSRF_TEST_ADD ("cookie/several-lines", test_cookie_in_several_lines);
  CSRF_TEST_ADD ("cookie/nul", test_cookie_nul);
  CSRF_TEST_ADD ("cookie/large", test_large_cookies);
  return g_test_run ();
}
