/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* What the endpoint counts of its requests, and the front door of its connections. */
#include "config.h"

#include <string.h>
#include <unistd.h>

#include "kr-test-soup.h"

#define HANDSHAKE "{\"protocol\":\"json\",\"version\":1}\x1e"

static KrTestSoup *
start_site (KrTestSoupFlags flags, void (*prepare_door) (KrHubSoupFrontDoor *))
{
  KrTestSoup *self = kr_test_soup_new (NULL, flags);

  g_object_set (self->endpoint, "close-timeout", (gint64) G_USEC_PER_SEC, NULL);
  self->prepare_door = prepare_door;
  kr_test_soup_start (self);
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

/* --- what was counted --- */

/* @attributes: with commas in between */
static guint64
sum (KrHubMetrics *metrics, const char *name, const char *attributes)
{
  g_auto (GStrv) list = g_strsplit (attributes, ",", -1);

  return kr_hub_metrics_sum (metrics, name, (const char *const *) list);
}

typedef struct
{
  KrTestSoup *site;
  gboolean of_door;
  const char *name;
  const char *attributes;
  guint64 value;
} Wish;

static gboolean
is_so (gpointer data)
{
  const Wish *wish = data;
  g_autoptr (KrHubMetrics) metrics = wish->of_door ? kr_hub_soup_front_door_read_metrics (wish->site->door)
                                                   : kr_hub_soup_endpoint_read_metrics (wish->site->endpoint);

  return sum (metrics, wish->name, wish->attributes) == wish->value;
}

#define UPGRADED "kestrel.upgraded_connections"

/* Counted after the answer has gone. */
static void
expect (KrTestSoup *site, const char *name, const char *attributes, guint64 value)
{
  Wish wish = { site, g_str_has_prefix (name, "kestrel.") && strcmp (name, UPGRADED) != 0, name, attributes, value };
  g_autofree char *what = g_strdup_printf ("%s{%s} = %" G_GUINT64_FORMAT, name, attributes, value);

  kr_test_wait (what, is_so, &wish);
}

#define DURATION "http.server.request.duration"
#define ACTIVE "http.server.active_requests"

static void
request (KrTestSoup *site, const char *method, const char *path)
{
  g_autofree char *answer = kr_test_soup_request (site, method, path, NULL, strcmp (method, "POST") == 0 ? "" : NULL);

  g_assert_true (g_str_has_prefix (answer, "HTTP/1."));
}

static void
test_requests (void)
{
  KrTestSoup *site = start_site (0, NULL);
  g_autoptr (KrHubMetrics) metrics = NULL;

  request (site, "POST", "/hub/negotiate");
  request (site, "POST", "/HUB/Negotiate/");
  request (site, "GET", "/hub?id=x");
  request (site, "PUT", "/hub");
  request (site, "FOO", "/hub");
  request (site, "BAR", "/hub");
  request (site, "GET", "/elsewhere");
  expect (site, DURATION, "http.response.status_code=405", 3);
  metrics = kr_hub_soup_endpoint_read_metrics (site->endpoint);
  g_assert_cmpuint (sum (metrics, DURATION, "http.request.method=POST,http.response.status_code=200,"
                                            "http.route=/hub/negotiate,url.scheme=http,network.protocol.version=1.1"), ==, 2);
  g_assert_cmpuint (sum (metrics, DURATION, "http.request.method=GET,http.response.status_code=404,http.route=/hub"), ==, 1);
  g_assert_cmpuint (sum (metrics, DURATION, "http.request.method=PUT,http.response.status_code=405"), ==, 1);
  /* Whatever clients make up is one series. */
  g_assert_cmpuint (sum (metrics, DURATION, "http.request.method=_OTHER,http.response.status_code=405"), ==, 2);
  g_assert_cmpuint (sum (metrics, DURATION, ""), ==, 6);
  g_assert_cmpuint (sum (metrics, ACTIVE, ""), ==, 0);
  g_assert_cmpuint (sum (metrics, "krhub.endpoint.negotiated_connections", "http.route=/hub"), ==, 2);
  stop_site (site);
}

static void
test_broken (void)
{
  static const char broken[] = "POST /hub HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n";
  KrTestSoup *site = start_site (0, NULL);
  int fd = kr_test_soup_connect (site);
  g_autofree char *answer = NULL;

  kr_test_soup_write (fd, broken, strlen (broken));
  answer = kr_test_soup_read (fd, NULL);
  close (fd);
  expect (site, DURATION, "http.request.method=POST,http.response.status_code=400", 1);
  expect (site, DURATION, "", 1);
  expect (site, ACTIVE, "", 0);
  expect (site, "kestrel.active_connections", "", 0);
  stop_site (site);
}

static guint
refuse (KrHubSoupEndpoint *endpoint, SoupServerMessage *message, gpointer data)
{
  return SOUP_STATUS_UNAUTHORIZED;
}

static void
test_refused (void)
{
  KrTestSoup *site = start_site (0, NULL);

  g_signal_connect (site->endpoint, "authorize", G_CALLBACK (refuse), NULL);
  request (site, "POST", "/hub/negotiate");
  expect (site, DURATION, "http.response.status_code=401,http.route=/hub/negotiate", 1);
  stop_site (site);
}

/* Each lasts as long as its connection. */
static void
test_taken (gconstpointer threads)
{
  KrTestSoup *site = kr_test_soup_new (NULL, 0);
  g_autofree char *token = NULL, *head = NULL, *answer = NULL;
  int ws, events;

  g_object_set (site->endpoint, "close-timeout", (gint64) G_USEC_PER_SEC, "io-threads", GPOINTER_TO_UINT (threads), NULL);
  kr_test_soup_start (site);
  ws = kr_test_soup_upgrade (site, "");
  token = kr_test_soup_negotiate (site);
  head = g_strdup_printf ("GET /hub?id=%s HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\n\r\n", token);
  events = kr_test_soup_connect (site);
  kr_test_soup_write (events, head, strlen (head));
  answer = kr_test_soup_read (events, ":\r\n");
  expect (site, ACTIVE, "http.request.method=GET", 2);
  expect (site, UPGRADED, "network.transport=tcp,http.route=/hub", 1);
  expect (site, DURATION, "http.request.method=GET", 0);
  close (ws);
  expect (site, DURATION, "http.request.method=GET,http.response.status_code=101,http.route=/hub", 1);
  expect (site, ACTIVE, "http.request.method=GET", 1);
  expect (site, UPGRADED, "", 0);
  close (events);
  expect (site, DURATION, "http.request.method=GET,http.response.status_code=200,http.route=/hub", 1);
  expect (site, ACTIVE, "", 0);
  stop_site (site);
}

/* A poll whose client leaves, one that is answered, and one by an old client. */
static void
test_polls (void)
{
  KrTestSoup *site = start_site (0, NULL);
  g_autofree char *token = kr_test_soup_negotiate (site);
  g_autofree char *path = g_strdup_printf ("/hub?id=%s", token);
  g_autofree char *head = g_strdup_printf ("GET %s HTTP/1.1\r\nHost: localhost\r\n\r\n", path);
  g_autofree char *old = g_strdup ("GET /hub HTTP/1.0\r\n\r\n");
  g_autofree char *answer = NULL;
  int poll = kr_test_soup_connect (site), other = kr_test_soup_connect (site);

  request (site, "GET", path);
  expect (site, DURATION, "http.request.method=GET,http.response.status_code=200", 1);
  kr_test_soup_write (poll, head, strlen (head));
  expect (site, ACTIVE, "http.request.method=GET", 1);
  close (poll);
  expect (site, ACTIVE, "http.request.method=GET", 0);
  expect (site, DURATION, "http.request.method=GET,http.response.status_code=499", 1);
  kr_test_soup_write (other, old, strlen (old));
  answer = kr_test_soup_read (other, "required");
  close (other);
  expect (site, DURATION, "http.response.status_code=400,network.protocol.version=1.0", 1);
  stop_site (site);
}

/* --- the front door --- */

static void
one_only (KrHubSoupFrontDoor *door)
{
  g_object_set (door, "max-connections", 1, NULL);
}

static void
impatient (KrHubSoupFrontDoor *door)
{
  g_object_set (door, "tls-timeout", (gint64) G_USEC_PER_SEC / 2, NULL);
}

static void
test_door (void)
{
  KrTestSoup *site = start_site (0, one_only);
  int fd = kr_test_soup_connect (site), more = kr_test_soup_connect (site);
  g_autofree char *nothing = NULL;

  nothing = kr_test_soup_read (more, "never");
  g_assert_cmpstr (nothing, ==, "");
  expect (site, "kestrel.active_connections", "network.transport=tcp", 1);
  expect (site, "kestrel.rejected_connections", "", 1);
  close (fd);
  close (more);
  expect (site, "kestrel.active_connections", "", 0);
  stop_site (site);
}

static void
test_tls (void)
{
  KrTestSoup *site = start_site (KR_TEST_SOUP_TLS, impatient);
  int fd = kr_test_soup_connect (site);
  g_autoptr (SoupMessage) message = soup_message_new_from_uri ("GET", site->uri);
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GBytes) body = NULL;
  g_autofree char *rest = NULL;

  kr_test_soup_write (fd, "\x16\x03\x01", 3);
  expect (site, "kestrel.active_tls_handshakes", "", 1);
  rest = kr_test_soup_read (fd, "never");
  close (fd);
  expect (site, "kestrel.tls_handshake.duration", "error.type=_OTHER", 1);
  soup_session_send_and_read_async (site->session, message, G_PRIORITY_DEFAULT, NULL, kr_test_store_result, &result);
  kr_test_wait_result ("an answer over TLS", &result);
  body = soup_session_send_and_read_finish (site->session, result, NULL);
  g_assert_nonnull (body);
  expect (site, "kestrel.tls_handshake.duration", "", 2);
  expect (site, "kestrel.active_tls_handshakes", "", 0);
  expect (site, DURATION, "url.scheme=https,http.response.status_code=400", 1);
  stop_site (site);
}

/* --- together with the hub's --- */

static void
test_text (void)
{
  KrTestSoup *site = start_site (0, NULL);
  g_autoptr (KrHubMetrics) of_hub = NULL, of_endpoint = NULL, of_door = NULL, two = NULL, all = NULL;
  g_autofree char *text = NULL;

  request (site, "PUT", "/hub");
  expect (site, DURATION, "", 1);
  of_hub = kr_hub_server_read_metrics (site->hub);
  of_endpoint = kr_hub_soup_endpoint_read_metrics (site->endpoint);
  of_door = kr_hub_soup_front_door_read_metrics (site->door);
  two = kr_hub_metrics_merge (of_hub, of_endpoint);
  all = kr_hub_metrics_merge (two, of_door);
  text = kr_hub_metrics_to_text (all);
  g_assert_nonnull (strstr (text, "# TYPE http_server_request_duration_seconds histogram\n"
                                  "# UNIT http_server_request_duration_seconds seconds\n"));
  g_assert_nonnull (strstr (text, "http_server_request_duration_seconds_count{http_request_method=\"PUT\","
                                  "http_response_status_code=\"405\",http_route=\"/hub\",url_scheme=\"http\","
                                  "network_protocol_version=\"1.1\"} 1\n"));
  g_assert_nonnull (strstr (text, "http_server_request_duration_seconds_bucket{http_request_method=\"PUT\","));
  g_assert_nonnull (strstr (text, "http_server_active_requests{http_request_method=\"PUT\",url_scheme=\"http\",http_route=\"/hub\"} 0\n"));
  g_assert_nonnull (strstr (text, "kestrel_rejected_connections_total{network_transport=\"tcp\"} 0\n"));
  g_assert_nonnull (strstr (text, "krhub_server_groups "));
  g_assert_true (g_str_has_suffix (text, "\n# EOF\n"));
  stop_site (site);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/soup/metrics/requests", test_requests);
  g_test_add_func ("/soup/metrics/broken", test_broken);
  g_test_add_func ("/soup/metrics/refused", test_refused);
  g_test_add_data_func ("/soup/metrics/taken", GUINT_TO_POINTER (0), test_taken);
  g_test_add_data_func ("/soup/metrics/taken-in-threads", GUINT_TO_POINTER (1), test_taken);
  g_test_add_func ("/soup/metrics/polls", test_polls);
  g_test_add_func ("/soup/metrics/door", test_door);
  g_test_add_func ("/soup/metrics/tls", test_tls);
  g_test_add_func ("/soup/metrics/text", test_text);
  return g_test_run ();
}
