/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* KrHubClient against a hub with the methods of bench-server.c: what calls and connections cost the client's process. */
#include "config.h"

#include <krhub-soup.h>
#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

#define WARM_UP (G_USEC_PER_SEC / 2)

static gint port = 5080;
static gint depth = 32;
static gint n_clients = 1;
static gint payload = 100;
static double seconds = 1;
static gboolean messagepack;
static gboolean variants;

static const GOptionEntry entries[] = {
  { "port", 0, 0, G_OPTION_ARG_INT, &port, "The hub's port", "N" },
  { "depth", 0, 0, G_OPTION_ARG_INT, &depth, "Calls in flight; 0 for none", "N" },
  { "clients", 0, 0, G_OPTION_ARG_INT, &n_clients, "Clients; only the first one calls", "N" },
  { "payload", 0, 0, G_OPTION_ARG_INT, &payload, "Bytes of text in each call", "N" },
  { "seconds", 0, 0, G_OPTION_ARG_DOUBLE, &seconds, "How long", "S" },
  { "messagepack", 0, 0, G_OPTION_ARG_NONE, &messagepack, "Speak MessagePack", NULL },
  { "variants", 0, 0, G_OPTION_ARG_NONE, &variants, "Call with GVariants, as bindings do", NULL },
  { NULL },
};

typedef struct
{
  KrHubClient *client;
  char *text;
  guint64 n_answers;
  gint n_flying;
  gboolean ending;
} Bench;

static gint64
cpu_time (void)
{
  struct rusage usage;

  getrusage (RUSAGE_SELF, &usage);
  return (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * G_USEC_PER_SEC + usage.ru_utime.tv_usec + usage.ru_stime.tv_usec;
}

static guint64
rss_kib (void)
{
  g_autofree char *text = NULL;
  g_auto (GStrv) fields = NULL;

  if (!g_file_get_contents ("/proc/self/statm", &text, NULL, NULL))
    return 0;
  fields = g_strsplit (text, " ", 3);
  return g_ascii_strtoull (fields[1], NULL, 10) * (sysconf (_SC_PAGESIZE) / 1024);
}

static void call (Bench *self);

static void
go_on (Bench *self)
{
  self->n_answers++;
  self->n_flying--;
  if (!self->ending)
    call (self);
}

static void
answered (GObject *source, GAsyncResult *result, gpointer data)
{
  Bench *self = data;
  g_autoptr (GError) error = NULL;
  g_autofree char *text = NULL;

  if (!kr_hub_client_call_finish (self->client, result, &error, "s", &text))
    g_error ("a call failed: %s", error->message);
  go_on (self);
}

static void
answered_with_variant (GObject *source, GAsyncResult *result, gpointer data)
{
  Bench *self = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) value = kr_hub_client_invoke_finish (self->client, result, &error);

  if (value == NULL)
    g_error ("a call failed: %s", error->message);
  go_on (self);
}

static void
call (Bench *self)
{
  self->n_flying++;
  if (variants)
    kr_hub_client_invoke_async (self->client, "Echo", g_variant_new ("(s)", self->text), G_VARIANT_TYPE_STRING, NULL,
                                answered_with_variant, self);
  else
    kr_hub_client_call_async (self->client, "Echo", NULL, answered, self, "(s)", self->text);
}

static void
started (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GError) error = NULL;

  if (!kr_hub_client_start_finish (KR_HUB_CLIENT (source), result, &error))
    g_error ("connecting failed: %s", error->message);
  ++*(gint *) data;
}

static GPtrArray *
connect_all (SoupSession *session)
{
  GPtrArray *clients = g_ptr_array_new_with_free_func (g_object_unref);
  g_autofree char *url = g_strdup_printf ("http://127.0.0.1:%d/hub", port);
  gint n_started = 0;

  for (gint i = 0; i < n_clients; i++)
    {
      g_autoptr (KrHubSoupConnector) connector = kr_hub_soup_connector_new (url, session, NULL);
      KrHubClient *client = kr_hub_client_new_for_connector (KR_HUB_CONNECTOR (connector));

      if (messagepack)
        g_object_set (client, "protocol", kr_hub_msgpack_protocol_get_default (), NULL);
      g_ptr_array_add (clients, client);
      kr_hub_client_start_async (client, NULL, started, &n_started);
      /* Not all at once: neither does the peer. */
      while (n_started + 50 < i)
        g_main_context_iteration (NULL, TRUE);
    }
  while (n_started < n_clients)
    g_main_context_iteration (NULL, TRUE);
  return clients;
}

static void
turn_until (gint64 end)
{
  while (g_get_monotonic_time () < end)
    g_main_context_iteration (NULL, TRUE);
}

static gboolean
wake (gpointer data)
{
  return G_SOURCE_CONTINUE;
}

int
main (int argc, char **argv)
{
  g_autoptr (GOptionContext) options = g_option_context_new ("- what a client costs");
  g_autoptr (GError) error = NULL;
  g_autoptr (SoupSession) session = NULL;
  g_autoptr (GPtrArray) clients = NULL;
  Bench bench = { NULL };
  guint64 before, answers;
  gint64 begun, cpu;

  g_option_context_add_main_entries (options, entries, NULL);
  if (!g_option_context_parse (options, &argc, &argv, &error))
    {
      g_printerr ("%s\n", error->message);
      return 2;
    }
  session = soup_session_new_with_options ("max-conns", 100, "max-conns-per-host", 100, NULL);
  soup_session_set_proxy_resolver (session, NULL);
  before = rss_kib ();
  clients = connect_all (session);
  bench.client = g_ptr_array_index (clients, 0);
  bench.text = g_strnfill (payload, 'x');
  g_timeout_add (50, wake, NULL);
  for (gint i = 0; i < depth; i++)
    call (&bench);
  turn_until (g_get_monotonic_time () + WARM_UP);
  answers = bench.n_answers;
  cpu = cpu_time ();
  begun = g_get_monotonic_time ();
  turn_until (begun + (gint64) (seconds * G_USEC_PER_SEC));
  answers = bench.n_answers - answers;
  cpu = cpu_time () - cpu;
  printf ("{\"per_second\": %.1f, \"cpu_us\": %.4f, \"rss_kib\": %" G_GUINT64_FORMAT ", \"rss_before_kib\": %" G_GUINT64_FORMAT
          "}\n",
          answers * (double) G_USEC_PER_SEC / (g_get_monotonic_time () - begun), answers > 0 ? cpu / (double) answers : 0.0,
          rss_kib (), before);
  bench.ending = TRUE;
  while (bench.n_flying > 0)
    g_main_context_iteration (NULL, TRUE);
  g_free (bench.text);
  return 0;
}
