/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* Tests of the list of jobs: what stays in it and for how long, and that whoever follows its signals has it. */
#include "manager-fixture.h"

static guint
n_items (ManagerFixture *f)
{
  return g_list_model_get_n_items (G_LIST_MODEL (f->manager));
}

static void
wait_items (ManagerFixture *f, guint n)
{
  while (n_items (f) != n)
    g_main_context_iteration (NULL, TRUE);
}

static void
test_keep_count (ManagerFixture *f, gconstpointer data)
{
  KrTaskJob *kept = manager_fixture_new_job (f, "kept", body_note);
  g_autoptr (KrTaskJob) first = NULL;

  kr_task_job_set_keep (kept, TRUE);
  manager_fixture_submit (f, kept);
  manager_fixture_wait_state (kept, KR_TASK_STATE_COMPLETED);
  g_object_set (f->manager, "keep-finished-count", 5, NULL);
  for (guint i = 0; i < 50; i++)
    manager_fixture_submit (f, manager_fixture_new_job (f, "x", body_note));
  kr_test_wait ("all jobs", manager_fixture_all_finished, f);
  wait_items (f, 5);
  first = g_list_model_get_item (G_LIST_MODEL (f->manager), 0);
  g_assert_true (first == kept);
  kr_task_job_set_keep (kept, FALSE);
  g_object_set (f->manager, "keep-finished-count", 0, NULL);
  wait_items (f, 0);
  g_assert_null (kr_task_manager_lookup (f->manager, kr_task_job_get_id (kept)));
}

static void
test_keep_bytes (ManagerFixture *f, gconstpointer data)
{
  g_object_set (f->manager, "keep-result-bytes", (guint64) 4096, NULL);
  for (guint i = 0; i < 10; i++)
    manager_fixture_submit (f, manager_fixture_new_job (f, "x", body_kilobyte));
  kr_test_wait ("all jobs", manager_fixture_all_finished, f);
  wait_items (f, 4);
}

static void
test_keep_age (ManagerFixture *f, gconstpointer data)
{
  g_object_set (f->manager, "keep-finished-for", 1, NULL);
  manager_fixture_submit (f, manager_fixture_new_job (f, "x", body_note));
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
test_keep_age_of_kept (ManagerFixture *f, gconstpointer data)
{
  KrTaskJob *kept = manager_fixture_new_job (f, "kept", body_note);
  gboolean over = FALSE;
  guint n_turns = 0;

  g_object_set (f->manager, "keep-finished-for", 1, NULL);
  kr_task_job_set_keep (kept, TRUE);
  manager_fixture_submit (f, kept);
  manager_fixture_submit (f, manager_fixture_new_job (f, "other", body_note));
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
  manager_fixture_submit (f, manager_fixture_new_job (f, "next", body_note));
  kr_test_wait ("the end of the kept one", was_dropped, kept);
  g_assert_null (kr_task_manager_lookup (f->manager, kr_task_job_get_id (kept)));
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
compare (ManagerFixture *f, GPtrArray *copy)
{
  for (guint i = 0; i < copy->len; i++)
    {
      g_autoptr (KrTaskJob) job = g_list_model_get_item (G_LIST_MODEL (f->manager), i);

      g_assert_true (job == g_ptr_array_index (copy, i));
    }
  g_assert_null (g_list_model_get_item (G_LIST_MODEL (f->manager), copy->len));
}

static void
test_mirror (ManagerFixture *f, gconstpointer data)
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
          manager_fixture_submit (f, manager_fixture_new_job (f, "x", body_note));
        }
    }
  kr_test_wait ("all jobs", manager_fixture_all_finished, f);
  g_object_set (f->manager, "keep-finished-count", 3, NULL);
  wait_items (f, 3);
  compare (f, copy);
  g_signal_handlers_disconnect_by_data (f->manager, copy);
}

#define ADD(path, data, func) \
  g_test_add ("/manager/" path, ManagerFixture, data, manager_fixture_set_up, func, manager_fixture_tear_down)

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  ADD ("keep/count", NULL, test_keep_count);
  ADD ("keep/bytes", NULL, test_keep_bytes);
  ADD ("keep/age", NULL, test_keep_age);
  ADD ("keep/age-of-kept", NULL, test_keep_age_of_kept);
  ADD ("list/mirror", NULL, test_mirror);
  return g_test_run ();
}
