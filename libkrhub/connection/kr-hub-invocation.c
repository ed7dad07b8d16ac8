/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* KrHubInvocation: one call that was given to a handler, and its answer. */
#include "config.h"

#include "kr-hub-invocation-private.h"

#include "kr-hub-connection-private.h"
#include "kr-hub-error.h"
#include "kr-hub-failure-private.h"
#include "kr-hub-log-private.h"

G_DEFINE_BOXED_TYPE (KrHubInvocation, kr_hub_invocation, kr_hub_invocation_ref, kr_hub_invocation_unref)

KrHubInvocation *
kr_hub_invocation_new (KrHubConnection *connection, const KrHubMethod *method, const KrHubMessage *message)
{
  KrHubInvocation *self = kr_hub_settings_take_spare (connection->session.settings);

  if (self == NULL)
    self = g_new0 (KrHubInvocation, 1);
  self->ref_count = 1;
  self->n_holders = 1;
  self->connection = connection;
  self->method = method;
  self->id = message->invocation_id;
  self->arguments = message->value.slice;
  self->n_arguments = message->n_arguments;
  self->streaming = message->type == KR_HUB_MESSAGE_STREAM_INVOCATION;
  self->n_stream_ids = message->n_stream_ids;
  return self;
}

static void
answer_unknown (KrHubInvocation *self, gpointer data)
{
  kr_hub_invocation_return_error_literal (self, "Method does not exist.");
}

KrHubInvocation *
kr_hub_invocation_new_unknown (KrHubConnection *connection, const KrHubMessage *message)
{
  const KrHubDispatcher *dispatcher = connection->dispatcher;
  KrHubMethod *method = g_new0 (KrHubMethod, 1);
  KrHubInvocation *self;

  method->name = g_strndup (message->target.data, message->target.len);
  method->func = dispatcher->fallback != NULL ? dispatcher->fallback : answer_unknown;
  method->data = dispatcher->fallback_data;
  method->counters = &connection->session.settings->counters.unknown;
  self = kr_hub_invocation_new (connection, method, message);
  self->unknown = method;
  return self;
}

char *
kr_hub_invocation_take_room (KrHubInvocation *self, gsize size)
{
  char *room = self->room + self->room_used;

  if (G_UNLIKELY (size > KR_HUB_INVOCATION_ROOM - self->room_used))
    return g_malloc (size);
  self->room_used += size;
  return room;
}

static void
free_unless_room (KrHubInvocation *self, char *memory)
{
  if (G_UNLIKELY ((guintptr) memory - (guintptr) self->room >= KR_HUB_INVOCATION_ROOM))
    g_free (memory);
}

static void
invocation_free (KrHubInvocation *self)
{
  for (guint i = 0; i < KR_HUB_INLINE_STRINGS; i++)
    if (self->texts[i] != NULL)
      free_unless_room (self, self->texts[i]);
  if (self->variant != NULL)
    g_variant_unref (self->variant);
  if (self->cancellable != NULL)
    g_object_unref (self->cancellable);
  if (G_UNLIKELY (self->uploads != NULL))
    g_ptr_array_unref (self->uploads);
  if (G_UNLIKELY (self->unknown != NULL))
    {
      g_free (self->unknown->name);
      g_free (self->unknown);
    }
  if (!self->detached)
    {
      /* Answered at once, as most calls are: in the hub's thread, and its memory serves the next call. */
      KrHubSettings *settings = self->connection->session.settings;

      memset (self, 0, G_STRUCT_OFFSET (KrHubInvocation, room));
      kr_hub_settings_give_spare (settings, self);
      return;
    }
  free_unless_room (self, self->storage);
  kr_hub_connection_drop (self->connection);
  g_free (self);
}

KrHubInvocation *
kr_hub_invocation_hold (KrHubInvocation *self)
{
  g_atomic_int_inc (&self->ref_count);
  return self;
}

void
kr_hub_invocation_release (KrHubInvocation *self)
{
  /* The last reference needs no locked operation. */
  if (g_atomic_int_get (&self->ref_count) == 1 || g_atomic_int_dec_and_test (&self->ref_count))
    invocation_free (self);
}

/**
 * kr_hub_invocation_ref:
 * @self: an invocation
 *
 * Keeps the invocation, to answer it later. Any thread; the first time within its handler.
 *
 * Returns: (transfer full): @self
 *
 * Since: 0.1
 */
KrHubInvocation *
kr_hub_invocation_ref (KrHubInvocation *self)
{
  g_return_val_if_fail (self != NULL, NULL);
  /* Another thread may look at it as soon as this returns. */
  if (!self->detached)
    kr_hub_invocation_detach (self);
  g_atomic_int_inc (&self->n_holders);
  return self;
}

/**
 * kr_hub_invocation_unref:
 * @self: (transfer full): an invocation
 *
 * Gives up a reference; when nobody is left to answer, the caller gets an error. Any thread.
 *
 * Since: 0.1
 */
void
kr_hub_invocation_unref (KrHubInvocation *self)
{
  g_return_if_fail (self != NULL);
  /* One holder is the last, and is us: nobody else is there to race with, and the counter is not looked at again. */
  if (g_atomic_int_get (&self->n_holders) != 1 && !g_atomic_int_dec_and_test (&self->n_holders))
    return;
  if (g_atomic_int_get (&self->state) == KR_HUB_INVOCATION_PENDING)
    kr_hub_invocation_return_error_literal (self,
                                            self->connection->session.role == KR_HUB_ROLE_SERVER
                                              ? "The method did not answer."
                                              : "Client didn't provide a result.");
  kr_hub_invocation_release (self);
}

void
kr_hub_invocation_detach (KrHubInvocation *self)
{
  char *storage;

  if (self->detached)
    return;
  if (self->method != NULL && self->method->strings_only)
    for (guint i = 0; i < self->n_arguments; i++)
      kr_hub_invocation_get_string (self, i);
  storage = self->storage = kr_hub_invocation_take_room (self, self->id.len + self->arguments.len + 1);
  if (self->id.data != NULL)
    self->id.data = memcpy (storage, self->id.data, self->id.len);
  storage += self->id.len;
  if (self->arguments.data != NULL)
    self->arguments.data = memcpy (storage, self->arguments.data, self->arguments.len);
  g_object_ref (self->connection);
  self->detached = TRUE;
}

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

/* --- answers --- */

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

void
kr_hub_invocation_cancel (KrHubInvocation *self)
{
  GCancellable *cancellable;

  g_atomic_int_set (&self->cancelled, TRUE);
  cancellable = g_atomic_pointer_get (&self->cancellable);
  if (cancellable != NULL)
    g_cancellable_cancel (cancellable);
}

/**
 * kr_hub_invocation_get_connection:
 * @self: an invocation
 *
 * Gets the connection that the call came on. Any thread.
 *
 * Returns: (transfer none): the connection; valid as long as @self
 *
 * Since: 0.1
 */
KrHubConnection *
kr_hub_invocation_get_connection (KrHubInvocation *self)
{
  g_return_val_if_fail (self != NULL, NULL);
  return self->connection;
}

/**
 * kr_hub_invocation_get_method_name:
 * @self: an invocation
 *
 * Gets the method's name as it was declared, whatever case the caller wrote. Any thread.
 *
 * Returns: (transfer none): the name
 *
 * Since: 0.1
 */
const char *
kr_hub_invocation_get_method_name (KrHubInvocation *self)
{
  g_return_val_if_fail (self != NULL, NULL);
  return self->method->name;
}

/**
 * kr_hub_invocation_is_known:
 * @self: an invocation
 *
 * Gets whether there is a method of that name; only filters see others. Any thread.
 *
 * Returns: %FALSE if the method does not exist
 *
 * Since: 0.1
 */
gboolean
kr_hub_invocation_is_known (KrHubInvocation *self)
{
  g_return_val_if_fail (self != NULL, FALSE);
  return self->unknown == NULL;
}

/**
 * kr_hub_invocation_proceed:
 * @self: an invocation that a filter has kept
 *
 * Lets a call go on to the next filter, and at last to its method. Does nothing when it was answered meanwhile, or its
 * caller has gone. In the thread of the hub.
 *
 * Since: 0.1
 */
void
kr_hub_invocation_proceed (KrHubInvocation *self)
{
  KrHubConnection *connection;

  g_return_if_fail (self != NULL);
  connection = self->connection;
  g_return_if_fail (kr_hub_connection_is_own_thread (connection));
  if (connection->owner != NULL && kr_hub_invocation_is_pending (self))
    connection->funcs->filter (connection, self, connection->owner);
}

/**
 * kr_hub_invocation_get_expects_answer:
 * @self: an invocation
 *
 * Gets whether the caller waits for an answer; an answer that nobody waits for is dropped (HubProtocol.md, "Non-Blocking
 * Invocations"). Any thread.
 *
 * Returns: %TRUE if the caller waits
 *
 * Since: 0.1
 */
gboolean
kr_hub_invocation_get_expects_answer (KrHubInvocation *self)
{
  g_return_val_if_fail (self != NULL, FALSE);
  return self->id.data != NULL;
}

/**
 * kr_hub_invocation_get_cancellable:
 * @self: an invocation
 *
 * Gets what fires when the caller cancels or goes away, or the server stops. Any thread.
 *
 * It is made when it is first asked for, and fires in the thread of the hub.
 *
 * Returns: (transfer none): the cancellable of this call alone, valid as long as @self
 *
 * Since: 0.1
 */
GCancellable *
kr_hub_invocation_get_cancellable (KrHubInvocation *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  if (g_atomic_pointer_get (&self->cancellable) == NULL)
    {
      GCancellable *made = g_cancellable_new ();

      if (!g_atomic_pointer_compare_and_exchange (&self->cancellable, NULL, made))
        g_object_unref (made);
    }
  /* The flag is set before the pointer is read there, and read after the pointer is set here: one of the two sees the
   * other. */
  if (g_atomic_int_get (&self->cancelled))
    g_cancellable_cancel (self->cancellable);
  return self->cancellable;
}

/**
 * kr_hub_invocation_open_stream:
 * @self: an invocation of a streaming method ([method@KrHub.Server.add_stream_method]), not answered yet
 *
 * Begins to answer with a stream, once. The answer ends with [method@KrHub.Stream.complete] or
 * [method@KrHub.Stream.fail]; by itself when the caller cancels it; with an error when the stream is given up. Any
 * thread.
 *
 * Returns: (transfer full): the stream, to be written
 *
 * Since: 0.1
 */
KrHubStream *
kr_hub_invocation_open_stream (KrHubInvocation *self)
{
  gboolean first;

  g_return_val_if_fail (self != NULL, NULL);
  g_return_val_if_fail (self->streaming, NULL);
  first = g_atomic_int_compare_and_exchange (&self->opened, FALSE, TRUE);
  g_return_val_if_fail (first, NULL);
  return kr_hub_stream_new_answer (self);
}
