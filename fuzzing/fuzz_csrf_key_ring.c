/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* Key ring files: what parses is written so that it parses to the same keys. */
#include "config.h"

#include <stdint.h>

#include "kr-csrf-key-format-private.h"

int LLVMFuzzerTestOneInput (const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  static char text[KR_CSRF_KEY_FILE_MAX_SIZE];
  KrCsrfKeySet set, again;

  if (kr_csrf_key_format_parse ((const char *) data, size, &set) != KR_CSRF_OK)
    return 0;
  g_assert_cmpint (kr_csrf_key_format_parse (text, kr_csrf_key_format_write (&set, text), &again), ==, KR_CSRF_OK);
  g_assert_cmpmem (set.keys, set.n_keys * sizeof (KrCsrfKey), again.keys, again.n_keys * sizeof (KrCsrfKey));
  return 0;
}
