/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* KrTaskBusExporter: shows the jobs of a manager on D-Bus. */
#include "config.h"

#include "kr-task-bus-exporter-private.h"

/* How long the object of a finished job stays, at least. */
#define KEEP_FINISHED (5 * G_TIME_SPAN_SECOND)
/* Of two announcements of the counters. */
#define COUNT_INTERVAL_MS 100

typedef enum
{
  PROP_MANAGER = 1,
  PROP_CONNECTION,
  PROP_OBJECT_PATH,
  PROP_USE_POLKIT,
} KrTaskBusExporterProperty;

static GParamSpec *props[PROP_USE_POLKIT + 1];

/**
 * KrTaskBusExporter:
 *
 * Shows the jobs of a manager on D-Bus, where they can be followed, cancelled and, for kinds that the program offers,
 * started.
 *
 * The interfaces `org.kestrun.TaskManager1` and `org.kestrun.Task1` are installed, with their documentation, as
 * `org.kestrun.TaskManager1.xml` and `org.kestrun.Task1.xml` in `share/dbus-1/interfaces`.
 *
 * Create and use it in the main context of the manager's owner.
 *
 * Since: 0.1
 */
G_DEFINE_FINAL_TYPE (KrTaskBusExporter, kr_task_bus_exporter, G_TYPE_OBJECT)

static void
object_free (gpointer data)
{
  kr_task_bus_object_free (data);
}

static GSource *
timer_new (KrTaskBusExporter *self, guint interval_ms, GSourceFunc func)
{
  GSource *source = g_timeout_source_new (interval_ms);

  g_source_set_static_name (source, "KrTaskBusExporter");
  g_source_set_callback (source, func, self, NULL);
  g_source_attach (source, self->context);
  return source;
}

static void
timer_stop (GSource **source)
{
  if (*source == NULL)
    return;
  g_source_destroy (*source);
  g_clear_pointer (source, g_source_unref);
}

/* --- families ------------------------------------------------------------------------------------------------------- */

/* Those of the children that are on the bus, and to each of them its parent. */
static void
show_children (KrTaskBusExporter *self, KrTaskBusObject *object)
{
  GListModel *children = kr_task_job_get_children (object->job);
  GPtrArray *paths = g_ptr_array_new_with_free_func (g_free);

  for (guint i = 0; i < g_list_model_get_n_items (children); i++)
    {
      g_autoptr (KrTaskJob) job = g_list_model_get_item (children, i);
      KrTaskBusObject *child = g_hash_table_lookup (self->objects, job);

      if (child == NULL)
        continue;
      kr_task_bus_object_set_parent (child, kr_task_bus_object_get_path (object));
      g_ptr_array_add (paths, g_strdup (kr_task_bus_object_get_path (child)));
    }
  g_ptr_array_add (paths, NULL);
  kr_task_bus_object_take_children (object, (GStrv) g_ptr_array_free (paths, FALSE));
}

static void
show_parent (KrTaskBusExporter *self, KrTaskJob *job)
{
  g_autoptr (KrTaskJob) parent = kr_task_job_dup_parent (job);
  KrTaskBusObject *object = parent != NULL ? g_hash_table_lookup (self->objects, parent) : NULL;

  if (object != NULL)
    show_children (self, object);
}

/* --- the objects --------------------------------------------------------------------------------------------------- */

static gboolean
sweep (gpointer user_data)
{
  KrTaskBusExporter *self = user_data;
  gint64 limit = g_get_monotonic_time () - KEEP_FINISHED;
  gboolean more = FALSE;
  GHashTableIter iter;
  gpointer value;

  g_hash_table_iter_init (&iter, self->objects);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    {
      KrTaskBusObject *object = value;
      g_autoptr (KrTaskJob) job = NULL;

      if (object->listed)
        continue;
      if (object->finished && object->finished_at > limit)
        {
          more = TRUE;
          continue;
        }
      job = g_object_ref (object->job);
      g_dbus_object_manager_server_unexport (self->server, kr_task_bus_object_get_path (object));
      g_hash_table_iter_remove (&iter);
      show_parent (self, job);
    }
  if (more)
    return G_SOURCE_CONTINUE;
  timer_stop (&self->sweeping);
  return G_SOURCE_REMOVE;
}

/* The manager has forgotten the job, but somebody on the bus may have yet to ask for its result. */
static void
unlist (KrTaskBusExporter *self, KrTaskBusObject *object)
{
  object->listed = FALSE;
  if (self->sweeping == NULL)
    self->sweeping = timer_new (self, 1000, sweep);
}

static void
on_job_finished (KrTaskJob *job, gpointer user_data)
{
  KrTaskBusExporter *self = user_data;
  KrTaskBusObject *object = g_hash_table_lookup (self->objects, job);
  g_autoptr (GVariant) info = NULL;

  if (object == NULL || object->finished)
    return;
  kr_task_bus_object_finish (object);
  info = kr_task_bus_object_dup_info (object);
  kr_task_dbus_task_manager1_emit_task_finished (self->skeleton, kr_task_bus_object_get_path (object),
                                                 kr_task_job_get_id (job),
                                                 kr_task_state_to_string (kr_task_job_get_state (job)), info);
}

static void
connect_object (KrTaskBusExporter *self, KrTaskBusObject *object)
{
  kr_task_bus_actions_connect_task (self, object);
  g_signal_connect_object (object->job, "finished", G_CALLBACK (on_job_finished), self, 0);
}

static void
answer_start (KrTaskBusRequest *request)
{
  kr_task_dbus_task_manager1_complete_start (NULL, request->invocation, request->path);
}

static KrTaskBusObject *
export_job (KrTaskBusExporter *self, KrTaskJob *job)
{
  KrTaskBusRequest *request = g_hash_table_lookup (self->requested, job);
  g_autofree char *path = request != NULL ? g_strdup (request->path) : kr_task_bus_start_next_path (self);
  KrTaskBusObject *object = kr_task_bus_object_new (job, path, self->context);

  connect_object (self, object);
  g_hash_table_insert (self->objects, job, object);
  show_children (self, object);
  show_parent (self, job);
  g_dbus_object_manager_server_export (self->server, G_DBUS_OBJECT_SKELETON (object->object));
  if (request != NULL)
    {
      object->sender = g_strdup (request->sender);
      object->tied = request->tied;
      answer_start (request);
      g_hash_table_remove (self->requested, job);
    }
  return object;
}

static void
on_items_changed (GListModel *model, guint position, guint removed, guint added, gpointer user_data)
{
  KrTaskBusExporter *self = user_data;

  g_main_context_push_thread_default (self->context);
  for (guint i = 0; i < removed; i++)
    unlist (self, g_ptr_array_index (self->rows, position + i));
  if (removed > 0)
    g_ptr_array_remove_range (self->rows, position, removed);
  for (guint i = 0; i < added; i++)
    {
      g_autoptr (KrTaskJob) job = g_list_model_get_item (model, position + i);

      g_ptr_array_insert (self->rows, position + i, export_job (self, job));
    }
  g_main_context_pop_thread_default (self->context);
}

static void
on_sender_gone (const char *sender, gpointer user_data)
{
  KrTaskBusExporter *self = user_data;
  GHashTableIter iter;
  gpointer value;

  g_hash_table_iter_init (&iter, self->objects);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    {
      KrTaskBusObject *object = value;

      if (object->tied && g_strcmp0 (object->sender, sender) == 0)
        kr_task_job_cancel (object->job, KR_TASK_CANCEL_REASON_OWNER_VANISHED, NULL, KR_TASK_CANCEL_DEFER, NULL);
    }
}

/* --- the counters -------------------------------------------------------------------------------------------------- */

static void
update_counts (KrTaskBusExporter *self)
{
  kr_task_dbus_task_manager1_set_max_concurrent (self->skeleton, kr_task_manager_get_max_concurrent (self->manager));
  kr_task_dbus_task_manager1_set_nqueued (self->skeleton, kr_task_manager_get_n_queued (self->manager));
  kr_task_dbus_task_manager1_set_nrunning (self->skeleton, kr_task_manager_get_n_running (self->manager));
  kr_task_dbus_task_manager1_set_ndetached (self->skeleton, kr_task_manager_get_n_detached (self->manager));
  kr_task_dbus_task_manager1_set_accepting (self->skeleton, kr_task_manager_get_accepting (self->manager));
}

static gboolean
on_count_timer (gpointer user_data)
{
  KrTaskBusExporter *self = user_data;

  update_counts (self);
  timer_stop (&self->counting);
  return G_SOURCE_REMOVE;
}

static void
on_manager_notify (KrTaskManager *manager, GParamSpec *pspec, gpointer user_data)
{
  KrTaskBusExporter *self = user_data;

  if (self->counting == NULL)
    self->counting = timer_new (self, COUNT_INTERVAL_MS, on_count_timer);
}

/* --- the object ---------------------------------------------------------------------------------------------------- */

static void
kr_task_bus_exporter_get_property (GObject *object, guint prop_id, GValue *value, GParamSpec *pspec)
{
  KrTaskBusExporter *self = KR_TASK_BUS_EXPORTER (object);

  switch ((KrTaskBusExporterProperty) prop_id)
    {
    case PROP_MANAGER:
      g_value_set_object (value, self->manager);
      break;
    case PROP_CONNECTION:
      g_value_set_object (value, self->connection);
      break;
    case PROP_OBJECT_PATH:
      g_value_set_string (value, self->path);
      break;
    case PROP_USE_POLKIT:
      g_value_set_boolean (value, self->use_polkit);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
kr_task_bus_exporter_set_property (GObject *object, guint prop_id, const GValue *value, GParamSpec *pspec)
{
  KrTaskBusExporter *self = KR_TASK_BUS_EXPORTER (object);

  switch ((KrTaskBusExporterProperty) prop_id)
    {
    case PROP_MANAGER:
      self->manager = g_value_dup_object (value);
      break;
    case PROP_CONNECTION:
      self->connection = g_value_dup_object (value);
      break;
    case PROP_OBJECT_PATH:
      self->path = g_value_dup_string (value);
      break;
    case PROP_USE_POLKIT:
      self->use_polkit = g_value_get_boolean (value);
      g_object_notify_by_pspec (object, pspec);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
kr_task_bus_exporter_constructed (GObject *object)
{
  KrTaskBusExporter *self = KR_TASK_BUS_EXPORTER (object);

  self->context = g_main_context_ref (kr_task_manager_get_owner (self->manager));
  G_OBJECT_CLASS (kr_task_bus_exporter_parent_class)->constructed (object);
}

static void
kr_task_bus_exporter_dispose (GObject *object)
{
  kr_task_bus_exporter_unexport (KR_TASK_BUS_EXPORTER (object));
  G_OBJECT_CLASS (kr_task_bus_exporter_parent_class)->dispose (object);
}

static void
kr_task_bus_exporter_finalize (GObject *object)
{
  KrTaskBusExporter *self = KR_TASK_BUS_EXPORTER (object);

  g_ptr_array_unref (self->kind_names);
  g_hash_table_unref (self->kinds);
  g_object_unref (self->manager);
  g_object_unref (self->connection);
  g_main_context_unref (self->context);
  g_free (self->path);
  G_OBJECT_CLASS (kr_task_bus_exporter_parent_class)->finalize (object);
}

static void
kr_task_bus_exporter_class_init (KrTaskBusExporterClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GParamFlags flags = G_PARAM_READWRITE | G_PARAM_CONSTRUCT_ONLY | G_PARAM_STATIC_STRINGS;

  object_class->get_property = kr_task_bus_exporter_get_property;
  object_class->set_property = kr_task_bus_exporter_set_property;
  object_class->constructed = kr_task_bus_exporter_constructed;
  object_class->dispose = kr_task_bus_exporter_dispose;
  object_class->finalize = kr_task_bus_exporter_finalize;

  /**
   * KrTaskBusExporter:manager:
   *
   * Whose jobs are shown.
   *
   * Since: 0.1
   */
  props[PROP_MANAGER] = g_param_spec_object ("manager", NULL, NULL, KR_TASK_TYPE_MANAGER, flags);
  /**
   * KrTaskBusExporter:connection:
   *
   * Where they are shown.
   *
   * Since: 0.1
   */
  props[PROP_CONNECTION] = g_param_spec_object ("connection", NULL, NULL, G_TYPE_DBUS_CONNECTION, flags);
  /**
   * KrTaskBusExporter:object-path:
   *
   * The root of the tree.
   *
   * Since: 0.1
   */
  props[PROP_OBJECT_PATH] = g_param_spec_string ("object-path", NULL, NULL, NULL, flags);
  /**
   * KrTaskBusExporter:use-polkit:
   *
   * Whether polkit is asked where somebody may not cancel or remove a task: who is allowed
   * `org.kestrun.task.cancel-other-user` is an administrator for that call. For the system bus; where there is no polkit,
   * the answer is no. %FALSE by default.
   *
   * Since: 0.1
   */
  props[PROP_USE_POLKIT] = g_param_spec_boolean ("use-polkit", NULL, NULL, FALSE,
                                                 G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY);
  g_object_class_install_properties (object_class, G_N_ELEMENTS (props), props);
}

static void
kr_task_bus_exporter_init (KrTaskBusExporter *self)
{
  self->kinds = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, kr_task_bus_kind_free);
  self->kind_names = g_ptr_array_new ();
  g_ptr_array_add (self->kind_names, NULL);
}

/**
 * kr_task_bus_exporter_new:
 * @manager: a manager
 * @connection: a connection to a bus, or to a single peer
 * @object_path: the root of the tree, such as `/org/kestrun/Tasks`
 *
 * Creates an exporter, which shows nothing until [method@KrTask.BusExporter.export].
 *
 * Returns: (transfer full): a new exporter
 *
 * Since: 0.1
 */
KrTaskBusExporter *
kr_task_bus_exporter_new (KrTaskManager *manager, GDBusConnection *connection, const char *object_path)
{
  g_return_val_if_fail (KR_TASK_IS_MANAGER (manager), NULL);
  g_return_val_if_fail (G_IS_DBUS_CONNECTION (connection), NULL);
  g_return_val_if_fail (object_path != NULL && g_variant_is_object_path (object_path), NULL);

  return g_object_new (KR_TASK_TYPE_BUS_EXPORTER, "manager", manager, "connection", connection, "object-path",
                       object_path, NULL);
}

static gboolean
export_skeleton (KrTaskBusExporter *self, GError **error)
{
  self->skeleton = kr_task_dbus_task_manager1_skeleton_new ();
  update_counts (self);
  kr_task_bus_start_connect (self);
  kr_task_bus_actions_connect_manager (self);
  if (g_dbus_interface_skeleton_export (G_DBUS_INTERFACE_SKELETON (self->skeleton), self->connection, self->path,
                                        error))
    return TRUE;
  g_clear_object (&self->skeleton);
  return FALSE;
}

/**
 * kr_task_bus_exporter_export:
 * @self: an exporter
 * @error: return location for a #GIOError, if the path is in use
 *
 * Puts the jobs on the bus, those that are there and those that come. Own the name of the service afterwards, so that
 * nobody finds it empty.
 *
 * Returns: %TRUE if they are
 *
 * Since: 0.1
 */
gboolean
kr_task_bus_exporter_export (KrTaskBusExporter *self, GError **error)
{
  gboolean ok;

  g_return_val_if_fail (KR_TASK_IS_BUS_EXPORTER (self), FALSE);
  g_return_val_if_fail (self->server == NULL, FALSE);

  g_main_context_push_thread_default (self->context);
  ok = export_skeleton (self, error);
  if (ok)
    {
      self->server = g_dbus_object_manager_server_new (self->path);
      self->identities = kr_task_bus_identities_new (self->connection, on_sender_gone, self);
      self->cancellable = g_cancellable_new ();
      self->rows = g_ptr_array_new ();
      self->objects = g_hash_table_new_full (NULL, NULL, NULL, object_free);
      self->requested = g_hash_table_new_full (NULL, NULL, NULL, kr_task_bus_request_free);
      g_signal_connect (self->manager, "items-changed", G_CALLBACK (on_items_changed), self);
      g_signal_connect (self->manager, "notify", G_CALLBACK (on_manager_notify), self);
      on_items_changed (G_LIST_MODEL (self->manager), 0, 0, g_list_model_get_n_items (G_LIST_MODEL (self->manager)),
                        self);
      g_dbus_object_manager_server_set_connection (self->server, self->connection);
    }
  g_main_context_pop_thread_default (self->context);
  return ok;
}

static void
disconnect_jobs (KrTaskBusExporter *self)
{
  GHashTableIter iter;
  gpointer job;

  g_hash_table_iter_init (&iter, self->objects);
  while (g_hash_table_iter_next (&iter, &job, NULL))
    g_signal_handlers_disconnect_by_data (job, self);
}

/**
 * kr_task_bus_exporter_unexport:
 * @self: an exporter
 *
 * Takes the jobs off the bus; they go on.
 *
 * Since: 0.1
 */
void
kr_task_bus_exporter_unexport (KrTaskBusExporter *self)
{
  g_return_if_fail (KR_TASK_IS_BUS_EXPORTER (self));

  if (self->server == NULL)
    return;
  g_signal_handlers_disconnect_by_data (self->manager, self);
  disconnect_jobs (self);
  kr_task_bus_start_refuse_all (self);
  timer_stop (&self->counting);
  timer_stop (&self->sweeping);
  g_cancellable_cancel (self->cancellable);
  g_clear_object (&self->cancellable);
  g_dbus_object_manager_server_set_connection (self->server, NULL);
  g_clear_object (&self->server);
  g_clear_pointer (&self->rows, g_ptr_array_unref);
  g_clear_pointer (&self->objects, g_hash_table_unref);
  g_clear_pointer (&self->requested, g_hash_table_unref);
  g_clear_pointer (&self->identities, kr_task_bus_identities_free);
  g_dbus_interface_skeleton_unexport (G_DBUS_INTERFACE_SKELETON (self->skeleton));
  g_clear_object (&self->skeleton);
}

/**
 * kr_task_bus_exporter_dup_path:
 * @self: an exporter
 * @job: a job
 *
 * Finds the object of a job.
 *
 * Returns: (transfer full) (nullable): its path, or %NULL if it is not on the bus
 *
 * Since: 0.1
 */
char *
kr_task_bus_exporter_dup_path (KrTaskBusExporter *self, KrTaskJob *job)
{
  KrTaskBusObject *object;

  g_return_val_if_fail (KR_TASK_IS_BUS_EXPORTER (self), NULL);
  g_return_val_if_fail (KR_TASK_IS_JOB (job), NULL);

  object = self->objects != NULL ? g_hash_table_lookup (self->objects, job) : NULL;
  return object != NULL ? g_strdup (kr_task_bus_object_get_path (object)) : NULL;
}
