/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* KrHubOutbox: what waits to be delivered to one peer, as own bytes and shared ones, with a limit. */
#include "config.h"

#include "kr-hub-outbox-private.h"

/* Larger buffers go back to the allocator: one large answer must not be kept for ever. */
#define MAX_SPARE_CAPACITY (64 * 1024)
#define MIN_COMPACTION (16 * 1024)

static KrHubBuffer
buffer_pool_take (KrHubBufferPool *self)
{
  if (self != NULL && self->n > 0)
    return self->spare[--self->n];
  return (KrHubBuffer) KR_HUB_BUFFER_INIT;
}

static void
buffer_pool_give (KrHubBufferPool *self, KrHubBuffer *buffer)
{
  if (self != NULL && self->n < KR_HUB_BUFFER_POOL_SIZE && buffer->cap <= MAX_SPARE_CAPACITY)
    {
      buffer->len = 0;
      self->spare[self->n++] = *buffer;
      *buffer = (KrHubBuffer) KR_HUB_BUFFER_INIT;
    }
  else
    kr_hub_buffer_clear (buffer);
}

void
kr_hub_buffer_pool_clear (KrHubBufferPool *self)
{
  while (self->n > 0)
    kr_hub_buffer_clear (&self->spare[--self->n]);
}

static inline KrHubSegment *
segments (KrHubOutbox *self)
{
  return kr_hub_outbox_get_segment (self, 0);
}

/* Room for one more behind the last: by moving to the front, or by growing. */
static void
make_room (KrHubOutbox *self)
{
  guint cap = MAX (self->cap, KR_HUB_OUTBOX_INLINE);

  if (self->head > 0)
    {
      memmove (segments (self) - self->head, segments (self), self->n * sizeof (KrHubSegment));
      self->head = 0;
    }
  if (self->n < cap)
    return;
  self->cap = cap * 2;
  if (self->segments != NULL)
    self->segments = g_renew (KrHubSegment, self->segments, self->cap);
  else
    {
      self->segments = g_new (KrHubSegment, self->cap);
      memcpy (self->segments, self->first_segments, sizeof self->first_segments);
    }
}

static inline KrHubSegment *
add_segment (KrHubOutbox *self)
{
  if (G_UNLIKELY (self->head + self->n >= MAX (self->cap, KR_HUB_OUTBOX_INLINE)))
    make_room (self);
  return segments (self) + self->n++;
}

/* A slow peer's outbox never runs empty: reclaim what was sent from the front of the own bytes, at a cost that the bytes
 * sent since last time pay for. */
static void
compact (KrHubOutbox *self)
{
  gsize sent = self->own.len;

  for (guint i = 0; i < self->n; i++)
    if (segments (self)[i].shared == NULL)
      {
        sent = segments (self)[i].offset;
        break;
      }
  if (sent < MIN_COMPACTION || sent < self->own.len / 2)
    return;
  memmove (self->own.data, self->own.data + sent, self->own.len - sent);
  self->own.len -= sent;
  self->counted -= sent;
  for (guint i = 0; i < self->n; i++)
    if (segments (self)[i].shared == NULL)
      segments (self)[i].offset -= sent;
}

KrHubBuffer *
kr_hub_outbox_begin (KrHubOutbox *self)
{
  if (self->own.data == NULL)
    self->own = buffer_pool_take (self->pool);
  else if (G_UNLIKELY (self->own.len >= MIN_COMPACTION))
    compact (self);
  return &self->own;
}

void
kr_hub_outbox_end (KrHubOutbox *self)
{
  gsize more = self->own.len - self->counted;
  KrHubSegment *last = self->n > 0 ? &segments (self)[self->n - 1] : NULL;

  if (more == 0)
    return;
  if (last != NULL && last->shared == NULL)
    last->len += more;
  else
    *add_segment (self) = (KrHubSegment) { NULL, NULL, self->counted, more };
  self->counted += more;
  self->size += more;
}

void
kr_hub_outbox_push (KrHubOutbox *self, GBytes *messages, char *target)
{
  gsize len = g_bytes_get_size (messages);

  if (G_UNLIKELY (target != NULL))
    g_ref_string_acquire (target);
  *add_segment (self) = (KrHubSegment) { g_bytes_ref (messages), target, 0, len };
  self->size += len;
}

gsize
kr_hub_outbox_peek (KrHubOutbox *self, GOutputVector *vectors, gsize max_vectors, gsize enough, gsize *n_bytes)
{
  gsize most = MIN (self->n, max_vectors);
  gsize n;

  *n_bytes = 0;
  for (n = 0; n < most && *n_bytes < enough; n++)
    {
      const KrHubSegment *segment = &segments (self)[n];
      const guint8 *data = segment->shared != NULL ? g_bytes_get_data (segment->shared, NULL) : self->own.data;

      vectors[n].buffer = data + segment->offset;
      vectors[n].size = segment->len;
      *n_bytes += segment->len;
    }
  return n;
}

/* The outbox is empty: nothing is held for a peer that has everything. */
static void
release_memory (KrHubOutbox *self)
{
  if (self->own.data != NULL)
    buffer_pool_give (self->pool, &self->own);
  self->counted = 0;
  g_clear_pointer (&self->segments, g_free);
  self->head = self->cap = 0;
}

static inline void
release_segment (KrHubSegment *segment)
{
  if (segment->shared != NULL)
    g_bytes_unref (segment->shared);
  if (G_UNLIKELY (segment->target != NULL))
    g_ref_string_release (segment->target);
}

void
kr_hub_outbox_sent (KrHubOutbox *self, gsize n_bytes)
{
  self->size -= n_bytes;
  self->committed -= MIN (self->committed, n_bytes);
  while (n_bytes > 0)
    {
      KrHubSegment *segment = segments (self);
      gsize part = MIN (segment->len, n_bytes);

      n_bytes -= part;
      segment->offset += part;
      segment->len -= part;
      if (segment->len > 0)
        return;
      release_segment (segment);
      self->head++;
      self->n--;
    }
  if (self->n == 0)
    release_memory (self);
}

void
kr_hub_outbox_clear (KrHubOutbox *self)
{
  for (guint i = 0; i < self->n; i++)
    release_segment (&segments (self)[i]);
  self->n = 0;
  self->size = self->committed = 0;
  release_memory (self);
}

/* --- dropping --- */

guint
kr_hub_outbox_count_committed (KrHubOutbox *self)
{
  gsize left = self->committed;
  guint n = 0;

  while (n < self->n && left > 0)
    left -= MIN (left, segments (self)[n++].len);
  return n;
}

guint
kr_hub_outbox_count_shared (KrHubOutbox *self, guint index)
{
  guint n = 0;

  for (guint i = index; i < self->n; i++)
    n += segments (self)[i].shared != NULL;
  return n;
}

/* Own segments that come together become one: what must stay takes no more segments than it needs. */
static void
join (KrHubOutbox *self, guint index)
{
  KrHubSegment *first = segments (self) + index;

  if (index + 1 >= self->n || first[0].shared != NULL || first[1].shared != NULL)
    return;
  first[1].offset = first[0].offset;
  first[1].len += first[0].len;
  memmove (segments (self) + 1, segments (self), index * sizeof (KrHubSegment));
  self->head++;
  self->n--;
}

/* Moves the shorter side: what is dropped is near the front, or few newer ones are behind it. */
void
kr_hub_outbox_remove (KrHubOutbox *self, guint index)
{
  KrHubSegment *segment = segments (self) + index;

  self->size -= segment->len;
  release_segment (segment);
  if (index < self->n / 2)
    {
      memmove (segments (self) + 1, segments (self), index * sizeof (KrHubSegment));
      self->head++;
    }
  else
    memmove (segment, segment + 1, (self->n - index - 1) * sizeof (KrHubSegment));
  self->n--;
  if (index > kr_hub_outbox_count_committed (self))
    join (self, index - 1);
}
