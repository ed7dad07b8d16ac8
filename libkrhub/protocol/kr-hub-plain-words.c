/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* What a client's user is told of a hub that does not keep to the protocol. */
#include "config.h"

#include "kr-hub-plain-words-private.h"

#include "kr-hub-error.h"

#include <string.h>

#define EXCEPTION "Exception: "
#define ADVICE " The message size can be configured in AddHubOptions."

/* Behind "SomeException: ", if it begins so. */
static const char *
skip_exception (const char *text)
{
  gsize n = strspn (text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz");

  if (n + 2 < strlen (EXCEPTION) || strncmp (text + n + 2 - strlen (EXCEPTION), EXCEPTION, strlen (EXCEPTION)) != 0)
    return text;
  return text + n + 2;
}

void
kr_hub_plain_words (GError *error, const char *what)
{
  const char *text = skip_exception (error->message);
  int len = strlen (text) - (g_str_has_suffix (text, ADVICE) ? strlen (ADVICE) : 0);
  char *plain = g_strdup_printf ("%s: %.*s", what, len, text);

  g_free (error->message);
  error->message = plain;
}

void
kr_hub_plain_words_for_value (GError *error, const char *what, const GVariantType *type)
{
  g_autofree char *text = g_strdup_printf ("%s does not fit the type '%.*s'", what,
                                           (int) g_variant_type_get_string_length (type), g_variant_type_peek_string (type));

  kr_hub_plain_words (error, text);
}

GError *
kr_hub_plain_failure (const KrHubSlice *text)
{
  if (text->len == 0)
    return g_error_new_literal (KR_HUB_ERROR, KR_HUB_ERROR_FAILED, "The hub failed, and does not say why");
  return g_error_new (KR_HUB_ERROR, KR_HUB_ERROR_FAILED, "%.*s", (int) text->len, text->data);
}
