/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* DemoToast: a message that shows for a while, over what is below it. */
#include "config.h"

#include "demo-toast.h"

#define SECONDS 6

/*
 * DemoToast:
 *
 * Shows one message at a time, a newer one in the place of an older one, for six seconds or until it is closed. A
 * pointer that rests on it keeps it.
 */
struct _DemoToast
{
  GtkWidget parent_instance;

  GtkWidget *revealer;
  GtkWidget *label;
  guint timeout_id;
};

G_DEFINE_FINAL_TYPE (DemoToast, demo_toast, GTK_TYPE_WIDGET)

static void
hide (DemoToast *self)
{
  g_clear_handle_id (&self->timeout_id, g_source_remove);
  gtk_revealer_set_reveal_child (GTK_REVEALER (self->revealer), FALSE);
}

static gboolean
on_timeout (gpointer user_data)
{
  DemoToast *self = user_data;

  self->timeout_id = 0;
  hide (self);
  return G_SOURCE_REMOVE;
}

static void
wait_from_now (DemoToast *self)
{
  g_clear_handle_id (&self->timeout_id, g_source_remove);
  self->timeout_id = g_timeout_add_seconds (SECONDS, on_timeout, self);
}

static void
on_enter (GtkEventControllerMotion *controller, double x, double y, gpointer user_data)
{
  DemoToast *self = user_data;

  g_clear_handle_id (&self->timeout_id, g_source_remove);
}

static void
on_leave (GtkEventControllerMotion *controller, gpointer user_data)
{
  DemoToast *self = user_data;

  if (gtk_revealer_get_reveal_child (GTK_REVEALER (self->revealer)))
    wait_from_now (self);
}

/* What is closed is not in the way of the pointer. */
static void
on_child_revealed (GtkRevealer *revealer, GParamSpec *pspec, gpointer user_data)
{
  if (!gtk_revealer_get_reveal_child (revealer) && !gtk_revealer_get_child_revealed (revealer))
    gtk_widget_set_visible (GTK_WIDGET (user_data), FALSE);
}

static void
demo_toast_dispose (GObject *object)
{
  DemoToast *self = DEMO_TOAST (object);

  g_clear_handle_id (&self->timeout_id, g_source_remove);
  g_clear_pointer (&self->revealer, gtk_widget_unparent);
  G_OBJECT_CLASS (demo_toast_parent_class)->dispose (object);
}

static void
demo_toast_class_init (DemoToastClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = demo_toast_dispose;
  gtk_widget_class_set_template_from_resource (widget_class, "/org/kestrun/KrTasks/demo-toast.ui");
  gtk_widget_class_set_layout_manager_type (widget_class, GTK_TYPE_BIN_LAYOUT);
  gtk_widget_class_set_accessible_role (widget_class, GTK_ACCESSIBLE_ROLE_ALERT);
  gtk_widget_class_bind_template_child (widget_class, DemoToast, revealer);
  gtk_widget_class_bind_template_child (widget_class, DemoToast, label);
  gtk_widget_class_bind_template_callback (widget_class, hide);
  gtk_widget_class_bind_template_callback (widget_class, on_enter);
  gtk_widget_class_bind_template_callback (widget_class, on_leave);
  gtk_widget_class_bind_template_callback (widget_class, on_child_revealed);
}

static void
demo_toast_init (DemoToast *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}

/**
 * demo_toast_show:
 * @self: a toast
 * @text: what to say
 *
 * Shows a message.
 */
void
demo_toast_show (DemoToast *self, const char *text)
{
  gtk_label_set_label (GTK_LABEL (self->label), text);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self), GTK_ACCESSIBLE_PROPERTY_LABEL, text, -1);
  gtk_widget_set_visible (GTK_WIDGET (self), TRUE);
  gtk_revealer_set_reveal_child (GTK_REVEALER (self->revealer), TRUE);
  wait_from_now (self);
}

/**
 * demo_toast_get_text:
 * @self: a toast
 *
 * Gets what it says.
 *
 * Returns: (transfer none) (nullable): the message; %NULL while there is none
 */
const char *
demo_toast_get_text (DemoToast *self)
{
  if (!gtk_revealer_get_reveal_child (GTK_REVEALER (self->revealer)))
    return NULL;
  return gtk_label_get_label (GTK_LABEL (self->label));
}
