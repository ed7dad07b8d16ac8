/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* The settings of a protector, checked and parsed once. */
#pragma once

#include "kr-csrf-origin-private.h"
#include "kr-csrf-protector.h"

typedef struct
{
  gsize serial;  /* tells protectors apart in what a request remembers; never 0 */

  char *app_id;
  KrCsrfMode mode;

  char *cookie_name;
  gsize cookie_name_len;
  char *cookie_path;
  gboolean cookie_secure;
  gboolean cookie_http_only;
  KrCsrfSameSite cookie_same_site;
  guint cookie_max_age;         /* s; 0: until the browser ends */

  const char *header_name;      /* interned; NULL: form only */
  char *header_name_lower;
  gsize header_name_len;
  const char *form_field_name;  /* interned */
  gboolean read_form_body;

  gint64 token_lifetime;        /* ms */
  gint64 cookie_lifetime;       /* ms */
  gint64 clock_skew;            /* ms */

  char **trusted_origins;
  char **allowed_hosts;
  char **safe_methods;
  KrCsrfOriginList *trusted;
  KrCsrfOriginList *hosts;
  gboolean allow_same_site;
  gboolean referer_fallback;

  gboolean suppress_x_frame_options;
  gboolean allow_bfcache;
  KrCsrfStatusProfile status_profile;
} KrCsrfSettings;

gboolean kr_csrf_settings_prepare (KrCsrfSettings *self, GError **error);
void kr_csrf_settings_clear (KrCsrfSettings *self);
gboolean kr_csrf_settings_is_safe (const KrCsrfSettings *self, const char *method);
char *kr_csrf_settings_format_cookie (const KrCsrfSettings *self, const char *value);
