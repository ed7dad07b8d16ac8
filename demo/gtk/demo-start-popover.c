/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* DemoStartPopover: asks what to start, and for how long. */
#include "config.h"

#include "demo-start-popover.h"

/*
 * DemoStartPopover:
 *
 * Asks what to start and for how long. Its signal "start" says what was chosen.
 */
struct _DemoStartPopover
{
  GtkPopover parent_instance;

  GtkWidget *kind_row;
  GtkWidget *kind;
  GtkWidget *seconds;
  GtkWidget *start;
};

typedef enum
{
  SIGNAL_START,
} DemoStartPopoverSignal;

static guint signals[SIGNAL_START + 1];

G_DEFINE_FINAL_TYPE (DemoStartPopover, demo_start_popover, GTK_TYPE_POPOVER)

static void
on_start (DemoStartPopover *self)
{
  GtkStringObject *kind = gtk_drop_down_get_selected_item (GTK_DROP_DOWN (self->kind));

  if (kind == NULL)
    return;
  /* a number that is still being typed counts, too */
  gtk_spin_button_update (GTK_SPIN_BUTTON (self->seconds));
  gtk_popover_popdown (GTK_POPOVER (self));
  g_signal_emit (self, signals[SIGNAL_START], 0, gtk_string_object_get_string (kind),
                 (guint) gtk_spin_button_get_value_as_int (GTK_SPIN_BUTTON (self->seconds)));
}

static void
on_activate (DemoStartPopover *self)
{
  gtk_widget_activate (self->start);
}

/* Enter in the field of the number starts: its text is the widget that hears of the key. */
static void
connect_text (DemoStartPopover *self)
{
  GtkEditable *text = gtk_editable_get_delegate (GTK_EDITABLE (self->seconds));

  g_signal_connect_object (text, "activate", G_CALLBACK (on_activate), self, G_CONNECT_SWAPPED | G_CONNECT_AFTER);
}

static void
demo_start_popover_dispose (GObject *object)
{
  gtk_popover_set_child (GTK_POPOVER (object), NULL);
  G_OBJECT_CLASS (demo_start_popover_parent_class)->dispose (object);
}

static void
demo_start_popover_class_init (DemoStartPopoverClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = demo_start_popover_dispose;
  /* DemoStartPopover::start: the kind and the seconds that were chosen */
  signals[SIGNAL_START] = g_signal_new ("start", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                        G_TYPE_NONE, 2, G_TYPE_STRING, G_TYPE_UINT);
  gtk_widget_class_set_template_from_resource (widget_class, "/org/kestrun/KrTasks/demo-start-popover.ui");
  gtk_widget_class_bind_template_child (widget_class, DemoStartPopover, kind_row);
  gtk_widget_class_bind_template_child (widget_class, DemoStartPopover, kind);
  gtk_widget_class_bind_template_child (widget_class, DemoStartPopover, seconds);
  gtk_widget_class_bind_template_child (widget_class, DemoStartPopover, start);
  gtk_widget_class_bind_template_callback (widget_class, on_start);
}

static void
demo_start_popover_init (DemoStartPopover *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
  connect_text (self);
}

/**
 * demo_start_popover_set_source:
 * @self: a popover
 * @source: where tasks are started
 *
 * Offers what can be started there; with one kind only there is nothing to choose.
 */
void
demo_start_popover_set_source (DemoStartPopover *self, DemoSource *source)
{
  const char *const *kinds = demo_source_get_kinds (source);
  g_autoptr (GtkStringList) list = gtk_string_list_new (kinds);

  gtk_drop_down_set_model (GTK_DROP_DOWN (self->kind), G_LIST_MODEL (list));
  gtk_widget_set_visible (self->kind_row, g_strv_length ((char **) kinds) > 1);
}
