/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* KrHubFilter: the interface of what stands around a hub's calls and connections. */
#pragma once

#if !defined (KR_HUB_INSIDE) && !defined (KR_HUB_COMPILATION)
#error "Only <krhub.h> can be included directly."
#endif

#include "kr-hub-connection.h"
#include "kr-hub-invocation.h"

G_BEGIN_DECLS

#define KR_HUB_TYPE_FILTER (kr_hub_filter_get_type ())
KR_HUB_AVAILABLE_IN_ALL
G_DECLARE_INTERFACE (KrHubFilter, kr_hub_filter, KR_HUB, FILTER, GObject)

/**
 * KrHubFilterInterface:
 * @g_iface: the parent
 * @invoke: before a method: see [method@KrHub.Filter.invoke]
 * @returned: after a method: see [method@KrHub.Filter.returned]
 * @connected: before a connection is announced: see [method@KrHub.Filter.connected]
 * @disconnected: after the end of a connection was announced: see [method@KrHub.Filter.disconnected]
 *
 * What a filter implements; each may be missing. All are called in the thread of the hub.
 *
 * Since: 0.1
 */
struct _KrHubFilterInterface
{
  GTypeInterface g_iface;

  gboolean (*invoke) (KrHubFilter *self, KrHubInvocation *invocation);
  void (*returned) (KrHubFilter *self, KrHubInvocation *invocation, const char *failure);
  gboolean (*connected) (KrHubFilter *self, KrHubConnection *connection, GError **error);
  void (*disconnected) (KrHubFilter *self, KrHubConnection *connection, const GError *error);
};

KR_HUB_AVAILABLE_IN_ALL
gboolean kr_hub_filter_invoke (KrHubFilter *self, KrHubInvocation *invocation);
KR_HUB_AVAILABLE_IN_ALL
void kr_hub_filter_returned (KrHubFilter *self, KrHubInvocation *invocation, const char *failure);
KR_HUB_AVAILABLE_IN_ALL
gboolean kr_hub_filter_connected (KrHubFilter *self, KrHubConnection *connection, GError **error);
KR_HUB_AVAILABLE_IN_ALL
void kr_hub_filter_disconnected (KrHubFilter *self, KrHubConnection *connection, const GError *error);

G_END_DECLS
