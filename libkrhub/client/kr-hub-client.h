/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* KrHubClient: the calling end of a connection to a hub. */
#pragma once

#if !defined (KR_HUB_INSIDE) && !defined (KR_HUB_COMPILATION)
#error "Only <krhub.h> can be included directly."
#endif

#include "kr-hub-clock.h"
#include "kr-hub-connection.h"
#include "kr-hub-connector.h"
#include "kr-hub-invocation.h"
#include "kr-hub-retry-policy.h"
#include "kr-hub-stream.h"
#include "kr-hub-transport.h"

G_BEGIN_DECLS

/**
 * KrHubClientState:
 * @KR_HUB_CLIENT_DISCONNECTED: there is no connection
 * @KR_HUB_CLIENT_CONNECTING: the handshake is under way
 * @KR_HUB_CLIENT_CONNECTED: calls can be made
 * @KR_HUB_CLIENT_RECONNECTING: the connection was lost, and the client tries to get another one
 * @KR_HUB_CLIENT_DISCONNECTING: what waits is sent, then the connection ends
 *
 * The state of a #KrHubClient.
 *
 * Since: 0.1
 */
typedef enum
{
  KR_HUB_CLIENT_DISCONNECTED,
  KR_HUB_CLIENT_CONNECTING,
  KR_HUB_CLIENT_CONNECTED,
  KR_HUB_CLIENT_RECONNECTING,
  KR_HUB_CLIENT_DISCONNECTING,
} KrHubClientState;

#define KR_HUB_TYPE_CLIENT_STATE (kr_hub_client_state_get_type ())
KR_HUB_AVAILABLE_IN_ALL
GType kr_hub_client_state_get_type (void);

/**
 * KrHubCallPolicy:
 * @KR_HUB_CALL_FAIL: the call fails at once with %G_IO_ERROR_NOT_CONNECTED
 * @KR_HUB_CALL_WAIT: the call is made when the client is connected, or fails when it gives up
 *
 * What becomes of a call that is made while a client connects or reconnects.
 *
 * Since: 0.1
 */
typedef enum
{
  KR_HUB_CALL_FAIL,
  KR_HUB_CALL_WAIT,
} KrHubCallPolicy;

#define KR_HUB_TYPE_CALL_POLICY (kr_hub_call_policy_get_type ())
KR_HUB_AVAILABLE_IN_ALL
GType kr_hub_call_policy_get_type (void);

#define KR_HUB_TYPE_CLIENT (kr_hub_client_get_type ())
KR_HUB_AVAILABLE_IN_ALL
G_DECLARE_FINAL_TYPE (KrHubClient, kr_hub_client, KR_HUB, CLIENT, GObject)

KR_HUB_AVAILABLE_IN_ALL
KrHubClient *kr_hub_client_new (KrHubClock *clock);
KR_HUB_AVAILABLE_IN_ALL
KrHubClient *kr_hub_client_new_for_connector (KrHubConnector *connector);
KR_HUB_AVAILABLE_IN_ALL
void kr_hub_client_start_async (KrHubClient *self,
                                GCancellable *cancellable,
                                GAsyncReadyCallback callback,
                                gpointer user_data);
KR_HUB_AVAILABLE_IN_ALL
gboolean kr_hub_client_start_finish (KrHubClient *self, GAsyncResult *result, GError **error);
KR_HUB_AVAILABLE_IN_ALL
const char *kr_hub_client_get_connection_id (KrHubClient *self);
KR_HUB_AVAILABLE_IN_ALL
const GError *kr_hub_client_get_last_error (KrHubClient *self);
KR_HUB_AVAILABLE_IN_ALL
const char *kr_hub_client_get_transport_name (KrHubClient *self);
KR_HUB_AVAILABLE_IN_ALL
KrHubClientState kr_hub_client_get_state (KrHubClient *self);
KR_HUB_AVAILABLE_IN_ALL
guint kr_hub_client_add_handler (KrHubClient *self,
                                 const char *target,
                                 const char *arguments,
                                 KrHubMethodFunc func,
                                 gpointer user_data,
                                 GDestroyNotify destroy);
KR_HUB_AVAILABLE_IN_ALL
gboolean kr_hub_client_remove_handler (KrHubClient *self, guint id);
KR_HUB_AVAILABLE_IN_ALL
void kr_hub_client_set_default_handler (KrHubClient *self,
                                        KrHubMethodFunc func,
                                        gpointer user_data,
                                        GDestroyNotify destroy);
KR_HUB_AVAILABLE_IN_ALL
void kr_hub_client_connect_async (KrHubClient *self,
                                  KrHubTransport *transport,
                                  GCancellable *cancellable,
                                  GAsyncReadyCallback callback,
                                  gpointer user_data);
KR_HUB_AVAILABLE_IN_ALL
gboolean kr_hub_client_connect_finish (KrHubClient *self, GAsyncResult *result, GError **error);
KR_HUB_AVAILABLE_IN_ALL
void kr_hub_client_stop_async (KrHubClient *self,
                               GCancellable *cancellable,
                               GAsyncReadyCallback callback,
                               gpointer user_data);
KR_HUB_AVAILABLE_IN_ALL
gboolean kr_hub_client_stop_finish (KrHubClient *self, GAsyncResult *result, GError **error);
KR_HUB_AVAILABLE_IN_ALL
gboolean kr_hub_client_send (KrHubClient *self, const char *target, GVariant *arguments, GError **error);
KR_HUB_AVAILABLE_IN_ALL
void kr_hub_client_invoke_async (KrHubClient *self,
                                 const char *target,
                                 GVariant *arguments,
                                 const GVariantType *result_type,
                                 GCancellable *cancellable,
                                 GAsyncReadyCallback callback,
                                 gpointer user_data);
KR_HUB_AVAILABLE_IN_ALL
GVariant *kr_hub_client_invoke_finish (KrHubClient *self, GAsyncResult *result, GError **error);
KR_HUB_AVAILABLE_IN_ALL
void kr_hub_client_call_async (KrHubClient *self,
                               const char *target,
                               GCancellable *cancellable,
                               GAsyncReadyCallback callback,
                               gpointer user_data,
                               const char *format,
                               ...);
KR_HUB_AVAILABLE_IN_ALL
gboolean kr_hub_client_call_finish (KrHubClient *self, GAsyncResult *result, GError **error, const char *format, ...);
KR_HUB_AVAILABLE_IN_ALL
void kr_hub_client_upload_async (KrHubClient *self,
                                 const char *target,
                                 GVariant *arguments,
                                 KrHubStream *const *uploads,
                                 const GVariantType *result_type,
                                 GCancellable *cancellable,
                                 GAsyncReadyCallback callback,
                                 gpointer user_data);
KR_HUB_AVAILABLE_IN_ALL
GVariant *kr_hub_client_upload_finish (KrHubClient *self, GAsyncResult *result, GError **error);
KR_HUB_AVAILABLE_IN_ALL
KrHubStream *kr_hub_client_stream (KrHubClient *self,
                                   const char *target,
                                   GVariant *arguments,
                                   KrHubStream *const *uploads,
                                   const GVariantType *item_type,
                                   GError **error);

G_END_DECLS
