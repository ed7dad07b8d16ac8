/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* KrHubFramer: cuts the byte stream of one connection into whole messages; keeps only what is incomplete. */
#pragma once

#if !defined (KR_HUB_INSIDE) && !defined (KR_HUB_COMPILATION)
#error "This header is private to libkrhub."
#endif

#include "kr-hub-protocol.h"

G_BEGIN_DECLS

/* Fed bytes are borrowed until next() returns FALSE without an error, which copies the incomplete rest; a message that
 * lies whole in what was fed is never copied. All zero is a valid empty framer; an idle one holds no memory. */
typedef struct
{
  KrHubBuffer partial;  /* beginning of an incomplete message, from earlier feeds */
  gsize consumed;       /* bytes of partial that next() has already handed out */
  gboolean incomplete;  /* the rest of partial is known to be no whole message */
  const guint8 *data;   /* what was fed last and is not consumed yet */
  gsize len;
  KrHubBuffer *later;   /* what came while a message was in use; NULL: nothing */
} KrHubFramer;

void kr_hub_framer_feed (KrHubFramer *self, const guint8 *data, gsize len);
/* The same while the message that next() returned last is in use: the bytes are copied, and that message stays as it is.
 * They are not looked at before take_later(), which is for when next() has returned FALSE; FALSE: there are none. */
void kr_hub_framer_feed_later (KrHubFramer *self, const guint8 *data, gsize len);
gboolean kr_hub_framer_take_later (KrHubFramer *self);

/* Next whole message. @protocol NULL: text up to 0x1E (the handshake). @body stays valid until the next call. FALSE
 * with
 * @error set when a message exceeds @max_size (0: no limit), separator or prefix included, or its length is no length.
 */
gboolean
kr_hub_framer_next (KrHubFramer *self, KrHubProtocol *protocol, gsize max_size, KrHubSlice *body, GError **error);

/* Keeps what was fed and not consumed, because the reader pauses: the fed bytes need not stay valid any longer, and
 * next() goes on with whole messages later. */
void kr_hub_framer_hold (KrHubFramer *self);

/* Bytes of an incomplete message that are held. */
gsize kr_hub_framer_get_held (const KrHubFramer *self);

void kr_hub_framer_clear (KrHubFramer *self);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (KrHubFramer, kr_hub_framer_clear)

G_END_DECLS
