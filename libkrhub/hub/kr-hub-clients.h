/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* KrHubClients: a selection of a hub's connections, to send to. */
#pragma once

#if !defined (KR_HUB_INSIDE) && !defined (KR_HUB_COMPILATION)
#error "Only <krhub.h> can be included directly."
#endif

#include "kr-hub-server.h"

G_BEGIN_DECLS

#define KR_HUB_TYPE_CLIENTS (kr_hub_clients_get_type ())

/**
 * KrHubClients:
 *
 * A selection of a hub's connections, to send to: all, some, groups, users.
 *
 * A selection names connections and looks them up anew with each send. Immutable and counted atomically: it may be kept
 * and used from any thread; what is sent from another thread than the hub's travels there.
 *
 * Since: 0.1
 */
typedef struct _KrHubClients KrHubClients;

KR_HUB_AVAILABLE_IN_ALL
GType kr_hub_clients_get_type (void);
KR_HUB_AVAILABLE_IN_ALL
KrHubClients *kr_hub_clients_ref (KrHubClients *self);
KR_HUB_AVAILABLE_IN_ALL
void kr_hub_clients_unref (KrHubClients *self);

KR_HUB_AVAILABLE_IN_ALL
KrHubClients *kr_hub_clients_new_all (KrHubServer *server);
KR_HUB_AVAILABLE_IN_ALL
KrHubClients *kr_hub_clients_new_all_except (KrHubServer *server, const char *const *connection_ids);
KR_HUB_AVAILABLE_IN_ALL
KrHubClients *kr_hub_clients_new_client (KrHubServer *server, const char *connection_id);
KR_HUB_AVAILABLE_IN_ALL
KrHubClients *kr_hub_clients_new_clients (KrHubServer *server, const char *const *connection_ids);
KR_HUB_AVAILABLE_IN_ALL
KrHubClients *kr_hub_clients_new_group (KrHubServer *server, const char *group);
KR_HUB_AVAILABLE_IN_ALL
KrHubClients *kr_hub_clients_new_groups (KrHubServer *server, const char *const *groups);
KR_HUB_AVAILABLE_IN_ALL
KrHubClients *kr_hub_clients_new_group_except (KrHubServer *server,
                                               const char *group,
                                               const char *const *connection_ids);
KR_HUB_AVAILABLE_IN_ALL
KrHubClients *kr_hub_clients_new_user (KrHubServer *server, const char *user_id);
KR_HUB_AVAILABLE_IN_ALL
KrHubClients *kr_hub_clients_new_users (KrHubServer *server, const char *const *user_ids);
KR_HUB_AVAILABLE_IN_ALL
KrHubClients *kr_hub_clients_new_caller (KrHubServer *server, KrHubInvocation *invocation);
KR_HUB_AVAILABLE_IN_ALL
KrHubClients *kr_hub_clients_new_others (KrHubServer *server, KrHubInvocation *invocation);
KR_HUB_AVAILABLE_IN_ALL
KrHubClients *kr_hub_clients_new_others_in_group (KrHubServer *server, KrHubInvocation *invocation, const char *group);

KR_HUB_AVAILABLE_IN_ALL
gboolean kr_hub_clients_send (KrHubClients *self, const char *target, GVariant *arguments, GError **error);

KR_HUB_AVAILABLE_IN_ALL
void kr_hub_clients_send_async (KrHubClients *self,
                                const char *target,
                                GVariant *arguments,
                                GCancellable *cancellable,
                                GAsyncReadyCallback callback,
                                gpointer user_data);
KR_HUB_AVAILABLE_IN_ALL
gboolean kr_hub_clients_send_finish (KrHubClients *self, GAsyncResult *result, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (KrHubClients, kr_hub_clients_unref)

G_END_DECLS
