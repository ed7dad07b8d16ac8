/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* What a verdict does: counters, log, signal, and the text of its error. */
#include "config.h"

#include "kr-csrf-protector-private.h"

#define LOG_INTERVAL 1000

/* One line per reason and second: what floods the server must not flood its log. Nothing that the client sent is in it
 * but method and path, and neither can break the line. */
static void
log_rejection (KrCsrfProtector *self, KrCsrfRequest *request, KrCsrfCode code, gint64 now)
{
  gint64 last = __atomic_load_n (&self->logged[code], __ATOMIC_RELAXED);
  g_autofree char *method = NULL;
  g_autofree char *path = NULL;
  gint64 count, unlogged;

  if ((last != 0 && ABS (now - last) < LOG_INTERVAL) ||
      !__atomic_compare_exchange_n (&self->logged[code], &last, MAX (now, 1), FALSE, __ATOMIC_RELAXED,
                                    __ATOMIC_RELAXED))
    return;
  count = kr_csrf_counters_get (self->counters, KR_CSRF_COUNT_REJECTED + code);
  unlogged = count - __atomic_exchange_n (&self->counted[code], count, __ATOMIC_RELAXED) - 1;
  method = g_strescape (request->method, NULL);
  path = g_strescape (request->path, NULL);
  g_log_structured (G_LOG_DOMAIN, G_LOG_LEVEL_INFO,
                    "KRCSRF_CODE", kr_csrf_code_to_string (code),
                    "MESSAGE", "Refused %.16s %.128s: %s (and %" G_GINT64_FORMAT " more)", method, path,
                    kr_csrf_code_to_string (code), MAX (unlogged, 0));
}

KrCsrfCode
kr_csrf_protector_fail (KrCsrfProtector *self, KrCsrfRequest *request, KrCsrfCode code, gint64 now)
{
  kr_csrf_counters_add (self->counters, KR_CSRF_COUNT_REJECTED + code);
  log_rejection (self, request, code, now);
  kr_csrf_protector_notify_rejected (self, request, code);
  return code;
}

/* What a verdict does: counters, log, signal; in report-only mode it does nothing else. */
KrCsrfCode
kr_csrf_protector_conclude (KrCsrfProtector *self, KrCsrfRequest *request, KrCsrfCode code, gint64 now)
{
  if (code == KR_CSRF_OK)
    {
      kr_csrf_counters_add (self->counters, KR_CSRF_COUNT_ACCEPTED);
      return code;
    }
  kr_csrf_protector_fail (self, request, code, now);
  if (!g_atomic_int_get (&self->report_only))
    return code;
  kr_csrf_counters_add (self->counters, KR_CSRF_COUNT_REPORTED);
  return KR_CSRF_OK;
}

/* The texts that name names; the others are the code's own. */
gboolean
kr_csrf_protector_set_error (KrCsrfProtector *self, KrCsrfRequest *request, KrCsrfCode code, GError **error)
{
  const KrCsrfSettings *settings = &self->settings;

  if (error == NULL)
    return FALSE;
  if (code == KR_CSRF_ERROR_COOKIE_MISSING)
    g_set_error (error, KR_CSRF_ERROR, code, "The required antiforgery cookie \"%s\" is not present.",
                 settings->cookie_name);
  else if (code == KR_CSRF_ERROR_TOKEN_MISSING && settings->header_name == NULL)
    g_set_error (error, KR_CSRF_ERROR, code, "The required antiforgery form field \"%s\" is not present.",
                 settings->form_field_name);
  else if (code == KR_CSRF_ERROR_TOKEN_MISSING && (!settings->read_form_body || !kr_csrf_request_is_form (request)))
    g_set_error (error, KR_CSRF_ERROR, code, "The required antiforgery header value \"%s\" is not present.",
                 settings->header_name);
  else if (code == KR_CSRF_ERROR_TOKEN_MISSING)
    g_set_error (error, KR_CSRF_ERROR, code,
                 "The required antiforgery request token was not provided in either form field \"%s\" or header value "
                 "\"%s\".", settings->form_field_name, settings->header_name);
  else
    return kr_csrf_error_set (error, code);
  return FALSE;
}
