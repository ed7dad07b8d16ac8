/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* KrHubSoupConnector does as its session does: proxies, certificates, cookies and headers, over every transport. */
#include "config.h"

#include <krhub-soup.h>

#include "connector-fixture.h"

/* --- proxies --- */

/* Nobody can find hub.test but the proxy: what arrives came through it. */
static void
test_proxy (ConnectorFixture *f, gconstpointer data)
{
  const ConnectorKind *kind = data;

  connector_fixture_start (f);
  connector_fixture_assert_echo (f, "through the proxy");
  if (kind->flags & CONNECTOR_TLS)
    {
      g_assert_cmpuint (f->proxy->n_tunnels, >=, 1);
      g_assert_cmpuint (f->proxy->n_forwarded, ==, 0);
    }
  else
    {
      g_assert_cmpuint (f->proxy->n_tunnels, ==, kind->transport == KR_HUB_TRANSPORT_WEBSOCKETS ? 1 : 0);
      g_assert_cmpuint (f->proxy->n_forwarded, >=, 1);
    }
}

/* Which proxy it is may depend on the URL's scheme. */
static void
test_proxy_by_scheme (ConnectorFixture *f, gconstpointer data)
{
  g_autoptr (GProxyResolver) resolver = g_simple_proxy_resolver_new ("direct://", NULL);
  g_autofree char *proxy = g_strdup_printf ("http://127.0.0.1:%u", f->proxy->port);

  g_simple_proxy_resolver_set_uri_proxy (G_SIMPLE_PROXY_RESOLVER (resolver), "https", proxy);
  soup_session_set_proxy_resolver (f->session, resolver);
  connector_fixture_start (f);
  connector_fixture_assert_echo (f, "by scheme");
  g_assert_cmpuint (f->proxy->n_tunnels, >=, 1);
}

/* A session without a proxy uses none, whatever the system says; one that was not told asks the system. */
static void
test_proxy_none (ConnectorFixture *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *url = g_strdup_printf ("http://127.0.0.1:%u/hub", f->port);

  connector_fixture_use_url (f, url);
  soup_session_set_proxy_resolver (f->session, NULL);
  connector_fixture_start (f);
  connector_fixture_assert_echo (f, "directly");
  g_assert_cmpuint (connector_n_lookups, ==, 0);
  connector_fixture_stop (f);
  soup_session_set_proxy_resolver (f->session, g_proxy_resolver_get_default ());
  g_assert_false (connector_fixture_try_start (f, &error));
  g_assert_nonnull (error);
  g_assert_cmpuint (connector_n_lookups, >=, 1);
  connector_n_lookups = 0;
}

/* --- certificates --- */

static void
assert_refused (ConnectorFixture *f, const char *text)
{
  g_autoptr (GError) error = NULL;

  for (guint skip = 0; skip < 2; skip++)
    {
      g_object_set (f->connector, "skip-negotiation", skip, NULL);
      g_assert_false (connector_fixture_try_start (f, &error));
      g_assert_error (error, G_TLS_ERROR, G_TLS_ERROR_BAD_CERTIFICATE);
      g_assert_cmpstr (error->message, ==, text);
      g_assert_error (kr_hub_client_get_last_error (f->client), G_TLS_ERROR, G_TLS_ERROR_BAD_CERTIFICATE);
      g_clear_error (&error);
    }
  g_assert_cmpuint (f->requests->len, ==, 0);
}

static void
test_unknown_authority (ConnectorFixture *f, gconstpointer data)
{
  g_autofree char *stranger = g_test_build_filename (G_TEST_DIST, "soup", "certificate.pem", NULL);
  g_autoptr (GTlsDatabase) database = g_tls_file_database_new (stranger, NULL);

  soup_session_set_tls_database (f->session, database);
  assert_refused (f, "The server's certificate is refused: nobody trusted has signed it");
  soup_session_set_tls_database (f->session, NULL);
  assert_refused (f, "The server's certificate is refused: nobody trusted has signed it");
}

static void
test_other_host (ConnectorFixture *f, gconstpointer data)
{
  connector_fixture_use_url (f, "https://other.test/hub");
  assert_refused (f, "The server's certificate is refused: it is another host's");
}

static void
test_client_certificate (ConnectorFixture *f, gconstpointer data)
{
  g_autoptr (GTlsInteraction) interaction = connector_interaction_new ();
  g_autoptr (GError) error = NULL;

  g_assert_false (connector_fixture_try_start (f, &error));
  g_assert_nonnull (error);
  g_assert_cmpuint (f->requests->len, ==, 0);
  soup_session_set_tls_interaction (f->session, interaction);
  connector_fixture_start (f);
  connector_fixture_assert_echo (f, "it is me");
}

/* --- cookies and headers --- */

static void
test_cookies (ConnectorFixture *f, gconstpointer data)
{
  g_autoptr (SoupCookieJar) jar = soup_cookie_jar_new ();

  /* Of an earlier login; another one comes with the negotiation. */
  soup_cookie_jar_add_cookie (jar, soup_cookie_new ("login", "ann", "hub.test", "/", -1));
  soup_cookie_jar_add_cookie (jar, soup_cookie_new ("foreign", "no", "other.test", "/", -1));
  soup_session_add_feature (f->session, SOUP_SESSION_FEATURE (jar));
  f->set_cookie = "affinity=seven; Path=/; HttpOnly; SameSite=Lax";
  connector_fixture_start (f);
  connector_fixture_assert_echo (f, "with cookies");
  connector_fixture_stop (f);
  connector_fixture_assert_all (f, 0, "login=ann");
  connector_fixture_assert_all (f, 1, "affinity=seven");
  connector_fixture_assert_none (f, "foreign");
}

/* What the answer to a WebSocket's handshake sets is kept as well. */
static void
test_cookie_of_upgrade (ConnectorFixture *f, gconstpointer data)
{
  g_autoptr (SoupCookieJar) jar = soup_cookie_jar_new ();
  g_autoptr (GUri) uri = g_uri_parse ("http://hub.test/hub", SOUP_HTTP_URI_FLAGS, NULL);
  g_autofree char *cookies = NULL;

  soup_session_add_feature (f->session, SOUP_SESSION_FEATURE (jar));
  g_object_set (f->connector, "skip-negotiation", TRUE, NULL);
  f->set_cookie = "route=three";
  f->refuse_upgrade = TRUE;
  g_assert_false (connector_fixture_try_start (f, NULL));
  cookies = soup_cookie_jar_get_cookies (jar, uri, TRUE);
  g_assert_cmpstr (cookies, ==, "route=three");
}

static void
test_headers (ConnectorFixture *f, gconstpointer data)
{
  kr_hub_soup_connector_set_header (f->connector, "X-Test", "seen");
  kr_hub_soup_connector_set_header (f->connector, "X-Gone", "unseen");
  kr_hub_soup_connector_set_header (f->connector, "X-Gone", NULL);
  g_object_set (f->connector, "access-token", "secret-token", NULL);
  connector_fixture_start (f);
  connector_fixture_assert_echo (f, "with headers");
  connector_fixture_stop (f);
  connector_fixture_assert_all (f, 0, "X-Test: seen");
  connector_fixture_assert_all (f, 0, "Authorization: Bearer secret-token");
  connector_fixture_assert_all (f, 0, "User-Agent: Microsoft SignalR/");
  connector_fixture_assert_none (f, "unseen");
}

/* --- redirects --- */

static void
give_token (KrHubSoupTokenRequest *request, gpointer data)
{
  ++*(guint *) data;
  kr_hub_soup_token_request_return_token (request, "the-provider's");
}

/* The provider's token is for who redirects; from there on only that of the redirect counts, also when it is refused. */
static void
test_redirect (ConnectorFixture *f, gconstpointer data)
{
  guint n_asked = 0;
  g_autoptr (GError) error = NULL;

  kr_hub_soup_connector_set_token_provider (f->connector, give_token, &n_asked, NULL);
  kr_hub_soup_connector_set_header (f->connector, "X-Test", "seen");
  f->redirect = "{\"negotiateVersion\":1,\"url\":\"//other.test/hub\",\"accessToken\":\"the-redirect's\"}";
  connector_fixture_start (f);
  connector_fixture_assert_echo (f, "elsewhere");
  connector_fixture_stop (f);
  g_assert_cmpuint (n_asked, ==, 1);
  g_assert_nonnull (strstr (g_ptr_array_index (f->requests, 0), "Host: hub.test"));
  g_assert_nonnull (strstr (g_ptr_array_index (f->requests, 0), "Bearer the-provider's"));
  connector_fixture_assert_all (f, 1, "Host: other.test");
  connector_fixture_assert_all (f, 1, "Authorization: Bearer the-redirect's");
  connector_fixture_assert_all (f, 1, "X-Test: seen");
  f->refuse_tokens = "the-redirect's";
  f->redirect = "{\"url\":\"//other.test/hub\",\"accessToken\":\"the-redirect's\"}";
  g_assert_false (connector_fixture_try_start (f, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_PERMISSION_DENIED);
  g_assert_cmpuint (n_asked, ==, 2);
  kr_hub_soup_connector_set_token_provider (f->connector, NULL, NULL, NULL);
}

/* Answered as wrong, and nothing of it is tried. */
static void
test_redirect_refused (ConnectorFixture *f, gconstpointer data)
{
  static const struct
  {
    const char *document, *text;
  } wrong[] = {
    { "{\"url\":\"file:///etc/passwd\"}", "A hub cannot be reached by 'file'" },
    { "{\"url\":\"javascript:alert(1)\"}", "A hub cannot be reached by 'javascript'" },
    { "{\"url\":\"https:\"}", "has no host" },
    { "{\"url\":\"https:///hub\"}", "has no host" },
    { "{\"url\":\"https://hub.test:99999/\"}", "out of range" },
    { "{\"url\":\"https://[::1/\"}", "" },
    { "{\"url\":\"http://hub.test/hub\"}", "A hub behind TLS cannot go on without" },
    { "{\"url\":\"ws://hub.test/hub\"}", "A hub behind TLS cannot go on without" },
    { "{\"url\":\"/hub\",\"accessToken\":\"a\\r\\nX-Test: smuggled\"}", "The access token has more than one line" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (wrong); i++)
    {
      g_autoptr (GError) error = NULL;

      f->redirect = wrong[i].document;
      g_assert_false (connector_fixture_try_start (f, &error));
      g_assert_true (g_str_has_prefix (error->message, "The server redirects to where the client does not go: "));
      g_assert_nonnull (strstr (error->message, wrong[i].text));
      g_assert_cmpuint (f->requests->len, ==, i + 1);
    }
  f->redirect = "{\"url\":\"wss://hub.test/hub\"}";
  connector_fixture_start (f);
}

/* --- what is given --- */

static gpointer
token_thread (gpointer data)
{
  g_autoptr (KrHubSoupTokenRequest) request = data;

  kr_hub_soup_token_request_return_token (request, "from-a-thread");
  return NULL;
}

static void
give_token_in_thread (KrHubSoupTokenRequest *request, gpointer data)
{
  g_ptr_array_add (data, g_thread_new ("token", token_thread, kr_hub_soup_token_request_ref (request)));
}

static void
join_thread (gpointer thread)
{
  g_thread_join (thread);
}

/* Also one that is cancelled before the thread gets to it. */
static void
test_token_thread (ConnectorFixture *f, gconstpointer data)
{
  g_autoptr (GPtrArray) threads = g_ptr_array_new_with_free_func (join_thread);
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GError) error = NULL;

  kr_hub_soup_connector_set_token_provider (f->connector, give_token_in_thread, threads, NULL);
  connector_fixture_start (f);
  connector_fixture_assert_echo (f, "with a token");
  connector_fixture_stop (f);
  connector_fixture_assert_all (f, 0, "Authorization: Bearer from-a-thread");
  kr_hub_client_start_async (f->client, cancellable, kr_test_store_result, &result);
  g_cancellable_cancel (cancellable);
  kr_test_wait_result ("the cancelled start", &result);
  g_assert_false (kr_hub_client_start_finish (f->client, result, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  kr_hub_soup_connector_set_token_provider (f->connector, NULL, NULL, NULL);
}

static void
test_tokens_refused (ConnectorFixture *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  g_object_set (f->connector, "access-token", "a\r\nX-Test: smuggled", NULL);
  g_assert_false (connector_fixture_try_start (f, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT);
  g_assert_cmpuint (f->requests->len, ==, 0);
}

static void
test_urls (void)
{
  static const char *const wrong[] = { "", "hub", "/hub", "ftp://hub.test/hub", "http:", "http:///hub", "http:hub",
                                       "http://hub.test:99999/", "http://[::1/hub", "http://\xff/" };
  static const char *const right[] = { "http://hub.test", "HTTPS://hub.test/hub?x=1", "ws://[::1]:5000/hub", "wss://hub.test/" };

  for (guint i = 0; i < G_N_ELEMENTS (wrong); i++)
    {
      g_autoptr (GError) error = NULL;

      g_assert_null (kr_hub_soup_connector_new (wrong[i], NULL, &error));
      g_assert_nonnull (error);
    }
  for (guint i = 0; i < G_N_ELEMENTS (right); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (KrHubSoupConnector) connector = kr_hub_soup_connector_new (right[i], NULL, &error);

      g_assert_no_error (error);
      g_assert_nonnull (connector);
    }
}

static void
add (const char *name, ConnectorFlags flags, void (*func) (ConnectorFixture *f, gconstpointer data))
{
  static const struct
  {
    const char *name;
    KrHubTransportFlags transport;
  } transports[] = {
    { "websocket", KR_HUB_TRANSPORT_WEBSOCKETS },
    { "sse", KR_HUB_TRANSPORT_SERVER_SENT_EVENTS },
    { "long-polling", KR_HUB_TRANSPORT_LONG_POLLING },
  };

  for (guint i = 0; i < G_N_ELEMENTS (transports); i++)
    {
      g_autofree char *path = g_strdup_printf ("/connector/%s/%s", name, transports[i].name);
      ConnectorKind *kind = g_new (ConnectorKind, 1);

      *kind = (ConnectorKind) { transports[i].transport, flags };
      g_test_add_vtable (path, sizeof (ConnectorFixture), kind, (GTestFixtureFunc) connector_fixture_set_up,
                         (GTestFixtureFunc) func, (GTestFixtureFunc) connector_fixture_tear_down);
    }
}

static void
add_one (const char *name, ConnectorFlags flags, void (*func) (ConnectorFixture *f, gconstpointer data))
{
  g_autofree char *path = g_strdup_printf ("/connector/%s", name);
  ConnectorKind *kind = g_new (ConnectorKind, 1);

  *kind = (ConnectorKind) { KR_HUB_TRANSPORT_WEBSOCKETS, flags };
  g_test_add_vtable (path, sizeof (ConnectorFixture), kind, (GTestFixtureFunc) connector_fixture_set_up,
                     (GTestFixtureFunc) func, (GTestFixtureFunc) connector_fixture_tear_down);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  connector_fixture_use_test_proxies ();
  add ("proxy/plain", 0, test_proxy);
  add ("proxy/tls", CONNECTOR_TLS, test_proxy);
  add ("proxy/scheme", CONNECTOR_TLS, test_proxy_by_scheme);
  add ("proxy/none", 0, test_proxy_none);
  add ("tls/client-certificate", CONNECTOR_TLS | CONNECTOR_CLIENT_CERTIFICATE, test_client_certificate);
  add_one ("tls/unknown-authority", CONNECTOR_TLS, test_unknown_authority);
  add_one ("tls/other-host", CONNECTOR_TLS, test_other_host);
  add ("cookies/plain", 0, test_cookies);
  add ("cookies/tls", CONNECTOR_TLS, test_cookies);
  add_one ("cookies/of-upgrade", 0, test_cookie_of_upgrade);
  add ("headers", 0, test_headers);
  add ("redirect/followed", 0, test_redirect);
  add_one ("redirect/refused", CONNECTOR_TLS, test_redirect_refused);
  add ("token/thread", CONNECTOR_TLS, test_token_thread);
  add_one ("token/refused", 0, test_tokens_refused);
  g_test_add_func ("/connector/urls", test_urls);
  return kr_test_run ();
}
