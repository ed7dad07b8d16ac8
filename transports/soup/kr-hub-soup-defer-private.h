/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* What is to happen later in the thread-default main context. */
#pragma once

#if !defined (KR_HUB_SOUP_COMPILATION)
#error "Private header of transports/soup."
#endif

#include <gio/gio.h>

G_BEGIN_DECLS

/* Calls @func once, in a later turn, with a reference on @object that is given up afterwards. */
static inline void
kr_hub_soup_defer (const char *name, GSourceFunc func, gpointer object)
{
  GSource *source = g_idle_source_new ();

  g_source_set_static_name (source, name);
  g_source_set_priority (source, G_PRIORITY_DEFAULT);
  g_source_set_callback (source, func, g_object_ref (object), g_object_unref);
  g_source_attach (source, g_main_context_get_thread_default ());
  g_source_unref (source);
}

G_END_DECLS
