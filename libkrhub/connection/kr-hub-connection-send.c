/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* KrHubConnection: events for the peer, and waiting for it to read them. */
#include "config.h"

#include "kr-hub-connection-private.h"

/**
 * kr_hub_connection_send:
 * @self: a connection
 * @target: the method to call at the peer
 * @arguments: (nullable): a tuple of the arguments, sunk if it is floating; %NULL for none
 * @error: return location for an error
 *
 * Calls a method at the peer and expects no answer; does nothing if the connection is not open.
 *
 * Errors: %KR_HUB_ERROR_BINDING for a value that the encoding cannot express.
 *
 * Returns: %FALSE with @error set if nothing could be sent
 *
 * Since: 0.1
 */
gboolean
kr_hub_connection_send (KrHubConnection *self, const char *target, GVariant *arguments, GError **error)
{
  g_autoptr (GVariant) sunk = arguments != NULL ? g_variant_ref_sink (arguments) : NULL;
  KrHubMessage message = { .type = KR_HUB_MESSAGE_INVOCATION };

  g_return_val_if_fail (KR_HUB_IS_CONNECTION (self), FALSE);
  g_return_val_if_fail (!self->raw, FALSE);
  g_return_val_if_fail (target != NULL && *target != '\0', FALSE);
  g_return_val_if_fail (sunk == NULL || g_variant_is_of_type (sunk, G_VARIANT_TYPE_TUPLE), FALSE);

  message.target = (KrHubSlice) { target, strlen (target) };
  message.value = (KrHubValue) { sunk != NULL ? KR_HUB_VALUE_VARIANT : KR_HUB_VALUE_NONE, { NULL, 0 }, sunk };
  return kr_hub_connection_send_message (self, &message, error);
}

gboolean
kr_hub_connection_wants_wait (KrHubConnection *self)
{
  return self->session.policy == KR_HUB_OUTBOX_WAIT && self->session.state == KR_HUB_SESSION_OPEN &&
         !kr_hub_stream_table_is_writable (self);
}

void
kr_hub_connection_wait (KrHubConnection *self, GTask *task)
{
  /* An end that was told already would not be told again. */
  if (self->session.state == KR_HUB_SESSION_OPEN)
    kr_hub_stream_table_wait (kr_hub_stream_table_get (self), task);
  else
    g_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_CONNECTION_CLOSED, "The connection has ended");
}

/**
 * kr_hub_connection_send_async:
 * @self: a connection
 * @target: the method to call at the peer
 * @arguments: (nullable): a tuple of the arguments, sunk if it is floating; %NULL for none
 * @cancellable: (nullable): to wait no longer; what was sent stays sent
 * @callback: called when more may be sent
 * @user_data: data for @callback
 *
 * Sends as [method@KrHub.Connection.send] does, at once; then, where the policy is %KR_HUB_OUTBOX_WAIT, waits until the
 * peer has read enough: less than 64 KiB, and less than half of [property@KrHub.Server:max-outbox-size], wait for it.
 * Who sends the next event in @callback never fills the outbox.
 *
 * Since: 0.1
 */
void
kr_hub_connection_send_async (KrHubConnection *self,
                              const char *target,
                              GVariant *arguments,
                              GCancellable *cancellable,
                              GAsyncReadyCallback callback,
                              gpointer user_data)
{
  g_autoptr (GTask) task = NULL;
  GError *error = NULL;

  g_return_if_fail (KR_HUB_IS_CONNECTION (self));

  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, kr_hub_connection_send_async);
  g_task_set_task_data (task, self, NULL);
  if (!kr_hub_connection_send (self, target, arguments, &error))
    g_task_return_error (task, error);
  else if (kr_hub_connection_wants_wait (self))
    kr_hub_connection_wait (self, task);
  else if (self->session.state >= KR_HUB_SESSION_CLOSING)
    g_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_CONNECTION_CLOSED, "The connection has ended");
  else
    g_task_return_boolean (task, TRUE);
}

/**
 * kr_hub_connection_send_finish:
 * @self: a connection
 * @result: what the callback got
 * @error: return location for an error
 *
 * Finishes [method@KrHub.Connection.send_async].
 *
 * Errors: %KR_HUB_ERROR_BINDING as [method@KrHub.Connection.send]; %G_IO_ERROR_CONNECTION_CLOSED if the connection has
 * ended, so that nobody knows what arrived; %G_IO_ERROR_CANCELLED.
 *
 * Returns: whether more may be sent
 *
 * Since: 0.1
 */
gboolean
kr_hub_connection_send_finish (KrHubConnection *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);
  return g_task_propagate_boolean (G_TASK (result), error);
}
