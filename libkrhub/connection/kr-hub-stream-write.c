/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* KrHubStream: writing, from any thread. */
#include "config.h"

#include "kr-hub-stream-private.h"

#include "kr-hub-connection-private.h"
#include "kr-hub-error.h"
#include "kr-hub-invocation-private.h"
#include "kr-hub-log-private.h"
#include "kr-hub-stream-hold-private.h"
#include "kr-hub-stream-table-private.h"

static KrHubConnection *
writers_connection (KrHubStream *self)
{
  return self->kind == KR_HUB_STREAM_ANSWER ? self->invocation->connection : self->connection;
}

gboolean
kr_hub_stream_check_writable (KrHubStream *self, GError **error)
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

/* It counts as on its way until the peer has read enough: whoever is refused and awaits room never fills the outbox. */
static void
owe (Parcel *self, KrHubConnection *connection)
{
  kr_hub_stream_table_get (connection)->n_owed += self->n_bytes;
  self->n_bytes = 0;
}

static gboolean
parcel_arrived (gpointer data)
{
  Parcel *self = data;
  KrHubConnection *connection = writers_connection (self->stream);
  g_autoptr (GError) error = NULL;

  /* The end, written by the same thread, has not arrived yet; a cancelled stream has ended already. */
  if (self->stream->invocation->completed)
    return G_SOURCE_REMOVE;
  if (!write_now (self->stream, &self->value.value, &error))
    kr_hub_connection_log (connection, G_LOG_LEVEL_WARNING, "cannot be sent an item of a stream: %s", error->message);
  else if (!kr_hub_stream_table_is_writable (connection))
    owe (self, connection);
  return G_SOURCE_REMOVE;
}

/* With what may wait for the peer before writers are asked to wait, that is no more than the outbox holds; a single item may be
 * larger, or it could never be sent. */
static gboolean
reserve (KrHubConnection *connection, gsize n_bytes, GError **error)
{
  gsize before = g_atomic_pointer_add (&connection->n_posted, (gssize) n_bytes);

  if (before == 0 || before + n_bytes <= connection->session.settings->max_outbox_size / 2)
    return TRUE;
  g_atomic_pointer_add (&connection->n_posted, -(gssize) n_bytes);
  g_set_error_literal (error, KR_HUB_ERROR, KR_HUB_ERROR_OUTBOX_FULL, "The hub has not sent what was written before");
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
  if (!kr_hub_stream_check_writable (self, error))
    return FALSE;
  if (self->hold != NULL)
    return kr_hub_stream_hold_write (self, value->variant, NULL, error);
  if (kr_hub_connection_is_own_thread (writers_connection (self)))
    return write_now (self, value, error);
  g_return_val_if_fail (self->kind == KR_HUB_STREAM_ANSWER, FALSE);
  return post_item (self, value, error);
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

  if (!kr_hub_stream_check_writable (self, error))
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
  return kr_hub_stream_check_writable (self, NULL) && self->hold == NULL && kr_hub_stream_table_is_writable (writers_connection (self));
}

static gboolean
wait_writable (gpointer data)
{
  GTask *task = data;
  KrHubStream *self = g_task_get_source_object (task);
  KrHubConnection *connection = g_task_get_task_data (task);
  GError *error = NULL;

  if (!kr_hub_stream_check_writable (self, &error))
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

  if (!kr_hub_stream_check_writable (self, &error))
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
