/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* The enumerations of libkrtask besides the state. */
#include "config.h"

#include "kr-task-enums.h"

G_DEFINE_ENUM_TYPE (KrTaskCancelReason, kr_task_cancel_reason,
                    G_DEFINE_ENUM_VALUE (KR_TASK_CANCEL_REASON_NONE, "none"),
                    G_DEFINE_ENUM_VALUE (KR_TASK_CANCEL_REASON_USER, "user"),
                    G_DEFINE_ENUM_VALUE (KR_TASK_CANCEL_REASON_DEADLINE, "deadline"),
                    G_DEFINE_ENUM_VALUE (KR_TASK_CANCEL_REASON_PARENT, "parent"),
                    G_DEFINE_ENUM_VALUE (KR_TASK_CANCEL_REASON_SIBLING_FAILED, "sibling-failed"),
                    G_DEFINE_ENUM_VALUE (KR_TASK_CANCEL_REASON_SHUTDOWN, "shutdown"),
                    G_DEFINE_ENUM_VALUE (KR_TASK_CANCEL_REASON_OWNER_VANISHED, "owner-vanished"),
                    G_DEFINE_ENUM_VALUE (KR_TASK_CANCEL_REASON_SUPERSEDED, "superseded"),
                    G_DEFINE_ENUM_VALUE (KR_TASK_CANCEL_REASON_SELF, "self"))

G_DEFINE_FLAGS_TYPE (KrTaskCancelFlags, kr_task_cancel_flags,
                     G_DEFINE_ENUM_VALUE (KR_TASK_CANCEL_NONE, "none"),
                     G_DEFINE_ENUM_VALUE (KR_TASK_CANCEL_DEFER, "defer"))

G_DEFINE_ENUM_TYPE (KrTaskConflictPolicy, kr_task_conflict_policy,
                    G_DEFINE_ENUM_VALUE (KR_TASK_CONFLICT_QUEUE, "queue"),
                    G_DEFINE_ENUM_VALUE (KR_TASK_CONFLICT_REJECT, "reject"),
                    G_DEFINE_ENUM_VALUE (KR_TASK_CONFLICT_REPLACE, "replace"),
                    G_DEFINE_ENUM_VALUE (KR_TASK_CONFLICT_JOIN, "join"))

G_DEFINE_ENUM_TYPE (KrTaskChildPolicy, kr_task_child_policy,
                    G_DEFINE_ENUM_VALUE (KR_TASK_CHILD_IGNORE, "ignore"),
                    G_DEFINE_ENUM_VALUE (KR_TASK_CHILD_FAIL, "fail"),
                    G_DEFINE_ENUM_VALUE (KR_TASK_CHILD_CANCEL_SIBLINGS, "cancel-siblings"))

static const char *const reasons[] = {
  "none", "user", "deadline", "parent", "sibling-failed", "shutdown", "owner-vanished", "superseded", "self",
};

/**
 * kr_task_cancel_reason_to_string:
 * @reason: a reason
 *
 * Gets the name of a reason, as D-Bus shows it.
 *
 * Returns: such as `sibling-failed`
 *
 * Since: 0.1
 */
const char *
kr_task_cancel_reason_to_string (KrTaskCancelReason reason)
{
  g_return_val_if_fail ((guint) reason < G_N_ELEMENTS (reasons), NULL);
  return reasons[reason];
}
