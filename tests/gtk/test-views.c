/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* Tests of what GTK binds: its own sorted, filtered and selecting models on a manager, and views. There is no display. */
#include "config.h"

#include <gtk/gtk.h>
#include <kr-test.h>
#include <krtask.h>

/* The jobs that have not ended, by title: a GtkFilterListModel, a GtkSortListModel and a selection. */
typedef struct
{
  KrTaskManager *manager;
  GtkFilter *filter;
  GListModel *view;
  GtkSingleSelection *selection;
  GPtrArray *mirror; /* of the view, by its signals only */
  guint n_signals;
  guint n_changed;   /* items that the signals were about */
} Fixture;

static GVariant *
body_sleep (KrTaskJob *job, GCancellable *cancellable, gpointer user_data, GError **error)
{
  kr_task_job_sleep (job, -1);
  return NULL;
}

static gboolean
is_unfinished (gpointer item, gpointer user_data)
{
  return !kr_task_state_is_terminal (kr_task_job_get_state (item));
}

/* What a program does for GTK before 4.20, which does not look at its items again by itself. */
static void
on_state (KrTaskJob *job, GParamSpec *pspec, gpointer user_data)
{
  if (kr_task_state_is_terminal (kr_task_job_get_state (job)))
    gtk_filter_changed (((Fixture *) user_data)->filter, GTK_FILTER_CHANGE_MORE_STRICT);
}

static void
on_jobs (GListModel *jobs, guint position, guint removed, guint added, gpointer user_data)
{
  for (guint i = 0; i < added; i++)
    {
      g_autoptr (KrTaskJob) job = g_list_model_get_item (jobs, position + i);

      g_signal_connect (job, "notify::state", G_CALLBACK (on_state), user_data);
    }
}

static void
on_view (GListModel *view, guint position, guint removed, guint added, gpointer user_data)
{
  Fixture *f = user_data;

  f->n_signals++;
  f->n_changed += removed + added;
  g_assert_cmpuint (position + removed, <=, f->mirror->len);
  if (removed > 0)
    g_ptr_array_remove_range (f->mirror, position, removed);
  for (guint i = 0; i < added; i++)
    g_ptr_array_insert (f->mirror, (int) (position + i), g_list_model_get_item (view, position + i));
  g_assert_cmpuint (f->mirror->len, ==, g_list_model_get_n_items (view));
}

static void
set_up (Fixture *f, gconstpointer data)
{
  GtkSorter *sorter = GTK_SORTER (gtk_string_sorter_new (gtk_property_expression_new (KR_TASK_TYPE_JOB, NULL, "title")));
  GListModel *filtered;

  f->manager = kr_task_manager_new (NULL);
  kr_task_manager_set_max_concurrent (f->manager, 4);
  /* before those of the view, so that its filter is never asked about a job that nobody follows */
  g_signal_connect (f->manager, "items-changed", G_CALLBACK (on_jobs), f);
  f->filter = GTK_FILTER (gtk_custom_filter_new (is_unfinished, NULL, NULL));
  filtered = G_LIST_MODEL (gtk_filter_list_model_new (G_LIST_MODEL (g_object_ref (f->manager)), g_object_ref (f->filter)));
  f->view = G_LIST_MODEL (gtk_sort_list_model_new (filtered, sorter));
  f->mirror = g_ptr_array_new_with_free_func (g_object_unref);
  g_signal_connect (f->view, "items-changed", G_CALLBACK (on_view), f);
  f->selection = gtk_single_selection_new (g_object_ref (f->view));
  gtk_single_selection_set_autoselect (f->selection, FALSE);
}

static gboolean
is_idle (gpointer data)
{
  KrTaskManager *manager = data;

  return kr_task_manager_get_n_queued (manager) + kr_task_manager_get_n_running (manager) == 0;
}

static void
disconnect (Fixture *f)
{
  for (guint i = 0; i < g_list_model_get_n_items (G_LIST_MODEL (f->manager)); i++)
    {
      g_autoptr (KrTaskJob) job = g_list_model_get_item (G_LIST_MODEL (f->manager), i);

      g_signal_handlers_disconnect_by_data (job, f);
    }
}

static void
tear_down (Fixture *f, gconstpointer data)
{
  kr_task_manager_cancel_all (f->manager, NULL, KR_TASK_CANCEL_REASON_SHUTDOWN);
  kr_test_wait ("an idle manager", is_idle, f->manager);
  disconnect (f);
  g_signal_handlers_disconnect_by_data (f->manager, f);
  g_signal_handlers_disconnect_by_data (f->view, f);
  g_object_unref (f->selection);
  g_object_unref (f->view);
  g_object_unref (f->filter);
  g_ptr_array_unref (f->mirror);
  g_object_unref (f->manager);
}

static KrTaskJob *
submit (Fixture *f, const char *title)
{
  KrTaskJob *job = kr_task_job_new ("view", title);

  kr_task_job_set_func (job, body_sleep, NULL, NULL);
  g_assert_true (kr_task_manager_submit (f->manager, job, NULL));
  return job;
}

static void
turn (void)
{
  while (g_main_context_iteration (NULL, FALSE))
    ;
}

/* The view holds what it should, in order, and the mirror the same objects. */
static gboolean
is_right (gpointer data)
{
  Fixture *f = data;
  guint n_expected = 0;
  g_autofree char *before = NULL;

  for (guint i = 0; i < g_list_model_get_n_items (G_LIST_MODEL (f->manager)); i++)
    {
      g_autoptr (KrTaskJob) job = g_list_model_get_item (G_LIST_MODEL (f->manager), i);

      n_expected += is_unfinished (job, NULL);
    }
  if (g_list_model_get_n_items (f->view) != n_expected || f->mirror->len != n_expected)
    return FALSE;
  for (guint i = 0; i < n_expected; i++)
    {
      g_autoptr (KrTaskJob) job = g_list_model_get_item (f->view, i);
      g_autofree char *title = kr_task_job_dup_title (job);

      if (job != f->mirror->pdata[i] || !is_unfinished (job, NULL) || g_strcmp0 (before, title) > 0)
        return FALSE;
      g_free (before);
      before = g_steal_pointer (&title);
    }
  return TRUE;
}

typedef struct
{
  Fixture *f;
  guint n;
} WaitCount;

static gboolean
has_count (gpointer data)
{
  const WaitCount *wait = data;

  return g_list_model_get_n_items (wait->f->view) == wait->n && is_right (wait->f);
}

static void
wait_count (Fixture *f, guint n)
{
  WaitCount wait = { f, n };

  kr_test_wait ("the view", has_count, &wait);
}

static void
test_sorted (Fixture *f, gconstpointer data)
{
  static const char *const titles[] = { "d", "a", "c", "b" };

  for (guint i = 0; i < G_N_ELEMENTS (titles); i++)
    g_object_unref (submit (f, titles[i]));
  wait_count (f, G_N_ELEMENTS (titles));
}

static void
select_job (Fixture *f, KrTaskJob *job)
{
  for (guint i = 0; i < g_list_model_get_n_items (f->view); i++)
    {
      g_autoptr (KrTaskJob) at = g_list_model_get_item (f->view, i);

      if (at == job)
        gtk_single_selection_set_selected (f->selection, i);
    }
  g_assert_true (gtk_single_selection_get_selected_item (f->selection) == job);
}

static gboolean
has_no_selection (gpointer data)
{
  return gtk_single_selection_get_selected_item (((Fixture *) data)->selection) == NULL;
}

static void
do_something (Fixture *f, KrTaskJob *spared)
{
  GListModel *list = G_LIST_MODEL (f->manager);
  guint n = g_list_model_get_n_items (list);
  g_autoptr (KrTaskJob) job = g_list_model_get_item (list, (guint) g_test_rand_int_range (0, (int) n));
  g_autofree char *title = g_strdup_printf ("%04d", g_test_rand_int_range (0, 10000));

  if (job == spared || g_test_rand_int_range (0, 5) < 2)
    {
      g_autoptr (KrTaskJob) other = submit (f, title);
    }
  else if (g_test_rand_int_range (0, 2) == 0)
    kr_task_job_cancel (job, KR_TASK_CANCEL_REASON_USER, NULL, KR_TASK_CANCEL_NONE, NULL);
  else
    kr_task_manager_remove (f->manager, kr_task_job_get_id (job), NULL);
}

/* Whatever happens to the others: what is selected stays selected, wherever it moves. */
static void
test_random (Fixture *f, gconstpointer data)
{
  g_autoptr (KrTaskJob) selected = submit (f, "5000");

  wait_count (f, 1);
  select_job (f, selected);
  for (guint i = 0; i < 400; i++)
    {
      do_something (f, selected);
      if (g_test_rand_int_range (0, 3) == 0)
        turn ();
      g_assert_true (gtk_single_selection_get_selected_item (f->selection) == selected);
    }
  kr_test_wait ("the view", is_right, f);
  g_assert_true (gtk_single_selection_get_selected_item (f->selection) == selected);
  g_assert_true (kr_task_job_cancel (selected, KR_TASK_CANCEL_REASON_USER, NULL, KR_TASK_CANCEL_NONE, NULL));
  kr_test_wait ("the end of the selection", has_no_selection, f);
  g_assert_true (is_right (f));
}

/* A job more, and a job less: one signal about one row each, however long the list is. */
static void
test_minimal (Fixture *f, gconstpointer data)
{
  g_autoptr (KrTaskJob) job = NULL;

  for (guint i = 0; i < 100; i++)
    {
      g_autofree char *title = g_strdup_printf ("%03u", i);

      g_object_unref (submit (f, title));
    }
  wait_count (f, 100);
  f->n_signals = f->n_changed = 0;
  job = submit (f, "050+");
  wait_count (f, 101);
  g_assert_cmpuint (f->n_signals, ==, 1);
  g_assert_cmpuint (f->n_changed, ==, 1);
  g_assert_true (kr_task_job_cancel (job, KR_TASK_CANCEL_REASON_USER, NULL, KR_TASK_CANCEL_NONE, NULL));
  wait_count (f, 100);
  turn ();
  g_assert_cmpuint (f->n_signals, ==, 2);
  g_assert_cmpuint (f->n_changed, ==, 2);
}

/* --- the view of the library ---------------------------------------------------------------------------------------- */

static int
compare_titles (gconstpointer a, gconstpointer b, gpointer user_data)
{
  g_autofree char *title_a = kr_task_job_dup_title ((gpointer) a);
  g_autofree char *title_b = kr_task_job_dup_title ((gpointer) b);

  return g_strcmp0 (title_a, title_b);
}

static gboolean
is_last (gpointer data)
{
  GtkSingleSelection *selection = data;

  return gtk_single_selection_get_selected (selection) + 1 == g_list_model_get_n_items (G_LIST_MODEL (selection));
}

static gboolean
has_nothing_selected (gpointer data)
{
  return gtk_single_selection_get_selected_item (data) == NULL;
}

/* What is selected stays selected while it, and all the others, move about; it takes a filter to get rid of it. */
static void
test_view_selection (Fixture *f, gconstpointer data)
{
  KrTaskView *view = kr_task_view_new (G_LIST_MODEL (f->manager));
  g_autoptr (GtkSingleSelection) selection = gtk_single_selection_new (G_LIST_MODEL (view));
  g_autoptr (KrTaskJob) selected = submit (f, "000");

  gtk_single_selection_set_autoselect (selection, FALSE);
  kr_task_view_set_order (view, compare_titles, NULL, NULL);
  kr_task_view_set_filter (view, is_unfinished, NULL, NULL);
  wait_count (f, 1);
  gtk_single_selection_set_selected (selection, 0);
  for (guint i = 0; i < 300; i++)
    {
      do_something (f, selected);
      if (i % 10 == 0)
        {
          g_autofree char *title = g_strdup_printf ("%04d", g_test_rand_int_range (0, 10000));

          kr_task_job_set_title (selected, title);
        }
      if (g_test_rand_bit ())
        turn ();
      g_assert_true (gtk_single_selection_get_selected_item (selection) == selected);
    }
  kr_task_job_set_title (selected, "~");
  kr_test_wait ("the last place", is_last, selection);
  g_assert_true (gtk_single_selection_get_selected_item (selection) == selected);
  g_assert_true (kr_task_job_cancel (selected, KR_TASK_CANCEL_REASON_USER, NULL, KR_TASK_CANCEL_NONE, NULL));
  kr_test_wait ("the end of the selection", has_nothing_selected, selection);
}

#define ADD(path, func) g_test_add ("/gtk/views/" path, Fixture, NULL, set_up, func, tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("sorted", test_sorted);
  ADD ("random", test_random);
  ADD ("minimal", test_minimal);
  ADD ("selection", test_view_selection);
  return g_test_run ();
}
