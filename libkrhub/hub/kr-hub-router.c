/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* KrHubRouter: the connections of one hub, by id, group and user, and how a message reaches some of them. */
#include "config.h"

#include "kr-hub-router-private.h"

static void
member_free (gpointer data)
{
  KrHubMember *self = data;

  g_clear_pointer (&self->groups, g_hash_table_unref);
  g_free (self);
}

void
kr_hub_router_init (KrHubRouter *self)
{
  self->members = g_ptr_array_new_with_free_func (member_free);
  self->by_id = g_hash_table_new (g_str_hash, g_str_equal);
  self->groups = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify) g_hash_table_unref);
  self->users = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify) g_hash_table_unref);
}

void
kr_hub_router_clear (KrHubRouter *self)
{
  g_clear_pointer (&self->by_id, g_hash_table_unref);
  g_clear_pointer (&self->groups, g_hash_table_unref);
  g_clear_pointer (&self->users, g_hash_table_unref);
  g_clear_pointer (&self->members, g_ptr_array_unref);
}

/* --- membership --- */

static void
add_to_set (GHashTable *sets, const char *name, KrHubMember *member)
{
  GHashTable *set = g_hash_table_lookup (sets, name);

  if (set == NULL)
    {
      set = g_hash_table_new (NULL, NULL);
      g_hash_table_insert (sets, g_strdup (name), set);
    }
  g_hash_table_add (set, member);
}

static void
remove_from_set (GHashTable *sets, const char *name, KrHubMember *member)
{
  GHashTable *set = g_hash_table_lookup (sets, name);

  if (set == NULL)
    return;
  g_hash_table_remove (set, member);
  if (g_hash_table_size (set) == 0)
    g_hash_table_remove (sets, name);
}

void
kr_hub_router_add (KrHubRouter *self, KrHubConnection *connection)
{
  KrHubMember *member = g_new0 (KrHubMember, 1);

  member->connection = connection;
  member->index = self->members->len;
  connection->owner_data = member;
  g_ptr_array_add (self->members, member);
  g_hash_table_insert (self->by_id, connection->id, member);
  if (connection->user_id != NULL)
    add_to_set (self->users, connection->user_id, member);
}

void
kr_hub_router_remove (KrHubRouter *self, KrHubConnection *connection)
{
  KrHubMember *member = g_steal_pointer (&connection->owner_data);
  KrHubMember *last;

  if (member == NULL)
    return;
  if (member->groups != NULL)
    {
      GHashTableIter iter;
      const char *group;

      g_hash_table_iter_init (&iter, member->groups);
      while (g_hash_table_iter_next (&iter, (gpointer *) &group, NULL))
        remove_from_set (self->groups, group, member);
    }
  if (connection->user_id != NULL)
    remove_from_set (self->users, connection->user_id, member);
  g_hash_table_remove (self->by_id, connection->id);
  last = g_ptr_array_index (self->members, self->members->len - 1);
  last->index = member->index;
  g_ptr_array_remove_index_fast (self->members, member->index);
}

static KrHubMember *
lookup (KrHubRouter *self, const char *id)
{
  return g_hash_table_lookup (self->by_id, id);
}

KrHubConnection *
kr_hub_router_lookup (KrHubRouter *self, const char *id)
{
  KrHubMember *member = lookup (self, id);

  return member != NULL ? member->connection : NULL;
}

void
kr_hub_router_join (KrHubRouter *self, const char *connection_id, const char *group)
{
  KrHubMember *member = lookup (self, connection_id);

  if (member == NULL)
    return;
  if (member->groups == NULL)
    member->groups = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_hash_table_add (member->groups, g_strdup (group));
  add_to_set (self->groups, group, member);
}

void
kr_hub_router_leave (KrHubRouter *self, const char *connection_id, const char *group)
{
  KrHubMember *member = lookup (self, connection_id);

  if (member == NULL || member->groups == NULL || !g_hash_table_remove (member->groups, group))
    return;
  remove_from_set (self->groups, group, member);
}

/* --- sending --- */

static GBytes *
multicast_get (KrHubMulticast *self, KrHubProtocol *protocol)
{
  g_auto (KrHubBuffer) buffer = KR_HUB_BUFFER_INIT;
  guint index = 0;

  if (G_LIKELY (protocol == self->last))
    return self->last_written;
  g_ptr_array_find (self->settings->protocols, protocol, &index);
  g_assert (index < G_N_ELEMENTS (self->written));
  if (self->written[index] == NULL &&
      kr_hub_protocol_write (protocol, &self->message, &buffer, self->error == NULL ? &self->error : NULL))
    self->written[index] = kr_hub_buffer_free_to_bytes (&buffer);
  self->last = protocol;
  return self->last_written = self->written[index];
}

void
kr_hub_multicast_clear (KrHubMulticast *self)
{
  for (guint i = 0; i < G_N_ELEMENTS (self->written); i++)
    g_clear_pointer (&self->written[i], g_bytes_unref);
  g_clear_pointer (&self->target, g_ref_string_release);
  g_clear_error (&self->error);
}

/* Only where events may be dropped. */
static char *
multicast_get_target (KrHubMulticast *self, KrHubConnection *connection)
{
  if (G_LIKELY (!kr_hub_session_drops (&connection->session)))
    return NULL;
  if (self->target == NULL)
    self->target = g_ref_string_new_len (self->message.target.data, self->message.target.len);
  return self->target;
}

static void
send_to (KrHubMember *member, KrHubMulticast *multicast, const char *const *except)
{
  g_autoptr (KrHubConnection) slow = NULL;
  GBytes *bytes;

  if (member->connection->session.protocol == NULL || (except != NULL && g_strv_contains (except, member->connection->id)))
    return;
  bytes = multicast_get (multicast, member->connection->session.protocol);
  if (bytes == NULL)
    return;
  /* It may end now. */
  if (G_UNLIKELY (multicast->slow != NULL))
    slow = g_object_ref (member->connection);
  kr_hub_connection_send_shared (member->connection, bytes, multicast_get_target (multicast, member->connection));
  if (G_UNLIKELY (slow != NULL) && kr_hub_connection_wants_wait (slow))
    g_ptr_array_add (multicast->slow, g_steal_pointer (&slow));
}

/* Sending may end a connection (its outbox overflows) and so change what is walked: walk a snapshot of references, or
 * an array from its end, where removal only moves members that were served already. */
static void
send_set (GHashTable *set, KrHubMulticast *multicast, const char *const *except)
{
  g_autoptr (GPtrArray) connections = NULL;
  GHashTableIter iter;
  KrHubMember *member;

  if (set == NULL)
    return;
  connections = g_ptr_array_new_full (g_hash_table_size (set), g_object_unref);
  g_hash_table_iter_init (&iter, set);
  while (g_hash_table_iter_next (&iter, (gpointer *) &member, NULL))
    g_ptr_array_add (connections, g_object_ref (member->connection));
  for (guint i = 0; i < connections->len; i++)
    {
      KrHubConnection *connection = g_ptr_array_index (connections, i);

      if (connection->owner_data != NULL)
        send_to (connection->owner_data, multicast, except);
    }
}

void
kr_hub_router_send_all (KrHubRouter *self, KrHubMulticast *multicast, const char *const *except)
{
  for (guint i = self->members->len; i > 0; i--)
    if (i <= self->members->len)
      send_to (g_ptr_array_index (self->members, i - 1), multicast, except);
}

void
kr_hub_router_send_group (KrHubRouter *self, KrHubMulticast *multicast, const char *group, const char *const *except)
{
  send_set (g_hash_table_lookup (self->groups, group), multicast, except);
}

void
kr_hub_router_send_user (KrHubRouter *self, KrHubMulticast *multicast, const char *user_id)
{
  send_set (g_hash_table_lookup (self->users, user_id), multicast, NULL);
}

void
kr_hub_router_send_connection (KrHubRouter *self, KrHubMulticast *multicast, const char *id)
{
  KrHubMember *member = lookup (self, id);

  if (member != NULL)
    send_to (member, multicast, NULL);
}
