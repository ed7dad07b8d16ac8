/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* What programs do inside of the callbacks of a hub: turn its loop, answer other calls, let go of what they hold. */
#include "config.h"

#include <string.h>

#include "kr-test-peer.h"
#include "kr-test.h"

#define SECOND G_USEC_PER_SEC
#define LIMIT (64 * 1024)
#define CALL(id, target, argument)                                                                                     \
  "{\"type\":1,\"invocationId\":\"" id "\",\"target\":\"" target "\",\"arguments\":[\"" argument "\"]};"

static KrHubServer *
new_server (void)
{
  g_autoptr (KrHubClock) clock = kr_hub_clock_new_virtual (SECOND);
  KrHubServer *server = kr_hub_server_new (clock);

  g_object_set (server, "max-outbox-size", (guint64) LIMIT, "keep-alive-interval", (gint64) 0, "send-timeout", (gint64) 0,
                NULL);
  return server;
}

/* --- a method that turns the loop --- */

typedef struct
{
  KrTestPeer *peer;
  const char *more;   /* what the peer says while the first method runs; NULL: nothing */
} Turn;

/* What a method was called with is there as long as it runs, whatever arrives meanwhile. */
static void
turn_and_echo (KrHubInvocation *invocation, gpointer data)
{
  Turn *self = data;
  const char *more = g_steal_pointer (&self->more);
  g_autoptr (JsonNode) node = NULL;

  if (more != NULL)
    kr_test_peer_send (self->peer, more);
  node = kr_hub_invocation_dup_node (invocation, 0, NULL);
  g_assert_nonnull (node);
  g_assert_cmpstr (json_node_get_string (node), ==, kr_hub_invocation_get_string (invocation, 0));
  kr_hub_invocation_return_string (invocation, kr_hub_invocation_get_string (invocation, 0));
}

/* @pieces of input before and while the first method runs: all calls are answered in order. */
static void
assert_turns (const char *before, const char *first, const char *more, const char *expected)
{
  g_autoptr (KrHubServer) server = new_server ();
  g_autoptr (KrTestPeer) peer = NULL;
  g_autofree char *text = NULL;
  Turn turn = { .more = more };

  kr_hub_server_add_method (server, "Turn", "(s)", "s", turn_and_echo, &turn, NULL);
  turn.peer = peer = kr_test_peer_new (server, NULL);
  kr_test_peer_send (peer, before);
  kr_test_peer_send (peer, first);
  text = kr_test_peer_take (peer);
  g_assert_cmpstr (text, ==, expected);
}

#define ANSWER(id, result) "{\"type\":3,\"invocationId\":\"" id "\",\"result\":\"" result "\"};"

static void
test_turn (void)
{
  static const char one[] = ANSWER ("1", "the first argument");
  static const char two[] = ANSWER ("1", "the first argument") ANSWER ("2", "the second argument");
  static const char three[] =
    ANSWER ("1", "the first argument") ANSWER ("2", "the second argument") ANSWER ("3", "the third argument");

  assert_turns ("", CALL ("1", "Turn", "the first argument"), "", one);
  /* As it comes, in one piece with another call, and begun earlier; what comes meanwhile is whole, or only begun. */
  assert_turns ("", CALL ("1", "Turn", "the first argument"), CALL ("2", "Turn", "the second argument"), two);
  assert_turns ("", CALL ("1", "Turn", "the first argument") CALL ("2", "Turn", "the second argument"),
                CALL ("3", "Turn", "the third argument"), three);
  assert_turns ("{\"type\":1,\"invocationId\":\"1\",\"target\":\"Turn\",", "\"arguments\":[\"the first argument\"]};",
                CALL ("2", "Turn", "the second argument"), two);
  assert_turns ("{\"type\":1,\"invocationId\":\"1\",\"target\":\"Turn\",",
                "\"arguments\":[\"the first argument\"]};" CALL ("2", "Turn", "the second argument"),
                CALL ("3", "Turn", "the third argument"), three);
  assert_turns ("{\"type\":1,\"invocationId\":\"1\",\"target\":\"Turn\",",
                "\"arguments\":[\"the first argument\"]};{\"type\":1,\"invocationId\":\"2\",\"target\":\"Turn\",",
                "\"arguments\":[\"the second argument\"]};" CALL ("3", "Turn", "the third argument"), three);
}

/* The peer sends without end, and then nothing for long: neither is held against it, nor does the hub take it all. */
static void
turn_for_long (KrHubInvocation *invocation, gpointer data)
{
  Turn *self = data;
  g_autofree char *much = g_strnfill (10000, 'x');
  g_autofree char *call = g_strdup_printf (CALL ("2", "Echo", "%s"), much);

  for (guint i = 0; i < 100; i++)
    kr_test_peer_send (self->peer, call);
  kr_hub_clock_advance (self->peer->clock, 3600 * (gint64) SECOND);
  g_assert_cmpuint (kr_hub_memory_transport_get_n_sent (self->peer->transport), <, 200000);
  kr_hub_invocation_return_void (invocation);
}

static void
echo (KrHubInvocation *invocation, gpointer data)
{
  guint *n_calls = data;

  *n_calls += 1;
  kr_hub_invocation_return_void (invocation);
}

static void
test_turn_for_long (void)
{
  g_autoptr (KrHubServer) server = new_server ();
  g_autoptr (KrTestPeer) peer = NULL;
  Turn turn = { NULL };
  guint n_calls = 0;

  kr_hub_server_add_method (server, "Turn", "(s)", NULL, turn_for_long, &turn, NULL);
  kr_hub_server_add_method (server, "Echo", "(s)", NULL, echo, &n_calls, NULL);
  turn.peer = peer = kr_test_peer_new (server, NULL);
  kr_test_peer_send (peer, "{\"type\":6};");
  kr_test_peer_send (peer, CALL ("1", "Turn", ""));
  kr_test_peer_settle (peer);
  g_assert_cmpuint (n_calls, ==, 100);
  g_assert_true (kr_hub_connection_is_open (peer->connection));
}

/* --- calls that end together --- */

typedef struct
{
  KrHubInvocation *calls[2];
  guint n;
} Pair;

static void
answer_both (GCancellable *cancellable, Pair *pair)
{
  for (guint i = 0; i < pair->n; i++)
    kr_hub_invocation_return_string (pair->calls[i], "late");
}

static void
keep (KrHubInvocation *invocation, gpointer data)
{
  Pair *pair = data;

  pair->calls[pair->n++] = kr_hub_invocation_ref (invocation);
  g_signal_connect (kr_hub_invocation_get_cancellable (invocation), "cancelled", G_CALLBACK (answer_both), pair);
}

/* Whoever hears that one of them is over, answers the other one, which is over as well. */
static void
test_answer_at_the_end (void)
{
  g_autoptr (KrHubServer) server = new_server ();
  g_autoptr (KrTestPeer) peer = NULL;
  Pair pair = { { NULL } };

  g_object_set (server, "max-parallel-invocations", 2, NULL);
  kr_hub_server_add_method (server, "Keep", "(s)", "s", keep, &pair, NULL);
  peer = kr_test_peer_new (server, NULL);
  kr_test_peer_send (peer, CALL ("1", "Keep", "") CALL ("2", "Keep", ""));
  g_assert_cmpuint (pair.n, ==, 2);
  kr_test_peer_lose (peer);
  g_assert_false (kr_hub_connection_is_open (peer->connection));
  for (guint i = 0; i < pair.n; i++)
    {
      g_assert_true (g_cancellable_is_cancelled (kr_hub_invocation_get_cancellable (pair.calls[i])));
      kr_hub_invocation_unref (pair.calls[i]);
    }
}

/* --- an upload whose reader lets go --- */

typedef struct
{
  KrHubInvocation *invocation;
  guint n_ended;
} Reader;

/* The end of its upload is all that this method waited for. */
static void
upload_ended (GObject *source, GAsyncResult *result, gpointer data)
{
  Reader *reader = data;

  g_assert_null (kr_hub_stream_next_finish (KR_HUB_STREAM (source), result, NULL));
  reader->n_ended++;
  g_clear_pointer (&reader->invocation, kr_hub_invocation_unref);
}

static gboolean
give_up (gpointer data)
{
  Reader *reader = data;

  kr_hub_invocation_return_error_literal (reader->invocation, "Too slow.");
  return G_SOURCE_REMOVE;
}

static void
collect (KrHubInvocation *invocation, gpointer data)
{
  Reader *reader = data;

  reader->invocation = kr_hub_invocation_ref (invocation);
  kr_hub_stream_next_async (kr_hub_invocation_get_upload (invocation, 0), NULL, upload_ended, reader);
}

/* It gives up the call inside of its answer. */
static void
test_reader_lets_go (void)
{
  g_autoptr (KrHubServer) server = new_server ();
  g_autoptr (KrTestPeer) peer = NULL;
  g_autofree char *text = NULL;
  Reader reader = { NULL };

  kr_hub_server_add_method (server, "Collect", "()", NULL, collect, &reader, NULL);
  kr_hub_server_set_method_uploads (server, "Collect", "(ss)");
  peer = kr_test_peer_new (server, NULL);
  kr_test_peer_send (peer, "{\"type\":1,\"invocationId\":\"1\",\"target\":\"Collect\",\"arguments\":[],"
                           "\"streamIds\":[\"a\",\"b\"]};");
  g_assert_nonnull (reader.invocation);
  g_timeout_add (0, give_up, &reader);
  kr_test_wait_count ("the end of the upload", &reader.n_ended, 1);
  text = kr_test_peer_take (peer);
  g_assert_nonnull (strstr (text, "HubException: Too slow."));
}

typedef struct
{
  GCancellable *cancellable;
  KrHubInvocation *invocation;
  guint n_ended;
} Closer;

static void
waiting_ended (GObject *source, GAsyncResult *result, gpointer data)
{
  g_assert_null (kr_hub_stream_next_finish (KR_HUB_STREAM (source), result, NULL));
  ((Closer *) data)->n_ended++;
}

static void
close_upload (GCancellable *cancellable, Closer *self)
{
  kr_hub_stream_close (kr_hub_invocation_get_upload (self->invocation, 0));
}

static void
wait_for_item (KrHubInvocation *invocation, gpointer data)
{
  Closer *self = data;

  self->invocation = kr_hub_invocation_ref (invocation);
  kr_hub_stream_next_async (kr_hub_invocation_get_upload (invocation, 0), self->cancellable, waiting_ended, self);
  g_signal_connect (self->cancellable, "cancelled", G_CALLBACK (close_upload), self);
}

static void
close_when_cancelled (GMainContext *context)
{
  g_autoptr (KrHubServer) server = new_server ();
  g_autoptr (KrTestPeer) peer = NULL;
  Closer closer = { g_cancellable_new () };

  kr_hub_server_add_method (server, "Wait", "()", NULL, wait_for_item, &closer, NULL);
  kr_hub_server_set_method_uploads (server, "Wait", "(s)");
  peer = kr_test_peer_new (server, NULL);
  kr_test_peer_send (peer, "{\"type\":1,\"invocationId\":\"1\",\"target\":\"Wait\",\"arguments\":[],"
                           "\"streamIds\":[\"a\"]};");
  g_cancellable_cancel (closer.cancellable);
  while (g_main_context_iteration (context, FALSE))
    ;
  g_assert_cmpuint (closer.n_ended, ==, 1);
  kr_hub_invocation_return_void (closer.invocation);
  kr_hub_invocation_unref (closer.invocation);
  g_assert_finalize_object (closer.cancellable);
}

/* What waited is over before the cancellable's handlers have all run; GLib would lose a source of its own, which LeakSanitizer
 * sees when nothing is left of its main context. */
static void
test_close_when_cancelled (void)
{
  g_autoptr (GMainContext) context = g_main_context_new ();

  g_main_context_push_thread_default (context);
  close_when_cancelled (context);
  while (g_main_context_iteration (context, FALSE))
    ;
  g_main_context_pop_thread_default (context);
}

/* --- a client that is gone before it is waited for --- */

static void
end_first (KrHubServer *server, KrHubConnection *connection, const GError *error, KrTestPeer **peers)
{
  if (connection == peers[0]->connection)
    kr_hub_connection_abort (peers[1]->connection);
}

/* A broadcast finds that one client has no room, and then ends it by ending another one. */
static void
test_gone_before_waiting (void)
{
  g_autoptr (KrHubServer) server = new_server ();
  g_autoptr (KrHubClients) all = kr_hub_clients_new_all (server);
  g_autoptr (GAsyncResult) result = NULL;
  g_autofree char *more = g_strnfill (2000, 'y');
  KrTestPeer *peers[2];
  gulong handler;

  for (guint i = 0; i < G_N_ELEMENTS (peers); i++)
    {
      g_autofree char *much = g_strnfill (i == 0 ? LIMIT - 2000 : LIMIT / 2, 'x');

      peers[i] = kr_test_peer_new (server, NULL);
      kr_test_peer_set_stalled (peers[i], TRUE);
      kr_hub_connection_send (peers[i]->connection, "Much", g_variant_new ("(s)", much), NULL);
    }
  kr_hub_connection_set_outbox_policy (peers[1]->connection, KR_HUB_OUTBOX_WAIT);
  handler = g_signal_connect (server, "disconnected", G_CALLBACK (end_first), peers);
  kr_hub_clients_send_async (all, "More", g_variant_new ("(s)", more), NULL, kr_test_store_result, &result);
  g_assert_false (kr_hub_connection_is_open (peers[0]->connection));
  g_assert_false (kr_hub_connection_is_open (peers[1]->connection));
  kr_test_peer_settle (peers[0]);
  kr_hub_clock_advance (kr_hub_server_get_clock (server), 60 * SECOND);
  kr_test_peer_settle (peers[0]);
  g_assert_nonnull (result);
  g_assert_true (kr_hub_clients_send_finish (all, result, NULL));
  g_signal_handler_disconnect (server, handler);
  for (guint i = 0; i < G_N_ELEMENTS (peers); i++)
    kr_test_peer_free (peers[i]);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/reentrancy/turn", test_turn);
  g_test_add_func ("/reentrancy/turn-for-long", test_turn_for_long);
  g_test_add_func ("/reentrancy/answer-at-the-end", test_answer_at_the_end);
  g_test_add_func ("/reentrancy/reader-lets-go", test_reader_lets_go);
  g_test_add_func ("/reentrancy/close-when-cancelled", test_close_when_cancelled);
  g_test_add_func ("/reentrancy/gone-before-waiting", test_gone_before_waiting);
  return g_test_run ();
}
