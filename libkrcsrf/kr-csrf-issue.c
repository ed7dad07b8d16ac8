/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* Makes cookie tokens and request tokens. */
#include "config.h"

#include "kr-csrf-issue-private.h"

/* What must be right before anything is given out. */
static KrCsrfCode
check_request (const KrCsrfIssue *issue)
{
  const KrCsrfRequest *request = issue->request;
  KrCsrfCode code = kr_csrf_verify_headers (issue->settings, request);

  if (code != KR_CSRF_OK)
    return code;
  if (issue->settings->cookie_secure && !kr_csrf_origin_is_https (&request->origin))
    return KR_CSRF_ERROR_INSECURE_TRANSPORT;
  if ((request->user_id.data != NULL && request->user_id.len == 0) ||
      (request->session_id.data != NULL && request->session_id.len == 0))
    return KR_CSRF_ERROR_IDENTITY_UNUSABLE;
  return KR_CSRF_OK;
}

/* A cookie over the same secret with a new time and key keeps open pages alive. */
static KrCsrfCode
stamp_cookie (const KrCsrfIssue *issue, KrCsrfSigner *signer, const KrCsrfKey *key,
              const guint8 secret[KR_CSRF_NONCE_SIZE])
{
  KrCsrfCookieMemo *memo = &issue->request->cookie;
  guint16 flags = kr_csrf_origin_is_https (&issue->request->origin) ? KR_CSRF_FLAG_HTTPS : 0;
  KrCsrfToken token;

  kr_csrf_token_init (&token, KR_CSRF_KIND_COOKIE, flags, key->id, issue->now, secret);
  if (!kr_csrf_token_sign (&token, signer, key, NULL, NULL, memo->text))
    return KR_CSRF_ERROR_CRYPTO_FAILED;
  memo->token = token;
  memo->owner = issue->settings->serial;
  memo->generation = kr_csrf_signer_get_ring (signer)->generation;
  memo->issued = TRUE;
  memo->stored = FALSE;
  kr_csrf_counters_add (issue->counters, KR_CSRF_COUNT_COOKIES_ISSUED);
  return KR_CSRF_OK;
}

static KrCsrfCode
new_cookie (const KrCsrfIssue *issue, KrCsrfSigner *signer, const KrCsrfKey *key)
{
  guint8 secret[KR_CSRF_NONCE_SIZE];

  if (!kr_csrf_key_ring_fill_random (issue->ring, secret, sizeof secret))
    return KR_CSRF_ERROR_RANDOM_FAILED;
  return stamp_cookie (issue, signer, key, secret);
}

/* The cookie that came in, if it is good for at least the life of a request token; otherwise another one. */
static KrCsrfCode
reuse_cookie (const KrCsrfIssue *issue, KrCsrfSigner *signer, const KrCsrfKey *key)
{
  KrCsrfCookieMemo *memo = &issue->request->cookie;
  KrCsrfToken token;
  KrCsrfCode code = kr_csrf_verify_cookie (issue->settings, issue->ring, signer, issue->request, issue->now, &token);

  if (code == KR_CSRF_ERROR_CRYPTO_FAILED)
    return code;
  if (code != KR_CSRF_OK)
    return new_cookie (issue, signer, key);
  if (token.key_id != key->id || issue->now - token.issued_at > issue->settings->cookie_lifetime / 2)
    return stamp_cookie (issue, signer, key, kr_csrf_token_get_nonce (&token));
  memo->token = token;
  memo->owner = issue->settings->serial;
  memo->generation = kr_csrf_signer_get_ring (signer)->generation;
  memo->issued = FALSE;
  memo->stored = FALSE;
  kr_csrf_counters_add (issue->counters, KR_CSRF_COUNT_COOKIES_REUSED);
  return KR_CSRF_OK;
}

static KrCsrfCode
get_key (const KrCsrfIssue *issue, KrCsrfSigner **signer, const KrCsrfKey **key)
{
  KrCsrfCode code = kr_csrf_key_ring_get_signer (issue->ring, issue->now, signer);

  if (code != KR_CSRF_OK)
    return code;
  *key = kr_csrf_ring_find_active (kr_csrf_signer_get_ring (*signer), issue->now);
  return *key != NULL ? KR_CSRF_OK : KR_CSRF_ERROR_NO_ACTIVE_KEY;
}

static KrCsrfCode
ensure_cookie (const KrCsrfIssue *issue, KrCsrfSigner *signer, const KrCsrfKey *key)
{
  const KrCsrfCookieMemo *memo = &issue->request->cookie;

  if (memo->owner == issue->settings->serial && memo->generation == kr_csrf_signer_get_ring (signer)->generation)
    return KR_CSRF_OK;
  return reuse_cookie (issue, signer, key);
}

/* Leaves the cookie token in the request's memo; a @fresh one has another secret, so that all tokens before are
 * void. */
KrCsrfCode
kr_csrf_issue_cookie (const KrCsrfIssue *issue, gboolean fresh)
{
  KrCsrfSigner *signer;
  const KrCsrfKey *key;
  KrCsrfCode code = check_request (issue);

  if (code == KR_CSRF_OK)
    code = get_key (issue, &signer, &key);
  if (code != KR_CSRF_OK)
    return code;
  return fresh ? new_cookie (issue, signer, key) : ensure_cookie (issue, signer, key);
}

static guint16
flags_of (const KrCsrfRequest *request)
{
  return (request->user_id.data != NULL ? KR_CSRF_FLAG_USER : 0) |
         (request->session_id.data != NULL ? KR_CSRF_FLAG_SESSION : 0) |
         (request->scope.data != NULL ? KR_CSRF_FLAG_SCOPE : 0) |
         (kr_csrf_origin_is_https (&request->origin) ? KR_CSRF_FLAG_HTTPS : 0);
}

/* A token over what the request is bound to; @secret is the cookie's, for a request token only. */
static KrCsrfCode
sign_bound (const KrCsrfIssue *issue, KrCsrfSigner *signer, const KrCsrfKey *key, KrCsrfKind kind, gint64 time,
            const guint8 *secret, char text[KR_CSRF_TOKEN_LENGTH + 1])
{
  KrCsrfRequest *request = issue->request;
  const guint8 *binding;
  KrCsrfToken token;

  if (!kr_csrf_key_ring_fill_random (issue->ring, kr_csrf_token_nonce_place (&token), KR_CSRF_NONCE_SIZE))
    return KR_CSRF_ERROR_RANDOM_FAILED;
  if (!kr_csrf_request_digest_binding (request, issue->settings->serial, issue->settings->app_id,
                                       request->scope.data != NULL, &binding))
    return KR_CSRF_ERROR_CRYPTO_FAILED;
  kr_csrf_token_init (&token, kind, flags_of (request), key->id, time, NULL);
  if (!kr_csrf_token_sign (&token, signer, key, secret, binding, text))
    return KR_CSRF_ERROR_CRYPTO_FAILED;
  kr_csrf_counters_add (issue->counters, KR_CSRF_COUNT_TOKENS_ISSUED);
  return KR_CSRF_OK;
}

/* A ticket names the moment when it ends, @lifetime ms from now. */
KrCsrfCode
kr_csrf_issue_ticket (const KrCsrfIssue *issue, gint64 lifetime, char text[KR_CSRF_TOKEN_LENGTH + 1])
{
  KrCsrfSigner *signer;
  const KrCsrfKey *key;
  KrCsrfCode code = check_request (issue);

  if (code == KR_CSRF_OK)
    code = get_key (issue, &signer, &key);
  if (code == KR_CSRF_OK)
    code = sign_bound (issue, signer, key, KR_CSRF_KIND_TICKET, issue->now + lifetime, NULL, text);
  return code;
}

/* A pair; the cookie is verified or made once per request. */
KrCsrfCode
kr_csrf_issue_tokens (const KrCsrfIssue *issue, KrCsrfTokens **tokens)
{
  const KrCsrfCookieMemo *memo = &issue->request->cookie;
  g_autoptr (KrCsrfTokens) made = NULL;
  KrCsrfSigner *signer;
  const KrCsrfKey *key;
  KrCsrfCode code = check_request (issue);

  if (code == KR_CSRF_OK)
    code = get_key (issue, &signer, &key);
  if (code == KR_CSRF_OK)
    code = ensure_cookie (issue, signer, key);
  if (code != KR_CSRF_OK)
    return code;
  made = kr_csrf_tokens_new (issue->settings->header_name, issue->settings->form_field_name,
                             memo->issued ? memo->text : NULL);
  code = sign_bound (issue, signer, key, KR_CSRF_KIND_REQUEST, issue->now, kr_csrf_token_get_nonce (&memo->token),
                     made->request_token);
  if (code == KR_CSRF_OK)
    *tokens = g_steal_pointer (&made);
  return code;
}
