/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* KrHubStreamTable: the streams of one connection, by id, and the writers that wait for room. */
#pragma once

#if !defined (KR_HUB_INSIDE) && !defined (KR_HUB_COMPILATION)
#error "This header is private to libkrhub."
#endif

#include "kr-hub-clock.h"
#include "kr-hub-stream-private.h"

G_BEGIN_DECLS

/* A connection has one from its first stream on; in the connection's thread, all of it. */
typedef struct
{
  KrHubConnection *connection;
  GHashTable *answers;  /* of KrHubInvocation: calls that we answer with a stream, by id; a hold on each */
  GHashTable *readers;  /* of KrHubStream, by id; no reference: a reader takes itself out */
  GQueue waiting;       /* of KrHubWaiter: writers of streams, and senders */
  GQueue ended;         /* the same, whose streams ended meanwhile */
  KrHubTimer wake;
  gsize n_bytes;        /* that all readers hold */
  guint n_full;         /* readers that hold more than they should */
  gsize n_owed;         /* of the connection's n_posted: items that are sent, but the peer is behind */
} KrHubStreamTable;

/* What may wait for the peer before writers are asked to wait; they go on at half (signalr.md 4, "Slow readers"). */
#define KR_HUB_STREAM_HIGH_WATER (64 * 1024)

KrHubStreamTable *kr_hub_stream_table_get (KrHubConnection *connection);
void kr_hub_stream_table_free (KrHubStreamTable *self);

/* NULL @self is an empty table. */
guint kr_hub_stream_table_get_n (KrHubStreamTable *self);
KrHubInvocation *kr_hub_stream_table_find_answer (KrHubStreamTable *self, const KrHubSlice *id);
void kr_hub_stream_table_add_answer (KrHubStreamTable *self, KrHubInvocation *invocation);
void kr_hub_stream_table_remove_answer (KrHubStreamTable *self, KrHubInvocation *invocation);

/* Another reader of that id ends. */
void kr_hub_stream_table_add_reader (KrHubStreamTable *self, KrHubStream *stream);
void kr_hub_stream_table_remove_reader (KrHubStreamTable *self, KrHubStream *stream);
/* FALSE if the id is none of a reader's. */
gboolean kr_hub_stream_table_receive_item (KrHubStreamTable *self, const KrHubMessage *item);
gboolean kr_hub_stream_table_receive_end (KrHubStreamTable *self, const KrHubMessage *completion);

gboolean kr_hub_stream_table_is_writable (KrHubConnection *connection);
/* What may wait for a peer before others are asked to wait; they go on at half. */
gsize kr_hub_stream_table_get_high_water (KrHubConnection *connection);
void kr_hub_stream_table_wait (KrHubStreamTable *self, GTask *task);
/* Output was delivered. */
void kr_hub_stream_table_drained (KrHubStreamTable *self);

/* The connection is over: cancels, ends and wakes all. @error NULL: in good order. */
void kr_hub_stream_table_end (KrHubStreamTable *self, const GError *error);

G_END_DECLS
