/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* KrHubStream: items of one call, one after the other, in either direction. */
#include "config.h"

#include "kr-hub-stream-private.h"

#include "kr-hub-cancel-source-private.h"
#include "kr-hub-connection-private.h"
#include "kr-hub-error.h"
#include "kr-hub-invocation-private.h"
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
 * Another thread than the hub's may be ahead of the hub as well: half as many bytes as [property@KrHub.Server:max-outbox-size]
 * may be on their way from the streams of one connection, what it takes to bring them included (about 320 bytes for each
 * item), and count until the peer has read enough. An item beyond that is refused; it may be written again when there is
 * room, and a thread that waits only then does not lose the connection either.
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
  kr_hub_stream_forget_items (self);
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
  self->cancel_source = kr_hub_cancel_source_new (cancellable);
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
    kr_hub_cancel_source_drop (self->cancel_source);
  g_free (self);
  return task;
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
  return !kr_hub_stream_check_writable (self, NULL);
}
