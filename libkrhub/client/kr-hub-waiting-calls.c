/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* KrHubWaitingCalls: calls that were made while a client has no connection, until it has one again. */
#include "config.h"

#include "kr-hub-waiting-calls-private.h"

#include "kr-hub-cancel-source-private.h"
#include "kr-hub-stream-hold-private.h"

void
kr_hub_waiting_call_free (KrHubWaitingCall *call)
{
  g_clear_pointer (&call->cancel_source, kr_hub_cancel_source_drop);
  g_clear_object (&call->call);
  g_free (call->target);
  g_clear_pointer (&call->arguments, g_variant_unref);
  g_clear_pointer (&call->uploads, g_ptr_array_unref);
  g_weak_ref_clear (&call->stream);
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

/* The caller hears of it, where anybody waits for an answer. */
static void
fail (KrHubWaitingCall *call, GIOErrorEnum code, const char *message)
{
  g_autoptr (KrHubStream) stream = g_weak_ref_get (&call->stream);

  for (guint i = 0; call->uploads != NULL && i < call->uploads->len; i++)
    kr_hub_stream_drop (call->uploads->pdata[i]);
  if (stream != NULL)
    kr_hub_stream_end (stream, g_error_new_literal (G_IO_ERROR, code, message));
  else if (call->call != NULL)
    kr_hub_call_fail (call->call, g_error_new_literal (G_IO_ERROR, code, message));
  else
    g_debug ("client: a call of '%s' is dropped: %s", call->target, message);
  kr_hub_waiting_call_free (call);
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
      fail (call, G_IO_ERROR_TIMED_OUT, "The client was not connected in time");
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

static gboolean
cancelled (GCancellable *cancellable, gpointer data)
{
  KrHubWaitingCall *call = data;

  g_queue_remove (&call->list->calls, call);
  update_timer (call->list);
  fail (call, G_IO_ERROR_CANCELLED, "The call was cancelled");
  return G_SOURCE_REMOVE;
}

static void
watch_cancellable (KrHubWaitingCall *call, GCancellable *cancellable)
{
  call->cancel_source = kr_hub_cancel_source_new (cancellable);
  g_source_set_static_name (call->cancel_source, "KrHubWaitingCalls cancel");
  g_source_set_callback (call->cancel_source, G_SOURCE_FUNC (cancelled), call, NULL);
  g_source_attach (call->cancel_source, call->call->context);
}

static GPtrArray *
hold_uploads (KrHubStream *const *uploads)
{
  GPtrArray *held = g_ptr_array_new_null_terminated (0, g_object_unref, TRUE);

  for (guint i = 0; uploads[i] != NULL; i++)
    g_ptr_array_add (held, g_object_ref (uploads[i]));
  kr_hub_stream_hold_begin (uploads);
  return held;
}

void
kr_hub_waiting_calls_add (KrHubWaitingCalls *self,
                          KrHubCall *call,
                          KrHubStream *stream,
                          const char *target,
                          GVariant *arguments,
                          KrHubStream *const *uploads,
                          gint64 timeout)
{
  KrHubWaitingCall *waiting = g_new0 (KrHubWaitingCall, 1);

  waiting->call = call != NULL ? g_object_ref (call) : NULL;
  waiting->is_stream = stream != NULL;
  g_weak_ref_init (&waiting->stream, stream);
  waiting->target = g_strdup (target);
  waiting->arguments = arguments != NULL ? g_variant_ref (arguments) : NULL;
  waiting->uploads = uploads != NULL ? hold_uploads (uploads) : NULL;
  if (stream != NULL && uploads != NULL)
    stream->uploads = g_ptr_array_ref (waiting->uploads);
  waiting->deadline = timeout > 0 ? kr_hub_clock_get_time (self->clock) + timeout : G_MAXINT64;
  waiting->list = self;
  g_queue_push_tail (&self->calls, waiting);
  update_timer (self);
  if (call != NULL && call->cancellable != NULL)
    watch_cancellable (waiting, call->cancellable);
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
kr_hub_waiting_calls_fail (KrHubWaitingCalls *self, guint n, const char *message)
{
  for (; n > 0 && !g_queue_is_empty (&self->calls); n--)
    fail (kr_hub_waiting_calls_take (self), G_IO_ERROR_NOT_CONNECTED, message);
}
