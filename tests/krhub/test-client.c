/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* KrHubClient: start, reconnect and its policies, calls that wait, stateful reconnect; all in virtual time. */
#include "config.h"

#include <krhub.h>

#include "kr-test-virtual.h"
#include "kr-test.h"

/* --- starting --- */

static void
test_start (KrTestVirtual *f, gconstpointer data)
{
  g_autoptr (GAsyncResult) result = NULL;

  kr_test_virtual_start (f);
  g_assert_cmpstr (kr_hub_client_get_connection_id (f->client), ==, "the-id");
  g_assert_null (kr_hub_client_get_last_error (f->client));
  kr_test_virtual_assert_echo (f, "hello");
  kr_hub_client_stop_async (f->client, NULL, kr_test_store_result, &result);
  kr_test_virtual_advance (f, SECOND / 10);
  g_assert_true (kr_hub_client_stop_finish (f->client, result, NULL));
  kr_test_virtual_assert_log (f, "[disconnecting][disconnected]closed: fine;");
  g_assert_null (kr_hub_client_get_connection_id (f->client));
}

static void
test_start_fails (KrTestVirtual *f, gconstpointer data)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;

  /* The official clients' policy does not cover the first start. */
  kr_test_virtual_set_policy (f, kr_hub_retry_policy_new ());
  f->connector->n_failures = 1;
  kr_hub_client_start_async (f->client, NULL, kr_test_store_result, &result);
  kr_test_virtual_advance (f, SECOND / 10);
  g_assert_false (kr_hub_client_start_finish (f->client, result, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CONNECTION_REFUSED);
  g_assert_error (kr_hub_client_get_last_error (f->client), G_IO_ERROR, G_IO_ERROR_CONNECTION_REFUSED);
  kr_test_virtual_assert_log (f, "[connecting][disconnected]");
  kr_test_virtual_start (f);
}

static void
test_start_retried (KrTestVirtual *f, gconstpointer data)
{
  g_autoptr (GAsyncResult) result = NULL;

  kr_test_virtual_set_policy (f, kr_hub_retry_policy_new ());
  g_object_set (f->client, "retry-start", TRUE, NULL);
  f->connector->n_failures = 3;
  kr_hub_client_start_async (f->client, NULL, kr_test_store_result, &result);
  kr_test_virtual_advance (f, 11 * SECOND);
  g_assert_null (result);
  kr_test_virtual_advance (f, 2 * SECOND);
  g_assert_true (kr_hub_client_start_finish (f->client, result, NULL));
  kr_test_virtual_assert_log (f, "[connecting][connected]");
  g_assert_cmpuint (f->connector->n_connects, ==, 4);
}

static void
test_start_cancelled (KrTestVirtual *f, gconstpointer data)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GError) error = NULL;

  kr_test_virtual_set_policy (f, kr_hub_retry_policy_new_forever (SECOND, 10 * SECOND));
  g_object_set (f->client, "retry-start", TRUE, NULL);
  f->connector->n_failures = 1000;
  kr_hub_client_start_async (f->client, cancellable, kr_test_store_result, &result);
  kr_test_virtual_advance (f, 60 * SECOND);
  g_assert_null (result);
  g_cancellable_cancel (cancellable);
  kr_test_virtual_advance (f, SECOND);
  g_assert_false (kr_hub_client_start_finish (f->client, result, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  kr_test_virtual_assert_log (f, "[connecting][disconnected]");
}

/* --- reconnecting --- */

static void
test_no_policy (KrTestVirtual *f, gconstpointer data)
{
  kr_test_virtual_start (f);
  kr_test_virtual_cut (f);
  kr_test_virtual_advance (f, SECOND);
  kr_test_virtual_assert_log (f, "[disconnected]closed: The connection was cut;");
  g_assert_cmpuint (f->connector->n_connects, ==, 1);
}

static void
log_text (GObject *client, GParamSpec *pspec, gpointer log)
{
  g_autofree char *text = NULL;

  g_object_get (client, pspec->name, &text, NULL);
  g_string_append_printf (log, "%s=%s;", pspec->name, text != NULL ? text : "");
}

/* What a label is bound to: each change is told once, with the text already there. */
static void
test_texts (KrTestVirtual *f, gconstpointer data)
{
  g_autoptr (GString) log = g_string_new (NULL);

  g_signal_connect (f->client, "notify::error-message", G_CALLBACK (log_text), log);
  g_signal_connect (f->client, "notify::connection-id", G_CALLBACK (log_text), log);
  kr_test_virtual_set_policy (f, kr_hub_retry_policy_new ());
  kr_test_virtual_start (f);
  g_assert_cmpstr (log->str, ==, "connection-id=the-id;");
  g_string_truncate (log, 0);
  kr_test_virtual_cut (f);
  kr_test_virtual_advance (f, SECOND);
  g_assert_cmpstr (log->str, ==, "error-message=The connection was cut;connection-id=;connection-id=the-id;error-message=;");
  g_signal_handlers_disconnect_by_data (f->client, log);
}

static void
test_reconnect (KrTestVirtual *f, gconstpointer data)
{
  kr_test_virtual_set_policy (f, kr_hub_retry_policy_new ());
  kr_test_virtual_start (f);
  f->connector->n_failures = 2;
  kr_test_virtual_cut (f);
  kr_test_virtual_advance (f, 2 * SECOND + SECOND / 2);
  kr_test_virtual_assert_log (f, "[reconnecting]reconnecting;");
  g_assert_nonnull (kr_hub_client_get_last_error (f->client));
  kr_test_virtual_advance (f, 10 * SECOND);
  kr_test_virtual_assert_log (f, "[connected]reconnected the-id;");
  g_assert_null (kr_hub_client_get_last_error (f->client));
  kr_test_virtual_assert_echo (f, "again");
}

static void
test_give_up (KrTestVirtual *f, gconstpointer data)
{
  kr_test_virtual_set_policy (f, kr_hub_retry_policy_new ());
  kr_test_virtual_start (f);
  f->connector->n_failures = 100;
  kr_test_virtual_cut (f);
  kr_test_virtual_advance (f, 50 * SECOND);
  kr_test_virtual_assert_log (f, "[reconnecting]reconnecting;[disconnected]closed: Nobody listens;");
  g_assert_cmpuint (f->connector->n_connects, ==, 5);
}

static void
test_forever (KrTestVirtual *f, gconstpointer data)
{
  kr_test_virtual_set_policy (f, kr_hub_retry_policy_new_forever (SECOND, 30 * SECOND));
  kr_test_virtual_start (f);
  f->connector->n_failures = 100;
  kr_test_virtual_cut (f);
  kr_test_virtual_advance (f, 3600 * SECOND);
  kr_test_virtual_assert_log (f, "[reconnecting]reconnecting;[connected]reconnected the-id;");
}

static void
test_forbidden (KrTestVirtual *f, gconstpointer data)
{
  kr_test_virtual_set_policy (f, kr_hub_retry_policy_new_forever (SECOND, 30 * SECOND));
  kr_test_virtual_start (f);
  g_assert_true (kr_hub_client_send (f->client, "Leave", NULL, NULL));
  kr_test_virtual_advance (f, 100 * SECOND);
  kr_test_virtual_assert_log (f, "[disconnected]closed: fine;");
  g_assert_cmpuint (f->connector->n_connects, ==, 1);
}

/* A server that stops invites its clients back. */
static void
test_server_stops (KrTestVirtual *f, gconstpointer data)
{
  kr_test_virtual_set_policy (f, kr_hub_retry_policy_new ());
  kr_test_virtual_start (f);
  kr_hub_server_shutdown (f->server);
  /* Another one comes in its place. */
  g_object_set (f->server, "accepting", TRUE, NULL);
  kr_test_virtual_advance (f, SECOND);
  kr_test_virtual_assert_log (f, "[reconnecting]reconnecting;[connected]reconnected the-id;");
}

static void
test_silence (KrTestVirtual *f, gconstpointer data)
{
  kr_test_virtual_set_policy (f, kr_hub_retry_policy_new ());
  kr_test_virtual_start (f);
  kr_hub_memory_transport_set_stalled (f->connector->last, TRUE);
  g_object_set (f->server, "keep-alive-interval", (gint64) 0, NULL);
  kr_test_virtual_advance (f, 31 * SECOND);
  g_assert_true (g_str_has_prefix (f->log->str, "[reconnecting]reconnecting;[connected]"));
}

static void
test_stop_while_reconnecting (KrTestVirtual *f, gconstpointer data)
{
  g_autoptr (GAsyncResult) result = NULL;

  kr_test_virtual_set_policy (f, kr_hub_retry_policy_new_forever (SECOND, SECOND));
  kr_test_virtual_start (f);
  f->connector->n_failures = 1000;
  kr_test_virtual_cut (f);
  kr_test_virtual_advance (f, 10 * SECOND);
  kr_test_virtual_assert_log (f, "[reconnecting]reconnecting;");
  kr_hub_client_stop_async (f->client, NULL, kr_test_store_result, &result);
  kr_test_virtual_advance (f, SECOND);
  g_assert_true (kr_hub_client_stop_finish (f->client, result, NULL));
  kr_test_virtual_assert_log (f, "[disconnected]closed: fine;");
  kr_test_virtual_advance (f, 100 * SECOND);
  kr_test_virtual_assert_log (f, "");
}

/* --- calls meanwhile --- */

static void
test_calls_fail (KrTestVirtual *f, gconstpointer data)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;

  kr_test_virtual_set_policy (f, kr_hub_retry_policy_new_forever (SECOND, SECOND));
  kr_test_virtual_start (f);
  f->connector->n_failures = 1;
  kr_test_virtual_cut (f);
  kr_test_virtual_advance (f, SECOND / 10);
  kr_hub_client_invoke_async (f->client, "Echo", g_variant_new ("(s)", "x"), NULL, NULL, kr_test_store_result, &result);
  kr_test_virtual_advance (f, SECOND / 10);
  g_assert_null (kr_hub_client_invoke_finish (f->client, result, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_NOT_CONNECTED);
}

static void
test_calls_wait (KrTestVirtual *f, gconstpointer data)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GVariant) value = NULL;

  kr_test_virtual_set_policy (f, kr_hub_retry_policy_new_forever (2 * SECOND, 2 * SECOND));
  g_object_set (f->client, "call-policy", KR_HUB_CALL_WAIT, NULL);
  kr_test_virtual_start (f);
  f->connector->n_failures = 3;
  kr_test_virtual_cut (f);
  kr_test_virtual_advance (f, SECOND / 10);
  kr_hub_client_invoke_async (f->client, "Echo", g_variant_new ("(s)", "patient"), G_VARIANT_TYPE_STRING, NULL,
                              kr_test_store_result, &result);
  kr_test_virtual_advance (f, SECOND / 2);
  g_assert_null (result);
  kr_test_virtual_advance (f, 20 * SECOND);
  value = kr_hub_client_invoke_finish (f->client, result, NULL);
  g_assert_cmpstr (g_variant_get_string (value, NULL), ==, "patient");
}

static void
test_calls_time_out (KrTestVirtual *f, gconstpointer data)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;

  kr_test_virtual_set_policy (f, kr_hub_retry_policy_new_forever (SECOND, SECOND));
  g_object_set (f->client, "call-policy", KR_HUB_CALL_WAIT, "call-timeout", (gint64) (5 * SECOND), NULL);
  kr_test_virtual_start (f);
  f->connector->n_failures = 100;
  kr_test_virtual_cut (f);
  kr_test_virtual_advance (f, SECOND / 10);
  kr_hub_client_invoke_async (f->client, "Echo", g_variant_new ("(s)", "x"), NULL, NULL, kr_test_store_result, &result);
  kr_test_virtual_advance (f, 4 * SECOND);
  g_assert_null (result);
  kr_test_virtual_advance (f, 2 * SECOND);
  g_assert_null (kr_hub_client_invoke_finish (f->client, result, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_TIMED_OUT);
}

/* --- stateful reconnect --- */

static void
test_stateful (KrTestVirtual *f, gconstpointer data)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GVariant) value = NULL;

  g_object_set (f->client, "stateful-reconnect", TRUE, NULL);
  kr_test_virtual_start (f);
  kr_hub_client_invoke_async (f->client, "Echo", g_variant_new ("(s)", "over the gap"), G_VARIANT_TYPE_STRING, NULL,
                              kr_test_store_result, &result);
  f->connector->n_failures = 2;
  kr_test_virtual_cut (f);
  kr_test_virtual_advance (f, 3 * SECOND);
  /* Nobody noticed. */
  kr_test_virtual_assert_log (f, "");
  g_assert_cmpuint (f->connector->n_connects, ==, 1);
  g_assert_cmpuint (f->connector->n_reconnects, ==, 3);
  value = kr_hub_client_invoke_finish (f->client, result, NULL);
  g_assert_cmpstr (g_variant_get_string (value, NULL), ==, "over the gap");
}

/* A gateway in front of a server that restarts, or an error that has no code of its own: no reason to give up. */
static void
test_stateful_patient (KrTestVirtual *f, gconstpointer data)
{
  g_object_set (f->client, "stateful-reconnect", TRUE, NULL);
  kr_test_virtual_start (f);
  f->connector->n_failures = 3;
  f->connector->failure = G_IO_ERROR_FAILED;
  kr_test_virtual_cut (f);
  kr_test_virtual_advance (f, 3 * SECOND);
  kr_test_virtual_assert_log (f, "");
  g_assert_cmpuint (f->connector->n_reconnects, ==, 4);
  kr_test_virtual_assert_echo (f, "still the same");
}

static void
test_stateful_refused (KrTestVirtual *f, gconstpointer data)
{
  kr_test_virtual_set_policy (f, kr_hub_retry_policy_new ());
  g_object_set (f->client, "stateful-reconnect", TRUE, NULL);
  kr_test_virtual_start (f);
  f->connector->refuse_reconnect = TRUE;
  kr_test_virtual_cut (f);
  kr_test_virtual_advance (f, SECOND);
  kr_test_virtual_assert_log (f, "[reconnecting]reconnecting;[connected]reconnected the-id;");
  g_assert_cmpuint (f->connector->n_reconnects, ==, 1);
}

/* --- policies --- */

static void
test_policies (void)
{
  g_autoptr (KrHubRetryPolicy) official = kr_hub_retry_policy_new ();
  g_autoptr (KrHubRetryPolicy) forever = kr_hub_retry_policy_new_forever (SECOND, 30 * SECOND);
  const gint64 expected[] = { 0, 2 * SECOND, 10 * SECOND, 30 * SECOND, -1, -1 };
  gint64 low = G_MAXINT64, high = 0;

  for (guint i = 0; i < G_N_ELEMENTS (expected); i++)
    g_assert_cmpint (kr_hub_retry_policy_next_delay (official, i, 0, NULL), ==, expected[i]);
  for (guint i = 0; i < 1000; i++)
    {
      gint64 delay = kr_hub_retry_policy_next_delay (forever, i, 0, NULL);

      g_assert_cmpint (delay, >=, SECOND / 2);
      g_assert_cmpint (delay, <=, 30 * SECOND);
      if (i >= 5)
        {
          g_assert_cmpint (delay, >=, 15 * SECOND);
          low = MIN (low, delay);
          high = MAX (high, delay);
        }
    }
  g_assert_cmpint (high - low, >, 10 * SECOND); /* it does jitter */
}

#define ADD(path, func) g_test_add ("/client/" path, KrTestVirtual, NULL, kr_test_virtual_set_up, func, kr_test_virtual_tear_down)

/* --- calls without a handler --- */

static void
on_any_call (KrHubInvocation *invocation, gpointer data)
{
  g_autoptr (GError) error = NULL;
  GVariant *arguments = kr_hub_invocation_get_arguments (invocation, &error);
  g_autofree char *text = arguments != NULL ? g_variant_print (arguments, TRUE) : g_strdup (error->message);

  g_string_append_printf (data, "%s%s;", kr_hub_invocation_get_method_name (invocation), text);
  if (g_str_equal (kr_hub_invocation_get_method_name (invocation), "Refused"))
    kr_hub_invocation_return_error_literal (invocation, "not me");
  else if (kr_hub_invocation_get_expects_answer (invocation))
    kr_hub_invocation_return_string (invocation, "the answer");
}

static void
count_destroyed (gpointer data)
{
  ++*(int *) data;
}

static void
on_known_call (KrHubInvocation *invocation, gpointer data)
{
  g_string_append (data, "known;");
}

static GVariant *
ask_client (KrTestVirtual *f, const char *target, GError **error)
{
  g_autoptr (GAsyncResult) result = NULL;
  KrHubConnection *connection = kr_hub_server_lookup (f->server, "the-id");

  kr_hub_connection_invoke_async (connection, target, NULL, G_VARIANT_TYPE_STRING, NULL, kr_test_store_result, &result);
  kr_test_virtual_advance (f, SECOND / 10);
  g_assert_nonnull (result);
  return kr_hub_connection_invoke_finish (connection, result, error);
}

static void
test_default_handler (KrTestVirtual *f, gconstpointer data)
{
  g_autoptr (KrHubClients) all = kr_hub_clients_new_all (f->server);
  g_autoptr (GVariant) answer = NULL, none = NULL;
  g_autoptr (GError) error = NULL;
  int destroyed = 0;

  kr_hub_client_set_default_handler (f->client, on_any_call, &destroyed, count_destroyed);
  kr_hub_client_set_default_handler (f->client, on_any_call, f->log, NULL);
  g_assert_cmpint (destroyed, ==, 1);
  g_assert_true (kr_hub_client_add_handler (f->client, "Known", NULL, on_known_call, f->log, NULL));
  kr_test_virtual_start (f);
  kr_hub_clients_send (all, "Any", g_variant_new ("(s@a{sv}mi)", "a", g_variant_new_parsed ("@a{sv} {'k': <-1>}"), NULL), NULL);
  kr_hub_clients_send (all, "None", NULL, NULL);
  kr_hub_clients_send (all, "known", g_variant_new ("(i)", 1), NULL);
  kr_test_virtual_advance (f, SECOND / 10);
  kr_test_virtual_assert_log (f, "Any(<'a'>, <{'k': <int64 -1>}>, <@mv nothing>);None();known;");
  answer = ask_client (f, "Question", &error);
  g_assert_no_error (error);
  g_assert_cmpstr (g_variant_get_string (answer, NULL), ==, "the answer");
  none = ask_client (f, "Refused", &error);
  g_assert_error (error, KR_HUB_ERROR, KR_HUB_ERROR_FAILED);
  g_assert_cmpstr (error->message, ==, "not me");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("start/stop", test_start);
  ADD ("start/fails", test_start_fails);
  ADD ("start/retried", test_start_retried);
  ADD ("start/cancelled", test_start_cancelled);
  ADD ("reconnect/no-policy", test_no_policy);
  ADD ("reconnect/official", test_reconnect);
  ADD ("reconnect/texts", test_texts);
  ADD ("reconnect/give-up", test_give_up);
  ADD ("reconnect/forever", test_forever);
  ADD ("reconnect/forbidden", test_forbidden);
  ADD ("reconnect/server-stops", test_server_stops);
  ADD ("reconnect/silence", test_silence);
  ADD ("reconnect/stop", test_stop_while_reconnecting);
  ADD ("calls/fail", test_calls_fail);
  ADD ("calls/wait", test_calls_wait);
  ADD ("calls/time-out", test_calls_time_out);
  ADD ("calls/default-handler", test_default_handler);
  ADD ("stateful/unnoticed", test_stateful);
  ADD ("stateful/patient", test_stateful_patient);
  ADD ("stateful/refused", test_stateful_refused);
  g_test_add_func ("/client/policies", test_policies);
  return g_test_run ();
}
