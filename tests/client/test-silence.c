/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* A server that takes requests of an open connection and never answers them: the client notices in time. */
#include "config.h"

#include <krhub-soup.h>

#include "connector-fixture.h"

/* Long enough for a server that is well, on a machine that is busy. */
#define PATIENCE G_USEC_PER_SEC

static gboolean
is_in_state (ConnectorFixture *f, KrHubClientState state)
{
  return kr_hub_client_get_state (f->client) == state;
}

static gboolean
is_disconnected (gpointer data)
{
  return is_in_state (data, KR_HUB_CLIENT_DISCONNECTED);
}

static gboolean
is_reconnecting (gpointer data)
{
  return is_in_state (data, KR_HUB_CLIENT_RECONNECTING);
}

static gboolean
is_connected (gpointer data)
{
  return is_in_state (data, KR_HUB_CLIENT_CONNECTED);
}

static guint
count_requests (ConnectorFixture *f, const char *method)
{
  guint n = 0;

  for (guint i = 0; i < f->requests->len; i++)
    if (g_str_has_prefix (g_ptr_array_index (f->requests, i), method))
      n++;
  return n;
}

static void
start (ConnectorFixture *f)
{
  g_object_set (f->connector, "request-timeout", (gint64) PATIENCE, NULL);
  connector_fixture_start (f);
  connector_fixture_assert_echo (f, "as long as it answers");
}

static void
begin_echo (ConnectorFixture *f, GCancellable *cancellable, GAsyncResult **result)
{
  kr_hub_client_invoke_async (f->client, "Echo", g_variant_new ("(s)", "lost"), NULL, cancellable, kr_test_store_result,
                              result);
}

static void
assert_timed_out (ConnectorFixture *f, GAsyncResult **result)
{
  g_autoptr (GError) error = NULL;

  kr_test_wait_result ("the end of the call", result);
  g_assert_null (kr_hub_client_invoke_finish (f->client, *result, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_TIMED_OUT);
  g_assert_cmpstr (error->message, ==, "The server did not answer in time to what was sent");
}

static void
test_call (ConnectorFixture *f, gconstpointer data)
{
  g_autoptr (GAsyncResult) result = NULL;
  gint64 begin;

  start (f);
  f->silent_to_post = TRUE;
  begin = g_get_monotonic_time ();
  begin_echo (f, NULL, &result);
  assert_timed_out (f, &result);
  g_assert_cmpint (g_get_monotonic_time () - begin, >=, PATIENCE);
  kr_test_wait ("the end of the connection", is_disconnected, f);
  g_assert_error (kr_hub_client_get_last_error (f->client), G_IO_ERROR, G_IO_ERROR_TIMED_OUT);
}

/* As after any other loss. */
static void
test_reconnect (ConnectorFixture *f, gconstpointer data)
{
  g_autoptr (KrHubRetryPolicy) policy = kr_hub_retry_policy_new_forever (G_USEC_PER_SEC / 100, G_USEC_PER_SEC / 100);
  g_autoptr (GAsyncResult) result = NULL;

  g_object_set (f->client, "retry-policy", policy, NULL);
  start (f);
  f->silent_to_post = TRUE;
  begin_echo (f, NULL, &result);
  kr_test_wait ("the loss", is_reconnecting, f);
  f->silent_to_post = FALSE;
  assert_timed_out (f, &result);
  kr_test_wait ("the next connection", is_connected, f);
  connector_fixture_assert_echo (f, "with another connection");
}

/* Nobody calls; but the client asks, from time to time. */
static void
test_idle (ConnectorFixture *f, gconstpointer data)
{
  start (f);
  f->silent_to_get = f->silent_to_post = TRUE;
  kr_test_wait ("the end of the connection", is_disconnected, f);
  g_assert_error (kr_hub_client_get_last_error (f->client), G_IO_ERROR, G_IO_ERROR_TIMED_OUT);
}

static gboolean
has_polled_again (gpointer data)
{
  return count_requests (data, "GET") >= GPOINTER_TO_UINT (g_object_get_data (G_OBJECT (((ConnectorFixture *) data)->client), "n"));
}

/* Polls are lost on the way, but the server is there. */
static void
test_polls (ConnectorFixture *f, gconstpointer data)
{
  guint n_posts;

  start (f);
  n_posts = count_requests (f, "POST");
  f->silent_to_get = TRUE;
  g_object_set_data (G_OBJECT (f->client), "n", GUINT_TO_POINTER (count_requests (f, "GET") + 2));
  kr_test_wait ("two more polls", has_polled_again, f);
  f->silent_to_get = FALSE;
  g_assert_true (is_connected (f));
  connector_fixture_assert_echo (f, "after all");
  g_assert_cmpuint (count_requests (f, "POST"), >=, n_posts + 2);
}

/* Whoever wants to may wait for ever. */
static void
test_patience (ConnectorFixture *f, gconstpointer data)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  gint64 timeout;

  g_object_get (f->connector, "request-timeout", &timeout, NULL);
  g_assert_cmpint (timeout, ==, 100 * G_USEC_PER_SEC);
  g_object_set (f->connector, "request-timeout", (gint64) 0, NULL);
  connector_fixture_start (f);
  f->silent_to_post = TRUE;
  begin_echo (f, cancellable, &result);
  while (g_main_context_iteration (NULL, FALSE))
    ;
  g_assert_null (result);
  g_assert_true (is_connected (f));
  g_cancellable_cancel (cancellable);
  kr_test_wait_result ("the cancelled call", &result);
}

static void
add (const char *name, KrHubTransportFlags transport, void (*func) (ConnectorFixture *f, gconstpointer data))
{
  g_autofree char *path =
    g_strdup_printf ("/silence/%s/%s", transport == KR_HUB_TRANSPORT_LONG_POLLING ? "long-polling" : "sse", name);
  ConnectorKind *kind = g_new (ConnectorKind, 1);

  *kind = (ConnectorKind) { transport, 0 };
  g_test_add_vtable (path, sizeof (ConnectorFixture), kind, (GTestFixtureFunc) connector_fixture_set_up, (GTestFixtureFunc) func,
                     (GTestFixtureFunc) connector_fixture_tear_down);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  connector_fixture_use_test_proxies ();
  add ("call", KR_HUB_TRANSPORT_SERVER_SENT_EVENTS, test_call);
  add ("call", KR_HUB_TRANSPORT_LONG_POLLING, test_call);
  add ("reconnect", KR_HUB_TRANSPORT_SERVER_SENT_EVENTS, test_reconnect);
  add ("reconnect", KR_HUB_TRANSPORT_LONG_POLLING, test_reconnect);
  add ("patience", KR_HUB_TRANSPORT_SERVER_SENT_EVENTS, test_patience);
  add ("patience", KR_HUB_TRANSPORT_LONG_POLLING, test_patience);
  add ("idle", KR_HUB_TRANSPORT_LONG_POLLING, test_idle);
  add ("polls", KR_HUB_TRANSPORT_LONG_POLLING, test_polls);
  return kr_test_run ();
}
