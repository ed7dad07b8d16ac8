/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* UTF-8 from a peer: checked, or repaired. */
#include "config.h"

#include "kr-hub-utf8-private.h"

#include "kr-hub-simd-private.h"

/* What may follow a first byte of @byte (Unicode, table 3-7): how many bytes, and the range of the first of them. */
static guint
sequence_of (guchar byte, guchar *low, guchar *high)
{
  *low = byte == 0xe0 ? 0xa0 : byte == 0xf0 ? 0x90 : 0x80;
  *high = byte == 0xed ? 0x9f : byte == 0xf4 ? 0x8f : 0xbf;
  if (byte < 0x80)
    return 1;
  if (byte < 0xc2 || byte > 0xf4)
    return 0;
  return byte < 0xe0 ? 2 : byte < 0xf0 ? 3 : 4;
}

/* Length of the longest beginning of a sequence at @p; @whole says whether it is a sequence. */
static guint
scan_sequence (const guchar *p, gsize left, gboolean *whole)
{
  guchar low, high;
  guint n = sequence_of (*p, &low, &high);

  *whole = FALSE;
  for (guint i = 1; i < n; i++)
    {
      if (i == left || p[i] < low || p[i] > high)
        return i;
      low = 0x80;
      high = 0xbf;
    }
  *whole = n > 0;
  return MAX (n, 1);
}

static const guchar *
skip_ascii (const guchar *p, const guchar *end)
{
#ifdef KR_HUB_SSE2
  while (end - p >= 16 && _mm_movemask_epi8 (_mm_loadu_si128 ((const __m128i *) p)) == 0)
    p += 16;
#endif
  while (p < end && *p < 0x80)
    p++;
  return p;
}

gboolean
kr_hub_utf8_validate (const KrHubSlice *text)
{
  const guchar *p = (const guchar *) text->data, *end = p + text->len;

  while ((p = skip_ascii (p, end)) < end)
    {
      gboolean whole;

      p += scan_sequence (p, end - p, &whole);
      if (!whole)
        return FALSE;
    }
  return TRUE;
}

gboolean
kr_hub_utf8_is_plain (const KrHubSlice *text)
{
  const gint8 *p = (const gint8 *) text->data, *end = p + text->len;
  gboolean plain = TRUE;

#ifdef KR_HUB_SSE2
  const __m128i zero = _mm_setzero_si128 ();

  /* As signed numbers, plain bytes are those above zero. */
  for (; plain && end - p >= 16; p += 16)
    plain = _mm_movemask_epi8 (_mm_cmpgt_epi8 (_mm_loadu_si128 ((const __m128i *) p), zero)) == 0xffff;
#endif
  for (; plain && p < end; p++)
    plain = *p > 0;
  return plain;
}

void
kr_hub_utf8_repair (const KrHubSlice *text, GString *out)
{
  const guchar *p = (const guchar *) text->data, *end = p + text->len;

  while (p < end)
    {
      const guchar *plain = skip_ascii (p, end);
      gboolean whole = TRUE;
      guint n = plain < end ? scan_sequence (plain, end - plain, &whole) : 0;

      g_string_append_len (out, (const char *) p, plain - p + (whole ? n : 0));
      if (!whole)
        g_string_append (out, "\357\277\275");
      p = plain + n;
    }
}
