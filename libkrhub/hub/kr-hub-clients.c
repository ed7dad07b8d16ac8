/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* KrHubClients: a selection of a hub's connections, to send to. */
#include "config.h"

#include "kr-hub-clients-private.h"

#include "kr-hub-invocation-private.h"

G_DEFINE_BOXED_TYPE (KrHubClients, kr_hub_clients, kr_hub_clients_ref, kr_hub_clients_unref)

/* Each name once, since each is served once. */
static char **
dup_unique (const char *const *names)
{
  g_autoptr (GHashTable) seen = g_hash_table_new (g_str_hash, g_str_equal);
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();

  for (guint i = 0; names[i] != NULL; i++)
    if (g_hash_table_add (seen, (gpointer) names[i]))
      g_strv_builder_add (builder, names[i]);
  return g_strv_builder_end (builder);
}

static KrHubClients *
clients_new (KrHubServer *server, KrHubSelection selection, const char *const *names, const char *const *except)
{
  KrHubClients *self = g_new0 (KrHubClients, 1);

  g_atomic_ref_count_init (&self->ref_count);
  self->server = g_object_ref (server);
  self->selection = selection;
  /* A member of two groups receives twice, as one of a group that is named twice. */
  if (names == NULL || names[0] == NULL || names[1] == NULL || selection == KR_HUB_SELECT_GROUPS)
    self->names = g_strdupv ((char **) names);
  else
    self->names = dup_unique (names);
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
  kr_hub_server_drop (self->server);
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
  return clients_new (server, KR_HUB_SELECT_ALL, NULL, NULL);
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
  return clients_new (server, KR_HUB_SELECT_ALL, NULL, connection_ids);
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
  return clients_new (server, KR_HUB_SELECT_CONNECTIONS, connection_ids, NULL);
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
  return clients_new (server, KR_HUB_SELECT_GROUPS, names, NULL);
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
  return clients_new (server, KR_HUB_SELECT_GROUPS, groups, NULL);
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
  return clients_new (server, KR_HUB_SELECT_GROUPS, names, connection_ids);
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
  return clients_new (server, KR_HUB_SELECT_USERS, user_ids, NULL);
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
