/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* KrHubSoupTokenRequest: a connector asks for an access token. */
#pragma once

#if !defined (KR_HUB_SOUP_INSIDE) && !defined (KR_HUB_SOUP_COMPILATION)
#error "Only <krhub-soup.h> can be included directly."
#endif

#include <gio/gio.h>

#include "kr-hub-soup-visibility.h"

G_BEGIN_DECLS

/**
 * KrHubSoupTokenRequest:
 *
 * A connector asks for an access token, which may be had now or later.
 *
 * A request is counted atomically and may be kept and answered from any thread; only the first answer counts. One that
 * nobody answers fails when it is given up.
 *
 * Since: 0.1
 */
typedef struct _KrHubSoupTokenRequest KrHubSoupTokenRequest;

/**
 * KrHubSoupTokenFunc:
 * @request: to be answered, now or later
 * @user_data: what was given along with the function
 *
 * Gives a connector an access token ([method@KrHubSoup.Connector.set_token_provider]); in the connector's thread.
 *
 * Since: 0.1
 */
typedef void (*KrHubSoupTokenFunc) (KrHubSoupTokenRequest *request, gpointer user_data);

#define KR_HUB_SOUP_TYPE_TOKEN_REQUEST (kr_hub_soup_token_request_get_type ())
KR_HUB_SOUP_AVAILABLE_IN_ALL
GType kr_hub_soup_token_request_get_type (void);

KR_HUB_SOUP_AVAILABLE_IN_ALL
KrHubSoupTokenRequest *kr_hub_soup_token_request_ref (KrHubSoupTokenRequest *self);
KR_HUB_SOUP_AVAILABLE_IN_ALL
void kr_hub_soup_token_request_unref (KrHubSoupTokenRequest *self);
KR_HUB_SOUP_AVAILABLE_IN_ALL
gboolean kr_hub_soup_token_request_is_refused (KrHubSoupTokenRequest *self);
KR_HUB_SOUP_AVAILABLE_IN_ALL
void kr_hub_soup_token_request_return_token (KrHubSoupTokenRequest *self, const char *token);
KR_HUB_SOUP_AVAILABLE_IN_ALL
void kr_hub_soup_token_request_return_error (KrHubSoupTokenRequest *self, const GError *error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (KrHubSoupTokenRequest, kr_hub_soup_token_request_unref)

G_END_DECLS
