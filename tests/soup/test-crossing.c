/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* Calls from one thread into another: all of them, in order, and also while one of them runs the loop. */
#include "config.h"

#include "kr-hub-soup-crossing-private.h"
#include "kr-test.h"

#define N_CALLS 10000
#define N_THREADS 4

typedef struct
{
  GMainContext *context;
  guint n_called; /* the rest: main thread */
  guint n_destroyed;
  gboolean wrong;
} Sums;

typedef struct
{
  Sums *sums;
  guint *next; /* of the thread that calls */
  guint number;
} Numbered;

static void
sum_up (gpointer data)
{
  Numbered *call = data;

  call->sums->wrong |= call->number != *call->next;
  ++*call->next;
  call->sums->n_called++;
}

static void
numbered_free (gpointer data)
{
  Numbered *call = data;

  call->sums->n_destroyed++;
  g_free (call);
}

static gpointer
call_often (gpointer data)
{
  Sums *sums = data;
  guint *next = g_new0 (guint, 1);

  for (guint i = 0; i < N_CALLS; i++)
    {
      Numbered *call = g_new (Numbered, 1);

      *call = (Numbered) { sums, next, i };
      kr_hub_soup_cross (sums->context, sum_up, call, numbered_free);
    }
  return next;
}

static gboolean
all_called (gpointer data)
{
  Sums *sums = data;

  return sums->n_destroyed == N_THREADS * N_CALLS;
}

static void
test_order (void)
{
  Sums sums = { g_main_context_default (), 0, 0, FALSE };
  GThread *threads[N_THREADS];

  for (guint i = 0; i < N_THREADS; i++)
    threads[i] = g_thread_new ("calls", call_often, &sums);
  kr_test_wait ("all calls", all_called, &sums);
  for (guint i = 0; i < N_THREADS; i++)
    {
      g_autofree guint *n = g_thread_join (threads[i]);

      g_assert_cmpuint (*n, ==, N_CALLS);
    }
  g_assert_cmpuint (sums.n_called, ==, N_THREADS * N_CALLS);
  g_assert_false (sums.wrong);
}

typedef struct
{
  gboolean done;
  gboolean nested; /* done inside of the first call */
} Nested;

static void
set_done (gpointer data)
{
  ((Nested *) data)->done = TRUE;
}

static void
wait_for_next (gpointer data)
{
  Nested *nested = data;

  kr_test_wait_flag ("the call behind this one", &nested->done);
  nested->nested = TRUE;
}

/* A handler may run the loop until something has come that crosses behind it. */
static void
test_nested (void)
{
  Nested nested = { FALSE, FALSE };

  kr_hub_soup_cross (g_main_context_default (), wait_for_next, &nested, NULL);
  kr_hub_soup_cross (g_main_context_default (), set_done, &nested, NULL);
  g_assert_false (nested.done);
  kr_test_wait_flag ("both calls", &nested.nested);
}

static void
count_up (gpointer data)
{
  ++*(guint *) data;
}

static void
must_not_run (gpointer data)
{
  g_assert_not_reached ();
}

/* What a context that goes has not called, it lets go of. */
static void
test_context_gone (void)
{
  GMainContext *context = g_main_context_new ();
  guint n_called = 0;

  kr_hub_soup_cross (context, count_up, &n_called, count_up);
  g_assert_true (g_main_context_iteration (context, FALSE));
  g_assert_cmpuint (n_called, ==, 2);
  kr_hub_soup_cross (context, must_not_run, &n_called, count_up);
  g_main_context_unref (context);
  g_assert_cmpuint (n_called, ==, 3);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/soup/crossing/order", test_order);
  g_test_add_func ("/soup/crossing/nested", test_nested);
  g_test_add_func ("/soup/crossing/context-gone", test_context_gone);
  return g_test_run ();
}
