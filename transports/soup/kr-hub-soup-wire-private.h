/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* KrHubSoupWire: what carries the bytes of a connection that libsoup has let go. */
#pragma once

#if !defined (KR_HUB_SOUP_COMPILATION)
#error "Private header of transports/soup."
#endif

#include <libsoup/soup.h>

#include "kr-hub-soup-guests-private.h"

G_BEGIN_DECLS

/* Owned by whoever holds it, and passed on whole. */
typedef struct
{
  GIOStream *stream;      /* NULL: the descriptor itself carries the bytes */
  int fd;                 /* the stream's, or our own */
  KrHubSoupGuest *guest;  /* the place that ends with our descriptor; NULL: none */
  GBytes *early;          /* what was read from our descriptor already; NULL: nothing */
} KrHubSoupWire;

/* Takes @stream, whose socket is @socket. */
KrHubSoupWire kr_hub_soup_wire_from_stream (GIOStream *stream, GSocket *socket);
/* The descriptor of the connection that @message came by; -1: none is known. */
int kr_hub_soup_message_get_fd (SoupServerMessage *message);
/* Takes that connection away from libsoup. FALSE: its client has left. */
gboolean kr_hub_soup_message_take_wire (SoupServerMessage *message, KrHubSoupWire *wire);
void kr_hub_soup_wire_close (KrHubSoupWire *self);
/* Closes it with a last word, which fits into an empty socket; a peer whose socket is full has bad luck. */
void kr_hub_soup_wire_close_with (KrHubSoupWire *self, const char *answer);

G_END_DECLS
