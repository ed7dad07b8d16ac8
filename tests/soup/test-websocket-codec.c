/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* RFC 6455 frames: every class that is refused, every place where input may be cut, both roles. */
#include "config.h"

#include <string.h>

#include "kr-hub-soup-websocket-codec-private.h"

static const guint8 mask[4] = { 0x37, 0xfa, 0x21, 0x3d };

static void
append_frame (GByteArray *to, guint first, const void *payload, gsize len, gboolean masked)
{
  guint8 header[KR_HUB_SOUP_WEBSOCKET_MAX_HEADER];
  gsize n = kr_hub_soup_websocket_write_header (header, first & 0x0f, (first & 0x80) != 0, len, masked ? mask : NULL);
  guint start;

  header[0] = first;
  g_byte_array_append (to, header, n);
  start = to->len;
  g_byte_array_append (to, payload, len);
  if (masked)
    kr_hub_soup_websocket_mask (to->data + start, len, mask, 0);
}

/* The events as text: "d" is data with its bytes behind it, and so on. */
static void
feed (KrHubSoupWebsocketParser *parser, GString *heard, const guint8 *data, gsize len)
{
  static const char names[] = "?dpoCV";
  g_autofree guint8 *copy = g_memdup2 (data, len);
  guint8 *at = copy;
  guint8 *piece;
  gsize piece_len;
  KrHubSoupWebsocketEvent event;

  while ((event = kr_hub_soup_websocket_parser_next (parser, &at, &len, &piece, &piece_len)) !=
         KR_HUB_SOUP_WEBSOCKET_EVENT_MORE)
    {
      if (event != KR_HUB_SOUP_WEBSOCKET_EVENT_DATA)
        g_string_append_c (heard, names[event]);
      if (event < KR_HUB_SOUP_WEBSOCKET_EVENT_CLOSE)
        g_string_append_len (heard, (const char *) piece, piece_len);
      else
        g_string_append_printf (heard, "%u", parser->close_code);
    }
  g_assert_cmpuint (len, ==, 0);
}

static char *
hear (KrHubSoupWebsocketRole role, GByteArray *bytes, gsize first_part)
{
  KrHubSoupWebsocketParser parser;
  GString *heard = g_string_new (NULL);

  kr_hub_soup_websocket_parser_init (&parser, role);
  feed (&parser, heard, bytes->data, first_part);
  feed (&parser, heard, bytes->data + first_part, bytes->len - first_part);
  kr_hub_soup_websocket_parser_clear (&parser);
  return g_string_free (heard, FALSE);
}

static void
test_split (gconstpointer data)
{
  KrHubSoupWebsocketRole role = GPOINTER_TO_INT (data);
  gboolean masked = role == KR_HUB_SOUP_WEBSOCKET_SERVER;
  g_autoptr (GByteArray) bytes = g_byte_array_new ();
  g_autofree char *text = g_strnfill (200, 'x');
  g_autofree char *expected = g_strdup_printf ("Gr\xc3\xbc\xc3\x9f""epqui viveoback%sC1000", text);

  append_frame (bytes, 0x01, "Gr\xc3", 3, masked);
  append_frame (bytes, 0x00, "", 0, masked);
  append_frame (bytes, 0x80, "\xbc\xc3\x9f""e", 4, masked);
  append_frame (bytes, 0x89, "qui vive", 8, masked);
  append_frame (bytes, 0x8a, "back", 4, masked);
  append_frame (bytes, 0x82, text, 200, masked);
  append_frame (bytes, 0x88, "\x03\xe8""bye", 5, masked);
  append_frame (bytes, 0x81, "after the end", 13, masked);
  for (gsize i = 0; i <= bytes->len; i++)
    {
      g_autofree char *heard = hear (role, bytes, i);

      g_assert_cmpstr (heard, ==, expected);
    }
}

static void
test_lengths (void)
{
  static const gsize lengths[] = { 0, 1, 125, 126, 127, 65535, 65536, 70001 };

  for (guint i = 0; i < G_N_ELEMENTS (lengths); i++)
    for (guint masked = 0; masked < 2; masked++)
      {
        g_autoptr (GByteArray) bytes = g_byte_array_new ();
        g_autofree char *payload = g_strnfill (lengths[i], 'p');
        g_autofree char *heard = NULL;

        append_frame (bytes, 0x82, payload, lengths[i], masked);
        heard = hear (masked ? KR_HUB_SOUP_WEBSOCKET_SERVER : KR_HUB_SOUP_WEBSOCKET_CLIENT, bytes, bytes->len / 2);
        g_assert_cmpstr (heard, ==, payload);
      }
}

/* Payloads, moved together over the heads and control frames between them. */
static void
test_moved (gconstpointer data)
{
  KrHubSoupWebsocketRole role = GPOINTER_TO_INT (data);
  KrHubSoupWebsocketParser parser;
  g_autoptr (GByteArray) bytes = g_byte_array_new ();
  g_autoptr (GString) expected = g_string_new (NULL);
  guint8 *at, *end = NULL, *piece;
  gsize left, piece_len;

  kr_hub_soup_websocket_parser_init (&parser, role);
  for (guint len = 0; len < 70; len++)
    {
      g_autofree char *payload = g_strnfill (len, 'A' + len % 26);

      append_frame (bytes, 0x81, payload, len, role == KR_HUB_SOUP_WEBSOCKET_SERVER);
      append_frame (bytes, 0x89, "ping", 4, role == KR_HUB_SOUP_WEBSOCKET_SERVER);
      g_string_append (expected, payload);
    }
  at = bytes->data;
  left = bytes->len;
  for (KrHubSoupWebsocketEvent event = KR_HUB_SOUP_WEBSOCKET_EVENT_PING; event != KR_HUB_SOUP_WEBSOCKET_EVENT_MORE;)
    {
      event = kr_hub_soup_websocket_parser_next_to (&parser, end, &at, &left, &piece, &piece_len);
      g_assert_cmpint (event, <=, KR_HUB_SOUP_WEBSOCKET_EVENT_PING);
      if (event == KR_HUB_SOUP_WEBSOCKET_EVENT_DATA)
        {
          g_assert_true (end == NULL || piece == end);
          end = piece + piece_len;
        }
    }
  g_assert_cmpmem (end - expected->len, expected->len, expected->str, expected->len);
  kr_hub_soup_websocket_parser_clear (&parser);
}

static void
test_mask_offset (void)
{
  for (gsize len = 0; len < 40; len++)
    for (gsize cut = 0; cut <= len; cut++)
      {
        guint8 whole[40], parts[40];

        memset (whole, 0x55, len);
        memset (parts, 0x55, len);
        kr_hub_soup_websocket_mask (whole, len, mask, 0);
        kr_hub_soup_websocket_mask (parts, cut, mask, 0);
        kr_hub_soup_websocket_mask (parts + cut, len - cut, mask, cut);
        g_assert_cmpmem (whole, len, parts, len);
      }
}

typedef struct
{
  const char *name;
  const char *bytes;
  gsize len;
  const char *heard;
  KrHubSoupWebsocketRole role;
} Case;

#define M "\0\0\0\0"
#define BYTES(text) text, sizeof (text) - 1

static const Case cases[] = {
  { "rsv1", BYTES ("\xc1\x80"), "V1002" },
  { "rsv2", BYTES ("\xa1\x80"), "V1002" },
  { "rsv3", BYTES ("\x91\x80"), "V1002" },
  { "opcode-3", BYTES ("\x83\x80"), "V1002" },
  { "opcode-7", BYTES ("\x87\x80"), "V1002" },
  { "opcode-11", BYTES ("\x8b\x80"), "V1002" },
  { "opcode-15", BYTES ("\x8f\x80"), "V1002" },
  { "unmasked", BYTES ("\x81\x01x"), "V1002" },
  { "masked-by-server", BYTES ("\x81\x81" M "x"), "V1002", KR_HUB_SOUP_WEBSOCKET_CLIENT },
  { "continuation-first", BYTES ("\x80\x80" M), "V1002" },
  { "continuation-after-end", BYTES ("\x81\x81" M "a" "\x80\x80"), "aV1002" },
  { "text-inside", BYTES ("\x01\x81" M "a" "\x81\x80"), "aV1002" },
  { "binary-inside", BYTES ("\x01\x80" M "\x82\x80"), "V1002" },
  { "ping-in-pieces", BYTES ("\x09\x80"), "V1002" },
  { "close-in-pieces", BYTES ("\x08\x80"), "V1002" },
  { "ping-126", BYTES ("\x89\xfe"), "V1002" },
  { "close-127", BYTES ("\x88\xff"), "V1002" },
  { "length-top-bit", BYTES ("\x82\xff\x80\0\0\0\0\0\0\0" M), "V1002" },
  { "close-1-byte", BYTES ("\x88\x81" M "\x03"), "V1002" },
  { "close-0", BYTES ("\x88\x82" M "\0\0"), "V1002" },
  { "close-999", BYTES ("\x88\x82" M "\x03\xe7"), "V1002" },
  { "close-1004", BYTES ("\x88\x82" M "\x03\xec"), "V1002" },
  { "close-1005", BYTES ("\x88\x82" M "\x03\xed"), "V1002" },
  { "close-1006", BYTES ("\x88\x82" M "\x03\xee"), "V1002" },
  { "close-1015", BYTES ("\x88\x82" M "\x03\xf7"), "V1002" },
  { "close-2999", BYTES ("\x88\x82" M "\x0b\xb7"), "V1002" },
  { "close-5000", BYTES ("\x88\x82" M "\x13\x88"), "V1002" },
  { "close-reason", BYTES ("\x88\x83" M "\x03\xe8\xff"), "V1007" },
  { "close-reason-cut", BYTES ("\x88\x83" M "\x03\xe8\xc3"), "V1007" },
  { "close-empty", BYTES ("\x88\x80" M), "C1005" },
  { "close-1000", BYTES ("\x88\x82" M "\x03\xe8"), "C1000" },
  { "close-1011", BYTES ("\x88\x82" M "\x03\xf3"), "C1011" },
  { "close-3000", BYTES ("\x88\x82" M "\x0b\xb8"), "C3000" },
  { "close-4999", BYTES ("\x88\x82" M "\x13\x87"), "C4999" },
  { "text-lone-continuation", BYTES ("\x81\x81" M "\x80"), "V1007" },
  { "text-overlong-2", BYTES ("\x81\x82" M "\xc0\xaf"), "V1007" },
  { "text-overlong-3", BYTES ("\x81\x83" M "\xe0\x9f\xbf"), "V1007" },
  { "text-overlong-4", BYTES ("\x81\x84" M "\xf0\x8f\xbf\xbf"), "V1007" },
  { "text-surrogate", BYTES ("\x81\x83" M "\xed\xa0\x80"), "V1007" },
  { "text-too-high", BYTES ("\x81\x84" M "\xf4\x90\x80\x80"), "V1007" },
  { "text-f5", BYTES ("\x81\x81" M "\xf5"), "V1007" },
  { "text-cut", BYTES ("\x81\x82" M "a\xc3"), "V1007" },
  { "text-cut-by-empty", BYTES ("\x01\x81" M "\xc3" "\x80\x80" M), "\xc3V1007" },
  { "text-late", BYTES ("\x81\x8a" M "abcdefgh\xff" "a"), "V1007" },
  { "binary-any", BYTES ("\x82\x82" M "\xff\xc0"), "\xff\xc0" },
  { "highest", BYTES ("\x81\x84" M "\xf4\x8f\xbf\xbf"), "\xf4\x8f\xbf\xbf" },
  /* Not minimal, which ASP.NET Core takes too. */
  { "length-not-minimal", BYTES ("\x82\xfe\0\x01" M "x"), "x" },
};

static void
test_case (gconstpointer data)
{
  const Case *c = data;
  g_autoptr (GByteArray) bytes = g_byte_array_new ();
  g_autofree char *heard = NULL;

  g_byte_array_append (bytes, (const guint8 *) c->bytes, c->len);
  heard = hear (c->role, bytes, c->len);
  g_assert_cmpstr (heard, ==, c->heard);
  if (strchr (c->heard, '7') == NULL)
    for (gsize i = 0; i < c->len; i++)
      {
        g_autofree char *again = hear (c->role, bytes, i);

        g_assert_cmpstr (again, ==, c->heard);
      }
}

/* Against GLib's validator: all sequences of three bytes out of the critical ones. */
static void
test_utf8 (void)
{
  static const guint8 critical[] = { 0x01, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xc1, 0xc2, 0xdf, 0xe0, 0xe1,
                                     0xec, 0xed, 0xee, 0xef, 0xf0, 0xf1, 0xf3, 0xf4, 0xf5, 0xff };
  const guint n = G_N_ELEMENTS (critical);

  for (guint i = 0; i < n * n * n * n; i++)
    {
      const guint8 text[4] = { critical[i % n], critical[i / n % n], critical[i / n / n % n], critical[i / n / n / n] };
      KrHubSoupUtf8State state = { 0 };
      gboolean valid = kr_hub_soup_utf8_feed (&state, text, 1) && kr_hub_soup_utf8_feed (&state, text + 1, 3) &&
                       state.need == 0;

      g_assert_cmpint (valid, ==, g_utf8_validate_len ((const char *) text, 4, NULL));
    }
}

static void
test_key (void)
{
  /* The example of RFC 6455 1.3. */
  g_autofree char *accept = kr_hub_soup_websocket_accept_key ("dGhlIHNhbXBsZSBub25jZQ==");

  g_assert_cmpstr (accept, ==, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
  g_assert_true (kr_hub_soup_websocket_key_is_valid ("dGhlIHNhbXBsZSBub25jZQ=="));
  g_assert_false (kr_hub_soup_websocket_key_is_valid (NULL));
  g_assert_false (kr_hub_soup_websocket_key_is_valid (""));
  g_assert_false (kr_hub_soup_websocket_key_is_valid ("dGhlIHNhbXBsZSBub25j"));
  g_assert_false (kr_hub_soup_websocket_key_is_valid ("dGhlIHNhbXBsZSBub25jZQZZZZ=="));
  g_assert_false (kr_hub_soup_websocket_key_is_valid ("dGhlI*NhbXBsZSBub25jZQ=="));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_data_func ("/websocket-codec/split/server", GINT_TO_POINTER (KR_HUB_SOUP_WEBSOCKET_SERVER), test_split);
  g_test_add_data_func ("/websocket-codec/split/client", GINT_TO_POINTER (KR_HUB_SOUP_WEBSOCKET_CLIENT), test_split);
  g_test_add_data_func ("/websocket-codec/moved/server", GINT_TO_POINTER (KR_HUB_SOUP_WEBSOCKET_SERVER), test_moved);
  g_test_add_data_func ("/websocket-codec/moved/client", GINT_TO_POINTER (KR_HUB_SOUP_WEBSOCKET_CLIENT), test_moved);
  g_test_add_func ("/websocket-codec/lengths", test_lengths);
  g_test_add_func ("/websocket-codec/mask-offset", test_mask_offset);
  g_test_add_func ("/websocket-codec/utf8", test_utf8);
  g_test_add_func ("/websocket-codec/key", test_key);
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *path = g_strconcat ("/websocket-codec/case/", cases[i].name, NULL);

      g_test_add_data_func (path, &cases[i], test_case);
    }
  return g_test_run ();
}
