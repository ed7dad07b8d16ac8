/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* KrTaskBusRate: when something may be told of an object, so that it is told of ten times in a second at most. */
#include "config.h"

#include "kr-task-bus-rate-private.h"

/* Of two announcements of progress: a bar moves evenly, and what must be told at once finds room. */
#define INTERVAL (125 * G_TIME_SPAN_MILLISECOND)
/* What cannot wait for the interval may go at once only while this much is left of the second. */
#define URGENT_RESERVE 3

/* The time of the one that is @n back, 1 for the last one; 0: there were not that many. */
static gint64
time_of (const KrTaskBusRate *self, guint n)
{
  return self->times[(self->next + KR_TASK_BUS_MAX_PER_SECOND - n) % KR_TASK_BUS_MAX_PER_SECOND];
}

/* When the second has room for one more, and for @reserved others after it. */
static gint64
room (const KrTaskBusRate *self, guint reserved)
{
  gint64 first = time_of (self, KR_TASK_BUS_MAX_PER_SECOND - MIN (reserved, KR_TASK_BUS_MAX_PER_SECOND - 1));

  return first != 0 ? first + G_TIME_SPAN_SECOND : 0;
}

/**
 * kr_task_bus_rate_due:
 * @self: a rate
 * @reserved: how many may yet follow that cannot wait
 *
 * Finds the moment for what can wait a little.
 *
 * Returns: monotonic time, µs; it may be past
 */
gint64
kr_task_bus_rate_due (const KrTaskBusRate *self, guint reserved)
{
  gint64 last = time_of (self, 1);

  return MAX (room (self, reserved), last != 0 ? last + INTERVAL : 0);
}

/**
 * kr_task_bus_rate_due_urgent:
 * @self: a rate
 * @reserved: how many may yet follow that cannot wait
 *
 * Finds the moment for what should not wait, but could happen any number of times.
 *
 * Returns: monotonic time, µs; it may be past
 */
gint64
kr_task_bus_rate_due_urgent (const KrTaskBusRate *self, guint reserved)
{
  return MIN (kr_task_bus_rate_due (self, reserved), room (self, reserved + URGENT_RESERVE));
}

/**
 * kr_task_bus_rate_note:
 * @self: a rate
 * @now: monotonic time, µs, not 0
 *
 * Something is told now.
 */
void
kr_task_bus_rate_note (KrTaskBusRate *self, gint64 now)
{
  self->times[self->next] = now;
  self->next = (self->next + 1) % KR_TASK_BUS_MAX_PER_SECOND;
}
