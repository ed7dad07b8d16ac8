/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* KrHubProtocol: one checked wrapper for each function of the interface. */
#include "config.h"

#include "kr-hub-protocol.h"

/**
 * KrHubProtocol:
 *
 * An encoding of hub messages: bytes to messages and back.
 *
 * An implementation has no state, no I/O and no clock; its functions may be called from any thread. Lengths and depths
 * are limited by the implementation and by the size that the caller of [method@KrHub.Protocol.frame] allows.
 *
 * Since: 0.1
 */
G_DEFINE_INTERFACE (KrHubProtocol, kr_hub_protocol, G_TYPE_OBJECT)

static void
kr_hub_protocol_default_init (KrHubProtocolInterface *iface)
{
}

/* Every message asks for its protocol's functions several times, and GObject's own look-up costs as much as parsing a
 * property. There are but few protocols: those seen first are found by comparing a pointer. */
static struct
{
  gint claimed;                   /* by the one thread that may write the rest */
  gpointer klass;                 /* written last; never changes again */
  KrHubProtocolInterface *iface;
} known[4];

static KrHubProtocolInterface *
learn_iface (KrHubProtocol *self)
{
  KrHubProtocolInterface *iface = KR_HUB_PROTOCOL_GET_IFACE (self);

  for (guint i = 0; i < G_N_ELEMENTS (known); i++)
    if (g_atomic_int_compare_and_exchange (&known[i].claimed, FALSE, TRUE))
      {
        known[i].iface = iface;
        g_atomic_pointer_set (&known[i].klass, ((GTypeInstance *) self)->g_class);
        break;
      }
  return iface;
}

static inline KrHubProtocolInterface *
get_iface (KrHubProtocol *self)
{
  gpointer klass = ((GTypeInstance *) self)->g_class;

  if (G_LIKELY (__atomic_load_n (&known[0].klass, __ATOMIC_ACQUIRE) == klass))
    return known[0].iface;
  for (guint i = 1; i < G_N_ELEMENTS (known); i++)
    if (__atomic_load_n (&known[i].klass, __ATOMIC_ACQUIRE) == klass)
      return known[i].iface;
  return learn_iface (self);
}

/**
 * kr_hub_protocol_get_name:
 * @self: a protocol
 *
 * Gets the name that the handshake uses.
 *
 * Returns: (transfer none): the name, such as `json`
 *
 * Since: 0.1
 */
const char *
kr_hub_protocol_get_name (KrHubProtocol *self)
{
  g_return_val_if_fail (KR_HUB_IS_PROTOCOL (self), NULL);
  return get_iface (self)->name;
}

/**
 * kr_hub_protocol_get_version:
 * @self: a protocol
 *
 * Gets the highest version of the protocol that is spoken.
 *
 * Returns: the version, such as 2
 *
 * Since: 0.1
 */
guint
kr_hub_protocol_get_version (KrHubProtocol *self)
{
  g_return_val_if_fail (KR_HUB_IS_PROTOCOL (self), 0);
  return get_iface (self)->version;
}

/**
 * kr_hub_protocol_get_transfer_format:
 * @self: a protocol
 *
 * Gets what the encoding needs of a transport.
 *
 * Returns: the format
 *
 * Since: 0.1
 */
KrHubTransferFormat
kr_hub_protocol_get_transfer_format (KrHubProtocol *self)
{
  g_return_val_if_fail (KR_HUB_IS_PROTOCOL (self), KR_HUB_TRANSFER_FORMAT_TEXT);
  return get_iface (self)->transfer_format;
}

/**
 * kr_hub_protocol_frame: (skip)
 * @self: a protocol
 * @data: received bytes
 * @len: how many
 * @max_size: the largest message allowed, what frames it included; 0 for no limit
 * @body: (out): the first message without what frames it
 * @error: return location for an error
 *
 * Finds the first message in @data.
 * 
 * Errors: %KR_HUB_ERROR_TOO_LARGE, %KR_HUB_ERROR_MALFORMED.
 *
 * Returns: how many bytes the framed message takes, 0 if it is not complete yet, -1 with @error set
 *
 * Since: 0.1
 */
gssize
kr_hub_protocol_frame (KrHubProtocol *self,
                       const guint8 *data,
                       gsize len,
                       gsize max_size,
                       KrHubSlice *body,
                       GError **error)
{
  return get_iface (self)->frame (self, data, len, max_size, body, error);
}

/**
 * kr_hub_protocol_parse: (skip)
 * @self: a protocol
 * @body: a message without what frames it
 * @message: (out caller-allocates): an empty message, filled; the caller clears it whatever the result
 * @error: return location for an error
 *
 * Parses one message; its slices borrow from @body.
 * 
 * Errors: %KR_HUB_ERROR_MALFORMED, whose text says what was wrong as ASP.NET Core does.
 *
 * Returns: what the bytes were
 *
 * Since: 0.1
 */
KrHubParseResult
kr_hub_protocol_parse (KrHubProtocol *self, const KrHubSlice *body, KrHubMessage *message, GError **error)
{
  return get_iface (self)->parse (self, body, message, error);
}

/**
 * kr_hub_protocol_write: (skip)
 * @self: a protocol
 * @message: what to write
 * @out: a buffer; unchanged after an error
 * @error: return location for an error
 *
 * Appends one message with what frames it.
 * 
 * Errors: %KR_HUB_ERROR_BINDING for a value that the encoding cannot express, such as a NaN in JSON.
 *
 * Returns: whether it was written
 *
 * Since: 0.1
 */
gboolean
kr_hub_protocol_write (KrHubProtocol *self, const KrHubMessage *message, KrHubBuffer *out, GError **error)
{
  return get_iface (self)->write (self, message, out, error);
}

/**
 * kr_hub_protocol_next_value: (skip)
 * @self: a protocol
 * @rest: (inout): encoded values of a parsed message; becomes what follows the first
 * @value: (out): the first one
 *
 * Splits off the first of several encoded values.
 *
 * Returns: %FALSE if none is left
 *
 * Since: 0.1
 */
gboolean
kr_hub_protocol_next_value (KrHubProtocol *self, KrHubSlice *rest, KrHubSlice *value)
{
  return get_iface (self)->next_value (self, rest, value);
}

/**
 * kr_hub_protocol_decode_string: (skip)
 * @self: a protocol
 * @value: one encoded value
 * @scratch: emptied, and used if the text cannot be borrowed
 * @text: (out): the text, in @value or in @scratch; absent for null
 * @error: return location for an error
 *
 * Decodes a string, without a copy where it can.
 * 
 * Errors: %KR_HUB_ERROR_BINDING if it is neither a string nor null, or not valid Unicode.
 *
 * Returns: whether it was a string or null
 *
 * Since: 0.1
 */
gboolean
kr_hub_protocol_decode_string (KrHubProtocol *self,
                               const KrHubSlice *value,
                               GString *scratch,
                               KrHubSlice *text,
                               GError **error)
{
  return get_iface (self)->decode_string (self, value, scratch, text, error);
}

/**
 * kr_hub_protocol_decode_variant: (skip)
 * @self: a protocol
 * @value: one encoded value
 * @type: a definite type
 * @error: return location for an error
 *
 * Decodes a value against a declared type.
 * 
 * Errors: %KR_HUB_ERROR_BINDING if it does not fit.
 *
 * Returns: (transfer full): the value, not floating; %NULL with @error set
 *
 * Since: 0.1
 */
GVariant *
kr_hub_protocol_decode_variant (KrHubProtocol *self, const KrHubSlice *value, const GVariantType *type, GError **error)
{
  return get_iface (self)->decode_variant (self, value, type, error);
}

/**
 * kr_hub_protocol_decode_node: (skip)
 * @self: a protocol
 * @value: one encoded value
 * @error: return location for an error
 *
 * Decodes a value of any type.
 * 
 * Errors: %KR_HUB_ERROR_BINDING if it cannot be expressed as JSON.
 *
 * Returns: (transfer full): the value; %NULL with @error set
 *
 * Since: 0.1
 */
JsonNode *
kr_hub_protocol_decode_node (KrHubProtocol *self, const KrHubSlice *value, GError **error)
{
  return get_iface (self)->decode_node (self, value, error);
}

/**
 * kr_hub_protocol_encode_node: (skip)
 * @self: a protocol
 * @node: a value
 * @out: a buffer; unchanged after an error
 * @error: return location for an error
 *
 * Appends one encoded value.
 * 
 * Errors: %KR_HUB_ERROR_BINDING for a value that the encoding cannot express.
 *
 * Returns: whether it was written
 *
 * Since: 0.1
 */
gboolean
kr_hub_protocol_encode_node (KrHubProtocol *self, JsonNode *node, KrHubBuffer *out, GError **error)
{
  return get_iface (self)->encode_node (self, node, out, error);
}
