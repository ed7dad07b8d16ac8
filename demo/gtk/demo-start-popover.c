/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* DemoStartPopover: asks what to start, and for how long. */
#include "config.h"

#include "demo-start-popover.h"

#include "demo-format.h"

/*
 * DemoStartPopover:
 *
 * Asks what to start and for how long. Its signal "start" says what was chosen.
 */
struct _DemoStartPopover
{
  GtkPopover parent_instance;

  GStrv kinds;
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
  guint selected = gtk_drop_down_get_selected (GTK_DROP_DOWN (self->kind));

  if (selected == GTK_INVALID_LIST_POSITION)
    return;
  /* a number that is still being typed counts, too */
  gtk_spin_button_update (GTK_SPIN_BUTTON (self->seconds));
  gtk_popover_popdown (GTK_POPOVER (self));
  g_signal_emit (self, signals[SIGNAL_START], 0, self->kinds[selected],
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
demo_start_popover_finalize (GObject *object)
{
  g_strfreev (DEMO_START_POPOVER (object)->kinds);
  G_OBJECT_CLASS (demo_start_popover_parent_class)->finalize (object);
}

static void
demo_start_popover_class_init (DemoStartPopoverClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = demo_start_popover_dispose;
  G_OBJECT_CLASS (klass)->finalize = demo_start_popover_finalize;
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
 * demo_start_popover_set_kinds:
 * @self: a popover
 * @kinds: (array zero-terminated=1): what can be started
 *
 * Offers it; with one kind only there is nothing to choose. What was chosen stays chosen if it is still there.
 */
void
demo_start_popover_set_kinds (DemoStartPopover *self, const char *const *kinds)
{
  guint selected = gtk_drop_down_get_selected (GTK_DROP_DOWN (self->kind));
  g_autofree char *chosen = selected != GTK_INVALID_LIST_POSITION ? g_strdup (self->kinds[selected]) : NULL;
  g_autoptr (GtkStringList) names = gtk_string_list_new (NULL);

  g_strfreev (self->kinds);
  self->kinds = g_strdupv ((GStrv) kinds);
  for (guint i = 0; kinds[i] != NULL; i++)
    gtk_string_list_append (names, demo_format_kind (kinds[i]));
  gtk_drop_down_set_model (GTK_DROP_DOWN (self->kind), G_LIST_MODEL (names));
  for (guint i = 0; kinds[i] != NULL; i++)
    if (g_strcmp0 (kinds[i], chosen) == 0)
      gtk_drop_down_set_selected (GTK_DROP_DOWN (self->kind), i);
  gtk_widget_set_visible (self->kind_row, g_strv_length ((GStrv) kinds) > 1);
}
