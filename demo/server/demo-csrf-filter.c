/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* What lies between libkrcsrf and libsoup: requests in, verdicts and token pairs out; it runs in the HTTP thread. */
#include "config.h"

#include "demo-csrf-filter.h"

#include "demo-http.h"

#define COOKIE_NAME ".Kestrun.AntiXSRF"
#define HEADER_NAME "X-CSRF-TOKEN"

/**
 * demo_csrf_filter_new_protector:
 * @secure: whether the server speaks HTTPS; without it a browser would drop a cookie with the Secure attribute
 * @error: return location for an error
 *
 * Creates a protector with Kestrun's names. Its keys live as long as the process: pages fetch a new token after a
 * restart.
 *
 * Returns: (transfer full): a protector, or %NULL
 */
KrCsrfProtector *
demo_csrf_filter_new_protector (gboolean secure, GError **error)
{
  g_autoptr (KrCsrfKeyRing) key_ring = kr_csrf_key_ring_new_ephemeral ();

  return g_initable_new (KR_CSRF_TYPE_PROTECTOR, NULL, error,
                         "key-ring", key_ring,
                         "app-id", "kr-demo",
                         "cookie-name", COOKIE_NAME,
                         "cookie-secure", secure,
                         "header-name", HEADER_NAME,
                         NULL);
}

static void
copy_header (const char *name, const char *value, gpointer user_data)
{
  kr_csrf_request_add_header (user_data, name, value, -1);
}

/* The request as libkrcsrf sees it: with duplicate headers, and with the authority that the client has sent. */
static KrCsrfRequest *
create_request (SoupServerMessage *message)
{
  SoupMessageHeaders *headers = soup_server_message_get_request_headers (message);
  const char *host = soup_message_headers_get_one (headers, "Host");
  GUri *uri = soup_server_message_get_uri (message);
  KrCsrfRequest *request = kr_csrf_request_new (soup_server_message_get_method (message), g_uri_get_scheme (uri), host,
                                                g_uri_get_path (uri));

  soup_message_headers_foreach (headers, copy_header, request);
  return request;
}

static gboolean
sink (KrCsrfHeaderAction action, const char *name, const char *value, gpointer user_data)
{
  SoupMessageHeaders *headers = soup_server_message_get_response_headers (user_data);
  const char *old = soup_message_headers_get_list (headers, name);
  gboolean differs = old != NULL && g_strcmp0 (old, value) != 0;

  switch (action)
    {
    case KR_CSRF_HEADER_ACTION_REPLACE:
      soup_message_headers_replace (headers, name, value);
      return differs;
    case KR_CSRF_HEADER_ACTION_SET_IF_ABSENT:
      if (old == NULL)
        soup_message_headers_append (headers, name, value);
      return FALSE;
    case KR_CSRF_HEADER_ACTION_MERGE:
      if (!soup_message_headers_header_contains (headers, name, value))
        soup_message_headers_append (headers, name, value);
      return FALSE;
    case KR_CSRF_HEADER_ACTION_APPEND:
    default:
      soup_message_headers_append (headers, name, value);
      return FALSE;
    }
}

/* The client learns what kind of thing is wrong; the exact reason is for the log. */
static void
refuse (SoupServerMessage *message, const GError *error)
{
  guint status = kr_csrf_error_to_status (error, KR_CSRF_STATUS_PROFILE_KESTRUN);
  g_autofree char *problem = kr_csrf_problem_json (error, KR_CSRF_STATUS_PROFILE_KESTRUN);

  if (error->domain == KR_CSRF_ERROR)
    g_info ("%s %s: refused, %s", soup_server_message_get_method (message),
            g_uri_get_path (soup_server_message_get_uri (message)), kr_csrf_code_to_string (error->code));
  demo_http_set_text (message, status, "application/problem+json; charset=utf-8", problem);
}

static void
on_token (SoupServer *server, SoupServerMessage *message, const char *path, GHashTable *query, gpointer user_data)
{
  KrCsrfProtector *protector = user_data;
  g_autoptr (KrCsrfRequest) request = create_request (message);
  g_autoptr (GError) error = NULL;
  g_autoptr (KrCsrfTokens) tokens = NULL;
  g_autofree char *json = NULL;

  tokens = kr_csrf_protector_get_and_store_tokens (protector, request, sink, message, &error);
  if (tokens == NULL)
    {
      refuse (message, error);
      return;
    }
  json = kr_csrf_protector_token_json (protector, tokens);
  demo_http_set_text (message, SOUP_STATUS_OK, "application/json; charset=utf-8", json);
}

/**
 * demo_csrf_filter_add_token_route:
 * @server: a server
 * @protector: a protector; must outlive @server
 *
 * Adds `/csrf-token`: the request token and its header as JSON, and the cookie that belongs to it.
 */
void
demo_csrf_filter_add_token_route (SoupServer *server, KrCsrfProtector *protector)
{
  demo_http_add_route (server, "/csrf-token", "GET", on_token, protector);
}

/**
 * demo_csrf_filter_check:
 * @protector: (nullable): a protector, or %NULL if antiforgery is off
 * @message: a request that changes something
 *
 * Lets a request pass whose origin and token are right, and answers any other.
 *
 * Returns: whether to go on
 */
gboolean
demo_csrf_filter_check (KrCsrfProtector *protector, SoupServerMessage *message)
{
  g_autoptr (KrCsrfRequest) request = NULL;
  g_autoptr (GError) error = NULL;

  if (protector == NULL)
    return TRUE;
  request = create_request (message);
  if (kr_csrf_protector_validate_request (protector, request, &error))
    return TRUE;
  refuse (message, error);
  return FALSE;
}
