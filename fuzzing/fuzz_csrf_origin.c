/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* Origins: what parses is canonical, so that it parses to itself. */
#include <krcsrf.h>
#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput (const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *origin = kr_csrf_origin_parse ((const char *) data, size, &error);
  g_autofree char *again = NULL;

  if (origin == NULL)
    {
      g_assert_true (g_error_matches (error, KR_CSRF_ERROR, KR_CSRF_ERROR_ORIGIN_MALFORMED) ||
                     g_error_matches (error, KR_CSRF_ERROR, KR_CSRF_ERROR_ORIGIN_NULL));
      return 0;
    }
  g_assert_no_error (error);
  g_assert_nonnull (strstr (origin, "://"));
  g_assert_null (strpbrk (strstr (origin, "://") + 3, "@/?#\\% \t,*" G_CSET_A_2_Z));
  again = kr_csrf_origin_parse (origin, -1, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (again, ==, origin);
  return 0;
}
