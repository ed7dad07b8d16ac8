/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* What every protocol must do with any bytes, for the fuzz targets of each. */
#pragma once

#include "kr-hub-protocol.h"

G_BEGIN_DECLS

/* Parses @data as one message, decodes its values in every way, writes it and parses that again: the same must come
 * out. Aborts if not. */
void fuzz_protocol (KrHubProtocol *protocol, const char *data, gsize size);

G_END_DECLS
