/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* KrHubClient: start, reconnect and its policies, calls that wait, stateful reconnect; all in virtual time. */
#include "config.h"

#include <krhub.h>

#include "kr-test.h"

#define SECOND ((gint64) G_USEC_PER_SEC)

/* --- a connector to a hub in the same program --- */

#define TEST_TYPE_CONNECTOR (test_connector_get_type ())
G_DECLARE_FINAL_TYPE (TestConnector, test_connector, TEST, CONNECTOR, GObject)

struct _TestConnector
{
  GObject parent_instance;
  KrHubServer *server;
  KrHubMemoryTransport *last;   /* the client's end of the last transport; no reference once it is closed */
  guint n_failures;             /* that many connects fail first */
  guint n_connects;
  guint n_reconnects;
  gboolean refuse_reconnect;
};

static void test_connector_iface_init (KrHubConnectorInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (TestConnector, test_connector, G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (KR_HUB_TYPE_CONNECTOR, test_connector_iface_init))

static void
test_connector_finalize (GObject *object)
{
  g_clear_object (&TEST_CONNECTOR (object)->last);
  g_clear_object (&TEST_CONNECTOR (object)->server);
  G_OBJECT_CLASS (test_connector_parent_class)->finalize (object);
}

static void
test_connector_class_init (TestConnectorClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = test_connector_finalize;
}

static void
test_connector_init (TestConnector *self)
{
}

static KrHubTransport *
new_transport (TestConnector *self, KrHubMemoryTransport **server_end)
{
  g_clear_object (&self->last);
  kr_hub_memory_transport_new_pair (kr_hub_server_get_clock (self->server), server_end, &self->last);
  return g_object_ref (KR_HUB_TRANSPORT (self->last));
}

static void
connector_connect (KrHubConnector *connector,
                   gboolean stateful,
                   GCancellable *cancellable,
                   GAsyncReadyCallback callback,
                   gpointer user_data)
{
  TestConnector *self = TEST_CONNECTOR (connector);
  g_autoptr (GTask) task = g_task_new (self, cancellable, callback, user_data);
  g_autoptr (KrHubMemoryTransport) server_end = NULL;
  g_autoptr (KrHubTransport) transport = NULL;

  self->n_connects++;
  g_task_set_task_data (task, GINT_TO_POINTER (stateful), NULL);
  if (self->n_failures > 0)
    {
      self->n_failures--;
      g_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_CONNECTION_REFUSED, "Nobody listens");
      return;
    }
  transport = new_transport (self, &server_end);
  if (stateful)
    kr_hub_server_accept_stateful (self->server, KR_HUB_TRANSPORT (server_end), "the-id", NULL);
  else
    kr_hub_server_accept (self->server, KR_HUB_TRANSPORT (server_end), "the-id", NULL);
  g_task_return_pointer (task, g_steal_pointer (&transport), g_object_unref);
}

static KrHubTransport *
connector_connect_finish (KrHubConnector *connector,
                          GAsyncResult *result,
                          char **connection_id,
                          gboolean *stateful,
                          GError **error)
{
  *connection_id = g_strdup ("the-id");
  *stateful = GPOINTER_TO_INT (g_task_get_task_data (G_TASK (result)));
  return g_task_propagate_pointer (G_TASK (result), error);
}

static void
connector_reconnect (KrHubConnector *connector,
                     GCancellable *cancellable,
                     GAsyncReadyCallback callback,
                     gpointer user_data)
{
  TestConnector *self = TEST_CONNECTOR (connector);
  g_autoptr (GTask) task = g_task_new (self, cancellable, callback, user_data);
  g_autoptr (KrHubMemoryTransport) server_end = NULL;
  KrHubConnection *connection = kr_hub_server_lookup (self->server, "the-id");
  g_autoptr (KrHubTransport) transport = NULL;

  self->n_reconnects++;
  if (self->refuse_reconnect || connection == NULL)
    {
      g_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_FAILED, "The server answered 404 (Not Found)");
      return;
    }
  if (self->n_failures > 0)
    {
      self->n_failures--;
      g_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_CONNECTION_REFUSED, "Nobody listens");
      return;
    }
  transport = new_transport (self, &server_end);
  g_assert_true (kr_hub_connection_reattach (connection, KR_HUB_TRANSPORT (server_end)));
  g_task_return_pointer (task, g_steal_pointer (&transport), g_object_unref);
}

static KrHubTransport *
connector_reconnect_finish (KrHubConnector *connector, GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}

static void
test_connector_iface_init (KrHubConnectorInterface *iface)
{
  iface->connect_async = connector_connect;
  iface->connect_finish = connector_connect_finish;
  iface->reconnect_async = connector_reconnect;
  iface->reconnect_finish = connector_reconnect_finish;
}

/* --- the fixture --- */

typedef struct
{
  KrHubClock *clock;
  KrHubServer *server;
  TestConnector *connector;
  KrHubClient *client;
  GString *log;      /* what the client said, in order */
} Fixture;

static void
echo (KrHubInvocation *invocation, gpointer data)
{
  kr_hub_invocation_return_string (invocation, kr_hub_invocation_get_string (invocation, 0));
}

static void
leave (KrHubInvocation *invocation, gpointer data)
{
  kr_hub_connection_abort (kr_hub_invocation_get_connection (invocation));
}

static void
on_closed (KrHubClient *client, const GError *error, gpointer data)
{
  g_string_append_printf (data, "closed: %s;", error != NULL ? error->message : "fine");
}

static void
on_reconnecting (KrHubClient *client, const GError *error, gpointer data)
{
  g_string_append (data, "reconnecting;");
}

static void
on_reconnected (KrHubClient *client, const char *id, gpointer data)
{
  g_string_append_printf (data, "reconnected %s;", id);
}

static void
on_state (GObject *object, GParamSpec *pspec, gpointer data)
{
  static const char *const names[] = { "disconnected", "connecting", "connected", "reconnecting", "disconnecting" };

  g_string_append_printf (data, "[%s]", names[kr_hub_client_get_state (KR_HUB_CLIENT (object))]);
}

static void
set_up (Fixture *f, gconstpointer data)
{
  f->clock = kr_hub_clock_new_virtual (SECOND);
  f->server = kr_hub_server_new (f->clock);
  kr_hub_server_add_method (f->server, "Echo", "(s)", "s", echo, NULL, NULL);
  kr_hub_server_add_method (f->server, "Leave", "()", NULL, leave, NULL, NULL);
  f->connector = g_object_new (TEST_TYPE_CONNECTOR, NULL);
  f->connector->server = g_object_ref (f->server);
  f->client = g_object_new (KR_HUB_TYPE_CLIENT, "clock", f->clock, "connector", f->connector, NULL);
  f->log = g_string_new (NULL);
  g_signal_connect (f->client, "closed", G_CALLBACK (on_closed), f->log);
  g_signal_connect (f->client, "reconnecting", G_CALLBACK (on_reconnecting), f->log);
  g_signal_connect (f->client, "reconnected", G_CALLBACK (on_reconnected), f->log);
  g_signal_connect (f->client, "notify::state", G_CALLBACK (on_state), f->log);
}

/* Virtual time, and the callbacks of operations, which come from the main context. */
static void
advance (Fixture *f, gint64 microseconds)
{
  for (gint64 step = CLAMP (microseconds / 100, 1, SECOND / 2); microseconds > 0; microseconds -= step)
    {
      kr_hub_clock_advance (f->clock, MIN (step, microseconds));
      while (g_main_context_iteration (NULL, FALSE))
        ;
    }
}

static void
tear_down (Fixture *f, gconstpointer data)
{
  g_signal_handlers_disconnect_by_data (f->client, f->log);
  g_assert_finalize_object (f->client);
  advance (f, 20 * SECOND);
  g_assert_finalize_object (f->connector);
  g_assert_finalize_object (f->server);
  g_assert_finalize_object (f->clock);
  g_string_free (f->log, TRUE);
}

static void
assert_log (Fixture *f, const char *expected)
{
  g_assert_cmpstr (f->log->str, ==, expected);
  g_string_truncate (f->log, 0);
}

static void
start (Fixture *f)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;

  kr_hub_client_start_async (f->client, NULL, kr_test_store_result, &result);
  advance (f, SECOND / 10);
  g_assert_nonnull (result);
  kr_hub_client_start_finish (f->client, result, &error);
  g_assert_no_error (error);
  g_string_truncate (f->log, 0);
}

static void
cut (Fixture *f)
{
  kr_hub_transport_abort (KR_HUB_TRANSPORT (f->connector->last));
}

static void
assert_echo (Fixture *f, const char *text)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) value = NULL;

  kr_hub_client_invoke_async (f->client, "Echo", g_variant_new ("(s)", text), G_VARIANT_TYPE_STRING, NULL,
                              kr_test_store_result, &result);
  advance (f, SECOND / 10);
  g_assert_nonnull (result);
  value = kr_hub_client_invoke_finish (f->client, result, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (g_variant_get_string (value, NULL), ==, text);
}

static void
set_policy (Fixture *f, KrHubRetryPolicy *policy)
{
  g_autoptr (KrHubRetryPolicy) owned = policy;

  g_object_set (f->client, "retry-policy", owned, NULL);
}

/* --- starting --- */

static void
test_start (Fixture *f, gconstpointer data)
{
  g_autoptr (GAsyncResult) result = NULL;

  start (f);
  g_assert_cmpstr (kr_hub_client_get_connection_id (f->client), ==, "the-id");
  g_assert_null (kr_hub_client_get_last_error (f->client));
  assert_echo (f, "hello");
  kr_hub_client_stop_async (f->client, NULL, kr_test_store_result, &result);
  advance (f, SECOND / 10);
  g_assert_true (kr_hub_client_stop_finish (f->client, result, NULL));
  assert_log (f, "[disconnecting][disconnected]closed: fine;");
  g_assert_null (kr_hub_client_get_connection_id (f->client));
}

static void
test_start_fails (Fixture *f, gconstpointer data)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;

  /* The official clients' policy does not cover the first start. */
  set_policy (f, kr_hub_retry_policy_new ());
  f->connector->n_failures = 1;
  kr_hub_client_start_async (f->client, NULL, kr_test_store_result, &result);
  advance (f, SECOND / 10);
  g_assert_false (kr_hub_client_start_finish (f->client, result, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CONNECTION_REFUSED);
  g_assert_error (kr_hub_client_get_last_error (f->client), G_IO_ERROR, G_IO_ERROR_CONNECTION_REFUSED);
  assert_log (f, "[connecting][disconnected]");
  start (f);
}

static void
test_start_retried (Fixture *f, gconstpointer data)
{
  g_autoptr (GAsyncResult) result = NULL;

  set_policy (f, kr_hub_retry_policy_new ());
  g_object_set (f->client, "retry-start", TRUE, NULL);
  f->connector->n_failures = 3;
  kr_hub_client_start_async (f->client, NULL, kr_test_store_result, &result);
  advance (f, 11 * SECOND);
  g_assert_null (result);
  advance (f, 2 * SECOND);
  g_assert_true (kr_hub_client_start_finish (f->client, result, NULL));
  assert_log (f, "[connecting][connected]");
  g_assert_cmpuint (f->connector->n_connects, ==, 4);
}

static void
test_start_cancelled (Fixture *f, gconstpointer data)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GError) error = NULL;

  set_policy (f, kr_hub_retry_policy_new_forever (SECOND, 10 * SECOND));
  g_object_set (f->client, "retry-start", TRUE, NULL);
  f->connector->n_failures = 1000;
  kr_hub_client_start_async (f->client, cancellable, kr_test_store_result, &result);
  advance (f, 60 * SECOND);
  g_assert_null (result);
  g_cancellable_cancel (cancellable);
  advance (f, SECOND);
  g_assert_false (kr_hub_client_start_finish (f->client, result, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  assert_log (f, "[connecting][disconnected]");
}

/* --- reconnecting --- */

static void
test_no_policy (Fixture *f, gconstpointer data)
{
  start (f);
  cut (f);
  advance (f, SECOND);
  assert_log (f, "[disconnected]closed: The connection was cut;");
  g_assert_cmpuint (f->connector->n_connects, ==, 1);
}

static void
test_reconnect (Fixture *f, gconstpointer data)
{
  set_policy (f, kr_hub_retry_policy_new ());
  start (f);
  f->connector->n_failures = 2;
  cut (f);
  advance (f, 2 * SECOND + SECOND / 2);
  assert_log (f, "[reconnecting]reconnecting;");
  g_assert_nonnull (kr_hub_client_get_last_error (f->client));
  advance (f, 10 * SECOND);
  assert_log (f, "[connected]reconnected the-id;");
  g_assert_null (kr_hub_client_get_last_error (f->client));
  assert_echo (f, "again");
}

static void
test_give_up (Fixture *f, gconstpointer data)
{
  set_policy (f, kr_hub_retry_policy_new ());
  start (f);
  f->connector->n_failures = 100;
  cut (f);
  advance (f, 50 * SECOND);
  assert_log (f, "[reconnecting]reconnecting;[disconnected]closed: Nobody listens;");
  g_assert_cmpuint (f->connector->n_connects, ==, 5);
}

static void
test_forever (Fixture *f, gconstpointer data)
{
  set_policy (f, kr_hub_retry_policy_new_forever (SECOND, 30 * SECOND));
  start (f);
  f->connector->n_failures = 100;
  cut (f);
  advance (f, 3600 * SECOND);
  assert_log (f, "[reconnecting]reconnecting;[connected]reconnected the-id;");
}

static void
test_forbidden (Fixture *f, gconstpointer data)
{
  set_policy (f, kr_hub_retry_policy_new_forever (SECOND, 30 * SECOND));
  start (f);
  g_assert_true (kr_hub_client_send (f->client, "Leave", NULL, NULL));
  advance (f, 100 * SECOND);
  assert_log (f, "[disconnected]closed: fine;");
  g_assert_cmpuint (f->connector->n_connects, ==, 1);
}

/* A server that stops invites its clients back. */
static void
test_server_stops (Fixture *f, gconstpointer data)
{
  set_policy (f, kr_hub_retry_policy_new ());
  start (f);
  kr_hub_server_shutdown (f->server);
  advance (f, SECOND);
  assert_log (f, "[reconnecting]reconnecting;[connected]reconnected the-id;");
}

static void
test_silence (Fixture *f, gconstpointer data)
{
  set_policy (f, kr_hub_retry_policy_new ());
  start (f);
  kr_hub_memory_transport_set_stalled (f->connector->last, TRUE);
  g_object_set (f->server, "keep-alive-interval", (gint64) 0, NULL);
  advance (f, 31 * SECOND);
  g_assert_true (g_str_has_prefix (f->log->str, "[reconnecting]reconnecting;[connected]"));
}

static void
test_stop_while_reconnecting (Fixture *f, gconstpointer data)
{
  g_autoptr (GAsyncResult) result = NULL;

  set_policy (f, kr_hub_retry_policy_new_forever (SECOND, SECOND));
  start (f);
  f->connector->n_failures = 1000;
  cut (f);
  advance (f, 10 * SECOND);
  assert_log (f, "[reconnecting]reconnecting;");
  kr_hub_client_stop_async (f->client, NULL, kr_test_store_result, &result);
  advance (f, SECOND);
  g_assert_true (kr_hub_client_stop_finish (f->client, result, NULL));
  assert_log (f, "[disconnected]closed: fine;");
  advance (f, 100 * SECOND);
  assert_log (f, "");
}

/* --- calls meanwhile --- */

static void
test_calls_fail (Fixture *f, gconstpointer data)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;

  set_policy (f, kr_hub_retry_policy_new_forever (SECOND, SECOND));
  start (f);
  f->connector->n_failures = 1;
  cut (f);
  advance (f, SECOND / 10);
  kr_hub_client_invoke_async (f->client, "Echo", g_variant_new ("(s)", "x"), NULL, NULL, kr_test_store_result, &result);
  advance (f, SECOND / 10);
  g_assert_null (kr_hub_client_invoke_finish (f->client, result, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_NOT_CONNECTED);
}

static void
test_calls_wait (Fixture *f, gconstpointer data)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GVariant) value = NULL;

  set_policy (f, kr_hub_retry_policy_new_forever (2 * SECOND, 2 * SECOND));
  g_object_set (f->client, "call-policy", KR_HUB_CALL_WAIT, NULL);
  start (f);
  f->connector->n_failures = 3;
  cut (f);
  advance (f, SECOND / 10);
  kr_hub_client_invoke_async (f->client, "Echo", g_variant_new ("(s)", "patient"), G_VARIANT_TYPE_STRING, NULL,
                              kr_test_store_result, &result);
  advance (f, SECOND / 2);
  g_assert_null (result);
  advance (f, 20 * SECOND);
  value = kr_hub_client_invoke_finish (f->client, result, NULL);
  g_assert_cmpstr (g_variant_get_string (value, NULL), ==, "patient");
}

static void
test_calls_time_out (Fixture *f, gconstpointer data)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;

  set_policy (f, kr_hub_retry_policy_new_forever (SECOND, SECOND));
  g_object_set (f->client, "call-policy", KR_HUB_CALL_WAIT, "call-timeout", (gint64) (5 * SECOND), NULL);
  start (f);
  f->connector->n_failures = 100;
  cut (f);
  advance (f, SECOND / 10);
  kr_hub_client_invoke_async (f->client, "Echo", g_variant_new ("(s)", "x"), NULL, NULL, kr_test_store_result, &result);
  advance (f, 4 * SECOND);
  g_assert_null (result);
  advance (f, 2 * SECOND);
  g_assert_null (kr_hub_client_invoke_finish (f->client, result, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_TIMED_OUT);
}

/* --- stateful reconnect --- */

static void
test_stateful (Fixture *f, gconstpointer data)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GVariant) value = NULL;

  g_object_set (f->client, "stateful-reconnect", TRUE, NULL);
  start (f);
  kr_hub_client_invoke_async (f->client, "Echo", g_variant_new ("(s)", "over the gap"), G_VARIANT_TYPE_STRING, NULL,
                              kr_test_store_result, &result);
  f->connector->n_failures = 2;
  cut (f);
  advance (f, 3 * SECOND);
  /* Nobody noticed. */
  assert_log (f, "");
  g_assert_cmpuint (f->connector->n_connects, ==, 1);
  g_assert_cmpuint (f->connector->n_reconnects, ==, 3);
  value = kr_hub_client_invoke_finish (f->client, result, NULL);
  g_assert_cmpstr (g_variant_get_string (value, NULL), ==, "over the gap");
}

static void
test_stateful_refused (Fixture *f, gconstpointer data)
{
  set_policy (f, kr_hub_retry_policy_new ());
  g_object_set (f->client, "stateful-reconnect", TRUE, NULL);
  start (f);
  f->connector->refuse_reconnect = TRUE;
  cut (f);
  advance (f, SECOND);
  assert_log (f, "[reconnecting]reconnecting;[connected]reconnected the-id;");
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

#define ADD(path, func) g_test_add ("/client/" path, Fixture, NULL, set_up, func, tear_down)

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
ask_client (Fixture *f, const char *target, GError **error)
{
  g_autoptr (GAsyncResult) result = NULL;
  KrHubConnection *connection = kr_hub_server_lookup (f->server, "the-id");

  kr_hub_connection_invoke_async (connection, target, NULL, G_VARIANT_TYPE_STRING, NULL, kr_test_store_result, &result);
  advance (f, SECOND / 10);
  g_assert_nonnull (result);
  return kr_hub_connection_invoke_finish (connection, result, error);
}

static void
test_default_handler (Fixture *f, gconstpointer data)
{
  g_autoptr (KrHubClients) all = kr_hub_clients_new_all (f->server);
  g_autoptr (GVariant) answer = NULL, none = NULL;
  g_autoptr (GError) error = NULL;
  int destroyed = 0;

  kr_hub_client_set_default_handler (f->client, on_any_call, &destroyed, count_destroyed);
  kr_hub_client_set_default_handler (f->client, on_any_call, f->log, NULL);
  g_assert_cmpint (destroyed, ==, 1);
  g_assert_true (kr_hub_client_add_handler (f->client, "Known", NULL, on_known_call, f->log, NULL));
  start (f);
  kr_hub_clients_send (all, "Any", g_variant_new ("(s@a{sv}mi)", "a", g_variant_new_parsed ("@a{sv} {'k': <-1>}"), NULL), NULL);
  kr_hub_clients_send (all, "None", NULL, NULL);
  kr_hub_clients_send (all, "known", g_variant_new ("(i)", 1), NULL);
  advance (f, SECOND / 10);
  assert_log (f, "Any(<'a'>, <{'k': <int64 -1>}>, <@mv nothing>);None();known;");
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
  ADD ("stateful/refused", test_stateful_refused);
  g_test_add_func ("/client/policies", test_policies);
  return g_test_run ();
}
