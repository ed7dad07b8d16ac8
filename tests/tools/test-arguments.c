/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* krhub's arguments: what is JSON, what GVariant text, what a string, what a file, and what is refused. */
#include "config.h"

#include <glib/gstdio.h>

#include "krhub-arguments.h"

typedef struct
{
  const char *text;
  const char *value;    /* as GVariant text with types; NULL: refused */
} Case;

static void
assert_value (const char *text, KrhubArgumentsKind kind, const char *expected)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) value = krhub_arguments_parse_value (text, kind, &error);
  g_autofree char *printed = value != NULL ? g_variant_print (value, TRUE) : NULL;
  g_autofree char *shown = g_strescape (text, NULL);

  g_test_message ("%.60s", shown);
  g_assert_cmpstr (printed, ==, expected);
  if (expected == NULL)
    g_assert_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE);
  else
    g_assert_no_error (error);
}

static void
test_guess (void)
{
  static const Case cases[] = {
    /* JSON */
    { "5", "<int64 5>" }, { "-5", "<int64 -5>" }, { " 5\n", "<int64 5>" }, { "1.5", "<1.5>" }, { "1e3", "<1000.0>" },
    { "9223372036854775807", "<int64 9223372036854775807>" },
    { "18446744073709551615", "<uint64 18446744073709551615>" },
    { "true", "<true>" }, { "null", "<@mv nothing>" }, { "\"5\"", "<'5'>" }, { "\"\\u00e9\"", "<'é'>" },
    { "[]", "<@av []>" }, { "[1,\"a\"]", "<[<int64 1>, <'a'>]>" }, { "{\"a\":null}", "<{'a': <@mv nothing>}>" },
    /* GVariant text, where it begins as such */
    { "int64 5", "<int64 5>" }, { "byte 5", "<byte 0x05>" }, { "@as []", "<@as []>" }, { "'it'", "<'it'>" },
    { "(1, 'a')", "<(1, 'a')>" }, { "<5>", "<<5>>" }, { "[1, 2]", "<[<int64 1>, <int64 2>]>" }, { "['a']", "<['a']>" },
    { "{'a': 1}", "<{'a': 1}>" }, { "b'ab'", "<b'ab'>" }, { "string 'a'", "<'a'>" },
    /* Strings */
    { "hello", "<'hello'>" }, { "hello world", "<'hello world'>" }, { "", "<''>" }, { "'tis", "<\"'tis\">" },
    { "(555) 12", "<'(555) 12'>" }, { "<b>", "<'<b>'>" }, { "just 5", "<'just 5'>" }, { "nothing", "<'nothing'>" },
    { "0x10", "<'0x10'>" }, { "01", "<'01'>" }, { ".5", "<'.5'>" }, { "+5", "<'+5'>" },
    { "NaN", "<'NaN'>" }, { "inf", "<'inf'>" },
    { "5 apples", "<'5 apples'>" }, { "1,2", "<'1,2'>" }, { "true story", "<'true story'>" },
    { "nullable", "<'nullable'>" },
    { "string theory", "<'string theory'>" }, { "double 3x", "<'double 3x'>" }, { "@home", "<'@home'>" },
    { "2026-11-24", "<'2026-11-24'>" }, { "grüße", "<'grüße'>" },
    /* Meant to be JSON */
    { "{\"a\":", NULL }, { "{", NULL }, { "[1,", NULL }, { "[1] 2", NULL }, { "\"open", NULL }, { "\"a\" b", NULL },
    { "{\"a\":1}}", NULL }, { "\"\\u0000\"", NULL }, { "[tru]", NULL },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    assert_value (cases[i].text, KRHUB_ARGUMENTS_GUESS, cases[i].value);
}

static void
test_gvariant (void)
{
  assert_value ("5", KRHUB_ARGUMENTS_GVARIANT, "<5>");
  assert_value ("just 5", KRHUB_ARGUMENTS_GVARIANT, "<@mi 5>");
  assert_value ("\"a\"", KRHUB_ARGUMENTS_GVARIANT, "<'a'>");
  assert_value ("hello", KRHUB_ARGUMENTS_GVARIANT, NULL);
  assert_value ("", KRHUB_ARGUMENTS_GVARIANT, NULL);
  assert_value ("[", KRHUB_ARGUMENTS_GVARIANT, NULL);
  assert_value ("nothing", KRHUB_ARGUMENTS_GVARIANT, NULL);
}

static void
test_text (void)
{
  assert_value ("5", KRHUB_ARGUMENTS_TEXT, "<'5'>");
  assert_value ("{", KRHUB_ARGUMENTS_TEXT, "<'{'>");
  assert_value ("@file", KRHUB_ARGUMENTS_TEXT, "<'@file'>");
  assert_value ("\xff", KRHUB_ARGUMENTS_TEXT, NULL);
  assert_value ("\xff", KRHUB_ARGUMENTS_GUESS, NULL);
}

static void
test_depth (void)
{
  g_autoptr (GString) text = g_string_new (NULL);

  for (guint i = 0; i < 100000; i++)
    g_string_append_c (text, '[');
  assert_value (text->str, KRHUB_ARGUMENTS_GUESS, NULL);
  assert_value (text->str, KRHUB_ARGUMENTS_GVARIANT, NULL);
}

/* --- files --- */

static void
assert_arguments (const char *first, const char *second, KrhubArgumentsKind kind, const char *expected)
{
  char *texts[] = { (char *) first, (char *) second, NULL };
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) values = krhub_arguments_parse (texts, kind, &error);
  g_autofree char *printed = values != NULL ? g_variant_print (values, FALSE) : NULL;

  g_assert_cmpstr (printed, ==, expected);
  if (expected == NULL)
    g_assert_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE);
}

static void
test_files (void)
{
  g_autofree char *folder = g_dir_make_tmp ("krhub-XXXXXX", NULL);
  g_autofree char *path = g_build_filename (folder, "value", NULL);
  g_autofree char *argument = g_strconcat ("@", path, NULL);
  g_autofree char *missing = g_strconcat ("@", folder, "/missing", NULL);
  const struct
  {
    const char *contents;
    gssize length;
    KrhubArgumentsKind kind;
    const char *expected;
  } cases[] = {
    { "{\"a\": [1]}\n", -1, KRHUB_ARGUMENTS_GUESS, "(<{'a': <[<int64 1>]>}>, <'x'>)" },
    { "@as ['b']\n", -1, KRHUB_ARGUMENTS_GUESS, "(<['b']>, <'x'>)" },
    { "only words\n", -1, KRHUB_ARGUMENTS_GUESS, NULL },
    { "", -1, KRHUB_ARGUMENTS_GUESS, NULL },
    { "5\0006", 3, KRHUB_ARGUMENTS_GUESS, NULL },
    { "\"\xff\"", -1, KRHUB_ARGUMENTS_GUESS, NULL },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_assert_true (g_file_set_contents (path, cases[i].contents, cases[i].length, NULL));
      assert_arguments (argument, "x", cases[i].kind, cases[i].expected);
    }
  assert_arguments (missing, NULL, KRHUB_ARGUMENTS_GUESS, NULL);
  assert_arguments ("@-", "@-", KRHUB_ARGUMENTS_GUESS, NULL);
  assert_arguments ("@", "@-", KRHUB_ARGUMENTS_TEXT, "(<'@'>, <'@-'>)");
  assert_arguments (NULL, NULL, KRHUB_ARGUMENTS_GUESS, "()");
  g_assert_cmpint (g_remove (path), ==, 0);
  g_assert_cmpint (g_rmdir (folder), ==, 0);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/arguments/guess", test_guess);
  g_test_add_func ("/arguments/gvariant", test_gvariant);
  g_test_add_func ("/arguments/text", test_text);
  g_test_add_func ("/arguments/depth", test_depth);
  g_test_add_func ("/arguments/files", test_files);
  return g_test_run ();
}
