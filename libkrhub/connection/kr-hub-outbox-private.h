/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* KrHubOutbox: what waits to be delivered to one peer, as own bytes and shared ones, with a limit. */
#pragma once

#if !defined (KR_HUB_INSIDE) && !defined (KR_HUB_COMPILATION)
#error "This header is private to libkrhub."
#endif

#include "kr-hub-buffer.h"

G_BEGIN_DECLS

/* Spare buffers of all connections of one hub: a busy connection need not grow a new one each turn, an idle one holds
 * none. All zero is a valid empty pool; it belongs to the hub's thread. */
#define KR_HUB_BUFFER_POOL_SIZE 32
typedef struct
{
  KrHubBuffer spare[KR_HUB_BUFFER_POOL_SIZE];
  guint n;
} KrHubBufferPool;

void kr_hub_buffer_pool_clear (KrHubBufferPool *self);

/* A run of output: bytes shared with other outboxes, or (shared == NULL) a range of the outbox's own buffer. */
typedef struct
{
  GBytes *shared;
  char *target;         /* of an event, which may be dropped; a GRefString. NULL: must stay */
  gsize offset;
  gsize len;
} KrHubSegment;

/* What one segment costs beside its bytes: its place in an array that is up to twice too long, a GBytes, a target, and what
 * the allocator adds to each. It counts, so that a peer that does not read costs no more than the limit. */
#define KR_HUB_SEGMENT_OVERHEAD 224

/* What a transport is given at a time where events may be dropped: it may promise those bytes to its peer. */
#define KR_HUB_OUTBOX_COMMIT (16 * 1024)

/* What a turn produces for a connection is seldom more. */
#define KR_HUB_OUTBOX_INLINE 4

/* All zero but for the pool is a valid empty outbox; an empty one holds no memory. */
typedef struct
{
  KrHubBufferPool *pool;
  KrHubBuffer own;
  gsize counted;          /* bytes of own that belong to a segment already */
  KrHubSegment *segments; /* the oldest at head; NULL as long as first_segments are enough */
  guint head;
  guint n;
  guint cap;
  gsize size;             /* bytes that wait, in all */
  gsize committed;        /* the first of them that must stay as they are; kept where events may be dropped */
  KrHubSegment first_segments[KR_HUB_OUTBOX_INLINE];
} KrHubOutbox;

/* Messages for this peer alone are appended to begin()'s buffer; end() then makes them wait. What was appended beyond
 * what end() saw may be taken back by shortening the buffer. */
KrHubBuffer *kr_hub_outbox_begin (KrHubOutbox *self);
void kr_hub_outbox_end (KrHubOutbox *self);

/* Whole messages that other outboxes may hold too; references are taken. @target: of an event, a GRefString, or NULL. */
void kr_hub_outbox_push (KrHubOutbox *self, GBytes *messages, char *target);

/* As KrHubTransportSink.peek and .sent; ends with the segment that reaches @enough. */
gsize kr_hub_outbox_peek (KrHubOutbox *self, GOutputVector *vectors, gsize max_vectors, gsize enough, gsize *n_bytes);
void kr_hub_outbox_sent (KrHubOutbox *self, gsize n_bytes);

void kr_hub_outbox_clear (KrHubOutbox *self);

/* For dropping: segments that are committed, even in part; one of them by its index; without it. */
guint kr_hub_outbox_count_committed (KrHubOutbox *self);
void kr_hub_outbox_remove (KrHubOutbox *self, guint index);
/* Shared ones from @index on. */
guint kr_hub_outbox_count_shared (KrHubOutbox *self, guint index);

static inline KrHubSegment *
kr_hub_outbox_get_segment (KrHubOutbox *self, guint index)
{
  return (G_LIKELY (self->segments == NULL) ? self->first_segments : self->segments) + self->head + index;
}

/* What waits, and what it takes to hold it. */
static inline gsize
kr_hub_outbox_get_cost (const KrHubOutbox *self)
{
  return self->size + (gsize) self->n * KR_HUB_SEGMENT_OVERHEAD;
}

G_END_DECLS
