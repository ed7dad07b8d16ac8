/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* KrTaskView: some jobs of a list, in an order of their own. */
#include "config.h"

#include "kr-task-job.h"
#include "kr-task-view.h"

/**
 * KrTaskView:
 *
 * Some jobs of a list, in an order of their own: those that run, say, by title.
 *
 * It is a [iface@Gio.ListModel] on top of a [class@KrTask.Manager], a [class@KrTask.BusClient], or any other list of
 * objects. It looks at an object again whenever one of its properties is notified, once for all that changes in a turn of
 * the main loop, and says no more than has changed: a job that comes or goes is one row, and rows that change places are
 * told of by one signal about the part of the list between them, in which GTK's selections find them again.
 *
 * It belongs to the thread-default main context in which it was made: that must be the one in which the list changes.
 *
 * Since: 0.1
 */
struct _KrTaskView
{
  GObject parent_instance;

  GListModel *model;
  GMainContext *context;
  GPtrArray *rows;  /* a Row for each item of the model, in its order */
  GSequence *shown; /* the Rows that are in the view, in its order */
  guint64 n_rows;   /* ever */

  char *tag;                   /* NULL: any */
  KrTaskViewFilterFunc filter; /* NULL: all */
  gpointer filter_data;
  GDestroyNotify filter_destroy;
  GCompareDataFunc order; /* NULL: as they came */
  gpointer order_data;
  GDestroyNotify order_destroy;

  GPtrArray *due;  /* of Rows that are to be looked at again; not owned */
  GSource *recheck;
  guint position, removed, added; /* what is to be told: neighbours that came, or went */
};

typedef struct
{
  KrTaskView *view; /* not owned */
  GObject *item;
  guint64 serial;
  GSequenceIter *iter; /* NULL: not shown */
  gboolean due;
} Row;

typedef enum
{
  PROP_MODEL = 1,
  PROP_TAG,
} KrTaskViewProperty;

static GParamSpec *props[PROP_TAG + 1];

static void list_model_init (GListModelInterface *iface);

/**
 * kr_task_view_get_type:
 *
 * Gets the type of #KrTaskView.
 *
 * Returns: the type
 *
 * Since: 0.1
 */
G_DEFINE_FINAL_TYPE_WITH_CODE (KrTaskView, kr_task_view, G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (G_TYPE_LIST_MODEL, list_model_init))

/* --- the list ----------------------------------------------------------------------------------------------------- */

static GType
get_item_type (GListModel *model)
{
  return g_list_model_get_item_type (KR_TASK_VIEW (model)->model);
}

static guint
get_n_items (GListModel *model)
{
  return (guint) g_sequence_get_length (KR_TASK_VIEW (model)->shown);
}

static gpointer
get_item (GListModel *model, guint position)
{
  KrTaskView *self = KR_TASK_VIEW (model);
  Row *row;

  if (position >= get_n_items (model))
    return NULL;
  row = g_sequence_get (g_sequence_get_iter_at_pos (self->shown, (int) position));
  return g_object_ref (row->item);
}

static void
list_model_init (GListModelInterface *iface)
{
  iface->get_item_type = get_item_type;
  iface->get_n_items = get_n_items;
  iface->get_item = get_item;
}

/* --- what is shown, and what is told ------------------------------------------------------------------------------ */

static int
compare_rows (gconstpointer a, gconstpointer b, gpointer user_data)
{
  const Row *row_a = a, *row_b = b;
  KrTaskView *self = user_data;
  int order = self->order != NULL ? self->order (row_a->item, row_b->item, self->order_data) : 0;

  return order != 0 ? order : (row_a->serial > row_b->serial) - (row_a->serial < row_b->serial);
}

static void
tell (KrTaskView *self)
{
  guint position = self->position, removed = self->removed, added = self->added;

  self->removed = self->added = 0;
  if (removed + added > 0)
    g_list_model_items_changed (G_LIST_MODEL (self), position, removed, added);
}

/* What is told is told of the list as it is then: before what does not belong to it happens. */
static void
show (KrTaskView *self, Row *row)
{
  GSequenceIter *before = g_sequence_search (self->shown, row, compare_rows, self);
  guint position = (guint) g_sequence_iter_get_position (before);

  if (self->removed > 0 || position < self->position || position > self->position + self->added)
    tell (self);
  if (self->added == 0)
    self->position = position;
  self->added++;
  row->iter = g_sequence_insert_before (before, row);
}

static void
hide (KrTaskView *self, Row *row)
{
  guint position = (guint) g_sequence_iter_get_position (row->iter);

  if (self->added > 0 || (position != self->position && position + 1 != self->position))
    tell (self);
  self->position = position;
  self->removed++;
  g_sequence_remove (g_steal_pointer (&row->iter));
}

/* What has no tags has none of them. */
static gboolean
has_tag (GObject *item, const char *tag)
{
  GParamSpec *property;
  g_auto (GStrv) tags = NULL;

  if (KR_TASK_IS_JOB (item))
    return kr_task_job_has_tag (KR_TASK_JOB (item), tag);
  property = g_object_class_find_property (G_OBJECT_GET_CLASS (item), "tags");
  if (property == NULL || !g_type_is_a (property->value_type, G_TYPE_STRV))
    return FALSE;
  g_object_get (item, "tags", &tags, NULL);
  return tags != NULL && g_strv_contains ((const char *const *) tags, tag);
}

static gboolean
is_wanted (KrTaskView *self, Row *row)
{
  if (self->tag != NULL && !has_tag (row->item, self->tag))
    return FALSE;
  return self->filter == NULL || self->filter (row->item, self->filter_data);
}

static gboolean
is_sorted (KrTaskView *self)
{
  GSequenceIter *iter = g_sequence_get_begin_iter (self->shown);

  while (!g_sequence_iter_is_end (iter))
    {
      GSequenceIter *next = g_sequence_iter_next (iter);

      if (!g_sequence_iter_is_end (next) && compare_rows (g_sequence_get (iter), g_sequence_get (next), self) > 0)
        return FALSE;
      iter = next;
    }
  return TRUE;
}

static GPtrArray *
list_shown (KrTaskView *self)
{
  GPtrArray *rows = g_ptr_array_sized_new (get_n_items (G_LIST_MODEL (self)));

  for (GSequenceIter *iter = g_sequence_get_begin_iter (self->shown); !g_sequence_iter_is_end (iter);
       iter = g_sequence_iter_next (iter))
    g_ptr_array_add (rows, g_sequence_get (iter));
  return rows;
}

/* Tells of the part between the first and the last row that have changed places. */
static void
sort (KrTaskView *self)
{
  g_autoptr (GPtrArray) before = list_shown (self);
  g_autoptr (GPtrArray) after = NULL;
  guint first = 0, end = before->len;

  g_sequence_sort (self->shown, compare_rows, self);
  after = list_shown (self);
  while (first < end && before->pdata[first] == after->pdata[first])
    first++;
  while (end > first && before->pdata[end - 1] == after->pdata[end - 1])
    end--;
  if (first < end)
    g_list_model_items_changed (G_LIST_MODEL (self), first, end - first, end - first);
}

/* --- looking again ------------------------------------------------------------------------------------------------ */

static void
stop_recheck (KrTaskView *self)
{
  if (self->recheck == NULL)
    return;
  g_source_destroy (self->recheck);
  g_clear_pointer (&self->recheck, g_source_unref);
}

/* First those that leave, then who changes places, then those that come: so rows are looked for in a sorted list. */
static void
recheck (KrTaskView *self)
{
  g_autoptr (GPtrArray) due = g_steal_pointer (&self->due);

  stop_recheck (self);
  self->due = g_ptr_array_new ();
  for (guint i = 0; i < due->len; i++)
    {
      Row *row = due->pdata[i];

      row->due = FALSE;
      if (row->iter != NULL && !is_wanted (self, row))
        hide (self, row);
    }
  tell (self);
  if (self->order != NULL && !is_sorted (self))
    sort (self);
  for (guint i = 0; i < due->len; i++)
    {
      Row *row = due->pdata[i];

      if (row->iter == NULL && is_wanted (self, row))
        show (self, row);
    }
  tell (self);
}

static gboolean
on_recheck (gpointer user_data)
{
  recheck (user_data);
  return G_SOURCE_REMOVE;
}

static void
note (Row *row)
{
  KrTaskView *self = row->view;

  if (row->due)
    return;
  row->due = TRUE;
  g_ptr_array_add (self->due, row);
  if (self->recheck != NULL)
    return;
  self->recheck = g_idle_source_new ();
  g_source_set_static_name (self->recheck, "KrTaskView");
  g_source_set_priority (self->recheck, G_PRIORITY_DEFAULT);
  g_source_set_callback (self->recheck, on_recheck, self, NULL);
  g_source_attach (self->recheck, self->context);
}

static void
recheck_all (KrTaskView *self)
{
  for (guint i = 0; i < self->rows->len; i++)
    note (self->rows->pdata[i]);
  recheck (self);
}

/* --- the model ---------------------------------------------------------------------------------------------------- */

static Row *
row_new (KrTaskView *self, GObject *item)
{
  Row *row = g_new0 (Row, 1);

  row->view = self;
  row->item = item;
  row->serial = self->n_rows++;
  g_signal_connect_swapped (item, "notify", G_CALLBACK (note), row);
  return row;
}

static void
row_free (gpointer data)
{
  Row *row = data;

  g_signal_handlers_disconnect_by_data (row->item, row);
  g_object_unref (row->item);
  g_free (row);
}

static void
on_items_changed (GListModel *model, guint position, guint removed, guint added, gpointer user_data)
{
  KrTaskView *self = user_data;

  if (self->due->len > 0)
    recheck (self);
  for (guint i = 0; i < removed; i++)
    {
      Row *row = self->rows->pdata[position + i];

      if (row->iter != NULL)
        hide (self, row);
      if (row->due) /* who was told of the others may have changed it */
        g_ptr_array_remove (self->due, row);
    }
  tell (self);
  if (removed > 0)
    g_ptr_array_remove_range (self->rows, position, removed);
  for (guint i = 0; i < added; i++)
    {
      Row *row = row_new (self, g_list_model_get_item (model, position + i));

      g_ptr_array_insert (self->rows, (int) (position + i), row);
      if (is_wanted (self, row))
        show (self, row);
    }
  tell (self);
}

/* --- the object --------------------------------------------------------------------------------------------------- */

static void
kr_task_view_get_property (GObject *object, guint prop_id, GValue *value, GParamSpec *pspec)
{
  switch ((KrTaskViewProperty) prop_id)
    {
    case PROP_MODEL:
      g_value_set_object (value, KR_TASK_VIEW (object)->model);
      break;
    case PROP_TAG:
      g_value_set_string (value, KR_TASK_VIEW (object)->tag);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
kr_task_view_set_property (GObject *object, guint prop_id, const GValue *value, GParamSpec *pspec)
{
  switch ((KrTaskViewProperty) prop_id)
    {
    case PROP_MODEL:
      KR_TASK_VIEW (object)->model = g_value_dup_object (value);
      break;
    case PROP_TAG:
      kr_task_view_set_tag (KR_TASK_VIEW (object), g_value_get_string (value));
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
kr_task_view_constructed (GObject *object)
{
  KrTaskView *self = KR_TASK_VIEW (object);

  G_OBJECT_CLASS (kr_task_view_parent_class)->constructed (object);
  g_signal_connect (self->model, "items-changed", G_CALLBACK (on_items_changed), self);
  on_items_changed (self->model, 0, 0, g_list_model_get_n_items (self->model), self);
}

static void
kr_task_view_finalize (GObject *object)
{
  KrTaskView *self = KR_TASK_VIEW (object);

  g_signal_handlers_disconnect_by_data (self->model, self);
  stop_recheck (self);
  g_main_context_unref (self->context);
  g_ptr_array_unref (self->due);
  g_sequence_free (self->shown);
  g_ptr_array_unref (self->rows);
  g_object_unref (self->model);
  g_free (self->tag);
  if (self->filter_destroy != NULL)
    self->filter_destroy (self->filter_data);
  if (self->order_destroy != NULL)
    self->order_destroy (self->order_data);
  G_OBJECT_CLASS (kr_task_view_parent_class)->finalize (object);
}

static void
kr_task_view_class_init (KrTaskViewClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->get_property = kr_task_view_get_property;
  object_class->set_property = kr_task_view_set_property;
  object_class->constructed = kr_task_view_constructed;
  object_class->finalize = kr_task_view_finalize;

  /**
   * KrTaskView:model:
   *
   * The whole list.
   *
   * Since: 0.1
   */
  props[PROP_MODEL] = g_param_spec_object ("model", NULL, NULL, G_TYPE_LIST_MODEL,
                                           G_PARAM_READWRITE | G_PARAM_CONSTRUCT_ONLY | G_PARAM_STATIC_STRINGS);
  /**
   * KrTaskView:tag: (getter get_tag) (setter set_tag)
   *
   * Only what has this tag is in the view; %NULL: whatever the tags.
   *
   * Since: 0.1
   */
  props[PROP_TAG] = g_param_spec_string ("tag", NULL, NULL, NULL,
                                         G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY);
  g_object_class_install_properties (object_class, G_N_ELEMENTS (props), props);
}

static void
kr_task_view_init (KrTaskView *self)
{
  self->rows = g_ptr_array_new_with_free_func (row_free);
  self->shown = g_sequence_new (NULL);
  self->due = g_ptr_array_new ();
  self->context = g_main_context_ref_thread_default ();
}

/**
 * kr_task_view_new:
 * @model: a list of jobs
 *
 * Creates a view that shows all of them, in the order in which they came.
 *
 * Returns: (transfer full): a new view
 *
 * Since: 0.1
 */
KrTaskView *
kr_task_view_new (GListModel *model)
{
  g_return_val_if_fail (G_IS_LIST_MODEL (model), NULL);

  return g_object_new (KR_TASK_TYPE_VIEW, "model", model, NULL);
}

/**
 * kr_task_view_set_filter:
 * @self: a view
 * @func: (nullable) (scope notified) (closure user_data) (destroy destroy): says what belongs into the view; %NULL: all
 * @user_data: its argument
 * @destroy: (nullable): frees @user_data
 *
 * Sets what the view shows. What @func says may depend on properties that are notified, and on @user_data: to have it
 * asked again when that changes, set it again.
 *
 * Since: 0.1
 */
void
kr_task_view_set_filter (KrTaskView *self, KrTaskViewFilterFunc func, gpointer user_data, GDestroyNotify destroy)
{
  GDestroyNotify old_destroy;
  gpointer old_data;

  g_return_if_fail (KR_TASK_IS_VIEW (self));

  old_destroy = self->filter_destroy;
  old_data = self->filter_data;
  self->filter = func;
  self->filter_data = user_data;
  self->filter_destroy = destroy;
  recheck_all (self);
  if (old_destroy != NULL)
    old_destroy (old_data);
}

/**
 * kr_task_view_set_tag: (set-property tag)
 * @self: a view
 * @tag: (nullable): a word; %NULL: whatever the tags
 *
 * Shows only what has a tag in its property `tags`, and passes the filter as well.
 *
 * Since: 0.1
 */
void
kr_task_view_set_tag (KrTaskView *self, const char *tag)
{
  g_autofree char *before = NULL;

  g_return_if_fail (KR_TASK_IS_VIEW (self));

  if (g_strcmp0 (self->tag, tag) == 0)
    return;
  before = self->tag;
  self->tag = g_strdup (tag);
  recheck_all (self);
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_TAG]);
}

/**
 * kr_task_view_get_tag: (get-property tag)
 * @self: a view
 *
 * Gets the tag of what the view shows.
 *
 * Returns: (transfer none) (nullable): the tag; %NULL: whatever the tags
 *
 * Since: 0.1
 */
const char *
kr_task_view_get_tag (KrTaskView *self)
{
  g_return_val_if_fail (KR_TASK_IS_VIEW (self), NULL);

  return self->tag;
}

/**
 * kr_task_view_set_order:
 * @self: a view
 * @func: (nullable) (scope notified) (closure user_data) (destroy destroy): compares two jobs; %NULL: as they came
 * @user_data: its argument
 * @destroy: (nullable): frees @user_data
 *
 * Sets the order of the view; jobs that are equal stay as they came. What @func says may depend on properties that are
 * notified, and on @user_data: to have it asked again when that changes, set it again.
 *
 * Since: 0.1
 */
void
kr_task_view_set_order (KrTaskView *self, GCompareDataFunc func, gpointer user_data, GDestroyNotify destroy)
{
  GDestroyNotify old_destroy;
  gpointer old_data;

  g_return_if_fail (KR_TASK_IS_VIEW (self));

  recheck (self);
  old_destroy = self->order_destroy;
  old_data = self->order_data;
  self->order = func;
  self->order_data = user_data;
  self->order_destroy = destroy;
  sort (self);
  if (old_destroy != NULL)
    old_destroy (old_data);
}
