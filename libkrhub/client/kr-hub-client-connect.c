/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* KrHubClient: what its user begins and ends, and who waits for that. */
#include "config.h"

#include "kr-hub-client-private.h"

#include "kr-hub-stream-private.h"

GTask *
kr_hub_client_take_connecting (KrHubClient *self)
{
  GTask *task = g_steal_pointer (&self->connecting);

  /* Not by g_cancellable_disconnect(), which waits for the handlers that run: one of them may have stopped the client. */
  if (task != NULL && self->connecting_handler != 0)
    g_signal_handler_disconnect (g_task_get_cancellable (task), self->connecting_handler);
  self->connecting_handler = 0;
  return task;
}

static void
end_stopping (GPtrArray *stopping)
{
  for (guint i = 0; i < stopping->len; i++)
    {
      g_autoptr (GTask) task = kr_hub_waiter_free_to_task (g_ptr_array_index (stopping, i));

      g_task_return_boolean (task, TRUE);
    }
  g_ptr_array_set_size (stopping, 0);
}

/* Each who hears of it may begin anew: what ends is set apart before. */
void
kr_hub_client_become_disconnected (KrHubClient *self, const GError *error)
{
  g_autoptr (GPtrArray) stopping = g_steal_pointer (&self->stopping);
  g_autoptr (GTask) connecting = kr_hub_client_take_connecting (self);
  gboolean was_connecting = self->state == KR_HUB_CLIENT_CONNECTING;
  guint n_waiting = self->waiting.calls.length;

  self->stopping = g_ptr_array_new ();
  kr_hub_client_stop_trying (self);
  g_object_freeze_notify (G_OBJECT (self));
  kr_hub_client_set_state (self, KR_HUB_CLIENT_DISCONNECTED);
  kr_hub_client_set_connection_id (self, NULL);
  g_object_thaw_notify (G_OBJECT (self));
  if (connecting != NULL)
    g_task_return_error (connecting, kr_hub_client_dup_failure (error));
  kr_hub_waiting_calls_fail (&self->waiting, n_waiting, error != NULL ? error->message : "The client is not connected");
  end_stopping (stopping);
  if (!was_connecting && !self->gone)
    g_signal_emit_by_name (self, "closed", error);
}

/* The connection outlives the client until its transport has closed; it is not to call the client any more. */
static void
drop_connection (KrHubClient *self)
{
  g_autoptr (KrHubConnection) connection = g_steal_pointer (&self->connection);
  g_autoptr (KrHubConnection) farewell = g_steal_pointer (&self->farewell);

  if (farewell != NULL)
    kr_hub_connection_when_gone (farewell, NULL, NULL);
  if (connection == NULL)
    return;
  connection->owner = NULL;
  kr_hub_connection_close (connection, FALSE, NULL, FALSE);
}

void
kr_hub_client_abandon (KrHubClient *self)
{
  g_autoptr (GError) error = g_error_new_literal (G_IO_ERROR, G_IO_ERROR_CLOSED, "The client is gone");
  g_autoptr (GTask) connecting = NULL;

  if (self->clock != NULL)
    g_signal_handlers_disconnect_by_data (self->clock, self);
  self->gone = TRUE;
  self->state = KR_HUB_CLIENT_DISCONNECTED;
  self->n_changes++;
  connecting = kr_hub_client_take_connecting (self);
  kr_hub_client_stop_trying (self);
  drop_connection (self);
  if (connecting != NULL)
    g_task_return_error (connecting, g_error_copy (error));
  kr_hub_waiting_calls_fail (&self->waiting, G_MAXUINT, error->message);
  end_stopping (self->stopping);
}

/* Giving up is an end as any other, from the client's own thread. */
static gboolean
give_up_connecting (gpointer data)
{
  KrHubClient *self = data;
  g_autoptr (GError) error = g_error_new_literal (G_IO_ERROR, G_IO_ERROR_CANCELLED, "Connecting was cancelled");

  if (self->connecting == NULL || !g_cancellable_is_cancelled (g_task_get_cancellable (self->connecting)))
    return G_SOURCE_REMOVE;
  drop_connection (self);
  kr_hub_client_become_disconnected (self, error);
  return G_SOURCE_REMOVE;
}

/* In whatever thread cancels. */
static void
connecting_cancelled (GCancellable *cancellable, gpointer data)
{
  GTask *task = data;
  g_autoptr (GSource) source = g_idle_source_new ();

  g_source_set_static_name (source, "KrHubClient cancel");
  g_source_set_priority (source, G_PRIORITY_DEFAULT);
  g_source_set_callback (source, give_up_connecting, g_object_ref (g_task_get_source_object (task)), g_object_unref);
  g_source_attach (source, g_task_get_context (task));
}

/* FALSE: it has ended already, which who hears of the state may have wished. */
static gboolean
begin_connecting (KrHubClient *self, GTask *task)
{
  GCancellable *cancellable = g_task_get_cancellable (task);

  if (g_task_return_error_if_cancelled (task))
    return FALSE;
  if (self->gone || self->state != KR_HUB_CLIENT_DISCONNECTED)
    {
      g_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_PENDING, "The client is not disconnected");
      return FALSE;
    }
  self->connecting = g_object_ref (task);
  kr_hub_client_set_state (self, KR_HUB_CLIENT_CONNECTING);
  if (self->connecting != task)
    return FALSE;
  if (cancellable != NULL)
    self->connecting_handler = g_cancellable_connect (cancellable, G_CALLBACK (connecting_cancelled), g_object_ref (task),
                                                      g_object_unref);
  return TRUE;
}

/**
 * kr_hub_client_start_async:
 * @self: a disconnected client that has a connector
 * @cancellable: (nullable): to give up
 * @callback: called when the handshake is done, or when the client gives up
 * @user_data: data for @callback
 *
 * Connects to the connector's hub; with [property@KrHub.Client:retry-start], as often as the policy says.
 *
 * Since: 0.1
 */
void
kr_hub_client_start_async (KrHubClient *self,
                           GCancellable *cancellable,
                           GAsyncReadyCallback callback,
                           gpointer user_data)
{
  g_autoptr (GTask) task = NULL;

  g_return_if_fail (KR_HUB_IS_CLIENT (self));
  g_return_if_fail (self->connector != NULL);

  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, kr_hub_client_start_async);
  if (!begin_connecting (self, task))
    return;
  self->n_retries = 0;
  self->lost_at = kr_hub_clock_get_time (self->clock);
  kr_hub_client_attempt (self);
}

/**
 * kr_hub_client_start_finish:
 * @self: a client
 * @result: what the callback got
 * @error: return location for an error
 *
 * Finishes [method@KrHub.Client.start_async].
 *
 * Errors: those of the connector; %KR_HUB_ERROR_HANDSHAKE; %G_IO_ERROR_CANCELLED.
 *
 * Returns: whether the client is connected
 *
 * Since: 0.1
 */
gboolean
kr_hub_client_start_finish (KrHubClient *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);
  return g_task_propagate_boolean (G_TASK (result), error);
}

/**
 * kr_hub_client_connect_async:
 * @self: a disconnected client
 * @transport: a transport that was not started; the connection starts it
 * @cancellable: (nullable): to give up
 * @callback: called when the handshake is done
 * @user_data: data for @callback
 *
 * Connects over a transport that exists.
 *
 * Since: 0.1
 */
void
kr_hub_client_connect_async (KrHubClient *self,
                             KrHubTransport *transport,
                             GCancellable *cancellable,
                             GAsyncReadyCallback callback,
                             gpointer user_data)
{
  g_autoptr (GTask) task = NULL;

  g_return_if_fail (KR_HUB_IS_CLIENT (self));
  g_return_if_fail (KR_HUB_IS_TRANSPORT (transport));

  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, kr_hub_client_connect_async);
  if (begin_connecting (self, task))
    kr_hub_client_open (self, transport, FALSE);
}

/**
 * kr_hub_client_connect_finish:
 * @self: a client
 * @result: what the callback got
 * @error: return location for an error
 *
 * Finishes [method@KrHub.Client.connect_async].
 *
 * Errors: %KR_HUB_ERROR_HANDSHAKE, or why the transport ended.
 *
 * Returns: whether the client is connected
 *
 * Since: 0.1
 */
gboolean
kr_hub_client_connect_finish (KrHubClient *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);
  return g_task_propagate_boolean (G_TASK (result), error);
}

static gboolean
stop_cancelled (GCancellable *cancellable, gpointer data)
{
  KrHubClient *self = g_task_get_source_object (data);

  for (guint i = 0; i < self->stopping->len; i++)
    {
      KrHubWaiter *waiter = g_ptr_array_index (self->stopping, i);
      g_autoptr (GTask) task = NULL;

      if (waiter->task != data)
        continue;
      g_ptr_array_remove_index (self->stopping, i);
      task = kr_hub_waiter_free_to_task (waiter);
      g_task_return_error_if_cancelled (task);
      break;
    }
  return G_SOURCE_REMOVE;
}

/**
 * kr_hub_client_stop_async:
 * @self: a client
 * @cancellable: (nullable): to wait no longer
 * @callback: called when the connection has ended
 * @user_data: data for @callback
 *
 * Says good-bye to the hub and ends the connection, when what was sent before is on its way: a program may exit then. A hub
 * that does not take it is given 5 s.
 *
 * Since: 0.1
 */
void
kr_hub_client_stop_async (KrHubClient *self,
                          GCancellable *cancellable,
                          GAsyncReadyCallback callback,
                          gpointer user_data)
{
  g_autoptr (GTask) task = NULL;
  g_autoptr (KrHubConnection) connection = NULL;

  g_return_if_fail (KR_HUB_IS_CLIENT (self));

  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, kr_hub_client_stop_async);
  if (self->state == KR_HUB_CLIENT_DISCONNECTED)
    {
      g_task_return_boolean (task, TRUE);
      return;
    }
  g_ptr_array_add (self->stopping, kr_hub_waiter_new (task, g_task_get_context (task), stop_cancelled, task));
  if (self->farewell != NULL)
    return;
  kr_hub_client_stop_trying (self);
  if (self->connection == NULL)
    {
      kr_hub_client_become_disconnected (self, NULL);
      return;
    }
  connection = g_object_ref (self->connection);
  if (kr_hub_client_set_state (self, KR_HUB_CLIENT_DISCONNECTING))
    kr_hub_connection_close (connection, FALSE, NULL, FALSE);
}

/**
 * kr_hub_client_stop_finish:
 * @self: a client
 * @result: what the callback got
 * @error: return location for an error
 *
 * Finishes [method@KrHub.Client.stop_async].
 *
 * Returns: %TRUE, or %FALSE if the waiting was cancelled
 *
 * Since: 0.1
 */
gboolean
kr_hub_client_stop_finish (KrHubClient *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);
  return g_task_propagate_boolean (G_TASK (result), error);
}
