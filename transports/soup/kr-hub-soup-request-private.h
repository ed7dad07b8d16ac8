/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* What a request to a hub says: query, Accept, Origin. */
#pragma once

#if !defined (KR_HUB_SOUP_COMPILATION)
#error "Private header of transports/soup."
#endif

#include <libsoup/soup.h>

G_BEGIN_DECLS

char *kr_hub_soup_query_dup (const char *query, const char *key);
gboolean kr_hub_soup_parse_int32 (const char *text, gint *value);
gboolean kr_hub_soup_accepts_event_stream (const char *accept);
gboolean kr_hub_soup_origin_is_same (const char *origin, GUri *uri);
gboolean kr_hub_soup_origin_is_listed (const char *origin, const char *const *allowed);

G_END_DECLS
