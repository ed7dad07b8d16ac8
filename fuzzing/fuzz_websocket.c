/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* WebSocket frames: whole, and byte by byte, which must tell the same. */
#include "config.h"

#include <stdint.h>
#include <string.h>

#include "kr-hub-soup-websocket-codec-private.h"

int LLVMFuzzerTestOneInput (const uint8_t *data, size_t size);

/* What was heard: an event is a letter, a payload its bytes. */
static void
feed (KrHubSoupWebsocketParser *parser, GString *heard, guint8 *data, gsize len)
{
  KrHubSoupWebsocketEvent event;
  guint8 *piece = NULL;
  gsize piece_len = 0;

  while ((event = kr_hub_soup_websocket_parser_next (parser, &data, &len, &piece, &piece_len)) !=
         KR_HUB_SOUP_WEBSOCKET_EVENT_MORE)
    if (event == KR_HUB_SOUP_WEBSOCKET_EVENT_DATA)
      g_string_append_len (heard, (const char *) piece, piece_len);
    else
      g_string_append_c (heard, 'A' + event);
  g_assert_cmpuint (len, ==, 0);
}

static void
run (KrHubSoupWebsocketRole role, const guint8 *data, gsize size)
{
  g_autoptr (GString) whole = g_string_new (NULL);
  g_autoptr (GString) bytewise = g_string_new (NULL);
  g_autofree guint8 *copy = g_memdup2 (data, MAX (size, 1));
  KrHubSoupWebsocketParser parser;

  kr_hub_soup_websocket_parser_init (&parser, role);
  feed (&parser, whole, copy, size);
  kr_hub_soup_websocket_parser_clear (&parser);
  kr_hub_soup_websocket_parser_init (&parser, role);
  for (gsize i = 0; i < size; i++)
    {
      guint8 byte = data[i];

      feed (&parser, bytewise, &byte, 1);
    }
  kr_hub_soup_websocket_parser_clear (&parser);
  /* Broken text is told where it is seen: the valid bytes before it may have been a piece already. */
  if (parser.close_code != KR_HUB_SOUP_WEBSOCKET_INVALID_TEXT)
    g_assert_cmpstr (whole->str, ==, bytewise->str);
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  static const guint8 nothing[1];

  if (size > 64 * 1024)
    return 0;
  run (KR_HUB_SOUP_WEBSOCKET_SERVER, size > 0 ? data : nothing, size);
  run (KR_HUB_SOUP_WEBSOCKET_CLIENT, size > 0 ? data : nothing, size);
  return 0;
}
