/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* A client that speaks what a case writes, for what no real client says. */
#include "config.h"

#include "kr-test-raw.h"

#include "kr-test-wire.h"

static void
received (gpointer sink, const guint8 *data, gsize len)
{
  kr_test_wire_read (((KrTestRaw *) sink)->received, data, len);
}

static gsize
peek (gpointer sink, GOutputVector *vectors, gsize max_vectors, gsize *n_bytes)
{
  return kr_test_wire_peek (((KrTestRaw *) sink)->output, vectors, n_bytes);
}

static void
sent (gpointer sink, gsize n_bytes)
{
  KrTestRaw *self = sink;

  g_byte_array_remove_range (self->output, 0, n_bytes);
}

static void
closed (gpointer sink, const GError *error)
{
  KrTestRaw *self = sink;

  self->closed = TRUE;
}

static const KrHubTransportSink sink_funcs = { received, peek, sent, closed };

KrTestRaw *
kr_test_raw_new_silent (KrTestHub *hub, const char *user_id)
{
  KrTestRaw *self = g_new0 (KrTestRaw, 1);

  self->hub = hub;
  self->output = g_byte_array_new ();
  self->received = g_string_new (NULL);
  self->transport = hub->backend->connect (hub->backend_data, user_id);
  kr_hub_transport_start (self->transport, &sink_funcs, self);
  return self;
}

KrTestRaw *
kr_test_raw_new (KrTestHub *hub, const char *user_id)
{
  KrTestRaw *self = kr_test_raw_new_silent (hub, user_id);

  kr_test_raw_send (self, "{\"protocol\":\"json\",\"version\":1};");
  kr_test_raw_expect (self, "{};");
  return self;
}

static gboolean
is_closed (gpointer data)
{
  return ((KrTestRaw *) data)->closed;
}

void
kr_test_raw_free (KrTestRaw *self)
{
  if (!self->closed)
    kr_hub_transport_close (self->transport);
  kr_test_raw_expect_closed (self);
  g_object_unref (self->transport);
  g_byte_array_unref (self->output);
  g_string_free (self->received, TRUE);
  g_free (self);
}

void
kr_test_raw_send (KrTestRaw *self, const char *text)
{
  kr_test_wire_write (self->output, text);
  kr_hub_transport_request_write (self->transport);
}

typedef struct
{
  KrTestRaw *raw;
  gsize len;
} Expected;

static gboolean
has_arrived (gpointer data)
{
  const Expected *expected = data;

  return expected->raw->received->len >= expected->len || expected->raw->closed;
}

void
kr_test_raw_expect (KrTestRaw *self, const char *expected)
{
  Expected what = { self, strlen (expected) };
  g_autofree char *got = NULL;

  kr_test_hub_wait (self->hub, expected, has_arrived, &what);
  got = g_strndup (self->received->str, what.len);
  g_assert_cmpstr (got, ==, expected);
  g_string_erase (self->received, 0, what.len);
}

void
kr_test_raw_expect_closed (KrTestRaw *self)
{
  kr_test_hub_wait (self->hub, "the end of the transport", is_closed, self);
}
