/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* KrHubReplayBuffer: sent but not acknowledged messages of a stateful connection, and the numbers of both directions. */
#include "config.h"

#include "kr-hub-replay-buffer-private.h"

void
kr_hub_replay_buffer_init (KrHubReplayBuffer *self)
{
  memset (self, 0, sizeof *self);
  g_queue_init (&self->messages);
  self->first_sent = 1;
  self->next_received = 1;
}

static void
entry_free (gpointer data)
{
  KrHubReplayEntry *self = data;

  g_bytes_unref (self->bytes);
  g_clear_pointer (&self->target, g_ref_string_release);
  g_free (self);
}

void
kr_hub_replay_buffer_clear (KrHubReplayBuffer *self)
{
  g_queue_clear_full (&self->messages, entry_free);
  self->size = 0;
}

void
kr_hub_replay_buffer_add (KrHubReplayBuffer *self, GBytes *message, char *target)
{
  KrHubReplayEntry *entry = g_new (KrHubReplayEntry, 1);

  entry->bytes = g_bytes_ref (message);
  entry->target = target != NULL ? g_ref_string_acquire (target) : NULL;
  g_queue_push_tail (&self->messages, entry);
  self->size += g_bytes_get_size (message);
}

void
kr_hub_replay_buffer_ack (KrHubReplayBuffer *self, gint64 number)
{
  while (self->first_sent <= number && !g_queue_is_empty (&self->messages))
    {
      KrHubReplayEntry *entry = g_queue_pop_head (&self->messages);

      self->size -= g_bytes_get_size (entry->bytes);
      self->first_sent++;
      self->n_handed -= self->n_handed > 0;
      entry_free (entry);
    }
}

void
kr_hub_replay_buffer_remove (KrHubReplayBuffer *self, GList *link)
{
  KrHubReplayEntry *entry = link->data;

  self->size -= g_bytes_get_size (entry->bytes);
  g_queue_delete_link (&self->messages, link);
  entry_free (entry);
}

gint64
kr_hub_replay_buffer_get_sequence (const KrHubReplayBuffer *self)
{
  return self->first_sent;
}

gboolean
kr_hub_replay_buffer_receive (KrHubReplayBuffer *self)
{
  gint64 number = self->next_received++;

  if (number <= self->latest)
    {
      /* The peer does not know that it arrived: tell it again. */
      self->acknowledged = MIN (self->acknowledged, number - 1);
      return FALSE;
    }
  self->latest = number;
  return TRUE;
}

gboolean
kr_hub_replay_buffer_receive_sequence (KrHubReplayBuffer *self, gint64 number)
{
  /* The last Sequence may have gone back behind what was acknowledged since, if its transport was lost before the messages
   * that follow it came. */
  if (number > MAX (self->next_received, self->latest + 1) || number < 1)
    return FALSE;
  self->next_received = number;
  return TRUE;
}

gboolean
kr_hub_replay_buffer_owes_ack (const KrHubReplayBuffer *self)
{
  return self->latest > self->acknowledged;
}
