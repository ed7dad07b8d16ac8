/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* KrHubJsonScanner: walks over strict JSON without building anything. */
#pragma once

#if !defined (KR_HUB_INSIDE) && !defined (KR_HUB_COMPILATION)
#error "This header is private to libkrhub."
#endif

#include "kr-hub-message.h"
#include "kr-hub-simd-private.h"

G_BEGIN_DECLS

/* Nesting of objects and arrays, the message itself included (signalr-observed: 64, as .NET's reader). */
#define KR_HUB_JSON_MAX_DEPTH 64

/* What a string contains beside plain ASCII. */
typedef enum
{
  KR_HUB_JSON_ESCAPED = 1 << 0,
  KR_HUB_JSON_NON_ASCII = 1 << 1,
} KrHubJsonStringFlags;

typedef enum
{
  KR_HUB_JSON_NULL,
  KR_HUB_JSON_TRUE,
  KR_HUB_JSON_FALSE,
  KR_HUB_JSON_NUMBER,
  KR_HUB_JSON_STRING,
  KR_HUB_JSON_ARRAY,
  KR_HUB_JSON_OBJECT,
  KR_HUB_JSON_BROKEN,
} KrHubJsonKind;

typedef enum
{
  KR_HUB_JSON_FAULT_NONE,
  KR_HUB_JSON_FAULT_NO_TOKENS,
  KR_HUB_JSON_FAULT_END_OF_DATA,
  KR_HUB_JSON_FAULT_END_OF_NAME,
  KR_HUB_JSON_FAULT_END_OF_STRING,
  KR_HUB_JSON_FAULT_CONTROL_CHARACTER,
  KR_HUB_JSON_FAULT_ESCAPE,
  KR_HUB_JSON_FAULT_HEX_DIGIT,
  KR_HUB_JSON_FAULT_VALUE,
  KR_HUB_JSON_FAULT_LITERAL_NULL,
  KR_HUB_JSON_FAULT_LITERAL_TRUE,
  KR_HUB_JSON_FAULT_LITERAL_FALSE,
  KR_HUB_JSON_FAULT_LEADING_ZERO,
  KR_HUB_JSON_FAULT_DIGIT_AFTER_SIGN,
  KR_HUB_JSON_FAULT_DIGIT_AFTER_POINT,
  KR_HUB_JSON_FAULT_INTEGER_END,
  KR_HUB_JSON_FAULT_FRACTION_END,
  KR_HUB_JSON_FAULT_PROPERTY_NAME,
  KR_HUB_JSON_FAULT_COLON,
  KR_HUB_JSON_FAULT_SEPARATOR,
  KR_HUB_JSON_FAULT_NO_OPEN,
  KR_HUB_JSON_FAULT_TRAILING_COMMA_ARRAY,
  KR_HUB_JSON_FAULT_TRAILING_COMMA_OBJECT,
  KR_HUB_JSON_FAULT_DEPTH_ARRAY,
  KR_HUB_JSON_FAULT_DEPTH_OBJECT,
} KrHubJsonFault;

typedef struct
{
  const char *start;
  const char *pos;
  const char *end;
  const char *token;      /* of a literal or number at fault, its beginning */
  guint depth;            /* objects and arrays that are open at pos */
  KrHubJsonFault fault;   /* the first thing wrong, which pos points to */
  gboolean detailed;      /* errors say what was wrong with the JSON, not only that something was */
} KrHubJsonScanner;

void kr_hub_json_scanner_init (KrHubJsonScanner *self, const KrHubSlice *text);

/* What begins at pos; a container is not looked into, anything else is validated. */
KrHubJsonKind kr_hub_json_scanner_peek (KrHubJsonScanner *self);

/* Opens the object or array at pos, and closes it at its closing bracket. */
gboolean kr_hub_json_scanner_enter (KrHubJsonScanner *self);
void kr_hub_json_scanner_leave (KrHubJsonScanner *self);

/* The whole of what the inline functions below do, for whatever is not plain. */
gboolean kr_hub_json_scanner_skip_value_slowly (KrHubJsonScanner *self);
gboolean kr_hub_json_scanner_skip_number (KrHubJsonScanner *self);
gboolean
kr_hub_json_scanner_next_property_slowly (KrHubJsonScanner *self, gboolean *first, KrHubSlice *name, guint *flags);
gboolean kr_hub_json_scanner_next_element_slowly (KrHubJsonScanner *self, gboolean *first);
gboolean kr_hub_json_scanner_read_string_slowly (KrHubJsonScanner *self, KrHubSlice *text, guint *flags);
void kr_hub_json_scanner_skip_space_slowly (KrHubJsonScanner *self);

/* The same with errors that name the property @name, as ASP.NET Core words them. */
gboolean kr_hub_json_scanner_expect_object (KrHubJsonScanner *self, GError **error);
gboolean kr_hub_json_scanner_fail_kind (KrHubJsonScanner *self, KrHubJsonKind kind, const char *name, GError **error);
gboolean kr_hub_json_scanner_read_integer (KrHubJsonScanner *self,
                                           const char *name,
                                           gint64 min,
                                           gint64 max,
                                           gint64 *value,
                                           GError **error);

/* An error with .NET's text for the fault. */
void kr_hub_json_scanner_set_error (const KrHubJsonScanner *self, GError **error);
char *kr_hub_json_scanner_describe (const KrHubJsonScanner *self);
/* The name .NET has for a token, as in its error texts. */
const char *kr_hub_json_kind_to_string (KrHubJsonKind kind);

/* Decodes a string (without its quotes) that needs it: appended to @out. FALSE with .NET's reason, type included. */
gboolean kr_hub_json_unescape (const KrHubSlice *text, GString *out, GError **error);
gboolean kr_hub_json_validate_utf8 (const KrHubSlice *text, GError **error);

/* The plain decimal integer that @text is; FALSE if it is none (a fraction, an exponent) or does not fit. */
gboolean kr_hub_json_parse_int64 (const KrHubSlice *text, gint64 *value);
gboolean kr_hub_json_parse_uint64 (const KrHubSlice *text, guint64 *value);

/* Whether a value of @kind (string, array or object) begins at pos, where something does. */
static inline gboolean
kr_hub_json_scanner_expect (KrHubJsonScanner *self, KrHubJsonKind kind, const char *name, GError **error)
{
  char first = kind == KR_HUB_JSON_STRING ? '"' : kind == KR_HUB_JSON_ARRAY ? '[' : '{';

  return G_LIKELY (*self->pos == first) || kr_hub_json_scanner_fail_kind (self, kind, name, error);
}

#ifdef KR_HUB_SSE2
/* Which of sixteen bytes a string cannot contain as they are, a bit each; which are no ASCII. */
static inline guint
kr_hub_json_classify (const char *p, guint *non_ascii)
{
  const __m128i bytes = _mm_loadu_si128 ((const __m128i *) p), control = _mm_set1_epi8 (0x1f);
  const __m128i special = _mm_or_si128 (_mm_or_si128 (_mm_cmpeq_epi8 (bytes, _mm_set1_epi8 ('"')),
                                                      _mm_cmpeq_epi8 (bytes, _mm_set1_epi8 ('\\'))),
                                        _mm_cmpeq_epi8 (_mm_min_epu8 (bytes, control), bytes));

  *non_ascii = _mm_movemask_epi8 (bytes);
  return _mm_movemask_epi8 (special);
}
#endif

/* First byte at or behind @p that a string cannot contain as it is: quote, backslash, control character; @end if none.
 * What lies from @start on may be read too. */
const char *kr_hub_json_find_special_slowly (const char *start, const char *p, const char *end, guint *flags);

/* Most strings are short: names, ids, targets. */
static inline const char *
kr_hub_json_find_special (const char *start, const char *p, const char *end, guint *flags)
{
#ifdef KR_HUB_SSE2
  guint mask, non_ascii;

  if (G_LIKELY (end - p >= 16) && G_LIKELY ((mask = kr_hub_json_classify (p, &non_ascii)) != 0))
    {
      *flags = (non_ascii & (mask ^ (mask - 1))) != 0 ? KR_HUB_JSON_NON_ASCII : 0;
      return p + __builtin_ctz (mask);
    }
#endif
  return kr_hub_json_find_special_slowly (start, p, end, flags);
}

static inline void
kr_hub_json_scanner_skip_space (KrHubJsonScanner *self)
{
  if (G_UNLIKELY (self->pos < self->end && (guchar) *self->pos <= ' '))
    kr_hub_json_scanner_skip_space_slowly (self);
}

/* What follows moves behind what it names and the white space after it; FALSE leaves a fault.
 *
 * The string at pos, which must be one, still escaped. */
static inline gboolean
kr_hub_json_scanner_read_string (KrHubJsonScanner *self, KrHubSlice *text, guint *flags)
{
  const char *begin = self->pos + 1, *quote = kr_hub_json_find_special (self->start, begin, self->end, flags);

  if (G_UNLIKELY (quote == self->end || *quote != '"'))
    return kr_hub_json_scanner_read_string_slowly (self, text, flags);
  *text = (KrHubSlice) { begin, quote - begin };
  self->pos = quote + 1;
  kr_hub_json_scanner_skip_space (self);
  return TRUE;
}

/* Any value. */
static inline gboolean
kr_hub_json_scanner_skip_value (KrHubJsonScanner *self)
{
  KrHubSlice text;
  guint flags;

  if (G_LIKELY (self->pos < self->end && *self->pos == '"'))
    return kr_hub_json_scanner_read_string (self, &text, &flags);
  return kr_hub_json_scanner_skip_value_slowly (self);
}

/* In an object or array: moves to the next property's value or element, which the caller must then move over. FALSE
 * without a fault is the end, and behind the closing bracket. @first is TRUE before the first call. */
static inline gboolean
kr_hub_json_scanner_next_property (KrHubJsonScanner *self, gboolean *first, KrHubSlice *name, guint *flags)
{
  const char *p = self->pos, *end = self->end, *quote;

  /* Four bytes are a comma, two quotes and a colon, so that none of these is beyond the end. */
  if (G_UNLIKELY (end - p < 4))
    return kr_hub_json_scanner_next_property_slowly (self, first, name, flags);
  if (!*first && *p++ != ',')
    return kr_hub_json_scanner_next_property_slowly (self, first, name, flags);
  if (G_UNLIKELY (*p++ != '"'))
    return kr_hub_json_scanner_next_property_slowly (self, first, name, flags);
  quote = kr_hub_json_find_special (self->start, p, end, flags);
  if (G_UNLIKELY (end - quote < 3 || quote[0] != '"' || quote[1] != ':' || (guchar) quote[2] <= ' '))
    return kr_hub_json_scanner_next_property_slowly (self, first, name, flags);
  *first = FALSE;
  *name = (KrHubSlice) { p, quote - p };
  self->pos = quote + 2;
  return TRUE;
}

static inline gboolean
kr_hub_json_scanner_next_element (KrHubJsonScanner *self, gboolean *first)
{
  const char *p = self->pos, *end = self->end;

  if (G_UNLIKELY (end - p < 2))
    return kr_hub_json_scanner_next_element_slowly (self, first);
  if (!*first && *p++ != ',')
    return kr_hub_json_scanner_next_element_slowly (self, first);
  if (G_UNLIKELY (*p == ']' || (guchar) *p <= ' ' || self->fault != KR_HUB_JSON_FAULT_NONE))
    return kr_hub_json_scanner_next_element_slowly (self, first);
  *first = FALSE;
  self->pos = p;
  return TRUE;
}

G_END_DECLS
