/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* A GVariant as JSON text: on one line, or for people to read. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef enum
{
  KRHUB_JSON_COMPACT = 0,
  KRHUB_JSON_PRETTY = 1 << 0,   /* indented, one line per value */
  KRHUB_JSON_COLOUR = 1 << 1,
} KrhubJsonFlags;

void krhub_json_append (GString *text, GVariant *value, KrhubJsonFlags flags);

G_END_DECLS
