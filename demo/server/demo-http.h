/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* What the routes of the demo share: methods, query parameters, JSON answers, the access log. */
#pragma once

#include <json-glib/json-glib.h>
#include <libsoup/soup.h>

G_BEGIN_DECLS

void demo_http_log_requests (SoupServer *server);
void demo_http_add_route (SoupServer *server, const char *path, const char *methods, SoupServerCallback callback,
                          gpointer user_data);
void demo_http_set_json (SoupServerMessage *message, guint status, JsonBuilder *builder);
void demo_http_set_text (SoupServerMessage *message, guint status, const char *content_type, const char *text);
void demo_http_set_error (SoupServerMessage *message, guint status, const char *parameter, const char *text);
gboolean demo_http_get_number (GHashTable *query, const char *name, guint lowest, guint highest, guint *number);

G_END_DECLS
