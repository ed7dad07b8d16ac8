/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* KrHubSoupSseParser: the lines of an event stream, sans-IO, and how to write them. */
#pragma once

#if !defined (KR_HUB_SOUP_COMPILATION)
#error "Private header of transports/soup."
#endif

#include <krhub.h>

G_BEGIN_DECLS

typedef enum
{
  KR_HUB_SOUP_SSE_MORE,      /* the input is used up */
  KR_HUB_SOUP_SSE_EVENT,     /* the data of one event */
  KR_HUB_SOUP_SSE_TOO_LARGE, /* a line or event beyond the limit; nothing follows */
} KrHubSoupSseEvent;

typedef struct
{
  KrHubBuffer line;
  KrHubBuffer data;    /* of the event under way, one LF behind each line */
  gsize max_size;      /* of an event */
  gboolean delivered;  /* data was handed out and goes with the next call */
  gboolean after_cr;   /* a LF now belongs to the line end before it */
  gboolean started;    /* past the place where a byte order mark may be */
  gboolean ended;
} KrHubSoupSseParser;

void kr_hub_soup_sse_parser_init (KrHubSoupSseParser *self, gsize max_size);
void kr_hub_soup_sse_parser_clear (KrHubSoupSseParser *self);
KrHubSoupSseEvent kr_hub_soup_sse_parser_next (KrHubSoupSseParser *self,
                                               const guint8 **data,
                                               gsize *len,
                                               const guint8 **event,
                                               gsize *event_len);

void kr_hub_soup_sse_write_begin (KrHubBuffer *out);
void kr_hub_soup_sse_write_data (KrHubBuffer *out, const guint8 *data, gsize len);
void kr_hub_soup_sse_write_end (KrHubBuffer *out);

G_END_DECLS
