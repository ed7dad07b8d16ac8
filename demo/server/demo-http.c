/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* What the routes of the demo share: methods, query parameters, JSON answers, the access log. */
#include "config.h"

#include "demo-http.h"

#include <string.h>

#define LOGGED_PATH_LENGTH 200

/* Nothing but our own files, no inline script or style, no frames, no text turned into markup. */
#define CONTENT_SECURITY_POLICY \
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; " \
  "form-action 'self'; frame-ancestors 'none'; require-trusted-types-for 'script'"

typedef struct
{
  const char *path;    /* path and methods are literals */
  const char *methods;
  SoupServerCallback callback;
  gpointer user_data;
} DemoRoute;

static void
set_default_headers (SoupServerMessage *message)
{
  SoupMessageHeaders *headers = soup_server_message_get_response_headers (message);

  soup_message_headers_replace (headers, "Content-Security-Policy", CONTENT_SECURITY_POLICY);
  soup_message_headers_replace (headers, "X-Content-Type-Options", "nosniff");
  soup_message_headers_replace (headers, "Referrer-Policy", "same-origin");
  soup_message_headers_replace (headers, "Cross-Origin-Opener-Policy", "same-origin");
  soup_message_headers_replace (headers, "Cross-Origin-Resource-Policy", "same-origin");
  soup_message_headers_replace (headers, "Cache-Control", "no-cache");
}

/* Without the query: it holds task ids, and the connection tokens of the hub are secrets. */
static void
log_request (SoupServerMessage *message, const char *outcome)
{
  const char *path = g_uri_get_path (soup_server_message_get_uri (message));
  gint64 started = GPOINTER_TO_SIZE (g_object_get_data (G_OBJECT (message), "demo-started"));
  g_autoptr (GDateTime) now = g_date_time_new_now_utc ();
  g_autofree char *time = g_date_time_format (now, "%H:%M:%S");
  g_autofree char *beginning = g_strndup (path, LOGGED_PATH_LENGTH);
  g_autofree char *shown = g_strescape (beginning, NULL);

  g_print ("%s %s %s %s %u %.1f ms%s\n", time, soup_server_message_get_remote_host (message),
           soup_server_message_get_method (message), shown, soup_server_message_get_status (message),
           (g_get_monotonic_time () - started) / 1000.0, outcome);
}

static void
on_request_started (SoupServer *server, SoupServerMessage *message, gpointer user_data)
{
  g_object_set_data (G_OBJECT (message), "demo-started", GSIZE_TO_POINTER (g_get_monotonic_time ()));
}

static void
on_request_finished (SoupServer *server, SoupServerMessage *message, gpointer user_data)
{
  log_request (message, "");
}

static void
on_request_aborted (SoupServer *server, SoupServerMessage *message, gpointer user_data)
{
  if (soup_server_message_get_uri (message) != NULL)
    log_request (message, " aborted");
}

/**
 * demo_http_log_requests:
 * @server: a server
 *
 * Makes @server log each request in one line.
 */
void
demo_http_log_requests (SoupServer *server)
{
  g_signal_connect (server, "request-started", G_CALLBACK (on_request_started), NULL);
  g_signal_connect (server, "request-finished", G_CALLBACK (on_request_finished), NULL);
  g_signal_connect (server, "request-aborted", G_CALLBACK (on_request_aborted), NULL);
}

/* libsoup calls a handler for everything below its path as well. */
static gboolean
check_request (DemoRoute *route, SoupServerMessage *message, const char *path)
{
  g_auto (GStrv) allowed = g_strsplit (route->methods, ", ", -1);

  set_default_headers (message);
  if (g_strcmp0 (path, route->path) != 0)
    {
      demo_http_set_error (message, SOUP_STATUS_NOT_FOUND, NULL, "Not found");
      return FALSE;
    }
  if (!g_strv_contains ((const char *const *) allowed, soup_server_message_get_method (message)))
    {
      soup_message_headers_replace (soup_server_message_get_response_headers (message), "Allow", route->methods);
      demo_http_set_error (message, SOUP_STATUS_METHOD_NOT_ALLOWED, NULL, "Method not allowed");
      return FALSE;
    }
  return TRUE;
}

/* No route of the demo looks at a body, so none is kept, however long it is. */
static void
on_head (SoupServer *server, SoupServerMessage *message, const char *path, GHashTable *query, gpointer user_data)
{
  soup_message_body_set_accumulate (soup_server_message_get_request_body (message), FALSE);
}

static void
on_request (SoupServer *server, SoupServerMessage *message, const char *path, GHashTable *query, gpointer user_data)
{
  DemoRoute *route = user_data;

  if (check_request (route, message, path))
    route->callback (server, message, path, query, route->user_data);
}

/**
 * demo_http_add_route:
 * @server: a server
 * @path: the path that is served, exactly this one
 * @methods: the methods that are served, as in an Allow header
 * @callback: called for the requests that are served, without their body
 * @user_data: for @callback
 *
 * Adds a route. Requests for other methods get 405, those below @path get 404; every answer has the headers that keep a
 * page to itself.
 */
void
demo_http_add_route (SoupServer *server, const char *path, const char *methods, SoupServerCallback callback,
                     gpointer user_data)
{
  DemoRoute *route = g_new0 (DemoRoute, 1);

  *route = (DemoRoute) { path, methods, callback, user_data };
  soup_server_add_early_handler (server, path, on_head, NULL, NULL);
  soup_server_add_handler (server, path, on_request, route, g_free);
}

/**
 * demo_http_set_text:
 * @message: a request
 * @status: the status of the answer
 * @content_type: media type of @text
 * @text: the body
 *
 * Answers with @text.
 */
void
demo_http_set_text (SoupServerMessage *message, guint status, const char *content_type, const char *text)
{
  soup_server_message_set_status (message, status, NULL);
  soup_server_message_set_response (message, content_type, SOUP_MEMORY_COPY, text, strlen (text));
}

/**
 * demo_http_set_json:
 * @message: a request
 * @status: the status of the answer
 * @builder: what holds the answer
 *
 * Answers with a JSON document.
 */
void
demo_http_set_json (SoupServerMessage *message, guint status, JsonBuilder *builder)
{
  g_autoptr (JsonNode) root = json_builder_get_root (builder);
  g_autofree char *text = json_to_string (root, FALSE);

  demo_http_set_text (message, status, "application/json; charset=utf-8", text);
}

/**
 * demo_http_set_error:
 * @message: a request
 * @status: the status of the answer
 * @parameter: (nullable): the query parameter that is wrong
 * @text: what is wrong
 *
 * Answers with a JSON document `{"error", "parameter"}`.
 */
void
demo_http_set_error (SoupServerMessage *message, guint status, const char *parameter, const char *text)
{
  g_autoptr (JsonBuilder) builder = json_builder_new ();

  json_builder_begin_object (builder);
  json_builder_set_member_name (builder, "error");
  json_builder_add_string_value (builder, text);
  if (parameter != NULL)
    {
      json_builder_set_member_name (builder, "parameter");
      json_builder_add_string_value (builder, parameter);
    }
  json_builder_end_object (builder);
  demo_http_set_json (message, status, builder);
}

/**
 * demo_http_get_number:
 * @query: (nullable): the query of a request
 * @name: a parameter
 * @lowest: the lowest value that is allowed
 * @highest: the highest one
 * @number: (inout): the default, then the value
 *
 * Reads a parameter that is a whole number; one that is missing leaves @number alone.
 *
 * Returns: whether it is missing or right
 */
gboolean
demo_http_get_number (GHashTable *query, const char *name, guint lowest, guint highest, guint *number)
{
  const char *text = query != NULL ? g_hash_table_lookup (query, name) : NULL;
  guint64 value;

  if (text == NULL)
    return TRUE;
  if (!g_ascii_string_to_unsigned (text, 10, lowest, highest, &value, NULL))
    return FALSE;
  *number = (guint) value;
  return TRUE;
}
