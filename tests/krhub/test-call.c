/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* KrHubCall: where and when its callback runs, what its caller can ask it, and when its memory is used again. */
#include "config.h"

#include "kr-hub-call-private.h"
#include "kr-hub-json-protocol.h"
#include "kr-test.h"

typedef struct
{
  KrHubCallPool pool;
  GObject *source;
  KrHubCall *call;
  guint n_callbacks;
  GAsyncResult *result;       /* the callback's, no reference */
  KrHubSlice taken;
  GMainContext *context;      /* the thread-default one in the callback */
} Fixture;

static void
called (GObject *source, GAsyncResult *result, gpointer data)
{
  Fixture *f = data;

  g_assert_true (source == f->source);
  f->n_callbacks++;
  f->result = result;
  f->context = g_main_context_get_thread_default ();
}

static void
set_up (Fixture *f, gconstpointer data)
{
  f->source = g_object_new (G_TYPE_OBJECT, NULL);
  f->call = kr_hub_call_new (&f->pool, f->source, set_up, G_VARIANT_TYPE_INT32, NULL, called, f);
}

static void
tear_down (Fixture *f, gconstpointer data)
{
  if (f->call != NULL)
    kr_hub_call_release (f->call, &f->pool);
  kr_hub_call_pool_clear (&f->pool);
  g_assert_finalize_object (f->source);
}

/* --- where and when --- */

static gboolean
answer (gpointer data)
{
  Fixture *f = data;

  kr_hub_call_answer (f->call, g_variant_ref_sink (g_variant_new_int32 (7)), NULL);
  /* Counted by ten what had happened when this returned. */
  f->n_callbacks *= 10;
  return G_SOURCE_REMOVE;
}

static void
answer_in_dispatch (Fixture *f)
{
  g_idle_add (answer, f);
  while (g_main_context_iteration (NULL, FALSE))
    ;
}

static void
test_direct (Fixture *f, gconstpointer data)
{
  answer_in_dispatch (f);
  g_assert_cmpuint (f->n_callbacks, ==, 10);
  g_assert_null (f->context);
}

static void
test_outside (Fixture *f, gconstpointer data)
{
  answer (f);
  g_assert_cmpuint (f->n_callbacks, ==, 0);
  g_assert_true (g_main_context_iteration (NULL, FALSE));
  g_assert_cmpuint (f->n_callbacks, ==, 1);
}

static void
test_starting (Fixture *f, gconstpointer data)
{
  f->call->starting = TRUE;
  answer_in_dispatch (f);
  g_assert_cmpuint (f->n_callbacks, ==, 1);
}

static void
test_other_context (Fixture *f, gconstpointer data)
{
  g_autoptr (GMainContext) other = g_main_context_new ();

  kr_hub_call_release (f->call, &f->pool);
  g_main_context_push_thread_default (other);
  f->call = kr_hub_call_new (&f->pool, f->source, NULL, NULL, NULL, called, f);
  g_main_context_pop_thread_default (other);
  answer_in_dispatch (f);
  g_assert_cmpuint (f->n_callbacks, ==, 0);
  g_assert_true (g_main_context_iteration (other, FALSE));
  g_assert_cmpuint (f->n_callbacks, ==, 1);
  g_assert_true (f->context == other);
}

static gboolean
fail (gpointer data)
{
  Fixture *f = data;

  kr_hub_call_fail (f->call, g_error_new_literal (G_IO_ERROR, G_IO_ERROR_CLOSED, "over"));
  g_assert_cmpuint (f->n_callbacks, ==, 0);
  return G_SOURCE_REMOVE;
}

static void
test_failure (Fixture *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  g_idle_add (fail, f);
  while (g_main_context_iteration (NULL, FALSE))
    ;
  g_assert_cmpuint (f->n_callbacks, ==, 1);
  g_assert_null (kr_hub_call_propagate (f->result, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CLOSED);
}

static void
test_no_callback (Fixture *f, gconstpointer data)
{
  f->call->callback = NULL;
  answer_in_dispatch (f);
  g_assert_cmpuint (f->n_callbacks, ==, 0);
}

/* --- what the caller can ask --- */

static void
test_result (Fixture *f, gconstpointer data)
{
  g_autoptr (GVariant) value = NULL;
  g_autoptr (GObject) source = NULL;

  answer_in_dispatch (f);
  source = g_async_result_get_source_object (f->result);
  g_assert_true (source == f->source);
  g_assert_true (g_async_result_get_user_data (f->result) == f);
  g_assert_true (g_async_result_is_tagged (f->result, set_up));
  g_assert_false (g_async_result_is_tagged (f->result, tear_down));
  g_assert_true (kr_hub_call_is_valid (f->result, f->source, set_up));
  g_assert_false (kr_hub_call_is_valid (f->result, f->call, set_up));
  g_assert_false (kr_hub_call_is_valid (f->result, f->source, tear_down));
  value = kr_hub_call_propagate (f->result, NULL);
  g_assert_cmpint (g_variant_get_int32 (value), ==, 7);
  /* Once only, as with a GTask. */
  g_assert_null (kr_hub_call_propagate (f->result, NULL));
}

static void
test_foreign_result (Fixture *f, gconstpointer data)
{
  g_autoptr (GTask) task = g_task_new (f->source, NULL, NULL, NULL);

  g_assert_false (kr_hub_call_is_valid (G_ASYNC_RESULT (task), f->source, NULL));
}

static void
test_type (Fixture *f, gconstpointer data)
{
  const char *long_type = "(sssssssssssssssssssssssss)";

  g_assert_true (g_variant_type_equal (kr_hub_call_get_result_type (f->call), G_VARIANT_TYPE_INT32));
  kr_hub_call_release (f->call, &f->pool);
  f->call = kr_hub_call_new (&f->pool, f->source, NULL, G_VARIANT_TYPE (long_type), NULL, NULL, NULL);
  g_assert_true (g_variant_type_equal (kr_hub_call_get_result_type (f->call), G_VARIANT_TYPE (long_type)));
  kr_hub_call_release (f->call, &f->pool);
  f->call = kr_hub_call_new (&f->pool, f->source, NULL, NULL, NULL, NULL, NULL);
  g_assert_null (kr_hub_call_get_result_type (f->call));
}

/* --- results that the caller decodes --- */

static const char message[] = "\"text\"";

static gboolean
answer_encoded (gpointer data)
{
  Fixture *f = data;
  const KrHubSlice value = { message, 6 };

  kr_hub_call_answer_encoded (f->call, kr_hub_json_protocol_get_default (), &value);
  return G_SOURCE_REMOVE;
}

static void
take (GObject *source, GAsyncResult *result, gpointer data)
{
  Fixture *f = data;
  KrHubProtocol *protocol;

  g_assert_true (kr_hub_call_take_encoded (result, &protocol, &f->taken, NULL));
  g_assert_true (protocol == kr_hub_json_protocol_get_default ());
  g_assert_cmpmem (f->taken.data, f->taken.len, message, 6);
  f->n_callbacks++;
}

static void
test_borrowed (Fixture *f, gconstpointer data)
{
  f->call->callback = take;
  g_idle_add (answer_encoded, f);
  g_assert_true (g_main_context_iteration (NULL, FALSE));
  g_assert_cmpuint (f->n_callbacks, ==, 1);
  g_assert_true (f->taken.data == message);
}

static void
test_copied (Fixture *f, gconstpointer data)
{
  f->call->callback = take;
  answer_encoded (f);
  g_assert_cmpuint (f->n_callbacks, ==, 0);
  g_assert_true (g_main_context_iteration (NULL, FALSE));
  g_assert_cmpuint (f->n_callbacks, ==, 1);
  g_assert_true (f->taken.data != message);
}

static void
test_taken_later (Fixture *f, gconstpointer data)
{
  g_idle_add (answer_encoded, f);
  g_assert_true (g_main_context_iteration (NULL, FALSE));
  g_assert_cmpuint (f->n_callbacks, ==, 1);
  take (f->source, f->result, f);
  g_assert_true (f->taken.data != message);
}

static void
keep_and_take (GObject *source, GAsyncResult *result, gpointer data)
{
  kr_hub_call_keep_encoded (((Fixture *) data)->call);
  take (source, result, data);
}

static void
test_kept (Fixture *f, gconstpointer data)
{
  f->call->callback = keep_and_take;
  g_idle_add (answer_encoded, f);
  g_assert_true (g_main_context_iteration (NULL, FALSE));
  g_assert_true (f->taken.data != message);
  /* Harmless when there is nothing to keep. */
  kr_hub_call_keep_encoded (f->call);
}

/* --- reuse --- */

static void
test_reuse (Fixture *f, gconstpointer data)
{
  KrHubCall *first = f->call;
  g_autoptr (GVariant) value = NULL;

  answer_in_dispatch (f);
  kr_hub_call_release (f->call, &f->pool);
  g_assert_cmpuint (f->pool.n, ==, 1);
  f->call = kr_hub_call_new (&f->pool, f->source, NULL, NULL, NULL, called, f);
  g_assert_true (f->call == first);
  g_assert_cmpuint (f->pool.n, ==, 0);
  /* Nothing of the first use is left. */
  g_assert_null (kr_hub_call_get_result_type (f->call));
  g_assert_null (kr_hub_call_propagate (G_ASYNC_RESULT (f->call), NULL));
}

static void
test_held (Fixture *f, gconstpointer data)
{
  g_autoptr (GAsyncResult) held = NULL;
  g_autoptr (GVariant) value = NULL;

  answer_in_dispatch (f);
  held = g_object_ref (f->result);
  kr_hub_call_release (g_steal_pointer (&f->call), &f->pool);
  g_assert_cmpuint (f->pool.n, ==, 0);
  value = kr_hub_call_propagate (held, NULL);
  g_assert_cmpint (g_variant_get_int32 (value), ==, 7);
}

/* Who watches the object hears of its end, which must come then. */
static void
test_watched (Fixture *f, gconstpointer data)
{
  gpointer weak = f->call;

  g_object_add_weak_pointer (G_OBJECT (f->call), &weak);
  kr_hub_call_release (g_steal_pointer (&f->call), &f->pool);
  g_assert_null (weak);
  g_assert_cmpuint (f->pool.n, ==, 0);
}

static void
test_cancellable (Fixture *f, gconstpointer data)
{
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();

  kr_hub_call_release (f->call, &f->pool);
  f->call = kr_hub_call_new (&f->pool, f->source, NULL, NULL, cancellable, called, f);
  kr_hub_call_release (g_steal_pointer (&f->call), &f->pool);
  g_assert_cmpuint (f->pool.n, ==, 0);
}

static void
test_limit (Fixture *f, gconstpointer data)
{
  KrHubCall *calls[100];

  for (guint i = 0; i < G_N_ELEMENTS (calls); i++)
    calls[i] = kr_hub_call_new (&f->pool, f->source, NULL, NULL, NULL, NULL, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (calls); i++)
    kr_hub_call_release (calls[i], &f->pool);
  g_assert_cmpuint (f->pool.n, ==, 32);
}

#define ADD(path, func) g_test_add ("/call/" path, Fixture, NULL, set_up, func, tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("direct", test_direct);
  ADD ("outside", test_outside);
  ADD ("starting", test_starting);
  ADD ("other-context", test_other_context);
  ADD ("failure", test_failure);
  ADD ("no-callback", test_no_callback);
  ADD ("result", test_result);
  ADD ("foreign-result", test_foreign_result);
  ADD ("type", test_type);
  ADD ("borrowed", test_borrowed);
  ADD ("copied", test_copied);
  ADD ("taken-later", test_taken_later);
  ADD ("kept", test_kept);
  ADD ("reuse", test_reuse);
  ADD ("held", test_held);
  ADD ("watched", test_watched);
  ADD ("cancellable", test_cancellable);
  ADD ("limit", test_limit);
  return g_test_run ();
}
