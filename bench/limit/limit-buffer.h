/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* LimitBuffer: bytes of one WebSocket frame, counted, so that a broadcast is framed once. */
#pragma once

#include <glib.h>

typedef struct
{
  gatomicrefcount refs;
  guint len;
  guint8 data[];
} LimitBuffer;

typedef struct
{
  const void *data;
  gsize len;
} LimitPart;

LimitBuffer *limit_buffer_new_frame (gboolean binary, const LimitPart *parts, guint n_parts);
LimitBuffer *limit_buffer_ref (LimitBuffer *self);
void limit_buffer_unref (LimitBuffer *self);
