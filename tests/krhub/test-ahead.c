/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* Many messages in one piece: the first answers, and the calls made on the first answers, leave before the rest is read. */
#include "config.h"

#include "kr-test-peer.h"
#include "kr-test-virtual.h"
#include "kr-test.h"

#define N_CALLS 40

/* What this end had sent when message number so-and-so was worked off. */
typedef struct
{
  KrHubMemoryTransport *end;
  GArray *sent;
  GString *order;
} Watch;

static void
watch_init (Watch *self)
{
  *self = (Watch) { NULL, g_array_new (FALSE, FALSE, sizeof (guint64)), g_string_new (NULL) };
}

static void
watch_clear (Watch *self)
{
  g_array_unref (self->sent);
  g_string_free (self->order, TRUE);
}

static void
watch_note (Watch *self)
{
  guint64 sent = kr_hub_memory_transport_get_n_sent (self->end);

  g_array_append_val (self->sent, sent);
}

/* After which messages something had left, such as "4 12 ". */
static char *
watch_describe (Watch *self)
{
  GString *text = g_string_new (NULL);

  for (guint i = 1; i < self->sent->len; i++)
    if (g_array_index (self->sent, guint64, i) > g_array_index (self->sent, guint64, i - 1))
      g_string_append_printf (text, "%u ", i);
  return g_string_free (text, FALSE);
}

/* --- a hub's answers --- */

typedef struct
{
  KrHubServer *server;
  Watch watch;
} Fixture;

static void
echo (KrHubInvocation *invocation, gpointer data)
{
  Fixture *f = data;

  watch_note (&f->watch);
  kr_hub_invocation_return_string (invocation, kr_hub_invocation_get_string (invocation, 0));
}

static void
set_up (Fixture *f, gconstpointer data)
{
  g_autoptr (KrHubClock) clock = kr_hub_clock_new_virtual (SECOND);

  watch_init (&f->watch);
  f->server = kr_hub_server_new (clock);
  kr_hub_server_add_method (f->server, "Echo", "(s)", "s", echo, f, NULL);
}

static void
tear_down (Fixture *f, gconstpointer data)
{
  kr_hub_server_shutdown (f->server);
  while (g_main_context_iteration (NULL, FALSE))
    ;
  g_assert_finalize_object (f->server);
  watch_clear (&f->watch);
}

static void
call (KrTestPeer *peer, guint n)
{
  g_autoptr (GString) text = g_string_new (NULL);

  for (guint i = 1; i <= n; i++)
    g_string_append_printf (text, "{\"type\":1,\"invocationId\":\"%u\",\"target\":\"Echo\",\"arguments\":[\"%u\"]};", i, i);
  kr_test_peer_send (peer, text->str);
}

static void
assert_answers (KrTestPeer *peer, guint n)
{
  g_autofree char *text = kr_test_peer_take (peer);
  g_autoptr (GString) expected = g_string_new (NULL);

  for (guint i = 1; i <= n; i++)
    g_string_append_printf (expected, "{\"type\":3,\"invocationId\":\"%u\",\"result\":\"%u\"};", i, i);
  g_assert_cmpstr (text, ==, expected->str);
}

static void
test_answers (Fixture *f, gconstpointer data)
{
  g_autoptr (KrTestPeer) peer = kr_test_peer_new (f->server, NULL);
  g_autofree char *left = NULL;

  f->watch.end = peer->server_end;
  call (peer, N_CALLS);
  left = watch_describe (&f->watch);
  g_assert_cmpstr (left, ==, "4 12 28 ");
  assert_answers (peer, N_CALLS);
}

/* As many as the first piece: nothing follows them, so that they leave at the end. */
static void
test_few (Fixture *f, gconstpointer data)
{
  g_autoptr (KrTestPeer) peer = kr_test_peer_new (f->server, NULL);
  g_autofree char *left = NULL;
  guint64 before;

  f->watch.end = peer->server_end;
  before = kr_hub_memory_transport_get_n_sent (peer->server_end);
  call (peer, 4);
  left = watch_describe (&f->watch);
  g_assert_cmpstr (left, ==, "");
  g_assert_cmpuint (kr_hub_memory_transport_get_n_sent (peer->server_end), >, before);
  assert_answers (peer, 4);
}

/* A peer that does not read gets all of them later, in order. */
static void
test_stalled (Fixture *f, gconstpointer data)
{
  g_autoptr (KrTestPeer) peer = kr_test_peer_new (f->server, NULL);
  g_autofree char *left = NULL;

  f->watch.end = peer->server_end;
  kr_test_peer_set_stalled (peer, TRUE);
  call (peer, N_CALLS);
  left = watch_describe (&f->watch);
  g_assert_cmpstr (left, ==, "");
  kr_test_peer_set_stalled (peer, FALSE);
  kr_test_peer_settle (peer);
  assert_answers (peer, N_CALLS);
}

/* --- a client's calls --- */

typedef struct
{
  KrTestVirtual *f;
  Watch watch;
  guint n_answers;
} Caller;

static void
answered_again (GObject *source, GAsyncResult *result, gpointer data)
{
  Caller *caller = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) value = kr_hub_client_invoke_finish (KR_HUB_CLIENT (source), result, &error);

  g_assert_no_error (error);
  g_string_append_printf (caller->watch.order, "%s ", g_variant_get_string (value, NULL));
  caller->n_answers++;
}

static void
answered (GObject *source, GAsyncResult *result, gpointer data)
{
  Caller *caller = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) value = kr_hub_client_invoke_finish (KR_HUB_CLIENT (source), result, &error);
  g_autofree char *text = NULL;

  g_assert_no_error (error);
  watch_note (&caller->watch);
  text = g_strdup_printf ("%s again", g_variant_get_string (value, NULL));
  kr_hub_client_invoke_async (KR_HUB_CLIENT (source), "Echo", g_variant_new ("(s)", text), G_VARIANT_TYPE_STRING, NULL,
                              answered_again, caller);
}

/* In a source of the loop, where a client calls back at once. */
static gboolean
advance (gpointer data)
{
  kr_hub_clock_advance (((KrTestVirtual *) data)->clock, SECOND / 1000);
  return G_SOURCE_REMOVE;
}

/* All calls are under way before the first is read. */
static void
test_calls (KrTestVirtual *f, gconstpointer data)
{
  Caller caller = { f };
  g_autoptr (GString) expected = g_string_new (NULL);
  g_autofree char *left = NULL;

  kr_test_virtual_start (f);
  watch_init (&caller.watch);
  caller.watch.end = f->connector->last;
  for (guint i = 0; i < N_CALLS; i++)
    {
      g_autofree char *text = g_strdup_printf ("%u", i);

      kr_hub_client_invoke_async (f->client, "Echo", g_variant_new ("(s)", text), G_VARIANT_TYPE_STRING, NULL, answered,
                                  &caller);
      g_string_append_printf (expected, "%u again ", i);
    }
  while (caller.n_answers < N_CALLS)
    {
      g_idle_add (advance, f);
      g_main_context_iteration (NULL, TRUE);
    }
  left = watch_describe (&caller.watch);
  /* The hub's pieces of 4, 8, 16 and 12 answers, and those between. */
  g_assert_cmpstr (left, ==, "4 8 12 16 24 28 32 ");
  g_assert_cmpstr (caller.watch.order->str, ==, expected->str);
  watch_clear (&caller.watch);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add ("/ahead/answers", Fixture, NULL, set_up, test_answers, tear_down);
  g_test_add ("/ahead/few", Fixture, NULL, set_up, test_few, tear_down);
  g_test_add ("/ahead/stalled", Fixture, NULL, set_up, test_stalled, tear_down);
  g_test_add ("/ahead/calls", KrTestVirtual, NULL, kr_test_virtual_set_up, test_calls, kr_test_virtual_tear_down);
  return g_test_run ();
}
