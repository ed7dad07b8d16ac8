/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* Whether foreign bytes may stand in a header, 16 at a time. */
#pragma once

#include <glib.h>
#include <string.h>

typedef gint8 KrCsrfSixteen __attribute__ ((vector_size (16)));

/* -1 in the place of each byte that is no text: a control character other than a tab, or, as signed numbers below all
 * of these, one beyond ASCII. */
static inline KrCsrfSixteen
kr_csrf_sixteen_find_bad (const char *bytes)
{
  KrCsrfSixteen text;

  memcpy (&text, bytes, sizeof text);
  return ((text < ' ') & (text != '\t')) | (text == 0x7f);
}

static inline KrCsrfSixteen
kr_csrf_sixteen_find_control (const char *bytes)
{
  KrCsrfSixteen text;

  memcpy (&text, bytes, sizeof text);
  return kr_csrf_sixteen_find_bad (bytes) & (text >= 0);
}

static inline gboolean
kr_csrf_sixteen_is_zero (KrCsrfSixteen vector)
{
  guint64 halves[2];

  memcpy (halves, &vector, sizeof halves);
  return (halves[0] | halves[1]) == 0;
}

/* The last 16 bytes may overlap the ones before them; fewer than 16 are filled up with spaces. */
static inline gboolean
kr_csrf_bytes_pass (const char *bytes, gsize len, KrCsrfSixteen (*find) (const char *bytes))
{
  KrCsrfSixteen found = { 0 };
  char few[16];

  if (len < sizeof few)
    {
      memset (few, ' ', sizeof few);
      for (gsize i = 0; i < len; i++)
        few[i] = bytes[i];
      return kr_csrf_sixteen_is_zero (find (few));
    }
  for (gsize i = 0; i + sizeof few < len; i += sizeof few)
    found |= find (bytes + i);
  return kr_csrf_sixteen_is_zero (found | find (bytes + len - sizeof few));
}

/* Printable ASCII, spaces and tabs. */
static inline gboolean
kr_csrf_bytes_are_text (const char *bytes, gsize len)
{
  return kr_csrf_bytes_pass (bytes, len, kr_csrf_sixteen_find_bad);
}

/* The same, or beyond ASCII. */
static inline gboolean
kr_csrf_bytes_have_no_control (const char *bytes, gsize len)
{
  return kr_csrf_bytes_pass (bytes, len, kr_csrf_sixteen_find_control);
}
