/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* DemoSource: where the tasks of the window come from. */
#include "config.h"

#include "demo-source.h"

G_DEFINE_INTERFACE (DemoSource, demo_source, G_TYPE_LIST_MODEL)

static void
demo_source_default_init (DemoSourceInterface *iface)
{
  /* DemoSource:available: whether the tasks are in reach: somebody is there who has them. */
  g_object_interface_install_property (iface,
                                       g_param_spec_boolean ("available", NULL, NULL, FALSE,
                                                             G_PARAM_READABLE | G_PARAM_STATIC_STRINGS
                                                             | G_PARAM_EXPLICIT_NOTIFY));
}

/**
 * demo_source_get_available:
 * @self: a source
 *
 * Tells whether the tasks are in reach.
 *
 * Returns: whether they are
 */
gboolean
demo_source_get_available (DemoSource *self)
{
  gboolean available;

  g_object_get (self, "available", &available, NULL);
  return available;
}

/**
 * demo_source_get_kinds:
 * @self: a source
 *
 * Gets what can be started there.
 *
 * Returns: (transfer none) (array zero-terminated=1): names, the usual one first
 */
const char *const *
demo_source_get_kinds (DemoSource *self)
{
  return DEMO_SOURCE_GET_IFACE (self)->get_kinds (self);
}

/**
 * demo_source_dup_hint:
 * @self: a source
 *
 * Says why the tasks are out of reach, or what somebody can do about it.
 *
 * Returns: (transfer full): a sentence or two, translated
 */
char *
demo_source_dup_hint (DemoSource *self)
{
  return DEMO_SOURCE_GET_IFACE (self)->dup_hint (self);
}

/**
 * demo_source_dup_status:
 * @self: a source
 *
 * Says what the source is about to do about tasks that are out of reach. Changes are notified as those of "available".
 *
 * Returns: (transfer full) (nullable): a few words, translated; %NULL if there is nothing to say
 */
char *
demo_source_dup_status (DemoSource *self)
{
  DemoSourceInterface *iface = DEMO_SOURCE_GET_IFACE (self);

  return iface->dup_status != NULL ? iface->dup_status (self) : NULL;
}

/**
 * demo_source_start_async:
 * @self: a source
 * @kind: what to start
 * @seconds: how long it takes
 * @cancellable: (nullable): stops the call, not the task
 * @callback: called with the answer
 * @user_data: its argument
 *
 * Starts a task; it appears in the list by itself.
 */
void
demo_source_start_async (DemoSource *self, const char *kind, guint seconds, GCancellable *cancellable,
                         GAsyncReadyCallback callback, gpointer user_data)
{
  DEMO_SOURCE_GET_IFACE (self)->start_async (self, kind, seconds, cancellable, callback, user_data);
}

/**
 * demo_source_start_finish:
 * @self: a source
 * @result: what the callback was given
 * @error: return location for an error
 *
 * Ends demo_source_start_async().
 *
 * Returns: whether it is started
 */
gboolean
demo_source_start_finish (DemoSource *self, GAsyncResult *result, GError **error)
{
  return DEMO_SOURCE_GET_IFACE (self)->start_finish (self, result, error);
}
