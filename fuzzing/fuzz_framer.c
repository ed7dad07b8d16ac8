/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* Fuzz target: the framer; the same messages must come out however the bytes are cut. */
#include "config.h"

#include <stdint.h>

#include "kr-hub-framer-private.h"
#include "kr-hub-json-protocol.h"

#define MAX_SIZE 64

int LLVMFuzzerTestOneInput (const uint8_t *data, size_t size);

/* Feeds @size bytes in pieces of @piece, holding after every @pause messages; appends what comes out, and how it ended.
 */
static void
run (KrHubProtocol *protocol, const uint8_t *data, gsize size, gsize piece, guint pause, GString *result)
{
  g_auto (KrHubFramer) framer = { 0 };
  g_autoptr (GError) error = NULL;
  guint n = 0;

  for (gsize at = 0; at < size && error == NULL; at += piece)
    {
      gsize len = MIN (piece, size - at);
      g_autofree guint8 *copy = g_memdup2 (data + at, len);
      KrHubSlice body;

      kr_hub_framer_feed (&framer, copy, len);
      while (kr_hub_framer_next (&framer, protocol, MAX_SIZE, &body, &error))
        {
          g_string_append_len (result, body.data, body.len);
          g_string_append_c (result, '\x1e');
          if (++n % pause == 0)
            kr_hub_framer_hold (&framer);
        }
      /* A reader that pauses keeps whole messages, however many. */
      if (error == NULL && pause == G_MAXUINT && kr_hub_framer_get_held (&framer) > MAX_SIZE)
        g_error ("%" G_GSIZE_FORMAT " bytes are held", kr_hub_framer_get_held (&framer));
    }
  g_string_append (result, error != NULL ? error->message : "");
}

static void
check (KrHubProtocol *protocol, const uint8_t *data, gsize size, gsize piece, guint pause)
{
  g_autoptr (GString) whole = g_string_new (NULL), pieces = g_string_new (NULL);

  run (protocol, data, size, MAX (size, 1), G_MAXUINT, whole);
  run (protocol, data, size, piece, pause, pieces);
  if (!g_string_equal (whole, pieces))
    g_error ("pieces of %" G_GSIZE_FORMAT " bytes make other messages", piece);
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  if (size < 2)
    return 0;
  check (NULL, data + 2, size - 2, data[0] % 17 + 1, data[1] % 5 + 1);
  check (kr_hub_json_protocol_get_default (), data + 2, size - 2, data[0] % 17 + 1, data[1] % 5 + 1);
  return 0;
}
