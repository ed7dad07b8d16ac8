/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* The table of hub cases over the memory transport, whole and with what is sent in pieces. */
#include "config.h"

#include "kr-test-conformance.h"

static gpointer
memory_start (KrHubServer *server)
{
  return server;
}

static KrHubTransport *
connect_with (KrHubServer *server, const char *user_id, gsize split, gint64 delay)
{
  g_autoptr (KrHubMemoryTransport) server_end = NULL;
  KrHubMemoryTransport *client_end;

  kr_hub_memory_transport_new_pair (kr_hub_server_get_clock (server), &server_end, &client_end);
  kr_hub_memory_transport_set_split (server_end, split);
  kr_hub_memory_transport_set_split (client_end, split);
  kr_hub_memory_transport_set_delay (server_end, delay);
  kr_hub_memory_transport_set_delay (client_end, delay / 2);
  kr_hub_server_accept (server, KR_HUB_TRANSPORT (server_end), NULL, user_id);
  return KR_HUB_TRANSPORT (client_end);
}

static KrHubTransport *
memory_connect (gpointer data, const char *user_id)
{
  return connect_with (data, user_id, 0, 0);
}

static KrHubTransport *
bytewise_connect (gpointer data, const char *user_id)
{
  return connect_with (data, user_id, 1, 0);
}

static KrHubTransport *
delayed_connect (gpointer data, const char *user_id)
{
  return connect_with (data, user_id, 7, 30000);
}

static void
memory_stop (gpointer data)
{
}

static const KrTestBackend backends[] = {
  { "/conformance/memory", TRUE, memory_start, memory_connect, memory_stop },
  { "/conformance/messagepack", TRUE, memory_start, memory_connect, memory_stop, TRUE },
  { "/conformance/real-time", FALSE, memory_start, memory_connect, memory_stop },
};

/* Bytes that come one at a time, or late, meet the same threads, and take ThreadSanitizer six minutes instead of ten
 * seconds. */
static const KrTestBackend backends_in_pieces[] = {
  { "/conformance/bytewise", TRUE, memory_start, bytewise_connect, memory_stop },
  { "/conformance/delayed", TRUE, memory_start, delayed_connect, memory_stop },
  { "/conformance/messagepack-bytewise", TRUE, memory_start, bytewise_connect, memory_stop, TRUE },
};

#ifdef __SANITIZE_THREAD__
#define IN_PIECES FALSE
#else
#define IN_PIECES TRUE
#endif

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (backends); i++)
    kr_test_conformance_add (&backends[i]);
  for (guint i = 0; IN_PIECES && i < G_N_ELEMENTS (backends_in_pieces); i++)
    kr_test_conformance_add (&backends_in_pieces[i]);
  return g_test_run ();
}
