/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* KrHubFilter: one checked wrapper for each function of the interface. */
#include "config.h"

#include "kr-hub-filter.h"

/**
 * KrHubFilter:
 *
 * What stands around a hub's calls and connections: checks, measures, translates errors.
 *
 * Filters are added with [method@KrHub.Server.add_filter]; the first one is the outermost: it is asked first on the way
 * in and told last on the way out. ASP.NET Core's IHubFilter, but filters see calls of methods that do not exist, too
 * ([method@KrHub.Invocation.is_known]). A call whose arguments do not fit, or that is not authorised, ends before.
 *
 * Since: 0.1
 */
G_DEFINE_INTERFACE (KrHubFilter, kr_hub_filter, G_TYPE_OBJECT)

static void
kr_hub_filter_default_init (KrHubFilterInterface *iface)
{
}

/**
 * kr_hub_filter_invoke:
 * @self: a filter
 * @invocation: a call whose method was not called yet
 *
 * Asks whether a call may go on to the next filter, and at last to its method.
 *
 * A filter that refuses answers the call and returns %FALSE. One that needs time keeps the call with
 * [method@KrHub.Invocation.ref], returns %FALSE, and calls [method@KrHub.Invocation.proceed] later.
 *
 * Returns: whether the call goes on now
 *
 * Since: 0.1
 */
gboolean
kr_hub_filter_invoke (KrHubFilter *self, KrHubInvocation *invocation)
{
  KrHubFilterInterface *iface;

  g_return_val_if_fail (KR_HUB_IS_FILTER (self), TRUE);
  iface = KR_HUB_FILTER_GET_IFACE (self);
  return iface->invoke == NULL || iface->invoke (self, invocation);
}

/**
 * kr_hub_filter_returned:
 * @self: a filter whose `invoke` has seen the call
 * @invocation: a call that was answered
 * @failure: (nullable): the error's message as its method gave it; %NULL for success
 *
 * Tells that a call is over, once for each, also when its client has gone.
 *
 * The answer has not been sent: with [method@KrHub.Invocation.return_value] and its like the filter may give another
 * one, which the filters outside of this one see.
 *
 * Since: 0.1
 */
void
kr_hub_filter_returned (KrHubFilter *self, KrHubInvocation *invocation, const char *failure)
{
  KrHubFilterInterface *iface;

  g_return_if_fail (KR_HUB_IS_FILTER (self));
  iface = KR_HUB_FILTER_GET_IFACE (self);
  if (iface->returned != NULL)
    iface->returned (self, invocation, failure);
}

/**
 * kr_hub_filter_connected:
 * @self: a filter
 * @connection: a connection whose handshake is done
 * @error: return location for an error
 *
 * Asks whether a connection may stay, before [signal@KrHub.Server::connected]. One that may not is closed with the
 * error, is not to reconnect, and nobody is told that it was there.
 *
 * Returns: %FALSE with @error set to end the connection
 *
 * Since: 0.1
 */
gboolean
kr_hub_filter_connected (KrHubFilter *self, KrHubConnection *connection, GError **error)
{
  KrHubFilterInterface *iface;

  g_return_val_if_fail (KR_HUB_IS_FILTER (self), TRUE);
  iface = KR_HUB_FILTER_GET_IFACE (self);
  return iface->connected == NULL || iface->connected (self, connection, error);
}

/**
 * kr_hub_filter_disconnected:
 * @self: a filter
 * @connection: a connection that was announced
 * @error: (nullable): why it ended, or %NULL if in good order
 *
 * Tells that a connection has ended, after [signal@KrHub.Server::disconnected].
 *
 * Since: 0.1
 */
void
kr_hub_filter_disconnected (KrHubFilter *self, KrHubConnection *connection, const GError *error)
{
  KrHubFilterInterface *iface;

  g_return_if_fail (KR_HUB_IS_FILTER (self));
  iface = KR_HUB_FILTER_GET_IFACE (self);
  if (iface->disconnected != NULL)
    iface->disconnected (self, connection, error);
}
