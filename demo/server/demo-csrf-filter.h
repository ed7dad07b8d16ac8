/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* What lies between libkrcsrf and libsoup: requests in, verdicts and token pairs out. */
#pragma once

#include <krcsrf.h>
#include <libsoup/soup.h>

G_BEGIN_DECLS

KrCsrfProtector *demo_csrf_filter_new_protector (gboolean secure, GError **error);
void demo_csrf_filter_add_token_route (SoupServer *server, KrCsrfProtector *protector);
gboolean demo_csrf_filter_check (KrCsrfProtector *protector, SoupServerMessage *message);

G_END_DECLS
