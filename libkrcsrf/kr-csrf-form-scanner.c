/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* KrCsrfFormScanner: finds the token in a form while its body is being received. */
#include "config.h"

#include "kr-csrf-form-scanner.h"

#include "kr-csrf-multipart-private.h"

/**
 * KrCsrfFormScanner:
 *
 * Finds the token in a form while its body is being received, whatever pieces it comes in.
 *
 * It keeps nothing of the body but the token, so that its memory is bounded (about 4 KiB) whatever is sent. Used by one
 * thread at a time.
 *
 * Since: 0.1
 */
struct _KrCsrfFormScanner
{
  gatomicrefcount ref_count;
  char *field_name;
  KrCsrfCode failed;  /* what ended the form, or KR_CSRF_OK */
  gboolean is_multipart;
  union
  {
    KrCsrfUrlencoded urlencoded;
    KrCsrfMultipart multipart;
  } parser;
};

/**
 * kr_csrf_form_scanner_get_type:
 *
 * Gets the type of #KrCsrfFormScanner.
 *
 * Returns: the type
 *
 * Since: 0.1
 */
G_DEFINE_BOXED_TYPE (KrCsrfFormScanner, kr_csrf_form_scanner, kr_csrf_form_scanner_ref, kr_csrf_form_scanner_unref)

static gboolean
media_type_is (const char *content_type, const char *type)
{
  gsize len = strlen (type);

  return g_ascii_strncasecmp (content_type, type, len) == 0 && strchr ("; \t", content_type[len]) != NULL;
}

/**
 * kr_csrf_form_scanner_new:
 * @content_type: the value of the Content-Type header
 * @field_name: the name of the field that holds the token
 * @error: return location for an error
 *
 * Makes a scanner for a form of the type application/x-www-form-urlencoded (WHATWG URL, section 5.1) or
 * multipart/form-data (RFC 7578).
 *
 * Errors: %KR_CSRF_ERROR_FORM_UNREADABLE for another type, or without exactly one valid boundary.
 *
 * Returns: (transfer full) (nullable): a new scanner, or %NULL with @error set
 *
 * Since: 0.1
 */
KrCsrfFormScanner *
kr_csrf_form_scanner_new (const char *content_type, const char *field_name, GError **error)
{
  g_autoptr (KrCsrfFormScanner) self = NULL;

  g_return_val_if_fail (content_type != NULL, NULL);
  g_return_val_if_fail (field_name != NULL && *field_name != '\0', NULL);

  self = g_new0 (KrCsrfFormScanner, 1);
  g_atomic_ref_count_init (&self->ref_count);
  self->field_name = g_strdup (field_name);
  self->failed = KR_CSRF_OK;
  self->is_multipart = media_type_is (content_type, "multipart/form-data");
  if (self->is_multipart)
    self->failed = kr_csrf_multipart_init (&self->parser.multipart, content_type, self->field_name);
  else if (media_type_is (content_type, "application/x-www-form-urlencoded"))
    kr_csrf_urlencoded_init (&self->parser.urlencoded, self->field_name);
  else
    self->failed = KR_CSRF_ERROR_FORM_UNREADABLE;
  return kr_csrf_error_set (error, self->failed) ? g_steal_pointer (&self) : NULL;
}

/**
 * kr_csrf_form_scanner_ref:
 * @self: a scanner
 *
 * Takes a reference.
 *
 * Returns: (transfer full): @self
 *
 * Since: 0.1
 */
KrCsrfFormScanner *
kr_csrf_form_scanner_ref (KrCsrfFormScanner *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  g_atomic_ref_count_inc (&self->ref_count);
  return self;
}

/**
 * kr_csrf_form_scanner_unref:
 * @self: (transfer full): a scanner
 *
 * Drops a reference.
 *
 * Since: 0.1
 */
void
kr_csrf_form_scanner_unref (KrCsrfFormScanner *self)
{
  g_return_if_fail (self != NULL);

  if (!g_atomic_ref_count_dec (&self->ref_count))
    return;
  g_free (self->field_name);
  g_free (self);
}

/**
 * kr_csrf_form_scanner_push:
 * @self: a scanner
 * @data: (array length=len) (element-type gchar): the next bytes of the body
 * @len: bytes, or -1 if a NUL ends them
 * @error: return location for an error
 *
 * Takes the next bytes of the body.
 *
 * Errors: %KR_CSRF_ERROR_FORM_UNREADABLE for what is no form, %KR_CSRF_ERROR_FORM_TOO_LARGE beyond 65,536 fields, or in
 * a multipart form beyond 4,096 parts, 16 headers of a part or 4,096 bytes of a header. The first error stays.
 *
 * Returns: %TRUE if the form can go on
 *
 * Since: 0.1
 */
gboolean
kr_csrf_form_scanner_push (KrCsrfFormScanner *self, const char *data, gssize len, GError **error)
{
  gsize length;

  g_return_val_if_fail (self != NULL, FALSE);
  g_return_val_if_fail (data != NULL || len == 0, FALSE);

  length = len < 0 ? strlen (data) : (gsize) len;
  if (self->failed == KR_CSRF_OK)
    self->failed = self->is_multipart ? kr_csrf_multipart_push (&self->parser.multipart, data, length)
                                      : kr_csrf_urlencoded_push (&self->parser.urlencoded, data, length);
  return kr_csrf_error_set (error, self->failed);
}

/**
 * kr_csrf_form_scanner_finish:
 * @self: a scanner
 * @error: return location for an error
 *
 * Ends the body and gets the token.
 *
 * Errors: %KR_CSRF_ERROR_TOKEN_MISSING, %KR_CSRF_ERROR_AMBIGUOUS_FORM if the field is there more than once,
 * %KR_CSRF_ERROR_TOKEN_MALFORMED if it holds no 64 characters of base64url, %KR_CSRF_ERROR_FORM_UNREADABLE if a
 * multipart form was cut off, and those of [method@KrCsrf.FormScanner.push].
 *
 * Returns: (transfer full) (nullable): the token, or %NULL with @error set
 *
 * Since: 0.1
 */
char *
kr_csrf_form_scanner_finish (KrCsrfFormScanner *self, GError **error)
{
  const KrCsrfFormValue *value;
  KrCsrfCode code;

  g_return_val_if_fail (self != NULL, NULL);

  code = self->failed;
  if (code == KR_CSRF_OK)
    code = self->is_multipart ? kr_csrf_multipart_finish (&self->parser.multipart)
                              : kr_csrf_urlencoded_finish (&self->parser.urlencoded);
  value = self->is_multipart ? &self->parser.multipart.value : &self->parser.urlencoded.value;
  return kr_csrf_error_set (error, code) ? g_strndup (value->text, KR_CSRF_TOKEN_LENGTH) : NULL;
}
