/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* Tests of the state table: every pair of states. */
#include <krtask.h>

/* rows: from; columns: to; as the state machine in docs/tasks.md shows it */
static const char *const matrix[] = {
  /*           created queued running cancelling completed failed cancelled timed-out */
  /* created */ ".x.x..xx",
  /* queued */ "..xx..xx",
  /* running */ "...xxxx.",
  /* cancelling */ "......xx",
  /* completed */ "........",
  /* failed */ "........",
  /* cancelled */ "........",
  /* timed-out */ "........",
};

static void
test_matrix (void)
{
  for (guint from = 0; from <= KR_TASK_STATE_TIMED_OUT; from++)
    for (guint to = 0; to <= KR_TASK_STATE_TIMED_OUT; to++)
      g_assert_cmpint (kr_task_state_can_change (from, to), ==, matrix[from][to] == 'x');
}

static void
test_terminal (void)
{
  for (guint state = 0; state <= KR_TASK_STATE_TIMED_OUT; state++)
    g_assert_cmpint (kr_task_state_is_terminal (state), ==, strchr (matrix[state], 'x') == NULL);
}

static void
test_names (void)
{
  g_autoptr (GEnumClass) states = g_type_class_ref (KR_TASK_TYPE_STATE);
  g_autoptr (GEnumClass) reasons = g_type_class_ref (KR_TASK_TYPE_CANCEL_REASON);

  for (guint i = 0; i < states->n_values; i++)
    g_assert_cmpstr (kr_task_state_to_string (states->values[i].value), ==, states->values[i].value_nick);
  for (guint i = 0; i < reasons->n_values; i++)
    g_assert_cmpstr (kr_task_cancel_reason_to_string (reasons->values[i].value), ==, reasons->values[i].value_nick);
}

static void
test_bus_names (void)
{
  g_autoptr (GEnumClass) errors = g_type_class_ref (KR_TASK_TYPE_ERROR);

  for (guint i = 0; i < errors->n_values; i++)
    {
      g_autoptr (GError) error = g_error_new_literal (KR_TASK_ERROR, errors->values[i].value, "text");
      g_autofree char *name = g_dbus_error_encode_gerror (error);
      g_autoptr (GError) back = g_dbus_error_new_for_dbus_error (name, "text");

      g_assert_true (g_str_has_prefix (name, "org.kestrun.Task.Error."));
      g_assert_error (back, KR_TASK_ERROR, errors->values[i].value);
    }
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/state/matrix", test_matrix);
  g_test_add_func ("/state/terminal", test_terminal);
  g_test_add_func ("/state/names", test_names);
  g_test_add_func ("/state/bus-names", test_bus_names);
  return g_test_run ();
}
