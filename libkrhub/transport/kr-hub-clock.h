/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* KrHubClock: the time and the timers of one main context, real or virtual. */
#pragma once

#if !defined (KR_HUB_INSIDE) && !defined (KR_HUB_COMPILATION)
#error "Only <krhub.h> can be included directly."
#endif

#include <gio/gio.h>

#include "kr-hub-visibility.h"

G_BEGIN_DECLS

#define KR_HUB_TYPE_CLOCK (kr_hub_clock_get_type ())
KR_HUB_AVAILABLE_IN_ALL
G_DECLARE_FINAL_TYPE (KrHubClock, kr_hub_clock, KR_HUB, CLOCK, GObject)

/**
 * KrHubTimer:
 * @deadline: when it fires, µs; read only
 * @position: place in the queue plus one, 0 while not armed; private
 * @fire: what to call
 * @data: its argument
 *
 * One timer, embedded in its owner, who cancels it before it goes away. All zero (with @fire set) is a valid unarmed one.
 *
 * Since: 0.1
 */
typedef struct _KrHubTimer KrHubTimer;
struct _KrHubTimer
{
  gint64 deadline;
  guint position;
  void (*fire) (KrHubTimer *timer, gint64 now);
  gpointer data;
};

KR_HUB_AVAILABLE_IN_ALL
KrHubClock *kr_hub_clock_new (GMainContext *context);
KR_HUB_AVAILABLE_IN_ALL
KrHubClock *kr_hub_clock_dup_default (void);
KR_HUB_AVAILABLE_IN_ALL
KrHubClock *kr_hub_clock_new_virtual (gint64 start);
KR_HUB_AVAILABLE_IN_ALL
gint64 kr_hub_clock_get_time (KrHubClock *self);
KR_HUB_AVAILABLE_IN_ALL
gint64 kr_hub_clock_get_real_time (KrHubClock *self);
KR_HUB_AVAILABLE_IN_ALL
void kr_hub_clock_advance (KrHubClock *self, gint64 microseconds);
KR_HUB_AVAILABLE_IN_ALL
void kr_hub_clock_watch_jumps (KrHubClock *self);
KR_HUB_AVAILABLE_IN_ALL
void kr_hub_clock_jump (KrHubClock *self, gint64 microseconds);
KR_HUB_AVAILABLE_IN_ALL
void kr_hub_clock_arm (KrHubClock *self, KrHubTimer *timer, gint64 deadline);
KR_HUB_AVAILABLE_IN_ALL
void kr_hub_clock_disarm (KrHubClock *self, KrHubTimer *timer);
KR_HUB_AVAILABLE_IN_ALL
guint kr_hub_clock_get_n_timers (KrHubClock *self);

G_END_DECLS
