/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* Encoded values on request: the n-th of several, or all as a GVariant of a signature. */
#include "config.h"

#include "kr-hub-arguments-private.h"

#include "kr-hub-error.h"

gboolean
kr_hub_arguments_nth (KrHubProtocol *protocol, const KrHubSlice *values, guint index, KrHubSlice *value)
{
  KrHubSlice rest = *values;

  do
    if (!kr_hub_protocol_next_value (protocol, &rest, value))
      return FALSE;
  while (index-- > 0);
  return TRUE;
}

/* .NET binds what there is before it counts, so a wrong type is reported before a wrong number. */
static gboolean
bind (KrHubProtocol *protocol,
      const KrHubSlice *values,
      const GVariantType *signature,
      GVariantBuilder *builder,
      guint *n_expected,
      GError **error)
{
  KrHubSlice rest = *values, value;
  gboolean more = TRUE;

  *n_expected = 0;
  for (const GVariantType *type = g_variant_type_first (signature); type != NULL; type = g_variant_type_next (type))
    {
      g_autoptr (GVariant) variant = NULL;

      ++*n_expected;
      more = more && kr_hub_protocol_next_value (protocol, &rest, &value);
      if (!more)
        continue;
      variant = kr_hub_protocol_decode_variant (protocol, &value, type, NULL);
      if (variant == NULL)
        {
          g_set_error_literal (error, KR_HUB_ERROR, KR_HUB_ERROR_BINDING,
                               "InvalidDataException: Error binding arguments. Make sure that the types of the provided values "
                               "match the types of the hub method being invoked.");
          return FALSE;
        }
      g_variant_builder_add_value (builder, variant);
    }
  return TRUE;
}

GVariant *
kr_hub_arguments_to_variant (KrHubProtocol *protocol,
                             const KrHubSlice *values,
                             guint n_values,
                             const GVariantType *signature,
                             GError **error)
{
  g_auto (GVariantBuilder) builder = G_VARIANT_BUILDER_INIT (signature);
  guint n_expected;

  if (!bind (protocol, values, signature, &builder, &n_expected, error))
    return NULL;
  if (n_expected == n_values)
    return g_variant_ref_sink (g_variant_builder_end (&builder));
  g_set_error (error, KR_HUB_ERROR, KR_HUB_ERROR_BINDING,
               "InvalidDataException: Invocation provides %u argument(s) but target expects %u.", n_values, n_expected);
  return NULL;
}
