/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* KrHubJsonScanner: walks over strict JSON without building anything. */
#include "config.h"

#include "kr-hub-json-scanner-private.h"

#include "kr-hub-error.h"
#include "kr-hub-utf8-private.h"

/* How much of a peer's text an error message repeats. */
#define MAX_QUOTED 100

const char *
kr_hub_json_find_special_slowly (const char *start, const char *p, const char *end, guint *flags)
{
  guint high = 0;

#ifdef KR_HUB_SSE2
  guint mask, non_ascii;

  for (; end - p >= 16; p += 16)
    {
      mask = kr_hub_json_classify (p, &non_ascii);
      if (G_UNLIKELY (mask != 0))
        {
          high |= non_ascii & (mask ^ (mask - 1));
          *flags = high != 0 ? KR_HUB_JSON_NON_ASCII : 0;
          return p + __builtin_ctz (mask);
        }
      high |= non_ascii;
    }
  /* The last few are looked at together with some that come before. */
  if (end - start >= 16 && p < end)
    {
      guint shift = 16 - (end - p);

      mask = kr_hub_json_classify (end - 16, &non_ascii) >> shift;
      non_ascii >>= shift;
      if (mask != 0)
        non_ascii &= mask ^ (mask - 1);
      *flags = (high | non_ascii) != 0 ? KR_HUB_JSON_NON_ASCII : 0;
      return mask != 0 ? p + __builtin_ctz (mask) : end;
    }
#endif
  for (; p < end && *p != '"' && *p != '\\' && (guchar) *p >= 0x20; p++)
    high |= (guchar) *p & 0x80;
  *flags = high != 0 ? KR_HUB_JSON_NON_ASCII : 0;
  return p;
}

void
kr_hub_json_scanner_skip_space_slowly (KrHubJsonScanner *self)
{
  while (self->pos < self->end && (*self->pos == ' ' || *self->pos == '\n' || *self->pos == '\r' || *self->pos == '\t'))
    self->pos++;
}

/* Where bytes are missing the fault is just that, except inside a token, which has its own word for it. */
static gboolean
fail (KrHubJsonScanner *self, KrHubJsonFault fault)
{
  if (self->fault == KR_HUB_JSON_FAULT_NONE)
    self->fault = self->pos < self->end ? fault : KR_HUB_JSON_FAULT_END_OF_DATA;
  return FALSE;
}

static gboolean
fail_token (KrHubJsonScanner *self, KrHubJsonFault fault)
{
  self->fault = fault;
  return FALSE;
}

void
kr_hub_json_scanner_init (KrHubJsonScanner *self, const KrHubSlice *text)
{
  *self = (KrHubJsonScanner) { .start = text->data, .pos = text->data, .end = text->data + text->len };
  kr_hub_json_scanner_skip_space (self);
  if (self->pos == self->end)
    self->fault = KR_HUB_JSON_FAULT_NO_TOKENS;
}

/* At the character behind a backslash. */
static gboolean
skip_escape (KrHubJsonScanner *self)
{
  if (self->pos == self->end)
    return fail_token (self, KR_HUB_JSON_FAULT_END_OF_STRING);
  switch (*self->pos)
    {
    case '"': case '\\': case '/': case 'b': case 'f': case 'n': case 'r': case 't':
      self->pos++;
      return TRUE;
    case 'u':
      self->pos++;
      for (guint i = 0; i < 4; i++, self->pos++)
        if (self->pos == self->end)
          return fail_token (self, KR_HUB_JSON_FAULT_END_OF_STRING);
        else if (!g_ascii_isxdigit (*self->pos))
          return fail (self, KR_HUB_JSON_FAULT_HEX_DIGIT);
      return TRUE;
    default:
      return fail (self, KR_HUB_JSON_FAULT_ESCAPE);
    }
}

/* From the opening quote to behind the closing one; no white space. */
static inline gboolean
scan_string (KrHubJsonScanner *self, KrHubSlice *text, guint *flags)
{
  const char *begin = self->pos + 1;

  self->pos = kr_hub_json_find_special (self->start, begin, self->end, flags);
  while (self->pos < self->end && *self->pos == '\\')
    {
      guint more;

      self->pos++;
      if (!skip_escape (self))
        return FALSE;
      self->pos = kr_hub_json_find_special (self->start, self->pos, self->end, &more);
      *flags |= more | KR_HUB_JSON_ESCAPED;
    }
  if (self->pos == self->end)
    return fail_token (self, KR_HUB_JSON_FAULT_END_OF_STRING);
  if (*self->pos != '"')
    return fail (self, KR_HUB_JSON_FAULT_CONTROL_CHARACTER);
  *text = (KrHubSlice) { begin, self->pos - begin };
  self->pos++;
  return TRUE;
}

gboolean
kr_hub_json_scanner_read_string_slowly (KrHubJsonScanner *self, KrHubSlice *text, guint *flags)
{
  if (!scan_string (self, text, flags))
    return FALSE;
  kr_hub_json_scanner_skip_space (self);
  return TRUE;
}

static inline gboolean
skip_digits (KrHubJsonScanner *self, KrHubJsonFault fault)
{
  if (self->pos == self->end || !g_ascii_isdigit (*self->pos))
    return fail (self, fault);
  while (self->pos < self->end && g_ascii_isdigit (*self->pos))
    self->pos++;
  return TRUE;
}

static inline gboolean
at (KrHubJsonScanner *self, char c)
{
  return self->pos < self->end && *self->pos == c;
}

/* RFC 8259, section 6. A number ends at a delimiter, so that at the end of the data it may not be whole. */
static gboolean
scan_number (KrHubJsonScanner *self)
{
  KrHubJsonFault end_fault = KR_HUB_JSON_FAULT_INTEGER_END;

  self->token = self->pos;
  if (at (self, '-'))
    self->pos++;
  if (at (self, '0'))
    {
      self->pos++;
      if (self->pos < self->end && g_ascii_isdigit (*self->pos))
        return fail (self, KR_HUB_JSON_FAULT_LEADING_ZERO);
    }
  else if (!skip_digits (self, KR_HUB_JSON_FAULT_DIGIT_AFTER_SIGN))
    return FALSE;
  if (at (self, '.'))
    {
      self->pos++;
      end_fault = KR_HUB_JSON_FAULT_FRACTION_END;
      if (!skip_digits (self, KR_HUB_JSON_FAULT_DIGIT_AFTER_POINT))
        return FALSE;
    }
  if (at (self, 'e') || at (self, 'E'))
    {
      self->pos++;
      end_fault = KR_HUB_JSON_FAULT_INTEGER_END;
      if (at (self, '+') || at (self, '-'))
        self->pos++;
      if (!skip_digits (self, KR_HUB_JSON_FAULT_DIGIT_AFTER_SIGN))
        return FALSE;
    }
  if (G_UNLIKELY (self->pos == self->end && self->depth > 0))
    return fail_token (self, end_fault);
  if (G_UNLIKELY (self->pos < self->end && strchr (" \n\r\t,]}/", *self->pos) == NULL))
    return fail (self, end_fault);
  return TRUE;
}

gboolean
kr_hub_json_scanner_skip_number (KrHubJsonScanner *self)
{
  if (!scan_number (self))
    return FALSE;
  kr_hub_json_scanner_skip_space (self);
  return TRUE;
}

static gboolean
skip_literal (KrHubJsonScanner *self, const char *literal, KrHubJsonFault fault)
{
  self->token = self->pos;
  for (; *literal != '\0'; literal++, self->pos++)
    if (self->pos == self->end || *self->pos != *literal)
      return fail_token (self, fault);
  return TRUE;
}

/* Anything but an object or array, which is none of its business: BROKEN without moving. */
static KrHubJsonKind
scan_scalar (KrHubJsonScanner *self)
{
  KrHubSlice text;
  guint flags;

  switch (*self->pos)
    {
    case '"':
      return scan_string (self, &text, &flags) ? KR_HUB_JSON_STRING : KR_HUB_JSON_BROKEN;
    case 'n':
      return skip_literal (self, "null", KR_HUB_JSON_FAULT_LITERAL_NULL) ? KR_HUB_JSON_NULL : KR_HUB_JSON_BROKEN;
    case 't':
      return skip_literal (self, "true", KR_HUB_JSON_FAULT_LITERAL_TRUE) ? KR_HUB_JSON_TRUE : KR_HUB_JSON_BROKEN;
    case 'f':
      return skip_literal (self, "false", KR_HUB_JSON_FAULT_LITERAL_FALSE) ? KR_HUB_JSON_FALSE : KR_HUB_JSON_BROKEN;
    case '-': case '0': case '1': case '2': case '3': case '4': case '5': case '6': case '7': case '8': case '9':
      return scan_number (self) ? KR_HUB_JSON_NUMBER : KR_HUB_JSON_BROKEN;
    default:
      fail (self, KR_HUB_JSON_FAULT_VALUE);
      return KR_HUB_JSON_BROKEN;
    }
}

KrHubJsonKind
kr_hub_json_scanner_peek (KrHubJsonScanner *self)
{
  const char *pos = self->pos;
  KrHubJsonKind kind;

  if (self->fault != KR_HUB_JSON_FAULT_NONE || self->pos == self->end)
    {
      fail (self, KR_HUB_JSON_FAULT_END_OF_DATA);
      return KR_HUB_JSON_BROKEN;
    }
  if (*self->pos == '{')
    return KR_HUB_JSON_OBJECT;
  if (*self->pos == '[')
    return KR_HUB_JSON_ARRAY;
  kind = scan_scalar (self);
  if (kind != KR_HUB_JSON_BROKEN)
    self->pos = pos;
  return kind;
}

gboolean
kr_hub_json_scanner_enter (KrHubJsonScanner *self)
{
  if (self->depth >= KR_HUB_JSON_MAX_DEPTH)
    return fail (self, *self->pos == '[' ? KR_HUB_JSON_FAULT_DEPTH_ARRAY : KR_HUB_JSON_FAULT_DEPTH_OBJECT);
  self->depth++;
  self->pos++;
  kr_hub_json_scanner_skip_space (self);
  return TRUE;
}

void
kr_hub_json_scanner_leave (KrHubJsonScanner *self)
{
  self->depth--;
  self->pos++;
  kr_hub_json_scanner_skip_space (self);
}

/* Behind a value or an opening bracket: TRUE where another item begins, FALSE without a fault behind @close. */
static gboolean
next_item (KrHubJsonScanner *self, gboolean first, char close)
{
  if (G_UNLIKELY (self->pos == self->end || self->fault != KR_HUB_JSON_FAULT_NONE))
    return fail (self, KR_HUB_JSON_FAULT_END_OF_DATA);
  if (*self->pos == close)
    {
      kr_hub_json_scanner_leave (self);
      return FALSE;
    }
  if (first)
    return TRUE;
  if (*self->pos != ',')
    return fail (self,
                 *self->pos == ']' || *self->pos == '}' ? KR_HUB_JSON_FAULT_NO_OPEN : KR_HUB_JSON_FAULT_SEPARATOR);
  self->pos++;
  kr_hub_json_scanner_skip_space (self);
  if (self->pos < self->end && *self->pos == close)
    return fail (self, close == ']' ? KR_HUB_JSON_FAULT_TRAILING_COMMA_ARRAY : KR_HUB_JSON_FAULT_TRAILING_COMMA_OBJECT);
  return TRUE;
}

gboolean
kr_hub_json_scanner_next_property_slowly (KrHubJsonScanner *self, gboolean *first, KrHubSlice *name, guint *flags)
{
  if (!next_item (self, *first, '}'))
    return FALSE;
  *first = FALSE;
  if (self->pos == self->end || *self->pos != '"')
    return fail (self, KR_HUB_JSON_FAULT_PROPERTY_NAME);
  if (!kr_hub_json_scanner_read_string (self, name, flags))
    return FALSE;
  if (self->pos == self->end)
    return fail_token (self, KR_HUB_JSON_FAULT_END_OF_NAME);
  if (*self->pos != ':')
    return fail (self, KR_HUB_JSON_FAULT_COLON);
  self->pos++;
  kr_hub_json_scanner_skip_space (self);
  return self->pos < self->end || fail_token (self, KR_HUB_JSON_FAULT_END_OF_NAME);
}

gboolean
kr_hub_json_scanner_next_element_slowly (KrHubJsonScanner *self, gboolean *first)
{
  if (!next_item (self, *first, ']'))
    return FALSE;
  *first = FALSE;
  return self->pos < self->end || fail (self, KR_HUB_JSON_FAULT_END_OF_DATA);
}

/* Iterative, so that the stack does not depend on what the peer sent: one bit per level says object or array. */
gboolean
kr_hub_json_scanner_skip_value_slowly (KrHubJsonScanner *self)
{
  guint base = self->depth;
  guint64 objects = 0;
  gboolean first = FALSE;

  if (G_UNLIKELY (self->pos == self->end))
    return fail (self, KR_HUB_JSON_FAULT_END_OF_DATA);
  for (;;)
    {
      if (*self->pos == '{' || *self->pos == '[')
        {
          objects = objects << 1 | (*self->pos == '{');
          if (!kr_hub_json_scanner_enter (self))
            return FALSE;
          first = TRUE;
        }
      else if (scan_scalar (self) == KR_HUB_JSON_BROKEN)
        return FALSE;
      else
        kr_hub_json_scanner_skip_space (self);

      for (;; first = FALSE)
        {
          KrHubSlice name;
          guint flags;

          if (self->depth == base)
            return TRUE;
          if (objects & 1 ? kr_hub_json_scanner_next_property (self, &first, &name, &flags)
                          : kr_hub_json_scanner_next_element (self, &first))
            break;
          if (self->fault != KR_HUB_JSON_FAULT_NONE)
            return FALSE;
          objects >>= 1;
        }
    }
}

const char *
kr_hub_json_kind_to_string (KrHubJsonKind kind)
{
  static const char *const names[] = { "Null", "True", "False", "Number", "String", "Array", "Object", "None" };

  return names[kind];
}

/* The texts of .NET's reader; %s is the byte at fault. */
static const char *const fault_texts[] = {
  [KR_HUB_JSON_FAULT_NONE] = "",
  [KR_HUB_JSON_FAULT_NO_TOKENS] =
      "The input does not contain any JSON tokens. Expected the input to start with a valid JSON "
      "token, when isFinalBlock is true.",
  [KR_HUB_JSON_FAULT_END_OF_DATA] =
      "Expected depth to be zero at the end of the JSON payload. There is an open JSON object or "
      "array that should be closed.",
  [KR_HUB_JSON_FAULT_END_OF_NAME] = "Expected a value, but instead reached end of data.",
  [KR_HUB_JSON_FAULT_END_OF_STRING] = "Expected end of string, but instead reached end of data.",
  [KR_HUB_JSON_FAULT_CONTROL_CHARACTER] =
      "'%s' is invalid within a JSON string. The string should be correctly escaped.",
  [KR_HUB_JSON_FAULT_ESCAPE] =
      "'%s' is an invalid escapable character within a JSON string. The string should be correctly "
      "escaped.",
  [KR_HUB_JSON_FAULT_HEX_DIGIT] =
      "'%s' is not a hex digit following '\\u' within a JSON string. The string should be correctly "
      "escaped.",
  [KR_HUB_JSON_FAULT_VALUE] = "'%s' is an invalid start of a value.",
  [KR_HUB_JSON_FAULT_LITERAL_NULL] = "'%s' is an invalid JSON literal. Expected the literal 'null'.",
  [KR_HUB_JSON_FAULT_LITERAL_TRUE] = "'%s' is an invalid JSON literal. Expected the literal 'true'.",
  [KR_HUB_JSON_FAULT_LITERAL_FALSE] = "'%s' is an invalid JSON literal. Expected the literal 'false'.",
  [KR_HUB_JSON_FAULT_LEADING_ZERO] = "Invalid leading zero before '%s'.",
  [KR_HUB_JSON_FAULT_DIGIT_AFTER_SIGN] =
      "'%s' is invalid within a number, immediately after a sign character ('+' or '-'). "
      "Expected a digit ('0'-'9').",
  [KR_HUB_JSON_FAULT_DIGIT_AFTER_POINT] =
      "'%s' is invalid within a number, immediately after a decimal point ('.'). Expected a "
      "digit ('0'-'9').",
  [KR_HUB_JSON_FAULT_INTEGER_END] = "'%s' is an invalid end of a number. Expected a delimiter.",
  [KR_HUB_JSON_FAULT_FRACTION_END] = "'%s' is an invalid end of a number. Expected 'E' or 'e'.",
  [KR_HUB_JSON_FAULT_PROPERTY_NAME] = "'%s' is an invalid start of a property name. Expected a '\"'.",
  [KR_HUB_JSON_FAULT_COLON] = "'%s' is invalid after a property name. Expected a ':'.",
  [KR_HUB_JSON_FAULT_SEPARATOR] = "'%s' is invalid after a value. Expected either ',', '}', or ']'.",
  [KR_HUB_JSON_FAULT_NO_OPEN] = "'%s' is invalid without a matching open.",
  [KR_HUB_JSON_FAULT_TRAILING_COMMA_ARRAY] =
      "The JSON array contains a trailing comma at the end which is not supported in "
      "this mode. Change the reader options.",
  [KR_HUB_JSON_FAULT_TRAILING_COMMA_OBJECT] =
      "The JSON object contains a trailing comma at the end which is not supported in "
      "this mode. Change the reader options.",
  [KR_HUB_JSON_FAULT_DEPTH_ARRAY] =
      "The maximum configured depth of 64 has been exceeded. Cannot read next JSON array.",
  [KR_HUB_JSON_FAULT_DEPTH_OBJECT] =
      "The maximum configured depth of 64 has been exceeded. Cannot read next JSON object.",
};

/* The byte at fault as .NET shows it; of a literal all that follows, of a number cut short its last byte. */
static void
append_piece (const KrHubJsonScanner *self, GString *result)
{
  const char *p = self->pos < self->end ? self->pos : self->end - 1;

  if (self->fault >= KR_HUB_JSON_FAULT_LITERAL_NULL && self->fault <= KR_HUB_JSON_FAULT_LITERAL_FALSE)
    {
      g_autofree char *quoted = g_utf8_make_valid (self->token, MIN (self->end - self->token, MAX_QUOTED));

      g_string_append (result, quoted);
    }
  else if (*p >= 0x20 && *p < 0x7f)
    g_string_append_c (result, *p);
  else
    g_string_append_printf (result, "0x%02X", (guchar) *p);
}

char *
kr_hub_json_scanner_describe (const KrHubJsonScanner *self)
{
  const char *text = fault_texts[self->fault], *piece = strstr (text, "%s"), *line_start = self->start;
  g_autoptr (GString) result = g_string_new ("JsonReaderException: ");
  guint line = 0;

  g_string_append_len (result, text, piece != NULL ? piece - text : -1);
  if (piece != NULL)
    {
      append_piece (self, result);
      g_string_append (result, piece + 2);
    }
  for (const char *p = self->start; p < self->pos; p++)
    if (*p == '\n')
      {
        line++;
        line_start = p + 1;
      }
  g_string_append_printf (result, " LineNumber: %u | BytePositionInLine: %" G_GSIZE_FORMAT ".", line,
                          (gsize) (self->pos - line_start));
  return g_string_free (g_steal_pointer (&result), FALSE);
}

void
kr_hub_json_scanner_set_error (const KrHubJsonScanner *self, GError **error)
{
  gboolean too_deep = self->fault == KR_HUB_JSON_FAULT_DEPTH_ARRAY || self->fault == KR_HUB_JSON_FAULT_DEPTH_OBJECT;
  g_autofree char *text = self->detailed ? kr_hub_json_scanner_describe (self) : NULL;

  g_set_error_literal (error, KR_HUB_ERROR, too_deep ? KR_HUB_ERROR_TOO_LARGE : KR_HUB_ERROR_MALFORMED,
                       text != NULL ? text : "InvalidDataException: Error reading JSON.");
}

gboolean
kr_hub_json_scanner_expect_object (KrHubJsonScanner *self, GError **error)
{
  KrHubJsonKind kind = kr_hub_json_scanner_peek (self);

  if (G_LIKELY (kind == KR_HUB_JSON_OBJECT))
    return TRUE;
  if (kind == KR_HUB_JSON_BROKEN)
    kr_hub_json_scanner_set_error (self, error);
  else
    g_set_error (error, KR_HUB_ERROR, KR_HUB_ERROR_MALFORMED,
                 "InvalidDataException: Unexpected JSON Token Type '%s'. Expected a JSON Object.",
                 kr_hub_json_kind_to_string (kind));
  return FALSE;
}

gboolean
kr_hub_json_scanner_fail_kind (KrHubJsonScanner *self, KrHubJsonKind kind, const char *name, GError **error)
{
  if (kr_hub_json_scanner_peek (self) == KR_HUB_JSON_BROKEN)
    kr_hub_json_scanner_set_error (self, error);
  else
    g_set_error (error, KR_HUB_ERROR, KR_HUB_ERROR_MALFORMED, "InvalidDataException: Expected '%s' to be of type %s.",
                 name, kind == KR_HUB_JSON_OBJECT ? "StartObject" : kr_hub_json_kind_to_string (kind));
  return FALSE;
}

gboolean
kr_hub_json_scanner_read_integer (KrHubJsonScanner *self,
                                  const char *name,
                                  gint64 min,
                                  gint64 max,
                                  gint64 *value,
                                  GError **error)
{
  const char *begin = self->pos;
  KrHubJsonKind kind = kr_hub_json_scanner_peek (self);
  KrHubSlice text;

  if (kind == KR_HUB_JSON_NUMBER)
    {
      scan_number (self);
      text = (KrHubSlice) { begin, self->pos - begin };
      kr_hub_json_scanner_skip_space (self);
      if (G_LIKELY (kr_hub_json_parse_int64 (&text, value) && *value >= min && *value <= max))
        return TRUE;
      g_set_error (
          error, KR_HUB_ERROR, KR_HUB_ERROR_MALFORMED,
          "FormatException: Either the JSON value is not in a supported format, or is out of bounds for an %s.",
          max == G_MAXINT64 ? "Int64" : "Int32");
    }
  else if (kind == KR_HUB_JSON_BROKEN)
    kr_hub_json_scanner_set_error (self, error);
  else
    g_set_error (error, KR_HUB_ERROR, KR_HUB_ERROR_MALFORMED,
                 "InvalidDataException: Expected '%s' to be of type Number.", name);
  return FALSE;
}

gboolean
kr_hub_json_validate_utf8 (const KrHubSlice *text, GError **error)
{
  if (kr_hub_utf8_validate (text))
    return TRUE;
  g_set_error_literal (error, KR_HUB_ERROR, KR_HUB_ERROR_MALFORMED,
                       "InvalidOperationException: Cannot transcode invalid UTF-8 JSON text to UTF-16 string.");
  return FALSE;
}

static guint
read_hex (const char *p)
{
  guint value = 0;

  for (guint i = 0; i < 4; i++)
    value = value << 4 | g_ascii_xdigit_value (p[i]);
  return value;
}

static gboolean
fail_surrogate (guint unit, GError **error)
{
  g_set_error (
      error, KR_HUB_ERROR, KR_HUB_ERROR_MALFORMED,
      "InvalidOperationException: Cannot read invalid UTF-16 JSON text as string. Invalid surrogate value: '0x%X'.",
      unit);
  return FALSE;
}

/* At the first hex digit; the four are known to be there. */
static gboolean
unescape_unicode (const char **p, const char *end, GString *out, GError **error)
{
  gunichar unit = read_hex (*p);

  *p += 4;
  if (unit >= 0xdc00 && unit <= 0xdfff)
    return fail_surrogate (unit, error);
  if (unit >= 0xd800 && unit <= 0xdbff)
    {
      guint low;

      if (end - *p < 6 || (*p)[0] != '\\' || (*p)[1] != 'u')
        {
          g_set_error_literal (
              error, KR_HUB_ERROR, KR_HUB_ERROR_MALFORMED,
              "InvalidOperationException: Cannot read incomplete UTF-16 JSON text as string with missing low "
              "surrogate.");
          return FALSE;
        }
      low = read_hex (*p + 2);
      if (low < 0xdc00 || low > 0xdfff)
        return fail_surrogate (low, error);
      *p += 6;
      unit = 0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00);
    }
  g_string_append_unichar (out, unit);
  return TRUE;
}

gboolean
kr_hub_json_unescape (const KrHubSlice *text, GString *out, GError **error)
{
  const char *p = text->data, *end = p + text->len;

  while (p < end)
    {
      const char *backslash = memchr (p, '\\', end - p);

      if (backslash == NULL)
        backslash = end;
      g_string_append_len (out, p, backslash - p);
      p = backslash;
      if (p == end)
        break;
      p += 2;
      switch (p[-1])
        {
        case 'b': g_string_append_c (out, '\b'); break;
        case 'f': g_string_append_c (out, '\f'); break;
        case 'n': g_string_append_c (out, '\n'); break;
        case 'r': g_string_append_c (out, '\r'); break;
        case 't': g_string_append_c (out, '\t'); break;
        case 'u':
          if (!unescape_unicode (&p, end, out, error))
            return FALSE;
          break;
        default: g_string_append_c (out, p[-1]); break;
        }
    }
  return TRUE;
}

gboolean
kr_hub_json_parse_uint64 (const KrHubSlice *text, guint64 *value)
{
  guint64 result = 0;

  for (gsize i = 0; i < text->len; i++)
    {
      guint digit = (guchar) text->data[i] - '0';

      if (digit > 9 || !g_uint64_checked_mul (&result, result, 10) || !g_uint64_checked_add (&result, result, digit))
        return FALSE;
    }
  *value = result;
  return text->len > 0;
}

gboolean
kr_hub_json_parse_int64 (const KrHubSlice *text, gint64 *value)
{
  gboolean negative = text->len > 0 && text->data[0] == '-';
  KrHubSlice digits = { text->data + negative, text->len - negative };
  guint64 magnitude;

  if (!kr_hub_json_parse_uint64 (&digits, &magnitude) || magnitude > (guint64) G_MAXINT64 + negative)
    return FALSE;
  *value = negative ? (gint64) (0 - magnitude) : (gint64) magnitude;
  return TRUE;
}
