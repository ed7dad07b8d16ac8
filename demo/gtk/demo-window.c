/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* DemoWindow: the list of tasks, and what can be done with them. */
#include "config.h"

#include "demo-window.h"

#include <glib/gi18n.h>

#include "demo-clamp.h"
#include "demo-format.h"
#include "demo-start-popover.h"
#include "demo-task-row.h"
#include "demo-toast.h"

/*
 * DemoWindow:
 *
 * Lists the tasks of a source, the newest first, and says so when there are none or nobody is there who has any.
 */
struct _DemoWindow
{
  GtkApplicationWindow parent_instance;

  DemoSource *source;
  GtkFilter *filter;   /* lets pass what was not removed */
  GListModel *tasks;   /* of the source, filtered and sorted */

  GtkWidget *start_button;
  GtkWidget *start_popover;
  GtkWidget *subtitle;
  GtkWidget *stack;
  GtkWidget *hint;
  GtkWidget *list;
  GtkWidget *toast;
};

G_DEFINE_FINAL_TYPE (DemoWindow, demo_window, GTK_TYPE_APPLICATION_WINDOW)

/* --- what it shows ------------------------------------------------------------------------------------------------ */

static guint
count_active (DemoWindow *self)
{
  guint n = 0;

  for (guint i = 0; i < g_list_model_get_n_items (self->tasks); i++)
    {
      g_autoptr (DemoTask) task = g_list_model_get_item (self->tasks, i);

      if (!kr_task_state_is_terminal (demo_task_get_info (task)->state))
        n++;
    }
  return n;
}

static void
update (DemoWindow *self)
{
  gboolean available = demo_source_get_available (self->source);
  guint n_tasks = g_list_model_get_n_items (self->tasks);
  guint n_active = count_active (self);
  g_autofree char *hint = demo_source_dup_hint (self->source);
  g_autofree char *subtitle = demo_source_dup_status (self->source);

  if (subtitle == NULL && n_active > 0)
    subtitle = g_strdup_printf (ngettext ("%u active", "%u active", n_active), n_active);
  gtk_label_set_label (GTK_LABEL (self->subtitle), subtitle != NULL ? subtitle : "");
  gtk_widget_set_visible (self->subtitle, subtitle != NULL);
  gtk_label_set_label (GTK_LABEL (self->hint), hint);
  gtk_widget_set_sensitive (self->start_button, available);
  gtk_widget_action_set_enabled (GTK_WIDGET (self), "win.new-task", available);
  gtk_widget_action_set_enabled (GTK_WIDGET (self), "win.remove-ended", n_tasks > n_active);
  gtk_stack_set_visible_child_name (GTK_STACK (self->stack), n_tasks > 0 ? "tasks" : available ? "empty" : "offline");
}

static void
update_kinds (DemoWindow *self)
{
  demo_start_popover_set_kinds (DEMO_START_POPOVER (self->start_popover), demo_source_get_kinds (self->source));
}

static void
on_task_changed (DemoWindow *self, DemoTask *task)
{
  if (demo_task_is_removed (task))
    gtk_filter_changed (self->filter, GTK_FILTER_CHANGE_MORE_STRICT);
  update (self);
}

static gboolean
is_of_interest (gpointer item, gpointer user_data)
{
  return !demo_task_is_removed (item);
}

static void
on_items_changed (GListModel *model, guint position, guint removed, guint added, gpointer user_data)
{
  for (guint i = 0; i < added; i++)
    {
      g_autoptr (DemoTask) task = g_list_model_get_item (model, position + i);

      g_signal_connect_object (task, "changed", G_CALLBACK (on_task_changed), user_data, G_CONNECT_SWAPPED);
    }
  update (user_data);
}

static void
on_row_failed (DemoTaskRow *row, const char *text, gpointer user_data)
{
  demo_toast_show (DEMO_TOAST (DEMO_WINDOW (user_data)->toast), text);
}

static GtkWidget *
create_row (gpointer item, gpointer user_data)
{
  GtkWidget *row = demo_task_row_new (item);

  g_signal_connect_object (row, "failed", G_CALLBACK (on_row_failed), user_data, 0);
  return row;
}

static void
on_row_activated (GtkListBox *list, GtkListBoxRow *row, gpointer user_data)
{
  demo_task_row_toggle_details (DEMO_TASK_ROW (row));
}

/* By the moment of creation, which never changes: no row moves away from under the pointer. */
static int
compare_age (gconstpointer a, gconstpointer b, gpointer user_data)
{
  gint64 a_created = demo_task_get_info (DEMO_TASK ((gpointer) a))->created_at;
  gint64 b_created = demo_task_get_info (DEMO_TASK ((gpointer) b))->created_at;

  return (a_created < b_created) - (a_created > b_created);
}

/* --- what can be done --------------------------------------------------------------------------------------------- */

static void
on_started (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (DemoWindow) self = user_data;
  g_autoptr (GError) error = NULL;
  g_autofree char *why = NULL, *text = NULL;

  if (demo_source_start_finish (DEMO_SOURCE (source), result, &error) || self->toast == NULL)
    return;
  why = demo_format_error (error);
  text = g_strdup_printf (_("The task cannot be started: %s"), why);
  demo_toast_show (DEMO_TOAST (self->toast), text);
}

static void
on_start (DemoStartPopover *popover, const char *kind, guint seconds, gpointer user_data)
{
  DemoWindow *self = user_data;

  demo_source_start_async (self->source, kind, seconds, NULL, on_started, g_object_ref (self));
}

static void
new_task (GtkWidget *widget, const char *action, GVariant *parameter)
{
  gtk_menu_button_popup (GTK_MENU_BUTTON (DEMO_WINDOW (widget)->start_button));
}

static void
on_removed (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (DemoWindow) self = user_data;
  g_autoptr (GError) error = NULL;
  g_autofree char *why = NULL, *text = NULL;

  if (demo_task_remove_finish (DEMO_TASK (source), result, &error) || self->toast == NULL)
    return;
  why = demo_format_error (error);
  text = g_strdup_printf (_("A task cannot be removed: %s"), why);
  demo_toast_show (DEMO_TOAST (self->toast), text);
}

static void
remove_ended (GtkWidget *widget, const char *action, GVariant *parameter)
{
  DemoWindow *self = DEMO_WINDOW (widget);

  for (guint i = 0; i < g_list_model_get_n_items (self->tasks); i++)
    {
      g_autoptr (DemoTask) task = g_list_model_get_item (self->tasks, i);

      if (demo_task_can_remove (task))
        demo_task_remove_async (task, NULL, on_removed, g_object_ref (self));
    }
}

/* --- the object --------------------------------------------------------------------------------------------------- */

static void
demo_window_dispose (GObject *object)
{
  DemoWindow *self = DEMO_WINDOW (object);

  self->toast = NULL;
  if (self->source != NULL)
    g_signal_handlers_disconnect_by_data (self->source, self);
  g_clear_object (&self->tasks);
  g_clear_object (&self->filter);
  G_OBJECT_CLASS (demo_window_parent_class)->dispose (object);
  g_clear_object (&self->source);
}

static void
demo_window_class_init (DemoWindowClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = demo_window_dispose;
  g_type_ensure (DEMO_TYPE_CLAMP);
  g_type_ensure (DEMO_TYPE_START_POPOVER);
  g_type_ensure (DEMO_TYPE_TOAST);
  gtk_widget_class_set_template_from_resource (widget_class, "/org/kestrun/KrTasks/demo-window.ui");
  gtk_widget_class_bind_template_child (widget_class, DemoWindow, start_button);
  gtk_widget_class_bind_template_child (widget_class, DemoWindow, start_popover);
  gtk_widget_class_bind_template_child (widget_class, DemoWindow, subtitle);
  gtk_widget_class_bind_template_child (widget_class, DemoWindow, stack);
  gtk_widget_class_bind_template_child (widget_class, DemoWindow, hint);
  gtk_widget_class_bind_template_child (widget_class, DemoWindow, list);
  gtk_widget_class_bind_template_child (widget_class, DemoWindow, toast);
  gtk_widget_class_bind_template_callback (widget_class, on_start);
  gtk_widget_class_bind_template_callback (widget_class, on_row_activated);
  gtk_widget_class_install_action (widget_class, "win.new-task", NULL, new_task);
  gtk_widget_class_install_action (widget_class, "win.remove-ended", NULL, remove_ended);
}

static void
demo_window_init (DemoWindow *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}

/**
 * demo_window_new:
 * @application: (nullable): its application
 * @source: where the tasks come from
 *
 * Creates a window.
 *
 * Returns: (transfer none): a window, which GTK owns
 */
GtkWidget *
demo_window_new (GtkApplication *application, DemoSource *source)
{
  DemoWindow *self = g_object_new (DEMO_TYPE_WINDOW, "application", application, NULL);
  GtkSorter *sorter = GTK_SORTER (gtk_custom_sorter_new (compare_age, NULL, NULL));
  GtkFilterListModel *filtered;

  self->source = g_object_ref (source);
  self->filter = GTK_FILTER (gtk_custom_filter_new (is_of_interest, NULL, NULL));
  filtered = gtk_filter_list_model_new (G_LIST_MODEL (g_object_ref (source)), g_object_ref (self->filter));
  self->tasks = G_LIST_MODEL (gtk_sort_list_model_new (G_LIST_MODEL (filtered), sorter));
  update_kinds (self);
  gtk_list_box_bind_model (GTK_LIST_BOX (self->list), self->tasks, create_row, self, NULL);
  g_signal_connect (source, "items-changed", G_CALLBACK (on_items_changed), self);
  g_signal_connect_swapped (source, "notify::available", G_CALLBACK (update), self);
  g_signal_connect_swapped (source, "notify::kinds", G_CALLBACK (update_kinds), self);
  on_items_changed (G_LIST_MODEL (source), 0, 0, g_list_model_get_n_items (G_LIST_MODEL (source)), self);
  return GTK_WIDGET (self);
}
