/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* KrHubSoupLobby: where connections wait until the head of their first request is there. */
#pragma once

#if !defined (KR_HUB_SOUP_COMPILATION)
#error "Private header of transports/soup."
#endif

#include <krhub.h>

#include "kr-hub-soup-guests-private.h"

G_BEGIN_DECLS

/* Somebody who has come; owned by whoever holds it, and passed on whole. */
typedef struct
{
  int fd;
  guint16 port;             /* of the peer */
  GInetAddress *address;    /* likewise */
  GSocketAddress *local;    /* NULL: not asked for yet */
  KrHubSoupGuest *guest;
} KrHubSoupCaller;

void kr_hub_soup_caller_close (KrHubSoupCaller *self);

/* Takes @caller. @head: what it has said so far. */
typedef void (*KrHubSoupLobbyFunc) (KrHubSoupCaller *caller, const guint8 *head, gsize len, gpointer data);

typedef struct _KrHubSoupLobby KrHubSoupLobby;

/* In the thread of @context. NULL: there can be none here. */
KrHubSoupLobby *kr_hub_soup_lobby_new (KrHubClock *clock, GMainContext *context, KrHubSoupLobbyFunc func, gpointer data);
/* Whoever waits is sent away. */
void kr_hub_soup_lobby_free (KrHubSoupLobby *self);
/* Takes @caller, whose turn may come at once. It is sent away unless the head is there within @timeout. */
void kr_hub_soup_lobby_enter (KrHubSoupLobby *self, KrHubSoupCaller *caller, gint64 timeout);

/* Whether the head of a request ends in @data, of which what is before @from was looked at before. */
gboolean kr_hub_soup_lobby_is_whole (const guint8 *data, gsize len, gsize from);

G_END_DECLS
