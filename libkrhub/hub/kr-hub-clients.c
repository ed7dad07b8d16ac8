/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* KrHubClients: a selection of a hub's connections, to send to. */
#include "config.h"

#include "kr-hub-clients.h"

#include "kr-hub-error.h"
#include "kr-hub-invocation-private.h"
#include "kr-hub-log-private.h"
#include "kr-hub-server-private.h"

typedef enum
{
  SELECT_ALL,
  SELECT_CONNECTIONS,
  SELECT_GROUPS,
  SELECT_USERS,
} Selection;

struct _KrHubClients
{
  gatomicrefcount ref_count;
  KrHubServer *server;
  Selection selection;
  char **names;  /* of connections, groups or users; NULL for all */
  char **except; /* connection ids, or NULL */
};

G_DEFINE_BOXED_TYPE (KrHubClients, kr_hub_clients, kr_hub_clients_ref, kr_hub_clients_unref)

static KrHubClients *
clients_new (KrHubServer *server, Selection selection, const char *const *names, const char *const *except)
{
  KrHubClients *self = g_new0 (KrHubClients, 1);

  g_atomic_ref_count_init (&self->ref_count);
  self->server = g_object_ref (server);
  self->selection = selection;
  self->names = g_strdupv ((char **) names);
  self->except = g_strdupv ((char **) except);
  return self;
}

/**
 * kr_hub_clients_ref:
 * @self: a selection
 *
 * Takes a reference. Any thread.
 *
 * Returns: (transfer full): @self
 *
 * Since: 0.1
 */
KrHubClients *
kr_hub_clients_ref (KrHubClients *self)
{
  g_return_val_if_fail (self != NULL, NULL);
  g_atomic_ref_count_inc (&self->ref_count);
  return self;
}

/**
 * kr_hub_clients_unref:
 * @self: (transfer full): a selection
 *
 * Gives up a reference. Any thread, as long as somebody else holds the hub.
 *
 * Since: 0.1
 */
void
kr_hub_clients_unref (KrHubClients *self)
{
  g_return_if_fail (self != NULL);
  if (!g_atomic_ref_count_dec (&self->ref_count))
    return;
  g_object_unref (self->server);
  g_strfreev (self->names);
  g_strfreev (self->except);
  g_free (self);
}

/**
 * kr_hub_clients_new_all:
 * @server: a hub
 *
 * Selects all connections.
 *
 * Returns: (transfer full): a selection
 *
 * Since: 0.1
 */
KrHubClients *
kr_hub_clients_new_all (KrHubServer *server)
{
  g_return_val_if_fail (KR_HUB_IS_SERVER (server), NULL);
  return clients_new (server, SELECT_ALL, NULL, NULL);
}

/**
 * kr_hub_clients_new_all_except:
 * @server: a hub
 * @connection_ids: (array zero-terminated=1): who does not receive
 *
 * Selects all connections but some.
 *
 * Returns: (transfer full): a selection
 *
 * Since: 0.1
 */
KrHubClients *
kr_hub_clients_new_all_except (KrHubServer *server, const char *const *connection_ids)
{
  g_return_val_if_fail (KR_HUB_IS_SERVER (server), NULL);
  g_return_val_if_fail (connection_ids != NULL, NULL);
  return clients_new (server, SELECT_ALL, NULL, connection_ids);
}

/**
 * kr_hub_clients_new_client:
 * @server: a hub
 * @connection_id: a connection's id
 *
 * Selects one connection, or none if it does not exist.
 *
 * Returns: (transfer full): a selection
 *
 * Since: 0.1
 */
KrHubClients *
kr_hub_clients_new_client (KrHubServer *server, const char *connection_id)
{
  const char *names[] = { connection_id, NULL };

  g_return_val_if_fail (connection_id != NULL, NULL);
  return kr_hub_clients_new_clients (server, names);
}

/**
 * kr_hub_clients_new_clients:
 * @server: a hub
 * @connection_ids: (array zero-terminated=1): connection ids; each receives once, however often it is named
 *
 * Selects some connections.
 *
 * Returns: (transfer full): a selection
 *
 * Since: 0.1
 */
KrHubClients *
kr_hub_clients_new_clients (KrHubServer *server, const char *const *connection_ids)
{
  g_return_val_if_fail (KR_HUB_IS_SERVER (server), NULL);
  g_return_val_if_fail (connection_ids != NULL, NULL);
  return clients_new (server, SELECT_CONNECTIONS, connection_ids, NULL);
}

/**
 * kr_hub_clients_new_group:
 * @server: a hub
 * @group: a group's name
 *
 * Selects the members of a group.
 *
 * Returns: (transfer full): a selection
 *
 * Since: 0.1
 */
KrHubClients *
kr_hub_clients_new_group (KrHubServer *server, const char *group)
{
  const char *names[] = { group, NULL };

  g_return_val_if_fail (KR_HUB_IS_SERVER (server), NULL);
  g_return_val_if_fail (group != NULL, NULL);
  return clients_new (server, SELECT_GROUPS, names, NULL);
}

/**
 * kr_hub_clients_new_groups:
 * @server: a hub
 * @groups: (array zero-terminated=1): names of groups; a member of two receives twice, as with ASP.NET Core
 *
 * Selects the members of several groups.
 *
 * Returns: (transfer full): a selection
 *
 * Since: 0.1
 */
KrHubClients *
kr_hub_clients_new_groups (KrHubServer *server, const char *const *groups)
{
  g_return_val_if_fail (KR_HUB_IS_SERVER (server), NULL);
  g_return_val_if_fail (groups != NULL, NULL);
  return clients_new (server, SELECT_GROUPS, groups, NULL);
}

/**
 * kr_hub_clients_new_group_except:
 * @server: a hub
 * @group: a group's name
 * @connection_ids: (array zero-terminated=1): who does not receive
 *
 * Selects the members of a group but some.
 *
 * Returns: (transfer full): a selection
 *
 * Since: 0.1
 */
KrHubClients *
kr_hub_clients_new_group_except (KrHubServer *server, const char *group, const char *const *connection_ids)
{
  const char *names[] = { group, NULL };

  g_return_val_if_fail (KR_HUB_IS_SERVER (server), NULL);
  g_return_val_if_fail (group != NULL, NULL);
  return clients_new (server, SELECT_GROUPS, names, connection_ids);
}

/**
 * kr_hub_clients_new_user:
 * @server: a hub
 * @user_id: a user's id, compared byte by byte
 *
 * Selects the connections of a user.
 *
 * Returns: (transfer full): a selection
 *
 * Since: 0.1
 */
KrHubClients *
kr_hub_clients_new_user (KrHubServer *server, const char *user_id)
{
  const char *names[] = { user_id, NULL };

  g_return_val_if_fail (user_id != NULL, NULL);
  return kr_hub_clients_new_users (server, names);
}

/**
 * kr_hub_clients_new_users:
 * @server: a hub
 * @user_ids: (array zero-terminated=1): users' ids; each receives once, however often it is named
 *
 * Selects the connections of several users.
 *
 * Returns: (transfer full): a selection
 *
 * Since: 0.1
 */
KrHubClients *
kr_hub_clients_new_users (KrHubServer *server, const char *const *user_ids)
{
  g_return_val_if_fail (KR_HUB_IS_SERVER (server), NULL);
  g_return_val_if_fail (user_ids != NULL, NULL);
  return clients_new (server, SELECT_USERS, user_ids, NULL);
}

/**
 * kr_hub_clients_new_caller:
 * @server: a hub
 * @invocation: a call
 *
 * Selects the connection that called.
 *
 * Returns: (transfer full): a selection
 *
 * Since: 0.1
 */
KrHubClients *
kr_hub_clients_new_caller (KrHubServer *server, KrHubInvocation *invocation)
{
  g_return_val_if_fail (invocation != NULL, NULL);
  return kr_hub_clients_new_client (server, invocation->connection->id);
}

/**
 * kr_hub_clients_new_others:
 * @server: a hub
 * @invocation: a call
 *
 * Selects all connections but the one that called.
 *
 * Returns: (transfer full): a selection
 *
 * Since: 0.1
 */
KrHubClients *
kr_hub_clients_new_others (KrHubServer *server, KrHubInvocation *invocation)
{
  const char *except[] = { invocation->connection->id, NULL };

  return kr_hub_clients_new_all_except (server, except);
}

/**
 * kr_hub_clients_new_others_in_group:
 * @server: a hub
 * @invocation: a call
 * @group: a group's name
 *
 * Selects the members of a group but the connection that called.
 *
 * Returns: (transfer full): a selection
 *
 * Since: 0.1
 */
KrHubClients *
kr_hub_clients_new_others_in_group (KrHubServer *server, KrHubInvocation *invocation, const char *group)
{
  const char *except[] = { invocation->connection->id, NULL };

  return kr_hub_clients_new_group_except (server, group, except);
}

/* --- sending --- */

/* Names that a selector serves once each. */
static gboolean
is_repeated (char **names, guint index)
{
  for (guint i = 0; i < index; i++)
    if (g_str_equal (names[i], names[index]))
      return TRUE;
  return FALSE;
}

static void
route (KrHubClients *self, KrHubMulticast *multicast)
{
  KrHubRouter *router = &self->server->router;
  const char *const *except = (const char *const *) self->except;

  if (self->selection == SELECT_ALL)
    kr_hub_router_send_all (router, multicast, except);
  for (guint i = 0; self->names != NULL && self->names[i] != NULL; i++)
    if (self->selection == SELECT_GROUPS)
      kr_hub_router_send_group (router, multicast, self->names[i], except);
    else if (is_repeated (self->names, i))
      continue;
    else if (self->selection == SELECT_USERS)
      kr_hub_router_send_user (router, multicast, self->names[i]);
    else
      kr_hub_router_send_connection (router, multicast, self->names[i]);
}

static gboolean
send_now (KrHubClients *self, const char *target, GVariant *arguments, GError **error)
{
  KrHubMulticast multicast = { .settings = self->server->settings };
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

  if (!send_now (self->clients, self->target, self->arguments, &error))
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
 * there, and an error is only logged. The message is written once per protocol, however many receive it.
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
    return send_now (self, target, sunk, error);
  post (self, target, sunk);
  return TRUE;
}
