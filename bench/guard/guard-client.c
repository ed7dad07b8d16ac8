/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* Invokes Echo N times, 32 in flight, over a transport that has the answers: work for whoever counts its instructions. */
#include "config.h"

#include <krhub.h>
#include <stdlib.h>
#include <string.h>

#define DEPTH 32
#define PAYLOAD 100

/* --- a transport that knows the answers --- */

#define GUARD_TYPE_TRANSPORT (guard_transport_get_type ())
G_DECLARE_FINAL_TYPE (GuardTransport, guard_transport, GUARD, TRANSPORT, GObject)

struct _GuardTransport
{
  GObject parent_instance;
  const KrHubTransportSink *sink;
  gpointer sink_data;
};

static void guard_transport_iface_init (KrHubTransportInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (GuardTransport, guard_transport, G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (KR_HUB_TYPE_TRANSPORT, guard_transport_iface_init))

static void
guard_transport_class_init (GuardTransportClass *klass)
{
}

static void
guard_transport_init (GuardTransport *self)
{
}

static void
guard_start (KrHubTransport *transport, const KrHubTransportSink *sink, gpointer sink_data)
{
  GUARD_TRANSPORT (transport)->sink = sink;
  GUARD_TRANSPORT (transport)->sink_data = sink_data;
}

static void
guard_request_write (KrHubTransport *transport)
{
}

static void
guard_set_reading (KrHubTransport *transport, gboolean reading)
{
}

static void
guard_set_transfer_format (KrHubTransport *transport, KrHubTransferFormat format)
{
}

static void
guard_end (KrHubTransport *transport)
{
}

static void
guard_transport_iface_init (KrHubTransportInterface *iface)
{
  iface->name = "Guard";
  iface->transfer_formats = KR_HUB_TRANSFER_FORMAT_TEXT | KR_HUB_TRANSFER_FORMAT_BINARY;
  iface->start = guard_start;
  iface->request_write = guard_request_write;
  iface->set_reading = guard_set_reading;
  iface->set_transfer_format = guard_set_transfer_format;
  iface->close = guard_end;
  iface->abort = guard_end;
}

static gsize
drain (GuardTransport *self)
{
  GOutputVector vectors[64];
  gsize total = 0, n_bytes;

  while (self->sink->peek (self->sink_data, vectors, G_N_ELEMENTS (vectors), &n_bytes) > 0)
    {
      self->sink->sent (self->sink_data, n_bytes);
      total += n_bytes;
    }
  return total;
}

/* --- the answers --- */

typedef struct
{
  GuardTransport *transport;
  KrHubClient *client;
  gboolean packed;
  gboolean variants;
  char text[PAYLOAD + 1];
  char id[16];
  KrHubBuffer answers;
  guint n_answered; /* a client's ids count from 0 */
  guint n_begun;
  guint n_wanted;
  gboolean connected;
} Guard;

static gsize
format_id (Guard *self)
{
  char digits[16];
  gsize n = 0;

  for (guint id = self->n_answered; n == 0 || id > 0; id /= 10)
    digits[n++] = '0' + id % 10;
  for (gsize i = 0; i < n; i++)
    self->id[i] = digits[n - 1 - i];
  return n;
}

static void
append_json (Guard *self)
{
  kr_hub_buffer_append_literal (&self->answers, "{\"type\":3,\"invocationId\":\"");
  kr_hub_buffer_append (&self->answers, self->id, format_id (self));
  kr_hub_buffer_append_literal (&self->answers, "\",\"result\":\"");
  kr_hub_buffer_append (&self->answers, self->text, PAYLOAD);
  kr_hub_buffer_append_literal (&self->answers, "\"}\x1e");
}

/* [3, {}, id, 3, text] behind its length. */
static void
append_packed (Guard *self)
{
  gsize n = format_id (self);

  kr_hub_buffer_append_byte (&self->answers, 3 + 1 + n + 1 + 2 + PAYLOAD);
  kr_hub_buffer_append_literal (&self->answers, "\x95\x03\x80");
  kr_hub_buffer_append_byte (&self->answers, 0xa0 | n);
  kr_hub_buffer_append (&self->answers, self->id, n);
  kr_hub_buffer_append_literal (&self->answers, "\x03\xd9");
  kr_hub_buffer_append_byte (&self->answers, PAYLOAD);
  kr_hub_buffer_append (&self->answers, self->text, PAYLOAD);
}

/* --- the calls --- */

static void call (Guard *self);

static void
go_on (Guard *self)
{
  if (self->n_begun < self->n_wanted)
    call (self);
}

static void
answered (GObject *source, GAsyncResult *result, gpointer data)
{
  Guard *self = data;
  g_autoptr (GError) error = NULL;
  g_autofree char *text = NULL;

  if (!kr_hub_client_call_finish (self->client, result, &error, "s", &text))
    g_error ("a call failed: %s", error->message);
  go_on (self);
}

static void
answered_with_variant (GObject *source, GAsyncResult *result, gpointer data)
{
  Guard *self = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) value = kr_hub_client_invoke_finish (self->client, result, &error);

  if (value == NULL)
    g_error ("a call failed: %s", error->message);
  go_on (self);
}

static void
call (Guard *self)
{
  self->n_begun++;
  if (self->variants)
    kr_hub_client_invoke_async (self->client, "Echo", g_variant_new ("(s)", self->text), G_VARIANT_TYPE_STRING, NULL,
                                answered_with_variant, self);
  else
    kr_hub_client_call_async (self->client, "Echo", NULL, answered, self, "(s)", self->text);
}

static void
connected (GObject *source, GAsyncResult *result, gpointer data)
{
  Guard *self = data;

  self->connected = kr_hub_client_connect_finish (self->client, result, NULL);
}

static void
open_connection (Guard *self)
{
  self->client = kr_hub_client_new (NULL);
  self->transport = g_object_new (GUARD_TYPE_TRANSPORT, NULL);
  if (self->packed)
    g_object_set (self->client, "protocol", kr_hub_msgpack_protocol_get_default (), NULL);
  kr_hub_client_connect_async (self->client, KR_HUB_TRANSPORT (self->transport), NULL, connected, self);
  drain (self->transport);
  self->transport->sink->received (self->transport->sink_data, (const guint8 *) "{}\x1e", 3);
  while (!self->connected)
    g_main_context_iteration (NULL, TRUE);
}

/* As a transport does: in the dispatch of a source. */
static gboolean
answer_all (gpointer data)
{
  Guard *self = data;
  guint n = self->n_begun - self->n_answered;

  drain (self->transport);
  for (self->answers.len = 0; n > 0; n--, self->n_answered++)
    if (self->packed)
      append_packed (self);
    else
      append_json (self);
  self->transport->sink->received (self->transport->sink_data, self->answers.data, self->answers.len);
  return G_SOURCE_CONTINUE;
}

/* Usage: guard-client [N [json|messagepack [variants]]] */
int
main (int argc, char **argv)
{
  Guard self = { .n_wanted = argc > 1 ? atoi (argv[1]) : 10000,
                 .packed = argc > 2 && g_str_equal (argv[2], "messagepack"),
                 .variants = argc > 3 && g_str_equal (argv[3], "variants") };
  guint source;

  memset (self.text, 'x', PAYLOAD);
  open_connection (&self);
  for (guint i = 0; i < MIN (DEPTH, self.n_wanted); i++)
    call (&self);
  source = g_idle_add (answer_all, &self);
  while (self.n_answered < self.n_begun)
    g_main_context_iteration (NULL, TRUE);
  g_source_remove (source);
  g_object_unref (self.client);
  g_object_unref (self.transport);
  kr_hub_buffer_clear (&self.answers);
  return 0;
}
