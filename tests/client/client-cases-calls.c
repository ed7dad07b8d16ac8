/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* Cases of the table: errors, many calls at once, streams, uploads, client results, groups. */
#include "config.h"

#include "client-site.h"

static void
case_errors (ClientSite *site)
{
  g_autofree char *wrong = NULL;
  KrHubClient *client = client_site_connect (site, "/hub", NULL);

  client_assert_call (client, "Fail", g_variant_new ("(s)", "it broke"), NULL,
                      "error: An unexpected error occurred invoking 'Fail' on the server. HubException: it broke");
  client_assert_call (client, "Nowhere", NULL, NULL,
                      "error: Failed to invoke 'Nowhere' due to an error on the server. HubException: Method does not exist.");
  client_assert_call (client, "EchoInt", g_variant_new ("(s)", "seven"), NULL,
                      "error: Failed to invoke 'EchoInt' due to an error on the server.");
  client_assert_call (client, "EchoInt", g_variant_new ("(ii)", 1, 2), NULL,
                      "error: Failed to invoke 'EchoInt' due to an error on the server.");
  client_assert_call (client, "Secret", NULL, NULL, "error: Failed to invoke 'Secret' because user is unauthorized");
  client_assert_call (client, "Count", g_variant_new ("(i)", 1), NULL,
                      "error: The client attempted to invoke the streaming 'Count' method with a non-streaming invocation.");
  /* A result of another type is the caller's mistake, and costs nobody else anything. */
  wrong = client_call_text (client, "EchoString", g_variant_new ("(s)", "x"), "i");
  g_assert_true (g_str_has_prefix (wrong, "error: "));
  client_assert_call (client, "echostring", g_variant_new ("(s)", "still there"), "s", "'still there'");
}

static void
case_many (ClientSite *site)
{
  KrHubClient *client = client_site_connect (site, "/hub", NULL);
  GAsyncResult *results[200] = { NULL };

  for (guint i = 0; i < G_N_ELEMENTS (results); i++)
    kr_hub_client_invoke_async (client, "EchoInt", g_variant_new ("(i)", i), G_VARIANT_TYPE_INT32, NULL, kr_test_store_result,
                                &results[i]);
  for (guint i = 0; i < G_N_ELEMENTS (results); i++)
    {
      g_autoptr (GAsyncResult) result = NULL;
      g_autoptr (GError) error = NULL;
      g_autoptr (GVariant) value = NULL;

      kr_test_wait_result ("an answer", &results[i]);
      result = results[i];
      value = kr_hub_client_invoke_finish (client, result, &error);
      g_assert_no_error (error);
      g_assert_cmpint (g_variant_get_int32 (value), ==, i);
    }
}

static void
case_cancel (ClientSite *site)
{
  KrHubClient *client = client_site_connect (site, "/parallel", NULL);
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;

  kr_hub_client_invoke_async (client, "Unanswered", NULL, NULL, cancellable, kr_test_store_result, &result);
  client_assert_number (client, 1);
  g_assert_null (result);
  g_cancellable_cancel (cancellable);
  kr_test_wait_result ("the cancellation", &result);
  g_assert_null (kr_hub_client_invoke_finish (client, result, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  client_assert_number (client, 2);
}

/* --- streams --- */

static void
assert_next (KrHubStream *stream, const char *expected)
{
  g_autofree char *text = client_next_text (stream);

  g_assert_cmpstr (text, ==, expected);
}

static void
case_stream (ClientSite *site)
{
  KrHubClient *client = client_site_connect (site, "/hub", NULL);
  g_autoptr (KrHubStream) stream = client_stream (client, "Count", g_variant_new ("(i)", 1000), NULL, "i");
  g_autoptr (KrHubStream) none = client_stream (client, "Count", g_variant_new ("(i)", 0), NULL, "i");
  g_autoptr (KrHubStream) torn = client_stream (client, "CountAndFail", NULL, NULL, "i");
  g_autoptr (KrHubStream) wrong = client_stream (client, "EchoInt", g_variant_new ("(i)", 1), NULL, "i");

  for (guint i = 0; i < 1000; i++)
    {
      g_autofree char *number = g_strdup_printf ("%u", i);

      assert_next (stream, number);
    }
  assert_next (stream, "end");
  g_assert_true (kr_hub_stream_is_ended (stream));
  assert_next (none, "end");
  assert_next (torn, "0");
  assert_next (torn, "1");
  assert_next (torn, "2");
  assert_next (torn, "error: An error occurred on the server while streaming results. HubException: torn");
  assert_next (wrong, "error: The client attempted to invoke the non-streaming 'EchoInt' method with a streaming invocation.");
}

static void
case_stream_closed (ClientSite *site)
{
  KrHubClient *client = client_site_connect (site, "/hub", NULL);
  KrHubStream *stream = client_stream (client, "Hold", NULL, NULL, "s");

  assert_next (stream, "'held'");
  g_object_unref (stream);
  client_assert_number (client, 1);
}

static gboolean
model_is_ended (gpointer model)
{
  return kr_hub_stream_model_is_ended (model);
}

static void
case_stream_model (ClientSite *site)
{
  KrHubClient *client = client_site_connect (site, "/hub", NULL);
  g_autoptr (KrHubStream) stream = client_stream (client, "Count", g_variant_new ("(i)", 5000), NULL, "i");
  g_autoptr (KrHubStreamModel) model = kr_hub_stream_model_new (stream, 100);
  g_autoptr (KrHubStreamItem) last = NULL;

  kr_test_wait ("the end", model_is_ended, model);
  g_assert_null (kr_hub_stream_model_get_error (model));
  g_assert_cmpuint (g_list_model_get_n_items (G_LIST_MODEL (model)), ==, 100);
  last = g_list_model_get_item (G_LIST_MODEL (model), 99);
  g_assert_cmpint (g_variant_get_int32 (kr_hub_stream_item_get_value (last)), ==, 4999);
}

/* --- uploads --- */

static void
write_numbers (KrHubStream *stream, guint n)
{
  for (guint i = 0; i < n; i++)
    {
      g_autoptr (GAsyncResult) result = NULL;
      g_autoptr (GError) error = NULL;

      kr_hub_stream_wait_writable_async (stream, NULL, kr_test_store_result, &result);
      kr_test_wait_result ("room", &result);
      g_assert_true (kr_hub_stream_wait_writable_finish (stream, result, &error));
      g_assert_true (kr_hub_stream_write (stream, g_variant_new_int32 (i), &error));
      g_assert_no_error (error);
    }
  kr_hub_stream_complete (stream);
}

static void
case_upload (ClientSite *site)
{
  KrHubClient *client = client_site_connect (site, "/hub", NULL);
  g_autoptr (KrHubStream) numbers = kr_hub_stream_new ();
  KrHubStream *uploads[] = { numbers, NULL };
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) value = NULL;
  g_autoptr (GString) expected = g_string_new (NULL);

  kr_hub_client_upload_async (client, "Collect", NULL, uploads, G_VARIANT_TYPE_STRING, NULL, kr_test_store_result, &result);
  write_numbers (numbers, 500);
  for (guint i = 0; i < 500; i++)
    g_string_append_printf (expected, "%u ", i);
  kr_test_wait_result ("the answer", &result);
  value = kr_hub_client_upload_finish (client, result, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (g_variant_get_string (value, NULL), ==, expected->str);
}

static void
case_upload_two (ClientSite *site)
{
  KrHubClient *client = client_site_connect (site, "/hub", NULL);
  g_autoptr (KrHubStream) numbers = kr_hub_stream_new ();
  g_autoptr (KrHubStream) words = kr_hub_stream_new ();
  KrHubStream *uploads[] = { numbers, words, NULL };
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GVariant) value = NULL;

  kr_hub_client_upload_async (client, "CollectTwo", g_variant_new ("(s)", "unused"), uploads, G_VARIANT_TYPE_STRING, NULL,
                              kr_test_store_result, &result);
  g_assert_true (kr_hub_stream_write_string (words, "ä", NULL));
  write_numbers (numbers, 3);
  g_assert_true (kr_hub_stream_write_string (words, "b", NULL));
  kr_hub_stream_complete (words);
  kr_test_wait_result ("the answer", &result);
  value = kr_hub_client_upload_finish (client, result, NULL);
  g_assert_cmpstr (g_variant_get_string (value, NULL), ==, "0 1 2 | ä b ");
}

static void
case_upload_fails (ClientSite *site)
{
  KrHubClient *client = client_site_connect (site, "/hub", NULL);
  g_autoptr (KrHubStream) numbers = kr_hub_stream_new ();
  KrHubStream *uploads[] = { numbers, NULL };
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) mine = g_error_new_literal (G_IO_ERROR, G_IO_ERROR_FAILED, "no more numbers");
  g_autoptr (GError) error = NULL;

  kr_hub_client_upload_async (client, "Collect", NULL, uploads, NULL, NULL, kr_test_store_result, &result);
  g_assert_true (kr_hub_stream_write (numbers, g_variant_new_int32 (1), NULL));
  kr_hub_stream_fail (numbers, mine);
  kr_test_wait_result ("the answer", &result);
  g_assert_null (kr_hub_client_upload_finish (client, result, &error));
  g_assert_cmpstr (error->message, ==,
                   "An unexpected error occurred invoking 'Collect' on the server. HubException: no more numbers");
}

/* Both directions at once. */
static void
case_mirror (ClientSite *site)
{
  KrHubClient *client = client_site_connect (site, "/hub", NULL);
  g_autoptr (KrHubStream) words = kr_hub_stream_new ();
  KrHubStream *uploads[] = { words, NULL };
  g_autoptr (KrHubStream) mirrored = client_stream (client, "Mirror", NULL, uploads, "s");

  for (guint i = 0; i < 50; i++)
    {
      g_autofree char *word = g_strdup_printf ("word %u", i);
      g_autofree char *printed = g_strdup_printf ("'%s'", word);

      g_assert_true (kr_hub_stream_write_string (words, word, NULL));
      assert_next (mirrored, printed);
    }
  kr_hub_stream_complete (words);
  assert_next (mirrored, "end");
}

/* --- calls from the hub --- */

static gboolean
answer_later (gpointer data)
{
  kr_hub_invocation_return_string (data, "later");
  return G_SOURCE_REMOVE;
}

static void
question (KrHubInvocation *invocation, gpointer data)
{
  const char *text = kr_hub_invocation_get_string (invocation, 0);

  if (g_str_equal (text, "fail"))
    kr_hub_invocation_return_error_literal (invocation, "ask somebody else");
  else if (g_str_equal (text, "later"))
    g_idle_add_full (G_PRIORITY_DEFAULT_IDLE, answer_later, kr_hub_invocation_ref (invocation),
                     (GDestroyNotify) kr_hub_invocation_unref);
  else
    {
      g_autofree char *answer = g_strdup_printf ("%s? 42", text);

      kr_hub_invocation_return_string (invocation, answer);
    }
}

static void
case_client_results (ClientSite *site)
{
  KrHubClient *client = client_site_new_client (site, "/parallel", NULL);
  KrHubClient *other = client_site_connect (site, "/parallel", NULL);
  g_autofree char *id = NULL;
  g_autofree char *refused = NULL;
  g_autofree char *unheard = NULL;
  g_autoptr (GVariant) own = NULL;
  g_autoptr (GVariant) others = NULL;

  g_assert_true (kr_hub_client_add_handler (client, "Question", "(s)", question, NULL, NULL));
  g_assert_true (client_site_start (client, NULL));
  own = client_call (client, "ConnectionId", NULL, "s", NULL);
  others = client_call (other, "ConnectionId", NULL, "s", NULL);
  g_assert_cmpstr (g_variant_get_string (own, NULL), ==, kr_hub_client_get_connection_id (client));
  client_assert_call (client, "Ask", g_variant_new ("(ss)", "", "why"), "s", "'why? 42'");
  client_assert_call (other, "Ask", g_variant_new ("(ss)", g_variant_get_string (own, NULL), "later"), "s", "'later'");
  refused = client_call_text (other, "Ask", g_variant_new ("(ss)", g_variant_get_string (own, NULL), "fail"), "s");
  g_assert_true (g_str_has_suffix (refused, "HubException: ask somebody else"));
  unheard = client_call_text (client, "Ask", g_variant_new ("(ss)", g_variant_get_string (others, NULL), "why"), "s");
  g_assert_true (g_str_has_suffix (unheard, "HubException: Client didn't provide a result."));
}

/* --- groups and users --- */

static void
on_event (KrHubInvocation *invocation, gpointer data)
{
  g_string_append_printf (data, "%s;", kr_hub_invocation_get_string (invocation, 0));
}

typedef struct
{
  GString *log;
  gsize at_least;
} Wanted;

static gboolean
has_heard (gpointer data)
{
  const Wanted *wanted = data;

  return wanted->log->len >= wanted->at_least;
}

static void
expect (GString *log, const char *expected)
{
  Wanted wanted = { log, strlen (expected) };

  kr_test_wait (expected, has_heard, &wanted);
  g_assert_cmpstr (log->str, ==, expected);
  g_string_truncate (log, 0);
}

static KrHubClient *
connect_listener (ClientSite *site, const char *user, GString *log)
{
  KrHubClient *client = client_site_new_client (site, "/hub", user);
  g_autoptr (GError) error = NULL;

  kr_hub_client_add_handler (client, "Event", "(s)", on_event, log, NULL);
  client_site_start (client, &error);
  g_assert_no_error (error);
  /* ASP.NET Core answers the handshake before it has registered the connection. */
  client_assert_number (client, 1);
  return client;
}

static void
case_groups (ClientSite *site)
{
  g_autoptr (GString) anns = g_string_new (NULL);
  g_autoptr (GString) agains = g_string_new (NULL);
  g_autoptr (GString) bobs = g_string_new (NULL);
  g_autofree char *user = g_strdup_printf ("ann-%u", g_random_int ());
  g_autofree char *printed = g_strdup_printf ("'%s'", user);
  g_autofree char *group = g_strdup_printf ("group-%u", g_random_int ());
  KrHubClient *ann = connect_listener (site, user, anns);
  KrHubClient *again = connect_listener (site, user, agains);
  KrHubClient *bob = connect_listener (site, NULL, bobs);

  client_assert_call (ann, "UserId", NULL, "s", printed);
  client_assert_call (ann, "Join", g_variant_new ("(s)", group), "()", "()");
  client_assert_call (bob, "Join", g_variant_new ("(s)", group), "()", "()");
  client_assert_call (again, "ToGroup", g_variant_new ("(ss)", group, "to the group"), "()", "()");
  expect (anns, "to the group;");
  expect (bobs, "to the group;");
  client_assert_call (ann, "ToOthersInGroup", g_variant_new ("(ss)", group, "to the others"), "()", "()");
  expect (bobs, "to the others;");
  client_assert_call (bob, "Leave", g_variant_new ("(s)", group), "()", "()");
  client_assert_call (bob, "ToGroup", g_variant_new ("(ss)", group, "without me"), "()", "()");
  expect (anns, "without me;");
  client_assert_call (bob, "ToUser", g_variant_new ("(ss)", user, "to ann"), "()", "()");
  expect (anns, "to ann;");
  expect (agains, "to ann;");
  client_assert_call (bob, "ToCaller", g_variant_new ("(s)", "to myself"), "()", "()");
  expect (bobs, "to myself;");
  g_assert_true (kr_hub_client_send (ann, "ToClient",
                                     g_variant_new ("(ss)", kr_hub_client_get_connection_id (bob), "to bob"), NULL));
  expect (bobs, "to bob;");
  g_assert_cmpuint (anns->len + agains->len, ==, 0);
  /* They outlive no log. */
  g_ptr_array_set_size (site->clients, 0);
}

const ClientCase client_call_cases[] = {
  { "calls/errors", case_errors },
  { "calls/many", case_many },
  { "calls/cancel", case_cancel },
  { "streams/items", case_stream },
  { "streams/closed", case_stream_closed },
  { "streams/model", case_stream_model },
  { "uploads/items", case_upload },
  { "uploads/two", case_upload_two },
  { "uploads/fails", case_upload_fails },
  { "uploads/mirror", case_mirror },
  { "client-results", case_client_results },
  { "groups", case_groups },
  { NULL },
};
