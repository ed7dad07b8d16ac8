/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* KrHubSoupBody: the body of a request, which must keep coming and come to an end. */
#pragma once

#if !defined (KR_HUB_SOUP_COMPILATION)
#error "Private header of transports/soup."
#endif

#include <krhub.h>
#include <libsoup/soup.h>

#include "kr-hub-soup-stream-private.h"

G_BEGIN_DECLS

void kr_hub_soup_body_watch (SoupServerMessage *message,
                             KrHubSoupStream *stream,
                             KrHubClock *clock,
                             gint64 timeout,
                             guint64 max_size);

G_END_DECLS
