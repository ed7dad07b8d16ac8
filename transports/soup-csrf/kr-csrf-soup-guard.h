/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* KrCsrfSoupGuard: a protector in front of a SoupServer or of single handlers. */
#pragma once

#if !defined (KR_CSRF_SOUP_INSIDE) && !defined (KR_CSRF_SOUP_COMPILATION)
#error "Only <krcsrf-soup.h> can be included directly."
#endif

#include <krcsrf.h>
#include <libsoup/soup.h>

#include "kr-csrf-soup-visibility.h"

G_BEGIN_DECLS

#define KR_CSRF_SOUP_TYPE_GUARD (kr_csrf_soup_guard_get_type ())

KR_CSRF_SOUP_AVAILABLE_IN_ALL
G_DECLARE_FINAL_TYPE (KrCsrfSoupGuard, kr_csrf_soup_guard, KR_CSRF_SOUP, GUARD, GObject)

KR_CSRF_SOUP_AVAILABLE_IN_ALL
KrCsrfSoupGuard *kr_csrf_soup_guard_new (KrCsrfProtector *protector);

KR_CSRF_SOUP_AVAILABLE_IN_ALL
void kr_csrf_soup_guard_protect_server (KrCsrfSoupGuard *self, SoupServer *server);

KR_CSRF_SOUP_AVAILABLE_IN_ALL
gboolean kr_csrf_soup_guard_check (KrCsrfSoupGuard *self, SoupServerMessage *message);

KR_CSRF_SOUP_AVAILABLE_IN_ALL
KrCsrfRequest *kr_csrf_soup_guard_get_request (KrCsrfSoupGuard *self, SoupServerMessage *message);

KR_CSRF_SOUP_AVAILABLE_IN_ALL
KrCsrfTokens *kr_csrf_soup_guard_get_tokens (KrCsrfSoupGuard *self, SoupServerMessage *message, GError **error);

KR_CSRF_SOUP_AVAILABLE_IN_ALL
gboolean kr_csrf_soup_guard_rotate (KrCsrfSoupGuard *self, SoupServerMessage *message, GError **error);

KR_CSRF_SOUP_AVAILABLE_IN_ALL
void kr_csrf_soup_guard_refuse (KrCsrfSoupGuard *self, SoupServerMessage *message, const GError *error);

G_END_DECLS
