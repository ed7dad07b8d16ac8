/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* KrTaskManager: the jobs of a program, their queue and their threads, as a list model. */
#include "config.h"

#include <unistd.h>

#include "kr-task-manager-inside-private.h"

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

/* --- notifications ----------------------------------------------------------------------------------------------- */

static void
notify_count (KrTaskManager *self, int *told, int *count, KrTaskManagerProperty property)
{
  int now = g_atomic_int_get (count);

  if (*told == now)
    return;
  *told = now;
  g_object_notify_by_pspec (G_OBJECT (self), props[property]);
}

/* private: in the owner's context. */
void
kr_task_manager_notify_counts (KrTaskManager *self)
{
  notify_count (self, &self->told_queued, &self->n_queued, PROP_N_QUEUED);
  notify_count (self, &self->told_running, &self->n_running, PROP_N_RUNNING);
  notify_count (self, &self->told_detached, &self->n_detached, PROP_N_DETACHED);
}

/* private: in the owner's context. */
void
kr_task_manager_notify_accepting (KrTaskManager *self)
{
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_ACCEPTING]);
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
  kr_task_manager_stop_ageing (self);
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
      kr_task_runner_set_interval (self->runner, g_value_get_uint (value));
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
  kr_task_outbox_init (&self->outbox, self->context, object, kr_task_manager_deliver);
  G_OBJECT_CLASS (kr_task_manager_parent_class)->constructed (object);
}

/* No job is unfinished, since each of those keeps its manager. */
static void
kr_task_manager_finalize (GObject *object)
{
  KrTaskManager *self = KR_TASK_MANAGER (object);
  g_autoptr (GPtrArray) jobs = kr_task_table_dup_jobs (&self->jobs);

  for (guint i = 0; i < jobs->len; i++)
    kr_task_manager_forget (self, g_ptr_array_index (jobs, i));
  while (kr_task_list_get_length (self->list) > 0)
    {
      g_autoptr (KrTaskJob) job = kr_task_list_get (self->list, kr_task_list_get_length (self->list) - 1);

      kr_task_list_remove (self->list, job);
    }
  kr_task_manager_stop_ageing (self);
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
    g_param_spec_uint ("notify-interval-ms", NULL, NULL, 0, 60000, KR_TASK_DEFAULT_INTERVAL_MS, flags);
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
  self->interval_ms = KR_TASK_DEFAULT_INTERVAL_MS;
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
