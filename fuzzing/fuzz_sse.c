/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* Event streams: whole, and byte by byte, which must tell the same; what is written is read back. */
#include "config.h"

#include <stdint.h>

#include "kr-hub-soup-sse-codec-private.h"

int LLVMFuzzerTestOneInput (const uint8_t *data, size_t size);

#define MAX_EVENT 256

static void
feed (KrHubSoupSseParser *parser, GString *heard, const guint8 *data, gsize len)
{
  KrHubSoupSseEvent event;
  const guint8 *text;
  gsize text_len;

  while ((event = kr_hub_soup_sse_parser_next (parser, &data, &len, &text, &text_len)) != KR_HUB_SOUP_SSE_MORE)
    {
      g_string_append_c (heard, event == KR_HUB_SOUP_SSE_EVENT ? 'E' : 'L');
      if (event == KR_HUB_SOUP_SSE_EVENT)
        {
          g_assert_cmpuint (text_len, <=, 2 * MAX_EVENT + 8);
          g_string_append_len (heard, (const char *) text, text_len);
        }
    }
  g_assert_cmpuint (len, ==, 0);
}

static void
parse (const guint8 *data, gsize size, gsize step, gsize max_size, GString *heard)
{
  KrHubSoupSseParser parser;

  kr_hub_soup_sse_parser_init (&parser, max_size);
  for (gsize i = 0; i < size; i += step)
    feed (&parser, heard, data + i, MIN (step, size - i));
  kr_hub_soup_sse_parser_clear (&parser);
}

/* A lone CR ends a line for every reader, and one before a LF is dropped by the writer: leave CRs out. */
static void
round_trip (const guint8 *data, gsize size)
{
  g_auto (KrHubBuffer) out = KR_HUB_BUFFER_INIT;
  g_autoptr (GString) heard = g_string_new (NULL);

  if (size > 0 && memchr (data, '\r', size) != NULL)
    return;
  kr_hub_soup_sse_write_begin (&out);
  kr_hub_soup_sse_write_data (&out, data, size);
  kr_hub_soup_sse_write_end (&out);
  parse (out.data, out.len, out.len, 128 * 1024, heard);
  g_assert_cmpuint (heard->len, ==, size + 1);
  g_assert_true (size == 0 || memcmp (heard->str + 1, data, size) == 0);
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  g_autoptr (GString) whole = g_string_new (NULL);
  g_autoptr (GString) bytewise = g_string_new (NULL);

  if (size > 64 * 1024)
    return 0;
  parse (data, size, MAX (size, 1), MAX_EVENT, whole);
  parse (data, size, 1, MAX_EVENT, bytewise);
  g_assert_cmpstr (whole->str, ==, bytewise->str);
  round_trip (data, size);
  return 0;
}
