/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* Finds one cookie in a Cookie header, byte by byte. */
#include "config.h"

#include "kr-csrf-cookie-private.h"

#include "kr-csrf-bytes-private.h"
#include "kr-csrf-parse.h"
#include "kr-csrf-token-codec-private.h"

/* Every leniency here has been somebody's hole: pairs end at ';' only, blank is space or tab only, names are compared
 * byte by byte, nothing is percent-decoded or unquoted, "$Version" means nothing, and a pair without a name has no
 * name. */

/* Other cookies may hold bytes beyond ASCII: browsers send them. Ours cannot, by its alphabet. */
gboolean
kr_csrf_cookie_bytes_valid (const char *header, gsize len)
{
  return kr_csrf_bytes_have_no_control (header, len);
}

static gboolean
is_blank (char c)
{
  return c == ' ' || c == '\t';
}

/* Goes on with @cookie as it is: several header lines count as one (RFC 9113, section 8.2.3). */
void
kr_csrf_cookie_scan (KrCsrfCookie *cookie, const char *header, gsize len, const char *name, gsize name_len)
{
  const char *end = header + len;

  while (header < end)
    {
      const char *next = memchr (header, ';', end - header);
      const char *stop = next != NULL ? next : end;

      while (header < stop && is_blank (*header))
        header++;
      if ((gsize) (stop - header) > name_len && header[name_len] == '=' && *header == *name &&
          memcmp (header, name, name_len) == 0)
        {
          const char *value = header + name_len + 1;

          while (stop > value && is_blank (stop[-1]))
            stop--;
          cookie->value = value;
          cookie->len = stop - value;
          cookie->count++;
        }
      header = next != NULL ? next + 1 : end;
    }
}

KrCsrfCode
kr_csrf_cookie_verdict (const KrCsrfCookie *cookie)
{
  if (cookie->count == 0)
    return KR_CSRF_ERROR_COOKIE_MISSING;
  if (cookie->count > 1)
    return KR_CSRF_ERROR_AMBIGUOUS_COOKIE;
  return cookie->len == KR_CSRF_TOKEN_LENGTH ? KR_CSRF_OK : KR_CSRF_ERROR_TOKEN_MALFORMED;
}

/**
 * kr_csrf_cookie_lookup:
 * @header: (array length=len) (element-type gchar): the value of a Cookie header
 * @len: bytes, or -1 if a NUL ends it
 * @name: the exact name of the cookie
 * @error: return location for an error
 *
 * Finds the cookie that holds a token (RFC 6265, section 4.2, read strictly).
 *
 * Errors: %KR_CSRF_ERROR_COOKIE_MISSING, %KR_CSRF_ERROR_AMBIGUOUS_COOKIE if it is there more than once,
 * %KR_CSRF_ERROR_TOKEN_MALFORMED if the value is not 64 characters of base64url, %KR_CSRF_ERROR_HEADER_INVALID if the
 * header has control characters or more than 65,536 bytes.
 *
 * Returns: (transfer full) (nullable): the value, or %NULL with @error set
 *
 * Since: 0.1
 */
char *
kr_csrf_cookie_lookup (const char *header, gssize len, const char *name, GError **error)
{
  KrCsrfCookie cookie = { NULL, 0, 0 };
  guint8 bytes[KR_CSRF_TOKEN_SIZE];
  gsize length;
  KrCsrfCode code;

  g_return_val_if_fail (header != NULL, NULL);
  g_return_val_if_fail (name != NULL && *name != '\0', NULL);

  length = len < 0 ? strlen (header) : (gsize) len;
  if (length > 65536 || !kr_csrf_cookie_bytes_valid (header, length))
    {
      kr_csrf_error_set (error, KR_CSRF_ERROR_HEADER_INVALID);
      return NULL;
    }
  kr_csrf_cookie_scan (&cookie, header, length, name, strlen (name));
  code = kr_csrf_cookie_verdict (&cookie);
  if (code == KR_CSRF_OK && !kr_csrf_base64url_decode (cookie.value, bytes))
    code = KR_CSRF_ERROR_TOKEN_MALFORMED;
  return kr_csrf_error_set (error, code) ? g_strndup (cookie.value, cookie.len) : NULL;
}
