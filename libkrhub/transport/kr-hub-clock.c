/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* KrHubClock: the time and the timers of one main context, real or virtual. */
#include "config.h"

#include "kr-hub-clock.h"

#include "kr-hub-jump-source-private.h"

/* A timer that is late by so much was not late by itself. */
#define HELD_UP (G_USEC_PER_SEC / 2)
#define PATIENCE (G_USEC_PER_SEC / 10)

/**
 * KrHubClock:
 *
 * The time and the timers of one main context, real or virtual.
 *
 * A GSource per timer would make each turn of the main loop cost O(connections): the timers are a heap behind a single
 * source. A virtual clock stands still until [method@KrHub.Clock.advance], which fires what falls due, in order; tests
 * run hours in it without waiting.
 *
 * A clock and its timers belong to the thread of the main context.
 *
 * Since: 0.1
 */
struct _KrHubClock
{
  GObject parent_instance;

  GSource *source;    /* NULL: the clock is virtual */
  GSource *jumps;     /* NULL: nobody asked for them, or the system cannot tell */
  GMainContext *shared; /* whose default clock it is; NULL: nobody's */
  gint64 virtual_now;
  gint64 virtual_slept; /* by how much the time of the day is ahead of it */
  gint64 ready_time;  /* what the source is set to: setting it takes a lock and may wake the loop */
  gint64 patient_until; /* the loop was held up: nothing fires before; 0: it was not */
  GPtrArray *heap;    /* of KrHubTimer, the earliest deadline first; position = index + 1 */
};

G_DEFINE_FINAL_TYPE (KrHubClock, kr_hub_clock, G_TYPE_OBJECT)

static guint jumped_signal;

/* The default clocks, by their main contexts; an entry goes with its clock. */
G_LOCK_DEFINE_STATIC (defaults);
static GHashTable *defaults; /* of GWeakRef, by GMainContext; never freed */

static inline KrHubTimer *
timer_at (KrHubClock *self, guint index)
{
  return g_ptr_array_index (self->heap, index);
}

static inline void
put (KrHubClock *self, guint index, KrHubTimer *timer)
{
  self->heap->pdata[index] = timer;
  timer->position = index + 1;
}

static void
sift_up (KrHubClock *self, guint index, KrHubTimer *timer)
{
  while (index > 0 && timer_at (self, (index - 1) / 2)->deadline > timer->deadline)
    {
      put (self, index, timer_at (self, (index - 1) / 2));
      index = (index - 1) / 2;
    }
  put (self, index, timer);
}

static void
sift_down (KrHubClock *self, guint index, KrHubTimer *timer)
{
  guint child;

  while ((child = 2 * index + 1) < self->heap->len)
    {
      if (child + 1 < self->heap->len && timer_at (self, child + 1)->deadline < timer_at (self, child)->deadline)
        child++;
      if (timer_at (self, child)->deadline >= timer->deadline)
        break;
      put (self, index, timer_at (self, child));
      index = child;
    }
  put (self, index, timer);
}

static void
set_ready_time (KrHubClock *self, gint64 ready_time)
{
  if (ready_time == self->ready_time)
    return;
  self->ready_time = ready_time;
  g_source_set_ready_time (self->source, ready_time);
}

/* Each change of the source's time is a system call, so one that is too early stays: dispatch() sees to it. */
static void
update_source (KrHubClock *self)
{
  if (self->source == NULL || self->heap->len == 0)
    return;
  if (self->ready_time == -1 || timer_at (self, 0)->deadline < self->ready_time)
    set_ready_time (self, timer_at (self, 0)->deadline);
}

static void
fire_due (KrHubClock *self, gint64 now)
{
  while (self->heap->len > 0 && timer_at (self, 0)->deadline <= now)
    {
      KrHubTimer *timer = timer_at (self, 0);

      kr_hub_clock_disarm (self, timer);
      timer->fire (timer, now);
    }
}

/* Somebody has held up the loop. What has come meanwhile is heard before anybody is thought silent who is not, and what was
 * to be sent is sent; from a socket to a hub in the same context that may take some turns. */
static gboolean
has_patience (KrHubClock *self, gint64 now)
{
  if (self->patient_until == 0 && self->heap->len > 0 && now - timer_at (self, 0)->deadline >= HELD_UP)
    self->patient_until = now + PATIENCE;
  if (now < self->patient_until)
    return TRUE;
  self->patient_until = 0;
  return FALSE;
}

static gboolean
dispatch (GSource *source, GSourceFunc callback, gpointer user_data)
{
  g_autoptr (KrHubClock) self = g_object_ref (*(KrHubClock **) (source + 1));
  gint64 now = g_get_monotonic_time ();

  if (has_patience (self, now))
    {
      set_ready_time (self, self->patient_until);
      return G_SOURCE_CONTINUE;
    }
  fire_due (self, now);
  set_ready_time (self, self->heap->len > 0 ? timer_at (self, 0)->deadline : -1);
  return G_SOURCE_CONTINUE;
}

static GSourceFuncs source_funcs = { .dispatch = dispatch };

static void
weak_free (gpointer weak)
{
  g_weak_ref_clear (weak);
  g_free (weak);
}

/* Another thread may have made a new one for the same context as soon as this one could not be had any more. */
static void
forget_default (KrHubClock *self)
{
  GWeakRef *weak;
  g_autoptr (KrHubClock) successor = NULL;

  G_LOCK (defaults);
  weak = g_hash_table_lookup (defaults, self->shared);
  successor = weak != NULL ? g_weak_ref_get (weak) : NULL;
  if (successor == NULL)
    g_hash_table_remove (defaults, self->shared);
  G_UNLOCK (defaults);
  g_clear_pointer (&self->shared, g_main_context_unref);
}

static void
kr_hub_clock_finalize (GObject *object)
{
  KrHubClock *self = KR_HUB_CLOCK (object);

  if (self->shared != NULL)
    forget_default (self);
  if (self->jumps != NULL)
    {
      g_source_destroy (self->jumps);
      g_source_unref (self->jumps);
    }
  for (guint i = 0; i < self->heap->len; i++)
    timer_at (self, i)->position = 0;
  g_ptr_array_unref (self->heap);
  if (self->source != NULL)
    {
      g_source_destroy (self->source);
      g_source_unref (self->source);
    }
  G_OBJECT_CLASS (kr_hub_clock_parent_class)->finalize (object);
}

static void
kr_hub_clock_class_init (KrHubClockClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = kr_hub_clock_finalize;

  /**
   * KrHubClock::jumped:
   * @self: the clock
   * @microseconds: how long
   *
   * The machine has slept, and this clock stood still. Timers count on as if nothing had happened; who waits for a peer
   * may want to look after it at once. Emitted only after [method@KrHub.Clock.watch_jumps].
   *
   * Since: 0.1
   */
  jumped_signal = g_signal_new ("jumped", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE,
                                1, G_TYPE_INT64);
}

static void
kr_hub_clock_init (KrHubClock *self)
{
  self->heap = g_ptr_array_new ();
  self->ready_time = -1;
}

/**
 * kr_hub_clock_new:
 * @context: (nullable): where the timers fire; %NULL means the thread-default one
 *
 * Creates a clock that follows the system's monotonic time.
 *
 * Returns: (transfer full): a new clock
 *
 * Since: 0.1
 */
KrHubClock *
kr_hub_clock_new (GMainContext *context)
{
  KrHubClock *self = g_object_new (KR_HUB_TYPE_CLOCK, NULL);

  self->source = g_source_new (&source_funcs, sizeof (GSource) + sizeof (gpointer));
  *(KrHubClock **) (self->source + 1) = self;
  g_source_set_static_name (self->source, "KrHubClock");
  g_source_attach (self->source, context != NULL ? context : g_main_context_get_thread_default ());
  return self;
}

/**
 * kr_hub_clock_dup_default:
 *
 * Gets the clock of the thread-default main context, which all who ask share while anybody holds it.
 *
 * Returns: (transfer full): a clock that follows the system's monotonic time
 *
 * Since: 0.1
 */
KrHubClock *
kr_hub_clock_dup_default (void)
{
  g_autoptr (GMainContext) context = g_main_context_ref_thread_default ();
  GWeakRef *weak;
  KrHubClock *self;

  G_LOCK (defaults);
  if (defaults == NULL)
    defaults = g_hash_table_new_full (NULL, NULL, NULL, weak_free);
  weak = g_hash_table_lookup (defaults, context);
  self = weak != NULL ? g_weak_ref_get (weak) : NULL;
  if (self == NULL)
    {
      self = kr_hub_clock_new (context);
      self->shared = g_steal_pointer (&context);
      weak = g_new0 (GWeakRef, 1);
      g_weak_ref_init (weak, self);
      g_hash_table_insert (defaults, self->shared, weak);
    }
  G_UNLOCK (defaults);
  return self;
}

/**
 * kr_hub_clock_new_virtual:
 * @start: its first time, µs
 *
 * Creates a clock that stands still until it is advanced.
 *
 * Returns: (transfer full): a new clock
 *
 * Since: 0.1
 */
KrHubClock *
kr_hub_clock_new_virtual (gint64 start)
{
  KrHubClock *self = g_object_new (KR_HUB_TYPE_CLOCK, NULL);

  self->virtual_now = start;
  return self;
}

/**
 * kr_hub_clock_get_time:
 * @self: a clock
 *
 * Gets the time.
 *
 * Returns: µs since some moment in the past; never goes back
 *
 * Since: 0.1
 */
gint64
kr_hub_clock_get_time (KrHubClock *self)
{
  return self->source != NULL ? g_get_monotonic_time () : self->virtual_now;
}

/**
 * kr_hub_clock_get_real_time:
 * @self: a clock
 *
 * Gets the time of the day, by which others say when something expires. Timers do not follow it.
 *
 * Returns: µs since 1970, and of a virtual clock its time and all that [method@KrHub.Clock.jump] has added; may go back
 *
 * Since: 0.1
 */
gint64
kr_hub_clock_get_real_time (KrHubClock *self)
{
  return self->source != NULL ? g_get_real_time () : self->virtual_now + self->virtual_slept;
}

/**
 * kr_hub_clock_advance:
 * @self: a virtual clock
 * @microseconds: how far, 0 or more; with 0, what is due already fires
 *
 * Moves a virtual clock on and fires each timer at its time, also those that are armed meanwhile.
 *
 * Since: 0.1
 */
void
kr_hub_clock_advance (KrHubClock *self, gint64 microseconds)
{
  gint64 end;

  g_return_if_fail (KR_HUB_IS_CLOCK (self));
  g_return_if_fail (self->source == NULL);
  g_return_if_fail (microseconds >= 0);

  end = self->virtual_now + microseconds;
  while (self->heap->len > 0 && timer_at (self, 0)->deadline <= end)
    {
      self->virtual_now = MAX (self->virtual_now, timer_at (self, 0)->deadline);
      fire_due (self, self->virtual_now);
    }
  self->virtual_now = end;
}

static void
jumped (gint64 slept, gpointer data)
{
  g_autoptr (KrHubClock) self = g_object_ref (data);

  g_debug ("clock: the machine slept for %" G_GINT64_FORMAT " s", slept / G_USEC_PER_SEC);
  g_signal_emit (self, jumped_signal, 0, slept);
}

/**
 * kr_hub_clock_watch_jumps:
 * @self: a clock
 *
 * Wants [signal@KrHub.Clock::jumped] from now on: on Linux as soon as the machine wakes up, elsewhere never.
 *
 * Since: 0.1
 */
void
kr_hub_clock_watch_jumps (KrHubClock *self)
{
  g_return_if_fail (KR_HUB_IS_CLOCK (self));

  if (self->source == NULL || self->jumps != NULL)
    return;
  self->jumps = kr_hub_jump_source_new (jumped, self);
  if (self->jumps != NULL)
    g_source_attach (self->jumps, g_source_get_context (self->source));
}

/**
 * kr_hub_clock_jump:
 * @self: a virtual clock
 * @microseconds: how long the machine slept
 *
 * Does what happens when a machine wakes up: [signal@KrHub.Clock::jumped] is emitted, and this clock stands where it stood,
 * while the time of the day has gone on.
 *
 * Since: 0.1
 */
void
kr_hub_clock_jump (KrHubClock *self, gint64 microseconds)
{
  g_return_if_fail (KR_HUB_IS_CLOCK (self));
  g_return_if_fail (self->source == NULL);
  g_return_if_fail (microseconds > 0);
  self->virtual_slept += microseconds;
  jumped (microseconds, self);
}

/**
 * kr_hub_clock_arm: (skip)
 * @self: a clock
 * @timer: a timer of this clock, armed or not
 * @deadline: when it fires, µs; a time in the past means as soon as possible
 *
 * Arms @timer, or moves it if it is armed. O(log n).
 *
 * Since: 0.1
 */
void
kr_hub_clock_arm (KrHubClock *self, KrHubTimer *timer, gint64 deadline)
{
  guint index;
  gint64 before = timer->deadline;

  timer->deadline = deadline;
  if (timer->position == 0)
    {
      g_ptr_array_add (self->heap, timer);
      sift_up (self, self->heap->len - 1, timer);
    }
  else
    {
      index = timer->position - 1;
      if (deadline < before)
        sift_up (self, index, timer);
      else
        sift_down (self, index, timer);
    }
  update_source (self);
}

/**
 * kr_hub_clock_disarm: (skip)
 * @self: a clock
 * @timer: a timer of this clock, armed or not
 *
 * Disarms @timer. O(log n).
 *
 * Since: 0.1
 */
void
kr_hub_clock_disarm (KrHubClock *self, KrHubTimer *timer)
{
  guint index = timer->position - 1;
  KrHubTimer *last;

  if (timer->position == 0)
    return;
  timer->position = 0;
  last = timer_at (self, self->heap->len - 1);
  g_ptr_array_set_size (self->heap, self->heap->len - 1);
  if (last != timer)
    {
      sift_down (self, index, last);
      sift_up (self, last->position - 1, last);
    }
  update_source (self);
}

/**
 * kr_hub_clock_get_n_timers:
 * @self: a clock
 *
 * Gets how many timers are armed.
 *
 * Returns: the number of armed timers
 *
 * Since: 0.1
 */
guint
kr_hub_clock_get_n_timers (KrHubClock *self)
{
  g_return_val_if_fail (KR_HUB_IS_CLOCK (self), 0);
  return self->heap->len;
}
