/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* The tags of a KrTaskJob: words by which programs find it. */
#include "config.h"

#include "kr-task-job-private.h"

/* Each once, in the order in which they are given; NULL: none. */
static GStrv
copy_tags (const char *const *tags)
{
  g_autoptr (GPtrArray) copy = g_ptr_array_new_with_free_func (g_free);

  for (guint i = 0; tags != NULL && tags[i] != NULL; i++)
    {
      g_return_val_if_fail (g_utf8_validate (tags[i], -1, NULL), NULL);
      if (!g_ptr_array_find_with_equal_func (copy, tags[i], g_str_equal, NULL))
        g_ptr_array_add (copy, g_strdup (tags[i]));
    }
  if (copy->len == 0)
    return NULL;
  g_ptr_array_add (copy, NULL);
  return (GStrv) g_ptr_array_steal (copy, NULL);
}

static gboolean
are_equal (GStrv a, GStrv b)
{
  if (a == NULL || b == NULL)
    return a == b;
  return g_strv_equal ((const char *const *) a, (const char *const *) b);
}

/**
 * kr_task_job_set_tags: (set-property tags)
 * @self: a job
 * @tags: (nullable) (array zero-terminated=1): words in UTF-8, each of which counts once
 *
 * Sets the words by which programs find the job. May be called from any thread.
 *
 * Since: 0.1
 */
void
kr_task_job_set_tags (KrTaskJob *self, const char *const *tags)
{
  g_auto (GStrv) before = NULL;
  GStrv now;
  gboolean changed;

  g_return_if_fail (KR_TASK_IS_JOB (self));

  now = copy_tags (tags);
  kr_task_lock (&self->lock);
  changed = !are_equal (self->tags, now);
  before = self->tags;
  self->tags = now;
  kr_task_unlock (&self->lock);
  if (changed)
    kr_task_job_announce (self, KR_TASK_NEWS_TAGS);
}

/**
 * kr_task_job_dup_tags: (get-property tags)
 * @self: a job
 *
 * Gets the words by which programs find the job. May be called from any thread.
 *
 * Returns: (transfer full) (array zero-terminated=1): the tags; none is an empty array
 *
 * Since: 0.1
 */
char **
kr_task_job_dup_tags (KrTaskJob *self)
{
  GStrv tags;

  g_return_val_if_fail (KR_TASK_IS_JOB (self), NULL);

  kr_task_lock (&self->lock);
  tags = g_strdupv (self->tags);
  kr_task_unlock (&self->lock);
  return tags != NULL ? tags : g_new0 (char *, 1);
}

/**
 * kr_task_job_has_tag:
 * @self: a job
 * @tag: a word
 *
 * Tells whether the job has a tag. May be called from any thread.
 *
 * Returns: %TRUE if it has
 *
 * Since: 0.1
 */
gboolean
kr_task_job_has_tag (KrTaskJob *self, const char *tag)
{
  gboolean has;

  g_return_val_if_fail (KR_TASK_IS_JOB (self), FALSE);
  g_return_val_if_fail (tag != NULL, FALSE);

  kr_task_lock (&self->lock);
  has = self->tags != NULL && g_strv_contains ((const char *const *) self->tags, tag);
  kr_task_unlock (&self->lock);
  return has;
}
