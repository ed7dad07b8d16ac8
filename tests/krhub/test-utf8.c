/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* UTF-8 of every length around the steps in which it is looked at, with one byte that is not plain at each place. */
#include "config.h"

#include <string.h>

#include "kr-hub-utf8-private.h"

#define MAX_LEN 70

/* In memory of its own, so that a sanitizer sees what is looked at beside it. */
static gboolean
check (gboolean (*func) (const KrHubSlice *text), const char *data, gsize len)
{
  g_autofree char *copy = g_malloc (MAX (len, 1));
  const KrHubSlice text = { copy, len };

  memcpy (copy, data, len);
  return func (&text);
}

static void
test_plain (void)
{
  char text[MAX_LEN];

  for (gsize len = 0; len <= MAX_LEN; len++)
    {
      memset (text, 1, sizeof text);
      g_assert_true (check (kr_hub_utf8_is_plain, text, len));
      memset (text, 0x7f, sizeof text);
      g_assert_true (check (kr_hub_utf8_is_plain, text, len));
      g_assert_true (check (kr_hub_utf8_validate, text, len));
    }
}

static void
test_odd_byte (gconstpointer data)
{
  guchar byte = GPOINTER_TO_INT (data);
  char text[MAX_LEN];

  memset (text, 'a', sizeof text);
  for (gsize len = 1; len <= MAX_LEN; len++)
    for (gsize i = 0; i < len; i++)
      {
        text[i] = byte;
        g_assert_false (check (kr_hub_utf8_is_plain, text, len));
        g_assert_cmpint (check (kr_hub_utf8_validate, text, len), ==, byte == 0);
        text[i] = 'a';
      }
}

static void
test_sequences (void)
{
  static const char *const sequences[] = { "\303\274", "\342\202\254", "\360\237\230\200" };
  char text[MAX_LEN];

  for (guint s = 0; s < G_N_ELEMENTS (sequences); s++)
    for (gsize len = strlen (sequences[s]); len <= MAX_LEN; len++)
      for (gsize i = 0; i + strlen (sequences[s]) <= len; i++)
        {
          memset (text, 'a', sizeof text);
          memcpy (text + i, sequences[s], strlen (sequences[s]));
          g_assert_true (check (kr_hub_utf8_validate, text, len));
          g_assert_false (check (kr_hub_utf8_is_plain, text, len));
          g_assert_false (check (kr_hub_utf8_validate, text, i + 1));
        }
}

int
main (int argc, char **argv)
{
  static const guchar odd[] = { 0x00, 0x80, 0xbf, 0xff };

  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/utf8/plain", test_plain);
  for (guint i = 0; i < G_N_ELEMENTS (odd); i++)
    {
      g_autofree char *path = g_strdup_printf ("/utf8/odd-byte/%02x", odd[i]);

      g_test_add_data_func (path, GINT_TO_POINTER (odd[i]), test_odd_byte);
    }
  g_test_add_func ("/utf8/sequences", test_sequences);
  return g_test_run ();
}
