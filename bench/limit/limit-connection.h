/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* LimitConnection: one upgraded socket, its unfinished frame and the frames that wait for the end of the turn. */
#pragma once

#include <gio/gio.h>

#include "limit-buffer.h"
#include "limit-reply.h"

typedef struct _LimitReactor LimitReactor;

typedef struct
{
  GIOStream *stream;       /* owned: libsoup's wrapper of the socket */
  int fd;                  /* the stream's; -1 once closed */
  LimitReactor *reactor;   /* only its thread touches the connection */
  guint index;             /* in the reactor's connections */
  gboolean handshaken;
  gboolean binary;
  gboolean dirty;          /* in the reactor's list of those to flush */
  gboolean waits;          /* for the socket to take more */
  guint8 *rest;            /* a frame that has not come whole */
  gsize rest_len;
  LimitBuffer **queue;
  guint n_queued, queue_size;
  gsize written;           /* of the first one in the queue */
} LimitConnection;

LimitConnection *limit_connection_new (GIOStream *stream, int fd);
void limit_connection_close (LimitConnection *self);
gboolean limit_connection_receive (LimitConnection *self);
void limit_connection_queue (LimitConnection *self, LimitBuffer *buffer);
gboolean limit_connection_flush (LimitConnection *self);
