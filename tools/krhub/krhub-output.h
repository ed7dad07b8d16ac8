/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* What krhub prints: results to standard output, everything else to standard error. */
#pragma once

#include "krhub-options.h"

G_BEGIN_DECLS

typedef struct
{
  gboolean json;            /* one line each */
  gboolean raw;             /* strings without quotation marks */
  gboolean verbose;
  gboolean colour_out;      /* standard output is a terminal that wants colour */
  gboolean colour_err;
  gboolean progress;        /* standard error is a terminal */
  gboolean has_progress;    /* a line of it stands there */
} KrhubOutput;

void krhub_output_init (KrhubOutput *self, const KrhubOptions *options);
/* FALSE once standard output takes nothing more, with errno set. */
gboolean krhub_output_result (KrhubOutput *self, GVariant *value);
gboolean krhub_output_item (KrhubOutput *self, GVariant *item);
gboolean krhub_output_event (KrhubOutput *self, const char *name, GVariant *arguments);
gboolean krhub_output_line (KrhubOutput *self, const char *line);
void krhub_output_error (KrhubOutput *self, const char *message, const char *hint);
void krhub_output_notice (KrhubOutput *self, const char *format, ...) G_GNUC_PRINTF (2, 3);
/* With --verbose only. */
void krhub_output_detail (KrhubOutput *self, const char *format, ...) G_GNUC_PRINTF (2, 3);
/* A line that the next one replaces; NULL takes it away. On a terminal only. */
void krhub_output_progress (KrhubOutput *self, const char *text);

G_END_DECLS
