/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* KrHubProtocol: the interface of a message encoding (JSON, MessagePack). */
#pragma once

#if !defined (KR_HUB_INSIDE) && !defined (KR_HUB_COMPILATION)
#error "Only <krhub.h> can be included directly."
#endif

#include <json-glib/json-glib.h>

#include "kr-hub-buffer.h"
#include "kr-hub-message.h"

G_BEGIN_DECLS

/**
 * KrHubTransferFormat:
 * @KR_HUB_TRANSFER_FORMAT_TEXT: UTF-8 text
 * @KR_HUB_TRANSFER_FORMAT_BINARY: any bytes
 *
 * What a protocol writes and what a transport can carry (TransportProtocols.md, "Transfer Formats").
 *
 * Since: 0.1
 */
typedef enum
{
  KR_HUB_TRANSFER_FORMAT_TEXT = 1 << 0,
  KR_HUB_TRANSFER_FORMAT_BINARY = 1 << 1,
} KrHubTransferFormat;

/**
 * KrHubParseResult:
 * @KR_HUB_PARSE_MESSAGE: a message was parsed
 * @KR_HUB_PARSE_IGNORED: a whole message of a type this end does not know; nothing is lost by going on
 * @KR_HUB_PARSE_ERROR: the bytes are not a message; the connection must end
 *
 * What became of the bytes of one message.
 *
 * Since: 0.1
 */
typedef enum
{
  KR_HUB_PARSE_MESSAGE,
  KR_HUB_PARSE_IGNORED,
  KR_HUB_PARSE_ERROR,
} KrHubParseResult;

#define KR_HUB_TYPE_PROTOCOL (kr_hub_protocol_get_type ())
KR_HUB_AVAILABLE_IN_ALL
G_DECLARE_INTERFACE (KrHubProtocol, kr_hub_protocol, KR_HUB, PROTOCOL, GObject)

/**
 * KrHubProtocolInterface:
 * @g_iface: the parent
 * @name: (skip): as in the handshake, lower case: `json`
 * @version: (skip): the highest version spoken
 * @transfer_format: (skip): what the encoding needs of a transport
 * @frame: finds the first message in @data: see [method@KrHub.Protocol.frame]
 * @parse: parses the body of one message: see [method@KrHub.Protocol.parse]
 * @write: appends one framed message: see [method@KrHub.Protocol.write]
 * @next_value: splits off the first of several encoded values
 * @decode_string: decodes a string, without a copy where it can
 * @decode_variant: decodes a value against a declared type
 * @decode_node: decodes a value of any type
 * @encode_node: appends an encoded value
 * @encode_basic: (nullable): appends a value of a basic type, so that calls need no #GVariant; %NULL: they get one
 *
 * What an encoding implements. All functions are pure: no state, any thread.
 *
 * Since: 0.1
 */
struct _KrHubProtocolInterface
{
  GTypeInterface g_iface;

  const char *name;
  guint version;
  KrHubTransferFormat transfer_format;

  gssize (*frame) (
      KrHubProtocol *self, const guint8 *data, gsize len, gsize max_size, KrHubSlice *body, GError **error);
  KrHubParseResult (*parse) (KrHubProtocol *self, const KrHubSlice *body, KrHubMessage *message, GError **error);
  gboolean (*write) (KrHubProtocol *self, const KrHubMessage *message, KrHubBuffer *out, GError **error);
  gboolean (*next_value) (KrHubProtocol *self, KrHubSlice *rest, KrHubSlice *value);
  gboolean (*decode_string) (
      KrHubProtocol *self, const KrHubSlice *value, GString *scratch, KrHubSlice *text, GError **error);
  GVariant *(*decode_variant) (KrHubProtocol *self, const KrHubSlice *value, const GVariantType *type, GError **error);
  JsonNode *(*decode_node) (KrHubProtocol *self, const KrHubSlice *value, GError **error);
  gboolean (*encode_node) (KrHubProtocol *self, JsonNode *node, KrHubBuffer *out, GError **error);
  /* @type: `s` for a @value that is a KrHubSlice of UTF-8, `b` a gboolean, `x` a gint64, `t` a guint64, `d` a double. */
  gboolean (*encode_basic) (KrHubProtocol *self, char type, gconstpointer value, KrHubBuffer *out, GError **error);
};

KR_HUB_AVAILABLE_IN_ALL
const char *kr_hub_protocol_get_name (KrHubProtocol *self);
KR_HUB_AVAILABLE_IN_ALL
guint kr_hub_protocol_get_version (KrHubProtocol *self);
KR_HUB_AVAILABLE_IN_ALL
KrHubTransferFormat kr_hub_protocol_get_transfer_format (KrHubProtocol *self);
KR_HUB_AVAILABLE_IN_ALL
gssize kr_hub_protocol_frame (KrHubProtocol *self,
                              const guint8 *data,
                              gsize len,
                              gsize max_size,
                              KrHubSlice *body,
                              GError **error);
KR_HUB_AVAILABLE_IN_ALL
KrHubParseResult
kr_hub_protocol_parse (KrHubProtocol *self, const KrHubSlice *body, KrHubMessage *message, GError **error);
KR_HUB_AVAILABLE_IN_ALL
gboolean kr_hub_protocol_write (KrHubProtocol *self, const KrHubMessage *message, KrHubBuffer *out, GError **error);
KR_HUB_AVAILABLE_IN_ALL
gboolean kr_hub_protocol_next_value (KrHubProtocol *self, KrHubSlice *rest, KrHubSlice *value);
KR_HUB_AVAILABLE_IN_ALL
gboolean kr_hub_protocol_decode_string (KrHubProtocol *self,
                                        const KrHubSlice *value,
                                        GString *scratch,
                                        KrHubSlice *text,
                                        GError **error);
KR_HUB_AVAILABLE_IN_ALL
GVariant *kr_hub_protocol_decode_variant (KrHubProtocol *self,
                                          const KrHubSlice *value,
                                          const GVariantType *type,
                                          GError **error);
KR_HUB_AVAILABLE_IN_ALL
JsonNode *kr_hub_protocol_decode_node (KrHubProtocol *self, const KrHubSlice *value, GError **error);
KR_HUB_AVAILABLE_IN_ALL
gboolean kr_hub_protocol_encode_node (KrHubProtocol *self, JsonNode *node, KrHubBuffer *out, GError **error);

G_END_DECLS
