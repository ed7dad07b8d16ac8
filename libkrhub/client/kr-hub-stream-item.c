/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* KrHubStreamItem: one item of a KrHubStreamModel. */
#include "config.h"

#include "kr-hub-stream-item-private.h"

/**
 * KrHubStreamItem:
 *
 * One item of a [class@KrHub.StreamModel]: a value that never changes.
 *
 * Since: 0.1
 */
struct _KrHubStreamItem
{
  GObject parent_instance;

  GVariant *value;
  guint64 number;
};

G_DEFINE_FINAL_TYPE (KrHubStreamItem, kr_hub_stream_item, G_TYPE_OBJECT)

typedef enum
{
  PROP_VALUE = 1,
  PROP_NUMBER,
} KrHubStreamItemProperty;

static GParamSpec *props[PROP_NUMBER + 1];

static void
kr_hub_stream_item_get_property (GObject *object, guint prop_id, GValue *value, GParamSpec *pspec)
{
  KrHubStreamItem *self = KR_HUB_STREAM_ITEM (object);

  switch ((KrHubStreamItemProperty) prop_id)
    {
    case PROP_VALUE: g_value_set_variant (value, self->value); break;
    case PROP_NUMBER: g_value_set_uint64 (value, self->number); break;
    default: G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
kr_hub_stream_item_finalize (GObject *object)
{
  g_clear_pointer (&KR_HUB_STREAM_ITEM (object)->value, g_variant_unref);
  G_OBJECT_CLASS (kr_hub_stream_item_parent_class)->finalize (object);
}

static void
kr_hub_stream_item_class_init (KrHubStreamItemClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->get_property = kr_hub_stream_item_get_property;
  object_class->finalize = kr_hub_stream_item_finalize;

  /**
   * KrHubStreamItem:value:
   *
   * What the hub sent.
   *
   * Since: 0.1
   */
  props[PROP_VALUE] = g_param_spec_variant ("value", NULL, NULL, G_VARIANT_TYPE_ANY, NULL,
                                            G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);
  /**
   * KrHubStreamItem:number:
   *
   * Its place in the stream, from 0.
   *
   * Since: 0.1
   */
  props[PROP_NUMBER] = g_param_spec_uint64 ("number", NULL, NULL, 0, G_MAXUINT64, 0,
                                            G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);
  g_object_class_install_properties (object_class, G_N_ELEMENTS (props), props);
}

static void
kr_hub_stream_item_init (KrHubStreamItem *self)
{
}

KrHubStreamItem *
kr_hub_stream_item_new (GVariant *value, guint64 number)
{
  KrHubStreamItem *self = g_object_new (KR_HUB_TYPE_STREAM_ITEM, NULL);

  self->value = value;
  self->number = number;
  return self;
}

/**
 * kr_hub_stream_item_get_value: (get-property value)
 * @self: an item
 *
 * Gets what the hub sent.
 *
 * Returns: (transfer none): the value
 *
 * Since: 0.1
 */
GVariant *
kr_hub_stream_item_get_value (KrHubStreamItem *self)
{
  g_return_val_if_fail (KR_HUB_IS_STREAM_ITEM (self), NULL);
  return self->value;
}

/**
 * kr_hub_stream_item_get_number: (get-property number)
 * @self: an item
 *
 * Gets the item's place in the stream.
 *
 * Returns: its number, from 0
 *
 * Since: 0.1
 */
guint64
kr_hub_stream_item_get_number (KrHubStreamItem *self)
{
  g_return_val_if_fail (KR_HUB_IS_STREAM_ITEM (self), 0);
  return self->number;
}
