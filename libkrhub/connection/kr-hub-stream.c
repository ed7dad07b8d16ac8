/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* KrHubStream: items of one call, one after the other, in either direction. */
#include "config.h"

#include "kr-hub-stream-private.h"

#include "kr-hub-connection-private.h"
#include "kr-hub-error.h"
#include "kr-hub-invocation-private.h"
#include "kr-hub-log-private.h"
#include "kr-hub-plain-words-private.h"
#include "kr-hub-stream-hold-private.h"
#include "kr-hub-stream-table-private.h"

/**
 * KrHubStream:
 *
 * Items of one call, one after the other, in either direction.
 *
 * Three kinds of streams are written: the answer of a streaming method ([method@KrHub.Invocation.open_stream]), and what
 * a client sends along with a call ([ctor@KrHub.Stream.new]). Two kinds are read: what a client sent along
 * ([method@KrHub.Invocation.get_upload]), and the answer of a hub's streaming method ([method@KrHub.Client.stream]).
 *
 * Writing never blocks: an item goes to the connection's outbox. Who writes more than a peer may take at once awaits
 * [method@KrHub.Stream.wait_writable_async] between items; who does not, loses the connection when its outbox is full.
 * Another thread than the hub's may be ahead of the hub as well: at most [property@KrHub.Server:max-outbox-size] bytes of one
 * connection's streams are on their way, what it takes to bring them included (about 320 bytes for each item); an item beyond
 * that is refused.
 *
 * Reading holds at most the stream buffer capacity of items; then nothing more is read from the connection until an item
 * is taken, so take them, or close the stream.
 *
 * The writing functions may be called from any thread unless they say otherwise; items of one thread stay in order. The
 * reading functions belong to the thread of the hub or client.
 *
 * Since: 0.1
 */
G_DEFINE_FINAL_TYPE (KrHubStream, kr_hub_stream, G_TYPE_OBJECT)

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

static void
kr_hub_stream_dispose (GObject *object)
{
  KrHubStream *self = KR_HUB_STREAM (object);

  /* A reader is closed, an upload fails; an answer is given up by the last one who could give it. */
  if (self->kind == KR_HUB_STREAM_READER)
    kr_hub_stream_close (self);
  else if (self->kind == KR_HUB_STREAM_UPLOAD && self->connection != NULL)
    {
      g_autoptr (GError) error = g_error_new_literal (KR_HUB_ERROR, KR_HUB_ERROR_FAILED, "The stream was given up.");

      kr_hub_stream_fail (self, error);
    }
  kr_hub_stream_hold_give_up (self);
  g_clear_pointer (&self->invocation, kr_hub_invocation_unref);
  G_OBJECT_CLASS (kr_hub_stream_parent_class)->dispose (object);
}

static void
kr_hub_stream_finalize (GObject *object)
{
  KrHubStream *self = KR_HUB_STREAM (object);

  g_clear_pointer (&self->item_type, g_variant_type_free);
  g_clear_error (&self->error);
  g_clear_pointer (&self->uploads, g_ptr_array_unref);
  g_queue_clear_full (&self->items, item_free);
  g_free (self->id);
  G_OBJECT_CLASS (kr_hub_stream_parent_class)->finalize (object);
}

static void
kr_hub_stream_class_init (KrHubStreamClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->dispose = kr_hub_stream_dispose;
  object_class->finalize = kr_hub_stream_finalize;
}

static void
kr_hub_stream_init (KrHubStream *self)
{
  self->kind = KR_HUB_STREAM_UPLOAD;
  g_queue_init (&self->items);
}

KrHubStream *
kr_hub_stream_new_answer (KrHubInvocation *invocation)
{
  KrHubStream *self = g_object_new (KR_HUB_TYPE_STREAM, NULL);

  self->kind = KR_HUB_STREAM_ANSWER;
  self->invocation = kr_hub_invocation_ref (invocation);
  return self;
}

KrHubStream *
kr_hub_stream_new_reader (const GVariantType *item_type)
{
  KrHubStream *self = g_object_new (KR_HUB_TYPE_STREAM, NULL);

  self->kind = KR_HUB_STREAM_READER;
  self->item_type = g_variant_type_copy (item_type);
  return self;
}

void
kr_hub_stream_begin_reading (KrHubStream *self, KrHubConnection *connection, const char *id)
{
  kr_hub_stream_attach (self, connection, g_strdup (id));
  kr_hub_stream_table_add_reader (kr_hub_stream_table_get (connection), self);
}

gboolean
kr_hub_stream_is_new (KrHubStream *self)
{
  return self->kind == KR_HUB_STREAM_UPLOAD && self->id == NULL && self->hold == NULL;
}

void
kr_hub_stream_attach (KrHubStream *self, KrHubConnection *connection, char *id)
{
  self->connection = g_object_ref (connection);
  self->id = id;
  self->key = (KrHubSlice) { id, strlen (id) };
}

/* --- waiters --- */

KrHubWaiter *
kr_hub_waiter_new (GTask *task, GMainContext *context, GCancellableSourceFunc callback, gpointer data)
{
  KrHubWaiter *self = g_new0 (KrHubWaiter, 1);
  GCancellable *cancellable = g_task_get_cancellable (task);

  self->task = g_object_ref (task);
  if (cancellable == NULL)
    return self;
  self->cancel_source = g_cancellable_source_new (cancellable);
  g_source_set_static_name (self->cancel_source, "KrHubStream cancel");
  g_source_set_callback (self->cancel_source, G_SOURCE_FUNC (callback), data, NULL);
  g_source_attach (self->cancel_source, context);
  return self;
}

GTask *
kr_hub_waiter_free_to_task (KrHubWaiter *self)
{
  GTask *task = g_steal_pointer (&self->task);

  if (self->cancel_source != NULL)
    {
      g_source_destroy (self->cancel_source);
      g_source_unref (self->cancel_source);
    }
  g_free (self);
  return task;
}

/* --- writing --- */

static KrHubConnection *
writers_connection (KrHubStream *self)
{
  return self->kind == KR_HUB_STREAM_ANSWER ? self->invocation->connection : self->connection;
}

/* Whether an item may be written still. */
static gboolean
check_writable (KrHubStream *self, GError **error)
{
  if (self->kind == KR_HUB_STREAM_ANSWER && g_atomic_int_get (&self->invocation->cancelled))
    g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_CANCELLED, "The stream was cancelled");
  else if (self->hold != NULL)
    {
      if (!self->hold->completed)
        return TRUE;
      g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_CLOSED, "The stream has ended");
    }
  else if (self->kind == KR_HUB_STREAM_UPLOAD && self->id == NULL)
    g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_NOT_INITIALIZED, "The stream belongs to no call yet");
  else if (self->kind == KR_HUB_STREAM_ANSWER
             ? g_atomic_int_get (&self->invocation->state) != KR_HUB_INVOCATION_PENDING
             : self->connection == NULL)
    g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_CLOSED, "The stream has ended");
  else
    return TRUE;
  return FALSE;
}

static gboolean
write_now (KrHubStream *self, const KrHubValue *value, GError **error)
{
  KrHubConnection *connection = writers_connection (self);
  KrHubMessage message = { .type = KR_HUB_MESSAGE_STREAM_ITEM, .value = *value };

  /* A handler that writes in a loop comes back to the main loop only when it is told that it goes too far. */
  if (kr_hub_session_is_over_limit (&connection->session))
    {
      g_set_error_literal (error, KR_HUB_ERROR, KR_HUB_ERROR_OUTBOX_FULL, "The peer does not read");
      return FALSE;
    }
  message.invocation_id = self->kind == KR_HUB_STREAM_ANSWER ? self->invocation->id : self->key;
  return kr_hub_connection_send_message (connection, &message, error);
}

/* An item on its way to the connection's thread. */
typedef struct
{
  KrHubStream *stream;
  KrHubOwnedValue value;
  gsize n_bytes;        /* about, all in all */
} Parcel;

/* Of each, with the source that brings it. */
#define PARCEL_OVERHEAD 320

static void
parcel_free (gpointer data)
{
  Parcel *self = data;

  g_atomic_pointer_add (&writers_connection (self->stream)->n_posted, -(gssize) self->n_bytes);
  g_object_unref (self->stream);
  kr_hub_owned_value_clear (&self->value);
  g_free (self);
}

static gboolean
parcel_arrived (gpointer data)
{
  Parcel *self = data;
  g_autoptr (GError) error = NULL;

  /* The end, written by the same thread, has not arrived yet; a cancelled stream has ended already. */
  if (!self->stream->invocation->completed && !write_now (self->stream, &self->value.value, &error))
    kr_hub_connection_log (writers_connection (self->stream), G_LOG_LEVEL_WARNING,
                           "cannot be sent an item of a stream: %s", error->message);
  return G_SOURCE_REMOVE;
}

/* What is on its way may be as much as what waits for the peer; a single item may be larger, or it could never be sent. */
static gboolean
reserve (KrHubConnection *connection, gsize n_bytes, GError **error)
{
  gsize before = g_atomic_pointer_add (&connection->n_posted, (gssize) n_bytes);

  if (before == 0 || before + n_bytes <= connection->session.settings->max_outbox_size)
    return TRUE;
  g_atomic_pointer_add (&connection->n_posted, -(gssize) n_bytes);
  g_set_error_literal (error, KR_HUB_ERROR, KR_HUB_ERROR_OUTBOX_FULL, "The hub has not taken what was written before");
  return FALSE;
}

static gboolean
post_item (KrHubStream *self, const KrHubValue *value, GError **error)
{
  KrHubConnection *connection = writers_connection (self);
  gsize n_bytes = PARCEL_OVERHEAD + value->slice.len + (value->variant != NULL ? g_variant_get_size (value->variant) : 0);
  g_autoptr (GSource) source = NULL;
  Parcel *parcel;

  if (!reserve (connection, n_bytes, error))
    return FALSE;
  parcel = g_new0 (Parcel, 1);
  parcel->stream = g_object_ref (self);
  parcel->n_bytes = n_bytes;
  kr_hub_owned_value_init (&parcel->value, value);
  source = g_idle_source_new ();
  g_source_set_static_name (source, "KrHubStream item");
  g_source_set_priority (source, G_PRIORITY_DEFAULT);
  g_source_set_callback (source, parcel_arrived, parcel, parcel_free);
  g_source_attach (source, connection->context);
  return TRUE;
}

static gboolean
write_value (KrHubStream *self, const KrHubValue *value, GError **error)
{
  if (!check_writable (self, error))
    return FALSE;
  if (self->hold != NULL)
    return kr_hub_stream_hold_write (self, value->variant, NULL, error);
  if (kr_hub_connection_is_own_thread (writers_connection (self)))
    return write_now (self, value, error);
  g_return_val_if_fail (self->kind == KR_HUB_STREAM_ANSWER, FALSE);
  return post_item (self, value, error);
}

/**
 * kr_hub_stream_new:
 *
 * Creates a stream for a client to send along with a call ([method@KrHub.Client.upload_async],
 * [method@KrHub.Client.stream]). It can be written from then on, in the client's thread only.
 *
 * Returns: (transfer full): a new stream
 *
 * Since: 0.1
 */
KrHubStream *
kr_hub_stream_new (void)
{
  return g_object_new (KR_HUB_TYPE_STREAM, NULL);
}

/**
 * kr_hub_stream_write:
 * @self: a stream that is written
 * @item: (nullable): the next item, sunk if it is floating; %NULL stands for null
 * @error: return location for an error
 *
 * Sends an item. Any thread for the answer to a call.
 *
 * Errors: %G_IO_ERROR_CANCELLED if the reader does not want more or is gone: stop then; %G_IO_ERROR_CLOSED after the
 * end; %KR_HUB_ERROR_OUTBOX_FULL if nobody waited for a slow peer, or, in another thread, for the hub, after which the
 * stream can go on; %KR_HUB_ERROR_BINDING for a value that the encoding cannot express, after which it can go on, too.
 *
 * Returns: whether the item is on its way
 *
 * Since: 0.1
 */
gboolean
kr_hub_stream_write (KrHubStream *self, GVariant *item, GError **error)
{
  g_autoptr (GVariant) sunk = item != NULL ? g_variant_ref_sink (item) : NULL;
  const KrHubValue value = { sunk != NULL ? KR_HUB_VALUE_VARIANT : KR_HUB_VALUE_NULL, { NULL, 0 }, sunk };

  g_return_val_if_fail (KR_HUB_IS_STREAM (self), FALSE);
  g_return_val_if_fail (self->kind != KR_HUB_STREAM_READER, FALSE);
  return write_value (self, &value, error);
}

/**
 * kr_hub_stream_write_string:
 * @self: a stream that is written
 * @text: the next item, in UTF-8
 * @error: return location for an error
 *
 * Sends a string, without making a #GVariant of it; otherwise as [method@KrHub.Stream.write].
 *
 * Returns: whether the item is on its way
 *
 * Since: 0.1
 */
gboolean
kr_hub_stream_write_string (KrHubStream *self, const char *text, GError **error)
{
  const KrHubValue value = { KR_HUB_VALUE_STRING, { text, text != NULL ? strlen (text) : 0 } };

  g_return_val_if_fail (KR_HUB_IS_STREAM (self), FALSE);
  g_return_val_if_fail (self->kind != KR_HUB_STREAM_READER, FALSE);
  g_return_val_if_fail (text != NULL, FALSE);
  if (self->hold != NULL)
    return kr_hub_stream_write (self, g_variant_new_string (text), error);
  return write_value (self, &value, error);
}

/**
 * kr_hub_stream_write_node:
 * @self: a stream that is written
 * @node: the next item
 * @error: return location for an error
 *
 * Sends a value of any type; otherwise as [method@KrHub.Stream.write].
 *
 * Returns: whether the item is on its way
 *
 * Since: 0.1
 */
gboolean
kr_hub_stream_write_node (KrHubStream *self, JsonNode *node, GError **error)
{
  g_auto (KrHubBuffer) buffer = KR_HUB_BUFFER_INIT;
  KrHubValue value = { KR_HUB_VALUE_RAW };

  g_return_val_if_fail (KR_HUB_IS_STREAM (self), FALSE);
  g_return_val_if_fail (self->kind != KR_HUB_STREAM_READER, FALSE);
  g_return_val_if_fail (node != NULL, FALSE);

  if (!check_writable (self, error))
    return FALSE;
  if (self->hold != NULL)
    return kr_hub_stream_hold_write (self, NULL, node, error);
  if (!kr_hub_protocol_encode_node (writers_connection (self)->session.protocol, node, &buffer, error))
    return FALSE;
  value.slice = (KrHubSlice) { (const char *) buffer.data, buffer.len };
  return write_value (self, &value, error);
}

/**
 * kr_hub_stream_is_writable:
 * @self: a stream that is written
 *
 * Gets whether the peer keeps up: less than 64 KiB, and less than half of the largest outbox, wait for it. In the thread
 * of the hub or client.
 *
 * Returns: %FALSE if it is better to await [method@KrHub.Stream.wait_writable_async], or the stream has ended
 *
 * Since: 0.1
 */
gboolean
kr_hub_stream_is_writable (KrHubStream *self)
{
  g_return_val_if_fail (KR_HUB_IS_STREAM (self), FALSE);
  g_return_val_if_fail (self->kind != KR_HUB_STREAM_READER, FALSE);
  return check_writable (self, NULL) && self->hold == NULL && kr_hub_stream_table_is_writable (writers_connection (self));
}

static gboolean
wait_writable (gpointer data)
{
  GTask *task = data;
  KrHubStream *self = g_task_get_source_object (task);
  KrHubConnection *connection = g_task_get_task_data (task);
  GError *error = NULL;

  if (!check_writable (self, &error))
    g_task_return_error (task, error);
  else if (kr_hub_stream_table_is_writable (connection))
    g_task_return_boolean (task, TRUE);
  else
    kr_hub_stream_table_wait (kr_hub_stream_table_get (connection), task);
  return G_SOURCE_REMOVE;
}

void
kr_hub_stream_begin_wait (KrHubStream *self, GTask *task)
{
  KrHubConnection *connection;
  GError *error = NULL;

  if (!check_writable (self, &error))
    {
      g_task_return_error (task, error);
      return;
    }
  connection = writers_connection (self);
  /* The stream holds it. */
  g_task_set_task_data (task, connection, NULL);
  if (kr_hub_connection_is_own_thread (connection))
    wait_writable (task);
  else
    {
      g_autoptr (GSource) source = g_idle_source_new ();

      g_source_set_static_name (source, "KrHubStream wait");
      g_source_set_priority (source, G_PRIORITY_DEFAULT);
      g_source_set_callback (source, wait_writable, g_object_ref (task), g_object_unref);
      g_source_attach (source, connection->context);
    }
}

/**
 * kr_hub_stream_wait_writable_async:
 * @self: a stream that is written
 * @cancellable: (nullable): to wait no longer
 * @callback: called when there is room
 * @user_data: data for @callback
 *
 * Waits until the peer has taken enough of what was sent to it. Any thread for the answer to a call.
 *
 * Since: 0.1
 */
void
kr_hub_stream_wait_writable_async (KrHubStream *self,
                                   GCancellable *cancellable,
                                   GAsyncReadyCallback callback,
                                   gpointer user_data)
{
  g_autoptr (GTask) task = NULL;

  g_return_if_fail (KR_HUB_IS_STREAM (self));
  g_return_if_fail (self->kind != KR_HUB_STREAM_READER);

  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, kr_hub_stream_wait_writable_async);
  if (self->hold != NULL && !self->hold->completed)
    kr_hub_stream_hold_wait (self, task);
  else
    kr_hub_stream_begin_wait (self, task);
}

/**
 * kr_hub_stream_wait_writable_finish:
 * @self: a stream
 * @result: what the callback got
 * @error: return location for an error
 *
 * Finishes [method@KrHub.Stream.wait_writable_async].
 *
 * Errors: %G_IO_ERROR_CANCELLED if the waiting or the stream was cancelled; %G_IO_ERROR_CLOSED,
 * %G_IO_ERROR_CONNECTION_CLOSED if it has ended.
 *
 * Returns: whether there is room
 *
 * Since: 0.1
 */
gboolean
kr_hub_stream_wait_writable_finish (KrHubStream *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);
  return g_task_propagate_boolean (G_TASK (result), error);
}

/* Ends an upload, with an error text or without. */
static void
finish_upload (KrHubStream *self, const char *text)
{
  g_autoptr (KrHubConnection) connection = g_steal_pointer (&self->connection);
  KrHubMessage message = { .type = KR_HUB_MESSAGE_COMPLETION, .invocation_id = self->key };

  if (self->hold != NULL && !self->hold->completed)
    kr_hub_stream_hold_finish (self, text);
  if (connection == NULL)
    return;
  if (text != NULL)
    message.error = (KrHubSlice) { text, strlen (text) };
  kr_hub_connection_send_message (connection, &message, NULL);
}

/**
 * kr_hub_stream_complete:
 * @self: a stream that is written
 *
 * Says that no more items follow. Harmless when the stream has ended already. Any thread for the answer to a call.
 *
 * Since: 0.1
 */
void
kr_hub_stream_complete (KrHubStream *self)
{
  g_return_if_fail (KR_HUB_IS_STREAM (self));
  g_return_if_fail (self->kind != KR_HUB_STREAM_READER);

  if (self->kind == KR_HUB_STREAM_ANSWER)
    kr_hub_invocation_finish_stream (self->invocation);
  else
    finish_upload (self, NULL);
}

/**
 * kr_hub_stream_fail:
 * @self: a stream that is written
 * @error: what went wrong; the reader is told its message, where [method@KrHub.Invocation.return_error] would
 *
 * Says that no more items follow because something went wrong. Any thread for the answer to a call.
 *
 * Since: 0.1
 */
void
kr_hub_stream_fail (KrHubStream *self, const GError *error)
{
  g_return_if_fail (KR_HUB_IS_STREAM (self));
  g_return_if_fail (self->kind != KR_HUB_STREAM_READER);
  g_return_if_fail (error != NULL);

  if (self->kind == KR_HUB_STREAM_ANSWER)
    kr_hub_invocation_return_error (self->invocation, error);
  else
    finish_upload (self, error->message);
}

/* --- reading --- */

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
      g_queue_clear_full (&self->items, item_free);
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
 * kr_hub_stream_is_ended:
 * @self: a stream
 *
 * Gets whether the stream is over: a writer cannot write any more, a reader has read all. In the thread of the hub or
 * client.
 *
 * Returns: %TRUE if nothing follows
 *
 * Since: 0.1
 */
gboolean
kr_hub_stream_is_ended (KrHubStream *self)
{
  g_return_val_if_fail (KR_HUB_IS_STREAM (self), TRUE);
  if (self->kind == KR_HUB_STREAM_READER)
    return self->ended && g_queue_is_empty (&self->items);
  return !check_writable (self, NULL);
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
