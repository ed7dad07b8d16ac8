/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* KrCsrfTokens: one issued pair of tokens. */
#include "config.h"

#include "kr-csrf-tokens-private.h"

/**
 * KrCsrfTokens:
 *
 * One issued pair of tokens: the request token for page or script, and the cookie token if a cookie is to be set.
 *
 * Immutable; may be used from any thread.
 *
 * Since: 0.1
 */

/**
 * kr_csrf_tokens_get_type:
 *
 * Gets the type of #KrCsrfTokens.
 *
 * Returns: the type
 *
 * Since: 0.1
 */
G_DEFINE_BOXED_TYPE (KrCsrfTokens, kr_csrf_tokens, kr_csrf_tokens_ref, kr_csrf_tokens_unref)

/* Both names are interned: a reference each would have all threads write to the same two counters. */
KrCsrfTokens *
kr_csrf_tokens_new (const char *header_name, const char *form_field_name, const char *cookie_token)
{
  KrCsrfTokens *self = g_malloc (sizeof (KrCsrfTokens));

  g_atomic_ref_count_init (&self->ref_count);
  self->header_name = header_name;
  self->form_field_name = form_field_name;
  self->has_cookie = cookie_token != NULL;
  self->request_token[0] = '\0';
  if (cookie_token != NULL)
    memcpy (self->cookie_token, cookie_token, sizeof self->cookie_token);
  return self;
}

/**
 * kr_csrf_tokens_ref:
 * @self: a pair of tokens
 *
 * Takes a reference.
 *
 * Returns: (transfer full): @self
 *
 * Since: 0.1
 */
KrCsrfTokens *
kr_csrf_tokens_ref (KrCsrfTokens *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  g_atomic_ref_count_inc (&self->ref_count);
  return self;
}

/**
 * kr_csrf_tokens_unref:
 * @self: (transfer full): a pair of tokens
 *
 * Drops a reference.
 *
 * Since: 0.1
 */
void
kr_csrf_tokens_unref (KrCsrfTokens *self)
{
  g_return_if_fail (self != NULL);

  /* The last one need not be counted down, which would take longer than the check. */
  if (g_atomic_ref_count_compare (&self->ref_count, 1) || g_atomic_ref_count_dec (&self->ref_count))
    g_free (self);
}

/**
 * kr_csrf_tokens_get_request_token:
 * @self: a pair of tokens
 *
 * Gets the request token: 64 characters of base64url, which need no escaping in HTML, JSON or a URL.
 *
 * Returns: (transfer none): the token, as long as @self
 *
 * Since: 0.1
 */
const char *
kr_csrf_tokens_get_request_token (KrCsrfTokens *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  return self->request_token;
}

/**
 * kr_csrf_tokens_get_cookie_token:
 * @self: a pair of tokens
 *
 * Gets the value that the cookie is to be set to.
 *
 * Returns: (transfer none) (nullable): the token, as long as @self; %NULL if the client's cookie stays
 *
 * Since: 0.1
 */
const char *
kr_csrf_tokens_get_cookie_token (KrCsrfTokens *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  return self->has_cookie ? self->cookie_token : NULL;
}

/**
 * kr_csrf_tokens_get_header_name:
 * @self: a pair of tokens
 *
 * Gets the name of the header that the request token is expected in.
 *
 * Returns: (transfer none) (nullable): the name; %NULL if it is expected in a form only
 *
 * Since: 0.1
 */
const char *
kr_csrf_tokens_get_header_name (KrCsrfTokens *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  return self->header_name;
}

/**
 * kr_csrf_tokens_get_form_field_name:
 * @self: a pair of tokens
 *
 * Gets the name of the form field that the request token is expected in.
 *
 * Returns: (transfer none): the name
 *
 * Since: 0.1
 */
const char *
kr_csrf_tokens_get_form_field_name (KrCsrfTokens *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  return self->form_field_name;
}
