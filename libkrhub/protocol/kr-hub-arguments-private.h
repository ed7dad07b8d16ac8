/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* Encoded values on request: the n-th of several, typed, as a GVariant of a signature, or as a JsonNode. */
#pragma once

#if !defined (KR_HUB_INSIDE) && !defined (KR_HUB_COMPILATION)
#error "This header is private to libkrhub."
#endif

#include "kr-hub-protocol.h"

G_BEGIN_DECLS

/* What ASP.NET Core says of arguments whose types do not fit. */
#define KR_HUB_ARGUMENTS_MISMATCH \
  "InvalidDataException: Error binding arguments. Make sure that the types of the provided values match the types of the " \
  "hub method being invoked."

/* The @index-th of the encoded @values; FALSE when there are fewer. */
gboolean kr_hub_arguments_nth (KrHubProtocol *protocol, const KrHubSlice *values, guint index, KrHubSlice *value);

/* All @values as a tuple of @signature's types (a tuple type such as "(si)"). KR_HUB_ERROR_BINDING if their number or
 * one of their types does not fit; the message is what ASP.NET Core says. */
GVariant *kr_hub_arguments_to_variant (KrHubProtocol *protocol,
                                       const KrHubSlice *values,
                                       guint n_values,
                                       const GVariantType *signature,
                                       GError **error);

G_END_DECLS
