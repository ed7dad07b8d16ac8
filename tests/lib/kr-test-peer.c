/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* A client under a virtual clock that says what a test writes, and reads when a test wants it to. */
#include "config.h"

#include "kr-test-peer.h"

#include "kr-test-wire.h"

/* What is due at once, and what follows from that. */
#define INSTANT 1000

static void
received (gpointer sink, const guint8 *data, gsize len)
{
  kr_test_wire_read (((KrTestPeer *) sink)->received, data, len);
}

static gsize
peek (gpointer sink, GOutputVector *vectors, gsize max_vectors, gsize *n_bytes)
{
  return kr_test_wire_peek (((KrTestPeer *) sink)->output, vectors, n_bytes);
}

static void
sent (gpointer sink, gsize n_bytes)
{
  KrTestPeer *self = sink;

  g_byte_array_remove_range (self->output, 0, n_bytes);
}

static void
closed (gpointer sink, const GError *error)
{
  KrTestPeer *self = sink;

  self->closed = TRUE;
}

static const KrHubTransportSink sink_funcs = { received, peek, sent, closed };

static void
make_transports (KrTestPeer *self)
{
  g_clear_object (&self->transport);
  g_clear_object (&self->server_end);
  kr_hub_memory_transport_new_pair (self->clock, &self->server_end, &self->transport);
}

KrTestPeer *
kr_test_peer_new_silent (KrHubServer *server, const char *user_id, gboolean stateful)
{
  KrTestPeer *self = g_new0 (KrTestPeer, 1);

  self->clock = g_object_ref (kr_hub_server_get_clock (server));
  self->output = g_byte_array_new ();
  self->received = g_string_new (NULL);
  make_transports (self);
  if (stateful)
    self->connection = kr_hub_server_accept_stateful (server, KR_HUB_TRANSPORT (self->server_end), NULL, user_id);
  else
    self->connection = kr_hub_server_accept (server, KR_HUB_TRANSPORT (self->server_end), NULL, user_id);
  g_object_ref (self->connection);
  kr_hub_transport_start (KR_HUB_TRANSPORT (self->transport), &sink_funcs, self);
  return self;
}

KrTestPeer *
kr_test_peer_new (KrHubServer *server, const char *user_id)
{
  KrTestPeer *self = kr_test_peer_new_silent (server, user_id, FALSE);
  g_autofree char *answer = NULL;

  kr_test_peer_send (self, "{\"protocol\":\"json\",\"version\":1};");
  answer = kr_test_peer_take (self);
  g_assert_cmpstr (answer, ==, "{};");
  return self;
}

void
kr_test_peer_free (KrTestPeer *self)
{
  kr_test_peer_set_stalled (self, FALSE);
  if (!self->closed)
    kr_hub_transport_close (KR_HUB_TRANSPORT (self->transport));
  kr_hub_clock_advance (self->clock, G_USEC_PER_SEC);
  kr_test_peer_settle (self);
  g_assert_true (self->closed);
  g_object_unref (self->transport);
  g_object_unref (self->server_end);
  g_object_unref (self->connection);
  g_byte_array_unref (self->output);
  g_string_free (self->received, TRUE);
  g_object_unref (self->clock);
  g_free (self);
}

void
kr_test_peer_settle (KrTestPeer *self)
{
  kr_hub_clock_advance (self->clock, INSTANT);
  while (g_main_context_iteration (NULL, FALSE))
    ;
}

void
kr_test_peer_send (KrTestPeer *self, const char *text)
{
  kr_test_wire_write (self->output, text);
  kr_hub_transport_request_write (KR_HUB_TRANSPORT (self->transport));
  kr_test_peer_settle (self);
}

char *
kr_test_peer_take (KrTestPeer *self)
{
  char *text;

  kr_test_peer_settle (self);
  text = g_strdup (self->received->str);
  g_string_truncate (self->received, 0);
  return text;
}

void
kr_test_peer_set_stalled (KrTestPeer *self, gboolean stalled)
{
  kr_hub_memory_transport_set_stalled (self->server_end, stalled);
}

void
kr_test_peer_reattach (KrTestPeer *self)
{
  make_transports (self);
  self->closed = FALSE;
  g_assert_true (kr_hub_connection_reattach (self->connection, KR_HUB_TRANSPORT (self->server_end)));
  kr_hub_transport_start (KR_HUB_TRANSPORT (self->transport), &sink_funcs, self);
}

void
kr_test_peer_lose (KrTestPeer *self)
{
  kr_hub_transport_abort (KR_HUB_TRANSPORT (self->transport));
  kr_test_peer_settle (self);
}
