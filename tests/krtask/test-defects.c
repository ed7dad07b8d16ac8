/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* Defects of Kestrun's task service that this library must not have, K1 to K21, each with a test of its name. */
#include <dlfcn.h>
#include <math.h>
#include <string.h>

#include <kr-test.h>
#include <krtask.h>

#define N_ROUNDS 500
#define N_DEFECTS 21

typedef struct
{
  KrTaskManager *manager;
  KrTaskJob *job;
  int n_runs;  /* atomic */
  int entered; /* atomic: the body has begun */
  int go;      /* atomic: the body may go on */
} Fixture;

static void
set_up (Fixture *f, gconstpointer data)
{
  f->manager = kr_task_manager_new (NULL);
  f->job = kr_task_job_new ("defect", NULL);
}

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

static gboolean
is_idle (gpointer data)
{
  KrTaskManager *manager = data;

  return kr_task_manager_get_n_queued (manager) + kr_task_manager_get_n_running (manager) +
           kr_task_manager_get_n_detached (manager) == 0;
}

static gboolean
is_gone (gpointer data)
{
  g_autoptr (GObject) object = g_weak_ref_get (data);

  return object == NULL;
}

static void
tear_down (Fixture *f, gconstpointer data)
{
  GWeakRef manager;

  g_atomic_int_set (&f->go, TRUE);
  kr_task_manager_cancel_all (f->manager, NULL, KR_TASK_CANCEL_REASON_SHUTDOWN);
  kr_test_wait ("an idle manager", is_idle, f->manager);
  g_weak_ref_init (&manager, f->manager);
  g_clear_object (&f->job);
  g_clear_object (&f->manager);
  kr_test_wait ("the end of the manager", is_gone, &manager);
  g_weak_ref_clear (&manager);
}

/* --- bodies */

static GVariant *
body_value (KrTaskJob *job, GCancellable *cancellable, gpointer user_data, GError **error)
{
  Fixture *f = user_data;

  g_atomic_int_inc (&f->n_runs);
  return g_variant_new_string ("done");
}

/* Goes on when it is told to, whatever happens to its job. */
static GVariant *
body_deaf (KrTaskJob *job, GCancellable *cancellable, gpointer user_data, GError **error)
{
  Fixture *f = user_data;

  g_atomic_int_inc (&f->n_runs);
  g_atomic_int_set (&f->entered, TRUE);
  while (!g_atomic_int_get (&f->go))
    g_usleep (500);
  return g_variant_new_string ("late");
}

/* Sleeps until it is cancelled, and then fails with an error of its own. */
static GVariant *
body_sleeps (KrTaskJob *job, GCancellable *cancellable, gpointer user_data, GError **error)
{
  Fixture *f = user_data;

  g_atomic_int_inc (&f->n_runs);
  kr_task_progress_set (kr_task_job_get_progress (job), 0.25, "a quarter");
  g_atomic_int_set (&f->entered, TRUE);
  kr_task_job_sleep (job, -1);
  g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_NO_SPACE, "no space");
  return NULL;
}

static GVariant *
body_fails (KrTaskJob *job, GCancellable *cancellable, gpointer user_data, GError **error)
{
  kr_task_progress_set (kr_task_job_get_progress (job), 0.25, "a quarter");
  g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_NO_SPACE, "no space");
  return NULL;
}

static void
submit (Fixture *f, KrTaskJob *job, KrTaskFunc func)
{
  g_autoptr (GError) error = NULL;

  kr_task_job_set_func (job, func, f, NULL);
  g_assert_true (kr_task_manager_submit (f->manager, job, &error));
  g_assert_no_error (error);
}

static void
run_to_end (KrTaskJob *job)
{
  g_autoptr (GAsyncResult) result = NULL;

  kr_task_job_wait_async (job, NULL, kr_test_store_result, &result);
  kr_test_wait_result ("the end of the job", &result);
  g_assert_true (kr_task_job_wait_finish (job, result, NULL));
}

static gboolean
cancel (KrTaskJob *job, GError **error)
{
  return kr_task_job_cancel (job, KR_TASK_CANCEL_REASON_USER, NULL, KR_TASK_CANCEL_NONE, error);
}

/* --- K1: two callers both see a task that has not started, and it runs twice */

static gpointer
start (gpointer data)
{
  return GINT_TO_POINTER (kr_task_job_start (data, NULL));
}

static void
test_double_start (Fixture *f, gconstpointer data)
{
  for (int i = 0; i < N_ROUNDS / 5; i++)
    {
      g_autoptr (KrTaskJob) job = kr_task_job_new ("defect", NULL);
      GThread *threads[4];
      int n_winners = 0;

      kr_task_job_set_autostart (job, FALSE);
      submit (f, job, body_value);
      for (guint t = 0; t < G_N_ELEMENTS (threads); t++)
        threads[t] = g_thread_new ("starter", start, job);
      for (guint t = 0; t < G_N_ELEMENTS (threads); t++)
        n_winners += GPOINTER_TO_INT (g_thread_join (threads[t]));
      g_assert_cmpint (n_winners, ==, 1);
      run_to_end (job);
      g_assert_cmpint (g_atomic_int_get (&f->n_runs), ==, i + 1);
    }
}

/* --- K2: a cancel before the first instruction is overwritten by "running" */

static void
test_cancel_before_run (Fixture *f, gconstpointer data)
{
  int n_accepted = 0;
  int i;

  for (i = 0; i < N_ROUNDS || (n_accepted == 0 && i < 100 * N_ROUNDS); i++)
    {
      g_autoptr (KrTaskJob) job = kr_task_job_new ("defect", NULL);
      gboolean accepted;

      submit (f, job, body_value);
      accepted = cancel (job, NULL);
      n_accepted += accepted;
      run_to_end (job);
      g_assert_cmpint (kr_task_job_get_state (job), ==, accepted ? KR_TASK_STATE_CANCELLED : KR_TASK_STATE_COMPLETED);
    }
  g_assert_cmpint (n_accepted, >, 0);
  g_assert_cmpint (g_atomic_int_get (&f->n_runs), <=, i);
}

/* --- K3: a terminal state is visible before the time of the end and the last progress
 * --- K4: the result is readable before the state is terminal */

static void
test_one_view (Fixture *f, gconstpointer data)
{
  gboolean ended = FALSE;

  submit (f, f->job, body_value);
  while (!ended)
    {
      g_autoptr (GVariant) status = kr_task_job_dup_status (f->job);
      const char *state;
      gint64 finished_at;

      g_assert_true (g_variant_lookup (status, "state", "&s", &state));
      g_assert_true (g_variant_lookup (status, "finished-at", "x", &finished_at));
      ended = g_str_equal (state, "completed");
      g_assert_cmpint (ended, ==, finished_at != 0);
      g_assert_cmpint (ended, ==, g_variant_lookup (status, "result", "v", NULL));
      g_main_context_iteration (NULL, FALSE);
    }
}

static void
test_result_before_end (Fixture *f, gconstpointer data)
{
  g_autoptr (GVariant) result = NULL;
  g_autoptr (GError) error = NULL;

  submit (f, f->job, body_deaf);
  kr_test_wait ("the body", is_set, &f->entered);
  g_assert_null (kr_task_job_dup_result (f->job, &error));
  g_assert_error (error, KR_TASK_ERROR, KR_TASK_ERROR_NOT_FINISHED);
  g_atomic_int_set (&f->go, TRUE);
  run_to_end (f->job);
  result = kr_task_job_dup_result (f->job, NULL);
  g_assert_cmpstr (g_variant_get_string (result, NULL), ==, "late");
}

/* --- K5: "stopping" is declared, and never assigned */

static void
note_cancelling (KrTaskJob *job, KrTaskState old_state, KrTaskState new_state, gpointer user_data)
{
  if (new_state == KR_TASK_STATE_CANCELLING)
    ++*(guint *) user_data;
}

static void
test_cancelling_is_real (Fixture *f, gconstpointer data)
{
  guint n_seen = 0;

  g_signal_connect (f->job, "state-changed", G_CALLBACK (note_cancelling), &n_seen);
  submit (f, f->job, body_deaf);
  kr_test_wait ("the body", is_set, &f->entered);
  g_assert_true (cancel (f->job, NULL));
  g_assert_cmpint (kr_task_job_get_state (f->job), ==, KR_TASK_STATE_CANCELLING);
  kr_test_wait_count ("the signal", &n_seen, 1);
  g_atomic_int_set (&f->go, TRUE);
  run_to_end (f->job);
  g_assert_cmpint (kr_task_job_get_state (f->job), ==, KR_TASK_STATE_CANCELLED);
}

/* --- K6: an error after a cancel is dropped */

static void
test_late_error (Fixture *f, gconstpointer data)
{
  g_autoptr (GError) cause = NULL;
  g_autoptr (GError) end = NULL;

  submit (f, f->job, body_sleeps);
  kr_test_wait ("the body", is_set, &f->entered);
  g_assert_true (cancel (f->job, NULL));
  run_to_end (f->job);
  cause = kr_task_job_dup_cause (f->job);
  g_assert_error (cause, G_IO_ERROR, G_IO_ERROR_NO_SPACE);
  end = kr_task_job_dup_error (f->job);
  g_assert_error (end, G_IO_ERROR, G_IO_ERROR_CANCELLED);
}

/* --- K7: success is reported as stopped if the cancel came before somebody looked */

static void
test_success_stays (Fixture *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  submit (f, f->job, body_value);
  while (!is_terminal (f->job))
    g_usleep (100); /* the owner's context has not heard of it yet */
  g_assert_false (cancel (f->job, &error));
  g_assert_error (error, KR_TASK_ERROR, KR_TASK_ERROR_ALREADY_FINISHED);
  run_to_end (f->job);
  g_assert_cmpint (kr_task_job_get_state (f->job), ==, KR_TASK_STATE_COMPLETED);
}

/* --- K8: at the limit a task fails, where it should wait */

static void
test_limit_queues (Fixture *f, gconstpointer data)
{
  g_autoptr (KrTaskJob) second = kr_task_job_new ("defect", NULL);

  kr_task_manager_set_max_concurrent (f->manager, 1);
  submit (f, f->job, body_deaf);
  kr_test_wait ("the body", is_set, &f->entered);
  submit (f, second, body_value);
  g_assert_cmpint (kr_task_job_get_state (second), ==, KR_TASK_STATE_QUEUED);
  g_atomic_int_set (&f->go, TRUE);
  run_to_end (second);
  g_assert_cmpint (kr_task_job_get_state (second), ==, KR_TASK_STATE_COMPLETED);
}

/* --- K9: a body cannot see the cancel, and the state stays at running */

static GVariant *
body_sees (KrTaskJob *job, GCancellable *cancellable, gpointer user_data, GError **error)
{
  Fixture *f = user_data;

  g_assert_nonnull (cancellable);
  g_atomic_int_set (&f->entered, TRUE);
  while (!g_cancellable_set_error_if_cancelled (cancellable, error))
    g_usleep (500);
  return NULL;
}

static void
test_body_sees_cancel (Fixture *f, gconstpointer data)
{
  submit (f, f->job, body_sees);
  kr_test_wait ("the body", is_set, &f->entered);
  g_assert_true (cancel (f->job, NULL));
  run_to_end (f->job);
  g_assert_cmpint (kr_task_job_get_state (f->job), ==, KR_TASK_STATE_CANCELLED);
}

/* --- K10: the work goes on where nobody counts it */

static void
test_detached_is_counted (Fixture *f, gconstpointer data)
{
  kr_task_job_set_deadlines (f->job, -1, -1, 1000);
  submit (f, f->job, body_deaf);
  kr_test_wait ("the body", is_set, &f->entered);
  g_assert_true (cancel (f->job, NULL));
  run_to_end (f->job);
  g_assert_cmpint (kr_task_job_get_state (f->job), ==, KR_TASK_STATE_CANCELLED);
  g_assert_true (kr_task_job_get_detached (f->job));
  g_assert_cmpuint (kr_task_manager_get_n_detached (f->manager), ==, 1);
  g_atomic_int_set (&f->go, TRUE);
  kr_test_wait ("the return of the body", is_idle, f->manager);
  g_assert_false (kr_task_job_get_detached (f->job));
  g_assert_cmpint (kr_task_job_get_state (f->job), ==, KR_TASK_STATE_CANCELLED);
}

/* --- K11: finished tasks are never evicted, and something of them outlives their removal */

static void
test_nothing_outlives (Fixture *f, gconstpointer data)
{
  GWeakRef first;

  g_object_set (f->manager, "keep-finished-count", 2, NULL);
  g_weak_ref_init (&first, f->job);
  submit (f, f->job, body_value);
  run_to_end (f->job);
  g_clear_object (&f->job);
  for (guint i = 0; i < 3; i++)
    {
      g_clear_object (&f->job);
      f->job = kr_task_job_new ("defect", NULL);
      submit (f, f->job, body_value);
      run_to_end (f->job);
    }
  kr_test_wait ("the end of the first one", is_gone, &first);
  g_assert_cmpuint (g_list_model_get_n_items (G_LIST_MODEL (f->manager)), ==, 2);
  g_weak_ref_set (&first, f->job);
  g_assert_true (kr_task_manager_remove (f->manager, kr_task_job_get_id (f->job), NULL));
  g_clear_object (&f->job);
  kr_test_wait ("the end of the removed one", is_gone, &first);
  g_weak_ref_clear (&first);
}

/* --- K12: parents and children are never set, not locked, and nothing passes between them */

static void
test_family (Fixture *f, gconstpointer data)
{
  g_autoptr (KrTaskJob) child = kr_task_job_new ("defect", NULL);
  g_autoptr (KrTaskJob) parent = NULL;
  g_autoptr (GError) error = NULL;

  g_assert_true (kr_task_job_add_child (f->job, child, 1, NULL));
  parent = kr_task_job_dup_parent (child);
  g_assert_true (parent == f->job);
  g_assert_cmpuint (g_list_model_get_n_items (kr_task_job_get_children (f->job)), ==, 1);
  submit (f, f->job, body_value);
  submit (f, child, body_sleeps);
  kr_test_wait ("the body", is_set, &f->entered);
  g_assert_false (kr_task_manager_remove (f->manager, kr_task_job_get_id (f->job), &error));
  g_assert_nonnull (error);
  g_assert_true (cancel (f->job, NULL));
  run_to_end (child);
  run_to_end (f->job);
  g_assert_cmpint (kr_task_job_get_cancel_reason (child), ==, KR_TASK_CANCEL_REASON_PARENT);
}

/* --- K13: of two updates of the progress one is lost, or half of each is kept */

static gpointer
write_progress (gpointer data)
{
  for (guint i = 0; i <= 5000; i++)
    {
      g_autofree char *message = g_strdup_printf ("%.6f", i / 5000.0);

      kr_task_progress_set (data, i / 5000.0, message);
    }
  return NULL;
}

static void
test_progress_is_whole (Fixture *f, gconstpointer data)
{
  KrTaskProgress *progress = kr_task_job_get_progress (f->job);
  GThread *threads[4];
  double last = 0;

  for (guint t = 0; t < G_N_ELEMENTS (threads); t++)
    threads[t] = g_thread_new ("writer", write_progress, progress);
  while (last < 1)
    {
      g_autofree char *message = NULL;
      double fraction = kr_task_progress_get (progress, &message);

      if (!isnan (fraction) && *message != '\0')
        {
          g_autofree char *expected = g_strdup_printf ("%.6f", fraction);

          g_assert_cmpstr (message, ==, expected);
          g_assert_cmpfloat (fraction, >=, last);
          last = fraction;
        }
    }
  for (guint t = 0; t < G_N_ELEMENTS (threads); t++)
    g_thread_join (threads[t]);
}

/* --- K14: a failure or a cancel sets the progress to all */

static void
test_progress_stays (Fixture *f, gconstpointer data)
{
  g_autoptr (KrTaskJob) failing = kr_task_job_new ("defect", NULL);

  submit (f, failing, body_fails);
  run_to_end (failing);
  g_assert_cmpfloat (kr_task_progress_get_fraction (kr_task_job_get_progress (failing)), ==, 0.25);
  submit (f, f->job, body_sleeps);
  kr_test_wait ("the body", is_set, &f->entered);
  g_assert_true (cancel (f->job, NULL));
  run_to_end (f->job);
  g_assert_cmpfloat (kr_task_progress_get_fraction (kr_task_job_get_progress (f->job)), ==, 0.25);
}

/* --- K15: members that the documentation names do not exist */

static void
check_code (const char *code)
{
  GTypeClass *classes[] = { g_type_class_peek (KR_TASK_TYPE_JOB), g_type_class_peek (KR_TASK_TYPE_MANAGER),
                            g_type_class_peek (KR_TASK_TYPE_PROGRESS) };
  gboolean exists = FALSE;

  if (g_str_has_prefix (code, "notify::"))
    for (guint i = 0; i < G_N_ELEMENTS (classes); i++)
      exists |= g_object_class_find_property (G_OBJECT_CLASS (classes[i]), code + strlen ("notify::")) != NULL;
  else
    exists = dlsym (RTLD_DEFAULT, code) != NULL;
  if (!exists)
    g_error ("The documentation names %s, and there is none", code);
}

/* Functions and properties that the text names; those of the HTTP adapter are of another library. */
static void
test_documentation (Fixture *f, gconstpointer data)
{
  g_autofree char *path = g_test_build_filename (G_TEST_DIST, "..", "docs", "tasks.md", NULL);
  g_autofree char *text = NULL;
  g_autoptr (GRegex) regex = g_regex_new ("kr_task_(?!soup)[a-z_]+(?= ?\\()|notify::[a-z-]+", 0, 0, NULL);
  g_autoptr (GMatchInfo) info = NULL;
  g_autoptr (GError) error = NULL;
  guint n_checked = 0;

  kr_task_job_get_progress (f->job);
  g_assert_true (g_file_get_contents (path, &text, NULL, &error));
  g_assert_no_error (error);
  for (g_regex_match (regex, text, 0, &info); g_match_info_matches (info); g_match_info_next (info, NULL))
    {
      g_autofree char *code = g_match_info_fetch (info, 0);

      check_code (code);
      n_checked++;
    }
  g_assert_cmpuint (n_checked, >, 20);
}

/* --- K16: nobody is told of a change */

static void
count_up (guint *n)
{
  ++*n;
}

static void
test_changes_are_told (Fixture *f, gconstpointer data)
{
  guint n_states = 0, n_notified = 0, n_finished = 0, n_items = 0;

  g_signal_connect_swapped (f->job, "state-changed", G_CALLBACK (count_up), &n_states);
  g_signal_connect_swapped (f->job, "notify::state", G_CALLBACK (count_up), &n_notified);
  g_signal_connect_swapped (f->job, "finished", G_CALLBACK (count_up), &n_finished);
  g_signal_connect_swapped (f->manager, "items-changed", G_CALLBACK (count_up), &n_items);
  submit (f, f->job, body_value);
  run_to_end (f->job);
  g_signal_handlers_disconnect_by_data (f->manager, &n_items);
  g_assert_cmpuint (n_states, ==, 3);
  g_assert_cmpuint (n_notified, >=, 1);
  g_assert_cmpuint (n_finished, ==, 1);
  g_assert_cmpuint (n_items, >=, 1);
}

/* --- K17: there is no owner, and everybody may do everything */

static gboolean
may (Fixture *f, guint32 uid)
{
  GVariantDict identity;

  g_variant_dict_init (&identity, NULL);
  g_variant_dict_insert (&identity, "uid", "u", uid);
  return kr_task_manager_authorize (f->manager, f->job, "cancel", g_variant_dict_end (&identity));
}

static void
test_owner (Fixture *f, gconstpointer data)
{
  GVariantDict owner;

  g_variant_dict_init (&owner, NULL);
  g_variant_dict_insert (&owner, "uid", "u", 4711);
  kr_task_job_set_owner (f->job, g_variant_dict_end (&owner));
  g_assert_true (may (f, 4711));
  g_assert_true (may (f, 0));
  g_assert_false (may (f, 4712));
  g_assert_false (kr_task_manager_authorize (f->manager, f->job, "cancel", NULL));
}

/* --- K18: the end of the service blocks its caller, and then forgets what still runs */

static void
test_shutdown_does_not_block (Fixture *f, gconstpointer data)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  gint64 begin;

  submit (f, f->job, body_deaf);
  kr_test_wait ("the body", is_set, &f->entered);
  begin = g_get_monotonic_time ();
  kr_task_manager_shutdown_async (f->manager, 50 * G_TIME_SPAN_MILLISECOND, NULL, kr_test_store_result, &result);
  g_assert_cmpint (g_get_monotonic_time () - begin, <, 50 * G_TIME_SPAN_MILLISECOND);
  kr_test_wait_result ("the shutdown", &result);
  g_assert_false (kr_task_manager_shutdown_finish (f->manager, result, &error));
  g_assert_error (error, KR_TASK_ERROR, KR_TASK_ERROR_DETACHED);
  g_assert_cmpuint (kr_task_manager_get_n_detached (f->manager), ==, 1);
}

/* --- K19: after a cancel nobody hears of the end */

static void
note_progress (KrTaskProgress *progress, gpointer user_data)
{
  g_assert_cmpuint (*(guint *) user_data, ==, 0);
}

static void
test_end_is_told (Fixture *f, gconstpointer data)
{
  guint n_finished = 0;

  g_signal_connect_swapped (f->job, "finished", G_CALLBACK (count_up), &n_finished);
  g_signal_connect (kr_task_job_get_progress (f->job), "changed", G_CALLBACK (note_progress), &n_finished);
  submit (f, f->job, body_sleeps);
  kr_test_wait ("the body", is_set, &f->entered);
  g_assert_true (cancel (f->job, NULL));
  run_to_end (f->job);
  kr_test_wait ("an idle manager", is_idle, f->manager);
  g_assert_cmpuint (n_finished, ==, 1);
}

/* --- K20: what a cancel returns is the same whether it did anything or not
 * --- K21: one answer for several cases, and none for a result that is null */

static void
test_cancel_tells (Fixture *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (kr_task_manager_lookup (f->manager, "nobody"));
  submit (f, f->job, body_sleeps);
  kr_test_wait ("the body", is_set, &f->entered);
  g_assert_true (cancel (f->job, &error));
  g_assert_no_error (error);
  run_to_end (f->job);
  g_assert_false (cancel (f->job, &error));
  g_assert_error (error, KR_TASK_ERROR, KR_TASK_ERROR_ALREADY_FINISHED);
}

static GVariant *
body_null (KrTaskJob *job, GCancellable *cancellable, gpointer user_data, GError **error)
{
  return NULL;
}

static void
test_one_code_per_case (Fixture *f, gconstpointer data)
{
  g_autoptr (KrTaskJob) running = kr_task_job_new ("defect", NULL);
  g_autoptr (GError) error = NULL;

  g_assert_false (kr_task_manager_remove (f->manager, "nobody", &error));
  g_assert_error (error, KR_TASK_ERROR, KR_TASK_ERROR_NOT_FOUND);
  g_clear_error (&error);
  submit (f, running, body_deaf);
  g_assert_false (kr_task_manager_remove (f->manager, kr_task_job_get_id (running), &error));
  g_assert_error (error, KR_TASK_ERROR, KR_TASK_ERROR_NOT_FINISHED);
  g_clear_error (&error);
  g_assert_false (kr_task_job_start (running, &error));
  g_assert_error (error, KR_TASK_ERROR, KR_TASK_ERROR_ALREADY_STARTED);
  g_clear_error (&error);
  submit (f, f->job, body_null);
  run_to_end (f->job);
  g_assert_null (kr_task_job_dup_result (f->job, &error));
  g_assert_no_error (error);
}

typedef struct
{
  const char *name;
  void (*test) (Fixture *f, gconstpointer data);
} Defect;

/* The n-th one is Kn, so that none can be left out. */
static const Defect defects[] = {
  { "double-start", test_double_start },
  { "cancel-before-run", test_cancel_before_run },
  { "one-view", test_one_view },
  { "result-before-end", test_result_before_end },
  { "cancelling-is-real", test_cancelling_is_real },
  { "late-error", test_late_error },
  { "success-stays", test_success_stays },
  { "limit-queues", test_limit_queues },
  { "body-sees-cancel", test_body_sees_cancel },
  { "detached-is-counted", test_detached_is_counted },
  { "nothing-outlives-removal", test_nothing_outlives },
  { "family", test_family },
  { "progress-is-whole", test_progress_is_whole },
  { "progress-stays", test_progress_stays },
  { "documentation", test_documentation },
  { "changes-are-told", test_changes_are_told },
  { "owner", test_owner },
  { "shutdown-does-not-block", test_shutdown_does_not_block },
  { "end-is-told", test_end_is_told },
  { "cancel-tells", test_cancel_tells },
  { "one-code-per-case", test_one_code_per_case },
};
G_STATIC_ASSERT (G_N_ELEMENTS (defects) == N_DEFECTS);

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  for (guint i = 0; i < N_DEFECTS; i++)
    {
      g_autofree char *path = g_strdup_printf ("/defects/K%u/%s", i + 1, defects[i].name);

      g_test_add (path, Fixture, NULL, set_up, defects[i].test, tear_down);
    }
  return g_test_run ();
}
