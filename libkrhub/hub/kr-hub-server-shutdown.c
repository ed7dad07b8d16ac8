/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* KrHubServer: the end of all its connections. */
#include "config.h"

#include "kr-hub-server-private.h"

static void
close_all (KrHubServer *self)
{
  g_autoptr (GPtrArray) connections = g_ptr_array_new_with_free_func (g_object_unref);
  GHashTableIter iter;
  KrHubConnection *connection;

  g_hash_table_iter_init (&iter, self->alive);
  while (g_hash_table_iter_next (&iter, (gpointer *) &connection, NULL))
    g_ptr_array_add (connections, g_object_ref (connection));
  for (guint i = 0; i < connections->len; i++)
    kr_hub_connection_shut_down (g_ptr_array_index (connections, i));
}

static void
set_accepting (KrHubServer *self, gboolean accepting)
{
  if (self->accepting != accepting)
    g_object_set (self, "accepting", accepting, NULL);
}

/**
 * kr_hub_server_shutdown:
 * @self: a hub
 *
 * Ends all connections, those too whose handshake is not done, and takes no new ones: one that was on its way from
 * another thread is ended when it arrives. Clients are told that they may reconnect, to another server or later. What
 * waits for them is still delivered. Set [property@KrHub.Server:accepting] to go on.
 *
 * Since: 0.1
 */
void
kr_hub_server_shutdown (KrHubServer *self)
{
  g_return_if_fail (KR_HUB_IS_SERVER (self));

  set_accepting (self, FALSE);
  close_all (self);
}

/* --- one that comes too late --- */

static gboolean
turn_away (gpointer data)
{
  kr_hub_connection_shut_down (data);
  return G_SOURCE_REMOVE;
}

/* In a turn of its own, when whoever brought it knows of it. */
void
kr_hub_server_turn_away (KrHubServer *self, KrHubConnection *connection)
{
  g_autoptr (GSource) source = g_idle_source_new ();

  g_source_set_static_name (source, "KrHubServer refusal");
  g_source_set_priority (source, G_PRIORITY_DEFAULT);
  g_source_set_callback (source, turn_away, g_object_ref (connection), g_object_unref);
  g_source_attach (source, self->context);
}

/* --- waiting for the last one --- */

static void
return_all (KrHubServer *self)
{
  kr_hub_clock_disarm (self->clock, &self->grace);
  while (!g_queue_is_empty (&self->shutdowns))
    {
      g_autoptr (GTask) task = kr_hub_waiter_free_to_task (g_queue_pop_head (&self->shutdowns));

      g_task_return_boolean (task, TRUE);
    }
}

/* The transport of a connection is gone as well. */
void
kr_hub_server_connection_over (KrHubConnection *connection, gpointer server)
{
  KrHubServer *self = server;

  g_hash_table_remove (self->alive, connection);
  if (g_hash_table_size (self->alive) == 0 && !g_queue_is_empty (&self->shutdowns))
    return_all (self);
}

void
kr_hub_server_grace_over (KrHubTimer *timer, gint64 now)
{
  KrHubServer *self = timer->data;
  GHashTableIter iter;
  KrHubConnection *connection;

  /* None of them is over before this returns. */
  g_hash_table_iter_init (&iter, self->alive);
  while (g_hash_table_iter_next (&iter, (gpointer *) &connection, NULL))
    if (connection->transport != NULL)
      kr_hub_transport_abort (connection->transport);
}

static gboolean
shutdown_cancelled (GCancellable *cancellable, gpointer data)
{
  KrHubServer *self = g_task_get_source_object (data);

  for (GList *link = self->shutdowns.head; link != NULL; link = link->next)
    if (((KrHubWaiter *) link->data)->task == data)
      {
        g_autoptr (GTask) task = kr_hub_waiter_free_to_task (link->data);

        g_queue_delete_link (&self->shutdowns, link);
        g_task_return_error_if_cancelled (task);
        break;
      }
  return G_SOURCE_REMOVE;
}

/**
 * kr_hub_server_shutdown_async:
 * @self: a hub
 * @grace: how long clients have to take what waits for them and to close, µs
 * @cancellable: (nullable): to wait no longer; the hub is shut down all the same
 * @callback: called when no connection is left
 * @user_data: data for @callback
 *
 * Ends all connections as [method@KrHub.Server.shutdown] does, and waits until their transports have closed. Those that
 * have not when @grace is over are cut off.
 *
 * Since: 0.1
 */
void
kr_hub_server_shutdown_async (KrHubServer *self,
                              gint64 grace,
                              GCancellable *cancellable,
                              GAsyncReadyCallback callback,
                              gpointer user_data)
{
  g_autoptr (GTask) task = NULL;
  gint64 deadline;

  g_return_if_fail (KR_HUB_IS_SERVER (self));
  g_return_if_fail (grace >= 0);

  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, kr_hub_server_shutdown_async);
  kr_hub_server_shutdown (self);
  if (g_hash_table_size (self->alive) == 0)
    {
      g_task_return_boolean (task, TRUE);
      return;
    }
  g_queue_push_tail (&self->shutdowns, kr_hub_waiter_new (task, self->context, shutdown_cancelled, task));
  deadline = kr_hub_later (kr_hub_clock_get_time (self->clock), grace);
  if (self->grace.position == 0 || deadline < self->grace.deadline)
    kr_hub_clock_arm (self->clock, &self->grace, deadline);
}

/**
 * kr_hub_server_shutdown_finish:
 * @self: a hub
 * @result: what the callback got
 * @error: return location for an error
 *
 * Finishes [method@KrHub.Server.shutdown_async].
 *
 * Errors: %G_IO_ERROR_CANCELLED.
 *
 * Returns: whether no connection is left
 *
 * Since: 0.1
 */
gboolean
kr_hub_server_shutdown_finish (KrHubServer *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);
  return g_task_propagate_boolean (G_TASK (result), error);
}
