/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* KrHubConnection: its end when the peer's credentials expire. */
#include "config.h"

#include "kr-hub-connection-private.h"

/* The time of the day may be set, and the clock of the timers stands still while the machine sleeps: so it is looked at
 * again at least so often. */
#define LOOK_AGAIN (30 * G_USEC_PER_SEC)

/* Who comes with credentials that have just expired, but were good enough to be let in, is told so as a connection, not as
 * one that was not wanted: ASP.NET Core looks once per second. */
#define GRACE G_USEC_PER_SEC

struct _KrHubExpiry
{
  KrHubTimer timer;
  gint64 time;        /* of the day, µs since 1970 */
};

static void
arm (KrHubConnection *self)
{
  gint64 now = kr_hub_clock_get_time (self->clock);
  gint64 left = self->expiry->time - kr_hub_clock_get_real_time (self->clock);

  kr_hub_clock_arm (self->clock, &self->expiry->timer, MAX (now + CLAMP (left, 0, LOOK_AGAIN), self->since + GRACE));
}

static void
fire (KrHubTimer *timer, gint64 now)
{
  KrHubConnection *self = timer->data;

  if (kr_hub_clock_get_real_time (self->clock) < self->expiry->time)
    {
      arm (self);
      return;
    }
  kr_hub_session_expire (&self->session);
  kr_hub_connection_process_events (self);
}

void
kr_hub_connection_clear_expiry (KrHubConnection *self)
{
  if (self->expiry == NULL)
    return;
  kr_hub_clock_disarm (self->clock, &self->expiry->timer);
  g_clear_pointer (&self->expiry, g_free);
}

/**
 * kr_hub_connection_set_expiry:
 * @self: a connection of a hub
 * @expiry: until when, µs since 1970 as g_get_real_time() counts them; %G_MAXINT64 for ever
 *
 * Says until when the peer may stay, such as the expiry of its access token; for ever unless said otherwise, and the last
 * word counts. In the thread of the hub.
 *
 * Then the connection ends in good order and the peer may reconnect, with another token: as ASP.NET Core with
 * `CloseOnAuthenticationExpiration`, but at once, not within a second. If the time of the day is set, or the machine has slept,
 * it is noticed within half a minute. A connection that was just accepted lives for a second in any case.
 *
 * Since: 0.1
 */
void
kr_hub_connection_set_expiry (KrHubConnection *self, gint64 expiry)
{
  g_return_if_fail (KR_HUB_IS_CONNECTION (self));

  if (expiry == G_MAXINT64 || self->session.state > KR_HUB_SESSION_OPEN)
    {
      kr_hub_connection_clear_expiry (self);
      return;
    }
  if (self->expiry == NULL)
    {
      self->expiry = g_new0 (KrHubExpiry, 1);
      self->expiry->timer.fire = fire;
      self->expiry->timer.data = self;
    }
  self->expiry->time = expiry;
  arm (self);
}
