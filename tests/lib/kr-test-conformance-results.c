/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* The hub cases in which the hub calls a client and waits for its answer, and those of large answers. */
#include "config.h"

#include "kr-test-conformance-private.h"
#include "kr-test-raw.h"

/* --- the hub's methods --- */

static void
asked (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (KrHubInvocation) invocation = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) value = kr_hub_server_invoke_finish (KR_HUB_SERVER (source), result, &error);

  if (value != NULL)
    kr_hub_invocation_return_value (invocation, value);
  else
    kr_hub_invocation_return_error (invocation, error);
}

/* Asks the client of that id a question; an empty id is the caller's own. */
static void
method_ask (KrHubInvocation *invocation, gpointer data)
{
  KrTestHub *hub = data;
  const char *id = kr_hub_invocation_get_string (invocation, 0);
  const char *question = kr_hub_invocation_get_string (invocation, 1);

  if (*id == '\0')
    id = kr_hub_connection_get_id (kr_hub_invocation_get_connection (invocation));
  kr_hub_server_invoke_async (hub->server, invocation, id, "Question", g_variant_new ("(s)", question),
                              G_VARIANT_TYPE_STRING, NULL, asked, kr_hub_invocation_ref (invocation));
}

void
kr_test_hub_add_result_methods (KrTestHub *hub)
{
  g_assert_true (kr_hub_server_add_method (hub->server, "Ask", "(ss)", "s", method_ask, hub, NULL));
}

/* --- the client's end --- */

static void
on_question (KrHubInvocation *invocation, gpointer data)
{
  const char *question = kr_hub_invocation_get_string (invocation, 0);
  GPtrArray *kept = data;

  if (g_str_equal (question, "fail"))
    kr_hub_invocation_return_error_literal (invocation, "I do not know");
  else if (g_str_equal (question, "number"))
    kr_hub_invocation_return_value (invocation, g_variant_new_int32 (42));
  else if (g_str_equal (question, "null"))
    kr_hub_invocation_return_string (invocation, NULL);
  else if (g_str_equal (question, "keep"))
    g_ptr_array_add (kept, kr_hub_invocation_ref (invocation));
  else if (!g_str_equal (question, "forget"))
    kr_hub_invocation_return_string (invocation, question);
}

static void
answer_questions (KrTestClient *client, GPtrArray *kept)
{
  g_assert_true (kr_hub_client_add_handler (client->client, "Question", "(s)", on_question, kept, NULL));
}

static void
assert_ask (KrTestClient *client, const char *id, const char *question, const char *expected)
{
  kr_test_assert_call (client, "Ask", g_variant_new ("(ss)", id, question), "s", expected);
}

#define ASK_FAILED "error: An unexpected error occurred invoking 'Ask' on the server. HubException: "

/* --- cases --- */

static void
case_answers (KrTestHub *hub)
{
  g_autoptr (KrTestClient) asker = kr_test_client_new (hub, NULL);
  g_autoptr (KrTestClient) client = kr_test_client_new (hub, NULL);
  const char *id = hub->connected->pdata[1];
  const char *asker_id = hub->connected->pdata[0];
  g_autofree char *text = NULL;

  answer_questions (client, NULL);
  assert_ask (asker, id, "hello", "'hello'");
  assert_ask (asker, id, "fail", ASK_FAILED "I do not know");
  assert_ask (asker, id, "forget", ASK_FAILED "Client didn't provide a result.");
  /* Nothing for callers to know. */
  assert_ask (asker, "nobody", "hello", "error: An unexpected error occurred invoking 'Ask' on the server.");
  g_object_set (hub->server, "detailed-errors", TRUE, NULL);
  assert_ask (asker, "nobody", "hello",
              "error: An unexpected error occurred invoking 'Ask' on the server. "
              "IOException: Connection 'nobody' does not exist.");
  g_object_set (hub->server, "detailed-errors", FALSE, NULL);
  /* Nothing is not the empty string. */
  assert_ask (asker, id, "null", ASK_FAILED "Error trying to deserialize result to String. The result is null; ask for "
                                            "the type 'ms' if it may be.");
  /* One that has no such handler. */
  assert_ask (asker, asker_id, "hello", ASK_FAILED "Client didn't provide a result.");
  text = kr_test_client_call (asker, "Ask", g_variant_new ("(ss)", id, "number"), "s");
  g_assert_true (g_str_has_prefix (text, ASK_FAILED "Error trying to deserialize result to String. "));
  g_assert_null (strstr (text, "Exception: Json"));
  g_assert_null (strstr (text, "String. JsonException"));
}

/* With a single slot, and calls behind the one that asks. */
static void
case_oneself (KrTestHub *hub)
{
  g_autoptr (GPtrArray) kept = g_ptr_array_new_with_free_func ((GDestroyNotify) kr_hub_invocation_unref);
  g_autoptr (KrTestClient) client = kr_test_client_new (hub, NULL);
  GAsyncResult *ask = NULL, *echo = NULL;
  g_autofree char *answer = NULL, *echoed = NULL;

  answer_questions (client, kept);
  assert_ask (client, "", "hello", "'hello'");
  kr_test_client_start_call (client, "Ask", g_variant_new ("(ss)", "", "keep"), "s", &ask);
  kr_test_client_start_call (client, "Echo", g_variant_new ("(s)", "meanwhile"), "s", &echo);
  echoed = kr_test_client_finish_call (client, &echo, "a call behind the one that asks");
  g_assert_cmpstr (echoed, ==, "'meanwhile'");
  g_assert_null (ask);
  kr_test_hub_wait_count (hub, "the question", &kept->len, 1);
  kr_hub_invocation_return_string (kept->pdata[0], "late");
  answer = kr_test_client_finish_call (client, &ask, "the answer");
  g_assert_cmpstr (answer, ==, "'late'");
}

static void
case_disconnected (KrTestHub *hub)
{
  g_autoptr (GPtrArray) kept = g_ptr_array_new_with_free_func ((GDestroyNotify) kr_hub_invocation_unref);
  g_autoptr (KrTestClient) asker = kr_test_client_new (hub, NULL);
  KrTestClient *client = kr_test_client_new (hub, NULL);
  g_autofree char *id = g_strdup (hub->connected->pdata[1]);
  g_autofree char *expected = g_strdup_printf ("error: An unexpected error occurred invoking 'Ask' on the server. "
                                               "IOException: Connection '%s' disconnected.",
                                               id);
  GAsyncResult *ask = NULL;
  g_autofree char *answer = NULL;

  g_object_set (hub->server, "detailed-errors", TRUE, NULL);
  answer_questions (client, kept);
  kr_test_client_start_call (asker, "Ask", g_variant_new ("(ss)", id, "keep"), "s", &ask);
  kr_test_hub_wait_count (hub, "the question", &kept->len, 1);
  kr_test_client_free (client);
  answer = kr_test_client_finish_call (asker, &ask, "the end of the one who was asked");
  g_assert_cmpstr (answer, ==, expected);
}

static void
case_wire (KrTestHub *hub)
{
  g_autoptr (KrTestClient) asker = kr_test_client_new (hub, NULL);
  g_autoptr (KrTestRaw) raw = kr_test_raw_new (hub, NULL);
  GAsyncResult *ask = NULL;
  g_autofree char *first = NULL, *second = NULL, *third = NULL;

  kr_test_client_start_call (asker, "Ask", g_variant_new ("(ss)", hub->connected->pdata[1], "x"), "s", &ask);
  kr_test_raw_expect (raw, "{\"type\":1,\"invocationId\":\"s1\",\"target\":\"Question\",\"arguments\":[\"x\"]};");
  kr_test_raw_send (raw, "{\"type\":3,\"invocationId\":\"s1\"};");
  first = kr_test_client_finish_call (asker, &ask, "an answer without a result");
  g_assert_cmpstr (first, ==, ASK_FAILED "Exception of type 'Microsoft.AspNetCore.SignalR.HubException' was thrown.");

  kr_test_client_start_call (asker, "Ask", g_variant_new ("(ss)", hub->connected->pdata[1], "y"), "s", &ask);
  kr_test_raw_expect (raw, "{\"type\":1,\"invocationId\":\"s2\",\"target\":\"Question\",\"arguments\":[\"y\"]};");
  /* An item says nothing, a second answer neither. */
  kr_test_raw_send (raw, "{\"type\":2,\"invocationId\":\"s2\",\"item\":\"no\"};{\"type\":3,\"invocationId\":\"s2\",\"result\":\"yes\"};"
                         "{\"type\":3,\"invocationId\":\"s2\",\"result\":\"no\"};{\"type\":3,\"invocationId\":\"s9\",\"result\":\"no\"};");
  second = kr_test_client_finish_call (asker, &ask, "an answer");
  g_assert_cmpstr (second, ==, "'yes'");
  kr_test_raw_send (raw, "{\"type\":1,\"invocationId\":\"0\",\"target\":\"Echo\",\"arguments\":[\"still there\"]};");
  kr_test_raw_expect (raw, "{\"type\":3,\"invocationId\":\"0\",\"result\":\"still there\"};");
}

/* An answer from another connection ends that one; the real answer still counts. */
static void
case_foreign (KrTestHub *hub)
{
  g_autoptr (KrTestClient) asker = kr_test_client_new (hub, NULL);
  g_autoptr (KrTestRaw) raw = kr_test_raw_new (hub, NULL);
  g_autoptr (KrTestRaw) liar = kr_test_raw_new (hub, NULL);
  GAsyncResult *ask = NULL;
  g_autofree char *answer = NULL, *expected = NULL;

  g_object_set (hub->server, "detailed-errors", TRUE, NULL);
  kr_test_client_start_call (asker, "Ask", g_variant_new ("(ss)", hub->connected->pdata[1], "x"), "s", &ask);
  kr_test_raw_expect (raw, "{\"type\":1,\"invocationId\":\"s1\",\"target\":\"Question\",\"arguments\":[\"x\"]};");
  kr_test_raw_send (liar, "{\"type\":3,\"invocationId\":\"s1\",\"result\":\"a lie\"};");
  expected = g_strdup_printf ("{\"type\":7,\"error\":\"Connection closed with an error. InvalidOperationException: Connection "
                              "ID '%s' is not valid for invocation ID 's1'.\",\"allowReconnect\":true};",
                              (char *) hub->connected->pdata[2]);
  kr_test_raw_expect (liar, expected);
  kr_test_raw_expect_closed (liar);
  g_assert_null (ask);
  kr_test_raw_send (raw, "{\"type\":3,\"invocationId\":\"s1\",\"result\":\"the truth\"};");
  answer = kr_test_client_finish_call (asker, &ask, "the answer");
  g_assert_cmpstr (answer, ==, "'the truth'");
}

static void
ask_new_client (KrHubServer *server, KrHubConnection *connection, gpointer data)
{
  kr_hub_connection_invoke_async (connection, "Question", g_variant_new ("(s)", "who"), G_VARIANT_TYPE_STRING, NULL,
                                  kr_test_store_result, data);
}

static gboolean
result_is_there (gpointer data)
{
  return *(GAsyncResult **) data != NULL;
}

static void
case_in_connected (KrTestHub *hub)
{
  GAsyncResult *result = NULL;
  gulong handler = g_signal_connect (hub->server, "connected", G_CALLBACK (ask_new_client), &result);
  g_autoptr (KrTestRaw) raw = kr_test_raw_new (hub, NULL);
  KrHubConnection *connection = kr_hub_server_lookup (hub->server, hub->connected->pdata[0]);
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) value = NULL;

  kr_test_raw_expect (raw, "{\"type\":1,\"invocationId\":\"s1\",\"target\":\"Question\",\"arguments\":[\"who\"]};");
  kr_test_raw_send (raw, "{\"type\":3,\"invocationId\":\"s1\",\"result\":\"me\"};");
  kr_test_hub_wait (hub, "the answer", result_is_there, &result);
  value = kr_hub_connection_invoke_finish (connection, result, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (g_variant_get_string (value, NULL), ==, "me");
  g_signal_handler_disconnect (hub->server, handler);
  g_object_unref (result);
}

/* The hub waits no longer; clients do not know cancellation, and a late answer is nobody's. */
static void
case_cancelled (KrTestHub *hub)
{
  g_autoptr (KrTestRaw) raw = kr_test_raw_new (hub, NULL);
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;

  kr_hub_server_invoke_async (hub->server, NULL, hub->connected->pdata[0], "Question", NULL, NULL, cancellable,
                              kr_test_store_result, &result);
  kr_test_raw_expect (raw, "{\"type\":1,\"invocationId\":\"s1\",\"target\":\"Question\",\"arguments\":[]};");
  g_cancellable_cancel (cancellable);
  kr_test_hub_wait (hub, "the cancellation", result_is_there, &result);
  g_assert_null (kr_hub_server_invoke_finish (hub->server, result, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  kr_test_raw_send (raw, "{\"type\":3,\"invocationId\":\"s1\",\"result\":1};"
                         "{\"type\":1,\"invocationId\":\"0\",\"target\":\"Void\",\"arguments\":[]};");
  kr_test_raw_expect (raw, "{\"type\":3,\"invocationId\":\"0\",\"result\":null};");
}

typedef struct
{
  KrTestHub *hub;
  char *text;
  gint done; /* atomic */
} Threaded;

static gpointer
ask_in_thread (gpointer data)
{
  Threaded *self = data;
  g_autoptr (GMainContext) context = g_main_context_new ();
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GVariant) value = NULL;

  g_main_context_push_thread_default (context);
  kr_hub_server_invoke_async (self->hub->server, NULL, self->hub->connected->pdata[0], "Question",
                              g_variant_new ("(s)", "thread"), G_VARIANT_TYPE_STRING, NULL, kr_test_store_result, &result);
  while (result == NULL)
    g_main_context_iteration (context, TRUE);
  value = kr_hub_server_invoke_finish (self->hub->server, result, NULL);
  self->text = value != NULL ? g_variant_dup_string (value, NULL) : NULL;
  g_main_context_pop_thread_default (context);
  g_atomic_int_set (&self->done, TRUE);
  return NULL;
}

static gboolean
thread_is_done (gpointer data)
{
  return g_atomic_int_get (&((Threaded *) data)->done);
}

static void
case_thread (KrTestHub *hub)
{
  g_autoptr (KrTestClient) client = kr_test_client_new (hub, NULL);
  Threaded data = { hub, NULL, FALSE };
  GThread *thread;

  answer_questions (client, NULL);
  thread = g_thread_new ("asker", ask_in_thread, &data);
  kr_test_hub_wait (hub, "the answer in another thread", thread_is_done, &data);
  g_thread_join (thread);
  g_assert_cmpstr (data.text, ==, "thread");
  g_free (data.text);
}

/* --- answers that are larger than what may wait for a client --- */

#define LARGE (2500 * 1000)

static void
method_big (KrHubInvocation *invocation, gpointer data)
{
  g_autofree char *text = g_strnfill (LARGE, 'x');

  kr_hub_invocation_return_string (invocation, text);
}

static void
case_large (KrTestHub *hub)
{
  g_autofree char *text = g_strnfill (LARGE, 'y');
  g_autoptr (KrHubClients) all = kr_hub_clients_new_all (hub->server);
  g_autoptr (KrTestClient) client = NULL;
  GAsyncResult *results[3] = { NULL };

  g_assert_true (kr_hub_server_add_method (hub->server, "Big", "()", "s", method_big, NULL, NULL));
  client = kr_test_client_new (hub, NULL);
  g_object_set (client->client, "max-message-size", (guint64) 2 * LARGE, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (results); i++)
    kr_test_client_start_call (client, "Big", NULL, "s", &results[i]);
  kr_hub_clients_send (all, "Event", g_variant_new ("(s)", text), NULL);
  kr_hub_clients_send (all, "Event", g_variant_new ("(s)", "behind it"), NULL);
  kr_test_hub_wait_count (hub, "both events", &client->n_received, 2);
  g_assert_cmpuint (strlen (client->received->pdata[0]), >=, LARGE);
  for (guint i = 0; i < G_N_ELEMENTS (results); i++)
    {
      g_autofree char *answer = kr_test_client_finish_call (client, &results[i], "a large answer");

      g_assert_cmpuint (strlen (answer), ==, LARGE + 2);
    }
  kr_test_assert_call (client, "Echo", g_variant_new ("(s)", "still there"), "s", "'still there'");
}

const KrTestCase kr_test_result_cases[] = {
  { "client-result/answers", case_answers },
  { "client-result/oneself", case_oneself },
  { "client-result/disconnected", case_disconnected },
  { "client-result/wire", case_wire, TRUE },
  { "client-result/foreign-answer", case_foreign, TRUE },
  { "client-result/in-connected", case_in_connected },
  { "client-result/cancelled", case_cancelled },
  { "client-result/from-a-thread", case_thread },
  { "large/answers-and-events", case_large },
};
const gsize kr_test_n_result_cases = G_N_ELEMENTS (kr_test_result_cases);
