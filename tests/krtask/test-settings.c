/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* Tests of what a job is told to be: its tags, and where the handlers of its cancellable run. */
#include "manager-fixture.h"

/* --- cancel-in-thread */

typedef struct
{
  int entered;     /* atomic */
  GThread *thread; /* atomic: where the handler ran */
} Listener;

static void
note_thread (GCancellable *cancellable, gpointer user_data)
{
  g_atomic_pointer_set (&((Listener *) user_data)->thread, g_thread_self ());
}

static GVariant *
body_listen (KrTaskJob *job, GCancellable *cancellable, gpointer user_data, GError **error)
{
  Listener *listener = user_data;
  gulong id = g_cancellable_connect (cancellable, G_CALLBACK (note_thread), listener, NULL);

  g_atomic_int_set (&listener->entered, TRUE);
  while (g_atomic_pointer_get (&listener->thread) == NULL)
    g_thread_yield ();
  g_cancellable_disconnect (cancellable, id);
  return NULL;
}

static gboolean
has_entered (gpointer data)
{
  return g_atomic_int_get (&((Listener *) data)->entered);
}

static KrTaskJob *
new_listening (ManagerFixture *f, Listener *listener, gboolean in_thread)
{
  KrTaskJob *job = manager_fixture_new_job (f, "x", body_note);

  kr_task_job_set_func (job, body_listen, listener, NULL);
  g_assert_true (kr_task_job_get_cancel_in_thread (job));
  g_object_set (job, "cancel-in-thread", in_thread, NULL);
  g_assert_cmpint (kr_task_job_get_cancel_in_thread (job), ==, in_thread);
  return job;
}

static void
test_cancel_thread (ManagerFixture *f, gconstpointer data)
{
  gboolean in_thread = GPOINTER_TO_INT (data);
  Listener listener = { 0 };
  KrTaskJob *job = new_listening (f, &listener, in_thread);

  manager_fixture_submit (f, job);
  kr_test_wait ("the body", has_entered, &listener);
  g_assert_true (kr_task_job_cancel (job, KR_TASK_CANCEL_REASON_USER, NULL, KR_TASK_CANCEL_NONE, NULL));
  if (!in_thread)
    g_assert_true (g_atomic_pointer_get (&listener.thread) == g_thread_self ());
  manager_fixture_wait_state (job, KR_TASK_STATE_CANCELLED);
  g_assert_cmpint (listener.thread == g_thread_self (), ==, !in_thread);
}

/* What is linked fires inside another emission, and a deadline in the timer's thread: both go elsewhere. */
static void
test_cancel_thread_of_others (ManagerFixture *f, gconstpointer data)
{
  g_autoptr (GCancellable) external = g_cancellable_new ();
  Listener listener = { 0 }, late_listener = { 0 };
  KrTaskJob *job = new_listening (f, &listener, FALSE);
  KrTaskJob *late = new_listening (f, &late_listener, FALSE);

  kr_task_manager_set_max_concurrent (f->manager, 2);
  kr_task_job_link (job, external);
  kr_task_job_set_deadlines (late, -1, 1000, -1);
  manager_fixture_submit (f, job);
  manager_fixture_submit (f, late);
  kr_test_wait ("the body", has_entered, &listener);
  g_cancellable_cancel (external);
  manager_fixture_wait_state (job, KR_TASK_STATE_CANCELLED);
  manager_fixture_wait_state (late, KR_TASK_STATE_TIMED_OUT);
  g_assert_true (listener.thread != g_thread_self ());
  g_assert_true (late_listener.thread != g_thread_self ());
}

/* --- tags */

static void
count (KrTaskJob *job, GParamSpec *pspec, gpointer user_data)
{
  ++*(guint *) user_data;
}

static void
assert_tags (KrTaskJob *job, const char *expected)
{
  g_auto (GStrv) tags = NULL;
  g_autofree char *joined = NULL;

  g_object_get (job, "tags", &tags, NULL);
  joined = g_strjoinv (" ", tags);
  g_assert_cmpstr (joined, ==, expected);
}

static void
test_tags (ManagerFixture *f, gconstpointer data)
{
  static const char *const some[] = { "night", "düne", "night", "", NULL };
  static const char *const other[] = { "day", NULL };
  KrTaskJob *job = manager_fixture_new_job (f, "x", body_wait);
  g_autoptr (GVariant) status = NULL;
  g_autofree const char **listed = NULL;
  guint n_told = 0;

  assert_tags (job, "");
  g_assert_false (kr_task_job_has_tag (job, "night"));
  g_signal_connect (job, "notify::tags", G_CALLBACK (count), &n_told);
  kr_task_job_set_tags (job, some);
  kr_task_job_set_tags (job, some);
  g_assert_cmpuint (n_told, ==, 1);
  assert_tags (job, "night düne ");
  g_assert_true (kr_task_job_has_tag (job, ""));
  manager_fixture_submit (f, job);
  g_object_set (job, "tags", other, NULL);
  g_assert_true (kr_task_job_has_tag (job, "day"));
  g_assert_false (kr_task_job_has_tag (job, "night"));
  kr_test_wait_count ("the second one", &n_told, 2);
  status = kr_task_job_dup_status (job);
  g_assert_true (g_variant_lookup (status, "tags", "^a&s", &listed));
  g_assert_cmpstr (listed[0], ==, "day");
  g_assert_null (listed[1]);
  g_atomic_int_set (&f->go, TRUE);
  manager_fixture_wait_state (job, KR_TASK_STATE_COMPLETED);
  kr_task_job_set_tags (job, NULL);
  assert_tags (job, "");
  kr_test_wait_count ("the last one", &n_told, 3);
}

#define ADD(path, data, func) \
  g_test_add ("/settings/" path, ManagerFixture, data, manager_fixture_set_up, func, manager_fixture_tear_down)

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  ADD ("cancel-in-thread", GINT_TO_POINTER (TRUE), test_cancel_thread);
  ADD ("cancel-in-thread/off", GINT_TO_POINTER (FALSE), test_cancel_thread);
  ADD ("cancel-in-thread/off/others", NULL, test_cancel_thread_of_others);
  ADD ("tags", NULL, test_tags);
  return g_test_run ();
}
