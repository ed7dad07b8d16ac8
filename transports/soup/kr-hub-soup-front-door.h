/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* KrHubSoupFrontDoor: accepts connections for a SoupServer, with deadlines and limits. */
#pragma once

#if !defined (KR_HUB_SOUP_INSIDE) && !defined (KR_HUB_SOUP_COMPILATION)
#error "Only <krhub-soup.h> can be included directly."
#endif

#include <krhub.h>
#include <libsoup/soup.h>

#include "kr-hub-soup-visibility.h"

G_BEGIN_DECLS

#define KR_HUB_SOUP_TYPE_FRONT_DOOR (kr_hub_soup_front_door_get_type ())
KR_HUB_SOUP_AVAILABLE_IN_ALL
G_DECLARE_FINAL_TYPE (KrHubSoupFrontDoor, kr_hub_soup_front_door, KR_HUB_SOUP, FRONT_DOOR, GObject)

KR_HUB_SOUP_AVAILABLE_IN_ALL
KrHubSoupFrontDoor *kr_hub_soup_front_door_new (SoupServer *server, GTlsCertificate *certificate);
KR_HUB_SOUP_AVAILABLE_IN_ALL
gboolean kr_hub_soup_front_door_listen (KrHubSoupFrontDoor *self, GSocketAddress *address, GError **error);
KR_HUB_SOUP_AVAILABLE_IN_ALL
guint16 kr_hub_soup_front_door_get_port (KrHubSoupFrontDoor *self);
KR_HUB_SOUP_AVAILABLE_IN_ALL
guint kr_hub_soup_front_door_get_n_connections (KrHubSoupFrontDoor *self);
KR_HUB_SOUP_AVAILABLE_IN_ALL
KrHubMetrics *kr_hub_soup_front_door_read_metrics (KrHubSoupFrontDoor *self);
KR_HUB_SOUP_AVAILABLE_IN_ALL
void kr_hub_soup_front_door_close (KrHubSoupFrontDoor *self);

G_END_DECLS
