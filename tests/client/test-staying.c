/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* KrHubClient stays connected: the network returns, the machine wakes up, attempts hang, the client goes away. */
#include "config.h"

#include "kr-test-virtual.h"
#include "kr-test.h"

/* --- a network that comes and goes --- */

#define TEST_TYPE_NETWORK (test_network_get_type ())
G_DECLARE_FINAL_TYPE (TestNetwork, test_network, TEST, NETWORK, GObject)

struct _TestNetwork
{
  GObject parent_instance;
  gboolean available;
};

typedef enum
{
  PROP_AVAILABLE = 1,
  PROP_METERED,
  PROP_CONNECTIVITY,
} TestNetworkProperty;

static void
network_iface_init (GNetworkMonitorInterface *iface)
{
}

static gboolean
network_begin (GInitable *initable, GCancellable *cancellable, GError **error)
{
  return TRUE;
}

static void
initable_iface_init (GInitableIface *iface)
{
  iface->init = network_begin;
}

G_DEFINE_FINAL_TYPE_WITH_CODE (TestNetwork, test_network, G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (G_TYPE_INITABLE, initable_iface_init)
                               G_IMPLEMENT_INTERFACE (G_TYPE_NETWORK_MONITOR, network_iface_init))

static void
test_network_get_property (GObject *object, guint prop_id, GValue *value, GParamSpec *pspec)
{
  TestNetwork *self = TEST_NETWORK (object);

  switch ((TestNetworkProperty) prop_id)
    {
    case PROP_AVAILABLE: g_value_set_boolean (value, self->available); break;
    case PROP_METERED: g_value_set_boolean (value, FALSE); break;
    case PROP_CONNECTIVITY: g_value_set_enum (value, G_NETWORK_CONNECTIVITY_FULL); break;
    default: G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
test_network_class_init (TestNetworkClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->get_property = test_network_get_property;
  g_object_class_override_property (object_class, PROP_AVAILABLE, "network-available");
  g_object_class_override_property (object_class, PROP_METERED, "network-metered");
  g_object_class_override_property (object_class, PROP_CONNECTIVITY, "connectivity");
}

static void
test_network_init (TestNetwork *self)
{
  self->available = TRUE;
}

static void
set_network (gboolean available)
{
  GNetworkMonitor *monitor = g_network_monitor_get_default ();

  TEST_NETWORK (monitor)->available = available;
  g_object_notify (G_OBJECT (monitor), "network-available");
  g_signal_emit_by_name (monitor, "network-changed", available);
}

static void
use_test_network (void)
{
  /* Registers the extension point itself. */
  g_type_ensure (G_TYPE_NETWORK_MONITOR);
  g_io_extension_point_register (G_NETWORK_MONITOR_EXTENSION_POINT_NAME);
  g_io_extension_point_implement (G_NETWORK_MONITOR_EXTENSION_POINT_NAME, TEST_TYPE_NETWORK, "test", 1000);
  g_assert_true (TEST_IS_NETWORK (g_network_monitor_get_default ()));
}

/* --- the network returns --- */

static void
test_network_returns (KrTestVirtual *f, gconstpointer data)
{
  kr_test_virtual_set_policy (f, kr_hub_retry_policy_new_forever (1000 * SECOND, 1000 * SECOND));
  kr_test_virtual_start (f);
  set_network (FALSE);
  kr_test_virtual_cut (f);
  kr_test_virtual_advance (f, SECOND);
  kr_test_virtual_assert_log (f, "[reconnecting]reconnecting;");
  /* It is worse than before: no reason to try. */
  set_network (FALSE);
  kr_test_virtual_advance (f, SECOND);
  g_assert_cmpuint (f->connector->n_connects, ==, 1);
  set_network (TRUE);
  kr_test_virtual_advance (f, SECOND);
  kr_test_virtual_assert_log (f, "[connected]reconnected the-id;");
  /* Nobody listens to it while all is well. */
  set_network (TRUE);
  kr_test_virtual_advance (f, SECOND);
  kr_test_virtual_assert_log (f, "");
  g_assert_cmpuint (f->connector->n_connects, ==, 2);
}

/* An attempt that hangs in the network that was is begun anew. */
static void
test_network_returns_meanwhile (KrTestVirtual *f, gconstpointer data)
{
  kr_test_virtual_set_policy (f, kr_hub_retry_policy_new_forever (SECOND, SECOND));
  g_object_set (f->client, "connect-timeout", 1000 * SECOND, NULL);
  kr_test_virtual_start (f);
  f->connector->n_hangs = 1;
  kr_test_virtual_cut (f);
  kr_test_virtual_advance (f, 10 * SECOND);
  g_assert_cmpuint (f->connector->n_connects, ==, 2);
  kr_test_virtual_assert_log (f, "[reconnecting]reconnecting;");
  set_network (TRUE);
  kr_test_virtual_advance (f, SECOND / 10);
  kr_test_virtual_assert_log (f, "[connected]reconnected the-id;");
}

/* --- attempts that hang --- */

static void
test_attempt_hangs (KrTestVirtual *f, gconstpointer data)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;

  f->connector->n_hangs = 1;
  g_object_set (f->client, "connect-timeout", 5 * SECOND, NULL);
  kr_hub_client_start_async (f->client, NULL, kr_test_store_result, &result);
  kr_test_virtual_advance (f, 4 * SECOND);
  g_assert_null (result);
  kr_test_virtual_advance (f, 2 * SECOND);
  g_assert_false (kr_hub_client_start_finish (f->client, result, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_TIMED_OUT);
  kr_test_virtual_assert_log (f, "[connecting][disconnected]");
}

static void
test_attempt_hangs_later (KrTestVirtual *f, gconstpointer data)
{
  kr_test_virtual_set_policy (f, kr_hub_retry_policy_new ());
  g_object_set (f->client, "connect-timeout", 5 * SECOND, NULL);
  kr_test_virtual_start (f);
  f->connector->n_hangs = 2;
  kr_test_virtual_cut (f);
  kr_test_virtual_advance (f, 5 * SECOND + 2 * SECOND + 5 * SECOND + 10 * SECOND - SECOND / 10);
  kr_test_virtual_assert_log (f, "[reconnecting]reconnecting;");
  g_assert_error (kr_hub_client_get_last_error (f->client), G_IO_ERROR, G_IO_ERROR_TIMED_OUT);
  kr_test_virtual_advance (f, SECOND);
  kr_test_virtual_assert_log (f, "[connected]reconnected the-id;");
}

/* --- a laptop wakes up --- */

/* The server has long given the client up; nobody waits for the 30 s of a clock that stood still. */
static void
test_long_sleep (KrTestVirtual *f, gconstpointer data)
{
  kr_test_virtual_set_policy (f, kr_hub_retry_policy_new_for_delays ((gint64[]) { 100 * SECOND }, 1));
  kr_test_virtual_start (f);
  kr_hub_memory_transport_set_stalled (f->connector->last, TRUE);
  kr_hub_clock_jump (f->clock, 3600 * SECOND);
  kr_test_virtual_advance (f, SECOND / 100);
  kr_test_virtual_assert_log (f, "[reconnecting]reconnecting;[connected]reconnected the-id;");
  kr_test_virtual_assert_echo (f, "good morning");
}

/* It was short: the connection may have lived on, and a ping finds out whether it has. */
static void
test_short_sleep (KrTestVirtual *f, gconstpointer data)
{
  guint64 sent;

  kr_test_virtual_set_policy (f, kr_hub_retry_policy_new ());
  kr_test_virtual_start (f);
  sent = kr_hub_memory_transport_get_n_sent (f->connector->last);
  kr_hub_clock_jump (f->clock, 20 * SECOND);
  kr_test_virtual_advance (f, SECOND / 100);
  kr_test_virtual_assert_log (f, "");
  g_assert_cmpuint (kr_hub_memory_transport_get_n_sent (f->connector->last), ==, sent + strlen ("{\"type\":6}\x1e"));
  kr_test_virtual_assert_echo (f, "still here");
}

/* What was slept counts: of 30 s that the hub may be silent 20 are over. */
static void
test_short_sleep_dead (KrTestVirtual *f, gconstpointer data)
{
  kr_test_virtual_set_policy (f, kr_hub_retry_policy_new_for_delays ((gint64[]) { 0 }, 1));
  kr_test_virtual_start (f);
  kr_hub_memory_transport_set_stalled (f->connector->last, TRUE);
  g_object_set (f->server, "keep-alive-interval", (gint64) 0, NULL);
  kr_hub_clock_jump (f->clock, 20 * SECOND);
  kr_test_virtual_advance (f, 9 * SECOND);
  kr_test_virtual_assert_log (f, "");
  kr_test_virtual_advance (f, 2 * SECOND);
  kr_test_virtual_assert_log (f, "[reconnecting]reconnecting;[connected]reconnected the-id;");
}

static void
test_sleep_while_reconnecting (KrTestVirtual *f, gconstpointer data)
{
  kr_test_virtual_set_policy (f, kr_hub_retry_policy_new_forever (1000 * SECOND, 1000 * SECOND));
  kr_test_virtual_start (f);
  kr_test_virtual_cut (f);
  kr_test_virtual_advance (f, SECOND);
  kr_test_virtual_assert_log (f, "[reconnecting]reconnecting;");
  kr_hub_clock_jump (f->clock, 60 * SECOND);
  kr_test_virtual_advance (f, SECOND);
  kr_test_virtual_assert_log (f, "[connected]reconnected the-id;");
}

/* A stateful connection takes another socket at once, and lives on where the server has waited. */
static void
test_sleep_stateful (KrTestVirtual *f, gconstpointer data)
{
  g_object_set (f->client, "stateful-reconnect", TRUE, NULL);
  kr_test_virtual_start (f);
  kr_hub_memory_transport_set_stalled (f->connector->last, TRUE);
  kr_hub_clock_jump (f->clock, 40 * SECOND);
  kr_test_virtual_advance (f, SECOND);
  g_assert_cmpuint (f->connector->n_reconnects, ==, 1);
  kr_test_virtual_assert_log (f, "");
  kr_test_virtual_assert_echo (f, "unnoticed");
}

/* --- calls that wait --- */

static void
test_wait_cancelled (KrTestVirtual *f, gconstpointer data)
{
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;

  kr_test_virtual_set_policy (f, kr_hub_retry_policy_new_forever (1000 * SECOND, 1000 * SECOND));
  g_object_set (f->client, "call-policy", KR_HUB_CALL_WAIT, NULL);
  kr_test_virtual_start (f);
  kr_test_virtual_cut (f);
  kr_test_virtual_advance (f, SECOND);
  kr_hub_client_invoke_async (f->client, "Echo", g_variant_new ("(s)", "x"), NULL, cancellable, kr_test_store_result, &result);
  kr_test_virtual_advance (f, SECOND);
  g_assert_null (result);
  g_cancellable_cancel (cancellable);
  kr_test_virtual_advance (f, SECOND);
  g_assert_nonnull (result);
  g_assert_null (kr_hub_client_invoke_finish (f->client, result, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
}

static void
note (KrHubInvocation *invocation, gpointer data)
{
  g_string_append_printf (data, "<%s>", kr_hub_invocation_get_string (invocation, 0));
  kr_hub_invocation_return_void (invocation);
}

/* Calls without an answer wait as well, in their order. */
static void
test_wait_send (KrTestVirtual *f, gconstpointer data)
{
  g_autoptr (GString) seen = g_string_new (NULL);
  g_autoptr (GError) error = NULL;

  kr_hub_server_add_method (f->server, "Note", "(s)", NULL, note, seen, NULL);
  kr_test_virtual_set_policy (f, kr_hub_retry_policy_new ());
  kr_test_virtual_start (f);
  f->connector->n_failures = 1;
  kr_test_virtual_cut (f);
  kr_test_virtual_advance (f, SECOND);
  g_assert_false (kr_hub_client_send (f->client, "Note", g_variant_new ("(s)", "lost"), &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_NOT_CONNECTED);
  g_object_set (f->client, "call-policy", KR_HUB_CALL_WAIT, NULL);
  g_assert_true (kr_hub_client_send (f->client, "Note", g_variant_new ("(s)", "one"), NULL));
  g_assert_true (kr_hub_client_send (f->client, "Note", g_variant_new ("(s)", "two"), NULL));
  kr_test_virtual_advance (f, 3 * SECOND);
  g_assert_cmpstr (seen->str, ==, "<one><two>");
}

/* --- going away --- */

static void
never (KrHubInvocation *invocation, gpointer data)
{
  g_assert_not_reached ();
}

/* Whatever it was doing, a client that nobody holds any more says nothing and calls nobody. */
static void
test_gone_while_trying (KrTestVirtual *f, gconstpointer data)
{
  kr_test_virtual_set_policy (f, kr_hub_retry_policy_new_forever (SECOND, SECOND));
  kr_test_virtual_start (f);
  f->connector->n_hangs = 1;
  kr_test_virtual_cut (f);
  kr_test_virtual_advance (f, 5 * SECOND);
  g_assert_cmpuint (f->connector->n_connects, ==, 2);
  kr_test_virtual_assert_log (f, "[reconnecting]reconnecting;");
  /* The attempt does not hold it. */
  g_signal_handlers_disconnect_by_data (f->client, f->log);
  g_assert_finalize_object (f->client);
  kr_test_virtual_advance (f, 10 * SECOND);
  g_assert_cmpuint (f->connector->n_connects, ==, 2);
  f->client = kr_hub_client_new (f->clock);
}

static void
test_gone_with_calls (KrTestVirtual *f, gconstpointer data)
{
  g_autoptr (KrHubClients) all = kr_hub_clients_new_all (f->server);

  kr_hub_client_add_handler (f->client, "News", NULL, never, NULL, NULL);
  kr_test_virtual_start (f);
  /* On its way when the client goes. */
  g_assert_true (kr_hub_clients_send (all, "News", NULL, NULL));
  g_signal_handlers_disconnect_by_data (f->client, f->log);
  g_assert_finalize_object (f->client);
  kr_test_virtual_advance (f, 10 * SECOND);
  g_assert_cmpuint (kr_hub_server_get_n_connections (f->server), ==, 0);
  f->client = kr_hub_client_new (f->clock);
}

/* Disposed with everything under way: each operation ends, none later. */
static void
test_disposed (KrTestVirtual *f, gconstpointer data)
{
  g_autoptr (GAsyncResult) called = NULL;
  g_autoptr (GAsyncResult) started = NULL;
  g_autoptr (GError) error = NULL;

  kr_test_virtual_start (f);
  kr_hub_client_invoke_async (f->client, "Echo", g_variant_new ("(s)", "x"), NULL, NULL, kr_test_store_result, &called);
  g_object_run_dispose (G_OBJECT (f->client));
  kr_test_virtual_advance (f, SECOND);
  g_assert_nonnull (called);
  g_assert_null (kr_hub_client_invoke_finish (f->client, called, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CONNECTION_CLOSED);
  kr_test_virtual_assert_log (f, "");
  g_clear_object (&called);
  g_signal_handlers_disconnect_by_data (f->client, f->log);
  g_object_unref (f->client);
  f->client = g_object_new (KR_HUB_TYPE_CLIENT, "clock", f->clock, "connector", f->connector, NULL);
  f->connector->n_hangs = 1;
  kr_hub_client_start_async (f->client, NULL, kr_test_store_result, &started);
  kr_test_virtual_advance (f, SECOND);
  g_assert_null (started);
  g_object_run_dispose (G_OBJECT (f->client));
  kr_test_virtual_advance (f, SECOND);
  g_assert_nonnull (started);
  g_clear_error (&error);
  g_assert_false (kr_hub_client_start_finish (f->client, started, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CLOSED);
}

/* --- limits --- */

static void
news (KrHubInvocation *invocation, gpointer data)
{
  g_string_append_printf (data, "news %s;", kr_hub_invocation_get_string (invocation, 0));
}

static void
test_too_large (KrTestVirtual *f, gconstpointer data)
{
  g_autoptr (KrHubClients) all = kr_hub_clients_new_all (f->server);
  g_autofree char *large = g_strnfill (2000, 'x');

  kr_hub_client_add_handler (f->client, "News", "(s)", news, f->log, NULL);
  g_object_set (f->client, "max-message-size", (guint64) 1000, NULL);
  kr_test_virtual_start (f);
  large[900] = '\0';
  kr_hub_clients_send (all, "News", g_variant_new ("(s)", large), NULL);
  kr_test_virtual_advance (f, SECOND);
  g_assert_true (g_str_has_prefix (f->log->str, "news xxx"));
  g_string_truncate (f->log, 0);
  large[900] = 'x';
  kr_hub_clients_send (all, "News", g_variant_new ("(s)", large), NULL);
  kr_test_virtual_advance (f, SECOND);
  g_assert_true (g_str_has_prefix (f->log->str, "[disconnected]closed: "));
  g_assert_error (kr_hub_client_get_last_error (f->client), KR_HUB_ERROR, KR_HUB_ERROR_TOO_LARGE);
}

/* --- the caller's main context --- */

typedef struct
{
  GThread *thread;
  guint n_notified;
} Place;

static void
assert_place (GObject *object, GParamSpec *pspec, gpointer data)
{
  Place *place = data;

  place->n_notified++;
  g_assert_true (g_thread_self () == place->thread);
}

/* A client of a second thread; the network speaks in the first one. */
static gpointer
client_thread (gpointer data)
{
  g_autoptr (GMainContext) context = g_main_context_new ();
  Place place = { g_thread_self (), 0 };
  KrTestVirtual f = { NULL };

  g_main_context_push_thread_default (context);
  kr_test_virtual_set_up (&f, NULL);
  g_signal_connect (f.client, "notify::state", G_CALLBACK (assert_place), &place);
  kr_test_virtual_set_policy (&f, kr_hub_retry_policy_new_forever (1000 * SECOND, 1000 * SECOND));
  kr_test_virtual_start (&f);
  kr_test_virtual_cut (&f);
  kr_test_virtual_advance (&f, SECOND);
  kr_test_virtual_assert_log (&f, "[reconnecting]reconnecting;");
  g_atomic_int_set ((gint *) data, TRUE);
  while (kr_hub_client_get_state (f.client) != KR_HUB_CLIENT_CONNECTED)
    {
      g_main_context_iteration (context, TRUE);
      kr_test_virtual_advance (&f, SECOND);
    }
  g_assert_cmpuint (place.n_notified, ==, 4);
  g_signal_handlers_disconnect_by_data (f.client, &place);
  kr_test_virtual_tear_down (&f, NULL);
  g_main_context_pop_thread_default (context);
  return NULL;
}

static void
test_context (void)
{
  gint waits = FALSE;
  g_autoptr (GThread) thread = g_thread_new ("client", client_thread, &waits);

  while (!g_atomic_int_get (&waits))
    g_thread_yield ();
  set_network (TRUE);
  g_thread_join (g_steal_pointer (&thread));
  /* Nothing of it came here. */
  g_assert_false (g_main_context_pending (NULL));
}

#define ADD(path, func) \
  g_test_add ("/client/" path, KrTestVirtual, NULL, kr_test_virtual_set_up, func, kr_test_virtual_tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  use_test_network ();
  ADD ("network/returns", test_network_returns);
  ADD ("network/returns-meanwhile", test_network_returns_meanwhile);
  ADD ("attempt/hangs", test_attempt_hangs);
  ADD ("attempt/hangs-later", test_attempt_hangs_later);
  ADD ("sleep/long", test_long_sleep);
  ADD ("sleep/short", test_short_sleep);
  ADD ("sleep/short-dead", test_short_sleep_dead);
  ADD ("sleep/reconnecting", test_sleep_while_reconnecting);
  ADD ("sleep/stateful", test_sleep_stateful);
  ADD ("wait/cancelled", test_wait_cancelled);
  ADD ("wait/send", test_wait_send);
  ADD ("gone/trying", test_gone_while_trying);
  ADD ("gone/calls", test_gone_with_calls);
  ADD ("gone/disposed", test_disposed);
  ADD ("limits/message", test_too_large);
  g_test_add_func ("/client/context", test_context);
  return g_test_run ();
}
