/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* krhub's JSON: each type, on one line, indented, and in colour. */
#include "config.h"

#include "krhub-json.h"

static void
assert_json (const char *variant, KrhubJsonFlags flags, const char *expected)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) value = g_variant_parse (NULL, variant, NULL, NULL, &error);
  g_autoptr (GString) text = g_string_new ("");

  g_assert_no_error (error);
  krhub_json_append (text, value, flags);
  g_assert_cmpstr (text->str, ==, expected);
}

static void
test_types (void)
{
  static const struct
  {
    const char *variant, *json;
  } cases[] = {
    { "true", "true" }, { "byte 255", "255" }, { "int16 -1", "-1" }, { "uint16 1", "1" }, { "5", "5" },
    { "int64 -9223372036854775808", "-9223372036854775808" }, { "uint64 18446744073709551615", "18446744073709551615" },
    { "1.0", "1.0" }, { "-0.0", "-0.0" }, { "0.1", "0.1" }, { "1e300", "1e+300" },
    { "0.30000000000000004", "0.30000000000000004" }, { "1e22", "1e+22" },
    { "'a\"\\\\\\n\\t\\r'", "\"a\\\"\\\\\\n\\t\\r\"" }, { "'\\u0007\\u007f\\u009b'", "\"\\u0007\\u007f\\u009b\"" },
    { "'grüße 🙂'", "\"grüße 🙂\"" }, { "objectpath '/a'", "\"/a\"" }, { "signature 'as'", "\"as\"" },
    { "<<5>>", "5" }, { "@mi nothing", "null" }, { "@mmi just nothing", "null" }, { "just 5", "5" },
    { "[1, 2]", "[1,2]" }, { "@as []", "[]" }, { "@a{sv} {}", "{}" }, { "()", "[]" }, { "(1, 'a')", "[1,\"a\"]" },
    { "{'a': <1>, 'b': <@mv nothing>}", "{\"a\":1,\"b\":null}" }, { "{int64 -1: 'a'}", "{\"-1\":\"a\"}" },
    { "{true: 1}", "{\"true\":1}" }, { "@ay [0x61, 0x62, 0xff]", "\"YWL/\"" }, { "@ay []", "\"\"" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    assert_json (cases[i].variant, KRHUB_JSON_COMPACT, cases[i].json);
}

static void
test_extremes (void)
{
  const struct
  {
    double value;
    const char *json;
  } cases[] = { { G_MAXDOUBLE * 2, "\"Infinity\"" }, { -G_MAXDOUBLE * 2, "\"-Infinity\"" },
              { 5e-324, "4.94065645841247e-324" }, { G_MAXDOUBLE, "1.7976931348623157e+308" } };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GVariant) value = g_variant_ref_sink (g_variant_new_double (cases[i].value));
      g_autoptr (GString) text = g_string_new (NULL);

      krhub_json_append (text, value, KRHUB_JSON_COMPACT);
      g_assert_cmpstr (text->str, ==, cases[i].json);
    }
}

static void
test_pretty (void)
{
  assert_json ("{'a': <[<1>, <@av []>]>, 'b': <@a{sv} {}>}", KRHUB_JSON_PRETTY,
               "{\n  \"a\": [\n    1,\n    []\n  ],\n  \"b\": {}\n}");
  assert_json ("5", KRHUB_JSON_PRETTY, "5");
}

static void
test_colour (void)
{
  assert_json ("{'a': <'b'>}", KRHUB_JSON_COLOUR, "{\033[34m\"a\"\033[0m:\033[32m\"b\"\033[0m}");
  assert_json ("[1, 2]", KRHUB_JSON_COLOUR, "[\033[36m1\033[0m,\033[36m2\033[0m]");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/json/types", test_types);
  g_test_add_func ("/json/extremes", test_extremes);
  g_test_add_func ("/json/pretty", test_pretty);
  g_test_add_func ("/json/colour", test_colour);
  return g_test_run ();
}
