/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* Runs the code of docs/csrf.md: the protector without a server, and the shop on libsoup. */
#include <krcsrf-soup.h>
#include <krcsrf-test.h>
#include <glib/gstdio.h>

#include "guide-csrf.h"
#include "kr-test.h"

static KrCsrfRequest *
make_post (KrCsrfTestJar *jar, const char *token)
{
  KrCsrfRequest *request = kr_csrf_request_new ("POST", "https", "shop.example", "/buy");

  kr_csrf_test_jar_add_to_request (jar, request);
  kr_csrf_request_add_header (request, "Origin", "https://shop.example", -1);
  kr_csrf_request_add_header (request, "X-CSRF-TOKEN", token, -1);
  return request;
}

static void
test_protector (void)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *folder = g_dir_make_tmp ("guide-XXXXXX", &error);
  g_autofree char *path = g_build_filename (folder, "keys", NULL), *lock = g_strconcat (path, ".lock", NULL);
  g_autoptr (KrCsrfProtector) protector = make_protector (path, &error);
  g_autoptr (KrCsrfRequest) page = kr_csrf_request_new ("GET", "https", "shop.example", "/");
  g_autoptr (KrCsrfTestJar) jar = kr_csrf_test_jar_new ();
  g_autoptr (KrCsrfRequest) post = NULL;
  g_autoptr (KrCsrfRequest) late = NULL;
  g_autofree char *token = NULL;

  g_assert_no_error (error);
  g_assert_true (may_pass (protector, page, &error));
  token = get_token (protector, page, kr_csrf_test_jar_sink, jar, &error);
  g_assert_no_error (error);
  post = make_post (jar, token);
  g_assert_true (may_pass (protector, post, &error));
  g_assert_no_error (error);
  g_assert_true (change_user (protector, post, "alice", kr_csrf_test_jar_sink, jar, &error));
  late = make_post (jar, token);
  g_assert_false (may_pass (protector, late, &error));
  g_assert_error (error, KR_CSRF_ERROR, KR_CSRF_ERROR_TOKEN_MISMATCH);
  g_unlink (path);
  g_unlink (lock);
  g_rmdir (folder);
}

static char *
fetch (SoupSession *session, SoupMessage *message, const char *cookies)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) body = NULL;

  soup_message_headers_append (soup_message_get_request_headers (message), "Cookie", cookies);
  soup_session_send_and_read_async (session, message, G_PRIORITY_DEFAULT, NULL, kr_test_store_result, &result);
  kr_test_wait_result ("an answer", &result);
  body = soup_session_send_and_read_finish (session, result, &error);
  g_assert_no_error (error);
  return g_strndup (g_bytes_get_data (body, NULL), g_bytes_get_size (body));
}

/* The value behind @name, up to the end of the tag. */
static char *
attribute (const char *page, const char *name)
{
  const char *at = strstr (page, name);

  g_assert_nonnull (at);
  at += strlen (name);
  return g_strndup (at, strcspn (at, " >"));
}

static guint
buy (SoupSession *session, const char *base, const char *cookie, const char *user, const char *field, const char *token)
{
  g_autofree char *url = g_strconcat (base, "/buy", NULL), *cookies = g_strconcat (user, "; ", cookie, NULL), *answer = NULL;
  g_autoptr (SoupMessage) message = soup_message_new_from_encoded_form ("POST", url, soup_form_encode (field, token, NULL));

  answer = fetch (session, message, cookies);
  return soup_message_get_status (message);
}

static void
test_shop (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (KrCsrfKeyRing) ring = kr_csrf_key_ring_new_ephemeral ();
  g_autoptr (KrCsrfProtector) protector = g_initable_new (KR_CSRF_TYPE_PROTECTOR, NULL, &error, "key-ring", ring,
                                                          "cookie-secure", FALSE, "cookie-name", "shop", NULL);
  g_autoptr (SoupServer) server = soup_server_new (NULL, NULL);
  g_autoptr (SoupSession) session = soup_session_new ();
  g_autoptr (SoupMessage) message = NULL;
  g_autofree char *base = NULL, *url = NULL, *page = NULL, *field = NULL, *token = NULL, *cookie = NULL;
  g_autoslist (GUri) uris = NULL;

  g_assert_no_error (error);
  protect_shop (server, protector);
  soup_server_listen_local (server, 0, SOUP_SERVER_LISTEN_IPV4_ONLY, &error);
  g_assert_no_error (error);
  uris = soup_server_get_uris (server);
  base = g_strdup_printf ("http://127.0.0.1:%d", g_uri_get_port (uris->data));
  url = g_strconcat (base, "/form", NULL);
  message = soup_message_new ("GET", url);
  page = fetch (session, message, "session=s1");
  cookie = g_strdup (soup_message_headers_get_one (soup_message_get_response_headers (message), "Set-Cookie"));
  g_assert_nonnull (cookie);
  *strchr (cookie, ';') = '\0';
  field = attribute (page, "hidden name=");
  token = attribute (page, "value=");
  g_assert_cmpuint (buy (session, base, cookie, "session=s1", field, token), ==, 200);
  g_assert_cmpuint (buy (session, base, cookie, "session=s2", field, token), ==, 400);
  g_assert_cmpuint (buy (session, base, cookie, "session=s1", "another", token), ==, 400);
  g_assert_cmpuint (buy (session, base, "shop=none", "session=s1", field, token), ==, 400);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/docs/csrf/protector", test_protector);
  g_test_add_func ("/docs/csrf/shop", test_shop);
  return kr_test_run ();
}
