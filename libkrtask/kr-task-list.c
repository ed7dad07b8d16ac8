/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* KrTaskList: the jobs in order of submission; append, remove and position without moving the rest. */
#include "config.h"

#include "kr-task-job-private.h"
#include "kr-task-list-private.h"

#define BLOCK_SIZE 128

/* Jobs mostly leave in the order in which they came, so a block empties as a whole, and the first block goes at once. An
 * empty block further back stays until it is the first one. */
typedef struct _KrTaskListBlock
{
  guint64 number; /* counts the blocks since the beginning */
  guint n_gone;   /* the first slots, which are empty again */
  KrTaskJob *slots[BLOCK_SIZE];
} KrTaskListBlock;

typedef struct
{
  KrTaskListBlock *block;
  guint16 n_used; /* slots that were ever filled */
  guint16 n_live; /* slots that still are */
} Entry;

struct _KrTaskList
{
  GArray *entries; /* of Entry; the first `head` ones are gone */
  guint head;
  guint64 first_number; /* of the block in entries[0] */
  guint length;
  /* where the last get() ended: lists are read in order */
  guint cached_index, cached_start;
};

static inline Entry *
entry_at (KrTaskList *self, guint index)
{
  return &g_array_index (self->entries, Entry, index);
}

KrTaskList *
kr_task_list_new (void)
{
  KrTaskList *self = g_new0 (KrTaskList, 1);

  self->entries = g_array_new (FALSE, FALSE, sizeof (Entry));
  return self;
}

/* The list must be empty: it does not own the jobs. */
void
kr_task_list_free (KrTaskList *self)
{
  for (guint i = self->head; i < self->entries->len; i++)
    g_free (entry_at (self, i)->block);
  g_array_unref (self->entries);
  g_free (self);
}

guint
kr_task_list_get_length (KrTaskList *self)
{
  return self->length;
}

static void
forget_cache (KrTaskList *self)
{
  self->cached_index = self->head;
  self->cached_start = 0;
}

static Entry *
last_entry_with_room (KrTaskList *self)
{
  Entry entry = { 0 };

  if (self->entries->len > self->head)
    {
      Entry *last = entry_at (self, self->entries->len - 1);

      if (last->n_used < BLOCK_SIZE)
        return last;
    }
  entry.block = g_new0 (KrTaskListBlock, 1);
  entry.block->number = self->first_number + self->entries->len;
  g_array_append_val (self->entries, entry);
  return entry_at (self, self->entries->len - 1);
}

void
kr_task_list_append (KrTaskList *self, KrTaskJob *job)
{
  Entry *entry = last_entry_with_room (self);

  job->place.block = entry->block;
  job->place.slot = entry->n_used;
  entry->block->slots[entry->n_used++] = job;
  entry->n_live++;
  self->length++;
}

/* Drops full empty blocks at the front, and now and then the room that they leave in the array. */
static void
drop_empty_front (KrTaskList *self)
{
  while (self->head < self->entries->len && entry_at (self, self->head)->n_live == 0 &&
         entry_at (self, self->head)->n_used == BLOCK_SIZE)
    g_free (entry_at (self, self->head++)->block);
  if (self->head > 64 && self->head > self->entries->len / 2)
    {
      g_array_remove_range (self->entries, 0, self->head);
      self->first_number += self->head;
      self->head = 0;
    }
  forget_cache (self);
}

guint
kr_task_list_get_position (KrTaskList *self, KrTaskJob *job)
{
  KrTaskListBlock *block = job->place.block;
  guint index = block->number - self->first_number;
  guint position = 0;

  for (guint i = self->head; i < index; i++)
    position += entry_at (self, i)->n_live;
  for (guint i = block->n_gone; i < job->place.slot; i++)
    position += block->slots[i] != NULL;
  return position;
}

void
kr_task_list_remove (KrTaskList *self, KrTaskJob *job)
{
  KrTaskListBlock *block = job->place.block;
  guint index = block->number - self->first_number;

  block->slots[job->place.slot] = NULL;
  while (block->n_gone < entry_at (self, index)->n_used && block->slots[block->n_gone] == NULL)
    block->n_gone++;
  entry_at (self, index)->n_live--;
  job->place.block = NULL;
  self->length--;
  if (index == self->head && entry_at (self, index)->n_live == 0)
    drop_empty_front (self);
  else
    forget_cache (self);
}

static KrTaskJob *
nth_of_block (Entry *entry, guint n)
{
  if (entry->n_live == entry->n_used)
    return entry->block->slots[n];
  for (guint i = entry->block->n_gone; i < entry->n_used; i++)
    if (entry->block->slots[i] != NULL && n-- == 0)
      return entry->block->slots[i];
  return NULL;
}

/* Returns NULL beyond the end; the list keeps its reference. */
KrTaskJob *
kr_task_list_get (KrTaskList *self, guint position)
{
  if (position >= self->length)
    return NULL;
  if (position < self->cached_start || self->cached_index < self->head)
    forget_cache (self);
  while (position >= self->cached_start + entry_at (self, self->cached_index)->n_live)
    self->cached_start += entry_at (self, self->cached_index++)->n_live;
  return nth_of_block (entry_at (self, self->cached_index), position - self->cached_start);
}
