/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* What programs and peers do at the worst moment: ends inside of a broadcast, a method that drops its hub, ids twice. */
#include "config.h"

#include <string.h>

#include "kr-test-peer.h"
#include "kr-test.h"

#define SECOND G_USEC_PER_SEC
#define LIMIT (64 * 1024)

static KrHubServer *
new_server (void)
{
  g_autoptr (KrHubClock) clock = kr_hub_clock_new_virtual (SECOND);
  KrHubServer *server = kr_hub_server_new (clock);

  g_object_set (server, "max-outbox-size", (guint64) LIMIT, "keep-alive-interval", (gint64) 0, "send-timeout", (gint64) 0,
                "reconnect-window", (gint64) 1000 * SECOND, NULL);
  return server;
}

static void
turn_until_idle (void)
{
  while (g_main_context_iteration (NULL, FALSE))
    ;
}

static guint
count (const char *text, const char *what)
{
  guint n = 0;

  for (const char *p = strstr (text, what); p != NULL; p = strstr (p + 1, what))
    n++;
  return n;
}

/* --- a broadcast that ends connections --- */

/* The end of one connection ends another one, of which the broadcast knows nothing. */
static void
end_other (KrHubServer *server, KrHubConnection *connection, const GError *error, KrTestPeer **peers)
{
  if (connection == peers[2]->connection)
    kr_hub_connection_abort (peers[0]->connection);
}

static void
test_broadcast_once (void)
{
  g_autoptr (KrHubServer) server = new_server ();
  g_autofree char *much = g_strnfill (LIMIT - 2000, 'x');
  g_autofree char *more = g_strnfill (2000, 'y');
  g_autoptr (KrHubClients) all = NULL;
  KrTestPeer *peers[4];
  gulong handler;

  all = kr_hub_clients_new_all (server);
  for (guint i = 0; i < G_N_ELEMENTS (peers); i++)
    peers[i] = kr_test_peer_new (server, NULL);
  handler = g_signal_connect (server, "disconnected", G_CALLBACK (end_other), peers);
  kr_test_peer_set_stalled (peers[2], TRUE);
  kr_hub_connection_send (peers[2]->connection, "Much", g_variant_new ("(s)", much), NULL);
  g_assert_true (kr_hub_connection_is_open (peers[2]->connection));
  kr_hub_clients_send (all, "Once", g_variant_new ("(s)", more), NULL);
  kr_test_peer_settle (peers[1]);
  g_assert_false (kr_hub_connection_is_open (peers[0]->connection));
  g_assert_false (kr_hub_connection_is_open (peers[2]->connection));
  for (guint i = 1; i < G_N_ELEMENTS (peers); i += 2)
    {
      g_autofree char *received = kr_test_peer_take (peers[i]);

      g_assert_cmpuint (count (received, "Once"), ==, 1);
    }
  g_signal_handler_disconnect (server, handler);
  for (guint i = 0; i < G_N_ELEMENTS (peers); i++)
    kr_test_peer_free (peers[i]);
}

#define N_PEERS 24

typedef struct
{
  KrHubClients *all;
  KrTestPeer *peers[N_PEERS];
  guint n_sent;
} Crowd;

static void
send_next (Crowd *self)
{
  g_autofree char *text = g_strdup_printf ("<%u>%*s", self->n_sent++, 2000, "");

  kr_hub_clients_send (self->all, "E", g_variant_new ("(s)", text), NULL);
}

/* Whoever hears of an end tells everybody, and ends somebody else before and after that. */
static void
spread (KrHubServer *server, KrHubConnection *connection, const GError *error, Crowd *self)
{
  if (self->n_sent > 6)
    return;
  kr_hub_connection_abort (self->peers[g_test_rand_int_range (0, N_PEERS)]->connection);
  send_next (self);
  kr_hub_connection_abort (self->peers[g_test_rand_int_range (0, N_PEERS)]->connection);
}

/* Each broadcast reaches those who stay just once, also those that are sent inside of another one. */
static void
test_broadcast_inside_broadcast (void)
{
  for (guint round = 0; round < 20; round++)
    {
      g_autoptr (KrHubServer) server = new_server ();
      g_autofree char *much = g_strnfill (LIMIT - 2000, 'x');
      Crowd crowd = { kr_hub_clients_new_all (server) };

      for (guint i = 0; i < N_PEERS; i++)
        crowd.peers[i] = kr_test_peer_new (server, NULL);
      g_signal_connect (server, "disconnected", G_CALLBACK (spread), &crowd);
      for (guint i = 0; i < 3; i++)
        {
          KrTestPeer *slow = crowd.peers[g_test_rand_int_range (0, N_PEERS)];

          kr_test_peer_set_stalled (slow, TRUE);
          kr_hub_connection_send (slow->connection, "Much", g_variant_new ("(s)", much), NULL);
        }
      send_next (&crowd);
      g_assert_cmpuint (crowd.n_sent, >, 1);
      for (guint i = 0; i < N_PEERS; i++)
        {
          g_autofree char *received = NULL;

          kr_test_peer_settle (crowd.peers[i]);
          if (!kr_hub_connection_is_open (crowd.peers[i]->connection))
            continue;
          received = kr_test_peer_take (crowd.peers[i]);
          for (guint n = 0; n < crowd.n_sent; n++)
            {
              g_autofree char *mark = g_strdup_printf ("<%u>", n);

              g_assert_cmpuint (count (received, mark), ==, 1);
            }
        }
      g_signal_handlers_disconnect_by_data (server, &crowd);
      for (guint i = 0; i < N_PEERS; i++)
        kr_test_peer_free (crowd.peers[i]);
      kr_hub_clients_unref (crowd.all);
    }
}

/* --- calls of methods that do not exist, and a filter that takes its time --- */

#define TEST_TYPE_KEEPER (test_keeper_get_type ())
G_DECLARE_FINAL_TYPE (TestKeeper, test_keeper, TEST, KEEPER, GObject)

struct _TestKeeper
{
  GObject parent_instance;

  GPtrArray *kept; /* of KrHubInvocation */
};

static gboolean
keeper_invoke (KrHubFilter *filter, KrHubInvocation *invocation)
{
  g_ptr_array_add (TEST_KEEPER (filter)->kept, kr_hub_invocation_ref (invocation));
  return FALSE;
}

static void
keeper_iface_init (KrHubFilterInterface *iface)
{
  iface->invoke = keeper_invoke;
}

G_DEFINE_FINAL_TYPE_WITH_CODE (TestKeeper, test_keeper, G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (KR_HUB_TYPE_FILTER, keeper_iface_init))

static void
test_keeper_finalize (GObject *object)
{
  g_ptr_array_unref (TEST_KEEPER (object)->kept);
  G_OBJECT_CLASS (test_keeper_parent_class)->finalize (object);
}

static void
test_keeper_class_init (TestKeeperClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = test_keeper_finalize;
}

static void
test_keeper_init (TestKeeper *self)
{
  self->kept = g_ptr_array_new_with_free_func ((GDestroyNotify) kr_hub_invocation_unref);
}

/* They wait for a slot as others do, whether or not a stream is asked for. */
static void
test_unknown_calls_wait (gconstpointer type)
{
  g_autoptr (KrHubServer) server = new_server ();
  g_autoptr (TestKeeper) keeper = g_object_new (TEST_TYPE_KEEPER, NULL);
  g_autoptr (KrTestPeer) peer = NULL;

  g_object_set (server, "max-parallel-invocations", 3, NULL);
  kr_hub_server_add_filter (server, KR_HUB_FILTER (keeper));
  peer = kr_test_peer_new (server, NULL);
  for (guint i = 0; i < 10; i++)
    {
      g_autofree char *text = NULL;

      text = g_strdup_printf ("{\"type\":%u,\"invocationId\":\"%u\",\"target\":\"None\",\"arguments\":[]};",
                              GPOINTER_TO_UINT (type), i);
      kr_test_peer_send (peer, text);
    }
  g_assert_cmpuint (keeper->kept->len, ==, 3);
  for (guint i = 0; i < 10; i++)
    {
      g_autofree char *text = NULL;

      kr_hub_invocation_proceed (g_ptr_array_index (keeper->kept, 0));
      g_ptr_array_remove_index (keeper->kept, 0);
      text = kr_test_peer_take (peer);
      g_assert_nonnull (strstr (text, "Method does not exist."));
      g_assert_cmpuint (keeper->kept->len, ==, MIN (3, 9 - i));
    }
}

/* The same id twice, of streams that no method answers. */
static void
test_unknown_stream_twice (void)
{
  static const char call[] = "{\"type\":4,\"invocationId\":\"7\",\"target\":\"None\",\"arguments\":[]};";
  g_autoptr (KrHubServer) server = new_server ();
  g_autoptr (TestKeeper) keeper = g_object_new (TEST_TYPE_KEEPER, NULL);
  g_autoptr (KrTestPeer) peer = NULL;
  g_autofree char *text = NULL;

  g_object_set (server, "max-parallel-invocations", 3, NULL);
  kr_hub_server_add_filter (server, KR_HUB_FILTER (keeper));
  peer = kr_test_peer_new (server, NULL);
  kr_test_peer_send (peer, call);
  kr_test_peer_send (peer, call);
  g_ptr_array_remove_index (keeper->kept, 0);
  kr_test_peer_send (peer, call);
  kr_test_peer_send (peer, "{\"type\":5,\"invocationId\":\"7\"};");
  text = kr_test_peer_take (peer);
  g_assert_cmpuint (count (text, "Invocation ID '7' is already in use."), ==, 1);
  g_assert_cmpuint (count (text, "{\"type\":3"), ==, 3);
}

/* --- a client that never answers what its calls ask it --- */

typedef struct
{
  KrHubServer *server;
  guint n_asked;
  guint n_refused;
} Asker;

static void
hear (GObject *source, GAsyncResult *result, gpointer data)
{
  KrHubInvocation *invocation = data;
  Asker *self = g_object_get_data (source, "asker");
  g_autoptr (GVariant) answer = NULL;
  g_autoptr (GError) error = NULL;

  answer = kr_hub_server_invoke_finish (KR_HUB_SERVER (source), result, &error);
  self->n_refused += g_error_matches (error, G_IO_ERROR, G_IO_ERROR_BUSY);
  kr_hub_invocation_return_void (invocation);
  kr_hub_invocation_unref (invocation);
}

static void
ask (KrHubInvocation *invocation, gpointer data)
{
  Asker *self = data;

  self->n_asked++;
  kr_hub_server_invoke_async (self->server, invocation,
                              kr_hub_connection_get_id (kr_hub_invocation_get_connection (invocation)), "Answer", NULL, NULL,
                              NULL, hear, kr_hub_invocation_ref (invocation));
}

/* So many may wait; others hear that there are too many, and one that is answered makes room for another. */
static void
test_asked_without_end (void)
{
  g_autoptr (KrHubServer) server = new_server ();
  g_autoptr (KrTestPeer) peer = NULL;
  g_autofree char *text = NULL;
  Asker asker = { server };

  g_object_set (server, "max-streams", 20, NULL);
  g_object_set_data (G_OBJECT (server), "asker", &asker);
  kr_hub_server_add_method (server, "Ask", "()", NULL, ask, &asker, NULL);
  peer = kr_test_peer_new (server, NULL);
  for (guint i = 0; i < 100; i++)
    kr_test_peer_send (peer, "{\"type\":1,\"invocationId\":\"1\",\"target\":\"Ask\",\"arguments\":[]};");
  text = kr_test_peer_take (peer);
  g_assert_cmpuint (asker.n_asked, ==, 100);
  g_assert_cmpuint (asker.n_refused, ==, 79);
  g_assert_cmpuint (count (text, "\"target\":\"Answer\""), ==, 21);
  kr_test_peer_send (peer, "{\"type\":3,\"invocationId\":\"s1\",\"result\":1};");
  for (guint i = 0; i < 3; i++)
    kr_test_peer_send (peer, "{\"type\":1,\"invocationId\":\"1\",\"target\":\"Ask\",\"arguments\":[]};");
  g_assert_cmpuint (asker.n_refused, ==, 81);
}

/* --- an invocation in another thread --- */

typedef struct
{
  KrHubInvocation *invocation;
  gint looked; /* atomic */
} Look;

static gpointer
look (gpointer data)
{
  Look *self = data;

  for (guint i = 0; i < 1000; i++)
    {
      g_assert_true (kr_hub_invocation_get_expects_answer (self->invocation));
      g_atomic_int_set (&self->looked, TRUE);
    }
  kr_hub_invocation_return_void (self->invocation);
  kr_hub_invocation_unref (self->invocation);
  return NULL;
}

/* It is looked at while its handler returns. */
static void
hand_out (KrHubInvocation *invocation, gpointer data)
{
  Look *self = data;

  self->invocation = kr_hub_invocation_ref (invocation);
  g_thread_unref (g_thread_new ("look", look, self));
  while (!g_atomic_int_get (&self->looked))
    g_thread_yield ();
}

static gboolean
has_answer (gpointer peer)
{
  return strstr (((KrTestPeer *) peer)->received->str, "\"type\":3") != NULL;
}

static void
test_looked_at_elsewhere (void)
{
  g_autoptr (KrHubServer) server = new_server ();
  g_autoptr (KrTestPeer) peer = NULL;
  Look look = { NULL };

  kr_hub_server_add_method (server, "HandOut", "()", NULL, hand_out, &look, NULL);
  peer = kr_test_peer_new (server, NULL);
  kr_test_peer_send (peer, "{\"type\":1,\"invocationId\":\"1\",\"target\":\"HandOut\",\"arguments\":[]};");
  while (!has_answer (peer))
    kr_test_peer_settle (peer);
}

/* --- a transport that comes while a method runs --- */

/* As one that turns the main loop may find. */
static void
echo_over_another (KrHubInvocation *invocation, gpointer data)
{
  KrTestPeer **peer = data;

  kr_test_peer_reattach (*peer);
  kr_hub_invocation_return_string (invocation, kr_hub_invocation_get_string (invocation, 0));
}

/* What the method was called with lies in memory of the connection, since it came in two pieces. */
static void
test_reattached_in_method (void)
{
  g_autoptr (KrHubServer) server = new_server ();
  g_autoptr (KrTestPeer) peer = NULL;
  g_autofree char *text = NULL;

  kr_hub_server_add_method (server, "Echo", "(s)", "s", echo_over_another, &peer, NULL);
  peer = kr_test_peer_new_silent (server, NULL, TRUE);
  kr_test_peer_send (peer, "{\"protocol\":\"json\",\"version\":2};");
  kr_test_peer_send (peer, "{\"type\":1,\"invocationId\":\"1\",\"target\":\"Echo\",");
  kr_test_peer_send (peer, "\"arguments\":[\"still here\"]};");
  text = kr_test_peer_take (peer);
  g_assert_nonnull (strstr (text, "\"result\":\"still here\""));
  g_assert_true (kr_hub_connection_is_open (peer->connection));
}

/* --- what a raw connection is said to be --- */

static void
hear_nothing (KrHubConnection *connection, const guint8 *data, gsize len, gpointer user_data)
{
}

static void
note_address (KrHubServer *server, KrHubConnection *connection, char **address)
{
  *address = g_strdup (kr_hub_connection_get_remote_address (connection));
}

/* Whoever accepts a connection knows more about it, which is said before the program hears of it. */
static void
test_raw_address (void)
{
  g_autoptr (KrHubServer) server = new_server ();
  g_autofree char *address = NULL;
  g_autoptr (KrTestPeer) peer = NULL;

  kr_hub_server_set_raw_handler (server, hear_nothing, NULL, NULL);
  g_signal_connect (server, "connected", G_CALLBACK (note_address), &address);
  peer = kr_test_peer_new_silent (server, NULL, FALSE);
  kr_hub_connection_set_remote_address (peer->connection, "192.0.2.7");
  kr_test_peer_send (peer, "x");
  g_assert_cmpstr (address, ==, "192.0.2.7");
  g_assert_cmpuint (kr_hub_server_get_n_connections (server), ==, 1);
}

/* --- the hub goes --- */

/* A method that takes the last reference of its hub, as a program that quits does. */
static void
quit (KrHubInvocation *invocation, gpointer data)
{
  g_clear_object ((KrHubServer **) data);
  kr_hub_invocation_return_void (invocation);
}

static void
test_method_drops_hub (void)
{
  KrHubServer *server = new_server ();
  g_autoptr (KrTestPeer) peer = NULL;

  kr_hub_server_add_method (server, "Quit", "()", NULL, quit, &server, NULL);
  peer = kr_test_peer_new (server, NULL);
  g_object_add_weak_pointer (G_OBJECT (server), (gpointer *) &server);
  kr_test_peer_send (peer, "{\"type\":1,\"invocationId\":\"1\",\"target\":\"Quit\",\"arguments\":[]};");
  g_assert_null (server);
  kr_hub_clock_advance (peer->clock, SECOND);
  turn_until_idle ();
  g_assert_true (peer->closed);
}

/* A filter that drops the hub in one of its functions. */
#define TEST_TYPE_DROPPER (test_dropper_get_type ())
G_DECLARE_FINAL_TYPE (TestDropper, test_dropper, TEST, DROPPER, GObject)

struct _TestDropper
{
  GObject parent_instance;

  KrHubServer **server;
  const char *when;
};

static void
test_dropper_act (TestDropper *self, const char *when)
{
  if (g_str_equal (self->when, when))
    g_clear_object (self->server);
}

static gboolean
dropper_connected (KrHubFilter *filter, KrHubConnection *connection, GError **error)
{
  test_dropper_act (TEST_DROPPER (filter), "connected");
  return TRUE;
}

static void
dropper_disconnected (KrHubFilter *filter, KrHubConnection *connection, const GError *error)
{
  test_dropper_act (TEST_DROPPER (filter), "disconnected");
}

static gboolean
dropper_invoke (KrHubFilter *filter, KrHubInvocation *invocation)
{
  test_dropper_act (TEST_DROPPER (filter), "invoke");
  return TRUE;
}

static void
dropper_returned (KrHubFilter *filter, KrHubInvocation *invocation, const char *failure)
{
  test_dropper_act (TEST_DROPPER (filter), "returned");
}

static void
dropper_iface_init (KrHubFilterInterface *iface)
{
  iface->connected = dropper_connected;
  iface->disconnected = dropper_disconnected;
  iface->invoke = dropper_invoke;
  iface->returned = dropper_returned;
}

G_DEFINE_FINAL_TYPE_WITH_CODE (TestDropper, test_dropper, G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (KR_HUB_TYPE_FILTER, dropper_iface_init))

static void
test_dropper_class_init (TestDropperClass *klass)
{
}

static void
test_dropper_init (TestDropper *self)
{
}

static void
answer (KrHubInvocation *invocation, gpointer data)
{
  kr_hub_invocation_return_void (invocation);
}

static void
test_filter_drops_hub (gconstpointer when)
{
  KrHubServer *server = new_server ();
  g_autoptr (KrTestPeer) peer = NULL;

  kr_hub_server_add_method (server, "Answer", "()", NULL, answer, NULL, NULL);
  for (guint i = 0; i < 2; i++)
    {
      g_autoptr (TestDropper) dropper = g_object_new (TEST_TYPE_DROPPER, NULL);

      dropper->server = &server;
      dropper->when = when;
      kr_hub_server_add_filter (server, KR_HUB_FILTER (dropper));
    }
  peer = kr_test_peer_new_silent (server, NULL, FALSE);
  kr_test_peer_send (peer, "{\"protocol\":\"json\",\"version\":1};");
  kr_test_peer_send (peer, "{\"type\":1,\"invocationId\":\"1\",\"target\":\"Answer\",\"arguments\":[]};");
  kr_test_peer_send (peer, "{\"type\":7};");
  g_assert_null (server);
  kr_hub_clock_advance (peer->clock, SECOND);
  turn_until_idle ();
  g_assert_true (peer->closed);
}

static void
note_thread (KrHubServer *server, KrHubConnection *connection, const GError *error, GThread **thread)
{
  *thread = g_thread_self ();
}

static gboolean
quit_loop (gpointer loop)
{
  g_main_loop_quit (loop);
  return G_SOURCE_REMOVE;
}

typedef struct
{
  KrHubClients *all;
  GMainLoop *loop;
} Drop;

static gpointer
drop (gpointer data)
{
  Drop *self = data;

  while (!g_main_loop_is_running (self->loop))
    g_thread_yield ();
  kr_hub_clients_unref (self->all);
  g_idle_add (quit_loop, self->loop);
  return NULL;
}

/* A worker that sends may be the last one to know the hub, whose connections belong to this thread. */
static void
test_last_reference_elsewhere (void)
{
  KrHubServer *server = new_server ();
  g_autoptr (KrTestPeer) peer = kr_test_peer_new (server, NULL);
  Drop last = { kr_hub_clients_new_all (server), g_main_loop_new (NULL, FALSE) };
  gpointer weak = server;
  GThread *told_in = NULL;
  GThread *thread;

  g_signal_connect (server, "disconnected", G_CALLBACK (note_thread), &told_in);
  g_object_add_weak_pointer (G_OBJECT (server), &weak);
  g_object_unref (server);
  g_assert_nonnull (weak);
  thread = g_thread_new ("last", drop, &last);
  g_main_loop_run (last.loop);
  g_thread_join (thread);
  g_assert_null (weak);
  g_assert_true (told_in == g_thread_self ());
  g_main_loop_unref (last.loop);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/strangers/broadcast-once", test_broadcast_once);
  g_test_add_func ("/strangers/broadcast-inside-broadcast", test_broadcast_inside_broadcast);
  g_test_add_data_func ("/strangers/unknown-calls-wait/invocation", GUINT_TO_POINTER (1), test_unknown_calls_wait);
  g_test_add_data_func ("/strangers/unknown-calls-wait/stream", GUINT_TO_POINTER (4), test_unknown_calls_wait);
  g_test_add_func ("/strangers/unknown-stream-twice", test_unknown_stream_twice);
  g_test_add_func ("/strangers/asked-without-end", test_asked_without_end);
  g_test_add_func ("/strangers/looked-at-elsewhere", test_looked_at_elsewhere);
  g_test_add_func ("/strangers/reattached-in-method", test_reattached_in_method);
  g_test_add_func ("/strangers/raw-address", test_raw_address);
  g_test_add_func ("/strangers/method-drops-hub", test_method_drops_hub);
  g_test_add_data_func ("/strangers/filter-drops-hub/connected", "connected", test_filter_drops_hub);
  g_test_add_data_func ("/strangers/filter-drops-hub/invoke", "invoke", test_filter_drops_hub);
  g_test_add_data_func ("/strangers/filter-drops-hub/returned", "returned", test_filter_drops_hub);
  g_test_add_data_func ("/strangers/filter-drops-hub/disconnected", "disconnected", test_filter_drops_hub);
  g_test_add_func ("/strangers/last-reference-elsewhere", test_last_reference_elsewhere);
  return g_test_run ();
}
