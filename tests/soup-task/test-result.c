/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* What a task returned, as JSON that every reader takes. */
#include "config.h"

#include <json-glib/json-glib.h>
#include <string.h>

#include "kr-task-soup-result-private.h"
#include "kr-test.h"

static const struct
{
  const char *value;
  const char *text;
} cases[] = {
  { "true", "true" },
  { "byte 0xff", "255" },
  { "int16 -32768", "-32768" },
  { "uint16 65535", "65535" },
  { "-2147483648", "-2147483648" },
  { "uint32 4294967295", "4294967295" },
  { "handle 7", "7" },
  { "int64 -9223372036854775808", "-9223372036854775808" },
  { "uint64 18446744073709551615", "18446744073709551615" },
  { "1.5", "1.5" },
  { "2.0", "2.0" },
  { "-0.25", "-0.25" },
  { "nan", "null" },
  { "inf", "null" },
  { "[1.0, -inf]", "[1.0,null]" },
  { "'a \"quoted\"\\n\\u00e4'", "\"a \\\"quoted\\\"\\nä\"" },
  { "objectpath '/a/b'", "\"/a/b\"" },
  { "signature 'a{sv}'", "\"a{sv}\"" },
  { "<<'x'>>", "\"x\"" },
  { "@mi nothing", "null" },
  { "@mms just nothing", "null" },
  { "@mi 3", "3" },
  { "()", "[]" },
  { "(1, 'x', [true])", "[1,\"x\",[true]]" },
  { "@ai []", "[]" },
  { "@a{sv} {}", "{}" },
  { "{'a': <1>, 'b\\t': <['x']>}", "{\"a\":1,\"b\\t\":[\"x\"]}" },
  { "{1: true, 2: false}", "{\"1\":true,\"2\":false}" },
  { "{objectpath '/': 1}", "{\"/\":1}" },
  { "{'k', 5}", "{\"k\":5}" },
};

static void
test_values (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (GVariant) value = g_variant_parse (NULL, cases[i].value, NULL, NULL, &error);
      g_autoptr (JsonNode) node = NULL;
      g_autofree char *text = NULL;

      g_assert_no_error (error);
      text = kr_task_soup_result_to_text (value);
      g_assert_cmpstr (text, ==, cases[i].text);
      node = json_from_string (text, &error);
      g_assert_no_error (error);
    }
}

static void
test_nothing (void)
{
  g_autofree char *text = kr_task_soup_result_to_text (NULL);

  g_assert_cmpstr (text, ==, "null");
}

/* One level is one call. */
static void
test_deep (void)
{
  g_autoptr (GVariant) value = g_variant_ref_sink (g_variant_new_int32 (1));
  g_autofree char *text = NULL;

  for (guint i = 0; i < 60; i++)
    {
      GVariant *outer = g_variant_ref_sink (g_variant_new_array (NULL, &value, 1));

      g_variant_unref (value);
      value = outer;
    }
  text = kr_task_soup_result_to_text (value);
  g_assert_cmpuint (strlen (text), ==, 2 * 60 + 1);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/result/values", test_values);
  g_test_add_func ("/result/nothing", test_nothing);
  g_test_add_func ("/result/deep", test_deep);
  return g_test_run ();
}
