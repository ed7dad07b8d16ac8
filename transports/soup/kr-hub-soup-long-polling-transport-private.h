/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* KrHubSoupLongPollingTransport: requests that libsoup holds until there is something to say. */
#pragma once

#if !defined (KR_HUB_SOUP_COMPILATION)
#error "Private header of transports/soup."
#endif

#include <krhub.h>

#include "kr-hub-soup-exchange-private.h"
#include "kr-hub-soup-inbox-private.h"
#include "kr-hub-soup-token-store-private.h"

G_BEGIN_DECLS

#define KR_HUB_SOUP_TYPE_LONG_POLLING_TRANSPORT (kr_hub_soup_long_polling_transport_get_type ())
G_DECLARE_FINAL_TYPE (KrHubSoupLongPollingTransport,
                      kr_hub_soup_long_polling_transport,
                      KR_HUB_SOUP,
                      LONG_POLLING_TRANSPORT,
                      GObject)

KrHubTransport *kr_hub_soup_long_polling_transport_new (KrHubSoupToken *token,
                                                        KrHubClock *clock,
                                                        gint64 poll_timeout,
                                                        gint64 disconnect_timeout,
                                                        gint64 close_timeout);
void kr_hub_soup_long_polling_transport_poll (KrHubSoupLongPollingTransport *self, KrHubSoupExchange *poll);
void kr_hub_soup_long_polling_transport_poll_gone (KrHubSoupExchange *poll, GObject *self);
KrHubSoupInbox *kr_hub_soup_long_polling_transport_get_inbox (KrHubSoupLongPollingTransport *self);
void kr_hub_soup_long_polling_transport_delete (KrHubSoupLongPollingTransport *self);

G_END_DECLS
