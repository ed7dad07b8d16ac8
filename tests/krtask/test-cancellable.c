/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* Tests of the cancellable that a body is handed: the job's alone, whatever an earlier body left behind at its own. */
#include <kr-test.h>
#include <krtask.h>

typedef enum
{
  LEAVE_NOTHING,
  LEAVE_HANDLER,
  LEAVE_REFERENCE,
  LEAVE_WEAK_REFERENCE,
  LEAVE_DATA,
  LEAVE_CANCELLED,
} Trace;

typedef struct
{
  Trace trace;
  int go;        /* atomic: the first body may leave its trace */
  int second;    /* atomic: the second body runs */
  int n_handled; /* atomic */
  GCancellable *kept;
  GWeakRef weak;
} Fixture;

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

static void
count (GCancellable *cancellable, gpointer user_data)
{
  g_atomic_int_inc (&((Fixture *) user_data)->n_handled);
}

static GVariant *
body_first (KrTaskJob *job, GCancellable *cancellable, gpointer user_data, GError **error)
{
  Fixture *f = user_data;

  while (!g_atomic_int_get (&f->go))
    g_usleep (100);
  switch (f->trace)
    {
    case LEAVE_HANDLER:
      g_signal_connect (cancellable, "cancelled", G_CALLBACK (count), f);
      break;
    case LEAVE_REFERENCE:
      f->kept = g_object_ref (cancellable);
      break;
    case LEAVE_WEAK_REFERENCE:
      g_weak_ref_set (&f->weak, cancellable);
      break;
    case LEAVE_DATA:
      g_object_set_data (G_OBJECT (cancellable), "trace", f);
      break;
    case LEAVE_CANCELLED:
      g_cancellable_cancel (cancellable);
      break;
    case LEAVE_NOTHING:
    default:
      break;
    }
  return NULL;
}

static GVariant *
body_second (KrTaskJob *job, GCancellable *cancellable, gpointer user_data, GError **error)
{
  Fixture *f = user_data;
  g_autoptr (GCancellable) weak = g_weak_ref_get (&f->weak);

  g_assert_false (g_cancellable_is_cancelled (cancellable));
  g_assert_true (f->kept != cancellable);
  g_assert_null (weak);
  g_assert_null (g_object_get_data (G_OBJECT (cancellable), "trace"));
  if (f->kept != NULL)
    g_cancellable_cancel (f->kept);
  g_assert_false (g_cancellable_is_cancelled (cancellable));
  g_atomic_int_set (&f->second, TRUE);
  while (!g_cancellable_is_cancelled (cancellable))
    g_usleep (100);
  return NULL;
}

static KrTaskJob *
submit (KrTaskManager *manager, KrTaskFunc body, Fixture *f)
{
  KrTaskJob *job = kr_task_job_new ("test", NULL);
  g_autoptr (GError) error = NULL;

  kr_task_job_set_func (job, body, f, NULL);
  kr_task_manager_submit (manager, job, &error);
  g_assert_no_error (error);
  return job;
}

/* Both wait for the one slot, so that one thread runs them, one after the other. */
static void
test_own (gconstpointer data)
{
  Fixture f = { .trace = GPOINTER_TO_INT (data) };
  g_autoptr (KrTaskManager) manager = kr_task_manager_new (NULL);
  g_autoptr (KrTaskJob) first = NULL;
  g_autoptr (KrTaskJob) second = NULL;

  g_weak_ref_init (&f.weak, NULL);
  kr_task_manager_set_max_concurrent (manager, 1);
  first = submit (manager, body_first, &f);
  second = submit (manager, body_second, &f);
  g_atomic_int_set (&f.go, TRUE);
  kr_test_wait ("the second body", is_set, &f.second);
  g_assert_cmpint (kr_task_job_get_state (first), ==, KR_TASK_STATE_COMPLETED);
  g_assert_true (kr_task_job_cancel (second, KR_TASK_CANCEL_REASON_USER, NULL, KR_TASK_CANCEL_NONE, NULL));
  kr_test_wait ("the end", is_terminal, second);
  g_assert_cmpint (f.n_handled, ==, 0);
  g_clear_object (&f.kept);
  g_weak_ref_clear (&f.weak);
}

#define ADD(path, trace) g_test_add_data_func ("/cancellable/own/" path, GINT_TO_POINTER (trace), test_own)

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  ADD ("untouched", LEAVE_NOTHING);
  ADD ("handler", LEAVE_HANDLER);
  ADD ("reference", LEAVE_REFERENCE);
  ADD ("weak-reference", LEAVE_WEAK_REFERENCE);
  ADD ("data", LEAVE_DATA);
  ADD ("cancelled", LEAVE_CANCELLED);
  return g_test_run ();
}
