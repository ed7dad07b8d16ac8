/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* What one echo costs between a transport's bytes in and bytes out: parse, dispatch, serialise, outbox. */
#include "config.h"

#include <krhub.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* --- a transport that only hands over --- */

#define BENCH_TYPE_TRANSPORT (bench_transport_get_type ())
G_DECLARE_FINAL_TYPE (BenchTransport, bench_transport, BENCH, TRANSPORT, GObject)

struct _BenchTransport
{
  GObject parent_instance;
  const KrHubTransportSink *sink;
  gpointer sink_data;
  gboolean wants_write;
};

static void bench_transport_iface_init (KrHubTransportInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (BenchTransport, bench_transport, G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (KR_HUB_TYPE_TRANSPORT, bench_transport_iface_init))

static void
bench_transport_class_init (BenchTransportClass *klass)
{
}

static void
bench_transport_init (BenchTransport *self)
{
}

static void
bench_start (KrHubTransport *transport, const KrHubTransportSink *sink, gpointer sink_data)
{
  BENCH_TRANSPORT (transport)->sink = sink;
  BENCH_TRANSPORT (transport)->sink_data = sink_data;
}

static void
bench_request_write (KrHubTransport *transport)
{
  ((BenchTransport *) transport)->wants_write = TRUE;
}

static void
bench_set_reading (KrHubTransport *transport, gboolean reading)
{
}

static void
bench_set_transfer_format (KrHubTransport *transport, KrHubTransferFormat format)
{
}

static void
bench_end (KrHubTransport *transport)
{
}

static void
bench_transport_iface_init (KrHubTransportInterface *iface)
{
  iface->name = "Bench";
  iface->transfer_formats = KR_HUB_TRANSFER_FORMAT_TEXT | KR_HUB_TRANSFER_FORMAT_BINARY;
  iface->start = bench_start;
  iface->request_write = bench_request_write;
  iface->set_reading = bench_set_reading;
  iface->set_transfer_format = bench_set_transfer_format;
  iface->close = bench_end;
  iface->abort = bench_end;
}

/* The bytes that would be written, so that nothing is skipped. */
static gsize
drain (BenchTransport *self)
{
  GOutputVector vectors[64];
  gsize total = 0, n_bytes;

  self->wants_write = FALSE;
  while (self->sink->peek (self->sink_data, vectors, G_N_ELEMENTS (vectors), &n_bytes) > 0)
    {
      self->sink->sent (self->sink_data, n_bytes);
      total += n_bytes;
    }
  return total;
}

/* --- the hub --- */

static void
echo (KrHubInvocation *invocation, gpointer data)
{
  kr_hub_invocation_return_string (invocation, kr_hub_invocation_get_string (invocation, 0));
}

static BenchTransport *
open_connection (KrHubServer *hub, const char *protocol)
{
  g_autofree char *handshake = g_strdup_printf ("{\"protocol\":\"%s\",\"version\":1}\x1e", protocol);
  BenchTransport *transport = g_object_new (BENCH_TYPE_TRANSPORT, NULL);

  kr_hub_server_accept (hub, KR_HUB_TRANSPORT (transport), NULL, NULL);
  transport->sink->received (transport->sink_data, (const guint8 *) handshake, strlen (handshake));
  drain (transport);
  return transport;
}

static GString *
make_batch (guint depth, guint payload)
{
  GString *batch = g_string_new (NULL);
  g_autofree char *text = g_strnfill (payload, 'x');

  for (guint i = 0; i < depth; i++)
    g_string_append_printf (batch,
                            "{\"type\":1,\"invocationId\":\"%u\",\"target\":\"Echo\",\"arguments\":[\"%s\"]}\x1e",
                            i, text);
  return batch;
}

/* [1, {}, "00", "Echo", [text], []] behind its length in two bytes; payload is shorter than 256 bytes then. */
static GString *
make_packed_batch (guint depth, guint payload)
{
  GString *batch = g_string_new (NULL);
  g_autofree char *text = g_strnfill (payload, 'x');
  guint len = 3 + 3 + 5 + 1 + 2 + payload + 1;

  for (guint i = 0; i < depth; i++)
    {
      g_string_append_c (batch, (char) (0x80 | (len & 0x7f)));
      g_string_append_c (batch, (char) (len >> 7));
      g_string_append_len (batch, "\x96\x01\x80", 3);
      g_string_append_printf (batch, "\xa2%02u\xa4" "Echo\x91\xd9%c%s\x90", i % 100, (int) payload, text);
    }
  return batch;
}

/* Of this thread, so that others on the machine do not count. */
static gint64
cpu_ns (void)
{
  struct timespec now;

  clock_gettime (CLOCK_THREAD_CPUTIME_ID, &now);
  return now.tv_sec * G_GINT64_CONSTANT (1000000000) + now.tv_nsec;
}

/* Usage: bench-dispatch [MESSAGES [DEPTH [PAYLOAD [json|messagepack]]]] */
int
main (int argc, char **argv)
{
  guint messages = argc > 1 ? atoi (argv[1]) : 4000000;
  guint depth = argc > 2 ? atoi (argv[2]) : 32;
  guint payload = argc > 3 ? atoi (argv[3]) : 100;
  const char *protocol = argc > 4 ? argv[4] : "json";
  g_autoptr (KrHubServer) hub = kr_hub_server_new (NULL);
  g_autoptr (GString) batch = g_str_equal (protocol, "json") ? make_batch (depth, payload)
                                                             : make_packed_batch (depth, payload);
  g_autoptr (BenchTransport) transport = NULL;
  gint64 begin, ns;
  gsize written = 0;

  kr_hub_server_add_method (hub, "Echo", "(s)", "s", echo, NULL, NULL);
  transport = open_connection (hub, protocol);
  begin = cpu_ns ();
  for (guint i = 0; i < messages / depth; i++)
    {
      transport->sink->received (transport->sink_data, (const guint8 *) batch->str, batch->len);
      written += drain (transport);
    }
  ns = cpu_ns () - begin;
  if (written < (gsize) payload * (messages / depth) * depth)
    g_error ("%" G_GSIZE_FORMAT " bytes are too few for %u answers", written, messages);
  g_print ("dispatch: depth %u, payload %u: %.1f ns per message, %.2f M/s, %.1f bytes out each\n", depth, payload,
           (double) ns / messages, messages * 1e3 / ns, (double) written / messages);
  return 0;
}
