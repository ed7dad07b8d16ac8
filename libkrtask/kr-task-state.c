/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* The states of a task and the ways between them. */
#include "config.h"

#include "kr-task-state.h"

G_DEFINE_ENUM_TYPE (KrTaskState, kr_task_state,
                    G_DEFINE_ENUM_VALUE (KR_TASK_STATE_CREATED, "created"),
                    G_DEFINE_ENUM_VALUE (KR_TASK_STATE_QUEUED, "queued"),
                    G_DEFINE_ENUM_VALUE (KR_TASK_STATE_RUNNING, "running"),
                    G_DEFINE_ENUM_VALUE (KR_TASK_STATE_CANCELLING, "cancelling"),
                    G_DEFINE_ENUM_VALUE (KR_TASK_STATE_COMPLETED, "completed"),
                    G_DEFINE_ENUM_VALUE (KR_TASK_STATE_FAILED, "failed"),
                    G_DEFINE_ENUM_VALUE (KR_TASK_STATE_CANCELLED, "cancelled"),
                    G_DEFINE_ENUM_VALUE (KR_TASK_STATE_TIMED_OUT, "timed-out"))

static const char *const names[] = {
  "created", "queued", "running", "cancelling", "completed", "failed", "cancelled", "timed-out",
};

#define TO(state) (1u << KR_TASK_STATE_##state)

/* For each state the set of those that may follow; nothing follows a terminal one. */
static const guint8 edges[] = {
  /* to CANCELLING without RUNNING: its children have not ended */
  [KR_TASK_STATE_CREATED] = TO (QUEUED) | TO (CANCELLING) | TO (CANCELLED) | TO (TIMED_OUT),
  [KR_TASK_STATE_QUEUED] = TO (RUNNING) | TO (CANCELLING) | TO (CANCELLED) | TO (TIMED_OUT),
  /* to CANCELLED without CANCELLING: the body gave up by itself */
  [KR_TASK_STATE_RUNNING] = TO (CANCELLING) | TO (COMPLETED) | TO (FAILED) | TO (CANCELLED),
  [KR_TASK_STATE_CANCELLING] = TO (CANCELLED) | TO (TIMED_OUT),
  [KR_TASK_STATE_TIMED_OUT] = 0,
};

/**
 * kr_task_state_to_string:
 * @state: a state
 *
 * Gets the name of a state, as D-Bus shows it.
 *
 * Returns: such as `timed-out`
 *
 * Since: 0.1
 */
const char *
kr_task_state_to_string (KrTaskState state)
{
  g_return_val_if_fail ((guint) state < G_N_ELEMENTS (names), NULL);
  return names[state];
}

/**
 * kr_task_state_is_terminal:
 * @state: a state
 *
 * Tells whether a task in this state has finished, however it ended.
 *
 * Returns: %TRUE for the last four states
 *
 * Since: 0.1
 */
gboolean
kr_task_state_is_terminal (KrTaskState state)
{
  return state >= KR_TASK_STATE_COMPLETED;
}

/**
 * kr_task_state_can_change:
 * @from: a state
 * @to: a state
 *
 * Tells whether a task can go from one state to another in one step.
 *
 * Returns: %TRUE if it can
 *
 * Since: 0.1
 */
gboolean
kr_task_state_can_change (KrTaskState from, KrTaskState to)
{
  g_return_val_if_fail ((guint) from < G_N_ELEMENTS (edges), FALSE);
  return (edges[from] >> to) & 1;
}
