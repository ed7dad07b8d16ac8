/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* Finds the token in a form as its bytes come in, and keeps nothing else. */
#include "config.h"

#include "kr-csrf-form-private.h"
#include "kr-csrf-parse.h"

void
kr_csrf_form_value_start (KrCsrfFormValue *value)
{
  value->count++;
  value->len = 0;
}

void
kr_csrf_form_value_append (KrCsrfFormValue *value, char c)
{
  if (value->len < sizeof value->text)
    value->text[value->len] = c;
  value->len++;
}

/* What a whole form says: exactly one field, and a token in it. */
KrCsrfCode
kr_csrf_form_value_verdict (const KrCsrfFormValue *value)
{
  guint8 bytes[KR_CSRF_TOKEN_SIZE];

  if (value->count == 0)
    return KR_CSRF_ERROR_TOKEN_MISSING;
  if (value->count > 1)
    return KR_CSRF_ERROR_AMBIGUOUS_FORM;
  if (value->len != KR_CSRF_TOKEN_LENGTH || !kr_csrf_base64url_decode (value->text, bytes))
    return KR_CSRF_ERROR_TOKEN_MALFORMED;
  return KR_CSRF_OK;
}

static void
start_field (KrCsrfUrlencoded *self)
{
  self->name_len = 0;
  self->matches = TRUE;
  self->in_value = FALSE;
}

void
kr_csrf_urlencoded_init (KrCsrfUrlencoded *self, const char *field)
{
  memset (self, 0, sizeof *self);
  self->field = field;
  self->field_len = strlen (field);
  start_field (self);
}

static gboolean
is_ours (KrCsrfUrlencoded *self)
{
  return self->matches && self->name_len == self->field_len;
}

/* One decoded character of a name or a value. */
static void
put (KrCsrfUrlencoded *self, char c)
{
  if (self->in_value)
    {
      if (is_ours (self))
        kr_csrf_form_value_append (&self->value, c);
    }
  else
    {
      if (self->name_len >= self->field_len || self->field[self->name_len] != c)
        self->matches = FALSE;
      self->name_len++;
    }
}

/* An escape that is none stands for itself. */
static void
flush_escape (KrCsrfUrlencoded *self)
{
  guint escape = self->escape;

  self->escape = 0;
  if (escape > 0)
    put (self, '%');
  if (escape > 1)
    put (self, self->digit);
}

static void
end_field (KrCsrfUrlencoded *self)
{
  flush_escape (self);
  if (!self->in_value && is_ours (self))
    kr_csrf_form_value_start (&self->value);
  start_field (self);
  self->n_fields++;
}

static void
take (KrCsrfUrlencoded *self, char c)
{
  if (self->escape > 0)
    {
      if (g_ascii_isxdigit (c))
        {
          if (++self->escape == 2)
            self->digit = c;
          else
            {
              self->escape = 0;
              put (self, g_ascii_xdigit_value (self->digit) << 4 | g_ascii_xdigit_value (c));
            }
          return;
        }
      flush_escape (self);
    }
  if (c == '&')
    end_field (self);
  else if (c == '=' && !self->in_value)
    {
      self->in_value = TRUE;
      if (is_ours (self))
        kr_csrf_form_value_start (&self->value);
    }
  else if (c == '%')
    self->escape = 1;
  else
    put (self, c == '+' ? ' ' : c);
}

/* Any part of the body (WHATWG URL, section 5.1); KR_CSRF_ERROR_FORM_TOO_LARGE ends it. */
KrCsrfCode
kr_csrf_urlencoded_push (KrCsrfUrlencoded *self, const char *data, gsize len)
{
  for (gsize i = 0; i < len; i++)
    {
      take (self, data[i]);
      if (self->n_fields >= KR_CSRF_MAX_FIELDS)
        return KR_CSRF_ERROR_FORM_TOO_LARGE;
    }
  return KR_CSRF_OK;
}

KrCsrfCode
kr_csrf_urlencoded_finish (KrCsrfUrlencoded *self)
{
  end_field (self);
  return kr_csrf_form_value_verdict (&self->value);
}

/**
 * kr_csrf_form_find:
 * @body: (array length=len) (element-type gchar): a body of the type application/x-www-form-urlencoded
 * @len: bytes, or -1 if a NUL ends it
 * @field_name: the name of the field that holds the token
 * @error: return location for an error
 *
 * Finds the token in a form (WHATWG URL, section 5.1). Memory and time are bounded, however many fields there are.
 *
 * Errors: %KR_CSRF_ERROR_TOKEN_MISSING, %KR_CSRF_ERROR_AMBIGUOUS_FORM if the field is there more than once,
 * %KR_CSRF_ERROR_TOKEN_MALFORMED if it holds no 64 characters of base64url, %KR_CSRF_ERROR_FORM_TOO_LARGE with 65,536
 * fields or more.
 *
 * Returns: (transfer full) (nullable): the token, or %NULL with @error set
 *
 * Since: 0.1
 */
char *
kr_csrf_form_find (const char *body, gssize len, const char *field_name, GError **error)
{
  KrCsrfUrlencoded parser;
  KrCsrfCode code;

  g_return_val_if_fail (body != NULL || len == 0, NULL);
  g_return_val_if_fail (field_name != NULL && *field_name != '\0', NULL);

  kr_csrf_urlencoded_init (&parser, field_name);
  code = kr_csrf_urlencoded_push (&parser, body, len < 0 ? strlen (body) : (gsize) len);
  if (code == KR_CSRF_OK)
    code = kr_csrf_urlencoded_finish (&parser);
  return kr_csrf_error_set (error, code) ? g_strndup (parser.value.text, KR_CSRF_TOKEN_LENGTH) : NULL;
}

/**
 * kr_csrf_scope_for_form:
 * @method: the method that the form is sent with, in upper case
 * @path: the path that it is sent to, without query
 *
 * Makes the scope of a token for one form, to be given to [method@KrCsrf.Request.set_scope] both where the page is made
 * and where the form arrives.
 *
 * Returns: (transfer full): the scope
 *
 * Since: 0.1
 */
char *
kr_csrf_scope_for_form (const char *method, const char *path)
{
  g_return_val_if_fail (method != NULL, NULL);
  g_return_val_if_fail (path != NULL, NULL);

  return g_strconcat (method, " ", path, NULL);
}
