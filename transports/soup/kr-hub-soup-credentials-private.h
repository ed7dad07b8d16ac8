/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* KrHubSoupCredentials: where the access token of a client's requests comes from. */
#pragma once

#if !defined (KR_HUB_SOUP_COMPILATION)
#error "Private header of transports/soup."
#endif

#include "kr-hub-soup-token-request.h"

G_BEGIN_DECLS

/* Counted; in one thread. */
typedef struct _KrHubSoupCredentials KrHubSoupCredentials;

/* One token for ever (NULL: none), or whatever @func gives; takes over @data. */
KrHubSoupCredentials *kr_hub_soup_credentials_new (const char *token);
KrHubSoupCredentials *kr_hub_soup_credentials_new_provider (KrHubSoupTokenFunc func, gpointer data, GDestroyNotify destroy);
KrHubSoupCredentials *kr_hub_soup_credentials_ref (KrHubSoupCredentials *self);
void kr_hub_soup_credentials_unref (KrHubSoupCredentials *self);

/* FALSE: it cannot be sent. */
gboolean kr_hub_soup_credentials_check_token (const char *token, GError **error);
/* The token that was had last; NULL: none. */
const char *kr_hub_soup_credentials_get_token (KrHubSoupCredentials *self);
/* Whether asking again may give another one. */
gboolean kr_hub_soup_credentials_can_ask (KrHubSoupCredentials *self);
/* Without a provider the answer is there at once. @refused: the last token did not do. */
void kr_hub_soup_credentials_ask_async (KrHubSoupCredentials *self,
                                        gboolean refused,
                                        GCancellable *cancellable,
                                        GAsyncReadyCallback callback,
                                        gpointer user_data);
gboolean kr_hub_soup_credentials_ask_finish (GAsyncResult *result, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (KrHubSoupCredentials, kr_hub_soup_credentials_unref)

G_END_DECLS
