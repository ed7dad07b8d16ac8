/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* What a task costs: from its creation to its end, its cancellation, and its progress. */
#include <time.h>

#include <krtask.h>
#include <stdlib.h>

#define N_TASKS 400000
#define BATCH 1000
#define N_ROUNDS 5
#define N_CANCELS 500
#define N_UPDATES 20000000
#define N_STEP_UPDATES 5000000
#define N_WRITERS 4
#define N_SLEEPS 1000

static double
seconds_since (gint64 begin)
{
  return (g_get_monotonic_time () - begin) / (double) G_USEC_PER_SEC;
}

static double
cpu_seconds (clockid_t clock)
{
  struct timespec used;

  clock_gettime (clock, &used);
  return used.tv_sec + used.tv_nsec / 1e9;
}

/* --- empty tasks ---------------------------------------------------------------------------------------------------- */

static int n_runs;

static GVariant *
body_empty (KrTaskJob *job, GCancellable *cancellable, gpointer user_data, GError **error)
{
  g_atomic_int_inc (&n_runs);
  return NULL;
}

static void
submit_batch (KrTaskManager *manager, guint n)
{
  for (guint i = 0; i < n; i++)
    {
      g_autoptr (KrTaskJob) job = kr_task_job_new ("empty", NULL);

      kr_task_job_set_func (job, body_empty, NULL, NULL);
      kr_task_manager_submit (manager, job, NULL);
    }
}

/* All times are for one task, in ns. */
typedef struct
{
  double took;
  double cpu, cpu_here; /* of all threads, of the owner's */
} Cost;

static int
compare_costs (gconstpointer a, gconstpointer b)
{
  double x = ((const Cost *) a)->took;
  double y = ((const Cost *) b)->took;

  return (x > y) - (x < y);
}

static Cost
run_empty (void)
{
  g_autoptr (KrTaskManager) manager = kr_task_manager_new (NULL);
  gint64 begin = g_get_monotonic_time ();
  Cost cost = { .cpu = -cpu_seconds (CLOCK_PROCESS_CPUTIME_ID), .cpu_here = -cpu_seconds (CLOCK_THREAD_CPUTIME_ID) };

  for (guint i = 0; i < N_TASKS / BATCH; i++)
    {
      submit_batch (manager, BATCH);
      g_main_context_iteration (NULL, FALSE);
    }
  while (kr_task_manager_get_n_queued (manager) + kr_task_manager_get_n_running (manager) > 0 ||
         g_main_context_iteration (NULL, FALSE))
    g_main_context_iteration (NULL, FALSE);
  cost.took = seconds_since (begin) / N_TASKS * 1e9;
  cost.cpu = (cost.cpu + cpu_seconds (CLOCK_PROCESS_CPUTIME_ID)) / N_TASKS * 1e9;
  cost.cpu_here = (cost.cpu_here + cpu_seconds (CLOCK_THREAD_CPUTIME_ID)) / N_TASKS * 1e9;
  return cost;
}

static void
bench_empty (void)
{
  Cost costs[N_ROUNDS];
  Cost *median = &costs[N_ROUNDS / 2];

  for (guint i = 0; i < N_ROUNDS; i++)
    costs[i] = run_empty ();
  if (n_runs != N_ROUNDS * N_TASKS)
    g_error ("%d of %d tasks have run", n_runs, N_ROUNDS * N_TASKS);
  qsort (costs, N_ROUNDS, sizeof (Cost), compare_costs);
  g_print ("create, run, finish  %.0f ns  (%.0f/s, %.0f to %.0f; CPU of the owner's thread %.0f ns, of all %.0f ns)\n",
           median->took, 1e9 / median->took, 1e9 / costs[N_ROUNDS - 1].took, 1e9 / costs[0].took, median->cpu_here,
           median->cpu);
}

/* --- cancelling one of many ------------------------------------------------------------------------------------------ */

static GVariant *
body_sleep (KrTaskJob *job, GCancellable *cancellable, gpointer user_data, GError **error)
{
  kr_task_job_sleep (job, -1);
  return NULL;
}

static void
drain (KrTaskManager *manager)
{
  kr_task_manager_cancel_all (manager, NULL, KR_TASK_CANCEL_REASON_SHUTDOWN);
  while (kr_task_manager_get_n_queued (manager) + kr_task_manager_get_n_running (manager) > 0 ||
         g_main_context_iteration (NULL, FALSE))
    g_main_context_iteration (NULL, FALSE);
}

static int
compare (gconstpointer a, gconstpointer b)
{
  return (*(const double *) a > *(const double *) b) - (*(const double *) a < *(const double *) b);
}

/* ns for the median cancel of a job in the middle of @n queued ones */
static double
cancel_one_of (guint n)
{
  g_autoptr (KrTaskManager) manager = kr_task_manager_new (NULL);
  g_autoptr (GPtrArray) jobs = g_ptr_array_new_with_free_func (g_object_unref);
  g_autoptr (GArray) times = g_array_new (FALSE, FALSE, sizeof (double));

  kr_task_manager_set_max_concurrent (manager, 1);
  for (guint i = 0; i < n; i++)
    {
      KrTaskJob *job = kr_task_job_new ("sleep", NULL);

      kr_task_job_set_func (job, body_sleep, NULL, NULL);
      kr_task_manager_submit (manager, job, NULL);
      g_ptr_array_add (jobs, job);
    }
  while (g_main_context_iteration (NULL, FALSE))
    ;
  for (guint i = 0; i < N_CANCELS; i++)
    {
      struct timespec begin, end;
      double took;

      clock_gettime (CLOCK_MONOTONIC, &begin);
      kr_task_job_cancel (g_ptr_array_index (jobs, n / 4 + i), KR_TASK_CANCEL_REASON_USER, NULL, KR_TASK_CANCEL_NONE,
                          NULL);
      clock_gettime (CLOCK_MONOTONIC, &end);
      took = (end.tv_sec - begin.tv_sec) * 1e9 + (end.tv_nsec - begin.tv_nsec);
      g_array_append_val (times, took);
    }
  drain (manager);
  g_array_sort (times, compare);
  return g_array_index (times, double, times->len / 2);
}

static void
bench_cancel (void)
{
  double few = cancel_one_of (1000);
  double many = cancel_one_of (100000);

  g_print ("cancel one of 1,000 queued  %.0f ns, of 100,000  %.0f ns, ratio  %.2f\n", few, many, many / few);
}

/* --- progress -------------------------------------------------------------------------------------------------------- */

/* What four threads report to; the root four times, or a step each. */
typedef struct
{
  KrTaskProgress *progress[N_WRITERS];
  guint n_updates; /* of each thread */
  double took;     /* s */
} Writers;

typedef struct
{
  KrTaskProgress *progress;
  guint n_updates;
} Writer;

static gpointer
write_progress (gpointer data)
{
  Writer *writer = data;

  for (guint i = 1; i <= writer->n_updates; i++)
    kr_task_progress_set (writer->progress, (double) i / writer->n_updates, "working on it");
  return NULL;
}

static GVariant *
body_writers (KrTaskJob *job, GCancellable *cancellable, gpointer user_data, GError **error)
{
  Writers *writers = user_data;
  Writer each[N_WRITERS];
  GThread *threads[N_WRITERS];
  gint64 begin = g_get_monotonic_time ();

  for (guint i = 0; i < N_WRITERS; i++)
    {
      each[i] = (Writer) { writers->progress[i], writers->n_updates };
      threads[i] = g_thread_new ("writer", write_progress, &each[i]);
    }
  for (guint i = 0; i < N_WRITERS; i++)
    g_thread_join (threads[i]);
  writers->took = seconds_since (begin);
  return NULL;
}

static void
note_time (GArray *times)
{
  gint64 now = g_get_monotonic_time ();

  g_array_append_val (times, now);
}

/* How many of the times lie in the second that has most of them, its ends included. */
static guint
most_in_a_second (GArray *times)
{
  guint most = 0;

  for (guint first = 0, last = 0; last < times->len; last++)
    {
      while (g_array_index (times, gint64, last) - g_array_index (times, gint64, first) > G_USEC_PER_SEC)
        first++;
      most = MAX (most, last - first + 1);
    }
  return most;
}

/* ns of CPU for an update */
static double
run_writers (KrTaskJob *job, Writers *writers)
{
  g_autoptr (KrTaskManager) manager = kr_task_manager_new (NULL);
  double cpu = cpu_seconds (CLOCK_PROCESS_CPUTIME_ID);

  kr_task_job_set_func (job, body_writers, writers, NULL);
  kr_task_manager_submit (manager, job, NULL);
  while (!kr_task_state_is_terminal (kr_task_job_get_state (job)) || g_main_context_iteration (NULL, FALSE))
    g_main_context_iteration (NULL, TRUE);
  cpu = cpu_seconds (CLOCK_PROCESS_CPUTIME_ID) - cpu;
  return cpu / ((double) writers->n_updates * N_WRITERS) * 1e9;
}

static void
bench_progress (void)
{
  g_autoptr (GArray) times = g_array_new (FALSE, FALSE, sizeof (gint64));
  g_autoptr (KrTaskJob) job = kr_task_job_new ("progress", NULL);
  Writers writers = { .n_updates = N_UPDATES };
  double cpu;

  for (guint i = 0; i < N_WRITERS; i++)
    writers.progress[i] = kr_task_job_get_progress (job);
  g_signal_connect_swapped (writers.progress[0], "changed", G_CALLBACK (note_time), times);
  cpu = run_writers (job, &writers);
  g_signal_handlers_disconnect_by_data (writers.progress[0], times);
  g_print ("progress  %.0f ns of CPU for an update, %u signals/s at most  (%u updates from each of %u threads in %.2f s, %u "
           "signals)\n",
           cpu, most_in_a_second (times), writers.n_updates, N_WRITERS, writers.took, times->len);
}

/* Here no update comes too late: each thread has a step of its own. */
static void
bench_steps (void)
{
  g_autoptr (KrTaskJob) job = kr_task_job_new ("progress", NULL);
  Writers writers = { .n_updates = N_STEP_UPDATES };
  double cpu;

  for (guint i = 0; i < N_WRITERS; i++)
    writers.progress[i] = kr_task_progress_add_step (kr_task_job_get_progress (job), "step", 1);
  cpu = run_writers (job, &writers);
  for (guint i = 0; i < N_WRITERS; i++)
    g_object_unref (writers.progress[i]);
  g_print ("steps  %.0f ns of CPU for an update of a step  (%u updates from each of %u threads in %.2f s)\n", cpu,
           writers.n_updates, N_WRITERS, writers.took);
}

/* --- waking a sleeper ------------------------------------------------------------------------------------------------ */

typedef struct
{
  int asleep;   /* atomic */
  gint64 awake; /* monotonic, µs */
} Sleeper;

static GVariant *
body_sleeper (KrTaskJob *job, GCancellable *cancellable, gpointer user_data, GError **error)
{
  Sleeper *sleeper = user_data;

  g_atomic_int_set (&sleeper->asleep, TRUE);
  kr_task_job_sleep (job, -1);
  sleeper->awake = g_get_monotonic_time ();
  return NULL;
}

static void
bench_sleep (void)
{
  g_autoptr (KrTaskManager) manager = kr_task_manager_new (NULL);
  g_autoptr (GArray) times = g_array_new (FALSE, FALSE, sizeof (double));

  for (guint i = 0; i < N_SLEEPS; i++)
    {
      g_autoptr (KrTaskJob) job = kr_task_job_new ("sleep", NULL);
      Sleeper sleeper = { 0 };
      gint64 begin;
      double took;

      kr_task_job_set_func (job, body_sleeper, &sleeper, NULL);
      kr_task_manager_submit (manager, job, NULL);
      while (!g_atomic_int_get (&sleeper.asleep))
        g_usleep (50);
      g_usleep (200);
      begin = g_get_monotonic_time ();
      kr_task_job_cancel (job, KR_TASK_CANCEL_REASON_USER, NULL, KR_TASK_CANCEL_NONE, NULL);
      while (!kr_task_state_is_terminal (kr_task_job_get_state (job)))
        g_usleep (50);
      took = sleeper.awake - begin;
      g_array_append_val (times, took);
      g_main_context_iteration (NULL, FALSE);
    }
  drain (manager);
  g_array_sort (times, compare);
  g_print ("wake a sleeping body  %.0f us median, %.0f us p99, %.0f us at most\n",
           g_array_index (times, double, N_SLEEPS / 2), g_array_index (times, double, N_SLEEPS * 99 / 100),
           g_array_index (times, double, N_SLEEPS - 1));
}

/* Usage: bench-task [empty|cancel|progress|steps|sleep]; all of them by default. */
int
main (int argc, char **argv)
{
  static const struct
  {
    const char *name;
    void (*func) (void);
  } benches[] = {
    { "empty", bench_empty },
    { "cancel", bench_cancel },
    { "progress", bench_progress },
    { "steps", bench_steps },
    { "sleep", bench_sleep },
  };

  for (guint i = 0; i < G_N_ELEMENTS (benches); i++)
    if (argc < 2 || g_strcmp0 (argv[1], benches[i].name) == 0)
      benches[i].func ();
  return 0;
}
