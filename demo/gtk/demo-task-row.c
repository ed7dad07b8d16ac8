/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* DemoTaskRow: one task in the list. */
#include "config.h"

#include "demo-task-row.h"

#include <glib/gi18n.h>
#include <math.h>

#include "demo-format.h"

#define PULSE_MILLISECONDS 100

/*
 * DemoTaskRow:
 *
 * One task in the list, with details below it on demand. Its signal "failed" has what to tell the user when something
 * that was asked for is refused.
 */
struct _DemoTaskRow
{
  GtkListBoxRow parent_instance;

  DemoTask *task;
  KrTaskState shown; /* the state that the details are of */
  guint pulse_id;    /* while the task runs and cannot say how far it is */

  GtkWidget *icon;
  GtkWidget *title;
  GtkWidget *state;
  GtkWidget *bar;
  GtkWidget *message;
  GtkWidget *progress;
  GtkWidget *cancel;
  GtkWidget *remove;
  GtkWidget *arrow;
  GtkWidget *revealer;
  GtkWidget *details;
};

typedef enum
{
  SIGNAL_FAILED,
} DemoTaskRowSignal;

static guint signals[SIGNAL_FAILED + 1];

G_DEFINE_FINAL_TYPE (DemoTaskRow, demo_task_row, GTK_TYPE_LIST_BOX_ROW)

/* --- what it shows ------------------------------------------------------------------------------------------------ */

static gboolean
on_pulse (gpointer user_data)
{
  gtk_progress_bar_pulse (GTK_PROGRESS_BAR (DEMO_TASK_ROW (user_data)->bar));
  return G_SOURCE_CONTINUE;
}

static void
update_bar (DemoTaskRow *self, const DemoTaskInfo *info)
{
  gboolean active = info->state == KR_TASK_STATE_RUNNING || info->state == KR_TASK_STATE_CANCELLING;
  gboolean pulse = active && isnan (info->fraction);

  gtk_widget_set_visible (self->bar, active);
  if (!pulse)
    gtk_progress_bar_set_fraction (GTK_PROGRESS_BAR (self->bar), isnan (info->fraction) ? 0 : info->fraction);
  if (pulse && self->pulse_id == 0)
    self->pulse_id = g_timeout_add (PULSE_MILLISECONDS, on_pulse, self);
  else if (!pulse)
    g_clear_handle_id (&self->pulse_id, g_source_remove);
}

/* A button that is about to go, or to stop working, hands the focus to the row, or the keyboard user is lost. */
static void
keep_focus (DemoTaskRow *self, GtkWidget *button, gboolean stays)
{
  if (!stays && gtk_widget_has_focus (button))
    gtk_widget_grab_focus (GTK_WIDGET (self));
}

static void
update_buttons (DemoTaskRow *self, const DemoTaskInfo *info)
{
  gboolean over = kr_task_state_is_terminal (info->state);
  gboolean can_remove = demo_task_can_remove (self->task);

  keep_focus (self, self->cancel, !over && info->cancelable);
  keep_focus (self, self->remove, can_remove);
  gtk_widget_set_visible (self->cancel, !over);
  gtk_widget_set_visible (self->remove, can_remove);
  gtk_widget_action_set_enabled (GTK_WIDGET (self), "task.cancel", info->cancelable);
  gtk_widget_action_set_enabled (GTK_WIDGET (self), "task.remove", can_remove);
}

static void
update_label (GtkWidget *label, const char *text)
{
  gtk_label_set_label (GTK_LABEL (label), text != NULL ? text : "");
  gtk_widget_set_visible (label, text != NULL && text[0] != '\0');
}

static void
update_style (DemoTaskRow *self, KrTaskState state)
{
  static const char *const names[] = { "created", "queued", "running", "cancelling", "completed", "failed", "cancelled",
                                       "timed-out" };

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    if (i == state)
      gtk_widget_add_css_class (GTK_WIDGET (self), names[i]);
    else
      gtk_widget_remove_css_class (GTK_WIDGET (self), names[i]);
}

/* --- details ------------------------------------------------------------------------------------------------------ */

static int
add_detail (DemoTaskRow *self, int line, const char *name, const char *value)
{
  GtkWidget *key, *text;

  if (value == NULL || value[0] == '\0')
    return line;
  key = gtk_label_new (name);
  gtk_label_set_xalign (GTK_LABEL (key), 1);
  gtk_label_set_yalign (GTK_LABEL (key), 0);
  gtk_widget_add_css_class (key, "dim-label");
  text = gtk_label_new (value);
  gtk_label_set_xalign (GTK_LABEL (text), 0);
  gtk_label_set_wrap (GTK_LABEL (text), TRUE);
  gtk_label_set_wrap_mode (GTK_LABEL (text), PANGO_WRAP_WORD_CHAR);
  gtk_label_set_selectable (GTK_LABEL (text), TRUE);
  gtk_widget_set_hexpand (text, TRUE);
  gtk_accessible_update_relation (GTK_ACCESSIBLE (text), GTK_ACCESSIBLE_RELATION_LABELLED_BY, key, NULL, -1);
  gtk_grid_attach (GTK_GRID (self->details), key, 0, line, 1, 1);
  gtk_grid_attach (GTK_GRID (self->details), text, 1, line, 1, 1);
  return line + 1;
}

static void
fill_details (DemoTaskRow *self)
{
  const DemoTaskInfo *info = demo_task_get_info (self->task);
  g_autofree char *created = demo_format_time (info->created_at);
  g_autofree char *started = demo_format_time (info->started_at);
  g_autofree char *finished = demo_format_time (info->finished_at);
  GtkRoot *root = gtk_widget_get_root (GTK_WIDGET (self));
  GtkWidget *focus = root != NULL ? gtk_root_get_focus (root) : NULL;
  GtkWidget *child;
  int line = 0;

  if (focus != NULL && gtk_widget_is_ancestor (focus, self->details))
    gtk_widget_grab_focus (GTK_WIDGET (self));
  while ((child = gtk_widget_get_first_child (self->details)) != NULL)
    gtk_grid_remove (GTK_GRID (self->details), child);
  line = add_detail (self, line, _("Description"), info->description);
  line = add_detail (self, line, _("Error"), info->state == KR_TASK_STATE_FAILED ? info->error : NULL);
  line = add_detail (self, line, _("Reason"), demo_format_reason (info->cancel_reason));
  line = add_detail (self, line, _("Created"), created);
  line = add_detail (self, line, _("Started"), started);
  line = add_detail (self, line, _("Ended"), finished);
  line = add_detail (self, line, _("Kind"), info->kind != NULL ? demo_format_kind (info->kind) : NULL);
  add_detail (self, line, _("Identifier"), info->id);
}

static gboolean
shows_details (DemoTaskRow *self)
{
  return gtk_revealer_get_reveal_child (GTK_REVEALER (self->revealer));
}

/* --- following the task ------------------------------------------------------------------------------------------- */

static void
label_buttons (DemoTaskRow *self, const DemoTaskInfo *info)
{
  g_autofree char *cancel = g_strdup_printf (_("Cancel “%s”"), info->title != NULL ? info->title : "");
  g_autofree char *remove = g_strdup_printf (_("Remove “%s” from the list"), info->title != NULL ? info->title : "");

  gtk_accessible_update_property (GTK_ACCESSIBLE (self->cancel), GTK_ACCESSIBLE_PROPERTY_LABEL, cancel, -1);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self->remove), GTK_ACCESSIBLE_PROPERTY_LABEL, remove, -1);
}

static void
update (DemoTaskRow *self)
{
  const DemoTaskInfo *info = demo_task_get_info (self->task);
  g_autofree char *progress = demo_format_progress (info);
  g_autofree char *summary = demo_format_summary (info);
  gboolean over = kr_task_state_is_terminal (info->state);

  gtk_label_set_label (GTK_LABEL (self->title), info->title != NULL ? info->title : "");
  gtk_label_set_label (GTK_LABEL (self->state), demo_format_state (info->state));
  gtk_image_set_from_icon_name (GTK_IMAGE (self->icon), demo_format_state_icon (info->state));
  update_label (self->message, over && info->state == KR_TASK_STATE_FAILED ? info->error : over ? NULL : info->message);
  update_label (self->progress, progress);
  update_bar (self, info);
  update_buttons (self, info);
  label_buttons (self, info);
  update_style (self, info->state);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self), GTK_ACCESSIBLE_PROPERTY_LABEL, summary, -1);
  /* what can be selected with the mouse stays as it is while only the progress changes */
  if (shows_details (self) && self->shown != info->state)
    fill_details (self);
  self->shown = info->state;
}

/* --- what can be done --------------------------------------------------------------------------------------------- */

static const char *
get_title (DemoTaskRow *self)
{
  const DemoTaskInfo *info = demo_task_get_info (self->task);

  return info->title != NULL ? info->title : "";
}

/* The row may have left the list meanwhile. */
static void
tell (DemoTaskRow *self, char *text)
{
  g_signal_emit (self, signals[SIGNAL_FAILED], 0, text);
  g_free (text);
}

static void
on_cancelled (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (DemoTaskRow) self = user_data;
  g_autoptr (GError) error = NULL;
  g_autofree char *why = NULL;

  if (demo_task_cancel_finish (DEMO_TASK (source), result, &error) || self->task == NULL)
    return;
  why = demo_format_error (error);
  tell (self, g_strdup_printf (_("“%s” cannot be cancelled: %s"), get_title (self), why));
}

static void
on_removed (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (DemoTaskRow) self = user_data;
  g_autoptr (GError) error = NULL;
  g_autofree char *why = NULL;

  if (demo_task_remove_finish (DEMO_TASK (source), result, &error) || self->task == NULL)
    return;
  why = demo_format_error (error);
  tell (self, g_strdup_printf (_("“%s” cannot be removed: %s"), get_title (self), why));
}

static void
cancel (GtkWidget *widget, const char *action, GVariant *parameter)
{
  DemoTaskRow *self = DEMO_TASK_ROW (widget);

  demo_task_cancel_async (self->task, NULL, on_cancelled, g_object_ref (self));
}

static void
remove_from_list (GtkWidget *widget, const char *action, GVariant *parameter)
{
  DemoTaskRow *self = DEMO_TASK_ROW (widget);

  demo_task_remove_async (self->task, NULL, on_removed, g_object_ref (self));
}

/* The Delete key does whichever of the two makes sense. */
static void
dismiss (GtkWidget *widget, const char *action, GVariant *parameter)
{
  if (demo_task_can_remove (DEMO_TASK_ROW (widget)->task))
    gtk_widget_activate_action (widget, "task.remove", NULL);
  else if (demo_task_get_info (DEMO_TASK_ROW (widget)->task)->cancelable)
    gtk_widget_activate_action (widget, "task.cancel", NULL);
  else
    gtk_widget_error_bell (widget);
}

/* --- the object --------------------------------------------------------------------------------------------------- */

static void
demo_task_row_dispose (GObject *object)
{
  DemoTaskRow *self = DEMO_TASK_ROW (object);

  g_clear_handle_id (&self->pulse_id, g_source_remove);
  if (self->task != NULL)
    g_signal_handlers_disconnect_by_data (self->task, self);
  g_clear_object (&self->task);
  G_OBJECT_CLASS (demo_task_row_parent_class)->dispose (object);
}

static void
bind_template (GtkWidgetClass *widget_class)
{
  gtk_widget_class_set_template_from_resource (widget_class, "/org/kestrun/KrTasks/demo-task-row.ui");
  gtk_widget_class_bind_template_child (widget_class, DemoTaskRow, icon);
  gtk_widget_class_bind_template_child (widget_class, DemoTaskRow, title);
  gtk_widget_class_bind_template_child (widget_class, DemoTaskRow, state);
  gtk_widget_class_bind_template_child (widget_class, DemoTaskRow, bar);
  gtk_widget_class_bind_template_child (widget_class, DemoTaskRow, message);
  gtk_widget_class_bind_template_child (widget_class, DemoTaskRow, progress);
  gtk_widget_class_bind_template_child (widget_class, DemoTaskRow, cancel);
  gtk_widget_class_bind_template_child (widget_class, DemoTaskRow, remove);
  gtk_widget_class_bind_template_child (widget_class, DemoTaskRow, arrow);
  gtk_widget_class_bind_template_child (widget_class, DemoTaskRow, revealer);
  gtk_widget_class_bind_template_child (widget_class, DemoTaskRow, details);
}

static void
demo_task_row_class_init (DemoTaskRowClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = demo_task_row_dispose;
  /* DemoTaskRow::failed: what to tell the user */
  signals[SIGNAL_FAILED] = g_signal_new ("failed", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                         G_TYPE_NONE, 1, G_TYPE_STRING);
  bind_template (widget_class);
  gtk_widget_class_install_action (widget_class, "task.cancel", NULL, cancel);
  gtk_widget_class_install_action (widget_class, "task.remove", NULL, remove_from_list);
  gtk_widget_class_install_action (widget_class, "task.dismiss", NULL, dismiss);
  gtk_widget_class_add_binding_action (widget_class, GDK_KEY_Delete, 0, "task.dismiss", NULL);
  gtk_widget_class_add_binding_action (widget_class, GDK_KEY_KP_Delete, 0, "task.dismiss", NULL);
}

static void
demo_task_row_init (DemoTaskRow *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}

/**
 * demo_task_row_new:
 * @task: a task
 *
 * Creates a row that follows @task.
 *
 * Returns: (transfer floating): a row
 */
GtkWidget *
demo_task_row_new (DemoTask *task)
{
  DemoTaskRow *self = g_object_new (DEMO_TYPE_TASK_ROW, NULL);

  self->task = g_object_ref (task);
  g_signal_connect_swapped (task, "changed", G_CALLBACK (update), self);
  update (self);
  return GTK_WIDGET (self);
}

/**
 * demo_task_row_get_task:
 * @self: a row
 *
 * Gets the task that it shows.
 *
 * Returns: (transfer none): the task
 */
DemoTask *
demo_task_row_get_task (DemoTaskRow *self)
{
  return self->task;
}

/**
 * demo_task_row_toggle_details:
 * @self: a row
 *
 * Shows the details, or hides them.
 */
void
demo_task_row_toggle_details (DemoTaskRow *self)
{
  gboolean show = !shows_details (self);

  if (show)
    fill_details (self);
  /* a title that is too long for two lines is one of the details */
  gtk_label_set_ellipsize (GTK_LABEL (self->title), show ? PANGO_ELLIPSIZE_NONE : PANGO_ELLIPSIZE_END);
  gtk_revealer_set_reveal_child (GTK_REVEALER (self->revealer), show);
  gtk_image_set_from_icon_name (GTK_IMAGE (self->arrow), show ? "pan-down-symbolic" : "pan-end-symbolic");
  gtk_accessible_update_state (GTK_ACCESSIBLE (self), GTK_ACCESSIBLE_STATE_EXPANDED, show, -1);
}
