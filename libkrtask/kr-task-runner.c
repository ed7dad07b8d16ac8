/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* KrTaskRunner: the queue, the limit and the threads of one manager. */
#include "config.h"

#include "kr-task-runner-inside-private.h"

/* Empty queues of priorities that were used once are kept, up to this many. */
#define MAX_IDLE_QUEUES 16

/* How often a thread without a job looks whether it is called: some 10 µs. */
#define LINGER_TURNS 256

typedef struct
{
  GFunc func;
  gpointer data;
} Call;

static void
queue_free (gpointer data)
{
  g_free (data);
}

static void
key_entry_free (gpointer data)
{
  g_free (data);
}

static void
queue_append (KrTaskRunner *self, KrTaskQueue *queue, KrTaskJob *job)
{
  job->waiting.queue = queue;
  job->waiting.next = NULL;
  job->waiting.previous = queue->last;
  if (queue->last != NULL)
    queue->last->waiting.next = job;
  else
    queue->first = job;
  queue->last = job;
  queue->length++;
  if (job->waiting.place == 0) /* with its state it is told; later, by itself */
    job->waiting.place = kr_task_runner_count_before (self, queue) + queue->length;
  self->n_watched += job->waiting.watched;
}

static void
queue_unlink (KrTaskRunner *self, KrTaskJob *job)
{
  KrTaskQueueLink *link = &job->waiting;

  if (link->previous != NULL)
    link->previous->waiting.next = link->next;
  else
    link->queue->first = link->next;
  if (link->next != NULL)
    link->next->waiting.previous = link->previous;
  else
    link->queue->last = link->previous;
  link->queue->length--;
  link->queue = NULL;
  self->n_watched -= link->watched;
}

static void
drop_idle_queues (KrTaskRunner *self)
{
  for (guint i = self->queues->len; i > 0; i--)
    if (((KrTaskQueue *) g_ptr_array_index (self->queues, i - 1))->length == 0)
      g_ptr_array_remove_index (self->queues, i - 1);
}

/* Lock held. */
static KrTaskQueue *
queue_of_priority (KrTaskRunner *self, int priority)
{
  KrTaskQueue *queue;
  guint i;

  for (i = 0; i < self->queues->len; i++)
    {
      queue = g_ptr_array_index (self->queues, i);
      if (queue->priority == priority)
        return queue;
      if (queue->priority < priority)
        break;
    }
  if (self->queues->len >= MAX_IDLE_QUEUES)
    {
      drop_idle_queues (self);
      for (i = 0; i < self->queues->len; i++)
        if (((KrTaskQueue *) g_ptr_array_index (self->queues, i))->priority < priority)
          break;
    }
  queue = g_new0 (KrTaskQueue, 1);
  queue->priority = priority;
  g_ptr_array_insert (self->queues, i, queue);
  return queue;
}

/* Lock held; the queue takes the reference. */
static void
append_by_priority (KrTaskRunner *self, KrTaskJob *job)
{
  queue_append (self, queue_of_priority (self, job->priority), job);
}

/* Lock held. The job that is next in line, if there is a slot for it. */
static KrTaskJob *
peek (KrTaskRunner *self)
{
  if (self->n_waiting == 0 || self->n_slots_used >= self->max_concurrent)
    return NULL;
  for (guint i = 0; i < self->queues->len; i++)
    {
      KrTaskQueue *queue = g_ptr_array_index (self->queues, i);

      if (queue->first != NULL)
        return queue->first;
    }
  return NULL;
}

/* Lock held. Takes a job that peek() gave out of the queue, and a slot for it. */
static void
take (KrTaskRunner *self, KrTaskJob *job)
{
  queue_unlink (self, job);
  self->n_waiting--;
  self->n_slots_used++;
  kr_task_runner_note_move (self);
}

/* Lock held. TRUE: the caller sends a thread, with no lock held. One is on its way at a time, and sends the next one when it
 * has found a job: to wake a thread costs more than a short job. */
static gboolean
needs_thread (KrTaskRunner *self)
{
  if (self->has_seeker || peek (self) == NULL)
    return FALSE;
  self->has_seeker = TRUE;
  g_atomic_int_set (&self->called, FALSE);
  return TRUE;
}

static void
send_thread (KrTaskRunner *self)
{
  if (g_thread_pool_push (self->bodies, kr_task_runner_ref (self), NULL))
    return;
  /* there is none to be had: the one that was asked for comes when it can, and the next job asks for another one */
  kr_task_lock (&self->lock);
  self->has_seeker = FALSE;
  kr_task_unlock (&self->lock);
}

/* With no lock held. Hands a job to the owner's context, as its body is asynchronous; one that cannot be handed over any
 * more, since it was cancelled, leaves its slot to the next one. */
static void
hand_over (KrTaskRunner *self, KrTaskJob *job)
{
  if (!kr_task_job_run_async (job))
    {
      kr_task_lock (&self->lock);
      self->n_slots_used--;
      kr_task_unlock (&self->lock);
    }
  g_object_unref (job);
}

/* The next job that needs a thread, and a slot for it. Those that need none are on their way when this returns. */
static KrTaskJob *
next_job (KrTaskRunner *self, gboolean has_slot, gboolean is_seeker)
{
  KrTaskJob *job;
  gboolean is_async, sends;

  do
    {
      kr_task_lock (&self->lock);
      if (has_slot)
        self->n_slots_used--;
      if (is_seeker)
        self->has_seeker = FALSE;
      has_slot = is_seeker = FALSE;
      job = peek (self);
      if (job != NULL)
        take (self, job);
      sends = needs_thread (self);
      kr_task_unlock (&self->lock);
      if (sends)
        send_thread (self);
      is_async = job != NULL && !job->is_sync;
      if (is_async)
        hand_over (self, job);
    }
  while (is_async);
  return job;
}

/* A thread that has run out of jobs looks out for another one for about as long as it takes to sleep and be woken. */
static gboolean
linger (KrTaskRunner *self)
{
  gboolean lingers;

  kr_task_lock (&self->lock);
  lingers = !self->has_seeker;
  if (lingers)
    {
      self->has_seeker = TRUE;
      g_atomic_int_set (&self->called, FALSE);
    }
  kr_task_unlock (&self->lock);
  for (guint i = 0; lingers && i < LINGER_TURNS && !g_atomic_int_get (&self->called); i++)
    kr_task_relax ();
  return lingers;
}

/* In a thread that was sent for. */
static void
run_bodies (gpointer data, gpointer user_data)
{
  KrTaskRunner *self = data;
  KrTaskJob *job = next_job (self, FALSE, TRUE);
  g_autoptr (GCancellable) spare = NULL;

  while (job != NULL)
    {
      kr_task_job_run (job, &spare);
      g_object_unref (job);
      job = next_job (self, TRUE, FALSE);
      if (job == NULL && linger (self))
        job = next_job (self, FALSE, TRUE);
    }
  kr_task_runner_unref (self);
}

static void
run_call (gpointer data, gpointer user_data)
{
  KrTaskRunner *self = user_data;
  g_autofree Call *call = data;

  call->func (call->data, self);
  kr_task_runner_unref (self);
}

KrTaskRunner *
kr_task_runner_new (guint max_concurrent, GMainContext *owner)
{
  KrTaskRunner *self = g_new0 (KrTaskRunner, 1);

  g_atomic_ref_count_init (&self->ref_count);
  self->owner = g_main_context_ref (owner);
  kr_task_lock_init (&self->lock);
  self->queues = g_ptr_array_new_with_free_func (queue_free);
  self->keys = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, key_entry_free);
  self->max_concurrent = max_concurrent;
  self->max_queued = G_MAXUINT;
  self->interval_ms = KR_TASK_DEFAULT_INTERVAL_MS;
  kr_task_timer_init (&self->timer);
  self->bodies = g_thread_pool_new (run_bodies, self, -1, FALSE, NULL);
  self->calls = g_thread_pool_new (run_call, self, -1, FALSE, NULL);
  return self;
}

KrTaskRunner *
kr_task_runner_ref (KrTaskRunner *self)
{
  g_atomic_ref_count_inc (&self->ref_count);
  return self;
}

/* Each busy thread holds a reference, so the pools are idle when the last one goes, but for the thread that drops it. */
void
kr_task_runner_unref (KrTaskRunner *self)
{
  if (!g_atomic_ref_count_dec (&self->ref_count))
    return;
  g_thread_pool_free (self->bodies, FALSE, FALSE);
  g_thread_pool_free (self->calls, FALSE, FALSE);
  kr_task_timer_clear (&self->timer);
  g_ptr_array_unref (self->queues);
  g_hash_table_unref (self->keys);
  g_main_context_unref (self->owner);
  kr_task_lock_clear (&self->lock);
  g_free (self);
}

/* Where the owner of the manager hears of its jobs; constant. */
GMainContext *
kr_task_runner_get_owner (KrTaskRunner *self)
{
  return self->owner;
}

void
kr_task_runner_set_limits (KrTaskRunner *self, guint max_concurrent, guint max_queued)
{
  kr_task_lock (&self->lock);
  self->max_concurrent = max_concurrent;
  self->max_queued = max_queued;
  kr_task_unlock (&self->lock);
  kr_task_runner_dispatch (self);
}

guint
kr_task_runner_get_max_concurrent (KrTaskRunner *self)
{
  guint max_concurrent;

  kr_task_lock (&self->lock);
  max_concurrent = self->max_concurrent;
  kr_task_unlock (&self->lock);
  return max_concurrent;
}

guint
kr_task_runner_get_max_queued (KrTaskRunner *self)
{
  guint max_queued;

  kr_task_lock (&self->lock);
  max_queued = self->max_queued;
  kr_task_unlock (&self->lock);
  return max_queued;
}

/* Lock held. The jobs with the same key, in the order in which they will run. */
static GPtrArray *
jobs_of_key (KrTaskKeyEntry *entry)
{
  GPtrArray *jobs = g_ptr_array_new_with_free_func (g_object_unref);

  g_ptr_array_add (jobs, g_object_ref (entry->current));
  for (KrTaskJob *job = entry->waiting.first; job != NULL; job = job->waiting.next)
    g_ptr_array_add (jobs, g_object_ref (job));
  return jobs;
}

/* Lock held. Takes the key or waits for it. FALSE: refused. */
static gboolean
claim_key (KrTaskRunner *self, KrTaskJob *job, GPtrArray **others, gboolean *waits, GError **error)
{
  KrTaskKeyEntry *entry = g_hash_table_lookup (self->keys, job->key);

  *waits = entry != NULL;
  if (entry == NULL)
    {
      entry = g_new0 (KrTaskKeyEntry, 1);
      entry->current = job;
      entry->waiting.is_of_key = TRUE;
      g_hash_table_insert (self->keys, g_strdup (job->key), entry);
      return TRUE;
    }
  if (job->conflict_policy != KR_TASK_CONFLICT_QUEUE)
    *others = jobs_of_key (entry);
  if (job->conflict_policy == KR_TASK_CONFLICT_REJECT || job->conflict_policy == KR_TASK_CONFLICT_JOIN)
    {
      g_set_error (error, KR_TASK_ERROR, KR_TASK_ERROR_CONFLICT, "Another task with this key has not finished");
      return FALSE;
    }
  queue_append (self, &entry->waiting, g_object_ref (job));
  self->n_held++;
  return TRUE;
}

/* Lock held. Whether @job would have to wait where no more may: for a slot, or for its key, which no free slot helps. */
static gboolean
is_full (KrTaskRunner *self, KrTaskJob *job)
{
  guint n_waiting = self->n_waiting + self->n_held;
  guint n_free = self->n_slots_used < self->max_concurrent ? self->max_concurrent - self->n_slots_used : 0;

  if (n_waiting < self->max_queued)
    return FALSE;
  if (job->key != NULL && job->conflict_policy == KR_TASK_CONFLICT_QUEUE && g_hash_table_contains (self->keys, job->key))
    return TRUE;
  return n_waiting - self->max_queued >= n_free;
}

/**
 * kr_task_runner_enqueue:
 * @self: a runner
 * @job: a job whose lock is held, and which is about to become queued
 * @others: (out) (optional): the jobs whose key it has, where its policy is to replace or to join them
 * @needs_dispatch: (out): whether kr_task_runner_dispatch() must follow when the job is unlocked
 * @error: return location for a #KrTaskError
 *
 * Puts @job into the queue.
 *
 * Returns: %FALSE if the queue is full or the key is taken
 */
gboolean
kr_task_runner_enqueue (KrTaskRunner *self, KrTaskJob *job, GPtrArray **others, gboolean *needs_dispatch,
                        GError **error)
{
  gboolean waits = FALSE;
  gboolean ok = TRUE;

  kr_task_lock (&self->lock);
  if (is_full (self, job))
    {
      g_set_error (error, KR_TASK_ERROR, KR_TASK_ERROR_QUEUE_FULL, "The queue is full");
      ok = FALSE;
    }
  else if (job->key != NULL)
    ok = claim_key (self, job, others, &waits, error);
  if (ok && !waits)
    {
      append_by_priority (self, g_object_ref (job));
      self->n_waiting++;
      if (self->has_seeker)
        g_atomic_int_set (&self->called, TRUE);
    }
  if (ok)
    kr_task_runner_note_move (self);
  *needs_dispatch = !(self->has_seeker && job->is_sync) && self->n_slots_used < self->max_concurrent;
  kr_task_unlock (&self->lock);
  return ok;
}

/**
 * kr_task_runner_dispatch:
 * @self: a runner
 *
 * Fills the free slots from the queue.
 */
void
kr_task_runner_dispatch (KrTaskRunner *self)
{
  KrTaskJob *job;
  gboolean sends;

  do
    {
      kr_task_lock (&self->lock);
      job = peek (self);
      if (job != NULL && job->is_sync)
        job = NULL;
      if (job != NULL)
        take (self, job);
      sends = job == NULL && needs_thread (self);
      kr_task_unlock (&self->lock);
      if (job != NULL)
        hand_over (self, job);
    }
  while (job != NULL);
  if (sends)
    send_thread (self);
}

/**
 * kr_task_runner_remove:
 * @self: a runner
 * @job: a job that was cancelled while queued
 *
 * Takes @job out of the queue, wherever it stands. O(1). Its key it holds until kr_task_runner_release_key().
 */
void
kr_task_runner_remove (KrTaskRunner *self, KrTaskJob *job)
{
  gboolean was_waiting;

  kr_task_lock (&self->lock);
  was_waiting = job->waiting.queue != NULL;
  if (was_waiting)
    {
      if (job->waiting.queue->is_of_key)
        self->n_held--;
      else
        self->n_waiting--;
      queue_unlink (self, job);
      kr_task_runner_note_move (self);
    }
  kr_task_unlock (&self->lock);
  if (was_waiting)
    g_object_unref (job);
}

/**
 * kr_task_runner_release_key:
 * @self: a runner
 * @job: a job that has finished, and whose body has returned or will never run
 *
 * Lets the next job with the same key go on. Harmless if @job does not hold its key.
 */
void
kr_task_runner_release_key (KrTaskRunner *self, KrTaskJob *job)
{
  KrTaskKeyEntry *entry;
  KrTaskJob *next;

  if (job->key == NULL)
    return;
  kr_task_lock (&self->lock);
  entry = g_hash_table_lookup (self->keys, job->key);
  if (entry != NULL && entry->current == job)
    {
      next = entry->waiting.first;
      entry->current = next;
      if (next != NULL)
        {
          queue_unlink (self, next);
          append_by_priority (self, next);
          self->n_held--;
          self->n_waiting++;
          kr_task_runner_note_move (self);
        }
      else
        g_hash_table_remove (self->keys, job->key);
    }
  kr_task_unlock (&self->lock);
  kr_task_runner_dispatch (self);
}

/**
 * kr_task_runner_slot_free:
 * @self: a runner
 *
 * Gives back the slot of an asynchronous body.
 */
void
kr_task_runner_slot_free (KrTaskRunner *self)
{
  kr_task_lock (&self->lock);
  self->n_slots_used--;
  kr_task_unlock (&self->lock);
  kr_task_runner_dispatch (self);
}

static void
run_timer (gpointer data, gpointer user_data)
{
  kr_task_timer_run (data);
}

/**
 * kr_task_runner_set_deadline:
 * @self: a runner
 * @job: a job
 * @due: when kr_task_job_deadline() is to be called, monotonic time in µs; 0: not at all
 *
 * Sets the one deadline of @job.
 */
void
kr_task_runner_set_deadline (KrTaskRunner *self, KrTaskJob *job, gint64 due)
{
  if (due == 0)
    kr_task_timer_disarm (&self->timer, job);
  else if (kr_task_timer_arm (&self->timer, job, due))
    kr_task_runner_call (self, run_timer, &self->timer);
}

/**
 * kr_task_runner_call:
 * @self: a runner
 * @func: (scope async): what to call, with @data and the runner
 * @data: its first argument
 *
 * Calls @func in a thread that no body keeps busy.
 */
void
kr_task_runner_call (KrTaskRunner *self, GFunc func, gpointer data)
{
  Call *call = g_new (Call, 1);

  call->func = func;
  call->data = data;
  g_thread_pool_push (kr_task_runner_ref (self)->calls, call, NULL);
}
