/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* KrTaskTable: jobs by id, in any case of letters; a hash table whose links are inside the jobs. */
#include "config.h"

#include <string.h>

#include "kr-task-job-private.h"
#include "kr-task-table-private.h"

#define MIN_BUCKETS 64

static inline guint64
mix (guint64 hash, guint64 word)
{
  hash = (hash ^ (word | G_GUINT64_CONSTANT (0x2020202020202020))) * G_GUINT64_CONSTANT (0x9e3779b97f4a7c15);
  return hash ^ hash >> 32;
}

/* Eight bytes at a time. Bit 5 is what upper and lower case differ in; that it confuses a few other characters, too, costs
 * a comparison at most. */
static guint
hash_id (KrTaskTable *self, const char *id)
{
  gsize length = strlen (id);
  guint64 hash = self->seed ^ length;
  guint64 word;

  for (; length >= 8; length -= 8, id += 8)
    {
      memcpy (&word, id, 8);
      hash = mix (hash, word);
    }
  for (word = 0; length > 0; length--)
    word = word << 8 | (guint8) *id++;
  return (guint) mix (hash, word);
}

void
kr_task_table_init (KrTaskTable *self)
{
  self->n_buckets = MIN_BUCKETS;
  self->buckets = g_new0 (KrTaskJob *, MIN_BUCKETS);
  self->n_jobs = 0;
  self->seed = (guint64) g_random_int () << 32 | g_random_int ();
}

/* The table is empty. */
void
kr_task_table_clear (KrTaskTable *self)
{
  g_clear_pointer (&self->buckets, g_free);
}

static inline KrTaskJob **
bucket_of (KrTaskTable *self, guint hash)
{
  return &self->buckets[hash & (self->n_buckets - 1)];
}

static void
link_job (KrTaskTable *self, KrTaskJob *job)
{
  KrTaskJob **bucket = bucket_of (self, job->by_id.hash);

  job->by_id.next = *bucket;
  *bucket = job;
}

static void
resize (KrTaskTable *self, guint n_buckets)
{
  g_autofree KrTaskJob **old = g_steal_pointer (&self->buckets);
  guint n_old = self->n_buckets;
  KrTaskJob *next;

  self->buckets = g_new0 (KrTaskJob *, n_buckets);
  self->n_buckets = n_buckets;
  for (guint i = 0; i < n_old; i++)
    for (KrTaskJob *job = old[i]; job != NULL; job = next)
      {
        next = job->by_id.next;
        link_job (self, job);
      }
}

/* The table keeps its reference. */
KrTaskJob *
kr_task_table_lookup (KrTaskTable *self, const char *id)
{
  guint hash = hash_id (self, id);

  for (KrTaskJob *job = *bucket_of (self, hash); job != NULL; job = job->by_id.next)
    if (job->by_id.hash == hash && g_ascii_strcasecmp (kr_task_job_get_id (job), id) == 0)
      return job;
  return NULL;
}

/* No job with the id of @job is in. */
void
kr_task_table_insert (KrTaskTable *self, KrTaskJob *job)
{
  if (self->n_jobs >= self->n_buckets)
    resize (self, 2 * self->n_buckets);
  job->by_id.hash = hash_id (self, kr_task_job_get_id (job));
  job->by_id.is_in = TRUE;
  link_job (self, job);
  self->n_jobs++;
}

/* FALSE: @job was not in. */
gboolean
kr_task_table_remove (KrTaskTable *self, KrTaskJob *job)
{
  KrTaskJob **place;

  if (!job->by_id.is_in)
    return FALSE;
  for (place = bucket_of (self, job->by_id.hash); *place != job; place = &(*place)->by_id.next)
    ;
  *place = job->by_id.next;
  job->by_id.is_in = FALSE;
  self->n_jobs--;
  if (self->n_buckets > MIN_BUCKETS && self->n_jobs < self->n_buckets / 64)
    resize (self, self->n_buckets / 2);
  return TRUE;
}

/* All jobs, in no order, with a reference each. */
GPtrArray *
kr_task_table_dup_jobs (KrTaskTable *self)
{
  GPtrArray *jobs = g_ptr_array_new_full (self->n_jobs, g_object_unref);

  for (guint i = 0; i < self->n_buckets; i++)
    for (KrTaskJob *job = self->buckets[i]; job != NULL; job = job->by_id.next)
      g_ptr_array_add (jobs, g_object_ref (job));
  return jobs;
}
