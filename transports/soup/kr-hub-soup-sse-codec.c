/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* KrHubSoupSseParser: the lines of an event stream, sans-IO, and how to write them. */
#include "config.h"

#include "kr-hub-soup-sse-codec-private.h"

#define FIELD "data: "
#define BYTE_ORDER_MARK "\xef\xbb\xbf"

/* --- writer --- */

void
kr_hub_soup_sse_write_begin (KrHubBuffer *out)
{
  kr_hub_buffer_append_literal (out, FIELD);
}

/* A part of an event's data: a LF begins a new line, and a CR before it is not part of the old one. A CR at the end of
 * @out can only be data, as a line begins with FIELD. */
void
kr_hub_soup_sse_write_data (KrHubBuffer *out, const guint8 *data, gsize len)
{
  const guint8 *lf;

  while (len > 0 && (lf = memchr (data, '\n', len)) != NULL)
    {
      kr_hub_buffer_append (out, data, lf - data);
      if (out->data[out->len - 1] == '\r')
        out->len--;
      kr_hub_buffer_append_literal (out, "\r\n" FIELD);
      len -= lf + 1 - data;
      data = lf + 1;
    }
  kr_hub_buffer_append (out, data, len);
}

void
kr_hub_soup_sse_write_end (KrHubBuffer *out)
{
  kr_hub_buffer_append_literal (out, "\r\n\r\n");
}

/* --- parser (HTML, "Server-sent events", 9.2.6) --- */

void
kr_hub_soup_sse_parser_init (KrHubSoupSseParser *self, gsize max_size)
{
  memset (self, 0, sizeof *self);
  self->max_size = max_size;
}

void
kr_hub_soup_sse_parser_clear (KrHubSoupSseParser *self)
{
  kr_hub_buffer_clear (&self->line);
  kr_hub_buffer_clear (&self->data);
}

/* Only unnamed events exist here: all fields but data are passed over. */
static void
end_data_line (KrHubSoupSseParser *self)
{
  const guint8 *line = self->line.data;
  gsize len = self->line.len;
  gsize start = 4;

  if (len < start || memcmp (line, "data", start) != 0 || (len > start && line[start] != ':'))
    return;
  if (start < len)
    start++;
  if (start < len && line[start] == ' ')
    start++;
  kr_hub_buffer_append (&self->data, line + start, len - start);
  kr_hub_buffer_append_byte (&self->data, '\n');
}

/* TRUE: an event is complete. */
static gboolean
end_line (KrHubSoupSseParser *self)
{
  if (!self->started && self->line.len >= 3 && memcmp (self->line.data, BYTE_ORDER_MARK, 3) == 0)
    {
      self->line.len -= 3;
      memmove (self->line.data, self->line.data + 3, self->line.len);
    }
  self->started = TRUE;
  if (self->line.len > 0)
    end_data_line (self);
  else if (self->data.len > 0)
    return TRUE;
  self->line.len = 0;
  return FALSE;
}

static const guint8 *
find_line_end (const guint8 *data, gsize len)
{
  const guint8 *lf = memchr (data, '\n', len);
  const guint8 *cr = memchr (data, '\r', lf != NULL ? (gsize) (lf - data) : len);

  return cr != NULL ? cr : lf;
}

static void
advance (const guint8 **data, gsize *len, gsize by)
{
  *data += by;
  *len -= by;
}

static gboolean
is_too_large (KrHubSoupSseParser *self, gsize more)
{
  return self->line.len + more > self->max_size + strlen (FIELD) || self->data.len > self->max_size + 1;
}

/* Takes from the front of @data until an event is complete; it is valid until the next call. */
KrHubSoupSseEvent
kr_hub_soup_sse_parser_next (KrHubSoupSseParser *self,
                             const guint8 **data,
                             gsize *len,
                             const guint8 **event,
                             gsize *event_len)
{
  if (self->delivered)
    self->data.len = 0;
  self->delivered = FALSE;
  while (*len > 0 && !self->ended)
    {
      const guint8 *end;

      if (self->after_cr && **data == '\n')
        advance (data, len, 1);
      self->after_cr = FALSE;
      end = *len > 0 ? find_line_end (*data, *len) : NULL;
      if (is_too_large (self, end != NULL ? (gsize) (end - *data) : *len))
        {
          self->ended = TRUE;
          return KR_HUB_SOUP_SSE_TOO_LARGE;
        }
      kr_hub_buffer_append (&self->line, *data, end != NULL ? (gsize) (end - *data) : *len);
      if (end == NULL)
        break;
      self->after_cr = *end == '\r';
      advance (data, len, end + 1 - *data);
      if (end_line (self))
        {
          self->delivered = TRUE;
          *event = self->data.data;
          *event_len = self->data.len - 1;
          return KR_HUB_SOUP_SSE_EVENT;
        }
    }
  advance (data, len, *len);
  return KR_HUB_SOUP_SSE_MORE;
}
