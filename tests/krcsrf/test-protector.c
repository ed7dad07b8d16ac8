/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* Tests of KrCsrfProtector: what it issues, what it lets pass and what it refuses. */
#include <krcsrf.h>

typedef struct
{
  gint64 now;
  guint64 state;
  gboolean random_fails;
  KrCsrfKeyRing *ring;
  KrCsrfProtector *protector;
  char *cookie;  /* "name=value", as the client keeps it */
  GHashTable *headers;
} Fixture;

static gint64
virtual_time (gpointer data)
{
  Fixture *fixture = data;

  return fixture->now;
}

static gboolean
seeded_random (guint8 *buffer, gsize len, gpointer data)
{
  Fixture *fixture = data;

  for (gsize i = 0; i < len; i++)
    {
      fixture->state = fixture->state * 6364136223846793005u + 1442695040888963407u;
      buffer[i] = fixture->state >> 33;
    }
  return !fixture->random_fails;
}

static void
set_up (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  fixture->now = G_GINT64_CONSTANT (1767225600000);
  fixture->state = 1;
  fixture->ring = kr_csrf_key_ring_new_ephemeral ();
  kr_csrf_key_ring_set_sources (fixture->ring, seeded_random, virtual_time, fixture, NULL);
  fixture->protector = g_initable_new (KR_CSRF_TYPE_PROTECTOR, NULL, &error, "key-ring", fixture->ring, NULL);
  g_assert_no_error (error);
  fixture->headers = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
  g_clear_object (&fixture->protector);
  g_clear_object (&fixture->ring);
  g_hash_table_unref (fixture->headers);
  g_free (fixture->cookie);
}

static gboolean
sink (KrCsrfHeaderAction action, const char *name, const char *value, gpointer data)
{
  Fixture *fixture = data;

  if (action == KR_CSRF_HEADER_ACTION_APPEND)
    {
      g_free (fixture->cookie);
      fixture->cookie = g_strndup (value, strcspn (value, ";"));
    }
  return !g_hash_table_insert (fixture->headers, g_strdup (name), g_strdup (value));
}

static KrCsrfRequest *
request_new (Fixture *fixture, const char *method)
{
  KrCsrfRequest *request = kr_csrf_request_new (method, "https", "app.example", "/tasks/cancel");

  kr_csrf_request_add_header (request, "Host", "app.example", -1);
  kr_csrf_request_add_header (request, "Sec-Fetch-Site", "same-origin", -1);
  if (fixture->cookie != NULL)
    kr_csrf_request_add_header (request, "Cookie", fixture->cookie, -1);
  return request;
}

static KrCsrfTokens *
issue (Fixture *fixture)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (KrCsrfRequest) request = request_new (fixture, "GET");
  KrCsrfTokens *tokens = kr_csrf_protector_get_and_store_tokens (fixture->protector, request, sink, fixture, &error);

  g_assert_no_error (error);
  return tokens;
}

static void
test_pair (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (KrCsrfTokens) tokens = issue (fixture);
  g_autoptr (KrCsrfRequest) request = request_new (fixture, "POST");
  KrCsrfStats stats;

  kr_csrf_request_add_header (request, "x-csrf-token", kr_csrf_tokens_get_request_token (tokens), -1);
  g_assert_true (kr_csrf_protector_is_request_valid (fixture->protector, request, &error));
  g_assert_no_error (error);
  kr_csrf_protector_get_stats (fixture->protector, &stats);
  g_assert_cmpuint (stats.accepted, ==, 1);
  g_assert_cmpuint (stats.rejected, ==, 0);
  g_assert_cmpuint (stats.cookies_issued, ==, 1);
  g_assert_cmpuint (stats.tokens_issued, ==, 1);
}

static void
test_no_token (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (KrCsrfTokens) tokens = issue (fixture);
  g_autoptr (KrCsrfRequest) request = request_new (fixture, "POST");

  g_assert_false (kr_csrf_protector_is_request_valid (fixture->protector, request, &error));
  g_assert_error (error, KR_CSRF_ERROR, KR_CSRF_ERROR_TOKEN_MISSING);
  g_assert_cmpuint (kr_csrf_error_to_status (error, KR_CSRF_STATUS_PROFILE_KESTRUN), ==, 400);
  g_assert_cmpuint (kr_csrf_protector_get_rejections (fixture->protector, KR_CSRF_ERROR_TOKEN_MISSING), ==, 1);
}

static void
test_foreign_origin (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (KrCsrfTokens) tokens = issue (fixture);
  g_autoptr (KrCsrfRequest) request = kr_csrf_request_new ("POST", "https", "app.example", "/");

  kr_csrf_request_add_header (request, "Cookie", fixture->cookie, -1);
  kr_csrf_request_add_header (request, "Origin", "https://evil.example", -1);
  kr_csrf_request_add_header (request, "X-CSRF-TOKEN", kr_csrf_tokens_get_request_token (tokens), -1);
  g_assert_false (kr_csrf_protector_is_request_valid (fixture->protector, request, &error));
  g_assert_error (error, KR_CSRF_ERROR, KR_CSRF_ERROR_ORIGIN_MISMATCH);
  g_assert_cmpuint (kr_csrf_error_to_status (error, KR_CSRF_STATUS_PROFILE_KESTRUN), ==, 403);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

#define ADD(path, function) g_test_add ("/csrf/protector/" path, Fixture, NULL, set_up, function, tear_down)
  ADD ("pair", test_pair);
  ADD ("no-token", test_no_token);
  ADD ("foreign-origin", test_foreign_origin);
#undef ADD
  return g_test_run ();
}
