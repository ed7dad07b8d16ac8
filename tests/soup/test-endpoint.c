/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* The endpoint on the wire: every status, header and text (signalr.md 3.1, signalr-observed.md 3 and 4). */
#include "config.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "kr-test-soup.h"

#define HANDSHAKE "{\"protocol\":\"json\",\"version\":1}\x1e"
#define CALL "{\"type\":1,\"invocationId\":\"1\",\"target\":\"Echo\",\"arguments\":[\"hi\"]}\x1e"
#define ANSWER "{\"type\":3,\"invocationId\":\"1\",\"result\":\"hi\"}\x1e"
#define UPGRADE "Upgrade: websocket\r\nConnection: Upgrade\r\n"
#define KEY "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
#define VERSION "Sec-WebSocket-Version: 13\r\n"
#define NO_CACHE "Cache-Control: no-cache, no-store\r\n"

static void
echo (KrHubInvocation *invocation, gpointer data)
{
  kr_hub_invocation_return_string (invocation, kr_hub_invocation_get_string (invocation, 0));
}

static KrTestSoup *
new_site (void)
{
  KrTestSoup *self = kr_test_soup_new (NULL, 0);

  kr_hub_server_add_method (self->hub, "Echo", "(s)", "s", echo, NULL, NULL);
  g_object_set (self->endpoint, "close-timeout", (gint64) G_USEC_PER_SEC, NULL); /* what a client without manners costs a test */
  return self;
}

static KrTestSoup *
start_site (void)
{
  KrTestSoup *self = new_site ();

  kr_test_soup_start (self);
  return self;
}

static gboolean
is_empty (gpointer data)
{
  KrTestSoup *self = data;

  return kr_hub_soup_endpoint_get_n_connections (self->endpoint) == 0;
}

static void
stop_site (KrTestSoup *self)
{
  kr_hub_server_shutdown (self->hub);
  kr_test_wait ("the end of all connections", is_empty, self);
  kr_test_soup_free (self);
}

/* --- reading answers --- */

static guint
status_of (const char *answer)
{
  g_assert_true (g_str_has_prefix (answer, "HTTP/1.1 "));
  return atoi (answer + 9);
}

static const char *
body_of (const char *answer)
{
  const char *end = strstr (answer, "\r\n\r\n");

  g_assert_nonnull (end);
  return end + 4;
}

/* @content_type: NULL if there must be none */
static void
assert_answer (const char *answer, guint status, const char *content_type, const char *body)
{
  g_autofree char *header = content_type != NULL ? g_strdup_printf ("\r\nContent-Type: %s\r\n", content_type) : NULL;

  g_assert_cmpuint (status_of (answer), ==, status);
  if (header != NULL)
    g_assert_nonnull (strstr (answer, header));
  else
    g_assert_null (strstr (answer, "\r\nContent-Type:"));
  g_assert_cmpstr (body_of (answer), ==, body);
}

/* --- rows that need no connection --- */

typedef struct
{
  const char *name;
  const char *method;
  const char *path;
  const char *headers;
  guint status;
  const char *content_type;
  const char *body;
  const char *has;  /* somewhere in the answer; or NULL */
} Row;

#define NON_INTEGER "{\"error\":\"The client requested a non-integer protocol version.\"}"
#define PLAIN "text/plain"
#define POLL NO_CACHE "Pragma: no-cache\r\nExpires: Thu, 01 Jan 1970 00:00:00 GMT\r\n"

static const Row rows[] = {
  { "negotiate/get", "GET", "/hub/negotiate", NULL, 405, PLAIN, "" },
  { "negotiate/head", "HEAD", "/hub/negotiate", NULL, 405, PLAIN, "" },
  { "negotiate/options", "OPTIONS", "/hub/negotiate", NULL, 405, PLAIN, "" },
  { "negotiate/delete", "DELETE", "/hub/negotiate", NULL, 405, PLAIN, "" },
  { "negotiate/version/empty", "POST", "/hub/negotiate?negotiateVersion=", NULL, 200, "application/json", NON_INTEGER },
  { "negotiate/version/fraction", "POST", "/hub/negotiate?negotiateVersion=1.0", NULL, 200, "application/json", NON_INTEGER },
  { "negotiate/version/word", "POST", "/hub/negotiate?negotiateVersion=one", NULL, 200, "application/json", NON_INTEGER },
  { "negotiate/version/huge", "POST", "/hub/negotiate?negotiateVersion=2147483648", NULL, 200, "application/json", NON_INTEGER },
  { "negotiate/version/twice", "POST", "/hub/negotiate?negotiateVersion=1&NegotiateVersion=0", NULL, 200, "application/json",
    NON_INTEGER },
  { "negotiate/version/negative", "POST", "/hub/negotiate?negotiateVersion=-1", NULL, 200, "application/json",
    "{\"error\":\"The client requested version '-1', but the server does not support this version.\"}" },
  { "hub/put", "PUT", "/hub", NULL, 405, PLAIN, "" },
  { "hub/head", "HEAD", "/hub", NULL, 405, PLAIN, "" },
  { "hub/options", "OPTIONS", "/hub", NULL, 405, PLAIN, "" },
  { "hub/no-id/get", "GET", "/hub", NULL, 400, PLAIN, "Connection ID required", POLL },
  { "hub/no-id/empty", "GET", "/hub?id=", NULL, 400, PLAIN, "Connection ID required", POLL },
  { "hub/no-id/post", "POST", "/hub", NULL, 400, PLAIN, "Connection ID required" },
  { "hub/no-id/delete", "DELETE", "/hub", NULL, 400, PLAIN, "Connection ID required" },
  { "hub/no-id/sse", "GET", "/hub", "Accept: text/event-stream\r\n", 400, PLAIN, "Connection ID required" },
  { "hub/unknown/get", "GET", "/hub?id=x", NULL, 404, PLAIN, "No Connection with that ID", POLL },
  { "hub/unknown/twice", "GET", "/hub?id=x&ID=y", NULL, 404, PLAIN, "No Connection with that ID" },
  { "hub/unknown/post", "POST", "/hub?id=x", NULL, 404, PLAIN, "No Connection with that ID" },
  { "hub/unknown/delete", "DELETE", "/hub?id=x", NULL, 404, PLAIN, "No Connection with that ID" },
  { "hub/unknown/sse", "GET", "/hub?id=x", "Accept: text/event-stream\r\n", 404, PLAIN, "No Connection with that ID" },
  { "hub/unknown/websocket", "GET", "/hub?id=x", UPGRADE KEY VERSION, 404, NULL, "No Connection with that ID" },
  /* A broken upgrade is none. */
  { "hub/upgrade/version", "GET", "/hub", UPGRADE KEY "Sec-WebSocket-Version: 12\r\n", 400, PLAIN, "Connection ID required", POLL },
  { "hub/upgrade/no-version", "GET", "/hub", UPGRADE KEY, 400, PLAIN, "Connection ID required", POLL },
  { "hub/upgrade/no-key", "GET", "/hub", UPGRADE VERSION, 400, PLAIN, "Connection ID required", POLL },
  { "hub/upgrade/short-key", "GET", "/hub", UPGRADE VERSION "Sec-WebSocket-Key: c2hvcnQ=\r\n", 400, PLAIN, "Connection ID required" },
  { "hub/upgrade/no-connection", "GET", "/hub", "Upgrade: websocket\r\n" KEY VERSION, 400, PLAIN, "Connection ID required" },
  { "hub/upgrade/post", "POST", "/hub", UPGRADE KEY VERSION, 400, PLAIN, "Connection ID required" },
  { "hub/accept-with-parameter", "GET", "/hub", "Accept: text/event-stream;q=0.5\r\n", 400, PLAIN, "Connection ID required", POLL },
  { "other/below", "GET", "/hub/other", NULL, 404, NULL, "" },
  { "other/below-negotiate", "POST", "/hub/negotiate/x", NULL, 404, NULL, "" },
  { "other/longer", "POST", "/hubnegotiate", NULL, 404, NULL, "" },
  { "case/hub", "GET", "/HuB", NULL, 400, PLAIN, "Connection ID required" },
  { "case/slash", "GET", "/hub/", NULL, 400, PLAIN, "Connection ID required" },
  { "case/negotiate", "GET", "/HUB/Negotiate/", NULL, 405, PLAIN, "" },
  { "origin/foreign", "POST", "/hub/negotiate", "Origin: http://evil.example\r\n", 403, NULL, "" },
  { "origin/null", "POST", "/hub/negotiate", "Origin: null\r\n", 403, NULL, "" },
  { "origin/port", "GET", "/hub", "Origin: http://127.0.0.1:1\r\n", 403, NULL, "" },
  { "origin/upgrade", "GET", "/hub", "Origin: http://evil.example\r\n" UPGRADE KEY VERSION, 403, NULL, "" },
};

static void
test_row (gconstpointer data)
{
  const Row *row = data;
  KrTestSoup *site = start_site ();
  g_autofree char *answer = kr_test_soup_request (site, row->method, row->path, row->headers, NULL);

  assert_answer (answer, row->status, row->content_type, row->body);
  g_assert_null (strstr (answer, "\r\nAllow:"));
  if (row->has != NULL)
    g_assert_nonnull (strstr (answer, row->has));
  g_assert_cmpuint (kr_hub_soup_endpoint_get_n_negotiated (site->endpoint), ==, 0);
  stop_site (site);
}

/* --- negotiation --- */

static void
assert_negotiated (KrTestSoup *site, const char *path, const char *pattern)
{
  g_autofree char *body = g_strnfill (100000, 'x');
  g_autofree char *answer = kr_test_soup_request (site, "POST", path, NULL, body);

  g_assert_cmpuint (status_of (answer), ==, 200);
  g_assert_nonnull (strstr (answer, "\r\nContent-Type: application/json\r\n"));
  g_assert_nonnull (strstr (answer, "\r\nContent-Length: "));
  g_assert_null (strstr (answer, "\r\nCache-Control:"));
  g_assert_true (g_regex_match_simple (pattern, body_of (answer), 0, 0));
}

#define ID "[A-Za-z0-9_-]{22}"

static void
test_negotiate (void)
{
  KrTestSoup *site = start_site ();
  static const char version_0[] = "^\\{\"negotiateVersion\":0,\"connectionId\":\"" ID "\",\"availableTransports\":";
  static const char version_1[] =
    "^\\{\"negotiateVersion\":1,\"connectionId\":\"" ID "\",\"connectionToken\":\"" ID "\",\"availableTransports\":";

  assert_negotiated (site, "/hub/negotiate", version_0);
  assert_negotiated (site, "/hub/negotiate?NEGOTIATEVERSION=0", version_0);
  assert_negotiated (site, "/hub/negotiate?negotiateVersion=1", version_1);
  assert_negotiated (site, "/hub/negotiate?negotiateVersion=7", version_1);
  assert_negotiated (site, "/hub/negotiate?negotiateVersion=%2B1", version_1);
  assert_negotiated (site, "/hub/negotiate?negotiateVersion=%201", version_1);
  assert_negotiated (site, "/HUB/NEGOTIATE/?negotiateVersion=1", version_1);
  g_assert_cmpuint (kr_hub_soup_endpoint_get_n_negotiated (site->endpoint), ==, 7);
  stop_site (site);
}

static void
test_minimum_version (void)
{
  KrTestSoup *site = new_site ();
  g_autofree char *answer = NULL;

  g_object_set (site->endpoint, "minimum-protocol-version", 1, NULL);
  kr_test_soup_start (site);
  answer = kr_test_soup_request (site, "POST", "/hub/negotiate", NULL, NULL);
  assert_answer (answer, 200, "application/json",
                 "{\"error\":\"The client requested version '0', but the server does not support this version.\"}");
  stop_site (site);
}

static void
test_transports (void)
{
  static const struct
  {
    KrHubTransportFlags disabled;
    const char *name;
    const char *headers;
  } cases[] = {
    { KR_HUB_TRANSPORT_WEBSOCKETS, "WebSockets", UPGRADE KEY VERSION },
    { KR_HUB_TRANSPORT_SERVER_SENT_EVENTS, "ServerSentEvents", "Accept: text/html, Text/Event-Stream\r\n" },
    { KR_HUB_TRANSPORT_LONG_POLLING, "LongPolling", NULL },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      KrTestSoup *site = new_site ();
      g_autofree char *token = NULL;
      g_autofree char *path = NULL;
      g_autofree char *answer = NULL;
      g_autofree char *text = g_strdup_printf ("%s transport not supported by this end point type", cases[i].name);

      g_object_set (site->endpoint, "transports", KR_HUB_TRANSPORT_ALL & ~cases[i].disabled, NULL);
      kr_test_soup_start (site);
      answer = kr_test_soup_request (site, "POST", "/hub/negotiate", NULL, NULL);
      g_assert_null (strstr (answer, cases[i].name));
      token = kr_test_soup_negotiate (site);
      path = g_strdup_printf ("/hub?id=%s", token);
      g_clear_pointer (&answer, g_free);
      answer = kr_test_soup_request (site, "GET", path, cases[i].headers, NULL);
      assert_answer (answer, 404, PLAIN, text);
      stop_site (site);
    }
}

/* --- a connection's life over each transport --- */

static char *
path_for (const char *token)
{
  return g_strdup_printf ("/hub?id=%s", token);
}

static void
assert_request (KrTestSoup *site, const char *method, const char *path, const char *headers, const char *body, guint status,
                const char *content_type, const char *answer_body)
{
  g_autofree char *answer = kr_test_soup_request (site, method, path, headers, body);

  assert_answer (answer, status, content_type, answer_body);
}

static void
test_long_polling (void)
{
  KrTestSoup *site = start_site ();
  g_autofree char *token = kr_test_soup_negotiate (site);
  g_autofree char *path = path_for (token);

  assert_request (site, "GET", path, NULL, NULL, 200, "application/octet-stream", "");
  assert_request (site, "POST", path, NULL, HANDSHAKE CALL, 200, PLAIN, "");
  assert_request (site, "GET", path, "Range: bytes=0-1\r\n", NULL, 200, "application/octet-stream", "{}\x1e" ANSWER);
  assert_request (site, "GET", path, "Accept: text/event-stream\r\n", NULL, 400, PLAIN, "Cannot change transports mid-connection");
  assert_request (site, "GET", path, UPGRADE KEY VERSION, NULL, 400, PLAIN, "Cannot change transports mid-connection");
  assert_request (site, "DELETE", path, NULL, NULL, 202, PLAIN, "");
  assert_request (site, "GET", path, NULL, NULL, 404, PLAIN, "No Connection with that ID");
  assert_request (site, "POST", path, NULL, CALL, 404, PLAIN, "No Connection with that ID");
  assert_request (site, "DELETE", path, NULL, NULL, 404, PLAIN, "No Connection with that ID");
  stop_site (site);
}

static int
begin_request (KrTestSoup *site, const char *path, const char *headers)
{
  int fd = kr_test_soup_connect (site);
  g_autofree char *request = g_strdup_printf ("GET %s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nConnection: close\r\n%s\r\n", path,
                                              site->port, headers != NULL ? headers : "");

  kr_test_soup_write (fd, request, strlen (request));
  return fd;
}

static void
test_poll_replaced (void)
{
  KrTestSoup *site = start_site ();
  g_autofree char *token = kr_test_soup_negotiate (site);
  g_autofree char *path = path_for (token);
  int first, second;

  assert_request (site, "GET", path, NULL, NULL, 200, "application/octet-stream", "");
  first = begin_request (site, path, NULL);
  second = begin_request (site, path, NULL);
  /* Either may come first: whichever does, the other one takes its place. */
  assert_request (site, "POST", path, NULL, HANDSHAKE, 200, PLAIN, "");
  {
    g_autofree char *one = kr_test_soup_read (first, NULL);
    g_autofree char *two = kr_test_soup_read (second, NULL);

    g_assert_cmpuint (status_of (one) + status_of (two), ==, 404);
    assert_answer (one, status_of (one), status_of (one) == 204 ? PLAIN : "application/octet-stream",
                   status_of (one) == 204 ? "" : "{}\x1e");
  }
  close (first);
  close (second);
  assert_request (site, "DELETE", path, NULL, NULL, 202, PLAIN, "");
  stop_site (site);
}

/* The poll that is held at the end brings the hub's last word; what comes later finds nothing. */
static void
test_poll_deleted (void)
{
  static const struct
  {
    const char *posted;
    guint status;
    const char *content_type;
    const char *body;
  } cases[] = {
    { HANDSHAKE, 200, "application/octet-stream", "{\"type\":7,\"allowReconnect\":true}\x1e" },
    { "", 204, PLAIN, "" }, /* the hub does not know it yet */
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      KrTestSoup *site = start_site ();
      g_autofree char *token = kr_test_soup_negotiate (site);
      g_autofree char *path = path_for (token);
      g_autofree char *answer = NULL;
      int held;

      assert_request (site, "GET", path, NULL, NULL, 200, "application/octet-stream", "");
      assert_request (site, "POST", path, NULL, cases[i].posted, 200, PLAIN, "");
      if (cases[i].status == 200)
        assert_request (site, "GET", path, NULL, NULL, 200, "application/octet-stream", "{}\x1e");
      held = begin_request (site, path, NULL);
      /* Requests of one server are read in the order they come in, also on several connections. */
      assert_request (site, "POST", path, NULL, "", 200, PLAIN, "");
      assert_request (site, "DELETE", path, NULL, NULL, 202, PLAIN, "");
      answer = kr_test_soup_read (held, NULL);
      assert_answer (answer, cases[i].status, cases[i].content_type, cases[i].body);
      close (held);
      assert_request (site, "GET", path, NULL, NULL, 404, PLAIN, "No Connection with that ID");
      g_assert_cmpuint (kr_hub_soup_endpoint_get_n_connections (site->endpoint), ==, 0);
      stop_site (site);
    }
}

static void
test_poll_ends (void)
{
  KrTestSoup *site = new_site ();
  g_autofree char *token = NULL;
  g_autofree char *path = NULL;
  int fd;

  g_object_set (site->endpoint, "poll-timeout", (gint64) 50000, NULL);
  kr_test_soup_start (site);
  token = kr_test_soup_negotiate (site);
  path = path_for (token);
  assert_request (site, "GET", path, NULL, NULL, 200, "application/octet-stream", "");
  assert_request (site, "GET", path, NULL, NULL, 200, PLAIN, ""); /* the timeout */
  g_object_set (site->endpoint, "poll-timeout", (gint64) 90 * G_USEC_PER_SEC, NULL);
  assert_request (site, "POST", path, NULL, HANDSHAKE, 200, PLAIN, "");
  assert_request (site, "GET", path, NULL, NULL, 200, "application/octet-stream", "{}\x1e");
  fd = begin_request (site, path, NULL);
  assert_request (site, "DELETE", path, NULL, NULL, 202, PLAIN, "");
  {
    g_autofree char *answer = kr_test_soup_read (fd, NULL);

    /* 404: the DELETE overtook the poll. */
    g_assert_true (status_of (answer) == 204 || status_of (answer) == 404 || status_of (answer) == 200);
  }
  close (fd);
  stop_site (site);
}

/* The server's own end: the poll brings the Close, the next is 204. */
static void
test_poll_shutdown (void)
{
  KrTestSoup *site = new_site ();
  g_autofree char *token = NULL;
  g_autofree char *path = NULL;
  int fd;

  g_object_set (site->endpoint, "close-timeout", (gint64) 20 * G_USEC_PER_SEC, NULL); /* a slow machine polls late */
  kr_test_soup_start (site);
  token = kr_test_soup_negotiate (site);
  path = path_for (token);
  assert_request (site, "GET", path, NULL, NULL, 200, "application/octet-stream", "");
  assert_request (site, "POST", path, NULL, HANDSHAKE, 200, PLAIN, "");
  assert_request (site, "GET", path, NULL, NULL, 200, "application/octet-stream", "{}\x1e");
  kr_hub_server_shutdown (site->hub);
  fd = begin_request (site, path, NULL);
  {
    g_autofree char *answer = kr_test_soup_read (fd, NULL);

    g_assert_cmpuint (status_of (answer), ==, 200);
    g_assert_nonnull (strstr (answer, "{\"type\":7"));
  }
  close (fd);
  assert_request (site, "GET", path, NULL, NULL, 204, PLAIN, "");
  assert_request (site, "GET", path, NULL, NULL, 404, PLAIN, "No Connection with that ID");
  stop_site (site);
}

static gboolean
has_no_connection (gpointer data)
{
  KrTestSoup *self = data;

  return kr_hub_server_get_n_connections (self->hub) == 0 && kr_hub_soup_endpoint_get_n_connections (self->endpoint) == 0;
}

/* A client that cuts its poll: the connection lingers, and ends when no other poll comes. */
static void
test_poll_cut (void)
{
  KrTestSoup *site = new_site ();
  g_autofree char *token = NULL;
  g_autofree char *path = NULL;
  int fd;

  g_object_set (site->endpoint, "disconnect-timeout", (gint64) 3 * G_USEC_PER_SEC, NULL); /* a slow machine polls late */
  kr_test_soup_start (site);
  token = kr_test_soup_negotiate (site);
  path = path_for (token);
  assert_request (site, "GET", path, NULL, NULL, 200, "application/octet-stream", "");
  assert_request (site, "POST", path, NULL, HANDSHAKE, 200, PLAIN, "");
  assert_request (site, "GET", path, NULL, NULL, 200, "application/octet-stream", "{}\x1e");
  g_assert_cmpuint (kr_hub_server_get_n_connections (site->hub), ==, 1);
  fd = begin_request (site, path, NULL);
  g_usleep (20000); /* most of the time it is held by now; if it is not, the connection ends as well */
  close (fd);
  kr_test_wait ("the disconnect timeout", has_no_connection, site);
  stop_site (site);
}

static void
test_sse (void)
{
  KrTestSoup *site = start_site ();
  g_autofree char *token = kr_test_soup_negotiate (site);
  g_autofree char *path = path_for (token);
  g_autofree char *head = NULL;
  g_autofree char *events = NULL;
  int fd = begin_request (site, path, "Accept: text/html, TEXT/event-stream\r\n");

  head = kr_test_soup_read (fd, "\r\n\r\n:\r\n");
  g_assert_cmpuint (status_of (head), ==, 200);
  g_assert_nonnull (strstr (head, "\r\nContent-Type: text/event-stream\r\n"));
  g_assert_nonnull (strstr (head, "\r\nCache-Control: no-cache,no-store\r\n"));
  g_assert_nonnull (strstr (head, "\r\nPragma: no-cache\r\n"));
  g_assert_nonnull (strstr (head, "\r\nContent-Encoding: identity\r\n"));
  assert_request (site, "POST", path, NULL, HANDSHAKE CALL, 200, PLAIN, "");
  events = kr_test_soup_read (fd, "\"hi\"}\x1e\r\n\r\n");
  g_assert_cmpstr (events, ==, "data: {}\x1e" ANSWER "\r\n\r\n");
  assert_request (site, "GET", path, "Accept: text/event-stream\r\n", NULL, 409, PLAIN, "");
  assert_request (site, "GET", path, NULL, NULL, 400, PLAIN, "Cannot change transports mid-connection");
  assert_request (site, "DELETE", path, NULL, NULL, 400, PLAIN, "Cannot terminate this connection using the DELETE endpoint.");
  close (fd);
  kr_test_wait ("the end", has_no_connection, site);
  assert_request (site, "POST", path, NULL, CALL, 404, PLAIN, "No Connection with that ID");
  stop_site (site);
}

static gboolean
is_open (gpointer data)
{
  KrTestSoup *self = data;

  return kr_hub_server_get_n_connections (self->hub) == 1;
}

static void
test_sse_shutdown (void)
{
  KrTestSoup *site = start_site ();
  g_autofree char *token = kr_test_soup_negotiate (site);
  g_autofree char *path = path_for (token);
  g_autofree char *rest = NULL;
  g_autofree char *head = NULL;
  int fd = begin_request (site, path, "Accept: text/event-stream\r\n");

  head = kr_test_soup_read (fd, "\r\n\r\n:\r\n");
  assert_request (site, "POST", path, NULL, HANDSHAKE, 200, PLAIN, "");
  kr_test_wait ("the handshake", is_open, site);
  kr_hub_server_shutdown (site->hub);
  rest = kr_test_soup_read (fd, NULL); /* up to the end of the stream */
  g_assert_true (g_str_has_prefix (rest, "data: {}\x1e"));
  g_assert_nonnull (strstr (rest, "{\"type\":7"));
  close (fd);
  stop_site (site);
}

/* --- WebSocket; "\x81\xNN" and a zero mask begin the client's frames --- */

#define M "\0\0\0\0"

static void
write_text (int fd, const char *text)
{
  g_autoptr (GByteArray) frame = g_byte_array_new ();
  const guint8 head[] = { 0x81, 0x80 | strlen (text), 0, 0, 0, 0 };

  g_assert_cmpuint (strlen (text), <, 126);
  g_byte_array_append (frame, head, sizeof head);
  g_byte_array_append (frame, (const guint8 *) text, strlen (text));
  kr_test_soup_write (fd, frame->data, frame->len);
}

static void
test_websocket (void)
{
  KrTestSoup *site = start_site ();
  g_autofree char *token = kr_test_soup_negotiate (site);
  g_autofree char *path = path_for (token);
  g_autofree char *query = g_strdup_printf ("?id=%s", token);
  int fd = kr_test_soup_upgrade (site, query);
  g_autofree char *answer = NULL;
  g_autofree char *pong = NULL;
  g_autofree char *goodbye = NULL;

  g_assert_cmpuint (kr_hub_soup_endpoint_get_n_negotiated (site->endpoint), ==, 0);
  g_assert_cmpuint (kr_hub_soup_endpoint_get_n_connections (site->endpoint), ==, 1);
  write_text (fd, HANDSHAKE);
  write_text (fd, CALL);
  answer = kr_test_soup_read (fd, "hi\"}\x1e");
  g_assert_true (g_str_has_prefix (answer, "\x81"));
  assert_request (site, "GET", path, UPGRADE KEY VERSION, NULL, 409, PLAIN, "");
  assert_request (site, "GET", path, NULL, NULL, 400, PLAIN, "Cannot change transports mid-connection");
  assert_request (site, "POST", path, NULL, CALL, 405, PLAIN, "POST requests are not allowed for WebSocket connections.");
  assert_request (site, "DELETE", path, NULL, NULL, 400, PLAIN, "Cannot terminate this connection using the DELETE endpoint.");
  kr_test_soup_write (fd, "\x89\x84" M "ping", 10);
  pong = kr_test_soup_read (fd, "ping");
  g_assert_cmpstr (pong, ==, "\x8a\x04ping");
  kr_test_soup_write (fd, "\x88\x82" M "\x0b\xb8", 8); /* 3000 */
  goodbye = kr_test_soup_read (fd, NULL);
  g_assert_cmpmem (goodbye, 4, "\x88\x02\x03\xe8", 4); /* 1000 */
  close (fd);
  kr_test_wait ("the end", has_no_connection, site);
  stop_site (site);
}

/* Without negotiation the upgrade creates the connection. */
static void
test_websocket_alone (void)
{
  KrTestSoup *site = start_site ();
  int one = kr_test_soup_upgrade (site, "");
  int two = kr_test_soup_upgrade (site, "?id=&access_token=secret");

  g_assert_cmpuint (kr_hub_soup_endpoint_get_n_connections (site->endpoint), ==, 2);
  close (one);
  close (two);
  kr_test_wait ("the end", has_no_connection, site);
  stop_site (site);
}

static void
test_websocket_shutdown (void)
{
  KrTestSoup *site = start_site ();
  int fd = kr_test_soup_upgrade (site, "");
  g_autofree char *answer = NULL;
  g_autofree char *rest = NULL;

  write_text (fd, HANDSHAKE);
  answer = kr_test_soup_read (fd, "{}\x1e");
  kr_hub_server_shutdown (site->hub);
  rest = kr_test_soup_read (fd, "\x88\x02\x03\xe8"); /* the Close message, then the close frame */
  g_assert_nonnull (strstr (rest, "{\"type\":7"));
  kr_test_soup_write (fd, "\x88\x80" M, 6);
  g_free (g_steal_pointer (&rest));
  rest = kr_test_soup_read (fd, NULL);
  g_assert_cmpstr (rest, ==, "");
  close (fd);
  stop_site (site);
}

/* A lost socket is not the end: the connection goes on over the next one, and the table row 409 does not apply. */
static void
test_stateful (void)
{
  KrTestSoup *site = new_site ();
  g_autofree char *answer = NULL;
  g_autofree char *token = NULL;
  g_autofree char *query = NULL;
  g_autofree char *path = NULL;
  int one, two;

  g_object_set (site->endpoint, "allow-stateful-reconnects", TRUE, NULL);
  kr_test_soup_start (site);
  answer = kr_test_soup_request (site, "POST", "/hub/negotiate?negotiateVersion=1&useStatefulReconnect=True", NULL, NULL);
  g_assert_true (g_str_has_prefix (body_of (answer), "{\"useStatefulReconnect\":true,"));
  token = g_strndup (strstr (answer, "connectionToken\":\"") + 18, 22);
  query = g_strdup_printf ("?id=%s", token);
  path = path_for (token);
  one = kr_test_soup_upgrade (site, query);
  write_text (one, "{\"protocol\":\"json\",\"version\":2}\x1e" CALL);
  g_free (g_steal_pointer (&answer));
  answer = kr_test_soup_read (one, "hi\"}\x1e");
  close (one);
  two = kr_test_soup_upgrade (site, query);
  write_text (two, "{\"type\":9,\"sequenceId\":2}\x1e" CALL);
  g_free (g_steal_pointer (&answer));
  answer = kr_test_soup_read (two, "hi\"}\x1e");
  g_assert_nonnull (strstr (answer, "{\"type\":9,\"sequenceId\":1}"));
  g_assert_cmpuint (kr_hub_server_get_n_connections (site->hub), ==, 1);
  assert_request (site, "GET", path, NULL, NULL, 400, PLAIN, "Cannot change transports mid-connection");
  kr_test_soup_write (two, "\x88\x82" M "\x03\xe8", 8); /* a close frame is the end */
  g_free (kr_test_soup_read (two, NULL));
  close (two);
  kr_test_wait ("the end", has_no_connection, site);
  assert_request (site, "GET", path, UPGRADE KEY VERSION, NULL, 404, NULL, "No Connection with that ID");
  stop_site (site);
}

/* Not offered: the client's wish is passed over. */
static void
test_not_stateful (void)
{
  KrTestSoup *site = start_site ();
  g_autofree char *answer =
    kr_test_soup_request (site, "POST", "/hub/negotiate?negotiateVersion=1&useStatefulReconnect=true", NULL, NULL);

  g_assert_null (strstr (answer, "useStatefulReconnect"));
  stop_site (site);
}

/* A peer that does not answer our close frame is cut off. */
static void
test_close_timeout (void)
{
  KrTestSoup *site = new_site ();
  g_autofree char *answer = NULL;
  g_autofree char *rest = NULL;
  int fd;

  g_object_set (site->endpoint, "close-timeout", (gint64) 100000, NULL);
  kr_test_soup_start (site);
  fd = kr_test_soup_upgrade (site, "");
  write_text (fd, HANDSHAKE);
  answer = kr_test_soup_read (fd, "{}\x1e");
  kr_hub_server_shutdown (site->hub);
  kr_test_wait ("the cut", is_empty, site);
  rest = kr_test_soup_read (fd, NULL);
  close (fd);
  stop_site (site);
}

typedef struct
{
  const char *name;
  const char *bytes;
  gsize len;
  const char *close;  /* the close frame expected */
} Violation;

static const Violation violations[] = {
  { "reserved-bit", "\xc1\x80" M, 6, "\x88\x02\x03\xea" },
  { "opcode", "\x83\x80" M, 6, "\x88\x02\x03\xea" },
  { "unmasked", "\x81\x01x", 3, "\x88\x02\x03\xea" },
  { "continuation", "\x80\x80" M, 6, "\x88\x02\x03\xea" },
  { "close-code", "\x88\x82" M "\x03\xed", 8, "\x88\x02\x03\xea" },
  { "length", "\x82\xff\xff\xff\xff\xff\xff\xff\xff\xff" M, 14, "\x88\x02\x03\xea" },
  { "text", "\x81\x81" M "\xff", 7, "\x88\x02\x03\xef" },
};

static void
test_violation (gconstpointer data)
{
  const Violation *violation = data;
  KrTestSoup *site = start_site ();
  int fd = kr_test_soup_upgrade (site, "");
  g_autofree char *answer = NULL;
  g_autofree char *rest = NULL;

  write_text (fd, HANDSHAKE);
  answer = kr_test_soup_read (fd, "{}\x1e");
  kr_test_soup_write (fd, violation->bytes, violation->len);
  rest = kr_test_soup_read (fd, violation->close);
  g_assert_cmpmem (rest, 4, violation->close, 4); /* and no Close message before it */
  close (fd);
  kr_test_wait ("the end", has_no_connection, site);
  stop_site (site);
}

/* --- posts before there is a transport --- */

static void
test_early_posts (void)
{
  KrTestSoup *site = start_site ();
  g_autofree char *token = kr_test_soup_negotiate (site);
  g_autofree char *path = path_for (token);
  g_autofree char *large = g_strnfill (9000, 'x');

  assert_request (site, "POST", path, NULL, HANDSHAKE, 200, PLAIN, "");
  assert_request (site, "POST", path, NULL, CALL, 200, PLAIN, "");
  assert_request (site, "POST", path, NULL, large, 413, PLAIN, "");
  assert_request (site, "DELETE", path, NULL, NULL, 400, PLAIN, "Cannot terminate this connection using the DELETE endpoint.");
  assert_request (site, "GET", path, NULL, NULL, 200, "application/octet-stream", "");
  assert_request (site, "GET", path, NULL, NULL, 200, "application/octet-stream", "{}\x1e" ANSWER);
  assert_request (site, "DELETE", path, NULL, NULL, 202, PLAIN, "");
  stop_site (site);
}

static void
test_large_post (void)
{
  KrTestSoup *site = start_site ();
  g_autofree char *token = kr_test_soup_negotiate (site);
  g_autofree char *path = path_for (token);
  g_autofree char *large = g_strnfill (1100000, 'x');

  assert_request (site, "GET", path, NULL, NULL, 200, "application/octet-stream", "");
  assert_request (site, "POST", path, NULL, large, 413, PLAIN, "");
  assert_request (site, "POST", path, NULL, HANDSHAKE CALL, 200, PLAIN, "");
  assert_request (site, "GET", path, NULL, NULL, 200, "application/octet-stream", "{}\x1e" ANSWER);
  assert_request (site, "DELETE", path, NULL, NULL, 202, PLAIN, "");
  stop_site (site);
}

/* Where messages have no limit, posts have none. */
static void
test_unlimited_post (void)
{
  KrTestSoup *site = start_site ();
  g_autofree char *token = NULL;
  g_autofree char *path = NULL;
  g_autofree char *spaces = g_strnfill (1100000, ' ');
  g_autofree char *large = g_strconcat (HANDSHAKE, spaces, CALL, NULL);

  g_object_set (site->hub, "max-message-size", (guint64) 0, NULL);
  token = kr_test_soup_negotiate (site);
  path = path_for (token);
  assert_request (site, "GET", path, NULL, NULL, 200, "application/octet-stream", "");
  assert_request (site, "POST", path, NULL, large, 200, PLAIN, "");
  assert_request (site, "GET", path, NULL, NULL, 200, "application/octet-stream", "{}\x1e" ANSWER);
  assert_request (site, "DELETE", path, NULL, NULL, 202, PLAIN, "");
  stop_site (site);
}

/* --- who may ask --- */

static guint
authorize (KrHubSoupEndpoint *endpoint, SoupServerMessage *message, gpointer data)
{
  g_autofree char *token = kr_hub_soup_endpoint_dup_bearer_token (endpoint, message);

  if (token == NULL)
    return SOUP_STATUS_UNAUTHORIZED;
  if (strcmp (token, "mallory") == 0)
    return SOUP_STATUS_FORBIDDEN;
  kr_hub_soup_endpoint_set_user_id (endpoint, message, token);
  return SOUP_STATUS_OK;
}

static void
on_connected (KrHubServer *hub, KrHubConnection *connection, gpointer data)
{
  char **user = data;

  g_free (*user);
  *user = g_strdup (kr_hub_connection_get_user_id (connection));
}

static void
test_authorize (void)
{
  KrTestSoup *site = new_site ();
  g_autofree char *user = NULL;
  g_autofree char *answer = NULL;
  int fd;

  g_signal_connect (site->endpoint, "authorize", G_CALLBACK (authorize), NULL);
  g_signal_connect (site->hub, "connected", G_CALLBACK (on_connected), &user);
  kr_test_soup_start (site);
  assert_request (site, "POST", "/hub/negotiate", NULL, NULL, 401, NULL, "");
  assert_request (site, "PUT", "/hub", NULL, NULL, 401, NULL, "");
  assert_request (site, "GET", "/hub?id=unknown", NULL, NULL, 401, NULL, "");
  assert_request (site, "GET", "/hub", UPGRADE KEY VERSION, NULL, 401, NULL, "");
  assert_request (site, "POST", "/hub/negotiate", "Authorization: Bearer mallory\r\n", NULL, 403, NULL, "");
  assert_request (site, "PUT", "/hub", "authorization: bearer ann\r\n", NULL, 405, PLAIN, "");
  fd = kr_test_soup_upgrade (site, "?access_token=ann");
  write_text (fd, HANDSHAKE);
  answer = kr_test_soup_read (fd, "{}\x1e");
  g_assert_cmpstr (user, ==, "ann");
  close (fd);
  kr_test_wait ("the end", has_no_connection, site);
  stop_site (site);
}

static void
test_origins (void)
{
  KrTestSoup *site = new_site ();
  const char *allowed[] = { "https://app.example", NULL };
  g_autofree char *own = NULL;
  g_autofree char *cross = NULL;
  g_autofree char *preflight = NULL;
  g_autofree char *answer = NULL;

  g_object_set (site->endpoint, "allowed-origins", allowed, NULL);
  g_signal_connect (site->endpoint, "authorize", G_CALLBACK (authorize), NULL);
  kr_test_soup_start (site);
  own = g_strdup_printf ("Origin: http://127.0.0.1:%d\r\n", site->port);
  answer = kr_test_soup_request (site, "POST", "/hub/negotiate?access_token=ann", own, NULL);
  g_assert_cmpuint (status_of (answer), ==, 200);
  g_assert_null (strstr (answer, "Access-Control"));
  assert_request (site, "POST", "/hub/negotiate?access_token=ann", "Origin: https://evil.example\r\n", NULL, 403, NULL, "");

  cross = kr_test_soup_request (site, "POST", "/hub/negotiate", "Origin: https://app.example\r\n", NULL);
  g_assert_cmpuint (status_of (cross), ==, 401);
  g_assert_nonnull (strstr (cross, "\r\nAccess-Control-Allow-Origin: https://app.example\r\n"));
  g_assert_nonnull (strstr (cross, "\r\nAccess-Control-Allow-Credentials: true\r\n"));
  preflight = kr_test_soup_request (site, "OPTIONS", "/hub/negotiate",
                                    "Origin: https://app.example\r\nAccess-Control-Request-Method: POST\r\n", NULL);
  g_assert_cmpuint (status_of (preflight), ==, 204);
  g_assert_nonnull (strstr (preflight, "x-requested-with, x-signalr-user-agent, authorization"));
  stop_site (site);
}

/* --- limits --- */

static gboolean
has_no_token (gpointer data)
{
  return kr_hub_soup_endpoint_get_n_negotiated (((KrTestSoup *) data)->endpoint) == 0;
}

static void
test_token_expires (void)
{
  KrTestSoup *site = new_site ();
  g_autofree char *token = NULL;
  g_autofree char *path = NULL;

  g_object_set (site->endpoint, "disconnect-timeout", (gint64) 2 * G_USEC_PER_SEC, NULL);
  kr_test_soup_start (site);
  token = kr_test_soup_negotiate (site);
  path = path_for (token);
  g_assert_cmpuint (kr_hub_soup_endpoint_get_n_negotiated (site->endpoint), ==, 1);
  kr_test_wait ("the end of the token", has_no_token, site);
  assert_request (site, "GET", path, NULL, NULL, 404, PLAIN, "No Connection with that ID");
  stop_site (site);
}

static void
test_max_connections (void)
{
  KrTestSoup *site = new_site ();
  int one, two;

  g_object_set (site->endpoint, "max-connections", 2, NULL);
  kr_test_soup_start (site);
  one = kr_test_soup_upgrade (site, "");
  two = kr_test_soup_upgrade (site, "");
  assert_request (site, "GET", "/hub", UPGRADE KEY VERSION, NULL, 503, PLAIN, "Too many connections");
  g_assert_cmpuint (kr_hub_soup_endpoint_get_n_negotiated (site->endpoint), ==, 0);
  close (one);
  close (two);
  kr_test_wait ("the end", has_no_connection, site);
  two = kr_test_soup_upgrade (site, "");
  close (two);
  stop_site (site);
}

static void
test_max_negotiated (void)
{
  KrTestSoup *site = new_site ();
  g_autofree char *first = NULL;
  g_autofree char *second = NULL;
  g_autofree char *third = NULL;
  g_autofree char *first_path = NULL;
  g_autofree char *third_path = NULL;

  g_object_set (site->endpoint, "max-negotiated", 2, NULL);
  kr_test_soup_start (site);
  first = kr_test_soup_negotiate (site);
  second = kr_test_soup_negotiate (site);
  third = kr_test_soup_negotiate (site);
  g_assert_cmpuint (kr_hub_soup_endpoint_get_n_negotiated (site->endpoint), ==, 2);
  first_path = path_for (first);
  third_path = path_for (third);
  assert_request (site, "GET", first_path, NULL, NULL, 404, PLAIN, "No Connection with that ID");
  assert_request (site, "GET", third_path, NULL, NULL, 200, "application/octet-stream", "");
  assert_request (site, "DELETE", third_path, NULL, NULL, 202, PLAIN, "");
  stop_site (site);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autofree char *path = g_strconcat ("/endpoint/row/", rows[i].name, NULL);

      g_test_add_data_func (path, &rows[i], test_row);
    }
  for (guint i = 0; i < G_N_ELEMENTS (violations); i++)
    {
      g_autofree char *path = g_strconcat ("/endpoint/websocket/violation/", violations[i].name, NULL);

      g_test_add_data_func (path, &violations[i], test_violation);
    }
  g_test_add_func ("/endpoint/negotiate", test_negotiate);
  g_test_add_func ("/endpoint/minimum-version", test_minimum_version);
  g_test_add_func ("/endpoint/transports", test_transports);
  g_test_add_func ("/endpoint/long-polling/life", test_long_polling);
  g_test_add_func ("/endpoint/long-polling/replaced", test_poll_replaced);
  g_test_add_func ("/endpoint/long-polling/deleted", test_poll_deleted);
  g_test_add_func ("/endpoint/long-polling/ends", test_poll_ends);
  g_test_add_func ("/endpoint/long-polling/shutdown", test_poll_shutdown);
  g_test_add_func ("/endpoint/long-polling/cut", test_poll_cut);
  g_test_add_func ("/endpoint/sse/life", test_sse);
  g_test_add_func ("/endpoint/sse/shutdown", test_sse_shutdown);
  g_test_add_func ("/endpoint/websocket/life", test_websocket);
  g_test_add_func ("/endpoint/websocket/alone", test_websocket_alone);
  g_test_add_func ("/endpoint/websocket/shutdown", test_websocket_shutdown);
  g_test_add_func ("/endpoint/websocket/close-timeout", test_close_timeout);
  g_test_add_func ("/endpoint/websocket/stateful", test_stateful);
  g_test_add_func ("/endpoint/websocket/not-stateful", test_not_stateful);
  g_test_add_func ("/endpoint/early-posts", test_early_posts);
  g_test_add_func ("/endpoint/large-post", test_large_post);
  g_test_add_func ("/endpoint/unlimited-post", test_unlimited_post);
  g_test_add_func ("/endpoint/authorize", test_authorize);
  g_test_add_func ("/endpoint/origins", test_origins);
  g_test_add_func ("/endpoint/limits/token-expires", test_token_expires);
  g_test_add_func ("/endpoint/limits/connections", test_max_connections);
  g_test_add_func ("/endpoint/limits/negotiated", test_max_negotiated);
  return g_test_run ();
}
