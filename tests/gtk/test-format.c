/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* Tests of the words that the window finds for a task. */
#include <math.h>

#include "demo-format.h"

#define SECOND ((gint64) G_USEC_PER_SEC)

static void
test_duration (void)
{
  static const struct { gint64 microseconds; const char *text; } cases[] = {
    { 0, "0 s" }, { 499999, "0 s" }, { 500000, "1 s" }, { 59 * SECOND, "59 s" }, { 60 * SECOND, "1 min 0 s" },
    { 59 * SECOND + 600000, "1 min 0 s" }, { 3599 * SECOND, "59 min 59 s" }, { 3600 * SECOND, "1 h 0 min" },
    { 7384 * SECOND, "2 h 3 min" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *text = demo_format_duration (cases[i].microseconds);

      g_assert_cmpstr (text, ==, cases[i].text);
    }
}

static void
test_longest_duration (void)
{
  g_autofree char *text = demo_format_duration (G_MAXINT64 / 2);

  g_assert_true (g_str_has_suffix (text, " min"));
  g_assert_true (g_ascii_isdigit (text[0]));
}

static void
test_states (void)
{
  for (int state = KR_TASK_STATE_CREATED; state <= KR_TASK_STATE_TIMED_OUT; state++)
    {
      g_assert_cmpstr (demo_format_state (state), !=, "");
      g_assert_true (g_str_has_suffix (demo_format_state_icon (state), "-symbolic"));
      for (int other = KR_TASK_STATE_CREATED; other < state; other++)
        {
          g_assert_cmpstr (demo_format_state (state), !=, demo_format_state (other));
          g_assert_cmpstr (demo_format_state_icon (state), !=, demo_format_state_icon (other));
        }
    }
  g_assert_cmpstr (demo_format_reason (KR_TASK_CANCEL_REASON_NONE), ==, "");
  for (int reason = KR_TASK_CANCEL_REASON_USER; reason <= KR_TASK_CANCEL_REASON_SELF; reason++)
    g_assert_cmpstr (demo_format_reason (reason), !=, "");
}

static void
test_progress (void)
{
  static const struct { DemoTaskInfo info; const char *text; } cases[] = {
    { { .state = KR_TASK_STATE_QUEUED, .fraction = NAN, .eta = -1 }, "" },
    { { .state = KR_TASK_STATE_RUNNING, .fraction = NAN, .eta = -1 }, "" },
    { { .state = KR_TASK_STATE_RUNNING, .fraction = 0.4, .eta = -1 }, "40 %" },
    { { .state = KR_TASK_STATE_RUNNING, .fraction = 0.4, .eta = 3 * SECOND }, "40 % · 3 s left" },
    { { .state = KR_TASK_STATE_RUNNING, .fraction = 0.999, .eta = -1 }, "99 %" },
    { { .state = KR_TASK_STATE_RUNNING, .fraction = 0.4, .eta = 3 * SECOND, .unit = "steps", .done = 4, .total = 10,
        .rate = 2 }, "40 % · 4 of 10 steps · 2 steps/s · 3 s left" },
    { { .state = KR_TASK_STATE_RUNNING, .fraction = NAN, .eta = -1, .unit = "files", .done = 7 }, "7 files" },
    { { .state = KR_TASK_STATE_RUNNING, .fraction = 0.5, .eta = -1, .unit = "bytes", .done = 5000000,
        .total = 10000000, .rate = 2000000 }, "50 % · 5.0 MB of 10.0 MB · 2.0 MB/s" },
    { { .state = KR_TASK_STATE_CANCELLING, .fraction = 0.4, .eta = 3 * SECOND, .unit = "steps", .done = 4,
        .total = 10, .rate = 2 }, "40 % · 4 of 10 steps" },
    { { .state = KR_TASK_STATE_COMPLETED, .fraction = 1, .eta = 0, .started_at = SECOND, .finished_at = 6 * SECOND },
      "took 5 s" },
    { { .state = KR_TASK_STATE_CANCELLED, .fraction = 0.4, .eta = 1, .started_at = SECOND, .finished_at = 6 * SECOND },
      "40 % · took 5 s" },
    { { .state = KR_TASK_STATE_CANCELLED, .fraction = NAN, .eta = -1, .finished_at = 6 * SECOND }, "" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *text = demo_format_progress (&cases[i].info);

      /* GLib puts a no-break space between number and unit of a size */
      g_autoptr (GString) plain = g_string_new (text);

      g_string_replace (plain, "\302\240", " ", 0);
      g_assert_cmpstr (plain->str, ==, cases[i].text);
    }
}

static void
test_summary (void)
{
  DemoTaskInfo info = { .state = KR_TASK_STATE_RUNNING, .title = "Copy", .fraction = 0.25, .eta = -1 };
  g_autofree char *running = demo_format_summary (&info);
  g_autofree char *waiting = NULL;

  g_assert_cmpstr (running, ==, "Copy, Running, 25 %");
  info = (DemoTaskInfo) { .state = KR_TASK_STATE_QUEUED, .fraction = NAN, .eta = -1 };
  waiting = demo_format_summary (&info);
  g_assert_cmpstr (waiting, ==, ", Waiting");
}

static void
test_time (void)
{
  g_autofree char *never = demo_format_time (0);
  g_autofree char *some_time = demo_format_time (G_GINT64_CONSTANT (1795550400000000));
  g_autofree char *no_time = demo_format_time (G_MAXINT64);

  g_assert_null (never);
  g_assert_nonnull (some_time);
  g_assert_null (no_time);
}

static void
test_error (void)
{
  g_autoptr (GError) ours = g_error_new_literal (KR_TASK_ERROR, KR_TASK_ERROR_NOT_AUTHORIZED, "raw");
  g_autoptr (GError) rare = g_error_new_literal (KR_TASK_ERROR, KR_TASK_ERROR_INVALID, "raw");
  g_autoptr (GError) other = g_error_new_literal (G_IO_ERROR, G_IO_ERROR_FAILED, "raw");
  g_autofree char *ours_text = demo_format_error (ours);
  g_autofree char *rare_text = demo_format_error (rare);
  g_autofree char *other_text = demo_format_error (other);

  g_assert_cmpstr (ours_text, ==, "it belongs to somebody else");
  g_assert_cmpstr (rare_text, ==, "raw");
  g_assert_cmpstr (other_text, ==, "raw");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/gtk/format/duration", test_duration);
  g_test_add_func ("/gtk/format/longest-duration", test_longest_duration);
  g_test_add_func ("/gtk/format/states", test_states);
  g_test_add_func ("/gtk/format/progress", test_progress);
  g_test_add_func ("/gtk/format/summary", test_summary);
  g_test_add_func ("/gtk/format/time", test_time);
  g_test_add_func ("/gtk/format/error", test_error);
  return g_test_run ();
}
