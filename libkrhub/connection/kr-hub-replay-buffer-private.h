/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* KrHubReplayBuffer: sent but not acknowledged messages of a stateful connection, and the numbers of both directions. */
#pragma once

#if !defined (KR_HUB_INSIDE) && !defined (KR_HUB_COMPILATION)
#error "This header is private to libkrhub."
#endif

#include <gio/gio.h>

G_BEGIN_DECLS

/* Messages are numbered from 1 by their order; the numbers are never written in them (signalr.md 8). Sans-IO. */
typedef struct
{
  GQueue messages;      /* of GBytes, one message each; the first has number first_sent */
  gsize size;           /* of all of them */
  gint64 first_sent;
  gint64 next_received; /* number that the next message from the peer has */
  gint64 latest;        /* highest number received */
  gint64 acknowledged;  /* highest number that the peer was told of */
  gint64 last_ack;      /* when, µs */
} KrHubReplayBuffer;

void kr_hub_replay_buffer_init (KrHubReplayBuffer *self);
void kr_hub_replay_buffer_clear (KrHubReplayBuffer *self);

/* Takes a reference on one message that is sent now. */
void kr_hub_replay_buffer_add (KrHubReplayBuffer *self, GBytes *message);
/* The peer has everything up to @number; numbers that are too high, repeated or lower are harmless. */
void kr_hub_replay_buffer_ack (KrHubReplayBuffer *self, gint64 number);
/* What Sequence says before a replay: the number of the first message that is kept, or of the next one to be sent. */
gint64 kr_hub_replay_buffer_get_sequence (const KrHubReplayBuffer *self);

/* A message has arrived; FALSE if it is a duplicate and is to be dropped. */
gboolean kr_hub_replay_buffer_receive (KrHubReplayBuffer *self);
/* The peer begins a replay at @number; FALSE if it is higher than what follows. */
gboolean kr_hub_replay_buffer_receive_sequence (KrHubReplayBuffer *self, gint64 number);
/* Whether the peer is owed an Ack. */
gboolean kr_hub_replay_buffer_owes_ack (const KrHubReplayBuffer *self);

G_END_DECLS
