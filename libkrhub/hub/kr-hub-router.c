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

/* @to is free: what its slot holds has moved already. */
static void
move_member (KrHubRouter *self, guint to, guint from)
{
  KrHubMember *member = g_ptr_array_index (self->members, from);

  if (to == from)
    return;
  self->members->pdata[to] = member;
  member->index = to;
}

/* The smallest border above @index between members that a walk has served and those that it has not; 0: there is none. */
static guint
find_border (KrHubRouter *self, guint index)
{
  guint border = 0;

  for (KrHubWalk *walk = self->walks; walk != NULL; walk = walk->outer)
    if (walk->left > index && (border == 0 || walk->left < border))
      border = walk->left;
  return border;
}

/* The last member takes the free place; but nobody may cross a border of a walk, to be served twice or not at all, so
 * that the last one below each border moves instead. */
static void
remove_member (KrHubRouter *self, KrHubMember *member)
{
  guint place = member->index;

  for (guint border = find_border (self, place); border > 0; border = find_border (self, place))
    {
      move_member (self, place, border - 1);
      place = border - 1;
      for (KrHubWalk *walk = self->walks; walk != NULL; walk = walk->outer)
        walk->left -= walk->left == border;
    }
  move_member (self, place, self->members->len - 1);
  self->members->pdata[self->members->len - 1] = member;
  g_ptr_array_set_size (self->members, self->members->len - 1);
}

void
kr_hub_router_remove (KrHubRouter *self, KrHubConnection *connection)
{
  KrHubMember *member = g_steal_pointer (&connection->owner_data);

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
  remove_member (self, member);
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

/* Sending may end connections (an outbox overflows, and who hears of that ends others) and so change what is walked: a
 * snapshot of references here, for all an array that knows of its walks. */
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
  KrHubWalk walk = { self->walks, self->members->len };

  self->walks = &walk;
  while (walk.left > 0)
    send_to (g_ptr_array_index (self->members, --walk.left), multicast, except);
  self->walks = walk.outer;
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
