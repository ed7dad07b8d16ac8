/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* KrHubCounters: what a hub counts while it works. */
#include "config.h"

#include "kr-hub-counters-private.h"

/* What ASP.NET Core advises for things that last long. */
static const gdouble duration_bounds[KR_HUB_N_DURATIONS - 1] = {
  0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60, 120, 300,
};

const gdouble *
kr_hub_counters_get_duration_bounds (void)
{
  return duration_bounds;
}

const char *
kr_hub_connection_status_get_name (KrHubConnectionStatus self)
{
  static const char *const names[KR_HUB_N_STATUSES] = { "normal_closure", "timeout", "app_shutdown" };

  return names[self];
}

static void
transport_counters_free (gpointer data)
{
  KrHubTransportCounters *self = data;

  g_free (self->name);
  g_free (self);
}

void
kr_hub_counters_clear (KrHubCounters *self)
{
  g_clear_pointer (&self->transports, g_ptr_array_unref);
}

KrHubTransportCounters *
kr_hub_counters_get_transport (KrHubCounters *self, const char *name)
{
  KrHubTransportCounters *made;

  if (self->transports == NULL)
    self->transports = g_ptr_array_new_with_free_func (transport_counters_free);
  /* There are three of them. */
  for (guint i = 0; i < self->transports->len; i++)
    {
      KrHubTransportCounters *known = self->transports->pdata[i];

      if (g_str_equal (known->name, name))
        return known;
    }
  made = g_new0 (KrHubTransportCounters, 1);
  made->name = g_strdup (name);
  g_ptr_array_add (self->transports, made);
  return made;
}

static KrHubConnectionStatus
get_status (KrHubCloseReason reason)
{
  switch (reason)
    {
    case KR_HUB_CLOSE_REASON_SHUTDOWN:
      return KR_HUB_STATUS_APP_SHUTDOWN;
    case KR_HUB_CLOSE_REASON_TIMEOUT:
    case KR_HUB_CLOSE_REASON_HANDSHAKE_TIMEOUT:
    case KR_HUB_CLOSE_REASON_SEND_TIMEOUT:
    case KR_HUB_CLOSE_REASON_RECONNECT_TIMEOUT:
    case KR_HUB_CLOSE_REASON_OUTBOX_FULL:
      return KR_HUB_STATUS_TIMEOUT;
    case KR_HUB_CLOSE_REASON_NONE:
    case KR_HUB_CLOSE_REASON_PEER:
    case KR_HUB_CLOSE_REASON_LOST:
    case KR_HUB_CLOSE_REASON_HANDSHAKE:
    case KR_HUB_CLOSE_REASON_PROTOCOL:
    case KR_HUB_CLOSE_REASON_TOO_LARGE:
    case KR_HUB_CLOSE_REASON_REFUSED:
    case KR_HUB_CLOSE_REASON_ABORTED:
    case KR_HUB_CLOSE_REASON_EXPIRED:
    default:
      return KR_HUB_STATUS_NORMAL_CLOSURE;
    }
}

void
kr_hub_transport_counters_closed (KrHubTransportCounters *self, KrHubCloseReason reason, gint64 duration)
{
  KrHubConnectionStatus status = get_status (reason);
  gdouble seconds = (gdouble) duration / G_USEC_PER_SEC;
  guint bucket = 0;

  while (bucket < G_N_ELEMENTS (duration_bounds) && seconds > duration_bounds[bucket])
    bucket++;
  self->n_active--;
  self->n_closed[reason]++;
  self->durations[status][bucket]++;
  self->total_duration[status] += seconds;
}
