/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* KrHubCloseReason: why a connection is over. */
#include "config.h"

#include "kr-hub-close-reason.h"

G_DEFINE_ENUM_TYPE (KrHubCloseReason, kr_hub_close_reason,
                    G_DEFINE_ENUM_VALUE (KR_HUB_CLOSE_REASON_NONE, "none"),
                    G_DEFINE_ENUM_VALUE (KR_HUB_CLOSE_REASON_PEER, "peer"),
                    G_DEFINE_ENUM_VALUE (KR_HUB_CLOSE_REASON_LOST, "lost"),
                    G_DEFINE_ENUM_VALUE (KR_HUB_CLOSE_REASON_TIMEOUT, "timeout"),
                    G_DEFINE_ENUM_VALUE (KR_HUB_CLOSE_REASON_HANDSHAKE, "handshake"),
                    G_DEFINE_ENUM_VALUE (KR_HUB_CLOSE_REASON_HANDSHAKE_TIMEOUT, "handshake-timeout"),
                    G_DEFINE_ENUM_VALUE (KR_HUB_CLOSE_REASON_PROTOCOL, "protocol"),
                    G_DEFINE_ENUM_VALUE (KR_HUB_CLOSE_REASON_TOO_LARGE, "too-large"),
                    G_DEFINE_ENUM_VALUE (KR_HUB_CLOSE_REASON_OUTBOX_FULL, "outbox-full"),
                    G_DEFINE_ENUM_VALUE (KR_HUB_CLOSE_REASON_SEND_TIMEOUT, "send-timeout"),
                    G_DEFINE_ENUM_VALUE (KR_HUB_CLOSE_REASON_RECONNECT_TIMEOUT, "reconnect-timeout"),
                    G_DEFINE_ENUM_VALUE (KR_HUB_CLOSE_REASON_REFUSED, "refused"),
                    G_DEFINE_ENUM_VALUE (KR_HUB_CLOSE_REASON_ABORTED, "aborted"),
                    G_DEFINE_ENUM_VALUE (KR_HUB_CLOSE_REASON_SHUTDOWN, "shutdown"),
                    G_DEFINE_ENUM_VALUE (KR_HUB_CLOSE_REASON_EXPIRED, "expired"))

/**
 * kr_hub_close_reason_to_string:
 * @self: a reason
 *
 * Names a reason as metrics and logs do. Any thread.
 *
 * Returns: (transfer none): a word such as `outbox_full`
 *
 * Since: 0.1
 */
const char *
kr_hub_close_reason_to_string (KrHubCloseReason self)
{
  static const char *const names[] = {
    "none",     "peer",      "lost",        "timeout",      "handshake",         "handshake_timeout",
    "protocol", "too_large", "outbox_full", "send_timeout", "reconnect_timeout", "refused",
    "aborted",  "shutdown",  "expired",
  };

  G_STATIC_ASSERT (G_N_ELEMENTS (names) == KR_HUB_CLOSE_REASON_EXPIRED + 1);
  g_return_val_if_fail ((guint) self < G_N_ELEMENTS (names), NULL);
  return names[self];
}
