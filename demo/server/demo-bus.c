/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* DemoBus: the tasks of the demo on D-Bus. */
#include "config.h"

#include "demo-bus.h"

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

/* The parameter is the one of the web: seconds, 1 to 600. */
static KrTaskJob *
create_operation (GVariant *parameters, GVariant *options, gpointer user_data, GError **error)
{
  const DemoMaker *maker = user_data;
  guint32 seconds = DEMO_OPERATION_DEFAULT_SECONDS;

  if (parameters != NULL)
    g_variant_lookup (parameters, "seconds", "u", &seconds);
  if (seconds >= 1 && seconds <= DEMO_OPERATION_MAX_SECONDS)
    return demo_parts_create_operation (maker->parts, maker->kind, seconds);
  g_set_error (error, G_DBUS_ERROR, G_DBUS_ERROR_INVALID_ARGS, "'seconds' must be a number from 1 to %d",
               DEMO_OPERATION_MAX_SECONDS);
  return NULL;
}

/**
 * demo_bus_publish:
 * @parts: the tasks, and what makes them; must outlive what is returned
 * @bus: `session`, `system`, or the address of a bus
 * @error: return location for an error
 *
 * Connects to a bus and publishes the tasks there, as %DEMO_BUS_NAME at %DEMO_BUS_PATH.
 *
 * Returns: (transfer full): what keeps them there, or %NULL
 */
DemoBus *
demo_bus_publish (DemoParts *parts, const char *bus, GError **error)
{
  g_autoptr (DemoBus) self = g_new0 (DemoBus, 1);

  self->connection = connect_to (bus, error);
  if (self->connection == NULL)
    return NULL;
  self->exporter = kr_task_bus_exporter_new (parts->manager, self->connection, DEMO_BUS_PATH);
  for (guint i = 0; i < DEMO_OPERATION_N_KINDS; i++)
    kr_task_bus_exporter_add_kind (self->exporter, demo_operation_get_name (i), create_operation, &parts->makers[i], NULL);
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
