/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* Tests of many jobs: the queue, its limits, keys and deadlines. */
#include "manager-fixture.h"

/* --- the queue */

static void
test_limit (ManagerFixture *f, gconstpointer data)
{
  kr_task_manager_set_max_concurrent (f->manager, 3);
  for (guint i = 0; i < 100; i++)
    manager_fixture_submit (f, manager_fixture_new_job (f, "x", body_short));
  kr_test_wait ("all jobs", manager_fixture_all_finished, f);
  g_assert_cmpint (f->n_most, ==, 3);
  g_assert_cmpint (f->n_runs, ==, 100);
}

static void
test_fifo_and_priority (ManagerFixture *f, gconstpointer data)
{
  static const int priorities[] = { 0, 5, -1, 5, 0, 9, -1 };

  manager_fixture_block (f);
  for (guint i = 0; i < G_N_ELEMENTS (priorities); i++)
    {
      char title[] = { 'a' + i, 0 };
      KrTaskJob *job = manager_fixture_new_job (f, title, body_note);

      kr_task_job_set_priority (job, priorities[i]);
      manager_fixture_submit (f, job);
    }
  g_assert_cmpuint (kr_task_manager_get_n_queued (f->manager), ==, G_N_ELEMENTS (priorities));
  g_assert_cmpuint (kr_task_job_get_position (g_ptr_array_index (f->jobs, 6)), ==, 1);
  g_assert_cmpuint (kr_task_job_get_position (g_ptr_array_index (f->jobs, 5)), ==, 5);
  g_assert_cmpuint (kr_task_job_get_position (g_ptr_array_index (f->jobs, 0)), ==, 0);
  g_atomic_int_set (&f->go, TRUE);
  kr_test_wait ("all jobs", manager_fixture_all_finished, f);
  g_assert_cmpstr (f->order->str, ==, "block f b d a e c g ");
}

static void
test_many_priorities (ManagerFixture *f, gconstpointer data)
{
  manager_fixture_block (f);
  for (guint i = 0; i < 100; i++)
    {
      KrTaskJob *job = manager_fixture_new_job (f, "x", body_note);

      kr_task_job_set_priority (job, g_test_rand_int_range (-50, 50));
      manager_fixture_submit (f, job);
      if (i % 3 == 0)
        g_assert_true (kr_task_job_cancel (job, KR_TASK_CANCEL_REASON_USER, NULL, KR_TASK_CANCEL_NONE, NULL));
    }
  g_atomic_int_set (&f->go, TRUE);
  kr_test_wait ("all jobs", manager_fixture_all_finished, f);
  g_assert_cmpint (f->n_runs, ==, 1 + 66);
}

static void
test_limit_changes (ManagerFixture *f, gconstpointer data)
{
  kr_task_manager_set_max_concurrent (f->manager, 4);
  for (guint i = 0; i < 8; i++)
    manager_fixture_submit (f, manager_fixture_new_job (f, "x", body_wait));
  while (kr_task_manager_get_n_running (f->manager) < 4)
    g_thread_yield ();
  /* what runs goes on, what waits stays */
  kr_task_manager_set_max_concurrent (f->manager, 2);
  g_assert_cmpuint (kr_task_manager_get_n_running (f->manager), ==, 4);
  g_assert_cmpuint (kr_task_manager_get_n_queued (f->manager), ==, 4);
  kr_task_manager_set_max_concurrent (f->manager, 8);
  while (kr_task_manager_get_n_running (f->manager) < 8)
    g_thread_yield ();
}

static void
test_queue_full (ManagerFixture *f, gconstpointer data)
{
  g_autoptr (KrTaskJob) surplus = kr_task_job_new ("test", "surplus");
  g_autoptr (GError) error = NULL;

  g_object_set (f->manager, "max-queued", 2, NULL);
  manager_fixture_block (f);
  manager_fixture_submit (f, manager_fixture_new_job (f, "x", body_note));
  manager_fixture_submit (f, manager_fixture_new_job (f, "x", body_note));
  kr_task_job_set_func (surplus, body_note, f, NULL);
  g_assert_false (kr_task_manager_submit (f->manager, surplus, &error));
  g_assert_error (error, KR_TASK_ERROR, KR_TASK_ERROR_QUEUE_FULL);
  g_assert_null (kr_task_manager_lookup (f->manager, kr_task_job_get_id (surplus)));
  g_atomic_int_set (&f->go, TRUE);
  kr_test_wait ("all jobs", manager_fixture_all_finished, f);
  /* nothing of the refusal is left: it can be tried again */
  manager_fixture_submit (f, surplus);
  manager_fixture_wait_state (surplus, KR_TASK_STATE_COMPLETED);
}

static void
test_same_id (ManagerFixture *f, gconstpointer data)
{
  KrTaskJob *first = manager_fixture_new_job (f, "x", body_wait);
  KrTaskJob *second = manager_fixture_new_job (f, "x", body_note);
  g_autoptr (KrTaskJob) found = NULL;
  g_autoptr (GError) error = NULL;

  g_assert_true (kr_task_job_set_id (first, "My-Id"));
  g_assert_true (kr_task_job_set_id (second, "my-iD"));
  manager_fixture_submit (f, first);
  g_assert_false (kr_task_manager_submit (f->manager, second, &error));
  g_assert_error (error, KR_TASK_ERROR, KR_TASK_ERROR_CONFLICT);
  found = kr_task_manager_lookup (f->manager, "MY-ID");
  g_assert_true (found == first);
  g_clear_error (&error);
  g_assert_false (kr_task_manager_submit (f->manager, first, &error));
  g_assert_error (error, KR_TASK_ERROR, KR_TASK_ERROR_CONFLICT);
  g_ptr_array_remove (f->jobs, second);
}

static void
test_max_per_owner (ManagerFixture *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  KrTaskJob *jobs[4];

  g_object_set (f->manager, "max-per-owner", 2, NULL);
  for (guint i = 0; i < 4; i++)
    {
      jobs[i] = manager_fixture_new_job (f, "x", body_wait);
      kr_task_job_set_owner (jobs[i], g_variant_new_parsed ("{'uid': <%u>}", i == 3 ? 8 : 7));
    }
  manager_fixture_submit (f, jobs[0]);
  manager_fixture_submit (f, jobs[1]);
  g_assert_false (kr_task_manager_submit (f->manager, jobs[2], &error));
  g_assert_error (error, KR_TASK_ERROR, KR_TASK_ERROR_QUEUE_FULL);
  manager_fixture_submit (f, jobs[3]);
  g_assert_true (kr_task_job_cancel (jobs[0], KR_TASK_CANCEL_REASON_USER, NULL, KR_TASK_CANCEL_NONE, NULL));
  while (!kr_task_manager_submit (f->manager, jobs[2], NULL))
    g_main_context_iteration (NULL, FALSE);
}

/* --- keys */

static KrTaskJob *
keyed_new (ManagerFixture *f, const char *title, KrTaskFunc body, KrTaskConflictPolicy policy)
{
  KrTaskJob *job = manager_fixture_new_job (f, title, body);

  kr_task_job_set_key (job, "disk", policy);
  return job;
}

static void
test_key_queue (ManagerFixture *f, gconstpointer data)
{
  kr_task_manager_set_max_concurrent (f->manager, 8);
  for (guint i = 0; i < 20; i++)
    {
      char title[] = { 'a' + i, 0 };

      manager_fixture_submit (f, keyed_new (f, title, body_short, KR_TASK_CONFLICT_QUEUE));
    }
  kr_test_wait ("all jobs", manager_fixture_all_finished, f);
  g_assert_cmpint (f->n_most, ==, 1);
  g_assert_cmpstr (f->order->str, ==, "a b c d e f g h i j k l m n o p q r s t ");
}

static void
test_key_cancel_in_line (ManagerFixture *f, gconstpointer data)
{
  KrTaskJob *second, *third;

  kr_task_manager_set_max_concurrent (f->manager, 8);
  manager_fixture_submit (f, keyed_new (f, "a", body_wait, KR_TASK_CONFLICT_QUEUE));
  second = manager_fixture_submit (f, keyed_new (f, "b", body_note, KR_TASK_CONFLICT_QUEUE));
  third = manager_fixture_submit (f, keyed_new (f, "c", body_note, KR_TASK_CONFLICT_QUEUE));
  g_assert_true (kr_task_job_cancel (second, KR_TASK_CANCEL_REASON_USER, NULL, KR_TASK_CANCEL_NONE, NULL));
  g_atomic_int_set (&f->go, TRUE);
  manager_fixture_wait_state (third, KR_TASK_STATE_COMPLETED);
  g_assert_cmpstr (f->order->str, ==, "a c ");
}

static void
test_key_reject (ManagerFixture *f, gconstpointer data)
{
  KrTaskJob *second = keyed_new (f, "b", body_note, KR_TASK_CONFLICT_REJECT);
  g_autoptr (GError) error = NULL;

  manager_fixture_submit (f, keyed_new (f, "a", body_wait, KR_TASK_CONFLICT_REJECT));
  g_assert_false (kr_task_manager_submit (f->manager, second, &error));
  g_assert_error (error, KR_TASK_ERROR, KR_TASK_ERROR_CONFLICT);
  g_atomic_int_set (&f->go, TRUE);
  while (!kr_task_manager_submit (f->manager, second, NULL))
    g_main_context_iteration (NULL, FALSE);
}

static void
test_key_replace (ManagerFixture *f, gconstpointer data)
{
  KrTaskJob *first = manager_fixture_submit (f, keyed_new (f, "a", body_wait, KR_TASK_CONFLICT_QUEUE));
  KrTaskJob *second, *third;

  kr_test_wait ("the first", manager_fixture_runs, f);
  second = manager_fixture_submit (f, keyed_new (f, "b", body_note, KR_TASK_CONFLICT_QUEUE));
  third = manager_fixture_submit (f, keyed_new (f, "c", body_note, KR_TASK_CONFLICT_REPLACE));
  manager_fixture_wait_state (third, KR_TASK_STATE_COMPLETED);
  g_assert_cmpint (kr_task_job_get_cancel_reason (first), ==, KR_TASK_CANCEL_REASON_SUPERSEDED);
  g_assert_cmpint (kr_task_job_get_cancel_reason (second), ==, KR_TASK_CANCEL_REASON_SUPERSEDED);
  g_assert_cmpint (f->n_most, ==, 1);
}

static void
test_key_join (ManagerFixture *f, gconstpointer data)
{
  KrTaskJob *first = keyed_new (f, "a", body_wait, KR_TASK_CONFLICT_JOIN);
  KrTaskJob *second = keyed_new (f, "b", body_note, KR_TASK_CONFLICT_JOIN);
  g_autoptr (KrTaskJob) works = NULL;
  g_autoptr (KrTaskJob) joined = NULL;
  g_autoptr (GError) error = NULL;

  works = kr_task_manager_submit_or_join (f->manager, first, &error);
  g_assert_no_error (error);
  g_assert_true (works == first);
  joined = kr_task_manager_submit_or_join (f->manager, second, &error);
  g_assert_no_error (error);
  g_assert_true (joined == first);
  g_ptr_array_remove (f->jobs, second);
}

/* --- deadlines */

static void
test_queue_deadline (ManagerFixture *f, gconstpointer data)
{
  KrTaskJob *job = manager_fixture_new_job (f, "x", body_note);
  g_autoptr (GError) error = NULL;

  manager_fixture_block (f);
  kr_task_job_set_deadlines (job, 5000, -1, -1);
  manager_fixture_submit (f, job);
  manager_fixture_wait_state (job, KR_TASK_STATE_TIMED_OUT);
  g_assert_cmpint (kr_task_job_get_cancel_reason (job), ==, KR_TASK_CANCEL_REASON_DEADLINE);
  g_assert_null (kr_task_job_dup_result (job, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_TIMED_OUT);
  g_assert_cmpstr (f->order->str, ==, "block ");
}

static void
test_run_deadline (ManagerFixture *f, gconstpointer data)
{
  KrTaskJob *job = manager_fixture_new_job (f, "x", body_wait);
  KrTaskJob *quick = manager_fixture_new_job (f, "x", body_note);

  kr_task_job_set_deadlines (job, -1, 5000, -1);
  kr_task_job_set_deadlines (quick, G_USEC_PER_SEC * 60, G_USEC_PER_SEC * 60, G_USEC_PER_SEC * 60);
  manager_fixture_submit (f, job);
  manager_fixture_submit (f, quick);
  manager_fixture_wait_state (job, KR_TASK_STATE_TIMED_OUT);
  manager_fixture_wait_state (quick, KR_TASK_STATE_COMPLETED);
}

/* Nobody iterates the owner's context here: deadlines do not depend on it. */
static void
test_deadline_without_owner (ManagerFixture *f, gconstpointer data)
{
  g_autoptr (GMainContext) context = g_main_context_new ();
  g_autoptr (KrTaskManager) manager = kr_task_manager_new (context);
  KrTaskJob *job = manager_fixture_new_job (f, "x", body_wait);

  kr_task_job_set_deadlines (job, -1, 1000, -1);
  g_assert_true (kr_task_manager_submit (manager, job, NULL));
  manager_fixture_wait_state (job, KR_TASK_STATE_TIMED_OUT);
  while (g_main_context_iteration (context, FALSE))
    ;
}

static void
test_detach (ManagerFixture *f, gconstpointer data)
{
  KrTaskJob *job = manager_fixture_new_job (f, "deaf", body_deaf);
  KrTaskJob *next = manager_fixture_new_job (f, "next", body_note);
  g_autoptr (GError) error = NULL;

  kr_task_manager_set_max_concurrent (f->manager, 1);
  kr_task_job_set_deadlines (job, -1, -1, 1000);
  manager_fixture_submit (f, job);
  manager_fixture_submit (f, next);
  kr_test_wait ("the body", manager_fixture_runs, f);
  g_assert_true (kr_task_job_cancel (job, KR_TASK_CANCEL_REASON_USER, NULL, KR_TASK_CANCEL_NONE, NULL));
  manager_fixture_wait_state (job, KR_TASK_STATE_CANCELLED);
  g_assert_true (kr_task_job_get_detached (job));
  g_assert_cmpuint (kr_task_manager_get_n_detached (f->manager), ==, 1);
  /* it keeps its slot */
  g_assert_cmpint (kr_task_job_get_state (next), ==, KR_TASK_STATE_QUEUED);
  g_atomic_int_set (&f->go, TRUE);
  manager_fixture_wait_state (next, KR_TASK_STATE_COMPLETED);
  g_assert_cmpuint (kr_task_manager_get_n_detached (f->manager), ==, 0);
  g_assert_false (kr_task_job_get_detached (job));
  /* what it returned in the end is not its result */
  g_assert_null (kr_task_job_dup_result (job, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
}

#define ADD(path, data, func) \
  g_test_add ("/manager/" path, ManagerFixture, data, manager_fixture_set_up, func, manager_fixture_tear_down)

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  ADD ("queue/limit", NULL, test_limit);
  ADD ("queue/fifo-and-priority", NULL, test_fifo_and_priority);
  ADD ("queue/many-priorities", NULL, test_many_priorities);
  ADD ("queue/limit-changes", NULL, test_limit_changes);
  ADD ("queue/full", NULL, test_queue_full);
  ADD ("queue/same-id", NULL, test_same_id);
  ADD ("queue/max-per-owner", NULL, test_max_per_owner);
  ADD ("key/queue", NULL, test_key_queue);
  ADD ("key/cancel-in-line", NULL, test_key_cancel_in_line);
  ADD ("key/reject", NULL, test_key_reject);
  ADD ("key/replace", NULL, test_key_replace);
  ADD ("key/join", NULL, test_key_join);
  ADD ("deadline/queue", NULL, test_queue_deadline);
  ADD ("deadline/run", NULL, test_run_deadline);
  ADD ("deadline/without-owner", NULL, test_deadline_without_owner);
  ADD ("deadline/detach", NULL, test_detach);
  return g_test_run ();
}
