/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* Stateful reconnect: numbers and acks, a transport lost at every byte, many cuts under traffic, the window. */
#include "config.h"

#include "kr-hub-connection-private.h"
#include "kr-hub-json-protocol.h"
#include "kr-hub-memory-transport.h"
#include "kr-hub-replay-buffer-private.h"

#define SECOND G_USEC_PER_SEC

/* --- the buffer alone --- */

static GBytes *
text_bytes (const char *text)
{
  return g_bytes_new_static (text, strlen (text));
}

static void
add (KrHubReplayBuffer *buffer, const char *text)
{
  g_autoptr (GBytes) bytes = text_bytes (text);

  kr_hub_replay_buffer_add (buffer, bytes, NULL);
}

static void
test_buffer_acks (void)
{
  KrHubReplayBuffer buffer;

  kr_hub_replay_buffer_init (&buffer);
  g_assert_cmpint (kr_hub_replay_buffer_get_sequence (&buffer), ==, 1);
  add (&buffer, "one");
  add (&buffer, "two");
  add (&buffer, "three");
  g_assert_cmpuint (buffer.size, ==, 11);
  kr_hub_replay_buffer_ack (&buffer, 2);
  g_assert_cmpint (kr_hub_replay_buffer_get_sequence (&buffer), ==, 3);
  g_assert_cmpuint (buffer.size, ==, 5);
  /* Repeated and lower ones are harmless, higher ones count as all that was sent. */
  kr_hub_replay_buffer_ack (&buffer, 2);
  kr_hub_replay_buffer_ack (&buffer, 0);
  kr_hub_replay_buffer_ack (&buffer, G_MININT64);
  g_assert_cmpuint (buffer.size, ==, 5);
  kr_hub_replay_buffer_ack (&buffer, G_MAXINT64);
  g_assert_cmpuint (buffer.size, ==, 0);
  g_assert_cmpint (kr_hub_replay_buffer_get_sequence (&buffer), ==, 4);
  kr_hub_replay_buffer_clear (&buffer);
}

static void
test_buffer_receive (void)
{
  KrHubReplayBuffer buffer;

  kr_hub_replay_buffer_init (&buffer);
  g_assert_false (kr_hub_replay_buffer_owes_ack (&buffer));
  g_assert_true (kr_hub_replay_buffer_receive (&buffer));
  g_assert_true (kr_hub_replay_buffer_receive (&buffer));
  g_assert_true (kr_hub_replay_buffer_owes_ack (&buffer));
  g_assert_false (kr_hub_replay_buffer_receive_sequence (&buffer, 4));
  g_assert_false (kr_hub_replay_buffer_receive_sequence (&buffer, 0));
  g_assert_true (kr_hub_replay_buffer_receive_sequence (&buffer, 2));
  g_assert_false (kr_hub_replay_buffer_receive (&buffer));
  g_assert_true (kr_hub_replay_buffer_receive (&buffer));
  g_assert_cmpint (buffer.latest, ==, 3);
  kr_hub_replay_buffer_clear (&buffer);
}

/* A Sequence came, and then nothing: its transport was lost. What was received before has been acknowledged meanwhile, so that
 * the next one begins behind that. */
static void
test_buffer_receive_again (void)
{
  KrHubReplayBuffer buffer;

  kr_hub_replay_buffer_init (&buffer);
  for (guint i = 0; i < 5; i++)
    g_assert_true (kr_hub_replay_buffer_receive (&buffer));
  g_assert_true (kr_hub_replay_buffer_receive_sequence (&buffer, 2));
  g_assert_false (kr_hub_replay_buffer_receive_sequence (&buffer, 7));
  g_assert_true (kr_hub_replay_buffer_receive_sequence (&buffer, 6));
  g_assert_true (kr_hub_replay_buffer_receive (&buffer));
  g_assert_cmpint (buffer.latest, ==, 6);
  g_assert_true (kr_hub_replay_buffer_receive_sequence (&buffer, 2));
  g_assert_true (kr_hub_replay_buffer_receive_sequence (&buffer, 4));
  g_assert_false (kr_hub_replay_buffer_receive (&buffer));
  kr_hub_replay_buffer_clear (&buffer);
}

/* --- two ends over transports that are cut --- */

typedef struct
{
  KrHubClock *clock;
  KrHubSettings *settings;
  KrHubDispatcher *dispatchers[2];
  KrHubConnection *ends[2];    /* server, client */
  GArray *received[2];         /* of the numbers that arrived, in order */
  guint n_opened;
  guint n_closed;
  guint next[2];               /* number that the end sends next */
} Fixture;

static void
end_opened (KrHubConnection *connection, gpointer owner)
{
  ((Fixture *) owner)->n_opened++;
}

static void
end_closed (KrHubConnection *connection, const GError *error, gboolean allow_reconnect, gpointer owner)
{
  ((Fixture *) owner)->n_closed++;
}

static const KrHubConnectionFuncs funcs = { end_opened, end_closed, NULL };

static void
on_number (KrHubInvocation *invocation, gpointer data)
{
  guint number = g_ascii_strtoull (kr_hub_invocation_get_string (invocation, 0), NULL, 10);

  g_array_append_val ((GArray *) data, number);
}

static void
connect_pair (Fixture *f, KrHubMemoryTransport **server_end, KrHubMemoryTransport **client_end)
{
  kr_hub_memory_transport_new_pair (f->clock, server_end, client_end);
}

static void
set_up (Fixture *f, gconstpointer data)
{
  g_autoptr (KrHubMemoryTransport) server_end = NULL;
  g_autoptr (KrHubMemoryTransport) client_end = NULL;

  f->clock = kr_hub_clock_new_virtual (SECOND);
  f->settings = kr_hub_settings_new ();
  g_ptr_array_add (f->settings->protocols, g_object_ref (kr_hub_json_protocol_get_default ()));
  connect_pair (f, &server_end, &client_end);
  for (guint i = 0; i < 2; i++)
    {
      f->received[i] = g_array_new (FALSE, FALSE, sizeof (guint));
      f->dispatchers[i] = kr_hub_dispatcher_new ();
      kr_hub_dispatcher_add (f->dispatchers[i], "Number", "(s)", NULL, on_number, f->received[i], NULL);
      f->ends[i] = kr_hub_connection_new (i == 0 ? KR_HUB_ROLE_SERVER : KR_HUB_ROLE_CLIENT, f->settings,
                                          f->dispatchers[i], f->clock,
                                          KR_HUB_TRANSPORT (i == 0 ? server_end : client_end), "id", NULL, TRUE, &funcs, f);
    }
  kr_hub_connection_start (f->ends[0]);
  kr_hub_connection_start (f->ends[1]);
  kr_hub_clock_advance (f->clock, 1000);
  g_assert_cmpuint (f->n_opened, ==, 2);
}

static void
tear_down (Fixture *f, gconstpointer data)
{
  for (guint i = 0; i < 2; i++)
    kr_hub_connection_close (f->ends[i], FALSE, NULL, FALSE);
  kr_hub_clock_advance (f->clock, SECOND);
  g_assert_cmpuint (f->n_closed, ==, 2);
  for (guint i = 0; i < 2; i++)
    {
      g_assert_finalize_object (f->ends[i]);
      kr_hub_dispatcher_unref (f->dispatchers[i]);
      g_array_unref (f->received[i]);
    }
  kr_hub_settings_unref (f->settings);
  g_object_unref (f->clock);
}

static void
send_number (Fixture *f, guint end)
{
  g_autofree char *text = g_strdup_printf ("%u", f->next[end]++);
  g_autoptr (GError) error = NULL;

  kr_hub_connection_send (f->ends[end], "Number", g_variant_new ("(s)", text), &error);
  g_assert_no_error (error);
}

/* Everything that was sent has arrived once, in order. */
static void
assert_complete (Fixture *f)
{
  for (guint end = 0; end < 2; end++)
    {
      GArray *received = f->received[1 - end];

      g_assert_cmpuint (received->len, ==, f->next[end]);
      for (guint i = 0; i < received->len; i++)
        g_assert_cmpuint (g_array_index (received, guint, i), ==, i);
    }
}

static void
reconnect (Fixture *f)
{
  g_autoptr (KrHubMemoryTransport) server_end = NULL;
  g_autoptr (KrHubMemoryTransport) client_end = NULL;

  connect_pair (f, &server_end, &client_end);
  g_assert_true (kr_hub_connection_reattach (f->ends[0], KR_HUB_TRANSPORT (server_end)));
  g_assert_true (kr_hub_connection_reattach (f->ends[1], KR_HUB_TRANSPORT (client_end)));
}

static void
test_cut_idle (Fixture *f, gconstpointer data)
{
  send_number (f, 0);
  send_number (f, 1);
  kr_hub_clock_advance (f->clock, 1000);
  kr_hub_transport_abort (f->ends[1]->transport);
  kr_hub_clock_advance (f->clock, 1000);
  g_assert_null (f->ends[0]->transport);
  g_assert_cmpuint (f->n_closed, ==, 0);
  /* What is sent meanwhile waits. */
  send_number (f, 0);
  send_number (f, 1);
  kr_hub_clock_advance (f->clock, 5 * SECOND);
  reconnect (f);
  kr_hub_clock_advance (f->clock, 1000);
  assert_complete (f);
  g_assert_cmpuint (f->n_opened, ==, 2);
}

/* The first ack comes at once, the next one a second later, and empties the buffers. */
static void
test_acks (Fixture *f, gconstpointer data)
{
  for (guint i = 0; i < 100; i++)
    send_number (f, i % 2);
  kr_hub_clock_advance (f->clock, 1000);
  for (guint i = 0; i < 100; i++)
    send_number (f, i % 2);
  kr_hub_clock_advance (f->clock, SECOND / 2);
  g_assert_cmpuint (f->ends[0]->session.replay->size, >, 0);
  g_assert_cmpuint (f->ends[1]->session.replay->size, >, 0);
  kr_hub_clock_advance (f->clock, 2 * SECOND);
  g_assert_cmpuint (f->ends[0]->session.replay->size, ==, 0);
  g_assert_cmpuint (f->ends[1]->session.replay->size, ==, 0);
  assert_complete (f);
}

static void
test_window (Fixture *f, gconstpointer data)
{
  kr_hub_transport_abort (f->ends[1]->transport);
  kr_hub_clock_advance (f->clock, 15 * SECOND - 1000);
  g_assert_cmpuint (f->n_closed, ==, 0);
  kr_hub_clock_advance (f->clock, 2000);
  g_assert_cmpuint (f->n_closed, ==, 2);
  g_assert_false (kr_hub_connection_is_open (f->ends[0]));
}

static void
test_swap_while_alive (Fixture *f, gconstpointer data)
{
  for (guint i = 0; i < 10; i++)
    {
      send_number (f, 0);
      send_number (f, 1);
      reconnect (f);
      send_number (f, 0);
    }
  kr_hub_clock_advance (f->clock, SECOND);
  assert_complete (f);
}

/* The connection is cut after each single byte that the server sends in a short conversation. */
static void
test_cut_everywhere (Fixture *f, gconstpointer data)
{
  for (guint64 at = 1; at < 400; at++)
    {
      g_autoptr (KrHubMemoryTransport) server_end = NULL;
      g_autoptr (KrHubMemoryTransport) client_end = NULL;

      connect_pair (f, &server_end, &client_end);
      kr_hub_memory_transport_set_cut_after (at % 2 ? server_end : client_end, at);
      g_assert_true (kr_hub_connection_reattach (f->ends[0], KR_HUB_TRANSPORT (server_end)));
      g_assert_true (kr_hub_connection_reattach (f->ends[1], KR_HUB_TRANSPORT (client_end)));
      for (guint i = 0; i < 6; i++)
        send_number (f, i % 2);
      kr_hub_clock_advance (f->clock, 10000);
    }
  reconnect (f);
  kr_hub_clock_advance (f->clock, SECOND);
  assert_complete (f);
  g_assert_cmpuint (f->next[0], ==, 399 * 3);
}

/* 100 cuts at random moments under 1,000 messages per second each way. */
static void
test_cuts_under_traffic (Fixture *f, gconstpointer data)
{
  g_autoptr (GRand) rand = g_rand_new_with_seed (4711);
  guint cuts = 0;

  while (cuts < 100)
    {
      send_number (f, 0);
      send_number (f, 1);
      if (f->ends[0]->transport == NULL && f->ends[1]->transport == NULL)
        reconnect (f);
      else if (g_rand_int_range (rand, 0, 50) == 0 && f->ends[1]->transport != NULL)
        {
          kr_hub_transport_abort (f->ends[1]->transport);
          cuts++;
        }
      kr_hub_clock_advance (f->clock, 1000);
    }
  reconnect (f);
  kr_hub_clock_advance (f->clock, 3 * SECOND);
  assert_complete (f);
  g_assert_cmpuint (f->next[0], >, 1000);
}

/* --- acks of what was never given to a transport, where events may be dropped --- */

static void
feed (KrHubSession *session, const char *text)
{
  KrHubEvent event = { 0 };

  kr_hub_session_feed (session, (const guint8 *) text, strlen (text), SECOND);
  while (kr_hub_session_next_event (session, &event))
    ;
  kr_hub_message_clear (&event.message);
}

static void
test_acks_ahead (gconstpointer policy)
{
  KrHubSettings *settings = kr_hub_settings_new ();
  g_autofree char *zeros = g_malloc0 (10000);
  g_autoptr (GBytes) bytes = g_bytes_new_static (zeros, 10000);
  char *target = g_ref_string_new ("E");
  GOutputVector vectors[4];
  KrHubSession session;
  gsize n_bytes;

  g_ptr_array_add (settings->protocols, g_object_ref (kr_hub_json_protocol_get_default ()));
  settings->max_outbox_size = 100000;
  settings->outbox_policy = GPOINTER_TO_UINT (policy);
  kr_hub_session_init (&session, KR_HUB_ROLE_SERVER, settings, KR_HUB_TRANSFER_FORMAT_TEXT, FALSE, TRUE, SECOND);
  feed (&session, "{\"protocol\":\"json\",\"version\":2}\x1e");
  kr_hub_outbox_clear (&session.outbox);
  for (guint round = 0; round < 10; round++)
    {
      for (guint i = 0; i < 5; i++)
        kr_hub_session_send_shared (&session, bytes, target);
      g_assert_cmpuint (kr_hub_session_peek (&session, vectors, G_N_ELEMENTS (vectors), &n_bytes), ==, 2);
      feed (&session, round % 2 == 0 ? "{\"type\":8,\"sequenceId\":4}\x1e" : "{\"type\":8,\"sequenceId\":9223372036854775807}\x1e");
      kr_hub_session_peek (&session, vectors, G_N_ELEMENTS (vectors), &n_bytes);
      g_assert_cmpuint (session.replay->n_handed, <=, session.replay->messages.length);
      kr_hub_session_send_shared (&session, bytes, target);
      kr_hub_session_make_room (&session);
      g_assert_cmpuint (session.replay->n_handed, <=, session.replay->messages.length);
    }
  g_assert_cmpint (session.state, ==, KR_HUB_SESSION_OPEN);
  kr_hub_session_clear (&session);
  g_ref_string_release (target);
  kr_hub_settings_unref (settings);
}

#define ADD(path, func) g_test_add ("/stateful/" path, Fixture, NULL, set_up, func, tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/stateful/buffer/acks", test_buffer_acks);
  g_test_add_func ("/stateful/buffer/receive", test_buffer_receive);
  g_test_add_func ("/stateful/buffer/receive-again", test_buffer_receive_again);
  g_test_add_data_func ("/stateful/acks-ahead/drop-oldest", GUINT_TO_POINTER (KR_HUB_OUTBOX_DROP_OLDEST), test_acks_ahead);
  g_test_add_data_func ("/stateful/acks-ahead/latest-wins", GUINT_TO_POINTER (KR_HUB_OUTBOX_LATEST_WINS), test_acks_ahead);
  ADD ("cut-idle", test_cut_idle);
  ADD ("acks", test_acks);
  ADD ("window", test_window);
  ADD ("swap-while-alive", test_swap_while_alive);
  ADD ("cut-everywhere", test_cut_everywhere);
  ADD ("cuts-under-traffic", test_cuts_under_traffic);
  return g_test_run ();
}
