/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* Clients that do not read, and what each policy does about them. */
#include "config.h"

#include <malloc.h>
#include <string.h>

#include "kr-test-peer.h"
#include "kr-test.h"

#define SECOND G_USEC_PER_SEC
#define LIMIT (64 * 1024)

typedef struct
{
  KrHubServer *server;
} Fixture;

static void
echo (KrHubInvocation *invocation, gpointer data)
{
  kr_hub_invocation_return_string (invocation, kr_hub_invocation_get_string (invocation, 0));
}

static void
set_up (Fixture *f, gconstpointer policy)
{
  g_autoptr (KrHubClock) clock = kr_hub_clock_new_virtual (SECOND);

  f->server = kr_hub_server_new (clock);
  g_object_set (f->server, "max-outbox-size", (guint64) LIMIT, "outbox-policy", GPOINTER_TO_UINT (policy),
                "keep-alive-interval", (gint64) 0, "send-timeout", (gint64) 0, "reconnect-window", (gint64) 1000 * SECOND, NULL);
  kr_hub_server_add_method (f->server, "Echo", "(s)", "s", echo, f, NULL);
}

static void
tear_down (Fixture *f, gconstpointer data)
{
  while (g_main_context_iteration (NULL, FALSE))
    ;
  g_assert_finalize_object (f->server);
}

static void
send_number (KrTestPeer *peer, const char *target, guint number)
{
  g_autoptr (GError) error = NULL;

  kr_hub_connection_send (peer->connection, target, g_variant_new ("(u)", number), &error);
  g_assert_no_error (error);
}

static guint64
sum (Fixture *f, const char *name)
{
  g_autoptr (KrHubMetrics) metrics = kr_hub_server_read_metrics (f->server);

  return kr_hub_metrics_sum (metrics, name, NULL);
}

/* The numbers of all messages with that target, in order of arrival. */
static GArray *
parse_numbers (const char *text, const char *target)
{
  g_autofree char *pattern = g_strdup_printf ("\"target\":\"%s\",\"arguments\":[", target);
  GArray *numbers = g_array_new (FALSE, FALSE, sizeof (guint));

  for (const char *p = strstr (text, pattern); p != NULL; p = strstr (p, pattern))
    {
      guint number = g_ascii_strtoull (p += strlen (pattern), NULL, 10);

      g_array_append_val (numbers, number);
    }
  return numbers;
}

/* --- one policy after the other --- */

static void
test_disconnect (Fixture *f, gconstpointer data)
{
  g_autoptr (KrTestPeer) peer = kr_test_peer_new (f->server, NULL);
  g_autoptr (KrTestPeer) other = kr_test_peer_new (f->server, NULL);
  g_autoptr (KrHubClients) everybody = kr_hub_clients_new_all (f->server);
  guint n = 0;

  kr_test_peer_set_stalled (peer, TRUE);
  for (; kr_hub_connection_is_open (peer->connection); n++)
    {
      g_assert_cmpuint (n, <, LIMIT);
      kr_hub_clients_send (everybody, "E", g_variant_new ("(u)", n), NULL);
      kr_test_peer_settle (other);
    }
  g_assert_cmpint (kr_hub_connection_get_close_reason (peer->connection), ==, KR_HUB_CLOSE_REASON_OUTBOX_FULL);
  /* What it takes to hold an event counts. */
  g_assert_cmpuint (n, <, LIMIT / 128);
  g_assert_true (kr_hub_connection_is_open (other->connection));
  {
    g_autofree char *text = kr_test_peer_take (other);
    g_autoptr (GArray) numbers = parse_numbers (text, "E");

    g_assert_cmpuint (numbers->len, ==, n);
  }
}

static void
test_drop_oldest (Fixture *f, gconstpointer data)
{
  g_autoptr (KrTestPeer) peer = kr_test_peer_new (f->server, NULL);
  g_autofree char *text = NULL;
  g_autoptr (GArray) numbers = NULL;
  const guint n = 5000;

  kr_test_peer_set_stalled (peer, TRUE);
  for (guint i = 0; i < n; i++)
    {
      send_number (peer, "E", i);
      /* Answers stand between. */
      if (i % 1000 == 500)
        kr_test_peer_send (peer, "{\"type\":1,\"invocationId\":\"7\",\"target\":\"Echo\",\"arguments\":[\"kept\"]};");
      g_assert_cmpuint (kr_hub_connection_get_outbox_size (peer->connection), <=, LIMIT);
    }
  g_assert_cmpuint (sum (f, "krhub.server.dropped_messages"), >, n / 2);
  kr_test_peer_set_stalled (peer, FALSE);
  text = kr_test_peer_take (peer);
  numbers = parse_numbers (text, "E");
  g_assert_true (kr_hub_connection_is_open (peer->connection));
  g_assert_cmpuint (numbers->len, >, LIMIT / 300);
  g_assert_cmpuint (numbers->len + sum (f, "krhub.server.dropped_messages"), ==, n);
  /* The newest ones, in order. */
  for (guint i = 0; i < numbers->len; i++)
    g_assert_cmpuint (g_array_index (numbers, guint, i), ==, n - numbers->len + i);
  {
    g_auto (GStrv) kept = g_strsplit (text, "\"result\":\"kept\"", -1);

    g_assert_cmpuint (g_strv_length (kept) - 1, ==, n / 1000);
  }
}

static void
test_latest_wins (Fixture *f, gconstpointer data)
{
  g_autoptr (KrTestPeer) peer = kr_test_peer_new (f->server, NULL);
  g_autofree char *text = NULL;
  g_autoptr (GArray) rare = NULL, often = NULL;
  const guint n = 5000;

  kr_test_peer_set_stalled (peer, TRUE);
  send_number (peer, "Rare", 1);
  send_number (peer, "Rare", 2);
  for (guint i = 0; i < n; i++)
    send_number (peer, "Often", i);
  kr_test_peer_set_stalled (peer, FALSE);
  text = kr_test_peer_take (peer);
  rare = parse_numbers (text, "Rare");
  often = parse_numbers (text, "Often");
  g_assert_true (kr_hub_connection_is_open (peer->connection));
  /* Old as it is, it is the latest of its target. */
  g_assert_cmpuint (rare->len, ==, 1);
  g_assert_cmpuint (g_array_index (rare, guint, 0), ==, 2);
  g_assert_cmpuint (g_array_index (often, guint, often->len - 1), ==, n - 1);
  for (guint i = 1; i < often->len; i++)
    g_assert_cmpuint (g_array_index (often, guint, i - 1), <, g_array_index (often, guint, i));
  g_assert_cmpuint (rare->len + often->len + sum (f, "krhub.server.dropped_messages"), ==, n + 2);
}

/* Whoever reads loses nothing, as long as no turn sends more than may wait. */
static void
test_reader_loses_nothing (Fixture *f, gconstpointer data)
{
  g_autoptr (KrTestPeer) peer = kr_test_peer_new (f->server, NULL);
  g_autofree char *text = NULL;
  g_autoptr (GArray) numbers = NULL;

  for (guint i = 0; i < 200; i++)
    send_number (peer, "E", i);
  text = kr_test_peer_take (peer);
  numbers = parse_numbers (text, "E");
  g_assert_cmpuint (numbers->len, ==, 200);
  g_assert_cmpuint (sum (f, "krhub.server.dropped_messages"), ==, 0);
}

/* What must not be dropped ends the connection after all. */
static void
test_answers_fill_up (Fixture *f, gconstpointer data)
{
  g_autoptr (KrTestPeer) peer = kr_test_peer_new (f->server, NULL);
  g_autofree char *large = g_strnfill (10000, 'x');
  g_autofree char *call = g_strdup_printf ("{\"type\":1,\"invocationId\":\"1\",\"target\":\"Echo\",\"arguments\":[\"%s\"]};",
                                           large);

  kr_test_peer_set_stalled (peer, TRUE);
  send_number (peer, "E", 1);
  for (guint i = 0; i < LIMIT / 10000; i++)
    kr_test_peer_send (peer, call);
  g_assert_true (kr_hub_connection_is_open (peer->connection));
  kr_test_peer_send (peer, call);
  g_assert_cmpint (kr_hub_connection_get_close_reason (peer->connection), ==, KR_HUB_CLOSE_REASON_OUTBOX_FULL);
}

/* --- waiting --- */

typedef struct
{
  KrTestPeer *peer;
  guint next, n;
  gboolean ended;
  GError *error;
} Sender;

static void
send_next (GObject *source, GAsyncResult *result, gpointer data)
{
  Sender *self = data;
  g_autoptr (GVariant) arguments = g_variant_ref_sink (g_variant_new ("(u)", self->next));

  if (result != NULL && !kr_hub_connection_send_finish (KR_HUB_CONNECTION (source), result, &self->error))
    return;
  if (self->next == self->n)
    {
      self->ended = TRUE;
      return;
    }
  self->next++;
  kr_hub_connection_send_async (self->peer->connection, "E", arguments, NULL, send_next, self);
}

static void
test_wait (Fixture *f, gconstpointer data)
{
  g_autoptr (KrTestPeer) peer = kr_test_peer_new (f->server, NULL);
  Sender sender = { .peer = peer, .n = 5000 };
  g_autofree char *text = NULL;
  g_autoptr (GArray) numbers = NULL;

  kr_test_peer_set_stalled (peer, TRUE);
  send_next (NULL, NULL, &sender);
  for (guint i = 0; i < 100; i++)
    kr_test_peer_settle (peer);
  /* It waits at half of the limit. */
  g_assert_cmpuint (sender.next, <, 5000);
  g_assert_cmpuint (kr_hub_connection_get_outbox_size (peer->connection), <=, LIMIT / 2 + 100);
  kr_test_peer_set_stalled (peer, FALSE);
  for (guint i = 0; i < 5000 && !sender.ended; i++)
    kr_test_peer_settle (peer);
  g_assert_true (sender.ended);
  text = kr_test_peer_take (peer);
  numbers = parse_numbers (text, "E");
  g_assert_cmpuint (numbers->len, ==, 5000);
}

static void
test_wait_ends (Fixture *f, gconstpointer data)
{
  g_autoptr (KrTestPeer) peer = kr_test_peer_new (f->server, NULL);
  Sender sender = { .peer = peer, .n = 5000 };

  kr_test_peer_set_stalled (peer, TRUE);
  send_next (NULL, NULL, &sender);
  for (guint i = 0; i < 100; i++)
    kr_test_peer_settle (peer);
  g_assert_no_error (sender.error);
  kr_test_peer_lose (peer);
  for (guint i = 0; i < 100; i++)
    kr_test_peer_settle (peer);
  g_assert_error (sender.error, G_IO_ERROR, G_IO_ERROR_CONNECTION_CLOSED);
  g_clear_error (&sender.error);
}

/* A client that calls and does not read what it gets is not read either, and loses nothing. */
static void
test_wait_pauses_calls (Fixture *f, gconstpointer data)
{
  g_autoptr (KrTestPeer) peer = kr_test_peer_new (f->server, NULL);
  g_autofree char *large = g_strnfill (10000, 'x');
  g_autofree char *call = g_strdup_printf ("{\"type\":1,\"invocationId\":\"1\",\"target\":\"Echo\",\"arguments\":[\"%s\"]};",
                                           large);
  g_autofree char *text = NULL;
  g_auto (GStrv) answers = NULL;

  kr_test_peer_set_stalled (peer, TRUE);
  for (guint i = 0; i < 20; i++)
    kr_test_peer_send (peer, call);
  g_assert_true (kr_hub_connection_is_open (peer->connection));
  g_assert_cmpuint (kr_hub_connection_get_outbox_size (peer->connection), <=, LIMIT / 2 + 10100);
  /* Its silence is not its fault. */
  kr_hub_clock_advance (peer->clock, 60 * SECOND);
  g_assert_true (kr_hub_connection_is_open (peer->connection));
  kr_test_peer_set_stalled (peer, FALSE);
  for (guint i = 0; i < 20; i++)
    kr_test_peer_settle (peer);
  text = kr_test_peer_take (peer);
  answers = g_strsplit (text, "\"type\":3", -1);
  g_assert_cmpuint (g_strv_length (answers) - 1, ==, 20);
}

/* Nobody receives later because somebody is slow; the sender alone waits. */
static void
test_wait_for_some (Fixture *f, gconstpointer leaves)
{
  KrTestPeer *slow;
  g_autoptr (KrTestPeer) fast = NULL;
  g_autoptr (KrHubClients) everybody = kr_hub_clients_new_all (f->server);
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *large = g_strnfill (LIMIT / 2 + 1, 'x');
  g_autofree char *text = NULL;

  g_object_set (f->server, "outbox-policy", KR_HUB_OUTBOX_WAIT, NULL);
  slow = kr_test_peer_new (f->server, NULL);
  fast = kr_test_peer_new (f->server, NULL);
  kr_test_peer_set_stalled (slow, TRUE);
  kr_hub_clients_send_async (everybody, "E", g_variant_new ("(s)", large), NULL, kr_test_store_result, &result);
  text = kr_test_peer_take (fast);
  g_assert_cmpuint (strlen (text), >, LIMIT / 2);
  for (guint i = 0; i < 10; i++)
    kr_test_peer_settle (fast);
  g_assert_null (result);
  if (leaves)
    kr_test_peer_lose (slow);
  else
    kr_test_peer_set_stalled (slow, FALSE);
  for (guint i = 0; i < 10; i++)
    kr_test_peer_settle (fast);
  g_assert_nonnull (result);
  g_assert_true (kr_hub_clients_send_finish (everybody, result, &error));
  g_assert_no_error (error);
  kr_test_peer_free (slow);
}

typedef struct
{
  Fixture *f;
  guint n;
  gint ended;       /* atomic */
} Elsewhere;

/* One event after the other, at the pace of whoever reads. */
static gpointer
send_elsewhere (gpointer data)
{
  Elsewhere *self = data;
  g_autoptr (GMainContext) context = g_main_context_new ();
  g_autoptr (KrHubClients) everybody = kr_hub_clients_new_all (self->f->server);

  g_main_context_push_thread_default (context);
  for (guint i = 0; i < self->n; i++)
    {
      g_autoptr (GAsyncResult) result = NULL;

      kr_hub_clients_send_async (everybody, "E", g_variant_new ("(u)", i), NULL, kr_test_store_result, &result);
      kr_test_wait_result ("room", &result);
      g_assert_true (kr_hub_clients_send_finish (everybody, result, NULL));
    }
  g_main_context_pop_thread_default (context);
  g_atomic_int_set (&self->ended, TRUE);
  g_main_context_wakeup (NULL);
  return NULL;
}

static void
test_wait_in_thread (Fixture *f, gconstpointer data)
{
  KrTestPeer *peer = kr_test_peer_new (f->server, NULL);
  Elsewhere elsewhere = { .f = f, .n = 500 };
  GThread *thread = g_thread_new ("sender", send_elsewhere, &elsewhere);
  g_autoptr (GArray) numbers = NULL;

  while (!g_atomic_int_get (&elsewhere.ended))
    {
      g_main_context_iteration (NULL, TRUE);
      kr_hub_clock_advance (peer->clock, 1000);
    }
  g_thread_join (thread);
  kr_test_peer_settle (peer);
  numbers = parse_numbers (peer->received->str, "E");
  g_assert_cmpuint (numbers->len, ==, 500);
  for (guint i = 0; i < 500; i++)
    g_assert_cmpuint (g_array_index (numbers, guint, i), ==, i);
  kr_test_peer_free (peer);
}

static void
test_wait_cancelled (Fixture *f, gconstpointer data)
{
  g_autoptr (KrTestPeer) slow = kr_test_peer_new (f->server, NULL);
  g_autoptr (KrHubClients) everybody = kr_hub_clients_new_all (f->server);
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *large = g_strnfill (LIMIT / 2 + 1, 'x');

  kr_test_peer_set_stalled (slow, TRUE);
  kr_hub_clients_send_async (everybody, "E", g_variant_new ("(s)", large), cancellable, kr_test_store_result, &result);
  kr_test_peer_settle (slow);
  g_assert_null (result);
  g_cancellable_cancel (cancellable);
  kr_test_wait_result ("cancelled", &result);
  g_assert_false (kr_hub_clients_send_finish (everybody, result, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
}

static void
test_own_policy (Fixture *f, gconstpointer data)
{
  g_autoptr (KrTestPeer) peer = kr_test_peer_new (f->server, NULL);

  g_assert_cmpint (kr_hub_connection_get_outbox_policy (peer->connection), ==, KR_HUB_OUTBOX_DISCONNECT);
  kr_test_peer_set_stalled (peer, TRUE);
  send_number (peer, "E", 0);
  kr_hub_connection_set_outbox_policy (peer->connection, KR_HUB_OUTBOX_DROP_OLDEST);
  for (guint i = 1; i < 5000; i++)
    send_number (peer, "E", i);
  g_assert_true (kr_hub_connection_is_open (peer->connection));
  kr_test_peer_set_stalled (peer, FALSE);
  {
    g_autofree char *text = kr_test_peer_take (peer);
    g_autoptr (GArray) numbers = parse_numbers (text, "E");

    /* What waited when the policy came is not dropped. */
    g_assert_cmpuint (g_array_index (numbers, guint, 0), ==, 0);
    g_assert_cmpuint (g_array_index (numbers, guint, numbers->len - 1), ==, 4999);
  }
}

/* --- at random, against a model: what must arrive does, once, in order --- */

#define N_TARGETS 4

typedef struct
{
  Fixture *f;
  KrTestPeer *peer;
  KrHubClients *everybody;
  gboolean stateful, stalled;
  guint next;                     /* number of the next message */
  guint last_of[N_TARGETS];       /* number of the last event to each target */
  GHashTable *questions;          /* numbers that must arrive */
  GArray *arrived;                /* numbers, without duplicates */
  guint64 next_number, latest;    /* of a stateful peer's messages */
  guint n_events, n_events_arrived;
} Model;

static void
receive_one (Model *m, const char *message)
{
  const char *arguments = strstr (message, "\"arguments\":[");
  guint number;

  if (strstr (message, "\"type\":9") != NULL)
    {
      m->next_number = g_ascii_strtoull (strstr (message, "sequenceId\":") + 12, NULL, 10);
      return;
    }
  if (strstr (message, "\"type\":1") == NULL)
    return;
  if (m->stateful && m->next_number++ <= m->latest)
    return;
  m->latest++;
  g_assert_nonnull (arguments);
  number = g_ascii_strtoull (arguments + 13, NULL, 10);
  if (m->arrived->len > 0)
    g_assert_cmpuint (number, >, g_array_index (m->arrived, guint, m->arrived->len - 1));
  g_array_append_val (m->arrived, number);
  if (!g_hash_table_remove (m->questions, GUINT_TO_POINTER (number + 1)))
    m->n_events_arrived++;
}

/* What came in whole; the beginning of another message stays. */
static void
receive_all (Model *m)
{
  GString *received = m->peer->received;
  char *end;

  while ((end = strchr (received->str, ';')) != NULL)
    {
      *end = '\0';
      receive_one (m, received->str);
      g_string_erase (received, 0, end - received->str + 1);
    }
}

static void
forget (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GVariant) value = kr_hub_connection_invoke_finish (KR_HUB_CONNECTION (source), result, NULL);

  g_assert_null (value);
}

static void
send_something (Model *m)
{
  g_autofree char *filler = g_strnfill (g_test_rand_int_range (0, 300), 'x');
  guint target = g_test_rand_int_range (0, N_TARGETS);
  g_autofree char *name = g_strdup_printf ("E%u", target);
  g_autoptr (GVariant) arguments = g_variant_ref_sink (g_variant_new ("(us)", m->next, filler));

  if (g_test_rand_int_range (0, 200) == 0)
    {
      g_hash_table_add (m->questions, GUINT_TO_POINTER (m->next + 1));
      kr_hub_connection_invoke_async (m->peer->connection, "Q", arguments, NULL, NULL, forget, NULL);
    }
  else
    {
      if (g_test_rand_bit ())
        kr_hub_clients_send (m->everybody, name, arguments, NULL);
      else
        kr_hub_connection_send (m->peer->connection, name, arguments, NULL);
      m->last_of[target] = m->next;
      m->n_events++;
    }
  m->next++;
}

/* What was handed over and not acknowledged cannot be dropped: a stateful peer must not be slow to do so. */
static void
acknowledge (Model *m)
{
  g_autofree char *text = NULL;

  kr_test_peer_settle (m->peer);
  receive_all (m);
  text = g_strdup_printf ("{\"type\":8,\"sequenceId\":%" G_GUINT64_FORMAT "};", m->latest);
  if (m->stateful)
    kr_test_peer_send (m->peer, text);
}

static void
reconnect (Model *m)
{
  if (!m->stateful)
    return;
  /* The transport takes a few more messages, which nobody gets. */
  acknowledge (m);
  for (guint i = g_test_rand_int_range (0, 30); i > 0; i--)
    send_something (m);
  kr_test_peer_lose (m->peer);
  receive_all (m);
  g_string_truncate (m->peer->received, 0);
  g_byte_array_set_size (m->peer->output, 0);
  for (guint i = g_test_rand_int_range (0, 400); i > 0; i--)
    send_something (m);
  kr_test_peer_reattach (m->peer);
  kr_test_peer_set_stalled (m->peer, m->stalled);
  kr_test_peer_send (m->peer, "{\"type\":9,\"sequenceId\":1};");
  acknowledge (m);
}

static void
step (Model *m)
{
  guint what = g_test_rand_int_range (0, 100);

  if (what < 80)
    send_something (m);
  else if (what < 84)
    kr_test_peer_set_stalled (m->peer, m->stalled = g_test_rand_int_range (0, 10) > 0);
  else if (what < 99)
    acknowledge (m);
  else
    reconnect (m);
  g_assert_true (kr_hub_connection_is_open (m->peer->connection));
}

static void
play (Fixture *f, gboolean stateful)
{
  gboolean latest_wins;
  Model m = { .f = f, .stateful = stateful, .next_number = 1 };

  m.everybody = kr_hub_clients_new_all (f->server);
  m.questions = g_hash_table_new (NULL, NULL);
  m.arrived = g_array_new (FALSE, FALSE, sizeof (guint));
  m.peer = kr_test_peer_new_silent (f->server, NULL, stateful);
  kr_test_peer_send (m.peer, stateful ? "{\"protocol\":\"json\",\"version\":2};" : "{\"protocol\":\"json\",\"version\":1};");
  for (guint i = 0; i < 6000; i++)
    step (&m);
  kr_test_peer_set_stalled (m.peer, FALSE);
  for (guint i = 0; i < 10; i++)
    acknowledge (&m);

  latest_wins = kr_hub_connection_get_outbox_policy (m.peer->connection) == KR_HUB_OUTBOX_LATEST_WINS;
  g_assert_cmpuint (g_hash_table_size (m.questions), ==, 0);
  g_assert_cmpuint (m.n_events_arrived + sum (f, "krhub.server.dropped_messages"), ==, m.n_events);
  g_assert_cmpuint (sum (f, "krhub.server.dropped_messages"), >, 0);
  g_assert_cmpuint (g_array_index (m.arrived, guint, m.arrived->len - 1), ==, m.next - 1);
  for (guint target = 0; latest_wins && target < N_TARGETS; target++)
    {
      gboolean found = FALSE;

      for (guint i = 0; i < m.arrived->len; i++)
        found |= g_array_index (m.arrived, guint, i) == m.last_of[target];
      g_assert_true (found);
    }
  kr_test_peer_free (m.peer);
  kr_hub_clients_unref (m.everybody);
  g_hash_table_unref (m.questions);
  g_array_unref (m.arrived);
}

static void
test_random (Fixture *f, gconstpointer data)
{
  play (f, FALSE);
}

static void
test_random_stateful (Fixture *f, gconstpointer data)
{
  play (f, TRUE);
}

/* --- memory --- */

static gsize
get_allocated (void)
{
  struct mallinfo2 info = mallinfo2 ();

  return info.uordblks + info.hblkhd;
}

static void
flood (KrTestPeer *peer, KrHubClients *everybody, gsize size, gboolean shared, gsize *most)
{
  g_autofree char *filler = g_strnfill (size, 'x');
  g_autoptr (GVariant) arguments = g_variant_ref_sink (g_variant_new ("(s)", filler));
  gsize before = get_allocated ();

  /* Asking costs more than sending. */
  for (guint i = 0; i < 4 * 1024 * 1024 / (size + 60) && kr_hub_connection_is_open (peer->connection); i++)
    {
      if (shared)
        kr_hub_clients_send (everybody, "E", arguments, NULL);
      else
        kr_hub_connection_send (peer->connection, "E", arguments, NULL);
      if (i % 16 == 0 || size > 1000)
        *most = MAX (*most, get_allocated () - MIN (before, get_allocated ()));
    }
}

static void
test_memory (Fixture *f, gconstpointer data)
{
  static const gsize sizes[] = { 1, 40, 500, 10000 };
  const gsize limit = 1024 * 1024;

#if defined (__SANITIZE_ADDRESS__) || defined (__SANITIZE_THREAD__)
  g_test_skip ("a sanitizer's allocator counts in its own way");
  return;
#endif
  g_object_set (f->server, "max-outbox-size", (guint64) limit, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (sizes) * 4; i++)
    {
      gboolean stateful = i & 1, shared = i & 2;
      gsize most = 0;
      g_autoptr (KrHubClients) everybody = kr_hub_clients_new_all (f->server);
      g_autoptr (KrTestPeer) peer = kr_test_peer_new_silent (f->server, NULL, stateful);

      kr_test_peer_send (peer, stateful ? "{\"protocol\":\"json\",\"version\":2};" : "{\"protocol\":\"json\",\"version\":1};");
      kr_test_peer_set_stalled (peer, TRUE);
      flood (peer, everybody, sizes[i / 4], shared, &most);
      g_test_message ("%s, %s events of %" G_GSIZE_FORMAT ": at most %" G_GSIZE_FORMAT " bytes",
                      stateful ? "stateful" : "plain", shared ? "shared" : "own", sizes[i / 4], most);
      g_assert_cmpuint (most, <, limit + 64 * 1024);
      g_assert_cmpuint (most, >, limit / 4);
      kr_test_peer_lose (peer);
      kr_hub_clock_advance (peer->clock, (gint64) 2000 * SECOND);
    }
}

#define ADD(name, func, policy) \
  g_test_add ("/outbox-policy/" name, Fixture, GUINT_TO_POINTER (policy), set_up, func, tear_down)

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  ADD ("disconnect", test_disconnect, KR_HUB_OUTBOX_DISCONNECT);
  ADD ("drop-oldest", test_drop_oldest, KR_HUB_OUTBOX_DROP_OLDEST);
  ADD ("latest-wins", test_latest_wins, KR_HUB_OUTBOX_LATEST_WINS);
  ADD ("reader-loses-nothing/drop-oldest", test_reader_loses_nothing, KR_HUB_OUTBOX_DROP_OLDEST);
  ADD ("reader-loses-nothing/latest-wins", test_reader_loses_nothing, KR_HUB_OUTBOX_LATEST_WINS);
  ADD ("answers-fill-up/drop-oldest", test_answers_fill_up, KR_HUB_OUTBOX_DROP_OLDEST);
  ADD ("answers-fill-up/latest-wins", test_answers_fill_up, KR_HUB_OUTBOX_LATEST_WINS);
  ADD ("wait", test_wait, KR_HUB_OUTBOX_WAIT);
  ADD ("wait-ends", test_wait_ends, KR_HUB_OUTBOX_WAIT);
  ADD ("wait-pauses-calls", test_wait_pauses_calls, KR_HUB_OUTBOX_WAIT);
  ADD ("wait-for-some", test_wait_for_some, 0);
  ADD ("wait-for-some-leaves", test_wait_for_some, 1);
  ADD ("wait-in-thread", test_wait_in_thread, KR_HUB_OUTBOX_WAIT);
  ADD ("wait-cancelled", test_wait_cancelled, KR_HUB_OUTBOX_WAIT);
  ADD ("own-policy", test_own_policy, KR_HUB_OUTBOX_DISCONNECT);
  ADD ("random/drop-oldest", test_random, KR_HUB_OUTBOX_DROP_OLDEST);
  ADD ("random/latest-wins", test_random, KR_HUB_OUTBOX_LATEST_WINS);
  ADD ("random/stateful-drop-oldest", test_random_stateful, KR_HUB_OUTBOX_DROP_OLDEST);
  ADD ("random/stateful-latest-wins", test_random_stateful, KR_HUB_OUTBOX_LATEST_WINS);
  ADD ("memory/disconnect", test_memory, KR_HUB_OUTBOX_DISCONNECT);
  ADD ("memory/wait", test_memory, KR_HUB_OUTBOX_WAIT);
  ADD ("memory/drop-oldest", test_memory, KR_HUB_OUTBOX_DROP_OLDEST);
  ADD ("memory/latest-wins", test_memory, KR_HUB_OUTBOX_LATEST_WINS);
  return g_test_run ();
}
