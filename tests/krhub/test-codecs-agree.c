/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* Random values come back from JSON and from MessagePack as they were. */
#include "config.h"

#include <math.h>

#include "kr-hub-json-protocol.h"
#include "kr-hub-msgpack-protocol.h"

static GVariant *random_value (guint depth);

static char *
random_text (void)
{
  static const char *const pieces[] = { "a",
                                        "Z",
                                        "0",
                                        " ",
                                        "\"",
                                        "\\",
                                        "\n",
                                        "\t",
                                        "\x01",
                                        "\x1f",
                                        "\x7f",
                                        "\xc3\xa9",
                                        "\xe2\x82\xac",
                                        "\xf0\x9f\x98\x80",
                                        "/",
                                        "<",
                                        "\xef\xbf\xbf",
                                        "\xe2\x80\xa8" };
  guint n = g_test_rand_int_range (0, 40);
  g_autoptr (GString) text = g_string_new (NULL);

  while (n-- > 0)
    g_string_append (text, pieces[g_test_rand_int_range (0, G_N_ELEMENTS (pieces))]);
  return g_string_free (g_steal_pointer (&text), FALSE);
}

static guint64
random_bits (void)
{
  guint64 bits = (guint64) g_test_rand_int () << 32 | (guint32) g_test_rand_int ();

  /* Often small, often an edge. */
  return bits >> g_test_rand_int_range (0, 64);
}

static double
random_double (void)
{
  guint64 bits = (guint64) g_test_rand_int () << 32 | (guint32) g_test_rand_int ();
  double value;

  memcpy (&value, &bits, sizeof value);
  return isfinite (value) ? value : g_test_rand_int () / 8.0;
}

static GVariant *
random_container (guint depth)
{
  GVariantBuilder builder;
  guint n = g_test_rand_int_range (0, 6), kind = g_test_rand_int_range (0, 4);

  g_variant_builder_init (&builder, kind == 0   ? G_VARIANT_TYPE ("av")
                                    : kind == 1 ? G_VARIANT_TYPE_VARDICT
                                    : kind == 2 ? G_VARIANT_TYPE_TUPLE
                                                : G_VARIANT_TYPE ("a{xv}"));
  for (guint i = 0; i < n; i++)
    {
      g_autofree char *text = random_text (), *key = g_strdup_printf ("%u%s", i, text);

      if (kind == 0)
        g_variant_builder_add (&builder, "v", random_value (depth + 1));
      else if (kind == 1)
        g_variant_builder_add (&builder, "{sv}", key, random_value (depth + 1));
      else if (kind == 2)
        g_variant_builder_add_value (&builder, random_value (depth + 1));
      else
        g_variant_builder_add (&builder, "{xv}", (gint64) i - 2, random_value (depth + 1));
    }
  return g_variant_builder_end (&builder);
}

static GVariant *
random_value (guint depth)
{
  g_autofree char *text = NULL;

  switch (g_test_rand_int_range (0, depth < 5 ? 16 : 11))
    {
    case 0: return g_variant_new_boolean (g_test_rand_bit ());
    case 1: return g_variant_new_byte (random_bits ());
    case 2: return g_variant_new_int16 (random_bits ());
    case 3: return g_variant_new_uint16 (random_bits ());
    case 4: return g_variant_new_int32 (random_bits ());
    case 5: return g_variant_new_uint32 (random_bits ());
    case 6: return g_variant_new_int64 (random_bits ());
    case 7: return g_variant_new_uint64 (random_bits ());
    case 8: return g_variant_new_double (random_double ());
    case 9: return g_variant_new_take_string (random_text ());
    case 10:
      text = random_text ();
      return g_variant_new_fixed_array (G_VARIANT_TYPE_BYTE, text, strlen (text), 1);
    /* Nothing inside something is the same null as nothing, so no maybe in a maybe. */
    case 11: return g_variant_new_maybe (NULL, random_value (G_MAXINT));
    case 12: return g_variant_new_maybe (G_VARIANT_TYPE_STRING, NULL);
    default: return random_container (depth);
    }
}

/* Of a variant inside another neither encoding keeps the type, so that what comes back has the obvious one. Compared is
 * therefore what does not change when it makes the journey once more. */
static GVariant *
journey (KrHubProtocol *through, GVariant *value, const GVariantType *type)
{
  g_auto (KrHubBuffer) out = KR_HUB_BUFFER_INIT;
  g_auto (KrHubMessage) parsed = { 0 };
  g_autoptr (GError) error = NULL;
  KrHubMessage message = { .type = KR_HUB_MESSAGE_COMPLETION, .invocation_id = KR_HUB_SLICE_LITERAL ("1") };
  KrHubSlice body;
  GVariant *result;

  message.value = (KrHubValue) { .kind = KR_HUB_VALUE_VARIANT, .variant = value };
  g_assert_true (kr_hub_protocol_write (through, &message, &out, &error));
  g_assert_no_error (error);
  g_assert_cmpint (kr_hub_protocol_frame (through, out.data, out.len, 0, &body, NULL), ==, out.len);
  g_assert_cmpint (kr_hub_protocol_parse (through, &body, &parsed, NULL), ==, KR_HUB_PARSE_MESSAGE);
  result = kr_hub_protocol_decode_variant (through, &parsed.value.slice, type, &error);
  g_assert_no_error (error);
  return result;
}

/* The two obvious types differ in this alone: JSON has no bytes, no float that is whole, and keys are strings. */
static GVariant *
as_json_has_it (GVariant *value)
{
  return journey (kr_hub_json_protocol_get_default (), value, G_VARIANT_TYPE_VARIANT);
}

/* Typed values come back as they were, from either encoding; untyped ones agree. */
static void
test_codecs_agree (void)
{
  for (guint i = 0; i < 3000; i++)
    {
      g_autoptr (GVariant) value = g_variant_ref_sink (random_value (0));
      g_autoptr (GVariant) by_json = NULL, by_msgpack = NULL, untyped = NULL, json_untyped = NULL, both = NULL;
      const GVariantType *type = g_variant_get_type (value);

      untyped = journey (kr_hub_msgpack_protocol_get_default (), value, G_VARIANT_TYPE_VARIANT);
      json_untyped = as_json_has_it (value);
      both = as_json_has_it (untyped);
      g_assert_cmpvariant (json_untyped, both);
      /* Inside variants types are lost: only values without them can be compared with what they were. */
      if (strchr (g_variant_get_type_string (value), 'v') != NULL)
        continue;
      by_json = journey (kr_hub_json_protocol_get_default (), value, type);
      by_msgpack = journey (kr_hub_msgpack_protocol_get_default (), value, type);
      g_assert_cmpvariant (by_json, value);
      g_assert_cmpvariant (by_msgpack, value);
    }
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/krhub/codecs/agree", test_codecs_agree);
  return g_test_run ();
}
