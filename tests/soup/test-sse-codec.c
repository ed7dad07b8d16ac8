/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* Event streams as ASP.NET Core writes them, and as any server may write them. */
#include "config.h"

#include "kr-hub-soup-sse-codec-private.h"

typedef struct
{
  const char *name;
  const char *input;
  const char *output;
} Case;

/* signalr-like rules: split at LF, a CR before it dropped, a lone CR kept. */
static const Case written[] = {
  { "record", "{}\x1e", "data: {}\x1e\r\n\r\n" },
  { "two-records", "{}\x1e{\"type\":7}\x1e", "data: {}\x1e{\"type\":7}\x1e\r\n\r\n" },
  { "empty", "", "data: \r\n\r\n" },
  { "trailing-lf", "x\r\n", "data: x\r\ndata: \r\n\r\n" },
  { "lines", "a\nb\r\nc", "data: a\r\ndata: b\r\ndata: c\r\n\r\n" },
  { "lone-cr", "a\rb", "data: a\rb\r\n\r\n" },
  { "only-lf", "\n", "data: \r\ndata: \r\n\r\n" },
};

static void
test_write (gconstpointer data)
{
  const Case *c = data;
  gsize len = strlen (c->input);

  for (gsize i = 0; i <= len; i++)
    {
      g_auto (KrHubBuffer) out = KR_HUB_BUFFER_INIT;

      kr_hub_soup_sse_write_begin (&out);
      kr_hub_soup_sse_write_data (&out, (const guint8 *) c->input, i);
      kr_hub_soup_sse_write_data (&out, (const guint8 *) c->input + i, len - i);
      kr_hub_soup_sse_write_end (&out);
      g_assert_cmpmem (out.data, out.len, c->output, strlen (c->output));
    }
}

/* Each event in brackets. */
static const Case parsed[] = {
  { "comment", ":\r\n\r\n", "" },
  { "start", ":\r\ndata: {}\x1e\r\n\r\n", "[{}\x1e]" },
  { "joined", "data: a\r\ndata: b\r\n\r\n", "[a\nb]" },
  { "lf", "data: a\n\n", "[a]" },
  { "cr", "data: a\r\r", "[a]" },
  { "mixed", "data: a\rdata: b\n\rdata: c\r\n\n", "[a\nb][c]" },
  { "no-space", "data:a\n\n", "[a]" },
  { "two-spaces", "data:  a\n\n", "[ a]" },
  { "no-colon", "data\n\n", "[]" },
  { "empty-data", "data:\n\n", "[]" },
  { "other-fields", "event: e\nid: 7\nretry: 1\ndatax: no\ndata: yes\n\n", "[yes]" },
  { "only-other-fields", "event: e\n\n", "" },
  { "unfinished", "data: a\n", "" },
  { "byte-order-mark", "\xef\xbb\xbf""data: a\n\n", "[a]" },
  { "mark-later", "data: a\n\n\xef\xbb\xbf""data: b\n\n", "[a]" },
  { "event-at-limit", "data: 1234567890\n\n", "[1234567890]" },
  { "line-too-long", "data: 12345678901\n\n", "!" },
  { "comment-too-long", ":12345678901234567890\n\n", "!" },
  { "event-too-long", "data: 1234567890\ndata: 1\n\n", "!" },
};

static void
feed (KrHubSoupSseParser *parser, GString *heard, const char *text, gsize len)
{
  const guint8 *data = (const guint8 *) text;
  const guint8 *event;
  gsize event_len;
  KrHubSoupSseEvent what;

  while ((what = kr_hub_soup_sse_parser_next (parser, &data, &len, &event, &event_len)) != KR_HUB_SOUP_SSE_MORE)
    if (what == KR_HUB_SOUP_SSE_TOO_LARGE)
      g_string_append_c (heard, '!');
    else
      g_string_append_printf (heard, "[%.*s]", (int) event_len, (const char *) event);
}

static void
test_parse (gconstpointer data)
{
  const Case *c = data;
  gsize len = strlen (c->input);

  for (gsize i = 0; i <= len; i++)
    {
      KrHubSoupSseParser parser;
      g_autoptr (GString) heard = g_string_new (NULL);

      kr_hub_soup_sse_parser_init (&parser, 10);
      feed (&parser, heard, c->input, i);
      feed (&parser, heard, c->input + i, len - i);
      g_assert_cmpstr (heard->str, ==, c->output);
      kr_hub_soup_sse_parser_clear (&parser);
    }
}

static void
add_cases (const char *folder, const Case *cases, guint n, GTestDataFunc func)
{
  for (guint i = 0; i < n; i++)
    {
      g_autofree char *path = g_strconcat ("/sse-codec/", folder, "/", cases[i].name, NULL);

      g_test_add_data_func (path, &cases[i], func);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  add_cases ("write", written, G_N_ELEMENTS (written), test_write);
  add_cases ("parse", parsed, G_N_ELEMENTS (parsed), test_parse);
  return g_test_run ();
}
