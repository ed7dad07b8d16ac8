/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* What a request about tasks asks for: path, query and body, without any I/O. */
#include "config.h"

#include "kr-task-soup-request-private.h"

#include <string.h>

#include "kr-task-soup-json-private.h"

#define WAIT_SECONDS_MAX 3600 /* more is a mistake; what is granted is the affair of the routes */

G_DEFINE_QUARK (kr-task-soup-fault, kr_task_soup_fault)

enum
{
  BAD_REQUEST = 400,
  NOT_FOUND = 404,
  METHOD_NOT_ALLOWED = 405,
  UNSUPPORTED_MEDIA_TYPE = 415,
  UNPROCESSABLE_CONTENT = 422,
};

/* --- the query ---------------------------------------------------------------------------------------------------- */

/* Name and value by g_uri_parse_params(), which keeps the last of several: here two are a fault. */
static GHashTable *
parse_query (const char *query, GError **error)
{
  g_autoptr (GHashTable) pairs = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  g_autoptr (GError) local_error = NULL;
  GUriParamsIter iter;
  char *name, *value;

  if (query == NULL || query[0] == '\0')
    return g_steal_pointer (&pairs);
  g_uri_params_iter_init (&iter, query, -1, "&", G_URI_PARAMS_WWW_FORM);
  while (g_uri_params_iter_next (&iter, &name, &value, &local_error))
    {
      if (!g_hash_table_contains (pairs, name) && g_hash_table_size (pairs) < KR_TASK_SOUP_QUERY_PARAMETERS
          && g_utf8_validate (name, -1, NULL) && g_utf8_validate (value, -1, NULL))
        {
          g_hash_table_insert (pairs, name, value);
          continue;
        }
      g_set_error_literal (error, KR_TASK_SOUP_FAULT, BAD_REQUEST, "A query parameter is there twice, or not UTF-8, or "
                           "there are too many");
      g_free (name);
      g_free (value);
      return NULL;
    }
  if (local_error == NULL)
    return g_steal_pointer (&pairs);
  g_set_error_literal (error, KR_TASK_SOUP_FAULT, BAD_REQUEST, "The query is not well-formed");
  return NULL;
}

/* What remains of the query of the sample are the parameters of the kind: whole numbers, or text. */
static GVariant *
make_parameters (GHashTable *pairs)
{
  g_auto (GVariantBuilder) parameters = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE_VARDICT);
  GHashTableIter iter;
  const char *name, *value;
  gint64 number;

  g_hash_table_iter_init (&iter, pairs);
  while (g_hash_table_iter_next (&iter, (gpointer *) &name, (gpointer *) &value))
    if (g_ascii_string_to_signed (value, 10, G_MININT64, G_MAXINT64, &number, NULL))
      g_variant_builder_add (&parameters, "{sv}", name, g_variant_new_int64 (number));
    else
      g_variant_builder_add (&parameters, "{sv}", name, g_variant_new_string (value));
  return g_variant_ref_sink (g_variant_builder_end (&parameters));
}

static gboolean
take_wait (KrTaskSoupRequest *request, GHashTable *pairs, GError **error)
{
  const char *text = g_hash_table_lookup (pairs, "wait");
  g_autofree char *digits = NULL;
  guint64 seconds;

  if (text == NULL)
    return TRUE;
  /* with its unit or without it */
  digits = g_strndup (text, strlen (text) - g_str_has_suffix (text, "s"));
  if (!g_ascii_string_to_unsigned (digits, 10, 0, WAIT_SECONDS_MAX, &seconds, NULL))
    {
      g_set_error (error, KR_TASK_SOUP_FAULT, BAD_REQUEST, "'wait' must be a whole number of seconds from 0 to %d",
                   WAIT_SECONDS_MAX);
      return FALSE;
    }
  request->wait_us = (gint64) seconds * G_USEC_PER_SEC;
  return TRUE;
}

static gboolean
take_id (KrTaskSoupRequest *request, GHashTable *pairs, GError **error)
{
  const char *id = g_hash_table_lookup (pairs, "id");
  g_autofree char *blank = id != NULL ? g_strstrip (g_strdup (id)) : NULL;

  if (blank == NULL || blank[0] == '\0')
    {
      g_set_error_literal (error, KR_TASK_SOUP_FAULT, BAD_REQUEST, "Missing 'id' query parameter");
      return FALSE;
    }
  if (strlen (id) > KR_TASK_SOUP_ID_LENGTH)
    {
      g_set_error_literal (error, KR_TASK_SOUP_FAULT, NOT_FOUND, "Task not found");
      return FALSE;
    }
  request->id = g_strdup (id);
  return TRUE;
}

/* A tag that is too long is one that no task has. */
static gboolean
take_tag (KrTaskSoupRequest *request, GHashTable *pairs)
{
  request->tag = g_strdup (g_hash_table_lookup (pairs, "tag"));
  return TRUE;
}

/* --- the path ----------------------------------------------------------------------------------------------------- */

/* A path and what its methods do; "*" stands for one segment that is an id or a kind. */
static const struct
{
  const char *first;
  const char *second;
  gboolean sample;
  const char *allow;
  KrTaskSoupAction get; /* of a path without GET: not looked at */
  KrTaskSoupAction post;
  KrTaskSoupAction delete;
} routes[] = {
  { "create", "*", TRUE, "POST", .post = KR_TASK_SOUP_ACTION_CREATE },
  { "run", "*", TRUE, "POST", .post = KR_TASK_SOUP_ACTION_RUN },
  { "start", NULL, TRUE, "POST", .post = KR_TASK_SOUP_ACTION_START },
  { "cancel", NULL, TRUE, "POST", .post = KR_TASK_SOUP_ACTION_CANCEL },
  { "remove", NULL, TRUE, "POST", .post = KR_TASK_SOUP_ACTION_REMOVE },
  { "state", NULL, TRUE, "GET, HEAD", .get = KR_TASK_SOUP_ACTION_STATE },
  { "result", NULL, TRUE, "GET, HEAD", .get = KR_TASK_SOUP_ACTION_RESULT },
  { "list", NULL, TRUE, "GET, HEAD", .get = KR_TASK_SOUP_ACTION_LIST },
  { NULL, NULL, FALSE, "GET, HEAD, POST", .get = KR_TASK_SOUP_ACTION_LIST, .post = KR_TASK_SOUP_ACTION_CREATE },
  { "*", NULL, FALSE, "DELETE, GET, HEAD", .get = KR_TASK_SOUP_ACTION_STATE, .delete = KR_TASK_SOUP_ACTION_REMOVE },
  { "*", "result", FALSE, "GET, HEAD", .get = KR_TASK_SOUP_ACTION_RESULT },
  { "*", "start", FALSE, "POST", .post = KR_TASK_SOUP_ACTION_START },
  { "*", "cancel", FALSE, "POST", .post = KR_TASK_SOUP_ACTION_CANCEL },
};

static gboolean
fits (const char *pattern, const char *segment)
{
  if (pattern == NULL || segment == NULL)
    return pattern == segment;
  return g_str_equal (pattern, "*") || g_str_equal (pattern, segment);
}

static gboolean
set_action (KrTaskSoupRequest *request, guint route, const char *method, GError **error)
{
  g_auto (GStrv) allowed = g_strsplit (routes[route].allow, ", ", -1);

  request->allow = routes[route].allow;
  request->sample = routes[route].sample;
  if (!g_strv_contains ((const char *const *) allowed, method))
    {
      g_set_error_literal (error, KR_TASK_SOUP_FAULT, METHOD_NOT_ALLOWED, "Method not allowed");
      return FALSE;
    }
  if (g_str_equal (method, "POST"))
    request->action = routes[route].post;
  else if (g_str_equal (method, "DELETE"))
    request->action = routes[route].delete;
  else
    request->action = routes[route].get;
  request->changes = !g_str_equal (method, "GET") && !g_str_equal (method, "HEAD");
  return TRUE;
}

/* The segments below the place of the routes, decoded: none, one or two. A path with more is none of ours. */
static gboolean
split_path (const char *path, char *segments[2])
{
  g_auto (GStrv) parts = g_strsplit (path[0] == '/' ? path + 1 : path, "/", -1);
  guint n_parts = g_strv_length (parts);

  if (n_parts == 0 || (n_parts == 1 && parts[0][0] == '\0'))
    return TRUE;
  for (guint i = 0; i < n_parts && n_parts <= 2; i++)
    {
      /* a slash inside a segment could be taken for another path by somebody in front of us */
      segments[i] = g_uri_unescape_segment (parts[i], NULL, "/");
      if (segments[i] == NULL || segments[i][0] == '\0' || strlen (segments[i]) > KR_TASK_SOUP_ID_LENGTH
          || !g_utf8_validate (segments[i], -1, NULL))
        return FALSE;
    }
  return n_parts <= 2;
}

static gboolean
find_route (KrTaskSoupRequest *request, const char *method, char *segments[2], GError **error)
{
  for (guint i = 0; i < G_N_ELEMENTS (routes); i++)
    {
      if (!fits (routes[i].first, segments[0]) || !fits (routes[i].second, segments[1]))
        continue;
      if (!set_action (request, i, method, error))
        return FALSE;
      if (g_strcmp0 (routes[i].first, "*") == 0)
        request->id = g_strdup (segments[0]);
      if (g_strcmp0 (routes[i].second, "*") == 0)
        request->kind = g_strdup (segments[1]);
      return TRUE;
    }
  g_set_error_literal (error, KR_TASK_SOUP_FAULT, NOT_FOUND, "Not found");
  return FALSE;
}

/* private
 * kr_task_soup_request_parse_target:
 * @request: what to fill; zeroed before, and to be cleared whatever is returned
 * @method: the method
 * @path: the encoded path below the place of the routes; empty, or with a slash before it
 * @query: (nullable): the encoded query
 * @error: return location for a KR_TASK_SOUP_FAULT
 *
 * Finds out what a request asks for, as far as its first line says.
 *
 * Returns: whether it asks for something that there is
 */
gboolean
kr_task_soup_request_parse_target (KrTaskSoupRequest *request, const char *method, const char *path, const char *query,
                                   GError **error)
{
  char *segments[2] = { NULL, NULL };
  g_autoptr (GHashTable) pairs = NULL;
  gboolean found = FALSE;

  request->autostart = TRUE;
  if (split_path (path, segments))
    found = find_route (request, method, segments, error);
  else
    g_set_error_literal (error, KR_TASK_SOUP_FAULT, NOT_FOUND, "Not found");
  for (guint i = 0; i < G_N_ELEMENTS (segments); i++)
    g_free (segments[i]);
  if (!found)
    return FALSE;
  pairs = parse_query (query, error);
  if (pairs == NULL)
    return FALSE;
  if (request->kind != NULL)
    request->parameters = make_parameters (pairs);
  else if (request->sample && request->action != KR_TASK_SOUP_ACTION_LIST)
    return take_id (request, pairs, error);
  else if (!request->sample && request->action == KR_TASK_SOUP_ACTION_STATE)
    return take_wait (request, pairs, error);
  else if (!request->sample && request->action == KR_TASK_SOUP_ACTION_LIST)
    return take_tag (request, pairs);
  return TRUE;
}

/* --- the body ----------------------------------------------------------------------------------------------------- */

typedef struct
{
  const char *name;
  const char *type;
  gsize offset;
} Member;

static const Member create_members[] = {
  { "kind", "s", G_STRUCT_OFFSET (KrTaskSoupRequest, kind) },
  { "parameters", "a{sv}", G_STRUCT_OFFSET (KrTaskSoupRequest, parameters) },
  { "title", "s", G_STRUCT_OFFSET (KrTaskSoupRequest, title) },
  { "key", "s", G_STRUCT_OFFSET (KrTaskSoupRequest, key) },
  { "tags", "av", G_STRUCT_OFFSET (KrTaskSoupRequest, tags) },
  { "priority", "x", G_STRUCT_OFFSET (KrTaskSoupRequest, priority) },
  { "start", "b", G_STRUCT_OFFSET (KrTaskSoupRequest, autostart) },
};

static const Member cancel_members[] = {
  { "reason", "s", G_STRUCT_OFFSET (KrTaskSoupRequest, reason) },
  { "defer", "b", G_STRUCT_OFFSET (KrTaskSoupRequest, defer) },
};

/* An array of short words. */
static gboolean
store_words (GStrv *place, GVariant *array)
{
  g_autoptr (GStrvBuilder) words = g_strv_builder_new ();

  if (g_variant_n_children (array) > KR_TASK_SOUP_TAGS)
    return FALSE;
  for (gsize i = 0; i < g_variant_n_children (array); i++)
    {
      g_autoptr (GVariant) boxed = g_variant_get_child_value (array, i);
      g_autoptr (GVariant) word = g_variant_get_variant (boxed);

      if (!g_variant_is_of_type (word, G_VARIANT_TYPE_STRING) ||
          strlen (g_variant_get_string (word, NULL)) > KR_TASK_SOUP_TAG_LENGTH)
        return FALSE;
      g_strv_builder_add (words, g_variant_get_string (word, NULL));
    }
  *place = g_strv_builder_end (words);
  return TRUE;
}

static gboolean
store (KrTaskSoupRequest *request, const Member *member, GVariant *value)
{
  gpointer place = G_STRUCT_MEMBER_P (request, member->offset);
  gint64 number;

  if (!g_variant_is_of_type (value, G_VARIANT_TYPE (member->type)))
    return FALSE;
  if (g_str_equal (member->type, "av"))
    return store_words (place, value);
  switch (member->type[0])
    {
    case 's':
      *(char **) place = g_variant_dup_string (value, NULL);
      return TRUE;
    case 'b':
      *(gboolean *) place = g_variant_get_boolean (value);
      return TRUE;
    case 'x':
      number = g_variant_get_int64 (value);
      *(gint32 *) place = (gint32) number;
      return number >= G_MININT32 && number <= G_MAXINT32;
    default:
      *(GVariant **) place = g_variant_ref (value);
      return TRUE;
    }
}

/* A member that is null is one that is not there; one that nobody knows may be a mistyped one that matters. */
static gboolean
take_members (KrTaskSoupRequest *request, GVariant *object, const Member *members, guint n_members, GError **error)
{
  GVariantIter iter;
  const char *name;
  GVariant *boxed;

  g_variant_iter_init (&iter, object);
  while (g_variant_iter_next (&iter, "{&sv}", &name, &boxed))
    {
      g_autoptr (GVariant) value = boxed;
      gboolean right = FALSE;

      for (guint i = 0; i < n_members && !right; i++)
        right = g_str_equal (members[i].name, name)
                && (g_variant_is_of_type (value, G_VARIANT_TYPE_MAYBE) || store (request, &members[i], value));
      if (right)
        continue;
      g_set_error (error, KR_TASK_SOUP_FAULT, UNPROCESSABLE_CONTENT, "“%.64s” is not known here, not of its type, or too long",
                   name);
      return FALSE;
    }
  return TRUE;
}

static gboolean
is_json (const char *content_type)
{
  g_autofree char *type = content_type != NULL ? g_strndup (content_type, strcspn (content_type, ";")) : NULL;

  return type != NULL && g_ascii_strcasecmp (g_strstrip (type), "application/json") == 0;
}

/* private
 * kr_task_soup_request_parse_body:
 * @request: what kr_task_soup_request_parse_target() has filled
 * @content_type: (nullable): its header
 * @body: the body, not necessarily terminated
 * @length: its length
 * @error: return location for a KR_TASK_SOUP_FAULT
 *
 * Reads the body of a request that creates or cancels a task by the REST form. Others have none that matters.
 *
 * Returns: whether it is right
 */
gboolean
kr_task_soup_request_parse_body (KrTaskSoupRequest *request, const char *content_type, const char *body, gsize length,
                                 GError **error)
{
  gboolean creates = request->action == KR_TASK_SOUP_ACTION_CREATE;
  g_autoptr (GError) local_error = NULL;
  g_autoptr (GVariant) object = NULL;

  if (request->sample || (!creates && request->action != KR_TASK_SOUP_ACTION_CANCEL) || (!creates && length == 0))
    return TRUE;
  if (!is_json (content_type))
    {
      g_set_error_literal (error, KR_TASK_SOUP_FAULT, UNSUPPORTED_MEDIA_TYPE, "The body must be application/json");
      return FALSE;
    }
  object = kr_task_soup_json_read_object (body, length, &local_error);
  if (object == NULL)
    {
      g_set_error_literal (error, KR_TASK_SOUP_FAULT, BAD_REQUEST, local_error->message);
      return FALSE;
    }
  if (!creates)
    return take_members (request, object, cancel_members, G_N_ELEMENTS (cancel_members), error);
  if (!take_members (request, object, create_members, G_N_ELEMENTS (create_members), error))
    return FALSE;
  if (request->kind == NULL)
    {
      g_set_error_literal (error, KR_TASK_SOUP_FAULT, UNPROCESSABLE_CONTENT, "“kind” is missing");
      return FALSE;
    }
  if (request->parameters == NULL)
    request->parameters = g_variant_ref_sink (g_variant_new_array (G_VARIANT_TYPE ("{sv}"), NULL, 0));
  return TRUE;
}

/* private */
void
kr_task_soup_request_clear (KrTaskSoupRequest *request)
{
  g_clear_pointer (&request->id, g_free);
  g_clear_pointer (&request->kind, g_free);
  g_clear_pointer (&request->parameters, g_variant_unref);
  g_clear_pointer (&request->title, g_free);
  g_clear_pointer (&request->key, g_free);
  g_clear_pointer (&request->tags, g_strfreev);
  g_clear_pointer (&request->tag, g_free);
  g_clear_pointer (&request->reason, g_free);
}
