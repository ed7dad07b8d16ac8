/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* KrHubCloseReason: why a connection is over. */
#pragma once

#if !defined (KR_HUB_INSIDE) && !defined (KR_HUB_COMPILATION)
#error "Only <krhub.h> can be included directly."
#endif

#include <glib-object.h>

#include "kr-hub-visibility.h"

G_BEGIN_DECLS

/**
 * KrHubCloseReason:
 * @KR_HUB_CLOSE_REASON_NONE: it is not over
 * @KR_HUB_CLOSE_REASON_PEER: the other end closed it in good order
 * @KR_HUB_CLOSE_REASON_LOST: the transport was lost without a farewell
 * @KR_HUB_CLOSE_REASON_TIMEOUT: the other end was silent for too long
 * @KR_HUB_CLOSE_REASON_HANDSHAKE: the handshake was refused or broken
 * @KR_HUB_CLOSE_REASON_HANDSHAKE_TIMEOUT: the handshake took too long
 * @KR_HUB_CLOSE_REASON_PROTOCOL: the other end broke the protocol
 * @KR_HUB_CLOSE_REASON_TOO_LARGE: the other end sent a message beyond the limits of size or depth
 * @KR_HUB_CLOSE_REASON_OUTBOX_FULL: the other end did not read
 * @KR_HUB_CLOSE_REASON_SEND_TIMEOUT: the other end took nothing of what waited for it for too long
 * @KR_HUB_CLOSE_REASON_RECONNECT_TIMEOUT: a stateful connection got no other transport in time
 * @KR_HUB_CLOSE_REASON_REFUSED: a filter did not let it in
 * @KR_HUB_CLOSE_REASON_ABORTED: this end ended it
 * @KR_HUB_CLOSE_REASON_SHUTDOWN: the hub was shut down
 * @KR_HUB_CLOSE_REASON_EXPIRED: what the other end had proved itself with was good no longer
 *
 * Why a connection is over.
 *
 * Since: 0.1
 */
typedef enum
{
  KR_HUB_CLOSE_REASON_NONE,
  KR_HUB_CLOSE_REASON_PEER,
  KR_HUB_CLOSE_REASON_LOST,
  KR_HUB_CLOSE_REASON_TIMEOUT,
  KR_HUB_CLOSE_REASON_HANDSHAKE,
  KR_HUB_CLOSE_REASON_HANDSHAKE_TIMEOUT,
  KR_HUB_CLOSE_REASON_PROTOCOL,
  KR_HUB_CLOSE_REASON_TOO_LARGE,
  KR_HUB_CLOSE_REASON_OUTBOX_FULL,
  KR_HUB_CLOSE_REASON_SEND_TIMEOUT,
  KR_HUB_CLOSE_REASON_RECONNECT_TIMEOUT,
  KR_HUB_CLOSE_REASON_REFUSED,
  KR_HUB_CLOSE_REASON_ABORTED,
  KR_HUB_CLOSE_REASON_SHUTDOWN,
  KR_HUB_CLOSE_REASON_EXPIRED,
} KrHubCloseReason;

#define KR_HUB_TYPE_CLOSE_REASON (kr_hub_close_reason_get_type ())
KR_HUB_AVAILABLE_IN_ALL
GType kr_hub_close_reason_get_type (void);

KR_HUB_AVAILABLE_IN_ALL
const char *kr_hub_close_reason_to_string (KrHubCloseReason self);

G_END_DECLS
