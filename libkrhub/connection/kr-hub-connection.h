/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* KrHubConnection: one connection to a peer, as a hub or a client sees it. */
#pragma once

#if !defined (KR_HUB_INSIDE) && !defined (KR_HUB_COMPILATION)
#error "Only <krhub.h> can be included directly."
#endif

#include <gio/gio.h>

#include "kr-hub-close-reason.h"
#include "kr-hub-outbox-policy.h"
#include "kr-hub-transport.h"
#include "kr-hub-types.h"

G_BEGIN_DECLS

#define KR_HUB_TYPE_CONNECTION (kr_hub_connection_get_type ())
KR_HUB_AVAILABLE_IN_ALL
G_DECLARE_FINAL_TYPE (KrHubConnection, kr_hub_connection, KR_HUB, CONNECTION, GObject)

KR_HUB_AVAILABLE_IN_ALL
const char *kr_hub_connection_get_id (KrHubConnection *self);
KR_HUB_AVAILABLE_IN_ALL
const char *kr_hub_connection_get_user_id (KrHubConnection *self);
KR_HUB_AVAILABLE_IN_ALL
const char *kr_hub_connection_get_remote_address (KrHubConnection *self);
KR_HUB_AVAILABLE_IN_ALL
void kr_hub_connection_set_remote_address (KrHubConnection *self, const char *address);
KR_HUB_AVAILABLE_IN_ALL
const char *kr_hub_connection_get_transport_name (KrHubConnection *self);
KR_HUB_AVAILABLE_IN_ALL
const char *kr_hub_connection_get_protocol_name (KrHubConnection *self);
KR_HUB_AVAILABLE_IN_ALL
gboolean kr_hub_connection_is_open (KrHubConnection *self);
KR_HUB_AVAILABLE_IN_ALL
KrHubCloseReason kr_hub_connection_get_close_reason (KrHubConnection *self);
KR_HUB_AVAILABLE_IN_ALL
gsize kr_hub_connection_get_outbox_size (KrHubConnection *self);
KR_HUB_AVAILABLE_IN_ALL
KrHubOutboxPolicy kr_hub_connection_get_outbox_policy (KrHubConnection *self);
KR_HUB_AVAILABLE_IN_ALL
void kr_hub_connection_set_outbox_policy (KrHubConnection *self, KrHubOutboxPolicy policy);
KR_HUB_AVAILABLE_IN_ALL
void kr_hub_connection_send_async (KrHubConnection *self,
                                   const char *target,
                                   GVariant *arguments,
                                   GCancellable *cancellable,
                                   GAsyncReadyCallback callback,
                                   gpointer user_data);
KR_HUB_AVAILABLE_IN_ALL
gboolean kr_hub_connection_send_finish (KrHubConnection *self, GAsyncResult *result, GError **error);
KR_HUB_AVAILABLE_IN_ALL
gboolean kr_hub_connection_send (KrHubConnection *self, const char *target, GVariant *arguments, GError **error);
KR_HUB_AVAILABLE_IN_ALL
gboolean kr_hub_connection_is_stateful (KrHubConnection *self);
KR_HUB_AVAILABLE_IN_ALL
gboolean kr_hub_connection_reattach (KrHubConnection *self, KrHubTransport *transport);
KR_HUB_AVAILABLE_IN_ALL
gboolean kr_hub_connection_is_raw (KrHubConnection *self);
KR_HUB_AVAILABLE_IN_ALL
void kr_hub_connection_write (KrHubConnection *self, gconstpointer data, gsize len);
KR_HUB_AVAILABLE_IN_ALL
void kr_hub_connection_set_binary (KrHubConnection *self, gboolean binary);
KR_HUB_AVAILABLE_IN_ALL
void kr_hub_connection_invoke_async (KrHubConnection *self,
                                     const char *target,
                                     GVariant *arguments,
                                     const GVariantType *result_type,
                                     GCancellable *cancellable,
                                     GAsyncReadyCallback callback,
                                     gpointer user_data);
KR_HUB_AVAILABLE_IN_ALL
GVariant *kr_hub_connection_invoke_finish (KrHubConnection *self, GAsyncResult *result, GError **error);
KR_HUB_AVAILABLE_IN_ALL
void kr_hub_connection_set_expiry (KrHubConnection *self, gint64 expiry);
KR_HUB_AVAILABLE_IN_ALL
void kr_hub_connection_end (KrHubConnection *self);
KR_HUB_AVAILABLE_IN_ALL
void kr_hub_connection_abort (KrHubConnection *self);

G_END_DECLS
