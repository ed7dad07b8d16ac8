/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* KrHubConnector: the interface of what makes a client's transports. */
#pragma once

#if !defined (KR_HUB_INSIDE) && !defined (KR_HUB_COMPILATION)
#error "Only <krhub.h> can be included directly."
#endif

#include "kr-hub-transport.h"

G_BEGIN_DECLS

#define KR_HUB_TYPE_CONNECTOR (kr_hub_connector_get_type ())
KR_HUB_AVAILABLE_IN_ALL
G_DECLARE_INTERFACE (KrHubConnector, kr_hub_connector, KR_HUB, CONNECTOR, GObject)

/**
 * KrHubConnectorInterface:
 * @g_iface: the parent
 * @connect_async: makes a transport of a new connection; @stateful: ask for stateful reconnect
 * @connect_finish: finishes; @connection_id (out, optional, transfer full): the connection's id, where it is known;
 *   @stateful (out, optional): whether the server granted it
 * @reconnect_async: makes another transport of the connection that was made last
 * @reconnect_finish: finishes
 * @set_transfer_format: what the next connections will carry; may be missing where every transport carries both
 *
 * What a connector implements. One thread, one operation at a time.
 *
 * Since: 0.1
 */
struct _KrHubConnectorInterface
{
  GTypeInterface g_iface;

  void (*connect_async) (KrHubConnector *self,
                         gboolean stateful,
                         GCancellable *cancellable,
                         GAsyncReadyCallback callback,
                         gpointer user_data);
  KrHubTransport *(*connect_finish) (KrHubConnector *self,
                                     GAsyncResult *result,
                                     char **connection_id,
                                     gboolean *stateful,
                                     GError **error);
  void (*reconnect_async) (KrHubConnector *self,
                           GCancellable *cancellable,
                           GAsyncReadyCallback callback,
                           gpointer user_data);
  KrHubTransport *(*reconnect_finish) (KrHubConnector *self, GAsyncResult *result, GError **error);
  void (*set_transfer_format) (KrHubConnector *self, KrHubTransferFormat format);
};

KR_HUB_AVAILABLE_IN_ALL
void kr_hub_connector_connect_async (KrHubConnector *self,
                                     gboolean stateful,
                                     GCancellable *cancellable,
                                     GAsyncReadyCallback callback,
                                     gpointer user_data);
KR_HUB_AVAILABLE_IN_ALL
KrHubTransport *kr_hub_connector_connect_finish (KrHubConnector *self,
                                                 GAsyncResult *result,
                                                 char **connection_id,
                                                 gboolean *stateful,
                                                 GError **error);
KR_HUB_AVAILABLE_IN_ALL
void kr_hub_connector_reconnect_async (KrHubConnector *self,
                                       GCancellable *cancellable,
                                       GAsyncReadyCallback callback,
                                       gpointer user_data);
KR_HUB_AVAILABLE_IN_ALL
KrHubTransport *kr_hub_connector_reconnect_finish (KrHubConnector *self, GAsyncResult *result, GError **error);
KR_HUB_AVAILABLE_IN_ALL
void kr_hub_connector_set_transfer_format (KrHubConnector *self, KrHubTransferFormat format);

G_END_DECLS
