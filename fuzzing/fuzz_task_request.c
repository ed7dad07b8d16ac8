/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* Requests about tasks: method, path, query and body, a line each; what is accepted is whole and within its limits. */
#include <kr-task-soup-request-private.h>
#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput (const uint8_t *data, size_t size);

/* The next line as text; what is behind a NUL is lost, as it is in libsoup. */
static char *
take_line (const char **at, const char *end)
{
  const char *line = *at;
  const char *stop = line < end ? memchr (line, '\n', (size_t) (end - line)) : NULL;

  if (stop == NULL)
    stop = end;
  *at = stop < end ? stop + 1 : end;
  return g_strndup (line, (gsize) (stop - line));
}

static void
check (const KrTaskSoupRequest *request, const char *method)
{
  g_assert_true (request->changes == (strcmp (method, "POST") == 0 || strcmp (method, "DELETE") == 0));
  if (request->id != NULL)
    {
      g_assert_cmpuint (strlen (request->id), >, 0);
      g_assert_cmpuint (strlen (request->id), <=, KR_TASK_SOUP_ID_LENGTH);
      g_assert_true (g_utf8_validate (request->id, -1, NULL));
    }
  switch (request->action)
    {
    case KR_TASK_SOUP_ACTION_CREATE:
    case KR_TASK_SOUP_ACTION_RUN:
      g_assert_nonnull (request->kind);
      g_assert_true (g_utf8_validate (request->kind, -1, NULL));
      g_assert_true (g_variant_is_of_type (request->parameters, G_VARIANT_TYPE_VARDICT));
      break;
    case KR_TASK_SOUP_ACTION_LIST:
      break;
    case KR_TASK_SOUP_ACTION_START:
    case KR_TASK_SOUP_ACTION_STATE:
    case KR_TASK_SOUP_ACTION_RESULT:
    case KR_TASK_SOUP_ACTION_CANCEL:
    case KR_TASK_SOUP_ACTION_REMOVE:
    default:
      g_assert_nonnull (request->id);
    }
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  const char *at = (const char *) data, *end = at + size;
  g_autofree char *method = take_line (&at, end);
  g_autofree char *path = take_line (&at, end);
  g_autofree char *query = take_line (&at, end);
  g_auto (KrTaskSoupRequest) request = { 0 };
  g_autoptr (GError) error = NULL;

  if (kr_task_soup_request_parse_target (&request, method, path, query, &error)
      && kr_task_soup_request_parse_body (&request, "application/json", at, (gsize) (end - at), &error))
    {
      g_assert_no_error (error);
      check (&request, method);
      return 0;
    }
  g_assert_true (error != NULL && error->domain == KR_TASK_SOUP_FAULT);
  g_assert_cmpint (error->code, >=, 400);
  g_assert_cmpint (error->code, <, 500);
  return 0;
}
