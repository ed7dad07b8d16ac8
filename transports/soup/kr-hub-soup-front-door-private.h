/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* KrHubSoupFrontDoor: what the endpoint asks about a connection that came through it. */
#pragma once

#if !defined (KR_HUB_SOUP_COMPILATION)
#error "Private header of transports/soup."
#endif

#include "kr-hub-soup-front-door.h"

G_BEGIN_DECLS

GSocket *kr_hub_soup_message_get_socket (SoupServerMessage *message);
void kr_hub_soup_message_leaves (SoupServerMessage *message);

G_END_DECLS
