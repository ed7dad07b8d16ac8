/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* The hub cases with streams, from the hub, from the client, and both. */
#include "config.h"

#include "kr-test-conformance-private.h"
#include "kr-test-raw.h"

/* --- the hub's methods --- */

static void
method_count (KrHubInvocation *invocation, gpointer data)
{
  g_autoptr (KrHubStream) stream = kr_hub_invocation_open_stream (invocation);
  g_autoptr (GError) error = NULL;
  gint n;

  g_variant_get (kr_hub_invocation_get_arguments (invocation, NULL), "(i)", &n);
  for (gint i = 0; i < n; i++)
    if (!kr_hub_stream_write (stream, g_variant_new_int32 (i), &error))
      break;
  g_assert_no_error (error);
  kr_hub_stream_complete (stream);
}

/* Writes as fast as the client reads. */
typedef struct
{
  KrTestHub *hub;
  KrHubInvocation *invocation;
  KrHubStream *stream;
  gint left;
} Pacer;

static void
pacer_free (Pacer *self)
{
  g_object_unref (self->stream);
  kr_hub_invocation_unref (self->invocation);
  g_free (self);
}

static void pacer_write (Pacer *self);

static void
pacer_goes_on (GObject *source, GAsyncResult *result, gpointer data)
{
  Pacer *self = data;
  g_autoptr (GError) error = NULL;

  if (kr_hub_stream_wait_writable_finish (self->stream, result, &error))
    {
      pacer_write (self);
      return;
    }
  self->hub->n_cancelled++;
  pacer_free (self);
}

static void
pacer_write (Pacer *self)
{
  g_autofree char *text = g_strnfill (1000, 'x');

  while (self->left > 0 && kr_hub_stream_is_writable (self->stream))
    {
      g_assert_true (kr_hub_stream_write_string (self->stream, text, NULL));
      self->left--;
    }
  if (self->left > 0)
    kr_hub_stream_wait_writable_async (self->stream, NULL, pacer_goes_on, self);
  else
    {
      kr_hub_stream_complete (self->stream);
      pacer_free (self);
    }
}

static void
method_paced (KrHubInvocation *invocation, gpointer data)
{
  Pacer *pacer = g_new0 (Pacer, 1);

  pacer->hub = data;
  pacer->invocation = kr_hub_invocation_ref (invocation);
  pacer->stream = kr_hub_invocation_open_stream (invocation);
  g_variant_get (kr_hub_invocation_get_arguments (invocation, NULL), "(i)", &pacer->left);
  pacer_write (pacer);
}

static void
count_cancelled (GCancellable *cancellable, gpointer data)
{
  KrTestHub *hub = data;

  hub->n_cancelled++;
}

static void
method_hold (KrHubInvocation *invocation, gpointer data)
{
  KrTestHub *hub = data;
  KrHubStream *stream = kr_hub_invocation_open_stream (invocation);

  g_signal_connect (kr_hub_invocation_get_cancellable (invocation), "cancelled", G_CALLBACK (count_cancelled), hub);
  g_ptr_array_add (hub->kept, kr_hub_invocation_ref (invocation));
  g_ptr_array_add (hub->streams, stream);
  g_assert_true (kr_hub_stream_write_string (stream, "held", NULL));
}

static void
method_stream_refuse (KrHubInvocation *invocation, gpointer data)
{
  kr_hub_invocation_return_error_literal (invocation, "no stream today");
}

static void
method_stream_value (KrHubInvocation *invocation, gpointer data)
{
  kr_hub_invocation_return_string (invocation, "no stream");
}

static void
method_stream_break (KrHubInvocation *invocation, gpointer data)
{
  g_autoptr (KrHubStream) stream = kr_hub_invocation_open_stream (invocation);
  g_autoptr (GError) error = g_error_new_literal (KR_HUB_ERROR, KR_HUB_ERROR_FAILED, "torn");

  g_assert_true (kr_hub_stream_write_string (stream, "one", NULL));
  kr_hub_stream_fail (stream, error);
  g_assert_false (kr_hub_stream_write_string (stream, "two", NULL));
}

static void
method_stream_forget (KrHubInvocation *invocation, gpointer data)
{
  g_object_unref (kr_hub_invocation_open_stream (invocation));
}

static gpointer
stream_in_thread (gpointer data)
{
  g_autoptr (KrHubStream) stream = data;

  for (guint i = 0; i < 100; i++)
    g_assert_true (kr_hub_stream_write (stream, g_variant_new_uint32 (i), NULL));
  kr_hub_stream_complete (stream);
  return NULL;
}

static void
method_stream_thread (KrHubInvocation *invocation, gpointer data)
{
  g_thread_unref (g_thread_new ("stream", stream_in_thread, kr_hub_invocation_open_stream (invocation)));
}

/* Reads two uploads to their end, one after the other. */
typedef struct
{
  KrHubInvocation *invocation;
  GString *text;
  guint index;
} Reader;

static void reader_read (Reader *self);

static void
reader_got (GObject *source, GAsyncResult *result, gpointer data)
{
  Reader *self = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) item = kr_hub_stream_next_finish (KR_HUB_STREAM (source), result, &error);

  if (item != NULL)
    {
      g_autofree char *text = g_variant_print (item, FALSE);

      g_string_append_printf (self->text, "%s ", text);
      reader_read (self);
      return;
    }
  if (error == NULL && ++self->index < kr_hub_invocation_get_n_uploads (self->invocation))
    {
      g_string_append (self->text, "| ");
      reader_read (self);
      return;
    }
  if (error != NULL)
    kr_hub_invocation_return_error (self->invocation, error);
  else
    kr_hub_invocation_return_string (self->invocation, self->text->str);
  kr_hub_invocation_unref (self->invocation);
  g_string_free (self->text, TRUE);
  g_free (self);
}

static void
reader_read (Reader *self)
{
  kr_hub_stream_next_async (kr_hub_invocation_get_upload (self->invocation, self->index), NULL, reader_got, self);
}

static void
method_collect (KrHubInvocation *invocation, gpointer data)
{
  Reader *reader = g_new0 (Reader, 1);

  reader->invocation = kr_hub_invocation_ref (invocation);
  reader->text = g_string_new (NULL);
  reader_read (reader);
}

/* Sends back what comes in, until it ends. */
typedef struct
{
  KrHubInvocation *invocation;
  KrHubStream *stream;
} Mirror;

static void
mirror_got (GObject *source, GAsyncResult *result, gpointer data)
{
  Mirror *self = data;
  KrHubStream *upload = KR_HUB_STREAM (source);
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) item = kr_hub_stream_next_finish (upload, result, &error);

  if (item != NULL && kr_hub_stream_write (self->stream, item, NULL))
    {
      kr_hub_stream_next_async (upload, NULL, mirror_got, self);
      return;
    }
  if (error != NULL)
    kr_hub_stream_fail (self->stream, error);
  else
    kr_hub_stream_complete (self->stream);
  g_object_unref (self->stream);
  kr_hub_invocation_unref (self->invocation);
  g_free (self);
}

static void
method_mirror (KrHubInvocation *invocation, gpointer data)
{
  Mirror *mirror = g_new0 (Mirror, 1);

  mirror->invocation = kr_hub_invocation_ref (invocation);
  mirror->stream = kr_hub_invocation_open_stream (invocation);
  kr_hub_stream_next_async (kr_hub_invocation_get_upload (invocation, 0), NULL, mirror_got, mirror);
}

static void
method_keep_upload (KrHubInvocation *invocation, gpointer data)
{
  KrTestHub *hub = data;

  g_ptr_array_add (hub->kept, kr_hub_invocation_ref (invocation));
}

static const struct
{
  const char *name, *arguments, *item, *result, *uploads;
  KrHubMethodFunc func;
} methods[] = {
  { "Count", "(i)", "i", NULL, NULL, method_count },
  { "Paced", "(i)", "s", NULL, NULL, method_paced },
  { "Hold", "()", "s", NULL, NULL, method_hold },
  { "StreamRefuse", "()", "s", NULL, NULL, method_stream_refuse },
  { "StreamValue", "()", "s", NULL, NULL, method_stream_value },
  { "StreamBreak", "()", "s", NULL, NULL, method_stream_break },
  { "StreamForget", "()", "s", NULL, NULL, method_stream_forget },
  { "StreamThread", "()", "u", NULL, NULL, method_stream_thread },
  { "Collect", "()", NULL, "s", "(i)", method_collect },
  { "CollectTwo", "(s)", NULL, "s", "(is)", method_collect },
  { "Mirror", "()", "s", NULL, "(s)", method_mirror },
  { "KeepUpload", "()", NULL, "s", "(s)", method_keep_upload },
};

void
kr_test_hub_add_stream_methods (KrTestHub *hub)
{
  for (guint i = 0; i < G_N_ELEMENTS (methods); i++)
    {
      if (methods[i].item != NULL)
        g_assert_true (kr_hub_server_add_stream_method (hub->server, methods[i].name, methods[i].arguments,
                                                        methods[i].item, methods[i].func, hub, NULL));
      else
        g_assert_true (kr_hub_server_add_method (hub->server, methods[i].name, methods[i].arguments, methods[i].result,
                                                 methods[i].func, hub, NULL));
      if (methods[i].uploads != NULL)
        kr_hub_server_set_method_uploads (hub->server, methods[i].name, methods[i].uploads);
    }
}

/* --- the client's end --- */

static KrHubStream *
open_stream (KrTestClient *client, const char *target, GVariant *arguments, KrHubStream *upload, const char *type)
{
  KrHubStream *uploads[] = { upload, NULL };
  g_autoptr (GError) error = NULL;
  KrHubStream *stream = kr_hub_client_stream (client->client, target, arguments, upload != NULL ? uploads : NULL,
                                              type != NULL ? G_VARIANT_TYPE (type) : NULL, &error);

  g_assert_no_error (error);
  return stream;
}

static gboolean
result_is_there (gpointer data)
{
  return *(GAsyncResult **) data != NULL;
}

/* The next item printed; "end", or "error: {message}". */
static char *
read_item (KrTestClient *client, KrHubStream *stream)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) item = NULL;

  kr_hub_stream_next_async (stream, NULL, kr_test_store_result, &result);
  kr_test_hub_wait (client->hub, "an item", result_is_there, &result);
  item = kr_hub_stream_next_finish (stream, result, &error);
  if (item != NULL)
    return g_variant_print (item, FALSE);
  return error != NULL ? g_strdup_printf ("error: %s", error->message) : g_strdup ("end");
}

/* Everything, in one line. */
static char *
read_all (KrTestClient *client, KrHubStream *stream)
{
  GString *text = g_string_new (NULL);

  while (TRUE)
    {
      g_autofree char *item = read_item (client, stream);

      g_string_append (text, item);
      if (g_str_equal (item, "end") || g_str_has_prefix (item, "error: "))
        return g_string_free (text, FALSE);
      g_string_append_c (text, ' ');
    }
}

static void
assert_stream (KrTestClient *client, const char *target, GVariant *arguments, const char *type, const char *expected)
{
  g_autoptr (KrHubStream) stream = open_stream (client, target, arguments, NULL, type);
  g_autofree char *text = read_all (client, stream);

  g_assert_cmpstr (text, ==, expected);
}

static void
assert_item (KrTestClient *client, KrHubStream *stream, const char *expected)
{
  g_autofree char *item = read_item (client, stream);

  g_assert_cmpstr (item, ==, expected);
}

static KrHubStream *
start_upload (KrTestClient *client, const char *target, GVariant *arguments, GAsyncResult **result)
{
  KrHubStream *upload = kr_hub_stream_new ();
  KrHubStream *uploads[] = { upload, NULL };

  kr_hub_client_upload_async (client->client, target, arguments, uploads, G_VARIANT_TYPE_STRING, NULL,
                              kr_test_store_result, result);
  return upload;
}

static void
write_text (KrHubStream *stream, const char *text)
{
  g_autoptr (GError) error = NULL;

  kr_hub_stream_write_string (stream, text, &error);
  g_assert_no_error (error);
}

static void
write_int (KrHubStream *stream, gint number)
{
  g_autoptr (GError) error = NULL;

  kr_hub_stream_write (stream, g_variant_new_int32 (number), &error);
  g_assert_no_error (error);
}

static void
assert_result (KrTestClient *client, GAsyncResult **result, const char *expected)
{
  g_autofree char *text = kr_test_client_finish_call (client, result, "the answer");

  g_assert_cmpstr (text, ==, expected);
}

/* --- cases: from the hub --- */

static void
case_items (KrTestHub *hub)
{
  g_autoptr (KrTestClient) client = kr_test_client_new (hub, NULL);

  assert_stream (client, "Count", g_variant_new ("(i)", 0), "i", "end");
  assert_stream (client, "Count", g_variant_new ("(i)", 3), "i", "0 1 2 end");
  assert_stream (client, "cOUNT", g_variant_new ("(i)", 2), NULL, "<int64 0> <int64 1> end");
  assert_stream (client, "StreamThread", NULL, "u",
                 "0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31 32 33 34 35 36 "
                 "37 38 39 40 41 42 43 44 45 46 47 48 49 50 51 52 53 54 55 56 57 58 59 60 61 62 63 64 65 66 67 68 69 70 "
                 "71 72 73 74 75 76 77 78 79 80 81 82 83 84 85 86 87 88 89 90 91 92 93 94 95 96 97 98 99 end");
}

static void
case_errors (KrTestHub *hub)
{
  g_autoptr (KrTestClient) client = kr_test_client_new (hub, NULL);

  assert_stream (client, "StreamRefuse", NULL, "s",
                 "error: An unexpected error occurred invoking 'StreamRefuse' on the server. "
                 "HubException: no stream today");
  assert_stream (client, "StreamBreak", NULL, "s",
                 "'one' error: An error occurred on the server while streaming results. HubException: torn");
  assert_stream (client, "StreamForget", NULL, "s",
                 "error: An error occurred on the server while streaming results. "
                 "HubException: The method did not answer.");
  assert_stream (client, "StreamValue", NULL, "s",
                 "error: The value returned by the streaming method 'StreamValue' is not a ChannelReader<> or "
                 "IAsyncEnumerable<>.");
  assert_stream (client, "eCHO", g_variant_new ("(s)", "x"), "s",
                 "error: The client attempted to invoke the non-streaming 'Echo' method with a streaming invocation.");
  assert_stream (client, "NoSuch", NULL, "s",
                 "error: Failed to invoke 'NoSuch' due to an error on the server. HubException: Method does not exist.");
  assert_stream (client, "Count", g_variant_new ("(s)", "x"), "i",
                 "error: Failed to invoke 'Count' due to an error on the server.");
  kr_test_assert_call (client, "Count", g_variant_new ("(i)", 1), "i",
                       "error: The client attempted to invoke the streaming 'Count' method with a non-streaming "
                       "invocation.");
}

/* Twice what an outbox may hold: only who waits gets through. */
static void
case_back_pressure (KrTestHub *hub)
{
  g_autoptr (KrTestClient) client = kr_test_client_new (hub, NULL);
  g_autoptr (KrHubStream) stream = NULL;
  guint n = 0;

  g_object_set (hub->server, "max-outbox-size", (guint64) 100000, NULL);
  stream = open_stream (client, "Paced", g_variant_new ("(i)", 200), NULL, "s");
  while (TRUE)
    {
      g_autofree char *item = read_item (client, stream);

      if (g_str_equal (item, "end"))
        break;
      g_assert_cmpuint (strlen (item), ==, 1002);
      n++;
    }
  g_assert_cmpuint (n, ==, 200);
  g_assert_cmpuint (hub->n_cancelled, ==, 0);
}

/* A client that does not take items is not read for, and its hub's writer waits; all else of the hub goes on. */
static void
case_slow_reader (KrTestHub *hub)
{
  g_autoptr (KrTestClient) client = kr_test_client_new (hub, NULL);
  g_autoptr (KrTestClient) other = kr_test_client_new (hub, NULL);
  g_autoptr (KrHubStream) stream = open_stream (client, "Paced", g_variant_new ("(i)", 3000), NULL, "s");

  for (guint i = 0; i < 20; i++)
    kr_test_assert_call (other, "Echo", g_variant_new ("(s)", "quick"), "s", "'quick'");
  for (guint i = 0; i < 3000; i++)
    {
      g_autofree char *item = read_item (client, stream);

      g_assert_cmpuint (strlen (item), ==, 1002);
    }
  assert_item (client, stream, "end");
  kr_test_assert_call (client, "Void", NULL, "()", "()");
}

static void
case_cancel (KrTestHub *hub)
{
  g_autoptr (KrTestClient) client = kr_test_client_new (hub, NULL);
  KrHubStream *stream = open_stream (client, "Hold", NULL, NULL, "s");
  g_autoptr (GError) error = NULL;

  assert_item (client, stream, "'held'");
  g_assert_cmpuint (hub->n_cancelled, ==, 0);
  write_text (hub->streams->pdata[0], "more");
  assert_item (client, stream, "'more'");
  g_object_unref (stream);
  kr_test_hub_wait_count (hub, "the cancellation", &hub->n_cancelled, 1);
  g_assert_false (kr_hub_stream_write_string (hub->streams->pdata[0], "too late", &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_assert_true (kr_hub_stream_is_ended (hub->streams->pdata[0]));
  kr_hub_stream_complete (hub->streams->pdata[0]);
  kr_test_assert_call (client, "Echo", g_variant_new ("(s)", "still there"), "s", "'still there'");
}

/* The writer waits for room when its reader goes. */
static void
case_cancel_waiting (KrTestHub *hub)
{
  g_autoptr (KrTestClient) client = kr_test_client_new (hub, NULL);
  g_autoptr (KrHubStream) stream = open_stream (client, "Paced", g_variant_new ("(i)", 100000), NULL, "s");
  g_autofree char *item = read_item (client, stream);

  g_assert_cmpuint (strlen (item), ==, 1002);
  kr_hub_stream_close (stream);
  kr_test_hub_wait_count (hub, "the end of the writer", &hub->n_cancelled, 1);
  kr_test_assert_call (client, "Echo", g_variant_new ("(s)", "still there"), "s", "'still there'");
}

static void
case_disconnect (KrTestHub *hub)
{
  KrTestClient *client = kr_test_client_new (hub, NULL);
  g_autoptr (KrHubStream) held = open_stream (client, "Hold", NULL, NULL, "s");
  g_autoptr (KrHubStream) paced = open_stream (client, "Paced", g_variant_new ("(i)", 100000), NULL, "s");
  g_autofree char *item = g_strdup ("");
  g_autoptr (GError) error = NULL;

  assert_item (client, held, "'held'");
  kr_hub_server_shutdown (hub->server);
  kr_test_hub_wait_count (hub, "both cancellations", &hub->n_cancelled, 2);
  g_assert_false (kr_hub_stream_write_string (hub->streams->pdata[0], "nobody listens", &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  /* The end comes behind the items. */
  while (!g_str_has_prefix (item, "error: "))
    {
      g_free (item);
      item = read_item (client, paced);
    }
  g_assert_cmpstr (item, ==, "error: Invocation canceled due to the underlying connection being closed.");
  assert_item (client, held, "error: Invocation canceled due to the underlying connection being closed.");
  kr_test_client_free (client);
}

/* The first stream keeps its id, and can be cancelled. */
static void
case_parallel (KrTestHub *hub)
{
  g_autoptr (KrTestClient) client = kr_test_client_new (hub, NULL);
  g_autoptr (KrHubStream) first = open_stream (client, "Hold", NULL, NULL, "s");
  g_autoptr (KrHubStream) second = open_stream (client, "Hold", NULL, NULL, "s");

  assert_item (client, first, "'held'");
  assert_item (client, second, "'held'");
  /* Streams take no slot. */
  kr_test_assert_call (client, "Echo", g_variant_new ("(s)", "beside"), "s", "'beside'");
  write_text (hub->streams->pdata[1], "b");
  write_text (hub->streams->pdata[0], "a");
  kr_hub_stream_complete (hub->streams->pdata[0]);
  kr_hub_stream_complete (hub->streams->pdata[1]);
  assert_item (client, first, "'a'");
  assert_item (client, first, "end");
  assert_item (client, first, "end");
  assert_item (client, second, "'b'");
  assert_item (client, second, "end");
  g_assert_cmpuint (hub->n_cancelled, ==, 0);
}

static void
case_limit (KrTestHub *hub)
{
  g_autoptr (KrTestClient) client = NULL;
  g_autoptr (KrHubStream) first = NULL;
  g_autoptr (KrHubStream) second = NULL;
  GAsyncResult *result = NULL;
  g_autoptr (KrHubStream) upload = NULL;

  g_object_set (hub->server, "max-streams", 2, NULL);
  client = kr_test_client_new (hub, NULL);
  first = open_stream (client, "Hold", NULL, NULL, "s");
  second = open_stream (client, "Hold", NULL, NULL, "s");
  assert_stream (client, "Count", g_variant_new ("(i)", 1), "i",
                 "error: An unexpected error occurred invoking 'Count' on the server. HubException: Too many streams.");
  upload = start_upload (client, "Collect", NULL, &result);
  assert_result (client, &result,
                 "error: An unexpected error occurred invoking 'Collect' on the server. "
                 "HubException: Too many streams.");
  kr_hub_stream_close (first);
  kr_test_hub_wait_count (hub, "the cancellation", &hub->n_cancelled, 1);
  assert_stream (client, "Count", g_variant_new ("(i)", 1), "i", "0 end");
}

static void
case_wrong_items (KrTestHub *hub)
{
  g_autoptr (KrTestClient) client = kr_test_client_new (hub, NULL);
  g_autoptr (KrHubStream) stream = open_stream (client, "Hold", NULL, NULL, "i");
  g_autofree char *item = read_item (client, stream);

  g_assert_true (g_str_has_prefix (item, "error: "));
  /* A client that cannot read on says so. */
  kr_test_hub_wait_count (hub, "the cancellation", &hub->n_cancelled, 1);
}

/* --- cases: from the client --- */

static void
case_upload (KrTestHub *hub)
{
  g_autoptr (KrTestClient) client = kr_test_client_new (hub, NULL);
  GAsyncResult *result = NULL;
  g_autoptr (KrHubStream) upload = start_upload (client, "Collect", NULL, &result);

  for (gint i = 1; i <= 5; i++)
    write_int (upload, i);
  kr_hub_stream_complete (upload);
  assert_result (client, &result, "'1 2 3 4 5 '");
  g_assert_true (kr_hub_stream_is_ended (upload));
}

static void
case_upload_two (KrTestHub *hub)
{
  g_autoptr (KrTestClient) client = kr_test_client_new (hub, NULL);
  g_autoptr (KrHubStream) numbers = kr_hub_stream_new ();
  g_autoptr (KrHubStream) texts = kr_hub_stream_new ();
  KrHubStream *uploads[] = { numbers, texts, NULL };
  GAsyncResult *result = NULL;

  kr_hub_client_upload_async (client->client, "CollectTwo", g_variant_new ("(s)", "x"), uploads, G_VARIANT_TYPE_STRING,
                              NULL, kr_test_store_result, &result);
  write_text (texts, "a");
  write_int (numbers, 1);
  write_text (texts, "b");
  kr_hub_stream_complete (texts);
  write_int (numbers, 2);
  kr_hub_stream_complete (numbers);
  assert_result (client, &result, "\"1 2 | 'a' 'b' \"");
}

static void
case_upload_errors (KrTestHub *hub)
{
  g_autoptr (KrTestClient) client = kr_test_client_new (hub, NULL);
  g_autoptr (GError) error = g_error_new_literal (KR_HUB_ERROR, KR_HUB_ERROR_FAILED, "out of stock");
  GAsyncResult *result = NULL;
  g_autoptr (KrHubStream) fails = start_upload (client, "Collect", NULL, &result);
  g_autoptr (KrHubStream) wrong = NULL;
  KrHubStream *given_up;

  write_int (fails, 1);
  kr_hub_stream_fail (fails, error);
  assert_result (client, &result,
                 "error: An unexpected error occurred invoking 'Collect' on the server. HubException: out of stock");

  wrong = start_upload (client, "Collect", NULL, &result);
  write_int (wrong, 1);
  write_text (wrong, "two");
  assert_result (client, &result,
                 "error: An unexpected error occurred invoking 'Collect' on the server. "
                 "HubException: Failed to bind Stream message.");
  /* The call is over, so nothing more is sent along with it. */
  g_assert_false (kr_hub_stream_write_string (wrong, "three", NULL));

  given_up = start_upload (client, "Collect", NULL, &result);
  g_object_unref (given_up);
  /* The call itself holds it until it is over; the hub waits for items. */
  g_assert_null (result);
}

static void
case_upload_detailed (KrTestHub *hub)
{
  g_autoptr (KrTestClient) client = NULL;
  GAsyncResult *result = NULL;
  g_autoptr (KrHubStream) upload = NULL;
  g_autofree char *text = NULL;

  g_object_set (hub->server, "detailed-errors", TRUE, NULL);
  client = kr_test_client_new (hub, NULL);
  upload = start_upload (client, "Collect", NULL, &result);
  write_text (upload, "two");
  text = kr_test_client_finish_call (client, &result, "the answer");
  if (strstr (text, "Json") != NULL)
    g_assert_true (g_str_has_prefix (text, "error: An unexpected error occurred invoking 'Collect' on the server. "
                                           "HubException: Failed to bind Stream message. JsonException: The JSON"));
  else
    g_assert_cmpstr (text, ==,
                     "error: An unexpected error occurred invoking 'Collect' on the server. "
                     "HubException: Failed to bind Stream message. InvalidDataException: Deserializing object of the "
                     "`Int32` type for 'item' failed.");
}

static void
case_upload_mismatch (KrTestHub *hub)
{
  g_autoptr (KrTestClient) client = kr_test_client_new (hub, NULL);
  GAsyncResult *result = NULL;
  g_autoptr (KrHubStream) upload = start_upload (client, "Echo", g_variant_new ("(s)", "x"), &result);

  assert_result (client, &result,
                 "error: An unexpected error occurred invoking 'Echo' on the server. "
                 "HubException: Client sent 1 stream(s), Hub method expects 0.");
  kr_test_assert_call (client, "Collect", NULL, "s",
                       "error: An unexpected error occurred invoking 'Collect' on the server. "
                       "HubException: Client sent 0 stream(s), Hub method expects 1.");
  kr_test_assert_call (client, "Echo", g_variant_new ("(s)", "still there"), "s", "'still there'");
}

/* The hub takes no more than its capacity until the method reads. */
static void
case_upload_bounded (KrTestHub *hub)
{
  g_autoptr (KrTestClient) client = kr_test_client_new (hub, NULL);
  GAsyncResult *result = NULL, *echo = NULL;
  g_autoptr (KrHubStream) upload = start_upload (client, "KeepUpload", NULL, &result);
  KrHubStream *reader;
  guint n = 0;

  for (guint i = 0; i < 50; i++)
    write_text (upload, "item");
  kr_hub_stream_complete (upload);
  kr_test_client_start_call (client, "Echo", g_variant_new ("(s)", "behind"), "s", &echo);
  kr_test_hub_wait_count (hub, "the call", &hub->kept->len, 1);
  reader = kr_hub_invocation_get_upload (hub->kept->pdata[0], 0);
  for (guint i = 0; i < 50; i++)
    {
      /* What comes behind the items waits with them, until all of them fit. */
      if (i < 50 - 11)
        g_assert_null (echo);
      g_clear_pointer (&(char *) { read_item (client, reader) }, g_free);
      n++;
    }
  assert_item (client, reader, "end");
  assert_result (client, &echo, "'behind'");
  kr_hub_invocation_return_string (hub->kept->pdata[0], "done");
  assert_result (client, &result, "'done'");
  g_assert_cmpuint (n, ==, 50);
}

/* An answer before the end of the upload: both sides drop the rest. */
static void
case_upload_early_answer (KrTestHub *hub)
{
  g_autoptr (KrTestClient) client = kr_test_client_new (hub, NULL);
  GAsyncResult *result = NULL;
  g_autoptr (KrHubStream) upload = start_upload (client, "KeepUpload", NULL, &result);
  g_autoptr (GError) error = NULL;

  for (guint i = 0; i < 30; i++)
    write_text (upload, "item");
  kr_test_hub_wait_count (hub, "the call", &hub->kept->len, 1);
  kr_hub_invocation_return_string (hub->kept->pdata[0], "enough");
  for (guint i = 0; i < 30; i++)
    kr_hub_stream_write_string (upload, "too much", NULL);
  assert_result (client, &result, "'enough'");
  g_assert_false (kr_hub_stream_write_string (upload, "too late", &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CLOSED);
  g_assert_true (kr_hub_stream_is_ended (kr_hub_invocation_get_upload (hub->kept->pdata[0], 0)));
  kr_test_assert_call (client, "Echo", g_variant_new ("(s)", "still there"), "s", "'still there'");
}

static void
case_upload_disconnect (KrTestHub *hub)
{
  KrTestClient *client = kr_test_client_new (hub, NULL);
  GAsyncResult *result = NULL, *next = NULL;
  g_autoptr (KrHubStream) upload = start_upload (client, "KeepUpload", NULL, &result);
  g_autoptr (GError) error = NULL;
  KrHubStream *reader;

  kr_test_hub_wait_count (hub, "the call", &hub->kept->len, 1);
  reader = kr_hub_invocation_get_upload (hub->kept->pdata[0], 0);
  kr_hub_stream_next_async (reader, NULL, kr_test_store_result, &next);
  kr_test_client_free (client);
  kr_test_hub_wait (hub, "the end of the upload", result_is_there, &next);
  g_assert_null (kr_hub_stream_next_finish (reader, next, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CONNECTION_CLOSED);
  g_assert_cmpstr (error->message, ==, "The underlying connection was closed.");
  g_assert_false (kr_hub_stream_write_string (upload, "nobody listens", NULL));
  g_object_unref (next);
  g_object_unref (result);
}

static void
case_both (KrTestHub *hub)
{
  g_autoptr (KrTestClient) client = kr_test_client_new (hub, NULL);
  g_autoptr (KrHubStream) upload = kr_hub_stream_new ();
  g_autoptr (KrHubStream) stream = open_stream (client, "Mirror", NULL, upload, "s");

  write_text (upload, "a");
  assert_item (client, stream, "'a'");
  for (guint i = 0; i < 100; i++)
    write_text (upload, "x");
  for (guint i = 0; i < 100; i++)
    assert_item (client, stream, "'x'");
  write_text (upload, "b");
  kr_hub_stream_complete (upload);
  assert_item (client, stream, "'b'");
  assert_item (client, stream, "end");
}

static void
case_both_cancel (KrTestHub *hub)
{
  g_autoptr (KrTestClient) client = kr_test_client_new (hub, NULL);
  g_autoptr (KrHubStream) upload = kr_hub_stream_new ();
  g_autoptr (KrHubStream) stream = open_stream (client, "Mirror", NULL, upload, "s");

  write_text (upload, "a");
  assert_item (client, stream, "'a'");
  kr_hub_stream_close (stream);
  g_assert_false (kr_hub_stream_write_string (upload, "b", NULL));
  kr_test_assert_call (client, "Echo", g_variant_new ("(s)", "still there"), "s", "'still there'");
}

static void
case_next_cancelled (KrTestHub *hub)
{
  g_autoptr (KrTestClient) client = kr_test_client_new (hub, NULL);
  g_autoptr (KrHubStream) stream = open_stream (client, "Hold", NULL, NULL, "s");
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GAsyncResult) result = NULL, second = NULL;
  g_autoptr (GError) error = NULL, pending = NULL;

  assert_item (client, stream, "'held'");
  kr_hub_stream_next_async (stream, cancellable, kr_test_store_result, &result);
  kr_hub_stream_next_async (stream, NULL, kr_test_store_result, &second);
  kr_test_hub_wait (hub, "a refusal", result_is_there, &second);
  g_assert_null (kr_hub_stream_next_finish (stream, second, &pending));
  g_assert_error (pending, G_IO_ERROR, G_IO_ERROR_PENDING);
  g_cancellable_cancel (cancellable);
  kr_test_hub_wait (hub, "the cancelled wait", result_is_there, &result);
  g_assert_null (kr_hub_stream_next_finish (stream, result, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  /* The stream goes on. */
  write_text (hub->streams->pdata[0], "more");
  assert_item (client, stream, "'more'");
}

/* --- cases: what no real client says --- */

static void
case_wire (KrTestHub *hub)
{
  g_autoptr (KrTestRaw) raw = kr_test_raw_new (hub, NULL);

  kr_test_raw_send (raw, "{\"type\":4,\"invocationId\":\"7\",\"target\":\"Count\",\"arguments\":[2]};");
  kr_test_raw_expect (raw, "{\"type\":2,\"invocationId\":\"7\",\"item\":0};{\"type\":2,\"invocationId\":\"7\",\"item\":1};"
                           "{\"type\":3,\"invocationId\":\"7\"};");
  /* An id is free again after the end. */
  kr_test_raw_send (raw, "{\"type\":4,\"invocationId\":\"7\",\"target\":\"Hold\",\"arguments\":[]};");
  kr_test_raw_expect (raw, "{\"type\":2,\"invocationId\":\"7\",\"item\":\"held\"};");
  kr_test_raw_send (raw, "{\"type\":4,\"invocationId\":\"7\",\"target\":\"Count\",\"arguments\":[1]};");
  kr_test_raw_expect (raw, "{\"type\":3,\"invocationId\":\"7\",\"error\":\"Invocation ID '7' is already in use.\"};");
  /* Another kind of call may have it. */
  kr_test_raw_send (raw, "{\"type\":1,\"invocationId\":\"7\",\"target\":\"Echo\",\"arguments\":[\"x\"]};");
  kr_test_raw_expect (raw, "{\"type\":3,\"invocationId\":\"7\",\"result\":\"x\"};");
  /* The first stream can be cancelled still; it completes without an error. */
  kr_test_raw_send (raw, "{\"type\":5,\"invocationId\":\"8\"};{\"type\":5,\"invocationId\":\"7\"};");
  kr_test_raw_expect (raw, "{\"type\":3,\"invocationId\":\"7\"};");
  g_assert_cmpuint (hub->n_cancelled, ==, 1);
}

static void
case_upload_wire (KrTestHub *hub)
{
  g_autoptr (KrTestRaw) raw = kr_test_raw_new (hub, NULL);

  kr_test_raw_send (raw, "{\"type\":1,\"invocationId\":\"1\",\"target\":\"CollectTwo\",\"arguments\":[\"x\"],"
                         "\"streamIds\":[\"a\",\"\\u0062\"]};"
                         "{\"type\":2,\"invocationId\":\"b\",\"item\":\"z\"};{\"type\":2,\"invocationId\":\"c\",\"item\":1};"
                         "{\"type\":2,\"invocationId\":\"a\",\"item\":1};{\"type\":3,\"invocationId\":\"a\",\"result\":5};"
                         "{\"type\":2,\"invocationId\":\"a\",\"item\":2};{\"type\":3,\"invocationId\":\"b\"};");
  kr_test_raw_expect (raw, "{\"type\":3,\"invocationId\":\"1\",\"result\":\"1 | 'z' \"};");
  /* An id that is used again goes to the later call. */
  kr_test_raw_send (raw, "{\"type\":1,\"invocationId\":\"2\",\"target\":\"Collect\",\"arguments\":[],\"streamIds\":[\"a\"]};"
                         "{\"type\":1,\"invocationId\":\"3\",\"target\":\"Collect\",\"arguments\":[],\"streamIds\":[\"a\"]};");
  kr_test_raw_expect (raw, "{\"type\":3,\"invocationId\":\"2\",\"error\":\"An unexpected error occurred invoking 'Collect' on the "
                           "server. HubException: Stream ID 'a' was used again.\"};");
  kr_test_raw_send (raw, "{\"type\":2,\"invocationId\":\"a\",\"item\":3};{\"type\":3,\"invocationId\":\"a\",\"error\":\"gone\"};");
  kr_test_raw_expect (raw, "{\"type\":3,\"invocationId\":\"3\",\"error\":\"An unexpected error occurred invoking 'Collect' on the "
                           "server. HubException: gone\"};");
}

const KrTestCase kr_test_stream_cases[] = {
  { "stream/items", case_items },
  { "stream/errors", case_errors },
  { "stream/back-pressure", case_back_pressure },
  { "stream/slow-reader", case_slow_reader },
  { "stream/cancel", case_cancel },
  { "stream/cancel-waiting", case_cancel_waiting },
  { "stream/disconnect", case_disconnect },
  { "stream/parallel", case_parallel },
  { "stream/limit", case_limit },
  { "stream/wrong-items", case_wrong_items },
  { "stream/next-cancelled", case_next_cancelled },
  { "upload/items", case_upload },
  { "upload/two", case_upload_two },
  { "upload/errors", case_upload_errors },
  { "upload/detailed-errors", case_upload_detailed },
  { "upload/mismatch", case_upload_mismatch },
  { "upload/bounded", case_upload_bounded },
  { "upload/early-answer", case_upload_early_answer },
  { "upload/disconnect", case_upload_disconnect },
  { "upload/both-ways", case_both },
  { "upload/both-ways-cancel", case_both_cancel },
  { "stream/wire", case_wire, TRUE },
  { "upload/wire", case_upload_wire, TRUE },
};
const gsize kr_test_n_stream_cases = G_N_ELEMENTS (kr_test_stream_cases);
