/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* Tests of jobs with the same key where the queue has a limit. */
#include <kr-test.h>
#include <krtask.h>

typedef struct
{
  KrTaskManager *manager;
  GPtrArray *jobs;
} Fixture;

static void
set_up (Fixture *f, gconstpointer data)
{
  f->manager = kr_task_manager_new (NULL);
  kr_task_manager_set_max_concurrent (f->manager, 3);
  g_object_set (f->manager, "max-queued", 2, NULL);
  f->jobs = g_ptr_array_new_with_free_func (g_object_unref);
}

static gboolean
is_idle (gpointer data)
{
  KrTaskManager *manager = data;

  return kr_task_manager_get_n_queued (manager) + kr_task_manager_get_n_running (manager) == 0;
}

static void
tear_down (Fixture *f, gconstpointer data)
{
  kr_task_manager_cancel_all (f->manager, NULL, KR_TASK_CANCEL_REASON_SHUTDOWN);
  kr_test_wait ("an idle manager", is_idle, f->manager);
  g_ptr_array_unref (f->jobs);
  g_object_unref (f->manager);
}

static GVariant *
body_sleep (KrTaskJob *job, GCancellable *cancellable, gpointer user_data, GError **error)
{
  kr_task_job_sleep (job, -1);
  return NULL;
}

/* NULL: refused. */
static KrTaskJob *
submit (Fixture *f, const char *key, KrTaskConflictPolicy policy, GError **error)
{
  KrTaskJob *job = kr_task_job_new ("key", key);

  g_ptr_array_add (f->jobs, job);
  kr_task_job_set_func (job, body_sleep, NULL, NULL);
  if (key != NULL)
    kr_task_job_set_key (job, key, policy);
  return kr_task_manager_submit (f->manager, job, error) ? job : NULL;
}

typedef struct
{
  KrTaskJob *job;
  KrTaskState state;
} Wait;

static gboolean
has_state (gpointer data)
{
  const Wait *wait = data;

  return kr_task_job_get_state (wait->job) == wait->state;
}

static void
wait_state (KrTaskJob *job, KrTaskState state)
{
  Wait wait = { job, state };

  kr_test_wait (kr_task_state_to_string (state), has_state, &wait);
}

static void
cancel (KrTaskJob *job)
{
  g_assert_true (kr_task_job_cancel (job, KR_TASK_CANCEL_REASON_USER, NULL, KR_TASK_CANCEL_NONE, NULL));
  wait_state (job, KR_TASK_STATE_CANCELLED);
}

/* Who waits for a key is in the queue like who waits for a slot, although slots are free. */
static void
test_full (Fixture *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  KrTaskJob *first = submit (f, "a", KR_TASK_CONFLICT_QUEUE, NULL);
  KrTaskJob *second, *third;

  wait_state (first, KR_TASK_STATE_RUNNING);
  second = submit (f, "a", KR_TASK_CONFLICT_QUEUE, NULL);
  third = submit (f, "a", KR_TASK_CONFLICT_QUEUE, NULL);
  g_assert_cmpuint (kr_task_job_get_position (second), ==, 1);
  g_assert_cmpuint (kr_task_job_get_position (third), ==, 2);
  g_assert_null (submit (f, "a", KR_TASK_CONFLICT_QUEUE, &error));
  g_assert_error (error, KR_TASK_ERROR, KR_TASK_ERROR_QUEUE_FULL);
  g_clear_error (&error);
  /* but who need not wait is not kept from the slots that are free */
  wait_state (submit (f, "b", KR_TASK_CONFLICT_QUEUE, &error), KR_TASK_STATE_RUNNING);
  wait_state (submit (f, NULL, KR_TASK_CONFLICT_QUEUE, &error), KR_TASK_STATE_RUNNING);
  g_assert_no_error (error);
  g_assert_null (submit (f, NULL, KR_TASK_CONFLICT_QUEUE, &error));
  g_assert_error (error, KR_TASK_ERROR, KR_TASK_ERROR_QUEUE_FULL);
}

/* A place is free again when one leaves: cancelled in the queue, or next in turn. */
static void
test_leave (Fixture *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  KrTaskJob *first = submit (f, "a", KR_TASK_CONFLICT_QUEUE, NULL);
  KrTaskJob *second, *third;

  wait_state (first, KR_TASK_STATE_RUNNING);
  for (guint i = 0; i < 100; i++)
    {
      second = submit (f, "a", KR_TASK_CONFLICT_QUEUE, &error);
      third = submit (f, "a", KR_TASK_CONFLICT_QUEUE, &error);
      g_assert_no_error (error);
      g_assert_null (submit (f, "a", KR_TASK_CONFLICT_QUEUE, NULL));
      if (i % 2 == 0)
        cancel (second);
      else
        {
          cancel (first);
          wait_state (second, KR_TASK_STATE_RUNNING);
          first = second;
        }
      cancel (third);
    }
}

#define ADD(path, func) g_test_add ("/keys/" path, Fixture, NULL, set_up, func, tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("full", test_full);
  ADD ("leave", test_leave);
  return g_test_run ();
}
