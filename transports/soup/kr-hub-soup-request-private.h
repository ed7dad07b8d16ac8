/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* What a request to a hub says: query, Accept, Origin; and what a log may say of it. */
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

char *kr_hub_soup_describe_request (SoupServerMessage *message);
void kr_hub_soup_log_request (SoupServerMessage *message, const char *what);
/* @address: NULL: not known */
void kr_hub_soup_log_stranger (const char *id, const char *address);
void kr_hub_soup_log_connection (const char *id, const char *format, ...) G_GNUC_PRINTF (2, 3);

G_END_DECLS
