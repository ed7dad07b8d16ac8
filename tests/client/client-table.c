/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* The client against a server that has the hub of tests/interop/differential: client-table PORT [GLib's test options]. */
#include "config.h"

#include "client-site.h"

static const ClientKind kinds[] = {
  { "websocket-json", KR_HUB_TRANSPORT_WEBSOCKETS, "WebSockets", FALSE },
  { "websocket-messagepack", KR_HUB_TRANSPORT_WEBSOCKETS, "WebSockets", TRUE },
  { "sse-json", KR_HUB_TRANSPORT_SERVER_SENT_EVENTS, "ServerSentEvents", FALSE },
  { "long-polling-json", KR_HUB_TRANSPORT_LONG_POLLING, "LongPolling", FALSE },
  { "long-polling-messagepack", KR_HUB_TRANSPORT_LONG_POLLING, "LongPolling", TRUE },
};

typedef struct
{
  const ClientKind *kind;
  const ClientCase *row;
} Test;

static guint16 port;

static void
run (gconstpointer data)
{
  const Test *test = data;
  ClientSite site = { test->kind, port };

  site.session = soup_session_new_with_options ("max-conns", 100, "max-conns-per-host", 100, NULL);
  soup_session_set_proxy_resolver (site.session, NULL);
  site.clients = g_ptr_array_new_with_free_func (g_object_unref);
  test->row->run (&site);
  g_ptr_array_unref (site.clients);
  /* The farewells. */
  while (g_main_context_iteration (NULL, FALSE))
    ;
  g_object_unref (site.session);
}

static void
add (const ClientKind *kind, const ClientCase *rows)
{
  for (; rows->name != NULL; rows++)
    {
      g_autofree char *path = g_strdup_printf ("/client/%s/%s", kind->name, rows->name);
      Test *test = g_new (Test, 1);

      *test = (Test) { kind, rows };
      if (rows->only == 0 || (rows->only & kind->transport))
        g_test_add_data_func_full (path, test, run, g_free);
      else
        g_free (test);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  if (argc < 2)
    {
      g_printerr ("usage: client-table PORT\n");
      return 2;
    }
  port = g_ascii_strtoull (argv[1], NULL, 10);
  for (guint i = 0; i < G_N_ELEMENTS (kinds); i++)
    {
      add (&kinds[i], client_value_cases);
      add (&kinds[i], client_call_cases);
      add (&kinds[i], client_connection_cases);
    }
  return g_test_run ();
}
