/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* KrHubMsgpackProtocol: the specification's bytes, a test per class of what is refused, and both codecs agree. */
#include "config.h"

#include <math.h>

#include "kr-hub-arguments-private.h"
#include "kr-hub-error.h"
#include "kr-hub-framer-private.h"
#include "kr-hub-json-protocol.h"
#include "kr-hub-msgpack-protocol.h"

static KrHubProtocol *protocol;

/* "11 96 01" */
static GBytes *
from_hex (const char *hex)
{
  g_autoptr (GByteArray) bytes = g_byte_array_new ();

  for (; *hex != '\0'; hex += hex[2] == ' ' ? 3 : 2)
    {
      guint8 byte = g_ascii_xdigit_value (hex[0]) << 4 | g_ascii_xdigit_value (hex[1]);

      g_byte_array_append (bytes, &byte, 1);
    }
  return g_byte_array_free_to_bytes (g_steal_pointer (&bytes));
}

static char *
to_hex (const KrHubBuffer *buffer)
{
  g_autoptr (GString) hex = g_string_new (NULL);

  for (gsize i = 0; i < buffer->len; i++)
    g_string_append_printf (hex, i > 0 ? " %02x" : "%02x", buffer->data[i]);
  return g_string_free (g_steal_pointer (&hex), FALSE);
}

static KrHubSlice
slice_of (GBytes *bytes)
{
  KrHubSlice slice;

  slice.data = g_bytes_get_data (bytes, &slice.len);
  return slice;
}

/* One whole framed message. */
static void
parse_framed (GBytes *bytes, KrHubMessage *message)
{
  KrHubSlice framed = slice_of (bytes), body;
  g_autoptr (GError) error = NULL;

  g_assert_cmpint (kr_hub_protocol_frame (protocol, (const guint8 *) framed.data, framed.len, 0, &body, &error), ==,
                   framed.len);
  g_assert_no_error (error);
  g_assert_cmpint (kr_hub_protocol_parse (protocol, &body, message, &error), ==, KR_HUB_PARSE_MESSAGE);
  g_assert_no_error (error);
}

static char *
write_hex (const KrHubMessage *message)
{
  g_auto (KrHubBuffer) out = KR_HUB_BUFFER_INIT;
  g_autoptr (GError) error = NULL;

  g_assert_true (kr_hub_protocol_write (protocol, message, &out, &error));
  g_assert_no_error (error);
  return to_hex (&out);
}

/* The examples of HubProtocol.md: parsed and written again they must not change. */
static void
test_examples (void)
{
  static const struct
  {
    const char *bytes;
    KrHubMessageType type;
    const char *written;      /* where .NET writes something longer than what may be received */
  } cases[] = {
    { "11 96 01 80 a3 78 79 7a a6 6d 65 74 68 6f 64 91 2a 90", KR_HUB_MESSAGE_INVOCATION, NULL },
    { "10 95 01 80 a3 78 79 7a a6 6d 65 74 68 6f 64 91 2a", KR_HUB_MESSAGE_INVOCATION,
      "11 96 01 80 a3 78 79 7a a6 6d 65 74 68 6f 64 91 2a 90" },
    { "0e 96 01 80 c0 a6 6d 65 74 68 6f 64 91 2a 90", KR_HUB_MESSAGE_INVOCATION, NULL },
    { "0e 96 01 80 a0 a6 6d 65 74 68 6f 64 91 2a 90", KR_HUB_MESSAGE_INVOCATION,
      "0e 96 01 80 c0 a6 6d 65 74 68 6f 64 91 2a 90" },
    { "19 96 01 82 a1 78 a1 79 a1 7a a1 7a a3 78 79 7a a6 6d 65 74 68 6f 64 91 2a 90", KR_HUB_MESSAGE_INVOCATION,
      NULL },
    { "14 96 04 80 a3 78 79 7a a6 6d 65 74 68 6f 64 91 2a 91 a2 73 31", KR_HUB_MESSAGE_STREAM_INVOCATION, NULL },
    { "08 94 02 80 a3 78 79 7a 2a", KR_HUB_MESSAGE_STREAM_ITEM, NULL },
    { "10 94 02 80 a3 78 79 7a cb 3f f8 00 00 00 00 00 00", KR_HUB_MESSAGE_STREAM_ITEM, NULL },
    { "0c 94 02 80 a3 78 79 7a c4 03 01 02 03", KR_HUB_MESSAGE_STREAM_ITEM, NULL },
    { "0d 94 02 80 a3 78 79 7a d6 ff 00 00 00 00", KR_HUB_MESSAGE_STREAM_ITEM, NULL },
    { "08 94 03 80 a3 78 79 7a 02", KR_HUB_MESSAGE_COMPLETION, NULL },
    { "0e 95 03 80 a3 78 79 7a 01 a5 45 72 72 6f 72", KR_HUB_MESSAGE_COMPLETION, NULL },
    { "09 95 03 80 a3 78 79 7a 03 2a", KR_HUB_MESSAGE_COMPLETION, NULL },
    { "09 95 03 80 a3 78 79 7a 03 c0", KR_HUB_MESSAGE_COMPLETION, NULL },
    { "07 93 05 80 a3 78 79 7a", KR_HUB_MESSAGE_CANCEL_INVOCATION, NULL },
    { "02 91 06", KR_HUB_MESSAGE_PING, NULL },
    { "03 92 07 c0", KR_HUB_MESSAGE_CLOSE, "04 93 07 c0 c2" },
    { "06 92 07 a3 78 79 7a", KR_HUB_MESSAGE_CLOSE, "07 93 07 a3 78 79 7a c2" },
    { "04 93 07 c0 c3", KR_HUB_MESSAGE_CLOSE, NULL },
    { "07 93 07 a3 78 79 7a c3", KR_HUB_MESSAGE_CLOSE, NULL },
    { "03 92 08 24", KR_HUB_MESSAGE_ACK, NULL },
    { "04 92 08 cc 24", KR_HUB_MESSAGE_ACK, "03 92 08 24" },
    { "05 92 08 cd 05 72", KR_HUB_MESSAGE_ACK, NULL },
    { "03 92 09 13", KR_HUB_MESSAGE_SEQUENCE, NULL },
    { "03 92 09 ff", KR_HUB_MESSAGE_SEQUENCE, NULL },
    /* further elements, wide integers, a length that is not minimal */
    { "82 80 00 91 06", KR_HUB_MESSAGE_PING, "02 91 06" },
    { "0b 92 08 d3 00 00 00 00 00 00 00 24", KR_HUB_MESSAGE_ACK, "03 92 08 24" },
    { "04 91 d1 00 06", KR_HUB_MESSAGE_PING, "02 91 06" },
    { "05 94 07 c0 c3 c0", KR_HUB_MESSAGE_CLOSE, "04 93 07 c0 c3" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GBytes) bytes = from_hex (cases[i].bytes);
      g_auto (KrHubMessage) message = { 0 };
      g_autofree char *written = NULL;

      parse_framed (bytes, &message);
      g_assert_cmpint (message.type, ==, cases[i].type);
      g_assert_no_error (message.arguments_error);
      written = write_hex (&message);
      g_assert_cmpstr (written, ==, cases[i].written != NULL ? cases[i].written : cases[i].bytes);
    }
}

static void
test_members (void)
{
  g_autoptr (GBytes) bytes = from_hex ("19 96 01 81 a1 78 a1 79 a3 78 79 7a a6 6d 65 74 68 6f 64 92 2a a1 61 91 a1 31");
  g_auto (KrHubMessage) message = { 0 };
  g_autoptr (GVariant) arguments = NULL;
  g_autofree char *text = NULL;

  parse_framed (bytes, &message);
  g_assert_cmpmem (message.invocation_id.data, message.invocation_id.len, "xyz", 3);
  g_assert_cmpmem (message.target.data, message.target.len, "method", 6);
  g_assert_cmpmem (message.headers.data, message.headers.len, "\x81\xa1x\xa1y", 5);
  g_assert_cmpmem (message.stream_ids.data, message.stream_ids.len, "\xa1\x31", 2);
  g_assert_cmpuint (message.n_stream_ids, ==, 1);
  g_assert_cmpuint (message.n_arguments, ==, 2);
  arguments = kr_hub_arguments_to_variant (protocol, &message.value.slice, 2, G_VARIANT_TYPE ("(is)"), NULL);
  text = g_variant_print (arguments, FALSE);
  g_assert_cmpstr (text, ==, "(42, 'a')");
}

/* Strings that need no decoding are told apart from all others. */
static void
test_texts (void)
{
  g_autoptr (GBytes) bytes = from_hex ("96 01 80 c0 a1 78 dc 00 05 b1 61 61 61 61 61 61 61 61 61 61 61 61 61 61 61 61 "
                                       "61 b1 61 61 61 61 61 61 61 61 61 61 61 61 "
                                       "61 61 61 00 61 a2 c3 a9 91 a1 78 a1 78 90");
  g_auto (KrHubMessage) message = { 0 };
  KrHubSlice body = slice_of (bytes);

  g_assert_cmpint (kr_hub_protocol_parse (protocol, &body, &message, NULL), ==, KR_HUB_PARSE_MESSAGE);
  g_assert_no_error (message.arguments_error);
  g_assert_cmpuint (message.n_arguments, ==, 5);
  g_assert_cmpmem (message.texts[0].data, message.texts[0].len, "aaaaaaaaaaaaaaaaa", 17);
  g_assert_null (message.texts[1].data);
  g_assert_null (message.texts[2].data);
  g_assert_null (message.texts[3].data);
}

static void
test_refused (void)
{
  static const struct
  {
    const char *bytes;
    const char *message;
  } cases[] = {
    { "", "EndOfStreamException: Attempted to read past the end of the stream." },
    { "dc 00", "EndOfStreamException: Attempted to read past the end of the stream." },
    { "06", "MessagePackSerializationException: Unexpected msgpack code 6 (positive fixint) encountered." },
    { "c0", "MessagePackSerializationException: Unexpected msgpack code 192 (nil) encountered." },
    { "80", "MessagePackSerializationException: Unexpected msgpack code 128 (fixmap) encountered." },
    { "a0", "MessagePackSerializationException: Unexpected msgpack code 160 (fixstr) encountered." },
    { "c1", "MessagePackSerializationException: Unexpected msgpack code 193 ((never used)) encountered." },
    { "90", "InvalidDataException: Reading 'messageType' as Int32 failed." },
    { "91 c0", "InvalidDataException: Reading 'messageType' as Int32 failed." },
    { "91 a1 36", "InvalidDataException: Reading 'messageType' as Int32 failed." },
    { "91 ca 40 c0 00 00", "InvalidDataException: Reading 'messageType' as Int32 failed." },
    { "91 ce ff ff ff ff", "InvalidDataException: Reading 'messageType' as Int32 failed." },
    { "91 01", "InvalidDataException: Reading map length for 'headers' failed." },
    { "92 01 c0", "InvalidDataException: Reading map length for 'headers' failed." },
    { "92 01 81 a1", "InvalidDataException: Reading map length for 'headers' failed." },
    { "92 01 81 a5 78", "InvalidDataException: Reading 'headers[0].Key' as String failed." },
    { "9f 01 80", "EndOfStreamException: Attempted to read past the end of the stream." },
    { "92 01 81 01 a1 78", "InvalidDataException: Reading 'headers[0].Key' as String failed." },
    { "92 01 81 a0 a1 78", "InvalidDataException: Null or empty key in header." },
    { "92 01 82 a1 78 a1 79 a1 78 01", "InvalidDataException: Reading 'headers[1].Value' as String failed." },
    { "92 01 81 a1 78 c0", "InvalidDataException: Null or empty value in header." },
    { "92 01 80", "InvalidDataException: Reading 'invocationId' as String failed." },
    { "93 01 80 01", "InvalidDataException: Reading 'invocationId' as String failed." },
    { "93 01 80 c0", "InvalidDataException: Reading 'target' as String failed." },
    { "94 01 80 c0 c0 90", "InvalidDataException: Null or empty target for Invocation message." },
    { "94 04 80 a1 31 a0 90", "InvalidDataException: Null or empty target for StreamInvocation message." },
    { "95 04 80 c0 a1 78 90", "InvalidDataException: Null or empty invocation ID for StreamInvocation message." },
    { "94 02 80 a0 01", "InvalidDataException: Null or empty invocation ID for StreamItem message." },
    { "94 03 80 c0 02", "InvalidDataException: Null or empty invocation ID for Completion message." },
    { "93 05 80 c0", "InvalidDataException: Null or empty invocation ID for CancelInvocation message." },
    { "96 01 80 c0 a1 78 90 c0", "InvalidDataException: Reading array length for 'streamIds' failed." },
    { "96 01 80 c0 a1 78 90 91", "InvalidDataException: Reading array length for 'streamIds' failed." },
    { "96 01 80 c0 a1 78 90 91 c0", "InvalidDataException: Null or empty value in streamIds received." },
    { "96 01 80 c0 a1 78 90 91 01",
      "MessagePackSerializationException: Unexpected msgpack code 1 (positive fixint) encountered." },
    { "96 01 80 c0 a1 78 90 91 a2 31", "EndOfStreamException: Attempted to read past the end of the stream." },
    { "94 03 80 a1 31", "InvalidDataException: Reading 'resultKind' as Int32 failed." },
    { "94 03 80 a1 31 04", "InvalidDataException: Invalid invocation result kind." },
    { "94 03 80 a1 31 00", "InvalidDataException: Invalid invocation result kind." },
    { "95 03 80 a1 31 01 05", "InvalidDataException: Reading 'error' as String failed." },
    { "92 07 05", "InvalidDataException: Reading 'error' as String failed." },
    { "93 07 c0 c0", "InvalidDataException: Reading 'allowReconnect' as Boolean failed." },
    { "91 08", "InvalidDataException: Reading 'sequenceId' as Int64 failed." },
    { "92 08 c0", "InvalidDataException: Reading 'sequenceId' as Int64 failed." },
    { "92 09 cf ff ff ff ff ff ff ff ff", "InvalidDataException: Reading 'sequenceId' as Int64 failed." },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GBytes) bytes = from_hex (cases[i].bytes);
      g_auto (KrHubMessage) message = { 0 };
      g_autoptr (GError) error = NULL;
      KrHubSlice body = slice_of (bytes);

      g_assert_cmpint (kr_hub_protocol_parse (protocol, &body, &message, &error), ==, KR_HUB_PARSE_ERROR);
      g_assert_error (error, KR_HUB_ERROR, KR_HUB_ERROR_MALFORMED);
      g_assert_cmpstr (error->message, ==, cases[i].message);
    }
}

static void
test_ignored (void)
{
  static const char *const cases[] = { "91 00", "91 0a", "92 2a c0", "91 ff" };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GBytes) bytes = from_hex (cases[i]);
      g_auto (KrHubMessage) message = { 0 };
      g_autoptr (GError) error = NULL;
      KrHubSlice body = slice_of (bytes);

      g_assert_cmpint (kr_hub_protocol_parse (protocol, &body, &message, &error), ==, KR_HUB_PARSE_IGNORED);
      g_assert_no_error (error);
    }
}

/* Only the invocation fails, and its id is known. */
static void
test_arguments_error (void)
{
  static const struct
  {
    const char *bytes;
    const char *message;
  } cases[] = {
    { "94 01 80 a1 37 a1 78", "InvalidDataException: Reading array length for 'arguments' failed." },
    { "95 01 80 a1 37 a1 78 c0", "InvalidDataException: Reading array length for 'arguments' failed." },
    { "95 01 80 a1 37 a1 78 80", "InvalidDataException: Reading array length for 'arguments' failed." },
    { "95 01 80 a1 37 a1 78 a1 78", "InvalidDataException: Reading array length for 'arguments' failed." },
    { "95 01 80 a1 37 a1 78 dd 80 00 00 00", "InvalidDataException: Reading array length for 'arguments' failed." },
    { "96 01 80 a1 37 a1 78 92 01 90", "InvalidDataException: Error binding arguments. Make sure that the types of the "
                                       "provided values match the types of the hub "
                                       "method being invoked." },
    { "95 01 80 a1 37 a1 78 91 a5 78", "InvalidDataException: Error binding arguments. Make sure that the types of the "
                                       "provided values match the types of the hub "
                                       "method being invoked." },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GBytes) bytes = from_hex (cases[i].bytes);
      g_auto (KrHubMessage) message = { 0 };
      g_autoptr (GError) error = NULL;
      KrHubSlice body = slice_of (bytes);

      g_assert_cmpint (kr_hub_protocol_parse (protocol, &body, &message, &error), ==, KR_HUB_PARSE_MESSAGE);
      g_assert_no_error (error);
      g_assert_error (message.arguments_error, KR_HUB_ERROR, KR_HUB_ERROR_BINDING);
      g_assert_cmpstr (message.arguments_error->message, ==, cases[i].message);
      g_assert_cmpmem (message.invocation_id.data, message.invocation_id.len, "7", 1);
    }
}

/* Invalid UTF-8 is no error: it becomes U+FFFD, once per beginning of a sequence. */
static void
test_repairs_text (void)
{
  g_autoptr (GBytes) bytes = from_hex ("96 01 80 a2 61 ff a5 78 e2 82 f0 9f 90 90");
  g_autoptr (GString) scratch = g_string_new (NULL);
  g_auto (KrHubMessage) message = { 0 };
  KrHubSlice body = slice_of (bytes), text, value = { "\xa3\xc0\x80z", 4 };

  g_assert_cmpint (kr_hub_protocol_parse (protocol, &body, &message, NULL), ==, KR_HUB_PARSE_MESSAGE);
  g_assert_cmpmem (message.invocation_id.data, message.invocation_id.len, "a\xef\xbf\xbd", 4);
  g_assert_cmpmem (message.target.data, message.target.len, "x\xef\xbf\xbd\xef\xbf\xbd", 7);
  g_assert_true (kr_hub_protocol_decode_string (protocol, &value, scratch, &text, NULL));
  g_assert_cmpmem (text.data, text.len, "\xef\xbf\xbd\xef\xbf\xbdz", 7);
}

/* Cut anywhere, a message is refused, or only its arguments are, and nothing is read behind the cut (ASan). */
static void
test_every_cut (void)
{
  g_autoptr (GBytes) bytes = from_hex ("96 01 81 a1 78 a1 79 a3 78 79 7a a6 6d 65 74 68 6f 64 94 2a da 00 02 61 62 82 "
                                       "01 c3 a1 78 c4 01 00 c7 01 05 00 91 a1 31");
  KrHubSlice whole = slice_of (bytes);

  for (gsize len = 0; len < whole.len; len++)
    {
      g_autofree char *copy = g_memdup2 (whole.data, MAX (len, 1));
      g_auto (KrHubMessage) message = { 0 };
      g_autoptr (GError) error = NULL;
      KrHubSlice body = { copy, len };

      if (kr_hub_protocol_parse (protocol, &body, &message, &error) == KR_HUB_PARSE_MESSAGE)
        g_assert_error (message.arguments_error, KR_HUB_ERROR, KR_HUB_ERROR_BINDING);
      else
        g_assert_error (error, KR_HUB_ERROR, KR_HUB_ERROR_MALFORMED);
    }
}

static gssize
frame_hex (const char *hex, gsize max_size, KrHubSlice *body, GError **error)
{
  g_autoptr (GBytes) bytes = from_hex (hex);
  KrHubSlice framed = slice_of (bytes);

  return kr_hub_protocol_frame (protocol, (const guint8 *) framed.data, framed.len, max_size, body, error);
}

static void
test_frame (void)
{
  g_autoptr (GError) error = NULL;
  KrHubSlice body;

  g_assert_cmpint (frame_hex ("00", 0, &body, &error), ==, 1);
  g_assert_cmpuint (body.len, ==, 0);
  g_assert_cmpint (frame_hex ("", 0, &body, &error), ==, 0);
  g_assert_cmpint (frame_hex ("80", 0, &body, &error), ==, 0);
  g_assert_cmpint (frame_hex ("ff ff ff ff", 0, &body, &error), ==, 0);
  g_assert_cmpint (frame_hex ("ff ff ff ff 07", 0, &body, &error), ==, 0);
  g_assert_cmpint (frame_hex ("02 91", 0, &body, &error), ==, 0);
  g_assert_cmpint (frame_hex ("02 91 06 02", 3, &body, &error), ==, 3);
  g_assert_no_error (error);
}

static void
test_frame_refused (void)
{
  static const struct
  {
    const char *bytes;
    gsize max_size;
    const char *message;
  } cases[] = {
    { "ff ff ff ff 08", 0, "FormatException: Messages over 2GB in size are not supported." },
    { "80 80 80 80 80 00", 0, "FormatException: Messages over 2GB in size are not supported." },
    { "ff ff ff ff 7f", 0, "FormatException: Messages over 2GB in size are not supported." },
    { "03", 3,
      "InvalidDataException: The maximum message size of 3B was exceeded. The message size can be configured in "
      "AddHubOptions." },
    { "ff ff ff ff 07", 32768,
      "InvalidDataException: The maximum message size of 32768B was exceeded. The message size can be "
      "configured in AddHubOptions." },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GError) error = NULL;
      KrHubSlice body;

      g_assert_cmpint (frame_hex (cases[i].bytes, cases[i].max_size, &body, &error), ==, -1);
      g_assert_error (error, KR_HUB_ERROR, KR_HUB_ERROR_TOO_LARGE);
      g_assert_cmpstr (error->message, ==, cases[i].message);
    }
}

/* Each length of a body, over the edges of the prefix, comes out of a framer that gets byte after byte. */
static void
test_prefix_lengths (void)
{
  static const gsize lengths[] = { 0,   1,   31,  32,  70,  80,    110,   120,   121,
                                   122, 123, 130, 255, 256, 16370, 16383, 16384, 70000 };

  for (guint i = 0; i < G_N_ELEMENTS (lengths); i++)
    {
      g_autofree char *text = g_strnfill (lengths[i], 'x');
      g_auto (KrHubBuffer) out = KR_HUB_BUFFER_INIT;
      g_auto (KrHubFramer) framer = { 0 };
      g_auto (KrHubMessage) message = { 0 };
      KrHubMessage written = { .type = KR_HUB_MESSAGE_CLOSE, .error = { text, lengths[i] } };
      KrHubSlice body;

      kr_hub_buffer_append_literal (&out, "before");
      g_assert_true (kr_hub_protocol_write (protocol, &written, &out, NULL));
      for (gsize at = 6; at < out.len; at++)
        {
          kr_hub_framer_feed (&framer, out.data + at, 1);
          g_assert_cmpint (kr_hub_framer_next (&framer, protocol, 0, &body, NULL), ==, at == out.len - 1);
        }
      g_assert_cmpint (kr_hub_protocol_parse (protocol, &body, &message, NULL), ==, KR_HUB_PARSE_MESSAGE);
      g_assert_cmpmem (message.error.data, message.error.len, text, lengths[i]);
    }
}

static void
test_decode (void)
{
  static const struct
  {
    const char *bytes;
    const char *type;
    const char *expected;     /* NULL: refused */
  } cases[] = {
    { "7f", "y", "byte 0x7f" },
    { "cc ff", "y", "byte 0xff" },
    { "d1 00 05", "y", "byte 0x05" },
    { "cd 01 00", "y", NULL },
    { "ff", "y", NULL },
    { "d1 80 00", "n", "int16 -32768" },
    { "d2 ff ff 7f ff", "n", NULL },
    { "cd ff ff", "q", "uint16 65535" },
    { "d2 80 00 00 00", "i", "-2147483648" },
    { "e0", "i", "-32" },
    { "d0 80", "i", "-128" },
    { "ce 80 00 00 00", "i", NULL },
    { "cb 3f f0 00 00 00 00 00 00", "i", NULL },
    { "ce ff ff ff ff", "u", "uint32 4294967295" },
    { "d3 80 00 00 00 00 00 00 00", "x", "int64 -9223372036854775808" },
    { "cf 80 00 00 00 00 00 00 00", "x", NULL },
    { "cf ff ff ff ff ff ff ff ff", "t", "uint64 18446744073709551615" },
    { "cb 3f f8 00 00 00 00 00 00", "d", "1.5" },
    { "ca 3f c0 00 00", "d", "1.5" },
    { "05", "d", "5.0" },
    { "ff", "d", "-1.0" },
    { "a1 31", "d", NULL },
    { "c3", "b", "true" },
    { "c2", "b", "false" },
    { "01", "b", NULL },
    { "c0", "b", NULL },
    { "a1 78", "s", "'x'" },
    { "d9 01 78", "s", "'x'" },
    { "da 00 01 78", "s", "'x'" },
    { "db 00 00 00 01 78", "s", "'x'" },
    { "c0", "s", "''" },
    { "c4 01 78", "s", NULL },
    { "01", "s", NULL },
    { "a1 00", "s", NULL },
    { "a1 ff", "s", "'\xef\xbf\xbd'" },
    { "a2 2f 61", "o", "objectpath '/a'" },
    { "a1 61", "o", NULL },
    { "c0", "o", NULL },
    { "a1 73", "g", "signature 's'" },
    { "c4 02 01 02", "ay", "[byte 0x01, 0x02]" },
    { "a1 78", "ay", "[byte 0x78]" },
    { "92 01 02", "ay", "[byte 0x01, 0x02]" },
    { "91 cd 01 00", "ay", NULL },
    { "c0", "ay", "@ay []" },
    { "92 01 02", "ai", "[1, 2]" },
    { "dc 00 01 05", "ai", "[5]" },
    { "c0", "ai", "@ai []" },
    { "92 01", "ai", NULL },
    { "dd ff ff ff ff 01", "ai", NULL },
    { "80", "ai", NULL },
    { "92 01 a1 78", "(is)", "(1, 'x')" },
    { "91 01", "(is)", NULL },
    { "93 01 a1 78 c0", "(is)", NULL },
    { "c0", "(is)", NULL },
    { "90", "()", "()" },
    { "81 a1 61 01", "a{si}", "{'a': 1}" },
    { "81 01 a1 61", "a{is}", "{1: 'a'}" },
    { "81 c3 01", "a{bi}", "{true: 1}" },
    { "82 a1 61 01 a1 61 02", "a{si}", NULL },
    { "81 c0 01", "a{si}", NULL },
    { "81 01 01", "a{si}", NULL },
    { "81 90 01", "a{sv}", NULL },
    { "c0", "a{sv}", "@a{sv} {}" },
    { "90", "a{sv}", NULL },
    { "c0", "mi", "@mi nothing" },
    { "05", "mi", "@mi 5" },
    { "c0", "mms", "@mms nothing" },
    { "a1 78", "mms", "@mms 'x'" },
    { "01", "h", NULL },
    { "c1", "i", NULL },
    { "", "i", NULL },
    { "84 a1 61 01 a1 62 94 a1 78 c0 c3 cf ff ff ff ff ff ff ff ff a1 63 80 a1 64 c4 01 05", "a{sv}",
      "{'a': <int64 1>, 'b': <[<'x'>, <@mv nothing>, <true>, <uint64 18446744073709551615>]>, 'c': <@a{sv} {}>, 'd': "
      "<[byte 0x05]>}" },
    { "82 01 a1 61 ff 02", "v", "<{int64 1: <'a'>, -1: <int64 2>}>" },
    { "82 01 a1 61 a1 61 02", "v", NULL },
    { "ca 40 20 00 00", "v", "<2.5>" },
    /* timestamps in all three lengths; other extensions */
    { "d6 ff 00 00 00 00", "s", "'1970-01-01T00:00:00Z'" },
    { "d6 ff 69 24 4a 80", "v", "<'2025-11-24T12:07:28Z'>" },
    { "d7 ff 1d cd 65 00 00 00 00 00", "s", "'1970-01-01T00:00:00.125000000Z'" },
    { "c7 0c ff 00 00 00 01 ff ff ff ff ff ff ff ff", "s", "'1969-12-31T23:59:59.000000001Z'" },
    { "c7 0c ff ff ff ff ff 00 00 00 00 00 00 00 00", "s", NULL },
    { "c7 0c ff 00 00 00 00 7f ff ff ff ff ff ff ff", "s", NULL },
    { "d5 ff 00 00", "s", NULL },
    { "d6 05 00 00 00 00", "s", NULL },
    { "d6 05 00 00 00 00", "v", NULL },
    { "d6 ff 00 00 00 00", "i", NULL },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GBytes) bytes = from_hex (cases[i].bytes);
      g_autoptr (GError) error = NULL;
      g_autofree char *text = NULL;
      KrHubSlice value = slice_of (bytes);
      g_autoptr (GVariant) variant =
          kr_hub_protocol_decode_variant (protocol, &value, G_VARIANT_TYPE (cases[i].type), &error);

      if (cases[i].expected == NULL)
        {
          g_assert_null (variant);
          g_assert_error (error, KR_HUB_ERROR, KR_HUB_ERROR_BINDING);
          continue;
        }
      g_assert_no_error (error);
      g_assert_false (g_variant_is_floating (variant));
      text = g_variant_print (variant, TRUE);
      g_assert_cmpstr (text, ==, cases[i].expected);
    }
}

/* What a handler sees as a node is what it would see of JSON. */
static void
test_node (void)
{
  static const struct
  {
    const char *bytes;
    const char *json;         /* NULL: refused */
  } cases[] = {
    { "c0", "null" },
    { "c3", "true" },
    { "ff", "-1" },
    { "cf ff ff ff ff ff ff ff ff", "1.8446744073709552E+19" },
    { "ca 3f c0 00 00", "1.5" },
    { "a1 78", "\"x\"" },
    { "c4 03 01 02 03", "\"AQID\"" },
    { "c4 00", "\"\"" },
    { "93 01 90 80", "[1,[],{}]" },
    { "82 a1 62 01 a1 61 02", "{\"b\":1,\"a\":2}" },
    { "83 01 02 ff 03 c3 04", "{\"1\":2,\"-1\":3,\"True\":4}" },
    { "d6 ff 00 00 00 00", "\"1970-01-01T00:00:00Z\"" },
    { "d6 05 00 00 00 00", NULL },
    { "82 a1 61 01 a1 61 02", NULL },
    { "81 c0 01", NULL },
    { "92 01", NULL },
    { "c1", NULL },
    { "a1 00", NULL },
    { "dd ff ff ff ff", NULL },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GBytes) bytes = from_hex (cases[i].bytes);
      g_autoptr (GError) error = NULL;
      g_auto (KrHubBuffer) out = KR_HUB_BUFFER_INIT;
      KrHubSlice value = slice_of (bytes);
      g_autoptr (JsonNode) node = kr_hub_protocol_decode_node (protocol, &value, &error);

      if (cases[i].json == NULL)
        {
          g_assert_null (node);
          g_assert_error (error, KR_HUB_ERROR, KR_HUB_ERROR_BINDING);
          continue;
        }
      g_assert_no_error (error);
      g_assert_true (kr_hub_protocol_encode_node (kr_hub_json_protocol_get_default (), node, &out, NULL));
      g_assert_cmpmem (out.data, out.len, cases[i].json, strlen (cases[i].json));
    }
}

/* Every format's edges, smallest first. */
static void
test_encode (void)
{
  static const struct
  {
    const char *variant;
    const char *bytes;
  } cases[] = {
    { "byte 0x7f", "7f" },
    { "byte 0x80", "cc 80" },
    { "uint16 255", "cc ff" },
    { "uint16 256", "cd 01 00" },
    { "uint32 65535", "cd ff ff" },
    { "uint32 65536", "ce 00 01 00 00" },
    { "uint64 4294967295", "ce ff ff ff ff" },
    { "uint64 4294967296", "cf 00 00 00 01 00 00 00 00" },
    { "-1", "ff" },
    { "-32", "e0" },
    { "-33", "d0 df" },
    { "-128", "d0 80" },
    { "-129", "d1 ff 7f" },
    { "int16 -32768", "d1 80 00" },
    { "-32769", "d2 ff ff 7f ff" },
    { "-2147483648", "d2 80 00 00 00" },
    { "int64 -2147483649", "d3 ff ff ff ff 7f ff ff ff" },
    { "int64 5", "05" },
    { "1.0", "cb 3f f0 00 00 00 00 00 00" },
    { "true", "c3" },
    { "false", "c2" },
    { "''", "a0" },
    { "'x'", "a1 78" },
    { "@ay []", "c4 00" },
    { "[byte 1, 2]", "c4 02 01 02" },
    { "@as []", "90" },
    { "[1, 2]", "92 01 02" },
    { "(1, 'x')", "92 01 a1 78" },
    { "{'a': <1>}", "81 a1 61 01" },
    { "{'a', 1}", "81 a1 61 01" },
    { "@mi nothing", "c0" },
    { "@mi 5", "05" },
    { "<<1>>", "01" },
    { "[[byte 1]]", "91 c4 01 01" },
    { "objectpath '/'", "a1 2f" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GVariant) variant = g_variant_parse (NULL, cases[i].variant, NULL, NULL, NULL);
      g_auto (KrHubBuffer) out = KR_HUB_BUFFER_INIT;
      g_autofree char *hex = NULL;
      KrHubMessage message = { .type = KR_HUB_MESSAGE_STREAM_ITEM, .invocation_id = KR_HUB_SLICE_LITERAL ("1") };

      message.value = (KrHubValue) { .kind = KR_HUB_VALUE_VARIANT, .variant = variant };
      g_assert_true (kr_hub_protocol_write (protocol, &message, &out, NULL));
      hex = to_hex (&out);
      g_assert_true (g_str_has_suffix (hex, cases[i].bytes));
      g_assert_cmpuint (strlen (hex), ==, strlen ("05 94 02 80 a1 31 ") + strlen (cases[i].bytes));
    }
}

static GVariant *
new_deep (guint levels)
{
  GVariant *value = g_variant_new_int32 (1);

  for (guint i = 0; i < levels; i++)
    value = g_variant_new_array (NULL, (GVariant *[]) { g_variant_new_variant (value) }, 1);
  return value;
}

static void
test_depth (void)
{
  g_autoptr (GVariant) deep = g_variant_ref_sink (new_deep (63)), too_deep = g_variant_ref_sink (new_deep (64));
  g_autofree char *nested = g_strnfill (70, '\x91');
  KrHubMessage message = { .type = KR_HUB_MESSAGE_STREAM_ITEM, .invocation_id = KR_HUB_SLICE_LITERAL ("1") };
  g_auto (KrHubBuffer) out = KR_HUB_BUFFER_INIT;
  g_autoptr (GError) error = NULL;
  KrHubSlice value = { nested, 70 };

  nested[69] = 1;
  message.value = (KrHubValue) { .kind = KR_HUB_VALUE_VARIANT, .variant = deep };
  g_assert_true (kr_hub_protocol_write (protocol, &message, &out, &error));
  g_assert_no_error (error);
  out.len = 0;
  message.value.variant = too_deep;
  g_assert_false (kr_hub_protocol_write (protocol, &message, &out, &error));
  g_assert_error (error, KR_HUB_ERROR, KR_HUB_ERROR_BINDING);
  g_assert_cmpuint (out.len, ==, 0);
  g_clear_error (&error);
  g_assert_null (kr_hub_protocol_decode_variant (protocol, &value, G_VARIANT_TYPE_VARIANT, &error));
  g_assert_error (error, KR_HUB_ERROR, KR_HUB_ERROR_BINDING);
  g_clear_error (&error);
  g_assert_null (kr_hub_protocol_decode_node (protocol, &value, &error));
  g_assert_error (error, KR_HUB_ERROR, KR_HUB_ERROR_BINDING);
}

static GVariant *random_value (guint depth);

static char *
random_text (void)
{
  static const char *const pieces[] = { "a",
                                        "Z",
                                        "0",
                                        " ",
                                        "\"",
                                        "\\",
                                        "\n",
                                        "\t",
                                        "\x01",
                                        "\x1f",
                                        "\x7f",
                                        "\xc3\xa9",
                                        "\xe2\x82\xac",
                                        "\xf0\x9f\x98\x80",
                                        "/",
                                        "<",
                                        "\xef\xbf\xbf",
                                        "\xe2\x80\xa8" };
  guint n = g_test_rand_int_range (0, 40);
  g_autoptr (GString) text = g_string_new (NULL);

  while (n-- > 0)
    g_string_append (text, pieces[g_test_rand_int_range (0, G_N_ELEMENTS (pieces))]);
  return g_string_free (g_steal_pointer (&text), FALSE);
}

static guint64
random_bits (void)
{
  guint64 bits = (guint64) g_test_rand_int () << 32 | (guint32) g_test_rand_int ();

  /* Often small, often an edge. */
  return bits >> g_test_rand_int_range (0, 64);
}

static double
random_double (void)
{
  guint64 bits = (guint64) g_test_rand_int () << 32 | (guint32) g_test_rand_int ();
  double value;

  memcpy (&value, &bits, sizeof value);
  return isfinite (value) ? value : g_test_rand_int () / 8.0;
}

static GVariant *
random_container (guint depth)
{
  GVariantBuilder builder;
  guint n = g_test_rand_int_range (0, 6), kind = g_test_rand_int_range (0, 4);

  g_variant_builder_init (&builder, kind == 0   ? G_VARIANT_TYPE ("av")
                                    : kind == 1 ? G_VARIANT_TYPE_VARDICT
                                    : kind == 2 ? G_VARIANT_TYPE_TUPLE
                                                : G_VARIANT_TYPE ("a{xv}"));
  for (guint i = 0; i < n; i++)
    {
      g_autofree char *text = random_text (), *key = g_strdup_printf ("%u%s", i, text);

      if (kind == 0)
        g_variant_builder_add (&builder, "v", random_value (depth + 1));
      else if (kind == 1)
        g_variant_builder_add (&builder, "{sv}", key, random_value (depth + 1));
      else if (kind == 2)
        g_variant_builder_add_value (&builder, random_value (depth + 1));
      else
        g_variant_builder_add (&builder, "{xv}", (gint64) i - 2, random_value (depth + 1));
    }
  return g_variant_builder_end (&builder);
}

static GVariant *
random_value (guint depth)
{
  g_autofree char *text = NULL;

  switch (g_test_rand_int_range (0, depth < 5 ? 16 : 11))
    {
    case 0: return g_variant_new_boolean (g_test_rand_bit ());
    case 1: return g_variant_new_byte (random_bits ());
    case 2: return g_variant_new_int16 (random_bits ());
    case 3: return g_variant_new_uint16 (random_bits ());
    case 4: return g_variant_new_int32 (random_bits ());
    case 5: return g_variant_new_uint32 (random_bits ());
    case 6: return g_variant_new_int64 (random_bits ());
    case 7: return g_variant_new_uint64 (random_bits ());
    case 8: return g_variant_new_double (random_double ());
    case 9: return g_variant_new_take_string (random_text ());
    case 10:
      text = random_text ();
      return g_variant_new_fixed_array (G_VARIANT_TYPE_BYTE, text, strlen (text), 1);
    /* Nothing inside something is the same null as nothing, so no maybe in a maybe. */
    case 11: return g_variant_new_maybe (NULL, random_value (G_MAXINT));
    case 12: return g_variant_new_maybe (G_VARIANT_TYPE_STRING, NULL);
    default: return random_container (depth);
    }
}

/* Of a variant inside another neither encoding keeps the type, so that what comes back has the obvious one. Compared is
 * therefore what does not change when it makes the journey once more. */
static GVariant *
journey (KrHubProtocol *through, GVariant *value, const GVariantType *type)
{
  g_auto (KrHubBuffer) out = KR_HUB_BUFFER_INIT;
  g_auto (KrHubMessage) parsed = { 0 };
  g_autoptr (GError) error = NULL;
  KrHubMessage message = { .type = KR_HUB_MESSAGE_COMPLETION, .invocation_id = KR_HUB_SLICE_LITERAL ("1") };
  KrHubSlice body;
  GVariant *result;

  message.value = (KrHubValue) { .kind = KR_HUB_VALUE_VARIANT, .variant = value };
  g_assert_true (kr_hub_protocol_write (through, &message, &out, &error));
  g_assert_no_error (error);
  g_assert_cmpint (kr_hub_protocol_frame (through, out.data, out.len, 0, &body, NULL), ==, out.len);
  g_assert_cmpint (kr_hub_protocol_parse (through, &body, &parsed, NULL), ==, KR_HUB_PARSE_MESSAGE);
  result = kr_hub_protocol_decode_variant (through, &parsed.value.slice, type, &error);
  g_assert_no_error (error);
  return result;
}

/* The two obvious types differ in this alone: JSON has no bytes, no float that is whole, and keys are strings. */
static GVariant *
as_json_has_it (GVariant *value)
{
  return journey (kr_hub_json_protocol_get_default (), value, G_VARIANT_TYPE_VARIANT);
}

/* Typed values come back as they were, from either encoding; untyped ones agree. */
static void
test_codecs_agree (void)
{
  for (guint i = 0; i < 3000; i++)
    {
      g_autoptr (GVariant) value = g_variant_ref_sink (random_value (0));
      g_autoptr (GVariant) by_json = NULL, by_msgpack = NULL, untyped = NULL, json_untyped = NULL, both = NULL;
      const GVariantType *type = g_variant_get_type (value);

      untyped = journey (protocol, value, G_VARIANT_TYPE_VARIANT);
      json_untyped = as_json_has_it (value);
      both = as_json_has_it (untyped);
      g_assert_cmpvariant (json_untyped, both);
      /* Inside variants types are lost: only values without them can be compared with what they were. */
      if (strchr (g_variant_get_type_string (value), 'v') != NULL)
        continue;
      by_json = journey (kr_hub_json_protocol_get_default (), value, type);
      by_msgpack = journey (protocol, value, type);
      g_assert_cmpvariant (by_json, value);
      g_assert_cmpvariant (by_msgpack, value);
    }
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  protocol = kr_hub_msgpack_protocol_get_default ();
  g_test_add_func ("/krhub/msgpack-protocol/examples", test_examples);
  g_test_add_func ("/krhub/msgpack-protocol/members", test_members);
  g_test_add_func ("/krhub/msgpack-protocol/texts", test_texts);
  g_test_add_func ("/krhub/msgpack-protocol/refused", test_refused);
  g_test_add_func ("/krhub/msgpack-protocol/ignored", test_ignored);
  g_test_add_func ("/krhub/msgpack-protocol/arguments-error", test_arguments_error);
  g_test_add_func ("/krhub/msgpack-protocol/repairs-text", test_repairs_text);
  g_test_add_func ("/krhub/msgpack-protocol/every-cut", test_every_cut);
  g_test_add_func ("/krhub/msgpack-protocol/frame", test_frame);
  g_test_add_func ("/krhub/msgpack-protocol/frame-refused", test_frame_refused);
  g_test_add_func ("/krhub/msgpack-protocol/prefix-lengths", test_prefix_lengths);
  g_test_add_func ("/krhub/msgpack-protocol/decode", test_decode);
  g_test_add_func ("/krhub/msgpack-protocol/node", test_node);
  g_test_add_func ("/krhub/msgpack-protocol/encode", test_encode);
  g_test_add_func ("/krhub/msgpack-protocol/depth", test_depth);
  g_test_add_func ("/krhub/msgpack-protocol/codecs-agree", test_codecs_agree);
  return g_test_run ();
}
