/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* KrHubWaitingCalls: calls that were made while a client has no connection, until it has one again. */
#include "config.h"

#include "kr-hub-waiting-calls-private.h"

void
kr_hub_waiting_call_free (KrHubWaitingCall *call)
{
  g_object_unref (call->task);
  g_free (call->target);
  g_clear_pointer (&call->arguments, g_variant_unref);
  g_clear_pointer (&call->result_type, g_variant_type_free);
  g_free (call);
}

static void
update_timer (KrHubWaitingCalls *self)
{
  gint64 first = G_MAXINT64;

  for (GList *link = self->calls.head; link != NULL; link = link->next)
    first = MIN (first, ((KrHubWaitingCall *) link->data)->deadline);
  if (first == G_MAXINT64)
    kr_hub_clock_disarm (self->clock, &self->timer);
  else
    kr_hub_clock_arm (self->clock, &self->timer, first);
}

static void
timer_fired (KrHubTimer *timer, gint64 now)
{
  KrHubWaitingCalls *self = timer->data;
  GList *next;

  for (GList *link = self->calls.head; link != NULL; link = next)
    {
      KrHubWaitingCall *call = link->data;

      next = link->next;
      if (call->deadline > now)
        continue;
      g_queue_delete_link (&self->calls, link);
      g_task_return_new_error (call->task, G_IO_ERROR, G_IO_ERROR_TIMED_OUT, "The client was not connected in time");
      kr_hub_waiting_call_free (call);
    }
  update_timer (self);
}

void
kr_hub_waiting_calls_init (KrHubWaitingCalls *self, KrHubClock *clock)
{
  self->clock = clock;
  g_queue_init (&self->calls);
  self->timer.fire = timer_fired;
  self->timer.data = self;
}

void
kr_hub_waiting_calls_add (KrHubWaitingCalls *self,
                          GTask *task,
                          const char *target,
                          GVariant *arguments,
                          const GVariantType *result_type,
                          gint64 timeout)
{
  KrHubWaitingCall *call = g_new0 (KrHubWaitingCall, 1);

  call->task = g_object_ref (task);
  call->target = g_strdup (target);
  call->arguments = arguments != NULL ? g_variant_ref (arguments) : NULL;
  call->result_type = result_type != NULL ? g_variant_type_copy (result_type) : NULL;
  call->deadline = timeout > 0 ? kr_hub_clock_get_time (self->clock) + timeout : G_MAXINT64;
  g_queue_push_tail (&self->calls, call);
  update_timer (self);
}

KrHubWaitingCall *
kr_hub_waiting_calls_take (KrHubWaitingCalls *self)
{
  KrHubWaitingCall *call = g_queue_pop_head (&self->calls);

  if (g_queue_is_empty (&self->calls))
    kr_hub_clock_disarm (self->clock, &self->timer);
  return call;
}

void
kr_hub_waiting_calls_fail_all (KrHubWaitingCalls *self, const char *message)
{
  /* A caller may call again at once: only those that wait now. */
  for (guint n = self->calls.length; n > 0; n--)
    {
      g_autoptr (KrHubWaitingCall) call = kr_hub_waiting_calls_take (self);

      g_task_return_new_error (call->task, G_IO_ERROR, G_IO_ERROR_NOT_CONNECTED, "%s", message);
    }
}
