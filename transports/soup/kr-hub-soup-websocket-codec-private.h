/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* KrHubSoupWebsocketParser: RFC 6455 frames, sans-IO, both roles. */
#pragma once

#if !defined (KR_HUB_SOUP_COMPILATION)
#error "Private header of transports/soup."
#endif

#include <glib.h>

G_BEGIN_DECLS

#define KR_HUB_SOUP_WEBSOCKET_MAX_HEADER 14
#define KR_HUB_SOUP_WEBSOCKET_MAX_CONTROL 125

typedef enum
{
  KR_HUB_SOUP_WEBSOCKET_SERVER, /* requires masked frames, sends unmasked ones */
  KR_HUB_SOUP_WEBSOCKET_CLIENT, /* the other way round */
} KrHubSoupWebsocketRole;

typedef enum
{
  KR_HUB_SOUP_WEBSOCKET_CONTINUATION = 0,
  KR_HUB_SOUP_WEBSOCKET_TEXT = 1,
  KR_HUB_SOUP_WEBSOCKET_BINARY = 2,
  KR_HUB_SOUP_WEBSOCKET_CLOSE = 8,
  KR_HUB_SOUP_WEBSOCKET_PING = 9,
  KR_HUB_SOUP_WEBSOCKET_PONG = 10,
} KrHubSoupWebsocketOpcode;

/* Close codes that we send (RFC 6455 7.4.1); NO_STATUS is never on the wire. */
typedef enum
{
  KR_HUB_SOUP_WEBSOCKET_NORMAL = 1000,
  KR_HUB_SOUP_WEBSOCKET_PROTOCOL_ERROR = 1002,
  KR_HUB_SOUP_WEBSOCKET_NO_STATUS = 1005,
  KR_HUB_SOUP_WEBSOCKET_INVALID_TEXT = 1007,
} KrHubSoupWebsocketCloseCode;

typedef enum
{
  KR_HUB_SOUP_WEBSOCKET_EVENT_MORE,      /* the input is used up */
  KR_HUB_SOUP_WEBSOCKET_EVENT_DATA,      /* a piece of a message's payload, unmasked */
  KR_HUB_SOUP_WEBSOCKET_EVENT_PING,      /* with its payload, to be sent back */
  KR_HUB_SOUP_WEBSOCKET_EVENT_PONG,
  KR_HUB_SOUP_WEBSOCKET_EVENT_CLOSE,     /* close_code is what the peer said; nothing follows */
  KR_HUB_SOUP_WEBSOCKET_EVENT_VIOLATION, /* close_code is what to answer, violation what was wrong; nothing follows */
} KrHubSoupWebsocketEvent;

/* Streaming UTF-8: which bytes may come next. All zero: between two characters. */
typedef struct
{
  guint8 need;  /* continuation bytes still to come */
  guint8 low;   /* range of the next one */
  guint8 high;
} KrHubSoupUtf8State;

typedef struct
{
  guint64 left;         /* payload of this frame still to come */
  guint8 *control;      /* payload of a control frame; NULL unless one is under way or was just handed out */
  const char *violation;
  guint16 close_code;
  guint8 header[KR_HUB_SOUP_WEBSOCKET_MAX_HEADER];
  guint8 header_len;
  guint8 mask[4];       /* turned so that its first byte is the next one to use */
  guint8 control_len;
  guint8 role;          /* KrHubSoupWebsocketRole */
  guint8 message;       /* opcode of the message under way, 0: none */
  KrHubSoupUtf8State utf8;
  guint8 in_payload : 1;
  guint8 ended : 1;
} KrHubSoupWebsocketParser;

void kr_hub_soup_websocket_parser_init (KrHubSoupWebsocketParser *self, KrHubSoupWebsocketRole role);
void kr_hub_soup_websocket_parser_clear (KrHubSoupWebsocketParser *self);
/* A payload is moved to @to, which lies before it, as it is unmasked; @to is NULL: it stays where it came. */
KrHubSoupWebsocketEvent kr_hub_soup_websocket_parser_next_to (KrHubSoupWebsocketParser *self,
                                                              guint8 *to,
                                                              guint8 **data,
                                                              gsize *len,
                                                              guint8 **piece,
                                                              gsize *piece_len);
KrHubSoupWebsocketEvent kr_hub_soup_websocket_parser_next (KrHubSoupWebsocketParser *self,
                                                           guint8 **data,
                                                           gsize *len,
                                                           guint8 **piece,
                                                           gsize *piece_len);

gsize kr_hub_soup_websocket_write_header (guint8 *out,
                                          KrHubSoupWebsocketOpcode opcode,
                                          gboolean final,
                                          guint64 len,
                                          const guint8 *mask);
void kr_hub_soup_websocket_mask (guint8 *data, gsize len, const guint8 *mask, guint64 offset);

gboolean kr_hub_soup_utf8_feed (KrHubSoupUtf8State *self, const guint8 *data, gsize len);

gboolean kr_hub_soup_websocket_key_is_valid (const char *key);
char *kr_hub_soup_websocket_accept_key (const char *key);

G_END_DECLS
