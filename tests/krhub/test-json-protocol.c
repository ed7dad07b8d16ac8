/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* KrHubJsonProtocol: every message type, both ways, and a test per class of what is refused. */
#include "config.h"

#include "kr-hub-error.h"
#include "kr-hub-json-protocol.h"

static KrHubProtocol *protocol;

static KrHubParseResult
parse (const char *text, KrHubMessage *message, GError **error)
{
  KrHubSlice body = { text, strlen (text) };

  return kr_hub_protocol_parse (protocol, &body, message, error);
}

static void
assert_slice (const KrHubSlice *slice, const char *expected)
{
  if (expected == NULL)
    g_assert_null (slice->data);
  else
    g_assert_cmpmem (slice->data, slice->len, expected, strlen (expected));
}

static char *
write_text (const KrHubMessage *message)
{
  g_auto (KrHubBuffer) out = KR_HUB_BUFFER_INIT;
  g_autoptr (GError) error = NULL;

  g_assert_true (kr_hub_protocol_write (protocol, message, &out, &error));
  g_assert_no_error (error);
  g_assert_cmpuint (out.data[out.len - 1], ==, 0x1e);
  return g_strndup ((const char *) out.data, out.len - 1);
}

/* Written as .NET writes them: parsing and writing again must not change a byte. */
static void
test_round_trip (void)
{
  static const char *const texts[] = {
    "{\"type\":1,\"target\":\"Broadcast\",\"arguments\":[\"x\"]}",
    "{\"type\":1,\"invocationId\":\"0\",\"target\":\"Echo\",\"arguments\":[]}",
    "{\"type\":1,\"headers\":{\"a\":\"b\"},\"invocationId\":\"0\",\"target\":\"Up\",\"arguments\":[1,null,{\"a\":[]}]}",
    "{\"type\":1,\"invocationId\":\"0\",\"target\":\"Up\",\"arguments\":[\"a\"],\"streamIds\":[\"1\",\"2\"]}",
    "{\"type\":2,\"invocationId\":\"0\",\"item\":42}",
    "{\"type\":2,\"headers\":{},\"invocationId\":\"0\",\"item\":null}",
    "{\"type\":3,\"invocationId\":\"0\",\"result\":42}",
    "{\"type\":3,\"invocationId\":\"0\",\"result\":null}",
    "{\"type\":3,\"invocationId\":\"0\"}",
    "{\"type\":3,\"invocationId\":\"0\",\"error\":\"It \\\"failed\\\"\"}",
    "{\"type\":4,\"invocationId\":\"0\",\"target\":\"Count\",\"arguments\":[10]}",
    "{\"type\":5,\"invocationId\":\"0\"}",
    "{\"type\":6}",
    "{\"type\":7}",
    "{\"type\":7,\"allowReconnect\":true}",
    "{\"type\":7,\"error\":\"Connection closed with an error.\",\"allowReconnect\":true}",
    "{\"type\":8,\"sequenceId\":36}",
    "{\"type\":9,\"sequenceId\":9223372036854775807}",
  };

  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    {
      g_auto (KrHubMessage) message = { 0 };
      g_autoptr (GError) error = NULL;
      g_autofree char *text = NULL;

      g_assert_cmpint (parse (texts[i], &message, &error), ==, KR_HUB_PARSE_MESSAGE);
      g_assert_no_error (error);
      g_assert_cmpint (message.type, ==, g_ascii_digit_value (texts[i][8]));
      text = write_text (&message);
      g_assert_cmpstr (text, ==, texts[i]);
    }
}

static void
test_any_order (void)
{
  g_auto (KrHubMessage) message = { 0 };
  g_autoptr (GError) error = NULL;

  g_assert_cmpint (parse (" {\n\"arguments\" : [ \"a\" , 2 ] , \"target\":\"Echo\", "
                          "\"x\":{\"y\":[1,{}]},\"invocationId\":\"7\",\"type\":1 } ",
                          &message, &error),
                   ==, KR_HUB_PARSE_MESSAGE);
  g_assert_no_error (error);
  assert_slice (&message.target, "Echo");
  assert_slice (&message.invocation_id, "7");
  g_assert_cmpuint (message.n_arguments, ==, 2);
}

static void
test_strings (void)
{
  g_auto (KrHubMessage) message = { 0 };
  g_autoptr (GError) error = NULL;

  g_assert_cmpint (
      parse ("{\"type\":1,\"tar\\u0067et\":\"E\\u00e9\\ud83d\\ude00\\n\",\"invocationId\":\"\\\"\",\"arguments\":[]}",
             &message, &error),
      ==, KR_HUB_PARSE_MESSAGE);
  g_assert_no_error (error);
  assert_slice (&message.target, "E\xc3\xa9\xf0\x9f\x98\x80\n");
  assert_slice (&message.invocation_id, "\"");
}

/* Cut anywhere, a message is refused, and nothing is read behind the cut (ASan). */
static void
test_every_cut (void)
{
  static const char whole[] =
      "{\"type\":1,\"headers\":{\"a\":\"b\"},\"invocationId\":\"\\u0030\",\"x\":-1.5e+3,\"target\":\"Echo\","
      "\"arguments\":[\"0123456789abcdef\\n\",true,null,{}],\"streamIds\":[\"1\"]}";

  for (gsize len = 0; len < sizeof whole - 1; len++)
    {
      g_autofree char *copy = g_memdup2 (whole, MAX (len, 1));
      g_auto (KrHubMessage) message = { 0 };
      g_autoptr (GError) error = NULL;
      KrHubSlice body = { copy, len };

      g_assert_cmpint (kr_hub_protocol_parse (protocol, &body, &message, &error), ==, KR_HUB_PARSE_ERROR);
      g_assert_error (error, KR_HUB_ERROR, KR_HUB_ERROR_MALFORMED);
      g_assert_cmpstr (error->message, ==, "InvalidDataException: Error reading JSON.");
    }
}

/* Strings are looked at sixteen bytes at a time: each length, with each unusual character at each place. */
static void
test_every_length (void)
{
  static const char *const unusual[] = { "x", "\\n", "\\\"", "\xc3\xa9" };
  static const char *const decoded[] = { "x", "\n", "\"", "\xc3\xa9" };

  for (guint length = 0; length < 40; length++)
    for (guint place = 0; place <= length; place++)
      for (guint i = 0; i < G_N_ELEMENTS (unusual); i++)
        {
          g_autofree char *filler = g_strnfill (length, 'a');
          g_autofree char *text = g_strdup_printf ("{\"type\":5,\"invocationId\":\"%.*s%s%s\"}", (int) place, filler,
                                                   unusual[i], filler + place);
          g_autofree char *expected = g_strdup_printf ("%.*s%s%s", (int) place, filler, decoded[i], filler + place);
          g_autofree char *copy = g_memdup2 (text, strlen (text));
          g_autofree char *written = NULL;
          g_auto (KrHubMessage) message = { 0 };
          KrHubSlice body = { copy, strlen (text) };

          g_assert_cmpint (kr_hub_protocol_parse (protocol, &body, &message, NULL), ==, KR_HUB_PARSE_MESSAGE);
          assert_slice (&message.invocation_id, expected);
          written = write_text (&message);
          g_assert_cmpstr (written, ==, text);
        }
}

/* Only the invocation fails, and its id is known. */
static void
test_arguments_error (void)
{
  g_auto (KrHubMessage) message = { 0 };
  g_autoptr (GError) error = NULL;

  g_assert_cmpint (
      parse ("{\"type\":1,\"target\":\"Echo\",\"arguments\":[\"a\",],\"invocationId\":\"7\"}", &message, &error), ==,
      KR_HUB_PARSE_MESSAGE);
  g_assert_no_error (error);
  g_assert_error (message.arguments_error, KR_HUB_ERROR, KR_HUB_ERROR_BINDING);
  g_assert_true (g_str_has_prefix (message.arguments_error->message,
                                   "JsonReaderException: The JSON array contains a trailing comma"));
  assert_slice (&message.invocation_id, "7");
}

/* A peer's nesting is bounded, and has its own error. */
static void
test_too_deep (void)
{
  g_autofree char *open = g_strnfill (64, '[');
  g_autofree char *text = g_strdup_printf ("{\"type\":6,\"x\":%s", open);
  g_auto (KrHubMessage) message = { 0 };
  g_autoptr (GError) error = NULL;

  g_assert_cmpint (parse (text, &message, &error), ==, KR_HUB_PARSE_ERROR);
  g_assert_error (error, KR_HUB_ERROR, KR_HUB_ERROR_TOO_LARGE);
}

static void
test_stream_ids (void)
{
  g_auto (KrHubMessage) message = { 0 };
  g_autoptr (GString) scratch = g_string_new (NULL);
  KrHubSlice rest, value, text;

  g_assert_cmpint (
      parse ("{\"type\":1,\"target\":\"Up\",\"arguments\":[],\"streamIds\":[ \"a\" , \"\\u0062\" ]}", &message, NULL),
      ==, KR_HUB_PARSE_MESSAGE);
  g_assert_cmpuint (message.n_stream_ids, ==, 2);
  rest = message.stream_ids;
  g_assert_true (kr_hub_protocol_next_value (protocol, &rest, &value));
  g_assert_true (kr_hub_protocol_decode_string (protocol, &value, scratch, &text, NULL));
  assert_slice (&text, "a");
  g_assert_true (kr_hub_protocol_next_value (protocol, &rest, &value));
  g_assert_true (kr_hub_protocol_decode_string (protocol, &value, scratch, &text, NULL));
  assert_slice (&text, "b");
  g_assert_false (kr_hub_protocol_next_value (protocol, &rest, &value));
}

/* What .NET leaves out, and what it never leaves out. */
static void
test_write (void)
{
  g_autoptr (GVariant) arguments = g_variant_ref_sink (g_variant_new ("(si)", "x", 5));
  const struct
  {
    KrHubMessage message;
    const char *text;
  } cases[] = {
    { { .type = KR_HUB_MESSAGE_INVOCATION, .target = KR_HUB_SLICE_LITERAL ("Echo"), .invocation_id = { "", 0 } },
      "{\"type\":1,\"target\":\"Echo\",\"arguments\":[]}" },
    { { .type = KR_HUB_MESSAGE_INVOCATION,
        .target = KR_HUB_SLICE_LITERAL ("Echo"),
        .value = { .kind = KR_HUB_VALUE_VARIANT, .variant = arguments } },
      "{\"type\":1,\"target\":\"Echo\",\"arguments\":[\"x\",5]}" },
    { { .type = KR_HUB_MESSAGE_STREAM_ITEM, .invocation_id = KR_HUB_SLICE_LITERAL ("1") },
      "{\"type\":2,\"invocationId\":\"1\",\"item\":null}" },
    { { .type = KR_HUB_MESSAGE_COMPLETION,
        .invocation_id = KR_HUB_SLICE_LITERAL ("1"),
        .value = { .kind = KR_HUB_VALUE_NULL } },
      "{\"type\":3,\"invocationId\":\"1\",\"result\":null}" },
    { { .type = KR_HUB_MESSAGE_COMPLETION, .invocation_id = KR_HUB_SLICE_LITERAL ("1"), .error = { "", 0 } },
      "{\"type\":3,\"invocationId\":\"1\"}" },
    { { .type = KR_HUB_MESSAGE_COMPLETION,
        .invocation_id = KR_HUB_SLICE_LITERAL ("1"),
        .error = KR_HUB_SLICE_LITERAL ("e"),
        .value = { .kind = KR_HUB_VALUE_NULL } },
      "{\"type\":3,\"invocationId\":\"1\",\"error\":\"e\"}" },
    { { .type = KR_HUB_MESSAGE_COMPLETION,
        .invocation_id = KR_HUB_SLICE_LITERAL ("1"),
        .value = { .kind = KR_HUB_VALUE_STRING, .slice = KR_HUB_SLICE_LITERAL ("a\nb") } },
      "{\"type\":3,\"invocationId\":\"1\",\"result\":\"a\\nb\"}" },
    { { .type = KR_HUB_MESSAGE_CLOSE }, "{\"type\":7}" },
    { { .type = KR_HUB_MESSAGE_PING }, "{\"type\":6}" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *text = write_text (&cases[i].message);

      g_assert_cmpstr (text, ==, cases[i].text);
    }
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  protocol = kr_hub_json_protocol_get_default ();
  g_test_add_func ("/krhub/json-protocol/round-trip", test_round_trip);
  g_test_add_func ("/krhub/json-protocol/any-order", test_any_order);
  g_test_add_func ("/krhub/json-protocol/strings", test_strings);
  g_test_add_func ("/krhub/json-protocol/every-cut", test_every_cut);
  g_test_add_func ("/krhub/json-protocol/every-length", test_every_length);
  g_test_add_func ("/krhub/json-protocol/arguments-error", test_arguments_error);
  g_test_add_func ("/krhub/json-protocol/too-deep", test_too_deep);
  g_test_add_func ("/krhub/json-protocol/stream-ids", test_stream_ids);
  g_test_add_func ("/krhub/json-protocol/write", test_write);
  return g_test_run ();
}
