/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* A client over a network that breaks: a hundred cuts under traffic, and a server that goes away and comes back. */
#include "config.h"

#include "kr-test-proxy.h"
#include "kr-test-soup.h"

#define N_CUTS 100
#define N_FLYING 8

typedef struct
{
  KrTestSoup *soup;
  KrTestProxy *proxy;
  KrHubClient *client;
  GArray *at_hub;        /* of guint: what the hub was told, in order */
  GArray *at_client;     /* of guint: what it passed on */
  GArray *answers;
  guint next;            /* number that is sent next */
  guint n_flying;
  gboolean ending;
} Fixture;

static guint
number_of (KrHubInvocation *invocation)
{
  guint number;

  g_variant_get (kr_hub_invocation_get_arguments (invocation, NULL), "(u)", &number);
  return number;
}

/* Counts a number, passes it on to the caller, and answers with it. */
static void
count (KrHubInvocation *invocation, gpointer data)
{
  Fixture *f = data;
  guint number = number_of (invocation);

  g_array_append_val (f->at_hub, number);
  kr_hub_connection_send (kr_hub_invocation_get_connection (invocation), "Counted", g_variant_new ("(u)", number), NULL);
  kr_hub_invocation_return_value (invocation, g_variant_new_uint32 (number));
}

static void
counted (KrHubInvocation *invocation, gpointer data)
{
  guint number = number_of (invocation);

  g_array_append_val (((Fixture *) data)->at_client, number);
}

static KrHubServer *
new_hub (Fixture *f)
{
  KrHubServer *hub = kr_hub_server_new (NULL);

  g_object_set (hub, "detailed-errors", TRUE, NULL);
  g_assert_true (kr_hub_server_add_method (hub, "Count", "(u)", "u", count, f, NULL));
  return hub;
}

static KrTestSoup *
new_soup (Fixture *f)
{
  g_autoptr (KrHubServer) hub = new_hub (f);
  KrTestSoup *soup = kr_test_soup_new (hub, 0);

  g_object_set (soup->endpoint, "allow-stateful-reconnects", TRUE, NULL);
  kr_test_soup_start (soup);
  return soup;
}

static void
set_up (Fixture *f, gconstpointer data)
{
  g_autofree char *url = NULL;
  g_autoptr (SoupSession) session = soup_session_new ();
  g_autoptr (KrHubSoupConnector) connector = NULL;
  g_autoptr (GError) error = NULL;

  f->at_hub = g_array_new (FALSE, FALSE, sizeof (guint));
  f->at_client = g_array_new (FALSE, FALSE, sizeof (guint));
  f->answers = g_array_new (FALSE, FALSE, sizeof (guint));
  f->soup = new_soup (f);
  f->proxy = kr_test_proxy_new (f->soup->port);
  url = g_strdup_printf ("http://127.0.0.1:%u/hub", f->proxy->port);
  soup_session_set_proxy_resolver (session, NULL);
  connector = kr_hub_soup_connector_new (url, session, &error);
  g_assert_no_error (error);
  g_object_set (connector, "transports", KR_HUB_TRANSPORT_WEBSOCKETS, NULL);
  f->client = kr_hub_client_new_for_connector (KR_HUB_CONNECTOR (connector));
  kr_hub_client_add_handler (f->client, "Counted", "(u)", counted, f, NULL);
}

static void
tear_down (Fixture *f, gconstpointer data)
{
  g_assert_finalize_object (f->client);
  kr_test_proxy_free (f->proxy);
  kr_test_soup_free (f->soup);
  g_array_unref (f->at_hub);
  g_array_unref (f->at_client);
  g_array_unref (f->answers);
}

static void
start (Fixture *f)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;

  kr_hub_client_start_async (f->client, NULL, kr_test_store_result, &result);
  kr_test_wait_result ("start", &result);
  kr_hub_client_start_finish (f->client, result, &error);
  g_assert_no_error (error);
}

static void call_next (Fixture *f);

static void
answered (GObject *source, GAsyncResult *result, gpointer data)
{
  Fixture *f = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) value = kr_hub_client_invoke_finish (f->client, result, &error);
  guint number;

  g_assert_no_error (error);
  number = g_variant_get_uint32 (value);
  g_array_append_val (f->answers, number);
  f->n_flying--;
  if (!f->ending)
    call_next (f);
}

static void
call_next (Fixture *f)
{
  f->n_flying++;
  kr_hub_client_invoke_async (f->client, "Count", g_variant_new ("(u)", f->next++), G_VARIANT_TYPE_UINT32, NULL, answered, f);
}

static void
never (GObject *object, GParamSpec *pspec, gpointer data)
{
  KrHubClient *client = KR_HUB_CLIENT (object);
  const GError *error = kr_hub_client_get_last_error (client);

  if (kr_hub_client_get_state (client) != KR_HUB_CLIENT_CONNECTED)
    g_error ("the client has noticed: %s", error != NULL ? error->message : "nothing is wrong");
}

static void
assert_all (const GArray *numbers, guint n)
{
  g_assert_cmpuint (numbers->len, ==, n);
  for (guint i = 0; i < n; i++)
    g_assert_cmpuint (g_array_index (numbers, guint, i), ==, i);
}

static gboolean
all_is_quiet (gpointer data)
{
  Fixture *f = data;

  return f->n_flying == 0 && f->at_client->len == f->next;
}

/* The proxy cuts each connection after so many bytes, wherever in a frame that is: nothing is lost, nothing comes twice. */
static void
test_cuts (Fixture *f, gconstpointer data)
{
  gint64 begin = g_get_monotonic_time ();
  double seconds;
  gulong handler;

  g_object_set (f->client, "stateful-reconnect", TRUE, NULL);
  start (f);
  handler = g_signal_connect (f->client, "notify::state", G_CALLBACK (never), NULL);
  for (guint i = 0; i < N_FLYING; i++)
    call_next (f);
  while (f->proxy->n_cuts < N_CUTS)
    {
      guint before = f->proxy->n_cuts;
      guint answered_before = f->answers->len;

      /* Not before the last one was overcome: the connection has to carry something in between. */
      f->proxy->cut_after = 0;
      kr_test_wait_count ("answers", &f->answers->len, answered_before + 5);
      f->proxy->cut_after = g_random_int_range (1, 3000);
      kr_test_wait_count ("a cut", &f->proxy->n_cuts, before + 1);
    }
  f->proxy->cut_after = 0;
  f->ending = TRUE;
  kr_test_wait ("the last answers", all_is_quiet, f);
  seconds = (g_get_monotonic_time () - begin) / 1e6;
  g_test_message ("%u calls, each with an event and an answer, over %u cuts: %.0f messages/s", f->next, f->proxy->n_cuts,
                  3 * f->next / seconds);
  g_assert_cmpuint (f->proxy->n_cuts, >=, N_CUTS);
  g_assert_cmpuint (f->next, >, 5 * N_CUTS);
  assert_all (f->at_hub, f->next);
  assert_all (f->at_client, f->next);
  assert_all (f->answers, f->next);
  g_signal_handler_disconnect (f->client, handler);
}

static gboolean
is_connected (gpointer client)
{
  return kr_hub_client_get_state (client) == KR_HUB_CLIENT_CONNECTED;
}

static gboolean
is_reconnecting (gpointer client)
{
  return kr_hub_client_get_state (client) == KR_HUB_CLIENT_RECONNECTING;
}

static void
count_tries (GObject *object, GParamSpec *pspec, gpointer data)
{
  ++*(guint *) data;
}

static void
assert_call (Fixture *f, guint number)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) value = NULL;

  kr_hub_client_invoke_async (f->client, "Count", g_variant_new ("(u)", number), G_VARIANT_TYPE_UINT32, NULL,
                              kr_test_store_result, &result);
  kr_test_wait_result ("the answer", &result);
  value = kr_hub_client_invoke_finish (f->client, result, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (g_variant_get_uint32 (value), ==, number);
}

/* The server goes away for a while, three times; who tries for ever finds the next one. */
static void
test_restart (Fixture *f, gconstpointer data)
{
  g_autoptr (KrHubRetryPolicy) policy = kr_hub_retry_policy_new_forever (10000, 50000);
  guint n_errors = 0;

  g_object_set (f->client, "retry-policy", policy, NULL);
  start (f);
  g_signal_connect (f->client, "notify::last-error", G_CALLBACK (count_tries), &n_errors);
  for (guint i = 0; i < 3; i++)
    {
      guint before = n_errors;

      assert_call (f, i);
      kr_test_soup_free (f->soup);
      kr_test_proxy_cut (f->proxy);
      kr_test_wait ("the loss", is_reconnecting, f->client);
      /* Nobody is there: several tries in vain. */
      kr_test_wait_count ("tries", &n_errors, before + 4);
      f->soup = new_soup (f);
      f->proxy->target = f->soup->port;
      kr_test_wait ("the connection", is_connected, f->client);
    }
  assert_call (f, 3);
  g_signal_handlers_disconnect_by_data (f->client, &n_errors);
}

#define ADD(path, func) g_test_add ("/network/" path, Fixture, NULL, set_up, func, tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("cuts", test_cuts);
  ADD ("restart", test_restart);
  return g_test_run ();
}
