/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* Tests of what the exporter tells, in which order, and how often. */
#include "bus-fixture.h"

#include <string.h>

/* --- in which order ----------------------------------------------------------------------------------------------- */

/* The path is known before the call, so that not even a task that ends before the answer is missed. */
static void
test_handle_token (BusFixture *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *sender = g_strdelimit (g_strdup (g_dbus_connection_get_unique_name (f->client) + 1), ".", '_');
  g_autofree char *expected = g_strdup_printf (BUS_PATH "/tasks/%s/mine", sender);
  g_autofree char *path = NULL;
  guint id = bus_fixture_listen (f);

  path = bus_fixture_start (f, "echo", NULL, bus_fixture_parse ("{'handle_token': <'mine'>}"), &error);
  g_assert_no_error (error);
  g_assert_cmpstr (path, ==, expected);
  bus_fixture_wait_heard (f, "TaskFinished");
  /* it may have ended before its object was there: then it appeared as completed */
  g_assert_nonnull (strstr (f->events->str, "InterfacesAdded "));
  g_assert_nonnull (strstr (f->events->str, "Finished TaskFinished "));
  g_assert_null (bus_fixture_start (f, "echo", NULL, bus_fixture_parse ("{'handle_token': <'mine'>}"), &error));
  g_assert_error (error, KR_TASK_ERROR, KR_TASK_ERROR_CONFLICT);
  g_dbus_connection_signal_unsubscribe (f->client, id);
}

static void
test_order (BusFixture *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  guint id = bus_fixture_listen (f);
  g_autofree char *path = bus_fixture_start (f, "hold", NULL, NULL, &error);

  g_assert_no_error (error);
  bus_fixture_wait_state (f, path, "running");
  g_atomic_int_set (&f->go, TRUE);
  bus_fixture_wait_heard (f, "TaskFinished");
  /* the state is out, then the task says so, then the manager */
  g_assert_true (g_str_has_suffix (f->events->str, "completed Finished TaskFinished "));
  g_dbus_connection_signal_unsubscribe (f->client, id);
}

/* --- how often ---------------------------------------------------------------------------------------------------- */

#define BUSY (850 * G_TIME_SPAN_MILLISECOND)

typedef void (*Talk) (KrTaskJob *job, guint i);

/* As often as it can, for less than a second. */
static GVariant *
body_talk (KrTaskJob *job, GCancellable *cancellable, gpointer user_data, GError **error)
{
  Talk *talk = user_data;
  gint64 end = g_get_monotonic_time () + BUSY;

  for (guint i = 0; g_get_monotonic_time () < end && !kr_task_job_is_cancelled (job); i++)
    (*talk) (job, i);
  return NULL;
}

static void
say_progress (KrTaskJob *job, guint i)
{
  g_autofree char *message = g_strdup_printf ("%u", i);

  kr_task_progress_set (kr_task_job_get_progress (job), i % 1000 / 1000.0, message);
}

static void
hold_and_release (KrTaskJob *job, guint i)
{
  if (!kr_task_job_hold (job))
    return;
  g_usleep (500);
  kr_task_job_release (job);
  g_usleep (500);
}

static void
say_title (KrTaskJob *job, guint i)
{
  g_autofree char *title = g_strdup_printf ("Title %u", i);

  kr_task_job_set_title (job, title);
  g_usleep (500);
}

static void
say_all (KrTaskJob *job, guint i)
{
  say_progress (job, i);
  hold_and_release (job, i);
  say_title (job, i);
}

typedef struct
{
  char *path;    /* of the job whose changes count */
  guint n;
  gint64 first, last;
} Changes;

static void
on_changed (GDBusConnection *connection, const char *sender, const char *path, const char *interface, const char *signal,
            GVariant *parameters, gpointer user_data)
{
  Changes *changes = user_data;

  if (g_strcmp0 (path, changes->path) != 0)
    return;
  changes->last = g_get_monotonic_time ();
  if (changes->n++ == 0)
    changes->first = changes->last;
}

static gboolean
has_begun (gpointer data)
{
  return ((Changes *) data)->n >= 2;
}

/* All of them: the first state, what comes in between, and the last one. That no second has more whatever happens is the
 * affair of test-bus-rate. */
static void
count_changes (BusFixture *f, Talk talk, gboolean cancel)
{
  g_autoptr (KrTaskJob) job = kr_task_job_new ("talk", "A talker");
  Changes changes = { NULL };
  guint id, limit;

  id = g_dbus_connection_signal_subscribe (f->client, g_dbus_connection_get_unique_name (f->server),
                                           "org.freedesktop.DBus.Properties", "PropertiesChanged", NULL, NULL,
                                           G_DBUS_SIGNAL_FLAGS_NONE, on_changed, &changes, NULL);
  kr_task_job_set_func (job, body_talk, &talk, NULL);
  changes.path = bus_fixture_submit (f, job);
  if (cancel)
    {
      kr_test_wait ("the talk", has_begun, &changes);
      kr_task_job_cancel (job, KR_TASK_CANCEL_REASON_USER, NULL, KR_TASK_CANCEL_DEFER, NULL);
    }
  bus_fixture_wait_end (job);
  bus_fixture_sync (f);
  g_dbus_connection_signal_unsubscribe (f->client, id);
  limit = 10 * ((changes.last - changes.first) / G_TIME_SPAN_SECOND + 1);
  g_test_message ("%u changes in %" G_GINT64_FORMAT " ms, at most %u", changes.n,
                  (changes.last - changes.first) / G_TIME_SPAN_MILLISECOND, limit);
  g_assert_cmpuint (changes.n, >=, cancel ? 2 : 5);
  g_assert_cmpuint (changes.n, <=, limit);
  g_free (changes.path);
}

static void
test_limit_progress (BusFixture *f, gconstpointer data)
{
  count_changes (f, say_progress, FALSE);
  count_changes (f, say_progress, TRUE);
}

static void
test_limit_cancelable (BusFixture *f, gconstpointer data)
{
  count_changes (f, hold_and_release, FALSE);
}

static void
test_limit_title (BusFixture *f, gconstpointer data)
{
  count_changes (f, say_title, FALSE);
}

static void
test_limit_all (BusFixture *f, gconstpointer data)
{
  count_changes (f, say_all, FALSE);
  count_changes (f, say_all, TRUE);
}

#define ADD(path, func) g_test_add ("/bus/signals/" path, BusFixture, NULL, bus_fixture_set_up, func, bus_fixture_tear_down)

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  ADD ("handle-token", test_handle_token);
  ADD ("order", test_order);
  ADD ("limit/progress", test_limit_progress);
  ADD ("limit/cancelable", test_limit_cancelable);
  ADD ("limit/title", test_limit_title);
  ADD ("limit/all", test_limit_all);
  return g_test_run ();
}
