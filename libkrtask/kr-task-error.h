/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* The error domain of libkrtask. */
#pragma once

#if !defined (KR_TASK_INSIDE) && !defined (KR_TASK_COMPILATION)
#error "Only <krtask.h> can be included directly."
#endif

#include <gio/gio.h>

#include "kr-task-visibility.h"

G_BEGIN_DECLS

#define KR_TASK_ERROR (kr_task_error_quark ())
#define KR_TASK_TYPE_ERROR (kr_task_error_get_type ())

/**
 * KrTaskError:
 * @KR_TASK_ERROR_QUEUE_FULL: the queue, or the owner's share of it, is full
 * @KR_TASK_ERROR_CONFLICT: an unfinished job has the same id or key, or the job is another manager's or parent's
 * @KR_TASK_ERROR_NOT_CANCELLABLE: the body is in a section that it does not leave half done
 * @KR_TASK_ERROR_DEFERRED: the request is remembered until the body leaves that section; the outcome is still open
 * @KR_TASK_ERROR_ALREADY_CANCELLED: an earlier request was accepted
 * @KR_TASK_ERROR_ALREADY_FINISHED: the job has finished
 * @KR_TASK_ERROR_ALREADY_STARTED: the job was started before
 * @KR_TASK_ERROR_NOT_FINISHED: the job has not finished yet
 * @KR_TASK_ERROR_NOT_AUTHORIZED: the caller may not do that
 * @KR_TASK_ERROR_NOT_FOUND: no job has this id, or no program registered this kind
 * @KR_TASK_ERROR_HAS_CHILDREN: the job has children that have not finished
 * @KR_TASK_ERROR_DETACHED: the body ignored its cancellation and is no longer waited for
 * @KR_TASK_ERROR_SHUTTING_DOWN: the manager accepts no more jobs
 * @KR_TASK_ERROR_INVALID: an argument is out of its range
 *
 * Why something about a task was refused. On D-Bus they are `org.kestrun.Task.Error.QueueFull` and so on.
 *
 * What a job itself ends with is the error of its body, or %G_IO_ERROR_CANCELLED, or %G_IO_ERROR_TIMED_OUT.
 *
 * Since: 0.1
 */
typedef enum
{
  KR_TASK_ERROR_QUEUE_FULL,
  KR_TASK_ERROR_CONFLICT,
  KR_TASK_ERROR_NOT_CANCELLABLE,
  KR_TASK_ERROR_DEFERRED,
  KR_TASK_ERROR_ALREADY_CANCELLED,
  KR_TASK_ERROR_ALREADY_FINISHED,
  KR_TASK_ERROR_ALREADY_STARTED,
  KR_TASK_ERROR_NOT_FINISHED,
  KR_TASK_ERROR_NOT_AUTHORIZED,
  KR_TASK_ERROR_NOT_FOUND,
  KR_TASK_ERROR_HAS_CHILDREN,
  KR_TASK_ERROR_DETACHED,
  KR_TASK_ERROR_SHUTTING_DOWN,
  KR_TASK_ERROR_INVALID,
} KrTaskError;

KR_TASK_AVAILABLE_IN_ALL
GQuark kr_task_error_quark (void);
KR_TASK_AVAILABLE_IN_ALL
GType kr_task_error_get_type (void);

G_END_DECLS
