/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* The settings of a protector, checked and parsed once. */
#include "config.h"

#include "kr-csrf-settings-private.h"

#define MAX_NAME 64
#define MAX_FIELD_NAME 256

static gboolean
fail (GError **error, const char *what, const char *value)
{
  g_set_error (error, KR_CSRF_ERROR, KR_CSRF_ERROR_CONFIG, "%s: “%.64s”", what, value != NULL ? value : "");
  return FALSE;
}

/* A token of RFC 9110, section 5.6.2: what names of cookies and headers are made of. */
static gboolean
is_token (const char *text)
{
  gsize len = text != NULL ? strlen (text) : 0;

  for (gsize i = 0; i < len; i++)
    if (!g_ascii_isalnum (text[i]) && strchr ("!#$%&'*+-.^_`|~", text[i]) == NULL)
      return FALSE;
  return len > 0 && len <= MAX_NAME;
}

static gboolean
has_prefix_ignoring_case (const char *text, const char *prefix)
{
  return g_ascii_strncasecmp (text, prefix, strlen (prefix)) == 0;
}

/* What a browser would not accept must not be asked of it (RFC 6265bis, section 4.1.3). */
static gboolean
check_cookie (const KrCsrfSettings *self, GError **error)
{
  gboolean host = has_prefix_ignoring_case (self->cookie_name != NULL ? self->cookie_name : "", "__Host-");
  gboolean secure = has_prefix_ignoring_case (self->cookie_name != NULL ? self->cookie_name : "", "__Secure-");

  if (!is_token (self->cookie_name))
    return fail (error, "The name of the cookie is not valid", self->cookie_name);
  if ((host && !g_str_has_prefix (self->cookie_name, "__Host-")) ||
      (secure && !g_str_has_prefix (self->cookie_name, "__Secure-")))
    return fail (error, "The prefix of the cookie's name is in the wrong case", self->cookie_name);
  if ((host || secure) && !self->cookie_secure)
    return fail (error, "A cookie of this name needs “cookie-secure”", self->cookie_name);
  if (host && g_strcmp0 (self->cookie_path, "/") != 0)
    return fail (error, "A cookie of this name needs the path “/”", self->cookie_name);
  if (self->cookie_path == NULL || self->cookie_path[0] != '/' || strpbrk (self->cookie_path, "; \t\r\n,") != NULL)
    return fail (error, "The path of the cookie is not valid", self->cookie_path);
  if (self->cookie_same_site == KR_CSRF_SAME_SITE_NONE && !self->cookie_secure)
    return fail (error, "SameSite=None needs “cookie-secure”", self->cookie_name);
  return TRUE;
}

static gboolean
check_names (const KrCsrfSettings *self, GError **error)
{
  if (self->header_name != NULL && !is_token (self->header_name))
    return fail (error, "The name of the header is not valid", self->header_name);
  if (self->form_field_name == NULL || *self->form_field_name == '\0' ||
      strlen (self->form_field_name) > MAX_FIELD_NAME)
    return fail (error, "The name of the form field is not valid", self->form_field_name);
  if (self->header_name == NULL && !self->read_form_body)
    return fail (error, "There is neither a header nor a form for the token", NULL);
  for (char **method = self->safe_methods; method != NULL && *method != NULL; method++)
    if (!is_token (*method))
      return fail (error, "A safe method is not valid", *method);
  return TRUE;
}

gboolean
kr_csrf_settings_prepare (KrCsrfSettings *self, GError **error)
{
  static gsize serials;
  const char *wrong = NULL;

  if (!check_cookie (self, error) || !check_names (self, error))
    return FALSE;
  self->trusted = kr_csrf_origin_list_new ((const char *const *) self->trusted_origins, &wrong);
  if (self->trusted == NULL)
    return fail (error, "A trusted origin is not valid", wrong);
  self->hosts = kr_csrf_host_list_new ((const char *const *) self->allowed_hosts, &wrong);
  if (self->hosts == NULL)
    return fail (error, "An allowed host is not valid", wrong);
  self->serial = g_atomic_pointer_add (&serials, 1) + 1;
  self->cookie_name_len = strlen (self->cookie_name);
  self->header_name_lower = self->header_name != NULL ? g_ascii_strdown (self->header_name, -1) : NULL;
  self->header_name_len = self->header_name != NULL ? strlen (self->header_name) : 0;
  return TRUE;
}

void
kr_csrf_settings_clear (KrCsrfSettings *self)
{
  g_clear_pointer (&self->app_id, g_free);
  g_clear_pointer (&self->cookie_name, g_free);
  g_clear_pointer (&self->cookie_path, g_free);
  g_clear_pointer (&self->header_name_lower, g_free);
  g_clear_pointer (&self->trusted_origins, g_strfreev);
  g_clear_pointer (&self->allowed_hosts, g_strfreev);
  g_clear_pointer (&self->safe_methods, g_strfreev);
  g_clear_pointer (&self->trusted, kr_csrf_origin_list_free);
  g_clear_pointer (&self->hosts, kr_csrf_origin_list_free);
}

/* Methods are case-sensitive (RFC 9110, section 9.1). */
gboolean
kr_csrf_settings_is_safe (const KrCsrfSettings *self, const char *method)
{
  if (self->safe_methods != NULL)
    return g_strv_contains ((const char *const *) self->safe_methods, method);
  switch (method[0])
    {
    case 'G': return strcmp (method, "GET") == 0;
    case 'H': return strcmp (method, "HEAD") == 0;
    case 'O': return strcmp (method, "OPTIONS") == 0;
    case 'T': return strcmp (method, "TRACE") == 0;
    default: return FALSE;
    }
}

/* Always with SameSite: without it, browsers send the cookie with cross-site POST requests for two minutes. Never with
 * Domain, so that it stays with this host. */
char *
kr_csrf_settings_format_cookie (const KrCsrfSettings *self, const char *value)
{
  static const char *const same_site[] = { "Lax", "Strict", "None" };
  GString *text = g_string_sized_new (192);

  g_string_append_printf (text, "%s=%s; Path=%s; SameSite=%s", self->cookie_name, value, self->cookie_path,
                          same_site[self->cookie_same_site]);
  if (self->cookie_max_age > 0)
    g_string_append_printf (text, "; Max-Age=%u", self->cookie_max_age);
  if (self->cookie_secure)
    g_string_append (text, "; Secure");
  if (self->cookie_http_only)
    g_string_append (text, "; HttpOnly");
  return g_string_free (text, FALSE);
}
