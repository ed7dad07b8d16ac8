/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* KrHubMsgpackProtocol: the specification's bytes, and a test per class of what is refused. */
#include "config.h"

#include "kr-hub-arguments-private.h"
#include "kr-hub-error.h"
#include "kr-hub-framer-private.h"
#include "kr-hub-msgpack-protocol.h"
#include "msgpack-hex.h"

static KrHubProtocol *protocol;

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
  return g_test_run ();
}
