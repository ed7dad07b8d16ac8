/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* KrTaskManager: the jobs of a program, their queue and their threads, as a list model. */
#include "config.h"

#include <unistd.h>

#include "kr-task-job-private.h"
#include "kr-task-list-private.h"
#include "kr-task-manager-private.h"

/* With what comes at once when a job ends, no second sees more than ten: nine of these are longer than that. */
#define DEFAULT_INTERVAL_MS 112

#define CACHE_LINE 64

/**
 * KrTaskManager:
 *
 * The jobs of a program, their queue and their threads.
 *
 * It is a [iface@Gio.ListModel] of [class@KrTask.Job] in the order of submission, so GTK can show it as it is; finished
 * jobs stay for a while. The list, and all signals and notifications of the manager and of its jobs, belong to one main
 * context, given at construction: nothing is emitted from inside a call. Everything else may be called from any thread.
 *
 * At most [property@KrTask.Manager:max-concurrent] bodies run at once; the other jobs wait, by priority and then in order.
 *
 * A manager with unfinished jobs stays alive until they have finished; [method@KrTask.Manager.shutdown_async] ends them.
 *
 * Since: 0.1
 */
struct _KrTaskManager
{
  GObject parent_instance;

  char before_outbox[CACHE_LINE]; /* the references are mostly one thread's affair, the outbox is all threads' */
  GMainContext *context;
  KrTaskOutbox outbox;
  KrTaskRunner *runner;
  int interval_ms; /* atomic */
  /* all threads write them for each job, and should not take the rest from each other's cache */
  char before_counters[CACHE_LINE];
  int n_queued, n_running, n_detached; /* atomic */
  int n_unfinished;                    /* atomic: submitted, and not yet terminal */
  char after_counters[CACHE_LINE];

  KrTaskLock lock;  /* guards the table and accepting; a job's lock may be taken inside; never held while calling out */
  KrTaskTable jobs; /* each with a reference */
  GHashTable *owners; /* how many unfinished jobs, by owner_key */
  guint max_per_owner;
  gboolean accepting;

  /* the owner's context only */
  KrTaskList *list; /* owns a reference to each job */
  KrTaskRetention retention; /* of the jobs in the list that have finished */
  GSource *ageing;           /* NULL: no finished job grows old */
  int told_queued, told_running, told_detached; /* as notified last */
  GSList *shutdowns;                            /* of GTask, waiting for the last job */
  GSource *grace;                               /* NULL: no limit to that, or over */
};

typedef enum
{
  PROP_OWNER = 1,
  PROP_MAX_CONCURRENT,
  PROP_MAX_QUEUED,
  PROP_MAX_PER_OWNER,
  PROP_KEEP_FINISHED_COUNT,
  PROP_KEEP_FINISHED_FOR,
  PROP_KEEP_RESULT_BYTES,
  PROP_NOTIFY_INTERVAL_MS,
  PROP_N_QUEUED,
  PROP_N_RUNNING,
  PROP_N_DETACHED,
  PROP_ACCEPTING,
} KrTaskManagerProperty;

static GParamSpec *props[PROP_ACCEPTING + 1];

typedef enum
{
  SIGNAL_AUTHORIZE,
} KrTaskManagerSignal;

static guint signals[SIGNAL_AUTHORIZE + 1];

static void list_model_init (GListModelInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (KrTaskManager, kr_task_manager, G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (G_TYPE_LIST_MODEL, list_model_init))

/* --- the list ---------------------------------------------------------------------------------------------------- */

static GType
get_item_type (GListModel *model)
{
  return KR_TASK_TYPE_JOB;
}

static guint
get_n_items (GListModel *model)
{
  return kr_task_list_get_length (KR_TASK_MANAGER (model)->list);
}

static gpointer
get_item (GListModel *model, guint position)
{
  KrTaskJob *job = kr_task_list_get (KR_TASK_MANAGER (model)->list, position);

  return job != NULL ? g_object_ref (job) : NULL;
}

static void
list_model_init (GListModelInterface *iface)
{
  iface->get_item_type = get_item_type;
  iface->get_n_items = get_n_items;
  iface->get_item = get_item;
}

/* New jobs enter the list before any of their signals is emitted. */
static void
add_new_jobs (KrTaskManager *self, GPtrArray *batch)
{
  guint before = kr_task_list_get_length (self->list);
  guint n_added;

  for (guint i = 0; i < batch->len; i++)
    {
      KrTaskJob *job = g_ptr_array_index (batch, i);

      if (job->was_listed)
        continue;
      job->was_listed = TRUE;
      kr_task_list_append (self->list, g_object_ref (job));
    }
  n_added = kr_task_list_get_length (self->list) - before;
  if (n_added > 0)
    g_list_model_items_changed (G_LIST_MODEL (self), before, 0, n_added);
}

/* A run of removals at one place is one change: the list is already without them, and nobody was told yet. */
typedef struct
{
  guint position;
  guint n_removed;
} Removal;

static void
flush_removal (KrTaskManager *self, Removal *removal)
{
  Removal done = *removal;

  *removal = (Removal) { 0 };
  if (done.n_removed > 0)
    g_list_model_items_changed (G_LIST_MODEL (self), done.position, done.n_removed, 0);
}

static void
remove_from_list (KrTaskManager *self, KrTaskJob *job, Removal *removal)
{
  guint position;

  if (job->place.block == NULL)
    return;
  kr_task_retention_remove (&self->retention, job);
  position = kr_task_list_get_position (self->list, job);
  if (removal->n_removed > 0 && removal->position != position)
    {
      g_autoptr (KrTaskJob) alive = g_object_ref (job);

      flush_removal (self, removal);
      /* a handler with a main loop of its own may have changed the list */
      if (job->place.block == NULL)
        return;
      position = kr_task_list_get_position (self->list, alive);
    }
  removal->position = position;
  removal->n_removed++;
  kr_task_list_remove (self->list, job);
  g_object_unref (job);
}

/* --- retention --------------------------------------------------------------------------------------------------- */

/* Lock held. */
static void
unclaim_owner (KrTaskManager *self, KrTaskJob *job)
{
  guint n;

  if (job->owner_key == NULL)
    return;
  n = GPOINTER_TO_UINT (g_hash_table_lookup (self->owners, job->owner_key));
  if (n > 1)
    g_hash_table_insert (self->owners, g_strdup (job->owner_key), GUINT_TO_POINTER (n - 1));
  else
    g_hash_table_remove (self->owners, job->owner_key);
}

static void
release_owner (KrTaskManager *self, KrTaskJob *job)
{
  if (job->owner_key == NULL)
    return;
  kr_task_lock (&self->lock);
  unclaim_owner (self, job);
  kr_task_unlock (&self->lock);
}

static void
note_finished (KrTaskManager *self, KrTaskJob *job)
{
  if (!job->finish_emitted || job->retention.queue != NULL || job->place.block == NULL)
    return;
  kr_task_retention_add (&self->retention, job);
  release_owner (self, job);
}

static void
forget (KrTaskManager *self, KrTaskJob *job)
{
  gboolean was_in;

  kr_task_lock (&self->lock);
  was_in = kr_task_table_remove (&self->jobs, job);
  kr_task_unlock (&self->lock);
  if (was_in)
    g_object_unref (job);
}

static gboolean
on_age (gpointer user_data)
{
  KrTaskManager *self = user_data;

  g_clear_pointer (&self->ageing, g_source_unref);
  kr_task_outbox_wake (&self->outbox);
  return G_SOURCE_REMOVE;
}

/* The manager is not kept alive by it: what nobody holds has nobody to tell. */
static void
start_ageing (KrTaskManager *self)
{
  gint64 due = kr_task_retention_get_due (&self->retention);

  if (self->ageing != NULL || due == 0)
    return;
  self->ageing = g_timeout_source_new (0);
  g_source_set_static_name (self->ageing, "KrTaskManager age");
  g_source_set_ready_time (self->ageing, due);
  g_source_set_callback (self->ageing, on_age, self, NULL);
  g_source_attach (self->ageing, self->context);
}

static void
stop_ageing (KrTaskManager *self)
{
  if (self->ageing != NULL)
    g_source_destroy (self->ageing);
  g_clear_pointer (&self->ageing, g_source_unref);
}

static GPtrArray *
take_surplus (KrTaskManager *self)
{
  GPtrArray *jobs = g_ptr_array_new_with_free_func (g_object_unref);
  gint64 now = self->retention.max_seconds > 0 && self->retention.passing.first != NULL ? g_get_monotonic_time () : 0;
  KrTaskJob *surplus;

  kr_task_retention_review (&self->retention);
  while ((surplus = kr_task_retention_get_surplus (&self->retention, now)) != NULL)
    {
      kr_task_retention_remove (&self->retention, surplus);
      g_ptr_array_add (jobs, g_object_ref (surplus));
    }
  return jobs;
}

/* All at once: the lock is taken for all of them together. */
static void
remove_surplus (KrTaskManager *self, Removal *removal)
{
  g_autoptr (GPtrArray) surplus = take_surplus (self);

  kr_task_lock (&self->lock);
  for (guint i = 0; i < surplus->len; i++)
    {
      KrTaskJob *job = g_ptr_array_index (surplus, i);

      if (kr_task_table_remove (&self->jobs, job))
        g_object_unref (job); /* not the last one */
    }
  kr_task_unlock (&self->lock);
  for (guint i = 0; i < surplus->len; i++)
    remove_from_list (self, g_ptr_array_index (surplus, i), removal);
  start_ageing (self);
}

/* --- delivery ---------------------------------------------------------------------------------------------------- */

static void
notify_count (KrTaskManager *self, int *told, int *count, KrTaskManagerProperty property)
{
  int now = g_atomic_int_get (count);

  if (*told == now)
    return;
  *told = now;
  g_object_notify_by_pspec (G_OBJECT (self), props[property]);
}

static void
deliver_jobs (KrTaskManager *self, GPtrArray *batch)
{
  Removal removal = { 0 };

  for (guint i = 0; i < batch->len; i++)
    {
      KrTaskJob *job = g_ptr_array_index (batch, i);

      kr_task_job_deliver (job);
      note_finished (self, job);
    }
  for (guint i = 0; i < batch->len; i++)
    if (((KrTaskJob *) g_ptr_array_index (batch, i))->forgotten)
      remove_from_list (self, g_ptr_array_index (batch, i), &removal);
  remove_surplus (self, &removal);
  flush_removal (self, &removal);
}

static void
complete_shutdown (KrTaskManager *self)
{
  GSList *tasks = g_slist_reverse (g_steal_pointer (&self->shutdowns));
  gboolean clean = g_atomic_int_get (&self->n_unfinished) == 0 && g_atomic_int_get (&self->n_detached) == 0;

  if (self->grace != NULL)
    g_source_destroy (self->grace);
  g_clear_pointer (&self->grace, g_source_unref);
  for (GSList *l = tasks; l != NULL; l = l->next)
    {
      if (clean)
        g_task_return_boolean (l->data, TRUE);
      else
        g_task_return_new_error (l->data, KR_TASK_ERROR, KR_TASK_ERROR_DETACHED,
                                 "Some tasks did not stop and still run");
    }
  g_slist_free_full (tasks, g_object_unref);
}

/* In the owner's context. */
static void
deliver (GObject *owner, GPtrArray *batch)
{
  KrTaskManager *self = KR_TASK_MANAGER (owner);

  add_new_jobs (self, batch);
  deliver_jobs (self, batch);
  notify_count (self, &self->told_queued, &self->n_queued, PROP_N_QUEUED);
  notify_count (self, &self->told_running, &self->n_running, PROP_N_RUNNING);
  notify_count (self, &self->told_detached, &self->n_detached, PROP_N_DETACHED);
  if (self->shutdowns != NULL && g_atomic_int_get (&self->n_unfinished) == 0)
    complete_shutdown (self);
}

/* --- for the jobs ------------------------------------------------------------------------------------------------ */

/* private */
KrTaskOutbox *
kr_task_manager_get_outbox (KrTaskManager *self)
{
  return &self->outbox;
}

/* private */
KrTaskRunner *
kr_task_manager_get_runner (KrTaskManager *self)
{
  return self->runner;
}

/* private: µs */
gint64
kr_task_manager_get_interval (KrTaskManager *self)
{
  return g_atomic_int_get (&self->interval_ms) * (gint64) G_TIME_SPAN_MILLISECOND;
}

/* NULL: no counter shows this state */
static int *
counter_of (KrTaskManager *self, KrTaskState state)
{
  if (state == KR_TASK_STATE_QUEUED)
    return &self->n_queued;
  if (state == KR_TASK_STATE_RUNNING || state == KR_TASK_STATE_CANCELLING)
    return &self->n_running;
  return NULL;
}

/* private: with the lock of a job held, at each of its transitions, so that the counters are sums over the jobs. */
void
kr_task_manager_count (KrTaskManager *self, KrTaskState from, KrTaskState to)
{
  int *less = counter_of (self, from);
  int *more = counter_of (self, to);

  if (less != more)
    {
      if (less != NULL)
        g_atomic_int_add (less, -1);
      if (more != NULL)
        g_atomic_int_inc (more);
    }
  if (kr_task_state_is_terminal (to))
    g_atomic_int_add (&self->n_unfinished, -1);
}

/* private: with the lock of a job held. */
void
kr_task_manager_count_detached (KrTaskManager *self, int difference)
{
  g_atomic_int_add (&self->n_detached, difference);
}

/* --- authorization ----------------------------------------------------------------------------------------------- */

/* Who has no owner belongs to the program, that is to the user who runs it. */
static gboolean
authorize_by_uid (KrTaskManager *self, KrTaskJob *job, const char *action, GVariant *identity)
{
  GVariant *owner = job != NULL ? kr_task_job_get_owner (job) : NULL;
  guint32 owner_uid = getuid ();
  guint32 uid;
  gboolean administrator;

  if (identity == NULL)
    return FALSE;
  if (g_variant_lookup (identity, "administrator", "b", &administrator) && administrator)
    return TRUE;
  if (!g_variant_lookup (identity, "uid", "u", &uid))
    return FALSE;
  if (owner != NULL)
    g_variant_lookup (owner, "uid", "u", &owner_uid);
  return uid == 0 || uid == owner_uid;
}

/**
 * kr_task_manager_authorize:
 * @self: a manager
 * @job: (nullable): the job, or %NULL where it is about none or all
 * @action: `view`, `start`, `cancel` or `remove`
 * @identity: who wants it, an `a{sv}`
 *
 * Asks [signal@KrTask.Manager::authorize]. In the owner's main context only. The library itself asks for callers on the
 * bus; a program asks for callers that come another way.
 *
 * Returns: %TRUE if they may
 *
 * Since: 0.1
 */
gboolean
kr_task_manager_authorize (KrTaskManager *self, KrTaskJob *job, const char *action, GVariant *identity)
{
  g_autoptr (GVariant) sunk = identity != NULL ? g_variant_ref_sink (identity) : NULL;
  gboolean may = FALSE;

  g_return_val_if_fail (KR_TASK_IS_MANAGER (self), FALSE);
  g_return_val_if_fail (job == NULL || KR_TASK_IS_JOB (job), FALSE);
  g_return_val_if_fail (action != NULL, FALSE);

  g_signal_emit (self, signals[SIGNAL_AUTHORIZE], 0, job, action, sunk, &may);
  return may;
}

/* --- the object -------------------------------------------------------------------------------------------------- */

static void
kr_task_manager_get_property (GObject *object, guint prop_id, GValue *value, GParamSpec *pspec)
{
  KrTaskManager *self = KR_TASK_MANAGER (object);

  switch ((KrTaskManagerProperty) prop_id)
    {
    case PROP_OWNER:
      g_value_set_boxed (value, self->context);
      break;
    case PROP_MAX_CONCURRENT:
      g_value_set_uint (value, kr_task_manager_get_max_concurrent (self));
      break;
    case PROP_MAX_QUEUED:
      g_value_set_uint (value, kr_task_runner_get_max_queued (self->runner));
      break;
    case PROP_MAX_PER_OWNER:
      g_value_set_uint (value, self->max_per_owner);
      break;
    case PROP_KEEP_FINISHED_FOR:
      g_value_set_uint (value, self->retention.max_seconds);
      break;
    case PROP_KEEP_RESULT_BYTES:
      g_value_set_uint64 (value, self->retention.max_bytes);
      break;
    case PROP_KEEP_FINISHED_COUNT:
      g_value_set_uint (value, self->retention.max_length);
      break;
    case PROP_NOTIFY_INTERVAL_MS:
      g_value_set_uint (value, g_atomic_int_get (&self->interval_ms));
      break;
    case PROP_N_QUEUED:
      g_value_set_uint (value, kr_task_manager_get_n_queued (self));
      break;
    case PROP_N_RUNNING:
      g_value_set_uint (value, kr_task_manager_get_n_running (self));
      break;
    case PROP_N_DETACHED:
      g_value_set_uint (value, kr_task_manager_get_n_detached (self));
      break;
    case PROP_ACCEPTING:
      g_value_set_boolean (value, kr_task_manager_get_accepting (self));
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

/* After one of the limits of retention was set. */
static void
retention_changed (KrTaskManager *self, GParamSpec *pspec)
{
  stop_ageing (self);
  kr_task_outbox_wake (&self->outbox);
  g_object_notify_by_pspec (G_OBJECT (self), pspec);
}

static void
kr_task_manager_set_property (GObject *object, guint prop_id, const GValue *value, GParamSpec *pspec)
{
  KrTaskManager *self = KR_TASK_MANAGER (object);

  switch (prop_id)
    {
    case PROP_OWNER:
      self->context = g_value_dup_boxed (value);
      break;
    case PROP_MAX_CONCURRENT:
      kr_task_manager_set_max_concurrent (self, g_value_get_uint (value));
      break;
    case PROP_MAX_QUEUED:
      kr_task_runner_set_limits (self->runner, kr_task_manager_get_max_concurrent (self), g_value_get_uint (value));
      g_object_notify_by_pspec (object, pspec);
      break;
    case PROP_KEEP_FINISHED_COUNT:
      self->retention.max_length = g_value_get_uint (value);
      retention_changed (self, pspec);
      break;
    case PROP_KEEP_FINISHED_FOR:
      self->retention.max_seconds = g_value_get_uint (value);
      retention_changed (self, pspec);
      break;
    case PROP_KEEP_RESULT_BYTES:
      self->retention.max_bytes = g_value_get_uint64 (value);
      retention_changed (self, pspec);
      break;
    case PROP_MAX_PER_OWNER:
      kr_task_lock (&self->lock);
      self->max_per_owner = g_value_get_uint (value);
      kr_task_unlock (&self->lock);
      g_object_notify_by_pspec (object, pspec);
      break;
    case PROP_NOTIFY_INTERVAL_MS:
      g_atomic_int_set (&self->interval_ms, g_value_get_uint (value));
      g_object_notify_by_pspec (object, pspec);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
kr_task_manager_constructed (GObject *object)
{
  KrTaskManager *self = KR_TASK_MANAGER (object);

  if (self->context == NULL)
    self->context = g_main_context_ref_thread_default ();
  self->runner = kr_task_runner_new (g_get_num_processors (), self->context);
  kr_task_outbox_init (&self->outbox, self->context, object, deliver);
  G_OBJECT_CLASS (kr_task_manager_parent_class)->constructed (object);
}

/* No job is unfinished, since each of those keeps its manager. */
static void
kr_task_manager_finalize (GObject *object)
{
  KrTaskManager *self = KR_TASK_MANAGER (object);
  g_autoptr (GPtrArray) jobs = kr_task_table_dup_jobs (&self->jobs);

  for (guint i = 0; i < jobs->len; i++)
    forget (self, g_ptr_array_index (jobs, i));
  while (kr_task_list_get_length (self->list) > 0)
    {
      g_autoptr (KrTaskJob) job = kr_task_list_get (self->list, kr_task_list_get_length (self->list) - 1);

      kr_task_list_remove (self->list, job);
    }
  stop_ageing (self);
  g_hash_table_unref (self->owners);
  kr_task_list_free (self->list);
  kr_task_table_clear (&self->jobs);
  kr_task_outbox_clear (&self->outbox);
  kr_task_runner_unref (self->runner);
  g_main_context_unref (self->context);
  kr_task_lock_clear (&self->lock);
  G_OBJECT_CLASS (kr_task_manager_parent_class)->finalize (object);
}

static void
install_settings (void)
{
  GParamFlags flags = G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY;

  /**
   * KrTaskManager:owner: (getter get_owner)
   *
   * Where signals, notifications and asynchronous bodies run.
   *
   * Since: 0.1
   */
  props[PROP_OWNER] = g_param_spec_boxed ("owner", NULL, NULL, G_TYPE_MAIN_CONTEXT, flags | G_PARAM_CONSTRUCT_ONLY);
  /**
   * KrTaskManager:max-concurrent: (getter get_max_concurrent) (setter set_max_concurrent)
   *
   * How many bodies run at once; the number of processors by default.
   *
   * Since: 0.1
   */
  props[PROP_MAX_CONCURRENT] = g_param_spec_uint ("max-concurrent", NULL, NULL, 1, G_MAXUINT, 1, flags);
  /**
   * KrTaskManager:max-queued:
   *
   * How many jobs may wait, be it for a slot or for their key; no limit by default.
   *
   * Since: 0.1
   */
  props[PROP_MAX_QUEUED] = g_param_spec_uint ("max-queued", NULL, NULL, 0, G_MAXUINT, G_MAXUINT, flags);
  /**
   * KrTaskManager:keep-finished-count:
   *
   * How many finished jobs stay in the list. Set it in the owner's main context.
   *
   * Since: 0.1
   */
  props[PROP_KEEP_FINISHED_COUNT] =
    g_param_spec_uint ("keep-finished-count", NULL, NULL, 0, G_MAXUINT, 100, flags);
  /**
   * KrTaskManager:max-per-owner:
   *
   * How many unfinished jobs one owner may have; no limit by default. Owners are told apart by `uid` where there is one.
   *
   * Since: 0.1
   */
  props[PROP_MAX_PER_OWNER] = g_param_spec_uint ("max-per-owner", NULL, NULL, 1, G_MAXUINT, G_MAXUINT, flags);
  /**
   * KrTaskManager:keep-finished-for:
   *
   * How long finished jobs stay in the list, s; 0: for ever. Set it in the owner's main context.
   *
   * Since: 0.1
   */
  props[PROP_KEEP_FINISHED_FOR] =
    g_param_spec_uint ("keep-finished-for", NULL, NULL, 0, G_MAXUINT, 600, flags);
  /**
   * KrTaskManager:keep-result-bytes:
   *
   * How many bytes the results of finished jobs in the list may have together. Set it in the owner's main context.
   *
   * Since: 0.1
   */
  props[PROP_KEEP_RESULT_BYTES] =
    g_param_spec_uint64 ("keep-result-bytes", NULL, NULL, 0, G_MAXUINT64, 16 * 1024 * 1024, flags);
  /**
   * KrTaskManager:notify-interval-ms:
   *
   * The least time between two notifications of the progress of one job, ms; 112 by default. Only the last one, when the
   * job has ended, comes sooner.
   *
   * Since: 0.1
   */
  props[PROP_NOTIFY_INTERVAL_MS] =
    g_param_spec_uint ("notify-interval-ms", NULL, NULL, 0, 60000, DEFAULT_INTERVAL_MS, flags);
}

static void
install_counters (void)
{
  GParamFlags flags = G_PARAM_READABLE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY;

  /**
   * KrTaskManager:n-queued: (getter get_n_queued)
   *
   * How many jobs wait.
   *
   * Since: 0.1
   */
  props[PROP_N_QUEUED] = g_param_spec_uint ("n-queued", NULL, NULL, 0, G_MAXUINT, 0, flags);
  /**
   * KrTaskManager:n-running: (getter get_n_running)
   *
   * How many jobs are running or being cancelled.
   *
   * Since: 0.1
   */
  props[PROP_N_RUNNING] = g_param_spec_uint ("n-running", NULL, NULL, 0, G_MAXUINT, 0, flags);
  /**
   * KrTaskManager:n-detached: (getter get_n_detached)
   *
   * How many bodies run on although their jobs have ended.
   *
   * Since: 0.1
   */
  props[PROP_N_DETACHED] = g_param_spec_uint ("n-detached", NULL, NULL, 0, G_MAXUINT, 0, flags);
  /**
   * KrTaskManager:accepting: (getter get_accepting)
   *
   * Whether jobs can be submitted: %TRUE until the shutdown begins.
   *
   * Since: 0.1
   */
  props[PROP_ACCEPTING] = g_param_spec_boolean ("accepting", NULL, NULL, TRUE, flags);
}

static void
kr_task_manager_class_init (KrTaskManagerClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->get_property = kr_task_manager_get_property;
  object_class->set_property = kr_task_manager_set_property;
  object_class->constructed = kr_task_manager_constructed;
  object_class->finalize = kr_task_manager_finalize;
  install_settings ();
  install_counters ();
  g_object_class_install_properties (object_class, G_N_ELEMENTS (props), props);

  /**
   * KrTaskManager::authorize:
   * @self: the manager
   * @job: (nullable): the job, or %NULL where it is about none or all
   * @action: `view`, `start`, `cancel` or `remove`
   * @identity: who wants it, an `a{sv}`: `uid` (u), `administrator` (b), or what the program passes
   *
   * Asks whether somebody may do something. The first handler decides; without one, the owner of the job may (of a job
   * without owner the user who runs the program), root, and whoever is an administrator.
   *
   * Returns: %TRUE if they may
   *
   * Since: 0.1
   */
  signals[SIGNAL_AUTHORIZE] =
    g_signal_new_class_handler ("authorize", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST,
                                G_CALLBACK (authorize_by_uid), g_signal_accumulator_first_wins, NULL, NULL,
                                G_TYPE_BOOLEAN, 3, KR_TASK_TYPE_JOB, G_TYPE_STRING, G_TYPE_VARIANT);
}

static void
kr_task_manager_init (KrTaskManager *self)
{
  kr_task_lock_init (&self->lock);
  kr_task_table_init (&self->jobs);
  self->list = kr_task_list_new ();
  kr_task_retention_init (&self->retention);
  self->accepting = TRUE;
  self->interval_ms = DEFAULT_INTERVAL_MS;
  self->max_per_owner = G_MAXUINT;
  self->owners = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
}

/**
 * kr_task_manager_new:
 * @owner: (nullable): where signals, notifications and asynchronous bodies run; %NULL: the thread-default main context
 *
 * Creates a manager.
 *
 * Returns: (transfer full): a new manager
 *
 * Since: 0.1
 */
KrTaskManager *
kr_task_manager_new (GMainContext *owner)
{
  return g_object_new (KR_TASK_TYPE_MANAGER, "owner", owner, NULL);
}

/**
 * kr_task_manager_get_owner: (get-property owner)
 * @self: a manager
 *
 * Gets the main context that was given at construction.
 *
 * Returns: (transfer none): the context
 *
 * Since: 0.1
 */
GMainContext *
kr_task_manager_get_owner (KrTaskManager *self)
{
  g_return_val_if_fail (KR_TASK_IS_MANAGER (self), NULL);

  return self->context;
}

/* --- jobs -------------------------------------------------------------------------------------------------------- */

/* What tells owners apart: the user, or all that is known. */
static char *
make_owner_key (GVariant *owner)
{
  guint32 uid;

  if (owner == NULL)
    return NULL;
  if (g_variant_lookup (owner, "uid", "u", &uid))
    return g_strdup_printf ("%u", uid);
  return g_variant_print (owner, FALSE);
}

/* Lock held. FALSE: the owner has enough. */
static gboolean
claim_owner (KrTaskManager *self, KrTaskJob *job, GError **error)
{
  guint n;

  if (job->owner == NULL)
    return TRUE;
  if (job->owner_key == NULL)
    job->owner_key = make_owner_key (job->owner);
  n = GPOINTER_TO_UINT (g_hash_table_lookup (self->owners, job->owner_key));
  if (n < self->max_per_owner)
    {
      g_hash_table_insert (self->owners, g_strdup (job->owner_key), GUINT_TO_POINTER (n + 1));
      return TRUE;
    }
  g_set_error (error, KR_TASK_ERROR, KR_TASK_ERROR_QUEUE_FULL, "The owner has too many tasks");
  return FALSE;
}

/* Lock held. A random id is nobody else's, and is not looked for. */
static gboolean
id_is_taken (KrTaskManager *self, KrTaskJob *job)
{
  return job->long_id != NULL && kr_task_table_lookup (&self->jobs, job->long_id) != NULL;
}

/* Lock held. */
static gboolean
claim_job (KrTaskManager *self, KrTaskJob *job, GError **error)
{
  if (!claim_owner (self, job, error))
    return FALSE;
  if (kr_task_job_adopt (job, self, error))
    return TRUE;
  unclaim_owner (self, job);
  return FALSE;
}

static gboolean
register_job (KrTaskManager *self, KrTaskJob *job, GError **error)
{
  gboolean ok = FALSE;

  kr_task_lock (&self->lock);
  if (!self->accepting)
    g_set_error (error, KR_TASK_ERROR, KR_TASK_ERROR_SHUTTING_DOWN, "No more tasks are accepted");
  else if (id_is_taken (self, job))
    g_set_error (error, KR_TASK_ERROR, KR_TASK_ERROR_CONFLICT, "There is a task with this id already");
  else if (claim_job (self, job, error))
    {
      g_atomic_int_inc (&self->n_unfinished);
      kr_task_table_insert (&self->jobs, g_object_ref (job));
      ok = TRUE;
    }
  kr_task_unlock (&self->lock);
  return ok;
}

/* A job that cannot be queued is not kept; nobody has seen it yet but who looked it up in between. */
static void
withdraw (KrTaskManager *self, KrTaskJob *job)
{
  forget (self, job);
  release_owner (self, job);
  g_atomic_int_add (&self->n_unfinished, -1);
  kr_task_job_withdraw (job);
}

static gboolean
submit (KrTaskManager *self, KrTaskJob *job, KrTaskJob **joined, GError **error)
{
  if (job->body.func == NULL && job->body.begin == NULL)
    {
      g_set_error (error, KR_TASK_ERROR, KR_TASK_ERROR_INVALID, "The task has no body");
      return FALSE;
    }
  kr_task_job_follow_links (job);
  if (!register_job (self, job, error))
    return FALSE;
  kr_task_job_follow_links (job);
  if (!job->autostart)
    {
      kr_task_outbox_push (&self->outbox, job);
      return TRUE;
    }
  if (kr_task_job_begin (job, joined, error))
    return TRUE;
  /* cancelled in between by somebody who looked it up: that is an end like any other */
  if (kr_task_job_get_state (job) != KR_TASK_STATE_CREATED)
    {
      g_clear_error (error);
      return TRUE;
    }
  withdraw (self, job);
  return FALSE;
}

/**
 * kr_task_manager_submit:
 * @self: a manager
 * @job: a new job
 * @error: return location for a #KrTaskError
 *
 * Takes a job into the list, and starts it unless [property@KrTask.Job:autostart] is %FALSE. May be called from any
 * thread. It can be looked up at once; the list shows it when the owner's main context has run.
 *
 * Returns: %FALSE if the id or the key is taken, the queue is full, or the manager shuts down
 *
 * Since: 0.1
 */
gboolean
kr_task_manager_submit (KrTaskManager *self, KrTaskJob *job, GError **error)
{
  g_return_val_if_fail (KR_TASK_IS_MANAGER (self), FALSE);
  g_return_val_if_fail (KR_TASK_IS_JOB (job), FALSE);

  return submit (self, job, NULL, error);
}

/**
 * kr_task_manager_submit_or_join:
 * @self: a manager
 * @job: a new job
 * @error: return location for a #KrTaskError
 *
 * Submits a job, unless its policy is %KR_TASK_CONFLICT_JOIN and an unfinished one has its key: then that one does the
 * work, and @job is left alone. May be called from any thread.
 *
 * Returns: (transfer full) (nullable): the job that does the work, or %NULL on errors
 *
 * Since: 0.1
 */
KrTaskJob *
kr_task_manager_submit_or_join (KrTaskManager *self, KrTaskJob *job, GError **error)
{
  g_autoptr (KrTaskJob) joined = NULL;
  g_autoptr (GError) local = NULL;

  g_return_val_if_fail (KR_TASK_IS_MANAGER (self), NULL);
  g_return_val_if_fail (KR_TASK_IS_JOB (job), NULL);

  if (submit (self, job, &joined, &local))
    return g_object_ref (job);
  if (joined == NULL)
    g_propagate_error (error, g_steal_pointer (&local));
  return g_steal_pointer (&joined);
}

/**
 * kr_task_manager_lookup:
 * @self: a manager
 * @id: an id, in any case of letters
 *
 * Finds a job. May be called from any thread.
 *
 * Returns: (transfer full) (nullable): the job, or %NULL
 *
 * Since: 0.1
 */
KrTaskJob *
kr_task_manager_lookup (KrTaskManager *self, const char *id)
{
  KrTaskJob *job;

  g_return_val_if_fail (KR_TASK_IS_MANAGER (self), NULL);
  g_return_val_if_fail (id != NULL, NULL);

  kr_task_lock (&self->lock);
  job = kr_task_table_lookup (&self->jobs, id);
  if (job != NULL)
    g_object_ref (job);
  kr_task_unlock (&self->lock);
  return job;
}

static GPtrArray *
dup_unfinished (KrTaskManager *self, const char *kind)
{
  g_autoptr (GPtrArray) jobs = NULL;
  GPtrArray *unfinished = g_ptr_array_new_with_free_func (g_object_unref);

  kr_task_lock (&self->lock);
  jobs = kr_task_table_dup_jobs (&self->jobs);
  kr_task_unlock (&self->lock);
  for (guint i = 0; i < jobs->len; i++)
    {
      KrTaskJob *job = g_ptr_array_index (jobs, i);

      if (!kr_task_state_is_terminal (kr_task_job_get_state (job)) &&
          (kind == NULL || g_strcmp0 (kind, kr_task_job_get_kind (job)) == 0))
        g_ptr_array_add (unfinished, g_object_ref (job));
    }
  return unfinished;
}

/**
 * kr_task_manager_cancel_all:
 * @self: a manager
 * @kind: (nullable): only jobs of this kind
 * @reason: why
 *
 * Asks all unfinished jobs to stop, held ones as soon as they can. May be called from any thread.
 *
 * Returns: how many requests were accepted
 *
 * Since: 0.1
 */
guint
kr_task_manager_cancel_all (KrTaskManager *self, const char *kind, KrTaskCancelReason reason)
{
  g_autoptr (GPtrArray) jobs = NULL;
  guint n_accepted = 0;

  g_return_val_if_fail (KR_TASK_IS_MANAGER (self), 0);

  jobs = dup_unfinished (self, kind);
  /* those that wait go first, or they would take the slots of those that run */
  for (guint running = 0; running < 2; running++)
    for (guint i = 0; i < jobs->len; i++)
      if ((running || kr_task_job_get_state (g_ptr_array_index (jobs, i)) <= KR_TASK_STATE_QUEUED) &&
          kr_task_job_cancel (g_ptr_array_index (jobs, i), reason, NULL, KR_TASK_CANCEL_DEFER, NULL))
        n_accepted++;
  return n_accepted;
}

/* The job and all its descendants; FALSE: one of them has not finished. */
static gboolean
collect_family (KrTaskJob *job, GPtrArray *family)
{
  g_autoptr (GPtrArray) children = kr_task_job_dup_children (job);

  if (!kr_task_state_is_terminal (kr_task_job_get_state (job)))
    return FALSE;
  g_ptr_array_add (family, g_object_ref (job));
  for (guint i = 0; children != NULL && i < children->len; i++)
    if (!collect_family (g_ptr_array_index (children, i), family))
      return FALSE;
  return TRUE;
}

static void
remove_family (KrTaskManager *self, GPtrArray *family)
{
  for (guint i = 0; i < family->len; i++)
    {
      KrTaskJob *job = g_ptr_array_index (family, i);

      if (job->runner != self->runner)
        continue; /* another manager's, or never submitted */
      forget (self, job);
      g_atomic_int_or (&job->news, KR_TASK_NEWS_REMOVE);
      kr_task_outbox_push (&self->outbox, job);
    }
}

/**
 * kr_task_manager_remove:
 * @self: a manager
 * @id: the id of a finished job
 * @error: return location for a #KrTaskError
 *
 * Forgets a finished job and its children. May be called from any thread; the list drops them when the owner's main
 * context has run.
 *
 * Returns: %FALSE with %KR_TASK_ERROR_NOT_FOUND, %KR_TASK_ERROR_NOT_FINISHED, or %KR_TASK_ERROR_HAS_CHILDREN if a child or
 *   its child has not finished
 *
 * Since: 0.1
 */
gboolean
kr_task_manager_remove (KrTaskManager *self, const char *id, GError **error)
{
  g_autoptr (KrTaskJob) job = NULL;
  g_autoptr (GPtrArray) family = g_ptr_array_new_with_free_func (g_object_unref);

  g_return_val_if_fail (KR_TASK_IS_MANAGER (self), FALSE);
  g_return_val_if_fail (id != NULL, FALSE);

  job = kr_task_manager_lookup (self, id);
  if (job == NULL)
    g_set_error (error, KR_TASK_ERROR, KR_TASK_ERROR_NOT_FOUND, "There is no task with this id");
  else if (!kr_task_state_is_terminal (kr_task_job_get_state (job)))
    g_set_error (error, KR_TASK_ERROR, KR_TASK_ERROR_NOT_FINISHED, "The task has not finished yet");
  else if (!collect_family (job, family))
    g_set_error (error, KR_TASK_ERROR, KR_TASK_ERROR_HAS_CHILDREN, "A part of the task has not finished yet");
  else
    {
      remove_family (self, family);
      return TRUE;
    }
  return FALSE;
}

/* --- shutdown ---------------------------------------------------------------------------------------------------- */

static gboolean
grace_over (gpointer user_data)
{
  KrTaskManager *self = user_data;
  g_autoptr (GPtrArray) jobs = dup_unfinished (self, NULL);

  for (guint i = 0; i < jobs->len; i++)
    kr_task_job_detach (g_ptr_array_index (jobs, i));
  complete_shutdown (self);
  return G_SOURCE_REMOVE;
}

static void
start_grace (KrTaskManager *self, gint64 grace_us)
{
  if (grace_us < 0 || self->grace != NULL)
    return;
  self->grace = g_timeout_source_new (0);
  g_source_set_static_name (self->grace, "KrTaskManager grace");
  g_source_set_ready_time (self->grace, g_get_monotonic_time () + grace_us);
  g_source_set_callback (self->grace, grace_over, g_object_ref (self), g_object_unref);
  g_source_attach (self->grace, self->context);
}

static gboolean
stop_accepting (KrTaskManager *self)
{
  gboolean was_accepting;

  kr_task_lock (&self->lock);
  was_accepting = self->accepting;
  self->accepting = FALSE;
  kr_task_unlock (&self->lock);
  return was_accepting;
}

/**
 * kr_task_manager_shutdown_async:
 * @self: a manager
 * @grace_us: how long the bodies may take to return, µs; -1: for ever
 * @cancellable: (nullable): stops the wait only
 * @callback: (scope async) (closure user_data): called when no job is left, or the time is over
 * @user_data: its argument
 *
 * Accepts no more jobs, cancels all of them, and waits until they have ended. Those that have not when the time is over
 * are detached. A second call joins the first one, and its @grace_us is ignored. In the owner's main context only.
 *
 * Since: 0.1
 */
void
kr_task_manager_shutdown_async (KrTaskManager *self, gint64 grace_us, GCancellable *cancellable,
                                GAsyncReadyCallback callback, gpointer user_data)
{
  g_autoptr (GTask) task = NULL;

  g_return_if_fail (KR_TASK_IS_MANAGER (self));

  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, kr_task_manager_shutdown_async);
  self->shutdowns = g_slist_prepend (self->shutdowns, g_steal_pointer (&task));
  if (stop_accepting (self))
    {
      g_object_notify_by_pspec (G_OBJECT (self), props[PROP_ACCEPTING]);
      start_grace (self, grace_us);
      kr_task_manager_cancel_all (self, NULL, KR_TASK_CANCEL_REASON_SHUTDOWN);
    }
  kr_task_outbox_wake (&self->outbox);
}

/**
 * kr_task_manager_shutdown_finish:
 * @self: a manager
 * @result: what the callback was given
 * @error: return location for %KR_TASK_ERROR_DETACHED, if some bodies still run
 *
 * Ends [method@KrTask.Manager.shutdown_async].
 *
 * Returns: %TRUE if everything has ended
 *
 * Since: 0.1
 */
gboolean
kr_task_manager_shutdown_finish (KrTaskManager *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);

  return g_task_propagate_boolean (G_TASK (result), error);
}

/* --- settings and counters --------------------------------------------------------------------------------------- */

/**
 * kr_task_manager_get_max_concurrent: (get-property max-concurrent)
 * @self: a manager
 *
 * Gets how many bodies run at once. May be called from any thread.
 *
 * Returns: 1 or more
 *
 * Since: 0.1
 */
guint
kr_task_manager_get_max_concurrent (KrTaskManager *self)
{
  g_return_val_if_fail (KR_TASK_IS_MANAGER (self), 0);

  return kr_task_runner_get_max_concurrent (self->runner);
}

/**
 * kr_task_manager_set_max_concurrent: (set-property max-concurrent)
 * @self: a manager
 * @max_concurrent: 1 or more
 *
 * Sets how many bodies run at once. If more run already, they go on. In the owner's main context only.
 *
 * Since: 0.1
 */
void
kr_task_manager_set_max_concurrent (KrTaskManager *self, guint max_concurrent)
{
  g_return_if_fail (KR_TASK_IS_MANAGER (self));
  g_return_if_fail (max_concurrent > 0);

  if (max_concurrent == kr_task_runner_get_max_concurrent (self->runner))
    return;
  kr_task_runner_set_limits (self->runner, max_concurrent, kr_task_runner_get_max_queued (self->runner));
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_MAX_CONCURRENT]);
}

/**
 * kr_task_manager_get_n_queued: (get-property n-queued)
 * @self: a manager
 *
 * Counts the jobs that wait. May be called from any thread.
 *
 * Returns: their number
 *
 * Since: 0.1
 */
guint
kr_task_manager_get_n_queued (KrTaskManager *self)
{
  g_return_val_if_fail (KR_TASK_IS_MANAGER (self), 0);

  return g_atomic_int_get (&self->n_queued);
}

/**
 * kr_task_manager_get_n_running: (get-property n-running)
 * @self: a manager
 *
 * Counts the jobs that are running or being cancelled. May be called from any thread.
 *
 * Returns: their number
 *
 * Since: 0.1
 */
guint
kr_task_manager_get_n_running (KrTaskManager *self)
{
  g_return_val_if_fail (KR_TASK_IS_MANAGER (self), 0);

  return g_atomic_int_get (&self->n_running);
}

/**
 * kr_task_manager_get_n_detached: (get-property n-detached)
 * @self: a manager
 *
 * Counts the bodies that run on although their jobs have ended. May be called from any thread.
 *
 * Returns: their number
 *
 * Since: 0.1
 */
guint
kr_task_manager_get_n_detached (KrTaskManager *self)
{
  g_return_val_if_fail (KR_TASK_IS_MANAGER (self), 0);

  return g_atomic_int_get (&self->n_detached);
}

/**
 * kr_task_manager_get_accepting: (get-property accepting)
 * @self: a manager
 *
 * Tells whether jobs can be submitted. May be called from any thread.
 *
 * Returns: %TRUE until the shutdown begins
 *
 * Since: 0.1
 */
gboolean
kr_task_manager_get_accepting (KrTaskManager *self)
{
  gboolean accepting;

  g_return_val_if_fail (KR_TASK_IS_MANAGER (self), FALSE);

  kr_task_lock (&self->lock);
  accepting = self->accepting;
  kr_task_unlock (&self->lock);
  return accepting;
}
