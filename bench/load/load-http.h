/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* LoadHttp: reads the answers to HTTP/1.1 requests piece by piece, as they come. */
#pragma once

#include <glib.h>

typedef enum
{
  LOAD_HTTP_HEAD,
  LOAD_HTTP_BODY,          /* of known length */
  LOAD_HTTP_CHUNK_HEAD,
  LOAD_HTTP_CHUNK,
  LOAD_HTTP_TRAILER,
} LoadHttpState;

typedef struct
{
  LoadHttpState state;
  guint status;
  gsize left;              /* of the body or chunk */
} LoadHttp;

typedef struct
{
  gboolean head;           /* a head has been read: status is that of a new answer */
  gboolean done;           /* the answer is complete */
  const guint8 *body;
  gsize len;
} LoadHttpPiece;

gssize load_http_next (LoadHttp *self, const guint8 *data, gsize len, LoadHttpPiece *piece);
