/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* Requests of which it is in doubt where they end, and those that are hidden behind them. */
#include "config.h"

#include <string.h>
#include <unistd.h>

#include "kr-hub-soup-framing-private.h"
#include "kr-test-soup.h"

/* --- the rules --- */

typedef struct
{
  const char *name;
  const char *lines;  /* as they stand in a head */
  const char *fault;  /* a part of it; NULL: none */
  gboolean old;       /* HTTP/1.0 */
} Rule;

static const Rule rules[] = {
  { "nothing", "Host: a\r\n", NULL },
  { "length", "Host: a\r\nContent-Length: 5\r\n", NULL },
  { "length/zero", "Content-Length: 0\r\n", NULL },
  { "length/longest", "Content-Length: 1234567890123456789\r\n", NULL },
  { "length/too-long", "Content-Length: 12345678901234567890\r\n", "no number" },
  { "length/twice", "Content-Length: 5\r\nContent-Length: 5\r\n", "no number" },
  { "length/two", "Content-Length: 0\r\nContent-Length: 5\r\n", "no number" },
  { "length/list", "Content-Length: 5, 5\r\n", "no number" },
  { "length/plus", "Content-Length: +5\r\n", "no number" },
  { "length/minus", "Content-Length: -5\r\n", "no number" },
  { "length/hex", "Content-Length: 0x5\r\n", "no number" },
  { "length/word", "Content-Length: five\r\n", "no number" },
  { "length/empty", "Content-Length: \r\n", "no number" },
  { "encoding", "Transfer-Encoding: chunked\r\n", NULL },
  { "encoding/case", "Transfer-Encoding: CHUNKED\r\n", NULL },
  { "encoding/and-length", "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n", "a length and an encoding" },
  { "encoding/behind-length", "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", "a length and an encoding" },
  { "encoding/folded", "Transfer-Encoding:\r\n chunked\r\nContent-Length: 5\r\n", "a length and an encoding" },
  { "encoding/unknown-and-length", "Transfer-Encoding: xchunked\r\nContent-Length: 5\r\n", "a length and an encoding" },
  { "encoding/identity", "Transfer-Encoding: identity\r\n", "not known" },
  { "encoding/quoted", "Transfer-Encoding: \"chunked\"\r\n", "not known" },
  { "encoding/vertical-tab", "Transfer-Encoding: \vchunked\r\n", "not known" },
  { "encoding/list", "Transfer-Encoding: gzip, chunked\r\n", "not known" },
  { "encoding/twice", "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", "not known" },
  { "encoding/old", "Transfer-Encoding: chunked\r\n", "HTTP/1.0", TRUE },
  { "host/port", "Host: [::1]:8080\r\n", NULL },
  { "host/empty", "Host: \r\n", NULL },
  { "host/twice", "Host: a\r\nHost: b\r\n", "hosts" },
  { "host/space", "Host: a b\r\n", "hosts" },
  { "host/user", "Host: a@b\r\n", "hosts" },
  { "host/path", "Host: a/b\r\n", "hosts" },
  { "upgrade", "Upgrade: websocket\r\n", NULL },
  { "upgrade/no-bytes", "Upgrade: websocket\r\nContent-Length: 00\r\n", NULL },
  { "upgrade/body", "Upgrade: websocket\r\nContent-Length: 10\r\n", "an upgrade" },
  { "upgrade/chunked", "Upgrade: websocket\r\nTransfer-Encoding: chunked\r\n", "an upgrade" },
  { "upgrade/to-another", "Upgrade: h2c\r\nContent-Length: 10\r\n", NULL },
};

static void
test_rule (gconstpointer data)
{
  const Rule *rule = data;
  g_autoptr (SoupMessageHeaders) headers = soup_message_headers_new (SOUP_MESSAGE_HEADERS_REQUEST);
  g_autofree char *head = g_strdup_printf ("GET / HTTP/1.1\r\n%s", rule->lines);
  const char *fault;

  g_assert_true (soup_headers_parse (head, strlen (head), headers));
  fault = kr_hub_soup_framing_find_fault (headers, rule->old ? SOUP_HTTP_1_0 : SOUP_HTTP_1_1);
  if (rule->fault == NULL)
    g_assert_cmpstr (fault, ==, NULL);
  else
    g_assert_nonnull (fault != NULL ? strstr (fault, rule->fault) : NULL);
}

/* --- the same over sockets --- */

#define NEGOTIATE "POST /hub/negotiate HTTP/1.1\r\nHost: localhost\r\n"
#define ELSEWHERE "POST /elsewhere HTTP/1.1\r\nHost: localhost\r\n"
#define HIDDEN "GET /hub?id=hidden HTTP/1.1\r\nHost: localhost\r\n\r\n"
#define HIDDEN_ANSWER "No Connection with that ID"
#define CHUNKS "0\r\n\r\n"

static const struct
{
  const char *request;  /* HIDDEN follows */
  guint status;
  gboolean goes_on;     /* and is answered */
} rows[] = {
  { NEGOTIATE "Content-Length: 5\r\n\r\nhello", 200, TRUE },
  { NEGOTIATE "\r\n", 200, TRUE },
  { NEGOTIATE "Transfer-Encoding: chunked\r\n\r\n" CHUNKS, 200, FALSE },
  { NEGOTIATE "Transfer-Encoding: chunked\r\n\r\n0x5\r\nhello\r\n" CHUNKS, 200, FALSE },
  { NEGOTIATE "Transfer-Encoding: chunked\r\n\r\n-5\r\nhello\r\n" CHUNKS, 200, FALSE },
  { NEGOTIATE "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n" CHUNKS, 400, FALSE },
  { NEGOTIATE "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n" CHUNKS, 400, FALSE },
  { NEGOTIATE "Content-Length: -5\r\n\r\n", 400, FALSE },
  { NEGOTIATE "Content-Length: 0\r\nContent-Length: 5\r\n\r\nhello", 400, FALSE },
  { NEGOTIATE "Content-Length: 5\r\nContent-Length: 0\r\n\r\n", 400, FALSE },
  { NEGOTIATE "Content-Length: 99999999999999999999\r\n\r\n", 400, FALSE },
  { NEGOTIATE "Content-Length: -99999999999999999999\r\n\r\n", 400, FALSE },
  { "GET /hub?id=x HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400, FALSE },
  { "GET /hub HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nContent-Length: 5\r\n\r\nhello", 400, FALSE },
};

static void
hold (KrTestSoup *site, const char *request, guint status, gboolean goes_on)
{
  g_autofree char *start = g_strdup_printf ("HTTP/1.1 %u ", status);
  g_autofree char *all = g_strconcat (request, HIDDEN, NULL);
  g_autofree char *answer = NULL;
  int fd = kr_test_soup_connect (site);

  g_test_message ("%s", request);
  kr_test_soup_write (fd, all, strlen (all));
  answer = kr_test_soup_read (fd, goes_on ? HIDDEN_ANSWER : NULL);
  close (fd);
  g_assert_true (g_str_has_prefix (answer, start));
  g_assert_cmpint (strstr (answer + 1, "HTTP/1.1 ") != NULL, ==, goes_on);
}

static void
test_hidden (gconstpointer flags)
{
  KrTestSoup *site = kr_test_soup_new (NULL, GPOINTER_TO_UINT (flags));

  kr_test_soup_start (site);
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    hold (site, rows[i].request, rows[i].status, rows[i].goes_on);
  if (site->door != NULL)
    {
      hold (site, ELSEWHERE "Content-Length: 5\r\n\r\nhello", 404, TRUE);
      hold (site, ELSEWHERE "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n" CHUNKS, 400, FALSE);
    }
  kr_test_soup_free (site);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (rules); i++)
    {
      g_autofree char *path = g_strconcat ("/framing/rule/", rules[i].name, NULL);

      g_test_add_data_func (path, &rules[i], test_rule);
    }
  g_test_add_data_func ("/framing/hidden", GUINT_TO_POINTER (0), test_hidden);
  g_test_add_data_func ("/framing/hidden/no-door", GUINT_TO_POINTER (KR_TEST_SOUP_NO_DOOR), test_hidden);
  return g_test_run ();
}
