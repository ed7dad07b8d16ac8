/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* Tests of one job at a time: running, cancelling, holding, and how each of them ends. */
#include <glib/gstdio.h>

#include <kr-test.h>
#include <krtask.h>

typedef struct
{
  KrTaskManager *manager;
  KrTaskJob *job;
  GString *events; /* what the signals said, in order */
  int n_runs;      /* atomic */
  int entered;     /* atomic: the body has begun */
  int go;          /* atomic: the body may go on */
  int freed;       /* atomic: how often the body's data was freed */
} Fixture;

static gboolean
is_set (gpointer data)
{
  return g_atomic_int_get ((int *) data) != 0;
}

static gboolean
is_terminal (gpointer data)
{
  return kr_task_state_is_terminal (kr_task_job_get_state (data));
}

static void
on_state_changed (KrTaskJob *job, KrTaskState old_state, KrTaskState new_state, gpointer user_data)
{
  Fixture *f = user_data;

  g_string_append_printf (f->events, "%s-%s ", kr_task_state_to_string (old_state), kr_task_state_to_string (new_state));
}

static void
on_finished (KrTaskJob *job, gpointer user_data)
{
  Fixture *f = user_data;

  g_assert_true (is_terminal (job));
  g_string_append (f->events, "finished ");
}

static void
count_free (gpointer data)
{
  g_atomic_int_inc (&((Fixture *) data)->freed);
}

static void
set_up (Fixture *f, gconstpointer data)
{
  f->manager = kr_task_manager_new (NULL);
  f->job = kr_task_job_new ("test", "A test");
  f->events = g_string_new (NULL);
  g_signal_connect (f->job, "state-changed", G_CALLBACK (on_state_changed), f);
  g_signal_connect (f->job, "finished", G_CALLBACK (on_finished), f);
}

static gboolean
is_gone (gpointer data)
{
  g_autoptr (GObject) object = g_weak_ref_get (data);

  return object == NULL;
}

/* Nothing outlives the test; a thread of the pool may be the last to let go. */
static void
tear_down (Fixture *f, gconstpointer data)
{
  GWeakRef manager, job;

  g_signal_handlers_disconnect_by_data (f->job, f);
  g_weak_ref_init (&manager, f->manager);
  g_weak_ref_init (&job, f->job);
  g_clear_object (&f->job);
  g_clear_object (&f->manager);
  kr_test_wait ("the end of the manager", is_gone, &manager);
  kr_test_wait ("the end of the job object", is_gone, &job);
  g_weak_ref_clear (&manager);
  g_weak_ref_clear (&job);
  g_string_free (f->events, TRUE);
}

static void
run_to_end (Fixture *f)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;

  kr_task_job_wait_async (f->job, NULL, kr_test_store_result, &result);
  kr_test_wait_result ("the end of the job", &result);
  g_assert_true (kr_task_job_wait_finish (f->job, result, &error));
  g_assert_no_error (error);
}

static void
submit (Fixture *f)
{
  g_autoptr (GError) error = NULL;

  g_assert_true (kr_task_manager_submit (f->manager, f->job, &error));
  g_assert_no_error (error);
}

/* --- bodies */

static GVariant *
body_value (KrTaskJob *job, GCancellable *cancellable, gpointer user_data, GError **error)
{
  Fixture *f = user_data;

  g_atomic_int_inc (&f->n_runs);
  return g_variant_new_int32 (42);
}

static GVariant *
body_error (KrTaskJob *job, GCancellable *cancellable, gpointer user_data, GError **error)
{
  g_set_error (error, G_IO_ERROR, GPOINTER_TO_INT (user_data), "what the body said");
  return NULL;
}

static GVariant *
body_sleep (KrTaskJob *job, GCancellable *cancellable, gpointer user_data, GError **error)
{
  Fixture *f = user_data;

  g_atomic_int_set (&f->entered, TRUE);
  g_assert_false (kr_task_job_sleep (job, -1));
  g_assert_true (kr_task_job_is_cancelled (job));
  return g_variant_new_string ("too late");
}

/* Waits where no cancel reaches it, then returns a value. */
static GVariant *
body_stubborn (KrTaskJob *job, GCancellable *cancellable, gpointer user_data, GError **error)
{
  Fixture *f = user_data;

  g_atomic_int_set (&f->entered, TRUE);
  while (!g_atomic_int_get (&f->go))
    g_usleep (200);
  return g_variant_new_string ("late");
}

static GVariant *
body_late_error (KrTaskJob *job, GCancellable *cancellable, gpointer user_data, GError **error)
{
  Fixture *f = user_data;

  g_atomic_int_set (&f->entered, TRUE);
  kr_task_job_sleep (job, -1);
  g_set_error (error, G_IO_ERROR, G_IO_ERROR_NO_SPACE, "no space for the cleanup");
  return NULL;
}

static GVariant *
body_hold (KrTaskJob *job, GCancellable *cancellable, gpointer user_data, GError **error)
{
  Fixture *f = user_data;

  g_assert_true (kr_task_job_hold (job));
  g_assert_true (kr_task_job_hold (job));
  g_atomic_int_set (&f->entered, TRUE);
  while (!g_atomic_int_get (&f->go))
    g_usleep (200);
  kr_task_job_release (job);
  g_assert_false (kr_task_job_is_cancelled (job));
  kr_task_job_release (job);
  return g_variant_new_boolean (kr_task_job_is_cancelled (job));
}

static void
on_cancelled (GCancellable *cancellable, gpointer user_data)
{
  g_atomic_pointer_set ((GThread **) user_data, g_thread_self ());
}

typedef struct
{
  Fixture *f;
  GThread *fired_in;
} CancellableData;

static GVariant *
body_cancellable (KrTaskJob *job, GCancellable *cancellable, gpointer user_data, GError **error)
{
  CancellableData *data = user_data;
  gulong id = g_cancellable_connect (cancellable, G_CALLBACK (on_cancelled), &data->fired_in, NULL);
  GPollFD fd;

  g_assert_true (g_cancellable_make_pollfd (cancellable, &fd));
  g_atomic_int_set (&data->f->entered, TRUE);
  g_poll (&fd, 1, -1);
  g_cancellable_release_fd (cancellable);
  g_cancellable_disconnect (cancellable, id);
  g_cancellable_set_error_if_cancelled (cancellable, error);
  return NULL;
}

/* The thread that ran the body frees its data after the job has finished. */
static gboolean
is_freed (gpointer data)
{
  return g_atomic_int_get (&((Fixture *) data)->freed) == 1;
}

static void
wait_freed (Fixture *f)
{
  kr_test_wait ("the end of the body's data", is_freed, f);
}

/* --- tests */

static void
test_completed (Fixture *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) result = NULL;

  kr_task_job_set_func (f->job, body_value, f, count_free);
  g_assert_cmpint (kr_task_job_get_state (f->job), ==, KR_TASK_STATE_CREATED);
  submit (f);
  g_assert_cmpstr (f->events->str, ==, "");
  run_to_end (f);
  g_assert_cmpstr (f->events->str, ==, "created-queued queued-running running-completed finished ");
  result = kr_task_job_dup_result (f->job, &error);
  g_assert_no_error (error);
  g_assert_cmpint (g_variant_get_int32 (result), ==, 42);
  g_assert_cmpint (f->n_runs, ==, 1);
  wait_freed (f);
  g_assert_cmpint (kr_task_job_get_finished_at (f->job), >=, kr_task_job_get_started_at (f->job));
  g_assert_cmpint (kr_task_job_get_started_at (f->job), >=, kr_task_job_get_created_at (f->job));
  g_assert_false (kr_task_job_cancel (f->job, KR_TASK_CANCEL_REASON_USER, NULL, KR_TASK_CANCEL_NONE, &error));
  g_assert_error (error, KR_TASK_ERROR, KR_TASK_ERROR_ALREADY_FINISHED);
}

static void
test_failed (Fixture *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  /* its own timeout is a failure like any other: nobody set a deadline */
  kr_task_job_set_func (f->job, body_error, GINT_TO_POINTER (G_IO_ERROR_TIMED_OUT), NULL);
  submit (f);
  run_to_end (f);
  g_assert_cmpint (kr_task_job_get_state (f->job), ==, KR_TASK_STATE_FAILED);
  g_assert_null (kr_task_job_dup_result (f->job, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_TIMED_OUT);
  g_assert_cmpstr (error->message, ==, "what the body said");
}

static void
test_gives_up (Fixture *f, gconstpointer data)
{
  kr_task_job_set_func (f->job, body_error, GINT_TO_POINTER (G_IO_ERROR_CANCELLED), NULL);
  submit (f);
  run_to_end (f);
  g_assert_cmpint (kr_task_job_get_state (f->job), ==, KR_TASK_STATE_CANCELLED);
  g_assert_cmpint (kr_task_job_get_cancel_reason (f->job), ==, KR_TASK_CANCEL_REASON_SELF);
}

static void
test_not_finished (Fixture *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) status = NULL;

  kr_task_job_set_func (f->job, body_stubborn, f, NULL);
  submit (f);
  kr_test_wait ("the body", is_set, &f->entered);
  g_assert_null (kr_task_job_dup_result (f->job, &error));
  g_assert_error (error, KR_TASK_ERROR, KR_TASK_ERROR_NOT_FINISHED);
  status = kr_task_job_dup_status (f->job);
  g_assert_null (g_variant_lookup_value (status, "result", NULL));
  g_assert_null (g_variant_lookup_value (status, "error", NULL));
  g_atomic_int_set (&f->go, TRUE);
  run_to_end (f);
}

static void
test_cancel_created (Fixture *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  kr_task_job_set_func (f->job, body_value, f, count_free);
  g_assert_true (kr_task_job_cancel (f->job, KR_TASK_CANCEL_REASON_USER, "not needed", KR_TASK_CANCEL_NONE, &error));
  g_assert_cmpstr (f->events->str, ==, "created-cancelled finished ");
  wait_freed (f);
  g_assert_false (kr_task_manager_submit (f->manager, f->job, &error));
  g_assert_nonnull (error);
  g_assert_cmpint (f->n_runs, ==, 0);
}

static void
test_cancel_submitted (Fixture *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  kr_task_job_set_func (f->job, body_value, f, count_free);
  kr_task_job_set_autostart (f->job, FALSE);
  submit (f);
  g_assert_cmpint (kr_task_job_get_state (f->job), ==, KR_TASK_STATE_CREATED);
  g_assert_true (kr_task_job_cancel (f->job, KR_TASK_CANCEL_REASON_USER, "not needed", KR_TASK_CANCEL_NONE, &error));
  g_assert_cmpint (kr_task_job_get_state (f->job), ==, KR_TASK_STATE_CANCELLED);
  g_assert_cmpstr (f->events->str, ==, "");
  run_to_end (f);
  g_assert_cmpstr (f->events->str, ==, "created-cancelled finished ");
  g_assert_null (kr_task_job_dup_result (f->job, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_assert_cmpstr (error->message, ==, "not needed");
  g_clear_error (&error);
  g_assert_false (kr_task_job_start (f->job, &error));
  g_assert_error (error, KR_TASK_ERROR, KR_TASK_ERROR_ALREADY_CANCELLED);
  g_assert_cmpint (f->n_runs, ==, 0);
}

static void
test_cancel_queued (Fixture *f, gconstpointer data)
{
  g_autoptr (KrTaskJob) blocker = kr_task_job_new ("test", NULL);
  Fixture other = { 0 };

  kr_task_manager_set_max_concurrent (f->manager, 1);
  kr_task_job_set_func (blocker, body_stubborn, &other, NULL);
  g_assert_true (kr_task_manager_submit (f->manager, blocker, NULL));
  kr_test_wait ("the blocker", is_set, &other.entered);
  kr_task_job_set_func (f->job, body_value, f, NULL);
  submit (f);
  g_assert_cmpuint (kr_task_manager_get_n_queued (f->manager), ==, 1);
  g_assert_cmpint (kr_task_job_get_state (f->job), ==, KR_TASK_STATE_QUEUED);
  g_assert_true (kr_task_job_cancel (f->job, KR_TASK_CANCEL_REASON_USER, NULL, KR_TASK_CANCEL_NONE, NULL));
  g_assert_cmpuint (kr_task_manager_get_n_queued (f->manager), ==, 0);
  run_to_end (f);
  g_assert_cmpstr (f->events->str, ==, "created-queued queued-cancelled finished ");
  g_atomic_int_set (&other.go, TRUE);
  kr_test_wait ("the end of the blocker", is_terminal, blocker);
  g_assert_cmpint (f->n_runs, ==, 0);
}

static void
test_cancel_running (Fixture *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  kr_task_job_set_func (f->job, body_sleep, f, NULL);
  submit (f);
  kr_test_wait ("the body", is_set, &f->entered);
  g_assert_true (kr_task_job_cancel (f->job, KR_TASK_CANCEL_REASON_USER, NULL, KR_TASK_CANCEL_NONE, &error));
  g_assert_true (kr_task_job_is_cancelled (f->job));
  run_to_end (f);
  g_assert_cmpstr (f->events->str, ==,
                   "created-queued queued-running running-cancelling cancelling-cancelled finished ");
  /* a value that came too late is no result */
  g_assert_null (kr_task_job_dup_result (f->job, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_assert_null (kr_task_job_dup_cause (f->job));
}

static void
test_cancel_twice (Fixture *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  kr_task_job_set_func (f->job, body_stubborn, f, NULL);
  submit (f);
  kr_test_wait ("the body", is_set, &f->entered);
  g_assert_true (kr_task_job_cancel (f->job, KR_TASK_CANCEL_REASON_SUPERSEDED, NULL, KR_TASK_CANCEL_NONE, NULL));
  g_assert_cmpint (kr_task_job_get_state (f->job), ==, KR_TASK_STATE_CANCELLING);
  g_assert_false (kr_task_job_cancel (f->job, KR_TASK_CANCEL_REASON_USER, NULL, KR_TASK_CANCEL_NONE, &error));
  g_assert_error (error, KR_TASK_ERROR, KR_TASK_ERROR_ALREADY_CANCELLED);
  g_atomic_int_set (&f->go, TRUE);
  run_to_end (f);
  g_assert_cmpint (kr_task_job_get_cancel_reason (f->job), ==, KR_TASK_CANCEL_REASON_SUPERSEDED);
}

static void
test_late_error_is_cause (Fixture *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GError) cause = NULL;

  kr_task_job_set_func (f->job, body_late_error, f, NULL);
  submit (f);
  kr_test_wait ("the body", is_set, &f->entered);
  g_assert_true (kr_task_job_cancel (f->job, KR_TASK_CANCEL_REASON_USER, NULL, KR_TASK_CANCEL_NONE, NULL));
  run_to_end (f);
  g_assert_cmpint (kr_task_job_get_state (f->job), ==, KR_TASK_STATE_CANCELLED);
  g_assert_null (kr_task_job_dup_result (f->job, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  cause = kr_task_job_dup_cause (f->job);
  g_assert_error (cause, G_IO_ERROR, G_IO_ERROR_NO_SPACE);
}

/* Handlers of the body run in a thread of the pool: one that blocks must not block who cancels. */
static void
test_cancellable (Fixture *f, gconstpointer data)
{
  CancellableData body_data = { f, NULL };

  kr_task_job_set_func (f->job, body_cancellable, &body_data, NULL);
  submit (f);
  kr_test_wait ("the body", is_set, &f->entered);
  g_assert_true (kr_task_job_cancel (f->job, KR_TASK_CANCEL_REASON_USER, NULL, KR_TASK_CANCEL_NONE, NULL));
  run_to_end (f);
  g_assert_cmpint (kr_task_job_get_state (f->job), ==, KR_TASK_STATE_CANCELLED);
  g_assert_nonnull (body_data.fired_in);
  g_assert_true (body_data.fired_in != g_thread_self ());
}

static void
test_hold_refuses (Fixture *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) result = NULL;

  kr_task_job_set_func (f->job, body_hold, f, NULL);
  submit (f);
  kr_test_wait ("the body", is_set, &f->entered);
  g_assert_false (kr_task_job_get_cancellable (f->job));
  g_assert_false (kr_task_job_cancel (f->job, KR_TASK_CANCEL_REASON_USER, NULL, KR_TASK_CANCEL_NONE, &error));
  g_assert_error (error, KR_TASK_ERROR, KR_TASK_ERROR_NOT_CANCELLABLE);
  g_atomic_int_set (&f->go, TRUE);
  run_to_end (f);
  g_assert_cmpint (kr_task_job_get_state (f->job), ==, KR_TASK_STATE_COMPLETED);
  result = kr_task_job_dup_result (f->job, NULL);
  g_assert_false (g_variant_get_boolean (result));
}

static void
test_hold_defers (Fixture *f, gconstpointer data)
{
  KrTaskCancelReason reason = GPOINTER_TO_INT (data);
  g_autoptr (GError) error = NULL;

  kr_task_job_set_func (f->job, body_hold, f, NULL);
  submit (f);
  kr_test_wait ("the body", is_set, &f->entered);
  g_assert_false (kr_task_job_cancel (f->job, reason, NULL,
                                      reason == KR_TASK_CANCEL_REASON_USER ? KR_TASK_CANCEL_DEFER : KR_TASK_CANCEL_NONE,
                                      &error));
  g_assert_error (error, KR_TASK_ERROR, KR_TASK_ERROR_DEFERRED);
  g_assert_cmpint (kr_task_job_get_state (f->job), ==, KR_TASK_STATE_RUNNING);
  g_atomic_int_set (&f->go, TRUE);
  run_to_end (f);
  g_assert_cmpint (kr_task_job_get_state (f->job), ==, KR_TASK_STATE_CANCELLED);
  g_assert_cmpint (kr_task_job_get_cancel_reason (f->job), ==, reason);
}

static void
test_start_once (Fixture *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  kr_task_job_set_func (f->job, body_value, f, NULL);
  kr_task_job_set_autostart (f->job, FALSE);
  g_assert_false (kr_task_job_start (f->job, &error));
  g_assert_error (error, KR_TASK_ERROR, KR_TASK_ERROR_INVALID);
  g_clear_error (&error);
  submit (f);
  g_assert_true (kr_task_job_start (f->job, NULL));
  g_assert_false (kr_task_job_start (f->job, &error));
  g_assert_error (error, KR_TASK_ERROR, KR_TASK_ERROR_ALREADY_STARTED);
  run_to_end (f);
  g_assert_cmpint (f->n_runs, ==, 1);
}

/* An asynchronous body, which takes a turn of the main loop. */
static gboolean
complete (gpointer user_data)
{
  g_autoptr (GTask) task = user_data;

  if (!g_task_return_error_if_cancelled (task))
    g_task_return_int (task, 7);
  return G_SOURCE_REMOVE;
}

static void
begin (KrTaskJob *job, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer callback_data,
       gpointer user_data)
{
  Fixture *f = user_data;
  GTask *task = g_task_new (NULL, cancellable, callback, callback_data);

  g_atomic_int_inc (&f->n_runs);
  g_assert_true (g_main_context_is_owner (kr_task_manager_get_owner (f->manager)));
  g_idle_add (complete, task);
}

static GVariant *
finish (KrTaskJob *job, GAsyncResult *result, gpointer user_data, GError **error)
{
  gssize value = g_task_propagate_int (G_TASK (result), error);

  return value >= 0 ? g_variant_new_int32 (value) : NULL;
}

static void
test_async (Fixture *f, gconstpointer data)
{
  g_autoptr (GVariant) result = NULL;

  kr_task_job_set_async_func (f->job, begin, finish, f, count_free);
  submit (f);
  run_to_end (f);
  result = kr_task_job_dup_result (f->job, NULL);
  g_assert_cmpint (g_variant_get_int32 (result), ==, 7);
  g_assert_cmpint (f->n_runs, ==, 1);
  wait_freed (f);
  g_assert_cmpstr (f->events->str, ==, "created-queued queued-running running-completed finished ");
}

static void
test_async_cancelled_before (Fixture *f, gconstpointer data)
{
  kr_task_job_set_async_func (f->job, begin, finish, f, count_free);
  submit (f);
  g_assert_true (kr_task_job_cancel (f->job, KR_TASK_CANCEL_REASON_USER, NULL, KR_TASK_CANCEL_NONE, NULL));
  run_to_end (f);
  g_assert_cmpint (f->n_runs, ==, 0);
  wait_freed (f);
}

static void
test_wait_cancelled (Fixture *f, gconstpointer data)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GCancellable) wait_only = g_cancellable_new ();
  g_autoptr (GError) error = NULL;

  kr_task_job_set_func (f->job, body_stubborn, f, NULL);
  submit (f);
  kr_task_job_wait_async (f->job, wait_only, kr_test_store_result, &result);
  kr_test_wait ("the body", is_set, &f->entered);
  g_cancellable_cancel (wait_only);
  kr_test_wait_result ("the end of the wait", &result);
  g_assert_false (kr_task_job_wait_finish (f->job, result, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_assert_cmpint (kr_task_job_get_state (f->job), ==, KR_TASK_STATE_RUNNING);
  g_atomic_int_set (&f->go, TRUE);
  run_to_end (f);
  g_assert_cmpint (kr_task_job_get_state (f->job), ==, KR_TASK_STATE_COMPLETED);
}

static void
test_wait_after (Fixture *f, gconstpointer data)
{
  kr_task_job_set_func (f->job, body_value, f, NULL);
  submit (f);
  run_to_end (f);
  run_to_end (f);
}

static void
test_ids (Fixture *f, gconstpointer data)
{
  g_autoptr (KrTaskJob) other = kr_task_job_new ("test", NULL);
  g_autofree char *long_id = g_strnfill (129, 'x');
  g_autofree char *title = NULL;

  g_assert_cmpuint (strlen (kr_task_job_get_id (f->job)), ==, 32);
  g_assert_cmpstr (kr_task_job_get_id (f->job), !=, kr_task_job_get_id (other));
  title = kr_task_job_dup_title (other);
  g_assert_true (g_str_has_suffix (title, kr_task_job_get_id (other)));
  g_assert_false (kr_task_job_set_id (other, ""));
  g_assert_false (kr_task_job_set_id (other, "two words"));
  g_assert_false (kr_task_job_set_id (other, "ä"));
  g_assert_false (kr_task_job_set_id (other, long_id));
  g_assert_true (kr_task_job_set_id (other, long_id + 1));
  g_assert_cmpstr (kr_task_job_get_id (other), ==, long_id + 1);
}

static void
test_rename (Fixture *f, gconstpointer data)
{
  guint n_notified = 0;

  g_signal_connect_swapped (f->job, "notify::title", G_CALLBACK (g_atomic_int_inc), &n_notified);
  kr_task_job_set_title (f->job, "Before");
  g_assert_cmpuint (n_notified, ==, 1);
  kr_task_job_set_func (f->job, body_value, f, NULL);
  submit (f);
  kr_task_job_set_title (f->job, "In between");
  g_assert_cmpuint (n_notified, ==, 1);
  run_to_end (f);
  g_assert_cmpuint (n_notified, ==, 2);
  kr_task_job_set_title (f->job, "After");
  kr_test_wait_count ("the last name", &n_notified, 3);
  g_signal_handlers_disconnect_by_data (f->job, &n_notified);
}

static void
test_status (Fixture *f, gconstpointer data)
{
  g_autoptr (GVariant) status = NULL;
  g_autofree char *text = NULL;
  const char *state;
  gint64 finished_at;
  double fraction;

  kr_task_job_set_func (f->job, body_value, f, NULL);
  kr_task_progress_set (kr_task_job_get_progress (f->job), 0.25, "a quarter");
  submit (f);
  run_to_end (f);
  status = kr_task_job_dup_status (f->job);
  g_assert_true (g_variant_lookup (status, "state", "&s", &state));
  g_assert_cmpstr (state, ==, "completed");
  g_assert_true (g_variant_lookup (status, "finished-at", "x", &finished_at));
  g_assert_cmpint (finished_at, >, 0);
  /* an end does not move the progress */
  g_assert_true (g_variant_lookup (status, "progress", "d", &fraction));
  g_assert_cmpfloat (fraction, ==, 0.25);
  kr_task_progress_set (kr_task_job_get_progress (f->job), 1, "too late");
  g_assert_cmpfloat (kr_task_progress_get (kr_task_job_get_progress (f->job), &text), ==, 0.25);
  g_assert_cmpstr (text, ==, "a quarter");
}

/* --- subprocesses */

static void
test_subprocess (Fixture *f, gconstpointer data)
{
  const char *argv[] = { "sh", "-c", data, NULL };
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) result = NULL;

  kr_task_job_set_subprocess (f->job, argv, -1);
  submit (f);
  run_to_end (f);
  result = kr_task_job_dup_result (f->job, &error);
  if (g_str_equal (data, "exit 0"))
    g_assert_cmpint (g_variant_get_int32 (result), ==, 0);
  else
    g_assert_error (error, G_SPAWN_EXIT_ERROR, 3);
}

static void
test_subprocess_missing (Fixture *f, gconstpointer data)
{
  const char *argv[] = { "kr-there-is-no-such-program", NULL };
  g_autoptr (GError) error = NULL;

  kr_task_job_set_subprocess (f->job, argv, -1);
  submit (f);
  run_to_end (f);
  g_assert_null (kr_task_job_dup_result (f->job, &error));
  g_assert_error (error, G_SPAWN_ERROR, G_SPAWN_ERROR_NOENT);
}

static gboolean
file_exists (gpointer data)
{
  return g_file_test (data, G_FILE_TEST_EXISTS);
}

/* The second program ignores SIGTERM, so that only SIGKILL ends it. */
static void
test_subprocess_cancel (Fixture *f, gconstpointer data)
{
  g_autofree char *folder = g_dir_make_tmp ("kr-task-XXXXXX", NULL);
  g_autofree char *ready = g_build_filename (folder, "ready", NULL);
  g_autofree char *script = g_strdup_printf ("%s; : > %s; while :; do sleep 0.05; done", (const char *) data, ready);
  const char *argv[] = { "sh", "-c", script, NULL };
  g_autoptr (GError) cause = NULL;

  kr_task_job_set_subprocess (f->job, argv, 10 * G_TIME_SPAN_MILLISECOND);
  submit (f);
  kr_test_wait ("the program", file_exists, ready);
  g_assert_true (kr_task_job_cancel (f->job, KR_TASK_CANCEL_REASON_USER, NULL, KR_TASK_CANCEL_NONE, NULL));
  run_to_end (f);
  g_assert_cmpint (kr_task_job_get_state (f->job), ==, KR_TASK_STATE_CANCELLED);
  cause = kr_task_job_dup_cause (f->job);
  g_assert_error (cause, G_SPAWN_ERROR, G_SPAWN_ERROR_FAILED);
  if (g_str_has_prefix (data, "trap"))
    g_assert_nonnull (strstr (cause->message, "signal 9"));
  g_unlink (ready);
  g_rmdir (folder);
}

#define ADD(path, data, func) g_test_add ("/job/" path, Fixture, data, set_up, func, tear_down)

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  ADD ("completed", NULL, test_completed);
  ADD ("failed", NULL, test_failed);
  ADD ("gives-up", NULL, test_gives_up);
  ADD ("not-finished", NULL, test_not_finished);
  ADD ("cancel/created", NULL, test_cancel_created);
  ADD ("cancel/submitted", NULL, test_cancel_submitted);
  ADD ("cancel/queued", NULL, test_cancel_queued);
  ADD ("cancel/running", NULL, test_cancel_running);
  ADD ("cancel/twice", NULL, test_cancel_twice);
  ADD ("cancel/late-error-is-cause", NULL, test_late_error_is_cause);
  ADD ("cancel/cancellable", NULL, test_cancellable);
  ADD ("hold/refuses", NULL, test_hold_refuses);
  ADD ("hold/defers", GINT_TO_POINTER (KR_TASK_CANCEL_REASON_USER), test_hold_defers);
  ADD ("hold/remembers", GINT_TO_POINTER (KR_TASK_CANCEL_REASON_SHUTDOWN), test_hold_defers);
  ADD ("start-once", NULL, test_start_once);
  ADD ("async", NULL, test_async);
  ADD ("async/cancelled-before", NULL, test_async_cancelled_before);
  ADD ("wait/cancelled", NULL, test_wait_cancelled);
  ADD ("wait/after", NULL, test_wait_after);
  ADD ("program/success", "exit 0", test_subprocess);
  ADD ("program/failure", "exit 3", test_subprocess);
  ADD ("program/missing", NULL, test_subprocess_missing);
  ADD ("program/cancel", ":", test_subprocess_cancel);
  ADD ("program/kill", "trap '' TERM", test_subprocess_cancel);
  ADD ("ids", NULL, test_ids);
  ADD ("rename", NULL, test_rename);
  ADD ("status", NULL, test_status);
  return g_test_run ();
}
