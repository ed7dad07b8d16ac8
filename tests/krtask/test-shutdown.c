/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* Tests of the end of a manager, and of owners that never run. */
#include "manager-fixture.h"

static void
test_shutdown (ManagerFixture *f, gconstpointer data)
{
  KrTaskJob *running, *queued, *created;
  g_autoptr (KrTaskJob) late = kr_task_job_new ("late", NULL);
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GAsyncResult) second = NULL;
  g_autoptr (GError) error = NULL;

  kr_task_manager_set_max_concurrent (f->manager, 1);
  running = manager_fixture_submit (f, manager_fixture_new_job (f, "running", body_wait));
  kr_test_wait ("the body", manager_fixture_runs, f);
  queued = manager_fixture_submit (f, manager_fixture_new_job (f, "queued", body_note));
  created = manager_fixture_new_job (f, "created", body_note);
  kr_task_job_set_autostart (created, FALSE);
  manager_fixture_submit (f, created);
  kr_task_manager_shutdown_async (f->manager, -1, NULL, kr_test_store_result, &result);
  kr_task_manager_shutdown_async (f->manager, 0, NULL, kr_test_store_result, &second);
  g_assert_false (kr_task_manager_get_accepting (f->manager));
  kr_test_wait_result ("the shutdown", &result);
  kr_test_wait_result ("the second one", &second);
  g_assert_true (kr_task_manager_shutdown_finish (f->manager, result, &error));
  g_assert_true (kr_task_manager_shutdown_finish (f->manager, second, &error));
  g_assert_cmpint (kr_task_job_get_cancel_reason (running), ==, KR_TASK_CANCEL_REASON_SHUTDOWN);
  g_assert_cmpint (kr_task_job_get_state (queued), ==, KR_TASK_STATE_CANCELLED);
  g_assert_cmpint (kr_task_job_get_state (created), ==, KR_TASK_STATE_CANCELLED);
  kr_task_job_set_func (late, body_note, f, NULL);
  g_assert_false (kr_task_manager_submit (f->manager, late, &error));
  g_assert_error (error, KR_TASK_ERROR, KR_TASK_ERROR_SHUTTING_DOWN);
  g_assert_cmpint (f->n_runs, ==, 1);
}

static void
test_shutdown_grace (ManagerFixture *f, gconstpointer data)
{
  KrTaskJob *deaf, *held;
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;

  kr_task_manager_set_max_concurrent (f->manager, 2);
  deaf = manager_fixture_submit (f, manager_fixture_new_job (f, "deaf", body_deaf));
  held = manager_fixture_submit (f, manager_fixture_new_job (f, "held", body_held));
  while (g_atomic_int_get (&f->n_inside) < 2)
    g_thread_yield ();
  kr_task_manager_shutdown_async (f->manager, 1000, NULL, kr_test_store_result, &result);
  kr_test_wait_result ("the shutdown", &result);
  g_assert_false (kr_task_manager_shutdown_finish (f->manager, result, &error));
  g_assert_error (error, KR_TASK_ERROR, KR_TASK_ERROR_DETACHED);
  g_assert_cmpint (kr_task_job_get_state (deaf), ==, KR_TASK_STATE_CANCELLED);
  g_assert_true (kr_task_job_get_detached (deaf));
  /* what is held is not left half done, not even now */
  g_assert_cmpint (kr_task_job_get_state (held), ==, KR_TASK_STATE_RUNNING);
  g_atomic_int_set (&f->go, TRUE);
  kr_test_wait ("the held one", manager_fixture_all_finished, f);
}

static void
test_owner_never_runs (ManagerFixture *f, gconstpointer data)
{
  g_autoptr (GMainContext) context = g_main_context_new ();
  g_autoptr (KrTaskManager) manager = kr_task_manager_new (context);

  for (guint i = 0; i < 1000; i++)
    {
      KrTaskJob *job = manager_fixture_new_job (f, "x", body_note);

      kr_task_progress_set (kr_task_job_get_progress (job), 0.5, "half");
      g_assert_true (kr_task_manager_submit (manager, job, NULL));
    }
  kr_test_wait ("all bodies", manager_fixture_all_finished, f);
  g_assert_cmpuint (g_list_model_get_n_items (G_LIST_MODEL (manager)), ==, 0);
  while (g_main_context_iteration (context, FALSE))
    ;
  g_assert_cmpuint (g_list_model_get_n_items (G_LIST_MODEL (manager)), ==, 100);
}

#define ADD(path, data, func) \
  g_test_add ("/manager/" path, ManagerFixture, data, manager_fixture_set_up, func, manager_fixture_tear_down)

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  ADD ("shutdown", NULL, test_shutdown);
  ADD ("shutdown/grace", NULL, test_shutdown_grace);
  ADD ("owner-never-runs", NULL, test_owner_never_runs);
  return g_test_run ();
}
