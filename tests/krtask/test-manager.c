/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* Tests of many jobs: the queue, its limits and keys, deadlines, families, retention, shutdown and the list. */
#include <kr-test.h>
#include <krtask.h>

typedef struct
{
  KrTaskManager *manager;
  GPtrArray *jobs;
  int n_inside, n_most; /* atomic: bodies at this moment, and at most */
  int n_runs;           /* atomic */
  int go;               /* atomic: bodies may go on */
  GMutex lock;
  GString *order;       /* titles in the order in which the bodies began */
} Fixture;

static void
set_up (Fixture *f, gconstpointer data)
{
  f->manager = kr_task_manager_new (NULL);
  g_object_set (f->manager, "keep-finished-count", 1000000, NULL);
  f->jobs = g_ptr_array_new_with_free_func (g_object_unref);
  g_mutex_init (&f->lock);
  f->order = g_string_new (NULL);
}

static gboolean
is_gone (gpointer data)
{
  g_autoptr (GObject) object = g_weak_ref_get (data);

  return object == NULL;
}

static gboolean
all_finished (gpointer data)
{
  Fixture *f = data;

  for (guint i = 0; i < f->jobs->len; i++)
    if (!kr_task_state_is_terminal (kr_task_job_get_state (g_ptr_array_index (f->jobs, i))))
      return FALSE;
  return TRUE;
}

static gboolean
is_empty (gpointer data)
{
  KrTaskManager *manager = data;

  return kr_task_manager_get_n_queued (manager) == 0 && kr_task_manager_get_n_running (manager) == 0 &&
         kr_task_manager_get_n_detached (manager) == 0;
}

static void
tear_down (Fixture *f, gconstpointer data)
{
  GWeakRef manager;

  g_atomic_int_set (&f->go, TRUE);
  kr_test_wait ("the end of all jobs", all_finished, f);
  kr_test_wait ("an empty manager", is_empty, f->manager);
  g_weak_ref_init (&manager, f->manager);
  g_clear_object (&f->manager);
  g_ptr_array_unref (f->jobs);
  kr_test_wait ("the end of the manager", is_gone, &manager);
  g_weak_ref_clear (&manager);
  g_string_free (f->order, TRUE);
  g_mutex_clear (&f->lock);
}

/* --- bodies */

static void
note_begin (Fixture *f, KrTaskJob *job)
{
  g_autofree char *title = kr_task_job_dup_title (job);
  int inside = g_atomic_int_add (&f->n_inside, 1) + 1;

  g_mutex_lock (&f->lock);
  if (inside > f->n_most)
    f->n_most = inside;
  g_string_append_printf (f->order, "%s ", title);
  g_mutex_unlock (&f->lock);
  g_atomic_int_inc (&f->n_runs);
}

static GVariant *
body_note (KrTaskJob *job, GCancellable *cancellable, gpointer user_data, GError **error)
{
  Fixture *f = user_data;

  note_begin (f, job);
  g_atomic_int_add (&f->n_inside, -1);
  return NULL;
}

static GVariant *
body_short (KrTaskJob *job, GCancellable *cancellable, gpointer user_data, GError **error)
{
  Fixture *f = user_data;

  note_begin (f, job);
  kr_task_job_sleep (job, 500);
  g_atomic_int_add (&f->n_inside, -1);
  return NULL;
}

static GVariant *
body_wait (KrTaskJob *job, GCancellable *cancellable, gpointer user_data, GError **error)
{
  Fixture *f = user_data;

  note_begin (f, job);
  while (!g_atomic_int_get (&f->go))
    if (!kr_task_job_sleep (job, 500))
      break;
  g_atomic_int_add (&f->n_inside, -1);
  return NULL;
}

/* Does not hear of a cancel. */
static GVariant *
body_deaf (KrTaskJob *job, GCancellable *cancellable, gpointer user_data, GError **error)
{
  Fixture *f = user_data;

  note_begin (f, job);
  while (!g_atomic_int_get (&f->go))
    g_usleep (200);
  g_atomic_int_add (&f->n_inside, -1);
  return g_variant_new_string ("late");
}

static GVariant *
body_held (KrTaskJob *job, GCancellable *cancellable, gpointer user_data, GError **error)
{
  GVariant *result;

  g_assert_true (kr_task_job_hold (job));
  result = body_deaf (job, cancellable, user_data, error);
  kr_task_job_release (job);
  return result;
}

static GVariant *
body_fail (KrTaskJob *job, GCancellable *cancellable, gpointer user_data, GError **error)
{
  g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_NO_SPACE, "no space");
  return NULL;
}

static GVariant *
body_kilobyte (KrTaskJob *job, GCancellable *cancellable, gpointer user_data, GError **error)
{
  g_autofree char *text = g_strnfill (1023, 'x');

  return g_variant_new_string (text);
}

static KrTaskJob *
job_new (Fixture *f, const char *title, KrTaskFunc body)
{
  KrTaskJob *job = kr_task_job_new ("test", title);

  kr_task_job_set_func (job, body, f, NULL);
  g_ptr_array_add (f->jobs, job);
  return job;
}

static KrTaskJob *
submit (Fixture *f, KrTaskJob *job)
{
  g_autoptr (GError) error = NULL;

  g_assert_true (kr_task_manager_submit (f->manager, job, &error));
  g_assert_no_error (error);
  return job;
}

typedef struct
{
  KrTaskJob *job;
  KrTaskState state;
} StateWait;

static gboolean
has_state (gpointer data)
{
  StateWait *wait = data;

  return kr_task_job_get_state (wait->job) == wait->state;
}

static void
wait_state (KrTaskJob *job, KrTaskState state)
{
  StateWait wait = { job, state };

  kr_test_wait (kr_task_state_to_string (state), has_state, &wait);
}

static gboolean
runs (gpointer data)
{
  return g_atomic_int_get (&((Fixture *) data)->n_inside) > 0;
}

/* Takes the only slot. */
static void
block (Fixture *f)
{
  kr_task_manager_set_max_concurrent (f->manager, 1);
  submit (f, job_new (f, "block", body_wait));
  kr_test_wait ("the blocker", runs, f);
}

/* --- the queue */

static void
test_limit (Fixture *f, gconstpointer data)
{
  kr_task_manager_set_max_concurrent (f->manager, 3);
  for (guint i = 0; i < 100; i++)
    submit (f, job_new (f, "x", body_short));
  kr_test_wait ("all jobs", all_finished, f);
  g_assert_cmpint (f->n_most, ==, 3);
  g_assert_cmpint (f->n_runs, ==, 100);
}

static void
test_fifo_and_priority (Fixture *f, gconstpointer data)
{
  static const int priorities[] = { 0, 5, -1, 5, 0, 9, -1 };

  block (f);
  for (guint i = 0; i < G_N_ELEMENTS (priorities); i++)
    {
      char title[] = { 'a' + i, 0 };
      KrTaskJob *job = job_new (f, title, body_note);

      kr_task_job_set_priority (job, priorities[i]);
      submit (f, job);
    }
  g_assert_cmpuint (kr_task_manager_get_n_queued (f->manager), ==, G_N_ELEMENTS (priorities));
  g_assert_cmpuint (kr_task_job_get_position (g_ptr_array_index (f->jobs, 6)), ==, 1);
  g_assert_cmpuint (kr_task_job_get_position (g_ptr_array_index (f->jobs, 5)), ==, 5);
  g_assert_cmpuint (kr_task_job_get_position (g_ptr_array_index (f->jobs, 0)), ==, 0);
  g_atomic_int_set (&f->go, TRUE);
  kr_test_wait ("all jobs", all_finished, f);
  g_assert_cmpstr (f->order->str, ==, "block f b d a e c g ");
}

static void
test_many_priorities (Fixture *f, gconstpointer data)
{
  block (f);
  for (guint i = 0; i < 100; i++)
    {
      KrTaskJob *job = job_new (f, "x", body_note);

      kr_task_job_set_priority (job, g_test_rand_int_range (-50, 50));
      submit (f, job);
      if (i % 3 == 0)
        g_assert_true (kr_task_job_cancel (job, KR_TASK_CANCEL_REASON_USER, NULL, KR_TASK_CANCEL_NONE, NULL));
    }
  g_atomic_int_set (&f->go, TRUE);
  kr_test_wait ("all jobs", all_finished, f);
  g_assert_cmpint (f->n_runs, ==, 1 + 66);
}

static void
test_limit_changes (Fixture *f, gconstpointer data)
{
  kr_task_manager_set_max_concurrent (f->manager, 4);
  for (guint i = 0; i < 8; i++)
    submit (f, job_new (f, "x", body_wait));
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
test_queue_full (Fixture *f, gconstpointer data)
{
  g_autoptr (KrTaskJob) surplus = kr_task_job_new ("test", "surplus");
  g_autoptr (GError) error = NULL;

  g_object_set (f->manager, "max-queued", 2, NULL);
  block (f);
  submit (f, job_new (f, "x", body_note));
  submit (f, job_new (f, "x", body_note));
  kr_task_job_set_func (surplus, body_note, f, NULL);
  g_assert_false (kr_task_manager_submit (f->manager, surplus, &error));
  g_assert_error (error, KR_TASK_ERROR, KR_TASK_ERROR_QUEUE_FULL);
  g_assert_null (kr_task_manager_lookup (f->manager, kr_task_job_get_id (surplus)));
  g_atomic_int_set (&f->go, TRUE);
  kr_test_wait ("all jobs", all_finished, f);
  /* nothing of the refusal is left: it can be tried again */
  submit (f, surplus);
  wait_state (surplus, KR_TASK_STATE_COMPLETED);
}

static void
test_same_id (Fixture *f, gconstpointer data)
{
  KrTaskJob *first = job_new (f, "x", body_wait);
  KrTaskJob *second = job_new (f, "x", body_note);
  g_autoptr (KrTaskJob) found = NULL;
  g_autoptr (GError) error = NULL;

  g_assert_true (kr_task_job_set_id (first, "My-Id"));
  g_assert_true (kr_task_job_set_id (second, "my-iD"));
  submit (f, first);
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
test_max_per_owner (Fixture *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  KrTaskJob *jobs[4];

  g_object_set (f->manager, "max-per-owner", 2, NULL);
  for (guint i = 0; i < 4; i++)
    {
      jobs[i] = job_new (f, "x", body_wait);
      kr_task_job_set_owner (jobs[i], g_variant_new_parsed ("{'uid': <%u>}", i == 3 ? 8 : 7));
    }
  submit (f, jobs[0]);
  submit (f, jobs[1]);
  g_assert_false (kr_task_manager_submit (f->manager, jobs[2], &error));
  g_assert_error (error, KR_TASK_ERROR, KR_TASK_ERROR_QUEUE_FULL);
  submit (f, jobs[3]);
  g_assert_true (kr_task_job_cancel (jobs[0], KR_TASK_CANCEL_REASON_USER, NULL, KR_TASK_CANCEL_NONE, NULL));
  while (!kr_task_manager_submit (f->manager, jobs[2], NULL))
    g_main_context_iteration (NULL, FALSE);
}

/* --- keys */

static KrTaskJob *
keyed_new (Fixture *f, const char *title, KrTaskFunc body, KrTaskConflictPolicy policy)
{
  KrTaskJob *job = job_new (f, title, body);

  kr_task_job_set_key (job, "disk", policy);
  return job;
}

static void
test_key_queue (Fixture *f, gconstpointer data)
{
  kr_task_manager_set_max_concurrent (f->manager, 8);
  for (guint i = 0; i < 20; i++)
    {
      char title[] = { 'a' + i, 0 };

      submit (f, keyed_new (f, title, body_short, KR_TASK_CONFLICT_QUEUE));
    }
  kr_test_wait ("all jobs", all_finished, f);
  g_assert_cmpint (f->n_most, ==, 1);
  g_assert_cmpstr (f->order->str, ==, "a b c d e f g h i j k l m n o p q r s t ");
}

static void
test_key_cancel_in_line (Fixture *f, gconstpointer data)
{
  KrTaskJob *second, *third;

  kr_task_manager_set_max_concurrent (f->manager, 8);
  submit (f, keyed_new (f, "a", body_wait, KR_TASK_CONFLICT_QUEUE));
  second = submit (f, keyed_new (f, "b", body_note, KR_TASK_CONFLICT_QUEUE));
  third = submit (f, keyed_new (f, "c", body_note, KR_TASK_CONFLICT_QUEUE));
  g_assert_true (kr_task_job_cancel (second, KR_TASK_CANCEL_REASON_USER, NULL, KR_TASK_CANCEL_NONE, NULL));
  g_atomic_int_set (&f->go, TRUE);
  wait_state (third, KR_TASK_STATE_COMPLETED);
  g_assert_cmpstr (f->order->str, ==, "a c ");
}

static void
test_key_reject (Fixture *f, gconstpointer data)
{
  KrTaskJob *second = keyed_new (f, "b", body_note, KR_TASK_CONFLICT_REJECT);
  g_autoptr (GError) error = NULL;

  submit (f, keyed_new (f, "a", body_wait, KR_TASK_CONFLICT_REJECT));
  g_assert_false (kr_task_manager_submit (f->manager, second, &error));
  g_assert_error (error, KR_TASK_ERROR, KR_TASK_ERROR_CONFLICT);
  g_atomic_int_set (&f->go, TRUE);
  while (!kr_task_manager_submit (f->manager, second, NULL))
    g_main_context_iteration (NULL, FALSE);
}

static void
test_key_replace (Fixture *f, gconstpointer data)
{
  KrTaskJob *first = submit (f, keyed_new (f, "a", body_wait, KR_TASK_CONFLICT_QUEUE));
  KrTaskJob *second, *third;

  kr_test_wait ("the first", runs, f);
  second = submit (f, keyed_new (f, "b", body_note, KR_TASK_CONFLICT_QUEUE));
  third = submit (f, keyed_new (f, "c", body_note, KR_TASK_CONFLICT_REPLACE));
  wait_state (third, KR_TASK_STATE_COMPLETED);
  g_assert_cmpint (kr_task_job_get_cancel_reason (first), ==, KR_TASK_CANCEL_REASON_SUPERSEDED);
  g_assert_cmpint (kr_task_job_get_cancel_reason (second), ==, KR_TASK_CANCEL_REASON_SUPERSEDED);
  g_assert_cmpint (f->n_most, ==, 1);
}

static void
test_key_join (Fixture *f, gconstpointer data)
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
test_queue_deadline (Fixture *f, gconstpointer data)
{
  KrTaskJob *job = job_new (f, "x", body_note);
  g_autoptr (GError) error = NULL;

  block (f);
  kr_task_job_set_deadlines (job, 5000, -1, -1);
  submit (f, job);
  wait_state (job, KR_TASK_STATE_TIMED_OUT);
  g_assert_cmpint (kr_task_job_get_cancel_reason (job), ==, KR_TASK_CANCEL_REASON_DEADLINE);
  g_assert_null (kr_task_job_dup_result (job, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_TIMED_OUT);
  g_assert_cmpstr (f->order->str, ==, "block ");
}

static void
test_run_deadline (Fixture *f, gconstpointer data)
{
  KrTaskJob *job = job_new (f, "x", body_wait);
  KrTaskJob *quick = job_new (f, "x", body_note);

  kr_task_job_set_deadlines (job, -1, 5000, -1);
  kr_task_job_set_deadlines (quick, G_USEC_PER_SEC * 60, G_USEC_PER_SEC * 60, G_USEC_PER_SEC * 60);
  submit (f, job);
  submit (f, quick);
  wait_state (job, KR_TASK_STATE_TIMED_OUT);
  wait_state (quick, KR_TASK_STATE_COMPLETED);
}

/* Nobody iterates the owner's context here: deadlines do not depend on it. */
static void
test_deadline_without_owner (Fixture *f, gconstpointer data)
{
  g_autoptr (GMainContext) context = g_main_context_new ();
  g_autoptr (KrTaskManager) manager = kr_task_manager_new (context);
  KrTaskJob *job = job_new (f, "x", body_wait);

  kr_task_job_set_deadlines (job, -1, 1000, -1);
  g_assert_true (kr_task_manager_submit (manager, job, NULL));
  wait_state (job, KR_TASK_STATE_TIMED_OUT);
  while (g_main_context_iteration (context, FALSE))
    ;
}

static void
test_detach (Fixture *f, gconstpointer data)
{
  KrTaskJob *job = job_new (f, "deaf", body_deaf);
  KrTaskJob *next = job_new (f, "next", body_note);
  g_autoptr (GError) error = NULL;

  kr_task_manager_set_max_concurrent (f->manager, 1);
  kr_task_job_set_deadlines (job, -1, -1, 1000);
  submit (f, job);
  submit (f, next);
  kr_test_wait ("the body", runs, f);
  g_assert_true (kr_task_job_cancel (job, KR_TASK_CANCEL_REASON_USER, NULL, KR_TASK_CANCEL_NONE, NULL));
  wait_state (job, KR_TASK_STATE_CANCELLED);
  g_assert_true (kr_task_job_get_detached (job));
  g_assert_cmpuint (kr_task_manager_get_n_detached (f->manager), ==, 1);
  /* it keeps its slot */
  g_assert_cmpint (kr_task_job_get_state (next), ==, KR_TASK_STATE_QUEUED);
  g_atomic_int_set (&f->go, TRUE);
  wait_state (next, KR_TASK_STATE_COMPLETED);
  g_assert_cmpuint (kr_task_manager_get_n_detached (f->manager), ==, 0);
  g_assert_false (kr_task_job_get_detached (job));
  /* what it returned in the end is not its result */
  g_assert_null (kr_task_job_dup_result (job, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
}

/* --- families */

static void
test_children (Fixture *f, gconstpointer data)
{
  KrTaskJob *parent = job_new (f, "parent", body_note);
  KrTaskJob *heavy = job_new (f, "heavy", body_wait);
  KrTaskJob *light = job_new (f, "light", body_note);
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
  submit (f, parent);
  submit (f, light);
  submit (f, heavy);
  wait_state (light, KR_TASK_STATE_COMPLETED);
  wait_state (heavy, KR_TASK_STATE_RUNNING);
  g_assert_cmpint (kr_task_job_get_state (parent), ==, KR_TASK_STATE_RUNNING);
  g_assert_cmpfloat (kr_task_progress_get_fraction (kr_task_job_get_progress (parent)), ==, 0.25);
  g_assert_false (kr_task_manager_remove (f->manager, kr_task_job_get_id (parent), &error));
  g_assert_error (error, KR_TASK_ERROR, KR_TASK_ERROR_NOT_FINISHED);
  g_atomic_int_set (&f->go, TRUE);
  wait_state (parent, KR_TASK_STATE_COMPLETED);
  g_assert_cmpint (kr_task_job_get_state (heavy), ==, KR_TASK_STATE_COMPLETED);
  g_assert_cmpfloat (kr_task_progress_get_fraction (kr_task_job_get_progress (parent)), ==, 1);
}

static void
test_children_cancelled (Fixture *f, gconstpointer data)
{
  KrTaskJob *parent = job_new (f, "parent", body_note);
  KrTaskJob *child = job_new (f, "child", body_wait);
  KrTaskJob *grandchild = job_new (f, "grandchild", body_wait);
  g_autoptr (KrTaskJob) late = kr_task_job_new ("late", NULL);
  g_autoptr (GError) error = NULL;

  kr_task_manager_set_max_concurrent (f->manager, 4);
  g_assert_true (kr_task_job_add_child (parent, child, 1, NULL));
  g_assert_true (kr_task_job_add_child (child, grandchild, 1, NULL));
  submit (f, parent);
  submit (f, child);
  submit (f, grandchild);
  wait_state (grandchild, KR_TASK_STATE_RUNNING);
  wait_state (parent, KR_TASK_STATE_RUNNING);
  g_assert_true (kr_task_job_cancel (parent, KR_TASK_CANCEL_REASON_USER, NULL, KR_TASK_CANCEL_NONE, NULL));
  wait_state (parent, KR_TASK_STATE_CANCELLED);
  g_assert_cmpint (kr_task_job_get_state (child), ==, KR_TASK_STATE_CANCELLED);
  g_assert_cmpint (kr_task_job_get_state (grandchild), ==, KR_TASK_STATE_CANCELLED);
  g_assert_cmpint (kr_task_job_get_cancel_reason (grandchild), ==, KR_TASK_CANCEL_REASON_PARENT);
  g_assert_false (kr_task_job_add_child (parent, late, 1, &error));
  g_assert_error (error, KR_TASK_ERROR, KR_TASK_ERROR_ALREADY_FINISHED);
}

static void
test_child_failure (Fixture *f, gconstpointer data)
{
  KrTaskChildPolicy policy = GPOINTER_TO_INT (data);
  KrTaskJob *parent = job_new (f, "parent", body_note);
  KrTaskJob *bad = job_new (f, "bad", body_fail);
  KrTaskJob *good = job_new (f, "good", body_wait);
  g_autoptr (GError) error = NULL;

  kr_task_manager_set_max_concurrent (f->manager, 4);
  kr_task_job_set_child_policy (parent, policy, TRUE);
  g_assert_true (kr_task_job_add_child (parent, bad, 1, NULL));
  g_assert_true (kr_task_job_add_child (parent, good, 1, NULL));
  submit (f, parent);
  submit (f, good);
  submit (f, bad);
  wait_state (bad, KR_TASK_STATE_FAILED);
  if (policy != KR_TASK_CHILD_CANCEL_SIBLINGS)
    g_atomic_int_set (&f->go, TRUE);
  kr_test_wait ("the family", all_finished, f);
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
test_remove_family (Fixture *f, gconstpointer data)
{
  KrTaskJob *parent = job_new (f, "parent", body_note);
  KrTaskJob *child = job_new (f, "child", body_wait);
  g_autoptr (GError) error = NULL;

  kr_task_manager_set_max_concurrent (f->manager, 4);
  kr_task_job_set_child_policy (parent, KR_TASK_CHILD_IGNORE, FALSE);
  g_assert_true (kr_task_job_add_child (parent, child, 0, NULL));
  submit (f, child);
  submit (f, parent);
  wait_state (parent, KR_TASK_STATE_COMPLETED);
  g_assert_false (kr_task_manager_remove (f->manager, kr_task_job_get_id (parent), &error));
  g_assert_error (error, KR_TASK_ERROR, KR_TASK_ERROR_HAS_CHILDREN);
  g_atomic_int_set (&f->go, TRUE);
  wait_state (child, KR_TASK_STATE_COMPLETED);
  g_assert_true (kr_task_manager_remove (f->manager, kr_task_job_get_id (parent), NULL));
  g_assert_null (kr_task_manager_lookup (f->manager, kr_task_job_get_id (child)));
  while (g_list_model_get_n_items (G_LIST_MODEL (f->manager)) > 0)
    g_main_context_iteration (NULL, TRUE);
}

/* --- links */

static void
test_link (Fixture *f, gconstpointer data)
{
  g_autoptr (GCancellable) external = g_cancellable_new ();
  KrTaskJob *job = job_new (f, "x", body_wait);
  KrTaskJob *late = job_new (f, "late", body_note);

  g_assert_true (kr_task_job_link (job, external));
  submit (f, job);
  wait_state (job, KR_TASK_STATE_RUNNING);
  g_cancellable_cancel (external);
  wait_state (job, KR_TASK_STATE_CANCELLED);
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
test_link_before_submission (Fixture *f, gconstpointer data)
{
  g_autoptr (GCancellable) external = g_cancellable_new ();
  g_autoptr (GError) error = NULL;
  KrTaskJob *job = job_new (f, "x", body_note);

  g_assert_true (kr_task_job_link (job, external));
  g_thread_join (g_thread_new ("cancel", cancel_in_thread, external));
  g_assert_cmpint (kr_task_job_get_state (job), ==, KR_TASK_STATE_CREATED);
  g_assert_false (kr_task_manager_submit (f->manager, job, &error));
  g_assert_error (error, KR_TASK_ERROR, KR_TASK_ERROR_ALREADY_CANCELLED);
  g_assert_cmpint (kr_task_job_get_state (job), ==, KR_TASK_STATE_CANCELLED);
  g_assert_cmpint (kr_task_job_get_cancel_reason (job), ==, KR_TASK_CANCEL_REASON_PARENT);
}

static void
test_links_leave_nothing (Fixture *f, gconstpointer data)
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
          submit (f, job);
        }
    }
  kr_test_wait ("all jobs", all_finished, f);
  while (g_signal_has_handler_pending (external, id, 0, TRUE))
    g_main_context_iteration (NULL, TRUE);
}

/* --- retention */

static guint
n_items (Fixture *f)
{
  return g_list_model_get_n_items (G_LIST_MODEL (f->manager));
}

static void
wait_items (Fixture *f, guint n)
{
  while (n_items (f) != n)
    g_main_context_iteration (NULL, TRUE);
}

static void
test_keep_count (Fixture *f, gconstpointer data)
{
  KrTaskJob *kept = job_new (f, "kept", body_note);
  g_autoptr (KrTaskJob) first = NULL;

  kr_task_job_set_keep (kept, TRUE);
  submit (f, kept);
  wait_state (kept, KR_TASK_STATE_COMPLETED);
  g_object_set (f->manager, "keep-finished-count", 5, NULL);
  for (guint i = 0; i < 50; i++)
    submit (f, job_new (f, "x", body_note));
  kr_test_wait ("all jobs", all_finished, f);
  wait_items (f, 5);
  first = g_list_model_get_item (G_LIST_MODEL (f->manager), 0);
  g_assert_true (first == kept);
  kr_task_job_set_keep (kept, FALSE);
  g_object_set (f->manager, "keep-finished-count", 0, NULL);
  wait_items (f, 0);
  g_assert_null (kr_task_manager_lookup (f->manager, kr_task_job_get_id (kept)));
}

static void
test_keep_bytes (Fixture *f, gconstpointer data)
{
  g_object_set (f->manager, "keep-result-bytes", (guint64) 4096, NULL);
  for (guint i = 0; i < 10; i++)
    submit (f, job_new (f, "x", body_kilobyte));
  kr_test_wait ("all jobs", all_finished, f);
  wait_items (f, 4);
}

static void
test_keep_age (Fixture *f, gconstpointer data)
{
  g_object_set (f->manager, "keep-finished-for", 1, NULL);
  submit (f, job_new (f, "x", body_note));
  wait_items (f, 1);
  wait_items (f, 0);
}

static gboolean
set_flag (gpointer data)
{
  *(gboolean *) data = TRUE;
  return G_SOURCE_REMOVE;
}

static gboolean
was_dropped (gpointer data)
{
  KrTaskJob *job = data;

  return g_object_get_data (G_OBJECT (job), "dropped") != NULL;
}

static void
note_dropped (GListModel *model, guint position, guint n_removed, guint n_added, gpointer data)
{
  if (n_removed > 0 && position == 0)
    g_object_set_data (data, "dropped", data);
}

/* What is kept beyond its age wakes nobody. */
static void
test_keep_age_of_kept (Fixture *f, gconstpointer data)
{
  KrTaskJob *kept = job_new (f, "kept", body_note);
  gboolean over = FALSE;
  guint n_turns = 0;

  g_object_set (f->manager, "keep-finished-for", 1, NULL);
  kr_task_job_set_keep (kept, TRUE);
  submit (f, kept);
  submit (f, job_new (f, "other", body_note));
  wait_items (f, 2);
  wait_items (f, 1);
  g_timeout_add (100, set_flag, &over);
  while (!over)
    {
      g_main_context_iteration (NULL, TRUE);
      n_turns++;
    }
  g_assert_cmpuint (n_turns, <, 10);
  kr_task_job_set_keep (kept, FALSE);
  g_signal_connect_object (f->manager, "items-changed", G_CALLBACK (note_dropped), kept, 0);
  submit (f, job_new (f, "next", body_note));
  kr_test_wait ("the end of the kept one", was_dropped, kept);
  g_assert_null (kr_task_manager_lookup (f->manager, kr_task_job_get_id (kept)));
}

/* --- shutdown */

static void
test_shutdown (Fixture *f, gconstpointer data)
{
  KrTaskJob *running, *queued, *created;
  g_autoptr (KrTaskJob) late = kr_task_job_new ("late", NULL);
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GAsyncResult) second = NULL;
  g_autoptr (GError) error = NULL;

  kr_task_manager_set_max_concurrent (f->manager, 1);
  running = submit (f, job_new (f, "running", body_wait));
  kr_test_wait ("the body", runs, f);
  queued = submit (f, job_new (f, "queued", body_note));
  created = job_new (f, "created", body_note);
  kr_task_job_set_autostart (created, FALSE);
  submit (f, created);
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
test_shutdown_grace (Fixture *f, gconstpointer data)
{
  KrTaskJob *deaf, *held;
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;

  kr_task_manager_set_max_concurrent (f->manager, 2);
  deaf = submit (f, job_new (f, "deaf", body_deaf));
  held = submit (f, job_new (f, "held", body_held));
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
  kr_test_wait ("the held one", all_finished, f);
}

static void
test_owner_never_runs (Fixture *f, gconstpointer data)
{
  g_autoptr (GMainContext) context = g_main_context_new ();
  g_autoptr (KrTaskManager) manager = kr_task_manager_new (context);

  for (guint i = 0; i < 1000; i++)
    {
      KrTaskJob *job = job_new (f, "x", body_note);

      kr_task_progress_set (kr_task_job_get_progress (job), 0.5, "half");
      g_assert_true (kr_task_manager_submit (manager, job, NULL));
    }
  kr_test_wait ("all bodies", all_finished, f);
  g_assert_cmpuint (g_list_model_get_n_items (G_LIST_MODEL (manager)), ==, 0);
  while (g_main_context_iteration (context, FALSE))
    ;
  g_assert_cmpuint (g_list_model_get_n_items (G_LIST_MODEL (manager)), ==, 100);
}

/* --- the list: whoever follows the signal has the same list */

static void
mirror (GListModel *model, guint position, guint removed, guint added, gpointer user_data)
{
  GPtrArray *copy = user_data;

  g_assert_cmpuint (position + removed, <=, copy->len);
  if (removed > 0)
    g_ptr_array_remove_range (copy, position, removed);
  for (guint i = 0; i < added; i++)
    {
      KrTaskJob *job = g_list_model_get_item (model, position + i);

      g_assert_nonnull (job);
      g_ptr_array_insert (copy, position + i, job);
    }
  g_assert_cmpuint (copy->len, ==, g_list_model_get_n_items (model));
}

static void
compare (Fixture *f, GPtrArray *copy)
{
  for (guint i = 0; i < copy->len; i++)
    {
      g_autoptr (KrTaskJob) job = g_list_model_get_item (G_LIST_MODEL (f->manager), i);

      g_assert_true (job == g_ptr_array_index (copy, i));
    }
  g_assert_null (g_list_model_get_item (G_LIST_MODEL (f->manager), copy->len));
}

static void
test_mirror (Fixture *f, gconstpointer data)
{
  g_autoptr (GPtrArray) copy = g_ptr_array_new_with_free_func (g_object_unref);

  g_signal_connect (f->manager, "items-changed", G_CALLBACK (mirror), copy);
  for (guint i = 0; i < 20000; i++)
    {
      KrTaskJob *some = f->jobs->len > 0 ? g_ptr_array_index (f->jobs, g_test_rand_int_range (0, f->jobs->len)) : NULL;

      switch (g_test_rand_int_range (0, 10))
        {
        case 0:
          if (some != NULL)
            kr_task_job_cancel (some, KR_TASK_CANCEL_REASON_USER, NULL, KR_TASK_CANCEL_DEFER, NULL);
          break;
        case 1:
        case 2:
          if (some != NULL)
            kr_task_manager_remove (f->manager, kr_task_job_get_id (some), NULL);
          break;
        case 3:
          g_main_context_iteration (NULL, FALSE);
          compare (f, copy);
          break;
        case 4:
          if (i % 16 == 0)
            g_object_set (f->manager, "keep-finished-count", g_test_rand_int_range (0, 500), NULL);
          break;
        default:
          submit (f, job_new (f, "x", body_note));
        }
    }
  kr_test_wait ("all jobs", all_finished, f);
  g_object_set (f->manager, "keep-finished-count", 3, NULL);
  wait_items (f, 3);
  compare (f, copy);
  g_signal_handlers_disconnect_by_data (f->manager, copy);
}

static void
note_time (KrTaskProgress *progress, gpointer user_data)
{
  gint64 now = g_get_monotonic_time ();

  g_array_append_val ((GArray *) user_data, now);
}

/* However often it is set, and whatever else there is to tell of the job meanwhile. */
static void
test_progress_is_limited (Fixture *f, gconstpointer data)
{
  KrTaskJob *job = job_new (f, "x", body_wait);
  KrTaskProgress *progress = kr_task_job_get_progress (job);
  g_autoptr (GArray) times = g_array_new (FALSE, FALSE, sizeof (gint64));
  gint64 begin;
  guint i = 0;

  g_object_set (f->manager, "notify-interval-ms", 50, NULL);
  g_signal_connect (progress, "changed", G_CALLBACK (note_time), times);
  submit (f, job);
  kr_test_wait ("the body", runs, f);
  begin = g_get_monotonic_time ();
  while (g_get_monotonic_time () < begin + 500 * G_TIME_SPAN_MILLISECOND)
    {
      kr_task_progress_set (progress, ++i / 1e9, "working");
      kr_task_job_set_title (job, i % 2 ? "odd" : "even");
      g_main_context_iteration (NULL, FALSE);
    }
  g_signal_handlers_disconnect_by_data (progress, times);
  g_assert_cmpuint (i, >, 100);
  g_assert_cmpuint (times->len, >=, 2);
  for (guint j = 1; j < times->len; j++)
    g_assert_cmpint (g_array_index (times, gint64, j) - g_array_index (times, gint64, j - 1), >=,
                     50 * G_TIME_SPAN_MILLISECOND);
}

static GVariant *
body_progress (KrTaskJob *job, GCancellable *cancellable, gpointer user_data, GError **error)
{
  for (guint i = 0; i <= 1000; i++)
    kr_task_progress_set (kr_task_job_get_progress (job), i / 1000.0, "last word");
  return NULL;
}

static void
note_fraction (KrTaskProgress *progress, gpointer user_data)
{
  *(double *) user_data = kr_task_progress_get_fraction (progress);
}

static void
check_fraction (KrTaskJob *job, gpointer user_data)
{
  g_assert_cmpfloat (*(double *) user_data, ==, 1);
  *(double *) user_data = 2;
}

/* The last value comes, and before the end. */
static void
test_progress_last (Fixture *f, gconstpointer data)
{
  double seen = 0;
  KrTaskJob *job = job_new (f, "x", body_progress);

  g_object_set (f->manager, "notify-interval-ms", 60000, NULL);
  g_signal_connect (kr_task_job_get_progress (job), "changed", G_CALLBACK (note_fraction), &seen);
  g_signal_connect (job, "finished", G_CALLBACK (check_fraction), &seen);
  submit (f, job);
  while (seen != 2)
    g_main_context_iteration (NULL, TRUE);
}

#define ADD(path, data, func) g_test_add ("/manager/" path, Fixture, data, set_up, func, tear_down)

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
  ADD ("family/children", NULL, test_children);
  ADD ("family/cancelled", NULL, test_children_cancelled);
  ADD ("family/failure-ignored", GINT_TO_POINTER (KR_TASK_CHILD_IGNORE), test_child_failure);
  ADD ("family/failure", GINT_TO_POINTER (KR_TASK_CHILD_FAIL), test_child_failure);
  ADD ("family/failure-of-sibling", GINT_TO_POINTER (KR_TASK_CHILD_CANCEL_SIBLINGS), test_child_failure);
  ADD ("family/remove", NULL, test_remove_family);
  ADD ("link", NULL, test_link);
  ADD ("link/before-submission", NULL, test_link_before_submission);
  ADD ("link/leaves-nothing", NULL, test_links_leave_nothing);
  ADD ("keep/count", NULL, test_keep_count);
  ADD ("keep/bytes", NULL, test_keep_bytes);
  ADD ("keep/age", NULL, test_keep_age);
  ADD ("keep/age-of-kept", NULL, test_keep_age_of_kept);
  ADD ("shutdown", NULL, test_shutdown);
  ADD ("shutdown/grace", NULL, test_shutdown_grace);
  ADD ("owner-never-runs", NULL, test_owner_never_runs);
  ADD ("list/mirror", NULL, test_mirror);
  ADD ("progress/limited", NULL, test_progress_is_limited);
  ADD ("progress/last", NULL, test_progress_last);
  return g_test_run ();
}
