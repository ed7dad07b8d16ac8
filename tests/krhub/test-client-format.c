/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* KrHubClient: calls by format strings, in either encoding; in virtual time. */
#include "config.h"

#include <krhub.h>
#include <math.h>

#include "kr-test-virtual.h"
#include "kr-test.h"

#define BASIC "(sbynqiuxtd)"

/* --- the hub --- */

/* Says what came, as GVariant text. */
static void
describe (KrHubInvocation *invocation, gpointer data)
{
  GVariant *arguments = kr_hub_invocation_get_arguments (invocation, NULL);
  g_autofree char *text = g_variant_print (arguments, FALSE);

  kr_hub_invocation_return_string (invocation, text);
}

static void
nothing (KrHubInvocation *invocation, gpointer data)
{
  kr_hub_invocation_return_void (invocation);
}

static void
null (KrHubInvocation *invocation, gpointer data)
{
  kr_hub_invocation_return_string (invocation, NULL);
}

static void
fail (KrHubInvocation *invocation, gpointer data)
{
  kr_hub_invocation_return_error_literal (invocation, "as agreed");
}

static void
pair (KrHubInvocation *invocation, gpointer data)
{
  kr_hub_invocation_return_value (invocation, g_variant_new ("(si)", "seven", 7));
}

static void
list (KrHubInvocation *invocation, gpointer data)
{
  const char *const texts[] = { "a", "b", NULL };

  kr_hub_invocation_return_value (invocation, g_variant_new_strv (texts, -1));
}

static void
number (KrHubInvocation *invocation, gpointer data)
{
  kr_hub_invocation_return_value (invocation, g_variant_new_int32 (-42));
}

static void
set_up (KrTestVirtual *f, gconstpointer data)
{
  kr_test_virtual_set_up (f, NULL);
  kr_hub_server_add_method (f->server, "Basic", BASIC, "s", describe, NULL, NULL);
  kr_hub_server_add_method (f->server, "Two", "(ss)", "s", describe, NULL, NULL);
  kr_hub_server_add_method (f->server, "Texts", "(as)", "s", describe, NULL, NULL);
  kr_hub_server_add_method (f->server, "None", "()", "s", describe, NULL, NULL);
  kr_hub_server_add_method (f->server, "Nothing", "()", NULL, nothing, NULL, NULL);
  kr_hub_server_add_method (f->server, "Null", "()", "ms", null, NULL, NULL);
  kr_hub_server_add_method (f->server, "Fail", "()", "s", fail, NULL, NULL);
  kr_hub_server_add_method (f->server, "Pair", "()", "(si)", pair, NULL, NULL);
  kr_hub_server_add_method (f->server, "List", "()", "as", list, NULL, NULL);
  kr_hub_server_add_method (f->server, "Number", "()", "i", number, NULL, NULL);
  g_object_set (f->client, "protocol", data, NULL);
}

#define CALL(...) kr_hub_client_call_async (f->client, __VA_ARGS__)

/* Turns the loop until the answer is in @result, and finishes long after its bytes have gone. */
static void
finish_text (KrTestVirtual *f, GAsyncResult **result, const char *expected)
{
  g_autoptr (GAsyncResult) owned = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *text = NULL;

  kr_test_virtual_advance (f, SECOND / 10);
  owned = g_steal_pointer (result);
  g_assert_nonnull (owned);
  g_assert_true (kr_hub_client_call_finish (f->client, owned, &error, "s", &text));
  g_assert_no_error (error);
  g_assert_cmpstr (text, ==, expected);
}

static void
finish_error (KrTestVirtual *f, GAsyncResult **result, const char *format, GQuark domain, int code)
{
  g_autoptr (GAsyncResult) owned = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *text = NULL;

  kr_test_virtual_advance (f, SECOND / 10);
  owned = g_steal_pointer (result);
  g_assert_nonnull (owned);
  g_assert_false (kr_hub_client_call_finish (f->client, owned, &error, format, &text));
  g_assert_error (error, domain, code);
  g_assert_null (text);
}

/* --- arguments --- */

static void
test_basic (KrTestVirtual *f, gconstpointer data)
{
  GAsyncResult *result = NULL;

  kr_test_virtual_start (f);
  CALL ("Basic", NULL, kr_test_store_result, &result, BASIC, "a \"text\" ö\n", TRUE, 255, -32768, 65535, G_MININT32,
        G_MAXUINT32, G_MININT64, G_MAXUINT64, 0.5);
  finish_text (f, &result,
               "('a \"text\" ö\\n', true, 0xff, -32768, 65535, -2147483648, 4294967295, -9223372036854775808, "
               "18446744073709551615, 0.5)");
  CALL ("Basic", NULL, kr_test_store_result, &result, BASIC, "", FALSE, 0, 32767, 0, G_MAXINT32, 0u, G_MAXINT64,
        G_GUINT64_CONSTANT (0), -2.25);
  finish_text (f, &result, "('', false, 0x00, 32767, 0, 2147483647, 0, 9223372036854775807, 0, -2.25)");
}

static void
test_several (KrTestVirtual *f, gconstpointer data)
{
  GAsyncResult *result = NULL;

  kr_test_virtual_start (f);
  CALL ("Two", NULL, kr_test_store_result, &result, "(ss)", "a", "b");
  finish_text (f, &result, "('a', 'b')");
  CALL ("None", NULL, kr_test_store_result, &result, "()");
  finish_text (f, &result, "()");
  CALL ("None", NULL, kr_test_store_result, &result, NULL);
  finish_text (f, &result, "()");
}

/* What is more than basic goes by way of a GVariant. */
static void
test_other (KrTestVirtual *f, gconstpointer data)
{
  const char *const texts[] = { "a", "b", NULL };
  GAsyncResult *result = NULL;

  kr_test_virtual_start (f);
  CALL ("Texts", NULL, kr_test_store_result, &result, "(^as)", texts);
  finish_text (f, &result, "(['a', 'b'],)");
  CALL ("Echo", NULL, kr_test_store_result, &result, "(@s)", g_variant_new_string ("c"));
  finish_text (f, &result, "c");
}

static void
test_null_argument (KrTestVirtual *f, gconstpointer data)
{
  GAsyncResult *result = NULL;

  kr_test_virtual_start (f);
  CALL ("Echo", NULL, kr_test_store_result, &result, "(s)", NULL);
  finish_error (f, &result, "s", KR_HUB_ERROR, KR_HUB_ERROR_BINDING);
  kr_test_virtual_assert_echo (f, "still there");
}

static void
test_not_a_number (KrTestVirtual *f, gconstpointer data)
{
  GAsyncResult *result = NULL;

  kr_test_virtual_start (f);
  CALL ("Number", NULL, kr_test_store_result, &result, "(d)", NAN);
  finish_error (f, &result, "s", KR_HUB_ERROR, KR_HUB_ERROR_BINDING);
}

/* --- results --- */

static GAsyncResult *
call_and_wait (KrTestVirtual *f, const char *target)
{
  GAsyncResult *result = NULL;

  CALL (target, NULL, kr_test_store_result, &result, NULL);
  kr_test_virtual_advance (f, SECOND / 10);
  g_assert_nonnull (result);
  return result;
}

static void
test_results (KrTestVirtual *f, gconstpointer data)
{
  g_autoptr (GAsyncResult) pair_result = NULL, list_result = NULL, number_result = NULL, nothing_result = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *text = NULL;
  g_auto (GStrv) texts = NULL;
  gint32 seven = 0, minus = 0;

  kr_test_virtual_start (f);
  pair_result = call_and_wait (f, "Pair");
  list_result = call_and_wait (f, "List");
  number_result = call_and_wait (f, "Number");
  nothing_result = call_and_wait (f, "Nothing");
  g_assert_true (kr_hub_client_call_finish (f->client, pair_result, &error, "(si)", &text, &seven));
  g_assert_true (kr_hub_client_call_finish (f->client, list_result, &error, "^as", &texts));
  g_assert_true (kr_hub_client_call_finish (f->client, number_result, &error, "i", &minus));
  g_assert_true (kr_hub_client_call_finish (f->client, nothing_result, &error, NULL));
  g_assert_no_error (error);
  g_assert_cmpstr (text, ==, "seven");
  g_assert_cmpint (seven, ==, 7);
  g_assert_cmpuint (g_strv_length (texts), ==, 2);
  g_assert_cmpint (minus, ==, -42);
}

static void
test_unwanted (KrTestVirtual *f, gconstpointer data)
{
  g_autoptr (GAsyncResult) text = NULL, any = NULL;

  kr_test_virtual_start (f);
  text = call_and_wait (f, "None");
  any = call_and_wait (f, "None");
  g_assert_true (kr_hub_client_call_finish (f->client, text, NULL, "s", NULL));
  g_assert_true (kr_hub_client_call_finish (f->client, any, NULL, NULL));
}

static void
assert_fails (KrTestVirtual *f, const char *target, const char *format, int code)
{
  GAsyncResult *result = NULL;

  CALL (target, NULL, kr_test_store_result, &result, NULL);
  finish_error (f, &result, format, KR_HUB_ERROR, code);
}

static void
test_wrong_results (KrTestVirtual *f, gconstpointer data)
{
  kr_test_virtual_start (f);
  assert_fails (f, "Nothing", "s", KR_HUB_ERROR_BINDING);
  assert_fails (f, "Null", "s", KR_HUB_ERROR_BINDING);
  assert_fails (f, "Number", "s", KR_HUB_ERROR_BINDING);
  assert_fails (f, "Pair", "i", KR_HUB_ERROR_BINDING);
  assert_fails (f, "Null", "i", KR_HUB_ERROR_BINDING);
  assert_fails (f, "Fail", "s", KR_HUB_ERROR_FAILED);
}

/* --- states --- */

static void
test_not_connected (KrTestVirtual *f, gconstpointer data)
{
  GAsyncResult *result = NULL;

  CALL ("Echo", NULL, kr_test_store_result, &result, "(s)", "a");
  g_assert_null (result);
  finish_error (f, &result, "s", G_IO_ERROR, G_IO_ERROR_NOT_CONNECTED);
}

static void
test_waits (KrTestVirtual *f, gconstpointer data)
{
  g_autoptr (GAsyncResult) started = NULL;
  GAsyncResult *result = NULL;

  g_object_set (f->client, "call-policy", KR_HUB_CALL_WAIT, NULL);
  kr_hub_client_start_async (f->client, NULL, kr_test_store_result, &started);
  CALL ("Echo", NULL, kr_test_store_result, &result, "(s)", "patience");
  finish_text (f, &result, "patience");
  g_assert_true (kr_hub_client_start_finish (f->client, started, NULL));
}

static void
test_cancelled (KrTestVirtual *f, gconstpointer data)
{
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  GAsyncResult *result = NULL;

  kr_test_virtual_start (f);
  CALL ("Echo", cancellable, kr_test_store_result, &result, "(s)", "a");
  g_cancellable_cancel (cancellable);
  /* Before time goes on, and the answer comes. */
  while (g_main_context_iteration (NULL, FALSE))
    ;
  finish_error (f, &result, "s", G_IO_ERROR, G_IO_ERROR_CANCELLED);
}

/* Each of the two has its own way to be finished. */
static void
test_mixed (KrTestVirtual *f, gconstpointer data)
{
  g_autoptr (GAsyncResult) result = NULL;

  kr_test_virtual_start (f);
  result = call_and_wait (f, "None");
  g_test_expect_message ("krhub", G_LOG_LEVEL_CRITICAL, "*kr_hub_call_is_valid*");
  g_assert_null (kr_hub_client_invoke_finish (f->client, result, NULL));
  g_test_assert_expected_messages ();
}

static const struct
{
  const char *path;
  void (*func) (KrTestVirtual *f, gconstpointer data);
} cases[] = {
  { "basic", test_basic },
  { "several", test_several },
  { "other", test_other },
  { "null-argument", test_null_argument },
  { "results", test_results },
  { "unwanted", test_unwanted },
  { "wrong-results", test_wrong_results },
  { "not-connected", test_not_connected },
  { "waits", test_waits },
  { "cancelled", test_cancelled },
  { "mixed", test_mixed },
};

static void
add_all (KrHubProtocol *protocol)
{
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *path = g_strdup_printf ("/client-format/%s/%s", kr_hub_protocol_get_name (protocol), cases[i].path);

      g_test_add (path, KrTestVirtual, protocol, set_up, cases[i].func, kr_test_virtual_tear_down);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  add_all (kr_hub_json_protocol_get_default ());
  add_all (kr_hub_msgpack_protocol_get_default ());
  /* MessagePack has a way to write it. */
  g_test_add ("/client-format/json/not-a-number", KrTestVirtual, kr_hub_json_protocol_get_default (), set_up,
              test_not_a_number, kr_test_virtual_tear_down);
  return g_test_run ();
}
