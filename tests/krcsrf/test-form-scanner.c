/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* Tests of KrCsrfFormScanner: what it finds, in one piece and split at every byte. */
#include <krcsrf.h>
#include <string.h>

#define TOKEN "AQIACB8uPUwAAAGbdtqoABAREhMUFRYXGBkaGxwdHh_GAio_anRdVvqRWrh1Vz4Z"
#define FIELD "token"
#define MULTIPART "multipart/form-data; boundary=xx"
#define PART(name, value) "Content-Disposition: form-data; name=\"" name "\"\r\n\r\n" value

typedef struct
{
  const char *type, *body;
  int code;  /* -1: the token is found */
} Case;

static char *
scan (const Case *test, gsize split, GError **error)
{
  g_autoptr (KrCsrfFormScanner) scanner = kr_csrf_form_scanner_new (test->type, FIELD, error);
  gsize len = strlen (test->body);
  /* As long as the piece, so that ASan sees a byte too far. */
  g_autofree char *first = g_memdup2 (test->body, split);
  g_autofree char *second = g_memdup2 (test->body + split, len - split);

  if (scanner == NULL || !kr_csrf_form_scanner_push (scanner, first, split, error) ||
      !kr_csrf_form_scanner_push (scanner, second, len - split, error))
    return NULL;
  return kr_csrf_form_scanner_finish (scanner, error);
}

static char *
scan_bytes (const Case *test, GError **error)
{
  g_autoptr (KrCsrfFormScanner) scanner = kr_csrf_form_scanner_new (test->type, FIELD, error);

  if (scanner == NULL)
    return NULL;
  for (const char *at = test->body; *at != '\0'; at++)
    if (!kr_csrf_form_scanner_push (scanner, at, 1, error))
      return NULL;
  return kr_csrf_form_scanner_finish (scanner, error);
}

static void
check (const Case *test, const char *found, const GError *error)
{
  if (test->code == -1)
    {
      g_assert_no_error (error);
      g_assert_cmpstr (found, ==, TOKEN);
    }
  else
    {
      g_assert_error (error, KR_CSRF_ERROR, test->code);
      g_assert_null (found);
    }
}

static void
check_all (const Case *cases, guint n_cases)
{
  for (guint i = 0; i < n_cases; i++)
    {
      g_autoptr (GError) bytes_error = NULL;
      g_autofree char *by_bytes = NULL;

      g_test_message ("case %u", i);
      for (gsize split = 0; split <= strlen (cases[i].body); split++)
        {
          g_autoptr (GError) error = NULL;
          g_autofree char *found = scan (&cases[i], split, &error);

          check (&cases[i], found, error);
        }
      by_bytes = scan_bytes (&cases[i], &bytes_error);
      check (&cases[i], by_bytes, bytes_error);
    }
}

static void
test_urlencoded (void)
{
  static const Case cases[] = {
    { "application/x-www-form-urlencoded", "a=b&token=" TOKEN "&c", -1 },
    { "APPLICATION/X-WWW-FORM-URLENCODED; charset=utf-8", "t%6fken=" TOKEN, -1 },
    { "application/x-www-form-urlencoded\t", "token=" TOKEN, -1 },
    { "application/x-www-form-urlencoded", "%zz=%4&token=%41" "QIACB8uPUwAAAGbdtqoABAREhMUFRYXGBkaGxwdHh_GAio_anRdVvqRWrh1Vz4Z", -1 },
    { "application/x-www-form-urlencoded", "token=" TOKEN "&token=" TOKEN, KR_CSRF_ERROR_AMBIGUOUS_FORM },
    { "application/x-www-form-urlencoded", "tokens=" TOKEN, KR_CSRF_ERROR_TOKEN_MISSING },
    { "application/x-www-form-urlencoded2", "token=" TOKEN, KR_CSRF_ERROR_FORM_UNREADABLE },
    { "application/json", "{}", KR_CSRF_ERROR_FORM_UNREADABLE }, { "", "", KR_CSRF_ERROR_FORM_UNREADABLE },
  };

  check_all (cases, G_N_ELEMENTS (cases));
}

static void
test_multipart (void)
{
  static const Case cases[] = {
    { MULTIPART, "--xx\r\n" PART ("token", TOKEN) "\r\n--xx--\r\n", -1 },
    { MULTIPART, "--xx\r\n" PART ("token", TOKEN) "\r\n--xx--", -1 },
    { "Multipart/Form-Data;Boundary=\"xx\"", "--xx\r\n" PART ("token", TOKEN) "\r\n--xx--\r\n", -1 },
    { "multipart/form-data; charset=utf-8; boundary=xx", "--xx\r\n" PART ("token", TOKEN) "\r\n--xx--", -1 },
    { MULTIPART, "preamble --xx\r\n--xx \t\r\n" PART ("token", TOKEN) "\r\n--xx--epilogue\r\n--xx\r\n", -1 },
    { MULTIPART, "--xx\r\n" PART ("a", "b\r\n--x\r\n--\r\r\n\r--xx") "\r\n--xx\r\n" PART ("token", TOKEN) "\r\n--xx--", -1 },
    { MULTIPART, "--xx\r\nX-Other: 1\r\ncontent-disposition:form-data;NAME=token\r\n\r\n" TOKEN "\r\n--xx--", -1 },
    { MULTIPART, "--xx\r\nContent-Disposition: form-data; filename=\"f\"; name=\"token\"\r\n\r\nx\r\n--xx\r\n"
                 PART ("token", TOKEN) "\r\n--xx--", -1 },
    { MULTIPART, "--xx\r\n" PART ("a\\\"b", "") "\r\n--xx\r\n" PART ("\\token", TOKEN) "\r\n--xx--", -1 },
    { MULTIPART, "--xx\r\n" PART ("a", "b") "\r\n--xx--", KR_CSRF_ERROR_TOKEN_MISSING },
    { MULTIPART, "--xx\r\n" PART ("Token", TOKEN) "\r\n--xx--", KR_CSRF_ERROR_TOKEN_MISSING },
    { MULTIPART, "--xx\r\n" PART ("token[]", TOKEN) "\r\n--xx--", KR_CSRF_ERROR_TOKEN_MISSING },
    { MULTIPART, "--xx\r\n" PART ("token", TOKEN) "\r\n--xx\r\n" PART ("token", "") "\r\n--xx--", KR_CSRF_ERROR_AMBIGUOUS_FORM },
    { MULTIPART, "--xx\r\n" PART ("token", TOKEN "\r\n") "\r\n--xx--", KR_CSRF_ERROR_TOKEN_MALFORMED },
    { MULTIPART, "--xx\r\n" PART ("token", "") "\r\n--xx--", KR_CSRF_ERROR_TOKEN_MALFORMED },
    { MULTIPART, "", KR_CSRF_ERROR_FORM_UNREADABLE },
    { MULTIPART, "--xx\r\n" PART ("token", TOKEN) "\r\n--xx", KR_CSRF_ERROR_FORM_UNREADABLE },
    { MULTIPART, "--xx\r\n" PART ("token", TOKEN) "\r\n--xx-", KR_CSRF_ERROR_FORM_UNREADABLE },
    { MULTIPART, "--xx\r\n" PART ("token", TOKEN) "\n--xx--", KR_CSRF_ERROR_FORM_UNREADABLE },
    { MULTIPART, "--xx\n" PART ("token", TOKEN) "\r\n--xx--", KR_CSRF_ERROR_FORM_UNREADABLE },
    { MULTIPART, "--xxy\r\n" PART ("token", TOKEN) "\r\n--xxy--", KR_CSRF_ERROR_FORM_UNREADABLE },
    { MULTIPART, "--xx -- \r\n" PART ("token", TOKEN) "\r\n--xx--", KR_CSRF_ERROR_FORM_UNREADABLE },
    { MULTIPART, "--xx\r\nContent-Disposition: form-data; name=\"token\"\n\n" TOKEN "\r\n--xx--", KR_CSRF_ERROR_FORM_UNREADABLE },
    { MULTIPART, "--xx\r\n\r\n" TOKEN "\r\n--xx--", KR_CSRF_ERROR_FORM_UNREADABLE },
    { MULTIPART, "--xx\r\nno colon\r\n\r\n" TOKEN "\r\n--xx--", KR_CSRF_ERROR_FORM_UNREADABLE },
    { MULTIPART, "--xx\r\nContent-Disposition: attachment; name=token\r\n\r\n" TOKEN "\r\n--xx--", KR_CSRF_ERROR_FORM_UNREADABLE },
    { MULTIPART, "--xx\r\nContent-Disposition: form-data\r\n\r\n" TOKEN "\r\n--xx--", KR_CSRF_ERROR_FORM_UNREADABLE },
    { MULTIPART, "--xx\r\nContent-Disposition: form-data; name=token; name=a\r\n\r\n" TOKEN "\r\n--xx--", KR_CSRF_ERROR_FORM_UNREADABLE },
    { MULTIPART, "--xx\r\nContent-Disposition: form-data; name=\"token\r\n\r\n" TOKEN "\r\n--xx--", KR_CSRF_ERROR_FORM_UNREADABLE },
    { MULTIPART, "--xx\r\nContent-Disposition: form-data; name=a\r\n" PART ("token", TOKEN) "\r\n--xx--", KR_CSRF_ERROR_FORM_UNREADABLE },
  };

  check_all (cases, G_N_ELEMENTS (cases));
}

static void
test_boundaries (void)
{
  static const char *const wrong[] = {
    "multipart/form-data", "multipart/form-data;boundary=", "multipart/form-data; boundary=\"\"",
    "multipart/form-data; boundary=a; boundary=b", "multipart/form-data; boundary=\"a", "multipart/form-data; boundary=\"a \"",
    "multipart/form-data; boundary=\"a\r\nb\"", "multipart/form-data; boundary=a*b", "multipart/form-data boundary=a",
    "multipart/form-data; boundary", "multipart/form-data2; boundary=a",
    "multipart/form-data; boundary=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab",
  };
  g_autoptr (GError) error = NULL;
  g_autofree char *longest = g_strnfill (70, 'b');
  g_autofree char *type = g_strconcat ("multipart/form-data; boundary=", longest, NULL);
  g_autofree char *body = g_strconcat ("--", longest, "\r\n", PART ("token", TOKEN), "\r\n--", longest, "--", NULL);
  Case fits = { type, body, -1 };

  for (guint i = 0; i < G_N_ELEMENTS (wrong); i++)
    {
      g_autoptr (GError) wrong_error = NULL;

      g_test_message ("%s", wrong[i]);
      g_assert_null (kr_csrf_form_scanner_new (wrong[i], FIELD, &wrong_error));
      g_assert_error (wrong_error, KR_CSRF_ERROR, KR_CSRF_ERROR_FORM_UNREADABLE);
    }
  check_all (&fits, 1);
}

static void
push_many (const char *head, const char *repeated, guint times, KrCsrfError code)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (KrCsrfFormScanner) scanner = kr_csrf_form_scanner_new (MULTIPART, FIELD, &error);
  gboolean going_on = kr_csrf_form_scanner_push (scanner, head, -1, &error);

  for (guint i = 0; going_on && i < times; i++)
    going_on = kr_csrf_form_scanner_push (scanner, repeated, -1, &error);
  g_assert_false (going_on);
  g_assert_error (error, KR_CSRF_ERROR, (int) code);
  /* The first error stays. */
  g_clear_error (&error);
  g_assert_null (kr_csrf_form_scanner_finish (scanner, &error));
  g_assert_error (error, KR_CSRF_ERROR, (int) code);
}

static void
test_limits (void)
{
  push_many ("", "--xx\r\n" PART ("a", "b") "\r\n", 4097, KR_CSRF_ERROR_FORM_TOO_LARGE);
  push_many ("--xx\r\n", "X: y\r\n", 17, KR_CSRF_ERROR_FORM_TOO_LARGE);
  push_many ("--xx\r\n", "aaaaaaaaaaaaaaaa", 257, KR_CSRF_ERROR_FORM_TOO_LARGE);
}

static void
test_large_file (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (KrCsrfFormScanner) scanner = kr_csrf_form_scanner_new (MULTIPART, FIELD, &error);
  g_autofree char *chunk = g_strnfill (65536, '\r');
  g_autofree char *found = NULL;

  g_assert_true (kr_csrf_form_scanner_push (scanner, "--xx\r\n" PART ("file", ""), -1, &error));
  for (guint i = 0; i < 64; i++)
    g_assert_true (kr_csrf_form_scanner_push (scanner, chunk, 65536, &error));
  g_assert_true (kr_csrf_form_scanner_push (scanner, "\r\n--xx\r\n" PART ("token", TOKEN) "\r\n--xx--", -1, &error));
  found = kr_csrf_form_scanner_finish (scanner, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (found, ==, TOKEN);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/csrf/form-scanner/urlencoded", test_urlencoded);
  g_test_add_func ("/csrf/form-scanner/multipart", test_multipart);
  g_test_add_func ("/csrf/form-scanner/boundaries", test_boundaries);
  g_test_add_func ("/csrf/form-scanner/limits", test_limits);
  g_test_add_func ("/csrf/form-scanner/large-file", test_large_file);
  return g_test_run ();
}
