/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* What a KrTaskProgress tells whoever asks, in any thread. */
#include "config.h"

#include <math.h>

#include "kr-task-progress-inside-private.h"

/* Lock held. */
static gint64
eta (KrTaskProgress *self)
{
  if (isnan (self->fraction) || self->fraction_rate <= 0)
    return -1;
  return (gint64) MIN ((1 - self->fraction) / self->fraction_rate * G_USEC_PER_SEC, (double) (G_MAXINT64 / 2));
}

/**
 * kr_task_progress_get:
 * @self: a progress
 * @message: (out) (optional) (transfer full): return location for the message
 *
 * Gets fraction and message as one call set them. May be called from any thread.
 *
 * Returns: the fraction, NaN if unknown
 *
 * Since: 0.1
 */
double
kr_task_progress_get (KrTaskProgress *self, char **message)
{
  double fraction;

  g_return_val_if_fail (KR_TASK_IS_PROGRESS (self), 0);

  kr_task_lock (&self->tree->lock);
  fraction = self->fraction;
  if (message != NULL)
    *message = g_strdup (self->message->str);
  kr_task_unlock (&self->tree->lock);
  return fraction;
}

/**
 * kr_task_progress_get_fraction: (get-property fraction)
 * @self: a progress
 *
 * Gets the fraction. May be called from any thread.
 *
 * Returns: from 0 to 1, NaN if unknown
 *
 * Since: 0.1
 */
double
kr_task_progress_get_fraction (KrTaskProgress *self)
{
  return kr_task_progress_get (self, NULL);
}

/**
 * kr_task_progress_get_estimating: (get-property estimating)
 * @self: a progress
 *
 * Tells whether the fraction is unknown. May be called from any thread.
 *
 * Returns: %TRUE if it is
 *
 * Since: 0.1
 */
gboolean
kr_task_progress_get_estimating (KrTaskProgress *self)
{
  return isnan (kr_task_progress_get (self, NULL));
}

/**
 * kr_task_progress_dup_message:
 * @self: a progress
 *
 * Gets the message. May be called from any thread.
 *
 * Returns: (transfer full): what the task is doing, maybe empty
 *
 * Since: 0.1
 */
char *
kr_task_progress_dup_message (KrTaskProgress *self)
{
  char *message = NULL;

  kr_task_progress_get (self, &message);
  return message;
}

/**
 * kr_task_progress_get_units:
 * @self: a progress
 * @done: (out) (optional): return location for how many units are done
 * @total: (out) (optional): return location for how many there are, 0 if unknown
 * @unit: (out) (optional) (nullable) (transfer full): return location for what is counted
 *
 * Gets what [method@KrTask.Progress.set_units] set. May be called from any thread.
 *
 * Since: 0.1
 */
void
kr_task_progress_get_units (KrTaskProgress *self, guint64 *done, guint64 *total, char **unit)
{
  g_return_if_fail (KR_TASK_IS_PROGRESS (self));

  kr_task_lock (&self->tree->lock);
  if (done != NULL)
    *done = self->done;
  if (total != NULL)
    *total = self->total;
  if (unit != NULL)
    *unit = g_strdup (self->unit);
  kr_task_unlock (&self->tree->lock);
}

/**
 * kr_task_progress_get_rate: (get-property rate)
 * @self: a progress
 *
 * Gets the units done per second, a moving average over monotonic time. May be called from any thread.
 *
 * Returns: the rate, 0 if unknown
 *
 * Since: 0.1
 */
guint64
kr_task_progress_get_rate (KrTaskProgress *self)
{
  double rate;

  g_return_val_if_fail (KR_TASK_IS_PROGRESS (self), 0);

  kr_task_lock (&self->tree->lock);
  rate = self->rate;
  kr_task_unlock (&self->tree->lock);
  return (guint64) rate;
}

/**
 * kr_task_progress_get_eta: (get-property eta)
 * @self: a progress
 *
 * Gets the time that is left at the present rate. May be called from any thread.
 *
 * Returns: in µs, -1 if unknown
 *
 * Since: 0.1
 */
gint64
kr_task_progress_get_eta (KrTaskProgress *self)
{
  gint64 left;

  g_return_val_if_fail (KR_TASK_IS_PROGRESS (self), -1);

  kr_task_lock (&self->tree->lock);
  left = eta (self);
  kr_task_unlock (&self->tree->lock);
  return left;
}

/**
 * kr_task_progress_dup_details:
 * @self: a progress
 *
 * Gets all details. May be called from any thread.
 *
 * Returns: (transfer full): an `a{sv}`
 *
 * Since: 0.1
 */
GVariant *
kr_task_progress_dup_details (KrTaskProgress *self)
{
  GVariantDict dict;
  GHashTableIter iter;
  gpointer key, value;

  g_return_val_if_fail (KR_TASK_IS_PROGRESS (self), NULL);

  g_variant_dict_init (&dict, NULL);
  kr_task_lock (&self->tree->lock);
  if (self->details != NULL)
    {
      g_hash_table_iter_init (&iter, self->details);
      while (g_hash_table_iter_next (&iter, &key, &value))
        g_variant_dict_insert_value (&dict, key, value);
    }
  kr_task_unlock (&self->tree->lock);
  return g_variant_ref_sink (g_variant_dict_end (&dict));
}

/* Lock held. */
static void
append_steps (KrTaskProgress *self, GVariantBuilder *builder, guint depth)
{
  for (guint i = 0; self->steps != NULL && i < self->steps->len; i++)
    {
      KrTaskProgress *step = g_ptr_array_index (self->steps, i);

      g_variant_builder_add (builder, "(usuds)", depth, step->name != NULL ? step->name : "", step->weight,
                             step->fraction, step->message->str);
      append_steps (step, builder, depth + 1);
    }
}

/**
 * kr_task_progress_dup_steps:
 * @self: a progress
 *
 * Gets all steps and their steps, each before its own steps. May be called from any thread.
 *
 * Returns: (transfer full): an `a(usuds)`: depth, name, weight, fraction (NaN: unknown), message
 *
 * Since: 0.1
 */
GVariant *
kr_task_progress_dup_steps (KrTaskProgress *self)
{
  g_auto (GVariantBuilder) builder = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE ("a(usuds)"));

  g_return_val_if_fail (KR_TASK_IS_PROGRESS (self), NULL);

  kr_task_lock (&self->tree->lock);
  append_steps (self, &builder, 0);
  kr_task_unlock (&self->tree->lock);
  return g_variant_ref_sink (g_variant_builder_end (&builder));
}
