/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* KrTaskBusObject: one job as an object on the bus. */
#include "config.h"

#include <math.h>
#include <string.h>
#include <unistd.h>

#include "kr-task-bus-object-private.h"
#include "kr-task-job-private.h"

/* Of the progress: a bar does not move by less. */
#define MIN_CHANGE 0.005
/* Of a result that travels with a signal to everyone. */
#define MAX_RESULT_IN_SIGNAL 4096
/* Of containers, on the safe side: D-Bus allows 32 arrays in another, and 64 containers. */
#define MAX_NESTING 16

/* --- what the job says -------------------------------------------------------------------------------------------- */

static void
update_error (KrTaskBusObject *self)
{
  g_autoptr (GError) error = kr_task_job_dup_error (self->job);
  g_autofree char *name = error != NULL ? g_dbus_error_encode_gerror (error) : NULL;

  kr_task_dbus_task1_set_error (self->task, g_variant_new ("(ss)", name != NULL ? name : "",
                                                           error != NULL ? error->message : ""));
}

static void
update_state (KrTaskBusObject *self)
{
  kr_task_dbus_task1_set_state (self->task, kr_task_state_to_string (kr_task_job_get_state (self->job)));
  kr_task_dbus_task1_set_cancel_reason (self->task,
                                        kr_task_cancel_reason_to_string (kr_task_job_get_cancel_reason (self->job)));
  kr_task_dbus_task1_set_cancelable (self->task, kr_task_job_get_cancellable (self->job));
  kr_task_dbus_task1_set_detached (self->task, kr_task_job_get_detached (self->job));
  kr_task_dbus_task1_set_position (self->task, kr_task_job_watch_position (self->job, FALSE));
  kr_task_dbus_task1_set_started_at (self->task, kr_task_job_get_started_at (self->job));
  kr_task_dbus_task1_set_finished_at (self->task, kr_task_job_get_finished_at (self->job));
  update_error (self);
}

static void
update_texts (KrTaskBusObject *self)
{
  g_autofree char *title = kr_task_job_dup_title (self->job);
  g_autofree char *description = kr_task_job_dup_description (self->job);
  g_auto (GStrv) tags = kr_task_job_dup_tags (self->job);

  kr_task_dbus_task1_set_title (self->task, title);
  kr_task_dbus_task1_set_description (self->task, description);
  kr_task_dbus_task1_set_tags (self->task, (const char *const *) tags);
}

static void
update_progress (KrTaskBusObject *self)
{
  KrTaskProgress *progress = kr_task_job_get_progress (self->job);
  g_autofree char *message = NULL;
  g_autofree char *unit = NULL;
  guint64 done, total;
  double fraction = kr_task_progress_get (progress, &message);
  gint64 eta = kr_task_progress_get_eta (progress);

  kr_task_progress_get_units (progress, &done, &total, &unit);
  kr_task_dbus_task1_set_progress (self->task, isnan (fraction) ? 0 : fraction);
  kr_task_dbus_task1_set_progress_valid (self->task, !isnan (fraction));
  kr_task_dbus_task1_set_message (self->task, message);
  kr_task_dbus_task1_set_unit (self->task, unit != NULL ? unit : "");
  kr_task_dbus_task1_set_done (self->task, done);
  kr_task_dbus_task1_set_total (self->task, total);
  kr_task_dbus_task1_set_rate (self->task, kr_task_progress_get_rate (progress));
  kr_task_dbus_task1_set_expected_end_time (self->task, eta < 0 ? 0 : g_get_real_time () + eta);
}

static void
update_all (KrTaskBusObject *self)
{
  self->told = kr_task_job_get_state (self->job);
  update_state (self);
  update_texts (self);
  update_progress (self);
  kr_task_dbus_task1_set_parent (self->task, self->parent);
  kr_task_dbus_task1_set_children (self->task, (const char *const *) self->children);
}

static gboolean
is_worth_telling (KrTaskBusObject *self)
{
  KrTaskProgress *progress = kr_task_job_get_progress (self->job);
  g_autofree char *message = NULL;
  double fraction = kr_task_progress_get (progress, &message);

  if (isnan (fraction) || !kr_task_dbus_task1_get_progress_valid (self->task))
    return TRUE;
  return fabs (fraction - kr_task_dbus_task1_get_progress (self->task)) >= MIN_CHANGE ||
         g_strcmp0 (message, kr_task_dbus_task1_get_message (self->task)) != 0;
}

static void
stop_timer (KrTaskBusObject *self)
{
  if (self->timer == NULL)
    return;
  g_source_destroy (self->timer);
  g_clear_pointer (&self->timer, g_source_unref);
}

/* --- when it is told ---------------------------------------------------------------------------------------------- */

/* Everything that has changed, in one signal. Nothing is set at any other time: GDBus would tell of it by itself. */
static void
tell (KrTaskBusObject *self)
{
  stop_timer (self);
  kr_task_bus_rate_note (&self->rate, g_get_monotonic_time ());
  update_all (self);
  g_dbus_interface_skeleton_flush (G_DBUS_INTERFACE_SKELETON (self->task));
}

static gboolean
on_timer (gpointer user_data)
{
  tell (user_data);
  return G_SOURCE_REMOVE;
}

/* How many states may yet come, each of which is told at once. */
static guint
count_states_to_come (KrTaskBusObject *self)
{
  switch (self->told)
    {
    case KR_TASK_STATE_CREATED: return 4;
    case KR_TASK_STATE_QUEUED: return 3;
    case KR_TASK_STATE_RUNNING: return 2;
    case KR_TASK_STATE_CANCELLING: return 1;
    case KR_TASK_STATE_COMPLETED:
    case KR_TASK_STATE_FAILED:
    case KR_TASK_STATE_CANCELLED:
    case KR_TASK_STATE_TIMED_OUT:
    default: return 0;
    }
}

/* @due: monotonic time, µs */
static void
tell_at (KrTaskBusObject *self, gint64 due)
{
  if (due <= g_get_monotonic_time ())
    {
      tell (self);
      return;
    }
  if (self->timer != NULL)
    {
      g_source_set_ready_time (self->timer, MIN (due, g_source_get_ready_time (self->timer)));
      return;
    }
  self->timer = g_timeout_source_new (0);
  g_source_set_static_name (self->timer, "KrTaskBusObject");
  g_source_set_ready_time (self->timer, due);
  g_source_set_callback (self->timer, on_timer, self, NULL);
  g_source_attach (self->timer, self->context);
}

static void
tell_soon (KrTaskBusObject *self)
{
  tell_at (self, kr_task_bus_rate_due (&self->rate, count_states_to_come (self)));
}

static void
on_progress_changed (KrTaskProgress *progress, gpointer user_data)
{
  KrTaskBusObject *self = user_data;

  if (self->timer == NULL && !self->finished && is_worth_telling (self))
    tell_soon (self);
}

static void
on_state (KrTaskJob *job, GParamSpec *pspec, gpointer user_data)
{
  KrTaskBusObject *self = user_data;
  KrTaskState state = kr_task_job_get_state (job);

  if (kr_task_state_is_terminal (state) && !self->finished)
    return; /* all that is left to say, at once, in kr_task_bus_object_finish() */
  if (state != self->told)
    tell (self);
  else if (kr_task_job_get_cancellable (job) != kr_task_dbus_task1_get_cancelable (self->task) ||
           kr_task_job_get_detached (job) != kr_task_dbus_task1_get_detached (self->task))
    tell_at (self, kr_task_bus_rate_due_urgent (&self->rate, count_states_to_come (self)));
}

static void
on_text (KrTaskJob *job, GParamSpec *pspec, gpointer user_data)
{
  tell_soon (user_data);
}

/* With a new state it is told anyway. */
static void
on_position (KrTaskJob *job, GParamSpec *pspec, gpointer user_data)
{
  KrTaskBusObject *self = user_data;

  if (kr_task_job_get_state (job) == self->told &&
      kr_task_job_watch_position (job, FALSE) != kr_task_dbus_task1_get_position (self->task))
    tell_soon (self);
}

static guint32
owner_uid (KrTaskJob *job)
{
  GVariant *owner = kr_task_job_get_owner (job);
  guint32 uid = getuid ();

  if (owner != NULL)
    g_variant_lookup (owner, "uid", "u", &uid);
  return uid;
}

/* --- the object --------------------------------------------------------------------------------------------------- */

KrTaskBusObject *
kr_task_bus_object_new (KrTaskJob *job, const char *path, GMainContext *context)
{
  KrTaskBusObject *self = g_new0 (KrTaskBusObject, 1);
  self->job = g_object_ref (job);
  self->context = g_main_context_ref (context);
  self->listed = TRUE;
  self->object = kr_task_dbus_object_skeleton_new (path);
  self->task = kr_task_dbus_task1_skeleton_new ();
  kr_task_dbus_task1_set_id (self->task, kr_task_job_get_id (job));
  kr_task_dbus_task1_set_kind (self->task, kr_task_job_get_kind (job));
  kr_task_dbus_task1_set_created_at (self->task, kr_task_job_get_created_at (job));
  kr_task_dbus_task1_set_owner_uid (self->task, owner_uid (job));
  self->parent = g_strdup ("/");
  self->children = g_new0 (char *, 1);
  update_all (self);
  kr_task_dbus_object_skeleton_set_task1 (self->object, self->task);
  g_signal_connect (job, "notify::state", G_CALLBACK (on_state), self);
  g_signal_connect (job, "notify::cancellable", G_CALLBACK (on_state), self);
  g_signal_connect (job, "notify::detached", G_CALLBACK (on_state), self);
  g_signal_connect (job, "notify::title", G_CALLBACK (on_text), self);
  g_signal_connect (job, "notify::description", G_CALLBACK (on_text), self);
  g_signal_connect (job, "notify::tags", G_CALLBACK (on_text), self);
  g_signal_connect (job, "notify::position", G_CALLBACK (on_position), self);
  g_signal_connect (kr_task_job_get_progress (job), "changed", G_CALLBACK (on_progress_changed), self);
  return self;
}

void
kr_task_bus_object_free (KrTaskBusObject *self)
{
  stop_timer (self);
  g_signal_handlers_disconnect_by_data (kr_task_job_get_progress (self->job), self);
  g_signal_handlers_disconnect_by_data (self->job, self);
  g_object_unref (self->task);
  g_object_unref (self->object);
  g_object_unref (self->job);
  g_main_context_unref (self->context);
  g_free (self->sender);
  g_free (self->parent);
  g_strfreev (self->children);
  g_free (self);
}

const char *
kr_task_bus_object_get_path (KrTaskBusObject *self)
{
  return g_dbus_object_get_object_path (G_DBUS_OBJECT (self->object));
}

/**
 * kr_task_bus_object_set_parent:
 * @self: an object
 * @parent: the path of another one
 *
 * Says whose part the job is.
 */
void
kr_task_bus_object_set_parent (KrTaskBusObject *self, const char *parent)
{
  if (g_str_equal (self->parent, parent))
    return;
  g_free (self->parent);
  self->parent = g_strdup (parent);
  tell_soon (self);
}

/**
 * kr_task_bus_object_take_children:
 * @self: an object
 * @children: (transfer full): paths
 *
 * Says what the parts of the job are.
 */
void
kr_task_bus_object_take_children (KrTaskBusObject *self, GStrv children)
{
  gboolean same = g_strv_equal ((const char *const *) self->children, (const char *const *) children);

  g_strfreev (self->children);
  self->children = children;
  if (!same)
    tell_soon (self);
}

/* --- the end ------------------------------------------------------------------------------------------------------ */

/* GVariant knows types that D-Bus does not, and has other limits. */
static gboolean
is_type_for_bus (const char *type)
{
  guint n_arrays = 0, n_structs = 0;

  if (strlen (type) > 255)
    return FALSE;
  for (const char *c = type; *c != '\0'; c++)
    {
      if (*c == 'm' || *c == 'h' || (*c == '(' && c[1] == ')') || (*c == '{' && (c == type || c[-1] != 'a')))
        return FALSE;
      n_arrays += *c == 'a';
      n_structs += *c == '(';
    }
  return n_arrays <= MAX_NESTING && n_structs <= MAX_NESTING;
}

/* The type of @value itself is known to be good, what its variants hold is not. */
static gboolean
are_variants_for_bus (GVariant *value, guint depth)
{
  if (depth > MAX_NESTING)
    return FALSE;
  if (strchr (g_variant_get_type_string (value), 'v') == NULL)
    return TRUE;
  for (gsize i = 0; i < g_variant_n_children (value); i++)
    {
      g_autoptr (GVariant) child = g_variant_get_child_value (value, i);

      if (g_variant_is_of_type (value, G_VARIANT_TYPE_VARIANT) && !is_type_for_bus (g_variant_get_type_string (child)))
        return FALSE;
      if (!are_variants_for_bus (child, depth + 1))
        return FALSE;
    }
  return TRUE;
}

static gboolean
is_for_bus (GVariant *value)
{
  return is_type_for_bus (g_variant_get_type_string (value)) && are_variants_for_bus (value, 0);
}

/**
 * kr_task_bus_object_dup_result:
 * @self: an object
 * @error: return location for what the job ended with
 *
 * Gets the result as D-Bus can carry it: nothing as an empty array of variants, and what D-Bus has no type for as text.
 *
 * Returns: (transfer full) (nullable): a variant, or %NULL on errors
 */
GVariant *
kr_task_bus_object_dup_result (KrTaskBusObject *self, GError **error)
{
  g_autoptr (GError) local = NULL;
  g_autoptr (GVariant) result = kr_task_job_dup_result (self->job, &local);

  if (local != NULL)
    {
      g_propagate_error (error, g_steal_pointer (&local));
      return NULL;
    }
  if (result == NULL)
    return g_variant_ref_sink (g_variant_new_array (G_VARIANT_TYPE_VARIANT, NULL, 0));
  if (!is_for_bus (result))
    return g_variant_ref_sink (g_variant_new_take_string (g_variant_print (result, TRUE)));
  return g_steal_pointer (&result);
}

/* How it ended, for who does not look at the object. */
GVariant *
kr_task_bus_object_dup_info (KrTaskBusObject *self)
{
  g_autoptr (GVariant) result = kr_task_bus_object_dup_result (self, NULL);
  g_autoptr (GError) error = kr_task_job_dup_error (self->job);
  GVariantDict dict;

  g_variant_dict_init (&dict, NULL);
  g_variant_dict_insert (&dict, "reason", "s",
                         kr_task_cancel_reason_to_string (kr_task_job_get_cancel_reason (self->job)));
  g_variant_dict_insert (&dict, "duration", "x", kr_task_job_get_duration (self->job));
  if (error != NULL)
    {
      g_autofree char *name = g_dbus_error_encode_gerror (error);

      g_variant_dict_insert (&dict, "error", "(ss)", name, error->message);
    }
  else if (result != NULL && g_variant_get_size (result) <= MAX_RESULT_IN_SIGNAL)
    g_variant_dict_insert (&dict, "result", "v", result);
  return g_variant_ref_sink (g_variant_dict_end (&dict));
}

/* The last values, then the signal. */
void
kr_task_bus_object_finish (KrTaskBusObject *self)
{
  g_autoptr (GVariant) info = kr_task_bus_object_dup_info (self);

  self->finished = TRUE;
  self->finished_at = g_get_monotonic_time ();
  tell (self);
  kr_task_dbus_task1_emit_finished (self->task, kr_task_state_to_string (kr_task_job_get_state (self->job)), info);
}
