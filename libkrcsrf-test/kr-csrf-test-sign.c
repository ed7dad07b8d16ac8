/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* Makes a request that a protector accepts. */
#include "config.h"

#include "kr-csrf-test-sign.h"

/**
 * kr_csrf_test_sign_request:
 * @protector: a protector
 * @request: a request without the antiforgery cookie and token; user, session and scope are set
 * @error: return location for an error
 *
 * Gives a request a pair of tokens of its own, so that tests of other things need not fetch one first. It is judged as
 * any other: there is no switch that lets unsigned requests pass.
 *
 * Errors: as [method@KrCsrf.Protector.get_tokens].
 *
 * Returns: %TRUE if the request is signed
 *
 * Since: 0.1
 */
gboolean
kr_csrf_test_sign_request (KrCsrfProtector *protector, KrCsrfRequest *request, GError **error)
{
  g_autoptr (KrCsrfTokens) tokens = kr_csrf_protector_get_tokens (protector, request, error);
  g_autofree char *cookie_name = NULL;
  g_autofree char *cookie = NULL;

  if (tokens == NULL)
    return FALSE;
  g_object_get (protector, "cookie-name", &cookie_name, NULL);
  cookie = g_strdup_printf ("%s=%s", cookie_name, kr_csrf_tokens_get_cookie_token (tokens));
  kr_csrf_request_add_header (request, "Cookie", cookie, -1);
  if (kr_csrf_tokens_get_header_name (tokens) != NULL)
    kr_csrf_request_add_header (request, kr_csrf_tokens_get_header_name (tokens),
                                kr_csrf_tokens_get_request_token (tokens), -1);
  else
    kr_csrf_request_set_form_token (request, kr_csrf_tokens_get_request_token (tokens), -1);
  return TRUE;
}
