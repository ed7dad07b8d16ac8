/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* A page gets a token pair; a request passes with both of them, and a forged one does not. */
#include <krcsrf.h>

/* A server copies what it has received; here it is made up. */
static KrCsrfRequest *
create_post (const char *origin, const char *cookie, const char *token)
{
  KrCsrfRequest *request = kr_csrf_request_new ("POST", "https", "bank.example", "/transfer");

  kr_csrf_request_add_header (request, "Origin", origin, -1);
  kr_csrf_request_add_header (request, "Cookie", cookie, -1);
  if (token != NULL)
    kr_csrf_request_add_header (request, "X-CSRF-TOKEN", token, -1);
  return request;
}

static gboolean
judge (KrCsrfProtector *protector, const char *origin, const char *cookie, const char *token)
{
  g_autoptr (KrCsrfRequest) request = create_post (origin, cookie, token);
  g_autoptr (GError) error = NULL;
  gboolean valid = kr_csrf_protector_validate_request (protector, request, &error);

  g_print ("from %s: %s\n", origin, valid ? "passed" : error->message);
  return valid;
}

/* A server puts the headers into its response; here the cookie is all that is kept of them. */
static gboolean
keep_cookie (KrCsrfHeaderAction action, const char *name, const char *value, gpointer data)
{
  char **cookie = data;

  if (g_ascii_strcasecmp (name, "Set-Cookie") == 0)
    *cookie = g_strndup (value, strcspn (value, ";"));
  return FALSE;
}

int
main (void)
{
  g_autoptr (KrCsrfKeyRing) key_ring = kr_csrf_key_ring_new_ephemeral ();
  g_autoptr (GError) error = NULL;
  g_autoptr (KrCsrfProtector) protector = kr_csrf_protector_new (key_ring, &error);
  g_autoptr (KrCsrfRequest) page = kr_csrf_request_new ("GET", "https", "bank.example", "/");
  g_autoptr (KrCsrfTokens) tokens = NULL;
  g_autofree char *cookie = NULL;
  const char *token;

  g_assert_no_error (error);
  tokens = kr_csrf_protector_get_and_store_tokens (protector, page, keep_cookie, &cookie, &error);
  g_assert_no_error (error);
  token = kr_csrf_tokens_get_request_token (tokens);

  /* The browser of the victim sends the cookie with all of them; only the page itself knows the token. */
  return judge (protector, "https://bank.example", cookie, token) &&
         !judge (protector, "https://bank.example", cookie, NULL) &&
         !judge (protector, "https://evil.example", cookie, token) ? 0 : 1;
}
