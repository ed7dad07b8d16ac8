/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* The error domain of libkrtask. */
#include "config.h"

#include "kr-task-error.h"

/* The names are what callers on the bus see. */
static const GDBusErrorEntry entries[] = {
  { KR_TASK_ERROR_QUEUE_FULL, "org.kestrun.Task.Error.QueueFull" },
  { KR_TASK_ERROR_CONFLICT, "org.kestrun.Task.Error.Conflict" },
  { KR_TASK_ERROR_NOT_CANCELLABLE, "org.kestrun.Task.Error.NotCancelable" },
  { KR_TASK_ERROR_DEFERRED, "org.kestrun.Task.Error.Deferred" },
  { KR_TASK_ERROR_ALREADY_CANCELLED, "org.kestrun.Task.Error.AlreadyCancelled" },
  { KR_TASK_ERROR_ALREADY_FINISHED, "org.kestrun.Task.Error.AlreadyFinished" },
  { KR_TASK_ERROR_ALREADY_STARTED, "org.kestrun.Task.Error.AlreadyStarted" },
  { KR_TASK_ERROR_NOT_FINISHED, "org.kestrun.Task.Error.NotFinished" },
  { KR_TASK_ERROR_NOT_AUTHORIZED, "org.kestrun.Task.Error.NotAuthorized" },
  { KR_TASK_ERROR_NOT_FOUND, "org.kestrun.Task.Error.NotFound" },
  { KR_TASK_ERROR_HAS_CHILDREN, "org.kestrun.Task.Error.HasChildren" },
  { KR_TASK_ERROR_DETACHED, "org.kestrun.Task.Error.Detached" },
  { KR_TASK_ERROR_SHUTTING_DOWN, "org.kestrun.Task.Error.ShuttingDown" },
  { KR_TASK_ERROR_INVALID, "org.kestrun.Task.Error.Invalid" },
};

G_STATIC_ASSERT (G_N_ELEMENTS (entries) == KR_TASK_ERROR_INVALID + 1);

/**
 * kr_task_error_quark:
 *
 * Gets the error domain, and registers its names on D-Bus, so that an error survives the way over the bus.
 *
 * Returns: the domain
 *
 * Since: 0.1
 */
GQuark
kr_task_error_quark (void)
{
  static gsize quark;

  g_dbus_error_register_error_domain ("kr-task-error-quark", &quark, entries, G_N_ELEMENTS (entries));
  return (GQuark) quark;
}

G_DEFINE_ENUM_TYPE (KrTaskError, kr_task_error,
                    G_DEFINE_ENUM_VALUE (KR_TASK_ERROR_QUEUE_FULL, "queue-full"),
                    G_DEFINE_ENUM_VALUE (KR_TASK_ERROR_CONFLICT, "conflict"),
                    G_DEFINE_ENUM_VALUE (KR_TASK_ERROR_NOT_CANCELLABLE, "not-cancellable"),
                    G_DEFINE_ENUM_VALUE (KR_TASK_ERROR_DEFERRED, "deferred"),
                    G_DEFINE_ENUM_VALUE (KR_TASK_ERROR_ALREADY_CANCELLED, "already-cancelled"),
                    G_DEFINE_ENUM_VALUE (KR_TASK_ERROR_ALREADY_FINISHED, "already-finished"),
                    G_DEFINE_ENUM_VALUE (KR_TASK_ERROR_ALREADY_STARTED, "already-started"),
                    G_DEFINE_ENUM_VALUE (KR_TASK_ERROR_NOT_FINISHED, "not-finished"),
                    G_DEFINE_ENUM_VALUE (KR_TASK_ERROR_NOT_AUTHORIZED, "not-authorized"),
                    G_DEFINE_ENUM_VALUE (KR_TASK_ERROR_NOT_FOUND, "not-found"),
                    G_DEFINE_ENUM_VALUE (KR_TASK_ERROR_HAS_CHILDREN, "has-children"),
                    G_DEFINE_ENUM_VALUE (KR_TASK_ERROR_DETACHED, "detached"),
                    G_DEFINE_ENUM_VALUE (KR_TASK_ERROR_SHUTTING_DOWN, "shutting-down"),
                    G_DEFINE_ENUM_VALUE (KR_TASK_ERROR_INVALID, "invalid"))
