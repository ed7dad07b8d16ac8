/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* KrHubSession: room in the outbox of a peer that does not read, made by dropping events. */
#include "config.h"

#include "kr-hub-session-private.h"

/* What was not watched until now may have been given to a transport. */
void
kr_hub_session_set_policy (KrHubSession *self, KrHubOutboxPolicy policy)
{
  self->policy = policy;
  self->outbox.committed = self->outbox.size;
  if (self->replay != NULL)
    self->replay->n_handed = self->replay->messages.length;
}

/* Behind it as much may wait as ever: whoever reads it must not be lost to the next small message. Of another one that was let
 * in before, no more waits by now than the limit. */
void
kr_hub_session_admit_large (KrHubSession *self, gsize len)
{
  if (!kr_hub_session_is_beyond (self, self->settings->max_outbox_size + len + KR_HUB_SEGMENT_OVERHEAD))
    self->large = len + KR_HUB_SEGMENT_OVERHEAD;
}

static void
count_dropped (KrHubSession *self, GBytes *message)
{
  guint policy = self->policy - KR_HUB_OUTBOX_DROP_OLDEST;

  if (G_UNLIKELY (g_bytes_get_size (message) > self->settings->max_outbox_size))
    self->large = 0;
  self->counters->n_dropped[policy]++;
  self->counters->n_bytes_dropped[policy] += g_bytes_get_size (message);
}

/* --- without stateful reconnect: what waits is in the outbox alone --- */

static void
drop_segment (KrHubSession *self, guint index)
{
  count_dropped (self, kr_hub_outbox_get_segment (&self->outbox, index)->shared);
  kr_hub_outbox_remove (&self->outbox, index);
}

static void
drop_oldest_segments (KrHubSession *self)
{
  guint i = kr_hub_outbox_count_committed (&self->outbox);

  while (i < self->outbox.n && kr_hub_session_is_over_limit (self))
    if (kr_hub_outbox_get_segment (&self->outbox, i)->target != NULL)
      drop_segment (self, i);
    else
      i++;
}

/* From the newest to the oldest; the set borrows from the newest of each target, which stays. */
static void
keep_latest_segments (KrHubSession *self)
{
  g_autoptr (GHashTable) seen = g_hash_table_new (g_str_hash, g_str_equal);
  guint first = kr_hub_outbox_count_committed (&self->outbox);

  for (guint i = self->outbox.n; i > first; i--)
    {
      char *target = kr_hub_outbox_get_segment (&self->outbox, i - 1)->target;

      if (target == NULL || !g_hash_table_contains (seen, target))
        {
          if (target != NULL)
            g_hash_table_add (seen, target);
          continue;
        }
      drop_segment (self, i - 1);
    }
}

/* --- stateful --- */

/* Messages are numbered by their order, at both ends. One that no transport was given has no number at the peer yet, so
 * that it can go, and those behind it move up; one that was may have arrived, and has to stay until it is acknowledged.
 * Shared segments of the outbox are the last messages of the buffer, in the same order. */

static void
drop_entry (KrHubSession *self, GList *link)
{
  KrHubReplayEntry *entry = link->data;

  count_dropped (self, entry->bytes);
  kr_hub_replay_buffer_remove (self->replay, link);
}

/* Where the segments of those begin that no transport was given. */
static guint
find_unhanded (KrHubSession *self)
{
  guint n_unhanded = self->replay->messages.length - self->replay->n_handed;
  guint i = self->outbox.n;

  while (i > 0 && n_unhanded > 0)
    n_unhanded -= kr_hub_outbox_get_segment (&self->outbox, --i)->shared != NULL;
  return i;
}

static void
drop_oldest_entries (KrHubSession *self)
{
  GList *link = g_queue_peek_nth_link (&self->replay->messages, self->replay->n_handed);
  guint i = find_unhanded (self);

  while (link != NULL && kr_hub_session_is_over_limit (self))
    {
      KrHubReplayEntry *entry = link->data;
      GList *next = link->next;

      while (i < self->outbox.n && kr_hub_outbox_get_segment (&self->outbox, i)->shared == NULL)
        i++;
      /* The message's segment is the one at i, unless the transport is lost. */
      if (entry->target == NULL)
        i++;
      else
        {
          if (i < self->outbox.n)
            kr_hub_outbox_remove (&self->outbox, i);
          drop_entry (self, link);
        }
      link = next;
    }
}

static void
keep_latest_entries (KrHubSession *self)
{
  g_autoptr (GHashTable) seen = g_hash_table_new (g_str_hash, g_str_equal);
  guint left = self->replay->messages.length - self->replay->n_handed;
  guint i = self->outbox.n;

  for (GList *link = self->replay->messages.tail, *before; left > 0; left--, link = before)
    {
      KrHubReplayEntry *entry = link->data;

      before = link->prev;
      while (i > 0 && kr_hub_outbox_get_segment (&self->outbox, i - 1)->shared == NULL)
        i--;
      /* The message's segment is the one at i - 1, unless the transport is lost. */
      if (entry->target != NULL && g_hash_table_contains (seen, entry->target))
        {
          if (i > 0)
            kr_hub_outbox_remove (&self->outbox, i - 1);
          drop_entry (self, link);
        }
      else if (entry->target != NULL)
        g_hash_table_add (seen, entry->target);
      i -= i > 0;
    }
}

void
kr_hub_session_make_room (KrHubSession *self)
{
  if (self->policy == KR_HUB_OUTBOX_DROP_OLDEST)
    {
      if (self->replay != NULL)
        drop_oldest_entries (self);
      else
        drop_oldest_segments (self);
    }
  else if (self->policy == KR_HUB_OUTBOX_LATEST_WINS)
    {
      if (self->replay != NULL)
        keep_latest_entries (self);
      else
        keep_latest_segments (self);
    }
}

/* --- what a transport is given --- */

/* Messages behind the first @n segments have not been handed out; a peer may have acknowledged some of them all the same. */
static void
note_handed (KrHubSession *self, guint n)
{
  guint n_kept = self->replay->messages.length;
  guint n_left = kr_hub_outbox_count_shared (&self->outbox, n);

  if (n_left < n_kept)
    self->replay->n_handed = MAX (self->replay->n_handed, n_kept - n_left);
}

gsize
kr_hub_session_peek (KrHubSession *self, GOutputVector *vectors, gsize max_vectors, gsize *n_bytes)
{
  KrHubOutbox *outbox = &self->outbox;
  gsize n;

  if (G_LIKELY (!kr_hub_session_drops (self)))
    return kr_hub_outbox_peek (outbox, vectors, max_vectors, G_MAXSIZE, n_bytes);
  n = kr_hub_outbox_peek (outbox, vectors, max_vectors, KR_HUB_OUTBOX_COMMIT, n_bytes);
  outbox->committed = MAX (outbox->committed, *n_bytes);
  if (self->replay != NULL)
    note_handed (self, n);
  return n;
}
