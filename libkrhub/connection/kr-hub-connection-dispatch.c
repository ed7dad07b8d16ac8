/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* KrHubConnection: messages from the peer, its calls above all. */
#include "config.h"

#include "kr-hub-connection-private.h"

#include "kr-hub-invocation-private.h"
#include "kr-hub-stream-private.h"

static void
send_completion_error (KrHubConnection *self, const KrHubSlice *id, const char *text)
{
  const KrHubMessage message = {
    .type = KR_HUB_MESSAGE_COMPLETION,
    .invocation_id = *id,
    .error = { text, strlen (text) },
  };

  if (id->data != NULL)
    kr_hub_connection_send_message (self, &message, NULL);
}

/* ASP.NET Core names a method as declared, and a detail only where the settings or its kind allow it (signalr.md 7.4). */
static void
refuse_call (KrHubConnection *self, const KrHubSlice *id, const char *name, const char *detail, gboolean always)
{
  gboolean detailed = always || self->session.settings->detailed_errors;
  g_autofree char *text = NULL;

  if (self->session.role == KR_HUB_ROLE_CLIENT)
    text = g_strdup ("Client failed to parse argument(s).");
  else
    text = g_strdup_printf ("Failed to invoke '%s' due to an error on the server.%s%s", name, detailed ? " " : "",
                            detailed ? detail : "");
  send_completion_error (self, id, text);
}

static void
tell_unknown (KrHubConnection *self, const KrHubMessage *message)
{
  if (self->owner != NULL && self->funcs->unknown_method != NULL)
    self->funcs->unknown_method (self, &message->target, self->owner);
}

static void
refuse_unknown (KrHubConnection *self, const KrHubMessage *message)
{
  g_autofree char *name = g_strndup (message->target.data, message->target.len);

  self->session.settings->counters.unknown.n[KR_HUB_OUTCOME_REFUSED]++;
  tell_unknown (self, message);
  if (self->session.role == KR_HUB_ROLE_CLIENT)
    send_completion_error (self, &message->invocation_id, "Client didn't provide a result.");
  else
    refuse_call (self, &message->invocation_id, name, "HubException: Method does not exist.", TRUE);
}

static void
add_running (KrHubConnection *self, KrHubInvocation *invocation)
{
  if (invocation->streaming)
    {
      kr_hub_stream_table_add_answer (kr_hub_stream_table_get (self), invocation);
      return;
    }
  if (self->running == NULL)
    self->running = g_hash_table_new_full (NULL, NULL, (GDestroyNotify) kr_hub_invocation_release, NULL);
  g_hash_table_add (self->running, kr_hub_invocation_hold (invocation));
}

/* Streams and calls with uploads need none (signalr.md 7.2); but what no method answers has no limit of its own. */
static gboolean
takes_slot (KrHubInvocation *invocation)
{
  return !invocation->slotless &&
         (invocation->unknown != NULL || (!invocation->streaming && invocation->method->n_uploads == 0));
}

/* Runs the handler of a bound call. The caller holds a reference. */
static void
run_handler (KrHubConnection *self, KrHubInvocation *invocation)
{
  if (G_UNLIKELY (self->session.settings->filtered) && self->owner != NULL)
    self->funcs->filter (self, invocation, self->owner);
  else
    invocation->method->func (invocation, invocation->method->data);
  /* Answered; or never will be, and giving up the last reference says so to the caller. */
  if (G_LIKELY (!kr_hub_invocation_is_kept (invocation)))
    return;
  kr_hub_invocation_detach (invocation);
  if (invocation->completed)
    return;
  add_running (self, invocation);
  invocation->listed = TRUE;
  invocation->counted = takes_slot (invocation);
  self->n_running += invocation->counted;
}

static char *
check_id (KrHubConnection *self, KrHubInvocation *invocation)
{
  if (!invocation->streaming || kr_hub_stream_table_find_answer (self->streams, &invocation->id) == NULL)
    return NULL;
  return g_strdup_printf ("Invocation ID '%.*s' is already in use.", (int) invocation->id.len, invocation->id.data);
}

/* What is wrong with a call that is not plain, in ASP.NET Core's order (signalr.md 7.2); NULL: nothing. */
static char *
check_call (KrHubConnection *self, KrHubInvocation *invocation)
{
  const KrHubMethod *method = invocation->method;
  char *text;

  if (method->authorize != NULL && !method->authorize (invocation, method->authorize_data))
    return g_strdup_printf ("Failed to invoke '%s' because user is unauthorized", method->name);
  if (invocation->streaming != method->streaming)
    return g_strdup_printf ("The client attempted to invoke the %sstreaming '%s' method with a %sstreaming invocation.",
                            method->streaming ? "" : "non-",
                            method->name,
                            invocation->streaming ? "" : "non-");
  if (invocation->n_stream_ids != method->n_uploads)
    return g_strdup_printf ("An unexpected error occurred invoking '%s' on the server. HubException: Client sent %u "
                            "stream(s), Hub method expects %u.",
                            method->name,
                            invocation->n_stream_ids,
                            method->n_uploads);
  text = check_id (self, invocation);
  if (text != NULL)
    return text;
  if (self->session.settings->max_streams > 0 &&
      kr_hub_stream_table_get_n (self->streams) + invocation->streaming + method->n_uploads >
        self->session.settings->max_streams)
    return g_strdup_printf ("An unexpected error occurred invoking '%s' on the server. HubException: Too many streams.",
                            method->name);
  return NULL;
}

static void
refuse_bound (KrHubConnection *self, KrHubInvocation *invocation, const char *text)
{
  kr_hub_invocation_claim (invocation);
  kr_hub_invocation_tally (invocation, KR_HUB_OUTCOME_REFUSED);
  send_completion_error (self, &invocation->id, text);
}

/* A call that is not plain, or of a method that is not: @stream_ids lie in the message, if there are any. */
static void
run_special (KrHubConnection *self, KrHubInvocation *invocation, const KrHubSlice *stream_ids)
{
  g_autofree char *text = check_call (self, invocation);

  if (text == NULL && invocation->n_stream_ids > 0 && !kr_hub_invocation_open_uploads (invocation, stream_ids))
    text = g_strdup_printf ("Failed to invoke '%s' due to an error on the server.", invocation->method->name);
  if (text == NULL)
    run_handler (self, invocation);
  else
    refuse_bound (self, invocation, text);
}

static inline void
run_call (KrHubConnection *self, KrHubInvocation *invocation, const KrHubSlice *stream_ids)
{
  if (G_UNLIKELY (invocation->method->special || invocation->streaming || invocation->n_stream_ids > 0))
    run_special (self, invocation, stream_ids);
  else
    run_handler (self, invocation);
}

static gboolean
has_slot (KrHubConnection *self)
{
  guint limit = self->session.settings->max_parallel_invocations;

  return limit == 0 || self->n_running < limit;
}

static const KrHubMethod *
find_method (KrHubConnection *self, const KrHubSlice *name)
{
  const KrHubMethod *last = self->last_method;

  if (last != NULL && last->name_length == name->len && memcmp (last->name, name->data, name->len) == 0)
    return last;
  return self->last_method = kr_hub_dispatcher_find (self->dispatcher, name);
}

/* One call is due each interval; who comes earlier than the burst allows has no token left. */
static gboolean
take_token (KrHubConnection *self)
{
  const KrHubSettings *settings = self->session.settings;
  gint64 now = kr_hub_clock_get_time (self->clock);

  self->next_call = MAX (self->next_call, now);
  if (self->next_call - now > settings->call_interval * (settings->call_burst - 1))
    return FALSE;
  self->next_call += settings->call_interval;
  return TRUE;
}

static void
refuse_excess (KrHubConnection *self, const KrHubMessage *message, const KrHubMethod *method)
{
  KrHubCounters *counters = &self->session.settings->counters;
  g_autofree char *sent = g_strndup (message->target.data, message->target.len);

  counters->n_rate_limited++;
  (method != NULL ? method->counters : &counters->unknown)->n[KR_HUB_OUTCOME_REFUSED]++;
  refuse_call (self,
               &message->invocation_id,
               method != NULL ? method->name : sent,
               "HubException: Too many calls.",
               TRUE);
}

static void
wait_for_slot (KrHubConnection *self, KrHubInvocation *invocation)
{
  kr_hub_invocation_detach (invocation);
  self->waiting = invocation;
}

static void
receive_unknown (KrHubConnection *self, const KrHubMessage *message)
{
  KrHubInvocation *invocation;
  g_autofree char *text = NULL;

  if (!self->session.settings->filtered && self->dispatcher->fallback == NULL)
    {
      refuse_unknown (self, message);
      return;
    }
  invocation = kr_hub_invocation_new_unknown (self, message);
  if (self->dispatcher->fallback == NULL)
    tell_unknown (self, message);
  text = check_id (self, invocation);
  if (text != NULL)
    refuse_bound (self, invocation, text);
  else if (!has_slot (self))
    {
      wait_for_slot (self, invocation);
      return;
    }
  else
    run_handler (self, invocation);
  kr_hub_invocation_unref (invocation);
}

static void
receive_call (KrHubConnection *self, const KrHubMessage *message)
{
  const KrHubMethod *method = find_method (self, &message->target);
  KrHubInvocation *invocation;
  g_autoptr (GError) error = NULL;

  if (G_UNLIKELY (self->session.settings->call_interval > 0) && !take_token (self))
    {
      refuse_excess (self, message, method);
      return;
    }
  if (G_UNLIKELY (method == NULL))
    {
      receive_unknown (self, message);
      return;
    }
  invocation = kr_hub_invocation_new (self, method, message);
  if (G_UNLIKELY (!kr_hub_invocation_bind (invocation, message, &error)))
    {
      refuse_call (self, &message->invocation_id, method->name, error->message, FALSE);
      kr_hub_invocation_claim (invocation);
      kr_hub_invocation_tally (invocation, KR_HUB_OUTCOME_REFUSED);
    }
  else if (G_UNLIKELY (!has_slot (self)) && takes_slot (invocation))
    {
      wait_for_slot (self, invocation);
      return;
    }
  else
    run_call (self, invocation, &message->stream_ids);
  kr_hub_invocation_unref (invocation);
}

gboolean
kr_hub_connection_can_run_waiting (KrHubConnection *self)
{
  return self->waiting != NULL && has_slot (self) && self->session.state == KR_HUB_SESSION_OPEN;
}

void
kr_hub_connection_run_waiting (KrHubConnection *self)
{
  KrHubInvocation *invocation = g_steal_pointer (&self->waiting);
  const KrHubSlice no_stream_ids = { NULL, 0 };

  if (invocation->unknown != NULL)
    run_handler (self, invocation);
  else
    run_call (self, invocation, &no_stream_ids);
  kr_hub_invocation_unref (invocation);
}

static inline void
run_next (KrHubConnection *self)
{
  if (kr_hub_connection_can_run_waiting (self))
    kr_hub_connection_process_events (self);
}

/* After the answer both ends drop the rest of what was sent along (signalr.md 6.6). Who waited for it hears of that now, and
 * may let go of the call or turn the main loop. */
static void
drop_uploads (KrHubConnection *self, KrHubInvocation *invocation)
{
  g_autoptr (KrHubConnection) connection = g_object_ref (self);
  g_autoptr (GPtrArray) uploads = g_ptr_array_ref (invocation->uploads);

  for (guint i = 0; i < uploads->len; i++)
    kr_hub_stream_drop (uploads->pdata[i]);
  run_next (connection);
}

void
kr_hub_connection_invocation_answered (KrHubConnection *self, KrHubInvocation *invocation)
{
  self->n_running -= invocation->counted;
  invocation->counted = FALSE;
  if (invocation->listed)
    {
      invocation->listed = FALSE;
      if (invocation->streaming)
        kr_hub_stream_table_remove_answer (self->streams, invocation);
      else
        g_hash_table_remove (self->running, invocation);
    }
  if (G_UNLIKELY (invocation->uploads != NULL))
    drop_uploads (self, invocation);
  else
    run_next (self);
}

/* Calls without a slot are limited as streams are, which take none either: a client that never answers what its calls ask it
 * could make them without end. */
gboolean
kr_hub_connection_may_give_up_slot (KrHubConnection *self)
{
  const KrHubSettings *settings = self->session.settings;

  return settings->max_streams == 0 || settings->max_parallel_invocations == 0 || self->running == NULL ||
         g_hash_table_size (self->running) < settings->max_streams + settings->max_parallel_invocations;
}

void
kr_hub_connection_give_up_slot (KrHubConnection *self, KrHubInvocation *invocation)
{
  invocation->slotless = TRUE;
  self->n_running -= invocation->counted;
  invocation->counted = FALSE;
  run_next (self);
}

/* A cancelled stream is complete, whatever its method still does. */
static void
cancel_stream (KrHubInvocation *invocation)
{
  kr_hub_invocation_hold (invocation);
  kr_hub_invocation_cancel (invocation);
  kr_hub_invocation_finish_stream (invocation);
  kr_hub_invocation_release (invocation);
}

static void
receive_cancel (KrHubConnection *self, const KrHubSlice *id)
{
  GHashTableIter iter;
  KrHubInvocation *invocation = kr_hub_stream_table_find_answer (self->streams, id);

  if (invocation != NULL)
    {
      cancel_stream (invocation);
      return;
    }
  if (self->running == NULL)
    return;
  /* Few calls run at a time on one connection. A handler of the cancellable may answer, which changes the table. */
  g_hash_table_iter_init (&iter, self->running);
  while (g_hash_table_iter_next (&iter, (gpointer *) &invocation, NULL))
    if (invocation->id.data != NULL && invocation->id.len == id->len &&
        memcmp (invocation->id.data, id->data, id->len) == 0)
      {
        kr_hub_invocation_hold (invocation);
        kr_hub_invocation_cancel (invocation);
        kr_hub_invocation_release (invocation);
        return;
      }
}

/* The end of a stream, or the answer to a call; one to a call of somebody else is an attack or a mistake (signalr-observed.md
 * 7). */
static void
receive_completion (KrHubConnection *self, const KrHubMessage *message)
{
  g_autofree char *detail = NULL;

  if (kr_hub_stream_table_receive_end (self->streams, message) ||
      (self->calls != NULL && kr_hub_pending_calls_complete (self->calls, self->session.protocol, message)) ||
      !kr_hub_pending_calls_is_foreign (self->session.settings, &message->invocation_id))
    return;
  detail = g_strdup_printf ("InvalidOperationException: Connection ID '%s' is not valid for invocation ID '%.*s'.",
                            self->id,
                            (int) message->invocation_id.len,
                            message->invocation_id.data);
  kr_hub_session_because (&self->session, KR_HUB_CLOSE_REASON_PROTOCOL);
  kr_hub_session_close (&self->session, TRUE, detail, TRUE);
}

void
kr_hub_connection_receive_message (KrHubConnection *self, const KrHubMessage *message)
{
  switch (message->type)
    {
    case KR_HUB_MESSAGE_INVOCATION:
    case KR_HUB_MESSAGE_STREAM_INVOCATION:
      receive_call (self, message);
      break;
    case KR_HUB_MESSAGE_COMPLETION:
      receive_completion (self, message);
      break;
    case KR_HUB_MESSAGE_CANCEL_INVOCATION:
      receive_cancel (self, &message->invocation_id);
      break;
    case KR_HUB_MESSAGE_STREAM_ITEM:
      kr_hub_stream_table_receive_item (self->streams, message);
      break;
    case KR_HUB_MESSAGE_PING:
    case KR_HUB_MESSAGE_CLOSE:
    case KR_HUB_MESSAGE_ACK:
    case KR_HUB_MESSAGE_SEQUENCE:
    default:
      break;
    }
}

/* Nobody is there to hear an answer. */
void
kr_hub_connection_drop_running (KrHubConnection *self)
{
  g_autoptr (GHashTable) running = g_steal_pointer (&self->running);
  GHashTableIter iter;
  KrHubInvocation *invocation;

  self->n_running = 0;
  if (self->waiting != NULL)
    {
      kr_hub_invocation_claim (self->waiting);
      kr_hub_invocation_tally (self->waiting, KR_HUB_OUTCOME_CANCELLED);
      g_clear_pointer (&self->waiting, kr_hub_invocation_unref);
    }
  if (running == NULL)
    return;
  /* All of them first: who hears of one may answer another. */
  g_hash_table_iter_init (&iter, running);
  while (g_hash_table_iter_next (&iter, (gpointer *) &invocation, NULL))
    invocation->counted = invocation->listed = FALSE;
  g_hash_table_iter_init (&iter, running);
  while (g_hash_table_iter_next (&iter, (gpointer *) &invocation, NULL))
    kr_hub_invocation_abandon (invocation);
}
