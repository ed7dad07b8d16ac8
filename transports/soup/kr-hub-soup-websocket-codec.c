/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* KrHubSoupWebsocketParser: RFC 6455 frames, sans-IO, both roles. */
#include "config.h"

#include "kr-hub-soup-websocket-codec-private.h"

#include <string.h>

#define HIGH_BITS G_GUINT64_CONSTANT (0x8080808080808080)

#define FINAL 0x80
#define RESERVED 0x70
#define OPCODE 0x0f
#define MASKED 0x80
#define LENGTH 0x7f

/* Appended to the client's key before it is hashed (RFC 6455 1.3). */
#define ACCEPT_SUFFIX "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"

/* --- UTF-8 --- */

/* What may follow a lead byte; RFC 3629 leaves out overlong forms, surrogates and what is above U+10FFFF. */
static gboolean
utf8_lead (KrHubSoupUtf8State *self, guint8 byte)
{
  if (byte < 0xc2 || byte > 0xf4)
    return FALSE;
  self->need = byte < 0xe0 ? 1 : byte < 0xf0 ? 2 : 3;
  self->low = byte == 0xe0 ? 0xa0 : byte == 0xf0 ? 0x90 : 0x80;
  self->high = byte == 0xed ? 0x9f : byte == 0xf4 ? 0x8f : 0xbf;
  return TRUE;
}

static gsize
skip_ascii (const guint8 *data, gsize i, gsize len)
{
  guint64 word;

  while (len - i >= sizeof word)
    {
      memcpy (&word, data + i, sizeof word);
      if (word & HIGH_BITS)
        break;
      i += sizeof word;
    }
  while (i < len && data[i] < 0x80)
    i++;
  return i;
}

/* Text in pieces; it is complete when need is 0 at its end. */
gboolean
kr_hub_soup_utf8_feed (KrHubSoupUtf8State *self, const guint8 *data, gsize len)
{
  gsize i = 0;

  while (i < len)
    if (self->need > 0)
      {
        if (data[i] < self->low || data[i] > self->high)
          return FALSE;
        self->need--;
        self->low = 0x80;
        self->high = 0xbf;
        i++;
      }
    else if ((i = skip_ascii (data, i, len)) < len && !utf8_lead (self, data[i++]))
      return FALSE;
  return TRUE;
}

/* --- masks --- */

/* Moves to @to, which may be @data or lie before it. Returns all bytes of the result or-ed together, so that plain
 * ASCII costs no second pass. */
static inline guint64
apply_mask_to (guint8 *to, const guint8 *data, gsize len, const guint8 *mask)
{
  guint64 wide, word, all = 0;
  guint32 narrow;
  gsize i = 0;

  memcpy (&narrow, mask, sizeof narrow);
  wide = narrow | (guint64) narrow << 32;
  for (; len - i >= sizeof word; i += sizeof word)
    {
      memcpy (&word, data + i, sizeof word);
      word ^= wide;
      memcpy (to + i, &word, sizeof word);
      all |= word;
    }
  for (; i < len; i++)
    {
      to[i] = data[i] ^ mask[i & 3];
      all |= to[i];
    }
  return all;
}

static guint64
apply_mask (guint8 *data, gsize len, const guint8 *mask)
{
  return apply_mask_to (data, data, len, mask);
}

static void
turn_mask (guint8 *mask, guint64 by)
{
  guint8 copy[4];

  memcpy (copy, mask, sizeof copy);
  for (guint i = 0; i < sizeof copy; i++)
    mask[i] = copy[(i + by) & 3];
}

/* @offset: of @data in the frame's payload */
void
kr_hub_soup_websocket_mask (guint8 *data, gsize len, const guint8 *mask, guint64 offset)
{
  guint8 turned[4];

  memcpy (turned, mask, sizeof turned);
  turn_mask (turned, offset);
  apply_mask (data, len, turned);
}

/* --- parser --- */

void
kr_hub_soup_websocket_parser_init (KrHubSoupWebsocketParser *self, KrHubSoupWebsocketRole role)
{
  memset (self, 0, sizeof *self);
  self->role = role;
}

void
kr_hub_soup_websocket_parser_clear (KrHubSoupWebsocketParser *self)
{
  g_clear_pointer (&self->control, g_free);
}

static gboolean
fail (KrHubSoupWebsocketParser *self, KrHubSoupWebsocketCloseCode code, const char *violation)
{
  self->ended = TRUE;
  self->close_code = code;
  self->violation = violation;
  return FALSE;
}

static gboolean
violate (KrHubSoupWebsocketParser *self, const char *violation)
{
  return fail (self, KR_HUB_SOUP_WEBSOCKET_PROTOCOL_ERROR, violation);
}

static gboolean
is_control (const KrHubSoupWebsocketParser *self)
{
  return (self->header[0] & 0x08) != 0;
}

static gboolean
check_data_opcode (KrHubSoupWebsocketParser *self, guint opcode)
{
  if (opcode == KR_HUB_SOUP_WEBSOCKET_CONTINUATION)
    return self->message != 0 || violate (self, "continuation without a message");
  if (opcode > KR_HUB_SOUP_WEBSOCKET_BINARY)
    return violate (self, "unknown opcode");
  return self->message == 0 || violate (self, "message inside a message");
}

/* All that the first two bytes tell (RFC 6455 5.2). */
static gboolean
check_head (KrHubSoupWebsocketParser *self)
{
  guint opcode = self->header[0] & OPCODE;

  if (self->header[0] & RESERVED)
    return violate (self, "reserved bit set");
  if (((self->header[1] & MASKED) != 0) != (self->role == KR_HUB_SOUP_WEBSOCKET_SERVER))
    return violate (self, self->role == KR_HUB_SOUP_WEBSOCKET_SERVER ? "frame not masked" : "frame masked");
  if (!is_control (self))
    return check_data_opcode (self, opcode);
  if (opcode > KR_HUB_SOUP_WEBSOCKET_PONG)
    return violate (self, "unknown opcode");
  if ((self->header[0] & FINAL) == 0)
    return violate (self, "control frame in pieces");
  if ((self->header[1] & LENGTH) > KR_HUB_SOUP_WEBSOCKET_MAX_CONTROL)
    return violate (self, "control frame too long");
  return TRUE;
}

static gsize
header_size (const KrHubSoupWebsocketParser *self)
{
  guint length = self->header[1] & LENGTH;

  if (self->header_len < 2)
    return 2;
  return 2 + (length == 126 ? 2 : length == 127 ? 8 : 0) + (self->header[1] & MASKED ? 4 : 0);
}

static gboolean
begin_payload (KrHubSoupWebsocketParser *self)
{
  guint length = self->header[1] & LENGTH;
  const guint8 *at = self->header + 2;
  guint n = length == 126 ? 2 : length == 127 ? 8 : 0;

  self->left = n == 0 ? length : 0;
  for (guint i = 0; i < n; i++)
    self->left = self->left << 8 | *at++;
  if (self->left > G_MAXINT64)
    return violate (self, "length with the top bit set");
  if (self->header[1] & MASKED)
    memcpy (self->mask, at, sizeof self->mask);
  self->in_payload = TRUE;
  if (is_control (self))
    self->control_len = 0;
  else if ((self->header[0] & OPCODE) != KR_HUB_SOUP_WEBSOCKET_CONTINUATION)
    {
      self->message = self->header[0] & OPCODE;
      memset (&self->utf8, 0, sizeof self->utf8);
    }
  return TRUE;
}

/* A header that is all there, as nearly every one: @data has room for the longest. FALSE: it breaks a rule. */
static gboolean
take_whole_header (KrHubSoupWebsocketParser *self, guint8 **data, gsize *len)
{
  memcpy (self->header, *data, sizeof self->header);
  self->header_len = 2;
  if (check_head (self))
    self->header_len = header_size (self);
  *data += self->header_len;
  *len -= self->header_len;
  return !self->ended && begin_payload (self);
}

/* FALSE: the input is used up, or the header breaks a rule. */
static gboolean
take_header (KrHubSoupWebsocketParser *self, guint8 **data, gsize *len)
{
  gsize size;

  if (G_LIKELY (self->header_len == 0 && *len >= sizeof self->header))
    return take_whole_header (self, data, len);
  while (self->header_len < (size = header_size (self)))
    {
      gsize part = MIN (size - self->header_len, *len);

      if (part == 0)
        return FALSE;
      memcpy (self->header + self->header_len, *data, part);
      self->header_len += part;
      *data += part;
      *len -= part;
      if (self->header_len == 2 && !check_head (self))
        return FALSE;
    }
  return begin_payload (self);
}

static void
end_frame (KrHubSoupWebsocketParser *self)
{
  self->in_payload = FALSE;
  self->header_len = 0;
}

/* RFC 6455 7.4; 1012 to 1014 are registered with IANA since. */
static gboolean
close_code_is_valid (guint code)
{
  return (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014) || (code >= 3000 && code <= 4999);
}

static KrHubSoupWebsocketEvent
receive_close (KrHubSoupWebsocketParser *self)
{
  KrHubSoupUtf8State utf8 = { 0 };
  guint code = KR_HUB_SOUP_WEBSOCKET_NO_STATUS;

  if (self->control_len == 1)
    violate (self, "close code cut in half");
  else if (self->control_len > 1)
    {
      code = self->control[0] << 8 | self->control[1];
      if (!close_code_is_valid (code))
        violate (self, "close code not allowed");
      else if (!kr_hub_soup_utf8_feed (&utf8, self->control + 2, self->control_len - 2) || utf8.need > 0)
        fail (self, KR_HUB_SOUP_WEBSOCKET_INVALID_TEXT, "close reason is not UTF-8");
    }
  if (self->ended)
    return KR_HUB_SOUP_WEBSOCKET_EVENT_VIOLATION;
  self->ended = TRUE;
  self->close_code = code;
  return KR_HUB_SOUP_WEBSOCKET_EVENT_CLOSE;
}

static KrHubSoupWebsocketEvent
end_control (KrHubSoupWebsocketParser *self, guint8 **piece, gsize *piece_len)
{
  guint opcode = self->header[0] & OPCODE;

  if (self->role == KR_HUB_SOUP_WEBSOCKET_SERVER && self->control_len > 0)
    apply_mask (self->control, self->control_len, self->mask);
  end_frame (self);
  *piece = self->control;
  *piece_len = self->control_len;
  if (opcode == KR_HUB_SOUP_WEBSOCKET_CLOSE)
    return receive_close (self);
  return opcode == KR_HUB_SOUP_WEBSOCKET_PING ? KR_HUB_SOUP_WEBSOCKET_EVENT_PING : KR_HUB_SOUP_WEBSOCKET_EVENT_PONG;
}

static KrHubSoupWebsocketEvent
take_control (KrHubSoupWebsocketParser *self, guint8 **data, gsize *len, guint8 **piece, gsize *piece_len)
{
  gsize part = MIN (self->left, *len);

  if (part > 0)
    {
      if (self->control == NULL)
        self->control = g_malloc (KR_HUB_SOUP_WEBSOCKET_MAX_CONTROL);
      memcpy (self->control + self->control_len, *data, part);
      self->control_len += part;
      self->left -= part;
      *data += part;
      *len -= part;
    }
  return self->left > 0 ? KR_HUB_SOUP_WEBSOCKET_EVENT_MORE : end_control (self, piece, piece_len);
}

static gboolean
check_text (KrHubSoupWebsocketParser *self, const guint8 *data, gsize len, guint64 all)
{
  if ((self->utf8.need > 0 || (all & HIGH_BITS) != 0) && !kr_hub_soup_utf8_feed (&self->utf8, data, len))
    return FALSE;
  return self->left > 0 || (self->header[0] & FINAL) == 0 || self->utf8.need == 0;
}

/* FALSE: the text is broken. A frame that ends here is done with. */
static gboolean
take_payload (KrHubSoupWebsocketParser *self, guint8 *to, const guint8 *data, gsize len)
{
  guint64 all = HIGH_BITS;

  self->left -= len;
  if (self->role == KR_HUB_SOUP_WEBSOCKET_SERVER)
    {
      /* Two copies of the loop: more bytes are done at a time where none may overlap. */
      all = to == data ? apply_mask (to, len, self->mask) : apply_mask_to (to, data, len, self->mask);
      if (self->left > 0)
        turn_mask (self->mask, len);
    }
  else if (to != data)
    memmove (to, data, len);
  if (self->message == KR_HUB_SOUP_WEBSOCKET_TEXT && !check_text (self, to, len, all))
    return fail (self, KR_HUB_SOUP_WEBSOCKET_INVALID_TEXT, "text is not UTF-8");
  if (self->left == 0)
    {
      if (self->header[0] & FINAL)
        self->message = 0;
      end_frame (self);
    }
  return TRUE;
}

/* Takes from the front of @data until there is something to tell. A piece of payload lies at @to, that of a control
 * frame in the parser; either is valid until the next call. A frame's payload may come in several. */
KrHubSoupWebsocketEvent
kr_hub_soup_websocket_parser_next_to (KrHubSoupWebsocketParser *self,
                                      guint8 *to,
                                      guint8 **data,
                                      gsize *len,
                                      guint8 **piece,
                                      gsize *piece_len)
{
  guint8 *payload;

  while (!self->ended)
    {
      if (!self->in_payload)
        {
          if (G_UNLIKELY (self->control != NULL))
            g_clear_pointer (&self->control, g_free);
          if (!take_header (self, data, len))
            return self->ended ? KR_HUB_SOUP_WEBSOCKET_EVENT_VIOLATION : KR_HUB_SOUP_WEBSOCKET_EVENT_MORE;
        }
      if (G_UNLIKELY (is_control (self)))
        return take_control (self, data, len, piece, piece_len);
      if (*len == 0 && self->left > 0)
        return KR_HUB_SOUP_WEBSOCKET_EVENT_MORE;
      payload = *data;
      *piece = to != NULL ? to : payload;
      *piece_len = MIN (self->left, *len);
      *data += *piece_len;
      *len -= *piece_len;
      if (!take_payload (self, *piece, payload, *piece_len))
        return KR_HUB_SOUP_WEBSOCKET_EVENT_VIOLATION;
      if (*piece_len > 0)
        return KR_HUB_SOUP_WEBSOCKET_EVENT_DATA;
    }
  *data += *len;
  *len = 0;
  return KR_HUB_SOUP_WEBSOCKET_EVENT_MORE;
}

KrHubSoupWebsocketEvent
kr_hub_soup_websocket_parser_next (KrHubSoupWebsocketParser *self,
                                   guint8 **data,
                                   gsize *len,
                                   guint8 **piece,
                                   gsize *piece_len)
{
  return kr_hub_soup_websocket_parser_next_to (self, NULL, data, len, piece, piece_len);
}

/* --- writer --- */

/* Writes at most KR_HUB_SOUP_WEBSOCKET_MAX_HEADER bytes; @mask: 4 bytes, NULL for a server. */
gsize
kr_hub_soup_websocket_write_header (guint8 *out,
                                    KrHubSoupWebsocketOpcode opcode,
                                    gboolean final,
                                    guint64 len,
                                    const guint8 *mask)
{
  gsize n = 0;
  guint n_length = len < 126 ? 0 : len <= G_MAXUINT16 ? 2 : 8;

  out[n++] = (final ? FINAL : 0) | opcode;
  out[n++] = (mask != NULL ? MASKED : 0) | (n_length == 0 ? len : n_length == 2 ? 126 : 127);
  while (n_length > 0)
    out[n++] = len >> 8 * --n_length;
  if (mask != NULL)
    {
      memcpy (out + n, mask, 4);
      n += 4;
    }
  return n;
}

/* --- the handshake's key --- */

gboolean
kr_hub_soup_websocket_key_is_valid (const char *key)
{
  g_autofree guchar *decoded = NULL;
  gsize len;

  /* 16 bytes are 24 characters; the decoder skips what is not Base64, so count. */
  if (key == NULL || strlen (key) != 24 || strcmp (key + 22, "==") != 0)
    return FALSE;
  decoded = g_base64_decode (key, &len);
  return len == 16;
}

char *
kr_hub_soup_websocket_accept_key (const char *key)
{
  g_autoptr (GChecksum) checksum = g_checksum_new (G_CHECKSUM_SHA1);
  guint8 digest[20];
  gsize len = sizeof digest;

  g_checksum_update (checksum, (const guchar *) key, -1);
  g_checksum_update (checksum, (const guchar *) ACCEPT_SUFFIX, -1);
  g_checksum_get_digest (checksum, digest, &len);
  return g_base64_encode (digest, len);
}
