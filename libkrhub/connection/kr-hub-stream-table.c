/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* KrHubStreamTable: the streams of one connection, by id, and the writers that wait for room. */
#include "config.h"

#include "kr-hub-stream-table-private.h"

#include "kr-hub-connection-private.h"
#include "kr-hub-error.h"
#include "kr-hub-invocation-private.h"
#include "kr-hub-plain-words-private.h"

static guint
slice_hash (gconstpointer key)
{
  const KrHubSlice *slice = key;
  guint hash = 5381;

  for (gsize i = 0; i < slice->len; i++)
    hash = hash * 33 + (guchar) slice->data[i];
  return hash;
}

static gboolean
slice_equal (gconstpointer one, gconstpointer other)
{
  const KrHubSlice *a = one, *b = other;

  return a->len == b->len && memcmp (a->data, b->data, a->len) == 0;
}

/* In a turn of its own: a transport that delivers output must not be given more by those who hear of it. */
static void
wake_writers (KrHubTimer *timer, gint64 now)
{
  KrHubStreamTable *self = timer->data;
  g_autoptr (KrHubConnection) connection = g_object_ref (self->connection);

  while (!g_queue_is_empty (&self->ended))
    {
      g_autoptr (GTask) task = kr_hub_waiter_free_to_task (g_queue_pop_head (&self->ended));

      g_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_CANCELLED, "The stream was cancelled");
    }
  while (!g_queue_is_empty (&self->waiting) && kr_hub_stream_table_is_writable (connection))
    {
      g_autoptr (GTask) task = kr_hub_waiter_free_to_task (g_queue_pop_head (&self->waiting));

      g_task_return_boolean (task, TRUE);
    }
}

KrHubStreamTable *
kr_hub_stream_table_get (KrHubConnection *connection)
{
  KrHubStreamTable *self = connection->streams;

  if (self != NULL)
    return self;
  self = connection->streams = g_new0 (KrHubStreamTable, 1);
  self->connection = connection;
  self->answers = g_hash_table_new_full (slice_hash, slice_equal, NULL, (GDestroyNotify) kr_hub_invocation_release);
  self->readers = g_hash_table_new (slice_hash, slice_equal);
  self->wake.fire = wake_writers;
  self->wake.data = self;
  return self;
}

/* All has ended by then: streams and waiters hold the connection. */
void
kr_hub_stream_table_free (KrHubStreamTable *self)
{
  kr_hub_clock_disarm (self->connection->clock, &self->wake);
  g_hash_table_unref (self->answers);
  g_hash_table_unref (self->readers);
  g_free (self);
}

guint
kr_hub_stream_table_get_n (KrHubStreamTable *self)
{
  return self != NULL ? g_hash_table_size (self->answers) + g_hash_table_size (self->readers) : 0;
}

/* --- answers --- */

KrHubInvocation *
kr_hub_stream_table_find_answer (KrHubStreamTable *self, const KrHubSlice *id)
{
  return self != NULL ? g_hash_table_lookup (self->answers, id) : NULL;
}

void
kr_hub_stream_table_add_answer (KrHubStreamTable *self, KrHubInvocation *invocation)
{
  g_hash_table_insert (self->answers, &invocation->id, kr_hub_invocation_hold (invocation));
}

/* Who waits to write more of it need not wait for room any longer. */
static void
wake_writers_of (KrHubStreamTable *self, KrHubInvocation *invocation)
{
  for (GList *l = self->waiting.head, *next; l != NULL; l = next)
    {
      KrHubWaiter *waiter = l->data;
      gpointer source = g_task_get_source_object (waiter->task);

      next = l->next;
      if (source == NULL || !KR_HUB_IS_STREAM (source) || KR_HUB_STREAM (source)->invocation != invocation)
        continue;
      g_queue_unlink (&self->waiting, l);
      g_queue_push_tail_link (&self->ended, l);
    }
  if (!g_queue_is_empty (&self->ended) && self->wake.position == 0)
    kr_hub_clock_arm (self->connection->clock, &self->wake, kr_hub_clock_get_time (self->connection->clock));
}

void
kr_hub_stream_table_remove_answer (KrHubStreamTable *self, KrHubInvocation *invocation)
{
  wake_writers_of (self, invocation);
  if (kr_hub_stream_table_find_answer (self, &invocation->id) == invocation)
    g_hash_table_remove (self->answers, &invocation->id);
}

/* --- readers --- */

/* An id that is used again goes to the later call, as with ASP.NET Core; there the first one then waits for ever. */
void
kr_hub_stream_table_add_reader (KrHubStreamTable *self, KrHubStream *stream)
{
  KrHubStream *before = g_hash_table_lookup (self->readers, &stream->key);

  if (before != NULL)
    kr_hub_stream_end (before, g_error_new (KR_HUB_ERROR, KR_HUB_ERROR_FAILED, "Stream ID '%s' was used again.", stream->id));
  g_hash_table_insert (self->readers, &stream->key, stream);
}

void
kr_hub_stream_table_remove_reader (KrHubStreamTable *self, KrHubStream *stream)
{
  if (g_hash_table_lookup (self->readers, &stream->key) == stream)
    g_hash_table_remove (self->readers, &stream->key);
}

gboolean
kr_hub_stream_table_receive_item (KrHubStreamTable *self, const KrHubMessage *item)
{
  KrHubStream *stream = self != NULL ? g_hash_table_lookup (self->readers, &item->invocation_id) : NULL;

  if (stream == NULL)
    return FALSE;
  kr_hub_stream_receive (stream, &item->value.slice);
  return TRUE;
}

gboolean
kr_hub_stream_table_receive_end (KrHubStreamTable *self, const KrHubMessage *completion)
{
  KrHubStream *stream = self != NULL ? g_hash_table_lookup (self->readers, &completion->invocation_id) : NULL;
  GError *error = NULL;

  if (stream == NULL)
    return FALSE;
  if (completion->error.data != NULL && self->connection->session.role == KR_HUB_ROLE_CLIENT)
    error = kr_hub_plain_failure (&completion->error);
  else if (completion->error.data != NULL)
    error = g_error_new (KR_HUB_ERROR, KR_HUB_ERROR_FAILED, "%.*s", (int) completion->error.len, completion->error.data);
  kr_hub_stream_end (stream, error);
  return TRUE;
}

/* --- writers --- */

gsize
kr_hub_stream_table_get_high_water (KrHubConnection *connection)
{
  return MIN (KR_HUB_STREAM_HIGH_WATER, connection->session.settings->max_outbox_size / 2);
}

/* A stateful peer acknowledges about once a second, so what it has not acknowledged may be much more than what it has not
 * read, but not too much to be kept. */
static gboolean
has_room (KrHubConnection *connection, gsize limit)
{
  const KrHubSession *session = &connection->session;

  return session->outbox.size <= limit &&
         (session->replay == NULL || session->replay->size < session->settings->max_outbox_size / 2);
}

gboolean
kr_hub_stream_table_is_writable (KrHubConnection *connection)
{
  return has_room (connection, kr_hub_stream_table_get_high_water (connection) - 1);
}

static gboolean
has_drained (KrHubConnection *connection)
{
  return has_room (connection, kr_hub_stream_table_get_high_water (connection) / 2);
}

static KrHubWaiter *
steal_waiter (GQueue *waiters, GTask *task)
{
  for (GList *l = waiters->head; l != NULL; l = l->next)
    {
      KrHubWaiter *waiter = l->data;

      if (waiter->task != task)
        continue;
      g_queue_delete_link (waiters, l);
      return waiter;
    }
  return NULL;
}

static gboolean
wait_cancelled (GCancellable *cancellable, gpointer data)
{
  KrHubConnection *connection = g_task_get_task_data (data);
  KrHubStreamTable *self = connection->streams;
  KrHubWaiter *waiter = steal_waiter (&self->waiting, data);
  g_autoptr (GTask) task = NULL;

  if (waiter == NULL)
    waiter = steal_waiter (&self->ended, data);
  task = kr_hub_waiter_free_to_task (waiter);
  g_task_return_error_if_cancelled (task);
  return G_SOURCE_REMOVE;
}

/* The task's data is the connection. */
void
kr_hub_stream_table_wait (KrHubStreamTable *self, GTask *task)
{
  KrHubWaiter *waiter = kr_hub_waiter_new (task, self->connection->context, wait_cancelled, task);

  g_queue_push_tail (&self->waiting, waiter);
  kr_hub_stream_table_drained (self);
}

static void
pay (KrHubStreamTable *self)
{
  g_atomic_pointer_add (&self->connection->n_posted, -(gssize) self->n_owed);
  self->n_owed = 0;
}

void
kr_hub_stream_table_drained (KrHubStreamTable *self)
{
  KrHubConnection *connection = self->connection;

  if (self->n_owed > 0 && kr_hub_stream_table_is_writable (connection))
    pay (self);
  if (!g_queue_is_empty (&self->waiting) && self->wake.position == 0 && has_drained (connection))
    kr_hub_clock_arm (connection->clock, &self->wake, kr_hub_clock_get_time (connection->clock));
}

/* --- the end --- */

static GError *
end_error (KrHubStreamTable *self, const GError *error)
{
  if (self->connection->session.role == KR_HUB_ROLE_CLIENT && error != NULL)
    return g_error_copy (error);
  return g_error_new_literal (G_IO_ERROR, G_IO_ERROR_CONNECTION_CLOSED,
                              self->connection->session.role == KR_HUB_ROLE_CLIENT
                                ? "Invocation canceled due to the underlying connection being closed."
                                : "The underlying connection was closed.");
}

static void
end_answers (KrHubStreamTable *self)
{
  g_autoptr (GPtrArray) answers = g_ptr_array_new_with_free_func ((GDestroyNotify) kr_hub_invocation_release);
  GHashTableIter iter;
  KrHubInvocation *invocation;

  g_hash_table_iter_init (&iter, self->answers);
  while (g_hash_table_iter_next (&iter, NULL, (gpointer *) &invocation))
    {
      invocation->counted = invocation->listed = FALSE;
      g_ptr_array_add (answers, kr_hub_invocation_hold (invocation));
    }
  g_hash_table_remove_all (self->answers);
  for (guint i = 0; i < answers->len; i++)
    kr_hub_invocation_abandon (answers->pdata[i]);
}

static void
end_readers (KrHubStreamTable *self, const GError *error)
{
  g_autoptr (GPtrArray) readers = g_ptr_array_new_with_free_func (g_object_unref);
  GHashTableIter iter;
  KrHubStream *stream;

  g_hash_table_iter_init (&iter, self->readers);
  while (g_hash_table_iter_next (&iter, NULL, (gpointer *) &stream))
    g_ptr_array_add (readers, g_object_ref (stream));
  for (guint i = 0; i < readers->len; i++)
    kr_hub_stream_end (readers->pdata[i], end_error (self, error));
}

void
kr_hub_stream_table_end (KrHubStreamTable *self, const GError *error)
{
  end_answers (self);
  end_readers (self, error);
  while (!g_queue_is_empty (&self->ended))
    g_queue_push_tail (&self->waiting, g_queue_pop_head (&self->ended));
  while (!g_queue_is_empty (&self->waiting))
    {
      g_autoptr (GTask) task = kr_hub_waiter_free_to_task (g_queue_pop_head (&self->waiting));

      g_task_return_error (task, end_error (self, error));
    }
}
