/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* KrHubBuffer: the growing run of bytes that protocols write into. */
#include "config.h"

#include "kr-hub-buffer.h"

#define FIRST_CAPACITY 512
/* What a GBytes may hold for nothing. */
#define MAX_SLACK 64

/**
 * kr_hub_buffer_grow: (skip)
 * @self: a buffer
 * @more: bytes that must fit behind the used ones
 *
 * Reserves more room; at least twice as much as before, so that appending costs O(1) on average.
 *
 * Since: 0.1
 */
void
kr_hub_buffer_grow (KrHubBuffer *self, gsize more)
{
  gsize cap = MAX (self->cap * 2, FIRST_CAPACITY);

  if (G_UNLIKELY (more > G_MAXSSIZE - self->len))
    g_error ("a buffer of %" G_GSIZE_FORMAT " bytes cannot hold %" G_GSIZE_FORMAT " more", self->len, more);
  while (cap < self->len + more)
    cap *= 2;
  self->data = g_realloc (self->data, cap);
  self->cap = cap;
}

/**
 * kr_hub_buffer_clear: (skip)
 * @self: a buffer
 *
 * Frees the bytes; the buffer is empty and can be used again.
 *
 * Since: 0.1
 */
void
kr_hub_buffer_clear (KrHubBuffer *self)
{
  g_clear_pointer (&self->data, g_free);
  self->len = self->cap = 0;
}

/**
 * kr_hub_buffer_free_to_bytes: (skip)
 * @self: a buffer
 *
 * Moves the bytes into a #GBytes and leaves the buffer empty.
 *
 * Returns: (transfer full): the bytes
 *
 * Since: 0.1
 */
GBytes *
kr_hub_buffer_free_to_bytes (KrHubBuffer *self)
{
  GBytes *bytes;

  /* It may wait for long, many times over. */
  if (self->cap - self->len > MAX_SLACK && self->len > 0)
    self->data = g_realloc (self->data, self->len);
  bytes = g_bytes_new_take (self->data, self->len);

  *self = (KrHubBuffer) KR_HUB_BUFFER_INIT;
  return bytes;
}
