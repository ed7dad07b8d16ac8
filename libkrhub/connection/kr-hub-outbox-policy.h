/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* KrHubOutboxPolicy: what happens when a peer does not read. */
#pragma once

#if !defined (KR_HUB_INSIDE) && !defined (KR_HUB_COMPILATION)
#error "Only <krhub.h> can be included directly."
#endif

#include <glib-object.h>

#include "kr-hub-visibility.h"

G_BEGIN_DECLS

/**
 * KrHubOutboxPolicy:
 * @KR_HUB_OUTBOX_DISCONNECT: its connection is ended when its outbox is full
 * @KR_HUB_OUTBOX_WAIT: who sends can wait for room ([method@KrHub.Connection.send_async],
 *   [method@KrHub.Clients.send_async]), and nothing is read from a client that does not read its answers; who sends
 *   without waiting still ends the connection when its outbox is full
 * @KR_HUB_OUTBOX_DROP_OLDEST: the oldest events make room for new ones
 * @KR_HUB_OUTBOX_LATEST_WINS: when its outbox is full, of the events to each target only the newest stays
 *
 * What happens when a peer does not read and its outbox becomes full. None of them makes anybody else wait.
 *
 * Events are calls that expect no answer, as [method@KrHub.Clients.send] and [method@KrHub.Connection.send] make them.
 * All else (answers, items of streams, calls that have a result, what keeps the protocol going) is never dropped; a
 * connection ends after all if there is too much of that. Events that stay keep their order. What a transport has begun
 * to send, up to some 16 KiB, is beyond dropping.
 *
 * Since: 0.1
 */
typedef enum
{
  KR_HUB_OUTBOX_DISCONNECT,
  KR_HUB_OUTBOX_WAIT,
  KR_HUB_OUTBOX_DROP_OLDEST,
  KR_HUB_OUTBOX_LATEST_WINS,
} KrHubOutboxPolicy;

#define KR_HUB_TYPE_OUTBOX_POLICY (kr_hub_outbox_policy_get_type ())
KR_HUB_AVAILABLE_IN_ALL
GType kr_hub_outbox_policy_get_type (void);

G_END_DECLS
