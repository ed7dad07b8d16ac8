/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* Encoded values on request: texts, GVariants of a signature, nodes, and the way back into JSON. */
#include "config.h"

#include <math.h>

#include "kr-hub-arguments-private.h"
#include "kr-hub-error.h"
#include "kr-hub-json-protocol.h"

static KrHubProtocol *protocol;

static KrHubSlice
slice (const char *text)
{
  return (KrHubSlice) { text, strlen (text) };
}

static GVariant *
decode (const char *json, const char *type, GError **error)
{
  KrHubSlice value = slice (json);

  return kr_hub_protocol_decode_variant (protocol, &value, G_VARIANT_TYPE (type), error);
}

static void
test_nth (void)
{
  KrHubSlice values = slice ("\"a,]\\\"\" , [1,{\"b\":2}],null,-1.5e3"), value;
  static const char *const expected[] = { "\"a,]\\\"\" ", "[1,{\"b\":2}]", "null", "-1.5e3" };

  for (guint i = 0; i < G_N_ELEMENTS (expected); i++)
    {
      g_assert_true (kr_hub_arguments_nth (protocol, &values, i, &value));
      g_assert_cmpmem (value.data, value.len, expected[i], strlen (expected[i]));
    }
  g_assert_false (kr_hub_arguments_nth (protocol, &values, 4, &value));
  values = slice ("");
  g_assert_false (kr_hub_arguments_nth (protocol, &values, 0, &value));
}

static void
test_string (void)
{
  g_autoptr (GString) scratch = g_string_new ("old");
  g_autoptr (GError) error = NULL;
  KrHubSlice value = slice ("\"plain\""), text;

  g_assert_true (kr_hub_protocol_decode_string (protocol, &value, scratch, &text, &error));
  g_assert_true (text.data == value.data + 1);
  g_assert_cmpuint (text.len, ==, 5);
  value = slice ("\"caf\xc3\xa9\"");
  g_assert_true (kr_hub_protocol_decode_string (protocol, &value, scratch, &text, &error));
  g_assert_true (text.data == value.data + 1);
  value = slice ("\"a\\u00e9\\n\"");
  g_assert_true (kr_hub_protocol_decode_string (protocol, &value, scratch, &text, &error));
  g_assert_cmpmem (text.data, text.len, "a\xc3\xa9\n", 4);
  value = slice ("null");
  g_assert_true (kr_hub_protocol_decode_string (protocol, &value, scratch, &text, &error));
  g_assert_null (text.data);
  g_assert_no_error (error);
}

static void
test_string_refused (void)
{
  static const char *const values[] = { "1", "true",  "[\"a\"]", "{}", "\"\\ud800\"", "\"\xff\"", "\"\xed\xa0\x80\"",
                                        "",  "\"abc", "\"a\\x\"" };
  g_autoptr (GString) scratch = g_string_new (NULL);

  for (guint i = 0; i < G_N_ELEMENTS (values); i++)
    {
      g_autoptr (GError) error = NULL;
      KrHubSlice value = slice (values[i]), text;

      g_assert_false (kr_hub_protocol_decode_string (protocol, &value, scratch, &text, &error));
      g_assert_error (error, KR_HUB_ERROR, KR_HUB_ERROR_BINDING);
    }
}

static void
test_decode (void)
{
  static const struct
  {
    const char *json;
    const char *type;
    const char *expected;
  } cases[] = {
    { "255", "y", "byte 0xff" },
    { "-32768", "n", "int16 -32768" },
    { "65535", "q", "uint16 65535" },
    { "-2147483648", "i", "-2147483648" },
    { "4294967295", "u", "uint32 4294967295" },
    { "-9223372036854775808", "x", "int64 -9223372036854775808" },
    { "18446744073709551615", "t", "uint64 18446744073709551615" },
    { "1", "d", "1.0" },
    { "-1.5e3", "d", "-1500.0" },
    { "true", "b", "true" },
    { "\"x\"", "s", "'x'" },
    { "\"/a/b\"", "o", "objectpath '/a/b'" },
    { "\"a{sv}\"", "g", "signature 'a{sv}'" },
    { "\"AQID\"", "ay", "[byte 0x01, 0x02, 0x03]" },
    { "[\"AQ==\",\"\"]", "aay", "[[byte 0x01], []]" },
    { "[1,2]", "ai", "[1, 2]" },
    { "[]", "as", "@as []" },
    { "[[1],[]]", "aai", "[[1], []]" },
    { "{\"a\":1,\"b\":2,\"a\":3}", "a{si}", "{'a': 3, 'b': 2}" },
    { "{\"1\":\"x\",\"-2\":\"y\"}", "a{is}", "{1: 'x', -2: 'y'}" },
    { "{\"True\":1}", "a{bi}", "{true: 1}" },
    { "[1,\"x\",[true]]", "(is(b))", "(1, 'x', (true,))" },
    { "[]", "()", "()" },
    { "null", "mi", "@mi nothing" },
    { "5", "mi", "@mi 5" },
    { "null", "mms", "@mms nothing" },
    { "null", "s", "''" },
    { "null", "ay", "@ay []" },
    { "null", "as", "@as []" },
    { "null", "a{sv}", "@a{sv} {}" },
    { "{\"a\":1,\"b\":[\"x\",null,1.5,true,18446744073709551615,1e400],\"c\":{}}", "a{sv}",
      "{'a': <int64 1>, 'b': <[<'x'>, <@mv nothing>, <1.5>, <true>, <uint64 18446744073709551615>, <inf>]>, 'c': "
      "<@a{sv} {}>}" },
    { " 7 ", "i", "7" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (GVariant) value = decode (cases[i].json, cases[i].type, &error);
      g_autofree char *text = NULL;

      g_assert_no_error (error);
      g_assert_false (g_variant_is_floating (value));
      g_assert_true (g_variant_is_of_type (value, G_VARIANT_TYPE (cases[i].type)));
      text = g_variant_print (value, TRUE);
      g_assert_cmpstr (text, ==, cases[i].expected);
    }
}

static void
test_decode_refused (void)
{
  static const struct
  {
    const char *json;
    const char *type;
  } cases[] = {
    { "256", "y" },
    { "-1", "y" },
    { "-0", "u" },
    { "32768", "n" },
    { "65536", "q" },
    { "2147483648", "i" },
    { "1.0", "i" },
    { "1e1", "x" },
    { "9223372036854775808", "x" },
    { "18446744073709551616", "t" },
    { "\"1\"", "i" },
    { "null", "i" },
    { "null", "b" },
    { "null", "d" },
    { "null", "(i)" },
    { "null", "o" },
    { "\"1.5\"", "d" },
    { "1", "b" },
    { "1", "s" },
    { "\"a\"", "o" },
    { "\"!\"", "g" },
    { "\"\\u0000\"", "s" },
    { "\"AQI\"", "ay" },
    { "\"_-__\"", "ay" },
    { "\"AQ=I\"", "ay" },
    { "\"AR==\"", "ay" },
    { "\"====\"", "ay" },
    { "[1]", "ay" },
    { "{}", "as" },
    { "[]", "a{sv}" },
    { "[1,\"2\"]", "ai" },
    { "{\"a\":\"b\"}", "a{si}" },
    { "{\"x\":1}", "a{ii}" },
    { "{\"1.5\":1}", "a{ii}" },
    { "{\"\":1}", "a{ii}" },
    { "[1]", "(ii)" },
    { "[1,2,3]", "(ii)" },
    { "1", "h" },
    { "", "i" },
    { "tru", "b" },
    { "[1,]", "ai" },
    { "[1", "ai" },
    { "{\"a\":1,}", "a{si}" },
    { "01", "i" },
    { "1", "a{sv}" },
    { "x", "v" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GError) error = NULL;

      g_assert_null (decode (cases[i].json, cases[i].type, &error));
      g_assert_error (error, KR_HUB_ERROR, KR_HUB_ERROR_BINDING);
      g_assert_null (decode (cases[i].json, cases[i].type, NULL));
    }
}

/* What callers of a client's method see of an answer that does not fit: the text of .NET's JsonException. */
static void
test_error_text (void)
{
  static const struct
  {
    const char *json;
    const char *type;
    const char *message;
  } cases[] = {
    { "1", "s",
      "The JSON value could not be converted to System.String. Path: $ | LineNumber: 0 | BytePositionInLine: 1." },
    { "1.0 ", "i",
      "The JSON value could not be converted to System.Int32. Path: $ | LineNumber: 0 | BytePositionInLine: 3." },
    { "null", "x",
      "The JSON value could not be converted to System.Int64. Path: $ | LineNumber: 0 | BytePositionInLine: 4." },
    { "[1]", "s",
      "The JSON value could not be converted to System.String. Path: $ | LineNumber: 0 | BytePositionInLine: 1." },
    { "{\"a\":1}", "b",
      "The JSON value could not be converted to System.Boolean. Path: $ | LineNumber: 0 | BytePositionInLine: 1." },
    { "\"\\ud800\"", "s",
      "The JSON value could not be converted to System.String. Path: $ | LineNumber: 0 | BytePositionInLine: 8." },
    { "\"\xff\"", "s",
      "The JSON value could not be converted to System.String. Path: $ | LineNumber: 0 | BytePositionInLine: 3." },
  };
  g_autoptr (GString) scratch = g_string_new (NULL);

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GError) error = NULL;
      KrHubSlice value = slice (cases[i].json), text;

      g_assert_null (decode (cases[i].json, cases[i].type, &error));
      g_assert_cmpstr (error->message, ==, cases[i].message);
      g_clear_error (&error);
      if (*cases[i].type != 's')
        continue;
      g_assert_false (kr_hub_protocol_decode_string (protocol, &value, scratch, &text, &error));
      g_assert_cmpstr (error->message, ==, cases[i].message);
    }
}

static void
assert_binding (const char *values, guint n_values, const char *signature, const char *expected, const char *message)
{
  g_autoptr (GError) error = NULL;
  KrHubSlice encoded = slice (values);
  g_autoptr (GVariant) bound =
    kr_hub_arguments_to_variant (protocol, &encoded, n_values, G_VARIANT_TYPE (signature), &error);

  if (expected != NULL)
    {
      g_autofree char *text = NULL;

      g_assert_no_error (error);
      text = g_variant_print (bound, FALSE);
      g_assert_cmpstr (text, ==, expected);
      return;
    }
  g_assert_null (bound);
  g_assert_error (error, KR_HUB_ERROR, KR_HUB_ERROR_BINDING);
  g_assert_cmpstr (error->message, ==, message);
}

#define WRONG_TYPES                                                                                                    \
  "InvalidDataException: Error binding arguments. Make sure that the types of the provided values match the "          \
  "types of the hub method being invoked."

/* A wrong type is reported before a wrong number, as .NET does. */
static void
test_binding (void)
{
  assert_binding ("", 0, "()", "()", NULL);
  assert_binding ("1,\"x\"", 2, "(is)", "(1, 'x')", NULL);
  assert_binding ("1", 1, "(is)", NULL,
                  "InvalidDataException: Invocation provides 1 argument(s) but target expects 2.");
  assert_binding ("1,\"x\",2", 3, "(is)", NULL,
                  "InvalidDataException: Invocation provides 3 argument(s) but target expects 2.");
  assert_binding ("", 0, "(s)", NULL, "InvalidDataException: Invocation provides 0 argument(s) but target expects 1.");
  assert_binding ("\"x\"", 1, "(i)", NULL, WRONG_TYPES);
  assert_binding ("\"x\"", 1, "(ii)", NULL, WRONG_TYPES);
  assert_binding ("\"x\",1", 2, "(i)", NULL, WRONG_TYPES);
}

static char *
encode (GVariant *variant)
{
  g_auto (KrHubBuffer) out = KR_HUB_BUFFER_INIT;
  g_autoptr (GError) error = NULL;
  KrHubMessage message = { .type = KR_HUB_MESSAGE_COMPLETION, .invocation_id = KR_HUB_SLICE_LITERAL ("0") };
  static const char before[] = "{\"type\":3,\"invocationId\":\"0\",\"result\":";

  message.value = (KrHubValue) { .kind = KR_HUB_VALUE_VARIANT, .variant = variant };
  g_assert_true (kr_hub_protocol_write (protocol, &message, &out, &error));
  g_assert_no_error (error);
  g_assert_cmpmem (out.data, sizeof before - 1, before, sizeof before - 1);
  g_assert_cmpmem (out.data + out.len - 2, 2, "}\x1e", 2);
  return g_strndup ((char *) out.data + sizeof before - 1, out.len - sizeof before - 1);
}

/* The shortest digits that read back as the same number, in .NET's notation. */
static void
test_encode_double (void)
{
  static const struct
  {
    double value;
    const char *json;
  } cases[] = {
    { 1.0, "1" },
    { -0.0, "-0" },
    { 0.1, "0.1" },
    { 1.5, "1.5" },
    { -123456.789, "-123456.789" },
    { 1e15, "1000000000000000" },
    { 1e16, "10000000000000000" },
    { 9007199254740993.0, "9007199254740992" },
    { 123456789012345680.0, "1.2345678901234568E+17" },
    { 999999999999999.9, "999999999999999.9" },
    { 0.0001, "0.0001" },
    { 0.00001, "1E-05" },
    { 0.000012345, "1.2345E-05" },
    { -1e-7, "-1E-07" },
    { 1e21, "1E+21" },
    { 1e300, "1E+300" },
    { 5e-324, "5E-324" },
    { 2e-308, "2E-308" },
    { 1.7976931348623157e308, "1.7976931348623157E+308" },
    { 0.3333333333333333, "0.3333333333333333" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GVariant) variant = g_variant_ref_sink (g_variant_new_double (cases[i].value));
      g_autofree char *json = encode (variant);

      g_assert_cmpstr (json, ==, cases[i].json);
    }
}

/* Any double survives. */
static void
test_double_round_trip (void)
{
  for (guint i = 0; i < 20000; i++)
    {
      union
      {
        guint64 bits;
        double value;
      } random = { .bits = (guint64) g_test_rand_int () << 32 | (guint32) g_test_rand_int () };
      g_autoptr (GVariant) variant = NULL, again = NULL;
      g_autofree char *json = NULL;

      if (!isfinite (random.value))
        continue;
      variant = g_variant_ref_sink (g_variant_new_double (random.value));
      json = encode (variant);
      again = decode (json, "d", NULL);
      g_assert_cmpvariant (variant, again);
    }
}

/* What GVariants look like in JSON. */
static void
test_encode (void)
{
  static const struct
  {
    const char *variant;
    const char *json;
  } cases[] = {
    { "byte 0xff", "255" },
    { "int64 -9223372036854775808", "-9223372036854775808" },
    { "uint64 18446744073709551615", "18446744073709551615" },
    { "true", "true" },
    { "'a\"\\\\\\n\\u001f\\u007f\\u00e9\\U0001F600'", "\"a\\\"\\\\\\n\\u001F\x7f\xc3\xa9\xf0\x9f\x98\x80\"" },
    { "'\\b\\t\\f\\r\\u000b'", "\"\\b\\t\\f\\r\\u000B\"" },
    { "objectpath '/a'", "\"/a\"" },
    { "signature 'as'", "\"as\"" },
    { "@ay []", "\"\"" },
    { "[byte 1, 2, 3]", "\"AQID\"" },
    { "[byte 1, 2]", "\"AQI=\"" },
    { "[[byte 1]]", "[\"AQ==\"]" },
    { "@as []", "[]" },
    { "[1, 2]", "[1,2]" },
    { "(1, 'x', (true,))", "[1,\"x\",[true]]" },
    { "()", "[]" },
    { "{'a': <1>, 'b': <'x'>}", "{\"a\":1,\"b\":\"x\"}" },
    { "@a{sv} {}", "{}" },
    { "{1: 'x'}", "{\"1\":\"x\"}" },
    { "{true: 'x'}", "{\"True\":\"x\"}" },
    { "{'a', 1}", "{\"a\":1}" },
    { "@mi nothing", "null" },
    { "@mi 5", "5" },
    { "@mmi just nothing", "null" },
    { "<<<1>>>", "1" },
    { "<@mv nothing>", "null" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (GVariant) variant = g_variant_parse (NULL, cases[i].variant, NULL, NULL, &error);
      g_autofree char *json = NULL;

      g_assert_no_error (error);
      json = encode (variant);
      g_assert_cmpstr (json, ==, cases[i].json);
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

static gboolean
can_write (GVariant *result, GError **error)
{
  g_autoptr (GVariant) value = g_variant_ref_sink (result);
  g_auto (KrHubBuffer) out = KR_HUB_BUFFER_INIT;
  KrHubMessage message = { .type = KR_HUB_MESSAGE_COMPLETION, .invocation_id = KR_HUB_SLICE_LITERAL ("0") };
  gboolean written;

  message.value = (KrHubValue) { .kind = KR_HUB_VALUE_VARIANT, .variant = value };
  kr_hub_buffer_append_literal (&out, "before");
  written = kr_hub_protocol_write (protocol, &message, &out, error);
  if (!written)
    g_assert_cmpmem (out.data, out.len, "before", 6);
  return written;
}

static void
test_encode_refused (void)
{
  GVariant *const values[] = { g_variant_new_double (NAN),       g_variant_new_double (INFINITY),
                               g_variant_new_double (-INFINITY), g_variant_new_handle (0),
                               g_variant_new ("(sd)", "x", NAN), new_deep (64) };

  for (guint i = 0; i < G_N_ELEMENTS (values); i++)
    {
      g_autoptr (GError) error = NULL;

      g_assert_false (can_write (values[i], &error));
      g_assert_error (error, KR_HUB_ERROR, KR_HUB_ERROR_BINDING);
    }
}

/* What we write at the deepest, the other end can read: the message itself is one level. */
static void
test_depth (void)
{
  g_autoptr (GError) error = NULL;

  g_assert_true (can_write (new_deep (63), &error));
  g_assert_no_error (error);
}

static void
test_node (void)
{
  static const char *const texts[] = { "null",
                                       "true",
                                       "1",
                                       "-9223372036854775808",
                                       "1.5",
                                       "\"a\\\"\xc3\xa9\"",
                                       "[]",
                                       "{}",
                                       "[1,[null],{\"a\":{\"b\":\"c\"}}]",
                                       "1E+300" };

  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    {
      g_autoptr (GError) error = NULL;
      g_auto (KrHubBuffer) out = KR_HUB_BUFFER_INIT;
      KrHubSlice value = slice (texts[i]);
      g_autoptr (JsonNode) node = kr_hub_protocol_decode_node (protocol, &value, &error);

      g_assert_no_error (error);
      g_assert_true (kr_hub_protocol_encode_node (protocol, node, &out, &error));
      g_assert_no_error (error);
      g_assert_cmpmem (out.data, out.len, texts[i], strlen (texts[i]));
    }
}

static void
test_node_refused (void)
{
  static const char *const texts[] = {
    "", "x", "[1,]", "{\"a\"}", "\"\\ud800\"", "\"\\u0000\"", "{\"\\u0000\":1}", "[\"\xff\"]"
  };
  g_autoptr (JsonNode) infinite = json_node_init_double (json_node_alloc (), INFINITY);
  g_auto (KrHubBuffer) out = KR_HUB_BUFFER_INIT;
  g_autoptr (GError) error = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    {
      KrHubSlice value = slice (texts[i]);

      g_assert_null (kr_hub_protocol_decode_node (protocol, &value, &error));
      g_assert_error (error, KR_HUB_ERROR, KR_HUB_ERROR_BINDING);
      g_clear_error (&error);
    }
  g_assert_false (kr_hub_protocol_encode_node (protocol, infinite, &out, &error));
  g_assert_error (error, KR_HUB_ERROR, KR_HUB_ERROR_BINDING);
  g_assert_cmpuint (out.len, ==, 0);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  protocol = kr_hub_json_protocol_get_default ();
  g_test_add_func ("/krhub/arguments/nth", test_nth);
  g_test_add_func ("/krhub/arguments/string", test_string);
  g_test_add_func ("/krhub/arguments/string-refused", test_string_refused);
  g_test_add_func ("/krhub/arguments/decode", test_decode);
  g_test_add_func ("/krhub/arguments/decode-refused", test_decode_refused);
  g_test_add_func ("/krhub/arguments/error-text", test_error_text);
  g_test_add_func ("/krhub/arguments/binding", test_binding);
  g_test_add_func ("/krhub/arguments/encode", test_encode);
  g_test_add_func ("/krhub/arguments/encode-double", test_encode_double);
  g_test_add_func ("/krhub/arguments/double-round-trip", test_double_round_trip);
  g_test_add_func ("/krhub/arguments/encode-refused", test_encode_refused);
  g_test_add_func ("/krhub/arguments/depth", test_depth);
  g_test_add_func ("/krhub/arguments/node", test_node);
  g_test_add_func ("/krhub/arguments/node-refused", test_node_refused);
  return g_test_run ();
}
