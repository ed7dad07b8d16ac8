/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* DemoClamp: keeps its child from growing wider than can be read. */
#include "config.h"

#include "demo-clamp.h"

#define WIDTH 800

/*
 * DemoClamp:
 *
 * Gives its child the width that there is, 800 pixels at most, in the middle.
 */
struct _DemoClamp
{
  GtkWidget parent_instance;

  GtkWidget *child;
};

static void buildable_init (GtkBuildableIface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (DemoClamp, demo_clamp, GTK_TYPE_WIDGET,
                               G_IMPLEMENT_INTERFACE (GTK_TYPE_BUILDABLE, buildable_init))

static GtkSizeRequestMode
demo_clamp_get_request_mode (GtkWidget *widget)
{
  return GTK_SIZE_REQUEST_HEIGHT_FOR_WIDTH;
}

static void
demo_clamp_measure (GtkWidget *widget, GtkOrientation orientation, int for_size, int *minimum, int *natural,
                    int *minimum_baseline, int *natural_baseline)
{
  DemoClamp *self = DEMO_CLAMP (widget);

  if (self->child == NULL)
    return;
  if (orientation == GTK_ORIENTATION_VERTICAL)
    for_size = MIN (for_size, WIDTH);
  gtk_widget_measure (self->child, orientation, for_size, minimum, natural, NULL, NULL);
  if (orientation == GTK_ORIENTATION_HORIZONTAL)
    *natural = MAX (*minimum, MIN (*natural, WIDTH));
}

static void
demo_clamp_size_allocate (GtkWidget *widget, int width, int height, int baseline)
{
  DemoClamp *self = DEMO_CLAMP (widget);
  int child_width = MIN (width, WIDTH);

  if (self->child != NULL)
    gtk_widget_size_allocate (self->child,
                              &(GtkAllocation) { (width - child_width) / 2, 0, child_width, height }, -1);
}

static void
demo_clamp_dispose (GObject *object)
{
  g_clear_pointer (&DEMO_CLAMP (object)->child, gtk_widget_unparent);
  G_OBJECT_CLASS (demo_clamp_parent_class)->dispose (object);
}

static void
demo_clamp_class_init (DemoClampClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = demo_clamp_dispose;
  widget_class->get_request_mode = demo_clamp_get_request_mode;
  widget_class->measure = demo_clamp_measure;
  widget_class->size_allocate = demo_clamp_size_allocate;
}

static void
demo_clamp_init (DemoClamp *self)
{
}

static void
demo_clamp_add_child (GtkBuildable *buildable, GtkBuilder *builder, GObject *child, const char *type)
{
  DemoClamp *self = DEMO_CLAMP (buildable);

  g_return_if_fail (self->child == NULL);

  self->child = GTK_WIDGET (child);
  gtk_widget_set_parent (self->child, GTK_WIDGET (self));
}

static void
buildable_init (GtkBuildableIface *iface)
{
  iface->add_child = demo_clamp_add_child;
}
