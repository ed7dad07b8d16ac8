/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* KrHubNegotiation: the document of each kind, written byte for byte, parsed again, and what is refused. */
#include "config.h"

#include "kr-hub-error.h"
#include "kr-hub-negotiation.h"

static void
assert_document (KrHubNegotiation *negotiation, const char *expected)
{
  g_autoptr (GBytes) bytes = kr_hub_negotiation_write (negotiation);
  gsize len;
  const char *data = g_bytes_get_data (bytes, &len);

  g_assert_cmpmem (data, len, expected, strlen (expected));
}

static KrHubNegotiation *
parse (const char *text, GError **error)
{
  g_autoptr (GBytes) bytes = g_bytes_new_static (text, strlen (text));

  return kr_hub_negotiation_parse (bytes, error);
}

static const char everything[] =
  "{\"useStatefulReconnect\":true,\"negotiateVersion\":1,\"connectionId\":\"id\",\"connectionToken\":\"token\","
  "\"availableTransports\":[{\"transport\":\"WebSockets\",\"transferFormats\":[\"Text\",\"Binary\"]},"
  "{\"transport\":\"ServerSentEvents\",\"transferFormats\":[\"Text\"]},"
  "{\"transport\":\"LongPolling\",\"transferFormats\":[\"Text\",\"Binary\"]}]}";

static void
test_success (void)
{
  g_autoptr (KrHubNegotiation) written = kr_hub_negotiation_new (1, "id", "token", KR_HUB_TRANSPORT_ALL, TRUE);
  g_autoptr (KrHubNegotiation) parsed = NULL;
  g_autoptr (GError) error = NULL;

  assert_document (written, everything);
  parsed = parse (everything, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (kr_hub_negotiation_get_version (parsed), ==, 1);
  g_assert_cmpstr (kr_hub_negotiation_get_connection_id (parsed), ==, "id");
  g_assert_cmpstr (kr_hub_negotiation_get_connection_token (parsed), ==, "token");
  g_assert_cmpuint (kr_hub_negotiation_get_transports (parsed), ==, KR_HUB_TRANSPORT_ALL);
  g_assert_true (kr_hub_negotiation_get_use_stateful_reconnect (parsed));
  g_assert_null (kr_hub_negotiation_get_error (parsed));
  g_assert_null (kr_hub_negotiation_get_url (parsed));
  assert_document (parsed, everything);
}

/* The id is the token then, and the document has none. */
static void
test_version_0 (void)
{
  static const char text[] = "{\"negotiateVersion\":0,\"connectionId\":\"id\",\"availableTransports\":"
                             "[{\"transport\":\"LongPolling\",\"transferFormats\":[\"Text\",\"Binary\"]}]}";
  g_autoptr (KrHubNegotiation) written = kr_hub_negotiation_new (0, "id", "id", KR_HUB_TRANSPORT_LONG_POLLING, FALSE);
  g_autoptr (KrHubNegotiation) parsed = NULL;
  g_autoptr (GError) error = NULL;

  assert_document (written, text);
  parsed = parse (text, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (kr_hub_negotiation_get_connection_token (parsed), ==, "id");
  g_assert_cmpuint (kr_hub_negotiation_get_transports (parsed), ==, KR_HUB_TRANSPORT_LONG_POLLING);
}

static void
test_redirect (void)
{
  static const char text[] = "{\"negotiateVersion\":1,\"url\":\"https://other/hub\",\"accessToken\":\"secret\","
                             "\"availableTransports\":[]}";
  g_autoptr (KrHubNegotiation) written = kr_hub_negotiation_new_redirect (1, "https://other/hub", "secret");
  g_autoptr (KrHubNegotiation) parsed = NULL;
  g_autoptr (GError) error = NULL;

  assert_document (written, text);
  parsed = parse (text, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (kr_hub_negotiation_get_url (parsed), ==, "https://other/hub");
  g_assert_cmpstr (kr_hub_negotiation_get_access_token (parsed), ==, "secret");
  g_assert_null (kr_hub_negotiation_get_connection_id (parsed));
}

static void
test_error (void)
{
  static const char text[] = "{\"error\":\"The client requested a non-integer protocol version.\"}";
  g_autoptr (KrHubNegotiation) written =
    kr_hub_negotiation_new_error ("The client requested a non-integer protocol version.");
  g_autoptr (KrHubNegotiation) parsed = NULL;
  g_autoptr (GError) error = NULL;

  assert_document (written, text);
  parsed = parse (text, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (kr_hub_negotiation_get_error (parsed), ==, "The client requested a non-integer protocol version.");
}

/* A newer server may say more. */
static void
test_unknown (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (KrHubNegotiation) parsed =
      parse ("{\"x\":[{}],\"connectionToken\":\"t\",\"availableTransports\":[{\"transport\":\"WebTransport\"},7,{},"
             "{\"transport\":\"WebSockets\"}],\"negotiateVersion\":2,\"connectionId\":\"i\",\"url\":null,"
             "\"tokenLifetimeSeconds\":5}",
             &error);

  g_assert_no_error (error);
  g_assert_cmpuint (kr_hub_negotiation_get_version (parsed), ==, 2);
  g_assert_cmpuint (kr_hub_negotiation_get_transports (parsed), ==, KR_HUB_TRANSPORT_WEBSOCKETS);
}

static void
test_refused (void)
{
  static const struct
  {
    const char *text;
    const char *message;
  } cases[] = {
    { "", "Invalid negotiation response received." },
    { "not json", "Invalid negotiation response received." },
    { "[]", "Invalid negotiation response received." },
    { "{\"connectionId\":\"i\",}", "Invalid negotiation response received." },
    { "{}", "Missing required property 'connectionId'." },
    { "{\"negotiateVersion\":1,\"connectionId\":\"i\"}", "Missing required property 'connectionToken'." },
    { "{\"connectionId\":7}", "Expected 'connectionId' to be of type String." },
    { "{\"connectionId\":\"i\",\"url\":[]}", "Expected 'url' to be of type String." },
    { "{\"connectionId\":\"i\",\"negotiateVersion\":\"1\"}", "Expected 'negotiateVersion' to be of type Number." },
    { "{\"connectionId\":\"i\",\"negotiateVersion\":1.5}", "Expected 'negotiateVersion' to be of type Number." },
    { "{\"connectionId\":\"i\",\"negotiateVersion\":-1}", "Expected 'negotiateVersion' to be of type Number." },
    { "{\"connectionId\":\"i\",\"availableTransports\":{}}", "Expected 'availableTransports' to be of type Array." },
    { "{\"ProtocolVersion\":\"1.5\",\"connectionId\":\"i\"}",
      "Detected a connection attempt to an ASP.NET SignalR Server. This client only supports connecting to an ASP.NET "
      "Core "
      "SignalR Server." },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GError) error = NULL;

      g_assert_null (parse (cases[i].text, &error));
      g_assert_error (error, KR_HUB_ERROR, KR_HUB_ERROR_MALFORMED);
      g_assert_cmpstr (error->message, ==, cases[i].message);
    }
}

static void
test_too_large (void)
{
  g_autoptr (GBytes) bytes = g_bytes_new_take (g_strnfill (1024 * 1024 + 1, ' '), 1024 * 1024 + 1);
  g_autoptr (GError) error = NULL;

  g_assert_null (kr_hub_negotiation_parse (bytes, &error));
  g_assert_error (error, KR_HUB_ERROR, KR_HUB_ERROR_TOO_LARGE);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/krhub/negotiation/success", test_success);
  g_test_add_func ("/krhub/negotiation/version-0", test_version_0);
  g_test_add_func ("/krhub/negotiation/redirect", test_redirect);
  g_test_add_func ("/krhub/negotiation/error", test_error);
  g_test_add_func ("/krhub/negotiation/unknown", test_unknown);
  g_test_add_func ("/krhub/negotiation/refused", test_refused);
  g_test_add_func ("/krhub/negotiation/too-large", test_too_large);
  return g_test_run ();
}
