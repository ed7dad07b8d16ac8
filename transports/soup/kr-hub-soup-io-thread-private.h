/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* KrHubSoupIoThread: a thread that serves sockets for a hub, and the post between the two. */
#pragma once

#if !defined (KR_HUB_SOUP_COMPILATION)
#error "Private header of transports/soup."
#endif

#include <krhub.h>

#include "kr-hub-soup-mailbox-private.h"

G_BEGIN_DECLS

typedef struct _KrHubSoupIoThread KrHubSoupIoThread;
typedef struct _KrHubSoupIoTransport KrHubSoupIoTransport;

/* Any thread. The thread ends when nobody uses it and nothing that it serves is left. */
KrHubSoupIoThread *kr_hub_soup_io_thread_new (GMainContext *hub_context);
KrHubSoupIoThread *kr_hub_soup_io_thread_use (KrHubSoupIoThread *self);
void kr_hub_soup_io_thread_leave (KrHubSoupIoThread *self);
/* Its timers fire in the thread. */
KrHubClock *kr_hub_soup_io_thread_get_clock (KrHubSoupIoThread *self);

/* The hub's thread. Letters go out at the end of the turn. */
guint8 *kr_hub_soup_io_thread_tell (KrHubSoupIoThread *self, KrHubSoupLetterFunc func, gpointer addressee, gsize len);
/* Calls kr_hub_soup_io_transport_flush() at the end of the turn. @place: the transport's place in the list, 0 at first */
void kr_hub_soup_io_thread_request_flush (KrHubSoupIoThread *self, KrHubSoupIoTransport *transport, guint *place);
void kr_hub_soup_io_thread_forget_flush (KrHubSoupIoThread *self, guint *place);

/* The thread itself. */
guint8 *kr_hub_soup_io_thread_tell_hub (KrHubSoupIoThread *self, KrHubSoupLetterFunc func, gpointer addressee, gsize len);
void kr_hub_soup_io_thread_serve (KrHubSoupIoThread *self, GObject *served);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (KrHubSoupIoThread, kr_hub_soup_io_thread_leave)

G_END_DECLS
