/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* KrHubSoupEndpoint: what handlers of its authorize signal learn of a request, and say about it. */
#include "config.h"

#include "kr-hub-soup-endpoint-private.h"

#include "kr-hub-soup-request-private.h"

/**
 * kr_hub_soup_endpoint_set_user_id:
 * @self: an endpoint
 * @message: the request that [signal@KrHubSoup.Endpoint::authorize] asks about
 * @user_id: (nullable): whom the connection belongs to
 *
 * Says who sent a request; in a handler of that signal.
 *
 * Since: 0.1
 */
void
kr_hub_soup_endpoint_set_user_id (KrHubSoupEndpoint *self, SoupServerMessage *message, const char *user_id)
{
  g_return_if_fail (KR_HUB_SOUP_IS_ENDPOINT (self));
  g_return_if_fail (SOUP_IS_SERVER_MESSAGE (message));
  kr_hub_soup_message_set_user_id (message, user_id);
}

/**
 * kr_hub_soup_endpoint_set_expiry:
 * @self: an endpoint
 * @message: the request that [signal@KrHubSoup.Endpoint::authorize] asks about
 * @expiry: when its credentials expire, µs since 1970 as g_get_real_time() counts them; %G_MAXINT64 for never
 *
 * Says until when the connection of a request may last; in a handler of that signal. Without it a connection outlives the
 * token that opened it, as it does with ASP.NET Core unless `CloseOnAuthenticationExpiration` is on.
 *
 * It counts from the request that opens a transport; with long polling each poll may prolong it, and with stateful reconnect
 * each new WebSocket. Requests that post do not. The end itself is that of [method@KrHub.Connection.set_expiry].
 *
 * Since: 0.1
 */
void
kr_hub_soup_endpoint_set_expiry (KrHubSoupEndpoint *self, SoupServerMessage *message, gint64 expiry)
{
  g_return_if_fail (KR_HUB_SOUP_IS_ENDPOINT (self));
  g_return_if_fail (SOUP_IS_SERVER_MESSAGE (message));
  kr_hub_soup_message_set_expiry (message, expiry);
}

/**
 * kr_hub_soup_endpoint_redirect:
 * @self: an endpoint
 * @message: the request that [signal@KrHubSoup.Endpoint::authorize] asks about
 * @url: the hub to negotiate with instead, absolute; it may have a query
 * @access_token: (nullable): the bearer token to use there in place of the client's own; %NULL: that one
 *
 * Sends a client that negotiates to another server; in a handler of that signal. TransportProtocols.md,
 * `POST [endpoint-base]/negotiate`: as Azure SignalR Service does, and as all official clients follow, up to a hundred times.
 *
 * Only a negotiation can be redirected. A handler that wants nobody to connect here, without one or with a token from before,
 * refuses the other requests.
 *
 * Since: 0.1
 */
void
kr_hub_soup_endpoint_redirect (KrHubSoupEndpoint *self,
                               SoupServerMessage *message,
                               const char *url,
                               const char *access_token)
{
  g_return_if_fail (KR_HUB_SOUP_IS_ENDPOINT (self));
  g_return_if_fail (SOUP_IS_SERVER_MESSAGE (message));
  g_return_if_fail (url != NULL && g_uri_is_valid (url, SOUP_HTTP_URI_FLAGS, NULL));
  kr_hub_soup_message_set_redirect (message, url, access_token);
}

/**
 * kr_hub_soup_endpoint_dup_bearer_token:
 * @self: an endpoint
 * @message: a request
 *
 * Gets the bearer token of a request: from its `Authorization` header, or from the query's `access_token`, which is where
 * browsers have to put it for WebSocket and Server-Sent Events. Keep it out of logs.
 *
 * Returns: (transfer full) (nullable): the token, or %NULL
 *
 * Since: 0.1
 */
char *
kr_hub_soup_endpoint_dup_bearer_token (KrHubSoupEndpoint *self, SoupServerMessage *message)
{
  const char *header;

  g_return_val_if_fail (KR_HUB_SOUP_IS_ENDPOINT (self), NULL);
  g_return_val_if_fail (SOUP_IS_SERVER_MESSAGE (message), NULL);

  header = soup_message_headers_get_one (soup_server_message_get_request_headers (message), "Authorization");
  if (header != NULL && g_ascii_strncasecmp (header, "Bearer ", 7) == 0)
    return g_strstrip (g_strdup (header + 7));
  return kr_hub_soup_query_dup (g_uri_get_query (soup_server_message_get_uri (message)), "access_token");
}

/**
 * kr_hub_soup_endpoint_dup_remote_address:
 * @self: an endpoint
 * @message: the request that [signal@KrHubSoup.Endpoint::authorize] asks about
 *
 * Gets the address of the client that sent a request: the one that a proxy of [property@KrHubSoup.Endpoint:trusted-proxies]
 * names, or else the other end of the socket. In the thread of the SoupServer.
 *
 * Returns: (transfer full) (nullable): the address, without a port; %NULL if the socket has none
 *
 * Since: 0.1
 */
char *
kr_hub_soup_endpoint_dup_remote_address (KrHubSoupEndpoint *self, SoupServerMessage *message)
{
  g_return_val_if_fail (KR_HUB_SOUP_IS_ENDPOINT (self), NULL);
  g_return_val_if_fail (SOUP_IS_SERVER_MESSAGE (message), NULL);
  return kr_hub_soup_message_dup_remote_address (message);
}

/**
 * kr_hub_soup_endpoint_describe_request:
 * @self: an endpoint
 * @message: a request
 *
 * Describes a request for a log: its method, path and query, in which each value is masked but those that are known to be
 * harmless. Bearer tokens and connection tokens stand in queries, and who has one is whom it was given to.
 *
 * Returns: (transfer full): the text, such as `GET /hub?id=***&access_token=***`
 *
 * Since: 0.1
 */
char *
kr_hub_soup_endpoint_describe_request (KrHubSoupEndpoint *self, SoupServerMessage *message)
{
  g_return_val_if_fail (KR_HUB_SOUP_IS_ENDPOINT (self), NULL);
  g_return_val_if_fail (SOUP_IS_SERVER_MESSAGE (message), NULL);
  return kr_hub_soup_describe_request (message);
}
