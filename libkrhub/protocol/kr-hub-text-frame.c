/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* Text messages that end with the byte 0x1E: JSON's, and the handshake of every protocol. */
#include "config.h"

#include "kr-hub-text-frame-private.h"

#include <string.h>

#include "kr-hub-error.h"

gssize
kr_hub_frame_too_large (gsize max_size, GError **error)
{
  g_set_error (error, KR_HUB_ERROR, KR_HUB_ERROR_TOO_LARGE,
               "InvalidDataException: The maximum message size of %" G_GSIZE_FORMAT
               "B was exceeded. The message size can be configured in AddHubOptions.",
               max_size);
  return -1;
}

gssize
kr_hub_text_frame (const guint8 *data, gsize len, gsize max_size, KrHubSlice *body, GError **error)
{
  gsize limit = max_size > 0 ? MIN (len, max_size) : len;
  const guint8 *end = limit > 0 ? memchr (data, KR_HUB_RECORD_SEPARATOR, limit) : NULL;

  if (end == NULL)
    return max_size > 0 && len >= max_size ? kr_hub_frame_too_large (max_size, error) : 0;
  *body = (KrHubSlice) { (const char *) data, end - data };
  return end - data + 1;
}
