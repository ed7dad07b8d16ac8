/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* How a KrTaskProgress is told, from any thread. */
#include "config.h"

#include <math.h>
#include <string.h>

#include "kr-task-progress-inside-private.h"

/* Lock held. */
static inline void
set_fraction (KrTaskProgress *self, double fraction)
{
  if (__atomic_always_lock_free (sizeof fraction, NULL))
    __atomic_store (&self->fraction, &fraction, __ATOMIC_RELAXED);
  else
    self->fraction = fraction;
}

/* Lock held. */
static double
fraction_of_steps (KrTaskProgress *self)
{
  double sum = 0, weights = 0;

  for (guint i = 0; i < self->steps->len; i++)
    {
      KrTaskProgress *step = g_ptr_array_index (self->steps, i);

      weights += step->weight;
      if (!isnan (step->fraction))
        sum += step->weight * step->fraction;
    }
  return weights > 0 ? sum / weights : NAN;
}

/* Lock held. A step of unknown length counts as not begun, so its parent is known nevertheless. */
static void
update_parents (KrTaskProgress *self)
{
  for (KrTaskProgress *parent = self->parent; parent != NULL; parent = parent->parent)
    {
      double fraction = fraction_of_steps (parent);

      if (isnan (parent->fraction) || fraction > parent->fraction)
        set_fraction (parent, fraction);
    }
}

/* Lock held. TRUE: the caller tells the job, after unlocking. */
static inline gboolean
mark_dirty (KrTaskProgress *self)
{
  if (self->parent != NULL)
    update_parents (self);
  if (self->tree->dirty)
    return FALSE;
  self->tree->dirty = TRUE;
  return TRUE;
}

/* Not a GWeakRef: the job lets go in its dispose function, before its last reference is gone, under the same lock. */
static void
tell_job (KrTaskProgress *self)
{
  g_autoptr (KrTaskJob) job = NULL;

  kr_task_lock (&self->tree->lock);
  g_set_object (&job, self->tree->job);
  kr_task_unlock (&self->tree->lock);
  if (job != NULL)
    kr_task_job_progress_changed (job);
}

/* Of threads that report the same work most come too late, and need not wait for the lock to hear it. */
static inline gboolean
comes_too_late (KrTaskProgress *self, double fraction)
{
  double present;

  if (!__atomic_always_lock_free (sizeof present, NULL))
    return FALSE;
  __atomic_load (&self->fraction, &present, __ATOMIC_RELAXED);
  return fraction < present;
}

/**
 * kr_task_progress_set:
 * @self: a progress
 * @fraction: from 0 to 1, clamped; NaN: unknown
 * @message: (nullable): what the task is doing; %NULL: as before
 *
 * Sets the fraction and the message together. A call whose fraction is below the present one comes too late and is
 * dropped, message included; to begin again, pass NaN first. May be called from any thread.
 *
 * Since: 0.1
 */
void
kr_task_progress_set (KrTaskProgress *self, double fraction, const char *message)
{
  gboolean tell = FALSE;

  g_return_if_fail (KR_TASK_IS_PROGRESS (self));

  if (!isnan (fraction))
    fraction = CLAMP (fraction, 0.0, 1.0);
  if (comes_too_late (self, fraction))
    return;
  kr_task_lock (&self->tree->lock);
  /* written so that it is FALSE where either is NaN */
  if (!self->tree->frozen && !(fraction < self->fraction))
    {
      set_fraction (self, fraction);
      /* what is the same is not written, so that the threads keep it in their caches */
      if (message != NULL && strcmp (self->message->str, message) != 0)
        g_string_assign (self->message, message);
      tell = mark_dirty (self);
    }
  kr_task_unlock (&self->tree->lock);
  if (tell)
    tell_job (self);
}

/**
 * kr_task_progress_set_units:
 * @self: a progress
 * @done: how many units are done
 * @total: how many there are; 0: unknown
 * @unit: (nullable): what is counted, such as `bytes`; %NULL: as before
 *
 * Sets how many units are done, and the fraction with it. Unless @total changes, a smaller @done is dropped. May be
 * called from any thread.
 *
 * Since: 0.1
 */
void
kr_task_progress_set_units (KrTaskProgress *self, guint64 done, guint64 total, const char *unit)
{
  gboolean tell = FALSE;

  g_return_if_fail (KR_TASK_IS_PROGRESS (self));

  kr_task_lock (&self->tree->lock);
  if (!self->tree->frozen && (done >= self->done || total != self->total))
    {
      self->done = done;
      self->total = total;
      set_fraction (self, total > 0 ? MIN ((double) done / (double) total, 1.0) : NAN);
      if (unit != NULL && g_strcmp0 (unit, self->unit) != 0)
        {
          g_free (self->unit);
          self->unit = g_strdup (unit);
        }
      tell = mark_dirty (self);
    }
  kr_task_unlock (&self->tree->lock);
  if (tell)
    tell_job (self);
}

/**
 * kr_task_progress_set_detail:
 * @self: a progress
 * @key: a name
 * @value: (nullable): a value, taken over if floating; %NULL removes it
 *
 * Sets one detail for programs to read, such as the name of a file. May be called from any thread.
 *
 * Since: 0.1
 */
void
kr_task_progress_set_detail (KrTaskProgress *self, const char *key, GVariant *value)
{
  gboolean tell = FALSE;
  g_autoptr (GVariant) sunk = value != NULL ? g_variant_ref_sink (value) : NULL;

  g_return_if_fail (KR_TASK_IS_PROGRESS (self));
  g_return_if_fail (key != NULL);

  kr_task_lock (&self->tree->lock);
  if (!self->tree->frozen)
    {
      if (self->details == NULL)
        self->details = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify) g_variant_unref);
      if (sunk != NULL)
        g_hash_table_insert (self->details, g_strdup (key), g_steal_pointer (&sunk));
      else
        g_hash_table_remove (self->details, key);
      tell = mark_dirty (self);
    }
  kr_task_unlock (&self->tree->lock);
  if (tell)
    tell_job (self);
}

/**
 * kr_task_progress_add_step:
 * @self: a progress
 * @name: what the step does
 * @weight: its share of the whole, relative to the other steps; 1 or more
 *
 * Adds a step. From then on the fraction of @self is that of its steps by their weights, and setting it has no lasting
 * effect; add all steps before the first one begins, or the fraction goes back. May be called from any thread.
 *
 * Returns: (transfer full): the progress of the step
 *
 * Since: 0.1
 */
KrTaskProgress *
kr_task_progress_add_step (KrTaskProgress *self, const char *name, guint weight)
{
  KrTaskProgress *step;
  gboolean tell;

  g_return_val_if_fail (KR_TASK_IS_PROGRESS (self), NULL);
  g_return_val_if_fail (weight > 0, NULL);

  step = g_object_new (KR_TASK_TYPE_PROGRESS, NULL);
  g_atomic_ref_count_inc (&self->tree->ref_count);
  step->tree = self->tree;
  step->name = g_strdup (name);
  step->weight = weight;
  kr_task_lock (&self->tree->lock);
  step->parent = self;
  if (self->steps == NULL)
    self->steps = g_ptr_array_new_with_free_func (g_object_unref);
  g_ptr_array_add (self->steps, g_object_ref (step));
  set_fraction (self, NAN); /* the total changed */
  tell = mark_dirty (step);
  kr_task_unlock (&self->tree->lock);
  if (tell)
    tell_job (self);
  return step;
}
