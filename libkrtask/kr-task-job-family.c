/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* The relations of a KrTaskJob: its parent, its children, and the cancellables that it is linked to. */
#include "config.h"

#include <math.h>

#include "kr-task-job-private.h"
#include "kr-task-progress-private.h"

typedef struct
{
  GCancellable *cancellable;
  gulong handler;
} Link;

static void
weak_ref_clear_and_free (GWeakRef *weak)
{
  g_weak_ref_clear (weak);
  g_free (weak);
}

/* private */
void
kr_task_family_clear (KrTaskFamily *family)
{
  g_clear_pointer (&family->links, kr_task_links_free);
  g_clear_pointer (&family->parent, weak_ref_clear_and_free);
  g_clear_object (&family->step);
  g_clear_pointer (&family->children, g_ptr_array_unref);
  g_clear_object (&family->list);
  g_clear_error (&family->child_error);
}

/* --- links -------------------------------------------------------------------------------------------------------- */

static void
weak_ref_free (gpointer data, GClosure *closure)
{
  weak_ref_clear_and_free (data);
}

/* In whatever thread cancels: it must not touch the cancellable itself, nor wait for anything. */
static void
on_external_cancelled (GCancellable *external, gpointer user_data)
{
  g_autoptr (KrTaskJob) job = g_weak_ref_get (user_data);

  if (job != NULL)
    kr_task_job_cancel_linked (job);
}

/**
 * kr_task_job_link:
 * @self: a job that was not submitted yet
 * @external: a cancellable
 *
 * Has @external cancel the job, too. If it has fired already, the job is cancelled at once; if it fires before the job is
 * submitted, the submission finds the job cancelled. From then on it may fire in any thread. The link ends with the job,
 * so that a long-lived cancellable collects nothing. Call it from the thread that made the job.
 *
 * Returns: %FALSE if @external has fired already
 *
 * Since: 0.1
 */
gboolean
kr_task_job_link (KrTaskJob *self, GCancellable *external)
{
  GWeakRef *weak;
  Link link = { 0 };

  g_return_val_if_fail (KR_TASK_IS_JOB (self), FALSE);
  g_return_val_if_fail (G_IS_CANCELLABLE (external), FALSE);
  g_return_val_if_fail (self->runner == NULL, FALSE);

  weak = g_new (GWeakRef, 1);
  g_weak_ref_init (weak, self);
  link.handler = g_signal_connect_data (external, "cancelled", G_CALLBACK (on_external_cancelled), weak, weak_ref_free,
                                        0);
  link.cancellable = g_object_ref (external);
  kr_task_lock (&self->lock);
  if (self->family.links == NULL)
    g_atomic_pointer_set (&self->family.links, g_array_new (FALSE, FALSE, sizeof (Link)));
  g_array_append_val (self->family.links, link);
  kr_task_unlock (&self->lock);
  /* not g_cancellable_connect(): whether it fired before or meanwhile, one look afterwards misses neither */
  if (!g_cancellable_is_cancelled (external))
    return TRUE;
  kr_task_job_cancel (self, KR_TASK_CANCEL_REASON_PARENT, NULL, KR_TASK_CANCEL_DEFER, NULL);
  return FALSE;
}

/* Lock held. */
static gboolean
has_fired (GArray *links)
{
  for (guint i = 0; links != NULL && i < links->len; i++)
    if (g_cancellable_is_cancelled (g_array_index (links, Link, i).cancellable))
      return TRUE;
  return FALSE;
}

/* private: in the thread that submits the job, before it does, and again when the job has its runner: what fires from then
 * on cancels it directly. */
void
kr_task_job_follow_links (KrTaskJob *self)
{
  gboolean fired;

  if (g_atomic_pointer_get (&self->family.links) == NULL)
    return;
  kr_task_lock (&self->lock);
  fired = has_fired (self->family.links);
  kr_task_unlock (&self->lock);
  if (fired)
    kr_task_job_cancel (self, KR_TASK_CANCEL_REASON_PARENT, NULL, KR_TASK_CANCEL_DEFER, NULL);
}

/* private: with no lock held; @links were stolen from a family. */
void
kr_task_links_free (GArray *links)
{
  for (guint i = 0; i < links->len; i++)
    {
      Link *link = &g_array_index (links, Link, i);

      g_signal_handler_disconnect (link->cancellable, link->handler);
      g_object_unref (link->cancellable);
    }
  g_array_unref (links);
}

/* --- children ----------------------------------------------------------------------------------------------------- */

/**
 * kr_task_job_dup_parent: (get-property parent)
 * @self: a job
 *
 * Gets the job that this one is a part of. May be called from any thread.
 *
 * Returns: (transfer full) (nullable): the parent, as long as it exists
 *
 * Since: 0.1
 */
KrTaskJob *
kr_task_job_dup_parent (KrTaskJob *self)
{
  KrTaskJob *parent = NULL;

  g_return_val_if_fail (KR_TASK_IS_JOB (self), NULL);

  kr_task_lock (&self->lock);
  if (self->family.parent != NULL)
    parent = g_weak_ref_get (self->family.parent);
  kr_task_unlock (&self->lock);
  return parent;
}

/* private: a copy, so that no lock is held while something is done to them. NULL: none. */
GPtrArray *
kr_task_job_dup_children (KrTaskJob *self)
{
  GPtrArray *children = NULL;

  kr_task_lock (&self->lock);
  if (self->family.children != NULL)
    {
      children = g_ptr_array_new_with_free_func (g_object_unref);
      for (guint i = 0; i < self->family.children->len; i++)
        g_ptr_array_add (children, g_object_ref (g_ptr_array_index (self->family.children, i)));
    }
  kr_task_unlock (&self->lock);
  return children;
}

static gboolean
is_ancestor (KrTaskJob *job, KrTaskJob *of)
{
  g_autoptr (KrTaskJob) current = g_object_ref (of);

  while (current != NULL)
    {
      KrTaskJob *parent;

      if (current == job)
        return TRUE;
      parent = kr_task_job_dup_parent (current);
      g_set_object (&current, parent);
      g_clear_object (&parent);
    }
  return FALSE;
}

static void
set_parent (KrTaskJob *self, KrTaskJob *parent)
{
  GWeakRef *weak = NULL;

  if (parent != NULL)
    {
      weak = g_new (GWeakRef, 1);
      g_weak_ref_init (weak, parent);
    }
  kr_task_lock (&self->lock);
  if (self->family.parent != NULL)
    weak_ref_clear_and_free (self->family.parent);
  self->family.parent = weak;
  kr_task_unlock (&self->lock);
}

static void
add_step (KrTaskJob *self, KrTaskJob *child, guint weight)
{
  g_autofree char *title = kr_task_job_dup_title (child);

  g_atomic_pointer_set (&child->family.step,
                        kr_task_progress_add_step (kr_task_job_get_progress (self), title, weight));
}

/* Lock of the parent held. */
static gboolean
take_child (KrTaskJob *self, KrTaskJob *child, GError **error)
{
  if (kr_task_state_is_terminal (self->state) || self->state == KR_TASK_STATE_CANCELLING)
    {
      g_set_error (error, KR_TASK_ERROR,
                   kr_task_state_is_terminal (self->state) ? KR_TASK_ERROR_ALREADY_FINISHED
                                                           : KR_TASK_ERROR_ALREADY_CANCELLED,
                   "The parent takes no more children");
      return FALSE;
    }
  if (self->family.children == NULL)
    self->family.children = g_ptr_array_new_with_free_func (g_object_unref);
  g_ptr_array_add (self->family.children, g_object_ref (child));
  g_atomic_int_inc (&self->family.n_active);
  return TRUE;
}

/**
 * kr_task_job_add_child:
 * @self: a job
 * @child: a new job that was not submitted yet
 * @weight: the share of @child in the progress of @self, relative to its other children and steps; 0: none
 * @error: return location for a #KrTaskError
 *
 * Makes @child a part of @self; submit it afterwards. May be called from any thread, also by the body of @self.
 *
 * When @self is cancelled, so is @child, before the body of @self hears of it. With
 * [property@KrTask.Job:wait-children], @self does not end before @child has ended; meanwhile, once its body has returned,
 * it takes no slot. What the failure of a child means is told by [property@KrTask.Job:on-child-failure].
 *
 * Returns: %FALSE if @self is cancelled or has finished, or @child has a parent already, was submitted, or is @self or its
 *   ancestor
 *
 * Since: 0.1
 */
gboolean
kr_task_job_add_child (KrTaskJob *self, KrTaskJob *child, guint weight, GError **error)
{
  gboolean ok;

  g_return_val_if_fail (KR_TASK_IS_JOB (self), FALSE);
  g_return_val_if_fail (KR_TASK_IS_JOB (child), FALSE);

  if (child->runner != NULL || child->family.parent != NULL || is_ancestor (child, self) ||
      kr_task_job_get_state (child) != KR_TASK_STATE_CREATED)
    {
      g_set_error (error, KR_TASK_ERROR, KR_TASK_ERROR_CONFLICT, "The task cannot become a child of this one");
      return FALSE;
    }
  /* before the parent knows it: what cancels the parent finds the child complete */
  set_parent (child, self);
  kr_task_lock (&self->lock);
  ok = take_child (self, child, error);
  kr_task_unlock (&self->lock);
  if (!ok)
    {
      set_parent (child, NULL);
      return FALSE;
    }
  if (weight > 0)
    add_step (self, child, weight);
  if (self->runner != NULL)
    kr_task_job_add_news (self, KR_TASK_NEWS_CHILDREN);
  else
    kr_task_job_update_children (self);
  /* the parent may have been cancelled before it knew the child */
  if (kr_task_job_is_cancelled (self))
    kr_task_job_cancel (child, KR_TASK_CANCEL_REASON_PARENT, NULL, KR_TASK_CANCEL_DEFER, NULL);
  return TRUE;
}

/* private: leaves first, before the parent's own body hears of it. */
void
kr_task_job_cancel_children (KrTaskJob *self, KrTaskCancelReason reason)
{
  g_autoptr (GPtrArray) children = kr_task_job_dup_children (self);

  for (guint i = 0; children != NULL && i < children->len; i++)
    kr_task_job_cancel (g_ptr_array_index (children, i), reason, NULL, KR_TASK_CANCEL_DEFER, NULL);
}

/* private: in the owner's context. */
void
kr_task_job_update_children (KrTaskJob *self)
{
  g_autoptr (GPtrArray) children = NULL;
  guint n_listed;

  if (self->family.list == NULL)
    return;
  children = kr_task_job_dup_children (self);
  n_listed = g_list_model_get_n_items (G_LIST_MODEL (self->family.list));
  if (children != NULL && children->len > n_listed)
    g_list_store_splice (self->family.list, n_listed, 0, children->pdata + n_listed, children->len - n_listed);
}

/**
 * kr_task_job_get_children: (get-property children)
 * @self: a job
 *
 * Gets the parts of the job, as a list that follows. In the owner's main context only.
 *
 * Returns: (transfer none): a list of [class@KrTask.Job]
 *
 * Since: 0.1
 */
GListModel *
kr_task_job_get_children (KrTaskJob *self)
{
  g_return_val_if_fail (KR_TASK_IS_JOB (self), NULL);

  if (self->family.list == NULL)
    {
      self->family.list = g_list_store_new (KR_TASK_TYPE_JOB);
      kr_task_job_update_children (self);
    }
  return G_LIST_MODEL (self->family.list);
}

/* private: in the owner's context. What the child shows, its parent shows as a step. */
void
kr_task_job_update_step (KrTaskJob *self)
{
  g_autofree char *message = NULL;
  KrTaskProgress *progress = g_atomic_pointer_get (&self->progress);
  KrTaskProgress *step = g_atomic_pointer_get (&self->family.step);
  double fraction;

  if (step == NULL)
    return;
  if (kr_task_job_get_state (self) == KR_TASK_STATE_COMPLETED)
    {
      kr_task_progress_set (step, 1, NULL);
      return;
    }
  if (progress == NULL)
    return;
  fraction = kr_task_progress_get (progress, &message);
  if (!isnan (fraction))
    kr_task_progress_set (step, fraction, message);
}

/* Lock of the parent held. The first failure counts. */
static gboolean
note_failure (KrTaskJob *self, KrTaskJob *child)
{
  if (self->family.policy == KR_TASK_CHILD_IGNORE || self->family.child_error != NULL)
    return FALSE;
  self->family.child_error = kr_task_job_dup_error (child);
  return self->family.policy == KR_TASK_CHILD_CANCEL_SIBLINGS;
}

/* private: with no lock held, once, when a child has become terminal. */
void
kr_task_job_tell_parent (KrTaskJob *self)
{
  g_autoptr (KrTaskJob) parent = NULL;
  KrTaskState state = kr_task_job_get_state (self);
  gboolean failed = state == KR_TASK_STATE_FAILED || state == KR_TASK_STATE_TIMED_OUT;
  gboolean cancel_siblings = FALSE;

  if (self->family.parent == NULL)
    return;
  parent = kr_task_job_dup_parent (self);
  if (parent == NULL)
    return;
  kr_task_job_update_step (self);
  kr_task_lock (&parent->lock);
  g_atomic_int_add (&parent->family.n_active, -1);
  if (failed)
    cancel_siblings = note_failure (parent, self);
  kr_task_unlock (&parent->lock);
  if (cancel_siblings)
    kr_task_job_cancel_children (parent, KR_TASK_CANCEL_REASON_SIBLING_FAILED);
  kr_task_job_end_if_done (parent);
}

/**
 * kr_task_job_set_child_policy:
 * @self: a job that was not submitted yet
 * @policy: what the failure of a child does
 * @wait_children: whether the job waits until its children have ended
 *
 * Sets how the job stands to its children; by default their failures are ignored, and it waits.
 *
 * Since: 0.1
 */
void
kr_task_job_set_child_policy (KrTaskJob *self, KrTaskChildPolicy policy, gboolean wait_children)
{
  g_return_if_fail (KR_TASK_IS_JOB (self));
  g_return_if_fail (self->runner == NULL);

  self->family.policy = policy;
  self->family.wait = wait_children;
}
