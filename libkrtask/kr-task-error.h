/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* The error domain of libkrtask. */
#pragma once

#if !defined (KR_TASK_INSIDE) && !defined (KR_TASK_COMPILATION)
#error "Only <krtask.h> can be included directly."
#endif

#include <glib-object.h>

#include "kr-task-visibility.h"

G_BEGIN_DECLS

#define KR_TASK_ERROR (kr_task_error_quark ())

/**
 * KrTaskError:
 * @KR_TASK_ERROR_FAILED: a placeholder
 *
 * Since: 0.1
 */
typedef enum
{
  KR_TASK_ERROR_FAILED,
} KrTaskError;

KR_TASK_AVAILABLE_IN_ALL
GQuark kr_task_error_quark (void);

G_END_DECLS
