/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* KrHubSoupMailbox: letters from one thread to another one, handed over many at a time. */
#include "config.h"

#include "kr-hub-soup-mailbox-private.h"

#define CHUNK_SIZE (32 * 1024)
#define MAX_SPARE 4

typedef struct
{
  KrHubSoupLetterFunc func;
  gpointer addressee;
  gsize len;
  gsize padding; /* what follows is aligned like the letter */
} Letter;

struct _KrHubSoupMailboxChunk
{
  KrHubSoupMailboxChunk *next;
  gsize len;
  gsize size;
  gsize padding;
  guint8 data[];
};

G_STATIC_ASSERT (sizeof (Letter) % (2 * sizeof (gsize)) == 0);
G_STATIC_ASSERT (sizeof (KrHubSoupMailboxChunk) % (2 * sizeof (gsize)) == 0);

void
kr_hub_soup_mailbox_init (KrHubSoupMailbox *self, GMainContext *reader)
{
  *self = (KrHubSoupMailbox) { .reader = g_main_context_ref (reader) };
  g_mutex_init (&self->lock);
}

static void
free_chunks (KrHubSoupMailboxChunk *chunk)
{
  while (chunk != NULL)
    {
      KrHubSoupMailboxChunk *next = chunk->next;

      g_free (chunk);
      chunk = next;
    }
}

/* Letters that nobody read are lost. */
void
kr_hub_soup_mailbox_clear (KrHubSoupMailbox *self)
{
  free_chunks (self->first);
  free_chunks (self->posted_first);
  free_chunks (self->spare);
  g_mutex_clear (&self->lock);
  g_main_context_unref (self->reader);
}

/* --- the writer --- */

static KrHubSoupMailboxChunk *
take_spare (KrHubSoupMailbox *self)
{
  KrHubSoupMailboxChunk *chunk;

  g_mutex_lock (&self->lock);
  chunk = self->spare;
  if (chunk != NULL)
    {
      self->spare = chunk->next;
      self->n_spare--;
    }
  g_mutex_unlock (&self->lock);
  return chunk;
}

static KrHubSoupMailboxChunk *
append_chunk (KrHubSoupMailbox *self, gsize size)
{
  KrHubSoupMailboxChunk *chunk = size <= CHUNK_SIZE ? take_spare (self) : NULL;

  if (chunk == NULL)
    {
      chunk = g_malloc (sizeof *chunk + MAX (size, CHUNK_SIZE));
      chunk->size = MAX (size, CHUNK_SIZE);
    }
  chunk->next = NULL;
  chunk->len = 0;
  if (self->last != NULL)
    self->last->next = chunk;
  else
    self->first = chunk;
  self->last = chunk;
  return chunk;
}

static gsize
padded (gsize len)
{
  return (len + sizeof (Letter) - 1) & ~(sizeof (Letter) - 1);
}

/* Returns where the @len bytes of content belong, which the caller writes before it posts. */
guint8 *
kr_hub_soup_mailbox_write (KrHubSoupMailbox *self, KrHubSoupLetterFunc func, gpointer addressee, gsize len)
{
  gsize size = sizeof (Letter) + padded (len);
  KrHubSoupMailboxChunk *chunk = self->last;
  Letter *letter;

  if (chunk == NULL || chunk->size - chunk->len < size)
    chunk = append_chunk (self, size);
  letter = (Letter *) (chunk->data + chunk->len);
  chunk->len += size;
  letter->func = func;
  letter->addressee = addressee;
  letter->len = len;
  return (guint8 *) (letter + 1);
}

void
kr_hub_soup_mailbox_post (KrHubSoupMailbox *self)
{
  gboolean idle;

  if (self->first == NULL)
    return;
  g_mutex_lock (&self->lock);
  idle = self->posted_first == NULL;
  if (idle)
    self->posted_first = self->first;
  else
    self->posted_last->next = self->first;
  self->posted_last = self->last;
  g_atomic_int_set (&self->waiting, TRUE);
  g_mutex_unlock (&self->lock);
  self->first = self->last = NULL;
  if (idle) /* otherwise somebody was woken up already, and has not looked yet */
    g_main_context_wakeup (self->reader);
}

/* --- the reader --- */

gboolean
kr_hub_soup_mailbox_is_waiting (KrHubSoupMailbox *self)
{
  return g_atomic_int_get (&self->waiting);
}

static KrHubSoupMailboxChunk *
take_posted (KrHubSoupMailbox *self)
{
  KrHubSoupMailboxChunk *chunk;

  g_mutex_lock (&self->lock);
  chunk = g_steal_pointer (&self->posted_first);
  self->posted_last = NULL;
  g_atomic_int_set (&self->waiting, FALSE);
  g_mutex_unlock (&self->lock);
  return chunk;
}

static void
give_back (KrHubSoupMailbox *self, KrHubSoupMailboxChunk *chunk)
{
  if (chunk->size == CHUNK_SIZE)
    {
      g_mutex_lock (&self->lock);
      if (self->n_spare < MAX_SPARE)
        {
          chunk->next = self->spare;
          self->spare = chunk;
          self->n_spare++;
          chunk = NULL;
        }
      g_mutex_unlock (&self->lock);
    }
  g_free (chunk);
}

static void
deliver_chunk (const KrHubSoupMailboxChunk *chunk)
{
  for (gsize at = 0; at < chunk->len;)
    {
      const Letter *letter = (const Letter *) (chunk->data + at);

      at += sizeof *letter + padded (letter->len);
      letter->func (letter->addressee, (const guint8 *) (letter + 1), letter->len);
    }
}

/* Calls the functions of all that was posted before, in order. */
void
kr_hub_soup_mailbox_deliver (KrHubSoupMailbox *self)
{
  KrHubSoupMailboxChunk *chunk = take_posted (self);

  while (chunk != NULL)
    {
      KrHubSoupMailboxChunk *next = chunk->next;

      deliver_chunk (chunk);
      give_back (self, chunk);
      chunk = next;
    }
}
