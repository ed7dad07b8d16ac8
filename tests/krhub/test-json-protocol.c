/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* KrHubJsonProtocol: every message type, both ways, and a test per class of what is refused. */
#include "config.h"

#include "kr-hub-error.h"
#include "kr-hub-json-protocol.h"

static KrHubProtocol *protocol;

static KrHubParseResult
parse (const char *text, KrHubMessage *message, GError **error)
{
  KrHubSlice body = { text, strlen (text) };

  return kr_hub_protocol_parse (protocol, &body, message, error);
}

static void
assert_slice (const KrHubSlice *slice, const char *expected)
{
  if (expected == NULL)
    g_assert_null (slice->data);
  else
    g_assert_cmpmem (slice->data, slice->len, expected, strlen (expected));
}

static char *
write_text (const KrHubMessage *message)
{
  g_auto (KrHubBuffer) out = KR_HUB_BUFFER_INIT;
  g_autoptr (GError) error = NULL;

  g_assert_true (kr_hub_protocol_write (protocol, message, &out, &error));
  g_assert_no_error (error);
  g_assert_cmpuint (out.data[out.len - 1], ==, 0x1e);
  return g_strndup ((const char *) out.data, out.len - 1);
}

/* Written as .NET writes them: parsing and writing again must not change a byte. */
static void
test_round_trip (void)
{
  static const char *const texts[] = {
    "{\"type\":1,\"target\":\"Broadcast\",\"arguments\":[\"x\"]}",
    "{\"type\":1,\"invocationId\":\"0\",\"target\":\"Echo\",\"arguments\":[]}",
    "{\"type\":1,\"headers\":{\"a\":\"b\"},\"invocationId\":\"0\",\"target\":\"Echo\",\"arguments\":[1,null,{\"a\":[]}]}",
    "{\"type\":1,\"invocationId\":\"0\",\"target\":\"Up\",\"arguments\":[\"a\"],\"streamIds\":[\"1\",\"2\"]}",
    "{\"type\":2,\"invocationId\":\"0\",\"item\":42}",
    "{\"type\":2,\"headers\":{},\"invocationId\":\"0\",\"item\":null}",
    "{\"type\":3,\"invocationId\":\"0\",\"result\":42}",
    "{\"type\":3,\"invocationId\":\"0\",\"result\":null}",
    "{\"type\":3,\"invocationId\":\"0\"}",
    "{\"type\":3,\"invocationId\":\"0\",\"error\":\"It \\\"failed\\\"\"}",
    "{\"type\":4,\"invocationId\":\"0\",\"target\":\"Count\",\"arguments\":[10]}",
    "{\"type\":5,\"invocationId\":\"0\"}",
    "{\"type\":6}",
    "{\"type\":7}",
    "{\"type\":7,\"allowReconnect\":true}",
    "{\"type\":7,\"error\":\"Connection closed with an error.\",\"allowReconnect\":true}",
    "{\"type\":8,\"sequenceId\":36}",
    "{\"type\":9,\"sequenceId\":9223372036854775807}",
  };

  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    {
      g_auto (KrHubMessage) message = { 0 };
      g_autoptr (GError) error = NULL;
      g_autofree char *text = NULL;

      g_assert_cmpint (parse (texts[i], &message, &error), ==, KR_HUB_PARSE_MESSAGE);
      g_assert_no_error (error);
      g_assert_cmpint (message.type, ==, g_ascii_digit_value (texts[i][8]));
      text = write_text (&message);
      g_assert_cmpstr (text, ==, texts[i]);
    }
}

static void
test_any_order (void)
{
  g_auto (KrHubMessage) message = { 0 };
  g_autoptr (GError) error = NULL;

  g_assert_cmpint (parse (" {\n\"arguments\" : [ \"a\" , 2 ] , \"target\":\"Echo\", \"x\":{\"y\":[1,{}]},\"invocationId\":\"7\",\"type\":1 } ",
                          &message, &error), ==, KR_HUB_PARSE_MESSAGE);
  g_assert_no_error (error);
  assert_slice (&message.target, "Echo");
  assert_slice (&message.invocation_id, "7");
  g_assert_cmpuint (message.n_arguments, ==, 2);
}

static void
test_strings (void)
{
  g_auto (KrHubMessage) message = { 0 };
  g_autoptr (GError) error = NULL;

  g_assert_cmpint (parse ("{\"type\":1,\"tar\\u0067et\":\"E\\u00e9\\ud83d\\ude00\\n\",\"invocationId\":\"\\\"\",\"arguments\":[]}", &message,
                          &error), ==, KR_HUB_PARSE_MESSAGE);
  g_assert_no_error (error);
  assert_slice (&message.target, "E\xc3\xa9\xf0\x9f\x98\x80\n");
  assert_slice (&message.invocation_id, "\"");
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);
  protocol = kr_hub_json_protocol_get_default ();
  g_test_add_func ("/krhub/json-protocol/round-trip", test_round_trip);
  g_test_add_func ("/krhub/json-protocol/any-order", test_any_order);
  g_test_add_func ("/krhub/json-protocol/strings", test_strings);
  return g_test_run ();
}
