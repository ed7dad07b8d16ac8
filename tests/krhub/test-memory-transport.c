/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* KrHubMemoryTransport: what arrives where, when, in which pieces, and how it ends, by the script. */
#include "config.h"

#include <krhub.h>
#include <string.h>

/* One end and its user. */
typedef struct
{
  KrHubMemoryTransport *transport;
  GString *output;
  GString *received;
  GString *pieces;    /* lengths of what arrived at a time */
  guint n_closed;
  GError *error;
} End;

typedef struct
{
  KrHubClock *clock;
  End a, b;
} Fixture;

static void
received (gpointer sink, const guint8 *data, gsize len)
{
  End *self = sink;

  g_assert_cmpuint (self->n_closed, ==, 0);
  g_string_append_len (self->received, (const char *) data, len);
  g_string_append_printf (self->pieces, "%" G_GSIZE_FORMAT " ", len);
}

static gsize
peek (gpointer sink, GOutputVector *vectors, gsize max_vectors, gsize *n_bytes)
{
  End *self = sink;

  *n_bytes = self->output->len;
  vectors[0] = (GOutputVector) { self->output->str, self->output->len };
  return self->output->len > 0 ? 1 : 0;
}

static void
sent (gpointer sink, gsize n_bytes)
{
  End *self = sink;

  g_string_erase (self->output, 0, n_bytes);
}

static void
closed (gpointer sink, const GError *error)
{
  End *self = sink;

  self->n_closed++;
  self->error = error != NULL ? g_error_copy (error) : NULL;
}

static const KrHubTransportSink sink_funcs = { received, peek, sent, closed };

static void
end_init (End *self)
{
  self->output = g_string_new (NULL);
  self->received = g_string_new (NULL);
  self->pieces = g_string_new (NULL);
}

static void
end_clear (End *self)
{
  g_clear_object (&self->transport);
  g_string_free (self->output, TRUE);
  g_string_free (self->received, TRUE);
  g_string_free (self->pieces, TRUE);
  g_clear_error (&self->error);
}

static void
start (End *self)
{
  kr_hub_transport_start (KR_HUB_TRANSPORT (self->transport), &sink_funcs, self);
}

static void
set_up (Fixture *f, gconstpointer data)
{
  f->clock = kr_hub_clock_new_virtual (0);
  end_init (&f->a);
  end_init (&f->b);
  kr_hub_memory_transport_new_pair (f->clock, &f->a.transport, &f->b.transport);
}

static void
set_up_started (Fixture *f, gconstpointer data)
{
  set_up (f, data);
  start (&f->a);
  start (&f->b);
}

static void
tear_down (Fixture *f, gconstpointer data)
{
  end_clear (&f->a);
  end_clear (&f->b);
  g_assert_cmpuint (kr_hub_clock_get_n_timers (f->clock), ==, 0);
  g_object_unref (f->clock);
}

static void
say (End *self, const char *text)
{
  g_string_append (self->output, text);
  kr_hub_transport_request_write (KR_HUB_TRANSPORT (self->transport));
}

static void
assert_heard (End *self, const char *text, const char *pieces)
{
  g_assert_cmpstr (self->received->str, ==, text);
  g_assert_cmpstr (self->pieces->str, ==, pieces);
  g_string_truncate (self->received, 0);
  g_string_truncate (self->pieces, 0);
}

static void
test_both_ways (Fixture *f, gconstpointer data)
{
  g_assert_cmpstr (kr_hub_transport_get_name (KR_HUB_TRANSPORT (f->a.transport)), ==, "Memory");
  say (&f->a, "hello");
  say (&f->a, " you");
  say (&f->b, "hi");
  assert_heard (&f->b, "", "");
  kr_hub_clock_advance (f->clock, 0);
  /* What waits goes as one delivery. */
  assert_heard (&f->b, "hello you", "9 ");
  assert_heard (&f->a, "hi", "2 ");
  g_assert_cmpuint (kr_hub_memory_transport_get_n_sent (f->a.transport), ==, 9);
}

/* What was said before the other end started waits for it. */
static void
test_late_start (Fixture *f, gconstpointer data)
{
  start (&f->a);
  say (&f->a, "hello");
  kr_hub_clock_advance (f->clock, 1000);
  start (&f->b);
  kr_hub_clock_advance (f->clock, 0);
  assert_heard (&f->b, "hello", "5 ");
}

static void
test_delay (Fixture *f, gconstpointer data)
{
  kr_hub_memory_transport_set_delay (f->a.transport, 100);
  say (&f->a, "slow");
  say (&f->b, "quick");
  kr_hub_clock_advance (f->clock, 99);
  assert_heard (&f->b, "", "");
  assert_heard (&f->a, "quick", "5 ");
  /* The order stays. */
  kr_hub_memory_transport_set_delay (f->a.transport, 0);
  say (&f->a, "er");
  kr_hub_clock_advance (f->clock, 0);
  assert_heard (&f->b, "", "");
  kr_hub_clock_advance (f->clock, 1);
  assert_heard (&f->b, "slower", "4 2 ");
}

static void
test_split (Fixture *f, gconstpointer data)
{
  kr_hub_memory_transport_set_split (f->a.transport, 3);
  say (&f->a, "12345678");
  kr_hub_clock_advance (f->clock, 0);
  assert_heard (&f->b, "12345678", "3 3 2 ");
  kr_hub_memory_transport_set_split (f->a.transport, 0);
  kr_hub_memory_transport_set_split_at (f->a.transport, 10);
  say (&f->a, "abcd");
  kr_hub_clock_advance (f->clock, 0);
  assert_heard (&f->b, "abcd", "2 2 ");
}

static void
test_cut (Fixture *f, gconstpointer data)
{
  kr_hub_memory_transport_set_cut_after (f->a.transport, 3);
  say (&f->a, "12345678");
  kr_hub_clock_advance (f->clock, 0);
  assert_heard (&f->b, "123", "3 ");
  g_assert_error (f->a.error, G_IO_ERROR, G_IO_ERROR_CONNECTION_CLOSED);
  g_assert_error (f->b.error, G_IO_ERROR, G_IO_ERROR_CONNECTION_CLOSED);
  say (&f->b, "anybody?");
  kr_hub_clock_advance (f->clock, 1000);
  g_assert_cmpuint (f->a.n_closed, ==, 1);
  g_assert_cmpuint (f->b.n_closed, ==, 1);
}

static void
test_loss (Fixture *f, gconstpointer data)
{
  kr_hub_memory_transport_set_lose_after (f->a.transport, 3);
  say (&f->a, "12345678");
  say (&f->b, "fine");
  kr_hub_clock_advance (f->clock, 1000);
  say (&f->a, "90");
  kr_hub_clock_advance (f->clock, 1000);
  assert_heard (&f->b, "123", "3 ");
  assert_heard (&f->a, "fine", "4 ");
  g_assert_cmpuint (f->a.output->len, ==, 0);
  g_assert_cmpuint (f->a.n_closed + f->b.n_closed, ==, 0);
}

static void
test_stall (Fixture *f, gconstpointer data)
{
  kr_hub_memory_transport_set_stalled (f->a.transport, TRUE);
  say (&f->a, "wait");
  kr_hub_clock_advance (f->clock, 1000);
  assert_heard (&f->b, "", "");
  /* What cannot leave stays with its owner. */
  g_assert_cmpuint (f->a.output->len, ==, 4);
  kr_hub_memory_transport_set_stalled (f->a.transport, FALSE);
  kr_hub_clock_advance (f->clock, 0);
  assert_heard (&f->b, "wait", "4 ");
}

/* An end that does not read holds up the other one, sooner or later. */
static void
test_back_pressure (Fixture *f, gconstpointer data)
{
  g_autofree char *text = g_strnfill (40 * 1024, 'x');

  kr_hub_transport_set_reading (KR_HUB_TRANSPORT (f->b.transport), FALSE);
  for (guint i = 0; i < 10; i++)
    {
      say (&f->a, text);
      kr_hub_clock_advance (f->clock, 10);
    }
  g_assert_cmpuint (f->a.output->len, >, 0);
  g_assert_cmpuint (f->b.received->len, ==, 0);
  kr_hub_transport_set_reading (KR_HUB_TRANSPORT (f->b.transport), TRUE);
  kr_hub_clock_advance (f->clock, 10);
  g_assert_cmpuint (f->a.output->len, ==, 0);
  g_assert_cmpuint (f->b.received->len, ==, 400 * 1024);
}

static void
test_close (Fixture *f, gconstpointer data)
{
  say (&f->a, "last words");
  say (&f->b, "unheard");
  kr_hub_transport_close (KR_HUB_TRANSPORT (f->a.transport));
  g_assert_cmpuint (f->a.n_closed, ==, 0);
  kr_hub_clock_advance (f->clock, 1000);
  assert_heard (&f->b, "last words", "10 ");
  assert_heard (&f->a, "", "");
  g_assert_cmpuint (f->a.n_closed, ==, 1);
  g_assert_cmpuint (f->b.n_closed, ==, 1);
  g_assert_no_error (f->a.error);
  g_assert_no_error (f->b.error);
  kr_hub_transport_close (KR_HUB_TRANSPORT (f->a.transport));
  kr_hub_transport_abort (KR_HUB_TRANSPORT (f->b.transport));
  kr_hub_clock_advance (f->clock, 1000);
  g_assert_cmpuint (f->a.n_closed + f->b.n_closed, ==, 2);
}

static void
test_abort (Fixture *f, gconstpointer data)
{
  say (&f->a, "lost");
  kr_hub_transport_abort (KR_HUB_TRANSPORT (f->a.transport));
  g_assert_cmpuint (f->a.n_closed, ==, 0);
  kr_hub_clock_advance (f->clock, 1000);
  assert_heard (&f->b, "", "");
  g_assert_cmpuint (f->a.n_closed, ==, 1);
  g_assert_cmpuint (f->b.n_closed, ==, 1);
  g_assert_nonnull (f->b.error);
}

/* An end that goes away before anybody used it ends the other. */
static void
test_gone (Fixture *f, gconstpointer data)
{
  start (&f->a);
  g_clear_object (&f->b.transport);
  kr_hub_clock_advance (f->clock, 0);
  g_assert_cmpuint (f->a.n_closed, ==, 1);
}

#define ADD(path, up, func) g_test_add ("/memory-transport/" path, Fixture, NULL, up, func, tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("both-ways", set_up_started, test_both_ways);
  ADD ("late-start", set_up, test_late_start);
  ADD ("delay", set_up_started, test_delay);
  ADD ("split", set_up_started, test_split);
  ADD ("cut", set_up_started, test_cut);
  ADD ("loss", set_up_started, test_loss);
  ADD ("stall", set_up_started, test_stall);
  ADD ("back-pressure", set_up_started, test_back_pressure);
  ADD ("close", set_up_started, test_close);
  ADD ("abort", set_up_started, test_abort);
  ADD ("gone", set_up, test_gone);
  return g_test_run ();
}
