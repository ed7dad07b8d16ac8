/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* KrHubMsgpackReader: walks over MessagePack token by token, without building anything. */
#pragma once

#if !defined (KR_HUB_INSIDE) && !defined (KR_HUB_COMPILATION)
#error "This header is private to libkrhub."
#endif

#include "kr-hub-message.h"

G_BEGIN_DECLS

typedef enum
{
  KR_HUB_MSGPACK_NIL,
  KR_HUB_MSGPACK_BOOLEAN,
  KR_HUB_MSGPACK_UNSIGNED,
  KR_HUB_MSGPACK_NEGATIVE,
  KR_HUB_MSGPACK_FLOAT,
  KR_HUB_MSGPACK_STRING,
  KR_HUB_MSGPACK_BINARY,
  KR_HUB_MSGPACK_EXTENSION,
  KR_HUB_MSGPACK_ARRAY,
  KR_HUB_MSGPACK_MAP,
} KrHubMsgpackKind;

/* One token; an array's elements, or a map's keys and values in turn, are the tokens that follow. */
typedef struct
{
  KrHubMsgpackKind kind;
  union
  {
    gboolean boolean;
    guint64 magnitude;    /* of UNSIGNED */
    gint64 negative;
    double number;
    guint32 count;        /* elements of an array, entries of a map */
    KrHubSlice bytes;     /* of STRING, BINARY, EXTENSION; borrowed */
  };
  gint8 extension;        /* type of an extension; -1 is a timestamp */
} KrHubMsgpackToken;

typedef struct
{
  const guint8 *pos;
  const guint8 *end;
} KrHubMsgpackReader;

static inline KrHubMsgpackReader
kr_hub_msgpack_reader_of (const KrHubSlice *bytes)
{
  return (KrHubMsgpackReader) { (const guint8 *) bytes->data, (const guint8 *) bytes->data + bytes->len };
}

/* --- what nearly every message consists of, without a call: TRUE, and moved over it --- */

/* A string of less than 256 bytes. */
static inline gboolean
kr_hub_msgpack_reader_take_text (KrHubMsgpackReader *self, KrHubSlice *text)
{
  gsize left = self->end - self->pos, head = 1, len;

  if (left < 2)
    return FALSE;
  if ((self->pos[0] & 0xe0) == 0xa0)
    len = self->pos[0] & 0x1f;
  else if (self->pos[0] == 0xd9)
    len = self->pos[head++];
  else
    return FALSE;
  if (left - head < len)
    return FALSE;
  *text = (KrHubSlice) { (const char *) self->pos + head, len };
  self->pos += head + len;
  return TRUE;
}

/* The beginning of an array of less than 16 values. */
static inline gboolean
kr_hub_msgpack_reader_take_short_array (KrHubMsgpackReader *self, guint32 *count)
{
  if (self->pos == self->end || (*self->pos & 0xf0) != 0x90)
    return FALSE;
  *count = *self->pos++ & 0x0f;
  return TRUE;
}

static inline gboolean
kr_hub_msgpack_reader_take_byte (KrHubMsgpackReader *self, guint8 code)
{
  if (self->pos == self->end || *self->pos != code)
    return FALSE;
  self->pos++;
  return TRUE;
}

/* --- anything --- */

/* FALSE, without moving, where a token is cut short or begins with the byte that never does. */
gboolean kr_hub_msgpack_reader_next (KrHubMsgpackReader *self, KrHubMsgpackToken *token);

/* Moves over @n values with all they contain; FALSE, somewhere inside, if they are not all there. */
gboolean kr_hub_msgpack_reader_skip (KrHubMsgpackReader *self, guint64 n);

/* The format of a first byte, as MessagePack's specification and .NET name it. */
const char *kr_hub_msgpack_format_name (guint8 code);

G_END_DECLS
