/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* Tests of what a request asks for, and of the strict reader of its body. */
#include "config.h"

#include <kr-task-soup-json-private.h>
#include <kr-task-soup-request-private.h>
#include <string.h>

/* --- targets ------------------------------------------------------------------------------------------------------ */

static void
test_targets (void)
{
  static const struct
  {
    const char *method, *path, *query;
    KrTaskSoupAction action;
    gboolean sample, changes;
    const char *id, *kind;
  } cases[] = {
    { "POST", "", NULL, KR_TASK_SOUP_ACTION_CREATE, FALSE, TRUE, NULL, NULL },
    { "POST", "/", NULL, KR_TASK_SOUP_ACTION_CREATE, FALSE, TRUE, NULL, NULL },
    { "GET", "", NULL, KR_TASK_SOUP_ACTION_LIST, FALSE, FALSE, NULL, NULL },
    { "HEAD", "", NULL, KR_TASK_SOUP_ACTION_LIST, FALSE, FALSE, NULL, NULL },
    { "GET", "/abc", NULL, KR_TASK_SOUP_ACTION_STATE, FALSE, FALSE, "abc", NULL },
    { "GET", "/a%20b", NULL, KR_TASK_SOUP_ACTION_STATE, FALSE, FALSE, "a b", NULL },
    { "DELETE", "/abc", NULL, KR_TASK_SOUP_ACTION_REMOVE, FALSE, TRUE, "abc", NULL },
    { "GET", "/abc/result", NULL, KR_TASK_SOUP_ACTION_RESULT, FALSE, FALSE, "abc", NULL },
    { "POST", "/abc/start", NULL, KR_TASK_SOUP_ACTION_START, FALSE, TRUE, "abc", NULL },
    { "POST", "/abc/cancel", NULL, KR_TASK_SOUP_ACTION_CANCEL, FALSE, TRUE, "abc", NULL },
    { "POST", "/create/ps", "seconds=2", KR_TASK_SOUP_ACTION_CREATE, TRUE, TRUE, NULL, "ps" },
    { "POST", "/run/ps", NULL, KR_TASK_SOUP_ACTION_RUN, TRUE, TRUE, NULL, "ps" },
    { "POST", "/start", "id=x", KR_TASK_SOUP_ACTION_START, TRUE, TRUE, "x", NULL },
    { "POST", "/cancel", "id=x", KR_TASK_SOUP_ACTION_CANCEL, TRUE, TRUE, "x", NULL },
    { "POST", "/remove", "id=x", KR_TASK_SOUP_ACTION_REMOVE, TRUE, TRUE, "x", NULL },
    { "GET", "/state", "id=x", KR_TASK_SOUP_ACTION_STATE, TRUE, FALSE, "x", NULL },
    { "GET", "/result", "a=b&id=x+y", KR_TASK_SOUP_ACTION_RESULT, TRUE, FALSE, "x y", NULL },
    { "GET", "/list", NULL, KR_TASK_SOUP_ACTION_LIST, TRUE, FALSE, NULL, NULL },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_auto (KrTaskSoupRequest) request = { 0 };
      g_autoptr (GError) error = NULL;

      g_assert_true (kr_task_soup_request_parse_target (&request, cases[i].method, cases[i].path, cases[i].query,
                                                        &error));
      g_assert_no_error (error);
      g_assert_cmpint (request.action, ==, cases[i].action);
      g_assert_cmpint (request.sample, ==, cases[i].sample);
      g_assert_cmpint (request.changes, ==, cases[i].changes);
      g_assert_cmpstr (request.id, ==, cases[i].id);
      g_assert_cmpstr (request.kind, ==, cases[i].kind);
    }
}

static void
test_wait (void)
{
  static const struct { const char *query; gint64 wait_us; } cases[] = {
    { "wait=0", 0 }, { "wait=30", 30 * G_USEC_PER_SEC }, { "wait=30s", 30 * G_USEC_PER_SEC },
    { "wait=3600", 3600 * (gint64) G_USEC_PER_SEC },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_auto (KrTaskSoupRequest) request = { 0 };
      g_autoptr (GError) error = NULL;

      g_assert_true (kr_task_soup_request_parse_target (&request, "GET", "/abc", cases[i].query, &error));
      g_assert_no_error (error);
      g_assert_cmpint (request.wait_us, ==, cases[i].wait_us);
    }
}

static void
test_bad_targets (void)
{
  static const struct { const char *method, *path, *query; int status; } cases[] = {
    { "GET", "/abc/nonsense", NULL, 404 },
    { "GET", "/a/b/c", NULL, 404 },
    { "GET", "/abc/", NULL, 404 },
    { "GET", "//abc", NULL, 404 },
    { "GET", "/a%2Fb", NULL, 404 },
    { "GET", "/%ff", NULL, 404 },
    { "GET", "/%00", NULL, 404 },
    { "GET", "/a%", NULL, 404 },
    { "GET", "/create", NULL, 0 }, /* a task may be called so */
    { "PUT", "/abc", NULL, 405 },
    { "GET", "/abc/cancel", NULL, 405 },
    { "GET", "/start", "id=x", 405 },
    { "GET", "/create/ps", NULL, 405 },
    { "GET", "/remove", "id=x", 405 },
    { "POST", "/list", NULL, 405 },
    { "DELETE", "", NULL, 405 },
    { "post", "", NULL, 405 },
    { "POST", "/start", NULL, 400 },
    { "POST", "/start", "id=", 400 },
    { "POST", "/start", "id=%20%09", 400 },
    { "POST", "/start", "id=a&id=b", 400 },
    { "GET", "/state", "id=%ff", 400 },
    { "GET", "/state", "id=%zz", 400 },
    { "GET", "/abc", "wait=-1", 400 },
    { "GET", "/abc", "wait=x", 400 },
    { "GET", "/abc", "wait=3601", 400 },
    { "GET", "/abc", "wait=1&wait=2", 400 },
    { "GET", "/abc", "wait=1.5", 400 },
    { "GET", "/abc", "wait=", 400 },
    { "GET", "/abc", "wait=s", 400 },
    { "GET", "/abc", "wait=1m", 400 },
    { "GET", "/abc", "wait=1ss", 400 },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_auto (KrTaskSoupRequest) request = { 0 };
      g_autoptr (GError) error = NULL;
      gboolean right = kr_task_soup_request_parse_target (&request, cases[i].method, cases[i].path, cases[i].query,
                                                          &error);

      g_test_message ("%s %s?%s", cases[i].method, cases[i].path, cases[i].query);
      g_assert_cmpint (right, ==, cases[i].status == 0);
      if (right)
        continue;
      g_assert_true (error->domain == KR_TASK_SOUP_FAULT);
      g_assert_cmpint (error->code, ==, cases[i].status);
      g_assert_cmpint (request.allow != NULL && error->code == 405, ==, cases[i].status == 405);
    }
}

static void
test_limits (void)
{
  g_autoptr (GString) path = g_string_new ("/");
  g_autoptr (GString) query = g_string_new ("p=0");

  for (guint i = 0; i < KR_TASK_SOUP_ID_LENGTH; i++)
    g_string_append_c (path, 'x');
  for (guint i = 1; i < KR_TASK_SOUP_QUERY_PARAMETERS; i++)
    g_string_append_printf (query, "&p%u=%u", i, i);
  for (guint more = 0; more <= 1; more++)
    {
      g_auto (KrTaskSoupRequest) by_id = { 0 }, create = { 0 };
      g_autoptr (GError) id_error = NULL, query_error = NULL;

      g_assert_cmpint (kr_task_soup_request_parse_target (&by_id, "GET", path->str, NULL, &id_error), ==, !more);
      g_assert_cmpint (kr_task_soup_request_parse_target (&create, "POST", "/run/ps", query->str, &query_error), ==,
                       !more);
      if (more)
        {
          g_assert_cmpint (id_error->code, ==, 404);
          g_assert_cmpint (query_error->code, ==, 400);
        }
      g_string_append_c (path, 'x');
      g_string_append (query, "&more=1");
    }
}

static void
test_query_parameters (void)
{
  g_auto (KrTaskSoupRequest) request = { 0 };
  gint64 number;
  const char *text;

  g_assert_true (kr_task_soup_request_parse_target (&request, "POST", "/run/ps", "seconds=-7&name=a%26b&big=1e3",
                                                    NULL));
  g_assert_true (g_variant_lookup (request.parameters, "seconds", "x", &number));
  g_assert_cmpint (number, ==, -7);
  g_assert_true (g_variant_lookup (request.parameters, "name", "&s", &text));
  g_assert_cmpstr (text, ==, "a&b");
  g_assert_true (g_variant_lookup (request.parameters, "big", "&s", &text));
}

/* --- bodies ------------------------------------------------------------------------------------------------------- */

static gboolean
parse (KrTaskSoupRequest *request, const char *path, const char *type, const char *body, GError **error)
{
  g_assert_true (kr_task_soup_request_parse_target (request, "POST", path, NULL, NULL));
  return kr_task_soup_request_parse_body (request, type, body, strlen (body), error);
}

static void
test_create (void)
{
  g_auto (KrTaskSoupRequest) request = { 0 };
  g_autoptr (GError) error = NULL;
  gint64 seconds;

  g_assert_true (parse (&request, "", "Application/JSON; charset=utf-8",
                        "{\"kind\":\"op\",\"parameters\":{\"seconds\":3},\"title\":\"T\",\"key\":null,"
                        "\"priority\":-2,\"start\":false,\"tags\":[\"a\",\"\"]}", &error));
  g_assert_no_error (error);
  g_assert_cmpstr (request.kind, ==, "op");
  g_assert_cmpstr (request.title, ==, "T");
  g_assert_null (request.key);
  g_assert_cmpstr (request.tags[0], ==, "a");
  g_assert_cmpstr (request.tags[1], ==, "");
  g_assert_null (request.tags[2]);
  g_assert_cmpint (request.priority, ==, -2);
  g_assert_false (request.autostart);
  g_assert_true (g_variant_lookup (request.parameters, "seconds", "x", &seconds));
  g_assert_cmpint (seconds, ==, 3);
}

static void
test_create_least (void)
{
  g_auto (KrTaskSoupRequest) request = { 0 };

  g_assert_true (parse (&request, "", "application/json", " {\"kind\" : \"op\"}\r\n", NULL));
  g_assert_cmpuint (g_variant_n_children (request.parameters), ==, 0);
  g_assert_true (request.autostart);
}

static void
test_cancel (void)
{
  g_auto (KrTaskSoupRequest) empty = { 0 }, full = { 0 };

  g_assert_true (parse (&empty, "/abc/cancel", NULL, "", NULL));
  g_assert_null (empty.reason);
  g_assert_true (parse (&full, "/abc/cancel", "application/json", "{\"reason\":\"enough\",\"defer\":true}", NULL));
  g_assert_cmpstr (full.reason, ==, "enough");
  g_assert_true (full.defer);
}

static void
test_bad_bodies (void)
{
  static const struct { const char *path, *type, *body; int status; } cases[] = {
    { "", NULL, "{\"kind\":\"a\"}", 415 },
    { "", "text/plain", "{\"kind\":\"a\"}", 415 },
    { "", "application/jsonp", "{\"kind\":\"a\"}", 415 },
    { "", "application/x-www-form-urlencoded", "kind=a", 415 },
    { "", "application/json", "", 400 },
    { "", "application/json", "[]", 400 },
    { "", "application/json", "{\"kind\":\"a\",\"kind\":\"b\"}", 400 },
    { "", "application/json", "{\"kind\":\"a\",\"parameters\":{\"x\":1,\"x\":1}}", 400 },
    { "", "application/json", "{\"kind\":\"a\"} x", 400 },
    { "", "application/json", "{}", 422 },
    { "", "application/json", "{\"kind\":null}", 422 },
    { "", "application/json", "{\"kind\":7}", 422 },
    { "", "application/json", "{\"kind\":\"a\",\"parameters\":[]}", 422 },
    { "", "application/json", "{\"kind\":\"a\",\"priority\":1.5}", 422 },
    { "", "application/json", "{\"kind\":\"a\",\"priority\":2147483648}", 422 },
    { "", "application/json", "{\"kind\":\"a\",\"start\":1}", 422 },
    { "", "application/json", "{\"kind\":\"a\",\"nonsense\":1}", 422 },
    { "", "application/json", "{\"kind\":\"a\",\"tags\":\"a\"}", 422 },
    { "", "application/json", "{\"kind\":\"a\",\"tags\":[1]}", 422 },
    { "", "application/json", "{\"kind\":\"a\",\"tags\":[[\"a\"]]}", 422 },
    { "", "application/json", "{\"kind\":\"a\",\"tags\":[\"\",\"\",\"\",\"\",\"\",\"\",\"\",\"\",\"\",\"\",\"\",\"\",\"\",\"\",\"\",\"\",\"\"]}", 422 },
    { "", "application/json", "{\"kind\":\"a\",\"tags\":[\"0123456789012345678901234567890123456789012345678901234567890123x\"]}", 422 },
    { "/abc/cancel", "application/json", "{\"defer\":\"yes\"}", 422 },
    { "/abc/cancel", "text/plain", "please", 415 },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_auto (KrTaskSoupRequest) request = { 0 };
      g_autoptr (GError) error = NULL;

      g_test_message ("%s %s", cases[i].path, cases[i].body);
      g_assert_false (parse (&request, cases[i].path, cases[i].type, cases[i].body, &error));
      g_assert_error (error, KR_TASK_SOUP_FAULT, cases[i].status);
    }
}

/* --- the reader --------------------------------------------------------------------------------------------------- */

static void
test_json (void)
{
  static const struct { const char *json, *value; } cases[] = {
    { "{}", "@a{sv} {}" },
    { " { \"a\" : 1 } ", "{'a': <int64 1>}" },
    { "{\"a\":-0}", "{'a': <int64 0>}" },
    { "{\"a\":9223372036854775807,\"b\":-9223372036854775808}",
      "{'a': <int64 9223372036854775807>, 'b': <int64 -9223372036854775808>}" },
    { "{\"a\":9223372036854775808}", "{'a': <9.2233720368547758e+18>}" },
    { "{\"a\":1.5,\"b\":1e2,\"c\":1E+2,\"d\":-2.5e-1}", "{'a': <1.5>, 'b': <100.0>, 'c': <100.0>, 'd': <-0.25>}" },
    { "{\"a\":[true,false,null,[]]}", "{'a': <[<true>, <false>, <@mv nothing>, <@av []>]>}" },
    { "{\"a\":\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\\ud83d\\ude00\"}",
      "{'a': <'\"\\\\/\\b\\f\\n\\r\\t\303\251\360\237\230\200'>}" },
    { "{\"\":{\"\":\"\"}}", "{'': <{'': <''>}>}" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (GVariant) value = kr_task_soup_json_read_object (cases[i].json, strlen (cases[i].json), &error);
      g_autoptr (GVariant) expected = g_variant_parse (G_VARIANT_TYPE_VARDICT, cases[i].value, NULL, NULL, NULL);

      g_assert_no_error (error);
      g_assert_nonnull (expected);
      g_assert_cmpvariant (value, expected);
      g_assert_false (g_variant_is_floating (value));
    }
}

static void
test_bad_json (void)
{
  static const char *const cases[] = {
    "", " ", "1", "null", "\"a\"", "[1]", "{", "{\"a\"", "{\"a\":", "{\"a\":1", "{\"a\":1,", "{\"a\":1,}", "{,}",
    "{a:1}", "{'a':1}", "{\"a\":01}", "{\"a\":+1}", "{\"a\":.5}", "{\"a\":1.}", "{\"a\":1e}", "{\"a\":-}", "{\"a\":1e999}",
    "{\"a\":NaN}", "{\"a\":Infinity}", "{\"a\":tru}", "{\"a\":TRUE}", "{\"a\":nul}", "{\"a\":undefined}",
    "{\"a\":[1,]}", "{\"a\":[1 2]}", "{\"a\":[}", "{\"a\" 1}", "{\"a\":1}{}", "{\"a\":1},", "{\"a\":1} //", "/**/{}", "{\"a\":\"\n\"}",
    "{\"a\":\"\\x\"}", "{\"a\":\"\\u12\"}", "{\"a\":\"\\u0000\"}", "{\"\\u0000\":1}", "{\"a\":\"\\ud800\"}",
    "{\"a\":\"\\udc00\"}", "{\"a\":\"\\ud800\\u0041\"}", "{\"a\":\"\\ud800\\n\"}", "{\"a\":\"\377\"}", "{\"\377\":1}",
    "{\"a\":\"", "{\"a\":\"\\", "\357\273\277{}", "{\"a\":1,\"a\":2}", "{\"a\":1,\"\\u0061\":2}", "{\"a\":\"\t\"}",
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autofree char *shown = g_strescape (cases[i], NULL);

      g_test_message ("%s", shown);
      g_assert_null (kr_task_soup_json_read_object (cases[i], strlen (cases[i]), &error));
      g_assert_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA);
    }
  /* a NUL ends nothing */
  g_assert_null (kr_task_soup_json_read_object ("{}\0", 3, NULL));
  g_assert_null (kr_task_soup_json_read_object ("{\"a\":\"\0\"}", 9, NULL));
}

/* A document of @depth arrays inside each other, in an object. */
static GVariant *
read_nested (guint depth)
{
  g_autoptr (GString) json = g_string_new ("{\"a\":");

  for (guint i = 0; i < depth; i++)
    g_string_append_c (json, '[');
  for (guint i = 0; i < depth; i++)
    g_string_append_c (json, ']');
  g_string_append_c (json, '}');
  return kr_task_soup_json_read_object (json->str, json->len, NULL);
}

static void
test_json_limits (void)
{
  g_autoptr (GVariant) deepest = read_nested (KR_TASK_SOUP_JSON_DEPTH - 1);
  g_autoptr (GVariant) longest = NULL;
  g_autoptr (GString) json = g_string_new ("{\"a\":[0");

  g_assert_nonnull (deepest);
  g_assert_null (read_nested (KR_TASK_SOUP_JSON_DEPTH));
  g_assert_null (read_nested (100000));
  for (guint i = 3; i < KR_TASK_SOUP_JSON_VALUES; i++)
    g_string_append (json, ",0");
  g_string_append (json, "]}");
  longest = kr_task_soup_json_read_object (json->str, json->len, NULL);
  g_assert_nonnull (longest);
  g_string_insert (json, 6, "0,");
  g_assert_null (kr_task_soup_json_read_object (json->str, json->len, NULL));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/krtask-soup/request/targets", test_targets);
  g_test_add_func ("/krtask-soup/request/wait", test_wait);
  g_test_add_func ("/krtask-soup/request/bad-targets", test_bad_targets);
  g_test_add_func ("/krtask-soup/request/limits", test_limits);
  g_test_add_func ("/krtask-soup/request/query-parameters", test_query_parameters);
  g_test_add_func ("/krtask-soup/request/create", test_create);
  g_test_add_func ("/krtask-soup/request/create-least", test_create_least);
  g_test_add_func ("/krtask-soup/request/cancel", test_cancel);
  g_test_add_func ("/krtask-soup/request/bad-bodies", test_bad_bodies);
  g_test_add_func ("/krtask-soup/json/values", test_json);
  g_test_add_func ("/krtask-soup/json/bad", test_bad_json);
  g_test_add_func ("/krtask-soup/json/limits", test_json_limits);
  return g_test_run ();
}
