/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* KrHubSoupExchange: a request that waits in libsoup until the hub's thread answers it. */
#pragma once

#if !defined (KR_HUB_SOUP_COMPILATION)
#error "Private header of transports/soup."
#endif

#include <libsoup/soup.h>

G_BEGIN_DECLS

#define KR_HUB_SOUP_TYPE_EXCHANGE (kr_hub_soup_exchange_get_type ())
G_DECLARE_FINAL_TYPE (KrHubSoupExchange, kr_hub_soup_exchange, KR_HUB_SOUP, EXCHANGE, GObject)

/* In the HTTP thread. */
KrHubSoupExchange *kr_hub_soup_exchange_new (SoupServerMessage *message);
void kr_hub_soup_exchange_watch (KrHubSoupExchange *self, GMainContext *context, void (*gone) (KrHubSoupExchange *, GObject *), GObject *object);

/* In the hub's thread. */
void kr_hub_soup_exchange_answer (KrHubSoupExchange *self, guint status, const char *content_type, GBytes *body);

/* In the HTTP thread: an answer without waiting. @body: static text or NULL. */
void kr_hub_soup_answer (SoupServerMessage *message, guint status, const char *content_type, const char *body);

G_END_DECLS
