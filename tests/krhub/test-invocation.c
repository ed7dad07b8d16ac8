/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* KrHubInvocation: its arguments, who answers it, from where, and when nobody does. */
#include "config.h"

#include "kr-test-raw.h"

#define N_THREADS 4
#define N_ROUNDS 50

static gpointer
backend_start (KrHubServer *server)
{
  return server;
}

static KrHubTransport *
backend_connect (gpointer data, const char *user_id)
{
  g_autoptr (KrHubMemoryTransport) server_end = NULL;
  KrHubMemoryTransport *client_end;

  kr_hub_memory_transport_new_pair (kr_hub_server_get_clock (data), &server_end, &client_end);
  kr_hub_server_accept (data, KR_HUB_TRANSPORT (server_end), NULL, user_id);
  return KR_HUB_TRANSPORT (client_end);
}

static void
backend_stop (gpointer data)
{
}

static const KrTestBackend backend = { "/invocation", TRUE, backend_start, backend_connect, backend_stop };

typedef struct
{
  KrTestHub *hub;
  KrTestRaw *raw;
  KrHubInvocation *kept;
  guint n_kept;
  guint n_cancelled;
} Fixture;

static void
add (Fixture *f, const char *name, const char *arguments, KrHubMethodFunc func)
{
  g_assert_true (kr_hub_server_add_method (f->hub->server, name, arguments, NULL, func, f, NULL));
}

static void
set_up (Fixture *f, gconstpointer data)
{
  f->hub = kr_test_hub_new (&backend);
  g_object_set (f->hub->server, "max-parallel-invocations", 0, NULL);
  f->raw = kr_test_raw_new (f->hub, "ann");
}

static void
tear_down (Fixture *f, gconstpointer data)
{
  g_clear_pointer (&f->kept, kr_hub_invocation_unref);
  g_clear_pointer (&f->raw, kr_test_raw_free);
  kr_test_hub_free (f->hub);
}

static void
call (Fixture *f, const char *target, const char *arguments)
{
  g_autofree char *text = g_strdup_printf ("{\"type\":1,\"invocationId\":\"7\",\"target\":\"%s\",\"arguments\":%s};", target,
                                           arguments);

  kr_test_raw_send (f->raw, text);
}

static void
expect_result (Fixture *f, const char *result)
{
  g_autofree char *text = g_strdup_printf ("{\"type\":3,\"invocationId\":\"7\",\"result\":%s};", result);

  kr_test_raw_expect (f->raw, text);
}

static void
expect_error (Fixture *f, const char *error)
{
  g_autofree char *text = g_strdup_printf ("{\"type\":3,\"invocationId\":\"7\",\"error\":\"%s\"};", error);

  kr_test_raw_expect (f->raw, text);
}

/* --- arguments --- */

static void
method_strings (KrHubInvocation *invocation, gpointer data)
{
  const char *first = kr_hub_invocation_get_string (invocation, 0);
  const char *second = kr_hub_invocation_get_string (invocation, 1);
  g_autofree char *text = g_strdup_printf ("[%s|%s]", first != NULL ? first : "null", second != NULL ? second : "null");

  g_assert_cmpuint (kr_hub_invocation_get_n_arguments (invocation), ==, 2);
  /* The same text each time. */
  g_assert_true (kr_hub_invocation_get_string (invocation, 0) == first);
  kr_hub_invocation_return_string (invocation, text);
}

static void
test_strings (Fixture *f, gconstpointer data)
{
  add (f, "Strings", "(ss)", method_strings);
  call (f, "strings", "[\"a\",\"b\"]");
  expect_result (f, "\"[a|b]\"");
  call (f, "strings", "[ \"\\u00e4\\n\" , \"\" ]");
  expect_result (f, "\"[ä\\n|]\"");
  call (f, "strings", "[null,\"b\"]");
  expect_result (f, "\"[null|b]\"");
  call (f, "strings", "[\"a\",1]");
  expect_error (f, "Failed to invoke 'Strings' due to an error on the server.");
}

static void
method_mixed (KrHubInvocation *invocation, gpointer data)
{
  g_autoptr (GError) error = NULL;
  GVariant *arguments = kr_hub_invocation_get_arguments (invocation, &error);
  g_autofree char *text = NULL;

  g_assert_no_error (error);
  g_assert_true (kr_hub_invocation_get_arguments (invocation, NULL) == arguments);
  text = g_variant_print (arguments, FALSE);
  g_assert_cmpstr (kr_hub_invocation_get_string (invocation, 1), ==, "x");
  kr_hub_invocation_return_string (invocation, text);
}

static void
test_mixed (Fixture *f, gconstpointer data)
{
  add (f, "Mixed", "(isb)", method_mixed);
  call (f, "Mixed", "[-1,\"x\",true]");
  expect_result (f, "\"(-1, 'x', true)\"");
}

static void
method_nodes (KrHubInvocation *invocation, gpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (JsonNode) node = kr_hub_invocation_dup_node (invocation, 1, &error);

  g_assert_no_error (error);
  g_assert_null (kr_hub_invocation_dup_node (invocation, 9, &error));
  g_assert_error (error, KR_HUB_ERROR, KR_HUB_ERROR_BINDING);
  kr_hub_invocation_return_node (invocation, node);
}

static void
test_nodes (Fixture *f, gconstpointer data)
{
  add (f, "Nodes", NULL, method_nodes);
  call (f, "Nodes", "[1,{\"a\":[1,2,null]},3]");
  expect_result (f, "{\"a\":[1,2,null]}");
}

static void
method_about (KrHubInvocation *invocation, gpointer data)
{
  KrHubConnection *connection = kr_hub_invocation_get_connection (invocation);

  g_assert_cmpstr (kr_hub_invocation_get_method_name (invocation), ==, "About");
  g_assert_true (kr_hub_invocation_get_expects_answer (invocation));
  g_assert_true (kr_hub_invocation_is_known (invocation));
  g_assert_cmpuint (kr_hub_invocation_get_n_uploads (invocation), ==, 0);
  kr_hub_invocation_return_string (invocation, kr_hub_connection_get_user_id (connection));
}

static void
test_about (Fixture *f, gconstpointer data)
{
  add (f, "About", NULL, method_about);
  call (f, "aBOUT", "[]");
  expect_result (f, "\"ann\"");
}

/* --- answers --- */

static void
method_keep (KrHubInvocation *invocation, gpointer data)
{
  Fixture *f = data;

  g_clear_pointer (&f->kept, kr_hub_invocation_unref);
  f->kept = kr_hub_invocation_ref (invocation);
  f->n_kept++;
}

static void
keep (Fixture *f, const char *arguments)
{
  call (f, "Remember", arguments);
  kr_test_hub_wait_count (f->hub, "the call", &f->n_kept, f->n_kept + 1);
}

/* What was borrowed from the message is there when the message is gone. */
static void
test_kept (Fixture *f, gconstpointer data)
{
  g_autofree char *other = g_strnfill (1000, 'z');
  g_autofree char *noise = g_strdup_printf ("{\"type\":1,\"target\":\"Echo\",\"arguments\":[\"%s\"]};", other);
  g_autoptr (JsonNode) node = NULL;

  add (f, "Remember", "(ss)", method_keep);
  keep (f, "[\"plain\",\"esc\\\"aped\"]");
  kr_test_raw_send (f->raw, noise);
  kr_test_hub_wait_count (f->hub, "time", &f->n_kept, 1);
  g_assert_cmpstr (kr_hub_invocation_get_string (f->kept, 0), ==, "plain");
  g_assert_cmpstr (kr_hub_invocation_get_string (f->kept, 1), ==, "esc\"aped");
  node = kr_hub_invocation_dup_node (f->kept, 1, NULL);
  g_assert_cmpstr (json_node_get_string (node), ==, "esc\"aped");
  kr_hub_invocation_return_void (f->kept);
  expect_result (f, "null");
}

static void
test_first_counts (Fixture *f, gconstpointer data)
{
  add (f, "Remember", "()", method_keep);
  keep (f, "[]");
  kr_hub_invocation_return_error_literal (f->kept, "first");
  kr_hub_invocation_return_void (f->kept);
  kr_hub_invocation_return_string (f->kept, "third");
  expect_error (f, "An unexpected error occurred invoking 'Remember' on the server. HubException: first");
  call (f, "Void", "[]");
  expect_result (f, "null");
}

static void
method_twice (KrHubInvocation *invocation, gpointer data)
{
  kr_hub_invocation_return_string (invocation, "first");
  kr_hub_invocation_return_string (invocation, "second");
  method_keep (invocation, data);
}

static void
test_kept_after_answer (Fixture *f, gconstpointer data)
{
  add (f, "Twice", "()", method_twice);
  call (f, "Twice", "[]");
  expect_result (f, "\"first\"");
  g_assert_nonnull (f->kept);
  kr_hub_invocation_return_string (f->kept, "third");
  call (f, "Void", "[]");
  expect_result (f, "null");
}

typedef struct
{
  KrHubInvocation *invocation;
  gint *n_ready;
} Rival;

static gpointer
answer (gpointer data)
{
  Rival *self = data;

  /* All begin at once. */
  g_atomic_int_inc (self->n_ready);
  while (g_atomic_int_get (self->n_ready) < N_THREADS)
    g_thread_yield ();
  kr_hub_invocation_return_string (self->invocation, "one of them");
  kr_hub_invocation_unref (self->invocation);
  return NULL;
}

/* However many answer at a time, the caller hears one. */
static void
test_race (Fixture *f, gconstpointer data)
{
  add (f, "Remember", "()", method_keep);
  for (guint round = 0; round < N_ROUNDS; round++)
    {
      GThread *threads[N_THREADS];
      Rival rivals[N_THREADS];
      gint n_ready = 0;

      keep (f, "[]");
      for (guint i = 0; i < N_THREADS; i++)
        {
          rivals[i] = (Rival) { kr_hub_invocation_ref (f->kept), &n_ready };
          threads[i] = g_thread_new ("rival", answer, &rivals[i]);
        }
      g_clear_pointer (&f->kept, kr_hub_invocation_unref);
      for (guint i = 0; i < N_THREADS; i++)
        g_thread_join (threads[i]);
      expect_result (f, "\"one of them\"");
    }
  call (f, "Void", "[]");
  expect_result (f, "null");
}

static gpointer
give_up (gpointer data)
{
  kr_hub_invocation_unref (data);
  return NULL;
}

static void
test_given_up (Fixture *f, gconstpointer data)
{
  add (f, "Remember", "()", method_keep);
  keep (f, "[]");
  g_thread_join (g_thread_new ("careless", give_up, g_steal_pointer (&f->kept)));
  expect_error (f, "An unexpected error occurred invoking 'Remember' on the server. "
                   "HubException: The method did not answer.");
}

/* --- the end --- */

static void
on_cancelled (GCancellable *cancellable, gpointer data)
{
  Fixture *f = data;

  f->n_cancelled++;
}

static void
test_cancel (Fixture *f, gconstpointer data)
{
  GCancellable *cancellable;

  add (f, "Remember", "()", method_keep);
  keep (f, "[]");
  cancellable = kr_hub_invocation_get_cancellable (f->kept);
  g_assert_true (kr_hub_invocation_get_cancellable (f->kept) == cancellable);
  g_signal_connect (cancellable, "cancelled", G_CALLBACK (on_cancelled), f);
  kr_test_raw_send (f->raw, "{\"type\":5,\"invocationId\":\"8\"};{\"type\":5,\"invocationId\":\"7\"};"
                            "{\"type\":5,\"invocationId\":\"7\"};");
  kr_test_hub_wait_count (f->hub, "the cancellation", &f->n_cancelled, 1);
  /* A cancelled call is answered all the same. */
  kr_hub_invocation_return_error_literal (f->kept, "stopped");
  expect_error (f, "An unexpected error occurred invoking 'Remember' on the server. HubException: stopped");
  g_assert_cmpuint (f->n_cancelled, ==, 1);
}

/* Asked for only when it is too late. */
static void
test_cancelled_before (Fixture *f, gconstpointer data)
{
  add (f, "Remember", "()", method_keep);
  keep (f, "[]");
  kr_test_raw_send (f->raw, "{\"type\":5,\"invocationId\":\"7\"};{\"type\":1,\"invocationId\":\"9\",\"target\":\"Void\","
                            "\"arguments\":[]};");
  kr_test_raw_expect (f->raw, "{\"type\":3,\"invocationId\":\"9\",\"result\":null};");
  g_assert_true (g_cancellable_is_cancelled (kr_hub_invocation_get_cancellable (f->kept)));
}

static gpointer
answer_late (gpointer data)
{
  g_assert_true (g_cancellable_is_cancelled (kr_hub_invocation_get_cancellable (data)));
  kr_hub_invocation_return_string (data, "nobody listens");
  kr_hub_invocation_unref (data);
  return NULL;
}

/* The last reference goes in another thread, long after the connection. */
static void
test_disconnected (Fixture *f, gconstpointer data)
{
  add (f, "Remember", "()", method_keep);
  keep (f, "[]");
  g_clear_pointer (&f->raw, kr_test_raw_free);
  kr_test_hub_wait_count (f->hub, "the end", &f->hub->n_disconnected, 1);
  g_assert_false (kr_hub_connection_is_open (kr_hub_invocation_get_connection (f->kept)));
  g_thread_join (g_thread_new ("late", answer_late, g_steal_pointer (&f->kept)));
}

#define ADD(path, func) g_test_add ("/invocation/" path, Fixture, NULL, set_up, func, tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("strings", test_strings);
  ADD ("mixed", test_mixed);
  ADD ("nodes", test_nodes);
  ADD ("about", test_about);
  ADD ("kept", test_kept);
  ADD ("first-counts", test_first_counts);
  ADD ("kept-after-answer", test_kept_after_answer);
  ADD ("race", test_race);
  ADD ("given-up", test_given_up);
  ADD ("cancel", test_cancel);
  ADD ("cancelled-before", test_cancelled_before);
  ADD ("disconnected", test_disconnected);
  return g_test_run ();
}
