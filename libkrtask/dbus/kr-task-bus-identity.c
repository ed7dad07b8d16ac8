/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* Who is at the other end of the bus: the users behind unique names. */
#include "config.h"

#include "kr-task-bus-identity-private.h"

#define BUS_NAME "org.freedesktop.DBus"
#define BUS_PATH "/org/freedesktop/DBus"

struct _KrTaskBusIdentities
{
  GDBusConnection *connection;
  GCancellable *cancellable; /* fires when this goes away: answers that come later find nobody */
  GHashTable *identities;    /* GVariant by unique name, as long as the name is on the bus */
  KrTaskBusGoneFunc gone;
  gpointer user_data;
  guint subscription; /* 0: no bus, but a single peer */
};

typedef struct
{
  KrTaskBusIdentities *self; /* valid unless the call was cancelled */
  char *sender;
  KrTaskBusIdentityFunc found;
  gpointer user_data;
} Search;

static void
search_free (Search *search)
{
  g_free (search->sender);
  g_free (search);
}

static GVariant *
identity_new (const char *sender, guint32 uid)
{
  GVariantDict dict;

  g_variant_dict_init (&dict, NULL);
  g_variant_dict_insert (&dict, "uid", "u", uid);
  if (sender != NULL)
    g_variant_dict_insert (&dict, "sender", "s", sender);
  return g_variant_ref_sink (g_variant_dict_end (&dict));
}

static void
on_name_owner_changed (GDBusConnection *connection, const char *sender_name, const char *object_path,
                       const char *interface_name, const char *signal_name, GVariant *parameters, gpointer user_data)
{
  KrTaskBusIdentities *self = user_data;
  const char *name, *new_owner;

  if (!g_variant_is_of_type (parameters, G_VARIANT_TYPE ("(sss)")))
    return;
  g_variant_get (parameters, "(&s&s&s)", &name, NULL, &new_owner);
  if (name[0] != ':' || new_owner[0] != '\0')
    return;
  g_hash_table_remove (self->identities, name);
  self->gone (name, self->user_data);
}

KrTaskBusIdentities *
kr_task_bus_identities_new (GDBusConnection *connection, KrTaskBusGoneFunc gone, gpointer user_data)
{
  KrTaskBusIdentities *self = g_new0 (KrTaskBusIdentities, 1);

  self->connection = g_object_ref (connection);
  self->cancellable = g_cancellable_new ();
  self->identities = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify) g_variant_unref);
  self->gone = gone;
  self->user_data = user_data;
  if (g_dbus_connection_get_unique_name (connection) != NULL)
    self->subscription = g_dbus_connection_signal_subscribe (connection, BUS_NAME, BUS_NAME, "NameOwnerChanged",
                                                             BUS_PATH, NULL, G_DBUS_SIGNAL_FLAGS_NONE,
                                                             on_name_owner_changed, self, NULL);
  return self;
}

void
kr_task_bus_identities_free (KrTaskBusIdentities *self)
{
  g_cancellable_cancel (self->cancellable);
  if (self->subscription != 0)
    g_dbus_connection_signal_unsubscribe (self->connection, self->subscription);
  g_hash_table_unref (self->identities);
  g_object_unref (self->cancellable);
  g_object_unref (self->connection);
  g_free (self);
}

static void
on_unix_user (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Search *search = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) reply = g_dbus_connection_call_finish (G_DBUS_CONNECTION (source), result, &error);
  GVariant *identity = NULL;
  guint32 uid;

  if (reply != NULL)
    {
      g_variant_get (reply, "(u)", &uid);
      identity = identity_new (search->sender, uid);
      g_hash_table_insert (search->self->identities, g_strdup (search->sender), g_variant_ref (identity));
    }
  search->found (identity, search->user_data);
  g_clear_pointer (&identity, g_variant_unref);
  search_free (search);
}

/* A connection without a bus has one peer, whom the socket knows. */
static void
find_peer (KrTaskBusIdentities *self, KrTaskBusIdentityFunc found, gpointer user_data)
{
  GCredentials *credentials = g_dbus_connection_get_peer_credentials (self->connection);
  g_autoptr (GVariant) identity = NULL;
  uid_t uid = credentials != NULL ? g_credentials_get_unix_user (credentials, NULL) : (uid_t) -1;

  if (uid != (uid_t) -1)
    identity = identity_new (NULL, uid);
  found (identity, user_data);
}

/**
 * kr_task_bus_identities_find:
 * @self: the identities
 * @sender: (nullable): a unique name
 * @found: called once, maybe before this returns; also when @self goes away meanwhile
 * @user_data: its argument
 *
 * Finds out who @sender is.
 */
void
kr_task_bus_identities_find (KrTaskBusIdentities *self, const char *sender, KrTaskBusIdentityFunc found,
                             gpointer user_data)
{
  Search *search;
  GVariant *known;

  if (sender == NULL)
    {
      find_peer (self, found, user_data);
      return;
    }
  known = g_hash_table_lookup (self->identities, sender);
  if (known != NULL)
    {
      found (known, user_data);
      return;
    }
  search = g_new (Search, 1);
  *search = (Search) { self, g_strdup (sender), found, user_data };
  g_dbus_connection_call (self->connection, BUS_NAME, BUS_PATH, BUS_NAME, "GetConnectionUnixUser",
                          g_variant_new ("(s)", sender), G_VARIANT_TYPE ("(u)"), G_DBUS_CALL_FLAGS_NONE, -1,
                          self->cancellable, on_unix_user, search);
}
