/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* What hubs and connections log, with fields that say whose message it is. */
#pragma once

#if !defined (KR_HUB_INSIDE) && !defined (KR_HUB_COMPILATION)
#error "This header is private to libkrhub."
#endif

#include "kr-hub-connection-private.h"

G_BEGIN_DECLS

/* Nothing that a peer or its user has said may go into a message: no argument, token, user id, name of a method that the
 * hub has not declared, or text of an error that the peer has sent or caused. */

/* With KR_HUB_HUB, and KR_HUB_CONNECTION_ID, KR_HUB_TRANSPORT, KR_HUB_PROTOCOL and KR_HUB_CLOSE_REASON as far as there
 * is one; in the connection's thread. */
void kr_hub_connection_log (KrHubConnection *self, GLogLevelFlags level, const char *format, ...) G_GNUC_PRINTF (3, 4);
/* Of the hub as a whole; any thread. */
void kr_hub_settings_log (KrHubSettings *self, GLogLevelFlags level, const char *format, ...) G_GNUC_PRINTF (3, 4);

G_END_DECLS
