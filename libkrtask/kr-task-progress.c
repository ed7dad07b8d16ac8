/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* KrTaskProgress: how far a task is, told from any thread and heard in the owner's context. */
#include "config.h"

#include <math.h>
#include <string.h>

#include "kr-task-job-private.h"
#include "kr-task-progress-private.h"

/* The weight of the newest measurement in the moving average of the rate, at one per interval of notification. */
#define RATE_SMOOTHING 0.25
/* Between two measurements of the rate, µs: shorter ones are mostly noise. */
#define RATE_INTERVAL (50 * G_TIME_SPAN_MILLISECOND)

/* What all steps of one job share; the last of them frees it. */
typedef struct
{
  gatomicrefcount ref_count;
  KrTaskLock lock;      /* guards all steps; taken inside a job's lock; never held while calling out */
  KrTaskJob *job;       /* not owned; NULL once it is being disposed of */
  KrTaskProgress *root; /* not owned; NULL once it is gone */
  gboolean dirty;       /* the job knows that there is news */
  gboolean frozen;      /* the job has finished: nothing changes any more */
  gint64 last_flush;    /* monotonic, µs; 0: never */
} Tree;

/**
 * KrTaskProgress:
 *
 * How far a task is: a fraction, a message, units such as bytes, their rate, and the time that is left.
 *
 * The body of a job tells it from any thread, as often as it likes: a call costs about as much as a lock. The owner's
 * main context hears of it at most once per [property@KrTask.Manager:notify-interval-ms], by [signal@KrTask.Progress::changed]
 * and by notifications, and once more when the job has ended: the last value is never lost, and comes before the end. What can be read is always
 * the newest, whole: fraction and message of the same call.
 *
 * A fraction never goes backwards unless the total changes, or it was unknown in between. When the job has finished, it
 * stays where it was, however the job ended.
 *
 * Since: 0.1
 */
struct _KrTaskProgress
{
  GObject parent_instance;

  Tree *tree;
  KrTaskProgress *parent; /* not owned; NULL for the root, and when it is gone */
  GPtrArray *steps;       /* NULL: none */
  char *name;
  guint weight;

  double fraction; /* NAN: unknown; read atomically without the lock, written by set_fraction() only */
  GString *message;
  guint64 done, total;
  char *unit;
  GHashTable *details; /* NULL: none */

  /* measured at most once per RATE_INTERVAL */
  gint64 measured_at;
  guint64 measured_done;
  double measured_fraction;
  double rate;          /* units per second */
  double fraction_rate; /* 1 per second */
};

typedef enum
{
  PROP_FRACTION = 1,
  PROP_ESTIMATING,
  PROP_MESSAGE,
  PROP_DONE,
  PROP_TOTAL,
  PROP_UNIT,
  PROP_RATE,
  PROP_ETA,
} KrTaskProgressProperty;

static GParamSpec *props[PROP_ETA + 1];

typedef enum
{
  SIGNAL_CHANGED,
} KrTaskProgressSignal;

static guint signals[SIGNAL_CHANGED + 1];

G_DEFINE_FINAL_TYPE (KrTaskProgress, kr_task_progress, G_TYPE_OBJECT)

static Tree *
tree_new (KrTaskProgress *root, KrTaskJob *job)
{
  Tree *tree = g_new0 (Tree, 1);

  g_atomic_ref_count_init (&tree->ref_count);
  kr_task_lock_init (&tree->lock);
  tree->job = job;
  tree->root = root;
  return tree;
}

static void
tree_unref (Tree *tree)
{
  if (!g_atomic_ref_count_dec (&tree->ref_count))
    return;
  kr_task_lock_clear (&tree->lock);
  g_free (tree);
}

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

/* Lock held. */
static void
measure (KrTaskProgress *self, gint64 now)
{
  double seconds = (now - self->measured_at) / (double) G_USEC_PER_SEC;
  double fraction = isnan (self->fraction) ? 0 : self->fraction;
  double share = self->rate > 0 || self->fraction_rate > 0 ? RATE_SMOOTHING : 1;

  if (self->measured_at != 0 && now - self->measured_at < RATE_INTERVAL)
    return;
  if (self->measured_at != 0)
    {
      double units = self->done > self->measured_done ? self->done - self->measured_done : 0;
      double part = fraction > self->measured_fraction ? fraction - self->measured_fraction : 0;

      self->rate += share * (units / seconds - self->rate);
      self->fraction_rate += share * (part / seconds - self->fraction_rate);
    }
  self->measured_at = now;
  self->measured_done = self->done;
  self->measured_fraction = fraction;
}

/* Lock held. */
static gint64
eta (KrTaskProgress *self)
{
  if (isnan (self->fraction) || self->fraction_rate <= 0)
    return -1;
  return (gint64) MIN ((1 - self->fraction) / self->fraction_rate * G_USEC_PER_SEC, (double) (G_MAXINT64 / 2));
}

static void
kr_task_progress_get_property (GObject *object, guint prop_id, GValue *value, GParamSpec *pspec)
{
  KrTaskProgress *self = KR_TASK_PROGRESS (object);
  guint64 done, total;

  switch ((KrTaskProgressProperty) prop_id)
    {
    case PROP_FRACTION:
      g_value_set_double (value, kr_task_progress_get_fraction (self));
      break;
    case PROP_ESTIMATING:
      g_value_set_boolean (value, kr_task_progress_get_estimating (self));
      break;
    case PROP_MESSAGE:
      g_value_take_string (value, kr_task_progress_dup_message (self));
      break;
    case PROP_DONE:
      kr_task_progress_get_units (self, &done, NULL, NULL);
      g_value_set_uint64 (value, done);
      break;
    case PROP_TOTAL:
      kr_task_progress_get_units (self, NULL, &total, NULL);
      g_value_set_uint64 (value, total);
      break;
    case PROP_UNIT:
      {
        char *unit;

        kr_task_progress_get_units (self, NULL, NULL, &unit);
        g_value_take_string (value, unit);
        break;
      }
    case PROP_RATE:
      g_value_set_uint64 (value, kr_task_progress_get_rate (self));
      break;
    case PROP_ETA:
      g_value_set_int64 (value, kr_task_progress_get_eta (self));
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

/* Steps that somebody still holds go on alone. */
static void
kr_task_progress_dispose (GObject *object)
{
  KrTaskProgress *self = KR_TASK_PROGRESS (object);
  GPtrArray *steps;

  kr_task_lock (&self->tree->lock);
  steps = g_steal_pointer (&self->steps);
  for (guint i = 0; steps != NULL && i < steps->len; i++)
    ((KrTaskProgress *) g_ptr_array_index (steps, i))->parent = NULL;
  if (self->tree->root == self)
    self->tree->root = NULL;
  kr_task_unlock (&self->tree->lock);
  g_clear_pointer (&steps, g_ptr_array_unref);
  G_OBJECT_CLASS (kr_task_progress_parent_class)->dispose (object);
}

static void
kr_task_progress_finalize (GObject *object)
{
  KrTaskProgress *self = KR_TASK_PROGRESS (object);

  g_free (self->name);
  g_string_free (self->message, TRUE);
  g_free (self->unit);
  g_clear_pointer (&self->details, g_hash_table_unref);
  tree_unref (self->tree);
  G_OBJECT_CLASS (kr_task_progress_parent_class)->finalize (object);
}

static void
kr_task_progress_class_init (KrTaskProgressClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GParamFlags flags = G_PARAM_READABLE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY;

  object_class->get_property = kr_task_progress_get_property;
  object_class->dispose = kr_task_progress_dispose;
  object_class->finalize = kr_task_progress_finalize;

  /**
   * KrTaskProgress:fraction: (getter get_fraction)
   *
   * From 0 to 1; NaN while unknown.
   *
   * Since: 0.1
   */
  props[PROP_FRACTION] = g_param_spec_double ("fraction", NULL, NULL, 0, 1, 0, flags);
  /**
   * KrTaskProgress:estimating: (getter get_estimating)
   *
   * Whether the fraction is unknown.
   *
   * Since: 0.1
   */
  props[PROP_ESTIMATING] = g_param_spec_boolean ("estimating", NULL, NULL, TRUE, flags);
  /**
   * KrTaskProgress:message:
   *
   * What the task is doing, for people; may be empty.
   *
   * Since: 0.1
   */
  props[PROP_MESSAGE] = g_param_spec_string ("message", NULL, NULL, "", flags);
  /**
   * KrTaskProgress:done:
   *
   * How many units are done.
   *
   * Since: 0.1
   */
  props[PROP_DONE] = g_param_spec_uint64 ("done", NULL, NULL, 0, G_MAXUINT64, 0, flags);
  /**
   * KrTaskProgress:total:
   *
   * How many units there are; 0 while unknown.
   *
   * Since: 0.1
   */
  props[PROP_TOTAL] = g_param_spec_uint64 ("total", NULL, NULL, 0, G_MAXUINT64, 0, flags);
  /**
   * KrTaskProgress:unit:
   *
   * What is counted, such as `bytes` or `items`; %NULL while nothing is.
   *
   * Since: 0.1
   */
  props[PROP_UNIT] = g_param_spec_string ("unit", NULL, NULL, NULL, flags);
  /**
   * KrTaskProgress:rate: (getter get_rate)
   *
   * Units per second, a moving average.
   *
   * Since: 0.1
   */
  props[PROP_RATE] = g_param_spec_uint64 ("rate", NULL, NULL, 0, G_MAXUINT64, 0, flags);
  /**
   * KrTaskProgress:eta: (getter get_eta)
   *
   * The time that is left at the present rate, µs; -1 while unknown.
   *
   * Since: 0.1
   */
  props[PROP_ETA] = g_param_spec_int64 ("eta", NULL, NULL, -1, G_MAXINT64, -1, flags);
  g_object_class_install_properties (object_class, G_N_ELEMENTS (props), props);

  /**
   * KrTaskProgress::changed:
   * @self: the progress
   *
   * Something changed. Emitted in the owner's main context, at most once per interval, and with the last value.
   *
   * Since: 0.1
   */
  signals[SIGNAL_CHANGED] = g_signal_new ("changed", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL, NULL,
                                          NULL, G_TYPE_NONE, 0);
}

static void
kr_task_progress_init (KrTaskProgress *self)
{
  self->fraction = NAN;
  self->message = g_string_new (NULL);
}

/* private: the root of a new tree */
KrTaskProgress *
kr_task_progress_new (KrTaskJob *job)
{
  KrTaskProgress *self = g_object_new (KR_TASK_TYPE_PROGRESS, NULL);

  self->tree = tree_new (self, job);
  return self;
}

/* private: called with the lock of the job held, when it finishes */
void
kr_task_progress_freeze (KrTaskProgress *self)
{
  kr_task_lock (&self->tree->lock);
  self->tree->frozen = TRUE;
  kr_task_unlock (&self->tree->lock);
}

/* private: the job is being disposed of */
void
kr_task_progress_leave (KrTaskProgress *self)
{
  kr_task_lock (&self->tree->lock);
  self->tree->job = NULL;
  kr_task_unlock (&self->tree->lock);
}

/* private */
gint64
kr_task_progress_get_last_flush (KrTaskProgress *self)
{
  gint64 last_flush;

  kr_task_lock (&self->tree->lock);
  last_flush = self->tree->last_flush;
  kr_task_unlock (&self->tree->lock);
  return last_flush;
}

static void
notify_all (KrTaskProgress *self)
{
  g_object_freeze_notify (G_OBJECT (self));
  for (guint i = PROP_FRACTION; i <= PROP_ETA; i++)
    g_object_notify_by_pspec (G_OBJECT (self), props[i]);
  g_object_thaw_notify (G_OBJECT (self));
  g_signal_emit (self, signals[SIGNAL_CHANGED], 0);
}

/* Lock held. */
static KrTaskFlush
begin_flush (KrTaskProgress *self, gint64 interval)
{
  gint64 now;

  if (!self->tree->dirty)
    return KR_TASK_FLUSH_NOTHING;
  now = g_get_monotonic_time ();
  if (self->tree->last_flush != 0 && now < self->tree->last_flush + interval)
    return KR_TASK_FLUSH_EARLY;
  self->tree->dirty = FALSE;
  self->tree->last_flush = now;
  measure (self, now);
  return KR_TASK_FLUSH_TOLD;
}

/* private: in the owner's context, with no lock held. Tells the world what changed since the last time, if anything did, and
 * that was @interval µs ago. The time counts from when the handlers are through, so that none is called sooner. */
KrTaskFlush
kr_task_progress_flush (KrTaskProgress *self, gint64 interval)
{
  g_autoptr (GPtrArray) steps = NULL;
  KrTaskFlush flush;

  kr_task_lock (&self->tree->lock);
  flush = begin_flush (self, interval);
  if (flush == KR_TASK_FLUSH_TOLD && self->steps != NULL)
    steps = g_ptr_array_copy (self->steps, (GCopyFunc) (void *) g_object_ref, NULL);
  kr_task_unlock (&self->tree->lock);
  if (flush != KR_TASK_FLUSH_TOLD)
    return flush;
  for (guint i = 0; steps != NULL && i < steps->len; i++)
    notify_all (g_ptr_array_index (steps, i));
  notify_all (self);
  kr_task_lock (&self->tree->lock);
  self->tree->last_flush = g_get_monotonic_time ();
  kr_task_unlock (&self->tree->lock);
  return flush;
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
