/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* What a proxy passes on: four lines are the four headers. */
#include "config.h"

#include <stdint.h>

#include "kr-hub-soup-forwarded-private.h"

int LLVMFuzzerTestOneInput (const uint8_t *data, size_t size);

#define PEER "10.0.0.1"
#define LAST "203.0.113.9"

static GPtrArray *
get_proxies (void)
{
  static const char *const texts[] = { "10.0.0.0/8", NULL };
  static GPtrArray *proxies;

  if (proxies == NULL)
    proxies = kr_hub_soup_proxies_parse (texts);
  return proxies;
}

static void
check (const KrHubSoupForwardedHeaders *headers, KrHubSoupForwardedFlags which, guint limit)
{
  g_auto (KrHubSoupForwardedClient) client = { 0 };

  kr_hub_soup_forwarded_read (headers, which, limit, get_proxies (), PEER, &client);
  if (client.address != NULL)
    {
      g_autoptr (GInetAddress) address = g_inet_address_new_from_string (client.address);
      g_autofree char *text = g_inet_address_to_string (address);

      g_assert_cmpstr (text, ==, client.address);
    }
  if (client.host != NULL)
    {
      g_assert_cmpuint (strlen (client.host), <, 262);
      g_assert_null (strpbrk (client.host, " \t/@?#,;\"\\%"));
    }
}

/* Whatever a client puts in front of the last element must not become its address. */
static void
check_appended (const char *header)
{
  g_auto (KrHubSoupForwardedClient) plain = { 0 };
  g_auto (KrHubSoupForwardedClient) standard = { 0 };
  g_autofree char *x_for = g_strconcat (header, ", " LAST, NULL);
  g_autofree char *forwarded = g_strconcat (header, ", for=" LAST, NULL);
  KrHubSoupForwardedHeaders headers = { .x_for = x_for, .standard = forwarded };

  kr_hub_soup_forwarded_read (&headers, KR_HUB_SOUP_FORWARDED_FOR, 16, get_proxies (), PEER, &plain);
  if (strlen (x_for) <= KR_HUB_SOUP_FORWARDED_MAX_SIZE)
    g_assert_cmpstr (plain.address, ==, LAST);
  kr_hub_soup_forwarded_read (&headers, KR_HUB_SOUP_FORWARDED_STANDARD, 16, get_proxies (), PEER, &standard);
  g_assert_true (standard.address == NULL || strcmp (standard.address, LAST) == 0);
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  g_autofree char *text = g_strndup ((const char *) data, size);
  g_auto (GStrv) lines = g_strsplit (text, "\n", 4);
  guint n = g_strv_length (lines);
  KrHubSoupForwardedHeaders headers = {
    .standard = lines[0],
    .x_for = n > 1 ? lines[1] : NULL,
    .x_proto = n > 2 ? lines[2] : NULL,
    .x_host = n > 3 ? lines[3] : NULL,
  };

  for (guint limit = 1; limit <= 17; limit += 8)
    {
      check (&headers, KR_HUB_SOUP_FORWARDED_STANDARD, limit);
      check (&headers, KR_HUB_SOUP_FORWARDED_FOR | KR_HUB_SOUP_FORWARDED_PROTO | KR_HUB_SOUP_FORWARDED_HOST, limit);
    }
  for (guint i = 0; i < n; i++)
    check_appended (lines[i]);
  return 0;
}
