/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* The enumerations of libkrtask besides the state. */
#pragma once

#if !defined (KR_TASK_INSIDE) && !defined (KR_TASK_COMPILATION)
#error "Only <krtask.h> can be included directly."
#endif

#include <gio/gio.h>

#include "kr-task-visibility.h"

G_BEGIN_DECLS

#define KR_TASK_TYPE_CANCEL_REASON (kr_task_cancel_reason_get_type ())
#define KR_TASK_TYPE_CANCEL_FLAGS (kr_task_cancel_flags_get_type ())
#define KR_TASK_TYPE_CONFLICT_POLICY (kr_task_conflict_policy_get_type ())
#define KR_TASK_TYPE_CHILD_POLICY (kr_task_child_policy_get_type ())

/**
 * KrTaskCancelReason:
 * @KR_TASK_CANCEL_REASON_NONE: not cancelled
 * @KR_TASK_CANCEL_REASON_USER: somebody asked for it
 * @KR_TASK_CANCEL_REASON_DEADLINE: it took too long; the job ends as timed out
 * @KR_TASK_CANCEL_REASON_PARENT: its parent, or what it is linked to, was cancelled
 * @KR_TASK_CANCEL_REASON_SIBLING_FAILED: another child of its parent failed
 * @KR_TASK_CANCEL_REASON_SHUTDOWN: the manager shuts down
 * @KR_TASK_CANCEL_REASON_OWNER_VANISHED: who started it went away
 * @KR_TASK_CANCEL_REASON_SUPERSEDED: a newer job with the same key replaced it
 * @KR_TASK_CANCEL_REASON_SELF: the body gave up by itself
 *
 * Why a job was cancelled; the first accepted reason stays.
 *
 * Since: 0.1
 */
typedef enum
{
  KR_TASK_CANCEL_REASON_NONE,
  KR_TASK_CANCEL_REASON_USER,
  KR_TASK_CANCEL_REASON_DEADLINE,
  KR_TASK_CANCEL_REASON_PARENT,
  KR_TASK_CANCEL_REASON_SIBLING_FAILED,
  KR_TASK_CANCEL_REASON_SHUTDOWN,
  KR_TASK_CANCEL_REASON_OWNER_VANISHED,
  KR_TASK_CANCEL_REASON_SUPERSEDED,
  KR_TASK_CANCEL_REASON_SELF,
} KrTaskCancelReason;

/**
 * KrTaskCancelFlags:
 * @KR_TASK_CANCEL_NONE: refuse while the job is held
 * @KR_TASK_CANCEL_DEFER: while the job is held, remember the request
 *
 * How a request to cancel is made.
 *
 * Since: 0.1
 */
typedef enum
{
  KR_TASK_CANCEL_NONE = 0,
  KR_TASK_CANCEL_DEFER = 1 << 0,
} KrTaskCancelFlags;

/**
 * KrTaskConflictPolicy:
 * @KR_TASK_CONFLICT_QUEUE: wait until the other one has finished
 * @KR_TASK_CONFLICT_REJECT: do not start
 * @KR_TASK_CONFLICT_REPLACE: cancel the other one, and start when it has finished
 * @KR_TASK_CONFLICT_JOIN: do not start; the other one does the work of both
 *
 * What happens to a job whose key an unfinished job has already. Two jobs with the same key never run at once.
 *
 * Since: 0.1
 */
typedef enum
{
  KR_TASK_CONFLICT_QUEUE,
  KR_TASK_CONFLICT_REJECT,
  KR_TASK_CONFLICT_REPLACE,
  KR_TASK_CONFLICT_JOIN,
} KrTaskConflictPolicy;

/**
 * KrTaskChildPolicy:
 * @KR_TASK_CHILD_IGNORE: nothing
 * @KR_TASK_CHILD_FAIL: the parent fails in the end, the other children go on
 * @KR_TASK_CHILD_CANCEL_SIBLINGS: the other children are cancelled, and the parent fails
 *
 * What the failure of a child does to its parent.
 *
 * Since: 0.1
 */
typedef enum
{
  KR_TASK_CHILD_IGNORE,
  KR_TASK_CHILD_FAIL,
  KR_TASK_CHILD_CANCEL_SIBLINGS,
} KrTaskChildPolicy;

KR_TASK_AVAILABLE_IN_ALL
GType kr_task_cancel_reason_get_type (void);
KR_TASK_AVAILABLE_IN_ALL
const char *kr_task_cancel_reason_to_string (KrTaskCancelReason reason);
KR_TASK_AVAILABLE_IN_ALL
GType kr_task_cancel_flags_get_type (void);
KR_TASK_AVAILABLE_IN_ALL
GType kr_task_conflict_policy_get_type (void);
KR_TASK_AVAILABLE_IN_ALL
GType kr_task_child_policy_get_type (void);

G_END_DECLS
