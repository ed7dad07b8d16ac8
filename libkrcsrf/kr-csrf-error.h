/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* The error domain of libkrcsrf, and what HTTP makes of its errors. */
#pragma once

#if !defined (KR_CSRF_INSIDE) && !defined (KR_CSRF_COMPILATION)
#error "Only <krcsrf.h> can be included directly."
#endif

#include <glib-object.h>

#include "kr-csrf-visibility.h"

G_BEGIN_DECLS

#define KR_CSRF_ERROR (kr_csrf_error_quark ())

/**
 * KrCsrfError:
 * @KR_CSRF_ERROR_COOKIE_MISSING: the request has no antiforgery cookie
 * @KR_CSRF_ERROR_TOKEN_MISSING: the request has no request token, in neither header nor form
 * @KR_CSRF_ERROR_TOKEN_MALFORMED: length, alphabet, version or flags of a token are wrong
 * @KR_CSRF_ERROR_TOKEN_SWAPPED: a token of one kind came where another kind belongs
 * @KR_CSRF_ERROR_TOKEN_UNKNOWN_KEY: no key of the ring has the token's key id
 * @KR_CSRF_ERROR_KEY_REVOKED: the token's key was revoked
 * @KR_CSRF_ERROR_TOKEN_EXPIRED: the token is older than its lifetime
 * @KR_CSRF_ERROR_TOKEN_NOT_YET_VALID: the token was issued in the future, beyond the clock skew
 * @KR_CSRF_ERROR_TOKEN_MISMATCH: the MAC is wrong: forged, or for another cookie, user, session, application or origin
 * @KR_CSRF_ERROR_SCOPE_MISMATCH: a token for every form came where the route demands one of its own
 * @KR_CSRF_ERROR_AMBIGUOUS_COOKIE: the antiforgery cookie is there more than once
 * @KR_CSRF_ERROR_AMBIGUOUS_HEADER: a header that may stand once is there more than once
 * @KR_CSRF_ERROR_AMBIGUOUS_FORM: the token field is there more than once
 * @KR_CSRF_ERROR_HEADER_INVALID: a header has a control character, is not ASCII or is too long
 * @KR_CSRF_ERROR_ORIGIN_MALFORMED: Origin is not an origin (RFC 6454, section 6.2)
 * @KR_CSRF_ERROR_ORIGIN_NULL: Origin is "null": the sender hides where it comes from
 * @KR_CSRF_ERROR_ORIGIN_MISMATCH: Origin is neither ours nor trusted
 * @KR_CSRF_ERROR_ORIGIN_MISSING: nothing says where the request comes from, and something has to
 * @KR_CSRF_ERROR_FETCH_SITE_CROSS: Sec-Fetch-Site is "cross-site" and the origin is not trusted
 * @KR_CSRF_ERROR_FETCH_SITE_SAME_SITE: Sec-Fetch-Site is "same-site" and that is not allowed
 * @KR_CSRF_ERROR_FETCH_SITE_INVALID: Sec-Fetch-Site has an unknown value
 * @KR_CSRF_ERROR_FETCH_SITE_CONTRADICTION: Sec-Fetch-Site and Origin contradict each other
 * @KR_CSRF_ERROR_REFERER_MISSING: no Referer where nothing else says where the request comes from
 * @KR_CSRF_ERROR_REFERER_MISMATCH: the Referer is neither ours nor trusted, or not secure
 * @KR_CSRF_ERROR_HOST_NOT_ALLOWED: the authority is not one of ours, or not a host at all
 * @KR_CSRF_ERROR_UPGRADE_REJECTED: neither origin nor ticket allows the WebSocket or the event stream
 * @KR_CSRF_ERROR_TICKET_USED: the ticket was redeemed before
 * @KR_CSRF_ERROR_FORM_UNREADABLE: the form could not be read
 * @KR_CSRF_ERROR_FORM_TOO_LARGE: the form goes beyond a limit
 * @KR_CSRF_ERROR_INSECURE_TRANSPORT: a cookie with Secure over plain HTTP
 * @KR_CSRF_ERROR_IDENTITY_UNUSABLE: the user or session id to bind to is empty
 * @KR_CSRF_ERROR_CONFIG: the settings contradict each other or are no valid names, at construction
 * @KR_CSRF_ERROR_KEYRING_IO: the key ring's file could not be read or written
 * @KR_CSRF_ERROR_KEYRING_PERMISSIONS: the key ring's file belongs to, or is open to, somebody else
 * @KR_CSRF_ERROR_KEYRING_CORRUPT: the key ring's file is not one
 * @KR_CSRF_ERROR_NO_ACTIVE_KEY: the ring has no key to issue with
 * @KR_CSRF_ERROR_RANDOM_FAILED: the random number generator failed; nothing was issued
 * @KR_CSRF_ERROR_CRYPTO_FAILED: GnuTLS failed
 *
 * Why a request was refused, or something could not be issued.
 *
 * The code is for logs and counters; the message of an error is safe to send to the client: it never says more than the
 * client may know.
 *
 * Since: 0.1
 */
typedef enum
{
  KR_CSRF_ERROR_COOKIE_MISSING,
  KR_CSRF_ERROR_TOKEN_MISSING,
  KR_CSRF_ERROR_TOKEN_MALFORMED,
  KR_CSRF_ERROR_TOKEN_SWAPPED,
  KR_CSRF_ERROR_TOKEN_UNKNOWN_KEY,
  KR_CSRF_ERROR_KEY_REVOKED,
  KR_CSRF_ERROR_TOKEN_EXPIRED,
  KR_CSRF_ERROR_TOKEN_NOT_YET_VALID,
  KR_CSRF_ERROR_TOKEN_MISMATCH,
  KR_CSRF_ERROR_SCOPE_MISMATCH,
  KR_CSRF_ERROR_AMBIGUOUS_COOKIE,
  KR_CSRF_ERROR_AMBIGUOUS_HEADER,
  KR_CSRF_ERROR_AMBIGUOUS_FORM,
  KR_CSRF_ERROR_HEADER_INVALID,
  KR_CSRF_ERROR_ORIGIN_MALFORMED,
  KR_CSRF_ERROR_ORIGIN_NULL,
  KR_CSRF_ERROR_ORIGIN_MISMATCH,
  KR_CSRF_ERROR_ORIGIN_MISSING,
  KR_CSRF_ERROR_FETCH_SITE_CROSS,
  KR_CSRF_ERROR_FETCH_SITE_SAME_SITE,
  KR_CSRF_ERROR_FETCH_SITE_INVALID,
  KR_CSRF_ERROR_FETCH_SITE_CONTRADICTION,
  KR_CSRF_ERROR_REFERER_MISSING,
  KR_CSRF_ERROR_REFERER_MISMATCH,
  KR_CSRF_ERROR_HOST_NOT_ALLOWED,
  KR_CSRF_ERROR_UPGRADE_REJECTED,
  KR_CSRF_ERROR_TICKET_USED,
  KR_CSRF_ERROR_FORM_UNREADABLE,
  KR_CSRF_ERROR_FORM_TOO_LARGE,
  KR_CSRF_ERROR_INSECURE_TRANSPORT,
  KR_CSRF_ERROR_IDENTITY_UNUSABLE,
  KR_CSRF_ERROR_CONFIG,
  KR_CSRF_ERROR_KEYRING_IO,
  KR_CSRF_ERROR_KEYRING_PERMISSIONS,
  KR_CSRF_ERROR_KEYRING_CORRUPT,
  KR_CSRF_ERROR_NO_ACTIVE_KEY,
  KR_CSRF_ERROR_RANDOM_FAILED,
  KR_CSRF_ERROR_CRYPTO_FAILED,
} KrCsrfError;

/**
 * KrCsrfStatusProfile:
 * @KR_CSRF_STATUS_PROFILE_KESTRUN: 400 for what ASP.NET Core and Kestrun answer with 400
 * @KR_CSRF_STATUS_PROFILE_STRICT: 403 for a refused token, 413 for a large form, 421 for a foreign host
 *
 * Which HTTP status an error becomes.
 *
 * Since: 0.1
 */
typedef enum
{
  KR_CSRF_STATUS_PROFILE_KESTRUN,
  KR_CSRF_STATUS_PROFILE_STRICT,
} KrCsrfStatusProfile;

#define KR_CSRF_TYPE_ERROR (kr_csrf_error_get_type ())
#define KR_CSRF_TYPE_STATUS_PROFILE (kr_csrf_status_profile_get_type ())

KR_CSRF_AVAILABLE_IN_ALL
GType kr_csrf_error_get_type (void);

KR_CSRF_AVAILABLE_IN_ALL
GType kr_csrf_status_profile_get_type (void);

KR_CSRF_AVAILABLE_IN_ALL
GQuark kr_csrf_error_quark (void);

KR_CSRF_AVAILABLE_IN_ALL
const char *kr_csrf_code_to_string (KrCsrfError code);

KR_CSRF_AVAILABLE_IN_ALL
guint kr_csrf_error_to_status (const GError *error, KrCsrfStatusProfile profile);

KR_CSRF_AVAILABLE_IN_ALL
char *kr_csrf_problem_json (const GError *error, KrCsrfStatusProfile profile);

G_END_DECLS
