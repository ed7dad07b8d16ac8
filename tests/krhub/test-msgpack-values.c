/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* KrHubMsgpackProtocol: values of each type, in both directions. */
#include "config.h"

#include "kr-hub-error.h"
#include "kr-hub-json-protocol.h"
#include "kr-hub-msgpack-protocol.h"
#include "msgpack-hex.h"

static KrHubProtocol *protocol;

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

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  protocol = kr_hub_msgpack_protocol_get_default ();
  g_test_add_func ("/krhub/msgpack-values/decode", test_decode);
  g_test_add_func ("/krhub/msgpack-values/node", test_node);
  g_test_add_func ("/krhub/msgpack-values/encode", test_encode);
  g_test_add_func ("/krhub/msgpack-values/depth", test_depth);
  return g_test_run ();
}
