/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* DemoBus: the tasks of the demo on D-Bus. */
#include "config.h"

#include "demo-bus.h"

#include "demo-operation.h"

struct _DemoBus
{
  GDBusConnection *connection;
  KrTaskBusExporter *exporter;
  guint name_id;
};

static void
on_name_acquired (GDBusConnection *connection, const char *name, gpointer user_data)
{
  g_print ("Tasks are on the bus as %s\n", name);
}

static void
on_name_lost (GDBusConnection *connection, const char *name, gpointer user_data)
{
  g_printerr ("kr-demo: the bus name %s belongs to somebody else; the tasks are at %s only\n", name,
              connection != NULL ? g_dbus_connection_get_unique_name (connection) : "nowhere");
}

/* A connection of our own: the shared one would end the process together with the bus. */
static GDBusConnection *
connect_to (const char *bus, GError **error)
{
  g_autofree char *address = NULL;

  if (g_strcmp0 (bus, "session") == 0)
    address = g_dbus_address_get_for_bus_sync (G_BUS_TYPE_SESSION, NULL, error);
  else if (g_strcmp0 (bus, "system") == 0)
    address = g_dbus_address_get_for_bus_sync (G_BUS_TYPE_SYSTEM, NULL, error);
  else
    address = g_strdup (bus);
  if (address == NULL)
    return NULL;
  return g_dbus_connection_new_for_address_sync (address,
                                                 G_DBUS_CONNECTION_FLAGS_AUTHENTICATION_CLIENT |
                                                 G_DBUS_CONNECTION_FLAGS_MESSAGE_BUS_CONNECTION,
                                                 NULL, NULL, error);
}

/**
 * demo_bus_publish:
 * @manager: the tasks
 * @bus: `session`, `system`, or the address of a bus
 * @factory: makes an operation for somebody who starts one over the bus
 * @user_data: data for @factory
 * @error: return location for an error
 *
 * Connects to a bus and publishes the tasks there, as %DEMO_BUS_NAME at %DEMO_BUS_PATH.
 *
 * Returns: (transfer full): what keeps them there, or %NULL
 */
DemoBus *
demo_bus_publish (KrTaskManager *manager, const char *bus, KrTaskFactory factory, gpointer user_data, GError **error)
{
  g_autoptr (DemoBus) self = g_new0 (DemoBus, 1);

  self->connection = connect_to (bus, error);
  if (self->connection == NULL)
    return NULL;
  self->exporter = kr_task_bus_exporter_new (manager, self->connection, DEMO_BUS_PATH);
  kr_task_bus_exporter_add_kind (self->exporter, DEMO_OPERATION_KIND, factory, user_data, NULL);
  if (!kr_task_bus_exporter_export (self->exporter, error))
    return NULL;
  self->name_id = g_bus_own_name_on_connection (self->connection, DEMO_BUS_NAME, G_BUS_NAME_OWNER_FLAGS_NONE,
                                                on_name_acquired, on_name_lost, NULL, NULL);
  return g_steal_pointer (&self);
}

/**
 * demo_bus_free:
 * @self: what demo_bus_publish() returned
 *
 * Takes the tasks off the bus and closes the connection.
 */
void
demo_bus_free (DemoBus *self)
{
  g_clear_handle_id (&self->name_id, g_bus_unown_name);
  if (self->exporter != NULL)
    kr_task_bus_exporter_unexport (self->exporter);
  g_clear_object (&self->exporter);
  if (self->connection != NULL)
    g_dbus_connection_close_sync (self->connection, NULL, NULL);
  g_clear_object (&self->connection);
  g_free (self);
}
