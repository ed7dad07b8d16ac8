/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* Tests of the token's layout: known answers, base64url, every single bit, compare in constant time. */
#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <math.h>
#include <stdlib.h>
#include <time.h>

#include "kr-csrf-random-private.h"
#include "kr-csrf-request-private.h"
#include "kr-csrf-token-codec-private.h"

static void
from_hex (const char *hex, guint8 *bytes, gsize len)
{
  g_assert_nonnull (hex);
  g_assert_cmpuint (strlen (hex), ==, 2 * len);
  for (gsize i = 0; i < len; i++)
    bytes[i] = g_ascii_xdigit_value (hex[2 * i]) << 4 | g_ascii_xdigit_value (hex[2 * i + 1]);
}

static char *
text_from_hex (const char *hex)
{
  char *text;

  if (hex == NULL)
    return NULL;
  text = g_malloc0 (strlen (hex) / 2 + 1);
  from_hex (hex, (guint8 *) text, strlen (hex) / 2);
  return text;
}

static GHashTable *
parse_case (const char *paragraph)
{
  GHashTable *fields = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  g_auto (GStrv) lines = g_strsplit (paragraph, "\n", -1);

  for (char **line = lines; *line != NULL; line++)
    {
      const char *colon = strchr (*line, ':');

      if (**line == '#' || **line == '\0')
        continue;
      g_assert_nonnull (colon);
      g_hash_table_insert (fields, g_strndup (*line, colon - *line), g_strdup (g_str_has_prefix (colon, ": ") ? colon + 2
                                                                                                           : colon + 1));
    }
  return fields;
}

static KrCsrfSigner *
signer_for (const guint8 secret[KR_CSRF_SECRET_SIZE], guint32 id)
{
  KrCsrfKey key = { .id = id, .retires = G_MAXINT64 };

  memcpy (key.secret, secret, sizeof key.secret);
  g_assert_true (kr_csrf_key_derive (&key));
  return kr_csrf_signer_add (kr_csrf_ring_new (&key, 1));
}

static KrCsrfRequest *
request_for (GHashTable *fields)
{
  g_autofree char *origin = text_from_hex (g_hash_table_lookup (fields, "origin"));
  g_autofree char *user = text_from_hex (g_hash_table_lookup (fields, "user-id"));
  g_autofree char *session = text_from_hex (g_hash_table_lookup (fields, "session-id"));
  g_autofree char *scope = text_from_hex (g_hash_table_lookup (fields, "scope"));
  const char *colon = strstr (origin, "://");
  g_autofree char *scheme = g_strndup (origin, colon - origin);
  KrCsrfRequest *request = kr_csrf_request_new ("GET", scheme, colon + 3, "/");

  kr_csrf_request_set_user_id (request, user);
  kr_csrf_request_set_session_id (request, session);
  kr_csrf_request_set_scope (request, scope);
  return request;
}

static void
check_token (GHashTable *fields, const char *name, KrCsrfKind kind, guint16 flags, KrCsrfSigner *signer,
             const guint8 *nonce, const guint8 *secret, const guint8 *binding)
{
  const char *expected = g_hash_table_lookup (fields, name);
  guint32 key_id = g_ascii_strtoull (g_hash_table_lookup (fields, "key-id"), NULL, 10);
  gint64 issued_at = g_ascii_strtoll (g_hash_table_lookup (fields, "issued-at"), NULL, 10);
  const KrCsrfKey *key = kr_csrf_signer_find (signer, key_id);
  KrCsrfToken token, decoded;
  guint8 tag[KR_CSRF_MAC_SIZE];
  char text[KR_CSRF_TOKEN_LENGTH + 1];

  g_assert_nonnull (key);
  kr_csrf_token_init (&token, kind, flags, key_id, issued_at, nonce);
  g_assert_true (kr_csrf_token_sign (&token, signer, key, secret, binding, text));
  g_assert_cmpstr (text, ==, expected);
  g_assert_cmpint (kr_csrf_token_decode (&decoded, expected, strlen (expected), kind), ==, KR_CSRF_OK);
  g_assert_cmpuint (decoded.key_id, ==, key_id);
  g_assert_cmpint (decoded.issued_at, ==, issued_at);
  g_assert_cmpuint (decoded.flags, ==, flags);
  g_assert_true (kr_csrf_token_compute_tag (&decoded, signer, key, secret, binding, tag));
  g_assert_true (kr_csrf_token_has_tag (&decoded, tag));
}

static void
check_case (GHashTable *fields)
{
  guint8 secret[KR_CSRF_SECRET_SIZE], cookie_secret[KR_CSRF_NONCE_SIZE], nonce[KR_CSRF_NONCE_SIZE];
  guint8 expected_binding[KR_CSRF_BINDING_SIZE];
  const guint8 *binding;
  g_autofree char *app_id = text_from_hex (g_hash_table_lookup (fields, "app-id"));
  guint16 flags = g_ascii_strtoull (g_hash_table_lookup (fields, "flags"), NULL, 10);
  g_autoptr (KrCsrfRequest) request = request_for (fields);
  KrCsrfSigner *signer;

  g_test_message ("%s", (char *) g_hash_table_lookup (fields, "name"));
  from_hex (g_hash_table_lookup (fields, "secret"), secret, sizeof secret);
  from_hex (g_hash_table_lookup (fields, "cookie-secret"), cookie_secret, sizeof cookie_secret);
  from_hex (g_hash_table_lookup (fields, "nonce"), nonce, sizeof nonce);
  from_hex (g_hash_table_lookup (fields, "binding"), expected_binding, sizeof expected_binding);
  signer = signer_for (secret, g_ascii_strtoull (g_hash_table_lookup (fields, "key-id"), NULL, 10));

  g_assert_true (kr_csrf_request_digest_binding (request, 1, app_id, TRUE, &binding));
  g_assert_cmpmem (binding, KR_CSRF_BINDING_SIZE, expected_binding, sizeof expected_binding);
  check_token (fields, "cookie", KR_CSRF_KIND_COOKIE, flags & KR_CSRF_FLAG_HTTPS, signer, cookie_secret, NULL, NULL);
  check_token (fields, "request", KR_CSRF_KIND_REQUEST, flags, signer, nonce, cookie_secret, binding);
  check_token (fields, "ticket", KR_CSRF_KIND_TICKET, flags, signer, nonce, NULL, binding);
}

static void
test_vectors (void)
{
  g_autofree char *path = g_test_build_filename (G_TEST_DIST, "vectors", "csrf-tokens.txt", NULL);
  g_autofree char *contents = NULL;
  g_auto (GStrv) paragraphs = NULL;
  g_autoptr (GError) error = NULL;
  guint n_cases = 0;

  g_file_get_contents (path, &contents, NULL, &error);
  g_assert_no_error (error);
  paragraphs = g_strsplit (contents, "\n\n", -1);
  for (char **paragraph = paragraphs; *paragraph != NULL; paragraph++)
    {
      g_autoptr (GHashTable) fields = parse_case (*paragraph);

      if (g_hash_table_size (fields) == 0)
        continue;
      check_case (fields);
      n_cases++;
    }
  g_assert_cmpuint (n_cases, ==, 6);
}

/* Against GLib's base64, in the other alphabet. */
static void
test_base64url (void)
{
  for (guint i = 0; i < 2000; i++)
    {
      guint8 bytes[KR_CSRF_TOKEN_SIZE], back[KR_CSRF_TOKEN_SIZE];
      char text[KR_CSRF_TOKEN_LENGTH + 1];
      g_autofree char *expected = NULL;

      for (guint j = 0; j < sizeof bytes; j++)
        bytes[j] = i < 256 ? i : (guint) g_test_rand_int_range (0, 256);
      expected = g_strdelimit (g_strdelimit (g_base64_encode (bytes, sizeof bytes), "+", '-'), "/", '_');
      kr_csrf_base64url_encode (bytes, text);
      g_assert_cmpstr (text, ==, expected);
      g_assert_true (kr_csrf_base64url_decode (text, back));
      g_assert_cmpmem (back, sizeof back, bytes, sizeof bytes);
    }
}

/* Every byte in every place: 64 of them are fine. */
static void
test_alphabet (void)
{
  guint8 bytes[KR_CSRF_TOKEN_SIZE];
  guint accepted = 0;

  for (guint at = 0; at < KR_CSRF_TOKEN_LENGTH; at++)
    for (guint c = 0; c < 256; c++)
      {
        char text[KR_CSRF_TOKEN_LENGTH];

        memset (text, 'A', sizeof text);
        text[at] = c;
        accepted += kr_csrf_base64url_decode (text, bytes);
      }
  g_assert_cmpuint (accepted, ==, 64 * 64);
}

static void
test_decode_refuses (void)
{
  static const struct { guint at; guint8 value; KrCsrfCode code; } cases[] = {
    { 0, 0, KR_CSRF_ERROR_TOKEN_MALFORMED }, { 0, 2, KR_CSRF_ERROR_TOKEN_MALFORMED },
    { 0, 255, KR_CSRF_ERROR_TOKEN_MALFORMED }, { 1, 0, KR_CSRF_ERROR_TOKEN_MALFORMED },
    { 1, 4, KR_CSRF_ERROR_TOKEN_MALFORMED }, { 1, 255, KR_CSRF_ERROR_TOKEN_MALFORMED },
    { 1, 1, KR_CSRF_ERROR_TOKEN_SWAPPED }, { 1, 3, KR_CSRF_ERROR_TOKEN_SWAPPED },
    { 2, 1, KR_CSRF_ERROR_TOKEN_MALFORMED }, { 2, 0x80, KR_CSRF_ERROR_TOKEN_MALFORMED },
    { 3, 0x10, KR_CSRF_ERROR_TOKEN_MALFORMED }, { 3, 0x20, KR_CSRF_ERROR_TOKEN_MALFORMED },
    { 3, 0x40, KR_CSRF_ERROR_TOKEN_MALFORMED }, { 3, 0x80, KR_CSRF_ERROR_TOKEN_MALFORMED },
    { 7, 0, KR_CSRF_ERROR_TOKEN_MALFORMED }, /* key id 0 */
    { 8, 0x80, KR_CSRF_ERROR_TOKEN_MALFORMED }, /* beyond the largest time */
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      guint8 nonce[KR_CSRF_NONCE_SIZE] = { 0 };
      char text[KR_CSRF_TOKEN_LENGTH + 1];
      KrCsrfToken token = { 0 }, decoded;

      kr_csrf_token_init (&token, KR_CSRF_KIND_REQUEST, 0, 1, 1, nonce);
      token.bytes[cases[i].at] = cases[i].value;
      kr_csrf_base64url_encode (token.bytes, text);
      g_assert_cmpint (kr_csrf_token_decode (&decoded, text, KR_CSRF_TOKEN_LENGTH, KR_CSRF_KIND_REQUEST), ==,
                       cases[i].code);
    }
}

static void
test_lengths (void)
{
  char text[130];
  KrCsrfToken decoded;

  memset (text, 'A', sizeof text);
  for (gsize len = 0; len < sizeof text; len++)
    g_assert_cmpint (kr_csrf_token_decode (&decoded, text, len, KR_CSRF_KIND_COOKIE), ==,
                     KR_CSRF_ERROR_TOKEN_MALFORMED);
}

/* A key of one kind never makes a tag of another, even over the same bytes. */
static void
test_kinds_apart (void)
{
  guint8 secret[KR_CSRF_SECRET_SIZE] = { 1 };
  KrCsrfSigner *signer = signer_for (secret, 5);
  const KrCsrfKey *key = kr_csrf_signer_find (signer, 5);
  guint8 macs[3][KR_CSRF_MAC_SIZE];

  for (guint kind = 1; kind <= 3; kind++)
    {
      KrCsrfMessage message = { { 0 } };

      g_assert_true (kr_csrf_signer_mac (signer, key, kind, &message, 16, macs[kind - 1]));
    }
  g_assert_cmpint (memcmp (macs[0], macs[1], KR_CSRF_MAC_SIZE), !=, 0);
  g_assert_cmpint (memcmp (macs[1], macs[2], KR_CSRF_MAC_SIZE), !=, 0);
  g_assert_cmpint (memcmp (macs[0], macs[2], KR_CSRF_MAC_SIZE), !=, 0);
}

/* All lengths that a message may have, against GnuTLS; and the same message again, since padding is written into it. */
static void
test_hmac (void)
{
  guint8 secret[KR_CSRF_SECRET_SIZE];
  KrCsrfHmac hmac = { 0 };

  for (guint i = 0; i < sizeof secret; i++)
    secret[i] = 255 - i * 5;
  g_assert_true (kr_csrf_hmac_init (&hmac, secret, sizeof secret));
  for (guint len = 16; len <= KR_CSRF_MESSAGE_MAX; len += 16)
    {
      guint8 expected[KR_CSRF_DIGEST_SIZE], mac[KR_CSRF_MAC_SIZE];
      KrCsrfMessage message;

      memset (&message, 0xaa, sizeof message);
      for (guint i = 0; i < len; i++)
        message.bytes[i] = i * 7 + len;
      g_assert_cmpint (gnutls_hmac_fast (GNUTLS_MAC_SHA256, secret, sizeof secret, message.bytes, len, expected), ==, 0);
      for (guint again = 0; again < 2; again++)
        {
          g_assert_true (kr_csrf_hmac_compute (&hmac, &message, len, mac));
          g_assert_cmpmem (mac, sizeof mac, expected, KR_CSRF_MAC_SIZE);
        }
    }
  kr_csrf_hmac_clear (&hmac);
}

static void
test_tag_compare (void)
{
  KrCsrfToken token = { 0 };
  guint8 tag[KR_CSRF_MAC_SIZE];

  for (guint i = 0; i < sizeof tag; i++)
    tag[i] = i * 37;
  memcpy (token.bytes + KR_CSRF_TOKEN_SIGNED, tag, KR_CSRF_MAC_SIZE);
  g_assert_true (kr_csrf_token_has_tag (&token, tag));
  for (guint bit = 0; bit < 8 * KR_CSRF_MAC_SIZE; bit++)
    {
      tag[bit / 8] ^= 1 << bit % 8;
      g_assert_false (kr_csrf_token_has_tag (&token, tag));
      tag[bit / 8] ^= 1 << bit % 8;
    }
}

#define TIMING_BATCHES 4000
#define TIMING_CALLS 256

static double
time_compares (const KrCsrfToken *token, const guint8 *tag)
{
  struct timespec start, end;
  guint equal = 0;

  clock_gettime (CLOCK_THREAD_CPUTIME_ID, &start);
  for (guint i = 0; i < TIMING_CALLS; i++)
    equal += kr_csrf_token_has_tag (token, tag);
  clock_gettime (CLOCK_THREAD_CPUTIME_ID, &end);
  g_assert_cmpuint (equal, ==, 0);
  return (end.tv_sec - start.tv_sec) * 1e9 + (end.tv_nsec - start.tv_nsec);
}

static int
compare_doubles (gconstpointer a, gconstpointer b)
{
  double left = *(const double *) a, right = *(const double *) b;

  return left < right ? -1 : left > right;
}

/* Without the slowest tenth, which are interruptions and no compares. */
static void
mean_and_variance (double *values, guint n, double *mean, double *variance)
{
  guint kept = n - n / 10;
  double sum = 0, squares = 0;

  qsort (values, n, sizeof *values, compare_doubles);
  for (guint i = 0; i < kept; i++)
    sum += values[i];
  *mean = sum / kept;
  for (guint i = 0; i < kept; i++)
    squares += (values[i] - *mean) * (values[i] - *mean);
  *variance = squares / (kept - 1) / kept;
}

static double
welch_t (const KrCsrfToken *token, const guint8 *first, const guint8 *last)
{
  g_autofree double *with_first = g_new (double, TIMING_BATCHES);
  g_autofree double *with_last = g_new (double, TIMING_BATCHES);
  double first_mean, first_variance, last_mean, last_variance;

  for (guint i = 0; i < TIMING_BATCHES; i++)
    {
      /* Taken in turns, so that a change of the clock rate meets both alike. */
      gboolean swap = i % 2;

      if (swap)
        with_last[i] = time_compares (token, last);
      with_first[i] = time_compares (token, first);
      if (!swap)
        with_last[i] = time_compares (token, last);
    }
  mean_and_variance (with_first, TIMING_BATCHES, &first_mean, &first_variance);
  mean_and_variance (with_last, TIMING_BATCHES, &last_mean, &last_variance);
  return (first_mean - last_mean) / sqrt (MAX (first_variance + last_variance, 1e-12));
}

/* Welch's t-test: a difference in the first byte takes as long as one in the last. */
static void
test_timing (void)
{
  KrCsrfToken token = { 0 };
  guint8 first[KR_CSRF_MAC_SIZE] = { 0 }, last[KR_CSRF_MAC_SIZE] = { 0 };
  double best = HUGE_VAL;

  first[0] = 1;
  last[KR_CSRF_MAC_SIZE - 1] = 1;
  /* A real leak shows every time; the noise of a busy machine does not. */
  for (guint i = 0; i < 8 && best >= 4.5; i++)
    best = MIN (best, fabs (welch_t (&token, first, last)));
  g_test_message ("|t| = %.2f", best);
  g_assert_cmpfloat (best, <, 4.5);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/csrf/codec/vectors", test_vectors);
  g_test_add_func ("/csrf/codec/base64url", test_base64url);
  g_test_add_func ("/csrf/codec/alphabet", test_alphabet);
  g_test_add_func ("/csrf/codec/refuses", test_decode_refuses);
  g_test_add_func ("/csrf/codec/lengths", test_lengths);
  g_test_add_func ("/csrf/codec/kinds-apart", test_kinds_apart);
  g_test_add_func ("/csrf/codec/hmac", test_hmac);
  g_test_add_func ("/csrf/codec/tag-compare", test_tag_compare);
  g_test_add_func ("/csrf/codec/timing", test_timing);
  return g_test_run ();
}
