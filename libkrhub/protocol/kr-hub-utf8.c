/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* UTF-8 from a peer: checked, or repaired. */
#include "config.h"

#include "kr-hub-utf8-private.h"

#include <string.h>

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

/* --- plain text --- */

#define ONES G_GUINT64_CONSTANT (0x0101010101010101)
#define HIGH_BITS (ONES << 7)

/* Not 0 if one of the @step bytes (8, 4 or 1) at @p is no plain one: its top bit is set, or a zero borrows one. */
static inline guint64
odd_bits (const guint8 *p, gsize step)
{
  guint64 word;
  guint32 half;

  if (step == sizeof word)
    memcpy (&word, p, sizeof word);
  else if (step == sizeof half)
    {
      memcpy (&half, p, sizeof half);
      word = (guint64) half << 32 | half;
    }
  else
    word = ONES * *p;
  return (word | (word - ONES)) & HIGH_BITS;
}

/* The last step looks at some bytes again, so that there is no rest. */
static gboolean
is_plain_short (const guint8 *p, gsize len)
{
  gsize step = len >= 8 ? 8 : len >= 4 ? 4 : 1;
  guint64 odd = 0;

  for (; len > step; p += step, len -= step)
    odd |= odd_bits (p, step);
  if (len > 0)
    odd |= odd_bits (p + len - step, step);
  return odd == 0;
}

#ifdef KR_HUB_SSE2
/* As signed numbers, plain bytes are those above zero. */
static inline int
odd_mask (const guint8 *p)
{
  return _mm_movemask_epi8 (_mm_cmpgt_epi8 (_mm_loadu_si128 ((const __m128i *) p), _mm_setzero_si128 ())) ^ 0xffff;
}
#endif

gboolean
kr_hub_utf8_is_plain (const KrHubSlice *text)
{
  const guint8 *p = (const guint8 *) text->data;
  gsize len = text->len;

#ifdef KR_HUB_SSE2
  if (len >= 16)
    {
      const guint8 *last = p + len - 16;

      for (; p < last; p += 16)
        if (odd_mask (p) != 0)
          return FALSE;
      return odd_mask (last) == 0;
    }
#endif
  return is_plain_short (p, len);
}

gboolean
kr_hub_utf8_validate (const KrHubSlice *text)
{
  const guchar *p = (const guchar *) text->data, *end = p + text->len;

  if (G_LIKELY (kr_hub_utf8_is_plain (text)))
    return TRUE;
  while ((p = skip_ascii (p, end)) < end)
    {
      gboolean whole;

      p += scan_sequence (p, end - p, &whole);
      if (!whole)
        return FALSE;
    }
  return TRUE;
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
