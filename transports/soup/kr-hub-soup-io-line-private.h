/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* KrHubSoupIoLine: the end of a KrHubSoupIoTransport that lives in the thread of the socket. */
#pragma once

#if !defined (KR_HUB_SOUP_COMPILATION)
#error "Private header of transports/soup."
#endif

#include "kr-hub-soup-io-thread-private.h"

G_BEGIN_DECLS

/* What may be on the way to the socket and not written, and what may be on the way to the hub and not taken. Small, so
 * that a client that does not read is noticed where the limit of its outbox is kept. */
#define KR_HUB_SOUP_IO_WINDOW_OUT (32 * 1024)
#define KR_HUB_SOUP_IO_WINDOW_IN (256 * 1024)

typedef struct _KrHubSoupIoLine KrHubSoupIoLine;

/* Made in the hub's thread; all else is told by letter and happens in the other one. */
KrHubSoupIoLine *kr_hub_soup_io_line_new (KrHubSoupIoThread *thread, KrHubSoupIoTransport *transport, KrHubTransport *inner);

void kr_hub_soup_io_line_start (gpointer self, const guint8 *content, gsize len);
void kr_hub_soup_io_line_write (gpointer self, const guint8 *content, gsize len);
void kr_hub_soup_io_line_credit (gpointer self, const guint8 *content, gsize len);       /* a gsize */
void kr_hub_soup_io_line_set_format (gpointer self, const guint8 *content, gsize len);   /* a KrHubTransferFormat */
void kr_hub_soup_io_line_close (gpointer self, const guint8 *content, gsize len);
void kr_hub_soup_io_line_abort (gpointer self, const guint8 *content, gsize len);
void kr_hub_soup_io_line_free (gpointer self, const guint8 *content, gsize len);

G_END_DECLS
