/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* KrHubConnector: one checked wrapper for each function of the interface. */
#include "config.h"

#include "kr-hub-connector.h"

/**
 * KrHubConnector:
 *
 * What makes a client's transports: where the hub is, and how to get there.
 *
 * KrHubSoup.Connector reaches hubs over HTTP and WebSocket; tests have their own.
 *
 * Since: 0.1
 */
G_DEFINE_INTERFACE (KrHubConnector, kr_hub_connector, G_TYPE_OBJECT)

static void
kr_hub_connector_default_init (KrHubConnectorInterface *iface)
{
}

/**
 * kr_hub_connector_connect_async:
 * @self: a connector
 * @stateful: whether to ask the server for stateful reconnect
 * @cancellable: (nullable): to give up
 * @callback: called when there is a transport
 * @user_data: data for @callback
 *
 * Makes the transport of a new connection.
 *
 * Since: 0.1
 */
void
kr_hub_connector_connect_async (KrHubConnector *self,
                                gboolean stateful,
                                GCancellable *cancellable,
                                GAsyncReadyCallback callback,
                                gpointer user_data)
{
  g_return_if_fail (KR_HUB_IS_CONNECTOR (self));
  KR_HUB_CONNECTOR_GET_IFACE (self)->connect_async (self, stateful, cancellable, callback, user_data);
}

/**
 * kr_hub_connector_connect_finish:
 * @self: a connector
 * @result: what the callback got
 * @connection_id: (out) (optional) (nullable) (transfer full): the connection's id, where the connector knows it
 * @stateful: (out) (optional): whether the server granted stateful reconnect
 * @error: return location for an error
 *
 * Finishes [method@KrHub.Connector.connect_async].
 *
 * Returns: (transfer full): a transport that is not started; %NULL with @error set
 *
 * Since: 0.1
 */
KrHubTransport *
kr_hub_connector_connect_finish (KrHubConnector *self,
                                 GAsyncResult *result,
                                 char **connection_id,
                                 gboolean *stateful,
                                 GError **error)
{
  g_autofree char *id = NULL;
  gboolean granted = FALSE;
  KrHubTransport *transport;

  g_return_val_if_fail (KR_HUB_IS_CONNECTOR (self), NULL);
  transport = KR_HUB_CONNECTOR_GET_IFACE (self)->connect_finish (self, result, &id, &granted, error);
  if (connection_id != NULL)
    *connection_id = g_steal_pointer (&id);
  if (stateful != NULL)
    *stateful = granted;
  return transport;
}

/**
 * kr_hub_connector_reconnect_async:
 * @self: a connector whose last connection is stateful
 * @cancellable: (nullable): to give up
 * @callback: called when there is a transport
 * @user_data: data for @callback
 *
 * Makes another transport of the connection that was made last (HubProtocol.md, "Stateful reconnect").
 *
 * Since: 0.1
 */
void
kr_hub_connector_reconnect_async (KrHubConnector *self,
                                  GCancellable *cancellable,
                                  GAsyncReadyCallback callback,
                                  gpointer user_data)
{
  g_return_if_fail (KR_HUB_IS_CONNECTOR (self));
  KR_HUB_CONNECTOR_GET_IFACE (self)->reconnect_async (self, cancellable, callback, user_data);
}

/**
 * kr_hub_connector_reconnect_finish:
 * @self: a connector
 * @result: what the callback got
 * @error: return location for an error
 *
 * Finishes [method@KrHub.Connector.reconnect_async].
 *
 * Errors: after %G_IO_ERROR_NOT_FOUND, %G_IO_ERROR_PERMISSION_DENIED and %G_IO_ERROR_NOT_SUPPORTED a client gives the
 * connection up; after others it tries again, as long as the server keeps it.
 *
 * Returns: (transfer full): a transport that is not started; %NULL with @error set
 *
 * Since: 0.1
 */
KrHubTransport *
kr_hub_connector_reconnect_finish (KrHubConnector *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (KR_HUB_IS_CONNECTOR (self), NULL);
  return KR_HUB_CONNECTOR_GET_IFACE (self)->reconnect_finish (self, result, error);
}

/**
 * kr_hub_connector_set_transfer_format:
 * @self: a connector
 * @format: what the next connections will carry
 *
 * Keeps the connector from choosing a transport that cannot carry what its client's protocol writes. Text until said
 * otherwise.
 *
 * Since: 0.1
 */
void
kr_hub_connector_set_transfer_format (KrHubConnector *self, KrHubTransferFormat format)
{
  g_return_if_fail (KR_HUB_IS_CONNECTOR (self));
  if (KR_HUB_CONNECTOR_GET_IFACE (self)->set_transfer_format != NULL)
    KR_HUB_CONNECTOR_GET_IFACE (self)->set_transfer_format (self, format);
}
