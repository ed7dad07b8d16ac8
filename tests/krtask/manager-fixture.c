/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* A manager, jobs with bodies that tell what they do, and the wait for their end. */
#include "manager-fixture.h"

void
manager_fixture_set_up (ManagerFixture *f, gconstpointer data)
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

gboolean
manager_fixture_all_finished (gpointer data)
{
  ManagerFixture *f = data;

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

void
manager_fixture_tear_down (ManagerFixture *f, gconstpointer data)
{
  GWeakRef manager;

  g_atomic_int_set (&f->go, TRUE);
  kr_test_wait ("the end of all jobs", manager_fixture_all_finished, f);
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
note_begin (ManagerFixture *f, KrTaskJob *job)
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

GVariant *
body_note (KrTaskJob *job, GCancellable *cancellable, gpointer user_data, GError **error)
{
  ManagerFixture *f = user_data;

  note_begin (f, job);
  g_atomic_int_add (&f->n_inside, -1);
  return NULL;
}

GVariant *
body_short (KrTaskJob *job, GCancellable *cancellable, gpointer user_data, GError **error)
{
  ManagerFixture *f = user_data;

  note_begin (f, job);
  kr_task_job_sleep (job, 500);
  g_atomic_int_add (&f->n_inside, -1);
  return NULL;
}

GVariant *
body_wait (KrTaskJob *job, GCancellable *cancellable, gpointer user_data, GError **error)
{
  ManagerFixture *f = user_data;

  note_begin (f, job);
  while (!g_atomic_int_get (&f->go))
    if (!kr_task_job_sleep (job, 500))
      break;
  g_atomic_int_add (&f->n_inside, -1);
  return NULL;
}

/* Does not hear of a cancel. */
GVariant *
body_deaf (KrTaskJob *job, GCancellable *cancellable, gpointer user_data, GError **error)
{
  ManagerFixture *f = user_data;

  note_begin (f, job);
  while (!g_atomic_int_get (&f->go))
    g_usleep (200);
  g_atomic_int_add (&f->n_inside, -1);
  return g_variant_new_string ("late");
}

GVariant *
body_held (KrTaskJob *job, GCancellable *cancellable, gpointer user_data, GError **error)
{
  GVariant *result;

  g_assert_true (kr_task_job_hold (job));
  result = body_deaf (job, cancellable, user_data, error);
  kr_task_job_release (job);
  return result;
}

GVariant *
body_fail (KrTaskJob *job, GCancellable *cancellable, gpointer user_data, GError **error)
{
  g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_NO_SPACE, "no space");
  return NULL;
}

GVariant *
body_kilobyte (KrTaskJob *job, GCancellable *cancellable, gpointer user_data, GError **error)
{
  g_autofree char *text = g_strnfill (1023, 'x');

  return g_variant_new_string (text);
}

KrTaskJob *
manager_fixture_new_job (ManagerFixture *f, const char *title, KrTaskFunc body)
{
  KrTaskJob *job = kr_task_job_new ("test", title);

  kr_task_job_set_func (job, body, f, NULL);
  g_ptr_array_add (f->jobs, job);
  return job;
}

KrTaskJob *
manager_fixture_submit (ManagerFixture *f, KrTaskJob *job)
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

void
manager_fixture_wait_state (KrTaskJob *job, KrTaskState state)
{
  StateWait wait = { job, state };

  kr_test_wait (kr_task_state_to_string (state), has_state, &wait);
}

gboolean
manager_fixture_runs (gpointer data)
{
  return g_atomic_int_get (&((ManagerFixture *) data)->n_inside) > 0;
}

/* Takes the only slot. */
void
manager_fixture_block (ManagerFixture *f)
{
  kr_task_manager_set_max_concurrent (f->manager, 1);
  manager_fixture_submit (f, manager_fixture_new_job (f, "block", body_wait));
  kr_test_wait ("the blocker", manager_fixture_runs, f);
}
