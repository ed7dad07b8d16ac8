/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* Starting jobs over the bus: kinds, the paths that callers know beforehand, and options. */
#include "config.h"

#include <string.h>

#include "kr-task-bus-exporter-private.h"

#define MAX_TOKEN_LENGTH 64
/* Everyone on the bus is told of them, in one message for all tasks. */
#define MAX_TITLE_LENGTH 1024
#define MAX_KEY_LENGTH 256
#define MAX_TAGS 16
#define MAX_TAG_LENGTH 64

/* --- kinds --------------------------------------------------------------------------------------------------------- */

typedef struct
{
  KrTaskFactory factory;
  gpointer user_data;
  GDestroyNotify destroy;
} Kind;

/* private */
void
kr_task_bus_kind_free (gpointer data)
{
  Kind *kind = data;

  if (kind->destroy != NULL)
    kind->destroy (kind->user_data);
  g_free (kind);
}

/* private */
void
kr_task_bus_request_free (gpointer data)
{
  KrTaskBusRequest *request = data;

  g_free (request->path);
  g_free (request->sender);
  g_free (request);
}

static void
show_kinds (KrTaskBusExporter *self)
{
  if (self->skeleton != NULL)
    kr_task_dbus_task_manager1_set_kinds (self->skeleton, (const char *const *) self->kind_names->pdata);
}

/**
 * kr_task_bus_exporter_add_kind:
 * @self: an exporter
 * @kind: a name
 * @factory: (scope notified) (closure user_data) (destroy destroy): makes a job
 * @user_data: its argument
 * @destroy: (nullable): frees @user_data
 *
 * Offers a kind of task: callers on the bus can start it, and see its name in the property `Kinds`, where they stand in
 * the order in which they were added. One that has the same name is replaced.
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
  if (!g_hash_table_contains (self->kinds, kind))
    {
      char *name = g_strdup (kind);

      g_hash_table_insert (self->kinds, name, entry);
      self->kind_names->pdata[self->kind_names->len - 1] = name;
      g_ptr_array_add (self->kind_names, NULL);
      show_kinds (self);
    }
  else
    g_hash_table_insert (self->kinds, g_strdup (kind), entry); /* which keeps the name that is there */
}

/* --- paths --------------------------------------------------------------------------------------------------------- */

/* private: no path is used twice */
char *
kr_task_bus_start_next_path (KrTaskBusExporter *self)
{
  return g_strdup_printf ("%s/tasks/%" G_GUINT64_FORMAT, self->path, ++self->n_paths);
}

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
    if (g_strcmp0 (((KrTaskBusRequest *) value)->path, path) == 0)
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

/* --- starting ------------------------------------------------------------------------------------------------------ */

/* One of another type may be a mistake that matters; those that nobody knows here are the factory's affair. */
static const struct
{
  const char *name;
  const char *type;
  gsize max_length; /* of text, or of each one in an array */
} known_options[] = {
  { "handle_token", "s", MAX_TOKEN_LENGTH }, { "priority", "i", 0 },
  { "key", "s", MAX_KEY_LENGTH },            { "title", "s", MAX_TITLE_LENGTH },
  { "tags", "as", MAX_TAG_LENGTH },          { "deadline_us", "x", 0 },
  { "cancel_on_disconnect", "b", 0 },
};

static gboolean
is_short (GVariant *value, gsize max_length)
{
  if (g_variant_is_of_type (value, G_VARIANT_TYPE_STRING))
    return strlen (g_variant_get_string (value, NULL)) <= max_length;
  if (!g_variant_is_of_type (value, G_VARIANT_TYPE_STRING_ARRAY))
    return TRUE;
  if (g_variant_n_children (value) > MAX_TAGS)
    return FALSE;
  for (gsize i = 0; i < g_variant_n_children (value); i++)
    {
      g_autoptr (GVariant) child = g_variant_get_child_value (value, i);

      if (!is_short (child, max_length))
        return FALSE;
    }
  return TRUE;
}

static gboolean
check_options (GVariant *options, GError **error)
{
  for (guint i = 0; i < G_N_ELEMENTS (known_options); i++)
    {
      g_autoptr (GVariant) value = g_variant_lookup_value (options, known_options[i].name, NULL);

      if (value == NULL)
        continue;
      if (g_variant_is_of_type (value, G_VARIANT_TYPE (known_options[i].type)) &&
          is_short (value, known_options[i].max_length))
        continue;
      g_set_error (error, KR_TASK_ERROR, KR_TASK_ERROR_INVALID, "The option %s is of another type, or too long",
                   known_options[i].name);
      return FALSE;
    }
  return TRUE;
}

static void
apply_options (KrTaskJob *job, GVariant *options, GVariant *identity)
{
  const char *key, *title;
  g_autofree const char **tags = NULL;
  gint64 deadline;
  gint32 priority;

  kr_task_job_set_owner (job, identity);
  if (g_variant_lookup (options, "priority", "i", &priority))
    kr_task_job_set_priority (job, priority);
  if (g_variant_lookup (options, "key", "&s", &key))
    kr_task_job_set_key (job, key, KR_TASK_CONFLICT_QUEUE);
  if (g_variant_lookup (options, "title", "&s", &title))
    kr_task_job_set_title (job, title);
  if (g_variant_lookup (options, "tags", "^a&s", &tags))
    kr_task_job_set_tags (job, tags);
  if (g_variant_lookup (options, "deadline_us", "x", &deadline))
    kr_task_job_set_deadlines (job, -1, deadline, -1);
}

static KrTaskBusRequest *
request_new (KrTaskBusExporter *self, GDBusMethodInvocation *invocation, GVariant *options, GError **error)
{
  const char *sender = g_dbus_method_invocation_get_sender (invocation);
  const char *token;
  g_autofree char *path = NULL;
  KrTaskBusRequest *request;

  if (g_variant_lookup (options, "handle_token", "&s", &token))
    path = path_of_token (self, sender, token, error);
  else
    path = kr_task_bus_start_next_path (self);
  if (path == NULL)
    return NULL;
  request = g_new0 (KrTaskBusRequest, 1);
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
  KrTaskBusRequest *request = NULL;
  const char *kind;

  if (!kr_task_bus_call_may (self, invocation, NULL, "start", identity))
    return;
  g_variant_get (arguments, "(&s@a{sv}@a{sv})", &kind, &parameters, &options);
  if (check_options (options, &error))
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
  kr_task_bus_call (user_data, invocation, NULL, g_dbus_method_invocation_get_parameters (invocation), NULL, act_start);
  return G_DBUS_METHOD_INVOCATION_HANDLED;
}

/**
 * kr_task_bus_start_refuse_all:
 * @self: an exporter
 *
 * Answers those who wait for a job that will not be on the bus any more.
 */
void
kr_task_bus_start_refuse_all (KrTaskBusExporter *self)
{
  GHashTableIter iter;
  gpointer value;

  g_hash_table_iter_init (&iter, self->requested);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    g_dbus_method_invocation_return_error (((KrTaskBusRequest *) value)->invocation, KR_TASK_ERROR,
                                           KR_TASK_ERROR_SHUTTING_DOWN, "The tasks are leaving the bus");
}

/**
 * kr_task_bus_start_connect:
 * @self: an exporter that has its skeleton
 *
 * Says what can be started, and answers who wants to.
 */
void
kr_task_bus_start_connect (KrTaskBusExporter *self)
{
  show_kinds (self);
  g_signal_connect (self->skeleton, "handle-start", G_CALLBACK (on_start), self);
}
