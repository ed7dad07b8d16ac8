/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* Tests of jobs that depend on others: children, and links to what cancels them. */
#include "manager-fixture.h"

/* --- families */

static void
test_children (ManagerFixture *f, gconstpointer data)
{
  KrTaskJob *parent = manager_fixture_new_job (f, "parent", body_note);
  KrTaskJob *heavy = manager_fixture_new_job (f, "heavy", body_wait);
  KrTaskJob *light = manager_fixture_new_job (f, "light", body_note);
  GListModel *children = kr_task_job_get_children (parent);
  g_autoptr (KrTaskJob) back = NULL;
  g_autoptr (GError) error = NULL;

  /* one slot: a parent that only waits must not keep it */
  kr_task_manager_set_max_concurrent (f->manager, 1);
  g_assert_true (kr_task_job_add_child (parent, light, 1, &error));
  g_assert_true (kr_task_job_add_child (parent, heavy, 3, &error));
  g_assert_cmpuint (g_list_model_get_n_items (children), ==, 2);
  back = kr_task_job_dup_parent (heavy);
  g_assert_true (back == parent);
  g_assert_false (kr_task_job_add_child (light, heavy, 1, NULL));
  g_assert_false (kr_task_job_add_child (heavy, parent, 1, NULL));
  manager_fixture_submit (f, parent);
  manager_fixture_submit (f, light);
  manager_fixture_submit (f, heavy);
  manager_fixture_wait_state (light, KR_TASK_STATE_COMPLETED);
  manager_fixture_wait_state (heavy, KR_TASK_STATE_RUNNING);
  g_assert_cmpint (kr_task_job_get_state (parent), ==, KR_TASK_STATE_RUNNING);
  g_assert_cmpfloat (kr_task_progress_get_fraction (kr_task_job_get_progress (parent)), ==, 0.25);
  g_assert_false (kr_task_manager_remove (f->manager, kr_task_job_get_id (parent), &error));
  g_assert_error (error, KR_TASK_ERROR, KR_TASK_ERROR_NOT_FINISHED);
  g_atomic_int_set (&f->go, TRUE);
  manager_fixture_wait_state (parent, KR_TASK_STATE_COMPLETED);
  g_assert_cmpint (kr_task_job_get_state (heavy), ==, KR_TASK_STATE_COMPLETED);
  g_assert_cmpfloat (kr_task_progress_get_fraction (kr_task_job_get_progress (parent)), ==, 1);
}

static void
test_children_cancelled (ManagerFixture *f, gconstpointer data)
{
  KrTaskJob *parent = manager_fixture_new_job (f, "parent", body_note);
  KrTaskJob *child = manager_fixture_new_job (f, "child", body_wait);
  KrTaskJob *grandchild = manager_fixture_new_job (f, "grandchild", body_wait);
  g_autoptr (KrTaskJob) late = kr_task_job_new ("late", NULL);
  g_autoptr (GError) error = NULL;

  kr_task_manager_set_max_concurrent (f->manager, 4);
  g_assert_true (kr_task_job_add_child (parent, child, 1, NULL));
  g_assert_true (kr_task_job_add_child (child, grandchild, 1, NULL));
  manager_fixture_submit (f, parent);
  manager_fixture_submit (f, child);
  manager_fixture_submit (f, grandchild);
  /* all three: one that still waits in the queue is cancelled at once, whatever its children do */
  manager_fixture_wait_state (grandchild, KR_TASK_STATE_RUNNING);
  manager_fixture_wait_state (child, KR_TASK_STATE_RUNNING);
  manager_fixture_wait_state (parent, KR_TASK_STATE_RUNNING);
  g_assert_true (kr_task_job_cancel (parent, KR_TASK_CANCEL_REASON_USER, NULL, KR_TASK_CANCEL_NONE, NULL));
  manager_fixture_wait_state (parent, KR_TASK_STATE_CANCELLED);
  g_assert_cmpint (kr_task_job_get_state (child), ==, KR_TASK_STATE_CANCELLED);
  g_assert_cmpint (kr_task_job_get_state (grandchild), ==, KR_TASK_STATE_CANCELLED);
  g_assert_cmpint (kr_task_job_get_cancel_reason (grandchild), ==, KR_TASK_CANCEL_REASON_PARENT);
  g_assert_false (kr_task_job_add_child (parent, late, 1, &error));
  g_assert_error (error, KR_TASK_ERROR, KR_TASK_ERROR_ALREADY_FINISHED);
}

static void
test_child_failure (ManagerFixture *f, gconstpointer data)
{
  KrTaskChildPolicy policy = GPOINTER_TO_INT (data);
  KrTaskJob *parent = manager_fixture_new_job (f, "parent", body_note);
  KrTaskJob *bad = manager_fixture_new_job (f, "bad", body_fail);
  KrTaskJob *good = manager_fixture_new_job (f, "good", body_wait);
  g_autoptr (GError) error = NULL;

  kr_task_manager_set_max_concurrent (f->manager, 4);
  kr_task_job_set_child_policy (parent, policy, TRUE);
  g_assert_true (kr_task_job_add_child (parent, bad, 1, NULL));
  g_assert_true (kr_task_job_add_child (parent, good, 1, NULL));
  manager_fixture_submit (f, parent);
  manager_fixture_submit (f, good);
  manager_fixture_submit (f, bad);
  manager_fixture_wait_state (bad, KR_TASK_STATE_FAILED);
  if (policy != KR_TASK_CHILD_CANCEL_SIBLINGS)
    g_atomic_int_set (&f->go, TRUE);
  kr_test_wait ("the family", manager_fixture_all_finished, f);
  g_assert_cmpint (kr_task_job_get_state (good), ==,
                   policy == KR_TASK_CHILD_CANCEL_SIBLINGS ? KR_TASK_STATE_CANCELLED : KR_TASK_STATE_COMPLETED);
  if (policy == KR_TASK_CHILD_CANCEL_SIBLINGS)
    g_assert_cmpint (kr_task_job_get_cancel_reason (good), ==, KR_TASK_CANCEL_REASON_SIBLING_FAILED);
  g_assert_cmpint (kr_task_job_get_state (parent), ==,
                   policy == KR_TASK_CHILD_IGNORE ? KR_TASK_STATE_COMPLETED : KR_TASK_STATE_FAILED);
  kr_task_job_dup_result (parent, &error);
  if (policy != KR_TASK_CHILD_IGNORE)
    g_assert_error (error, G_IO_ERROR, G_IO_ERROR_NO_SPACE);
}

static void
test_remove_family (ManagerFixture *f, gconstpointer data)
{
  KrTaskJob *parent = manager_fixture_new_job (f, "parent", body_note);
  KrTaskJob *child = manager_fixture_new_job (f, "child", body_wait);
  g_autoptr (GError) error = NULL;

  kr_task_manager_set_max_concurrent (f->manager, 4);
  kr_task_job_set_child_policy (parent, KR_TASK_CHILD_IGNORE, FALSE);
  g_assert_true (kr_task_job_add_child (parent, child, 0, NULL));
  manager_fixture_submit (f, child);
  manager_fixture_submit (f, parent);
  manager_fixture_wait_state (parent, KR_TASK_STATE_COMPLETED);
  g_assert_false (kr_task_manager_remove (f->manager, kr_task_job_get_id (parent), &error));
  g_assert_error (error, KR_TASK_ERROR, KR_TASK_ERROR_HAS_CHILDREN);
  g_atomic_int_set (&f->go, TRUE);
  manager_fixture_wait_state (child, KR_TASK_STATE_COMPLETED);
  g_assert_true (kr_task_manager_remove (f->manager, kr_task_job_get_id (parent), NULL));
  g_assert_null (kr_task_manager_lookup (f->manager, kr_task_job_get_id (child)));
  while (g_list_model_get_n_items (G_LIST_MODEL (f->manager)) > 0)
    g_main_context_iteration (NULL, TRUE);
}

/* --- links */

static void
test_link (ManagerFixture *f, gconstpointer data)
{
  g_autoptr (GCancellable) external = g_cancellable_new ();
  KrTaskJob *job = manager_fixture_new_job (f, "x", body_wait);
  KrTaskJob *late = manager_fixture_new_job (f, "late", body_note);

  g_assert_true (kr_task_job_link (job, external));
  manager_fixture_submit (f, job);
  manager_fixture_wait_state (job, KR_TASK_STATE_RUNNING);
  g_cancellable_cancel (external);
  manager_fixture_wait_state (job, KR_TASK_STATE_CANCELLED);
  g_assert_cmpint (kr_task_job_get_cancel_reason (job), ==, KR_TASK_CANCEL_REASON_PARENT);
  g_assert_false (kr_task_job_link (late, external));
  g_assert_cmpint (kr_task_job_get_state (late), ==, KR_TASK_STATE_CANCELLED);
}

static gpointer
cancel_in_thread (gpointer cancellable)
{
  g_cancellable_cancel (cancellable);
  return NULL;
}

/* Until it is submitted, nobody but its maker touches a job: not even a link that fires in another thread. */
static void
test_link_before_submission (ManagerFixture *f, gconstpointer data)
{
  g_autoptr (GCancellable) external = g_cancellable_new ();
  g_autoptr (GError) error = NULL;
  KrTaskJob *job = manager_fixture_new_job (f, "x", body_note);

  g_assert_true (kr_task_job_link (job, external));
  g_thread_join (g_thread_new ("cancel", cancel_in_thread, external));
  g_assert_cmpint (kr_task_job_get_state (job), ==, KR_TASK_STATE_CREATED);
  g_assert_false (kr_task_manager_submit (f->manager, job, &error));
  g_assert_error (error, KR_TASK_ERROR, KR_TASK_ERROR_ALREADY_CANCELLED);
  g_assert_cmpint (kr_task_job_get_state (job), ==, KR_TASK_STATE_CANCELLED);
  g_assert_cmpint (kr_task_job_get_cancel_reason (job), ==, KR_TASK_CANCEL_REASON_PARENT);
}

static void
test_links_leave_nothing (ManagerFixture *f, gconstpointer data)
{
  g_autoptr (GCancellable) external = g_cancellable_new ();
  guint n = g_test_slow () ? 100000 : 10000;
  guint id = g_signal_lookup ("cancelled", G_TYPE_CANCELLABLE);

  for (guint i = 0; i < n; i++)
    {
      g_autoptr (KrTaskJob) job = kr_task_job_new ("x", NULL);

      kr_task_job_set_func (job, body_note, f, NULL);
      g_assert_true (kr_task_job_link (job, external));
      if (i % 100 == 0)
        {
          g_ptr_array_add (f->jobs, g_object_ref (job));
          manager_fixture_submit (f, job);
        }
    }
  kr_test_wait ("all jobs", manager_fixture_all_finished, f);
  while (g_signal_has_handler_pending (external, id, 0, TRUE))
    g_main_context_iteration (NULL, TRUE);
}

#define ADD(path, data, func) \
  g_test_add ("/manager/" path, ManagerFixture, data, manager_fixture_set_up, func, manager_fixture_tear_down)

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  ADD ("family/children", NULL, test_children);
  ADD ("family/cancelled", NULL, test_children_cancelled);
  ADD ("family/failure-ignored", GINT_TO_POINTER (KR_TASK_CHILD_IGNORE), test_child_failure);
  ADD ("family/failure", GINT_TO_POINTER (KR_TASK_CHILD_FAIL), test_child_failure);
  ADD ("family/failure-of-sibling", GINT_TO_POINTER (KR_TASK_CHILD_CANCEL_SIBLINGS), test_child_failure);
  ADD ("family/remove", NULL, test_remove_family);
  ADD ("link", NULL, test_link);
  ADD ("link/before-submission", NULL, test_link_before_submission);
  ADD ("link/leaves-nothing", NULL, test_links_leave_nothing);
  return g_test_run ();
}
