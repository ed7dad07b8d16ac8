/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* The functions of KrCsrfProtector that issue tokens and put headers into responses. */
#include "config.h"

#include "kr-csrf-protector-private.h"
#include "kr-csrf-issue-private.h"

static KrCsrfIssue
issue_for (KrCsrfProtector *self, KrCsrfRequest *request)
{
  return (KrCsrfIssue) {
    .settings = &self->settings,
    .ring = self->key_ring,
    .counters = self->counters,
    .request = request,
    .now = MAX (kr_csrf_key_ring_get_time (self->key_ring), 0),
  };
}

static gboolean
issue_failed (KrCsrfProtector *self, const KrCsrfIssue *issue, KrCsrfCode code, GError **error)
{
  kr_csrf_protector_fail (self, issue->request, code, issue->now);
  return kr_csrf_protector_set_error (self, issue->request, code, error);
}

static void
send_header (KrCsrfProtector *self, KrCsrfHeaderSink sink, gpointer user_data, KrCsrfHeaderAction action,
             const char *name, const char *value)
{
  if (!sink (action, name, value, user_data))
    return;
  kr_csrf_counters_add (self->counters, KR_CSRF_COUNT_HEADERS_OVERRIDDEN);
  g_info ("A response with a token must not be kept: %s was overridden with “%s”", name, value);
}

/* What has to stand beside a token: a cache that gave the page to somebody else would give the token away. */
static void
send_headers (KrCsrfProtector *self, KrCsrfRequest *request, KrCsrfHeaderSink sink, gpointer user_data)
{
  KrCsrfCookieMemo *memo = &request->cookie;

  if (memo->issued && !memo->stored)
    {
      g_autofree char *cookie = kr_csrf_settings_format_cookie (&self->settings, memo->text);

      memo->stored = TRUE;
      send_header (self, sink, user_data, KR_CSRF_HEADER_ACTION_APPEND, "Set-Cookie", cookie);
    }
  if (!self->settings.suppress_x_frame_options)
    send_header (self, sink, user_data, KR_CSRF_HEADER_ACTION_SET_IF_ABSENT, "X-Frame-Options", "SAMEORIGIN");
  send_header (self, sink, user_data, KR_CSRF_HEADER_ACTION_REPLACE, "Cache-Control",
               self->settings.allow_bfcache ? "no-cache, private" : "no-cache, no-store");
  send_header (self, sink, user_data, KR_CSRF_HEADER_ACTION_REPLACE, "Pragma", "no-cache");
  send_header (self, sink, user_data, KR_CSRF_HEADER_ACTION_MERGE, "Vary", "Cookie");
}

/**
 * kr_csrf_protector_get_tokens:
 * @self: a protector
 * @request: a request, usually a safe one
 * @error: return location for an error
 *
 * Issues a pair of tokens without touching the response.
 *
 * A good cookie of the request stays; then the pair has no cookie token. All pairs of one request share a cookie.
 *
 * Errors: %KR_CSRF_ERROR_INSECURE_TRANSPORT if the cookie is Secure and the request is not,
 * %KR_CSRF_ERROR_IDENTITY_UNUSABLE if the id of the user or session is empty, the codes about headers and host, and
 * those of the key ring. Nothing is issued then.
 *
 * Returns: (transfer full) (nullable): a pair, or %NULL with @error set
 *
 * Since: 0.1
 */
KrCsrfTokens *
kr_csrf_protector_get_tokens (KrCsrfProtector *self, KrCsrfRequest *request, GError **error)
{
  KrCsrfTokens *tokens = NULL;
  KrCsrfIssue issue;
  KrCsrfCode code;

  g_return_val_if_fail (KR_CSRF_IS_PROTECTOR (self), NULL);
  g_return_val_if_fail (request != NULL, NULL);

  issue = issue_for (self, request);
  code = kr_csrf_issue_tokens (&issue, &tokens);
  if (code != KR_CSRF_OK)
    issue_failed (self, &issue, code, error);
  return tokens;
}

/**
 * kr_csrf_protector_get_and_store_tokens:
 * @self: a protector
 * @request: a request, usually a safe one
 * @sink: (scope call): puts headers into the response
 * @user_data: the data of @sink
 * @error: return location for an error
 *
 * Issues a pair of tokens and gives @sink the headers of the response: Set-Cookie once per request and only if the
 * client's cookie does not stay, X-Frame-Options, Cache-Control, Pragma and Vary.
 *
 * Errors: as [method@KrCsrf.Protector.get_tokens]; @sink is not called then.
 *
 * Returns: (transfer full) (nullable): a pair, or %NULL with @error set
 *
 * Since: 0.1
 */
KrCsrfTokens *
kr_csrf_protector_get_and_store_tokens (KrCsrfProtector *self, KrCsrfRequest *request, KrCsrfHeaderSink sink,
                                        gpointer user_data, GError **error)
{
  KrCsrfTokens *tokens;

  g_return_val_if_fail (sink != NULL, NULL);

  tokens = kr_csrf_protector_get_tokens (self, request, error);
  if (tokens != NULL)
    send_headers (self, request, sink, user_data);
  return tokens;
}

static gboolean
store_cookie (KrCsrfProtector *self, KrCsrfRequest *request, gboolean fresh, KrCsrfHeaderSink sink, gpointer user_data,
              GError **error)
{
  KrCsrfIssue issue = issue_for (self, request);
  KrCsrfCode code = kr_csrf_issue_cookie (&issue, fresh);

  if (code != KR_CSRF_OK)
    return issue_failed (self, &issue, code, error);
  send_headers (self, request, sink, user_data);
  return TRUE;
}

/**
 * kr_csrf_protector_set_cookie_token_and_header:
 * @self: a protector
 * @request: a request, usually a safe one
 * @sink: (scope call): puts headers into the response
 * @user_data: the data of @sink
 * @error: return location for an error
 *
 * Sets the cookie, if the client has no good one, and the other headers, without a request token.
 *
 * Errors: as [method@KrCsrf.Protector.get_tokens]; @sink is not called then.
 *
 * Returns: %TRUE if the headers are set
 *
 * Since: 0.1
 */
gboolean
kr_csrf_protector_set_cookie_token_and_header (KrCsrfProtector *self, KrCsrfRequest *request, KrCsrfHeaderSink sink,
                                               gpointer user_data, GError **error)
{
  g_return_val_if_fail (KR_CSRF_IS_PROTECTOR (self), FALSE);
  g_return_val_if_fail (request != NULL, FALSE);
  g_return_val_if_fail (sink != NULL, FALSE);

  return store_cookie (self, request, FALSE, sink, user_data, error);
}

/**
 * kr_csrf_protector_rotate:
 * @self: a protector
 * @request: the request that logs in or out, or changes what the user may do
 * @sink: (scope call): puts headers into the response
 * @user_data: the data of @sink
 * @error: return location for an error
 *
 * Gives the client a new secret: no token from before works with the new cookie, so that nobody can plant one before
 * a login and use it after.
 *
 * Set user and session of @request to the new ones first; pairs of this request that are issued later belong to the new
 * cookie.
 *
 * Errors: as [method@KrCsrf.Protector.get_tokens]; @sink is not called then.
 *
 * Returns: %TRUE if the cookie is set
 *
 * Since: 0.1
 */
gboolean
kr_csrf_protector_rotate (KrCsrfProtector *self, KrCsrfRequest *request, KrCsrfHeaderSink sink, gpointer user_data,
                          GError **error)
{
  g_return_val_if_fail (KR_CSRF_IS_PROTECTOR (self), FALSE);
  g_return_val_if_fail (request != NULL, FALSE);
  g_return_val_if_fail (sink != NULL, FALSE);

  return store_cookie (self, request, TRUE, sink, user_data, error);
}

/**
 * kr_csrf_protector_issue_ticket:
 * @self: a protector
 * @request: a request that was judged
 * @seconds: how long it is good for, 1 to 300
 * @error: return location for an error
 *
 * Issues a ticket for one WebSocket or event stream: it is bound as a token is, and good once, in this process. Answer
 * a guarded POST request with it; never put it into a URL.
 *
 * Errors: as [method@KrCsrf.Protector.get_tokens].
 *
 * Returns: (transfer full) (nullable): a ticket, 64 characters of base64url, or %NULL with @error set
 *
 * Since: 0.1
 */
char *
kr_csrf_protector_issue_ticket (KrCsrfProtector *self, KrCsrfRequest *request, guint seconds, GError **error)
{
  char text[KR_CSRF_TOKEN_LENGTH + 1];
  KrCsrfIssue issue;
  KrCsrfCode code;

  g_return_val_if_fail (KR_CSRF_IS_PROTECTOR (self), NULL);
  g_return_val_if_fail (request != NULL, NULL);
  g_return_val_if_fail (seconds >= 1 && seconds <= KR_CSRF_MAX_TICKET_SECONDS, NULL);

  issue = issue_for (self, request);
  code = kr_csrf_issue_ticket (&issue, seconds * G_GINT64_CONSTANT (1000), text);
  if (code == KR_CSRF_OK)
    return g_strdup (text);
  issue_failed (self, &issue, code, error);
  return NULL;
}

/**
 * kr_csrf_protector_token_json:
 * @self: a protector
 * @tokens: a pair of tokens
 *
 * Makes the body of a token endpoint, as Kestrun has it: {"token":"…","headerName":"…"}, for the content type
 * application/json. Without a header, headerName is null.
 *
 * Returns: (transfer full): the JSON text
 *
 * Since: 0.1
 */
char *
kr_csrf_protector_token_json (KrCsrfProtector *self, KrCsrfTokens *tokens)
{
  GString *json;

  g_return_val_if_fail (KR_CSRF_IS_PROTECTOR (self), NULL);
  g_return_val_if_fail (tokens != NULL, NULL);

  json = g_string_sized_new (128);
  g_string_append (json, "{\"token\":");
  kr_csrf_json_append_string (json, tokens->request_token);
  g_string_append (json, ",\"headerName\":");
  if (tokens->header_name != NULL)
    kr_csrf_json_append_string (json, tokens->header_name);
  else
    g_string_append (json, "null");
  g_string_append_c (json, '}');
  return g_string_free (json, FALSE);
}
