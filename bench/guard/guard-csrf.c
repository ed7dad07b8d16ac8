/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* Issues a token for a cookie and validates the pair, N times: work for whoever counts its instructions. */
#include "config.h"

#include <krcsrf.h>
#include <stdlib.h>
#include <string.h>

/* The first thing that a page does: no cookie yet, so both halves are new. */
static char *
get_cookie_token (KrCsrfProtector *protector)
{
  g_autoptr (KrCsrfRequest) request = kr_csrf_request_new ("GET", "https", "127.0.0.1:5000", "/csrf-token");
  g_autoptr (KrCsrfTokens) tokens = kr_csrf_protector_get_tokens (protector, request, NULL);

  return g_strdup (kr_csrf_tokens_get_cookie_token (tokens));
}

static char *
issue (KrCsrfProtector *protector, const char *cookie)
{
  g_autoptr (KrCsrfRequest) request = kr_csrf_request_new ("GET", "https", "127.0.0.1:5000", "/csrf-token");
  g_autoptr (KrCsrfTokens) tokens = NULL;

  kr_csrf_request_add_header (request, "Cookie", cookie, -1);
  tokens = kr_csrf_protector_get_tokens (protector, request, NULL);
  return g_strdup (kr_csrf_tokens_get_request_token (tokens));
}

static void
validate (KrCsrfProtector *protector, const char *cookie, const char *token)
{
  g_autoptr (KrCsrfRequest) request = kr_csrf_request_new ("POST", "https", "127.0.0.1:5000", "/tasks/cancel");
  g_autoptr (GError) error = NULL;

  kr_csrf_request_add_header (request, "Cookie", cookie, -1);
  kr_csrf_request_add_header (request, "Origin", "https://127.0.0.1:5000", -1);
  kr_csrf_request_add_header (request, "X-CSRF-TOKEN", token, -1);
  if (!kr_csrf_protector_validate_request (protector, request, &error))
    g_error ("%s", error->message);
}

/* Usage: guard-csrf [N] */
int
main (int argc, char **argv)
{
  guint n = argc > 1 ? atoi (argv[1]) : 1000;
  g_autoptr (KrCsrfKeyRing) ring = kr_csrf_key_ring_new_ephemeral ();
  g_autoptr (KrCsrfProtector) protector = kr_csrf_protector_new (ring, NULL);
  g_autofree char *cookie_name = NULL, *cookie_token = NULL, *cookie = NULL;

  g_object_get (protector, "cookie-name", &cookie_name, NULL);
  cookie_token = get_cookie_token (protector);
  cookie = g_strdup_printf ("%s=%s", cookie_name, cookie_token);
  for (guint i = 0; i < n; i++)
    {
      g_autofree char *token = issue (protector, cookie);

      validate (protector, cookie, token);
    }
  return 0;
}
