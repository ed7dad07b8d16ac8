/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* A whole request: any headers and tokens; only what was issued passes. */
#include <krcsrf.h>
#include <krcsrf-test.h>
#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput (const uint8_t *data, size_t size);

static KrCsrfProtector *
get_protector (void)
{
  static KrCsrfProtector *protector;

  if (protector == NULL)
    {
      g_autoptr (KrCsrfKeyRing) ring = kr_csrf_key_ring_new_ephemeral ();

      kr_csrf_test_sources_install (kr_csrf_test_sources_new (1, G_GINT64_CONSTANT (1767225600000)), ring);
      protector = kr_csrf_protector_new (ring, NULL);
    }
  return protector;
}

/* Lines of "name:value"; a line without a colon is the form's token. */
int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  g_autoptr (KrCsrfRequest) request = kr_csrf_request_new ("POST", "https", "app.example", "/");
  g_autoptr (GError) error = NULL;
  const char *text = (const char *) data;

  while (size > 0)
    {
      const char *newline = memchr (text, '\n', size);
      gsize len = newline != NULL ? (gsize) (newline - text) : size;
      const char *colon = memchr (text, ':', len);

      if (colon != NULL)
        {
          g_autofree char *name = g_strndup (text, colon - text);

          kr_csrf_request_add_header (request, name, colon + 1, text + len - colon - 1);
        }
      else
        kr_csrf_request_set_form_token (request, text, len);
      size -= newline != NULL ? len + 1 : len;
      text += newline != NULL ? len + 1 : len;
    }
  /* The secret is fixed, so the corpus could hold a valid pair; but nobody has given it one. */
  g_assert_false (kr_csrf_protector_validate_request (get_protector (), request, &error));
  g_assert_nonnull (error);
  return 0;
}
