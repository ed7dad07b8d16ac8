/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* KrHubReplayBuffer: sent but not acknowledged messages of a stateful connection, and the numbers of both directions. */
#pragma once

#if !defined (KR_HUB_INSIDE) && !defined (KR_HUB_COMPILATION)
#error "This header is private to libkrhub."
#endif

#include <gio/gio.h>

G_BEGIN_DECLS

/* One message that the peer has not acknowledged. */
typedef struct
{
  GBytes *bytes;
  char *target;         /* of an event, which may be dropped; a GRefString. NULL: must stay */
} KrHubReplayEntry;

/* As KR_HUB_SEGMENT_OVERHEAD, with the entry and the queue's link. */
#define KR_HUB_REPLAY_OVERHEAD 320

/* Messages are numbered from 1 by their order; the numbers are never written in them (signalr.md 8). Sans-IO. */
typedef struct
{
  GQueue messages;      /* of KrHubReplayEntry; the first has number first_sent */
  guint n_handed;       /* that any transport was given, from the first on; kept where events may be dropped */
  gsize size;           /* of all of them */
  gint64 first_sent;
  gint64 next_received; /* number that the next message from the peer has */
  gint64 latest;        /* highest number received */
  gint64 acknowledged;  /* highest number that the peer was told of */
  gint64 last_ack;      /* when, µs */
} KrHubReplayBuffer;

void kr_hub_replay_buffer_init (KrHubReplayBuffer *self);
void kr_hub_replay_buffer_clear (KrHubReplayBuffer *self);

/* Takes references on one message that is sent now; @target: of an event, a GRefString, or NULL. */
void kr_hub_replay_buffer_add (KrHubReplayBuffer *self, GBytes *message, char *target);
/* Drops a message that no transport was given: those behind it move up. */
void kr_hub_replay_buffer_remove (KrHubReplayBuffer *self, GList *link);
/* The peer has everything up to @number; numbers that are too high, repeated or lower are harmless. */
void kr_hub_replay_buffer_ack (KrHubReplayBuffer *self, gint64 number);
/* What Sequence says before a replay: the number of the first message that is kept, or of the next one to be sent. */
gint64 kr_hub_replay_buffer_get_sequence (const KrHubReplayBuffer *self);

/* A message has arrived; FALSE if it is a duplicate and is to be dropped. */
gboolean kr_hub_replay_buffer_receive (KrHubReplayBuffer *self);
/* The peer begins a replay at @number; FALSE if it is higher than what follows. */
gboolean kr_hub_replay_buffer_receive_sequence (KrHubReplayBuffer *self, gint64 number);
static inline gsize
kr_hub_replay_buffer_get_cost (const KrHubReplayBuffer *self)
{
  return self->size + (gsize) self->messages.length * KR_HUB_REPLAY_OVERHEAD;
}

/* Whether the peer is owed an Ack. */
gboolean kr_hub_replay_buffer_owes_ack (const KrHubReplayBuffer *self);

G_END_DECLS
