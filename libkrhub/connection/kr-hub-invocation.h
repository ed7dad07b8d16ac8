/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* KrHubInvocation: one call that was given to a handler, and its answer. */
#pragma once

#if !defined (KR_HUB_INSIDE) && !defined (KR_HUB_COMPILATION)
#error "Only <krhub.h> can be included directly."
#endif

#include <json-glib/json-glib.h>

#include "kr-hub-stream.h"
#include "kr-hub-types.h"

G_BEGIN_DECLS

#define KR_HUB_TYPE_INVOCATION (kr_hub_invocation_get_type ())

KR_HUB_AVAILABLE_IN_ALL
GType kr_hub_invocation_get_type (void);

/**
 * KrHubMethodFunc:
 * @invocation: the call; keep it with [method@KrHub.Invocation.ref] to answer later
 * @user_data: data of the registration
 *
 * A handler of calls from the other end; it runs in the thread of the hub or client.
 *
 * It answers with one of the `return` functions, now, or later from any thread. A call that is neither answered nor kept
 * when the handler returns is answered with an error.
 *
 * Since: 0.1
 */
typedef void (*KrHubMethodFunc) (KrHubInvocation *invocation, gpointer user_data);

/**
 * KrHubAuthorizeFunc:
 * @invocation: a call; it is not to be kept or answered
 * @user_data: data of the registration
 *
 * Says whether the caller may call the method; it runs in the thread of the hub.
 *
 * Returns: %FALSE to refuse
 *
 * Since: 0.1
 */
typedef gboolean (*KrHubAuthorizeFunc) (KrHubInvocation *invocation, gpointer user_data);

KR_HUB_AVAILABLE_IN_ALL
KrHubInvocation *kr_hub_invocation_ref (KrHubInvocation *self);
KR_HUB_AVAILABLE_IN_ALL
void kr_hub_invocation_unref (KrHubInvocation *self);

KR_HUB_AVAILABLE_IN_ALL
KrHubConnection *kr_hub_invocation_get_connection (KrHubInvocation *self);
KR_HUB_AVAILABLE_IN_ALL
const char *kr_hub_invocation_get_method_name (KrHubInvocation *self);
KR_HUB_AVAILABLE_IN_ALL
gboolean kr_hub_invocation_is_known (KrHubInvocation *self);
KR_HUB_AVAILABLE_IN_ALL
void kr_hub_invocation_proceed (KrHubInvocation *self);
KR_HUB_AVAILABLE_IN_ALL
gboolean kr_hub_invocation_get_expects_answer (KrHubInvocation *self);
KR_HUB_AVAILABLE_IN_ALL
GCancellable *kr_hub_invocation_get_cancellable (KrHubInvocation *self);

KR_HUB_AVAILABLE_IN_ALL
guint kr_hub_invocation_get_n_arguments (KrHubInvocation *self);
KR_HUB_AVAILABLE_IN_ALL
const char *kr_hub_invocation_get_string (KrHubInvocation *self, guint index);
KR_HUB_AVAILABLE_IN_ALL
GVariant *kr_hub_invocation_get_arguments (KrHubInvocation *self, GError **error);
KR_HUB_AVAILABLE_IN_ALL
JsonNode *kr_hub_invocation_dup_node (KrHubInvocation *self, guint index, GError **error);

KR_HUB_AVAILABLE_IN_ALL
guint kr_hub_invocation_get_n_uploads (KrHubInvocation *self);
KR_HUB_AVAILABLE_IN_ALL
KrHubStream *kr_hub_invocation_get_upload (KrHubInvocation *self, guint index);
KR_HUB_AVAILABLE_IN_ALL
KrHubStream *kr_hub_invocation_open_stream (KrHubInvocation *self);

KR_HUB_AVAILABLE_IN_ALL
void kr_hub_invocation_return_void (KrHubInvocation *self);
KR_HUB_AVAILABLE_IN_ALL
void kr_hub_invocation_return_value (KrHubInvocation *self, GVariant *value);
KR_HUB_AVAILABLE_IN_ALL
void kr_hub_invocation_return_string (KrHubInvocation *self, const char *text);
KR_HUB_AVAILABLE_IN_ALL
void kr_hub_invocation_return_node (KrHubInvocation *self, JsonNode *node);
KR_HUB_AVAILABLE_IN_ALL
void kr_hub_invocation_return_error (KrHubInvocation *self, const GError *error);
KR_HUB_AVAILABLE_IN_ALL
void kr_hub_invocation_return_error_literal (KrHubInvocation *self, const char *message);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (KrHubInvocation, kr_hub_invocation_unref)

G_END_DECLS
