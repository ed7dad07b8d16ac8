/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* DemoSource: where the tasks of the window come from. */
#include "config.h"

#include "demo-source.h"

#include "demo-task.h"

/*
 * DemoSource:
 *
 * Where the tasks of the window come from: a list model of DemoTask. A kind of source derives from it, fills the list of
 * demo_source_get_tasks(), and says when the tasks are in reach and what can be started there.
 */
typedef struct
{
  GListStore *tasks;
  gboolean available;
  GStrv kinds;
} DemoSourcePrivate;

typedef enum
{
  PROP_AVAILABLE = 1,
  PROP_KINDS,
} DemoSourceProperty;

static GParamSpec *props[PROP_KINDS + 1];

static void list_model_init (GListModelInterface *iface);

G_DEFINE_ABSTRACT_TYPE_WITH_CODE (DemoSource, demo_source, G_TYPE_OBJECT,
                                  G_ADD_PRIVATE (DemoSource)
                                  G_IMPLEMENT_INTERFACE (G_TYPE_LIST_MODEL, list_model_init))

/* --- the list ----------------------------------------------------------------------------------------------------- */

static GType
get_item_type (GListModel *model)
{
  return DEMO_TYPE_TASK;
}

static guint
get_n_items (GListModel *model)
{
  return g_list_model_get_n_items (G_LIST_MODEL (demo_source_get_tasks (DEMO_SOURCE (model))));
}

static gpointer
get_item (GListModel *model, guint position)
{
  return g_list_model_get_item (G_LIST_MODEL (demo_source_get_tasks (DEMO_SOURCE (model))), position);
}

static void
list_model_init (GListModelInterface *iface)
{
  iface->get_item_type = get_item_type;
  iface->get_n_items = get_n_items;
  iface->get_item = get_item;
}

/* --- the object --------------------------------------------------------------------------------------------------- */

static void
demo_source_get_property (GObject *object, guint prop_id, GValue *value, GParamSpec *pspec)
{
  switch ((DemoSourceProperty) prop_id)
    {
    case PROP_AVAILABLE:
      g_value_set_boolean (value, demo_source_get_available (DEMO_SOURCE (object)));
      break;
    case PROP_KINDS:
      g_value_set_boxed (value, demo_source_get_kinds (DEMO_SOURCE (object)));
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
demo_source_finalize (GObject *object)
{
  DemoSourcePrivate *priv = demo_source_get_instance_private (DEMO_SOURCE (object));

  g_object_unref (priv->tasks);
  g_strfreev (priv->kinds);
  G_OBJECT_CLASS (demo_source_parent_class)->finalize (object);
}

static void
demo_source_class_init (DemoSourceClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GParamFlags flags = G_PARAM_READABLE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY;

  object_class->get_property = demo_source_get_property;
  object_class->finalize = demo_source_finalize;

  /* DemoSource:available: whether the tasks are in reach: somebody is there who has them. */
  props[PROP_AVAILABLE] = g_param_spec_boolean ("available", NULL, NULL, FALSE, flags);
  /* DemoSource:kinds: what can be started. */
  props[PROP_KINDS] = g_param_spec_boxed ("kinds", NULL, NULL, G_TYPE_STRV, flags);
  g_object_class_install_properties (object_class, G_N_ELEMENTS (props), props);
}

static void
demo_source_init (DemoSource *self)
{
  DemoSourcePrivate *priv = demo_source_get_instance_private (self);

  priv->tasks = g_list_store_new (DEMO_TYPE_TASK);
  priv->kinds = g_new0 (char *, 1);
  g_signal_connect_object (priv->tasks, "items-changed", G_CALLBACK (g_list_model_items_changed), self,
                           G_CONNECT_SWAPPED);
}

/**
 * demo_source_get_tasks:
 * @self: a source
 *
 * Gets the list of the tasks, for the source to fill.
 *
 * Returns: (transfer none): a list of DemoTask
 */
GListStore *
demo_source_get_tasks (DemoSource *self)
{
  DemoSourcePrivate *priv = demo_source_get_instance_private (self);

  return priv->tasks;
}

/**
 * demo_source_set_available:
 * @self: a source
 * @available: whether the tasks are in reach
 *
 * Says whether the tasks are in reach; also when only the reason why they are not is another one: those who look ask for
 * hint and status as well.
 */
void
demo_source_set_available (DemoSource *self, gboolean available)
{
  DemoSourcePrivate *priv = demo_source_get_instance_private (self);

  priv->available = available;
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_AVAILABLE]);
}

/**
 * demo_source_set_kinds:
 * @self: a source
 * @kinds: (array zero-terminated=1): names, the usual one first
 *
 * Says what can be started.
 */
void
demo_source_set_kinds (DemoSource *self, const char *const *kinds)
{
  DemoSourcePrivate *priv = demo_source_get_instance_private (self);

  if (g_strv_equal ((const char *const *) priv->kinds, kinds))
    return;
  g_strfreev (priv->kinds);
  priv->kinds = g_strdupv ((GStrv) kinds);
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_KINDS]);
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
  DemoSourcePrivate *priv = demo_source_get_instance_private (self);

  return priv->available;
}

/**
 * demo_source_get_kinds:
 * @self: a source
 *
 * Gets what can be started there; nothing while it is not known.
 *
 * Returns: (transfer none) (array zero-terminated=1): names, the usual one first
 */
const char *const *
demo_source_get_kinds (DemoSource *self)
{
  DemoSourcePrivate *priv = demo_source_get_instance_private (self);

  return (const char *const *) priv->kinds;
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
  return DEMO_SOURCE_GET_CLASS (self)->dup_hint (self);
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
  DemoSourceClass *klass = DEMO_SOURCE_GET_CLASS (self);

  return klass->dup_status != NULL ? klass->dup_status (self) : NULL;
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
  DEMO_SOURCE_GET_CLASS (self)->start_async (self, kind, seconds, cancellable, callback, user_data);
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
  return DEMO_SOURCE_GET_CLASS (self)->start_finish (self, result, error);
}
