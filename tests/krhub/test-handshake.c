/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* The handshake: what both ends write, and what they understand (the texts of refusals are in the JSON vectors). */
#include "config.h"

#include "kr-hub-error.h"
#include "kr-hub-handshake-private.h"

static void
assert_written (const KrHubBuffer *out, const char *expected)
{
  g_assert_cmpmem (out->data, out->len, expected, strlen (expected));
}

static void
test_request (void)
{
  g_auto (KrHubBuffer) out = KR_HUB_BUFFER_INIT;
  g_auto (KrHubHandshakeRequest) request = { 0 };
  g_autoptr (GError) error = NULL;
  KrHubSlice text;

  kr_hub_handshake_write_request ("messagepack", 2, &out);
  assert_written (&out, "{\"protocol\":\"messagepack\",\"version\":2}\x1e");
  text = (KrHubSlice) { (char *) out.data, out.len - 1 };
  g_assert_true (kr_hub_handshake_parse_request (&text, &request, &error));
  g_assert_no_error (error);
  g_assert_cmpstr (request.protocol, ==, "messagepack");
  g_assert_cmpint (request.version, ==, 2);
}

static void
test_accepted (void)
{
  g_auto (KrHubBuffer) out = KR_HUB_BUFFER_INIT;
  g_autoptr (GError) error = NULL;

  kr_hub_handshake_write_response (NULL, &out);
  assert_written (&out, "{}\x1e");
  g_assert_true (kr_hub_handshake_parse_response (&KR_HUB_SLICE_LITERAL ("{}"), &error));
  g_assert_no_error (error);
}

static void
test_refused (void)
{
  g_auto (KrHubBuffer) out = KR_HUB_BUFFER_INIT;
  g_autoptr (GError) error = NULL;
  KrHubSlice text;

  kr_hub_handshake_write_response ("The protocol 'x\"y' is not supported.", &out);
  assert_written (&out, "{\"error\":\"The protocol 'x\\\"y' is not supported.\"}\x1e");
  text = (KrHubSlice) { (char *) out.data, out.len - 1 };
  g_assert_false (kr_hub_handshake_parse_response (&text, &error));
  g_assert_error (error, KR_HUB_ERROR, KR_HUB_ERROR_HANDSHAKE);
  g_assert_cmpstr (error->message, ==, "The protocol 'x\"y' is not supported.");
}

/* A peer must not be able to make us log, or send back, whatever length it likes. */
static void
test_quotes_little (void)
{
  g_autofree char *long_text = g_strnfill (30000, ' ');
  g_auto (KrHubHandshakeRequest) request = { 0 };
  g_autoptr (GError) error = NULL;
  KrHubSlice text = { long_text, 30000 };

  long_text[0] = '{';
  long_text[29999] = '}';
  g_assert_false (kr_hub_handshake_parse_request (&text, &request, &error));
  g_assert_error (error, KR_HUB_ERROR, KR_HUB_ERROR_HANDSHAKE);
  g_assert_true (g_str_has_prefix (error->message,
                                   "InvalidDataException: Missing required property 'protocol'. Message content: {"));
  g_assert_cmpuint (strlen (error->message), <, 400);
}

/* Cut anywhere, a request is refused with a reason, and nothing is read behind the cut. */
static void
test_every_cut (void)
{
  static const char whole[] = " {\"protocol\":\"j\\u0073on\",\"x\":[1.5e3,{\"y\":true}],\"version\":-12}";

  for (gsize len = 0; len < sizeof whole - 1; len++)
    {
      g_autofree char *copy = g_memdup2 (whole, MAX (len, 1));
      g_auto (KrHubHandshakeRequest) request = { 0 };
      g_autoptr (GError) error = NULL;
      KrHubSlice text = { copy, len };

      g_assert_false (kr_hub_handshake_parse_request (&text, &request, &error));
      g_assert_error (error, KR_HUB_ERROR, KR_HUB_ERROR_HANDSHAKE);
      g_assert_true (g_str_has_prefix (error->message, "JsonReaderException: "));
    }
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/krhub/handshake/request", test_request);
  g_test_add_func ("/krhub/handshake/accepted", test_accepted);
  g_test_add_func ("/krhub/handshake/refused", test_refused);
  g_test_add_func ("/krhub/handshake/quotes-little", test_quotes_little);
  g_test_add_func ("/krhub/handshake/every-cut", test_every_cut);
  return g_test_run ();
}
