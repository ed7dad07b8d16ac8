/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* The one table of hub cases, run over every transport. */
#include "config.h"

#include "kr-test-conformance-private.h"
#include "kr-test-log.h"

#include <math.h>

#define VIRTUAL_STEP (G_USEC_PER_SEC / 100)
#define VIRTUAL_STEPS 60000

/* --- the hub's methods --- */

static void
method_echo (KrHubInvocation *invocation, gpointer data)
{
  kr_hub_invocation_return_string (invocation, kr_hub_invocation_get_string (invocation, 0));
}

static void
method_add (KrHubInvocation *invocation, gpointer data)
{
  gint a, b;

  g_variant_get (kr_hub_invocation_get_arguments (invocation, NULL), "(ii)", &a, &b);
  kr_hub_invocation_return_value (invocation, g_variant_new_int32 (a + b));
}

static void
method_void (KrHubInvocation *invocation, gpointer data)
{
  kr_hub_invocation_return_void (invocation);
}

static void
method_fail (KrHubInvocation *invocation, gpointer data)
{
  kr_hub_invocation_return_error_literal (invocation, kr_hub_invocation_get_string (invocation, 0));
}

static void
method_keep (KrHubInvocation *invocation, gpointer data)
{
  KrTestHub *hub = data;

  g_ptr_array_add (hub->kept, kr_hub_invocation_ref (invocation));
}

static void
count_cancelled (GCancellable *cancellable, gpointer data)
{
  KrTestHub *hub = data;

  hub->n_cancelled++;
}

static void
method_wait (KrHubInvocation *invocation, gpointer data)
{
  g_signal_connect (kr_hub_invocation_get_cancellable (invocation), "cancelled", G_CALLBACK (count_cancelled), data);
  method_keep (invocation, data);
}

static gpointer
answer_in_thread (gpointer data)
{
  g_autoptr (KrHubInvocation) invocation = data;

  kr_hub_invocation_return_string (invocation, "from a thread");
  return NULL;
}

static void
method_thread (KrHubInvocation *invocation, gpointer data)
{
  g_thread_unref (g_thread_new ("answer", answer_in_thread, kr_hub_invocation_ref (invocation)));
}

static void
method_silent (KrHubInvocation *invocation, gpointer data)
{
}

static gboolean
forget (gpointer data)
{
  return G_SOURCE_REMOVE;
}

static void
method_forget (KrHubInvocation *invocation, gpointer data)
{
  g_autoptr (GSource) source = g_idle_source_new ();

  g_source_set_callback (source, forget, kr_hub_invocation_ref (invocation), (GDestroyNotify) kr_hub_invocation_unref);
  g_source_attach (source, g_main_context_get_thread_default ());
}

static void
method_any (KrHubInvocation *invocation, gpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (JsonNode) node = kr_hub_invocation_dup_node (invocation, kr_hub_invocation_get_n_arguments (invocation) - 1, &error);

  if (node != NULL)
    kr_hub_invocation_return_node (invocation, node);
  else
    kr_hub_invocation_return_error (invocation, error);
}

static void
method_nan (KrHubInvocation *invocation, gpointer data)
{
  kr_hub_invocation_return_value (invocation, g_variant_new_double (NAN));
}

static void
method_join (KrHubInvocation *invocation, gpointer data)
{
  KrTestHub *hub = data;

  kr_hub_server_add_to_group (hub->server,
                              kr_hub_connection_get_id (kr_hub_invocation_get_connection (invocation)),
                              kr_hub_invocation_get_string (invocation, 0));
  kr_hub_invocation_return_void (invocation);
}

static void
method_leave (KrHubInvocation *invocation, gpointer data)
{
  KrTestHub *hub = data;

  kr_hub_server_remove_from_group (hub->server,
                                   kr_hub_connection_get_id (kr_hub_invocation_get_connection (invocation)),
                                   kr_hub_invocation_get_string (invocation, 0));
  kr_hub_invocation_return_void (invocation);
}

/* Sends ("caller's", "others") to the three selections that know the caller. */
static void
method_around (KrHubInvocation *invocation, gpointer data)
{
  KrTestHub *hub = data;
  const char *group = kr_hub_invocation_get_string (invocation, 0);
  g_autoptr (KrHubClients) caller = kr_hub_clients_new_caller (hub->server, invocation);
  g_autoptr (KrHubClients) others = kr_hub_clients_new_others (hub->server, invocation);
  g_autoptr (KrHubClients) in_group = kr_hub_clients_new_others_in_group (hub->server, invocation, group);
  g_autoptr (GError) error = NULL;

  kr_hub_clients_send (caller, "Event", g_variant_new ("(s)", "caller"), &error);
  g_assert_no_error (error);
  kr_hub_clients_send (others, "Event", g_variant_new ("(s)", "others"), &error);
  g_assert_no_error (error);
  kr_hub_clients_send (in_group, "Event", g_variant_new ("(s)", "others in group"), &error);
  g_assert_no_error (error);
  kr_hub_invocation_return_void (invocation);
}

static void
method_abort (KrHubInvocation *invocation, gpointer data)
{
  kr_hub_connection_abort (kr_hub_invocation_get_connection (invocation));
}

/* What a call borrows stays valid while its handler runs, also when that ends the connection. */
static void
method_abort_and_keep (KrHubInvocation *invocation, gpointer data)
{
  method_abort (invocation, data);
  method_keep (invocation, data);
}

static const struct
{
  const char *name, *arguments, *result;
  KrHubMethodFunc func;
} methods[] = {
  { "Echo", "(s)", "s", method_echo },       { "Add", "(ii)", "i", method_add },
  { "Void", "()", NULL, method_void },       { "Fail", "(s)", NULL, method_fail },
  { "Keep", "(s)", "s", method_keep },       { "Wait", "()", "s", method_wait },
  { "Thread", "()", "s", method_thread },    { "Silent", "()", NULL, method_silent },
  { "Forget", "()", NULL, method_forget },   { "Any", NULL, NULL, method_any },
  { "NaN", "()", "d", method_nan },          { "Join", "(s)", NULL, method_join },
  { "Leave", "(s)", NULL, method_leave },    { "Around", "(s)", NULL, method_around },
  { "Abort", "()", NULL, method_abort },     { "AbortAndKeep", "(s)", NULL, method_abort_and_keep },
};

/* --- the hub --- */

static void
on_connected (KrHubServer *server, KrHubConnection *connection, gpointer data)
{
  KrTestHub *self = data;

  g_ptr_array_add (self->connected, g_strdup (kr_hub_connection_get_id (connection)));
}

static void
on_disconnected (KrHubServer *server, KrHubConnection *connection, const GError *error, gpointer data)
{
  KrTestHub *self = data;

  self->n_disconnected++;
  g_clear_error (&self->last_error);
  self->last_error = error != NULL ? g_error_copy (error) : NULL;
}

static void
on_unknown_method (KrHubServer *server, KrHubConnection *connection, const char *name, gpointer data)
{
  KrTestHub *self = data;

  self->n_unknown++;
}

KrTestHub *
kr_test_hub_new (const KrTestBackend *backend)
{
  g_autoptr (KrHubClock) clock =
    backend->virtual_clock ? kr_hub_clock_new_virtual (G_USEC_PER_SEC) : kr_hub_clock_new (NULL);

  return kr_test_hub_new_with_clock (backend, clock);
}

KrTestHub *
kr_test_hub_new_with_clock (const KrTestBackend *backend, KrHubClock *clock)
{
  KrTestHub *self = g_new0 (KrTestHub, 1);

  self->backend = backend;
  self->clock = g_object_ref (clock);
  self->server = kr_hub_server_new (self->clock);
  self->connected = g_ptr_array_new_with_free_func (g_free);
  self->kept = g_ptr_array_new_with_free_func ((GDestroyNotify) kr_hub_invocation_unref);
  self->streams = g_ptr_array_new_with_free_func (g_object_unref);
  for (guint i = 0; i < G_N_ELEMENTS (methods); i++)
    g_assert_true (kr_hub_server_add_method (self->server, methods[i].name, methods[i].arguments, methods[i].result,
                                             methods[i].func, self, NULL));
  kr_test_hub_add_stream_methods (self);
  kr_test_hub_add_result_methods (self);
  g_signal_connect (self->server, "connected", G_CALLBACK (on_connected), self);
  g_signal_connect (self->server, "disconnected", G_CALLBACK (on_disconnected), self);
  g_signal_connect (self->server, "unknown-method", G_CALLBACK (on_unknown_method), self);
  self->backend_data = backend->start (self->server);
  return self;
}

static gboolean
nobody_is_connected (gpointer data)
{
  KrTestHub *self = data;

  return kr_hub_server_get_n_connections (self->server) == 0;
}

void
kr_test_hub_free (KrTestHub *self)
{
  g_ptr_array_set_size (self->kept, 0);
  g_ptr_array_set_size (self->streams, 0);
  kr_hub_server_shutdown (self->server);
  kr_test_hub_wait (self, "the end of all connections", nobody_is_connected, self);
  self->backend->stop (self->backend_data);
  g_signal_handlers_disconnect_by_data (self->server, self);
  /* What is still in flight goes away with the clock's timers and the sources of the main context. */
  while (g_main_context_iteration (NULL, FALSE))
    ;
  if (self->backend->virtual_clock)
    kr_hub_clock_advance (self->clock, G_USEC_PER_SEC);
  g_object_unref (self->server);
  g_object_unref (self->clock);
  g_ptr_array_unref (self->connected);
  g_ptr_array_unref (self->kept);
  g_ptr_array_unref (self->streams);
  g_clear_error (&self->last_error);
  g_free (self);
}

void
kr_test_hub_wait (KrTestHub *self, const char *what, KrTestCondition condition, gpointer data)
{
  gint64 deadline = g_get_monotonic_time () + KR_TEST_DEADLINE * G_USEC_PER_SEC;

  if (!self->backend->virtual_clock)
    {
      kr_test_wait (what, condition, data);
      return;
    }
  for (guint i = 0; !condition (data); i++)
    {
      /* Threads and idle sources live in real time, all else in the virtual one. */
      while (g_main_context_iteration (NULL, FALSE))
        ;
      if (condition (data))
        return;
      kr_hub_clock_advance (self->clock, VIRTUAL_STEP);
      if (i >= VIRTUAL_STEPS && g_get_monotonic_time () > deadline)
        g_error ("waited in vain for: %s", what);
    }
}

typedef struct
{
  const guint *count;
  guint at_least;
} Count;

static gboolean
count_is_reached (gpointer data)
{
  const Count *count = data;

  return *count->count >= count->at_least;
}

void
kr_test_hub_wait_count (KrTestHub *self, const char *what, const guint *count, guint at_least)
{
  Count data = { count, at_least };

  kr_test_hub_wait (self, what, count_is_reached, &data);
}

static gboolean
result_is_there (gpointer data)
{
  return *(GAsyncResult **) data != NULL;
}

/* --- clients --- */

static void
on_event (KrHubInvocation *invocation, gpointer data)
{
  KrTestClient *self = data;

  g_ptr_array_add (self->received, g_strdup (kr_hub_invocation_get_string (invocation, 0)));
  self->n_received = self->received->len;
}

static void
on_closed (KrHubClient *client, const GError *error, gpointer data)
{
  KrTestClient *self = data;

  self->closed = TRUE;
  self->error = error != NULL ? g_error_copy (error) : NULL;
}

KrTestClient *
kr_test_client_new_for_transport (KrTestHub *hub, KrHubTransport *transport)
{
  KrTestClient *self = g_new0 (KrTestClient, 1);
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;

  self->hub = hub;
  self->client = kr_hub_client_new (hub->clock);
  if (hub->backend->messagepack)
    g_object_set (self->client, "protocol", kr_hub_msgpack_protocol_get_default (), NULL);
  self->received = g_ptr_array_new_with_free_func (g_free);
  g_assert_true (kr_hub_client_add_handler (self->client, "Event", "(s)", on_event, self, NULL));
  g_signal_connect (self->client, "closed", G_CALLBACK (on_closed), self);
  kr_hub_client_connect_async (self->client, transport, NULL, kr_test_store_result, &result);
  kr_test_hub_wait (hub, "the handshake", result_is_there, &result);
  kr_hub_client_connect_finish (self->client, result, &error);
  g_assert_no_error (error);
  return self;
}

KrTestClient *
kr_test_client_new (KrTestHub *hub, const char *user_id)
{
  g_autoptr (KrHubTransport) transport = hub->backend->connect (hub->backend_data, user_id);

  return kr_test_client_new_for_transport (hub, transport);
}

void
kr_test_client_free (KrTestClient *self)
{
  g_autoptr (GAsyncResult) result = NULL;

  kr_hub_client_stop_async (self->client, NULL, kr_test_store_result, &result);
  kr_test_hub_wait (self->hub, "the client's end", result_is_there, &result);
  g_signal_handlers_disconnect_by_data (self->client, self);
  g_object_unref (self->client);
  g_ptr_array_unref (self->received);
  g_clear_error (&self->error);
  g_free (self);
}

char *
kr_test_client_finish_call (KrTestClient *self, GAsyncResult **result, const char *what)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) value = NULL;

  kr_test_hub_wait (self->hub, what, result_is_there, result);
  value = kr_hub_client_invoke_finish (self->client, *result, &error);
  g_clear_object (result);
  return value != NULL ? g_variant_print (value, FALSE) : g_strdup_printf ("error: %s", error->message);
}

void
kr_test_client_start_call (KrTestClient *self, const char *target, GVariant *arguments, const char *type, GAsyncResult **result)
{
  kr_hub_client_invoke_async (self->client, target, arguments, type != NULL ? G_VARIANT_TYPE (type) : NULL, NULL,
                              kr_test_store_result, result);
}

char *
kr_test_client_call (KrTestClient *self, const char *target, GVariant *arguments, const char *result_type)
{
  GAsyncResult *result = NULL;

  kr_test_client_start_call (self, target, arguments, result_type, &result);
  return kr_test_client_finish_call (self, &result, target);
}

/* --- cases: calls --- */

void
kr_test_assert_call (KrTestClient *client, const char *target, GVariant *arguments, const char *type, const char *expected)
{
  g_autofree char *result = kr_test_client_call (client, target, arguments, type);

  g_assert_cmpstr (result, ==, expected);
}

#define assert_call kr_test_assert_call

static void
case_invoke_result (KrTestHub *hub)
{
  g_autoptr (KrTestClient) client = kr_test_client_new (hub, NULL);

  assert_call (client, "Echo", g_variant_new ("(s)", "hello"), "s", "'hello'");
  assert_call (client, "Add", g_variant_new ("(ii)", 40, 2), "i", "42");
  assert_call (client, "Void", NULL, "()", "()");
  assert_call (client, "Any", g_variant_new ("(ia{sv})", 1, NULL), "a{sv}", "{}");
}

static void
case_invoke_text (KrTestHub *hub)
{
  static const char *const texts[] = {
    "",           "\"quoted\" \\ back\\slash / slash", "line\nfeed\ttab\rreturn\b\f", "\x01\x1f\x7f",
    "äöü 漢字 🎉", "\xe2\x80\xa8 line separator",         "<script>&amp;</script>",
  };
  g_autoptr (KrTestClient) client = kr_test_client_new (hub, NULL);

  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    {
      g_autoptr (GVariant) expected = g_variant_ref_sink (g_variant_new_string (texts[i]));
      g_autofree char *printed = g_variant_print (expected, FALSE);

      assert_call (client, "Echo", g_variant_new ("(s)", texts[i]), "s", printed);
    }
}

static void
case_invoke_large (KrTestHub *hub)
{
  g_autoptr (KrTestClient) client = kr_test_client_new (hub, NULL);
  g_autofree char *text = g_strnfill (30000, 'x');
  g_autofree char *expected = g_strdup_printf ("'%s'", text);

  assert_call (client, "Echo", g_variant_new ("(s)", text), "s", expected);
}

static void
case_invoke_names (KrTestHub *hub)
{
  g_autoptr (KrTestClient) client = kr_test_client_new (hub, NULL);

  assert_call (client, "eCHO", g_variant_new ("(s)", "any case"), "s", "'any case'");
  assert_call (client, "NoSuch", g_variant_new ("(s)", "x"), "s",
               "error: Failed to invoke 'NoSuch' due to an error on the server. HubException: Method does not exist.");
  g_assert_cmpuint (hub->n_unknown, ==, 1);
}

static void
case_invoke_errors (KrTestHub *hub)
{
  g_autoptr (KrTestClient) client = kr_test_client_new (hub, NULL);

  assert_call (client, "Fail", g_variant_new ("(s)", "no luck"), NULL,
               "error: An unexpected error occurred invoking 'Fail' on the server. HubException: no luck");
  assert_call (client, "Silent", NULL, NULL,
               "error: An unexpected error occurred invoking 'Silent' on the server. "
               "HubException: The method did not answer.");
  assert_call (client, "Forget", NULL, NULL,
               "error: An unexpected error occurred invoking 'Forget' on the server. "
               "HubException: The method did not answer.");
  /* Wrong arguments end the call, not the connection. */
  assert_call (client, "echo", g_variant_new ("(ss)", "a", "b"), "s",
               "error: Failed to invoke 'Echo' due to an error on the server.");
  assert_call (client, "Echo", g_variant_new ("(i)", 1), "s",
               "error: Failed to invoke 'Echo' due to an error on the server.");
  assert_call (client, "Add", g_variant_new ("(is)", 1, "2"), "s",
               "error: Failed to invoke 'Add' due to an error on the server.");
  assert_call (client, "Echo", g_variant_new ("(s)", "still there"), "s", "'still there'");
}

static void
case_invoke_detailed (KrTestHub *hub)
{
  g_autoptr (KrTestClient) client = NULL;

  g_object_set (hub->server, "detailed-errors", TRUE, NULL);
  client = kr_test_client_new (hub, NULL);
  assert_call (client, "Echo", g_variant_new ("(ss)", "a", "b"), "s",
               "error: Failed to invoke 'Echo' due to an error on the server. "
               "InvalidDataException: Invocation provides 2 argument(s) but target expects 1.");
}

static void
case_invoke_unsendable (KrTestHub *hub)
{
  g_autoptr (KrTestClient) client = kr_test_client_new (hub, NULL);

  kr_test_log_expect_warning ("*cannot be sent*NaN*");
  assert_call (client, "NaN", NULL, "d", "error: An unexpected error occurred invoking 'NaN' on the server.");
  kr_test_log_assert_expected ();
  assert_call (client, "Echo", g_variant_new ("(s)", "still there"), "s", "'still there'");
}

static void
case_invoke_later (KrTestHub *hub)
{
  g_autoptr (KrTestClient) client = kr_test_client_new (hub, NULL);
  GAsyncResult *result = NULL;
  g_autofree char *text = NULL;

  kr_test_client_start_call (client, "Keep", g_variant_new ("(s)", "kept"), "s", &result);
  kr_test_hub_wait_count (hub, "the call", &hub->kept->len, 1);
  g_assert_null (result);
  kr_hub_invocation_return_string (hub->kept->pdata[0], kr_hub_invocation_get_string (hub->kept->pdata[0], 0));
  /* Only the first answer counts. */
  kr_hub_invocation_return_string (hub->kept->pdata[0], "again");
  text = kr_test_client_finish_call (client, &result, "the late answer");
  g_assert_cmpstr (text, ==, "'kept'");
}

static void
case_invoke_thread (KrTestHub *hub)
{
  g_autoptr (KrTestClient) client = kr_test_client_new (hub, NULL);

  for (guint i = 0; i < 20; i++)
    assert_call (client, "Thread", NULL, "s", "'from a thread'");
}

/* One call at a time: what comes behind waits, in order, also when it is much. */
static void
case_invoke_order (KrTestHub *hub)
{
  enum
  {
    N = 200
  };
  g_autoptr (KrTestClient) client = kr_test_client_new (hub, NULL);
  GAsyncResult *first = NULL;
  GAsyncResult *results[N] = { NULL };
  g_autofree char *text = NULL;

  kr_test_client_start_call (client, "Keep", g_variant_new ("(s)", "first"), "s", &first);
  for (guint i = 0; i < N; i++)
    kr_test_client_start_call (client, "Add", g_variant_new ("(ii)", (gint) i, 1), "i", &results[i]);
  kr_test_hub_wait_count (hub, "the first call", &hub->kept->len, 1);
  kr_hub_invocation_return_string (hub->kept->pdata[0], "done");
  text = kr_test_client_finish_call (client, &first, "the first answer");
  g_assert_cmpstr (text, ==, "'done'");
  for (guint i = 0; i < N; i++)
    {
      g_autofree char *answer = kr_test_client_finish_call (client, &results[i], "a later answer");

      g_assert_cmpint (atoi (answer), ==, i + 1);
    }
}

static void
case_invoke_no_answer (KrTestHub *hub)
{
  g_autoptr (KrTestClient) client = kr_test_client_new (hub, NULL);
  g_autoptr (GError) error = NULL;

  /* No id, no answer, not even an error; the client would fail on one it does not expect. */
  kr_hub_client_send (client->client, "Fail", g_variant_new ("(s)", "unheard"), &error);
  kr_hub_client_send (client->client, "NoSuch", NULL, &error);
  kr_hub_client_send (client->client, "Keep", g_variant_new ("(s)", "kept"), &error);
  g_assert_no_error (error);
  kr_test_hub_wait_count (hub, "the call", &hub->kept->len, 1);
  g_assert_false (kr_hub_invocation_get_expects_answer (hub->kept->pdata[0]));
  kr_hub_invocation_return_string (hub->kept->pdata[0], "unheard");
  assert_call (client, "Echo", g_variant_new ("(s)", "heard"), "s", "'heard'");
}

static void
case_invoke_cancel (KrTestHub *hub)
{
  g_autoptr (KrTestClient) client = kr_test_client_new (hub, NULL);
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  GAsyncResult *result = NULL;
  g_autofree char *text = NULL;

  kr_hub_client_invoke_async (client->client, "Wait", NULL, NULL, cancellable, kr_test_store_result, &result);
  kr_test_hub_wait_count (hub, "the call", &hub->kept->len, 1);
  g_assert_cmpuint (hub->n_cancelled, ==, 0);
  g_cancellable_cancel (cancellable);
  text = kr_test_client_finish_call (client, &result, "the cancelled call");
  g_assert_cmpstr (text, ==, "error: The call was cancelled");
  kr_test_hub_wait_count (hub, "the cancellation at the hub", &hub->n_cancelled, 1);
  kr_hub_invocation_return_string (hub->kept->pdata[0], "too late");
  assert_call (client, "Echo", g_variant_new ("(s)", "still there"), "s", "'still there'");
}

static void
case_invoke_disconnect (KrTestHub *hub)
{
  KrTestClient *client = kr_test_client_new (hub, NULL);
  GAsyncResult *result = NULL;

  kr_test_client_start_call (client, "Wait", NULL, NULL, &result);
  kr_test_hub_wait_count (hub, "the call", &hub->kept->len, 1);
  kr_test_client_free (client);
  kr_test_hub_wait_count (hub, "the cancellation", &hub->n_cancelled, 1);
  kr_test_hub_wait_count (hub, "the end", &hub->n_disconnected, 1);
  g_assert_no_error (hub->last_error);
  kr_hub_invocation_return_string (hub->kept->pdata[0], "nobody listens");
  g_assert_nonnull (result);
  g_object_unref (result);
}

/* --- cases: sending --- */

static void
send_event (KrHubClients *clients, const char *text)
{
  g_autoptr (KrHubClients) owned = clients;
  g_autoptr (GError) error = NULL;

  kr_hub_clients_send (owned, "Event", g_variant_new ("(s)", text), &error);
  g_assert_no_error (error);
}

/* What a client received so far, in one line; a call and its answer make sure that all is there. */
static void
assert_received (KrTestClient *client, const char *expected)
{
  g_autofree char *received = NULL;

  assert_call (client, "Void", NULL, "()", "()");
  g_ptr_array_add (client->received, NULL);
  received = g_strjoinv (" ", (char **) client->received->pdata);
  g_ptr_array_set_size (client->received, 0);
  g_assert_cmpstr (received, ==, expected);
}

static void
case_send_selections (KrTestHub *hub)
{
  g_autoptr (KrTestClient) a = kr_test_client_new (hub, "ann");
  g_autoptr (KrTestClient) b = kr_test_client_new (hub, "ann");
  g_autoptr (KrTestClient) c = kr_test_client_new (hub, "bob");
  const char *id_a = hub->connected->pdata[0];
  const char *id_b = hub->connected->pdata[1];
  const char *id_c = hub->connected->pdata[2];
  const char *a_and_b[] = { id_a, id_b, id_a, "unknown", NULL };
  const char *only_b[] = { id_b, NULL };
  const char *groups[] = { "g", "h", NULL };
  const char *users[] = { "ann", "bob", "ann", "nobody", NULL };

  assert_call (a, "Join", g_variant_new ("(s)", "g"), "()", "()");
  assert_call (b, "Join", g_variant_new ("(s)", "g"), "()", "()");
  assert_call (b, "Join", g_variant_new ("(s)", "h"), "()", "()");

  send_event (kr_hub_clients_new_all (hub->server), "all");
  send_event (kr_hub_clients_new_all_except (hub->server, a_and_b), "all-except");
  send_event (kr_hub_clients_new_client (hub->server, id_c), "client");
  send_event (kr_hub_clients_new_clients (hub->server, a_and_b), "clients");
  send_event (kr_hub_clients_new_group (hub->server, "g"), "group");
  send_event (kr_hub_clients_new_group (hub->server, "G"), "no-such-group");
  send_event (kr_hub_clients_new_groups (hub->server, groups), "groups");
  send_event (kr_hub_clients_new_group_except (hub->server, "g", only_b), "group-except");
  send_event (kr_hub_clients_new_user (hub->server, "ann"), "user");
  send_event (kr_hub_clients_new_users (hub->server, users), "users");

  assert_received (a, "all clients group groups group-except user users");
  assert_received (b, "all clients group groups groups user users");
  assert_received (c, "all all-except client users");
}

static void
case_send_around (KrTestHub *hub)
{
  g_autoptr (KrTestClient) a = kr_test_client_new (hub, NULL);
  g_autoptr (KrTestClient) b = kr_test_client_new (hub, NULL);
  g_autoptr (KrTestClient) c = kr_test_client_new (hub, NULL);

  assert_call (a, "Join", g_variant_new ("(s)", "g"), "()", "()");
  assert_call (b, "Join", g_variant_new ("(s)", "g"), "()", "()");
  assert_call (a, "Around", g_variant_new ("(s)", "g"), "()", "()");
  assert_received (a, "caller");
  assert_received (b, "others others in group");
  assert_received (c, "others");

  assert_call (b, "Leave", g_variant_new ("(s)", "g"), "()", "()");
  assert_call (a, "Around", g_variant_new ("(s)", "g"), "()", "()");
  assert_received (b, "others");
}

static gpointer
send_in_thread (gpointer data)
{
  KrTestHub *hub = data;

  for (guint i = 0; i < 100; i++)
    {
      g_autofree char *text = g_strdup_printf ("%u", i);

      send_event (kr_hub_clients_new_all (hub->server), text);
    }
  return NULL;
}

static void
case_send_thread (KrTestHub *hub)
{
  g_autoptr (KrTestClient) client = kr_test_client_new (hub, NULL);
  GThread *thread = g_thread_new ("sender", send_in_thread, hub);

  kr_test_hub_wait_count (hub, "a hundred events", &client->n_received, 100);
  g_thread_join (thread);
  for (guint i = 0; i < 100; i++)
    g_assert_cmpint (atoi (client->received->pdata[i]), ==, i);
}

static void
case_send_groups_end (KrTestHub *hub)
{
  g_autoptr (KrTestClient) stays = kr_test_client_new (hub, NULL);
  KrTestClient *leaves = kr_test_client_new (hub, NULL);

  assert_call (stays, "Join", g_variant_new ("(s)", "g"), "()", "()");
  assert_call (leaves, "Join", g_variant_new ("(s)", "g"), "()", "()");
  kr_test_client_free (leaves);
  kr_test_hub_wait_count (hub, "the end", &hub->n_disconnected, 1);
  g_assert_cmpuint (kr_hub_server_get_n_connections (hub->server), ==, 1);
  send_event (kr_hub_clients_new_group (hub->server, "g"), "left");
  assert_received (stays, "left");
}

/* --- cases: life --- */

static gboolean
client_is_closed (gpointer data)
{
  return ((KrTestClient *) data)->closed;
}

static void
case_life_signals (KrTestHub *hub)
{
  KrTestClient *client = kr_test_client_new (hub, "ann");
  KrHubConnection *connection;

  g_assert_cmpuint (hub->connected->len, ==, 1);
  connection = kr_hub_server_lookup (hub->server, hub->connected->pdata[0]);
  g_assert_nonnull (connection);
  g_assert_cmpstr (kr_hub_connection_get_user_id (connection), ==, "ann");
  g_assert_cmpstr (kr_hub_connection_get_protocol_name (connection), ==, hub->backend->messagepack ? "messagepack" : "json");
  g_assert_true (kr_hub_connection_is_open (connection));
  kr_test_client_free (client);
  kr_test_hub_wait_count (hub, "the end", &hub->n_disconnected, 1);
  g_assert_no_error (hub->last_error);
  g_assert_null (kr_hub_server_lookup (hub->server, hub->connected->pdata[0]));
}

static void
case_life_abort (KrTestHub *hub)
{
  g_autoptr (KrTestClient) client = kr_test_client_new (hub, NULL);
  g_autofree char *text = kr_test_client_call (client, "Abort", NULL, NULL);

  g_assert_cmpstr (text, ==, "error: Invocation canceled due to the underlying connection being closed.");
  kr_test_hub_wait (hub, "the client's end", client_is_closed, client);
  g_assert_no_error (client->error);
  g_assert_cmpuint (hub->n_disconnected, ==, 1);
}

static void
case_life_abort_and_keep (KrTestHub *hub)
{
  g_autoptr (KrTestClient) client = kr_test_client_new (hub, NULL);
  g_autofree char *text = kr_test_client_call (client, "AbortAndKeep", g_variant_new ("(s)", "kept"), NULL);

  g_assert_true (g_str_has_prefix (text, "error: "));
  g_assert_cmpuint (hub->kept->len, ==, 1);
  g_assert_cmpstr (kr_hub_invocation_get_string (hub->kept->pdata[0], 0), ==, "kept");
}

static void
case_life_shutdown (KrTestHub *hub)
{
  g_autoptr (KrTestClient) a = kr_test_client_new (hub, NULL);
  g_autoptr (KrTestClient) b = kr_test_client_new (hub, NULL);

  kr_hub_server_shutdown (hub->server);
  g_assert_cmpuint (hub->n_disconnected, ==, 2);
  kr_test_hub_wait (hub, "the end of a", client_is_closed, a);
  kr_test_hub_wait (hub, "the end of b", client_is_closed, b);
}

static void
case_life_too_large (KrTestHub *hub)
{
  g_autoptr (KrTestClient) client = kr_test_client_new (hub, NULL);
  g_autofree char *text = g_strnfill (40000, 'x');
  g_autofree char *result = kr_test_client_call (client, "Echo", g_variant_new ("(s)", text), "s");

  g_assert_true (g_str_has_prefix (result, "error: "));
  kr_test_hub_wait (hub, "the client's end", client_is_closed, client);
  g_assert_error (client->error, KR_HUB_ERROR, KR_HUB_ERROR_CLOSED);
  g_assert_cmpstr (client->error->message, ==, "Connection closed with an error.");
  g_assert_error (hub->last_error, KR_HUB_ERROR, KR_HUB_ERROR_TOO_LARGE);
}

static const KrTestCase cases[] = {
  { "invoke/result", case_invoke_result },
  { "invoke/text", case_invoke_text },
  { "invoke/large", case_invoke_large },
  { "invoke/names", case_invoke_names },
  { "invoke/errors", case_invoke_errors },
  { "invoke/detailed-errors", case_invoke_detailed },
  { "invoke/unsendable-result", case_invoke_unsendable, TRUE },
  { "invoke/later", case_invoke_later },
  { "invoke/from-a-thread", case_invoke_thread },
  { "invoke/order", case_invoke_order },
  { "invoke/no-answer", case_invoke_no_answer },
  { "invoke/cancel", case_invoke_cancel },
  { "invoke/disconnect", case_invoke_disconnect },
  { "send/selections", case_send_selections },
  { "send/around-the-caller", case_send_around },
  { "send/from-a-thread", case_send_thread },
  { "send/group-after-disconnect", case_send_groups_end },
  { "life/signals", case_life_signals },
  { "life/abort", case_life_abort },
  { "life/abort-and-keep", case_life_abort_and_keep },
  { "life/shutdown", case_life_shutdown },
  { "life/too-large", case_life_too_large },
};

typedef struct
{
  const KrTestBackend *backend;
  const KrTestCase *test_case;
} Run;

static void
run_case (gconstpointer data)
{
  const Run *run = data;
  KrTestHub *hub = kr_test_hub_new (run->backend);

  run->test_case->run (hub);
  kr_test_hub_free (hub);
}

static void
add_cases (const KrTestBackend *backend, const KrTestCase *added, gsize n)
{
  for (gsize i = 0; i < n; i++)
    {
      g_autofree char *path = g_strdup_printf ("%s/%s", backend->prefix, added[i].name);
      Run *run;

      if (backend->messagepack && added[i].json_only)
        continue;
      run = g_new (Run, 1);
      *run = (Run) { backend, &added[i] };
      g_test_add_data_func_full (path, run, run_case, g_free);
    }
}

void
kr_test_conformance_add (const KrTestBackend *backend)
{
  add_cases (backend, cases, G_N_ELEMENTS (cases));
  add_cases (backend, kr_test_stream_cases, kr_test_n_stream_cases);
  add_cases (backend, kr_test_result_cases, kr_test_n_result_cases);
  add_cases (backend, kr_test_hub_cases, kr_test_n_hub_cases);
}
