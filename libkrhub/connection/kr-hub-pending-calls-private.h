/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* KrHubPendingCalls: our own calls that the peer has not answered yet, by invocation id. */
#pragma once

#if !defined (KR_HUB_INSIDE) && !defined (KR_HUB_COMPILATION)
#error "This header is private to libkrhub."
#endif

#include "kr-hub-protocol.h"
#include "kr-hub-session-private.h"
#include "kr-hub-stream.h"

G_BEGIN_DECLS

typedef struct _KrHubPendingCalls KrHubPendingCalls;

/* A client counts its own calls from 0; a hub counts those to all of its clients together, as ASP.NET Core does: "s1". */
KrHubPendingCalls *kr_hub_pending_calls_new (KrHubSettings *settings, KrHubRole role);
void kr_hub_pending_calls_free (KrHubPendingCalls *self);

#define KR_HUB_CALL_ID_SIZE 24

/* An id that no call and no stream of this end has had; owned by the caller. */
char *kr_hub_pending_calls_new_id (KrHubPendingCalls *self);
guint kr_hub_pending_calls_get_n (KrHubPendingCalls *self);

/* Takes a reference on @call and on each of @uploads (NULL or NULL-terminated), which are closed when the call ends.
 * Returns the call's id, which lies in @storage. */
KrHubSlice kr_hub_pending_calls_add (KrHubPendingCalls *self,
                                     KrHubCall *call,
                                     KrHubStream *const *uploads,
                                     char storage[KR_HUB_CALL_ID_SIZE]);
/* The id of a call that was added. */
KrHubSlice kr_hub_pending_calls_get_id (KrHubPendingCalls *self, const KrHubCall *call, char storage[KR_HUB_CALL_ID_SIZE]);
/* FALSE if there is no such call. */
gboolean kr_hub_pending_calls_complete (KrHubPendingCalls *self, KrHubProtocol *protocol, const KrHubMessage *completion);
/* What was received is about to move: a result that is being handed over must not depend on it. */
void kr_hub_pending_calls_keep (KrHubPendingCalls *self);
/* Whether the hub waits for an answer of that id, from whomever. */
gboolean kr_hub_pending_calls_is_foreign (KrHubSettings *settings, const KrHubSlice *id);
/* Ends the call with @error, which is taken. FALSE if it has ended before. */
gboolean kr_hub_pending_calls_fail (KrHubPendingCalls *self, KrHubCall *call, GError *error);
void kr_hub_pending_calls_fail_all (KrHubPendingCalls *self, const GError *error);

/* As ASP.NET Core's texts name it: "Int32" for "i". */
const char *kr_hub_type_get_display_name (const GVariantType *type);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (KrHubPendingCalls, kr_hub_pending_calls_free)

G_END_DECLS
