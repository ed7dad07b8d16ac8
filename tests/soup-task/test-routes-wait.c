/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* Tests of documents that have not changed, and of requests that wait until they do. */
#include "routes-fixture.h"

#include <string.h>

/* --- documents that have not changed, and waiting ----------------------------------------------------------------- */

static void
test_etag (RoutesFixture *f, gconstpointer data)
{
  g_autofree char *path = routes_create (f, "{\"kind\":\"sleep\",\"start\":false}");
  g_autofree char *tag = g_strdup (routes_header (f, "ETag"));
  g_autofree char *list = g_strconcat ("\"x\", W/", tag, NULL);
  g_autofree char *cancel = g_strconcat (path, "/cancel", NULL);

  g_assert_cmpuint (routes_ask (f, "GET", path), ==, 200);
  g_assert_cmpstr (routes_header (f, "ETag"), ==, tag);
  g_assert_cmpstr (routes_header (f, "Cache-Control"), ==, "private, no-cache");
  g_assert_cmpuint (routes_ask_with (f, "GET", path, "If-None-Match", tag, NULL), ==, 304);
  g_assert_cmpstr (f->body, ==, "");
  g_assert_cmpstr (routes_header (f, "ETag"), ==, tag);
  g_assert_cmpuint (routes_ask_with (f, "GET", path, "If-None-Match", list, NULL), ==, 304);
  g_assert_cmpuint (routes_ask_with (f, "GET", path, "If-None-Match", "*", NULL), ==, 304);
  g_assert_cmpuint (routes_ask_with (f, "GET", path, "If-None-Match", "\"x\"", NULL), ==, 200);
  g_assert_cmpuint (routes_post (f, cancel, NULL), ==, 202);
  g_assert_cmpuint (routes_ask_with (f, "GET", path, "If-None-Match", tag, NULL), ==, 200);
  g_assert_cmpstr (routes_header (f, "ETag"), !=, tag);
  g_assert_cmpuint (routes_ask (f, "GET", "/tasks"), ==, 200);
  g_free (tag);
  tag = g_strdup (routes_header (f, "ETag"));
  g_assert_cmpuint (routes_ask_with (f, "GET", "/tasks", "If-None-Match", tag, NULL), ==, 304);
  g_assert_cmpuint (routes_ask (f, "HEAD", path), ==, 200);
  g_assert_cmpstr (f->body, ==, "");
}

typedef struct
{
  SoupMessage *message;
  GAsyncResult *result;
} Pending;

static void
send (RoutesFixture *f, Pending *pending, const char *target, const char *tag)
{
  pending->message = routes_new_message (f, "GET", target, tag != NULL ? "If-None-Match" : NULL, tag, NULL);
  soup_session_send_and_read_async (f->session, pending->message, G_PRIORITY_DEFAULT, NULL, kr_test_store_result,
                                    &pending->result);
}

static void
receive (RoutesFixture *f, Pending *pending)
{
  kr_test_wait_result ("the answer", &pending->result);
  routes_take_answer (f, pending->message, pending->result);
  g_clear_object (&pending->message);
  g_clear_object (&pending->result);
}

static void
test_wait_end (RoutesFixture *f, gconstpointer data)
{
  g_autofree char *path = routes_create (f, "{\"kind\":\"sleep\"}");
  g_autofree char *wait = g_strconcat (path, "?wait=30", NULL);
  g_autofree char *other = g_strconcat (path, "?wait=0", NULL);
  g_autoptr (KrTaskJob) job = routes_find (f, path);
  Pending pending = { NULL };

  routes_wait_state (f, path, KR_TASK_STATE_RUNNING);
  send (f, &pending, wait, NULL);
  /* another request goes past it, and so shows that it waits */
  g_assert_cmpuint (routes_ask (f, "GET", other), ==, 200);
  g_assert_cmpuint (routes_ask (f, "GET", other), ==, 200);
  g_assert_null (pending.result);
  g_assert_true (kr_task_job_cancel (job, KR_TASK_CANCEL_REASON_USER, NULL, KR_TASK_CANCEL_NONE, NULL));
  receive (f, &pending);
  g_assert_cmpuint (f->status, ==, 200);
  g_assert_cmpstr (routes_text (f, "state"), ==, "cancelled");
  /* the end has been: nothing to wait for */
  g_assert_cmpuint (routes_ask (f, "GET", wait), ==, 200);
}

static void
test_wait_change (RoutesFixture *f, gconstpointer data)
{
  g_autofree char *path = routes_create (f, "{\"kind\":\"sleep\",\"start\":false}");
  g_autofree char *tag = g_strdup (routes_header (f, "ETag"));
  g_autofree char *wait = g_strconcat (path, "?wait=30", NULL);
  g_autofree char *start = g_strconcat (path, "/start", NULL);
  Pending pending = { NULL };

  send (f, &pending, wait, tag);
  g_assert_cmpuint (routes_ask (f, "GET", "/tasks"), ==, 200);
  g_assert_null (pending.result);
  g_assert_cmpuint (routes_post (f, start, NULL), ==, 202);
  receive (f, &pending);
  g_assert_cmpuint (f->status, ==, 200);
  g_assert_cmpstr (routes_header (f, "ETag"), !=, tag);
  g_assert_cmpstr (routes_text (f, "state"), !=, "created");
  /* who has seen something else need not wait */
  g_assert_cmpuint (routes_ask_with (f, "GET", wait, "If-None-Match", tag, NULL), ==, 200);
}

static void
test_wait_deadline (RoutesFixture *f, gconstpointer data)
{
  g_autofree char *path = routes_create (f, "{\"kind\":\"sleep\",\"start\":false}");
  g_autofree char *tag = g_strdup (routes_header (f, "ETag"));
  g_autofree char *wait = g_strconcat (path, "?wait=30", NULL);
  gint64 before = g_get_monotonic_time ();

  g_assert_cmpuint (routes_ask (f, "GET", wait), ==, 200);
  g_assert_cmpint (g_get_monotonic_time () - before, >=, 900 * G_TIME_SPAN_MILLISECOND);
  g_assert_cmpstr (routes_text (f, "state"), ==, "created");
  g_assert_cmpuint (routes_ask_with (f, "GET", wait, "If-None-Match", tag, NULL), ==, 304);
}

/* One may wait; the next one is told what there is. */
static void
test_wait_many (RoutesFixture *f, gconstpointer data)
{
  g_autofree char *path = routes_create (f, "{\"kind\":\"sleep\",\"start\":false}");
  g_autofree char *wait = g_strconcat (path, "?wait=30", NULL);
  Pending first = { NULL }, second = { NULL };
  gint64 before = g_get_monotonic_time ();

  send (f, &first, wait, NULL);
  send (f, &second, wait, NULL);
  while (first.result == NULL && second.result == NULL)
    g_main_context_iteration (NULL, TRUE);
  g_assert_true (first.result == NULL || second.result == NULL);
  receive (f, &first);
  receive (f, &second);
  g_assert_cmpint (g_get_monotonic_time () - before, >=, 900 * G_TIME_SPAN_MILLISECOND);
  /* the place is free again */
  before = g_get_monotonic_time ();
  g_assert_cmpuint (routes_ask (f, "GET", wait), ==, 200);
  g_assert_cmpint (g_get_monotonic_time () - before, >=, 900 * G_TIME_SPAN_MILLISECOND);
}

/* The server ends while somebody waits: nothing is left over, as the sanitizers see. */
static void
test_wait_stopped (RoutesFixture *f, gconstpointer data)
{
  g_autofree char *path = routes_create (f, "{\"kind\":\"sleep\"}");
  g_autofree char *wait = g_strconcat (path, "?wait=30", NULL);
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (SoupMessage) message = routes_new_message (f, "GET", wait, NULL, NULL, NULL);
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;

  soup_session_send_and_read_async (f->session, message, G_PRIORITY_DEFAULT, cancellable, kr_test_store_result,
                                    &result);
  g_assert_cmpuint (routes_ask (f, "GET", "/tasks"), ==, 200);
  g_cancellable_cancel (cancellable);
  kr_test_wait_result ("the end of the request", &result);
  g_assert_null (soup_session_send_and_read_finish (f->session, result, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
}

/* A client that asks to wait for long; behind its request there is more that nobody reads before the answer. */
static GSocketConnection *
connect_and_wait (RoutesFixture *f, const char *path)
{
  g_autofree char *request = g_strdup_printf ("GET %s?wait=50 HTTP/1.1\r\nHost: x\r\n\r\nGET / HTTP/1.1\r\n", path);
  g_autoptr (GSocketClient) client = g_socket_client_new ();
  g_autoptr (GUri) uri = g_uri_parse (f->base, G_URI_FLAGS_NONE, NULL);
  GSocketConnection *connection =
    g_socket_client_connect_to_host (client, "127.0.0.1", (guint16) g_uri_get_port (uri), NULL, NULL);

  g_assert_nonnull (connection);
  g_assert_true (g_output_stream_write_all (g_io_stream_get_output_stream (G_IO_STREAM (connection)), request,
                                            strlen (request), NULL, NULL, NULL));
  return connection;
}

/* Whether a request that may wait for a second is answered sooner, since the only place is taken. */
static gboolean
is_turned_away (RoutesFixture *f, const char *path)
{
  g_autofree char *wait = g_strconcat (path, "?wait=1", NULL);
  gint64 before = g_get_monotonic_time ();

  g_assert_cmpuint (routes_ask (f, "GET", wait), ==, 200);
  return g_get_monotonic_time () - before < 900 * G_TIME_SPAN_MILLISECOND;
}

/* Who goes away while waiting leaves the only place to the next one. */
static void
test_wait_gone (RoutesFixture *f, gconstpointer data)
{
  g_autofree char *path = routes_create (f, "{\"kind\":\"sleep\",\"start\":false}");
  g_autoptr (GSocketConnection) connection = connect_and_wait (f, path);
  gint64 deadline = g_get_monotonic_time () + KR_TEST_DEADLINE * G_USEC_PER_SEC;

  while (!is_turned_away (f, path))
    {
      g_assert_cmpint (g_get_monotonic_time (), <, deadline);
      /* we may have been first, and it was turned away */
      if (!g_socket_condition_check (g_socket_connection_get_socket (connection), G_IO_IN))
        continue;
      g_object_unref (connection);
      connection = connect_and_wait (f, path);
    }
  g_assert_true (g_io_stream_close (G_IO_STREAM (connection), NULL, NULL));
  while (is_turned_away (f, path))
    g_assert_cmpint (g_get_monotonic_time (), <, deadline);
}

#define ADD(name, setting, func) \
  g_test_add ("/krtask-soup/routes/" name, RoutesFixture, &setting, routes_set_up, func, routes_tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("etag", routes_open, test_etag);
  ADD ("wait/end", routes_open, test_wait_end);
  ADD ("wait/end/same-thread", routes_same_thread, test_wait_end);
  ADD ("wait/change", routes_open, test_wait_change);
  ADD ("wait/deadline", routes_impatient, test_wait_deadline);
  ADD ("wait/many", routes_impatient, test_wait_many);
  ADD ("wait/stopped", routes_open, test_wait_stopped);
  ADD ("wait/gone", routes_narrow, test_wait_gone);
  return g_test_run ();
}
