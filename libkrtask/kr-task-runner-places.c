/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* The places of jobs in the queue of a KrTaskRunner, and who is told of them. */
#include "config.h"

#include "kr-task-runner-inside-private.h"

/* A job is told of its place anew when that has changed by this part of it: the first ones each time, the thousandth once it
 * is far from where it was. So what a queue has to tell depends on how it moves, not on how long it is. */
#define PART 16
/* Of the time of the owner's context. */
#define MAX_SHARE 10

guint
kr_task_runner_count_before (KrTaskRunner *self, KrTaskQueue *queue)
{
  guint before = 0;

  if (queue->is_of_key)
    return self->n_waiting;
  for (guint i = 0; g_ptr_array_index (self->queues, i) != queue; i++)
    before += ((KrTaskQueue *) g_ptr_array_index (self->queues, i))->length;
  return before;
}

/* Lock held. O(n). */
static guint
find_place (KrTaskRunner *self, KrTaskJob *job)
{
  guint place;

  if (job->waiting.queue == NULL)
    return 0;
  place = kr_task_runner_count_before (self, job->waiting.queue);
  for (KrTaskJob *before = job; before != NULL; before = before->waiting.previous)
    place++;
  return place;
}

/**
 * kr_task_runner_get_position:
 * @self: a runner
 * @job: a job
 *
 * Counts the jobs before @job in the queue. O(n).
 *
 * Returns: 1 for the next one, 0 if it is not in the queue
 */
guint
kr_task_runner_get_position (KrTaskRunner *self, KrTaskJob *job)
{
  guint position;

  kr_task_lock (&self->lock);
  position = find_place (self, job);
  kr_task_unlock (&self->lock);
  return position;
}

/* --- telling ------------------------------------------------------------------------------------------------------- */

static gboolean
is_worth_telling (guint told, guint place)
{
  guint change = told > place ? told - place : place - told;

  return change > MIN (told, place) / PART;
}

/* Lock held. @n_left: how many of those that are watched were not seen yet. */
static void
look_through (KrTaskQueue *queue, guint before, guint *n_left, GPtrArray *moved)
{
  guint place = before;

  for (KrTaskJob *job = queue->first; job != NULL && *n_left > 0; job = job->waiting.next)
    {
      place++;
      if (!job->waiting.watched)
        continue;
      --*n_left;
      if (!is_worth_telling (job->waiting.place, place))
        continue;
      job->waiting.place = place;
      g_ptr_array_add (moved, g_object_ref (job));
    }
}

static GPtrArray *
take_moved (KrTaskRunner *self)
{
  GPtrArray *moved = g_ptr_array_new_with_free_func (g_object_unref);
  GHashTableIter iter;
  gpointer entry;
  guint n_left, before = 0;

  kr_task_lock (&self->lock);
  g_clear_pointer (&self->telling, g_source_unref);
  n_left = self->n_watched;
  for (guint i = 0; i < self->queues->len && n_left > 0; i++)
    {
      KrTaskQueue *queue = g_ptr_array_index (self->queues, i);

      look_through (queue, before, &n_left, moved);
      before += queue->length;
    }
  g_hash_table_iter_init (&iter, self->keys);
  while (n_left > 0 && g_hash_table_iter_next (&iter, NULL, &entry))
    look_through (&((KrTaskKeyEntry *) entry)->waiting, before, &n_left, moved);
  kr_task_unlock (&self->lock);
  return moved;
}

static gboolean
tell (gpointer user_data)
{
  KrTaskRunner *self = user_data;
  gint64 begin = g_get_monotonic_time ();
  g_autoptr (GPtrArray) moved = take_moved (self);
  gint64 interval = g_atomic_int_get (&self->interval_ms) * (gint64) G_TIME_SPAN_MILLISECOND;
  gint64 end;

  for (guint i = 0; i < moved->len; i++)
    kr_task_job_notify_news (g_ptr_array_index (moved, i), KR_TASK_NEWS_POSITION);
  end = g_get_monotonic_time ();
  kr_task_lock (&self->lock);
  self->next_telling = end + MAX (interval, MAX_SHARE * (end - begin));
  if (self->telling != NULL)
    g_source_set_ready_time (self->telling, self->next_telling);
  kr_task_unlock (&self->lock);
  return G_SOURCE_REMOVE;
}

static void
runner_unref (gpointer self)
{
  kr_task_runner_unref (self);
}

/* private: lock held. Has the owner's context look, when it is time. */
void
kr_task_runner_tell_places (KrTaskRunner *self)
{
  self->telling = g_timeout_source_new (0);
  g_source_set_static_name (self->telling, "KrTaskRunner places");
  g_source_set_ready_time (self->telling, self->next_telling);
  g_source_set_callback (self->telling, tell, kr_task_runner_ref (self), runner_unref);
  g_source_attach (self->telling, self->owner);
}

/**
 * kr_task_runner_watch_place:
 * @self: a runner
 * @job: a job
 * @now: whether to look where it stands, which is O(n), the first time
 *
 * Gets the place of @job as it was told last, and has it told from now on.
 *
 * Returns: 1 for the next one, 0 if it is not in the queue
 */
guint
kr_task_runner_watch_place (KrTaskRunner *self, KrTaskJob *job, gboolean now)
{
  guint place;

  kr_task_lock (&self->lock);
  if (!job->waiting.watched)
    {
      job->waiting.watched = TRUE;
      if (job->waiting.queue != NULL)
        {
          self->n_watched++;
          if (now)
            job->waiting.place = find_place (self, job);
          else
            kr_task_runner_note_move (self);
        }
    }
  place = job->waiting.queue != NULL ? job->waiting.place : 0;
  kr_task_unlock (&self->lock);
  return place;
}

void
kr_task_runner_set_interval (KrTaskRunner *self, guint interval_ms)
{
  g_atomic_int_set (&self->interval_ms, interval_ms);
}
