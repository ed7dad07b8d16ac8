/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* Who counts as one guest, and how many there may be. */
#include "config.h"

#include "kr-hub-soup-guests-private.h"

#define MANY 1000

static KrHubSoupGuest *
enter (KrHubSoupGuests *guests, const char *text, guint max, guint max_per_address)
{
  g_autoptr (GInetAddress) address = g_inet_address_new_from_string (text);
  const char *limit = NULL;
  KrHubSoupGuest *guest;

  g_assert_nonnull (address);
  guest = kr_hub_soup_guests_enter (guests, address, max, max_per_address, &limit);
  g_assert_true ((guest == NULL) == (limit != NULL));
  return guest;
}

static void
test_same (void)
{
  static const struct
  {
    const char *one, *other;
    gboolean same;
  } rows[] = {
    { "192.0.2.1", "192.0.2.1", TRUE },
    { "192.0.2.1", "192.0.2.2", FALSE },
    { "2001:db8::1", "2001:db8::1", TRUE },
    { "2001:db8::1", "2001:db8::2", TRUE },
    { "2001:db8:0:7::", "2001:db8:0:7:ffff:ffff:ffff:ffff", TRUE },
    { "2001:db8:0:7::", "2001:db8:0:6:ffff:ffff:ffff:ffff", FALSE },
    { "2001:db8::1", "2001:db9::1", FALSE },
    { "::ffff:192.0.2.1", "192.0.2.1", TRUE },
    { "::ffff:192.0.2.1", "::ffff:192.0.2.2", FALSE },
    { "::ffff:0.0.0.0", "::1", FALSE },
    { "192.0.2.1", "c000:201::", FALSE },  /* the same first bytes */
    { "0.0.0.0", "::", FALSE },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      KrHubSoupGuests *guests = kr_hub_soup_guests_new ();
      KrHubSoupGuest *one = enter (guests, rows[i].one, MANY, 1);
      KrHubSoupGuest *other = enter (guests, rows[i].other, MANY, 1);

      g_test_message ("%s and %s", rows[i].one, rows[i].other);
      g_assert_nonnull (one);
      g_assert_cmpint (other == NULL, ==, rows[i].same);
      kr_hub_soup_guest_leave (one);
      if (other == NULL)
        other = enter (guests, rows[i].other, MANY, 1); /* there is room again */
      g_assert_nonnull (other);
      kr_hub_soup_guest_leave (other);
      g_assert_cmpuint (kr_hub_soup_guests_get_n (guests), ==, 0);
      kr_hub_soup_guests_unref (guests);
    }
}

static void
test_all (void)
{
  KrHubSoupGuests *guests = kr_hub_soup_guests_new ();
  KrHubSoupGuest *one = enter (guests, "192.0.2.1", 2, MANY);
  KrHubSoupGuest *two = enter (guests, "192.0.2.2", 2, MANY);

  g_assert_null (enter (guests, "192.0.2.3", 2, MANY));
  g_assert_cmpuint (kr_hub_soup_guests_get_n (guests), ==, 2);
  kr_hub_soup_guest_leave (one);
  kr_hub_soup_guest_leave (two);
  kr_hub_soup_guests_unref (guests);
}

/* Connections end in the threads of their hubs. */
static gpointer
come_and_go (gpointer guests)
{
  for (guint i = 0; i < 5000; i++)
    {
      KrHubSoupGuest *guest = enter (guests, i % 2 ? "2001:db8::1" : "192.0.2.1", 6, 3);

      if (guest != NULL)
        kr_hub_soup_guest_leave (guest);
    }
  return NULL;
}

static void
test_threads (void)
{
  KrHubSoupGuests *guests = kr_hub_soup_guests_new ();
  GThread *threads[4];

  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    threads[i] = g_thread_new ("guests", come_and_go, guests);
  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    g_thread_join (threads[i]);
  g_assert_cmpuint (kr_hub_soup_guests_get_n (guests), ==, 0);
  kr_hub_soup_guests_unref (guests);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/guests/same", test_same);
  g_test_add_func ("/guests/all", test_all);
  g_test_add_func ("/guests/threads", test_threads);
  return g_test_run ();
}
