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

/* Binds what there is, each a reference in @bound: of JSON's arguments .NET reports a wrong type before a wrong number.
 */
static gboolean
bind (
    KrHubProtocol *protocol, const KrHubSlice *values, const GVariantType *signature, GPtrArray *bound, GError **error)
{
  KrHubSlice rest = *values, value;

  for (const GVariantType *type = g_variant_type_first (signature); type != NULL; type = g_variant_type_next (type))
    {
      GVariant *variant;

      if (!kr_hub_protocol_next_value (protocol, &rest, &value))
        break;
      variant = kr_hub_protocol_decode_variant (protocol, &value, type, NULL);
      if (variant == NULL)
        {
          g_set_error_literal (error, KR_HUB_ERROR, KR_HUB_ERROR_BINDING, KR_HUB_ARGUMENTS_MISMATCH);
          return FALSE;
        }
      g_ptr_array_add (bound, variant);
    }
  return TRUE;
}

static gboolean
check_count (guint n_values, gsize n_expected, GError **error)
{
  if (n_values == n_expected)
    return TRUE;
  g_set_error (error, KR_HUB_ERROR, KR_HUB_ERROR_BINDING,
               "InvalidDataException: Invocation provides %u argument(s) but target expects %" G_GSIZE_FORMAT ".",
               n_values, n_expected);
  return FALSE;
}

GVariant *
kr_hub_arguments_to_variant (KrHubProtocol *protocol,
                             const KrHubSlice *values,
                             guint n_values,
                             const GVariantType *signature,
                             GError **error)
{
  g_autoptr (GPtrArray) bound = NULL;
  gsize n_expected = g_variant_type_n_items (signature);

  /* An array of MessagePack says first how many there are, and .NET looks at that first. */
  if (kr_hub_protocol_get_transfer_format (protocol) == KR_HUB_TRANSFER_FORMAT_BINARY &&
      !check_count (n_values, n_expected, error))
    return NULL;
  bound = g_ptr_array_new_full (n_expected, (GDestroyNotify) g_variant_unref);
  if (!bind (protocol, values, signature, bound, error) || !check_count (n_values, n_expected, error))
    return NULL;
  return g_variant_ref_sink (g_variant_new_tuple ((GVariant **) bound->pdata, bound->len));
}
