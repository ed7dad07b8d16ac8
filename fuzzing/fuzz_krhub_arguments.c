/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* Fuzz target: arguments of the command line; the first byte chooses how they are read, and what is read can be printed. */
#include "config.h"

#include <stdint.h>

#include "krhub-arguments.h"
#include "krhub-json.h"

int LLVMFuzzerTestOneInput (const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  const KrhubArgumentsKind kinds[] = { KRHUB_ARGUMENTS_GUESS, KRHUB_ARGUMENTS_GVARIANT, KRHUB_ARGUMENTS_TEXT };
  g_autofree char *text = size > 0 ? g_strndup ((const char *) data + 1, size - 1) : g_strdup ("");
  KrhubArgumentsKind kind = kinds[size > 0 ? data[0] % G_N_ELEMENTS (kinds) : 0];
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) value = krhub_arguments_parse_value (text, kind, &error);
  g_autoptr (GString) json = g_string_new (NULL);

  if ((value != NULL) != (error == NULL))
    g_error ("a refusal without a reason");
  if (value == NULL)
    return 0;
  if (g_variant_is_floating (value) || !g_variant_is_of_type (value, G_VARIANT_TYPE_VARIANT))
    g_error ("not a variant");
  krhub_json_append (json, value, KRHUB_JSON_PRETTY | KRHUB_JSON_COLOUR);
  if (!g_utf8_validate (json->str, json->len, NULL))
    g_error ("text that is not UTF-8");
  return 0;
}
