/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* The error domain of libkrhub. */
#pragma once

#if !defined (KR_HUB_INSIDE) && !defined (KR_HUB_COMPILATION)
#error "Only <krhub.h> can be included directly."
#endif

#include <glib-object.h>

#include "kr-hub-visibility.h"

G_BEGIN_DECLS

#define KR_HUB_ERROR (kr_hub_error_quark ())

/**
 * KrHubError:
 * @KR_HUB_ERROR_MALFORMED: bytes from the peer are not what the protocol says; ends the connection
 * @KR_HUB_ERROR_TOO_LARGE: a message exceeds the size or depth limit; ends the connection
 * @KR_HUB_ERROR_HANDSHAKE: the handshake was refused, or its answer is broken
 * @KR_HUB_ERROR_BINDING: arguments or a result do not fit the declared signature; ends one invocation only
 * @KR_HUB_ERROR_METHOD_NOT_FOUND: the hub has no method of that name
 * @KR_HUB_ERROR_FAILED: the text a handler, or the other end, gave for a failed invocation
 * @KR_HUB_ERROR_CLOSED: the other end closed the connection with an error
 * @KR_HUB_ERROR_OUTBOX_FULL: the peer does not read and its outbox reached the limit
 * @KR_HUB_ERROR_LIMIT: a limit on connections or registrations was reached
 *
 * Errors of the hub protocol; what GIO has an error for (cancelled, timed out, connection closed) uses #GIOErrorEnum.
 *
 * Since: 0.1
 */
typedef enum
{
  KR_HUB_ERROR_MALFORMED,
  KR_HUB_ERROR_TOO_LARGE,
  KR_HUB_ERROR_HANDSHAKE,
  KR_HUB_ERROR_BINDING,
  KR_HUB_ERROR_METHOD_NOT_FOUND,
  KR_HUB_ERROR_FAILED,
  KR_HUB_ERROR_CLOSED,
  KR_HUB_ERROR_OUTBOX_FULL,
  KR_HUB_ERROR_LIMIT,
} KrHubError;

#define KR_HUB_TYPE_ERROR (kr_hub_error_get_type ())

KR_HUB_AVAILABLE_IN_ALL
GType kr_hub_error_get_type (void);
KR_HUB_AVAILABLE_IN_ALL
GQuark kr_hub_error_quark (void);

G_END_DECLS
