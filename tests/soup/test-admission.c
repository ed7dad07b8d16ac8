/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* Who may ask the endpoint, what a proxy says of a client, and what logs must not say. */
#include "config.h"

#include <string.h>
#include <unistd.h>

#include "kr-test-soup.h"

#define HANDSHAKE "{\"protocol\":\"json\",\"version\":1}\x1e"
#define SECRET "c2VjcmV0.dG9rZW4"

static void
where (KrHubInvocation *invocation, gpointer data)
{
  const char *address = kr_hub_connection_get_remote_address (kr_hub_invocation_get_connection (invocation));

  kr_hub_invocation_return_string (invocation, address != NULL ? address : "nowhere");
}

static void
who (KrHubInvocation *invocation, gpointer data)
{
  kr_hub_invocation_return_string (invocation, kr_hub_connection_get_user_id (kr_hub_invocation_get_connection (invocation)));
}

static KrTestSoup *
new_site (const char *const *proxies, KrHubSoupForwardedFlags headers)
{
  KrTestSoup *self = kr_test_soup_new (NULL, 0);

  kr_hub_server_add_method (self->hub, "Where", "()", "s", where, NULL, NULL);
  kr_hub_server_add_method (self->hub, "Who", "()", "s", who, NULL, NULL);
  g_object_set (self->endpoint, "trusted-proxies", proxies, "forwarded-headers", headers,
                "close-timeout", (gint64) G_USEC_PER_SEC, NULL);
  return self;
}

static gboolean
is_empty (gpointer data)
{
  return kr_hub_soup_endpoint_get_n_connections (((KrTestSoup *) data)->endpoint) == 0;
}

static void
stop_site (KrTestSoup *self)
{
  kr_hub_server_shutdown (self->hub);
  kr_test_wait ("the end of all connections", is_empty, self);
  kr_test_soup_free (self);
}

static void
expect_request (KrTestSoup *site, const char *method, const char *path, const char *headers, const char *body, const char *answer)
{
  g_autofree char *answered = kr_test_soup_request (site, method, path, headers, body);

  if (strstr (answered, answer) == NULL)
    g_test_fail_printf ("%s %s: %s", method, path, answered);
}

/* Over long polling, which anybody can spell. */
static void
expect_address (KrTestSoup *site, const char *headers, const char *address)
{
  g_autofree char *token = kr_test_soup_negotiate (site);
  g_autofree char *path = g_strdup_printf ("/hub?id=%s", token);
  g_autofree char *result = g_strdup_printf ("\"result\":\"%s\"", address);

  expect_request (site, "GET", path, headers, NULL, "HTTP/1.1 200");
  expect_request (site, "POST", path, NULL, HANDSHAKE "{\"type\":1,\"invocationId\":\"1\",\"target\":\"Where\",\"arguments\":[]}\x1e",
                  "HTTP/1.1 200");
  expect_request (site, "GET", path, NULL, NULL, result);
  expect_request (site, "DELETE", path, NULL, NULL, "HTTP/1.1 202");
}

static const char *const loopback[] = { "127.0.0.0/8", NULL };

static void
test_address (void)
{
  const KrHubSoupForwardedFlags flags = KR_HUB_SOUP_FORWARDED_FOR | KR_HUB_SOUP_FORWARDED_STANDARD;
  KrTestSoup *site = new_site (loopback, flags);

  kr_test_soup_start (site);
  expect_address (site, NULL, "127.0.0.1");
  expect_address (site, "X-Forwarded-For: 192.0.2.1\r\n", "192.0.2.1");
  expect_address (site, "X-Forwarded-For: 6.6.6.6\r\nX-Forwarded-For: 2001:db8::1\r\n", "2001:db8::1");
  expect_address (site, "Forwarded: for=192.0.2.5\r\nX-Forwarded-For: 192.0.2.1\r\n", "192.0.2.5");
  expect_address (site, "X-Forwarded-For: nonsense\r\n", "127.0.0.1");
  stop_site (site);
}

/* Without proxies that are trusted, a header is but a client's word. */
static void
test_stranger (void)
{
  static const char *const other[] = { "192.0.2.7", NULL };
  static const char *const *const lists[] = { NULL, other };

  for (guint i = 0; i < G_N_ELEMENTS (lists); i++)
    {
      KrTestSoup *site = new_site (lists[i], KR_HUB_SOUP_FORWARDED_FOR | KR_HUB_SOUP_FORWARDED_PROTO | KR_HUB_SOUP_FORWARDED_HOST);

      kr_test_soup_start (site);
      expect_address (site, "X-Forwarded-For: 192.0.2.1\r\n", "127.0.0.1");
      expect_request (site, "POST", "/hub/negotiate",
                      "Origin: https://example.org\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Host: example.org\r\n", NULL,
                      "HTTP/1.1 403");
      stop_site (site);
    }
}

#define ORIGIN "Origin: https://example.org\r\n"

/* The page's origin is what the proxy shows to the world. */
static void
test_origin (void)
{
  KrTestSoup *site = new_site (loopback, KR_HUB_SOUP_FORWARDED_PROTO | KR_HUB_SOUP_FORWARDED_HOST);

  kr_test_soup_start (site);
  expect_request (site, "POST", "/hub/negotiate", ORIGIN "X-Forwarded-Proto: https\r\nX-Forwarded-Host: example.org\r\n", NULL,
                  "HTTP/1.1 200");
  expect_request (site, "POST", "/hub/negotiate", ORIGIN "X-Forwarded-Proto: http\r\nX-Forwarded-Host: example.org\r\n", NULL,
                  "HTTP/1.1 403");
  expect_request (site, "POST", "/hub/negotiate", ORIGIN "X-Forwarded-Proto: https\r\nX-Forwarded-Host: example.net\r\n", NULL,
                  "HTTP/1.1 403");
  expect_request (site, "POST", "/hub/negotiate", ORIGIN "X-Forwarded-Proto: https\r\nX-Forwarded-Host: example.org:8443\r\n", NULL,
                  "HTTP/1.1 403");
  expect_request (site, "POST", "/hub/negotiate", ORIGIN "X-Forwarded-Host: example.org\r\n", NULL, "HTTP/1.1 403");
  stop_site (site);
}

/* A proxy that passes the Host on: only the scheme is another one, and with it the implied port. */
static void
test_origin_scheme (void)
{
  KrTestSoup *site = new_site (loopback, KR_HUB_SOUP_FORWARDED_PROTO);
  g_autofree char *own = NULL;

  kr_test_soup_start (site);
  own = g_strdup_printf ("Origin: https://127.0.0.1:%d\r\nX-Forwarded-Proto: https\r\n", site->port);
  expect_request (site, "POST", "/hub/negotiate", own, NULL, "HTTP/1.1 200");
  expect_request (site, "POST", "/hub/negotiate", "Origin: https://127.0.0.1\r\nX-Forwarded-Proto: https\r\n", NULL, "HTTP/1.1 403");
  stop_site (site);
}

/* --- logs --- */

static GMutex log_lock;
static GString *logged;      /* every field of every message; guarded */
static guint n_with_id;      /* messages with a connection's id; guarded */
static GLogLevelFlags quiet_level; /* is no failure; set while nothing runs */

static GLogWriterOutput
capture (GLogLevelFlags level, const GLogField *fields, gsize n_fields, gpointer data)
{
  g_mutex_lock (&log_lock);
  for (gsize i = 0; i < n_fields; i++)
    {
      g_string_append_len (logged, fields[i].value, fields[i].length < 0 ? (gssize) strlen (fields[i].value) : fields[i].length);
      g_string_append_c (logged, '\n');
      if (strcmp (fields[i].key, "KR_HUB_CONNECTION_ID") == 0)
        n_with_id++;
    }
  g_mutex_unlock (&log_lock);
  return level & (G_LOG_LEVEL_DEBUG | quiet_level) ? G_LOG_WRITER_HANDLED : g_log_writer_default (level, fields, n_fields, data);
}

static guint
refuse_some (KrHubSoupEndpoint *endpoint, SoupServerMessage *message, gpointer data)
{
  g_autofree char *token = kr_hub_soup_endpoint_dup_bearer_token (endpoint, message);

  return g_strcmp0 (token, SECRET "-refused") == 0 ? 401 : 0;
}

static void
converse (KrTestSoup *site, GString *tokens)
{
  g_autofree char *polling = kr_test_soup_negotiate (site);
  g_autofree char *events = kr_test_soup_negotiate (site);
  g_autofree char *poll_path = g_strdup_printf ("/hub?id=%s&access_token=" SECRET, polling);
  g_autofree char *events_path = g_strdup_printf ("/hub?id=%s&Access_Token=" SECRET, events);

  g_string_append_printf (tokens, "%s %s", polling, events);
  expect_request (site, "GET", poll_path, NULL, NULL, "HTTP/1.1 200");
  expect_request (site, "POST", poll_path, "Authorization: Bearer " SECRET "\r\n", HANDSHAKE, "HTTP/1.1 200");
  expect_request (site, "GET", poll_path, NULL, NULL, "{}\x1e");
  expect_request (site, "GET", poll_path, "Accept: text/event-stream\r\n", NULL, "Cannot change transports");
  expect_request (site, "DELETE", poll_path, NULL, NULL, "HTTP/1.1 202");
  expect_request (site, "GET", poll_path, NULL, NULL, "HTTP/1.1 404");
  expect_request (site, "POST", events_path, "Origin: http://evil.example\r\n", NULL, "HTTP/1.1 403");
  expect_request (site, "POST", "/hub/negotiate?access_token=" SECRET "-refused", NULL, NULL, "HTTP/1.1 401");
  expect_request (site, "POST", "/hub/negotiate?access%5Ftoken=" SECRET "&negotiateVersion=x&" SECRET, NULL, NULL, "HTTP/1.1 200");
  close (kr_test_soup_upgrade (site, "?access_token=" SECRET));
}

/* Neither a bearer token nor a connection's, at any level. */
static void
test_nothing_secret (void)
{
  KrTestSoup *site = new_site (NULL, KR_HUB_SOUP_FORWARDED_NONE);
  g_autoptr (GString) tokens = g_string_new (NULL);
  g_auto (GStrv) secrets = NULL;

  g_signal_connect (site->endpoint, "authorize", G_CALLBACK (refuse_some), NULL);
  kr_test_soup_start (site);
  converse (site, tokens);
  stop_site (site);
  g_mutex_lock (&log_lock);
  g_assert_cmpuint (n_with_id, >=, 2);
  g_assert_nonnull (strstr (logged->str, "id=***&Access_Token=***"));
  g_assert_nonnull (strstr (logged->str, "POST /hub/negotiate?access_token=***"));
  g_assert_null (strstr (logged->str, SECRET));
  secrets = g_strsplit (tokens->str, " ", -1);
  for (guint i = 0; secrets[i] != NULL; i++)
    g_assert_null (strstr (logged->str, secrets[i]));
  g_mutex_unlock (&log_lock);
}

/* --- what a program logs itself --- */

static const struct
{
  const char *query;
  const char *text;
} described[] = {
  { "", "GET /hub" },
  { "?id=a", "GET /hub?id=***" },
  { "?negotiateVersion=1&useStatefulReconnect=true", "GET /hub?negotiateVersion=1&useStatefulReconnect=true" },
  { "?NegotiateVersion=12345678", "GET /hub?NegotiateVersion=***" },
  { "?ACCESS_TOKEN=" SECRET "=&x", "GET /hub?ACCESS_TOKEN=***&***" },
  { "?&&" SECRET, "GET /hub?***&***&***" },
};

static char *last_description; /* of the HTTP thread, read when the answer has come; guarded */

static guint
describe (KrHubSoupEndpoint *endpoint, SoupServerMessage *message, gpointer data)
{
  g_mutex_lock (&log_lock);
  g_free (last_description);
  last_description = kr_hub_soup_endpoint_describe_request (endpoint, message);
  g_mutex_unlock (&log_lock);
  return 403;
}

static void
test_describe (void)
{
  KrTestSoup *site = new_site (NULL, KR_HUB_SOUP_FORWARDED_NONE);

  g_signal_connect (site->endpoint, "authorize", G_CALLBACK (describe), NULL);
  kr_test_soup_start (site);
  for (guint i = 0; i < G_N_ELEMENTS (described); i++)
    {
      g_autofree char *path = g_strconcat ("/hub", described[i].query, NULL);

      expect_request (site, "GET", path, NULL, NULL, "HTTP/1.1 403");
      g_mutex_lock (&log_lock);
      g_assert_cmpstr (last_description, ==, described[i].text);
      g_mutex_unlock (&log_lock);
    }
  stop_site (site);
  g_clear_pointer (&last_description, g_free);
}

/* --- redirects --- */

/* Who has a ticket is sent on with it; who comes from there is served. */
static guint
redirect (KrHubSoupEndpoint *endpoint, SoupServerMessage *message, gpointer data)
{
  g_autofree char *token = kr_hub_soup_endpoint_dup_bearer_token (endpoint, message);

  if (g_strcmp0 (token, "forbidden") == 0)
    {
      kr_hub_soup_endpoint_redirect (endpoint, message, "https://one.example/hub", NULL);
      return SOUP_STATUS_FORBIDDEN;
    }
  if (token != NULL)
    kr_hub_soup_endpoint_redirect (endpoint, message, "https://one.example/hub?a=\"b", token);
  /* The last word counts. */
  if (g_strcmp0 (token, "changed") == 0)
    kr_hub_soup_endpoint_redirect (endpoint, message, "https://two.example/", NULL);
  return SOUP_STATUS_OK;
}

static void
test_redirect (void)
{
  KrTestSoup *site = new_site (NULL, 0);

  g_signal_connect (site->endpoint, "authorize", G_CALLBACK (redirect), NULL);
  kr_test_soup_start (site);
  expect_request (site, "POST", "/hub/negotiate?negotiateVersion=7", "Authorization: Bearer t\xc3\xb6\r\n", "",
                  "{\"negotiateVersion\":1,\"url\":\"https://one.example/hub?a=\\\"b\",\"accessToken\":\"t\xc3\xb6\","
                  "\"availableTransports\":[]}");
  expect_request (site, "POST", "/hub/negotiate?access_token=changed", NULL, "",
                  "{\"negotiateVersion\":0,\"url\":\"https://two.example/\",\"availableTransports\":[]}");
  /* A token is made for who stays only, and who may not come in is not sent anywhere. */
  g_assert_cmpuint (kr_hub_soup_endpoint_get_n_negotiated (site->endpoint), ==, 0);
  expect_request (site, "POST", "/hub/negotiate?access_token=forbidden", NULL, "", "HTTP/1.1 403");
  expect_request (site, "POST", "/hub/negotiate?access_token=x&negotiateVersion=x", NULL, "", "non-integer");
  expect_request (site, "GET", "/hub/negotiate?access_token=x", NULL, NULL, "HTTP/1.1 405");
  expect_request (site, "GET", "/hub?access_token=x", NULL, NULL, "Connection ID required");
  expect_request (site, "POST", "/hub/negotiate", NULL, "", "\"connectionId\":");
  stop_site (site);
}

/* --- somebody else's requests, and how long a token is good --- */

static guint
identify (KrHubSoupEndpoint *endpoint, SoupServerMessage *message, gpointer data)
{
  g_autofree char *token = kr_hub_soup_endpoint_dup_bearer_token (endpoint, message);

  kr_hub_soup_endpoint_set_user_id (endpoint, message, token);
  if (g_strcmp0 (token, "brief") == 0)
    kr_hub_soup_endpoint_set_expiry (endpoint, message, g_get_real_time () - G_USEC_PER_SEC);
  if (g_strcmp0 (token, "for-ever") == 0)
    kr_hub_soup_endpoint_set_expiry (endpoint, message, G_MAXINT64);
  return SOUP_STATUS_OK;
}

static guint
count_warnings (void)
{
  guint n = 0;

  g_mutex_lock (&log_lock);
  for (const char *p = logged->str; (p = strstr (p, "127.0.0.1 asks for it as another user")) != NULL; p++)
    n++;
  g_assert_null (strstr (logged->str, "anna-"));
  g_assert_null (strstr (logged->str, "otto-"));
  g_mutex_unlock (&log_lock);
  return n;
}

static void
test_other_user (void)
{
  KrTestSoup *site = new_site (NULL, 0);
  g_autofree char *token = NULL;
  g_autofree char *path = NULL;

  g_signal_connect (site->endpoint, "authorize", G_CALLBACK (identify), NULL);
  kr_test_soup_start (site);
  g_string_truncate (logged, 0);
  quiet_level = G_LOG_LEVEL_WARNING;
  token = kr_test_soup_negotiate (site);
  path = g_strdup_printf ("/hub?id=%s", token);
  expect_request (site, "GET", path, "Authorization: Bearer anna-1\r\n", NULL, "HTTP/1.1 200");
  /* Posting is nothing to warn of, with ASP.NET Core neither. */
  expect_request (site, "POST", path, "Authorization: Bearer otto-1\r\n", HANDSHAKE, "HTTP/1.1 200");
  expect_request (site, "GET", path, "Authorization: Bearer anna-1\r\n", NULL, "{}");
  g_assert_cmpuint (count_warnings (), ==, 0);
  for (guint i = 0; i < 3; i++)
    {
      expect_request (site, "POST", path, NULL,
                      "{\"type\":1,\"invocationId\":\"1\",\"target\":\"Who\",\"arguments\":[]}\x1e", "HTTP/1.1 200");
      expect_request (site, "GET", path, i == 1 ? NULL : "Authorization: Bearer otto-1\r\n", NULL, "\"result\":\"anna-1\"");
    }
  expect_request (site, "DELETE", path, NULL, NULL, "HTTP/1.1 202");
  g_assert_cmpuint (count_warnings (), ==, 1);
  stop_site (site);
  quiet_level = 0;
}

static void
test_expiry (void)
{
  KrTestSoup *site = new_site (NULL, 0);
  g_autofree char *token = NULL;
  g_autofree char *path = NULL;

  g_signal_connect (site->endpoint, "authorize", G_CALLBACK (identify), NULL);
  kr_test_soup_start (site);
  quiet_level = G_LOG_LEVEL_WARNING;
  token = kr_test_soup_negotiate (site);
  path = g_strdup_printf ("/hub?id=%s", token);
  expect_request (site, "GET", path, "Authorization: Bearer brief\r\n", NULL, "HTTP/1.1 200");
  expect_request (site, "POST", path, "Authorization: Bearer brief\r\n", HANDSHAKE, "HTTP/1.1 200");
  /* Without a word about it, it stays as it was. */
  expect_request (site, "GET", path, NULL, NULL, "{}");
  expect_request (site, "GET", path, NULL, NULL, "{\"type\":7,\"allowReconnect\":true}\x1e");
  expect_request (site, "GET", path, "Authorization: Bearer for-ever\r\n", NULL, "HTTP/1.1 204");
  stop_site (site);
  quiet_level = 0;
}

int
main (int argc, char **argv)
{
  int result;

  g_test_init (&argc, &argv, NULL);
  logged = g_string_new (NULL);
  g_log_set_writer_func (capture, NULL, NULL);
  g_test_add_func ("/soup/admission/address", test_address);
  g_test_add_func ("/soup/admission/stranger", test_stranger);
  g_test_add_func ("/soup/admission/origin", test_origin);
  g_test_add_func ("/soup/admission/origin-scheme", test_origin_scheme);
  g_test_add_func ("/soup/admission/nothing-secret", test_nothing_secret);
  g_test_add_func ("/soup/admission/describe", test_describe);
  g_test_add_func ("/soup/admission/redirect", test_redirect);
  g_test_add_func ("/soup/admission/other-user", test_other_user);
  g_test_add_func ("/soup/admission/expiry", test_expiry);
  result = g_test_run ();
  g_string_free (logged, TRUE);
  return result;
}
