/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* Replies made by copying pieces of the request: what remains of a hub when nothing is parsed. */
#pragma once

#include "limit-buffer.h"

typedef struct
{
  gboolean binary;      /* MessagePack */
  gboolean broadcast;   /* else Echo */
  LimitPart id;         /* as it stands in the request, MessagePack with its head */
  LimitPart argument;   /* the one argument, likewise */
} LimitRequest;

gsize limit_request_next (LimitRequest *self, gboolean binary, const guint8 *data, gsize len);
LimitBuffer *limit_reply_completion (const LimitRequest *request);
LimitBuffer *limit_reply_broadcast (const LimitRequest *request);
