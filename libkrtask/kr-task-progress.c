/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* KrTaskProgress: how far a task is, told from any thread and heard in the owner's context. */
#include "config.h"

#include <math.h>

#include "kr-task-progress-inside-private.h"

/* The weight of the newest measurement in the moving average of the rate, at one per interval of notification. */
#define RATE_SMOOTHING 0.25
/* Between two measurements of the rate, µs: shorter ones are mostly noise. */
#define RATE_INTERVAL (50 * G_TIME_SPAN_MILLISECOND)

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
G_DEFINE_FINAL_TYPE (KrTaskProgress, kr_task_progress, G_TYPE_OBJECT)

static KrTaskProgressTree *
tree_new (KrTaskProgress *root, KrTaskJob *job)
{
  KrTaskProgressTree *tree = g_new0 (KrTaskProgressTree, 1);

  g_atomic_ref_count_init (&tree->ref_count);
  kr_task_lock_init (&tree->lock);
  tree->job = job;
  tree->root = root;
  return tree;
}

static void
tree_unref (KrTaskProgressTree *tree)
{
  if (!g_atomic_ref_count_dec (&tree->ref_count))
    return;
  kr_task_lock_clear (&tree->lock);
  g_free (tree);
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
