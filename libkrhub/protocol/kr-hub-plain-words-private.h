/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* What a client's user is told of a hub that does not keep to the protocol. */
#pragma once

#if !defined (KR_HUB_INSIDE) && !defined (KR_HUB_COMPILATION)
#error "This header is private to libkrhub."
#endif

#include "kr-hub-message.h"

G_BEGIN_DECLS

/* Errors are worded as ASP.NET Core's, which callers of a hub see, down to the names of exceptions and settings; the user of
 * a client has neither. Says @what it is about instead. */
void kr_hub_plain_words (GError *error, const char *what);
/* The same for a value that is not of @type. */
void kr_hub_plain_words_for_value (GError *error, const char *what, const GVariantType *type);
/* KR_HUB_ERROR_FAILED with the hub's own words, if it has any. */
GError *kr_hub_plain_failure (const KrHubSlice *text);

G_END_DECLS
