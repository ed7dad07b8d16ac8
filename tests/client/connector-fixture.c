/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* A hub at http(s)://hub.test/hub that only an HTTP proxy finds, a client of it, and what its requests looked like. */
#include "config.h"

#include "connector-fixture.h"

static char *
certificate_path (const char *name)
{
  return g_test_build_filename (G_TEST_DIST, "client", "certificates", name, NULL);
}

/* --- the system's proxy --- */

guint connector_n_lookups;

#define TEST_TYPE_RESOLVER (test_resolver_get_type ())
G_DECLARE_FINAL_TYPE (TestResolver, test_resolver, TEST, RESOLVER, GObject)

struct _TestResolver
{
  GObject parent_instance;
};

static void resolver_iface_init (GProxyResolverInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (TestResolver, test_resolver, G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (G_TYPE_PROXY_RESOLVER, resolver_iface_init))

static void
test_resolver_class_init (TestResolverClass *klass)
{
}

static void
test_resolver_init (TestResolver *self)
{
}

static gboolean
is_supported (GProxyResolver *resolver)
{
  return TRUE;
}

static char **
lookup (GProxyResolver *resolver, const char *uri, GCancellable *cancellable, GError **error)
{
  connector_n_lookups++;
  g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_FAILED, "Nobody runs the system's proxy");
  return NULL;
}

static void
lookup_async (GProxyResolver *resolver,
              const char *uri,
              GCancellable *cancellable,
              GAsyncReadyCallback callback,
              gpointer data)
{
  g_autoptr (GTask) task = g_task_new (resolver, cancellable, callback, data);

  connector_n_lookups++;
  g_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_FAILED, "Nobody runs the system's proxy");
}

static char **
lookup_finish (GProxyResolver *resolver, GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}

static void
resolver_iface_init (GProxyResolverInterface *iface)
{
  iface->is_supported = is_supported;
  iface->lookup = lookup;
  iface->lookup_async = lookup_async;
  iface->lookup_finish = lookup_finish;
}

void
connector_fixture_use_test_proxies (void)
{
  g_type_ensure (G_TYPE_PROXY_RESOLVER);
  g_io_extension_point_register (G_PROXY_RESOLVER_EXTENSION_POINT_NAME);
  g_io_extension_point_implement (G_PROXY_RESOLVER_EXTENSION_POINT_NAME, TEST_TYPE_RESOLVER, "test", 1000);
  g_assert_true (TEST_IS_RESOLVER (g_proxy_resolver_get_default ()));
}

/* --- a client's certificate --- */

#define TEST_TYPE_INTERACTION (test_interaction_get_type ())
G_DECLARE_FINAL_TYPE (TestInteraction, test_interaction, TEST, INTERACTION, GTlsInteraction)

struct _TestInteraction
{
  GTlsInteraction parent_instance;
};

G_DEFINE_FINAL_TYPE (TestInteraction, test_interaction, G_TYPE_TLS_INTERACTION)

static GTlsInteractionResult
request_certificate (GTlsInteraction *interaction,
                     GTlsConnection *connection,
                     GTlsCertificateRequestFlags flags,
                     GCancellable *cancellable,
                     GError **error)
{
  g_autofree char *path = certificate_path ("client.pem");
  g_autoptr (GTlsCertificate) certificate = g_tls_certificate_new_from_file (path, error);

  if (certificate == NULL)
    return G_TLS_INTERACTION_FAILED;
  g_tls_connection_set_certificate (connection, certificate);
  return G_TLS_INTERACTION_HANDLED;
}

static void
test_interaction_class_init (TestInteractionClass *klass)
{
  G_TLS_INTERACTION_CLASS (klass)->request_certificate = request_certificate;
}

static void
test_interaction_init (TestInteraction *self)
{
}

GTlsInteraction *
connector_interaction_new (void)
{
  return g_object_new (TEST_TYPE_INTERACTION, NULL);
}

/* --- the server --- */

static void
append_header (const char *name, const char *value, gpointer text)
{
  g_string_append_printf (text, "%s: %s\n", name, value);
}

static gboolean
answer_instead (ConnectorFixture *f, SoupServerMessage *message)
{
  SoupMessageHeaders *headers = soup_server_message_get_request_headers (message);
  const char *token = soup_message_headers_get_one (headers, "Authorization");
  const char *redirect = NULL;

  if (f->refuse_tokens != NULL && token != NULL && g_str_has_suffix (token, f->refuse_tokens))
    soup_server_message_set_status (message, SOUP_STATUS_UNAUTHORIZED, NULL);
  else if (f->refuse_upgrade && soup_message_headers_get_one (headers, "Upgrade") != NULL)
    soup_server_message_set_status (message, SOUP_STATUS_SERVICE_UNAVAILABLE, NULL);
  else if ((redirect = g_steal_pointer (&f->redirect)) != NULL)
    {
      soup_server_message_set_status (message, SOUP_STATUS_OK, NULL);
      soup_server_message_set_response (message, "application/json", SOUP_MEMORY_STATIC, redirect, strlen (redirect));
    }
  else
    return FALSE;
  return TRUE;
}

static gboolean
is_silent (ConnectorFixture *f, SoupServerMessage *message)
{
  const char *query = g_uri_get_query (soup_server_message_get_uri (message));
  const char *method = soup_server_message_get_method (message);

  if (query == NULL || !g_str_has_prefix (query, "id="))
    return FALSE;
  return g_str_equal (method, SOUP_METHOD_GET) ? f->silent_to_get : f->silent_to_post;
}

static void
got_headers (SoupServerMessage *message, gpointer data)
{
  ConnectorFixture *f = data;
  g_autoptr (GString) text = g_string_new (soup_server_message_get_method (message));
  g_autofree char *uri = g_uri_to_string (soup_server_message_get_uri (message));

  g_string_append_printf (text, " %s\n", uri);
  soup_message_headers_foreach (soup_server_message_get_request_headers (message), append_header, text);
  g_ptr_array_add (f->requests, g_string_free (g_steal_pointer (&text), FALSE));
  if (f->set_cookie != NULL && (strstr (uri, "/negotiate") != NULL || f->refuse_upgrade))
    soup_message_headers_append (soup_server_message_get_response_headers (message), "Set-Cookie", f->set_cookie);
  /* A status that is set is what libsoup answers with. */
  if (answer_instead (f, message))
    g_signal_stop_emission_by_name (message, "got-headers");
  else if (is_silent (f, message))
    {
      g_signal_stop_emission_by_name (message, "got-headers");
      soup_server_message_pause (message);
    }
}

static gboolean
accept_client (SoupServerMessage *message, GTlsCertificate *certificate, GTlsCertificateFlags problems, gpointer data)
{
  return problems == 0;
}

static void
request_started (SoupServer *server, SoupServerMessage *message, gpointer data)
{
  g_signal_connect (message, "accept-certificate", G_CALLBACK (accept_client), NULL);
  g_signal_connect (message, "got-headers", G_CALLBACK (got_headers), data);
}

static void
echo (KrHubInvocation *invocation, gpointer data)
{
  kr_hub_invocation_return_string (invocation, kr_hub_invocation_get_string (invocation, 0));
}

static void
set_up_tls (ConnectorFixture *f, ConnectorFlags flags)
{
  g_autofree char *server_path = certificate_path ("server.pem");
  g_autofree char *authority_path = certificate_path ("ca.pem");
  g_autoptr (GTlsCertificate) certificate = NULL;
  g_autoptr (GTlsDatabase) authority = NULL;
  g_autoptr (GError) error = NULL;

  certificate = g_tls_certificate_new_from_file (server_path, &error);
  g_assert_no_error (error);
  authority = g_tls_file_database_new (authority_path, &error);
  g_assert_no_error (error);
  soup_server_set_tls_certificate (f->server, certificate);
  soup_session_set_tls_database (f->session, authority);
  if (flags & CONNECTOR_CLIENT_CERTIFICATE)
    {
      soup_server_set_tls_database (f->server, authority);
      soup_server_set_tls_auth_mode (f->server, G_TLS_AUTHENTICATION_REQUIRED);
    }
}

static void
listen_locally (ConnectorFixture *f, ConnectorFlags flags)
{
  g_autoslist (GUri) uris = NULL;
  g_autoptr (GError) error = NULL;

  soup_server_listen_local (f->server, 0,
                            SOUP_SERVER_LISTEN_IPV4_ONLY | (flags & CONNECTOR_TLS ? SOUP_SERVER_LISTEN_HTTPS : 0), &error);
  g_assert_no_error (error);
  uris = soup_server_get_uris (f->server);
  f->port = g_uri_get_port (uris->data);
}

void
connector_fixture_set_up (ConnectorFixture *f, gconstpointer data)
{
  const ConnectorKind *kind = data;
  g_autofree char *proxy = NULL;
  g_autoptr (GProxyResolver) resolver = NULL;

  f->requests = g_ptr_array_new_with_free_func (g_free);
  f->hub = kr_hub_server_new (NULL);
  g_assert_true (kr_hub_server_add_method (f->hub, "Echo", "(s)", "s", echo, NULL, NULL));
  f->endpoint = kr_hub_soup_endpoint_new (f->hub, "/hub");
  f->server = soup_server_new (NULL, NULL);
  f->session = soup_session_new_with_options ("max-conns", 100, "max-conns-per-host", 100, NULL);
  if (kind->flags & CONNECTOR_TLS)
    set_up_tls (f, kind->flags);
  g_signal_connect (f->server, "request-started", G_CALLBACK (request_started), f);
  kr_hub_soup_endpoint_attach (f->endpoint, f->server);
  listen_locally (f, kind->flags);
  f->proxy = kr_test_proxy_new (f->port);
  f->proxy->http = TRUE;
  proxy = g_strdup_printf ("http://127.0.0.1:%u", f->proxy->port);
  resolver = g_simple_proxy_resolver_new (proxy, NULL);
  soup_session_set_proxy_resolver (f->session, resolver);
  f->transport = kind->transport;
  connector_fixture_use_url (f, kind->flags & CONNECTOR_TLS ? "https://hub.test/hub" : "http://hub.test/hub");
}

void
connector_fixture_use_url (ConnectorFixture *f, const char *url)
{
  g_autoptr (GError) error = NULL;

  g_clear_object (&f->client);
  g_clear_object (&f->connector);
  f->connector = kr_hub_soup_connector_new (url, f->session, &error);
  g_assert_no_error (error);
  g_object_set (f->connector, "transports", f->transport, NULL);
  f->client = kr_hub_client_new_for_connector (KR_HUB_CONNECTOR (f->connector));
}

void
connector_fixture_tear_down (ConnectorFixture *f, gconstpointer data)
{
  g_assert_finalize_object (f->client);
  g_object_unref (f->connector);
  soup_session_abort (f->session);
  kr_hub_server_shutdown (f->hub);
  while (g_main_context_iteration (NULL, FALSE))
    ;
  kr_test_proxy_free (f->proxy);
  soup_server_disconnect (f->server);
  while (g_main_context_iteration (NULL, FALSE))
    ;
  g_assert_finalize_object (f->session);
  g_object_unref (f->server);
  g_object_unref (f->endpoint);
  g_object_unref (f->hub);
  g_ptr_array_unref (f->requests);
  g_free ((gpointer) data);
}

/* --- the client --- */

gboolean
connector_fixture_try_start (ConnectorFixture *f, GError **error)
{
  g_autoptr (GAsyncResult) result = NULL;

  kr_hub_client_start_async (f->client, NULL, kr_test_store_result, &result);
  kr_test_wait_result ("start", &result);
  return kr_hub_client_start_finish (f->client, result, error);
}

void
connector_fixture_start (ConnectorFixture *f)
{
  g_autoptr (GError) error = NULL;

  connector_fixture_try_start (f, &error);
  g_assert_no_error (error);
}

void
connector_fixture_stop (ConnectorFixture *f)
{
  g_autoptr (GAsyncResult) result = NULL;

  kr_hub_client_stop_async (f->client, NULL, kr_test_store_result, &result);
  kr_test_wait_result ("stop", &result);
  g_assert_true (kr_hub_client_stop_finish (f->client, result, NULL));
}

void
connector_fixture_assert_echo (ConnectorFixture *f, const char *text)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) value = NULL;

  kr_hub_client_invoke_async (f->client, "Echo", g_variant_new ("(s)", text), G_VARIANT_TYPE_STRING, NULL,
                              kr_test_store_result, &result);
  kr_test_wait_result ("Echo", &result);
  value = kr_hub_client_invoke_finish (f->client, result, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (g_variant_get_string (value, NULL), ==, text);
}

void
connector_fixture_assert_all (ConnectorFixture *f, guint from, const char *text)
{
  g_assert_cmpuint (f->requests->len, >=, from + (f->transport == KR_HUB_TRANSPORT_WEBSOCKETS ? 1 : 3));
  for (guint i = from; i < f->requests->len; i++)
    if (strstr (g_ptr_array_index (f->requests, i), text) == NULL)
      g_error ("'%s' is missing in request %u: %s", text, i, (char *) g_ptr_array_index (f->requests, i));
}

void
connector_fixture_assert_none (ConnectorFixture *f, const char *text)
{
  for (guint i = 0; i < f->requests->len; i++)
    g_assert_null (strstr (g_ptr_array_index (f->requests, i), text));
}
