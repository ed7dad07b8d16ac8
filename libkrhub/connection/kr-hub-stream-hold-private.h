/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* KrHubStreamHold: what is written to an upload while its call waits for a connection. */
#pragma once

#if !defined (KR_HUB_INSIDE) && !defined (KR_HUB_COMPILATION)
#error "This header is private to libkrhub."
#endif

#include "kr-hub-stream-private.h"

G_BEGIN_DECLS

/* In the client's thread, as all writing of uploads. */
struct _KrHubStreamHold
{
  GQueue items;         /* of Item, in order */
  gsize n_bytes;        /* of them, about */
  GQueue waiters;       /* of KrHubWaiter: who wants to write more */
  gboolean completed;
  char *failure;        /* it ended with that; NULL: it did not, or in good order */
};

/* @uploads, NULL-terminated or NULL: their call waits from now on. */
void kr_hub_stream_hold_begin (KrHubStream *const *uploads);
/* It is on its way, and so is what was written meanwhile; or it failed, and each of them has ended. */
void kr_hub_stream_hold_flush (KrHubStream *const *uploads);
/* The call will not be made. */
void kr_hub_stream_hold_give_up (KrHubStream *self);

/* As the functions of KrHubStream. @node or @item, which may be NULL for null. */
gboolean kr_hub_stream_hold_write (KrHubStream *self, GVariant *item, JsonNode *node, GError **error);
void kr_hub_stream_hold_wait (KrHubStream *self, GTask *task);
void kr_hub_stream_hold_finish (KrHubStream *self, const char *failure);

G_END_DECLS
