/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* KrHubStreamModel: the items of a stream as a list that grows. */
#include "config.h"

#include "kr-hub-stream-model.h"

#include "kr-hub-stream-item-private.h"

/* A fast stream does not keep the main loop from everything else. */
#define MAX_BATCH 256

/**
 * KrHubStreamModel:
 *
 * The items of a stream as a list that grows: what a GtkListView shows while the hub sends.
 *
 * The model reads the stream as fast as the main loop turns and holds at most [property@KrHub.StreamModel:max-items] items, the
 * latest; with 0 it holds all, so that the stream decides how much memory that takes. Items that arrive together are
 * announced together. Giving up the model closes the stream, which cancels the call.
 *
 * A model belongs to the thread of its client.
 *
 * Since: 0.1
 */
struct _KrHubStreamModel
{
  GObject parent_instance;

  KrHubStream *stream;        /* NULL once it has ended */
  GCancellable *cancellable;  /* of the waiting for the next item */
  GPtrArray *items;           /* of KrHubStreamItem */
  guint max_items;
  guint64 n_received;
  gboolean ended;
  GError *error;
};

static void list_model_iface_init (GListModelInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (KrHubStreamModel, kr_hub_stream_model, G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (G_TYPE_LIST_MODEL, list_model_iface_init))

typedef enum
{
  PROP_MAX_ITEMS = 1,
  PROP_ENDED,
  PROP_ERROR,
} KrHubStreamModelProperty;

static GParamSpec *props[PROP_ERROR + 1];

static void read_next (KrHubStreamModel *self);

static void
kr_hub_stream_model_get_property (GObject *object, guint prop_id, GValue *value, GParamSpec *pspec)
{
  KrHubStreamModel *self = KR_HUB_STREAM_MODEL (object);

  switch ((KrHubStreamModelProperty) prop_id)
    {
    case PROP_MAX_ITEMS: g_value_set_uint (value, self->max_items); break;
    case PROP_ENDED: g_value_set_boolean (value, self->ended); break;
    case PROP_ERROR: g_value_set_boxed (value, self->error); break;
    default: G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
kr_hub_stream_model_dispose (GObject *object)
{
  KrHubStreamModel *self = KR_HUB_STREAM_MODEL (object);

  g_cancellable_cancel (self->cancellable);
  if (self->stream != NULL)
    kr_hub_stream_close (self->stream);
  g_clear_object (&self->stream);
  G_OBJECT_CLASS (kr_hub_stream_model_parent_class)->dispose (object);
}

static void
kr_hub_stream_model_finalize (GObject *object)
{
  KrHubStreamModel *self = KR_HUB_STREAM_MODEL (object);

  g_object_unref (self->cancellable);
  g_ptr_array_unref (self->items);
  g_clear_error (&self->error);
  G_OBJECT_CLASS (kr_hub_stream_model_parent_class)->finalize (object);
}

static void
kr_hub_stream_model_class_init (KrHubStreamModelClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  const GParamFlags flags = G_PARAM_READABLE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY;

  object_class->get_property = kr_hub_stream_model_get_property;
  object_class->dispose = kr_hub_stream_model_dispose;
  object_class->finalize = kr_hub_stream_model_finalize;

  /**
   * KrHubStreamModel:max-items:
   *
   * How many items the list holds; the oldest make room for new ones. 0: all.
   *
   * Since: 0.1
   */
  props[PROP_MAX_ITEMS] = g_param_spec_uint ("max-items", NULL, NULL, 0, G_MAXUINT, 0, flags);
  /**
   * KrHubStreamModel:ended:
   *
   * Whether the list grows no more.
   *
   * Since: 0.1
   */
  props[PROP_ENDED] = g_param_spec_boolean ("ended", NULL, NULL, FALSE, flags);
  /**
   * KrHubStreamModel:error:
   *
   * Why the stream ended; nothing if it goes on or was complete.
   *
   * Since: 0.1
   */
  props[PROP_ERROR] = g_param_spec_boxed ("error", NULL, NULL, G_TYPE_ERROR, flags);
  g_object_class_install_properties (object_class, G_N_ELEMENTS (props), props);
}

static void
kr_hub_stream_model_init (KrHubStreamModel *self)
{
  self->cancellable = g_cancellable_new ();
  self->items = g_ptr_array_new_with_free_func (g_object_unref);
}

static GType
get_item_type (GListModel *model)
{
  return KR_HUB_TYPE_STREAM_ITEM;
}

static guint
get_n_items (GListModel *model)
{
  return KR_HUB_STREAM_MODEL (model)->items->len;
}

static gpointer
get_item (GListModel *model, guint position)
{
  KrHubStreamModel *self = KR_HUB_STREAM_MODEL (model);

  return position < self->items->len ? g_object_ref (g_ptr_array_index (self->items, position)) : NULL;
}

static void
list_model_iface_init (GListModelInterface *iface)
{
  iface->get_item_type = get_item_type;
  iface->get_n_items = get_n_items;
  iface->get_item = get_item;
}

/* --- reading --- */

static void
end (KrHubStreamModel *self, GError *error)
{
  if (self->ended)
    {
      g_clear_error (&error);
      return;
    }
  self->ended = TRUE;
  self->error = error;
  g_clear_object (&self->stream);
  if (error != NULL)
    g_object_notify_by_pspec (G_OBJECT (self), props[PROP_ERROR]);
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_ENDED]);
}

/* Takes @value, and all that has arrived with it; nothing is held that would go at once. */
static GPtrArray *
take_batch (KrHubStreamModel *self, GVariant *value)
{
  GPtrArray *batch = g_ptr_array_new_with_free_func (g_object_unref);

  for (guint i = 0; value != NULL && i < MAX_BATCH; i++)
    {
      g_ptr_array_add (batch, kr_hub_stream_item_new (value, self->n_received++));
      value = i + 1 < MAX_BATCH ? kr_hub_stream_try_next (self->stream) : NULL;
    }
  if (self->max_items > 0 && batch->len > self->max_items)
    g_ptr_array_remove_range (batch, 0, batch->len - self->max_items);
  return batch;
}

static void
add_batch (KrHubStreamModel *self, GPtrArray *batch)
{
  guint n = batch->len;
  guint excess = self->max_items > 0 && self->items->len + n > self->max_items ? self->items->len + n - self->max_items : 0;

  if (excess > 0)
    {
      g_ptr_array_remove_range (self->items, 0, excess);
      g_list_model_items_changed (G_LIST_MODEL (self), 0, excess, 0);
    }
  g_ptr_array_extend_and_steal (self->items, batch);
  g_list_model_items_changed (G_LIST_MODEL (self), self->items->len - n, 0, n);
}

static void
weak_free (GWeakRef *weak)
{
  g_weak_ref_clear (weak);
  g_free (weak);
}

/* The model is not held by its own reading, or it would never go. */
static void
has_next (GObject *source, GAsyncResult *result, gpointer user_data)
{
  GWeakRef *weak = user_data;
  g_autoptr (KrHubStreamModel) self = g_weak_ref_get (weak);
  GError *error = NULL;
  GVariant *value = kr_hub_stream_next_finish (KR_HUB_STREAM (source), result, &error);

  weak_free (weak);
  if (self == NULL || self->stream == NULL)
    {
      g_clear_pointer (&value, g_variant_unref);
      g_clear_error (&error);
      return;
    }
  if (value == NULL)
    {
      end (self, error);
      return;
    }
  add_batch (self, take_batch (self, value));
  /* Who was told may have closed it. */
  if (self->stream != NULL)
    read_next (self);
}

static void
read_next (KrHubStreamModel *self)
{
  GWeakRef *weak = g_new0 (GWeakRef, 1);

  g_weak_ref_init (weak, self);
  kr_hub_stream_next_async (self->stream, self->cancellable, has_next, weak);
}

/**
 * kr_hub_stream_model_new:
 * @stream: a stream that is read, and by nobody else from now on
 * @max_items: how many items to hold, the latest; 0 for all
 *
 * Creates a list of a stream's items ([method@KrHub.Client.stream]).
 *
 * Returns: (transfer full): a new model
 *
 * Since: 0.1
 */
KrHubStreamModel *
kr_hub_stream_model_new (KrHubStream *stream, guint max_items)
{
  KrHubStreamModel *self;

  g_return_val_if_fail (KR_HUB_IS_STREAM (stream), NULL);

  self = g_object_new (KR_HUB_TYPE_STREAM_MODEL, NULL);
  self->stream = g_object_ref (stream);
  self->max_items = max_items;
  read_next (self);
  return self;
}

/**
 * kr_hub_stream_model_is_ended: (get-property ended)
 * @self: a model
 *
 * Gets whether the list grows no more.
 *
 * Returns: %TRUE after the end of the stream
 *
 * Since: 0.1
 */
gboolean
kr_hub_stream_model_is_ended (KrHubStreamModel *self)
{
  g_return_val_if_fail (KR_HUB_IS_STREAM_MODEL (self), TRUE);
  return self->ended;
}

/**
 * kr_hub_stream_model_get_error: (get-property error)
 * @self: a model
 *
 * Gets why the stream ended.
 *
 * Returns: (transfer none) (nullable): the error; %NULL if the stream goes on or was complete
 *
 * Since: 0.1
 */
const GError *
kr_hub_stream_model_get_error (KrHubStreamModel *self)
{
  g_return_val_if_fail (KR_HUB_IS_STREAM_MODEL (self), NULL);
  return self->error;
}

/**
 * kr_hub_stream_model_close:
 * @self: a model
 *
 * Wants no more items, which cancels the call; the list keeps what it has.
 *
 * Since: 0.1
 */
void
kr_hub_stream_model_close (KrHubStreamModel *self)
{
  g_return_if_fail (KR_HUB_IS_STREAM_MODEL (self));

  if (self->stream == NULL)
    return;
  g_cancellable_cancel (self->cancellable);
  kr_hub_stream_close (self->stream);
  end (self, NULL);
}
