/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* What clients that speak by hand share: the bytes that they write and read, with the record separator as a semicolon. */
#pragma once

#include <krhub.h>

G_BEGIN_DECLS

#define KR_TEST_WIRE_SEPARATOR 0x1e

static inline void
kr_test_wire_read (GString *received, const guint8 *data, gsize len)
{
  for (gsize i = 0; i < len; i++)
    g_string_append_c (received, data[i] == KR_TEST_WIRE_SEPARATOR ? ';' : data[i]);
}

static inline void
kr_test_wire_write (GByteArray *output, const char *text)
{
  for (const char *p = text; *p != '\0'; p++)
    {
      guint8 byte = *p == ';' ? KR_TEST_WIRE_SEPARATOR : *p;

      g_byte_array_append (output, &byte, 1);
    }
}

/* Offers all that is written, as one piece. */
static inline gsize
kr_test_wire_peek (GByteArray *output, GOutputVector *vectors, gsize *n_bytes)
{
  *n_bytes = output->len;
  if (output->len == 0)
    return 0;
  vectors[0] = (GOutputVector) { output->data, output->len };
  return 1;
}

G_END_DECLS
