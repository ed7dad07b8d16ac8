/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* KrHubServer: a hub: its methods, its connections, its groups. */
#pragma once

#if !defined (KR_HUB_INSIDE) && !defined (KR_HUB_COMPILATION)
#error "Only <krhub.h> can be included directly."
#endif

#include "kr-hub-clock.h"
#include "kr-hub-connection.h"
#include "kr-hub-filter.h"
#include "kr-hub-invocation.h"
#include "kr-hub-metrics.h"
#include "kr-hub-transport.h"

G_BEGIN_DECLS

#define KR_HUB_TYPE_SERVER (kr_hub_server_get_type ())
KR_HUB_AVAILABLE_IN_ALL
G_DECLARE_FINAL_TYPE (KrHubServer, kr_hub_server, KR_HUB, SERVER, GObject)

KR_HUB_AVAILABLE_IN_ALL
KrHubServer *kr_hub_server_new (KrHubClock *clock);
KR_HUB_AVAILABLE_IN_ALL
GMainContext *kr_hub_server_get_context (KrHubServer *self);
KR_HUB_AVAILABLE_IN_ALL
KrHubClock *kr_hub_server_get_clock (KrHubServer *self);
KR_HUB_AVAILABLE_IN_ALL
gsize kr_hub_server_get_max_message_size (KrHubServer *self);
KR_HUB_AVAILABLE_IN_ALL
KrHubTransferFormat kr_hub_server_get_transfer_formats (KrHubServer *self);

KR_HUB_AVAILABLE_IN_ALL
gboolean kr_hub_server_add_method (KrHubServer *self,
                                   const char *name,
                                   const char *arguments,
                                   const char *result,
                                   KrHubMethodFunc func,
                                   gpointer user_data,
                                   GDestroyNotify destroy);

KR_HUB_AVAILABLE_IN_ALL
gboolean kr_hub_server_add_stream_method (KrHubServer *self,
                                          const char *name,
                                          const char *arguments,
                                          const char *item,
                                          KrHubMethodFunc func,
                                          gpointer user_data,
                                          GDestroyNotify destroy);
KR_HUB_AVAILABLE_IN_ALL
void kr_hub_server_set_method_uploads (KrHubServer *self, const char *name, const char *items);

KR_HUB_AVAILABLE_IN_ALL
void kr_hub_server_set_method_authorizer (KrHubServer *self,
                                          const char *name,
                                          KrHubAuthorizeFunc func,
                                          gpointer user_data,
                                          GDestroyNotify destroy);
/**
 * KrHubRawFunc:
 * @connection: who sent
 * @data: (array length=len) (element-type guint8): bytes, cut anywhere; valid during the call
 * @len: how many
 * @user_data: data of the registration
 *
 * A handler of received bytes; it runs in the thread of the hub.
 *
 * Since: 0.1
 */
typedef void (*KrHubRawFunc) (KrHubConnection *connection, const guint8 *data, gsize len, gpointer user_data);

KR_HUB_AVAILABLE_IN_ALL
void kr_hub_server_set_raw_handler (KrHubServer *self, KrHubRawFunc func, gpointer user_data, GDestroyNotify destroy);
KR_HUB_AVAILABLE_IN_ALL
void kr_hub_server_add_filter (KrHubServer *self, KrHubFilter *filter);

KR_HUB_AVAILABLE_IN_ALL
char *kr_hub_server_new_connection_id (void);
KR_HUB_AVAILABLE_IN_ALL
KrHubConnection *kr_hub_server_accept (KrHubServer *self,
                                       KrHubTransport *transport,
                                       const char *connection_id,
                                       const char *user_id);
KR_HUB_AVAILABLE_IN_ALL
KrHubConnection *kr_hub_server_accept_stateful (KrHubServer *self,
                                                KrHubTransport *transport,
                                                const char *connection_id,
                                                const char *user_id);
KR_HUB_AVAILABLE_IN_ALL
KrHubConnection *kr_hub_server_lookup (KrHubServer *self, const char *connection_id);
KR_HUB_AVAILABLE_IN_ALL
guint kr_hub_server_get_n_connections (KrHubServer *self);

KR_HUB_AVAILABLE_IN_ALL
void kr_hub_server_add_to_group (KrHubServer *self, const char *connection_id, const char *group);
KR_HUB_AVAILABLE_IN_ALL
void kr_hub_server_remove_from_group (KrHubServer *self, const char *connection_id, const char *group);

KR_HUB_AVAILABLE_IN_ALL
char **kr_hub_server_list_connections (KrHubServer *self);
KR_HUB_AVAILABLE_IN_ALL
char **kr_hub_server_list_groups (KrHubServer *self);
KR_HUB_AVAILABLE_IN_ALL
char **kr_hub_server_list_group_connections (KrHubServer *self, const char *group);
KR_HUB_AVAILABLE_IN_ALL
guint kr_hub_server_get_n_group_connections (KrHubServer *self, const char *group);
KR_HUB_AVAILABLE_IN_ALL
char **kr_hub_server_list_users (KrHubServer *self);
KR_HUB_AVAILABLE_IN_ALL
char **kr_hub_server_list_user_connections (KrHubServer *self, const char *user_id);
KR_HUB_AVAILABLE_IN_ALL
guint kr_hub_server_get_n_user_connections (KrHubServer *self, const char *user_id);

KR_HUB_AVAILABLE_IN_ALL
void kr_hub_server_invoke_async (KrHubServer *self,
                                 KrHubInvocation *waiting,
                                 const char *connection_id,
                                 const char *target,
                                 GVariant *arguments,
                                 const GVariantType *result_type,
                                 GCancellable *cancellable,
                                 GAsyncReadyCallback callback,
                                 gpointer user_data);
KR_HUB_AVAILABLE_IN_ALL
GVariant *kr_hub_server_invoke_finish (KrHubServer *self, GAsyncResult *result, GError **error);

KR_HUB_AVAILABLE_IN_ALL
KrHubMetrics *kr_hub_server_read_metrics (KrHubServer *self);
KR_HUB_AVAILABLE_IN_ALL
void kr_hub_server_read_metrics_async (KrHubServer *self,
                                       GCancellable *cancellable,
                                       GAsyncReadyCallback callback,
                                       gpointer user_data);
KR_HUB_AVAILABLE_IN_ALL
KrHubMetrics *kr_hub_server_read_metrics_finish (KrHubServer *self, GAsyncResult *result, GError **error);

KR_HUB_AVAILABLE_IN_ALL
void kr_hub_server_shutdown (KrHubServer *self);
KR_HUB_AVAILABLE_IN_ALL
void kr_hub_server_shutdown_async (KrHubServer *self,
                                   gint64 grace,
                                   GCancellable *cancellable,
                                   GAsyncReadyCallback callback,
                                   gpointer user_data);
KR_HUB_AVAILABLE_IN_ALL
gboolean kr_hub_server_shutdown_finish (KrHubServer *self, GAsyncResult *result, GError **error);

G_END_DECLS
