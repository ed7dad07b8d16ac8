/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* The hub cases about who may call, who is told, and who is there. */
#include "config.h"

#include "kr-test-conformance-private.h"
#include "kr-test-filter.h"
#include "kr-test-raw.h"

static KrTestFilter *
add_filter (KrTestHub *hub, const char *name, GString *diary)
{
  KrTestFilter *filter = kr_test_filter_new (name, diary);

  kr_hub_server_add_filter (hub->server, KR_HUB_FILTER (filter));
  return filter;
}

static void
assert_diary (GString *diary, const char *expected)
{
  g_assert_cmpstr (diary->str, ==, expected);
  g_string_truncate (diary, 0);
}

static void
end_client (KrTestHub *hub, KrTestClient *client)
{
  guint n = hub->n_disconnected;

  kr_test_client_free (client);
  kr_test_hub_wait_count (hub, "the end", &hub->n_disconnected, n + 1);
}

/* --- filters --- */

static void
case_filter_order (KrTestHub *hub)
{
  g_autoptr (GString) diary = g_string_new (NULL);
  g_autoptr (KrTestFilter) outer = add_filter (hub, "a", diary);
  g_autoptr (KrTestFilter) inner = add_filter (hub, "b", diary);
  KrTestClient *client = kr_test_client_new (hub, NULL);

  assert_diary (diary, "a+ b+ ");
  kr_test_assert_call (client, "eCHO", g_variant_new ("(s)", "x"), "s", "'x'");
  assert_diary (diary, "a>Echo b>Echo b<Echo a<Echo ");
  kr_test_assert_call (client, "Fail", g_variant_new ("(s)", "no luck"), NULL,
                       "error: An unexpected error occurred invoking 'Fail' on the server. HubException: no luck");
  assert_diary (diary, "a>Fail b>Fail b<Fail:no luck a<Fail:no luck ");
  kr_test_assert_call (client, "Thread", NULL, "s", "'from a thread'");
  assert_diary (diary, "a>Thread b>Thread b<Thread a<Thread ");
  /* Methods that do not exist are seen, too. */
  kr_test_assert_call (client, "NoSuch", g_variant_new ("(s)", "x"), NULL,
                       "error: Failed to invoke 'NoSuch' due to an error on the server. "
                       "HubException: Method does not exist.");
  assert_diary (diary, "a>NoSuch? b>NoSuch? b<NoSuch:Method does not exist. a<NoSuch:Method does not exist. ");
  g_assert_cmpuint (hub->n_unknown, ==, 1);
  /* Wrong arguments end before. */
  kr_test_assert_call (client, "Echo", g_variant_new ("(i)", 1), NULL,
                       "error: Failed to invoke 'Echo' due to an error on the server.");
  assert_diary (diary, "");
  end_client (hub, client);
  assert_diary (diary, "b- a- ");
}

static void
case_filter_refuses (KrTestHub *hub)
{
  g_autoptr (GString) diary = g_string_new (NULL);
  g_autoptr (KrTestFilter) outer = add_filter (hub, "a", diary);
  g_autoptr (KrTestFilter) middle = add_filter (hub, "b", diary);
  g_autoptr (KrTestFilter) inner = add_filter (hub, "c", diary);
  KrTestClient *client = kr_test_client_new (hub, NULL);

  middle->refused = g_strdup ("Echo");
  g_string_truncate (diary, 0);
  kr_test_assert_call (client, "Echo", g_variant_new ("(s)", "x"), "s",
                       "error: An unexpected error occurred invoking 'Echo' on the server. HubException: refused");
  assert_diary (diary, "a>Echo b>Echo b<Echo:refused a<Echo:refused ");
  end_client (hub, client);
}

static void
case_filter_replaces (KrTestHub *hub)
{
  g_autoptr (GString) diary = g_string_new (NULL);
  g_autoptr (KrTestFilter) outer = add_filter (hub, "a", diary);
  g_autoptr (KrTestFilter) inner = add_filter (hub, "b", diary);
  KrTestClient *client = kr_test_client_new (hub, NULL);

  inner->translated = g_strdup ("Fail");
  outer->translated = g_strdup ("Echo");
  g_string_truncate (diary, 0);
  kr_test_assert_call (client, "Fail", g_variant_new ("(s)", "no luck"), "s", "'no luck by b'");
  assert_diary (diary, "a>Fail b>Fail b<Fail:no luck a<Fail ");
  kr_test_assert_call (client, "Echo", g_variant_new ("(s)", "x"), "s",
                       "error: An unexpected error occurred invoking 'Echo' on the server. HubException: success by a");
  end_client (hub, client);
}

static gboolean
filter_keeps (gpointer data)
{
  return ((KrTestFilter *) data)->kept != NULL;
}

static void
case_filter_delays (KrTestHub *hub)
{
  g_autoptr (GString) diary = g_string_new (NULL);
  g_autoptr (KrTestFilter) outer = add_filter (hub, "a", diary);
  g_autoptr (KrTestFilter) inner = add_filter (hub, "b", diary);
  KrTestClient *client = kr_test_client_new (hub, NULL);
  GAsyncResult *first = NULL, *second = NULL;
  g_autofree char *first_text = NULL, *second_text = NULL;

  outer->delayed = g_strdup ("Echo");
  g_string_truncate (diary, 0);
  kr_test_client_start_call (client, "Echo", g_variant_new ("(s)", "x"), "s", &first);
  kr_test_client_start_call (client, "Void", NULL, "()", &second);
  kr_test_hub_wait (hub, "the call", filter_keeps, outer);
  /* A call that a filter keeps has its slot. */
  assert_diary (diary, "a>Echo ");
  kr_hub_invocation_proceed (outer->kept);
  kr_hub_invocation_proceed (outer->kept);
  g_clear_pointer (&outer->kept, kr_hub_invocation_unref);
  first_text = kr_test_client_finish_call (client, &first, "the delayed call");
  g_assert_cmpstr (first_text, ==, "'x'");
  second_text = kr_test_client_finish_call (client, &second, "the next call");
  assert_diary (diary, "b>Echo b<Echo a<Echo a>Void b>Void b<Void a<Void ");
  end_client (hub, client);
}

/* Who saw the beginning is told of the end, also when the client goes. */
static void
case_filter_disconnect (KrTestHub *hub)
{
  g_autoptr (GString) diary = g_string_new (NULL);
  g_autoptr (KrTestFilter) filter = add_filter (hub, "a", diary);
  KrTestClient *client = kr_test_client_new (hub, NULL);
  GAsyncResult *plain = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (KrHubStream) stream = kr_hub_client_stream (client->client, "Hold", NULL, NULL, NULL, &error);

  g_assert_no_error (error);
  kr_test_client_start_call (client, "Keep", g_variant_new ("(s)", "x"), "s", &plain);
  kr_test_hub_wait_count (hub, "both calls", &hub->kept->len, 2);
  assert_diary (diary, "a+ a>Hold a>Keep ");
  end_client (hub, client);
  assert_diary (diary, "a<Keep:The underlying connection was closed. a<Hold:The underlying connection was closed. a- ");
  kr_hub_invocation_return_string (hub->kept->pdata[1], "too late");
  kr_hub_invocation_proceed (hub->kept->pdata[1]);
  assert_diary (diary, "");
  g_object_unref (plain);
}

static void
case_filter_connection (KrTestHub *hub)
{
  g_autoptr (GString) diary = g_string_new (NULL);
  g_autoptr (KrTestFilter) outer = add_filter (hub, "a", diary);
  g_autoptr (KrTestFilter) inner = add_filter (hub, "b", diary);
  g_autoptr (KrTestRaw) raw = NULL;

  outer->refused = g_strdup ("*");
  raw = kr_test_raw_new (hub, NULL);
  kr_test_raw_expect (raw, "{\"type\":7,\"error\":\"Connection closed with an error. HubException: we are closed\"};");
  kr_test_raw_expect_closed (raw);
  assert_diary (diary, "a+ ");
  g_assert_cmpuint (hub->connected->len, ==, 0);
  g_assert_cmpuint (hub->n_disconnected, ==, 0);
  g_assert_cmpuint (kr_hub_server_get_n_connections (hub->server), ==, 0);
}

/* --- authorisation --- */

static gboolean
may_call (KrHubInvocation *invocation, gpointer data)
{
  return g_str_equal (kr_hub_invocation_get_string (invocation, 0), data);
}

static void
case_authorised (KrTestHub *hub)
{
  g_autoptr (KrTestClient) somebody = NULL;
  g_autoptr (KrTestClient) nobody = NULL;

  kr_hub_server_set_method_authorizer (hub->server, "Echo", may_call, g_strdup ("open sesame"), g_free);
  kr_hub_server_set_method_authorizer (hub->server, "Void", NULL, NULL, NULL);
  kr_hub_server_set_method_authorizer (hub->server, "Count", NULL, NULL, NULL);
  somebody = kr_test_client_new (hub, "ann");
  nobody = kr_test_client_new (hub, NULL);

  kr_test_assert_call (nobody, "Echo", g_variant_new ("(s)", "open sesame"), "s", "'open sesame'");
  kr_test_assert_call (nobody, "eCHO", g_variant_new ("(s)", "please"), "s",
                       "error: Failed to invoke 'Echo' because user is unauthorized");
  kr_test_assert_call (nobody, "Void", NULL, NULL, "error: Failed to invoke 'Void' because user is unauthorized");
  kr_test_assert_call (somebody, "Void", NULL, "()", "()");
  /* Before what kind of a method it is. */
  kr_test_assert_call (nobody, "Count", g_variant_new ("(i)", 1), NULL,
                       "error: Failed to invoke 'Count' because user is unauthorized");
  kr_test_assert_call (somebody, "Count", g_variant_new ("(i)", 1), NULL,
                       "error: The client attempted to invoke the streaming 'Count' method with a non-streaming "
                       "invocation.");
}

/* --- the token bucket --- */

/* How many of many calls get through depends on the time they take, but never are it all, nor less than a burst. */
static void
case_rate (KrTestHub *hub)
{
  g_autoptr (KrTestClient) client = NULL;
  g_autoptr (KrTestClient) other = NULL;
  guint rate, burst;

  g_object_set (hub->server, "invocation-rate", 1, "invocation-burst", 3, NULL);
  g_object_get (hub->server, "invocation-rate", &rate, "invocation-burst", &burst, NULL);
  g_assert_cmpuint (rate, ==, 1);
  g_assert_cmpuint (burst, ==, 3);
  client = kr_test_client_new (hub, NULL);
  other = kr_test_client_new (hub, NULL);
  for (guint round = 0; round < 2; round++)
    {
      GAsyncResult *results[20] = { NULL };
      guint n_answered = 0;

      for (guint i = 0; i < 20; i++)
        kr_test_client_start_call (client, i == 19 ? "NoSuch" : "Echo", g_variant_new ("(s)", "x"), "s", &results[i]);
      for (guint i = 0; i < 20; i++)
        {
          g_autofree char *text = kr_test_client_finish_call (client, &results[i], "an answer");

          if (g_str_equal (text, "'x'"))
            n_answered++;
          else
            g_assert_cmpstr (text, ==,
                             i == 19 ? "error: Failed to invoke 'NoSuch' due to an error on the server. "
                                       "HubException: Too many calls."
                                     : "error: Failed to invoke 'Echo' due to an error on the server. "
                                       "HubException: Too many calls.");
        }
      g_assert_cmpuint (n_answered, >=, round == 0 ? 3 : 0);
      g_assert_cmpuint (n_answered, <, 20);
    }
  /* Each client has its own. */
  kr_test_assert_call (other, "Echo", g_variant_new ("(s)", "mine"), "s", "'mine'");
}

/* --- who is there --- */

static int
compare_texts (gconstpointer a, gconstpointer b)
{
  return strcmp (*(char *const *) a, *(char *const *) b);
}

/* Takes @names; sorted, in one line. */
static void
assert_names (char **names, const char *expected)
{
  g_autofree char *text = NULL;

  qsort (names, g_strv_length (names), sizeof *names, compare_texts);
  text = g_strjoinv (" ", names);
  g_strfreev (names);
  g_assert_cmpstr (text, ==, expected);
}

static void
case_enumerate (KrTestHub *hub)
{
  g_autoptr (KrTestClient) a = kr_test_client_new (hub, "ann");
  g_autoptr (KrTestClient) b = kr_test_client_new (hub, "bob");
  KrTestClient *c = kr_test_client_new (hub, "ann");
  g_auto (GStrv) all = kr_hub_server_list_connections (hub->server);

  g_assert_cmpuint (g_strv_length (all), ==, 3);
  for (guint i = 0; i < 3; i++)
    g_assert_true (g_strv_contains ((const char *const *) all, hub->connected->pdata[i]));
  kr_test_assert_call (a, "Join", g_variant_new ("(s)", "g"), "()", "()");
  kr_test_assert_call (b, "Join", g_variant_new ("(s)", "g"), "()", "()");
  kr_test_assert_call (c, "Join", g_variant_new ("(s)", "h"), "()", "()");

  assert_names (kr_hub_server_list_groups (hub->server), "g h");
  assert_names (kr_hub_server_list_users (hub->server), "ann bob");
  assert_names (kr_hub_server_list_user_connections (hub->server, "bob"), hub->connected->pdata[1]);
  assert_names (kr_hub_server_list_group_connections (hub->server, "h"), hub->connected->pdata[2]);
  assert_names (kr_hub_server_list_group_connections (hub->server, "nobody"), "");
  g_assert_cmpuint (kr_hub_server_get_n_group_connections (hub->server, "g"), ==, 2);
  g_assert_cmpuint (kr_hub_server_get_n_group_connections (hub->server, "G"), ==, 0);
  g_assert_cmpuint (kr_hub_server_get_n_user_connections (hub->server, "ann"), ==, 2);
  end_client (hub, c);
  assert_names (kr_hub_server_list_groups (hub->server), "g");
  g_assert_cmpuint (kr_hub_server_get_n_user_connections (hub->server, "ann"), ==, 1);
  g_assert_cmpuint (kr_hub_server_get_n_group_connections (hub->server, "h"), ==, 0);
}

/* --- several hubs --- */

static void
case_several (KrTestHub *hub)
{
  KrTestHub *second = kr_test_hub_new_with_clock (hub->backend, hub->clock);
  KrTestClient *here = kr_test_client_new (hub, "ann");
  KrTestClient *there = kr_test_client_new (second, "ann");
  g_autoptr (KrHubClients) users = kr_hub_clients_new_user (second->server, "ann");
  g_autoptr (KrHubClients) client = kr_hub_clients_new_client (second->server, hub->connected->pdata[0]);

  kr_test_assert_call (here, "Join", g_variant_new ("(s)", "g"), "()", "()");
  kr_hub_clients_send (users, "Event", g_variant_new ("(s)", "user"), NULL);
  kr_hub_clients_send (client, "Event", g_variant_new ("(s)", "client"), NULL);
  kr_test_hub_wait_count (second, "the event", &there->n_received, 1);
  kr_test_assert_call (here, "Void", NULL, "()", "()");
  g_assert_cmpuint (here->n_received, ==, 0);
  g_assert_cmpuint (there->n_received, ==, 1);
  g_assert_cmpuint (kr_hub_server_get_n_group_connections (second->server, "g"), ==, 0);
  kr_test_client_free (there);
  kr_test_hub_free (second);
  kr_test_assert_call (here, "Echo", g_variant_new ("(s)", "still there"), "s", "'still there'");
  kr_test_client_free (here);
}

/* --- no hub protocol --- */

/* Says it again; "bye" ends the connection. */
static void
say_again (KrHubConnection *connection, const guint8 *data, gsize len, gpointer data_of_test)
{
  GString *heard = data_of_test;

  g_string_append_len (heard, (const char *) data, len);
  kr_hub_connection_write (connection, data, len);
  if (g_str_has_suffix (heard->str, "bye"))
    kr_hub_connection_abort (connection);
}

static void
greet (KrHubServer *server, KrHubConnection *connection, gpointer data)
{
  g_assert_true (kr_hub_connection_is_raw (connection));
  g_assert_null (kr_hub_connection_get_protocol_name (connection));
  kr_hub_connection_write (connection, "welcome ", 8);
}

static void
case_raw (KrTestHub *hub)
{
  g_autoptr (GString) heard = g_string_new (NULL);
  g_autoptr (KrTestRaw) first = NULL;
  g_autoptr (KrTestRaw) second = NULL;
  gulong handler;

  kr_hub_server_set_raw_handler (hub->server, say_again, heard, NULL);
  handler = g_signal_connect (hub->server, "connected", G_CALLBACK (greet), NULL);
  first = kr_test_raw_new_silent (hub, "ann");
  kr_test_raw_expect (first, "welcome ");
  second = kr_test_raw_new_silent (hub, NULL);
  kr_test_raw_expect (second, "welcome ");
  g_assert_cmpuint (kr_hub_server_get_n_connections (hub->server), ==, 2);
  g_assert_cmpuint (kr_hub_server_get_n_user_connections (hub->server, "ann"), ==, 1);
  kr_test_raw_send (first, "{\"type\":6};hello ");
  kr_test_raw_expect (first, "{\"type\":6};hello ");
  kr_test_raw_send (first, "bye");
  kr_test_raw_expect (first, "bye");
  kr_test_raw_expect_closed (first);
  kr_test_hub_wait_count (hub, "the end", &hub->n_disconnected, 1);
  g_assert_no_error (hub->last_error);
  g_signal_handler_disconnect (hub->server, handler);
  kr_test_raw_free (g_steal_pointer (&second));
  kr_test_hub_wait_count (hub, "the other end", &hub->n_disconnected, 2);
}

/* Where events may be dropped, or senders wait, a transport is given its output in parts: a reader gets all of them, also
 * those of one turn, which are many times what a transport is given at once. */
static void
check_policy (KrTestHub *hub, KrHubOutboxPolicy policy)
{
  g_autofree char *filler = g_strnfill (300, 'x');
  g_autoptr (KrHubClients) all = kr_hub_clients_new_all (hub->server);
  g_autoptr (KrTestClient) client = NULL;

  g_object_set (hub->server, "outbox-policy", policy, NULL);
  client = kr_test_client_new (hub, NULL);
  for (guint turn = 0; turn < 3; turn++)
    {
      for (guint i = 0; i < 500; i++)
        {
          g_autofree char *text = g_strdup_printf ("%u %s", turn * 500 + i, filler);

          kr_hub_clients_send (all, "Event", g_variant_new ("(s)", text), NULL);
        }
      kr_test_hub_wait_count (hub, "the events of a turn", &client->n_received, (turn + 1) * 500);
    }
  for (guint i = 0; i < client->received->len; i++)
    g_assert_cmpint (atoi (client->received->pdata[i]), ==, i);
}

static void
case_policy_wait (KrTestHub *hub)
{
  check_policy (hub, KR_HUB_OUTBOX_WAIT);
}

static void
case_policy_drop_oldest (KrTestHub *hub)
{
  check_policy (hub, KR_HUB_OUTBOX_DROP_OLDEST);
}

static void
case_policy_latest_wins (KrTestHub *hub)
{
  check_policy (hub, KR_HUB_OUTBOX_LATEST_WINS);
}

const KrTestCase kr_test_hub_cases[] = {
  { "filter/order", case_filter_order },
  { "filter/refuses", case_filter_refuses },
  { "filter/replaces", case_filter_replaces },
  { "filter/delays", case_filter_delays },
  { "filter/disconnect", case_filter_disconnect },
  { "filter/connection", case_filter_connection },
  { "hub/authorised", case_authorised },
  { "hub/rate", case_rate },
  { "hub/enumerate", case_enumerate },
  { "hub/several", case_several },
  { "hub/raw", case_raw },
  { "policy/wait", case_policy_wait },
  { "policy/drop-oldest", case_policy_drop_oldest },
  { "policy/latest-wins", case_policy_latest_wins },
};
const gsize kr_test_n_hub_cases = G_N_ELEMENTS (kr_test_hub_cases);
