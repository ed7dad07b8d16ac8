/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* KrHubFramer: cuts the byte stream of one connection into whole messages; keeps only what is incomplete. */
#include "config.h"

#include "kr-hub-framer-private.h"

#include "kr-hub-text-frame-private.h"

static gssize
frame (KrHubProtocol *protocol, const guint8 *data, gsize len, gsize max_size, KrHubSlice *body, GError **error)
{
  if (protocol == NULL)
    return kr_hub_text_frame (data, len, max_size, body, error);
  return kr_hub_protocol_frame (protocol, data, len, max_size, body, error);
}

/* Drops what was handed out of partial; an empty one goes back to the allocator. */
static void
compact (KrHubFramer *self)
{
  if (self->consumed == 0)
    return;
  self->partial.len -= self->consumed;
  memmove (self->partial.data, self->partial.data + self->consumed, self->partial.len);
  self->consumed = 0;
  if (self->partial.len == 0)
    kr_hub_buffer_clear (&self->partial);
}

void
kr_hub_framer_hold (KrHubFramer *self)
{
  compact (self);
  if (self->len > 0)
    kr_hub_buffer_append (&self->partial, self->data, self->len);
  self->incomplete = self->incomplete && self->len == 0;
  self->data = NULL;
  self->len = 0;
}

void
kr_hub_framer_feed (KrHubFramer *self, const guint8 *data, gsize len)
{
  if (self->len > 0)
    kr_hub_framer_hold (self);
  self->data = data;
  self->len = len;
}

void
kr_hub_framer_feed_later (KrHubFramer *self, const guint8 *data, gsize len)
{
  if (self->later == NULL)
    self->later = g_new0 (KrHubBuffer, 1);
  kr_hub_buffer_append (self->later, data, len);
}

static void
clear_later (KrHubFramer *self)
{
  if (self->later == NULL)
    return;
  kr_hub_buffer_clear (self->later);
  g_clear_pointer (&self->later, g_free);
}

gboolean
kr_hub_framer_take_later (KrHubFramer *self)
{
  if (G_LIKELY (self->later == NULL))
    return FALSE;
  kr_hub_framer_hold (self);
  kr_hub_buffer_append (&self->partial, self->later->data, self->later->len);
  self->incomplete = FALSE;
  clear_later (self);
  return TRUE;
}

/* What is left is the beginning of a message. */
static gboolean
keep_rest (KrHubFramer *self)
{
  kr_hub_framer_hold (self);
  self->incomplete = TRUE;
  return FALSE;
}

/* The usual case: nothing is held, and the message lies in what was fed. */
static gboolean
next_fed (KrHubFramer *self, KrHubProtocol *protocol, gsize max_size, KrHubSlice *body, GError **error)
{
  gssize n;

  if (self->len == 0)
    return FALSE;
  n = frame (protocol, self->data, self->len, max_size, body, error);
  if (n <= 0)
    return n == 0 ? keep_rest (self) : FALSE;
  self->data += n;
  self->len -= n;
  return TRUE;
}

static gboolean
is_text (KrHubProtocol *protocol)
{
  return protocol == NULL || kr_hub_protocol_get_transfer_format (protocol) == KR_HUB_TRANSFER_FORMAT_TEXT;
}

/* Without this a text that comes byte by byte would be searched from its beginning each time. */
static gboolean
cannot_complete (KrHubFramer *self, KrHubProtocol *protocol, gsize max_size)
{
  return self->len == 0 || (is_text (protocol) && (max_size == 0 || self->partial.len + self->len < max_size) &&
                            memchr (self->data, KR_HUB_RECORD_SEPARATOR, self->len) == NULL);
}

/* The message begins in partial and may end in what was fed. What follows it is given back, so that it is not copied
 * again when its own rest arrives. */
static gboolean
next_joined (KrHubFramer *self, KrHubProtocol *protocol, gsize max_size, KrHubSlice *body, GError **error)
{
  const guint8 *data = self->data;
  gsize held = self->partial.len, len = self->len;
  gssize n;

  kr_hub_framer_hold (self);
  n = frame (protocol, self->partial.data, self->partial.len, max_size, body, error);
  if (n <= 0)
    return n == 0 ? keep_rest (self) : FALSE;
  self->data = data + (n - held);
  self->len = len - (n - held);
  self->partial.len = n;
  self->consumed = n;
  return TRUE;
}

gboolean
kr_hub_framer_next (KrHubFramer *self, KrHubProtocol *protocol, gsize max_size, KrHubSlice *body, GError **error)
{
  gssize n = 0;

  if (self->consumed == self->partial.len)
    {
      compact (self);
      self->incomplete = FALSE;
      return next_fed (self, protocol, max_size, body, error);
    }
  if (!self->incomplete)
    n = frame (protocol, self->partial.data + self->consumed, self->partial.len - self->consumed, max_size, body,
               error);
  if (n > 0)
    self->consumed += n;
  if (n != 0)
    return n > 0;
  compact (self);
  if (cannot_complete (self, protocol, max_size))
    return keep_rest (self);

  return next_joined (self, protocol, max_size, body, error);
}

gsize
kr_hub_framer_get_held (const KrHubFramer *self)
{
  return self->partial.len - self->consumed;
}

void
kr_hub_framer_clear (KrHubFramer *self)
{
  kr_hub_buffer_clear (&self->partial);
  clear_later (self);
  *self = (KrHubFramer) { 0 };
}
