/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* Tests of those who wait for jobs, and of cancellables that end the wait. */
#include "manager-fixture.h"

static gboolean
is_set (gpointer data)
{
  return g_atomic_int_get ((int *) data);
}

typedef struct
{
  GCancellable *cancellable;
  GWeakRef gone;
  int inside; /* atomic: a handler runs */
  int leave;  /* atomic: it may return */
  GThread *thread;
} SlowCancel;

static void
stay (GCancellable *cancellable, gpointer user_data)
{
  SlowCancel *slow = user_data;

  g_atomic_int_set (&slow->inside, TRUE);
  while (!g_atomic_int_get (&slow->leave))
    g_thread_yield ();
}

static gpointer
cancel_slowly (gpointer user_data)
{
  g_cancellable_cancel (((SlowCancel *) user_data)->cancellable);
  return NULL;
}

static void
slow_cancel_init (SlowCancel *slow)
{
  *slow = (SlowCancel) { .cancellable = g_cancellable_new () };
  g_weak_ref_init (&slow->gone, slow->cancellable);
}

/* When the handler runs, those of whoever waits with it already have run: what these have left is seen by LeakSanitizer. */
static void
slow_cancel_begin (SlowCancel *slow)
{
  g_signal_connect (slow->cancellable, "cancelled", G_CALLBACK (stay), slow);
  slow->thread = g_thread_new ("cancel", cancel_slowly, slow);
  kr_test_wait ("the handler", is_set, &slow->inside);
}

/* Whoever has waited with it has let go of it. */
static void
slow_cancel_end (SlowCancel *slow)
{
  g_autoptr (GObject) left = NULL;

  g_atomic_int_set (&slow->leave, TRUE);
  g_thread_join (slow->thread);
  g_object_unref (slow->cancellable);
  left = g_weak_ref_get (&slow->gone);
  g_assert_null (left);
  g_weak_ref_clear (&slow->gone);
}

/* The job ends while the handlers of the cancellable of the wait still run. */
static void
test_end_while_cancelled (ManagerFixture *f, gconstpointer data)
{
  KrTaskJob *job = manager_fixture_new_job (f, "x", body_deaf);
  GAsyncResult *result = NULL;
  SlowCancel slow;

  slow_cancel_init (&slow);
  manager_fixture_submit (f, job);
  kr_task_job_wait_async (job, slow.cancellable, kr_test_store_result, &result);
  slow_cancel_begin (&slow);
  g_atomic_int_set (&f->go, TRUE);
  while (!kr_task_state_is_terminal (kr_task_job_get_state (job)))
    g_thread_yield ();
  kr_test_wait_result ("the end of the wait", &result);
  g_clear_object (&result);
  slow_cancel_end (&slow);
}

static void
test_cancelled_before (ManagerFixture *f, gconstpointer data)
{
  KrTaskJob *job = manager_fixture_submit (f, manager_fixture_new_job (f, "x", body_wait));
  g_autoptr (GCancellable) wait_only = g_cancellable_new ();
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;

  g_cancellable_cancel (wait_only);
  kr_task_job_wait_async (job, wait_only, kr_test_store_result, &result);
  kr_test_wait_result ("the end of the wait", &result);
  g_assert_false (kr_task_job_wait_finish (job, result, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
}

/* Who no longer wants to wait for the shutdown does not: it goes on, and tells who does. */
static void
test_shutdown_cancelled (ManagerFixture *f, gconstpointer data)
{
  KrTaskJob *deaf = manager_fixture_submit (f, manager_fixture_new_job (f, "deaf", body_deaf));
  g_autoptr (GAsyncResult) first = NULL;
  g_autoptr (GError) error = NULL;
  GAsyncResult *second = NULL;
  SlowCancel slow;

  slow_cancel_init (&slow);
  kr_test_wait ("the body", manager_fixture_runs, f);
  kr_task_manager_shutdown_async (f->manager, -1, NULL, kr_test_store_result, &first);
  kr_task_manager_shutdown_async (f->manager, -1, slow.cancellable, kr_test_store_result, &second);
  g_atomic_int_set (&slow.leave, TRUE);
  slow_cancel_begin (&slow);
  kr_test_wait_result ("the end of the wait", &second);
  g_assert_false (kr_task_manager_shutdown_finish (f->manager, second, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_clear_object (&second);
  slow_cancel_end (&slow);
  g_assert_null (first);
  g_assert_cmpint (kr_task_job_get_state (deaf), ==, KR_TASK_STATE_CANCELLING);
  g_atomic_int_set (&f->go, TRUE);
  kr_test_wait_result ("the shutdown", &first);
  g_assert_true (kr_task_manager_shutdown_finish (f->manager, first, NULL));
}

#define ADD(path, func) \
  g_test_add ("/wait/" path, ManagerFixture, NULL, manager_fixture_set_up, func, manager_fixture_tear_down)

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  ADD ("end-while-cancelled", test_end_while_cancelled);
  ADD ("cancelled-before", test_cancelled_before);
  ADD ("shutdown/cancelled", test_shutdown_cancelled);
  return g_test_run ();
}
