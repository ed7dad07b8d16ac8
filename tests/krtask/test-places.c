/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* Tests of places in the queue: who follows one is told of it, no more often and no more of them than need be. */
#include <string.h>

#include "manager-fixture.h"

/* What was told of one job. */
typedef struct
{
  KrTaskJob *job;
  GString *places;
  guint n_told;
  guint last;
} Follower;

static guint
get_place (KrTaskJob *job)
{
  guint place;

  g_object_get (job, "position", &place, NULL);
  return place;
}

static void
on_position (KrTaskJob *job, GParamSpec *pspec, gpointer user_data)
{
  Follower *follower = user_data;

  follower->last = get_place (job);
  follower->n_told++;
  g_string_append_printf (follower->places, "%u ", follower->last);
}

static guint
follow (Follower *follower, KrTaskJob *job)
{
  *follower = (Follower) { .job = job, .places = g_string_new (NULL) };
  g_signal_connect (job, "notify::position", G_CALLBACK (on_position), follower);
  follower->last = get_place (job);
  return follower->last;
}

static void
unfollow (Follower *follower)
{
  g_signal_handlers_disconnect_by_data (follower->job, follower);
  g_string_free (follower->places, TRUE);
}

typedef struct
{
  Follower *follower;
  guint place;
} PlaceWait;

static gboolean
is_at (gpointer data)
{
  const PlaceWait *wait = data;

  return wait->follower->last == wait->place;
}

static void
wait_place (Follower *follower, guint place)
{
  PlaceWait wait = { follower, place };

  kr_test_wait ("the place", is_at, &wait);
}

static void
cancel (KrTaskJob *job)
{
  g_assert_true (kr_task_job_cancel (job, KR_TASK_CANCEL_REASON_USER, NULL, KR_TASK_CANCEL_NONE, NULL));
}

static KrTaskJob *
queue_job (ManagerFixture *f, int priority, const char *key)
{
  KrTaskJob *job = manager_fixture_new_job (f, "x", body_note);

  kr_task_job_set_priority (job, priority);
  kr_task_job_set_key (job, key, KR_TASK_CONFLICT_QUEUE);
  return manager_fixture_submit (f, job);
}

/* --- one that is followed */

static void
test_follow (ManagerFixture *f, gconstpointer data)
{
  KrTaskJob *first, *second, *third;
  Follower follower;

  manager_fixture_block (f);
  first = queue_job (f, 0, NULL);
  second = queue_job (f, 0, NULL);
  third = queue_job (f, 0, NULL);
  g_assert_cmpuint (get_place (first), ==, 1);
  g_assert_cmpuint (follow (&follower, third), ==, 3);
  cancel (first);
  wait_place (&follower, 2);
  queue_job (f, 1, NULL);
  wait_place (&follower, 3);
  cancel (second);
  wait_place (&follower, 2);
  g_atomic_int_set (&f->go, TRUE);
  wait_place (&follower, 0);
  g_assert_nonnull (strstr (follower.places->str, "2 3 2 ")); /* after that it is queued */
  unfollow (&follower);
}

/* Whether it was followed before it came into the queue, or found there much later: the first look is exact. */
static void
test_first_look (ManagerFixture *f, gconstpointer data)
{
  KrTaskJob *early, *late, *before;
  Follower follower;

  manager_fixture_block (f);
  before = queue_job (f, 0, NULL);
  early = manager_fixture_new_job (f, "early", body_note);
  g_assert_cmpuint (follow (&follower, early), ==, 0);
  manager_fixture_submit (f, early);
  late = queue_job (f, 0, NULL);
  wait_place (&follower, 2);
  cancel (before);
  g_assert_cmpuint (get_place (late), ==, 2);
  wait_place (&follower, 1);
  unfollow (&follower);
}

/* Who waits for a key stands behind those who wait for a slot. */
static void
test_key (ManagerFixture *f, gconstpointer data)
{
  KrTaskJob *other, *first;
  Follower follower;

  manager_fixture_block (f);
  first = queue_job (f, 0, "key");
  other = queue_job (f, 0, "key");
  queue_job (f, 0, NULL);
  g_assert_cmpuint (follow (&follower, queue_job (f, 0, "key")), ==, 4);
  cancel (other);
  wait_place (&follower, 3);
  cancel (first);
  wait_place (&follower, 2); /* it has the key now, and waits for a slot */
  unfollow (&follower);
}

/* --- many */

static void
count (KrTaskJob *job, GParamSpec *pspec, gpointer user_data)
{
  ++*(guint *) user_data;
}

/* One that leaves a long queue moves all behind it, and few have to know. */
static void
test_long (ManagerFixture *f, gconstpointer data)
{
  guint n = g_test_slow () ? 100000 : 5000;
  guint n_told = 0;
  KrTaskJob *first;
  Follower follower;

  manager_fixture_block (f);
  first = queue_job (f, 0, NULL);
  for (guint i = 0; i < n; i++)
    {
      KrTaskJob *job = manager_fixture_new_job (f, "x", body_note);

      g_assert_cmpuint (get_place (job), ==, 0);
      manager_fixture_submit (f, job);
    }
  while (g_main_context_iteration (NULL, FALSE))
    ;
  g_assert_cmpuint (follow (&follower, g_ptr_array_index (f->jobs, 2)), ==, 2);
  for (guint i = 2; i < f->jobs->len; i++)
    g_signal_connect (g_ptr_array_index (f->jobs, i), "notify::position", G_CALLBACK (count), &n_told);
  cancel (first);
  wait_place (&follower, 1);
  g_assert_cmpuint (get_place (g_ptr_array_index (f->jobs, 16)), ==, 15);
  g_assert_cmpuint (get_place (g_ptr_array_index (f->jobs, n)), ==, n); /* near enough, */
  g_assert_cmpuint (kr_task_job_get_position (g_ptr_array_index (f->jobs, n)), ==, n - 1);
  g_assert_cmpuint (n_told, >=, 15);
  g_assert_cmpuint (n_told, <=, 16);
  for (guint i = 2; i < f->jobs->len; i++)
    g_signal_handlers_disconnect_by_data (g_ptr_array_index (f->jobs, i), &n_told);
  unfollow (&follower);
}

/* However fast the queue moves: once per interval. */
static void
test_rate (ManagerFixture *f, gconstpointer data)
{
  gint64 begin;
  guint n_moves = 0, interval_ms, most;
  Follower follower;
  KrTaskJob *last;

  g_object_get (f->manager, "notify-interval-ms", &interval_ms, NULL);
  manager_fixture_block (f);
  last = queue_job (f, 0, NULL);
  follow (&follower, last);
  while (g_main_context_iteration (NULL, FALSE))
    ;
  follower.n_told = 0; /* that it is queued */
  begin = g_get_monotonic_time ();
  while (follower.n_told < 4)
    {
      cancel (queue_job (f, 1, NULL));
      queue_job (f, 1, NULL);
      n_moves += 3;
      g_main_context_iteration (NULL, FALSE);
    }
  most = (guint) ((g_get_monotonic_time () - begin) / (interval_ms * G_TIME_SPAN_MILLISECOND)) + 1;
  g_test_message ("%u moves were told %u times", n_moves, follower.n_told);
  g_assert_cmpuint (follower.n_told, <=, most);
  g_assert_cmpuint (n_moves, >, 10 * follower.n_told);
  unfollow (&follower);
}

#define ADD(path, func) \
  g_test_add ("/places/" path, ManagerFixture, NULL, manager_fixture_set_up, func, manager_fixture_tear_down)

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  ADD ("follow", test_follow);
  ADD ("first-look", test_first_look);
  ADD ("key", test_key);
  ADD ("long", test_long);
  ADD ("rate", test_rate);
  return g_test_run ();
}
