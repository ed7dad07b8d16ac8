/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* DemoSource: where the tasks of the window come from. */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

#define DEMO_TYPE_SOURCE (demo_source_get_type ())
G_DECLARE_DERIVABLE_TYPE (DemoSource, demo_source, DEMO, SOURCE, GObject)

/* A list model of DemoTask. All in the main thread. */
struct _DemoSourceClass
{
  GObjectClass parent_class;

  char *(*dup_hint) (DemoSource *self);
  char *(*dup_status) (DemoSource *self); /* may be NULL: there is never any */
  void (*start_async) (DemoSource *self, const char *kind, guint seconds, GCancellable *cancellable,
                       GAsyncReadyCallback callback, gpointer user_data);
  gboolean (*start_finish) (DemoSource *self, GAsyncResult *result, GError **error);
};

gboolean demo_source_get_available (DemoSource *self);
const char *const *demo_source_get_kinds (DemoSource *self);
char *demo_source_dup_hint (DemoSource *self);
char *demo_source_dup_status (DemoSource *self);
void demo_source_start_async (DemoSource *self, const char *kind, guint seconds, GCancellable *cancellable,
                              GAsyncReadyCallback callback, gpointer user_data);
gboolean demo_source_start_finish (DemoSource *self, GAsyncResult *result, GError **error);

/* For the sources themselves. */
GListStore *demo_source_get_tasks (DemoSource *self);
void demo_source_set_available (DemoSource *self, gboolean available);
void demo_source_set_kinds (DemoSource *self, const char *const *kinds);

G_END_DECLS
