/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* What proxies say of a client: whom to believe, how far, and every kind of nonsense. */
#include "config.h"

#include "kr-hub-soup-forwarded-private.h"
#include "kr-test.h"

#define X_ALL (KR_HUB_SOUP_FORWARDED_FOR | KR_HUB_SOUP_FORWARDED_PROTO | KR_HUB_SOUP_FORWARDED_HOST)
#define STANDARD KR_HUB_SOUP_FORWARDED_STANDARD
#define PEER "10.0.0.1"

typedef struct
{
  const char *name;
  KrHubSoupForwardedFlags which;
  guint limit;
  KrHubSoupForwardedHeaders headers;
  const char *peer;
  const char *address;
  const char *scheme;
  const char *host;
} Row;

static const Row rows[] = {
  /* Who is believed. */
  { "trust/proxy", X_ALL, 1, { .x_for = "192.0.2.1" }, PEER, "192.0.2.1" },
  { "trust/stranger", X_ALL, 1, { .x_for = "192.0.2.1", .x_proto = "https", .x_host = "a" }, "192.0.2.9" },
  { "trust/unknown-peer", X_ALL, 1, { .x_for = "192.0.2.1" }, NULL },
  { "trust/ipv6", X_ALL, 1, { .x_for = "192.0.2.1" }, "2001:db8::5", "192.0.2.1" },
  { "trust/mapped", X_ALL, 1, { .x_for = "192.0.2.1" }, "::ffff:10.0.0.1", "192.0.2.1" },
  { "trust/outside-network", X_ALL, 1, { .x_for = "192.0.2.1" }, "10.1.0.1" },
  { "which/none", KR_HUB_SOUP_FORWARDED_NONE, 1, { .x_for = "192.0.2.1", .standard = "for=192.0.2.2" }, PEER },
  { "which/for", KR_HUB_SOUP_FORWARDED_FOR, 1, { .x_for = "192.0.2.1", .x_proto = "https", .x_host = "a" }, PEER, "192.0.2.1" },
  { "which/proto", KR_HUB_SOUP_FORWARDED_PROTO, 1, { .x_for = "192.0.2.1", .x_proto = "https", .x_host = "a" }, PEER, NULL, "https" },
  { "which/host", KR_HUB_SOUP_FORWARDED_HOST, 1, { .x_for = "192.0.2.1", .x_proto = "https", .x_host = "a" }, PEER, NULL, NULL, "a" },
  { "which/standard", STANDARD, 1, { .x_for = "192.0.2.1", .standard = "for=192.0.2.2" }, PEER, "192.0.2.2" },
  { "which/standard-is-absent", STANDARD | X_ALL, 1, { .x_for = "192.0.2.1" }, PEER, "192.0.2.1" },
  { "which/standard-wins", STANDARD | X_ALL, 1, { .x_for = "192.0.2.1", .standard = "proto=https" }, PEER, NULL, "https" },
  /* How far. */
  { "hops/last", X_ALL, 1, { .x_for = "198.51.100.1, 192.0.2.1" }, PEER, "192.0.2.1" },
  { "hops/limit", X_ALL, 2, { .x_for = "1.1.1.1, 10.0.0.3, 10.0.0.2" }, PEER, "10.0.0.3" },
  { "hops/through-proxies", X_ALL, 16, { .x_for = "6.6.6.6, 192.0.2.1, 10.0.0.3,10.0.0.2" }, PEER, "192.0.2.1" },
  { "hops/all-proxies", X_ALL, 16, { .x_for = "10.0.0.3, 10.0.0.2" }, PEER, "10.0.0.3" },
  { "hops/aligned", X_ALL, 2, { .x_for = "192.0.2.1, 10.0.0.2", .x_proto = "http, https", .x_host = "b" }, PEER, "192.0.2.1", "http", "b" },
  { "hops/standard", STANDARD, 16, { .standard = "for=6.6.6.6, For=192.0.2.1;proto=https, for=10.0.0.2;Proto=http" }, PEER,
    "192.0.2.1", "https" },
  { "hops/standard-limit", STANDARD, 1, { .standard = "for=192.0.2.1;proto=https;host=b, for=10.0.0.2" }, PEER, "10.0.0.2" },
  { "hops/spoofed-in-front", X_ALL, 16, { .x_for = "nonsense, 192.0.2.1" }, PEER, "192.0.2.1" },
  /* Addresses. */
  { "address/port", X_ALL, 1, { .x_for = "192.0.2.1:80" }, PEER, "192.0.2.1" },
  { "address/ipv6", X_ALL, 1, { .x_for = "2001:DB8:0::1" }, PEER, "2001:db8::1" },
  { "address/ipv6-port", X_ALL, 1, { .x_for = "[2001:db8::1]:65535" }, PEER, "2001:db8::1" },
  { "address/quoted", STANDARD, 1, { .standard = "for=\"[2001:db8::1]:4711\"" }, PEER, "2001:db8::1" },
  { "address/mapped", X_ALL, 1, { .x_for = "::ffff:192.0.2.1" }, PEER, "192.0.2.1" },
  { "address/space", X_ALL, 1, { .x_for = " \t192.0.2.1\t " }, PEER, "192.0.2.1" },
  { "address/hidden", STANDARD, 1, { .standard = "for=_hidden;proto=https" }, PEER },
  { "address/unknown", STANDARD, 1, { .standard = "for=unknown" }, PEER },
  { "address/name", X_ALL, 1, { .x_for = "localhost" }, PEER },
  { "address/empty", X_ALL, 1, { .x_for = "" }, PEER },
  { "address/last-is-empty", X_ALL, 16, { .x_for = "192.0.2.1," }, PEER },
  { "address/port-zero", X_ALL, 1, { .x_for = "192.0.2.1:0" }, PEER },
  { "address/port-high", X_ALL, 1, { .x_for = "192.0.2.1:65536" }, PEER },
  { "address/port-word", X_ALL, 1, { .x_for = "192.0.2.1:http" }, PEER },
  { "address/octal", X_ALL, 1, { .x_for = "0300.0.2.1" }, PEER },
  { "address/zone", X_ALL, 1, { .x_for = "fe80::1%lo" }, PEER },
  { "address/bracket-open", X_ALL, 1, { .x_for = "[2001:db8::1" }, PEER },
  { "address/bracket-ipv4", X_ALL, 1, { .x_for = "[192.0.2.1]" }, PEER },
  { "address/bracket-rest", X_ALL, 1, { .x_for = "[2001:db8::1]x" }, PEER },
  { "address/long", X_ALL, 1, { .x_for = "00000000000000000000000000000000000000000000000000000000000000000000000::1" }, PEER },
  /* Schemes and hosts. */
  { "proto/case", X_ALL, 1, { .x_proto = "HTTPS" }, PEER, NULL, "https" },
  { "proto/other", X_ALL, 1, { .x_proto = "ftp" }, PEER },
  { "proto/longer", X_ALL, 1, { .x_proto = "httpsx" }, PEER },
  { "host/port", X_ALL, 1, { .x_host = "example.org:8443" }, PEER, NULL, NULL, "example.org:8443" },
  { "host/ipv6", X_ALL, 1, { .x_host = "[2001:db8::1]:8443" }, PEER, NULL, NULL, "[2001:db8::1]:8443" },
  { "host/empty", X_ALL, 1, { .x_host = "" }, PEER },
  { "host/only-port", X_ALL, 1, { .x_host = ":80" }, PEER },
  { "host/path", X_ALL, 1, { .x_host = "example.org/x" }, PEER },
  { "host/user", X_ALL, 1, { .x_host = "a@example.org" }, PEER },
  { "host/space", X_ALL, 1, { .x_host = "a b" }, PEER },
  { "host/bad-ipv6", X_ALL, 1, { .x_host = "[::g]" }, PEER },
  { "host/bare-ipv6", X_ALL, 1, { .x_host = "2001:db8::1" }, PEER },
  /* The grammar of RFC 7239. */
  { "standard/comma-in-quotes", STANDARD, 1, { .standard = "for=6.6.6.6;by=\"a, for=7.7.7.7\"" }, PEER, "6.6.6.6" },
  { "standard/semicolon-in-quotes", STANDARD, 1, { .standard = "by=\"a;for=7.7.7.7\";for=192.0.2.1" }, PEER, "192.0.2.1" },
  { "standard/escaped-quote", STANDARD, 1, { .standard = "by=\"\\\",for=7.7.7.7\";for=192.0.2.1" }, PEER, "192.0.2.1" },
  { "standard/escape-in-value", STANDARD, 1, { .standard = "for=\"192.0.2.\\1\"" }, PEER },
  { "standard/open-quote", STANDARD, 1, { .standard = "for=\"6.6.6.6, for=192.0.2.1" }, PEER },
  { "standard/open-quote-before", STANDARD, 1, { .standard = "by=\"x, for=192.0.2.1;host=\"b" }, PEER },
  { "standard/no-value", STANDARD, 1, { .standard = "for;proto=https" }, PEER, NULL, "https" },
  { "standard/empty", STANDARD, 1, { .standard = "" }, PEER },
  { "standard/only-commas", STANDARD, 16, { .standard = ",,,;;," }, PEER },
  { "standard/unknown-pair", STANDARD, 1, { .standard = "secret=x;for=192.0.2.1" }, PEER, "192.0.2.1" },
};

static GPtrArray *
new_proxies (void)
{
  static const char *const texts[] = { "10.0.0.0/24", "2001:db8::5", NULL };

  return kr_hub_soup_proxies_parse (texts);
}

static void
test_row (gconstpointer data)
{
  const Row *row = data;
  g_autoptr (GPtrArray) proxies = new_proxies ();
  g_auto (KrHubSoupForwardedClient) client = { 0 };

  kr_hub_soup_forwarded_read (&row->headers, row->which, row->limit, proxies, row->peer, &client);
  g_assert_cmpstr (client.address, ==, row->address);
  g_assert_cmpstr (client.scheme, ==, row->scheme);
  g_assert_cmpstr (client.host, ==, row->host);
}

/* One byte too much, and the header says nothing. */
static void
test_size (void)
{
  static const char element[] = "192.0.2.1";

  for (guint over = 0; over < 2; over++)
    {
      g_autoptr (GPtrArray) proxies = new_proxies ();
      g_auto (KrHubSoupForwardedClient) client = { 0 };
      g_autofree char *list = g_strnfill (KR_HUB_SOUP_FORWARDED_MAX_SIZE + over, ' ');
      KrHubSoupForwardedHeaders headers = { .x_for = list };

      memcpy (list, element, strlen (element));
      kr_hub_soup_forwarded_read (&headers, X_ALL, 1, proxies, PEER, &client);
      g_assert_cmpstr (client.address, ==, over ? NULL : element);
      headers = (KrHubSoupForwardedHeaders) { .standard = list };
      memcpy (list, "proto=http ;", 12);
      kr_hub_soup_forwarded_client_clear (&client);
      kr_hub_soup_forwarded_read (&headers, STANDARD, 1, proxies, PEER, &client);
      g_assert_cmpstr (client.scheme, ==, over ? NULL : "http");
    }
}

/* A limit beyond what the array holds is as good as that. */
static void
test_many_hops (void)
{
  g_autoptr (GPtrArray) proxies = new_proxies ();
  g_autoptr (GString) x_for = g_string_new ("192.0.2.1");
  g_autoptr (GString) standard = g_string_new ("for=192.0.2.1");

  for (guint i = 0; i < 40; i++)
    {
      g_auto (KrHubSoupForwardedClient) client = { 0 };
      g_auto (KrHubSoupForwardedClient) other = { 0 };
      KrHubSoupForwardedHeaders headers = { .x_for = x_for->str, .standard = standard->str };

      kr_hub_soup_forwarded_read (&headers, X_ALL, G_MAXUINT, proxies, PEER, &client);
      kr_hub_soup_forwarded_read (&headers, STANDARD, G_MAXUINT, proxies, PEER, &other);
      g_assert_cmpstr (client.address, ==, i < KR_HUB_SOUP_FORWARDED_MAX_HOPS ? "192.0.2.1" : "10.0.0.2");
      g_assert_cmpstr (client.address, ==, other.address);
      g_string_append (x_for, ", 10.0.0.2");
      g_string_append (standard, ", for=10.0.0.2");
    }
}

static void
test_bad_proxy (void)
{
  static const char *const texts[] = { "10.0.0.1/24", "nonsense", "10.0.0.0/33", "192.0.2.7", NULL };
  g_autoptr (GPtrArray) proxies = NULL;

  for (guint i = 0; i < 3; i++)
    g_test_expect_message ("krhub-soup", G_LOG_LEVEL_WARNING, "No proxy is trusted by that name: *");
  proxies = kr_hub_soup_proxies_parse (texts);
  g_test_assert_expected_messages ();
  g_assert_true (kr_hub_soup_proxies_contain (proxies, "192.0.2.7"));
  g_assert_false (kr_hub_soup_proxies_contain (proxies, "10.0.0.1"));
  g_assert_false (kr_hub_soup_proxies_contain (proxies, "nonsense"));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autofree char *path = g_strconcat ("/soup/forwarded/", rows[i].name, NULL);

      g_test_add_data_func (path, &rows[i], test_row);
    }
  g_test_add_func ("/soup/forwarded/size", test_size);
  g_test_add_func ("/soup/forwarded/many-hops", test_many_hops);
  g_test_add_func ("/soup/forwarded/bad-proxy", test_bad_proxy);
  return g_test_run ();
}
