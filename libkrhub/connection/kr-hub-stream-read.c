/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* KrHubStream: reading. */
#include "config.h"

#include "kr-hub-stream-private.h"

#include "kr-hub-connection-private.h"
#include "kr-hub-error.h"
#include "kr-hub-plain-words-private.h"
#include "kr-hub-stream-hold-private.h"
#include "kr-hub-stream-table-private.h"

/* An item as it waits to be read. */
typedef struct
{
  GVariant *value;
  gsize n_bytes;
} Item;

static void
item_free (gpointer data)
{
  Item *self = data;

  g_variant_unref (self->value);
  g_free (self);
}

void
kr_hub_stream_forget_items (KrHubStream *self)
{
  g_queue_clear_full (&self->items, item_free);
}

/* Tells the table what this reader holds; the connection reads on if it waited for that. */
static void
account (KrHubStream *self, gssize more)
{
  KrHubConnection *connection = self->connection;
  KrHubStreamTable *table = connection->streams;
  gboolean full = !self->ended && self->items.length > connection->session.settings->stream_buffer_capacity;

  self->n_bytes += more;
  table->n_bytes += more;
  if (full == self->full)
    return;
  self->full = full;
  table->n_full += full ? 1 : -1;
  if (!full)
    kr_hub_connection_read_on (connection);
}

static GVariant *
take (KrHubStream *self)
{
  Item *item = g_queue_pop_head (&self->items);
  GVariant *value = g_steal_pointer (&item->value);

  if (self->connection != NULL)
    account (self, -(gssize) item->n_bytes);
  g_free (item);
  return value;
}

/* What a hub's method is told of an item that does not fit (signalr-observed.md 7). */
static GError *
binding_error (KrHubStream *self, GError *cause)
{
  const KrHubSession *session = &self->connection->session;
  g_autoptr (GError) owned = cause;
  g_autofree char *detail = NULL;

  if (session->role == KR_HUB_ROLE_CLIENT)
    {
      kr_hub_plain_words_for_value (owned, "An item of the hub's", self->item_type);
      return g_steal_pointer (&owned);
    }
  if (!session->settings->detailed_errors)
    return g_error_new_literal (KR_HUB_ERROR, KR_HUB_ERROR_BINDING, "Failed to bind Stream message.");
  if (kr_hub_protocol_get_transfer_format (session->protocol) == KR_HUB_TRANSFER_FORMAT_TEXT)
    detail = g_strdup_printf ("JsonException: %s", cause->message);
  else
    detail = g_strdup_printf ("InvalidDataException: Deserializing object of the `%s` type for 'item' failed.",
                              kr_hub_type_get_display_name (self->item_type));
  return g_error_new (KR_HUB_ERROR, KR_HUB_ERROR_BINDING, "Failed to bind Stream message. %s", detail);
}

static void
cancel_call (KrHubStream *self)
{
  const KrHubMessage message = { .type = KR_HUB_MESSAGE_CANCEL_INVOCATION, .invocation_id = self->key };

  if (self->is_answer && !self->ended)
    kr_hub_connection_send_message (self->connection, &message, NULL);
}

void
kr_hub_stream_receive (KrHubStream *self, const KrHubSlice *item)
{
  g_autoptr (KrHubStream) hold = g_object_ref (self);
  GError *error = NULL;
  GVariant *value = kr_hub_protocol_decode_variant (self->connection->session.protocol, item, self->item_type, &error);
  Item *queued;

  if (value == NULL)
    {
      cancel_call (self);
      kr_hub_stream_end (self, binding_error (self, error));
      return;
    }
  if (self->next != NULL)
    {
      g_autoptr (GTask) task = kr_hub_waiter_free_to_task (g_steal_pointer (&self->next));

      g_task_return_pointer (task, value, (GDestroyNotify) g_variant_unref);
      return;
    }
  queued = g_new (Item, 1);
  *queued = (Item) { value, item->len };
  g_queue_push_tail (&self->items, queued);
  account (self, item->len);
}

static void
return_end (KrHubStream *self, GTask *task)
{
  if (self->error != NULL)
    g_task_return_error (task, g_error_copy (self->error));
  else
    g_task_return_pointer (task, NULL, NULL);
}

void
kr_hub_stream_end (KrHubStream *self, GError *error)
{
  g_autoptr (KrHubStream) hold = g_object_ref (self);
  g_autoptr (KrHubConnection) connection = NULL;
  g_autoptr (GPtrArray) uploads = g_steal_pointer (&self->uploads);

  if (self->ended)
    {
      g_clear_error (&error);
      return;
    }
  self->ended = TRUE;
  self->error = error;
  /* One that still waits for a connection has none to be taken out of. */
  if (self->connection != NULL)
    {
      kr_hub_stream_table_remove_reader (self->connection->streams, self);
      account (self, -(gssize) self->n_bytes);
    }
  connection = g_steal_pointer (&self->connection);
  for (guint i = 0; uploads != NULL && i < uploads->len; i++)
    kr_hub_stream_drop (uploads->pdata[i]);
  if (self->next != NULL)
    {
      g_autoptr (GTask) task = kr_hub_waiter_free_to_task (g_steal_pointer (&self->next));

      return_end (self, task);
    }
}

void
kr_hub_stream_drop (KrHubStream *self)
{
  if (self->kind == KR_HUB_STREAM_READER)
    {
      kr_hub_stream_end (self, NULL);
      kr_hub_stream_forget_items (self);
    }
  else
    {
      kr_hub_stream_hold_give_up (self);
      g_clear_object (&self->connection);
    }
}

static gboolean
next_cancelled (GCancellable *cancellable, gpointer data)
{
  KrHubStream *self = data;
  g_autoptr (GTask) task = kr_hub_waiter_free_to_task (g_steal_pointer (&self->next));

  g_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_CANCELLED, "The waiting was cancelled");
  return G_SOURCE_REMOVE;
}

/**
 * kr_hub_stream_next_async:
 * @self: a stream that is read
 * @cancellable: (nullable): to wait no longer; the stream goes on
 * @callback: called when there is an item, or the stream has ended
 * @user_data: data for @callback
 *
 * Waits for the next item; one call at a time.
 *
 * Since: 0.1
 */
void
kr_hub_stream_next_async (KrHubStream *self,
                          GCancellable *cancellable,
                          GAsyncReadyCallback callback,
                          gpointer user_data)
{
  g_autoptr (GTask) task = NULL;

  g_return_if_fail (KR_HUB_IS_STREAM (self));
  g_return_if_fail (self->kind == KR_HUB_STREAM_READER);

  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, kr_hub_stream_next_async);
  /* An item that is there is not to be lost. */
  g_task_set_check_cancellable (task, FALSE);
  if (self->next != NULL)
    g_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_PENDING, "Somebody waits for the next item already");
  else if (!g_queue_is_empty (&self->items))
    g_task_return_pointer (task, take (self), (GDestroyNotify) g_variant_unref);
  else if (self->ended)
    return_end (self, task);
  else
    self->next = kr_hub_waiter_new (task, self->connection != NULL ? self->connection->context : g_task_get_context (task),
                                    next_cancelled, self);
}

/**
 * kr_hub_stream_next_finish:
 * @self: a stream
 * @result: what the callback got
 * @error: return location for an error
 *
 * Finishes [method@KrHub.Stream.next_async].
 *
 * Errors: %KR_HUB_ERROR_FAILED with the writer's text; %KR_HUB_ERROR_BINDING if an item was of another type;
 * %G_IO_ERROR_CANCELLED if the waiting was cancelled; why the connection ended.
 *
 * Returns: (transfer full) (nullable): the item; %NULL at the end of the stream, or with @error set
 *
 * Since: 0.1
 */
GVariant *
kr_hub_stream_next_finish (KrHubStream *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);
  return g_task_propagate_pointer (G_TASK (result), error);
}

/**
 * kr_hub_stream_try_next:
 * @self: a stream that is read
 *
 * Takes an item that has arrived already, without a turn of the main loop for each.
 *
 * Returns: (transfer full) (nullable): the item; %NULL if none is there now
 *
 * Since: 0.1
 */
GVariant *
kr_hub_stream_try_next (KrHubStream *self)
{
  g_return_val_if_fail (KR_HUB_IS_STREAM (self), NULL);
  g_return_val_if_fail (self->kind == KR_HUB_STREAM_READER, NULL);
  return g_queue_is_empty (&self->items) ? NULL : take (self);
}

/**
 * kr_hub_stream_close:
 * @self: a stream that is read
 *
 * Forgets the items that were not read and wants no more; a call of ours that answers with the stream is cancelled. Done
 * by itself when the last reference is given up, which belongs to the thread of the hub or client.
 *
 * Since: 0.1
 */
void
kr_hub_stream_close (KrHubStream *self)
{
  g_return_if_fail (KR_HUB_IS_STREAM (self));
  g_return_if_fail (self->kind == KR_HUB_STREAM_READER);

  cancel_call (self);
  kr_hub_stream_drop (self);
}
