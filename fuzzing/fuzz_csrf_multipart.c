/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* Multipart forms: whole, and byte by byte, which must find the same. The first line is the content type. */
#include <krcsrf.h>
#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput (const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  const char *newline = memchr (data, '\n', size);
  gsize head = newline != NULL ? (gsize) (newline - (const char *) data) : size;
  g_autofree char *type = g_strndup ((const char *) data, head);
  g_autoptr (GError) whole_error = NULL;
  g_autoptr (GError) bytes_error = NULL;
  g_autoptr (KrCsrfFormScanner) whole = kr_csrf_form_scanner_new (type, "t", &whole_error);
  g_autoptr (KrCsrfFormScanner) bytes = kr_csrf_form_scanner_new (type, "t", NULL);
  g_autofree char *from_whole = NULL;
  g_autofree char *from_bytes = NULL;

  if (whole == NULL)
    {
      g_assert_nonnull (whole_error);
      return 0;
    }
  head = MIN (head + 1, size);
  kr_csrf_form_scanner_push (whole, (const char *) data + head, size - head, NULL);
  for (gsize i = head; i < size; i++)
    kr_csrf_form_scanner_push (bytes, (const char *) data + i, 1, NULL);
  from_whole = kr_csrf_form_scanner_finish (whole, &whole_error);
  from_bytes = kr_csrf_form_scanner_finish (bytes, &bytes_error);
  g_assert_cmpstr (from_whole, ==, from_bytes);
  if (from_whole == NULL)
    g_assert_cmpint (whole_error->code, ==, bytes_error->code);
  else
    g_assert_cmpuint (strspn (from_whole, G_CSET_A_2_Z G_CSET_a_2_z G_CSET_DIGITS "-_"), ==, 64);
  return 0;
}
