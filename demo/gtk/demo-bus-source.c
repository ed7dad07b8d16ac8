/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* DemoBusSource: the tasks of kr-demo on the bus. */
#include "config.h"

#include "demo-bus-source.h"

#include <glib/gi18n.h>

#include "demo-bus-task.h"

#define BUS_NAME "org.kestrun.Tasks"
#define BUS_PATH "/org/kestrun/Tasks"
#define RETRY_SECONDS 2

/*
 * DemoBusSource:
 *
 * The tasks of kr-demo on a bus. The program may come and go; the bus itself is tried again every two seconds.
 */
struct _DemoBusSource
{
  DemoSource parent_instance;

  char *bus; /* session, system, or an address */
  GCancellable *cancellable;
  GDBusConnection *connection; /* our own: the shared one would end the process together with the bus */
  KrTaskBusClient *client;     /* NULL while there is no bus */
  char *problem;               /* why there is no bus */
  guint retry_id;
};

static void connect_to_bus (DemoBusSource *self);

G_DEFINE_FINAL_TYPE (DemoBusSource, demo_bus_source, DEMO_TYPE_SOURCE)

/* --- the list ----------------------------------------------------------------------------------------------------- */

static void
on_jobs_changed (GListModel *jobs, guint position, guint removed, guint added, gpointer user_data)
{
  g_autoptr (GPtrArray) tasks = g_ptr_array_new_with_free_func (g_object_unref);

  for (guint i = 0; i < added; i++)
    {
      g_autoptr (KrTaskRemoteJob) job = g_list_model_get_item (jobs, position + i);

      g_ptr_array_add (tasks, demo_bus_task_new (job));
    }
  g_list_store_splice (demo_source_get_tasks (user_data), position, removed, tasks->pdata, added);
}

/* --- the bus ------------------------------------------------------------------------------------------------------ */

static void
on_connected (KrTaskBusClient *client, GParamSpec *pspec, gpointer user_data)
{
  demo_source_set_available (user_data, kr_task_bus_client_get_connected (client));
}

static void
on_kinds (KrTaskBusClient *client, GParamSpec *pspec, gpointer user_data)
{
  demo_source_set_kinds (user_data, kr_task_bus_client_get_kinds (client));
}

static void
drop_client (DemoBusSource *self)
{
  if (self->client != NULL)
    g_signal_handlers_disconnect_by_data (self->client, self);
  g_clear_object (&self->client);
  if (self->connection != NULL)
    g_signal_handlers_disconnect_by_data (self->connection, self);
  g_clear_object (&self->connection);
}

static gboolean
on_retry (gpointer user_data)
{
  DemoBusSource *self = user_data;

  self->retry_id = 0;
  connect_to_bus (self);
  return G_SOURCE_REMOVE;
}

static void
lose_bus (DemoBusSource *self, const GError *error)
{
  drop_client (self);
  g_free (self->problem);
  self->problem = g_strdup (error != NULL ? error->message : _("The bus is gone"));
  g_list_store_remove_all (demo_source_get_tasks (DEMO_SOURCE (self)));
  demo_source_set_available (DEMO_SOURCE (self), FALSE);
  if (self->retry_id == 0)
    self->retry_id = g_timeout_add_seconds (RETRY_SECONDS, on_retry, self);
}

static void
on_closed (GDBusConnection *connection, gboolean remote_peer_vanished, GError *error, gpointer user_data)
{
  lose_bus (user_data, NULL);
}

static void
on_client (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (KrTaskBusClient) client = kr_task_bus_client_new_finish (result, &error);
  DemoBusSource *self = user_data;

  if (client == NULL)
    {
      if (!g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
        lose_bus (self, error);
      return;
    }
  /* the bus may have gone meanwhile */
  if (self->connection == NULL)
    return;
  self->client = g_steal_pointer (&client);
  g_clear_pointer (&self->problem, g_free);
  g_signal_connect (self->client, "items-changed", G_CALLBACK (on_jobs_changed), self);
  g_signal_connect (self->client, "notify::connected", G_CALLBACK (on_connected), self);
  g_signal_connect (self->client, "notify::kinds", G_CALLBACK (on_kinds), self);
  on_jobs_changed (G_LIST_MODEL (self->client), 0, 0, g_list_model_get_n_items (G_LIST_MODEL (self->client)), self);
  on_kinds (self->client, NULL, self);
  on_connected (self->client, NULL, self);
}

static void
on_connection (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GDBusConnection) connection = g_dbus_connection_new_for_address_finish (result, &error);
  DemoBusSource *self = user_data;

  if (connection == NULL)
    {
      if (!g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
        lose_bus (self, error);
      return;
    }
  self->connection = g_steal_pointer (&connection);
  g_signal_connect (self->connection, "closed", G_CALLBACK (on_closed), self);
  kr_task_bus_client_new_async (self->connection, BUS_NAME, BUS_PATH, self->cancellable, on_client, self);
}

static void
connect_to_bus (DemoBusSource *self)
{
  g_autofree char *address = NULL;
  g_autoptr (GError) error = NULL;

  /* neither of them waits: they look at the environment and at files */
  if (g_str_equal (self->bus, "session"))
    address = g_dbus_address_get_for_bus_sync (G_BUS_TYPE_SESSION, NULL, &error);
  else if (g_str_equal (self->bus, "system"))
    address = g_dbus_address_get_for_bus_sync (G_BUS_TYPE_SYSTEM, NULL, &error);
  else
    address = g_strdup (self->bus);
  if (address == NULL)
    {
      lose_bus (self, error);
      return;
    }
  g_dbus_connection_new_for_address (address,
                                     G_DBUS_CONNECTION_FLAGS_AUTHENTICATION_CLIENT
                                     | G_DBUS_CONNECTION_FLAGS_MESSAGE_BUS_CONNECTION,
                                     NULL, self->cancellable, on_connection, self);
}

/* --- the source --------------------------------------------------------------------------------------------------- */

static char *
dup_hint (DemoSource *source)
{
  DemoBusSource *self = DEMO_BUS_SOURCE (source);

  if (self->problem != NULL)
    return g_strdup_printf (_("There is no bus to look for tasks on: %s"), self->problem);
  return g_strdup (_("Start kr-demo. Its tasks show up here by themselves."));
}

static void
on_started (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  g_autoptr (KrTaskRemoteJob) job = NULL;
  GError *error = NULL;

  job = kr_task_bus_client_start_finish (KR_TASK_BUS_CLIENT (source), result, &error);
  if (job != NULL)
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, error);
}

static void
start_async (DemoSource *source, const char *kind, guint seconds, GCancellable *cancellable,
             GAsyncReadyCallback callback, gpointer user_data)
{
  DemoBusSource *self = DEMO_BUS_SOURCE (source);
  g_autoptr (GTask) task = g_task_new (self, cancellable, callback, user_data);
  GVariantDict parameters;

  g_task_set_source_tag (task, start_async);
  if (self->client == NULL)
    {
      g_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_NOT_CONNECTED, "%s", _("There is nobody to start it"));
      return;
    }
  g_variant_dict_init (&parameters, NULL);
  g_variant_dict_insert (&parameters, "seconds", "u", seconds);
  kr_task_bus_client_start_async (self->client, kind, g_variant_dict_end (&parameters), NULL, cancellable, on_started,
                                  g_steal_pointer (&task));
}

static gboolean
start_finish (DemoSource *source, GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}

static void
demo_bus_source_finalize (GObject *object)
{
  DemoBusSource *self = DEMO_BUS_SOURCE (object);

  /* what is under way ends as cancelled, and then leaves us alone */
  g_cancellable_cancel (self->cancellable);
  drop_client (self);
  g_clear_handle_id (&self->retry_id, g_source_remove);
  g_object_unref (self->cancellable);
  g_free (self->problem);
  g_free (self->bus);
  G_OBJECT_CLASS (demo_bus_source_parent_class)->finalize (object);
}

static void
demo_bus_source_class_init (DemoBusSourceClass *klass)
{
  DemoSourceClass *source_class = DEMO_SOURCE_CLASS (klass);

  G_OBJECT_CLASS (klass)->finalize = demo_bus_source_finalize;
  source_class->dup_hint = dup_hint;
  source_class->start_async = start_async;
  source_class->start_finish = start_finish;
}

static void
demo_bus_source_init (DemoBusSource *self)
{
  self->cancellable = g_cancellable_new ();
}

/**
 * demo_bus_source_new:
 * @bus: `session`, `system`, or the address of a bus
 *
 * Creates a source, which begins to look at once.
 *
 * Returns: (transfer full): a source
 */
DemoSource *
demo_bus_source_new (const char *bus)
{
  DemoBusSource *self = g_object_new (DEMO_TYPE_BUS_SOURCE, NULL);

  self->bus = g_strdup (bus);
  connect_to_bus (self);
  return DEMO_SOURCE (self);
}
