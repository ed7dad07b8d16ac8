/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* WebSocket frames from the client's end (RFC 6455). */
#pragma once

#include <glib.h>

#define LOAD_WEBSOCKET_MAX_HEAD 14

typedef enum
{
  LOAD_OPCODE_CONTINUATION = 0,
  LOAD_OPCODE_TEXT = 1,
  LOAD_OPCODE_BINARY = 2,
  LOAD_OPCODE_CLOSE = 8,
  LOAD_OPCODE_PING = 9,
  LOAD_OPCODE_PONG = 10,
} LoadOpcode;

typedef struct
{
  LoadOpcode opcode;
  gboolean last;           /* of its WebSocket message */
  const guint8 *payload;
  gsize len;
} LoadFrame;

gsize load_frame_write_head (guint8 *head, LoadOpcode opcode, gsize len);
gsize load_frame_next (LoadFrame *self, const guint8 *data, gsize len);
