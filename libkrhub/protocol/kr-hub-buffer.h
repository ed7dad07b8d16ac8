/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* KrHubBuffer: the growing run of bytes that protocols write into. */
#pragma once

#if !defined (KR_HUB_INSIDE) && !defined (KR_HUB_COMPILATION)
#error "Only <krhub.h> can be included directly."
#endif

#include <gio/gio.h>
#include <string.h>

#include "kr-hub-visibility.h"

G_BEGIN_DECLS

/**
 * KrHubBuffer:
 * @data: (array length=len): the bytes, or %NULL while nothing is reserved
 * @len: how many bytes are used
 * @cap: how many bytes are reserved
 *
 * A growing run of bytes, appended to without a function call as long as there is room.
 *
 * A buffer lives on the stack or inside its owner; all zero is a valid empty one. It belongs to one thread.
 *
 * Since: 0.1
 */
typedef struct
{
  guint8 *data;
  gsize len;
  gsize cap;
} KrHubBuffer;

#define KR_HUB_BUFFER_INIT { NULL, 0, 0 }

KR_HUB_AVAILABLE_IN_ALL
void kr_hub_buffer_grow (KrHubBuffer *self, gsize more);
KR_HUB_AVAILABLE_IN_ALL
void kr_hub_buffer_clear (KrHubBuffer *self);
KR_HUB_AVAILABLE_IN_ALL
GBytes *kr_hub_buffer_free_to_bytes (KrHubBuffer *self);

/**
 * kr_hub_buffer_reserve: (skip)
 * @self: a buffer
 * @more: bytes that are about to be written
 *
 * Makes room for @more bytes behind the used ones; the caller writes there and adds to `len`.
 *
 * Returns: (transfer none): the first byte behind the used ones
 *
 * Since: 0.1
 */
static inline guint8 *
kr_hub_buffer_reserve (KrHubBuffer *self, gsize more)
{
  if (G_UNLIKELY (self->cap - self->len < more))
    kr_hub_buffer_grow (self, more);
  return self->data + self->len;
}

/**
 * kr_hub_buffer_append: (skip)
 * @self: a buffer
 * @data: (array length=len) (nullable): the bytes to copy
 * @len: how many
 *
 * Copies @len bytes behind the used ones.
 *
 * Since: 0.1
 */
static inline void
kr_hub_buffer_append (KrHubBuffer *self, gconstpointer data, gsize len)
{
  guint8 *to = kr_hub_buffer_reserve (self, len);

  if (G_LIKELY (len > 0))
    memcpy (to, data, len);
  self->len += len;
}

#define kr_hub_buffer_append_literal(self, text) kr_hub_buffer_append ((self), (text), sizeof (text) - 1)

static inline void
kr_hub_buffer_append_byte (KrHubBuffer *self, guint8 byte)
{
  *kr_hub_buffer_reserve (self, 1) = byte;
  self->len++;
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (KrHubBuffer, kr_hub_buffer_clear)

G_END_DECLS
