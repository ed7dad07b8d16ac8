/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* KrTaskBusExporter: shows the jobs of a manager on D-Bus. */
#include "config.h"

#include <string.h>

#include "kr-task-bus-authority-private.h"
#include "kr-task-bus-exporter.h"
#include "kr-task-bus-identity-private.h"
#include "kr-task-bus-object-private.h"

/* How long the object of a finished job stays, at least. */
#define KEEP_FINISHED (5 * G_TIME_SPAN_SECOND)
/* Of two announcements of the counters. */
#define COUNT_INTERVAL_MS 100
#define MAX_TOKEN_LENGTH 64

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
struct _KrTaskBusExporter
{
  GObject parent_instance;

  KrTaskManager *manager;
  GDBusConnection *connection;
  GMainContext *context; /* the manager's */
  char *path;
  gboolean use_polkit;

  /* while exported */
  GCancellable *cancellable; /* of the questions to polkit */
  GDBusObjectManagerServer *server;
  KrTaskDBusTaskManager1 *skeleton;
  KrTaskBusIdentities *identities;
  GPtrArray *rows;       /* of KrTaskBusObject, as the manager lists the jobs; not owned */
  GHashTable *objects;   /* KrTaskBusObject by job, also those that the manager has forgotten */
  GHashTable *requested; /* Request by job: started over the bus, and not yet listed */
  GSource *counting;     /* NULL: the counters are as announced */
  GSource *sweeping;     /* NULL: no object waits for its end */

  GHashTable *kinds; /* Kind by name */
  guint64 n_paths;
};

typedef struct
{
  KrTaskFactory factory;
  gpointer user_data;
  GDestroyNotify destroy;
} Kind;

/* A start whose answer waits until the object is there. */
typedef struct
{
  char *path;
  char *sender;
  gboolean tied;
  GDBusMethodInvocation *invocation;
} Request;

/* A call that waits until its sender is known. */
typedef struct
{
  KrTaskBusExporter *self;
  GDBusMethodInvocation *invocation;
  KrTaskJob *job; /* NULL: about none */
  GVariant *arguments;
  const char *action; /* what polkit may allow where the manager does not; NULL: nothing */
  GVariant *identity; /* while polkit is asked */
  void (*act) (KrTaskBusExporter *self, GDBusMethodInvocation *invocation, KrTaskJob *job, GVariant *arguments,
               GVariant *identity);
} Call;

typedef enum
{
  PROP_MANAGER = 1,
  PROP_CONNECTION,
  PROP_OBJECT_PATH,
  PROP_USE_POLKIT,
} KrTaskBusExporterProperty;

static GParamSpec *props[PROP_USE_POLKIT + 1];

G_DEFINE_FINAL_TYPE (KrTaskBusExporter, kr_task_bus_exporter, G_TYPE_OBJECT)

static void
kind_free (gpointer data)
{
  Kind *kind = data;

  if (kind->destroy != NULL)
    kind->destroy (kind->user_data);
  g_free (kind);
}

static void
request_free (gpointer data)
{
  Request *request = data;

  g_free (request->path);
  g_free (request->sender);
  g_free (request);
}

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

/* --- who may do what ---------------------------------------------------------------------------------------------- */

static void
call_free (Call *call)
{
  g_clear_object (&call->job);
  g_clear_pointer (&call->arguments, g_variant_unref);
  g_clear_pointer (&call->identity, g_variant_unref);
  g_object_unref (call->self);
  g_free (call);
}

static void
answer_call (Call *call, GVariant *identity)
{
  if (call->self->server == NULL)
    g_dbus_method_invocation_return_error (call->invocation, KR_TASK_ERROR, KR_TASK_ERROR_SHUTTING_DOWN,
                                           "The tasks are leaving the bus");
  else if (identity == NULL)
    g_dbus_method_invocation_return_error (call->invocation, KR_TASK_ERROR, KR_TASK_ERROR_NOT_AUTHORIZED,
                                           "Nobody knows who you are");
  else
    call->act (call->self, call->invocation, call->job, call->arguments, identity);
  call_free (call);
}

/* Whom polkit lets is an administrator for this call; the manager is asked again and has the last word. */
static void
on_authority (gboolean allowed, gpointer user_data)
{
  Call *call = user_data;
  g_autoptr (GVariant) identity = g_variant_ref (call->identity);

  if (allowed)
    {
      GVariantDict dict;

      g_variant_dict_init (&dict, call->identity);
      g_variant_dict_insert (&dict, "administrator", "b", TRUE);
      g_variant_unref (identity);
      identity = g_variant_ref_sink (g_variant_dict_end (&dict));
    }
  answer_call (call, identity);
}

static gboolean
needs_authority (Call *call, GVariant *identity)
{
  return call->action != NULL && call->self->use_polkit && call->self->server != NULL && identity != NULL &&
         g_dbus_method_invocation_get_sender (call->invocation) != NULL &&
         !kr_task_manager_authorize (call->self->manager, call->job, call->action, identity);
}

static void
on_identity (GVariant *identity, gpointer user_data)
{
  Call *call = user_data;

  if (!needs_authority (call, identity))
    {
      answer_call (call, identity);
      return;
    }
  call->identity = g_variant_ref (identity);
  kr_task_bus_authority_ask (call->invocation, KR_TASK_BUS_ACTION_CANCEL_OTHERS, call->self->cancellable, on_authority,
                             call);
}

/* Has @act answer the call once its sender is known, and once polkit has allowed @action where it is asked. */
static void
identify (KrTaskBusExporter *self, GDBusMethodInvocation *invocation, KrTaskJob *job, GVariant *arguments,
          const char *action, void (*act) (KrTaskBusExporter *, GDBusMethodInvocation *, KrTaskJob *, GVariant *, GVariant *))
{
  Call *call = g_new0 (Call, 1);

  call->self = g_object_ref (self);
  call->invocation = invocation;
  g_set_object (&call->job, job);
  call->arguments = arguments != NULL ? g_variant_ref_sink (arguments) : NULL;
  call->action = action;
  call->act = act;
  kr_task_bus_identities_find (self->identities, g_dbus_method_invocation_get_sender (invocation), on_identity, call);
}

/* FALSE: the caller was told so. */
static gboolean
may (KrTaskBusExporter *self, GDBusMethodInvocation *invocation, KrTaskJob *job, const char *action,
     GVariant *identity)
{
  if (kr_task_manager_authorize (self->manager, job, action, identity))
    return TRUE;
  g_dbus_method_invocation_return_error (invocation, KR_TASK_ERROR, KR_TASK_ERROR_NOT_AUTHORIZED,
                                         "You may not %s this task", action);
  return FALSE;
}

/* --- calls about one task ------------------------------------------------------------------------------------------ */

/* The state may have changed while the caller was being identified: cancel() looks at it now. */
static void
act_cancel (KrTaskBusExporter *self, GDBusMethodInvocation *invocation, KrTaskJob *job, GVariant *options,
            GVariant *identity)
{
  g_autoptr (GError) error = NULL;
  const char *reason = NULL;
  gboolean defer = FALSE;

  if (!may (self, invocation, job, "cancel", identity))
    return;
  g_variant_lookup (options, "reason", "&s", &reason);
  g_variant_lookup (options, "defer", "b", &defer);
  if (kr_task_job_cancel (job, KR_TASK_CANCEL_REASON_USER, reason, defer ? KR_TASK_CANCEL_DEFER : KR_TASK_CANCEL_NONE,
                          &error) ||
      (defer && g_error_matches (error, KR_TASK_ERROR, KR_TASK_ERROR_DEFERRED)))
    g_dbus_method_invocation_return_value (invocation, NULL);
  else
    g_dbus_method_invocation_return_gerror (invocation, error);
}

static void
act_remove (KrTaskBusExporter *self, GDBusMethodInvocation *invocation, KrTaskJob *job, GVariant *options,
            GVariant *identity)
{
  g_autoptr (GError) error = NULL;

  if (!may (self, invocation, job, "remove", identity))
    return;
  if (kr_task_manager_remove (self->manager, kr_task_job_get_id (job), &error))
    g_dbus_method_invocation_return_value (invocation, NULL);
  else
    g_dbus_method_invocation_return_gerror (invocation, error);
}

static void
act_get_result (KrTaskBusExporter *self, GDBusMethodInvocation *invocation, KrTaskJob *job, GVariant *options,
                GVariant *identity)
{
  KrTaskBusObject *object = g_hash_table_lookup (self->objects, job);
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) result = NULL;

  if (!may (self, invocation, job, "view", identity))
    return;
  if (object == NULL)
    {
      g_dbus_method_invocation_return_error (invocation, KR_TASK_ERROR, KR_TASK_ERROR_NOT_FOUND, "The task is gone");
      return;
    }
  result = kr_task_bus_object_dup_result (object, &error);
  if (result != NULL)
    g_dbus_method_invocation_return_value (invocation, g_variant_new ("(v)", result));
  else
    g_dbus_method_invocation_return_gerror (invocation, error);
}

static KrTaskJob *
job_of (KrTaskDBusTask1 *task)
{
  return g_object_get_data (G_OBJECT (task), "kr-task-job");
}

static gboolean
on_cancel (KrTaskDBusTask1 *task, GDBusMethodInvocation *invocation, GVariant *options, gpointer user_data)
{
  identify (user_data, invocation, job_of (task), options, "cancel", act_cancel);
  return G_DBUS_METHOD_INVOCATION_HANDLED;
}

static gboolean
on_remove (KrTaskDBusTask1 *task, GDBusMethodInvocation *invocation, gpointer user_data)
{
  identify (user_data, invocation, job_of (task), NULL, "remove", act_remove);
  return G_DBUS_METHOD_INVOCATION_HANDLED;
}

static gboolean
on_get_result (KrTaskDBusTask1 *task, GDBusMethodInvocation *invocation, gpointer user_data)
{
  identify (user_data, invocation, job_of (task), NULL, NULL, act_get_result);
  return G_DBUS_METHOD_INVOCATION_HANDLED;
}

/* --- the objects --------------------------------------------------------------------------------------------------- */

static char *
next_path (KrTaskBusExporter *self)
{
  return g_strdup_printf ("%s/tasks/%" G_GUINT64_FORMAT, self->path, ++self->n_paths);
}

/* --- families ------------------------------------------------------------------------------------------------------- */

/* Those of the children that are on the bus, and to each of them its parent. */
static void
show_children (KrTaskBusExporter *self, KrTaskBusObject *object)
{
  GListModel *children = kr_task_job_get_children (object->job);
  g_autoptr (GPtrArray) paths = g_ptr_array_new ();

  for (guint i = 0; i < g_list_model_get_n_items (children); i++)
    {
      g_autoptr (KrTaskJob) job = g_list_model_get_item (children, i);
      KrTaskBusObject *child = g_hash_table_lookup (self->objects, job);

      if (child == NULL)
        continue;
      kr_task_dbus_task1_set_parent (child->task, kr_task_bus_object_get_path (object));
      g_ptr_array_add (paths, (gpointer) kr_task_bus_object_get_path (child));
    }
  g_ptr_array_add (paths, NULL);
  kr_task_dbus_task1_set_children (object->task, (const char *const *) paths->pdata);
}

static void
show_parent (KrTaskBusExporter *self, KrTaskJob *job)
{
  g_autoptr (KrTaskJob) parent = kr_task_job_dup_parent (job);
  KrTaskBusObject *object = parent != NULL ? g_hash_table_lookup (self->objects, parent) : NULL;

  if (object != NULL)
    show_children (self, object);
}

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
  g_object_set_data (G_OBJECT (object->task), "kr-task-job", object->job);
  g_signal_connect_object (object->task, "handle-cancel", G_CALLBACK (on_cancel), self, 0);
  g_signal_connect_object (object->task, "handle-get-result", G_CALLBACK (on_get_result), self, 0);
  g_signal_connect_object (object->task, "handle-remove", G_CALLBACK (on_remove), self, 0);
  g_signal_connect_object (object->job, "finished", G_CALLBACK (on_job_finished), self, 0);
}

static void
answer_start (Request *request)
{
  kr_task_dbus_task_manager1_complete_start (NULL, request->invocation, request->path);
}

static KrTaskBusObject *
export_job (KrTaskBusExporter *self, KrTaskJob *job)
{
  Request *request = g_hash_table_lookup (self->requested, job);
  g_autofree char *path = request != NULL ? g_strdup (request->path) : next_path (self);
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

/* --- calls about all tasks ----------------------------------------------------------------------------------------- */

static gboolean
is_token (const char *token)
{
  gsize length = strlen (token);

  if (length == 0 || length > MAX_TOKEN_LENGTH)
    return FALSE;
  for (gsize i = 0; i < length; i++)
    if (!g_ascii_isalnum (token[i]) && token[i] != '_')
      return FALSE;
  return TRUE;
}

static gboolean
is_requested (KrTaskBusExporter *self, const char *path)
{
  GHashTableIter iter;
  gpointer value;

  g_hash_table_iter_init (&iter, self->requested);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    if (g_strcmp0 (((Request *) value)->path, path) == 0)
      return TRUE;
  return FALSE;
}

/* The path that the caller knows beforehand. */
static char *
path_of_token (KrTaskBusExporter *self, const char *sender, const char *token, GError **error)
{
  g_autofree char *name = g_strdelimit (g_strdup (sender != NULL ? sender + (sender[0] == ':') : "peer"), ".", '_');
  g_autofree char *path = NULL;
  g_autoptr (GDBusObject) object = NULL;

  if (!is_token (token))
    {
      g_set_error (error, KR_TASK_ERROR, KR_TASK_ERROR_INVALID, "handle_token must be letters, digits and underscores");
      return NULL;
    }
  path = g_strdup_printf ("%s/tasks/%s/%s", self->path, name, token);
  object = g_dbus_object_manager_get_object (G_DBUS_OBJECT_MANAGER (self->server), path);
  if (object == NULL && !is_requested (self, path))
    return g_steal_pointer (&path);
  g_set_error (error, KR_TASK_ERROR, KR_TASK_ERROR_CONFLICT, "This handle_token is in use");
  return NULL;
}

static void
apply_options (KrTaskJob *job, GVariant *options, GVariant *identity)
{
  const char *key, *title;
  gint64 deadline;
  gint32 priority;

  kr_task_job_set_owner (job, identity);
  if (g_variant_lookup (options, "priority", "i", &priority))
    kr_task_job_set_priority (job, priority);
  if (g_variant_lookup (options, "key", "&s", &key))
    kr_task_job_set_key (job, key, KR_TASK_CONFLICT_QUEUE);
  if (g_variant_lookup (options, "title", "&s", &title))
    kr_task_job_set_title (job, title);
  if (g_variant_lookup (options, "deadline_us", "x", &deadline))
    kr_task_job_set_deadlines (job, -1, deadline, -1);
}

static Request *
request_new (KrTaskBusExporter *self, GDBusMethodInvocation *invocation, GVariant *options, GError **error)
{
  const char *sender = g_dbus_method_invocation_get_sender (invocation);
  const char *token;
  g_autofree char *path = NULL;
  Request *request;

  if (g_variant_lookup (options, "handle_token", "&s", &token))
    path = path_of_token (self, sender, token, error);
  else
    path = next_path (self);
  if (path == NULL)
    return NULL;
  request = g_new0 (Request, 1);
  request->path = g_steal_pointer (&path);
  request->sender = g_strdup (sender);
  request->invocation = invocation;
  g_variant_lookup (options, "cancel_on_disconnect", "b", &request->tied);
  return request;
}

static KrTaskJob *
make_job (KrTaskBusExporter *self, const char *name, GVariant *parameters, GVariant *options, GError **error)
{
  Kind *kind = g_hash_table_lookup (self->kinds, name);
  KrTaskJob *job;

  if (kind == NULL)
    {
      g_set_error (error, KR_TASK_ERROR, KR_TASK_ERROR_NOT_FOUND, "No such kind of task is offered");
      return NULL;
    }
  job = kind->factory (parameters, options, kind->user_data, error);
  if (job == NULL && error != NULL && *error == NULL)
    g_set_error (error, KR_TASK_ERROR, KR_TASK_ERROR_INVALID, "The task could not be made");
  return job;
}

/* The answer is given when the manager lists the job, and its object is there. */
static void
act_start (KrTaskBusExporter *self, GDBusMethodInvocation *invocation, KrTaskJob *none, GVariant *arguments,
           GVariant *identity)
{
  g_autoptr (GVariant) parameters = NULL;
  g_autoptr (GVariant) options = NULL;
  g_autoptr (KrTaskJob) job = NULL;
  g_autoptr (GError) error = NULL;
  Request *request = NULL;
  const char *kind;

  if (!may (self, invocation, NULL, "start", identity))
    return;
  g_variant_get (arguments, "(&s@a{sv}@a{sv})", &kind, &parameters, &options);
  job = make_job (self, kind, parameters, options, &error);
  if (job != NULL)
    request = request_new (self, invocation, options, &error);
  if (request != NULL)
    {
      apply_options (job, options, identity);
      g_hash_table_insert (self->requested, job, request);
      if (kr_task_manager_submit (self->manager, job, &error))
        return;
      g_hash_table_remove (self->requested, job);
    }
  g_dbus_method_invocation_return_gerror (invocation, error);
}

static gboolean
on_start (KrTaskDBusTaskManager1 *skeleton, GDBusMethodInvocation *invocation, const char *kind, GVariant *parameters,
          GVariant *options, gpointer user_data)
{
  identify (user_data, invocation, NULL, g_dbus_method_invocation_get_parameters (invocation), NULL, act_start);
  return G_DBUS_METHOD_INVOCATION_HANDLED;
}

static KrTaskJob *
lookup (KrTaskBusExporter *self, GDBusMethodInvocation *invocation, const char *id)
{
  KrTaskJob *job = kr_task_manager_lookup (self->manager, id);

  if (job == NULL)
    g_dbus_method_invocation_return_error (invocation, KR_TASK_ERROR, KR_TASK_ERROR_NOT_FOUND,
                                           "There is no task with this id");
  return job;
}

static gboolean
on_cancel_task (KrTaskDBusTaskManager1 *skeleton, GDBusMethodInvocation *invocation, const char *id,
                GVariant *options, gpointer user_data)
{
  g_autoptr (KrTaskJob) job = lookup (user_data, invocation, id);

  if (job != NULL)
    identify (user_data, invocation, job, options, "cancel", act_cancel);
  return G_DBUS_METHOD_INVOCATION_HANDLED;
}

static void
act_cancel_all (KrTaskBusExporter *self, GDBusMethodInvocation *invocation, KrTaskJob *none, GVariant *options,
                GVariant *identity)
{
  const char *kind = NULL;
  guint n = 0;

  g_variant_lookup (options, "kind", "&s", &kind);
  for (guint i = 0; i < self->rows->len; i++)
    {
      KrTaskJob *job = ((KrTaskBusObject *) g_ptr_array_index (self->rows, i))->job;

      if ((kind == NULL || g_strcmp0 (kind, kr_task_job_get_kind (job)) == 0) &&
          !kr_task_state_is_terminal (kr_task_job_get_state (job)) &&
          kr_task_manager_authorize (self->manager, job, "cancel", identity) &&
          kr_task_job_cancel (job, KR_TASK_CANCEL_REASON_USER, NULL, KR_TASK_CANCEL_DEFER, NULL))
        n++;
    }
  kr_task_dbus_task_manager1_complete_cancel_all (NULL, invocation, n);
}

static gboolean
on_cancel_all (KrTaskDBusTaskManager1 *skeleton, GDBusMethodInvocation *invocation, GVariant *options,
               gpointer user_data)
{
  identify (user_data, invocation, NULL, options, NULL, act_cancel_all);
  return G_DBUS_METHOD_INVOCATION_HANDLED;
}

static gboolean
on_lookup (KrTaskDBusTaskManager1 *skeleton, GDBusMethodInvocation *invocation, const char *id, gpointer user_data)
{
  KrTaskBusExporter *self = user_data;
  g_autoptr (KrTaskJob) job = lookup (self, invocation, id);
  g_autofree char *path = job != NULL ? kr_task_bus_exporter_dup_path (self, job) : NULL;

  if (path != NULL)
    kr_task_dbus_task_manager1_complete_lookup (skeleton, invocation, path);
  else if (job != NULL)
    g_dbus_method_invocation_return_error (invocation, KR_TASK_ERROR, KR_TASK_ERROR_NOT_FOUND,
                                           "The task is not on the bus yet");
  return G_DBUS_METHOD_INVOCATION_HANDLED;
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
  self->kinds = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, kind_free);
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
  g_signal_connect (self->skeleton, "handle-start", G_CALLBACK (on_start), self);
  g_signal_connect (self->skeleton, "handle-cancel-task", G_CALLBACK (on_cancel_task), self);
  g_signal_connect (self->skeleton, "handle-cancel-all", G_CALLBACK (on_cancel_all), self);
  g_signal_connect (self->skeleton, "handle-lookup", G_CALLBACK (on_lookup), self);
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
      self->requested = g_hash_table_new_full (NULL, NULL, NULL, request_free);
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
refuse_requests (KrTaskBusExporter *self)
{
  GHashTableIter iter;
  gpointer value;

  g_hash_table_iter_init (&iter, self->requested);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    g_dbus_method_invocation_return_error (((Request *) value)->invocation, KR_TASK_ERROR,
                                           KR_TASK_ERROR_SHUTTING_DOWN, "The tasks are leaving the bus");
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
  refuse_requests (self);
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
 * kr_task_bus_exporter_add_kind:
 * @self: an exporter
 * @kind: a name
 * @factory: (scope notified) (closure user_data) (destroy destroy): makes a job
 * @user_data: its argument
 * @destroy: (nullable): frees @user_data
 *
 * Offers a kind of task: callers on the bus can start it.
 *
 * Since: 0.1
 */
void
kr_task_bus_exporter_add_kind (KrTaskBusExporter *self, const char *kind, KrTaskFactory factory, gpointer user_data,
                               GDestroyNotify destroy)
{
  Kind *entry;

  g_return_if_fail (KR_TASK_IS_BUS_EXPORTER (self));
  g_return_if_fail (kind != NULL);
  g_return_if_fail (factory != NULL);

  entry = g_new (Kind, 1);
  *entry = (Kind) { factory, user_data, destroy };
  g_hash_table_replace (self->kinds, g_strdup (kind), entry);
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
