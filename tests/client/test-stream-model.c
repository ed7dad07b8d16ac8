/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* KrHubStreamModel: it grows, is bounded, ends, fails, and closes its stream. */
#include "config.h"

#include <krhub.h>

#include "kr-test-connector.h"
#include "kr-test.h"

typedef struct
{
  KrHubServer *server;
  KrTestConnector *connector;
  KrHubClient *client;
  KrHubStream *stream;         /* the hub's end */
  GCancellable *cancellable;   /* of the hub's method */
  GString *log;
} Fixture;

static void
count (KrHubInvocation *invocation, gpointer data)
{
  g_autoptr (KrHubStream) stream = kr_hub_invocation_open_stream (invocation);
  GVariant *arguments = kr_hub_invocation_get_arguments (invocation, NULL);
  gint n;

  g_variant_get (arguments, "(i)", &n);
  for (gint i = 0; i < n; i++)
    g_assert_true (kr_hub_stream_write (stream, g_variant_new_int32 (i), NULL));
  kr_hub_stream_complete (stream);
}

static void
hold (KrHubInvocation *invocation, gpointer data)
{
  Fixture *f = data;

  f->stream = kr_hub_invocation_open_stream (invocation);
  g_set_object (&f->cancellable, kr_hub_invocation_get_cancellable (invocation));
}

static void
set_up (Fixture *f, gconstpointer data)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (KrHubClock) clock = kr_hub_clock_new (NULL);

  f->server = kr_hub_server_new (clock);
  kr_hub_server_add_stream_method (f->server, "Count", "(i)", "i", count, f, NULL);
  kr_hub_server_add_stream_method (f->server, "Hold", "()", "s", hold, f, NULL);
  f->connector = kr_test_connector_new (f->server);
  f->client = g_object_new (KR_HUB_TYPE_CLIENT, "clock", clock, "connector", f->connector, NULL);
  f->log = g_string_new (NULL);
  kr_hub_client_start_async (f->client, NULL, kr_test_store_result, &result);
  kr_test_wait_result ("start", &result);
  g_assert_true (kr_hub_client_start_finish (f->client, result, NULL));
}

static gboolean
server_is_empty (gpointer data)
{
  return kr_hub_server_get_n_connections (data) == 0;
}

static void
tear_down (Fixture *f, gconstpointer data)
{
  g_assert_finalize_object (f->client);
  kr_test_wait ("the connection's end", server_is_empty, f->server);
  g_clear_object (&f->stream);
  g_clear_object (&f->cancellable);
  g_assert_finalize_object (f->connector);
  g_assert_finalize_object (f->server);
  g_string_free (f->log, TRUE);
}

static void
on_items_changed (GListModel *model, guint position, guint removed, guint added, gpointer data)
{
  g_string_append_printf (data, "%u-%u+%u;", position, removed, added);
}

static KrHubStreamModel *
new_model (Fixture *f, const char *target, GVariant *arguments, const GVariantType *type, guint max_items)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (KrHubStream) stream = kr_hub_client_stream (f->client, target, arguments, NULL, type, &error);
  KrHubStreamModel *model;

  g_assert_no_error (error);
  model = kr_hub_stream_model_new (stream, max_items);
  g_signal_connect (model, "items-changed", G_CALLBACK (on_items_changed), f->log);
  return model;
}

static gboolean
is_ended (gpointer model)
{
  return kr_hub_stream_model_is_ended (model);
}

static void
assert_item (KrHubStreamModel *model, guint position, gint value)
{
  g_autoptr (KrHubStreamItem) item = g_list_model_get_item (G_LIST_MODEL (model), position);

  g_assert_nonnull (item);
  g_assert_cmpint (g_variant_get_int32 (kr_hub_stream_item_get_value (item)), ==, value);
  g_assert_cmpuint (kr_hub_stream_item_get_number (item), ==, value);
}

static void
test_grows (Fixture *f, gconstpointer data)
{
  g_autoptr (KrHubStreamModel) model = new_model (f, "Count", g_variant_new ("(i)", 1000), G_VARIANT_TYPE_INT32, 0);

  g_assert_true (g_list_model_get_item_type (G_LIST_MODEL (model)) == KR_HUB_TYPE_STREAM_ITEM);
  g_assert_cmpuint (g_list_model_get_n_items (G_LIST_MODEL (model)), ==, 0);
  g_assert_false (kr_hub_stream_model_is_ended (model));
  kr_test_wait ("the end", is_ended, model);
  g_assert_null (kr_hub_stream_model_get_error (model));
  g_assert_cmpuint (g_list_model_get_n_items (G_LIST_MODEL (model)), ==, 1000);
  for (guint i = 0; i < 1000; i++)
    assert_item (model, i, i);
  g_assert_null (g_list_model_get_item (G_LIST_MODEL (model), 1000));
  /* What arrived together was announced together. */
  g_assert_cmpuint (f->log->len, <, 1000 * strlen ("0-0+1;") / 2);
}

static void
test_bounded (Fixture *f, gconstpointer data)
{
  g_autoptr (KrHubStreamModel) model = new_model (f, "Count", g_variant_new ("(i)", 1000), G_VARIANT_TYPE_INT32, 7);
  guint max_items;

  g_object_get (model, "max-items", &max_items, NULL);
  g_assert_cmpuint (max_items, ==, 7);
  kr_test_wait ("the end", is_ended, model);
  g_assert_cmpuint (g_list_model_get_n_items (G_LIST_MODEL (model)), ==, 7);
  for (guint i = 0; i < 7; i++)
    assert_item (model, i, 993 + i);
}

static gboolean
has_two (gpointer model)
{
  return g_list_model_get_n_items (model) == 2;
}

static gboolean
method_runs (gpointer data)
{
  return ((Fixture *) data)->stream != NULL;
}

static void
test_changes (Fixture *f, gconstpointer data)
{
  g_autoptr (KrHubStreamModel) model = new_model (f, "Hold", NULL, NULL, 2);
  g_autoptr (KrHubStreamItem) item = NULL;
  g_autoptr (GVariant) value = NULL;

  kr_test_wait ("the method", method_runs, f);
  g_assert_true (kr_hub_stream_write_string (f->stream, "one", NULL));
  g_assert_true (kr_hub_stream_write_string (f->stream, "two", NULL));
  kr_test_wait ("two items", has_two, model);
  g_string_truncate (f->log, 0);
  g_assert_true (kr_hub_stream_write_string (f->stream, "three", NULL));
  kr_hub_stream_complete (f->stream);
  kr_test_wait ("the end", is_ended, model);
  g_assert_cmpstr (f->log->str, ==, "0-1+0;1-0+1;");
  item = g_list_model_get_item (G_LIST_MODEL (model), 1);
  value = g_variant_get_variant (kr_hub_stream_item_get_value (item));
  g_assert_cmpstr (g_variant_get_string (value, NULL), ==, "three");
}

static void
on_notify (GObject *object, GParamSpec *pspec, gpointer data)
{
  g_string_append_printf (data, "%s;", pspec->name);
}

static void
test_fails (Fixture *f, gconstpointer data)
{
  g_autoptr (KrHubStreamModel) model = new_model (f, "Nope", NULL, NULL, 0);

  g_signal_connect (model, "notify", G_CALLBACK (on_notify), f->log);
  kr_test_wait ("the end", is_ended, model);
  g_assert_error (kr_hub_stream_model_get_error (model), KR_HUB_ERROR, KR_HUB_ERROR_FAILED);
  g_assert_cmpstr (f->log->str, ==, "error;ended;");
}

static gboolean
method_is_cancelled (gpointer data)
{
  return g_cancellable_is_cancelled (((Fixture *) data)->cancellable);
}

static void
test_given_up (Fixture *f, gconstpointer data)
{
  KrHubStreamModel *model = new_model (f, "Hold", NULL, NULL, 0);

  kr_test_wait ("the method", method_runs, f);
  g_assert_finalize_object (model);
  kr_test_wait ("the cancellation", method_is_cancelled, f);
}

static void
test_closed (Fixture *f, gconstpointer data)
{
  g_autoptr (KrHubStreamModel) model = new_model (f, "Hold", NULL, NULL, 0);

  kr_test_wait ("the method", method_runs, f);
  g_assert_true (kr_hub_stream_write_string (f->stream, "one", NULL));
  g_assert_true (kr_hub_stream_write_string (f->stream, "two", NULL));
  kr_test_wait ("two items", has_two, model);
  kr_hub_stream_model_close (model);
  kr_hub_stream_model_close (model);
  g_assert_true (kr_hub_stream_model_is_ended (model));
  g_assert_null (kr_hub_stream_model_get_error (model));
  g_assert_cmpuint (g_list_model_get_n_items (G_LIST_MODEL (model)), ==, 2);
  kr_test_wait ("the cancellation", method_is_cancelled, f);
}

/* The connection is gone, and so is the stream. */
static void
test_cut (Fixture *f, gconstpointer data)
{
  g_autoptr (KrHubStreamModel) model = new_model (f, "Hold", NULL, NULL, 0);

  kr_test_wait ("the method", method_runs, f);
  kr_hub_transport_abort (KR_HUB_TRANSPORT (f->connector->last));
  kr_test_wait ("the end", is_ended, model);
  g_assert_nonnull (kr_hub_stream_model_get_error (model));
}

#define ADD(path, func) g_test_add ("/stream-model/" path, Fixture, NULL, set_up, func, tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("grows", test_grows);
  ADD ("bounded", test_bounded);
  ADD ("changes", test_changes);
  ADD ("fails", test_fails);
  ADD ("given-up", test_given_up);
  ADD ("closed", test_closed);
  ADD ("cut", test_cut);
  return g_test_run ();
}
