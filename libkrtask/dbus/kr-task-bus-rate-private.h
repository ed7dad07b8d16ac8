/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* KrTaskBusRate: when something may be told of an object, so that it is told of ten times in a second at most. */
#pragma once

#include <glib.h>

#define KR_TASK_BUS_MAX_PER_SECOND 10

/* Zero-initialised: nothing was told. */
typedef struct
{
  gint64 times[KR_TASK_BUS_MAX_PER_SECOND]; /* of the last ones, a ring */
  guint next;                               /* where the next one goes */
} KrTaskBusRate;

gint64 kr_task_bus_rate_due (const KrTaskBusRate *self, guint reserved);
gint64 kr_task_bus_rate_due_urgent (const KrTaskBusRate *self, guint reserved);
void kr_task_bus_rate_note (KrTaskBusRate *self, gint64 now);
