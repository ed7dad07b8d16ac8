/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* The error domain of libkrtask. */
#include "config.h"

#include "kr-task-error.h"

G_DEFINE_QUARK (kr-task-error-quark, kr_task_error)
