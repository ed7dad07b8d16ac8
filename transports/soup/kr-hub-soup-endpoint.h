/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* KrHubSoupEndpoint: a hub on a path of a SoupServer. */
#pragma once

#if !defined (KR_HUB_SOUP_INSIDE) && !defined (KR_HUB_SOUP_COMPILATION)
#error "Only <krhub-soup.h> can be included directly."
#endif

#include <krhub.h>
#include <libsoup/soup.h>

#include "kr-hub-soup-visibility.h"

G_BEGIN_DECLS

typedef enum /*< flags >*/
{
  KR_HUB_SOUP_FORWARDED_NONE = 0,
  KR_HUB_SOUP_FORWARDED_FOR = 1 << 0,
  KR_HUB_SOUP_FORWARDED_PROTO = 1 << 1,
  KR_HUB_SOUP_FORWARDED_HOST = 1 << 2,
  KR_HUB_SOUP_FORWARDED_STANDARD = 1 << 3,
} KrHubSoupForwardedFlags;

#define KR_HUB_SOUP_TYPE_FORWARDED_FLAGS (kr_hub_soup_forwarded_flags_get_type ())
KR_HUB_SOUP_AVAILABLE_IN_ALL
GType kr_hub_soup_forwarded_flags_get_type (void);

#define KR_HUB_SOUP_TYPE_ENDPOINT (kr_hub_soup_endpoint_get_type ())
KR_HUB_SOUP_AVAILABLE_IN_ALL
G_DECLARE_FINAL_TYPE (KrHubSoupEndpoint, kr_hub_soup_endpoint, KR_HUB_SOUP, ENDPOINT, GObject)

KR_HUB_SOUP_AVAILABLE_IN_ALL
KrHubSoupEndpoint *kr_hub_soup_endpoint_new (KrHubServer *hub, const char *path);
KR_HUB_SOUP_AVAILABLE_IN_ALL
void kr_hub_soup_endpoint_attach (KrHubSoupEndpoint *self, SoupServer *server);
KR_HUB_SOUP_AVAILABLE_IN_ALL
KrHubServer *kr_hub_soup_endpoint_get_hub (KrHubSoupEndpoint *self);
KR_HUB_SOUP_AVAILABLE_IN_ALL
const char *kr_hub_soup_endpoint_get_path (KrHubSoupEndpoint *self);
KR_HUB_SOUP_AVAILABLE_IN_ALL
guint kr_hub_soup_endpoint_get_n_connections (KrHubSoupEndpoint *self);
KR_HUB_SOUP_AVAILABLE_IN_ALL
guint kr_hub_soup_endpoint_get_n_negotiated (KrHubSoupEndpoint *self);
KR_HUB_SOUP_AVAILABLE_IN_ALL
KrHubMetrics *kr_hub_soup_endpoint_read_metrics (KrHubSoupEndpoint *self);
KR_HUB_SOUP_AVAILABLE_IN_ALL
void kr_hub_soup_endpoint_set_user_id (KrHubSoupEndpoint *self, SoupServerMessage *message, const char *user_id);
KR_HUB_SOUP_AVAILABLE_IN_ALL
void kr_hub_soup_endpoint_set_expiry (KrHubSoupEndpoint *self, SoupServerMessage *message, gint64 expiry);
KR_HUB_SOUP_AVAILABLE_IN_ALL
void kr_hub_soup_endpoint_redirect (KrHubSoupEndpoint *self,
                                    SoupServerMessage *message,
                                    const char *url,
                                    const char *access_token);
KR_HUB_SOUP_AVAILABLE_IN_ALL
char *kr_hub_soup_endpoint_dup_bearer_token (KrHubSoupEndpoint *self, SoupServerMessage *message);
KR_HUB_SOUP_AVAILABLE_IN_ALL
char *kr_hub_soup_endpoint_dup_remote_address (KrHubSoupEndpoint *self, SoupServerMessage *message);
KR_HUB_SOUP_AVAILABLE_IN_ALL
char *kr_hub_soup_endpoint_describe_request (KrHubSoupEndpoint *self, SoupServerMessage *message);

G_END_DECLS
