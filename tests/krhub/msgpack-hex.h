/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* Bytes as hexadecimal text and back, for tests of MessagePack. */
#pragma once

#include "kr-hub-message.h"

G_BEGIN_DECLS

/* "11 96 01" */
static inline GBytes *
from_hex (const char *hex)
{
  g_autoptr (GByteArray) bytes = g_byte_array_new ();

  for (; *hex != '\0'; hex += hex[2] == ' ' ? 3 : 2)
    {
      guint8 byte = g_ascii_xdigit_value (hex[0]) << 4 | g_ascii_xdigit_value (hex[1]);

      g_byte_array_append (bytes, &byte, 1);
    }
  return g_byte_array_free_to_bytes (g_steal_pointer (&bytes));
}

static inline char *
to_hex (const KrHubBuffer *buffer)
{
  g_autoptr (GString) hex = g_string_new (NULL);

  for (gsize i = 0; i < buffer->len; i++)
    g_string_append_printf (hex, i > 0 ? " %02x" : "%02x", buffer->data[i]);
  return g_string_free (g_steal_pointer (&hex), FALSE);
}

static inline KrHubSlice
slice_of (GBytes *bytes)
{
  KrHubSlice slice;

  slice.data = g_bytes_get_data (bytes, &slice.len);
  return slice;
}

G_END_DECLS
