/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* KrHubInvocation: one call that was given to a handler. */
#include "config.h"

#include "kr-hub-invocation-private.h"

#include "kr-hub-connection-private.h"

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
