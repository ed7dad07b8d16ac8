/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* KrHubSoupConnector: makes a client's transport to a hub's URL: negotiate, choose, fall back. */
#pragma once

#if !defined (KR_HUB_SOUP_INSIDE) && !defined (KR_HUB_SOUP_COMPILATION)
#error "Only <krhub-soup.h> can be included directly."
#endif

#include <krhub.h>
#include <libsoup/soup.h>

#include "kr-hub-soup-token-request.h"
#include "kr-hub-soup-visibility.h"

G_BEGIN_DECLS

#define KR_HUB_SOUP_TYPE_CONNECTOR (kr_hub_soup_connector_get_type ())
KR_HUB_SOUP_AVAILABLE_IN_ALL
G_DECLARE_FINAL_TYPE (KrHubSoupConnector, kr_hub_soup_connector, KR_HUB_SOUP, CONNECTOR, GObject)

KR_HUB_SOUP_AVAILABLE_IN_ALL
KrHubSoupConnector *kr_hub_soup_connector_new (const char *url, SoupSession *session, GError **error);
KR_HUB_SOUP_AVAILABLE_IN_ALL
void kr_hub_soup_connector_set_header (KrHubSoupConnector *self, const char *name, const char *value);
KR_HUB_SOUP_AVAILABLE_IN_ALL
void kr_hub_soup_connector_set_token_provider (KrHubSoupConnector *self,
                                               KrHubSoupTokenFunc func,
                                               gpointer user_data,
                                               GDestroyNotify destroy);

G_END_DECLS
