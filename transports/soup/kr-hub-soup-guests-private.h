/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* KrHubSoupGuests: how many connections a front door has let in, in all and from each address. */
#pragma once

#if !defined (KR_HUB_SOUP_COMPILATION)
#error "Private header of transports/soup."
#endif

#include <krhub.h>

G_BEGIN_DECLS

/* Both may be used from any thread: a connection may end in the thread of its hub. */
typedef struct _KrHubSoupGuests KrHubSoupGuests;
/* All connections of one IPv4 address or one /64 of IPv6; each of them has one place there, until it leaves. */
typedef struct _KrHubSoupGuest KrHubSoupGuest;

KrHubSoupGuests *kr_hub_soup_guests_new (void);
KrHubSoupGuests *kr_hub_soup_guests_ref (KrHubSoupGuests *self);
void kr_hub_soup_guests_unref (KrHubSoupGuests *self);
guint kr_hub_soup_guests_get_n (KrHubSoupGuests *self);
/* NULL: @limit says which one is reached. */
KrHubSoupGuest *kr_hub_soup_guests_enter (KrHubSoupGuests *self,
                                          GInetAddress *address,
                                          guint max,
                                          guint max_per_address,
                                          const char **limit);
void kr_hub_soup_guest_leave (KrHubSoupGuest *self);
/* TLS handshakes; @duration µs. */
void kr_hub_soup_guests_begin_tls (KrHubSoupGuests *self);
void kr_hub_soup_guests_end_tls (KrHubSoupGuests *self, gboolean succeeded, gint64 duration);
/* Adds KrHubMetric. */
void kr_hub_soup_guests_read (KrHubSoupGuests *self, GPtrArray *metrics);

G_END_DECLS
