/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* Cookie headers: the lookup agrees with a plain reading of its rules. */
#include <krcsrf.h>
#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput (const uint8_t *data, size_t size);

#define NAME "c"

/* The rules once more, slowly: pieces between semicolons, blanks around them, an exact name. */
static guint
count (const char *text, gsize len)
{
  guint found = 0;
  gsize start = 0;

  for (gsize i = 0; i <= len; i++)
    if (i == len || text[i] == ';')
      {
        while (start < i && (text[start] == ' ' || text[start] == '\t'))
          start++;
        found += i - start >= 2 && text[start] == NAME[0] && text[start + 1] == '=';
        start = i + 1;
      }
  return found;
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *value = kr_csrf_cookie_lookup ((const char *) data, size, NAME, &error);

  if (value != NULL)
    {
      g_assert_no_error (error);
      g_assert_cmpuint (strlen (value), ==, 64);
      g_assert_cmpuint (strspn (value, G_CSET_A_2_Z G_CSET_a_2_z G_CSET_DIGITS "-_"), ==, 64);
      g_assert_cmpuint (count ((const char *) data, size), ==, 1);
    }
  else if (g_error_matches (error, KR_CSRF_ERROR, KR_CSRF_ERROR_COOKIE_MISSING))
    g_assert_cmpuint (count ((const char *) data, size), ==, 0);
  else if (g_error_matches (error, KR_CSRF_ERROR, KR_CSRF_ERROR_AMBIGUOUS_COOKIE))
    g_assert_cmpuint (count ((const char *) data, size), >, 1);
  else
    g_assert_nonnull (error);
  return 0;
}
