/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* KrHubInvocation: its answer, from any thread. */
#include "config.h"

#include "kr-hub-invocation-private.h"

#include "kr-hub-connection-private.h"
#include "kr-hub-failure-private.h"
#include "kr-hub-log-private.h"

gboolean
kr_hub_invocation_claim (KrHubInvocation *self)
{
  /* Only its handler knows of it, as usual: there is no race to win. */
  if (G_LIKELY (!kr_hub_invocation_is_kept (self)))
    {
      gint before = self->state;

      self->state = KR_HUB_INVOCATION_ANSWERED;
      return before == KR_HUB_INVOCATION_PENDING;
    }
  return g_atomic_int_compare_and_exchange (&self->state, KR_HUB_INVOCATION_PENDING, KR_HUB_INVOCATION_ANSWERED);
}

gboolean
kr_hub_invocation_is_kept (KrHubInvocation *self)
{
  /* In this order: a thread that answers takes its hold before it gives up its reference. */
  return g_atomic_int_get (&self->n_holders) > 1 || g_atomic_int_get (&self->ref_count) > 1;
}

void
kr_hub_owned_value_init (KrHubOwnedValue *self, const KrHubValue *value)
{
  *self = (KrHubOwnedValue) { .value = *value };
  if (value->variant != NULL)
    self->variant = g_variant_ref (value->variant);
  if (value->slice.data != NULL)
    self->value.slice.data = self->bytes = g_memdup2 (value->slice.data, value->slice.len);
}

void
kr_hub_owned_value_clear (KrHubOwnedValue *self)
{
  g_clear_pointer (&self->variant, g_variant_unref);
  g_clear_pointer (&self->bytes, g_free);
}

void
kr_hub_invocation_tally (KrHubInvocation *self, KrHubOutcome outcome)
{
  if (self->tallied)
    return;
  self->tallied = TRUE;
  self->method->counters->n[outcome]++;
}

static KrHubOutcome
get_outcome (KrHubInvocation *self, const char *error_text)
{
  if (G_UNLIKELY (self->unknown != NULL))
    return KR_HUB_OUTCOME_REFUSED;
  if (G_UNLIKELY (g_atomic_int_get (&self->cancelled)) && (self->streaming || error_text != NULL))
    return KR_HUB_OUTCOME_CANCELLED;
  return error_text != NULL ? KR_HUB_OUTCOME_ERROR : KR_HUB_OUTCOME_OK;
}

/* Writes the answer; in the connection's thread, by the one who claimed. */
static void
write_answer (KrHubInvocation *self, const KrHubValue *value, const char *error_text)
{
  KrHubConnection *connection = self->connection;
  KrHubMessage message = { .type = KR_HUB_MESSAGE_COMPLETION, .invocation_id = self->id };
  g_autoptr (GError) error = NULL;
  g_autofree char *text = NULL;

  self->completed = TRUE;
  kr_hub_invocation_tally (self, get_outcome (self, error_text));
  if (self->id.data != NULL)
    {
      if (error_text == NULL)
        message.value = *value;
      else
        message.error = (KrHubSlice) { error_text, strlen (error_text) };
      if (!kr_hub_connection_send_message (connection, &message, &error))
        {
          kr_hub_connection_log (connection, G_LOG_LEVEL_WARNING, "cannot be sent the result of method '%s': %s",
                                 self->unknown == NULL ? self->method->name : "?", error->message);
          text = g_strdup_printf ("An unexpected error occurred invoking '%s' on the server.", self->method->name);
          message.value = (KrHubValue) { KR_HUB_VALUE_NONE };
          message.error = (KrHubSlice) { text, strlen (text) };
          kr_hub_connection_send_message (connection, &message, NULL);
        }
    }
  kr_hub_connection_invocation_answered (connection, self);
}

static void
return_set (KrHubReturn *self, const KrHubValue *value, const char *error_text, const char *failure)
{
  KrHubReturn before = *self;
  const KrHubValue none = { KR_HUB_VALUE_NONE };

  kr_hub_owned_value_init (&self->value, value != NULL ? value : &none);
  self->error_text = g_strdup (error_text);
  self->failure = g_strdup (failure);
  kr_hub_owned_value_clear (&before.value);
  g_free (before.error_text);
  g_free (before.failure);
}

static void
return_clear (KrHubReturn *self)
{
  kr_hub_owned_value_clear (&self->value);
  g_free (self->error_text);
  g_free (self->failure);
}

/* Lets the filters that saw the call see, and replace, its answer. */
static void
tell_filters (KrHubInvocation *self, KrHubReturn *answer)
{
  KrHubConnection *connection = self->connection;

  /* The hub is gone, and its filters with it. */
  if (connection->owner == NULL)
    return;
  self->returning = answer;
  connection->funcs->returned (connection, self, connection->owner);
  self->returning = NULL;
}

static void
complete (KrHubInvocation *self, const KrHubValue *value, const char *error_text, const char *failure)
{
  KrHubReturn answer = { { { 0 } } };

  if (G_LIKELY (self->n_filters == 0))
    {
      write_answer (self, value, error_text);
      return;
    }
  /* A filter must not be the last to let go. */
  kr_hub_invocation_hold (self);
  return_set (&answer, value, error_text, failure);
  tell_filters (self, &answer);
  write_answer (self, &answer.value.value, answer.error_text);
  return_clear (&answer);
  kr_hub_invocation_release (self);
}

void
kr_hub_invocation_abandon (KrHubInvocation *self)
{
  KrHubReturn answer = { { { 0 } } };

  /* An answer may be on its way from another thread; it is nobody's then. */
  kr_hub_invocation_claim (self);
  kr_hub_invocation_tally (self, KR_HUB_OUTCOME_CANCELLED);
  if (self->n_filters > 0 && !self->completed)
    {
      return_set (&answer, NULL, NULL, "The underlying connection was closed.");
      tell_filters (self, &answer);
      return_clear (&answer);
      self->n_filters = 0;
    }
  kr_hub_invocation_cancel (self);
}

const char *
kr_hub_invocation_get_failure (KrHubInvocation *self)
{
  return self->returning->failure;
}

/* An answer on its way to the connection's thread; it owns what the value borrows. */
typedef struct
{
  KrHubInvocation *invocation;
  KrHubOwnedValue value;
  char *error_text;
  char *failure;
} Answer;

static gboolean
answer_arrived (gpointer data)
{
  Answer *answer = data;

  complete (answer->invocation, &answer->value.value, answer->error_text, answer->failure);
  return G_SOURCE_REMOVE;
}

static void
answer_free (gpointer data)
{
  Answer *answer = data;

  kr_hub_invocation_release (answer->invocation);
  kr_hub_owned_value_clear (&answer->value);
  g_free (answer->error_text);
  g_free (answer->failure);
  g_free (answer);
}

static void
post_answer (KrHubInvocation *self, const KrHubValue *value, const char *error_text, const char *failure)
{
  Answer *answer = g_new0 (Answer, 1);
  g_autoptr (GSource) source = g_idle_source_new ();

  answer->invocation = kr_hub_invocation_hold (self);
  answer->error_text = g_strdup (error_text);
  answer->failure = g_strdup (failure);
  if (value != NULL)
    kr_hub_owned_value_init (&answer->value, value);
  g_source_set_static_name (source, "KrHubInvocation answer");
  g_source_set_priority (source, G_PRIORITY_DEFAULT);
  g_source_set_callback (source, answer_arrived, answer, answer_free);
  g_source_attach (source, self->connection->context);
}

/* Only the first answer counts: a later one comes too late, as after a disconnect. */
static void
claim_and_answer (KrHubInvocation *self, const KrHubValue *value, const char *error_text, const char *failure)
{
  KrHubConnection *connection = self->connection;

  if (kr_hub_connection_is_own_thread (connection))
    {
      if (kr_hub_invocation_claim (self))
        complete (self, value, error_text, failure);
      else if (self->returning != NULL)
        return_set (self->returning, value, error_text, failure);
    }
  else
    {
      /* The hold comes before the claim: see kr_hub_invocation_is_kept(). */
      kr_hub_invocation_hold (self);
      if (kr_hub_invocation_claim (self))
        post_answer (self, value, error_text, failure);
      kr_hub_invocation_release (self);
    }
}

static void
answer_with_value (KrHubInvocation *self, const KrHubValue *value)
{
  g_autofree char *text = NULL;

  if (G_LIKELY (!self->streaming))
    {
      claim_and_answer (self, value, NULL, NULL);
      return;
    }
  text = g_strdup_printf ("The value returned by the streaming method '%s' is not a ChannelReader<> or "
                          "IAsyncEnumerable<>.",
                          self->method->name);
  claim_and_answer (self, NULL, text, text);
}

void
kr_hub_invocation_finish_stream (KrHubInvocation *self)
{
  const KrHubValue value = { KR_HUB_VALUE_NONE };

  claim_and_answer (self, &value, NULL, NULL);
}

/**
 * kr_hub_invocation_return_void:
 * @self: an invocation
 *
 * Answers that the method is done and has no result. Any thread.
 *
 * Since: 0.1
 */
void
kr_hub_invocation_return_void (KrHubInvocation *self)
{
  const KrHubValue value = { KR_HUB_VALUE_NULL };

  g_return_if_fail (self != NULL);
  answer_with_value (self, &value);
}

/**
 * kr_hub_invocation_return_value:
 * @self: an invocation
 * @value: (nullable): the result, sunk if it is floating; %NULL stands for null
 *
 * Answers with a result. Any thread.
 *
 * Since: 0.1
 */
void
kr_hub_invocation_return_value (KrHubInvocation *self, GVariant *value)
{
  g_autoptr (GVariant) sunk = value != NULL ? g_variant_ref_sink (value) : NULL;
  const KrHubValue answer = { sunk != NULL ? KR_HUB_VALUE_VARIANT : KR_HUB_VALUE_NULL, { NULL, 0 }, sunk };

  g_return_if_fail (self != NULL);
  answer_with_value (self, &answer);
}

/**
 * kr_hub_invocation_return_string:
 * @self: an invocation
 * @text: (nullable): the result, in UTF-8; %NULL stands for null
 *
 * Answers with a string, without making a #GVariant of it. Any thread.
 *
 * Since: 0.1
 */
void
kr_hub_invocation_return_string (KrHubInvocation *self, const char *text)
{
  const KrHubValue value = { text != NULL ? KR_HUB_VALUE_STRING : KR_HUB_VALUE_NULL,
                             { text, text != NULL ? strlen (text) : 0 } };

  g_return_if_fail (self != NULL);
  answer_with_value (self, &value);
}

/**
 * kr_hub_invocation_return_node:
 * @self: an invocation
 * @node: the result
 *
 * Answers with a value of any type. Any thread.
 *
 * Since: 0.1
 */
void
kr_hub_invocation_return_node (KrHubInvocation *self, JsonNode *node)
{
  g_auto (KrHubBuffer) buffer = KR_HUB_BUFFER_INIT;
  g_autoptr (GError) error = NULL;
  KrHubValue value = { KR_HUB_VALUE_RAW };

  g_return_if_fail (self != NULL);
  g_return_if_fail (node != NULL);

  if (kr_hub_protocol_encode_node (self->connection->session.protocol, node, &buffer, &error))
    {
      value.slice = (KrHubSlice) { (const char *) buffer.data, buffer.len };
      answer_with_value (self, &value);
    }
  else
    kr_hub_invocation_return_error (self, error);
}

static void
return_failure (KrHubInvocation *self, const char *exception, const char *message)
{
  g_autofree char *text = kr_hub_failure_to_text (self, exception, message);

  claim_and_answer (self, NULL, text, message);
}

/**
 * kr_hub_invocation_return_error:
 * @self: an invocation
 * @error: what went wrong
 *
 * Answers that the method failed. Any thread.
 *
 * An error of the domain %KR_HUB_ERROR was written for callers: they see its message as that of a HubException of ASP.NET
 * Core, also without detailed errors. Others, of GIO as of the program, may name files, hosts and more that is not for
 * them: they are a detail that callers see only where [property@KrHub.Server:detailed-errors] says so. A client answers
 * its hub with the message of any error.
 *
 * Since: 0.1
 */
void
kr_hub_invocation_return_error (KrHubInvocation *self, const GError *error)
{
  g_return_if_fail (self != NULL);
  g_return_if_fail (error != NULL);

  /* Who stops because the caller wanted it has not failed. */
  if (g_atomic_int_get (&self->opened) && g_atomic_int_get (&self->cancelled) &&
      g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    kr_hub_invocation_finish_stream (self);
  else
    return_failure (self, kr_hub_failure_get_exception (error), error->message);
}

/**
 * kr_hub_invocation_return_error_literal:
 * @self: an invocation
 * @message: what went wrong, for the caller to read
 *
 * Answers that the method failed, with a message that callers always see. Any thread.
 *
 * Since: 0.1
 */
void
kr_hub_invocation_return_error_literal (KrHubInvocation *self, const char *message)
{
  g_return_if_fail (self != NULL);
  g_return_if_fail (message != NULL);

  return_failure (self, KR_HUB_EXCEPTION, message);
}
