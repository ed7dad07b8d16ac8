/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* The guard of the demo's routes, and the route that gives out tokens. */
#pragma once

#include <krcsrf-soup.h>

G_BEGIN_DECLS

KrCsrfSoupGuard *demo_antiforgery_new_guard (gboolean secure, GError **error);
void demo_antiforgery_add_token_route (SoupServer *server, KrCsrfSoupGuard *guard);

G_END_DECLS
