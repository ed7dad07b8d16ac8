/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* KrHubSoupGuests: how many connections came through a front door, and from where. */
#pragma once

#if !defined (KR_HUB_SOUP_COMPILATION)
#error "Private header of transports/soup."
#endif

#include <glib.h>

G_BEGIN_DECLS

/* Any thread. */
typedef struct _KrHubSoupGuests KrHubSoupGuests;

KrHubSoupGuests *kr_hub_soup_guests_new (void);
KrHubSoupGuests *kr_hub_soup_guests_ref (KrHubSoupGuests *self);
void kr_hub_soup_guests_unref (KrHubSoupGuests *self);
/* Returns NULL, or which limit is reached. */
const char *kr_hub_soup_guests_enter (KrHubSoupGuests *self, const char *address, guint max, guint max_per_address);
void kr_hub_soup_guests_leave (KrHubSoupGuests *self, const char *address);
guint kr_hub_soup_guests_get_n (KrHubSoupGuests *self);

G_END_DECLS
