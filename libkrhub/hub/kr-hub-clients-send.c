/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* KrHubClients: sending to a selection. */
#include "config.h"

#include "kr-hub-clients-private.h"

#include "kr-hub-log-private.h"

static void
route (KrHubClients *self, KrHubMulticast *multicast)
{
  KrHubRouter *router = &self->server->router;
  const char *const *except = (const char *const *) self->except;

  if (self->selection == KR_HUB_SELECT_ALL)
    kr_hub_router_send_all (router, multicast, except);
  for (guint i = 0; self->names != NULL && self->names[i] != NULL; i++)
    if (self->selection == KR_HUB_SELECT_GROUPS)
      kr_hub_router_send_group (router, multicast, self->names[i], except);
    else if (self->selection == KR_HUB_SELECT_USERS)
      kr_hub_router_send_user (router, multicast, self->names[i]);
    else
      kr_hub_router_send_connection (router, multicast, self->names[i]);
}

/* @slow: gets those whose policy asks to wait, or NULL. */
static gboolean
send_now (KrHubClients *self, const char *target, GVariant *arguments, GPtrArray *slow, GError **error)
{
  KrHubMulticast multicast = { .settings = self->server->settings, .slow = slow };
  gboolean sent;

  multicast.message.type = KR_HUB_MESSAGE_INVOCATION;
  multicast.message.target = (KrHubSlice) { target, strlen (target) };
  multicast.message.value.kind = arguments != NULL ? KR_HUB_VALUE_VARIANT : KR_HUB_VALUE_NONE;
  multicast.message.value.variant = arguments;
  route (self, &multicast);
  sent = multicast.error == NULL;
  if (!sent)
    g_propagate_error (error, g_steal_pointer (&multicast.error));
  kr_hub_multicast_clear (&multicast);
  return sent;
}

/* A message on its way to the hub's thread. */
typedef struct
{
  KrHubClients *clients;
  char *target;
  GVariant *arguments;
} Parcel;

static void
parcel_free (gpointer data)
{
  Parcel *self = data;

  kr_hub_clients_unref (self->clients);
  g_free (self->target);
  g_clear_pointer (&self->arguments, g_variant_unref);
  g_free (self);
}

static gboolean
parcel_arrived (gpointer data)
{
  Parcel *self = data;
  g_autoptr (GError) error = NULL;

  if (!send_now (self->clients, self->target, self->arguments, NULL, &error))
    kr_hub_settings_log (self->clients->server->settings, G_LOG_LEVEL_WARNING, "a message to '%s' cannot be sent: %s",
                         self->target, error->message);
  return G_SOURCE_REMOVE;
}

static void
post (KrHubClients *self, const char *target, GVariant *arguments)
{
  Parcel *parcel = g_new0 (Parcel, 1);
  g_autoptr (GSource) source = g_idle_source_new ();

  parcel->clients = kr_hub_clients_ref (self);
  parcel->target = g_strdup (target);
  parcel->arguments = arguments != NULL ? g_variant_ref (arguments) : NULL;
  g_source_set_static_name (source, "KrHubClients send");
  g_source_set_priority (source, G_PRIORITY_DEFAULT);
  g_source_set_callback (source, parcel_arrived, parcel, parcel_free);
  g_source_attach (source, kr_hub_server_get_context (self->server));
}

/**
 * kr_hub_clients_send:
 * @self: a selection
 * @target: the method to call at each client, exactly as the clients wrote it
 * @arguments: (nullable): a tuple of the arguments, sunk if it is floating; %NULL for none
 * @error: return location for an error
 *
 * Calls a method at each selected client and expects no answer. Any thread; from another one than the hub's it travels
 * there, and an error is only logged; what travels has no limit, so that a thread that sends without a pause awaits
 * [method@KrHub.Clients.send_async]. The message is written once per protocol, however many receive it.
 *
 * Errors: %KR_HUB_ERROR_BINDING for a value that an encoding cannot express; clients with that encoding got nothing.
 *
 * Returns: %FALSE with @error set if some could not be sent to
 *
 * Since: 0.1
 */
gboolean
kr_hub_clients_send (KrHubClients *self, const char *target, GVariant *arguments, GError **error)
{
  g_autoptr (GVariant) sunk = arguments != NULL ? g_variant_ref_sink (arguments) : NULL;

  g_return_val_if_fail (self != NULL, FALSE);
  g_return_val_if_fail (target != NULL && *target != '\0', FALSE);
  g_return_val_if_fail (sunk == NULL || g_variant_is_of_type (sunk, G_VARIANT_TYPE_TUPLE), FALSE);

  if (kr_hub_server_is_own_thread (self->server))
    return send_now (self, target, sunk, NULL, error);
  post (self, target, sunk);
  return TRUE;
}

/* --- sending, and waiting for those who do not read --- */

/* One event that somebody waits for, in the hub's thread. */
typedef struct
{
  KrHubClients *clients;
  char *target;
  GVariant *arguments;
  guint n_slow;         /* connections that have no room yet */
} Delivery;

static void
delivery_free (gpointer data)
{
  Delivery *self = data;

  kr_hub_clients_unref (self->clients);
  g_free (self->target);
  g_clear_pointer (&self->arguments, g_variant_unref);
  g_free (self);
}

/* There is room, or nobody to have any. */
static void
one_has_room (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GTask) task = data;
  Delivery *delivery = g_task_get_task_data (task);

  if (--delivery->n_slow == 0 && !g_task_return_error_if_cancelled (task))
    g_task_return_boolean (task, TRUE);
}

static void
wait_for_all (GTask *task, GPtrArray *slow)
{
  Delivery *delivery = g_task_get_task_data (task);

  delivery->n_slow = slow->len;
  if (slow->len == 0)
    g_task_return_boolean (task, TRUE);
  for (guint i = 0; i < slow->len; i++)
    {
      KrHubConnection *connection = slow->pdata[i];
      g_autoptr (GTask) one = g_task_new (connection, g_task_get_cancellable (task), one_has_room, g_object_ref (task));

      g_task_set_source_tag (one, wait_for_all);
      g_task_set_task_data (one, connection, NULL);
      kr_hub_connection_wait (connection, one);
    }
}

static gboolean
deliver (gpointer data)
{
  GTask *task = data;
  Delivery *delivery = g_task_get_task_data (task);
  g_autoptr (GPtrArray) slow = g_ptr_array_new_with_free_func (g_object_unref);
  GError *error = NULL;

  if (send_now (delivery->clients, delivery->target, delivery->arguments, slow, &error))
    wait_for_all (task, slow);
  else
    g_task_return_error (task, error);
  return G_SOURCE_REMOVE;
}

/**
 * kr_hub_clients_send_async:
 * @self: a selection
 * @target: the method to call at each client, exactly as the clients wrote it
 * @arguments: (nullable): a tuple of the arguments, sunk if it is floating; %NULL for none
 * @cancellable: (nullable): to wait no longer; what was sent stays sent
 * @callback: called when more may be sent
 * @user_data: data for @callback
 *
 * Sends as [method@KrHub.Clients.send] does, to all at once: nobody receives later because another client is slow. Then
 * it waits for those clients whose policy is %KR_HUB_OUTBOX_WAIT and for which 64 KiB, or half of
 * [property@KrHub.Server:max-outbox-size], wait already: who sends the next event in @callback goes at their pace, and
 * who must not be held up by any client uses another policy. A client that leaves is waited for no longer. Any thread;
 * @callback is called in the main context of the one that calls this.
 *
 * Since: 0.1
 */
void
kr_hub_clients_send_async (KrHubClients *self,
                           const char *target,
                           GVariant *arguments,
                           GCancellable *cancellable,
                           GAsyncReadyCallback callback,
                           gpointer user_data)
{
  g_autoptr (GVariant) sunk = arguments != NULL ? g_variant_ref_sink (arguments) : NULL;
  g_autoptr (GTask) task = NULL;
  g_autoptr (GSource) source = NULL;
  Delivery *delivery;

  g_return_if_fail (self != NULL);
  g_return_if_fail (target != NULL && *target != '\0');
  g_return_if_fail (sunk == NULL || g_variant_is_of_type (sunk, G_VARIANT_TYPE_TUPLE));

  delivery = g_new0 (Delivery, 1);
  delivery->clients = kr_hub_clients_ref (self);
  delivery->target = g_strdup (target);
  delivery->arguments = g_steal_pointer (&sunk);
  task = g_task_new (self->server, cancellable, callback, user_data);
  g_task_set_source_tag (task, kr_hub_clients_send_async);
  g_task_set_task_data (task, delivery, delivery_free);
  if (kr_hub_server_is_own_thread (self->server))
    {
      deliver (task);
      return;
    }
  source = g_idle_source_new ();
  g_source_set_static_name (source, "KrHubClients delivery");
  g_source_set_priority (source, G_PRIORITY_DEFAULT);
  g_source_set_callback (source, deliver, g_steal_pointer (&task), g_object_unref);
  g_source_attach (source, self->server->context);
}

/**
 * kr_hub_clients_send_finish:
 * @self: a selection
 * @result: what the callback got, its source object the hub
 * @error: return location for an error
 *
 * Finishes [method@KrHub.Clients.send_async].
 *
 * Errors: as [method@KrHub.Clients.send]; %G_IO_ERROR_CANCELLED.
 *
 * Returns: whether more may be sent
 *
 * Since: 0.1
 */
gboolean
kr_hub_clients_send_finish (KrHubClients *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (self != NULL, FALSE);
  g_return_val_if_fail (g_task_is_valid (result, self->server), FALSE);
  return g_task_propagate_boolean (G_TASK (result), error);
}
