/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* Streams and uploads that a client begins while it reconnects; all in virtual time. */
#include "config.h"

#include <json-glib/json-glib.h>

#include "kr-test-virtual.h"
#include "kr-test.h"

/* --- the hub's methods --- */

static guint n_runs;

static void
count_to (KrHubInvocation *invocation, gpointer data)
{
  g_autoptr (KrHubStream) stream = kr_hub_invocation_open_stream (invocation);
  gint n;

  n_runs++;
  g_variant_get (kr_hub_invocation_get_arguments (invocation, NULL), "(i)", &n);
  for (gint i = 0; i < n; i++)
    g_assert_true (kr_hub_stream_write (stream, g_variant_new_int32 (i), NULL));
  kr_hub_stream_complete (stream);
}

/* Joins what is uploaded, and says how it ended. */
typedef struct
{
  KrHubInvocation *invocation;
  GString *text;
} Join;

static void join_next (Join *self);

static void
joined (GObject *source, GAsyncResult *result, gpointer data)
{
  Join *self = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) item = kr_hub_stream_next_finish (KR_HUB_STREAM (source), result, &error);

  if (item != NULL)
    {
      g_string_append (self->text, g_variant_get_string (item, NULL));
      join_next (self);
      return;
    }
  g_string_append (self->text, error != NULL ? "!" : ".");
  kr_hub_invocation_return_string (self->invocation, self->text->str);
  kr_hub_invocation_unref (self->invocation);
  g_string_free (self->text, TRUE);
  g_free (self);
}

static void
join_next (Join *self)
{
  kr_hub_stream_next_async (kr_hub_invocation_get_upload (self->invocation, 0), NULL, joined, self);
}

static void
join (KrHubInvocation *invocation, gpointer data)
{
  Join *self = g_new (Join, 1);

  n_runs++;
  *self = (Join) { kr_hub_invocation_ref (invocation), g_string_new (NULL) };
  join_next (self);
}

/* Answers with the items of the upload. */
typedef struct
{
  KrHubInvocation *invocation;
  KrHubStream *answer;
} Mirror;

static void
mirrored (GObject *source, GAsyncResult *result, gpointer data)
{
  Mirror *self = data;
  g_autoptr (GVariant) item = kr_hub_stream_next_finish (KR_HUB_STREAM (source), result, NULL);

  if (item != NULL && kr_hub_stream_write (self->answer, item, NULL))
    {
      kr_hub_stream_next_async (KR_HUB_STREAM (source), NULL, mirrored, self);
      return;
    }
  kr_hub_stream_complete (self->answer);
  g_object_unref (self->answer);
  kr_hub_invocation_unref (self->invocation);
  g_free (self);
}

static void
mirror (KrHubInvocation *invocation, gpointer data)
{
  Mirror *self = g_new (Mirror, 1);

  n_runs++;
  *self = (Mirror) { kr_hub_invocation_ref (invocation), kr_hub_invocation_open_stream (invocation) };
  kr_hub_stream_next_async (kr_hub_invocation_get_upload (invocation, 0), NULL, mirrored, self);
}

/* --- a client that reconnects --- */

/* What connects next does so in @seconds. */
static void
lose (KrTestVirtual *f, gint64 seconds)
{
  kr_hub_server_add_stream_method (f->server, "CountTo", "(i)", "i", count_to, NULL, NULL);
  kr_hub_server_add_stream_method (f->server, "Mirror", "()", "s", mirror, NULL, NULL);
  kr_hub_server_set_method_uploads (f->server, "Mirror", "(s)");
  kr_hub_server_add_method (f->server, "Join", "()", "s", join, NULL, NULL);
  kr_hub_server_set_method_uploads (f->server, "Join", "(s)");
  n_runs = 0;
  kr_test_virtual_set_policy (f, kr_hub_retry_policy_new_for_delays ((gint64[]) { seconds * SECOND }, 1));
  g_object_set (f->client, "call-policy", KR_HUB_CALL_WAIT, NULL);
  kr_test_virtual_start (f);
  kr_test_virtual_cut (f);
  kr_test_virtual_advance (f, SECOND / 10);
  kr_test_virtual_assert_log (f, "[reconnecting]reconnecting;");
}

static char *
next_text (KrTestVirtual *f, KrHubStream *stream)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) item = NULL;

  kr_hub_stream_next_async (stream, NULL, kr_test_store_result, &result);
  kr_test_virtual_advance (f, SECOND / 10);
  g_assert_nonnull (result);
  item = kr_hub_stream_next_finish (stream, result, &error);
  if (error != NULL)
    return g_strdup_printf ("error: %s", error->message);
  return item != NULL ? g_variant_print (item, FALSE) : g_strdup ("end");
}

static void
assert_next (KrTestVirtual *f, KrHubStream *stream, const char *expected)
{
  g_autofree char *text = next_text (f, stream);

  g_assert_cmpstr (text, ==, expected);
}

/* --- streams --- */

static void
test_stream (KrTestVirtual *f, gconstpointer data)
{
  g_autoptr (KrHubStream) stream = NULL;
  g_autoptr (GAsyncResult) first = NULL;
  g_autoptr (GVariant) item = NULL;

  lose (f, 10);
  stream = kr_hub_client_stream (f->client, "CountTo", g_variant_new ("(i)", 3), NULL, G_VARIANT_TYPE_INT32, NULL);
  g_assert_nonnull (stream);
  g_assert_false (kr_hub_stream_is_ended (stream));
  g_assert_null (kr_hub_stream_try_next (stream));
  kr_hub_stream_next_async (stream, NULL, kr_test_store_result, &first);
  kr_test_virtual_advance (f, 5 * SECOND);
  g_assert_null (first);
  kr_test_virtual_advance (f, 5 * SECOND);
  item = kr_hub_stream_next_finish (stream, first, NULL);
  g_assert_cmpint (g_variant_get_int32 (item), ==, 0);
  assert_next (f, stream, "1");
  assert_next (f, stream, "2");
  assert_next (f, stream, "end");
  g_assert_cmpuint (n_runs, ==, 1);
}

static void
test_stream_model (KrTestVirtual *f, gconstpointer data)
{
  g_autoptr (KrHubStream) stream = NULL;
  g_autoptr (KrHubStreamModel) model = NULL;

  lose (f, 10);
  stream = kr_hub_client_stream (f->client, "CountTo", g_variant_new ("(i)", 3), NULL, G_VARIANT_TYPE_INT32, NULL);
  model = kr_hub_stream_model_new (stream, 0);
  kr_test_virtual_advance (f, 5 * SECOND);
  g_assert_cmpuint (g_list_model_get_n_items (G_LIST_MODEL (model)), ==, 0);
  g_assert_false (kr_hub_stream_model_is_ended (model));
  kr_test_virtual_advance (f, 6 * SECOND);
  g_assert_cmpuint (g_list_model_get_n_items (G_LIST_MODEL (model)), ==, 3);
  g_assert_true (kr_hub_stream_model_is_ended (model));
}

/* A stream that nobody wants any more is not asked for. */
static void
test_stream_given_up (KrTestVirtual *f, gconstpointer data)
{
  g_autoptr (KrHubStream) closed = NULL;
  KrHubStream *dropped;

  lose (f, 10);
  closed = kr_hub_client_stream (f->client, "CountTo", g_variant_new ("(i)", 3), NULL, NULL, NULL);
  dropped = kr_hub_client_stream (f->client, "CountTo", g_variant_new ("(i)", 3), NULL, NULL, NULL);
  kr_hub_stream_close (closed);
  g_assert_true (kr_hub_stream_is_ended (closed));
  assert_next (f, closed, "end");
  g_assert_finalize_object (dropped);
  kr_test_virtual_advance (f, 11 * SECOND);
  kr_test_virtual_assert_log (f, "[connected]reconnected the-id;");
  g_assert_cmpuint (n_runs, ==, 0);
}

static void
test_stream_times_out (KrTestVirtual *f, gconstpointer data)
{
  g_autoptr (KrHubStream) stream = NULL;

  lose (f, 10);
  g_object_set (f->client, "call-timeout", 2 * SECOND, NULL);
  stream = kr_hub_client_stream (f->client, "CountTo", g_variant_new ("(i)", 3), NULL, NULL, NULL);
  kr_test_virtual_advance (f, 3 * SECOND);
  assert_next (f, stream, "error: The client was not connected in time");
  kr_test_virtual_advance (f, 10 * SECOND);
  g_assert_cmpuint (n_runs, ==, 0);
}

static void
test_stream_gives_up (KrTestVirtual *f, gconstpointer data)
{
  g_autoptr (KrHubStream) stream = NULL;

  lose (f, 10);
  f->connector->n_failures = 1;
  stream = kr_hub_client_stream (f->client, "CountTo", g_variant_new ("(i)", 3), NULL, NULL, NULL);
  kr_test_virtual_advance (f, 11 * SECOND);
  assert_next (f, stream, "error: Nobody listens");
}

/* The stream is for the connection that comes; an argument that it cannot carry is the stream's error. */
static void
test_stream_binding (KrTestVirtual *f, gconstpointer data)
{
  g_autoptr (KrHubStream) stream = NULL;
  g_autofree char *text = NULL;

  lose (f, 10);
  stream = kr_hub_client_stream (f->client, "CountTo", g_variant_new ("(h)", 0), NULL, NULL, NULL);
  kr_test_virtual_advance (f, 11 * SECOND);
  text = next_text (f, stream);
  g_assert_true (g_str_has_prefix (text, "error: "));
  kr_test_virtual_assert_log (f, "[connected]reconnected the-id;");
}

static void
test_stream_fails_at_once (KrTestVirtual *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  lose (f, 10);
  g_object_set (f->client, "call-policy", KR_HUB_CALL_FAIL, NULL);
  g_assert_null (kr_hub_client_stream (f->client, "CountTo", g_variant_new ("(i)", 3), NULL, NULL, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_NOT_CONNECTED);
}

/* Also what is asked for before the first connection. */
static void
test_stream_connecting (KrTestVirtual *f, gconstpointer data)
{
  g_autoptr (GAsyncResult) started = NULL;
  g_autoptr (KrHubStream) stream = NULL;

  kr_hub_server_add_stream_method (f->server, "CountTo", "(i)", "i", count_to, NULL, NULL);
  g_object_set (f->client, "call-policy", KR_HUB_CALL_WAIT, NULL);
  kr_hub_client_start_async (f->client, NULL, kr_test_store_result, &started);
  stream = kr_hub_client_stream (f->client, "CountTo", g_variant_new ("(i)", 1), NULL, G_VARIANT_TYPE_INT32, NULL);
  assert_next (f, stream, "0");
  assert_next (f, stream, "end");
  g_assert_true (kr_hub_client_start_finish (f->client, started, NULL));
}

/* --- uploads --- */

static void
begin_join (KrTestVirtual *f, KrHubStream *upload, GCancellable *cancellable, GAsyncResult **result)
{
  KrHubStream *const uploads[] = { upload, NULL };

  kr_hub_client_upload_async (f->client, "Join", NULL, uploads, G_VARIANT_TYPE_STRING, cancellable, kr_test_store_result,
                              result);
}

static void
assert_joined (KrTestVirtual *f, GAsyncResult *result, const char *expected)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) value = NULL;

  g_assert_nonnull (result);
  value = kr_hub_client_upload_finish (f->client, result, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (g_variant_get_string (value, NULL), ==, expected);
}

/* What is written meanwhile arrives in order, whichever function wrote it. */
static void
test_upload (KrTestVirtual *f, gconstpointer data)
{
  g_autoptr (KrHubStream) upload = kr_hub_stream_new ();
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (JsonNode) node = json_from_string ("\"b\"", NULL);

  lose (f, 10);
  begin_join (f, upload, NULL, &result);
  g_assert_true (kr_hub_stream_write (upload, g_variant_new_string ("a"), NULL));
  g_assert_true (kr_hub_stream_write_node (upload, node, NULL));
  g_assert_true (kr_hub_stream_write_string (upload, "c", NULL));
  g_assert_false (kr_hub_stream_is_writable (upload));
  g_assert_false (kr_hub_stream_is_ended (upload));
  kr_test_virtual_advance (f, 5 * SECOND);
  g_assert_null (result);
  kr_test_virtual_advance (f, 6 * SECOND);
  g_assert_true (kr_hub_stream_is_writable (upload));
  g_assert_true (kr_hub_stream_write_string (upload, "d", NULL));
  kr_hub_stream_complete (upload);
  kr_test_virtual_advance (f, SECOND / 10);
  assert_joined (f, result, "abcd.");
}

static void
test_upload_ended (KrTestVirtual *f, gconstpointer data)
{
  g_autoptr (KrHubStream) whole = kr_hub_stream_new ();
  g_autoptr (KrHubStream) broken = kr_hub_stream_new ();
  g_autoptr (GAsyncResult) whole_result = NULL, broken_result = NULL;
  g_autoptr (GError) error = g_error_new_literal (KR_HUB_ERROR, KR_HUB_ERROR_FAILED, "torn");
  g_autoptr (GError) late = NULL;

  lose (f, 10);
  begin_join (f, whole, NULL, &whole_result);
  begin_join (f, broken, NULL, &broken_result);
  g_assert_true (kr_hub_stream_write_string (whole, "a", NULL));
  kr_hub_stream_complete (whole);
  kr_hub_stream_complete (whole);
  g_assert_false (kr_hub_stream_write_string (whole, "b", &late));
  g_assert_error (late, G_IO_ERROR, G_IO_ERROR_CLOSED);
  g_assert_true (kr_hub_stream_is_ended (whole));
  kr_hub_stream_fail (broken, error);
  kr_hub_stream_complete (broken);
  kr_test_virtual_advance (f, 11 * SECOND);
  assert_joined (f, whole_result, "a.");
  assert_joined (f, broken_result, "!");
}

/* What is held is bounded, and room can be waited for. */
static void
test_upload_bounded (KrTestVirtual *f, gconstpointer data)
{
  g_autoptr (KrHubStream) upload = kr_hub_stream_new ();
  g_autoptr (GAsyncResult) result = NULL, room = NULL, cancelled = NULL;
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GError) error = NULL;
  g_autofree char *large = g_strnfill (1000, 'x');
  guint n = 0;

  lose (f, 10);
  begin_join (f, upload, NULL, &result);
  while (kr_hub_stream_write_string (upload, large, &error))
    g_assert_cmpuint (++n, <, 66);
  g_assert_error (error, KR_HUB_ERROR, KR_HUB_ERROR_OUTBOX_FULL);
  g_assert_cmpuint (n, >, 50);
  kr_hub_stream_wait_writable_async (upload, NULL, kr_test_store_result, &room);
  kr_hub_stream_wait_writable_async (upload, cancellable, kr_test_store_result, &cancelled);
  kr_test_virtual_advance (f, SECOND);
  g_assert_null (room);
  g_cancellable_cancel (cancellable);
  kr_test_virtual_advance (f, SECOND);
  g_clear_error (&error);
  g_assert_false (kr_hub_stream_wait_writable_finish (upload, cancelled, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  kr_test_virtual_advance (f, 10 * SECOND);
  g_assert_true (kr_hub_stream_wait_writable_finish (upload, room, NULL));
  kr_hub_stream_complete (upload);
  kr_test_virtual_advance (f, SECOND);
  g_assert_nonnull (result);
  {
    g_autoptr (GVariant) value = kr_hub_client_upload_finish (f->client, result, NULL);

    g_assert_cmpuint (strlen (g_variant_get_string (value, NULL)), ==, n * 1000 + 1);
  }
}

static void
assert_given_up (KrTestVirtual *f, KrHubStream *upload, GAsyncResult *room)
{
  g_autoptr (GError) error = NULL;

  g_assert_nonnull (room);
  g_assert_false (kr_hub_stream_wait_writable_finish (upload, room, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CLOSED);
  g_clear_error (&error);
  g_assert_false (kr_hub_stream_write_string (upload, "late", &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CLOSED);
  g_assert_true (kr_hub_stream_is_ended (upload));
  kr_hub_stream_complete (upload);
  kr_test_virtual_advance (f, 20 * SECOND);
  g_assert_cmpuint (n_runs, ==, 0);
}

static void
test_upload_cancelled (KrTestVirtual *f, gconstpointer data)
{
  g_autoptr (KrHubStream) upload = kr_hub_stream_new ();
  g_autoptr (GAsyncResult) result = NULL, room = NULL;
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GError) error = NULL;

  lose (f, 10);
  begin_join (f, upload, cancellable, &result);
  g_assert_true (kr_hub_stream_write_string (upload, "a", NULL));
  kr_hub_stream_wait_writable_async (upload, NULL, kr_test_store_result, &room);
  kr_test_virtual_advance (f, SECOND);
  g_cancellable_cancel (cancellable);
  kr_test_virtual_advance (f, SECOND);
  g_assert_nonnull (result);
  g_assert_null (kr_hub_client_upload_finish (f->client, result, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  assert_given_up (f, upload, room);
}

static void
test_upload_times_out (KrTestVirtual *f, gconstpointer data)
{
  g_autoptr (KrHubStream) upload = kr_hub_stream_new ();
  g_autoptr (GAsyncResult) result = NULL, room = NULL;
  g_autoptr (GError) error = NULL;

  lose (f, 10);
  g_object_set (f->client, "call-timeout", 2 * SECOND, NULL);
  begin_join (f, upload, NULL, &result);
  kr_hub_stream_wait_writable_async (upload, NULL, kr_test_store_result, &room);
  kr_test_virtual_advance (f, 3 * SECOND);
  g_assert_nonnull (result);
  g_assert_null (kr_hub_client_upload_finish (f->client, result, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_TIMED_OUT);
  assert_given_up (f, upload, room);
}

/* Both at once: what the hub mirrors, and the same closed before there is a connection. */
static void
test_both (KrTestVirtual *f, gconstpointer data)
{
  g_autoptr (KrHubStream) upload = kr_hub_stream_new ();
  g_autoptr (KrHubStream) closed_upload = kr_hub_stream_new ();
  KrHubStream *const uploads[] = { upload, NULL };
  KrHubStream *const closed_uploads[] = { closed_upload, NULL };
  g_autoptr (KrHubStream) stream = NULL;
  g_autoptr (KrHubStream) closed = NULL;
  g_autoptr (GAsyncResult) room = NULL;
  g_autoptr (GError) error = NULL;

  lose (f, 10);
  stream = kr_hub_client_stream (f->client, "Mirror", NULL, uploads, G_VARIANT_TYPE_STRING, NULL);
  closed = kr_hub_client_stream (f->client, "Mirror", NULL, closed_uploads, G_VARIANT_TYPE_STRING, NULL);
  g_assert_true (kr_hub_stream_write_string (upload, "one", NULL));
  kr_hub_stream_wait_writable_async (closed_upload, NULL, kr_test_store_result, &room);
  kr_hub_stream_close (closed);
  kr_test_virtual_advance (f, SECOND);
  g_assert_nonnull (room);
  g_assert_false (kr_hub_stream_wait_writable_finish (closed_upload, room, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CLOSED);
  kr_test_virtual_advance (f, 10 * SECOND);
  assert_next (f, stream, "'one'");
  g_assert_true (kr_hub_stream_write_string (upload, "two", NULL));
  assert_next (f, stream, "'two'");
  kr_hub_stream_complete (upload);
  assert_next (f, stream, "end");
  g_assert_cmpuint (n_runs, ==, 1);
}

/* A client that goes away ends all that waits for it, and nothing is left. */
static void
test_gone (KrTestVirtual *f, gconstpointer data)
{
  g_autoptr (KrHubStream) upload = kr_hub_stream_new ();
  KrHubStream *const uploads[] = { upload, NULL };
  g_autoptr (KrHubStream) stream = NULL;
  g_autoptr (GError) error = NULL;

  lose (f, 10);
  stream = kr_hub_client_stream (f->client, "Mirror", NULL, uploads, G_VARIANT_TYPE_STRING, NULL);
  g_assert_true (kr_hub_stream_write_string (upload, "one", NULL));
  g_signal_handlers_disconnect_by_data (f->client, f->log);
  g_assert_finalize_object (f->client);
  assert_next (f, stream, "error: The client is gone");
  g_assert_false (kr_hub_stream_write_string (upload, "two", &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CLOSED);
  f->client = kr_hub_client_new (f->clock);
}

#define ADD(path, func) \
  g_test_add ("/waiting/" path, KrTestVirtual, NULL, kr_test_virtual_set_up, func, kr_test_virtual_tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("stream/read", test_stream);
  ADD ("stream/model", test_stream_model);
  ADD ("stream/given-up", test_stream_given_up);
  ADD ("stream/times-out", test_stream_times_out);
  ADD ("stream/client-gives-up", test_stream_gives_up);
  ADD ("stream/binding", test_stream_binding);
  ADD ("stream/fails-at-once", test_stream_fails_at_once);
  ADD ("stream/connecting", test_stream_connecting);
  ADD ("upload/written", test_upload);
  ADD ("upload/ended", test_upload_ended);
  ADD ("upload/bounded", test_upload_bounded);
  ADD ("upload/cancelled", test_upload_cancelled);
  ADD ("upload/times-out", test_upload_times_out);
  ADD ("both", test_both);
  ADD ("gone", test_gone);
  return g_test_run ();
}
