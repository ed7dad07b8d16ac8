/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* Takes a connection away from libsoup, together with the head of the answer. */
#pragma once

#if !defined (KR_HUB_SOUP_COMPILATION)
#error "Private header of transports/soup."
#endif

#include <libsoup/soup.h>

#include "kr-hub-soup-wire-private.h"

G_BEGIN_DECLS

/* @wire (taken): NULL if the client left meanwhile; @response: what to send before anything else */
typedef void (*KrHubSoupTakenFunc) (KrHubSoupWire *wire, GBytes *response, gpointer data);

gboolean kr_hub_soup_upgrade_is_possible (SoupServerMessage *message);
gboolean kr_hub_soup_upgrade_is_requested (SoupServerMessage *message);
void kr_hub_soup_upgrade_set_headers (SoupServerMessage *message);
void kr_hub_soup_upgrade_take (SoupServerMessage *message, const char *body, KrHubSoupTakenFunc taken, gpointer data);

G_END_DECLS
