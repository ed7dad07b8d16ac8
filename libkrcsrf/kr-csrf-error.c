/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* The error domain of libkrcsrf, and what HTTP makes of its errors. */
#include "config.h"

#include "kr-csrf-error-private.h"

G_DEFINE_QUARK (kr-csrf-error-quark, kr_csrf_error)

/**
 * kr_csrf_error_get_type:
 *
 * Gets the type of #KrCsrfError.
 *
 * Returns: the type
 *
 * Since: 0.1
 */
G_DEFINE_ENUM_TYPE (KrCsrfError, kr_csrf_error,
                    G_DEFINE_ENUM_VALUE (KR_CSRF_ERROR_COOKIE_MISSING, "cookie-missing"),
                    G_DEFINE_ENUM_VALUE (KR_CSRF_ERROR_TOKEN_MISSING, "token-missing"),
                    G_DEFINE_ENUM_VALUE (KR_CSRF_ERROR_TOKEN_MALFORMED, "token-malformed"),
                    G_DEFINE_ENUM_VALUE (KR_CSRF_ERROR_TOKEN_SWAPPED, "token-swapped"),
                    G_DEFINE_ENUM_VALUE (KR_CSRF_ERROR_TOKEN_UNKNOWN_KEY, "token-unknown-key"),
                    G_DEFINE_ENUM_VALUE (KR_CSRF_ERROR_KEY_REVOKED, "key-revoked"),
                    G_DEFINE_ENUM_VALUE (KR_CSRF_ERROR_TOKEN_EXPIRED, "token-expired"),
                    G_DEFINE_ENUM_VALUE (KR_CSRF_ERROR_TOKEN_NOT_YET_VALID, "token-not-yet-valid"),
                    G_DEFINE_ENUM_VALUE (KR_CSRF_ERROR_TOKEN_MISMATCH, "token-mismatch"),
                    G_DEFINE_ENUM_VALUE (KR_CSRF_ERROR_SCOPE_MISMATCH, "scope-mismatch"),
                    G_DEFINE_ENUM_VALUE (KR_CSRF_ERROR_AMBIGUOUS_COOKIE, "ambiguous-cookie"),
                    G_DEFINE_ENUM_VALUE (KR_CSRF_ERROR_AMBIGUOUS_HEADER, "ambiguous-header"),
                    G_DEFINE_ENUM_VALUE (KR_CSRF_ERROR_AMBIGUOUS_FORM, "ambiguous-form"),
                    G_DEFINE_ENUM_VALUE (KR_CSRF_ERROR_HEADER_INVALID, "header-invalid"),
                    G_DEFINE_ENUM_VALUE (KR_CSRF_ERROR_ORIGIN_MALFORMED, "origin-malformed"),
                    G_DEFINE_ENUM_VALUE (KR_CSRF_ERROR_ORIGIN_NULL, "origin-null"),
                    G_DEFINE_ENUM_VALUE (KR_CSRF_ERROR_ORIGIN_MISMATCH, "origin-mismatch"),
                    G_DEFINE_ENUM_VALUE (KR_CSRF_ERROR_ORIGIN_MISSING, "origin-missing"),
                    G_DEFINE_ENUM_VALUE (KR_CSRF_ERROR_FETCH_SITE_CROSS, "fetch-site-cross"),
                    G_DEFINE_ENUM_VALUE (KR_CSRF_ERROR_FETCH_SITE_SAME_SITE, "fetch-site-same-site"),
                    G_DEFINE_ENUM_VALUE (KR_CSRF_ERROR_FETCH_SITE_INVALID, "fetch-site-invalid"),
                    G_DEFINE_ENUM_VALUE (KR_CSRF_ERROR_FETCH_SITE_CONTRADICTION, "fetch-site-contradiction"),
                    G_DEFINE_ENUM_VALUE (KR_CSRF_ERROR_REFERER_MISSING, "referer-missing"),
                    G_DEFINE_ENUM_VALUE (KR_CSRF_ERROR_REFERER_MISMATCH, "referer-mismatch"),
                    G_DEFINE_ENUM_VALUE (KR_CSRF_ERROR_HOST_NOT_ALLOWED, "host-not-allowed"),
                    G_DEFINE_ENUM_VALUE (KR_CSRF_ERROR_UPGRADE_REJECTED, "upgrade-rejected"),
                    G_DEFINE_ENUM_VALUE (KR_CSRF_ERROR_TICKET_USED, "ticket-used"),
                    G_DEFINE_ENUM_VALUE (KR_CSRF_ERROR_FORM_UNREADABLE, "form-unreadable"),
                    G_DEFINE_ENUM_VALUE (KR_CSRF_ERROR_FORM_TOO_LARGE, "form-too-large"),
                    G_DEFINE_ENUM_VALUE (KR_CSRF_ERROR_INSECURE_TRANSPORT, "insecure-transport"),
                    G_DEFINE_ENUM_VALUE (KR_CSRF_ERROR_IDENTITY_UNUSABLE, "identity-unusable"),
                    G_DEFINE_ENUM_VALUE (KR_CSRF_ERROR_CONFIG, "config"),
                    G_DEFINE_ENUM_VALUE (KR_CSRF_ERROR_KEYRING_IO, "keyring-io"),
                    G_DEFINE_ENUM_VALUE (KR_CSRF_ERROR_KEYRING_PERMISSIONS, "keyring-permissions"),
                    G_DEFINE_ENUM_VALUE (KR_CSRF_ERROR_KEYRING_CORRUPT, "keyring-corrupt"),
                    G_DEFINE_ENUM_VALUE (KR_CSRF_ERROR_NO_ACTIVE_KEY, "no-active-key"),
                    G_DEFINE_ENUM_VALUE (KR_CSRF_ERROR_RANDOM_FAILED, "random-failed"),
                    G_DEFINE_ENUM_VALUE (KR_CSRF_ERROR_CRYPTO_FAILED, "crypto-failed"))

/**
 * kr_csrf_status_profile_get_type:
 *
 * Gets the type of #KrCsrfStatusProfile.
 *
 * Returns: the type
 *
 * Since: 0.1
 */
G_DEFINE_ENUM_TYPE (KrCsrfStatusProfile, kr_csrf_status_profile,
                    G_DEFINE_ENUM_VALUE (KR_CSRF_STATUS_PROFILE_KESTRUN, "kestrun"),
                    G_DEFINE_ENUM_VALUE (KR_CSRF_STATUS_PROFILE_STRICT, "strict"))

/* What several codes have in common for the client: one that guesses must not learn how far it got. */
#define UNREADABLE "The antiforgery token could not be decrypted."
#define MISMATCH "The antiforgery cookie token and request token do not match."
#define AMBIGUOUS "The request is ambiguous."
#define ORIGIN "The request comes from another origin."
#define KEYS "The antiforgery keys are not available."
#define INTERNAL "The antiforgery token could not be made."

static const struct
{
  const char *name;
  guint16 kestrun, strict;
  const char *text;
} table[] = {
  [KR_CSRF_ERROR_COOKIE_MISSING] = { "cookie-missing", 400, 403, "The required antiforgery cookie is not present." },
  [KR_CSRF_ERROR_TOKEN_MISSING] = { "token-missing", 400, 403, "The required antiforgery token is not present." },
  [KR_CSRF_ERROR_TOKEN_MALFORMED] = { "token-malformed", 400, 403, UNREADABLE },
  [KR_CSRF_ERROR_TOKEN_SWAPPED] = { "token-swapped", 400, 403,
                                    "Validation of the provided antiforgery token failed. "
                                    "The cookie token and the request token were swapped." },
  [KR_CSRF_ERROR_TOKEN_UNKNOWN_KEY] = { "token-unknown-key", 400, 403, UNREADABLE },
  [KR_CSRF_ERROR_KEY_REVOKED] = { "key-revoked", 400, 403, UNREADABLE },
  [KR_CSRF_ERROR_TOKEN_EXPIRED] = { "token-expired", 400, 403, UNREADABLE },
  [KR_CSRF_ERROR_TOKEN_NOT_YET_VALID] = { "token-not-yet-valid", 400, 403, UNREADABLE },
  [KR_CSRF_ERROR_TOKEN_MISMATCH] = { "token-mismatch", 400, 403, MISMATCH },
  [KR_CSRF_ERROR_SCOPE_MISMATCH] = { "scope-mismatch", 400, 403, MISMATCH },
  [KR_CSRF_ERROR_AMBIGUOUS_COOKIE] = { "ambiguous-cookie", 400, 400, AMBIGUOUS },
  [KR_CSRF_ERROR_AMBIGUOUS_HEADER] = { "ambiguous-header", 400, 400, AMBIGUOUS },
  [KR_CSRF_ERROR_AMBIGUOUS_FORM] = { "ambiguous-form", 400, 400, AMBIGUOUS },
  [KR_CSRF_ERROR_HEADER_INVALID] = { "header-invalid", 400, 400, "The request has an invalid header." },
  [KR_CSRF_ERROR_ORIGIN_MALFORMED] = { "origin-malformed", 403, 403, ORIGIN },
  [KR_CSRF_ERROR_ORIGIN_NULL] = { "origin-null", 403, 403, ORIGIN },
  [KR_CSRF_ERROR_ORIGIN_MISMATCH] = { "origin-mismatch", 403, 403, ORIGIN },
  [KR_CSRF_ERROR_ORIGIN_MISSING] = { "origin-missing", 403, 403, ORIGIN },
  [KR_CSRF_ERROR_FETCH_SITE_CROSS] = { "fetch-site-cross", 403, 403, ORIGIN },
  [KR_CSRF_ERROR_FETCH_SITE_SAME_SITE] = { "fetch-site-same-site", 403, 403, ORIGIN },
  [KR_CSRF_ERROR_FETCH_SITE_INVALID] = { "fetch-site-invalid", 403, 403, ORIGIN },
  [KR_CSRF_ERROR_FETCH_SITE_CONTRADICTION] = { "fetch-site-contradiction", 403, 403, ORIGIN },
  [KR_CSRF_ERROR_REFERER_MISSING] = { "referer-missing", 403, 403, ORIGIN },
  [KR_CSRF_ERROR_REFERER_MISMATCH] = { "referer-mismatch", 403, 403, ORIGIN },
  [KR_CSRF_ERROR_HOST_NOT_ALLOWED] = { "host-not-allowed", 400, 421, "The request is for another host." },
  [KR_CSRF_ERROR_UPGRADE_REJECTED] = { "upgrade-rejected", 403, 403, ORIGIN },
  [KR_CSRF_ERROR_TICKET_USED] = { "ticket-used", 403, 403, "The ticket is not valid." },
  [KR_CSRF_ERROR_FORM_UNREADABLE] = { "form-unreadable", 400, 400,
                                      "Unable to read the antiforgery request token from the posted form." },
  [KR_CSRF_ERROR_FORM_TOO_LARGE] = { "form-too-large", 400, 413,
                                     "Unable to read the antiforgery request token from the posted form." },
  [KR_CSRF_ERROR_INSECURE_TRANSPORT] = { "insecure-transport", 400, 400,
                                         "The antiforgery cookie needs HTTPS, but the request is not an SSL request." },
  [KR_CSRF_ERROR_IDENTITY_UNUSABLE] = { "identity-unusable", 500, 500, INTERNAL },
  [KR_CSRF_ERROR_CONFIG] = { "config", 500, 500, INTERNAL },
  [KR_CSRF_ERROR_KEYRING_IO] = { "keyring-io", 503, 503, KEYS },
  [KR_CSRF_ERROR_KEYRING_PERMISSIONS] = { "keyring-permissions", 503, 503, KEYS },
  [KR_CSRF_ERROR_KEYRING_CORRUPT] = { "keyring-corrupt", 503, 503, KEYS },
  [KR_CSRF_ERROR_NO_ACTIVE_KEY] = { "no-active-key", 503, 503, KEYS },
  [KR_CSRF_ERROR_RANDOM_FAILED] = { "random-failed", 500, 500, INTERNAL },
  [KR_CSRF_ERROR_CRYPTO_FAILED] = { "crypto-failed", 500, 500, INTERNAL },
};
G_STATIC_ASSERT (G_N_ELEMENTS (table) == KR_CSRF_N_ERRORS);

/**
 * kr_csrf_code_to_string:
 * @code: an error code
 *
 * Gets the stable name of a code, such as "token-expired", for logs and metrics.
 *
 * Returns: (transfer none): the name; "unknown" for what is no code
 *
 * Since: 0.1
 */
const char *
kr_csrf_code_to_string (KrCsrfError code)
{
  return (guint) code < KR_CSRF_N_ERRORS ? table[code].name : "unknown";
}

const char *
kr_csrf_error_default_text (KrCsrfError code)
{
  return table[code].text;
}

/* TRUE for KR_CSRF_OK, and otherwise FALSE with @error set. */
gboolean
kr_csrf_error_set (GError **error, KrCsrfCode code)
{
  if (code == KR_CSRF_OK)
    return TRUE;
  g_set_error_literal (error, KR_CSRF_ERROR, code, table[code].text);
  return FALSE;
}

/**
 * kr_csrf_error_to_status:
 * @error: what a function of this library reported
 * @profile: which statuses to use
 *
 * Gets the HTTP status to answer an error with (RFC 9110, section 15).
 *
 * Returns: a status between 400 and 503; 500 for an error of another domain
 *
 * Since: 0.1
 */
guint
kr_csrf_error_to_status (const GError *error, KrCsrfStatusProfile profile)
{
  g_return_val_if_fail (error != NULL, 500);

  if (error->domain != KR_CSRF_ERROR || (guint) error->code >= KR_CSRF_N_ERRORS)
    return 500;
  return profile == KR_CSRF_STATUS_PROFILE_STRICT ? table[error->code].strict : table[error->code].kestrun;
}

/* Escapes what JSON demands (RFC 8259, section 7), and what would end a script element. */
void
kr_csrf_json_append_string (GString *json, const char *text)
{
  g_string_append_c (json, '"');
  for (const guchar *c = (const guchar *) text; *c != '\0'; c++)
    if (*c < 0x20 || *c == 0x7f || strchr ("\"\\<>&'", *c) != NULL)
      g_string_append_printf (json, "\\u%04x", *c);
    else
      g_string_append_c (json, *c);
  g_string_append_c (json, '"');
}

static const char *
type_of_status (guint status)
{
  switch (status)
    {
    case 400: return "https://datatracker.ietf.org/doc/html/rfc9110#section-15.5.1";
    case 403: return "https://datatracker.ietf.org/doc/html/rfc9110#section-15.5.4";
    case 413: return "https://datatracker.ietf.org/doc/html/rfc9110#section-15.5.14";
    case 421: return "https://datatracker.ietf.org/doc/html/rfc9110#section-15.5.20";
    case 503: return "https://datatracker.ietf.org/doc/html/rfc9110#section-15.6.4";
    default: return "https://datatracker.ietf.org/doc/html/rfc9110#section-15.6.1";
    }
}

/**
 * kr_csrf_problem_json:
 * @error: what a function of this library reported
 * @profile: which statuses to use
 *
 * Makes the body of the answer, for the content type application/problem+json (RFC 9457).
 *
 * It has the members that Kestrun sends (type, title, status, detail). The detail is the error's message if that is one
 * of ours, and otherwise a text that says nothing about the inside.
 *
 * Returns: (transfer full): the JSON text
 *
 * Since: 0.1
 */
char *
kr_csrf_problem_json (const GError *error, KrCsrfStatusProfile profile)
{
  GString *json;
  guint status;

  g_return_val_if_fail (error != NULL, NULL);

  status = kr_csrf_error_to_status (error, profile);
  json = g_string_new ("{\"type\":");
  kr_csrf_json_append_string (json, type_of_status (status));
  g_string_append_printf (json, ",\"title\":\"Antiforgery validation failed\",\"status\":%u,\"detail\":", status);
  if (error->domain == KR_CSRF_ERROR && status < 500)
    kr_csrf_json_append_string (json, error->message);
  else
    kr_csrf_json_append_string (json, status == 503 ? KEYS : INTERNAL);
  g_string_append_c (json, '}');
  return g_string_free (json, FALSE);
}
