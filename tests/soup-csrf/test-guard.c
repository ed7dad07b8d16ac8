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
#undef ADD
  return g_test_run ();
}
