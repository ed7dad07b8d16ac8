/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* KrHubServer: who is there: connections, groups, users. */
#include "config.h"

#include "kr-hub-server-private.h"

/**
 * kr_hub_server_lookup:
 * @self: a hub
 * @connection_id: a connection's id
 *
 * Finds an open connection.
 *
 * Returns: (transfer none) (nullable): the connection, or %NULL
 *
 * Since: 0.1
 */
KrHubConnection *
kr_hub_server_lookup (KrHubServer *self, const char *connection_id)
{
  g_return_val_if_fail (KR_HUB_IS_SERVER (self), NULL);
  g_return_val_if_fail (connection_id != NULL, NULL);
  return kr_hub_router_lookup (&self->router, connection_id);
}

/**
 * kr_hub_server_get_n_connections:
 * @self: a hub
 *
 * Gets how many connections are open.
 *
 * Returns: the number of connections whose handshake is done
 *
 * Since: 0.1
 */
guint
kr_hub_server_get_n_connections (KrHubServer *self)
{
  g_return_val_if_fail (KR_HUB_IS_SERVER (self), 0);
  return self->router.members->len;
}

/**
 * kr_hub_server_add_to_group:
 * @self: a hub
 * @connection_id: a connection's id; an unknown one is ignored
 * @group: a name, case-sensitive
 *
 * Puts a connection into a group. Harmless when it is in it already; it leaves all groups when it ends.
 *
 * Since: 0.1
 */
void
kr_hub_server_add_to_group (KrHubServer *self, const char *connection_id, const char *group)
{
  g_return_if_fail (KR_HUB_IS_SERVER (self));
  g_return_if_fail (connection_id != NULL);
  g_return_if_fail (group != NULL);
  kr_hub_router_join (&self->router, connection_id, group);
}

/**
 * kr_hub_server_remove_from_group:
 * @self: a hub
 * @connection_id: a connection's id; an unknown one is ignored
 * @group: a name, case-sensitive
 *
 * Takes a connection out of a group. Harmless when it is not in it.
 *
 * Since: 0.1
 */
void
kr_hub_server_remove_from_group (KrHubServer *self, const char *connection_id, const char *group)
{
  g_return_if_fail (KR_HUB_IS_SERVER (self));
  g_return_if_fail (connection_id != NULL);
  g_return_if_fail (group != NULL);
  kr_hub_router_leave (&self->router, connection_id, group);
}

/* --- enumeration --- */

static char **
list_keys (GHashTable *table)
{
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  GHashTableIter iter;
  const char *key;

  g_hash_table_iter_init (&iter, table);
  while (g_hash_table_iter_next (&iter, (gpointer *) &key, NULL))
    g_strv_builder_add (builder, key);
  return g_strv_builder_end (builder);
}

static char **
list_members (GHashTable *sets, const char *name)
{
  GHashTable *set = g_hash_table_lookup (sets, name);
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  GHashTableIter iter;
  KrHubMember *member;

  if (set != NULL)
    {
      g_hash_table_iter_init (&iter, set);
      while (g_hash_table_iter_next (&iter, (gpointer *) &member, NULL))
        g_strv_builder_add (builder, member->connection->id);
    }
  return g_strv_builder_end (builder);
}

static guint
count_members (GHashTable *sets, const char *name)
{
  GHashTable *set = g_hash_table_lookup (sets, name);

  return set != NULL ? g_hash_table_size (set) : 0;
}

/**
 * kr_hub_server_list_connections:
 * @self: a hub
 *
 * Lists the connections that are open.
 *
 * Returns: (transfer full) (array zero-terminated=1): their ids, in no order
 *
 * Since: 0.1
 */
char **
kr_hub_server_list_connections (KrHubServer *self)
{
  g_return_val_if_fail (KR_HUB_IS_SERVER (self), NULL);
  return list_keys (self->router.by_id);
}

/**
 * kr_hub_server_list_groups:
 * @self: a hub
 *
 * Lists the groups that have members.
 *
 * Returns: (transfer full) (array zero-terminated=1): their names, in no order
 *
 * Since: 0.1
 */
char **
kr_hub_server_list_groups (KrHubServer *self)
{
  g_return_val_if_fail (KR_HUB_IS_SERVER (self), NULL);
  return list_keys (self->router.groups);
}

/**
 * kr_hub_server_list_group_connections:
 * @self: a hub
 * @group: a group's name
 *
 * Lists the members of a group.
 *
 * Returns: (transfer full) (array zero-terminated=1): the ids of their connections, in no order
 *
 * Since: 0.1
 */
char **
kr_hub_server_list_group_connections (KrHubServer *self, const char *group)
{
  g_return_val_if_fail (KR_HUB_IS_SERVER (self), NULL);
  g_return_val_if_fail (group != NULL, NULL);
  return list_members (self->router.groups, group);
}

/**
 * kr_hub_server_get_n_group_connections:
 * @self: a hub
 * @group: a group's name
 *
 * Gets how many members a group has.
 *
 * Returns: the number of connections
 *
 * Since: 0.1
 */
guint
kr_hub_server_get_n_group_connections (KrHubServer *self, const char *group)
{
  g_return_val_if_fail (KR_HUB_IS_SERVER (self), 0);
  g_return_val_if_fail (group != NULL, 0);
  return count_members (self->router.groups, group);
}

/**
 * kr_hub_server_list_users:
 * @self: a hub
 *
 * Lists the users that have connections.
 *
 * Returns: (transfer full) (array zero-terminated=1): their ids, in no order
 *
 * Since: 0.1
 */
char **
kr_hub_server_list_users (KrHubServer *self)
{
  g_return_val_if_fail (KR_HUB_IS_SERVER (self), NULL);
  return list_keys (self->router.users);
}

/**
 * kr_hub_server_list_user_connections:
 * @self: a hub
 * @user_id: a user's id
 *
 * Lists the connections of a user.
 *
 * Returns: (transfer full) (array zero-terminated=1): their ids, in no order
 *
 * Since: 0.1
 */
char **
kr_hub_server_list_user_connections (KrHubServer *self, const char *user_id)
{
  g_return_val_if_fail (KR_HUB_IS_SERVER (self), NULL);
  g_return_val_if_fail (user_id != NULL, NULL);
  return list_members (self->router.users, user_id);
}

/**
 * kr_hub_server_get_n_user_connections:
 * @self: a hub
 * @user_id: a user's id
 *
 * Gets how many connections a user has.
 *
 * Returns: the number of connections
 *
 * Since: 0.1
 */
guint
kr_hub_server_get_n_user_connections (KrHubServer *self, const char *user_id)
{
  g_return_val_if_fail (KR_HUB_IS_SERVER (self), 0);
  g_return_val_if_fail (user_id != NULL, 0);
  return count_members (self->router.users, user_id);
}
