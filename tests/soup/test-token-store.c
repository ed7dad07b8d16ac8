/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* Tokens from negotiation to the end: expiry, limits, who may claim what. */
#include "config.h"

#include "kr-hub-soup-token-store-private.h"

#define SECOND G_USEC_PER_SEC

static void
test_life (void)
{
  g_autoptr (KrHubSoupTokenStore) store = kr_hub_soup_token_store_new ();
  g_autoptr (KrHubSoupToken) token = kr_hub_soup_token_store_create (store, TRUE, 0);
  g_autoptr (KrHubSoupToken) found = kr_hub_soup_token_store_lookup (store, kr_hub_soup_token_get_token (token), 0);

  g_assert_true (found == token);
  g_assert_cmpstr (kr_hub_soup_token_get_id (token), !=, kr_hub_soup_token_get_token (token));
  g_assert_null (kr_hub_soup_token_store_lookup (store, kr_hub_soup_token_get_id (token), 0));
  g_assert_cmpint (kr_hub_soup_token_get_transport (token), ==, 0);
  g_assert_cmpint (kr_hub_soup_token_claim (token, KR_HUB_TRANSPORT_LONG_POLLING), ==, KR_HUB_SOUP_CLAIM_NEW);
  g_assert_cmpint (kr_hub_soup_token_claim (token, KR_HUB_TRANSPORT_LONG_POLLING), ==, KR_HUB_SOUP_CLAIM_AGAIN);
  g_assert_cmpint (kr_hub_soup_token_claim (token, KR_HUB_TRANSPORT_WEBSOCKETS), ==, KR_HUB_SOUP_CLAIM_OTHER);
  g_assert_cmpuint (kr_hub_soup_token_store_get_n_waiting (store), ==, 0);
  g_assert_cmpuint (kr_hub_soup_token_store_get_n_connections (store), ==, 1);
  kr_hub_soup_token_end (token);
  kr_hub_soup_token_end (token);
  g_assert_cmpuint (kr_hub_soup_token_store_get_n_connections (store), ==, 0);
  g_assert_cmpint (kr_hub_soup_token_claim (token, KR_HUB_TRANSPORT_LONG_POLLING), ==, KR_HUB_SOUP_CLAIM_GONE);
  g_assert_null (kr_hub_soup_token_store_lookup (store, kr_hub_soup_token_get_token (token), 0));
}

/* With version 0 of the negotiation the id is the token. */
static void
test_without_secret (void)
{
  g_autoptr (KrHubSoupTokenStore) store = kr_hub_soup_token_store_new ();
  g_autoptr (KrHubSoupToken) token = kr_hub_soup_token_store_create (store, FALSE, 0);

  g_assert_cmpstr (kr_hub_soup_token_get_id (token), ==, kr_hub_soup_token_get_token (token));
  kr_hub_soup_token_end (token);
}

/* Looks every second, as the endpoint does. */
static gint64
let_pass (KrHubSoupTokenStore *store, gint64 from, gint64 to)
{
  gint64 next = G_MAXINT64;

  for (gint64 now = from; now <= to; now += SECOND)
    next = kr_hub_soup_token_store_expire (store, now);
  return next;
}

static void
test_expiry (void)
{
  g_autoptr (KrHubSoupTokenStore) store = kr_hub_soup_token_store_new ();
  g_autoptr (KrHubSoupToken) first = NULL;
  g_autoptr (KrHubSoupToken) second = NULL;
  g_autoptr (KrHubSoupToken) active = NULL;

  kr_hub_soup_token_store_set_limits (store, 10, 10, 15 * SECOND);
  first = kr_hub_soup_token_store_create (store, TRUE, 0);
  active = kr_hub_soup_token_store_create (store, TRUE, 0);
  let_pass (store, 0, 4 * SECOND);
  second = kr_hub_soup_token_store_create (store, TRUE, 5 * SECOND);
  g_assert_cmpint (kr_hub_soup_token_claim (active, KR_HUB_TRANSPORT_WEBSOCKETS), ==, KR_HUB_SOUP_CLAIM_NEW);
  g_assert_cmpint (let_pass (store, 5 * SECOND, 14 * SECOND), ==, 15 * SECOND);
  g_assert_cmpuint (kr_hub_soup_token_store_get_n_waiting (store), ==, 2);
  g_assert_cmpint (kr_hub_soup_token_store_expire (store, 15 * SECOND), ==, 20 * SECOND);
  g_assert_cmpint (kr_hub_soup_token_claim (first, KR_HUB_TRANSPORT_WEBSOCKETS), ==, KR_HUB_SOUP_CLAIM_GONE);
  let_pass (store, 16 * SECOND, 19 * SECOND);
  g_assert_null (kr_hub_soup_token_store_lookup (store, kr_hub_soup_token_get_token (second), 20 * SECOND));
  g_assert_cmpint (kr_hub_soup_token_store_expire (store, 20 * SECOND), ==, G_MAXINT64);
  g_assert_cmpuint (kr_hub_soup_token_store_get_n_connections (store), ==, 1);
  kr_hub_soup_token_end (active);
}

/* Nobody could come while the process did not listen: then it is as if no time had passed. */
static void
test_stall (void)
{
  g_autoptr (KrHubSoupTokenStore) store = kr_hub_soup_token_store_new ();
  g_autoptr (KrHubSoupToken) one = NULL;
  g_autoptr (KrHubSoupToken) later = NULL;
  g_autoptr (KrHubSoupToken) found = NULL;

  kr_hub_soup_token_store_set_limits (store, 10, 10, 15 * SECOND);
  one = kr_hub_soup_token_store_create (store, TRUE, 7 * SECOND);
  let_pass (store, 8 * SECOND, 21 * SECOND);
  found = kr_hub_soup_token_store_lookup (store, kr_hub_soup_token_get_token (one), 121 * SECOND);
  g_assert_true (found == one);
  later = kr_hub_soup_token_store_create (store, TRUE, 121 * SECOND);
  g_assert_cmpint (kr_hub_soup_token_store_expire (store, 121 * SECOND), ==, 122 * SECOND);
  g_assert_cmpint (let_pass (store, 122 * SECOND, 135 * SECOND), ==, 136 * SECOND);
  g_assert_cmpint (kr_hub_soup_token_claim (one, KR_HUB_TRANSPORT_WEBSOCKETS), ==, KR_HUB_SOUP_CLAIM_GONE);
  /* However often that happens. */
  g_assert_cmpint (kr_hub_soup_token_store_expire (store, 1000 * SECOND), ==, 1001 * SECOND);
  g_assert_cmpint (kr_hub_soup_token_store_expire (store, 2000 * SECOND), ==, 2001 * SECOND);
  g_assert_cmpint (let_pass (store, 2001 * SECOND, 2002 * SECOND), ==, G_MAXINT64);
  g_assert_cmpint (kr_hub_soup_token_claim (later, KR_HUB_TRANSPORT_WEBSOCKETS), ==, KR_HUB_SOUP_CLAIM_GONE);
}

/* Whoever negotiates and never connects cannot keep others out, nor grow the table. */
static void
test_flood (void)
{
  g_autoptr (KrHubSoupTokenStore) store = kr_hub_soup_token_store_new ();
  g_autoptr (KrHubSoupToken) last = NULL;

  kr_hub_soup_token_store_set_limits (store, 100, 10, 15 * SECOND);
  for (guint i = 0; i < 10000; i++)
    {
      g_clear_pointer (&last, kr_hub_soup_token_unref);
      last = kr_hub_soup_token_store_create (store, TRUE, i);
    }
  g_assert_cmpuint (kr_hub_soup_token_store_get_n_waiting (store), ==, 100);
  g_assert_cmpint (kr_hub_soup_token_claim (last, KR_HUB_TRANSPORT_WEBSOCKETS), ==, KR_HUB_SOUP_CLAIM_NEW);
  kr_hub_soup_token_end (last);
  let_pass (store, SECOND, 20 * SECOND);
  g_assert_cmpuint (kr_hub_soup_token_store_get_n_waiting (store), ==, 0);
}

static void
test_full (void)
{
  g_autoptr (KrHubSoupTokenStore) store = kr_hub_soup_token_store_new ();
  g_autoptr (KrHubSoupToken) one = NULL;
  g_autoptr (KrHubSoupToken) two = NULL;

  kr_hub_soup_token_store_set_limits (store, 10, 1, 15 * SECOND);
  one = kr_hub_soup_token_store_create (store, TRUE, 0);
  two = kr_hub_soup_token_store_create (store, TRUE, 0);
  g_assert_cmpint (kr_hub_soup_token_claim (one, KR_HUB_TRANSPORT_WEBSOCKETS), ==, KR_HUB_SOUP_CLAIM_NEW);
  g_assert_cmpint (kr_hub_soup_token_claim (two, KR_HUB_TRANSPORT_WEBSOCKETS), ==, KR_HUB_SOUP_CLAIM_FULL);
  kr_hub_soup_token_end (one);
  g_assert_cmpint (kr_hub_soup_token_claim (two, KR_HUB_TRANSPORT_WEBSOCKETS), ==, KR_HUB_SOUP_CLAIM_NEW);
  kr_hub_soup_token_end (two);
}

static void
test_early (void)
{
  g_autoptr (KrHubSoupTokenStore) store = kr_hub_soup_token_store_new ();
  g_autoptr (KrHubSoupToken) token = kr_hub_soup_token_store_create (store, TRUE, 0);
  g_autoptr (GBytes) piece = g_bytes_new ("12345", 5);
  g_autoptr (GBytes) all = NULL;

  g_assert_true (kr_hub_soup_token_keep_early (token, piece, 10));
  g_assert_true (kr_hub_soup_token_keep_early (token, piece, 10));
  g_assert_false (kr_hub_soup_token_keep_early (token, piece, 10));
  all = kr_hub_soup_token_take_early (token);
  g_assert_cmpmem (g_bytes_get_data (all, NULL), g_bytes_get_size (all), "1234512345", 10);
  g_assert_null (kr_hub_soup_token_take_early (token));
  kr_hub_soup_token_end (token);
}

/* The object is let go at the end, so that the two do not keep each other alive. */
static void
test_object (void)
{
  g_autoptr (KrHubSoupTokenStore) store = kr_hub_soup_token_store_new ();
  g_autoptr (KrHubSoupToken) token = kr_hub_soup_token_store_create (store, TRUE, 0);
  GObject *object = g_object_new (G_TYPE_OBJECT, NULL);
  g_autoptr (GObject) again = NULL;

  g_object_add_weak_pointer (object, (gpointer *) &object);
  kr_hub_soup_token_set_object (token, object);
  g_object_unref (object);
  g_assert_nonnull (object);
  again = kr_hub_soup_token_dup_object (token);
  g_assert_true (again == object);
  g_clear_object (&again);
  kr_hub_soup_token_end (token);
  g_assert_null (object);
  g_assert_null (kr_hub_soup_token_dup_object (token));
}

static gpointer
churn (gpointer data)
{
  for (guint i = 0; i < 2000; i++)
    {
      g_autoptr (KrHubSoupToken) token = kr_hub_soup_token_store_create (data, TRUE, i);
      g_autoptr (KrHubSoupToken) found = kr_hub_soup_token_store_lookup (data, kr_hub_soup_token_get_token (token), i);

      if (i % 3 != 0)
        kr_hub_soup_token_claim (token, KR_HUB_TRANSPORT_WEBSOCKETS);
      if (i % 2 == 0)
        kr_hub_soup_token_end (token);
      else if (found != NULL)
        kr_hub_soup_token_end (found);
    }
  return NULL;
}

static void
test_threads (void)
{
  g_autoptr (KrHubSoupTokenStore) store = kr_hub_soup_token_store_new ();
  GThread *threads[4];

  kr_hub_soup_token_store_set_limits (store, 20, 10, 1000);
  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    threads[i] = g_thread_new ("churn", churn, store);
  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    g_thread_join (threads[i]);
  g_assert_cmpuint (kr_hub_soup_token_store_get_n_connections (store), ==, 0);
  g_assert_cmpuint (kr_hub_soup_token_store_get_n_waiting (store), ==, 0);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/token-store/life", test_life);
  g_test_add_func ("/token-store/without-secret", test_without_secret);
  g_test_add_func ("/token-store/expiry", test_expiry);
  g_test_add_func ("/token-store/stall", test_stall);
  g_test_add_func ("/token-store/flood", test_flood);
  g_test_add_func ("/token-store/full", test_full);
  g_test_add_func ("/token-store/early", test_early);
  g_test_add_func ("/token-store/object", test_object);
  g_test_add_func ("/token-store/threads", test_threads);
  return g_test_run ();
}
