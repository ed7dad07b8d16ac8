/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* KrHubSoupConnector, as its attempts see it. */
#pragma once

#if !defined (KR_HUB_SOUP_COMPILATION)
#error "Private header of transports/soup."
#endif

#include "kr-hub-soup-connector.h"

#include "kr-hub-soup-requester-private.h"

G_BEGIN_DECLS

struct _KrHubSoupConnector
{
  GObject parent_instance;

  SoupSession *session;
  KrHubClock *clock;
  GUri *uri;
  GHashTable *headers;
  KrHubSoupCredentials *credentials;
  KrHubTransportFlags transports;
  KrHubTransferFormat format;     /* what the client's protocol writes */
  gboolean skip_negotiation;
  KrHubSoupPatience patience;
  KrHubSoupRequester *last;       /* of the connection that was made last; NULL: none yet */
};

/* The URL of a hub, which may be relative to @base, in the scheme that its requests have. */
GUri *kr_hub_soup_connector_parse_uri (GUri *base, const char *text, GError **error);

/* The functions of KrHubConnector. */
void kr_hub_soup_connector_attempt_async (KrHubConnector *connector,
                                          gboolean stateful,
                                          GCancellable *cancellable,
                                          GAsyncReadyCallback callback,
                                          gpointer user_data);
KrHubTransport *kr_hub_soup_connector_attempt_finish (KrHubConnector *connector,
                                                      GAsyncResult *result,
                                                      char **connection_id,
                                                      gboolean *stateful,
                                                      GError **error);

G_END_DECLS
