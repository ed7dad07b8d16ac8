/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* KrHubSoupMailbox: letters from one thread to another one, handed over many at a time. */
#pragma once

#if !defined (KR_HUB_SOUP_COMPILATION)
#error "Private header of transports/soup."
#endif

#include <gio/gio.h>

G_BEGIN_DECLS

/* Runs in the reader's thread. @content is borrowed, and aligned for any type. */
typedef void (*KrHubSoupLetterFunc) (gpointer addressee, const guint8 *content, gsize len);

typedef struct _KrHubSoupMailboxChunk KrHubSoupMailboxChunk;

/* One thread writes and posts, one delivers. What is written is not seen until it is posted: a turn of the writer's loop
 * then costs one lock and at most one wake-up, however many letters it wrote. */
typedef struct
{
  KrHubSoupMailboxChunk *first;         /* the writer's, not posted yet */
  KrHubSoupMailboxChunk *last;
  GMainContext *reader;                 /* woken up by a post */
  GMutex lock;
  KrHubSoupMailboxChunk *posted_first;  /* guarded by the lock, like all below */
  KrHubSoupMailboxChunk *posted_last;
  KrHubSoupMailboxChunk *spare;
  guint n_spare;
  gint waiting;                         /* atomic as well: something is posted */
} KrHubSoupMailbox;

void kr_hub_soup_mailbox_init (KrHubSoupMailbox *self, GMainContext *reader);
void kr_hub_soup_mailbox_clear (KrHubSoupMailbox *self);
guint8 *kr_hub_soup_mailbox_write (KrHubSoupMailbox *self, KrHubSoupLetterFunc func, gpointer addressee, gsize len);
void kr_hub_soup_mailbox_post (KrHubSoupMailbox *self);
gboolean kr_hub_soup_mailbox_is_waiting (KrHubSoupMailbox *self);
void kr_hub_soup_mailbox_deliver (KrHubSoupMailbox *self);

G_END_DECLS
