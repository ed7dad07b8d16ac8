/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* The functions of KrCsrfProtector that judge requests. */
#include "config.h"

#include "kr-csrf-protector-private.h"
#include "kr-csrf-verify-private.h"

static KrCsrfCode
redeem (KrCsrfProtector *self, KrCsrfRequest *request, const KrCsrfText *text, gint64 now)
{
  KrCsrfToken ticket;
  KrCsrfCode code = kr_csrf_verify_ticket (&self->settings, self->key_ring, request, now, text, &ticket);

  return code == KR_CSRF_OK ? kr_csrf_ticket_memory_use (self->tickets, &ticket, now) : code;
}

/* A ticket speaks for clients that send no Origin; it never speaks against one. */
static KrCsrfCode
verify_websocket (KrCsrfProtector *self, KrCsrfRequest *request, gint64 now)
{
  KrCsrfCode code = kr_csrf_verify_websocket (&self->settings, request);
  KrCsrfText ticket;

  if (code == KR_CSRF_ERROR_UPGRADE_REJECTED && kr_csrf_request_find_ticket (request, &ticket))
    return redeem (self, request, &ticket, now);
  return code;
}

static KrCsrfCode
verify_event_stream (KrCsrfProtector *self, KrCsrfRequest *request, gint64 now)
{
  const KrCsrfSettings *settings = &self->settings;
  KrCsrfCode code = kr_csrf_verify_event_stream (settings, request);
  KrCsrfText ticket;

  if (code == KR_CSRF_ERROR_UPGRADE_REJECTED && settings->header_name != NULL &&
      kr_csrf_request_find_header (request, settings->header_name_lower, settings->header_name_len, &ticket) ==
      KR_CSRF_OK)
    return redeem (self, request, &ticket, now);
  return code;
}

static KrCsrfCode
verify_origin (KrCsrfProtector *self, KrCsrfRequest *request, gint64 now)
{
  return kr_csrf_verify_origin (&self->settings, request);
}

static KrCsrfCode
verify (KrCsrfProtector *self, KrCsrfRequest *request, gint64 now)
{
  const KrCsrfSettings *settings = &self->settings;
  KrCsrfCode code = KR_CSRF_OK;

  if (settings->mode != KR_CSRF_MODE_ORIGIN_ONLY && settings->cookie_secure &&
      !kr_csrf_origin_is_https (&request->origin))
    return KR_CSRF_ERROR_INSECURE_TRANSPORT;
  if (settings->mode != KR_CSRF_MODE_TOKEN_ONLY)
    code = kr_csrf_verify_origin (settings, request);
  if (code == KR_CSRF_OK && settings->mode != KR_CSRF_MODE_ORIGIN_ONLY)
    code = kr_csrf_verify_tokens (settings, self->key_ring, request, now);
  return code;
}

/**
 * kr_csrf_protector_validate_request:
 * @self: a protector
 * @request: a request
 * @error: return location for an error
 *
 * Judges a request, whatever its method is.
 *
 * Errors: the codes of #KrCsrfError that tell what is wrong with the request, and those of the key ring. Each refusal
 * adds to the counter of its code, is logged without any token, at most once per code and second, and emits
 * [signal@KrCsrf.Protector::rejected]. A request that is refused must not reach any handler.
 *
 * Returns: %TRUE if the request may pass; in report-only mode always
 *
 * Since: 0.1
 */
gboolean
kr_csrf_protector_validate_request (KrCsrfProtector *self, KrCsrfRequest *request, GError **error)
{
  gint64 now;
  KrCsrfCode code;

  g_return_val_if_fail (KR_CSRF_IS_PROTECTOR (self), FALSE);
  g_return_val_if_fail (request != NULL, FALSE);

  now = kr_csrf_key_ring_get_time (self->key_ring);
  code = kr_csrf_verify_headers (&self->settings, request);
  if (code == KR_CSRF_OK)
    code = verify (self, request, now);
  code = kr_csrf_protector_conclude (self, request, code, now);
  return code == KR_CSRF_OK || kr_csrf_protector_set_error (self, request, code, error);
}

/* GET, or over HTTP/2 CONNECT (RFC 8441, section 4). With any other method an Upgrade header opens nothing: whoever adds
 * one to a POST must not get round the token. */
static gboolean
opens_websocket (KrCsrfProtector *self, KrCsrfRequest *request)
{
  return request->upgrade == KR_CSRF_UPGRADE_WEBSOCKET &&
         (kr_csrf_settings_is_safe (&self->settings, request->method) || strcmp (request->method, "CONNECT") == 0);
}

/**
 * kr_csrf_protector_is_request_valid:
 * @self: a protector
 * @request: a request
 * @error: return location for an error
 *
 * Judges a request unless its method is a safe one: what an adapter calls for every request.
 *
 * A request that opens a WebSocket, which its method alone would let pass, is judged as by
 * [method@KrCsrf.Protector.check_websocket]. With a method that opens none, Upgrade changes nothing.
 * Headers and host have to be right even for safe methods.
 *
 * Errors: as [method@KrCsrf.Protector.validate_request].
 *
 * Returns: %TRUE if the request may pass; in report-only mode always
 *
 * Since: 0.1
 */
gboolean
kr_csrf_protector_is_request_valid (KrCsrfProtector *self, KrCsrfRequest *request, GError **error)
{
  gint64 now;
  KrCsrfCode code;

  g_return_val_if_fail (KR_CSRF_IS_PROTECTOR (self), FALSE);
  g_return_val_if_fail (request != NULL, FALSE);

  now = kr_csrf_key_ring_get_time (self->key_ring);
  code = kr_csrf_verify_headers (&self->settings, request);
  if (code == KR_CSRF_OK && opens_websocket (self, request))
    code = verify_websocket (self, request, now);
  else if (code == KR_CSRF_OK && request->upgrade == KR_CSRF_UPGRADE_NONE &&
           kr_csrf_settings_is_safe (&self->settings, request->method))
    {
      kr_csrf_counters_add (self->counters, KR_CSRF_COUNT_SAFE);
      return TRUE;
    }
  else if (code == KR_CSRF_OK)
    code = verify (self, request, now);
  code = kr_csrf_protector_conclude (self, request, code, now);
  return code == KR_CSRF_OK || kr_csrf_protector_set_error (self, request, code, error);
}

typedef KrCsrfCode (*Rule) (KrCsrfProtector *self, KrCsrfRequest *request, gint64 now);

static gboolean
check (KrCsrfProtector *self, KrCsrfRequest *request, Rule rule, GError **error)
{
  gint64 now = kr_csrf_key_ring_get_time (self->key_ring);
  KrCsrfCode code = kr_csrf_verify_headers (&self->settings, request);

  if (code == KR_CSRF_OK)
    code = rule (self, request, now);
  code = kr_csrf_protector_conclude (self, request, code, now);
  return code == KR_CSRF_OK || kr_csrf_protector_set_error (self, request, code, error);
}

/**
 * kr_csrf_protector_check_origin:
 * @self: a protector
 * @request: a request
 * @error: return location for an error
 *
 * Judges only where a request comes from: by Sec-Fetch-Site and Origin, or, where
 * [property@KrCsrf.Protector:referer-fallback] says so, Referer.
 *
 * Errors: the codes of #KrCsrfError about headers, host, Origin, Sec-Fetch-Site and Referer.
 *
 * Returns: %TRUE if nothing speaks against the request
 *
 * Since: 0.1
 */
gboolean
kr_csrf_protector_check_origin (KrCsrfProtector *self, KrCsrfRequest *request, GError **error)
{
  g_return_val_if_fail (KR_CSRF_IS_PROTECTOR (self), FALSE);
  g_return_val_if_fail (request != NULL, FALSE);

  return check (self, request, verify_origin, error);
}

/**
 * kr_csrf_protector_check_websocket:
 * @self: a protector
 * @request: a request that opens a WebSocket
 * @error: return location for an error
 *
 * Judges a WebSocket handshake: it has to come with an Origin that is ours or trusted (RFC 6455, section 10.2).
 *
 * A client that is no browser sends none; it may offer a subprotocol "krcsrf.ticket." with a ticket behind the last dot
 * ([method@KrCsrf.Protector.issue_ticket]), which is then redeemed. The server must not choose that subprotocol.
 *
 * Errors: %KR_CSRF_ERROR_UPGRADE_REJECTED without an Origin; otherwise as [method@KrCsrf.Protector.check_origin].
 *
 * Returns: %TRUE if the connection may be opened
 *
 * Since: 0.1
 */
gboolean
kr_csrf_protector_check_websocket (KrCsrfProtector *self, KrCsrfRequest *request, GError **error)
{
  g_return_val_if_fail (KR_CSRF_IS_PROTECTOR (self), FALSE);
  g_return_val_if_fail (request != NULL, FALSE);

  return check (self, request, verify_websocket, error);
}

/**
 * kr_csrf_protector_check_sse:
 * @self: a protector
 * @request: a request for an event stream
 * @error: return location for an error
 *
 * Judges a request for server-sent events: Sec-Fetch-Site or Origin has to say that it comes from us or a trusted
 * origin. Where neither is there, a ticket in the token's header will do, which is then redeemed.
 *
 * Errors: %KR_CSRF_ERROR_UPGRADE_REJECTED if neither is there; otherwise as [method@KrCsrf.Protector.check_origin].
 *
 * Returns: %TRUE if the stream may be opened
 *
 * Since: 0.1
 */
gboolean
kr_csrf_protector_check_sse (KrCsrfProtector *self, KrCsrfRequest *request, GError **error)
{
  g_return_val_if_fail (KR_CSRF_IS_PROTECTOR (self), FALSE);
  g_return_val_if_fail (request != NULL, FALSE);

  return check (self, request, verify_event_stream, error);
}

/**
 * kr_csrf_protector_redeem_ticket:
 * @self: a protector
 * @request: the request that brings the ticket
 * @ticket: what the client sent, whatever it is
 * @error: return location for an error
 *
 * Redeems a ticket that came in some other way than [method@KrCsrf.Protector.check_websocket] and
 * [method@KrCsrf.Protector.check_sse] know.
 *
 * Errors: %KR_CSRF_ERROR_TICKET_USED if it was redeemed before, %KR_CSRF_ERROR_UPGRADE_REJECTED if 65,536 tickets were
 * redeemed that have not ended yet, and those of a token.
 *
 * Returns: %TRUE if it was good, for this once
 *
 * Since: 0.1
 */
gboolean
kr_csrf_protector_redeem_ticket (KrCsrfProtector *self, KrCsrfRequest *request, const char *ticket, GError **error)
{
  KrCsrfText text;
  KrCsrfCode code;
  gint64 now;

  g_return_val_if_fail (KR_CSRF_IS_PROTECTOR (self), FALSE);
  g_return_val_if_fail (request != NULL, FALSE);
  g_return_val_if_fail (ticket != NULL, FALSE);

  now = kr_csrf_key_ring_get_time (self->key_ring);
  text.data = ticket;
  text.len = strlen (ticket);
  code = kr_csrf_verify_headers (&self->settings, request);
  if (code == KR_CSRF_OK)
    code = redeem (self, request, &text, now);
  code = kr_csrf_protector_conclude (self, request, code, now);
  return code == KR_CSRF_OK || kr_csrf_protector_set_error (self, request, code, error);
}

/**
 * kr_csrf_protector_is_safe_method:
 * @self: a protector
 * @method: a method
 *
 * Tells whether requests of that method pass unjudged. Methods are case-sensitive: "get" is not safe.
 *
 * Returns: %TRUE for a safe method
 *
 * Since: 0.1
 */
gboolean
kr_csrf_protector_is_safe_method (KrCsrfProtector *self, const char *method)
{
  g_return_val_if_fail (KR_CSRF_IS_PROTECTOR (self), FALSE);
  g_return_val_if_fail (method != NULL, FALSE);

  return kr_csrf_settings_is_safe (&self->settings, method);
}
