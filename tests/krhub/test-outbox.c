/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright the krhub authors */
/* KrHubOutbox: own and shared bytes in one order, sent in any pieces; an empty one holds nothing. */
#include "config.h"

#include "kr-hub-outbox-private.h"

static void
append (KrHubOutbox *outbox, const char *text)
{
  KrHubBuffer *buffer = kr_hub_outbox_begin (outbox);

  kr_hub_buffer_append (buffer, text, strlen (text));
  kr_hub_outbox_end (outbox);
}

static void
push (KrHubOutbox *outbox, const char *text)
{
  g_autoptr (GBytes) bytes = g_bytes_new (text, strlen (text));

  kr_hub_outbox_push (outbox, bytes, NULL);
}

/* Takes all that waits, at most @step bytes at a time. */
static char *
take_all (KrHubOutbox *outbox, gsize step)
{
  GString *all = g_string_new (NULL);

  while (outbox->size > 0)
    {
      GOutputVector vectors[8];
      gsize n_bytes, left;
      gsize n = kr_hub_outbox_peek (outbox, vectors, G_N_ELEMENTS (vectors), G_MAXSIZE, &n_bytes);

      g_assert_cmpuint (n, >, 0);
      left = MIN (n_bytes, step);
      for (gsize i = 0, wanted = left; i < n && wanted > 0; i++)
        {
          gsize part = MIN (vectors[i].size, wanted);

          g_string_append_len (all, vectors[i].buffer, part);
          wanted -= part;
        }
      kr_hub_outbox_sent (outbox, left);
    }
  return g_string_free (all, FALSE);
}

static void
test_order (void)
{
  for (gsize step = 1; step < 40; step++)
    {
      KrHubOutbox outbox = { 0 };
      g_autofree char *all = NULL;

      append (&outbox, "one ");
      append (&outbox, "two ");
      push (&outbox, "three ");
      push (&outbox, "four ");
      append (&outbox, "five ");
      push (&outbox, "six");
      g_assert_cmpuint (outbox.size, ==, 27);
      all = take_all (&outbox, step);
      g_assert_cmpstr (all, ==, "one two three four five six");
      /* An empty outbox holds no memory. */
      g_assert_null (outbox.own.data);
      g_assert_null (outbox.segments);
    }
}

static void
test_peek (void)
{
  KrHubOutbox outbox = { 0 };
  GOutputVector vectors[2];
  gsize n_bytes;

  g_assert_cmpuint (kr_hub_outbox_peek (&outbox, vectors, 2, G_MAXSIZE, &n_bytes), ==, 0);
  g_assert_cmpuint (n_bytes, ==, 0);
  append (&outbox, "a");
  append (&outbox, "b");
  push (&outbox, "cc");
  push (&outbox, "ddd");
  /* What is appended in a row is one run. */
  g_assert_cmpuint (kr_hub_outbox_peek (&outbox, vectors, 2, G_MAXSIZE, &n_bytes), ==, 2);
  g_assert_cmpuint (n_bytes, ==, 4);
  g_assert_cmpmem (vectors[0].buffer, vectors[0].size, "ab", 2);
  g_assert_cmpmem (vectors[1].buffer, vectors[1].size, "cc", 2);
  kr_hub_outbox_sent (&outbox, 3);
  g_assert_cmpuint (outbox.size, ==, 4);
  g_assert_cmpuint (kr_hub_outbox_peek (&outbox, vectors, 2, G_MAXSIZE, &n_bytes), ==, 2);
  g_assert_cmpmem (vectors[0].buffer, vectors[0].size, "c", 1);
  kr_hub_outbox_clear (&outbox);
  g_assert_cmpuint (outbox.size, ==, 0);
}

/* What was appended and taken back before end() is never sent; end() without more does nothing. */
static void
test_take_back (void)
{
  KrHubOutbox outbox = { 0 };
  g_autofree char *all = NULL;
  KrHubBuffer *buffer;
  gsize before;

  append (&outbox, "kept");
  buffer = kr_hub_outbox_begin (&outbox);
  before = buffer->len;
  kr_hub_buffer_append (buffer, "dropped", 7);
  buffer->len = before;
  kr_hub_outbox_end (&outbox);
  kr_hub_outbox_end (&outbox);
  g_assert_cmpuint (outbox.size, ==, 4);
  all = take_all (&outbox, 100);
  g_assert_cmpstr (all, ==, "kept");
}

static gint n_freed;

static void
count_free (gpointer data)
{
  n_freed++;
}

static void
test_shared (void)
{
  static const char text[] = "to all";
  GBytes *bytes = g_bytes_new_with_free_func (text, strlen (text), count_free, NULL);
  KrHubOutbox one = { 0 }, other = { 0 };
  GOutputVector vector;
  gsize n_bytes;

  n_freed = 0;
  kr_hub_outbox_push (&one, bytes, NULL);
  kr_hub_outbox_push (&other, bytes, NULL);
  g_bytes_unref (bytes);
  /* The very bytes, not a copy. */
  kr_hub_outbox_peek (&one, &vector, 1, G_MAXSIZE, &n_bytes);
  g_assert_true (vector.buffer == (gconstpointer) text);
  kr_hub_outbox_sent (&one, n_bytes);
  g_assert_cmpint (n_freed, ==, 0);
  kr_hub_outbox_clear (&other);
  g_assert_cmpint (n_freed, ==, 1);
}

static void
test_pool (void)
{
  KrHubBufferPool pool = { 0 };
  KrHubOutbox outboxes[KR_HUB_BUFFER_POOL_SIZE + 3];
  KrHubOutbox large = { .pool = &pool };
  g_autofree char *text = g_strnfill (200 * 1024, 'x');
  const guint8 *memory;

  for (guint i = 0; i < G_N_ELEMENTS (outboxes); i++)
    {
      outboxes[i] = (KrHubOutbox) { .pool = &pool };
      append (&outboxes[i], "x");
    }
  g_assert_cmpuint (pool.n, ==, 0);
  for (guint i = 0; i < G_N_ELEMENTS (outboxes); i++)
    kr_hub_outbox_sent (&outboxes[i], 1);
  g_assert_cmpuint (pool.n, ==, KR_HUB_BUFFER_POOL_SIZE);
  memory = pool.spare[pool.n - 1].data;
  append (&outboxes[0], "y");
  g_assert_true (outboxes[0].own.data == memory);
  kr_hub_outbox_clear (&outboxes[0]);
  /* A large buffer is not kept. */
  append (&large, text);
  kr_hub_outbox_sent (&large, strlen (text));
  for (guint i = 0; i < pool.n; i++)
    g_assert_cmpuint (pool.spare[i].cap, <=, 64 * 1024);
  kr_hub_buffer_pool_clear (&pool);
}

/* A slow peer's outbox never runs empty, but does not grow for ever either. */
static void
test_compaction (void)
{
  KrHubOutbox outbox = { 0 };
  g_autofree char *text = g_strnfill (1000, 'x');

  append (&outbox, text);
  for (guint i = 0; i < 10000; i++)
    {
      append (&outbox, text);
      kr_hub_outbox_sent (&outbox, 1000);
    }
  g_assert_cmpuint (outbox.size, ==, 1000);
  g_assert_cmpuint (outbox.own.cap, <, 100 * 1000);
  g_assert_cmpuint (outbox.cap, <, 100);
  kr_hub_outbox_clear (&outbox);
}

/* Against a plain string, with random operations. */
static void
test_random (void)
{
  KrHubOutbox outbox = { 0 };
  g_autoptr (GString) model = g_string_new (NULL);
  guint n = 0;

  for (guint i = 0; i < 50000; i++)
    {
      g_autofree char *text = g_strdup_printf ("%u,", n);
      gsize len = g_test_rand_int_range (0, 4) == 0 ? g_test_rand_int_range (0, 5000) : 0;

      switch (g_test_rand_int_range (0, 4))
        {
        case 0:
          g_string_append (model, text);
          append (&outbox, text);
          n++;
          break;
        case 1:
          g_string_append (model, text);
          push (&outbox, text);
          n++;
          break;
        default:
          {
            GOutputVector vectors[3];
            gsize n_bytes, taken = 0;
            gsize n_vectors = kr_hub_outbox_peek (&outbox, vectors, 3, G_MAXSIZE, &n_bytes);

            for (gsize v = 0; v < n_vectors; v++)
              {
                g_assert_cmpmem (vectors[v].buffer, vectors[v].size, model->str + taken, vectors[v].size);
                taken += vectors[v].size;
              }
            taken = MIN (len, taken);
            kr_hub_outbox_sent (&outbox, taken);
            g_string_erase (model, 0, taken);
          }
        }
      g_assert_cmpuint (outbox.size, ==, model->len);
    }
  kr_hub_outbox_clear (&outbox);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/outbox/order", test_order);
  g_test_add_func ("/outbox/peek", test_peek);
  g_test_add_func ("/outbox/take-back", test_take_back);
  g_test_add_func ("/outbox/shared", test_shared);
  g_test_add_func ("/outbox/pool", test_pool);
  g_test_add_func ("/outbox/compaction", test_compaction);
  g_test_add_func ("/outbox/random", test_random);
  return g_test_run ();
}
