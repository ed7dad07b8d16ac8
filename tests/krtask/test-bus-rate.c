/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* Tests of how often an object on the bus is told of, in virtual time: no second has more than ten, whatever happens. */
#include <kr-test.h>

#include "kr-task-bus-rate-private.h"

#define N_SIGNALS 20000

typedef struct
{
  KrTaskBusRate rate;
  GArray *times; /* gint64 */
  gint64 now;
} Fixture;

static void
set_up (Fixture *f, gconstpointer data)
{
  f->times = g_array_new (FALSE, FALSE, sizeof (gint64));
  f->now = 1;
}

static void
tear_down (Fixture *f, gconstpointer data)
{
  g_array_unref (f->times);
}

static void
tell (Fixture *f)
{
  kr_task_bus_rate_note (&f->rate, f->now);
  g_array_append_val (f->times, f->now);
}

static gint64
time_at (Fixture *f, guint i)
{
  return g_array_index (f->times, gint64, i);
}

/* Every second, and so every one that begins with a signal. */
static void
check (Fixture *f)
{
  for (guint i = 10; i < f->times->len; i++)
    g_assert_cmpint (time_at (f, i), >=, time_at (f, i - 10) + G_TIME_SPAN_SECOND);
}

/* As much progress as there may be: evenly, and with room for the two states that may follow. */
static void
test_progress (Fixture *f, gconstpointer data)
{
  for (guint i = 0; i < 100; i++)
    {
      f->now = MAX (f->now, kr_task_bus_rate_due (&f->rate, 2));
      tell (f);
    }
  check (f);
  for (guint i = 1; i < 100; i++)
    g_assert_cmpint (time_at (f, i), ==, time_at (f, i - 1) + 125 * G_TIME_SPAN_MILLISECOND);
}

/* The first ones go at once, and then none is late by more than the interval. */
static void
test_urgent (Fixture *f, gconstpointer data)
{
  for (guint i = 0; i < 100; i++)
    {
      gint64 due = kr_task_bus_rate_due_urgent (&f->rate, 2);

      if (i < 5)
        g_assert_cmpint (due, <=, f->now);
      f->now = MAX (f->now, due);
      tell (f);
    }
  check (f);
}

/* Lives of tasks one after the other would be lives of objects: here one object, whose states come back by magic. */
static void
test_random (Fixture *f, gconstpointer data)
{
  guint n_lives = 0;

  while (f->times->len < N_SIGNALS)
    {
      KrTaskBusRate *rate = &f->rate;
      guint states = 4;

      /* a second without anything ends one life */
      f->now += 2 * G_TIME_SPAN_SECOND;
      n_lives++;
      while (states > 0)
        {
          f->now += g_test_rand_int_range (0, 4) == 0 ? g_test_rand_int_range (0, 400000) : g_test_rand_int_range (0, 3000);
          if (g_test_rand_int_range (0, 40) == 0)
            {
              states--;
              tell (f);
            }
          else if ((g_test_rand_int_range (0, 2) == 0 ? kr_task_bus_rate_due (rate, states)
                                                      : kr_task_bus_rate_due_urgent (rate, states)) <= f->now)
            tell (f);
        }
    }
  check (f);
  g_assert_cmpuint (n_lives, >, 100);
}

#define ADD(path, func) g_test_add ("/bus/rate/" path, Fixture, NULL, set_up, func, tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("progress", test_progress);
  ADD ("urgent", test_urgent);
  ADD ("random", test_random);
  return g_test_run ();
}
