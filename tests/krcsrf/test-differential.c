/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* The requests that ASP.NET Core's antiforgery was asked too: ours of the file is what we say, and a difference has a why. */
#include "csrf-fixture.h"

#define NAME "__Host-csrf"

typedef struct
{
  char **lines;
} Paragraph;

static const char *
get (const Paragraph *paragraph, const char *name)
{
  gsize len = strlen (name);

  for (char **line = paragraph->lines; *line != NULL; line++)
    if (strncmp (*line, name, len) == 0 && (*line)[len] == ':')
      return g_strchug (*line + len + 1);
  return NULL;
}

static char *
expand (const char *text, char *const pair[4])
{
  static const char *const names[] = { "$COOKIE2", "$TOKEN2", "$COOKIE", "$TOKEN", "$NAME" };
  GString *expanded = g_string_new (text);

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    g_string_replace (expanded, names[i], i < 4 ? pair[i] : NAME, 0);
  return g_string_free (expanded, FALSE);
}

static void
issue_pair (KrCsrfProtector *protector, const char *user, char **cookie, char **token)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (KrCsrfRequest) request = kr_csrf_request_new ("GET", "https", "app.example", "/");
  g_autoptr (KrCsrfTokens) tokens = NULL;

  kr_csrf_request_set_user_id (request, user);
  tokens = kr_csrf_protector_get_tokens (protector, request, &error);
  g_assert_no_error (error);
  *cookie = g_strdup (kr_csrf_tokens_get_cookie_token (tokens));
  *token = g_strdup (kr_csrf_tokens_get_request_token (tokens));
}

static void
add_form (KrCsrfRequest *request, const char *form)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *token = kr_csrf_form_find (form, -1, "__RequestVerificationToken", &error);

  kr_csrf_request_add_header (request, "Content-Type", "application/x-www-form-urlencoded", -1);
  if (token != NULL)
    kr_csrf_request_set_form_token (request, token, -1);
  else if (!g_error_matches (error, KR_CSRF_ERROR, KR_CSRF_ERROR_TOKEN_MISSING))
    kr_csrf_request_set_form_error (request, error);
}

static KrCsrfRequest *
make_request (const Paragraph *paragraph, char *const pair[4])
{
  const char *method = get (paragraph, "method"), *scheme = get (paragraph, "scheme"), *host = get (paragraph, "host");
  const char *form = get (paragraph, "form");
  KrCsrfRequest *request = kr_csrf_request_new (method != NULL ? method : "POST", scheme != NULL ? scheme : "https",
                                                host != NULL ? host : "app.example", "/");

  kr_csrf_request_set_user_id (request, get (paragraph, "now"));
  for (char **line = paragraph->lines; *line != NULL; line++)
    if (g_str_has_prefix (*line, "header:"))
      {
        g_autofree char *expanded = expand (g_strchug (*line + strlen ("header:")), pair);
        char *colon = strchr (expanded, ':');

        *colon = '\0';
        kr_csrf_request_add_header (request, expanded, colon + 1, -1);
      }
  if (form != NULL)
    {
      g_autofree char *expanded = expand (form, pair);

      add_form (request, expanded);
    }
  return request;
}

static void
test_case (gconstpointer data)
{
  const Paragraph *paragraph = data;
  g_autoptr (KrCsrfKeyRing) ring = kr_csrf_key_ring_new_ephemeral ();
  g_autoptr (GError) error = NULL;
  g_autoptr (KrCsrfProtector) protector =
    g_initable_new (KR_CSRF_TYPE_PROTECTOR, NULL, &error, "key-ring", ring, "cookie-name", NAME, NULL);
  char *pair[4];
  g_autoptr (KrCsrfRequest) request = NULL;
  gboolean accepted, theirs = g_str_equal (get (paragraph, "theirs"), "accept");

  g_assert_no_error (error);
  issue_pair (protector, NULL, &pair[0], &pair[1]);
  issue_pair (protector, get (paragraph, "user"), &pair[2], &pair[3]);
  request = make_request (paragraph, pair);
  accepted = kr_csrf_protector_is_request_valid (protector, request, &error);
  g_assert_cmpstr (accepted ? "accept" : kr_csrf_code_to_string (error->code), ==, get (paragraph, "ours"));
  g_assert_true ((accepted != theirs) == (get (paragraph, "why") != NULL));
  for (guint i = 0; i < 4; i++)
    g_free (pair[i]);
}

static void
paragraph_free (gpointer data)
{
  Paragraph *paragraph = data;

  g_strfreev (paragraph->lines);
  g_free (paragraph);
}

int
main (int argc, char **argv)
{
  g_autofree char *path = NULL;
  g_autofree char *contents = NULL;
  g_auto (GStrv) paragraphs = NULL;
  g_autoptr (GError) error = NULL;

  g_test_init (&argc, &argv, NULL);
  path = g_test_build_filename (G_TEST_DIST, "vectors", "csrf-differential.txt", NULL);
  g_file_get_contents (path, &contents, NULL, &error);
  g_assert_no_error (error);
  paragraphs = g_strsplit (contents, "\n\n", -1);
  for (char **text = paragraphs; *text != NULL; text++)
    if (g_str_has_prefix (*text, "case:"))
      {
        Paragraph *paragraph = g_new0 (Paragraph, 1);
        g_autofree char *name = NULL;

        paragraph->lines = g_strsplit (g_strchomp (*text), "\n", -1);
        name = g_strconcat ("/csrf/differential/", get (paragraph, "case"), NULL);
        g_test_add_data_func_full (name, paragraph, test_case, paragraph_free);
      }
  return g_test_run ();
}
