/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* The arguments of a call, from the texts of the command line. */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

typedef enum
{
  KRHUB_ARGUMENTS_GUESS,      /* JSON, or GVariant text that begins as such, or a string */
  KRHUB_ARGUMENTS_GVARIANT,
  KRHUB_ARGUMENTS_TEXT,       /* strings, as they are */
} KrhubArgumentsKind;

GVariant *krhub_arguments_parse_value (const char *text, KrhubArgumentsKind kind, GError **error);
GVariant *krhub_arguments_parse (char **texts, KrhubArgumentsKind kind, GError **error);
gboolean krhub_arguments_use_stdin (char **texts, KrhubArgumentsKind kind);

G_END_DECLS
