/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* KrTaskBusClient: the jobs of another program on the bus, as a list model. */
#include "config.h"

#include "kr-task-bus-client.h"
#include "kr-task-dbus.h"
#include "kr-task-remote-job-private.h"

/**
 * KrTaskBusClient:
 *
 * The jobs of another program on the bus.
 *
 * It is a [iface@Gio.ListModel] of [class@KrTask.RemoteJob] in the order in which the bus tells of them. It stays when the
 * program goes away, empty, and fills again when it comes back. It belongs to the thread-default main context in which it
 * was made.
 *
 * Since: 0.1
 */
struct _KrTaskBusClient
{
  GObject parent_instance;

  GDBusObjectManager *objects;
  KrTaskDBusTaskManager1 *manager;
  GListStore *jobs;
  GHashTable *by_path; /* KrTaskRemoteJob by object path; not owned */
};

typedef enum
{
  PROP_CONNECTED = 1,
  PROP_KINDS,
} KrTaskBusClientProperty;

static GParamSpec *props[PROP_KINDS + 1];

static void list_model_init (GListModelInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (KrTaskBusClient, kr_task_bus_client, G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (G_TYPE_LIST_MODEL, list_model_init))

static GType
get_item_type (GListModel *model)
{
  return KR_TASK_TYPE_REMOTE_JOB;
}

static guint
get_n_items (GListModel *model)
{
  return g_list_model_get_n_items (G_LIST_MODEL (KR_TASK_BUS_CLIENT (model)->jobs));
}

static gpointer
get_item (GListModel *model, guint position)
{
  return g_list_model_get_item (G_LIST_MODEL (KR_TASK_BUS_CLIENT (model)->jobs), position);
}

static void
list_model_init (GListModelInterface *iface)
{
  iface->get_item_type = get_item_type;
  iface->get_n_items = get_n_items;
  iface->get_item = get_item;
}

static void
on_object_added (GDBusObjectManager *objects, GDBusObject *object, gpointer user_data)
{
  KrTaskBusClient *self = user_data;
  g_autoptr (KrTaskDBusTask1) proxy = kr_task_dbus_object_get_task1 (KR_TASK_DBUS_OBJECT (object));
  g_autoptr (KrTaskRemoteJob) job = NULL;
  const char *path = g_dbus_object_get_object_path (object);

  if (proxy == NULL || g_hash_table_contains (self->by_path, path))
    return;
  job = kr_task_remote_job_new (proxy);
  g_hash_table_insert (self->by_path, g_strdup (path), job);
  g_list_store_append (self->jobs, job);
}

static void
on_object_removed (GDBusObjectManager *objects, GDBusObject *object, gpointer user_data)
{
  KrTaskBusClient *self = user_data;
  const char *path = g_dbus_object_get_object_path (object);
  KrTaskRemoteJob *job = g_hash_table_lookup (self->by_path, path);
  guint position;

  if (job == NULL)
    return;
  if (g_list_store_find (self->jobs, job, &position))
    {
      g_hash_table_remove (self->by_path, path);
      g_list_store_remove (self->jobs, position);
    }
}

static void
on_items_changed (GListModel *jobs, guint position, guint removed, guint added, gpointer user_data)
{
  g_list_model_items_changed (user_data, position, removed, added);
}

static void
on_name_owner (GDBusObjectManager *objects, GParamSpec *pspec, gpointer user_data)
{
  g_object_notify_by_pspec (user_data, props[PROP_CONNECTED]);
}

static void
on_kinds (KrTaskDBusTaskManager1 *manager, GParamSpec *pspec, gpointer user_data)
{
  g_object_notify_by_pspec (user_data, props[PROP_KINDS]);
}

static void
kr_task_bus_client_get_property (GObject *object, guint prop_id, GValue *value, GParamSpec *pspec)
{
  switch ((KrTaskBusClientProperty) prop_id)
    {
    case PROP_CONNECTED:
      g_value_set_boolean (value, kr_task_bus_client_get_connected (KR_TASK_BUS_CLIENT (object)));
      break;
    case PROP_KINDS:
      g_value_set_boxed (value, kr_task_bus_client_get_kinds (KR_TASK_BUS_CLIENT (object)));
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
kr_task_bus_client_finalize (GObject *object)
{
  KrTaskBusClient *self = KR_TASK_BUS_CLIENT (object);

  if (self->objects != NULL)
    g_signal_handlers_disconnect_by_data (self->objects, self);
  if (self->manager != NULL)
    g_signal_handlers_disconnect_by_data (self->manager, self);
  g_signal_handlers_disconnect_by_data (self->jobs, self);
  g_clear_object (&self->objects);
  g_clear_object (&self->manager);
  g_hash_table_unref (self->by_path);
  g_object_unref (self->jobs);
  G_OBJECT_CLASS (kr_task_bus_client_parent_class)->finalize (object);
}

static void
kr_task_bus_client_class_init (KrTaskBusClientClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->get_property = kr_task_bus_client_get_property;
  object_class->finalize = kr_task_bus_client_finalize;

  /**
   * KrTaskBusClient:connected: (getter get_connected)
   *
   * Whether the program is on the bus.
   *
   * Since: 0.1
   */
  props[PROP_CONNECTED] = g_param_spec_boolean ("connected", NULL, NULL, FALSE,
                                                G_PARAM_READABLE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY);
  /**
   * KrTaskBusClient:kinds: (getter get_kinds)
   *
   * What the program lets callers start, in its order; empty while it is not on the bus.
   *
   * Since: 0.1
   */
  props[PROP_KINDS] = g_param_spec_boxed ("kinds", NULL, NULL, G_TYPE_STRV,
                                          G_PARAM_READABLE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY);
  g_object_class_install_properties (object_class, G_N_ELEMENTS (props), props);
}

static void
kr_task_bus_client_init (KrTaskBusClient *self)
{
  self->jobs = g_list_store_new (KR_TASK_TYPE_REMOTE_JOB);
  self->by_path = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_signal_connect (self->jobs, "items-changed", G_CALLBACK (on_items_changed), self);
}

/* --- making one --------------------------------------------------------------------------------------------------- */

static void
take_objects (KrTaskBusClient *self, GDBusObjectManager *objects)
{
  GList *list = g_dbus_object_manager_get_objects (objects);

  self->objects = objects;
  g_signal_connect (objects, "object-added", G_CALLBACK (on_object_added), self);
  g_signal_connect (objects, "object-removed", G_CALLBACK (on_object_removed), self);
  g_signal_connect (objects, "notify::name-owner", G_CALLBACK (on_name_owner), self);
  for (GList *l = list; l != NULL; l = l->next)
    on_object_added (objects, l->data, self);
  g_list_free_full (list, g_object_unref);
}

static void
on_objects (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  KrTaskBusClient *self = g_task_get_task_data (task);
  GError *error = NULL;
  GDBusObjectManager *objects = kr_task_dbus_object_manager_client_new_finish (result, &error);

  if (objects == NULL)
    {
      g_task_return_error (task, error);
      return;
    }
  take_objects (self, objects);
  g_task_return_pointer (task, g_object_ref (self), g_object_unref);
}

static void
on_manager (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  KrTaskBusClient *self = g_task_get_task_data (task);
  GError *error = NULL;
  GDBusProxy *proxy;

  self->manager = kr_task_dbus_task_manager1_proxy_new_finish (result, &error);
  if (self->manager == NULL)
    {
      g_task_return_error (task, error);
      return;
    }
  g_signal_connect (self->manager, "notify::kinds", G_CALLBACK (on_kinds), self);
  proxy = G_DBUS_PROXY (self->manager);
  kr_task_dbus_object_manager_client_new (g_dbus_proxy_get_connection (proxy),
                                          G_DBUS_OBJECT_MANAGER_CLIENT_FLAGS_DO_NOT_AUTO_START,
                                          g_dbus_proxy_get_name (proxy), g_dbus_proxy_get_object_path (proxy),
                                          g_task_get_cancellable (task), on_objects, g_object_ref (task));
}

/**
 * kr_task_bus_client_new_async:
 * @connection: a connection to a bus
 * @bus_name: the name of the program, such as `org.kestrun.Demo`
 * @object_path: where its tasks are, such as `/org/kestrun/Tasks`
 * @cancellable: (nullable): stops it
 * @callback: (scope async) (closure user_data): called with the client
 * @user_data: its argument
 *
 * Finds the jobs of a program. It need not be on the bus yet, and is not started.
 *
 * Since: 0.1
 */
void
kr_task_bus_client_new_async (GDBusConnection *connection, const char *bus_name, const char *object_path,
                              GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  g_autoptr (GTask) task = NULL;

  g_return_if_fail (G_IS_DBUS_CONNECTION (connection));
  g_return_if_fail (bus_name != NULL);
  g_return_if_fail (object_path != NULL && g_variant_is_object_path (object_path));

  kr_task_error_quark ();
  task = g_task_new (NULL, cancellable, callback, user_data);
  g_task_set_source_tag (task, kr_task_bus_client_new_async);
  g_task_set_task_data (task, g_object_new (KR_TASK_TYPE_BUS_CLIENT, NULL), g_object_unref);
  kr_task_dbus_task_manager1_proxy_new (connection, G_DBUS_PROXY_FLAGS_DO_NOT_AUTO_START, bus_name, object_path,
                                        cancellable, on_manager, g_steal_pointer (&task));
}

/**
 * kr_task_bus_client_new_finish: (constructor)
 * @result: what the callback was given
 * @error: return location for what went wrong
 *
 * Ends [func@KrTask.BusClient.new_async].
 *
 * Returns: (transfer full): a new client
 *
 * Since: 0.1
 */
KrTaskBusClient *
kr_task_bus_client_new_finish (GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, NULL), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}

/**
 * kr_task_bus_client_get_connected: (get-property connected)
 * @self: a client
 *
 * Tells whether the program is on the bus.
 *
 * Returns: %TRUE if it is
 *
 * Since: 0.1
 */
gboolean
kr_task_bus_client_get_connected (KrTaskBusClient *self)
{
  g_autofree char *owner = NULL;

  g_return_val_if_fail (KR_TASK_IS_BUS_CLIENT (self), FALSE);

  owner = g_dbus_object_manager_client_get_name_owner (G_DBUS_OBJECT_MANAGER_CLIENT (self->objects));
  return owner != NULL;
}

/**
 * kr_task_bus_client_get_kinds: (get-property kinds)
 * @self: a client
 *
 * Gets what [method@KrTask.BusClient.start_async] takes.
 *
 * Returns: (transfer none) (array zero-terminated=1): names, in the order in which the program offers them; empty while
 *   it is not on the bus. They are valid until the main loop runs again
 *
 * Since: 0.1
 */
const char *const *
kr_task_bus_client_get_kinds (KrTaskBusClient *self)
{
  static const char *const none[] = { NULL };
  const char *const *kinds;

  g_return_val_if_fail (KR_TASK_IS_BUS_CLIENT (self), NULL);

  kinds = kr_task_dbus_task_manager1_get_kinds (self->manager);
  return kinds != NULL ? kinds : none;
}

/* --- starting ----------------------------------------------------------------------------------------------------- */

static void
on_started (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  KrTaskBusClient *self = g_task_get_source_object (task);
  g_autofree char *path = NULL;
  GError *error = NULL;
  KrTaskRemoteJob *job;

  if (!kr_task_dbus_task_manager1_call_start_finish (KR_TASK_DBUS_TASK_MANAGER1 (source), &path, result, &error))
    {
      g_dbus_error_strip_remote_error (error);
      g_task_return_error (task, error);
      return;
    }
  /* the bus tells of the object before it gives the answer */
  job = g_hash_table_lookup (self->by_path, path);
  if (job != NULL)
    g_task_return_pointer (task, g_object_ref (job), g_object_unref);
  else
    g_task_return_new_error (task, KR_TASK_ERROR, KR_TASK_ERROR_NOT_FOUND, "The new task is gone already");
}

/**
 * kr_task_bus_client_start_async:
 * @self: a client
 * @kind: what sort of job, one that the program offers
 * @parameters: (nullable): its parameters, an `a{sv}`, taken over if floating
 * @options: (nullable): as of `org.kestrun.TaskManager1.Start`, an `a{sv}`, taken over if floating
 * @cancellable: (nullable): stops the call, not the job
 * @callback: (scope async) (closure user_data): called with the job
 * @user_data: its argument
 *
 * Starts a job in the other program.
 *
 * Since: 0.1
 */
void
kr_task_bus_client_start_async (KrTaskBusClient *self, const char *kind, GVariant *parameters, GVariant *options,
                                GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  g_autoptr (GTask) task = NULL;

  g_return_if_fail (KR_TASK_IS_BUS_CLIENT (self));
  g_return_if_fail (kind != NULL);

  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, kr_task_bus_client_start_async);
  if (parameters == NULL)
    parameters = g_variant_new_array (G_VARIANT_TYPE ("{sv}"), NULL, 0);
  if (options == NULL)
    options = g_variant_new_array (G_VARIANT_TYPE ("{sv}"), NULL, 0);
  kr_task_dbus_task_manager1_call_start (self->manager, kind, parameters, options, cancellable, on_started,
                                         g_steal_pointer (&task));
}

/**
 * kr_task_bus_client_start_finish:
 * @self: a client
 * @result: what the callback was given
 * @error: return location for a #KrTaskError, what the program says, or what went wrong on the way
 *
 * Ends [method@KrTask.BusClient.start_async].
 *
 * Returns: (transfer full): the new job, which is in the list already
 *
 * Since: 0.1
 */
KrTaskRemoteJob *
kr_task_bus_client_start_finish (KrTaskBusClient *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}
