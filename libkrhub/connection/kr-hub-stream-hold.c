/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* KrHubStreamHold: what is written to an upload while its call waits for a connection. */
#include "config.h"

#include "kr-hub-stream-hold-private.h"

#include "kr-hub-connection-private.h"
#include "kr-hub-error.h"
#include "kr-hub-log-private.h"
#include "kr-hub-stream-table-private.h"

/* Of each item, for its place in the queue. */
#define OVERHEAD 64

typedef struct
{
  GVariant *value;  /* NULL: the node, or null */
  JsonNode *node;
} Item;

static void
item_free (gpointer data)
{
  Item *self = data;

  g_clear_pointer (&self->value, g_variant_unref);
  g_clear_pointer (&self->node, json_node_unref);
  g_free (self);
}

static void
hold_free (KrHubStreamHold *self)
{
  g_queue_clear_full (&self->items, item_free);
  g_free (self->failure);
  g_free (self);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (KrHubStreamHold, hold_free)

void
kr_hub_stream_hold_begin (KrHubStream *const *uploads)
{
  for (guint i = 0; uploads != NULL && uploads[i] != NULL; i++)
    uploads[i]->hold = g_new0 (KrHubStreamHold, 1);
}

static gsize
size_of (GVariant *item, JsonNode *node)
{
  g_autofree char *text = node != NULL ? json_to_string (node, FALSE) : NULL;

  return OVERHEAD + (text != NULL ? strlen (text) : item != NULL ? g_variant_get_size (item) : 0);
}

gboolean
kr_hub_stream_hold_write (KrHubStream *self, GVariant *item, JsonNode *node, GError **error)
{
  KrHubStreamHold *hold = self->hold;
  gsize n_bytes = size_of (item, node);
  Item *held;

  /* The first one is held however large it is, or it could never be sent. */
  if (hold->n_bytes > 0 && hold->n_bytes + n_bytes > KR_HUB_STREAM_HIGH_WATER)
    {
      g_set_error_literal (error, KR_HUB_ERROR, KR_HUB_ERROR_OUTBOX_FULL, "There is no connection that takes more");
      return FALSE;
    }
  held = g_new (Item, 1);
  *held = (Item) { item != NULL ? g_variant_ref (item) : NULL, node != NULL ? json_node_copy (node) : NULL };
  g_queue_push_tail (&hold->items, held);
  hold->n_bytes += n_bytes;
  return TRUE;
}

static gboolean
wait_cancelled (GCancellable *cancellable, gpointer data)
{
  KrHubStream *self = g_task_get_source_object (data);

  for (GList *l = self->hold->waiters.head; l != NULL; l = l->next)
    if (((KrHubWaiter *) l->data)->task == data)
      {
        g_autoptr (GTask) task = kr_hub_waiter_free_to_task (l->data);

        g_queue_delete_link (&self->hold->waiters, l);
        g_task_return_error_if_cancelled (task);
        break;
      }
  return G_SOURCE_REMOVE;
}

void
kr_hub_stream_hold_wait (KrHubStream *self, GTask *task)
{
  g_queue_push_tail (&self->hold->waiters, kr_hub_waiter_new (task, g_task_get_context (task), wait_cancelled, task));
}

void
kr_hub_stream_hold_finish (KrHubStream *self, const char *failure)
{
  self->hold->completed = TRUE;
  self->hold->failure = g_strdup (failure);
}

static void
send_items (KrHubStream *self, KrHubStreamHold *hold)
{
  for (GList *l = hold->items.head; l != NULL && self->connection != NULL; l = l->next)
    {
      Item *item = l->data;
      g_autoptr (GError) error = NULL;

      if (!(item->node != NULL ? kr_hub_stream_write_node (self, item->node, &error)
                               : kr_hub_stream_write (self, item->value, &error)))
        kr_hub_connection_log (self->connection, G_LOG_LEVEL_WARNING, "cannot be sent an item of a stream: %s",
                               error->message);
    }
}

static void
send_end (KrHubStream *self, KrHubStreamHold *hold)
{
  g_autoptr (GError) error = NULL;

  if (!hold->completed)
    return;
  if (hold->failure == NULL)
    {
      kr_hub_stream_complete (self);
      return;
    }
  error = g_error_new_literal (KR_HUB_ERROR, KR_HUB_ERROR_FAILED, hold->failure);
  kr_hub_stream_fail (self, error);
}

/* They wait for room now, or hear that there is an end. */
static void
pass_on_waiters (KrHubStream *self, KrHubStreamHold *hold)
{
  KrHubWaiter *waiter;

  while ((waiter = g_queue_pop_head (&hold->waiters)) != NULL)
    {
      g_autoptr (GTask) task = kr_hub_waiter_free_to_task (waiter);

      kr_hub_stream_begin_wait (self, task);
    }
}

static void
flush (KrHubStream *self)
{
  g_autoptr (KrHubStream) stream = g_object_ref (self);
  g_autoptr (KrHubStreamHold) hold = g_steal_pointer (&stream->hold);

  if (hold == NULL)
    return;
  /* Without one, there is no call, and there will be none. */
  if (stream->id == NULL)
    stream->id = g_strdup ("");
  send_items (stream, hold);
  send_end (stream, hold);
  pass_on_waiters (stream, hold);
}

void
kr_hub_stream_hold_flush (KrHubStream *const *uploads)
{
  for (guint i = 0; uploads != NULL && uploads[i] != NULL; i++)
    flush (uploads[i]);
}

void
kr_hub_stream_hold_give_up (KrHubStream *self)
{
  flush (self);
}
