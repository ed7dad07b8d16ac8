/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* KrTaskSoupFeed: says whenever a task has changed, for those who pass it on. */
#include "config.h"

#include "kr-task-soup-feed.h"

#include "kr-task-soup-record-private.h"

/**
 * KrTaskSoupFeed:
 *
 * Says whenever a task of a manager has changed, so that a program can tell the groups of a hub, or whoever else
 * listens to it: this library knows of no hub.
 *
 * It belongs to the main context that owns the manager.
 *
 * Since: 0.1
 */
struct _KrTaskSoupFeed
{
  GObject parent_instance;

  KrTaskManager *manager;
  GPtrArray *follows; /* a Follow for each job, in the manager's order: those that leave are found here only */
  GPtrArray *due;     /* of those that have changed in this turn; not owned */
  GSource *flush;     /* NULL: none has */
};

typedef struct
{
  KrTaskSoupFeed *feed; /* not owned */
  KrTaskJob *job;
  gboolean due;
} Follow;

typedef enum
{
  PROP_MANAGER = 1,
} KrTaskSoupFeedProperty;

static GParamSpec *props[PROP_MANAGER + 1];

typedef enum
{
  SIGNAL_CHANGED,
  SIGNAL_REMOVED,
} KrTaskSoupFeedSignal;

static guint signals[SIGNAL_REMOVED + 1];

/**
 * kr_task_soup_feed_get_type:
 *
 * Gets the type of #KrTaskSoupFeed.
 *
 * Returns: the type
 *
 * Since: 0.1
 */
G_DEFINE_FINAL_TYPE (KrTaskSoupFeed, kr_task_soup_feed, G_TYPE_OBJECT)

static void
tell (Follow *follow)
{
  KrTaskSoupFeed *self = follow->feed;

  follow->due = FALSE;
  g_ptr_array_remove (self->due, follow);
  g_signal_emit (self, signals[SIGNAL_CHANGED], 0, follow->job);
}

static gboolean
on_flush (gpointer user_data)
{
  g_autoptr (KrTaskSoupFeed) self = g_object_ref (user_data);

  g_clear_pointer (&self->flush, g_source_unref);
  while (self->due->len > 0)
    tell (self->due->pdata[0]);
  return G_SOURCE_REMOVE;
}

/* What changes in one turn of the main loop is told once, when it is over. */
static void
note (Follow *follow)
{
  KrTaskSoupFeed *self = follow->feed;

  if (follow->due)
    return;
  follow->due = TRUE;
  g_ptr_array_add (self->due, follow);
  if (self->flush != NULL)
    return;
  self->flush = g_idle_source_new ();
  g_source_set_static_name (self->flush, "KrTaskSoupFeed");
  g_source_set_priority (self->flush, G_PRIORITY_DEFAULT);
  g_source_set_callback (self->flush, on_flush, self, NULL);
  g_source_attach (self->flush, kr_task_manager_get_owner (self->manager));
}

static Follow *
follow_new (KrTaskSoupFeed *self, KrTaskJob *job)
{
  Follow *follow = g_new0 (Follow, 1);

  *follow = (Follow) { self, g_object_ref (job), FALSE };
  g_signal_connect_swapped (job, "state-changed", G_CALLBACK (note), follow);
  g_signal_connect_swapped (job, "notify::title", G_CALLBACK (note), follow);
  g_signal_connect_swapped (job, "notify::description", G_CALLBACK (note), follow);
  g_signal_connect_swapped (job, "notify::detached", G_CALLBACK (note), follow);
  g_signal_connect_swapped (job, "notify::cancellable", G_CALLBACK (note), follow);
  g_signal_connect_swapped (kr_task_job_get_progress (job), "changed", G_CALLBACK (note), follow);
  return follow;
}

static void
follow_free (gpointer data)
{
  Follow *follow = data;

  g_signal_handlers_disconnect_by_data (follow->job, follow);
  g_signal_handlers_disconnect_by_data (kr_task_job_get_progress (follow->job), follow);
  g_object_unref (follow->job);
  g_free (follow);
}

static void
drop (KrTaskSoupFeed *self, guint position)
{
  Follow *follow = g_ptr_array_steal_index (self->follows, position);

  if (follow->due)
    tell (follow);
  g_signal_emit (self, signals[SIGNAL_REMOVED], 0, follow->job);
  follow_free (follow);
}

static void
on_items_changed (GListModel *model, guint position, guint removed, guint added, gpointer user_data)
{
  KrTaskSoupFeed *self = user_data;

  for (guint i = 0; i < removed; i++)
    drop (self, position);
  for (guint i = 0; i < added; i++)
    {
      g_autoptr (KrTaskJob) job = g_list_model_get_item (model, position + i);
      Follow *follow = follow_new (self, job);

      g_ptr_array_insert (self->follows, (int) (position + i), follow);
      note (follow);
    }
}

static void
kr_task_soup_feed_get_property (GObject *object, guint prop_id, GValue *value, GParamSpec *pspec)
{
  switch ((KrTaskSoupFeedProperty) prop_id)
    {
    case PROP_MANAGER: g_value_set_object (value, KR_TASK_SOUP_FEED (object)->manager); break;
    default: G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
kr_task_soup_feed_set_property (GObject *object, guint prop_id, const GValue *value, GParamSpec *pspec)
{
  switch ((KrTaskSoupFeedProperty) prop_id)
    {
    case PROP_MANAGER: KR_TASK_SOUP_FEED (object)->manager = g_value_dup_object (value); break;
    default: G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
kr_task_soup_feed_constructed (GObject *object)
{
  KrTaskSoupFeed *self = KR_TASK_SOUP_FEED (object);
  GListModel *model = G_LIST_MODEL (self->manager);

  G_OBJECT_CLASS (kr_task_soup_feed_parent_class)->constructed (object);
  g_signal_connect (model, "items-changed", G_CALLBACK (on_items_changed), self);
  for (guint i = 0; i < g_list_model_get_n_items (model); i++)
    {
      g_autoptr (KrTaskJob) job = g_list_model_get_item (model, i);

      g_ptr_array_add (self->follows, follow_new (self, job));
    }
}

static void
kr_task_soup_feed_finalize (GObject *object)
{
  KrTaskSoupFeed *self = KR_TASK_SOUP_FEED (object);

  g_signal_handlers_disconnect_by_data (self->manager, self);
  if (self->flush != NULL)
    g_source_destroy (self->flush);
  g_clear_pointer (&self->flush, g_source_unref);
  g_ptr_array_unref (self->due);
  g_ptr_array_unref (self->follows);
  g_object_unref (self->manager);
  G_OBJECT_CLASS (kr_task_soup_feed_parent_class)->finalize (object);
}

static void
kr_task_soup_feed_class_init (KrTaskSoupFeedClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->get_property = kr_task_soup_feed_get_property;
  object_class->set_property = kr_task_soup_feed_set_property;
  object_class->constructed = kr_task_soup_feed_constructed;
  object_class->finalize = kr_task_soup_feed_finalize;

  /**
   * KrTaskSoupFeed:manager:
   *
   * The tasks.
   *
   * Since: 0.1
   */
  props[PROP_MANAGER] = g_param_spec_object ("manager", NULL, NULL, KR_TASK_TYPE_MANAGER,
                                             G_PARAM_READWRITE | G_PARAM_CONSTRUCT_ONLY | G_PARAM_STATIC_STRINGS);
  g_object_class_install_properties (object_class, G_N_ELEMENTS (props), props);

  /**
   * KrTaskSoupFeed::changed:
   * @self: the feed
   * @job: a job
   *
   * A job is new, or its state, title, progress, or whether it can be cancelled has changed; for progress at most as
   * often as the manager tells of it, by default every 112 ms.
   *
   * Since: 0.1
   */
  signals[SIGNAL_CHANGED] = g_signal_new ("changed", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                          G_TYPE_NONE, 1, KR_TASK_TYPE_JOB);
  /**
   * KrTaskSoupFeed::removed:
   * @self: the feed
   * @job: a job
   *
   * A job has left the list of the manager. What was left to say of it was said.
   *
   * Since: 0.1
   */
  signals[SIGNAL_REMOVED] = g_signal_new ("removed", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                          G_TYPE_NONE, 1, KR_TASK_TYPE_JOB);
}

static void
kr_task_soup_feed_init (KrTaskSoupFeed *self)
{
  self->follows = g_ptr_array_new_with_free_func (follow_free);
  self->due = g_ptr_array_new ();
}

/**
 * kr_task_soup_feed_new:
 * @manager: the tasks
 *
 * Follows the tasks of a manager, those that are there already silently. In the main context that owns it.
 *
 * Returns: (transfer full): a new feed
 *
 * Since: 0.1
 */
KrTaskSoupFeed *
kr_task_soup_feed_new (KrTaskManager *manager)
{
  g_return_val_if_fail (KR_TASK_IS_MANAGER (manager), NULL);

  return g_object_new (KR_TASK_SOUP_TYPE_FEED, "manager", manager, NULL);
}

/**
 * kr_task_soup_feed_to_json:
 * @job: a job
 *
 * Writes what `GET /tasks/{id}` shows of a job. In the main context that owns it.
 *
 * Returns: (transfer full): a JSON object
 *
 * Since: 0.1
 */
char *
kr_task_soup_feed_to_json (KrTaskJob *job)
{
  g_autoptr (JsonBuilder) builder = NULL;

  g_return_val_if_fail (KR_TASK_IS_JOB (job), NULL);

  builder = json_builder_new ();
  kr_task_soup_document_add (builder, job);
  return kr_task_soup_builder_to_text (builder);
}
