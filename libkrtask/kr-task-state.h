/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* The states of a task and the ways between them. */
#pragma once

#if !defined (KR_TASK_INSIDE) && !defined (KR_TASK_COMPILATION)
#error "Only <krtask.h> can be included directly."
#endif

#include <gio/gio.h>

#include "kr-task-visibility.h"

G_BEGIN_DECLS

#define KR_TASK_TYPE_STATE (kr_task_state_get_type ())

/**
 * KrTaskState:
 * @KR_TASK_STATE_CREATED: not started
 * @KR_TASK_STATE_QUEUED: started, waits for a free slot
 * @KR_TASK_STATE_RUNNING: the body runs, or has returned and its children run
 * @KR_TASK_STATE_CANCELLING: a request to cancel was accepted, the body has not returned yet
 * @KR_TASK_STATE_COMPLETED: the body returned a value
 * @KR_TASK_STATE_FAILED: the body returned an error
 * @KR_TASK_STATE_CANCELLED: a request to cancel was accepted, and the body has returned, or never began, or is detached
 * @KR_TASK_STATE_TIMED_OUT: the same, and the request was a deadline
 *
 * The state of a task. The last four are final. Its nicks are what D-Bus and JSON show, such as `timed-out`.
 *
 * Since: 0.1
 */
typedef enum
{
  KR_TASK_STATE_CREATED,
  KR_TASK_STATE_QUEUED,
  KR_TASK_STATE_RUNNING,
  KR_TASK_STATE_CANCELLING,
  KR_TASK_STATE_COMPLETED,
  KR_TASK_STATE_FAILED,
  KR_TASK_STATE_CANCELLED,
  KR_TASK_STATE_TIMED_OUT,
} KrTaskState;

KR_TASK_AVAILABLE_IN_ALL
GType kr_task_state_get_type (void);
KR_TASK_AVAILABLE_IN_ALL
const char *kr_task_state_to_string (KrTaskState state);
KR_TASK_AVAILABLE_IN_ALL
gboolean kr_task_state_is_terminal (KrTaskState state);
KR_TASK_AVAILABLE_IN_ALL
gboolean kr_task_state_can_change (KrTaskState from, KrTaskState to);

G_END_DECLS
