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

/* A part runs, and does not hear; the whole waits for a slot, or to be started. */
static KrTaskJob *
add_busy_child (ManagerFixture *f, KrTaskJob *parent)
{
  KrTaskJob *child = manager_fixture_new_job (f, "child", body_deaf);

  kr_task_manager_set_max_concurrent (f->manager, 1);
  g_assert_true (kr_task_job_add_child (parent, child, 1, NULL));
  manager_fixture_submit (f, child);
  kr_test_wait ("the child", manager_fixture_runs, f);
  return child;
}

static void
assert_ends_after (ManagerFixture *f, KrTaskJob *parent, KrTaskJob *child, KrTaskState end)
{
  g_assert_cmpint (kr_task_job_get_state (parent), ==, KR_TASK_STATE_CANCELLING);
  g_assert_cmpint (kr_task_job_get_state (child), ==, KR_TASK_STATE_CANCELLING);
  g_assert_cmpuint (kr_task_manager_get_n_queued (f->manager), ==, 0);
  g_atomic_int_set (&f->go, TRUE);
  manager_fixture_wait_state (parent, end);
  g_assert_cmpint (kr_task_job_get_state (child), ==, KR_TASK_STATE_CANCELLED);
  g_assert_cmpint (kr_task_job_get_finished_at (parent), >=, kr_task_job_get_finished_at (child));
  g_assert_cmpstr (f->order->str, ==, "child ");
}

static void
test_cancelled_in_queue (ManagerFixture *f, gconstpointer data)
{
  gboolean autostart = GPOINTER_TO_INT (data);
  KrTaskJob *parent = manager_fixture_new_job (f, "parent", body_note);
  KrTaskJob *child = add_busy_child (f, parent);
  g_autoptr (GError) error = NULL;

  kr_task_job_set_autostart (parent, autostart);
  manager_fixture_submit (f, parent);
  g_assert_true (kr_task_job_cancel (parent, KR_TASK_CANCEL_REASON_USER, NULL, KR_TASK_CANCEL_NONE, NULL));
  g_assert_false (kr_task_job_cancel (parent, KR_TASK_CANCEL_REASON_USER, NULL, KR_TASK_CANCEL_NONE, &error));
  g_assert_error (error, KR_TASK_ERROR, KR_TASK_ERROR_ALREADY_CANCELLED);
  assert_ends_after (f, parent, child, KR_TASK_STATE_CANCELLED);
}

static void
test_late_in_queue (ManagerFixture *f, gconstpointer data)
{
  KrTaskJob *parent = manager_fixture_new_job (f, "parent", body_note);
  KrTaskJob *child = add_busy_child (f, parent);

  kr_task_job_set_deadlines (parent, 1000, -1, -1);
  manager_fixture_submit (f, parent);
  manager_fixture_wait_state (child, KR_TASK_STATE_CANCELLING);
  assert_ends_after (f, parent, child, KR_TASK_STATE_TIMED_OUT);
}

/* One that does not wait ends at once. */
static void
test_cancelled_alone (ManagerFixture *f, gconstpointer data)
{
  KrTaskJob *parent = manager_fixture_new_job (f, "parent", body_note);
  KrTaskJob *child = add_busy_child (f, parent);

  kr_task_job_set_child_policy (parent, KR_TASK_CHILD_IGNORE, FALSE);
  manager_fixture_submit (f, parent);
  g_assert_true (kr_task_job_cancel (parent, KR_TASK_CANCEL_REASON_USER, NULL, KR_TASK_CANCEL_NONE, NULL));
  g_assert_cmpint (kr_task_job_get_state (parent), ==, KR_TASK_STATE_CANCELLED);
  g_assert_cmpint (kr_task_job_get_state (child), ==, KR_TASK_STATE_CANCELLING);
}

/* The key is kept as long as a part of the work goes on, also where the job had it in the queue only. */
static void
test_cancelled_with_key (ManagerFixture *f, gconstpointer data)
{
  KrTaskJob *parent = manager_fixture_new_job (f, "parent", body_note);
  KrTaskJob *next = manager_fixture_new_job (f, "next", body_note);
  KrTaskJob *child = add_busy_child (f, parent);

  kr_task_job_set_key (parent, "key", KR_TASK_CONFLICT_QUEUE);
  kr_task_job_set_key (next, "key", KR_TASK_CONFLICT_QUEUE);
  manager_fixture_submit (f, parent);
  manager_fixture_submit (f, next);
  kr_task_manager_set_max_concurrent (f->manager, 2);
  manager_fixture_wait_state (parent, KR_TASK_STATE_RUNNING);
  manager_fixture_submit (f, manager_fixture_new_job (f, "free", body_note));
  manager_fixture_wait_state (g_ptr_array_index (f->jobs, 3), KR_TASK_STATE_COMPLETED);
  g_assert_cmpint (kr_task_job_get_state (next), ==, KR_TASK_STATE_QUEUED);
  g_assert_true (kr_task_job_cancel (parent, KR_TASK_CANCEL_REASON_USER, NULL, KR_TASK_CANCEL_NONE, NULL));
  g_atomic_int_set (&f->go, TRUE);
  manager_fixture_wait_state (next, KR_TASK_STATE_COMPLETED);
  g_assert_cmpint (kr_task_job_get_started_at (next), >=, kr_task_job_get_finished_at (child));
}

static void
test_cancelled_in_queue_with_key (ManagerFixture *f, gconstpointer data)
{
  KrTaskJob *parent = manager_fixture_new_job (f, "parent", body_note);
  KrTaskJob *next = manager_fixture_new_job (f, "next", body_note);
  KrTaskJob *free_one = manager_fixture_new_job (f, "free", body_note);
  KrTaskJob *child = add_busy_child (f, parent);

  kr_task_job_set_key (parent, "key", KR_TASK_CONFLICT_QUEUE);
  kr_task_job_set_key (next, "key", KR_TASK_CONFLICT_QUEUE);
  manager_fixture_submit (f, parent);
  manager_fixture_submit (f, next);
  g_assert_true (kr_task_job_cancel (parent, KR_TASK_CANCEL_REASON_USER, NULL, KR_TASK_CANCEL_NONE, NULL));
  kr_task_manager_set_max_concurrent (f->manager, 2);
  manager_fixture_submit (f, free_one);
  manager_fixture_wait_state (free_one, KR_TASK_STATE_COMPLETED);
  g_assert_cmpint (kr_task_job_get_state (next), ==, KR_TASK_STATE_QUEUED);
  g_atomic_int_set (&f->go, TRUE);
  manager_fixture_wait_state (next, KR_TASK_STATE_COMPLETED);
  g_assert_cmpint (kr_task_job_get_started_at (next), >=, kr_task_job_get_finished_at (child));
}

/* --- parts that come while the whole is cancelled */

typedef struct
{
  KrTaskJob *parent;
  KrTaskJob *child;
  int ready; /* atomic */
} Adding;

static gpointer
add_in_thread (gpointer data)
{
  Adding *adding = data;

  g_atomic_int_inc (&adding->ready);
  while (g_atomic_int_get (&adding->ready) < 2)
    ;
  kr_task_job_add_child (adding->parent, adding->child, 1, NULL);
  return NULL;
}

/* A child that the parent knows, and that does not know its parent yet, would be waited for without an end. */
static void
test_add_while_cancelled (ManagerFixture *f, gconstpointer data)
{
  guint n = g_test_slow () ? 20000 : 500;
  guint n_added = 0;

  for (guint i = 0; i < n; i++)
    {
      g_autoptr (KrTaskJob) parent = kr_task_job_new ("x", NULL);
      g_autoptr (KrTaskJob) child = kr_task_job_new ("x", NULL);
      g_autoptr (KrTaskJob) back = NULL;
      Adding adding = { parent, child, 0 };
      GThread *thread;

      kr_task_job_set_func (parent, body_note, f, NULL);
      kr_task_job_set_autostart (parent, FALSE);
      manager_fixture_submit (f, parent);
      thread = g_thread_new ("add", add_in_thread, &adding);
      while (g_atomic_int_get (&adding.ready) < 1)
        ;
      g_atomic_int_inc (&adding.ready);
      for (volatile guint pause = 0; pause < i % 100 * 10; pause++)
        ;
      g_assert_true (kr_task_job_cancel (parent, KR_TASK_CANCEL_REASON_USER, NULL, KR_TASK_CANCEL_NONE, NULL));
      g_thread_join (thread);
      back = kr_task_job_dup_parent (child);
      n_added += back != NULL;
      manager_fixture_wait_state (parent, KR_TASK_STATE_CANCELLED);
      g_assert_cmpint (kr_task_job_is_cancelled (child), ==, back != NULL);
    }
  g_test_message ("%u of %u were added", n_added, n);
}

static void
note_thread (KrTaskJob *job, gpointer user_data)
{
  *(GThread **) user_data = g_thread_self ();
}

static gpointer
cancel_job_in_thread (gpointer job)
{
  g_assert_true (kr_task_job_cancel (job, KR_TASK_CANCEL_REASON_USER, NULL, KR_TASK_CANCEL_NONE, NULL));
  return NULL;
}

static gboolean
is_set (gpointer data)
{
  return *(GThread **) data != NULL;
}

/* Who listens to it hears of it in the owner's context, as of the parent. */
static void
test_unsubmitted_child (ManagerFixture *f, gconstpointer data)
{
  KrTaskJob *parent = manager_fixture_new_job (f, "parent", body_wait);
  KrTaskJob *child = manager_fixture_new_job (f, "child", body_note);
  g_autoptr (GError) error = NULL;
  GThread *heard = NULL;

  g_signal_connect (child, "finished", G_CALLBACK (note_thread), &heard);
  manager_fixture_submit (f, parent);
  g_assert_true (kr_task_job_add_child (parent, child, 1, NULL));
  g_thread_join (g_thread_new ("cancel", cancel_job_in_thread, parent));
  g_assert_cmpint (kr_task_job_get_state (child), ==, KR_TASK_STATE_CANCELLED);
  g_assert_false (kr_task_manager_submit (f->manager, child, &error));
  g_assert_error (error, KR_TASK_ERROR, KR_TASK_ERROR_ALREADY_CANCELLED);
  kr_test_wait ("the signal", is_set, &heard);
  g_assert_true (heard == g_thread_self ());
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
  ADD ("family/cancelled/in-queue", GINT_TO_POINTER (TRUE), test_cancelled_in_queue);
  ADD ("family/cancelled/before-start", GINT_TO_POINTER (FALSE), test_cancelled_in_queue);
  ADD ("family/cancelled/late-in-queue", NULL, test_late_in_queue);
  ADD ("family/cancelled/alone", NULL, test_cancelled_alone);
  ADD ("family/cancelled/with-key", NULL, test_cancelled_with_key);
  ADD ("family/cancelled/in-queue-with-key", NULL, test_cancelled_in_queue_with_key);
  ADD ("family/cancelled/while-added", NULL, test_add_while_cancelled);
  ADD ("family/cancelled/unsubmitted", NULL, test_unsubmitted_child);
  ADD ("family/failure-ignored", GINT_TO_POINTER (KR_TASK_CHILD_IGNORE), test_child_failure);
  ADD ("family/failure", GINT_TO_POINTER (KR_TASK_CHILD_FAIL), test_child_failure);
  ADD ("family/failure-of-sibling", GINT_TO_POINTER (KR_TASK_CHILD_CANCEL_SIBLINGS), test_child_failure);
  ADD ("family/remove", NULL, test_remove_family);
  ADD ("link", NULL, test_link);
  ADD ("link/before-submission", NULL, test_link_before_submission);
  ADD ("link/leaves-nothing", NULL, test_links_leave_nothing);
  return g_test_run ();
}
