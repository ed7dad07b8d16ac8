/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* krhub's command line: what it means, and each way to get it wrong. */
#include "config.h"

#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#include "krhub-options.h"

static gboolean
parse (KrhubOptions *options, const char *line, GError **error)
{
  g_auto (GStrv) words = NULL;
  g_autofree char *whole = g_strconcat ("krhub ", line, NULL);

  g_assert_true (g_shell_parse_argv (whole, NULL, &words, NULL));
  return krhub_options_parse (options, words, error);
}

static void
test_words (void)
{
  g_auto (KrhubOptions) options = { 0 };
  g_autoptr (GError) error = NULL;

  g_assert_true (parse (&options, "call --json http://h/hub -5 Add -n -- -2 -x --timeout", &error) == FALSE);
  g_clear_error (&error);
  krhub_options_clear (&options);
  g_assert_true (parse (&options, "--json call http://h/hub Add -5 -.5 '' --timeout 1.5 -- --raw -1", &error));
  g_assert_no_error (error);
  g_assert_true (options.command == &krhub_command_call);
  g_assert_cmpstr (options.url, ==, "http://h/hub");
  g_assert_cmpstr (options.method, ==, "Add");
  g_assert_cmpstrv (options.operands, ((const char *const[]) { "-5", "-.5", "", "--raw", "-1", NULL }));
  g_assert_true (options.json);
  g_assert_false (options.raw);
  g_assert_cmpint (options.timeout, ==, 1500000);
  g_assert_cmpint (options.transports, ==, KR_HUB_TRANSPORT_ALL);
}

static void
test_all (void)
{
  g_auto (KrhubOptions) options = { 0 };
  g_autoptr (GError) error = NULL;

  g_assert_true (parse (&options,
                        "listen wss://h/hub A B -n 3 --reconnect --answer -1 -H 'X-A:  b ' --header=C:d --token ' t ' "
                        "-p messagepack --transport long-polling -k -v -r -g",
                        &error));
  g_assert_no_error (error);
  g_assert_true (options.command == &krhub_command_listen);
  g_assert_null (options.method);
  g_assert_cmpstrv (options.operands, ((const char *const[]) { "A", "B", NULL }));
  g_assert_cmpstrv (options.headers, ((const char *const[]) { "X-A", "b", "C", "d", NULL }));
  g_assert_cmpuint (options.count, ==, 3);
  g_assert_cmpstr (options.answer, ==, "-1");
  g_assert_cmpstr (options.token, ==, "t");
  g_assert_cmpint (options.transports, ==, KR_HUB_TRANSPORT_LONG_POLLING);
  g_assert_cmpint (options.kind, ==, KRHUB_ARGUMENTS_GVARIANT);
  g_assert_true (options.messagepack && options.reconnect && options.insecure && options.verbose && options.raw);
}

static void
test_token (void)
{
  g_autofree char *path = NULL;
  g_autofree char *line = NULL;
  int fd = g_file_open_tmp ("krhub-XXXXXX", &path, NULL);

  g_assert_true (g_close (fd, NULL));
  g_assert_true (g_file_set_contents (path, "from-file\n", -1, NULL));
  line = g_strdup_printf ("info http://h/hub --token-file %s", path);
  g_setenv ("KRHUB_TOKEN", "from-environment", TRUE);
  for (guint i = 0; i < 3; i++)
    {
      const char *const lines[] = { "info http://h/hub", line, "info http://h/hub --token given --token-file nowhere" };
      const char *const tokens[] = { "from-environment", "from-file", "given" };
      g_auto (KrhubOptions) options = { 0 };

      g_assert_true (parse (&options, lines[i], NULL));
      g_assert_cmpstr (options.token, ==, tokens[i]);
    }
  g_unsetenv ("KRHUB_TOKEN");
  g_assert_cmpint (unlink (path), ==, 0);
}

static void
test_wrong (void)
{
  static const struct
  {
    const char *line, *says;
  } cases[] = {
    { "", "What to do" },
    { "cal http://h/hub X", "no command “cal”" },
    { "call", "needs the URL" },
    { "call http://h/hub", "needs the name of a method" },
    { "call http://h/hub ''", "not empty" },
    { "info http://h/hub more", "Unexpected argument “more”" },
    { "call h/hub X", "not the URL" },
    { "call ftp://h/hub X", "not the URL" },
    { "call http:///hub X", "not the URL" },
    { "call 'http://h/\xff' X", "not UTF-8" },
    { "call http://h/hub X --nonsense", "--nonsense" },
    { "call http://h/hub X -g -t", "either" },
    { "call http://h/hub X -p xml", "no protocol “xml”" },
    { "call http://h/hub X --transport tcp", "no transport “tcp”" },
    { "call http://h/hub X --transport sse -p messagepack", "text only" },
    { "call http://h/hub X --transport sse --skip-negotiation", "without negotiation" },
    { "call http://h/hub X --timeout 0", "not a time" },
    { "call http://h/hub X --timeout -1", "“-1” is not a time" },
    { "call http://h/hub X --timeout nan", "not a time" },
    { "call http://h/hub X --timeout 1s", "not a time" },
    { "stream http://h/hub X -n 0", "not a number" },
    { "stream http://h/hub X -n -1", "“-1” is not a number" },
    { "stream http://h/hub X -n 99999999999", "not a number" },
    { "call http://h/hub X -n 1", "has no option --count" },
    { "listen http://h/hub -u", "has no option --upload" },
    { "call http://h/hub X --reconnect", "has no option --reconnect" },
    { "call http://h/hub X --answer 1", "has no option --answer" },
    { "call http://h/hub X @- --upload", "both an argument" },
    { "call http://h/hub X -H nothing", "not a header" },
    { "call http://h/hub X -H 'a b: c'", "not a header" },
    { "call http://h/hub X -H ': c'", "not a header" },
    { "call http://h/hub X -H 'a: b\nc: d'", "not a header" },
    { "call http://h/hub X --token 'a\nb'", "one line" },
    { "call http://h/hub X --token-file /nowhere/at/all", "cannot be read" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_auto (KrhubOptions) options = { 0 };
      g_autoptr (GError) error = NULL;
      g_autofree char *shown = g_strescape (cases[i].line, NULL);

      g_test_message ("%s", shown);
      g_assert_false (parse (&options, cases[i].line, &error));
      g_assert_true (error->domain == G_OPTION_ERROR);
      g_assert_nonnull (strstr (error->message, cases[i].says));
    }
}

int
main (int argc, char **argv)
{
  g_unsetenv ("KRHUB_TOKEN");
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/options/words", test_words);
  g_test_add_func ("/options/all", test_all);
  g_test_add_func ("/options/token", test_token);
  g_test_add_func ("/options/wrong", test_wrong);
  return g_test_run ();
}
