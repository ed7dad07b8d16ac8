/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* KrCsrfProtector: issues antiforgery tokens and judges requests. */
#pragma once

#if !defined (KR_CSRF_INSIDE) && !defined (KR_CSRF_COMPILATION)
#error "Only <krcsrf.h> can be included directly."
#endif

#include <gio/gio.h>

#include "kr-csrf-error.h"
#include "kr-csrf-key-ring.h"
#include "kr-csrf-request.h"
#include "kr-csrf-stats.h"
#include "kr-csrf-tokens.h"
#include "kr-csrf-visibility.h"

G_BEGIN_DECLS

/**
 * KrCsrfMode:
 * @KR_CSRF_MODE_TOKEN_AND_ORIGIN: both the token and where the request comes from must be right
 * @KR_CSRF_MODE_TOKEN_ONLY: only the token counts
 * @KR_CSRF_MODE_ORIGIN_ONLY: only Sec-Fetch-Site, Origin and Referer count, and one of them must be there
 *
 * What a request needs to pass.
 *
 * Since: 0.1
 */
typedef enum
{
  KR_CSRF_MODE_TOKEN_AND_ORIGIN,
  KR_CSRF_MODE_TOKEN_ONLY,
  KR_CSRF_MODE_ORIGIN_ONLY,
} KrCsrfMode;

/**
 * KrCsrfSameSite:
 * @KR_CSRF_SAME_SITE_LAX: sent on navigation from other sites, but not with their POST requests
 * @KR_CSRF_SAME_SITE_STRICT: never sent with what another site starts
 * @KR_CSRF_SAME_SITE_NONE: always sent; needs Secure
 *
 * The SameSite attribute of the cookie (RFC 6265bis).
 *
 * Since: 0.1
 */
typedef enum
{
  KR_CSRF_SAME_SITE_LAX,
  KR_CSRF_SAME_SITE_STRICT,
  KR_CSRF_SAME_SITE_NONE,
} KrCsrfSameSite;

/**
 * KrCsrfHeaderAction:
 * @KR_CSRF_HEADER_ACTION_APPEND: add a line, whatever is there (Set-Cookie)
 * @KR_CSRF_HEADER_ACTION_REPLACE: this value instead of all others (Cache-Control, Pragma)
 * @KR_CSRF_HEADER_ACTION_SET_IF_ABSENT: only if there is none (X-Frame-Options)
 * @KR_CSRF_HEADER_ACTION_MERGE: add the value to the list, unless the list has it (Vary)
 *
 * What a header sink does with a header.
 *
 * Since: 0.1
 */
typedef enum
{
  KR_CSRF_HEADER_ACTION_APPEND,
  KR_CSRF_HEADER_ACTION_REPLACE,
  KR_CSRF_HEADER_ACTION_SET_IF_ABSENT,
  KR_CSRF_HEADER_ACTION_MERGE,
} KrCsrfHeaderAction;

/**
 * KrCsrfHeaderSink:
 * @action: what to do
 * @name: the header's name
 * @value: the header's value
 * @user_data: the data of the function
 *
 * Puts one header into the response at hand. Called during the call that it was given to, in the same thread.
 *
 * Returns: %TRUE if another value of the application was replaced, which gets logged
 *
 * Since: 0.1
 */
typedef gboolean (*KrCsrfHeaderSink) (KrCsrfHeaderAction action,
                                      const char *name,
                                      const char *value,
                                      gpointer user_data);

#define KR_CSRF_TYPE_MODE (kr_csrf_mode_get_type ())
#define KR_CSRF_TYPE_SAME_SITE (kr_csrf_same_site_get_type ())
#define KR_CSRF_TYPE_PROTECTOR (kr_csrf_protector_get_type ())

KR_CSRF_AVAILABLE_IN_ALL
GType kr_csrf_mode_get_type (void);

KR_CSRF_AVAILABLE_IN_ALL
GType kr_csrf_same_site_get_type (void);

KR_CSRF_AVAILABLE_IN_ALL
G_DECLARE_FINAL_TYPE (KrCsrfProtector, kr_csrf_protector, KR_CSRF, PROTECTOR, GObject)

KR_CSRF_AVAILABLE_IN_ALL
KrCsrfProtector *kr_csrf_protector_new (KrCsrfKeyRing *key_ring, GError **error);

KR_CSRF_AVAILABLE_IN_ALL
KrCsrfTokens *kr_csrf_protector_get_and_store_tokens (KrCsrfProtector *self,
                                                      KrCsrfRequest *request,
                                                      KrCsrfHeaderSink sink,
                                                      gpointer user_data,
                                                      GError **error);

KR_CSRF_AVAILABLE_IN_ALL
KrCsrfTokens *kr_csrf_protector_get_tokens (KrCsrfProtector *self, KrCsrfRequest *request, GError **error);

KR_CSRF_AVAILABLE_IN_ALL
gboolean kr_csrf_protector_set_cookie_token_and_header (KrCsrfProtector *self,
                                                        KrCsrfRequest *request,
                                                        KrCsrfHeaderSink sink,
                                                        gpointer user_data,
                                                        GError **error);

KR_CSRF_AVAILABLE_IN_ALL
gboolean kr_csrf_protector_rotate (KrCsrfProtector *self,
                                   KrCsrfRequest *request,
                                   KrCsrfHeaderSink sink,
                                   gpointer user_data,
                                   GError **error);

KR_CSRF_AVAILABLE_IN_ALL
gboolean kr_csrf_protector_validate_request (KrCsrfProtector *self, KrCsrfRequest *request, GError **error);

KR_CSRF_AVAILABLE_IN_ALL
gboolean kr_csrf_protector_is_request_valid (KrCsrfProtector *self, KrCsrfRequest *request, GError **error);

KR_CSRF_AVAILABLE_IN_ALL
gboolean kr_csrf_protector_check_origin (KrCsrfProtector *self, KrCsrfRequest *request, GError **error);

KR_CSRF_AVAILABLE_IN_ALL
gboolean kr_csrf_protector_check_websocket (KrCsrfProtector *self, KrCsrfRequest *request, GError **error);

KR_CSRF_AVAILABLE_IN_ALL
gboolean kr_csrf_protector_check_sse (KrCsrfProtector *self, KrCsrfRequest *request, GError **error);

KR_CSRF_AVAILABLE_IN_ALL
char *kr_csrf_protector_issue_ticket (KrCsrfProtector *self, KrCsrfRequest *request, guint seconds, GError **error);

KR_CSRF_AVAILABLE_IN_ALL
gboolean kr_csrf_protector_redeem_ticket (KrCsrfProtector *self,
                                          KrCsrfRequest *request,
                                          const char *ticket,
                                          GError **error);

KR_CSRF_AVAILABLE_IN_ALL
void kr_csrf_protector_bypass (KrCsrfProtector *self, KrCsrfRequest *request, const char *reason);

KR_CSRF_AVAILABLE_IN_ALL
gboolean kr_csrf_protector_is_safe_method (KrCsrfProtector *self, const char *method);

KR_CSRF_AVAILABLE_IN_ALL
char *kr_csrf_protector_token_json (KrCsrfProtector *self, KrCsrfTokens *tokens);

KR_CSRF_AVAILABLE_IN_ALL
void kr_csrf_protector_get_stats (KrCsrfProtector *self, KrCsrfStats *stats);

KR_CSRF_AVAILABLE_IN_ALL
guint64 kr_csrf_protector_get_rejections (KrCsrfProtector *self, KrCsrfError code);

G_END_DECLS
