/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* Races: seven threads meet on one job after another; each kind of race is counted, and must have happened. */
#include "config.h"

#include <sched.h>

#include <kr-test.h>

#include "kr-task-job-private.h"
#include "kr-task-manager.h"

/*
 * Two threads start each job, two run it, two cancel it, one looks. The manager's own only slot is taken, so that the job
 * stays queued until a thread of the test runs it by the door that the runner uses. Without the barrier before each job
 * the threads would only look concurrent: each would soon walk alone.
 */

#define N_THREADS 7

/* A race that has not happened is tried again, this often. */
#define MAX_ROUNDS 50

typedef struct
{
  KrTaskJob *job;
  int n_starts;    /* atomic: start() returned TRUE */
  int n_accepted;  /* atomic: cancel() returned TRUE */
  int n_bodies;    /* atomic */
  int held;        /* atomic: hold() returned TRUE */
  int refused;     /* atomic: a cancel met the hold */
  int deferred;    /* atomic: a cancel met the hold and is remembered */
  int beaten;      /* atomic: a cancel came after the success */
  int n_finished;  /* the signal */
  gboolean hold, fail;
} Slot;

typedef struct
{
  KrTaskManager *manager;
  KrTaskJob *blocker;
  int blocked, go; /* atomic */
  guint n_slots;
  Slot *slots;
  int arrived;     /* atomic */
} Harness;

typedef struct
{
  Harness *harness;
  guint role;
  guint32 seed;
  GCancellable *spare;
} Walker;

static guint32
next_random (guint32 *seed)
{
  *seed ^= *seed << 13;
  *seed ^= *seed >> 17;
  *seed ^= *seed << 5;
  return *seed;
}

/* A short time of a random scale, sometimes with a turn for the others. */
static void
jitter (guint32 *seed)
{
  guint scale = next_random (seed) % 9;
  guint turns = next_random (seed) % (1u << scale);

  for (volatile guint i = 0; i < turns * 4; i++)
    ;
  if (next_random (seed) % 8 == 0)
    sched_yield ();
}

static void
meet (Harness *harness, guint i)
{
  int all = (i + 1) * N_THREADS;

  g_atomic_int_inc (&harness->arrived);
  while (g_atomic_int_get (&harness->arrived) < all)
    sched_yield ();
}

static GVariant *
body (KrTaskJob *job, GCancellable *cancellable, gpointer user_data, GError **error)
{
  Slot *slot = user_data;
  guint32 seed = GPOINTER_TO_UINT (job) | 1;

  g_atomic_int_inc (&slot->n_bodies);
  jitter (&seed);
  if (slot->hold && kr_task_job_hold (job))
    {
      g_atomic_int_set (&slot->held, TRUE);
      jitter (&seed);
      sched_yield ();
      g_assert_false (kr_task_job_is_cancelled (job));
      if (!slot->fail)
        return g_variant_new_int32 (1); /* the end releases */
      kr_task_job_release (job);
    }
  else
    sched_yield ();
  if (slot->fail)
    {
      g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_NO_SPACE, "no space");
      return NULL;
    }
  return g_variant_new_int32 (1);
}

static void
cancel (Slot *slot, KrTaskCancelReason reason)
{
  g_autoptr (GError) error = NULL;

  if (kr_task_job_cancel (slot->job, reason, NULL, KR_TASK_CANCEL_NONE, &error))
    {
      g_assert_no_error (error);
      g_assert_true (kr_task_job_is_cancelled (slot->job));
      g_atomic_int_inc (&slot->n_accepted);
    }
  else if (g_error_matches (error, KR_TASK_ERROR, KR_TASK_ERROR_NOT_CANCELLABLE))
    g_atomic_int_inc (&slot->refused);
  else if (g_error_matches (error, KR_TASK_ERROR, KR_TASK_ERROR_DEFERRED))
    g_atomic_int_inc (&slot->deferred);
  else if (g_error_matches (error, KR_TASK_ERROR, KR_TASK_ERROR_ALREADY_FINISHED))
    {
      KrTaskState state = kr_task_job_get_state (slot->job);

      if (state == KR_TASK_STATE_COMPLETED || state == KR_TASK_STATE_FAILED)
        g_atomic_int_inc (&slot->beaten);
    }
  else
    g_assert_error (error, KR_TASK_ERROR, KR_TASK_ERROR_ALREADY_CANCELLED);
}

/* One view: an end, an outcome and a reason exactly if it has ended. */
static void
look (KrTaskJob *job)
{
  g_autoptr (GVariant) status = kr_task_job_dup_status (job);
  const char *state, *reason;
  gint64 finished_at;
  gboolean completed, failed, cancelled, terminal;

  g_assert_true (g_variant_lookup (status, "state", "&s", &state));
  g_assert_true (g_variant_lookup (status, "cancel-reason", "&s", &reason));
  g_assert_true (g_variant_lookup (status, "finished-at", "x", &finished_at));
  completed = g_str_equal (state, "completed");
  failed = g_str_equal (state, "failed");
  cancelled = g_str_equal (state, "cancelled");
  terminal = completed || failed || cancelled;
  g_assert_cmpint (finished_at != 0, ==, terminal);
  g_assert_cmpint (g_variant_lookup (status, "result", "v", NULL), ==, completed);
  g_assert_cmpint (g_variant_lookup (status, "error", "(sis)", NULL, NULL, NULL), ==, failed || cancelled);
  g_assert_cmpint (!g_str_equal (reason, "none"), ==, cancelled || g_str_equal (state, "cancelling"));
}

static void
wait_for_start (KrTaskJob *job)
{
  for (guint i = 0; i < 5 && kr_task_job_get_state (job) == KR_TASK_STATE_CREATED; i++)
    sched_yield ();
}

static void
play (Walker *walker, Slot *slot)
{
  switch (walker->role)
    {
    case 0:
    case 1:
      if (kr_task_job_start (slot->job, NULL))
        g_atomic_int_inc (&slot->n_starts);
      break;
    case 2:
    case 3:
      /* an early bird finds it not queued yet: it has a second look */
      wait_for_start (slot->job);
      jitter (&walker->seed);
      kr_task_job_run (slot->job, &walker->spare);
      break;
    case 4:
    case 5:
      if (next_random (&walker->seed) % 2 == 0)
        wait_for_start (slot->job);
      if (next_random (&walker->seed) % 4 != 0)
        cancel (slot, walker->role == 4 ? KR_TASK_CANCEL_REASON_USER : KR_TASK_CANCEL_REASON_SUPERSEDED);
      break;
    default:
      look (slot->job);
      jitter (&walker->seed);
      look (slot->job);
    }
}

static gpointer
walk (gpointer data)
{
  Walker *walker = data;

  for (guint i = 0; i < walker->harness->n_slots; i++)
    {
      meet (walker->harness, i);
      jitter (&walker->seed);
      play (walker, &walker->harness->slots[i]);
    }
  g_clear_object (&walker->spare);
  return NULL;
}

static GVariant *
block (KrTaskJob *job, GCancellable *cancellable, gpointer user_data, GError **error)
{
  Harness *harness = user_data;

  g_atomic_int_set (&harness->blocked, TRUE);
  while (!g_atomic_int_get (&harness->go))
    g_usleep (500);
  return NULL;
}

static void
on_finished (KrTaskJob *job, gpointer user_data)
{
  ((Slot *) user_data)->n_finished++;
}

static gboolean
is_blocked (gpointer data)
{
  return g_atomic_int_get (&((Harness *) data)->blocked);
}

static gboolean
is_listed (gpointer data)
{
  Harness *harness = data;

  return g_list_model_get_n_items (G_LIST_MODEL (harness->manager)) == harness->n_slots + 1;
}

static void
harness_init (Harness *harness, guint n)
{
  harness->manager = kr_task_manager_new (NULL);
  g_object_set (harness->manager, "keep-finished-count", 0, "max-concurrent", 1, NULL);
  harness->blocker = kr_task_job_new ("block", NULL);
  kr_task_job_set_func (harness->blocker, block, harness, NULL);
  g_assert_true (kr_task_manager_submit (harness->manager, harness->blocker, NULL));
  kr_test_wait ("the blocker", is_blocked, harness);
  harness->n_slots = n;
  harness->slots = g_new0 (Slot, n);
  for (guint i = 0; i < n; i++)
    {
      Slot *slot = &harness->slots[i];

      slot->job = kr_task_job_new ("race", NULL);
      slot->hold = i % 2 == 0;
      slot->fail = i % 3 == 0;
      kr_task_job_set_func (slot->job, body, slot, NULL);
      kr_task_job_set_autostart (slot->job, FALSE);
      g_signal_connect (slot->job, "finished", G_CALLBACK (on_finished), slot);
      g_assert_true (kr_task_manager_submit (harness->manager, slot->job, NULL));
    }
  /* or an empty list would not say that all have gone */
  kr_test_wait ("the list", is_listed, harness);
}

static gboolean
has_nothing_left (gpointer data)
{
  KrTaskManager *manager = data;

  return kr_task_manager_get_n_queued (manager) == 0 && kr_task_manager_get_n_running (manager) == 0 &&
         g_list_model_get_n_items (G_LIST_MODEL (manager)) == 0;
}

typedef struct
{
  guint created, queued, running, refused, deferred, beaten, completed, failed;
} Counts;

/* What must hold of each job, and which race it was. */
static void
check (Slot *slot, Counts *counts)
{
  KrTaskJob *job = slot->job;
  KrTaskState state = kr_task_job_get_state (job);
  gboolean cancelled = state == KR_TASK_STATE_CANCELLED || state == KR_TASK_STATE_TIMED_OUT;
  guint n_terminal = 0;

  for (guint i = 0; i < job->n_path; i++)
    n_terminal += kr_task_state_is_terminal (job->path[i]);
  g_assert_cmpuint (n_terminal, ==, 1);                   /* I1 */
  g_assert_cmpint (slot->n_bodies, <=, 1);                /* I2 */
  g_assert_cmpint (slot->n_starts, <=, 1);
  g_assert_cmpint (slot->n_accepted, <=, 1);              /* I3 */
  if (slot->n_accepted == 0 && cancelled) /* what was remembered was accepted at the release */
    g_assert_true (slot->deferred && kr_task_job_get_cancel_reason (job) == KR_TASK_CANCEL_REASON_SUPERSEDED);
  else
    g_assert_cmpint (slot->n_accepted == 1, ==, cancelled);
  counts->deferred += slot->deferred && cancelled && slot->n_accepted == 0;
  if (slot->held && !slot->fail)
    g_assert_cmpint (state, ==, KR_TASK_STATE_COMPLETED); /* I4 */
  g_assert_cmpint (slot->n_finished, ==, 1);              /* I7 */
  look (job);                                             /* I5 */
  counts->completed += state == KR_TASK_STATE_COMPLETED;
  counts->failed += state == KR_TASK_STATE_FAILED;
  counts->refused += slot->refused > 0;
  counts->beaten += slot->beaten > 0;
  if (!cancelled)
    return;
  counts->created += job->path[job->n_path - 2] == KR_TASK_STATE_CREATED;
  counts->queued += job->path[job->n_path - 2] == KR_TASK_STATE_QUEUED;
  counts->running += job->path[job->n_path - 2] == KR_TASK_STATE_CANCELLING;
  if (job->path[job->n_path - 2] != KR_TASK_STATE_CANCELLING)
    g_assert_cmpint (slot->n_bodies, ==, 0);              /* I2 */
}

static void
test_harness (void)
{
  Harness harness = { 0 };
  Walker walkers[N_THREADS];
  GThread *threads[N_THREADS];
  Counts counts = { 0 };

  harness_init (&harness, g_test_slow () ? 20000 : 2000);
  for (guint i = 0; i < N_THREADS; i++)
    {
      walkers[i] = (Walker) { &harness, i, g_test_rand_int () | 1, NULL };
      threads[i] = g_thread_new ("walker", walk, &walkers[i]);
    }
  for (guint i = 0; i < N_THREADS; i++)
    g_thread_join (threads[i]);
  /* what nobody started, ran or cancelled */
  for (guint i = 0; i < harness.n_slots; i++)
    if (kr_task_job_get_state (harness.slots[i].job) == KR_TASK_STATE_CREATED)
      cancel (&harness.slots[i], KR_TASK_CANCEL_REASON_USER);
  g_atomic_int_set (&harness.go, TRUE);
  kr_test_wait ("an empty manager", has_nothing_left, harness.manager);
  for (guint i = 0; i < harness.n_slots; i++)
    check (&harness.slots[i], &counts);
  g_test_message ("won from created %u, queued %u, running %u; refused by hold %u, deferred %u, "
                  "beaten by success %u; completed %u, failed %u", counts.created, counts.queued, counts.running, counts.refused,
                  counts.deferred, counts.beaten, counts.completed, counts.failed);
  g_assert_cmpuint (counts.created, >, 0);
  g_assert_cmpuint (counts.queued, >, 0);
  g_assert_cmpuint (counts.running, >, 0);
  g_assert_cmpuint (counts.refused, >, 0);
  g_assert_cmpuint (counts.deferred, >, 0);
  g_assert_cmpuint (counts.beaten, >, 0);
  g_assert_cmpuint (counts.completed, >, 0);
  g_assert_cmpuint (counts.failed, >, 0);
  for (guint i = 0; i < harness.n_slots; i++)
    g_object_unref (harness.slots[i].job);
  g_free (harness.slots);
  g_object_unref (harness.blocker);
  g_object_unref (harness.manager);
}

/* A deadline in the queue meets the dispatch: one of them wins, never both. */
static GVariant *
body_count (KrTaskJob *job, GCancellable *cancellable, gpointer user_data, GError **error)
{
  g_atomic_int_inc ((int *) user_data);
  return NULL;
}

/* Takes a while of a random scale, so that others wait in the queue. */
static GVariant *
body_count_slowly (KrTaskJob *job, GCancellable *cancellable, gpointer user_data, GError **error)
{
  guint32 seed = GPOINTER_TO_UINT (job) | 1;

  for (guint i = 0; i < 40; i++)
    jitter (&seed);
  return body_count (job, cancellable, user_data, error);
}

typedef struct
{
  guint n, n_timed_out, n_completed;
} Deadlines;

static void
race_deadlines (KrTaskManager *manager, guint n, Deadlines *deadlines)
{
  g_autofree int *n_bodies = g_new0 (int, n);
  g_autoptr (GPtrArray) jobs = g_ptr_array_new_with_free_func (g_object_unref);

  for (guint i = 0; i < n; i++)
    {
      KrTaskJob *job = kr_task_job_new ("race", NULL);

      kr_task_job_set_func (job, body_count_slowly, &n_bodies[i], NULL);
      /* of a random scale, 1 µs to 1 s, so that some meet the dispatch however fast it is */
      kr_task_job_set_deadlines (job, g_test_rand_int_range (0, 1 << g_test_rand_int_range (1, 21)), -1, -1);
      g_ptr_array_add (jobs, job);
      g_assert_true (kr_task_manager_submit (manager, job, NULL));
    }
  kr_test_wait ("an empty manager", has_nothing_left, manager);
  for (guint i = 0; i < n; i++)
    {
      KrTaskState state = kr_task_job_get_state (g_ptr_array_index (jobs, i));

      deadlines->n++;
      deadlines->n_timed_out += state == KR_TASK_STATE_TIMED_OUT;
      deadlines->n_completed += state == KR_TASK_STATE_COMPLETED;
      g_assert_cmpint (n_bodies[i], ==, state == KR_TASK_STATE_COMPLETED);
    }
}

static void
test_queue_deadline (void)
{
  g_autoptr (KrTaskManager) manager = kr_task_manager_new (NULL);
  Deadlines deadlines = { 0 };

  g_object_set (manager, "keep-finished-count", 0, "max-concurrent", 1, NULL);
  for (guint i = 0; i == 0 || (i < MAX_ROUNDS && (deadlines.n_timed_out == 0 || deadlines.n_completed == 0)); i++)
    race_deadlines (manager, g_test_slow () ? 20000 : 3000, &deadlines);
  g_test_message ("timed out %u, completed %u", deadlines.n_timed_out, deadlines.n_completed);
  g_assert_cmpuint (deadlines.n_timed_out + deadlines.n_completed, ==, deadlines.n);
  g_assert_cmpuint (deadlines.n_timed_out, >, 0);
  g_assert_cmpuint (deadlines.n_completed, >, 0);
}

/* An end meets the cancellation of those who wait for it: each wait returns once. */
typedef struct
{
  guint n_pending, n_done, n_cancelled;
} Waits;

static void
on_waited (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Waits *waits = user_data;
  g_autoptr (GError) error = NULL;

  waits->n_pending--;
  if (kr_task_job_wait_finish (KR_TASK_JOB (source), result, &error))
    waits->n_done++;
  else
    {
      g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
      waits->n_cancelled++;
    }
}

static gpointer
cancel_soon (gpointer data)
{
  guint32 seed = GPOINTER_TO_UINT (data) | 1;

  for (guint i = 0; i < 20; i++)
    jitter (&seed);
  g_cancellable_cancel (data);
  return NULL;
}

static gboolean
no_waits (gpointer data)
{
  return ((Waits *) data)->n_pending == 0;
}

/* The wait is cancelled by another thread, somewhen between the start of the job and long after its end. */
static void
race_wait (KrTaskManager *manager, Waits *waits)
{
  g_autoptr (KrTaskJob) job = kr_task_job_new ("race", NULL);
  g_autoptr (GCancellable) wait_only = g_cancellable_new ();
  int n_bodies = 0;
  GThread *thread;

  kr_task_job_set_func (job, g_test_rand_bit () ? body_count : body_count_slowly, &n_bodies, NULL);
  waits->n_pending = 1;
  kr_task_job_wait_async (job, wait_only, on_waited, waits);
  thread = g_thread_new ("cancel", cancel_soon, wait_only);
  if (g_test_rand_bit ())
    sched_yield ();
  g_assert_true (kr_task_manager_submit (manager, job, NULL));
  kr_test_wait ("the wait", no_waits, waits);
  g_thread_join (thread);
  waits->n_pending = 1;
  kr_task_job_wait_async (job, NULL, on_waited, waits);
  kr_test_wait ("the end", no_waits, waits);
  waits->n_done--;
}

static void
test_wait_cancelled (void)
{
  g_autoptr (KrTaskManager) manager = kr_task_manager_new (NULL);
  Waits waits = { 0 };
  guint n;

  for (n = 0; n < 500 || (n < 500 * MAX_ROUNDS && (waits.n_cancelled == 0 || waits.n_done == 0)); n++)
    race_wait (manager, &waits);
  g_test_message ("ended %u, cancelled %u", waits.n_done, waits.n_cancelled);
  g_assert_cmpuint (waits.n_done + waits.n_cancelled, ==, n);
  g_assert_cmpuint (waits.n_done, >, 0);
  g_assert_cmpuint (waits.n_cancelled, >, 0);
}

/* The link fires while the job is being linked and submitted, or while it runs. */
static void
race_link (KrTaskManager *manager, guint *n_refused, guint *n_cancelled)
{
  g_autoptr (KrTaskJob) job = kr_task_job_new ("race", NULL);
  g_autoptr (GCancellable) external = g_cancellable_new ();
  g_autoptr (GAsyncResult) result = NULL;
  int n_bodies = 0;
  GThread *thread = g_thread_new ("cancel", cancel_soon, external);

  kr_task_job_set_func (job, g_test_rand_bit () ? body_count : body_count_slowly, &n_bodies, NULL);
  if (g_test_rand_bit ())
    sched_yield ();
  kr_task_job_link (job, external);
  if (kr_task_manager_submit (manager, job, NULL))
    {
      kr_task_job_wait_async (job, NULL, kr_test_store_result, &result);
      kr_test_wait_result ("the end", &result);
    }
  else
    ++*n_refused;
  g_thread_join (thread);
  g_assert_true (kr_task_state_is_terminal (kr_task_job_get_state (job)));
  *n_cancelled += kr_task_job_is_cancelled (job);
  g_assert_cmpint (n_bodies, <=, 1);
}

static void
test_link (void)
{
  g_autoptr (KrTaskManager) manager = kr_task_manager_new (NULL);
  guint n_refused = 0, n_cancelled = 0;
  guint n;

  for (n = 0; n < 500 || (n < 500 * MAX_ROUNDS && (n_cancelled == 0 || n_cancelled == n)); n++)
    race_link (manager, &n_refused, &n_cancelled);
  g_test_message ("refused %u, cancelled %u of %u", n_refused, n_cancelled, n);
  g_assert_cmpuint (n_cancelled, >, 0);
  g_assert_cmpuint (n_cancelled, <, n);
}

/* --- a million updates from four threads ------------------------------------------------------------------------- */

#define N_UPDATES 250000
#define N_WRITERS 4

static gpointer
write_progress (gpointer data)
{
  KrTaskProgress *progress = data;

  for (guint i = 1; i <= N_UPDATES; i++)
    kr_task_progress_set (progress, (double) i / N_UPDATES, i % 2 == 0 ? "even" : "odd");
  return NULL;
}

static GVariant *
body_writers (KrTaskJob *job, GCancellable *cancellable, gpointer user_data, GError **error)
{
  GThread *threads[N_WRITERS];

  for (guint i = 0; i < N_WRITERS; i++)
    threads[i] = g_thread_new ("writer", write_progress, kr_task_job_get_progress (job));
  for (guint i = 0; i < N_WRITERS; i++)
    g_thread_join (threads[i]);
  return NULL;
}

typedef struct
{
  guint n_changed;
  double last;
} Reader;

static void
on_changed (KrTaskProgress *progress, gpointer user_data)
{
  Reader *reader = user_data;
  g_autofree char *message = NULL;
  double fraction = kr_task_progress_get (progress, &message);

  reader->n_changed++;
  g_assert_cmpfloat (fraction, >=, reader->last);
  reader->last = fraction;
  /* fraction and message are of one call */
  g_assert_cmpstr (message, ==, (guint) (fraction * N_UPDATES + 0.5) % 2 == 0 ? "even" : "odd");
}

static void
test_progress (void)
{
  g_autoptr (KrTaskManager) manager = kr_task_manager_new (NULL);
  g_autoptr (KrTaskJob) job = kr_task_job_new ("race", NULL);
  g_autoptr (GAsyncResult) result = NULL;
  Reader reader = { 0 };
  gint64 begin = g_get_monotonic_time ();
  gint64 took;

  kr_task_job_set_func (job, body_writers, NULL, NULL);
  g_signal_connect (kr_task_job_get_progress (job), "changed", G_CALLBACK (on_changed), &reader);
  g_assert_true (kr_task_manager_submit (manager, job, NULL));
  kr_task_job_wait_async (job, NULL, kr_test_store_result, &result);
  kr_test_wait_result ("the end", &result);
  took = g_get_monotonic_time () - begin;
  g_assert_cmpfloat (reader.last, ==, 1);
  g_test_message ("%u signals in %" G_GINT64_FORMAT " ms", reader.n_changed, took / 1000);
  /* ten per second, the first and the last one */
  g_assert_cmpuint (reader.n_changed, <=, 2 + took / (100 * G_TIME_SPAN_MILLISECOND));
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/races/harness", test_harness);
  g_test_add_func ("/races/queue-deadline", test_queue_deadline);
  g_test_add_func ("/races/wait-cancelled", test_wait_cancelled);
  g_test_add_func ("/races/link", test_link);
  g_test_add_func ("/races/progress", test_progress);
  return g_test_run ();
}
