/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* A client connects, calls and stops, many times, and leaves nothing: client-leak PORT [-m thorough for 10,000 times]. */
#include "config.h"

#include <malloc.h>

#include "client-site.h"

#define ROUND 100   /* visits of one session */

static const ClientKind kinds[] = {
  { "websocket", KR_HUB_TRANSPORT_WEBSOCKETS, "WebSockets", FALSE },
  { "websocket-messagepack", KR_HUB_TRANSPORT_WEBSOCKETS, "WebSockets", TRUE },
};

static guint16 port;

static void
visit (const ClientKind *kind, SoupSession *session, gint number)
{
  ClientSite site = { kind, port, session, g_ptr_array_new_with_free_func (g_object_unref) };
  KrHubClient *client = client_site_connect (&site, "/hub", NULL);

  client_assert_number (client, number);
  client_site_stop (client);
  g_ptr_array_unref (site.clients);
}

/* What a session keeps goes with it. */
static void
visits (const ClientKind *kind, guint n)
{
  g_autoptr (SoupSession) session = soup_session_new ();

  soup_session_set_proxy_resolver (session, NULL);
  for (guint i = 0; i < n; i++)
    visit (kind, session, i);
}

static gsize
in_use (void)
{
  while (g_main_context_iteration (NULL, FALSE))
    ;
  return mallinfo2 ().uordblks;
}

static void
test_leak (gconstpointer data)
{
  guint n = g_test_thorough () ? 10000 : 300;
  gsize before, after;

  visits (data, ROUND);
  before = in_use ();
  for (guint i = 0; i < n; i += ROUND)
    visits (data, ROUND);
  after = in_use ();
  g_test_message ("%u times: %" G_GSIZE_FORMAT " bytes in use, then %" G_GSIZE_FORMAT, n, before, after);
  /* A client that stayed would cost 13 KiB. libsoup loses some 90 bytes of each connection, and its sessions end when their
   * threads get to it; under a sanitizer malloc does not tell. */
  g_assert_cmpuint (after, <, before + 64 * 1024 + n * 512);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  if (argc < 2)
    return 2;
  port = g_ascii_strtoull (argv[1], NULL, 10);
  for (guint i = 0; i < G_N_ELEMENTS (kinds); i++)
    {
      g_autofree char *path = g_strdup_printf ("/leak/%s", kinds[i].name);

      g_test_add_data_func (path, &kinds[i], test_leak);
    }
  return g_test_run ();
}
