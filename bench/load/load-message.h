/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* Hub messages as a load generator needs them: calls written from prepared pieces, answers told apart by their type. */
#pragma once

#include <glib.h>

typedef enum
{
  LOAD_MESSAGE_HANDSHAKE = 0,
  LOAD_MESSAGE_INVOCATION = 1,
  LOAD_MESSAGE_STREAM_ITEM = 2,
  LOAD_MESSAGE_COMPLETION = 3,
  LOAD_MESSAGE_STREAM_INVOCATION = 4,
  LOAD_MESSAGE_PING = 6,
  LOAD_MESSAGE_CLOSE = 7,
} LoadMessageType;

typedef struct
{
  LoadMessageType type;
  gboolean failed;        /* a completion with an error */
  const guint8 *data;     /* without what frames it */
  gsize len;
} LoadMessage;

/* A call without its id. */
typedef struct
{
  gboolean messagepack;
  GByteArray *before_id;
  GByteArray *after_id;
} LoadCall;

void load_call_init (LoadCall *self, gboolean messagepack, LoadMessageType type, const char *target,
                     const char *group, const char *text, int number);
void load_call_clear (LoadCall *self);
gsize load_call_write (const LoadCall *self, guint64 id, guint8 *buffer);
gsize load_call_get_max_size (const LoadCall *self);

gsize load_message_next (LoadMessage *self, gboolean messagepack, const guint8 *data, gsize len);
