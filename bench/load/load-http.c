/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* LoadHttp: reads the answers to HTTP/1.1 requests piece by piece, as they come. */
#include "config.h"

#include "load-http.h"

#include <string.h>

/* The value of a header within a head that ends with an empty line, or NULL. */
static const char *
find_header (const char *head, gsize len, const char *name)
{
  gsize name_len = strlen (name);

  for (const char *line = head; line != NULL; line = memchr (line, '\n', head + len - line))
    {
      if (line != head && *++line == '\r')
        break;
      if (g_ascii_strncasecmp (line, name, name_len) == 0 && line[name_len] == ':')
        return line + name_len + 1;
    }
  return NULL;
}

static gssize
read_head (LoadHttp *self, const guint8 *data, gsize len, LoadHttpPiece *piece)
{
  const char *head = (const char *) data;
  const char *end = memmem (head, len, "\r\n\r\n", 4), *value;

  if (end == NULL)
    return 0;
  if (end - head < 12 || memcmp (head, "HTTP/1.", 7) != 0)
    return -1;
  piece->head = TRUE;
  self->status = g_ascii_strtoull (head + 9, NULL, 10);
  self->left = self->status == 204 ? 0 : G_MAXSIZE; /* without a length it goes on until the connection ends */
  self->state = LOAD_HTTP_BODY;
  if (find_header (head, end + 4 - head, "Transfer-Encoding") != NULL)
    self->state = LOAD_HTTP_CHUNK_HEAD;
  else if ((value = find_header (head, end + 4 - head, "Content-Length")) != NULL)
    self->left = g_ascii_strtoull (value, NULL, 10);
  piece->done = self->state == LOAD_HTTP_BODY && self->left == 0;
  return end + 4 - head;
}

static gssize
read_body (LoadHttp *self, const guint8 *data, gsize len, LoadHttpPiece *piece)
{
  gsize n = MIN (len, self->left);

  piece->body = data;
  piece->len = n;
  self->left -= n;
  if (self->left == 0 && self->state == LOAD_HTTP_BODY)
    piece->done = TRUE;
  else if (self->left == 0)
    self->state = LOAD_HTTP_CHUNK_HEAD;
  return n;
}

/* The line end behind the chunk before, and the length in hexadecimal digits. */
static gssize
read_chunk_head (LoadHttp *self, const guint8 *data, gsize len)
{
  gsize skip = len >= 2 && data[0] == '\r' ? 2 : 0;
  const guint8 *end = len > skip ? memchr (data + skip, '\n', len - skip) : NULL;

  if (end == NULL)
    return 0;
  self->left = g_ascii_strtoull ((const char *) data + skip, NULL, 16);
  self->state = self->left > 0 ? LOAD_HTTP_CHUNK : LOAD_HTTP_TRAILER;
  return end + 1 - data;
}

/* Neither server sends trailers: only the last line end is left. */
static gssize
read_trailer (LoadHttp *self, const guint8 *data, gsize len, LoadHttpPiece *piece)
{
  if (len < 2)
    return 0;
  piece->done = TRUE;
  return 2;
}

/* Takes the next piece of an answer. Returns: how many bytes it took, 0 if it needs more, -1 if this is not HTTP */
gssize
load_http_next (LoadHttp *self, const guint8 *data, gsize len, LoadHttpPiece *piece)
{
  gssize used = -1;

  *piece = (LoadHttpPiece) { 0 };
  switch (self->state)
    {
    case LOAD_HTTP_HEAD:
      used = read_head (self, data, len, piece);
      break;
    case LOAD_HTTP_BODY:
    case LOAD_HTTP_CHUNK:
      used = read_body (self, data, len, piece);
      break;
    case LOAD_HTTP_CHUNK_HEAD:
      used = read_chunk_head (self, data, len);
      break;
    case LOAD_HTTP_TRAILER:
      used = read_trailer (self, data, len, piece);
      break;
    default:
      break;
    }
  if (piece->done)
    self->state = LOAD_HTTP_HEAD;
  return used;
}
