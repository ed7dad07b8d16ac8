/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* KrHubSoupVisit: one connection that came through a front door, as long as its socket exists. */
#pragma once

#if !defined (KR_HUB_SOUP_COMPILATION)
#error "Private header of transports/soup."
#endif

#include <krhub.h>
#include <libsoup/soup.h>

#include "kr-hub-soup-guests-private.h"

G_BEGIN_DECLS

/* In the thread of the door, and freed with the socket, whoever drops that. */
typedef struct _KrHubSoupVisit KrHubSoupVisit;

/* Takes @address, which has entered @guests. */
KrHubSoupVisit *kr_hub_soup_visit_new (KrHubClock *clock,
                                       GMainContext *context,
                                       KrHubSoupGuests *guests,
                                       GSocket *socket,
                                       char *address);
/* Whoever sees @address, which libsoup keeps for the connection, knows the visit. */
void kr_hub_soup_visit_mark (KrHubSoupVisit *self, GSocketAddress *address, GSocket *socket);
/* NULL: it did not come through a door. */
KrHubSoupVisit *kr_hub_soup_visit_of (SoupServerMessage *message);
const char *kr_hub_soup_visit_get_address (KrHubSoupVisit *self);

/* From here on the client has @timeout µs for what it does. What begin_tls() returns fires then. */
GCancellable *kr_hub_soup_visit_begin_tls (KrHubSoupVisit *self, gint64 timeout);
void kr_hub_soup_visit_begin_request (KrHubSoupVisit *self, gint64 timeout);
void kr_hub_soup_visit_end_request (KrHubSoupVisit *self, SoupServerMessage *message, gint64 timeout);
/* And from here on as long as it likes. */
void kr_hub_soup_visit_disarm (KrHubSoupVisit *self);

/* For who takes a connection from libsoup, whether or not it came through a door. */
GSocket *kr_hub_soup_message_get_socket (SoupServerMessage *message);
/* It is about to be taken. */
void kr_hub_soup_message_leaves (SoupServerMessage *message);

G_END_DECLS
