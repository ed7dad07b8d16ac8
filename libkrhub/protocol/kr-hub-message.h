/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* KrHubMessage: one message of the hub protocol, as slices of the received bytes. */
#pragma once

#if !defined (KR_HUB_INSIDE) && !defined (KR_HUB_COMPILATION)
#error "Only <krhub.h> can be included directly."
#endif

#include <gio/gio.h>

#include "kr-hub-visibility.h"

G_BEGIN_DECLS

/**
 * KrHubMessageType:
 * @KR_HUB_MESSAGE_INVOCATION: calls a method, with or without an answer
 * @KR_HUB_MESSAGE_STREAM_ITEM: one item of a stream, in either direction
 * @KR_HUB_MESSAGE_COMPLETION: ends an invocation or a stream
 * @KR_HUB_MESSAGE_STREAM_INVOCATION: calls a method that answers with a stream
 * @KR_HUB_MESSAGE_CANCEL_INVOCATION: asks the callee to stop
 * @KR_HUB_MESSAGE_PING: keeps the connection alive
 * @KR_HUB_MESSAGE_CLOSE: the sender ends the connection
 * @KR_HUB_MESSAGE_ACK: what arrived, for stateful reconnect
 * @KR_HUB_MESSAGE_SEQUENCE: where the replay begins, for stateful reconnect
 *
 * The message types, numbered as on the wire (HubProtocol.md, "Message Types").
 *
 * Since: 0.1
 */
typedef enum
{
  KR_HUB_MESSAGE_INVOCATION = 1,
  KR_HUB_MESSAGE_STREAM_ITEM,
  KR_HUB_MESSAGE_COMPLETION,
  KR_HUB_MESSAGE_STREAM_INVOCATION,
  KR_HUB_MESSAGE_CANCEL_INVOCATION,
  KR_HUB_MESSAGE_PING,
  KR_HUB_MESSAGE_CLOSE,
  KR_HUB_MESSAGE_ACK,
  KR_HUB_MESSAGE_SEQUENCE,
} KrHubMessageType;

/**
 * KrHubSlice:
 * @data: (nullable): the first byte, or %NULL for "absent"
 * @len: bytes; no NUL follows them
 *
 * A run of bytes that belongs to somebody else.
 *
 * Since: 0.1
 */
typedef struct
{
  const char *data;
  gsize len;
} KrHubSlice;

#define KR_HUB_SLICE_LITERAL(text) ((KrHubSlice) { (text), sizeof (text) - 1 })

/**
 * KrHubValueKind:
 * @KR_HUB_VALUE_NONE: there is no value
 * @KR_HUB_VALUE_NULL: null
 * @KR_HUB_VALUE_RAW: bytes in the encoding of the protocol at hand; for arguments the elements, without what encloses
 * them
 * @KR_HUB_VALUE_STRING: UTF-8 text, not encoded yet
 * @KR_HUB_VALUE_VARIANT: a #GVariant, not encoded yet; for arguments a tuple
 *
 * In which form a #KrHubValue is held.
 *
 * Since: 0.1
 */
typedef enum
{
  KR_HUB_VALUE_NONE,
  KR_HUB_VALUE_NULL,
  KR_HUB_VALUE_RAW,
  KR_HUB_VALUE_STRING,
  KR_HUB_VALUE_VARIANT,
} KrHubValueKind;

/**
 * KrHubValue:
 * @kind: which of the members counts
 * @slice: for %KR_HUB_VALUE_RAW and %KR_HUB_VALUE_STRING, borrowed
 * @variant: for %KR_HUB_VALUE_VARIANT, borrowed
 *
 * A value on its way into or out of a message; it borrows what it points to.
 *
 * Since: 0.1
 */
typedef struct
{
  KrHubValueKind kind;
  KrHubSlice slice;
  GVariant *variant;
} KrHubValue;

#define KR_HUB_MESSAGE_TEXTS 4

/**
 * KrHubMessage:
 * @type: the type; it says which of the other members count
 * @invocation_id: id chosen by the caller, decoded; absent where there is none. Also the stream's id in items
 * @target: name of the method, decoded
 * @value: arguments (types 1 and 4), item (2) or result (3). Parsed ones are %KR_HUB_VALUE_RAW, or %KR_HUB_VALUE_NONE
 * @n_arguments: how many arguments @value holds (types 1 and 4)
 * @texts: the first arguments where they are strings that need no decoding, so that nobody has to look at them twice;
 *   absent where they are anything else
 * @error: text of a Completion or Close; absent where there is none
 * @stream_ids: the encoded elements of `streamIds`, or absent
 * @n_stream_ids: how many elements @stream_ids holds
 * @headers: the encoded headers map, whole, or absent
 * @sequence_id: of Ack and Sequence
 * @allow_reconnect: of Close
 * @arguments_error: (nullable): what was wrong with the arguments alone; the rest of the message is valid
 * @scratch: (nullable): storage of strings that had to be unescaped
 *
 * One message of the hub protocol.
 *
 * It exists once per message on a hot path: it lives on the stack, and its slices borrow from the received bytes. Clear
 * it with [method@KrHub.Message.clear] before those bytes go away. All zero is a valid empty one.
 *
 * Since: 0.1
 */
typedef struct
{
  KrHubMessageType type;
  KrHubSlice invocation_id;
  KrHubSlice target;
  KrHubValue value;
  guint n_arguments;
  KrHubSlice texts[KR_HUB_MESSAGE_TEXTS];
  KrHubSlice error;
  KrHubSlice stream_ids;
  guint n_stream_ids;
  KrHubSlice headers;
  gint64 sequence_id;
  gboolean allow_reconnect;
  GError *arguments_error;
  GString *scratch;
} KrHubMessage;

KR_HUB_AVAILABLE_IN_ALL
void kr_hub_message_clear (KrHubMessage *self);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (KrHubMessage, kr_hub_message_clear)

G_END_DECLS
