/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* Tests of views: filtered, sorted, true to the list below them whatever happens, and no louder than they must be. */
#include <kr-test.h>
#include <krtask.h>

typedef struct
{
  KrTaskManager *manager;
  KrTaskView *view;
  GPtrArray *mirror; /* of the view, by its signals only */
  guint n_signals;
  guint n_changed;   /* rows that the signals were about, at most */
} Fixture;

static GVariant *
body_sleep (KrTaskJob *job, GCancellable *cancellable, gpointer user_data, GError **error)
{
  kr_task_job_sleep (job, -1);
  return NULL;
}

static void
on_items_changed (GListModel *view, guint position, guint removed, guint added, gpointer user_data)
{
  Fixture *f = user_data;

  f->n_signals++;
  f->n_changed += MAX (removed, added);
  g_assert_cmpuint (removed + added, >, 0);
  g_assert_cmpuint (position + removed, <=, f->mirror->len);
  if (removed > 0)
    g_ptr_array_remove_range (f->mirror, position, removed);
  for (guint i = 0; i < added; i++)
    g_ptr_array_insert (f->mirror, (int) (position + i), g_list_model_get_item (view, position + i));
  g_assert_cmpuint (f->mirror->len, ==, g_list_model_get_n_items (view));
  for (guint i = 0; i < f->mirror->len; i++)
    {
      g_autoptr (GObject) item = g_list_model_get_item (view, i);

      g_assert_true (item == f->mirror->pdata[i]);
    }
}

static void
set_up (Fixture *f, gconstpointer data)
{
  f->manager = kr_task_manager_new (NULL);
  f->view = kr_task_view_new (G_LIST_MODEL (f->manager));
  f->mirror = g_ptr_array_new_with_free_func (g_object_unref);
  g_signal_connect (f->view, "items-changed", G_CALLBACK (on_items_changed), f);
}

static gboolean
is_idle (gpointer data)
{
  KrTaskManager *manager = data;

  return kr_task_manager_get_n_queued (manager) + kr_task_manager_get_n_running (manager) == 0;
}

static void
tear_down (Fixture *f, gconstpointer data)
{
  kr_task_manager_cancel_all (f->manager, NULL, KR_TASK_CANCEL_REASON_SHUTDOWN);
  kr_test_wait ("an idle manager", is_idle, f->manager);
  g_assert_finalize_object (f->view);
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
submit_all (Fixture *f, const char *titles)
{
  for (const char *c = titles; *c != '\0'; c++)
    {
      const char title[] = { *c, '\0' };

      g_object_unref (submit (f, title));
    }
}

static gboolean
is_unfinished (gpointer item, gpointer user_data)
{
  return !kr_task_state_is_terminal (kr_task_job_get_state (item));
}

static gboolean
is_capital (gpointer item, gpointer user_data)
{
  g_autofree char *title = kr_task_job_dup_title (item);

  return g_ascii_isupper (title[0]);
}

static int
compare_titles (gconstpointer a, gconstpointer b, gpointer user_data)
{
  g_autofree char *title_a = kr_task_job_dup_title ((gpointer) a);
  g_autofree char *title_b = kr_task_job_dup_title ((gpointer) b);

  return g_ascii_strcasecmp (title_a, title_b);
}

static char *
describe (Fixture *f)
{
  GString *text = g_string_new (NULL);

  for (guint i = 0; i < g_list_model_get_n_items (G_LIST_MODEL (f->view)); i++)
    {
      g_autoptr (KrTaskJob) job = g_list_model_get_item (G_LIST_MODEL (f->view), i);
      g_autofree char *title = kr_task_job_dup_title (job);

      g_string_append (text, title);
    }
  return g_string_free (text, FALSE);
}

typedef struct
{
  Fixture *f;
  const char *text;
} Wait;

static gboolean
shows (gpointer data)
{
  const Wait *wait = data;
  g_autofree char *text = describe (wait->f);

  return g_str_equal (text, wait->text);
}

static void
wait_shown (Fixture *f, const char *text)
{
  Wait wait = { f, text };

  kr_test_wait (text, shows, &wait);
}

static void
turn (void)
{
  while (g_main_context_iteration (NULL, FALSE))
    ;
}

/* --- one thing at a time ------------------------------------------------------------------------------------------ */

static void
test_plain (Fixture *f, gconstpointer data)
{
  submit_all (f, "dbca");
  wait_shown (f, "dbca");
  g_assert_true (g_list_model_get_item_type (G_LIST_MODEL (f->view)) == KR_TASK_TYPE_JOB);
  g_assert_null (g_list_model_get_item (G_LIST_MODEL (f->view), 4));
  g_assert_null (g_list_model_get_item (G_LIST_MODEL (f->view), G_MAXUINT));
}

/* What is there already is seen as well. */
static void
test_late (Fixture *f, gconstpointer data)
{
  submit_all (f, "dbca");
  wait_shown (f, "dbca");
  g_object_unref (f->view);
  g_ptr_array_set_size (f->mirror, 0);
  f->view = kr_task_view_new (G_LIST_MODEL (f->manager));
  wait_shown (f, "dbca");
}

static void
test_order (Fixture *f, gconstpointer data)
{
  g_autoptr (KrTaskJob) job = NULL;

  submit_all (f, "dbca");
  wait_shown (f, "dbca");
  kr_task_view_set_order (f->view, compare_titles, NULL, NULL);
  wait_shown (f, "abcd");
  /* equal ones stay as they came */
  submit_all (f, "BeC");
  wait_shown (f, "abBcCde");
  job = submit (f, "A");
  wait_shown (f, "aAbBcCde");
  kr_task_job_set_title (job, "f");
  wait_shown (f, "abBcCdef");
  kr_task_job_set_title (job, "0");
  wait_shown (f, "0abBcCde");
  kr_task_view_set_order (f->view, NULL, NULL, NULL);
  wait_shown (f, "dbcaBeC0");
}

static void
test_filter (Fixture *f, gconstpointer data)
{
  g_autoptr (KrTaskJob) job = NULL;

  submit_all (f, "aBcD");
  job = submit (f, "e");
  wait_shown (f, "aBcDe");
  kr_task_view_set_filter (f->view, is_capital, NULL, NULL);
  wait_shown (f, "BD");
  kr_task_job_set_title (job, "E");
  wait_shown (f, "BDE");
  kr_task_job_set_title (job, "f");
  wait_shown (f, "BD");
  kr_task_view_set_filter (f->view, is_unfinished, NULL, NULL);
  wait_shown (f, "aBcDf");
  /* a state that changes in another thread */
  g_assert_true (kr_task_job_cancel (job, KR_TASK_CANCEL_REASON_USER, NULL, KR_TASK_CANCEL_NONE, NULL));
  wait_shown (f, "aBcD");
  kr_task_view_set_filter (f->view, NULL, NULL, NULL);
  wait_shown (f, "aBcDf");
}

static void
count_destroyed (gpointer data)
{
  ++*(guint *) data;
}

static void
test_destroy (Fixture *f, gconstpointer data)
{
  KrTaskView *view = kr_task_view_new (G_LIST_MODEL (f->manager));
  guint n_filters = 0, n_orders = 0;

  kr_task_view_set_filter (view, is_capital, &n_filters, count_destroyed);
  kr_task_view_set_order (view, compare_titles, &n_orders, count_destroyed);
  g_assert_cmpuint (n_filters + n_orders, ==, 0);
  kr_task_view_set_filter (view, is_unfinished, &n_filters, count_destroyed);
  kr_task_view_set_order (view, compare_titles, &n_orders, count_destroyed);
  g_assert_cmpuint (n_filters, ==, 1);
  g_assert_cmpuint (n_orders, ==, 1);
  g_object_unref (view);
  g_assert_cmpuint (n_filters, ==, 2);
  g_assert_cmpuint (n_orders, ==, 2);
}

/* --- no more than has changed ------------------------------------------------------------------------------------- */

static void
assert_told (Fixture *f, guint n_signals, guint n_changed)
{
  turn ();
  g_assert_cmpuint (f->n_signals, ==, n_signals);
  g_assert_cmpuint (f->n_changed, ==, n_changed);
  f->n_signals = f->n_changed = 0;
}

static void
test_minimal (Fixture *f, gconstpointer data)
{
  g_autoptr (KrTaskJob) job = NULL;

  kr_task_view_set_order (f->view, compare_titles, NULL, NULL);
  kr_task_view_set_filter (f->view, is_unfinished, NULL, NULL);
  submit_all (f, "abcdefghijklmnopqrstuvw");
  wait_shown (f, "abcdefghijklmnopqrstuvw");
  turn ();
  f->n_signals = f->n_changed = 0;
  /* neighbours that come together are one signal */
  submit_all (f, "xyz");
  wait_shown (f, "abcdefghijklmnopqrstuvwxyz");
  assert_told (f, 1, 3);
  job = submit (f, "MM");
  wait_shown (f, "abcdefghijklmMMnopqrstuvwxyz");
  assert_told (f, 1, 1);
  /* what changes but not its place is the job's own affair */
  kr_task_job_set_title (job, "MMM");
  kr_task_job_set_description (job, "more of it");
  wait_shown (f, "abcdefghijklmMMMnopqrstuvwxyz");
  assert_told (f, 0, 0);
  /* a move over three others: the part of the list between old and new place */
  kr_task_job_set_title (job, "PP");
  wait_shown (f, "abcdefghijklmnopPPqrstuvwxyz");
  assert_told (f, 1, 4);
  g_assert_true (kr_task_job_cancel (job, KR_TASK_CANCEL_REASON_USER, NULL, KR_TASK_CANCEL_NONE, NULL));
  wait_shown (f, "abcdefghijklmnopqrstuvwxyz");
  assert_told (f, 1, 1);
}

/* --- whatever happens --------------------------------------------------------------------------------------------- */

static void
do_something (Fixture *f)
{
  GListModel *list = G_LIST_MODEL (f->manager);
  guint n = g_list_model_get_n_items (list);
  g_autoptr (KrTaskJob) job = n > 0 ? g_list_model_get_item (list, (guint) g_test_rand_int_range (0, (int) n)) : NULL;
  const char title[] = { (char) g_test_rand_int_range ('a', 'z'), (char) g_test_rand_int_range ('a', 'z'), '\0' };

  switch (job != NULL ? g_test_rand_int_range (0, 8) : 0)
    {
    case 0:
    case 1:
      g_object_unref (submit (f, title));
      break;
    case 2:
      kr_task_job_cancel (job, KR_TASK_CANCEL_REASON_USER, NULL, KR_TASK_CANCEL_NONE, NULL);
      break;
    case 3:
      kr_task_manager_remove (f->manager, kr_task_job_get_id (job), NULL);
      break;
    case 4:
      kr_task_view_set_filter (f->view, g_test_rand_bit () ? is_unfinished : NULL, NULL, NULL);
      break;
    case 5:
      kr_task_view_set_order (f->view, g_test_rand_bit () ? compare_titles : NULL, NULL, NULL);
      break;
    default:
      kr_task_job_set_title (job, title);
      break;
    }
}

static gboolean
is_right (gpointer data)
{
  Fixture *f = data;
  GListModel *list = G_LIST_MODEL (f->manager);
  GListModel *view = G_LIST_MODEL (f->view);
  guint n_expected = 0;

  for (guint i = 0; i < g_list_model_get_n_items (list); i++)
    {
      g_autoptr (KrTaskJob) job = g_list_model_get_item (list, i);

      n_expected += is_unfinished (job, NULL);
    }
  if (g_list_model_get_n_items (view) != n_expected || f->mirror->len != n_expected)
    return FALSE;
  for (guint i = 0; i < n_expected; i++)
    {
      g_autoptr (KrTaskJob) job = g_list_model_get_item (view, i);
      g_autoptr (KrTaskJob) before = i > 0 ? g_list_model_get_item (view, i - 1) : NULL;

      if (!is_unfinished (job, NULL) || (before != NULL && compare_titles (before, job, NULL) > 0))
        return FALSE;
    }
  return TRUE;
}

static void
test_random (Fixture *f, gconstpointer data)
{
  for (guint round = 0; round < 10; round++)
    {
      for (guint i = 0; i < 100; i++)
        {
          do_something (f);
          if (g_test_rand_int_range (0, 3) == 0)
            turn ();
        }
      kr_task_view_set_filter (f->view, is_unfinished, NULL, NULL);
      kr_task_view_set_order (f->view, compare_titles, NULL, NULL);
      kr_test_wait ("the right view", is_right, f);
    }
}

/* --- tags */

static void
set_tag (KrTaskJob *job, const char *tag)
{
  const char *const tags[] = { "x", tag, NULL };

  kr_task_job_set_tags (job, tags);
}

/* What has the tag and passes the filter; what has no tags at all has none of them. */
static void
test_tag (Fixture *f, gconstpointer data)
{
  g_autoptr (KrTaskJob) a = submit (f, "a");
  g_autoptr (KrTaskJob) b = submit (f, "B");
  g_autoptr (KrTaskJob) c = submit (f, "C");
  g_autoptr (GListStore) others = g_list_store_new (G_TYPE_OBJECT);
  g_autoptr (GObject) other = g_object_new (G_TYPE_CANCELLABLE, NULL);
  g_autoptr (KrTaskView) of_others = NULL;
  g_autofree char *told = NULL;

  set_tag (a, "night");
  set_tag (b, "night");
  kr_task_view_set_tag (f->view, "night");
  wait_shown (f, "aB");
  kr_task_view_set_filter (f->view, is_capital, NULL, NULL);
  wait_shown (f, "B");
  set_tag (c, "night");
  wait_shown (f, "BC");
  set_tag (b, "day");
  wait_shown (f, "C");
  g_object_set (f->view, "tag", NULL, NULL);
  wait_shown (f, "BC");
  g_object_set (f->view, "tag", "day", NULL);
  g_object_get (f->view, "tag", &told, NULL);
  g_assert_cmpstr (told, ==, "day");
  wait_shown (f, "B");
  g_list_store_append (others, other);
  of_others = g_object_new (KR_TASK_TYPE_VIEW, "model", others, "tag", "day", NULL);
  g_assert_cmpuint (g_list_model_get_n_items (G_LIST_MODEL (of_others)), ==, 0);
  kr_task_view_set_tag (of_others, NULL);
  g_assert_cmpuint (g_list_model_get_n_items (G_LIST_MODEL (of_others)), ==, 1);
}

#define ADD(path, func) g_test_add ("/view/" path, Fixture, NULL, set_up, func, tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("plain", test_plain);
  ADD ("late", test_late);
  ADD ("order", test_order);
  ADD ("filter", test_filter);
  ADD ("destroy", test_destroy);
  ADD ("tag", test_tag);
  ADD ("minimal", test_minimal);
  ADD ("random", test_random);
  return g_test_run ();
}
