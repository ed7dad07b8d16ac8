/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* Cases of the table: values go to the server and come back as they were. */
#include "config.h"

#include <float.h>

#include "client-site.h"

static void
assert_echo (KrHubClient *client, const char *target, GVariant *value)
{
  g_autoptr (GVariant) sunk = g_variant_ref_sink (value);
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) back =
    client_call (client, target, g_variant_new_tuple (&sunk, 1), g_variant_get_type_string (sunk), &error);

  g_assert_no_error (error);
  if (!g_variant_equal (back, sunk))
    {
      g_autofree char *sent = g_variant_print (sunk, TRUE);
      g_autofree char *got = g_variant_print (back, TRUE);

      g_error ("%s: sent %s, got %s", target, sent, got);
    }
}

static void
case_integers (ClientSite *site)
{
  KrHubClient *client = client_site_connect (site, "/hub", NULL);
  static const gint64 edges[] = { G_MININT64, G_MININT64 + 1, -4294967297, G_MININT32, -65537, -32769, G_MININT16, -129, -128,
                                  -33, -32, -1, 0, 1, 127, 128, 255, 256, 32767, 32768, 65535, 65536, G_MAXINT32, 2147483648,
                                  G_MAXUINT32, 4294967296, 9007199254740991, 9007199254740993, G_MAXINT64 };

  for (guint i = 0; i < G_N_ELEMENTS (edges); i++)
    {
      gint64 edge = edges[i];

      assert_echo (client, "EchoLong", g_variant_new_int64 (edge));
      if (edge >= 0)
        assert_echo (client, "EchoULong", g_variant_new_uint64 (edge));
      if (edge >= G_MININT32 && edge <= G_MAXINT32)
        assert_echo (client, "EchoInt", g_variant_new_int32 (edge));
      if (edge >= 0 && edge <= G_MAXUINT32)
        assert_echo (client, "EchoUInt", g_variant_new_uint32 (edge));
      if (edge >= G_MININT16 && edge <= G_MAXINT16)
        assert_echo (client, "EchoShort", g_variant_new_int16 (edge));
      if (edge >= 0 && edge <= G_MAXUINT16)
        assert_echo (client, "EchoUShort", g_variant_new_uint16 (edge));
      if (edge >= 0 && edge <= 255)
        assert_echo (client, "EchoByte", g_variant_new_byte (edge));
    }
  assert_echo (client, "EchoULong", g_variant_new_uint64 (G_MAXUINT64));
}

static void
case_doubles (ClientSite *site)
{
  KrHubClient *client = client_site_connect (site, "/hub", NULL);
  static const double edges[] = { 0, 1, -1, 0.1, 1.0 / 3, 1.5, 1e15, 1e16, 1e21, 123456789012345680.0, 5e-324, DBL_MIN,
                                  DBL_EPSILON, -DBL_MAX, DBL_MAX, 9007199254740993.0, 1e-7 };

  for (guint i = 0; i < G_N_ELEMENTS (edges); i++)
    assert_echo (client, "EchoDouble", g_variant_new_double (edges[i]));
}

static void
case_texts (ClientSite *site)
{
  KrHubClient *client = client_site_connect (site, "/hub", NULL);
  g_autofree char *longest = g_strnfill (30000, 'l');
  const char *const texts[] = { "", "plain", "Grüße, Ελλάδα, 日本語", "\xf0\x9f\x98\x80 beyond the first plane \xf4\x8f\xbf\xbd",
                                "\" \\ / \b \f \n \r \t \x01 \x1f \x7f", "\x1e in the middle", "\xef\xbf\xbd \xe2\x80\xa8 \xe2\x80\xa9",
                                "<script>&'+", "{\"type\":6}\x1e", "a\xcc\x88 is not \xc3\xa4", longest };

  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    assert_echo (client, "EchoString", g_variant_new_string (texts[i]));
  assert_echo (client, "EchoBool", g_variant_new_boolean (TRUE));
  assert_echo (client, "EchoBool", g_variant_new_boolean (FALSE));
}

/* What the server sends may be longer than what it takes. */
static void
case_long (ClientSite *site)
{
  KrHubClient *client = client_site_connect (site, "/hub", NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) big = client_call (client, "Big", g_variant_new ("(i)", 500000), "s", &error);

  g_assert_no_error (error);
  g_assert_cmpuint (strlen (g_variant_get_string (big, NULL)), ==, 500000);
  g_assert_cmpuint (strspn (g_variant_get_string (big, NULL), "x"), ==, 500000);
}

static void
case_composite (ClientSite *site)
{
  KrHubClient *client = client_site_connect (site, "/hub", NULL);
  guint8 bytes[1000];

  for (guint i = 0; i < sizeof bytes; i++)
    bytes[i] = i;
  for (gsize len = 0; len < 20; len++)
    assert_echo (client, "EchoBytes", g_variant_new_fixed_array (G_VARIANT_TYPE_BYTE, bytes, len, 1));
  assert_echo (client, "EchoBytes", g_variant_new_fixed_array (G_VARIANT_TYPE_BYTE, bytes, sizeof bytes, 1));
  assert_echo (client, "EchoInts", g_variant_new_parsed ("@ai []"));
  assert_echo (client, "EchoInts", g_variant_new_parsed ("[1, -2147483648, 2147483647]"));
  assert_echo (client, "EchoStrings", g_variant_new_parsed ("['', 'a', 'ü']"));
  assert_echo (client, "EchoMap", g_variant_new_parsed ("@a{si} {}"));
  assert_echo (client, "EchoMap", g_variant_new_parsed ("{'one': 1, '': 0, 'ß': -1}"));
  assert_echo (client, "EchoMaybe", g_variant_new_parsed ("@mi nothing"));
  assert_echo (client, "EchoMaybe", g_variant_new_parsed ("@mi 7"));
  client_assert_call (client, "Two", g_variant_new ("(si)", "x", 7), "s", "'x 7'");
  client_assert_call (client, "Nothing", NULL, "()", "()");
}

/* Without a declared type: what the encoding tells by itself. */
static void
case_any (ClientSite *site)
{
  KrHubClient *client = client_site_connect (site, "/hub", NULL);

  client_assert_call (client, "EchoAny", g_variant_new ("(v)", g_variant_new_string ("text")), NULL, "<'text'>");
  client_assert_call (client, "EchoAny", g_variant_new ("(v)", g_variant_new_boolean (TRUE)), NULL, "<true>");
  client_assert_call (client, "EchoAny", g_variant_new ("(v)", g_variant_new_int32 (-5)), NULL, "<int64 -5>");
  client_assert_call (client, "EchoAny", g_variant_new ("(v)", g_variant_new_double (1.5)), NULL, "<1.5>");
  client_assert_call (client, "EchoAny", g_variant_new ("(v)", g_variant_new_parsed ("[1, 2]")), NULL,
                      "<[<int64 1>, <int64 2>]>");
}

const ClientCase client_value_cases[] = {
  { "values/integers", case_integers }, { "values/doubles", case_doubles }, { "values/texts", case_texts },
  { "values/long", case_long },         { "values/composite", case_composite }, { "values/any", case_any },
  { NULL },
};
