/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* KrHubSoupStream: a GIOStream over a descriptor, for as long as libsoup has the connection. */
#pragma once

#if !defined (KR_HUB_SOUP_COMPILATION)
#error "Private header of transports/soup."
#endif

#include <gio/gio.h>

#include "kr-hub-soup-guests-private.h"

G_BEGIN_DECLS

/* A GSocketConnection keeps a GSocket, addresses and a watch on itself: more than a kilobyte, and half a dozen system calls
 * to find out what who accepted the connection knows. This one can also be left: the descriptor goes on without it. */
#define KR_HUB_SOUP_TYPE_STREAM (kr_hub_soup_stream_get_type ())
G_DECLARE_FINAL_TYPE (KrHubSoupStream, kr_hub_soup_stream, KR_HUB_SOUP, STREAM, GIOStream)

/* Takes @fd, which does not block, and @guest's place (NULL: it has none). @early (may be NULL) is what was read already. */
KrHubSoupStream *kr_hub_soup_stream_new (int fd, KrHubSoupGuest *guest, GBytes *early);
/* -1: closed */
int kr_hub_soup_stream_get_fd (KrHubSoupStream *self);
/* From now on reads only give what was read from the socket already. */
void kr_hub_soup_stream_stop_reading (KrHubSoupStream *self);
/* Leaves a stream that is closed for all others; -1: it was closed already. @guest: the place, to be left with the descriptor. */
int kr_hub_soup_stream_take_fd (KrHubSoupStream *self, KrHubSoupGuest **guest);
/* Both directions end, and whoever waits for the peer finds out. The descriptor stays. */
void kr_hub_soup_stream_shut_down (KrHubSoupStream *self);
/* What belongs to the stream: @data is freed with it, in whatever thread that is. */
void kr_hub_soup_stream_set_data (KrHubSoupStream *self, gpointer data, GDestroyNotify destroy);
gpointer kr_hub_soup_stream_get_data (KrHubSoupStream *self);

/* The address of a peer, which also says by which stream it came. */
#define KR_HUB_SOUP_TYPE_ADDRESS (kr_hub_soup_address_get_type ())
G_DECLARE_FINAL_TYPE (KrHubSoupAddress, kr_hub_soup_address, KR_HUB_SOUP, ADDRESS, GInetSocketAddress)

GSocketAddress *kr_hub_soup_address_new (GInetAddress *address, guint16 port, KrHubSoupStream *stream);
/* NULL: an address of somebody else's */
KrHubSoupStream *kr_hub_soup_address_get_stream (GSocketAddress *address);

G_END_DECLS
