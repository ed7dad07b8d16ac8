/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* The rules: headers, where a request comes from, its tokens. Each answers with a code and changes nothing. */
#include "config.h"

#include "kr-csrf-verify-private.h"

/* What comes first for every request, safe or not. */
KrCsrfCode
kr_csrf_verify_headers (const KrCsrfSettings *settings, const KrCsrfRequest *request)
{
  if (request->header_error != KR_CSRF_OK)
    return request->header_error;
  if (!request->origin_valid || !kr_csrf_host_list_contains (settings->hosts, &request->origin))
    return KR_CSRF_ERROR_HOST_NOT_ALLOWED;
  return KR_CSRF_OK;
}

typedef enum
{
  SOURCE_ABSENT,
  SOURCE_OWN,
  SOURCE_TRUSTED,
  SOURCE_FOREIGN,
} Source;

static Source
classify (const KrCsrfSettings *settings, const KrCsrfRequest *request, const KrCsrfOrigin *origin)
{
  if (kr_csrf_origin_equal (origin, &request->origin))
    return SOURCE_OWN;
  return kr_csrf_origin_list_contains (settings->trusted, origin) ? SOURCE_TRUSTED : SOURCE_FOREIGN;
}

/* KR_CSRF_ERROR_ORIGIN_NULL and _MALFORMED end the matter: what is there but says nothing is not the same as absent. */
static KrCsrfCode
read_origin (const KrCsrfSettings *settings, const KrCsrfRequest *request, Source *source)
{
  const KrCsrfText *header = &request->slots[KR_CSRF_SLOT_ORIGIN];
  KrCsrfOrigin origin;
  KrCsrfCode code;

  *source = SOURCE_ABSENT;
  if (header->data == NULL)
    return KR_CSRF_OK;
  if (header->len == request->origin.len && memcmp (header->data, request->origin.text, header->len) == 0)
    {
      *source = SOURCE_OWN;
      return KR_CSRF_OK;
    }
  code = kr_csrf_origin_init_from_header (&origin, header->data, header->len);
  if (code == KR_CSRF_OK)
    *source = classify (settings, request, &origin);
  return code;
}

/* A page over HTTPS sends no Referer to plain HTTP, so one of plain HTTP on HTTPS comes from an insecure page. */
static KrCsrfCode
verify_referer (const KrCsrfSettings *settings, const KrCsrfRequest *request)
{
  const KrCsrfText *header = &request->slots[KR_CSRF_SLOT_REFERER];
  KrCsrfOrigin origin;
  KrCsrfCode code;

  if (header->data == NULL)
    return settings->mode == KR_CSRF_MODE_ORIGIN_ONLY ? KR_CSRF_ERROR_REFERER_MISSING : KR_CSRF_OK;
  code = kr_csrf_origin_init_from_referer (&origin, header->data, header->len);
  if (code != KR_CSRF_OK)
    return code;
  if (kr_csrf_origin_is_https (&request->origin) && !kr_csrf_origin_is_https (&origin))
    return KR_CSRF_ERROR_REFERER_MISMATCH;
  return classify (settings, request, &origin) == SOURCE_FOREIGN ? KR_CSRF_ERROR_REFERER_MISMATCH : KR_CSRF_OK;
}

/* Without Sec-Fetch-Site, which browsers send over HTTPS and to localhost only. */
static KrCsrfCode
verify_source (const KrCsrfSettings *settings, const KrCsrfRequest *request, Source source)
{
  if (source == SOURCE_FOREIGN)
    return KR_CSRF_ERROR_ORIGIN_MISMATCH;
  if (source != SOURCE_ABSENT)
    return KR_CSRF_OK;
  if (settings->referer_fallback)
    return verify_referer (settings, request);
  return settings->mode == KR_CSRF_MODE_ORIGIN_ONLY ? KR_CSRF_ERROR_ORIGIN_MISSING : KR_CSRF_OK;
}

/* Where the request comes from (W3C Fetch Metadata; Fetch, "Origin header"). */
KrCsrfCode
kr_csrf_verify_origin (const KrCsrfSettings *settings, const KrCsrfRequest *request)
{
  Source source;
  KrCsrfCode code = read_origin (settings, request, &source);

  if (code != KR_CSRF_OK)
    return code;
  switch (request->fetch_site)
    {
    case KR_CSRF_FETCH_SITE_ABSENT:
      return verify_source (settings, request, source);
    case KR_CSRF_FETCH_SITE_SAME_ORIGIN:
    case KR_CSRF_FETCH_SITE_NONE:
      return source == SOURCE_ABSENT || source == SOURCE_OWN ? KR_CSRF_OK : KR_CSRF_ERROR_FETCH_SITE_CONTRADICTION;
    case KR_CSRF_FETCH_SITE_SAME_SITE:
      if (settings->allow_same_site || source == SOURCE_TRUSTED)
        return KR_CSRF_OK;
      return KR_CSRF_ERROR_FETCH_SITE_SAME_SITE;
    case KR_CSRF_FETCH_SITE_CROSS_SITE:
      return source == SOURCE_TRUSTED ? KR_CSRF_OK : KR_CSRF_ERROR_FETCH_SITE_CROSS;
    case KR_CSRF_FETCH_SITE_UNKNOWN:
    default:
      return KR_CSRF_ERROR_FETCH_SITE_INVALID;
    }
}

/* Browsers always send Origin with a WebSocket (RFC 6455, section 10.2); neither CORS nor SameSite=Lax stops a
 * sibling. */
KrCsrfCode
kr_csrf_verify_websocket (const KrCsrfSettings *settings, const KrCsrfRequest *request)
{
  Source source;
  KrCsrfCode code = read_origin (settings, request, &source);

  if (code != KR_CSRF_OK)
    return code;
  if (source == SOURCE_ABSENT)
    return KR_CSRF_ERROR_UPGRADE_REJECTED;
  if (source == SOURCE_FOREIGN)
    return KR_CSRF_ERROR_ORIGIN_MISMATCH;
  return kr_csrf_verify_origin (settings, request);
}

/* An EventSource sends Origin across origins only; within one, Sec-Fetch-Site has to say so. */
KrCsrfCode
kr_csrf_verify_event_stream (const KrCsrfSettings *settings, const KrCsrfRequest *request)
{
  gboolean says_something = request->slots[KR_CSRF_SLOT_ORIGIN].data != NULL ||
                            request->fetch_site != KR_CSRF_FETCH_SITE_ABSENT;

  if (!says_something || (request->fetch_site == KR_CSRF_FETCH_SITE_NONE))
    return KR_CSRF_ERROR_UPGRADE_REJECTED;
  return kr_csrf_verify_origin (settings, request);
}

/* Both differences are in range: neither time is negative. */
static KrCsrfCode
verify_time (const KrCsrfToken *token, gint64 now, gint64 lifetime, gint64 skew)
{
  if (token->issued_at - now > skew)
    return KR_CSRF_ERROR_TOKEN_NOT_YET_VALID;
  return now - token->issued_at > lifetime ? KR_CSRF_ERROR_TOKEN_EXPIRED : KR_CSRF_OK;
}

/* The cookie token alone: what issuing needs to know about a cookie that may stay. */
KrCsrfCode
kr_csrf_verify_cookie (const KrCsrfSettings *settings, KrCsrfKeyRing *ring, KrCsrfSigner *signer,
                       KrCsrfRequest *request, gint64 now, KrCsrfToken *token)
{
  guint8 tag[KR_CSRF_MAC_SIZE];
  const KrCsrfKey *key;
  KrCsrfText text;
  KrCsrfCode code = kr_csrf_request_find_cookie (request, settings->cookie_name, settings->cookie_name_len, &text);

  if (code == KR_CSRF_OK)
    code = kr_csrf_token_decode (token, text.data, text.len, KR_CSRF_KIND_COOKIE);
  if (code == KR_CSRF_OK)
    code = kr_csrf_key_ring_find_key (ring, signer, token->key_id, now, &key);
  if (code == KR_CSRF_OK)
    code = verify_time (token, now, settings->cookie_lifetime, settings->clock_skew);
  if (code != KR_CSRF_OK)
    return code;
  if (!kr_csrf_token_compute_tag (token, signer, key, NULL, NULL, tag))
    return KR_CSRF_ERROR_CRYPTO_FAILED;
  return kr_csrf_token_has_tag (token, tag) ? KR_CSRF_OK : KR_CSRF_ERROR_TOKEN_MISMATCH;
}

/* From the header if there is one, however wrong; else from the form. */
static KrCsrfCode
find_request_token (const KrCsrfSettings *settings, KrCsrfRequest *request, KrCsrfText *text)
{
  KrCsrfCode code = KR_CSRF_ERROR_TOKEN_MISSING;

  if (settings->header_name != NULL)
    code = kr_csrf_request_find_header (request, settings->header_name_lower, settings->header_name_len, text);
  if (code != KR_CSRF_ERROR_TOKEN_MISSING || !settings->read_form_body)
    return code;
  if (request->form_tokens > 1)
    return KR_CSRF_ERROR_AMBIGUOUS_FORM;
  if (request->form_error != KR_CSRF_OK)
    return request->form_error;
  *text = request->form_token;
  return request->form_tokens == 1 ? KR_CSRF_OK : KR_CSRF_ERROR_TOKEN_MISSING;
}

/* Everything about both tokens that costs no MAC, what is cheapest first. */
static KrCsrfCode
decode_tokens (const KrCsrfSettings *settings, KrCsrfRequest *request, KrCsrfToken *cookie, KrCsrfToken *token)
{
  KrCsrfText cookie_text, token_text;
  KrCsrfCode code = kr_csrf_request_find_cookie (request, settings->cookie_name, settings->cookie_name_len,
                                                 &cookie_text);

  if (code == KR_CSRF_OK)
    code = find_request_token (settings, request, &token_text);
  if (code == KR_CSRF_OK)
    code = kr_csrf_token_decode (token, token_text.data, token_text.len, KR_CSRF_KIND_REQUEST);
  if (code == KR_CSRF_OK)
    code = kr_csrf_token_decode (cookie, cookie_text.data, cookie_text.len, KR_CSRF_KIND_COOKIE);
  return code;
}

/* Both MACs, even if the first is wrong: the time taken must not tell which one was. */
static KrCsrfCode
verify_tags (const KrCsrfSettings *settings, KrCsrfSigner *signer, KrCsrfRequest *request, const KrCsrfToken *cookie,
             const KrCsrfKey *cookie_key, const KrCsrfToken *token, const KrCsrfKey *token_key)
{
  guint8 cookie_tag[KR_CSRF_MAC_SIZE], token_tag[KR_CSRF_MAC_SIZE];
  const guint8 *binding;
  gboolean scoped = (token->flags & KR_CSRF_FLAG_SCOPE) != 0;
  gboolean cookie_right, token_right;

  if (!kr_csrf_request_digest_binding (request, settings->serial, settings->app_id, scoped, &binding) ||
      !kr_csrf_token_compute_tag (cookie, signer, cookie_key, NULL, NULL, cookie_tag) ||
      !kr_csrf_token_compute_tag (token, signer, token_key, kr_csrf_token_get_nonce (cookie), binding, token_tag))
    return KR_CSRF_ERROR_CRYPTO_FAILED;
  cookie_right = kr_csrf_token_has_tag (cookie, cookie_tag);
  token_right = kr_csrf_token_has_tag (token, token_tag);
  if (!cookie_right || !token_right)
    return KR_CSRF_ERROR_TOKEN_MISMATCH;
  return request->scope.data != NULL && !scoped ? KR_CSRF_ERROR_SCOPE_MISMATCH : KR_CSRF_OK;
}

static KrCsrfCode
verify_decoded (const KrCsrfSettings *settings, KrCsrfKeyRing *ring, KrCsrfRequest *request, gint64 now,
                const KrCsrfToken *cookie, const KrCsrfToken *token)
{
  KrCsrfSigner *signer;
  const KrCsrfKey *cookie_key, *token_key;
  KrCsrfCode code = kr_csrf_key_ring_get_signer (ring, now, &signer);

  if (code == KR_CSRF_OK)
    code = kr_csrf_key_ring_find_key (ring, signer, cookie->key_id, now, &cookie_key);
  if (code == KR_CSRF_OK)
    code = kr_csrf_key_ring_find_key (ring, signer, token->key_id, now, &token_key);
  if (code == KR_CSRF_OK)
    code = verify_time (cookie, now, settings->cookie_lifetime, settings->clock_skew);
  if (code == KR_CSRF_OK)
    code = verify_time (token, now, settings->token_lifetime, settings->clock_skew);
  if (code == KR_CSRF_OK)
    code = verify_tags (settings, signer, request, cookie, cookie_key, token, token_key);
  return code;
}

KrCsrfCode
kr_csrf_verify_tokens (const KrCsrfSettings *settings, KrCsrfKeyRing *ring, KrCsrfRequest *request, gint64 now)
{
  KrCsrfToken cookie, token;
  KrCsrfCode code = decode_tokens (settings, request, &cookie, &token);

  if (code == KR_CSRF_OK)
    code = verify_decoded (settings, ring, request, now, &cookie, &token);
  if (code == KR_CSRF_ERROR_TOKEN_UNKNOWN_KEY && kr_csrf_key_ring_search (ring, now))
    code = verify_decoded (settings, ring, request, now, &cookie, &token);
  return code;
}

static KrCsrfCode
verify_decoded_ticket (const KrCsrfSettings *settings, KrCsrfKeyRing *ring, KrCsrfRequest *request, gint64 now,
                       const KrCsrfToken *ticket)
{
  KrCsrfSigner *signer;
  const KrCsrfKey *key;
  const guint8 *binding;
  guint8 tag[KR_CSRF_MAC_SIZE];
  gboolean scoped = (ticket->flags & KR_CSRF_FLAG_SCOPE) != 0;
  KrCsrfCode code = kr_csrf_key_ring_get_signer (ring, now, &signer);

  if (code == KR_CSRF_OK)
    code = kr_csrf_key_ring_find_key (ring, signer, ticket->key_id, now, &key);
  if (code != KR_CSRF_OK)
    return code;
  if (now > ticket->issued_at)
    return KR_CSRF_ERROR_TOKEN_EXPIRED;
  if (ticket->issued_at - now > KR_CSRF_MAX_TICKET_SECONDS * G_GINT64_CONSTANT (1000) + settings->clock_skew)
    return KR_CSRF_ERROR_TOKEN_NOT_YET_VALID;
  if (!kr_csrf_request_digest_binding (request, settings->serial, settings->app_id, scoped, &binding) ||
      !kr_csrf_token_compute_tag (ticket, signer, key, NULL, binding, tag))
    return KR_CSRF_ERROR_CRYPTO_FAILED;
  if (!kr_csrf_token_has_tag (ticket, tag))
    return KR_CSRF_ERROR_TOKEN_MISMATCH;
  return request->scope.data != NULL && !scoped ? KR_CSRF_ERROR_SCOPE_MISMATCH : KR_CSRF_OK;
}

/* Everything but whether it was used before. */
KrCsrfCode
kr_csrf_verify_ticket (const KrCsrfSettings *settings, KrCsrfKeyRing *ring, KrCsrfRequest *request, gint64 now,
                       const KrCsrfText *text, KrCsrfToken *ticket)
{
  KrCsrfCode code = kr_csrf_token_decode (ticket, text->data, text->len, KR_CSRF_KIND_TICKET);

  if (code == KR_CSRF_OK)
    code = verify_decoded_ticket (settings, ring, request, now, ticket);
  if (code == KR_CSRF_ERROR_TOKEN_UNKNOWN_KEY && kr_csrf_key_ring_search (ring, now))
    code = verify_decoded_ticket (settings, ring, request, now, ticket);
  return code;
}
