/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* Tests of KrCsrfSoupGuard: a real server, where a refused request never reaches its handler. */
#include <krcsrf-soup.h>
#include <string.h>

typedef struct
{
  KrCsrfSoupGuard *guard;
  SoupServer *server;
  SoupSession *session;
  char *base;    /* http://127.0.0.1:PORT */
  char *cookie;  /* name=value */
  char *token;
  guint entered; /* how often the handler of POST /do ran */
  guint exempt;  /* and that of /exempt */
} Fixture;

static void
on_page (SoupServer *server, SoupServerMessage *message, const char *path, GHashTable *query, gpointer data)
{
  Fixture *fixture = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (KrCsrfTokens) tokens = NULL;
  const char *token;

  soup_message_headers_append (soup_server_message_get_response_headers (message), "Cache-Control", "public");
  tokens = kr_csrf_soup_guard_get_tokens (fixture->guard, message, &error);
  g_assert_no_error (error);
  token = kr_csrf_tokens_get_request_token (tokens);
  soup_server_message_set_status (message, 200, NULL);
  soup_server_message_set_response (message, "text/plain", SOUP_MEMORY_COPY, token, strlen (token));
}

static void
on_do (SoupServer *server, SoupServerMessage *message, const char *path, GHashTable *query, gpointer data)
{
  Fixture *fixture = data;

  fixture->entered++;
  soup_server_message_set_status (message, 200, NULL);
}

static void
on_single (SoupServer *server, SoupServerMessage *message, const char *path, GHashTable *query, gpointer data)
{
  Fixture *fixture = data;

  if (kr_csrf_soup_guard_check (fixture->guard, message))
    on_do (server, message, path, query, data);
}

/* A route that asks for no token, and says so. */
static void
on_exempt (SoupServer *server, SoupServerMessage *message, const char *path, GHashTable *query, gpointer data)
{
  Fixture *fixture = data;
  g_autoptr (KrCsrfProtector) protector = NULL;

  g_object_get (fixture->guard, "protector", &protector, NULL);
  kr_csrf_protector_bypass (protector, kr_csrf_soup_guard_get_request (fixture->guard, message), "signed by the sender");
  fixture->exempt++;
  soup_server_message_set_status (message, 200, NULL);
}

static void
on_login (SoupServer *server, SoupServerMessage *message, const char *path, GHashTable *query, gpointer data)
{
  Fixture *fixture = data;
  g_autoptr (GError) error = NULL;

  kr_csrf_request_set_user_id (kr_csrf_soup_guard_get_request (fixture->guard, message), "alice");
  g_assert_true (kr_csrf_soup_guard_rotate (fixture->guard, message, &error));
  g_assert_no_error (error);
  soup_server_message_set_status (message, 200, NULL);
}

static void
on_identify (KrCsrfSoupGuard *guard, SoupServerMessage *message, KrCsrfRequest *request, gpointer data)
{
  kr_csrf_request_set_user_id (request, soup_message_headers_get_one (soup_server_message_get_request_headers (message),
                                                                      "X-Test-User"));
}

static void
set_up (Fixture *fixture, gconstpointer data)
{
  gboolean whole = GPOINTER_TO_INT (data);
  g_autoptr (GError) error = NULL;
  g_autoptr (KrCsrfKeyRing) ring = kr_csrf_key_ring_new_ephemeral ();
  g_autoptr (KrCsrfProtector) protector =
    g_initable_new (KR_CSRF_TYPE_PROTECTOR, NULL, &error, "key-ring", ring, "cookie-name", "csrf", "cookie-secure", FALSE,
                    NULL);
  g_autoslist (GUri) uris = NULL;

  g_assert_no_error (error);
  fixture->guard = kr_csrf_soup_guard_new (protector);
  g_signal_connect (fixture->guard, "identify", G_CALLBACK (on_identify), NULL);
  fixture->server = soup_server_new (NULL, NULL);
  if (whole)
    kr_csrf_soup_guard_protect_server (fixture->guard, fixture->server);
  soup_server_add_handler (fixture->server, "/page", on_page, fixture, NULL);
  soup_server_add_handler (fixture->server, "/do", whole ? on_do : on_single, fixture, NULL);
  soup_server_add_handler (fixture->server, "/login", on_login, fixture, NULL);
  soup_server_add_handler (fixture->server, "/exempt", on_exempt, fixture, NULL);
  g_assert_true (soup_server_listen_local (fixture->server, 0, SOUP_SERVER_LISTEN_IPV4_ONLY, &error));
  g_assert_no_error (error);
  uris = soup_server_get_uris (fixture->server);
  fixture->base = g_strdup_printf ("http://127.0.0.1:%d", g_uri_get_port (uris->data));
  fixture->session = soup_session_new ();
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
  soup_server_disconnect (fixture->server);
  g_object_unref (fixture->session);
  g_object_unref (fixture->server);
  g_object_unref (fixture->guard);
  g_free (fixture->base);
  g_free (fixture->cookie);
  g_free (fixture->token);
}

static void
on_sent (GObject *source, GAsyncResult *result, gpointer data)
{
  GAsyncResult **taken = data;

  *taken = g_object_ref (result);
}

static char *
send (Fixture *fixture, SoupMessage *message)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) body = NULL;

  soup_session_send_and_read_async (fixture->session, message, G_PRIORITY_DEFAULT, NULL, on_sent, &result);
  while (result == NULL)
    g_main_context_iteration (NULL, TRUE);
  body = soup_session_send_and_read_finish (fixture->session, result, &error);
  g_assert_no_error (error);
  return g_strndup (g_bytes_get_data (body, NULL), g_bytes_get_size (body));
}

static SoupMessage *
message_new (Fixture *fixture, const char *method, const char *path)
{
  g_autofree char *uri = g_strconcat (fixture->base, path, NULL);
  SoupMessage *message = soup_message_new (method, uri);

  if (fixture->cookie != NULL)
    soup_message_headers_append (soup_message_get_request_headers (message), "Cookie", fixture->cookie);
  return message;
}

static void
take_cookie (Fixture *fixture, SoupMessage *message)
{
  const char *set_cookie = soup_message_headers_get_one (soup_message_get_response_headers (message), "Set-Cookie");

  if (set_cookie == NULL)
    return;
  g_free (fixture->cookie);
  fixture->cookie = g_strndup (set_cookie, strcspn (set_cookie, ";"));
}

static void
get_page (Fixture *fixture)
{
  g_autoptr (SoupMessage) message = message_new (fixture, "GET", "/page");
  SoupMessageHeaders *headers = soup_message_get_response_headers (message);

  g_free (fixture->token);
  fixture->token = send (fixture, message);
  g_assert_cmpuint (soup_message_get_status (message), ==, 200);
  g_assert_cmpstr (soup_message_headers_get_list (headers, "Cache-Control"), ==, "no-cache, no-store");
  g_assert_cmpstr (soup_message_headers_get_list (headers, "X-Frame-Options"), ==, "SAMEORIGIN");
  g_assert_cmpstr (soup_message_headers_get_list (headers, "Vary"), ==, "Cookie");
  take_cookie (fixture, message);
}

/* Sends it, and says whether the handler ran exactly if it was to. */
static char *
expect (Fixture *fixture, SoupMessage *message, guint status)
{
  guint before = fixture->entered;
  char *body = send (fixture, message);

  g_assert_cmpuint (soup_message_get_status (message), ==, status);
  g_assert_cmpuint (fixture->entered, ==, before + (status == 200));
  if (status != 200)
    g_assert_cmpstr (soup_message_headers_get_content_type (soup_message_get_response_headers (message), NULL), ==,
                     "application/problem+json");
  return body;
}

static void
post (Fixture *fixture, const char *header, const char *value, const char *type, const char *body, guint status)
{
  g_autoptr (SoupMessage) message = message_new (fixture, "POST", "/do");
  g_autoptr (GBytes) bytes = body != NULL ? g_bytes_new (body, strlen (body)) : NULL;
  g_autofree char *answer = NULL;

  if (header != NULL)
    soup_message_headers_append (soup_message_get_request_headers (message), header, value);
  if (bytes != NULL)
    soup_message_set_request_body_from_bytes (message, type, bytes);
  answer = expect (fixture, message, status);
}

static void
test_header (Fixture *fixture, gconstpointer data)
{
  get_page (fixture);
  post (fixture, "X-CSRF-TOKEN", fixture->token, NULL, NULL, 200);
  post (fixture, "X-CSRF-TOKEN", fixture->token, "application/json", "{}", 200);
  post (fixture, NULL, NULL, NULL, NULL, 400);
  post (fixture, NULL, NULL, "application/json", "{}", 400);
  post (fixture, "X-CSRF-TOKEN", "wrong", "text/plain", "x", 400);
}

#define FORM "application/x-www-form-urlencoded"

static void
test_form (Fixture *fixture, gconstpointer data)
{
  g_autofree char *body = NULL;
  g_autofree char *twice = NULL;

  get_page (fixture);
  body = g_strdup_printf ("a=b&__RequestVerificationToken=%s", fixture->token);
  twice = g_strdup_printf ("%s&%s", body, body);
  post (fixture, NULL, NULL, FORM, body, 200);
  post (fixture, NULL, NULL, FORM "; charset=utf-8", body, 200);
  post (fixture, NULL, NULL, FORM, "a=b", 400);
  post (fixture, NULL, NULL, FORM, twice, 400);
  post (fixture, NULL, NULL, FORM, "", 400);
  post (fixture, NULL, NULL, "multipart/form-data", body, 400);
  post (fixture, "X-CSRF-TOKEN", "wrong", FORM, body, 400);
  post (fixture, "Origin", "https://evil.example", FORM, body, 403);
}

static void
test_large_multipart (Fixture *fixture, gconstpointer data)
{
  g_autofree char *file = g_strnfill (3 << 20, 'x');
  g_autofree char *body = NULL;

  get_page (fixture);
  body = g_strdup_printf ("--b\r\nContent-Disposition: form-data; name=\"f\"; filename=\"f\"\r\n\r\n%s\r\n--b\r\n"
                          "Content-Disposition: form-data; name=\"__RequestVerificationToken\"\r\n\r\n%s\r\n--b--\r\n", file,
                          fixture->token);
  post (fixture, NULL, NULL, "multipart/form-data; boundary=b", body, 200);
  body[strlen (body) - 8] = '!';
  post (fixture, NULL, NULL, "multipart/form-data; boundary=b", body, 400);
}

/* A form whose end nothing announces: only where the handler asks itself can it be judged. */
static void
note_body (SoupServer *server, SoupServerMessage *message, gpointer data)
{
  *(goffset *) data = soup_server_message_get_request_body (message)->length;
}

/* What a request without a token brings is read, but not kept. */
static void
test_refused_body (Fixture *fixture, gconstpointer data)
{
  g_autofree char *body = g_strnfill (1000000, 'x');
  goffset kept = -1;

  g_signal_connect (fixture->server, "request-finished", G_CALLBACK (note_body), &kept);
  post (fixture, NULL, NULL, "text/plain", body, 400);
  while (kept < 0)
    g_main_context_iteration (NULL, TRUE);
  g_assert_cmpint (kept, ==, 0);
}

/* A form of a million fields is refused with the 65,536th, and what follows is not kept. */
static void
test_refused_form (Fixture *fixture, gconstpointer data)
{
  g_autofree char *body = g_strnfill (1000000, '&');
  goffset kept = -1;

  get_page (fixture);
  g_signal_connect (fixture->server, "request-finished", G_CALLBACK (note_body), &kept);
  post (fixture, NULL, NULL, FORM, body, 400);
  while (kept < 0)
    g_main_context_iteration (NULL, TRUE);
  g_assert_cmpint (kept, <, 200000);
}

static void
test_chunked_form (Fixture *fixture, gconstpointer data)
{
  gboolean whole = GPOINTER_TO_INT (data);
  g_autoptr (SoupMessage) message = NULL;
  g_autoptr (GInputStream) stream = NULL;
  g_autofree char *body = NULL;
  g_autofree char *answer = NULL;

  get_page (fixture);
  body = g_strdup_printf ("__RequestVerificationToken=%s", fixture->token);
  stream = g_memory_input_stream_new_from_data (body, strlen (body), NULL);
  message = message_new (fixture, "POST", "/do");
  soup_message_set_request_body (message, FORM, stream, -1);
  soup_message_headers_set_encoding (soup_message_get_request_headers (message), SOUP_ENCODING_CHUNKED);
  answer = expect (fixture, message, whole ? 400 : 200);
}

static void
test_origin (Fixture *fixture, gconstpointer data)
{
  g_autoptr (SoupMessage) message = NULL;
  g_autofree char *answer = NULL;

  get_page (fixture);
  message = message_new (fixture, "POST", "/do");
  soup_message_headers_append (soup_message_get_request_headers (message), "X-CSRF-TOKEN", fixture->token);
  soup_message_headers_append (soup_message_get_request_headers (message), "Origin", "https://evil.example");
  answer = expect (fixture, message, 403);
  g_assert_nonnull (strstr (answer, "\"status\":403"));
  post (fixture, "Sec-Fetch-Site", "cross-site", NULL, NULL, 403);
}

static void
test_user (Fixture *fixture, gconstpointer data)
{
  g_autoptr (SoupMessage) wrong = NULL;
  g_autoptr (SoupMessage) login = NULL;
  g_autoptr (SoupMessage) right = NULL;
  g_autofree char *wrong_answer = NULL;
  g_autofree char *login_answer = NULL;
  g_autofree char *right_answer = NULL;
  g_autofree char *page = NULL;
  g_autoptr (SoupMessage) page_message = NULL;

  get_page (fixture);
  wrong = message_new (fixture, "POST", "/do");
  soup_message_headers_append (soup_message_get_request_headers (wrong), "X-CSRF-TOKEN", fixture->token);
  soup_message_headers_append (soup_message_get_request_headers (wrong), "X-Test-User", "alice");
  wrong_answer = expect (fixture, wrong, 400);

  login = message_new (fixture, "POST", "/login");
  soup_message_headers_append (soup_message_get_request_headers (login), "X-CSRF-TOKEN", fixture->token);
  login_answer = send (fixture, login);
  g_assert_cmpuint (soup_message_get_status (login), ==, 200);
  take_cookie (fixture, login);
  post (fixture, "X-CSRF-TOKEN", fixture->token, NULL, NULL, 400);

  page_message = message_new (fixture, "GET", "/page");
  soup_message_headers_append (soup_message_get_request_headers (page_message), "X-Test-User", "alice");
  page = send (fixture, page_message);
  right = message_new (fixture, "POST", "/do");
  soup_message_headers_append (soup_message_get_request_headers (right), "X-CSRF-TOKEN", page);
  soup_message_headers_append (soup_message_get_request_headers (right), "X-Test-User", "alice");
  right_answer = expect (fixture, right, 200);
}

/* --- what no HTTP library would send --- */

static void
on_read (GObject *source, GAsyncResult *result, gpointer data)
{
  GBytes **bytes = data;

  *bytes = g_input_stream_read_bytes_finish (G_INPUT_STREAM (source), result, NULL);
  if (*bytes == NULL)
    *bytes = g_bytes_new (NULL, 0);
}

/* Byte for byte, with the cookie if there is one; the status of the answer, 0 if there was none. */
static guint
send_raw (Fixture *fixture, const char *line, const char *headers, const char *body)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GSocketClient) client = g_socket_client_new ();
  g_autoptr (GSocketConnection) connection =
    g_socket_client_connect_to_host (client, fixture->base + strlen ("http://"), 0, NULL, &error);
  g_autofree char *cookie = fixture->cookie != NULL ? g_strdup_printf ("Cookie: %s\r\n", fixture->cookie) : g_strdup ("");
  g_autofree char *request = g_strdup_printf ("%s HTTP/1.1\r\nConnection: close\r\n%s%sContent-Length: %zu\r\n\r\n%s", line,
                                              cookie, headers, strlen (body), body);
  g_autoptr (GString) answer = g_string_new (NULL);
  gsize len;

  g_assert_no_error (error);
  g_output_stream_write_all (g_io_stream_get_output_stream (G_IO_STREAM (connection)), request, strlen (request), NULL, NULL,
                             &error);
  g_assert_no_error (error);
  do
    {
      g_autoptr (GBytes) bytes = NULL;

      g_input_stream_read_bytes_async (g_io_stream_get_input_stream (G_IO_STREAM (connection)), 4096, G_PRIORITY_DEFAULT,
                                       NULL, on_read, &bytes);
      while (bytes == NULL)
        g_main_context_iteration (NULL, TRUE);
      len = g_bytes_get_size (bytes);
      if (len > 0)
        g_string_append_len (answer, g_bytes_get_data (bytes, NULL), len);
    }
  while (len > 0);
  return g_str_has_prefix (answer->str, "HTTP/1.1 ") ? strtoul (answer->str + 9, NULL, 10) : 0;
}

/* @status 0: any refusal, also one of libsoup's own. The handler runs for 200 and for nothing else. */
static void
expect_raw (Fixture *fixture, const char *line, const char *headers, guint status)
{
  g_autofree char *own = g_strdup_printf ("Host: %s\r\n%s", fixture->base + strlen ("http://"), headers);
  guint before = fixture->entered;
  guint found = send_raw (fixture, line, own, "");

  g_test_message ("%s: %u", line, found);
  if (status != 0)
    g_assert_cmpuint (found, ==, status);
  else
    g_assert_cmpuint (found, >=, 400);
  g_assert_cmpuint (fixture->entered, ==, before + (status == 200));
}

/* A route that is exempt is one; whatever looks like its path is none. */
static void
test_exempt (Fixture *fixture, gconstpointer data)
{
  static const char *const lines[] = {
    "POST /exempt/../do", "POST //exempt/../do", "POST /exempt/%2e%2e/do", "POST /exempt/..%2fdo", "POST //do", "POST /./do",
    "POST /do/", "POST /do?/exempt", "POST /do#/exempt", "POST /DO", "POST /exemp", "POST http://127.0.0.1/do",
    "POST /do;/exempt", "POST /do/../exempt/../do", "POST *", "OPTIONS *", "CONNECT 127.0.0.1:1", "POST do", "POST ", "/do",
    "POST /do\x01", "POST /%00/../do", "POST http://[/do", "POST https:///do", "POST \xff/do",
  };
  gboolean whole = GPOINTER_TO_INT (data);
  guint before = fixture->entered;
  g_autofree char *host = g_strdup_printf ("Host: %s\r\n", fixture->base + strlen ("http://"));

  for (guint i = 0; i < G_N_ELEMENTS (lines); i++)
    {
      send_raw (fixture, lines[i], host, "");
      g_test_message ("line %u", i);
      g_assert_cmpuint (fixture->entered, ==, before);
    }
  g_assert_cmpuint (send_raw (fixture, "POST /exempt", host, ""), ==, whole ? 400 : 200);
  g_assert_true (whole ? fixture->exempt == 0 : fixture->exempt >= 1);
}

/* The method on the wire decides; what safe ones bring along does not matter. */
static void
test_methods (Fixture *fixture, gconstpointer data)
{
  static const char *const unsafe[] = { "get", "Get", "post", "DELETE", "PUT", "PATCH", "QUERY", "FOO", "G" };
  static const char *const safe[] = { "GET", "HEAD", "OPTIONS" };
  g_autofree char *host = g_strdup_printf ("Host: %s\r\n", fixture->base + strlen ("http://"));

  for (guint i = 0; i < G_N_ELEMENTS (unsafe); i++)
    {
      g_autofree char *line = g_strconcat (unsafe[i], " /do", NULL);

      expect_raw (fixture, line, "", 0);
      expect_raw (fixture, line, "X-HTTP-Method-Override: GET\r\n", 0);
    }
  for (guint i = 0; i < G_N_ELEMENTS (safe); i++)
    {
      g_autofree char *line = g_strconcat (safe[i], " /do", NULL);
      guint before = fixture->entered;

      g_assert_cmpuint (send_raw (fixture, line, host, "a body"), ==, 200);
      g_assert_cmpuint (fixture->entered, ==, before + 1);
    }
}

static void
test_doubled_headers (Fixture *fixture, gconstpointer data)
{
  static const char *const wrong[] = {
    "X-CSRF-TOKEN: %s\r\nX-CSRF-TOKEN: %s\r\n", "X-CSRF-TOKEN: %s\r\nx-csrf-token: x\r\n", "X_CSRF_TOKEN: %s\r\n",
    "X-CSRF-TOKEN : %s\r\n", "X-CSRF-TOKEN: %s,\r\n", "X-CSRF-TOKEN:\r\n", "X-CSRF-TOKEN: %s\r\nOrigin: null\r\n",
    "X-CSRF-TOKEN: %s\r\nOrigin: null\r\nSec-Fetch-Site: same-origin\r\n", "X-CSRF-TOKEN: %s\r\nOrigin:\r\n",
    "X-CSRF-TOKEN: %s\r\nSec-Fetch-Site: same-origin\r\nSec-Fetch-Site: cross-site\r\n",
    "X-CSRF-TOKEN: %s\r\nHost: evil.example\r\n", "X-CSRF-TOKEN: %s\r\nCookie: csrf=x\r\n",
    "X-CSRF-TOKEN: %s\r\nContent-Type: text/plain\r\nContent-Type: application/json\r\n",
    "X-CSRF-TOKEN: %s\r\nReferer: https://evil.example/\r\n", "X-CSRF-TOKEN: %s\r\nOrigin: https://evil.example\r\n ,x\r\n",
  };
  g_autofree char *right = NULL;

  get_page (fixture);
  right = g_strdup_printf ("x-csrf-TOKEN: %s\r\nCookie: other=x\r\n", fixture->token);
  expect_raw (fixture, "POST /do", right, 200);
  for (guint i = 0; i < G_N_ELEMENTS (wrong); i++)
    {
      g_auto (GStrv) parts = g_strsplit (wrong[i], "%s", -1);
      g_autofree char *headers = g_strjoinv (fixture->token, parts);

      expect_raw (fixture, "POST /do", headers, 0);
    }
}

/* Neither in the query nor in a body that is no form. */
static void
test_elsewhere (Fixture *fixture, gconstpointer data)
{
  g_autofree char *line = NULL;
  g_autofree char *json = NULL;
  g_autofree char *form = NULL;

  get_page (fixture);
  line = g_strdup_printf ("POST /do?__RequestVerificationToken=%s&X-CSRF-TOKEN=%s", fixture->token, fixture->token);
  json = g_strdup_printf ("{\"__RequestVerificationToken\":\"%s\"}", fixture->token);
  form = g_strdup_printf ("__RequestVerificationToken=%s", fixture->token);
  expect_raw (fixture, line, "", 400);
  post (fixture, NULL, NULL, "application/json", json, 400);
  post (fixture, NULL, NULL, "text/plain", form, 400);
  post (fixture, NULL, NULL, "application/json; x=application/x-www-form-urlencoded", form, 400);
}

static void
test_upgrade (Fixture *fixture, gconstpointer data)
{
  g_autofree char *own = g_strdup_printf ("Connection: Upgrade\r\nUpgrade: h2c, WebSocket\r\nOrigin: %s\r\n", fixture->base);

  expect_raw (fixture, "GET /do", "Connection: Upgrade\r\nUpgrade: websocket\r\n", 403);
  expect_raw (fixture, "GET /do", "Connection: Upgrade\r\nUpgrade: WebSocket\r\nOrigin: https://evil.example\r\n", 403);
  expect_raw (fixture, "GET /do", own, 200);
  expect_raw (fixture, "POST /do", own, 400);
}

static void
test_report_only (Fixture *fixture, gconstpointer data)
{
  g_autoptr (KrCsrfProtector) protector = NULL;

  g_object_get (fixture->guard, "protector", &protector, NULL);
  g_object_set (protector, "report-only", TRUE, NULL);
  post (fixture, "Origin", "https://evil.example", "application/json", "{}", 200);
  g_assert_cmpuint (kr_csrf_protector_get_rejections (protector, KR_CSRF_ERROR_ORIGIN_MISMATCH), ==, 1);
  g_object_set (protector, "report-only", FALSE, NULL);
  post (fixture, "Origin", "https://evil.example", "application/json", "{}", 403);
}

/* What arrives is plain HTTP on some port; what clients see is what counts. */
static void
test_proxy (Fixture *fixture, gconstpointer data)
{
  g_autoptr (KrCsrfProtector) protector = NULL;
  g_autofree char *right = NULL;
  g_autofree char *wrong = NULL;

  g_object_get (fixture->guard, "protector", &protector, NULL);
  g_clear_object (&fixture->guard);
  fixture->guard = g_object_new (KR_CSRF_SOUP_TYPE_GUARD, "protector", protector, "external-scheme", "https",
                                 "external-authority", "shop.example", NULL);
  get_page (fixture);
  right = g_strdup_printf ("X-CSRF-TOKEN: %s\r\nOrigin: https://shop.example\r\n", fixture->token);
  wrong = g_strdup_printf ("X-CSRF-TOKEN: %s\r\nOrigin: http://shop.example\r\nX-Forwarded-Proto: http\r\n", fixture->token);
  expect_raw (fixture, "POST /do", right, 200);
  expect_raw (fixture, "POST /do", wrong, 403);
}

/* Who forgets the guard is still behind it. */
static void
test_guard_stays (Fixture *fixture, gconstpointer data)
{
  g_object_unref (fixture->guard);
  post (fixture, NULL, NULL, NULL, NULL, 400);
  g_object_ref (fixture->guard);
}

/* A client that goes away in the middle of its form has not been judged, and reaches nobody. */
static void
test_form_cut_off (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GSocketClient) client = g_socket_client_new ();
  g_autoptr (GSocketConnection) connection = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *request = NULL;

  get_page (fixture);
  connection = g_socket_client_connect_to_host (client, fixture->base + strlen ("http://"), 0, NULL, &error);
  g_assert_no_error (error);
  request = g_strdup_printf ("POST /do HTTP/1.1\r\nHost: %s\r\nCookie: %s\r\nContent-Type: " FORM "\r\nContent-Length: 500"
                             "\r\n\r\n__RequestVerificationToken=%s", fixture->base + strlen ("http://"), fixture->cookie,
                             fixture->token);
  g_output_stream_write_all (g_io_stream_get_output_stream (G_IO_STREAM (connection)), request, strlen (request), NULL, NULL,
                             &error);
  g_assert_no_error (error);
  g_io_stream_close (G_IO_STREAM (connection), NULL, NULL);
  /* The server has seen it by the time that it has answered the next one. */
  get_page (fixture);
  g_assert_cmpuint (fixture->entered, ==, 0);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

#define ADD(path, function) \
  g_test_add ("/csrf-soup/server/" path, Fixture, GINT_TO_POINTER (TRUE), set_up, function, tear_down); \
  g_test_add ("/csrf-soup/handler/" path, Fixture, GINT_TO_POINTER (FALSE), set_up, function, tear_down)
  ADD ("header", test_header);
  ADD ("form", test_form);
  ADD ("large-multipart", test_large_multipart);
  ADD ("chunked-form", test_chunked_form);
  ADD ("origin", test_origin);
  ADD ("user", test_user);
  ADD ("exempt", test_exempt);
  ADD ("methods", test_methods);
  ADD ("doubled-headers", test_doubled_headers);
  ADD ("elsewhere", test_elsewhere);
  ADD ("upgrade", test_upgrade);
  ADD ("report-only", test_report_only);
  ADD ("form-cut-off", test_form_cut_off);
  g_test_add ("/csrf-soup/server/refused-body", Fixture, GINT_TO_POINTER (TRUE), set_up, test_refused_body, tear_down);
  g_test_add ("/csrf-soup/server/refused-form", Fixture, GINT_TO_POINTER (TRUE), set_up, test_refused_form, tear_down);
  g_test_add ("/csrf-soup/server/guard-stays", Fixture, GINT_TO_POINTER (TRUE), set_up, test_guard_stays, tear_down);
  g_test_add ("/csrf-soup/handler/proxy", Fixture, GINT_TO_POINTER (FALSE), set_up, test_proxy, tear_down);
#undef ADD
  return g_test_run ();
}
