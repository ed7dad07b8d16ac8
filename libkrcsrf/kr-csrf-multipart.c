/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* Finds the token in a multipart form as its bytes come in. */
#include "config.h"

#include "kr-csrf-multipart-private.h"

/* Strict where readers differ (RFC 2046, section 5.1; RFC 7578): lines end with CR LF, a part has one disposition with
 * one name, and a form that does not end with its boundary is no form. */

typedef struct
{
  const char *name;
  gsize name_len;
  char *value;  /* where to put it, ends with NUL */
  gsize value_size;
} Parameter;

static const char *
skip_blanks (const char *at, const char *end)
{
  while (at < end && (*at == ' ' || *at == '\t'))
    at++;
  return at;
}

/* A value with or without quotes (RFC 9110, section 5.6.6); NULL if it is broken or too long. */
static const char *
read_value (const char *at, const char *end, Parameter *parameter)
{
  gboolean quoted = at < end && *at == '"';
  gsize len = 0;

  if (quoted)
    at++;
  for (; at < end && (quoted ? *at != '"' : *at != ';' && *at != ' ' && *at != '\t'); at++)
    {
      if (quoted && *at == '\\' && at + 1 < end)
        at++;
      if (*at == '\0' || len + 1 >= parameter->value_size)
        return NULL;
      parameter->value[len++] = *at;
    }
  parameter->value[len] = '\0';
  if (!quoted)
    return at;
  return at < end ? at + 1 : NULL;
}

/* The next "; name=value"; NULL with @done at the end, NULL without it if that is not what is there. */
static const char *
read_parameter (const char *at, const char *end, Parameter *parameter, gboolean *done)
{
  at = skip_blanks (at, end);
  *done = at == end;
  if (*done || *at != ';')
    return NULL;
  at = skip_blanks (at + 1, end);
  *done = at == end;
  parameter->name = at;
  while (at < end && *at != '=' && *at != ';' && *at != ' ' && *at != '\t')
    at++;
  parameter->name_len = at - parameter->name;
  if (at == end || *at != '=' || parameter->name_len == 0)
    return NULL;
  return read_value (at + 1, end, parameter);
}

static gboolean
parameter_is (const Parameter *parameter, const char *name)
{
  return parameter->name_len == strlen (name) && g_ascii_strncasecmp (parameter->name, name, parameter->name_len) == 0;
}

static gboolean
boundary_is_valid (const char *boundary)
{
  gsize len = strlen (boundary);

  for (gsize i = 0; i < len; i++)
    if (!g_ascii_isalnum (boundary[i]) && strchr ("'()+_,-./:=? ", boundary[i]) == NULL)
      return FALSE;
  return len > 0 && len <= KR_CSRF_MAX_BOUNDARY && boundary[len - 1] != ' ';
}

/* @field stays the caller's. KR_CSRF_ERROR_FORM_UNREADABLE without one valid boundary. */
KrCsrfCode
kr_csrf_multipart_init (KrCsrfMultipart *self, const char *content_type, const char *field)
{
  const char *end = content_type + strlen (content_type);
  const char *at = content_type + strcspn (content_type, "; \t");
  char boundary[KR_CSRF_MAX_BOUNDARY + 1] = "", value[KR_CSRF_MAX_PART_HEADER];
  Parameter parameter = { .value = value, .value_size = sizeof value };
  gboolean done = FALSE;

  memset (self, 0, sizeof *self);
  self->field = field;
  while ((at = read_parameter (at, end, &parameter, &done)) != NULL)
    if (parameter_is (&parameter, "boundary"))
      {
        if (boundary[0] != '\0' || !boundary_is_valid (value))
          return KR_CSRF_ERROR_FORM_UNREADABLE;
        memcpy (boundary, value, strlen (value) + 1);
      }
  if (!done || boundary[0] == '\0')
    return KR_CSRF_ERROR_FORM_UNREADABLE;
  self->delimiter_len = g_snprintf (self->delimiter, sizeof self->delimiter, "\r\n--%s", boundary);
  /* The first boundary may stand at the very beginning, without a line before it. */
  self->matched = 2;
  return KR_CSRF_OK;
}

static void
start_part (KrCsrfMultipart *self)
{
  self->state = KR_CSRF_MULTIPART_HEADER;
  self->line_len = 0;
  self->n_headers = 0;
  self->has_disposition = FALSE;
  self->ours = FALSE;
  self->n_parts++;
}

/* Exactly one name decides whether the part is the token field; a file never is. */
static KrCsrfCode
read_disposition (KrCsrfMultipart *self, const char *at, const char *end)
{
  char value[KR_CSRF_MAX_PART_HEADER];
  Parameter parameter = { .value = value, .value_size = sizeof value };
  gboolean done = FALSE, named = FALSE, file = FALSE;

  if (self->has_disposition)
    return KR_CSRF_ERROR_FORM_UNREADABLE;
  self->has_disposition = TRUE;
  at = skip_blanks (at, end);
  if (end - at < 9 || g_ascii_strncasecmp (at, "form-data", 9) != 0)
    return KR_CSRF_ERROR_FORM_UNREADABLE;
  at += 9;
  while ((at = read_parameter (at, end, &parameter, &done)) != NULL)
    if (parameter_is (&parameter, "name"))
      {
        if (named)
          return KR_CSRF_ERROR_FORM_UNREADABLE;
        named = TRUE;
        self->ours = strcmp (value, self->field) == 0;
      }
    else
      file |= parameter_is (&parameter, "filename") || parameter_is (&parameter, "filename*");
  if (!done || !named)
    return KR_CSRF_ERROR_FORM_UNREADABLE;
  self->ours = self->ours && !file;
  return KR_CSRF_OK;
}

static KrCsrfCode
end_header_line (KrCsrfMultipart *self)
{
  static const char name[] = "content-disposition";
  const char *end = self->line + self->line_len, *colon = memchr (self->line, ':', self->line_len);

  if (self->line_len == 0)
    {
      if (!self->has_disposition)
        return KR_CSRF_ERROR_FORM_UNREADABLE;
      self->state = KR_CSRF_MULTIPART_BODY;
      self->matched = 0;
      if (self->ours)
        kr_csrf_form_value_start (&self->value);
      return KR_CSRF_OK;
    }
  if (colon == NULL || ++self->n_headers > KR_CSRF_MAX_PART_HEADERS)
    return colon == NULL ? KR_CSRF_ERROR_FORM_UNREADABLE : KR_CSRF_ERROR_FORM_TOO_LARGE;
  if (colon - self->line == sizeof name - 1 && g_ascii_strncasecmp (self->line, name, sizeof name - 1) == 0)
    return read_disposition (self, colon + 1, end);
  return KR_CSRF_OK;
}

/* Collects a line; the CR that ends it is kept until the LF has come. */
static KrCsrfCode
take_header (KrCsrfMultipart *self, char c)
{
  gboolean after_cr = self->line_len > 0 && self->line[self->line_len - 1] == '\r';
  KrCsrfCode code;

  if (after_cr != (c == '\n') || c == '\0')
    return KR_CSRF_ERROR_FORM_UNREADABLE;
  if (c == '\n')
    {
      self->line_len--;
      code = end_header_line (self);
      self->line_len = 0;
      return code;
    }
  if (self->line_len == sizeof self->line)
    return KR_CSRF_ERROR_FORM_TOO_LARGE;
  self->line[self->line_len++] = c;
  return KR_CSRF_OK;
}

/* Behind a boundary: "--" for the last one, otherwise blanks and the end of the line. */
static KrCsrfCode
take_delimiter (KrCsrfMultipart *self, char c)
{
  char last = self->line_len > 0 ? self->line[0] : '\0';

  if (last == '\0' && (c == ' ' || c == '\t'))
    {
      self->line[1] = c;  /* blanks: then it is not the last one */
      return KR_CSRF_OK;
    }
  if (last == '\0' && (c == '\r' || (c == '-' && self->line[1] == '\0')))
    {
      self->line[0] = c;
      self->line_len = 1;
      return KR_CSRF_OK;
    }
  if (last == '-' && c == '-')
    {
      self->state = KR_CSRF_MULTIPART_EPILOGUE;
      return KR_CSRF_OK;
    }
  if (last != '\r' || c != '\n')
    return KR_CSRF_ERROR_FORM_UNREADABLE;
  if (self->n_parts == KR_CSRF_MAX_PARTS)
    return KR_CSRF_ERROR_FORM_TOO_LARGE;
  start_part (self);
  return KR_CSRF_OK;
}

static void
put (KrCsrfMultipart *self, char c)
{
  if (self->state == KR_CSRF_MULTIPART_BODY && self->ours)
    kr_csrf_form_value_append (&self->value, c);
}

/* Only the first byte of the delimiter is a CR, so a false start is never the middle of another. */
static void
take_data (KrCsrfMultipart *self, char c)
{
  if (c != self->delimiter[self->matched])
    {
      for (gsize i = 0; i < self->matched; i++)
        put (self, self->delimiter[i]);
      self->matched = 0;
      if (c != '\r')
        {
          put (self, c);
          return;
        }
    }
  if (++self->matched == self->delimiter_len)
    {
      self->state = KR_CSRF_MULTIPART_DELIMITER;
      self->matched = 0;
      self->line_len = 0;
      self->line[0] = self->line[1] = '\0';
    }
}

/* Any part of the body; an error ends it. */
KrCsrfCode
kr_csrf_multipart_push (KrCsrfMultipart *self, const char *data, gsize len)
{
  KrCsrfCode code = KR_CSRF_OK;

  for (gsize i = 0; i < len && code == KR_CSRF_OK; i++)
    switch (self->state)
      {
      case KR_CSRF_MULTIPART_PREAMBLE:
      case KR_CSRF_MULTIPART_BODY: take_data (self, data[i]); break;
      case KR_CSRF_MULTIPART_DELIMITER: code = take_delimiter (self, data[i]); break;
      case KR_CSRF_MULTIPART_HEADER: code = take_header (self, data[i]); break;
      case KR_CSRF_MULTIPART_EPILOGUE:
      default: return KR_CSRF_OK;
      }
  return code;
}

KrCsrfCode
kr_csrf_multipart_finish (KrCsrfMultipart *self)
{
  return self->state == KR_CSRF_MULTIPART_EPILOGUE ? kr_csrf_form_value_verdict (&self->value)
                                                   : KR_CSRF_ERROR_FORM_UNREADABLE;
}
